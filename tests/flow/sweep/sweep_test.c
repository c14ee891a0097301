/* Every part is killed at each of its operations: the swap comes out right, or ends safely with a cause. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "sweep.h"

#define SEED 7

static struct scenario *read_scenario(const char *id)
{
    char pattern[4096];
    const char *source = getenv("LAB_SOURCE");
    glob_t found = { 0 };
    struct scenario *s = NULL;
    struct yaml_error error = { { 0 } };
    snprintf(pattern, sizeof pattern, "%s/scenarios/%s*.yaml", source ? source : ".", id);
    REQUIRE(glob(pattern, 0, NULL, &found) == 0);
    enum err e = scenario_read(found.gl_pathv[0], &s, &error);
    CHECK_ROW(error.text, e == ERR_OK);
    globfree(&found);
    REQUIRE(s != NULL);
    return s;
}

static void tell(void *context, const struct sweep_point *p)
{
    if (p->outcome != SWEEP_PASSED)
        printf("\n    %s %s at %u (%.80s): %s", (const char *)context, sweep_outcome_name(p->outcome), p->n, p->where,
               p->why);
}

/* --- what is swept ------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *scenario, *part;
    enum sweep_moment moment;
    unsigned least;    /* fewer points mean that nothing was swept */
    unsigned most_safe, every; /* how many may end otherwise than the scenario says, but safely */
} sweeps[] = {
    { "the eSO before each call", "swap/01", "eso", SWEEP_CALL, 10, 0, 0 },
    { "the eSO after each call", "swap/01", "eso", SWEEP_ANSWER, 10, 0, 0 },
    { "the eSO at each write", "swap/01", "eso", SWEEP_WRITE, 50, 0, 0 },
    { "the eSO with the target on the card", "swap/02", "eso", SWEEP_WRITE, 20, 0, 0 },
    { "the eSO on the way back", "swap/03", "eso", SWEEP_WRITE, 15, 0, 3 },
    { "the eSO while a device rolls back", "recovery/13", "eso", SWEEP_WRITE, 15, 0, 3 },
    { "the eSO after each call of a rolled back swap", "recovery/13", "eso", SWEEP_ANSWER, 10, 0, 0 },
    { "the eSO over a stock of one code", "stock/35", "eso", SWEEP_WRITE, 15, 0, 3 },
    { "the eSO while the inventory is empty", "stock/34", "eso", SWEEP_WRITE, 15, 0, 3 },
    { "the eSO while the SM-DP+ is refused", "hostile/45a", "eso", SWEEP_WRITE, 15, 0, 3 },
    { "the eIM before each call", "swap/01", "eim", SWEEP_CALL, 2, 0, 0 },
    { "the eIM after each call", "swap/01", "eim", SWEEP_ANSWER, 2, 0, 0 },
    { "the eIM at each write", "swap/01", "eim", SWEEP_WRITE, 15, 0, 0 },
    { "the eIM while a device rolls back", "recovery/13", "eim", SWEEP_WRITE, 15, 0, 0 },
    { "the SM-DP+ at each write", "swap/01", "smdp", SWEEP_WRITE, 15, 0, 0 },
    { "the partner's platform at each write", "swap/01", "cmp.partner", SWEEP_WRITE, 10, 0, 0 },
    { "the partner's network at each write", "swap/01", "net.partner", SWEEP_WRITE, 10, 0, 0 },
    { "the lead's network at each write", "swap/01", "net.lead", SWEEP_WRITE, 10, 0, 0 },
    { "the device before each call", "swap/01", "meter", SWEEP_CALL, 15, 0, 0 },
    { "the device after each call", "swap/01", "meter", SWEEP_ANSWER, 15, 0, 0 },
    { "the device at each write", "swap/01", "meter", SWEEP_WRITE, 8, 0, 0 },
    { "power before each commit of the card", "swap/01", "meter", SWEEP_MEMORY, 6, 0, 0 },
    { "power after each commit of the card", "swap/01", "meter", SWEEP_RESPONSE, 6, 0, 0 },
    { "the device at each write while it rolls back", "recovery/13", "meter", SWEEP_WRITE, 8, 0, 0 },
    { "power before each commit of a card that rolls back", "recovery/13", "meter", SWEEP_MEMORY, 6, 0, 0 },
    { "a device that falls back, before each call", "recovery/15", "meter-1", SWEEP_CALL, 30, 0, 0 },
    { "a device that falls back, after each call", "recovery/15", "meter-1", SWEEP_ANSWER, 30, 0, 0 },
    { "power before each commit of a card that falls back", "recovery/15", "meter-1", SWEEP_MEMORY, 10, 0, 0 },
    { "power after each commit of a card that falls back", "recovery/15", "meter-1", SWEEP_RESPONSE, 10, 0, 0 },
    { "the eIM that relays a download, before each call", "download/10", "eim", SWEEP_CALL, 8, 1, 0 },
    /* A package that is fetched twice is more than the scenario counts. */
    { "the SM-DP+ at each write of a relayed download", "download/10", "smdp", SWEEP_WRITE, 35, 10, 0 },
    { "the eIM that relays a download, at each write", "download/10", "eim", SWEEP_WRITE, 30, 2, 0 },
    { "the eIM that hands a fleet over, at each write", "eim/12-", "eim", SWEEP_WRITE, 30, 0, 0 },
    { "the eIM that takes it over, at each write", "eim/12-", "eim.second", SWEEP_WRITE, 30, 0, 3 },
    { "a device that changes its eIM, before each call", "eim/12-", "meter-1", SWEEP_CALL, 20, 0, 0 },
    { "a device that changes its eIM, after each call", "eim/12-", "meter-1", SWEEP_ANSWER, 20, 0, 0 },
    { "power before each commit of a card that changes its eIM", "eim/12-", "meter-1", SWEEP_MEMORY, 10, 0, 0 },
    { "power after each commit of a card that changes its eIM", "eim/12-", "meter-1", SWEEP_RESPONSE, 10, 0, 0 },
    { "a device that two eIMs command, at each write", "eim/39", "meter", SWEEP_WRITE, 20, 0, 0 },
    { "our eIM while another one commands too, at each write", "eim/39", "eim", SWEEP_WRITE, 15, 0, 3 },
    { "cards of two signing keys, power after each commit", "eim/12c", "meter-2", SWEEP_RESPONSE, 10, 0, 0 },
    { "an eIM of two signing keys, at each write", "eim/12c", "eim", SWEEP_WRITE, 25, 0, 5 },
    { "a device in an emergency, at each write", "card/57", "meter", SWEEP_WRITE, 40, 0, 0 },
    { "power before each commit of a card in an emergency", "card/57", "meter", SWEEP_MEMORY, 15, 0, 0 },
    { "power after each commit of a card in an emergency", "card/57", "meter", SWEEP_RESPONSE, 15, 0, 0 },
    { "the eIM while a card cannot, at each write", "card/57", "eim", SWEEP_WRITE, 20, 0, 5 },
    { "the eSO while devices fall back and return, at each write", "recovery/15", "eso", SWEEP_WRITE, 20, 0, 7 },
    { "the eSO that finds a profile enabled, at each write", "card/62", "eso", SWEEP_WRITE, 20, 0, 7 },
    /* The command of the rollback whose response was lost is no message of the trace. */
    { "power after each commit of a card that rolls back", "recovery/13", "meter", SWEEP_RESPONSE, 6, 1, 0 },
};

