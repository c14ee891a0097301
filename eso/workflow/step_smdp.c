/* Ordering at the target's SM-DP+ over ES2+ (delegated codes). */
#include <string.h>

#include "step.h"

bool step_order_is_needed(const struct work *w)
{
    return !w->swap.present && w->target.delegated;
}

/* Scenario 33: answers that condemn this code, not the next one. */
static bool is_about_this_code(const char *code)
{
    static const char *const codes[] = {
        "8.2.6/3.8", "8.2.6/3.3", "8.2.6/3.10", /* matchingId refused, in conflict, of another profile */
        "8.2.1/3.3", "8.2.1/3.9", "8.2.1/3.10", "8.2.1/3.8", /* ICCID not available, unknown, of another EID */
        "8.1.1/3.10",                           /* another EID */
    };
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

static enum err judge_order(struct work *w, const struct port_result *p, struct step_result *r)
{
    enum err e = step_take_answer(w, p, &causes_smdp, r);
    if (p->answer == PORT_REFUSED && is_about_this_code(p->code))
        r->outcome = STEP_NEXT_CODE;
    else if (p->answer == PORT_REFUSED && strcmp(p->code, "8.2.5/3.7") == 0)
        r->cause = "inventory-empty";
    return e;
}

enum err step_order(struct work *w, struct step_result *r)
{
    char reference[96];
    struct port_result p;
    w->swap.ordered = true; /* from here on the order may stand */
    step_reference(w, "order", reference);
    struct smdp_order o = { .iccid = w->swap.iccid, .eid = w->swap.eid, .call_id = reference };
    enum err e = w->flow->smdp->order(&w->flow->port, &w->target, &o, &p);
    if (e)
        return e;
    /* The answer to our own order may have been lost: "not available" is then perhaps ours; confirming it will tell. */
    if (work_is_repeat(w) && p.answer == PORT_REFUSED && strcmp(p.code, "8.2.1/3.3") == 0)
        return step_done(r);
    e = judge_order(w, &p, r);
    w->swap.order_known = p.answer == PORT_DONE;
    if (!work_is_repeat(w) && port_changed_nothing(p.answer) && r->outcome != STEP_NEXT_CODE)
        w->swap.ordered = false;
    return e;
}

enum err step_confirm_order(struct work *w, struct step_result *r)
{
    char reference[96];
    struct port_result p;
    struct secret code = { .len = 0 };
    step_reference(w, "confirm-order", reference);
    struct smdp_order o = { .iccid = w->swap.iccid, .eid = w->swap.eid, .call_id = reference, .matching_id = &code };
    enum err e = stock_read_code(&w->flow->store, w->swap.iccid, &code);
    if (!e)
        e = w->flow->smdp->confirm(&w->flow->port, &w->target, &o, &p);
    secret_release(&code);
    return e ? e : judge_order(w, &p, r);
}

enum err step_confirm_order_record(struct work *w, struct step_result *r)
{
    (void)r;
    return stock_move(&w->flow->store, w->swap.iccid, STOCK_ORDERED);
}

/* A code that belongs to somebody else is left alone. */
bool undo_order_is_needed(const struct work *w)
{
    return w->target.delegated && w->swap.ordered && !w->swap.installed && w->swap.ending != SWAP_REQUESTED;
}

static enum err cancel_order(struct work *w, const struct secret *code, struct port_result *p)
{
    char reference[96];
    step_reference(w, "cancel-order", reference);
    struct smdp_order o = { .iccid = w->swap.iccid, .eid = w->swap.eid, .call_id = reference, .matching_id = code };
    return w->flow->smdp->cancel(&w->flow->port, &w->target, &o, p);
}

/* Only the SM-DP+'s yes proves that nobody downloaded. An order that was never confirmed has no matchingId yet: it is
 * cancelled without one, but only when it is known to be ours. A no leaves the code in doubt and ends the matter. */
enum err undo_order(struct work *w, struct step_result *r)
{
    char detail[161];
    struct port_result p;
    struct secret code = { .len = 0 };
    enum err e = stock_read_code(&w->flow->store, w->swap.iccid, &code);
    if (!e)
        e = cancel_order(w, &code, &p);
    secret_release(&code);
    if (!e && w->swap.order_known && p.answer == PORT_REFUSED && strcmp(p.code, "8.2.6/3.10") == 0)
        e = cancel_order(w, NULL, &p);
    if (e)
        return e;
    if (p.answer == PORT_DONE)
        w->swap.ordered = false;
    if (p.answer != PORT_REFUSED)
        return step_take_answer(w, &p, &causes_smdp, r);
    port_describe(&p, detail, sizeof detail);
    return step_ends(r, STEP_DONE, "order-stands", detail);
}
