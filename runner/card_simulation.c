/* The card of `--card sim`: what a device of the lab has when it leaves the factory. */
#include <stdlib.h>
#include <string.h>

#include "aka.h"
#include "card_source.h"
#include "certs.h"
#include "euicc.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"
#include "rsp_store_metadata.h"
#include "saip.h"

#define EID "89049032123451234512345678901235" /* of SGP.26 */
#define PROFILES 2

struct card_simulation {
    struct pki *pki;
    struct trust *trust;
    struct pki_euicc issued[2];
    struct buf metadata[PROFILES], package[PROFILES], eim;
    struct euicc *euicc;
};

static const struct plan {
    const char *iccid, *imsi, *name, *plmn;
    bool fallback;
} plans[PROFILES] = {
    { "89000123456789012341", "262019876543210", "lead", "26201", true },
    { "89000123456789012358", "639021234567890", "partner", "63902", false },
};

/* The keys are made up: nobody else knows this subscription. */
static enum err put_package(const struct env *env, const struct plan *p, const uint8_t iccid[RSP_ICCID_OCTETS],
                            struct buf *out)
{
    struct aka_params aka = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    struct saip_subscription s = { .imsi = p->imsi, .spn = p->name, .aka = &aka };
    memcpy(s.iccid, iccid, sizeof s.iccid);
    enum err e = rng_fill(env->rng, aka.k, 16);
    if (!e)
        e = rng_fill(env->rng, aka.opc, 16);
    if (!e)
        e = saip_minimal_usim(&s, out);
    memory_clear(&aka, sizeof aka);
    return e;
}

static enum err put_profile(const struct env *env, const struct plan *p, struct buf *metadata, struct buf *package)
{
    uint8_t iccid[RSP_ICCID_OCTETS], plmn[3];
    *metadata = (struct buf){ .max = 4096 };
    *package = (struct buf){ .max = SAIP_UPP_MAX };
    enum err e = rsp_iccid_parse(p->iccid, iccid);
    if (!e)
        e = rsp_plmn_parse(p->plmn, plmn);
    const struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(iccid),
                                          .service_provider_name = span_str(p->name),
                                          .profile_name = span_str(p->name),
                                          .has_owner = true,
                                          .owner.mcc_mnc = SPAN_ARRAY(plmn),
                                          .fallback_allowed = p->fallback };
    if (!e)
        e = rsp_store_metadata_write(&m, metadata);
    return e ? e : put_package(env, p, iccid, package);
}

static enum err put_eim(struct card_simulation *s)
{
    const struct pki_item *signer;
    struct buf spki = { .max = 256 };
    s->eim = (struct buf){ .max = 1024 };
    enum err e = pki_get(s->pki, "CERT_S_EIMsign_ECDSA_NIST", &signer);
    if (!e)
        e = rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(signer->cert->key.at), &spki);
    const struct rsp_eim_configuration c = {
        .eim_id = span_str("eim.example.com"),
        .eim_fqdn = span_str("eim.example.com"),
        .eim_id_type = { true, RSP_EIM_ID_FQDN },
        .counter = { true, 0 },
        .has_public_key_data = true,
        .public_key_data = { .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(&spki) },
        .supported_protocol = { true, RSP_EIM_RETRIEVE_HTTPS },
    };
    if (!e)
        e = rsp_eim_configuration_write(&c, &s->eim);
    buf_release(&spki);
    return e;
}

static enum err issue(struct card_simulation *s, const struct env *env, struct euicc_credential credentials[2])
{
    static const char *const names[2] = { "CERT_EUICC_ECDSA_NIST", "CERT_EUICC_ECDSA_BRP" };
    enum err e = pki_new(env->crypto, clock_now(env->clock), &s->pki);
    if (!e)
        e = pki_trust(s->pki, &s->trust);
    for (size_t i = 0; !e && i < COUNT(names); i++) {
        e = certs_issue_euicc(s->pki, names[i], EID, &s->issued[i]);
        credentials[i] = (struct euicc_credential){ buf_span(&s->issued[i].certificate), s->issued[i].eum_certificate,
                                                    secret_span(&s->issued[i].key) };
    }
    return e;
}

static enum err make_card(struct card_simulation *s, const struct env *env)
{
    struct euicc_credential credentials[2];
    struct euicc_profile profiles[PROFILES];
    enum err e = issue(s, env, credentials);
    for (size_t i = 0; !e && i < PROFILES; i++) {
        e = put_profile(env, &plans[i], &s->metadata[i], &s->package[i]);
        profiles[i] = (struct euicc_profile){ buf_span(&s->metadata[i]), buf_span(&s->package[i]), i == 0,
                                              plans[i].fallback };
    }
    if (!e)
        e = put_eim(s);
    struct euicc_settings settings = { .credentials = credentials,
                                       .credential_count = COUNT(credentials),
                                       .trust = s->trust,
                                       .profiles = profiles,
                                       .profile_count = PROFILES,
                                       .eim = buf_span(&s->eim),
                                       .default_dp_address = "smdp.example.com" };
    if (!e)
        e = rsp_eid_parse(EID, settings.eid);
    return e ? e : euicc_new(env, &settings, &s->euicc);
}

enum err card_simulation_new(const struct env *env, struct card_simulation **out, struct card **card)
{
    struct card_simulation *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    enum err e = make_card(s, env);
    if (e) {
        card_simulation_free(s);
        return e;
    }
    *out = s;
    *card = euicc_card(s->euicc);
    return ERR_OK;
}

void card_simulation_free(struct card_simulation *s)
{
    if (!s)
        return;
    euicc_free(s->euicc);
    trust_free(s->trust);
    for (size_t i = 0; i < COUNT(s->issued); i++)
        pki_euicc_release(&s->issued[i]);
    for (size_t i = 0; i < PROFILES; i++) {
        buf_release(&s->metadata[i]);
        if (s->package[i].at)
            memory_clear(s->package[i].at, s->package[i].len);
        buf_release(&s->package[i]);
    }
    buf_release(&s->eim);
    pki_free(s->pki);
    free(s);
}
