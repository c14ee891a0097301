#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json.h"

static const struct {
    const char *name, *text;
    enum err want;
} texts[] = {
    { "an empty object is an object", "{}", ERR_OK },
    { "white space around is allowed", " \n{\"a\":1}\r\n", ERR_OK },
    { "text without anything is refused", "", ERR_PARSE },
    { "an array is no object", "[]", ERR_PARSE },
    { "a bare string is no object", "\"a\"", ERR_PARSE },
    { "a truncated object is refused", "{\"a\":", ERR_PARSE },
    { "a second value after the object is refused", "{}{}", ERR_PARSE },
    { "a trailing comma is refused", "{\"a\":1,}", ERR_PARSE },
    { "a member named twice is refused", "{\"a\":1,\"a\":2}", ERR_PARSE },
    { "a number beyond 64 bits is refused", "{\"a\":92233720368547758080}", ERR_PARSE },
    { "a zero character in a string is refused", "{\"a\":\"\\u0000\"}", ERR_PARSE },
    { "bytes that are no UTF-8 are refused", "{\"a\":\"\xff\"}", ERR_PARSE },
    { "brackets inside a string are no depth",
      "{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[\"}", ERR_OK },
};

static void texts_are_accepted_or_refused(void)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        json_t *value = NULL;
        char why[160] = "";
        enum err e = json_read(span_str(texts[i].text), &value, why);
        CHECK_ROW(texts[i].name, e == texts[i].want);
        CHECK_ROW(texts[i].name, (e == ERR_OK) == (value != NULL));
        CHECK_ROW(texts[i].name, (e == ERR_OK) == (why[0] == 0));
        json_decref(value);
    }
}

/* Whether a text is plain or not, it is read, or refused, as jansson does; and written as jansson writes. */
static void texts_are_what_jansson_makes_of_them(void)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        { "plain members of each type", "{\"a\":\"b\",\"n\":-12,\"t\":true,\"f\":false,\"z\":null,\"l\":[1,[],{}],\"o\":{\"\":0}}" },
        { "white space everywhere", " { \"a\" :\t[ 1 ,\n2 ] , \"b\" : { } }\r\n" },
        { "an escape in a string", "{\"a\":\"x\\u0041\\n\"}" },
        { "an escape in a name", "{\"\\u0061\":1}" },
        { "one name in two spellings", "{\"a\":1,\"\\u0061\":2}" },
        { "letters beyond ASCII", "{\"a\":\"\xc3\xa4\"}" },
        { "a DEL", "{\"a\":\"\x7f\"}" },
        { "a control character", "{\"a\":\"\x01\"}" },
        { "numbers of 18 digits", "{\"a\":[999999999999999999,-999999999999999999]}" },
        { "the largest number", "{\"a\":9223372036854775807}" },
        { "the smallest number", "{\"a\":-9223372036854775808}" },
        { "a number with a fraction", "{\"a\":1.5}" },
        { "a number with an exponent", "{\"a\":1e3}" },
        { "nothing below zero", "{\"a\":-0}" },
        { "a number that begins with nought", "{\"a\":01}" },
        { "a sign alone", "{\"a\":-}" },
        { "a plus", "{\"a\":+1}" },
        { "a word that goes on", "{\"a\":trueish}" },
        { "a word that ends early", "{\"a\":tru}" },
        { "a name without quotes", "{a:1}" },
        { "a member without a value", "{\"a\"}" },
        { "a comma before the first", "{,\"a\":1}" },
        { "two commas", "{\"a\":[1,,2]}" },
        { "the wrong bracket", "{\"a\":[1}}" },
        { "something after the end", "{\"a\":1} x" },
        { "no end", "{\"a\":\"b" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *value = NULL, *reference = json_loads(rows[i].text, JSON_REJECT_DUPLICATES, NULL);
        struct buf text = { .max = 400 };
        enum err e = json_read(span_str(rows[i].text), &value, NULL);
        CHECK_ROW(rows[i].name, (e == ERR_OK) == (reference != NULL) && (e || json_equal(value, reference)));
        char *wanted = reference ? json_dumps(reference, JSON_COMPACT) : NULL;
        CHECK_ROW(rows[i].name, e || (json_write(value, &text) == ERR_OK && strcmp(buf_cstr(&text), wanted) == 0));
        free(wanted);
        json_decref(value);
        json_decref(reference);
        buf_release(&text);
    }
}