static void test_sweeps(void)
{
    for (size_t i = 0; i < COUNT(sweeps); i++) {
        struct scenario *scenario = read_scenario(sweeps[i].scenario);
        const struct sweep s = { .scenario = scenario, .part = sweeps[i].part, .moment = sweeps[i].moment, .seed = SEED,
                                 .every = sweeps[i].every };
        struct sweep_result r;
        char why[400] = "";
        enum err e = sweep_run(&s, tell, (void *)sweeps[i].name, &r, why);
        if (e)
            printf("\n    %s: %s", sweeps[i].name, why);
        CHECK_ROW(sweeps[i].name, e == ERR_OK);
        CHECK_ROW(sweeps[i].name, r.points >= sweeps[i].least);
        CHECK_ROW(sweeps[i].name, r.broken == 0);
        CHECK_ROW(sweeps[i].name, r.safe <= sweeps[i].most_safe);
        scenario_free(scenario);
    }
}

/* --- what cannot be swept ------------------------------------------------------------------------------ */

static const struct {
    const char *name, *scenario, *part;
    enum sweep_moment moment;
    enum err e;
    const char *says;
} refused[] = {
    { "a part that is not there", "swap/01", "cmp.nobody", SWEEP_CALL, ERR_NOT_FOUND, "no part 'cmp.nobody'" },
    { "the card of a server", "swap/01", "eso", SWEEP_MEMORY, ERR_UNSUPPORTED, "has no card" },
    { "the writes of one device among many", "stock/35", "meter-1", SWEEP_WRITE, ERR_UNSUPPORTED, "told apart" },
    { "a scenario that plays in loopback only", "hostile/45c", "eso", SWEEP_CALL, ERR_NOT_FOUND, "does not play direct" },
};

