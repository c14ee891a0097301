#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

/* A download (0) and a question (14) also when they were sent: nobody signed them, and no counter was spent. */
#define MAY_EXPIRE "valid_until > 0 AND (state = 0 OR (state = 1 AND kind IN (0, 14)))"
_Static_assert(EIM_ORDER_DOWNLOAD == 0 && EIM_ORDER_DATA == 14, "kinds stand in the database");

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
    /* Tenants. A reference is a tenant's own; queued orders go by priority. */
    "ALTER TABLE euicc ADD COLUMN tenant TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX euicc_by_tenant ON euicc (tenant, eid);"
    "ALTER TABLE orders RENAME TO old_orders;"
    "CREATE TABLE orders ("
    " number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, reference TEXT NOT NULL,"
    " eid TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, iccid TEXT NOT NULL, callback TEXT NOT NULL,"
    " rollback INTEGER NOT NULL, priority INTEGER NOT NULL, attempt INTEGER NOT NULL, created INTEGER NOT NULL,"
    " valid_until INTEGER NOT NULL, counter INTEGER NOT NULL, refused INTEGER NOT NULL, transaction_id BLOB,"
    " activation_code BLOB, message BLOB, result TEXT, installation BLOB, parameters TEXT,"
    " not_before INTEGER NOT NULL DEFAULT 0, postponed INTEGER NOT NULL DEFAULT 0, UNIQUE (tenant, reference));"
    "INSERT INTO orders SELECT number, id, '', reference, eid, kind, state, iccid, callback, rollback, 0, 1, created,"
    " valid_until, counter, refused, transaction_id, activation_code, message, result, installation, parameters,"
    " not_before, postponed FROM old_orders;"
    "DROP TABLE old_orders;"
    "CREATE INDEX orders_open ON orders (eid, state DESC, priority DESC, number) WHERE state < 2;"
    "CREATE INDEX orders_by_end ON orders (valid_until) WHERE state = 0 AND valid_until > 0;"
    "CREATE INDEX orders_by_transaction ON orders (transaction_id) WHERE transaction_id IS NOT NULL;"
    "CREATE INDEX orders_by_installation ON orders (installation) WHERE installation IS NOT NULL;"
    "CREATE TABLE api_key ("
    " id TEXT PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, rights INTEGER NOT NULL, sha256 BLOB NOT NULL,"
    " created INTEGER NOT NULL);"
    "CREATE INDEX api_key_by_tenant ON api_key (tenant, id);"
    "CREATE TABLE idempotency ("
    " tenant TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY (tenant, key));"
    "CREATE INDEX idempotency_by_age ON idempotency (at);",
    /* What was learned of eUICCs, and when. */
    "CREATE TABLE learned ("
    " eid TEXT NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (eid, what))"
    " WITHOUT ROWID;"
    "INSERT INTO learned SELECT eid, 'profiles', last_contact, '{\"is\":' || profiles || '}' FROM euicc"
    " WHERE profiles IS NOT NULL;"
    "UPDATE euicc SET profiles = NULL WHERE profiles IS NOT NULL;"
    "ALTER TABLE euicc ADD COLUMN state_change_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN rplmn_at INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE trust ("
    " eid TEXT PRIMARY KEY, sign_with_certificate INTEGER NOT NULL, tls_certificate BLOB, tls_public_key BLOB);",
    /* Events: numbered by tenant, told to webhooks. A letter has the body of an event, or the order whose callback it is. */
    "CREATE TABLE event ("
    " tenant TEXT NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, eid TEXT NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (tenant, number)) WITHOUT ROWID;"
    "CREATE TABLE webhook ("
    " id TEXT PRIMARY KEY, tenant TEXT NOT NULL, receiver INTEGER NOT NULL UNIQUE, events INTEGER NOT NULL,"
    " secret BLOB NOT NULL);"
    "CREATE INDEX webhook_by_tenant ON webhook (tenant, id);"
    "ALTER TABLE letter ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE letter ADD COLUMN body TEXT;",
    "DROP INDEX receiver_by_next;"
    "CREATE INDEX receiver_lively ON receiver (next) WHERE next IS NOT NULL AND attempts = 0;"
    "CREATE INDEX receiver_deaf ON receiver (next) WHERE next IS NOT NULL AND attempts > 0;",
    "CREATE TABLE relayed_to (eid TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (eid, address));"
    "ALTER TABLE relay ADD COLUMN certificate BLOB;"
    "ALTER TABLE relay ADD COLUMN eum_certificate BLOB;",
    "ALTER TABLE orders ADD COLUMN confirmation BLOB;",
    "ALTER TABLE euicc ADD COLUMN inject_url TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE euicc ADD COLUMN inject_json INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE push (eid TEXT PRIMARY KEY, due INTEGER NOT NULL, attempts INTEGER NOT NULL);"
    "CREATE INDEX push_by_due ON push (due);",
    "ALTER TABLE relay ADD COLUMN eid TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE relay ADD COLUMN server_signed1 BLOB;"
    "ALTER TABLE relay ADD COLUMN smdp_oid BLOB;"
    "ALTER TABLE relay ADD COLUMN info2 BLOB;"
    "ALTER TABLE relay ADD COLUMN otpk BLOB;"
    "ALTER TABLE relay ADD COLUMN hash_cc BLOB;"
    "ALTER TABLE relay ADD COLUMN smdp_signature2 BLOB;"
    "ALTER TABLE relay ADD COLUMN iccid BLOB;"
    "CREATE INDEX relay_by_eid ON relay (eid, at);",
    "ALTER TABLE euicc ADD COLUMN features INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN device_info BLOB;"
    "ALTER TABLE euicc ADD COLUMN rat BLOB;",
    /* Certificates beside the registered ones. A relayed session is its order's with one server. */
    "CREATE TABLE chain ("
    " eid TEXT NOT NULL, certificate BLOB NOT NULL, eum_certificate BLOB NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY (eid, certificate));"
    "ALTER TABLE relay RENAME TO old_relay;"
    "CREATE TABLE relay ("
    " number INTEGER PRIMARY KEY, transaction_id TEXT NOT NULL, order_id TEXT NOT NULL, eid TEXT NOT NULL,"
    " address TEXT NOT NULL COLLATE NOCASE, at INTEGER NOT NULL, smds INTEGER NOT NULL, server_signed1 BLOB,"
    " smdp_oid BLOB, certificate BLOB, eum_certificate BLOB, info2 BLOB, otpk BLOB, hash_cc BLOB, smdp_signature2 BLOB,"
    " iccid BLOB, UNIQUE (transaction_id, order_id, address));"
    "INSERT INTO relay (transaction_id, order_id, eid, address, at, smds, server_signed1, smdp_oid, certificate,"
    " eum_certificate, info2, otpk, hash_cc, smdp_signature2, iccid)"
    " SELECT transaction_id, order_id, eid, address, at, smds, server_signed1, smdp_oid, certificate, eum_certificate,"
    " info2, otpk, hash_cc, smdp_signature2, iccid FROM old_relay ORDER BY at;"
    "INSERT OR IGNORE INTO chain SELECT r.eid, r.certificate, r.eum_certificate, r.at FROM old_relay r"
    " JOIN euicc u ON u.eid = r.eid AND u.certificate <> r.certificate"
    " WHERE r.certificate IS NOT NULL AND r.eum_certificate IS NOT NULL;"
    "DROP TABLE old_relay;"
    "CREATE INDEX relay_by_age ON relay (at);"
    "CREATE INDEX relay_by_eid ON relay (eid, at);"
    /* A start asks whether somebody is left from before. */
    "CREATE INDEX euicc_without_key ON euicc (eid) WHERE signing IS NULL;",
    /* What the device leaves to its eIM stands among what was learned. */
    "INSERT OR REPLACE INTO learned SELECT eid, 'deviceInfo', last_contact, '{\"is\":{\"ctxParams1\":\"' || hex(device_info) || '\"}}'"
    " FROM euicc WHERE device_info IS NOT NULL;"
    "ALTER TABLE euicc DROP COLUMN features;"
    "ALTER TABLE euicc DROP COLUMN device_info;"
    "ALTER TABLE euicc DROP COLUMN rat;",
    /* Secrets of webhooks are sealed at the next start. */
    "CREATE INDEX webhook_open ON webhook (id) WHERE length(secret) = 32;"
    "CREATE INDEX orders_by_tenant ON orders (tenant, created, number);"
    "CREATE INDEX orders_by_state ON orders (tenant, state, created, number);"
    "CREATE INDEX orders_by_eid ON orders (eid, created, number);",
    /* Why nothing of an eUICC can be believed, since when; when its device is asked for certificates again, and how often it was. */
    "ALTER TABLE euicc ADD COLUMN trouble TEXT;"
    "ALTER TABLE euicc ADD COLUMN trouble_since INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN ask_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;",
    /* What stands open in a store from before is sealed at the next start (secrets.c). */
    "ALTER TABLE orders ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE chore (what TEXT PRIMARY KEY);"
    "INSERT INTO chore SELECT 'seal' WHERE EXISTS (SELECT 1 FROM orders) OR EXISTS (SELECT 1 FROM webhook)"
    " OR EXISTS (SELECT 1 FROM relay);",
    /* What was sent ends by its time, too, unless it is a package. */
    "DROP INDEX orders_by_end;"
    "CREATE INDEX orders_by_end ON orders (valid_until) WHERE " MAY_EXPIRE ";",
    /* Who gets letters remembers their names, so none is used twice: neither after the last one went, nor by a store that was
     * restored. */
    "ALTER TABLE letter ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "UPDATE letter SET name = 'letter-' || id;",
    /* Of eUICCs that were deleted. A counter is used once, whoever registers one again. */
    "CREATE TABLE retired (eid TEXT PRIMARY KEY, counter INTEGER NOT NULL, signing BLOB) WITHOUT ROWID;"
    "ALTER TABLE euicc ADD COLUMN handed_over INTEGER NOT NULL DEFAULT 0;",
    /* What the SM-DP+ of a session told of its profile, as it is shown. */
    "ALTER TABLE relay ADD COLUMN profile TEXT;",
    /* When an order ended; of those from before, when they were made. */
    "ALTER TABLE orders ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;"
    "UPDATE orders SET ended = max(created, 1) WHERE state > 1;"
    "CREATE INDEX orders_by_age ON orders (ended) WHERE ended > 0;"
    "CREATE INDEX letter_by_order ON letter (order_id) WHERE order_id <> '';",
    /* When an order was sent last. */
    "ALTER TABLE orders ADD COLUMN sent_at INTEGER NOT NULL DEFAULT 0;",
    /* Letters that were given up (outbox.c), and what was allowed to whom (audit.c). */
    "ALTER TABLE letter ADD COLUMN at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE letter ADD COLUMN why TEXT NOT NULL DEFAULT '';"
    "UPDATE letter SET at = due;"
    "CREATE INDEX letter_by_age ON letter (receiver, at);"
    "CREATE INDEX letter_by_name ON letter (name);"
    "CREATE TABLE dead_letter ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, receiver INTEGER NOT NULL, name TEXT NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL, eid TEXT NOT NULL, order_id TEXT NOT NULL, body TEXT, at INTEGER NOT NULL, given_up INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, why TEXT NOT NULL);"
    "CREATE INDEX dead_letter_by_tenant ON dead_letter (tenant, number);"
    "CREATE TABLE audit ("
    " tenant TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, caller TEXT NOT NULL, key TEXT NOT NULL,"
    " what TEXT NOT NULL, object TEXT NOT NULL, status INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (tenant, number))"
    " WITHOUT ROWID;",
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

