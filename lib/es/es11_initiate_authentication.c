/* ES11.InitiateAuthentication, SGP.22 5.8.1. */
#include "es11.h"
#include "es9p_asn1.h"

static const struct es9p_function function = {
    "ES11.InitiateAuthentication", "es9plus/initiateAuthentication", ES11_CODES_INITIATE_AUTHENTICATION,
};

enum err es11_initiate_authentication(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                                      struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    return es9p_initiate_authentication_call(&function, peer, q, m, ok, status);
}

enum err es11_initiate_authentication_read(const struct env *env, const struct http_request *http,
                                           struct http_response *p, struct es_memory *m,
                                           struct rsp_initiate_authentication_request *out)
{
    return es9p_initiate_authentication_take(&function, env, http, p, m, out);
}

enum err es11_initiate_authentication_write(const struct env *env, const struct rsp_wire *wire,
                                            const struct http_request *http,
                                            const struct rsp_initiate_authentication_ok *ok,
                                            const struct es_status *status, struct http_response *p)
{
    return es9p_initiate_authentication_put(&function, env, wire, http, ok, status, p);
}
