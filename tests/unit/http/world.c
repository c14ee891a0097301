#include "world.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

/* ---- log -------------------------------------------------------------------------------------------------------- */

static void remember(struct log_sink *s, const struct log_event *e)
{
    struct memory_sink *m = (struct memory_sink *)s;
    struct buf line = { .max = 2000 };
    pthread_mutex_lock(&m->lock);
    if (log_event_put_json(&line, e) == ERR_OK) {
        size_t used = strlen(m->text);
        if (used + line.len + 2 < sizeof m->text)
            snprintf(m->text + used, sizeof m->text - used, "%s\n", buf_cstr(&line));
    }
    pthread_mutex_unlock(&m->lock);
    buf_release(&line);
}

bool world_logged(struct world *w, const char *text)
{
    pthread_mutex_lock(&w->sink.lock);
    bool found = strstr(w->sink.text, text) != NULL;
    pthread_mutex_unlock(&w->sink.lock);
    return found;
}

/* ---- PKI -------------------------------------------------------------------------------------------------------- */

struct party_row {
    struct party *party;
    const char *common_name;
    enum cert_role role;
    const struct party *issuer; /* NULL: itself */
    const char *dns;
    int64_t from, until;
};

static void make_party(struct crypto *c, const struct party_row *row, uint8_t serial)
{
    struct party *p = row->party;
    const char *const names[] = { row->dns, NULL };
    struct cert_spec spec = { .role = row->role, .common_name = row->common_name, .organization = "Test",
                              .dns_names = row->dns ? names : NULL, .path_length = -1, .not_before = row->from,
                              .not_after = row->until, .serial = { 0, 0, 0, 0, 0, 0, 1, serial } };
    struct buf der = { .max = 4096 };
    struct ec_point point;
    REQUIRE(ec_key_generate(c, EC_P256, &p->key) == ERR_OK);
    ec_key_point(p->key, &point);
    REQUIRE(cert_issue(c, &spec, EC_P256, &point, row->issuer ? row->issuer->cert : NULL,
                       row->issuer ? row->issuer->key : p->key, &der) == ERR_OK);
    REQUIRE(cert_load(c, buf_span(&der), &p->cert) == ERR_OK);
    p->key_pem.max = p->certificate_pem.max = 8192;
    REQUIRE(ec_key_put_pem(p->key, &p->key_pem) == ERR_OK);
    REQUIRE(cert_put_pem(buf_span(&der), &p->certificate_pem) == ERR_OK);
    buf_release(&der);
}

static void party_release(struct party *p)
{
    ec_key_free(p->key);
    buf_release(&p->key_pem);
    buf_release(&p->certificate_pem);
}

static void make_pki(struct crypto *c, struct pki *k)
{
    const int64_t from = NOW - CLOCK_DAY, until = NOW + 300 * CLOCK_DAY;
    const struct party_row rows[] = {
        { &k->ci, "Test CI", CERT_CI, NULL, NULL, from, until },
        { &k->foreign_ci, "Foreign CI", CERT_CI, NULL, NULL, from, until },
        { &k->operator_ca, "Operator CA", CERT_CI, NULL, NULL, from, until },
        { &k->server, "server", CERT_TLS_SERVER, &k->ci, SERVER_NAME, from, until },
        { &k->expired_server, "expired", CERT_TLS_SERVER, &k->ci, SERVER_NAME, from, NOW - CLOCK_HOUR },
        { &k->future_server, "future", CERT_TLS_SERVER, &k->ci, SERVER_NAME, NOW + CLOCK_HOUR, until },
        /* The common name must not stand in for the name that the SAN lacks. */
        { &k->misnamed_server, SERVER_NAME, CERT_TLS_SERVER, &k->ci, "eim.example.com", from, until },
        { &k->foreign_server, "foreign", CERT_TLS_SERVER, &k->foreign_ci, SERVER_NAME, from, until },
        { &k->own_server, "self-signed", CERT_TLS_SERVER, NULL, SERVER_NAME, from, until },
        { &k->client, "eso", CERT_OPERATOR_CLIENT, &k->operator_ca, NULL, from, until },
        { &k->expired_client, "old eso", CERT_OPERATOR_CLIENT, &k->operator_ca, NULL, from, NOW - CLOCK_HOUR },
        { &k->foreign_client, "other eso", CERT_OPERATOR_CLIENT, &k->foreign_ci, NULL, from, until },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        make_party(c, &rows[i], (uint8_t)(i + 1));
}

struct tls_identity party_identity(const struct party *p)
{
    return (struct tls_identity){ buf_span(&p->certificate_pem), buf_span(&p->key_pem) };
}

/* ---- the odd actor ---------------------------------------------------------------------------------------------- */

static enum err odd_echo(void *actor, const struct http_request *q, struct http_response *p)
{
    ((struct odd_actor *)actor)->seen++;
    struct buf a = { .max = 100 };
    enum err e = http_query(q, "a", &a);
    const char *odd = http_header(q, "x-odd"), *host = http_header(q, "HOST");
    json_t *o = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:i}", "method", q->method, "path", q->path,
                          "query", q->query, "a", e ? NULL : buf_cstr(&a), "host", host, "odd", odd, "first",
                          q->part_count > 0 ? q->part[0] : NULL, "second", q->part_count > 1 ? q->part[1] : NULL,
                          "body", (int)q->body.len);
    buf_release(&a);
    e = http_json(p, 200, o);
    return e ? e : http_response_add_header(p, "X-Answer", "yes");
}

static enum err odd_mirror(void *actor, const struct http_request *q, struct http_response *p)
{
    ((struct odd_actor *)actor)->seen++;
    return http_text(p, 201, "application/octet-stream", q->body);
}

