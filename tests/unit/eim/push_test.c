/* Injection, the eIM's side: an IPA that answers what it likes. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

enum behaviour { ACCEPTS_FIRST, ACCEPTS_FIRST_WITH_NOTIFICATIONS, ACCEPTS, ACCEPTS_THIS, ACCEPTS_THIS_CARDS, ACCEPTS_ANOTHER, ACCEPTS_ANOTHER_CARDS, REFUSES_THIS, DOES_IT, DOES_IT_WITH_NOTIFICATIONS, MALFORMED, UNKNOWN, CANNOT, BREAKS, BABBLES, IS_AWAY };
/* Executes on the fixture's card, where it does what it is told. */
struct pushed {
    struct actor actor;
    struct fixture *f;
    struct esipa_service service;
    enum behaviour behaviour;
    struct buf last; /* what was pushed last: BF4E */
    unsigned packages, same, acknowledged;
    uint8_t eid[16];
};

static enum err answer_result(struct pushed *i, const struct rsp_transfer_eim_package_request *q, struct buf *answer)
{
    struct es10b_load_euicc_package_response r = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_transfer_eim_package_response a = { .which = RSP_TRANSFER_RESPONSE_PACKAGE };
    REQUIRE(es10b_load_euicc_package(&i->f->l.card.es, q->package.whole, &r) == ERR_OK);
    a.package = r.message;
    if (i->behaviour == DOES_IT_WITH_NOTIFICATIONS || i->behaviour == ACCEPTS_FIRST_WITH_NOTIFICATIONS) {
        a.which = RSP_TRANSFER_RESPONSE_PACKAGE_AND_NOTIFICATIONS;
        a.notifications = span_of("", 0);
    }
    enum err e = rsp_transfer_eim_package_response_write(&a, answer);
    buf_release(&r.received);
    return e;
}

/* The results that the card kept. */
static enum err answer_question(struct pushed *i, const struct rsp_transfer_eim_package_request *q, struct buf *answer)
{
    struct es10b_retrieve_notifications_response kept = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request all = { .has_search = true,
                                                            .search = { .which = RSP_RETRIEVE_PACKAGE_RESULTS,
                                                                        .package_results = true } };
    REQUIRE(es10b_retrieve_notifications_list(&i->f->l.card.es, &all, &kept) == ERR_OK);
    const struct rsp_transfer_eim_package_response a = {
        .which = RSP_TRANSFER_RESPONSE_DATA,
        .data = { .which = RSP_OK, .data = { .package_results = kept.message.package_results,
                                             .eim_transaction_id = q->data.eim_transaction_id } },
    };
    enum err e = rsp_transfer_eim_package_response_write(&a, answer);
    buf_release(&kept.received);
    return e;
}

/* SGP.32 v1.3: says which push, or whose, it accepts or refuses. */
static void correlate(const struct pushed *i, const struct rsp_transfer_eim_package_request *q, struct rsp_transfer_eim_package_response *r)
{
    static const uint8_t other[16] = { 0x89, 0x04, 0x90, 0x32 };
    bool another = i->behaviour == ACCEPTS_ANOTHER || i->behaviour == ACCEPTS_ANOTHER_CARDS;
    bool by_card = i->behaviour == ACCEPTS_THIS_CARDS || i->behaviour == ACCEPTS_ANOTHER_CARDS;
    if (i->behaviour < ACCEPTS_THIS || i->behaviour > REFUSES_THIS)
        return;
    r->which = i->behaviour == REFUSES_THIS ? RSP_TRANSFER_RESPONSE_ERROR_WITH_CID : RSP_TRANSFER_RESPONSE_RECEIVED_WITH_CID;
    r->error = 1;
    r->has_correlation = true;
    r->correlation.which = by_card ? RSP_CORRELATION_EID : RSP_CORRELATION_TRANSACTION;
    r->correlation.eid = another ? SPAN_ARRAY(other) : SPAN_ARRAY(i->eid);
    r->correlation.eim_transaction_id = another ? SPAN_ARRAY(other) : q->package.package_signed.eim_transaction_id;
}

