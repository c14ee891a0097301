/* The pages say what is there: every word of the scenario language has its entry, every file that is named exists. */
#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "faults.h"
#include "harness.h"
#include "scenario.h"

static const char *source(void)
{
    const char *folder = getenv("LAB_SOURCE");
    return folder ? folder : ".";
}

/* The page as text; the caller releases it. */
static struct buf page(const char *name)
{
    char path[4096];
    struct buf text = { .max = 1 << 20 };
    snprintf(path, sizeof path, "%s/%s", source(), name);
    REQUIRE(read_file(path, &text) == ERR_OK && buf_put_u8(&text, 0) == ERR_OK);
    return text;
}

/* --- the scenario language ----------------------------------------------------------------------------- */

/* "## Verbs" up to the next heading of that rank. */
static char *section(const struct buf *text, const char *heading)
{
    const char *from = strstr((const char *)text->at, heading);
    REQUIRE(from != NULL);
    const char *to = strstr(from + strlen(heading), "\n## ");
    return to ? strndup(from, (size_t)(to - from)) : strdup(from);
}

static void check_words(const char *in, const struct scenario_word *words, size_t count)
{
    char heading[80];
    for (size_t i = 0; i < count; i++) {
        snprintf(heading, sizeof heading, "\n### %s\n", words[i].name);
        CHECK_ROW(words[i].name, strstr(in, heading) != NULL);
    }
    size_t entries = 0;
    for (const char *at = in; (at = strstr(at, "\n### ")); at++)
        entries++;
    CHECK(entries == count);
}

static void test_words(void)
{
    struct buf text = page("docs/scenario-reference.md");
    size_t count;
    char *verbs = section(&text, "\n## Verbs\n"), *expectations = section(&text, "\n## Expectations\n");
    const struct scenario_word *words = scenario_verbs(&count);
    check_words(verbs, words, count);
    words = scenario_expectations(&count);
    check_words(expectations, words, count);
    for (const char *const *f = faults_words(); *f; f++)
        CHECK_ROW(*f, strstr(verbs, *f) != NULL);
    free(verbs);
    free(expectations);
    buf_release(&text);
}

/* Every "word" of one array of the reader's source. */
static size_t check_keys(const char *from, const char *to, const struct buf *text)
{
    char word[80];
    size_t count = 0;
    for (const char *at = from; (at = strchr(at, '"')) && at < to; count++) {
        size_t len = strcspn(at + 1, "\"");
        snprintf(word, sizeof word, "%.*s", (int)len, at + 1);
        CHECK_ROW(word, strstr((const char *)text->at, word) != NULL);
        at += len + 2;
    }
    return count;
}

static void test_keys(void)
{
    struct buf text = page("docs/scenario-reference.md"), reader = page("runner/scenario.c");
    size_t count = 0;
    static const char begin[] = "static const char *const ";
    for (const char *at = (const char *)reader.at; (at = strstr(at, begin)); at++)
        count += check_keys(at, strstr(at, "};"), &text);
    CHECK(count > 30);
    buf_release(&text);
    buf_release(&reader);
}

static void test_example(void)
{
    struct buf text = page("docs/scenario-reference.md");
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    const char *from = strstr((const char *)text.at, "```yaml\n"), *to = from ? strstr(from, "\n```\n") : NULL;
    REQUIRE(to != NULL);
    from += strlen("```yaml\n");
    enum err e = scenario_read_text(span_of(from, (size_t)(to + 1 - from)), "scenario-reference.md", &s, &error);
    CHECK_ROW(error.text, e == ERR_OK);
    scenario_free(s);
    buf_release(&text);
}

/* --- files that pages name ------------------------------------------------------------------------------- */

static bool names_a_file(const char *word)
{
    static const char *const roots[] = { "lib/", "sim/", "eso/", "runner/", "tests/", "docs/", "certs/", "asn1/",
                                         "scenarios/", "cmake/", ".ci/" };
    for (size_t i = 0; i < COUNT(roots); i++)
        if (strncmp(word, roots[i], strlen(roots[i])) == 0 && !strpbrk(word, " <>{}…"))
            return true;
    return false;
}

static bool exists(const char *word)
{
    char path[4096];
    glob_t found = { 0 };
    snprintf(path, sizeof path, "%s/%s", source(), word);
    bool there = glob(path, GLOB_BRACE, NULL, &found) == 0;
    globfree(&found);
    return there;
}

