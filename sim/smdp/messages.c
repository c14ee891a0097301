/* What was received about each profile, as it was received, its secrets blotted out: the newest of each ICCID. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es_authentication.h"
#include "smdp_messages.h"
#include "smdp_routes.h"

#define BYTES_KEPT (8u << 10) /* of one message */

/* --- blotting out ----------------------------------------------------------------------------------- */

/* Every place where it stands, in clear. False: nowhere. */
static bool blot(struct buf *bytes, struct span secret)
{
    bool found = false;
    size_t at = 0;
    while (secret.len && at + secret.len <= bytes->len) {
        uint8_t *place = memmem(bytes->at + at, bytes->len - at, secret.at, secret.len);
        if (!place)
            break;
        memset(place, 'X', secret.len);
        at = (size_t)(place - bytes->at) + secret.len;
        found = true;
    }
    return found;
}

/* A secret that is written another way in there (escapes of JSON) cannot be blotted out: then nothing is kept. */
static enum err copy(const struct smdp_message *m, struct buf *out)
{
    enum err e = buf_put(out, m->bytes);
    for (size_t i = 0; !e && i < COUNT(m->secret); i++)
        if (m->secret[i].len && !blot(out, m->secret[i]))
            buf_clear(out);
    if (out->len > BYTES_KEPT)
        out->len = BYTES_KEPT;
    return e;
}

/* --- keeping ---------------------------------------------------------------------------------------- */

/* Each statement stands alone: a download costs little more than its messages' bytes. */

static enum err insert(struct smdp *s, const struct smdp_message *m, const char *iccid, struct span bytes)
{
    char status[40] = "";
    if (es_refused(m->status))
        snprintf(status, sizeof status, "%s/%s", m->status->subject, m->status->reason);
    const struct db_value about = DB_TEXT(iccid), at = DB_INT(m->at ? m->at : clock_now(s->env->clock)),
                          function = DB_TEXT(m->function), refusal = DB_TEXT(status),
                          size = DB_INT((int64_t)m->bytes.len), blob = DB_BLOB(bytes);
    if (m->owner) /* of a profile that is not here, or not the caller's, nothing is kept */
        return db_run(s->env->db,
                      "INSERT INTO message (iccid, at, function, status, size, bytes)"
                      " SELECT iccid, ?, ?, ?, ?, ? FROM profile WHERE iccid = ? AND owner = ?",
                      DB_ARGS(at, function, refusal, size, blob, about, DB_TEXT(m->owner)), NULL);
    return db_run(s->env->db, "INSERT INTO message (iccid, at, function, status, size, bytes) VALUES (?, ?, ?, ?, ?, ?)",
                  DB_ARGS(about, at, function, refusal, size, blob), NULL);
}

/* Who knows the matchingId can send a message again and again: where there are too many, the oldest goes of the kind (function and
 * refusal) of which there are most, so that no kind drives out the others. */
