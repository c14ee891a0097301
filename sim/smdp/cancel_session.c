/* ES9+.CancelSession (SGP.22 5.6.5): the session ends; the order stays as it was, unless the end user rejected the profile. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "smdp_functions.h"

static enum err verify(struct smdp *s, const struct smdp_session *x, const struct rsp_cancel_session_request_es9 *q,
                       struct es_status *status)
{
    const struct rsp_cancel_session_ok *ok = &q->response.ok;
    struct rsp_tbs tbs;
    char oid[128];
    rsp_tbs_cancel_session(&ok->cancel_signed, &tbs);
    enum err e = smdp_session_verify(s, x, &tbs, ok->signature);
    if (e && e != ERR_VERIFY)
        return e;
    if (e)
        es_refuse(status, "8.1", "6.1", "euiccCancelSessionSignature does not verify");
    else if (!span_equal(q->transaction_id, ok->cancel_signed.transaction_id))
        es_refuse(status, "8.10.1", "3.9", "transactionId inside and outside differ");
    else if (der_oid_text(ok->cancel_signed.smdp_oid, oid) || strcmp(oid, s->auth[x->identity]->oid) != 0)
        es_refuse(status, "8.8", "3.10", "smdpOid is not this SM-DP+'s");
    return ERR_OK;
}

/* A rejection for good (the order's state is Error, and its operator hears of it): not if another card has the package. */
static enum err reject(struct smdp *s, const struct smdp_session *x, const char *event)
{
    struct smdp_profile p = { 0 };
    struct es_status status = { 0 };
    enum err e = smdp_profile_get(s, x->iccid, &p);
    bool ends = !e && (p.state == SMDP_RELEASED || (p.state == SMDP_DOWNLOADED && strcmp(p.bound, x->transaction_id) == 0));
    if (e || !ends)
        return e ? e : smdp_history_put(s, x->iccid, event);
    p.state = SMDP_ERROR;
    es_refuse(&status, "8.1", "4.2", "the end user rejected the profile");
    e = smdp_progress_note(s, &p, x->eid, ES2P_CONFIRMATION, &status, (struct span){ 0 });
    return e ? e : smdp_profile_update(s, &p, event);
}

static enum err close_session(struct smdp *s, struct smdp_session *x, int64_t reason)
{
    char event[64];
    x->state = SMDP_CLOSED;
    snprintf(event, sizeof event, "ES9+.CancelSession: %s", rsp_cancel_session_reason_name(reason));
    enum err e = smdp_session_go_on(s, x);
    if (e || !x->iccid[0])
        return e;
    bool for_good = reason == RSP_CANCEL_REASON_END_USER_REJECTION && s->rejection_ends_order;
    return for_good ? reject(s, x, event) : smdp_history_put(s, x->iccid, event);
}

enum err smdp_cancel_session(struct smdp *s, const struct rsp_cancel_session_request_es9 *q,
                             struct es_status *status)
{
    char id[33];
    struct smdp_session x = { 0 };
    enum err e = es_transaction_text(q->transaction_id, id);
    if (e || (e = db_begin(s->env->db)))
        return e;
    e = smdp_session_get(s, id, &x);
    if (e == ERR_NOT_FOUND || (!e && (x.state == SMDP_CLOSED || !x.knows_euicc))) {
        es_refuse(status, "8.10.1", "3.9", "no such RSP session, or the eUICC never authenticated in it");
        e = ERR_OK;
    } else if (!e && q->response.which != RSP_CANCEL_SESSION_OK)
        es_refuse(status, "8.1", "4.2", "the eUICC did not cancel");
    else if (!e)
        e = verify(s, &x, q, status);
    if (!e && !es_refused(status))
        e = close_session(s, &x, q->response.ok.cancel_signed.reason);
    smdp_session_release(&x);
    return db_end(s->env->db, e);
}
