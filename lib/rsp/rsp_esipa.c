#include "rsp_types.h"

/* --- BF4F: what the IPA asks and gets
 * ------------------------------------------------------------------------------ */
static const struct rsp_field get_eim_package_request[] = {
    RSP_F(VALUE, 0x5A, get_eim_package_request, eid),
    RSP_F(NULL, 0x80, get_eim_package_request, notify_state_change),
    RSP_O(INTEGER, 0x81, get_eim_package_request, state_change_cause),
    RSP_O(VALUE, 0x82, get_eim_package_request, rplmn),
};
static const struct rsp_type type_get_eim_package_request =
    RSP_SEQUENCE(0xBF4F, RSP_P(GET_EIM_PACKAGE_REQUEST), get_eim_package_request);
RSP_DEFINE(get_eim_package_request, type_get_eim_package_request)

static const struct rsp_field notification_criteria[] = {
    RSP_F(INTEGER, 0x80, ipa_euicc_data_request, notifications.seq_number),
    RSP_F(BITS, 0x81, ipa_euicc_data_request, notifications.events),
};
static const struct rsp_type type_notification_criteria = {
    .tag = 0xA1,
    .choice = true,
    .pdu = RSP_NO_PDU,
    .whole = RSP_NOWHERE,
    .which = RSP_AT(ipa_euicc_data_request, notifications.which),
    RSP_ROWS(notification_criteria),
};
static const struct rsp_field result_criteria[] = {
    RSP_F(INTEGER, 0x80, ipa_euicc_data_request, results.seq_number),
};
static const struct rsp_type type_result_criteria = RSP_SEQUENCE(0xA2, RSP_NO_PDU, result_criteria);
static const struct rsp_field ipa_euicc_data_request[] = {
    RSP_F(VALUE, 0x5C, ipa_euicc_data_request, tag_list),
    RSP_O(VALUE, 0x04, ipa_euicc_data_request, ci_pkid),
    { .tag = 0xA1,
      .kind = RSP_STRUCT,
      .optional = true,
      .type = &type_notification_criteria,
      .has = RSP_AT(ipa_euicc_data_request, has_notification_criteria) },
    { .tag = 0xA2,
      .kind = RSP_STRUCT,
      .optional = true,
      .type = &type_result_criteria,
      .has = RSP_AT(ipa_euicc_data_request, has_result_criteria) },
    RSP_O(VALUE, 0x83, ipa_euicc_data_request, eim_transaction_id),
};
static const struct rsp_type type_ipa_euicc_data_request =
    RSP_KEPT(0xBF52, RSP_P(IPA_EUICC_DATA_REQUEST), ipa_euicc_data_request, whole, ipa_euicc_data_request);
RSP_DEFINE(ipa_euicc_data_request, type_ipa_euicc_data_request)

static const struct rsp_field contact_smds[] = { RSP_O(VALUE, 0x80, profile_download_data, smds_address) };
static const struct rsp_type type_contact_smds = RSP_SEQUENCE(0xA2, RSP_NO_PDU, contact_smds);
static const struct rsp_field profile_download_data[] = {
    RSP_F(VALUE, 0x80, profile_download_data, activation_code),
    RSP_F(NULL, 0x81, profile_download_data, default_smdp),
    RSP_FLAT(0xA2, type_contact_smds),
};
static const struct rsp_type type_profile_download_data =
    RSP_CHOICE(0xA0, RSP_NO_PDU, profile_download_data, profile_download_data);
static const struct rsp_field profile_download_trigger_request[] = {
    RSP_SO(0xA0, profile_download_trigger_request, data, has_data, type_profile_download_data),
    RSP_O(VALUE, 0x82, profile_download_trigger_request, eim_transaction_id),
};
const struct rsp_type rsp_type_profile_download_trigger_request =
    RSP_KEPT(0xBF54, RSP_P(PROFILE_DOWNLOAD_TRIGGER_REQUEST), profile_download_trigger_request, whole,
             profile_download_trigger_request);
RSP_DEFINE(profile_download_trigger_request, rsp_type_profile_download_trigger_request)

static const struct rsp_field get_eim_package_response[] = {
    RSP_S(0xBF51, get_eim_package_response, package, rsp_type_euicc_package_request),
    RSP_S(0xBF52, get_eim_package_response, data, type_ipa_euicc_data_request),
    RSP_S(0xBF54, get_eim_package_response, download, rsp_type_profile_download_trigger_request),
    RSP_F(INTEGER, 0x02, get_eim_package_response, error),
};
static const struct rsp_type type_get_eim_package_response =
    RSP_CHOICE(0xBF4F, RSP_P(GET_EIM_PACKAGE_RESPONSE), get_eim_package_response, get_eim_package_response);

