/* Every error number that the eIM says over ESipa (SGP.32 5.14; catalogue A.7.2), provoked over both bindings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "esipa_call.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* --- messages as they are, on either binding --------------------------------------------------------------- */

static int64_t number_in_der(struct span answer)
{
    struct der d = der_open(answer);
    struct der_tlv outer, inner;
    int64_t code = 0;
    if (der_next(&d, &outer))
        return -1;
    d = der_open(outer.value);
    bool refused = !der_next(&d, &inner) && (inner.tag == 0x02 || inner.tag == 0x81 || inner.tag == 0x82);
    return refused && !der_integer(inner.value, &code) ? code : 0;
}

static int64_t number_in_json(const json_t *answer)
{
    const char *member;
    json_t *value;
    json_object_foreach((json_t *)answer, member, value)
        if (json_is_integer(value))
            return json_integer_value(value);
    return 0;
}

static int64_t say(struct fixture *f, const char *function, struct span der, const char *json)
{
    struct buf message = ESIPA_MESSAGE, answer = ESIPA_MESSAGE;
    json_t *object = NULL;
    int64_t code;
    if (f->peer.json) {
        int status = call_json(f, function, "application/json", "gsma/rsp/v2.1.0", json, &object);
        code = status == 200 ? number_in_json(object) : -1;
    } else {
        REQUIRE(buf_set(&message, der) == ERR_OK);
        code = esipa_call(&f->peer, function, ERR_OK, &message, &answer) ? -1 : number_in_der(buf_span(&answer));
    }
    json_decref(object);
    buf_release(&answer);
    return code;
}

/* --- GetEimPackage, ProvideEimPackageResult: whose ------------------------------------------------------------- */

#define BAD_CHECK_DIGITS "89049032123451234512345678901234"
#define LETTERS "8904903212345123451234567890123A"
#define SHORT "890490321234512345123456789012"
#define LONG LAB_EID "00"

enum with { ALONE, WITH_PLMN_OF_LETTERS, WITH_WORK, WITH_LOST_KEY };

/* `eid` as it stands in the message, NULL none; what = enum with. */
static int64_t poll_with(struct fixture *f, const struct code_row *r)
{
    struct buf der = { .max = 256 }, octets = { .max = 64 };
    struct der_mark mark;
    json_t *json = json_object();
    if (r->what == WITH_WORK || r->what == WITH_LOST_KEY)
        REQUIRE(order(f, "a", "list", "") == 202);
    if (r->what == WITH_LOST_KEY)
        REQUIRE(db_run(f->l.part[LAB_EIM].env.db, "UPDATE euicc SET signing = x'00'", NULL, 0, NULL) == ERR_OK);
    REQUIRE(der_put_open(&der, 0xBF4F, &mark) == ERR_OK);
    if (r->text) {
        REQUIRE(hex_decode(span_str(r->text), &octets) == ERR_OK && der_put(&der, 0x5A, buf_span(&octets)) == ERR_OK);
        REQUIRE(json_set_str(json, "eidValue", r->text) == ERR_OK);
    }
    if (r->what == WITH_PLMN_OF_LETTERS) {
        REQUIRE(der_put(&der, 0x82, SPAN(0xaa, 0xbb, 0xcc)) == ERR_OK);
        REQUIRE(json_set_base64(json, "rPLMN", SPAN(0xaa, 0xbb, 0xcc)) == ERR_OK);
    }
    REQUIRE(der_put_close(&der, mark) == ERR_OK);
    char *text = json_dumps(json, 0);
    int64_t code = say(f, "getEimPackage", buf_span(&der), text);
    free(text);
    json_decref(json);
    buf_release(&der);
    buf_release(&octets);
    return code;
}

/* Any result of a transaction that nobody began. */
static int64_t provide_with(struct fixture *f, const struct code_row *r)
{
    static const uint8_t result[] = { 0xa0, 0x08, 0x80, 0x03, 0x01, 0x02, 0x03, 0x02, 0x01, 0x02 };
    struct buf der = { .max = 256 }, octets = { .max = 64 };
    struct der_mark mark;
    json_t *json = json_object();
    REQUIRE(json_set_base64(json, "eimPackageResult", SPAN_ARRAY(result)) == ERR_OK);
    REQUIRE(der_put_open(&der, 0xBF50, &mark) == ERR_OK);
    if (r->text) {
        REQUIRE(hex_decode(span_str(r->text), &octets) == ERR_OK && der_put(&der, 0x5A, buf_span(&octets)) == ERR_OK);
        REQUIRE(json_set_str(json, "eidValue", r->text) == ERR_OK);
    }
    REQUIRE(buf_put(&der, SPAN_ARRAY(result)) == ERR_OK && der_put_close(&der, mark) == ERR_OK);
    char *text = json_dumps(json, 0);
    int64_t code = say(f, "provideEimPackageResult", buf_span(&der), text);
    free(text);
    json_decref(json);
    buf_release(&der);
    buf_release(&octets);
    return code;
}

/* A package's answer, signed and then spoilt. */
enum spoiling { ALTERED, OTHER_CARD, OTHER_EIM, ERROR_ALTERED, ERROR_OF_OTHER_CARD, ERROR_FOR_OTHER_EIM, HONEST, TWICE };

