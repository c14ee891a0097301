#include "suggest.h"
#include "yaml_test.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "yaml.h"

static const struct {
    const char *name, *text, *error; /* NULL: accepted */
} texts[] = {
    { "an empty text is an empty map", "", NULL },
    { "a comment alone is an empty map", "# nothing\n", NULL },
    { "one document with a marker", "---\na: 1\n...\n", NULL },
    { "flow style", "{a: [1, 2], b: {c: d}}\n", NULL },
    { "a long text", "a: |\n  one\n  two\n", NULL },
    { "two documents", "a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document; one is allowed" },
    { "a duplicate key", "a: 1\nb: 2\na: 3\n", "t.yaml:3:1: the key 'a' is there already, in line 1" },
    { "a duplicate key in flow style", "{a: 1, a: 2}", "t.yaml:1:8: the key 'a' is there already, in line 1" },
    { "an anchor", "a: &x 1\n", "t.yaml:1:4: anchors are not allowed ('&x')" },
    { "an anchor of a map", "a: &x\n  b: 1\n", "t.yaml:1:4: anchors are not allowed ('&x')" },
    { "an anchor of a key", "&x a: 1\n", "t.yaml:1:1: anchors are not allowed ('&x')" },
    { "an alias", "a: *x\n", "t.yaml:1:4: aliases are not allowed ('*x')" },
    { "an alias as key", "*x : 1\n", "t.yaml:1:1: a key must be plain text" },
    { "a merge key", "a:\n  <<: {b: 1}\n", "t.yaml:2:3: merge keys are not allowed" },
    { "a local tag", "a: !secret 1\n", "t.yaml:1:4: tags are not allowed ('!secret')" },
    { "a standard tag", "a: !!int 1\n", "t.yaml:1:4: tags are not allowed ('tag:yaml.org,2002:int')" },
    { "a tag of a list", "a: !x [1]\n", "t.yaml:1:4: tags are not allowed ('!x')" },
    { "a tag of a key", "!x a: 1\n", "t.yaml:1:1: tags are not allowed ('!x')" },
    { "a directive", "%YAML 1.1\n---\na: 1\n", "t.yaml:1:1: directives are not allowed" },
    { "a list as key", "[a]: 1\n", "t.yaml:1:1: a key must be plain text" },
    { "a zero character", "a: \"x\\0y\"\n", "t.yaml:1:4: a text with a zero character in it" },
    { "a bracket that is not closed", "a: [1, 2\n", "t.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence" },
    { "a tab as indentation", "a:\n\tb: 1\n", "t.yaml:2:1: found character that cannot start any token while scanning for the next token" },
    { "a quote that is not closed", "a: \"x\n", "t.yaml:2:1: found unexpected end of stream while scanning a quoted scalar" },
    { "a key beside a list", "a:\n  - 1\n  b: 2\n", "t.yaml:3:3: did not find expected '-' indicator while parsing a block collection" },
};

void texts_are_accepted_or_refused_with_their_place(void)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct yaml *y = NULL;
        struct yaml_error error = { "" };
        enum err e = yaml_read(span_str(texts[i].text), "t.yaml", &y, &error);
        CHECK_ROW(texts[i].name, e == (texts[i].error ? ERR_CONFIG : ERR_OK) && !y == !!texts[i].error);
        CHECK_ROW(texts[i].name, strcmp(error.text, texts[i].error ? texts[i].error : "") == 0);
        yaml_close(y);
    }
}

static struct yaml *read_good(const char *text)
{
    struct yaml *y = NULL;
    struct yaml_error error;
    REQUIRE(yaml_read(span_str(text), "t.yaml", &y, &error) == ERR_OK);
    return y;
}

void scalars_stay_text(void)
{
    static const char *const words[] = { "NO", "on", "01", "89049032123451234512", "null", "~", "1e3", "2026-01-31" };
    for (size_t i = 0; i < COUNT(words); i++) {
        char text[64];
        snprintf(text, sizeof text, "key: %s\n", words[i]);
        struct yaml *y = read_good(text);
        const struct yaml_node *n = yaml_get(yaml_root(y), "key");
        CHECK_ROW(words[i], n && n->kind == YAML_SCALAR && strcmp(n->text, words[i]) == 0 && !n->quoted);
        CHECK_ROW(words[i], n && n->at.line == 1 && n->at.column == 6);
        yaml_close(y);
    }
    struct yaml *y = read_good("list:\n  - 'x'\n  -\n  - {é: 1, b: 2}\n");
    const struct yaml_node *list = yaml_get(yaml_root(y), "list");
    REQUIRE(list && list->kind == YAML_LIST && list->count == 3);
    CHECK(list->item[0]->quoted && strcmp(list->item[0]->text, "x") == 0);
    CHECK(list->item[1]->kind == YAML_SCALAR && strcmp(list->item[1]->text, "") == 0);
    CHECK(list->item[2]->kind == YAML_MAP && list->item[2]->key_at[1].line == 4 && list->item[2]->key_at[1].column == 12);
    CHECK(yaml_get(list, "x") == NULL && yaml_get(NULL, "x") == NULL && yaml_get(yaml_root(y), "x") == NULL);
    CHECK(strcmp(yaml_name(y), "t.yaml") == 0);
    yaml_close(y);
}

