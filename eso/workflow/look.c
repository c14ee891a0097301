/* Devices change by themselves: fallback and return, immediate enable, another eIM's packages (stateChangeCause, SGP.32 5.14.5;
 * R17). Their eIM says that it was told so; the eSO then has the card asked what it holds, and believes that. */
#include <stdio.h>
#include <string.h>

#include "flow.h"

#define RETRY_MAX (5 * CLOCK_MINUTE)
/* Beside the eIM's callback. */
#define ASK_AGAIN (60 * CLOCK_SECOND)
#define ASK_AGAIN_MAX CLOCK_HOUR
/* The question waits at the eIM for a device that is away. */
#define GIVE_UP (365 * CLOCK_DAY)

enum err flow_look_later(const struct eso_workflow *f, const char *eid, int64_t due)
{
    char uuid[37], reference[LOOK_REFERENCE_MAX];
    enum err e = rng_uuid(f->port.env->rng, uuid);
    snprintf(reference, sizeof reference, LOOK_PREFIX "%s", uuid);
    return e ? e : look_want(&f->store, eid, reference, due);
}

enum err workflow_device_hint(const struct eso_workflow *f, const char *eid)
{
    struct device d = { .profile_count = 0 };
    enum err e = store_begin(&f->store);
    if (e)
        return e;
    e = device_find(&f->store, eid, &d);
    if (!e)
        e = flow_look_later(f, eid, store_now(&f->store));
    return store_end(&f->store, e == ERR_NOT_FOUND ? ERR_OK : e);
}

/* Profiles that did not come from our stock (the lead's own) have no row there; one that was retired stays so. */
static enum err move_stock(const struct eso_workflow *f, const struct profile *p, bool enabled)
{
    enum err e = p->enabled == enabled ? ERR_OK : stock_move(&f->store, p->iccid, enabled ? STOCK_ENABLED : STOCK_DISABLED);
    return e == ERR_NOT_FOUND || e == ERR_STATE ? ERR_OK : e;
}

/* A profile that nobody told of: a code of our stock that was this device's, whose download was given up without a word. While
 * a swap is under way it is that one's. */
static enum err find_installed(const struct eso_workflow *f, const struct device *d, const struct eim_listed *listed)
{
    struct stock_row row;
    struct contract c;
    struct profile p = { .enabled = listed->enabled, .fallback = listed->fallback };
    bool busy = false;
    enum err e = stock_find(&f->store, listed->iccid, &row);
    if (!e)
        e = swap_in_progress(&f->store, d->eid, &busy);
    if (!e && (busy || strcmp(row.eid, d->eid) != 0))
        e = ERR_NOT_FOUND;
    if (!e)
        e = contract_find(&f->store, row.contract, &c);
    if (!e)
        e = eso_text_set(p.iccid, sizeof p.iccid, listed->iccid);
    if (!e)
        e = eso_text_set(p.carrier, sizeof p.carrier, c.carrier);
    if (!e)
        e = stock_move(&f->store, p.iccid, STOCK_INSTALLED);
    if (!e && p.enabled)
        e = stock_move(&f->store, p.iccid, STOCK_ENABLED);
    return e ? e : profile_put(&f->store, d->eid, &p);
}

static enum err apply_one(const struct eso_workflow *f, const struct device *d, const struct eim_listed *listed,
                          bool *changed)
{
    for (size_t i = 0; i < d->profile_count; i++) {
        struct profile p = d->profile[i];
        if (strcmp(p.iccid, listed->iccid) != 0)
            continue;
        if (p.enabled == listed->enabled && p.fallback == listed->fallback)
            return ERR_OK;
        *changed = true;
        enum err e = move_stock(f, &p, listed->enabled);
        p.enabled = listed->enabled;
        p.fallback = listed->fallback;
        return e ? e : profile_put(&f->store, d->eid, &p);
    }
    enum err e = find_installed(f, d, listed);
    *changed |= !e;
    if (e != ERR_NOT_FOUND && e != ERR_STATE)
        return e;
    LOG(f->port.env->log, LOG_WARN, "device.unknown_profile", F_TEXT("eid", d->eid), F_TEXT("iccid", listed->iccid));
    return ERR_OK;
}

/* A swap that took a step meanwhile may know more than this answer: then the question is put again. */
static enum err apply(const struct eso_workflow *f, const struct look *l, const struct eim_order_status *o)
{
    struct device d = { .profile_count = 0 };
    bool current = false, changed = false;
    enum err e = look_is_current(&f->store, l, &current);
    if (e || !current)
        return e == ERR_NOT_FOUND ? ERR_OK : e ? e : flow_look_later(f, l->eid, store_now(&f->store) + f->retry_ms);
    e = device_find(&f->store, l->eid, &d);
    for (size_t i = 0; !e && i < o->listed_count; i++)
        e = apply_one(f, &d, &o->listed[i], &changed);
    if (!e && changed)
        e = audit_add(&f->store, "eim", "device.changed", l->eid);
    LOG(f->port.env->log, LOG_INFO, "device.looked", F_TEXT("eid", l->eid), F_INT("changed", changed));
    return e ? e : look_end(&f->store, l);
}

static enum err settle(const struct eso_workflow *f, int64_t now, const struct look *l, const struct eim_order_status *o,
                       const struct port_result *p)
{
    int64_t wait = f->retry_ms << (l->attempt < 8 ? l->attempt : 8);
    int64_t again = clock_back_off(ASK_AGAIN, ASK_AGAIN_MAX, l->attempt - 1);
    if (p->answer == PORT_REFUSED || (l->placed && now - l->placed > GIVE_UP))
        return look_end(&f->store, l);
    if (p->answer != PORT_DONE)
        return look_defer(&f->store, l, now + (wait < RETRY_MAX ? wait : RETRY_MAX));
    if (o->state == EIM_ORDER_DONE)
        return apply(f, l, o);
    bool pending = o->state == EIM_ORDER_QUEUED || o->state == EIM_ORDER_SENT;
    return pending ? look_defer(&f->store, l, now + again) : look_end(&f->store, l);
}

/* Ask before trying again, as in a swap: an order placed before is found by its reference. */
static enum err ask(const struct eso_workflow *f, const struct look *l, const char *url, struct eim_order_status *o,
                    struct port_result *p)
{
    const struct eim_order order = { .reference = l->reference, .eid = l->eid, .kind = "list", .callback = f->callback };
    enum err e = l->attempt > 1 ? f->eim->find(&f->port, url, l->reference, o, p) : ERR_OK;
    return e || p->answer != PORT_NOT_FOUND ? e : f->eim->place(&f->port, url, &order, o, p);
}

static enum err look(const struct eso_workflow *f, int64_t now, const struct look *l)
{
    struct device d = { .profile_count = 0 };
    struct eim_order_status o = { .state = EIM_ORDER_QUEUED };
    struct port_result p = { .answer = PORT_NOT_FOUND };
    enum err e = device_find(&f->store, l->eid, &d);
    const char *url = e ? NULL : f->eim_url(f->eim_context, d.eim);
    if (!e && url)
        e = ask(f, l, url, &o, &p);
    else
        p.answer = PORT_REFUSED; /* the device is gone, or its eIM is not in the settings */
    if (!e || e == ERR_NOT_FOUND)
        e = store_begin(&f->store);
    return e ? e : store_end(&f->store, settle(f, now, l, &o, &p));
}

enum err flow_look(const struct eso_workflow *f, int64_t now)
{
    struct look l;
    enum err e = look_claim(&f->store, now, now + 4 * f->port.call_ms, &l);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    return e ? e : look(f, now, &l);
}
