/* ES9+.GetBoundProfilePackage, SGP.22 5.6.2 and 6.5.2.7. */
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES9+.GetBoundProfilePackage", "es9plus/getBoundProfilePackage", ES9P_CODES_GET_BOUND_PROFILE_PACKAGE,
};

static enum err write_request(const void *value, struct buf *out)
{
    return rsp_get_bound_profile_package_request_write(value, out);
}

static enum err write_answer(const void *value, struct buf *out)
{
    return rsp_get_bound_profile_package_response_write(value, out);
}

static enum err write_response(const void *value, struct buf *out)
{
    return rsp_prepare_download_response_write(value, out);
}

static enum err call_asn1(const struct es_peer *peer, const struct rsp_get_bound_profile_package_request *q,
                          struct es_memory *m, struct rsp_get_bound_profile_package_ok *ok, struct es_status *status)
{
    struct rsp_get_bound_profile_package_response answer = { 0 };
    struct span message;
    enum err e = es9p_asn1_call(peer, &function, write_request, q, m, &message);
    if (!e)
        e = rsp_get_bound_profile_package_response_read(message, &answer);
    if (e)
        return e;
    *ok = answer.ok;
    es9p_asn1_outcome(&function, answer.which, answer.error, status);
    return ERR_OK;
}

enum err es9p_get_bound_profile_package(const struct es_peer *peer,
                                        const struct rsp_get_bound_profile_package_request *q, struct es_memory *m,
                                        struct rsp_get_bound_profile_package_ok *ok, struct es_status *status)
{
    if (peer->asn1)
        return call_asn1(peer, q, m, ok, status);
    json_t *request = json_object(), *answer = NULL;
    *ok = (struct rsp_get_bound_profile_package_ok){ 0 };
    enum err e = request ? json_set_hex(request, "transactionId", q->transaction_id) : ERR_NOMEM;
    if (!e)
        e = es9p_put_der(request, "prepareDownloadResponse", write_response, &q->response);
    if (!e)
        e = es_call(peer, function.path, function.name, request, &answer);
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

static enum err take_json(const json_t *request, struct es_memory *m,
                          struct rsp_get_bound_profile_package_request *out)
{
    struct span response;
    enum err e = es_memory_transaction_id(m, request, &out->transaction_id);
    if (!e)
        e = es_memory_base64(m, request, "prepareDownloadResponse", &response);
    return e ? e : rsp_prepare_download_response_read(response, &out->response);
}

enum err es9p_get_bound_profile_package_read(const struct env *env, const struct http_request *http,
                                             struct http_response *p, struct es_memory *m,
                                             struct rsp_get_bound_profile_package_request *out)
{
    json_t *request = NULL;
    struct span message;
    bool asn1 = es9p_is_asn1(http);
    *out = (struct rsp_get_bound_profile_package_request){ 0 };
    enum err e = asn1 ? es9p_asn1_read(env, http, p, &message)
                      : es_serve_read(env, function.name, http, p, &request);
    if (e)
        return e;
    e = asn1 ? rsp_get_bound_profile_package_request_read(message, out) : take_json(request, m, out);
    json_decref(request);
    return e ? es9p_malformed(env, function.name, http, p, e) : ERR_OK;
}

static enum err answer_asn1(const struct env *env, const struct http_request *http,
                            const struct rsp_get_bound_profile_package_ok *ok, const struct es_status *status,
                            struct http_response *p)
{
    struct rsp_get_bound_profile_package_response answer = { .which = RSP_OK, .ok = *ok };
    if (es_refused(status))
        answer = (struct rsp_get_bound_profile_package_response){
            .which = RSP_ERROR, .error = es_code_of_status(function.codes, status) };
    return es9p_asn1_write(env, &function, http, write_answer, &answer, p);
}

enum err es9p_get_bound_profile_package_write(const struct env *env, const struct http_request *http,
                                              const struct rsp_get_bound_profile_package_ok *ok,
                                              const struct es_status *status, struct http_response *p)
{
    if (es9p_is_asn1(http))
        return answer_asn1(env, http, ok, status, p);
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
    return es_serve_write(env, function.name, http, status, answer, p);
}
