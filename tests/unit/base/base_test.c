#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "env.h"
#include "harness.h"

static bool is_text(const struct buf *b, const char *text)
{
    return span_equal(buf_span(b), span_str(text));
}

static void spans_compare_and_cut(void)
{
    struct span abc = span_str("abc"), none = { 0 };
    CHECK(span_equal(abc, SPAN('a', 'b', 'c')) && !span_equal(abc, span_str("abd")) && !span_equal(abc, none));
    CHECK(span_equal(none, span_str(NULL)) && span_equal(none, span_of(abc.at, 0)));
    CHECK(span_equal_secret(abc, span_str("abc")) && !span_equal_secret(abc, span_str("abd")));
    CHECK(!span_equal_secret(abc, span_str("ab")) && span_equal_secret(none, span_str("")));
    CHECK(span_equal(span_sub(abc, 1, 1), span_str("b")) && span_equal(span_sub(abc, 1, SIZE_MAX), span_str("bc")));
    CHECK(span_sub(abc, 3, 1).len == 0 && span_sub(abc, SIZE_MAX, SIZE_MAX).len == 0 && span_sub(none, 0, 9).len == 0);
}

static void a_buffer_never_passes_its_ceiling(void)
{
    struct buf b = { .max = 5 };
    CHECK(buf_put_str(&b, "abc") == ERR_OK && buf_put(&b, (struct span){ 0 }) == ERR_OK);
    CHECK(buf_put_str(&b, "def") == ERR_LIMIT && is_text(&b, "abc"));
    CHECK(buf_printf(&b, "%d", 123) == ERR_LIMIT && is_text(&b, "abc"));
    CHECK(buf_set(&b, span_str("123456")) == ERR_LIMIT && is_text(&b, "abc"));
    CHECK(buf_put_str(&b, "de") == ERR_OK && buf_put_u8(&b, 'f') == ERR_LIMIT && is_text(&b, "abcde"));
    CHECK(strcmp(buf_cstr(&b), "abcde") == 0 && b.len == 5);
    CHECK(buf_set(&b, span_str("xy")) == ERR_OK && is_text(&b, "xy"));
    buf_clear(&b);
    CHECK(b.len == 0 && strcmp(buf_cstr(&b), "") == 0);
    buf_release(&b);
    buf_release(&b);
    CHECK(b.max == 5 && buf_put_u8(&b, 1) == ERR_OK);
    buf_release(&b);
    struct buf none = { 0 };
    CHECK(buf_put_u8(&none, 1) == ERR_LIMIT && buf_put_str(&none, "") == ERR_OK && strcmp(buf_cstr(&none), "") == 0);
    buf_release(&none);
}

static void long_texts_are_printed_whole(void)
{
    struct buf b = { .max = 2000 };
    CHECK(buf_printf(&b, "%0*d", 1500, 7) == ERR_OK && b.len == 1500 && b.at[1499] == '7' && b.at[0] == '0');
    buf_release(&b);
}

static void secrets_are_bounded_and_cleared(void)
{
    struct secret s = { .len = 1 };
    uint8_t big[65] = { 1 };
    CHECK(secret_set(&s, SPAN_ARRAY(big)) == ERR_LIMIT && s.len == 1);
    CHECK(secret_set(&s, span_of(big, 64)) == ERR_OK && secret_span(&s).len == 64);
    secret_release(&s);
    CHECK(s.len == 0 && s.at[0] == 0);
}