/* Strings are looked at eight octets at once: every octet, at each place of three such blocks, written and read again. */
static void every_octet_at_every_place(void)
{
    for (size_t at = 0; at < 20; at++)
        for (unsigned octet = 0; octet < 256; octet++) {
            char raw[21] = "aaaaaaaaaaaaaaaaaaaa";
            raw[at] = (char)octet;
            json_t *value = json_stringn(raw, 20), *whole = value ? json_pack("{s:O}", "a", value) : NULL, *again = NULL;
            struct buf text = { .max = 400 };
            json_decref(value);
            if (!whole)
                continue; /* no UTF-8 */
            char *wanted = json_dumps(whole, JSON_COMPACT);
            CHECK(json_write(whole, &text) == ERR_OK && strcmp(buf_cstr(&text), wanted) == 0);
            enum err e = json_read(buf_span(&text), &again, NULL);
            CHECK(octet ? !e && json_equal(whole, again) : e == ERR_PARSE);
            free(wanted);
            json_decref(whole);
            json_decref(again);
            buf_release(&text);
        }
}

static enum err read_nested(size_t depth)
{
    struct buf text = { .max = 1 << 20 };
    enum err e = buf_put_str(&text, "{\"a\":");
    for (size_t i = 1; !e && i < depth; i++)
        e = buf_put_u8(&text, '[');
    for (size_t i = 1; !e && i < depth; i++)
        e = buf_put_u8(&text, ']');
    if (!e)
        e = buf_put_u8(&text, '}');
    json_t *value = NULL;
    if (!e)
        e = json_read(buf_span(&text), &value, NULL);
    json_decref(value);
    buf_release(&text);
    return e;
}

static void depth_is_bounded(void)
{
    CHECK(read_nested(JSON_DEPTH_MAX) == ERR_OK);
    CHECK(read_nested(JSON_DEPTH_MAX + 1) == ERR_LIMIT);
    CHECK(read_nested(100000) == ERR_LIMIT);
}

static void length_is_bounded(void)
{
    struct buf text = { .max = JSON_TEXT_MAX + 1 };
    while (text.len <= JSON_TEXT_MAX)
        if (buf_put_u8(&text, 0x20))
            break;
    json_t *value = NULL;
    CHECK(json_read(buf_span(&text), &value, NULL) == ERR_LIMIT);
    buf_release(&text);
}

static void a_refusal_does_not_quote_the_text(void)
{
    json_t *value = NULL;
    char why[160];
    CHECK(json_read(span_str("{\"apiKey\":hunter2}"), &value, why) == ERR_PARSE);
    CHECK(strstr(why, "hunter2") == NULL && strstr(why, "line 1") != NULL);
}

static json_t *sample(void)
{
    json_t *value = NULL;
    REQUIRE(json_read(span_str("{\"s\":\"text\",\"n\":-7,\"b\":true,\"f\":false,\"r\":1.5,\"z\":null,"
                               "\"b64\":\"3q0=\",\"hex\":\"DEad\",\"bad\":\"3q0\"}"),
                      &value, NULL) == ERR_OK);
    return value;
}

