/* Injection (SGP.32 5.14.4): an eIM that pushes to a device, and everybody else who would like to. */
#include <stdio.h>
#include <string.h>

#include "lab.h"
#include "rsp_ids.h"

#define DEVICE "https://meter-1.example.com"

/* What the eIM says of itself in the eUICC: its protocols, and its TLS key where one is given. */
static void configure(struct lab *l, uint32_t protocols, const struct cert *tls)
{
    struct rsp_eim_configuration eim;
    struct buf spki = { .max = 256 };
    lab_read_initial_eim(l, &eim);
    eim.supported_protocol = (struct rsp_bits){ protocols != 0, protocols };
    eim.has_trusted_tls = tls != NULL;
    if (tls)
        REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(tls->key.at), &spki) == ERR_OK);
    eim.trusted_tls = (struct rsp_key_data){ .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(&spki) };
    lab_set_initial_eims(l, &eim, 1);
    buf_release(&spki);
}

static void open_device(struct lab *l, bool listens, uint32_t protocols, const struct cert *tls)
{
    l->listens = listens;
    lab_register(l, &l->card);
    lab_get_initial_eim(l);
    configure(l, protocols, tls);
    lab_restart(l, LAB_IPA);
}

static int tell(struct lab *l, const char *body)
{
    return lab_call(l, l->eso, "PATCH", LAB_EIM_URL "/v1/euiccs/" LAB_EID, body, NULL);
}

/* --- the whole way ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *binding;
    uint32_t protocols;
    bool listens, told, done;
} ways[] = {
    { "pushed only, in ASN.1", "asn1", RSP_EIM_INJECT_HTTPS, true, true, true },
    { "pushed only, in JSON", "json", RSP_EIM_INJECT_HTTPS, true, true, true },
    { "pushed and polled", "asn1", RSP_EIM_INJECT_HTTPS | RSP_EIM_RETRIEVE_HTTPS, true, true, true },
    { "polled by a device that would also listen", "asn1", RSP_EIM_RETRIEVE_HTTPS, true, false, true },
    { "an eIM that says nothing of itself is polled", "asn1", 0, true, false, true },
    { "pushed only, and the eIM does not know where", "asn1", RSP_EIM_INJECT_HTTPS, true, false, false },
    { "pushed only, to a device that does not listen", "asn1", RSP_EIM_INJECT_HTTPS, false, true, false },
};

static void packages_reach_the_card(void)
{
    for (size_t k = 0; k < 2 * COUNT(ways); k++) {
        const size_t i = k / 2;
        struct lab l;
        char body[200];
        lab_open(&l);
        l.json = k % 2; /* how the device brings results, and polls */
        lab_import(&l);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
        open_device(&l, ways[i].listens, ways[i].protocols, NULL);
        snprintf(body, sizeof body, "{\"injectUrl\":\"" DEVICE "\",\"injectBinding\":\"%s\"}", ways[i].binding);
        if (ways[i].told)
            CHECK(tell(&l, body) == 204);
        lab_order(&l, "{\"reference\":\"data\",\"kind\":\"data\"}");
        lab_order(&l, "{\"reference\":\"download\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}");
        lab_order(&l, "{\"reference\":\"enable\",\"kind\":\"enable\",\"iccid\":\"" LAB_PARTNER_ICCID "\",\"rollback\":true}");
        lab_run(&l, 10 * CLOCK_MINUTE);
        const char *want = ways[i].done ? "done" : ways[i].told ? "sent" : "queued";
        CHECK_ROW(ways[i].name, strcmp(lab_order_state(&l, "data"), want) == 0);
        CHECK_ROW(ways[i].name, strcmp(lab_order_state(&l, "enable"), ways[i].done ? "done" : "queued") == 0);
        CHECK_ROW(ways[i].name, lab_card_state(&l.card, LAB_PARTNER_ICCID) == (ways[i].done ? 1 : -1));
        /* Who is polled too may be served by a poll first. */
        bool pushed = ways[i].done && ways[i].told;
        CHECK_ROW(ways[i].name, lab_said(&l, "inject.received") == pushed || ways[i].protocols != RSP_EIM_INJECT_HTTPS);
        CHECK_ROW(ways[i].name, !lab_said(&l, "TOKEN-1"));
        lab_close(&l);
    }
}

