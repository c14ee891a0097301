/* What comes back: believed when the right card signed it, applied once, acknowledged as often as it comes.
 */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* One answer to an enable with rollback whose counter is 1. */
enum answer {
    END,
    SUCCESS,
    FAILURE,
    ROLLED_BACK,
    SIGNED_ERROR,
    UNSIGNED,
    UNSIGNED_WITHOUT_TRANSACTION,
    TAMPERED_RESULT,
    TAMPERED_SIGNATURE,
    OTHER_CARD,
    OTHER_CARDS_NAME,
    OTHER_EIM,
    OTHER_COUNTER,
    ZERO_COUNTER,
    OTHER_TRANSACTION,
    NO_TRANSACTION,
    OTHER_KIND,
    EMPTY_LIST,
    DOWNLOAD_ERROR,
    TAMPERED_ERROR,
    BUSY,
    EMERGENCY,
    KILL,
    UNKNOWN_KIND,
    UNKNOWN_AFTER_SUCCESS,
    UNKNOWN_AFTER_FAILURE,
    UNKNOWN_AFTER_ROLLBACK,
    UNKNOWN_BEFORE_SUCCESS,
    DAMAGED,
    DAMAGED_AFTER_SUCCESS,
    OTHER_KIND_AFTER_SUCCESS,
    OTHER_KIND_BEFORE_SUCCESS,
    TERMINATED_AFTER_SUCCESS,
};

#define ACKNOWLEDGED RSP_PROVIDE_ACKNOWLEDGEMENTS
#define TAKEN RSP_PROVIDE_EMPTY
#define REFUSED RSP_PROVIDE_ERROR

