/* The names of numbers and bits, as the modules spell them: for a type by its name, for a number
 * without a type of its own by the member's. So PSMO results, which have types, are told from ES10c
 * results of the same member name. */
#include <string.h>

#include "rsp_codes.h"
#include "rsp_schema_internal.h"

/* The n-th word; empty beyond the last. */
static struct span word(const char *words, unsigned n)
{
    for (; n > 0; n--) {
        words = strchr(words, ' ');
        if (!words)
            return (struct span){ 0 };
        words++;
    }
    return span_of(words, strcspn(words, " "));
}

static const struct {
    const char *key;
    const char *(*name)(int64_t value);
} codes[] = {
    { "EnableProfileResult", rsp_psmo_enable_result_name },
    { "DisableProfileResult", rsp_psmo_disable_result_name },
    { "DeleteProfileResult", rsp_psmo_delete_result_name },
    { "enableResult", rsp_enable_result_name },
    { "disableResult", rsp_disable_result_name },
    { "deleteResult", rsp_delete_result_name },
    { "RollbackProfileResult", rsp_rollback_result_name },
    { "ConfigureImmediateEnableResult", rsp_configure_immediate_enable_result_name },
    { "SetFallbackAttributeResult", rsp_set_fallback_attribute_result_name },
    { "UnsetFallbackAttributeResult", rsp_unset_fallback_attribute_result_name },
    { "ProcessingTerminated", rsp_processing_terminated_name },
    { "AddEimResultCode", rsp_add_eim_result_code_name },
    { "DeleteEimResult", rsp_delete_eim_result_name },
    { "UpdateEimResult", rsp_update_eim_result_name },
    { "listEimError", rsp_list_eim_error_name },
    { "setDefaultDpAddressResult", rsp_set_default_dp_address_result_name },
    { "EuiccPackageErrorCode", rsp_euicc_package_error_code_name },
    { "addInitialEimError", rsp_add_initial_eim_error_name },
    { "getCertsError", rsp_get_certs_error_name },
    { "immediateEnableResult", rsp_immediate_enable_result_name },
    { "cmdResult", rsp_profile_rollback_result_name },
    { "configImmediateEnableResult", rsp_configure_immediate_profile_enabling_result_name },
    { "executeFallbackMechanismResult", rsp_execute_fallback_result_name },
    { "returnFromFallbackResult", rsp_return_from_fallback_result_name },
    { "enableEmergencyProfileResult", rsp_enable_emergency_profile_result_name },
    { "disableEmergencyProfileResult", rsp_disable_emergency_profile_result_name },
    { "resetResult", rsp_memory_reset_result_name },
    { "resetEimResult", rsp_memory_reset_eim_result_name },
    { "resetImmediateEnableConfigResult", rsp_memory_reset_immediate_enable_result_name },
    { "IpaEuiccDataErrorCode", rsp_ipa_euicc_data_error_code_name },
    { "profileDownloadErrorReason", rsp_profile_download_error_reason_name },
    { "StateChangeCause", rsp_state_change_cause_name },
    { "eimPackageError", rsp_eim_package_error_name },
    { "EimPackageResultErrorCode", rsp_eim_package_result_error_code_name },
    { "provideEimPackageResultError", rsp_provide_eim_package_result_error_name },
    { "initiateAuthenticationError", rsp_initiate_authentication_error_name },
    { "initiateAuthenticationErrorEsipa", rsp_initiate_authentication_error_name },
    { "AuthenticateErrorCode", rsp_authenticate_error_code_name },
    { "authenticateClientError", rsp_authenticate_client_error_name },
    { "authenticateClientErrorEsipa", rsp_authenticate_client_error_name },
    { "DownloadErrorCode", rsp_download_error_code_name },
    { "getBoundProfilePackageError", rsp_get_bound_profile_package_error_name },
    { "getBoundProfilePackageErrorEsipa", rsp_get_bound_profile_package_error_name },
    { "CancelSessionReason", rsp_cancel_session_reason_name },
    { "cancelSessionResponseError", rsp_cancel_session_response_error_name },
    { "cancelSessionError", rsp_cancel_session_error_name },
    { "BppCommandId", rsp_bpp_command_id_name },
    { "ErrorReason", rsp_error_reason_name },
    { "deleteNotificationStatus", rsp_notification_sent_status_name },
    { "ProfileInfoListError", rsp_profile_info_list_error_name },
    { "SGP32-ProfileInfoListError", rsp_profile_info_list_error_name },
};

