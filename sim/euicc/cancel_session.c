#include "euicc_internal.h"
#include "rsp_download.h"

static enum err refuse(int64_t code, struct buf *response)
{
    struct rsp_cancel_session_response answer = { .which = RSP_CANCEL_SESSION_ERROR,
                                                  .error = code };
    return rsp_cancel_session_response_write(&answer, response);
}

static enum err write_signed(struct euicc *e, const struct rsp_cancel_session_request *r,
                             struct buf *out)
{
    struct buf oid = { .max = 64 };
    enum err err = der_oid_parse(e->session.dp_auth->oid, &oid);
    struct rsp_cancel_session_signed s = { .transaction_id = r->transaction_id,
                                           .smdp_oid = buf_span(&oid),
                                           .reason = r->reason };
    if (!err)
        err = rsp_cancel_session_signed_write(&s, out);
    if (!err)
        tamper_at(&e->env, TAMPER_BEFORE_SIGNING, "ES10b.euiccCancelSessionSigned", out);
    buf_release(&oid);
    return err;
}

/* What was being loaded was not cut off by a loss of power: the note of it goes. */
static enum err forget_loading(struct euicc *e)
{
    struct state *s;
    if (!euicc_state(e)->under_way)
        return ERR_OK;
    enum err err = euicc_change(e, &s);
    if (!err)
        state_clear_under_way(s);
    return err;
}

/* SGP.22 5.7.14: the signed answer convinces the SM-DP+ that the card gave the session up. */
enum err isdr_cancel_session(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_cancel_session_request r;
    struct buf cancelled = { .max = 256 };
    struct ec_signature signature;
    enum err err = rsp_cancel_session_request_read(request, &r);
    if (err)
        return err;
    if (!session_is(&e->session, r.transaction_id))
        return refuse(RSP_CANCEL_RESPONSE_INVALID_TRANSACTION_ID, response);
    err = write_signed(e, &r, &cancelled);
    struct span tbs = buf_span(&cancelled);
    if (!err)
        err = euicc_sign(e, e->session.credential, &tbs, 1, &signature);
    struct rsp_cancel_session_response answer = {
        .which = RSP_CANCEL_SESSION_OK,
        .ok = { .cancel_signed = { .signed_bytes = tbs }, .signature = SPAN_ARRAY(signature.at) },
    };
    if (!err)
        err = rsp_cancel_session_response_write(&answer, response);
    if (!err)
        err = forget_loading(e);
    if (!err)
        session_reset(e);
    buf_release(&cancelled);
    return err;
}
