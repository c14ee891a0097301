/* What only TLS can get wrong. */
#include "openssl_clean.h"

#include <string.h>

#include "world.h"

#define BASE "https://" SERVER_NAME

static const struct {
    const char *name;
    size_t server; /* offset in struct pki */
    int64_t clock; /* moves on by so much */
    enum err want;
    const char *why;
} servers[] = {
    { "a good server is believed", offsetof(struct pki, server), 0, ERR_OK, NULL },
    { "an expired server is refused", offsetof(struct pki, expired_server), 0, ERR_VERIFY, "certificate has expired" },
    { "a server not yet valid is refused", offsetof(struct pki, future_server), 0, ERR_VERIFY,
      "certificate is not yet valid" },
    { "the environment's clock decides about the beginning", offsetof(struct pki, future_server), 2 * CLOCK_HOUR,
      ERR_OK, NULL },
    { "the environment's clock decides about the end", offsetof(struct pki, server), 400 * CLOCK_DAY, ERR_VERIFY,
      "certificate has expired" },
    { "another name is refused, whatever the common name says", offsetof(struct pki, misnamed_server), 0, ERR_VERIFY,
      "hostname mismatch" },
    { "a foreign CI is refused", offsetof(struct pki, foreign_server), 0, ERR_VERIFY,
      "unable to get local issuer certificate" },
    { "a self-signed certificate is refused", offsetof(struct pki, own_server), 0, ERR_VERIFY, "" },
};

static void servers_are_verified(void)
{
    for (size_t i = 0; i < COUNT(servers); i++) {
        struct world w;
        world_open(&w);
        const struct party *server = (const struct party *)((const char *)&w.pki + servers[i].server);
        world_serve(&w, (struct http_server_settings){ .identity = party_identity(server) });
        clock_virtual_advance(&w.clock, NOW + servers[i].clock);
        struct http_client *c = world_client(&w, TLS, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        CHECK_ROW(servers[i].name, call(c, "POST", BASE "/v1/mirror", "secret", &p) == servers[i].want);
        CHECK_ROW(servers[i].name, w.odd.seen == (servers[i].want == ERR_OK));
        CHECK_ROW(servers[i].name, http_client_handshakes(c) == (servers[i].want == ERR_OK));
        CHECK_ROW(servers[i].name, !servers[i].why || world_logged(&w, servers[i].why));
        CHECK_ROW(servers[i].name, !world_logged(&w, "\"secret\""));
        http_response_release(&p);
        http_client_free(c);
        world_close(&w);
    }
}

static const struct {
    const char *name;
    size_t given;      /* offset in struct pki: whose certificate or key the caller was given */
    bool key;
    size_t server;     /* who answers */
    enum err want;
} trusted[] = {
#define PARTY(p) offsetof(struct pki, p)
    { "the CI's certificate", PARTY(ci), false, PARTY(server), ERR_OK },
    { "the server's own certificate", PARTY(server), false, PARTY(server), ERR_OK },
    { "a self-signed certificate that was given", PARTY(own_server), false, PARTY(own_server), ERR_OK },
    { "a foreign CI that was given", PARTY(foreign_ci), false, PARTY(foreign_server), ERR_OK },
    { "another CI than the roots", PARTY(foreign_ci), false, PARTY(server), ERR_VERIFY },
    { "the certificate of somebody else under the same CI", PARTY(expired_server), false, PARTY(server), ERR_VERIFY },
    { "a client's certificate", PARTY(client), false, PARTY(server), ERR_VERIFY },
    { "an expired server under the CI that was given", PARTY(ci), false, PARTY(expired_server), ERR_VERIFY },
    { "an expired server whose own certificate was given", PARTY(expired_server), false, PARTY(expired_server),
      ERR_VERIFY },
    { "a misnamed server under the CI that was given", PARTY(ci), false, PARTY(misnamed_server), ERR_VERIFY },
    { "the server's own key", PARTY(server), true, PARTY(server), ERR_OK },
    { "the key of a self-signed server", PARTY(own_server), true, PARTY(own_server), ERR_OK },
    { "the key of an expired server: a key has no dates", PARTY(expired_server), true, PARTY(expired_server), ERR_OK },
    { "another server's key", PARTY(own_server), true, PARTY(server), ERR_VERIFY },
    { "the CI's key: the server's own is wanted", PARTY(ci), true, PARTY(server), ERR_VERIFY },
    { "the key of a server with another name", PARTY(misnamed_server), true, PARTY(misnamed_server), ERR_VERIFY },
#undef PARTY
};

static struct span as_der(const struct party *p, bool key, uint8_t room[2048])
{
    BIO *bio = BIO_new_mem_buf(p->certificate_pem.at, (int)p->certificate_pem.len);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    uint8_t *at = room;
    REQUIRE(x != NULL);
    int len = key ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &at) : i2d_X509(x, &at);
    X509_free(x);
    BIO_free(bio);
    REQUIRE(len > 0 && len <= 2048);
    return span_of(room, (size_t)len);
}

