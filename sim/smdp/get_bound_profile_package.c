/* ES9+.GetBoundProfilePackage (SGP.22 5.6.2). */
#include <string.h>

#include "smdp_functions.h"

#define CONFIRMATION_CODE "8.2.7"

static enum err verify(struct smdp *s, const struct smdp_session *x,
                       const struct rsp_get_bound_profile_package_request *q, struct es_status *status)
{
    const struct rsp_download_response_ok *ok = &q->response.ok;
    struct rsp_tbs tbs;
    rsp_tbs_euicc_signature2(&ok->euicc_signed2, SPAN_ARRAY(x->smdp_signature2), &tbs);
    enum err e = smdp_session_verify(s, x, &tbs, ok->euicc_signature2);
    if (e && e != ERR_VERIFY)
        return e;
    if (e)
        es_refuse(status, "8.1", "6.1", "euiccSignature2 does not verify");
    else if (!span_equal(q->transaction_id, ok->euicc_signed2.transaction_id))
        es_refuse(status, "8.10.1", "3.9", "transactionId inside and outside differ");
    return ERR_OK;
}

/* Is it hashCc of this code? As text or as octets, whatever the settings allow (interpretation D-14). In constant time. */
static enum err judge_hash(struct smdp *s, const struct smdp_profile *p, const struct rsp_euicc_signed2 *signed2, bool *right)
{
    static const enum smdp_code_form other[] = { SMDP_CODE_AS_OCTETS, SMDP_CODE_AS_TEXT }; /* that excludes it */
    enum err e = ERR_OK;
    *right = false;
    for (size_t i = 0; !e && i < COUNT(other); i++) {
        uint8_t want[32];
        e = confirmation_code_hash(s->env->crypto, SPAN_ARRAY(p->confirmation_sha256[i]), signed2->transaction_id, want);
        if (!e && s->code_form != other[i])
            *right |= span_equal_secret(SPAN_ARRAY(want), signed2->hash_cc);
    }
    return e;
}

/* SGP.22 5.7.5; every wrong one is counted. */
static enum err check_confirmation_code(struct smdp *s, struct smdp_profile *p,
                                        const struct rsp_euicc_signed2 *signed2, struct es_status *status)
{
    if (!p->confirmation_required)
        return ERR_OK;
    if (p->attempts >= s->code_attempts) {
        es_refuse(status, CONFIRMATION_CODE, "6.4", "the confirmation code was wrong too often");
        return ERR_OK;
    }
    if (!signed2->hash_cc.at) {
        es_refuse(status, CONFIRMATION_CODE, "2.2", "the confirmation code is missing");
        return ERR_OK;
    }
    bool right = false;
    enum err e = judge_hash(s, p, signed2, &right);
    if (e || right)
        return e;
    es_refuse(status, CONFIRMATION_CODE, "3.8", "the confirmation code is refused");
    p->attempts++;
    return smdp_profile_update(s, p, "ES9+.GetBoundProfilePackage: wrong code");
}

/* SGP.22 5.6.2: what was bound to this very key goes out again; for another key it is bound anew, where that is allowed. */
static enum err bind(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p, struct span otpk,
                     struct smdp_binding *b, struct es_status *status)
{
    enum err e = p->state == SMDP_DOWNLOADED ? smdp_binding_get(s, p->iccid, b) : ERR_NOT_FOUND;
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (!e && span_equal(buf_span(&b->euicc_otpk), otpk))
        return ERR_OK;
    if (!e && s->same_otpk_only) {
        es_refuse(status, "8.2", "3.7", "the package was bound to another one-time key of the eUICC");
        return smdp_progress_note(s, p, x->eid, ES2P_BPP_DOWNLOAD, status, (struct span){ 0 });
    }
    e = smdp_bind(s, x, p, otpk, b);
    if (e == ERR_VERIFY) {
        es_refuse(status, "8.1", "6.1", "the eUICC's one-time key is no point of its curve");
        return ERR_OK;
    }
    return e ? e : smdp_binding_put(s, p->iccid, b);
}

/* SGP.22 5.3.5: a refusal of the code has a point of its own, all else is eligibility and retry limit, looked at again. */
static enum es2p_point refused_point(const struct es_status *status)
{
    return strcmp(status->subject, CONFIRMATION_CODE) == 0 ? ES2P_CONFIRMATION : ES2P_ELIGIBILITY;
}

