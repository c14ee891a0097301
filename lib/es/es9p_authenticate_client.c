/* ES9+.AuthenticateClient, SGP.22 5.6.3 and 6.5.2.8. */
#include "es9p.h"

#define NAME "ES9+.AuthenticateClient"

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

enum err es9p_authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                  struct es_memory *m, struct rsp_authenticate_client_ok *ok,
                                  struct es_status *status)
{
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? json_set_hex(request, "transactionId", q->transaction_id) : ERR_NOMEM;
    if (!e)
        e = es9p_put_der(request, "authenticateServerResponse", write_response, &q->response);
    if (!e)
        e = es_call(peer, "es9plus/authenticateClient", NAME, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = take_answer(answer, m, ok);
    json_decref(request);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err es9p_authenticate_client_read(const struct env *env, const struct http_request *http,
                                       struct http_response *p, struct es_memory *m,
                                       struct rsp_authenticate_client_request *out)
{
    json_t *request = NULL;
    struct span response;
    *out = (struct rsp_authenticate_client_request){ 0 };
    enum err e = es_serve_read(env, NAME, http, p, &request);
    if (e)
        return e;
    e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "authenticateServerResponse", &response);
    if (!e)
        e = rsp_authenticate_server_response_read(response, &out->response);
    json_decref(request);
    return e ? es9p_malformed(env, NAME, http, p, e) : ERR_OK;
}

static enum err put_answer(json_t *o, const struct rsp_authenticate_client_ok *ok)
{
    enum err e = json_set_hex(o, "transactionId", ok->transaction_id);
    if (!e)
        e = es9p_put_der(o, "profileMetadata", write_metadata, &ok->metadata);
    if (!e)
        e = es9p_put_der(o, "smdpSigned2", write_smdp_signed2, &ok->smdp_signed2);
    if (!e)
        e = es9p_put_signature(o, "smdpSignature2", ok->smdp_signature2);
    return e ? e : json_set_base64(o, "smdpCertificate", ok->smdp_certificate);
}

enum err es9p_authenticate_client_write(const struct env *env, const struct http_request *http,
                                        const struct rsp_authenticate_client_ok *ok, const struct es_status *status,
                                        struct http_response *p)
{
    json_t *answer = json_object();
    enum err e = !answer ? ERR_NOMEM : es_refused(status) ? ERR_OK : put_answer(answer, ok);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, NAME, http, status, answer, p);
}
