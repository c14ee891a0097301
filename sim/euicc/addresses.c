#include "euicc_internal.h"
#include "rsp_es10.h"
#include "rsp_ids.h"

enum err isdr_get_configured_addresses(struct euicc *e, struct span request, struct buf *response)
{
    const struct state *s = euicc_state(e);
    enum err err = rsp_empty_read(0xbf3c, request);
    struct rsp_configured_addresses answer = { .root_ds_address = s->root_ds
                                                                      ? shared_span(s->root_ds)
                                                                      : span_str("") };
    if (s->default_dp)
        answer.default_dp_address = shared_span(s->default_dp);
    return err ? err : rsp_configured_addresses_write(&answer, response);
}

/* An empty address takes the default away (SGP.22 5.7.4). */
static enum err set_default_dp(struct euicc *e, uint32_t tag, struct span request,
                               struct buf *response)
{
    struct span address;
    struct state *s;
    enum err err = rsp_default_dp_address_read(tag, request, &address);
    if (err)
        return err;
    if (address.len && !rsp_address_is_valid(address))
        return rsp_code_write(tag, RSP_SET_DEFAULT_DP_UNDEFINED_ERROR, response);
    err = euicc_change(e, &s);
    if (err)
        return err;
    if (address.len) {
        err = shared_set(&s->default_dp, address);
    } else {
        shared_release(s->default_dp);
        s->default_dp = NULL;
    }
    return err ? err : rsp_code_write(tag, RSP_SET_DEFAULT_DP_OK, response);
}

enum err isdr_set_default_dp_address(struct euicc *e, struct span request, struct buf *response)
{
    return set_default_dp(e, 0xbf3f, request, response);
}

enum err isdr_set_default_dp_address_sgp32(struct euicc *e, struct span request,
                                           struct buf *response)
{
    return set_default_dp(e, 0xbf65, request, response);
}
