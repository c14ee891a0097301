/* Each program's settings file: the same world as parts.c makes, written down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process_world.h"

/* --- certificates --------------------------------------------------------------------------------------------- */

static enum err put_item(struct world *w, const char *certificate, const char *key, const struct pki_item *item, bool pem)
{
    enum err e = process_put_file(w, certificate, pem ? item->pem : item->der);
    return e || !key ? e : process_put_file(w, key, item->key_pem);
}

/* The authorities as 'certs make' lays them out, with their revocation lists. */
static enum err put_authority(struct world *w, const char *curve)
{
    char name[64], path[128];
    const struct pki_item *item = NULL;
    struct buf crl = { .max = 1 << 16 };
    snprintf(name, sizeof name, "CERT_CI_%s", curve);
    enum err e = pki_get(w->pki, name, &item);
    snprintf(path, sizeof path, "certs/CertificateIssuer/%s.der", name);
    if (!e)
        e = put_item(w, path, NULL, item, false);
    if (!e)
        e = pki_crl(w->pki, name, &crl);
    snprintf(path, sizeof path, "certs/CertificateIssuer/CRL_CI_%s.der", curve);
    if (!e)
        e = process_put_file(w, path, buf_span(&crl));
    buf_release(&crl);
    return e;
}

enum err process_write_certificates(struct world *w)
{
    const struct pki_item *operators = NULL;
    enum err e = put_authority(w, "ECDSA_NIST");
    if (!e)
        e = put_authority(w, "ECDSA_BRP");
    if (!e)
        e = pki_get(w->pki, "CERT_OPERATOR_CA", &operators);
    if (!e)
        e = put_item(w, "certs/clients-ca.pem", NULL, operators, true);
    return e ? e : process_put_file(w, "certs/roots.pem", buf_span(&w->roots));
}

/* An RSP identity under this name, as 'certs make' lays them out. */
static enum err put_named(struct world *w, const char *folder, const char *name, const struct pki_item *item)
{
    char certificate[200], key[200];
    snprintf(certificate, sizeof certificate, "certs/%s/CERT_%s.der", folder, name);
    snprintf(key, sizeof key, "certs/%s/SK_%s.pem", folder, name);
    return put_item(w, certificate, key, item, false);
}

/* --- what all have ---------------------------------------------------------------------------------------------- */

static enum err put_tls(struct part *p)
{
    struct world *w = p->world;
    const struct pki_item *server = NULL, *client = NULL;
    char who[80], certificate[128], key[128];
    const char *name = part_client_name(p, who);
    snprintf(certificate, sizeof certificate, "%s/tls.pem", p->name);
    snprintf(key, sizeof key, "%s/tls-key.pem", p->name);
    enum err e = wiring_identity(w, p, &server);
    if (!e)
        e = put_item(w, certificate, key, server, true);
    if (e || !name)
        return e;
    snprintf(certificate, sizeof certificate, "%s/client.pem", p->name);
    snprintf(key, sizeof key, "%s/client-key.pem", p->name);
    e = pki_client(w->pki, name, &client);
    return e ? e : put_item(w, certificate, key, client, true);
}

static enum err put_names(struct world *w, struct buf *t)
{
    enum err e = buf_put_str(t, "names:\n");
    for (size_t i = 0; !e && i < w->net.count; i++)
        e = buf_printf(t, "  %s: %s:%u\n", w->net.names[i].name, w->net.names[i].host, w->net.names[i].port);
    return e;
}

static enum err put_common(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    const char *f = w->folder, *n = p->name;
    char who[80];
    enum err e = put_tls(p);
    if (!e)
        e = buf_printf(t, "listen: 127.0.0.1:%u\nlog: json\ndatabase: %s/%s/store.db\ncertificate: %s/%s/tls.pem\n"
                          "key: %s/%s/tls-key.pem\nclients-ca: %s/certs/clients-ca.pem\nroots: %s/certs/roots.pem\n",
                       p->port, f, n, f, n, f, n, f, f);
    if (!e && part_client_name(p, who))
        e = buf_printf(t, "client-certificate: %s/%s/client.pem\nclient-key: %s/%s/client-key.pem\n", f, n, f, n);
    return e ? e : put_names(w, t);
}

