/* Registration of eUICCs, orders, and callbacks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_ids.h"
#include "openapi.h"

static const struct {
    const char *name, *certificate, *eid;
    int status;
} cards[] = {
    { "a good card", "CERT_EUICC_ECDSA_NIST", NULL, 201 },
    { "a good card on brainpool", "CERT_EUICC_ECDSA_BRP", NULL, 201 },
    { "an expired card", "CERT_EUICC_ECDSA_NIST_EXPIRED", NULL, 422 },
    { "a card of the future", "CERT_EUICC_ECDSA_NIST_NOT_YET_VALID", NULL, 422 },
    { "a card below an expired EUM", "CERT_EUICC_ECDSA_NIST_BELOW_EXPIRED_EUM", NULL, 422 },
    { "a card whose certificate was altered", "CERT_EUICC_ECDSA_NIST_ALTERED", NULL, 422 },
    { "a card that may only certify", "CERT_EUICC_ECDSA_NIST_CA_USAGE", NULL, 422 },
    { "a card of a foreign CI", "CERT_EUICC_ECDSA_NIST_UNKNOWN_CI", NULL, 422 },
    { "a card one authority too deep", "CERT_EUICC_ECDSA_NIST_PATH_LENGTH", NULL, 422 },
    { "another EID than the certificate's", "CERT_EUICC_ECDSA_NIST", LAB_EID, 422 },
    { "an EID with a wrong check digit", "CERT_EUICC_ECDSA_NIST", "89049032000000000000000000000164", 400 },
    { "an EID of 31 digits", "CERT_EUICC_ECDSA_NIST", "8904903200000000000000000000016", 400 },
    { "an EID of letters", "CERT_EUICC_ECDSA_NIST", "8904903200000000000000000000016A", 400 },
};

int register_card(struct lab *l, struct http_client *as, const char *eid, struct span euicc, struct span eum)
{
    struct buf text = { .max = 1 << 16 };
    json_t *body = json_pack("{s:s}", "eid", eid);
    REQUIRE(json_set_base64(body, "euiccCertificate", euicc) == ERR_OK);
    REQUIRE(json_set_base64(body, "eumCertificate", eum) == ERR_OK);
    REQUIRE(json_write(body, &text) == ERR_OK);
    int status = lab_call(l, as, "POST", LAB_EIM_URL "/v1/euiccs", buf_cstr(&text), NULL);
    json_decref(body);
    buf_release(&text);
    return status;
}

/* Registers the fixture's card again, with who wants to hear of it. */
static int want_news(struct fixture *f, const char *callback)
{
    struct buf text = { .max = 1 << 16 };
    json_t *body = json_pack("{s:s, s:s}", "eid", LAB_EID, "callback", callback);
    REQUIRE(json_set_base64(body, "euiccCertificate", buf_span(&f->l.card.nist.certificate)) == ERR_OK);
    REQUIRE(json_set_base64(body, "eumCertificate", f->l.card.nist.eum_certificate) == ERR_OK);
    REQUIRE(json_write(body, &text) == ERR_OK);
    int status = lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/euiccs", buf_cstr(&text), NULL);
    json_decref(body);
    buf_release(&text);
    return status;
}

static void poll_saying(struct fixture *f, int64_t cause)
{
    struct esipa_get_eim_package_response answer = { .received.max = HTTP_BODY_MAX };
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid), .notify_state_change = true,
                                                   .state_change_cause = { cause >= 0, cause } };
    CHECK(esipa_get_eim_package(&f->peer, &q, &answer) == ERR_OK);
    esipa_get_eim_package_response_release(&answer);
}

/* SGP.32 5.14.5: whoever asked for it hears each cause, also after the eIM was killed, and not that a device is there. */
static void changes_are_told_on(void)
{
    struct fixture f;
    fixture_open(&f);
    poll_saying(&f, 1);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 0); /* nobody asked */
    CHECK(want_news(&f, "http://eso.example.com/hook") == 400);
    CHECK(want_news(&f, "hook") == 400);
    CHECK(want_news(&f, "https://eso.example.com/hook") == 200);
    poll_saying(&f, -1);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 0);
    f.eso.status = 503;
    poll_saying(&f, 5);
    tick_eim(&f);
    lab_restart(&f.l, LAB_EIM);
    f.eso.status = 200;
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    tick_eim(&f);
    REQUIRE(f.eso.heard_count == 1);
    CHECK(strcmp(f.eso.heard[0], LAB_EID " changed 5") == 0);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 1);
    fixture_close(&f);
}

