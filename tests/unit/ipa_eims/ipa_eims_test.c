/* A card that is associated with two eIMs: the one that is not there, or cannot be served, keeps nothing from the other. */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "rsp_eim_configuration.h"

#define OTHER "other.example.com"
#define ORDERS LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders"

/* What provisioning writes: our eIM and another one, in either order. */
static void two_eims(struct lab *l, bool other_first, bool served)
{
    struct rsp_add_initial_eim_request q;
    struct rsp_eim_configuration ours, other;
    struct buf list = { .max = 4096 }, request = { .max = 4096 };
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    REQUIRE(rsp_add_initial_eim_request_read(buf_span(&l->initial_eim), &q) == ERR_OK);
    struct der eims = der_open(q.list);
    REQUIRE(rsp_eim_configuration_next(&eims, &ours) == ERR_OK);
    ours.whole = (struct span){ 0 };
    other = ours;
    other.eim_id = other.eim_fqdn = span_str(OTHER);
    if (!served)
        other.supported_protocol.bits = RSP_EIM_RETRIEVE_COAPS;
    REQUIRE(rsp_eim_configuration_write(other_first ? &other : &ours, &list) == ERR_OK);
    REQUIRE(rsp_eim_configuration_write(other_first ? &ours : &other, &list) == ERR_OK);
    q.list = buf_span(&list);
    REQUIRE(rsp_add_initial_eim_request_write(&q, &request) == ERR_OK);
    REQUIRE(buf_set(&l->initial_eim, buf_span(&request)) == ERR_OK);
    buf_release(&list);
    buf_release(&request);
}

static void order(struct lab *l, const char *body)
{
    CHECK(lab_call(l, l->eso, "POST", ORDERS, body, NULL) == 202);
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
        order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        order(&l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
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
    order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
    lab_run(&l, 2 * CLOCK_MINUTE);
    order(&l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
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

static const struct test tests[] = {
    { "an eIM that is not there keeps nothing from the other one", the_other_serves_on },
    { "a switch is settled by the eIM that granted its rollback, and no other", reaching_the_other_settles_nothing },
};

int main(void)
{
    return tests_main("ipa_eims", tests, COUNT(tests));
}
