/* The small commands of ES10 (SGP.22 5.7; SGP.32 v1.2 5.9). */
#ifndef LAB_RSP_ES10_H
#define LAB_RSP_ES10_H

#include "rsp_message.h"

/* Many answers are `tag { 80 code }`: enable BF31, disable BF32, delete BF33, set nickname BF29, set default
 * address BF3F and BF65, immediate enable BF5A, emergency BF5B and BF5C, fallback BF5D and BF5E, configure
 * BF59, IPAe BF42. */
MUST_CHECK enum err rsp_code_read(uint32_t tag, struct span bytes, int64_t *code);
MUST_CHECK enum err rsp_code_write(uint32_t tag, int64_t code, struct buf *out);
/* `tag {}`: BF20, BF22, BF2E, BF3C, BF43, BF5F requests. */
MUST_CHECK enum err rsp_empty_write(uint32_t tag, struct buf *out);
MUST_CHECK enum err rsp_empty_read(uint32_t tag, struct span bytes);
/* `tag { 80 refreshFlag }`: BF58, BF5A, BF5B, BF5C, BF5D, BF5E requests; or 01, as some send it (catalogue D-1). */
MUST_CHECK enum err rsp_refresh_write(const struct rsp_wire *wire, uint32_t tag, bool refresh, struct buf *out);
/* Takes both. */
MUST_CHECK enum err rsp_refresh_read(uint32_t tag, struct span bytes, bool *refresh);

/* BF3E */
struct rsp_get_eid_request {
    struct span tag_list; /* 5A */
};
RSP_MESSAGE(get_eid_request);
struct rsp_get_eid_response {
    struct span eid; /* 16 octets */
};
RSP_MESSAGE(get_eid_response);

/* BF2E */
struct rsp_get_euicc_challenge_response {
    struct span challenge; /* 16 octets */
};
RSP_MESSAGE(get_euicc_challenge_response);

/* BF56. The certificates are contents without their 30: rsp_put_certificate. */
struct rsp_get_certs_request {
    struct span ci_pkid; /* optional */
};
RSP_MESSAGE(get_certs_request);
struct rsp_get_certs_response {
    enum rsp_outcome which;
    struct rsp_certs {
        struct span eum_certificate, euicc_certificate;
    } ok;
    int64_t error; /* enum rsp_get_certs_error */
};
RSP_MESSAGE(get_certs_response);

/* BF3C */
struct rsp_configured_addresses {
    struct span default_dp_address; /* optional */
    struct span root_ds_address;
};
RSP_MESSAGE(configured_addresses);

/* BF65 and BF3F requests, `tag { 80 address }` */
MUST_CHECK enum err rsp_default_dp_address_read(uint32_t tag, struct span bytes, struct span *address);
MUST_CHECK enum err rsp_default_dp_address_write(uint32_t tag, struct span address, struct buf *out);

/* BF64 */
struct rsp_memory_reset_request {
    uint32_t options; /* bits of catalogue A.4 */
};
RSP_MESSAGE(memory_reset_request);
struct rsp_memory_reset_response {
    int64_t result;
    struct rsp_int eim_result, immediate_enable_result;
};
RSP_MESSAGE(memory_reset_response);

#endif
