#include "world.h"

#include <stdio.h>
#include <string.h>

static enum err take_status(void *actor, const struct http_request *q, struct http_response *p)
{
    struct network *n = actor;
    size_t used = strlen(n->told);
    bool service = span_equal(q->body, span_str("{\"service\":true}"));
    if (n->status == 200)
        snprintf(n->told + used, sizeof n->told - used, "%s=%s;", q->part[0], service ? "true" : "false");
    return http_text(p, n->status, "text/plain", (struct span){ 0 });
}

static const struct http_route network_routes[] = { { "PUT", "/v1/status/{iccid}", take_status } };
static const struct actor_ops network_ops = { .role = "net", .routes = network_routes, .route_count = 1 };

static void issue(struct crypto *c, enum cert_role role, const char *name, uint8_t serial, const struct cert *issuer,
                  const struct ec_key *issuer_key, struct ec_key **key, const struct cert **out)
{
    struct cert_spec spec = { .role = role, .common_name = name, .organization = "Test", .path_length = -1,
                              .not_before = NOW - CLOCK_DAY, .not_after = NOW + 3000 * CLOCK_DAY,
                              .serial = { [7] = serial } };
    struct buf der = { .max = 4096 };
    struct ec_point point;
    REQUIRE(ec_key_generate(c, EC_P256, key) == ERR_OK);
    ec_key_point(*key, &point);
    REQUIRE(cert_issue(c, &spec, EC_P256, &point, issuer, issuer ? issuer_key : *key, &der) == ERR_OK);
    REQUIRE(cert_load(c, buf_span(&der), out) == ERR_OK);
    buf_release(&der);
}

static void make_callers(struct world *w, struct cmp_client clients[3])
{
    static const char *const names[] = { "admin", "eso", "net", "stranger" };
    struct ec_key *ca_key, *key;
    const struct cert *ca, *leaf;
    issue(w->crypto, CERT_CI, "Operator CA", 1, NULL, NULL, &ca_key, &ca);
    REQUIRE(trust_new(w->crypto, &w->clients) == ERR_OK && trust_add_ci(w->clients, ca->der) == ERR_OK);
    for (unsigned i = 0; i < COUNT(names); i++) {
        issue(w->crypto, CERT_OPERATOR_CLIENT, names[i], (uint8_t)(2 + i), ca, ca_key, &key, &leaf);
        REQUIRE(http_client_direct_new(w->direct, leaf->der, &w->callers[i]) == ERR_OK);
        if (i < 3) {
            clients[i].name = names[i];
            memcpy(clients[i].fingerprint, leaf->sha256, 32);
        }
        ec_key_free(key);
    }
    REQUIRE(http_client_direct_new(w->direct, (struct span){ 0 }, &w->callers[NOBODY]) == ERR_OK);
    ec_key_free(ca_key);
}

void world_open(struct world *w, unsigned calls_per_second)
{
    *w = (struct world){ .answer = HTTP_RESPONSE_INIT };
    clock_virtual_init(&w->clock, NOW);
    w->log = (struct log){ .clock = &w->clock.clock, .actor = "cmp" };
    REQUIRE(crypto_new(&w->crypto) == ERR_OK);
    w->env = (struct env){ .clock = &w->clock.clock, .rng = rng_system(), .log = &w->log, .crypto = w->crypto };
    REQUIRE(http_switch_new(&w->env, &w->direct) == ERR_OK);
    REQUIRE(db_open(&w->log, NULL, false, &w->env.db) == ERR_OK);
    struct cmp_client clients[3] = { { .rights = CMP_RIGHT_ADMINISTER }, { .rights = CMP_RIGHT_TRANSFER },
                                     { .rights = CMP_RIGHT_NETWORK } };
    make_callers(w, clients);
    w->env.http = w->callers[NOBODY];
    const struct cmp_settings s = { .carrier = "partner", .network_url = "https://net.partner.example.com",
                                    .clients = clients, .client_count = 3, .calls_per_second = calls_per_second };
    REQUIRE(cmp_new(&w->env, &s, &w->cmp) == ERR_OK);
    w->network = (struct network){ .actor = { &network_ops }, .status = 200 };
    REQUIRE(http_switch_set(w->direct, "cmp.partner.example.com", cmp_actor(w->cmp), w->clients, &w->log) == ERR_OK);
    REQUIRE(http_switch_set(w->direct, "net.partner.example.com", &w->network.actor, NULL, &w->log) == ERR_OK);
}

void world_close(struct world *w)
{
    cmp_actor(w->cmp)->ops->free(cmp_actor(w->cmp));
    for (unsigned i = 0; i < WHO_COUNT; i++)
        http_client_free(w->callers[i]);
    http_switch_free(w->direct);
    trust_free(w->clients);
    db_close(w->env.db);
    crypto_free(w->crypto);
    http_response_release(&w->answer);
}

int ask(struct world *w, enum who who, const char *login, const char *method, const char *path, const char *body)
{
    char url[400], authorization[300] = "Basic ";
    struct buf encoded = { .max = 200 };
    snprintf(url, sizeof url, "https://cmp.partner.example.com%s", path);
    REQUIRE(base64_put(&encoded, span_str(login)) == ERR_OK);
    if (encoded.len)
        snprintf(authorization + 6, sizeof authorization - 6, "%s", buf_cstr(&encoded));
    buf_release(&encoded);
    const struct http_header headers[] = { { "Authorization", authorization } };
    const struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = login != NULL,
                                 .body = span_str(body) };
    return http_send(w->callers[who], &q, &w->answer) == ERR_OK ? w->answer.status : 0;
}

bool says(struct world *w, const char *text)
{
    return strstr(buf_cstr(&w->answer.body), text) != NULL;
}

int64_t tick(struct world *w)
{
    enum err e = ERR_OK;
    int64_t next = cmp_actor(w->cmp)->ops->tick(cmp_actor(w->cmp), w->clock.at, &e);
    CHECK(e == ERR_OK);
    return next;
}

void world_prepare(struct world *w)
{
    CHECK(ask(w, ADMIN, NULL, "POST", "/v1/accounts",
              "{\"accountId\":\"acme\",\"username\":\"acme-user\",\"apiKey\":\"acme-key\"}") == 201);
    CHECK(ask(w, ADMIN, NULL, "POST", "/v1/accounts",
              "{\"accountId\":\"other\",\"username\":\"other-user\",\"apiKey\":\"other-key\"}") == 201);
    CHECK(ask(w, ADMIN, NULL, "POST", "/v1/inventory",
              "{\"devices\":[{\"iccid\":\"" SIM "\",\"imsi\":\"262010000000001\"},{\"iccid\":\"" SIM20 "\"}]}") == 200);
}

int transfer(struct world *w, const char *iccid, const char *account, const char *reference)
{
    char body[300];
    snprintf(body, sizeof body,
             "{\"iccid\":\"%s\",\"accountId\":\"%s\",\"reference\":\"%s\",\"ratePlan\":\"iot-1mb\","
             "\"communicationPlan\":\"data\"}",
             iccid, account, reference);
    return ask(w, ESO, NULL, "POST", "/v1/transfers", body);
}

int event(struct world *w, const char *name, const char *at)
{
    char body[200];
    snprintf(body, sizeof body, "{\"iccid\":\"" SIM "\",\"event\":\"%s\",\"at\":\"%s\",\"plmn\":\"63902\"}", name, at);
    return ask(w, NET, NULL, "POST", "/v1/network-events", body);
}
