/* Many eUICCs at a time, and certificates that nobody told. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_ids.h"

#define IMPORT LAB_EIM_URL "/v1/euiccs/import"
#define OTHER_EUICC LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID

/* --- import ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *item;
    int status;
} items[] = {
    { "an EID alone", "{\"eid\":\"" LAB_OTHER_EID "\"}", 201 },
    { "a token and a counter", "{\"eid\":\"" LAB_OTHER_EID "\",\"associationToken\":7,\"counter\":8388607}", 201 },
    { "one that is registered with certificates", "{\"eid\":\"" LAB_EID "\"}", 200 },
    { "a wrong check digit", "{\"eid\":\"89049032000000000000000000000164\"}", 400 },
    { "no EID", "{}", 400 },
    { "an EID that is a number", "{\"eid\":8904903200000000}", 400 },
    { "no object", "\"" LAB_OTHER_EID "\"", 400 },
    { "null", "null", 400 },
    { "a member that is none", "{\"eid\":\"" LAB_OTHER_EID "\",\"conter\":7}", 400 },
    { "a trust that is none", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{\"key\":\"AA==\"}}", 400 },
    { "a counter beyond three octets", "{\"eid\":\"" LAB_OTHER_EID "\",\"counter\":8388608}", 400 },
    { "a counter below zero", "{\"eid\":\"" LAB_OTHER_EID "\",\"counter\":-1}", 400 },
    { "a token that is a text", "{\"eid\":\"" LAB_OTHER_EID "\",\"associationToken\":\"7\"}", 400 },
    { "one certificate of two", "{\"eid\":\"" LAB_OTHER_EID "\",\"euiccCertificate\":\"MAA=\"}", 400 },
    { "certificates that are none",
      "{\"eid\":\"" LAB_OTHER_EID "\",\"euiccCertificate\":\"MAA=\",\"eumCertificate\":\"MAA=\"}", 400 },
    { "certificates without octets",
      "{\"eid\":\"" LAB_OTHER_EID "\",\"euiccCertificate\":\"\",\"eumCertificate\":\"\"}", 400 },
};

/* The verdict on the one item between two good ones. */
static void each_has_its_verdict(void)
{
    for (size_t i = 0; i < COUNT(items); i++) {
        struct fixture f;
        char body[600];
        json_t *answer = NULL;
        fixture_open(&f);
        snprintf(body, sizeof body,
                 "{\"euiccs\":[{\"eid\":\"89049032000000000000000000000066\"},%s,"
                 "{\"eid\":\"89049032000000000000000000000066\"}]}", items[i].item);
        CHECK_ROW(items[i].name, lab_call(&f.l, f.l.eso, "POST", IMPORT, body, &answer) == 200);
        const json_t *results = json_object_get(answer, "results");
        int64_t status[3] = { 0 }, registered = 0, known = 0, refused = 0;
        for (size_t k = 0; k < 3; k++)
            CHECK_ROW(items[i].name, json_int(json_array_get(results, k), "status", &status[k]) == ERR_OK);
        CHECK_ROW(items[i].name, status[0] == 201 && status[2] == 200); /* named twice: known the second time */
        CHECK_ROW(items[i].name, status[1] == items[i].status);
        CHECK_ROW(items[i].name, json_int(answer, "registered", &registered) == ERR_OK &&
                                     json_int(answer, "known", &known) == ERR_OK &&
                                     json_int(answer, "refused", &refused) == ERR_OK);
        CHECK_ROW(items[i].name, registered == 1 + (items[i].status == 201) && known == 1 + (items[i].status == 200) &&
                                     refused == (items[i].status == 400));
        CHECK_ROW(items[i].name, lab_call(&f.l, f.l.eso, "GET", OTHER_EUICC, "", NULL) ==
                                     (items[i].status == 201 ? 200 : 404));
        json_decref(answer);
        fixture_close(&f);
    }
}

