/* ES11': the eIM asks an SM-DS in the eUICC's name, and the event that it finds becomes the order's activation code. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "esipa_call.h"
#include "lab_events.h"
#include "rsp_codes.h"

#define NO_ANSWER -1
#define BY_SMDS ",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":\"smds.example.com\"}"
#define BY_ALIAS ",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":\"alias.example.com\"}"
#define BY_NOBODY ",\"parameters\":{\"contact\":\"smds\",\"smdsAddress\":\"nobody.example.com\"}"
#define BY_ROOT ",\"parameters\":{\"contact\":\"smds\"}"

struct asked {
    struct fixture f;
    struct lab_download d;
    struct buf transaction; /* of the trigger */
    char found[128];        /* the activation code that was answered; "" none */
};

static void register_event(struct lab *l, const char *id)
{
    struct es12_event event = { .eid = LAB_EID, .rsp_server_address = "smdp.example.com" };
    snprintf(event.event_id, sizeof event.event_id, "%s", id);
    CHECK(lab_event(l, l->part[LAB_SMDP].env.http, "smdp.example.com", ES12_REGISTER_EVENT, &event)[0] == 0);
}

static void trigger(struct asked *a, const char *order_more, const char *const *events)
{
    fixture_open(&a->f);
    a->transaction = (struct buf){ .max = 16 };
    a->found[0] = 0;
    lab_import(&a->f.l);
    lab_release(&a->f.l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    REQUIRE(http_switch_set(a->f.l.wires, "alias.example.com", a->f.l.part[LAB_SMDS].actor, a->f.l.operators,
                            &a->f.l.log) == ERR_OK);
    for (; *events; events++) {
        register_event(&a->f.l, *events);
        clock_virtual_advance(&a->f.l.clock, clock_now(a->f.l.env.clock) + CLOCK_SECOND);
    }
    CHECK(order(&a->f, "a", "download", order_more) == 202);
    REQUIRE(poll(&a->f) == RSP_EIM_PACKAGE_DOWNLOAD);
    REQUIRE(buf_set(&a->transaction, a->f.package.message.download.eim_transaction_id) == ERR_OK);
    a->f.peer.eim_transaction_id = buf_span(&a->transaction);
    lab_download_begin(&a->f.l, &a->f.l.card, &a->d);
}

static void end(struct asked *a)
{
    lab_download_end(&a->d);
    buf_release(&a->transaction);
    fixture_close(&a->f);
}

/* InitiateAuthentication with this address ("" none); the answer's error, 0 ok. */
static int64_t initiate(struct asked *a, const char *address)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    struct rsp_initiate_authentication_response_esipa r;
    struct buf message = ESIPA_MESSAGE, *answer = es_memory_buf(&a->d.memory);
    REQUIRE(es10b_get_euicc_info1(&a->f.l.card.es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&a->f.l.card.es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request_esipa q = {
        .euicc_challenge = SPAN_ARRAY(challenge), .has_euicc_info1 = true, .euicc_info1 = info.message,
        .smdp_address = address[0] ? span_str(address) : (struct span){ 0 },
        .eim_transaction_id = a->f.peer.eim_transaction_id,
    };
    enum err e = rsp_initiate_authentication_request_esipa_write(&q, &message);
    e = esipa_call(&a->f.peer, "InitiateAuthentication", e, &message, answer);
    buf_release(&info.received);
    if (e || rsp_initiate_authentication_response_esipa_read(buf_span(answer), &r))
        return NO_ANSWER;
    if (r.which == RSP_OK)
        a->d.initiated = (struct rsp_initiate_authentication_ok){
            .transaction_id = r.ok.transaction_id, .server_signed1 = r.ok.server_signed1,
            .server_signature1 = r.ok.server_signature1, .ci_pkid = r.ok.ci_pkid,
            .server_certificate = r.ok.server_certificate };
    return r.which == RSP_OK ? 0 : r.error;
}

/* AuthenticateClient; the answer's error, 0: an SM-DS's answer, its event in a->found. */
static int64_t ask(struct asked *a)
{
    const struct rsp_authenticate_client_request q = { a->d.initiated.transaction_id, a->d.server.message };
    struct rsp_authenticate_client_response_esipa r;
    struct buf message = ESIPA_MESSAGE, *answer = es_memory_buf(&a->d.memory);
    enum err e = rsp_authenticate_client_request_write(&q, &message);
    e = esipa_call(&a->f.peer, "AuthenticateClient", e, &message, answer);
    a->found[0] = 0;
    if (e || rsp_authenticate_client_response_esipa_read(buf_span(answer), &r) || r.which == RSP_AC_ESIPA_OK_DP)
        return NO_ANSWER;
    if (r.which == RSP_AC_ESIPA_ERROR)
        return r.error;
    CHECK(span_equal(r.ds.transaction_id, a->d.initiated.transaction_id));
    struct span code = r.ds.has_trigger ? r.ds.trigger.data.activation_code : (struct span){ 0 };
    snprintf(a->found, sizeof a->found, "%.*s", (int)code.len, (const char *)code.at);
    return 0;
}

static void hide(struct asked *a, const char *host, enum err e)
{
    a->f.l.hurdle = host;
    a->f.l.hurdle_err = e;
    a->f.l.hurdles = 1;
}

static const char *const none[] = { NULL }, *const one[] = { "TOKEN-1", NULL },
                  *const two[] = { "FIRST", "SECOND", NULL };

/* Where a discovery begins. */
static const struct {
    const char *name, *more, *address;
    int64_t error;
    enum err failure; /* of the SM-DS */
} beginnings[] = {
    { "the SM-DS that the order names", BY_SMDS, "smds.example.com", 0, ERR_OK },
    { "the SM-DS that the order names, not said again", BY_SMDS, "", 0, ERR_OK },
    { "the SM-DS of the card, which only the device knows", BY_ROOT, "smds.example.com", 0, ERR_OK },
    { "no SM-DS at all", BY_ROOT, "", RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH, ERR_OK },
    { "an address that is none", BY_ROOT, "smds/../x", RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH, ERR_OK },
    { "another than the order names", BY_SMDS, "alias.example.com", RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH,
      ERR_OK },
    { "an SM-DS under another's name", BY_ALIAS, "", 1, ERR_OK },
    { "nobody there", BY_NOBODY, "", RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR, ERR_OK },
    { "an SM-DS that is silent", BY_SMDS, "", RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR, ERR_TIMEOUT },
    { "an SM-DS with a bad TLS certificate", BY_SMDS, "", RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR, ERR_VERIFY },
};

static void begins(void)
{
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        struct asked a;
        trigger(&a, beginnings[i].more, one);
        if (beginnings[i].failure)
            hide(&a, "smds.example.com", beginnings[i].failure);
        int64_t error = initiate(&a, beginnings[i].address);
        CHECK_ROW(beginnings[i].name, error == beginnings[i].error);
        if (error != beginnings[i].error)
            printf(" (%lld)", (long long)error);
        CHECK(strcmp(order_state(&a.f, "a"), "sent") == 0);
        end(&a);
    }
}

/* What the SM-DS answers, and what the device hears of it. */
enum mishap { NOTHING, OTHER_SESSION, OTHER_SIGNATURE, SILENT, RESTARTED, ORDER_OVER };
static const struct {
    const char *name, *matching_id;
    const char *const *events;
    enum mishap mishap;
    int64_t error;
    const char *found;
} questions[] = {
    { "one event", NULL, one, NOTHING, 0, LAB_CODE },
    { "two events: the older", NULL, two, NOTHING, 0, "1$smdp.example.com$FIRST" },
    { "no event", NULL, none, NOTHING, 0, "" },
    { "an event by its name", "SECOND", two, NOTHING, 0, "1$smdp.example.com$SECOND" },
    { "an event by a name that is none", "THIRD", two, NOTHING, RSP_AUTHENTICATE_CLIENT_EVENT_ID_UNKNOWN, "" },
    { "the eIM was restarted in between", NULL, one, RESTARTED, 0, LAB_CODE },
    { "a session that never was", NULL, one, OTHER_SESSION, 10, "" },
    { "a signature of the card altered", NULL, one, OTHER_SIGNATURE, 5, "" },
    { "an SM-DS that is silent", NULL, one, SILENT, RSP_AUTHENTICATE_CLIENT_UNDEFINED_ERROR, "" },
    { "an order that ended in between", NULL, one, ORDER_OVER, RSP_AUTHENTICATE_CLIENT_INVALID_TRANSACTION_ID, "" },
};

static void mishap(struct asked *a, enum mishap m)
{
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&a->transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    if (m == OTHER_SESSION)
        *(uint8_t *)a->d.initiated.transaction_id.at ^= 1;
    if (m == OTHER_SIGNATURE)
        lab_flip(span_sub(a->d.server.message.ok.euicc_signature1, 9, 1));
    if (m == SILENT)
        hide(a, "smds.example.com", ERR_TIMEOUT);
    if (m == RESTARTED)
        lab_restart(&a->f.l, LAB_EIM);
    if (m == ORDER_OVER)
        CHECK(bring_download(&a->f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
}

static void asks(void)
{
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct asked a;
        trigger(&a, BY_SMDS, questions[i].events);
        a.d.matching_id = questions[i].matching_id;
        REQUIRE(initiate(&a, "") == 0);
        lab_authenticate_server(&a.d);
        mishap(&a, questions[i].mishap);
        int64_t error = ask(&a);
        CHECK_ROW(questions[i].name, error == questions[i].error && strcmp(a.found, questions[i].found) == 0);
        if (error != questions[i].error)
            printf(" (%lld)", (long long)error);
        CHECK(!lab_said(&a.f.l, "TOKEN-1"));
        end(&a);
    }
}

/* What came of the event is downloaded under the same order, from the SM-DP+ and from nobody else. */
static void goes_on(void)
{
    struct asked a;
    trigger(&a, BY_SMDS, one);
    REQUIRE(initiate(&a, "") == 0);
    lab_authenticate_server(&a.d);
    REQUIRE(ask(&a) == 0);
    CHECK(initiate(&a, "other.example.com") == RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH);
    REQUIRE(initiate(&a, "smdp.example.com") == 0);
    a.d.matching_id = "TOKEN-1";
    lab_authenticate_server(&a.d);
    const struct rsp_authenticate_client_request q = { a.d.initiated.transaction_id, a.d.server.message };
    CHECK(esipa_authenticate_client(&a.f.peer, &q, &a.d.memory, &a.d.authenticated, &a.d.status) == ERR_OK);
    lab_prepare(&a.d);
    const struct rsp_get_bound_profile_package_request p = { a.d.initiated.transaction_id, a.d.prepared.message };
    CHECK(esipa_get_bound_profile_package(&a.f.peer, &p, &a.d.memory, &a.d.package, &a.d.status) == ERR_OK);
    CHECK(lab_load(&a.d) == 0);
    CHECK(esipa_relay_notification(&a.f.peer, buf_span(&a.d.loaded.received)) == ERR_OK);
    CHECK(strcmp(lab_profile_state(&a.f.l, LAB_PARTNER_ICCID), "installed") == 0);
    end(&a);
}

/* Neither a package nor a cancellation goes to an SM-DS. */
static void only_asks(void)
{
    struct asked a;
    trigger(&a, BY_SMDS, one);
    REQUIRE(initiate(&a, "") == 0);
    lab_authenticate_server(&a.d);
    REQUIRE(ask(&a) == 0);
    struct span discovery = a.d.initiated.transaction_id;
    REQUIRE(initiate(&a, "smdp.example.com") == 0);
    a.d.matching_id = "TOKEN-1";
    lab_authenticate_server(&a.d);
    const struct rsp_authenticate_client_request q = { a.d.initiated.transaction_id, a.d.server.message };
    CHECK(esipa_authenticate_client(&a.f.peer, &q, &a.d.memory, &a.d.authenticated, &a.d.status) == ERR_OK);
    lab_prepare(&a.d);
    const struct rsp_get_bound_profile_package_request p = { discovery, a.d.prepared.message };
    CHECK(esipa_get_bound_profile_package(&a.f.peer, &p, &a.d.memory, &a.d.package, &a.d.status) == ERR_OK);
    CHECK(es_refused(&a.d.status));
    end(&a);
}

/* In the session of a discovery there is no package and nothing to cancel; the SM-DS is not asked. */
static void a_discovery_is_no_download(void)
{
    for (int i = 0; i < 6; i++) {
        bool json = i & 1, authenticated = i >= 2, cancels = i >= 4;
        struct asked a;
        struct es10b_cancel_session_response c = { .received.max = 4096 };
        trigger(&a, BY_SMDS, one);
        REQUIRE(initiate(&a, "") == 0);
        lab_authenticate_server(&a.d);
        if (authenticated)
            REQUIRE(ask(&a) == 0);
        const struct span id = a.d.initiated.transaction_id;
        hide(&a, "smds.example.com", ERR_TIMEOUT);
        a.f.l.hurdles = 100;
        a.f.peer.json = json;
        const struct rsp_get_bound_profile_package_request p = {
            id, { .which = RSP_PREPARE_DOWNLOAD_ERROR, .error = { id, 127 } } };
        const struct rsp_cancel_session_request q = { .transaction_id = id, .reason = 127 };
        REQUIRE(es10b_cancel_session(&a.f.l.card.es, &q, &c) == ERR_OK);
        if (cancels) {
            CHECK(esipa_cancel_session(&a.f.peer, id, buf_span(&c.received), &a.d.status) == ERR_OK);
        } else {
            CHECK(esipa_get_bound_profile_package(&a.f.peer, &p, &a.d.memory, &a.d.package, &a.d.status) == ERR_OK);
        }
        CHECK(strcmp(a.d.status.subject, "8.10.1") == 0 && strcmp(a.d.status.reason, "3.9") == 0);
        CHECK(a.f.l.hurdles == 100);
        CHECK(strcmp(order_state(&a.f, "a"), "sent") == 0);
        buf_release(&c.received);
        end(&a);
    }
}

/* The eIM killed at its n-th write: the device begins again, and finds the same. */
static void killed(void)
{
    bool cut = true;
    unsigned n = 1;
    for (; cut && n < 20; n++) {
        struct asked a;
        trigger(&a, BY_SMDS, one);
        a.f.l.part[LAB_EIM].writes = 0;
        a.f.l.part[LAB_EIM].cut_at = n;
        cut = initiate(&a, "smds.example.com") != 0;
        if (!cut) {
            lab_authenticate_server(&a.d);
            cut = ask(&a) != 0;
        }
        if (cut) {
            lab_restart(&a.f.l, LAB_EIM);
            CHECK(initiate(&a, "smds.example.com") == 0);
            lab_authenticate_server(&a.d);
            CHECK(ask(&a) == 0);
        }
        CHECK(strcmp(a.found, LAB_CODE) == 0);
        end(&a);
    }
    CHECK(!cut && n > 3);
}

const struct test discovery_tests[] = {
    { "a discovery goes to whom the order or the card names", begins },
    { "what an SM-DS answers becomes an activation code, or a number", asks },
    { "a download follows under the same order", goes_on },
    { "nothing but a question goes to an SM-DS", only_asks },
    { "a discovery has neither package nor cancellation, and the SM-DS is not asked", a_discovery_is_no_download },
    { "a relayed discovery survives its eIM", killed },
};
const size_t discovery_tests_count = COUNT(discovery_tests);
