/* Every result and error code of SGP.22 v2.5 and SGP.32 v1.2 by its name in the modules. rsp_X_name() gives
 * the module's spelling for logs and reports, "unknown" for a number it does not define; static storage. */
#ifndef LAB_RSP_CODES_H
#define LAB_RSP_CODES_H

#include <stdint.h>

/* ES9+ and ESipa InitiateAuthentication (50 to 52 and 127: ESipa only) */
enum rsp_initiate_authentication_error {
    RSP_INITIATE_AUTHENTICATION_INVALID_DP_ADDRESS = 1,
    RSP_INITIATE_AUTHENTICATION_EUICC_VERSION_NOT_SUPPORTED_BY_DP = 2,
    RSP_INITIATE_AUTHENTICATION_CI_PKID_NOT_SUPPORTED = 3,
    RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH = 50,
    RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH = 51,
    RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID = 52,
    RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR = 127,
};
const char *rsp_initiate_authentication_error_name(int64_t value);

/* SGP.22 5.7.13 AuthenticateServer */
enum rsp_authenticate_error_code {
    RSP_AUTHENTICATE_INVALID_CERTIFICATE = 1,
    RSP_AUTHENTICATE_INVALID_SIGNATURE = 2,
    RSP_AUTHENTICATE_UNSUPPORTED_CURVE = 3,
    RSP_AUTHENTICATE_NO_SESSION_CONTEXT = 4,
    RSP_AUTHENTICATE_INVALID_OID = 5,
    RSP_AUTHENTICATE_EUICC_CHALLENGE_MISMATCH = 6,
    RSP_AUTHENTICATE_CI_PK_UNKNOWN = 7,
    RSP_AUTHENTICATE_UNDEFINED_ERROR = 127,
};
const char *rsp_authenticate_error_code_name(int64_t value);

/* ES9+ and ESipa AuthenticateClient (50 and 56: ESipa only) */
enum rsp_authenticate_client_error {
    RSP_AUTHENTICATE_CLIENT_EUM_CERTIFICATE_INVALID = 1,
    RSP_AUTHENTICATE_CLIENT_EUM_CERTIFICATE_EXPIRED = 2,
    RSP_AUTHENTICATE_CLIENT_EUICC_CERTIFICATE_INVALID = 3,
    RSP_AUTHENTICATE_CLIENT_EUICC_CERTIFICATE_EXPIRED = 4,
    RSP_AUTHENTICATE_CLIENT_EUICC_SIGNATURE_INVALID = 5,
    RSP_AUTHENTICATE_CLIENT_MATCHING_ID_REFUSED = 6,
    RSP_AUTHENTICATE_CLIENT_EID_MISMATCH = 7,
    RSP_AUTHENTICATE_CLIENT_NO_ELIGIBLE_PROFILE = 8,
    RSP_AUTHENTICATE_CLIENT_CI_PK_UNKNOWN = 9,
    RSP_AUTHENTICATE_CLIENT_INVALID_TRANSACTION_ID = 10,
    RSP_AUTHENTICATE_CLIENT_INSUFFICIENT_MEMORY = 11,
    RSP_AUTHENTICATE_CLIENT_PPR_NOT_ALLOWED = 50,
    RSP_AUTHENTICATE_CLIENT_EVENT_ID_UNKNOWN = 56,
    RSP_AUTHENTICATE_CLIENT_UNDEFINED_ERROR = 127,
};
const char *rsp_authenticate_client_error_name(int64_t value);

/* SGP.22 5.7.5 PrepareDownload */
enum rsp_download_error_code {
    RSP_DOWNLOAD_INVALID_CERTIFICATE = 1,
    RSP_DOWNLOAD_INVALID_SIGNATURE = 2,
    RSP_DOWNLOAD_UNSUPPORTED_CURVE = 3,
    RSP_DOWNLOAD_NO_SESSION_CONTEXT = 4,
    RSP_DOWNLOAD_INVALID_TRANSACTION_ID = 5,
    RSP_DOWNLOAD_UNDEFINED_ERROR = 127,
};
const char *rsp_download_error_code_name(int64_t value);

