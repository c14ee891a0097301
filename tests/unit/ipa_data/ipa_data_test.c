/* What a device answers when its eIM asks for data: each tag alone gives its member and no other. */
#include <stdio.h>
#include <string.h>

#include "der.h"
#include "lab.h"
#include "rsp_eim_configuration.h"

#define ORDERS LAB_EIM_URL "/v1/euiccs/" LAB_EID "/orders"
#define DOWNLOAD "{\"reference\":\"d\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}"

/* Orders the question and lets the device answer it; the order's result. */
static json_t *ask(struct lab *l, const char *tags)
{
    char body[200];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{\"reference\":\"q\",\"kind\":\"data\",\"parameters\":{\"tags\":[%s]}}", tags);
    REQUIRE(lab_call(l, l->eso, "POST", ORDERS, body, NULL) == 202);
    lab_run(l, 2 * CLOCK_MINUTE);
    REQUIRE(lab_call(l, l->eso, "GET", LAB_EIM_URL "/v1/orders?reference=q", "", &answer) == 200);
    json_t *result = json_incref(json_object_get(answer, "result"));
    json_decref(answer);
    return result;
}

/* --- a card that has something of everything ------------------------------------------------------------------- */

/* Lets no result of a package be acknowledged, and changes the question on its way. */
struct between {
    struct tamper tamper;
    bool json;
    bool package; /* what was brought last is a package's */
    void (*change)(const struct between *b, struct rsp_ipa_euicc_data_request *q);
    size_t row;
    struct span ci;
};

static bool is_package(const struct between *b, struct buf *bytes)
{
    struct buf choice = { .max = 1 << 17 };
    json_t *json = NULL;
    if (b->json)
        REQUIRE(json_read(buf_span(bytes), &json, NULL) == ERR_OK && json_base64(json, "eimPackageResult", &choice) == ERR_OK);
    struct span at = b->json ? buf_span(&choice) : buf_span(bytes);
    static const uint8_t tag[] = { 0xbf, 0x51 };
    bool found = memmem(at.at, at.len < 30 ? at.len : 30, tag, sizeof tag) != NULL;
    json_decref(json);
    buf_release(&choice);
    return found;
}

static void put_question(const struct between *b, const struct rsp_ipa_euicc_data_request *q, struct buf *bytes)
{
    struct buf der = { .max = 1024 };
    struct der_tlv whole;
    const struct rsp_get_eim_package_response r = { .which = RSP_EIM_PACKAGE_DATA_REQUEST, .data = *q };
    REQUIRE(rsp_get_eim_package_response_write(&r, &der) == ERR_OK && !der_only(buf_span(&der), 0xbf4f, &whole));
    buf_clear(bytes);
    if (!b->json) {
        REQUIRE(buf_put(bytes, buf_span(&der)) == ERR_OK);
    } else {
        json_t *json = json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus", "status", "Executed-Success");
        REQUIRE(json_set_base64(json, "ipaEuiccDataRequest", whole.value) == ERR_OK && json_write(json, bytes) == ERR_OK);
        json_decref(json);
    }
    buf_release(&der);
}

static void change_question(const struct between *b, struct buf *bytes)
{
    struct buf der = { .max = 1024 };
    struct rsp_ipa_euicc_data_request q;
    json_t *json = NULL;
    struct der_tlv whole;
    REQUIRE((b->json ? json_read(buf_span(bytes), &json, NULL) : der_only(buf_span(bytes), 0xbf4f, &whole)) == ERR_OK);
    REQUIRE(b->json || buf_put(&der, whole.value) == ERR_OK);
    if (b->json && json_base64(json, "ipaEuiccDataRequest", &der))
        buf_clear(&der); /* another package */
    if (der.len && rsp_ipa_euicc_data_request_read(buf_span(&der), &q) == ERR_OK) {
        q.whole = (struct span){ 0 };
        b->change(b, &q);
        put_question(b, &q, bytes);
    }
    json_decref(json);
    buf_release(&der);
}

