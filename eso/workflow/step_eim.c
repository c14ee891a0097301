/* Steps on the card: ordered from the device's eIM by a reference, waited for, and believed only when the eIM says so. */
#include <string.h>

#include "step.h"

struct card_step {
    const char *step, *kind, *iccid, *failed; /* failed: the cause when the card says no */
    struct span activation_code;
    bool rollback;
};

/* Not yet: give up where the time is over or somebody wants it cancelled, else wait. What the eIM has not sent it can take
 * back, and then it is certain that nothing happened. */
static enum err judge_pending(struct work *w, const struct eim_order_status *o, struct step_result *r)
{
    struct port_result p;
    if (!work_is_late(w) && !w->swap.cancel_wanted)
        return step_ends(r, STEP_WAIT, "device-not-seen", o->state == EIM_ORDER_SENT ? "sent" : "queued");
    enum err e = w->flow->eim->cancel(&w->flow->port, w->eim_url, o->id, &p);
    if (e)
        return e;
    if (p.answer != PORT_DONE && !work_is_late(w))
        return step_ends(r, STEP_WAIT, "device-not-seen", "too late to cancel: the device has it");
    bool cancelled = w->swap.cancel_wanted && p.answer == PORT_DONE;
    e = step_ends(r, STEP_FAIL, cancelled ? "cancelled" : "device-not-seen", "");
    r->ending = cancelled ? SWAP_CANCELLED : SWAP_EXPIRED;
    return e;
}

static enum err judge_failed(const struct card_step *s, const struct eim_order_status *o, struct step_result *r)
{
    bool rolled_back = strcmp(o->result, "rolledBack") == 0 || strcmp(o->result, "rollback") == 0;
    enum err e = step_ends(r, STEP_FAIL, rolled_back ? "rolled-back" : s->failed,
                           o->reason[0] ? o->reason : o->result);
    r->ending = rolled_back ? SWAP_ROLLED_BACK : SWAP_FAILED;
    return e;
}

static enum err judge_order(struct work *w, const struct card_step *s, const struct eim_order_status *o,
                            struct step_result *r)
{
    enum err e = eso_text_set(w->swap.order_id, sizeof w->swap.order_id, o->id);
    if (e)
        return e;
    switch (o->state) {
    case EIM_ORDER_QUEUED:
    case EIM_ORDER_SENT:
        return judge_pending(w, o, r);
    case EIM_ORDER_DONE:
        return o->install_refused ? judge_failed(s, o, r) : step_done(r);
    case EIM_ORDER_FAILED:
        return judge_failed(s, o, r);
    case EIM_ORDER_EXPIRED:
    case EIM_ORDER_CANCELLED:
        break;
    }
    bool cancelled = o->state == EIM_ORDER_CANCELLED && w->swap.cancel_wanted;
    e = step_ends(r, STEP_FAIL, cancelled ? "cancelled" : "device-not-seen", o->result);
    r->ending = cancelled ? SWAP_CANCELLED : SWAP_EXPIRED;
    return e;
}

/* A device that is just being registered is not known there for a moment. */
#define UNKNOWN_DEVICE_ATTEMPTS 8

static enum err judge_refusal(const struct work *w, const struct port_result *p, struct step_result *r)
{
    enum err e = step_take_answer(w, p, &causes_eim, r);
    if (p->answer == PORT_NOT_FOUND && w->swap.attempt < UNKNOWN_DEVICE_ATTEMPTS)
        r->outcome = STEP_RETRY;
    return e;
}

static enum err place(struct work *w, const struct card_step *s, const char *reference, struct eim_order_status *o,
                      struct port_result *p)
{
    struct eim_order order = { .reference = reference, .eid = w->swap.eid, .kind = s->kind, .iccid = s->iccid,
                               .activation_code = s->activation_code, .rollback = s->rollback,
                               .callback = w->flow->callback, .valid_until = w->swap.deadline };
    return w->flow->eim->place(&w->flow->port, w->eim_url, &order, o, p);
}

/* Ask before trying again: an order placed by an earlier attempt is found by its reference. */
static enum err ask_card(struct work *w, const struct card_step *s, struct eim_order_status *o, struct step_result *r)
{
    char reference[96];
    struct port_result p = { .answer = PORT_NOT_FOUND };
    *o = (struct eim_order_status){ .state = EIM_ORDER_QUEUED };
    if (!w->eim_url)
        return step_ends(r, STEP_FAIL, "eim-unknown", "the device's eIM is not in the settings");
    step_reference(w, s->step, reference);
    enum err e = work_is_repeat(w) ? w->flow->eim->find(&w->flow->port, w->eim_url, reference, o, &p) : ERR_OK;
    if (!e && p.answer == PORT_NOT_FOUND)
        e = place(w, s, reference, o, &p);
    if (e)
        return e;
    return p.answer == PORT_DONE ? judge_order(w, s, o, r) : judge_refusal(w, &p, r);
}

static enum err run_on_card(struct work *w, const struct card_step *s, struct step_result *r)
{
    struct eim_order_status o;
    return ask_card(w, s, &o, r);
}

bool step_download_is_needed(const struct work *w)
{
    return !w->swap.present;
}

