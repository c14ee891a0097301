#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

const char *const eim_migrations[] = {
    "CREATE TABLE euicc ("
    " eid TEXT PRIMARY KEY, certificate BLOB NOT NULL, eum_certificate BLOB NOT NULL,"
    " counter INTEGER NOT NULL DEFAULT 0, last_contact INTEGER NOT NULL DEFAULT 0,"
    " state_change_cause INTEGER NOT NULL DEFAULT -1, rplmn TEXT NOT NULL DEFAULT '', profiles TEXT);"
    "CREATE TABLE orders ("
    " number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, reference TEXT NOT NULL UNIQUE, eid TEXT NOT NULL,"
    " kind INTEGER NOT NULL, state INTEGER NOT NULL, iccid TEXT NOT NULL, callback TEXT NOT NULL,"
    " rollback INTEGER NOT NULL, created INTEGER NOT NULL, valid_until INTEGER NOT NULL, counter INTEGER NOT NULL,"
    " refused INTEGER NOT NULL, transaction_id BLOB, activation_code BLOB, message BLOB, result TEXT);"
    /* Only what is still to be done is indexed by eUICC: a poll costs the same however long the history is. */
    "CREATE INDEX orders_open ON orders (eid, state DESC, number) WHERE state < 2;"
    "CREATE INDEX orders_by_transaction ON orders (transaction_id) WHERE transaction_id IS NOT NULL;"
    "CREATE TABLE outbox ("
    " id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, url TEXT NOT NULL, due INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX outbox_by_due ON outbox (due, id);",
    "CREATE TABLE relay ("
    " transaction_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX relay_by_age ON relay (at);",
    "ALTER TABLE outbox ADD COLUMN eid TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX outbox_by_eid ON outbox (eid, id);",
    "ALTER TABLE orders ADD COLUMN installation BLOB;"
    "CREATE INDEX orders_by_installation ON orders (installation) WHERE installation IS NOT NULL;",
    "ALTER TABLE orders ADD COLUMN parameters TEXT;"
    "ALTER TABLE euicc ADD COLUMN token INTEGER;",
    /* Who is told, and when it is next worth trying; NULL: nothing waits. A letter that may go is a head: the oldest for its
     * receiver and eUICC. What waits behind heads, or for a deaf receiver, is in no index that a look for work reads. */
    "CREATE TABLE receiver ("
    " id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, url TEXT NOT NULL, deaf_until INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0, next INTEGER, UNIQUE (tenant, url));"
    "CREATE INDEX receiver_by_next ON receiver (next) WHERE next IS NOT NULL;"
    "INSERT INTO receiver (tenant, url) SELECT DISTINCT '', url FROM outbox;"
    "CREATE TABLE letter ("
    " id INTEGER PRIMARY KEY, receiver INTEGER NOT NULL, eid TEXT NOT NULL, order_id TEXT NOT NULL,"
    " head INTEGER NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);"
    "INSERT INTO letter (id, receiver, eid, order_id, head, due, attempts)"
    " SELECT o.id, r.id, o.eid, o.order_id, NOT EXISTS (SELECT 1 FROM outbox p WHERE p.eid = o.eid AND p.id < o.id),"
    " o.due, o.attempts FROM outbox o JOIN receiver r ON r.url = o.url;"
    "DROP TABLE outbox;"
    "CREATE INDEX letter_by_eid ON letter (receiver, eid, id);"
    "CREATE INDEX letter_heads ON letter (receiver, due, id) WHERE head;"
    "UPDATE receiver SET next = (SELECT min(due) FROM letter WHERE receiver = receiver.id AND head);",
    "ALTER TABLE euicc ADD COLUMN callback TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE orders ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE orders ADD COLUMN postponed INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE euicc ADD COLUMN signing BLOB;",
    "ALTER TABLE relay ADD COLUMN smds INTEGER NOT NULL DEFAULT 0;",
};
const size_t eim_migration_count = COUNT(eim_migrations);

static const char *const state_names[] = {
    [EIM_QUEUED] = "queued",  [EIM_SENT] = "sent",       [EIM_DONE] = "done",
    [EIM_FAILED] = "failed",  [EIM_EXPIRED] = "expired", [EIM_CANCELLED] = "cancelled",
};
const char *eim_order_state_name(enum eim_order_state s)
{
    return (size_t)s < COUNT(state_names) ? state_names[s] : "unknown";
}