/* Words between single backticks. Gives how many of them name files. */
static size_t check_page(const char *name)
{
    struct buf text = page(name);
    size_t files = 0;
    char word[512], row[700];
    for (const char *at = strchr((const char *)text.at, '`'); at; at = strchr(at + 1, '`')) {
        const char *end = strchr(at + 1, '`');
        if (!end)
            break;
        snprintf(word, sizeof word, "%.*s", (int)(end - at - 1), at + 1);
        at = end;
        if (!names_a_file(word))
            continue;
        files++;
        snprintf(row, sizeof row, "%s names %s", name, word);
        CHECK_ROW(row, exists(word));
    }
    buf_release(&text);
    return files;
}

static void test_files(void)
{
    char pattern[4096];
    glob_t found = { 0 };
    size_t files = check_page("README.md");
    for (size_t i = 0; i < 2; i++) {
        snprintf(pattern, sizeof pattern, "%s/docs/%s*.md", source(), i ? "adr/" : "");
        CHECK(glob(pattern, 0, NULL, &found) == 0 || i);
        for (size_t k = 0; k < found.gl_pathc; k++)
            files += check_page(found.gl_pathv[k] + strlen(source()) + 1);
        globfree(&found);
    }
    CHECK(files > 10);
    CHECK(!exists("lib/nothing.c") && exists("lib/base/span.h"));
}

/* --- pages that nobody finds ------------------------------------------------------------------------------ */

static bool page_names(const char *in, const char *name)
{
    struct buf text = page(in);
    bool named = strstr((const char *)text.at, name) != NULL;
    buf_release(&text);
    return named;
}

static void test_links(void)
{
    char pattern[4096];
    glob_t found = { 0 };
    snprintf(pattern, sizeof pattern, "%s/docs/*.md", source());
    REQUIRE(glob(pattern, 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *name = found.gl_pathv[i] + strlen(source()) + 1;
        bool named = page_names("README.md", name);
        for (size_t k = 0; !named && k < found.gl_pathc; k++)
            named = k != i && page_names(found.gl_pathv[k] + strlen(source()) + 1, name);
        CHECK_ROW(name, named);
    }
    CHECK(found.gl_pathc > 5 && !page_names("README.md", "docs/nothing.md"));
    globfree(&found);
}

/* --- what no scenario plays -------------------------------------------------------------------------------- */

/* "| 6, 7 |", "| 80 to 84, 98 |": is the number in the first cell of a row? */
static bool is_listed(const char *page_text, long number)
{
    for (const char *row = strstr(page_text, "\n| "); row; row = strstr(row + 1, "\n| ")) {
        char *at = (char *)row + 3;
        while (*at >= '0' && *at <= '9') {
            long from = strtol(at, &at, 10), to = from;
            if (strncmp(at, " to ", 4) == 0)
                to = strtol(at + 4, &at, 10);
            if (number >= from && number <= to)
                return true;
            at += strspn(at, ", ");
        }
    }
    return false;
}

static void check_scenario(const char *path, const char *page_text)
{
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    char row[300];
    REQUIRE(scenario_read(path, &s, &error) == ERR_OK);
    for (size_t i = 0; s->catalogue && i < s->catalogue->count; i++) {
        snprintf(row, sizeof row, "%s plays %s, which docs/scenarios-not-played.md lists", s->id, s->catalogue->item[i]->text);
        CHECK_ROW(row, !is_listed(page_text, atol(s->catalogue->item[i]->text)));
    }
    scenario_free(s);
}

static void test_not_played(void)
{
    char pattern[4096];
    glob_t found = { 0 };
    struct buf text = page("docs/scenarios-not-played.md");
    snprintf(pattern, sizeof pattern, "%s/scenarios/*/*.yaml", source());
    REQUIRE(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 20);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_scenario(found.gl_pathv[i], (const char *)text.at);
    globfree(&found);
    CHECK(is_listed((const char *)text.at, 82) && is_listed((const char *)text.at, 98) && is_listed((const char *)text.at, 7));
    CHECK(!is_listed((const char *)text.at, 1) && !is_listed((const char *)text.at, 74));
    buf_release(&text);
}

int main(void)
{
    static const struct test tests[] = {
        { "every verb, expectation and fault has its entry, and no other", test_words },
        { "every key and choice of a scenario file is in the reference", test_keys },
        { "the example of the reference is a scenario", test_example },
        { "every file that a page names exists", test_files },
        { "no scenario plays a number that is said to be played by none", test_not_played },
        { "every page is named by the README or another page", test_links },
    };
    return tests_main("docs", tests, COUNT(tests));
}
