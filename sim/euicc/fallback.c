/* Fallback mechanism (SGP.32 5.9.20, 5.9.21; catalogue A.12). */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_es10.h"

static int64_t judge_execute(const struct euicc *e)
{
    const struct state *s = euicc_state(e);
    const struct profile *now = state_enabled(s), *holder = state_fallback(s);
    if (s->in_emergency)
        return RSP_EXECUTE_FALLBACK_ECALL_ACTIVE;
    if (!now)
        return RSP_EXECUTE_FALLBACK_COMMAND_ERROR;
    if (e->no_fallback || !holder)
        return RSP_EXECUTE_FALLBACK_FALLBACK_NOT_AVAILABLE;
    if (holder->enabled)
        return RSP_EXECUTE_FALLBACK_PROFILE_NOT_IN_DISABLED_STATE;
    if (profile_has_rule(now, RSP_PPR1))
        return RSP_EXECUTE_FALLBACK_COMMAND_ERROR;
    return cat_is_busy(e) ? RSP_EXECUTE_FALLBACK_CAT_BUSY : RSP_EXECUTE_FALLBACK_OK;
}

enum err isdr_execute_fallback(struct euicc *e, struct span request, struct buf *response)
{
    struct state *s;
    bool refresh;
    enum err err = rsp_refresh_read(0xbf5d, request, &refresh);
    int64_t code = err ? 0 : judge_execute(e);
    if (!err && !code)
        err = euicc_change(e, &s);
    if (!err && !code) {
        memcpy(s->before_fallback, state_enabled(s)->iccid, sizeof s->before_fallback);
        s->in_fallback = true;
        state_clear_rollback(s);
        err = profile_switch(e, s, state_fallback(s));
        cat_refresh(e, refresh);
    }
    return err ? err : rsp_code_write(0xbf5d, code, response);
}

static int64_t judge_return(const struct euicc *e)
{
    const struct state *s = euicc_state(e);
    const struct profile *holder = state_fallback(s);
    if (s->in_emergency)
        return RSP_RETURN_FALLBACK_COMMAND_ERROR;
    if (e->no_fallback || !s->in_fallback || !holder || !holder->enabled)
        return RSP_RETURN_FALLBACK_FALLBACK_NOT_AVAILABLE;
    if (!state_find_iccid(s, SPAN_ARRAY(s->before_fallback)))
        return RSP_RETURN_FALLBACK_COMMAND_ERROR; /* it was deleted meanwhile */
    return cat_is_busy(e) ? RSP_RETURN_FALLBACK_CAT_BUSY : RSP_RETURN_FALLBACK_OK;
}

enum err isdr_return_from_fallback(struct euicc *e, struct span request, struct buf *response)
{
    struct state *s;
    bool refresh;
    enum err err = rsp_refresh_read(0xbf5e, request, &refresh);
    int64_t code = err ? 0 : judge_return(e);
    if (!err && !code)
        err = euicc_change(e, &s);
    if (!err && !code) {
        s->in_fallback = false;
        state_clear_rollback(s);
        err = profile_switch(e, s, state_find_iccid(s, SPAN_ARRAY(s->before_fallback)));
        cat_refresh(e, refresh);
    }
    return err ? err : rsp_code_write(0xbf5e, code, response);
}