static const struct {
    const char *name;
    enum answer answers[6];
    const char *state, *result;
    unsigned callbacks;
    enum rsp_provide_response_which last; /* what the last one is answered */
} rows[] = {
    { "success", { SUCCESS }, "done", "ok", 1, ACKNOWLEDGED },
    { "success, brought again", { SUCCESS, SUCCESS, SUCCESS }, "done", "ok", 1, ACKNOWLEDGED },
    { "success, brought again after a restart", { SUCCESS, KILL, SUCCESS }, "done", "ok", 1, ACKNOWLEDGED },
    { "success, then taken back", { SUCCESS, ROLLED_BACK }, "failed", "rolledBack", 2, ACKNOWLEDGED },
    { "taken back, brought again",
      { SUCCESS, ROLLED_BACK, ROLLED_BACK },
      "failed",
      "rolledBack",
      2,
      ACKNOWLEDGED },
    { "taken back, then the old success", { ROLLED_BACK, SUCCESS }, "failed", "rolledBack", 1, ACKNOWLEDGED },
    { "taken back at once", { ROLLED_BACK }, "failed", "rolledBack", 1, ACKNOWLEDGED },
    { "a failure", { FAILURE }, "failed", "profileNotInDisabledState", 1, ACKNOWLEDGED },
    { "a failure, then success",
      { FAILURE, SUCCESS },
      "failed",
      "profileNotInDisabledState",
      1,
      ACKNOWLEDGED },
    { "a success, then a failure", { SUCCESS, FAILURE }, "done", "ok", 1, ACKNOWLEDGED },
    { "a signed error", { SIGNED_ERROR }, "failed", "invalidEid", 1, TAKEN },
    { "a signed error after success", { SUCCESS, SIGNED_ERROR }, "done", "ok", 1, TAKEN },
    { "a signed error with an altered signature", { TAMPERED_ERROR }, "sent", "", 0, REFUSED },
    { "an unsigned error", { UNSIGNED }, "sent", "", 0, TAKEN },
    { "two unsigned errors, then success", { UNSIGNED, UNSIGNED, SUCCESS }, "done", "ok", 1, ACKNOWLEDGED },
    { "three unsigned errors",
      { UNSIGNED, UNSIGNED, UNSIGNED },
      "failed",
      "euiccPackageErrorUnsigned",
      1,
      TAKEN },
    { "three, one over a restart",
      { UNSIGNED, UNSIGNED, KILL, UNSIGNED },
      "failed",
      "euiccPackageErrorUnsigned",
      1,
      TAKEN },
    { "three unsigned errors without transaction",
      { UNSIGNED_WITHOUT_TRANSACTION, UNSIGNED_WITHOUT_TRANSACTION, UNSIGNED_WITHOUT_TRANSACTION },
      "failed",
      "euiccPackageErrorUnsigned",
      1,
      TAKEN },
    { "unsigned errors after success", { SUCCESS, UNSIGNED, UNSIGNED, UNSIGNED }, "done", "ok", 1, TAKEN },
    { "catBusy", { BUSY }, "queued", "", 0, ACKNOWLEDGED },
    { "catBusy, then the success of the package that was given up", { BUSY, SUCCESS }, "queued", "", 0, ACKNOWLEDGED },
    { "an emergency call", { EMERGENCY }, "queued", "", 0, TAKEN },
    { "an emergency call, told twice, over a restart", { EMERGENCY, KILL, EMERGENCY }, "queued", "", 0, TAKEN },
    { "an emergency call after success", { SUCCESS, EMERGENCY }, "done", "ok", 1, TAKEN },
    { "an altered result", { TAMPERED_RESULT }, "sent", "", 0, REFUSED },
    { "an altered result, then the true one", { TAMPERED_RESULT, SUCCESS }, "done", "ok", 1, ACKNOWLEDGED },
    { "an altered signature", { TAMPERED_SIGNATURE }, "sent", "", 0, REFUSED },
    { "another card's signature", { OTHER_CARD }, "sent", "", 0, REFUSED },
    { "another card's, in its own name", { OTHER_CARDS_NAME }, "sent", "", 0, ACKNOWLEDGED },
    { "a result for another eIM", { OTHER_EIM }, "sent", "", 0, REFUSED },
    { "another counter", { OTHER_COUNTER }, "sent", "", 0, ACKNOWLEDGED },
    { "a counter of zero", { ZERO_COUNTER }, "sent", "", 0, ACKNOWLEDGED },
    { "a transaction that never was", { OTHER_TRANSACTION }, "sent", "", 0, ACKNOWLEDGED },
    { "no transaction", { NO_TRANSACTION }, "sent", "", 0, ACKNOWLEDGED },
    { "no results at all", { EMPTY_LIST }, "failed", "otherResultThanOrdered", 1, ACKNOWLEDGED },
    { "the result of another command", { OTHER_KIND }, "failed", "otherResultThanOrdered", 1, ACKNOWLEDGED },
    { "a download's error for a package", { DOWNLOAD_ERROR }, "sent", "", 0, TAKEN },
    { "a result of a kind that nobody knows", { UNKNOWN_KIND }, "failed", "unknown", 1, ACKNOWLEDGED },
    { "the same brought again after a restart", { UNKNOWN_KIND, KILL, UNKNOWN_KIND }, "failed", "unknown", 1, ACKNOWLEDGED },
    { "success, and a kind that nobody knows", { UNKNOWN_AFTER_SUCCESS }, "failed", "unknown", 1, ACKNOWLEDGED },
    { "a failure, and a kind that nobody knows",
      { UNKNOWN_AFTER_FAILURE },
      "failed",
      "profileNotInDisabledState",
      1,
      ACKNOWLEDGED },
    { "success, then taken back with a kind that nobody knows", { SUCCESS, UNKNOWN_AFTER_ROLLBACK }, "failed", "rolledBack", 2, ACKNOWLEDGED },
    { "a kind that nobody knows, and success", { UNKNOWN_BEFORE_SUCCESS }, "failed", "unknown", 1, ACKNOWLEDGED },
    { "a damaged result", { DAMAGED }, "failed", "undecodableResult", 1, ACKNOWLEDGED },
    { "success, and a damaged result", { DAMAGED_AFTER_SUCCESS }, "failed", "undecodableResult", 1, ACKNOWLEDGED },
    { "success, and a result that was not ordered", { OTHER_KIND_AFTER_SUCCESS }, "failed", "otherResultThanOrdered", 1, ACKNOWLEDGED },
    { "another command's result before the right one", { OTHER_KIND_BEFORE_SUCCESS }, "failed", "otherResultThanOrdered", 1, ACKNOWLEDGED },
    { "success, and the end of the package",
      { TERMINATED_AFTER_SUCCESS },
      "failed",
      "resultSizeOverflow",
      1,
      ACKNOWLEDGED },
};

