/* ES2+: an operator's orders at an SM-DP+ (SGP.22 5.3, 6.5.2; catalogue A.14). JSON, mutual TLS. */
#ifndef LAB_ES2P_H
#define LAB_ES2P_H

#include "es_peer.h"

#define ES2P_TEXT_MAX 256

/* Every member of the four requests; "" is left out. */
struct es2p_order {
    char requester[ES2P_TEXT_MAX]; /* serve side: functionRequesterIdentifier of the header */
    char iccid[21], eid[33], profile_type[ES2P_TEXT_MAX];
    char matching_id[ES2P_TEXT_MAX];
    char confirmation_code[ES2P_TEXT_MAX];
    char smds_address[ES2P_TEXT_MAX];
    char final_state[16];          /* cancelOrder: "Available" | "Unavailable" */
    bool release;                  /* confirmOrder: releaseFlag */
};
struct es2p_answer {
    char iccid[21], eid[33], matching_id[ES2P_TEXT_MAX], smdp_address[ES2P_TEXT_MAX];
};
enum es2p_function { ES2P_DOWNLOAD_ORDER, ES2P_CONFIRM_ORDER, ES2P_CANCEL_ORDER, ES2P_RELEASE_PROFILE };

/* Calls: ERR_OK with *status telling success or refusal. ERR_TIMEOUT: unknown; the order may have been taken. */
MUST_CHECK enum err es2p_download_order(const struct es_peer *peer, const struct es2p_order *q,
                                        struct es2p_answer *a, struct es_status *status);
MUST_CHECK enum err es2p_confirm_order(const struct es_peer *peer, const struct es2p_order *q,
                                       struct es2p_answer *a, struct es_status *status);
MUST_CHECK enum err es2p_cancel_order(const struct es_peer *peer, const struct es2p_order *q,
                                      struct es2p_answer *a, struct es_status *status);
MUST_CHECK enum err es2p_release_profile(const struct es_peer *peer, const struct es2p_order *q,
                                         struct es2p_answer *a, struct es_status *status);

/* Serving. Read: ERR_REFUSED after writing the answer (malformed, mandatory member missing: 1.3.1/2.2). */
MUST_CHECK enum err es2p_read(enum es2p_function f, const struct env *env, const struct http_request *q,
                              struct http_response *p, struct es2p_order *out);
MUST_CHECK enum err es2p_write(enum es2p_function f, const struct env *env, const struct http_request *q,
                               const struct es2p_answer *a, const struct es_status *status, struct http_response *p);

#endif
