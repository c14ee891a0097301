/* ESipa: what is handed out, once and in order, and what hostile callers get. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

static void one_in_flight(void)
{
    struct fixture f;
    struct buf first = { .max = 1 << 16 };
    fixture_open(&f);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR &&
          f.package.message.error == RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE);
    CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 1);
    REQUIRE(buf_set(&first, buf_span(&f.package.received)) == ERR_OK);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(span_equal(buf_span(&first), buf_span(&f.package.received)));
    lab_restart(&f.l, LAB_EIM);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(span_equal(buf_span(&first), buf_span(&f.package.received)));
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0 && strcmp(order_state(&f, "b"), "queued") == 0);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(order_state(&f, "a"), "done") == 0);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 2);
    buf_release(&first);
    fixture_close(&f);
}

/* Four orders, the eIM killed at its n-th write: no counter is on two packages, and all orders are done. */
static void counters_never_come_back(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 120; n++) {
        struct fixture f;
        int64_t last = 0;
        fixture_open(&f);
        for (int i = 0; i < 4; i++) {
            char reference[2] = { (char)('a' + i), 0 };
            CHECK(order(&f, reference, "list", "") == 202);
        }
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        cut = false;
        for (int turn = 0; turn < 12; turn++) {
            int which = poll(&f);
            if (which == RSP_EIM_PACKAGE_EUICC_PACKAGE) {
                int64_t counter = f.package.message.package.package_signed.counter;
                CHECK(counter > last);
                last = counter;
                execute(&f);
                if (bring_result(&f) == -1) {
                    cut = true;
                    lab_restart(&f.l, LAB_EIM);
                    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
                }
            }
            if (f.l.part[LAB_EIM].dead) {
                cut = true;
                lab_restart(&f.l, LAB_EIM);
            }
        }
        CHECK(strcmp(order_state(&f, "d"), "done") == 0 && strcmp(order_state(&f, "a"), "done") == 0);
        tick_eim(&f);
        CHECK(f.eso.heard_count == 4 || f.eso.heard_count == 5); /* one may come again */
        fixture_close(&f);
    }
    CHECK(!cut);
}

#define POLLERS 4

struct poller {
    const struct es_peer *peer;
    struct esipa_get_eim_package_response package;
    enum err e;
};

static void *poll_alone(void *context)
{
    struct poller *p = context;
    uint8_t eid[16];
    p->package = (struct esipa_get_eim_package_response){ .received.max = HTTP_BODY_MAX };
    p->e = rsp_eid_parse(LAB_EID, eid);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    if (!p->e)
        p->e = esipa_get_eim_package(p->peer, &q, &p->package);
    return NULL;
}

static void polls_in_a_race(void)
{
    for (int round = 0; round < 8; round++) {
        struct fixture f;
        struct poller p[POLLERS];
        pthread_t thread[POLLERS];
        fixture_open(&f);
        CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
        f.l.part[LAB_EIM].log.sink = f.l.log.sink = NULL; /* the test's sink is for one thread */
        for (size_t i = 0; i < POLLERS; i++) {
            p[i] = (struct poller){ .peer = &f.peer };
            REQUIRE(pthread_create(&thread[i], NULL, poll_alone, &p[i]) == 0);
        }
        for (size_t i = 0; i < POLLERS; i++)
            pthread_join(thread[i], NULL);
        for (size_t i = 0; i < POLLERS; i++) {
            CHECK(p[i].e == ERR_OK && p[i].package.message.package.package_signed.counter == 1);
            CHECK(span_equal(buf_span(&p[i].package.received), buf_span(&p[0].package.received)));
        }
        CHECK(strcmp(order_state(&f, "b"), "queued") == 0);
        for (size_t i = 0; i < POLLERS; i++)
            esipa_get_eim_package_response_release(&p[i].package);
        fixture_close(&f);
    }
}

static int64_t pages(struct fixture *f)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, "PRAGMA page_count", NULL, 0, &n) == ERR_OK);
    return n;
}

/* It asks for a month and brings nothing: the card may have executed the package, so it is this one and no other, however often,
 * and nothing piles up. Then it answers after all. */
static void an_ipa_that_never_answers(void)
{
    struct fixture f;
    struct buf first = { .max = 1 << 16 };
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202 && order(&f, "b", "list", "") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    REQUIRE(buf_set(&first, buf_span(&f.package.received)) == ERR_OK);
    int64_t before = pages(&f);
    for (int i = 0; i < 30 * 24; i++) {
        clock_virtual_advance(&f.l.clock, clock_now(f.l.env.clock) + CLOCK_HOUR);
        CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE && span_equal(buf_span(&first), buf_span(&f.package.received)));
    }
    CHECK(pages(&f) == before);
    CHECK(strcmp(order_state(&f, "a"), "sent") == 0 && strcmp(order_state(&f, "b"), "queued") == 0);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "a"), "done") == 0);
    buf_release(&first);
    fixture_close(&f);
}

