/* ESipa.TransferEimPackage over JSON (SGP.32 5.14.4, 6.4), call and serve side: what travels, by its member and its tag. */
#include "esipa_call.h"
#include "esipa_json.h"
#include "rsp_codes.h"

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
    { "eimPackageReceivedWithCid", 0xBF60 },
    { "eimPackageErrorWithCid", 0xBF61 },
};

static const struct payload *find_tag(const struct payload *of, size_t count, uint32_t tag)
{
    for (size_t i = 0; i < count; i++)
        if (of[i].tag == tag)
            return &of[i];
    return NULL;
}

/* The one member of the object that is there. What another member is for is left out, as if nothing were there. ERR_NOT_FOUND:
 * none. */
static enum err put_payload(const json_t *o, const struct payload *of, size_t count, struct buf *out)
{
    const size_t before = out->len;
    enum err e = ERR_NOT_FOUND;
    size_t i = 0;
    while (i < count && (e = json_base64(o, of[i].member, out)) == ERR_NOT_FOUND)
        i++;
    struct der d = der_open(span_sub(buf_span(out), before, out->len));
    const struct payload *is = e ? NULL : find_tag(of, count, der_peek(&d));
    if (is && is != &of[i])
        out->len = before;
    return e;
}

static enum err show_payload(struct span message, const struct payload *of, size_t count, json_t *o)
{
    struct der_tlv outer;
    enum err e = der_only(message, 0xBF4E, &outer);
    struct der inside = der_open(outer.value);
    const struct payload *is = e ? NULL : find_tag(of, count, der_peek(&inside));
    return e ? e : is ? json_set_base64(o, is->member, outer.value) : ERR_NOT_FOUND;
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