static void registration(void)
{
    for (size_t i = 0; i < COUNT(cards); i++) {
        struct lab l;
        struct pki_euicc c = { 0 };
        lab_open(&l);
        REQUIRE(certs_issue_euicc(l.pki, cards[i].certificate, LAB_OTHER_EID, &c) == ERR_OK);
        int status = register_card(&l, l.eso, cards[i].eid ? cards[i].eid : LAB_OTHER_EID,
                                   buf_span(&c.certificate), c.eum_certificate);
        CHECK_ROW(cards[i].name, status == cards[i].status);
        if (status != cards[i].status)
            printf(" (%d)", status);
        int there = lab_call(&l, l.eso, "GET", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID, "", NULL);
        CHECK_ROW(cards[i].name, there == (cards[i].status == 201 ? 200 : 404));
        pki_euicc_release(&c);
        lab_close(&l);
    }
}

static void registration_again(void)
{
    struct fixture f;
    struct pki_euicc other = { 0 };
    fixture_open(&f);
    struct lab_card *c = &f.l.card;
    struct span eum = c->nist.eum_certificate;
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, buf_span(&c->nist.certificate), eum) == 200);
    REQUIRE(certs_issue_euicc(f.l.pki, "CERT_EUICC_ECDSA_NIST", LAB_EID, &other) == ERR_OK);
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, buf_span(&other.certificate), eum) == 409);
    CHECK(register_card(&f.l, f.l.stranger, LAB_EID, buf_span(&c->nist.certificate), eum) == 403);
    CHECK(register_card(&f.l, f.l.anyone, LAB_EID, buf_span(&c->nist.certificate), eum) == 401);
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, eum, buf_span(&c->nist.certificate)) == 422);
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, span_str("x"), eum) == 400);
    CHECK(register_card(&f.l, f.l.eso, LAB_EID, (struct span){ 0 }, eum) == 400);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_EID "\"}", NULL) == 200);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{", NULL) == 400);
    pki_euicc_release(&other);
    fixture_close(&f);
}

#define HOOK "\"callback\":\"https://eso.example.com/hook\""
static const struct {
    const char *name, *body;
    int status;
} orders[] = {
    { "a listing", "{\"reference\":\"r\",\"kind\":\"list\"}", 202 },
    { "a download",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"," HOOK "}", 202 },
    { "a download from the card's default SM-DP+",
      "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"defaultSmdp\"}}", 202 },
    { "a download from the card's root SM-DS",
      "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"smds\"}}", 202 },
    { "a download from an SM-DS",
      "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":"
      "\"smds.example.com\"}}", 202 },
    { "a download from an SM-DS with a path",
      "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":"
      "\"smds.example.com/x\"}}", 400 },
    { "a download from an SM-DS that is a number",
      "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":7}}", 400 },
    { "a download from somebody", "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{\"contact\":\"me\"}}", 400 },
    { "a download from nobody", "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":{}}", 400 },
    { "a download with parameters that are none", "{\"reference\":\"r\",\"kind\":\"download\",\"parameters\":7}", 400 },
    { "a download by code and from somebody",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE
      "\",\"parameters\":{\"contact\":\"smds\"}}", 400 },
    { "an enable",
      "{\"reference\":\"r\",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID "\",\"rollback\":true}", 202 },
    { "a kind that is none", "{\"reference\":\"r\",\"kind\":\"eject\"}", 400 },
    { "no kind", "{\"reference\":\"r\"}", 400 },
    { "no reference", "{\"kind\":\"list\"}", 400 },
    { "an empty reference", "{\"reference\":\"\",\"kind\":\"list\"}", 400 },
    { "no ICCID where one is wanted", "{\"reference\":\"r\",\"kind\":\"enable\"}", 400 },
    { "an ICCID of letters", "{\"reference\":\"r\",\"kind\":\"delete\",\"iccid\":\"X\"}", 400 },
    { "no activation code", "{\"reference\":\"r\",\"kind\":\"download\"}", 400 },
    { "a confirmation code beside it",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"4711\"}", 202 },
    { "an empty confirmation code",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"\"}", 400 },
    { "a confirmation code that is a number",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":4711}", 400 },
    { "an activation code of version 2",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"2$a$b\"}", 400 },
    { "an activation code without address",
      "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"1$$b\"}", 400 },
    { "an end that is no time", "{\"reference\":\"r\",\"kind\":\"list\",\"validUntil\":\"tomorrow\"}", 400 },
    { "a callback without TLS",
      "{\"reference\":\"r\",\"kind\":\"list\",\"callback\":\"http://eso.example.com/\"}", 400 },
    { "a callback that is no URL", "{\"reference\":\"r\",\"kind\":\"list\",\"callback\":\"ring\"}", 400 },
    { "no JSON", "list", 400 },
};

