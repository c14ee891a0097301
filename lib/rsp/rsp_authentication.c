#include "rsp_types.h"

static const struct rsp_field server_signed1[] = {
    RSP_F(VALUE, 0x80, server_signed1, transaction_id),
    RSP_F(VALUE, 0x81, server_signed1, euicc_challenge),
    RSP_F(VALUE, 0x83, server_signed1, server_address),
    RSP_F(VALUE, 0x84, server_signed1, server_challenge),
};
const struct rsp_type rsp_type_server_signed1 =
    RSP_KEPT(0x30, RSP_P(SERVER_SIGNED1), server_signed1, signed_bytes, server_signed1);
RSP_DEFINE(server_signed1, rsp_type_server_signed1)

static const struct rsp_field initiate_authentication_request[] = {
    RSP_F(VALUE, 0x81, initiate_authentication_request, euicc_challenge),
    RSP_F(VALUE, 0x83, initiate_authentication_request, smdp_address),
    RSP_S(0xBF20, initiate_authentication_request, euicc_info1, rsp_type_euicc_info1),
};
static const struct rsp_type type_initiate_authentication_request =
    RSP_SEQUENCE(0xBF39, RSP_P(INITIATE_AUTHENTICATION_REQUEST), initiate_authentication_request);
RSP_DEFINE(initiate_authentication_request, type_initiate_authentication_request)

static const struct rsp_field initiate_authentication_ok[] = {
    RSP_F(VALUE, 0x80, initiate_authentication_ok, transaction_id),
    RSP_S(0x30, initiate_authentication_ok, server_signed1, rsp_type_server_signed1),
    RSP_F(VALUE, 0x5F37, initiate_authentication_ok, server_signature1),
    RSP_F(VALUE, 0x04, initiate_authentication_ok, ci_pkid),
    RSP_F(WHOLE, 0x30, initiate_authentication_ok, server_certificate),
};
static const struct rsp_type type_initiate_authentication_ok =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, initiate_authentication_ok);
static const struct rsp_field initiate_authentication_response[] = {
    RSP_S(0xA0, initiate_authentication_response, ok, type_initiate_authentication_ok),
    RSP_F(INTEGER, 0x81, initiate_authentication_response, error),
};
static const struct rsp_type type_initiate_authentication_response =
    RSP_CHOICE(0xBF39, RSP_P(INITIATE_AUTHENTICATION_RESPONSE), initiate_authentication_response,
               initiate_authentication_response);
RSP_DEFINE(initiate_authentication_response, type_initiate_authentication_response)

static const struct rsp_field device_info[] = {
    RSP_F(VALUE, 0x80, device_info, tac),
    RSP_F(VALUE, 0xA1, device_info, capabilities),
    RSP_O(VALUE, 0x82, device_info, imei),
};
const struct rsp_type rsp_type_device_info = RSP_SEQUENCE(0xA1, RSP_NO_PDU, device_info);
static const struct rsp_field ctx_params1[] = {
    RSP_O(VALUE, 0x80, ctx_params1, matching_id),
    RSP_S(0xA1, ctx_params1, device_info, rsp_type_device_info),
};
static const struct rsp_type type_ctx_params1 = RSP_KEPT(0xA0, RSP_NO_PDU, ctx_params1, whole, ctx_params1);
RSP_DEFINE(ctx_params1, type_ctx_params1)

static const struct rsp_field authenticate_server_request[] = {
    RSP_S(0x30, authenticate_server_request, server_signed1, rsp_type_server_signed1),
    RSP_F(VALUE, 0x5F37, authenticate_server_request, server_signature1),
    RSP_F(VALUE, 0x04, authenticate_server_request, ci_pkid),
    RSP_F(WHOLE, 0x30, authenticate_server_request, server_certificate),
    RSP_S(0xA0, authenticate_server_request, ctx_params1, type_ctx_params1),
};
static const struct rsp_type type_authenticate_server_request =
    RSP_SEQUENCE(0xBF38, RSP_P(AUTHENTICATE_SERVER_REQUEST), authenticate_server_request);
RSP_DEFINE(authenticate_server_request, type_authenticate_server_request)

static const struct rsp_field euicc_signed1[] = {
    RSP_F(VALUE, 0x80, euicc_signed1, transaction_id),
    RSP_F(VALUE, 0x83, euicc_signed1, server_address),
    RSP_F(VALUE, 0x84, euicc_signed1, server_challenge),
    RSP_S(0xBF22, euicc_signed1, euicc_info2, rsp_type_euicc_info2),
    RSP_S(0xA0, euicc_signed1, ctx_params1, type_ctx_params1),
};
static const struct rsp_type type_euicc_signed1 =
    RSP_KEPT(0x30, RSP_P(SGP32_EUICC_SIGNED1), euicc_signed1, signed_bytes, euicc_signed1);
