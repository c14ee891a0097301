/* Devices: a card from the factory with its preloaded profiles, and the numbers they need. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card_place.h"
#include "card_recorder.h"
#include "euicc.h"
#include "ipa.h"
#include "process_world.h"
#include "rsp_ids.h"
#include "rsp_store_metadata.h"
#include "saip.h"
#include "world_internal.h"

static enum err plan_device(struct world *w, struct world_device *d, const struct scenario_group *g, int64_t index)
{
    char first30[31];
    size_t number = (size_t)(d - w->devices);
    d->group = g;
    d->eim = g->eim;
    scenario_device_name(g, index, d->name);
    snprintf(d->country, sizeof d->country, "%s", g->country);
    /* The range of the test EUM (SGP.26): 89049032. */
    snprintf(first30, sizeof first30, "%s%022zu", strcmp(g->certificate, "outside-range") == 0 ? "89049033" : "89049032", number + 1);
    snprintf(d->imei, sizeof d->imei, "35%013zu", number + 1);
    enum err e = rsp_eid_complete(first30, d->eid);
    if (!e)
        e = subscriber_make(w, g->starts_on, &d->profile[0]);
    d->profile_count = 1;
    for (size_t k = 0; !e && k < g->has_count; k++) {
        e = subscriber_make(w, g->has[k], &d->profile[d->profile_count]);
        d->profile_count++;
    }
    return e;
}

enum err devices_plan(struct world *w)
{
    int64_t count = scenario_device_count(w->scenario);
    w->devices = calloc((size_t)count + 1, sizeof *w->devices);
    if (!w->devices)
        return ERR_NOMEM;
    enum err e = ERR_OK;
    for (size_t g = 0; !e && g < w->scenario->group_count; g++)
        for (int64_t i = 0; !e && i < w->scenario->group[g].count; i++) {
            e = plan_device(w, &w->devices[w->device_count], &w->scenario->group[g], i);
            w->device_count++;
        }
    return e;
}

/* What the carrier's factory order says of a profile. */
static enum err build_profile(const struct world_profile *p, const char *policy, bool fallback_allowed, bool emergency,
                              struct buf *metadata, struct buf *upp)
{
    uint8_t iccid[RSP_ICCID_OCTETS], plmn[3];
    struct aka_params aka = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    memcpy(aka.k, p->k, sizeof p->k);
    memcpy(aka.opc, p->opc, sizeof p->opc);
    enum err e = rsp_iccid_parse(p->iccid, iccid);
    if (!e)
        e = rsp_plmn_parse(p->carrier->plmn, plmn);
    const struct rsp_store_metadata m = {
        .iccid = SPAN_ARRAY(iccid),
        .service_provider_name = span_str(p->carrier->name),
        .profile_name = span_str(p->carrier->name),
        .has_owner = true,
        .owner.mcc_mnc = SPAN_ARRAY(plmn),
        .fallback_allowed = fallback_allowed,
        .ecall_indication = emergency,
        .policy_rules = { strcmp(policy, "none") != 0, strcmp(policy, "ppr1") == 0 ? RSP_PPR1 : RSP_PPR2 },
    };
    struct saip_subscription s = { .imsi = p->imsi, .mnc_length = strlen(p->carrier->plmn) == 6 ? 3 : 2, .aka = &aka };
    memcpy(s.iccid, iccid, sizeof iccid);
    if (!e)
        e = rsp_store_metadata_write(&m, metadata);
    if (!e)
        e = saip_minimal_usim(&s, upp);
    memory_clear(&aka, sizeof aka);
    return e;
}

static void tell_exchange(void *context, const struct card_exchange *x)
{
    if (x->command.len && !x->e)
        trace_card_apdu(context, x->command, x->response);
}

/* The card as the IPA reaches it: in process, or through a reader of this machine. */
static enum err place(struct world *w, struct world_device *d)
{
    d->card = euicc_card(d->euicc);
    if (!w->options.card_reader || d != w->devices)
        return ERR_OK;
    enum err e = card_place_open(&w->log, w->options.card_reader, w->options.card_reader_address, d->card, &d->place);
    if (e)
        return world_fail(w, e, "the card of %s cannot be put into reader '%s': %s", d->name, w->options.card_reader,
                          err_name(e));
    d->card = card_place_card(d->place);
    return ERR_OK;
}

