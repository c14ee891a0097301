/* One row that cannot be read, whether it is damaged or sealed with another key, costs its own order and nothing else. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"

#define SET_ADDRESS ",\"parameters\":{\"address\":\"smdp.example.com\"}"
#define ENABLE ",\"iccid\":\"" LAB_LEAD_ICCID "\""
#define DOWNLOAD ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"24681357\""

static const struct {
    const char *name;
    const char *kind, *more;
    bool sent; /* before the damage */
    const char *damage, *result, *error;
} rows[] = {
    { "a code of another order", "download", DOWNLOAD, false,
      "UPDATE orders SET activation_code = (SELECT activation_code FROM orders o WHERE o.reference = 'c') WHERE reference = 'a'",
      "secretUnreadable", "storage-key" },
    { "a code in another place", "download", DOWNLOAD, false, "UPDATE orders SET activation_code = confirmation WHERE reference = 'a'",
      "secretUnreadable", "storage-key" },
    { "a code sealed with another key", "download", DOWNLOAD, false,
      "UPDATE orders SET activation_code = randomblob(60) WHERE reference = 'a'", "secretUnreadable", "storage-key" },
    { "a confirmation code that is cut short", "download", DOWNLOAD, false,
      "UPDATE orders SET confirmation = zeroblob(7) WHERE reference = 'a'", "secretUnreadable", "storage-key" },
    { "a code that is too long", "download", DOWNLOAD, false, "UPDATE orders SET activation_code = zeroblob(9000) WHERE reference = 'a'",
      "secretUnreadable", "storage-key" },
    { "a trigger that was sent, sealed with another key", "download", DOWNLOAD, true,
      "UPDATE orders SET message = randomblob(90) WHERE reference = 'a'", "secretUnreadable", "storage-key" },
    { "a trigger that was sent, and all its codes", "download", DOWNLOAD, true,
      "UPDATE orders SET message = randomblob(90), activation_code = randomblob(60), confirmation = randomblob(60) WHERE reference = 'a'",
      "secretUnreadable", "storage-key" },
    { "parameters that are no JSON", "setDefaultDpAddress", SET_ADDRESS, false,
      "UPDATE orders SET parameters = '{\"address' WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "parameters of another kind", "setDefaultDpAddress", SET_ADDRESS, false,
      "UPDATE orders SET parameters = '{\"address\":7}' WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "parameters that are gone", "setDefaultDpAddress", SET_ADDRESS, false,
      "UPDATE orders SET parameters = NULL WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "an ICCID that is none", "enable", ENABLE, false, "UPDATE orders SET iccid = 'x' WHERE reference = 'a'", "orderUnreadable",
      "order again" },
    { "a kind that there is not", "enable", ENABLE, false, "UPDATE orders SET kind = 99 WHERE reference = 'a'", "orderUnreadable",
      "order again" },
    { "a kind below all", "enable", ENABLE, false, "UPDATE orders SET kind = -7 WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "a kind that there is not, sent", "enable", ENABLE, true, "UPDATE orders SET kind = 99 WHERE reference = 'a'", "orderUnreadable",
      "order again" },
    { "a package that was sent and is no message now", "enable", ENABLE, true,
      "UPDATE orders SET message = zeroblob(9) WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "a package that was sent and is cut short", "enable", ENABLE, true,
      "UPDATE orders SET message = substr(message, 1, 60) WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "a package that was sent and is gone", "enable", ENABLE, true, "UPDATE orders SET message = NULL WHERE reference = 'a'",
      "orderUnreadable", "order again" },
    { "a package that was sent and is too long now", "enable", ENABLE, true,
      "UPDATE orders SET message = zeroblob(70000) WHERE reference = 'a'", "orderUnreadable", "order again" },
    { "the name of the key that the eUICC knows", "enable", ENABLE, false, "UPDATE euicc SET signing = zeroblob(40)",
      "signingKeyUnreadable", "backup" },
};

static void spoil(struct fixture *f, const char *sql)
{
    REQUIRE(db_run(f->l.part[LAB_EIM].env.db, sql, NULL, 0, NULL) == ERR_OK);
}

