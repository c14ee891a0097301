/* The engine: claim what is due, run its step, record the outcome in one transaction. */
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "step.h"

#define BACK_OFF_MAX (5 * CLOCK_MINUTE)
#define POLL_MAX (15 * CLOCK_MINUTE)
#define POLL_WITH_CALLBACK (60 * CLOCK_SECOND)
#define POLL_WITHOUT (5 * CLOCK_SECOND)
/* After this long without a word a device counts as not there. */
#define DEVICE_IS_AWAY (10 * CLOCK_MINUTE)

static const struct step *current_step(const struct work *w)
{
    if (w->swap.undoing)
        return &undo_steps[step_index(undo_steps, undo_step_count, w->swap.step)];
    return &swap_steps[step_index(swap_steps, swap_step_count, w->swap.step)];
}

static int64_t patience(const struct eso_workflow *f, enum step_patience p)
{
    switch (p) {
    case PATIENCE_DEVICE:
        return f->device_ms;
    case PATIENCE_HOLD:
        return f->hold_ms;
    case PATIENCE_CONFIRM:
        return f->confirm_ms;
    case PATIENCE_BILL:
        return 7 * CLOCK_DAY;
    case PATIENCE_CALL:
        break;
    }
    return CLOCK_HOUR;
}

static void begin_step(struct work *w, const struct step *s)
{
    snprintf(w->swap.step, sizeof w->swap.step, "%s", s->name);
    w->swap.attempt = 0;
    w->swap.step_since = w->now;
    w->swap.due = w->now;
    w->swap.deadline = w->now + patience(w->flow, s->patience);
    w->swap.aside = SWAP_REQUESTED;
    w->swap.order_id[0] = '\0';
}

/* A profile that was present is neither allocated nor ordered nor downloaded. */
static void reach(struct work *w, const struct step *s)
{
    if (s->reached != SWAP_REQUESTED && !(w->swap.present && s->reached < SWAP_FALLBACK_SET))
        w->swap.state = s->reached;
}

void flow_begin(struct work *w)
{
    size_t i = 0;
    for (; swap_steps[i].is_needed && !swap_steps[i].is_needed(w); i++)
        reach(w, &swap_steps[i]);
    begin_step(w, &swap_steps[i]);
}

static void advance(struct work *w, const struct step *s)
{
    reach(w, s);
    for (s++; s->is_needed && !s->is_needed(w); s++)
        reach(w, s);
    begin_step(w, s);
}

static void advance_undo(struct work *w, const struct step *s)
{
    for (; s->is_needed && !s->is_needed(w); s++)
        ;
    begin_step(w, s);
}

static void end_swap(struct work *w, enum swap_state state)
{
    w->swap.state = state;
    w->swap.aside = SWAP_REQUESTED;
    w->swap.step[0] = '\0';
    w->swap.due = w->swap.deadline = 0;
    w->swap.undoing = false;
}

/* This code is put aside; from the start with another one. */
static void take_another_code(struct work *w)
{
    w->swap.undoing = false;
    w->swap.state = SWAP_CHECKED;
    w->swap.iccid[0] = w->swap.contract[0] = w->swap.status_before[0] = '\0';
    w->swap.transferred = w->swap.ordered = w->swap.order_known = false;
    begin_step(w, &swap_steps[0]);
}

static void finish(struct work *w, const struct step *s)
{
    if (!w->swap.undoing && s == &swap_steps[swap_step_count - 1])
        end_swap(w, SWAP_DONE);
    else if (!w->swap.undoing)
        advance(w, s);
    else if (s != &undo_steps[undo_step_count - 1])
        advance_undo(w, s + 1);
    else if (w->swap.ending == SWAP_REQUESTED)
        take_another_code(w);
    else
        end_swap(w, w->swap.ending);
}

/* base, doubling with each attempt up to most, one fifth of it left to chance. */
static enum err back_off(const struct work *w, int64_t base, int64_t most, int64_t *out)
{
    uint8_t chance = 0;
    int64_t wait = clock_back_off(base, most, w->swap.attempt - 1);
    enum err e = rng_fill(w->flow->port.env->rng, &chance, 1);
    *out = w->now + wait - wait / 5 * chance / 255;
    return e;
}

static enum err wait_until(struct work *w, int64_t base, int64_t most)
{
    enum err e = back_off(w, base, most, &w->swap.due);
    if (w->swap.deadline && w->swap.due > w->swap.deadline)
        w->swap.due = w->swap.deadline;
    return e;
}

