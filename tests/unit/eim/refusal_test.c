/* An eUICC whose certificates the eIM refuses: its orders wait, say why, and go on when the cause is gone. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define OTHER_EUICC LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID

static bool waits_for(struct fixture *f, const char *state, const char *name, const char *detail, const char *section)
{
    return strcmp(order_state(f, "a"), state) == 0 && strcmp(order_text(f, "a", "lastError", "name"), name) == 0 &&
           strstr(order_text(f, "a", "lastError", "detail"), detail) &&
           strcmp(order_text(f, "a", "lastError", "section"), section) == 0;
}

static bool has_error(struct fixture *f, const char *url)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", url, "", &answer) == 200);
    bool has = json_object_get(answer, "lastError");
    json_decref(answer);
    return has;
}

/* --- certificates that the device tells ------------------------------------------------------------------------- */

static const struct {
    const char *name, *certificate, *eid; /* certificate NULL: the device tells none */
    int64_t refusal;                      /* the device refuses the question with this */
    const char *error, *detail, *section;
} told[] = {
    { "its EUM has expired", "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM", LAB_OTHER_EID, 0, "certificateRefused", "is over", "SGP.22 4.5.2" },
    { "its certificate has expired", "CERT_EUICC_ECDSA_NIST_EXPIRED", LAB_OTHER_EID, 0, "certificateRefused", "is over", "SGP.22 4.5.2" },
    { "its certificate is not valid yet", "CERT_EUICC_ECDSA_NIST_NOT_YET_VALID", LAB_OTHER_EID, 0, "certificateRefused", "not begun",
      "SGP.22 4.5.2" },
    { "its chain ends at a CI that is not ours", "CERT_EUICC_ECDSA_NIST_UNKNOWN_CI", LAB_OTHER_EID, 0, "certificateRefused", "not pinned",
      "SGP.22 4.5.2" },
    { "its certificate names another EID", "CERT_EUICC_ECDSA_NIST", LAB_EID, 0, "certificateRefused", "another EID", "SGP.22 4.5.2" },
    { "its certificate was altered", "CERT_EUICC_ECDSA_NIST_ALTERED", LAB_OTHER_EID, 0, "certificateRefused", "not signed",
      "SGP.22 4.5.2" },
    { "it tells none", NULL, NULL, 0, "certificateNotTold", "does not tell", "SGP.32 2.11.2.2" },
    { "it refuses the question", NULL, NULL, RSP_IPA_DATA_INCORRECT_TAG_LIST, "certificateNotTold", "does not tell",
      "SGP.32 2.11.2.2" },
};

static void refuse_question(struct fixture *f, int64_t code)
{
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(LAB_OTHER_EID, eid) == ERR_OK);
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(eid),
        .result = { .which = RSP_EIM_RESULT_DATA,
                    .data = { .which = RSP_ERROR, .error = { f->package.message.data.eim_transaction_id, code } } },
    };
    CHECK(provide(f, &q) == RSP_PROVIDE_EMPTY);
}

