/* Is this profile for this eUICC (SGP.22 3.1.2)? What the card says of itself is signed. */
#include "smdp_functions.h"

static const char *why_not(const struct rsp_euicc_info2 *info, const struct smdp_profile *p)
{
    if (info->forbidden_ppr.present && info->forbidden_ppr.bits & p->policy_rules)
        return "the eUICC forbids a policy rule of this profile";
    if ((info->uicc_capability & p->uicc_capability) != p->uicc_capability)
        return "the eUICC has not the application or the algorithm of this profile";
    if (p->profile_class == RSP_PROFILE_CLASS_TEST && !(info->rsp_capability & RSP_CAPABILITY_TEST_PROFILE))
        return "the eUICC takes no test profiles";
    if (p->ecall_indication && !(info->has_iot_specific_info && info->iot_specific_info.ecall_supported))
        return "the eUICC takes no emergency profile";
    return NULL;
}

/* A profile that was added when this was not noted. */
static enum err learn_needs(struct smdp *s, struct smdp_profile *p)
{
    struct smdp_subscription sub = { 0 };
    const char *why = NULL;
    enum err e = smdp_subscription_get(s, p->iccid, &sub);
    if (!e)
        e = smdp_check_package(s, p, &sub, &why);
    smdp_subscription_release(&sub);
    return !e && why ? log_fail(s->env->log, ERR_STATE, "storage", why) : e;
}

void smdp_check_limits(const struct smdp *s, const struct smdp_profile *p, struct es_status *status)
{
    if (s->order_valid_ms && clock_now(s->env->clock) >= p->released_at + s->order_valid_ms)
        es_refuse(status, "8.8.5", "4.10", "the download order has expired");
    else if (p->downloads >= s->downloads_max)
        es_refuse(status, "8.8.5", "6.4", "the package was downloaded too often without being installed");
}

enum err smdp_check_eligibility(struct smdp *s, const struct rsp_euicc_info2 *info, struct smdp_profile *p,
                                struct es_status *status)
{
    enum err e = p->uicc_capability ? ERR_OK : learn_needs(s, p);
    const char *why = e ? NULL : why_not(info, p);
    if (why)
        es_refuse(status, "8.2.5", "4.3", why);
    else if (!e && rsp_euicc_info2_free_memory(info) < p->size)
        es_refuse(status, "8.1", "4.8", "the eUICC has not enough memory for this profile");
    return e;
}
