/* A device whose network goes away and comes back: when it takes its fallback profile, and when it returns. */
#include <stdio.h>
#include <string.h>

#include "lab.h"


/* Swapped to the partner; the lead profile has the fallback attribute, or nobody has. */
static void open_away(struct lab *l, bool with_fallback, bool json)
{
    lab_open(l);
    l->json = json;
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_start_device(l);
    lab_order(l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
    if (with_fallback)
        lab_order(l, "{\"reference\":\"f\",\"kind\":\"setFallback\",\"iccid\":\"" LAB_LEAD_ICCID "\"}");
    lab_order(l, "{\"reference\":\"e\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
    lab_run(l, 5 * CLOCK_MINUTE);
    REQUIRE(strcmp(ipa_online_plmn(l->ipa), "26202") == 0);
}

static const struct {
    const char *name;
    bool with_fallback, lead_down, restart;
    int64_t away, back; /* how long the partner's network is gone; how long it is back */
    const char *then, *later;
} rows[] = {
    { "gone for long, then back", true, false, false, 10 * CLOCK_MINUTE, 10 * CLOCK_MINUTE, "26201", "26202" },
    { "gone for long, and the IPA started again", true, false, true, 10 * CLOCK_MINUTE, 10 * CLOCK_MINUTE, "26201",
      "26202" },
    { "gone for long, and not back", true, false, false, 30 * CLOCK_MINUTE, 0, "26201", "26201" },
    { "gone, and no profile has the attribute", false, false, false, 10 * CLOCK_MINUTE, 10 * CLOCK_MINUTE, "", "26202" },
    { "both networks gone, then one back", true, true, false, 10 * CLOCK_MINUTE, 10 * CLOCK_MINUTE, "", "26202" },
};

static void losing_the_network(void)
{
    for (size_t k = 0; k < 2 * COUNT(rows); k++) {
        const size_t i = k / 2;
        struct lab l;
        open_away(&l, rows[i].with_fallback, k % 2);
        l.partner.down = true;
        l.lead.down = rows[i].lead_down;
        lab_run(&l, rows[i].away);
        CHECK_ROW(rows[i].name, strcmp(ipa_online_plmn(l.ipa), rows[i].then) == 0);
        bool fell = rows[i].then[0];
        if (fell)
            CHECK_ROW(rows[i].name, lab_told_cause(&l) == 1);
        if (rows[i].restart)
            lab_restart(&l, LAB_IPA);
        if (rows[i].back) {
            l.partner.down = l.lead.down = false;
            lab_run(&l, rows[i].back);
        }
        CHECK_ROW(rows[i].name, strcmp(ipa_online_plmn(l.ipa), rows[i].later) == 0);
        if (strcmp(ipa_online_plmn(l.ipa), rows[i].later))
            printf(" (%s)", ipa_online_plmn(l.ipa));
        bool on_lead = strcmp(rows[i].later, "26201") == 0;
        CHECK_ROW(rows[i].name, lab_card_state(&l.card, LAB_LEAD_ICCID) == on_lead);
        CHECK_ROW(rows[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == !on_lead);
        lab_close(&l);
    }
}

/* Set back by a day when the network was lost, and again in fallback: it still falls back, and returns. */
static void the_clock_is_set_back_as(bool json)
{
    struct lab l;
    open_away(&l, true, json);
    l.partner.down = true;
    lab_run(&l, CLOCK_MINUTE);
    l.clock.at -= CLOCK_DAY;
    lab_run(&l, 5 * CLOCK_MINUTE);
    CHECK(strcmp(ipa_online_plmn(l.ipa), "26201") == 0);
    l.clock.at -= CLOCK_DAY;
    l.partner.down = false;
    lab_run(&l, 5 * CLOCK_MINUTE);
    CHECK(strcmp(ipa_online_plmn(l.ipa), "26202") == 0);
    lab_close(&l);
}

static void the_clock_is_set_back(void)
{
    the_clock_is_set_back_as(false);
    the_clock_is_set_back_as(true);
}

/* Power goes at the n-th command to the card, for every n of a fallback; the network is back before the device is. The eIM
 * hears of a fallback if, and only if, the card switched. */
static void only_what_was_done_is_told_as(bool json)
{
    bool cut = true;
    unsigned switched = 0, not_switched = 0;
    for (unsigned n = 1; cut && n < 200; n++) {
        struct lab l;
        char row[48];
        open_away(&l, true, json);
        unsigned attached = l.lead.attached;
        l.partner.down = true;
        l.card_fault.seen = 0;
        l.card_fault.at = n;
        for (int k = 0; k < 40 && l.card_fault.seen < n; k++)
            lab_run(&l, 5 * CLOCK_SECOND);
        cut = l.card_fault.seen >= n;
        l.partner.down = false;
        lab_run(&l, 10 * CLOCK_MINUTE);
        snprintf(row, sizeof row, "power cut at command %u, %s", n, json ? "JSON" : "ASN.1");
        bool fell = lab_said(&l, "\"event\":\"fallback\"") || l.lead.attached > attached;
        CHECK_ROW(row, (lab_told_cause(&l) == 1) == fell);
        CHECK_ROW(row, strcmp(ipa_online_plmn(l.ipa), "26202") == 0);
        switched += cut && fell;
        not_switched += cut && !fell;
        lab_close(&l);
    }
    CHECK(!cut && switched && not_switched);
}

static void only_what_was_done_is_told(void)
{
    only_what_was_done_is_told_as(false);
    only_what_was_done_is_told_as(true);
}

/* An answer of the card is lost, or the command is, while it falls back or returns: wherever the card is, the device is there too, and
 * the eIM hears of it. */
static void the_card_fails_as(enum card_fault_kind kind, bool returning)
{
    bool failed = true;
    unsigned tried = 0;
    for (unsigned n = 1; failed && n < 120; n++, tried++) {
        struct lab l;
        char row[60];
        open_away(&l, true, n % 2);
        l.partner.down = true;
        if (returning) {
            lab_run(&l, 5 * CLOCK_MINUTE);
            REQUIRE(strcmp(ipa_online_plmn(l.ipa), "26201") == 0);
            l.partner.down = false;
        }
        l.card_fault.kind = kind;
        l.card_fault.seen = 0;
        l.card_fault.at = n;
        lab_run(&l, 10 * CLOCK_MINUTE);
        failed = l.card_fault.seen >= n;
        snprintf(row, sizeof row, "%s, fault %d at command %u", returning ? "returning" : "falling back", kind, n);
        CHECK_ROW(row, strcmp(ipa_online_plmn(l.ipa), returning ? "26202" : "26201") == 0 && lab_told_cause(&l) == 1);
        l.partner.down = false;
        lab_run(&l, 10 * CLOCK_MINUTE);
        CHECK_ROW(row, strcmp(ipa_online_plmn(l.ipa), "26202") == 0);
        CHECK_ROW(row, lab_card_state(&l.card, LAB_PARTNER_ICCID) == 1);
        lab_close(&l);
    }
    CHECK(tried > 5);
}

static void the_card_fails(void)
{
    static const enum card_fault_kind kinds[] = { CARD_FAULT_LOSE, CARD_FAULT_FAIL };
    for (size_t k = 0; k < COUNT(kinds); k++) {
        the_card_fails_as(kinds[k], false);
        the_card_fails_as(kinds[k], true);
    }
}

static const struct test tests[] = {
    { "a device is where its card is, whatever answer is lost", the_card_fails },
    { "a clock that is set back keeps no device from falling back and returning", the_clock_is_set_back },
    { "a fallback is told if it was made, and not if power went before it", only_what_was_done_is_told },
    { "a device falls back when its network is gone, and returns when it is back", losing_the_network },
};

int main(void)
{
    return tests_main("ipa_fallback", tests, COUNT(tests));
}
