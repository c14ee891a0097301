/* The eIM's clock is set, a year ahead or a year back, while it runs or while it does not: no order ends unsaid, nothing waits a year. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define YEAR (365 * CLOCK_DAY)
#define AHEAD (LAB_EPOCH + YEAR)

static void set_clock(struct fixture *f, int64_t at, bool restarted)
{
    f->l.clock.at = at;
    if (restarted)
        lab_restart(&f->l, LAB_EIM);
}

/* An order that ends: sent, and answered by a signed error. */
static void answer_with(struct fixture *f, int64_t code)
{
    const struct rsp_package_error_data d = { .eim_id = span_str("eim.example.com"),
                                              .counter = f->package.message.package.package_signed.counter,
                                              .eim_transaction_id = f->package.message.package.package_signed.eim_transaction_id,
                                              .code = code };
    sign_error(f, &f->l.card, &d);
    CHECK(bring_result(f) == RSP_PROVIDE_EMPTY);
}

static void send_order(struct fixture *f)
{
    CHECK(order(f, "a", "list", "") == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
}

/* --- set back ------------------------------------------------------------------------------------------------------ */

enum wait { POSTPONED, NEVER_TOLD, DEAF, REFUSED, PUSHED, PUSHED_POSTPONED, ASKED_IN_VAIN };
static const struct {
    const char *name;
    enum wait wait;
} waits[] = {
    { "an order whose card could not", POSTPONED },
    { "a callback that was not tried yet", NEVER_TOLD },
    { "a callback to who did not answer", DEAF },
    { "a callback that was refused", REFUSED },
    { "a push to who is away", PUSHED },
    { "a push to a card that could not", PUSHED_POSTPONED },
    { "a device that did not tell its certificates", ASKED_IN_VAIN },
};

static void begin_wait(struct fixture *f, enum wait w)
{
    f->eso.status = w == DEAF ? 503 : 200;
    f->eso.refused = w == REFUSED ? "a" : NULL;
    if (w == ASKED_IN_VAIN) {
        CHECK(db_run(f->l.part[LAB_EIM].env.db, "UPDATE euicc SET certificate = x'', eum_certificate = x''", NULL, 0, NULL) == ERR_OK);
        CHECK(order(f, "a", "list", "") == 202);
        REQUIRE(poll(f) == RSP_EIM_PACKAGE_DATA_REQUEST);
        CHECK(tell_certificates(f, LAB_EID, (struct span){ 0 }, (struct span){ 0 },
                                f->package.message.data.eim_transaction_id) == RSP_PROVIDE_EMPTY);
        return;
    }
    if (w == PUSHED || w == PUSHED_POSTPONED)
        CHECK(lab_call(&f->l, f->l.eso, "PATCH", EUICC, "{\"injectUrl\":\"https://ipa.example.com\"}", NULL) == 204);
    send_order(f);
    if (w == PUSHED)
        run_eim(f, false, CLOCK_HOUR); /* so that its pause is long */
    else
        answer_with(f, w == POSTPONED || w == PUSHED_POSTPONED ? RSP_PACKAGE_ECALL_ACTIVE : RSP_PACKAGE_INVALID_EID);
    if (w != NEVER_TOLD && w != PUSHED)
        tick_eim(f);
    f->eso.status = 200;
    f->eso.refused = NULL;
    f->eso.calls = 0;
}

/* When the eIM next does what waits for it; the latest of its own pauses is 15 minutes. */
static bool is_over(struct fixture *f, enum wait w)
{
    int64_t now = clock_now(&f->l.clock.clock), due = 0;
    switch (w) {
    case POSTPONED:
        return poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE;
    case ASKED_IN_VAIN:
        return poll(f) == RSP_EIM_PACKAGE_DATA_REQUEST;
    case PUSHED:
    case PUSHED_POSTPONED:
        return db_get_int(f->l.part[LAB_EIM].env.db, "SELECT due FROM push", NULL, 0, &due) == ERR_OK && due <= now + 15 * CLOCK_MINUTE;
    default:
        run_eim(f, false, 6 * CLOCK_MINUTE);
        return f->eso.calls > 0 && f->eso.heard_count > 0 && strstr(f->eso.heard[f->eso.heard_count - 1], "a failed");
    }
}

static void nothing_waits_a_year(void)
{
    for (size_t i = 0; i < 2 * COUNT(waits); i++) {
        struct fixture f;
        fixture_open(&f);
        set_clock(&f, AHEAD, false); /* wrong from the beginning */
        begin_wait(&f, waits[i / 2].wait);
        if (waits[i / 2].wait == POSTPONED || waits[i / 2].wait == ASKED_IN_VAIN)
            CHECK_ROW(waits[i / 2].name, poll(&f) == RSP_EIM_PACKAGE_ERROR); /* it does wait */
        set_clock(&f, LAB_EPOCH, i % 2);
        if (waits[i / 2].wait == PUSHED || waits[i / 2].wait == PUSHED_POSTPONED)
            tick_eim(&f);
        CHECK_ROW(waits[i / 2].name, is_over(&f, waits[i / 2].wait));
        fixture_close(&f);
    }
}

/* --- set ahead ----------------------------------------------------------------------------------------------------- */

/* What the clock passes has expired, and everybody hears of it; the others go on, and so does what is ordered again. */
static void what_expires_is_said(void)
{
    for (int restarted = 0; restarted < 2; restarted++) {
        struct fixture f;
        int64_t events = 0;
        fixture_open(&f);
        CHECK(order(&f, "day", "list", ",\"validUntil\":\"2026-01-02T00:00:00Z\"") == 202);
        CHECK(order(&f, "years", "list", ",\"validUntil\":\"2028-01-01T00:00:00Z\"") == 202);
        CHECK(order(&f, "ever", "list", "") == 202);
        set_clock(&f, AHEAD, restarted);
        run_eim(&f, false, CLOCK_MINUTE);
        CHECK(f.eso.heard_count == 1 && strcmp(f.eso.heard[0], "day expired ") == 0);
        CHECK(db_get_int(f.l.part[LAB_EIM].env.db, "SELECT count(*) FROM event", NULL, 0, &events) == ERR_OK && events == 1);
        set_clock(&f, LAB_EPOCH, restarted);
        run_eim(&f, false, CLOCK_MINUTE);
        CHECK(strcmp(order_state(&f, "day"), "expired") == 0 && f.eso.heard_count == 1); /* what was said stays so */
        CHECK(strcmp(order_state(&f, "years"), "queued") == 0 && strcmp(order_state(&f, "ever"), "queued") == 0);
        REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "years"), "done") == 0);
        fixture_close(&f);
    }
}