static void put_code(enum rsp_result_kind kind, int64_t code, struct buf *out)
{
    const struct rsp_euicc_result r = { .which = kind, .code = code };
    REQUIRE(rsp_euicc_result_write(&r, out) == ERR_OK);
}

#define UNKNOWN_RESULT "bf7f03800107" /* of a later version */
#define DAMAGED_RESULT "8300"         /* enableResult without a number */

static void put_hex(const char *text, struct buf *out)
{
    REQUIRE(hex_decode(span_str(text), out) == ERR_OK);
}

/* Lists that no eUICC of this version makes. False: `a` is none of them. */
static bool put_strange_results(enum answer a, struct buf *out)
{
    switch (a) {
    case UNKNOWN_KIND:
        put_hex(UNKNOWN_RESULT, out);
        return true;
    case UNKNOWN_AFTER_SUCCESS:
        put_code(RSP_RESULT_ENABLE, 0, out);
        put_hex(UNKNOWN_RESULT, out);
        return true;
    case UNKNOWN_AFTER_FAILURE:
        put_code(RSP_RESULT_ENABLE, 2, out);
        put_hex(UNKNOWN_RESULT, out);
        return true;
    case UNKNOWN_AFTER_ROLLBACK:
        put_code(RSP_RESULT_ROLLBACK, 0, out);
        put_hex(UNKNOWN_RESULT, out);
        return true;
    case UNKNOWN_BEFORE_SUCCESS:
        put_hex(UNKNOWN_RESULT, out);
        put_code(RSP_RESULT_ENABLE, 0, out);
        return true;
    case DAMAGED:
        put_hex(DAMAGED_RESULT, out);
        return true;
    case DAMAGED_AFTER_SUCCESS:
        put_code(RSP_RESULT_ENABLE, 0, out);
        put_hex(DAMAGED_RESULT, out);
        return true;
    case OTHER_KIND_AFTER_SUCCESS:
        put_code(RSP_RESULT_ENABLE, 0, out);
        put_code(RSP_RESULT_DISABLE, 0, out);
        return true;
    case OTHER_KIND_BEFORE_SUCCESS:
        put_code(RSP_RESULT_DISABLE, 0, out);
        put_code(RSP_RESULT_ENABLE, 0, out);
        return true;
    case TERMINATED_AFTER_SUCCESS:
        put_code(RSP_RESULT_ENABLE, 0, out);
        put_code(RSP_RESULT_PROCESSING_TERMINATED, RSP_TERMINATED_RESULT_SIZE_OVERFLOW, out);
        return true;
    default:
        return false;
    }
}

static void put_results(enum answer a, struct buf *out)
{
    if (put_strange_results(a, out))
        return;
    if (a == ROLLED_BACK) {
        put_code(RSP_RESULT_ROLLBACK, 0, out);
    } else if (a == FAILURE) {
        put_code(RSP_RESULT_ENABLE, 2, out);
    } else if (a == BUSY) {
        put_code(RSP_RESULT_ENABLE, RSP_PSMO_ENABLE_CAT_BUSY, out);
    } else if (a == OTHER_KIND) {
        put_code(RSP_RESULT_DISABLE, 0, out);
    } else if (a != EMPTY_LIST) {
        put_code(RSP_RESULT_ENABLE, 0, out);
    }
}