/* The device answers the question as the row says. */
static void tell_row(struct fixture *f, size_t i)
{
    struct pki_euicc shown = { 0 };
    if (told[i].certificate)
        REQUIRE(certs_issue_euicc(f->l.pki, told[i].certificate, told[i].eid, &shown) == ERR_OK);
    if (told[i].refusal)
        refuse_question(f, told[i].refusal);
    else
        CHECK_ROW(told[i].name, tell_certificates(f, LAB_OTHER_EID, buf_span(&shown.certificate), shown.eum_certificate,
                                                  f->package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
    pki_euicc_release(&shown);
}

static void order_other(struct fixture *f)
{
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", OTHER_EUICC "/orders", "{\"reference\":\"a\",\"kind\":\"list\"}", NULL) == 202);
}

static void what_is_told_is_refused(void)
{
    for (size_t i = 0; i < COUNT(told); i++) {
        struct fixture f;
        struct pki_euicc good = { 0 };
        fixture_open(&f);
        order_other(&f);
        REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_DATA_REQUEST);
        CHECK_ROW(told[i].name, !has_error(&f, OTHER_EUICC));
        tell_row(&f, i);
        CHECK_ROW(told[i].name, waits_for(&f, "queued", told[i].error, told[i].detail, told[i].section));
        CHECK_ROW(told[i].name, strlen(order_text(&f, "a", "lastError", "detail")) > 5 && has_error(&f, OTHER_EUICC));
        /* Not asked again at once, nor sent anything; also after a restart. */
        CHECK_ROW(told[i].name, poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_ERROR);
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(told[i].name, poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_ERROR);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_MINUTE);
        REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_DATA_REQUEST);
        REQUIRE(certs_issue_euicc(f.l.pki, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, &good) == ERR_OK);
        CHECK_ROW(told[i].name, tell_certificates(&f, LAB_OTHER_EID, buf_span(&good.certificate), good.eum_certificate,
                                                  f.package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
        CHECK_ROW(told[i].name, !order_text(&f, "a", "lastError", "name")[0] && !has_error(&f, OTHER_EUICC));
        CHECK_ROW(told[i].name, poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        pki_euicc_release(&good);
        fixture_close(&f);
    }
}

/* A device that never tells better is asked ever more seldom, and no order is sent meanwhile. */
static void it_is_asked_ever_more_seldom(void)
{
    struct fixture f;
    unsigned asked = 0;
    fixture_open(&f);
    order_other(&f);
    for (int minute = 0; minute < 60; minute++) {
        int which = poll_as(&f, LAB_OTHER_EID);
        CHECK(which == RSP_EIM_PACKAGE_DATA_REQUEST || which == RSP_EIM_PACKAGE_ERROR);
        asked += which == RSP_EIM_PACKAGE_DATA_REQUEST;
        if (which == RSP_EIM_PACKAGE_DATA_REQUEST)
            tell_row(&f, 0);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + (minute + 1) * CLOCK_MINUTE);
    }
    CHECK(asked >= 6 && asked <= 10);
    /* Of the user's own question nothing is to be believed. */
    CHECK(lab_call(&f.l, f.l.eso, "POST", OTHER_EUICC "/orders",
                   "{\"reference\":\"b\",\"kind\":\"data\",\"priority\":9,\"parameters\":{\"tags\":[\"A8\"]}}", NULL) == 202);
    CHECK(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_DATA_REQUEST && !order_text(&f, "b", "lastError", "name")[0]);
    fixture_close(&f);
}

/* --- certificates that were good once ---------------------------------------------------------------------------- */

/* The EUM's key certified anew from now on. */
static void certify_eum(struct fixture *f, int64_t until, struct buf *der)
{
    const struct pki_item *eum = lab_item(&f->l, "CERT_EUM_ECDSA_NIST"), *ci = lab_item(&f->l, "CERT_CI_ECDSA_NIST");
    const struct cert_spec spec = {
        .role = CERT_EUM, .common_name = "EUM Test", .organization = "RSP Test EUM", .country = "ES",
        .registered_id = "2.999.5", .permitted_organization = "RSP Test EUM", .permitted_eid_prefix = "89049032",
        .path_length = 0, .not_before = clock_now(&f->l.clock.clock), .not_after = until, .serial = { 7, 7, 7, 7 },
    };
    REQUIRE(cert_issue(f->l.crypto, &spec, EC_P256, &eum->cert->key, ci->cert, ci->key, der) == ERR_OK);
}

static int register_until(struct fixture *f, int64_t until)
{
    struct buf eum = { .max = 4096 };
    certify_eum(f, until, &eum);
    int status = register_card(&f->l, f->l.eso, LAB_EID, buf_span(&f->l.card.nist.certificate), buf_span(&eum));
    buf_release(&eum);
    return status;
}

#define GOOD_UNTIL (LAB_EPOCH + 30 * CLOCK_DAY)
#define WRONG_TIME (LAB_EPOCH + 31 * CLOCK_DAY)
#define LATER (LAB_EPOCH + 300 * CLOCK_DAY)

/* The card's EUM is certified for a month only. */
static void open_for_a_month(struct fixture *f)
{
    fixture_open(f);
    REQUIRE(register_until(f, GOOD_UNTIL) == 200);
}

