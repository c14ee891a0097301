/* ES10: a table from tag to function. */
#include "euicc_internal.h"

static const struct {
    uint32_t tag;
    bool sgp32; /* unknown to a consumer card */
    enum err (*run)(struct euicc *e, struct span request, struct buf *response);
    const char *name;
} functions[] = {
    { 0xbf20, false, isdr_get_euicc_info1, "ES10b.GetEUICCInfo1" },
    { 0xbf21, false, isdr_prepare_download, "ES10b.PrepareDownload" },
    { 0xbf22, false, isdr_get_euicc_info2, "ES10b.GetEUICCInfo2" },
    { 0xbf28, false, isdr_list_notification, "ES10b.ListNotification" },
    { 0xbf29, false, isdr_set_nickname, "ES10c.SetNickname" },
    { 0xbf2b, false, isdr_retrieve_notifications_list, "ES10b.RetrieveNotificationsList" },
    { 0xbf2d, false, isdr_get_profiles_info, "ES10b.GetProfilesInfo" },
    { 0xbf2e, false, isdr_get_euicc_challenge, "ES10b.GetEUICCChallenge" },
    { 0xbf30, false, isdr_remove_notification, "ES10b.RemoveNotificationFromList" },
    { 0xbf31, false, isdr_enable_profile, "ES10c.EnableProfile" },
    { 0xbf32, false, isdr_disable_profile, "ES10c.DisableProfile" },
    { 0xbf33, false, isdr_delete_profile, "ES10c.DeleteProfile" },
    { 0xbf38, false, isdr_authenticate_server, "ES10b.AuthenticateServer" },
    { 0xbf3c, false, isdr_get_configured_addresses, "ES10a.GetEuiccConfiguredAddresses" },
    { 0xbf3e, false, isdr_get_eid, "ES10c.GetEID" },
    { 0xbf3f, false, isdr_set_default_dp_address, "ES10a.SetDefaultDpAddress" },
    { 0xbf41, false, isdr_cancel_session, "ES10b.CancelSession" },
    { 0xbf43, false, isdr_get_rat, "ES10b.GetRAT" },
    { 0xbf51, true, isdr_load_euicc_package, "ES10b.LoadEuiccPackage" },
    { 0xbf55, true, isdr_get_eim_configuration_data, "ES10b.GetEimConfigurationData" },
    { 0xbf56, true, isdr_get_certs, "ES10b.GetCerts" },
    { 0xbf57, true, isdr_add_initial_eim, "ES10b.AddInitialEim" },
    { 0xbf58, true, isdr_profile_rollback, "ES10b.ProfileRollback" },
    { 0xbf59, true, isdr_configure_immediate_enabling, "ES10b.ConfigureImmediateProfileEnabling" },
    { 0xbf5a, true, isdr_immediate_enable, "ES10b.ImmediateEnable" },
    { 0xbf5d, true, isdr_execute_fallback, "ES10b.ExecuteFallbackMechanism" },
    { 0xbf5e, true, isdr_return_from_fallback, "ES10b.ReturnFromFallback" },
    { 0xbf64, true, isdr_memory_reset, "ES10b.eUICCMemoryReset" },
    { 0xbf65, true, isdr_set_default_dp_address_sgp32, "ES10b.SetDefaultDpAddress" },
};

/* The tag alone: a segment of a bound profile package may be a header without its contents. */
static uint32_t leading_tag(struct span s)
{
    if (!s.len)
        return 0;
    bool two = (s.at[0] & 0x1f) == 0x1f && s.len >= 2;
    return two ? (uint32_t)s.at[0] << 8 | s.at[1] : s.at[0];
}

static enum err run_function(struct euicc *e, size_t i, struct span request, struct buf *response)
{
    struct der_tlv whole;
    if (der_only(request, functions[i].tag, &whole))
        return log_fail(e->env.log, ERR_PARSE, "SGP.22 5.7.2", functions[i].name);
    enum err err = functions[i].run(e, request, response);
    if (err)
        buf_clear(response);
    else
        tamper_at(&e->env, TAMPER_BEFORE_SENDING, functions[i].name, response);
    return err;
}

enum err es10_execute(struct euicc *e, struct span request, struct buf *response, uint16_t *sw)
{
    uint32_t tag = leading_tag(request);
    *sw = SW_OK;
    if (load_is_segment(tag))
        return load_segment(e, request, response, sw);
    for (size_t i = 0; i < COUNT(functions); i++)
        if (functions[i].tag == tag && !(functions[i].sgp32 && e->sgp22_only))
            return run_function(e, i, request, response);
    *sw = SW_REFERENCE_NOT_FOUND;
    return ERR_OK;
}