static enum err call_trusting(struct http_client *c, const struct http_trust *t, struct http_response *p)
{
    const struct http_call q = { .method = "POST", .url = BASE "/v1/mirror", .body = span_str("secret"), .trust = t };
    return http_send(c, &q, p);
}

/* Each after a call that the roots judged: its connection must not be taken for one that believes somebody else. */
static void whom_a_call_believes(void)
{
    for (size_t i = 0; i < COUNT(trusted); i++) {
        struct world w;
        uint8_t room[2048];
        world_open(&w);
        const struct party *given = (const struct party *)((const char *)&w.pki + trusted[i].given);
        const struct party *server = (const struct party *)((const char *)&w.pki + trusted[i].server);
        world_serve(&w, (struct http_server_settings){ .identity = party_identity(server) });
        struct http_client *c = world_client(&w, TLS, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        struct span der = as_der(given, trusted[i].key, room);
        const struct http_trust t = { trusted[i].key ? (struct span){ 0 } : der, trusted[i].key ? der : (struct span){ 0 } };
        bool by_roots = call_trusting(c, NULL, &p) == ERR_OK;
        CHECK_ROW(trusted[i].name, call_trusting(c, &t, &p) == trusted[i].want);
        CHECK_ROW(trusted[i].name, (call_trusting(c, NULL, &p) == ERR_OK) == by_roots);
        CHECK_ROW(trusted[i].name, w.odd.seen == 2u * by_roots + (trusted[i].want == ERR_OK));
        http_response_release(&p);
        http_client_free(c);
        world_close(&w);
    }
}

static void what_is_no_certificate_is_believed_by_nobody(void)
{
    static const uint8_t junk[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .identity = party_identity(&w.pki.server) });
    struct http_client *c = world_client(&w, TLS, NULL);
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_trust as_certificate = { .certificate = SPAN_ARRAY(junk) }, as_key = { .public_key = SPAN_ARRAY(junk) };
    CHECK(call_trusting(c, &as_certificate, &p) != ERR_OK);
    CHECK(call_trusting(c, &as_key, &p) == ERR_VERIFY);
    CHECK(w.odd.seen == 0);
    http_response_release(&p);
    http_client_free(c);
    world_close(&w);
}