/* SGP.22 4.1: "1$" SM-DP+ address "$" matchingId. */
static enum err put_activation_code(const struct work *w, struct buf *out)
{
    struct stock_row row;
    struct secret code = { .len = 0 };
    enum err e = stock_find(&w->flow->store, w->swap.iccid, &row);
    if (!e)
        e = stock_read_code(&w->flow->store, w->swap.iccid, &code);
    if (!e)
        e = buf_printf(out, "1$%s$", row.smdp_address);
    if (!e)
        e = buf_put(out, secret_span(&code));
    secret_release(&code);
    return e;
}

/* Scenario 33: the SM-DP+ gave it to another eUICC. An order that ended so leaves nothing to wait for. */
static bool is_used_elsewhere(const struct eim_order_status *o)
{
    return strcmp(o->refusal, "8.2.6/3.8") == 0 || strcmp(o->refusal, "8.1.1/3.8") == 0;
}

enum err step_download(struct work *w, struct step_result *r)
{
    struct eim_order_status o;
    struct buf code = { .max = 512 };
    enum err e = put_activation_code(w, &code);
    if (!e)
        e = ask_card(w, &(struct card_step){ .step = "download", .kind = "download", .failed = "download-failed",
                                             .activation_code = buf_span(&code) }, &o, r);
    if (!e && r->outcome == STEP_FAIL && is_used_elsewhere(&o)) {
        r->outcome = STEP_NEXT_CODE;
        r->cause = "code-used-elsewhere";
    }
    if (code.at)
        memory_clear(code.at, code.len);
    buf_release(&code);
    return e;
}

enum err step_download_record(struct work *w, struct step_result *r)
{
    struct profile p = { .enabled = false };
    (void)r;
    w->swap.installed = true;
    enum err e = eso_text_set(p.iccid, sizeof p.iccid, w->swap.iccid);
    if (!e)
        e = eso_text_set(p.carrier, sizeof p.carrier, w->swap.target);
    if (!e)
        e = profile_put(&w->flow->store, w->swap.eid, &p);
    return e ? e : stock_move(&w->flow->store, w->swap.iccid, STOCK_INSTALLED);
}

/* R50: the lead's profile catches a device that loses its carrier; that must be so before anything can fail over the air.
 * Going home needs none. */
bool step_fallback_is_needed(const struct work *w)
{
    const struct profile *lead = device_profile_of(&w->device, w->device.lead);
    return lead && !lead->fallback && strcmp(w->swap.target, w->device.lead) != 0;
}

enum err step_fallback(struct work *w, struct step_result *r)
{
    const struct profile *lead = device_profile_of(&w->device, w->device.lead);
    return run_on_card(w, &(struct card_step){ .step = "set-fallback", .kind = "setFallback", .iccid = lead->iccid,
                                               .failed = "fallback-refused" }, r);
}

enum err step_fallback_record(struct work *w, struct step_result *r)
{
    (void)r;
    return profile_set_fallback(&w->flow->store, w->swap.eid,
                                device_profile_of(&w->device, w->device.lead)->iccid);
}

/* The device may have enabled it by itself (immediate enable, SGP.32 5.9.15; a return from fallback, 5.9.21): before the swap
 * is given up the card is asked. */
static enum err look_whether_enabled(struct work *w, struct step_result *r)
{
    struct eim_order_status o;
    const struct step_result refused = *r;
    enum err e = ask_card(w, &(struct card_step){ .step = "look", .kind = "list", .failed = "enable-failed" }, &o, r);
    if (e || r->outcome != STEP_DONE)
        return e;
    for (size_t i = 0; i < o.listed_count; i++)
        if (o.listed[i].enabled && strcmp(o.listed[i].iccid, w->swap.iccid) == 0) {
            w->swap.enable_at = w->swap.created; /* its session may be older than the order to enable it */
            return ERR_OK;
        }
    *r = refused;
    return ERR_OK;
}

enum err step_enable(struct work *w, struct step_result *r)
{
    enum err e = run_on_card(w, &(struct card_step){ .step = "enable", .kind = "enable", .iccid = w->swap.iccid,
                                                     .failed = "enable-failed", .rollback = true }, r);
    bool asked_in_vain = !e && r->outcome == STEP_FAIL && strcmp(r->detail, "profileNotInDisabledState") == 0;
    return asked_in_vain ? look_whether_enabled(w, r) : e;
}

/* Profiles that did not come from our stock (the lead's own) have no row there. */
static enum err move_if_ours(const struct work *w, const char *iccid, enum stock_state to)
{
    enum err e = stock_move(&w->flow->store, iccid, to);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err step_enable_record(struct work *w, struct step_result *r)
{
    const struct profile *before = device_profile_enabled(&w->device);
    (void)r;
    if (!w->swap.enable_at)
        w->swap.enable_at = w->swap.step_since;
    enum err e = profile_set_enabled(&w->flow->store, w->swap.eid, w->swap.iccid);
    if (!e && before && strcmp(before->iccid, w->swap.iccid) != 0)
        e = move_if_ours(w, before->iccid, STOCK_DISABLED);
    return e ? e : move_if_ours(w, w->swap.iccid, STOCK_ENABLED);
}
