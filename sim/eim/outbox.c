/* Callbacks: delivered by the tick, in order for each eUICC, until somebody says 2xx. A receiver that does not answer is left
 * alone for a while, whatever waits for it; one that answers and refuses a letter gets those of other eUICCs meanwhile. */
#include <stdio.h>

#include "eim_internal.h"
#include "json.h"

#define RETRY_FIRST (2 * CLOCK_SECOND)
#define RETRY_MOST (5 * CLOCK_MINUTE)
#define PATIENCE_MS 10000 /* a slow receiver holds up the others no longer */

struct letter {
    int64_t id, receiver, attempts, deaf_attempts;
    char order[37], eid[33], url[513]; /* order "": news of the eUICC */
};
enum delivery { DELIVERED, REFUSED, DEAF };

/* --- putting in -------------------------------------------------------------------------------------- */

/* When the receiver is next worth trying. */
static enum err reckon(struct eim *e, int64_t receiver)
{
    return db_run(e->env->db,
                  "UPDATE receiver SET next = (SELECT max(min(due), receiver.deaf_until) FROM letter"
                  " WHERE receiver = receiver.id AND head) WHERE id = ?",
                  DB_ARGS(DB_INT(receiver)), NULL);
}

static enum err find_receiver(struct eim *e, const char *url, int64_t *out)
{
    return db_get_int(e->env->db,
                      "INSERT INTO receiver (tenant, url) VALUES ('', ?)"
                      " ON CONFLICT (tenant, url) DO UPDATE SET url = excluded.url RETURNING id",
                      DB_ARGS(DB_TEXT(url)), out);
}

enum err eim_outbox_add(struct eim *e, const char *url, const char *eid, const char *order_id)
{
    int64_t receiver = 0;
    enum err x = find_receiver(e, url, &receiver);
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO letter (receiver, eid, order_id, due, head) SELECT ?, ?, ?, ?,"
                   " NOT EXISTS (SELECT 1 FROM letter WHERE receiver = ? AND eid = ?)",
                   DB_ARGS(DB_INT(receiver), DB_TEXT(eid), DB_TEXT(order_id), DB_INT(clock_now(e->env->clock)),
                           DB_INT(receiver), DB_TEXT(eid)), NULL);
    return x ? x : reckon(e, receiver);
}

/* --- taking out -------------------------------------------------------------------------------------- */

static enum err take_letter(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->id = db_int(r, 0);
    l->attempts = db_int(r, 1);
    snprintf(l->order, sizeof l->order, "%s", db_text(r, 2));
    snprintf(l->eid, sizeof l->eid, "%s", db_text(r, 3));
    return ERR_OK;
}

static enum err take_receiver(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->receiver = db_int(r, 0);
    l->deaf_attempts = db_int(r, 1);
    snprintf(l->url, sizeof l->url, "%s", db_text(r, 2));
    return ERR_OK;
}

static enum err next_letter(struct eim *e, int64_t now, struct letter *l)
{
    *l = (struct letter){ 0 };
    enum err x = db_query(e->env->db,
                          "SELECT id, attempts, url FROM receiver WHERE next <= ? AND next IS NOT NULL ORDER BY next LIMIT 1",
                          DB_ARGS(DB_INT(now)), take_receiver, l);
    return x ? x
             : db_query(e->env->db,
                        "SELECT id, attempts, order_id, eid FROM letter WHERE receiver = ? AND head AND due <= ?"
                        " ORDER BY due, id LIMIT 1",
                        DB_ARGS(DB_INT(l->receiver), DB_INT(now)), take_letter, l);
}

static enum delivery judge(enum err x, int status)
{
    if (x || status / 100 == 5 || status == 429)
        return DEAF;
    return status / 100 == 2 ? DELIVERED : REFUSED;
}

static enum err put_body(struct eim *e, const struct letter *l, struct buf *body)
{
    struct eim_order o;
    struct eim_euicc u;
    eim_order_init(&o);
    eim_euicc_init(&u);
    enum err x = l->order[0] ? eim_order_get(e, l->order, &o) : eim_euicc_get(e, l->eid, &u);
    json_t *json = x ? NULL : l->order[0] ? eim_order_json(e, &o) : eim_euicc_json(&u);
    if (!x)
        x = json ? json_write(json, body) : ERR_NOMEM;
    json_decref(json);
    eim_order_release(&o);
    eim_euicc_release(&u);
    return x;
}

/* A failure of the wire is no failure of ours: it is tried again. */
static enum delivery deliver(struct eim *e, const struct letter *l)
{
    struct buf body = { .max = 128 << 10 };
    struct http_response answer = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", "application/json" } };
    enum err x = put_body(e, l, &body);
    const struct http_call call = { .method = "POST", .url = l->url, .headers = headers, .header_count = COUNT(headers),
                                    .body = buf_span(&body), .deadline_ms = PATIENCE_MS };
    if (!x)
        x = http_send(e->env->http, &call, &answer);
    enum delivery d = judge(x, answer.status);
    if (d != DELIVERED)
        LOG(e->env->log, LOG_WARN, "callback.failed", F_TEXT("order", l->order), F_TEXT("err", err_name(x)),
            F_INT("status", answer.status));
    http_response_release(&answer);
    buf_release(&body);
    return d;
}

/* The next of the same eUICC comes to the head. */
static enum err remove_letter(struct eim *e, const struct letter *l)
{
    enum err x = db_run(e->env->db, "DELETE FROM letter WHERE id = ?", DB_ARGS(DB_INT(l->id)), NULL);
    if (!x)
        x = db_run(e->env->db,
                   "UPDATE letter SET head = 1 WHERE id = (SELECT min(id) FROM letter WHERE receiver = ? AND eid = ?)",
                   DB_ARGS(DB_INT(l->receiver), DB_TEXT(l->eid)), NULL);
    return x ? x
             : db_run(e->env->db, "UPDATE receiver SET deaf_until = 0, attempts = 0 WHERE id = ? AND attempts > 0",
                      DB_ARGS(DB_INT(l->receiver)), NULL);
}

static enum err note_outcome(struct eim *e, int64_t now, const struct letter *l, enum delivery d)
{
    if (d == DELIVERED)
        return remove_letter(e, l);
    if (d == DEAF)
        return db_run(e->env->db, "UPDATE receiver SET attempts = attempts + 1, deaf_until = ? WHERE id = ?",
                      DB_ARGS(DB_INT(now + clock_back_off(RETRY_FIRST, RETRY_MOST, l->deaf_attempts)),
                              DB_INT(l->receiver)), NULL);
    return db_run(e->env->db, "UPDATE letter SET attempts = attempts + 1, due = ? WHERE id = ?",
                  DB_ARGS(DB_INT(now + clock_back_off(RETRY_FIRST, RETRY_MOST, l->attempts)), DB_INT(l->id)), NULL);
}

static enum err settle(struct eim *e, int64_t now, const struct letter *l, enum delivery d)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = note_outcome(e, now, l, d);
    return db_end(e->env->db, x ? x : reckon(e, l->receiver));
}

enum err eim_outbox_deliver(struct eim *e, int64_t now, int64_t *next)
{
    struct letter l;
    enum err x = ERR_OK;
    while (!x) {
        x = next_letter(e, now, &l);
        if (!x)
            x = settle(e, now, &l, deliver(e, &l));
    }
    *next = CLOCK_NEVER;
    if (x == ERR_NOT_FOUND)
        x = db_get_int(e->env->db, "SELECT next FROM receiver WHERE next IS NOT NULL ORDER BY next LIMIT 1", NULL, 0, next);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}
