#include <stdio.h>
#include <string.h>

#include "es9p_asn1.h"
#include "es_tests.h"
#include "vectors.h"

/* An SM-DP+ that answers every function with the members below, or refuses. */
struct smdp {
    struct actor actor;
    const struct env *env;
    struct rsp_wire wire;
    struct es_status status;
    struct buf signed1, signed2, metadata;
    char address[64];
    int64_t error_code, seq_number, reason;
};

static const uint8_t transaction[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t sixteen[16] = { 0xA0 };
static const uint8_t signature[64] = { 0x5A };
static const uint8_t point[65] = { 0x04 };
static const uint8_t certificate[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
static const uint8_t ski[20] = { 0xF5 };

static enum err initiate_authentication(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_initiate_authentication_request in;
    const struct rsp_initiate_authentication_ok ok = {
        .transaction_id = SPAN_ARRAY(transaction),
        .server_signed1.signed_bytes = buf_span(&s->signed1),
        .server_signature1 = SPAN_ARRAY(signature),
        .ci_pkid = SPAN_ARRAY(ski),
        .server_certificate = SPAN_ARRAY(certificate),
    };
    enum err e = es9p_initiate_authentication_read(s->env, q, p, &m, &in);
    if (!e) {
        snprintf(s->address, sizeof s->address, "%.*s", (int)in.smdp_address.len,
                 (const char *)in.smdp_address.at);
        e = es9p_initiate_authentication_write(s->env, &s->wire, q, &ok, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err authenticate_client(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_authenticate_client_request in;
    const struct rsp_authenticate_client_ok ok = {
        .transaction_id = SPAN_ARRAY(transaction),
        .metadata.whole = buf_span(&s->metadata),
        .smdp_signed2.signed_bytes = buf_span(&s->signed2),
        .smdp_signature2 = SPAN_ARRAY(signature),
        .smdp_certificate = SPAN_ARRAY(certificate),
    };
    enum err e = es9p_authenticate_client_read(s->env, q, p, &m, &in);
    if (!e) {
        s->error_code = in.response.error.code;
        e = es9p_authenticate_client_write(s->env, &s->wire, q, &ok, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err get_bound_profile_package(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_get_bound_profile_package_request in;
    static const uint8_t bpp[] = { 0xBF, 0x36, 0x00 };
    const struct rsp_get_bound_profile_package_ok ok = { .transaction_id = SPAN_ARRAY(transaction),
                                                         .bound_profile_package = SPAN_ARRAY(bpp) };
    enum err e = es9p_get_bound_profile_package_read(s->env, q, p, &m, &in);
    if (!e) {
        s->error_code = in.response.error.code;
        e = es9p_get_bound_profile_package_write(s->env, q, &ok, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err handle_notification(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_pending_notification n;
    enum err e = es9p_handle_notification_read(s->env, q, p, &m, &n);
    if (!e) {
        s->seq_number = rsp_pending_notification_metadata(&n)->seq_number;
        e = es9p_handle_notification_write(s->env, q, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err cancel_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory m = ES_MEMORY_INIT;
    struct rsp_cancel_session_request_es9 in;
    enum err e = es9p_cancel_session_read(s->env, q, p, &m, &in);
    if (!e) {
        s->reason = in.response.error;
        e = es9p_cancel_session_write(s->env, q, &s->status, p);
    }
    es_memory_release(&m);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static enum err any_by_tag(void *actor, const struct http_request *q, struct http_response *p)
{
    static const struct es9p_asn1_function functions[] = {
        { 0xBF39, initiate_authentication }, { 0xBF3B, authenticate_client },
        { 0xBF3A, get_bound_profile_package }, { 0xBF3D, handle_notification }, { 0xBF41, cancel_session },
    };
    struct smdp *s = actor;
    enum err e = es9p_asn1_serve(s->env, functions, COUNT(functions), s, q, p);
    return e == ERR_REFUSED ? ERR_OK : e;
}

static const struct http_route routes[] = {
    { "POST", ES9P_ASN1_PATH, any_by_tag },
    { "POST", "/gsma/rsp2/es9plus/initiateAuthentication", initiate_authentication },
    { "POST", "/gsma/rsp2/es9plus/authenticateClient", authenticate_client },
    { "POST", "/gsma/rsp2/es9plus/getBoundProfilePackage", get_bound_profile_package },
    { "POST", "/gsma/rsp2/es9plus/handleNotification", handle_notification },
    { "POST", "/gsma/rsp2/es9plus/cancelSession", cancel_session },
};
static const struct actor_ops smdp_ops = { .role = "smdp", .routes = routes, .route_count = COUNT(routes) };

static void open_smdp(struct world *w, struct smdp *s)
{
    const struct rsp_server_signed1 signed1 = { .transaction_id = SPAN_ARRAY(transaction),
                                                .euicc_challenge = SPAN_ARRAY(sixteen),
                                                .server_address = span_str("server.example.com"),
                                                .server_challenge = SPAN_ARRAY(sixteen) };
    const struct rsp_smdp_signed2 signed2 = { .transaction_id = SPAN_ARRAY(transaction),
                                              .cc_required = true,
                                              .bpp_euicc_otpk = SPAN_ARRAY(point) };
    const struct rsp_store_metadata metadata = {
        .iccid = SPAN(0x98, 0, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14),
        .service_provider_name = span_str("SP"),
        .profile_name = span_str("PN"),
        .fallback_allowed = true,
        .profile_class = { true, RSP_PROFILE_CLASS_OPERATIONAL },
    };
    *s = (struct smdp){ .actor.ops = &smdp_ops, .signed1.max = 256, .signed2.max = 256, .metadata.max = 256 };
    world_open(w, &s->actor);
    s->env = &w->env;
    REQUIRE(rsp_server_signed1_write(&signed1, &s->signed1) == ERR_OK);
    REQUIRE(rsp_smdp_signed2_write(&signed2, &s->signed2) == ERR_OK);
    REQUIRE(rsp_store_metadata_write(&metadata, &s->metadata) == ERR_OK);
}

static void close_smdp(struct world *w, struct smdp *s)
{
    buf_release(&s->signed1);
    buf_release(&s->signed2);
    buf_release(&s->metadata);
    world_close(w);
}

static const uint8_t ci_list[] = { 0x04, 0x02, 0xF5, 0xF5 };
static const struct rsp_initiate_authentication_request initiate = {
    .euicc_challenge = { sixteen, sizeof sixteen },
    .smdp_address = { (const uint8_t *)"server.example.com", 18 },
    .euicc_info1 = { .svn = { (const uint8_t *)"\2\5\0", 3 },
                     .ci_verification = { ci_list, sizeof ci_list },
                     .ci_signing = { ci_list, sizeof ci_list } },
};
static const struct rsp_authenticate_client_request authenticate = {
    .transaction_id = { transaction, sizeof transaction },
    .response = { .which = RSP_AUTHENTICATE_SERVER_ERROR,
                  .error = { .transaction_id = { transaction, sizeof transaction }, .code = 6 } },
};
static const struct rsp_get_bound_profile_package_request get_package = {
    .transaction_id = { transaction, sizeof transaction },
    .response = { .which = RSP_PREPARE_DOWNLOAD_ERROR,
                  .error = { .transaction_id = { transaction, sizeof transaction }, .code = 3 } },
};

static enum err deliver_notification(struct world *w)
{
    const struct rsp_other_signed_notification n = {
        .metadata = { .seq_number = 7, .event = RSP_EVENT_ENABLE, .address = span_str("server.example.com") },
        .signature = SPAN_ARRAY(signature),
        .euicc_certificate = SPAN_ARRAY(certificate),
        .eum_certificate = SPAN_ARRAY(certificate),
    };
    struct buf b = { .max = 512 };
    enum err e = rsp_other_signed_notification_write(&n, &b);
    if (!e)
        e = es9p_handle_notification(&w->peer, buf_span(&b));
    buf_release(&b);
    return e;
}

static void answers_arrive(bool asn1)
{
    struct world w;
    struct smdp s;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_initiate_authentication_ok first;
    struct rsp_authenticate_client_ok second;
    struct rsp_get_bound_profile_package_ok third;
    open_smdp(&w, &s);
    w.peer.asn1 = asn1;
    CHECK(es9p_initiate_authentication(&w.peer, &initiate, &m, &first, &status) == ERR_OK &&
          !es_refused(&status));
    CHECK(!strcmp(s.address, "server.example.com"));
    CHECK(span_equal(first.server_signed1.signed_bytes, buf_span(&s.signed1)));
    CHECK(span_equal(first.server_signature1, SPAN_ARRAY(signature)) &&
          span_equal(first.ci_pkid, SPAN_ARRAY(ski)));
    CHECK(span_equal(first.server_certificate, SPAN_ARRAY(certificate)));
    es_memory_release(&m);
    CHECK(es9p_authenticate_client(&w.peer, &authenticate, &m, &second, &status) == ERR_OK);
    CHECK(s.error_code == 6 && second.smdp_signed2.cc_required &&
          second.smdp_signed2.bpp_euicc_otpk.len == 65);
    CHECK(second.metadata.fallback_allowed && span_equal(second.metadata.profile_name, span_str("PN")));
    es_memory_release(&m);
    /* In ASN.1 the package is part of the message and checked with it; in JSON it is the eUICC that looks inside. */
    CHECK(es9p_get_bound_profile_package(&w.peer, &get_package, &m, &third, &status) ==
          (asn1 ? ERR_PARSE : ERR_OK));
    CHECK(s.error_code == 3 && (asn1 || third.bound_profile_package.len == 3));
    es_memory_release(&m);
    CHECK(deliver_notification(&w) == ERR_OK && s.seq_number == 7);
    struct buf cancelled = hex("bf4103810105");
    CHECK(es9p_cancel_session(&w.peer, SPAN_ARRAY(transaction), buf_span(&cancelled), &status) == ERR_OK);
    CHECK(!es_refused(&status) && s.reason == 5);
    buf_release(&cancelled);
    close_smdp(&w, &s);
}

void es9p_answers_arrive(void)
{
    answers_arrive(false);
}

void es9p_asn1_answers_arrive(void)
{
    answers_arrive(true);
}

/* --- signatures (interpretation D-7) ------------------------------------------------------------------ */

/* Signatures of both functions in this form come as they were; *first is what stood in the JSON. */
static void signatures_come(bool bare, struct buf *first)
{
    struct world w;
    struct smdp s;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    open_smdp(&w, &s);
    s.wire.json_signature_bare = bare;
    CHECK(es9p_initiate_authentication(&w.peer, &initiate, &m, &initiated, &status) == ERR_OK);
    CHECK(span_equal(initiated.server_signature1, SPAN_ARRAY(signature)));
    es_memory_release(&m);
    CHECK(es9p_authenticate_client(&w.peer, &authenticate, &m, &authenticated, &status) == ERR_OK);
    CHECK(span_equal(authenticated.smdp_signature2, SPAN_ARRAY(signature)));
    es_memory_release(&m);
    json_t *o = json_object();
    REQUIRE(es9p_put_signature(&s.wire, o, "s", SPAN_ARRAY(signature)) == ERR_OK);
    REQUIRE(json_base64(o, "s", first) == ERR_OK);
    json_decref(o);
    close_smdp(&w, &s);
}

static const struct {
    const char *name;
    size_t zeros;
    const char *before, *behind;
    enum err want;
} lengths[] = {
    { "64 bare octets", 64, "", "", ERR_OK },
    { "63 bare octets", 63, "", "", ERR_PARSE },
    { "65 bare octets", 65, "", "", ERR_PARSE },
    { "no octets", 0, "", "", ERR_PARSE },
    { "a TLV of 64", 64, "5f3740", "", ERR_OK },
    { "a TLV of 63", 63, "5f373f", "", ERR_PARSE },
    { "a TLV of 65", 65, "5f3741", "", ERR_PARSE },
    { "a TLV of nothing", 0, "5f3700", "", ERR_PARSE },
    { "a TLV whose length is one too much", 64, "5f3741", "", ERR_PARSE },
    { "a TLV whose length is one too little", 64, "5f373f", "", ERR_PARSE },
    { "a TLV with an octet behind it", 64, "5f3740", "00", ERR_PARSE },
    { "an OCTET STRING of 64", 64, "0440", "", ERR_PARSE },
    { "a signature in DER, as X.509 has them", 64, "3044022000022000", "", ERR_PARSE },
    { "two signatures", 128, "", "", ERR_PARSE },
};

void es9p_signatures_come_in_both_forms(void)
{
    struct buf tlv = { .max = 80 }, bare = { .max = 80 };
    signatures_come(false, &tlv);
    signatures_come(true, &bare);
    CHECK(tlv.len == 67 && span_equal(span_sub(buf_span(&tlv), 0, 3), SPAN(0x5F, 0x37, 0x40)));
    CHECK(span_equal(buf_span(&bare), SPAN_ARRAY(signature)) && span_equal(span_sub(buf_span(&tlv), 3, 64), buf_span(&bare)));
    buf_release(&tlv);
    buf_release(&bare);
}

void es9p_signatures_of_other_lengths_are_refused(void)
{
    static const uint8_t zeros[128];
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        struct buf octets = hex(lengths[i].before), behind = hex(lengths[i].behind);
        struct span got = { 0 };
        json_t *o = json_object();
        octets.max = 256;
        REQUIRE(buf_put(&octets, span_of(zeros, lengths[i].zeros)) == ERR_OK);
        REQUIRE(buf_put(&octets, buf_span(&behind)) == ERR_OK);
        REQUIRE(json_set_base64(o, "s", buf_span(&octets)) == ERR_OK);
        CHECK_ROW(lengths[i].name, es_memory_signature(&m, o, "s", &got) == lengths[i].want);
        CHECK_ROW(lengths[i].name, lengths[i].want || got.len == 64);
        json_decref(o);
        es_memory_release(&m);
        buf_release(&octets);
        buf_release(&behind);
    }
}

void es9p_refusals_arrive(void)
{
    struct world w;
    struct smdp s;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_authenticate_client_ok ok;
    open_smdp(&w, &s);
    es_refuse(&s.status, "8.2.6", "3.8", "refused");
    CHECK(es9p_authenticate_client(&w.peer, &authenticate, &m, &ok, &status) == ERR_OK &&
          es_refused(&status));
    CHECK(!strcmp(es_status_text(&status).text, "8.2.6/3.8 refused"));
    es_memory_release(&m);
    w.peer.protocol = "gsma/rsp/v3.0.0";
    CHECK(es9p_authenticate_client(&w.peer, &authenticate, &m, &ok, &status) == ERR_OK);
    CHECK(!strcmp(status.subject, "1.2.2"));
    es_memory_release(&m);
    /* A notification that was refused is not delivered: the eUICC must keep it. */
    CHECK(deliver_notification(&w) == ERR_REFUSED);
    close_smdp(&w, &s);
}

#define V2 "gsma/rsp/v2.5.0"
#define JSON "application/json;charset=UTF-8"
static const struct {
    const char *name, *path, *body;
    int status;
    const char *contains;
} posts[] = {
    { "no members", "initiateAuthentication", "{}", 200, "\"1.3.1\"" },
    { "a challenge of no base64", "initiateAuthentication",
      "{\"smdpAddress\":\"a\",\"euiccChallenge\":\"**\"}", 200, "\"1.3.1\"" },
    { "a challenge of one octet", "initiateAuthentication",
      "{\"smdpAddress\":\"a\",\"euiccChallenge\":\"AA==\",\"euiccInfo1\":\"vyAA\"}", 200, "\"1.3.1\"" },
    { "an address that is a number", "initiateAuthentication", "{\"smdpAddress\":7}", 200, "\"1.3.1\"" },
    { "an empty EUICCInfo1", "initiateAuthentication",
      "{\"smdpAddress\":\"a\",\"euiccChallenge\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"euiccInfo1\":\"vyAA\"}", 200,
      "\"1.3.1\"" },
    { "a transaction id of seventeen octets", "authenticateClient",
      "{\"transactionId\":\"0102030405060708090A0B0C0D0E0F1011\",\"authenticateServerResponse\":\"vzgA\"}",
      200, "\"1.3.1\"" },
    { "an empty transaction id", "authenticateClient",
      "{\"transactionId\":\"\",\"authenticateServerResponse\":\"vzgA\"}", 200, "\"1.3.1\"" },
    { "an authentication of nothing", "authenticateClient",
      "{\"transactionId\":\"01\",\"authenticateServerResponse\":\"vzgA\"}", 200, "\"1.3.1\"" },
    { "a download response of nothing", "getBoundProfilePackage",
      "{\"transactionId\":\"01\",\"prepareDownloadResponse\":\"vyEA\"}", 200, "\"1.3.1\"" },
    { "a notification of nothing", "handleNotification", "{\"pendingNotification\":\"\"}", 200, "\"1.3.1\"" },
    { "a notification that is an integer", "handleNotification", "{\"pendingNotification\":\"AgEB\"}", 200,
      "\"1.3.1\"" },
    { "a cancellation of nothing", "cancelSession", "{\"transactionId\":\"01\"}", 200, "\"1.3.1\"" },
    { "broken JSON", "cancelSession", "{", 400, "" },
};

void es9p_refuses_hostile_requests(void)
{
    struct world w;
    struct smdp s;
    struct http_response p = HTTP_RESPONSE_INIT;
    char path[128];
    open_smdp(&w, &s);
    for (size_t i = 0; i < COUNT(posts); i++) {
        snprintf(path, sizeof path, "/gsma/rsp2/es9plus/%s", posts[i].path);
        world_post(&w, path, JSON, V2, span_str(posts[i].body), &p);
        CHECK_ROW(posts[i].name, p.status == posts[i].status);
        CHECK_ROW(posts[i].name, strstr(buf_cstr(&p.body), posts[i].contains) != NULL);
    }
    http_response_release(&p);
    close_smdp(&w, &s);
}

/* Puts another text in the place of the whole answer. */
static void no_header(struct buf *b)
{
    CHECK(buf_set(b, span_str("{}")) == ERR_OK);
}

static void only_success(struct buf *b)
{
    CHECK(buf_set(b,
                  span_str("{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}}")) ==
          ERR_OK);
}

static void strange_status(struct buf *b)
{
    CHECK(buf_set(b, span_str("{\"header\":{\"functionExecutionStatus\":{\"status\":\"Maybe\"}}}")) ==
          ERR_OK);
}

static const struct {
    const char *name;
    void (*change)(struct buf *bytes);
} changes[] = {
    { "an answer cut short", cut_short },
    { "an empty answer", empty_it },
    { "an answer that is no JSON", spoil_first_octet },
    { "an answer without a header", no_header },
    { "success without its members", only_success },
    { "neither success nor failure", strange_status },
};

void es9p_refuses_hostile_answers(void)
{
    struct world w;
    struct smdp s;
    struct es_status status;
    struct rsp_initiate_authentication_ok ok;
    open_smdp(&w, &s);
    w.tampering = "ES9+.InitiateAuthenticationResponse";
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        w.change = changes[i].change;
        CHECK_ROW(changes[i].name,
                  es9p_initiate_authentication(&w.peer, &initiate, &m, &ok, &status) == ERR_PARSE);
        es_memory_release(&m);
    }
    close_smdp(&w, &s);
}

/* --- ASN.1 binding --------------------------------------------------------------------------------- */

#define ASN1 "application/x-gsma-rsp-asn1"
static const struct {
    const char *name, *type, *protocol, *hex;
    int status;
} asn1_posts[] = {
    { "JSON's content type", JSON, V2, "a20bbf4108800101a103810105", 415 },
    { "no content type", NULL, V2, "a20bbf4108800101a103810105", 415 },
    { "a content type that only begins right", ASN1 "2", V2, "a20bbf4108800101a103810105", 415 },
    { "a parameter behind the content type", ASN1 ";v=1", V2, "a20bbf4108800101a103810105", 200 },
    { "protocol major 3", ASN1, "gsma/rsp/v3.0.0", "a20bbf4108800101a103810105", 400 },
    { "no protocol", ASN1, NULL, "a20bbf4108800101a103810105", 400 },
    { "an empty body", ASN1, V2, "", 400 },
    { "an empty wrapper", ASN1, V2, "a200", 400 },
    { "no wrapper", ASN1, V2, "bf4108800101a103810105", 400 },
    { "another wrapper", ASN1, V2, "a30bbf4108800101a103810105", 400 },
    { "a wrapper cut short", ASN1, V2, "a20bbf4108800101a1038101", 400 },
    { "octets behind the wrapper", ASN1, V2, "a20bbf4108800101a10381010500", 400 },
    { "two messages in one wrapper", ASN1, V2, "a216bf4108800101a103810105bf4108800101a103810105", 400 },
    { "indefinite length", ASN1, V2, "a280bf4108800101a1038101050000", 400 },
    { "an ESipa message", ASN1, V2, "a215bf4f125a1089049032123451234512345678901235", 400 },
    { "an answer as a request", ASN1, V2, "a206bf3903810101", 400 },
    { "an empty initiateAuthentication", ASN1, V2, "a203bf3900", 400 },
    { "an empty authenticateClient", ASN1, V2, "a203bf3b00", 400 },
    { "a transaction id of seventeen octets", ASN1, V2,
      "a21bbf411880110102030405060708090a0b0c0d0e0f1011a103810105", 400 },
    { "an empty transaction id", ASN1, V2, "a20abf41078000a103810105", 400 },
    { "a cancellation without its response", ASN1, V2, "a206bf4103800101", 400 },
    { "a notification of nothing", ASN1, V2, "a205bf3d02a000", 400 },
    { "a notification without its wrapper", ASN1, V2, "a203bf3d00", 400 },
};

void es9p_asn1_refuses_hostile_requests(void)
{
    struct world w;
    struct smdp s;
    struct http_response p = HTTP_RESPONSE_INIT;
    open_smdp(&w, &s);
    for (size_t i = 0; i < COUNT(asn1_posts); i++) {
        struct buf body = hex(asn1_posts[i].hex);
        s.reason = -1;
        world_post(&w, ES9P_ASN1_PATH, asn1_posts[i].type, asn1_posts[i].protocol, buf_span(&body), &p);
        CHECK_ROW(asn1_posts[i].name, p.status == asn1_posts[i].status);
        CHECK_ROW(asn1_posts[i].name, (p.status == 200) == (p.body.len != 0));
        CHECK_ROW(asn1_posts[i].name, (p.status == 200) == (s.reason == 5));
        buf_release(&body);
    }
    http_response_release(&p);
    close_smdp(&w, &s);
}

/* Both bindings carry one refusal: JSON as it is, ASN.1 by the number that stands for it. */
static const struct {
    const char *name, *subject, *reason, *seen_asn1;
} refusals[] = {
    { "a matchingId refused", "8.2.6", "3.8", "8.2.6/3.8 matchingIdRefused" },
    { "an EID outside the EUM's range", "8.1.4", "6.1", "8.1.2/6.1 eumCertificateInvalid" },
    { "no memory", "8.1", "4.8", "8.1/4.8 insufficientMemory" },
    { "an unknown CI", "8.11.1", "3.9", "8.11.1/3.9 ciPKUnknown" },
    { "a refusal without a number", "8.8.5", "6.4", "8.8/4.2 undefinedError" },
    { "an unheard-of refusal", "9.9", "9.9", "8.8/4.2 undefinedError" },
};

void es9p_bindings_refuse_alike(void)
{
    struct world w;
    struct smdp s;
    struct es_status status;
    struct rsp_authenticate_client_ok ok;
    open_smdp(&w, &s);
    for (size_t i = 0; i < 2 * COUNT(refusals); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        const char *name = refusals[i / 2].name, *subject = refusals[i / 2].subject;
        w.peer.asn1 = i % 2;
        es_refuse(&s.status, subject, refusals[i / 2].reason, "why");
        CHECK_ROW(name, es9p_authenticate_client(&w.peer, &authenticate, &m, &ok, &status) == ERR_OK);
        CHECK_ROW(name, w.peer.asn1 ? !strcmp(es_status_text(&status).text, refusals[i / 2].seen_asn1)
                                    : !strcmp(status.subject, subject));
        es_memory_release(&m);
    }
    close_smdp(&w, &s);
}

/* A server that answers with given octets and keeps what it was sent. */
struct parrot {
    struct actor actor;
    struct buf received, answer;
    int status;
};

static enum err say(void *actor, const struct http_request *q, struct http_response *p)
{
    struct parrot *r = actor;
    enum err e = buf_set(&r->received, q->body);
    return e ? e : http_text(p, r->status, ASN1, buf_span(&r->answer));
}

static const struct http_route parrot_routes[] = { { "POST", ES9P_ASN1_PATH, say } };
static const struct actor_ops parrot_ops = { .role = "parrot", .routes = parrot_routes, .route_count = 1 };

static const struct {
    const char *name, *hex;
    int status;
    enum err want;
    const char *text; /* of the status */
} asn1_answers[] = {
    { "an error number", "a206bf3903810101", 200, ERR_OK, "8.8.1/3.8 invalidDpAddress" },
    { "the version is not supported", "a206bf3903810102", 200, ERR_OK, "8.8.3/3.1 euiccVersionNotSupportedByDp" },
    { "undefinedError", "a206bf390381017f", 200, ERR_OK, "8.8/4.2 undefinedError" },
    { "a number that the function does not have", "a206bf3903810163", 200, ERR_OK,
      "8.8/4.2 an error number that the function does not have" },
    { "HTTP 500", "a206bf3903810101", 500, ERR_REFUSED, NULL },
    { "HTTP 204", "", 204, ERR_PARSE, NULL },
    { "an empty answer", "", 200, ERR_PARSE, NULL },
    { "an empty wrapper", "a200", 200, ERR_PARSE, NULL },
    { "no wrapper", "bf3903810101", 200, ERR_PARSE, NULL },
    { "another function's answer", "a206bf3b03810101", 200, ERR_PARSE, NULL },
    { "two answers", "a20cbf3903810101bf3903810101", 200, ERR_PARSE, NULL },
    { "neither success nor error", "a203bf3900", 200, ERR_PARSE, NULL },
    { "success without its members", "a205bf3902a000", 200, ERR_PARSE, NULL },
    { "an answer cut short", "a206bf39038101", 200, ERR_PARSE, NULL },
    { "JSON", "7b7d", 200, ERR_PARSE, NULL },
};

void es9p_asn1_refuses_hostile_answers(void)
{
    struct world w;
    struct parrot r = { .actor.ops = &parrot_ops, .received.max = HTTP_BODY_MAX };
    struct es_status status;
    struct rsp_initiate_authentication_ok ok;
    world_open(&w, &r.actor);
    w.peer.asn1 = true;
    for (size_t i = 0; i < COUNT(asn1_answers); i++) {
        struct es_memory m = ES_MEMORY_INIT;
        r.answer = hex(asn1_answers[i].hex);
        r.status = asn1_answers[i].status;
        CHECK_ROW(asn1_answers[i].name,
                  es9p_initiate_authentication(&w.peer, &initiate, &m, &ok, &status) == asn1_answers[i].want);
        CHECK_ROW(asn1_answers[i].name,
                  !asn1_answers[i].text || !strcmp(es_status_text(&status).text, asn1_answers[i].text));
        es_memory_release(&m);
        buf_release(&r.answer);
    }
    buf_release(&r.received);
    world_close(&w);
}

/* What a peer recorded of a whole session (vectors-rsp.txt, WAI). */
struct session_bytes {
    struct buf authenticate_server, authenticate_client, prepare_download, package, notification;
};

static void keep_session_row(struct span line, void *context)
{
    struct session_bytes *v = context;
    const struct {
        const char *name;
        struct buf *to;
    } rows[] = {
        { "session/auth-server-response.der", &v->authenticate_server },
        { "session/authenticate-response.der", &v->authenticate_client },
        { "session/prepare-download-response.der", &v->prepare_download },
        { "session/bound-profile-package.der", &v->package },
        { "session/pending-notification.der", &v->notification },
    };
    struct span origin = vectors_cut(&line, ' '), name = vectors_cut(&line, ' '), bytes = vectors_cut(&line, ' ');
    char text[8192];
    if (!span_equal(origin, span_str("WAI")))
        return;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (span_equal(name, span_str(rows[i].name))) {
            vectors_text(bytes, text, sizeof text);
            *rows[i].to = hex(text);
        }
}

static void wrap(struct buf *out, struct span message)
{
    *out = (struct buf){ .max = HTTP_BODY_MAX };
    REQUIRE(der_put(out, 0xA2, message) == ERR_OK);
}

static void replay_authentication(struct world *w, struct parrot *r, const struct session_bytes *v)
{
    struct rsp_authenticate_client_request q = { .transaction_id = span_of(sixteen, 16) }, sent;
    struct rsp_authenticate_client_ok ok;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct der_tlv inside;
    wrap(&r->answer, buf_span(&v->authenticate_client));
    REQUIRE(rsp_authenticate_server_response_read(buf_span(&v->authenticate_server), &q.response) == ERR_OK);
    CHECK(es9p_authenticate_client(&w->peer, &q, &m, &ok, &status) == ERR_OK && !es_refused(&status));
    CHECK(ok.smdp_signature2.len == 64 && ok.smdp_certificate.len > 100 && ok.metadata.profile_name.len > 0);
    REQUIRE(der_only(buf_span(&r->received), 0xA2, &inside) == ERR_OK);
    REQUIRE(rsp_authenticate_client_request_read(inside.value, &sent) == ERR_OK);
    CHECK(span_equal(sent.response.whole, buf_span(&v->authenticate_server)));
    es_memory_release(&m);
    buf_release(&r->answer);
}

static void replay_package(struct world *w, struct parrot *r, const struct session_bytes *v)
{
    struct rsp_get_bound_profile_package_request q = { .transaction_id = span_of(sixteen, 16) }, sent;
    const struct rsp_get_bound_profile_package_response answer = {
        .which = RSP_OK, .ok = { span_of(sixteen, 16), buf_span(&v->package) } };
    struct rsp_get_bound_profile_package_ok ok;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct buf message = { .max = HTTP_BODY_MAX };
    struct der_tlv inside;
    REQUIRE(rsp_get_bound_profile_package_response_write(&answer, &message) == ERR_OK);
    wrap(&r->answer, buf_span(&message));
    REQUIRE(rsp_prepare_download_response_read(buf_span(&v->prepare_download), &q.response) == ERR_OK);
    CHECK(es9p_get_bound_profile_package(&w->peer, &q, &m, &ok, &status) == ERR_OK && !es_refused(&status));
    CHECK(span_equal(ok.bound_profile_package, buf_span(&v->package)));
    REQUIRE(der_only(buf_span(&r->received), 0xA2, &inside) == ERR_OK);
    REQUIRE(rsp_get_bound_profile_package_request_read(inside.value, &sent) == ERR_OK);
    CHECK(span_equal(sent.response.whole, buf_span(&v->prepare_download)));
    es_memory_release(&m);
    buf_release(&r->answer);
    buf_release(&message);
}

static void replay_notification(struct world *w, struct parrot *r, const struct session_bytes *v)
{
    struct buf want = { .max = HTTP_BODY_MAX };
    struct der_mark outer = { 0 }, middle = { 0 }, inner = { 0 };
    REQUIRE(der_put_open(&want, 0xA2, &outer) == ERR_OK && der_put_open(&want, 0xBF3D, &middle) == ERR_OK &&
            der_put_open(&want, 0xA0, &inner) == ERR_OK);
    REQUIRE(buf_put(&want, buf_span(&v->notification)) == ERR_OK);
    REQUIRE(der_put_close(&want, inner) == ERR_OK && der_put_close(&want, middle) == ERR_OK &&
            der_put_close(&want, outer) == ERR_OK);
    r->status = 204;
    CHECK(es9p_handle_notification(&w->peer, buf_span(&v->notification)) == ERR_OK);
    CHECK(span_equal(buf_span(&r->received), buf_span(&want)));
    r->status = 500;
    CHECK(es9p_handle_notification(&w->peer, buf_span(&v->notification)) == ERR_REFUSED);
    buf_release(&want);
}

void es9p_asn1_forwards_recorded_bytes(void)
{
    struct world w;
    struct parrot r = { .actor.ops = &parrot_ops, .received.max = HTTP_BODY_MAX, .status = 200 };
    struct session_bytes v = { 0 };
    if (!vectors_each("spec/vectors-rsp.txt", keep_session_row, &v))
        return;
    REQUIRE(v.authenticate_server.len && v.authenticate_client.len && v.prepare_download.len && v.package.len &&
            v.notification.len);
    world_open(&w, &r.actor);
    w.peer.asn1 = true;
    replay_authentication(&w, &r, &v);
    replay_package(&w, &r, &v);
    replay_notification(&w, &r, &v);
    buf_release(&r.received);
    buf_release(&v.authenticate_server);
    buf_release(&v.authenticate_client);
    buf_release(&v.prepare_download);
    buf_release(&v.package);
    buf_release(&v.notification);
    world_close(&w);
}
