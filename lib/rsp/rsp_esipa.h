/* ESipa: what eIM and IPA exchange (SGP.32 v1.2 5.14, 6.3.2; catalogue A.7). No outer wrapper: the tag says
 * which. */
#ifndef LAB_RSP_ESIPA_H
#define LAB_RSP_ESIPA_H

#include "rsp_download.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"

/* BF4F */
struct rsp_get_eim_package_request {
    struct span eid;
    bool notify_state_change;
    struct rsp_int state_change_cause; /* enum rsp_state_change_cause */
    struct span rplmn;                 /* 3 octets: rsp_plmn_text; optional */
};
RSP_MESSAGE(get_eim_package_request);

enum rsp_notification_criteria { RSP_CRITERIA_NONE, RSP_CRITERIA_SEQ_NUMBER, RSP_CRITERIA_EVENT };
/* BF52. tag_list: 80.. numbers of IpaEuiccData, catalogue A.7.2 */
struct rsp_ipa_euicc_data_request {
    struct span tag_list; /* contents of 5C: rsp_tag_list_next */
    struct span ci_pkid;  /* optional */
    bool has_notification_criteria;
    struct {
        enum rsp_notification_criteria which;
        int64_t seq_number;
        uint32_t events;
    } notifications;
    bool has_result_criteria;
    struct {
        int64_t seq_number;
    } results;
    struct span eim_transaction_id; /* optional */
    struct span whole;
};
RSP_MESSAGE(ipa_euicc_data_request);

enum rsp_download_source {
    RSP_DOWNLOAD_NONE,
    RSP_DOWNLOAD_ACTIVATION_CODE,
    RSP_DOWNLOAD_DEFAULT_SMDP,
    RSP_DOWNLOAD_SMDS,
};
/* BF54 */
struct rsp_profile_download_trigger_request {
    bool has_data; /* false: the eIM handles the download data */
    struct rsp_profile_download_data {
        enum rsp_download_source which;
        struct span activation_code; /* rsp_activation_code_parse */
        bool default_smdp;           /* the NULL; not looked at */
        struct span smds_address;    /* optional */
    } data;
    struct span eim_transaction_id; /* optional */
    struct span whole;
};
RSP_MESSAGE(profile_download_trigger_request);

enum rsp_get_eim_package_which {
    RSP_EIM_PACKAGE_NONE,
    RSP_EIM_PACKAGE_EUICC_PACKAGE,
    RSP_EIM_PACKAGE_DATA_REQUEST,
    RSP_EIM_PACKAGE_DOWNLOAD,
    RSP_EIM_PACKAGE_ERROR,
};
/* BF4F */
struct rsp_get_eim_package_response {
    enum rsp_get_eim_package_which which;
    struct rsp_euicc_package_request package;
    struct rsp_ipa_euicc_data_request data;
    struct rsp_profile_download_trigger_request download;
    int64_t error; /* enum rsp_eim_package_error */
};
RSP_MESSAGE(get_eim_package_response);

/* IpaCapabilities bits */
#define RSP_IPA_DIRECT_RSP (1u << 0)
#define RSP_IPA_INDIRECT_RSP (1u << 1)
#define RSP_IPA_EIM_DOWNLOAD_DATA (1u << 2)
#define RSP_IPA_EIM_CTX_PARAMS1 (1u << 3)
#define RSP_IPA_EIM_METADATA (1u << 4)
#define RSP_IPA_MINIMIZE_BYTES (1u << 5)
/* Members of IpaEuiccData, all optional */
struct rsp_ipa_euicc_data {
    struct span notifications; /* list: rsp_pending_notification_next */
    struct span default_smdp_address;
    struct span package_results; /* list: rsp_euicc_package_result_next */
    bool has_euicc_info1, has_euicc_info2;
    struct rsp_euicc_info1 euicc_info1;
    struct rsp_euicc_info2 euicc_info2;
    struct span root_smds_address;
    struct rsp_int association_token;
    struct span eum_certificate, euicc_certificate; /* contents without 30: rsp_put_certificate */
    struct span eim_transaction_id;
    bool has_capabilities;
    struct {
        uint32_t features;
        struct rsp_bits protocols;
    } capabilities;
    bool has_device_info;
    struct rsp_device_info device_info;
};
struct rsp_eim_session_error {
    struct span eim_transaction_id; /* optional */
    int64_t code;
};
/* BF52 */
struct rsp_ipa_euicc_data_response {
    enum rsp_outcome which;
    struct rsp_ipa_euicc_data data;
    struct rsp_eim_session_error error; /* enum rsp_ipa_euicc_data_error_code */
};
RSP_MESSAGE(ipa_euicc_data_response);

