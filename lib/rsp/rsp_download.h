/* Download of a bound profile package (SGP.22 3.1.3, 2.5.5, 5.5, 5.6, 5.7.5, 5.7.6, 5.7.14). */
#ifndef LAB_RSP_DOWNLOAD_H
#define LAB_RSP_DOWNLOAD_H

#include "rsp_authentication.h"

/* ES10b BF21 */
struct rsp_prepare_download_request {
    struct rsp_smdp_signed2 smdp_signed2;
    struct span smdp_signature2;
    struct span hash_cc;          /* 32 octets; optional */
    struct span smdp_certificate; /* whole TLV */
};
RSP_MESSAGE(prepare_download_request);

struct rsp_euicc_signed2 {
    struct span transaction_id;
    struct span euicc_otpk; /* 65 octets */
    struct span hash_cc;    /* optional */
    struct span signed_bytes;
};
RSP_MESSAGE(euicc_signed2);

enum rsp_prepare_download_which {
    RSP_PREPARE_DOWNLOAD_NONE,
    RSP_PREPARE_DOWNLOAD_OK,
    RSP_PREPARE_DOWNLOAD_ERROR,
    RSP_PREPARE_DOWNLOAD_COMPACT,
};
struct rsp_download_response_ok {
    struct rsp_euicc_signed2 euicc_signed2;
    struct span euicc_signature2;
};
/* ES10b BF21 */
struct rsp_prepare_download_response {
    enum rsp_prepare_download_which which;
    struct rsp_download_response_ok ok;
    struct rsp_session_error error; /* enum rsp_download_error_code */
    struct span compact;            /* contents */
    struct span whole;
};
RSP_MESSAGE(prepare_download_response);

/* ES9+ BF3A */
struct rsp_get_bound_profile_package_request {
    struct span transaction_id;
    struct rsp_prepare_download_response response;
};
RSP_MESSAGE(get_bound_profile_package_request);
struct rsp_get_bound_profile_package_ok {
    struct span transaction_id;
    struct span bound_profile_package; /* whole TLV BF36: rsp_bound_profile_package_read, rsp_bpp_segments */
};
struct rsp_get_bound_profile_package_response {
    enum rsp_outcome which;
    struct rsp_get_bound_profile_package_ok ok;
    int64_t error; /* enum rsp_get_bound_profile_package_error */
};
RSP_MESSAGE(get_bound_profile_package_response);

/* ES8+ BF23 */
struct rsp_initialise_secure_channel {
    int64_t remote_op_id; /* 1 */
    struct span transaction_id;
    struct span key_type, key_length; /* 88, 10 */
    struct span host_id;
    struct span smdp_otpk;      /* 65 octets */
    struct span smdp_signature; /* 64 octets */
    /* The members before the signature, as received; only read: writing is always anew. */
    struct span signed_bytes;
};
RSP_MESSAGE(initialise_secure_channel);
/* Appends the members that are signed (82, 80, A6, 5F49): sign them with rsp_tbs_smdp_sign before writing. */
MUST_CHECK enum err rsp_initialise_secure_channel_write_tbs(const struct rsp_initialise_secure_channel *s,
                                                            struct buf *out);

/* ES8+ BF36 */
struct rsp_bound_profile_package {
    struct rsp_initialise_secure_channel secure_channel;
    struct span first_87; /* lists of whole TLVs: rsp_whole_next */
    struct span list_88;
    struct span second_87; /* optional: ReplaceSessionKeys */
    struct span list_86;
    struct span whole;
};
RSP_MESSAGE(bound_profile_package);

/* SGP.22 2.5.5: what goes to the eUICC as ES10 commands of their own, in order. */
struct rsp_bpp_segments {
    struct der package; /* what is left of the members of BF36 */
    struct der list;    /* what is left of the list being sent in pieces */
    struct span first;  /* header of BF36 and the whole BF23, until sent */
};
/* Begins on a whole BF36. ERR_PARSE. Checks only the outer shape: call rsp_check or the reader before. */
MUST_CHECK enum err rsp_bpp_segments(struct span bpp, struct rsp_bpp_segments *out);
/* The next segment (a span into the package); *done at the end. */
MUST_CHECK enum err rsp_bpp_next(struct rsp_bpp_segments *s, struct span *segment, bool *done);

/* ES8+ BF24 */
struct rsp_configure_isdp {
    struct span dp_proprietary_data; /* contents of B8, begins with 80 dpOid; optional; at most 128 octets */
};
RSP_MESSAGE(configure_isdp);

/* ES8+ BF26 */
struct rsp_replace_session_keys {
    struct span initial_mcv, ppk_enc, ppk_cmac; /* 16 octets each; secrets */
};
RSP_MESSAGE(replace_session_keys);

/* ES10b BF41 */
struct rsp_cancel_session_request {
    struct span transaction_id;
    int64_t reason; /* enum rsp_cancel_session_reason */
};
RSP_MESSAGE(cancel_session_request);
struct rsp_cancel_session_signed {
    struct span transaction_id;
    struct span smdp_oid; /* contents of the OID: der_oid_text */
    int64_t reason;
    struct span signed_bytes;
};
RSP_MESSAGE(cancel_session_signed);
enum rsp_cancel_session_which {
    RSP_CANCEL_SESSION_NONE,
    RSP_CANCEL_SESSION_OK,
    RSP_CANCEL_SESSION_ERROR,
    RSP_CANCEL_SESSION_COMPACT,
};
struct rsp_cancel_session_ok {
    struct rsp_cancel_session_signed cancel_signed;
    struct span signature;
};
/* ES10b BF41 */
struct rsp_cancel_session_response {
    enum rsp_cancel_session_which which;
    struct rsp_cancel_session_ok ok;
    int64_t error;       /* enum rsp_cancel_session_response_error */
    struct span compact; /* contents */
};
RSP_MESSAGE(cancel_session_response);

/* ES9+ and ESipa BF41: the response's own tag gives way to A1. */
struct rsp_cancel_session_request_es9 {
    struct span transaction_id;
    struct rsp_cancel_session_response response;
};
RSP_MESSAGE(cancel_session_request_es9);
struct rsp_cancel_session_response_es9 {
    enum rsp_outcome which;
    struct span ok; /* empty contents */
    int64_t error;  /* enum rsp_cancel_session_error */
};
RSP_MESSAGE(cancel_session_response_es9);

/* euiccSigned2 || 5F37 40 smdpSignature2 */
void rsp_tbs_euicc_signature2(const struct rsp_euicc_signed2 *s, struct span smdp_signature2,
                              struct rsp_tbs *out);
/* 82 || 80 || A6 || 5F49 smdpOtpk || 5F49 41 euiccOtpk; `members` as rsp_initialise_secure_channel_write_tbs
 * wrote them or as `signed_bytes` received them. */
void rsp_tbs_smdp_sign(struct span members, struct span euicc_otpk, struct rsp_tbs *out);
void rsp_tbs_cancel_session(const struct rsp_cancel_session_signed *s, struct rsp_tbs *out);

#endif
