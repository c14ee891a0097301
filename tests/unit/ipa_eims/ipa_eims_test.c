/* A card that is associated with two eIMs: the one that is not there, or cannot be served, keeps nothing from the other. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "lab.h"
#include "rsp_eim_configuration.h"

#define OTHER "other.example.com"

/* What provisioning writes: our eIM and another one, in either order. */
static void two_eims(struct lab *l, bool other_first, bool served)
{
    struct rsp_eim_configuration eims[2];
    struct rsp_eim_configuration *ours = &eims[other_first], *other = &eims[!other_first];
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    lab_read_initial_eim(l, ours);
    *other = *ours;
    other->eim_id = other->eim_fqdn = span_str(OTHER);
    if (!served)
        other->supported_protocol.bits = RSP_EIM_RETRIEVE_COAPS;
    lab_set_initial_eims(l, eims, 2);
}

static const struct {
    const char *name;
    bool first, served, after;
    enum err e;
} rows[] = {
    { "the first does not answer", true, true, true, ERR_TIMEOUT },
    { "the first is not reached", true, true, false, ERR_IO },
    { "the first is not believed in TLS", true, true, false, ERR_VERIFY },
    { "the last does not answer", false, true, true, ERR_TIMEOUT },
    { "the last is not reached", false, true, false, ERR_IO },
    { "the last is not believed in TLS", false, true, false, ERR_VERIFY },
    { "the first offers CoAPS alone", true, false, false, ERR_OK },
    { "the last offers CoAPS alone", false, false, false, ERR_OK },
};

