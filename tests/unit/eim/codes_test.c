/* Every error number that the eIM says over ESipa (SGP.32 5.14; catalogue A.7.2), provoked over both bindings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "es_codes.h"
#include "esipa_call.h"
#include "lab_events.h"
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
        REQUIRE(db_run(f->l.part[LAB_EIM].env.db, "UPDATE euicc SET signing = zeroblob(32)", NULL, 0, NULL) == ERR_OK);
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

/* --- the relayed download ---------------------------------------------------------------------------------------- */

enum relayed {
    NOTHING, OTHER_ADDRESS, OTHER_OID, NO_TRANSACTION, OTHER_TRANSACTION, OVER, UNREACHABLE, ALTERED_SIGNATURE, OTHER_CODE,
    OTHER_EUICC, OTHER_SESSION, FORBIDDEN_RULE, AT_SMDS, OVER_AT_SMDS, OTHER_PROFILE, V1_3
};

/* An SM-DP+ or SM-DS that refuses one function so, and answers the others as it does. */
struct refuser {
    struct actor actor, *behind;
    const struct log *log;
    char function[32], subject[16], reason[16];
};

static enum err pass_or_refuse(void *actor, const struct http_request *q, struct http_response *p)
{
    struct refuser *r = actor;
    char text[256];
    struct http_request again = *q;
    if (strcmp(q->part[0], r->function) != 0)
        return http_dispatch(r->behind->ops->routes, r->behind->ops->route_count, r->behind, r->log, &again, p);
    snprintf(text, sizeof text,
             "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"%s\","
             "\"reasonCode\":\"%s\"}}}}",
             r->subject, r->reason);
    enum err e = http_text(p, 200, "application/json", span_str(text));
    return e ? e : http_response_add_header(p, "X-Admin-Protocol", "gsma/rsp/v2.5.0");
}

static const struct http_route refuser_routes[] = { { "POST", "/gsma/rsp2/es9plus/{function}", pass_or_refuse } };
static const struct actor_ops refuser_ops = { .role = "refuser", .routes = refuser_routes, .route_count = 1 };

/* A download as far as the function of the row. */
struct walk {
    struct fixture *f;
    const struct code_row *row;
    struct lab_download d;
    struct lab_card other; /* with OTHER_EUICC */
    struct refuser refuser;
    struct buf transaction;
};

#define RULED_ICCID "89000123456789012374"
#define DISCOVERY ",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":\"smds.example.com\"}"

static bool at_smds(const struct walk *w)
{
    return w->row->what == AT_SMDS || w->row->what == OVER_AT_SMDS;
}