static void profiles_are_listed(void)
{
    struct fixture f;
    json_t *answer = NULL;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", EUICC, "", &answer) == 200);
    json_t *list = json_object_get(answer, "profiles");
    REQUIRE(json_array_size(list) == 1);
    CHECK(strcmp(json_str(json_array_get(list, 0), "iccid"), LAB_LEAD_ICCID) == 0);
    CHECK(strcmp(json_str(json_array_get(list, 0), "state"), "enabled") == 0);
    json_decref(answer);
    fixture_close(&f);
}

static void contact_is_noted(void)
{
    struct fixture f;
    uint8_t eid[16], plmn[3];
    json_t *answer = NULL;
    struct esipa_get_eim_package_response r = { .received.max = HTTP_BODY_MAX };
    fixture_open(&f);
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK && rsp_plmn_parse("26202", plmn) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid),
                                                   .notify_state_change = true,
                                                   .state_change_cause = { true, 1 },
                                                   .rplmn = SPAN_ARRAY(plmn) };
    CHECK(esipa_get_eim_package(&f.peer, &q, &r) == ERR_OK);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR); /* says nothing: what was there stays */
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", EUICC, "", &answer) == 200);
    CHECK(json_integer_value(json_object_get(answer, "lastContact")) == LAB_EPOCH);
    CHECK(json_integer_value(json_object_get(answer, "stateChangeCause")) == 1);
    CHECK(strcmp(json_str(answer, "rPlmn"), "26202") == 0);
    json_decref(answer);
    esipa_get_eim_package_response_release(&r);
    fixture_close(&f);
}

static void strangers_get_nothing(void)
{
    struct fixture f;
    uint8_t eid[16];
    struct esipa_get_eim_package_response r = { .received.max = HTTP_BODY_MAX };
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    REQUIRE(rsp_eid_parse(LAB_OTHER_EID, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    CHECK(esipa_get_eim_package(&f.peer, &q, &r) == ERR_OK);
    CHECK(r.message.which == RSP_EIM_PACKAGE_ERROR && r.message.error == RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND);
    CHECK(strcmp(order_state(&f, "a"), "queued") == 0);
    esipa_get_eim_package_response_release(&r);
    fixture_close(&f);
}

static const struct {
    const char *name, *hex;
} bodies[] = {
    { "nothing", "" },
    { "one octet", "bf" },
    { "a tag without length", "bf4f" },
    { "a length beyond the end", "bf4f7f" },
    { "an indefinite length", "bf4f800000" },
    { "a length of four octets", "bf4f84ffffffff" },
    { "an empty request", "bf4f00" },
    { "an EID of 15 octets", "bf4f115a0f890490321234512345123456789012" },
    { "an EID of letters", "bf4f125a10abababababababababababababababab" },
    { "two requests",
      "bf4f125a1089049032123451234512345678901235bf4f125a1089049032123451234512345678901235" },
    { "a message of ES9+", "bf3900" },
    { "an unknown tag", "bf7f00" },
    { "a sequence", "3000" },
    { "an empty result", "bf5000" },
    { "a result without anything known", "bf5003810100" },
    { "an empty notification", "bf3d00" },
    { "deep nesting", "bf5030bf5130bf5130bf5130bf5130bf5130bf5130bf5130bf5130bf5130bf5130bf5130bf51" },
    { "text", "474554202f20485454502f312e310d0a" },
};

static void hostile_der(void)
{
    static const struct http_header headers[] = { { "Content-Type", "application/x-gsma-rsp-asn1" },
                                                  { "X-Admin-Protocol", "gsma/rsp/v2.1.0" },
                                                  { "User-Agent", "gsma-rsp-ipad" } };
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct buf body = hex(bodies[i].hex);
        struct http_response p = HTTP_RESPONSE_INIT;
        const struct http_call q = { .method = "POST",
                                     .url = LAB_EIM_URL "/gsma/rsp2/asn1",
                                     .headers = headers,
                                     .header_count = COUNT(headers),
                                     .body = buf_span(&body) };
        CHECK_ROW(bodies[i].name, http_send(f.l.anyone, &q, &p) == ERR_OK);
        /* A refusal of HTTP, or an answer that says that the EID or the result is none. */
        bool refused = (p.status >= 400 && p.status != 500) || (p.status == 200 && p.body.len < 16);
        CHECK_ROW(bodies[i].name, refused);
        if (!refused)
            printf(" (%d, %zu octets)", p.status, p.body.len);
        http_response_release(&p);
        buf_release(&body);
    }
    CHECK(strcmp(order_state(&f, "a"), "queued") == 0);
    fixture_close(&f);
}

const struct test package_tests[] = {
    { "one package is in flight, and comes again to the last byte", one_in_flight },
    { "an IPA that never answers is given the same package, and nothing grows", an_ipa_that_never_answers },
    { "counters never come back, wherever the eIM is killed", counters_never_come_back },
    { "polls at the same moment get the same bytes", polls_in_a_race },
    { "a listing tells the profiles", profiles_are_listed },
    { "what a poll says of the device is kept", contact_is_noted },
    { "an unknown EID gets nothing", strangers_get_nothing },
    { "hostile DER gets a refusal and changes nothing", hostile_der },
};
const size_t package_tests_count = COUNT(package_tests);
