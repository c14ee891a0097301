/* ES10b.eUICCMemoryReset (SGP.32 5.9.5; catalogue A.4). */
#include "euicc_internal.h"
#include "package.h"
#include "rsp_es10.h"
#include "rsp_schema.h"

#define RESET_OPERATIONAL (1u << 0)
#define RESET_TEST (1u << 1)
#define RESET_DEFAULT_DP (1u << 2)
#define RESET_PRELOADED_TEST (1u << 3)
#define RESET_PROVISIONING (1u << 4)
#define RESET_EIM (1u << 5)
#define RESET_IMMEDIATE_ENABLE (1u << 6)

static bool is_meant(const struct profile *p, uint32_t options)
{
    static const uint32_t option_of[] = { RESET_TEST, RESET_PROVISIONING, RESET_OPERATIONAL };
    struct rsp_store_metadata m;
    if (profile_metadata(p, &m))
        return false;
    int64_t class = m.profile_class.present ? m.profile_class.value : RSP_PROFILE_CLASS_OPERATIONAL;
    if (class == RSP_PROFILE_CLASS_TEST && p->preloaded)
        return options & RESET_PRELOADED_TEST;
    return class >= 0 && class < (int64_t)COUNT(option_of) && option_of[class] & options;
}

/* Whatever its rules and state: the reset is the owner's last word (SGP.22 5.7.19). */
static enum err reset_profiles(struct euicc *e, struct state *s, uint32_t options, bool *deleted)
{
    enum err err = ERR_OK;
    for (size_t i = s->profile_count; !err && i--;) {
        if (!is_meant(&s->profiles[i], options))
            continue;
        if (s->profiles[i].enabled)
            err = profile_switch(e, s, NULL);
        if (!err)
            err = profile_remove(e, s, &s->profiles[i]);
        *deleted = true;
    }
    return err;
}

static void reset_eims(const struct euicc *e, struct state *s, struct rsp_int *result)
{
    int64_t code = e->no_eim_reset ? RSP_RESET_EIM_EIM_RESET_NOT_SUPPORTED
                   : s->eim_count  ? RSP_RESET_EIM_OK
                                   : RSP_RESET_EIM_NOTHING_TO_DELETE;
    *result = (struct rsp_int){ true, code };
    if (code != RSP_RESET_EIM_OK)
        return;
    while (s->eim_count)
        state_remove_eim(s, &s->eims[0]);
    state_clear_rollback(s); /* whoever comes under the same name granted none */
}

static enum err reset_immediate_enable(const struct euicc *e, struct state *s, struct rsp_int *result)
{
    *result = (struct rsp_int){ true, e->no_immediate_enable ? RSP_RESET_IMMEDIATE_ENABLE_NOT_SUPPORTED
                                                             : RSP_RESET_IMMEDIATE_ENABLE_OK };
    return e->no_immediate_enable ? ERR_OK
                                  : immediate_configure(s, false, (struct span){ 0 }, (struct span){ 0 });
}

/* Profiles and the default SM-DP+ address: what both forms of the command do. */
static enum err reset_common(struct euicc *e, struct state *s, uint32_t options, int64_t *result)
{
    bool deleted = false;
    const struct profile *enabled = state_enabled(s);
    bool switches = enabled && is_meant(enabled, options);
    if (s->in_emergency || (switches && cat_is_busy(e))) {
        *result = s->in_emergency ? RSP_RESET_ECALL_ACTIVE : RSP_RESET_CAT_BUSY;
        return ERR_OK;
    }
    enum err err = reset_profiles(e, s, options, &deleted);
    if (err)
        return err;
    cat_refresh(e, switches);
    if (options & RESET_DEFAULT_DP && s->default_dp) {
        shared_release(s->default_dp);
        s->default_dp = NULL;
        deleted = true;
    }
    if (deleted) { /* what a rollback or the fallback would return to may be gone */
        state_clear_rollback(s);
        s->in_fallback = false;
    }
    bool asked = options & (RESET_OPERATIONAL | RESET_TEST | RESET_DEFAULT_DP |
                            RESET_PRELOADED_TEST | RESET_PROVISIONING);
    *result = asked && !deleted ? RSP_RESET_NOTHING_TO_DELETE : RSP_RESET_OK;
    return ERR_OK;
}

enum err isdr_memory_reset(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_memory_reset_request r;
    struct rsp_memory_reset_response answer = { 0 };
    struct state *s;
    enum err err = rsp_memory_reset_request_read(request, &r);
    if (!err)
        err = euicc_change(e, &s);
    if (!err)
        err = reset_common(e, s, r.options, &answer.result);
    if (err)
        return err;
    bool refused = answer.result == RSP_RESET_ECALL_ACTIVE || answer.result == RSP_RESET_CAT_BUSY;
    if (refused) /* nothing of it was done, and nothing more is said */
        r.options = 0;
    if (r.options & RESET_EIM)
        reset_eims(e, s, &answer.eim_result);
    if (r.options & RESET_IMMEDIATE_ENABLE)
        err = reset_immediate_enable(e, s, &answer.immediate_enable_result);
    return err ? err : rsp_memory_reset_response_write(&answer, response);
}

/* Nothing of it was done: said of every part that was asked for. */
enum err memory_reset_undefined(struct euicc *e, uint32_t tag, struct span request, struct buf *response)
{
    struct rsp_memory_reset_request r;
    enum err err = rsp_memory_reset_request_read(request, &r);
    (void)e, (void)tag;
    if (err)
        return err;
    const struct rsp_memory_reset_response answer = {
        .result = RSP_RESET_UNDEFINED_ERROR,
        .eim_result = { r.options & RESET_EIM, RSP_RESET_EIM_UNDEFINED_ERROR },
        .immediate_enable_result = { r.options & RESET_IMMEDIATE_ENABLE, RSP_RESET_IMMEDIATE_ENABLE_UNDEFINED_ERROR },
    };
    return rsp_memory_reset_response_write(&answer, response);
}

/* SGP.22 5.7.19: three options, one result. */
enum err isdr_memory_reset_sgp22(struct euicc *e, struct span request, struct buf *response)
{
    struct der_tlv whole, bits;
    struct state *s;
    uint32_t options = 0;
    int64_t result = RSP_RESET_OK;
    enum err err = rsp_check(RSP_EUICC_MEMORY_RESET_REQUEST, request);
    if (err)
        return err;
    if (der_only(request, 0xbf34, &whole) || der_find(whole.value, 0x82, &bits) || bits.value.len < 1)
        return ERR_PARSE;
    for (unsigned n = 0; n < 3; n++)
        options |= (uint32_t)der_bit(bits.value, n) << n;
    err = euicc_change(e, &s);
    if (!err)
        err = reset_common(e, s, options, &result);
    return err ? err : rsp_code_write(0xbf34, result, response);
}
