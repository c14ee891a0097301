/* Is this profile for this eUICC (SGP.22 3.1.2)? What the card says of itself is signed. */
#include "aka.h"
#include "saip.h"
#include "smdp_functions.h"

/* UICCCapability of the algorithm that the profile authenticates with. */
static uint32_t algorithm_capability(const struct smdp_subscription *sub)
{
    if (sub->algorithm != AKA_TUAK)
        return RSP_UICC_AKA_MILENAGE;
    return sub->k.len == 32 ? RSP_UICC_AKA_TUAK256 : RSP_UICC_AKA_TUAK128;
}

static const char *why_not(const struct rsp_euicc_info2 *info, const struct smdp_profile *p,
                           const struct smdp_subscription *sub)
{
    uint32_t needed = RSP_UICC_USIM | algorithm_capability(sub);
    if (info->forbidden_ppr.present && info->forbidden_ppr.bits & p->policy_rules)
        return "the eUICC forbids a policy rule of this profile";
    if ((info->uicc_capability & needed) != needed)
        return "the eUICC has not the application or the algorithm of this profile";
    if (p->profile_class == RSP_PROFILE_CLASS_TEST && !(info->rsp_capability & RSP_CAPABILITY_TEST_PROFILE))
        return "the eUICC takes no test profiles";
    if (p->ecall_indication && !(info->has_iot_specific_info && info->iot_specific_info.ecall_supported))
        return "the eUICC takes no emergency profile";
    return NULL;
}

static enum err check_memory(struct smdp *s, const struct rsp_euicc_info2 *info, const struct smdp_profile *p,
                             const struct smdp_subscription *sub, struct es_status *status)
{
    struct buf upp = { .max = SAIP_UPP_MAX };
    enum err e = smdp_build_upp(s, p, sub, &upp);
    if (!e && rsp_euicc_info2_free_memory(info) < upp.len)
        es_refuse(status, "8.1", "4.8", "the eUICC has not enough memory for this profile");
    if (upp.at)
        memory_clear(upp.at, upp.len);
    buf_release(&upp);
    return e;
}

void smdp_check_limits(const struct smdp *s, const struct smdp_profile *p, struct es_status *status)
{
    if (s->order_valid_ms && clock_now(s->env->clock) >= p->released_at + s->order_valid_ms)
        es_refuse(status, "8.8.5", "4.10", "the download order has expired");
    else if (p->downloads >= s->downloads_max)
        es_refuse(status, "8.8.5", "6.4", "the package was downloaded too often without being installed");
}

enum err smdp_check_eligibility(struct smdp *s, const struct rsp_euicc_info2 *info, const struct smdp_profile *p,
                                struct es_status *status)
{
    struct smdp_subscription sub = { 0 };
    enum err e = smdp_subscription_get(s, p->iccid, &sub);
    const char *why = e ? NULL : why_not(info, p, &sub);
    if (why)
        es_refuse(status, "8.2.5", "4.3", why);
    else if (!e)
        e = check_memory(s, info, p, &sub, status);
    smdp_subscription_release(&sub);
    return e;
}