static enum err take(void *actor, const struct rsp_transfer_eim_package_request *q, struct buf *answer)
{
    struct pushed *i = actor;
    struct rsp_transfer_eim_package_response r = { .which = RSP_TRANSFER_RESPONSE_RECEIVED };
    if (q->which == RSP_TRANSFER_ACKNOWLEDGEMENTS) {
        i->acknowledged++;
        return rsp_transfer_eim_package_response_write(&r, answer);
    }
    i->same += span_equal(buf_span(&i->last), q->whole);
    i->packages++;
    REQUIRE(buf_set(&i->last, q->whole) == ERR_OK);
    if (i->behaviour <= ACCEPTS_FIRST_WITH_NOTIFICATIONS && i->packages > 1)
        return answer_result(i, q, answer);
    if (i->behaviour == DOES_IT && q->which == RSP_TRANSFER_DATA_REQUEST)
        return answer_question(i, q, answer);
    if (i->behaviour == DOES_IT || i->behaviour == DOES_IT_WITH_NOTIFICATIONS)
        return answer_result(i, q, answer);
    if (i->behaviour >= MALFORMED && i->behaviour <= CANNOT) {
        r.which = RSP_TRANSFER_RESPONSE_ERROR;
        r.error = i->behaviour == CANNOT ? 127 : i->behaviour - MALFORMED + 1;
    }
    correlate(i, q, &r);
    return rsp_transfer_eim_package_response_write(&r, answer);
}

static const struct esipa_server server = { .transfer_eim_package = take };

static enum err serve(struct pushed *i, const char *function, const struct http_request *q, struct http_response *p)
{
    if (i->behaviour == IS_AWAY)
        return ERR_CUT;
    if (i->behaviour == BREAKS)
        return ERR_IO;
    if (i->behaviour == BABBLES)
        return http_text(p, 200, ESIPA_CONTENT_TYPE, span_str("babble"));
    return function ? esipa_serve_json(&i->service, function, q, p) : esipa_serve(&i->service, q, p);
}

static enum err serve_asn1(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve(actor, NULL, q, p);
}

static enum err serve_json(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve(actor, q->part[0], q, p);
}

static const struct http_route ipa_routes[] = { { "POST", "/m1/gsma/rsp2/asn1", serve_asn1 },
                                                { "POST", "/m1/gsma/rsp2/esipa/{function}", serve_json } };
static const struct actor_ops ipa_ops = { .role = "ipa", .routes = ipa_routes, .route_count = COUNT(ipa_routes) };

static int tell(struct fixture *f, const char *body)
{
    return lab_call(&f->l, f->l.eso, "PATCH", EUICC, body, NULL);
}

static void open_ipa(struct fixture *f, struct pushed *i, enum behaviour behaviour, bool json)
{
    fixture_open(f);
    *i = (struct pushed){ .actor = { &ipa_ops }, .f = f, .behaviour = behaviour, .last.max = 1 << 16 };
    REQUIRE(rsp_eid_parse(LAB_EID, i->eid) == ERR_OK);
    i->service = (struct esipa_service){ .env = &f->l.env, .server = &server, .actor = i, .any_user_agent = true };
    REQUIRE(http_switch_set(f->l.wires, "ipa.example.com", &i->actor, NULL, &f->l.log) == ERR_OK);
    CHECK(tell(f, json ? "{\"injectUrl\":\"https://ipa.example.com/m1\",\"injectBinding\":\"json\"}"
                       : "{\"injectUrl\":\"https://ipa.example.com/m1\"}") == 204);
}

static void close_ipa(struct fixture *f, struct pushed *i)
{
    fixture_close(f);
    buf_release(&i->last);
}

