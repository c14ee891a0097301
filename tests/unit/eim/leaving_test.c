/* How an eUICC leaves its tenant or this eIM, and what is left behind. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define ORDERS EUICC "/orders"
#define DELETE_OURSELVES ",\"parameters\":{\"eimId\":\"eim.example.com\"}"

static int call(struct fixture *f, struct http_client *as, const char *method, const char *url, const char *body)
{
    return lab_call(&f->l, as, method, url, body, NULL);
}

static int64_t number(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, sql, NULL, 0, &n) == ERR_OK);
    return n;
}

/* --- deleted ------------------------------------------------------------------------------------------------------ */

enum open { NONE, WAITS, UNDER_WAY };
static const struct {
    const char *name, *query;
    enum open open;
    int status;
    const char *state; /* of its order */
} deletions[] = {
    { "without orders", "", NONE, 204, "" },
    { "with an order that waits", "", WAITS, 409, "queued" },
    { "with an order under way", "", UNDER_WAY, 409, "sent" },
    { "with an order, and no force", "?force=false", WAITS, 409, "queued" },
    { "with an order, and a force that is none", "?force=1", WAITS, 400, "queued" },
    { "with an order that waits, by force", "?force=true", WAITS, 204, "cancelled" },
    { "with an order under way, by force", "?force=true", UNDER_WAY, 204, "cancelled" },
};

