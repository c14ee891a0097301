/* ESipa, JSON binding, call side (SGP.32 6.4; catalogue A.7.4): a request in DER becomes an object, the answer object DER again, so
 * that who calls knows one form only. What is signed passes as it is. */
#include <stdio.h>
#include <string.h>

#include "es9p.h"
#include "es_codes.h"
#include "esipa_call.h"
#include "esipa_json.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* --- requests -------------------------------------------------------------------------------------- */

static enum err set_eid(json_t *o, struct span eid)
{
    char text[33];
    enum err e = rsp_eid_text(eid, text);
    return e ? e : json_set_str(o, "eidValue", text);
}

static enum err ask_package(struct span message, json_t *o)
{
    struct rsp_get_eim_package_request q;
    enum err e = rsp_get_eim_package_request_read(message, &q);
    if (!e)
        e = set_eid(o, q.eid);
    if (!e && q.notify_state_change)
        e = json_set_bool(o, "notifyStateChange", true);
    if (!e && q.state_change_cause.present)
        e = json_set_int(o, "stateChangeCause", q.state_change_cause.value);
    return e || !q.rplmn.len ? e : json_set_base64(o, "rPLMN", q.rplmn);
}

/* The result is what stands beside the EID. */
static enum err bring_result(struct span message, json_t *o)
{
    struct der_tlv outer, eid;
    enum err e = der_only(message, 0xBF50, &outer);
    struct der d = der_open(outer.value);
    if (!e && der_peek(&d) == 0x5A) {
        e = der_expect(&d, 0x5A, &eid);
        if (!e)
            e = set_eid(o, eid.value);
        if (!e)
            outer.value = span_sub(outer.value, eid.whole.len, outer.value.len);
    }
    return e ? e : json_set_base64(o, "eimPackageResult", outer.value);
}

static enum err bring_notification(struct span message, json_t *o)
{
    struct der_tlv outer, pending;
    enum err e = der_only(message, 0xBF3D, &outer);
    if (e)
        return e;
    e = der_find(outer.value, 0xA0, &pending);
    return e == ERR_NOT_FOUND ? json_set_base64(o, "provideEimPackageResult", outer.value)
           : e                ? e
                              : json_set_base64(o, "pendingNotification", pending.value);
}

static enum err ask_authentication(struct span message, json_t *o)
{
    struct rsp_initiate_authentication_request_esipa q;
    enum err e = rsp_initiate_authentication_request_esipa_read(message, &q);
    if (!e)
        e = json_set_base64(o, "euiccChallenge", q.euicc_challenge);
    if (!e && q.smdp_address.len)
        e = json_object_set_new(o, "smdpAddress",
                                json_stringn((const char *)q.smdp_address.at, q.smdp_address.len))
                ? ERR_NOMEM
                : ERR_OK;
    if (!e && q.has_euicc_info1)
        e = json_set_base64(o, "euiccInfo1", q.euicc_info1.whole);
    return e || !q.eim_transaction_id.len ? e : json_set_hex(o, "eimTransactionId", q.eim_transaction_id);
}

/* A transactionId and a response of the eUICC, as it came. */
static enum err bring_response(struct span message, uint32_t tag, uint32_t response_tag, const char *member, json_t *o)
{
    struct der_tlv outer, id, response;
    enum err e = der_only(message, tag, &outer);
    if (!e)
        e = der_find(outer.value, 0x80, &id);
    if (!e)
        e = der_find(outer.value, response_tag, &response);
    if (!e)
        e = json_set_hex(o, "transactionId", id.value);
    return e ? e : json_set_base64(o, member, response.whole);
}

static enum err bring_authentication(struct span message, json_t *o)
{
    return bring_response(message, 0xBF3B, 0xBF38, "authenticateServerResponse", o);
}

static enum err bring_preparation(struct span message, json_t *o)
{
    return bring_response(message, 0xBF3A, 0xBF21, "prepareDownloadResponse", o);
}

/* Here the response has its own tag again (catalogue B.5). */
static enum err bring_cancellation(struct span message, json_t *o)
{
    struct rsp_cancel_session_request_es9 q;
    struct buf response = { .max = 4096 };
    enum err e = rsp_cancel_session_request_es9_read(message, &q);
    if (!e)
        e = rsp_cancel_session_response_write(&q.response, &response);
    if (!e)
        e = json_set_hex(o, "transactionId", q.transaction_id);
    if (!e)
        e = json_set_base64(o, "cancelSessionResponse", buf_span(&response));
    buf_release(&response);
    return e;
}

/* --- answers: what was decoded lives in m ------------------------------------------------------------ */

struct answer {
    const json_t *object;
    struct es_status status;
    struct es_memory memory;
};

/* The number of a refusal: as its member says, or as its codes do. 0: it is none. */
static int64_t refusal(const struct answer *a, enum es_codes function, const char *member)
{
    int64_t code = 0;
    if (json_int(a->object, member, &code) == ERR_OK)
        return code;
    return es_refused(&a->status) ? es_code_of_status(function, &a->status) : 0;
}

