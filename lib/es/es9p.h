/* ES9+: download of a profile from an SM-DP+ (SGP.22 5.6, 6.5.2; catalogue A.13), JSON binding, and the ASN.1
 * binding where the peer or the request's path says so (es9p_asn1.h).
 *
 * Each function has three parts in one file: the call (client), _read (server: the request as a domain message) and
 * _write (server: the answer). Spans of an answer point into `m`; the caller releases it.
 * Calls: ERR_OK with *status telling success or refusal; ERR_PARSE: the answer is malformed; else as http_send. */
#ifndef LAB_ES9P_H
#define LAB_ES9P_H

#include "es_peer.h"
#include "rsp_authentication.h"
#include "rsp_download.h"
#include "rsp_notification.h"

MUST_CHECK enum err es9p_initiate_authentication(const struct es_peer *peer,
                                                 const struct rsp_initiate_authentication_request *q,
                                                 struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                                 struct es_status *status);
MUST_CHECK enum err es9p_initiate_authentication_read(const struct env *env, const struct http_request *http,
                                                      struct http_response *p, struct es_memory *m,
                                                      struct rsp_initiate_authentication_request *out);
MUST_CHECK enum err es9p_initiate_authentication_write(const struct env *env, const struct rsp_wire *wire,
                                                       const struct http_request *http,
                                                       const struct rsp_initiate_authentication_ok *ok,
                                                       const struct es_status *status, struct http_response *p);

MUST_CHECK enum err es9p_authenticate_client(const struct es_peer *peer,
                                             const struct rsp_authenticate_client_request *q, struct es_memory *m,
                                             struct rsp_authenticate_client_ok *ok, struct es_status *status);
MUST_CHECK enum err es9p_authenticate_client_read(const struct env *env, const struct http_request *http,
                                                  struct http_response *p, struct es_memory *m,
                                                  struct rsp_authenticate_client_request *out);
MUST_CHECK enum err es9p_authenticate_client_write(const struct env *env, const struct rsp_wire *wire,
                                                   const struct http_request *http,
                                                   const struct rsp_authenticate_client_ok *ok,
                                                   const struct es_status *status, struct http_response *p);

MUST_CHECK enum err es9p_get_bound_profile_package(const struct es_peer *peer,
                                                   const struct rsp_get_bound_profile_package_request *q,
                                                   struct es_memory *m,
                                                   struct rsp_get_bound_profile_package_ok *ok,
                                                   struct es_status *status);
MUST_CHECK enum err es9p_get_bound_profile_package_read(const struct env *env, const struct http_request *http,
                                                        struct http_response *p, struct es_memory *m,
                                                        struct rsp_get_bound_profile_package_request *out);
MUST_CHECK enum err es9p_get_bound_profile_package_write(const struct env *env, const struct http_request *http,
                                                         const struct rsp_get_bound_profile_package_ok *ok,
                                                         const struct es_status *status, struct http_response *p);

/* Answered 204 (or 200): the eUICC may forget the notification. ERR_REFUSED: another status; keep it. */
MUST_CHECK enum err es9p_handle_notification(const struct es_peer *peer, struct span pending_notification);
MUST_CHECK enum err es9p_handle_notification_read(const struct env *env, const struct http_request *http,
                                                  struct http_response *p, struct es_memory *m,
                                                  struct rsp_pending_notification *out);
MUST_CHECK enum err es9p_handle_notification_write(const struct env *env, const struct http_request *http,
                                                   const struct es_status *status, struct http_response *p);

/* `response` is the whole BF41 as the eUICC gave it. */
MUST_CHECK enum err es9p_cancel_session(const struct es_peer *peer, struct span transaction_id, struct span response,
                                        struct es_status *status);
MUST_CHECK enum err es9p_cancel_session_read(const struct env *env, const struct http_request *http,
                                             struct http_response *p, struct es_memory *m,
                                             struct rsp_cancel_session_request_es9 *out);
MUST_CHECK enum err es9p_cancel_session_write(const struct env *env, const struct http_request *http,
                                              const struct es_status *status, struct http_response *p);

/* For the files behind this header: answers a request whose members are missing or malformed (1.3.1/2.2, 2.1) and
 * returns ERR_REFUSED; passes other failures on. */
MUST_CHECK enum err es9p_malformed(const struct env *env, const char *name, const struct http_request *http,
                                   struct http_response *p, enum err e);
/* Adds a DER member, written by `write` from `value`, as base64. */
typedef enum err (*es9p_write_fn)(const void *value, struct buf *out);
MUST_CHECK enum err es9p_put_der(json_t *o, const char *member, es9p_write_fn write, const void *value);
/* Adds octets as the base64 of an OCTET STRING with its tag (04), at most 120. */
MUST_CHECK enum err es9p_put_octets(json_t *o, const char *member, struct span octets);
/* Adds a signature as the base64 of its 5F37 TLV, or of itself (interpretation D-7). */
MUST_CHECK enum err es9p_put_signature(const struct rsp_wire *wire, json_t *o, const char *member, struct span signature);

#endif
