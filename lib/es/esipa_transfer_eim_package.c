/* ESipa.TransferEimPackage (SGP.32 5.14.4): both sides, both bindings. Here the eIM calls and the IPA serves. */
#include "esipa_json.h"
#include "esipa_call.h"
#include "rsp_codes.h"

enum err esipa_transfer_eim_package(const struct es_peer *p, const struct rsp_transfer_eim_package_request *q,
                                    struct esipa_transfer_eim_package_response *out)
{
    struct buf message = ESIPA_MESSAGE;
    *out = (struct esipa_transfer_eim_package_response){ .received = ESIPA_MESSAGE };
    enum err e = rsp_transfer_eim_package_request_write(q, &message);
    e = esipa_call(p, "TransferEimPackage", e, &message, &out->received);
    if (e)
        return e;
    e = rsp_transfer_eim_package_response_read(buf_span(&out->received), &out->message);
    return e ? log_fail(p->env->log, e, "SGP.32 5.14.4", "TransferEimPackageResponse") : ERR_OK;
}

void esipa_transfer_eim_package_response_release(struct esipa_transfer_eim_package_response *r)
{
    buf_release(&r->received);
    *r = (struct esipa_transfer_eim_package_response){ 0 };
}

/* --- serving ---------------------------------------------------------------------------------------- */

/* 0: there is none to be read. */
static bool is_unknown(uint32_t tag)
{
    return tag && tag != 0xBF51 && tag != 0xBF52 && tag != 0xBF53 && tag != 0xBF54;
}

enum err esipa_serve_transfer(const struct esipa_service *s, struct span bytes, struct buf *answer, enum err *unread)
{
    struct rsp_transfer_eim_package_request q;
    struct rsp_transfer_eim_package_response no = { .which = RSP_TRANSFER_RESPONSE_ERROR };
    struct der_tlv outer;
    *unread = der_only(bytes, 0xBF4E, &outer);
    if (*unread)
        return ERR_OK;
    if (!rsp_transfer_eim_package_request_read(bytes, &q))
        return s->server->transfer_eim_package(s->actor, &q, answer);
    struct der inside = der_open(outer.value);
    no.error = is_unknown(der_peek(&inside)) ? RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE
                                             : RSP_EIM_RESULT_ERROR_INVALID_PACKAGE_FORMAT;
    return rsp_transfer_eim_package_response_write(&no, answer);
}

/* --- JSON: what travels, by its member and its tag ---------------------------------------------------- */

static const struct payload {
    const char *member;
    uint32_t tag;
} requests[] = {
    { "euiccPackageRequest", 0xBF51 },
    { "ipaEuiccDataRequest", 0xBF52 },
    { "eimAcknowledgements", 0xBF53 },
    { "profileDownloadTriggerRequest", 0xBF54 },
}, responses[] = {
    { "euiccPackageResult", 0xBF51 },
    { "ePRAndNotifications", 0x30 },
    { "ipaEuiccDataResponse", 0xBF52 },
};

/* The one member of the object that is there. ERR_NOT_FOUND: none. */
static enum err put_payload(const json_t *o, const struct payload *of, size_t count, struct buf *out)
{
    enum err e = ERR_NOT_FOUND;
    for (size_t i = 0; e == ERR_NOT_FOUND && i < count; i++)
        e = json_base64(o, of[i].member, out);
    return e;
}

static enum err show_payload(struct span message, const struct payload *of, size_t count, json_t *o)
{
    struct der_tlv outer;
    enum err e = der_only(message, 0xBF4E, &outer);
    struct der inside = der_open(outer.value);
    uint32_t tag = e ? 0 : der_peek(&inside);
    for (size_t i = 0; !e && i < count; i++)
        if (of[i].tag == tag)
            return json_set_base64(o, of[i].member, outer.value);
    return e ? e : ERR_NOT_FOUND;
}

enum err esipa_json_ask_transfer(struct span message, json_t *o)
{
    return show_payload(message, requests, COUNT(requests), o);
}

enum err esipa_json_take_transfer(const json_t *object, struct buf *out)
{
    struct der_mark mark;
    int64_t code = 0;
    enum err e = der_put_open(out, 0xBF4E, &mark);
    enum err found = e ? e : put_payload(object, responses, COUNT(responses), out);
    if (!e && found == ERR_NOT_FOUND && json_object_get(object, "eimPackageReceived"))
        found = der_put(out, 0x05, (struct span){ 0 });
    if (!e && found == ERR_NOT_FOUND)
        found = json_int(object, "eimPackageError", &code) ? ERR_PARSE : der_put_integer(out, 0x02, code);
    return e || found ? (e ? e : found) : der_put_close(out, mark);
}

static enum err show_response(struct esipa_exchange *x, struct span der)
{
    struct rsp_transfer_eim_package_response r;
    enum err e = rsp_transfer_eim_package_response_read(der, &r);
    if (e)
        return e;
    switch (r.which) {
    case RSP_TRANSFER_RESPONSE_RECEIVED:
        return json_set_bool(x->answer, "eimPackageReceived", true);
    case RSP_TRANSFER_RESPONSE_ERROR:
        return json_set_int(x->answer, "eimPackageError", r.error);
    default:
        return show_payload(der, responses, COUNT(responses), x->answer);
    }
}

enum err esipa_json_transfer_eim_package(struct esipa_exchange *x)
{
    struct buf message = ESIPA_MESSAGE, answer = ESIPA_MESSAGE;
    struct der_mark mark;
    enum err unread = ERR_OK, e = der_put_open(&message, 0xBF4E, &mark);
    enum err found = e ? e : put_payload(x->request, requests, COUNT(requests), &message);
    if (!e && found != ERR_NOT_FOUND)
        e = found;
    if (!e)
        e = der_put_close(&message, mark);
    x->called = !e;
    if (!e)
        e = esipa_serve_transfer(x->service, buf_span(&message), &answer, &unread);
    if (!e)
        e = unread ? unread : show_response(x, buf_span(&answer));
    buf_release(&message);
    buf_release(&answer);
    return e;
}
