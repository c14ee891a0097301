#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_tests.h"

#define ESIPA "https://eim.example.com/gsma/rsp2/asn1"
#define REST "https://eso.example.com/v1/devices"
#define HOSTILE "<img src=x onerror=alert(1)>\"'&amp;\x01\xff</script><script>alert(2)</script>"

static void finish(struct report *r, const struct folder *f, const char *name, struct buf *out)
{
    REQUIRE(report_finish(r) == ERR_OK);
    *out = folder_read(f, name);
    report_free(r);
}

static struct report *begin(const struct folder *f)
{
    struct report *r;
    REQUIRE(report_new(&(struct report_options){ f->path, "./lab", NULL }, &r) == ERR_OK);
    return r;
}

/* One of each verdict. */
static void add_four(struct report *r, const char *text)
{
    const struct { const char *id; enum verdict verdict; } runs[] = {
        { "swap/01-good", VERDICT_PASSED }, { "swap/02-bad", VERDICT_FAILED },
        { "swap/03-elsewhere", VERDICT_SKIPPED }, { "swap/04-broken", VERDICT_BROKEN },
    };
    for (size_t i = 0; i < COUNT(runs); i++) {
        struct fake *f = fake_new(runs[i].id, text);
        fake_exchange(f, "eso", "smdp", REST, span_str("{\"a\":1}"), 200, span_str("{\"b\":2}"));
        fake_step(f, text, runs[i].verdict == VERDICT_FAILED ? VERDICT_FAILED : VERDICT_PASSED, text, text);
        f->run.verdict = runs[i].verdict;
        snprintf(f->run.why, sizeof f->run.why, "%s", runs[i].verdict == VERDICT_PASSED ? "" : text);
        CHECK(report_add(r, &f->run) == ERR_OK);
        fake_free(f);
    }
}

static void all_files_are_there_and_well_formed(void)
{
    static const char *const names[] = { "index.html", "junit.xml", "swap-01-good-direct.html", "swap-02-bad-direct.html",
                                         "swap-04-broken-direct.html" };
    static const char *const texts[] = { "harmless", HOSTILE };
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct folder folder;
        char why[160], where[256];
        folder_make(&folder);
        struct report *r = begin(&folder);
        add_four(r, texts[t]);
        CHECK(report_finish(r) == ERR_OK);
        for (size_t i = 0; i < COUNT(names); i++) {
            struct buf text = folder_read(&folder, names[i]);
            CHECK_ROW(names[i], well_formed(buf_span(&text), why));
            if (why[0])
                puts(why);
            CHECK_ROW(names[i], !strstr((const char *)text.at, "<img"));
            CHECK_ROW(names[i], !strstr((const char *)text.at, "<script>alert"));
            buf_release(&text);
        }
        CHECK(folder_contains(&folder, span_str("\"number\":1"), where));
        report_free(r);
        folder_remove(&folder);
    }
}

static void junit_counts_each_verdict_once(void)
{
    struct folder folder;
    struct buf text;
    folder_make(&folder);
    struct report *r = begin(&folder);
    add_four(r, "a < b");
    finish(r, &folder, "junit.xml", &text);
    const char *xml = (const char *)text.at;
    CHECK(strstr(xml, "<testsuites name=\"sgp32lab\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"1.000\">") != NULL);
    CHECK(strstr(xml, "<testsuite name=\"direct\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\"") != NULL);
    CHECK(strstr(xml, "<testcase classname=\"swap\" name=\"02-bad: a &lt; b\" time=\"0.250\">") != NULL);
    CHECK(strstr(xml, "<failure message=\"a &lt; b\">") && strstr(xml, "<error message=\"a &lt; b\">") != NULL);
    CHECK(strstr(xml, "<skipped message=\"a &lt; b\"/>") != NULL);
    buf_release(&text);
    folder_remove(&folder);
}