static void orders_are_judged(void)
{
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct fixture f;
        fixture_open(&f);
        int status = lab_call(&f.l, f.l.eso, "POST", EUICC "/orders", orders[i].body, NULL);
        CHECK_ROW(orders[i].name, status == orders[i].status);
        CHECK_ROW(orders[i].name, !order_state(&f, "r")[0] == (orders[i].status != 202));
        fixture_close(&f);
    }
}

static void long_callback(void)
{
    struct fixture f;
    char more[700];
    fixture_open(&f);
    snprintf(more, sizeof more,
             "{\"reference\":\"r\",\"kind\":\"list\",\"callback\":\"https://eso.example.com/%0512d\"}", 7);
    CHECK(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders", more, NULL) == 400);
    fixture_close(&f);
}

static void one_reference_one_order(void)
{
    struct fixture f;
    char id[64], url[128];
    fixture_open(&f);
    CHECK(order(&f, "r", "enable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 202);
    snprintf(id, sizeof id, "%s", lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=r", "orderId"));
    CHECK(order(&f, "r", "enable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 200);
    CHECK(strcmp(id, lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=r", "orderId")) == 0);
    CHECK(order(&f, "r", "disable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 409);
    CHECK(order(&f, "r", "enable", ",\"iccid\":\"" LAB_PARTNER_ICCID "\"") == 409);
    CHECK(order(&f, "r", "enable", ",\"rollback\":true,\"iccid\":\"" LAB_LEAD_ICCID "\"") == 409);
    CHECK(order(&f, "r", "enable", ",\"priority\":1,\"iccid\":\"" LAB_LEAD_ICCID "\"") == 409);
    CHECK(order(&f, "r", "enable", ",\"validUntil\":\"2030-01-01T00:00:00Z\",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 409);
    CHECK(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders",
                   "{\"reference\":\"r\",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID
                   "\",\"callback\":\"https://eso.example.com/other\"}", NULL) == 409);
    CHECK(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders",
                   "{\"reference\":\"r\",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID "\"}", NULL) == 409);
    CHECK(order(&f, "u", "list", ",\"priority\":3,\"validUntil\":\"2030-01-01T00:00:00Z\"") == 202);
    CHECK(order(&f, "u", "list", ",\"priority\":3,\"validUntil\":\"2030-01-01T00:00:00.000Z\"") == 200);
    CHECK(order(&f, "u", "list", "") == 409);
    CHECK(order(&f, "d", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    CHECK(order(&f, "d", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 200);
    CHECK(order(&f, "d", "download", ",\"activationCode\":\"1$smdp.example.com$OTHER\"") == 409);
    CHECK(order(&f, "d", "download", ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"CC-4711\"") == 409);
    CHECK(order(&f, "c", "download", ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"CC-4711\"") == 202);
    CHECK(order(&f, "c", "download", ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"CC-4711\"") == 200);
    CHECK(order(&f, "c", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 409);
    CHECK(!lab_said(&f.l, "TOKEN-1") && !lab_said(&f.l, "CC-4711"));
    CHECK(!lab_file_holds(&f.l, LAB_EIM, span_str("CC-4711")));
    lab_restart(&f.l, LAB_EIM);
    CHECK(order(&f, "r", "enable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 200);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
    CHECK(strcmp(lab_get(&f.l, f.l.eso, url, "state"), "queued") == 0);
    CHECK(lab_call(&f.l, f.l.stranger, "GET", url, "", NULL) == 403);
    CHECK(lab_call(&f.l, f.l.stranger, "DELETE", url, "", NULL) == 403);
    CHECK(lab_call(&f.l, f.l.stranger, "POST", EUICC "/orders", "{\"reference\":\"s\",\"kind\":\"list\"}",
                   NULL) == 403);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID "/orders",
                   "{\"reference\":\"s\",\"kind\":\"list\"}", NULL) == 404);
    CHECK(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=s", "", NULL) == 404);
    CHECK(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders/none", "", NULL) == 404);
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", LAB_EIM_URL "/v1/orders/none", "", NULL) == 404);
    fixture_close(&f);
}

/* What was ordered is shown, but for codes; and when it was sent and ended. */
static void an_order_shows_what_was_ordered(void)
{
    struct fixture f;
    json_t *o = NULL;
    fixture_open(&f);
    CHECK(order(&f, "e", "enable", ",\"iccid\":\"" LAB_LEAD_ICCID "\",\"rollback\":true,\"priority\":4,"
                                   "\"validUntil\":\"2030-01-01T00:00:00Z\"") == 202);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=e", "", &o) == 200);
    CHECK(json_str(o, "iccid") && strcmp(json_str(o, "iccid"), LAB_LEAD_ICCID) == 0 && json_is_true(json_object_get(o, "rollback")));
    CHECK(json_str(o, "validUntil") && strncmp(json_str(o, "validUntil"), "2030-01-01T00:00:00", 19) == 0);
    CHECK(json_str(o, "callback") && strcmp(json_str(o, "callback"), "https://eso.example.com/hook") == 0);
    CHECK(json_integer_value(json_object_get(o, "priority")) == 4 && !json_object_get(o, "sentAt") && !json_object_get(o, "endedAt"));
    json_decref(o);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_MINUTE);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=e", "", &o) == 200);
    CHECK(json_integer_value(json_object_get(o, "sentAt")) == LAB_EPOCH && !json_object_get(o, "endedAt"));
    json_decref(o);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=e", "", &o) == 200);
    CHECK(json_integer_value(json_object_get(o, "sentAt")) == LAB_EPOCH);
    CHECK(json_integer_value(json_object_get(o, "endedAt")) == LAB_EPOCH + CLOCK_MINUTE);
    json_decref(o);
    CHECK(order(&f, "u", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":7}") == 202);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=u", "", &o) == 200);
    CHECK(json_object_size(json_object_get(o, "parameters")) == 2 && !json_object_get(o, "iccid") && !json_object_get(o, "rollback"));
    json_decref(o);
    CHECK(order(&f, "d", "download", ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"4711\"") == 202);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=d", "", &o) == 200);
    char *text = json_dumps(o, 0);
    CHECK(text && !strstr(text, "TOKEN-1") && !strstr(text, "4711") && !strstr(text, "Code"));
    free(text);
    json_decref(o);
    fixture_close(&f);
}

/* Whoever looks for the device that sends what cannot be read finds it in the log. */
static void a_refused_message_is_said_with_its_device(void)
{
    struct fixture f;
    struct http_response p = HTTP_RESPONSE_INIT;
    struct buf body = hex("bf4f1a5a10" LAB_EID "8206ff81020304ff00");
    const struct http_header headers[] = { { "Content-Type", "application/x-gsma-rsp-asn1" }, { "X-Admin-Protocol", "gsma/rsp/v2.1.0" },
                                           { "User-Agent", "gsma-rsp-ipad; meter 7" } };
    fixture_open(&f);
    const struct http_call q = { .method = "POST", .url = LAB_EIM_URL "/gsma/rsp2/asn1", .headers = headers, .header_count = 3,
                                 .body = buf_span(&body) };
    REQUIRE(http_send(f.l.anyone, &q, &p) == ERR_OK);
    CHECK(p.status == 400 && lab_said(&f.l, "esipa.refused"));
    CHECK(lab_said(&f.l, LAB_EID) && lab_said(&f.l, "meter 7") && lab_said(&f.l, "malformed message at octet 29"));
    http_response_release(&p);
    buf_release(&body);
    fixture_close(&f);
}

static int cancel(struct fixture *f, const char *reference)
{
    char url[200];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    char id[64];
    snprintf(id, sizeof id, "%s", lab_get(&f->l, f->l.eso, url, "orderId"));
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
    return lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL);
}

static void cancelling(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "first", "list", "") == 202 && order(&f, "second", "list", "") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(cancel(&f, "first") == 409);
    CHECK(cancel(&f, "second") == 200);
    CHECK(cancel(&f, "second") == 200);
    CHECK(strcmp(order_state(&f, "second"), "cancelled") == 0);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(cancel(&f, "first") == 409);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 2);
    fixture_close(&f);
}

static void expiry(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "late", "list", ",\"validUntil\":\"2026-01-01T00:10:00Z\"") == 202);
    CHECK(order(&f, "sent", "list", ",\"validUntil\":\"2026-01-01T00:30:00Z\"") == 202);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 20 * CLOCK_MINUTE);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(strcmp(order_state(&f, "late"), "expired") == 0);
    CHECK(strcmp(order_state(&f, "sent"), "sent") == 0);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 40 * CLOCK_MINUTE);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE); /* on its way: it may still be answered */
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(order_state(&f, "sent"), "done") == 0);
    fixture_close(&f);
}

/* --- callbacks --------------------------------------------------------------------------------- */

static void run_order(struct fixture *f, const char *reference)
{
    CHECK(order(f, reference, "list", "") == 202);
    CHECK(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    CHECK(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
}

static void callbacks_in_order(void)
{
    static const int failing[] = { 500, 404, 0 };
    for (size_t i = 0; i < COUNT(failing); i++) {
        struct fixture f;
        fixture_open(&f);
        f.eso.status = failing[i];
        run_order(&f, "a");
        tick_eim(&f);
        CHECK(f.eso.heard_count == 0);
        run_order(&f, "b"); /* made later, due earlier than the retry of the first */
        f.eso.status = 200;
        tick_eim(&f);
        CHECK(f.eso.heard_count == 0);
        lab_restart(&f.l, LAB_EIM);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + 2 * CLOCK_SECOND);
        tick_eim(&f);
        REQUIRE(f.eso.heard_count == 2);
        CHECK(strcmp(f.eso.heard[0], "a done ok") == 0 && strcmp(f.eso.heard[1], "b done ok") == 0);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
        tick_eim(&f);
        CHECK(f.eso.heard_count == 2);
        fixture_close(&f);
    }
}

static void callback_of_an_hour(void)
{
    struct fixture f;
    enum err e;
    unsigned ticks = 0;
    fixture_open(&f);
    f.eso.status = 503;
    run_order(&f, "a");
    struct lab_part *p = &f.l.part[LAB_EIM];
    int64_t now = LAB_EPOCH;
    while (now < LAB_EPOCH + CLOCK_HOUR) {
        now = p->actor->ops->tick(p->actor, now, &e);
        REQUIRE(e == ERR_OK && now > clock_now(&f.l.clock.clock));
        clock_virtual_advance(&f.l.clock, now);
        ticks++;
    }
    CHECK(ticks > 12 && ticks < 25); /* backs off to five minutes, and never gives up */
    fixture_close(&f);
}

/* What a factory writes into its cards, one or a batch at a time. */
static void initial_configurations(void)
{
    static const struct {
        const char *name, *body;
        int status;
    } wrong[] = {
        { "no list", "{}", 400 },
        { "an empty list", "{\"eids\":[]}", 400 },
        { "no list but a text", "{\"eids\":\"" LAB_EID "\"}", 400 },
    };
    struct fixture f;
    json_t *batch = NULL, *one = NULL;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_ROW(wrong[i].name, lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/initial-eim", wrong[i].body, NULL) ==
                                     wrong[i].status);
    CHECK(lab_call(&f.l, f.l.stranger, "POST", LAB_EIM_URL "/v1/initial-eim", "{\"eids\":[\"" LAB_EID "\"]}", NULL) == 403);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/initial-eim",
                     "{\"eids\":[\"" LAB_EID "\",\"" LAB_OTHER_EID "\",7]}", &batch) == 200);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", EUICC "/initial-eim", "", &one) == 200);
    const json_t *results = json_object_get(batch, "results");
    CHECK(json_array_size(results) == 3);
    const char *request = json_str(json_array_get(results, 0), "addInitialEimRequest");
    CHECK(request && strcmp(request, json_str(one, "addInitialEimRequest")) == 0);
    for (size_t i = 1; i < 3; i++)
        CHECK(json_integer_value(json_object_get(json_array_get(results, i), "status")) == 404);
    json_decref(batch);
    json_decref(one);
    batch = NULL;
    REQUIRE(lab_call(&f.l, f.l.admin, "POST", LAB_EIM_URL "/v1/initial-eim", "{\"eids\":[\"" LAB_EID "\"]}", &batch) == 200);
    const json_t *foreign = json_array_get(json_object_get(batch, "results"), 0); /* another tenant's */
    CHECK(json_integer_value(json_object_get(foreign, "status")) == 404 && !json_object_get(foreign, "addInitialEimRequest"));
    json_decref(batch);
    fixture_close(&f);
}

static void interface_is_described(void)
{
    struct lab l;
    lab_open(&l);
    check_openapi("sim/eim/openapi.yaml", l.part[LAB_EIM].actor->ops);
    lab_close(&l);
}

/* Results may be long: a page has as many orders as an answer holds, and the next one the others. */
static void long_pages_are_cut(void)
{
    struct fixture f;
    char url[200] = LAB_EIM_URL "/v1/orders?limit=1000";
    size_t shown = 0, pages = 0;
    fixture_open(&f);
    for (int i = 0; i < 150; i++) {
        char reference[16];
        snprintf(reference, sizeof reference, "order-%d", i);
        REQUIRE(order(&f, reference, "list", "") == 202);
    }
    REQUIRE(db_run(f.l.part[LAB_EIM].env.db, "UPDATE orders SET state = 2, result = '{\"code\":0,\"name\":\"' || hex(zeroblob(30000)) || '\"}'",
                   NULL, 0, NULL) == ERR_OK);
    for (bool more = true; more && pages < 20; pages++) {
        json_t *page = NULL;
        REQUIRE(lab_call(&f.l, f.l.eso, "GET", url, "", &page) == 200);
        const char *next = json_str(page, "next");
        CHECK(json_array_size(json_object_get(page, "items")) > 0);
        shown += json_array_size(json_object_get(page, "items"));
        more = next;
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?limit=1000&cursor=%s", next ? next : "");
        json_decref(page);
    }
    CHECK(shown == 150 && pages > 1 && pages < 20);
    fixture_close(&f);
}

/* A whole factory's configurations in one answer, or words that say how to get them. */
static void long_answers_are_refused_in_words(void)
{
    struct fixture f;
    json_t *body = json_pack("{s:[]}", "eids"), *answer = NULL;
    struct buf text = { .max = 1 << 20 };
    fixture_open(&f);
    for (int i = 0; i < 10000; i++)
        REQUIRE(json_array_append_new(json_object_get(body, "eids"), json_string(LAB_EID)) == 0);
    REQUIRE(json_write(body, &text) == ERR_OK);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/initial-eim", buf_cstr(&text), &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "results")) == 10000);
    json_decref(answer);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_EID "\",\"signingTrust\":\"certificate\"}", NULL) == 200);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/initial-eim", buf_cstr(&text), &answer) == 400);
    CHECK(json_str(answer, "detail") && strstr(json_str(answer, "detail"), "fewer"));
    json_decref(answer);
    json_decref(body);
    buf_release(&text);
    fixture_close(&f);
}

const struct test northbound_tests[] = {
    { "pages of long orders are cut, and nothing is left out", long_pages_are_cut },
    { "an answer that would be too long is refused in words", long_answers_are_refused_in_words },
    { "a refused message of ESipa is said with its device", a_refused_message_is_said_with_its_device },
    { "an order shows what was ordered, and when it was sent and ended", an_order_shows_what_was_ordered },
    { "cards are registered when their chain holds", registration },
    { "a card is registered once", registration_again },
    { "orders are judged before they are taken", orders_are_judged },
    { "a callback that does not fit is refused, not cut", long_callback },
    { "one reference is one order", one_reference_one_order },
    { "an order is cancelled until it is sent", cancelling },
    { "an order that waited too long is over", expiry },
    { "callbacks come in order, however often the receiver fails", callbacks_in_order },
    { "initial configurations are given for one eUICC or a batch", initial_configurations },
    { "a change that an IPA tells is told on to who asked for it", changes_are_told_on },
    { "callbacks back off and never give up", callback_of_an_hour },
    { "openapi.yaml and the routes agree", interface_is_described },
};
const size_t northbound_tests_count = COUNT(northbound_tests);
