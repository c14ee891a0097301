/* What a device answers when its eIM asks for data: each tag alone gives its member and no other. */
#include <stdio.h>
#include <string.h>

#include "lab.h"

#define ORDERS LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders"

/* Orders the question and lets the device answer it; the order's result. */
static json_t *ask(struct lab *l, const char *tags)
{
    char body[200];
    json_t *answer = NULL;
    lab_open(l);
    lab_start_device(l);
    snprintf(body, sizeof body, "{\"reference\":\"q\",\"kind\":\"data\",\"parameters\":{\"tags\":[%s]}}", tags);
    REQUIRE(lab_call(l, l->eso, "POST", ORDERS, body, NULL) == 202);
    lab_run(l, 2 * CLOCK_MINUTE);
    REQUIRE(lab_call(l, l->eso, "GET", LAB_EIM_URL "/v1/orders?reference=q", "", &answer) == 200);
    json_t *result = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    return result;
}

enum { NOTIFICATIONS = 1, RESULTS = 2, INFO1 = 4, INFO2 = 8, ROOT = 16, EUM = 32, EUICC = 64, OWN = 128, DEVICE = 256 };

static unsigned members(const struct rsp_ipa_euicc_data *d)
{
    return (d->notifications.at ? NOTIFICATIONS : 0) | (d->package_results.at ? RESULTS : 0) |
           (d->has_euicc_info1 ? INFO1 : 0) | (d->has_euicc_info2 ? INFO2 : 0) | (d->root_smds_address.at ? ROOT : 0) |
           (d->eum_certificate.at ? EUM : 0) | (d->euicc_certificate.at ? EUICC : 0) | (d->has_capabilities ? OWN : 0) |
           (d->has_device_info ? DEVICE : 0);
}

static const struct {
    const char *name, *tags;
    unsigned members, may; /* must be there; may be there too */
} rows[] = {
    { "notifications", "\"A0\"", 0, NOTIFICATIONS },
    { "package results", "\"A2\"", 0, RESULTS },
    { "euiccInfo1", "\"BF20\"", INFO1, 0 },
    { "euiccInfo2", "\"BF22\"", INFO2, 0 },
    { "root SM-DS", "\"83\"", 0, ROOT },
    { "default SM-DP+", "\"81\"", 0, 0 },
    { "association token", "\"84\"", 0, 0 },
    { "EUM certificate", "\"A5\"", EUM, 0 },
    { "eUICC certificate", "\"A6\"", EUICC, 0 },
    { "capabilities", "\"A8\"", OWN, 0 },
    { "device", "\"A9\"", DEVICE, 0 },
    { "two at once", "\"BF22\",\"A9\"", INFO2 | DEVICE, 0 },
    { "one twice", "\"BF20\",\"BF20\"", INFO1, 0 },
};

static void each_tag(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct rsp_ipa_euicc_data_response r = { 0 };
        struct buf bytes = { .max = 64 << 10 };
        json_t *result = ask(&l, rows[i].tags);
        CHECK_ROW(rows[i].name, result && json_base64(result, "ipaEuiccDataResponse", &bytes) == ERR_OK);
        CHECK_ROW(rows[i].name, rsp_ipa_euicc_data_response_read(buf_span(&bytes), &r) == ERR_OK);
        unsigned got = r.which == RSP_OK ? members(&r.data) : ~0u;
        CHECK_ROW(rows[i].name, (got & rows[i].members) == rows[i].members);
        CHECK_ROW(rows[i].name, !(got & ~(rows[i].members | rows[i].may)));
        if ((got & ~(rows[i].members | rows[i].may)) || (got & rows[i].members) != rows[i].members)
            printf(" (%x)", got);
        CHECK_ROW(rows[i].name, r.data.eim_transaction_id.len == 16);
        json_decref(result);
        buf_release(&bytes);
        lab_close(&l);
    }
}

static const struct {
    const char *name, *tags;
} unknown[] = {
    { "a tag of nothing", "\"BF7F\"" },
    { "an eIM's own tag", "\"BF51\"" },
    { "a known and an unknown one", "\"BF22\",\"82\"" },
    { "the eimTransactionId", "\"87\"" },
};

static void unknown_tags(void)
{
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct lab l;
        json_t *result = ask(&l, unknown[i].tags);
        const char *name = json_str(result, "name");
        CHECK_ROW(unknown[i].name, name && strcmp(name, "incorrectTagList") == 0);
        CHECK_ROW(unknown[i].name, json_integer_value(json_object_get(result, "code")) == 1);
        json_decref(result);
        lab_close(&l);
    }
}

/* --- notifications that the eIM asked for ---------------------------------------------------------------------- */

/* Of a device whose downloads the eIM relays; the device itself could not bring them before. */
static const struct {
    const char *name;
    bool indirect, minimizes;
    int lost;     /* so many attempts to tell the SM-DP+ fail, of the device and then of its eIM */
    bool by_eim;  /* the answer to the question brings it */
} asked[] = {
    { "the eIM relays them", true, false, 1, true },
    { "the eIM relays them for a device that minimizes", true, true, 2, true },
    { "the SM-DP+ is away when the eIM relays them", true, false, 2, false },
    { "the eIM has no business with their SM-DP+", false, false, 1, false },
};

static void asked_for_notifications(void)
{
    for (size_t i = 0; i < 2 * COUNT(asked); i++) {
        const char *name = asked[i / 2].name;
        struct lab l;
        lab_open(&l);
        l.json = i % 2;
        l.indirect = asked[i / 2].indirect;
        l.minimizes = asked[i / 2].minimizes;
        lab_import(&l);
        lab_release(&l, LAB_THIRD_ICCID, LAB_EID, "TOKEN-1", "");
        lab_start_device(&l);
        lab_order(&l, "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        l.hurdle = "smdp.example.com/gsma/rsp2/es9plus/handleNotification";
        l.hurdle_err = ERR_IO;
        l.hurdles = asked[i / 2].lost;
        lab_run(&l, 1);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "d"), "done") == 0);
        lab_order(&l, "{\"reference\":\"q\",\"kind\":\"data\",\"parameters\":{\"tags\":[\"A0\"]}}");
        lab_run(&l, 20 * CLOCK_SECOND);
        CHECK_ROW(name, strcmp(lab_order_state(&l, "q"), "done") == 0);
        CHECK_ROW(name, (lab_card_notifications(&l.card) == 0) == asked[i / 2].by_eim);
        CHECK_ROW(name, !lab_said(&l, "notification.delivered"));
        lab_restart(&l, LAB_IPA); /* the look reset the card */
        lab_run(&l, CLOCK_HOUR);
        CHECK_ROW(name, lab_card_notifications(&l.card) == 0 && lab_said(&l, "notification.delivered") == !asked[i / 2].by_eim);
        lab_close(&l);
    }
}

static const struct test tests[] = {
    { "notifications that the eIM asked for are relayed and leave the card, or wait on it", asked_for_notifications },
    { "each tag gives its member and no other", each_tag },
    { "a tag that is none is an incorrectTagList", unknown_tags },
};

int main(void)
{
    return tests_main("ipa_data", tests, COUNT(tests));
}
