/* The life of a SIM at the platform. */
#include <string.h>

#include "cmp_internal.h"

/* Orchestration 7. TEST_READY serves free of charge, ACTIVATION_READY until its first session. */
static const struct {
    const char *name;
    bool serves, bills;
    const char *next; /* where an enterprise may take it */
} states[] = {
    { "INVENTORY", false, false, " TEST_READY ACTIVATION_READY ACTIVATED DEACTIVATED RETIRED " },
    { "TEST_READY", true, false, " INVENTORY ACTIVATION_READY ACTIVATED DEACTIVATED RETIRED " },
    { "ACTIVATION_READY", true, false, " INVENTORY TEST_READY ACTIVATED DEACTIVATED RETIRED " },
    { "ACTIVATED", true, true, " DEACTIVATED RETIRED " },
    { "DEACTIVATED", false, false, " ACTIVATED RETIRED " },
    { "RETIRED", false, false, " ACTIVATED DEACTIVATED PURGED " },
    { "PURGED", false, false, " " },
};

static size_t find(const char *status)
{
    size_t i = 0;
    while (i < COUNT(states) && strcmp(states[i].name, status) != 0)
        i++;
    return i;
}

bool cmp_status_known(const char *status)
{
    return find(status) < COUNT(states);
}

bool cmp_status_serves(const char *status)
{
    size_t i = find(status);
    return i < COUNT(states) && states[i].serves;
}

bool cmp_status_bills(const char *status)
{
    size_t i = find(status);
    return i < COUNT(states) && states[i].bills;
}

bool cmp_status_may_become(const char *from, const char *to)
{
    size_t i = find(from);
    const char *at = i < COUNT(states) ? strstr(states[i].next, to) : NULL;
    return strcmp(from, to) == 0 || (at && cmp_status_known(to) && at[-1] == ' ' && at[strlen(to)] == ' ');
}

static enum err tell_network(struct cmp *c, const char *iccid, bool service, int64_t now)
{
    return c->network_url[0] ? cmp_notice_add(c->env->db, iccid, service, now) : ERR_OK;
}

static enum err change_status(struct cmp *c, const struct cmp_writer *w, const struct cmp_device *before,
                              struct cmp_device *after)
{
    bool served = cmp_status_serves(before->status), serves = cmp_status_serves(after->status);
    if (cmp_status_bills(after->status))
        after->activated = w->at;
    LOG(c->env->log, LOG_INFO, "cmp.status", F_TEXT("carrier", c->carrier), F_TEXT("iccid", after->iccid),
        F_TEXT("from", before->status), F_TEXT("to", after->status), F_TEXT("by", w->who));
    enum err e = cmp_period_begin(c->env->db, after->iccid, after->status, w->at);
    return e || served == serves ? e : tell_network(c, after->iccid, serves, w->at);
}

enum err cmp_device_change(struct cmp *c, const struct cmp_writer *w, const struct cmp_device *before,
                           const struct cmp_device *after)
{
    struct cmp_device d = *after;
    const struct {
        const char *field, *from, *to;
    } members[] = {
        { "status", before->status, d.status },
        { "ratePlan", before->rate_plan, d.rate_plan },
        { "communicationPlan", before->communication_plan, d.communication_plan },
        { "accountId", before->account, d.account },
    };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(members); i++)
        if (strcmp(members[i].from, members[i].to) != 0)
            e = cmp_audit_add(c->env->db, d.iccid, w, members[i].field, members[i].from, members[i].to);
    if (!e && strcmp(before->status, d.status) != 0)
        e = change_status(c, w, before, &d);
    d.updated = w->at;
    return e ? e : cmp_device_save(c->env->db, &d);
}

enum err cmp_device_create(struct cmp *c, const struct cmp_device *d)
{
    enum err e = cmp_device_add(c->env->db, d);
    if (!e)
        e = cmp_period_begin(c->env->db, d->iccid, d->status, d->added);
    return e ? e : tell_network(c, d->iccid, cmp_status_serves(d->status), d->added);
}
