/* ESipa over JSON: the same package, the same order done; and what hostile callers get. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"

#define ESIPA LAB_EIM_URL "/gsma/rsp2/esipa/"

static int call(struct fixture *f, const char *function, const char *type, const char *protocol, const char *body,
                json_t **answer)
{
    char url[200];
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", type }, { "X-Admin-Protocol", protocol } };
    const struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = span_str(body) };
    snprintf(url, sizeof url, ESIPA "%s", function);
    REQUIRE(http_send(f->l.anyone, &q, &p) == ERR_OK);
    int status = p.status;
    if (answer && p.body.len)
        REQUIRE(json_read(buf_span(&p.body), answer, NULL) == ERR_OK);
    http_response_release(&p);
    return status;
}

static json_t *ask(struct fixture *f, const char *function, const char *body)
{
    json_t *answer = NULL;
    CHECK_ROW(function, call(f, function, "application/json;charset=UTF-8", "gsma/rsp/v2.1.0", body, &answer) == 200);
    return answer;
}

/* Both bindings hand out the same bytes; a result over JSON ends the order, and is acknowledged as often as it comes. */
static void same_package(void)
{
    struct fixture f;
    struct buf over_json = { .max = 1 << 16 };
    char body[9000];
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    json_t *answer = ask(&f, "getEimPackage", "{\"eidValue\":\"" LAB_EID "\",\"notifyStateChange\":true,\"stateChangeCause\":1}");
    REQUIRE(json_base64(answer, "euiccPackageRequest", &over_json) == ERR_OK);
    json_decref(answer);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(span_equal(buf_span(&over_json), f.package.message.package.whole));
    execute(&f);
    json_t *q = json_pack("{s:s}", "eidValue", LAB_EID);
    REQUIRE(json_set_base64(q, "eimPackageResult", buf_span(&f.result)) == ERR_OK);
    snprintf(body, sizeof body, "{\"eidValue\":\"" LAB_EID "\",\"eimPackageResult\":\"%s\"}", json_str(q, "eimPackageResult"));
    json_decref(q);
    for (int i = 0; i < 2; i++) {
        answer = ask(&f, "provideEimPackageResult", body);
        CHECK(json_str(answer, "eimAcknowledgements") && !json_object_get(answer, "provideEimPackageResultError"));
        json_decref(answer);
        CHECK(strcmp(order_state(&f, "a"), "done") == 0);
    }
    answer = ask(&f, "getEimPackage", "{\"eidValue\":\"" LAB_EID "\"}");
    CHECK(json_integer_value(json_object_get(answer, "eimPackageError")) == 1);
    json_decref(answer);
    buf_release(&over_json);
    fixture_close(&f);
}

static const struct {
    const char *name, *function, *type, *protocol, *body;
    int status;
    int64_t error; /* eimPackageError of a 200 */
} hostile[] = {
    { "no EID", "getEimPackage", "application/json", "gsma/rsp/v2.1.0", "{}", 200, 4 },
    { "an EID of letters", "getEimPackage", "application/json", "gsma/rsp/v2.1.0", "{\"eidValue\":\"X\"}", 200, 3 },
    { "a stranger's EID", "getEimPackage", "application/json", "gsma/rsp/v2.1.0", "{\"eidValue\":\"" LAB_OTHER_EID "\"}", 200, 2 },
    { "a cause of letters", "getEimPackage", "application/json", "gsma/rsp/v2.1.0",
      "{\"eidValue\":\"" LAB_EID "\",\"stateChangeCause\":\"x\"}", 400, 0 },
    { "a PLMN of one octet", "getEimPackage", "application/json", "gsma/rsp/v2.1.0",
      "{\"eidValue\":\"" LAB_EID "\",\"rPLMN\":\"AA==\"}", 400, 0 },
    { "no JSON", "getEimPackage", "application/json", "gsma/rsp/v2.1.0", "eid", 400, 0 },
    { "nothing", "getEimPackage", "application/json", "gsma/rsp/v2.1.0", "", 400, 0 },
    { "DER", "getEimPackage", "application/x-gsma-rsp-asn1", "gsma/rsp/v2.1.0", "{}", 415, 0 },
    { "a major that is not spoken", "getEimPackage", "application/json", "gsma/rsp/v9.0.0", "{}", 400, 0 },
    { "no result", "provideEimPackageResult", "application/json", "gsma/rsp/v2.1.0", "{\"eidValue\":\"" LAB_EID "\"}", 400, 0 },
    { "a result that is no DER", "provideEimPackageResult", "application/json", "gsma/rsp/v2.1.0",
      "{\"eidValue\":\"" LAB_EID "\",\"eimPackageResult\":\"AAAA\"}", 400, 0 },
    { "an empty notification", "handleNotification", "application/json", "gsma/rsp/v2.1.0", "{}", 400, 0 },
    { "a function that is none", "reboot", "application/json", "gsma/rsp/v2.1.0", "{}", 501, 0 },
    { "a relayed download", "initiateAuthentication", "application/json", "gsma/rsp/v2.1.0", "{}", 501, 0 },
};

static void hostile_json(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        json_t *answer = NULL;
        int status = call(&f, hostile[i].function, hostile[i].type, hostile[i].protocol, hostile[i].body, &answer);
        CHECK_ROW(hostile[i].name, status == hostile[i].status);
        if (status != hostile[i].status)
            printf(" (%d)", status);
        CHECK_ROW(hostile[i].name, json_integer_value(json_object_get(answer, "eimPackageError")) == hostile[i].error);
        json_decref(answer);
    }
    CHECK(strcmp(order_state(&f, "a"), "queued") == 0);
    fixture_close(&f);
}

const struct test json_tests[] = {
    { "both bindings hand out the same package and take the same result", same_package },
    { "hostile JSON gets a refusal and changes nothing", hostile_json },
};
const size_t json_tests_count = COUNT(json_tests);