static enum err apply_wait(struct work *w, const struct step *s, const struct step_result *r)
{
    if (s->kind == STEP_EIM && w->now - w->swap.step_since >= DEVICE_IS_AWAY)
        w->swap.aside = SWAP_WAITING_DEVICE;
    if (w->swap.aside == SWAP_WAITING_DEVICE)
        snprintf(w->swap.cause, sizeof w->swap.cause, "%s", r->cause);
    bool called_back = s->kind == STEP_EIM && w->flow->callback;
    return wait_until(w, called_back ? POLL_WITH_CALLBACK : POLL_WITHOUT, POLL_MAX);
}

static void apply_hold(struct work *w, const struct step_result *r)
{
    w->swap.aside = SWAP_HELD;
    w->swap.due = w->swap.deadline;
    snprintf(w->swap.cause, sizeof w->swap.cause, "%s", r->cause);
}

/* An order that the device did not answer in time may have been obeyed: when it is back, its card is asked. */
static enum err apply_failure(struct work *w, const struct step *s, const struct step_result *r)
{
    w->swap.undoing = true;
    w->swap.ending = r->outcome == STEP_NEXT_CODE ? SWAP_REQUESTED
                     : r->ending == SWAP_REQUESTED ? SWAP_FAILED : r->ending;
    snprintf(w->swap.cause, sizeof w->swap.cause, "%s", r->cause);
    snprintf(w->swap.detail, sizeof w->swap.detail, "%s", r->detail);
    advance_undo(w, undo_steps);
    bool unheard = s->kind == STEP_EIM && w->swap.ending == SWAP_EXPIRED;
    return unheard ? flow_look_later(w->flow, w->swap.eid, w->now) : ERR_OK;
}

/* A compensation that cannot be made is told to people, and the rest of it still happens. */
static enum err give_up_undo(struct work *w, const struct step *s)
{
    enum err e = alert_add(&w->flow->store, "undo-incomplete", s->name, w->swap.id);
    if (!e)
        finish(w, s);
    return e;
}

static enum err apply(struct work *w, const struct step *s, const struct step_result *r)
{
    if (w->swap.undoing && r->outcome == STEP_FAIL)
        return give_up_undo(w, s);
    switch (r->outcome) {
    case STEP_DONE:
        if (!w->swap.undoing)
            w->swap.cause[0] = w->swap.detail[0] = '\0';
        finish(w, s);
        return ERR_OK;
    case STEP_WAIT:
        return apply_wait(w, s, r);
    case STEP_RETRY:
        return wait_until(w, w->flow->retry_ms, BACK_OFF_MAX);
    case STEP_HOLD:
        apply_hold(w, r);
        return ERR_OK;
    case STEP_NEXT_CODE:
    case STEP_FAIL:
        return apply_failure(w, s, r);
    }
    return ERR_STATE;
}

/* What has waited too long is over: unproven, so the compensation asks before it believes. */
static void stop_when_late(const struct work *w, const struct step *s, struct step_result *r)
{
    bool pending = r->outcome == STEP_WAIT || r->outcome == STEP_RETRY || r->outcome == STEP_HOLD;
    if (!pending || !work_is_late(w))
        return;
    r->ending = r->outcome == STEP_HOLD || s->kind == STEP_EIM ? SWAP_EXPIRED : SWAP_FAILED;
    r->outcome = STEP_FAIL;
}

/* Polls that say the same again are not worth a line; of a long outage the 1st, 2nd, 4th, 8th … attempt is told. */
static bool is_news(const struct work *w, int64_t attempt, const struct step_result *r, enum swap_state aside_before)
{
    if (r->outcome == STEP_WAIT)
        return attempt == 1 || w->swap.aside != aside_before;
    if (r->outcome == STEP_RETRY)
        return (attempt & (attempt - 1)) == 0;
    return r->outcome != STEP_HOLD || aside_before != SWAP_HELD;
}

static enum err journal(const struct work *w, const struct step *s, int64_t attempt, const struct step_result *r)
{
    static const char *const words[] = { "done", "wait", "retry", "hold", "next", "fail" };
    struct step_entry entry = { .attempt = attempt, .at = w->now };
    snprintf(entry.step, sizeof entry.step, "%s", s->name);
    snprintf(entry.outcome, sizeof entry.outcome, "%s", words[r->outcome]);
    snprintf(entry.state, sizeof entry.state, "%s", swap_state_name(swap_shown(&w->swap)));
    snprintf(entry.cause, sizeof entry.cause, "%s", r->cause);
    snprintf(entry.detail, sizeof entry.detail, "%s", r->detail);
    LOG(w->flow->port.env->log, r->outcome == STEP_FAIL ? LOG_WARN : LOG_INFO, "swap.step", F_TEXT("swap", w->swap.id),
        F_TEXT("eid", w->swap.eid), F_TEXT("step", entry.step), F_TEXT("outcome", entry.outcome),
        F_TEXT("state", entry.state), F_TEXT("cause", entry.cause), F_TEXT("detail", entry.detail),
        F_INT("attempt", attempt));
    return journal_add(&w->flow->store, w->swap.id, &entry);
}

