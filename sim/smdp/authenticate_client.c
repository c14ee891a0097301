/* ES9+.AuthenticateClient (SGP.22 5.6.3): who is this eUICC, and which order is it here for? */
#include <string.h>

#include "rsp_ids.h"
#include "smdp_functions.h"

static enum err find_order(struct smdp *s, struct span matching_id, const char *eid, struct smdp_profile *p,
                           struct es_status *status)
{
    char token[SMDP_MATCHING_ID_MAX + 1] = "";
    enum err e = ERR_NOT_FOUND;
    if (matching_id.len == 0)
        e = smdp_profile_by_eid(s, eid, p);
    else if (matching_id.len <= SMDP_MATCHING_ID_MAX && rsp_matching_id_is_valid(matching_id)) {
        memcpy(token, matching_id.at, matching_id.len);
        e = smdp_profile_by_matching_id(s, token, p);
    }
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e)
        es_refuse(status, "8.2.6", "3.8", "no order has this matchingId");
    else if (p->eid[0] && strcmp(p->eid, eid) != 0)
        es_refuse(status, "8.1.1", "3.8", "the order is for another EID");
    else if (p->state < SMDP_RELEASED)
        es_refuse(status, "8.2", "1.2", "the profile is not released yet");
    else if (p->state != SMDP_RELEASED && p->state != SMDP_DOWNLOADED)
        es_refuse(status, "8.2.6", "3.8", "this order is used up");
    else
        smdp_check_limits(s, p, status);
    return ERR_OK;
}

/* What opened the session belongs to this profile. A session that goes on forgets it with all else that it learns now. */
static enum err note_subject(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p, struct smdp_memory *m,
                             bool refused)
{
    memcpy(m->iccid, p->iccid, sizeof m->iccid);
    m->opened_at = smdp_session_time(x);
    enum err e = buf_set(&m->opened, buf_span(&x->opening));
    return !e && refused && x->opening.len ? smdp_session_set_opening(s, x->transaction_id, (struct span){ 0 }) : e;
}

