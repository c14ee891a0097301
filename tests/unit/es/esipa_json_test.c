/* ESipa over JSON as an IPA calls it, against eIMs that answer what they like. */
#include <string.h>

#include "es_tests.h"
#include "esipa.h"
#include "rsp_ids.h"

/* Answers every function with one text. */
struct eim {
    struct actor actor;
    const char *text;
    int status;
    char path[64];
    struct buf body;
};

static enum err answer(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    REQUIRE(buf_set(&e->body, q->body) == ERR_OK && buf_put_u8(&e->body, 0) == ERR_OK);
    return http_text(p, e->status, "application/json", span_str(e->text));
}

static const struct http_route routes[] = { { "POST", "/gsma/rsp2/esipa/{function}", answer } };
static const struct actor_ops ops = { .role = "eim", .routes = routes, .route_count = 1 };

#define FINE "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
#define FAILED                                                                                       \
    "\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":"             \
    "{\"subjectCode\":\"8.2.6\",\"reasonCode\":\"3.8\"}}}"

static const struct {
    const char *name;
    int status;
    const char *text;
    enum err want;
    int64_t error; /* eimPackageError of an answer that is one */
} polls[] = {
    { "no package", 200, "{" FINE ",\"eimPackageError\":1}", ERR_OK, 1 },
    { "a trigger", 200, "{" FINE ",\"profileDownloadTriggerRequest\":\"v1QEggIBAg==\"}", ERR_OK, 0 },
    { "a zero beside a trigger, as some say it", 200,
      "{" FINE ",\"eimPackageError\":0,\"profileDownloadTriggerRequest\":\"v1QEggIBAg==\"}", ERR_OK, 0 },
    { "refused in words only", 200, "{" FAILED "}", ERR_OK, 127 },
    { "refused in words and by number", 200, "{" FAILED ",\"eimPackageError\":2}", ERR_OK, 2 },
    { "no header", 200, "{\"eimPackageError\":1}", ERR_PARSE, 0 },
    { "nothing to it", 200, "{" FINE "}", ERR_PARSE, 0 },
    { "a zero and nothing else", 200, "{" FINE ",\"eimPackageError\":0}", ERR_PARSE, 0 },
    { "an error in words", 200, "{" FINE ",\"eimPackageError\":\"none\"}", ERR_PARSE, 0 },
    { "a package that is no base64", 200, "{" FINE ",\"euiccPackageRequest\":\"***\"}", ERR_PARSE, 0 },
    { "a package that is no DER", 200, "{" FINE ",\"euiccPackageRequest\":\"AAAA\"}", ERR_PARSE, 0 },
    { "a package that is a number", 200, "{" FINE ",\"euiccPackageRequest\":7}", ERR_PARSE, 0 },
    { "no JSON", 200, "package", ERR_PARSE, 0 },
    { "a list", 200, "[]", ERR_PARSE, 0 },
    { "half of it", 200, "{" FINE ",", ERR_PARSE, 0 },
    { "HTTP 500", 500, "", ERR_REFUSED, 0 },
    { "HTTP 404", 404, "{}", ERR_REFUSED, 0 },
};

static void open_eim(struct world *w, struct eim *e)
{
    *e = (struct eim){ .actor.ops = &ops, .status = 200, .body = { .max = 1 << 16 } };
    world_open(w, &e->actor);
    w->peer.json = true;
}

static void close_eim(struct world *w, struct eim *e)
{
    world_close(w);
    buf_release(&e->body);
}

void esipa_json_polls(void)
{
    struct world w;
    struct eim e;
    uint8_t eid[16];
    open_eim(&w, &e);
    REQUIRE(rsp_eid_parse("89049032123451234512345678901235", eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid), .notify_state_change = true,
                                                   .state_change_cause = { true, 1 }, .rplmn = SPAN(0x62, 0xf2, 0x10) };
    for (size_t i = 0; i < COUNT(polls); i++) {
        struct esipa_get_eim_package_response r;
        e.status = polls[i].status;
        e.text = polls[i].text;
        enum err got = esipa_get_eim_package(&w.peer, &q, &r);
        CHECK_ROW(polls[i].name, got == polls[i].want);
        if (!got && polls[i].error)
            CHECK_ROW(polls[i].name, r.message.which == RSP_EIM_PACKAGE_ERROR && r.message.error == polls[i].error);
        else if (!got)
            CHECK_ROW(polls[i].name, r.message.which == RSP_EIM_PACKAGE_DOWNLOAD);
        esipa_get_eim_package_response_release(&r);
    }
    CHECK(strstr((const char *)e.body.at, "\"eidValue\":\"89049032123451234512345678901235\"") != NULL);
    CHECK(strstr((const char *)e.body.at, "\"notifyStateChange\":true") != NULL);
    CHECK(strstr((const char *)e.body.at, "\"stateChangeCause\":1") != NULL);
    CHECK(world_saw(&w, "ESipa.GetEimPackageRequest"));
    close_eim(&w, &e);
}

static const struct {
    const char *name, *text;
    enum err want;
    const char *refusal;
} cancels[] = {
    { "done", "{" FINE "}", ERR_OK, "" },
    { "refused by number", "{" FAILED ",\"cancelSessionError\":1}", ERR_OK, "8.10.1" },
    { "refused in words only", "{" FAILED "}", ERR_OK, "8.8" },
    { "without a header", "{}", ERR_PARSE, "" },
    { "a status that is none", "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Perhaps\"}}}", ERR_PARSE, "" },
};

void esipa_json_cancels(void)
{
    /* CancelSessionResponse: compactCancelSessionResponseError invalidTransactionId */
    static const uint8_t response[] = { 0xbf, 0x41, 0x03, 0x81, 0x01, 0x05 };
    struct world w;
    struct eim e;
    open_eim(&w, &e);
    for (size_t i = 0; i < COUNT(cancels); i++) {
        struct es_status status = { 0 };
        e.text = cancels[i].text;
        enum err got = esipa_cancel_session(&w.peer, SPAN(0xab, 0xcd), SPAN_ARRAY(response), &status);
        CHECK_ROW(cancels[i].name, got == cancels[i].want);
        CHECK_ROW(cancels[i].name, strcmp(status.subject, cancels[i].refusal) == 0);
    }
    CHECK(strstr((const char *)e.body.at, "\"transactionId\":\"ABCD\"") != NULL);
    CHECK(strstr((const char *)e.body.at, "\"cancelSessionResponse\":\"v0EDgQEF\"") != NULL); /* its own tag again */
    close_eim(&w, &e);
}

static const struct {
    const char *name;
    int status;
    const char *text;
    enum err want;
    enum rsp_provide_response_which which;
    int64_t error;
} results[] = {
    { "taken", 200, "{" FINE "}", ERR_OK, RSP_PROVIDE_EMPTY, 0 },
    { "taken and acknowledged", 200, "{" FINE ",\"eimAcknowledgements\":\"v1MDgAEB\"}", ERR_OK, RSP_PROVIDE_ACKNOWLEDGEMENTS, 0 },
    { "refused by number", 200, "{" FINE ",\"provideEimPackageResultError\":2}", ERR_OK, RSP_PROVIDE_ERROR, 2 },
    { "refused by number and in words", 200, "{" FAILED ",\"provideEimPackageResultError\":4}", ERR_OK, RSP_PROVIDE_ERROR, 4 },
    { "refused in words only", 200, "{" FAILED "}", ERR_OK, RSP_PROVIDE_ERROR, 127 },
    { "without a header", 200, "{}", ERR_PARSE, RSP_PROVIDE_NONE, 0 },
    { "acknowledgements that are no DER", 200, "{" FINE ",\"eimAcknowledgements\":\"AAAA\"}", ERR_PARSE, RSP_PROVIDE_NONE, 0 },
    { "HTTP 403", 403, "", ERR_REFUSED, RSP_PROVIDE_NONE, 0 },
};

void esipa_json_results(void)
{
    struct world w;
    struct eim e;
    int status = 0;
    open_eim(&w, &e);
    w.peer.http_status = &status;
    const struct rsp_provide_eim_package_result q = { .result = { .which = RSP_EIM_RESULT_ERROR, .error.code = 127 } };
    for (size_t i = 0; i < COUNT(results); i++) {
        struct esipa_provide_eim_package_result_response r;
        e.status = results[i].status;
        e.text = results[i].text;
        CHECK_ROW(results[i].name, esipa_provide_eim_package_result(&w.peer, &q, &r) == results[i].want);
        CHECK_ROW(results[i].name, r.message.which == results[i].which && r.message.error == results[i].error);
        esipa_provide_eim_package_result_response_release(&r);
    }
    CHECK(status == 403);
    close_eim(&w, &e);
}

static const struct {
    const char *name;
    int status;
    const char *text;
    enum err want;
} notifications[] = {
    { "taken", 204, "", ERR_OK },
    { "taken, and some say so", 200, "{" FINE "}", ERR_OK },
    { "refused in words", 200, "{" FAILED "}", ERR_REFUSED },
    { "without a header", 200, "{}", ERR_PARSE },
    { "HTTP 403", 403, "", ERR_REFUSED },
};

/* SGP.32 5.14.7: what is not taken stays on the card. */
void esipa_json_notifications(void)
{
    struct world w;
    struct eim e;
    open_eim(&w, &e);
    const struct rsp_handle_notification_esipa q = {
        .which = RSP_ESIPA_NOTIFICATION_RESULT,
        .result = { .result = { .which = RSP_EIM_RESULT_ERROR, .error.code = 127 } },
    };
    for (size_t i = 0; i < COUNT(notifications); i++) {
        e.status = notifications[i].status;
        e.text = notifications[i].text;
        CHECK_ROW(notifications[i].name, esipa_handle_notification(&w.peer, &q) == notifications[i].want);
    }
    close_eim(&w, &e);
}