/* The device or its eIM killed at any write: nothing is lost, and nothing done twice. */
static void killed_at_any_write(void)
{
    static const enum lab_kind who[] = { LAB_IPA, LAB_EIM };
    for (size_t k = 0; k < COUNT(who); k++)
        for (unsigned n = 1; n < 30; n++) {
            struct lab l;
            char row[40];
            lab_open(&l);
            open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
            CHECK(tell(&l, "{\"injectUrl\":\"" DEVICE "\"}") == 204);
            lab_order(&l, "{\"reference\":\"a\",\"kind\":\"disable\",\"iccid\":\"" LAB_LEAD_ICCID "\"}");
            l.part[who[k]].writes = 0;
            l.part[who[k]].cut_at = n;
            lab_run(&l, 30 * CLOCK_MINUTE);
            snprintf(row, sizeof row, "%s at write %u", who[k] == LAB_IPA ? "device" : "eIM", n);
            CHECK_ROW(row, lab_card_state(&l.card, LAB_LEAD_ICCID) == 0);
            lab_close(&l);
        }
}

/* --- who may ---------------------------------------------------------------------------------------------------- */

enum caller { EIM, ESO, STRANGER, NOBODY };
static const struct {
    const char *name;
    bool listens;
    uint32_t protocols;
    const char *key; /* whose key the eIM's configuration names */
    enum caller caller;
    int status;
    const char *pusher;
} callers[] = {
    { "whom the settings list", true, RSP_EIM_INJECT_HTTPS, NULL, EIM, 200, NULL },
    { "whom the settings list by its eimId", true, RSP_EIM_INJECT_HTTPS, NULL, EIM, 200, "eim.example.com" },
    { "whom the settings list as another eIM", true, RSP_EIM_INJECT_HTTPS, NULL, EIM, 403, "other.example.com" },
    { "whose key the configuration names", true, RSP_EIM_INJECT_HTTPS, "CERT_OPERATOR_ESO", ESO, 200, NULL },
    { "an operator of something else", true, RSP_EIM_INJECT_HTTPS, NULL, ESO, 403, NULL },
    { "an operator, where the configuration names another key", true, RSP_EIM_INJECT_HTTPS, "CERT_OPERATOR_SMDP", ESO, 403, NULL },
    { "a stranger with a certificate", true, RSP_EIM_INJECT_HTTPS, NULL, STRANGER, 403, NULL },
    { "nobody in particular", true, RSP_EIM_INJECT_HTTPS, NULL, NOBODY, 403, NULL },
    { "the eIM, that said it would not push", true, RSP_EIM_RETRIEVE_HTTPS, NULL, EIM, 503, NULL },
    { "the eIM, to a device that does not listen", false, RSP_EIM_RETRIEVE_HTTPS, NULL, EIM, 503, NULL },
};

/* A body as it comes; the answer's status. *answer may be NULL. */
static int post_as(struct lab *l, struct http_client *as, const char *protocol, const char *path, const char *type, struct span body,
                   struct buf *answer)
{
    char url[128];
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", type }, { "X-Admin-Protocol", protocol } };
    const struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = COUNT(headers), .body = body };
    (void)l;
    snprintf(url, sizeof url, DEVICE "%s", path);
    REQUIRE(http_send(as, &q, &p) == ERR_OK);
    int status = p.status;
    if (answer)
        REQUIRE(buf_set(answer, buf_span(&p.body)) == ERR_OK);
    http_response_release(&p);
    return status;
}

static int post(struct lab *l, struct http_client *as, const char *path, const char *type, struct span body, struct buf *answer)
{
    return post_as(l, as, "gsma/rsp/v2.1.0", path, type, body, answer);
}

/* BF4E { BF54 { eimTransactionId n } }: a trigger without data. */
static void put_push(uint8_t n, struct buf *out)
{
    const uint8_t bytes[] = { 0xbf, 0x4e, 0x06, 0xbf, 0x54, 0x03, 0x82, 0x01, n };
    REQUIRE(buf_set(out, SPAN_ARRAY(bytes)) == ERR_OK);
}

static void callers_are_judged(void)
{
    for (size_t i = 0; i < COUNT(callers); i++) {
        struct lab l;
        struct buf push = { .max = 64 };
        const struct cert *tls = NULL;
        lab_open(&l);
        if (callers[i].key)
            REQUIRE(cert_load(l.crypto, lab_item(&l, callers[i].key)->der, &tls) == ERR_OK);
        l.pusher = callers[i].pusher;
        open_device(&l, callers[i].listens, callers[i].protocols, tls);
        lab_tick(&l);
        put_push(1, &push);
        struct http_client *as[] = { l.admin, l.eso, l.stranger, l.anyone };
        CHECK_ROW(callers[i].name, post(&l, as[callers[i].caller], ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), NULL) ==
                                       callers[i].status);
        CHECK_ROW(callers[i].name, lab_said(&l, "inject.received") == (callers[i].status == 200));
        buf_release(&push);
        lab_close(&l);
    }
}

