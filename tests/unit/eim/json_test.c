/* ESipa over JSON: the same package, the same order done; and what hostile callers get. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"

#define ESIPA LAB_EIM_URL "/gsma/rsp2/esipa/"

int call_json(struct fixture *f, const char *function, const char *type, const char *protocol, const char *body,
              json_t **answer)
{
    char url[200];
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", type }, { "X-Admin-Protocol", protocol },
                                           { "User-Agent", "gsma-rsp-ipad" } };
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
    CHECK_ROW(function, call_json(f, function, "application/json;charset=UTF-8", "gsma/rsp/v2.1.0", body, &answer) == 200);
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
    { "a relayed download without a challenge", "initiateAuthentication", "application/json", "gsma/rsp/v2.1.0", "{}", 400, 0 },
    { "a challenge of 15 octets", "initiateAuthentication", "application/json", "gsma/rsp/v2.1.0",
      "{\"euiccChallenge\":\"AAAAAAAAAAAAAAAAAAAA\"}", 400, 0 },
    { "an euiccInfo1 that is no DER", "initiateAuthentication", "application/json", "gsma/rsp/v2.1.0",
      "{\"euiccChallenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"euiccInfo1\":\"AAAA\"}", 400, 0 },
    { "an eimTransactionId of letters", "initiateAuthentication", "application/json", "gsma/rsp/v2.1.0",
      "{\"euiccChallenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"eimTransactionId\":\"XY\"}", 400, 0 },
    { "an authentication without a transaction", "authenticateClient", "application/json", "gsma/rsp/v2.1.0", "{}", 400, 0 },
    { "an authentication that is no DER", "authenticateClient", "application/json", "gsma/rsp/v2.1.0",
      "{\"transactionId\":\"00\",\"authenticateServerResponse\":\"AAAA\"}", 400, 0 },
    { "a preparation that is no DER", "getBoundProfilePackage", "application/json", "gsma/rsp/v2.1.0",
      "{\"transactionId\":\"00\",\"prepareDownloadResponse\":\"AAAA\"}", 400, 0 },
    { "a cancellation that is no DER", "cancelSession", "application/json", "gsma/rsp/v2.1.0",
      "{\"transactionId\":\"00\",\"cancelSessionResponse\":\"AAAA\"}", 400, 0 },
    { "a cancellation in small letters", "cancelSession", "application/json", "gsma/rsp/v2.1.0",
      "{\"transactionId\":\"ab\",\"cancelSessionResponse\":\"AAAA\"}", 400, 0 },
};

static void hostile_json(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "a", "list", "") == 202);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        json_t *answer = NULL;
        int status = call_json(&f, hostile[i].function, hostile[i].type, hostile[i].protocol, hostile[i].body, &answer);
        CHECK_ROW(hostile[i].name, status == hostile[i].status);
        if (status != hostile[i].status)
            printf(" (%d)", status);
        CHECK_ROW(hostile[i].name, json_integer_value(json_object_get(answer, "eimPackageError")) == hostile[i].error);
        json_decref(answer);
    }
    CHECK(strcmp(order_state(&f, "a"), "queued") == 0);
    fixture_close(&f);
}

/* --- the relayed download ------------------------------------------------------------------------------- */

/* A device that speaks JSON: each call keeps what its answer says. */
struct device {
    struct fixture f;
    struct lab_download d;
    char transaction[40];  /* eimTransactionId, hex */
    int64_t error;         /* the error member of the last answer; 0 none */
    char refusal[40];      /* the header's subject/reason */
};