static enum err odd_peer(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor;
    enum err e = http_require_peer(q, p);
    return e ? e : http_text(p, 200, "application/octet-stream", q->peer);
}

static enum err odd_read(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor;
    json_t *o = NULL;
    enum err e = http_read_json(q, p, &o);
    return e ? e : http_json(p, 200, o);
}

static enum err odd_fail(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    enum err e = http_text(p, 200, "text/plain", span_str("half an answer"));
    return e ? e : ERR_IO;
}

static enum err odd_silent(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q, (void)p;
    return ERR_OK;
}

static enum err odd_cut(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)q, (void)p;
    ((struct odd_actor *)actor)->seen++;
    return ERR_CUT;
}

static enum err odd_big(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    static const uint8_t zeros[1 << 16];
    enum err e = http_text(p, 200, "application/octet-stream", SPAN_ARRAY(zeros));
    while (!e && p->body.len < HTTP_BODY_MAX)
        e = buf_put(&p->body, SPAN_ARRAY(zeros));
    return e;
}

static enum err odd_gate(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)q;
    struct odd_actor *o = actor;
    pthread_mutex_lock(&o->lock);
    while (!o->open)
        pthread_cond_wait(&o->change, &o->lock);
    pthread_mutex_unlock(&o->lock);
    return http_text(p, 200, "text/plain", span_str("late"));
}

static const struct http_route odd_routes[] = {
    { "GET", "/v1/echo", odd_echo },
    { "DELETE", "/v1/echo", odd_echo },
    { "GET", "/v1/echo/special", odd_mirror },
    { "GET", "/v1/echo/{first}", odd_echo },
    { "POST", "/v1/echo/{first}/x/{second}", odd_echo },
    { "POST", "/v1/mirror", odd_mirror },
    { "PUT", "/v1/mirror", odd_mirror },
    { "PATCH", "/v1/mirror", odd_mirror },
    { "GET", "/v1/peer", odd_peer },
    { "POST", "/v1/read", odd_read },
    { "GET", "/v1/fail", odd_fail },
    { "GET", "/v1/silent", odd_silent },
    { "GET", "/v1/cut", odd_cut },
    { "POST", "/v1/cut", odd_cut },
    { "GET", "/v1/big", odd_big },
    { "GET", "/v1/gate", odd_gate },
};
static const struct actor_ops odd_ops = { .role = "odd", .routes = odd_routes, .route_count = COUNT(odd_routes),
                                          .mutual_tls = true };

/* ---- the world -------------------------------------------------------------------------------------------------- */

void world_open(struct world *w)
{
    *w = (struct world){ 0 };
    clock_virtual_init(&w->clock, NOW);
    w->sink = (struct memory_sink){ .sink = { remember } };
    pthread_mutex_init(&w->sink.lock, NULL);
    w->log = (struct log){ .sink = &w->sink.sink, .clock = &w->clock.clock, .actor = "odd", .least = LOG_INFO };
    REQUIRE(crypto_new(&w->crypto) == ERR_OK);
    w->env = (struct env){ .clock = &w->clock.clock, .rng = rng_system(), .log = &w->log, .crypto = w->crypto };
    make_pki(w->crypto, &w->pki);
    REQUIRE(trust_new(w->crypto, &w->clients) == ERR_OK);
    REQUIRE(trust_add_ci(w->clients, w->pki.operator_ca.cert->der) == ERR_OK);
    w->odd.actor.ops = &odd_ops;
    pthread_mutex_init(&w->odd.lock, NULL);
    pthread_cond_init(&w->odd.change, NULL);
    REQUIRE(http_switch_new(&w->env, &w->direct) == ERR_OK);
    REQUIRE(http_switch_set(w->direct, SERVER_NAME, &w->odd.actor, w->clients, &w->log) == ERR_OK);
}

void world_serve(struct world *w, struct http_server_settings s)
{
    s.host = "127.0.0.1";
    if (!s.identity.certificate_pem.len)
        s.identity = party_identity(&w->pki.server);
    if (!s.clients)
        s.clients = w->clients;
    REQUIRE(http_server_start(&w->env, &w->odd.actor, &s, &w->server) == ERR_OK);
    REQUIRE(net_add(&w->net, SERVER_NAME, "127.0.0.1", http_server_port(w->server)) == ERR_OK);
}

void world_close(struct world *w)
{
    http_server_stop(w->server);
    http_switch_free(w->direct);
    net_release(&w->net);
    trust_free(w->clients);
    struct party *parties = &w->pki.ci;
    for (size_t i = 0; i < sizeof w->pki / sizeof *parties; i++)
        party_release(&parties[i]);
    crypto_free(w->crypto);
    pthread_cond_destroy(&w->odd.change);
    pthread_mutex_destroy(&w->odd.lock);
    pthread_mutex_destroy(&w->sink.lock);
}

const char *const wiring_name[] = { "direct", "TLS" };

struct http_client *world_client(struct world *w, enum wiring wiring, const struct party *who)
{
    struct http_client *c = NULL;
    if (wiring == DIRECT) {
        REQUIRE(http_client_direct_new(w->direct, who ? who->cert->der : (struct span){ 0 }, &c) == ERR_OK);
        return c;
    }
    struct http_client_settings s = { .net = &w->net, .roots_pem = buf_span(&w->pki.ci.certificate_pem),
                                      .user_agent = "gsma-rsp-lpad" };
    if (who)
        s.identity = party_identity(who);
    REQUIRE(http_client_tls_new(&w->env, &s, &c) == ERR_OK);
    return c;
}

enum err call(struct http_client *c, const char *method, const char *url, const char *body, struct http_response *p)
{
    const struct http_call q = { .method = method, .url = url, .body = span_str(body), .deadline_ms = 20000 };
    return http_send(c, &q, p);
}