/* One line of `clients`; rights "" for programs that know none. */
static enum err put_client(struct world *w, struct buf *t, const char *name, const char *who, const char *rights)
{
    const struct pki_item *item = NULL;
    enum err e = pki_client(w->pki, who, &item);
    if (!e)
        e = buf_printf(t, "  - {name: %s, fingerprint: \"", name);
    if (!e)
        e = hex_put(t, SPAN_ARRAY(item->fingerprint));
    return e ? e : buf_printf(t, "\"%s%s%s}\n", rights[0] ? ", rights: [" : "", rights, rights[0] ? "]" : "");
}

/* The scenario's time at this world's pace. */
static long long paced(int64_t ms)
{
    return ms / PROCESS_PACE > 100 ? ms / PROCESS_PACE : 100;
}

static enum err put_storage_key(struct part *p, struct buf *t)
{
    return buf_printf(t, "storage-key: %s/%s/storage.key\n", p->world->folder, p->name);
}

/* --- each its own ------------------------------------------------------------------------------------------------ */

/* Its certificates on brainpoolP256r1, where the world has a card on that curve. */
static enum err put_brainpool(struct part *p)
{
    const struct pki_item *auth = NULL, *pb = NULL;
    char name[160];
    if (!scenario_has_brainpool(p->world->scenario))
        return ERR_OK;
    snprintf(name, sizeof name, "%s_BRP", p->host);
    enum err e = part_smdp_brainpool(p->world, p->smdp, &auth, &pb);
    if (!e)
        e = put_named(p->world, "DPauth", name, auth);
    return e ? e : put_named(p->world, "DPpb", name, pb);
}

/* What the scenario says of packages and orders; without it the program's own values hold. */
static enum err put_orders(struct world *w, struct buf *t)
{
    int64_t valid = w->scenario->smdp.order_valid, downloads = w->scenario->smdp.downloads_max;
    enum err e = buf_printf(t, "ppk: %s\n", w->scenario->smdp.ppk ? "true" : "false");
    if (!e && valid)
        e = buf_printf(t, "order-valid: %lld ms\n", paced(valid));
    return e || !downloads ? e : buf_printf(t, "downloads-max: %lld\n", (long long)downloads);
}

static enum err smdp_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    const struct pki_item *auth = NULL, *pb = NULL;
    enum err e = part_smdp_identity(w, p->smdp, &auth, &pb);
    if (!e)
        e = put_named(w, "DPauth", p->host, auth);
    if (!e)
        e = put_named(w, "DPpb", p->host, pb);
    if (!e)
        e = put_brainpool(p);
    if (!e)
        e = buf_printf(t, "certs: %s/certs\nidentity: %s\naddresses: [%s]\nbrainpool: %s\nsame-otpk-only: %s\n", w->folder,
                       p->host, p->host, scenario_has_brainpool(w->scenario) ? "true" : "false",
                       w->scenario->smdp.same_otpk_only ? "true" : "false");
    if (!e)
        e = put_orders(w, t);
    if (!e && w->scenario->smds)
        e = buf_printf(t, "smds: {%s: \"https://%s\"}\n", HOST_SMDS, HOST_SMDS);
    if (!e)
        e = buf_put_str(t, "clients:\n");
    if (!e)
        e = put_client(w, t, OPERATOR, "ESO", "");
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "administer");
    return e ? e : put_storage_key(p, t);
}

static enum err smds_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    const struct pki_item *auth = NULL, *brainpool = NULL;
    char who[80], host[128];
    enum err e = pki_get(w->pki, "CERT_S_SM_DSauth_ECDSA_NIST", &auth);
    if (!e)
        e = put_named(w, "DSauth", "S_SM_DSauth_ECDSA_NIST", auth);
    if (!e && scenario_has_brainpool(w->scenario))
        e = pki_get(w->pki, "CERT_S_SM_DSauth_ECDSA_BRP", &brainpool);
    if (!e && brainpool)
        e = put_named(w, "DSauth", "S_SM_DSauth_ECDSA_BRP", brainpool);
    if (!e)
        e = buf_printf(t, "certs: %s/certs\naddresses: [%s]\nbrainpool: %s\nclients:\n", w->folder, p->host,
                       brainpool ? "true" : "false");
    for (size_t i = 0; !e && i <= w->scenario->smdp_count; i++) {
        const struct scenario_smdp *smdp = i ? &w->scenario->other_smdp[i - 1] : NULL;
        e = put_client(w, t, world_smdp_host(smdp, host), part_smdp_client(smdp, who), "");
    }
    return e ? e : put_client(w, t, "admin", "ADMIN", "administer");
}