/* What is in a package for the eUICC is not the IPA's to judge (SGP.32 5.9.1). */
static enum err read_unjudged(struct span bytes, uint32_t tag, struct rsp_euicc_package_request *out)
{
    struct der_tlv outer;
    enum err e = der_only(bytes, tag, &outer);
    return e ? e : rsp_euicc_package_frame_read(outer.value, out);
}

enum err rsp_get_eim_package_response_read(struct span bytes, struct rsp_get_eim_package_response *out)
{
    enum err e = rsp_fields_read(&type_get_eim_package_response, bytes, out, sizeof *out);
    if (e != ERR_PARSE)
        return e;
    *out = (struct rsp_get_eim_package_response){ .which = RSP_EIM_PACKAGE_EUICC_PACKAGE };
    return read_unjudged(bytes, 0xBF4F, &out->package);
}

enum err rsp_get_eim_package_response_write(const struct rsp_get_eim_package_response *r, struct buf *out)
{
    return rsp_fields_write(&type_get_eim_package_response, r, out);
}

/* --- BF52, BF54, BF50: what the IPA brings back
 * -------------------------------------------------------------------- */
static const struct rsp_field ipa_capabilities[] = {
    RSP_F(BITS, 0x80, ipa_euicc_data, capabilities.features),
    RSP_O(BITS, 0x81, ipa_euicc_data, capabilities.protocols),
};
static const struct rsp_type type_ipa_capabilities = RSP_SEQUENCE(0xA8, RSP_NO_PDU, ipa_capabilities);
static const struct rsp_field ipa_euicc_data[] = {
    RSP_O(VALUE, 0xA0, ipa_euicc_data, notifications),
    RSP_O(VALUE, 0x81, ipa_euicc_data, default_smdp_address),
    RSP_O(VALUE, 0xA2, ipa_euicc_data, package_results),
    RSP_SO(0xBF20, ipa_euicc_data, euicc_info1, has_euicc_info1, rsp_type_euicc_info1),
    RSP_SO(0xBF22, ipa_euicc_data, euicc_info2, has_euicc_info2, rsp_type_euicc_info2),
    RSP_O(VALUE, 0x83, ipa_euicc_data, root_smds_address),
    RSP_O(INTEGER, 0x84, ipa_euicc_data, association_token),
    RSP_O(VALUE, 0xA5, ipa_euicc_data, eum_certificate),
    RSP_O(VALUE, 0xA6, ipa_euicc_data, euicc_certificate),
    RSP_O(VALUE, 0x87, ipa_euicc_data, eim_transaction_id),
    { .tag = 0xA8,
      .kind = RSP_STRUCT,
      .optional = true,
      .type = &type_ipa_capabilities,
      .has = RSP_AT(ipa_euicc_data, has_capabilities) },
    RSP_SO(0xA9, ipa_euicc_data, device_info, has_device_info, rsp_type_device_info),
};
static const struct rsp_type type_ipa_euicc_data = RSP_SEQUENCE(0xA0, RSP_NO_PDU, ipa_euicc_data);
static const struct rsp_field data_error[] = {
    RSP_O(VALUE, 0x80, eim_session_error, eim_transaction_id),
    RSP_F(INTEGER, 0x02, eim_session_error, code),
};
static const struct rsp_type type_eim_session_error = RSP_SEQUENCE(0xA1, RSP_NO_PDU, data_error);
static const struct rsp_field ipa_euicc_data_response[] = {
    RSP_S(0xA0, ipa_euicc_data_response, data, type_ipa_euicc_data),
    RSP_S(0xA1, ipa_euicc_data_response, error, type_eim_session_error),
};
static const struct rsp_type type_ipa_euicc_data_response =
    RSP_CHOICE(0xBF52, RSP_P(IPA_EUICC_DATA_RESPONSE), ipa_euicc_data_response, ipa_euicc_data_response);
RSP_DEFINE(ipa_euicc_data_response, type_ipa_euicc_data_response)

static const struct rsp_field download_error[] = {
    RSP_F(INTEGER, 0x80, download_result, error.reason),
    RSP_O(VALUE, 0x04, download_result, error.response),
};
static const struct rsp_type type_download_error = RSP_SEQUENCE(0x30, RSP_NO_PDU, download_error);
static const struct rsp_field download_result[] = {
    RSP_S(0xBF37, download_result, installation, rsp_type_profile_installation_result),
    RSP_FLAT(0x30, type_download_error),
};
static const struct rsp_type type_download_result =
    RSP_CHOICE(0, RSP_NO_PDU, download_result, download_result);
static const struct rsp_field profile_download_trigger_result[] = {
    RSP_O(VALUE, 0x82, profile_download_trigger_result, eim_transaction_id),
    RSP_IN(profile_download_trigger_result, result, type_download_result),
};
static const struct rsp_type type_profile_download_trigger_result =
    RSP_KEPT(0xBF54, RSP_P(PROFILE_DOWNLOAD_TRIGGER_RESULT), profile_download_trigger_result, whole,
             profile_download_trigger_result);
