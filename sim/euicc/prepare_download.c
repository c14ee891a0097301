/* ES10b.PrepareDownload (SGP.22 5.7.5). */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_download.h"

struct preparation {
    struct euicc *e;
    struct rsp_prepare_download_request request;
    const struct cert *cert; /* in hand; the session's once the download is prepared */
};

/* Each returns a downloadErrorCode, 0 when passed. */
static int64_t check_session(struct preparation *p)
{
    enum session_step step = p->e->session.step;
    return step == SESSION_AUTHENTICATED || step == SESSION_PREPARED
               ? 0
               : RSP_DOWNLOAD_NO_SESSION_CONTEXT;
}

static int64_t check_transaction(struct preparation *p)
{
    return session_is(&p->e->session, p->request.smdp_signed2.transaction_id)
               ? 0
               : RSP_DOWNLOAD_INVALID_TRANSACTION_ID;
}

/* CERT.DPpb must have its role, come from the same CI and belong to the SM-DP+ that authenticated.
 */
static int64_t check_certificate(struct preparation *p)
{
    const struct session *s = &p->e->session;
    const struct cert_policy policy = { .now = CERT_NO_CLOCK };
    struct span anchor = { 0 };
    enum err err = cert_borrow(p->e->env.crypto, p->request.smdp_certificate, &p->cert);
    if (failure_is_undefined(err))
        return RSP_DOWNLOAD_UNDEFINED_ERROR;
    if (err)
        return err == ERR_UNSUPPORTED ? RSP_DOWNLOAD_UNSUPPORTED_CURVE
                                      : RSP_DOWNLOAD_INVALID_CERTIFICATE;
    enum cert_flaw flaw = cert_judge(p->e->trust, p->cert, CERT_DP_PB, NULL, 0, &policy, &anchor);
    if (flaw != CERT_FINE)
        LOG(p->e->env.log, LOG_INFO, "download.certificate", F_TEXT("why", cert_flaw_text(flaw)));
    if (flaw == CERT_BAD_CURVE)
        return RSP_DOWNLOAD_UNSUPPORTED_CURVE;
    bool same_ci =
        flaw == CERT_FINE && span_equal(anchor, SPAN_ARRAY(p->e->credentials[s->credential].ci));
    bool same_server = !strcmp(p->cert->oid, s->dp_auth->oid) && p->cert->oid[0];
    bool revoked = same_ci && crl_revokes(p->e, anchor, p->cert);
    return same_ci && same_server && !revoked ? 0 : RSP_DOWNLOAD_INVALID_CERTIFICATE;
}

static int64_t check_signature(struct preparation *p)
{
    struct rsp_tbs tbs;
    rsp_tbs_smdp_signature2(&p->request.smdp_signed2, SPAN_ARRAY(p->e->session.euicc_signature1.at),
                            &tbs);
    enum err err =
        cert_verify(p->e->env.crypto, p->cert, tbs.part, tbs.count, p->request.smdp_signature2);
    if (err == ERR_NOMEM)
        return RSP_DOWNLOAD_UNDEFINED_ERROR;
    return err ? RSP_DOWNLOAD_INVALID_SIGNATURE : 0;
}

static int64_t check_confirmation(struct preparation *p)
{
    bool missing = p->request.smdp_signed2.cc_required && !p->request.hash_cc.at;
    return missing ? RSP_DOWNLOAD_UNDEFINED_ERROR : 0;
}

static const struct {
    const char *ref, *name;
    int64_t (*check)(struct preparation *p);
} steps[] = {
    { "SGP.22 5.7.5", "a server is authenticated", check_session },
    { "SGP.22 5.7.5", "the transaction is the session's", check_transaction },
    { "SGP.22 4.5.2.2", "certificate chain, role and SM-DP+ identity", check_certificate },
    { "SGP.22 5.7.5", "smdpSignature2 verifies", check_signature },
    { "SGP.22 5.7.5", "a confirmation code came where one is required", check_confirmation },
};

