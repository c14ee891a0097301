#include "sweep.h"

#include <stdio.h>
#include <string.h>

#include "db.h"
#include "world_internal.h"

const char *const *sweep_moments(void)
{
    static const char *const names[] = { "call", "answer", "write", "memory", "response", NULL };
    return names;
}

const char *sweep_moment_name(enum sweep_moment m)
{
    return sweep_moments()[m];
}

const char *sweep_outcome_name(enum sweep_outcome o)
{
    static const char *const names[] = { "passed", "safe", "BROKEN" };
    return names[o];
}

/* Kills one part at one of its operations, once. */
struct killer {
    const struct sweep *sweep;
    struct part *part;
    struct sweep_point *point;
    unsigned seen;
    bool struck;
};

/* A dead part does nothing more until the world starts it again. */
static enum err strike(struct killer *k, const char *where)
{
    struct world *w = k->part->world;
    if (k->part->killed)
        return ERR_CUT;
    if (k->struck || ++k->seen != k->point->n)
        return ERR_OK;
    k->struck = true;
    snprintf(k->point->where, sizeof k->point->where, "%s", where);
    LOG(&w->log, LOG_INFO, "sweep.killed", F_TEXT("part", k->part->name), F_INT("n", k->point->n),
        F_TEXT("where", where));
    world_kill(w, k->part);
    return ERR_CUT;
}

static enum err at_call(void *context, struct part *caller, const struct http_call *q, bool answered)
{
    struct killer *k = context;
    char where[200];
    if (caller != k->part)
        return ERR_OK;
    if (caller->killed)
        return ERR_CUT;
    if (answered != (k->sweep->moment == SWEEP_ANSWER))
        return ERR_OK;
    snprintf(where, sizeof where, "%s %.180s", q->method, q->url);
    return strike(k, where);
}

/* Whatever killed it, a dead part writes nothing. */
static enum err at_write(void *context, const char *sql)
{
    struct killer *k = context;
    if (k->sweep->moment != SWEEP_WRITE)
        return k->part->killed ? ERR_CUT : ERR_OK;
    return strike(k, sql);
}

static enum err at_save(void *context, bool committed)
{
    const struct killer *k = context;
    if (committed != (k->sweep->moment == SWEEP_RESPONSE))
        return ERR_OK;
    return strike(context, committed ? "the card has committed its memory" : "the card commits its memory");
}

static enum err prepare(void *context, struct run *r)
{
    struct killer *k = context;
    struct world *w = r->world;
    k->part = world_part(w, k->sweep->part);
    if (!k->part)
        return world_fail(w, ERR_NOT_FOUND, "no part '%s' in this world", k->sweep->part);
    db_set_fault(k->part->env.db, at_write, k);
    switch (k->sweep->moment) {
    case SWEEP_WRITE:
        /* All devices of a world share one database. */
        if (k->part->kind == PART_DEVICE && w->device_count > 1)
            return world_fail(w, ERR_UNSUPPORTED, "writes of one device among several cannot be told apart");
        return ERR_OK;
    case SWEEP_MEMORY:
    case SWEEP_RESPONSE:
        if (k->part->kind != PART_DEVICE)
            return world_fail(w, ERR_UNSUPPORTED, "'%s' has no card", k->sweep->part);
        k->part->device->memory->cut = at_save;
        k->part->device->memory->context = k;
        return ERR_OK;
    default:
        w->interrupt = at_call;
        w->interrupt_context = k;
        return ERR_OK;
    }
}

/* Long enough for every try again that is under way. */
#define SETTLE CLOCK_HOUR

static bool swap_has_ended(struct run *r, const char *device, char why[400])
{
    static const char *const ends[] = { "DONE", "FAILED", "ROLLED_BACK", "HELD", "CANCELLED", "EXPIRED" };
    json_t *swap = run_show_swap(r, device);
    const char *state = json_str(swap, "state");
    bool ended = !state;
    for (size_t i = 0; state && i < COUNT(ends); i++)
        ended |= strcmp(state, ends[i]) == 0;
    if (!ended)
        snprintf(why, 400, "the swap of %s is still %s an hour later", device, state);
    json_decref(swap);
    return ended;
}

/* The scenario did not get what it expected. Is the world in order all the same? */
static bool ended_safely(struct run *r, char why[400])
{
    if (world_run(r->world, world_now(r->world) + SETTLE, NULL, NULL)) {
        snprintf(why, 400, "%.390s", r->world->failure[0] ? r->world->failure : "the world cannot go on");
        return false;
    }
    if (!run_invariants_hold(r, why))
        return false;
    for (size_t i = 0; i < r->world->device_count; i++)
        if (!run_views_agree(r, &r->world->devices[i], why) || !swap_has_ended(r, r->world->devices[i].name, why))
            return false;
    return true;
}

static void judge(struct run *r, struct sweep_point *p)
{
    char why[400] = "";
    p->outcome = SWEEP_PASSED;
    if (r->verdict == VERDICT_PASSED)
        return;
    p->outcome = ended_safely(r, why) ? SWEEP_SAFE : SWEEP_BROKEN;
    snprintf(p->why, sizeof p->why, "%.190s%s%.190s", r->why, why[0] ? "; " : "", why);
}

static void count(struct sweep_result *out, const struct sweep_point *p)
{
    out->points++;
    out->passed += p->outcome == SWEEP_PASSED;
    out->safe += p->outcome == SWEEP_SAFE;
    out->broken += p->outcome == SWEEP_BROKEN;
}

/* Plays once. False in *struck: there are fewer than n operations. */
static enum err kill_once(const struct sweep *s, struct db_patterns *patterns, struct sweep_point *p, bool *struck,
                          char why[400])
{
    struct run r;
    struct killer k = { .sweep = s, .point = p };
    const struct world_options o = { .wiring = WIRING_DIRECT, .seed = s->seed, .trace = true, .patterns = patterns };
    run_scenario_prepared(s->scenario, &o, prepare, &k, &r);
    bool unplayable = r.verdict == VERDICT_BROKEN || r.verdict == VERDICT_SKIPPED;
    *struck = k.struck;
    if (unplayable)
        snprintf(why, 400, "%.390s", r.why);
    else if (k.struck)
        judge(&r, p);
    else if (r.verdict != VERDICT_PASSED) {
        snprintf(why, 400, "it fails without a kill too: %.360s", r.why);
        unplayable = true;
    }
    enum err e = !unplayable ? ERR_OK : k.part ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
    run_release(&r);
    return e;
}

enum err sweep_run(const struct sweep *s, sweep_tell_fn tell, void *context, struct sweep_result *out, char why[400])
{
    struct db_patterns *patterns = NULL;
    enum err e = db_patterns_new(&patterns);
    bool struck = true;
    *out = (struct sweep_result){ 0 };
    for (unsigned n = s->first ? s->first : 1; !e && struck; n += s->every ? s->every : 1) {
        struct sweep_point p = { .n = n };
        e = kill_once(s, patterns, &p, &struck, why);
        if (e || !struck)
            break;
        count(out, &p);
        if (tell)
            tell(context, &p);
    }
    db_patterns_free(patterns);
    return e;
}
