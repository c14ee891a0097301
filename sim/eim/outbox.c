/* Callbacks and events: delivered by the tick, in order for each eUICC, until somebody says 2xx. A receiver that does not
 * answer is left alone for a while, whatever waits for it; one that answers and refuses a letter gets those of other eUICCs
 * meanwhile. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "webhook.h"

#define RETRY_FIRST (2 * CLOCK_SECOND)
#define RETRY_MOST (5 * CLOCK_MINUTE)
/* A letter that is older and was tried in vain so often is given up: both, since a clock may jump. */
#define GIVE_UP_AFTER (3 * CLOCK_DAY)
#define GIVE_UP_ATTEMPTS 100
#define GIVE_UP_AT_ONCE 1000 /* letters; the next failure goes on */
#define DEAD_MAX 1000        /* of a tenant; the oldest are forgotten */
#define PATIENCE_MS 10000 /* a slow receiver holds up the others no longer */

struct letter {
    int64_t id, receiver, attempts, deaf_attempts;
    char name[41], order[37], eid[33], url[513], tenant[EIM_TENANT_MAX + 1];
    struct buf body;      /* of an event; none and no order: news of the eUICC */
    struct secret secret; /* of the webhook at this URL; empty: what goes there is not signed */
    char why[40];         /* the last attempt failed */
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

enum err eim_outbox_receiver(struct eim *e, const char *tenant, const char *url, int64_t *out)
{
    static const char find[] = "SELECT id FROM receiver WHERE tenant = ? AND url = ?";
    const struct db_value names[] = { DB_TEXT(tenant), DB_TEXT(url) };
    enum err x = db_get_int(e->env->db, find, names, COUNT(names), out);
    if (x != ERR_NOT_FOUND)
        return x;
    x = db_run(e->env->db, "INSERT INTO receiver (tenant, url) VALUES (?, ?) ON CONFLICT DO NOTHING", names, COUNT(names), NULL);
    return x ? x : db_get_int(e->env->db, find, names, COUNT(names), out);
}

/* order: of a callback, whose body is made when it goes; else "" and the body of an event, or NULL for news of the eUICC. */
static enum err put_letter(struct eim *e, int64_t receiver, enum eim_event kind, const char *eid, const char *order,
                           const char *body)
{
    char name[37];
    enum err x = rng_uuid(e->env->rng, name);
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO letter (receiver, name, kind, eid, order_id, body, due, at, head) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
                   " ?7, NOT EXISTS (SELECT 1 FROM letter WHERE receiver = ?1 AND eid = ?4)",
                   DB_ARGS(DB_INT(receiver), DB_TEXT(name), DB_INT(kind), DB_TEXT(eid), DB_TEXT(order), DB_TEXT(body),
                           DB_INT(clock_now(e->env->clock))),
                   NULL);
    return x ? x : reckon(e, receiver);
}

enum err eim_outbox_add(struct eim *e, const struct eim_order *o)
{
    int64_t receiver = 0;
    enum err x = eim_outbox_receiver(e, o->tenant, o->callback, &receiver);
    return x ? x : put_letter(e, receiver, EIM_EVENT_ORDER_ENDED, o->eid, o->id, NULL);
}

/* A device that reports change after change is told of with the last one: what waits is bounded by the number of eUICCs. */
static enum err put_change(struct eim *e, int64_t receiver, enum eim_event kind, const char *eid, const char *body)
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db,
                        "UPDATE letter SET body = ? WHERE id = (SELECT max(id) FROM letter WHERE receiver = ? AND eid = ?)"
                        " AND kind = ? AND NOT head AND (body IS NULL) = ?",
                        DB_ARGS(DB_TEXT(body), DB_INT(receiver), DB_TEXT(eid), DB_INT(kind), DB_INT(body == NULL)),
                        &changed);
    return x || changed ? x : put_letter(e, receiver, kind, eid, "", body);
}

