/* What every scenario must keep, always. */
#include <stdio.h>
#include <string.h>

#include "run.h"
#include "world_internal.h"

static bool one_profile_enabled(struct run *r, const struct world_device *d, const struct run_card *card, char why[400])
{
    size_t enabled = 0;
    (void)r;
    for (size_t i = 0; i < card->count; i++)
        enabled += card->profile[i].enabled;
    if (enabled > 1)
        snprintf(why, 400, "%s has %zu enabled profiles", d->name, enabled);
    return enabled <= 1;
}

/* No code is on two cards. */
static bool codes_are_single(struct run *r, char why[400])
{
    struct world *w = r->world;
    for (size_t c = 0; c < w->code_count; c++) {
        size_t holders = 0;
        for (size_t i = 0; i < w->device_count; i++) {
            struct run_card card;
            if (run_read_card(r, &w->devices[i], &card))
                continue;
            for (size_t k = 0; k < card.count; k++)
                holders += strcmp(card.profile[k].iccid, w->codes[c].iccid) == 0;
        }
        if (holders > 1) {
            snprintf(why, 400, "the code of %s was given to %zu cards", w->codes[c].iccid, holders);
            return false;
        }
    }
    return true;
}

static bool stock_adds_up(struct run *r, char why[400])
{
    json_t *answer = run_get(r, HOST_ESO, "/v1/stock"), *item, *count;
    const char *state;
    long long total = 0, given = 0;
    size_t i;
    json_array_foreach(json_object_get(answer, "items"), i, item)
        json_object_foreach(json_object_get(item, "counts"), state, count)
            total += json_integer_value(count);
    json_decref(answer);
    for (i = 0; i < r->world->code_count; i++)
        given += r->world->codes[i].contract != NULL;
    if (total != given)
        snprintf(why, 400, "the stock has %lld codes, %lld were given to it", total, given);
    return total == given;
}

/* Done, safely ended, or waiting with a cause; a swap under way must have a deadline or work to do. */
static bool swap_is_somewhere(struct run *r, const struct world_device *d, char why[400])
{
    json_t *swap = run_show_swap(r, d->name);
    const char *state = json_str(swap, "state"), *cause = json_str(swap, "cause");
    static const char *const caused[] = { "HELD", "FAILED", "ROLLED_BACK", "WAITING_DEVICE", "EXPIRED" };
    bool fine = true;
    for (size_t i = 0; state && i < COUNT(caused); i++)
        fine &= strcmp(state, caused[i]) != 0 || (cause && cause[0]);
    if (!fine)
        snprintf(why, 400, "the swap of %s is %s without a cause", d->name, state);
    json_decref(swap);
    return fine;
}

static bool eso_agrees_with_card(struct run *r, const struct world_device *d, const struct run_card *card, char why[400])
{
    json_t *device = run_show_device(r, d->name), *p;
    size_t i, known = 0;
    bool fine = device != NULL;
    json_array_foreach(json_object_get(device, "profiles"), i, p) {
        const char *iccid = json_str(p, "iccid"), *state = json_str(p, "state");
        for (size_t k = 0; iccid && k < card->count; k++)
            if (strcmp(card->profile[k].iccid, iccid) == 0) {
                known++;
                bool enabled = state && strcmp(state, "enabled") == 0;
                if (enabled != card->profile[k].enabled && fine) {
                    snprintf(why, 400, "%s: the eSO says %s of %s, the card says %s", d->name, state ? state : "nothing",
                             iccid, card->profile[k].enabled ? "enabled" : "disabled");
                    fine = false;
                }
            }
    }
    if (fine && known != card->count) {
        snprintf(why, 400, "%s: the card has %zu profiles, the eSO knows %zu of them", d->name, card->count, known);
        fine = false;
    }
    json_decref(device);
    return fine;
}

/* A profile that is on the card from a code is installed by the SM-DP+'s word too. */
static bool smdp_agrees_with_card(struct run *r, const struct world_device *d, const struct run_card *card, char why[400])
{
    for (size_t k = 0; k < card->count; k++) {
        const struct world_profile *p = run_find_profile(r, card->profile[k].iccid);
        char path[64], smdp[128];
        if (!p || !(p->contract || p->ordered_for))
            continue;
        snprintf(path, sizeof path, "/v1/profiles/%s", p->iccid);
        json_t *answer = run_get(r, world_smdp_host(p->carrier->smdp, smdp), path);
        const char *state = json_str(answer, "state"), *eid = json_str(answer, "eid");
        bool fine = state && strcmp(state, "installed") == 0 && eid && strcmp(eid, d->eid) == 0;
        if (!fine)
            snprintf(why, 400, "%s: profile %s is on the card, the SM-DP+ says %s for %s", d->name, p->iccid,
                     state ? state : "nothing", eid ? eid : "nobody");
        json_decref(answer);
        if (!fine)
            return false;
    }
    return true;
}

bool run_views_agree(struct run *r, const struct world_device *d, char why[400])
{
    struct run_card card;
    if (run_read_card(r, (struct world_device *)d, &card)) {
        snprintf(why, 400, "the card of %s does not answer", d->name);
        return false;
    }
    return (d->group->tenant || eso_agrees_with_card(r, d, &card, why)) && smdp_agrees_with_card(r, d, &card, why);
}

/* SGP.32 2.11.1.1: the counter of an eUICC at each eIM only grows. */
static bool counter_grows_at(struct run *r, const char *host, const struct world_device *d, int64_t *seen, char why[400])
{
    char path[64];
    int64_t counter = -1;
    snprintf(path, sizeof path, "/v1/euiccs/%s", d->eid);
    json_t *answer = run_get(r, host, path);
    bool fine = !answer || (json_int(answer, "counter", &counter) == ERR_OK && counter >= *seen);
    if (!fine)
        snprintf(why, 400, "%s: the counterValue of %s went back from %lld to %lld", d->name, host, (long long)*seen,
                 (long long)counter);
    else if (answer)
        *seen = counter;
    json_decref(answer);
    return fine;
}

static bool counter_grows(struct run *r, struct world_device *d, char why[400])
{
    char host[128];
    for (size_t i = 0; i <= r->scenario->eim_count; i++)
        if (!counter_grows_at(r, world_eim_host(i ? &r->scenario->eim[i - 1] : NULL, host), d, &d->counter_seen[i], why))
            return false;
    return true;
}

static bool nothing_leaked(struct run *r, char why[400])
{
    size_t leaks = trace_leaks(r->world->trace);
    if (leaks)
        snprintf(why, 400, "a K or OPc was seen %zu times in messages or events (they are masked in the report)", leaks);
    return leaks == 0;
}

bool run_invariants_hold(struct run *r, char why[400])
{
    if (!nothing_leaked(r, why))
        return false;
    for (size_t i = 0; i < r->world->device_count; i++) {
        struct world_device *d = &r->world->devices[i];
        struct run_card card;
        if (!counter_grows(r, d, why))
            return false;
        if (run_read_card(r, d, &card))
            continue; /* a card without power says nothing, and nothing wrong */
        if (!one_profile_enabled(r, d, &card, why) || !swap_is_somewhere(r, d, why))
            return false;
    }
    return stock_adds_up(r, why) && (r->world->code_count > 200 || codes_are_single(r, why));
}
