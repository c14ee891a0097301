#include "trace_names.h"

#include <stdio.h>
#include <string.h>

#include "der.h"

struct tag_name {
    uint32_t tag;
    const char *request, *response;
};

static const struct tag_name es10_names[] = {
    { 0xbf20, "GetEuiccInfo1Request", "EUICCInfo1" },
    { 0xbf21, "PrepareDownloadRequest", "PrepareDownloadResponse" },
    { 0xbf22, "GetEuiccInfo2Request", "EUICCInfo2" },
    { 0xbf28, "ListNotificationRequest", "ListNotificationResponse" },
    { 0xbf29, "SetNicknameRequest", "SetNicknameResponse" },
    { 0xbf2b, "RetrieveNotificationsListRequest", "RetrieveNotificationsListResponse" },
    { 0xbf2d, "ProfileInfoListRequest", "ProfileInfoListResponse" },
    { 0xbf2e, "GetEuiccChallengeRequest", "GetEuiccChallengeResponse" },
    { 0xbf30, "NotificationSentRequest", "NotificationSentResponse" },
    { 0xbf31, "EnableProfileRequest", "EnableProfileResponse" },
    { 0xbf32, "DisableProfileRequest", "DisableProfileResponse" },
    { 0xbf33, "DeleteProfileRequest", "DeleteProfileResponse" },
    { 0xbf36, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0xbf37, "ProfileInstallationResult", "ProfileInstallationResult" },
    { 0xbf38, "AuthenticateServerRequest", "AuthenticateServerResponse" },
    { 0xbf3c, "EuiccConfiguredAddressesRequest", "EuiccConfiguredAddressesResponse" },
    { 0xbf3e, "GetEuiccDataRequest", "GetEuiccDataResponse" },
    { 0xbf41, "CancelSessionRequest", "CancelSessionResponse" },
    { 0xbf42, "IpaeActivationRequest", "IpaeActivationResponse" },
    { 0xbf43, "GetRatRequest", "GetRatResponse" },
    { 0xbf51, "EuiccPackageRequest", "EuiccPackageResult" },
    { 0xbf55, "GetEimConfigurationDataRequest", "GetEimConfigurationDataResponse" },
    { 0xbf56, "GetCertsRequest", "GetCertsResponse" },
    { 0xbf57, "AddInitialEimRequest", "AddInitialEimResponse" },
    { 0xbf58, "ProfileRollbackRequest", "ProfileRollbackResponse" },
    { 0xbf5a, "ImmediateEnableRequest", "ImmediateEnableResponse" },
    { 0xbf5b, "EnableEmergencyProfileRequest", "EnableEmergencyProfileResponse" },
    { 0xbf5c, "DisableEmergencyProfileRequest", "DisableEmergencyProfileResponse" },
    { 0xbf5d, "ExecuteFallbackMechanismRequest", "ExecuteFallbackMechanismResponse" },
    { 0xbf5e, "ReturnFromFallbackRequest", "ReturnFromFallbackResponse" },
    { 0xbf64, "EuiccMemoryResetRequest", "EuiccMemoryResetResponse" },
    { 0xa0, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0xa1, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0xa2, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0xa3, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0x86, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
    { 0x88, "LoadBoundProfilePackage", "LoadBoundProfilePackage" },
};

static const struct tag_name esipa_names[] = {
    { 0xbf39, "InitiateAuthenticationRequest", "InitiateAuthenticationResponse" },
    { 0xbf3a, "GetBoundProfilePackageRequest", "GetBoundProfilePackageResponse" },
    { 0xbf3b, "AuthenticateClientRequest", "AuthenticateClientResponse" },
    { 0xbf3d, "HandleNotification", "HandleNotification" },
    { 0xbf41, "CancelSessionRequest", "CancelSessionResponse" },
    { 0xbf4e, "TransferEimPackageRequest", "TransferEimPackageResponse" },
    { 0xbf4f, "GetEimPackageRequest", "GetEimPackageResponse" },
    { 0xbf50, "ProvideEimPackageResult", "ProvideEimPackageResultResponse" },
};

/* The first tag, read without the length: a BPP header stands before contents that are not there yet. */
static uint32_t first_tag(struct span body)
{
    if (!body.len)
        return 0;
    if ((body.at[0] & 0x1f) != 0x1f || body.len < 2)
        return body.at[0];
    return (uint32_t)body.at[0] << 8 | body.at[1];
}

static void name_by_tag(const struct tag_name *names, size_t count, struct span body, bool response,
                        char out[TRACE_NAME_MAX])
{
    uint32_t tag = first_tag(body);
    for (size_t i = 0; i < count; i++)
        if (names[i].tag == tag) {
            snprintf(out, TRACE_NAME_MAX, "%s", response ? names[i].response : names[i].request);
            return;
        }
    if (tag)
        snprintf(out, TRACE_NAME_MAX, "%X", (unsigned)tag);
    else
        snprintf(out, TRACE_NAME_MAX, "empty");
}

void trace_name_es10(struct span body, bool response, char name[TRACE_NAME_MAX])
{
    name_by_tag(es10_names, COUNT(es10_names), body, response, name);
}

/* "/gsma/rsp2/es9plus/initiateAuthentication" -> "InitiateAuthenticationRequest". */
static void name_by_path(const char *path, bool response, char name[TRACE_NAME_MAX])
{
    const char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    size_t len = strcspn(last, "?");
    snprintf(name, TRACE_NAME_MAX, "%.*s%s", (int)(len < 40 ? len : 40), last, response ? "Response" : "Request");
    if (name[0] >= 'a' && name[0] <= 'z')
        name[0] = (char)(name[0] - 'a' + 'A');
}

/* Without its query, and long identifiers cut to their ends: "/v1/euiccs/…0163/swap". */
static void short_path(const char *path, char out[48])
{
    static const char digits[] = "0123456789abcdefABCDEF-";
    size_t end = strcspn(path, "?"), at = 0;
    for (size_t i = 0; i < end;) {
        size_t run = i && path[i - 1] == '/' ? strspn(path + i, digits) : 0;
        bool whole = i + run == end || path[i + run] == '/';
        if (run >= 16 && whole && at + 8 < 48) {
            at += (size_t)snprintf(out + at, 48 - at, "…%.4s", path + i + run - 4);
            i += run;
        } else if (at + 1 < 48)
            out[at++] = path[i++];
        else
            break;
    }
    out[at] = 0;
}

void trace_name_http(const char *method, const char *path, struct span body, bool response, char via[16],
                     char name[TRACE_NAME_MAX])
{
    static const struct { const char *prefix, *via; } functions[] = {
        { "/gsma/rsp2/es9plus/", "ES9+" }, { "/gsma/rsp2/es2plus/", "ES2+" }, { "/gsma/rsp2/esipa/", "ESipa" },
    };
    for (size_t i = 0; i < COUNT(functions); i++)
        if (strncmp(path, functions[i].prefix, strlen(functions[i].prefix)) == 0) {
            snprintf(via, 16, "%s", functions[i].via);
            name_by_path(path, response, name);
            return;
        }
    if (strcmp(path, "/gsma/rsp2/asn1") == 0) {
        bool es9p = first_tag(body) == 0xa2;
        snprintf(via, 16, "%s", es9p ? "ES9+" : "ESipa");
        name_by_tag(esipa_names, COUNT(esipa_names), es9p ? span_sub(body, 2, body.len) : body, response, name);
        return;
    }
    char shown[48];
    short_path(path, shown);
    snprintf(via, 16, "%s", strncmp(path, "/rws/", 5) == 0 ? "platform" : "REST");
    snprintf(name, TRACE_NAME_MAX, "%s %s%s", method, shown, response ? " →" : "");
}

void trace_name_uicc(struct span command, bool response, char name[TRACE_NAME_MAX])
{
    static const struct { uint8_t ins; const char *name; } names[] = {
        { 0xa4, "SELECT" }, { 0xb0, "READ BINARY" }, { 0xb2, "READ RECORD" }, { 0xd6, "UPDATE BINARY" },
        { 0xdc, "UPDATE RECORD" }, { 0x78, "GET IDENTITY" }, { 0x88, "AUTHENTICATE" }, { 0x70, "MANAGE CHANNEL" }, { 0x20, "VERIFY" },
        { 0xf2, "STATUS" }, { 0x10, "TERMINAL PROFILE" }, { 0x12, "FETCH" }, { 0x14, "TERMINAL RESPONSE" },
        { 0xaa, "TERMINAL CAPABILITY" }, { 0x04, "DEACTIVATE FILE" }, { 0x44, "ACTIVATE FILE" },
        { 0xcb, "RETRIEVE DATA" }, { 0xdb, "SET DATA" }, { 0xa2, "SEARCH RECORD" }, { 0x32, "INCREASE" },
    };
    uint8_t ins = command.len > 1 ? command.at[1] : 0;
    const char *text = NULL;
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].ins == ins)
            text = names[i].name;
    if (text)
        snprintf(name, TRACE_NAME_MAX, "%s%s", text, response ? " →" : "");
    else
        snprintf(name, TRACE_NAME_MAX, "INS %02X%s", ins, response ? " →" : "");
}
