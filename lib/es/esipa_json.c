/* ESipa, JSON binding, serve side (SGP.32 6.4; catalogue A.7.4): the same functions behind another envelope. Each message is
 * brought into its DER form, so that what is checked and answered is the same on both bindings. */
#include <stdio.h>
#include <string.h>

#include "esipa_json.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* ERR_NOT_FOUND: there is none. */
static enum err take_eid(const json_t *o, uint8_t eid[RSP_EID_OCTETS])
{
    const char *text = json_str(o, "eidValue");
    if (!json_object_get(o, "eidValue"))
        return ERR_NOT_FOUND;
    return text && !rsp_eid_parse(text, eid) && esipa_eid_is_readable(span_of(eid, RSP_EID_OCTETS)) ? ERR_OK : ERR_PARSE;
}

/* The octets, or a data object around them: the last three (catalogue A.7.4 is silent). */
static enum err take_plmn(const json_t *o, struct buf *bytes, struct span *out)
{
    enum err e = json_base64(o, "rPLMN", bytes);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (!e && bytes->len != 3 && bytes->len != 5)
        e = ERR_PARSE;
    if (!e)
        *out = span_sub(buf_span(bytes), bytes->len - 3, 3);
    return e;
}

enum err esipa_optional(enum err e)
{
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err show_package(struct esipa_exchange *x, struct span der)
{
    struct rsp_get_eim_package_response r;
    enum err e = rsp_get_eim_package_response_read(der, &r);
    if (e)
        return e;
    switch (r.which) {
    case RSP_EIM_PACKAGE_EUICC_PACKAGE:
        return json_set_base64(x->answer, "euiccPackageRequest", r.package.whole);
    case RSP_EIM_PACKAGE_DATA_REQUEST:
        return json_set_base64(x->answer, "ipaEuiccDataRequest", r.data.whole);
    case RSP_EIM_PACKAGE_DOWNLOAD:
        return json_set_base64(x->answer, "profileDownloadTriggerRequest", r.download.whole);
    default:
        return json_set_int(x->answer, "eimPackageError", r.error);
    }
}

static enum err get_eim_package(struct esipa_exchange *x)
{
    struct rsp_get_eim_package_request q = { 0 };
    uint8_t eid[RSP_EID_OCTETS];
    struct buf plmn = { .max = 8 }, answer = { .max = HTTP_BODY_MAX };
    enum err e = take_eid(x->request, eid);
    if (e)
        return json_set_int(x->answer, "eimPackageError",
                            e == ERR_NOT_FOUND ? RSP_EIM_PACKAGE_ERROR_MISSING_EID : RSP_EIM_PACKAGE_ERROR_INVALID_EID);
    q.eid = SPAN_ARRAY(eid);
    e = esipa_optional(json_bool(x->request, "notifyStateChange", &q.notify_state_change));
    if (!e)
        e = json_int(x->request, "stateChangeCause", &q.state_change_cause.value);
    q.state_change_cause.present = !e;
    if (!esipa_optional(e))
        e = take_plmn(x->request, &plmn, &q.rplmn);
    x->called = !e;
    if (!e)
        e = x->service->server->get_eim_package(x->service->actor, &q, &answer);
    if (!e)
        e = show_package(x, buf_span(&answer));
    buf_release(&plmn);
    buf_release(&answer);
    return e;
}

/* eid: without bytes where the message has none. */
static enum err put_result(const struct esipa_exchange *x, struct span eid, struct buf *message)
{
    struct der_mark mark;
    enum err e = der_put_open(message, 0xBF50, &mark);
    if (!e && eid.at)
        e = der_put(message, 0x5A, eid);
    if (!e)
        e = json_base64(x->request, "eimPackageResult", message);
    return e ? e : der_put_close(message, mark);
}

static enum err show_acknowledgements(struct esipa_exchange *x, struct span der)
{
    struct rsp_provide_eim_package_result_response r;
    struct der_tlv outer, inner;
    enum err e = rsp_provide_eim_package_result_response_read(der, &r);
    if (!e && r.which == RSP_PROVIDE_ERROR)
        return json_set_int(x->answer, "provideEimPackageResultError", r.error);
    if (e || r.which != RSP_PROVIDE_ACKNOWLEDGEMENTS)
        return e;
    e = der_only(der, 0xBF50, &outer);
    if (!e)
        e = der_find(outer.value, 0xBF53, &inner);
    return e ? e : json_set_base64(x->answer, "eimAcknowledgements", outer.value);
}

static enum err provide_eim_package_result(struct esipa_exchange *x)
{
    struct rsp_provide_eim_package_result q;
    struct buf message = { .max = HTTP_BODY_MAX }, answer = { .max = HTTP_BODY_MAX };
    uint8_t eid[RSP_EID_OCTETS];
    enum err e = take_eid(x->request, eid);
    if (e == ERR_PARSE)
        return json_set_int(x->answer, "provideEimPackageResultError", RSP_PROVIDE_ERROR_INVALID_EID);
    e = put_result(x, e ? (struct span){ 0 } : SPAN_ARRAY(eid), &message);
    if (!e)
        e = rsp_provide_eim_package_result_read(buf_span(&message), &q);
    x->called = !e;
    if (!e)
        e = x->service->server->provide_eim_package_result(x->service->actor, &q, &answer);
    if (!e)
        e = show_acknowledgements(x, buf_span(&answer));
    buf_release(&message);
    buf_release(&answer);
    return e;
}

static enum err handle_notification(struct esipa_exchange *x)
{
    struct rsp_handle_notification_esipa q = { .which = RSP_ESIPA_NOTIFICATION_PENDING };
    struct buf bytes = { .max = HTTP_BODY_MAX };
    enum err e = json_base64(x->request, "pendingNotification", &bytes);
    if (!e)
        e = rsp_pending_notification_read(buf_span(&bytes), &q.notification);
    else if (e == ERR_NOT_FOUND) {
        q.which = RSP_ESIPA_NOTIFICATION_RESULT;
        e = json_base64(x->request, "provideEimPackageResult", &bytes);
        if (!e)
            e = rsp_provide_eim_package_result_read(buf_span(&bytes), &q.result);
    }
    x->called = !e;
    if (!e)
        e = x->service->server->handle_notification(x->service->actor, &q);
    json_decref(x->answer);
    x->answer = NULL;
    buf_release(&bytes);
    return e;
}

static const struct {
    const char *path, *name;
    uint32_t tag; /* of the request in DER */
    enum err (*serve)(struct esipa_exchange *x);
} functions[] = {
    { "getEimPackage", "ESipa.GetEimPackage", 0xBF4F, get_eim_package },
    { "provideEimPackageResult", "ESipa.ProvideEimPackageResult", 0xBF50, provide_eim_package_result },
    { "handleNotification", "ESipa.HandleNotification", 0xBF3D, handle_notification },
    { "initiateAuthentication", "ESipa.InitiateAuthentication", 0xBF39, esipa_json_initiate_authentication },
    { "authenticateClient", "ESipa.AuthenticateClient", 0xBF3B, esipa_json_authenticate_client },
    { "getBoundProfilePackage", "ESipa.GetBoundProfilePackage", 0xBF3A, esipa_json_get_bound_profile_package },
    { "cancelSession", "ESipa.CancelSession", 0xBF41, esipa_json_cancel_session },
    { "transferEimPackage", "ESipa.TransferEimPackage", 0xBF4E, esipa_json_transfer_eim_package },
};

static enum err write_answer(struct esipa_exchange *x, const struct http_request *q, struct http_response *p)
{
    if (x->answer) {
        json_t *answer = x->answer;
        x->answer = NULL;
        return es_serve_write_as(x->service->env, x->name, http_header(q, "X-Admin-Protocol"), &x->status, answer, p);
    }
    p->status = 204;
    return http_response_add_header(p, "X-Admin-Protocol", http_header(q, "X-Admin-Protocol"));
}

/* The EID of a request, for the log; "" where none can be read. */
static void tell_eid(const json_t *request, char out[33])
{
    const char *given = json_str(request, "eidValue");
    snprintf(out, 33, "%s", given && rsp_eid_check_digits(given) ? given : "");
}

enum err esipa_serve_json(const struct esipa_service *s, const char *function, const struct http_request *q,
                          struct http_response *p)
{
    const char *why = NULL;
    char cause[160] = "", eid[33];
    int flaw = esipa_judge_headers(s, q, "application/json", &why);
    size_t f = 0;
    json_t *request = NULL;
    while (f < COUNT(functions) && strcmp(functions[f].path, function) != 0)
        f++;
    if (f == COUNT(functions) || !esipa_is_offered(s->server, functions[f].tag))
        return esipa_refuse(s, q, "", "", 501, "function not offered over JSON", p);
    if (flaw)
        return esipa_refuse(s, q, functions[f].name, "", flaw, why, p);
    enum err e = json_read(q->body, &request, cause);
    if (e == ERR_PARSE || e == ERR_LIMIT)
        return esipa_refuse(s, q, functions[f].name, "", 400, cause, p);
    tell_eid(request, eid);
    struct esipa_exchange x = { .service = s, .name = functions[f].name, .request = request, .answer = json_object() };
    if (!e)
        e = x.answer ? functions[f].serve(&x) : ERR_NOMEM;
    if (!x.called && (e == ERR_PARSE || e == ERR_NOT_FOUND || e == ERR_LIMIT))
        e = esipa_refuse(s, q, x.name, eid, 400, "malformed message", p);
    else if (e == ERR_VERIFY)
        e = esipa_refuse(s, q, x.name, eid, 403, "not believed", p);
    else if (!e)
        e = write_answer(&x, q, p);
    es_memory_release(&x.memory);
    json_decref(x.answer);
    json_decref(request);
    return e;
}
