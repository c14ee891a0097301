/* The relayed download over JSON, serve side (SGP.32 6.4; catalogue A.7.4). What is signed is handed on as it came. A refusal is
 * told twice: by its ASN.1 number and by the subject and reason that it stands for. */
#include "es9p.h"
#include "es_codes.h"
#include "esipa_json.h"
#include "rsp_codes.h"

static enum err refuse(struct esipa_exchange *x, enum es_codes function, const char *member, int64_t code)
{
    es_status_of_code(function, code, &x->status);
    return json_set_int(x->answer, member, code);
}

static enum err show_transaction(struct esipa_exchange *x, struct span id)
{
    return id.len ? json_set_hex(x->answer, "transactionId", id) : ERR_OK;
}

/* --- InitiateAuthentication ---------------------------------------------------------------------------- */

static enum err take_initiate(struct esipa_exchange *x, struct rsp_initiate_authentication_request_esipa *q)
{
    struct span info = { 0 };
    struct buf *id = es_memory_buf(&x->memory);
    const char *address = json_str(x->request, "smdpAddress");
    enum err e = id ? es_memory_base64(&x->memory, x->request, "euiccChallenge", &q->euicc_challenge) : ERR_LIMIT;
    if (!e && q->euicc_challenge.len != 16)
        e = ERR_PARSE;
    if (!e)
        e = esipa_optional(es_memory_base64(&x->memory, x->request, "euiccInfo1", &info));
    q->has_euicc_info1 = info.len > 0;
    if (!e && q->has_euicc_info1)
        e = rsp_euicc_info1_read(info, &q->euicc_info1);
    if (!e)
        e = esipa_optional(json_hex(x->request, "eimTransactionId", id));
    if (!e && id->len > 16)
        e = ERR_PARSE;
    if (e)
        return e;
    q->eim_transaction_id = buf_span(id);
    q->smdp_address = address ? span_str(address) : (struct span){ 0 };
    return ERR_OK;
}

static enum err show_initiated(struct esipa_exchange *x, const struct rsp_initiate_authentication_ok_esipa *ok)
{
    enum err e = show_transaction(x, ok->transaction_id);
    if (!e)
        e = json_set_base64(x->answer, "serverSigned1", ok->server_signed1.signed_bytes);
    if (!e)
        e = es9p_put_signature(&x->service->wire, x->answer, "serverSignature1", ok->server_signature1);
    if (!e)
        e = es9p_put_octets(x->answer, "euiccCiPKIdentifierToBeUsed", ok->ci_pkid);
    if (!e)
        e = json_set_base64(x->answer, "serverCertificate", ok->server_certificate);
    if (!e && ok->ctx_params1.len)
        e = json_set_base64(x->answer, "ctxParams1", ok->ctx_params1);
    if (!e && ok->matching_id.len)
        e = json_object_set_new(x->answer, "matchingId",
                                json_stringn((const char *)ok->matching_id.at, ok->matching_id.len))
                ? ERR_NOMEM
                : ERR_OK;
    return e;
}

enum err esipa_json_initiate_authentication(struct esipa_exchange *x)
{
    struct rsp_initiate_authentication_request_esipa q = { 0 };
    struct rsp_initiate_authentication_response_esipa r;
    struct buf answer = { .max = HTTP_BODY_MAX };
    enum err e = take_initiate(x, &q);
    x->called = !e;
    if (!e)
        e = x->service->server->initiate_authentication(x->service->actor, &q, &answer);
    if (!e)
        e = rsp_initiate_authentication_response_esipa_read(buf_span(&answer), &r);
    if (!e)
        e = r.which == RSP_OK ? show_initiated(x, &r.ok)
                              : refuse(x, ESIPA_CODES_INITIATE_AUTHENTICATION, "initiateAuthenticationError", r.error);
    buf_release(&answer);
    return e;
}

/* --- AuthenticateClient ---------------------------------------------------------------------------------- */

static enum err show_authenticated(struct esipa_exchange *x, const struct rsp_authenticate_client_ok_dp_esipa *ok)
{
    enum err e = show_transaction(x, ok->transaction_id);
    if (!e && ok->has_metadata)
        e = json_set_base64(x->answer, "profileMetadata", ok->metadata.whole);
    if (!e)
        e = json_set_base64(x->answer, "smdpSigned2", ok->smdp_signed2.signed_bytes);
    if (!e)
        e = es9p_put_signature(&x->service->wire, x->answer, "smdpSignature2", ok->smdp_signature2);
    if (!e)
        e = json_set_base64(x->answer, "smdpCertificate", ok->smdp_certificate);
    return e || !ok->hash_cc.len ? e : es9p_put_octets(x->answer, "hashCc", ok->hash_cc);
}

