/* ES9+.AuthenticateClient, SGP.22 5.6.3 and 6.5.2.8. */
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES9+.AuthenticateClient", "es9plus/authenticateClient", ES9P_CODES_AUTHENTICATE_CLIENT,
};

static enum err write_request(const void *value, struct buf *out)
{
    return rsp_authenticate_client_request_write(value, out);
}

static enum err write_answer(const void *value, struct buf *out)
{
    return rsp_authenticate_client_response_write(value, out);
}

static enum err write_response(const void *value, struct buf *out)
{
    return rsp_authenticate_server_response_write(value, out);
}

static enum err write_metadata(const void *value, struct buf *out)
{
    return rsp_store_metadata_write(value, out);
}

static enum err write_smdp_signed2(const void *value, struct buf *out)
{
    return rsp_smdp_signed2_write(value, out);
}

static enum err take_answer(const json_t *o, struct es_memory *m, struct rsp_authenticate_client_ok *ok)
{
    struct span metadata, signed2;
    *ok = (struct rsp_authenticate_client_ok){ 0 };
    enum err e = es_memory_transaction_id(m, o, &ok->transaction_id);
    if (!e)
        e = es_memory_base64(m, o, "profileMetadata", &metadata);
    if (!e)
        e = rsp_store_metadata_read(metadata, &ok->metadata);
    if (!e)
        e = es_memory_base64(m, o, "smdpSigned2", &signed2);
    if (!e)
        e = rsp_smdp_signed2_read(signed2, &ok->smdp_signed2);
    if (!e)
        e = es_memory_signature(m, o, "smdpSignature2", &ok->smdp_signature2);
    return e ? e : es_memory_base64(m, o, "smdpCertificate", &ok->smdp_certificate);
}

enum err es9p_authenticate_client_call(const struct es9p_function *f, const struct es_peer *peer,
                                       const struct rsp_authenticate_client_request *q, struct es_memory *m,
                                       json_t **json, struct span *message)
{
    *json = NULL;
    if (peer->asn1)
        return es9p_asn1_call(peer, f, write_request, q, m, message);
    json_t *request = json_object();
    enum err e = request ? json_set_hex(request, "transactionId", q->transaction_id) : ERR_NOMEM;
    if (!e)
        e = es9p_put_der(request, "authenticateServerResponse", write_response, &q->response);
    if (!e)
        e = es_call(peer, f->path, f->name, request, json);
    json_decref(request);
    return e;
}

static enum err take_message(struct span message, struct rsp_authenticate_client_ok *ok, struct es_status *status)
{
    struct rsp_authenticate_client_response answer = { 0 };
    enum err e = rsp_authenticate_client_response_read(message, &answer);
    if (e)
        return e;
    *ok = answer.ok;
    es9p_asn1_outcome(&function, answer.which, answer.error, status);
    return ERR_OK;
}

enum err es9p_authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                  struct es_memory *m, struct rsp_authenticate_client_ok *ok,
                                  struct es_status *status)
{
    json_t *answer = NULL;
    struct span message;
    enum err e = es9p_authenticate_client_call(&function, peer, q, m, &answer, &message);
    if (!e && peer->asn1)
        return take_message(message, ok, status);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = take_answer(answer, m, ok);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

static enum err take_json(const json_t *request, struct es_memory *m, struct rsp_authenticate_client_request *out)
{
    struct span response;
    enum err e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "authenticateServerResponse", &response);
    return e ? e : rsp_authenticate_server_response_read(response, &out->response);
}

enum err es9p_authenticate_client_take(const struct es9p_function *f, const struct env *env,
                                       const struct http_request *http, struct http_response *p, struct es_memory *m,
                                       struct rsp_authenticate_client_request *out)
{
    json_t *request = NULL;
    struct span message;
    bool asn1 = es9p_is_asn1(http);
    *out = (struct rsp_authenticate_client_request){ 0 };
    enum err e = asn1 ? es9p_asn1_read(env, http, p, &message) : es_serve_read(env, f->name, http, p, &request);
    if (e)
        return e;
    e = asn1 ? rsp_authenticate_client_request_read(message, out) : take_json(request, m, out);
    json_decref(request);
    return e ? es9p_malformed(env, f->name, http, p, e) : ERR_OK;
}

enum err es9p_authenticate_client_read(const struct env *env, const struct http_request *http,
                                       struct http_response *p, struct es_memory *m,
                                       struct rsp_authenticate_client_request *out)
{
    return es9p_authenticate_client_take(&function, env, http, p, m, out);
}

static enum err put_answer(const struct rsp_wire *wire, json_t *o, const struct rsp_authenticate_client_ok *ok)
{
    enum err e = json_set_hex(o, "transactionId", ok->transaction_id);
    if (!e)
        e = es9p_put_der(o, "profileMetadata", write_metadata, &ok->metadata);
    if (!e)
        e = es9p_put_der(o, "smdpSigned2", write_smdp_signed2, &ok->smdp_signed2);
    if (!e)
        e = es9p_put_signature(wire, o, "smdpSignature2", ok->smdp_signature2);
    return e ? e : json_set_base64(o, "smdpCertificate", ok->smdp_certificate);
}

static enum err answer_asn1(const struct env *env, const struct http_request *http,
                            const struct rsp_authenticate_client_ok *ok, const struct es_status *status,
                            struct http_response *p)
{
    struct rsp_authenticate_client_response answer = { .which = RSP_OK, .ok = *ok };
    if (es_refused(status))
        answer = (struct rsp_authenticate_client_response){ .which = RSP_ERROR,
                                                            .error = es_code_of_status(function.codes, status) };
    return es9p_asn1_write(env, &function, http, write_answer, &answer, p);
}

enum err es9p_authenticate_client_write(const struct env *env, const struct rsp_wire *wire,
                                        const struct http_request *http,
                                        const struct rsp_authenticate_client_ok *ok, const struct es_status *status,
                                        struct http_response *p)
{
    if (es9p_is_asn1(http))
        return answer_asn1(env, http, ok, status, p);
    json_t *answer = json_object();
    enum err e = !answer ? ERR_NOMEM : es_refused(status) ? ERR_OK : put_answer(wire, answer, ok);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, function.name, http, status, answer, p);
}