/* SGP.22 5.6.3: the key that the package was bound to before; the eUICC uses it again where it still has it. */
static enum err find_bound_key(struct smdp *s, const struct smdp_profile *p, struct smdp_memory *m)
{
    if (p->state != SMDP_DOWNLOADED)
        return ERR_OK;
    enum err e = smdp_binding_get_euicc_otpk(s, p->iccid, &m->binding.euicc_otpk);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err sign_smdp_signed2(struct smdp *s, const struct smdp_session *x, const struct smdp_profile *p,
                                  const struct rsp_authenticate_client_request *q, struct smdp_memory *m,
                                  struct rsp_authenticate_client_ok *ok)
{
    ok->transaction_id = q->transaction_id;
    ok->smdp_signed2 = (struct rsp_smdp_signed2){
        .transaction_id = q->transaction_id,
        .cc_required = p->confirmation_required,
        .bpp_euicc_otpk = buf_span(&m->binding.euicc_otpk),
    };
    enum err e = rsp_smdp_signed2_write(&ok->smdp_signed2, &m->tbs);
    if (e)
        return e;
    tamper_at(s->env, TAMPER_BEFORE_SIGNING, "ES9+.SmdpSigned2", &m->tbs);
    ok->smdp_signed2.signed_bytes = buf_span(&m->tbs);
    struct rsp_tbs tbs;
    rsp_tbs_smdp_signature2(&ok->smdp_signed2, q->response.ok.euicc_signature1, &tbs);
    e = ec_sign(s->env->crypto, s->identity[x->identity].pb_key, tbs.part, tbs.count, &m->signature);
    ok->smdp_signature2 = SPAN_ARRAY(m->signature.at);
    ok->smdp_certificate = s->identity[x->identity].pb_certificate;
    return e;
}

static enum err remember(struct smdp *s, struct smdp_session *x, const struct smdp_profile *p,
                         const struct cert *euicc, const struct smdp_memory *m)
{
    x->state = SMDP_AUTHENTICATED;
    memcpy(x->eid, euicc->eid, sizeof x->eid);
    memcpy(x->iccid, p->iccid, sizeof x->iccid);
    memcpy(x->smdp_signature2, m->signature.at, sizeof x->smdp_signature2);
    x->euicc_curve = euicc->curve;
    x->euicc_key = euicc->key;
    return smdp_session_authenticate(s, x);
}

/* Answers an eUICC that refused the server: the session ends here. */
static enum err client_refused(struct smdp *s, struct smdp_session *x, struct es_status *status)
{
    x->state = SMDP_CLOSED;
    es_refuse(status, "8.1", "4.2", "the eUICC refused the server; see authenticateErrorCode");
    return smdp_session_go_on(s, x);
}

/* The eUICC's chain is good. */
static enum err serve(struct smdp *s, struct smdp_session *x, const struct rsp_authenticate_client_request *q,
                      const struct cert *euicc, struct smdp_memory *m, struct rsp_authenticate_client_ok *ok,
                      struct es_status *status)
{
    const struct rsp_authenticate_response_ok *in = &q->response.ok;
    struct smdp_profile p = { 0 };
    enum err e = es_authentication_verify(&s->authentication, q, SPAN_ARRAY(x->server_challenge), euicc, status);
    if (!e && !es_refused(status)) {
        e = find_order(s, in->euicc_signed1.ctx_params1.matching_id, euicc->eid, &p, status);
        if (!e && p.iccid[0])
            e = note_subject(s, x, &p, m, es_refused(status));
    }
    if (!e && !es_refused(status))
        e = smdp_check_eligibility(s, &in->euicc_signed1.euicc_info2, &p, status);
    if (!e && p.iccid[0])
        e = smdp_progress_note(s, &p, euicc->eid, ES2P_ELIGIBILITY, status, (struct span){ 0 });
    if (e || es_refused(status))
        return e;
    *ok = (struct rsp_authenticate_client_ok){ 0 };
    e = smdp_build_metadata(&p, &m->metadata);
    if (!e)
        e = rsp_store_metadata_read(buf_span(&m->metadata), &ok->metadata);
    if (!e)
        e = find_bound_key(s, &p, m);
    if (!e)
        e = sign_smdp_signed2(s, x, &p, q, m, ok);
    return e ? e : remember(s, x, &p, euicc, m);
}

static enum err authenticate(struct smdp *s, struct smdp_session *x, const struct rsp_authenticate_client_request *q,
                             struct smdp_memory *m, struct rsp_authenticate_client_ok *ok, struct es_status *status)
{
    const struct rsp_authenticate_response_ok *in = &q->response.ok;
    const struct cert *euicc = NULL;
    enum err e = es_authentication_judge(&s->authentication, in->euicc_certificate, in->eum_certificate, &euicc,
                                         status);
    if (!e && !es_refused(status))
        e = serve(s, x, q, euicc, m, ok, status);
    cert_give_back(s->env->crypto, euicc);
    return e;
}

enum err smdp_authenticate_client(struct smdp *s, const struct rsp_authenticate_client_request *q,
                                  struct smdp_memory *m, struct rsp_authenticate_client_ok *ok,
                                  struct es_status *status)
{
    char id[33];
    struct smdp_session x = { 0 };
    enum err e = es_transaction_text(q->transaction_id, id);
    /* One transaction from looking at the session to moving it on: it is used once. */
    if (e || (e = db_begin(s->env->db)))
        return e;
    e = smdp_session_get(s, id, &x);
    if (e == ERR_NOT_FOUND || (!e && x.state != SMDP_INITIATED)) {
        es_refuse(status, "8.10.1", "3.9", "no such RSP session");
        e = ERR_OK;
    } else if (!e && q->response.which == RSP_AUTHENTICATE_SERVER_OK)
        e = authenticate(s, &x, q, m, ok, status);
    else if (!e)
        e = client_refused(s, &x, status);
    smdp_session_release(&x);
    return db_end(s->env->db, e);
}