static void members_are_typed(void)
{
    json_t *o = sample();
    int64_t n = 0;
    bool b = false;
    CHECK(strcmp(json_str(o, "s"), "text") == 0);
    CHECK(json_str(o, "n") == NULL && json_str(o, "absent") == NULL && json_str(o, "z") == NULL);
    CHECK(json_int(o, "n", &n) == ERR_OK && n == -7);
    CHECK(json_int(o, "absent", &n) == ERR_NOT_FOUND);
    CHECK(json_int(o, "s", &n) == ERR_PARSE && json_int(o, "r", &n) == ERR_PARSE && n == -7);
    CHECK(json_bool(o, "b", &b) == ERR_OK && b);
    CHECK(json_bool(o, "f", &b) == ERR_OK && !b);
    CHECK(json_bool(o, "n", &b) == ERR_PARSE && json_bool(o, "absent", &b) == ERR_NOT_FOUND);
    json_decref(o);
}

static void members_are_decoded(void)
{
    json_t *o = sample();
    struct buf out = { .max = 4 };
    CHECK(json_base64(o, "b64", &out) == ERR_OK && span_equal(buf_span(&out), SPAN(0xde, 0xad)));
    CHECK(json_hex(o, "hex", &out) == ERR_OK && span_equal(buf_span(&out), SPAN(0xde, 0xad, 0xde, 0xad)));
    CHECK(json_hex(o, "hex", &out) == ERR_LIMIT && out.len == 4);
    CHECK(json_base64(o, "bad", &out) == ERR_PARSE && json_hex(o, "s", &out) == ERR_PARSE);
    CHECK(json_base64(o, "n", &out) == ERR_PARSE && json_base64(o, "absent", &out) == ERR_NOT_FOUND);
    CHECK(out.len == 4);
    buf_release(&out);
    json_decref(o);
}

static void writing_keeps_the_order(void)
{
    json_t *o = json_object();
    REQUIRE(json_set_str(o, "z", "a\"b") == ERR_OK && json_set_int(o, "a", 5) == ERR_OK);
    REQUIRE(json_set_bool(o, "m", false) == ERR_OK && json_set_hex(o, "h", SPAN(0xab)) == ERR_OK);
    REQUIRE(json_set_base64(o, "b", SPAN(0xde, 0xad)) == ERR_OK && json_set_hex(o, "e", SPAN()) == ERR_OK);
    struct buf out = { .max = 200 };
    CHECK(json_write(o, &out) == ERR_OK);
    CHECK(strcmp(buf_cstr(&out), "{\"z\":\"a\\\"b\",\"a\":5,\"m\":false,\"h\":\"AB\",\"b\":\"3q0=\",\"e\":\"\"}") == 0);
    buf_release(&out);
    struct buf small = { .max = 10 };
    REQUIRE(buf_put_str(&small, "keep") == ERR_OK);
    CHECK(json_write(o, &small) == ERR_LIMIT && span_equal(buf_span(&small), span_str("keep")));
    buf_release(&small);
    json_decref(o);
}

static void a_value_that_cannot_be_written_is_no_memory(void)
{
    json_t *o = json_object();
    CHECK(json_set_str(o, "bad", "\xff") == ERR_NOMEM);
    CHECK(json_set_str(o, "none", NULL) == ERR_NOMEM);
    json_decref(o);
}