/* The n-th signing identity of an eIM under a name of its own; and that name, unless it is today's. */
static enum err put_eim_key(struct part *p, unsigned n, struct buf *t)
{
    char name[160];
    const struct pki_item *sign = NULL;
    enum err e = part_eim_sign(p, n, &sign);
    snprintf(name, sizeof name, "key-%u.%s", n, p->host);
    if (!e)
        e = put_named(p->world, "EIM", name, sign);
    return e || n == p->key ? e : buf_printf(t, "%s, ", name);
}

static enum err put_tenant(struct world *w, struct buf *t, const char *tenant)
{
    char who[80], name_and_tenant[160];
    snprintf(name_and_tenant, sizeof name_and_tenant, "%s, tenant: %s", tenant, tenant);
    return put_client(w, t, name_and_tenant, part_tenant_client(tenant, who), "");
}

static enum err eim_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    enum err e = buf_printf(t, "former-keys: [");
    for (unsigned n = p->oldest_key; !e && n <= p->key; n++)
        e = put_eim_key(p, n, t);
    if (!e)
        e = buf_printf(t, "]\ncerts: %s/certs\nsigns-with: key-%u.%s\neim-id: %s\nfqdn: %s\npostpone: %lld ms\nreread-state: false\nsgp32: \"%s\"\nwarn-eid-range: %s\n"
                       "receivers: [%s]\nclients:\n", w->folder, p->key, p->host, p->host, p->host,
                       paced(30 * CLOCK_SECOND), p->eim && p->eim->v1_3 ? "1.3" : "1.2",
                       w->scenario->eid_range_warned ? "true" : "false", HOST_SMDP);
    if (!e)
        e = put_client(w, t, "eso", "ESO", "");
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "");
    for (size_t i = 0; !e && i < w->scenario->tenant_count; i++)
        e = put_tenant(w, t, w->scenario->tenant[i]);
    return e ? e : put_storage_key(p, t);
}

static enum err put_api_key(struct part *p, const struct scenario_carrier *c, struct buf *t)
{
    struct world *w = p->world;
    char path[160];
    struct secret key = { 0 };
    snprintf(path, sizeof path, "%s/%s.api-key", p->name, c->name);
    enum err e = part_api_key(w, c, &key);
    if (!e)
        e = process_put_file(w, path, secret_span(&key));
    secret_release(&key);
    return e ? e : buf_printf(t, "  %s: %s/%s\n", c->name, w->folder, path);
}

static enum err put_eims(struct world *w, struct buf *t)
{
    char host[128];
    enum err e = buf_printf(t, "eims:\n  %s: \"https://%s\"\n", HOST_EIM, HOST_EIM);
    for (size_t i = 0; !e && i < w->scenario->eim_count; i++) {
        world_eim_host(&w->scenario->eim[i], host);
        e = buf_printf(t, "  %s: \"https://%s\"\n", host, host);
    }
    return e;
}

static enum err eso_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    char who[80];
    enum err e = put_eims(w, t);
    if (!e)
        e = buf_printf(t, "url: https://%s\nhold: %lld ms\ndevice-wait: %lld ms\n"
                               "confirm-wait: %lld ms\nretry: %lld ms\nclients:\n",
                            HOST_ESO, paced(30 * CLOCK_DAY), paced(7 * CLOCK_DAY),
                            paced(15 * CLOCK_MINUTE), paced(2 * CLOCK_SECOND));
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "read, operate, administer");
    for (size_t i = 0; !e && i <= w->scenario->eim_count; i++)
        e = put_client(w, t, i ? w->scenario->eim[i - 1].name : "eim",
                       part_eim_client(i ? &w->scenario->eim[i - 1] : NULL, who), "hook");
    if (!e)
        e = buf_put_str(t, "secrets:\n");
    for (size_t i = 0; !e && i < w->scenario->carrier_count; i++)
        e = put_api_key(p, &w->scenario->carrier[i], t);
    return e ? e : put_storage_key(p, t);
}

static enum err platform_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    char network[80];
    enum err e = buf_printf(t, "carrier: %s\nnetwork: https://net.%s.example.com\ncalls-per-second: %lld\nclients:\n", p->carrier->name,
                            p->carrier->name, (long long)p->carrier->calls_per_second);
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "administer");
    if (!e)
        e = put_client(w, t, "eso", "ESO", "transfer");
    return e ? e : put_client(w, t, "network", part_carrier_client("NETWORK", p->carrier, network), "network");
}