int eim_order_state_of(const char *name)
{
    for (size_t i = 0; i < COUNT(state_names); i++)
        if (strcmp(state_names[i], name) == 0)
            return (int)i;
    return -1;
}

void eim_order_init(struct eim_order *o)
{
    *o = (struct eim_order){ .attempt = 1, .activation_code.max = 1024, .confirmation.max = 32, .message.max = 64 << 10,
                             .result.max = 64 << 10 };
}

void eim_order_release(struct eim_order *o)
{
    eim_wipe(&o->activation_code);
    eim_wipe(&o->confirmation);
    json_decref(o->parameters);
    buf_release(&o->activation_code);
    buf_release(&o->confirmation);
    buf_release(&o->message);
    buf_release(&o->result);
}

void eim_euicc_init(struct eim_euicc *u)
{
    *u = (struct eim_euicc){ .token = -1, .certificate.max = 4096, .eum_certificate.max = 4096 };
    eim_trust_init(&u->trust);
}

void eim_euicc_release(struct eim_euicc *u)
{
    buf_release(&u->certificate);
    buf_release(&u->eum_certificate);
    eim_trust_release(&u->trust);
}

/* --- eUICCs ---------------------------------------------------------------------------------------- */

/* What was left by one that was deleted: its counter, and the key that it knows, if that is still one of ours. */
static enum err insert_euicc(struct eim *e, const struct eim_euicc *u, const struct eim_retired *before)
{
    const struct eim_signing *known = eim_signing_find(e, buf_span(&before->signing));
    const struct eim_signing *signing = known ? known : &e->signing[0];
    return db_run(e->env->db,
                  "INSERT INTO euicc (eid, tenant, certificate, eum_certificate, counter, token, callback,"
                  " signing) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(u->eid), DB_TEXT(u->tenant), DB_BLOB(buf_span(&u->certificate)),
                          DB_BLOB(buf_span(&u->eum_certificate)), DB_INT(before->counter > u->counter ? before->counter : u->counter),
                          u->token < 0 ? DB_NULL : DB_INT(u->token), DB_TEXT(u->callback),
                          DB_BLOB(SPAN_ARRAY(signing->id))),
                  NULL);
}

