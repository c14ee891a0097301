/* What happened: kept for a while and numbered for each tenant, told to its webhooks and to who reads the stream of events. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

#define KEPT 10000          /* events of a tenant */

static const char *const names[] = {
    [EIM_EVENT_ORDER_ENDED] = "order.ended",
    [EIM_EVENT_STATE_CHANGE] = "euicc.stateChange",
    [EIM_EVENT_LAST_ERROR] = "euicc.lastError",
    [EIM_EVENT_LEFT] = "euicc.left",
};

const char *eim_event_name(enum eim_event kind)
{
    return (size_t)kind < COUNT(names) ? names[kind] : "unknown";
}

/* --- putting in ---------------------------------------------------------------------------------------- */

/* VALUES, not SELECT: a statement that may add many rows keeps a journal of its own; and one that returns rows, a table. */
static enum err keep(struct eim *e, const char *tenant, enum eim_event kind, const char *eid, const char *body)
{
    enum err x = db_run(e->env->db,
                        "INSERT INTO event (tenant, number, kind, eid, body)"
                        " VALUES (?1, (SELECT COALESCE(MAX(number), 0) + 1 FROM event WHERE tenant = ?1), ?2, ?3, ?4)",
                        DB_ARGS(DB_TEXT(tenant), DB_INT(kind), DB_TEXT(eid), DB_TEXT(body)), NULL);
    return x ? x
             : db_run(e->env->db,
                      "DELETE FROM event WHERE tenant = ?1 AND number <= (SELECT MAX(number) FROM event WHERE tenant = ?1) - ?2",
                      DB_ARGS(DB_TEXT(tenant), DB_INT(KEPT)), NULL);
}

static enum err write_event(struct eim *e, enum eim_event kind, json_t *data, struct buf *out)
{
    struct buf at = { .max = 32 };
    enum err x = clock_put_iso8601(&at, clock_now(e->env->clock));
    json_t *whole = x ? NULL : json_pack("{s:s, s:s, s:O}", "type", names[kind], "timestamp", buf_cstr(&at), "data", data);
    if (!x)
        x = whole ? json_write(whole, out) : ERR_NOMEM;
    json_decref(whole);
    buf_release(&at);
    return x;
}

enum err eim_event_add(struct eim *e, const char *tenant, enum eim_event kind, const char *eid, json_t *data)
{
    struct buf body = { .max = 128 << 10 };
    enum err x = data ? write_event(e, kind, data, &body) : ERR_NOMEM;
    if (!x)
        x = keep(e, tenant, kind, eid, buf_cstr(&body));
    if (!x)
        x = eim_webhooks_tell(e, tenant, kind, eid, buf_cstr(&body));
    if (!x)
        eim_streams_wake(e, tenant); /* they read when this transaction is over */
    json_decref(data);
    buf_release(&body);
    return x;
}