/* ES9+ and ESipa GetBoundProfilePackage (50: ESipa only) */
enum rsp_get_bound_profile_package_error {
    RSP_GET_BPP_EUICC_SIGNATURE_INVALID = 1,
    RSP_GET_BPP_CONFIRMATION_CODE_MISSING = 2,
    RSP_GET_BPP_CONFIRMATION_CODE_REFUSED = 3,
    RSP_GET_BPP_CONFIRMATION_CODE_RETRIES_EXCEEDED = 4,
    RSP_GET_BPP_BPP_REBINDING_REFUSED = 5,
    RSP_GET_BPP_DOWNLOAD_ORDER_EXPIRED = 6,
    RSP_GET_BPP_METADATA_MISMATCH = 50,
    RSP_GET_BPP_INVALID_TRANSACTION_ID = 95,
    RSP_GET_BPP_UNDEFINED_ERROR = 127,
};
const char *rsp_get_bound_profile_package_error_name(int64_t value);

/* SGP.22 5.7.14 */
enum rsp_cancel_session_reason {
    RSP_CANCEL_REASON_END_USER_REJECTION = 0,
    RSP_CANCEL_REASON_POSTPONED = 1,
    RSP_CANCEL_REASON_TIMEOUT = 2,
    RSP_CANCEL_REASON_PPR_NOT_ALLOWED = 3,
    RSP_CANCEL_REASON_METADATA_MISMATCH = 4,
    RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR = 5,
    RSP_CANCEL_REASON_UNDEFINED_REASON = 127,
};
const char *rsp_cancel_session_reason_name(int64_t value);

/* ES10b CancelSession */
enum rsp_cancel_session_response_error {
    RSP_CANCEL_RESPONSE_INVALID_TRANSACTION_ID = 5,
    RSP_CANCEL_RESPONSE_UNDEFINED_ERROR = 127,
};
const char *rsp_cancel_session_response_error_name(int64_t value);

/* ES9+ and ESipa CancelSession */
enum rsp_cancel_session_error {
    RSP_CANCEL_SESSION_INVALID_TRANSACTION_ID = 1,
    RSP_CANCEL_SESSION_EUICC_SIGNATURE_INVALID = 2,
    RSP_CANCEL_SESSION_UNDEFINED_ERROR = 127,
};
const char *rsp_cancel_session_error_name(int64_t value);

/* Where an installation failed (SGP.22 2.5.6) */
enum rsp_bpp_command_id {
    RSP_BPP_INITIALISE_SECURE_CHANNEL = 0,
    RSP_BPP_CONFIGURE_ISDP = 1,
    RSP_BPP_STORE_METADATA = 2,
    RSP_BPP_STORE_METADATA2 = 3,
    RSP_BPP_REPLACE_SESSION_KEYS = 4,
    RSP_BPP_LOAD_PROFILE_ELEMENTS = 5,
};
const char *rsp_bpp_command_id_name(int64_t value);

/* Why it failed */
enum rsp_error_reason {
    RSP_INSTALL_INCORRECT_INPUT_VALUES = 1,
    RSP_INSTALL_INVALID_SIGNATURE = 2,
    RSP_INSTALL_INVALID_TRANSACTION_ID = 3,
    RSP_INSTALL_UNSUPPORTED_CRT_VALUES = 4,
    RSP_INSTALL_UNSUPPORTED_REMOTE_OPERATION_TYPE = 5,
    RSP_INSTALL_UNSUPPORTED_PROFILE_CLASS = 6,
    RSP_INSTALL_SCP03T_STRUCTURE_ERROR = 7,
    RSP_INSTALL_SCP03T_SECURITY_ERROR = 8,
    RSP_INSTALL_ICCID_ALREADY_EXISTS_ON_EUICC = 9,
    RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE = 10,
    RSP_INSTALL_INTERRUPTION = 11,
    RSP_INSTALL_PE_PROCESSING_ERROR = 12,
    RSP_INSTALL_DATA_MISMATCH = 13,
    RSP_INSTALL_TEST_PROFILE_INVALID_NAA_KEY = 14,
    RSP_INSTALL_PPR_NOT_ALLOWED = 15,
    RSP_INSTALL_UNKNOWN_ERROR = 127,
};
const char *rsp_error_reason_name(int64_t value);

/* SGP.22 5.7.11 */
enum rsp_notification_sent_status {
    RSP_NOTIFICATION_SENT_OK = 0,
    RSP_NOTIFICATION_SENT_NOTHING_TO_DELETE = 1,
    RSP_NOTIFICATION_SENT_UNDEFINED_ERROR = 127,
};
const char *rsp_notification_sent_status_name(int64_t value);