static const struct {
    const char *name;
    enum behaviour behaviour;
    const char *state, *result; /* of the order, after an hour */
    unsigned least, most;       /* packages pushed */
    unsigned acknowledged;
} answers[] = {
    { "accepted, and nothing came of it", ACCEPTS, "sent", "", 5, 8, 0 },
    { "this push accepted, in words of v1.3", ACCEPTS_THIS, "sent", "", 5, 8, 0 },
    { "a push to this card accepted, in words of v1.3", ACCEPTS_THIS_CARDS, "sent", "", 5, 8, 0 },
    { "another push accepted, so not this one", ACCEPTS_ANOTHER, "sent", "", 9, 14, 0 },
    { "a push to another card accepted, so not this one", ACCEPTS_ANOTHER_CARDS, "sent", "", 9, 14, 0 },
    { "this push called malformed, in words of v1.3", REFUSES_THIS, "failed", "invalidPackageFormat", 3, 3, 0 },
    { "accepted, and its result in the answer to the next push", ACCEPTS_FIRST, "done", "ok", 2, 2, 1 },
    { "accepted, and its result with notifications in the answer to the next push", ACCEPTS_FIRST_WITH_NOTIFICATIONS, "done", "ok", 2, 2, 1 },
    { "done at once", DOES_IT, "done", "ok", 1, 1, 1 },
    { "done at once, with notifications beside it", DOES_IT_WITH_NOTIFICATIONS, "done", "ok", 1, 1, 1 },
    { "called malformed", MALFORMED, "failed", "invalidPackageFormat", 3, 3, 0 },
    { "called unknown", UNKNOWN, "failed", "unknownPackage", 3, 3, 0 },
    { "not possible", CANNOT, "failed", "undefinedError", 3, 3, 0 },
    { "HTTP 500", BREAKS, "sent", "", 0, 0, 0 },
    { "an answer that is none", BABBLES, "sent", "", 0, 0, 0 },
    { "nobody there", IS_AWAY, "sent", "", 0, 0, 0 },
};

static void answers_are_understood(void)
{
    for (size_t k = 0; k < 2 * COUNT(answers); k++) {
        const char *name = answers[k / 2].name;
        struct fixture f;
        struct pushed i;
        open_ipa(&f, &i, answers[k / 2].behaviour, k % 2);
        CHECK(order(&f, "a", "list", "") == 202);
        run_eim(&f, true, CLOCK_HOUR);
        CHECK_ROW(name, strcmp(order_state(&f, "a"), answers[k / 2].state) == 0);
        CHECK_ROW(name, strcmp(result_name(&f, "a"), answers[k / 2].result) == 0);
        CHECK_ROW(name, i.packages >= answers[k / 2].least && i.packages <= answers[k / 2].most);
        CHECK_ROW(name, !i.packages || i.same == i.packages - 1); /* to the last byte */
        CHECK_ROW(name, i.acknowledged == answers[k / 2].acknowledged);
        close_ipa(&f, &i);
    }
}

/* The next order goes when the one before is over; one ordered while nothing waits goes at once. */
static void one_after_the_other(void)
{
    struct fixture f;
    struct pushed i;
    open_ipa(&f, &i, DOES_IT, false);
    CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
    run_eim(&f, true, CLOCK_SECOND);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0 && strcmp(order_state(&f, "b"), "done") == 0 && i.packages == 2);
    CHECK(order(&f, "c", "list", "") == 202);
    run_eim(&f, true, CLOCK_SECOND);
    CHECK(strcmp(order_state(&f, "c"), "done") == 0);
    i.behaviour = ACCEPTS;
    CHECK(order(&f, "d", "list", "") == 202 && order(&f, "e", "list", "") == 202);
    run_eim(&f, true, CLOCK_SECOND);
    CHECK(i.packages == 4 && strcmp(order_state(&f, "e"), "queued") == 0);
    /* Its result comes the other way, and the next is pushed without waiting. */
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    run_eim(&f, true, CLOCK_SECOND);
    CHECK(i.packages == 5 && strcmp(order_state(&f, "e"), "sent") == 0);
    CHECK(tell(&f, "{\"injectUrl\":\"\"}") == 204);
    run_eim(&f, true, CLOCK_HOUR);
    CHECK(i.packages == 5); /* told not to */
    close_ipa(&f, &i);
}

static void killed(void)
{
    for (unsigned n = 1; n < 25; n++) {
        struct fixture f;
        struct pushed i;
        char row[20];
        open_ipa(&f, &i, DOES_IT, false);
        CHECK(order(&f, "a", "list", "") == 202);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        run_eim(&f, true, CLOCK_HOUR);
        snprintf(row, sizeof row, "write %u", n);
        CHECK_ROW(row, strcmp(order_state(&f, "a"), "done") == 0);
        close_ipa(&f, &i);
    }
}

