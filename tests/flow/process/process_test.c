/* Worlds whose actors are programs: whole scenarios, kills at every moment of a swap, programs that are missing or die. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "process_world.h"
#include "run.h"

static const struct world_options in_programs = { .wiring = WIRING_PROCESS, .seed = 11, .trace = true };

/* --- a place of our own, so that what is left behind can be seen ------------------------------------------------- */

static bool programs_are_built(void)
{
    char path[PROCESS_PATH_MAX];
    if (process_find("eso", path) == ERR_OK && process_find("sim-ipa", path) == ERR_OK)
        return true;
    test_skip("the programs are not built, or LAB_BIN does not say where they are");
    return false;
}

static void own_folder(char out[64])
{
    snprintf(out, 64, "/tmp/lab-process-test-XXXXXX");
    REQUIRE(mkdtemp(out) != NULL);
    REQUIRE(setenv("TMPDIR", out, 1) == 0);
}

static size_t count_entries(const char *folder)
{
    size_t count = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *f = d ? readdir(d) : NULL; f; f = readdir(d))
        count += f->d_name[0] != '.';
    if (d)
        closedir(d);
    return count;
}

/* No folder, no program. */
static void nothing_is_left(const char *row, const char *folder)
{
    CHECK_ROW(row, count_entries(folder) == 0);
    CHECK_ROW(row, waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

/* --- secrets ------------------------------------------------------------------------------------------------------- */

static bool holds(struct span where, struct span what)
{
    return where.len && memmem(where.at, where.len, what.at, what.len);
}

static bool holds_key(struct span where, const uint8_t key[16])
{
    struct buf low = { .max = 32 }, up = { .max = 32 }, base = { .max = 32 };
    bool made = hex_put(&low, span_of(key, 16)) == ERR_OK && hex_put_upper(&up, span_of(key, 16)) == ERR_OK &&
                base64_put(&base, span_of(key, 15)) == ERR_OK;
    bool held = !made || holds(where, span_of(key, 16)) || holds(where, buf_span(&low)) || holds(where, buf_span(&up)) ||
                holds(where, buf_span(&base));
    buf_release(&low);
    buf_release(&up);
    buf_release(&base);
    return held;
}

static void file_keeps_secrets(const struct world *w, const char *part, const char *name)
{
    char path[1024];
    struct buf bytes = { .max = 64 << 20 };
    snprintf(path, sizeof path, "%s/%s/%s", w->folder, part, name);
    if (access(path, R_OK) == 0 && read_file(path, &bytes) == ERR_OK) {
        for (size_t i = 0; i < w->code_count; i++) {
            CHECK_ROW(path, !holds_key(buf_span(&bytes), w->codes[i].k));
            CHECK_ROW(path, !holds_key(buf_span(&bytes), w->codes[i].opc));
            CHECK_ROW(path, !holds(buf_span(&bytes), span_str(w->codes[i].matching_id)));
        }
        for (size_t i = 0; i < w->device_count; i++)
            CHECK_ROW(path, !holds_key(buf_span(&bytes), w->devices[i].profile[0].k));
    }
    buf_release(&bytes);
}

/* Neither logs nor the orchestrator's store hold a subscriber's key or a download code. */
static void secrets_are_kept(const struct world *w)
{
    for (size_t i = 0; i < w->part_count; i++) {
        file_keeps_secrets(w, w->parts[i].name, "log.jsonl");
        file_keeps_secrets(w, w->parts[i].name, "card.jsonl");
    }
    file_keeps_secrets(w, "eso", "store.db");
    file_keeps_secrets(w, "eso", "store.db-wal");
}

/* --- playing ------------------------------------------------------------------------------------------------------- */

static void judge(const char *row, struct scenario *s, run_prepare_fn prepare, void *context)
{
    struct run r;
    run_scenario_prepared(s, &in_programs, prepare, context, &r);
    if (r.verdict != VERDICT_PASSED)
        printf("\n    %s: %s %s", row, verdict_name(r.verdict), r.why);
    CHECK_ROW(row, r.verdict == VERDICT_PASSED);
    if (r.verdict == VERDICT_PASSED) {
        secrets_are_kept(r.world);
        CHECK_ROW(row, process_close(r.world)); /* each ends with status 0 when it is asked to */
    }
    run_release(&r);
}

static void test_scenarios(void)
{
    static const char *const files[] = { "swap/01-first-swap.yaml", "recovery/23-orchestrator-killed.yaml",
                                        "recovery/60-device-killed-at-its-commits.yaml", "hostile/47-whom-a-device-believes.yaml",
                                        "download/66-brainpool-card.yaml" };
    char folder[64], path[4096];
    const char *source = getenv("LAB_SOURCE");
    if (!programs_are_built())
        return;
    own_folder(folder);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct scenario *s = NULL;
        struct yaml_error error;
        snprintf(path, sizeof path, "%s/scenarios/%s", source ? source : ".", files[i]);
        REQUIRE(scenario_read(path, &s, &error) == ERR_OK);
        judge(files[i], s, NULL, NULL);
        scenario_free(s);
    }
    nothing_is_left("after the scenarios", folder);
    rmdir(folder);
}

/* --- the sweep: kills at every moment of a swap --------------------------------------------------------------------- */

#define WORLD                                                                                                        \
    "scenario: Killed\nplays: {catalogue: [23]}\n"                                                                   \
    "world:\n"                                                                                                       \
    "  carriers:\n"                                                                                                  \
    "    lead:    {country: DE, plmn: 26201, platform: control-center, roams-in: [KE]}\n"                            \
    "    partner: {country: KE, plmn: 63902, platform: control-center}\n"                                            \
    "  contracts:\n"                                                                                                 \
    "    kenya: {with: partner, model: handover, quota: 10, rate-plan: iot-1mb}\n"                                   \
    "  stock: {kenya: 2}\n"                                                                                          \
    "  devices:\n"                                                                                                   \
    "    meter: {starts-on: lead, fallback: lead, in: KE}\n"                                                         \
    "steps:\n"                                                                                                       \
    "  - name: The swap begins\n"                                                                                    \
    "    do: {swap: {device: meter, to: partner}}\n"
#define KILLED "  - name: Killed\n"
#define OUTCOME                                                                                                      \
    "    within: 15 min\n"                                                                                           \
    "    expect:\n"                                                                                                  \
    "      - swap: {meter: DONE}\n"                                                                                  \
    "      - card: {meter: {enabled: partner, fallback: lead, profiles: 2}}\n"                                       \
    "      - network: {meter: partner}\n"                                                                            \
    "      - platform: {partner: {meter: ACTIVATED}}\n"                                                              \
    "      - ledger: {partner: {meter: billable}}\n"                                                                 \
    "      - untouched: {platform: lead}\n"                                                                          \
    "      - stock: {kenya: {available: 1, enabled: 1}}\n"                                                           \
    "      - agree: all\n"
/* Twenty of the scenario's milliseconds are one of ours. */
#define AFTER(wait) "  - name: A moment later\n    do: {wait: " wait "}\n" KILLED

static const struct {
    const char *name, *steps;
} kills[] = {
    { "the eSO when the swap is checked", KILLED "    do: {restart: {eso: {when: meter, is: CHECKED}}}\n" },
    { "the eSO when the SIM is allocated", KILLED "    do: {restart: {eso: {when: meter, is: ALLOCATED}}}\n" },
    { "the eSO when the profile is ordered", KILLED "    do: {restart: {eso: {when: meter, is: ORDERED}}}\n" },
    { "the eSO when the fallback is set", KILLED "    do: {restart: {eso: {when: meter, is: FALLBACK_SET}}}\n" },
    { "the eSO at its fourth commit", KILLED "    do: {restart: {eso: {commit: 4}}}\n" },
    { "the eSO at its eleventh commit", KILLED "    do: {restart: {eso: {commit: 11}}}\n" },
    { "the eIM at its third commit", KILLED "    do: {restart: {eim: {commit: 3}}}\n" },
    { "the SM-DP+ at its fifth commit", KILLED "    do: {restart: {smdp: {commit: 5}}}\n" },
    { "the eSO at once", KILLED "    do: {restart: {eso: now}}\n" },
    { "the eSO after 20 ms", AFTER("400 ms") "    do: {restart: {eso: now}}\n" },
    { "the eSO after 50 ms", AFTER("1 s") "    do: {restart: {eso: now}}\n" },
    { "the eSO after 150 ms", AFTER("3 s") "    do: {restart: {eso: now}}\n" },
    { "the eSO after 400 ms", AFTER("8 s") "    do: {restart: {eso: now}}\n" },
    { "the eSO after 800 ms", AFTER("16 s") "    do: {restart: {eso: now}}\n" },
    { "the eSO after 1500 ms", AFTER("30 s") "    do: {restart: {eso: now}}\n" },
    { "the SM-DP+ when the profile is ordered", KILLED "    do: {restart: {smdp: {when: meter, is: ORDERED}}}\n" },
    { "the eIM when the profile is ordered", KILLED "    do: {restart: {eim: {when: meter, is: ORDERED}}}\n" },
    { "the eIM when the fallback is set", KILLED "    do: {restart: {eim: {when: meter, is: FALLBACK_SET}}}\n" },
    { "the platform when the SIM is allocated",
      KILLED "    do: {restart: {cmp.partner: {when: meter, is: ALLOCATED}}}\n" },
    { "the target's network when the fallback is set",
      KILLED "    do: {restart: {net.partner: {when: meter, is: FALLBACK_SET}}}\n" },
    { "the device and its card after 100 ms", AFTER("2 s") "    do: {power: {meter: cut}}\n" },
    { "the device and its card after 700 ms", AFTER("14 s") "    do: {power: {meter: cut}}\n" },
};

static void test_kills(void)
{
    char folder[64], text[4096];
    if (!programs_are_built())
        return;
    own_folder(folder);
    for (size_t i = 0; i < COUNT(kills); i++) {
        struct scenario *s = NULL;
        struct yaml_error error;
        snprintf(text, sizeof text, "%s%s%s", WORLD, kills[i].steps, OUTCOME);
        REQUIRE(scenario_read_text(span_str(text), "kills/row.yaml", &s, &error) == ERR_OK);
        judge(kills[i].name, s, NULL, NULL);
        scenario_free(s);
    }
    nothing_is_left("after the kills", folder);
    rmdir(folder);
}

/* --- programs that are not there, or not for long -------------------------------------------------------------------- */

static enum err kill_unasked(void *context, struct run *r)
{
    CHECK(kill(world_part(r->world, context)->process.pid, SIGKILL) == 0);
    return ERR_OK;
}

static void fails_saying(const char *row, run_prepare_fn prepare, void *context, const char *says)
{
    struct scenario *s = NULL;
    struct yaml_error error;
    struct run r;
    REQUIRE(scenario_read_text(span_str(WORLD KILLED OUTCOME), "dies/row.yaml", &s, &error) == ERR_OK);
    run_scenario_prepared(s, &in_programs, prepare, context, &r);
    CHECK_ROW(row, r.verdict == VERDICT_FAILED || r.verdict == VERDICT_BROKEN);
    CHECK_ROW(row, strstr(r.why, says) != NULL);
    if (!strstr(r.why, says))
        printf("\n    %s: %s", row, r.why);
    if (r.world)
        r.world->keep_folder = false; /* it is kept for people, and here are none */
    run_release(&r);
    scenario_free(s);
}

static void fake_program(const char *folder, const char *name, const char *script)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL && fputs(script, f) >= 0 && fclose(f) == 0 && chmod(path, 0700) == 0);
}