static const struct {
    const char *name, *body;
} refused[] = {
    { "no list", "{}" },
    { "an empty list", "{\"euiccs\":[]}" },
    { "a text for the list", "{\"euiccs\":\"all\"}" },
    { "an object for the list", "{\"euiccs\":{\"eid\":\"" LAB_OTHER_EID "\"}}" },
    { "no JSON", "euiccs" },
};

static void what_is_no_import(void)
{
    struct fixture f;
    struct buf many = { .max = 1 << 20 };
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(refused); i++)
        CHECK_ROW(refused[i].name, lab_call(&f.l, f.l.eso, "POST", IMPORT, refused[i].body, NULL) == 400);
    REQUIRE(buf_put_str(&many, "{\"euiccs\":[{}") == ERR_OK);
    for (int i = 0; i < 10000; i++)
        REQUIRE(buf_put_str(&many, ",{}") == ERR_OK);
    REQUIRE(buf_put_str(&many, "]}") == ERR_OK);
    CHECK(lab_call(&f.l, f.l.eso, "POST", IMPORT, buf_cstr(&many), NULL) == 400);
    const char *one = "{\"euiccs\":[{\"eid\":\"" LAB_OTHER_EID "\"}]}";
    CHECK(lab_call(&f.l, f.l.stranger, "POST", IMPORT, one, NULL) == 403);
    CHECK(lab_call(&f.l, f.l.anyone, "POST", IMPORT, one, NULL) == 401);
    CHECK(lab_call(&f.l, f.l.eso, "GET", OTHER_EUICC, "", NULL) == 404);
    buf_release(&many);
    fixture_close(&f);
}

