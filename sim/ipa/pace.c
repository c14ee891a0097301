/* How long to wait: jitter and back-off (catalogue B.1). */
#include "ipa_internal.h"

/* Without randomness there is no jitter; the wait itself stays right. */
int64_t ipa_wait(struct ipa *i, int64_t wait)
{
    uint32_t random = 0;
    uint64_t room = wait > 0 ? (uint64_t)wait / 10 : 0;
    if (!room || rng_fill(i->env->rng, &random, sizeof random))
        return wait;
    return wait - (int64_t)(random % (room + 1));
}

int64_t ipa_back_off(struct ipa *i, int64_t wait, unsigned failures, unsigned limit)
{
    return ipa_wait(i, clock_back_off(wait, wait * limit, failures ? failures - 1 : 0));
}