static int bring_signed(struct fixture *f, enum answer a, struct lab_card *other)
{
    static const uint8_t stranger[16] = { 9, 9, 9 };
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    struct buf results = { .max = 256 };
    put_results(a, &results);
    const struct rsp_package_result_data d = {
        .eim_id = a == OTHER_EIM ? span_str("other.example.com") : q->eim_id,
        .counter = a == OTHER_COUNTER  ? q->counter + 1
                   : a == ZERO_COUNTER ? 0
                                       : q->counter,
        .eim_transaction_id = a == OTHER_TRANSACTION ? SPAN_ARRAY(stranger)
                              : a == NO_TRANSACTION  ? (struct span){ 0 }
                                                     : q->eim_transaction_id,
        .seq_number = 7,
        .results = results.len ? buf_span(&results) : span_of("", 0),
    };
    sign_result(f, a == OTHER_CARD || a == OTHER_CARDS_NAME ? other : &f->l.card, &d);
    struct rsp_euicc_package_result r;
    REQUIRE(rsp_euicc_package_result_read(buf_span(&f->result), &r) == ERR_OK);
    if (a == TAMPERED_SIGNATURE)
        lab_flip(span_sub(r.result.signature, 11, 1));
    if (a == TAMPERED_RESULT)
        lab_flip(span_sub(r.result.data.results, r.result.data.results.len - 1, 1));
    buf_release(&results);
    return bring(f, a == OTHER_CARDS_NAME ? LAB_OTHER_EID : LAB_EID, buf_span(&f->result));
}

static int bring_unsigned(struct fixture *f, bool with_transaction)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    const struct rsp_euicc_package_result r = {
        .which = RSP_PACKAGE_ERROR_UNSIGNED,
        .unsigned_error = { .eim_id = q->eim_id,
                            .eim_transaction_id =
                                with_transaction ? q->eim_transaction_id : (struct span){ 0 } },
    };
    buf_clear(&f->result);
    REQUIRE(rsp_euicc_package_result_write(&r, &f->result) == ERR_OK);
    return bring_result(f);
}

static int bring_error(struct fixture *f, bool tampered, int64_t code)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    const struct rsp_package_error_data d = { .eim_id = q->eim_id,
                                              .counter = q->counter,
                                              .eim_transaction_id = q->eim_transaction_id,
                                              .code = code };
    struct rsp_euicc_package_result r;
    sign_error(f, &f->l.card, &d);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&f->result), &r) == ERR_OK);
    if (tampered)
        lab_flip(span_sub(r.error.signature, 11, 1));
    return bring_result(f);
}

static int bring_answer(struct fixture *f, enum answer a, struct lab_card *other)
{
    const struct rsp_profile_download_trigger_result download = {
        .eim_transaction_id = f->package.message.package.package_signed.eim_transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    switch (a) {
    case KILL:
        lab_restart(&f->l, LAB_EIM);
        return 0;
    case UNSIGNED:
        return bring_unsigned(f, true);
    case UNSIGNED_WITHOUT_TRANSACTION:
        return bring_unsigned(f, false);
    case SIGNED_ERROR:
        return bring_error(f, false, RSP_PACKAGE_INVALID_EID);
    case EMERGENCY:
        return bring_error(f, false, RSP_PACKAGE_ECALL_ACTIVE);
    case TAMPERED_ERROR:
        return bring_error(f, true, RSP_PACKAGE_INVALID_EID);
    case DOWNLOAD_ERROR:
        return bring_download(f, LAB_EID, &download);
    default:
        return bring_signed(f, a, other);
    }
}

/* Scenarios 57, 58: what the eUICC could not do now is asked again, each time later, with the next counter. */
static void asked_again_later(void)
{
    struct fixture f;
    int64_t at = LAB_EPOCH, wait = 30 * CLOCK_SECOND, counter = 0;
    fixture_open(&f);
    CHECK(order(&f, "a", "enable", ",\"iccid\":\"" LAB_PARTNER_ICCID "\"") == 202);
    CHECK(order(&f, "b", "list", "") == 202);
    for (int i = 0; i < 12; i++) {
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK(f.package.message.package.package_signed.counter > counter);
        counter = f.package.message.package.package_signed.counter;
        bool busy = i % 2;
        CHECK((busy ? bring_signed(&f, BUSY, NULL) : bring_error(&f, false, RSP_PACKAGE_ECALL_ACTIVE)) ==
              (busy ? (int)ACKNOWLEDGED : (int)TAKEN));
        clock_virtual_advance(&f.l.clock, at += wait - 1);
        CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR); /* nor does the next order overtake it */
        if (i == 3)
            lab_restart(&f.l, LAB_EIM);
        clock_virtual_advance(&f.l.clock, at += 1);
        wait = wait < 8 * CLOCK_MINUTE ? 2 * wait : 15 * CLOCK_MINUTE;
    }
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(bring_signed(&f, SUCCESS, NULL) == ACKNOWLEDGED);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0 && strcmp(order_state(&f, "b"), "queued") == 0);
    fixture_close(&f);
}