static const struct {
    const char *name, *text;
    enum err e;
    struct span bytes;
} hex_rows[] = {
    { "nothing", "", ERR_OK, { 0 } },
    { "both cases", "00fFaB", ERR_OK, { (const uint8_t *)"\x00\xff\xab", 3 } },
    { "an odd length", "000", ERR_PARSE, { 0 } },
    { "a letter beyond f", "0g", ERR_PARSE, { 0 } },
    { "a blank", "00 1", ERR_PARSE, { 0 } },
    { "a prefix", "0x00", ERR_PARSE, { 0 } },
    { "a sign", "-1", ERR_PARSE, { 0 } },
    { "control characters like digits", "\x10\x11", ERR_PARSE, { 0 } },
    { "a letter with the high bit", "\xe1\xe1", ERR_PARSE, { 0 } },
    { "good digits before bad ones", "0011zz", ERR_PARSE, { 0 } },
}, base64_rows[] = {
    { "nothing", "", ERR_OK, { 0 } },
    { "three octets", "AP+r", ERR_OK, { (const uint8_t *)"\x00\xff\xab", 3 } },
    { "two octets", "AP8=", ERR_OK, { (const uint8_t *)"\x00\xff", 2 } },
    { "one octet", "/w==", ERR_OK, { (const uint8_t *)"\xff", 1 } },
    { "no padding", "AP8", ERR_PARSE, { 0 } },
    { "padding alone", "====", ERR_PARSE, { 0 } },
    { "three signs of padding", "A===", ERR_PARSE, { 0 } },
    { "padding in the middle", "/w==/w==", ERR_PARSE, { 0 } },
    { "padding before a digit", "A=A=", ERR_PARSE, { 0 } },
    { "bits below the last octet", "/x==", ERR_PARSE, { 0 } },
    { "bits below the last two octets", "AP9=", ERR_PARSE, { 0 } },
    { "the URL alphabet", "AP-_", ERR_PARSE, { 0 } },
    { "a line end", "AP+r\n", ERR_PARSE, { 0 } },
    { "a line end inside", "AP+\n", ERR_PARSE, { 0 } },
    { "a high octet", "AP+\xff", ERR_PARSE, { 0 } },
};

static void hex_is_strict(void)
{
    for (size_t i = 0; i < COUNT(hex_rows); i++) {
        struct buf out = { .max = 10 };
        REQUIRE(buf_put_u8(&out, 0xee) == ERR_OK);
        CHECK_ROW(hex_rows[i].name, hex_decode(span_str(hex_rows[i].text), &out) == hex_rows[i].e);
        CHECK_ROW(hex_rows[i].name, span_equal(span_sub(buf_span(&out), 1, 10), hex_rows[i].bytes));
        buf_release(&out);
    }
    struct buf out = { .max = 8 };
    CHECK(hex_put(&out, SPAN(0x0f, 0xa0)) == ERR_OK && hex_put_upper(&out, SPAN(0xbc)) == ERR_OK);
    CHECK(hex_put(&out, SPAN(1, 2)) == ERR_LIMIT && is_text(&out, "0fa0BC"));
    CHECK(hex_decode(span_str("000000"), &out) == ERR_LIMIT && is_text(&out, "0fa0BC"));
    buf_release(&out);
}

static void base64_is_strict(void)
{
    for (size_t i = 0; i < COUNT(base64_rows); i++) {
        struct buf out = { .max = 10 }, again = { .max = 20 };
        CHECK_ROW(base64_rows[i].name, base64_decode(span_str(base64_rows[i].text), &out) == base64_rows[i].e);
        CHECK_ROW(base64_rows[i].name, span_equal(buf_span(&out), base64_rows[i].bytes));
        CHECK_ROW(base64_rows[i].name, base64_put(&again, buf_span(&out)) == ERR_OK);
        CHECK_ROW(base64_rows[i].name, base64_rows[i].e || is_text(&again, base64_rows[i].text));
        buf_release(&out);
        buf_release(&again);
    }
    struct buf small = { .max = 7 };
    CHECK(base64_put(&small, SPAN(1, 2, 3, 4)) == ERR_LIMIT && small.len == 0);
    buf_release(&small);
}

static const struct {
    const char *name, *text;
    int64_t at; /* -1: refused */
} times[] = {
    { "the beginning", "1970-01-01T00:00:00Z", 0 },
    { "milliseconds", "2026-01-31T12:00:00.250Z", INT64_C(1769860800250) },
    { "a leap day", "2024-02-29T23:59:59Z", INT64_C(1709251199000) },
    { "no leap day", "2026-02-29T00:00:00Z", -1 },
    { "no leap day in a century", "2100-02-29T00:00:00Z", -1 },
    { "the thirteenth month", "2026-13-01T00:00:00Z", -1 },
    { "month zero", "2026-00-01T00:00:00Z", -1 },
    { "day zero", "2026-01-00T00:00:00Z", -1 },
    { "the 31st of April", "2026-04-31T00:00:00Z", -1 },
    { "hour 24", "2026-01-01T24:00:00Z", -1 },
    { "minute 60", "2026-01-01T00:60:00Z", -1 },
    { "second 60", "2026-01-01T00:00:60Z", -1 },
    { "no zone", "2026-01-01T00:00:00", -1 },
    { "another zone", "2026-01-01T00:00:00+01:00", -1 },
    { "a blank for the T", "2026-01-01 00:00:00Z", -1 },
    { "blanks for zeros", "2026- 1- 1T 0: 0: 0Z", -1 },
    { "signs", "2026-+1-+1T+0:+0:+0Z", -1 },
    { "two digits of a second's fraction", "2026-01-01T00:00:00.12Z", -1 },
    { "nine digits of it", "2026-01-01T00:00:00.123456789Z", -1 },
    { "text behind", "2026-01-01T00:00:00Zz", -1 },
    { "nothing", "", -1 },
};

