#include <stdio.h>
#include <string.h>

#include "es_codes.h"
#include "rsp_codes.h"
#include "test_eim.h"

static const uint8_t eid[16] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                 0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };

void esipa_polls(void)
{
    struct world w;
    struct test_eim e;
    struct esipa_get_eim_package_response p = { 0 };
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid), .notify_state_change = true };
    test_eim_open(&w, &e, false);
    CHECK(esipa_get_eim_package(&w.peer, &q, &p) == ERR_OK);
    CHECK(!strcmp(e.eid, "89049032123451234512345678901235") && e.state_change);
    CHECK(p.message.which == RSP_EIM_PACKAGE_DOWNLOAD);
    CHECK(span_equal(p.message.download.data.activation_code, span_str("1$a.example.com$B")));
    CHECK(world_saw(&w, "ESipa.GetEimPackageRequest") && world_saw(&w, "ESipa.GetEimPackageResponse"));
    esipa_get_eim_package_response_release(&p);
    w.peer.base_url = "https://nobody.example.com";
    CHECK(esipa_get_eim_package(&w.peer, &q, &p) == ERR_IO);
    esipa_get_eim_package_response_release(&p);
    world_close(&w);
}

void esipa_delivers(void)
{
    struct world w;
    struct test_eim e;
    struct esipa_provide_eim_package_result_response p = { 0 };
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(eid),
        .result = { .which = RSP_EIM_RESULT_ERROR, .error = { .eim_transaction_id = SPAN(1), .code = 2 } },
    };
    const struct rsp_handle_notification_esipa n = { .which = RSP_ESIPA_NOTIFICATION_RESULT, .result = q };
    int64_t seq = 0;
    test_eim_open(&w, &e, false);
    CHECK(esipa_provide_eim_package_result(&w.peer, &q, &p) == ERR_OK);
    CHECK(e.result == RSP_EIM_RESULT_ERROR && p.message.which == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    struct der d = der_open(p.message.acknowledgements);
    CHECK(rsp_acknowledgement_next(&d, &seq) == ERR_OK && seq == 300);
    esipa_provide_eim_package_result_response_release(&p);
    CHECK(esipa_handle_notification(&w.peer, &n) == ERR_OK);
    CHECK(e.notification == RSP_ESIPA_NOTIFICATION_RESULT);
    world_close(&w);
}

#define V2 "gsma/rsp/v2.1.0"
#define POLL "bf4f125a1089049032123451234512345678901235"
static const struct {
    const char *name, *type, *protocol, *body;
    int status;
    const char *answer; /* hex; NULL: none */
} posts[] = {
    { "a poll is answered", ESIPA_CONTENT_TYPE, V2, POLL, 200,
      "bf4f1cbf5419a0138011312461"
      "2e6578616d706c652e636f6d244282020102" },
    { "version 1 is spoken too", ESIPA_CONTENT_TYPE, "gsma/rsp/v1.0.0", POLL, 200, "" },
    { "a poll without an EID is told so", ESIPA_CONTENT_TYPE, V2, "bf4f00", 200, "bf4f03020104" },
    { "a notification is answered without a body", ESIPA_CONTENT_TYPE, V2,
      "bf3d1abf50175a1089049032123451234512345678901235a003020102", 204, NULL },
    { "a type in capitals with a parameter is the same type", "Application/X-GSMA-RSP-ASN1; charset=UTF-8", V2, POLL, 200, "" },
    { "a type that only begins alike", "application/x-gsma-rsp-asn1x", V2, POLL, 415, NULL },
    { "JSON is not this binding", "application/json", V2, POLL, 415, NULL },
    { "no content type", NULL, V2, POLL, 415, NULL },
    { "no protocol", ESIPA_CONTENT_TYPE, NULL, POLL, 400, NULL },
    { "a foreign protocol", ESIPA_CONTENT_TYPE, "gsma/rsp/v9.0.0", POLL, 400, NULL },
    { "nothing", ESIPA_CONTENT_TYPE, V2, "", 400, NULL },
    { "a tag of nothing", ESIPA_CONTENT_TYPE, V2, "bf4d00", 400, NULL },
    { "a push to an eIM", ESIPA_CONTENT_TYPE, V2, "bf4e00", 501, NULL },
    { "an EID of fifteen octets", ESIPA_CONTENT_TYPE, V2, "bf4f115a0f890490321234512345123456789012", 200, "bf4f03020103" },
    { "a poll cut short", ESIPA_CONTENT_TYPE, V2, "bf4f125a108904903212345123451234", 400, NULL },
    { "a poll and something behind it", ESIPA_CONTENT_TYPE, V2, POLL "00", 400, NULL },
    { "a function that is not offered", ESIPA_CONTENT_TYPE, V2, "bf4100", 501, NULL },
};

