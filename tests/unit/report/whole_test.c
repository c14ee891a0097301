/* The first scenario, really played. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_tests.h"

#define FIRST "scenarios/swap/01-first-swap.yaml"

static struct scenario *read_first(void)
{
    char path[1024];
    struct scenario *s = NULL;
    struct yaml_error error = { "" };
    snprintf(path, sizeof path, "%s/" FIRST, getenv("LAB_SOURCE") ? getenv("LAB_SOURCE") : ".");
    if (scenario_read(path, &s, &error))
        puts(error.text);
    REQUIRE(s != NULL);
    return s;
}

static void play(struct report *r, const struct scenario *s, uint64_t seed)
{
    struct run *run = calloc(1, sizeof *run);
    REQUIRE(run != NULL);
    run_scenario(s, WIRING_DIRECT, seed, run);
    CHECK_ROW(run->why, run->verdict == VERDICT_PASSED);
    CHECK(report_add(r, run) == ERR_OK);
    run_release(run);
    free(run);
}

static bool same_files(const struct folder *f, const char *one, const char *other)
{
    struct buf a = folder_read(f, one), b = folder_read(f, other);
    bool same = a.len > 1000 && span_equal(buf_span(&a), buf_span(&b));
    buf_release(&a);
    buf_release(&b);
    return same;
}

static void two_seeded_runs_leave_the_same_trace(void)
{
    struct folder folder;
    struct report *r;
    char why[160] = "";
    folder_make(&folder);
    REQUIRE(report_new(&(struct report_options){ folder.path, "./lab", NULL }, &r) == ERR_OK);
    struct scenario *s = read_first();
    play(r, s, 7);
    const json_t *first = json_incref((json_t *)report_last(r));
    play(r, s, 7);
    CHECK(same_files(&folder, json_str(first, "trace"), json_str(report_last(r), "trace")));
    CHECK(same_files(&folder, json_str(first, "log"), json_str(report_last(r), "log")));
    CHECK(strcmp(json_str(first, "trace_sha256"), json_str(report_last(r), "trace_sha256")) == 0);
    play(r, s, 8);
    CHECK(!same_files(&folder, json_str(first, "trace"), json_str(report_last(r), "trace")));
    struct buf page = folder_read(&folder, json_str(first, "page"));
    CHECK_ROW(why, well_formed(buf_span(&page), why));
    CHECK(strstr((const char *)page.at, "AuthenticateServerResponse") && strstr((const char *)page.at, "euiccSignature1"));
    CHECK(strstr((const char *)page.at, "Swap of meter to partner: <b>DONE</b>") != NULL);
    buf_release(&page);
    json_decref((json_t *)first);
    scenario_free(s);
    report_free(r);
    folder_remove(&folder);
}

const struct test whole_tests[] = {
    { "two seeded runs leave the same trace, byte for byte", two_seeded_runs_leave_the_same_trace },
};
const size_t whole_test_count = COUNT(whole_tests);
