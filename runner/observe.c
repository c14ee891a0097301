/* Reading the world for expectations: through the interfaces that anybody could use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es10b.h"
#include "euicc.h"
#include "process_world.h"
#include "rsp_ids.h"
#include "run.h"
#include "world_internal.h"

struct run_swap *run_find_swap(struct run *r, const char *device)
{
    for (size_t i = r->swap_count; i-- > 0;)
        if (strcmp(r->swaps[i].device, device) == 0 && r->swaps[i].id[0])
            return &r->swaps[i];
    return NULL;
}

const char *run_find_refusal(struct run *r, const char *device)
{
    for (size_t i = r->swap_count; i-- > 0;)
        if (strcmp(r->swaps[i].device, device) == 0)
            return r->swaps[i].refusal;
    return "";
}

enum err run_add_swap(struct run *r, const char *device, const char *id, const char *refusal)
{
    struct run_swap *grown = realloc(r->swaps, (r->swap_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    r->swaps = grown;
    struct run_swap *s = &grown[r->swap_count++];
    snprintf(s->device, sizeof s->device, "%s", device);
    snprintf(s->id, sizeof s->id, "%s", id);
    snprintf(s->refusal, sizeof s->refusal, "%s", refusal);
    return ERR_OK;
}

static json_t *get(struct run *r, const char *host, const char *path)
{
    int status = 0;
    json_t *answer = NULL;
    enum err e = world_look(r->world, host, path, &status, &answer);
    if (!e && status == 200)
        return answer;
    json_decref(answer);
    return NULL;
}

json_t *run_show_swap(struct run *r, const char *device)
{
    char path[96];
    const struct run_swap *s = run_find_swap(r, device);
    if (!s)
        return NULL;
    snprintf(path, sizeof path, "/v1/swaps/%s", s->id);
    return get(r, HOST_ESO, path);
}

json_t *run_show_device(struct run *r, const char *device)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/devices/%s", world_device(r->world, device)->eid);
    return get(r, HOST_ESO, path);
}

json_t *run_get(struct run *r, const char *host, const char *path)
{
    return get(r, host, path);
}

static enum err take_profiles(struct span list, struct run_card *out)
{
    struct der d = der_open(list);
    struct rsp_profile_info p;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d) && out->count < COUNT(out->profile)) {
        e = rsp_profile_info_next(&d, &p);
        if (!e)
            e = rsp_iccid_text(p.iccid, out->profile[out->count].iccid);
        if (!e) {
            out->profile[out->count].enabled = p.state.present && p.state.value == RSP_PROFILE_ENABLED;
            out->profile[out->count].fallback = p.fallback_attribute;
            out->count++;
        }
    }
    return e;
}

/* On a logical channel of its own, so that the device does not notice. */
enum err run_read_card(struct run *r, struct world_device *d, struct run_card *out)
{
    if (r->wiring == WIRING_PROCESS)
        return process_read_card(r, d, out);
    struct es10_card card = { .env = &r->world->admin_env, .card = euicc_card(d->euicc) };
    struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct buf fci = { .max = 512 };
    uint16_t sw = 0;
    *out = (struct run_card){ 0 };
    enum err e = apdu_open_isd_r(card.card, &card.channel, &fci, &sw);
    if (!e) {
        e = es10b_get_profiles_info(&card, NULL, &info);
        if (!e)
            e = take_profiles(info.message.list, out);
        enum err closed = apdu_close_channel(card.card, card.channel);
        e = e ? e : closed;
    }
    buf_release(&info.received);
    buf_release(&fci);
    return e;
}

const struct world_profile *run_find_profile(struct run *r, const char *iccid)
{
    struct world *w = r->world;
    for (size_t i = 0; i < w->device_count; i++)
        for (size_t k = 0; k < w->devices[i].profile_count; k++)
            if (strcmp(w->devices[i].profile[k].iccid, iccid) == 0)
                return &w->devices[i].profile[k];
    for (size_t i = 0; i < w->code_count; i++)
        if (strcmp(w->codes[i].iccid, iccid) == 0)
            return &w->codes[i];
    return NULL;
}

/* The profile of a carrier that belongs to a device: preloaded, ordered for it (the last one), or given to it by its swap. */
const struct world_profile *run_profile_of(struct run *r, const char *device, const char *carrier)
{
    struct world_device *d = world_device(r->world, device);
    for (size_t k = 0; k < d->profile_count; k++)
        if (strcmp(d->profile[k].carrier->name, carrier) == 0)
            return &d->profile[k];
    for (size_t i = r->world->code_count; i-- > 0;)
        if (r->world->codes[i].ordered_for == d && strcmp(r->world->codes[i].carrier->name, carrier) == 0)
            return &r->world->codes[i];
    json_t *swap = run_show_swap(r, device);
    const char *iccid = json_str(swap, "iccid");
    const struct world_profile *p = iccid ? run_find_profile(r, iccid) : NULL;
    json_decref(swap);
    return p && strcmp(p->carrier->name, carrier) == 0 ? p : NULL;
}