void esipa_refuses_hostile_requests(void)
{
    struct world w;
    struct test_eim e;
    struct http_response p = HTTP_RESPONSE_INIT;
    test_eim_open(&w, &e, false);
    for (size_t i = 0; i < COUNT(posts); i++) {
        struct buf body = hex(posts[i].body), want = hex(posts[i].answer ? posts[i].answer : "");
        world_post(&w, ESIPA_PATH, posts[i].type, posts[i].protocol, buf_span(&body), &p);
        CHECK_ROW(posts[i].name, p.status == posts[i].status);
        CHECK_ROW(posts[i].name, posts[i].answer || p.body.len == 0);
        if (want.len)
            CHECK_ROW(posts[i].name, span_equal(buf_span(&p.body), buf_span(&want)));
        buf_release(&body);
        buf_release(&want);
    }
    http_response_release(&p);
    world_close(&w);
}

/* What an eIM makes of a poll whose headers are these (JSON when `json`), and the X-Admin-Protocol of its answer. */
static const struct {
    const char *name, *type, *protocol, *agent;
    int status;
} callers[] = {
    { "an IPAd", "application/json", V2, "gsma-rsp-ipad", 200 },
    { "an IPAe that says more of itself", "application/json", V2, "gsma-rsp-ipae; meter 1.0", 200 },
    { "version 1 is spoken too, and answered so", "application/json", "gsma/rsp/v1.3.0", "gsma-rsp-ipad", 200 },
    { "a type in capitals with a parameter", "Application/JSON ; charset=utf-8", V2, "gsma-rsp-ipad", 200 },
    { "a type that only begins alike", "application/jsonX", V2, "gsma-rsp-ipad", 415 },
    { "a type that is a part of it", "application/jso", V2, "gsma-rsp-ipad", 415 },
    { "an LPA", "application/json", V2, "gsma-rsp-lpad", 400 },
    { "an agent that only begins alike", "application/json", V2, "gsma-rsp-ipads", 400 },
    { "an agent that names an IPA further on", "application/json", V2, "curl gsma-rsp-ipad", 400 },
    { "an agent without a name", "application/json", V2, "", 400 },
    { "no agent", "application/json", V2, NULL, 400 },
    { "version 3", "application/json", "gsma/rsp/v3.0.0", "gsma-rsp-ipad", 400 },
    { "version 20", "application/json", "gsma/rsp/v20.0.0", "gsma-rsp-ipad", 400 },
};

static int call_as(struct world *w, size_t row, bool json, char protocol[40])
{
    const char *body = "{\"eidValue\":\"89049032123451234512345678901235\"}";
    struct buf der = hex(POLL);
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", json ? callers[row].type : ESIPA_CONTENT_TYPE },
                                           { "X-Admin-Protocol", callers[row].protocol },
                                           { "User-Agent", callers[row].agent } };
    const struct http_call q = { .method = "POST", .url = json ? SERVER_URL "/gsma/rsp2/esipa/getEimPackage" : SERVER_URL ESIPA_PATH,
                                 .headers = headers, .header_count = callers[row].agent ? 3 : 2,
                                 .body = json ? span_str(body) : buf_span(&der) };
    REQUIRE(http_send(w->env.http, &q, &p) == ERR_OK);
    int status = p.status;
    protocol[0] = 0;
    for (size_t i = 0; i < p.header_count; i++)
        if (!strcmp(p.header[i].name, "X-Admin-Protocol"))
            snprintf(protocol, 40, "%s", p.header[i].value);
    CHECK_ROW(callers[row].name, status == 200 || !p.body.len);
    http_response_release(&p);
    buf_release(&der);
    return status;
}

