/* Every result and error code that the tables of the specifications give the card (catalogue A.3 to A.5, A.10, D.1): was each
 * of them in an answer while the tests ran? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp_schema.h"
#include "world.h"

#define END (-1)
#define EUICC_RESPONSE 0x30 /* in the installation result that bears it */

static const struct table {
    uint32_t tag;
    const char *answer, *member; /* names of the ASN.1 modules */
    int values[20];
} tables[] = {
    { 0xbf21, "SGP32-PrepareDownloadResponse", "downloadErrorCode", { 1, 2, 3, 4, 5, 127, END } },
    { 0xbf28, "ListNotificationResponse", "listNotificationsResultError", { 127, END } },
    { 0xbf29, "SetNicknameResponse", "setNicknameResult", { 0, 1, 127, END } },
    { 0xbf2b, "SGP32-RetrieveNotificationsListResponse", "notificationsListResultError", { 127, END } },
    { 0xbf2d, "SGP32-ProfileInfoListResponse", "profileInfoListError", { 1, 127, END } },
    { 0xbf30, "NotificationSentResponse", "deleteNotificationStatus", { 0, 1, 127, END } },
    { 0xbf31, "EnableProfileResponse", "enableResult", { 0, 1, 2, 3, 4, 5, 127, END } },
    { 0xbf32, "DisableProfileResponse", "disableResult", { 0, 1, 2, 3, 5, 127, END } },
    { 0xbf33, "DeleteProfileResponse", "deleteResult", { 0, 1, 2, 3, 127, END } },
    { 0xbf34, "EuiccMemoryResetResponse", "resetResult", { 0, 1, 5, 127, END } },
    { 0xbf35, "LoadCRLResponse", "loadCRLResponseError", { 1, 2, 3, 4, 5, 6, 127, END } },
    { 0xbf37, "ProfileInstallationResult", "bppCommandId", { 0, 1, 2, 3, 4, 5, END } },
    { 0xbf37, "ProfileInstallationResult", "errorReason",
      { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 127, END } },
    { 0xbf38, "SGP32-AuthenticateServerResponse", "authenticateErrorCode", { 1, 2, 3, 4, 5, 6, 7, 127, END } },
    { 0xbf3f, "SetDefaultDpAddressResponse", "setDefaultDpAddressResult", { 0, 127, END } },
    { 0xbf41, "SGP32-CancelSessionResponse", "cancelSessionResponseError", { 5, 127, END } },
    { 0xbf41, "SGP32-CancelSessionResponse", "reason", { 0, 1, 2, 3, 4, 5, 127, END } },
    { 0xbf42, "IpaeActivationResponse", "ipaeActivationResult", { 0, 1, END } },
    { 0xbf51, "EuiccPackageResult", "euiccPackageErrorCode", { 3, 4, 6, 15, 104, 127, END } },
    { 0xbf51, "EuiccPackageResult", "enableResult", { 0, 1, 2, 3, 5, 20, 127, END } },
    { 0xbf51, "EuiccPackageResult", "disableResult", { 0, 1, 2, 3, 5, 127, END } },
    { 0xbf51, "EuiccPackageResult", "deleteResult", { 0, 1, 2, 3, 20, 21, 127, END } },
    { 0xbf51, "EuiccPackageResult", "profileInfoListError", { 1, 11, 127, END } },
    { 0xbf51, "EuiccPackageResult", "configureImmediateEnableResult", { 0, 1, 7, 127, END } },
    { 0xbf51, "EuiccPackageResult", "setFallbackAttributeResult", { 0, 1, 2, 3, 127, END } },
    { 0xbf51, "EuiccPackageResult", "unsetFallbackAttributeResult", { 0, 2, 3, 7, 127, END } },
    { 0xbf51, "EuiccPackageResult", "setDefaultDpAddressResult", { 0, 127, END } },
    { 0xbf51, "EuiccPackageResult", "addEimResultCode", { 0, 1, 2, 3, 5, 6, 7, 127, END } },
    { 0xbf51, "EuiccPackageResult", "deleteEimResult", { 0, 1, 2, 7, 127, END } },
    { 0xbf51, "EuiccPackageResult", "updateEimResult", { 0, 1, 3, 6, 7, 127, END } },
    { 0xbf51, "EuiccPackageResult", "listEimError", { 127, END } },
    { 0xbf51, "EuiccPackageResult", "processingTerminated", { 1, 2, 127, END } },
    { 0xbf56, "GetCertsResponse", "getCertsError", { 1, 127, END } },
    { 0xbf57, "AddInitialEimResponse", "addInitialEimError", { 1, 2, 3, 5, 6, 7, 127, END } },
    { 0xbf58, "ProfileRollbackResponse", "cmdResult", { 0, 1, 5, 7, 127, END } },
    { 0xbf58, "ProfileRollbackResponse", "rollbackResult", { 0, 127, END } },
    { 0xbf59, "ConfigureImmediateProfileEnablingResponse", "configImmediateEnableResult", { 0, 1, 2, 127, END } },
    { 0xbf5a, "ImmediateEnableResponse", "immediateEnableResult", { 0, 1, 4, 5, 127, END } },
    { 0xbf5b, "EnableEmergencyProfileResponse", "enableEmergencyProfileResult", { 0, 2, 5, 8, 127, END } },
    { 0xbf5c, "DisableEmergencyProfileResponse", "disableEmergencyProfileResult", { 0, 2, 5, 8, 127, END } },
    { 0xbf5d, "ExecuteFallbackMechanismResponse", "executeFallbackMechanismResult", { 0, 2, 5, 6, 7, 104, 127, END } },
    { 0xbf5e, "ReturnFromFallbackResponse", "returnFromFallbackResult", { 0, 5, 6, 7, 127, END } },
    { 0xbf5f, "GetConnectivityParametersResponse", "connectivityParametersError", { 1, 127, END } },
    { 0xbf64, "SGP32-EuiccMemoryResetResponse", "resetResult", { 0, 1, 5, 104, 127, END } },
    { 0xbf64, "SGP32-EuiccMemoryResetResponse", "resetEimResult", { 0, 1, 2, 127, END } },
    { 0xbf64, "SGP32-EuiccMemoryResetResponse", "resetImmediateEnableConfigResult", { 0, 1, 127, END } },
    { 0xbf65, "SGP32-SetDefaultDpAddressResponse", "setDefaultDpAddressResult", { 0, 127, END } },
    { EUICC_RESPONSE, "EUICCResponse", "status", { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 31, END } },
    /* Reason 11 and the end of a package by an interruption come from the list of what is kept. */
    { 0xbf2b, "SGP32-RetrieveNotificationsListResponse", "errorReason", { 11, END } },
    { 0xbf2b, "SGP32-RetrieveNotificationsListResponse", "processingTerminated", { 3, END } },
};
static bool said[COUNT(tables)][20];

