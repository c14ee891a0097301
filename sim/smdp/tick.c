/* What the SM-DP+ has to tell others: each of them hears it in order, and none waits for another. */
#include "smdp_routes.h"

#define TOLD_A_TICK 256

int64_t smdp_back_off(int64_t attempts)
{
    return clock_back_off(CLOCK_SECOND, 5 * CLOCK_MINUTE, attempts);
}

typedef enum err (*tell)(struct smdp *s, size_t whom, int64_t now, int64_t *next);

static enum err tell_all(struct smdp *s, tell one, size_t whom, int64_t now, int64_t *earliest)
{
    int64_t next = CLOCK_NEVER;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < TOLD_A_TICK && !e && next == CLOCK_NEVER; i++)
        e = one(s, whom, now, &next);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (!e && next == CLOCK_NEVER)
        next = now; /* there is more */
    *earliest = next < *earliest ? next : *earliest;
    return e;
}

int64_t smdp_tick(struct actor *a, int64_t now, enum err *e)
{
    struct smdp *s = (struct smdp *)a;
    int64_t earliest = CLOCK_NEVER;
    *e = ERR_OK;
    for (size_t i = 0; i < s->smds_count && !*e; i++)
        *e = tell_all(s, smdp_tell_smds, i, now, &earliest);
    for (size_t i = 0; i < s->client_count && !*e; i++)
        if (s->clients[i].url)
            *e = tell_all(s, smdp_tell_operator, i, now, &earliest);
    return earliest;
}