static void stand_between(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message, struct buf *bytes)
{
    struct between *b = (struct between *)t;
    static const char nothing[] = "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}";
    static const uint8_t empty[] = { 0xbf, 0x50, 0x02, 0x30, 0x00 };
    (void)actor;
    if (moment != TAMPER_BEFORE_SENDING)
        return;
    if (!strcmp(message, "ESipa.ProvideEimPackageResultRequest")) {
        b->package = is_package(b, bytes);
    } else if (!strcmp(message, "ESipa.ProvideEimPackageResultResponse") && b->package) {
        REQUIRE(buf_set(bytes, b->json ? span_str(nothing) : span_of(empty, sizeof empty)) == ERR_OK);
    } else if (!strcmp(message, "ESipa.GetEimPackageResponse") && b->change) {
        change_question(b, bytes);
    }
}

/* The card makes a token; the eIM hears of it. */
static void give_token(struct lab *l)
{
    struct rsp_eim_configuration eim;
    lab_read_initial_eim(l, &eim);
    eim.association_token = (struct rsp_int){ true, -1 };
    lab_set_initial_eims(l, &eim, 1);
}

static void tell_token(struct lab *l)
{
    struct es10b_eim_configuration_data data = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_eim_configuration eim;
    char body[60];
    lab_card_reset(&l->card);
    REQUIRE(es10b_get_eim_configuration_data(&l->card.es, (struct span){ 0 }, &data) == ERR_OK);
    struct der list = der_open(data.message.list);
    REQUIRE(rsp_eim_configuration_next(&list, &eim) == ERR_OK && eim.association_token.present);
    snprintf(body, sizeof body, "{\"associationToken\":%d}", (int)eim.association_token.value);
    REQUIRE(lab_call(l, l->eso, "PATCH", LAB_EIM_URL "/v1/euiccs/" LAB_EID, body, NULL) < 300);
    buf_release(&data.received);
    lab_restart(l, LAB_IPA);
}

/* Notifications that nobody took (an installation and what the profile has to say of it), a result that nobody acknowledged, both
 * addresses, a token. */
