#include <stdio.h>
#include <string.h>

#include "es9p.h"
#include "es_tests.h"

/* An SM-DP+ that answers every function with the members below, or refuses. */
struct smdp {
    struct actor actor;
    const struct env *env;
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
        e = es9p_initiate_authentication_write(s->env, q, &ok, &s->status, p);
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
        e = es9p_authenticate_client_write(s->env, q, &ok, &s->status, p);
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
        e = es9p_handle_notification_write(p);
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

static const struct http_route routes[] = {
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

void es9p_answers_arrive(void)
{
    struct world w;
    struct smdp s;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status;
    struct rsp_initiate_authentication_ok first;
    struct rsp_authenticate_client_ok second;
    struct rsp_get_bound_profile_package_ok third;
    open_smdp(&w, &s);
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
    CHECK(es9p_get_bound_profile_package(&w.peer, &get_package, &m, &third, &status) == ERR_OK);
    CHECK(s.error_code == 3 && third.bound_profile_package.len == 3);
    es_memory_release(&m);
    CHECK(deliver_notification(&w) == ERR_OK && s.seq_number == 7);
    struct buf cancelled = hex("bf4103810105");
    CHECK(es9p_cancel_session(&w.peer, SPAN_ARRAY(transaction), buf_span(&cancelled), &status) == ERR_OK);
    CHECK(!es_refused(&status) && s.reason == 5);
    buf_release(&cancelled);
    close_smdp(&w, &s);
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
