/* ES11: an eUICC asks an SM-DS for its events (SGP.22 3.6.2, 5.8; catalogue A.13, B.9); JSON and ASN.1 as in es9p.h. The
 * JSON paths are those of ES9+, as LPAs use them. Both functions are ES9+'s but for their refusals, 8.9.1 to 8.9.4, and
 * for what the second one answers. */
#ifndef LAB_ES11_H
#define LAB_ES11_H

#include "es9p.h"
#include "rsp_event.h"

/* q->smdp_address is the SM-DS's. */
MUST_CHECK enum err es11_initiate_authentication(const struct es_peer *peer,
                                                 const struct rsp_initiate_authentication_request *q,
                                                 struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                                 struct es_status *status);
MUST_CHECK enum err es11_initiate_authentication_read(const struct env *env, const struct http_request *http,
                                                      struct http_response *p, struct es_memory *m,
                                                      struct rsp_initiate_authentication_request *out);
MUST_CHECK enum err es11_initiate_authentication_write(const struct env *env, const struct rsp_wire *wire,
                                                       const struct http_request *http,
                                                       const struct rsp_initiate_authentication_ok *ok,
                                                       const struct es_status *status, struct http_response *p);

/* The matchingId in ctxParams1 is an eventId, or absent or empty for all events of the eUICC. */
MUST_CHECK enum err es11_authenticate_client(const struct es_peer *peer,
                                             const struct rsp_authenticate_client_request *q, struct es_memory *m,
                                             struct rsp_authenticate_client_ok_es11 *ok, struct es_status *status);
MUST_CHECK enum err es11_authenticate_client_read(const struct env *env, const struct http_request *http,
                                                  struct http_response *p, struct es_memory *m,
                                                  struct rsp_authenticate_client_request *out);
MUST_CHECK enum err es11_authenticate_client_write(const struct env *env, const struct http_request *http,
                                                   const struct rsp_authenticate_client_ok_es11 *ok,
                                                   const struct es_status *status, struct http_response *p);

#endif
