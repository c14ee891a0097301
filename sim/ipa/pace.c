/* How long to wait: jitter and back-off (catalogue B.1), and what a clock that is set makes of it. */
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

static void move(int64_t *at, int64_t by)
{
    if (*at)
        *at += by;
}

enum err ipa_follow_clock(struct ipa *i, int64_t now)
{
    bool back = now < i->ticked;
    bool on = i->due && i->due != CLOCK_NEVER && now - i->due > i->rollback_after;
    int64_t by = back ? now - i->ticked : on ? now - i->due : 0;
    i->ticked = now;
    if (!by)
        return ERR_OK;
    LOG(i->env->log, LOG_WARN, "clock.set", F_TEXT("device", i->name), F_INT("by", by));
    move(&i->offline_since, by);
    move(&i->look_again, by);
    move(&i->notify_again, by);
    return ipa_journal_move_deadline(i, by);
}
