/* The RSP sessions: what a download has come to, kept under the time of its beginning. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smdp_internal.h"

/* A session that nobody goes on with is forgotten after a day; not one whose package is out: its
 * installation result may come whenever the device is online again. */
#define SESSION_KEPT (1 * CLOCK_DAY)

void smdp_session_release(struct smdp_session *s)
{
    buf_release(&s->opening);
}

/* The least key of a session that was opened then. */
static int64_t session_key_at(int64_t ms)
{
    return ms * 65536; /* a shift of what lies before 1970 is not defined */
}

int64_t smdp_session_key(const char *transaction_id)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%.16s", transaction_id);
    return (int64_t)strtoull(digits, NULL, 16);
}

/* Looked for once a minute, each session but once, whatever stays among them; after a clock that went back all again. */
static enum err forget_sessions(struct smdp *s, int64_t now)
{
    _Static_assert(SMDP_BOUND == 3, "the number in the statement");
    if (now >= s->forgot_at && now < s->forgot_at + CLOCK_MINUTE)
        return ERR_OK;
    int64_t from = now < s->forgot_at ? 0 : session_key_at(s->forgot_at - SESSION_KEPT);
    s->forgot_at = now;
    return db_run(s->env->db, "DELETE FROM session WHERE id >= ? AND id < ? AND state <> 3",
                  DB_ARGS(DB_INT(from < 0 ? 0 : from), DB_INT(session_key_at(now - SESSION_KEPT))), NULL);
}

enum err smdp_session_add(struct smdp *s, const struct smdp_session *x)
{
    enum err e = forget_sessions(s, clock_now(s->env->clock));
    return e ? e : db_run(s->env->db,
                  "INSERT INTO session (id, transaction_id, state, identity, euicc_challenge, server_challenge, eid, iccid)"
                  " VALUES (?,?,?,?,?,?,'','')",
                  DB_ARGS(DB_INT(smdp_session_key(x->transaction_id)), DB_TEXT(x->transaction_id), DB_INT(x->state),
                          DB_INT(x->identity), DB_BLOB(SPAN_ARRAY(x->euicc_challenge)), DB_BLOB(SPAN_ARRAY(x->server_challenge))),
                  NULL);
}

/* As it is stored: the curve, then the point. */
struct session_key {
    uint8_t curve;
    struct ec_point point;
};
_Static_assert(sizeof(struct session_key) == 66, "octets only, no holes");

static enum err take_key(struct span stored, struct smdp_session *x)
{
    struct session_key key;
    if (!stored.len)
        return ERR_OK; /* it has not authenticated yet */
    if (stored.len != sizeof key || stored.at[0] > EC_BRAINPOOL_P256R1)
        return ERR_PARSE;
    memcpy(&key, stored.at, sizeof key);
    x->knows_euicc = true;
    x->euicc_curve = (enum ec_curve)key.curve;
    x->euicc_key = key.point;
    return ERR_OK;
}

static enum err take_session(void *context, const struct db_row *r)
{
    struct smdp_session *x = context;
    db_copy_text(r, 0, x->transaction_id, sizeof x->transaction_id);
    x->state = (enum smdp_session_state)db_int(r, 1);
    x->identity = db_int(r, 2);
    struct span challenge = db_blob(r, 3), server = db_blob(r, 4), signature = db_blob(r, 7);
    if (challenge.len != 16 || server.len != 16)
        return ERR_PARSE;
    memcpy(x->euicc_challenge, challenge.at, 16);
    memcpy(x->server_challenge, server.at, 16);
    db_copy_text(r, 5, x->eid, sizeof x->eid);
    db_copy_text(r, 6, x->iccid, sizeof x->iccid);
    if (signature.len == sizeof x->smdp_signature2)
        memcpy(x->smdp_signature2, signature.at, signature.len);
    enum err e = take_key(db_blob(r, 8), x);
    return e ? e : buf_set(&x->opening, db_blob(r, 9));
}

enum err smdp_session_get(struct smdp *s, const char *transaction_id, struct smdp_session *out)
{
    *out = (struct smdp_session){ .opening.max = 1 << 16 };
    return db_query(s->env->db,
                    "SELECT transaction_id, state, identity, euicc_challenge, server_challenge, eid, iccid,"
                    " smdp_signature2, euicc_key, opening FROM session WHERE id = ? AND transaction_id = ?",
                    DB_ARGS(DB_INT(smdp_session_key(transaction_id)), DB_TEXT(transaction_id)), take_session, out);
}

enum err smdp_session_authenticate(struct smdp *s, const struct smdp_session *x)
{
    struct session_key key = { (uint8_t)x->euicc_curve, x->euicc_key };
    return db_run(s->env->db,
                  "UPDATE session SET state = ?, eid = ?, iccid = ?, smdp_signature2 = ?, euicc_key = ?,"
                  " opening = NULL WHERE id = ?",
                  DB_ARGS(DB_INT(x->state), DB_TEXT(x->eid), DB_TEXT(x->iccid), DB_BLOB(SPAN_ARRAY(x->smdp_signature2)),
                          DB_BLOB(span_of(&key, sizeof key)), DB_INT(smdp_session_key(x->transaction_id))),
                  NULL);
}

enum err smdp_session_verify(struct smdp *s, const struct smdp_session *x, const struct rsp_tbs *tbs, struct span signature)
{
    return x->knows_euicc
               ? ec_verify(s->env->crypto, x->euicc_curve, SPAN_ARRAY(x->euicc_key.at), tbs->part, tbs->count, signature)
               : ERR_VERIFY;
}

enum err smdp_session_set_opening(struct smdp *s, const char *transaction_id, struct span message)
{
    return db_run(s->env->db, "UPDATE session SET opening = ? WHERE id = ? AND transaction_id = ?",
                  DB_ARGS(message.len ? DB_BLOB(message) : DB_NULL, DB_INT(smdp_session_key(transaction_id)),
                          DB_TEXT(transaction_id)),
                  NULL);
}

int64_t smdp_session_time(const struct smdp_session *x)
{
    return smdp_session_key(x->transaction_id) >> 16;
}

enum err smdp_session_iccid(struct smdp *s, const char *transaction_id, char out[21])
{
    struct buf iccid = { .max = 20 };
    enum err e = db_get(s->env->db, "SELECT iccid FROM session WHERE id = ? AND transaction_id = ?",
                        DB_ARGS(DB_INT(smdp_session_key(transaction_id)), DB_TEXT(transaction_id)), &iccid);
    snprintf(out, 21, "%s", e ? "" : buf_cstr(&iccid));
    buf_release(&iccid);
    return e;
}

enum err smdp_session_go_on(struct smdp *s, const struct smdp_session *x)
{
    return db_run(s->env->db, "UPDATE session SET state = ? WHERE id = ?",
                  DB_ARGS(DB_INT(x->state), DB_INT(smdp_session_key(x->transaction_id))), NULL);
}

enum err smdp_session_close_all(struct smdp *s, const char *iccid)
{
    return db_run(s->env->db, "UPDATE session SET state = ? WHERE iccid = ? AND iccid <> ''",
                  DB_ARGS(DB_INT(SMDP_CLOSED), DB_TEXT(iccid)), NULL);
}
