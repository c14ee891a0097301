/* Rules authorisation table (SGP.22 2.4.7, 2.9.2.1) of this card. */
#include "euicc_internal.h"
#include "rsp_es10.h"
#include "rsp_rat.h"

/* One rule: PPR1 and PPR2, any operator (mccMnc EEEEEE), no consent needed. */
static struct span table_of(const struct euicc *e)
{
    static const uint8_t all[] = { 0x30, 0x10, 0x80, 0x02, 0x05, 0x60, 0xa1, 0x07, 0x30,
                                   0x05, 0x80, 0x03, 0xee, 0xee, 0xee, 0x82, 0x01, 0x00 };
    return e->rat ? shared_span(e->rat) : SPAN_ARRAY(all);
}

bool rat_allows(const struct euicc *e, uint32_t rules, const struct rsp_profile_owner *owner)
{
    return rsp_rat_allows(table_of(e), rules, owner);
}

uint32_t rat_forbidden(const struct euicc *e)
{
    return rsp_rat_forbidden(table_of(e));
}

enum err rat_take(struct euicc *e, struct span rules)
{
    if (rsp_rat_check(rules))
        return log_fail(e->env.log, ERR_CONFIG, "SGP.22 2.9.2.1", "the rules authorisation table is malformed");
    return rules.at ? shared_set(&e->rat, rules) : ERR_OK;
}

enum err rat_write(const struct euicc *e, struct buf *out)
{
    return buf_put(out, table_of(e));
}

enum err isdr_get_rat(struct euicc *e, struct span request, struct buf *response)
{
    const struct rsp_get_rat_response answer = { table_of(e) };
    enum err err = rsp_empty_read(0xbf43, request);
    return err ? err : rsp_get_rat_response_write(&answer, response);
}