static void tell_renewed(struct fixture *f)
{
    struct buf eum = { .max = 4096 };
    certify_eum(f, LATER, &eum);
    CHECK(tell_certificates(f, LAB_EID, buf_span(&f->l.card.nist.certificate), buf_span(&eum),
                            f->package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
    buf_release(&eum);
}

enum cure { CLOCK_SET_RIGHT, REGISTERED_ANEW, TOLD_BY_THE_DEVICE };
static const struct {
    const char *name;
    bool sent;  /* its package was on the way before */
    enum cure cure;
} cures[] = {
    { "the clock was wrong", false, CLOCK_SET_RIGHT },
    { "the EUM was certified anew, and registered so", false, REGISTERED_ANEW },
    { "the EUM was certified anew, and the device says so", false, TOLD_BY_THE_DEVICE },
    { "the clock was wrong when the result came", true, CLOCK_SET_RIGHT },
    { "the EUM was certified anew after the package was sent", true, REGISTERED_ANEW },
};

static void what_was_good_is_refused(void)
{
    for (size_t i = 0; i < COUNT(cures); i++) {
        struct fixture f;
        open_for_a_month(&f);
        CHECK(order(&f, "a", "list", "") == 202);
        if (cures[i].sent) {
            REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
            execute(&f);
        }
        clock_virtual_advance(&f.l.clock, WRONG_TIME);
        if (cures[i].sent)
            CHECK_ROW(cures[i].name, bring_result(&f) == RSP_PROVIDE_ERROR);
        else
            REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST); /* rather than a package whose result is not believed */
        CHECK_ROW(cures[i].name, waits_for(&f, cures[i].sent ? "sent" : "queued", "certificateRefused", "is over", "SGP.22 4.5.2"));
        if (cures[i].cure == CLOCK_SET_RIGHT)
            f.l.clock.at = LAB_EPOCH;
        if (cures[i].cure == REGISTERED_ANEW)
            CHECK_ROW(cures[i].name, register_until(&f, LATER) == 200);
        if (!cures[i].sent && cures[i].cure != TOLD_BY_THE_DEVICE)
            CHECK(tell_certificates(&f, LAB_EID, (struct span){ 0 }, (struct span){ 0 },
                                    f.package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
        if (cures[i].cure == TOLD_BY_THE_DEVICE)
            tell_renewed(&f);
        if (!cures[i].sent) {
            REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
            execute(&f);
        }
        CHECK_ROW(cures[i].name, bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(cures[i].name, strcmp(order_state(&f, "a"), "done") == 0 && !has_error(&f, EUICC));
        fixture_close(&f);
    }
}

/* A download goes out: its SM-DP+ says whether it takes the certificate. */
static void a_download_is_the_smdps_to_refuse(void)
{
    struct fixture f;
    open_for_a_month(&f);
    CHECK(order(&f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
    CHECK(waits_for(&f, "sent", "certificateRefused", "is over", "SGP.22 4.5.2"));
    const struct rsp_profile_download_trigger_result r = {
        .eim_transaction_id = f.package.message.download.eim_transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127, .response = span_str("8.1.3/6.3") } },
    };
    CHECK(bring_download(&f, LAB_EID, &r) == RSP_PROVIDE_EMPTY && strcmp(order_state(&f, "a"), "failed") == 0);
    fixture_close(&f);
}

/* A package that was sent has no end of itself: the eUICC may have executed it. Whoever ordered hears of the trouble, and may give it up;
 * what the eUICC signed is known better once it can be believed. */
static void what_was_sent_is_given_up(void)
{
    struct fixture f;
    char url[160];
    open_for_a_month(&f);
    CHECK(order(&f, "a", "list", ",\"validUntil\":\"2026-01-20T00:00:00Z\"") == 202 && order(&f, "b", "data", "") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    for (int i = 0; i < 3; i++) {
        CHECK(bring_result(&f) == RSP_PROVIDE_ERROR);
        tick_eim(&f);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK(waits_for(&f, "sent", "certificateRefused", "is over", "SGP.22 4.5.2"));
        clock_virtual_advance(&f.l.clock, WRONG_TIME + (i + 1) * 30 * CLOCK_DAY);
    }
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s?abandon=true",
             lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=a", "orderId"));
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 200 && strcmp(result_name(&f, "a"), "abandoned") == 0);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST); /* the next one's turn */
    CHECK(register_until(&f, LATER) == 200 && bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0);
    fixture_close(&f);
}

/* An order that ends by its time says what hindered it, also to who ordered it. */
static void what_hindered_is_the_result(void)
{
    struct fixture f;
    open_for_a_month(&f);
    CHECK(order(&f, "a", "list", ",\"validUntil\":\"2026-04-01T00:00:00Z\"") == 202);
    CHECK(order(&f, "b", "data", ",\"validUntil\":\"2026-04-01T00:00:00Z\"") == 202);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 91 * CLOCK_DAY);
    tick_eim(&f);
    CHECK(strcmp(order_state(&f, "a"), "expired") == 0 && strcmp(result_name(&f, "a"), "certificateRefused") == 0);
    CHECK(strcmp(order_text(&f, "a", "result", "section"), "SGP.22 4.5.2") == 0 && order_text(&f, "a", "result", "error")[0]);
    CHECK(!order_text(&f, "a", "lastError", "name")[0]);
    CHECK(strcmp(order_state(&f, "b"), "expired") == 0 && strcmp(result_name(&f, "b"), "") == 0);
    CHECK(f.eso.heard_count == 2 && strcmp(f.eso.heard[0], "a expired certificateRefused") == 0);
    fixture_close(&f);
}

/* A signature that is wrong says nothing of the certificates. */
static void a_wrong_signature_is_no_wrong_certificate(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    lab_flip(span_sub(buf_span(&f.result), f.result.len - 1, 1));
    CHECK(bring_result(&f) == RSP_PROVIDE_ERROR);
    CHECK(!order_text(&f, "a", "lastError", "name")[0] && !has_error(&f, EUICC));
    fixture_close(&f);
}

/* The EUM's certificate is judged before it takes the place of the one that is known. */
static void a_worse_eum_takes_no_place(void)
{
    struct fixture f;
    fixture_open(&f);
    struct span expired = lab_item(&f.l, "CERT_EUM_ECDSA_NIST_EXPIRED")->der;
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, buf_span(&f.l.card.nist.certificate), expired) == 422);
    CHECK(order(&f, "q", "data", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    CHECK(tell_certificates(&f, LAB_EID, buf_span(&f.l.card.nist.certificate), expired,
                            f.package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
    CHECK(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && !has_error(&f, EUICC));
    fixture_close(&f);
}

/* --- who is told ---------------------------------------------------------------------------------------------------- */

static struct buf events_of(struct http_client *as)
{
    const struct http_header all = { "Last-Event-ID", "0" };
    const struct http_call q = { .method = "GET", .url = LAB_EIM_URL "/v1/events?follow=false", .headers = &all, .header_count = 1 };
    struct http_response p = HTTP_RESPONSE_INIT;
    struct buf text = { .max = 2 << 20 };
    REQUIRE(http_send(as, &q, &p) == ERR_OK && buf_set(&text, buf_span(&p.body)) == ERR_OK);
    http_response_release(&p);
    return text;
}

/* So many of these events there are, and the last one holds that. */
static bool told_of_trouble(struct fixture *f, int times, const char *holding)
{
    struct buf text = events_of(f->l.eso);
    const char *last = "";
    int count = 0;
    for (const char *at = buf_cstr(&text); (at = strstr(at, "event: euicc.lastError\ndata: ")); at++, count++)
        last = at;
    bool is = count == times && strstr(last, "\"eid\":\"" LAB_EID "\"") && strstr(last, holding);
    buf_release(&text);
    return is;
}

#define BEGUN "\"lastError\":{\"name\":\"certificateRefused\",\"detail\":"
#define OVER "\"lastError\":null"

/* What a device does that has nothing new to say. */
static void come_again(struct fixture *f)
{
    for (int i = 0; i < 3; i++) {
        if (poll(f) == RSP_EIM_PACKAGE_DATA_REQUEST)
            CHECK(tell_certificates(f, LAB_EID, (struct span){ 0 }, (struct span){ 0 },
                                    f->package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
        lab_restart(&f->l, LAB_EIM);
        clock_virtual_advance(&f->l.clock, clock_now(&f->l.clock.clock) + CLOCK_HOUR);
    }
}

static void trouble_is_told_once(void)
{
    struct fixture f;
    struct buf none;
    open_for_a_month(&f);
    CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    CHECK(told_of_trouble(&f, 1, BEGUN));
    come_again(&f);
    CHECK(told_of_trouble(&f, 1, BEGUN) && waits_for(&f, "queued", "certificateRefused", "is over", "SGP.22 4.5.2"));
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    struct pki_euicc strange = { 0 };
    REQUIRE(certs_issue_euicc(f.l.pki, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, &strange) == ERR_OK);
    CHECK(tell_certificates(&f, LAB_EID, buf_span(&strange.certificate), strange.eum_certificate,
                            f.package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
    CHECK(told_of_trouble(&f, 2, "another EID")); /* it changed */
    come_again(&f);
    CHECK(told_of_trouble(&f, 2, "another EID"));
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    tell_renewed(&f);
    CHECK(told_of_trouble(&f, 3, OVER));
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(told_of_trouble(&f, 3, OVER));
    none = events_of(f.l.admin); /* of another tenant */
    CHECK(!strstr(buf_cstr(&none), "lastError"));
    buf_release(&none);
    pki_euicc_release(&strange);
    fixture_close(&f);
}

/* A result that is refused, and one that is believed. */
static void trouble_of_a_result_is_told_once(void)
{
    struct fixture f;
    open_for_a_month(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    for (int i = 0; i < 3; i++)
        CHECK(bring_result(&f) == RSP_PROVIDE_ERROR && told_of_trouble(&f, 1, BEGUN));
    f.l.clock.at = LAB_EPOCH;
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && told_of_trouble(&f, 2, OVER));
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && told_of_trouble(&f, 2, OVER));
    fixture_close(&f);
}

/* Registered anew it may be good again; a device that needs nothing has no trouble. */
static void trouble_ends_with_a_registration(void)
{
    struct fixture f;
    open_for_a_month(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    clock_virtual_advance(&f.l.clock, WRONG_TIME);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    CHECK(register_until(&f, LATER) == 200 && told_of_trouble(&f, 2, OVER));
    CHECK(register_until(&f, LATER) == 200 && told_of_trouble(&f, 2, OVER));
    fixture_close(&f);
}

/* Killed at any write, while trouble begins and while it ends: each is told once. */
static void told_once_wherever_it_is_killed(void)
{
    bool killed = true;
    unsigned n = 1;
    for (; killed && n < 60; n++) {
        struct fixture f;
        char row[24];
        snprintf(row, sizeof row, "write %u", n);
        open_for_a_month(&f);
        CHECK(order(&f, "a", "list", "") == 202);
        clock_virtual_advance(&f.l.clock, WRONG_TIME);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        killed = false;
        for (int turn = 0; turn < 6; turn++) {
            if (poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST) {
                struct buf eum = { .max = 4096 };
                certify_eum(&f, LATER, &eum);
                tell_certificates(&f, LAB_EID, buf_span(&f.l.card.nist.certificate), buf_span(&eum),
                                  f.package.message.data.eim_transaction_id);
                buf_release(&eum);
            }
            if (f.l.part[LAB_EIM].dead) {
                killed = true;
                lab_restart(&f.l, LAB_EIM);
            }
        }
        CHECK_ROW(row, told_of_trouble(&f, 2, OVER) && strcmp(order_state(&f, "a"), "sent") == 0);
        fixture_close(&f);
    }
    CHECK(!killed && n > 8);
}

const struct test refusal_tests[] = {
    { "trouble is told when it begins, changes and ends, once each", trouble_is_told_once },
    { "trouble that a result shows is told once", trouble_of_a_result_is_told_once },
    { "trouble that a registration ends is told once", trouble_ends_with_a_registration },
    { "trouble is told once wherever the eIM is killed", told_once_wherever_it_is_killed },
    { "an order says why the certificates that a device told are refused", what_is_told_is_refused },
    { "a device that tells nothing better is asked ever more seldom", it_is_asked_ever_more_seldom },
    { "an order whose eUICC's certificates are good no more goes on when they are again", what_was_good_is_refused },
    { "a download is its SM-DP+'s to refuse", a_download_is_the_smdps_to_refuse },
    { "a package that was sent to an eUICC which is not believed is given up", what_was_sent_is_given_up },
    { "an order that ends by its time says what hindered it", what_hindered_is_the_result },
    { "a wrong signature says nothing of the certificates", a_wrong_signature_is_no_wrong_certificate },
    { "an EUM's certificate that is not good takes no other's place", a_worse_eum_takes_no_place },
};
const size_t refusal_tests_count = COUNT(refusal_tests);
