/* Numbers and keys of subscribers, from the world's seed. */
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "rsp_ids.h"
#include "world_internal.h"

/* How many subscriptions a carrier has so far: devices' and codes' alike. */
static unsigned next_number(const struct world *w, const struct scenario_carrier *c)
{
    unsigned n = 1;
    for (size_t i = 0; i < w->device_count; i++)
        for (size_t k = 0; k < w->devices[i].profile_count; k++)
            n += w->devices[i].profile[k].carrier == c;
    for (size_t i = 0; i < w->code_count; i++)
        n += w->codes[i].carrier == c;
    return n;
}

enum err subscriber_make(struct world *w, const struct scenario_carrier *c, struct world_profile *out)
{
    unsigned carrier = (unsigned)(c - w->scenario->carrier) + 1, n = next_number(w, c);
    char digits[20];
    *out = (struct world_profile){ .carrier = c };
    /* ITU-T E.118: 89, then a country code and issuer of the lab's own, then the Luhn digit. */
    snprintf(digits, sizeof digits, "8999%03u%011u", carrier % 1000, n);
    enum err e = rsp_iccid_complete(digits, out->iccid);
    snprintf(out->imsi, sizeof out->imsi, "%s%0*u", c->plmn, (int)(15 - strlen(c->plmn)), n);
    if (!e)
        e = rng_fill(crypto_rng(w->crypto), out->k, sizeof out->k);
    if (!e)
        e = rng_fill(crypto_rng(w->crypto), out->opc, sizeof out->opc);
    if (!e)
        e = trace_forbid(w->trace, SPAN_ARRAY(out->k));
    return e ? e : trace_forbid(w->trace, SPAN_ARRAY(out->opc));
}

enum err subscriber_matching_id(struct world *w, struct world_profile *p)
{
    uint8_t r[8];
    enum err e = rng_fill(crypto_rng(w->crypto), r, sizeof r);
    if (e)
        return e;
    snprintf(p->matching_id, sizeof p->matching_id, "%02X%02X-%02X%02X-%02X%02X-%02X%02X", r[0], r[1], r[2], r[3], r[4],
             r[5], r[6], r[7]);
    return trace_hide(w->trace, span_str(p->matching_id));
}