static void all_or_nothing(void)
{
    const char *two = "{\"euiccs\":[{\"eid\":\"" LAB_OTHER_EID "\"},{\"eid\":\"89049032000000000000000000000066\"}]}";
    bool cut = true;
    for (unsigned n = 1; cut && n < 9; n++) {
        struct fixture f;
        fixture_open(&f);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        cut = lab_call(&f.l, f.l.eso, "POST", IMPORT, two, NULL) != 200;
        lab_restart(&f.l, LAB_EIM);
        int one = lab_call(&f.l, f.l.eso, "GET", OTHER_EUICC, "", NULL);
        CHECK(one == (cut ? 404 : 200));
        CHECK(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/euiccs/89049032000000000000000000000066", "", NULL) == one);
        fixture_close(&f);
    }
    CHECK(!cut);
}

/* --- certificates that the device tells ------------------------------------------------------------- */

enum told { GOOD, NONE, ONE, ANOTHER_CARDS, ALTERED, UNREADABLE, ANOTHER_TRANSACTION };
static const struct {
    const char *name;
    enum told told;
    bool believed;
} devices[] = {
    { "its certificates", GOOD, true },
    { "nothing", NONE, false },
    { "the EUM's certificate alone", ONE, false },
    { "another card's certificate", ANOTHER_CARDS, false },
    { "an altered certificate", ALTERED, false },
    { "a certificate that cannot be read", UNREADABLE, false },
    { "its certificates for a question that nobody asked", ANOTHER_TRANSACTION, false },
};

static int tell(struct fixture *f, enum told told, const struct lab_card *card, struct span transaction_id)
{
    static const uint8_t unreadable[] = { 0x30, 0x02, 0x30, 0x00 };
    struct buf euicc = { .max = 4096 };
    const struct lab_card *whose = told == ANOTHER_CARDS ? &f->l.card : card;
    REQUIRE(buf_set(&euicc, told == UNREADABLE ? SPAN_ARRAY(unreadable) : buf_span(&whose->nist.certificate)) == ERR_OK);
    if (told == ALTERED)
        lab_flip(span_sub(buf_span(&euicc), euicc.len - 1, 1));
    int which = tell_certificates(f, LAB_OTHER_EID, told == NONE || told == ONE ? (struct span){ 0 } : buf_span(&euicc),
                                  told == NONE ? (struct span){ 0 } : whose->nist.eum_certificate,
                                  told == ANOTHER_TRANSACTION ? SPAN(1, 2, 3) : transaction_id);
    buf_release(&euicc);
    return which;
}

static void open_unknown_card(struct fixture *f, struct lab_card *other)
{
    struct es10b_add_initial_eim_response added = { .received.max = APDU_ES10_RESPONSE_MAX };
    fixture_open(f);
    lab_card_open(&f->l, other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    REQUIRE(es10b_add_initial_eim(&other->es, buf_span(&f->l.initial_eim), &added) == ERR_OK);
    REQUIRE(added.message.which == RSP_OK);
    buf_release(&added.received);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    CHECK(poll_as(f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_ERROR); /* nothing to do, nothing asked */
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", OTHER_EUICC "/orders", "{\"reference\":\"r\",\"kind\":\"list\"}", NULL) ==
            202);
}

static void certificates_are_asked(void)
{
    for (size_t i = 0; i < COUNT(devices); i++) {
        struct fixture f;
        struct lab_card other;
        open_unknown_card(&f, &other);
        REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_DATA_REQUEST);
        const struct rsp_ipa_euicc_data_request *q = &f.package.message.data;
        CHECK_ROW(devices[i].name, span_equal(q->tag_list, SPAN(0xa5, 0xa6, 0xa8, 0xa9)) && q->eim_transaction_id.len == 16);
        CHECK_ROW(devices[i].name, strcmp(order_state(&f, "r"), "queued") == 0);
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(devices[i].name, tell(&f, devices[i].told, &other, q->eim_transaction_id) == RSP_PROVIDE_EMPTY);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_MINUTE);
        int which = poll_as(&f, LAB_OTHER_EID);
        CHECK_ROW(devices[i].name,
                  which == (devices[i].believed ? RSP_EIM_PACKAGE_EUICC_PACKAGE : RSP_EIM_PACKAGE_DATA_REQUEST));
        if (!devices[i].believed) { /* asked again, and believed when the truth comes */
            CHECK_ROW(devices[i].name, tell(&f, GOOD, &other, f.package.message.data.eim_transaction_id) ==
                                           RSP_PROVIDE_EMPTY);
            REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        }
        execute_on(&f, &other);
        CHECK_ROW(devices[i].name, bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(devices[i].name, strcmp(result_name(&f, "r"), "ok") == 0);
        lab_card_close(&other);
        fixture_close(&f);
    }
}

static void certificates_of_the_operator(void)
{
    struct fixture f;
    struct lab_card other;
    open_unknown_card(&f, &other);
    CHECK(register_card(&f.l, f.l.eso, LAB_OTHER_EID, buf_span(&other.nist.certificate), other.nist.eum_certificate) ==
          200);
    CHECK(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    lab_card_close(&other);
    fixture_close(&f);
}

/* What an unknown key signed says nothing, whatever it says. */
static void nothing_is_believed_before(void)
{
    struct fixture f;
    struct lab_card other;
    open_unknown_card(&f, &other);
    const struct rsp_package_result_data d = { .eim_id = span_str("eim.example.com"), .counter = 1, .seq_number = 1,
                                               .eim_transaction_id = SPAN(1, 2, 3), .results = span_of("", 0) };
    sign_result(&f, &other, &d);
    CHECK(bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_ERROR);
    CHECK(strcmp(order_state(&f, "r"), "queued") == 0);
    lab_card_close(&other);
    fixture_close(&f);
}

const struct test import_tests[] = {
    { "each eUICC of an import has its verdict", each_has_its_verdict },
    { "what is no import is refused", what_is_no_import },
    { "an import is there as a whole or not at all", all_or_nothing },
    { "certificates that nobody told are asked of the device", certificates_are_asked },
    { "certificates that come later spare the question", certificates_of_the_operator },
    { "nothing is believed of a card whose certificate is not known", nothing_is_believed_before },
};
const size_t import_tests_count = COUNT(import_tests);
