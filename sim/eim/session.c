/* Relayed sessions as they are kept: for the steps to come, for compact forms, and for the installation result, which may come
 * late. A session is its order's with one server: two servers may give the same transactionId. */
#include <stdio.h>

#include "eim_internal.h"
#include "json.h"

/* How long: a device may be offline before it brings the installation result. */
#define SESSION_KEPT (90 * CLOCK_DAY)
/* Sessions of one transactionId that are looked at, the newest first; honest servers make no second. */
#define TWINS_MAX 32

static enum err hex_id(struct span id, char out[33])
{
    struct buf text = { .max = 32 };
    enum err x = id.len && id.len <= 16 ? hex_put_upper(&text, id) : ERR_PARSE;
    snprintf(out, 33, "%.*s", x ? 0 : (int)text.len, (const char *)text.at);
    buf_release(&text);
    return x;
}

void eim_session_release(struct eim_session *s)
{
    eim_wipe(&s->hash_cc);
    struct buf *parts[] = { &s->server_signed1, &s->smdp_oid, &s->certificate, &s->eum_certificate, &s->info2,
                            &s->otpk, &s->hash_cc, &s->smdp_signature2, &s->iccid };
    for (size_t i = 0; i < COUNT(parts); i++)
        buf_release(parts[i]);
}

/* --- keeping ------------------------------------------------------------------------------------------------- */

static struct db_value blob_or_null(struct span s)
{
    return s.len ? DB_BLOB(s) : DB_NULL;
}

static enum err put_oid(struct eim *e, struct span certificate, struct buf *out)
{
    const struct cert *server = NULL;
    enum err x = cert_borrow(e->env->crypto, certificate, &server);
    if (!x && server->oid[0])
        x = der_oid_parse(server->oid, out);
    cert_give_back(e->env->crypto, server);
    /* Without one compact cancellations cannot be rebuilt; the card judges the certificate itself. */
    return x == ERR_PARSE || x == ERR_UNSUPPORTED || x == ERR_LIMIT ? ERR_OK : x;
}

/* A clock that is wrong for an hour must not cost what devices are about to bring: few sessions are forgotten at a time, the oldest
 * first, and none whose order is open. */
#define FORGOTTEN_AT_ONCE 16
#define OLDEST "(SELECT number FROM relay WHERE at < ?1 ORDER BY at LIMIT ?2)"

static enum err forget_old(struct eim *e, int64_t now)
{
    const struct db_value limit = DB_INT(now - SESSION_KEPT), most = DB_INT(FORGOTTEN_AT_ONCE);
    enum err x = db_run(e->env->db,
                        "UPDATE relay SET at = ?3 WHERE number IN " OLDEST
                        " AND EXISTS (SELECT 1 FROM orders o WHERE o.id = relay.order_id AND o.state < 2)",
                        DB_ARGS(limit, most, DB_INT(now)), NULL);
    return x ? x : db_run(e->env->db, "DELETE FROM relay WHERE number IN " OLDEST, DB_ARGS(limit, most), NULL);
}

/* Beside the session its receiver is kept, for notifications of years to come. A server that gives an order its transactionId
 * again has ended the session before. */
static enum err put_session(struct eim *e, const char *id, const char *order_id, const char *eid, const char *address,
                            bool smds, struct span server_signed1, struct span oid)
{
    struct db *db = e->env->db;
    int64_t now = clock_now(e->env->clock);
    enum err x = forget_old(e, now);
    if (!x)
        x = db_run(db,
                   "INSERT OR REPLACE INTO relay (transaction_id, order_id, eid, address, at, smds, server_signed1, smdp_oid)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   DB_ARGS(DB_TEXT(id), DB_TEXT(order_id), DB_TEXT(eid), DB_TEXT(address), DB_INT(now),
                           DB_INT(smds), DB_BLOB(server_signed1), blob_or_null(oid)),
                   NULL);
    return x || smds ? x
             : db_run(db, "INSERT INTO relayed_to (eid, address) VALUES (?, LOWER(?)) ON CONFLICT DO NOTHING",
                      DB_ARGS(DB_TEXT(eid), DB_TEXT(address)), NULL);
}

enum err eim_session_begin(struct eim *e, const char *order_id, const char *eid, const char *address, bool smds,
                           const struct rsp_initiate_authentication_ok *ok)
{
    char id[33];
    struct buf oid = { .max = 128 };
    enum err x = hex_id(ok->transaction_id, id);
    if (!x)
        x = put_oid(e, ok->server_certificate, &oid);
    if (!x)
        x = db_begin(e->env->db);
    if (!x)
        x = db_end(e->env->db,
                   put_session(e, id, order_id, eid, address, smds, ok->server_signed1.signed_bytes, buf_span(&oid)));
    buf_release(&oid);
    return x;
}

static void name_of(int64_t number, char out[24])
{
    snprintf(out, 24, "%lld", (long long)number);
}

/* Whoever has the hash of a short code has the code. */
static enum err seal_hash(struct eim *e, int64_t number, struct span hash_cc, struct buf *out)
{
    char id[24];
    name_of(number, id);
    return eim_secret_seal(e, "hashCc", id, hash_cc, out);
}