static void an_euicc_is_deleted(void)
{
    for (size_t i = 0; i < COUNT(deletions); i++) {
        struct fixture f;
        fixture_open(&f);
        if (deletions[i].open != NONE)
            CHECK_ROW(deletions[i].name, order(&f, "a", "list", "") == 202);
        if (deletions[i].open == UNDER_WAY)
            CHECK_ROW(deletions[i].name, poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK_ROW(deletions[i].name, call(&f, f.l.eso, "DELETE", EUICC, "") == (deletions[i].open == NONE ? 204 : 409));
        if (deletions[i].open != NONE) {
            char url[120];
            snprintf(url, sizeof url, EUICC "%s", deletions[i].query);
            CHECK_ROW(deletions[i].name, call(&f, f.l.eso, "DELETE", url, "") == deletions[i].status);
            CHECK_ROW(deletions[i].name, strcmp(order_state(&f, "a"), deletions[i].state) == 0);
        }
        bool gone = deletions[i].status == 204;
        lab_restart(&f.l, LAB_EIM);
        tick_eim(&f);
        CHECK_ROW(deletions[i].name, f.eso.heard_count == (gone && deletions[i].open != NONE ? 1u : 0u));
        CHECK_ROW(deletions[i].name, call(&f, f.l.eso, "GET", EUICC, "") == (gone ? 404 : 200));
        CHECK_ROW(deletions[i].name, call(&f, f.l.eso, "DELETE", EUICC, "") == (gone ? 404 : 409));
        if (gone) {
            CHECK_ROW(deletions[i].name, poll(&f) == RSP_EIM_PACKAGE_ERROR &&
                                             f.package.message.error == RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND);
            CHECK_ROW(deletions[i].name, number(&f, "SELECT count(*) FROM event WHERE body LIKE '%euicc.left%deleted%'") == 1);
        }
        fixture_close(&f);
    }
}

/* SGP.32 2.11.1.1: whoever registers it, whatever counter is told. */
static void a_counter_is_used_once_over_a_deletion(void)
{
    static const struct { const char *name, *told; int64_t next; bool other_tenant; } rows[] = {
        { "by the same tenant", "", 3, false },
        { "by another tenant", "", 3, true },
        { "with a lower counter", ",\"counter\":1", 3, false },
        { "with a higher counter", ",\"counter\":9", 10, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char body[9000];
        json_t *registration = json_pack("{s:s}", "eid", LAB_EID);
        fixture_open(&f);
        for (int k = 0; k < 2; k++) {
            REQUIRE(order(&f, k ? "b" : "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
            execute(&f);
            if (!k) /* the second is never answered */
                REQUIRE(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        }
        REQUIRE(call(&f, f.l.eso, "DELETE", EUICC "?force=true", "") == 204);
        lab_restart(&f.l, LAB_EIM);
        REQUIRE(json_set_base64(registration, "euiccCertificate", buf_span(&f.l.card.nist.certificate)) == ERR_OK &&
                json_set_base64(registration, "eumCertificate", f.l.card.nist.eum_certificate) == ERR_OK);
        struct buf text = { .max = 9000 };
        REQUIRE(json_write(registration, &text) == ERR_OK);
        snprintf(body, sizeof body, "%.*s%s}", (int)text.len - 1, (const char *)text.at, rows[i].told);
        struct http_client *as = rows[i].other_tenant ? f.l.admin : f.l.eso;
        CHECK_ROW(rows[i].name, call(&f, as, "POST", LAB_EIM_URL "/v1/euiccs", body) == 201);
        CHECK_ROW(rows[i].name, call(&f, as, "POST", ORDERS, "{\"reference\":\"n\",\"kind\":\"list\"}") == 202);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK_ROW(rows[i].name, f.package.message.package.package_signed.counter == rows[i].next);
        execute(&f);
        CHECK_ROW(rows[i].name, bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(rows[i].name, strcmp(lab_get(&f.l, as, LAB_EIM_URL "/v1/orders?reference=n", "state"), "done") == 0);
        buf_release(&text);
        json_decref(registration);
        fixture_close(&f);
    }
}

/* It is re-registered under the key that it knows, or it would refuse what is signed with today's. */
static void the_key_that_it_knows_is_kept(void)
{
    struct fixture f;
    fixture_open(&f);
    REQUIRE(call(&f, f.l.eso, "DELETE", EUICC, "") == 204);
    f.l.eim_new_key = true;
    lab_restart(&f.l, LAB_EIM);
    lab_register(&f.l, &f.l.card);
    REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "a"), "done") == 0);
    fixture_close(&f);
}

/* What was told of it is not owed any more, and keeps nothing else waiting. */
static void news_of_one_that_is_gone_are_dropped(void)
{
    struct fixture f;
    uint8_t eid[16];
    struct esipa_get_eim_package_response r = { .received.max = HTTP_BODY_MAX };
    fixture_open(&f);
    REQUIRE(call(&f, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs",
                 "{\"eid\":\"" LAB_EID "\",\"callback\":\"https://eso.example.com/hook\"}") == 200);
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid), .notify_state_change = true, .state_change_cause = { true, 4 } };
    CHECK(esipa_get_eim_package(&f.peer, &q, &r) == ERR_OK);
    REQUIRE(call(&f, f.l.eso, "DELETE", EUICC "?force=true", "") == 204);
    run_eim(&f, false, CLOCK_MINUTE);
    CHECK(f.eso.heard_count == 0 && number(&f, "SELECT count(*) FROM letter") == 0);
    esipa_get_eim_package_response_release(&r);
    fixture_close(&f);
}

/* --- another tenant's ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    bool by_operator, order;
    const char *body;
    int status;
} transfers[] = {
    { "by a tenant, who has not the right", false, false, "{\"tenant\":\"other\"}", 403 },
    { "by the operator", true, false, "{\"tenant\":\"other\"}", 204 },
    { "to whom it belongs already", true, true, "{\"tenant\":\"\"}", 204 },
    { "to nobody", true, false, "{\"tenant\":\"nobody\"}", 400 },
    { "to the eIM itself", true, false, "{\"tenant\":\"*\"}", 400 },
    { "to a number", true, false, "{\"tenant\":1}", 400 },
    { "to whom is not said", true, false, "{}", 400 },
    { "with an open order", true, true, "{\"tenant\":\"other\"}", 409 },
    { "with an open order, by force", true, true, "{\"tenant\":\"other\",\"force\":true}", 204 },
};

static void an_euicc_is_given_to_another_tenant(void)
{
    for (size_t i = 0; i < COUNT(transfers); i++) {
        struct fixture f;
        fixture_open(&f);
        if (transfers[i].order)
            REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK_ROW(transfers[i].name, call(&f, transfers[i].by_operator ? f.l.admin : f.l.eso, "POST", EUICC "/transfer",
                                          transfers[i].body) == transfers[i].status);
        bool moved = transfers[i].status == 204 && strstr(transfers[i].body, "other");
        CHECK_ROW(transfers[i].name, call(&f, f.l.eso, "GET", EUICC, "") == (moved ? 404 : 200));
        CHECK_ROW(transfers[i].name, call(&f, f.l.admin, "GET", EUICC, "") == (moved ? 200 : 404));
        if (transfers[i].order) {
            CHECK_ROW(transfers[i].name, strcmp(order_state(&f, "a"), moved ? "cancelled" : "sent") == 0);
            CHECK_ROW(transfers[i].name, strcmp(result_name(&f, "a"), moved ? "euiccTransferred" : "") == 0);
        }
        CHECK_ROW(transfers[i].name, number(&f, "SELECT count(*) FROM event WHERE tenant = '' AND body LIKE '%euicc.left%transferred%'") == moved);
        fixture_close(&f);
    }
}

/* Its counter goes on; who had it can do nothing with what he ordered. */
static void what_was_ordered_before_stays_with_who_ordered(void)
{
    struct fixture f;
    char id[64], url[160];
    fixture_open(&f);
    REQUIRE(order(&f, "a", "data", "") == 202);
    REQUIRE(call(&f, f.l.admin, "POST", EUICC "/transfer", "{\"tenant\":\"other\",\"force\":true}") == 204);
    snprintf(id, sizeof id, "%s", lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=a", "orderId"));
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
    CHECK(call(&f, f.l.eso, "GET", url, "") == 200 && call(&f, f.l.admin, "GET", url, "") == 404);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s/retry", id);
    CHECK(call(&f, f.l.eso, "POST", url, "{}") == 404 && poll(&f) == RSP_EIM_PACKAGE_ERROR);
    CHECK(call(&f, f.l.admin, "POST", ORDERS, "{\"reference\":\"a\",\"kind\":\"list\"}") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    fixture_close(&f);
}

/* The one who brings the true certificates gets what somebody squatted. */
static void a_squatted_eid_is_freed(void)
{
    struct fixture f;
    fixture_open(&f);
    REQUIRE(call(&f, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}") == 201);
    CHECK(call(&f, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}") == 409);
    CHECK(call(&f, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID "/transfer", "{\"tenant\":\"other\"}") == 204);
    CHECK(call(&f, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}") == 200);
    CHECK(call(&f, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs/89049032000000000000000000000066/transfer", "{\"tenant\":\"other\"}") == 404);
    fixture_close(&f);
}

/* --- another eIM's ----------------------------------------------------------------------------------------------------- */

static void run(struct fixture *f)
{
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    REQUIRE(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    tick_eim(f);
}

/* The eUICC knows a second eIM: without one nobody could end our association. */
static void open_with_two_eims(struct fixture *f)
{
    char more[900];
    fixture_open(f);
    other_eim(f, "second.example.com", "", more);
    REQUIRE(order(f, "add", "addEim", more) == 202);
    run(f);
}

static void an_euicc_is_handed_over(void)
{
    struct fixture f;
    open_with_two_eims(&f);
    REQUIRE(order(&f, "leave", "deleteEim", DELETE_OURSELVES) == 202);
    REQUIRE(order(&f, "list", "list", "") == 202 && order(&f, "code", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    run(&f);
    CHECK(strcmp(order_state(&f, "leave"), "done") == 0);
    CHECK(strcmp(order_state(&f, "list"), "failed") == 0 && strcmp(result_name(&f, "list"), "handedOver") == 0);
    CHECK(strcmp(order_state(&f, "code"), "failed") == 0 && strcmp(result_name(&f, "code"), "handedOver") == 0);
    CHECK(f.eso.heard_count == 4 && number(&f, "SELECT count(*) FROM event WHERE body LIKE '%euicc.left%handedOver%'") == 1);
    CHECK(number(&f, "SELECT handed_over FROM euicc WHERE eid = '" LAB_EID "'") == LAB_EPOCH);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS); /* told again */
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR && order(&f, "more", "list", "") == 409);
    CHECK(call(&f, f.l.eso, "PATCH", EUICC, "{\"associationToken\":3}") == 204); /* it came back */
    CHECK(order(&f, "more", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    fixture_close(&f);
}

/* The end of another eIM's association ends nothing of ours. */
static void another_eim_is_deleted(void)
{
    struct fixture f;
    open_with_two_eims(&f);
    REQUIRE(order(&f, "it", "deleteEim", ",\"parameters\":{\"eimId\":\"second.example.com\"}") == 202 && order(&f, "list", "list", "") == 202);
    run(&f);
    CHECK(strcmp(order_state(&f, "it"), "done") == 0 && strcmp(order_state(&f, "list"), "queued") == 0);
    run(&f);
    CHECK(strcmp(order_state(&f, "list"), "done") == 0);
    fixture_close(&f);
}

const struct test leaving_tests[] = {
    { "an eUICC is deleted, its open orders only by force", an_euicc_is_deleted },
    { "no counter is used twice over a deletion", a_counter_is_used_once_over_a_deletion },
    { "an eUICC that comes back is believed to know the key that it knew", the_key_that_it_knows_is_kept },
    { "news of an eUICC that is gone are dropped", news_of_one_that_is_gone_are_dropped },
    { "an eUICC is given to another tenant by who has that right", an_euicc_is_given_to_another_tenant },
    { "what was ordered before a transfer stays with who ordered it", what_was_ordered_before_stays_with_who_ordered },
    { "an EID that somebody squatted is freed", a_squatted_eid_is_freed },
    { "an eUICC that was handed over ends its other orders and takes no more", an_euicc_is_handed_over },
    { "the end of another eIM's association ends nothing", another_eim_is_deleted },
};
const size_t leaving_tests_count = COUNT(leaving_tests);