static void settings_that_cannot_work_are_refused(void)
{
    struct world w;
    world_open(&w);
    struct http_client *c = NULL;
    struct http_client_settings s = { .net = &w.net };
    CHECK(http_client_tls_new(&w.env, &s, &c) == ERR_PARSE && world_logged(&w, "no root certificate"));
    s.roots_pem = span_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    CHECK(http_client_tls_new(&w.env, &s, &c) == ERR_PARSE);
    s.roots_pem = buf_span(&w.pki.ci.certificate_pem);
    s.identity = party_identity(&w.pki.client);
    s.identity.key_pem = buf_span(&w.pki.server.key_pem);
    CHECK(http_client_tls_new(&w.env, &s, &c) == ERR_PARSE && world_logged(&w, "do not fit"));
    s.identity.key_pem = (struct span){ 0 };
    CHECK(http_client_tls_new(&w.env, &s, &c) == ERR_PARSE && c == NULL);
    struct http_server *server = NULL;
    struct http_server_settings l = { .host = "127.0.0.1", .identity = party_identity(&w.pki.server) };
    l.identity.key_pem = buf_span(&w.pki.client.key_pem);
    CHECK(http_server_start(&w.env, &w.odd.actor, &l, &server) == ERR_IO && server == NULL);
    CHECK(world_logged(&w, "the server does not start"));
    world_close(&w);
}

static void a_port_in_use_is_named(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct http_server_settings s = { .host = "127.0.0.1", .port = http_server_port(w.server),
                                      .identity = party_identity(&w.pki.server) };
    struct http_server *second = NULL;
    CHECK(http_server_start(&w.env, &w.odd.actor, &s, &second) == ERR_IO && second == NULL);
    CHECK(world_logged(&w, "is in use on 127.0.0.1"));
    s.host = "192.0.2.1";
    CHECK(http_server_start(&w.env, &w.odd.actor, &s, &second) == ERR_IO);
    CHECK(world_logged(&w, "cannot listen on 192.0.2.1"));
    world_close(&w);
}

static void a_slow_answer_is_a_time_out(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .threads = 2 });
    struct http_client *c = world_client(&w, TLS, NULL);
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_call q = { .method = "GET", .url = BASE "/v1/gate", .deadline_ms = 200 };
    CHECK(http_send(c, &q, &p) == ERR_TIMEOUT);
    pthread_mutex_lock(&w.odd.lock);
    w.odd.open = true;
    pthread_cond_broadcast(&w.odd.change);
    pthread_mutex_unlock(&w.odd.lock);
    CHECK(call(c, "GET", BASE "/v1/gate", NULL, &p) == ERR_OK && p.status == 200);
    http_response_release(&p);
    http_client_free(c);
    world_close(&w);
}

static void too_big_an_answer_is_a_limit(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct http_client *c = world_client(&w, TLS, NULL);
    struct http_response p = { .body = { .max = 100000 } };
    CHECK(call(c, "GET", BASE "/v1/big", NULL, &p) == ERR_LIMIT && p.body.len == 0);
    CHECK(call(c, "GET", BASE "/v1/echo", NULL, &p) == ERR_OK && p.status == 200);
    http_response_release(&p);
    http_client_free(c);
    world_close(&w);
}

static void limits_of_a_listener_are_settings(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .body_max = 10 });
    struct http_client *c = world_client(&w, TLS, NULL);
    struct http_response p = HTTP_RESPONSE_INIT;
    CHECK(call(c, "POST", BASE "/v1/mirror", "0123456789", &p) == ERR_OK && p.status == 201);
    CHECK(call(c, "POST", BASE "/v1/mirror", "0123456789a", &p) == ERR_OK && p.status == 413);
    http_response_release(&p);
    http_client_free(c);
    world_close(&w);
}

const struct test tls_tests[] = {
    { "servers are verified by chain, name and the environment's clock", servers_are_verified },
    { "a call believes whom it was told to believe, and a kept connection changes nothing", whom_a_call_believes },
    { "what is no certificate and no key is believed by nobody", what_is_no_certificate_is_believed_by_nobody },
    { "settings that cannot work are refused", settings_that_cannot_work_are_refused },
    { "a port in use is named", a_port_in_use_is_named },
    { "a slow answer is a time-out", a_slow_answer_is_a_time_out },
    { "too big an answer is a limit", too_big_an_answer_is_a_limit },
    { "limits of a listener are settings", limits_of_a_listener_are_settings },
};
const size_t tls_test_count = COUNT(tls_tests);
