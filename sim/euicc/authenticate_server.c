/* ES10b.AuthenticateServer (SGP.22 5.7.13, SGP.32 5.9): steps in the order of the specification. */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_authentication.h"
#include "rsp_ids.h"

struct authentication {
    struct euicc *e;
    struct rsp_authenticate_server_request request;
    const struct cert *cert; /* in hand; the session's once it is entered */
    unsigned credential;
};

/* Returns an authenticateErrorCode, 0 when the step is passed. */
static int64_t check_session(struct authentication *a)
{
    if (euicc_state(a->e)->in_emergency)
        return RSP_AUTHENTICATE_UNDEFINED_ERROR; /* no download now; the function has no code for
                                                    why */
    return a->e->session.step == SESSION_CHALLENGE ? 0 : RSP_AUTHENTICATE_NO_SESSION_CONTEXT;
}

static struct span key_identifier(struct span ci_pkid)
{
    struct der_tlv inner; /* an SM-DP+ may hand on the whole OCTET STRING */
    return ci_pkid.len == 22 && !der_only(ci_pkid, 0x04, &inner) ? inner.value : ci_pkid;
}

static int64_t check_ci(struct authentication *a)
{
    struct span ski = key_identifier(a->request.ci_pkid);
    a->credential = euicc_credential_of(a->e, ski);
    bool known = a->credential != EUICC_NO_CREDENTIAL && trust_knows_ci(a->e->trust, ski);
    return known ? 0 : RSP_AUTHENTICATE_CI_PK_UNKNOWN;
}

static int64_t code_of_flaw(enum cert_flaw flaw)
{
    switch (flaw) {
    case CERT_FINE:
        return 0;
    case CERT_BAD_CURVE:
        return RSP_AUTHENTICATE_UNSUPPORTED_CURVE;
    case CERT_UNKNOWN_CI:
        return RSP_AUTHENTICATE_CI_PK_UNKNOWN;
    default:
        return RSP_AUTHENTICATE_INVALID_CERTIFICATE;
    }
}

/* The server is an SM-DP+ or an SM-DS; the chain must end at the CI key that was named. No clock:
 * catalogue C.4.1. */
static int64_t check_certificate(struct authentication *a)
{
    const struct cert_policy policy = { .now = CERT_NO_CLOCK };
    struct span anchor = { 0 };
    enum err err = cert_borrow(a->e->env.crypto, a->request.server_certificate, &a->cert);
    if (failure_is_undefined(err))
        return RSP_AUTHENTICATE_UNDEFINED_ERROR;
    if (err)
        return err == ERR_UNSUPPORTED ? RSP_AUTHENTICATE_UNSUPPORTED_CURVE
                                      : RSP_AUTHENTICATE_INVALID_CERTIFICATE;
    enum cert_flaw flaw = cert_judge(a->e->trust, a->cert, CERT_DP_AUTH, NULL, 0, &policy, &anchor);
    if (flaw == CERT_WRONG_ROLE)
        flaw = cert_judge(a->e->trust, a->cert, CERT_DS_AUTH, NULL, 0, &policy, &anchor);
    if (flaw != CERT_FINE)
        LOG(a->e->env.log, LOG_INFO, "authenticate.certificate",
            F_TEXT("why", cert_flaw_text(flaw)));
    if (flaw == CERT_FINE && !span_equal(anchor, key_identifier(a->request.ci_pkid)))
        return RSP_AUTHENTICATE_INVALID_CERTIFICATE;
    if (flaw == CERT_FINE && crl_revokes(a->e, anchor, a->cert))
        return RSP_AUTHENTICATE_INVALID_CERTIFICATE;
    bool without_oid = flaw == CERT_NAME_MISMATCH && !a->cert->oid[0];
    return without_oid ? RSP_AUTHENTICATE_INVALID_OID : code_of_flaw(flaw);
}

static int64_t check_oid(struct authentication *a)
{
    return a->cert->oid[0] ? 0 : RSP_AUTHENTICATE_INVALID_OID;
}

static int64_t check_signature(struct authentication *a)
{
    struct rsp_tbs tbs;
    rsp_tbs_server_signature1(&a->request.server_signed1, &tbs);
    enum err err =
        cert_verify(a->e->env.crypto, a->cert, tbs.part, tbs.count, a->request.server_signature1);
    if (err == ERR_NOMEM)
        return RSP_AUTHENTICATE_UNDEFINED_ERROR;
    return err ? RSP_AUTHENTICATE_INVALID_SIGNATURE : 0;
}

static int64_t check_challenge(struct authentication *a)
{
    bool same =
        span_equal(a->request.server_signed1.euicc_challenge, SPAN_ARRAY(a->e->session.challenge));
    return same ? 0 : RSP_AUTHENTICATE_EUICC_CHALLENGE_MISMATCH;
}