RSP_DEFINE(profile_download_trigger_result, type_profile_download_trigger_result)

static const struct rsp_field epr_and_notifications[] = {
    RSP_S(0xBF51, eim_package_result, package, rsp_type_euicc_package_result),
    RSP_F(VALUE, 0xA0, eim_package_result, notifications),
};
static const struct rsp_type type_epr_and_notifications =
    RSP_SEQUENCE(0x30, RSP_NO_PDU, epr_and_notifications);
static const struct rsp_field eim_package_result[] = {
    RSP_S(0xBF51, eim_package_result, package, rsp_type_euicc_package_result),
    RSP_FLAT(0x30, type_epr_and_notifications),
    RSP_S(0xBF52, eim_package_result, data, type_ipa_euicc_data_response),
    RSP_S(0xBF54, eim_package_result, download, type_profile_download_trigger_result),
    RSP_S(0xA0, eim_package_result, error, type_eim_session_error),
};
static const struct rsp_type type_eim_package_result =
    RSP_CHOICE(0, RSP_NO_PDU, eim_package_result, eim_package_result);
static const struct rsp_field provide_eim_package_result[] = {
    RSP_O(VALUE, 0x5A, provide_eim_package_result, eid),
    RSP_IN(provide_eim_package_result, result, type_eim_package_result),
};
static const struct rsp_type type_provide_eim_package_result = RSP_KEPT(
    0xBF50, RSP_P(PROVIDE_EIM_PACKAGE_RESULT), provide_eim_package_result, whole, provide_eim_package_result);
RSP_DEFINE(provide_eim_package_result, type_provide_eim_package_result)

struct span rsp_eim_package_result_transaction(const struct rsp_eim_package_result *r)
{
    const struct rsp_euicc_package_result *p = &r->package;
    switch (r->which) {
    case RSP_EIM_RESULT_PACKAGE:
    case RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS:
        return p->which == RSP_PACKAGE_RESULT_SIGNED  ? p->result.data.eim_transaction_id
               : p->which == RSP_PACKAGE_ERROR_SIGNED ? p->error.data.eim_transaction_id
                                                      : p->unsigned_error.eim_transaction_id;
    case RSP_EIM_RESULT_DATA:
        return r->data.which == RSP_OK ? r->data.data.eim_transaction_id : r->data.error.eim_transaction_id;
    case RSP_EIM_RESULT_DOWNLOAD:
        return r->download.eim_transaction_id;
    default:
        return r->error.eim_transaction_id;
    }
}

static const struct rsp_field provide_eim_package_result_response[] = {
    RSP_F(VALUE, 0xBF53, provide_eim_package_result_response, acknowledgements),
    RSP_F(VALUE, 0x30, provide_eim_package_result_response, empty),
    RSP_F(INTEGER, 0x02, provide_eim_package_result_response, error),
};
static const struct rsp_type type_provide_eim_package_result_response =
    RSP_CHOICE(0xBF50, RSP_P(PROVIDE_EIM_PACKAGE_RESULT_RESPONSE), provide_eim_package_result_response,
               provide_eim_package_result_response);

enum err rsp_provide_eim_package_result_response_read(struct span bytes,
                                                      struct rsp_provide_eim_package_result_response *out)
{
    return rsp_fields_read(&type_provide_eim_package_result_response, bytes, out, sizeof *out);
}

enum err
rsp_provide_eim_package_result_response_write(const struct rsp_provide_eim_package_result_response *r,
                                              struct buf *out)
{
    struct rsp_provide_eim_package_result_response p = *r;
    p.empty = span_str("");
    return rsp_fields_write(&type_provide_eim_package_result_response, &p, out);
}

enum err rsp_acknowledgement_next(struct der *list, int64_t *seq_number)
{
    struct der_tlv t;
    enum err e = der_expect(list, 0x80, &t);
    return e ? e : der_integer(t.value, seq_number);
}

enum err rsp_acknowledgement_put(struct buf *list, int64_t seq_number)
{
    return der_put_integer(list, 0x80, seq_number);
}

/* --- BF4E
 * -------------------------------------------------------------------------------------------------------- */
static const struct rsp_field transfer_eim_package_request[] = {
    RSP_S(0xBF51, transfer_eim_package_request, package, rsp_type_euicc_package_request),
    RSP_S(0xBF52, transfer_eim_package_request, data, type_ipa_euicc_data_request),
    RSP_F(VALUE, 0xBF53, transfer_eim_package_request, acknowledgements),
    RSP_S(0xBF54, transfer_eim_package_request, download, rsp_type_profile_download_trigger_request),
};
static const struct rsp_type type_transfer_eim_package_request =
    RSP_KEPT_CHOICE(0xBF4E, RSP_P(TRANSFER_EIM_PACKAGE_REQUEST), transfer_eim_package_request, transfer_eim_package_request);