static void the_other_serves_on(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        char url[128];
        lab_open(&l);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        two_eims(&l, rows[i].first, rows[i].served);
        l.hurdle = OTHER;
        l.hurdle_err = rows[i].e;
        l.hurdle_after = rows[i].after;
        l.hurdles = rows[i].e ? -1 : 0;
        lab_restart(&l, LAB_IPA);
        lab_order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        lab_order(&l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
        lab_run(&l, 20 * CLOCK_MINUTE);
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=e");
        CHECK_ROW(rows[i].name, strcmp(lab_get(&l, l.eso, url, "state"), "done") == 0);
        CHECK_ROW(rows[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == 1);
        CHECK_ROW(rows[i].name, strcmp(ipa_online_plmn(l.ipa), "26202") == 0);
        CHECK_ROW(rows[i].name, !lab_said(&l, "\"event\":\"rollback\""));
        lab_close(&l);
    }
}

/* The rollback was granted by our eIM: that the other one is reached does not make the switch good (SGP.32 3.3.2). */
static void reaching_the_other_settles_nothing(void)
{
    struct lab l;
    lab_open(&l);
    lab_import(&l);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    two_eims(&l, true, true);
    REQUIRE(http_switch_set(l.wires, OTHER, l.part[LAB_EIM].actor, NULL, &l.log) == ERR_OK);
    lab_restart(&l, LAB_IPA);
    lab_order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
    lab_run(&l, 2 * CLOCK_MINUTE);
    lab_order(&l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
    /* The result is for eim.example.com, which is gone; the other host answers every poll. */
    l.hurdle = "//eim.example.com";
    l.hurdle_err = ERR_IO;
    l.hurdles = -1;
    lab_run(&l, 10 * CLOCK_MINUTE);
    CHECK(lab_said(&l, "\"event\":\"rollback\""));
    CHECK(lab_card_state(&l.card, LAB_LEAD_ICCID) == 1);
    l.hurdle = NULL;
    lab_restart(&l, LAB_IPA);
    lab_run(&l, 5 * CLOCK_MINUTE);
    CHECK(strcmp(lab_get(&l, l.eso, LAB_EIM_URL "/v1/orders?reference=e", "state"), "failed") == 0);
    lab_close(&l);
}

/* --- one CI for all that an eIM orders (euiccCiPKId, SGP.22 3.0.1 step 1c) ------------------------------ */

/* What was offered last to an SM-DP+, over ES9+ or to the eIM that relays: how many CIs. */
struct offers {
    struct tamper tamper;
    size_t verification, signing;
};

static size_t items(struct span list)
{
    struct der d = der_open(list);
    struct span one;
    size_t n = 0;
    while (!der_at_end(&d) && !rsp_octets_next(&d, &one))
        n++;
    return n;
}

static void see_offer(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct offers *o = (struct offers *)t;
    struct rsp_initiate_authentication_request_esipa q;
    struct rsp_euicc_info1 info = { 0 };
    struct buf der = { .max = 1024 };
    json_t *object = NULL;
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING || !strstr(message, "InitiateAuthenticationRequest"))
        return;
    if (!strncmp(message, "ES9+", 4)) {
        REQUIRE(json_read(buf_span(bytes), &object, NULL) == ERR_OK && json_base64(object, "euiccInfo1", &der) == ERR_OK);
        REQUIRE(rsp_euicc_info1_read(buf_span(&der), &info) == ERR_OK);
    } else {
        REQUIRE(rsp_initiate_authentication_request_esipa_read(buf_span(bytes), &q) == ERR_OK);
        info = q.euicc_info1;
    }
    o->verification = items(info.ci_verification);
    o->signing = items(info.ci_signing);
    json_decref(object);
    buf_release(&der);
}

/* Our eIM's configuration with this CI; empty: as it is. */
static void name_ci(struct lab *l, struct span ci)
{
    struct rsp_eim_configuration ours;
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    lab_read_initial_eim(l, &ours);
    ours.ci_pkid = ci.len ? ci : (struct span){ 0 };
    lab_set_initial_eims(l, &ours, 1);
}

static void one_ci_is_offered(void)
{
    for (int i = 0; i < 4; i++) {
        const bool named = i & 1;
        const char *row = named ? "a CI is named" : "no CI is named";
        struct lab l;
        struct offers o = { .tamper = { see_offer } };
        struct es10b_euicc_info1 info = { .received.max = 1024 };
        struct span first;
        lab_open(&l);
        l.indirect = i & 2;
        lab_card_close(&l.card);
        lab_card_open(&l, &l.card, "CERT_EUICC_ECDSA_NIST", LAB_EID, true);
        card_fault_init(&l.card_fault, l.card.card, CARD_FAULT_CUT, 0);
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        REQUIRE(es10b_get_euicc_info1(&l.card.es, &info) == ERR_OK);
        struct der list = der_open(info.message.ci_signing);
        REQUIRE(rsp_octets_next(&list, &first) == ERR_OK);
        name_ci(&l, named ? first : (struct span){ 0 });
        l.part[LAB_IPA].env.tamper = &o.tamper;
        lab_restart(&l, LAB_IPA);
        l.part[LAB_IPA].env.tamper = &o.tamper;
        lab_order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK_ROW(row, strcmp(lab_get(&l, l.eso, LAB_EIM_URL "/v1/orders?reference=d", "state"), "done") == 0);
        CHECK_ROW(row, o.verification == (named ? 1 : 2) && o.signing == (named ? 1 : 2));
        buf_release(&info.received);
        lab_close(&l);
    }
}

/* An SM-DP+ that cuts euiccCiPKIdToBeUsed short: the card compares all of it, and sees all of it. */
static void cut_ci_short(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    json_t *answer = NULL;
    struct buf ci = { .max = 64 };
    (void)t, (void)actor;
    if (moment != TAMPER_BEFORE_SENDING || strcmp(message, "ES9+.InitiateAuthenticationResponse") != 0)
        return;
    REQUIRE(json_read(buf_span(bytes), &answer, NULL) == ERR_OK && json_base64(answer, "euiccCiPKIdToBeUsed", &ci) == ERR_OK);
    const uint8_t shortened[] = { 0x04, 0x02, ci.at[2], ci.at[3] };
    REQUIRE(json_set_base64(answer, "euiccCiPKIdToBeUsed", SPAN_ARRAY(shortened)) == ERR_OK);
    buf_clear(bytes);
    REQUIRE(json_write(answer, bytes) == ERR_OK);
    json_decref(answer);
    buf_release(&ci);
}

static void a_server_cuts_its_ci_short(void)
{
    for (int i = 0; i < 4; i++) {
        struct lab l;
        struct tamper tamper = { cut_ci_short };
        lab_open(&l);
        l.indirect = i & 1;
        l.json = i & 2;
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        l.part[LAB_SMDP].env.tamper = &tamper;
        lab_order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        lab_run(&l, 2 * CLOCK_MINUTE);
        CHECK_ROW(l.indirect ? "relayed" : "direct", strcmp(lab_order_state(&l, "d"), "done") == 0);
        lab_close(&l);
    }
}

static const struct test tests[] = {
    { "a server may cut the CI short that it names", a_server_cuts_its_ci_short },
    { "the CI that an eIM's configuration names is the only one that is offered", one_ci_is_offered },
    { "an eIM that is not there keeps nothing from the other one", the_other_serves_on },
    { "a switch is settled by the eIM that granted its rollback, and no other", reaching_the_other_settles_nothing },
};

int main(void)
{
    return tests_main("ipa_eims", tests, COUNT(tests));
}
