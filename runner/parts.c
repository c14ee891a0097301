/* Each actor's settings in this world: who it is, whom it trusts, who may call it. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cmp.h"
#include "eim.h"
#include "eso.h"
#include "ipa.h"
#include "net.h"
#include "rsp_eim_configuration.h"
#include "smdp.h"
#include "smds.h"
#include "world_internal.h"

/* Client certificates have capitals, carriers and eIMs have not. */
static const char *named_client(const char *role, const char *name, char out[80])
{
    snprintf(out, 80, "%s-%s", role, name);
    for (char *p = out; *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return out;
}

const char *part_carrier_client(const char *role, const struct scenario_carrier *c, char out[80])
{
    return named_client(role, c->name, out);
}

const char *part_eim_client(const struct scenario_eim *eim, char out[80])
{
    return eim ? named_client("EIM", eim->name, out) : "EIM";
}

const char *part_smdp_client(const struct scenario_smdp *smdp, char out[80])
{
    return smdp ? named_client("SMDP", smdp->name, out) : "SMDP";
}

const char *part_tenant_client(const char *tenant, char out[80])
{
    return named_client("TENANT", tenant, out);
}

const char *part_client_name(const struct part *p, char out[80])
{
    switch (p->kind) {
    case PART_ESO:
        return "ESO";
    case PART_SMDP:
        return p->world->scenario->smds ? part_smdp_client(p->smdp, out) : NULL; /* else it calls nobody */
    case PART_EIM:
        return part_eim_client(p->eim, out);
    case PART_PLATFORM:
        return part_carrier_client("PLATFORM", p->carrier, out);
    case PART_NETWORK:
        return part_carrier_client("NETWORK", p->carrier, out);
    default:
        return NULL; /* an SM-DS calls nobody; a device has no TLS identity */
    }
}

static enum err fingerprint(struct world *w, const char *client, uint8_t out[32])
{
    const struct pki_item *item = NULL;
    enum err e = pki_client(w->pki, client, &item);
    if (!e)
        memcpy(out, item->fingerprint, 32);
    return e;
}

/* A key at rest, the same after a restart: from the seed and the part's name. */
static enum err storage_key(struct part *p, struct secret *out)
{
    uint8_t digest[32];
    const struct span parts[] = { span_str("storage"), span_of(&p->world->options.seed, sizeof(uint64_t)),
                                  span_str(p->name) };
    enum err e = sha256(p->world->crypto, parts, COUNT(parts), digest);
    if (!e)
        e = secret_set(out, SPAN_ARRAY(digest));
    memory_clear(digest, sizeof digest);
    return e;
}

/* The certificate a scenario put in place of the good one. */
enum err part_identity(struct world *w, const char *part, const char *good, const struct pki_item **out)
{
    const char *name = good;
    for (size_t i = 0; i < w->scenario->certificate_count; i++)
        if (strcmp(w->scenario->certificate[i].part, part) == 0)
            name = w->scenario->certificate[i].name;
    enum err e = pki_get(w->pki, name, out);
    return e ? world_fail(w, e, "there is no certificate '%s' in the PKI description", name) : ERR_OK;
}

enum err part_smdp_identity(struct world *w, const struct scenario_smdp *smdp, const struct pki_item **auth,
                            const struct pki_item **pb)
{
    char host[128];
    struct pki_smdp own;
    if (smdp) {
        enum err e = pki_smdp(w->pki, world_smdp_host(smdp, host), &own);
        *auth = e ? NULL : own.auth;
        *pb = e ? NULL : own.pb;
        return e;
    }
    enum err e = part_identity(w, "smdp-auth", "CERT_S_SM_DPauth_ECDSA_NIST", auth);
    return e ? e : part_identity(w, "smdp-pb", "CERT_S_SM_DPpb_ECDSA_NIST", pb);
}

enum err part_smdp_brainpool(struct world *w, const struct scenario_smdp *smdp, const struct pki_item **auth,
                             const struct pki_item **pb)
{
    char host[128];
    if (smdp)
        return pki_smdp_brainpool(w->pki, world_smdp_host(smdp, host), auth, pb);
    enum err e = pki_get(w->pki, "CERT_S_SM_DPauth_ECDSA_BRP", auth);
    return e ? e : pki_get(w->pki, "CERT_S_SM_DPpb_ECDSA_BRP", pb);
}

static enum err build_smdp(struct part *p)
{
    const char *const addresses[] = { p->host, NULL };
    struct world *w = p->world;
    const struct pki_item *auth = NULL, *pb = NULL, *auth_brp = NULL, *pb_brp = NULL;
    struct smdp_client clients[] = { { .name = OPERATOR }, { .name = "admin", .administrator = true } };
    struct smdp *smdp = NULL;
    static const struct smdp_smds smds = { HOST_SMDS, "https://" HOST_SMDS };
    enum err e = part_smdp_identity(w, p->smdp, &auth, &pb);
    if (!e && scenario_has_brainpool(w->scenario))
        e = part_smdp_brainpool(w, p->smdp, &auth_brp, &pb_brp);
    if (!e)
        e = fingerprint(w, "ESO", clients[0].fingerprint);
    if (!e)
        e = fingerprint(w, "ADMIN", clients[1].fingerprint);
    if (e)
        return e;
    struct smdp_identity own[2] = { { EC_P256, auth->der, pb->der, auth->key, pb->key } };
    if (auth_brp)
        own[1] = (struct smdp_identity){ EC_BRAINPOOL_P256R1, auth_brp->der, pb_brp->der, auth_brp->key, pb_brp->key };
    struct smdp_settings s = { .addresses = addresses, .identities = own, .identity_count = auth_brp ? 2 : 1,
                               .trust = w->trust, .clients = clients, .client_count = COUNT(clients),
                               .smds = &smds, .smds_count = w->scenario->smds, .ppk = w->scenario->smdp.ppk,
                               .wire = w->scenario->wire,
                               .same_otpk_only = w->scenario->smdp.same_otpk_only, .order_valid_ms = w->scenario->smdp.order_valid,
                               .downloads_max = w->scenario->smdp.downloads_max };
    e = storage_key(p, &s.storage_key);
    if (!e)
        e = smdp_new(&p->env, &s, &smdp);
    secret_release(&s.storage_key);
    if (!e)
        p->actor = smdp_actor(smdp);
    return e;
}

/* The SM-DP+ of the world may register events there; the administrator looks. */
struct known_smdps {
    struct smds_client client[2 + SCENARIO_SMDPS_MAX];
    char name[1 + SCENARIO_SMDPS_MAX][128];
    size_t count;
};

static enum err know_smdps(struct world *w, struct known_smdps *k)
{
    *k = (struct known_smdps){ .client = { { .name = "admin", .administrator = true } }, .count = 1 };
    enum err e = fingerprint(w, "ADMIN", k->client[0].fingerprint);
    for (size_t i = 0; !e && i <= w->scenario->smdp_count; i++) {
        const struct scenario_smdp *smdp = i ? &w->scenario->other_smdp[i - 1] : NULL;
        char who[80];
        k->client[k->count].name = world_smdp_host(smdp, k->name[i]);
        e = fingerprint(w, part_smdp_client(smdp, who), k->client[k->count++].fingerprint);
    }
    return e;
}

static enum err build_smds(struct part *p)
{
    struct world *w = p->world;
    const char *const addresses[] = { p->host, NULL };
    const struct pki_item *nist = NULL, *brp = NULL;
    struct known_smdps known;
    struct smds *smds = NULL;
    enum err e = pki_get(w->pki, "CERT_S_SM_DSauth_ECDSA_NIST", &nist);
    if (!e && scenario_has_brainpool(w->scenario))
        e = pki_get(w->pki, "CERT_S_SM_DSauth_ECDSA_BRP", &brp);
    if (!e)
        e = know_smdps(w, &known);
    if (e)
        return e;
    struct smds_identity own[2] = { { nist->der, nist->key } };
    if (brp)
        own[1] = (struct smds_identity){ brp->der, brp->key };
    const struct smds_settings s = { .addresses = addresses, .identities = own, .identity_count = brp ? 2 : 1,
                                     .trust = w->trust, .wire = w->scenario->wire, .clients = known.client, .client_count = known.count };
    e = smds_new(&p->env, &s, &smds);
    if (!e)
        p->actor = smds_actor(smds);
    return e;
}

enum err part_eim_sign(const struct part *p, unsigned n, const struct pki_item **out)
{
    char id[160];
    if (!n && !p->eim)
        return part_identity(p->world, "eim-sign", "CERT_S_EIMsign_ECDSA_NIST", out);
    snprintf(id, sizeof id, "key-%u.%s", n, p->host);
    return pki_eim_sign(p->world->pki, n ? id : p->host, out);
}

static enum err build_eim(struct part *p)
{
    struct world *w = p->world;
    const struct pki_item *sign = NULL;
    struct eim_client clients[2 + SCENARIO_TENANTS_MAX] = { { .name = "eso" }, { .name = "admin" } };
    static const char *const receivers[] = { HOST_SMDP, NULL };
    struct eim *eim = NULL;
    struct eim_former_key former[7];
    size_t former_count = 0;
    enum err e = part_eim_sign(p, p->key, &sign);
    for (unsigned n = p->key; !e && n > p->oldest_key && former_count < COUNT(former); former_count++) {
        const struct pki_item *before = NULL;
        e = part_eim_sign(p, --n, &before);
        if (!e)
            former[former_count] = (struct eim_former_key){ before->der, before->key };
    }
    if (!e)
        e = fingerprint(w, "ESO", clients[0].fingerprint);
    if (!e)
        e = fingerprint(w, "ADMIN", clients[1].fingerprint);
    for (size_t i = 0; !e && i < w->scenario->tenant_count; i++) {
        char who[80];
        clients[2 + i].name = clients[2 + i].tenant = w->scenario->tenant[i];
        e = fingerprint(w, part_tenant_client(w->scenario->tenant[i], who), clients[2 + i].fingerprint);
    }
    if (e)
        return e;
    struct eim_settings s = { .eim_id = p->host, .fqdn = p->host, .former = former, .former_count = former_count,
                                    .v1_3 = p->eim && p->eim->v1_3, .wire = w->scenario->wire,
                                    .sign_certificate = sign->der, .sign_key = sign->key, .trust = w->trust,
                                    .warn_eid_range = w->scenario->eid_range_warned, .clients = clients,
                                    .client_count = 2 + w->scenario->tenant_count, .receivers = receivers };
    e = storage_key(p, &s.storage_key);
    if (!e)
        e = eim_new(&p->env, &s, &eim);
    secret_release(&s.storage_key);
    if (!e)
        p->actor = eim_actor(eim);
    return e;
}

/* The platform's API key of an account: derived, so that both ends have it without a table. */
enum err part_api_key(struct world *w, const struct scenario_carrier *c, struct secret *out)
{
    uint8_t digest[32];
    struct buf text = { .max = 80 };
    const struct span parts[] = { span_str("api-key"), span_of(&w->options.seed, sizeof(uint64_t)),
                                  span_str(c->name) };
    enum err e = sha256(w->crypto, parts, COUNT(parts), digest);
    if (!e)
        e = hex_put(&text, span_of(digest, 16));
    if (!e)
        e = secret_set(out, buf_span(&text));
    if (!e)
        e = trace_hide(w->trace, buf_span(&text));
    buf_release(&text);
    return e;
}

/* The eIMs of the world as the eSO is told of them. */
struct known_eims {
    struct eso_eim eim[1 + SCENARIO_EIMS_MAX];
    struct known_eim {
        char id[128], url[160];
    } text[1 + SCENARIO_EIMS_MAX];
    size_t count;
};

/* Their callbacks are let in by the clients' certificates. */
static enum err know_eims(struct world *w, struct known_eims *k, struct eso_client *clients)
{
    enum err e = ERR_OK;
    for (k->count = 0; !e && k->count <= w->scenario->eim_count; k->count++) {
        const struct scenario_eim *eim = k->count ? &w->scenario->eim[k->count - 1] : NULL;
        struct known_eim *text = &k->text[k->count];
        char who[80], host[128];
        snprintf(text->id, sizeof text->id, "%s", world_eim_host(eim, host));
        snprintf(text->url, sizeof text->url, "https://%s", host);
        k->eim[k->count] = (struct eso_eim){ text->id, text->url };
        clients[k->count] = (struct eso_client){ .name = eim ? eim->name : "eim", .rights = ESO_RIGHT_HOOK };
        e = fingerprint(w, part_eim_client(eim, who), clients[k->count].fingerprint);
    }
    return e;
}

static enum err build_eso(struct part *p)
{
    struct world *w = p->world;
    struct known_eims eims;
    struct eso_client clients[2 + SCENARIO_EIMS_MAX] = {
        { .name = "admin", .rights = ESO_RIGHT_READ | ESO_RIGHT_OPERATE | ESO_RIGHT_ADMINISTER },
    };
    struct eso_secret secrets[SCENARIO_CARRIERS_MAX] = { 0 };
    struct eso *eso = NULL;
    enum err e = fingerprint(w, "ADMIN", clients[0].fingerprint);
    if (!e)
        e = know_eims(w, &eims, clients + 1);
    if (e)
        return e;
    struct eso_settings s = { .url = "https://" HOST_ESO, .clients = clients, .client_count = 1 + eims.count,
                              .secrets = secrets, .eims = eims.eim, .eim_count = eims.count };
    for (size_t i = 0; !e && i < w->scenario->carrier_count; i++, s.secret_count++) {
        secrets[i].name = w->scenario->carrier[i].name;
        e = part_api_key(w, &w->scenario->carrier[i], &secrets[i].value);
    }
    if (!e)
        e = storage_key(p, &s.storage_key);
    if (!e)
        e = eso_new(&p->env, &s, &eso);
    for (size_t i = 0; i < s.secret_count; i++)
        secret_release(&secrets[i].value);
    secret_release(&s.storage_key);
    if (!e)
        p->actor = eso_actor(eso);
    return e;
}

static enum err build_platform(struct part *p)
{
    struct world *w = p->world;
    char network[160], name[80];
    struct cmp_client clients[] = { { .name = "admin", .rights = CMP_RIGHT_ADMINISTER },
                                    { .name = "eso", .rights = CMP_RIGHT_TRANSFER },
                                    { .name = "network", .rights = CMP_RIGHT_NETWORK } };
    struct cmp *cmp = NULL;
    snprintf(network, sizeof network, "https://net.%s.example.com", p->carrier->name);
    enum err e = fingerprint(w, "ADMIN", clients[0].fingerprint);
    if (!e)
        e = fingerprint(w, "ESO", clients[1].fingerprint);
    if (!e)
        e = fingerprint(w, part_carrier_client("NETWORK", p->carrier, name), clients[2].fingerprint);
    const struct cmp_settings s = { .carrier = p->carrier->name, .network_url = network, .clients = clients,
                                    .client_count = COUNT(clients),
                                    .calls_per_second = (unsigned)p->carrier->calls_per_second };
    if (!e)
        e = cmp_new(&p->env, &s, &cmp);
    if (!e)
        p->actor = cmp_actor(cmp);
    return e;
}

static enum err build_network(struct part *p)
{
    struct world *w = p->world;
    char platform[160], name[80];
    struct network_client clients[] = { { .name = "admin", .rights = NETWORK_RIGHT_ADMINISTER },
                                        { .name = "platform", .rights = NETWORK_RIGHT_PLATFORM } };
    struct network *network = NULL;
    snprintf(platform, sizeof platform, "https://cmp.%s.example.com", p->carrier->name);
    struct network_settings s = { .plmn = p->carrier->plmn, .platform_url = platform, .clients = clients,
                                  .client_count = COUNT(clients) };
    enum err e = fingerprint(w, "ADMIN", clients[0].fingerprint);
    if (!e)
        e = fingerprint(w, part_carrier_client("PLATFORM", p->carrier, name), clients[1].fingerprint);
    if (!e)
        e = storage_key(p, &s.storage_key);
    if (!e)
        e = network_new(&p->env, &s, &network);
    secret_release(&s.storage_key);
    if (!e)
        p->actor = network_actor(network);
    return e;
}

/* The eIM is told where the device listens before it says of itself how it brings packages. A program has several devices
 * behind its listener. */
static enum err tell_where_to_push(struct world *w, const struct world_device *d)
{
    char path[96], host[128], eim[128], url[256];
    snprintf(path, sizeof path, "/v1/euiccs/%s", d->eid);
    snprintf(url, sizeof url, "https://%s%s%s", world_device_host(d, host),
             w->options.wiring == WIRING_PROCESS ? "/v1/devices/" : "", w->options.wiring == WIRING_PROCESS ? d->name : "");
    return world_do(w, "PATCH", world_eim_host(d->eim, eim), path,
                    json_pack("{s:s, s:s}", "injectUrl", url, "injectBinding", d->group->json ? "json" : "asn1"), NULL);
}

/* A factory knows which eIM it makes cards for, whatever that thinks of one of them. */
static enum err write_initial_eim(struct world *w, const char *host, struct buf *out)
{
    json_t *answer = NULL;
    struct buf eim = { .max = 4096 };
    enum err e = world_do(w, "GET", host, "/v1/eim-configuration", NULL, &answer);
    if (!e)
        e = json_base64(answer, "eimConfiguration", &eim);
    const struct rsp_add_initial_eim_request q = { .list = buf_span(&eim) };
    if (!e)
        e = rsp_add_initial_eim_request_write(&q, out);
    json_decref(answer);
    buf_release(&eim);
    return e;
}

enum err part_initial_eim(struct world *w, const struct world_device *d, struct buf *out)
{
    char path[96], host[128];
    int status = 0;
    json_t *answer = NULL;
    snprintf(path, sizeof path, "/v1/euiccs/%s/initial-eim", d->eid);
    enum err e = d->group->pushed ? tell_where_to_push(w, d) : ERR_OK;
    if (!e)
        e = world_call_as(w, d->group->tenant ? d->group->tenant : "admin", "GET", world_eim_host(d->eim, host), path, NULL,
                          &status, &answer);
    if (!e)
        e = status == 404 ? write_initial_eim(w, host, out) : json_base64(answer, "addInitialEimRequest", out);
    if (!e)
        e = eim_trust_put(w, d, out);
    json_decref(answer);
    return e;
}

static enum ipa_end_user end_user_of(const struct scenario_group *g)
{
    return strcmp(g->end_user, "rejects") == 0     ? IPA_END_USER_REJECTS
           : strcmp(g->end_user, "postpones") == 0 ? IPA_END_USER_POSTPONES
                                                   : IPA_END_USER_ABSENT;
}

static enum err build_device(struct part *p)
{
    struct world *w = p->world;
    struct world_device *d = p->device;
    struct ipa_network networks[SCENARIO_CARRIERS_MAX];
    char urls[SCENARIO_CARRIERS_MAX][160];
    struct buf request = { .max = 4096 };
    for (size_t i = 0; i < w->scenario->carrier_count; i++) {
        snprintf(urls[i], sizeof urls[i], "https://net.%s.example.com", w->scenario->carrier[i].name);
        networks[i] = (struct ipa_network){ w->scenario->carrier[i].plmn, urls[i] };
    }
    char name[80];
    char eim_host[128];
    struct ipa_injector injector = { .eim = world_eim_host(d->eim, eim_host) };
    enum err e = part_initial_eim(w, d, &request);
    if (!e)
        e = fingerprint(w, part_eim_client(d->eim, name), injector.fingerprint);
    const struct ipa_settings s = { .name = d->name, .imei = d->imei, .country = d->country, .card = d->card,
                                    .initial_eim = buf_span(&request), .networks = networks,
                                    .network_count = w->scenario->carrier_count,
                                    .poll_every = d->group->poll_every, .indirect = d->group->indirect,
                                    .json = d->group->json, .emergency_on_loss = d->group->emergency_on_loss,
                                    .wired = d->group->wired, .v1_3 = d->group->v1_3, .wire = w->scenario->wire,
                                    .confirmation_code = d->group->confirmation_code[0] ? d->group->confirmation_code : NULL,
                                    .end_user = end_user_of(d->group),
                                    .listens = d->group->pushed,
                                    .minimizes = d->group->minimizes,
                                    .eim_download_data = d->group->leaves_download_data,
                                    .eim_ctx_params1 = d->group->leaves_ctx_params1,
                                    .eim_metadata = d->group->leaves_metadata,
                                    .injectors = &injector, .injector_count = 1,
                                    .ipae = d->group->ipae };
    if (!e)
        e = ipa_new(&p->env, &s, &d->ipa);
    if (!e)
        p->actor = ipa_actor(d->ipa);
    buf_release(&request);
    return e;
}

enum err part_build(struct part *p)
{
    static enum err (*const builders[])(struct part *p) = {
        [PART_SMDP] = build_smdp, [PART_EIM] = build_eim, [PART_ESO] = build_eso,
        [PART_PLATFORM] = build_platform, [PART_NETWORK] = build_network, [PART_SMDS] = build_smds,
        [PART_DEVICE] = build_device,
    };
    return builders[p->kind](p);
}
