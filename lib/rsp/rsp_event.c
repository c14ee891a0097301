#include "rsp_event.h"

#include "rsp_types.h"

static const struct rsp_field event_entry[] = {
    RSP_F(VALUE, 0x80, event_entry, event_id),
    RSP_F(VALUE, 0x81, event_entry, rsp_server_address),
};
static const struct rsp_type type_event_entry = RSP_SEQUENCE(0x30, RSP_NO_PDU, event_entry);
RSP_DEFINE(event_entry, type_event_entry)
RSP_DEFINE_ITEM(event_entry, type_event_entry)

static const struct rsp_field authenticate_client_ok_es11[] = {
    RSP_F(VALUE, 0x80, authenticate_client_ok_es11, transaction_id),
    RSP_F(VALUE, 0xA1, authenticate_client_ok_es11, event_entries),
};
static const struct rsp_type type_authenticate_client_ok_es11 =
    RSP_SEQUENCE(0xA0, RSP_NO_PDU, authenticate_client_ok_es11);
static const struct rsp_field authenticate_client_response_es11[] = {
    RSP_S(0xA0, authenticate_client_response_es11, ok, type_authenticate_client_ok_es11),
    RSP_F(INTEGER, 0x81, authenticate_client_response_es11, error),
};
static const struct rsp_type type_authenticate_client_response_es11 =
    RSP_CHOICE(0xBF40, RSP_P(AUTHENTICATE_CLIENT_RESPONSE_ES11), authenticate_client_response_es11,
               authenticate_client_response_es11);
RSP_DEFINE(authenticate_client_response_es11, type_authenticate_client_response_es11)
