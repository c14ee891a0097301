/* Events for the platform: noted with what they tell of, delivered by the tick in their order until taken. */
#include "net_internal.h"

#include <stdio.h>


#define BACK_OFF_MAX (5 * CLOCK_MINUTE)
#define EVENTS_A_TICK 256
#define CALL_DEADLINE (10 * CLOCK_SECOND)

struct event {
    int64_t id, at, attempts, next_at;
    char iccid[ICCID_MAX + 1], name[32];
};

enum err outbox_put(struct network *n, const char *iccid, const char *event)
{
    return db_run(n->env->db,
                  "INSERT INTO outbox (id, iccid, event, at, attempts, next_at)"
                  " SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, 0, 0 FROM outbox",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(event), DB_INT(clock_now(n->env->clock))), NULL);
}

static enum err read_event(void *context, const struct db_row *r)
{
    struct event *v = context;
    v->id = db_int(r, 0);
    snprintf(v->iccid, sizeof v->iccid, "%s", db_text(r, 1));
    snprintf(v->name, sizeof v->name, "%s", db_text(r, 2));
    v->at = db_int(r, 3);
    v->attempts = db_int(r, 4);
    v->next_at = db_int(r, 5);
    return ERR_OK;
}

static enum err first_event(struct network *n, struct event *out)
{
    return db_query(n->env->db,
                    "SELECT id, iccid, event, at, attempts, next_at FROM outbox ORDER BY id LIMIT 1", NULL, 0,
                    read_event, out);
}

static enum err write_event(struct network *n, const struct event *v, struct buf *out)
{
    struct buf at = { .max = 32 };
    enum err e = clock_put_iso8601(&at, v->at);
    const char *time = e ? NULL : buf_cstr(&at);
    json_t *o = time ? json_pack("{s:s, s:s, s:s, s:s}", "iccid", v->iccid, "event", v->name, "at", time, "plmn",
                                 n->plmn)
                     : NULL;
    if (!e)
        e = o ? json_write(o, out) : ERR_NOMEM;
    json_decref(o);
    buf_release(&at);
    return e;
}

enum outcome { EVENT_TAKEN, EVENT_REFUSED, EVENT_LATER };

/* What waiting cannot mend is not repeated; a server that is down, busy or does not know us yet may change its mind. */
static enum outcome judge(enum err e, int status)
{
    if (e || status >= 500 || status == 401 || status == 403 || status == 408 || status == 425 || status == 429)
        return EVENT_LATER;
    return status >= 200 && status < 300 ? EVENT_TAKEN : EVENT_REFUSED;
}

/* ERR_CUT: this actor was killed while it called. */
static enum err deliver(struct network *n, const struct event *v, enum outcome *outcome)
{
    static const struct http_header json = { "Content-Type", "application/json" };
    struct buf url = { .max = 2048 }, body = { .max = 1024 };
    struct http_response p = HTTP_RESPONSE_INIT;
    enum err e = buf_printf(&url, "%s/v1/network-events", n->platform_url);
    if (!e)
        e = write_event(n, v, &body);
    const char *to = e ? NULL : buf_cstr(&url);
    if (!e && !to)
        e = ERR_NOMEM;
    if (!e) {
        const struct http_call call = { .method = "POST", .url = to, .headers = &json, .header_count = 1,
                                        .body = buf_span(&body), .deadline_ms = CALL_DEADLINE };
        enum err sent = http_send(n->env->http, &call, &p);
        *outcome = judge(sent, p.status);
        e = sent == ERR_CUT ? sent : ERR_OK;
    }
    buf_release(&url);
    buf_release(&body);
    http_response_release(&p);
    return e;
}

static enum err put_off(struct network *n, struct event *v)
{
    v->next_at = clock_now(n->env->clock) + clock_back_off(n->retry_ms, BACK_OFF_MAX, v->attempts);
    LOG(n->env->log, LOG_INFO, "event.put-off", F_TEXT("event", v->name), F_TEXT("iccid", v->iccid),
        F_INT("attempts", v->attempts + 1));
    return db_run(n->env->db, "UPDATE outbox SET attempts = attempts + 1, next_at = ? WHERE id = ?",
                  DB_ARGS(DB_INT(v->next_at), DB_INT(v->id)), NULL);
}

static enum err settle(struct network *n, struct event *v, enum outcome outcome)
{
    if (outcome == EVENT_LATER)
        return put_off(n, v);
    if (outcome == EVENT_REFUSED)
        LOG(n->env->log, LOG_WARN, "event.refused", F_TEXT("event", v->name), F_TEXT("iccid", v->iccid));
    return db_run(n->env->db, "DELETE FROM outbox WHERE id = ?", DB_ARGS(DB_INT(v->id)), NULL);
}

/* Delivers the first event when it is due; *next says when the tick is wanted again, CLOCK_NEVER for the next event. */
static enum err deliver_first(struct network *n, int64_t now, int64_t *next)
{
    struct event v;
    enum outcome outcome = EVENT_LATER;
    enum err e = first_event(n, &v);
    if (e)
        return e;
    if (v.next_at <= now)
        e = deliver(n, &v, &outcome);
    if (!e && v.next_at <= now)
        e = settle(n, &v, outcome);
    *next = v.next_at > now ? v.next_at : CLOCK_NEVER;
    return e;
}

int64_t network_tick(struct actor *a, int64_t now, enum err *e)
{
    struct network *n = (struct network *)a;
    int64_t next = CLOCK_NEVER;
    *e = ERR_OK;
    if (!n->platform_url)
        return CLOCK_NEVER;
    for (unsigned i = 0; i < EVENTS_A_TICK && !*e && next == CLOCK_NEVER; i++)
        *e = deliver_first(n, now, &next);
    if (*e == ERR_NOT_FOUND) {
        *e = ERR_OK;
        return CLOCK_NEVER;
    }
    return next == CLOCK_NEVER ? now : next;
}
