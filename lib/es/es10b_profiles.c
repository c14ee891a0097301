/* Local profile management (SGP.22 5.7.15 to 5.7.18; SGP.32 5.9.14, 5.9.15, 5.9.20, 5.9.21, 5.9.25). */
#include "es10b_command.h"

enum err es10b_get_profiles_info(struct es10_card *c, const struct rsp_profile_info_request *q,
                                 struct es10b_profiles_info *out)
{
    static const struct rsp_profile_info_request all = { 0 };
    struct buf request = ES10B_REQUEST;
    *out = (struct es10b_profiles_info){ .received = ES10B_RECEIVED };
    enum err e = rsp_profile_info_request_write(q ? q : &all, &request);
    e = es10b_command(c, "GetProfilesInfo", e, &request, &out->received);
    if (!e)
        e = es10b_answer(c, "GetProfilesInfo",
                         rsp_profile_info_response_read(buf_span(&out->received), &out->message));
    return e;
}

enum err es10b_enable_profile(struct es10_card *c, struct span iccid, bool refresh, int64_t *code)
{
    const struct rsp_enable_profile_request q = {
        .profile = { .which = RSP_PROFILE_BY_ICCID, .iccid = iccid }, .refresh = refresh
    };
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_enable_profile_request_write(&q, &request);
    return es10b_code_command(c, "EnableProfile", e, &request, 0xBF31, code);
}

enum err es10b_disable_profile(struct es10_card *c, struct span iccid, bool refresh, int64_t *code)
{
    const struct rsp_disable_profile_request q = {
        .profile = { .which = RSP_PROFILE_BY_ICCID, .iccid = iccid }, .refresh = refresh
    };
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_disable_profile_request_write(&q, &request);
    return es10b_code_command(c, "DisableProfile", e, &request, 0xBF32, code);
}

enum err es10b_delete_profile(struct es10_card *c, struct span iccid, int64_t *code)
{
    const struct rsp_delete_profile_request q = { .profile = { .which = RSP_PROFILE_BY_ICCID,
                                                               .iccid = iccid } };
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_delete_profile_request_write(&q, &request);
    return es10b_code_command(c, "DeleteProfile", e, &request, 0xBF33, code);
}

static enum err refresh_command(struct es10_card *c, const char *name, uint32_t tag, bool refresh,
                                int64_t *code)
{
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_refresh_write(&c->wire, tag, refresh, &request);
    return es10b_code_command(c, name, e, &request, tag, code);
}

enum err es10b_execute_fallback_mechanism(struct es10_card *c, bool refresh, int64_t *code)
{
    return refresh_command(c, "ExecuteFallbackMechanism", 0xBF5D, refresh, code);
}

enum err es10b_return_from_fallback(struct es10_card *c, bool refresh, int64_t *code)
{
    return refresh_command(c, "ReturnFromFallback", 0xBF5E, refresh, code);
}

enum err es10b_enable_emergency_profile(struct es10_card *c, bool refresh, int64_t *code)
{
    return refresh_command(c, "EnableEmergencyProfile", 0xBF5B, refresh, code);
}

enum err es10b_disable_emergency_profile(struct es10_card *c, bool refresh, int64_t *code)
{
    return refresh_command(c, "DisableEmergencyProfile", 0xBF5C, refresh, code);
}

enum err es10b_immediate_enable(struct es10_card *c, bool refresh, int64_t *code)
{
    return refresh_command(c, "ImmediateEnable", 0xBF5A, refresh, code);
}

enum err es10b_euicc_memory_reset(struct es10_card *c, uint32_t options, struct rsp_memory_reset_response *out)
{
    const struct rsp_memory_reset_request q = { options };
    struct buf request = ES10B_REQUEST, received = ES10B_RECEIVED;
    enum err e = rsp_memory_reset_request_write(&q, &request);
    e = es10b_command(c, "EuiccMemoryReset", e, &request, &received);
    if (!e)
        e = es10b_answer(c, "EuiccMemoryReset", rsp_memory_reset_response_read(buf_span(&received), out));
    buf_release(&received);
    return e;
}

enum err es10b_ipae_activation(struct es10_card *c, bool active, int64_t *code)
{
    struct buf request = ES10B_REQUEST;
    struct der_mark whole;
    enum err e = der_put_open(&request, 0xBF42, &whole);
    if (!e)
        e = der_put_bits(&request, 0x80, active ? 1u << 0 : 0);
    if (!e)
        e = der_put_close(&request, whole);
    return es10b_code_command(c, "IpaeActivation", e, &request, 0xBF42, code);
}

enum err es10b_set_default_dp_address(struct es10_card *c, struct span address, int64_t *code)
{
    struct buf request = ES10B_REQUEST;
    enum err e = rsp_default_dp_address_write(0xBF65, address, &request);
    return es10b_code_command(c, "SetDefaultDpAddress", e, &request, 0xBF65, code);
}
