#include "rsp_types.h"

static const struct rsp_field notification_metadata[] = {
    RSP_F(INTEGER, 0x80, notification_metadata, seq_number),
    RSP_F(BITS, 0x81, notification_metadata, event),
    RSP_F(VALUE, 0x0C, notification_metadata, address),
    RSP_O(VALUE, 0x5A, notification_metadata, iccid),
};
static const struct rsp_type type_notification_metadata = RSP_KEPT(
    0xBF2F, RSP_P(NOTIFICATION_METADATA), notification_metadata, signed_bytes, notification_metadata);
RSP_DEFINE(notification_metadata, type_notification_metadata)
RSP_DEFINE_ITEM(notification_metadata, type_notification_metadata)

static const struct rsp_field installation_success[] = {
    RSP_F(VALUE, 0x4F, installation_success, aid),
    RSP_F(VALUE, 0x04, installation_success, sima_response),
};
static const struct rsp_type type_installation_success = RSP_SEQUENCE(0xA0, RSP_NO_PDU, installation_success);
static const struct rsp_field installation_error[] = {
    RSP_F(INTEGER, 0x80, installation_error, command),
    RSP_F(INTEGER, 0x81, installation_error, reason),
    RSP_O(VALUE, 0x82, installation_error, sima_response),
};
static const struct rsp_type type_installation_error = RSP_SEQUENCE(0xA1, RSP_NO_PDU, installation_error);
static const struct rsp_field final_result[] = {
    RSP_S(0xA0, final_result, success, type_installation_success),
    RSP_S(0xA1, final_result, error, type_installation_error),
};
static const struct rsp_type type_final_result = RSP_CHOICE(0xA2, RSP_NO_PDU, final_result, final_result);

static const struct rsp_field installation_result_data[] = {
    RSP_F(VALUE, 0x80, installation_result_data, transaction_id),
    RSP_S(0xBF2F, installation_result_data, metadata, type_notification_metadata),
    RSP_F(VALUE, 0x06, installation_result_data, smdp_oid),
    RSP_S(0xA2, installation_result_data, result, type_final_result),
};
static const struct rsp_type type_installation_result_data =
    RSP_KEPT(0xBF27, RSP_P(PROFILE_INSTALLATION_RESULT_DATA), installation_result_data, signed_bytes,
             installation_result_data);
RSP_DEFINE(installation_result_data, type_installation_result_data)

static const struct rsp_field profile_installation_result[] = {
    RSP_S(0xBF27, profile_installation_result, data, type_installation_result_data),
    RSP_F(VALUE, 0x5F37, profile_installation_result, signature),
};
const struct rsp_type rsp_type_profile_installation_result =
    RSP_KEPT(0xBF37, RSP_P(PROFILE_INSTALLATION_RESULT), profile_installation_result, whole,
             profile_installation_result);
RSP_DEFINE(profile_installation_result, rsp_type_profile_installation_result)

static const struct rsp_field other_signed_notification[] = {
    RSP_S(0xBF2F, other_signed_notification, metadata, type_notification_metadata),
    RSP_F(VALUE, 0x5F37, other_signed_notification, signature),
    RSP_F(WHOLE, 0x30, other_signed_notification, euicc_certificate),
    RSP_F(WHOLE, 0x30, other_signed_notification, eum_certificate),
};
static const struct rsp_type type_other_signed_notification = RSP_KEPT(
    0x30, RSP_P(OTHER_SIGNED_NOTIFICATION), other_signed_notification, whole, other_signed_notification);
RSP_DEFINE(other_signed_notification, type_other_signed_notification)

static const struct rsp_field pending_notification[] = {
    RSP_S(0xBF37, pending_notification, installation, rsp_type_profile_installation_result),
    RSP_S(0x30, pending_notification, other, type_other_signed_notification),
    RSP_F(VALUE, 0xA0, pending_notification, compact),
    RSP_F(VALUE, 0xA1, pending_notification, compact),
};
const struct rsp_type rsp_type_pending_notification =
    RSP_KEPT_CHOICE(0, RSP_P(SGP32_PENDING_NOTIFICATION), pending_notification, pending_notification);
RSP_DEFINE(pending_notification, rsp_type_pending_notification)
RSP_DEFINE_ITEM(pending_notification, rsp_type_pending_notification)

