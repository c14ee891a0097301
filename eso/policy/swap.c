#include <string.h>

#include "eso_policy.h"

struct rule {
    const char *cause, *reason;
    bool (*holds)(const struct contract *c, const struct policy_facts *f);
};

static bool is_in_force(const struct contract *c, const struct policy_facts *f)
{
    return contract_is_valid_at(c, f->now);
}

static bool covers_country(const struct contract *c, const struct policy_facts *f)
{
    return contract_covers(c, f->device->country);
}

static bool has_quota(const struct contract *c, const struct policy_facts *f)
{
    (void)f;
    return c->quota == ESO_NO_QUOTA || c->used < c->quota;
}

/* Orchestration 3: checked when the swap is accepted and again when the code is taken. The first contract that passes
 * all is used; the refusal names the rule that came farthest. */
static const struct rule rules[] = {
    { "contract-not-valid", "no contract with this carrier is in force now", is_in_force },
    { "outside-territory", "the device's country is outside the territory of every valid contract", covers_country },
    { "quota-reached", "the quota of every fitting contract is used up", has_quota },
};

static size_t rules_passed(const struct contract *c, const struct policy_facts *f, size_t count)
{
    size_t n = 0;
    while (n < count && rules[n].holds(c, f))
        n++;
    return n;
}

/* The first contract that passes `count` rules; *farthest tells how many the best one passed. */
static const struct contract *find_contract(const struct policy_facts *f, size_t count, size_t *farthest)
{
    for (size_t i = 0; i < f->contract_count; i++) {
        size_t n = rules_passed(&f->contracts[i], f, count);
        if (n > *farthest)
            *farthest = n;
        if (n == count)
            return &f->contracts[i];
    }
    return NULL;
}

static struct policy_decision refuse(const char *cause, const char *reason)
{
    return (struct policy_decision){ .verdict = POLICY_REFUSE, .cause = cause, .reason = reason };
}

/* R41: the profile is there, so nothing is allocated and the quota does not matter; the lead needs no partner contract. */
static struct policy_decision decide_present(const struct policy_facts *f, const struct profile *p)
{
    size_t farthest = 0;
    const struct contract *c = find_contract(f, 2, &farthest);
    if (!c && strcmp(f->target, f->device->lead) != 0)
        return f->contract_count ? refuse(rules[farthest].cause, rules[farthest].reason)
                                 : refuse("no-agreement", "no contract with this carrier");
    return (struct policy_decision){ .verdict = POLICY_ENABLE_ONLY, .cause = "", .contract = c, .profile = p,
                                     .reason = "the carrier's profile is on the card: only enabling is left" };
}

struct policy_decision policy_decide_swap(const struct policy_facts *f)
{
    const struct profile *p = device_profile_of(f->device, f->target);
    size_t farthest = 0;
    if (p && p->enabled)
        return (struct policy_decision){ .verdict = POLICY_NOTHING, .cause = "", .profile = p,
                                         .reason = "the carrier's profile is enabled already" };
    if (p)
        return decide_present(f, p);
    if (f->contract_count == 0)
        return refuse("no-agreement", "no contract with this carrier");
    const struct contract *c = find_contract(f, COUNT(rules), &farthest);
    if (!c)
        return refuse(rules[farthest].cause, rules[farthest].reason);
    return (struct policy_decision){ .verdict = POLICY_ALLOCATE, .cause = "", .contract = c,
                                     .reason = "contract in force, country covered, quota left" };
}
