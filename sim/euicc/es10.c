/* ES10: a table from tag to function. */
#include "euicc_internal.h"

static const struct {
    uint32_t tag;
    bool sgp32; /* unknown to a consumer card */
    enum err (*run)(struct euicc *e, struct span request, struct buf *response);
    const char *name;
} functions[] = {
    { 0xbf20, false, es10b_get_euicc_info1, "ES10b.GetEUICCInfo1" },
    { 0xbf21, false, es10b_prepare_download, "ES10b.PrepareDownload" },
    { 0xbf22, false, es10b_get_euicc_info2, "ES10b.GetEUICCInfo2" },
    { 0xbf28, false, es10b_list_notification, "ES10b.ListNotification" },
    { 0xbf29, false, es10c_set_nickname, "ES10c.SetNickname" },
    { 0xbf2b, false, es10b_retrieve_notifications_list, "ES10b.RetrieveNotificationsList" },
    { 0xbf2d, false, es10b_get_profiles_info, "ES10b.GetProfilesInfo" },
    { 0xbf2e, false, es10b_get_euicc_challenge, "ES10b.GetEUICCChallenge" },
    { 0xbf30, false, es10b_remove_notification, "ES10b.RemoveNotificationFromList" },
    { 0xbf31, false, es10c_enable_profile, "ES10c.EnableProfile" },
    { 0xbf32, false, es10c_disable_profile, "ES10c.DisableProfile" },
    { 0xbf33, false, es10c_delete_profile, "ES10c.DeleteProfile" },
    { 0xbf38, false, es10b_authenticate_server, "ES10b.AuthenticateServer" },
    { 0xbf3c, false, es10a_get_configured_addresses, "ES10a.GetEuiccConfiguredAddresses" },
    { 0xbf3e, false, es10b_get_eid, "ES10c.GetEID" },
    { 0xbf3f, false, es10a_set_default_dp_address, "ES10a.SetDefaultDpAddress" },
    { 0xbf41, false, es10b_cancel_session, "ES10b.CancelSession" },
    { 0xbf43, false, es10b_get_rat, "ES10b.GetRAT" },
    { 0xbf51, true, es10b_load_euicc_package, "ES10b.LoadEuiccPackage" },
    { 0xbf55, true, es10b_get_eim_configuration_data, "ES10b.GetEimConfigurationData" },
    { 0xbf56, true, es10b_get_certs, "ES10b.GetCerts" },
    { 0xbf57, true, es10b_add_initial_eim, "ES10b.AddInitialEim" },
    { 0xbf58, true, es10b_profile_rollback, "ES10b.ProfileRollback" },
    { 0xbf59, true, es10b_configure_immediate_enabling, "ES10b.ConfigureImmediateProfileEnabling" },
    { 0xbf5a, true, es10b_immediate_enable, "ES10b.ImmediateEnable" },
    { 0xbf5d, true, es10b_execute_fallback, "ES10b.ExecuteFallbackMechanism" },
    { 0xbf5e, true, es10b_return_from_fallback, "ES10b.ReturnFromFallback" },
    { 0xbf64, true, es10b_memory_reset, "ES10b.eUICCMemoryReset" },
    { 0xbf65, true, es10b_set_default_dp_address, "ES10b.SetDefaultDpAddress" },
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