static void open_rich(struct lab *l, struct between *b, bool json)
{
    const struct euicc_settings rich = { .default_dp_address = "smdp.example.com", .root_ds_address = "smds.example.com" };
    lab_open(l);
    lab_card_close(&l->card);
    lab_card_open_like(l, &l->card, "CERT_EUICC_ECDSA_NIST", LAB_EID, false, &rich);
    card_fault_init(&l->card_fault, l->card.card, CARD_FAULT_CUT, 0);
    b->tamper.at = stand_between;
    b->json = l->json = json;
    lab_import(l);
    lab_release(l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    give_token(l);
    lab_restart(l, LAB_IPA);
    lab_run(l, 1);
    tell_token(l);
    l->part[LAB_IPA].env.tamper = l->part[LAB_EIM].env.tamper = &b->tamper;
    l->hurdle = "smdp.example.com/gsma/rsp2/es9plus/handleNotification";
    l->hurdle_err = ERR_IO;
    l->hurdles = -1;
    lab_order(l, DOWNLOAD);
    lab_order(l, "{\"reference\":\"l\",\"kind\":\"list\"}");
    lab_run(l, CLOCK_MINUTE);
    REQUIRE(strcmp(lab_order_state(l, "d"), "done") == 0 && strcmp(lab_order_state(l, "l"), "done") == 0);
}

/* What the device answered; `bytes` holds what *r points into. */
static bool read_answer(json_t *result, struct buf *bytes, struct rsp_ipa_euicc_data_response *r)
{
    return result && json_base64(result, "ipaEuiccDataResponse", bytes) == ERR_OK &&
           rsp_ipa_euicc_data_response_read(buf_span(bytes), r) == ERR_OK && r->which == RSP_OK;
}

/* --- each tag ---------------------------------------------------------------------------------------------------- */

enum {
    NOTIFICATIONS = 1, RESULTS = 2, INFO1 = 4, INFO2 = 8, ROOT = 16, EUM = 32, EUICC = 64, OWN = 128, DEVICE = 256, DEFAULT = 512,
    TOKEN = 1024
};

static unsigned members(const struct rsp_ipa_euicc_data *d)
{
    return (d->notifications.at ? NOTIFICATIONS : 0) | (d->package_results.at ? RESULTS : 0) |
           (d->has_euicc_info1 ? INFO1 : 0) | (d->has_euicc_info2 ? INFO2 : 0) | (d->root_smds_address.at ? ROOT : 0) |
           (d->eum_certificate.at ? EUM : 0) | (d->euicc_certificate.at ? EUICC : 0) | (d->has_capabilities ? OWN : 0) |
           (d->has_device_info ? DEVICE : 0) | (d->default_smdp_address.at ? DEFAULT : 0) |
           (d->association_token.present ? TOKEN : 0);
}

static const struct {
    const char *name, *tags;
    unsigned members;
} rows[] = {
    { "notifications", "\"A0\"", NOTIFICATIONS },
    { "package results", "\"A2\"", RESULTS },
    { "euiccInfo1", "\"BF20\"", INFO1 },
    { "euiccInfo2", "\"BF22\"", INFO2 },
    { "root SM-DS", "\"83\"", ROOT },
    { "default SM-DP+", "\"81\"", DEFAULT },
    { "association token", "\"84\"", TOKEN },
    { "EUM certificate", "\"A5\"", EUM },
    { "eUICC certificate", "\"A6\"", EUICC },
    { "capabilities", "\"A8\"", OWN },
    { "device", "\"A9\"", DEVICE },
    { "two at once", "\"BF22\",\"A9\"", INFO2 | DEVICE },
    { "both addresses", "\"81\",\"83\"", DEFAULT | ROOT },
    { "one twice", "\"BF20\",\"BF20\"", INFO1 },
    { "everything", "\"A0\",\"81\",\"A2\",\"BF20\",\"BF22\",\"83\",\"84\",\"A5\",\"A6\",\"A8\",\"A9\"", 2 * TOKEN - 1 },
};

static void each_tag(void)
{
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const char *name = rows[i / 2].name;
        struct lab l;
        struct between b = { .json = false };
        struct rsp_ipa_euicc_data_response r = { 0 };
        struct buf bytes = { .max = 64 << 10 };
        open_rich(&l, &b, i % 2);
        json_t *result = ask(&l, rows[i / 2].tags);
        CHECK_ROW(name, read_answer(result, &bytes, &r));
        CHECK_ROW(name, members(&r.data) == rows[i / 2].members);
        if (members(&r.data) != rows[i / 2].members)
            printf(" (%x)", members(&r.data));
        CHECK_ROW(name, r.data.eim_transaction_id.len == 16);
        json_decref(result);
        buf_release(&bytes);
        lab_close(&l);
    }
}

/* --- what the eIM narrows its question to ------------------------------------------------------------------------- */

#define NONE (-1)
static const struct {
    const char *name;
    enum rsp_notification_criteria which;
    int64_t number; /* of notifications */
    uint32_t events;
    int64_t result; /* number of a package result; NONE: all */
    int ci;         /* octets of the card's CI that are named; NONE: a CI that is none of its */
    int notifications, results;
    bool certificates;
} criteria[] = {
    { "nothing", RSP_CRITERIA_NONE, 0, 0, NONE, 0, 2, 1, true },
    { "the first notification", RSP_CRITERIA_SEQ_NUMBER, 1, 0, NONE, 0, 1, 1, true },
    { "a notification that is not there", RSP_CRITERIA_SEQ_NUMBER, 77, 0, NONE, 0, 0, 1, true },
    { "a notification that is a result", RSP_CRITERIA_SEQ_NUMBER, 3, 0, NONE, 0, 0, 1, true },
    { "installations", RSP_CRITERIA_EVENT, 0, RSP_EVENT_INSTALL, NONE, 0, 2, 1, true },
    { "deletions", RSP_CRITERIA_EVENT, 0, RSP_EVENT_DELETE, NONE, 0, 0, 1, true },
    { "deletions and installations", RSP_CRITERIA_EVENT, 0, RSP_EVENT_DELETE | RSP_EVENT_INSTALL, NONE, 0, 2, 1, true },
    { "the result", RSP_CRITERIA_NONE, 0, 0, 3, 0, 2, 1, true },
    { "a result that is not there", RSP_CRITERIA_NONE, 0, 0, 77, 0, 2, 0, true },
    { "a result that is a notification", RSP_CRITERIA_NONE, 0, 0, 1, 0, 2, 0, true },
    { "the card's CI", RSP_CRITERIA_NONE, 0, 0, NONE, 20, 2, 1, true },
    { "the card's CI by its first octet", RSP_CRITERIA_NONE, 0, 0, NONE, 1, 2, 1, true },
    { "a CI that is none of the card's", RSP_CRITERIA_NONE, 0, 0, NONE, NONE, 0, 0, false },
};