static enum err forget(struct smdp *s, const char *iccid)
{
    int64_t extra = 0;
    enum err e = ERR_OK;
    while (!e) {
        e = db_get_int(s->env->db, "SELECT 1 FROM message WHERE iccid = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
                       DB_ARGS(DB_TEXT(iccid), DB_INT(s->messages_kept)), &extra);
        if (!e)
            e = db_run(s->env->db,
                       "DELETE FROM message WHERE id = (SELECT MIN(id) FROM message WHERE iccid = ? GROUP BY function, status"
                       " ORDER BY COUNT(*) DESC, MIN(id) LIMIT 1)",
                       DB_ARGS(DB_TEXT(iccid)), NULL);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err smdp_message_keep(struct smdp *s, const struct smdp_message *m)
{
    char iccid[21];
    struct buf bytes = { .max = HTTP_BODY_MAX };
    if (s->messages_kept <= 0)
        return ERR_OK;
    snprintf(iccid, sizeof iccid, "%s", m->iccid);
    enum err e = iccid[0] ? ERR_OK : smdp_session_iccid(s, m->transaction_id, iccid);
    if (e || !iccid[0])
        return e == ERR_NOT_FOUND ? ERR_OK : e; /* what belongs to no profile is kept nowhere */
    e = copy(m, &bytes);
    if (!e)
        e = insert(s, m, iccid, buf_span(&bytes));
    if (!e)
        e = forget(s, iccid);
    buf_release(&bytes);
    return e;
}

/* --- by function ------------------------------------------------------------------------------------ */

enum err smdp_keep_order(struct smdp *s, const char *function, const struct http_request *q, const struct es2p_order *in,
                         const char *iccid, const struct es_status *status)
{
    const struct smdp_message m = {
        .function = function, .iccid = iccid[0] ? iccid : in->iccid, .owner = in->requester, .transaction_id = "",
        .bytes = q->body, .status = status,
        .secret = { span_str(in->matching_id), span_str(in->confirmation_code) },
    };
    return smdp_message_keep(s, &m);
}

/* transactionId as the sessions have it; "" when it is none. */
static struct smdp_message of_session(const char *function, struct span transaction_id, char id[33], struct span bytes,
                                      const struct es_status *status)
{
    if (es_transaction_text(transaction_id, id))
        id[0] = 0;
    return (struct smdp_message){ .function = function, .iccid = "", .transaction_id = id, .bytes = bytes,
                                  .status = status };
}

/* It waits in the session until the eUICC says what it is for. */
enum err smdp_keep_initiate_authentication(struct smdp *s, const struct http_request *http,
                                           const struct rsp_initiate_authentication_request *q, const struct smdp_memory *made,
                                           const struct rsp_initiate_authentication_ok *ok, const struct es_status *status)
{
    char id[33];
    (void)q, (void)made;
    if (s->messages_kept <= 0 || es_refused(status) || es_transaction_text(ok->transaction_id, id))
        return ERR_OK;
    return smdp_session_set_opening(s, id, span_sub(http->body, 0, BYTES_KEPT));
}

static enum err keep_opening(struct smdp *s, const struct smdp_memory *made)
{
    static const struct es_status taken;
    const struct smdp_message m = { .function = "ES9+.InitiateAuthentication", .iccid = made->iccid, .transaction_id = "",
                                    .bytes = buf_span(&made->opened), .at = made->opened_at, .status = &taken };
    return made->opened.len ? smdp_message_keep(s, &m) : ERR_OK;
}

enum err smdp_keep_authenticate_client(struct smdp *s, const struct http_request *http,
                                       const struct rsp_authenticate_client_request *q, const struct smdp_memory *made,
                                       const struct rsp_authenticate_client_ok *ok, const struct es_status *status)
{
    char id[33];
    (void)http, (void)ok;
    struct smdp_message m = of_session("ES9+.AuthenticateClient", q->transaction_id, id, q->response.whole, status);
    m.iccid = made->iccid;
    m.secret[0] = q->response.ok.euicc_signed1.ctx_params1.matching_id;
    enum err e = made->iccid[0] ? keep_opening(s, made) : ERR_OK;
    return e ? e : smdp_message_keep(s, &m);
}

/* hashCc is a hash of few digits, which can be guessed. */
enum err smdp_keep_get_bound_profile_package(struct smdp *s, const struct http_request *http,
                                             const struct rsp_get_bound_profile_package_request *q,
                                             const struct smdp_memory *made,
                                             const struct rsp_get_bound_profile_package_ok *ok,
                                             const struct es_status *status)
{
    char id[33];
    (void)http, (void)ok;
    struct smdp_message m = of_session("ES9+.GetBoundProfilePackage", q->transaction_id, id, q->response.whole, status);
    m.iccid = made->iccid;
    m.secret[0] = q->response.ok.euicc_signed2.hash_cc;
    return smdp_message_keep(s, &m);
}

enum err smdp_keep_cancel_session(struct smdp *s, const struct http_request *http,
                                  const struct rsp_cancel_session_request_es9 *q, const struct es_status *status)
{
    char id[33];
    const struct smdp_message m = of_session("ES9+.CancelSession", q->transaction_id, id, http->body, status);
    return smdp_message_keep(s, &m);
}

enum err smdp_keep_notification(struct smdp *s, const struct rsp_pending_notification *n)
{
    static const struct es_status taken;
    char id[33] = "", iccid[21] = "";
    struct smdp_message m = { .function = "ES9+.HandleNotification", .iccid = iccid, .transaction_id = id,
                              .bytes = n->whole, .status = &taken };
    if (n->which == RSP_PENDING_INSTALLATION && es_transaction_text(n->installation.data.transaction_id, id))
        id[0] = 0;
    if (n->which == RSP_PENDING_OTHER && rsp_iccid_text(n->other.metadata.iccid, iccid))
        iccid[0] = 0;
    return iccid[0] || id[0] ? smdp_message_keep(s, &m) : ERR_OK;
}

/* --- seeing ----------------------------------------------------------------------------------------- */

static enum err put_message(void *context, const struct db_row *r)
{
    struct span bytes = db_blob(r, 5);
    json_t *m = json_pack("{s:I, s:I, s:s, s:s, s:I}", "id", (json_int_t)db_int(r, 0), "at", (json_int_t)db_int(r, 1),
                          "function", db_text(r, 2), "refusal", db_text(r, 3), "size", (json_int_t)db_int(r, 4));
    enum err e = m ? json_set_base64(m, "received", bytes) : ERR_NOMEM;
    if (e) {
        json_decref(m);
        return e;
    }
    return json_array_append_new(context, m) ? ERR_NOMEM : ERR_OK;
}

const char *smdp_messages_statement(void)
{
    return "SELECT id, at, function, status, size, bytes FROM message WHERE iccid = ? AND id > ? ORDER BY id LIMIT ?";
}

enum err smdp_list_messages(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct smdp_profile profile = { 0 };
    struct smdp_page page;
    enum err e = smdp_require_profile(s, q, p, &profile);
    if (!e)
        e = smdp_read_page(q, p, &page);
    json_t *messages = e ? NULL : json_array();
    if (!e)
        e = db_query(s->env->db, smdp_messages_statement(),
                     DB_ARGS(DB_TEXT(profile.iccid), DB_INT(strtoll(page.after, NULL, 10)), DB_INT(page.limit)), put_message,
                     messages);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(messages);
        return e;
    }
    return smdp_answer_page(p, "messages", messages, "id", &page);
}
