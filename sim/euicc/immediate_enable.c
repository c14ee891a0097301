/* Enabling right after a download, without an eIM's package (SGP.32 5.9.15, 5.9.17; catalogue
 * A.12). */
#include "euicc_internal.h"
#include "package.h"
#include "rsp_es10.h"
#include "rsp_ids.h"
#include "rsp_schema.h"

int64_t immediate_judge(const struct euicc *e, struct span oid, struct span address)
{
    if (e->no_immediate_enable || (address.at && !rsp_address_is_valid(address)))
        return RSP_IMMEDIATE_CONFIG_COMMAND_ERROR;
    return oid.len + address.len > memory_free(e) ? RSP_IMMEDIATE_CONFIG_INSUFFICIENT_MEMORY
                                                  : RSP_IMMEDIATE_CONFIG_OK;
}

enum err isdr_configure_immediate_enabling(struct euicc *e, struct span request,
                                           struct buf *response)
{
    struct der_tlv whole, flag, oid = { 0 }, address = { 0 };
    struct state *s;
    enum err err = rsp_check(RSP_CONFIGURE_IMMEDIATE_PROFILE_ENABLING_REQUEST, request);
    if (!err)
        err = der_only(request, 0xbf59, &whole);
    if (err)
        return err;
    /* Once an eIM is associated, only its package may change this. */
    if (euicc_state(e)->eim_count)
        return rsp_code_write(0xbf59, RSP_CONFIGURE_IMMEDIATE_ASSOCIATED_EIM_ALREADY_EXISTS,
                              response);
    bool set = !der_find(whole.value, 0x80, &flag);
    if (der_find(whole.value, 0x81, &oid))
        oid = (struct der_tlv){ 0 };
    if (der_find(whole.value, 0x82, &address))
        address = (struct der_tlv){ 0 };
    int64_t code = immediate_judge(e, oid.value, address.value);
    if (code) /* the function knows no commandError */
        return rsp_code_write(0xbf59,
                              code == RSP_IMMEDIATE_CONFIG_INSUFFICIENT_MEMORY
                                  ? RSP_CONFIGURE_IMMEDIATE_INSUFFICIENT_MEMORY
                                  : RSP_CONFIGURE_IMMEDIATE_UNDEFINED_ERROR,
                              response);
    err = euicc_change(e, &s);
    if (!err)
        err = immediate_configure(s, set, oid.value, address.value);
    return err ? err : rsp_code_write(0xbf59, RSP_CONFIGURE_IMMEDIATE_OK, response);
}

static int64_t judge(const struct euicc *e)
{
    const struct state *s = euicc_state(e);
    const struct profile *now = state_enabled(s),
                         *p = state_find_iccid(s, SPAN_ARRAY(e->session.installed));
    if (!s->immediate_enable || (now && profile_has_rule(now, RSP_PPR1)))
        return RSP_IMMEDIATE_ENABLE_IMMEDIATE_ENABLE_NOT_AVAILABLE;
    if (!e->session.has_installed || !p || p->enabled)
        return RSP_IMMEDIATE_ENABLE_NO_SESSION_CONTEXT;
    if (cat_is_busy(e))
        return RSP_IMMEDIATE_ENABLE_CAT_BUSY;
    return e->session.immediate_allowed ? RSP_IMMEDIATE_ENABLE_OK
                                        : RSP_IMMEDIATE_ENABLE_IMMEDIATE_ENABLE_NOT_AVAILABLE;
}

enum err isdr_immediate_enable(struct euicc *e, struct span request, struct buf *response)
{
    struct state *s;
    bool refresh;
    enum err err = rsp_refresh_read(0xbf5a, request, &refresh);
    int64_t code = err ? 0 : judge(e);
    if (!err && !code)
        err = euicc_change(e, &s);
    if (!err && !code) {
        state_clear_rollback(s);
        s->in_fallback = false;
        err = profile_switch(e, s, state_find_iccid(s, SPAN_ARRAY(e->session.installed)));
        cat_refresh(e, refresh);
    }
    if (!err && !code)
        e->session.has_installed = false;
    return err ? err : rsp_code_write(0xbf5a, code, response);
}
