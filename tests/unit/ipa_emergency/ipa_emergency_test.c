/* The emergency profile at a device (SGP.32 v1.2 5.9.22, 5.9.23): it comes and goes by what is said outside, whatever fails meanwhile,
 * and the eIM hears of both. */
#include <stdio.h>
#include <string.h>

#include "lab.h"

#define RESCUE LAB_PARTNER_ICCID
static const char rescue[] = "{\"profiles\":[{\"iccid\":\"" RESCUE "\",\"imsi\":\"" LAB_PARTNER_IMSI "\",\"operator\":\"eso\",\"k\":\"" LAB_K
                             "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"serviceProviderName\":\"Rescue\",\"profileName\":\"rescue\","
                             "\"ecallIndication\":true}]}";

/* A device on its lead that has an emergency profile; its eIM has told nothing yet. */
static void open_device(struct lab *l, bool json)
{
    lab_open(l);
    l->json = json;
    REQUIRE(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", rescue, NULL) == 200);
    lab_release(l, RESCUE, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    lab_order(l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
    lab_run(l, CLOCK_MINUTE);
    REQUIRE(strcmp(lab_order_state(l, "d"), "done") == 0 && lab_told_cause(l) == -1);
}

static void check_on(const char *row, struct lab *l, bool emergency)
{
    CHECK_ROW(row, strcmp(ipa_online_plmn(l->ipa), emergency ? "26202" : "26201") == 0);
    CHECK_ROW(row, lab_told_cause(l) == 2);
    CHECK_ROW(row, lab_card_state(&l->card, RESCUE) == emergency && lab_card_state(&l->card, LAB_LEAD_ICCID) == !emergency);
    lab_restart(l, LAB_IPA); /* the look reset the card */
}

static void comes_and_goes(void)
{
    for (int json = 0; json < 2; json++) {
        const char *row = json ? "JSON" : "ASN.1";
        struct lab l;
        open_device(&l, json);
        REQUIRE(ipa_call_emergency(l.ipa, true) == ERR_OK);
        lab_run(&l, CLOCK_MINUTE);
        check_on(row, &l, true);
        lab_order(&l, "{\"reference\":\"l\",\"kind\":\"list\"}");
        lab_order(&l, "{\"reference\":\"q\",\"kind\":\"data\",\"parameters\":{\"tags\":[\"BF20\"]}}");
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(row, strcmp(lab_order_state(&l, "l"), "done") != 0 && strcmp(lab_order_state(&l, "q"), "done") != 0);
        CHECK_ROW(row, lab_said(&l, "ecallActive"));
        REQUIRE(ipa_call_emergency(l.ipa, false) == ERR_OK);
        lab_run(&l, 20 * CLOCK_MINUTE);
        CHECK_ROW(row, strcmp(lab_order_state(&l, "l"), "done") == 0 && strcmp(lab_order_state(&l, "q"), "done") == 0);
        check_on(row, &l, false);
        lab_close(&l);
    }
}

/* Said when there is no such profile, or twice: nothing happens. */
static void what_changes_nothing(void)
{
    struct lab l;
    lab_open(&l);
    lab_start_device(&l);
    lab_run(&l, CLOCK_MINUTE);
    REQUIRE(ipa_call_emergency(l.ipa, true) == ERR_OK);
    lab_run(&l, CLOCK_MINUTE);
    REQUIRE(ipa_call_emergency(l.ipa, false) == ERR_OK);
    lab_run(&l, CLOCK_MINUTE);
    CHECK(lab_times_said(&l, "emergency.refused") == 2 && lab_told_cause(&l) == -1 && l.lead.attached == 1);
    lab_close(&l);
    open_device(&l, false);
    for (int k = 0; k < 2; k++) {
        REQUIRE(ipa_call_emergency(l.ipa, true) == ERR_OK);
        lab_run(&l, CLOCK_MINUTE);
    }
    CHECK(lab_times_said(&l, "\"event\":\"emergency\"") == 1);
    check_on("said twice", &l, true);
    lab_close(&l);
}

static void power_cuts(void)
{
    for (int k = 0; k < 4; k++) {
        bool cut = true;
        for (unsigned n = 1; cut && n < 60; n++) {
            const bool over = k & 2;
            struct lab l;
            char row[60];
            snprintf(row, sizeof row, "%s, cut at write %u, %s", over ? "over" : "begins", n, k & 1 ? "JSON" : "ASN.1");
            open_device(&l, k & 1);
            REQUIRE(ipa_call_emergency(l.ipa, true) == ERR_OK);
            if (over) {
                lab_run(&l, CLOCK_MINUTE);
                REQUIRE(ipa_call_emergency(l.ipa, false) == ERR_OK);
            }
            l.part[LAB_IPA].writes = 0;
            l.part[LAB_IPA].cut_at = n;
            lab_run(&l, 5 * CLOCK_MINUTE);
            cut = l.part[LAB_IPA].cut_at == 0;
            check_on(row, &l, !over);
            lab_close(&l);
        }
        CHECK(!cut);
    }
}

static void the_card_fails(void)
{
    static const enum card_fault_kind kinds[] = { CARD_FAULT_CUT, CARD_FAULT_LOSE, CARD_FAULT_FAIL };
    for (size_t k = 0; k < 2 * COUNT(kinds); k++) {
        bool failed = true;
        for (unsigned n = 1; failed && n < 300; n++) {
            const bool over = k & 1;
            struct lab l;
            char row[60];
            snprintf(row, sizeof row, "%s, fault %d at command %u", over ? "over" : "begins", kinds[k / 2], n);
            open_device(&l, false);
            REQUIRE(ipa_call_emergency(l.ipa, true) == ERR_OK);
            if (over) {
                lab_run(&l, CLOCK_MINUTE);
                REQUIRE(ipa_call_emergency(l.ipa, false) == ERR_OK);
            }
            l.card_fault.kind = kinds[k / 2];
            l.card_fault.at = n;
            l.card_fault.seen = 0;
            lab_run(&l, 10 * CLOCK_MINUTE);
            failed = l.card_fault.seen >= n;
            l.card_fault.at = 0;
            check_on(row, &l, !over);
            lab_close(&l);
        }
    }
}

static const struct test tests[] = {
    { "an emergency comes and goes, and what an eIM wants waits for its end", comes_and_goes },
    { "what changes nothing is told to nobody", what_changes_nothing },
    { "power cut at any write", power_cuts },
    { "any fault at the card", the_card_fails },
};

int main(void)
{
    return tests_main("ipa_emergency", tests, COUNT(tests));
}
