#include <string.h>

#include "markup.h"
#include "report_tests.h"

static const struct {
    const char *name, *text, *want;
} texts[] = {
    { "plain text stays", "abc 1 äö →", "abc 1 äö →" },
    { "markup is escaped", "<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;" },
    { "a control character is replaced", "a\x1b[31mb", "a\xef\xbf\xbd[31mb" },
    { "line ends and tabs stay", "a\n\tb", "a\n\tb" },
    { "a carriage return is replaced", "a\rb", "a\xef\xbf\xbd" "b" },
    { "a lone continuation octet is replaced", "a\x80z", "a\xef\xbf\xbdz" },
    { "a character cut at the end is replaced", "a\xe2\x86", "a\xef\xbf\xbd\xef\xbf\xbd" },
    { "an overlong slash is replaced", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "a surrogate is replaced", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "U+FFFF is no character of XML", "\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "beyond Unicode is replaced", "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
    { "four octets are one character", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
};

static void text_is_escaped(void)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buf out = { .max = 256 };
        struct markup m = { .out = &out };
        markup_put(&m, "%s", texts[i].text);
        CHECK_ROW(texts[i].name, m.e == ERR_OK && span_equal(buf_span(&out), span_str(texts[i].want)));
        buf_release(&out);
    }
}

static void arguments_are_escaped_and_the_format_is_not(void)
{
    struct buf out = { .max = 256 };
    struct markup m = { .out = &out };
    const char *volatile nothing = NULL; /* which the compiler must not see */
    markup_put(&m, "<i class=\"%s\">%u %d %lld %.2f %s</i>", "\"><x", 1u, -2, 3ll, 4.25, nothing);
    CHECK(span_equal(buf_span(&out), span_str("<i class=\"&quot;&gt;&lt;x\">1 -2 3 4.25 </i>")));
    buf_release(&out);
}

static void the_first_failure_stays(void)
{
    struct buf out = { .max = 4 };
    struct markup m = { .out = &out };
    markup_raw(&m, "abcdef");
    markup_raw(&m, "g");
    CHECK(m.e == ERR_LIMIT && out.len == 0);
    buf_release(&out);
}

static const struct {
    const char *name, *text;
    bool good;
} pages[] = {
    { "nested elements", "<!DOCTYPE html><a><b c=\"d\">e</b><f/></a>", true },
    { "an element left open", "<a><b></a>", false },
    { "a bare ampersand", "<a>&</a>", false },
    { "an attribute without quotes", "<a b=c></a>", false },
    { "text that opens a tag", "<a>1 < 2</a>", false },
    { "nothing", "", false },
};

static void the_checker_checks(void)
{
    char why[160];
    for (size_t i = 0; i < COUNT(pages); i++)
        CHECK_ROW(pages[i].name, well_formed(span_str(pages[i].text), why) == pages[i].good);
}

const struct test markup_tests[] = {
    { "text is escaped", text_is_escaped },
    { "arguments are escaped and the format is not", arguments_are_escaped_and_the_format_is_not },
    { "the first failure stays", the_first_failure_stays },
    { "the checker of the tests checks", the_checker_checks },
};
const size_t markup_test_count = COUNT(markup_tests);
