#include <stdio.h>
#include <string.h>

#include "es11.h"
#include "es9p_asn1.h"
#include "es_tests.h"

/* An SM-DS that answers with a list of events, or refuses. */
struct smds {
    struct actor actor;
    const struct env *env;
    struct rsp_wire wire;
    struct es_status status;
    struct buf list;
    char address[64];
    int64_t error_code;
};

static const uint8_t transaction[4] = { 1, 2, 3, 4 };
static const uint8_t sixteen[16] = { 0xA0 };
static const uint8_t signature[64] = { 0x5A };
static const uint8_t certificate[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
static const uint8_t ski[20] = { 0xF5 };
static const uint8_t ci_list[22] = { 0x04, 0x14, 0xF5 };

static enum err initiate_authentication(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_initiate_authentication_request in;
    const struct rsp_initiate_authentication_ok ok = {
        .transaction_id = SPAN_ARRAY(transaction),
        .server_signed1 = { .transaction_id = SPAN_ARRAY(transaction), .euicc_challenge = SPAN_ARRAY(sixteen),
                            .server_address = span_str("smds.example.com"), .server_challenge = SPAN_ARRAY(sixteen) },
        .server_signature1 = SPAN_ARRAY(signature),
        .ci_pkid = SPAN_ARRAY(ski),
        .server_certificate = SPAN_ARRAY(certificate),
    };
    enum err e = es11_initiate_authentication_read(s->env, q, p, &m, &in);
    if (!e) {
        snprintf(s->address, sizeof s->address, "%.*s", (int)in.smdp_address.len, (const char *)in.smdp_address.at);
        e = es11_initiate_authentication_write(s->env, &s->wire, q, &ok, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err authenticate_client(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_authenticate_client_request in;
    const struct rsp_authenticate_client_ok_es11 ok = { SPAN_ARRAY(transaction), buf_span(&s->list) };
    enum err e = es11_authenticate_client_read(s->env, q, p, &m, &in);
    if (!e) {
        s->error_code = in.response.error.code;
        e = es11_authenticate_client_write(s->env, q, &ok, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err any_by_tag(void *actor, const struct http_request *q, struct http_response *p)
{
    static const struct es9p_asn1_function functions[] = { { 0xBF39, initiate_authentication },
                                                           { 0xBF3B, authenticate_client } };
    struct smds *s = actor;
    enum err e = es9p_asn1_serve(s->env, functions, COUNT(functions), s, q, p);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es9plus/initiateAuthentication", initiate_authentication },
    { "POST", "/gsma/rsp2/es9plus/authenticateClient", authenticate_client },
    { "POST", ES9P_ASN1_PATH, any_by_tag },
};
static const struct actor_ops smds_ops = { .role = "smds", .routes = routes, .route_count = COUNT(routes) };

static void put_event(struct smds *s, const char *id, const char *address)
{
    const struct rsp_event_entry entry = { span_str(id), span_str(address) };
    REQUIRE(rsp_event_entry_write(&entry, &s->list) == ERR_OK);
}

static void open_smds(struct world *w, struct smds *s)
{
    *s = (struct smds){ .actor.ops = &smds_ops, .list.max = 4096 };
    world_open(w, &s->actor);
    s->env = &w->env;
}

static void close_smds(struct world *w, struct smds *s)
{
    buf_release(&s->list);
    world_close(w);
}

static const struct rsp_initiate_authentication_request initiate = {
    .euicc_challenge = { sixteen, sizeof sixteen },
    .smdp_address = { (const uint8_t *)"smds.example.com", 16 },
    .euicc_info1 = { .svn = { (const uint8_t *)"\2\5\0", 3 },
                     .ci_verification = { ci_list, sizeof ci_list },
                     .ci_signing = { ci_list, sizeof ci_list } },
};
static const struct rsp_authenticate_client_request authenticate = {
    .transaction_id = { transaction, sizeof transaction },
    .response = { .which = RSP_AUTHENTICATE_SERVER_ERROR,
                  .error = { .transaction_id = { transaction, sizeof transaction }, .code = 6 } },
};

static void check_events(struct world *w, struct smds *s, size_t count)
{
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_authenticate_client_ok_es11 ok;
    struct rsp_event_entry entry;
    size_t seen = 0;
    CHECK(es11_authenticate_client(&w->peer, &authenticate, &m, &ok, &status) == ERR_OK && !es_refused(&status));
    CHECK(s->error_code == 6 && span_equal(ok.transaction_id, SPAN_ARRAY(transaction)));
    for (struct der list = der_open(ok.event_entries); !der_at_end(&list); seen++)
        REQUIRE(rsp_event_entry_next(&list, &entry) == ERR_OK);
    CHECK(seen == count && span_equal(ok.event_entries, buf_span(&s->list)));
    es_memory_release(&m);
}

void es11_events_arrive(void)
{
    struct world w;
    struct smds s;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_initiate_authentication_ok first;
    open_smds(&w, &s);
    for (int asn1 = 0; asn1 < 2; asn1++) {
        w.peer.asn1 = asn1;
        s.list.len = 0;
        CHECK(es11_initiate_authentication(&w.peer, &initiate, &m, &first, &status) == ERR_OK && !es_refused(&status));
        CHECK(!strcmp(s.address, "smds.example.com") && span_equal(first.ci_pkid, SPAN_ARRAY(ski)));
        es_memory_release(&m);
        check_events(&w, &s, 0);
        put_event(&s, "AB-1", "smdp.example.com");
        check_events(&w, &s, 1);
        put_event(&s, "AB-2", "smdp2.example.com");
        check_events(&w, &s, 2);
    }
    CHECK(world_saw(&w, "ES11.InitiateAuthenticationRequest") && world_saw(&w, "ES11.AuthenticateClientResponse"));
    close_smds(&w, &s);
}

static const struct {
    const char *name, *subject, *reason, *seen_asn1;
} refusals[] = {
    { "another address", "8.9.1", "3.8", "8.9.1/3.8 invalidDpAddress" },
    { "no CI", "8.9.2", "3.1", "8.9.2/3.1 ciPKIdNotSupported" },
    { "version", "8.9.3", "3.1", "8.9.3/3.1 euiccVersionNotSupportedByDp" },
    { "no certificate", "8.9.4", "3.7", "8.9.2/3.1 ciPKIdNotSupported" },
    { "an SM-DP+'s refusal", "8.8.1", "3.8", "8.9/4.2 undefinedError" },
};

void es11_bindings_refuse_alike(void)
{
    struct world w;
    struct smds s;
    struct es_status status;
    struct rsp_initiate_authentication_ok ok;
    open_smds(&w, &s);
    for (size_t i = 0; i < 2 * COUNT(refusals); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        const char *name = refusals[i / 2].name, *subject = refusals[i / 2].subject;
        w.peer.asn1 = i % 2;
        es_refuse(&s.status, subject, refusals[i / 2].reason, "why");
        CHECK_ROW(name, es11_initiate_authentication(&w.peer, &initiate, &m, &ok, &status) == ERR_OK);
        CHECK_ROW(name, w.peer.asn1 ? !strcmp(es_status_text(&status).text, refusals[i / 2].seen_asn1)
                                    : !strcmp(status.subject, subject));
        es_memory_release(&m);
    }
    close_smds(&w, &s);
}

/* Answers in the place of the SM-DS's. */
struct parrot {
    struct actor actor;
    struct buf answer;
};

static enum err say(void *actor, const struct http_request *q, struct http_response *p)
{
    struct parrot *r = actor;
    (void)q;
    return http_text(p, 200, "text/plain", buf_span(&r->answer));
}

static const struct http_route parrot_routes[] = { { "POST", ES9P_ASN1_PATH, say },
                                                   { "POST", "/gsma/rsp2/es9plus/authenticateClient", say } };
static const struct actor_ops parrot_ops = { .role = "parrot", .routes = parrot_routes, .route_count = 2 };

#define OK "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
static const struct {
    const char *name, *text, *hex;
    enum err want;
    const char *status;
} answers[] = {
    { "no events", OK ",\"transactionId\":\"01\",\"eventEntries\":[]}", NULL, ERR_OK, "Executed-Success" },
    { "no header", "{\"transactionId\":\"01\",\"eventEntries\":[]}", NULL, ERR_PARSE, NULL },
    { "no list", OK ",\"transactionId\":\"01\"}", NULL, ERR_PARSE, NULL },
    { "a list that is an object", OK ",\"transactionId\":\"01\",\"eventEntries\":{}}", NULL, ERR_PARSE, NULL },
    { "an entry that is a text", OK ",\"transactionId\":\"01\",\"eventEntries\":[\"AB\"]}", NULL, ERR_PARSE, NULL },
    { "an entry without an address", OK ",\"transactionId\":\"01\",\"eventEntries\":[{\"eventId\":\"A\"}]}", NULL,
      ERR_PARSE, NULL },
    { "an entry whose id is a number",
      OK ",\"transactionId\":\"01\",\"eventEntries\":[{\"eventId\":1,\"rspServerAddress\":\"a\"}]}", NULL, ERR_PARSE,
      NULL },
    { "no transactionId", OK ",\"eventEntries\":[]}", NULL, ERR_PARSE, NULL },
    { "a transactionId of no hex", OK ",\"transactionId\":\"XY\",\"eventEntries\":[]}", NULL, ERR_PARSE, NULL },
    { "ASN.1: no events", NULL, "a20abf4007a005800101a100", ERR_OK, "Executed-Success" },
    { "ASN.1: one event", NULL, "a215bf4012a010800101a10b3009800341422d81026162", ERR_OK, "Executed-Success" },
    { "ASN.1: eventIdUnknown", NULL, "a206bf4003810106", ERR_OK, "8.2.6/3.8 eventIdUnknown" },
    { "ASN.1: 7 is the transaction here", NULL, "a206bf4003810107", ERR_OK, "8.10.1/3.9 invalidTransactionId" },
    { "ASN.1: ES9+'s answer", NULL, "a206bf3b03810106", ERR_PARSE, NULL },
    { "ASN.1: an entry without an address", NULL, "a211bf400ea00c800101a1073005800341422d", ERR_PARSE, NULL },
    { "ASN.1: an entry that is no sequence", NULL, "a20dbf400aa008800101a103800141", ERR_PARSE, NULL },
    { "ASN.1: no list", NULL, "a208bf4005a003800101", ERR_PARSE, NULL },
    { "ASN.1: an empty transactionId", NULL, "a209bf4006a0048000a100", ERR_PARSE, NULL },
};

void es11_refuses_hostile_answers(void)
{
    struct world w;
    struct parrot r = { .actor.ops = &parrot_ops };
    struct es_status status;
    struct rsp_authenticate_client_ok_es11 ok;
    world_open(&w, &r.actor);
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        w.peer.asn1 = answers[i].hex;
        r.answer = answers[i].hex ? hex(answers[i].hex) : (struct buf){ .max = 4096 };
        if (answers[i].text)
            REQUIRE(buf_put_str(&r.answer, answers[i].text) == ERR_OK);
        CHECK_ROW(answers[i].name,
                  es11_authenticate_client(&w.peer, &authenticate, &m, &ok, &status) == answers[i].want);
        CHECK_ROW(answers[i].name, !answers[i].status || !strcmp(es_status_text(&status).text, answers[i].status));
        es_memory_release(&m);
        buf_release(&r.answer);
    }
    world_close(&w);
}