enum err eim_euicc_add(struct eim *e, const struct eim_euicc *u)
{
    struct eim_retired before;
    enum err x = eim_retired_get(e, u->eid, &before);
    if (!x)
        x = insert_euicc(e, u, &before);
    buf_release(&before.signing);
    return x ? x : eim_trust_keep(e, u->eid, &u->trust);
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
    u->state_change_at = db_int(r, 7);
    u->rplmn_at = db_int(r, 8);
    snprintf(u->tenant, sizeof u->tenant, "%s", db_text(r, 9));
    snprintf(u->callback, sizeof u->callback, "%s", db_text(r, 10));
    u->handed_over = db_int(r, 11);
    return x;
}

enum err eim_euicc_get(struct eim *e, const char *eid, struct eim_euicc *out)
{
    return db_query(e->env->db,
                    "SELECT eid, counter, last_contact, state_change_cause, rplmn, certificate, eum_certificate,"
                    " state_change_at, rplmn_at, tenant, callback, handed_over FROM euicc WHERE eid = ?",
                    DB_ARGS(DB_TEXT(eid)), take_euicc, out);
}

struct interested {
    char tenant[EIM_TENANT_MAX + 1], callback[513];
};

static enum err take_interested(void *context, const struct db_row *r)
{
    struct interested *i = context;
    snprintf(i->tenant, sizeof i->tenant, "%s", db_text(r, 0));
    snprintf(i->callback, sizeof i->callback, "%s", db_text(r, 1));
    return ERR_OK;
}