/* The last one waits for no key. */
static void order_three(struct fixture *f, size_t i)
{
    REQUIRE(order(f, "a", rows[i].kind, rows[i].more) == 202);
    if (rows[i].sent)
        REQUIRE(poll(f) != RSP_EIM_PACKAGE_ERROR);
    REQUIRE(order(f, "b", "data", "") == 202 && order(f, "c", "download", DOWNLOAD) == 202);
}

static int listed(struct fixture *f)
{
    json_t *answer = NULL;
    int status = lab_call(&f->l, f->l.eso, "GET", LAB_EIM_URL "/v1/orders", "", &answer);
    int count = (int)json_array_size(json_object_get(answer, "items"));
    json_decref(answer);
    return status == 200 ? count : -1;
}

static void it_fails_alone(void)
{
    for (size_t k = 0; k < 2 * COUNT(rows); k++) {
        const size_t i = k / 2;
        char heard[64];
        struct fixture f;
        fixture_open(&f);
        f.peer.json = k % 2;
        order_three(&f, i);
        spoil(&f, rows[i].damage);
        CHECK_ROW(rows[i].name, listed(&f) == 3 && order_state(&f, "a")[0]);
        CHECK_ROW(rows[i].name, poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST && strcmp(order_state(&f, "b"), "sent") == 0);
        CHECK_ROW(rows[i].name, strcmp(order_state(&f, "a"), "failed") == 0 && strcmp(result_name(&f, "a"), rows[i].result) == 0);
        CHECK_ROW(rows[i].name, strstr(order_text(&f, "a", "result", "error"), rows[i].error));
        CHECK_ROW(rows[i].name, lab_said(&f.l, "order.unreadable") && lab_said(&f.l, rows[i].error));
        tick_eim(&f);
        snprintf(heard, sizeof heard, "a failed %s", rows[i].result);
        CHECK_ROW(rows[i].name, f.eso.heard_count == 1 && strcmp(f.eso.heard[0], heard) == 0);
        lab_forget_log(&f.l);
        CHECK_ROW(rows[i].name, poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST && listed(&f) == 3 && !lab_said(&f.l, "order.unreadable"));
        fixture_close(&f);
    }
}

/* A tick does what it has to do for the others. */
static void its_time_runs_out(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char more[400];
        if (rows[i].sent)
            continue;
        fixture_open(&f);
        snprintf(more, sizeof more, "%s,\"validUntil\":\"2026-02-01T00:00:00Z\"", rows[i].more);
        REQUIRE(order(&f, "a", rows[i].kind, more) == 202 && order(&f, "c", "download", DOWNLOAD) == 202);
        spoil(&f, rows[i].damage);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + 40 * CLOCK_DAY);
        tick_eim(&f);
        CHECK_ROW(rows[i].name, strcmp(order_state(&f, "a"), "expired") == 0 && f.eso.heard_count == 1);
        fixture_close(&f);
    }
}

/* What comes for it, and what its orderer does with it, ends it too. */
static void it_is_cancelled_and_ordered_again(void)
{
    struct fixture f;
    char url[200];
    json_t *answer = NULL;
    fixture_open(&f);
    REQUIRE(order(&f, "a", "download", DOWNLOAD) == 202 && order(&f, "c", "download", DOWNLOAD) == 202);
    spoil(&f, rows[0].damage);
    CHECK(order(&f, "a", "download", DOWNLOAD) == 200); /* as one whose codes are forgotten */
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=a", "", &answer) == 200);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", json_str(answer, "orderId"));
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 200 && strcmp(order_state(&f, "a"), "cancelled") == 0);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s/retry", json_str(answer, "orderId"));
    CHECK(lab_call(&f.l, f.l.eso, "POST", url, "{\"activationCode\":\"" LAB_CODE "\"}", NULL) == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD && strcmp(order_state(&f, "c"), "sent") == 0);
    json_decref(answer);
    fixture_close(&f);
}

