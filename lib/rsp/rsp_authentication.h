/* Common mutual authentication (SGP.22 3.0.1): messages of ES9+ and ES10b. */
#ifndef LAB_RSP_AUTHENTICATION_H
#define LAB_RSP_AUTHENTICATION_H

#include "rsp_euicc_info.h"
#include "rsp_store_metadata.h"

struct rsp_server_signed1 {
    struct span transaction_id;  /* 1..16 octets, everywhere */
    struct span euicc_challenge; /* 16 */
    struct span server_address;
    struct span server_challenge; /* 16 */
    struct span signed_bytes;
};
RSP_MESSAGE(server_signed1);

/* ES9+ BF39 */
struct rsp_initiate_authentication_request {
    struct span euicc_challenge;
    struct span smdp_address;
    struct rsp_euicc_info1 euicc_info1;
};
RSP_MESSAGE(initiate_authentication_request);

struct rsp_initiate_authentication_ok {
    struct span transaction_id;
    struct rsp_server_signed1 server_signed1;
    struct span server_signature1;  /* 64 octets */
    struct span ci_pkid;            /* euiccCiPKIdToBeUsed */
    struct span server_certificate; /* whole TLV */
    /* Of an eIM that relays; no members of ES9+. */
    struct span matching_id;
    struct span ctx_params1; /* whole A0 */
};
struct rsp_initiate_authentication_response {
    enum rsp_outcome which;
    struct rsp_initiate_authentication_ok ok;
    int64_t error; /* enum rsp_initiate_authentication_error */
};
RSP_MESSAGE(initiate_authentication_response);

struct rsp_device_info {
    struct span tac;          /* 4 octets, swapped digits */
    struct span capabilities; /* contents of DeviceCapabilities; may be empty but not absent */
    struct span imei;         /* 8 octets; optional */
};
/* ctxParamsForCommonAuthentication, with its A0. */
struct rsp_ctx_params1 {
    struct span matching_id; /* optional */
    struct rsp_device_info device_info;
    struct span whole;
};
RSP_MESSAGE(ctx_params1);

/* ES10b BF38 */
struct rsp_authenticate_server_request {
    struct rsp_server_signed1 server_signed1;
    struct span server_signature1;
    struct span ci_pkid;
    struct span server_certificate; /* whole TLV */
    struct rsp_ctx_params1 ctx_params1;
};
RSP_MESSAGE(authenticate_server_request);

struct rsp_euicc_signed1 {
    struct span transaction_id;
    struct span server_address;
    struct span server_challenge;
    struct rsp_euicc_info2 euicc_info2;
    struct rsp_ctx_params1 ctx_params1;
    struct span signed_bytes;
};
RSP_MESSAGE(euicc_signed1);

struct rsp_authenticate_response_ok {
    struct rsp_euicc_signed1 euicc_signed1;
    struct span euicc_signature1;
    struct span euicc_certificate, eum_certificate; /* whole TLVs */
};
/* transactionId and a code: authenticateResponseError, downloadResponseError. */
struct rsp_session_error {
    struct span transaction_id;
    int64_t code;
};
enum rsp_authenticate_server_which {
    RSP_AUTHENTICATE_SERVER_NONE,
    RSP_AUTHENTICATE_SERVER_OK,
    RSP_AUTHENTICATE_SERVER_ERROR,
    RSP_AUTHENTICATE_SERVER_COMPACT, /* towards an eIM that asked for fewer bytes */
};
/* ES10b BF38 */
struct rsp_authenticate_server_response {
    enum rsp_authenticate_server_which which;
    struct rsp_authenticate_response_ok ok;
    struct rsp_session_error error; /* enum rsp_authenticate_error_code */
    struct span compact;            /* contents */
    struct span whole;
};
RSP_MESSAGE(authenticate_server_response);

/* ES9+ BF3B */
struct rsp_authenticate_client_request {
    struct span transaction_id;
    struct rsp_authenticate_server_response response;
};
RSP_MESSAGE(authenticate_client_request);

struct rsp_smdp_signed2 {
    struct span transaction_id;
    bool cc_required;
    struct span bpp_euicc_otpk; /* 65 octets; optional */
    struct span signed_bytes;
};
RSP_MESSAGE(smdp_signed2);

struct rsp_authenticate_client_ok {
    struct span transaction_id;
    struct rsp_store_metadata metadata;
    struct rsp_smdp_signed2 smdp_signed2;
    struct span smdp_signature2;
    struct span smdp_certificate; /* whole TLV */
    struct span hash_cc;          /* of an eIM that has the confirmation code; no member of ES9+ */
};
/* ES9+ BF3B */
struct rsp_authenticate_client_response {
    enum rsp_outcome which;
    struct rsp_authenticate_client_ok ok;
    int64_t error; /* enum rsp_authenticate_client_error */
};
RSP_MESSAGE(authenticate_client_response);

/* Signature inputs (catalogue B.7). The structs must have been read, or their signed_bytes set. */
void rsp_tbs_server_signature1(const struct rsp_server_signed1 *s, struct rsp_tbs *out);
void rsp_tbs_euicc_signature1(const struct rsp_euicc_signed1 *s, struct rsp_tbs *out);
/* smdpSigned2 || 5F37 40 euiccSignature1 */
void rsp_tbs_smdp_signature2(const struct rsp_smdp_signed2 *s, struct span euicc_signature1,
                             struct rsp_tbs *out);

#endif
