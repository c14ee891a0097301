/* The relayed download, call side (SGP.32 5.14.1 to 5.14.4): the functions of ES9+ over ESipa, so that a device downloads the
 * same way through its eIM as directly. Refusals come as the subject and reason codes they stand for. */
#include "es_codes.h"
#include "esipa_call.h"

/* Sends a request that was written (or not: e) and gives the answer's bytes memory that lasts. */
static enum err relay(const struct es_peer *peer, const char *name, enum err e, struct buf *message,
                      struct es_memory *m, struct span *answer)
{
    struct buf *received = es_memory_buf(m);
    if (!received) {
        buf_release(message);
        return ERR_LIMIT;
    }
    e = esipa_call(peer, name, e, message, received);
    *answer = buf_span(received);
    return e;
}

enum err esipa_initiate_authentication(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                                       struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                       struct es_status *status)
{
    struct buf message = ESIPA_MESSAGE;
    struct rsp_initiate_authentication_response_esipa r;
    struct span answer = { 0 };
    const struct rsp_initiate_authentication_request_esipa request = {
        .euicc_challenge = q->euicc_challenge,
        .smdp_address = q->smdp_address,
        .has_euicc_info1 = !peer->no_euicc_info1,
        .euicc_info1 = q->euicc_info1,
        .eim_transaction_id = peer->eim_transaction_id,
    };
    enum err e = rsp_initiate_authentication_request_esipa_write(&request, &message);
    e = relay(peer, "InitiateAuthentication", e, &message, m, &answer);
    if (!e)
        e = rsp_initiate_authentication_response_esipa_read(answer, &r);
    if (e)
        return e;
    *status = (struct es_status){ 0 };
    if (r.which != RSP_OK) {
        es_status_of_code(ESIPA_CODES_INITIATE_AUTHENTICATION, r.error, status);
        return ERR_OK;
    }
    *ok = (struct rsp_initiate_authentication_ok){
        /* Left out towards an IPA that asked for fewer bytes; it is in what is signed. */
        .transaction_id = r.ok.transaction_id.len ? r.ok.transaction_id : r.ok.server_signed1.transaction_id,
        .server_signed1 = r.ok.server_signed1,
        .server_signature1 = r.ok.server_signature1,
        .ci_pkid = r.ok.ci_pkid,
        .server_certificate = r.ok.server_certificate,
        .matching_id = r.ok.matching_id,
        .ctx_params1 = r.ok.ctx_params1,
    };
    return ERR_OK;
}

static enum err authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                    struct es_memory *m, struct rsp_authenticate_client_response_esipa *r,
                                    struct es_status *status)
{
    struct buf message = ESIPA_MESSAGE;
    struct span answer = { 0 };
    enum err e = rsp_authenticate_client_request_write(q, &message);
    e = relay(peer, "AuthenticateClient", e, &message, m, &answer);
    if (!e)
        e = rsp_authenticate_client_response_esipa_read(answer, r);
    *status = (struct es_status){ 0 };
    if (!e && r->which == RSP_AC_ESIPA_ERROR)
        es_status_of_code(ESIPA_CODES_AUTHENTICATE_CLIENT, r->error, status);
    return e;
}

enum err esipa_authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                   struct es_memory *m, struct rsp_authenticate_client_ok *ok,
                                   struct es_status *status)
{
    struct rsp_authenticate_client_response_esipa r;
    enum err e = authenticate_client(peer, q, m, &r, status);
    if (e || es_refused(status))
        return e;
    if (r.which != RSP_AC_ESIPA_OK_DP)
        return log_fail(peer->env->log, ERR_UNSUPPORTED, "SGP.32 5.14.2", "an SM-DS answer to a download");
    *ok = (struct rsp_authenticate_client_ok){
        .transaction_id = q->transaction_id,
        .metadata = r.dp.metadata,
        .smdp_signed2 = r.dp.smdp_signed2,
        .smdp_signature2 = r.dp.smdp_signature2,
        .smdp_certificate = r.dp.smdp_certificate,
        .hash_cc = r.dp.hash_cc,
    };
    return ERR_OK;
}

enum err esipa_authenticate_client_at_smds(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                           struct es_memory *m, struct rsp_profile_download_trigger_request *trigger,
                                           struct es_status *status)
{
    struct rsp_authenticate_client_response_esipa r;
    enum err e = authenticate_client(peer, q, m, &r, status);
    if (e || es_refused(status))
        return e;
    if (r.which != RSP_AC_ESIPA_OK_DS)
        return log_fail(peer->env->log, ERR_UNSUPPORTED, "SGP.32 5.14.2", "an SM-DP+ answer to a discovery");
    *trigger = r.ds.has_trigger ? r.ds.trigger : (struct rsp_profile_download_trigger_request){ 0 };
    return ERR_OK;
}

enum err esipa_get_bound_profile_package(const struct es_peer *peer,
                                         const struct rsp_get_bound_profile_package_request *q, struct es_memory *m,
                                         struct rsp_get_bound_profile_package_ok *ok, struct es_status *status)
{
    struct buf message = ESIPA_MESSAGE;
    struct rsp_get_bound_profile_package_response_esipa r;
    struct span answer = { 0 };
    enum err e = rsp_get_bound_profile_package_request_write(q, &message);
    e = relay(peer, "GetBoundProfilePackage", e, &message, m, &answer);
    if (!e)
        e = rsp_get_bound_profile_package_response_esipa_read(answer, &r);
    if (e)
        return e;
    *status = (struct es_status){ 0 };
    if (r.which != RSP_OK)
        es_status_of_code(ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, r.error, status);
    else
        *ok = (struct rsp_get_bound_profile_package_ok){ q->transaction_id, r.ok.bound_profile_package };
    return ERR_OK;
}

enum err esipa_cancel_session(const struct es_peer *peer, struct span transaction_id, struct span response,
                              struct es_status *status)
{
    struct es_memory m = ES_MEMORY_INIT;
    struct buf message = ESIPA_MESSAGE;
    struct rsp_cancel_session_request_es9 q = { .transaction_id = transaction_id };
    struct rsp_cancel_session_response_es9 r;
    struct span answer = { 0 };
    enum err e = rsp_cancel_session_response_read(response, &q.response);
    if (!e)
        e = rsp_cancel_session_request_es9_write(&q, &message);
    e = relay(peer, "CancelSession", e, &message, &m, &answer);
    if (!e)
        e = rsp_cancel_session_response_es9_read(answer, &r);
    *status = (struct es_status){ 0 };
    if (!e && r.which != RSP_OK)
        es_status_of_code(ESIPA_CODES_CANCEL_SESSION, r.error, status);
    es_memory_release(&m);
    return e;
}

enum err esipa_relay_notification(const struct es_peer *peer, struct span pending_notification)
{
    struct rsp_handle_notification_esipa q = { .which = RSP_ESIPA_NOTIFICATION_PENDING };
    enum err e = rsp_pending_notification_read(pending_notification, &q.notification);
    return e ? e : esipa_handle_notification(peer, &q);
}
