#include "rsp_rat.h"

#include "rsp_types.h"

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

static bool rule_allowed(struct span table, uint32_t one, const struct rsp_profile_owner *owner)
{
    struct der list = der_open(table);
    struct rat_rule r;
    while (!der_at_end(&list) && !next_rule(&list, &r))
        if (r.rules & one && owner_matches(r.operators, owner))
            return !r.consent;
    return false;
}

bool rsp_rat_allows(struct span table, uint32_t rules, const struct rsp_profile_owner *owner)
{
    if (rules & ~(RSP_PPR1 | RSP_PPR2))
        return false;
    return (!(rules & RSP_PPR1) || rule_allowed(table, RSP_PPR1, owner)) &&
           (!(rules & RSP_PPR2) || rule_allowed(table, RSP_PPR2, owner));
}

uint32_t rsp_rat_forbidden(struct span table)
{
    uint32_t left = RSP_PPR1 | RSP_PPR2;
    struct der list = der_open(table);
    struct rat_rule r;
    while (!der_at_end(&list) && !next_rule(&list, &r))
        left &= ~r.rules;
    return left;
}

static const struct rsp_field get_rat_response[] = { RSP_F(VALUE, 0xA0, get_rat_response, table) };
static const struct rsp_type type_get_rat_response = RSP_SEQUENCE(0xBF43, RSP_P(GET_RAT_RESPONSE), get_rat_response);
RSP_DEFINE(get_rat_response, type_get_rat_response)

/* As GetRAT would tell it. */
static enum err check_answer(struct span table)
{
    const struct rsp_get_rat_response answer = { table };
    struct buf bytes = { .max = RSP_RAT_MAX + 16 };
    enum err e = rsp_get_rat_response_write(&answer, &bytes);
    if (!e)
        e = rsp_check(RSP_GET_RAT_RESPONSE, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}

enum err rsp_rat_check(struct span table)
{
    struct der list = der_open(table);
    struct rat_rule r;
    enum err e = table.len > RSP_RAT_MAX ? ERR_LIMIT : ERR_OK;
    while (!e && !der_at_end(&list))
        e = next_rule(&list, &r);
    return e || !table.len ? e : check_answer(table);
}