/* ES10 EnableProfile */
enum rsp_enable_result {
    RSP_ENABLE_OK = 0,
    RSP_ENABLE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_ENABLE_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_ENABLE_DISALLOWED_BY_POLICY = 3,
    RSP_ENABLE_WRONG_PROFILE_REENABLING = 4,
    RSP_ENABLE_CAT_BUSY = 5,
    RSP_ENABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_enable_result_name(int64_t value);

/* ES10 DisableProfile */
enum rsp_disable_result {
    RSP_DISABLE_OK = 0,
    RSP_DISABLE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_DISABLE_PROFILE_NOT_IN_ENABLED_STATE = 2,
    RSP_DISABLE_DISALLOWED_BY_POLICY = 3,
    RSP_DISABLE_CAT_BUSY = 5,
    RSP_DISABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_disable_result_name(int64_t value);

/* ES10 DeleteProfile */
enum rsp_delete_result {
    RSP_DELETE_OK = 0,
    RSP_DELETE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_DELETE_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_DELETE_DISALLOWED_BY_POLICY = 3,
    RSP_DELETE_UNDEFINED_ERROR = 127,
};
const char *rsp_delete_result_name(int64_t value);

/* GetProfilesInfo and listProfileInfo */
enum rsp_profile_info_list_error {
    RSP_PROFILE_INFO_INCORRECT_INPUT_VALUES = 1,
    RSP_PROFILE_INFO_PROFILE_CHANGE_ONGOING = 11,
    RSP_PROFILE_INFO_UNDEFINED_ERROR = 127,
};
const char *rsp_profile_info_list_error_name(int64_t value);

/* SGP.32 5.9.1, signed error of an eUICC package */
enum rsp_euicc_package_error_code {
    RSP_PACKAGE_INVALID_EID = 3,
    RSP_PACKAGE_REPLAY_ERROR = 4,
    RSP_PACKAGE_COUNTER_VALUE_OUT_OF_RANGE = 6,
    RSP_PACKAGE_SIZE_OVERFLOW = 15,
    RSP_PACKAGE_ECALL_ACTIVE = 104,
    RSP_PACKAGE_UNDEFINED_ERROR = 127,
};
const char *rsp_euicc_package_error_code_name(int64_t value);

/* PSMO enable */
enum rsp_psmo_enable_result {
    RSP_PSMO_ENABLE_OK = 0,
    RSP_PSMO_ENABLE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_PSMO_ENABLE_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_PSMO_ENABLE_DISALLOWED_BY_POLICY = 3,
    RSP_PSMO_ENABLE_CAT_BUSY = 5,
    RSP_PSMO_ENABLE_ROLLBACK_NOT_AVAILABLE = 20,
    RSP_PSMO_ENABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_psmo_enable_result_name(int64_t value);

/* PSMO disable */
enum rsp_psmo_disable_result {
    RSP_PSMO_DISABLE_OK = 0,
    RSP_PSMO_DISABLE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_PSMO_DISABLE_PROFILE_NOT_IN_ENABLED_STATE = 2,
    RSP_PSMO_DISABLE_DISALLOWED_BY_POLICY = 3,
    RSP_PSMO_DISABLE_CAT_BUSY = 5,
    RSP_PSMO_DISABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_psmo_disable_result_name(int64_t value);

/* PSMO delete */
enum rsp_psmo_delete_result {
    RSP_PSMO_DELETE_OK = 0,
    RSP_PSMO_DELETE_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_PSMO_DELETE_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_PSMO_DELETE_DISALLOWED_BY_POLICY = 3,
    RSP_PSMO_DELETE_ROLLBACK_NOT_AVAILABLE = 20,
    RSP_PSMO_DELETE_RETURN_FALLBACK_PROFILE = 21,
    RSP_PSMO_DELETE_UNDEFINED_ERROR = 127,
};
const char *rsp_psmo_delete_result_name(int64_t value);

/* rollbackResult of the result made by ProfileRollback */
enum rsp_rollback_result {
    RSP_ROLLBACK_OK = 0,
    RSP_ROLLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_rollback_result_name(int64_t value);

/* PSMO configureImmediateEnable */
enum rsp_configure_immediate_enable_result {
    RSP_IMMEDIATE_CONFIG_OK = 0,
    RSP_IMMEDIATE_CONFIG_INSUFFICIENT_MEMORY = 1,
    RSP_IMMEDIATE_CONFIG_COMMAND_ERROR = 7,
    RSP_IMMEDIATE_CONFIG_UNDEFINED_ERROR = 127,
};
const char *rsp_configure_immediate_enable_result_name(int64_t value);

/* PSMO setFallbackAttribute */
enum rsp_set_fallback_attribute_result {
    RSP_SET_FALLBACK_OK = 0,
    RSP_SET_FALLBACK_ICCID_OR_AID_NOT_FOUND = 1,
    RSP_SET_FALLBACK_FALLBACK_NOT_ALLOWED = 2,
    RSP_SET_FALLBACK_FALLBACK_PROFILE_ENABLED = 3,
    RSP_SET_FALLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_set_fallback_attribute_result_name(int64_t value);

/* PSMO unsetFallbackAttribute */
enum rsp_unset_fallback_attribute_result {
    RSP_UNSET_FALLBACK_OK = 0,
    RSP_UNSET_FALLBACK_NO_FALLBACK_ATTRIBUTE = 2,
    RSP_UNSET_FALLBACK_FALLBACK_PROFILE_ENABLED = 3,
    RSP_UNSET_FALLBACK_COMMAND_ERROR = 7,
    RSP_UNSET_FALLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_unset_fallback_attribute_result_name(int64_t value);

/* End marker of euiccResult */
enum rsp_processing_terminated {
    RSP_TERMINATED_RESULT_SIZE_OVERFLOW = 1,
    RSP_TERMINATED_UNKNOWN_OR_DAMAGED_COMMAND = 2,
    RSP_TERMINATED_INTERRUPTION = 3,
    RSP_TERMINATED_UNDEFINED_ERROR = 127,
};
const char *rsp_processing_terminated_name(int64_t value);

/* eCO addEim */
enum rsp_add_eim_result_code {
    RSP_ADD_EIM_OK = 0,
    RSP_ADD_EIM_INSUFFICIENT_MEMORY = 1,
    RSP_ADD_EIM_ASSOCIATED_EIM_ALREADY_EXISTS = 2,
    RSP_ADD_EIM_CI_PK_UNKNOWN = 3,
    RSP_ADD_EIM_INVALID_ASSOCIATION_TOKEN = 5,
    RSP_ADD_EIM_COUNTER_VALUE_OUT_OF_RANGE = 6,
    RSP_ADD_EIM_COMMAND_ERROR = 7,
    RSP_ADD_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_add_eim_result_code_name(int64_t value);

/* eCO deleteEim */
enum rsp_delete_eim_result {
    RSP_DELETE_EIM_OK = 0,
    RSP_DELETE_EIM_EIM_NOT_FOUND = 1,
    RSP_DELETE_EIM_LAST_EIM_DELETED = 2,
    RSP_DELETE_EIM_COMMAND_ERROR = 7,
    RSP_DELETE_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_delete_eim_result_name(int64_t value);

/* eCO updateEim */
enum rsp_update_eim_result {
    RSP_UPDATE_EIM_OK = 0,
    RSP_UPDATE_EIM_EIM_NOT_FOUND = 1,
    RSP_UPDATE_EIM_CI_PK_UNKNOWN = 3,
    RSP_UPDATE_EIM_COUNTER_VALUE_OUT_OF_RANGE = 6,
    RSP_UPDATE_EIM_COMMAND_ERROR = 7,
    RSP_UPDATE_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_update_eim_result_name(int64_t value);

/* eCO listEim */
enum rsp_list_eim_error {
    RSP_LIST_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_list_eim_error_name(int64_t value);

/* PSMO and ES10 SetDefaultDpAddress */
enum rsp_set_default_dp_address_result {
    RSP_SET_DEFAULT_DP_OK = 0,
    RSP_SET_DEFAULT_DP_UNDEFINED_ERROR = 127,
};
const char *rsp_set_default_dp_address_result_name(int64_t value);

/* SGP.32 5.9.4 */
enum rsp_add_initial_eim_error {
    RSP_INITIAL_EIM_INSUFFICIENT_MEMORY = 1,
    RSP_INITIAL_EIM_ASSOCIATED_EIM_ALREADY_EXISTS = 2,
    RSP_INITIAL_EIM_CI_PK_UNKNOWN = 3,
    RSP_INITIAL_EIM_INVALID_ASSOCIATION_TOKEN = 5,
    RSP_INITIAL_EIM_COUNTER_VALUE_OUT_OF_RANGE = 6,
    RSP_INITIAL_EIM_COMMAND_ERROR = 7,
    RSP_INITIAL_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_add_initial_eim_error_name(int64_t value);

/* SGP.32 5.9.10 */
enum rsp_get_certs_error {
    RSP_GET_CERTS_INVALID_CI_PKID = 1,
    RSP_GET_CERTS_UNDEFINED_ERROR = 127,
};
const char *rsp_get_certs_error_name(int64_t value);

/* SGP.32 5.9.15 */
enum rsp_immediate_enable_result {
    RSP_IMMEDIATE_ENABLE_OK = 0,
    RSP_IMMEDIATE_ENABLE_IMMEDIATE_ENABLE_NOT_AVAILABLE = 1,
    RSP_IMMEDIATE_ENABLE_NO_SESSION_CONTEXT = 4,
    RSP_IMMEDIATE_ENABLE_CAT_BUSY = 5,
    RSP_IMMEDIATE_ENABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_immediate_enable_result_name(int64_t value);

/* SGP.32 5.9.16 */
enum rsp_profile_rollback_result {
    RSP_PROFILE_ROLLBACK_OK = 0,
    RSP_PROFILE_ROLLBACK_ROLLBACK_NOT_ALLOWED = 1,
    RSP_PROFILE_ROLLBACK_CAT_BUSY = 5,
    RSP_PROFILE_ROLLBACK_COMMAND_ERROR = 7,
    RSP_PROFILE_ROLLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_profile_rollback_result_name(int64_t value);

/* SGP.32 5.9.17 */
enum rsp_configure_immediate_profile_enabling_result {
    RSP_CONFIGURE_IMMEDIATE_OK = 0,
    RSP_CONFIGURE_IMMEDIATE_INSUFFICIENT_MEMORY = 1,
    RSP_CONFIGURE_IMMEDIATE_ASSOCIATED_EIM_ALREADY_EXISTS = 2,
    RSP_CONFIGURE_IMMEDIATE_UNDEFINED_ERROR = 127,
};
const char *rsp_configure_immediate_profile_enabling_result_name(int64_t value);

/* SGP.32 5.9.20 */
enum rsp_execute_fallback_result {
    RSP_EXECUTE_FALLBACK_OK = 0,
    RSP_EXECUTE_FALLBACK_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_EXECUTE_FALLBACK_CAT_BUSY = 5,
    RSP_EXECUTE_FALLBACK_FALLBACK_NOT_AVAILABLE = 6,
    RSP_EXECUTE_FALLBACK_COMMAND_ERROR = 7,
    RSP_EXECUTE_FALLBACK_ECALL_ACTIVE = 104,
    RSP_EXECUTE_FALLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_execute_fallback_result_name(int64_t value);

/* SGP.32 5.9.21 */
enum rsp_return_from_fallback_result {
    RSP_RETURN_FALLBACK_OK = 0,
    RSP_RETURN_FALLBACK_CAT_BUSY = 5,
    RSP_RETURN_FALLBACK_FALLBACK_NOT_AVAILABLE = 6,
    RSP_RETURN_FALLBACK_COMMAND_ERROR = 7,
    RSP_RETURN_FALLBACK_UNDEFINED_ERROR = 127,
};
const char *rsp_return_from_fallback_result_name(int64_t value);

/* SGP.32 5.9.22 */
enum rsp_enable_emergency_profile_result {
    RSP_ENABLE_EMERGENCY_OK = 0,
    RSP_ENABLE_EMERGENCY_PROFILE_NOT_IN_DISABLED_STATE = 2,
    RSP_ENABLE_EMERGENCY_CAT_BUSY = 5,
    RSP_ENABLE_EMERGENCY_ECALL_NOT_AVAILABLE = 8,
    RSP_ENABLE_EMERGENCY_UNDEFINED_ERROR = 127,
};
const char *rsp_enable_emergency_profile_result_name(int64_t value);

/* SGP.32 5.9.23 */
enum rsp_disable_emergency_profile_result {
    RSP_DISABLE_EMERGENCY_OK = 0,
    RSP_DISABLE_EMERGENCY_PROFILE_NOT_IN_ENABLED_STATE = 2,
    RSP_DISABLE_EMERGENCY_CAT_BUSY = 5,
    RSP_DISABLE_EMERGENCY_ECALL_NOT_AVAILABLE = 8, /* SGP.32 v1.3 */
    RSP_DISABLE_EMERGENCY_UNDEFINED_ERROR = 127,
};
const char *rsp_disable_emergency_profile_result_name(int64_t value);

/* SGP.32 5.9.5, profiles */
enum rsp_memory_reset_result {
    RSP_RESET_OK = 0,
    RSP_RESET_NOTHING_TO_DELETE = 1,
    RSP_RESET_CAT_BUSY = 5,
    RSP_RESET_ECALL_ACTIVE = 104,
    RSP_RESET_UNDEFINED_ERROR = 127,
};
const char *rsp_memory_reset_result_name(int64_t value);

/* SGP.32 5.9.5, eIM data */
enum rsp_memory_reset_eim_result {
    RSP_RESET_EIM_OK = 0,
    RSP_RESET_EIM_NOTHING_TO_DELETE = 1,
    RSP_RESET_EIM_EIM_RESET_NOT_SUPPORTED = 2,
    RSP_RESET_EIM_UNDEFINED_ERROR = 127,
};
const char *rsp_memory_reset_eim_result_name(int64_t value);

/* eUICCMemoryReset of the configuration of immediate enabling */
enum rsp_memory_reset_immediate_enable_result {
    RSP_RESET_IMMEDIATE_ENABLE_OK = 0,
    RSP_RESET_IMMEDIATE_ENABLE_NOT_SUPPORTED = 1,
    RSP_RESET_IMMEDIATE_ENABLE_UNDEFINED_ERROR = 127,
};
const char *rsp_memory_reset_immediate_enable_result_name(int64_t value);

/* IpaEuiccDataResponse */
enum rsp_ipa_euicc_data_error_code {
    RSP_IPA_DATA_INCORRECT_TAG_LIST = 1,
    RSP_IPA_DATA_EUICC_CI_PKID_NOT_FOUND = 5,
    RSP_IPA_DATA_ECALL_ACTIVE = 104,
    RSP_IPA_DATA_UNDEFINED_ERROR = 127,
};
const char *rsp_ipa_euicc_data_error_code_name(int64_t value);

/* ProfileDownloadTriggerResult */
enum rsp_profile_download_error_reason {
    RSP_DOWNLOAD_TRIGGER_ECALL_ACTIVE = 104,
    RSP_DOWNLOAD_TRIGGER_UNDEFINED_ERROR = 127,
};
const char *rsp_profile_download_error_reason_name(int64_t value);

/* GetEimPackageRequest */
enum rsp_state_change_cause {
    RSP_CAUSE_OTHER_EIM = 0,
    RSP_CAUSE_FALLBACK = 1,
    RSP_CAUSE_EMERGENCY_PROFILE = 2,
    RSP_CAUSE_LOCAL = 3,
    RSP_CAUSE_RESET = 4,
    RSP_CAUSE_IMMEDIATE_ENABLE_PROFILE = 5,
    RSP_CAUSE_DEVICE_CHANGE = 6,
    RSP_CAUSE_UNDEFINED = 127,
};
const char *rsp_state_change_cause_name(int64_t value);

/* GetEimPackageResponse; 1 is the ordinary end of polling */
enum rsp_eim_package_error {
    RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE = 1,
    RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND = 2,
    RSP_EIM_PACKAGE_ERROR_INVALID_EID = 3,
    RSP_EIM_PACKAGE_ERROR_MISSING_EID = 4,
    RSP_EIM_PACKAGE_ERROR_UNDEFINED_ERROR = 127,
};
const char *rsp_eim_package_error_name(int64_t value);

/* eimPackageResultResponseError */
enum rsp_eim_package_result_error_code {
    RSP_EIM_RESULT_ERROR_INVALID_PACKAGE_FORMAT = 1,
    RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE = 2,
    RSP_EIM_RESULT_ERROR_UNDEFINED_ERROR = 127,
};
const char *rsp_eim_package_result_error_code_name(int64_t value);

/* ProvideEimPackageResultResponse */
enum rsp_provide_eim_package_result_error {
    RSP_PROVIDE_ERROR_EID_NOT_FOUND = 2,
    RSP_PROVIDE_ERROR_INVALID_EID = 3,
    RSP_PROVIDE_ERROR_MISSING_EID = 4,
    RSP_PROVIDE_ERROR_UNDEFINED_ERROR = 127,
};
const char *rsp_provide_eim_package_result_error_name(int64_t value);

#endif