/* The device leaves verifying to the eIM, which knows that the eUICC allows no rule. */
static void forbid_rules(struct fixture *f)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK && order(f, "data", "data", "") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    const struct rsp_provide_eim_package_result said = {
        .eid = SPAN_ARRAY(eid),
        .result = { .which = RSP_EIM_RESULT_DATA,
                    .data = { .which = RSP_OK,
                              .data = { .eim_transaction_id = f->package.message.data.eim_transaction_id, .has_capabilities = true,
                                        .capabilities.features = RSP_IPA_EIM_METADATA } } },
    };
    REQUIRE(provide(f, &said) == RSP_PROVIDE_EMPTY && order(f, "rat", "getRat", "") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    const struct rsp_package_result_data d = { .eim_id = q->eim_id, .counter = q->counter, .seq_number = 5,
                                               .eim_transaction_id = q->eim_transaction_id, .results = SPAN(0xa6, 0x00) };
    sign_result(f, &f->l.card, &d);
    REQUIRE(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    REQUIRE(lab_call(&f->l, f->l.admin, "POST", LAB_SMDP_URL "/v1/profiles",
                     "{\"profiles\":[{\"iccid\":\"" RULED_ICCID "\",\"imsi\":\"262027654321097\",\"operator\":\"eso\",\"k\":\"" LAB_K
                     "\",\"opc\":\"" LAB_OPC "\",\"mccMnc\":\"26202\",\"profilePolicyRules\":[\"ppr1\"]}]}",
                     NULL) == 200);
    lab_release(&f->l, RULED_ICCID, LAB_EID, "TOKEN-1", "");
}

static void trigger(struct walk *w)
{
    struct fixture *f = w->f;
    const bool json = f->peer.json;
    static const char *const more[] = {
        [OTHER_OID] = ",\"activationCode\":\"" LAB_CODE "$2.999.99\"",
        [OTHER_CODE] = ",\"activationCode\":\"1$smdp.example.com$OTHER\"",
        [AT_SMDS] = DISCOVERY,
        [OVER_AT_SMDS] = DISCOVERY,
        [OTHER_PROFILE] = ",\"activationCode\":\"" LAB_CODE "\",\"iccid\":\"" LAB_LEAD_ICCID "\"",
        [V1_3] = NULL, /* the last */
    };
    const char *mine = more[w->row->what];
    f->peer.json = false;
    f->l.v1_3 = w->row->what == V1_3;
    lab_restart(&f->l, LAB_EIM);
    if (w->row->what == FORBIDDEN_RULE) {
        forbid_rules(f);
    } else {
        lab_import(&f->l);
        lab_release(&f->l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    }
    REQUIRE(order(f, "a", "download", mine ? mine : ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_DOWNLOAD);
    w->transaction = (struct buf){ .max = 16 };
    REQUIRE(buf_set(&w->transaction, f->package.message.download.eim_transaction_id) == ERR_OK);
    f->peer.eim_transaction_id = buf_span(&w->transaction);
    f->peer.json = json;
    lab_download_begin(&f->l, w->row->what == OTHER_EUICC ? &w->other : &f->l.card, &w->d);
    if (w->row->what == OTHER_CODE)
        w->d.matching_id = "OTHER";
}

static void register_event(struct fixture *f)
{
    const struct es12_event event = { .eid = LAB_EID, .rsp_server_address = "smdp.example.com", .event_id = "TOKEN-1" };
    CHECK(lab_event(&f->l, f->l.part[LAB_SMDP].env.http, "smdp.example.com", ES12_REGISTER_EVENT, &event)[0] == 0);
}

/* Whoever is behind the eIM says the row's pair to the row's function. */
static void place_refuser(struct walk *w)
{
    const bool smds = at_smds(w);
    if (!w->row->text)
        return;
    w->refuser = (struct refuser){ .actor = { &refuser_ops }, .behind = w->f->l.part[smds ? LAB_SMDS : LAB_SMDP].actor,
                                   .log = &w->f->l.log };
    snprintf(w->refuser.function, sizeof w->refuser.function, "%s", w->row->function);
    w->refuser.function[0] = (char)(w->refuser.function[0] | 0x20);
    REQUIRE(sscanf(w->row->text, "%15[^/]/%15s", w->refuser.subject, w->refuser.reason) == 2);
    REQUIRE(http_switch_set(w->f->l.wires, smds ? "smds.example.com" : "smdp.example.com", &w->refuser.actor, NULL,
                            &w->f->l.log) == ERR_OK);
}

/* Told by the codes of ES9+ that stand for it over either binding. */
static int64_t number(const struct walk *w, enum es_codes function, enum err e)
{
    int64_t code = es_refused(&w->d.status) ? es_code_of_status(function, &w->d.status) : 0;
    return e ? -1 : code == ES_CODE_UNDEFINED ? es_code_of_status_v1_3(function, &w->d.status) : code;
}

static bool is_at(const struct walk *w, const char *function)
{
    return strcmp(w->row->function, function) == 0;
}

static void strike(struct walk *w, const char *function, struct span signature)
{
    static uint8_t stranger[16] = { 9, 9, 9 };
    if (!is_at(w, function))
        return;
    if (w->row->what == UNREACHABLE) {
        w->f->l.hurdle = "smdp.example.com";
        w->f->l.hurdle_err = ERR_TIMEOUT;
        w->f->l.hurdles = 1;
    }
    if (w->row->what == OTHER_SESSION)
        w->d.initiated.transaction_id = SPAN_ARRAY(stranger);
    if (w->row->what == ALTERED_SIGNATURE)
        lab_flip(span_sub(signature, 9, 1));
}

/* The device gave up. */
static void end_order(struct walk *w)
{
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&w->transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = RSP_DOWNLOAD_TRIGGER_UNDEFINED_ERROR } },
    };
    CHECK(bring_download(w->f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
}

static int64_t initiate(struct walk *w)
{
    static const uint8_t stranger[16] = { 9 };
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    struct es_peer peer = w->f->peer;
    const enum relayed what = (enum relayed)w->row->what;
    REQUIRE(es10b_get_euicc_info1(&w->d.card->es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&w->d.card->es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request q = {
        SPAN_ARRAY(challenge),
        span_str(what == OTHER_ADDRESS ? "other.example.com" : at_smds(w) ? "smds.example.com" : "smdp.example.com"),
        info.message,
    };
    if (what == NO_TRANSACTION || what == OTHER_TRANSACTION)
        peer.eim_transaction_id = what == OTHER_TRANSACTION ? SPAN_ARRAY(stranger) : (struct span){ 0 };
    strike(w, "InitiateAuthentication", (struct span){ 0 });
    enum err e = esipa_initiate_authentication(&peer, &q, &w->d.memory, &w->d.initiated, &w->d.status);
    buf_release(&info.received);
    return number(w, ESIPA_CODES_INITIATE_AUTHENTICATION, e);
}

static int64_t authenticate(struct walk *w)
{
    struct rsp_profile_download_trigger_request found;
    lab_authenticate_server(&w->d);
    strike(w, "AuthenticateClient", w->d.server.message.ok.euicc_signature1);
    const struct rsp_authenticate_client_request q = { w->d.initiated.transaction_id, w->d.server.message };
    if (w->row->what == OVER_AT_SMDS)
        end_order(w);
    enum err e = at_smds(w)
                     ? esipa_authenticate_client_at_smds(&w->f->peer, &q, &w->d.memory, &found, &w->d.status)
                     : esipa_authenticate_client(&w->f->peer, &q, &w->d.memory, &w->d.authenticated, &w->d.status);
    return number(w, ESIPA_CODES_AUTHENTICATE_CLIENT, e);
}

static int64_t get_package(struct walk *w)
{
    lab_prepare(&w->d);
    strike(w, "GetBoundProfilePackage", w->d.prepared.message.ok.euicc_signature2);
    const struct rsp_get_bound_profile_package_request q = { w->d.initiated.transaction_id, w->d.prepared.message };
    return number(w, ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE,
                  esipa_get_bound_profile_package(&w->f->peer, &q, &w->d.memory, &w->d.package, &w->d.status));
}

static int64_t cancel(struct walk *w)
{
    struct es10b_cancel_session_response c = { .received.max = 4096 };
    const struct rsp_cancel_session_request q = { w->d.initiated.transaction_id, RSP_CANCEL_REASON_POSTPONED };
    REQUIRE(es10b_cancel_session(&w->d.card->es, &q, &c) == ERR_OK);
    strike(w, "CancelSession", c.message.ok.signature);
    enum err e = esipa_cancel_session(&w->f->peer, w->d.initiated.transaction_id, buf_span(&c.received), &w->d.status);
    buf_release(&c.received);
    return number(w, ESIPA_CODES_CANCEL_SESSION, e);
}

/* The first refusal, or what the row's function answers. */
static int64_t go(struct walk *w)
{
    int64_t code = initiate(w);
    if (code || is_at(w, "InitiateAuthentication"))
        return is_at(w, "InitiateAuthentication") ? code : -1;
    code = authenticate(w);
    if (code || is_at(w, "AuthenticateClient"))
        return is_at(w, "AuthenticateClient") ? code : -1;
    return is_at(w, "CancelSession") ? cancel(w) : get_package(w);
}

static int64_t play_relayed(struct fixture *f, const struct code_row *r)
{
    struct walk w = { .f = f, .row = r };
    if (r->what == OTHER_EUICC) {
        lab_card_open(&f->l, &w.other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
        lab_register(&f->l, &w.other);
    }
    trigger(&w);
    if (at_smds(&w))
        register_event(f);
    place_refuser(&w);
    if (r->what == OVER)
        end_order(&w);
    int64_t code = go(&w);
    lab_download_end(&w.d);
    buf_release(&w.transaction);
    if (r->what == OTHER_EUICC)
        lab_card_close(&w.other);
    return code;
}

#define GET(code, how, eid, with) { "GetEimPackage", code, how, poll_with, eid, with }
#define PROVIDE(code, how, eid) { "ProvideEimPackageResult", code, how, provide_with, eid, 0 }
#define SIGNED(code, how, spoiling) { "ProvideEimPackageResult", code, how, provide_signed, NULL, spoiling }
#define INITIATE(code, how, pair, what) { "InitiateAuthentication", code, how, play_relayed, pair, what }
#define CLIENT(code, how, pair, what) { "AuthenticateClient", code, how, play_relayed, pair, what }
#define PACKAGE(code, how, pair, what) { "GetBoundProfilePackage", code, how, play_relayed, pair, what }
#define CANCEL(code, how, pair, what) { "CancelSession", code, how, play_relayed, pair, what }

const struct code_row code_rows[] = {
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

    INITIATE(0, "a download that was triggered", NULL, NOTHING),
    INITIATE(1, "the SM-DP+ says 8.8.1/3.8", "8.8.1/3.8", NOTHING),
    INITIATE(2, "the SM-DP+ says 8.8.3/3.1", "8.8.3/3.1", NOTHING),
    INITIATE(3, "the SM-DP+ says 8.8.2/3.1", "8.8.2/3.1", NOTHING),
    INITIATE(3, "the SM-DP+ says 8.8.4/3.7", "8.8.4/3.7", NOTHING),
    INITIATE(50, "another smdpAddress than the order's", NULL, OTHER_ADDRESS),
    INITIATE(51, "an SM-DP+ with another OID than the activation code's", NULL, OTHER_OID),
    INITIATE(52, "no eimTransactionId", NULL, NO_TRANSACTION),
    INITIATE(52, "an eimTransactionId that never was", NULL, OTHER_TRANSACTION),
    INITIATE(52, "the eimTransactionId of a download that is over", NULL, OVER),
    INITIATE(127, "an SM-DP+ that does not answer", NULL, UNREACHABLE),
    INITIATE(127, "the SM-DP+ says something that ESipa has no number for", "8.1/4.2", NOTHING),

    CLIENT(0, "the right eUICC", NULL, NOTHING),
    CLIENT(1, "the SM-DP+ says 8.1.2/6.1", "8.1.2/6.1", NOTHING),
    CLIENT(1, "the SM-DP+ says 8.1.4/6.1", "8.1.4/6.1", NOTHING),
    CLIENT(2, "the SM-DP+ says 8.1.2/6.3", "8.1.2/6.3", NOTHING),
    CLIENT(3, "the SM-DP+ says 8.1.3/6.1", "8.1.3/6.1", NOTHING),
    CLIENT(4, "the SM-DP+ says 8.1.3/6.3", "8.1.3/6.3", NOTHING),
    CLIENT(5, "an altered euiccSignature1", NULL, ALTERED_SIGNATURE),
    CLIENT(6, "a matchingId that the SM-DP+ does not know", NULL, OTHER_CODE),
    CLIENT(7, "another eUICC than the order's", NULL, OTHER_EUICC),
    CLIENT(7, "the SM-DP+ says 8.1.1/3.8", "8.1.1/3.8", NOTHING),
    CLIENT(8, "the SM-DP+ says 8.2.5/4.3", "8.2.5/4.3", NOTHING),
    CLIENT(9, "the SM-DP+ says 8.11.1/3.9", "8.11.1/3.9", NOTHING),
    CLIENT(10, "a transactionId that never was", NULL, OTHER_SESSION),
    CLIENT(10, "an event at the SM-DS for an order that is over", NULL, OVER_AT_SMDS),
    CLIENT(10, "the SM-DP+ says 8.10.1/3.9", "8.10.1/3.9", NOTHING),
    CLIENT(11, "the SM-DP+ says 8.1/4.8", "8.1/4.8", NOTHING),
    CLIENT(18, "the SM-DP+ says 8.8.5/4.10, to an eIM of v1.3", "8.8.5/4.10", V1_3),
    CLIENT(50, "a policy rule that the eUICC's table forbids, judged by the eIM", NULL, FORBIDDEN_RULE),
    CLIENT(56, "the SM-DS says 8.9.5/3.9", "8.9.5/3.9", AT_SMDS),
    CLIENT(56, "the SM-DS says 8.2.6/3.8", "8.2.6/3.8", AT_SMDS),
    CLIENT(127, "the SM-DP+ says 8.8.5/4.10, to an eIM of v1.2", "8.8.5/4.10", NOTHING),
    CLIENT(127, "the SM-DP+ says something that ESipa has no number for", "8.2/1.2", NOTHING),
    CLIENT(127, "an SM-DP+ that does not answer", NULL, UNREACHABLE),

    PACKAGE(0, "the right eUICC", NULL, NOTHING),
    PACKAGE(1, "an altered euiccSignature2", NULL, ALTERED_SIGNATURE),
    PACKAGE(2, "the SM-DP+ says 8.2.7/2.2", "8.2.7/2.2", NOTHING),
    PACKAGE(3, "the SM-DP+ says 8.2.7/3.8", "8.2.7/3.8", NOTHING),
    PACKAGE(4, "the SM-DP+ says 8.2.7/6.4", "8.2.7/6.4", NOTHING),
    PACKAGE(5, "the SM-DP+ says 8.2/3.7", "8.2/3.7", NOTHING),
    PACKAGE(6, "the SM-DP+ says 8.8.5/4.10, to an eIM of v1.2", "8.8.5/4.10", NOTHING),
    PACKAGE(50, "another profile than the order names", NULL, OTHER_PROFILE),
    PACKAGE(95, "a transactionId that never was", NULL, OTHER_SESSION),
    PACKAGE(95, "the SM-DP+ says 8.10.1/3.9", "8.10.1/3.9", NOTHING),
    PACKAGE(127, "the SM-DP+ says 8.8.5/4.10, to an eIM of v1.3", "8.8.5/4.10", V1_3),
    PACKAGE(127, "the SM-DP+ says something that ESipa has no number for", "8.1.1/3.8", NOTHING),
    PACKAGE(127, "an SM-DP+ that does not answer", NULL, UNREACHABLE),

    CANCEL(0, "the right eUICC", NULL, NOTHING),
    CANCEL(1, "a transactionId that never was", NULL, OTHER_SESSION),
    CANCEL(1, "the SM-DP+ says 8.10.1/3.9", "8.10.1/3.9", NOTHING),
    CANCEL(2, "an altered euiccCancelSessionSignature", NULL, ALTERED_SIGNATURE),
    CANCEL(127, "the SM-DP+ says something that ESipa has no number for", "8.8/3.10", NOTHING),
    CANCEL(127, "an SM-DP+ that does not answer", NULL, UNREACHABLE),
};
const size_t code_row_count = COUNT(code_rows);

static void each_number(void)
{
    for (size_t i = 0; i < 2 * code_row_count; i++) {
        const struct code_row *r = &code_rows[i / 2];
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

/* Where each function's numbers stand in the module. TransferEimPackage is the IPA's to answer (push_test.c). */
static const struct {
    const char *function, *type, *member;
} functions[] = {
    { "GetEimPackage", "GetEimPackageResponse", "eimPackageError" },
    { "ProvideEimPackageResult", "ProvideEimPackageResultResponse", "provideEimPackageResultError" },
    { "InitiateAuthentication", "InitiateAuthenticationResponseEsipa", "initiateAuthenticationErrorEsipa" },
    { "AuthenticateClient", "AuthenticateClientResponseEsipa", "authenticateClientErrorEsipa" },
    { "GetBoundProfilePackage", "GetBoundProfilePackageResponseEsipa", "getBoundProfilePackageErrorEsipa" },
    { "CancelSession", "CancelSessionResponseEsipa", "cancelSessionError" },
};

static bool has_row(const char *function, int64_t code)
{
    for (size_t i = 0; i < code_row_count; i++)
        if (code_rows[i].code == code && strcmp(code_rows[i].function, function) == 0)
            return true;
    return false;
}

const char *code_name(const char *function, int64_t code)
{
    static struct code_name names[CODES_MAX];
    for (size_t i = 0; i < COUNT(functions); i++) {
        size_t count = strcmp(functions[i].function, function) == 0 ? module_codes(functions[i].type, functions[i].member, names) : 0;
        for (size_t k = 0; k < count; k++)
            if (names[k].code == code)
                return names[k].name;
    }
    return NULL;
}

static void every_number_of_the_module(void)
{
    char row[120];
    for (size_t i = 0; i < COUNT(functions); i++) {
        struct code_name names[CODES_MAX];
        size_t count = module_codes(functions[i].type, functions[i].member, names);
        CHECK_ROW(functions[i].function, count > 2);
        for (size_t k = 0; k < count; k++) {
            snprintf(row, sizeof row, "%s %s(%lld)", functions[i].function, names[k].name, (long long)names[k].code);
            CHECK_ROW(row, has_row(functions[i].function, names[k].code));
        }
    }
    for (size_t i = 0; i < code_row_count; i++)
        CHECK_ROW(code_rows[i].how, !code_rows[i].code || code_name(code_rows[i].function, code_rows[i].code));
}

const struct test codes_tests[] = {
    { "every error number of ESipa in the ASN.1 module has its row", every_number_of_the_module },
    { "each error number of ESipa is provoked over both bindings", each_number },
};
const size_t codes_tests_count = COUNT(codes_tests);