enum err eim_outbox_add_event(struct eim *e, int64_t receiver, enum eim_event kind, const char *eid, const char *body)
{
    return kind == EIM_EVENT_ORDER_ENDED ? put_letter(e, receiver, kind, eid, "", body) : put_change(e, receiver, kind, eid, body);
}

enum err eim_outbox_add_news(struct eim *e, const char *tenant, const char *url, const char *eid)
{
    int64_t receiver = 0;
    enum err x = eim_outbox_receiver(e, tenant, url, &receiver);
    return x ? x : put_change(e, receiver, EIM_EVENT_STATE_CHANGE, eid, NULL);
}

/* Somebody whom nothing waits for, and who is no webhook, is told of again when there is something. */
static enum err forget_receiver(struct eim *e, int64_t receiver)
{
    return db_run(e->env->db,
                  "DELETE FROM receiver WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM letter WHERE receiver = ?1)"
                  " AND NOT EXISTS (SELECT 1 FROM webhook WHERE receiver = ?1)",
                  DB_ARGS(DB_INT(receiver)), NULL);
}

enum err eim_outbox_drop_events(struct eim *e, int64_t receiver)
{
    enum err x = db_run(e->env->db, "DELETE FROM letter WHERE receiver = ? AND body IS NOT NULL", DB_ARGS(DB_INT(receiver)),
                        NULL);
    if (!x)
        x = db_run(e->env->db, "DELETE FROM dead_letter WHERE receiver = ? AND body IS NOT NULL", DB_ARGS(DB_INT(receiver)), NULL);
    if (!x)
        x = db_run(e->env->db,
                   "UPDATE letter SET head = 1 WHERE NOT head AND id IN"
                   " (SELECT min(id) FROM letter WHERE receiver = ? GROUP BY eid)",
                   DB_ARGS(DB_INT(receiver)), NULL);
    if (!x)
        x = reckon(e, receiver);
    return x ? x : forget_receiver(e, receiver);
}

/* --- taking out -------------------------------------------------------------------------------------- */

static enum err take_letter(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->id = db_int(r, 0);
    l->attempts = db_int(r, 1);
    snprintf(l->order, sizeof l->order, "%s", db_text(r, 2));
    snprintf(l->eid, sizeof l->eid, "%s", db_text(r, 3));
    snprintf(l->name, sizeof l->name, "%s", db_text(r, 5));
    return buf_set(&l->body, db_blob(r, 4));
}

static enum err take_receiver(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->receiver = db_int(r, 0);
    l->deaf_attempts = db_int(r, 1);
    snprintf(l->url, sizeof l->url, "%s", db_text(r, 2));
    snprintf(l->tenant, sizeof l->tenant, "%s", db_text(r, 3));
    return ERR_OK;
}

#define RECEIVERS "SELECT id, attempts, url, tenant FROM receiver WHERE next IS NOT NULL AND next <= ? AND "

/* Those that did not answer last time come after the others: a look at one of them may take long. */
static enum err next_receiver(struct eim *e, int64_t now, struct letter *l)
{
    enum err x = db_query(e->env->db, RECEIVERS "attempts = 0 ORDER BY next LIMIT 1", DB_ARGS(DB_INT(now)), take_receiver, l);
    return x != ERR_NOT_FOUND ? x
                              : db_query(e->env->db, RECEIVERS "attempts > 0 ORDER BY next LIMIT 1", DB_ARGS(DB_INT(now)),
                                         take_receiver, l);
}

static enum err next_letter(struct eim *e, int64_t now, struct letter *l)
{
    struct db *db = e->env->db;
    *l = (struct letter){ .body.max = 128 << 10 };
    enum err x = next_receiver(e, now, l);
    if (!x)
        x = db_query(db,
                     "SELECT id, attempts, order_id, eid, body, name FROM letter WHERE receiver = ? AND head AND due <= ?"
                     " ORDER BY due, id LIMIT 1",
                     DB_ARGS(DB_INT(l->receiver), DB_INT(now)), take_letter, l);
    return x;
}