enum err rsp_transfer_eim_package_request_read(struct span bytes, struct rsp_transfer_eim_package_request *out)
{
    enum err e = rsp_fields_read(&type_transfer_eim_package_request, bytes, out, sizeof *out);
    if (e != ERR_PARSE)
        return e;
    *out = (struct rsp_transfer_eim_package_request){ .which = RSP_TRANSFER_EUICC_PACKAGE, .whole = bytes };
    return read_unjudged(bytes, 0xBF4E, &out->package);
}

enum err rsp_transfer_eim_package_request_write(const struct rsp_transfer_eim_package_request *r, struct buf *out)
{
    return rsp_fields_write(&type_transfer_eim_package_request, r, out);
}

static const struct rsp_field transfer_epr_and_notifications[] = {
    RSP_S(0xBF51, transfer_eim_package_response, package, rsp_type_euicc_package_result),
    RSP_F(VALUE, 0xA0, transfer_eim_package_response, notifications),
};
static const struct rsp_type type_transfer_epr_and_notifications =
    RSP_SEQUENCE(0x30, RSP_NO_PDU, transfer_epr_and_notifications);
static const struct rsp_field correlation_id[] = {
    RSP_F(VALUE, 0x80, correlation_id, eim_transaction_id),
    RSP_F(VALUE, 0x5A, correlation_id, eid),
};
static const struct rsp_type type_correlation_id = RSP_CHOICE(0xA0, RSP_NO_PDU, correlation_id, correlation_id);
static const struct rsp_field received_with_cid[] = {
    RSP_SO(0xA0, transfer_eim_package_response, correlation, has_correlation, type_correlation_id),
};
static const struct rsp_type type_received_with_cid = RSP_SEQUENCE(0xBF60, RSP_NO_PDU, received_with_cid);
static const struct rsp_field error_with_cid[] = {
    RSP_SO(0xA0, transfer_eim_package_response, correlation, has_correlation, type_correlation_id),
    RSP_F(INTEGER, 0x81, transfer_eim_package_response, error),
};
static const struct rsp_type type_error_with_cid = RSP_SEQUENCE(0xBF61, RSP_NO_PDU, error_with_cid);
static const struct rsp_field transfer_eim_package_response[] = {
    RSP_S(0xBF51, transfer_eim_package_response, package, rsp_type_euicc_package_result),
    RSP_FLAT(0x30, type_transfer_epr_and_notifications),
    RSP_S(0xBF52, transfer_eim_package_response, data, type_ipa_euicc_data_response),
    RSP_F(NULL, 0x05, transfer_eim_package_response, received),
    RSP_F(INTEGER, 0x02, transfer_eim_package_response, error),
    RSP_FLAT(0xBF60, type_received_with_cid),
    RSP_FLAT(0xBF61, type_error_with_cid),
};
static const struct rsp_type type_transfer_eim_package_response =
    RSP_CHOICE(0xBF4E, RSP_P(TRANSFER_EIM_PACKAGE_RESPONSE), transfer_eim_package_response, transfer_eim_package_response);

enum err rsp_transfer_eim_package_response_read(struct span bytes, struct rsp_transfer_eim_package_response *out)
{
    return rsp_fields_read(&type_transfer_eim_package_response, bytes, out, sizeof *out);
}

enum err rsp_transfer_eim_package_response_write(const struct rsp_transfer_eim_package_response *r, struct buf *out)
{
    struct rsp_transfer_eim_package_response p = *r;
    p.received = true;
    return rsp_fields_write(&type_transfer_eim_package_response, &p, out);
}

/* --- BF3D
 * ----------------------------------------------------------------------------------------------------------
 */
/* A0 { pendingNotification }: the tag on an untagged CHOICE is explicit. */
static const struct rsp_field wrapped_notification[] = {
    RSP_IN(handle_notification_esipa, notification, rsp_type_pending_notification),
};
static const struct rsp_type type_wrapped_notification = RSP_SEQUENCE(0xA0, RSP_NO_PDU, wrapped_notification);
static const struct rsp_field handle_notification_esipa[] = {
    RSP_FLAT(0xA0, type_wrapped_notification),
    RSP_S(0xBF50, handle_notification_esipa, result, type_provide_eim_package_result),
};
static const struct rsp_type type_handle_notification_esipa = RSP_CHOICE(
    0xBF3D, RSP_P(HANDLE_NOTIFICATION_ESIPA), handle_notification_esipa, handle_notification_esipa);
RSP_DEFINE(handle_notification_esipa, type_handle_notification_esipa)
