/* Accepting, cancelling, and being told. */
#include <stdio.h>
#include <string.h>

#include "eso_policy.h"
#include "flow.h"

#define CONTRACTS_MAX 16

static enum err journal_request(const struct work *w, const char *step, enum swap_state state, const char *detail)
{
    struct step_entry s = { .attempt = 1, .at = w->now, .outcome = "done" };
    snprintf(s.step, sizeof s.step, "%s", step);
    snprintf(s.state, sizeof s.state, "%s", swap_state_name(state));
    snprintf(s.detail, sizeof s.detail, "%s", detail);
    return journal_add(&w->flow->store, w->swap.id, &s);
}

static enum err fill_swap(struct work *w, const struct swap_request *q, const struct policy_decision *d)
{
    w->swap = (struct swap){ .state = SWAP_CHECKED, .created = w->now, .changed = w->now,
                             .present = d->profile != NULL };
    enum err e = rng_uuid(w->flow->port.env->rng, w->swap.id);
    if (!e)
        e = eso_text_set(w->swap.eid, sizeof w->swap.eid, q->eid);
    if (!e)
        e = eso_text_set(w->swap.target, sizeof w->swap.target, q->target);
    if (!e)
        e = eso_text_set(w->swap.requested_by, sizeof w->swap.requested_by, q->who);
    if (!e && d->profile)
        e = eso_text_set(w->swap.iccid, sizeof w->swap.iccid, d->profile->iccid);
    return e;
}

static enum err add_swap(struct work *w, const struct swap_request *q, const struct policy_decision *d)
{
    enum err e = fill_swap(w, q, d);
    if (e)
        return e;
    if (d->verdict == POLICY_NOTHING) {
        w->swap.state = SWAP_DONE;
        snprintf(w->swap.cause, sizeof w->swap.cause, "already-on-target");
    } else {
        flow_begin(w);
    }
    e = swap_add(&w->flow->store, &w->swap, q->key);
    if (!e)
        e = journal_request(w, "request", SWAP_REQUESTED, "");
    if (!e)
        e = journal_request(w, "check", SWAP_CHECKED, d->reason);
    if (!e)
        e = audit_add(&w->flow->store, q->who, "swap.request", w->swap.id);
    LOG(w->flow->port.env->log, LOG_INFO, "swap.requested", F_TEXT("swap", w->swap.id), F_TEXT("eid", w->swap.eid),
        F_TEXT("target", w->swap.target), F_TEXT("reason", d->reason));
    return e;
}

static enum err decide(struct work *w, const struct swap_request *q, struct swap_answer *out)
{
    struct contract contracts[CONTRACTS_MAX];
    size_t count = 0;
    enum err e = contracts_of(&w->flow->store, q->target, contracts, COUNT(contracts), &count);
    if (e)
        return e;
    struct policy_decision d = policy_decide_swap(&(struct policy_facts){
        .now = w->now, .device = &w->device, .target = q->target, .contracts = contracts, .contract_count = count });
    if (d.verdict != POLICY_REFUSE)
        return add_swap(w, q, &d);
    out->verdict = SWAP_REFUSED;
    out->cause = d.cause;
    out->reason = d.reason;
    return audit_add(&w->flow->store, q->who, "swap.refused", d.cause);
}

static enum err look_up(struct work *w, const struct swap_request *q, struct swap_answer *out)
{
    bool busy = false;
    enum err e = device_find(&w->flow->store, q->eid, &w->device);
    if (e == ERR_NOT_FOUND)
        out->verdict = SWAP_NO_DEVICE;
    if (!e) {
        e = carrier_find(&w->flow->store, q->target, &w->target);
        if (e == ERR_NOT_FOUND)
            out->verdict = SWAP_NO_CARRIER;
    }
    if (!e)
        e = swap_in_progress(&w->flow->store, q->eid, &busy);
    if (!e && busy)
        out->verdict = SWAP_IN_PROGRESS;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The same key again is the same order; the same key for something else is a mistake of the caller. */
static enum err find_replay(const struct eso_workflow *f, const struct swap_request *q, struct swap_answer *out)
{
    enum err e = q->key ? swap_find_by_key(&f->store, q->who, q->key, &out->swap) : ERR_NOT_FOUND;
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    bool same = strcmp(out->swap.eid, q->eid) == 0 && strcmp(out->swap.target, q->target) == 0;
    out->verdict = same ? SWAP_REPLAYED : SWAP_KEY_REUSED;
    return ERR_OK;
}

static enum err request(struct work *w, const struct swap_request *q, struct swap_answer *out)
{
    enum err e = find_replay(w->flow, q, out);
    if (!e && out->verdict == SWAP_ACCEPTED)
        e = look_up(w, q, out);
    if (e || out->verdict != SWAP_ACCEPTED)
        return e;
    e = flow_attach(w);
    if (!e)
        e = decide(w, q, out);
    if (!e && out->verdict == SWAP_ACCEPTED)
        out->swap = w->swap;
    return e;
}

enum err workflow_request_swap(const struct eso_workflow *f, const struct swap_request *q, struct swap_answer *out)
{
    struct work w = { .flow = f, .now = store_now(&f->store) };
    *out = (struct swap_answer){ .verdict = SWAP_ACCEPTED, .cause = "", .reason = "" };
    enum err e = store_begin(&f->store);
    return e ? e : store_end(&f->store, request(&w, q, out));
}

static enum err cancel(const struct eso_workflow *f, const char *who, const char *id, struct swap *out)
{
    enum err e = swap_find(&f->store, id, out);
    if (e)
        return e;
    if (swap_state_is_end(out->state) || out->undoing || out->state >= SWAP_ENABLED)
        return ERR_STATE;
    e = swap_want_cancel(&f->store, id);
    if (!e)
        e = audit_add(&f->store, who, "swap.cancel", id);
    return e ? e : swap_find(&f->store, id, out);
}

enum err workflow_cancel_swap(const struct eso_workflow *f, const char *who, const char *id, struct swap *out)
{
    enum err e = store_begin(&f->store);
    return e ? e : store_end(&f->store, cancel(f, who, id, out));
}

/* The reference begins with the swap's id. The hint is not believed: it only makes the swap ask now. */
enum err workflow_order_hint(const struct eso_workflow *f, const char *reference)
{
    char id[37];
    if (strncmp(reference, LOOK_PREFIX, strlen(LOOK_PREFIX)) == 0)
        return look_nudge(&f->store, reference);
    if (strlen(reference) < 36)
        return ERR_OK;
    memcpy(id, reference, 36);
    id[36] = '\0';
    enum err e = swap_nudge(&f->store, id);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