/* What is under way is not ended by time. */
static void what_was_sent_is_answered(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", ",\"validUntil\":\"2026-01-02T00:00:00Z\"") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    set_clock(&f, AHEAD, true);
    run_eim(&f, false, CLOCK_MINUTE);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0 && bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0);
    fixture_close(&f);
}

/* --- relayed sessions --------------------------------------------------------------------------------------------- */

static void begin_session(struct fixture *f, const char *order, uint8_t n)
{
    const uint8_t id[2] = { 7, n };
    const struct rsp_initiate_authentication_ok ok = {
        .transaction_id = SPAN_ARRAY(id), .server_certificate = lab_item(&f->l, "CERT_S_SM_DPauth_ECDSA_NIST")->der,
        .server_signed1.signed_bytes = span_str("signed"),
    };
    CHECK(eim_session_begin((struct eim *)f->l.part[LAB_EIM].actor, order, LAB_EID, "smdp.example.com", false, &ok) == ERR_OK);
}

static int sessions(struct fixture *f, const char *where)
{
    char sql[200];
    int64_t n = -1;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM relay WHERE %s", where);
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, sql, NULL, 0, &n) == ERR_OK);
    return (int)n;
}

/* The sessions of open orders stay, and of the others some, so that an hour of a wrong clock does not cost them all. */
static void sessions_outlive_a_wrong_clock(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    json_t *answer = NULL;
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=a", "", &answer) == 200);
    begin_session(&f, json_str(answer, "orderId"), 0);
    for (uint8_t n = 1; n <= 60; n++)
        begin_session(&f, "of an order that ended", n);
    set_clock(&f, AHEAD, true);
    begin_session(&f, "another", 61);
    CHECK(sessions(&f, "transaction_id = '0700'") == 1 && sessions(&f, "order_id = 'of an order that ended'") == 60 - 16);
    set_clock(&f, LAB_EPOCH, true);
    begin_session(&f, "another", 62);
    CHECK(sessions(&f, "transaction_id = '0700'") == 1 && sessions(&f, "order_id = 'of an order that ended'") == 60 - 16);
    /* When the time is truly over they go. */
    set_clock(&f, AHEAD, false);
    for (uint8_t n = 63; n < 70; n++)
        begin_session(&f, "another", n);
    CHECK(sessions(&f, "order_id = 'of an order that ended'") == 0);
    json_decref(answer);
    fixture_close(&f);
}

const struct test clock_tests[] = {
    { "a clock that is set back makes nothing wait for it", nothing_waits_a_year },
    { "an order that a clock set ahead ends is said to have ended, the others go on", what_expires_is_said },
    { "what was sent is answered whatever the clock says", what_was_sent_is_answered },
    { "relayed sessions outlive a clock that is wrong for a while", sessions_outlive_a_wrong_clock },
};
const size_t clock_tests_count = COUNT(clock_tests);
