/* Rules authorisation table (SGP.22 2.4.7, 2.9.2.1): the first rule that speaks of a policy rule
 * and of the profile's owner decides. */
#include <string.h>

#include "euicc_internal.h"
#include "rsp_es10.h"

#define CONSENT_REQUIRED 0 /* bit of pprFlags */

struct rat_rule {
    uint32_t rules;
    struct span operators;
    bool consent;
};

static uint32_t rules_of(struct span bits)
{
    return (der_bit(bits, 1) ? RSP_PPR1 : 0) | (der_bit(bits, 2) ? RSP_PPR2 : 0);
}

static enum err next_rule(struct der *list, struct rat_rule *out)
{
    struct der_tlv rule, rules, operators, flags;
    if (der_expect(list, 0x30, &rule) || der_find(rule.value, 0x80, &rules) || !rules.value.len ||
        der_find(rule.value, 0xa1, &operators) || der_find(rule.value, 0x82, &flags) ||
        !flags.value.len)
        return ERR_PARSE;
    *out = (struct rat_rule){ rules_of(rules.value), operators.value,
                              der_bit(flags.value, CONSENT_REQUIRED) };
    return der_check(operators.value);
}

/* E in a digit's place stands for any digit. */
static bool plmn_matches(struct span allowed, struct span owner)
{
    if (allowed.len != 3 || owner.len != 3)
        return false;
    for (size_t i = 0; i < 6; i++) {
        unsigned shift = i % 2 ? 4 : 0, a = allowed.at[i / 2] >> shift & 15;
        if (a != 0xe && a != (owner.at[i / 2] >> shift & 15u))
            return false;
    }
    return true;
}

/* A group identifier that the table leaves out, or has empty, is not looked at. */
static bool group_matches(struct span operator_id, uint32_t tag, struct span owner)
{
    struct der_tlv gid;
    return der_find(operator_id, tag, &gid) || !gid.value.len || span_equal(gid.value, owner);
}

static bool owner_matches(struct span operators, const struct rsp_profile_owner *owner)
{
    struct der d = der_open(operators);
    struct der_tlv one, plmn;
    while (!der_at_end(&d) && !der_expect(&d, 0x30, &one))
        if (!der_find(one.value, 0x80, &plmn) && plmn_matches(plmn.value, owner->mcc_mnc) &&
            group_matches(one.value, 0x81, owner->gid1) &&
            group_matches(one.value, 0x82, owner->gid2))
            return true;
    return false;
}

/* One rule: PPR1 and PPR2, any operator (mccMnc EEEEEE), no consent needed. */
static struct span table_of(const struct euicc *e)
{
    static const uint8_t all[] = { 0x30, 0x10, 0x80, 0x02, 0x05, 0x60, 0xa1, 0x07, 0x30,
                                   0x05, 0x80, 0x03, 0xee, 0xee, 0xee, 0x82, 0x01, 0x00 };
    return e->rat ? shared_span(e->rat) : SPAN_ARRAY(all);
}

static bool rule_allowed(const struct euicc *e, uint32_t one, const struct rsp_profile_owner *owner)
{
    struct der list = der_open(table_of(e));
    struct rat_rule r;
    while (!der_at_end(&list) && !next_rule(&list, &r))
        if (r.rules & one && owner_matches(r.operators, owner))
            return !r.consent; /* nobody is there to be asked */
    return false;
}

bool rat_allows(const struct euicc *e, uint32_t rules, const struct rsp_profile_owner *owner)
{
    if (rules & ~(RSP_PPR1 | RSP_PPR2))
        return false;
    return (!(rules & RSP_PPR1) || rule_allowed(e, RSP_PPR1, owner)) &&
           (!(rules & RSP_PPR2) || rule_allowed(e, RSP_PPR2, owner));
}

uint32_t rat_forbidden(const struct euicc *e)
{
    uint32_t left = RSP_PPR1 | RSP_PPR2;
    struct der list = der_open(table_of(e));
    struct rat_rule r;
    while (!der_at_end(&list) && !next_rule(&list, &r))
        left &= ~r.rules;
    return left;
}

enum err rat_take(struct euicc *e, struct span rules)
{
    struct der list = der_open(rules);
    struct rat_rule r;
    while (!der_at_end(&list))
        if (next_rule(&list, &r))
            return log_fail(e->env.log, ERR_CONFIG, "SGP.22 2.9.2.1",
                            "the rules authorisation table is malformed");
    return rules.at ? shared_set(&e->rat, rules) : ERR_OK;
}

enum err rat_write(const struct euicc *e, struct buf *out)
{
    return buf_put(out, table_of(e));
}

enum err isdr_get_rat(struct euicc *e, struct span request, struct buf *response)
{
    struct der_mark outer, list;
    enum err err = rsp_empty_read(0xbf43, request);
    if (!err)
        err = der_put_open(response, 0xbf43, &outer);
    if (!err)
        err = der_put_open(response, 0xa0, &list);
    if (!err)
        err = rat_write(e, response);
    if (!err)
        err = der_put_close(response, list);
    return err ? err : der_put_close(response, outer);
}
