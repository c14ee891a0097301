/* ES10: a table from tag to function. */
#include "euicc_internal.h"

static const struct {
    uint32_t tag;
    enum { BOTH, IOT, CONSUMER, WITH_CRL } on; /* which cards know it */
    enum err (*run)(struct euicc *e, struct span request, struct buf *response);
    const char *name;
} functions[] = {
    { 0xbf20, BOTH, isdr_get_euicc_info1, "ES10b.GetEUICCInfo1" },
    { 0xbf21, BOTH, isdr_prepare_download, "ES10b.PrepareDownload" },
    { 0xbf22, BOTH, isdr_get_euicc_info2, "ES10b.GetEUICCInfo2" },
    { 0xbf28, BOTH, isdr_list_notification, "ES10b.ListNotification" },
    { 0xbf29, BOTH, isdr_set_nickname, "ES10c.SetNickname" },
    { 0xbf2b, BOTH, isdr_retrieve_notifications_list, "ES10b.RetrieveNotificationsList" },
    { 0xbf2d, BOTH, isdr_get_profiles_info, "ES10b.GetProfilesInfo" },
    { 0xbf2e, BOTH, isdr_get_euicc_challenge, "ES10b.GetEUICCChallenge" },
    { 0xbf30, BOTH, isdr_remove_notification, "ES10b.RemoveNotificationFromList" },
    { 0xbf31, BOTH, isdr_enable_profile, "ES10c.EnableProfile" },
    { 0xbf32, BOTH, isdr_disable_profile, "ES10c.DisableProfile" },
    { 0xbf33, BOTH, isdr_delete_profile, "ES10c.DeleteProfile" },
    { 0xbf34, CONSUMER, isdr_memory_reset_sgp22, "ES10c.eUICCMemoryReset" },
    { 0xbf35, WITH_CRL, isdr_load_crl, "ES10b.LoadCRL" },
    { 0xbf38, BOTH, isdr_authenticate_server, "ES10b.AuthenticateServer" },
    { 0xbf3c, BOTH, isdr_get_configured_addresses, "ES10a.GetEuiccConfiguredAddresses" },
    { 0xbf3e, BOTH, isdr_get_eid, "ES10c.GetEID" },
    { 0xbf3f, BOTH, isdr_set_default_dp_address, "ES10a.SetDefaultDpAddress" },
    { 0xbf41, BOTH, isdr_cancel_session, "ES10b.CancelSession" },
    { 0xbf42, IOT, isdr_ipae_activation, "ES10b.IpaeActivation" },
    { 0xbf43, BOTH, isdr_get_rat, "ES10b.GetRAT" },
    { 0xbf51, IOT, isdr_load_euicc_package, "ES10b.LoadEuiccPackage" },
    { 0xbf55, IOT, isdr_get_eim_configuration_data, "ES10b.GetEimConfigurationData" },
    { 0xbf56, IOT, isdr_get_certs, "ES10b.GetCerts" },
    { 0xbf57, IOT, isdr_add_initial_eim, "ES10b.AddInitialEim" },
    { 0xbf58, IOT, isdr_profile_rollback, "ES10b.ProfileRollback" },
    { 0xbf59, IOT, isdr_configure_immediate_enabling, "ES10b.ConfigureImmediateProfileEnabling" },
    { 0xbf5a, IOT, isdr_immediate_enable, "ES10b.ImmediateEnable" },
    { 0xbf5b, IOT, isdr_enable_emergency_profile, "ES10b.EnableEmergencyProfile" },
    { 0xbf5c, IOT, isdr_disable_emergency_profile, "ES10b.DisableEmergencyProfile" },
    { 0xbf5d, IOT, isdr_execute_fallback, "ES10b.ExecuteFallbackMechanism" },
    { 0xbf5e, IOT, isdr_return_from_fallback, "ES10b.ReturnFromFallback" },
    { 0xbf5f, IOT, isdr_get_connectivity_parameters, "ES10b.GetConnectivityParameters" },
    { 0xbf64, IOT, isdr_memory_reset, "ES10b.eUICCMemoryReset" },
    { 0xbf65, IOT, isdr_set_default_dp_address_sgp32, "ES10b.SetDefaultDpAddress" },
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

static bool knows(const struct euicc *e, size_t i)
{
    switch (functions[i].on) {
    case IOT:
        return !e->sgp22_only;
    case CONSUMER:
        return e->sgp22_only;
    case WITH_CRL:
        return !e->no_crl;
    default:
        return true;
    }
}

enum err es10_execute(struct euicc *e, struct span request, struct buf *response, uint16_t *sw)
{
    uint32_t tag = leading_tag(request);
    *sw = SW_OK;
    if (load_is_segment(tag))
        return load_segment(e, request, response, sw);
    for (size_t i = 0; i < COUNT(functions); i++)
        if (functions[i].tag == tag && knows(e, i))
            return run_function(e, i, request, response);
    *sw = SW_REFERENCE_NOT_FOUND;
    return ERR_OK;
}
