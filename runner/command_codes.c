#include "command_codes.h"

#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "span.h"

/* SGP.22 5.2.6 and the functions' own lists. */
static const struct code_pair pairs[] = {
    { "8.1/4.8", "the eUICC has not enough memory for the profile", "AuthenticateClient" },
    { "8.1/6.1", "the eUICC's signature or the serverChallenge in it is wrong",
      "AuthenticateClient, GetBoundProfilePackage, CancelSession" },
    { "8.1.1/2.2", "the EID is missing: it is needed with an SM-DS address or an empty matchingId",
      "ConfirmOrder" },
    { "8.1.1/3.1", "another EID is bound to this ICCID", "DownloadOrder, ConfirmOrder" },
    { "8.1.1/3.8", "the EID is not the one that the profile was ordered for", "AuthenticateClient" },
    { "8.1.1/3.10", "another EID is bound to this ICCID", "DownloadOrder, ConfirmOrder" },
    { "8.1.2/6.1", "the EUM certificate is invalid", "AuthenticateClient" },
    { "8.1.2/6.3", "the EUM certificate has expired", "AuthenticateClient" },
    { "8.1.3/6.1", "the eUICC certificate is invalid", "AuthenticateClient" },
    { "8.1.3/6.3", "the eUICC certificate has expired", "AuthenticateClient" },
    { "8.1.4/6.1", "the EID is outside the range of the EUM certificate", "AuthenticateClient" },
    { "8.2/1.2", "the profile is not released yet", "AuthenticateClient" },
    { "8.2/3.7", "the package was bound to another one-time key and is not bound again",
      "GetBoundProfilePackage" },
    { "8.2.1/1.2", "this caller may not use this ICCID", "ES2+" },
    { "8.2.1/3.3", "the ICCID is in use", "DownloadOrder" },
    { "8.2.1/3.5", "the profile cannot be released now", "ReleaseProfile" },
    { "8.2.1/3.9", "the ICCID is unknown", "ES2+" },
    { "8.2.1/3.10", "the ICCID belongs to another EID", "DownloadOrder" },
    { "8.2.5/1.2", "this caller may not use this profile type", "DownloadOrder" },
    { "8.2.5/3.7", "no profile of this type is left", "DownloadOrder" },
    { "8.2.5/3.8", "the ICCID is of another profile type", "DownloadOrder" },
    { "8.2.5/3.9", "the profile type is unknown", "DownloadOrder" },
    { "8.2.5/4.3", "no profile is suited to this eUICC or device", "AuthenticateClient" },
    { "8.2.6/2.1", "the matchingId is malformed: capital letters, digits and '-'", "ConfirmOrder" },
    { "8.2.6/3.3", "this matchingId is in use", "ConfirmOrder" },
    { "8.2.6/3.8", "the matchingId is refused: no order has it, or the order is used up",
      "AuthenticateClient" },
    { "8.2.6/3.10", "another matchingId belongs to this ICCID", "ConfirmOrder, CancelOrder" },
    { "8.2.7/2.2", "the confirmation code is missing", "GetBoundProfilePackage" },
    { "8.2.7/3.8", "the confirmation code is wrong", "GetBoundProfilePackage" },
    { "8.2.7/6.4", "the confirmation code was wrong too often", "GetBoundProfilePackage" },
    { "8.8/3.10", "the OID is not that of this SM-DP+", "CancelSession" },
    { "8.8/4.2", "the SM-DP+ failed while it did this", "AuthenticateClient" },
    { "8.8.1/3.8", "this SM-DP+ is not the address that the caller names", "InitiateAuthentication" },
    { "8.8.2/3.1", "none of the CI keys that the eUICC offers is supported", "InitiateAuthentication" },
    { "8.8.3/3.1", "the specification version of the eUICC is not supported", "InitiateAuthentication" },
    { "8.8.4/3.7", "no server certificate chains to a CI that the eUICC offers", "InitiateAuthentication" },
    { "8.8.5/4.10", "the download order has expired", "AuthenticateClient" },
    { "8.8.5/6.4", "this order was tried too often", "AuthenticateClient" },
    { "8.9/4.2", "the SM-DS failed", "ConfirmOrder" },
    { "8.9/5.1", "the SM-DS cannot be reached", "ConfirmOrder" },
    { "8.9.5/3.3", "the event exists", "RegisterEvent" },
    { "8.9.5/3.9", "the event is unknown", "DeleteEvent" },
    { "8.10.1/3.9", "no RSP session has this transactionId, or the one inside differs",
      "AuthenticateClient, GetBoundProfilePackage, CancelSession" },
    { "8.11.1/3.9", "the CI key of the EUM certificate is unknown", "AuthenticateClient" },
};

const struct code_pair *code_pair_at(size_t index)
{
    return index < COUNT(pairs) ? &pairs[index] : NULL;
}

