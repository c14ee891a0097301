/* How an order that was sent ends without an answer, and what becomes of the answer that comes all the same. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define SOON ",\"validUntil\":\"2026-01-01T00:00:20Z\""
#define DOWNLOAD ",\"activationCode\":\"" LAB_CODE "\""
#define SWITCH ",\"rollback\":true,\"iccid\":\"" LAB_PARTNER_ICCID "\""

static int take_back(struct fixture *f, const char *reference, const char *query)
{
    char url[200];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    char id[64];
    snprintf(id, sizeof id, "%s", lab_get(&f->l, f->l.eso, url, "orderId"));
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s%s", id, query);
    return lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL);
}

static int try_again(struct fixture *f, const char *reference, const char *body)
{
    char url[200], id[64];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    snprintf(id, sizeof id, "%s", lab_get(&f->l, f->l.eso, url, "orderId"));
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s/retry", id);
    return lab_call(&f->l, f->l.eso, "POST", url, body, NULL);
}

static void wait(struct fixture *f, int64_t seconds)
{
    clock_virtual_advance(&f->l.clock, LAB_EPOCH + seconds * CLOCK_SECOND);
}

/* --- the end of its time -------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *kind, *more;
    int sent_as;
    const char *then, *result; /* state when its time is over */
    int next;                  /* the next poll, with an order behind it */
} overdue[] = {
    { "a download's trigger", "download", DOWNLOAD SOON, RSP_EIM_PACKAGE_DOWNLOAD, "expired", "noAnswer", RSP_EIM_PACKAGE_DATA_REQUEST },
    { "a question", "data", SOON, RSP_EIM_PACKAGE_DATA_REQUEST, "expired", "noAnswer", RSP_EIM_PACKAGE_DATA_REQUEST },
    { "a signed package, which may have been done", "list", SOON, RSP_EIM_PACKAGE_EUICC_PACKAGE, "sent", "", RSP_EIM_PACKAGE_EUICC_PACKAGE },
    { "a trigger without an end", "download", DOWNLOAD, RSP_EIM_PACKAGE_DOWNLOAD, "sent", "", RSP_EIM_PACKAGE_DOWNLOAD },
};

/* Found by the tick or by the poll, whoever comes first; told once. */
static void a_sent_order_ends_when_its_time_is_over(void)
{
    for (size_t k = 0; k < 2 * COUNT(overdue); k++) {
        const size_t i = k / 2;
        struct fixture f;
        struct span id;
        uint8_t first[16];
        fixture_open(&f);
        CHECK_ROW(overdue[i].name, order(&f, "a", overdue[i].kind, overdue[i].more) == 202);
        CHECK_ROW(overdue[i].name, order(&f, "b", "data", "") == 202);
        CHECK_ROW(overdue[i].name, poll(&f) == overdue[i].sent_as);
        wait(&f, 19);
        tick_eim(&f);
        CHECK_ROW(overdue[i].name, poll(&f) == overdue[i].sent_as && strcmp(order_state(&f, "a"), "sent") == 0);
        id = f.package.message.data.eim_transaction_id;
        if (overdue[i].sent_as == RSP_EIM_PACKAGE_DATA_REQUEST)
            memcpy(first, id.at, sizeof first);
        wait(&f, 20);
        if (k % 2)
            run_eim(&f, false, 1);
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(overdue[i].name, poll(&f) == overdue[i].next);
        if (overdue[i].sent_as == RSP_EIM_PACKAGE_DATA_REQUEST)
            CHECK_ROW(overdue[i].name, !span_equal(f.package.message.data.eim_transaction_id, SPAN_ARRAY(first)));
        run_eim(&f, false, CLOCK_MINUTE);
        CHECK_ROW(overdue[i].name, strcmp(order_state(&f, "a"), overdue[i].then) == 0);
        CHECK_ROW(overdue[i].name, strcmp(result_name(&f, "a"), overdue[i].result) == 0);
        CHECK_ROW(overdue[i].name, f.eso.heard_count == (strcmp(overdue[i].then, "expired") == 0 ? 1u : 0u));
        fixture_close(&f);
    }
}