void eim_order_init(struct eim_order *o)
{
    *o = (struct eim_order){ .activation_code.max = 1024, .message.max = 64 << 10, .result.max = 64 << 10 };
}

void eim_order_release(struct eim_order *o)
{
    if (o->activation_code.at)
        memory_clear(o->activation_code.at, o->activation_code.len);
    json_decref(o->parameters);
    buf_release(&o->activation_code);
    buf_release(&o->message);
    buf_release(&o->result);
}

void eim_euicc_init(struct eim_euicc *u)
{
    *u = (struct eim_euicc){ .token = -1, .certificate.max = 4096, .eum_certificate.max = 4096, .profiles.max = 64 << 10 };
}

void eim_euicc_release(struct eim_euicc *u)
{
    buf_release(&u->certificate);
    buf_release(&u->eum_certificate);
    buf_release(&u->profiles);
}

/* --- eUICCs ---------------------------------------------------------------------------------------- */

enum err eim_euicc_add(struct eim *e, const struct eim_euicc *u)
{
    return db_run(e->env->db, "INSERT INTO euicc (eid, certificate, eum_certificate, counter, token, callback, signing) VALUES (?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(u->eid), DB_BLOB(buf_span(&u->certificate)), DB_BLOB(buf_span(&u->eum_certificate)),
                          DB_INT(u->counter), u->token < 0 ? DB_NULL : DB_INT(u->token), DB_TEXT(u->callback),
                          DB_BLOB(SPAN_ARRAY(e->signing[0].id))),
                  NULL);
}

enum err eim_euicc_set_callback(struct eim *e, const char *eid, const char *callback)
{
    return db_run(e->env->db, "UPDATE euicc SET callback = ? WHERE eid = ?", DB_ARGS(DB_TEXT(callback), DB_TEXT(eid)),
                  NULL);
}

enum err eim_euicc_set_certificates(struct eim *e, const struct eim_euicc *u)
{
    return db_run(e->env->db,
                  "UPDATE euicc SET certificate = ?, eum_certificate = ? WHERE eid = ? AND length(certificate) = 0",
                  DB_ARGS(DB_BLOB(buf_span(&u->certificate)), DB_BLOB(buf_span(&u->eum_certificate)), DB_TEXT(u->eid)),
                  NULL);
}

static enum err take_euicc(void *context, const struct db_row *r)
{
    struct eim_euicc *u = context;
    snprintf(u->eid, sizeof u->eid, "%s", db_text(r, 0));
    u->counter = db_int(r, 1);
    u->last_contact = db_int(r, 2);
    u->state_change_cause = db_int(r, 3);
    snprintf(u->rplmn, sizeof u->rplmn, "%s", db_text(r, 4));
    enum err x = buf_set(&u->certificate, db_blob(r, 5));
    if (!x)
        x = buf_set(&u->eum_certificate, db_blob(r, 6));
    snprintf(u->callback, sizeof u->callback, "%s", db_text(r, 8));
    return x ? x : buf_set(&u->profiles, span_str(db_text(r, 7)));
}

enum err eim_euicc_get(struct eim *e, const char *eid, struct eim_euicc *out)
{
    return db_query(e->env->db,
                    "SELECT eid, counter, last_contact, state_change_cause, rplmn, certificate, eum_certificate,"
                    " profiles, callback FROM euicc WHERE eid = ?",
                    DB_ARGS(DB_TEXT(eid)), take_euicc, out);
}

static enum err seen(struct eim *e, const char *eid, int64_t cause, const char *rplmn)
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db,
                        "UPDATE euicc SET last_contact = ?, state_change_cause ="
                        " CASE WHEN ? >= 0 THEN ? ELSE state_change_cause END,"
                        " rplmn = CASE WHEN ? <> '' THEN ? ELSE rplmn END WHERE eid = ?",
                        DB_ARGS(DB_INT(clock_now(e->env->clock)), DB_INT(cause), DB_INT(cause), DB_TEXT(rplmn),
                                DB_TEXT(rplmn), DB_TEXT(eid)),
                        &changed);
    return x ? x : changed ? ERR_OK : ERR_NOT_FOUND;
}