static void open_device(struct device *v, const char *confirmation_code)
{
    struct buf id = { .max = 40 };
    fixture_open(&v->f);
    lab_import(&v->f.l);
    lab_release(&v->f.l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", confirmation_code);
    CHECK(order(&v->f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
    REQUIRE(poll(&v->f) == RSP_EIM_PACKAGE_DOWNLOAD);
    REQUIRE(hex_put_upper(&id, v->f.package.message.download.eim_transaction_id) == ERR_OK);
    snprintf(v->transaction, sizeof v->transaction, "%s", buf_cstr(&id));
    buf_release(&id);
    lab_download_begin(&v->f.l, &v->f.l.card, &v->d);
}

static void close_device(struct device *v)
{
    lab_download_end(&v->d);
    fixture_close(&v->f);
}

/* Takes `request`; the answer is to be released. error_member: where the ASN.1 number would stand. */
static json_t *exchange(struct device *v, const char *function, json_t *request, const char *error_member)
{
    struct buf body = { .max = 1 << 16 };
    struct es_status status = { 0 };
    REQUIRE(json_write(request, &body) == ERR_OK && buf_put_u8(&body, 0) == ERR_OK);
    json_t *answer = ask(&v->f, function, (const char *)body.at);
    CHECK_ROW(function, es_status_read(answer, &status) == ERR_OK);
    snprintf(v->refusal, sizeof v->refusal, "%s%s%s", status.subject, status.subject[0] ? "/" : "", status.reason);
    v->error = json_integer_value(json_object_get(answer, error_member));
    CHECK_ROW(function, (v->error != 0) == es_refused(&status)); /* both say so, or neither */
    json_decref(request);
    buf_release(&body);
    return answer;
}

static void initiate(struct device *v, const char *transaction)
{
    struct es10b_euicc_info1 info = { 0 };
    struct span signed1, pkid;
    struct der_tlv octets;
    uint8_t challenge[16];
    json_t *q = json_pack("{s:s, s:s}", "smdpAddress", "smdp.example.com", "eimTransactionId", transaction);
    REQUIRE(es10b_get_euicc_info1(&v->f.l.card.es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&v->f.l.card.es, challenge) == ERR_OK);
    REQUIRE(json_set_base64(q, "euiccChallenge", SPAN_ARRAY(challenge)) == ERR_OK);
    REQUIRE(json_set_base64(q, "euiccInfo1", buf_span(&info.received)) == ERR_OK);
    buf_release(&info.received);
    json_t *a = exchange(v, "initiateAuthentication", q, "initiateAuthenticationError");
    if (!v->error) {
        REQUIRE(es_memory_transaction_id(&v->d.memory, a, &v->d.initiated.transaction_id) == ERR_OK);
        REQUIRE(es_memory_base64(&v->d.memory, a, "serverSigned1", &signed1) == ERR_OK);
        REQUIRE(rsp_server_signed1_read(signed1, &v->d.initiated.server_signed1) == ERR_OK);
        REQUIRE(es_memory_signature(&v->d.memory, a, "serverSignature1", &v->d.initiated.server_signature1) == ERR_OK);
        REQUIRE(es_memory_base64(&v->d.memory, a, "euiccCiPKIdentifierToBeUsed", &pkid) == ERR_OK);
        REQUIRE(der_only(pkid, 0x04, &octets) == ERR_OK);
        v->d.initiated.ci_pkid = octets.value;
        REQUIRE(es_memory_base64(&v->d.memory, a, "serverCertificate", &v->d.initiated.server_certificate) == ERR_OK);
        CHECK(strcmp(json_str(a, "matchingId"), "TOKEN-1") == 0);
    }
    json_decref(a);
}

/* A request of a transaction and one DER member. */
static json_t *with_der(struct device *v, const char *member, struct span der)
{
    json_t *q = json_object();
    REQUIRE(json_set_hex(q, "transactionId", v->d.initiated.transaction_id) == ERR_OK);
    REQUIRE(json_set_base64(q, member, der) == ERR_OK);
    return q;
}

static void authenticate(struct device *v)
{
    struct span signed2, metadata;
    json_t *a = exchange(v, "authenticateClient", with_der(v, "authenticateServerResponse", buf_span(&v->d.server.received)),
                         "authenticateClientError");
    if (!v->error) {
        REQUIRE(es_memory_base64(&v->d.memory, a, "profileMetadata", &metadata) == ERR_OK);
        REQUIRE(rsp_store_metadata_read(metadata, &v->d.authenticated.metadata) == ERR_OK);
        REQUIRE(es_memory_base64(&v->d.memory, a, "smdpSigned2", &signed2) == ERR_OK);
        REQUIRE(rsp_smdp_signed2_read(signed2, &v->d.authenticated.smdp_signed2) == ERR_OK);
        REQUIRE(es_memory_signature(&v->d.memory, a, "smdpSignature2", &v->d.authenticated.smdp_signature2) == ERR_OK);
        REQUIRE(es_memory_base64(&v->d.memory, a, "smdpCertificate", &v->d.authenticated.smdp_certificate) == ERR_OK);
    }
    json_decref(a);
}

static void get_package(struct device *v)
{
    json_t *a = exchange(v, "getBoundProfilePackage", with_der(v, "prepareDownloadResponse", buf_span(&v->d.prepared.received)),
                         "getBoundProfilePackageError");
    if (!v->error)
        REQUIRE(es_memory_base64(&v->d.memory, a, "boundProfilePackage", &v->d.package.bound_profile_package) == ERR_OK);
    json_decref(a);
}

/* Up to the package; what the card is given over JSON it believes, so nothing signed was changed. */
static void fetch(struct device *v)
{
    initiate(v, v->transaction);
    REQUIRE(!v->error);
    lab_authenticate_server(&v->d);
    authenticate(v);
    if (v->error)
        return;
    lab_prepare(&v->d);
    get_package(v);
}

static void a_whole_download(void)
{
    struct device v;
    char body[9000];
    open_device(&v, "");
    fetch(&v);
    REQUIRE(!v.error && lab_load(&v.d) == 0);
    json_t *q = json_object();
    REQUIRE(json_set_base64(q, "pendingNotification", buf_span(&v.d.loaded.received)) == ERR_OK);
    snprintf(body, sizeof body, "{\"pendingNotification\":\"%s\"}", json_str(q, "pendingNotification"));
    json_decref(q);
    CHECK(call_json(&v.f, "handleNotification", "application/json", "gsma/rsp/v2.1.0", body, NULL) == 204);
    CHECK(strcmp(lab_profile_state(&v.f.l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK(lab_card_state(&v.f.l.card, LAB_PARTNER_ICCID) == 0);
    close_device(&v);
}

static void a_wrong_transaction(void)
{
    struct device v;
    open_device(&v, "");
    initiate(&v, "0102030405060708090A0B0C0D0E0F10");
    CHECK(v.error == 52);
    close_device(&v);
}

/* A session that the eIM does not know is none of the SM-DP+'s either. */
static void a_foreign_session(void)
{
    static const uint8_t foreign[16] = { 7 };
    struct device v;
    open_device(&v, "");
    initiate(&v, v.transaction);
    REQUIRE(!v.error);
    lab_authenticate_server(&v.d);
    struct span own = v.d.initiated.transaction_id;
    v.d.initiated.transaction_id = SPAN_ARRAY(foreign);
    authenticate(&v);
    CHECK(v.error == 10 && strcmp(v.refusal, "8.10.1/3.9") == 0);
    v.d.initiated.transaction_id = own;
    authenticate(&v);
    CHECK(!v.error);
    close_device(&v);
}

static void a_missing_confirmation_code(void)
{
    struct device v;
    open_device(&v, "4711");
    v.d.confirmation_code = "0815";
    fetch(&v);
    CHECK(v.error == 3 && strcmp(v.refusal, "8.2.7/3.8") == 0);
    close_device(&v);
}

static void a_forged_authentication(void)
{
    struct device v;
    open_device(&v, "");
    initiate(&v, v.transaction);
    REQUIRE(!v.error);
    lab_authenticate_server(&v.d);
    lab_flip(v.d.server.message.ok.euicc_signature1);
    authenticate(&v);
    CHECK(v.error == 5 && strcmp(v.refusal, "8.1/6.1") == 0);
    close_device(&v);
}

static void a_cancelled_session(void)
{
    struct device v;
    struct es10b_cancel_session_response c = { 0 };
    open_device(&v, "");
    initiate(&v, v.transaction);
    REQUIRE(!v.error);
    lab_authenticate_server(&v.d);
    authenticate(&v);
    const struct rsp_cancel_session_request q = { .transaction_id = v.d.initiated.transaction_id, .reason = 3 };
    REQUIRE(!v.error && es10b_cancel_session(&v.f.l.card.es, &q, &c) == ERR_OK);
    json_decref(exchange(&v, "cancelSession", with_der(&v, "cancelSessionResponse", buf_span(&c.received)), "cancelSessionError"));
    CHECK(!v.error);
    json_decref(exchange(&v, "cancelSession", with_der(&v, "cancelSessionResponse", buf_span(&c.received)), "cancelSessionError"));
    CHECK(v.error == 1); /* over is over */
    buf_release(&c.received);
    close_device(&v);
}

const struct test json_tests[] = {
    { "both bindings hand out the same package and take the same result", same_package },
    { "hostile JSON gets a refusal and changes nothing", hostile_json },
    { "a relayed download over JSON installs what it would over DER", a_whole_download },
    { "a download that was not triggered is refused", a_wrong_transaction },
    { "a session of others is unknown, and one's own goes on", a_foreign_session },
    { "a wrong confirmation code is refused in number and words", a_missing_confirmation_code },
    { "a forged authentication is refused in number and words", a_forged_authentication },
    { "a session is cancelled once", a_cancelled_session },
};
const size_t json_tests_count = COUNT(json_tests);