static void results_are_json_with_every_member(void)
{
    struct folder folder;
    struct buf text;
    folder_make(&folder);
    struct report *r = begin(&folder);
    add_four(r, HOSTILE);
    finish(r, &folder, "results.json", &text);
    json_t *all = json_loadb((const char *)text.at, text.len, 0, NULL), *bad = json_array_get(all, 1);
    CHECK(json_array_size(all) == 4);
    CHECK(strcmp(json_str(bad, "verdict"), "failed") == 0 && strcmp(json_str(bad, "wiring"), "direct") == 0);
    CHECK(strcmp(json_str(bad, "id"), "swap/02-bad") == 0);
    CHECK(json_integer_value(json_object_get(bad, "seed")) == 7);
    CHECK(json_integer_value(json_object_get(bad, "messages")) == 2);
    CHECK(strcmp(json_str(bad, "repeat"), "./lab run swap/02-bad --wiring direct --seed 7") == 0);
    CHECK(json_array_size(json_object_get(bad, "steps")) == 1 && json_str(bad, "found"));
    CHECK(json_str(json_array_get(all, 2), "page") == NULL);
    json_decref(all);
    buf_release(&text);
    folder_remove(&folder);
}

/* --- secrets --------------------------------------------------------------------------------------------------------- */

static const uint8_t secret[16] = { 0x46, 0x5b, 0x5c, 0xe8, 0xb1, 0x99, 0xb4, 0x9f, 0xaa, 0x5f, 0x0a, 0x2e, 0xe2, 0x38,
                                    0xa6, 0xbc };
#define CODE "QX7-K2M9-PL44-ZZ01"

static struct fake *run_with_secrets(void)
{
    struct fake *f = fake_new("swap/05-secret", "a run that met secrets");
    struct buf body = { .max = 4096 }, upper = { .max = 64 };
    REQUIRE(trace_hide(f->world.trace, SPAN_ARRAY(secret)) == ERR_OK);
    REQUIRE(trace_hide(f->world.trace, span_str(CODE)) == ERR_OK);
    REQUIRE(hex_put_upper(&upper, SPAN_ARRAY(secret)) == ERR_OK);
    REQUIRE(buf_put(&body, SPAN(0xbf, 0x4f, 0x12, 0x80, 0x10)) == ERR_OK);
    REQUIRE(buf_put(&body, SPAN_ARRAY(secret)) == ERR_OK);
    fake_exchange(f, "meter", "eim", ESIPA, buf_span(&body), 200, buf_span(&body));
    buf_clear(&body);
    REQUIRE(buf_printf(&body, "{\"code\":\"1$smdp.example.com$%s\",\"hex\":\"%s\",\"der\":\"", CODE, buf_cstr(&upper)) ==
            ERR_OK);
    REQUIRE(base64_put(&body, SPAN_ARRAY(secret)) == ERR_OK && buf_put_str(&body, "\"}") == ERR_OK);
    fake_exchange(f, "eso", "smdp", REST "/" CODE, buf_span(&body), 409, buf_span(&body));
    fake_step(f, "code " CODE " is used", VERDICT_FAILED, "code " CODE, buf_cstr(&upper));
    buf_release(&body);
    buf_release(&upper);
    return f;
}

static void no_secret_in_any_file(void)
{
    struct folder folder;
    struct buf text[3] = { { .max = 64 }, { .max = 64 }, { .max = 64 } };
    char where[256] = "";
    folder_make(&folder);
    struct report *r = begin(&folder);
    struct fake *f = run_with_secrets();
    CHECK(report_add(r, &f->run) == ERR_OK && report_finish(r) == ERR_OK);
    REQUIRE(hex_put(&text[0], SPAN_ARRAY(secret)) == ERR_OK && hex_put_upper(&text[1], SPAN_ARRAY(secret)) == ERR_OK);
    REQUIRE(base64_put(&text[2], SPAN_ARRAY(secret)) == ERR_OK);
    for (size_t i = 0; i < COUNT(text); i++) {
        CHECK_ROW(buf_cstr(&text[i]), !folder_contains(&folder, buf_span(&text[i]), where));
        buf_release(&text[i]);
    }
    CHECK_ROW(where, !folder_contains(&folder, SPAN_ARRAY(secret), where));
    CHECK_ROW(where, !folder_contains(&folder, span_str(CODE), where));
    CHECK(folder_contains(&folder, span_str("1$smdp.example.com$******"), where));
    fake_free(f);
    report_free(r);
    folder_remove(&folder);
}

/* --- what a page says ------------------------------------------------------------------------------------------------ */

/* Writes the page of one run and gives its text. */
static struct buf page_of(struct fake *f, const char *name)
{
    struct folder folder;
    struct buf text;
    char why[160];
    folder_make(&folder);
    struct report *r = begin(&folder);
    CHECK(report_add(r, &f->run) == ERR_OK);
    finish(r, &folder, name, &text);
    CHECK_ROW(name, well_formed(buf_span(&text), why));
    folder_remove(&folder);
    return text;
}