static enum err remember(struct smdp *s, struct smdp_session *x, struct smdp_profile *p)
{
    /* From here on the profile is this card's, also when the order was for nobody in particular. */
    bool claims = !p->eid[0];
    x->state = SMDP_BOUND;
    p->state = SMDP_DOWNLOADED;
    p->downloads++;
    memcpy(p->eid, x->eid, sizeof p->eid);
    memcpy(p->bound, x->transaction_id, sizeof p->bound);
    enum err e = smdp_session_go_on(s, x);
    if (!e)
        e = smdp_progress_note(s, p, x->eid, ES2P_BPP_DOWNLOAD, &(struct es_status){ 0 }, (struct span){ 0 });
    if (e)
        return e;
    return claims ? smdp_profile_claim(s, p, "ES9+.GetBoundProfilePackage")
                  : smdp_profile_go_on(s, p, "ES9+.GetBoundProfilePackage");
}

static enum err serve(struct smdp *s, struct smdp_session *x, const struct rsp_get_bound_profile_package_request *q,
                      struct smdp_memory *m, struct rsp_get_bound_profile_package_ok *ok, struct es_status *status)
{
    const struct rsp_euicc_signed2 *signed2 = &q->response.ok.euicc_signed2;
    struct smdp_profile p = { 0 };
    memcpy(m->iccid, x->iccid, sizeof m->iccid);
    enum err e = verify(s, x, q, status);
    if (!e && !es_refused(status))
        e = smdp_profile_get(s, x->iccid, &p);
    if (!e && !es_refused(status) && p.state != SMDP_RELEASED && p.state != SMDP_DOWNLOADED)
        es_refuse(status, "8.2", "3.7", "the order was cancelled or used up meanwhile");
    else if (!e && !es_refused(status) && p.eid[0] && strcmp(p.eid, x->eid) != 0)
        es_refuse(status, "8.1.1", "3.8", "another card was faster with this code");
    else if (!e && !es_refused(status))
        smdp_check_limits(s, &p, status); /* time and other sessions have passed since the eUICC authenticated */
    if (!e && !es_refused(status))
        e = check_confirmation_code(s, &p, signed2, status);
    if (!e && es_refused(status) && p.iccid[0])
        e = smdp_progress_note(s, &p, x->eid, refused_point(status), status, (struct span){ 0 });
    if (!e && !es_refused(status))
        e = bind(s, x, &p, signed2->euicc_otpk, &m->binding, status);
    if (!e && !es_refused(status))
        e = smdp_write_package(s, x, &m->binding, &m->package);
    if (e || es_refused(status))
        return e;
    *ok = (struct rsp_get_bound_profile_package_ok){ q->transaction_id, buf_span(&m->package) };
    return remember(s, x, &p);
}

static enum err client_refused(struct smdp *s, struct smdp_session *x, struct es_status *status)
{
    x->state = SMDP_CLOSED;
    es_refuse(status, "8.1", "4.2", "the eUICC refused the download; see downloadErrorCode");
    return smdp_session_go_on(s, x);
}

enum err smdp_get_bound_profile_package(struct smdp *s, const struct rsp_get_bound_profile_package_request *q,
                                        struct smdp_memory *m, struct rsp_get_bound_profile_package_ok *ok,
                                        struct es_status *status)
{
    char id[33];
    struct smdp_session x = { 0 };
    enum err e = es_transaction_text(q->transaction_id, id);
    /* One transaction from looking at the order to handing its package out: two cards with one code cannot both get it. */
    if (e || (e = db_begin(s->env->db)))
        return e;
    e = smdp_session_get(s, id, &x);
    if (e == ERR_NOT_FOUND || (!e && x.state != SMDP_AUTHENTICATED)) {
        es_refuse(status, "8.10.1", "3.9", "no such RSP session");
        e = ERR_OK;
    } else if (!e && q->response.which == RSP_PREPARE_DOWNLOAD_OK)
        e = serve(s, &x, q, m, ok, status);
    else if (!e)
        e = client_refused(s, &x, status);
    smdp_session_release(&x);
    return db_end(s->env->db, e);
}
