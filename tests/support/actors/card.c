/* Cards with the lead profile enabled. */
#include <stdio.h>
#include <string.h>

#include "lab_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"
#include "rsp_profile_info.h"
#include "saip.h"

static void put_lead(struct buf *metadata, struct buf *upp)
{
    struct aka_params keys = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    struct saip_subscription s = { .imsi = LAB_LEAD_IMSI, .mnc_length = 2, .spn = "Lead", .aka = &keys };
    struct buf k = hex(LAB_K), opc = hex(LAB_OPC), configuration = { .max = 256 };
    const struct rsp_notification_configuration n = { .events = RSP_EVENT_ENABLE | RSP_EVENT_DISABLE,
                                                      .address = span_str("smdp.example.com") };
    memcpy(keys.k, k.at, 16);
    memcpy(keys.opc, opc.at, 16);
    REQUIRE(rsp_iccid_parse(LAB_LEAD_ICCID, s.iccid) == ERR_OK);
    REQUIRE(saip_minimal_usim(&s, upp) == ERR_OK);
    REQUIRE(rsp_notification_configuration_write(&n, &configuration) == ERR_OK);
    const struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(s.iccid),
                                          .service_provider_name = span_str("Lead"),
                                          .profile_name = span_str("lead"),
                                          .fallback_allowed = true,
                                          .notification_configuration = buf_span(&configuration) };
    REQUIRE(rsp_store_metadata_write(&m, metadata) == ERR_OK);
    buf_release(&k);
    buf_release(&opc);
    buf_release(&configuration);
}

void lab_card_reset(struct lab_card *c)
{
    struct buf bytes = { .max = 512 };
    uint16_t sw = 0;
    REQUIRE(card_reset(c->card, &bytes) == ERR_OK);
    REQUIRE(apdu_open_isd_r(c->card, &c->es.channel, &bytes, &sw) == ERR_OK);
    buf_release(&bytes);
}

static struct euicc_credential credential(const struct pki_euicc *e)
{
    return (struct euicc_credential){ buf_span(&e->certificate), e->eum_certificate, secret_span(&e->key) };
}

void lab_card_open(struct lab *l, struct lab_card *c, const char *certificate, const char *eid, bool both)
{
    lab_card_open_like(l, c, certificate, eid, both, &(struct euicc_settings){ 0 });
}

void lab_card_open_like(struct lab *l, struct lab_card *c, const char *certificate, const char *eid, bool both,
                        const struct euicc_settings *like)
{
    struct buf metadata = { .max = 4096 }, upp = { .max = SAIP_UPP_MAX };
    *c = (struct lab_card){ 0 };
    snprintf(c->eid, sizeof c->eid, "%s", eid);
    REQUIRE(certs_issue_euicc(l->pki, certificate, eid, &c->nist) == ERR_OK);
    REQUIRE(certs_issue_euicc(l->pki, "CERT_EUICC_ECDSA_BRP", eid, &c->brp) == ERR_OK);
    put_lead(&metadata, &upp);
    const struct euicc_credential credentials[] = { credential(&c->nist), credential(&c->brp) };
    const struct euicc_profile lead = { buf_span(&metadata), buf_span(&upp), .enabled = true };
    euicc_nvm_ram_init(&c->memory);
    struct euicc_settings s = *like;
    s.credentials = credentials;
    s.credential_count = both ? 2 : 1;
    s.trust = l->trust;
    s.profiles = &lead;
    s.profile_count = 1;
    s.nvm = &c->memory.nvm;
    REQUIRE(rsp_eid_parse(eid, s.eid) == ERR_OK);
    REQUIRE(euicc_new(&l->env, &s, &c->euicc) == ERR_OK);
    c->card = euicc_card(c->euicc);
    c->es = (struct es10_card){ .env = &l->env, .card = c->card };
    lab_card_reset(c);
    buf_release(&metadata);
    buf_release(&upp);
}

void lab_card_close(struct lab_card *c)
{
    euicc_free(c->euicc);
    euicc_nvm_ram_release(&c->memory);
    pki_euicc_release(&c->nist);
    pki_euicc_release(&c->brp);
}

int lab_card_state(struct lab_card *c, const char *iccid)
{
    struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_profile_info p;
    uint8_t id[10];
    int state = -1;
    lab_card_reset(c);
    REQUIRE(rsp_iccid_parse(iccid, id) == ERR_OK);
    REQUIRE(es10b_get_profiles_info(&c->es, NULL, &info) == ERR_OK && info.message.which == RSP_OK);
    struct der list = der_open(info.message.list);
    while (!der_at_end(&list)) {
        REQUIRE(rsp_profile_info_next(&list, &p) == ERR_OK);
        if (span_equal(p.iccid, SPAN_ARRAY(id)))
            state = p.state.value == RSP_PROFILE_ENABLED;
    }
    buf_release(&info.received);
    return state;
}

unsigned lab_card_notifications(struct lab_card *c)
{
    struct es10b_retrieve_notifications_response all = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = { 0 };
    struct rsp_pending_notification n;
    unsigned count = 0;
    lab_card_reset(c);
    REQUIRE(es10b_retrieve_notifications_list(&c->es, &q, &all) == ERR_OK);
    struct der list = der_open(all.message.notifications);
    while (!der_at_end(&list) && rsp_pending_notification_next(&list, &n) == ERR_OK)
        count++;
    buf_release(&all.received);
    return count;
}
