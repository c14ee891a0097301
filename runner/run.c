#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "process_world.h"

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = { "PASS", "FAIL", "SKIP", "BROKEN" };
    return names[v];
}

static double wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct awaiting {
    struct run *run;
    const struct yaml_node *expect;
    struct run_step *step;
};

/* All expectations, in order; the first that does not hold is kept in the step. */
static bool all_hold(void *context)
{
    struct awaiting *a = context;
    size_t count;
    const struct scenario_word *words = scenario_expectations(&count);
    for (size_t i = 0; a->expect && i < a->expect->count; i++) {
        const struct yaml_node *map = a->expect->item[i];
        const struct scenario_word *word = scenario_word_of(words, count, map);
        a->step->expected[0] = a->step->found[0] = 0;
        if (!word->holds(a->run, map->item[0], a->step->expected, a->step->found))
            return false;
    }
    return true;
}

static enum err act(struct run *r, const struct yaml_node *map)
{
    size_t count;
    const struct scenario_word *words = scenario_verbs(&count);
    return map ? scenario_word_of(words, count, map)->play(r, map->item[0]) : ERR_OK;
}

/* Programs talk to each other without us: what a scenario expects of their messages cannot be seen, and that is said. */
static void say_what_was_not_checked(struct run *r, const struct scenario_step *s, struct run_step *out)
{
    unsigned messages = 0;
    for (size_t i = 0; s->expect && i < s->expect->count; i++)
        messages += strcmp(s->expect->item[i]->key[0], "message") == 0;
    r->unchecked += messages;
    if (messages)
        snprintf(out->found, sizeof out->found, "messages are not recorded in process wiring: %u expectation%s not checked",
                 messages, messages == 1 ? "" : "s");
}

static enum err play_step(struct run *r, const struct scenario_step *s, struct run_step *out)
{
    struct awaiting a = { r, s->expect, out };
    *out = (struct run_step){ .name = s->name, .began = world_now(r->world) };
    out->first_message = r->first_message = (unsigned)trace_count(r->world->trace) + 1;
    enum err e = act(r, s->act);
    /* A step that expects nothing takes no time: what it began is still to happen. */
    if (!e && s->expect)
        e = world_run(r->world, out->began + s->within, all_hold, &a);
    out->ended = world_now(r->world);
    out->last_message = (unsigned)trace_count(r->world->trace);
    out->verdict = e ? VERDICT_FAILED : VERDICT_PASSED;
    if (!e && r->wiring == WIRING_PROCESS)
        say_what_was_not_checked(r, s, out);
    return e;
}

static void fail_step(struct run *r, const struct run_step *step, enum err e)
{
    r->verdict = VERDICT_FAILED;
    if (e == ERR_TIMEOUT && step->expected[0])
        snprintf(r->why, sizeof r->why, "step \"%s\": expected %.150s; found %.180s", step->name, step->expected,
                 step->found);
    else
        snprintf(r->why, sizeof r->why, "step \"%s\": %.250s", step->name,
                 r->world->failure[0] ? r->world->failure : err_name(e));
}

/* Nothing came that it could have struck: what passed proves nothing of it. */
static void fail_idle(struct run *r, const struct fault *f)
{
    struct run_step *last = &r->step[r->step_count - 1];
    r->verdict = last->verdict = VERDICT_FAILED;
    snprintf(last->expected, sizeof last->expected, "the fault in %.90s strikes", f->message);
    snprintf(last->found, sizeof last->found, "there was no such message");
    snprintf(r->why, sizeof r->why, "the fault in %.90s never struck", f->message);
}

/* The part that the next step kills in a certain state, when this one only begins something: in virtual time nothing
 * happens between the two, so programs stand still here. */
static struct part *killed_next(struct run *r, size_t i)
{
    const struct scenario_step *step = &r->scenario->step[i];
    const struct yaml_node *next = i + 1 < r->scenario->step_count ? step[1].act : NULL;
    const struct yaml_node *when = next && strcmp(next->key[0], "restart") == 0 ? next->item[0]->item[0] : NULL;
    bool waits = when && when->kind == YAML_MAP && yaml_get(when, "when");
    return r->wiring == WIRING_PROCESS && waits && !step->expect ? world_part(r->world, next->item[0]->key[0]) : NULL;
}