enum rsp_download_result_which {
    RSP_DOWNLOAD_RESULT_NONE,
    RSP_DOWNLOAD_RESULT_INSTALLATION,
    RSP_DOWNLOAD_RESULT_ERROR
};
/* BF54 */
struct rsp_profile_download_trigger_result {
    struct span eim_transaction_id; /* optional */
    struct rsp_download_result {
        enum rsp_download_result_which which;
        struct rsp_profile_installation_result installation;
        struct {
            int64_t reason;       /* enum rsp_profile_download_error_reason */
            struct span response; /* the RSP answer that failed; optional */
        } error;
    } result;
    struct span whole;
};
RSP_MESSAGE(profile_download_trigger_result);

enum rsp_eim_package_result_which {
    RSP_EIM_RESULT_NONE,
    RSP_EIM_RESULT_PACKAGE,
    RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS,
    RSP_EIM_RESULT_DATA,
    RSP_EIM_RESULT_DOWNLOAD,
    RSP_EIM_RESULT_ERROR,
};
struct rsp_eim_package_result {
    enum rsp_eim_package_result_which which;
    struct rsp_euicc_package_result package; /* also beside the notifications */
    struct span notifications;               /* list: rsp_pending_notification_next; may be empty */
    struct rsp_ipa_euicc_data_response data;
    struct rsp_profile_download_trigger_result download;
    struct rsp_eim_session_error error; /* enum rsp_eim_package_result_error_code */
};
/* eimTransactionId of what it answers; empty: it does not say. */
struct span rsp_eim_package_result_transaction(const struct rsp_eim_package_result *r);
/* BF50 */
struct rsp_provide_eim_package_result {
    struct span eid; /* optional */
    struct rsp_eim_package_result result;
    struct span whole;
};
RSP_MESSAGE(provide_eim_package_result);

enum rsp_provide_response_which {
    RSP_PROVIDE_NONE,
    RSP_PROVIDE_ACKNOWLEDGEMENTS,
    RSP_PROVIDE_EMPTY,
    RSP_PROVIDE_ERROR,
};
/* BF50 */
struct rsp_provide_eim_package_result_response {
    enum rsp_provide_response_which which;
    struct span acknowledgements; /* list of seqNumbers: rsp_acknowledgement_next */
    struct span empty;            /* not looked at */
    int64_t error;                /* enum rsp_provide_eim_package_result_error */
};
RSP_MESSAGE(provide_eim_package_result_response);
MUST_CHECK enum err rsp_acknowledgement_next(struct der *list, int64_t *seq_number);
MUST_CHECK enum err rsp_acknowledgement_put(struct buf *list, int64_t seq_number);