static void times_are_read_and_written(void)
{
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t at = -1;
        enum err e = clock_parse_iso8601(span_str(times[i].text), &at);
        CHECK_ROW(times[i].name, at == times[i].at && e == (times[i].at < 0 ? ERR_PARSE : ERR_OK));
    }
    struct buf b = { .max = 100 };
    CHECK(clock_put_iso8601(&b, 7) == ERR_OK && clock_put_iso8601(&b, -1) == ERR_OK);
    CHECK(is_text(&b, "1970-01-01T00:00:00.007Z1969-12-31T23:59:59.999Z"));
    buf_release(&b);
}

static const struct {
    const char *name;
    int64_t first, most, attempts, wait;
} waits[] = {
    { "the first time", 1000, 300000, 0, 1000 },
    { "the second time", 1000, 300000, 1, 2000 },
    { "the ninth time", 1000, 300000, 8, 256000 },
    { "no longer than that", 1000, 300000, 9, 300000 },
    { "after a number of attempts that is none", 1000, 300000, INT64_MAX, 300000 },
    { "attempts below zero", 1000, 300000, -1, 1000 },
    { "a first wait that is too long", 1000, 500, 0, 500 },
};

static void waits_double_up_to_a_bound(void)
{
    for (size_t i = 0; i < COUNT(waits); i++)
        CHECK_ROW(waits[i].name, clock_back_off(waits[i].first, waits[i].most, waits[i].attempts) == waits[i].wait);
}

static void a_virtual_clock_never_goes_back(void)
{
    struct clock_virtual c;
    clock_virtual_init(&c, 1000);
    clock_virtual_advance(&c, 500);
    CHECK(clock_now(&c.clock) == 1000);
    clock_virtual_advance(&c, 1001);
    CHECK(clock_now(&c.clock) == 1001 && clock_now(clock_system()) > INT64_C(1600000000000));
}

static void identifiers_are_random_and_well_formed(void)
{
    char a[37], b[37];
    CHECK(rng_uuid(rng_system(), a) == ERR_OK && rng_uuid(rng_system(), b) == ERR_OK);
    CHECK(strlen(a) == 36 && a[14] == '4' && strchr("89ab", a[19]) && strcmp(a, b) != 0);
}

static void failures_have_names(void)
{
    CHECK(strcmp(err_name(ERR_OK), "ok") == 0 && strcmp(err_name(ERR_CUT), "cut") == 0);
    CHECK(strcmp(err_name((enum err)99), "unknown") == 0);
}

static const struct {
    const char *name, *text, *json;
} escapes[] = {
    { "plain", "abc", "abc" },
    { "quotes and backslashes", "\"\\", "\\\"\\\\" },
    { "a line end cannot make a second event", "a\n{", "a\\u000a{" },
    { "a terminal escape", "\033[2J", "\\u001b[2J" },
    { "good UTF-8", "\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80" },
    { "a lonely high octet", "a\xff" "b", "a\\ufffdb" },
    { "a cut sequence", "\xe2\x86", "\\ufffd\\ufffd" },
    { "an overlong slash", "\xc0\xaf", "\\ufffd\\ufffd" },
    { "half a surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd" },
    { "beyond the last character", "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd" },
    { "a delete character", "a\x7f", "a\\u007f" },
    { "no text at all", NULL, "" },
};

static void hostile_texts_stay_inside_their_event(void)
{
    for (size_t i = 0; i < COUNT(escapes); i++) {
        struct buf b = { .max = 500 }, want = { .max = 500 };
        const struct log_field field = F_TEXT("t", escapes[i].text);
        const struct log_event e = { 0, LOG_WARN, "eim", "a.b", &field, 1 };
        CHECK_ROW(escapes[i].name, log_event_put_json(&b, &e) == ERR_OK);
        REQUIRE(buf_printf(&want, "{\"at\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warn\",\"actor\":\"eim\","
                                  "\"event\":\"a.b\",\"t\":\"%s\"}", escapes[i].json) == ERR_OK);
        CHECK_ROW(escapes[i].name, span_equal(buf_span(&b), buf_span(&want)));
        buf_release(&b);
        buf_release(&want);
    }
}

