/* Every scenario file plays in direct and loopback wiring; a seeded direct run repeats to the last byte. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "harness.h"
#include "run.h"

#define SEED 7

static size_t find_files(glob_t *found)
{
    char pattern[4096];
    const char *source = getenv("LAB_SOURCE");
    snprintf(pattern, sizeof pattern, "%s/scenarios/*/*.yaml", source ? source : ".");
    return glob(pattern, 0, NULL, found) ? 0 : found->gl_pathc;
}

static struct scenario *read_scenario(const char *path)
{
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    enum err e = scenario_read(path, &s, &error);
    if (e)
        printf("\n    %s", error.text);
    CHECK_ROW(path, e == ERR_OK);
    return s;
}

static void play_all(enum wiring wiring)
{
    glob_t found = { 0 };
    size_t count = find_files(&found), passed = 0;
    struct world_options o = { .wiring = wiring, .seed = SEED, .trace = true };
    REQUIRE(db_patterns_new(&o.patterns) == ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct scenario *s = read_scenario(found.gl_pathv[i]);
        if (!s)
            continue;
        struct run r;
        run_scenario_as(s, &o, NULL, 0, &r);
        if (r.verdict != VERDICT_PASSED && r.verdict != VERDICT_SKIPPED)
            printf("\n    %s %s: %s", s->id, wiring_name(wiring), r.why);
        CHECK_ROW(s->id, r.verdict == VERDICT_PASSED || r.verdict == VERDICT_SKIPPED);
        passed += r.verdict == VERDICT_PASSED;
        run_release(&r);
        scenario_free(s);
    }
    globfree(&found);
    db_patterns_free(o.patterns);
    CHECK(passed >= 11);
}

static void test_direct(void)
{
    play_all(WIRING_DIRECT);
}

static void test_loopback(void)
{
    play_all(WIRING_LOOPBACK);
}

/* --- repetition ------------------------------------------------------------------------------------- */

static struct buf trace_of(const char *path, uint64_t seed)
{
    struct buf lines = { .max = 64 << 20 };
    struct scenario *s = read_scenario(path);
    REQUIRE(s != NULL);
    struct run r;
    run_scenario(s, WIRING_DIRECT, seed, &r);
    CHECK(r.verdict == VERDICT_PASSED);
    CHECK(trace_put_json_lines(r.world->trace, &lines) == ERR_OK);
    run_release(&r);
    scenario_free(s);
    return lines;
}

static void test_repeats(void)
{
    glob_t found = { 0 };
    size_t count = find_files(&found);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(found.gl_pathv[i], "swap/01") && !strstr(found.gl_pathv[i], "stock/27"))
            continue;
        struct buf once = trace_of(found.gl_pathv[i], SEED), again = trace_of(found.gl_pathv[i], SEED),
                   other = trace_of(found.gl_pathv[i], SEED + 1);
        CHECK_ROW(found.gl_pathv[i], once.len > 10000);
        CHECK_ROW(found.gl_pathv[i], span_equal(buf_span(&once), buf_span(&again)));
        CHECK_ROW(found.gl_pathv[i], !span_equal(buf_span(&once), buf_span(&other)));
        buf_release(&once);
        buf_release(&again);
        buf_release(&other);
    }
    globfree(&found);
}

/* --- files that are wrong --------------------------------------------------------------------------- */