static void note(const struct table *t, const char *member, int value)
{
    for (size_t n = 0; t->values[n] != END; n++)
        if (t->values[n] == value && !strcmp(t->member, member))
            said[t - tables][n] = true;
}

static void note_all(uint32_t tag, struct span answer)
{
    struct buf text = { .max = 1 << 20 };
    const char *printed = NULL;
    for (size_t i = 0; i < COUNT(tables); i++) {
        enum rsp_pdu pdu;
        if (tables[i].tag != tag)
            continue;
        if (!printed && (rsp_pdu_by_name(tables[i].answer, &pdu) || rsp_print(pdu, answer, &text)))
            break;
        printed = buf_cstr(&text);
        for (const char *line = printed; line; line = strchr(line + 1, '\n')) {
            char member[40];
            int value;
            if (sscanf(line, " %*x %39s %d", member, &value) == 2)
                note(&tables[i], member, value);
        }
    }
    buf_release(&text);
}

void said_note(struct span answer)
{
    struct rsp_profile_installation_result r;
    uint32_t tag = answer.len > 1 ? (uint32_t)answer.at[0] << 8 | answer.at[1] : 0;
    note_all(tag, answer);
    if (tag == 0xbf37 && !rsp_profile_installation_result_read(answer, &r))
        note_all(EUICC_RESPONSE, r.data.result.which == RSP_OK ? r.data.result.success.sima_response
                                                               : r.data.result.error.sima_response);
}

size_t said_missing(void)
{
    size_t missing = 0;
    for (size_t i = 0; i < COUNT(tables); i++)
        for (size_t n = 0; tables[i].values[n] != END; n++)
            if (!said[i][n] && ++missing)
                printf("no row plays %s: %s %d\n", tables[i].answer, tables[i].member, tables[i].values[n]);
    return missing;
}