/* Whoever asked to hear of this eUICC's changes gets a letter. */
static enum err put_news(struct eim *e, const char *eid)
{
    struct buf url = { .max = 512 };
    enum err x = db_get(e->env->db, "SELECT callback FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), &url);
    if (!x && url.len)
        x = eim_outbox_add(e, buf_cstr(&url), eid, "");
    buf_release(&url);
    return x;
}

enum err eim_euicc_seen(struct eim *e, const char *eid, int64_t cause, const char *rplmn)
{
    enum err x = seen(e, eid, cause, rplmn);
    return x || cause < 0 ? x : put_news(e, eid);
}

json_t *eim_euicc_json(const struct eim_euicc *u)
{
    json_t *json = json_pack("{s:s, s:I, s:I}", "eid", u->eid, "counter", (json_int_t)u->counter, "lastContact",
                             (json_int_t)u->last_contact);
    if (json && u->state_change_cause >= 0)
        json_object_set_new(json, "stateChangeCause", json_integer(u->state_change_cause));
    if (json && u->rplmn[0])
        json_object_set_new(json, "rPlmn", json_string(u->rplmn));
    if (json && u->profiles.len)
        json_object_set_new(json, "profiles", json_loadb((const char *)u->profiles.at, u->profiles.len, 0, NULL));
    return json;
}

static enum err take_token(void *context, const struct db_row *r)
{
    *(struct rsp_int *)context = (struct rsp_int){ !db_is_null(r, 0), db_int(r, 0) };
    return ERR_OK;
}

enum err eim_euicc_token(struct eim *e, const char *eid, struct rsp_int *out)
{
    return db_query(e->env->db, "SELECT token FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), take_token, out);
}

enum err eim_euicc_set_token(struct eim *e, const char *eid, int64_t token)
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db, "UPDATE euicc SET token = ? WHERE eid = ?", DB_ARGS(DB_INT(token), DB_TEXT(eid)),
                        &changed);
    return x ? x : changed ? ERR_OK : ERR_NOT_FOUND;
}

enum err eim_euicc_set_profiles(struct eim *e, const char *eid, struct span json)
{
    struct buf text = { .max = 64 << 10 };
    enum err x = buf_put(&text, json);
    if (!x)
        x = db_run(e->env->db, "UPDATE euicc SET profiles = ? WHERE eid = ?",
                   DB_ARGS(DB_TEXT(buf_cstr(&text)), DB_TEXT(eid)), NULL);
    buf_release(&text);
    return x;
}

enum err eim_euicc_next_counter(struct eim *e, const char *eid, int64_t *counter)
{
    return db_get_int(e->env->db, "UPDATE euicc SET counter = counter + 1 WHERE eid = ? RETURNING counter",
                      DB_ARGS(DB_TEXT(eid)), counter);
}

/* --- orders ---------------------------------------------------------------------------------------- */

static struct db_value blob_or_null(const struct buf *b)
{
    return b->len ? DB_BLOB(buf_span(b)) : DB_NULL;
}

enum err eim_order_add(struct eim *e, const struct eim_order *o)
{
    struct buf parameters = { .max = 16 << 10 };
    enum err x = o->parameters ? json_write(o->parameters, &parameters) : ERR_OK;
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO orders (id, reference, eid, kind, state, iccid, callback, rollback, created,"
                   " valid_until, counter, refused, activation_code, parameters) VALUES (?,?,?,?,?,?,?,?,?,?,0,0,?,?)",
                   DB_ARGS(DB_TEXT(o->id), DB_TEXT(o->reference), DB_TEXT(o->eid), DB_INT(o->kind),
                           DB_INT(o->state), DB_TEXT(o->iccid), DB_TEXT(o->callback), DB_INT(o->rollback),
                           DB_INT(o->created), DB_INT(o->valid_until), blob_or_null(&o->activation_code),
                           parameters.len ? DB_TEXT(buf_cstr(&parameters)) : DB_NULL),
                   NULL);
    buf_release(&parameters);
    return x;
}

static enum err take_order(void *context, const struct db_row *r)
{
    struct eim_order *o = context;
    snprintf(o->id, sizeof o->id, "%s", db_text(r, 0));
    snprintf(o->reference, sizeof o->reference, "%s", db_text(r, 1));
    snprintf(o->eid, sizeof o->eid, "%s", db_text(r, 2));
    o->kind = (enum eim_order_kind)db_int(r, 3);
    o->state = (enum eim_order_state)db_int(r, 4);
    snprintf(o->iccid, sizeof o->iccid, "%s", db_text(r, 5));
    snprintf(o->callback, sizeof o->callback, "%s", db_text(r, 6));
    o->rollback = db_int(r, 7);
    o->created = db_int(r, 8);
    o->valid_until = db_int(r, 9);
    o->counter = db_int(r, 10);
    o->refused = db_int(r, 11);
    struct span id = db_blob(r, 12);
    if (id.len == sizeof o->transaction_id)
        memcpy(o->transaction_id, id.at, id.len);
    enum err x = buf_set(&o->activation_code, db_blob(r, 13));
    if (!x)
        x = buf_set(&o->message, db_blob(r, 14));
    if (!x)
        x = buf_set(&o->result, span_str(db_text(r, 15)));
    json_decref(o->parameters);
    o->not_before = db_int(r, 17);
    o->postponed = db_int(r, 18);
    o->parameters = db_is_null(r, 16) ? NULL : json_loads(db_text(r, 16), 0, NULL);
    return x;
}