static void letter_release(struct letter *l)
{
    secret_release(&l->secret);
    buf_release(&l->body);
}

static enum delivery judge(enum err x, int status)
{
    if (x || status / 100 == 5 || status == 429)
        return DEAF;
    return status / 100 == 2 ? DELIVERED : REFUSED;
}

/* The order or the eUICC as it is now. ERR_NOT_FOUND: the eUICC left the tenant that was to hear of it. */
static enum err write_body(struct eim *e, struct letter *l)
{
    struct eim_order o;
    struct eim_euicc u;
    eim_order_init(&o);
    eim_euicc_init(&u);
    enum err x = l->order[0] ? eim_order_get(e, l->order, &o) : eim_euicc_get(e, l->eid, &u);
    if (!x && !l->order[0] && strcmp(u.tenant, l->tenant) != 0)
        x = ERR_NOT_FOUND;
    json_t *json = x ? NULL : l->order[0] ? eim_order_json(e, &o) : eim_euicc_json(e, &u);
    if (!x)
        x = json ? json_write(json, &l->body) : ERR_NOMEM;
    json_decref(json);
    eim_order_release(&o);
    eim_euicc_release(&u);
    return x;
}

static enum err post(struct eim *e, const struct letter *l, struct http_response *answer)
{
    struct http_header headers[1 + WEBHOOK_HEADERS] = { { "Content-Type", "application/json" } };
    struct webhook_signature signature = { .id = "" };
    enum err x = ERR_OK;
    if (l->secret.len)
        x = webhook_sign(e->env->crypto, secret_span(&l->secret), l->name, clock_now(e->env->clock), buf_span(&l->body),
                         &signature);
    if (x)
        return x;
    webhook_headers(&signature, &headers[1]);
    const struct http_call call = { .method = "POST", .url = l->url, .headers = headers,
                                    .header_count = l->secret.len ? COUNT(headers) : 1, .body = buf_span(&l->body),
                                    .deadline_ms = PATIENCE_MS };
    return http_send(e->env->http, &call, answer);
}

void eim_origin(const char *url, char out[EIM_ORIGIN_MAX])
{
    static const char scheme[] = "https://";
    size_t len = sizeof scheme - 1 + (strlen(url) >= sizeof scheme - 1 ? strcspn(url + sizeof scheme - 1, "/?") : 0);
    snprintf(out, EIM_ORIGIN_MAX, "%.*s", (int)(len < EIM_ORIGIN_MAX ? len : EIM_ORIGIN_MAX - 1), url);
}

static void say_failure(struct eim *e, struct letter *l, enum err x, int status)
{
    char where[EIM_ORIGIN_MAX];
    eim_origin(l->url, where);
    if (x)
        snprintf(l->why, sizeof l->why, "%s", x == ERR_VERIFY ? "its TLS certificate was refused" : "no answer");
    else
        snprintf(l->why, sizeof l->why, "HTTP %d", status);
    LOG(e->env->log, LOG_WARN, "callback.failed", F_TEXT("to", where), F_TEXT("letter", l->name), F_TEXT("order", l->order),
        F_TEXT("eid", l->eid), F_TEXT("err", err_name(x)), F_INT("status", status));
}

/* A failure of the wire is no failure of ours: it is tried again. */
static enum delivery deliver(struct eim *e, struct letter *l)
{
    struct http_response answer = HTTP_RESPONSE_INIT;
    enum err x = eim_webhook_secret(e, l->receiver, &l->secret); /* nothing goes unsigned that is to be signed */
    if (x == ERR_VERIFY && !l->deaf_attempts)
        LOG(e->env->log, LOG_ERROR, "webhook.unreadable", F_TEXT("url", l->url),
            F_TEXT("why", "its secret does not open: the storage-key was changed or the row is damaged; put the former storage-key back, "
                          "or delete the webhook and make it again"));
    if (!x && !l->body.len)
        x = write_body(e, l);
    bool moot = x == ERR_NOT_FOUND;
    if (!x)
        x = post(e, l, &answer);
    enum delivery d = moot ? DELIVERED : judge(x, answer.status);
    if (d != DELIVERED)
        say_failure(e, l, x, answer.status);
    http_response_release(&answer);
    return d;
}

