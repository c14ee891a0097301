/* Every vector is read into a struct, what was kept of its bytes is forgotten, and the struct is written
 * again: the bytes must be the vector's. Rows whose named bits end in zero bits, which DER does not write,
 * are only written twice. */
#include <string.h>

#include "rsp_esipa.h"
#include "rsp_es10.h"
#include "rsp_tests.h"
#include "vectors.h"

#define FORGET(kept) ((kept) = (struct span){ 0 })
#define REWRITE(x, ...)                                                                                      \
    static enum err rewrite_##x(struct span bytes, struct buf *out)                                          \
    {                                                                                                        \
        struct rsp_##x m;                                                                                    \
        enum err e = rsp_##x##_read(bytes, &m);                                                              \
        __VA_ARGS__;                                                                                         \
        return e ? e : rsp_##x##_write(&m, out);                                                             \
    }
#define PLAIN (void)0

static enum err rewrite_psmos(struct span list, struct buf *out)
{
    struct der d = der_open(list);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        struct rsp_psmo m;
        e = rsp_psmo_next(&d, &m);
        FORGET(m.whole);
        if (!e)
            e = rsp_psmo_write(&m, out);
    }
    return e;
}

static enum err rewrite_ecos(struct span list, struct buf *out)
{
    struct der d = der_open(list);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        struct rsp_eco m;
        e = rsp_eco_next(&d, &m);
        FORGET(m.whole);
        if (!e)
            e = rsp_eco_write(&m, out);
    }
    return e;
}

static enum err rewrite_euicc_package_signed(struct rsp_euicc_package_signed *m, struct buf *list)
{
    FORGET(m->signed_bytes);
    bool psmo = m->package.which == RSP_PACKAGE_PSMO;
    enum err e = psmo ? rewrite_psmos(m->package.psmo_list, list) : rewrite_ecos(m->package.eco_list, list);
    m->package.psmo_list = m->package.eco_list = list->len ? buf_span(list) : span_str("");
    return e;
}

static enum err rewrite_request(struct span bytes, struct buf *out)
{
    struct rsp_euicc_package_request m;
    struct buf list = { .max = 4096 };
    enum err e = rsp_euicc_package_request_read(bytes, &m);
    FORGET(m.whole);
    if (!e)
        e = rewrite_euicc_package_signed(&m.package_signed, &list);
    if (!e)
        e = rsp_euicc_package_request_write(&m, out);
    buf_release(&list);
    return e;
}

static enum err rewrite_package_signed(struct span bytes, struct buf *out)
{
    struct rsp_euicc_package_signed m;
    struct buf list = { .max = 4096 };
    enum err e = rsp_euicc_package_signed_read(bytes, &m);
    if (!e)
        e = rewrite_euicc_package_signed(&m, &list);
    if (!e)
        e = rsp_euicc_package_signed_write(&m, out);
    buf_release(&list);
    return e;
}

static enum err rewrite_profiles(struct span list, struct buf *out)
{
    struct der d = der_open(list);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        struct rsp_profile_info m;
        e = rsp_profile_info_next(&d, &m);
        FORGET(m.whole);
        if (!e)
            e = rsp_profile_info_write(&m, out);
    }
    return e;
}

static enum err rewrite_results(struct span list, struct buf *out)
{
    struct der d = der_open(list);
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        struct rsp_euicc_result m;
        struct buf profiles = { .max = 4096 };
        e = rsp_euicc_result_next(&d, &m);
        FORGET(m.whole);
        if (!e && m.profiles.which == RSP_OK) {
            e = rewrite_profiles(m.profiles.list, &profiles);
            m.profiles.list = buf_span(&profiles);
        }
        if (!e)
            e = rsp_euicc_result_write(&m, out);
        buf_release(&profiles);
    }
    return e;
}

static enum err rewrite_result(struct span bytes, struct buf *out)
{
    struct rsp_euicc_package_result m;
    struct buf list = { .max = 4096 };
    enum err e = rsp_euicc_package_result_read(bytes, &m);
    FORGET(m.whole);
    FORGET(m.result.data.signed_bytes);
    FORGET(m.error.data.signed_bytes);
    if (!e && m.which == RSP_PACKAGE_RESULT_SIGNED) {
        e = rewrite_results(m.result.data.results, &list);
        m.result.data.results = buf_span(&list);
    }
    if (!e)
        e = rsp_euicc_package_result_write(&m, out);
    buf_release(&list);
    return e;
}

