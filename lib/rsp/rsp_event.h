/* ES11: what an SM-DS answers an eUICC with (SGP.22 5.8.2). The request is ES9+'s: rsp_authentication.h. */
#ifndef LAB_RSP_EVENT_H
#define LAB_RSP_EVENT_H

#include "rsp_message.h"

struct rsp_event_entry {
    struct span event_id;           /* UTF-8; the MatchingID at the server */
    struct span rsp_server_address; /* of the SM-DP+, or of another SM-DS */
};
RSP_MESSAGE(event_entry);
RSP_ITEM(event_entry);

struct rsp_authenticate_client_ok_es11 {
    struct span transaction_id;
    struct span event_entries; /* list: rsp_event_entry_next; may be empty */
};
/* BF40 */
struct rsp_authenticate_client_response_es11 {
    enum rsp_outcome which;
    struct rsp_authenticate_client_ok_es11 ok;
    int64_t error; /* eumCertificateInvalid(1) … eventIdUnknown(6), invalidTransactionId(7), undefinedError(127) */
};
RSP_MESSAGE(authenticate_client_response_es11);

#endif