/* Puts the recorder between the IPA and the card; without a trace the card stands for itself. */
static enum err record(struct world *w, struct world_device *d)
{
    if (!w->options.trace)
        return ERR_OK;
    struct card_recorder *r = calloc(1, sizeof *r);
    enum err e = r ? trace_card_new(w->trace, d->name, &d->trace) : ERR_NOMEM;
    if (e) {
        free(r);
        return e;
    }
    card_recorder_init(r, d->card, tell_exchange, d->trace);
    d->card = &r->card;
    return ERR_OK;
}

/* In front of the recorder: what the card answered is seen, though it was lost. */
struct lossy_card {
    struct card card;
    struct card *behind;
    struct faults *faults;
    const char *device;
};

static enum err lossy_reset(struct card *c, struct buf *atr)
{
    return card_reset(((struct lossy_card *)c)->behind, atr);
}

static enum err lossy_transmit(struct card *c, struct span command, struct buf *response)
{
    struct lossy_card *l = (struct lossy_card *)c;
    if (faults_lose_command(l->faults, l->device))
        return ERR_TIMEOUT;
    enum err e = card_transmit(l->behind, command, response);
    if (!faults_lose_card_answer(l->faults, l->device))
        return e;
    buf_clear(response);
    return ERR_TIMEOUT;
}

static void lossy_close(struct card *c)
{
    (void)c;
}

static enum err make_lossy(struct world *w, struct world_device *d)
{
    static const struct card_ops ops = { "lossy", lossy_reset, lossy_transmit, lossy_close };
    if (!w->options.trace)
        return ERR_OK;
    d->lossy = malloc(sizeof *d->lossy);
    if (!d->lossy)
        return ERR_NOMEM;
    *d->lossy = (struct lossy_card){ { &ops }, d->card, &w->faults, d->name };
    d->card = &d->lossy->card;
    return ERR_OK;
}

static enum err load_memory(struct euicc_nvm *n, struct buf *blob)
{
    struct euicc_nvm *ram = &((struct world_memory *)n)->ram.nvm;
    return ram->ops->load(ram, blob);
}

static enum err save_memory(struct euicc_nvm *n, struct span blob)
{
    struct world_memory *m = (struct world_memory *)n;
    enum err e = m->cut ? m->cut(m->context, false) : ERR_OK;
    if (!e)
        e = m->ram.nvm.ops->save(&m->ram.nvm, blob);
    return e || !m->cut ? e : m->cut(m->context, true);
}

/* Benchmarks count what a card occupies: there it lives in its struct alone. */
static enum err make_memory(struct world *w, struct world_device *d)
{
    static const struct euicc_nvm_ops ops = { load_memory, save_memory };
    if (!w->options.trace)
        return ERR_OK;
    d->memory = calloc(1, sizeof *d->memory);
    if (!d->memory)
        return ERR_NOMEM;
    euicc_nvm_ram_init(&d->memory->ram);
    d->memory->nvm.ops = &ops;
    return ERR_OK;
}

static const char *euicc_certificate(const struct world *w, const struct world_device *d)
{
    for (size_t i = 0; i < w->scenario->certificate_count; i++)
        if (strcmp(w->scenario->certificate[i].part, "euicc") == 0)
            return w->scenario->certificate[i].name;
    if (strcmp(d->group->certificate, "expired") == 0)
        return "CERT_EUICC_ECDSA_NIST_EXPIRED";
    if (strcmp(d->group->certificate, "eum-expired") == 0)
        return "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM";
    return d->group->brainpool ? "CERT_EUICC_ECDSA_BRP" : "CERT_EUICC_ECDSA_NIST";
}

static enum err insert_card(struct world *w, struct world_device *d, const struct euicc_profile *profiles)
{
    const struct euicc_credential credential = { buf_span(&d->credential.certificate),
                                                 d->credential.eum_certificate, secret_span(&d->credential.key) };
    struct euicc_settings s = { .trust = w->trust, .profiles = profiles, .profile_count = d->profile_count,
                                .credentials = &credential, .credential_count = 1 };
    enum err e = rsp_eid_parse(d->eid, s.eid);
    if (!e)
        e = make_memory(w, d);
    char smdp[128];
    s.ipae = d->group->ipae;
    s.memory = (uint32_t)d->group->memory;
    s.default_dp_address = d->group->has_default_smdp ? world_smdp_host(d->group->default_smdp, smdp) : NULL;
    s.root_ds_address = w->scenario->smds ? HOST_SMDS : NULL;
    s.v1_3 = d->group->v1_3;
    s.wire = w->scenario->wire;
    s.nvm = d->memory ? &d->memory->nvm : NULL;
    s.contents = w->contents;
    if (!e)
        e = euicc_new(&d->part->env, &s, &d->euicc);
    if (!e)
        e = place(w, d);
    if (!e)
        e = record(w, d);
    return e ? e : make_lossy(w, d);
}