static enum err record(struct work *w, const struct step *s, struct step_result *r)
{
    enum swap_state aside = w->swap.aside;
    int64_t attempt = w->swap.attempt;
    enum err e = r->outcome == STEP_DONE && s->record ? s->record(w, r) : ERR_OK;
    if (e)
        return e;
    stop_when_late(w, s, r);
    w->swap.changed = w->now;
    e = apply(w, s, r);
    if (!e && is_news(w, attempt, r, aside))
        e = journal(w, s, attempt, r);
    return e ? e : swap_save(&w->flow->store, &w->swap);
}

static enum err load_work(struct work *w)
{
    const struct eso_store *st = &w->flow->store;
    enum err e = device_find(st, w->swap.eid, &w->device);
    if (!e)
        e = carrier_find(st, w->swap.target, &w->target);
    if (!e && w->swap.contract[0])
        e = contract_find(st, w->swap.contract, &w->contract);
    return e ? e : flow_attach(w);
}

enum err flow_attach(struct work *w)
{
    w->platform = port_platform_find(w->target.platform);
    w->eim_url = w->flow->eim_url(w->flow->eim_context, w->device.eim);
    return w->platform ? ERR_OK : ERR_CONFIG;
}

/* Cancelling is honoured wherever it is still clean: until the card was told to enable. An order at the eIM is taken back by
 * its own step. */
static bool is_cancelled_here(const struct work *w, const struct step *s)
{
    if (!w->swap.cancel_wanted || w->swap.undoing || w->swap.state >= SWAP_ENABLED)
        return false;
    return s->kind != STEP_EIM || !work_is_repeat(w);
}

/* An attempt that nobody saw the end of may have had its effect. */
static void suspect_effects(struct work *w, const struct step *s)
{
    if (!work_is_repeat(w) || w->swap.undoing)
        return;
    if (s->run == step_transfer)
        w->swap.transferred = true;
    if (s->run == step_order)
        w->swap.ordered = true;
}

static enum err run(struct work *w, const struct step *s, struct step_result *r)
{
    suspect_effects(w, s);
    if (is_cancelled_here(w, s)) {
        enum err e = step_ends(r, STEP_FAIL, "cancelled", "");
        r->ending = SWAP_CANCELLED;
        return e;
    }
    return s->run ? s->run(w, r) : step_done(r);
}

static enum err work_on(const struct eso_workflow *f, int64_t now, const struct swap *claimed)
{
    struct work w = { .flow = f, .now = now, .swap = *claimed };
    struct step_result r = { .outcome = STEP_DONE, .cause = "" };
    enum err e = load_work(&w);
    const struct step *s = current_step(&w);
    if (!e)
        e = run(&w, s, &r);
    if (!e)
        e = store_begin(&f->store);
    return e ? e : store_end(&f->store, record(&w, s, &r));
}

/* One step a tick: between two ticks everybody else has his turn, and a kill can fall between any two steps. */
static enum err work_off(const struct eso_workflow *f, int64_t now)
{
    struct swap claimed;
    enum err e = swap_claim(&f->store, now, now + 4 * f->port.call_ms, &claimed);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    return e ? e : work_on(f, now, &claimed);
}

enum err workflow_tick(const struct eso_workflow *f, int64_t now, int64_t *next)
{
    int64_t swaps = CLOCK_NEVER, calls = CLOCK_NEVER, looks = CLOCK_NEVER;
    enum err e = flow_deliver(f, now);
    if (!e)
        e = flow_look(f, now);
    if (!e)
        e = work_off(f, now);
    enum err looked = swap_next_due(&f->store, &swaps);
    if (!looked)
        looked = outbox_next_due(&f->store, &calls);
    if (!looked)
        looked = look_next_due(&f->store, &looks);
    *next = swaps < calls ? swaps : calls;
    if (looks < *next)
        *next = looks;
    return e ? e : looked;
}

enum err workflow_start(const struct eso_workflow *f)
{
    return swap_end_leases(&f->store);
}