static enum err rewrite_result_data(struct span bytes, struct buf *out)
{
    struct rsp_package_result_data m;
    struct buf list = { .max = 4096 };
    enum err e = rsp_package_result_data_read(bytes, &m);
    FORGET(m.signed_bytes);
    if (!e)
        e = rewrite_results(m.results, &list);
    m.results = buf_span(&list);
    if (!e)
        e = rsp_package_result_data_write(&m, out);
    buf_release(&list);
    return e;
}

static enum err rewrite_initial_eims(struct span bytes, struct buf *out)
{
    struct rsp_add_initial_eim_request m;
    struct buf list = { .max = 4096 };
    enum err e = rsp_add_initial_eim_request_read(bytes, &m);
    struct der d = der_open(m.list);
    while (!e && !der_at_end(&d)) {
        struct rsp_eim_configuration one;
        e = rsp_eim_configuration_next(&d, &one);
        FORGET(one.whole);
        if (!e)
            e = rsp_eim_configuration_write(&one, &list);
    }
    m.list = buf_span(&list);
    if (!e)
        e = rsp_add_initial_eim_request_write(&m, out);
    buf_release(&list);
    return e;
}

REWRITE(get_eim_package_request, PLAIN)
REWRITE(get_eim_package_response, FORGET(m.data.whole); FORGET(m.download.whole); FORGET(m.package.whole))
REWRITE(provide_eim_package_result, FORGET(m.whole); FORGET(m.result.package.whole);
        FORGET(m.result.download.whole))
REWRITE(provide_eim_package_result_response, PLAIN)
REWRITE(profile_download_trigger_request, FORGET(m.whole))
REWRITE(profile_download_trigger_result, FORGET(m.whole); FORGET(m.result.installation.whole);
        FORGET(m.result.installation.data.signed_bytes);
        FORGET(m.result.installation.data.metadata.signed_bytes))
REWRITE(ipa_euicc_data_response, PLAIN)
REWRITE(initiate_authentication_response_esipa, PLAIN)
REWRITE(cancel_session_response_es9, PLAIN)
REWRITE(add_initial_eim_response, PLAIN)
REWRITE(get_eim_configuration_request, PLAIN)
REWRITE(get_certs_request, PLAIN)
REWRITE(get_certs_response, PLAIN)
REWRITE(profile_rollback_response, FORGET(m.result.whole))
REWRITE(memory_reset_request, PLAIN)
REWRITE(memory_reset_response, PLAIN)
REWRITE(retrieve_notifications_request, PLAIN)
REWRITE(remove_notification_request, PLAIN)
REWRITE(list_notification_request, PLAIN)
REWRITE(euicc_info1, FORGET(m.whole))
REWRITE(euicc_info2, FORGET(m.whole))
REWRITE(enable_profile_request, PLAIN)
REWRITE(disable_profile_request, PLAIN)
REWRITE(delete_profile_request, PLAIN)
REWRITE(get_eid_request, PLAIN)
REWRITE(cancel_session_request, PLAIN)
REWRITE(notification_metadata, FORGET(m.signed_bytes))
REWRITE(server_signed1, FORGET(m.signed_bytes))
REWRITE(smdp_signed2, FORGET(m.signed_bytes))
REWRITE(store_metadata, FORGET(m.whole))
REWRITE(prepare_download_response, FORGET(m.whole); FORGET(m.ok.euicc_signed2.signed_bytes))
REWRITE(authenticate_server_response, FORGET(m.whole); FORGET(m.ok.euicc_signed1.signed_bytes);
        FORGET(m.ok.euicc_signed1.euicc_info2.whole); FORGET(m.ok.euicc_signed1.ctx_params1.whole))
REWRITE(bound_profile_package, FORGET(m.whole))
REWRITE(profile_installation_result, FORGET(m.whole); FORGET(m.data.signed_bytes);
        FORGET(m.data.metadata.signed_bytes))