static void play(struct run *r)
{
    char why[400];
    for (size_t i = 0; i < r->scenario->step_count; i++) {
        const struct part *killed = killed_next(r, i);
        if (killed)
            process_hold_others(r->world, killed, true);
        enum err e = play_step(r, &r->scenario->step[i], &r->step[r->step_count++]);
        if (e) {
            if (r->wiring == WIRING_PROCESS)
                e = process_blame(r->world, e);
            fail_step(r, &r->step[r->step_count - 1], e);
            return;
        }
        if (!killed && !run_invariants_hold(r, why)) {
            r->verdict = VERDICT_FAILED;
            r->step[r->step_count - 1].verdict = VERDICT_FAILED;
            snprintf(r->why, sizeof r->why, "invariant broken after step \"%s\": %.300s", r->scenario->step[i].name,
                     why);
            return;
        }
    }
    r->verdict = VERDICT_PASSED;
    if (faults_idle(&r->world->faults))
        fail_idle(r, faults_idle(&r->world->faults));
    else if (r->unchecked)
        snprintf(r->why, sizeof r->why, "messages are not recorded in process wiring: %u expectation%s not checked",
                 r->unchecked, r->unchecked == 1 ? "" : "s");
}

/* What the programs left: their events for the report, and after a failure their folder for the curious. */
static void look_after_programs(struct run *r)
{
    struct world *w = r->world;
    if (!w->folder[0])
        return;
    process_collect_events(w);
    if (r->verdict == VERDICT_PASSED && trace_leaks(w->trace)) {
        r->verdict = VERDICT_FAILED;
        snprintf(r->why, sizeof r->why, "a K or OPc was seen in what the programs logged (masked in the report)");
    }
    w->keep_folder = r->verdict != VERDICT_PASSED;
    if (w->keep_folder)
        snprintf(r->files, sizeof r->files, "%s", w->folder);
}

static bool plays_here(const struct scenario *s, enum wiring wiring)
{
    static const unsigned bits[] = { SCENARIO_DIRECT, SCENARIO_LOOPBACK, SCENARIO_PROCESS };
    return s->wirings & bits[wiring];
}

struct injected {
    const struct run_fault *fault;
    size_t count;
};

static enum err inject(void *context, struct run *r)
{
    const struct injected *f = context;
    enum err e = f->count && r->wiring == WIRING_PROCESS ? ERR_UNSUPPORTED : ERR_OK;
    for (size_t i = 0; !e && i < f->count; i++)
        e = faults_add(&r->world->faults, f->fault[i].message, NULL, NULL, f->fault[i].how, f->fault[i].times);
    return e ? world_fail(r->world, e, "this fault cannot be injected: %s", err_name(e)) : ERR_OK;
}

void run_scenario(const struct scenario *s, enum wiring wiring, uint64_t seed, struct run *out)
{
    const struct world_options o = { .wiring = wiring, .seed = seed, .trace = true };
    run_scenario_prepared(s, &o, NULL, NULL, out);
}

void run_scenario_with(const struct scenario *s, enum wiring wiring, uint64_t seed, const struct run_fault *faults,
                       size_t fault_count, struct run *out)
{
    const struct world_options o = { .wiring = wiring, .seed = seed, .trace = true };
    run_scenario_as(s, &o, faults, fault_count, out);
}

void run_scenario_as(const struct scenario *s, const struct world_options *options, const struct run_fault *faults,
                     size_t fault_count, struct run *out)
{
    struct injected f = { faults, fault_count };
    run_scenario_prepared(s, options, inject, &f, out);
}

void run_scenario_prepared(const struct scenario *s, const struct world_options *o, run_prepare_fn prepare,
                           void *context, struct run *out)
{
    const enum wiring wiring = o->wiring;
    *out = (struct run){ .scenario = s, .wiring = wiring, .seed = o->seed };
    if (!plays_here(s, wiring)) {
        out->verdict = VERDICT_SKIPPED;
        snprintf(out->why, sizeof out->why, "does not play %s: %s", wiring_name(wiring), s->why_not);
        return;
    }
    double began = wall();
    enum err e = world_new(s, o, &out->world);
    if (!e && prepare)
        e = prepare(context, out);
    if (e) {
        out->verdict = VERDICT_BROKEN;
        snprintf(out->why, sizeof out->why, "%.390s", out->world && out->world->failure[0] ? out->world->failure
                                                                                           : err_name(e));
    } else
        play(out);
    if (out->world)
        look_after_programs(out);
    out->wall_seconds = wall() - began;
    if (out->world)
        out->virtual_ms = world_now(out->world) - out->world->epoch;
}

void run_release(struct run *r)
{
    world_free(r->world);
    free(r->swaps);
    for (size_t i = 0; i < r->answer_count; i++)
        free(r->answers[i].body);
    free(r->answers);
    r->answers = NULL;
    r->answer_count = 0;
    r->world = NULL;
    r->swaps = NULL;
}