static json_t *change_json(const struct eim_contact *c)
{
    json_t *data = json_pack("{s:s}", "eid", c->eid);
    if (data && c->cause >= 0)
        json_object_set_new(data, "stateChangeCause", json_integer(c->cause));
    if (data && c->rplmn[0])
        json_object_set_new(data, "rPlmn", json_string(c->rplmn));
    return data;
}

static enum err tell_change(struct eim *e, const struct eim_contact *c)
{
    struct interested i;
    enum err x = db_query(e->env->db, "SELECT tenant, callback FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(c->eid)),
                          take_interested, &i);
    if (!x && i.callback[0] && c->cause >= 0)
        x = eim_outbox_add_news(e, i.tenant, i.callback, c->eid);
    return x ? x : eim_event_add(e, i.tenant, EIM_EVENT_STATE_CHANGE, c->eid, change_json(c));
}

/* Devices notify whenever they start: without a cause it is news when something was known that may be true no longer. */
static enum err note_change(struct eim *e, const struct eim_contact *c, int64_t now)
{
    bool was_known = false;
    enum err x = c->cause < 0 ? ERR_OK
                              : db_run(e->env->db, "UPDATE euicc SET state_change_cause = ?, state_change_at = ? WHERE eid = ?",
                                       DB_ARGS(DB_INT(c->cause), DB_INT(now), DB_TEXT(c->eid)), NULL);
    if (!x)
        x = eim_forget_known(e, c->eid, EIM_LEARNED_PROFILES, &was_known);
    if (!x && (c->cause >= 0 || was_known))
        x = tell_change(e, c);
    return x ? x : eim_reread(e, c->eid);
}

enum err eim_euicc_seen(struct eim *e, const struct eim_contact *c)
{
    int64_t known = 0, now = clock_now(e->env->clock);
    enum err x = db_run(e->env->db, "UPDATE euicc SET last_contact = ? WHERE eid = ?", DB_ARGS(DB_INT(now), DB_TEXT(c->eid)),
                        &known);
    if (x || !known)
        return x ? x : ERR_NOT_FOUND;
    if (c->rplmn[0])
        x = db_run(e->env->db, "UPDATE euicc SET rplmn = ?, rplmn_at = ? WHERE eid = ?",
                   DB_ARGS(DB_TEXT(c->rplmn), DB_INT(now), DB_TEXT(c->eid)), NULL);
    return x || (c->cause < 0 && !c->notified) ? x : note_change(e, c, now);
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
    return db_run(e->env->db, "UPDATE euicc SET token = ? WHERE eid = ?", DB_ARGS(DB_INT(token), DB_TEXT(eid)), NULL);
}

enum err eim_euicc_raise_counter(struct eim *e, const char *eid, int64_t least)
{
    return db_run(e->env->db, "UPDATE euicc SET counter = ? WHERE eid = ? AND counter < ?",
                  DB_ARGS(DB_INT(least), DB_TEXT(eid), DB_INT(least)), NULL);
}

