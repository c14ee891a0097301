/* What is hidden is masked in every form, however much is hidden. */
#include <string.h>

#include "report_tests.h"

static const struct {
    const char *name;
    enum trace_body kind;
    const char *before, *after;
} rows[] = {
    { "a code in a text", TRACE_TEXT, "code ABCD-1.", "code ******." },
    { "twice in a text", TRACE_TEXT, "ABCD-1ABCD-1", "************" },
    { "at the end, cut short, is no code", TRACE_TEXT, "ABCD-", "ABCD-" },
    { "of two codes that begin alike the longer one", TRACE_TEXT, "ABCD-1-EXTRA", "************" },
    { "the shorter one beside the longer", TRACE_TEXT, "ABCD-1-EXTR", "******-EXTR" },
    { "in lower-case hex", TRACE_TEXT, "k=00010203fffe", "k=************" },
    { "in upper-case hex", TRACE_TEXT, "k=00010203FFFE", "k=************" },
    { "digits in a binary message are not text", TRACE_DER, "00010203fffe", "00010203fffe" },
    { "in a binary message the bytes themselves", TRACE_DER, "xxABCD-1xx", "xx******xx" },
    { "inside base64 of a JSON member", TRACE_JSON, "{\"a\":\"MS4uLkFCQ0QtMS4uLg==\"}", "{\"a\":\"MS4uLioqKioqKi4uLg==\"}" },
    { "nothing hidden, nothing changed", TRACE_TEXT, "an ordinary line", "an ordinary line" },
    { "an empty body", TRACE_TEXT, "", "" },
};

static void hide_all(struct trace *t)
{
    REQUIRE(trace_hide(t, span_str("ABCD-1")) == ERR_OK);
    REQUIRE(trace_hide(t, span_str("ABCD-1-EXTRA")) == ERR_OK);
    REQUIRE(trace_hide(t, SPAN(0x00, 0x01, 0x02, 0x03, 0xff, 0xfe)) == ERR_OK);
    for (uint32_t i = 0; i < 5000; i++)
        REQUIRE(trace_hide(t, SPAN(0xee, (uint8_t)(i >> 8), (uint8_t)i, 0x11, 0x22, 0x33, 0x44, 0x55)) == ERR_OK);
}

static void every_form_is_masked(void)
{
    struct fake *f = fake_new("x/y", "redaction");
    hide_all(f->world.trace);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf body = { .max = 4096 };
        REQUIRE(buf_put_str(&body, rows[i].before) == ERR_OK);
        trace_redact(f->world.trace, rows[i].kind, &body);
        CHECK_ROW(rows[i].name, span_equal(buf_span(&body), span_str(rows[i].after)));
        buf_release(&body);
    }
    fake_free(f);
}

static void a_forbidden_key_counts_as_a_leak(void)
{
    struct fake *f = fake_new("x/y", "leak");
    struct buf body = { .max = 4096 };
    REQUIRE(trace_hide(f->world.trace, span_str("harmless")) == ERR_OK);
    REQUIRE(trace_forbid(f->world.trace, SPAN(1, 2, 3, 4, 5, 6, 7, 8)) == ERR_OK);
    REQUIRE(buf_put_str(&body, "harmless and harmless") == ERR_OK);
    trace_redact(f->world.trace, TRACE_TEXT, &body);
    CHECK(trace_leaks(f->world.trace) == 0);
    REQUIRE(buf_put_str(&body, " 0102030405060708") == ERR_OK);
    trace_redact(f->world.trace, TRACE_TEXT, &body);
    CHECK(trace_leaks(f->world.trace) == 1);
    CHECK(strcmp(buf_cstr(&body), "******** and ******** ****************") == 0);
    buf_release(&body);
    fake_free(f);
}

const struct test redact_tests[] = {
    { "every form is masked, however much is hidden", every_form_is_masked },
    { "a forbidden key counts as a leak", a_forbidden_key_counts_as_a_leak },
};
const size_t redact_test_count = COUNT(redact_tests);
