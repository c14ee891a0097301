/* What the network tells, and what follows for billing. */
#include <jansson.h>
#include <string.h>

#include "cmp_internal.h"
#include "json.h"

/* ---- network events --------------------------------------------------------------------------------------------- */

struct event {
    char iccid[21], name[24], at_text[40], plmn[8];
    int64_t at;
};

static bool event_known(const char *name)
{
    static const char *const names[] = { "session-started", "session-ended", "attached", "detached", "rejected" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static enum err read_event(const json_t *body, struct http_response *p, struct event *v)
{
    enum err e = CMP_TAKE(p, body, "iccid", v->iccid);
    if (!e)
        e = CMP_TAKE(p, body, "event", v->name);
    if (!e)
        e = CMP_TAKE(p, body, "at", v->at_text);
    if (!e)
        e = CMP_TAKE(p, body, "plmn", v->plmn);
    if (!e && !event_known(v->name))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "Unknown event.");
    if (!e && cmp_time_parse(v->at_text, &v->at))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "at must read 2026-01-31T12:00:00Z.");
    return e;
}

/* Orchestration 7: ACTIVATION_READY becomes ACTIVATED, and billable, at the first session. */
static enum err begin_session(struct cmp *c, const struct cmp_device *d, const struct event *v)
{
    const struct cmp_writer w = { .who = "platform", .at = clock_now(c->env->clock) };
    struct cmp_device after = *d;
    enum err e = cmp_session_start(c->env->db, d->iccid, v->at, v->plmn);
    if (e || strcmp(d->status, "ACTIVATION_READY") != 0)
        return e;
    strcpy(after.status, "ACTIVATED");
    return cmp_device_change(c, &w, d, &after);
}

static enum err take_event(struct cmp *c, const struct event *v, struct http_response *p)
{
    struct cmp_device d;
    enum err e = cmp_device_find(c->env->db, v->iccid, &d);
    if (e == ERR_NOT_FOUND)
        return cmp_refuse(p, 404, CMP_NO_ICCID, "Resource not found - Invalid ICCID.");
    if (!e)
        e = cmp_event_add(c->env->db, d.iccid, v->name, v->at, v->plmn);
    if (e)
        return e;
    if (strcmp(v->name, "session-started") == 0)
        return begin_session(c, &d, v);
    bool ends = strcmp(v->name, "session-ended") == 0 || strcmp(v->name, "detached") == 0;
    return ends ? cmp_session_end(c->env->db, d.iccid, v->at) : ERR_OK;
}

enum err cmp_post_event(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    json_t *body = NULL;
    struct event v = { .at = 0 };
    enum err e = cmp_require(c, q, p, CMP_RIGHT_NETWORK, &who);
    if (!e)
        e = cmp_read_json(q, p, &body);
    if (!e)
        e = read_event(body, p, &v);
    json_decref(body);
    if (!e)
        e = db_begin(c->env->db);
    if (!e)
        e = db_end(c->env->db, take_event(c, &v, p));
    bool known = e == ERR_EXISTS; /* told before: it has had its effect */
    return e && !known ? e : http_json(p, 200, json_pack("{s:b}", "known", known));
}

/* ---- billing ledger --------------------------------------------------------------------------------------------- */

struct ledger {
    json_t *periods;
    int64_t billable_since; /* 0: not billable */
};

static enum err put_period(void *context, const char *status, int64_t from)
{
    struct ledger *l = context;
    bool billed = cmp_status_bills(status);
    size_t count = json_array_size(l->periods);
    json_t *last = count ? json_array_get(l->periods, count - 1) : NULL;
    if (last && json_object_set_new(last, "until", cmp_time_json(from)))
        return ERR_NOMEM;
    if (!billed)
        l->billable_since = 0;
    else if (!l->billable_since)
        l->billable_since = from;
    json_t *o = json_pack("{s:s, s:o, s:n, s:b}", "status", status, "from", cmp_time_json(from), "until", "billed",
                          billed);
    return o && json_array_append_new(l->periods, o) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err find_any(struct cmp *c, const char *iccid, struct http_response *p, struct cmp_device *d)
{
    enum err e = cmp_device_find(c->env->db, iccid, d);
    return e == ERR_NOT_FOUND ? cmp_refuse(p, 404, CMP_NO_ICCID, "Resource not found - Invalid ICCID.") : e;
}

enum err cmp_get_ledger(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    struct cmp_device d;
    enum err e = cmp_require(c, q, p, CMP_RIGHT_ADMINISTER, &who);
    if (!e)
        e = find_any(c, q->part[0], p, &d);
    if (e)
        return e;
    struct ledger l = { .periods = json_array() };
    e = l.periods ? cmp_period_each(c->env->db, d.iccid, put_period, &l) : ERR_NOMEM;
    if (!e)
        return http_json(p, 200, json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "iccid", d.iccid, "accountId",
                                           d.account, "status", d.status, "billable", l.billable_since != 0,
                                           "billableSince", cmp_time_json(l.billable_since), "periods", l.periods));
    json_decref(l.periods);
    return e;
}

/* ---- who wrote -------------------------------------------------------------------------------------------------- */

struct writes {
    json_t *list;
    int64_t last_call;
    int count;
};

static enum err put_write(void *context, const struct cmp_change *change)
{
    struct writes *w = context;
    if (!change->call)
        return ERR_OK; /* by the platform itself */
    w->count += change->call != w->last_call;
    w->last_call = change->call;
    json_t *o = json_pack("{s:o, s:s, s:s, s:s, s:s}", "at", cmp_time_json(change->at), "by", change->who, "field",
                          change->field, "from", change->from, "to", change->to);
    return o && json_array_append_new(w->list, o) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err read_since(const struct http_request *q, struct http_response *p, int64_t *since)
{
    struct buf text = { .max = 40 };
    enum err e = http_query(q, "since", &text);
    if (!e)
        e = cmp_time_parse(buf_cstr(&text), since);
    buf_release(&text);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        return ERR_OK;
    return cmp_refuse(p, 400, CMP_BAD_VALUE, "since must read 2026-01-31T12:00:00Z.");
}

enum err cmp_get_writes(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    struct cmp_device d;
    int64_t since = 0;
    enum err e = cmp_require(c, q, p, CMP_RIGHT_ADMINISTER, &who);
    if (!e)
        e = read_since(q, p, &since);
    if (!e)
        e = find_any(c, q->part[0], p, &d);
    if (e)
        return e;
    struct writes w = { .list = json_array() };
    e = w.list ? cmp_audit_each(c->env->db, d.iccid, since, put_write, &w) : ERR_NOMEM;
    if (!e)
        return http_json(p, 200,
                         json_pack("{s:s, s:i, s:o}", "iccid", d.iccid, "count", w.count, "writes", w.list));
    json_decref(w.list);
    return e;
}
