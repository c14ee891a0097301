/* The relayed download: what passes through, and which error number each refusal becomes. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "esipa_call.h"
#include "rsp_codes.h"

#define NOT_RELAYED -1

struct relayed {
    struct fixture f;
    struct lab_download d;
    struct buf transaction; /* of the trigger */
};

static void trigger(struct relayed *r, const char *code, const char *confirmation_code)
{
    char more[200];
    fixture_open(&r->f);
    r->transaction = (struct buf){ .max = 16 };
    lab_import(&r->f.l);
    lab_release(&r->f.l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", confirmation_code);
    snprintf(more, sizeof more, ",\"activationCode\":\"%s\"", code);
    CHECK(order(&r->f, "a", "download", more) == 202);
    REQUIRE(poll(&r->f) == RSP_EIM_PACKAGE_DOWNLOAD);
    REQUIRE(buf_set(&r->transaction, r->f.package.message.download.eim_transaction_id) == ERR_OK);
    r->f.peer.eim_transaction_id = buf_span(&r->transaction);
    lab_download_begin(&r->f.l, &r->f.l.card, &r->d);
}

static void end(struct relayed *r)
{
    lab_download_end(&r->d);
    buf_release(&r->transaction);
    fixture_close(&r->f);
}

/* InitiateAuthentication with this address ("" none); the answer's error, 0 ok. */
static int64_t initiate(struct relayed *r, const char *address, bool with_info)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint8_t challenge[16];
    struct rsp_initiate_authentication_response_esipa a;
    struct buf message = ESIPA_MESSAGE, *answer = es_memory_buf(&r->d.memory);
    REQUIRE(es10b_get_euicc_info1(&r->f.l.card.es, &info) == ERR_OK);
    REQUIRE(es10b_get_euicc_challenge(&r->f.l.card.es, challenge) == ERR_OK);
    const struct rsp_initiate_authentication_request_esipa q = {
        .euicc_challenge = SPAN_ARRAY(challenge), .has_euicc_info1 = with_info, .euicc_info1 = info.message,
        .smdp_address = address[0] ? span_str(address) : (struct span){ 0 },
        .eim_transaction_id = r->f.peer.eim_transaction_id,
    };
    enum err e = rsp_initiate_authentication_request_esipa_write(&q, &message);
    e = esipa_call(&r->f.peer, "InitiateAuthentication", e, &message, answer);
    buf_release(&info.received);
    if (e || rsp_initiate_authentication_response_esipa_read(buf_span(answer), &a))
        return NOT_RELAYED;
    if (a.which == RSP_OK)
        r->d.initiated = (struct rsp_initiate_authentication_ok){
            .transaction_id = a.ok.transaction_id, .server_signed1 = a.ok.server_signed1,
            .server_signature1 = a.ok.server_signature1, .ci_pkid = a.ok.ci_pkid,
            .server_certificate = a.ok.server_certificate };
    return a.which == RSP_OK ? 0 : a.error;
}

