/* ES12: an SM-DP+ registers events at an SM-DS and deletes them (SGP.22 5.9, 6.5.2; catalogue A.14). JSON, mutual TLS. */
#ifndef LAB_ES12_H
#define LAB_ES12_H

#include "es_peer.h"

#define ES12_TEXT_MAX 256

struct es12_event {
    char requester[ES12_TEXT_MAX];          /* serve side: functionRequesterIdentifier of the header */
    char eid[33];                           /* 32 digits */
    char event_id[ES12_TEXT_MAX];           /* a matchingId */
    char rsp_server_address[ES12_TEXT_MAX]; /* registerEvent only */
    bool forwarding;                        /* registerEvent: forwardingIndicator */
};
enum es12_function { ES12_REGISTER_EVENT, ES12_DELETE_EVENT };

/* Calls: ERR_OK with *status telling success or refusal (8.9.5/3.3 exists already, 8.9.5/3.9 unknown). ERR_TIMEOUT:
 * unknown; the event may have been registered. */
MUST_CHECK enum err es12_register_event(const struct es_peer *peer, const struct es12_event *q,
                                        struct es_status *status);
MUST_CHECK enum err es12_delete_event(const struct es_peer *peer, const struct es12_event *q, struct es_status *status);

/* Serving. Read: ERR_REFUSED after writing the answer (1.3.1/2.2 a mandatory member is missing, 2.1 malformed). */
MUST_CHECK enum err es12_read(enum es12_function f, const struct env *env, const struct http_request *q,
                              struct http_response *p, struct es12_event *out);
MUST_CHECK enum err es12_write(enum es12_function f, const struct env *env, const struct http_request *q,
                               const struct es_status *status, struct http_response *p);

#endif
