/* ESipa between IPA and eIM (SGP.32 v1.2 5.14; ASN.1 binding 6.3.2: POST /gsma/rsp2/asn1). */
#ifndef LAB_ES_ESIPA_H
#define LAB_ES_ESIPA_H

#include "es_peer.h"
#include "rsp_esipa.h"

#define ESIPA_PATH "/gsma/rsp2/asn1"
#define ESIPA_PROTOCOL_V1_3 "gsma/rsp/v1.3.0" /* X-Admin-Protocol of who speaks SGP.32 v1.3 (interpretation) */
#define ESIPA_CONTENT_TYPE "application/x-gsma-rsp-asn1"

/* --- calling
 * ------------------------------------------------------------------------------------------------------- */
/* Results: ERR_OK the eIM answered; its own error codes (no package, unknown EID) are answers. ERR_REFUSED:
 * an HTTP status other than 200 and 204. ERR_PARSE: not what the specification says. Else as http_send.
 * Answers own the bytes that their spans point into: release them, also after a failure. */
struct esipa_get_eim_package_response {
    struct rsp_get_eim_package_response message;
    struct buf received;
};
MUST_CHECK enum err esipa_get_eim_package(const struct es_peer *p,
                                          const struct rsp_get_eim_package_request *q,
                                          struct esipa_get_eim_package_response *out);
void esipa_get_eim_package_response_release(struct esipa_get_eim_package_response *r);

struct esipa_provide_eim_package_result_response {
    struct rsp_provide_eim_package_result_response message;
    struct buf received;
};
MUST_CHECK enum err esipa_provide_eim_package_result(const struct es_peer *p,
                                                     const struct rsp_provide_eim_package_result *q,
                                                     struct esipa_provide_eim_package_result_response *out);
void esipa_provide_eim_package_result_response_release(struct esipa_provide_eim_package_result_response *r);

MUST_CHECK enum err esipa_handle_notification(const struct es_peer *p,
                                              const struct rsp_handle_notification_esipa *q);

/* Injection: the eIM calls, the peer is an IPA. As above. */
struct esipa_transfer_eim_package_response {
    struct rsp_transfer_eim_package_response message;
    struct buf received;
};
MUST_CHECK enum err esipa_transfer_eim_package(const struct es_peer *p, const struct rsp_transfer_eim_package_request *q,
                                               struct esipa_transfer_eim_package_response *out);
void esipa_transfer_eim_package_response_release(struct esipa_transfer_eim_package_response *r);

/* The relayed download: as the functions of es9p.h with the eIM in between (SGP.32 3.2.3.2). The peer is the eIM;
 * peer->eim_transaction_id names its trigger. */
MUST_CHECK enum err esipa_initiate_authentication(const struct es_peer *peer,
                                                  const struct rsp_initiate_authentication_request *q,
                                                  struct es_memory *m, struct rsp_initiate_authentication_ok *ok,
                                                  struct es_status *status);
MUST_CHECK enum err esipa_authenticate_client(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                                              struct es_memory *m, struct rsp_authenticate_client_ok *ok,
                                              struct es_status *status);
/* The same with an SM-DS behind the eIM (ES11'). *trigger says where a profile waits, with spans in m; has_data false: nowhere. */
MUST_CHECK enum err esipa_authenticate_client_at_smds(const struct es_peer *peer,
                                                      const struct rsp_authenticate_client_request *q, struct es_memory *m,
                                                      struct rsp_profile_download_trigger_request *trigger,
                                                      struct es_status *status);
MUST_CHECK enum err esipa_get_bound_profile_package(const struct es_peer *peer,
                                                    const struct rsp_get_bound_profile_package_request *q,
                                                    struct es_memory *m, struct rsp_get_bound_profile_package_ok *ok,
                                                    struct es_status *status);
MUST_CHECK enum err esipa_cancel_session(const struct es_peer *peer, struct span transaction_id, struct span response,
                                         struct es_status *status);
/* A notification on its way to its SM-DP+; taken when ERR_OK. */
MUST_CHECK enum err esipa_relay_notification(const struct es_peer *peer, struct span pending_notification);

/* --- serving
 * ------------------------------------------------------------------------------------------------------- */
/* An eIM behind the interface. Each gets a checked message and appends the whole DER answer. A failure
 * becomes HTTP 500, ERR_VERIFY (it is not believed, and not taken) 403; a function that is NULL is not offered (HTTP 501). */
struct esipa_server {
    enum err (*get_eim_package)(void *actor, const struct rsp_get_eim_package_request *q, struct buf *answer);
    enum err (*provide_eim_package_result)(void *actor, const struct rsp_provide_eim_package_result *q,
                                           struct buf *answer);
    enum err (*handle_notification)(void *actor, const struct rsp_handle_notification_esipa *q);
    enum err (*initiate_authentication)(void *actor,
                                        const struct rsp_initiate_authentication_request_esipa *q,
                                        struct buf *answer);
    enum err (*authenticate_client)(void *actor, const struct rsp_authenticate_client_request *q,
                                    struct buf *answer);
    enum err (*get_bound_profile_package)(void *actor, const struct rsp_get_bound_profile_package_request *q,
                                          struct buf *answer);
    enum err (*cancel_session)(void *actor, const struct rsp_cancel_session_request_es9 *q,
                               struct buf *answer);
    /* Of an IPA that lets its eIM push: a malformed or unknown package is answered so before it is called. */
    enum err (*transfer_eim_package)(void *actor, const struct rsp_transfer_eim_package_request *q, struct buf *answer);
};
struct esipa_service {
    const struct env *env;
    const struct esipa_server *server;
    void *actor;
    struct rsp_wire wire; /* of its answers in JSON */
    bool any_user_agent; /* else it must begin with gsma-rsp-ipad or gsma-rsp-ipae (catalogue A.7.4) */
};
/* The one route of the ASN.1 binding: finds the function by the message's tag. */
MUST_CHECK enum err esipa_serve(const struct esipa_service *s, const struct http_request *q,
                                struct http_response *p);
/* The JSON binding: POST /gsma/rsp2/esipa/<function>, all of them. */
MUST_CHECK enum err esipa_serve_json(const struct esipa_service *s, const char *function, const struct http_request *q,
                                     struct http_response *p);
#endif