static enum err show_client_answer(struct esipa_exchange *x, const struct rsp_authenticate_client_response_esipa *r)
{
    enum err e;
    switch (r->which) {
    case RSP_AC_ESIPA_OK_DP:
        return show_authenticated(x, &r->dp);
    case RSP_AC_ESIPA_OK_DS:
        e = show_transaction(x, r->ds.transaction_id);
        return e || !r->ds.has_trigger ? e : json_set_base64(x->answer, "profileDownloadTrigger", r->ds.trigger.whole);
    default:
        return refuse(x, ESIPA_CODES_AUTHENTICATE_CLIENT, "authenticateClientError", r->error);
    }
}

enum err esipa_json_authenticate_client(struct esipa_exchange *x)
{
    struct rsp_authenticate_client_request q = { 0 };
    struct rsp_authenticate_client_response_esipa r;
    struct span response;
    struct buf answer = { .max = HTTP_BODY_MAX };
    enum err e = es_memory_transaction_id(&x->memory, x->request, &q.transaction_id);
    if (!e)
        e = es_memory_base64(&x->memory, x->request, "authenticateServerResponse", &response);
    if (!e)
        e = rsp_authenticate_server_response_read(response, &q.response);
    x->called = !e;
    if (!e)
        e = x->service->server->authenticate_client(x->service->actor, &q, &answer);
    if (!e)
        e = rsp_authenticate_client_response_esipa_read(buf_span(&answer), &r);
    if (!e)
        e = show_client_answer(x, &r);
    buf_release(&answer);
    return e;
}

/* --- GetBoundProfilePackage, CancelSession --------------------------------------------------------------- */

static enum err show_package(struct esipa_exchange *x, const struct rsp_get_bound_profile_package_ok_esipa *ok)
{
    enum err e = show_transaction(x, ok->transaction_id);
    return e ? e : json_set_base64(x->answer, "boundProfilePackage", ok->bound_profile_package);
}

enum err esipa_json_get_bound_profile_package(struct esipa_exchange *x)
{
    struct rsp_get_bound_profile_package_request q = { 0 };
    struct rsp_get_bound_profile_package_response_esipa r;
    struct span response;
    struct buf answer = { .max = HTTP_BODY_MAX };
    enum err e = es_memory_transaction_id(&x->memory, x->request, &q.transaction_id);
    if (!e)
        e = es_memory_base64(&x->memory, x->request, "prepareDownloadResponse", &response);
    if (!e)
        e = rsp_prepare_download_response_read(response, &q.response);
    x->called = !e;
    if (!e)
        e = x->service->server->get_bound_profile_package(x->service->actor, &q, &answer);
    if (!e)
        e = rsp_get_bound_profile_package_response_esipa_read(buf_span(&answer), &r);
    if (!e)
        e = r.which == RSP_OK
                ? show_package(x, &r.ok)
                : refuse(x, ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, "getBoundProfilePackageError", r.error);
    buf_release(&answer);
    return e;
}

enum err esipa_json_cancel_session(struct esipa_exchange *x)
{
    struct rsp_cancel_session_request_es9 q = { 0 };
    struct rsp_cancel_session_response_es9 r;
    struct span response;
    struct buf answer = { .max = HTTP_BODY_MAX };
    enum err e = es_memory_transaction_id(&x->memory, x->request, &q.transaction_id);
    if (!e)
        e = es_memory_base64(&x->memory, x->request, "cancelSessionResponse", &response);
    if (!e)
        e = rsp_cancel_session_response_read(response, &q.response);
    x->called = !e;
    if (!e)
        e = x->service->server->cancel_session(x->service->actor, &q, &answer);
    if (!e)
        e = rsp_cancel_session_response_es9_read(buf_span(&answer), &r);
    if (!e && r.which != RSP_OK)
        e = refuse(x, ESIPA_CODES_CANCEL_SESSION, "cancelSessionError", r.error);
    buf_release(&answer);
    return e;
}