/* `open` n times, the middle, `close` n times. */
static enum err read_repeated(size_t n, const char *open, const char *middle, const char *close,
                              struct yaml_error *error)
{
    struct buf text = { .max = 4 << 20 };
    enum err e = ERR_OK;
    struct yaml *y = NULL;
    for (size_t i = 0; !e && i < n; i++)
        e = buf_put_str(&text, open);
    if (!e)
        e = buf_put_str(&text, middle);
    for (size_t i = 0; !e && i < n; i++)
        e = buf_put_str(&text, close);
    if (!e)
        e = yaml_read(buf_span(&text), "t.yaml", &y, error);
    yaml_close(y);
    buf_release(&text);
    return e;
}

void sizes_are_bounded(void)
{
    struct yaml_error error;
    CHECK(read_repeated(32, "[", "", "]", &error) == ERR_OK);
    CHECK(read_repeated(33, "[", "", "]", &error) == ERR_CONFIG && strstr(error.text, "1:33: nested deeper than 32"));
    CHECK(read_repeated(500000, "[", "", "]", &error) == ERR_CONFIG);
    CHECK(read_repeated(300000, "- ", "", "", &error) == ERR_CONFIG);
    CHECK(read_repeated(99999, "- a\n", "", "", &error) == ERR_OK);
    CHECK(read_repeated(100000, "- a\n", "", "", &error) == ERR_CONFIG && strstr(error.text, "more than 100000 values"));
    CHECK(read_repeated((1 << 20) + 1, " ", "", "", &error) == ERR_CONFIG && strstr(error.text, "1 MiB"));
    struct buf text = { .max = 1 << 20 };
    for (int i = 0; i < 4097; i++)
        REQUIRE(buf_printf(&text, "k%d: 1\n", i) == ERR_OK);
    struct yaml *y = NULL;
    CHECK(yaml_read(buf_span(&text), "t.yaml", &y, &error) == ERR_CONFIG);
    CHECK(strstr(error.text, "4097:1: more than 4096 keys") != NULL);
    buf_release(&text);
}

void bytes_that_are_no_text_are_placed(void)
{
    static const struct {
        const char *name;
        struct span text;
        const char *place;
    } rows[] = {
        { "a broken UTF-8 sequence", { (const uint8_t *)"a: 1\nb: \xff\n", 10 }, "t.yaml:2:4: " },
        { "a zero byte", { (const uint8_t *)"a: 1\nb: \0x\n", 11 }, "t.yaml:2:4: " },
        { "a control character", { (const uint8_t *)"a: \x07\n", 5 }, "t.yaml:1:4: " },
        { "UTF-16", { (const uint8_t *)"\xff\xfe" "a\0", 4 }, "t.yaml:1:1: " },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct yaml *y = NULL;
        struct yaml_error error = { "" };
        CHECK_ROW(rows[i].name, yaml_read(rows[i].text, "t.yaml", &y, &error) == ERR_CONFIG && !y);
        CHECK_ROW(rows[i].name, strncmp(error.text, rows[i].place, strlen(rows[i].place)) == 0);
        yaml_close(y);
    }
}

/* Nothing leaks or crashes wherever the text ends; the sanitizers watch. */
void every_truncation_is_survived(void)
{
    struct span text = span_str("a:\n  - {b: 'c', d: [e, \"f\"]}\n  - |\n    text\nk: v\n");
    for (size_t n = 0; n <= text.len; n++) {
        struct yaml *y = NULL;
        struct yaml_error error;
        enum err e = yaml_read(span_sub(text, 0, n), "t.yaml", &y, &error);
        CHECK(e == ERR_OK || e == ERR_CONFIG);
        yaml_close(y);
    }
}