static void answers(void)
{
    for (size_t k = 0; k < 2 * COUNT(rows); k++) {
        const size_t i = k / 2;
        struct fixture f;
        struct lab_card other;
        int last = 0;
        fixture_open(&f);
        f.peer.json = k % 2;
        lab_card_open(&f.l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
        lab_register(&f.l, &other);
        CHECK(order(&f, "a", "enable", ",\"rollback\":true,\"iccid\":\"" LAB_PARTNER_ICCID "\"") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        for (const enum answer *a = rows[i].answers; *a != END; a++) {
            last = bring_answer(&f, *a, &other);
            tick_eim(&f);
        }
        CHECK_ROW(rows[i].name, last == (int)rows[i].last);
        CHECK_ROW(rows[i].name, strcmp(order_state(&f, "a"), rows[i].state) == 0);
        CHECK_ROW(rows[i].name, strcmp(result_name(&f, "a"), rows[i].result) == 0);
        CHECK_ROW(rows[i].name, f.eso.heard_count == rows[i].callbacks);
        if (strcmp(result_name(&f, "a"), rows[i].result) || last < 0)
            printf(" (%s %s %d)", order_state(&f, "a"), result_name(&f, "a"), last);
        lab_card_close(&other);
        fixture_close(&f);
    }
}

/* --- kinds of results that nobody knows ------------------------------------------------------------------------ */

static const char *const unknown_kinds[] = { "8f0100", "900100", "bf7f00", "bf8f7f03020100", "b003800105", "df60020102", "0400", "0500", "3000" };

enum way { AS_RESULT, AS_NOTIFICATION, AS_KEPT_RESULT, WAYS };

/* Signs for the package that was polled. */
static void sign_list(struct fixture *f, struct span results)
{
    const struct rsp_euicc_package_signed *q = &f->package.message.package.package_signed;
    const struct rsp_package_result_data d = { .eim_id = q->eim_id, .counter = q->counter, .seq_number = 7, .results = results,
                                               .eim_transaction_id = q->eim_transaction_id };
    sign_result(f, &f->l.card, &d);
}

static bool bring_by(struct fixture *f, enum way way)
{
    uint8_t eid[16];
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid) };
    struct rsp_handle_notification_esipa n = { .which = RSP_ESIPA_NOTIFICATION_RESULT };
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    q.result.which = way == AS_KEPT_RESULT ? RSP_EIM_RESULT_DATA : RSP_EIM_RESULT_PACKAGE;
    q.result.data.which = RSP_OK;
    q.result.data.data.package_results = buf_span(&f->result);
    if (way != AS_KEPT_RESULT)
        REQUIRE(rsp_euicc_package_result_read(buf_span(&f->result), &q.result.package) == ERR_OK);
    n.result = q;
    return way == AS_NOTIFICATION ? esipa_handle_notification(&f->peer, &n) == ERR_OK
                                  : provide(f, &q) == RSP_PROVIDE_ACKNOWLEDGEMENTS;
}

static void kinds_that_nobody_knows(void)
{
    for (size_t i = 0; i < 2 * WAYS * COUNT(unknown_kinds); i++) {
        const char *kind = unknown_kinds[i / 2 / WAYS];
        struct fixture f;
        struct buf list = { .max = 64 };
        fixture_open(&f);
        f.peer.json = i % 2;
        CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        put_hex(kind, &list);
        sign_list(&f, buf_span(&list));
        CHECK_ROW(kind, bring_by(&f, (enum way)(i / 2 % WAYS)));
        CHECK_ROW(kind, strcmp(order_state(&f, "a"), "failed") == 0 && strcmp(result_name(&f, "a"), "unknown") == 0);
        CHECK_ROW(kind, strstr(order_text(&f, "a", "result", "error"), "does not know: "));
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE); /* the next one's turn */
        CHECK_ROW(kind, f.package.message.package.package_signed.counter == 2);
        buf_release(&list);
        fixture_close(&f);
    }
}

