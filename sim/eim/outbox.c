/* Callbacks: delivered by the tick, in order for each eUICC, until somebody says 2xx. */
#include <stdio.h>

#include "eim_internal.h"
#include "json.h"

#define RETRY_FIRST (2 * CLOCK_SECOND)
#define RETRY_MOST (5 * CLOCK_MINUTE)

struct letter {
    int64_t id, attempts;
    char order[37], url[513];
};

static enum err take_letter(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->id = db_int(r, 0);
    l->attempts = db_int(r, 1);
    snprintf(l->order, sizeof l->order, "%s", db_text(r, 2));
    snprintf(l->url, sizeof l->url, "%s", db_text(r, 3));
    return ERR_OK;
}

/* True when the receiver has it. A failure of the wire is no failure of ours: it is tried again. */
static bool deliver(struct eim *e, const struct letter *l)
{
    struct eim_order o;
    struct buf body = { .max = 128 << 10 };
    struct http_response answer = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", "application/json" } };
    eim_order_init(&o);
    enum err x = eim_order_get(e, l->order, &o);
    json_t *json = x ? NULL : eim_order_json(e, &o);
    if (!x)
        x = json ? json_write(json, &body) : ERR_NOMEM;
    const struct http_call call = { .method = "POST", .url = l->url, .headers = headers,
                                    .header_count = COUNT(headers), .body = buf_span(&body) };
    if (!x)
        x = http_send(e->env->http, &call, &answer);
    bool taken = !x && answer.status / 100 == 2;
    if (!taken)
        LOG(e->env->log, LOG_WARN, "callback.failed", F_TEXT("order", l->order), F_TEXT("err", err_name(x)),
            F_INT("status", answer.status));
    json_decref(json);
    http_response_release(&answer);
    buf_release(&body);
    eim_order_release(&o);
    return taken;
}

/* The oldest letter of each eUICC: the later ones wait for it. */
#define HEADS "FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM outbox p WHERE p.eid = o.eid AND p.id < o.id) "

enum err eim_outbox_deliver(struct eim *e, int64_t now, int64_t *next)
{
    struct db *db = e->env->db;
    struct letter l;
    enum err x;
    while (!(x = db_query(db, "SELECT id, attempts, order_id, url " HEADS "AND due <= ? ORDER BY due, id LIMIT 1",
                          DB_ARGS(DB_INT(now)), take_letter, &l))) {
        if (deliver(e, &l))
            x = db_run(db, "DELETE FROM outbox WHERE id = ?", DB_ARGS(DB_INT(l.id)), NULL);
        else
            x = db_run(db, "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE id = ?",
                       DB_ARGS(DB_INT(now + clock_back_off(RETRY_FIRST, RETRY_MOST, l.attempts)), DB_INT(l.id)), NULL);
        if (x)
            return x;
    }
    *next = CLOCK_NEVER;
    if (x == ERR_NOT_FOUND)
        x = db_get_int(db, "SELECT due " HEADS "ORDER BY due LIMIT 1", NULL, 0, next);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}