enum err eim_session_authenticated(struct eim *e, const struct eim_session *s, const struct rsp_authenticate_response_ok *client,
                                   const struct rsp_authenticate_client_ok *server, struct span hash_cc)
{
    struct buf sealed = { .max = 128 }, profile = { .max = 4096 };
    json_t *metadata = eim_metadata_json(&server->metadata);
    enum err x = metadata ? json_write(metadata, &profile) : ERR_NOMEM;
    json_decref(metadata);
    if (!x)
        x = eim_chain_learn(e, s->eid, client->euicc_certificate, client->eum_certificate);
    if (!x)
        x = seal_hash(e, s->number, hash_cc, &sealed);
    if (!x)
        x = db_run(e->env->db,
                      "UPDATE relay SET certificate = ?, eum_certificate = ?, info2 = ?, otpk = ?, hash_cc = ?,"
                      " smdp_signature2 = ?, iccid = ?, profile = ? WHERE number = ?",
                      DB_ARGS(DB_BLOB(client->euicc_certificate), DB_BLOB(client->eum_certificate),
                              blob_or_null(client->euicc_signed1.euicc_info2.whole),
                              blob_or_null(server->smdp_signed2.bpp_euicc_otpk), eim_blob_or_null(&sealed),
                              DB_BLOB(server->smdp_signature2), blob_or_null(server->metadata.iccid), DB_TEXT(buf_cstr(&profile)),
                              DB_INT(s->number)),
                      NULL);
    buf_release(&sealed);
    buf_release(&profile);
    return x;
}

enum err eim_session_forget_code(struct eim *e, const struct eim_order *o)
{
    return db_run(e->env->db, "UPDATE relay SET hash_cc = NULL WHERE eid = ? AND order_id = ? AND hash_cc IS NOT NULL",
                  DB_ARGS(DB_TEXT(o->eid), DB_TEXT(o->id)), NULL);
}

/* --- finding ------------------------------------------------------------------------------------------------- */

static enum err take_session(void *context, const struct db_row *row)
{
    struct eim_session *s = context;
    struct buf *parts[] = { &s->server_signed1, &s->smdp_oid, &s->certificate, &s->eum_certificate, &s->info2,
                            &s->otpk, &s->hash_cc, &s->smdp_signature2, &s->iccid };
    enum err x = ERR_OK;
    snprintf(s->order_id, sizeof s->order_id, "%s", db_text(row, 0));
    snprintf(s->eid, sizeof s->eid, "%s", db_text(row, 1));
    snprintf(s->address, sizeof s->address, "%s", db_text(row, 2));
    s->smds = db_int(row, 12);
    s->number = db_int(row, 13);
    for (size_t i = 0; !x && i < COUNT(parts); i++)
        x = buf_set(parts[i], db_blob(row, 3 + i));
    return x;
}

#define SESSION                                                                                           \
    "SELECT order_id, eid, address, server_signed1, smdp_oid, certificate, eum_certificate, info2, otpk," \
    " hash_cc, smdp_signature2, iccid, smds, number FROM relay "

struct twins {
    int64_t number[TWINS_MAX];
    size_t count;
};

static enum err take_twin(void *context, const struct db_row *row)
{
    struct twins *t = context;
    t->number[t->count++] = db_int(row, 0);
    return ERR_OK;
}

static enum err open_hash(struct eim *e, struct eim_session *s)
{
    struct buf plain = { .max = 32 };
    char id[24];
    name_of(s->number, id);
    enum err x = eim_secret_open(e, "hashCc", id, buf_span(&s->hash_cc), &plain);
    if (x == ERR_VERIFY) { /* the device has to begin again where it is wanted */
        log_fail(e->env->log, x, "storage", "a hashed confirmation code does not open: the storage-key was changed or the row is damaged");
        buf_clear(&plain);
        x = ERR_OK;
    }
    if (!x)
        x = buf_set(&s->hash_cc, buf_span(&plain));
    eim_wipe(&plain);
    buf_release(&plain);
    return x;
}

static enum err get_session(struct eim *e, int64_t number, struct eim_session *out)
{
    enum err x = db_query(e->env->db, SESSION "WHERE number = ?", DB_ARGS(DB_INT(number)), take_session, out);
    return x ? x : open_hash(e, out);
}

/* The newest that what was said belongs to. */
static enum err choose(struct eim *e, const struct twins *t, eim_session_fits fits, const void *what, struct eim_session *out)
{
    enum err x = ERR_NOT_FOUND;
    for (size_t i = 0; x == ERR_NOT_FOUND && i < t->count; i++) {
        x = get_session(e, t->number[i], out);
        if (!x)
            x = fits(e, out, what) ? ERR_OK : ERR_NOT_FOUND;
    }
    return x;
}

enum err eim_session_find(struct eim *e, struct span transaction_id, eim_session_fits fits, const void *what,
                          struct eim_session *out)
{
    char id[33];
    struct twins t = { .count = 0 };
    if (hex_id(transaction_id, id))
        return ERR_NOT_FOUND;
    enum err x = db_query(e->env->db, "SELECT number FROM relay WHERE transaction_id = ? ORDER BY number DESC LIMIT ?",
                          DB_ARGS(DB_TEXT(id), DB_INT(TWINS_MAX)), take_twin, &t);
    if (x)
        return x;
    return t.count == 1 ? get_session(e, t.number[0], out) : choose(e, &t, fits, what, out);
}

enum err eim_session_latest(struct eim *e, const char *eid, struct eim_session *out)
{
    enum err x = db_query(e->env->db, SESSION "WHERE eid = ? AND certificate IS NOT NULL ORDER BY number DESC LIMIT 1",
                          DB_ARGS(DB_TEXT(eid)), take_session, out);
    return x ? x : open_hash(e, out);
}

enum err eim_receiver_find(struct eim *e, const char *eid, const char *address)
{
    int64_t one = 0;
    return db_get_int(e->env->db, "SELECT 1 FROM relayed_to WHERE eid = ? AND address = LOWER(?)",
                      DB_ARGS(DB_TEXT(eid), DB_TEXT(address)), &one);
}