static const struct {
    const char *name, *text, *says;
} wrong[] = {
    { "an empty file", "", ":1:1:" },
    { "no plays", "scenario: x\nworld: {}\nsteps: []\n", "plays" },
    { "an unknown key", "scenario: x\nplays: {catalogue: [1]}\nwurld: {}\n", "did you mean 'world'" },
    { "an unknown verb",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps:\n  - name: s\n    do: {swop: {device: m, to: a}}\n",
      "6:10: unknown verb 'swop' (did you mean 'swap'?)" },
    { "a device that is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps:\n  - name: s\n    do: {swap: {device: n, to: a}}\n",
      "no device of that name" },
    { "an eIM that is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, eims: {second: {}}, devices: {m: "
      "{starts-on: a, in: DE, eim: third}}}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "no eIM of that name" },
    { "an eIM with a setting that there is not",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {eims: {second: {colour: red}}}\n", "unknown key 'colour'" },
    { "an SM-DP+ that is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {smdps: {second: {}}, carriers: {a: {country: DE, plmn: 26201, smdp: third}}}\n",
      "no SM-DP+ of that name" },
    { "an SM-DP+ that is called like the one that is always there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {smdps: {smdp: {}}}\n", "none of them smdp" },
    { "an SM-DP+ with a name that is no host's",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {smdps: {Second_one: {}}}\n", "small letters" },
    { "an SM-DS that is a word",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {smds: perhaps}\n", ":3:" },
    { "an event where there is no SM-DS",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, do: {smdp-order: {device: m, carrier: a, smds: true}}}]\n",
      "this world has no SM-DS" },
    { "a state that no profile has",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, expect: [{smdp: {a: {m: eaten}}}]}]\n",
      "a state of its profile" },
    { "a country that is a word",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: Kenya, plmn: 63902}}}\nsteps: [{name: s, do: "
      "{wait: 1 s}}]\n",
      "two capital letters" },
    { "a step that does nothing",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: KE, plmn: 63902}}}\nsteps: [{name: s}]\n",
      "neither does nor expects" },
    { "a number that is a word",
      "scenario: x\nplays: {catalogue: [one]}\nworld: {carriers: {a: {country: KE, plmn: 63902}}}\nsteps: [{name: s, do: {wait: "
      "1 s}}]\n",
      ":2:" },
    { "a device of a tenant that is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE, tenant: rival}}}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "no tenant of that name" },
    { "a tenant with a name that is none",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {tenants: [Rival Ltd]}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "small letters" },
    { "a certificate flawed in a way that there is not",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE, certificate: rotten}}}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "'rotten' is no certificate" },
    { "something left to an eIM that does not relay",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE, leaves-to-eim: [metadata]}}}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "download: indirect" },
    { "something left to an eIM that nobody can leave",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE, download: indirect, leaves-to-eim: [rent]}}}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "download-data, ctx-params1 or metadata" },
    { "a range that is neither judged nor warned of",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {eid-range: ignored}\nsteps: [{name: s, do: {wait: 1 s}}]\n",
      "'ignored' is no eid-range" },
    { "somebody who asks and is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, do: {ask: {device: m, for: euicc, as: rival, reference: r}}}]\n",
      "a tenant of this world" },
    { "a question about an order that is not named",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, do: {ask: {device: m, for: cancel, as: nobody, reference: r}}}]\n",
      "'order' is missing" },
    { "a callback about nothing",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, do: {callback: {device: m, from: eim, reference: r}}}]\n",
      "'about' is order or euicc" },
    { "an answer that is no HTTP status",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, expect: [{answer: {r: 99}}]}]\n",
      ":4:" },
    { "an order of a contract that is not there",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {carriers: {a: {country: DE, plmn: 26201}}, devices: {m: {starts-on: a, "
      "in: DE}}}\nsteps: [{name: s, do: {order: {device: m, reference: r, kind: download, stock: k}}}]\n",
      "no contract of that name" },
    { "a form of the wire that nobody disagrees about",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {wire: {rollback-flags: 81}}\n",
      "3:16: unknown key 'rollback-flags' (did you mean 'rollback-flag'?)" },
    { "a form of the wire that nobody sends",
      "scenario: x\nplays: {catalogue: [1]}\nworld: {wire: {rollback-flag: 82}}\n", "3:31: 05 or 81 is wanted here" },
    { "a list of forms", "scenario: x\nplays: {catalogue: [1]}\nworld: {wire: {rollback-flag: [05, 81]}}\n",
      "3:31: 05 or 81 is wanted here" },
    { "the wire as one word", "scenario: x\nplays: {catalogue: [1]}\nworld: {wire: other}\n", "3:15: a map" },
    { "an anchor", "scenario: &x y\nplays: {catalogue: [1]}\n", "" },
    { "not YAML", "scenario: [", "" },
};

static void test_wrong_files(void)
{
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct scenario *s = NULL;
        struct yaml_error error = { { 0 } };
        enum err e = scenario_read_text(span_str(wrong[i].text), "test.yaml", &s, &error);
        CHECK_ROW(wrong[i].name, e != ERR_OK && s == NULL);
        CHECK_ROW(wrong[i].name, strncmp(error.text, "test.yaml:", 10) == 0);
        CHECK_ROW(wrong[i].name, strstr(error.text, wrong[i].says) != NULL);
        if (!strstr(error.text, wrong[i].says))
            printf("\n    %s", error.text);
        scenario_free(s);
    }
}

/* A scenario whose fault struck nothing proved nothing. */
static void test_idle_fault(void)
{
    static const struct run_fault rows[] = { { "ES9+.NoSuchMessage", "flip-bit", 1 },
                                             { "ES9+.NoSuchMessageRequest", "lose-request", 1 },
                                             { "ES10b.NoSuchMessage", "lose-answer", 1 },
                                             { "REST.POST /v1/nowhere", "answer-503", 1 } };
    glob_t found = { 0 };
    size_t count = find_files(&found);
    for (size_t i = 0; i < count; i++) {
        if (!strstr(found.gl_pathv[i], "swap/01"))
            continue;
        struct scenario *s = read_scenario(found.gl_pathv[i]);
        for (size_t k = 0; s && k < COUNT(rows); k++) {
            struct run r;
            run_scenario_with(s, WIRING_DIRECT, SEED, &rows[k], 1, &r);
            CHECK_ROW(rows[k].message, r.verdict == VERDICT_FAILED && strstr(r.why, "never struck"));
            run_release(&r);
        }
        scenario_free(s);
    }
    globfree(&found);
}

int main(void)
{
    static const struct test tests[] = {
        { "a scenario file with a mistake is refused with its place", test_wrong_files },
        { "a fault that never strikes fails its scenario", test_idle_fault },
        { "every scenario plays in direct wiring", test_direct },
        { "every scenario plays in loopback wiring", test_loopback },
        { "a seed repeats a run to the last byte, another seed does not", test_repeats },
    };
    return tests_main("scenarios", tests, COUNT(tests));
}