/* What a sink writes for two events, read back through a pipe. */
static void read_sink(struct log_sink *sink, int fds[2], char *text, size_t size)
{
    struct clock_virtual c;
    clock_virtual_init(&c, 5);
    const struct log log = { sink, &c.clock, "eim", LOG_INFO };
    LOG(&log, LOG_DEBUG, "dropped", F_INT("n", 1));
    LOG(&log, LOG_INFO, "one", F_INT("n", INT64_MIN), F_HEX("h", SPAN(0xab)), F_TEXT("t", "x\ny"));
    CHECK(log_fail(&log, ERR_VERIFY, "SGP.32 5.9.1", "no") == ERR_VERIFY);
    REQUIRE(close(fds[1]) == 0);
    ssize_t n = read(fds[0], text, size - 1);
    REQUIRE(n > 0 && close(fds[0]) == 0);
    text[n] = 0;
}

static void sinks_write_one_line_an_event(void)
{
    char text[1024];
    int fds[2];
    struct log_sink_json json;
    REQUIRE(pipe(fds) == 0);
    log_sink_json_init(&json, fds[1]);
    read_sink(&json.sink, fds, text, sizeof text);
    CHECK(strcmp(text, "{\"at\":\"1970-01-01T00:00:00.005Z\",\"level\":\"info\",\"actor\":\"eim\",\"event\":\"one\","
                       "\"n\":-9223372036854775808,\"h\":\"ab\",\"t\":\"x\\u000ay\"}\n"
                       "{\"at\":\"1970-01-01T00:00:00.005Z\",\"level\":\"warn\",\"actor\":\"eim\",\"event\":\"failure\","
                       "\"err\":\"verify\",\"section\":\"SGP.32 5.9.1\",\"what\":\"no\"}\n") == 0);
    struct log_sink_text plain;
    REQUIRE(pipe(fds) == 0);
    log_sink_text_init(&plain, fds[1], false);
    read_sink(&plain.sink, fds, text, sizeof text);
    CHECK(strstr(text, "00:00:00.005 eim    one ") == text && strstr(text, " h=ab t=\"x\\u000ay\"\n") != NULL);
    CHECK(strchr(text, '\033') == NULL);
    LOG(NULL, LOG_ERROR, "nobody", F_INT("n", 1));
}

static void change(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
                   struct buf *bytes)
{
    (void)t;
    CHECK(moment == TAMPER_BEFORE_SENDING && strcmp(actor, "eim") == 0 && strcmp(message, "m") == 0);
    bytes->at[0] ^= 1;
}

static void tampering_needs_somebody_who_tampers(void)
{
    struct buf b = { .max = 1 };
    struct tamper t = { change };
    const struct log log = { .actor = "eim" };
    struct env env = { .log = &log };
    REQUIRE(buf_put_u8(&b, 4) == ERR_OK);
    tamper_at(&env, TAMPER_BEFORE_SENDING, "m", &b);
    CHECK(b.at[0] == 4);
    env.tamper = &t;
    tamper_at(&env, TAMPER_BEFORE_SENDING, "m", &b);
    CHECK(b.at[0] == 5);
    buf_release(&b);
}

int main(void)
{
    static const struct test tests[] = {
        { "spans compare and cut", spans_compare_and_cut },
        { "a buffer never passes its ceiling", a_buffer_never_passes_its_ceiling },
        { "long texts are printed whole", long_texts_are_printed_whole },
        { "secrets are bounded and cleared", secrets_are_bounded_and_cleared },
        { "hex is strict", hex_is_strict },
        { "base64 is strict", base64_is_strict },
        { "times are read and written", times_are_read_and_written },
        { "waits double up to a bound", waits_double_up_to_a_bound },
        { "a virtual clock never goes back", a_virtual_clock_never_goes_back },
        { "identifiers are random and well-formed", identifiers_are_random_and_well_formed },
        { "failures have names", failures_have_names },
        { "hostile texts stay inside their event", hostile_texts_stay_inside_their_event },
        { "sinks write one line an event", sinks_write_one_line_an_event },
        { "tampering needs somebody who tampers", tampering_needs_somebody_who_tampers },
    };
    return tests_main("base", tests, COUNT(tests));
}