static void test_refused(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct scenario *scenario = read_scenario(refused[i].scenario);
        const struct sweep s = { .scenario = scenario, .part = refused[i].part, .moment = refused[i].moment, .seed = SEED };
        struct sweep_result r;
        char why[400] = "";
        enum err e = sweep_run(&s, NULL, NULL, &r, why);
        CHECK_ROW(refused[i].name, e != ERR_OK && r.points == 0);
        CHECK_ROW(refused[i].name, strstr(why, refused[i].says) != NULL);
        if (!strstr(why, refused[i].says))
            printf("\n    %s: %s", refused[i].name, why);
        scenario_free(scenario);
    }
}

/* --- a kill is one ------------------------------------------------------------------------------------- */

struct assassin {
    const char *part, *url; /* only calls of such an address */
    unsigned first, last, seen;
};

static enum err kill(void *context, struct part *caller, const struct http_call *q, bool answered)
{
    struct assassin *a = context;
    if (answered || strcmp(caller->name, a->part) != 0 || !strstr(q->url, a->url))
        return ERR_OK;
    a->seen++;
    if (a->seen < a->first || a->seen > a->last)
        return ERR_OK;
    world_kill(caller->world, caller);
    return ERR_CUT;
}

static enum err hire(void *context, struct run *r)
{
    r->world->interrupt = kill;
    r->world->interrupt_context = context;
    return ERR_OK;
}

static size_t restarts(struct run *r)
{
    struct span lines = buf_span(&r->world->log_sink.lines);
    static const char event[] = "part.restarted";
    size_t count = 0;
    for (const uint8_t *at = lines.at, *end = at + lines.len;
         (at = memmem(at, (size_t)(end - at), event, sizeof event - 1)); at += sizeof event - 1)
        count++;
    return count;
}

static void test_one_kill(void)
{
    struct scenario *s = read_scenario("swap/01");
    struct assassin a = { "eso", "", 3, 3, 0 };
    struct run r;
    run_scenario_prepared(s, &(struct world_options){ .seed = SEED, .trace = true }, hire, &a, &r);
    CHECK(r.verdict == VERDICT_PASSED);
    CHECK(restarts(&r) == 1);
    run_release(&r);
    scenario_free(s);
}

static void test_killed_often(void)
{
    struct scenario *s = read_scenario("swap/01");
    struct assassin a = { "meter", "/es9plus/", 1, 1000, 0 };
    struct run r;
    run_scenario_prepared(s, &(struct world_options){ .seed = SEED, .trace = true }, hire, &a, &r);
    CHECK(r.verdict == VERDICT_FAILED);
    CHECK(restarts(&r) >= 3 && restarts(&r) < 20);
    CHECK_ROW(r.why, strstr(r.why, "found FAILED, cause download-failed") != NULL);
    run_release(&r);
    scenario_free(s);
}

int main(void)
{
    static const struct test tests[] = {
        { "a kill restarts the part once, and the swap goes on", test_one_kill },
        { "a device that dies in every download gives up after a few", test_killed_often },
        { "what cannot be swept is refused with its reason", test_refused },
        { "whoever is killed wherever, the swap ends in order", test_sweeps },
    };
    return tests_main("sweep", tests, COUNT(tests));
}
