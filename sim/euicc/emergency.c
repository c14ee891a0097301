/* Emergency profile (SGP.32 5.9.22, 5.9.23; catalogue A.12): whatever is enabled gives way to the
 * profile with ecallIndication, in silence, until it is disabled. It outlives a power cut. */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_es10.h"

static struct profile *find_emergency(const struct state *s)
{
    struct rsp_store_metadata m;
    for (size_t i = 0; i < s->profile_count; i++)
        if (!profile_metadata(&s->profiles[i], &m) && m.ecall_indication)
            return &s->profiles[i];
    return NULL;
}

static int64_t judge_enable(const struct euicc *e)
{
    const struct profile *p = find_emergency(euicc_state(e));
    if (e->no_ecall || !p)
        return RSP_ENABLE_EMERGENCY_ECALL_NOT_AVAILABLE;
    if (p->enabled)
        return RSP_ENABLE_EMERGENCY_PROFILE_NOT_IN_DISABLED_STATE;
    return cat_is_busy(e) ? RSP_ENABLE_EMERGENCY_CAT_BUSY : RSP_ENABLE_EMERGENCY_OK;
}

/* No notification tells of it; rollback and download end (catalogue A.12). PPR1 does not hold
 * against it. */
static void enter(struct euicc *e, struct state *s)
{
    struct profile *now = state_enabled(s), *to = find_emergency(s);
    s->in_emergency = true;
    s->has_before_emergency = now != NULL;
    if (now) {
        memcpy(s->before_emergency, now->iccid, sizeof s->before_emergency);
        now->enabled = false;
    }
    to->enabled = true;
    state_clear_rollback(s);
    session_reset(e);
    usim_close(e);
}

static void leave(struct euicc *e, struct state *s)
{
    struct profile *now = state_enabled(s), *to = NULL;
    if (now)
        now->enabled = false;
    if (s->has_before_emergency)
        to = state_find_iccid(s, SPAN_ARRAY(s->before_emergency));
    if (to)
        to->enabled = true;
    s->in_emergency = s->has_before_emergency = false;
    usim_close(e);
}

static enum err change(struct euicc *e, uint32_t tag, int64_t code, bool refresh,
                       void (*how)(struct euicc *, struct state *), struct buf *response)
{
    struct state *s;
    enum err err = code ? ERR_OK : euicc_change(e, &s);
    if (!err && !code) {
        how(e, s);
        cat_refresh(e, refresh);
        const struct profile *now = state_enabled(s);
        LOG(e->env.log, LOG_INFO, "profile.emergency", F_INT("active", s->in_emergency),
            F_HEX("to", now ? SPAN_ARRAY(now->iccid) : (struct span){ 0 }));
    }
    return err ? err : rsp_code_write(tag, code, response);
}

enum err isdr_enable_emergency_profile(struct euicc *e, struct span request, struct buf *response)
{
    bool refresh;
    enum err err = rsp_refresh_read(0xbf5b, request, &refresh);
    return err ? err : change(e, 0xbf5b, judge_enable(e), refresh, enter, response);
}

enum err isdr_disable_emergency_profile(struct euicc *e, struct span request, struct buf *response)
{
    bool refresh;
    enum err err = rsp_refresh_read(0xbf5c, request, &refresh);
    bool none = e->v1_3 && !find_emergency(euicc_state(e));
    int64_t code = none ? RSP_DISABLE_EMERGENCY_ECALL_NOT_AVAILABLE
                   : !euicc_state(e)->in_emergency
                       ? RSP_DISABLE_EMERGENCY_PROFILE_NOT_IN_ENABLED_STATE
                   : cat_is_busy(e) ? RSP_DISABLE_EMERGENCY_CAT_BUSY
                                    : RSP_DISABLE_EMERGENCY_OK;
    return err ? err : change(e, 0xbf5c, code, refresh, leave, response);
}
