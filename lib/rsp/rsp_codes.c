#include "rsp_codes.h"

#include <stddef.h>

struct code {
    int64_t value;
    const char *name;
};

static const char *find(const struct code *codes, size_t count, int64_t value)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i].value == value)
            return codes[i].name;
    return "unknown";
}

#define CODE_NAMES(enumeration, ...)                                                                         \
    const char *rsp_##enumeration##_name(int64_t value)                                                      \
    {                                                                                                        \
        static const struct code codes[] = { __VA_ARGS__ };                                                  \
        return find(codes, sizeof codes / sizeof codes[0], value);                                           \
    }

CODE_NAMES(initiate_authentication_error,
           { RSP_INITIATE_AUTHENTICATION_INVALID_DP_ADDRESS, "invalidDpAddress" },
           { RSP_INITIATE_AUTHENTICATION_EUICC_VERSION_NOT_SUPPORTED_BY_DP, "euiccVersionNotSupportedByDp" },
           { RSP_INITIATE_AUTHENTICATION_CI_PKID_NOT_SUPPORTED, "ciPKIdNotSupported" },
           { RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH, "smdpAddressMismatch" },
           { RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH, "smdpOidMismatch" },
           { RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID, "invalidEimTransactionId" },
           { RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(authenticate_error_code, { RSP_AUTHENTICATE_INVALID_CERTIFICATE, "invalidCertificate" },
           { RSP_AUTHENTICATE_INVALID_SIGNATURE, "invalidSignature" },
           { RSP_AUTHENTICATE_UNSUPPORTED_CURVE, "unsupportedCurve" },
           { RSP_AUTHENTICATE_NO_SESSION_CONTEXT, "noSessionContext" },
           { RSP_AUTHENTICATE_INVALID_OID, "invalidOid" },
           { RSP_AUTHENTICATE_EUICC_CHALLENGE_MISMATCH, "euiccChallengeMismatch" },
           { RSP_AUTHENTICATE_CI_PK_UNKNOWN, "ciPKUnknown" },
           { RSP_AUTHENTICATE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(authenticate_client_error,
           { RSP_AUTHENTICATE_CLIENT_EUM_CERTIFICATE_INVALID, "eumCertificateInvalid" },
           { RSP_AUTHENTICATE_CLIENT_EUM_CERTIFICATE_EXPIRED, "eumCertificateExpired" },
           { RSP_AUTHENTICATE_CLIENT_EUICC_CERTIFICATE_INVALID, "euiccCertificateInvalid" },
           { RSP_AUTHENTICATE_CLIENT_EUICC_CERTIFICATE_EXPIRED, "euiccCertificateExpired" },
           { RSP_AUTHENTICATE_CLIENT_EUICC_SIGNATURE_INVALID, "euiccSignatureInvalid" },
           { RSP_AUTHENTICATE_CLIENT_MATCHING_ID_REFUSED, "matchingIdRefused" },
           { RSP_AUTHENTICATE_CLIENT_EID_MISMATCH, "eidMismatch" },
           { RSP_AUTHENTICATE_CLIENT_NO_ELIGIBLE_PROFILE, "noEligibleProfile" },
           { RSP_AUTHENTICATE_CLIENT_CI_PK_UNKNOWN, "ciPKUnknown" },
           { RSP_AUTHENTICATE_CLIENT_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_AUTHENTICATE_CLIENT_INSUFFICIENT_MEMORY, "insufficientMemory" },
           { RSP_AUTHENTICATE_CLIENT_PPR_NOT_ALLOWED, "pprNotAllowed" },
           { RSP_AUTHENTICATE_CLIENT_EVENT_ID_UNKNOWN, "eventIdUnknown" },
           { RSP_AUTHENTICATE_CLIENT_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(download_error_code, { RSP_DOWNLOAD_INVALID_CERTIFICATE, "invalidCertificate" },
           { RSP_DOWNLOAD_INVALID_SIGNATURE, "invalidSignature" },
           { RSP_DOWNLOAD_UNSUPPORTED_CURVE, "unsupportedCurve" },
           { RSP_DOWNLOAD_NO_SESSION_CONTEXT, "noSessionContext" },
           { RSP_DOWNLOAD_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_DOWNLOAD_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(get_bound_profile_package_error, { RSP_GET_BPP_EUICC_SIGNATURE_INVALID, "euiccSignatureInvalid" },
           { RSP_GET_BPP_CONFIRMATION_CODE_MISSING, "confirmationCodeMissing" },
           { RSP_GET_BPP_CONFIRMATION_CODE_REFUSED, "confirmationCodeRefused" },
           { RSP_GET_BPP_CONFIRMATION_CODE_RETRIES_EXCEEDED, "confirmationCodeRetriesExceeded" },
           { RSP_GET_BPP_BPP_REBINDING_REFUSED, "bppRebindingRefused" },
           { RSP_GET_BPP_DOWNLOAD_ORDER_EXPIRED, "downloadOrderExpired" },
           { RSP_GET_BPP_METADATA_MISMATCH, "metadataMismatch" },
           { RSP_GET_BPP_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_GET_BPP_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(cancel_session_reason, { RSP_CANCEL_REASON_END_USER_REJECTION, "endUserRejection" },
           { RSP_CANCEL_REASON_POSTPONED, "postponed" }, { RSP_CANCEL_REASON_TIMEOUT, "timeout" },
           { RSP_CANCEL_REASON_PPR_NOT_ALLOWED, "pprNotAllowed" },
           { RSP_CANCEL_REASON_METADATA_MISMATCH, "metadataMismatch" },
           { RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR, "loadBppExecutionError" },
           { RSP_CANCEL_REASON_UNDEFINED_REASON, "undefinedReason" })

CODE_NAMES(cancel_session_response_error,
           { RSP_CANCEL_RESPONSE_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_CANCEL_RESPONSE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(cancel_session_error, { RSP_CANCEL_SESSION_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_CANCEL_SESSION_EUICC_SIGNATURE_INVALID, "euiccSignatureInvalid" },
           { RSP_CANCEL_SESSION_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(bpp_command_id, { RSP_BPP_INITIALISE_SECURE_CHANNEL, "initialiseSecureChannel" },
           { RSP_BPP_CONFIGURE_ISDP, "configureISDP" }, { RSP_BPP_STORE_METADATA, "storeMetadata" },
           { RSP_BPP_STORE_METADATA2, "storeMetadata2" },
           { RSP_BPP_REPLACE_SESSION_KEYS, "replaceSessionKeys" },
           { RSP_BPP_LOAD_PROFILE_ELEMENTS, "loadProfileElements" })

CODE_NAMES(error_reason, { RSP_INSTALL_INCORRECT_INPUT_VALUES, "incorrectInputValues" },
           { RSP_INSTALL_INVALID_SIGNATURE, "invalidSignature" },
           { RSP_INSTALL_INVALID_TRANSACTION_ID, "invalidTransactionId" },
           { RSP_INSTALL_UNSUPPORTED_CRT_VALUES, "unsupportedCrtValues" },
           { RSP_INSTALL_UNSUPPORTED_REMOTE_OPERATION_TYPE, "unsupportedRemoteOperationType" },
           { RSP_INSTALL_UNSUPPORTED_PROFILE_CLASS, "unsupportedProfileClass" },
           { RSP_INSTALL_SCP03T_STRUCTURE_ERROR, "scp03tStructureError" },
           { RSP_INSTALL_SCP03T_SECURITY_ERROR, "scp03tSecurityError" },
           { RSP_INSTALL_ICCID_ALREADY_EXISTS_ON_EUICC, "installFailedDueToIccidAlreadyExistsOnEuicc" },
           { RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE, "installFailedDueToInsufficientMemoryForProfile" },
           { RSP_INSTALL_INTERRUPTION, "installFailedDueToInterruption" },
           { RSP_INSTALL_PE_PROCESSING_ERROR, "installFailedDueToPEProcessingError" },
           { RSP_INSTALL_DATA_MISMATCH, "installFailedDueToDataMismatch" },
           { RSP_INSTALL_TEST_PROFILE_INVALID_NAA_KEY, "testProfileInstallFailedDueToInvalidNaaKey" },
           { RSP_INSTALL_PPR_NOT_ALLOWED, "pprNotAllowed" },
           { RSP_INSTALL_UNKNOWN_ERROR, "installFailedDueToUnknownError" })

CODE_NAMES(notification_sent_status, { RSP_NOTIFICATION_SENT_OK, "ok" },
           { RSP_NOTIFICATION_SENT_NOTHING_TO_DELETE, "nothingToDelete" },
           { RSP_NOTIFICATION_SENT_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(enable_result, { RSP_ENABLE_OK, "ok" },
           { RSP_ENABLE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_ENABLE_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_ENABLE_DISALLOWED_BY_POLICY, "disallowedByPolicy" },
           { RSP_ENABLE_WRONG_PROFILE_REENABLING, "wrongProfileReenabling" },
           { RSP_ENABLE_CAT_BUSY, "catBusy" }, { RSP_ENABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(disable_result, { RSP_DISABLE_OK, "ok" },
           { RSP_DISABLE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_DISABLE_PROFILE_NOT_IN_ENABLED_STATE, "profileNotInEnabledState" },
           { RSP_DISABLE_DISALLOWED_BY_POLICY, "disallowedByPolicy" }, { RSP_DISABLE_CAT_BUSY, "catBusy" },
           { RSP_DISABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(delete_result, { RSP_DELETE_OK, "ok" },
           { RSP_DELETE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_DELETE_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_DELETE_DISALLOWED_BY_POLICY, "disallowedByPolicy" },
           { RSP_DELETE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(profile_info_list_error, { RSP_PROFILE_INFO_INCORRECT_INPUT_VALUES, "incorrectInputValues" },
           { RSP_PROFILE_INFO_PROFILE_CHANGE_ONGOING, "profileChangeOngoing" },
           { RSP_PROFILE_INFO_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(euicc_package_error_code, { RSP_PACKAGE_INVALID_EID, "invalidEid" },
           { RSP_PACKAGE_REPLAY_ERROR, "replayError" },
           { RSP_PACKAGE_COUNTER_VALUE_OUT_OF_RANGE, "counterValueOutOfRange" },
           { RSP_PACKAGE_SIZE_OVERFLOW, "sizeOverflow" }, { RSP_PACKAGE_ECALL_ACTIVE, "ecallActive" },
           { RSP_PACKAGE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(psmo_enable_result, { RSP_PSMO_ENABLE_OK, "ok" },
           { RSP_PSMO_ENABLE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_PSMO_ENABLE_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_PSMO_ENABLE_DISALLOWED_BY_POLICY, "disallowedByPolicy" },
           { RSP_PSMO_ENABLE_CAT_BUSY, "catBusy" },
           { RSP_PSMO_ENABLE_ROLLBACK_NOT_AVAILABLE, "rollbackNotAvailable" },
           { RSP_PSMO_ENABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(psmo_disable_result, { RSP_PSMO_DISABLE_OK, "ok" },
           { RSP_PSMO_DISABLE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_PSMO_DISABLE_PROFILE_NOT_IN_ENABLED_STATE, "profileNotInEnabledState" },
           { RSP_PSMO_DISABLE_DISALLOWED_BY_POLICY, "disallowedByPolicy" },
           { RSP_PSMO_DISABLE_CAT_BUSY, "catBusy" }, { RSP_PSMO_DISABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(psmo_delete_result, { RSP_PSMO_DELETE_OK, "ok" },
           { RSP_PSMO_DELETE_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_PSMO_DELETE_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_PSMO_DELETE_DISALLOWED_BY_POLICY, "disallowedByPolicy" },
           { RSP_PSMO_DELETE_ROLLBACK_NOT_AVAILABLE, "rollbackNotAvailable" },
           { RSP_PSMO_DELETE_RETURN_FALLBACK_PROFILE, "returnFallbackProfile" },
           { RSP_PSMO_DELETE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(rollback_result, { RSP_ROLLBACK_OK, "ok" }, { RSP_ROLLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(configure_immediate_enable_result, { RSP_IMMEDIATE_CONFIG_OK, "ok" },
           { RSP_IMMEDIATE_CONFIG_INSUFFICIENT_MEMORY, "insufficientMemory" },
           { RSP_IMMEDIATE_CONFIG_COMMAND_ERROR, "commandError" },
           { RSP_IMMEDIATE_CONFIG_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(set_fallback_attribute_result, { RSP_SET_FALLBACK_OK, "ok" },
           { RSP_SET_FALLBACK_ICCID_OR_AID_NOT_FOUND, "iccidOrAidNotFound" },
           { RSP_SET_FALLBACK_FALLBACK_NOT_ALLOWED, "fallbackNotAllowed" },
           { RSP_SET_FALLBACK_FALLBACK_PROFILE_ENABLED, "fallbackProfileEnabled" },
           { RSP_SET_FALLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(unset_fallback_attribute_result, { RSP_UNSET_FALLBACK_OK, "ok" },
           { RSP_UNSET_FALLBACK_NO_FALLBACK_ATTRIBUTE, "noFallbackAttribute" },
           { RSP_UNSET_FALLBACK_FALLBACK_PROFILE_ENABLED, "fallbackProfileEnabled" },
           { RSP_UNSET_FALLBACK_COMMAND_ERROR, "commandError" },
           { RSP_UNSET_FALLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(processing_terminated, { RSP_TERMINATED_RESULT_SIZE_OVERFLOW, "resultSizeOverflow" },
           { RSP_TERMINATED_UNKNOWN_OR_DAMAGED_COMMAND, "unknownOrDamagedCommand" },
           { RSP_TERMINATED_INTERRUPTION, "interruption" },
           { RSP_TERMINATED_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(add_eim_result_code, { RSP_ADD_EIM_OK, "ok" },
           { RSP_ADD_EIM_INSUFFICIENT_MEMORY, "insufficientMemory" },
           { RSP_ADD_EIM_ASSOCIATED_EIM_ALREADY_EXISTS, "associatedEimAlreadyExists" },
           { RSP_ADD_EIM_CI_PK_UNKNOWN, "ciPKUnknown" },
           { RSP_ADD_EIM_INVALID_ASSOCIATION_TOKEN, "invalidAssociationToken" },
           { RSP_ADD_EIM_COUNTER_VALUE_OUT_OF_RANGE, "counterValueOutOfRange" },
           { RSP_ADD_EIM_COMMAND_ERROR, "commandError" }, { RSP_ADD_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(delete_eim_result, { RSP_DELETE_EIM_OK, "ok" }, { RSP_DELETE_EIM_EIM_NOT_FOUND, "eimNotFound" },
           { RSP_DELETE_EIM_LAST_EIM_DELETED, "lastEimDeleted" },
           { RSP_DELETE_EIM_COMMAND_ERROR, "commandError" },
           { RSP_DELETE_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(update_eim_result, { RSP_UPDATE_EIM_OK, "ok" }, { RSP_UPDATE_EIM_EIM_NOT_FOUND, "eimNotFound" },
           { RSP_UPDATE_EIM_CI_PK_UNKNOWN, "ciPKUnknown" },
           { RSP_UPDATE_EIM_COUNTER_VALUE_OUT_OF_RANGE, "counterValueOutOfRange" },
           { RSP_UPDATE_EIM_COMMAND_ERROR, "commandError" },
           { RSP_UPDATE_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(list_eim_error, { RSP_LIST_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(set_default_dp_address_result, { RSP_SET_DEFAULT_DP_OK, "ok" },
           { RSP_SET_DEFAULT_DP_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(add_initial_eim_error, { RSP_INITIAL_EIM_INSUFFICIENT_MEMORY, "insufficientMemory" },
           { RSP_INITIAL_EIM_ASSOCIATED_EIM_ALREADY_EXISTS, "associatedEimAlreadyExists" },
           { RSP_INITIAL_EIM_CI_PK_UNKNOWN, "ciPKUnknown" },
           { RSP_INITIAL_EIM_INVALID_ASSOCIATION_TOKEN, "invalidAssociationToken" },
           { RSP_INITIAL_EIM_COUNTER_VALUE_OUT_OF_RANGE, "counterValueOutOfRange" },
           { RSP_INITIAL_EIM_COMMAND_ERROR, "commandError" },
           { RSP_INITIAL_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(get_certs_error, { RSP_GET_CERTS_INVALID_CI_PKID, "invalidCiPKId" },
           { RSP_GET_CERTS_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(immediate_enable_result, { RSP_IMMEDIATE_ENABLE_OK, "ok" },
           { RSP_IMMEDIATE_ENABLE_IMMEDIATE_ENABLE_NOT_AVAILABLE, "immediateEnableNotAvailable" },
           { RSP_IMMEDIATE_ENABLE_NO_SESSION_CONTEXT, "noSessionContext" },
           { RSP_IMMEDIATE_ENABLE_CAT_BUSY, "catBusy" },
           { RSP_IMMEDIATE_ENABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(profile_rollback_result, { RSP_PROFILE_ROLLBACK_OK, "ok" },
           { RSP_PROFILE_ROLLBACK_ROLLBACK_NOT_ALLOWED, "rollbackNotAllowed" },
           { RSP_PROFILE_ROLLBACK_CAT_BUSY, "catBusy" },
           { RSP_PROFILE_ROLLBACK_COMMAND_ERROR, "commandError" },
           { RSP_PROFILE_ROLLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(configure_immediate_profile_enabling_result, { RSP_CONFIGURE_IMMEDIATE_OK, "ok" },
           { RSP_CONFIGURE_IMMEDIATE_INSUFFICIENT_MEMORY, "insufficientMemory" },
           { RSP_CONFIGURE_IMMEDIATE_ASSOCIATED_EIM_ALREADY_EXISTS, "associatedEimAlreadyExists" },
           { RSP_CONFIGURE_IMMEDIATE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(execute_fallback_result, { RSP_EXECUTE_FALLBACK_OK, "ok" },
           { RSP_EXECUTE_FALLBACK_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_EXECUTE_FALLBACK_CAT_BUSY, "catBusy" },
           { RSP_EXECUTE_FALLBACK_FALLBACK_NOT_AVAILABLE, "fallbackNotAvailable" },
           { RSP_EXECUTE_FALLBACK_COMMAND_ERROR, "commandError" },
           { RSP_EXECUTE_FALLBACK_ECALL_ACTIVE, "ecallActive" },
           { RSP_EXECUTE_FALLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(return_from_fallback_result, { RSP_RETURN_FALLBACK_OK, "ok" },
           { RSP_RETURN_FALLBACK_CAT_BUSY, "catBusy" },
           { RSP_RETURN_FALLBACK_FALLBACK_NOT_AVAILABLE, "fallbackNotAvailable" },
           { RSP_RETURN_FALLBACK_COMMAND_ERROR, "commandError" },
           { RSP_RETURN_FALLBACK_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(enable_emergency_profile_result, { RSP_ENABLE_EMERGENCY_OK, "ok" },
           { RSP_ENABLE_EMERGENCY_PROFILE_NOT_IN_DISABLED_STATE, "profileNotInDisabledState" },
           { RSP_ENABLE_EMERGENCY_CAT_BUSY, "catBusy" },
           { RSP_ENABLE_EMERGENCY_ECALL_NOT_AVAILABLE, "ecallNotAvailable" },
           { RSP_ENABLE_EMERGENCY_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(disable_emergency_profile_result, { RSP_DISABLE_EMERGENCY_OK, "ok" },
           { RSP_DISABLE_EMERGENCY_PROFILE_NOT_IN_ENABLED_STATE, "profileNotInEnabledState" },
           { RSP_DISABLE_EMERGENCY_CAT_BUSY, "catBusy" },
           { RSP_DISABLE_EMERGENCY_ECALL_NOT_AVAILABLE, "ecallNotAvailable" },
           { RSP_DISABLE_EMERGENCY_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(memory_reset_result, { RSP_RESET_OK, "ok" }, { RSP_RESET_NOTHING_TO_DELETE, "nothingToDelete" },
           { RSP_RESET_CAT_BUSY, "catBusy" }, { RSP_RESET_ECALL_ACTIVE, "ecallActive" },
           { RSP_RESET_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(memory_reset_eim_result, { RSP_RESET_EIM_OK, "ok" },
           { RSP_RESET_EIM_NOTHING_TO_DELETE, "nothingToDelete" },
           { RSP_RESET_EIM_EIM_RESET_NOT_SUPPORTED, "eimResetNotSupported" },
           { RSP_RESET_EIM_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(memory_reset_immediate_enable_result, { RSP_RESET_IMMEDIATE_ENABLE_OK, "ok" },
           { RSP_RESET_IMMEDIATE_ENABLE_NOT_SUPPORTED, "resetIECNotSupported" },
           { RSP_RESET_IMMEDIATE_ENABLE_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(ipa_euicc_data_error_code, { RSP_IPA_DATA_INCORRECT_TAG_LIST, "incorrectTagList" },
           { RSP_IPA_DATA_EUICC_CI_PKID_NOT_FOUND, "euiccCiPKIdNotFound" },
           { RSP_IPA_DATA_ECALL_ACTIVE, "ecallActive" }, { RSP_IPA_DATA_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(profile_download_error_reason, { RSP_DOWNLOAD_TRIGGER_ECALL_ACTIVE, "ecallActive" },
           { RSP_DOWNLOAD_TRIGGER_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(state_change_cause, { RSP_CAUSE_OTHER_EIM, "otherEim" }, { RSP_CAUSE_FALLBACK, "fallback" },
           { RSP_CAUSE_EMERGENCY_PROFILE, "emergencyProfile" }, { RSP_CAUSE_LOCAL, "local" },
           { RSP_CAUSE_RESET, "reset" }, { RSP_CAUSE_IMMEDIATE_ENABLE_PROFILE, "immediateEnableProfile" },
           { RSP_CAUSE_DEVICE_CHANGE, "deviceChange" }, { RSP_CAUSE_UNDEFINED, "undefined" })

CODE_NAMES(eim_package_error, { RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE, "noEimPackageAvailable" },
           { RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND, "eidNotFound" },
           { RSP_EIM_PACKAGE_ERROR_INVALID_EID, "invalidEid" },
           { RSP_EIM_PACKAGE_ERROR_MISSING_EID, "missingEid" },
           { RSP_EIM_PACKAGE_ERROR_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(eim_package_result_error_code,
           { RSP_EIM_RESULT_ERROR_INVALID_PACKAGE_FORMAT, "invalidPackageFormat" },
           { RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE, "unknownPackage" },
           { RSP_EIM_RESULT_ERROR_UNDEFINED_ERROR, "undefinedError" })

CODE_NAMES(provide_eim_package_result_error, { RSP_PROVIDE_ERROR_EID_NOT_FOUND, "eidNotFound" },
           { RSP_PROVIDE_ERROR_INVALID_EID, "invalidEid" }, { RSP_PROVIDE_ERROR_MISSING_EID, "missingEid" },
           { RSP_PROVIDE_ERROR_UNDEFINED_ERROR, "undefinedError" })