const struct rsp_notification_metadata *
rsp_pending_notification_metadata(const struct rsp_pending_notification *n)
{
    if (n->which == RSP_PENDING_INSTALLATION)
        return &n->installation.data.metadata;
    return n->which == RSP_PENDING_OTHER ? &n->other.metadata : NULL;
}

static const struct rsp_field list_notification_request[] = {
    RSP_O(BITS, 0x81, list_notification_request, events),
};
static const struct rsp_type type_list_notification_request =
    RSP_SEQUENCE(0xBF28, RSP_P(LIST_NOTIFICATION_REQUEST), list_notification_request);
RSP_DEFINE(list_notification_request, type_list_notification_request)
static const struct rsp_field list_notification_response[] = {
    RSP_F(VALUE, 0xA0, list_notification_response, list),
    RSP_F(INTEGER, 0x81, list_notification_response, error),
};
static const struct rsp_type type_list_notification_response = RSP_CHOICE(
    0xBF28, RSP_P(LIST_NOTIFICATION_RESPONSE), list_notification_response, list_notification_response);
RSP_DEFINE(list_notification_response, type_list_notification_response)

static const struct rsp_field retrieve_search[] = {
    RSP_F(INTEGER, 0x80, retrieve_search, seq_number),
    RSP_F(BITS, 0x81, retrieve_search, events),
    RSP_F(NULL, 0x82, retrieve_search, package_results),
};
static const struct rsp_type type_retrieve_search =
    RSP_CHOICE(0xA0, RSP_NO_PDU, retrieve_search, retrieve_search);
static const struct rsp_field retrieve_notifications_request[] = {
    RSP_SO(0xA0, retrieve_notifications_request, search, has_search, type_retrieve_search),
};
static const struct rsp_type type_retrieve_notifications_request =
    RSP_SEQUENCE(0xBF2B, RSP_P(SGP32_RETRIEVE_NOTIFICATIONS_LIST_REQUEST), retrieve_notifications_request);
RSP_DEFINE(retrieve_notifications_request, type_retrieve_notifications_request)
static const struct rsp_field retrieve_notifications_response[] = {
    RSP_F(VALUE, 0xA0, retrieve_notifications_response, notifications),
    RSP_F(INTEGER, 0x81, retrieve_notifications_response, error),
    RSP_F(VALUE, 0xA2, retrieve_notifications_response, package_results),
};
static const struct rsp_type type_retrieve_notifications_response =
    RSP_CHOICE(0xBF2B, RSP_P(SGP32_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE), retrieve_notifications_response,
               retrieve_notifications_response);
RSP_DEFINE(retrieve_notifications_response, type_retrieve_notifications_response)

static const struct rsp_field remove_notification_request[] = {
    RSP_F(INTEGER, 0x80, remove_notification_request, seq_number),
};
static const struct rsp_type type_remove_notification_request =
    RSP_SEQUENCE(0xBF30, RSP_P(NOTIFICATION_SENT_REQUEST), remove_notification_request);
RSP_DEFINE(remove_notification_request, type_remove_notification_request)
static const struct rsp_field remove_notification_response[] = {
    RSP_F(INTEGER, 0x80, remove_notification_response, status),
};
static const struct rsp_type type_remove_notification_response =
    RSP_SEQUENCE(0xBF30, RSP_P(NOTIFICATION_SENT_RESPONSE), remove_notification_response);
RSP_DEFINE(remove_notification_response, type_remove_notification_response)

/* A0 { pendingNotification }: the tag on an untagged CHOICE is explicit. */
static const struct rsp_field wrapped_notification[] = {
    RSP_IN(handle_notification, notification, rsp_type_pending_notification),
};
static const struct rsp_type type_wrapped_notification = RSP_SEQUENCE(0xA0, RSP_NO_PDU, wrapped_notification);
static const struct rsp_field handle_notification[] = { RSP_FLAT(0xA0, type_wrapped_notification) };
static const struct rsp_type type_handle_notification =
    RSP_SEQUENCE(0xBF3D, RSP_P(HANDLE_NOTIFICATION), handle_notification);
RSP_DEFINE(handle_notification, type_handle_notification)

void rsp_tbs_installation_result(const struct rsp_installation_result_data *d, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .part = { d->signed_bytes }, .count = 1 };
}

void rsp_tbs_notification(const struct rsp_notification_metadata *m, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .part = { m->signed_bytes }, .count = 1 };
}
