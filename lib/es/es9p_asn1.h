/* ES9+ and ES11 in their ASN.1 binding (SGP.22 6.6; catalogue A.13): POST /gsma/rsp2/asn1, each message inside A2.
 *
 * The functions of es9p.h and es11.h speak both bindings: calls choose by es_peer.asn1, _read and _write by the path of
 * the request. So a server has one handler a function, reached by its JSON route and, through es9p_asn1_serve, by the
 * message's tag. What is no message of the interface is answered by an HTTP status without a body (catalogue A.7.4). */
#ifndef LAB_ES9P_ASN1_H
#define LAB_ES9P_ASN1_H

#include "es9p.h"
#include "es_codes.h"

#define ES9P_ASN1_PATH "/gsma/rsp2/asn1"
#define ES9P_ASN1_TYPE "application/x-gsma-rsp-asn1"

struct es9p_asn1_function {
    uint32_t tag; /* of the request inside A2: 0xBF39 */
    http_handler handle;
};
/* The one route: calls the handler of the message's tag. 415: other content type; 400: no such message or an unknown
 * X-Admin-Protocol; 501: a message of the interface that is not among `functions`. */
MUST_CHECK enum err es9p_asn1_serve(const struct env *env, const struct es9p_asn1_function *functions, size_t count,
                                    void *actor, const struct http_request *q, struct http_response *p);
bool es9p_is_asn1(const struct http_request *q);

/* --- for the files behind es9p.h and es11.h ---------------------------------------------------------- */

/* A function under its name, at its path. */
struct es9p_function {
    const char *name; /* "ES9+.InitiateAuthentication": tampering, logs */
    const char *path; /* "es9plus/initiateAuthentication" */
    enum es_codes codes;
};

/* POSTs A2 { what `write` makes of `value` }. *answer is the message inside the answer's A2 (kept in m), empty for 204.
 * Failures as es_call. */
MUST_CHECK enum err es9p_asn1_call(const struct es_peer *peer, const struct es9p_function *f, es9p_write_fn write,
                                   const void *value, struct es_memory *m, struct span *answer);
/* *status of an answer that is a choice between a result and a number. */
void es9p_asn1_outcome(const struct es9p_function *f, enum rsp_outcome which, int64_t error,
                       struct es_status *status);
/* The message inside the request's A2. ERR_REFUSED after writing the answer. */
MUST_CHECK enum err es9p_asn1_read(const struct env *env, const struct http_request *q, struct http_response *p,
                                   struct span *message);
MUST_CHECK enum err es9p_asn1_write(const struct env *env, const struct es9p_function *f,
                                    const struct http_request *q, es9p_write_fn write, const void *value,
                                    struct http_response *p);

/* What ES11 shares with ES9+. */
MUST_CHECK enum err es9p_initiate_authentication_call(const struct es9p_function *f, const struct es_peer *peer,
                                                      const struct rsp_initiate_authentication_request *q,
                                                      struct es_memory *m,
                                                      struct rsp_initiate_authentication_ok *ok,
                                                      struct es_status *status);
MUST_CHECK enum err es9p_initiate_authentication_take(const struct es9p_function *f, const struct env *env,
                                                      const struct http_request *http, struct http_response *p,
                                                      struct es_memory *m,
                                                      struct rsp_initiate_authentication_request *out);
MUST_CHECK enum err es9p_initiate_authentication_put(const struct es9p_function *f, const struct env *env,
                                                     const struct rsp_wire *wire,
                                                     const struct http_request *http,
                                                     const struct rsp_initiate_authentication_ok *ok,
                                                     const struct es_status *status, struct http_response *p);
/* The request of AuthenticateClient; the answers differ. Call: *json (gives) or *message, by the peer's binding. */
MUST_CHECK enum err es9p_authenticate_client_call(const struct es9p_function *f, const struct es_peer *peer,
                                                  const struct rsp_authenticate_client_request *q,
                                                  struct es_memory *m, json_t **json, struct span *message);
MUST_CHECK enum err es9p_authenticate_client_take(const struct es9p_function *f, const struct env *env,
                                                  const struct http_request *http, struct http_response *p,
                                                  struct es_memory *m,
                                                  struct rsp_authenticate_client_request *out);

#endif