/* The next of the same eUICC comes to the head. */
static enum err take_out(struct eim *e, int64_t id, int64_t receiver, const char *eid)
{
    enum err x = db_run(e->env->db, "DELETE FROM letter WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
    return x ? x
             : db_run(e->env->db,
                      "UPDATE letter SET head = 1 WHERE id = (SELECT min(id) FROM letter WHERE receiver = ? AND eid = ?)",
                      DB_ARGS(DB_INT(receiver), DB_TEXT(eid)), NULL);
}

static enum err remove_letter(struct eim *e, const struct letter *l)
{
    enum err x = take_out(e, l->id, l->receiver, l->eid);
    return x ? x
             : db_run(e->env->db, "UPDATE receiver SET deaf_until = 0, attempts = 0 WHERE id = ? AND attempts > 0",
                      DB_ARGS(DB_INT(l->receiver)), NULL);
}

/* --- giving up ---------------------------------------------------------------------------------------------- */

static enum err forget_the_oldest(struct eim *e, int64_t receiver)
{
    return db_run(e->env->db,
                  "DELETE FROM dead_letter WHERE tenant = (SELECT tenant FROM receiver WHERE id = ?1) AND number <="
                  " (SELECT number FROM dead_letter WHERE tenant = (SELECT tenant FROM receiver WHERE id = ?1)"
                  " ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                  DB_ARGS(DB_INT(receiver), DB_INT(DEAD_MAX)), NULL);
}

static enum err give_up(struct eim *e, const struct letter *l)
{
    enum err x = db_run(e->env->db,
                        "INSERT INTO dead_letter (tenant, receiver, name, kind, eid, order_id, body, at, given_up, attempts, why)"
                        " SELECT r.tenant, r.id, l.name, l.kind, l.eid, l.order_id, l.body, l.at, ?, max(l.attempts, r.attempts), ?"
                        " FROM letter l JOIN receiver r ON r.id = l.receiver WHERE l.id = ?",
                        DB_ARGS(DB_INT(clock_now(e->env->clock)), DB_TEXT(l->why), DB_INT(l->id)), NULL);
    if (!x)
        x = take_out(e, l->id, l->receiver, l->eid);
    if (!x)
        LOG(e->env->log, LOG_WARN, "callback.given_up", F_TEXT("letter", l->name), F_TEXT("order", l->order), F_TEXT("eid", l->eid),
            F_TEXT("why", l->why));
    return x;
}

static enum err take_old(void *context, const struct db_row *r)
{
    struct letter *l = context;
    l->id = db_int(r, 0);
    snprintf(l->name, sizeof l->name, "%s", db_text(r, 1));
    snprintf(l->order, sizeof l->order, "%s", db_text(r, 2));
    snprintf(l->eid, sizeof l->eid, "%s", db_text(r, 3));
    return ERR_OK;
}

/* Of a receiver that did not answer, all that waits too long; of one that refused a letter, this one. */
static enum err give_up_old(struct eim *e, int64_t now, const struct letter *failed, enum delivery d)
{
    struct letter l = { .receiver = failed->receiver };
    enum err x = ERR_OK;
    int64_t attempts = 1 + (d == DEAF ? failed->deaf_attempts : failed->attempts);
    int count = 0;
    snprintf(l.why, sizeof l.why, "%s", failed->why);
    for (; !x && attempts >= GIVE_UP_ATTEMPTS && count < (d == DEAF ? GIVE_UP_AT_ONCE : 1); count++) {
        x = db_query(e->env->db,
                     "SELECT id, name, order_id, eid FROM letter WHERE receiver = ?1 AND at <= ?2 AND (?3 = 0 OR id = ?3)"
                     " ORDER BY at LIMIT 1",
                     DB_ARGS(DB_INT(l.receiver), DB_INT(now - GIVE_UP_AFTER), DB_INT(d == DEAF ? 0 : failed->id)), take_old, &l);
        if (!x)
            x = give_up(e, &l);
    }
    x = x == ERR_NOT_FOUND ? ERR_OK : x;
    return x || !count ? x : forget_the_oldest(e, l.receiver);
}

static enum err note_failure(struct eim *e, int64_t now, const struct letter *l, enum delivery d)
{
    enum err x = db_run(e->env->db, "UPDATE letter SET why = ? WHERE id = ?", DB_ARGS(DB_TEXT(l->why), DB_INT(l->id)), NULL);
    if (!x && d == DEAF)
        x = db_run(e->env->db, "UPDATE receiver SET attempts = attempts + 1, deaf_until = ? WHERE id = ?",
                   DB_ARGS(DB_INT(now + clock_back_off(RETRY_FIRST, RETRY_MOST, l->deaf_attempts)), DB_INT(l->receiver)), NULL);
    else if (!x)
        x = db_run(e->env->db, "UPDATE letter SET attempts = attempts + 1, due = ? WHERE id = ?",
                   DB_ARGS(DB_INT(now + clock_back_off(RETRY_FIRST, RETRY_MOST, l->attempts)), DB_INT(l->id)), NULL);
    return x ? x : give_up_old(e, now, l, d);
}

static enum err note_outcome(struct eim *e, int64_t now, const struct letter *l, enum delivery d)
{
    return d == DELIVERED ? remove_letter(e, l) : note_failure(e, now, l, d);
}

/* The pause begins when the attempt has ended. */
static enum err settle(struct eim *e, const struct letter *l, enum delivery d)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = note_outcome(e, clock_now(e->env->clock), l, d);
    if (!x)
        x = reckon(e, l->receiver);
    return db_end(e->env->db, x || d != DELIVERED ? x : forget_receiver(e, l->receiver));
}

static enum err when_next(struct eim *e, int64_t *next)
{
    return db_get_int(e->env->db,
                      "SELECT min(next) FROM (SELECT min(next) AS next FROM receiver WHERE next IS NOT NULL AND attempts = 0"
                      " UNION ALL SELECT min(next) FROM receiver WHERE next IS NOT NULL AND attempts > 0)"
                      " HAVING min(next) IS NOT NULL",
                      NULL, 0, next);
}

enum err eim_outbox_deliver(struct eim *e, int64_t now, int64_t *next)
{
    struct letter l;
    enum err x = ERR_OK;
    bool still_deaf = false; /* that took its time; the actor has other things to do, and comes back at once */
    while (!x && !still_deaf) {
        x = next_letter(e, now, &l);
        if (!x) {
            enum delivery d = deliver(e, &l);
            still_deaf = d == DEAF && l.deaf_attempts > 0;
            x = settle(e, &l, d);
        }
        letter_release(&l);
    }
    *next = CLOCK_NEVER;
    if (!x || x == ERR_NOT_FOUND)
        x = when_next(e, next);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* Scans what waits; nothing else asks for this. */
static enum err waits_too_long(struct eim *e, int64_t now, int64_t *some)
{
    return db_get_int(e->env->db,
                      "SELECT EXISTS (SELECT 1 FROM letter WHERE due > ?1) OR EXISTS (SELECT 1 FROM receiver WHERE deaf_until > ?1)",
                      DB_ARGS(DB_INT(now + RETRY_MOST)), some);
}

static enum err end_pauses(struct eim *e, int64_t now)
{
    struct db *db = e->env->db;
    enum err x = db_run(db, "UPDATE letter SET due = ?1 WHERE due > ?1 + ?2", DB_ARGS(DB_INT(now), DB_INT(RETRY_MOST)), NULL);
    if (!x)
        x = db_run(db, "UPDATE receiver SET deaf_until = ?1 WHERE deaf_until > ?1 + ?2", DB_ARGS(DB_INT(now), DB_INT(RETRY_MOST)), NULL);
    return x ? x
             : db_run(db,
                      "UPDATE receiver SET next = (SELECT max(min(due), receiver.deaf_until) FROM letter"
                      " WHERE receiver = receiver.id AND head) WHERE next > ?",
                      DB_ARGS(DB_INT(now)), NULL);
}

enum err eim_outbox_follow_clock(struct eim *e, int64_t now)
{
    int64_t some = 0;
    enum err x = waits_too_long(e, now, &some);
    if (x || !some)
        return x;
    x = db_begin(e->env->db);
    return x ? x : db_end(e->env->db, end_pauses(e, now));
}

/* --- by hand -------------------------------------------------------------------------------------------------- */

struct place {
    int64_t id, receiver;
    char eid[33];
};

static enum err take_place(void *context, const struct db_row *r)
{
    struct place *p = context;
    *p = (struct place){ .id = db_int(r, 0), .receiver = db_int(r, 1) };
    snprintf(p->eid, sizeof p->eid, "%s", db_text(r, 2));
    return ERR_OK;
}

static enum err find_waiting(struct eim *e, const char *tenant, const char *name, struct place *out)
{
    return db_query(e->env->db,
                    "SELECT l.id, l.receiver, l.eid FROM letter l JOIN receiver r ON r.id = l.receiver"
                    " WHERE l.name = ? AND r.tenant = ?",
                    DB_ARGS(DB_TEXT(name), DB_TEXT(tenant)), take_place, out);
}

/* Behind what waits for the same eUICC there. */
static enum err revive(struct eim *e, const char *tenant, const char *name)
{
    struct place p;
    int64_t now = clock_now(e->env->clock);
    enum err x = db_query(e->env->db, "SELECT number, receiver, eid FROM dead_letter WHERE name = ? AND tenant = ?",
                          DB_ARGS(DB_TEXT(name), DB_TEXT(tenant)), take_place, &p);
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO letter (receiver, name, kind, eid, order_id, body, due, at, head) SELECT receiver, name, kind, eid,"
                   " order_id, body, ?1, ?1, NOT EXISTS (SELECT 1 FROM letter l WHERE l.receiver = d.receiver AND l.eid = d.eid)"
                   " FROM dead_letter d WHERE number = ?2",
                   DB_ARGS(DB_INT(now), DB_INT(p.id)), NULL);
    return x ? x : db_run(e->env->db, "DELETE FROM dead_letter WHERE number = ?", DB_ARGS(DB_INT(p.id)), NULL);
}

enum err eim_outbox_repeat(struct eim *e, const char *tenant, const char *name)
{
    struct place p = { .id = 0 };
    int64_t now = clock_now(e->env->clock);
    enum err x = revive(e, tenant, name);
    if (!x || x == ERR_NOT_FOUND)
        x = find_waiting(e, tenant, name, &p);
    if (!x)
        x = db_run(e->env->db, "UPDATE letter SET due = ? WHERE id = ?", DB_ARGS(DB_INT(now), DB_INT(p.id)), NULL);
    if (!x)
        x = db_run(e->env->db, "UPDATE receiver SET deaf_until = ?1 WHERE id = ?2 AND deaf_until > ?1",
                   DB_ARGS(DB_INT(now), DB_INT(p.receiver)), NULL);
    return x ? x : reckon(e, p.receiver);
}

enum err eim_outbox_forget(struct eim *e, const char *tenant, const char *name)
{
    struct place p;
    int64_t dead = 0;
    enum err x = db_run(e->env->db, "DELETE FROM dead_letter WHERE name = ? AND tenant = ?", DB_ARGS(DB_TEXT(name), DB_TEXT(tenant)),
                        &dead);
    if (x || dead)
        return x;
    x = find_waiting(e, tenant, name, &p);
    if (!x)
        x = take_out(e, p.id, p.receiver, p.eid);
    return x ? x : reckon(e, p.receiver);
}
