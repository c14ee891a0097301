/* Every message the generated decoder knows: enum member, ASN.1 type (as a C name), largest size in KiB.
 * Types of SGP.32 that widen an SGP.22 type of the same name are called SGP32-… */
#ifndef LAB_RSP_RSP_PDUS_H
#define LAB_RSP_RSP_PDUS_H

#define RSP_PDUS(X) \
    /* asn1/rsp.asn */ \
    X(RSP_GET_EUICC_INFO1_REQUEST, GetEuiccInfo1Request, 16) \
    X(RSP_GET_EUICC_INFO2_REQUEST, GetEuiccInfo2Request, 16) \
    X(RSP_EUICC_INFO1, EUICCInfo1, 16) \
    X(RSP_EUICC_INFO2, EUICCInfo2, 16) \
    X(RSP_GET_EUICC_CHALLENGE_REQUEST, GetEuiccChallengeRequest, 16) \
    X(RSP_GET_EUICC_CHALLENGE_RESPONSE, GetEuiccChallengeResponse, 16) \
    X(RSP_GET_EUICC_DATA_REQUEST, GetEuiccDataRequest, 16) \
    X(RSP_GET_EUICC_DATA_RESPONSE, GetEuiccDataResponse, 16) \
    X(RSP_EUICC_CONFIGURED_ADDRESSES_REQUEST, EuiccConfiguredAddressesRequest, 16) \
    X(RSP_EUICC_CONFIGURED_ADDRESSES_RESPONSE, EuiccConfiguredAddressesResponse, 16) \
    X(RSP_SET_DEFAULT_DP_ADDRESS_REQUEST, SetDefaultDpAddressRequest, 16) \
    X(RSP_SET_DEFAULT_DP_ADDRESS_RESPONSE, SetDefaultDpAddressResponse, 16) \
    X(RSP_ISDR_PROPRIETARY_APPLICATION_TEMPLATE, ISDRProprietaryApplicationTemplate, 16) \
    X(RSP_LPAE_ACTIVATION_REQUEST, LpaeActivationRequest, 16) \
    X(RSP_LPAE_ACTIVATION_RESPONSE, LpaeActivationResponse, 16) \
    X(RSP_DEVICE_INFO, DeviceInfo, 16) \
    X(RSP_CTX_PARAMS1, CtxParams1, 16) \
    X(RSP_CTX_PARAMS_FOR_COMMON_AUTHENTICATION, CtxParamsForCommonAuthentication, 16) \
    X(RSP_PROFILE_INFO, ProfileInfo, 16) \
    X(RSP_STORE_METADATA_REQUEST, StoreMetadataRequest, 16) \
    X(RSP_UPDATE_METADATA_REQUEST, UpdateMetadataRequest, 16) \
    X(RSP_PROFILE_INFO_LIST_REQUEST, ProfileInfoListRequest, 16) \
    X(RSP_PROFILE_INFO_LIST_RESPONSE, ProfileInfoListResponse, 64) \
    X(RSP_ENABLE_PROFILE_REQUEST, EnableProfileRequest, 16) \
    X(RSP_ENABLE_PROFILE_RESPONSE, EnableProfileResponse, 16) \
    X(RSP_DISABLE_PROFILE_REQUEST, DisableProfileRequest, 16) \
    X(RSP_DISABLE_PROFILE_RESPONSE, DisableProfileResponse, 16) \
    X(RSP_DELETE_PROFILE_REQUEST, DeleteProfileRequest, 16) \
    X(RSP_DELETE_PROFILE_RESPONSE, DeleteProfileResponse, 16) \
    X(RSP_EUICC_MEMORY_RESET_REQUEST, EuiccMemoryResetRequest, 16) \
    X(RSP_EUICC_MEMORY_RESET_RESPONSE, EuiccMemoryResetResponse, 16) \
    X(RSP_SET_NICKNAME_REQUEST, SetNicknameRequest, 16) \
    X(RSP_SET_NICKNAME_RESPONSE, SetNicknameResponse, 16) \
    X(RSP_GET_RAT_REQUEST, GetRatRequest, 16) \
    X(RSP_GET_RAT_RESPONSE, GetRatResponse, 16) \
    X(RSP_RULES_AUTHORISATION_TABLE, RulesAuthorisationTable, 16) \
    X(RSP_LOAD_CRL_REQUEST, LoadCRLRequest, 64) \
    X(RSP_LOAD_CRL_RESPONSE, LoadCRLResponse, 16) \
    X(RSP_INITIATE_AUTHENTICATION_REQUEST, InitiateAuthenticationRequest, 16) \
    X(RSP_INITIATE_AUTHENTICATION_RESPONSE, InitiateAuthenticationResponse, 16) \
    X(RSP_SERVER_SIGNED1, ServerSigned1, 16) \
    X(RSP_AUTHENTICATE_SERVER_REQUEST, AuthenticateServerRequest, 16) \
    X(RSP_AUTHENTICATE_SERVER_RESPONSE, AuthenticateServerResponse, 16) \
    X(RSP_EUICC_SIGNED1, EuiccSigned1, 16) \
    X(RSP_AUTHENTICATE_CLIENT_REQUEST, AuthenticateClientRequest, 16) \
    X(RSP_AUTHENTICATE_CLIENT_RESPONSE_ES9, AuthenticateClientResponseEs9, 16) \
    X(RSP_SMDP_SIGNED2, SmdpSigned2, 16) \
    X(RSP_AUTHENTICATE_CLIENT_RESPONSE_ES11, AuthenticateClientResponseEs11, 16) \
    X(RSP_PREPARE_DOWNLOAD_REQUEST, PrepareDownloadRequest, 16) \
    X(RSP_PREPARE_DOWNLOAD_RESPONSE, PrepareDownloadResponse, 16) \
    X(RSP_EUICC_SIGNED2, EUICCSigned2, 16) \
    X(RSP_GET_BOUND_PROFILE_PACKAGE_REQUEST, GetBoundProfilePackageRequest, 16) \
    X(RSP_GET_BOUND_PROFILE_PACKAGE_RESPONSE, GetBoundProfilePackageResponse, 768) \
    X(RSP_BOUND_PROFILE_PACKAGE, BoundProfilePackage, 768) \
    X(RSP_INITIALISE_SECURE_CHANNEL_REQUEST, InitialiseSecureChannelRequest, 16) \
    X(RSP_INITIALISE_SECURE_CHANNEL_REQUEST_VER, InitialiseSecureChannelRequest_ver, 16) \
    X(RSP_CONTROL_REF_TEMPLATE, ControlRefTemplate, 16) \
    X(RSP_CONFIGURE_ISDP_REQUEST, ConfigureISDPRequest, 16) \
    X(RSP_REPLACE_SESSION_KEYS_REQUEST, ReplaceSessionKeysRequest, 16) \
    X(RSP_PROFILE_INSTALLATION_RESULT, ProfileInstallationResult, 16) \
    X(RSP_PROFILE_INSTALLATION_RESULT_DATA, ProfileInstallationResultData, 16) \
    X(RSP_CANCEL_SESSION_REQUEST, CancelSessionRequest, 16) \
    X(RSP_CANCEL_SESSION_RESPONSE, CancelSessionResponse, 16) \
    X(RSP_EUICC_CANCEL_SESSION_SIGNED, EuiccCancelSessionSigned, 16) \
    X(RSP_CANCEL_SESSION_REQUEST_ES9, CancelSessionRequestEs9, 16) \
    X(RSP_CANCEL_SESSION_RESPONSE_ES9, CancelSessionResponseEs9, 16) \
    X(RSP_NOTIFICATION_METADATA, NotificationMetadata, 16) \
    X(RSP_OTHER_SIGNED_NOTIFICATION, OtherSignedNotification, 16) \
    X(RSP_PENDING_NOTIFICATION, PendingNotification, 16) \
    X(RSP_LIST_NOTIFICATION_REQUEST, ListNotificationRequest, 16) \
    X(RSP_LIST_NOTIFICATION_RESPONSE, ListNotificationResponse, 16) \
    X(RSP_RETRIEVE_NOTIFICATIONS_LIST_REQUEST, RetrieveNotificationsListRequest, 16) \
    X(RSP_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE, RetrieveNotificationsListResponse, 256) \
    X(RSP_NOTIFICATION_SENT_REQUEST, NotificationSentRequest, 16) \
    X(RSP_NOTIFICATION_SENT_RESPONSE, NotificationSentResponse, 16) \
    X(RSP_HANDLE_NOTIFICATION, HandleNotification, 16) \
    X(RSP_REMOTE_PROFILE_PROVISIONING_REQUEST, RemoteProfileProvisioningRequest, 16) \
    X(RSP_REMOTE_PROFILE_PROVISIONING_RESPONSE, RemoteProfileProvisioningResponse, 768)

#endif
