#include "rsp_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"
#include "world_internal.h"

/* --- smdp-order --------------------------------------------------------------------------------------- */

enum err smdp_order_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "carrier", "smds", "released", "confirmation-code", NULL };
    bool flag = false;
    enum err e = word_map(s, n, keys, error);
    if (!e)
        e = word_device(s, yaml_get(n, "device"), error);
    if (!e)
        e = word_carrier(s, n, "carrier", error);
    if (!e && yaml_get(n, "released"))
        e = yaml_bool(s->yaml, yaml_get(n, "released"), &flag, error);
    const struct yaml_node *smds = yaml_get(n, "smds"), *code = yaml_get(n, "confirmation-code");
    if (!e && smds)
        e = yaml_bool(s->yaml, smds, &flag, error);
    if (!e && smds && flag && !s->smds)
        e = yaml_fail(s->yaml, smds->at, error, "this world has no SM-DS: say 'smds: true' in it");
    return !e && code && code->kind != YAML_SCALAR ? yaml_fail(s->yaml, code->at, error, "a code is one word") : e;
}

static bool says(const struct yaml_node *n, const char *what)
{
    return n && strcmp(n->text, what) == 0;
}

enum err smdp_order_play(struct run *r, const struct yaml_node *n)
{
    const struct yaml_node *code = yaml_get(n, "confirmation-code");
    const struct world_order o = { .carrier = scenario_find_carrier(r->scenario, yaml_get(n, "carrier")->text),
                                   .device = world_device(r->world, yaml_get(n, "device")->text),
                                   .smds = says(yaml_get(n, "smds"), "true"),
                                   .unreleased = says(yaml_get(n, "released"), "false"),
                                   .confirmation_code = code ? code->text : NULL };
    return world_order_profile(r->world, &o);
}

enum err smdp_release_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const keys[] = { "device", "carrier", NULL };
    enum err e = word_map(s, n, keys, error);
    if (!e)
        e = word_device(s, yaml_get(n, "device"), error);
    return e ? e : word_carrier(s, n, "carrier", error);
}

enum err smdp_release_play(struct run *r, const struct yaml_node *n)
{
    const char *device = yaml_get(n, "device")->text, *carrier = yaml_get(n, "carrier")->text;
    const struct world_profile *p = run_profile_of(r, device, carrier);
    return p ? world_release_profile(r->world, p)
             : world_fail(r->world, ERR_NOT_FOUND, "no profile of %s was ordered for %s", carrier, device);
}

void activation_code_of(const struct world_profile *p, char out[256])
{
    char smdp[128];
    snprintf(out, 256, "1$%s$%s", world_smdp_host(p->carrier->smdp, smdp), p->matching_id);
}

/* --- smdp: the state of a device's profile ------------------------------------------------------------- */

enum err smdp_state_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    static const char *const states[] = { "available", "allocated", "linked", "confirmed", "released", "downloaded",
                                          "installed", "error", "unavailable", NULL };
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{carrier: {device: installed}} is wanted");
    for (size_t i = 0; !e && i < n->count; i++) {
        const struct yaml_node *of = n->item[i];
        if (!scenario_find_carrier(s, n->key[i]) || of->kind != YAML_MAP)
            e = yaml_fail(s->yaml, n->key_at[i], error, "{carrier: {device: installed}} is wanted");
        for (size_t k = 0; !e && k < of->count; k++) {
            int64_t index;
            bool known = false;
            for (size_t j = 0; of->item[k]->kind == YAML_SCALAR && states[j]; j++)
                known |= strcmp(states[j], of->item[k]->text) == 0;
            if (!known || !scenario_find_device(s, of->key[k], &index))
                e = yaml_fail(s->yaml, of->key_at[k], error, "a device and a state of its profile are wanted, for example installed");
        }
    }
    return e;
}

static bool state_is(struct run *r, const char *carrier, const char *device, const char *want, char expected[200],
                     char found[400])
{
    char host[128], path[64];
    const struct world_profile *p = run_profile_of(r, device, carrier);
    snprintf(expected, 200, "profile of %s for %s %s at its SM-DP+", carrier, device, want);
    snprintf(found, 400, "no profile");
    if (!p)
        return false;
    snprintf(path, sizeof path, "/v1/profiles/%s", p->iccid);
    json_t *answer = run_get(r, world_smdp_host(p->carrier->smdp, host), path);
    const char *state = json_str(answer, "state");
    snprintf(found, 400, "%s", state ? state : "nothing");
    bool holds = state && strcmp(state, want) == 0;
    json_decref(answer);
    return holds;
}

bool smdp_state_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++)
        for (size_t k = 0; k < n->item[i]->count; k++)
            if (!state_is(r, n->key[i], n->item[i]->key[k], n->item[i]->item[k]->text, expected, found))
                return false;
    return true;
}

/* --- events: how many wait at the SM-DS ------------------------------------------------------------------ */

enum err events_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error)
{
    enum err e = n->kind == YAML_MAP ? ERR_OK : yaml_fail(s->yaml, n->at, error, "{device: 1} is wanted");
    if (!e && !s->smds)
        e = yaml_fail(s->yaml, n->at, error, "this world has no SM-DS: say 'smds: true' in it");
    for (size_t i = 0; !e && i < n->count; i++) {
        int64_t number;
        e = scenario_find_device(s, n->key[i], &number)
                ? yaml_int(s->yaml, n->item[i], 0, 1000, &number, error)
                : yaml_fail(s->yaml, n->key_at[i], error, "no device '%s' in this world", n->key[i]);
    }
    return e;
}

bool events_hold(struct run *r, const struct yaml_node *n, char expected[200], char found[400])
{
    for (size_t i = 0; i < n->count; i++) {
        char path[80];
        snprintf(path, sizeof path, "/v1/events?eid=%s", world_device(r->world, n->key[i])->eid);
        json_t *answer = run_get(r, HOST_SMDS, path);
        long long have = answer ? (long long)json_array_size(json_object_get(answer, "events")) : -1;
        json_decref(answer);
        snprintf(expected, 200, "%s events for %s at the SM-DS", n->item[i]->text, n->key[i]);
        snprintf(found, 400, "%lld", have);
        if (have != atoll(n->item[i]->text))
            return false;
    }
    return true;
}