static void sign_answer(struct fixture *f, const struct lab_card *c, enum spoiling spoiling)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    struct span eim_id = spoiling == OTHER_EIM || spoiling == ERROR_FOR_OTHER_EIM ? span_str("other.example.com") : q->eim_id;
    const struct rsp_package_error_data error = { eim_id, q->counter, q->eim_transaction_id, RSP_PACKAGE_INVALID_EID, { 0 } };
    struct buf results = { .max = 64 };
    const struct rsp_euicc_result ok = { .which = RSP_RESULT_DISABLE };
    REQUIRE(rsp_euicc_result_write(&ok, &results) == ERR_OK);
    const struct rsp_package_result_data result = { .eim_id = eim_id, .counter = q->counter, .seq_number = 7,
                                                    .eim_transaction_id = q->eim_transaction_id,
                                                    .results = buf_span(&results) };
    if (spoiling >= ERROR_ALTERED && spoiling <= ERROR_FOR_OTHER_EIM)
        sign_error(f, c, &error);
    else
        sign_result(f, c, &result);
    if (spoiling == ALTERED || spoiling == ERROR_ALTERED)
        lab_flip(span_sub(buf_span(&f->result), f->result.len - 1, 1));
    buf_release(&results);
}

static int64_t provide_signed(struct fixture *f, const struct code_row *r)
{
    const enum spoiling spoiling = (enum spoiling)r->what;
    struct lab_card other;
    lab_card_open(&f->l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    REQUIRE(order(f, "a", "disable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 202 && poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    sign_answer(f, spoiling == OTHER_CARD || spoiling == ERROR_OF_OTHER_CARD ? &other : &f->l.card, spoiling);
    int answered = bring_result(f);
    if (spoiling == TWICE)
        answered = bring_result(f);
    lab_card_close(&other);
    CHECK(strcmp(order_state(f, "a"), r->code ? "sent" : "done") == 0);
    return answered < 0 ? -1 : f->refusal;
}

#define GET(code, how, eid, with) { "GetEimPackage", code, how, poll_with, eid, with }
#define PROVIDE(code, how, eid) { "ProvideEimPackageResult", code, how, provide_with, eid, 0 }

#define SIGNED(code, how, spoiling) { "ProvideEimPackageResult", code, how, provide_signed, NULL, spoiling }

static const struct code_row rows[] = {
    GET(0, "there is something to do", LAB_EID, WITH_WORK),
    GET(1, "there is nothing to do", LAB_EID, ALONE),
    GET(2, "an eUICC that is not registered", LAB_OTHER_EID, ALONE),
    GET(3, "an EID without octets", "", ALONE),
    GET(3, "an EID of 15 octets", SHORT, ALONE),
    GET(3, "an EID of 17 octets", LONG, ALONE),
    GET(3, "an EID with a letter in it", LETTERS, ALONE),
    GET(3, "an EID whose check digits are wrong", BAD_CHECK_DIGITS, ALONE),
    GET(3, "a wrong EID, and an rPLMN that is none", LETTERS, WITH_PLMN_OF_LETTERS),
    GET(4, "no EID", NULL, ALONE),
    GET(127, "an rPLMN whose digits are none", LAB_EID, WITH_PLMN_OF_LETTERS),
    GET(127, "an eUICC that knows a key of the eIM which is not in its settings", LAB_EID, WITH_LOST_KEY),

    PROVIDE(0, "a result of a transaction that never began", LAB_EID),
    PROVIDE(2, "an eUICC that is not registered", LAB_OTHER_EID),
    PROVIDE(3, "an EID without octets", ""),
    PROVIDE(3, "an EID of 15 octets", SHORT),
    PROVIDE(3, "an EID of 17 octets", LONG),
    PROVIDE(3, "an EID with a letter in it", LETTERS),
    PROVIDE(3, "an EID whose check digits are wrong", BAD_CHECK_DIGITS),
    PROVIDE(4, "no EID, and a transaction that never began", NULL),
    SIGNED(0, "a result of the card", HONEST),
    SIGNED(0, "a result that was brought and acknowledged before", TWICE),
    SIGNED(127, "a result altered on its way", ALTERED),
    SIGNED(127, "a result that another eUICC signed", OTHER_CARD),
    SIGNED(127, "a result for another eIM", OTHER_EIM),
    SIGNED(127, "a signed error altered on its way", ERROR_ALTERED),
    SIGNED(127, "a signed error that another eUICC signed", ERROR_OF_OTHER_CARD),
    SIGNED(127, "a signed error for another eIM", ERROR_FOR_OTHER_EIM),
};

static void each_number(void)
{
    for (size_t i = 0; i < 2 * COUNT(rows); i++) {
        const struct code_row *r = &rows[i / 2];
        struct fixture f;
        char name[200];
        fixture_open(&f);
        f.peer.json = i % 2;
        snprintf(name, sizeof name, "%s %lld over %s: %s", r->function, (long long)r->code, f.peer.json ? "JSON" : "ASN.1", r->how);
        int64_t code = r->provoke(&f, r);
        CHECK_ROW(name, code == r->code);
        if (code != r->code)
            printf(" (%lld)", (long long)code);
        fixture_close(&f);
    }
}

const struct test codes_tests[] = {
    { "each error number of ESipa is provoked over both bindings", each_number },
};
const size_t codes_tests_count = COUNT(codes_tests);
