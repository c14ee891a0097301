/* ES9+.CancelSession, SGP.22 5.6.5 and 6.5.2.10. The member carries the eUICC's whole BF41. */
#include "es9p.h"

#define NAME "ES9+.CancelSession"

enum err es9p_cancel_session(const struct es_peer *peer, struct span transaction_id, struct span response,
                             struct es_status *status)
{
    json_t *request = json_object(), *answer = NULL;
    enum err e = request ? json_set_hex(request, "transactionId", transaction_id) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(request, "cancelSessionResponse", response);
    if (!e)
        e = es_call(peer, "es9plus/cancelSession", NAME, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    json_decref(request);
    json_decref(answer);
    return e;
}

enum err es9p_cancel_session_read(const struct env *env, const struct http_request *http, struct http_response *p,
                                  struct es_memory *m, struct rsp_cancel_session_request_es9 *out)
{
    json_t *request = NULL;
    struct span response;
    *out = (struct rsp_cancel_session_request_es9){ 0 };
    enum err e = es_serve_read(env, NAME, http, p, &request);
    if (e)
        return e;
    e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "cancelSessionResponse", &response);
    if (!e)
        e = rsp_cancel_session_response_read(response, &out->response);
    json_decref(request);
    return e ? es9p_malformed(env, NAME, http, p, e) : ERR_OK;
}

enum err es9p_cancel_session_write(const struct env *env, const struct http_request *http,
                                   const struct es_status *status, struct http_response *p)
{
    return es_serve_write(env, NAME, http, status, NULL, p);
}