/* Before its start, and without power, a device takes nothing. */
static void only_when_it_lives(void)
{
    struct lab l;
    struct buf push = { .max = 64 };
    lab_open(&l);
    open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
    put_push(1, &push);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), NULL) == 503);
    lab_tick(&l);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), NULL) == 200);
    ipa_power(l.ipa, false);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), NULL) == 503);
    ipa_power(l.ipa, true);
    lab_tick(&l);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), NULL) == 200);
    buf_release(&push);
    lab_close(&l);
}

/* --- what is pushed ------------------------------------------------------------------------------------------ */

#define JSON_TYPE "application/json"
#define TRANSFER "/gsma/rsp2/esipa/transferEimPackage"
static const struct {
    const char *name, *path, *type, *body; /* hex for ASN.1 */
    int status;
    const char *answer; /* hex or JSON; "" none */
} pushes[] = {
    { "a trigger", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e06bf5403820101", 200, "bf4e020500" },
    { "acknowledgements", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e06bf5303800101", 200, "bf4e020500" },
    { "a package that is none", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e06bf5103820101", 200, "bf4e03020101" },
    { "a question without tags", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e03bf5200", 200, "bf4e03020101" },
    { "a package cut short", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e06bf54038201", 400, "" },
    { "a package longer than its wrapper", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e06bf5404820101", 200, "bf4e03020101" },
    { "nothing in it", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e00", 200, "bf4e03020101" },
    { "something unknown", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e03bf5500", 200, "bf4e03020102" },
    { "a result", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e03020102", 200, "bf4e03020102" },
    { "two triggers", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4e0cbf5403820101bf5403820102", 200, "bf4e03020101" },
    { "a poll", ESIPA_PATH, ESIPA_CONTENT_TYPE, "bf4f125a1089049032123451234512345678901235", 501, "" },
    { "no message", ESIPA_PATH, ESIPA_CONTENT_TYPE, "3000", 400, "" },
    { "nothing at all", ESIPA_PATH, ESIPA_CONTENT_TYPE, "", 400, "" },
    { "JSON under the other path", ESIPA_PATH, JSON_TYPE, "7b7d", 415, "" },
    { "a trigger in JSON", TRANSFER, JSON_TYPE, "{\"profileDownloadTriggerRequest\":\"v1QDggEB\"}", 200,
      "\"eimPackageReceived\":true" },
    { "a trigger that is called a package, in JSON", TRANSFER, JSON_TYPE, "{\"euiccPackageRequest\":\"v1QDggEB\"}", 200,
      "\"eimPackageError\":1" },
    { "a package of no DER, in JSON", TRANSFER, JSON_TYPE, "{\"euiccPackageRequest\":\"AAAA\"}", 200, "\"eimPackageError\":1" },
    { "a package of an unknown kind, in JSON", TRANSFER, JSON_TYPE, "{\"euiccPackageRequest\":\"v1UA\"}", 200, "\"eimPackageError\":2" },
    { "no base64", TRANSFER, JSON_TYPE, "{\"euiccPackageRequest\":\"***\"}", 400, "" },
    { "an empty object", TRANSFER, JSON_TYPE, "{}", 200, "\"eimPackageError\":1" },
    { "half an object", TRANSFER, JSON_TYPE, "{", 400, "" },
    { "a poll in JSON", "/gsma/rsp2/esipa/getEimPackage", JSON_TYPE, "{}", 501, "" },
    { "a function that is none", "/gsma/rsp2/esipa/reboot", JSON_TYPE, "{}", 501, "" },
};

static void pushes_are_judged(void)
{
    struct lab l;
    lab_open(&l);
    open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
    lab_tick(&l);
    for (size_t i = 0; i < COUNT(pushes); i++) {
        bool der = strcmp(pushes[i].path, ESIPA_PATH) == 0;
        struct buf body = hex(der ? pushes[i].body : ""), want = hex(der ? pushes[i].answer : ""), answer = { .max = 1 << 16 };
        int status = post(&l, l.admin, pushes[i].path, pushes[i].type, der ? buf_span(&body) : span_str(pushes[i].body), &answer);
        CHECK_ROW(pushes[i].name, status == pushes[i].status);
        if (der)
            CHECK_ROW(pushes[i].name, span_equal(buf_span(&answer), buf_span(&want)));
        else
            CHECK_ROW(pushes[i].name, strstr(answer.len ? buf_cstr(&answer) : "", pushes[i].answer) != NULL);
        buf_release(&body);
        buf_release(&want);
        buf_release(&answer);
    }
    lab_run(&l, 5 * CLOCK_MINUTE); /* whatever was taken does no harm */
    CHECK(lab_card_state(&l.card, LAB_LEAD_ICCID) == 1);
    lab_close(&l);
}

/* SGP.32 v1.3: who speaks it hears which push is answered, from a device that speaks it too. */
static const struct {
    const char *name;
    bool v1_3;
    const char *protocol, *path, *body, *answer;
} correlated[] = {
    { "a trigger, both at v1.3", true, ESIPA_PROTOCOL_V1_3, ESIPA_PATH, "bf4e06bf5403820101", "bf4e08bf6005a003800101" },
    { "acknowledgements, both at v1.3", true, ESIPA_PROTOCOL_V1_3, ESIPA_PATH, "bf4e06bf5303800101",
      "bf4e17bf6014a0125a1089049032123451234512345678901235" },
    { "a question without a transaction, both at v1.3", true, ESIPA_PROTOCOL_V1_3, ESIPA_PATH, "bf4e06bf52035c0181",
      "bf4e17bf6014a0125a1089049032123451234512345678901235" },
    { "something unknown, both at v1.3", true, ESIPA_PROTOCOL_V1_3, ESIPA_PATH, "bf4e03bf5500", "bf4e03020102" },
    { "an eIM at v1.2", true, "gsma/rsp/v2.1.0", ESIPA_PATH, "bf4e06bf5403820101", "bf4e020500" },
    { "an eIM at v1.3, the device at v1.2", false, ESIPA_PROTOCOL_V1_3, ESIPA_PATH, "bf4e06bf5403820101", "bf4e020500" },
    { "a trigger in JSON, both at v1.3", true, ESIPA_PROTOCOL_V1_3, TRANSFER, "{\"profileDownloadTriggerRequest\":\"v1QDggEB\"}",
      "\"eimPackageReceivedWithCid\":\"v2AFoAOAAQE=\"" },
};

static void answers_are_correlated(void)
{
    for (size_t i = 0; i < COUNT(correlated); i++) {
        struct lab l;
        bool der = strcmp(correlated[i].path, ESIPA_PATH) == 0;
        struct buf body = hex(der ? correlated[i].body : ""), want = hex(der ? correlated[i].answer : ""), answer = { .max = 4096 };
        lab_open(&l);
        l.v1_3 = correlated[i].v1_3;
        open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
        lab_tick(&l);
        CHECK_ROW(correlated[i].name, post_as(&l, l.admin, correlated[i].protocol, correlated[i].path,
                                              der ? ESIPA_CONTENT_TYPE : JSON_TYPE,
                                              der ? buf_span(&body) : span_str(correlated[i].body), &answer) == 200);
        CHECK_ROW(correlated[i].name, der ? span_equal(buf_span(&answer), buf_span(&want))
                                          : strstr(buf_cstr(&answer), correlated[i].answer) != NULL);
        buf_release(&body);
        buf_release(&want);
        buf_release(&answer);
        lab_close(&l);
    }
}

/* What was done by the time it is pushed again is answered by its result, as long as that waits for the eIM. */
static void a_push_that_was_done_is_answered(void)
{
    struct lab l;
    struct rsp_transfer_eim_package_response r;
    struct buf push = hex("bf4e0abf52075c02bf208301aa"), answer = { .max = 4096 }; /* EUICCInfo1, transaction AA */
    lab_open(&l);
    open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
    lab_tick(&l);
    l.hurdle = "eim.example.com"; /* where results are brought */
    l.hurdle_err = ERR_IO;
    l.hurdles = -1;
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200 && answer.len == 5);
    lab_run(&l, CLOCK_MINUTE);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200);
    CHECK(!rsp_transfer_eim_package_response_read(buf_span(&answer), &r) && r.which == RSP_TRANSFER_RESPONSE_DATA);
    CHECK(r.data.which == RSP_OK && r.data.data.has_euicc_info1 && r.data.data.eim_transaction_id.len == 1);
    push.at[push.len - 1] = 0xAB; /* another one is another */
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200 && answer.len == 5);
    buf_release(&push);
    buf_release(&answer);
    lab_close(&l);
}

static int results_waiting(struct lab *l)
{
    int64_t n = -1;
    CHECK(db_get_int(l->part[LAB_IPA].env.db, "SELECT count(*) FROM result", NULL, 0, &n) == ERR_OK);
    return (int)n;
}

/* A download's result has no place in an answer to a push: it goes its ordinary way, and the download is not done again. */
static void a_download_is_done_once(void)
{
    struct lab l;
    struct buf push = hex("bf4e06bf5403820101"), answer = { .max = 4096 };
    lab_open(&l);
    open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
    lab_tick(&l);
    l.hurdle = "eim.example.com";
    l.hurdle_err = ERR_IO;
    l.hurdles = -1;
    for (int pushed = 0; pushed < 2; pushed++) {
        CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200 && answer.len == 5);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(results_waiting(&l) == 1);
    }
    buf_release(&push);
    buf_release(&answer);
    lab_close(&l);
}

/* SGP.32 2.11.1.2: the CI of a question may be named by its first octets. EUM certificate (A5), transaction AA. */
static const struct {
    const char *name;
    size_t octets; /* of the CI's identifier */
    bool other;
    enum rsp_outcome outcome;
} cut_short[] = {
    { "whole", 20, false, RSP_OK },
    { "cut short", 4, false, RSP_OK },
    { "of nobody", 4, true, RSP_ERROR },
    { "of nobody, whole", 20, true, RSP_ERROR },
};

static void a_ci_may_be_cut_short(void)
{
    for (size_t i = 0; i < COUNT(cut_short); i++) {
        struct lab l;
        struct rsp_transfer_eim_package_response r = { 0 };
        struct es10b_euicc_info1 info = { .received.max = 1024 };
        struct buf push = { .max = 128 }, answer = { .max = 8192 };
        struct span ci;
        lab_open(&l);
        open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
        REQUIRE(es10b_get_euicc_info1(&l.card.es, &info) == ERR_OK);
        struct der list = der_open(info.message.ci_signing);
        REQUIRE(rsp_octets_next(&list, &ci) == ERR_OK);
        if (cut_short[i].other)
            lab_flip(ci);
        const struct rsp_transfer_eim_package_request q = {
            .which = RSP_TRANSFER_DATA_REQUEST,
            .data = { .tag_list = SPAN(0xa5), .ci_pkid = span_sub(ci, 0, cut_short[i].octets), .eim_transaction_id = SPAN(0xaa) },
        };
        REQUIRE(rsp_transfer_eim_package_request_write(&q, &push) == ERR_OK);
        lab_tick(&l);
        l.hurdle = "eim.example.com";
        l.hurdle_err = ERR_IO;
        l.hurdles = -1;
        CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200);
        lab_run(&l, CLOCK_MINUTE);
        CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200);
        CHECK_ROW(cut_short[i].name, !rsp_transfer_eim_package_response_read(buf_span(&answer), &r) &&
                                         r.which == RSP_TRANSFER_RESPONSE_DATA && r.data.which == cut_short[i].outcome);
        CHECK_ROW(cut_short[i].name, cut_short[i].outcome == RSP_OK ? r.data.data.eum_certificate.len > 0 : r.data.error.code == 5);
        buf_release(&info.received);
        buf_release(&push);
        buf_release(&answer);
        lab_close(&l);
    }
}

/* Sixteen wait at most, and one that waits already is not kept twice. */
static void too_many(void)
{
    struct lab l;
    struct buf push = { .max = 64 }, answer = { .max = 64 };
    lab_open(&l);
    open_device(&l, true, RSP_EIM_INJECT_HTTPS, NULL);
    lab_tick(&l);
    for (int i = 0; i < 40; i++) {
        put_push((uint8_t)(i % 20), &push);
        CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200);
        struct buf want = hex(i % 20 < 16 ? "bf4e020500" : "bf4e0302017f");
        CHECK(span_equal(buf_span(&answer), buf_span(&want)));
        buf_release(&want);
    }
    lab_run(&l, 5 * CLOCK_MINUTE);
    CHECK(post(&l, l.admin, ESIPA_PATH, ESIPA_CONTENT_TYPE, buf_span(&push), &answer) == 200 && answer.len == 5);
    buf_release(&push);
    buf_release(&answer);
    lab_close(&l);
}

static const struct test tests[] = {
    { "what is pushed is done, and its result comes", packages_reach_the_card },
    { "a push survives device and eIM killed at any write", killed_at_any_write },
    { "only the eIM may push, where it said that it would", callers_are_judged },
    { "a device without power or eIM takes nothing", only_when_it_lives },
    { "what is pushed is judged before it is kept", pushes_are_judged },
    { "an answer says which push it is of, where both speak v1.3", answers_are_correlated },
    { "what was done is answered by its result", a_push_that_was_done_is_answered },
    { "a download that is pushed again is not done again", a_download_is_done_once },
    { "the CI of a question may be cut short", a_ci_may_be_cut_short },
    { "only so much waits, and nothing twice", too_many },
};

int main(void)
{
    return tests_main("ipa_inject", tests, COUNT(tests));
}