/* --- taken back ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *kind, *more, *query;
    bool sent;
    int status;
    const char *state, *result;
} taken_back[] = {
    { "what nobody has", "list", "", "", false, 200, "cancelled", "" },
    { "what nobody has, by the word", "list", "", "?abandon=true", false, 200, "cancelled", "" },
    { "a trigger that was sent, without the word", "download", DOWNLOAD, "", true, 409, "sent", "" },
    { "a trigger that was sent", "download", DOWNLOAD, "?abandon=true", true, 200, "cancelled", "abandoned" },
    { "a question that was sent", "data", "", "?abandon=true", true, 200, "cancelled", "abandoned" },
    { "a package that was sent, without the word", "enable", SWITCH, "", true, 409, "sent", "" },
    { "a package that was sent, with the word taken back", "enable", SWITCH, "?abandon=false", true, 409, "sent", "" },
    { "a package that was sent, with another word", "enable", SWITCH, "?abandon=yes", true, 400, "sent", "" },
    { "a package that was sent", "enable", SWITCH, "?abandon=true", true, 200, "cancelled", "abandoned" },
};

static void what_was_sent_is_abandoned(void)
{
    for (size_t i = 0; i < COUNT(taken_back); i++) {
        struct fixture f;
        fixture_open(&f);
        REQUIRE(order(&f, "a", taken_back[i].kind, taken_back[i].more) == 202);
        if (taken_back[i].sent)
            REQUIRE(poll(&f) != RSP_EIM_PACKAGE_ERROR);
        REQUIRE(order(&f, "b", "data", "") == 202);
        CHECK_ROW(taken_back[i].name, take_back(&f, "a", taken_back[i].query) == taken_back[i].status);
        CHECK_ROW(taken_back[i].name, strcmp(order_state(&f, "a"), taken_back[i].state) == 0);
        CHECK_ROW(taken_back[i].name, strcmp(result_name(&f, "a"), taken_back[i].result) == 0);
        bool over = taken_back[i].status == 200;
        if (over)
            CHECK_ROW(taken_back[i].name, take_back(&f, "a", taken_back[i].query) == 200); /* again */
        CHECK_ROW(taken_back[i].name, !over || poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
        run_eim(&f, false, CLOCK_MINUTE);
        CHECK_ROW(taken_back[i].name, f.eso.heard_count == (over ? 1u : 0u));
        fixture_close(&f);
    }
}

/* What was spent is spent: the next package bears the next counter, whatever became of the one before. */
static void a_counter_that_was_abandoned_is_spent(void)
{
    struct fixture f;
    fixture_open(&f);
    REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 1 && take_back(&f, "a", "?abandon=true") == 200);
    lab_restart(&f.l, LAB_EIM);
    REQUIRE(order(&f, "b", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 2);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "b"), "done") == 0);
    fixture_close(&f);
}