static enum err wrap(uint32_t tag, const char *const *members, const char *error, struct answer *a, struct buf *out)
{
    struct der_mark mark;
    int64_t code = 0;
    enum err e = der_put_open(out, tag, &mark), found = ERR_NOT_FOUND;
    for (size_t i = 0; !e && found == ERR_NOT_FOUND && members[i]; i++)
        found = json_base64(a->object, members[i], out);
    if (!e && found == ERR_NOT_FOUND)
        found = json_int(a->object, error, &code);
    /* Refused in words only (statusCodeData): what was brought was not taken, and there is no package. */
    if (!e && found == ERR_NOT_FOUND && es_refused(&a->status)) {
        found = ERR_OK;
        code = RSP_PROVIDE_ERROR_UNDEFINED_ERROR;
    }
    if (!e && !found && code)
        e = der_put_integer(out, 0x02, code);
    else if (!e && found == ERR_NOT_FOUND && tag == 0xBF50)
        e = der_put(out, 0x30, (struct span){ 0 }); /* emptyResponse */
    else if (!e)
        e = found;
    return e == ERR_NOT_FOUND ? ERR_PARSE : e ? e : der_put_close(out, mark);
}

static enum err take_package(struct answer *a, struct buf *out)
{
    static const char *const members[] = { "euiccPackageRequest", "ipaEuiccDataRequest", "profileDownloadTriggerRequest",
                                           NULL };
    return wrap(0xBF4F, members, "eimPackageError", a, out);
}

static enum err take_acknowledgements(struct answer *a, struct buf *out)
{
    static const char *const members[] = { "eimAcknowledgements", NULL };
    return wrap(0xBF50, members, "provideEimPackageResultError", a, out);
}

static enum err take_nothing(struct answer *a, struct buf *out)
{
    (void)out;
    return es_refused(&a->status) ? ERR_REFUSED : ERR_OK;
}

static enum err take_transaction(struct answer *a, struct span *id)
{
    return esipa_optional(es_memory_transaction_id(&a->memory, a->object, id));
}

static enum err take_initiated(struct answer *a, struct rsp_initiate_authentication_ok_esipa *ok)
{
    struct span signed1;
    const char *matching_id = json_str(a->object, "matchingId");
    enum err e = take_transaction(a, &ok->transaction_id);
    if (!e)
        e = es_memory_base64(&a->memory, a->object, "serverSigned1", &signed1);
    if (!e)
        e = rsp_server_signed1_read(signed1, &ok->server_signed1);
    if (!e)
        e = es_memory_signature(&a->memory, a->object, "serverSignature1", &ok->server_signature1);
    if (!e)
        e = es_memory_octets(&a->memory, a->object, "euiccCiPKIdentifierToBeUsed", &ok->ci_pkid);
    if (!e)
        e = es_memory_base64(&a->memory, a->object, "serverCertificate", &ok->server_certificate);
    if (!e)
        e = esipa_optional(es_memory_base64(&a->memory, a->object, "ctxParams1", &ok->ctx_params1));
    ok->matching_id = matching_id ? span_str(matching_id) : (struct span){ 0 };
    return e;
}

static enum err take_initiate(struct answer *a, struct buf *out)
{
    struct rsp_initiate_authentication_response_esipa r = { .which = RSP_ERROR };
    r.error = refusal(a, ESIPA_CODES_INITIATE_AUTHENTICATION, "initiateAuthenticationError");
    enum err e = ERR_OK;
    if (!r.error) {
        r.which = RSP_OK;
        e = take_initiated(a, &r.ok);
    }
    return e ? e : rsp_initiate_authentication_response_esipa_write(&r, out);
}

static enum err take_authenticated(struct answer *a, struct rsp_authenticate_client_ok_dp_esipa *ok)
{
    struct span metadata, signed2;
    enum err e = take_transaction(a, &ok->transaction_id);
    if (!e)
        e = esipa_optional(es_memory_base64(&a->memory, a->object, "profileMetadata", &metadata));
    ok->has_metadata = !e && json_object_get(a->object, "profileMetadata");
    if (!e && ok->has_metadata)
        e = rsp_store_metadata_read(metadata, &ok->metadata);
    if (!e)
        e = es_memory_base64(&a->memory, a->object, "smdpSigned2", &signed2);
    if (!e)
        e = rsp_smdp_signed2_read(signed2, &ok->smdp_signed2);
    if (!e)
        e = es_memory_signature(&a->memory, a->object, "smdpSignature2", &ok->smdp_signature2);
    if (!e)
        e = es_memory_base64(&a->memory, a->object, "smdpCertificate", &ok->smdp_certificate);
    return e ? e : esipa_optional(es_memory_octets(&a->memory, a->object, "hashCc", &ok->hash_cc));
}