/* What the eUICC says it did is known, whatever it says next; but not which profiles it has then. */
static void what_was_done_before_counts(void)
{
    static const char *const behind[] = { UNKNOWN_RESULT, DAMAGED_RESULT, "020101", "830100" };
    for (size_t i = 0; i < COUNT(behind); i++) {
        struct fixture f;
        struct buf list = { .max = 64 };
        fixture_open(&f);
        CHECK(order(&f, "l", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK(order(&f, "a", "setDefaultDpAddress", ",\"parameters\":{\"address\":\"smdp.example.com\"}") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        put_code(RSP_RESULT_SET_DEFAULT_DP_ADDRESS, 0, &list);
        put_hex(behind[i], &list);
        sign_list(&f, buf_span(&list));
        CHECK_ROW(behind[i], bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "a"), "failed") == 0);
        json_t *view = NULL;
        REQUIRE(lab_call(&f.l, f.l.eso, "GET", EUICC, "", &view) == 200);
        const char *address = json_str(view, "defaultSmdpAddress");
        CHECK_ROW(behind[i], address && strcmp(address, "smdp.example.com") == 0);
        CHECK_ROW(behind[i], !json_object_get(view, "profiles") == (strcmp(behind[i], "020101") != 0));
        json_decref(view);
        buf_release(&list);
        fixture_close(&f);
    }
}

/* A real card's own answers: executed, refused when it comes again, and refused unsigned when the signature
 * is wrong. */
static void a_real_card_answers(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "disable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    struct span signature = f.package.message.package.signature;
    lab_flip(signature);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0);
    lab_flip(signature);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "a"), "done") == 0);
    execute(&f); /* the same counter again: a signed error, which changes nothing any more */
    CHECK(bring_result(&f) == RSP_PROVIDE_EMPTY && strcmp(order_state(&f, "a"), "done") == 0);
    fixture_close(&f);
}

/* An eUICC whose certificate expired since it was registered is not believed any more. */
static void expired_since(void)
{
    struct fixture f;
    const struct cert *card = NULL;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    REQUIRE(cert_load(f.l.crypto, buf_span(&f.l.card.nist.certificate), &card) == ERR_OK);
    const struct cert *eum = NULL;
    REQUIRE(cert_load(f.l.crypto, f.l.card.nist.eum_certificate, &eum) == ERR_OK);
    int64_t end = card->not_after < eum->not_after ? card->not_after : eum->not_after;
    clock_virtual_advance(&f.l.clock, end + CLOCK_DAY);
    CHECK(bring_result(&f) == RSP_PROVIDE_ERROR);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE); /* still unanswered */
    fixture_close(&f);
}

static void results_of_nobody(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    CHECK(bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_ERROR);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0);
    struct rsp_handle_notification_esipa n = { .which = RSP_ESIPA_NOTIFICATION_RESULT,
                                               .result.result.which = RSP_EIM_RESULT_PACKAGE };
    n.result.result.package = (struct rsp_euicc_package_result){ .which = RSP_PACKAGE_ERROR_UNSIGNED,
                                                                 .unsigned_error.eim_id = span_str("eim.example.com") };
    CHECK(esipa_handle_notification(&f.peer, &n) == ERR_REFUSED); /* without EID and transaction: nobody's, and it stays */
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0);
    fixture_close(&f);
}

/* --- a result in a notification (SGP.32 5.14.7): answered 204 only when it was taken --------------------------- */

static const struct {
    const char *name, *eid; /* "" none */
    bool altered, taken;
} in_notifications[] = {
    { "a result of the card", LAB_EID, false, true },
    { "a result without an EID is its transaction's", "", false, true },
    { "a result of an eUICC that nobody knows", LAB_OTHER_EID, false, false },
    { "a result altered on its way", LAB_EID, true, false },
};

