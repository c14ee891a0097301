/* ES9+.InitiateAuthentication, SGP.22 5.6.1 and 6.5.2.6. */
#include "es9p.h"

#define NAME "ES9+.InitiateAuthentication"

static enum err write_info1(const void *value, struct buf *out)
{
    return rsp_euicc_info1_write(value, out);
}

static enum err write_server_signed1(const void *value, struct buf *out)
{
    return rsp_server_signed1_write(value, out);
}

static enum err put_request(json_t *o, const struct rsp_initiate_authentication_request *q)
{
    enum err e = json_set_base64(o, "euiccChallenge", q->euicc_challenge);
    if (!e)
        e = es9p_put_der(o, "euiccInfo1", write_info1, &q->euicc_info1);
    if (e)
        return e;
    return json_object_set_new(o, "smdpAddress",
                               json_stringn((const char *)q->smdp_address.at, q->smdp_address.len))
               ? ERR_NOMEM
               : ERR_OK;
}

static enum err take_answer(const json_t *o, struct es_memory *m, struct rsp_initiate_authentication_ok *ok)
{
    struct span signed1, ci;
    struct der_tlv tlv;
    *ok = (struct rsp_initiate_authentication_ok){ 0 };
    enum err e = es_memory_transaction_id(m, o, &ok->transaction_id);
    if (!e)
        e = es_memory_base64(m, o, "serverSigned1", &signed1);
    if (!e)
        e = rsp_server_signed1_read(signed1, &ok->server_signed1);
    if (!e)
        e = es_memory_signature(m, o, "serverSignature1", &ok->server_signature1);
    if (!e)
        e = es_memory_base64(m, o, "euiccCiPKIdToBeUsed", &ci);
    if (!e)
        e = der_only(ci, 0x04, &tlv);
    if (!e)
        ok->ci_pkid = tlv.value;
    return e ? e : es_memory_base64(m, o, "serverCertificate", &ok->server_certificate);
}

enum err es9p_initiate_authentication(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                                      struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? put_request(request, q) : ERR_NOMEM;
    if (!e)
        e = es_call(peer, "es9plus/initiateAuthentication", NAME, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = take_answer(answer, m, ok);
    json_decref(request);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err es9p_initiate_authentication_read(const struct env *env, const struct http_request *http,
                                           struct http_response *p, struct es_memory *m,
                                           struct rsp_initiate_authentication_request *out)
{
    json_t *request = NULL;
    struct span info1;
    *out = (struct rsp_initiate_authentication_request){ 0 };
    enum err e = es_serve_read(env, NAME, http, p, &request);
    if (e)
        return e;
    const char *address = json_str(request, "smdpAddress");
    e = address ? es_memory_put(m, span_str(address), &out->smdp_address) : ERR_NOT_FOUND;
    if (!e)
        e = es_memory_base64(m, request, "euiccChallenge", &out->euicc_challenge);
    if (!e && out->euicc_challenge.len != 16)
        e = ERR_PARSE;
    if (!e)
        e = es_memory_base64(m, request, "euiccInfo1", &info1);
    if (!e)
        e = rsp_euicc_info1_read(info1, &out->euicc_info1);
    json_decref(request);
    return e ? es9p_malformed(env, NAME, http, p, e) : ERR_OK;
}

static enum err put_answer(json_t *o, const struct rsp_initiate_authentication_ok *ok)
{
    struct buf ci = { .max = 64 };
    enum err e = json_set_hex(o, "transactionId", ok->transaction_id);
    if (!e)
        e = es9p_put_der(o, "serverSigned1", write_server_signed1, &ok->server_signed1);
    if (!e)
        e = es9p_put_signature(o, "serverSignature1", ok->server_signature1);
    if (!e)
        e = der_put(&ci, 0x04, ok->ci_pkid);
    if (!e)
        e = json_set_base64(o, "euiccCiPKIdToBeUsed", buf_span(&ci));
    if (!e)
        e = json_set_base64(o, "serverCertificate", ok->server_certificate);
    buf_release(&ci);
    return e;
}

enum err es9p_initiate_authentication_write(const struct env *env, const struct http_request *http,
                                            const struct rsp_initiate_authentication_ok *ok,
                                            const struct es_status *status, struct http_response *p)
{
    json_t *answer = json_object();
    enum err e = !answer ? ERR_NOMEM : es_refused(status) ? ERR_OK : put_answer(answer, ok);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, NAME, http, status, answer, p);
}