/* Its package may still be answered, and an order is one package: whoever wants it done anew orders it under another reference. */
static void what_was_abandoned_is_not_tried_again(void)
{
    static const struct { const char *kind, *more, *body; int status; } rows[] = {
        { "enable", SWITCH, "{}", 409 },
        { "download", DOWNLOAD, "{\"activationCode\":\"" LAB_CODE "\"}", 202 },
        { "data", "", "{}", 202 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        fixture_open(&f);
        REQUIRE(order(&f, "a", rows[i].kind, rows[i].more) == 202 && poll(&f) != RSP_EIM_PACKAGE_ERROR);
        REQUIRE(take_back(&f, "a", "?abandon=true") == 200);
        CHECK_ROW(rows[i].kind, try_again(&f, "a", rows[i].body) == rows[i].status);
        fixture_close(&f);
    }
}

/* --- what comes late -------------------------------------------------------------------------------------------- */

enum end { EXPIRED, ABANDONED };
enum late { SUCCESS, FAILURE, BACK, BUSY, EMERGENCY, REPLAY, UNSIGNED, TAMPERED, IPA_ERROR, KILL, END };
static const struct {
    const char *name;
    enum late answers[5];
    const char *state, *result;
    unsigned told; /* with the end before */
} late_packages[] = {
    { "nothing", { END }, "cancelled", "abandoned", 1 },
    { "it was done", { SUCCESS, END }, "done", "ok", 2 },
    { "it was done, told twice, over a restart", { SUCCESS, KILL, SUCCESS, END }, "done", "ok", 2 },
    { "it was done, and taken back", { SUCCESS, BACK, END }, "failed", "rolledBack", 3 },
    { "it was taken back", { BACK, END }, "failed", "rolledBack", 2 },
    { "it was taken back, then the old success", { BACK, SUCCESS, END }, "failed", "rolledBack", 2 },
    { "it could not be done", { FAILURE, END }, "failed", "profileNotInDisabledState", 2 },
    { "the card was busy: nothing was done", { BUSY, END }, "cancelled", "abandoned", 1 },
    { "an emergency call: nothing was done", { EMERGENCY, END }, "cancelled", "abandoned", 1 },
    { "it ran before: what it came to is not said", { REPLAY, END }, "cancelled", "abandoned", 1 },
    { "an unsigned refusal", { UNSIGNED, UNSIGNED, UNSIGNED, END }, "cancelled", "abandoned", 1 },
    { "an error of the IPA", { IPA_ERROR, IPA_ERROR, IPA_ERROR, END }, "cancelled", "abandoned", 1 },
    { "an altered success", { TAMPERED, END }, "cancelled", "abandoned", 1 },
    { "an altered success, then the true one", { TAMPERED, SUCCESS, END }, "done", "ok", 2 },
};

static void put_result(enum late a, struct buf *out)
{
    const struct rsp_euicc_result r = { .which = a == BACK ? RSP_RESULT_ROLLBACK : RSP_RESULT_ENABLE,
                                        .code = a == FAILURE ? 2 : a == BUSY ? RSP_PSMO_ENABLE_CAT_BUSY : 0 };
    REQUIRE(rsp_euicc_result_write(&r, out) == ERR_OK);
}

static void bring_late(struct fixture *f, enum late a, const struct rsp_euicc_package_signed *q)
{
    struct buf results = { .max = 256 };
    struct rsp_euicc_package_result r;
    struct rsp_provide_eim_package_result error = { .result = { .which = RSP_EIM_RESULT_ERROR } };
    const struct rsp_package_error_data e = { .eim_id = q->eim_id, .counter = q->counter, .eim_transaction_id = q->eim_transaction_id,
                                              .code = a == REPLAY ? RSP_PACKAGE_REPLAY_ERROR : RSP_PACKAGE_ECALL_ACTIVE };
    switch (a) {
    case KILL:
        lab_restart(&f->l, LAB_EIM);
        return;
    case EMERGENCY:
    case REPLAY:
        sign_error(f, &f->l.card, &e);
        CHECK(bring_result(f) == RSP_PROVIDE_EMPTY);
        return;
    case UNSIGNED:
        r = (struct rsp_euicc_package_result){ .which = RSP_PACKAGE_ERROR_UNSIGNED,
                                               .unsigned_error = { q->eim_id, q->eim_transaction_id, { 0 } } };
        buf_clear(&f->result);
        REQUIRE(rsp_euicc_package_result_write(&r, &f->result) == ERR_OK);
        CHECK(bring_result(f) == RSP_PROVIDE_EMPTY);
        return;
    case IPA_ERROR:
        error.result.error = (struct rsp_eim_session_error){ q->eim_transaction_id, 1 };
        CHECK(provide(f, &error) == RSP_PROVIDE_EMPTY);
        return;
    default:
        break;
    }
    put_result(a, &results);
    const struct rsp_package_result_data d = { .eim_id = q->eim_id, .counter = q->counter, .seq_number = 7,
                                               .eim_transaction_id = q->eim_transaction_id, .results = buf_span(&results) };
    sign_result(f, &f->l.card, &d);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&f->result), &r) == ERR_OK);
    if (a == TAMPERED)
        lab_flip(span_sub(r.result.signature, 11, 1));
    CHECK(bring_result(f) == (a == TAMPERED ? RSP_PROVIDE_ERROR : RSP_PROVIDE_ACKNOWLEDGEMENTS));
    buf_release(&results);
}