static void results_in_notifications(void)
{
    for (size_t i = 0; i < 2 * COUNT(in_notifications); i++) {
        const char *name = in_notifications[i / 2].name;
        struct fixture f;
        uint8_t octets[16];
        struct rsp_handle_notification_esipa n = { .which = RSP_ESIPA_NOTIFICATION_RESULT,
                                                   .result.result.which = RSP_EIM_RESULT_PACKAGE };
        fixture_open(&f);
        f.peer.json = i % 2;
        CHECK(order(&f, "a", "list", "") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        REQUIRE(rsp_euicc_package_result_read(buf_span(&f.result), &n.result.result.package) == ERR_OK);
        if (in_notifications[i / 2].altered)
            lab_flip(n.result.result.package.result.signature);
        if (in_notifications[i / 2].eid[0]) {
            REQUIRE(rsp_eid_parse(in_notifications[i / 2].eid, octets) == ERR_OK);
            n.result.eid = SPAN_ARRAY(octets);
        }
        bool taken = in_notifications[i / 2].taken;
        CHECK_ROW(name, esipa_handle_notification(&f.peer, &n) == (taken ? ERR_OK : ERR_REFUSED));
        CHECK_ROW(name, strcmp(order_state(&f, "a"), taken ? "done" : "sent") == 0);
        CHECK_ROW(name, taken || lab_said(&f.l, "\"status\":403"));
        fixture_close(&f);
    }
}

/* --- downloads --------------------------------------------------------------------------------- */

enum pir {
    PIR_OK,
    PIR_FAILED,
    PIR_TAMPERED,
    PIR_SIGNATURE,
    PIR_OTHER_CARD,
    PIR_TEXT,
    PIR_OTHER_TRANSACTION,
    PIR_TWICE,
    PIR_STRANGE_ICCID
};

static const struct {
    const char *name;
    enum pir what;
    const char *state, *result;
    unsigned callbacks;
    bool refused;
} downloads[] = {
    { "installed", PIR_OK, "done", "ok", 1, false },
    { "installed, told twice", PIR_TWICE, "done", "ok", 1, false },
    { "failed on the card", PIR_FAILED, "failed", "scp03tSecurityError", 1, false },
    { "failed before the card", PIR_TEXT, "failed", "profileDownloadError", 1, false },
    { "an altered ICCID", PIR_TAMPERED, "sent", "", 0, true },
    { "an altered signature", PIR_SIGNATURE, "sent", "", 0, true },
    { "another card's installation", PIR_OTHER_CARD, "sent", "", 0, true },
    { "another transaction", PIR_OTHER_TRANSACTION, "sent", "", 0, false },
    { "installed, and its ICCID has no digits, as the card signed", PIR_STRANGE_ICCID, "done", "ok", 1, false },
};

void install(struct fixture *f, struct lab_card *c, bool fails, struct buf *bf37)
{
    struct lab_download d;
    lab_import(&f->l);
    lab_release(&f->l, LAB_PARTNER_ICCID, c->eid, "TOKEN-1", "");
    lab_download_begin(&f->l, c, &d);
    CHECK(lab_fetch(&d)[0] == 0);
    const struct span package = d.package.bound_profile_package;
    if (fails)
        lab_flip(span_sub(package, package.len - 1, 1));
    CHECK((lab_load(&d) == 0) == !fails);
    REQUIRE(buf_set(bf37, buf_span(&d.loaded.received)) == ERR_OK);
    lab_download_end(&d);
}

/* Gives what the last delivery is answered. */
static int bring_pir(struct fixture *f, enum pir what, struct span bf37)
{
    static const uint8_t stranger[16] = { 9, 9, 9 };
    struct rsp_profile_download_trigger_result r = {
        .eim_transaction_id = what == PIR_OTHER_TRANSACTION ? SPAN_ARRAY(stranger)
                                                            : f->package.message.download.eim_transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_INSTALLATION },
    };
    REQUIRE(rsp_profile_installation_result_read(bf37, &r.result.installation) == ERR_OK);
    if (what == PIR_TAMPERED)
        lab_flip(span_sub(r.result.installation.data.metadata.iccid, 4, 1));
    if (what == PIR_SIGNATURE)
        lab_flip(span_sub(r.result.installation.signature, 4, 1));
    if (what == PIR_STRANGE_ICCID) {
        struct rsp_tbs tbs;
        *(uint8_t *)r.result.installation.data.metadata.iccid.at = 0xAB;
        rsp_tbs_installation_result(&r.result.installation.data, &tbs);
        lab_sign_again(&f->l, &f->l.card, &tbs, r.result.installation.signature);
    }
    if (what == PIR_TEXT)
        r.result =
            (struct rsp_download_result){ .which = RSP_DOWNLOAD_RESULT_ERROR,
                                          .error = { 127, span_str("AuthenticateClient: 8.2.6/3.8\n\x01") } };
    if (what == PIR_TWICE)
        CHECK(bring_download(f, LAB_EID, &r) == RSP_PROVIDE_EMPTY);
    return bring_download(f, LAB_EID, &r);
}

