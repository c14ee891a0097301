/* ES9+.InitiateAuthentication, SGP.22 5.6.1 and 6.5.2.6. */
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES9+.InitiateAuthentication", "es9plus/initiateAuthentication", ES9P_CODES_INITIATE_AUTHENTICATION,
};

static enum err write_request(const void *value, struct buf *out)
{
    return rsp_initiate_authentication_request_write(value, out);
}

static enum err write_response(const void *value, struct buf *out)
{
    return rsp_initiate_authentication_response_write(value, out);
}

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
    struct span signed1;
    *ok = (struct rsp_initiate_authentication_ok){ 0 };
    enum err e = es_memory_transaction_id(m, o, &ok->transaction_id);
    if (!e)
        e = es_memory_base64(m, o, "serverSigned1", &signed1);
    if (!e)
        e = rsp_server_signed1_read(signed1, &ok->server_signed1);
    if (!e)
        e = es_memory_signature(m, o, "serverSignature1", &ok->server_signature1);
    if (!e)
        e = es_memory_octets(m, o, "euiccCiPKIdToBeUsed", &ok->ci_pkid);
    return e ? e : es_memory_base64(m, o, "serverCertificate", &ok->server_certificate);
}

static enum err call_asn1(const struct es9p_function *f, const struct es_peer *peer,
                          const struct rsp_initiate_authentication_request *q, struct es_memory *m,
                          struct rsp_initiate_authentication_ok *ok, struct es_status *status)
{
    struct rsp_initiate_authentication_response answer = { 0 };
    struct span message;
    enum err e = es9p_asn1_call(peer, f, write_request, q, m, &message);
    if (!e)
        e = rsp_initiate_authentication_response_read(message, &answer);
    if (e)
        return e;
    *ok = answer.ok;
    es9p_asn1_outcome(f, answer.which, answer.error, status);
    return ERR_OK;
}

enum err es9p_initiate_authentication_call(const struct es9p_function *f, const struct es_peer *peer,
                                           const struct rsp_initiate_authentication_request *q, struct es_memory *m,
                                           struct rsp_initiate_authentication_ok *ok, struct es_status *status)
{
    if (peer->asn1)
        return call_asn1(f, peer, q, m, ok, status);
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? put_request(request, q) : ERR_NOMEM;
    if (!e)
        e = es_call(peer, f->path, f->name, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = take_answer(answer, m, ok);
    json_decref(request);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err es9p_initiate_authentication(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                                      struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    return es9p_initiate_authentication_call(&function, peer, q, m, ok, status);
}

static enum err take_json(const json_t *request, struct es_memory *m, struct rsp_initiate_authentication_request *out)
{
    struct span info1;
    const char *address = json_str(request, "smdpAddress");
    enum err e = address ? es_memory_put(m, span_str(address), &out->smdp_address) : ERR_NOT_FOUND;
    if (!e)
        e = es_memory_base64(m, request, "euiccChallenge", &out->euicc_challenge);
    if (!e && out->euicc_challenge.len != 16)
        e = ERR_PARSE;
    if (!e)
        e = es_memory_base64(m, request, "euiccInfo1", &info1);
    return e ? e : rsp_euicc_info1_read(info1, &out->euicc_info1);
}

enum err es9p_initiate_authentication_take(const struct es9p_function *f, const struct env *env,
                                           const struct http_request *http, struct http_response *p,
                                           struct es_memory *m, struct rsp_initiate_authentication_request *out)
{
    json_t *request = NULL;
    struct span message;
    bool asn1 = es9p_is_asn1(http);
    *out = (struct rsp_initiate_authentication_request){ 0 };
    enum err e = asn1 ? es9p_asn1_read(env, http, p, &message) : es_serve_read(env, f->name, http, p, &request);
    if (e)
        return e;
    e = asn1 ? rsp_initiate_authentication_request_read(message, out) : take_json(request, m, out);
    json_decref(request);
    return e ? es9p_malformed(env, f->name, http, p, e) : ERR_OK;
}

enum err es9p_initiate_authentication_read(const struct env *env, const struct http_request *http,
                                           struct http_response *p, struct es_memory *m,
                                           struct rsp_initiate_authentication_request *out)
{
    return es9p_initiate_authentication_take(&function, env, http, p, m, out);
}

static enum err put_answer(const struct rsp_wire *wire, json_t *o, const struct rsp_initiate_authentication_ok *ok)
{
    enum err e = json_set_hex(o, "transactionId", ok->transaction_id);
    if (!e)
        e = es9p_put_der(o, "serverSigned1", write_server_signed1, &ok->server_signed1);
    if (!e)
        e = es9p_put_signature(wire, o, "serverSignature1", ok->server_signature1);
    if (!e)
        e = es9p_put_octets(o, "euiccCiPKIdToBeUsed", ok->ci_pkid);
    return e ? e : json_set_base64(o, "serverCertificate", ok->server_certificate);
}

static enum err answer_asn1(const struct es9p_function *f, const struct env *env, const struct http_request *http,
                            const struct rsp_initiate_authentication_ok *ok, const struct es_status *status,
                            struct http_response *p)
{
    struct rsp_initiate_authentication_response answer = { .which = RSP_OK, .ok = *ok };
    if (es_refused(status))
        answer = (struct rsp_initiate_authentication_response){ .which = RSP_ERROR,
                                                                .error = es_code_of_status(f->codes, status) };
    return es9p_asn1_write(env, f, http, write_response, &answer, p);
}

enum err es9p_initiate_authentication_put(const struct es9p_function *f, const struct env *env,
                                          const struct rsp_wire *wire,
                                          const struct http_request *http,
                                          const struct rsp_initiate_authentication_ok *ok,
                                          const struct es_status *status, struct http_response *p)
{
    if (es9p_is_asn1(http))
        return answer_asn1(f, env, http, ok, status, p);
    json_t *answer = json_object();
    enum err e = !answer ? ERR_NOMEM : es_refused(status) ? ERR_OK : put_answer(wire, answer, ok);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, f->name, http, status, answer, p);
}

enum err es9p_initiate_authentication_write(const struct env *env, const struct rsp_wire *wire,
                                            const struct http_request *http,
                                            const struct rsp_initiate_authentication_ok *ok,
                                            const struct es_status *status, struct http_response *p)
{
    return es9p_initiate_authentication_put(&function, env, wire, http, ok, status, p);
}