/* It is verified as ever, and what it says is learned and told. */
static void a_late_result_of_a_package(void)
{
    for (size_t k = 0; k < 2 * COUNT(late_packages); k++) {
        const size_t i = k / 2;
        struct fixture f;
        struct rsp_get_eim_package_response sent;
        struct buf kept = { .max = 1 << 14 };
        fixture_open(&f);
        REQUIRE(order(&f, "a", "enable", SWITCH) == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        REQUIRE(buf_set(&kept, buf_span(&f.package.received)) == ERR_OK);
        REQUIRE(rsp_get_eim_package_response_read(buf_span(&kept), &sent) == ERR_OK);
        REQUIRE(take_back(&f, "a", "?abandon=true") == 200);
        tick_eim(&f);
        REQUIRE(order(&f, "b", "list", "") == 202);
        if (k % 2) /* the next one is under way, too */
            REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        for (const enum late *a = late_packages[i].answers; *a != END; a++) {
            bring_late(&f, *a, &sent.package.package_signed);
            tick_eim(&f);
        }
        CHECK_ROW(late_packages[i].name, strcmp(order_state(&f, "a"), late_packages[i].state) == 0);
        CHECK_ROW(late_packages[i].name, strcmp(result_name(&f, "a"), late_packages[i].result) == 0);
        CHECK_ROW(late_packages[i].name, strcmp(order_state(&f, "b"), k % 2 ? "sent" : "queued") == 0);
        CHECK_ROW(late_packages[i].name, f.eso.heard_count == late_packages[i].told);
        buf_release(&kept);
        fixture_close(&f);
    }
}

enum end_of_download { BY_TIME, BY_WORD, BY_UNSIGNED_ERROR };
static const struct {
    const char *name;
    enum end_of_download end;
    bool fails, error_first; /* the installation; the device also said an error */
    const char *state, *result;
    unsigned told;
} late_downloads[] = {
    { "expired, and installed after all", BY_TIME, false, false, "done", "ok", 2 },
    { "expired, and the card refused", BY_TIME, true, false, "failed", "scp03tSecurityError", 2 },
    { "abandoned, and installed after all", BY_WORD, false, false, "done", "ok", 2 },
    { "abandoned, an error that nobody signed, and installed after all", BY_WORD, false, true, "done", "ok", 2 },
    { "failed by an error that nobody signed, and installed after all", BY_UNSIGNED_ERROR, false, false, "done", "ok", 2 },
};

static int bring_error(struct fixture *f, struct span transaction_id)
{
    const struct rsp_profile_download_trigger_result r = {
        .eim_transaction_id = transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    return bring_download(f, LAB_EID, &r);
}

static void a_late_installation(void)
{
    for (size_t i = 0; i < COUNT(late_downloads); i++) {
        struct fixture f;
        struct buf bf37 = { .max = 8192 };
        uint8_t id[16];
        fixture_open(&f);
        REQUIRE(order(&f, "a", "download", DOWNLOAD SOON) == 202 && poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
        memcpy(id, f.package.message.download.eim_transaction_id.at, sizeof id);
        install(&f, &f.l.card, late_downloads[i].fails, &bf37);
        if (late_downloads[i].end == BY_TIME)
            wait(&f, 20);
        else
            CHECK_ROW(late_downloads[i].name, late_downloads[i].end == BY_WORD
                                                  ? take_back(&f, "a", "?abandon=true") == 200
                                                  : bring_error(&f, SPAN_ARRAY(id)) == RSP_PROVIDE_EMPTY);
        tick_eim(&f);
        const char *ended = order_state(&f, "a");
        CHECK_ROW(late_downloads[i].name, strcmp(ended, "sent") != 0);
        if (late_downloads[i].error_first)
            CHECK_ROW(late_downloads[i].name, bring_error(&f, SPAN_ARRAY(id)) == RSP_PROVIDE_EMPTY);
        struct rsp_profile_download_trigger_result r = { .eim_transaction_id = SPAN_ARRAY(id),
                                                         .result = { .which = RSP_DOWNLOAD_RESULT_INSTALLATION } };
        REQUIRE(rsp_profile_installation_result_read(buf_span(&bf37), &r.result.installation) == ERR_OK);
        for (int again = 0; again < 2; again++) {
            CHECK_ROW(late_downloads[i].name, bring_download(&f, LAB_EID, &r) == RSP_PROVIDE_EMPTY);
            lab_restart(&f.l, LAB_EIM);
            tick_eim(&f);
        }
        CHECK_ROW(late_downloads[i].name, bring_error(&f, SPAN_ARRAY(id)) == RSP_PROVIDE_EMPTY);
        tick_eim(&f);
        CHECK_ROW(late_downloads[i].name, strcmp(order_state(&f, "a"), late_downloads[i].state) == 0);
        CHECK_ROW(late_downloads[i].name, strcmp(result_name(&f, "a"), late_downloads[i].result) == 0);
        CHECK_ROW(late_downloads[i].name, f.eso.heard_count == late_downloads[i].told);
        buf_release(&bf37);
        fixture_close(&f);
    }
}

/* An error that names no transaction, or one that nobody fetched, ends no download. */
static void an_error_of_somebody_who_fetched_nothing(void)
{
    static const uint8_t stranger[16] = { 9 };
    struct fixture f;
    fixture_open(&f);
    REQUIRE(order(&f, "a", "download", DOWNLOAD) == 202 && poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
    for (int i = 0; i < 5; i++)
        CHECK(bring_error(&f, (struct span){ 0 }) == RSP_PROVIDE_EMPTY && bring_error(&f, SPAN_ARRAY(stranger)) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0);
    fixture_close(&f);
}

/* A question that was given up is answered late: what it says is known all the same. */
static void a_late_answer_to_a_question(void)
{
    struct fixture f;
    uint8_t eid[16], id[16];
    fixture_open(&f);
    REQUIRE(order(&f, "a", "data", SOON) == 202 && poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    memcpy(id, f.package.message.data.eim_transaction_id.at, sizeof id);
    wait(&f, 20);
    tick_eim(&f);
    CHECK(strcmp(order_state(&f, "a"), "expired") == 0);
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid), .result = { .which = RSP_EIM_RESULT_DATA, .data.which = RSP_OK } };
    q.result.data.data.eim_transaction_id = SPAN_ARRAY(id);
    q.result.data.data.default_smdp_address = span_str("smdp.example.com");
    CHECK(provide(&f, &q) == RSP_PROVIDE_EMPTY);
    tick_eim(&f);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0 && f.eso.heard_count == 2);
    CHECK(strcmp(lab_get(&f.l, f.l.eso, EUICC, "defaultSmdpAddress"), "smdp.example.com") == 0);
    fixture_close(&f);
}

const struct test ending_tests[] = {
    { "a sent order that nobody signed ends when its time is over, a package does not", a_sent_order_ends_when_its_time_is_over },
    { "what was sent is given up by a word of its own", what_was_sent_is_abandoned },
    { "the counter of a package that was given up is spent", a_counter_that_was_abandoned_is_spent },
    { "a package that was given up is not tried again under its reference", what_was_abandoned_is_not_tried_again },
    { "a late result of a package is learned and told", a_late_result_of_a_package },
    { "a late installation is learned and told", a_late_installation },
    { "an error of somebody who fetched nothing ends no download", an_error_of_somebody_who_fetched_nothing },
    { "a late answer to a question is learned", a_late_answer_to_a_question },
};
const size_t ending_tests_count = COUNT(ending_tests);