/* The result or error of one function. */
static const struct family {
    const char *what, *section;
    const char *(*name)(int64_t value);
} families[] = {
    { "InitiateAuthentication", "SGP.22 5.6.1, SGP.32 6.3.2", rsp_initiate_authentication_error_name },
    { "AuthenticateServer", "SGP.22 5.7.13", rsp_authenticate_error_code_name },
    { "AuthenticateClient", "SGP.22 5.6.3", rsp_authenticate_client_error_name },
    { "PrepareDownload", "SGP.22 5.7.5", rsp_download_error_code_name },
    { "GetBoundProfilePackage", "SGP.22 5.6.2", rsp_get_bound_profile_package_error_name },
    { "reason of CancelSession", "SGP.22 5.7.14", rsp_cancel_session_reason_name },
    { "CancelSession of the eUICC", "SGP.22 5.7.14", rsp_cancel_session_response_error_name },
    { "CancelSession of the SM-DP+", "SGP.22 5.6.5", rsp_cancel_session_error_name },
    { "bppCommandId: where an installation failed", "SGP.22 2.5.6", rsp_bpp_command_id_name },
    { "errorReason: why an installation failed", "SGP.22 2.5.6", rsp_error_reason_name },
    { "NotificationSent", "SGP.22 5.7.11", rsp_notification_sent_status_name },
    { "EnableProfile", "SGP.22 5.7.16", rsp_enable_result_name },
    { "DisableProfile", "SGP.22 5.7.17", rsp_disable_result_name },
    { "DeleteProfile", "SGP.22 5.7.18", rsp_delete_result_name },
    { "GetProfilesInfo", "SGP.22 5.7.15", rsp_profile_info_list_error_name },
    { "eUICC package as a whole", "SGP.32 5.9.1", rsp_euicc_package_error_code_name },
    { "enable in a package", "SGP.32 2.11.1", rsp_psmo_enable_result_name },
    { "disable in a package", "SGP.32 2.11.1", rsp_psmo_disable_result_name },
    { "delete in a package", "SGP.32 2.11.1", rsp_psmo_delete_result_name },
    { "rollbackResult in a package result", "SGP.32 2.11.2", rsp_rollback_result_name },
    { "configureImmediateEnable in a package", "SGP.32 2.11.1", rsp_configure_immediate_enable_result_name },
    { "setFallbackAttribute in a package", "SGP.32 2.11.1", rsp_set_fallback_attribute_result_name },
    { "unsetFallbackAttribute in a package", "SGP.32 2.11.1", rsp_unset_fallback_attribute_result_name },
    { "processingTerminated: why a package ended early", "SGP.32 2.11.2", rsp_processing_terminated_name },
    { "addEim in a package", "SGP.32 2.11.1", rsp_add_eim_result_code_name },
    { "deleteEim in a package", "SGP.32 2.11.1", rsp_delete_eim_result_name },
    { "updateEim in a package", "SGP.32 2.11.1", rsp_update_eim_result_name },
    { "SetDefaultDpAddress", "SGP.32 5.9.2", rsp_set_default_dp_address_result_name },
    { "AddInitialEim", "SGP.32 5.9.4", rsp_add_initial_eim_error_name },
    { "GetCerts", "SGP.32 5.9.10", rsp_get_certs_error_name },
    { "ImmediateEnable", "SGP.32 5.9.15", rsp_immediate_enable_result_name },
    { "ProfileRollback", "SGP.32 5.9.16", rsp_profile_rollback_result_name },
    { "ConfigureImmediateProfileEnabling", "SGP.32 5.9.17",
      rsp_configure_immediate_profile_enabling_result_name },
    { "ExecuteFallbackMechanism", "SGP.32 5.9.20", rsp_execute_fallback_result_name },
    { "ReturnFromFallback", "SGP.32 5.9.21", rsp_return_from_fallback_result_name },
    { "EnableEmergencyProfile", "SGP.32 5.9.22", rsp_enable_emergency_profile_result_name },
    { "DisableEmergencyProfile", "SGP.32 5.9.23", rsp_disable_emergency_profile_result_name },
    { "EuiccMemoryReset, profiles", "SGP.32 5.9.5", rsp_memory_reset_result_name },
    { "EuiccMemoryReset, eIM data", "SGP.32 5.9.5", rsp_memory_reset_eim_result_name },
    { "EuiccMemoryReset, immediate enabling", "SGP.32 5.9.5", rsp_memory_reset_immediate_enable_result_name },
    { "IpaEuiccDataResponse", "SGP.32 2.11.1", rsp_ipa_euicc_data_error_code_name },
    { "ProfileDownloadTriggerResult", "SGP.32 2.11.1", rsp_profile_download_error_reason_name },
    { "stateChangeCause of GetEimPackage", "SGP.32 6.3.2", rsp_state_change_cause_name },
    { "eimPackageError: GetEimPackage", "SGP.32 6.3.2", rsp_eim_package_error_name },
    { "eimPackageResultErrorCode", "SGP.32 6.3.2", rsp_eim_package_result_error_code_name },
    { "provideEimPackageResultError", "SGP.32 6.3.2", rsp_provide_eim_package_result_error_name },
};

/* Every code of the modules is below this. */
#define CODE_END 128

static bool is_known(const char *name)
{
    return strcmp(name, "unknown") != 0;
}

bool code_names_print(const char *word)
{
    bool found = false;
    for (size_t i = 0; i < COUNT(families); i++)
        for (int64_t value = 0; value < CODE_END; value++) {
            const char *name = families[i].name(value);
            if (!is_known(name) || strcasecmp(name, word) != 0)
                continue;
            printf("%s (%lld)  %s, %s\n", name, (long long)value, families[i].what, families[i].section);
            found = true;
        }
    return found;
}

const char *code_name_at(size_t index)
{
    for (size_t i = 0; i < COUNT(families); i++)
        for (int64_t value = 0; value < CODE_END; value++)
            if (is_known(families[i].name(value)) && !index--)
                return families[i].name(value);
    return NULL;
}
