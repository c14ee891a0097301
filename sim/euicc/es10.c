/* ES10: a table from tag to function. */
#include "euicc_functions.h"
#include "euicc_internal.h"
#include "rsp_es10.h"

#define UNDEFINED_ERROR 127 /* undefinedError of every function that has one */

/* ---- undefinedError, in the form of each answer
 * ------------------------------------------------------------------------- */
static enum err undefined_at_80(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    (void)e, (void)request;
    return rsp_code_write(tag, UNDEFINED_ERROR, response);
}

static enum err undefined_in(uint32_t tag, uint32_t member, struct buf *response)
{
    struct der_mark mark;
    enum err err = der_put_open(response, tag, &mark);
    if (!err)
        err = der_put_integer(response, member, UNDEFINED_ERROR);
    return err ? err : der_put_close(response, mark);
}

static enum err undefined_at_81(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    (void)e, (void)request;
    return undefined_in(tag, 0x81, response);
}

static enum err undefined_at_02(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    (void)e, (void)request;
    return undefined_in(tag, 0x02, response);
}

/* ---- the functions
 * ------------------------------------------------------------------------------------------------------ */
#define FUNCTION(tag, on, symbol, section, name, undefined)                                        \
    {                                                                                              \
        { tag, name, section, #symbol }, on, symbol, undefined                                     \
    }
static const struct {
    struct euicc_function is;
    enum { BOTH, IOT, CONSUMER, WITH_CRL } on; /* which cards know it */
    enum err (*run)(struct euicc *e, struct span request, struct buf *response);
    es10_undefined *undefined; /* NULL: its answer has no such code */
} functions[] = {
    FUNCTION(0xbf20, BOTH, isdr_get_euicc_info1, "SGP.22 5.7.8", "ES10b.GetEUICCInfo1", NULL),
    FUNCTION(0xbf21, BOTH, isdr_prepare_download, "SGP.22 5.7.5", "ES10b.PrepareDownload", prepare_download_undefined),
    FUNCTION(0xbf22, BOTH, isdr_get_euicc_info2, "SGP.22 5.7.8, SGP.32 5.9.2",
             "ES10b.GetEUICCInfo2", NULL),
    FUNCTION(0xbf28, BOTH, isdr_list_notification, "SGP.22 5.7.9", "ES10b.ListNotification", undefined_at_81),
    FUNCTION(0xbf29, BOTH, isdr_set_nickname, "SGP.22 5.7.21", "ES10c.SetNickname", undefined_at_80),
    FUNCTION(0xbf2b, BOTH, isdr_retrieve_notifications_list, "SGP.22 5.7.10, SGP.32 5.9.11",
             "ES10b.RetrieveNotificationsList", undefined_at_81),
    FUNCTION(0xbf2d, BOTH, isdr_get_profiles_info, "SGP.22 5.7.15, SGP.32 5.9.14",
             "ES10b.GetProfilesInfo", undefined_at_81),
    FUNCTION(0xbf2e, BOTH, isdr_get_euicc_challenge, "SGP.22 5.7.7", "ES10b.GetEUICCChallenge", NULL),
    FUNCTION(0xbf30, BOTH, isdr_remove_notification, "SGP.22 5.7.11, SGP.32 5.9.12",
             "ES10b.RemoveNotificationFromList", undefined_at_80),
    FUNCTION(0xbf31, BOTH, isdr_enable_profile, "SGP.22 5.7.16", "ES10c.EnableProfile", undefined_at_80),
    FUNCTION(0xbf32, BOTH, isdr_disable_profile, "SGP.22 5.7.17", "ES10c.DisableProfile", undefined_at_80),
    FUNCTION(0xbf33, BOTH, isdr_delete_profile, "SGP.22 5.7.18", "ES10c.DeleteProfile", undefined_at_80),
    FUNCTION(0xbf34, CONSUMER, isdr_memory_reset_sgp22, "SGP.22 5.7.19", "ES10c.eUICCMemoryReset", undefined_at_80),
    FUNCTION(0xbf35, WITH_CRL, isdr_load_crl, "SGP.22 5.7.12", "ES10b.LoadCRL", undefined_at_81),
    FUNCTION(0xbf38, BOTH, isdr_authenticate_server, "SGP.22 5.7.13", "ES10b.AuthenticateServer", authenticate_server_undefined),
    FUNCTION(0xbf3c, BOTH, isdr_get_configured_addresses, "SGP.22 5.7.3",
             "ES10a.GetEuiccConfiguredAddresses", NULL),
    FUNCTION(0xbf3e, BOTH, isdr_get_eid, "SGP.22 5.7.20", "ES10c.GetEID", NULL),
    FUNCTION(0xbf3f, BOTH, isdr_set_default_dp_address, "SGP.22 5.7.4",
             "ES10a.SetDefaultDpAddress", undefined_at_80),
    FUNCTION(0xbf41, BOTH, isdr_cancel_session, "SGP.22 5.7.14", "ES10b.CancelSession", undefined_at_81),
    FUNCTION(0xbf42, IOT, isdr_ipae_activation, "SGP.32 BF42", "ES10b.IpaeActivation", NULL),
    FUNCTION(0xbf43, BOTH, isdr_get_rat, "SGP.22 5.7.22", "ES10b.GetRAT", NULL),
    FUNCTION(0xbf51, IOT, isdr_load_euicc_package, "SGP.32 5.9.1", "ES10b.LoadEuiccPackage", load_euicc_package_undefined),
    FUNCTION(0xbf55, IOT, isdr_get_eim_configuration_data, "SGP.32 5.9.18",
             "ES10b.GetEimConfigurationData", NULL),
    FUNCTION(0xbf56, IOT, isdr_get_certs, "SGP.32 5.9.10", "ES10b.GetCerts", undefined_at_81),
    FUNCTION(0xbf57, IOT, isdr_add_initial_eim, "SGP.32 5.9.4", "ES10b.AddInitialEim", undefined_at_81),
    FUNCTION(0xbf58, IOT, isdr_profile_rollback, "SGP.32 5.9.16", "ES10b.ProfileRollback", undefined_at_02),
    FUNCTION(0xbf59, IOT, isdr_configure_immediate_enabling, "SGP.32 5.9.17",
             "ES10b.ConfigureImmediateProfileEnabling", undefined_at_80),
    FUNCTION(0xbf5a, IOT, isdr_immediate_enable, "SGP.32 5.9.15", "ES10b.ImmediateEnable", undefined_at_80),
    FUNCTION(0xbf5b, IOT, isdr_enable_emergency_profile, "SGP.32 5.9.22",
             "ES10b.EnableEmergencyProfile", undefined_at_80),
    FUNCTION(0xbf5c, IOT, isdr_disable_emergency_profile, "SGP.32 5.9.23",
             "ES10b.DisableEmergencyProfile", undefined_at_80),
    FUNCTION(0xbf5d, IOT, isdr_execute_fallback, "SGP.32 5.9.20", "ES10b.ExecuteFallbackMechanism", undefined_at_80),
    FUNCTION(0xbf5e, IOT, isdr_return_from_fallback, "SGP.32 5.9.21", "ES10b.ReturnFromFallback", undefined_at_80),
    FUNCTION(0xbf5f, IOT, isdr_get_connectivity_parameters, "SGP.32 5.9.24",
             "ES10b.GetConnectivityParameters", undefined_at_81),
    FUNCTION(0xbf64, IOT, isdr_memory_reset, "SGP.32 5.9.5", "ES10b.eUICCMemoryReset", memory_reset_undefined),
    FUNCTION(0xbf65, IOT, isdr_set_default_dp_address_sgp32, "SGP.32 5.9.25",
             "ES10b.SetDefaultDpAddress", undefined_at_80),
};

const struct euicc_function *euicc_function_at(size_t index)
{
    return index < COUNT(functions) ? &functions[index].is : NULL;
}

/* The tag alone: a segment of a bound profile package may be a header without its contents. */
static uint32_t leading_tag(struct span s)
{
    if (!s.len)
        return 0;
    bool two = (s.at[0] & 0x1f) == 0x1f && s.len >= 2;
    return two ? (uint32_t)s.at[0] << 8 | s.at[1] : s.at[0];
}

/* What went wrong inside and has no status word of its own: nothing was done, and the answer says so where it can. */
static enum err answer_undefined(struct euicc *e, size_t i, struct span request, enum err why, struct buf *response)
{
    LOG(e->env.log, LOG_ERROR, "es10.undefined", F_TEXT("function", functions[i].is.name), F_TEXT("why", err_name(why)));
    euicc_discard(e);
    usim_close(e);
    cat_settle(e, false);
    buf_clear(response);
    enum err err = functions[i].undefined(e, functions[i].is.tag, request, response);
    return err ? why : ERR_OK;
}

/* One change of memory each, made before the answer is given away. */
static enum err run_function(struct euicc *e, size_t i, struct span request, struct buf *response)
{
    struct der_tlv whole;
    if (der_only(request, functions[i].is.tag, &whole))
        return log_fail(e->env.log, ERR_PARSE, "SGP.22 5.7.2", functions[i].is.name);
    enum err err = functions[i].run(e, request, response);
    if (!err)
        err = euicc_commit(e);
    if (failure_is_undefined(err) && functions[i].undefined)
        err = answer_undefined(e, i, request, err, response);
    if (err)
        buf_clear(response);
    else
        tamper_at(&e->env, TAMPER_BEFORE_SENDING, functions[i].is.name, response);
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
        if (functions[i].is.tag == tag && knows(e, i))
            return run_function(e, i, request, response);
    *sw = SW_REFERENCE_NOT_FOUND;
    return ERR_OK;
}
