/* Notifications (SGP.22 2.5.6, 3.5, 5.7.9 to 5.7.11; SGP.32 v1.2 5.9.11, 5.9.12). */
#ifndef LAB_RSP_NOTIFICATION_H
#define LAB_RSP_NOTIFICATION_H

#include "rsp_store_metadata.h"

/* BF2F; what euiccNotificationSignature covers. */
struct rsp_notification_metadata {
    int64_t seq_number;
    uint32_t event; /* one RSP_EVENT_… bit */
    struct span address;
    struct span iccid; /* optional */
    struct span signed_bytes;
};
RSP_MESSAGE(notification_metadata);
RSP_ITEM(notification_metadata);

struct rsp_installation_success {
    struct span aid;           /* of the ISD-P */
    struct span sima_response; /* EUICCResponse of the profile package interpreter */
};
struct rsp_installation_error {
    int64_t command;           /* enum rsp_bpp_command_id */
    int64_t reason;            /* enum rsp_error_reason */
    struct span sima_response; /* optional */
};
/* BF27; what euiccSignPIR covers. */
struct rsp_installation_result_data {
    struct span transaction_id;
    struct rsp_notification_metadata metadata;
    struct span smdp_oid; /* contents of the OID */
    struct rsp_final_result {
        enum rsp_outcome which;
        struct rsp_installation_success success;
        struct rsp_installation_error error;
    } result;
    struct span signed_bytes;
};
RSP_MESSAGE(installation_result_data);
/* BF37 */
struct rsp_profile_installation_result {
    struct rsp_installation_result_data data;
    struct span signature;
    struct span whole;
};
RSP_MESSAGE(profile_installation_result);

/* 30 */
struct rsp_other_signed_notification {
    struct rsp_notification_metadata metadata;
    struct span signature;
    struct span euicc_certificate, eum_certificate; /* whole TLVs */
    struct span whole;
};
RSP_MESSAGE(other_signed_notification);

enum rsp_pending_notification_which {
    RSP_PENDING_NONE,
    RSP_PENDING_INSTALLATION,
    RSP_PENDING_OTHER,
    RSP_PENDING_COMPACT_INSTALLATION,
    RSP_PENDING_COMPACT_OTHER,
};
struct rsp_pending_notification {
    enum rsp_pending_notification_which which;
    struct rsp_profile_installation_result installation;
    struct rsp_other_signed_notification other;
    struct span compact; /* contents, for both compact forms */
    struct span whole;
};
RSP_MESSAGE(pending_notification);
RSP_ITEM(pending_notification);
/* The metadata of a full form; NULL for a compact one. */
const struct rsp_notification_metadata *
rsp_pending_notification_metadata(const struct rsp_pending_notification *n);

/* ES10b BF28 */
struct rsp_list_notification_request {
    struct rsp_bits events; /* absent: all */
};
RSP_MESSAGE(list_notification_request);
struct rsp_list_notification_response {
    enum rsp_outcome which;
    struct span list; /* rsp_notification_metadata_next */
    int64_t error;    /* 127 */
};
RSP_MESSAGE(list_notification_response);

/* ES10b BF2B */
enum rsp_retrieve_by {
    RSP_RETRIEVE_ALL,
    RSP_RETRIEVE_BY_SEQ_NUMBER,
    RSP_RETRIEVE_BY_EVENT,
    RSP_RETRIEVE_PACKAGE_RESULTS
};
struct rsp_retrieve_notifications_request {
    bool has_search;
    struct rsp_retrieve_search {
        enum rsp_retrieve_by which;
        int64_t seq_number;
        uint32_t events;
        bool package_results;
    } search;
};
RSP_MESSAGE(retrieve_notifications_request);
enum rsp_retrieve_which {
    RSP_RETRIEVE_NONE,
    RSP_RETRIEVE_NOTIFICATIONS,
    RSP_RETRIEVE_ERROR,
    RSP_RETRIEVE_RESULTS
};
struct rsp_retrieve_notifications_response {
    enum rsp_retrieve_which which;
    struct span notifications;   /* list: rsp_pending_notification_next */
    int64_t error;               /* 127 */
    struct span package_results; /* list of whole BF51: rsp_whole_next, rsp_euicc_package_result_next */
};
RSP_MESSAGE(retrieve_notifications_response);

/* ES10b BF30 RemoveNotificationFromList */
struct rsp_remove_notification_request {
    int64_t seq_number;
};
RSP_MESSAGE(remove_notification_request);
struct rsp_remove_notification_response {
    int64_t status; /* enum rsp_notification_sent_status */
};
RSP_MESSAGE(remove_notification_response);

/* ES9+ BF3D */
struct rsp_handle_notification {
    struct rsp_pending_notification notification;
};
RSP_MESSAGE(handle_notification);

void rsp_tbs_installation_result(const struct rsp_installation_result_data *d, struct rsp_tbs *out);
void rsp_tbs_notification(const struct rsp_notification_metadata *m, struct rsp_tbs *out);

#endif