static void the_cause_is_the_first_message_with_an_error(void)
{
    static const struct {
        const char *name, *url, *answer; /* hex for DER */
        int status;
        const char *want;
    } rows[] = {
        { "HTTP status", REST, "{}", 500, "message 4</a>: smdp answers HTTP 500" },
        { "the words of a problem", REST, "{\"detail\":\"no stock left\"}", 409, "message 4</a>: no stock left" },
        { "status code data of ES2+", "https://smdp.example.com/gsma/rsp2/es2plus/downloadOrder",
          "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"8.2.6\","
          "\"reasonCode\":\"3.8\",\"message\":\"refused\"}}}}",
          200, "message 4</a>: 8.2.6/3.8 refused" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake *f = fake_new("swap/06-cause", "cause");
        fake_exchange(f, "eso", "smdp", REST, span_str("{}"), 200, span_str("{}"));
        fake_step(f, "fine", VERDICT_PASSED, "", "");
        fake_exchange(f, "eso", "smdp", rows[i].url, span_str("{}"), rows[i].status, span_str(rows[i].answer));
        fake_exchange(f, "eso", "smdp", REST, span_str("{}"), 503, span_str("{}"));
        fake_step(f, "not fine", VERDICT_FAILED, "DONE", "FAILED");
        struct buf page = page_of(f, "swap-06-cause-direct.html");
        CHECK_ROW(rows[i].name, strstr((const char *)page.at, rows[i].want) != NULL);
        buf_release(&page);
        fake_free(f);
    }
}

static void a_failure_told_by_a_part_names_the_rule(void)
{
    struct fake *f = fake_new("swap/07-rule", "rule");
    fake_event(f, "{\"at\":\"2026-01-01T00:00:01.000Z\",\"level\":\"warn\",\"actor\":\"meter\",\"event\":\"failure\","
                  "\"err\":\"verify\",\"section\":\"SGP.22 5.7.13\",\"what\":\"serverSignature1 does not verify\"}");
    fake_exchange(f, "eso", "smdp", REST, span_str("{}"), 500, span_str("{}"));
    fake_step(f, "not fine", VERDICT_FAILED, "DONE", "FAILED");
    struct buf page = page_of(f, "swap-07-rule-direct.html");
    CHECK(strstr((const char *)page.at, "serverSignature1 does not verify</dd>") != NULL);
    CHECK(strstr((const char *)page.at, "<dt>rule</dt><dd>SGP.22 5.7.13</dd>") != NULL);
    buf_release(&page);
    fake_free(f);
}

static void signed_bytes_are_marked(void)
{
    struct buf package = hex("BF5131" "30228003656964" "5A10890490320000000000000000000001638101018204010203" "04A000"
                             "5F370A00112233445566778899");
    struct fake *f = fake_new("swap/08-signed", "signed");
    struct buf wrapped = { .max = 256 };
    REQUIRE(buf_put(&wrapped, SPAN(0xbf, 0x4f, (uint8_t)package.len)) == ERR_OK);
    REQUIRE(buf_put(&wrapped, buf_span(&package)) == ERR_OK);
    fake_exchange(f, "meter", "eim", ESIPA, span_str("x"), 200, buf_span(&wrapped));
    fake_step(f, "fine", VERDICT_PASSED, "", "");
    struct buf page = page_of(f, "swap-08-signed-direct.html");
    CHECK(strstr((const char *)page.at, "<mark>bytes 6–41</mark> are covered by <b>eimSignature</b>") != NULL);
    CHECK(strstr((const char *)page.at, "counterValue</b> 1") != NULL);
    buf_release(&page);
    buf_release(&package);
    buf_release(&wrapped);
    fake_free(f);
}

static void a_long_run_is_cut_and_says_so(void)
{
    struct fake *f = fake_new("swap/09-long", "long");
    for (int i = 0; i < REPORT_MESSAGES_MAX / 2 + 50; i++)
        fake_exchange(f, "eso", "smdp", REST, span_str("{}"), 200, span_str("{}"));
    fake_step(f, "long", VERDICT_PASSED, "", "");
    struct buf page = page_of(f, "swap-09-long-direct.html");
    CHECK(strstr((const char *)page.at, "id=\"m2000\"") && !strstr((const char *)page.at, "id=\"m2001\""));
    CHECK(strstr((const char *)page.at, "messages 2001 to 2100 are not shown") != NULL);
    buf_release(&page);
    fake_free(f);
}

/* --- names and folders ------------------------------------------------------------------------------------------------ */

static void ids_make_safe_names_that_differ(void)
{
    static const struct { const char *id, *page; } rows[] = {
        { "swap/01", "swap-01-direct.html" },       { "swap-01", "swap-01-direct-2.html" },
        { "../../etc/x", "-.-..-etc-x-direct.html" }, { "a b<c>", "a-b-c--direct.html" },
    };
    struct folder folder;
    folder_make(&folder);
    struct report *r = begin(&folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fake *f = fake_new(rows[i].id, "names");
        CHECK(report_add(r, &f->run) == ERR_OK);
        CHECK_ROW(rows[i].id, strcmp(json_str(report_last(r), "page"), rows[i].page) == 0);
        struct buf page = folder_read(&folder, rows[i].page);
        CHECK_ROW(rows[i].id, page.len > 0);
        buf_release(&page);
        fake_free(f);
    }
    report_free(r);
    folder_remove(&folder);
}

static void a_folder_that_cannot_be_made_costs_only_the_report(void)
{
    struct folder folder;
    struct report *r;
    char path[300];
    folder_make(&folder);
    snprintf(path, sizeof path, "%s/file", folder.path);
    FILE *file = fopen(path, "w");
    REQUIRE(file && fclose(file) == 0);
    snprintf(path, sizeof path, "%s/file/report", folder.path);
    CHECK(report_new(&(struct report_options){ path, "./lab", NULL }, &r) == ERR_IO);
    CHECK(strstr(report_problem(r), path) && strstr(report_problem(r), "Not a directory"));
    struct fake *f = fake_new("swap/01", "counts all the same");
    CHECK(report_add(r, &f->run) == ERR_IO);
    CHECK(report_counts(r).passed == 1 && report_finish(r) == ERR_IO);
    CHECK(json_str(report_last(r), "page") == NULL);
    fake_free(f);
    report_free(r);
    folder_remove(&folder);
}

static void a_folder_that_goes_away_is_told_with_its_path(void)
{
    struct folder folder;
    folder_make(&folder);
    struct report *r = begin(&folder);
    struct fake *f = fake_new("swap/01", "gone");
    folder_remove(&folder);
    CHECK(report_add(r, &f->run) == ERR_IO);
    CHECK(strstr(report_problem(r), folder.path) && strstr(report_problem(r), "No such file"));
    CHECK(report_finish(r) == ERR_IO && report_counts(r).passed == 1);
    fake_free(f);
    report_free(r);
}

static void a_scenario_that_cannot_be_read_is_broken(void)
{
    struct folder folder;
    struct buf text;
    char why[160];
    folder_make(&folder);
    struct report *r = begin(&folder);
    CHECK(report_add_unreadable(r, "x/y.yaml", "x/y.yaml:3:1: unknown key 'wrold'") == ERR_OK);
    CHECK(report_counts(r).failed == 1 && report_counts(r).broken == 1);
    finish(r, &folder, "index.html", &text);
    CHECK(well_formed(buf_span(&text), why));
    CHECK(strstr((const char *)text.at, "unknown key &#39;wrold&#39;") != NULL);
    buf_release(&text);
    folder_remove(&folder);
}

const struct test report_tests[] = {
    { "all files are there and well-formed, whatever the run says", all_files_are_there_and_well_formed },
    { "junit counts each verdict once", junit_counts_each_verdict_once },
    { "results are JSON with every member", results_are_json_with_every_member },
    { "no secret in any file", no_secret_in_any_file },
    { "the cause is the first message with an error", the_cause_is_the_first_message_with_an_error },
    { "a failure told by a part names the rule", a_failure_told_by_a_part_names_the_rule },
    { "signed bytes are marked", signed_bytes_are_marked },
    { "a long run is cut and says so", a_long_run_is_cut_and_says_so },
    { "ids make safe names that differ", ids_make_safe_names_that_differ },
    { "a folder that cannot be made costs only the report", a_folder_that_cannot_be_made_costs_only_the_report },
    { "a folder that goes away is told with its path", a_folder_that_goes_away_is_told_with_its_path },
    { "a scenario that cannot be read is broken", a_scenario_that_cannot_be_read_is_broken },
};
const size_t report_test_count = COUNT(report_tests);
