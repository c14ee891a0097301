/* Profile metadata: StoreMetadataRequest (BF25; SGP.22 5.5.3 with the additions of SGP.32) and what it shares
 * with ProfileInfo. */
#ifndef LAB_RSP_STORE_METADATA_H
#define LAB_RSP_STORE_METADATA_H

#include "rsp_message.h"

enum rsp_profile_class {
    RSP_PROFILE_CLASS_TEST,
    RSP_PROFILE_CLASS_PROVISIONING,
    RSP_PROFILE_CLASS_OPERATIONAL
};

/* NotificationEvent bits */
#define RSP_EVENT_INSTALL (1u << 0)
#define RSP_EVENT_ENABLE (1u << 1)
#define RSP_EVENT_DISABLE (1u << 2)
#define RSP_EVENT_DELETE (1u << 3)

/* PprIds bits */
#define RSP_PPR_UPDATE_CONTROL (1u << 0)
#define RSP_PPR1 (1u << 1) /* disabling is not allowed */
#define RSP_PPR2 (1u << 2) /* deleting is not allowed */

/* An item of notificationConfigurationInfo. */
struct rsp_notification_configuration {
    uint32_t events; /* RSP_EVENT_… */
    struct span address;
};
RSP_MESSAGE(notification_configuration);
RSP_ITEM(notification_configuration);

/* OperatorId */
struct rsp_profile_owner {
    struct span mcc_mnc;    /* 3 octets */
    struct span gid1, gid2; /* optional */
};

struct rsp_store_metadata {
    struct span iccid;                 /* 10 octets */
    struct span service_provider_name; /* 0..32 */
    struct span profile_name;          /* 0..64 */
    struct rsp_int icon_type;
    struct span icon;
    struct rsp_int profile_class; /* absent: operational, and operational is not written (DEFAULT) */
    struct span notification_configuration; /* list: rsp_notification_configuration_next; optional */
    bool has_owner;
    struct rsp_profile_owner owner;
    struct rsp_bits policy_rules;                             /* RSP_PPR… */
    struct span service_data_stored, service_data_not_stored; /* contents; optional */
    bool ecall_indication;
    bool fallback_allowed;
    struct span whole;
};
RSP_MESSAGE(store_metadata);
RSP_ITEM(store_metadata); /* without the schema: for what passed it before */

#endif
