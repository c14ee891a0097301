/* Received messages, kept by ICCID. Inside sim/smdp only. */
#ifndef LAB_SMDP_MESSAGES_H
#define LAB_SMDP_MESSAGES_H

#include "es2p.h"
#include "rsp_ids.h"
#include "smdp_functions.h"

#define SMDP_MESSAGES_MOST 128

struct smdp_message {
    const char *function;       /* "ES9+.AuthenticateClient" */
    const char *iccid;          /* "": that of the session, if it has one */
    const char *owner;          /* ES2+: kept only when it owns the profile; NULL: whoever */
    const char *transaction_id; /* hex; "" none */
    int64_t at;                 /* when it came; 0: now */
    struct span bytes;          /* as received: the HTTP body, or the eUICC's message in it */
    struct span secret[2];      /* as they stand in there */
    const struct es_status *status;
};
/* Keeps the newest of each ICCID, as many as the settings say; 0: none at all. */
MUST_CHECK enum err smdp_message_keep(struct smdp *s, const struct smdp_message *m);

/* The same by function; of ES9+ with what the function left in memory. iccid: of the profile that was found by its type, "" else. */
MUST_CHECK enum err smdp_keep_order(struct smdp *s, const char *function, const struct http_request *q,
                                    const struct es2p_order *in, const char *iccid, const struct es_status *status);
MUST_CHECK enum err smdp_keep_initiate_authentication(struct smdp *s, const struct http_request *http,
                                                      const struct rsp_initiate_authentication_request *q,
                                                      const struct smdp_memory *made,
                                                      const struct rsp_initiate_authentication_ok *ok,
                                                      const struct es_status *status);
MUST_CHECK enum err smdp_keep_authenticate_client(struct smdp *s, const struct http_request *http,
                                                  const struct rsp_authenticate_client_request *q,
                                                  const struct smdp_memory *made,
                                                  const struct rsp_authenticate_client_ok *ok,
                                                  const struct es_status *status);
MUST_CHECK enum err smdp_keep_get_bound_profile_package(struct smdp *s, const struct http_request *http,
                                                        const struct rsp_get_bound_profile_package_request *q,
                                                        const struct smdp_memory *made,
                                                        const struct rsp_get_bound_profile_package_ok *ok,
                                                        const struct es_status *status);
MUST_CHECK enum err smdp_keep_cancel_session(struct smdp *s, const struct http_request *http,
                                             const struct rsp_cancel_session_request_es9 *q, const struct es_status *status);
MUST_CHECK enum err smdp_keep_notification(struct smdp *s, const struct rsp_pending_notification *n);

#endif