static void narrow(const struct between *b, struct rsp_ipa_euicc_data_request *q)
{
    static const uint8_t stranger[20] = { 0xee, 0xee };
    q->has_notification_criteria = criteria[b->row].which != RSP_CRITERIA_NONE;
    q->notifications.which = criteria[b->row].which;
    q->notifications.seq_number = criteria[b->row].number;
    q->notifications.events = criteria[b->row].events;
    q->has_result_criteria = criteria[b->row].result != NONE;
    q->results.seq_number = criteria[b->row].result;
    q->ci_pkid = criteria[b->row].ci == NONE ? SPAN_ARRAY(stranger) : span_sub(b->ci, 0, (size_t)criteria[b->row].ci);
}

static int count_items(struct span items)
{
    struct der list = der_open(items);
    struct der_tlv t;
    int n = 0;
    while (!der_at_end(&list) && der_next(&list, &t) == ERR_OK)
        n++;
    return n;
}

static void criteria_narrow(void)
{
    for (size_t i = 0; i < 2 * COUNT(criteria); i++) {
        const size_t row = i / 2;
        const char *name = criteria[row].name;
        struct lab l;
        struct between b = { .row = row };
        struct rsp_ipa_euicc_data_response r = { 0 };
        struct buf bytes = { .max = 64 << 10 };
        struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
        open_rich(&l, &b, i % 2);
        lab_card_reset(&l.card);
        REQUIRE(es10b_get_euicc_info1(&l.card.es, &info) == ERR_OK);
        struct der cis = der_open(info.message.ci_signing);
        struct der_tlv ci;
        REQUIRE(der_next(&cis, &ci) == ERR_OK);
        b.ci = ci.value;
        lab_restart(&l, LAB_IPA); /* the look reset the card */
        b.change = narrow;
        json_t *result = ask(&l, "\"A0\",\"A2\",\"A5\",\"A6\"");
        bool answered = read_answer(result, &bytes, &r);
        const char *refusal = result ? json_str(result, "name") : NULL;
        CHECK_ROW(name, answered == criteria[row].certificates);
        CHECK_ROW(name, answered || (refusal && strcmp(refusal, "euiccCiPKIdNotFound") == 0));
        CHECK_ROW(name, count_items(r.data.notifications) == criteria[row].notifications);
        CHECK_ROW(name, count_items(r.data.package_results) == criteria[row].results);
        CHECK_ROW(name, !answered || (r.data.euicc_certificate.len && r.data.eum_certificate.len));
        json_decref(result);
        buf_release(&info.received);
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
    for (size_t k = 0; k < 2 * COUNT(unknown); k++) {
        const size_t i = k / 2;
        struct lab l;
        lab_open(&l);
        l.json = k % 2;
        lab_start_device(&l);
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
    { "criteria narrow what is told, and a CI says whose certificates are", criteria_narrow },
    { "a tag that is none is an incorrectTagList", unknown_tags },
};

int main(void)
{
    return tests_main("ipa_data", tests, COUNT(tests));
}
