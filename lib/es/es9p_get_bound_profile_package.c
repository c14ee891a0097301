/* ES9+.GetBoundProfilePackage, SGP.22 5.6.2 and 6.5.2.7. */
#include "es9p.h"

#define NAME "ES9+.GetBoundProfilePackage"

static enum err write_response(const void *value, struct buf *out)
{
    return rsp_prepare_download_response_write(value, out);
}

enum err es9p_get_bound_profile_package(const struct es_peer *peer,
                                        const struct rsp_get_bound_profile_package_request *q, struct es_memory *m,
                                        struct rsp_get_bound_profile_package_ok *ok, struct es_status *status)
{
    json_t *request = json_object(), *answer = NULL;
    *ok = (struct rsp_get_bound_profile_package_ok){ 0 };
    enum err e = request ? json_set_hex(request, "transactionId", q->transaction_id) : ERR_NOMEM;
    if (!e)
        e = es9p_put_der(request, "prepareDownloadResponse", write_response, &q->response);
    if (!e)
        e = es_call(peer, "es9plus/getBoundProfilePackage", NAME, request, &answer);
    if (!e)
        e = es_status_read(answer, status);
    if (!e && !es_refused(status))
        e = es_memory_transaction_id(m, answer, &ok->transaction_id);
    if (!e && !es_refused(status))
        e = es_memory_base64(m, answer, "boundProfilePackage", &ok->bound_profile_package);
    json_decref(request);
    json_decref(answer);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

enum err es9p_get_bound_profile_package_read(const struct env *env, const struct http_request *http,
                                             struct http_response *p, struct es_memory *m,
                                             struct rsp_get_bound_profile_package_request *out)
{
    json_t *request = NULL;
    struct span response;
    *out = (struct rsp_get_bound_profile_package_request){ 0 };
    enum err e = es_serve_read(env, NAME, http, p, &request);
    if (e)
        return e;
    e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "prepareDownloadResponse", &response);
    if (!e)
        e = rsp_prepare_download_response_read(response, &out->response);
    json_decref(request);
    return e ? es9p_malformed(env, NAME, http, p, e) : ERR_OK;
}

enum err es9p_get_bound_profile_package_write(const struct env *env, const struct http_request *http,
                                              const struct rsp_get_bound_profile_package_ok *ok,
                                              const struct es_status *status, struct http_response *p)
{
    json_t *answer = json_object();
    enum err e = answer ? ERR_OK : ERR_NOMEM;
    if (!e && !es_refused(status))
        e = json_set_hex(answer, "transactionId", ok->transaction_id);
    if (!e && !es_refused(status))
        e = json_set_base64(answer, "boundProfilePackage", ok->bound_profile_package);
    if (e) {
        json_decref(answer);
        return e;
    }
    return es_serve_write(env, NAME, http, status, answer, p);
}