/* Its notifications go there: longer than any name, they would outgrow the list of notifications. No code says so. */
static int64_t check_address(struct authentication *a)
{
    bool fits = a->request.server_signed1.server_address.len <= RSP_ADDRESS_MAX;
    return fits ? 0 : RSP_AUTHENTICATE_UNDEFINED_ERROR;
}

static const struct {
    const char *ref, *name;
    int64_t (*check)(struct authentication *a);
} steps[] = {
    { "SGP.22 5.7.13", "a challenge was given", check_session },
    { "SGP.22 5.7.13", "the CI key is known", check_ci },
    { "SGP.22 4.5.2.2", "certificate chain and role", check_certificate },
    { "SGP.22 5.7.13", "the certificate carries an OID", check_oid },
    { "SGP.22 5.7.13", "serverSignature1 verifies", check_signature },
    { "SGP.22 5.7.13", "the challenge is this card's", check_challenge },
    { "SGP.22 5.7.13", "the server's address is no longer than a name", check_address },
};

static enum err refuse(const struct authentication *a, int64_t code, struct buf *response)
{
    struct rsp_authenticate_server_response answer = {
        .which = RSP_AUTHENTICATE_SERVER_ERROR,
        .error = { a->request.server_signed1.transaction_id, code },
    };
    LOG(a->e->env.log, LOG_INFO, "authenticate.refused", F_INT("code", code),
        F_TEXT("name", rsp_authenticate_error_code_name(code)));
    return rsp_authenticate_server_response_write(&answer, response);
}

static enum err write_signed1(struct authentication *a, struct buf *out)
{
    const struct rsp_server_signed1 *server = &a->request.server_signed1;
    struct info_storage storage = { 0 };
    struct rsp_euicc_signed1 s = { .transaction_id = server->transaction_id,
                                   .server_address = server->server_address,
                                   .server_challenge = server->server_challenge,
                                   .ctx_params1 = a->request.ctx_params1 };
    enum err err = euicc_info2_fill(a->e, &s.euicc_info2, &storage);
    if (!err)
        err = rsp_euicc_signed1_write(&s, out);
    info_storage_release(&storage);
    if (!err)
        tamper_at(&a->e->env, TAMPER_BEFORE_SIGNING, "ES10b.euiccSigned1", out);
    return err;
}

static enum err enter_session(struct authentication *a, const struct ec_signature *signature)
{
    struct session *s = &a->e->session;
    enum err err = shared_set(&s->transaction_id, a->request.server_signed1.transaction_id);
    if (!err)
        err = shared_set(&s->server_address, a->request.server_signed1.server_address);
    s->dp_auth = a->cert;
    a->cert = NULL;
    s->credential = a->credential;
    s->euicc_signature1 = *signature;
    s->step = err ? SESSION_NONE : SESSION_AUTHENTICATED;
    return err;
}

static enum err accept(struct authentication *a, struct buf *response)
{
    struct buf signed1 = { .max = 4096 };
    struct ec_signature signature;
    const struct credential *c = &a->e->credentials[a->credential];
    enum err err = write_signed1(a, &signed1);
    struct span tbs = buf_span(&signed1);
    if (!err)
        err = euicc_sign(a->e, a->credential, &tbs, 1, &signature);
    struct rsp_authenticate_server_response answer = {
        .which = RSP_AUTHENTICATE_SERVER_OK,
        .ok = { .euicc_signed1 = { .signed_bytes = tbs },
                .euicc_signature1 = SPAN_ARRAY(signature.at),
                .euicc_certificate = shared_span(c->certificate),
                .eum_certificate = shared_span(c->eum_certificate) },
    };
    if (!err)
        err = rsp_authenticate_server_response_write(&answer, response);
    if (!err)
        err = enter_session(a, &signature);
    buf_release(&signed1);
    return err;
}

enum err isdr_authenticate_server(struct euicc *e, struct span request, struct buf *response)
{
    struct authentication a = { .e = e };
    enum err err = rsp_authenticate_server_request_read(request, &a.request);
    if (err)
        return log_fail(e->env.log, err, "SGP.22 5.7.13", "AuthenticateServerRequest is malformed");
    int64_t code = 0;
    for (size_t i = 0; !code && i < COUNT(steps); i++)
        code = steps[i].check(&a);
    session_reset(e); /* the challenge serves once, whatever came of it */
    err = code ? refuse(&a, code, response) : accept(&a, response);
    cert_give_back(e->env.crypto, a.cert);
    return err;
}

enum err authenticate_server_undefined(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    struct authentication a = { .e = e };
    enum err err = rsp_authenticate_server_request_read(request, &a.request);
    (void)tag;
    return err ? err : refuse(&a, RSP_AUTHENTICATE_UNDEFINED_ERROR, response);
}
