/* What happened: kept for a while and numbered for each tenant, told to its webhooks, and read as server-sent events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

#define KEPT 10000          /* events of a tenant */
#define ANSWER_MAX (1 << 20) /* octets of one answer; who wants more asks again */
#define BATCH 1000           /* events of one answer */

static const char *const names[] = {
    [EIM_EVENT_ORDER_ENDED] = "order.ended",
    [EIM_EVENT_STATE_CHANGE] = "euicc.stateChange",
};

int eim_event_of(const char *name)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *eim_event_name(enum eim_event kind)
{
    return (size_t)kind < COUNT(names) ? names[kind] : "unknown";
}

/* --- putting in ---------------------------------------------------------------------------------------- */

static enum err keep(struct eim *e, const char *tenant, enum eim_event kind, const char *eid, const char *body)
{
    int64_t number = 0;
    enum err x = db_get_int(e->env->db,
                            "INSERT INTO event (tenant, number, kind, eid, body)"
                            " SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ? FROM event WHERE tenant = ? RETURNING number",
                            DB_ARGS(DB_TEXT(tenant), DB_INT(kind), DB_TEXT(eid), DB_TEXT(body), DB_TEXT(tenant)), &number);
    return x ? x
             : db_run(e->env->db, "DELETE FROM event WHERE tenant = ? AND number <= ?",
                      DB_ARGS(DB_TEXT(tenant), DB_INT(number - KEPT)), NULL);
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
    json_decref(data);
    buf_release(&body);
    return x;
}

/* --- reading ------------------------------------------------------------------------------------------- */

/* How an answer ends is how the next one begins: the reader comes back with the last id. So nobody holds more than one
 * bounded answer, however slowly he reads. */
struct reading {
    struct buf *out;
    size_t count;
    bool full;
};

static enum err put_event(void *context, const struct db_row *r)
{
    struct reading *to = context;
    const char *body = db_text(r, 2);
    to->full = to->full || to->out->len + strlen(body) + 200 > ANSWER_MAX;
    if (to->full)
        return ERR_OK;
    to->count++;
    return buf_printf(to->out, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)db_int(r, 0),
                      eim_event_name((enum eim_event)db_int(r, 1)), body);
}

static enum err put_events_after(struct eim *e, const char *tenant, int64_t after, struct buf *out)
{
    struct reading to = { .out = out };
    int64_t oldest = 0;
    enum err x = db_get_int(e->env->db, "SELECT number FROM event WHERE tenant = ? ORDER BY number LIMIT 1",
                            DB_ARGS(DB_TEXT(tenant)), &oldest);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    if (after < oldest - 1)
        x = buf_printf(out, "event: lost\ndata: {\"after\":%lld,\"before\":%lld}\n\n", (long long)after, (long long)oldest);
    if (!x)
        x = db_query(e->env->db, "SELECT number, kind, body FROM event WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?",
                     DB_ARGS(DB_TEXT(tenant), DB_INT(after), DB_INT(BATCH)), put_event, &to);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* Somebody new: from now on, with an id to come back with. */
static enum err put_beginning(struct eim *e, const char *tenant, struct buf *out)
{
    int64_t last = 0;
    enum err x = db_get_int(e->env->db, "SELECT COALESCE(MAX(number), 0) FROM event WHERE tenant = ?",
                            DB_ARGS(DB_TEXT(tenant)), &last);
    return x ? x : buf_printf(out, "id: %lld\n\n", (long long)last);
}

static enum err read_last_id(const char *text, int64_t *out)
{
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    return end != text && !*end && *out >= 0 && *out < INT64_MAX ? ERR_OK : ERR_PARSE;
}

enum err eim_read_events(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct buf out = { .max = ANSWER_MAX + 1024 };
    const char *last = http_header(q, "Last-Event-ID");
    int64_t after = 0;
    enum err x = eim_authorize(e, q, p, EIM_READ, &who);
    if (!x && last && read_last_id(last, &after))
        x = eim_problem(p, 400, "Last-Event-ID is wrong", "the id of an event is wanted");
    if (!x)
        x = buf_put_str(&out, "retry: 2000\n\n");
    if (!x)
        x = last ? put_events_after(e, who.tenant, after, &out) : put_beginning(e, who.tenant, &out);
    if (!x)
        x = http_text(p, 200, "text/event-stream", buf_span(&out));
    if (!x)
        x = http_response_add_header(p, "Cache-Control", "no-store");
    buf_release(&out);
    return x;
}