RSP_DEFINE(euicc_signed1, type_euicc_signed1)

static const struct rsp_field authenticate_response_ok[] = {
    RSP_S(0x30, authenticate_response_ok, euicc_signed1, type_euicc_signed1),
    RSP_F(VALUE, 0x5F37, authenticate_response_ok, euicc_signature1),
    RSP_F(WHOLE, 0x30, authenticate_response_ok, euicc_certificate),
    RSP_F(WHOLE, 0x30, authenticate_response_ok, eum_certificate),
};
static const struct rsp_type type_authenticate_response_ok =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, authenticate_response_ok);
static const struct rsp_field session_error[] = {
    RSP_F(VALUE, 0x80, session_error, transaction_id),
    RSP_F(INTEGER, 0x02, session_error, code),
};
const struct rsp_type rsp_type_session_error = RSP_SEQUENCE(0xA1, RSP_NO_PDU, session_error);
static const struct rsp_field authenticate_server_response[] = {
    RSP_S(0xA0, authenticate_server_response, ok, type_authenticate_response_ok),
    RSP_S(0xA1, authenticate_server_response, error, rsp_type_session_error),
    RSP_F(VALUE, 0xA2, authenticate_server_response, compact),
};
static const struct rsp_type type_authenticate_server_response =
    RSP_KEPT_CHOICE(0xBF38, RSP_P(SGP32_AUTHENTICATE_SERVER_RESPONSE), authenticate_server_response,
                    authenticate_server_response);
RSP_DEFINE(authenticate_server_response, type_authenticate_server_response)

static const struct rsp_field authenticate_client_request[] = {
    RSP_F(VALUE, 0x80, authenticate_client_request, transaction_id),
    RSP_S(0xBF38, authenticate_client_request, response, type_authenticate_server_response),
};
static const struct rsp_type type_authenticate_client_request =
    RSP_SEQUENCE(0xBF3B, RSP_P(SGP32_AUTHENTICATE_CLIENT_REQUEST), authenticate_client_request);
RSP_DEFINE(authenticate_client_request, type_authenticate_client_request)

static const struct rsp_field smdp_signed2[] = {
    RSP_F(VALUE, 0x80, smdp_signed2, transaction_id),
    RSP_F(BOOLEAN, 0x01, smdp_signed2, cc_required),
    RSP_O(VALUE, 0x5F49, smdp_signed2, bpp_euicc_otpk),
};
const struct rsp_type rsp_type_smdp_signed2 =
    RSP_KEPT(0x30, RSP_P(SMDP_SIGNED2), smdp_signed2, signed_bytes, smdp_signed2);
RSP_DEFINE(smdp_signed2, rsp_type_smdp_signed2)

static const struct rsp_field authenticate_client_ok[] = {
    RSP_F(VALUE, 0x80, authenticate_client_ok, transaction_id),
    RSP_S(0xBF25, authenticate_client_ok, metadata, rsp_type_store_metadata),
    RSP_S(0x30, authenticate_client_ok, smdp_signed2, rsp_type_smdp_signed2),
    RSP_F(VALUE, 0x5F37, authenticate_client_ok, smdp_signature2),
    RSP_F(WHOLE, 0x30, authenticate_client_ok, smdp_certificate),
};
static const struct rsp_type type_authenticate_client_ok =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, authenticate_client_ok);
static const struct rsp_field authenticate_client_response[] = {
    RSP_S(0xA0, authenticate_client_response, ok, type_authenticate_client_ok),
    RSP_F(INTEGER, 0x81, authenticate_client_response, error),
};
static const struct rsp_type type_authenticate_client_response =
    RSP_CHOICE(0xBF3B, RSP_P(AUTHENTICATE_CLIENT_RESPONSE_ES9), authenticate_client_response,
               authenticate_client_response);
RSP_DEFINE(authenticate_client_response, type_authenticate_client_response)

void rsp_tbs_server_signature1(const struct rsp_server_signed1 *s, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .part = { s->signed_bytes }, .count = 1 };
}

void rsp_tbs_euicc_signature1(const struct rsp_euicc_signed1 *s, struct rsp_tbs *out)
{
    *out = (struct rsp_tbs){ .part = { s->signed_bytes }, .count = 1 };
}

void rsp_tbs_smdp_signature2(const struct rsp_smdp_signed2 *s, struct span euicc_signature1,
                             struct rsp_tbs *out)
{
    static const uint8_t header[] = { 0x5F, 0x37, 0x40 };
    *out = (struct rsp_tbs){ .part = { s->signed_bytes, SPAN_ARRAY(header), euicc_signature1 }, .count = 3 };
}