static void download_results(void)
{
    for (size_t k = 0; k < 2 * COUNT(downloads); k++) {
        const size_t i = k / 2;
        struct fixture f;
        struct lab_card other;
        struct buf bf37 = { .max = 8192 };
        fixture_open(&f);
        f.peer.json = k % 2;
        lab_card_open(&f.l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
        CHECK(order(&f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
        CHECK(span_equal(f.package.message.download.data.activation_code, span_str(LAB_CODE)));
        install(&f, downloads[i].what == PIR_OTHER_CARD ? &other : &f.l.card, downloads[i].what == PIR_FAILED,
                &bf37);
        bool refused = bring_pir(&f, downloads[i].what, buf_span(&bf37)) == RSP_PROVIDE_ERROR;
        CHECK_ROW(downloads[i].name, refused == downloads[i].refused);
        tick_eim(&f);
        CHECK_ROW(downloads[i].name, strcmp(order_state(&f, "a"), downloads[i].state) == 0);
        CHECK_ROW(downloads[i].name, strcmp(result_name(&f, "a"), downloads[i].result) == 0);
        CHECK_ROW(downloads[i].name, f.eso.heard_count == downloads[i].callbacks);
        if (strcmp(result_name(&f, "a"), downloads[i].result))
            printf(" (%s %s)", order_state(&f, "a"), result_name(&f, "a"));
        if (strcmp(downloads[i].state, "sent") != 0) /* the code has no business here any more */
            CHECK_ROW(downloads[i].name, poll(&f) == RSP_EIM_PACKAGE_ERROR);
        CHECK(!lab_said(&f.l, "TOKEN-1"));
        buf_release(&bf37);
        lab_card_close(&other);
        fixture_close(&f);
    }
}

/* An installation of long ago is no answer to a new download. */
static void old_installation(void)
{
    struct fixture f;
    struct buf bf37 = { .max = 8192 };
    fixture_open(&f);
    CHECK(order(&f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
    install(&f, &f.l.card, false, &bf37);
    CHECK(bring_pir(&f, PIR_OK, buf_span(&bf37)) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0);
    CHECK(order(&f, "b", "download", ",\"activationCode\":\"1$smdp.example.com$TOKEN-2\"") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
    CHECK(bring_pir(&f, PIR_OK, buf_span(&bf37)) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "b"), "sent") == 0);
    buf_release(&bf37);
    fixture_close(&f);
}

const struct test result_tests[] = {
    { "what an eUICC could not do now is asked again, each time later", asked_again_later },
    { "each answer to a package does what it may, once", answers },
    { "a result of a kind that nobody knows ends its order, whatever way it comes", kinds_that_nobody_knows },
    { "what was done before a result that nobody knows counts", what_was_done_before_counts },
    { "a real card's answers are understood", a_real_card_answers },
    { "a card that expired since is not believed", expired_since },
    { "a result that is nobody's changes nothing", results_of_nobody },
    { "a result in a notification is answered as taken only when it was", results_in_notifications },
    { "each answer to a download does what it may, once", download_results },
    { "an installation of long ago answers no new download", old_installation },
};
const size_t result_tests_count = COUNT(result_tests);
