/* ES9+.CancelSession (SGP.22 5.6.5): the order stays as it was, the session ends. */
#include <string.h>

#include "smdp_functions.h"

static enum err verify(struct smdp *s, const struct smdp_session *x, const struct rsp_cancel_session_request_es9 *q,
                       struct es_status *status)
{
    const struct rsp_cancel_session_ok *ok = &q->response.ok;
    const struct cert *euicc = NULL;
    struct rsp_tbs tbs;
    char oid[128];
    enum err e = cert_borrow(s->env->crypto, buf_span(&x->euicc_certificate), &euicc);
    if (e)
        return e;
    rsp_tbs_cancel_session(&ok->cancel_signed, &tbs);
    e = cert_verify(s->env->crypto, euicc, tbs.part, tbs.count, ok->signature);
    cert_give_back(s->env->crypto, euicc);
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

static enum err close_session(struct smdp *s, struct smdp_session *x)
{
    x->state = SMDP_CLOSED;
    enum err e = smdp_session_go_on(s, x);
    return e || !x->iccid[0] ? e : smdp_history_put(s, x->iccid, "ES9+.CancelSession");
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
    if (e == ERR_NOT_FOUND || (!e && (x.state == SMDP_CLOSED || !x.euicc_certificate.len))) {
        es_refuse(status, "8.10.1", "3.9", "no such RSP session, or the eUICC never authenticated in it");
        e = ERR_OK;
    } else if (!e && q->response.which != RSP_CANCEL_SESSION_OK)
        es_refuse(status, "8.1", "4.2", "the eUICC did not cancel");
    else if (!e)
        e = verify(s, &x, q, status);
    if (!e && !es_refused(status))
        e = close_session(s, &x);
    smdp_session_release(&x);
    return db_end(s->env->db, e);
}
