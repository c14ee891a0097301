/* ES9+.CancelSession, SGP.22 5.6.5 and 6.5.2.10. The member carries the eUICC's whole BF41. */
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES9+.CancelSession", "es9plus/cancelSession", ES9P_CODES_CANCEL_SESSION,
};

static enum err write_request(const void *value, struct buf *out)
{
    return rsp_cancel_session_request_es9_write(value, out);
}

static enum err write_answer(const void *value, struct buf *out)
{
    return rsp_cancel_session_response_es9_write(value, out);
}

static enum err call_asn1(const struct es_peer *peer, struct span transaction_id, struct span response,
                          struct es_status *status)
{
    struct rsp_cancel_session_request_es9 q = { .transaction_id = transaction_id };
    struct rsp_cancel_session_response_es9 answer = { 0 };
    struct es_memory m = ES_MEMORY_INIT;
    struct span message;
    enum err e = rsp_cancel_session_response_read(response, &q.response);
    if (!e)
        e = es9p_asn1_call(peer, &function, write_request, &q, &m, &message);
    if (!e)
        e = rsp_cancel_session_response_es9_read(message, &answer);
    if (!e)
        es9p_asn1_outcome(&function, answer.which, answer.error, status);
    es_memory_release(&m);
    return e;
}

enum err es9p_cancel_session(const struct es_peer *peer, struct span transaction_id, struct span response,
                             struct es_status *status)
{
    if (peer->asn1)
        return call_asn1(peer, transaction_id, response, status);
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? json_set_hex(request, "transactionId", transaction_id) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(request, "cancelSessionResponse", response);
    if (!e)
        e = es_call(peer, function.path, function.name, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    json_decref(request);
    json_decref(answer);
    return e;
}

static enum err take_json(const json_t *request, struct es_memory *m, struct rsp_cancel_session_request_es9 *out)
{
    struct span response;
    enum err e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "cancelSessionResponse", &response);
    return e ? e : rsp_cancel_session_response_read(response, &out->response);
}

enum err es9p_cancel_session_read(const struct env *env, const struct http_request *http, struct http_response *p,
                                  struct es_memory *m, struct rsp_cancel_session_request_es9 *out)
{
    json_t *request = NULL;
    struct span message;
    bool asn1 = es9p_is_asn1(http);
    *out = (struct rsp_cancel_session_request_es9){ 0 };
    enum err e = asn1 ? es9p_asn1_read(env, http, p, &message)
                      : es_serve_read(env, function.name, http, p, &request);
    if (e)
        return e;
    e = asn1 ? rsp_cancel_session_request_es9_read(message, out) : take_json(request, m, out);
    json_decref(request);
    return e ? es9p_malformed(env, function.name, http, p, e) : ERR_OK;
}

enum err es9p_cancel_session_write(const struct env *env, const struct http_request *http,
                                   const struct es_status *status, struct http_response *p)
{
    struct rsp_cancel_session_response_es9 answer = { .which = RSP_OK, .ok = span_str("") };
    if (!es9p_is_asn1(http))
        return es_serve_write(env, function.name, http, status, NULL, p);
    if (es_refused(status))
        answer = (struct rsp_cancel_session_response_es9){ .which = RSP_ERROR,
                                                           .error = es_code_of_status(function.codes, status) };
    return es9p_asn1_write(env, &function, http, write_answer, &answer, p);
}
