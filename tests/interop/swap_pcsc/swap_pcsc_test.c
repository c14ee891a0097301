/* The swap scenarios with the device's card behind pcscd: the IPA drives it as it would drive plastic. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "own_pcscd.h"
#include "run.h"

#define SEED 7

static bool play(const char *path, enum wiring wiring, const struct own_pcscd *d)
{
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    REQUIRE(scenario_read(path, &s, &error) == ERR_OK);
    const struct world_options o = { .wiring = wiring, .seed = SEED, .trace = true, .card_reader = "Lab Reader",
                                     .card_reader_address = d->address };
    struct run *r = calloc(1, sizeof *r);
    REQUIRE(r != NULL);
    run_scenario_as(s, &o, NULL, 0, r);
    bool passed = r->verdict == VERDICT_PASSED;
    if (!passed && r->verdict != VERDICT_SKIPPED)
        printf("\n    %s %s: %s", s->id, wiring_name(wiring), r->why);
    CHECK_ROW(s->id, passed || r->verdict == VERDICT_SKIPPED);
    run_release(r);
    free(r);
    scenario_free(s);
    return passed;
}

/* Those of a theme; at least so many play here. */
static void play_theme(const char *theme, enum wiring wiring, size_t least)
{
    struct own_pcscd d;
    char pattern[4096];
    glob_t found = { 0 };
    size_t passed = 0;
    const char *source = getenv("LAB_SOURCE");
    snprintf(pattern, sizeof pattern, "%s/scenarios/%s/*.yaml", source ? source : ".", theme);
    REQUIRE(glob(pattern, 0, NULL, &found) == 0);
    own_pcscd_start(&d);
    for (size_t i = 0; i < found.gl_pathc; i++)
        passed += play(found.gl_pathv[i], wiring, &d);
    own_pcscd_stop(&d);
    CHECK(passed >= least);
    globfree(&found);
}

static void swaps_in_loopback(void)
{
    play_theme("swap", WIRING_LOOPBACK, 3);
}

/* Rollback and fallback: the card changes its profile by itself, and is reset. */
static void recoveries_in_loopback(void)
{
    play_theme("recovery", WIRING_LOOPBACK, 2);
}

static void swaps_in_direct_wiring(void)
{
    play_theme("swap", WIRING_DIRECT, 3);
}

static void without_the_reader_it_is_said(void)
{
    struct own_pcscd d;
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    char path[4096];
    const char *source = getenv("LAB_SOURCE");
    snprintf(path, sizeof path, "%s/scenarios/swap/01-first-swap.yaml", source ? source : ".");
    own_pcscd_start(&d);
    REQUIRE(scenario_read(path, &s, &error) == ERR_OK);
    const struct world_options o = { .wiring = WIRING_DIRECT, .seed = SEED, .trace = true, .card_reader = "Nobody's",
                                     .card_reader_address = d.address };
    struct run *r = calloc(1, sizeof *r);
    REQUIRE(r != NULL);
    run_scenario_as(s, &o, NULL, 0, r);
    CHECK(r->verdict == VERDICT_BROKEN && strstr(r->why, "cannot be put into reader 'Nobody's'"));
    run_release(r);
    free(r);
    scenario_free(s);
    own_pcscd_stop(&d);
}

int main(void)
{
    static const struct test tests[] = {
        { "the swaps in loopback wiring", swaps_in_loopback },
        { "rollback and fallback in loopback wiring", recoveries_in_loopback },
        { "the swaps in direct wiring", swaps_in_direct_wiring },
        { "a reader that is not there is said", without_the_reader_it_is_said },
    };
    if (!own_pcscd_possible()) {
        test_skip(OWN_PCSCD_WHY);
        return OWN_PCSCD_SKIPPED;
    }
    return tests_main("swap_pcsc", tests, COUNT(tests));
}