static void test_absent(void)
{
    static const char *const names[] = { "sim-smdp", "sim-eim", "eso", "sim-cmp", "sim-net", "sim-ipa", "sim-euicc",
                                         "sim-smds" };
    char folder[64], bin[64], path[128];
    char *real = getenv("LAB_BIN") ? strdup(getenv("LAB_BIN")) : NULL;
    own_folder(folder);
    snprintf(bin, sizeof bin, "%.40s-bin", folder);
    REQUIRE(mkdir(bin, 0700) == 0 && setenv("LAB_BIN", bin, 1) == 0);
    fails_saying("no programs", NULL, NULL, "process wiring needs");
    for (size_t i = 0; i < COUNT(names); i++)
        fake_program(bin, names[i], "#!/bin/sh\necho 'out of order' >&2\nexit 3\n");
    fails_saying("a program that ends at once", NULL, NULL, "smdp (sim-smdp) ended by itself, exit status 3: out of order");
    nothing_is_left("after absent programs", folder);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", bin, names[i]);
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(bin) == 0 && rmdir(folder) == 0);
    if (real ? setenv("LAB_BIN", real, 1) : unsetenv("LAB_BIN"))
        CHECK(false);
    free(real);
}

static void test_dying(void)
{
    static const struct {
        const char *name, *part, *says;
    } rows[] = {
        { "an orchestrator that dies unasked", "eso", "eso (eso) ended by itself, signal 9" },
        { "a platform that dies unasked", "cmp.partner", "cmp.partner (sim-cmp) ended by itself, signal 9" },
        { "a device that dies unasked", "meter", "meter (sim-ipa) ended by itself, signal 9" },
    };
    char folder[64];
    if (!programs_are_built())
        return;
    own_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++)
        fails_saying(rows[i].name, kill_unasked, (void *)rows[i].part, rows[i].says);
    nothing_is_left("after deaths", folder);
    rmdir(folder);
}

int main(void)
{
    static const struct test tests[] = {
        { "scenarios with every actor a program", test_scenarios },
        { "killed at any moment, a swap goes on", test_kills },
        { "programs that are not there", test_absent },
        { "programs that die unasked", test_dying },
    };
    return tests_main("process", tests, COUNT(tests));
}
