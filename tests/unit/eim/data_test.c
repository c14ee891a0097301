/* Questions to the device, and results that were lost on the way and are fetched from the eUICC. */
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

static int bring_data(struct fixture *f, const struct rsp_ipa_euicc_data_response *r)
{
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    const struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid),
                                                      .result = { .which = RSP_EIM_RESULT_DATA, .data = *r } };
    return provide(f, &q);
}

static bool shows_data(struct fixture *f)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=a", "", &answer) == 200);
    bool shown = json_str(json_object_get(answer, "result"), "ipaEuiccDataResponse");
    json_decref(answer);
    return shown;
}

static void ask(bool json)
{
    struct fixture f;
    fixture_open(&f);
    f.peer.json = json;
    CHECK(order(&f, "a", "data", ",\"parameters\":{\"tags\":[\"81\",\"BF22\"]}") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    const struct rsp_ipa_euicc_data_request *q = &f.package.message.data;
    CHECK(span_equal(q->tag_list, SPAN(0x81, 0xbf, 0x22)) && q->eim_transaction_id.len == 16);
    struct rsp_ipa_euicc_data_response r = { .which = RSP_OK,
                                             .data = { .default_smdp_address = span_str("smdp.example.com"),
                                                       .eim_transaction_id = SPAN(1, 2, 3) } };
    CHECK(bring_data(&f, &r) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0); /* a transaction that is none of ours */
    lab_restart(&f.l, LAB_EIM);
    r.data.eim_transaction_id = q->eim_transaction_id;
    CHECK(bring_data(&f, &r) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(result_name(&f, "a"), "ok") == 0 && shows_data(&f));
    CHECK(bring_data(&f, &r) == RSP_PROVIDE_EMPTY); /* told twice */
    tick_eim(&f);
    CHECK(f.eso.heard_count == 1);
    fixture_close(&f);
}

static void questions(void)
{
    ask(false);
    ask(true);
}

static void refuse(bool json)
{
    struct fixture f;
    fixture_open(&f);
    f.peer.json = json;
    CHECK(order(&f, "a", "data", "") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    const struct rsp_ipa_euicc_data_response r = {
        .which = RSP_ERROR, .error = { f.package.message.data.eim_transaction_id, RSP_IPA_DATA_INCORRECT_TAG_LIST }
    };
    CHECK(bring_data(&f, &r) == RSP_PROVIDE_EMPTY);
    CHECK(strcmp(order_state(&f, "a"), "failed") == 0 && strcmp(result_name(&f, "a"), "incorrectTagList") == 0);
    CHECK(bring_data(&f, &r) == RSP_PROVIDE_EMPTY); /* told twice */
    tick_eim(&f);
    CHECK(f.eso.heard_count == 1);
    fixture_close(&f);
}

static void refused_question(void)
{
    refuse(false);
    refuse(true);
}

/* --- a lost result ------------------------------------------------------------------------------------------ */

enum kept { KEPT, KEPT_NONE, KEPT_ALTERED, KEPT_TWICE, KEPT_BY_ANOTHER, KEPT_OF_ANOTHER_TRANSACTION };
static const struct {
    const char *name;
    enum kept kept;
    const char *state, *result;
} lost[] = {
    { "the eUICC kept it", KEPT, "done", "ok" },
    { "the eUICC kept it, and tells it twice", KEPT_TWICE, "done", "ok" },
    { "the eUICC kept nothing", KEPT_NONE, "failed", "replayError" },
    { "what comes was altered", KEPT_ALTERED, "failed", "replayError" },
    { "what comes was signed by another eUICC", KEPT_BY_ANOTHER, "failed", "replayError" },
    { "what comes is of a transaction that never was", KEPT_OF_ANOTHER_TRANSACTION, "failed", "replayError" },
};

/* A success that is none of this order's. */
static void sign_strange(struct fixture *f, bool by_another)
{
    static const uint8_t never[16] = { 9, 9, 9 };
    struct lab_card other;
    struct buf results = { .max = 64 };
    const struct rsp_euicc_result done = { .which = RSP_RESULT_DISABLE };
    REQUIRE(rsp_euicc_result_write(&done, &results) == ERR_OK);
    const struct rsp_package_result_data d = { .eim_id = span_str("eim.example.com"), .counter = 1, .seq_number = 3,
                                               .eim_transaction_id = by_another ? f->package.message.data.eim_transaction_id
                                                                                : SPAN_ARRAY(never),
                                               .results = buf_span(&results) };
    lab_card_open(&f->l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    lab_register(&f->l, &other);
    sign_result(f, by_another ? &other : &f->l.card, &d);
    lab_card_close(&other);
    buf_release(&results);
}

/* What the card kept, as the IPA answers with it. */
static int bring_kept(struct fixture *f, enum kept kept)
{
    struct es10b_retrieve_notifications_response all = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_retrieve_notifications_request q = { .has_search = true };
    q.search.which = RSP_RETRIEVE_PACKAGE_RESULTS;
    q.search.package_results = true;
    REQUIRE(es10b_retrieve_notifications_list(&f->l.card.es, &q, &all) == ERR_OK);
    REQUIRE(all.message.which == RSP_RETRIEVE_RESULTS);
    struct rsp_ipa_euicc_data_response r = {
        .which = RSP_OK, .data = { .eim_transaction_id = f->package.message.data.eim_transaction_id }
    };
    if (kept == KEPT_BY_ANOTHER || kept == KEPT_OF_ANOTHER_TRANSACTION)
        sign_strange(f, kept == KEPT_BY_ANOTHER);
    if (kept == KEPT_BY_ANOTHER || kept == KEPT_OF_ANOTHER_TRANSACTION)
        r.data.package_results = buf_span(&f->result);
    else if (kept != KEPT_NONE)
        r.data.package_results = all.message.package_results;
    if (kept == KEPT_ALTERED)
        lab_flip(span_sub(all.message.package_results, all.message.package_results.len - 1, 1));
    int which = bring_data(f, &r);
    if (kept == KEPT_TWICE)
        which = bring_data(f, &r);
    buf_release(&all.received);
    return which;
}

int bring_kept_results(struct fixture *f)
{
    return bring_kept(f, KEPT);
}

/* Executed, the result lost, the same package again: the eUICC says replayError. */
static void lose_result(struct fixture *f)
{
    CHECK(order(f, "a", "disable", ",\"iccid\":\"" LAB_LEAD_ICCID "\"") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    execute(f);
}

static void lost_results(void)
{
    for (size_t k = 0; k < 2 * COUNT(lost); k++) {
        const size_t i = k / 2;
        struct fixture f;
        fixture_open(&f);
        f.peer.json = k % 2;
        lose_result(&f);
        CHECK_ROW(lost[i].name, bring_result(&f) == RSP_PROVIDE_EMPTY);
        CHECK_ROW(lost[i].name, bring_result(&f) == RSP_PROVIDE_EMPTY); /* told twice */
        CHECK_ROW(lost[i].name, strcmp(order_state(&f, "a"), "sent") == 0);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
        CHECK_ROW(lost[i].name, span_equal(f.package.message.data.tag_list, SPAN(0xa2)));
        /* One that is believed is acknowledged, also where nobody waits for it. */
        bool told = lost[i].kept == KEPT || lost[i].kept == KEPT_TWICE || lost[i].kept == KEPT_OF_ANOTHER_TRANSACTION;
        CHECK_ROW(lost[i].name, bring_kept(&f, lost[i].kept) == (int)(told ? RSP_PROVIDE_ACKNOWLEDGEMENTS
                                                                          : RSP_PROVIDE_EMPTY));
        CHECK_ROW(lost[i].name, strcmp(order_state(&f, "a"), lost[i].state) == 0);
        CHECK_ROW(lost[i].name, strcmp(result_name(&f, "a"), lost[i].result) == 0);
        tick_eim(&f);
        CHECK_ROW(lost[i].name, f.eso.heard_count == 1);
        CHECK_ROW(lost[i].name, poll(&f) == RSP_EIM_PACKAGE_ERROR);
        fixture_close(&f);
    }
}

/* The eIM killed at its n-th write, and the device trying again: the order is done in the end. */
static void killed_while_recovering(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 40; n++) {
        struct fixture f;
        fixture_open(&f);
        lose_result(&f);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        cut = false;
        for (int turn = 0; turn < 4; turn++) {
            if (bring_result(&f) == RSP_PROVIDE_EMPTY && poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST)
                CHECK(bring_kept(&f, KEPT) != RSP_PROVIDE_ERROR);
            if (f.l.part[LAB_EIM].dead) {
                cut = true;
                lab_restart(&f.l, LAB_EIM);
            }
        }
        CHECK(strcmp(order_state(&f, "a"), "done") == 0);
        fixture_close(&f);
    }
    CHECK(!cut);
}

const struct test data_tests[] = {
    { "what was asked for is shown", questions },
    { "a question that the device refuses has failed", refused_question },
    { "a result that was lost is fetched from the eUICC", lost_results },
    { "a lost result is found wherever the eIM is killed", killed_while_recovering },
};
const size_t data_tests_count = COUNT(data_tests);