enum err eim_euicc_next_counter(struct eim *e, const char *eid, int64_t most, int64_t *counter)
{
    enum err x = db_get_int(e->env->db, "SELECT counter + 1 FROM euicc WHERE eid = ? AND counter < ?",
                            DB_ARGS(DB_TEXT(eid), DB_INT(most)), counter);
    return x ? x
             : db_run(e->env->db, "UPDATE euicc SET counter = ? WHERE eid = ?", DB_ARGS(DB_INT(*counter), DB_TEXT(eid)), NULL);
}

/* --- orders ---------------------------------------------------------------------------------------- */

struct db_value eim_blob_or_null(const struct buf *b)
{
    return b->len ? DB_BLOB(buf_span(b)) : DB_NULL;
}

/* The message of a download bears its code. */
enum err eim_order_seal(struct eim *e, const char *id, enum eim_order_kind kind, const struct buf *code,
                        const struct buf *confirmation, const struct buf *message, struct eim_sealed_order *out)
{
    enum err x = eim_secret_seal(e, "activation code", id, buf_span(code), &out->code);
    if (!x)
        x = eim_secret_seal(e, "confirmation code", id, buf_span(confirmation), &out->confirmation);
    if (x)
        return x;
    return kind == EIM_ORDER_DOWNLOAD ? eim_secret_seal(e, "message", id, buf_span(message), &out->message)
                                      : buf_set(&out->message, buf_span(message));
}

void eim_sealed_order_release(struct eim_sealed_order *s)
{
    buf_release(&s->code);
    buf_release(&s->confirmation);
    buf_release(&s->message);
}

static enum err seal_own(struct eim *e, const struct eim_order *o, struct eim_sealed_order *out)
{
    return eim_order_seal(e, o->id, o->kind, &o->activation_code, &o->confirmation, &o->message, out);
}

const struct eim_damage eim_secret_unreadable = {
    "secretUnreadable",
    "its codes do not open: the storage-key was changed or the row is damaged; put the former storage-key back, or order again",
};
const struct eim_damage eim_order_unreadable = { "orderUnreadable", "its row in the database is damaged; order again" };

static enum err open_secrets(struct eim *e, struct eim_order *o, const struct db_row *r, int code, int confirmation, int message)
{
    enum err x = eim_secret_open(e, "activation code", o->id, db_blob(r, code), &o->activation_code);
    if (!x)
        x = eim_secret_open(e, "confirmation code", o->id, db_blob(r, confirmation), &o->confirmation);
    if (!x && o->kind == EIM_ORDER_DOWNLOAD)
        x = eim_secret_open(e, "message", o->id, db_blob(r, message), &o->message);
    return x;
}

/* Whoever wants to do the order looks at its damage; to others it is an order as any. */
static enum err open_own(struct eim *e, struct eim_order *o, const struct db_row *r, int code, int confirmation, int message)
{
    enum err x = open_secrets(e, o, r, code, confirmation, message);
    o->damage = x == ERR_VERIFY ? &eim_secret_unreadable : NULL;
    if (!x && o->kind != EIM_ORDER_DOWNLOAD) {
        x = buf_set(&o->message, db_blob(r, message));
        o->damage = x == ERR_LIMIT ? &eim_order_unreadable : NULL;
    }
    return o->damage ? ERR_OK : x;
}

/* What an order's kind wants of its parameters shows when its command is made. */
static void read_parameters(struct eim_order *o, const struct db_row *r, int column)
{
    json_decref(o->parameters);
    o->parameters = db_is_null(r, column) ? NULL : json_loads(db_text(r, column), 0, NULL);
    if (!eim_order_kind_exists(o->kind) || (!db_is_null(r, column) && !o->parameters))
        o->damage = &eim_order_unreadable;
}

enum err eim_order_add(struct eim *e, const struct eim_order *o)
{
    struct buf parameters = { .max = 16 << 10 };
    struct eim_sealed_order s = EIM_SEALED_ORDER_INIT;
    enum err x = o->parameters ? json_write(o->parameters, &parameters) : ERR_OK;
    if (!x)
        x = seal_own(e, o, &s);
    if (!x)
        x = db_run(e->env->db,
                   "INSERT INTO orders (id, tenant, reference, eid, kind, state, iccid, callback, rollback, priority,"
                   " attempt, created, valid_until, counter, refused, sealed, activation_code, parameters, confirmation)"
                   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,1,?,?,?)",
                   DB_ARGS(DB_TEXT(o->id), DB_TEXT(o->tenant), DB_TEXT(o->reference), DB_TEXT(o->eid), DB_INT(o->kind),
                           DB_INT(o->state), DB_TEXT(o->iccid), DB_TEXT(o->callback), DB_INT(o->rollback),
                           DB_INT(o->priority), DB_INT(o->attempt), DB_INT(o->created), DB_INT(o->valid_until),
                           eim_blob_or_null(&s.code), parameters.len ? DB_TEXT(buf_cstr(&parameters)) : DB_NULL,
                           eim_blob_or_null(&s.confirmation)),
                   NULL);
    buf_release(&parameters);
    eim_sealed_order_release(&s);
    return x ? x : eim_orders_forget(e, clock_now(e->env->clock));
}

