#include "rsp_types.h"

static const struct rsp_field prepare_download_request[] = {
    RSP_S(0x30, prepare_download_request, smdp_signed2, rsp_type_smdp_signed2),
    RSP_F(VALUE, 0x5F37, prepare_download_request, smdp_signature2),
    RSP_O(VALUE, 0x04, prepare_download_request, hash_cc),
    RSP_F(WHOLE, 0x30, prepare_download_request, smdp_certificate),
};
static const struct rsp_type type_prepare_download_request =
    RSP_SEQUENCE(0xBF21, RSP_P(PREPARE_DOWNLOAD_REQUEST), prepare_download_request);
RSP_DEFINE(prepare_download_request, type_prepare_download_request)

static const struct rsp_field euicc_signed2[] = {
    RSP_F(VALUE, 0x80, euicc_signed2, transaction_id),
    RSP_F(VALUE, 0x5F49, euicc_signed2, euicc_otpk),
    RSP_O(VALUE, 0x04, euicc_signed2, hash_cc),
};
static const struct rsp_type type_euicc_signed2 =
    RSP_KEPT(0x30, RSP_P(EUICC_SIGNED2), euicc_signed2, signed_bytes, euicc_signed2);
RSP_DEFINE(euicc_signed2, type_euicc_signed2)

static const struct rsp_field download_response_ok[] = {
    RSP_S(0x30, download_response_ok, euicc_signed2, type_euicc_signed2),
    RSP_F(VALUE, 0x5F37, download_response_ok, euicc_signature2),
};
static const struct rsp_type type_download_response_ok = RSP_SEQUENCE(0xA0, RSP_NO_PDU, download_response_ok);
static const struct rsp_field prepare_download_response[] = {
    RSP_S(0xA0, prepare_download_response, ok, type_download_response_ok),
    RSP_S(0xA1, prepare_download_response, error, rsp_type_session_error),
    RSP_F(VALUE, 0xA2, prepare_download_response, compact),
};
const struct rsp_type rsp_type_prepare_download_response = RSP_KEPT_CHOICE(
    0xBF21, RSP_P(SGP32_PREPARE_DOWNLOAD_RESPONSE), prepare_download_response, prepare_download_response);
RSP_DEFINE(prepare_download_response, rsp_type_prepare_download_response)

static const struct rsp_field get_bound_profile_package_request[] = {
    RSP_F(VALUE, 0x80, get_bound_profile_package_request, transaction_id),
    RSP_S(0xBF21, get_bound_profile_package_request, response, rsp_type_prepare_download_response),
};
static const struct rsp_type type_get_bound_profile_package_request =
    RSP_SEQUENCE(0xBF3A, RSP_P(GET_BOUND_PROFILE_PACKAGE_REQUEST_ESIPA), get_bound_profile_package_request);
RSP_DEFINE(get_bound_profile_package_request, type_get_bound_profile_package_request)

static const struct rsp_field get_bound_profile_package_ok[] = {
    RSP_F(VALUE, 0x80, get_bound_profile_package_ok, transaction_id),
    RSP_F(WHOLE, 0xBF36, get_bound_profile_package_ok, bound_profile_package),
};
static const struct rsp_type type_get_bound_profile_package_ok =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, get_bound_profile_package_ok);
static const struct rsp_field get_bound_profile_package_response[] = {
    RSP_S(0xA0, get_bound_profile_package_response, ok, type_get_bound_profile_package_ok),
    RSP_F(INTEGER, 0x81, get_bound_profile_package_response, error),
};
static const struct rsp_type type_get_bound_profile_package_response =
    RSP_CHOICE(0xBF3A, RSP_P(GET_BOUND_PROFILE_PACKAGE_RESPONSE), get_bound_profile_package_response,
               get_bound_profile_package_response);
RSP_DEFINE(get_bound_profile_package_response, type_get_bound_profile_package_response)

static const struct rsp_field cancel_session_request[] = {
    RSP_F(VALUE, 0x80, cancel_session_request, transaction_id),
    RSP_F(INTEGER, 0x81, cancel_session_request, reason),
};
static const struct rsp_type type_cancel_session_request =
    RSP_SEQUENCE(0xBF41, RSP_P(CANCEL_SESSION_REQUEST), cancel_session_request);
RSP_DEFINE(cancel_session_request, type_cancel_session_request)

static const struct rsp_field cancel_session_signed[] = {
    RSP_F(VALUE, 0x80, cancel_session_signed, transaction_id),
    RSP_F(VALUE, 0x81, cancel_session_signed, smdp_oid),
    RSP_F(INTEGER, 0x82, cancel_session_signed, reason),
};
static const struct rsp_type type_cancel_session_signed = RSP_KEPT(
    0x30, RSP_P(EUICC_CANCEL_SESSION_SIGNED), cancel_session_signed, signed_bytes, cancel_session_signed);
RSP_DEFINE(cancel_session_signed, type_cancel_session_signed)

static const struct rsp_field cancel_session_ok[] = {
    RSP_S(0x30, cancel_session_ok, cancel_signed, type_cancel_session_signed),
    RSP_F(VALUE, 0x5F37, cancel_session_ok, signature),
};
static const struct rsp_type type_cancel_session_ok = RSP_SEQUENCE(0xA0, RSP_NO_PDU, cancel_session_ok);
static const struct rsp_field cancel_session_response[] = {
    RSP_S(0xA0, cancel_session_response, ok, type_cancel_session_ok),
    RSP_F(INTEGER, 0x81, cancel_session_response, error),
    RSP_F(VALUE, 0xA2, cancel_session_response, compact),
};
const struct rsp_type rsp_type_cancel_session_response = RSP_CHOICE(
    0xBF41, RSP_P(SGP32_CANCEL_SESSION_RESPONSE), cancel_session_response, cancel_session_response);
RSP_DEFINE(cancel_session_response, rsp_type_cancel_session_response)

static const struct rsp_field cancel_session_request_es9[] = {
    RSP_F(VALUE, 0x80, cancel_session_request_es9, transaction_id),
    RSP_S(0xA1, cancel_session_request_es9, response, rsp_type_cancel_session_response),
};
static const struct rsp_type type_cancel_session_request_es9 =
    RSP_SEQUENCE(0xBF41, RSP_P(CANCEL_SESSION_REQUEST_ESIPA), cancel_session_request_es9);
RSP_DEFINE(cancel_session_request_es9, type_cancel_session_request_es9)

static const struct rsp_field cancel_session_response_es9[] = {
    RSP_F(VALUE, 0xA0, cancel_session_response_es9, ok),
    RSP_F(INTEGER, 0x81, cancel_session_response_es9, error),
};
static const struct rsp_type type_cancel_session_response_es9 = RSP_CHOICE(
    0xBF41, RSP_P(CANCEL_SESSION_RESPONSE_ES9), cancel_session_response_es9, cancel_session_response_es9);
RSP_DEFINE(cancel_session_response_es9, type_cancel_session_response_es9)

void rsp_tbs_euicc_signature2(const struct rsp_euicc_signed2 *s, struct span smdp_signature2,
                              struct rsp_tbs *out)
{
    static const uint8_t header[] = { 0x5F, 0x37, 0x40 };
    *out = (struct rsp_tbs){ .part = { s->signed_bytes, SPAN_ARRAY(header), smdp_signature2 }, .count = 3 };
}

void rsp_tbs_cancel_session(const struct rsp_cancel_session_signed *s, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .part = { s->signed_bytes }, .count = 1 };
}