#define ORDER_COLUMNS                                                                                    \
    "SELECT id, reference, eid, kind, state, iccid, callback, rollback, created, valid_until, counter, refused," \
    " transaction_id, activation_code, message, result, parameters, not_before, postponed FROM orders "

enum err eim_order_get(struct eim *e, const char *id, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE id = ?", DB_ARGS(DB_TEXT(id)), take_order, out);
}

enum err eim_order_by_reference(struct eim *e, const char *reference, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE reference = ?", DB_ARGS(DB_TEXT(reference)), take_order, out);
}

enum err eim_order_by_transaction(struct eim *e, const char *eid, struct span transaction_id, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE transaction_id = ? AND eid = COALESCE(?, eid)",
                    DB_ARGS(DB_BLOB(transaction_id), DB_TEXT(eid)), take_order, out);
}

enum err eim_order_next(struct eim *e, const char *eid, struct eim_order *out)
{
    /* One package in flight per eUICC: a sent order comes before the queued ones (state DESC). */
    return db_query(e->env->db, ORDER_COLUMNS "WHERE eid = ? AND state < 2 ORDER BY state DESC, number LIMIT 1",
                    DB_ARGS(DB_TEXT(eid)), take_order, out);
}

enum err eim_order_claim_installation(struct eim *e, const struct eim_order *o, struct span transaction_id)
{
    int64_t other = 0;
    enum err x = db_get_int(e->env->db, "SELECT 1 FROM orders WHERE installation = ? AND eid = ? AND id <> ? LIMIT 1",
                            DB_ARGS(DB_BLOB(transaction_id), DB_TEXT(o->eid), DB_TEXT(o->id)), &other);
    if (x != ERR_NOT_FOUND)
        return x ? x : ERR_EXISTS;
    return db_run(e->env->db, "UPDATE orders SET installation = ? WHERE id = ?",
                  DB_ARGS(DB_BLOB(transaction_id), DB_TEXT(o->id)), NULL);
}

enum err eim_order_update(struct eim *e, const struct eim_order *o)
{
    bool ended = o->state > EIM_SENT;
    struct buf text = { .max = o->result.max };
    enum err x = buf_put(&text, buf_span(&o->result));
    if (!x)
        x = db_run(e->env->db,
                   "UPDATE orders SET state = ?, counter = ?, refused = ?, transaction_id = ?, message = ?,"
                   " activation_code = ?, result = ?, not_before = ?, postponed = ? WHERE id = ?",
                   /* A code has no business here once the order ended. */
                   DB_ARGS(DB_INT(o->state), DB_INT(o->counter), DB_INT(o->refused),
                           o->message.len ? DB_BLOB(SPAN_ARRAY(o->transaction_id)) : DB_NULL,
                           ended ? DB_NULL : blob_or_null(&o->message),
                           ended ? DB_NULL : blob_or_null(&o->activation_code),
                           text.len ? DB_TEXT(buf_cstr(&text)) : DB_NULL, DB_INT(o->not_before),
                           DB_INT(o->postponed), DB_TEXT(o->id)),
                   NULL);
    buf_release(&text);
    return x || !ended || !o->callback[0] ? x : eim_outbox_add(e, o->callback, o->eid, o->id);
}

json_t *eim_order_json(struct eim *e, const struct eim_order *o)
{
    int64_t contact = 0;
    enum err x = db_get_int(e->env->db, "SELECT last_contact FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(o->eid)),
                            &contact);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "orderId", o->id, "reference", o->reference, "eid", o->eid,
                             "kind", eim_order_kind_name(o->kind), "state", eim_order_state_name(o->state));
    if (json && !x && contact)
        json_object_set_new(json, "lastContact", json_integer(contact));
    if (json && o->result.len)
        json_object_set_new(json, "result", json_loadb((const char *)o->result.at, o->result.len, 0, NULL));
    return json;
}