/* More than one new order brings, and few enough that a clock which is wrong for an hour costs few: the oldest first. One whose end
 * was not told yet is as new again. */
#define FORGOTTEN_AT_ONCE 4
#define OLDEST "(SELECT number FROM orders WHERE ended > 0 AND ended < ?1 ORDER BY ended LIMIT ?2)"

enum err eim_orders_forget(struct eim *e, int64_t now)
{
    const struct db_value limit = DB_INT(now - e->keep_orders_ms), most = DB_INT(FORGOTTEN_AT_ONCE);
    enum err x = db_run(e->env->db,
                        "UPDATE orders SET ended = ?3 WHERE number IN " OLDEST
                        " AND EXISTS (SELECT 1 FROM letter WHERE order_id = orders.id AND order_id <> '')",
                        DB_ARGS(limit, most, DB_INT(now)), NULL);
    return x ? x : db_run(e->env->db, "DELETE FROM orders WHERE number IN " OLDEST, DB_ARGS(limit, most), NULL);
}

struct taking {
    struct eim *e;
    struct eim_order *o;
};

static enum err take_order(void *context, const struct db_row *r)
{
    struct eim_order *o = ((struct taking *)context)->o;
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
    else
        memset(o->transaction_id, 0, sizeof o->transaction_id);
    enum err x = open_own(((struct taking *)context)->e, o, r, 13, 22, 14);
    if (!x)
        x = buf_set(&o->result, span_str(db_text(r, 15)));
    read_parameters(o, r, 16);
    snprintf(o->tenant, sizeof o->tenant, "%s", db_text(r, 17));
    o->priority = db_int(r, 18);
    o->attempt = db_int(r, 19);
    o->not_before = db_int(r, 20);
    o->postponed = db_int(r, 21);
    o->sent_at = db_int(r, 24);
    o->ended_at = db_int(r, 25);
    return x;
}

#define ORDER_COLUMNS                                                                                    \
    "SELECT id, reference, eid, kind, state, iccid, callback, rollback, created, valid_until, counter, refused," \
    " transaction_id, activation_code, message, result, parameters, tenant, priority, attempt, not_before," \
    " postponed, confirmation, number, sent_at, ended FROM orders "

enum err eim_order_get(struct eim *e, const char *id, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE id = ?", DB_ARGS(DB_TEXT(id)), take_order, &(struct taking){ e, out });
}

enum err eim_order_by_reference(struct eim *e, const char *tenant, const char *reference, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE tenant = ? AND reference = ?",
                    DB_ARGS(DB_TEXT(tenant), DB_TEXT(reference)), take_order, &(struct taking){ e, out });
}

enum err eim_order_by_transaction(struct eim *e, const char *eid, struct span transaction_id, struct eim_order *out)
{
    return db_query(e->env->db, ORDER_COLUMNS "WHERE transaction_id = ? AND eid = COALESCE(?, eid)",
                    DB_ARGS(DB_BLOB(transaction_id), DB_TEXT(eid)), take_order, &(struct taking){ e, out });
}

enum err eim_order_next(struct eim *e, const char *eid, struct eim_order *out)
{
    /* One package in flight per eUICC: a sent order comes before the queued ones (state DESC). */
    return db_query(e->env->db, ORDER_COLUMNS "WHERE eid = ? AND state < 2 ORDER BY state DESC, priority DESC, number LIMIT 1",
                    DB_ARGS(DB_TEXT(eid)), take_order, &(struct taking){ e, out });
}

/* ?1 tenant, ?2 state, ?3 eUICC, ?4 ?5 where to go on, ?6 how many; each is a range of one index. Of one eUICC the states are
 * sorted out on the way. */
#define LIST_FROM "(created, number) > (?4, ?5) ORDER BY created, number LIMIT ?6"
const char *const eim_order_lists[EIM_LISTS] = {
    [EIM_LIST_ALL] = ORDER_COLUMNS "WHERE tenant = ?1 AND " LIST_FROM,
    [EIM_LIST_STATE] = ORDER_COLUMNS "WHERE tenant = ?1 AND state = ?2 AND " LIST_FROM,
    [EIM_LIST_EUICC] = ORDER_COLUMNS "WHERE eid = ?3 AND tenant = ?1 AND (?2 < 0 OR state = ?2) AND " LIST_FROM,
};

