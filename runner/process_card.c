/* A card as a program: made from files, read through its device. */
#include <stdio.h>
#include <string.h>

#include "process_world.h"

static enum err put_key(struct world *w, const char *path, enum ec_curve curve, const struct secret *scalar)
{
    struct ec_key *key = NULL;
    struct buf pem = { .max = 1024 };
    enum err e = ec_key_from_scalar(w->crypto, curve, secret_span(scalar), &key);
    if (!e)
        e = ec_key_put_pem(key, &pem);
    if (!e)
        e = process_put_file(w, path, buf_span(&pem));
    if (pem.at)
        memory_clear(pem.at, pem.len);
    buf_release(&pem);
    ec_key_free(key);
    return e;
}

static enum err card_curve(struct world *w, const struct world_device *d, enum ec_curve *out)
{
    const struct cert *c = NULL;
    enum err e = cert_load(w->crypto, buf_span(&d->credential.certificate), &c);
    *out = e ? EC_P256 : c->curve;
    return e;
}

/* As 'certs make' lays them out, in a folder of the card's own: one card's EUM may be flawed and its neighbour's not. */
static enum err put_credential(struct world *w, const struct world_device *d, enum ec_curve curve)
{
    const char *name = curve == EC_P256 ? "ECDSA_NIST" : "ECDSA_BRP";
    const struct pki_item *ci = NULL;
    char authority[64], path[160];
    snprintf(authority, sizeof authority, "CERT_CI_%s", name);
    enum err e = pki_get(w->pki, authority, &ci);
    snprintf(path, sizeof path, "%s/certs/CertificateIssuer/%s.der", d->name, authority);
    if (!e)
        e = process_put_file(w, path, ci->der);
    snprintf(path, sizeof path, "%s/certs/eUICC/CERT_EUICC_%s_%s.der", d->name, d->eid, name);
    if (!e)
        e = process_put_file(w, path, buf_span(&d->credential.certificate));
    snprintf(path, sizeof path, "%s/certs/eUICC/SK_EUICC_%s_%s.pem", d->name, d->eid, name);
    if (!e)
        e = put_key(w, path, curve, &d->credential.key);
    snprintf(path, sizeof path, "%s/certs/EUM/CERT_EUM_%s.der", d->name, name);
    return e ? e : process_put_file(w, path, d->credential.eum_certificate);
}

static enum err put_profile(struct world *w, const struct world_device *d, const struct euicc_profile *p, size_t k,
                            struct buf *t)
{
    char metadata[128], package[128];
    snprintf(metadata, sizeof metadata, "%s/profile-%zu.metadata", d->name, k);
    snprintf(package, sizeof package, "%s/profile-%zu.upp", d->name, k);
    enum err e = process_put_file(w, metadata, p->metadata);
    if (!e)
        e = process_put_file(w, package, p->upp);
    return e ? e : buf_printf(t, "  - {metadata: \"%s/%s\", package: \"%s/%s\", enabled: %s, fallback: %s}\n", w->folder,
                              metadata, w->folder, package, p->enabled ? "true" : "false",
                              p->fallback ? "true" : "false");
}

enum err process_write_card(struct world *w, struct world_device *d, const struct euicc_profile *profiles)
{
    char path[128], smdp[128];
    struct buf t = { .max = 1 << 16 };
    enum ec_curve curve;
    enum err e = card_curve(w, d, &curve);
    if (!e)
        e = put_credential(w, d, curve);
    if (!e)
        e = buf_printf(&t, "vpcd: 127.0.0.1:%u\nlog: json\neid: \"%s\"\ncerts: %s/%s/certs\ncurves: %s\nmemory: %s/%s/card.bin\n"
                           "sgp32: \"%s\"\n",
                       d->part->card_port, d->eid, w->folder, d->name, curve == EC_P256 ? "nist" : "brp", w->folder,
                       d->name, d->group->v1_3 ? "1.3" : "1.2");
    if (!e && d->group->memory)
        e = buf_printf(&t, "size: %lld\n", (long long)d->group->memory);
    if (!e && d->group->has_default_smdp)
        e = buf_printf(&t, "default-smdp: %s\n", world_smdp_host(d->group->default_smdp, smdp));
    if (!e && w->scenario->smds)
        e = buf_put_str(&t, "root-smds: " HOST_SMDS "\n");
    if (!e)
        e = rsp_wire_put_settings(&w->scenario->wire, RSP_WIRE_CARD, &t);
    if (!e)
        e = buf_put_str(&t, "profiles:\n");
    for (size_t k = 0; !e && k < d->profile_count; k++)
        e = put_profile(w, d, &profiles[k], k, &t);
    snprintf(path, sizeof path, "%s/card.yaml", d->name);
    if (!e)
        e = process_put_file(w, path, buf_span(&t));
    buf_release(&t);
    return e;
}

enum err process_read_card(struct run *r, struct world_device *d, struct run_card *out)
{
    char path[128];
    snprintf(path, sizeof path, "/v1/devices/%s/profiles", d->name);
    json_t *answer = run_get(r, d->part->host, path), *p;
    size_t i;
    *out = (struct run_card){ 0 };
    if (!answer)
        return ERR_IO;
    json_array_foreach(json_object_get(answer, "profiles"), i, p) {
        const char *iccid = json_str(p, "iccid");
        if (!iccid || out->count == COUNT(out->profile))
            continue;
        snprintf(out->profile[out->count].iccid, sizeof out->profile[0].iccid, "%s", iccid);
        out->profile[out->count].enabled = json_is_true(json_object_get(p, "enabled"));
        out->profile[out->count].fallback = json_is_true(json_object_get(p, "fallback"));
        out->count++;
    }
    json_decref(answer);
    return ERR_OK;
}