static const struct json_member order_members[] = {
    { "reference", JSON_IS_TEXT }, { "rollback", JSON_IS_FLAG }, { "priority", JSON_IS_NUMBER }, { "tags", JSON_IS_LIST },
    { "parameters", JSON_IS_OBJECT }, { NULL, 0 },
};
static const struct {
    const char *name, *text;
    enum err want;
    const char *why;
} members[] = {
    { "none", "{}", ERR_OK, "" },
    { "all, each of its type", "{\"reference\":\"r\",\"rollback\":false,\"priority\":1,\"tags\":[],\"parameters\":{}}", ERR_OK, "" },
    { "a slip", "{\"rolback\":true}", ERR_NOT_FOUND,
      "an order: there is no member \"rolback\" (did you mean \"rollback\"?); it takes reference, rollback, priority, tags, parameters" },
    { "nothing near", "{\"colour\":1}", ERR_NOT_FOUND,
      "an order: there is no member \"colour\"; it takes reference, rollback, priority, tags, parameters" },
    { "a name that is no plain text", "{\"\\u0001\\\"\\u00e4\":1}", ERR_NOT_FOUND,
      "an order: there is no member \"\?\?\?\?\"; it takes reference, rollback, priority, tags, parameters" },
    { "a name without end", "{\"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde\":1}", ERR_NOT_FOUND,
      "an order: there is no member \"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd...\"; it takes reference, rollback, priority, tags,"
      " parameters" },
    { "a flag that is a text", "{\"rollback\":\"true\"}", ERR_PARSE, "an order: \"rollback\" is wrong, true or false is wanted" },
    { "a flag that is a number", "{\"rollback\":1}", ERR_PARSE, "an order: \"rollback\" is wrong, true or false is wanted" },
    { "a text that is null", "{\"reference\":null}", ERR_PARSE, "an order: \"reference\" is wrong, a text is wanted" },
    { "a number with a point", "{\"priority\":1.0}", ERR_PARSE, "an order: \"priority\" is wrong, a whole number is wanted" },
    { "a list that is a text", "{\"tags\":\"5A\"}", ERR_PARSE, "an order: \"tags\" is wrong, a list is wanted" },
    { "an object that is a list", "{\"parameters\":[]}", ERR_PARSE, "an order: \"parameters\" is wrong, an object is wanted" },
};

static void members_are_known(void)
{
    static const struct json_member none[] = { { NULL, 0 } };
    char why[JSON_WHY_MAX];
    json_t *o = NULL;
    for (size_t i = 0; i < COUNT(members); i++) {
        why[0] = 0;
        REQUIRE(json_read(span_str(members[i].text), &o, NULL) == ERR_OK);
        CHECK_ROW(members[i].name, json_only(o, "an order", order_members, why) == members[i].want);
        CHECK_ROW(members[i].name, strcmp(why, members[i].why) == 0);
        json_decref(o);
    }
    REQUIRE(json_read(span_str("{\"a\":1}"), &o, NULL) == ERR_OK);
    CHECK(json_only(o, "a list", none, why) == ERR_NOT_FOUND);
    CHECK(strcmp(why, "a list: there is no member \"a\"; it takes none") == 0);
    json_decref(o);
}

static const struct {
    const char *text, *why;
} causes[] = {
    { "null", "not a JSON object" },
    { "17", "not a JSON object" },
    { "\"a\"", "not a JSON object" },
    { "[]", "not a JSON object" },
    { "{\"a\":1,\"a\":2}", "a member is named twice at line 1 column 10" },
    { "{\"a\":}", "malformed JSON at line 1 column 6" },
    { "nul", "malformed JSON at line 1 column 3" },
    { "", "malformed JSON at line 1 column 0" },
};

static void a_refusal_says_the_cause(void)
{
    for (size_t i = 0; i < COUNT(causes); i++) {
        char why[160] = "";
        json_t *o = NULL;
        CHECK_ROW(causes[i].text, json_read(span_str(causes[i].text), &o, why) == ERR_PARSE);
        CHECK_ROW(causes[i].text, strcmp(why, causes[i].why) == 0);
        if (strcmp(why, causes[i].why) != 0)
            printf(" (%s)", why);
    }
}

int main(void)
{
    static const struct test tests[] = {
        { "texts are accepted or refused", texts_are_accepted_or_refused },
        { "texts are what jansson makes of them", texts_are_what_jansson_makes_of_them },
        { "depth is bounded", depth_is_bounded },
    { "every octet at every place is written as jansson does, and read again", every_octet_at_every_place },
        { "length is bounded", length_is_bounded },
        { "a refusal does not quote the text", a_refusal_does_not_quote_the_text },
        { "members are typed", members_are_typed },
        { "members are decoded", members_are_decoded },
        { "members are known, and each of its type", members_are_known },
        { "a refusal says the cause", a_refusal_says_the_cause },
        { "writing keeps the order", writing_keeps_the_order },
        { "a value that cannot be written is refused", a_value_that_cannot_be_written_is_no_memory },
    };
    return tests_main("json", tests, COUNT(tests));
}