enum type { INT, BOOL, DURATION };
static const struct {
    const char *name, *text;
    enum type type;
    int64_t want;
    const char *error;
} values[] = {
    { "a number", "42", INT, 42, NULL },
    { "a negative number", "-7", INT, -7, NULL },
    { "a number below", "-101", INT, 0, "v:1:4: -101 is not between -100 and 65535" },
    { "a number above", "65536", INT, 0, "v:1:4: 65536 is not between -100 and 65535" },
    { "a number of twenty digits", "89049032123451234512", INT, 0, "v:1:4: a whole number was expected here" },
    { "a leading zero", "01", INT, 0, "v:1:4: a whole number was expected here" },
    { "a number and more", "4x", INT, 0, "v:1:4: a whole number was expected here" },
    { "a fraction", "1.5", INT, 0, "v:1:4: a whole number was expected here" },
    { "nothing", "", INT, 0, "v:1:3: a whole number was expected here" },
    { "a list for a number", "[1]", INT, 0, "v:1:4: a whole number was expected here" },
    { "true", "true", BOOL, 1, NULL },
    { "false", "false", BOOL, 0, NULL },
    { "yes is not true", "yes", BOOL, 0, "v:1:4: true or false was expected here" },
    { "True is not true", "True", BOOL, 0, "v:1:4: true or false was expected here" },
    { "a map for true", "{}", BOOL, 0, "v:1:4: true or false was expected here" },
    { "seconds", "420 s", DURATION, 420000, NULL },
    { "seconds without a space", "420s", DURATION, 420000, NULL },
    { "minutes", "15 min", DURATION, 900000, NULL },
    { "hours", "1 h", DURATION, 3600000, NULL },
    { "days", "30 d", DURATION, INT64_C(2592000000), NULL },
    { "milliseconds", "250 ms", DURATION, 250, NULL },
    { "zero needs no unit", "0", DURATION, 0, NULL },
    { "a duration without a unit", "5", DURATION, 0,
      "v:1:4: a duration was expected here, for example '420 s' (ms, s, min, h, d)" },
    { "an unknown unit", "5 m", DURATION, 0,
      "v:1:4: a duration was expected here, for example '420 s' (ms, s, min, h, d)" },
    { "a negative duration", "-5 s", DURATION, 0,
      "v:1:4: a duration was expected here, for example '420 s' (ms, s, min, h, d)" },
    { "a duration that would overflow", "999999999999999999 d", DURATION, 0, "v:1:4: longer than a century" },
};

static enum err type_one(const struct yaml *y, enum type type, int64_t *out, struct yaml_error *error)
{
    const struct yaml_node *n = yaml_get(yaml_root(y), "k");
    bool yes = false;
    enum err e = ERR_OK;
    switch (type) {
    case INT:
        return yaml_int(y, n, -100, 65535, out, error);
    case DURATION:
        return yaml_duration(y, n, out, error);
    case BOOL:
        e = yaml_bool(y, n, &yes, error);
        *out = yes;
    }
    return e;
}

void values_are_typed_with_their_place(void)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        char text[64];
        struct yaml *y = NULL;
        struct yaml_error error = { "" };
        int64_t got = 0;
        snprintf(text, sizeof text, "k: %s\n", values[i].text);
        REQUIRE(yaml_read(span_str(text), "v", &y, &error) == ERR_OK);
        CHECK_ROW(values[i].name, type_one(y, values[i].type, &got, &error) == (values[i].error ? ERR_CONFIG : ERR_OK));
        CHECK_ROW(values[i].name, got == values[i].want);
        CHECK_ROW(values[i].name, strcmp(error.text, values[i].error ? values[i].error : "") == 0);
        yaml_close(y);
    }
}

void unknown_keys_get_a_suggestion(void)
{
    static const char *const known[] = { "listen", "database", NULL };
    struct yaml_error error = { "" };
    struct yaml *y = read_good("listen: x\nmap:\n  lisen: y\nother: [1]\n");
    const struct yaml_node *map = yaml_get(yaml_root(y), "map");
    CHECK(yaml_only_keys(y, map, known, &error) == ERR_CONFIG);
    CHECK(strcmp(error.text, "t.yaml:3:3: unknown key 'lisen' (did you mean 'listen'?)") == 0);
    CHECK(yaml_only_keys(y, yaml_root(y), known, &error) == ERR_CONFIG);
    CHECK(strcmp(error.text, "t.yaml:2:1: unknown key 'map'") == 0);
    CHECK(yaml_only_keys(y, yaml_get(yaml_root(y), "other"), known, &error) == ERR_CONFIG);
    CHECK(strcmp(error.text, "t.yaml:4:8: a map of keys and values was expected here") == 0);
    yaml_close(y);
    y = read_good("database: x\n");
    CHECK(yaml_only_keys(y, yaml_root(y), known, &error) == ERR_OK);
    yaml_close(y);
}

void near_words_are_suggested(void)
{
    static const struct {
        const char *word, *want;
    } rows[] = {
        { "prot", "port" },       { "PORT", "port" },           { "databse", "database" },
        { "datbaase", "database" }, { "rollback-in", "rollback" }, { "x", NULL },
        { "zebra", NULL },        { "", NULL },                 { "in", NULL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
    };
    static const char *const known[] = { "port", "database", "rollback", "a", NULL };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *got = suggest_word(rows[i].word, known);
        CHECK_ROW(rows[i].word, rows[i].want ? got && strcmp(got, rows[i].want) == 0 : !got);
    }
}

void files_that_cannot_be_read_are_named(void)
{
    struct yaml *y = NULL;
    struct yaml_error error;
    CHECK(yaml_read_file("/nonexistent/lab.yaml", &y, &error) == ERR_IO);
    CHECK(strcmp(error.text, "/nonexistent/lab.yaml: No such file or directory") == 0);
    CHECK(yaml_read_file("/", &y, &error) == ERR_IO && strcmp(error.text, "/: Is a directory") == 0);
}