static enum err network_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    char platform[80];
    enum err e = buf_printf(t, "plmn: \"%s\"\nplatform: https://cmp.%s.example.com\nretry: %lld ms\nclients:\n",
                            p->carrier->plmn, p->carrier->name, paced(CLOCK_SECOND));
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "administer");
    if (!e)
        e = put_client(w, t, "platform", part_carrier_client("PLATFORM", p->carrier, platform), "platform");
    return e ? e : put_storage_key(p, t);
}

static enum err device_settings(struct part *p, struct buf *t)
{
    struct world *w = p->world;
    const struct world_device *d = p->device;
    char eim[80], host[128];
    int64_t poll = d->group->poll_every ? d->group->poll_every : 15 * CLOCK_SECOND;
    enum err e = buf_printf(t, "poll: %lld ms\nattach: %lld ms\nrollback: %lld ms\nfallback: %lld ms\nreturn: %lld ms\n"
                               "indirect: %s\nbinding: %s\nemergency-on-loss: %s\nwired: %s\nminimize: %s\nsgp32: \"%s\"\n"
                               "eim-download-data: %s\neim-ctx-params1: %s\neim-metadata: %s\nnetworks:\n",
                            paced(poll), paced(30 * CLOCK_SECOND), paced(420 * CLOCK_SECOND), paced(2 * CLOCK_MINUTE),
                            paced(CLOCK_MINUTE), d->group->indirect ? "true" : "false", d->group->json ? "json" : "asn1",
                            d->group->emergency_on_loss ? "true" : "false", d->group->wired ? "true" : "false",
                            d->group->minimizes ? "true" : "false", d->group->v1_3 ? "1.3" : "1.2",
                            d->group->leaves_download_data ? "true" : "false", d->group->leaves_ctx_params1 ? "true" : "false",
                            d->group->leaves_metadata ? "true" : "false");
    for (size_t i = 0; !e && i < w->scenario->carrier_count; i++)
        e = buf_printf(t, "  \"%s\": https://net.%s.example.com\n", w->scenario->carrier[i].plmn,
                       w->scenario->carrier[i].name);
    if (!e)
        e = buf_printf(t, "devices:\n  - {name: %s, imei: \"%s\", country: \"%s\", card: \"vpcd:%u\", initial-eim: "
                          "\"%s/%s/initial-eim.der\"",
                       d->name, d->imei, d->country, p->card_port, w->folder, p->name);
    if (!e && d->group->confirmation_code[0])
        e = buf_printf(t, ", confirmation-code: \"%s\"", d->group->confirmation_code);
    if (!e)
        e = buf_printf(t, ", end-user: %s}\nclients:\n", d->group->end_user);
    if (!e)
        e = put_client(w, t, "admin", "ADMIN", "");
    if (!e && d->group->pushed)
        e = buf_put_str(t, "injectors:\n");
    return e || !d->group->pushed ? e : put_client(w, t, world_eim_host(d->eim, host), part_eim_client(d->eim, eim), "");
}

static const struct {
    const char *program;
    enum err (*settings)(struct part *p, struct buf *t);
    enum rsp_wire_writer writer; /* 0: of nothing that sources disagree about */
} kinds[] = {
    [PART_SMDP] = { "sim-smdp", smdp_settings, RSP_WIRE_SMDP },
    [PART_EIM] = { "sim-eim", eim_settings, RSP_WIRE_EIM },
    [PART_ESO] = { "eso", eso_settings, 0 },
    [PART_PLATFORM] = { "sim-cmp", platform_settings, 0 },
    [PART_NETWORK] = { "sim-net", network_settings, 0 },
    [PART_SMDS] = { "sim-smds", smds_settings, RSP_WIRE_SMDS },
    [PART_DEVICE] = { "sim-ipa", device_settings, RSP_WIRE_IPA },
};

const char *process_program(const struct part *p)
{
    return kinds[p->kind].program;
}

enum err process_write_settings(struct part *p)
{
    char path[128];
    struct buf text = { .max = 1 << 20 };
    enum err e = put_common(p, &text);
    if (!e)
        e = rsp_wire_put_settings(&p->world->scenario->wire, kinds[p->kind].writer, &text);
    if (!e)
        e = kinds[p->kind].settings(p, &text);
    snprintf(path, sizeof path, "%s/settings.yaml", p->name);
    if (!e)
        e = process_put_file(p->world, path, buf_span(&text));
    buf_release(&text);
    return e ? world_fail(p->world, e, "%s cannot be told its settings: %s", p->name, err_name(e)) : ERR_OK;
}
