#include "rsp_types.h"

static const struct rsp_field notification_configuration[] = {
    RSP_F(BITS, 0x80, notification_configuration, events),
    RSP_F(VALUE, 0x81, notification_configuration, address),
};
static const struct rsp_type type_notification_configuration =
    RSP_SEQUENCE(0x30, RSP_NO_PDU, notification_configuration);
RSP_DEFINE(notification_configuration, type_notification_configuration)
RSP_DEFINE_ITEM(notification_configuration, type_notification_configuration)

static const struct rsp_field profile_owner[] = {
    RSP_F(VALUE, 0x80, profile_owner, mcc_mnc),
    RSP_O(VALUE, 0x81, profile_owner, gid1),
    RSP_O(VALUE, 0x82, profile_owner, gid2),
};
const struct rsp_type rsp_type_profile_owner = RSP_SEQUENCE(0xB7, RSP_NO_PDU, profile_owner);

static const struct rsp_field store_metadata[] = {
    RSP_F(VALUE, 0x5A, store_metadata, iccid),
    RSP_F(VALUE, 0x91, store_metadata, service_provider_name),
    RSP_F(VALUE, 0x92, store_metadata, profile_name),
    RSP_O(INTEGER, 0x93, store_metadata, icon_type),
    RSP_O(VALUE, 0x94, store_metadata, icon),
    RSP_D(0x95, store_metadata, profile_class, RSP_PROFILE_CLASS_OPERATIONAL),
    RSP_O(VALUE, 0xB6, store_metadata, notification_configuration),
    RSP_SO(0xB7, store_metadata, owner, has_owner, rsp_type_profile_owner),
    RSP_O(BITS, 0x99, store_metadata, policy_rules),
    RSP_O(VALUE, 0xBF22, store_metadata, service_data_stored),
    RSP_O(VALUE, 0xBF23, store_metadata, service_data_not_stored),
    RSP_O(BOOLEAN, 0x9F7B, store_metadata, ecall_indication),
    RSP_O(BOOLEAN, 0x9F67, store_metadata, fallback_allowed),
};
const struct rsp_type rsp_type_store_metadata =
    RSP_KEPT(0xBF25, RSP_P(SGP32_STORE_METADATA_REQUEST), store_metadata, whole, store_metadata);
RSP_DEFINE(store_metadata, rsp_type_store_metadata)
RSP_DEFINE_ITEM(store_metadata, rsp_type_store_metadata)