/* BF4E, which an eIM pushes to an IPA (SGP.32 5.14.4) */
enum rsp_transfer_which {
    RSP_TRANSFER_NONE,
    RSP_TRANSFER_EUICC_PACKAGE,
    RSP_TRANSFER_DATA_REQUEST,
    RSP_TRANSFER_ACKNOWLEDGEMENTS,
    RSP_TRANSFER_DOWNLOAD,
};
struct rsp_transfer_eim_package_request {
    enum rsp_transfer_which which;
    struct rsp_euicc_package_request package;
    struct rsp_ipa_euicc_data_request data;
    struct span acknowledgements; /* list of seqNumbers: rsp_acknowledgement_next */
    struct rsp_profile_download_trigger_request download;
    struct span whole;
};
RSP_MESSAGE(transfer_eim_package_request);
enum rsp_transfer_response_which {
    RSP_TRANSFER_RESPONSE_NONE,
    RSP_TRANSFER_RESPONSE_PACKAGE,
    RSP_TRANSFER_RESPONSE_PACKAGE_AND_NOTIFICATIONS,
    RSP_TRANSFER_RESPONSE_DATA,
    RSP_TRANSFER_RESPONSE_RECEIVED, /* accepted: the result comes later, with BF50 or BF3D */
    RSP_TRANSFER_RESPONSE_ERROR,
    RSP_TRANSFER_RESPONSE_RECEIVED_WITH_CID, /* the same two of SGP.32 v1.3, which say what they answer */
    RSP_TRANSFER_RESPONSE_ERROR_WITH_CID,
};
enum rsp_correlation_which { RSP_CORRELATION_NONE, RSP_CORRELATION_TRANSACTION, RSP_CORRELATION_EID };
struct rsp_transfer_eim_package_response {
    enum rsp_transfer_response_which which;
    struct rsp_euicc_package_result package; /* also beside the notifications */
    struct span notifications;               /* list: rsp_pending_notification_next; may be empty */
    struct rsp_ipa_euicc_data_response data;
    bool received; /* the NULL; not looked at */
    int64_t error; /* enum rsp_eim_package_result_error_code: 1 malformed, 2 unknown, 127 */
    bool has_correlation; /* of the two with a correlation id */
    struct rsp_correlation_id {
        enum rsp_correlation_which which;
        struct span eim_transaction_id, eid;
    } correlation;
};
RSP_MESSAGE(transfer_eim_package_response);

enum rsp_esipa_notification_which {
    RSP_ESIPA_NOTIFICATION_NONE,
    RSP_ESIPA_NOTIFICATION_PENDING,
    RSP_ESIPA_NOTIFICATION_RESULT
};
/* BF3D */
struct rsp_handle_notification_esipa {
    enum rsp_esipa_notification_which which;
    struct rsp_pending_notification notification;
    struct rsp_provide_eim_package_result result;
};
RSP_MESSAGE(handle_notification_esipa);

/* Relayed download (issue of indirect downloads): BF39, BF3B, BF3A; BF41 is rsp_cancel_session_request_es9.
 */
struct rsp_initiate_authentication_request_esipa {
    struct span euicc_challenge;
    struct span smdp_address; /* optional */
    bool has_euicc_info1;
    struct rsp_euicc_info1 euicc_info1;
    struct span eim_transaction_id; /* optional */
};
RSP_MESSAGE(initiate_authentication_request_esipa);
struct rsp_initiate_authentication_response_esipa {
    enum rsp_outcome which;
    struct rsp_initiate_authentication_ok_esipa {
        struct span transaction_id; /* optional */
        struct rsp_server_signed1 server_signed1;
        struct span server_signature1, ci_pkid, server_certificate;
        struct span matching_id; /* optional */
        struct span ctx_params1; /* contents of A2; optional */
    } ok;
    int64_t error; /* enum rsp_initiate_authentication_error */
};
RSP_MESSAGE(initiate_authentication_response_esipa);
enum rsp_authenticate_client_esipa_which {
    RSP_AC_ESIPA_NONE,
    RSP_AC_ESIPA_OK_DP,
    RSP_AC_ESIPA_OK_DS,
    RSP_AC_ESIPA_ERROR
};
struct rsp_authenticate_client_response_esipa {
    enum rsp_authenticate_client_esipa_which which;
    struct rsp_authenticate_client_ok_dp_esipa {
        struct span transaction_id; /* optional */
        bool has_metadata;
        struct rsp_store_metadata metadata;
        struct rsp_smdp_signed2 smdp_signed2;
        struct span smdp_signature2, smdp_certificate;
        struct span hash_cc; /* optional */
    } dp;
    struct rsp_authenticate_client_ok_ds_esipa {
        struct span transaction_id;
        bool has_trigger;
        struct rsp_profile_download_trigger_request trigger;
    } ds;
    int64_t error; /* enum rsp_authenticate_client_error */
};
RSP_MESSAGE(authenticate_client_response_esipa);
struct rsp_get_bound_profile_package_response_esipa {
    enum rsp_outcome which;
    struct rsp_get_bound_profile_package_ok_esipa {
        struct span transaction_id; /* optional */
        struct span bound_profile_package;
    } ok;
    int64_t error; /* enum rsp_get_bound_profile_package_error */
};
RSP_MESSAGE(get_bound_profile_package_response_esipa);

#endif