static const struct {
    const char *name, *code, *address;
    bool no_info;
    int64_t error;
} beginnings[] = {
    { "as it was meant", LAB_CODE, "smdp.example.com", false, 0 },
    { "without an address", LAB_CODE, "", false, 0 },
    { "with the SM-DP+'s own OID", LAB_CODE "$2.999.10", "", false, 0 },
    { "another address", LAB_CODE, "other.example.com", false, RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH },
    { "another OID", LAB_CODE "$2.999.99", "", false, RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH },
    { "nobody at the address", "1$nobody.example.com$TOKEN-1", "", false, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
    { "no euiccInfo1", LAB_CODE, "", true, RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR },
};

static void begins(void)
{
    for (size_t i = 0; i < COUNT(beginnings); i++) {
        struct relayed r;
        trigger(&r, beginnings[i].code, "");
        int64_t error = initiate(&r, beginnings[i].address, !beginnings[i].no_info);
        CHECK_ROW(beginnings[i].name, error == beginnings[i].error);
        if (error != beginnings[i].error)
            printf(" (%lld)", (long long)error);
        CHECK(!lab_said(&r.f.l, "TOKEN-1"));
        end(&r);
    }
}

/* Only the transaction of a download that is under way. */
static void unknown_transactions(void)
{
    static const uint8_t stranger[16] = { 9 };
    struct relayed r;
    trigger(&r, LAB_CODE, "");
    r.f.peer.eim_transaction_id = SPAN_ARRAY(stranger);
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    r.f.peer.eim_transaction_id = (struct span){ 0 };
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    r.f.peer.eim_transaction_id = buf_span(&r.transaction);
    const struct rsp_profile_download_trigger_result over = {
        .eim_transaction_id = buf_span(&r.transaction),
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127 } },
    };
    CHECK(bring_download(&r.f, LAB_EID, &over) == RSP_PROVIDE_EMPTY);
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    CHECK(order(&r.f, "b", "list", "") == 202 && poll(&r.f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    r.f.peer.eim_transaction_id = r.f.package.message.package.package_signed.eim_transaction_id;
    CHECK(initiate(&r, "", true) == RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID);
    end(&r);
}

/* --- the whole of it --------------------------------------------------------------------------------------- */

static void told(struct relayed *r, enum err e)
{
    snprintf(r->d.refusal, sizeof r->d.refusal, "%s%s%s", e ? err_name(e) : r->d.status.subject,
             !e && r->d.status.subject[0] ? "/" : "", e ? "" : r->d.status.reason);
}

static bool authenticate_client(struct relayed *r)
{
    const struct rsp_authenticate_client_request q = { r->d.initiated.transaction_id, r->d.server.message };
    told(r, esipa_authenticate_client(&r->f.peer, &q, &r->d.memory, &r->d.authenticated, &r->d.status));
    return !r->d.refusal[0];
}

static bool get_package(struct relayed *r)
{
    const struct rsp_get_bound_profile_package_request q = { r->d.initiated.transaction_id, r->d.prepared.message };
    told(r, esipa_get_bound_profile_package(&r->f.peer, &q, &r->d.memory, &r->d.package, &r->d.status));
    return !r->d.refusal[0];
}

static void unreachable(struct relayed *r)
{
    r->f.l.hurdle = "smdp.example.com";
    r->f.l.hurdle_err = ERR_TIMEOUT;
    r->f.l.hurdles = 1;
}

enum mishap { NOTHING, OTHER_SESSION, GONE_AT_AUTHENTICATION, GONE_AT_PACKAGE, OTHER_SIGNATURE, RESTARTED,
              OTHER_SESSION_AT_PACKAGE };
static const struct {
    const char *name, *code, *confirmation_code;
    enum mishap mishap;
    const char *refusal;
} downloads[] = {
    { "all goes well", LAB_CODE, "", NOTHING, "" },
    { "the eIM was restarted in between", LAB_CODE, "", RESTARTED, "" },
    { "a code that is none", "1$smdp.example.com$OTHER", "", NOTHING, "8.2.6/3.8" },
    { "a session that never was", LAB_CODE, "", OTHER_SESSION, "8.10.1/3.9" },
    { "a session that never was, at the end", LAB_CODE, "", OTHER_SESSION_AT_PACKAGE, "8.10.1/3.9" },
    { "a signature of the card altered", LAB_CODE, "", OTHER_SIGNATURE, "8.1/6.1" },
    { "a wrong confirmation code", LAB_CODE, "4711", NOTHING, "8.2.7/3.8" },
    { "the SM-DP+ gone after the first answer", LAB_CODE, "", GONE_AT_AUTHENTICATION, "8.8/4.2" },
    { "the SM-DP+ gone before the package", LAB_CODE, "", GONE_AT_PACKAGE, "8.8/4.2" },
};

static void go(struct relayed *r, enum mishap m)
{
    uint8_t *transaction = (uint8_t *)r->d.initiated.transaction_id.at;
    lab_authenticate_server(&r->d);
    if (m == OTHER_SIGNATURE)
        lab_flip(span_sub(r->d.server.message.ok.euicc_signature1, 9, 1));
    if (m == OTHER_SESSION)
        transaction[0] ^= 1;
    if (m == RESTARTED)
        lab_restart(&r->f.l, LAB_EIM);
    if (m == GONE_AT_AUTHENTICATION)
        unreachable(r);
    if (!authenticate_client(r))
        return;
    lab_prepare(&r->d);
    if (m == GONE_AT_PACKAGE)
        unreachable(r);
    if (m == OTHER_SESSION_AT_PACKAGE)
        transaction[0] ^= 1;
    if (m == RESTARTED)
        lab_restart(&r->f.l, LAB_EIM);
    if (get_package(r))
        CHECK(lab_load(&r->d) == 0);
}

static void whole_downloads(void)
{
    for (size_t i = 0; i < COUNT(downloads); i++) {
        struct relayed r;
        trigger(&r, downloads[i].code, downloads[i].confirmation_code);
        r.d.matching_id = strrchr(downloads[i].code, '$') + 1;
        if (downloads[i].confirmation_code[0])
            r.d.confirmation_code = "1";
        REQUIRE(initiate(&r, "", true) == 0);
        go(&r, downloads[i].mishap);
        CHECK_ROW(downloads[i].name, strcmp(r.d.refusal, downloads[i].refusal) == 0);
        if (strcmp(r.d.refusal, downloads[i].refusal))
            printf(" (%s)", r.d.refusal);
        CHECK_ROW(downloads[i].name, strcmp(order_state(&r.f, "a"), "sent") == 0);
        CHECK(!lab_said(&r.f.l, "TOKEN-1"));
        end(&r);
    }
}

/* A notification that the SM-DP+ could not be told stays with the device. */
static void notifications(void)
{
    struct relayed r;
    trigger(&r, LAB_CODE, "");
    REQUIRE(initiate(&r, "", true) == 0);
    go(&r, NOTHING);
    struct span pir = buf_span(&r.d.loaded.received);
    unreachable(&r);
    CHECK(esipa_relay_notification(&r.f.peer, pir) != ERR_OK);
    CHECK(strcmp(lab_profile_state(&r.f.l, LAB_PARTNER_ICCID), "installed") != 0);
    CHECK(esipa_relay_notification(&r.f.peer, pir) == ERR_OK);
    CHECK(strcmp(lab_profile_state(&r.f.l, LAB_PARTNER_ICCID), "installed") == 0);
    CHECK(esipa_relay_notification(&r.f.peer, pir) == ERR_OK); /* told twice */
    end(&r);
}

/* The eIM killed at its n-th write: the device begins again and gets its package. */
static void killed(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 20; n++) {
        struct relayed r;
        trigger(&r, LAB_CODE, "");
        r.f.l.part[LAB_EIM].writes = 0;
        r.f.l.part[LAB_EIM].cut_at = n;
        cut = initiate(&r, "", true) != 0;
        if (cut) {
            lab_restart(&r.f.l, LAB_EIM);
            CHECK(initiate(&r, "", true) == 0);
        }
        go(&r, NOTHING);
        CHECK(!r.d.refusal[0]);
        end(&r);
    }
    CHECK(!cut);
}

const struct test relay_tests[] = {
    { "a relayed download begins as it was triggered", begins },
    { "only the transaction of a download under way begins one", unknown_transactions },
    { "each refusal of a relayed download has its number", whole_downloads },
    { "a notification is relayed, or stays", notifications },
    { "a relayed download survives its eIM", killed },
};
const size_t relay_tests_count = COUNT(relay_tests);