static const struct {
    const char *name, *kind, *more, *damage, *state, *result;
} answered[] = {
    { "a result counts, also where the package is gone", "enable", ENABLE, "UPDATE orders SET message = NULL", "failed",
      "profileNotInDisabledState" },
    { "a result of an order whose kind is none", "enable", ENABLE, "UPDATE orders SET kind = 99", "failed", "profileNotInDisabledState" },
    { "a success of an order whose kind is none", "list", "", "UPDATE orders SET kind = 99", "failed", "otherResultThanOrdered" },
};

static void its_result_comes(void)
{
    for (size_t i = 0; i < COUNT(answered); i++) {
        struct fixture f;
        fixture_open(&f);
        REQUIRE(order(&f, "a", answered[i].kind, answered[i].more) == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        spoil(&f, answered[i].damage);
        CHECK_ROW(answered[i].name, bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        CHECK_ROW(answered[i].name, strcmp(order_state(&f, "a"), answered[i].state) == 0);
        CHECK_ROW(answered[i].name, strcmp(result_name(&f, "a"), answered[i].result) == 0);
        fixture_close(&f);
    }
}

/* It failed because it could not be sent again; what the eUICC signed of it is known better. */
static void its_result_comes_late(void)
{
    struct fixture f;
    fixture_open(&f);
    REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    spoil(&f, "UPDATE orders SET message = zeroblob(9)");
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR && strcmp(result_name(&f, "a"), "orderUnreadable") == 0);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(result_name(&f, "a"), "ok") == 0);
    fixture_close(&f);
}

/* What was learned is asked again when it cannot be read; an eUICC's trouble is found out again. */
static void facts_that_cannot_be_read(void)
{
    static const char *const damages[] = {
        "UPDATE learned SET value = '{\"is\":'",
        "UPDATE learned SET value = '[]'",
        "UPDATE learned SET value = '{\"is\":{\"ipaFeatures\":[\"eimCtxParams1Generation\",\"eimProfileMetadataVerification\"]}}'"
        " WHERE what = 'capabilities'",
        "INSERT INTO learned SELECT eid, 'deviceInfo', 0, '{\"is\":{\"ctxParams1\":\"zz\"}}' FROM euicc",
        "INSERT INTO learned SELECT eid, 'rulesAuthorisationTable', 0, '{\"is\":\"?\"}' FROM euicc",
        "UPDATE euicc SET trouble = '{\"name\"'",
    };
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct fixture f;
        json_t *view = NULL;
        fixture_open(&f);
        CHECK(order(&f, "l", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        spoil(&f, "INSERT INTO learned SELECT eid, 'capabilities', 0, '{\"is\":{\"ipaFeatures\":[\"eimCtxParams1Generation\","
                  "\"eimProfileMetadataVerification\"]}}' FROM euicc");
        spoil(&f, damages[i]);
        CHECK_ROW(damages[i], order(&f, "a", "download", DOWNLOAD ",\"validUntil\":\"2026-02-01T00:00:00Z\"") == 202);
        CHECK_ROW(damages[i], lab_call(&f.l, f.l.eso, "GET", EUICC, "", &view) == 200);
        CHECK_ROW(damages[i], poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
        CHECK(order(&f, "b", "enable", ENABLE ",\"validUntil\":\"2026-02-01T00:00:00Z\"") == 202);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + 40 * CLOCK_DAY);
        tick_eim(&f);
        CHECK_ROW(damages[i], strcmp(order_state(&f, "b"), "expired") == 0);
        json_decref(view);
        fixture_close(&f);
    }
}

const struct test damage_tests[] = {
    { "an order that cannot be read fails with its cause, and the next one goes", it_fails_alone },
    { "the time of an order that cannot be read runs out as another's", its_time_runs_out },
    { "an order that cannot be read is cancelled, and ordered again", it_is_cancelled_and_ordered_again },
    { "the result of an order that cannot be read counts", its_result_comes },
    { "the result of an order that could not be read counts late", its_result_comes_late },
    { "a fact that cannot be read keeps nobody waiting", facts_that_cannot_be_read },
};
const size_t damage_tests_count = COUNT(damage_tests);
