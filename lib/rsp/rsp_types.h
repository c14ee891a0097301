/* Tables that several files of lib/rsp nest in theirs. For lib/rsp only. */
#ifndef LAB_RSP_TYPES_H
#define LAB_RSP_TYPES_H

#include "rsp_eim_configuration.h"
#include "rsp_esipa.h"
#include "rsp_fields.h"

extern const struct rsp_type rsp_type_euicc_info1, rsp_type_euicc_info2;
extern const struct rsp_type rsp_type_profile_owner, rsp_type_store_metadata;
extern const struct rsp_type rsp_type_server_signed1, rsp_type_smdp_signed2, rsp_type_device_info;
extern const struct rsp_type rsp_type_session_error;
extern const struct rsp_type rsp_type_prepare_download_response, rsp_type_cancel_session_response;
extern const struct rsp_type rsp_type_profile_installation_result, rsp_type_pending_notification;
extern const struct rsp_type rsp_type_profile_info_request, rsp_type_profile_info_response;
extern const struct rsp_type rsp_type_eim_configuration_members;
extern const struct rsp_type rsp_type_profile_download_trigger_request;
extern const struct rsp_type rsp_type_euicc_package_request, rsp_type_euicc_package_result;

/* Gives keys and certificates of a configuration this form; what they then point into. Release also after a failure. */
struct rsp_key_room {
    struct buf key, tls;
};
MUST_CHECK enum err rsp_eim_configuration_form(const struct rsp_wire *wire, struct rsp_eim_configuration *c,
                                               struct rsp_key_room *room);
void rsp_key_room_release(struct rsp_key_room *room);

#endif