void esipa_knows_its_callers(void)
{
    struct world w;
    struct test_eim e;
    char protocol[40];
    test_eim_open(&w, &e, false);
    for (size_t i = 0; i < COUNT(callers); i++) {
        CHECK_ROW(callers[i].name, call_as(&w, i, true, protocol) == callers[i].status);
        CHECK_ROW(callers[i].name, callers[i].status != 200 || !strcmp(protocol, callers[i].protocol));
        if (callers[i].status != 415)
            CHECK_ROW(callers[i].name, call_as(&w, i, false, protocol) == callers[i].status);
        CHECK_ROW(callers[i].name, callers[i].status != 200 || !strcmp(protocol, callers[i].protocol));
    }
    e.service.any_user_agent = true;
    for (size_t i = 0; i < COUNT(callers); i++)
        if (strstr(callers[i].name, "agent") || strstr(callers[i].name, "LPA"))
            CHECK_ROW(callers[i].name, call_as(&w, i, true, protocol) == 200);
    CHECK(world_saw(&w, "ESipa.GetEimPackageResponse"));
    world_close(&w);
}

static const struct {
    const char *name, *message;
    void (*change)(struct buf *bytes);
    enum err want;
} changes[] = {
    { "an answer cut short", "ESipa.GetEimPackageResponse", cut_short, ERR_PARSE },
    { "an answer of another kind", "ESipa.GetEimPackageResponse", spoil_first_octet, ERR_PARSE },
    { "an empty answer", "ESipa.GetEimPackageResponse", empty_it, ERR_PARSE },
    { "a question cut short", "ESipa.GetEimPackageRequest", cut_short, ERR_REFUSED },
    { "an empty question", "ESipa.GetEimPackageRequest", empty_it, ERR_REFUSED },
};

void esipa_refuses_hostile_answers(void)
{
    struct world w;
    struct test_eim e;
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    struct esipa_get_eim_package_response p = { 0 };
    test_eim_open(&w, &e, false);
    for (size_t i = 0; i < COUNT(changes); i++) {
        w.tampering = changes[i].message;
        w.change = changes[i].change;
        CHECK_ROW(changes[i].name, esipa_get_eim_package(&w.peer, &q, &p) == changes[i].want);
        esipa_get_eim_package_response_release(&p);
    }
    w.tampering = NULL;
    e.fail = ERR_PARSE; /* the eIM's own failure is no fault of the caller's message */
    struct http_response r = HTTP_RESPONSE_INIT;
    struct buf body = hex(POLL);
    world_post(&w, ESIPA_PATH, ESIPA_CONTENT_TYPE, V2, buf_span(&body), &r);
    CHECK(r.status == 500);
    http_response_release(&r);
    buf_release(&body);
    world_close(&w);
}

/* SGP.32 v1.3 has a number for an order that expired before the eUICC was authenticated; v1.2 has none. */
void esipa_numbers_of_the_next_version(void)
{
    struct es_status status = { 0 }, read = { 0 };
    es_refuse(&status, "8.8.5", "4.10", "expired");
    CHECK(es_code_of_status(ES9P_CODES_AUTHENTICATE_CLIENT, &status) == 127);
    CHECK(es_code_of_status_v1_3(ES9P_CODES_AUTHENTICATE_CLIENT, &status) == 18);
    CHECK(es_code_of_status_v1_3(ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, &status) == 127);
    CHECK(es_code_of_status(ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, &status) == 6);
    es_status_of_code(ES9P_CODES_AUTHENTICATE_CLIENT, 18, &read);
    CHECK(strcmp(read.subject, "8.8.5") == 0 && strcmp(read.reason, "4.10") == 0);
    es_refuse(&status, "8.2.6", "3.8", "refused");
    CHECK(es_code_of_status_v1_3(ES9P_CODES_AUTHENTICATE_CLIENT, &status) == 6);
    CHECK(es_code_of_status_v1_3(ES9P_CODES_CANCEL_SESSION, &status) == 127);
}