/* SGP.22 5.7.5: an SM-DP+ that bound the package before names the key it used; only that very key
 * is used again. */
static enum err take_one_time_key(struct preparation *p)
{
    struct session *s = &p->e->session;
    struct span asked = p->request.smdp_signed2.bpp_euicc_otpk;
    if (s->otsk && asked.at && span_equal(asked, SPAN_ARRAY(s->otpk.at)) &&
        ec_key_curve(s->otsk) == p->cert->curve)
        return ERR_OK;
    ec_key_free(s->otsk);
    s->otsk = NULL;
    enum err err = ec_key_generate(p->e->env.crypto, p->cert->curve, &s->otsk);
    if (!err)
        ec_key_point(s->otsk, &s->otpk);
    return err;
}

static enum err refuse(const struct preparation *p, int64_t code, struct buf *response)
{
    struct rsp_prepare_download_response answer = {
        .which = RSP_PREPARE_DOWNLOAD_ERROR,
        .error = { p->request.smdp_signed2.transaction_id, code },
    };
    LOG(p->e->env.log, LOG_INFO, "download.refused", F_INT("code", code),
        F_TEXT("name", rsp_download_error_code_name(code)));
    return rsp_prepare_download_response_write(&answer, response);
}

static enum err write_signed2(struct preparation *p, struct buf *out)
{
    struct rsp_euicc_signed2 s = { .transaction_id = p->request.smdp_signed2.transaction_id,
                                   .euicc_otpk = SPAN_ARRAY(p->e->session.otpk.at),
                                   .hash_cc = p->request.hash_cc };
    enum err err = rsp_euicc_signed2_write(&s, out);
    if (!err)
        tamper_at(&p->e->env, TAMPER_BEFORE_SIGNING, "ES10b.euiccSigned2", out);
    return err;
}

static enum err accept(struct preparation *p, struct buf *response)
{
    struct buf signed2 = { .max = 1024 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    enum err err = take_one_time_key(p);
    if (!err)
        err = write_signed2(p, &signed2);
    struct rsp_prepare_download_response answer = {
        .which = RSP_PREPARE_DOWNLOAD_OK,
        .ok = { .euicc_signed2 = { .signed_bytes = buf_span(&signed2) },
                .euicc_signature2 = SPAN_ARRAY(signature.at) },
    };
    if (!err) {
        rsp_tbs_euicc_signature2(&answer.ok.euicc_signed2, p->request.smdp_signature2, &tbs);
        err = euicc_sign_tbs(p->e, p->e->session.credential, &tbs, &signature);
    }
    if (!err)
        err = rsp_prepare_download_response_write(&answer, response);
    if (!err) {
        cert_give_back(p->e->env.crypto, p->e->session.dp_pb);
        p->e->session.dp_pb = p->cert;
        p->cert = NULL;
        p->e->session.step = SESSION_PREPARED;
    }
    buf_release(&signed2);
    return err;
}

enum err isdr_prepare_download(struct euicc *e, struct span request, struct buf *response)
{
    struct preparation p = { .e = e };
    enum err err = rsp_prepare_download_request_read(request, &p.request);
    if (err)
        return log_fail(e->env.log, err, "SGP.22 5.7.5", "PrepareDownloadRequest is malformed");
    int64_t code = 0;
    for (size_t i = 0; !code && i < COUNT(steps); i++)
        code = steps[i].check(&p);
    err = code ? refuse(&p, code, response) : accept(&p, response);
    cert_give_back(e->env.crypto, p.cert);
    return err;
}

enum err prepare_download_undefined(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    struct preparation p = { .e = e };
    enum err err = rsp_prepare_download_request_read(request, &p.request);
    (void)tag;
    return err ? err : refuse(&p, RSP_DOWNLOAD_UNDEFINED_ERROR, response);
}