/* Names of the values from 0 on, "-" for one that is not defined. */
static const struct {
    const char *key, *names;
} states[] = {
    { "ProfileState", "disabled enabled" },
    { "ProfileClass", "test provisioning operational" },
    { "IconType", "jpg png" },
    { "EuiccCategory", "other basicEuicc mediumEuicc contactlessEuicc" },
    { "IpaMode", "ipad ipae" },
    { "EimIdType", "- eimIdTypeOid eimIdTypeFqdn eimIdTypeProprietary" },
    { "RemoteOpId", "- installBoundProfilePackage" },
};

static const struct {
    const char *key, *names;
} bits[] = {
    { "NotificationEvent",
      "notificationInstall notificationEnable notificationDisable notificationDelete" },
    { "PprIds", "pprUpdateControl ppr1 ppr2" },
    { "pprFlags", "consentRequired" },
    { "EimSupportedProtocol",
      "eimRetrieveHttps eimRetrieveCoaps eimInjectHttps eimInjectCoaps eimProprietary" },
    { "ipaFeatures",
      "directRspServerCommunication indirectRspServerCommunication eimDownloadDataHandling "
      "eimCtxParams1Generation eimProfileMetadataVerification minimizeEsipaBytes" },
    { "ipaSupportedProtocols",
      "ipaRetrieveHttps ipaRetrieveCoaps ipaInjectHttps ipaInjectCoaps ipaProprietary" },
    { "resetOptions",
      "deleteOperationalProfiles deleteFieldLoadedTestProfiles resetDefaultSmdpAddress "
      "deletePreLoadedTestProfiles deleteProvisioningProfiles resetEimConfigData "
      "resetImmediateEnableConfig" },
    { "euiccConfiguration", "ipaeSupported enabledProfile" },
    { "ipaeOption", "activateIpae" },
    { "TreProperties", "isDiscrete isIntegrated usesRemoteMemory" },
    { "RspCapability", "additionalProfile crlSupport rpmSupport testProfileSupport "
                       "deviceInfoExtensibilitySupport serviceSpecificDataSupport" },
    { "UiccCapability",
      "contactlessSupport usimSupport isimSupport csimSupport akaMilenage akaCave akaTuak128 "
      "akaTuak256 "
      "usimTestAlgorithm rfu2 gbaAuthenUsim gbaAuthenISim mbmsAuthenUsim eapClient javacard multos "
      "multipleUsimSupport multipleIsimSupport multipleCsimSupport berTlvFileSupport dfLinkSupport "
      "catTp "
      "getIdentity profile-a-x25519 profile-b-p256 suciCalculatorApi dns-resolution scp11ac "
      "scp11c-authorization-mechanism s16mode eaka iotminimal" },
};

static bool is_key(const struct schema_node *node, const char *key)
{
    return strcmp(node->type->name, key) == 0 || strcmp(node->name, key) == 0;
}

struct span schema_value_name(const struct schema_node *node, int64_t value)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (is_key(node, codes[i].key))
            return span_str(codes[i].name(value));
    for (size_t i = 0; i < COUNT(states); i++)
        if (value >= 0 && value < 8 && is_key(node, states[i].key))
            return word(states[i].names, (unsigned)value);
    return (struct span){ 0 };
}

struct span schema_bit_name(const struct schema_node *node, unsigned bit)
{
    for (size_t i = 0; i < COUNT(bits); i++)
        if (is_key(node, bits[i].key))
            return word(bits[i].names, bit);
    return (struct span){ 0 };
}
