/* eIM configuration data and its commands (SGP.32 v1.2 2.4.1, 5.9.4, 5.9.18). */
#ifndef LAB_RSP_EIM_CONFIGURATION_H
#define LAB_RSP_EIM_CONFIGURATION_H

#include "rsp_message.h"

enum rsp_eim_id_type { RSP_EIM_ID_NONE, RSP_EIM_ID_OID, RSP_EIM_ID_FQDN, RSP_EIM_ID_PROPRIETARY };
/* EimSupportedProtocol bits */
#define RSP_EIM_RETRIEVE_HTTPS (1u << 0)
#define RSP_EIM_RETRIEVE_COAPS (1u << 1)
#define RSP_EIM_INJECT_HTTPS (1u << 2)
#define RSP_EIM_INJECT_COAPS (1u << 3)
#define RSP_EIM_PROPRIETARY (1u << 4)

enum rsp_key_data_which { RSP_KEY_DATA_NONE, RSP_KEY_DATA_PUBLIC_KEY, RSP_KEY_DATA_CERTIFICATE };
/* A public key or a certificate, both as contents without the outer 30; or with it, as some send it (catalogue D-5). */
struct rsp_key_data {
    enum rsp_key_data_which which;
    struct span public_key;  /* contents of SubjectPublicKeyInfo: rsp_key_data_put_spki */
    struct span certificate; /* contents of Certificate: rsp_put_certificate */
};
/* Appends a complete SubjectPublicKeyInfo. ERR_STATE: it is a certificate. */
MUST_CHECK enum err rsp_key_data_put_spki(const struct rsp_key_data *k, struct buf *out);
/* Curve (contents of its OID) and point (65 octets) of a public key. ERR_PARSE. */
MUST_CHECK enum err rsp_key_data_point(const struct rsp_key_data *k, struct span *curve_oid,
                                       struct span *point);
/* Contents of the curves' OIDs: prime256v1 and brainpoolP256r1. */
struct span rsp_oid_p256(void);
struct span rsp_oid_brainpool_p256r1(void);
/* Appends the contents of SubjectPublicKeyInfo for a point on a curve: what public_key wants. */
MUST_CHECK enum err rsp_put_spki_contents(struct span curve_oid, struct span point, struct buf *out);

struct rsp_eim_configuration {
    struct span eim_id;   /* 1..128, the key of the record */
    struct span eim_fqdn; /* optional, as all that follow */
    struct rsp_int eim_id_type;
    struct rsp_int counter;           /* 0..8388607 */
    struct rsp_int association_token; /* -1 in a request: the eUICC makes one */
    bool has_public_key_data;
    struct rsp_key_data public_key_data;
    bool has_trusted_tls;
    struct rsp_key_data trusted_tls;
    struct rsp_bits supported_protocol;
    struct span ci_pkid;
    bool indirect_profile_download;
    struct span proprietary; /* contents of eSipaProprietaryProtocolInformation, SGP.32 v1.3 */
    struct span whole;
};
/* An item of a list has the tag 30; as PSMO or eCO see rsp_euicc_package.h. */
RSP_MESSAGE(eim_configuration);
/* Keys and certificates get this form, whichever they have; but where `whole` is set. */
RSP_MESSAGE_AS(eim_configuration);
RSP_ITEM(eim_configuration);
#define RSP_COUNTER_MAX 8388607 /* catalogue D-9 */

/* BF57 */
struct rsp_add_initial_eim_request {
    struct span list; /* rsp_eim_configuration_next */
};
RSP_MESSAGE(add_initial_eim_request);
enum rsp_add_initial_eim_item { RSP_INITIAL_EIM_NONE, RSP_INITIAL_EIM_TOKEN, RSP_INITIAL_EIM_OK };
struct rsp_initial_eim_result {
    enum rsp_add_initial_eim_item which;
    int64_t token;
    bool ok; /* the NULL; not looked at */
};
RSP_MESSAGE(initial_eim_result);
RSP_ITEM(initial_eim_result);
struct rsp_add_initial_eim_response {
    enum rsp_outcome which;
    struct span list; /* rsp_initial_eim_result_next */
    int64_t error;    /* enum rsp_add_initial_eim_error */
};
RSP_MESSAGE(add_initial_eim_response);

/* BF55 */
struct rsp_get_eim_configuration_request {
    bool has_search;
    struct span eim_id;
};
RSP_MESSAGE(get_eim_configuration_request);
struct rsp_get_eim_configuration_response {
    struct span list; /* rsp_eim_configuration_next */
};
RSP_MESSAGE(get_eim_configuration_response);

#endif
