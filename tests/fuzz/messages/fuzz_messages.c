/* Any bytes to every reader of lib/rsp: what is read can be written, and that can be read. */
#include <stdlib.h>

#include "rsp_authentication.h"
#include "rsp_download.h"
#include "rsp_eim_configuration.h"
#include "rsp_es10.h"
#include "rsp_esipa.h"
#include "rsp_euicc_info.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"
#include "rsp_profile_info.h"
#include "rsp_store_metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* clang-format off */
#define MESSAGES(X) \
    X(psmo) \
    X(eco) \
    X(euicc_package_signed) \
    X(euicc_package_request) \
    X(euicc_result) \
    X(eim_id_info) \
    X(package_result_data) \
    X(package_error_data) \
    X(euicc_package_result) \
    X(profile_rollback_response) \
    X(notification_metadata) \
    X(installation_result_data) \
    X(profile_installation_result) \
    X(other_signed_notification) \
    X(pending_notification) \
    X(list_notification_request) \
    X(list_notification_response) \
    X(retrieve_notifications_request) \
    X(retrieve_notifications_response) \
    X(remove_notification_request) \
    X(remove_notification_response) \
    X(handle_notification) \
    X(prepare_download_request) \
    X(euicc_signed2) \
    X(prepare_download_response) \
    X(get_bound_profile_package_request) \
    X(get_bound_profile_package_response) \
    X(initialise_secure_channel) \
    X(bound_profile_package) \
    X(configure_isdp) \
    X(replace_session_keys) \
    X(cancel_session_request) \
    X(cancel_session_signed) \
    X(cancel_session_response) \
    X(cancel_session_request_es9) \
    X(cancel_session_response_es9) \
    X(get_eim_package_request) \
    X(ipa_euicc_data_request) \
    X(profile_download_trigger_request) \
    X(get_eim_package_response) \
    X(ipa_euicc_data_response) \
    X(profile_download_trigger_result) \
    X(provide_eim_package_result) \
    X(provide_eim_package_result_response) \
    X(handle_notification_esipa) \
    X(initiate_authentication_request_esipa) \
    X(initiate_authentication_response_esipa) \
    X(authenticate_client_response_esipa) \
    X(get_bound_profile_package_response_esipa) \
    X(notification_configuration) \
    X(store_metadata) \
    X(get_eid_request) \
    X(get_eid_response) \
    X(get_euicc_challenge_response) \
    X(get_certs_request) \
    X(get_certs_response) \
    X(configured_addresses) \
    X(memory_reset_request) \
    X(memory_reset_response) \
    X(server_signed1) \
    X(initiate_authentication_request) \
    X(initiate_authentication_response) \
    X(ctx_params1) \
    X(authenticate_server_request) \
    X(euicc_signed1) \
    X(authenticate_server_response) \
    X(authenticate_client_request) \
    X(smdp_signed2) \
    X(authenticate_client_response) \
    X(profile_info) \
    X(profile_info_request) \
    X(profile_info_response) \
    X(enable_profile_request) \
    X(disable_profile_request) \
    X(delete_profile_request) \
    X(eim_configuration) \
    X(add_initial_eim_request) \
    X(initial_eim_result) \
    X(add_initial_eim_response) \
    X(get_eim_configuration_request) \
    X(get_eim_configuration_response) \
    X(euicc_info1) \
    X(euicc_info2)
/* clang-format on */

#define TRY(x)                                                                                     \
    static void try_##x(struct span bytes)                                                         \
    {                                                                                              \
        struct rsp_##x message, again;                                                             \
        struct buf written = { .max = 1 << 21 };                                                   \
        if (rsp_##x##_read(bytes, &message) == ERR_OK) {                                           \
            require(rsp_##x##_write(&message, &written) == ERR_OK);                                \
            require(rsp_##x##_read(buf_span(&written), &again) == ERR_OK);                         \
        }                                                                                          \
        buf_release(&written);                                                                     \
    }
MESSAGES(TRY)

static void (*const tries[])(struct span bytes) = {
#define ROW(x) try_##x,
    MESSAGES(ROW)
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < COUNT(tries); i++)
        tries[i](span_of(data, size));
    return 0;
}