static const struct {
    const char *name, *body;
    int status;
} changes[] = {
    { "a URL", "{\"injectUrl\":\"https://ipa.example.com\"}", 204 },
    { "a URL and a token", "{\"injectUrl\":\"https://ipa.example.com\",\"associationToken\":7}", 204 },
    { "none any more", "{\"injectUrl\":\"\"}", 204 },
    { "a URL without TLS", "{\"injectUrl\":\"http://ipa.example.com\"}", 400 },
    { "CoAPS, which there is none of", "{\"injectUrl\":\"coaps://ipa.example.com\"}", 400 },
    { "a URL of nobody", "{\"injectUrl\":\"https://\"}", 400 },
    { "a slash at its end", "{\"injectUrl\":\"https://ipa.example.com/\"}", 400 },
    { "a number", "{\"injectUrl\":7}", 400 },
    { "a binding that is none", "{\"injectUrl\":\"https://ipa.example.com\",\"injectBinding\":\"xml\"}", 400 },
    { "a binding that is a number", "{\"injectUrl\":\"https://ipa.example.com\",\"injectBinding\":1}", 400 },
    { "a token that is none beside it", "{\"injectUrl\":\"https://ipa.example.com\",\"associationToken\":-1}", 400 },
    { "nothing", "{}", 400 },
};

static void changes_are_judged(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t k = 0; k < COUNT(changes); k++) {
        struct buf url = { .max = 600 };
        CHECK(tell(&f, "{\"injectUrl\":\"https://before.example.com\"}") == 204);
        CHECK_ROW(changes[k].name, tell(&f, changes[k].body) == changes[k].status);
        REQUIRE(db_get(f.l.part[LAB_EIM].env.db, "SELECT inject_url FROM euicc", NULL, 0, &url) == ERR_OK);
        bool unchanged = strcmp(buf_cstr(&url), "https://before.example.com") == 0;
        CHECK_ROW(changes[k].name, unchanged == (changes[k].status == 400));
        buf_release(&url);
    }
    CHECK(lab_call(&f.l, f.l.stranger, "PATCH", EUICC, "{\"injectUrl\":\"https://ipa.example.com\"}", NULL) == 403);
    CHECK(lab_call(&f.l, f.l.eso, "PATCH", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID, "{\"injectUrl\":\"https://a.example.com\"}",
                   NULL) == 404);
    fixture_close(&f);
}

/* Devices that are away cost their time one at a time: a tick has other things to do between them. */
static void who_is_away_holds_up_nobody(void)
{
    struct fixture f;
    struct pushed i;
    enum err e = ERR_OK;
    open_ipa(&f, &i, ACCEPTS, false);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    CHECK(lab_call(&f.l, f.l.eso, "PATCH", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID,
                   "{\"injectUrl\":\"https://ipa.example.com/m1\"}", NULL) == 204);
    CHECK(order(&f, "a", "list", "") == 202);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID "/orders",
                   "{\"reference\":\"b\",\"kind\":\"data\"}", NULL) == 202);
    f.l.hurdle = "ipa.example.com";
    f.l.hurdle_err = ERR_TIMEOUT;
    f.l.hurdles = 100;
    for (int turn = 1; turn <= 2; turn++) {
        struct actor *a = f.l.part[LAB_EIM].actor;
        int64_t now = clock_now(&f.l.clock.clock), next = a->ops->tick(a, now, &e);
        CHECK(e == ERR_OK && f.l.hurdles == 100 - turn && (next <= now) == (turn == 1));
    }
    f.l.hurdles = 0;
    run_eim(&f, true, CLOCK_MINUTE);
    CHECK(i.packages >= 2 && strcmp(order_state(&f, "b"), "sent") == 0);
    close_ipa(&f, &i);
}

const struct test push_tests[] = {
    { "IPAs that are away hold up nobody", who_is_away_holds_up_nobody },
    { "whatever an IPA answers to a push, its order ends as it must", answers_are_understood },
    { "one package is pushed at a time, and the next at once", one_after_the_other },
    { "a push survives its eIM killed at any write", killed },
    { "where to push is told by who may", changes_are_judged },
};
const size_t push_tests_count = COUNT(push_tests);