#define CODE(tag)                                                                                            \
    static enum err rewrite_code_##tag(struct span bytes, struct buf *out)                                   \
    {                                                                                                        \
        int64_t code;                                                                                        \
        enum err e = rsp_code_read(0x##tag, bytes, &code);                                                   \
        return e ? e : rsp_code_write(0x##tag, code, out);                                                   \
    }
CODE(BF31)
CODE(BF42)
CODE(BF59)
CODE(BF5D)

static const struct rsp_wire recommended;
#define REFRESH(tag)                                                                                         \
    static enum err rewrite_refresh_##tag(struct span bytes, struct buf *out)                                \
    {                                                                                                        \
        bool refresh;                                                                                        \
        enum err e = rsp_refresh_read(0x##tag, bytes, &refresh);                                             \
        return e ? e : rsp_refresh_write(&recommended, 0x##tag, refresh, out);                               \
    }
REFRESH(BF58)
REFRESH(BF5A)
REFRESH(BF5B)
REFRESH(BF5C)
REFRESH(BF5D)
REFRESH(BF5E)

#define DEFAULT_DP(tag)                                                                                      \
    static enum err rewrite_default_dp_##tag(struct span bytes, struct buf *out)                             \
    {                                                                                                        \
        struct span address;                                                                                 \
        enum err e = rsp_default_dp_address_read(0x##tag, bytes, &address);                                  \
        return e ? e : rsp_default_dp_address_write(0x##tag, address, out);                                  \
    }
DEFAULT_DP(BF65)
DEFAULT_DP(BF3F)

#define EMPTY(tag)                                                                                           \
    static enum err rewrite_empty_##tag(struct span bytes, struct buf *out)                                  \
    {                                                                                                        \
        enum err e = rsp_empty_read(0x##tag, bytes);                                                         \
        return e ? e : rsp_empty_write(0x##tag, out);                                                        \
    }
EMPTY(BF3C)
EMPTY(BF43)

/* By the beginning of the row's name, the longer one first. */
static const struct {
    const char *prefix;
    enum err (*rewrite)(struct span bytes, struct buf *out);
} sgp32[] = {
    { "REQ ", rewrite_request },
    { "RES ", rewrite_result },
    { "ERR-", rewrite_result },
    { "ESipa GetEimPackage resp", rewrite_get_eim_package_response },
    { "ESipa GetEimPackage req", rewrite_get_eim_package_request },
    { "ESipa IpaEuiccDataRequest", rewrite_get_eim_package_response },
    { "ESipa ProvideEimPackageResult", rewrite_provide_eim_package_result },
    { "ESipa Provide resp", rewrite_provide_eim_package_result_response },
    { "ESipa InitiateAuthentication err", rewrite_initiate_authentication_response_esipa },
    { "ESipa CancelSession", rewrite_cancel_session_response_es9 },
    { "ES10b AddInitialEim one eIM", rewrite_initial_eims },
    { "ES10b AddInitialEim", rewrite_add_initial_eim_response },
    { "ES10b GetEimConfigurationData", rewrite_get_eim_configuration_request },
    { "ES10b GetCerts invalid", rewrite_get_certs_response },
    { "ES10b GetCerts", rewrite_get_certs_request },
    { "ES10b ProfileRollback refresh", rewrite_refresh_BF58 },
    { "ES10b ProfileRollback", rewrite_profile_rollback_response },
    { "ES10b ImmediateEnable", rewrite_refresh_BF5A },
    { "ES10b EnableEmergency", rewrite_refresh_BF5B },
    { "ES10b DisableEmergency", rewrite_refresh_BF5C },
    { "ES10b ExecuteFallbackMechanism refresh", rewrite_refresh_BF5D },
    { "ES10b ExecuteFallback ", rewrite_code_BF5D },
    { "ES10b ReturnFromFallback", rewrite_refresh_BF5E },
    { "ES10b ConfigureImmediateProfileEnabling associated", rewrite_code_BF59 },
    { "ES10b eUICCMemoryReset oper", rewrite_memory_reset_request },
    { "ES10b eUICCMemoryReset all", rewrite_memory_reset_response },
    { "ES10b RetrieveNotificationsList", rewrite_retrieve_notifications_request },
    { "ES10b RemoveNotification", rewrite_remove_notification_request },
    { "ES10b IPAe activation ok", rewrite_code_BF42 },
    { "ES10b SetDefaultDpAddress", rewrite_default_dp_BF65 },
    { "ES10a SetDefaultDpAddress", rewrite_default_dp_BF3F },
    { "ES10a GetEuiccConfiguredAddresses", rewrite_empty_BF3C },
    { "ES10b GetRAT", rewrite_empty_BF43 },
    { "ES10c EnableProfile ok", rewrite_code_BF31 },
    { "ES10c EnableProfile", rewrite_enable_profile_request },
    { "ES10c DisableProfile", rewrite_disable_profile_request },
    { "ES10c DeleteProfile", rewrite_delete_profile_request },
    { "ES10c GetEID", rewrite_get_eid_request },
    { "ES10b CancelSession", rewrite_cancel_session_request },
    { "ES10b ListNotification", rewrite_list_notification_request },
    { "NotificationMetadata", rewrite_notification_metadata },
};

static void check_row(struct span name, struct span bytes, enum err (*rewrite)(struct span, struct buf *))
{
    char row[160] = { 0 };
    struct buf out = { .max = 1 << 20 };
    memcpy(row, name.at, name.len < sizeof row ? name.len : sizeof row - 1);
    CHECK_ROW(row, rewrite(bytes, &out) == ERR_OK);
    CHECK_ROW(row, span_equal(buf_span(&out), bytes));
    buf_release(&out);
}

/* What was written is read and written again to the same bytes. */
static void check_loose_row(const char *row, struct span bytes,
                            enum err (*rewrite)(struct span, struct buf *))
{
    struct buf out = { .max = 1 << 20 }, again = { .max = 1 << 20 };
    CHECK_ROW(row, rewrite(bytes, &out) == ERR_OK);
    CHECK_ROW(row, rewrite(buf_span(&out), &again) == ERR_OK);
    CHECK_ROW(row, span_equal(buf_span(&out), buf_span(&again)));
    buf_release(&out);
    buf_release(&again);
}

void rewrites_the_sgp32_vectors(void)
{
    struct buf file = vectors_load(VECTORS_SGP32), bytes;
    struct span name;
    size_t at = 0, rows = 0;
    while (vectors_each(&file, "", &at, &name, &bytes)) {
        for (size_t i = 0; i < COUNT(sgp32); i++) {
            if (!span_equal(span_sub(name, 0, strlen(sgp32[i].prefix)), span_str(sgp32[i].prefix)))
                continue;
            check_row(name, buf_span(&bytes), sgp32[i].rewrite);
            rows++;
            break;
        }
        buf_release(&bytes);
    }
    CHECK(file.len == 0 || rows >= 95);
    if (file.len) {
        bytes = vectors_row(&file, "EUICCInfo2 example (SGP.32 v1.2, IPAd)", '\t');
        check_loose_row("EUICCInfo2 example", buf_span(&bytes), rewrite_euicc_info2);
        buf_release(&bytes);
    }
    buf_release(&file);
}

static const struct {
    const char *name;
    enum err (*rewrite)(struct span bytes, struct buf *out);
    bool loose;
} peers[] = {
    { "ipad ProfileDownloadTriggerResult", rewrite_profile_download_trigger_result, true },
    { "ipad ProfileDownloadTriggerRequest", rewrite_profile_download_trigger_request, false },
    { "ipad EuiccPackageSigned", rewrite_package_signed, true },
    { "ipad EuiccPackageResultDataSigned", rewrite_result_data, false },
    { "ipad GetEimPackageResponse", rewrite_get_eim_package_response, false },
    { "ipad EimPackageResult", rewrite_ipa_euicc_data_response, false },
    { "ipad EUICCInfo1", rewrite_euicc_info1, false },
    { "ipad PrepareDownloadResponse", rewrite_prepare_download_response, false },
    { "ipad ServerSigned1", rewrite_server_signed1, false },
    { "ipad SmdpSigned2", rewrite_smdp_signed2, false },
    { "ipad SGP32-StoreMetadataRequest", rewrite_store_metadata, false },
    { "ipad BoundProfilePackage", rewrite_bound_profile_package, false },
    { "CALC EsipaMessageFromIpaToEim", rewrite_get_eim_package_request, false },
    { "WAI session/auth-server-response.der", rewrite_authenticate_server_response, true },
    { "WAI session/bound-profile-package.der", rewrite_bound_profile_package, false },
    { "WAI session/euicc-info1.der", rewrite_euicc_info1, false },
    { "WAI session/pending-notification.der", rewrite_profile_installation_result, true },
    { "WAI session/prepare-download-response.der", rewrite_prepare_download_response, false },
    { "WAI session/store-metadata.der", rewrite_store_metadata, false },
    { "PYS BPP_FULL", rewrite_bound_profile_package, false },
};

void rewrites_the_peers_vectors(void)
{
    struct buf file = vectors_load(VECTORS_RSP);
    for (size_t i = 0; file.len && i < COUNT(peers); i++) {
        struct buf bytes;
        for (size_t nth = 0; bytes = vectors_nth(&file, peers[i].name, ' ', nth), bytes.len; nth++) {
            if (peers[i].loose)
                check_loose_row(peers[i].name, buf_span(&bytes), peers[i].rewrite);
            else
                check_row(span_str(peers[i].name), buf_span(&bytes), peers[i].rewrite);
            buf_release(&bytes);
        }
        buf_release(&bytes);
    }
    buf_release(&file);
}