struct listing {
    struct eim *e;
    eim_order_fn take;
    void *context;
};

static enum err list_order(void *context, const struct db_row *r)
{
    const struct listing *l = context;
    struct eim_order o;
    eim_order_init(&o);
    enum err x = take_order(&(struct taking){ l->e, &o }, r);
    if (!x)
        x = l->take(l->context, &o, db_int(r, 23));
    eim_order_release(&o);
    return x;
}

enum err eim_orders_list(struct eim *e, const struct eim_order_filter *f, eim_order_fn take, void *context)
{
    struct listing l = { e, take, context };
    int which = f->eid[0] ? EIM_LIST_EUICC : f->state >= 0 ? EIM_LIST_STATE : EIM_LIST_ALL;
    enum err x = db_query(e->env->db, eim_order_lists[which],
                          DB_ARGS(DB_TEXT(f->tenant), DB_INT(f->state), DB_TEXT(f->eid), DB_INT(f->created), DB_INT(f->after),
                                  DB_INT(f->limit)),
                          list_order, &l);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
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

/* Whoever ordered hears of the end; the eIM's own orders are nobody's. */
static enum err tell_end(struct eim *e, const struct eim_order *o)
{
    enum err x = o->callback[0] ? eim_outbox_add(e, o) : ERR_OK;
    struct eim_order told = *o; /* as it is stored: what it owns stays the caller's */
    told.ended_at = clock_now(e->env->clock);
    return x || strcmp(o->tenant, EIM_OWN_TENANT) == 0
               ? x
               : eim_event_add(e, o->tenant, EIM_EVENT_ORDER_ENDED, o->eid, eim_order_json(e, &told));
}

bool eim_order_left(const struct eim_order *o)
{
    static const uint8_t none[sizeof o->transaction_id];
    return o->state != EIM_QUEUED && memcmp(o->transaction_id, none, sizeof none) != 0;
}

static enum err write_order(struct eim *e, const struct eim_order *o)
{
    bool ended = o->state > EIM_SENT;
    int64_t now = clock_now(e->env->clock);
    int64_t sent_at = o->state == EIM_QUEUED ? 0 : o->state == EIM_SENT && !o->sent_at ? now : o->sent_at;
    struct buf text = { .max = o->result.max };
    struct eim_sealed_order s = EIM_SEALED_ORDER_INIT;
    enum err x = buf_put(&text, buf_span(&o->result));
    /* A code has no business here once the order ended. */
    if (!x && !ended)
        x = seal_own(e, o, &s);
    if (!x && ended && o->kind == EIM_ORDER_DOWNLOAD)
        x = eim_session_forget_code(e, o);
    if (!x)
        x = db_run(e->env->db,
                   "UPDATE orders SET state = ?, counter = ?, refused = ?, transaction_id = ?, message = ?,"
                   " activation_code = ?, confirmation = ?, result = ?, not_before = ?, postponed = ?, sent_at = ?, ended = ?"
                   " WHERE id = ?",
                   DB_ARGS(DB_INT(o->state), DB_INT(o->counter), DB_INT(o->refused),
                           eim_order_left(o) ? DB_BLOB(SPAN_ARRAY(o->transaction_id)) : DB_NULL, eim_blob_or_null(&s.message),
                           eim_blob_or_null(&s.code), eim_blob_or_null(&s.confirmation),
                           text.len ? DB_TEXT(buf_cstr(&text)) : DB_NULL, DB_INT(o->not_before),
                           DB_INT(o->postponed), DB_INT(sent_at), DB_INT(ended ? now : 0), DB_TEXT(o->id)),
                   NULL);
    buf_release(&text);
    eim_sealed_order_release(&s);
    if (!x && ended)
        x = eim_push_soon(e, o->eid); /* the next one */
    return x || !ended ? x : tell_end(e, o);
}

/* What cannot be read cannot be written again, and done neither. */
enum err eim_order_update(struct eim *e, struct eim_order *o)
{
    return o->damage && o->state <= EIM_SENT ? eim_order_fail_unreadable(e, o, o->damage) : write_order(e, o);
}

enum err eim_order_requeue(struct eim *e, struct eim_order *o)
{
    o->state = EIM_QUEUED;
    o->attempt++;
    o->counter = o->refused = o->not_before = o->postponed = o->sent_at = o->ended_at = 0;
    buf_clear(&o->result);
    buf_clear(&o->message);
    struct eim_sealed_order s = EIM_SEALED_ORDER_INIT;
    enum err x = seal_own(e, o, &s);
    if (!x)
        x = db_run(e->env->db,
                  "UPDATE orders SET number = (SELECT max(number) + 1 FROM orders), sealed = 1, state = ?, attempt = ?, counter = 0,"
                  " refused = 0, transaction_id = NULL, message = NULL, result = NULL, activation_code = ?, valid_until = ?,"
                  " not_before = 0, postponed = 0, sent_at = 0, ended = 0, confirmation = ? WHERE id = ?",
                  DB_ARGS(DB_INT(o->state), DB_INT(o->attempt), eim_blob_or_null(&s.code), DB_INT(o->valid_until),
                          eim_blob_or_null(&s.confirmation), DB_TEXT(o->id)),
                  NULL);
    eim_sealed_order_release(&s);
    return x;
}

bool eim_order_is_overdue(const struct eim_order *o, int64_t now)
{
    bool own = strcmp(o->tenant, EIM_OWN_TENANT) == 0; /* a listing: nothing was changed by it */
    bool may_end = o->state == EIM_QUEUED || (o->state == EIM_SENT && (own || !eim_order_is_package(o->kind)));
    return may_end && o->valid_until && o->valid_until <= now;
}

static enum err expire_one(struct eim *e, int64_t now)
{
    struct eim_order o;
    eim_order_init(&o);
    enum err x = db_query(e->env->db,
                          ORDER_COLUMNS "WHERE " MAY_EXPIRE " AND valid_until <= ? ORDER BY valid_until LIMIT 1",
                          DB_ARGS(DB_INT(now)), take_order, &(struct taking){ e, &o });
    if (!x)
        x = eim_order_expire(e, &o);
    eim_order_release(&o);
    return x;
}

enum err eim_orders_expire(struct eim *e, int64_t now, int64_t *next)
{
    for (;;) {
        *next = CLOCK_NEVER;
        enum err x = db_get_int(e->env->db,
                                "SELECT valid_until FROM orders WHERE " MAY_EXPIRE " ORDER BY valid_until LIMIT 1", NULL, 0,
                                next);
        if (x || *next > now)
            return x == ERR_NOT_FOUND ? ERR_OK : x;
        x = db_begin(e->env->db);
        if (!x) {
            x = expire_one(e, now);
            x = db_end(e->env->db, x == ERR_NOT_FOUND ? ERR_OK : x);
        }
        if (x)
            return x;
    }
}

/* What hinders it: a question is answered whatever the certificates are. */
static bool is_hindered(const struct eim_order *o)
{
    return o->state <= EIM_SENT && o->kind != EIM_ORDER_DATA;
}

static void put_time(json_t *json, const char *member, int64_t at)
{
    if (at)
        json_object_set_new(json, member, json_integer(at));
}

/* What was ordered, but for its codes, which are in no parameters. */
static void put_ordered(json_t *json, const struct eim_order *o)
{
    struct buf until = { .max = 32 };
    if (o->iccid[0])
        json_object_set_new(json, "iccid", json_string(o->iccid));
    if (o->kind == EIM_ORDER_ENABLE)
        json_object_set_new(json, "rollback", json_boolean(o->rollback));
    if (o->parameters)
        json_object_set_new(json, "parameters", eim_signing_ordered_parameters(o));
    if (o->callback[0])
        json_object_set_new(json, "callback", json_string(o->callback));
    if (o->valid_until && !clock_put_iso8601(&until, o->valid_until))
        json_object_set_new(json, "validUntil", json_string(buf_cstr(&until)));
    buf_release(&until);
    put_time(json, "created", o->created);
    put_time(json, "sentAt", o->sent_at);
    put_time(json, "endedAt", o->ended_at);
}

json_t *eim_order_json(struct eim *e, const struct eim_order *o)
{
    int64_t contact = 0;
    json_t *trouble = NULL;
    enum err x = db_get_int(e->env->db, "SELECT last_contact FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(o->eid)),
                            &contact);
    if (!x && is_hindered(o))
        x = eim_trouble_get(e, o->eid, &trouble);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "orderId", o->id, "reference", o->reference, "eid",
                             o->eid, "kind", eim_order_kind_name(o->kind), "state", eim_order_state_name(o->state),
                             "priority", (json_int_t)o->priority, "attempt", (json_int_t)o->attempt);
    if (json)
        put_ordered(json, o);
    if (json && !x && contact)
        json_object_set_new(json, "lastContact", json_integer(contact));
    if (json && trouble)
        json_object_set(json, "lastError", trouble);
    json_decref(trouble);
    if (json && o->result.len)
        json_object_set_new(json, "result", json_loadb((const char *)o->result.at, o->result.len, 0, NULL));
    return json;
}