enum err device_card(struct world *w, struct world_device *d)
{
    struct euicc_profile profiles[COUNT(d->profile)] = { 0 };
    struct buf metadata[COUNT(d->profile)], upp[COUNT(d->profile)];
    int64_t pace = w->options.wiring == WIRING_PROCESS ? PROCESS_PACE : 1;
    int64_t until = d->group->certificate_valid_for ? w->epoch + d->group->certificate_valid_for / pace : 0;
    enum err e = certs_issue_euicc_until(w->pki, euicc_certificate(w, d), d->eid, until, &d->credential);
    for (size_t k = 0; k < d->profile_count; k++) {
        metadata[k] = (struct buf){ .max = 4096 };
        upp[k] = (struct buf){ .max = SAIP_UPP_MAX };
        bool fallback = d->group->fallback == d->profile[k].carrier;
        if (!e)
            e = build_profile(&d->profile[k], k == 0 ? d->group->policy : "none", k == 0 || fallback,
                              d->group->emergency == d->profile[k].carrier, &metadata[k], &upp[k]);
        profiles[k] = (struct euicc_profile){ buf_span(&metadata[k]), buf_span(&upp[k]), k == 0, fallback };
    }
    if (!e)
        e = w->options.wiring == WIRING_PROCESS ? process_write_card(w, d, profiles) : insert_card(w, d, profiles);
    for (size_t k = 0; k < d->profile_count; k++) {
        if (upp[k].at)
            memory_clear(upp[k].at, upp[k].len);
        buf_release(&metadata[k]);
        buf_release(&upp[k]);
    }
    return e;
}

/* --- touched from outside ------------------------------------------------------------------------------------- */

enum err world_move(struct world *w, struct world_device *d, const char *country)
{
    snprintf(d->country, sizeof d->country, "%s", country);
    if (w->options.wiring == WIRING_PROCESS)
        return process_touch_device(w, d, json_pack("{s:s}", "country", country));
    if (d->ipa)
        ipa_move(d->ipa, country);
    world_touch(w, d->part);
    return ERR_OK;
}

enum err world_power(struct world *w, struct world_device *d, bool on)
{
    if (w->options.wiring == WIRING_PROCESS)
        return process_touch_device(w, d, json_pack("{s:b}", "powered", on));
    if (d->ipa)
        ipa_power(d->ipa, on);
    world_touch(w, d->part);
    return ERR_OK;
}

enum err world_emergency(struct world *w, struct world_device *d, bool begins)
{
    if (w->options.wiring == WIRING_PROCESS)
        return process_touch_device(w, d, json_pack("{s:b}", "emergency", begins));
    enum err e = d->ipa ? ipa_call_emergency(d->ipa, begins) : ERR_OK;
    /* It lost power at the word: people say it again. */
    if (e == ERR_CUT && !(e = world_restart(w, d->part)))
        e = ipa_call_emergency(d->ipa, begins);
    world_touch(w, d->part);
    return e;
}

enum err world_forget_eim(struct world *w, struct world_device *d)
{
    if (w->options.wiring == WIRING_PROCESS)
        return world_fail(w, ERR_UNSUPPORTED, "a card behind a program cannot be reset here: name direct and loopback under "
                                              "'wirings'");
    if (d->ipa)
        ipa_forget_eim(d->ipa);
    world_touch(w, d->part);
    return ERR_OK;
}

void world_online(struct world *w, const struct world_device *d, char plmn[8])
{
    if (w->options.wiring == WIRING_PROCESS)
        process_online(w, d, plmn);
    else
        snprintf(plmn, 8, "%s", d->ipa ? ipa_online_plmn(d->ipa) : "");
}

void device_release(struct world_device *d)
{
    if (d->lossy)
        d->card = d->lossy->behind;
    free(d->lossy);
    if (d->trace)
        free(d->card); /* the recorder */
    card_place_close(d->place);
    trace_card_free(d->trace);
    euicc_free(d->euicc);
    if (d->memory && d->memory->ram.blob.at)
        euicc_nvm_ram_release(&d->memory->ram);
    free(d->memory);
    pki_euicc_release(&d->credential);
}
