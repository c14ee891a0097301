/* ESipa messages of a download that the eIM relays (SGP.32 v1.2 5.14.1 to 5.14.3). */
#include "rsp_types.h"

static const struct rsp_field initiate_authentication_request_esipa[] = {
    RSP_F(VALUE, 0x81, initiate_authentication_request_esipa, euicc_challenge),
    RSP_O(VALUE, 0x83, initiate_authentication_request_esipa, smdp_address),
    RSP_SO(0xBF20, initiate_authentication_request_esipa, euicc_info1, has_euicc_info1, rsp_type_euicc_info1),
    RSP_O(VALUE, 0x82, initiate_authentication_request_esipa, eim_transaction_id),
};
static const struct rsp_type type_initiate_authentication_request_esipa =
    RSP_SEQUENCE(0xBF39, RSP_P(INITIATE_AUTHENTICATION_REQUEST_ESIPA), initiate_authentication_request_esipa);
RSP_DEFINE(initiate_authentication_request_esipa, type_initiate_authentication_request_esipa)

static const struct rsp_field initiate_authentication_ok_esipa[] = {
    RSP_O(VALUE, 0x80, initiate_authentication_ok_esipa, transaction_id),
    RSP_S(0x30, initiate_authentication_ok_esipa, server_signed1, rsp_type_server_signed1),
    RSP_F(VALUE, 0x5F37, initiate_authentication_ok_esipa, server_signature1),
    RSP_F(VALUE, 0x04, initiate_authentication_ok_esipa, ci_pkid),
    RSP_F(WHOLE, 0x30, initiate_authentication_ok_esipa, server_certificate),
    RSP_O(VALUE, 0x0C, initiate_authentication_ok_esipa, matching_id),
    RSP_O(VALUE, 0xA2, initiate_authentication_ok_esipa, ctx_params1),
};
static const struct rsp_type type_initiate_authentication_ok_esipa =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, initiate_authentication_ok_esipa);
static const struct rsp_field initiate_authentication_response_esipa[] = {
    RSP_S(0xA0, initiate_authentication_response_esipa, ok, type_initiate_authentication_ok_esipa),
    RSP_F(INTEGER, 0x81, initiate_authentication_response_esipa, error),
};
static const struct rsp_type type_initiate_authentication_response_esipa =
    RSP_CHOICE(0xBF39, RSP_P(INITIATE_AUTHENTICATION_RESPONSE_ESIPA), initiate_authentication_response_esipa,
               initiate_authentication_response_esipa);
RSP_DEFINE(initiate_authentication_response_esipa, type_initiate_authentication_response_esipa)

static const struct rsp_field authenticate_client_ok_dp_esipa[] = {
    RSP_O(VALUE, 0x80, authenticate_client_ok_dp_esipa, transaction_id),
    RSP_SO(0xBF25, authenticate_client_ok_dp_esipa, metadata, has_metadata, rsp_type_store_metadata),
    RSP_S(0x30, authenticate_client_ok_dp_esipa, smdp_signed2, rsp_type_smdp_signed2),
    RSP_F(VALUE, 0x5F37, authenticate_client_ok_dp_esipa, smdp_signature2),
    RSP_F(WHOLE, 0x30, authenticate_client_ok_dp_esipa, smdp_certificate),
    RSP_O(VALUE, 0x04, authenticate_client_ok_dp_esipa, hash_cc),
};
static const struct rsp_type type_authenticate_client_ok_dp_esipa =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, authenticate_client_ok_dp_esipa);
static const struct rsp_field authenticate_client_ok_ds_esipa[] = {
    RSP_F(VALUE, 0x80, authenticate_client_ok_ds_esipa, transaction_id),
    RSP_SO(0xBF54, authenticate_client_ok_ds_esipa, trigger, has_trigger,
           rsp_type_profile_download_trigger_request),
};
static const struct rsp_type type_authenticate_client_ok_ds_esipa =
    RSP_SEQUENCE(0xA1, RSP_NO_PDU, authenticate_client_ok_ds_esipa);
static const struct rsp_field authenticate_client_response_esipa[] = {
    RSP_S(0xA0, authenticate_client_response_esipa, dp, type_authenticate_client_ok_dp_esipa),
    RSP_S(0xA1, authenticate_client_response_esipa, ds, type_authenticate_client_ok_ds_esipa),
    RSP_F(INTEGER, 0x82, authenticate_client_response_esipa, error),
};
static const struct rsp_type type_authenticate_client_response_esipa =
    RSP_CHOICE(0xBF3B, RSP_P(AUTHENTICATE_CLIENT_RESPONSE_ESIPA), authenticate_client_response_esipa,
               authenticate_client_response_esipa);
RSP_DEFINE(authenticate_client_response_esipa, type_authenticate_client_response_esipa)

static const struct rsp_field get_bound_profile_package_ok_esipa[] = {
    RSP_O(VALUE, 0x80, get_bound_profile_package_ok_esipa, transaction_id),
    RSP_F(WHOLE, 0xBF36, get_bound_profile_package_ok_esipa, bound_profile_package),
};
static const struct rsp_type type_get_bound_profile_package_ok_esipa =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, get_bound_profile_package_ok_esipa);
static const struct rsp_field get_bound_profile_package_response_esipa[] = {
    RSP_S(0xA0, get_bound_profile_package_response_esipa, ok, type_get_bound_profile_package_ok_esipa),
    RSP_F(INTEGER, 0x81, get_bound_profile_package_response_esipa, error),
};
static const struct rsp_type type_get_bound_profile_package_response_esipa =
    RSP_CHOICE(0xBF3A, RSP_P(GET_BOUND_PROFILE_PACKAGE_RESPONSE_ESIPA),
               get_bound_profile_package_response_esipa, get_bound_profile_package_response_esipa);
RSP_DEFINE(get_bound_profile_package_response_esipa, type_get_bound_profile_package_response_esipa)