static enum err take_discovered(struct answer *a, struct rsp_authenticate_client_ok_ds_esipa *ok)
{
    struct span trigger;
    enum err e = take_transaction(a, &ok->transaction_id);
    ok->has_trigger = !e && json_object_get(a->object, "profileDownloadTrigger");
    if (!e && ok->has_trigger)
        e = es_memory_base64(&a->memory, a->object, "profileDownloadTrigger", &trigger);
    return e || !ok->has_trigger ? e : rsp_profile_download_trigger_request_read(trigger, &ok->trigger);
}

/* Only an SM-DP+ signs anything here. */
static enum err take_client(struct answer *a, struct buf *out)
{
    struct rsp_authenticate_client_response_esipa r = { .which = RSP_AC_ESIPA_ERROR };
    enum err e = ERR_OK;
    r.error = refusal(a, ESIPA_CODES_AUTHENTICATE_CLIENT, "authenticateClientError");
    bool smdp = json_object_get(a->object, "smdpSigned2");
    if (!r.error) {
        r.which = smdp ? RSP_AC_ESIPA_OK_DP : RSP_AC_ESIPA_OK_DS;
        e = smdp ? take_authenticated(a, &r.dp) : take_discovered(a, &r.ds);
    }
    return e ? e : rsp_authenticate_client_response_esipa_write(&r, out);
}

static enum err take_bound_package(struct answer *a, struct buf *out)
{
    struct rsp_get_bound_profile_package_response_esipa r = { .which = RSP_ERROR };
    enum err e = ERR_OK;
    r.error = refusal(a, ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE, "getBoundProfilePackageError");
    if (!r.error) {
        r.which = RSP_OK;
        e = take_transaction(a, &r.ok.transaction_id);
        if (!e)
            e = es_memory_base64(&a->memory, a->object, "boundProfilePackage", &r.ok.bound_profile_package);
    }
    return e ? e : rsp_get_bound_profile_package_response_esipa_write(&r, out);
}

static enum err take_cancelled(struct answer *a, struct buf *out)
{
    struct rsp_cancel_session_response_es9 r = { .which = RSP_OK, .ok = span_of("", 0) };
    r.error = refusal(a, ESIPA_CODES_CANCEL_SESSION, "cancelSessionError");
    if (r.error)
        r.which = RSP_ERROR;
    return rsp_cancel_session_response_es9_write(&r, out);
}

static enum err take_transfer(struct answer *a, struct buf *out)
{
    return esipa_json_take_transfer(a->object, out);
}

/* --- the call ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *path; /* "GetEimPackage" */
    enum err (*ask)(struct span message, json_t *o);
    enum err (*take)(struct answer *a, struct buf *out);
} functions[] = {
    { "GetEimPackage", "esipa/getEimPackage", ask_package, take_package },
    { "ProvideEimPackageResult", "esipa/provideEimPackageResult", bring_result, take_acknowledgements },
    { "HandleNotification", "esipa/handleNotification", bring_notification, take_nothing },
    { "InitiateAuthentication", "esipa/initiateAuthentication", ask_authentication, take_initiate },
    { "AuthenticateClient", "esipa/authenticateClient", bring_authentication, take_client },
    { "GetBoundProfilePackage", "esipa/getBoundProfilePackage", bring_preparation, take_bound_package },
    { "CancelSession", "esipa/cancelSession", bring_cancellation, take_cancelled },
    { "TransferEimPackage", "esipa/transferEimPackage", esipa_json_ask_transfer, take_transfer },
};

/* HTTP 204 has no answer. Members go into the message as they were decoded: only here is it seen that they are DER. */
static enum err take_answer(size_t f, const json_t *object, struct buf *out)
{
    struct answer a = { .object = object };
    if (!object)
        return ERR_OK;
    enum err e = es_status_read(object, &a.status);
    if (!e)
        e = functions[f].take(&a, out);
    if (!e && out->len)
        e = der_check(buf_span(out));
    es_memory_release(&a.memory);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err esipa_json_call(const struct es_peer *p, const char *name, struct span message, struct buf *answer)
{
    char full[96];
    struct es_peer peer = *p;
    size_t f = 0;
    json_t *request = json_object(), *object = NULL;
    while (f < COUNT(functions) && strcmp(functions[f].name, name) != 0)
        f++;
    enum err e = !request ? ERR_NOMEM : f == COUNT(functions) ? ERR_UNSUPPORTED : functions[f].ask(message, request);
    snprintf(full, sizeof full, "ESipa.%s", name);
    peer.user_agent = p->user_agent ? p->user_agent : "gsma-rsp-ipad";
    peer.protocol = p->protocol ? p->protocol : "gsma/rsp/v2.1.0";
    if (!e)
        e = es_call(&peer, functions[f].path, full, request, &object);
    buf_clear(answer);
    if (!e)
        e = take_answer(f, object, answer);
    json_decref(request);
    json_decref(object);
    return e;
}
