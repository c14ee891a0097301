/* The eSO against the lab's own platform and SM-DP+, with certificates and no sockets; the eIM here only says yes. */
#include <stdio.h>
#include <string.h>

#include "certs.h"
#include "cmp.h"
#include "db.h"
#include "eso.h"
#include "harness.h"
#include "json.h"
#include "smdp.h"
#include "wire.h"

#define EPOCH INT64_C(1767225600000)
#define EID "89049032123451234512345678901235"
#define ICCID "8925400000000000017"
#define CODE "QX7K-NEVER-SHOWN-0001"

struct party { /* an actor with its own database */
    struct env env;
    struct actor *actor;
};
struct world {
    struct clock_virtual clock;
    struct log_sink sink;
    struct log log;
    struct buf logged;
    struct crypto *crypto;
    struct pki *pki;
    struct trust *ci, *operators;
    struct env env;
    struct http_switch *names;
    struct http_client *admin;
    struct party eso, cmp, smdp;
    struct actor eim;
    char enabled[21];
};

static void emit(struct log_sink *s, const struct log_event *e)
{
    struct world *w = (struct world *)((char *)s - offsetof(struct world, sink));
    REQUIRE(log_event_put_json(&w->logged, e) == ERR_OK);
}

static const struct pki_item *item(struct world *w, const char *name)
{
    const struct pki_item *i = NULL;
    REQUIRE(pki_get(w->pki, name, &i) == ERR_OK);
    return i;
}

static struct env party_env(struct world *w, const char *certificate)
{
    struct env e = { .clock = &w->clock.clock, .rng = crypto_rng(w->crypto), .log = &w->log, .crypto = w->crypto };
    REQUIRE(db_open(&w->log, NULL, false, &e.db) == ERR_OK);
    REQUIRE(http_client_direct_new(w->names, item(w, certificate)->der, &e.http) == ERR_OK);
    return e;
}

static void listen_at(struct world *w, const char *name, struct actor *a)
{
    REQUIRE(http_switch_set(w->names, name, a, w->operators, &w->log) == ERR_OK);
}

static void start_cmp(struct world *w)
{
    struct cmp *c = NULL;
    struct cmp_client clients[] = { { .name = "admin", .rights = CMP_RIGHT_ADMINISTER },
                                    { .name = "eso", .rights = CMP_RIGHT_TRANSFER } };
    struct cmp_settings s = { .carrier = "partner", .clients = clients, .client_count = COUNT(clients) };
    memcpy(clients[0].fingerprint, item(w, "CERT_OPERATOR_ADMIN")->fingerprint, 32);
    memcpy(clients[1].fingerprint, item(w, "CERT_OPERATOR_ESO")->fingerprint, 32);
    w->cmp.env = party_env(w, "CERT_OPERATOR_ADMIN");
    REQUIRE(cmp_new(&w->cmp.env, &s, &c) == ERR_OK);
    w->cmp.actor = cmp_actor(c);
    listen_at(w, "cmp.partner.example.com", w->cmp.actor);
}

static void start_smdp(struct world *w)
{
    static const char *const addresses[] = { "smdp.example.com", NULL };
    const struct pki_item *auth = item(w, "CERT_S_SM_DPauth_ECDSA_NIST"), *pb = item(w, "CERT_S_SM_DPpb_ECDSA_NIST");
    struct smdp_identity identity = { EC_P256, auth->der, pb->der, auth->key, pb->key };
    struct smdp_client clients[] = { { .name = "admin", .administrator = true }, { .name = "acme" } };
    struct smdp_settings s = { .addresses = addresses, .identities = &identity, .identity_count = 1, .trust = w->ci,
                               .clients = clients, .client_count = COUNT(clients) };
    struct smdp *d = NULL;
    memcpy(clients[0].fingerprint, item(w, "CERT_OPERATOR_ADMIN")->fingerprint, 32);
    memcpy(clients[1].fingerprint, item(w, "CERT_OPERATOR_ESO")->fingerprint, 32);
    REQUIRE(secret_set(&s.storage_key, span_str("0123456789abcdef0123456789abcdef")) == ERR_OK);
    w->smdp.env = party_env(w, "CERT_OPERATOR_ADMIN");
    REQUIRE(smdp_new(&w->smdp.env, &s, &d) == ERR_OK);
    w->smdp.actor = smdp_actor(d);
    listen_at(w, "smdp.example.com", w->smdp.actor);
}

static void start_eso(struct world *w)
{
    struct eso_client client = { .name = "admin", .rights = 7 };
    struct eso_secret secret = { .name = "partner-key" };
    struct eso_eim eim = { "eim.example.com", "https://eim.example.com" };
    struct eso_settings s = { .clients = &client, .client_count = 1, .secrets = &secret, .secret_count = 1, .eims = &eim,
                              .eim_count = 1 };
    struct eso *e = NULL;
    memcpy(client.fingerprint, item(w, "CERT_OPERATOR_ADMIN")->fingerprint, 32);
    REQUIRE(secret_set(&secret.value, span_str("partner-secret")) == ERR_OK);
    REQUIRE(secret_set(&s.storage_key, span_str("0123456789abcdef0123456789abcdef")) == ERR_OK);
    w->eso.env = party_env(w, "CERT_OPERATOR_ESO");
    REQUIRE(eso_new(&w->eso.env, &s, &e) == ERR_OK);
    w->eso.actor = eso_actor(e);
    listen_at(w, "eso.example.com", w->eso.actor);
}

static void call(struct world *w, const char *method, const char *url, const char *body, int status, json_t **out)
{
    struct http_header json = { "Content-Type", "application/json" };
    struct http_response p = HTTP_RESPONSE_INIT;
    struct http_call q = { .method = method, .url = url, .headers = &json, .header_count = 1, .body = span_str(body) };
    CHECK(http_send(w->admin, &q, &p) == ERR_OK);
    if (p.status != status)
        printf("\n    %s %s: %d %.*s", method, url, p.status, (int)p.body.len, (const char *)p.body.at);
    CHECK(p.status == status);
    if (out)
        REQUIRE(json_read(buf_span(&p.body), out, NULL) == ERR_OK);
    http_response_release(&p);
}

/* The eIM: every order is done at once; what it enables attaches. */
static enum err order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct world *w = (struct world *)((char *)actor - offsetof(struct world, eim));
    json_t *body = NULL;
    enum err e = http_read_json(q, p, &body);
    if (e)
        return e;
    if (strcmp(json_str(body, "kind"), "enable") == 0)
        snprintf(w->enabled, sizeof w->enabled, "%s", json_str(body, "iccid"));
    if (strcmp(json_str(body, "kind"), "download") == 0)
        CHECK(strcmp(json_str(body, "activationCode"), "1$smdp.example.com$" CODE) == 0);
    e = http_json(p, 202, json_pack("{s:s, s:O, s:s}", "orderId", "o1", "reference", json_object_get(body, "reference"),
                                    "state", "done"));
    json_decref(body);
    return e;
}

static void init(struct world *w)
{
    static const struct http_route routes[] = { { "POST", "/v1/euiccs/{eid}/orders", order } };
    static const struct actor_ops eim = { .role = "eim", .routes = routes, .route_count = 1, .mutual_tls = true };
    memset(w, 0, sizeof *w);
    w->logged.max = 8 << 20;
    w->sink.emit = emit;
    clock_virtual_init(&w->clock, EPOCH);
    w->log = (struct log){ &w->sink, &w->clock.clock, "world", LOG_DEBUG };
    REQUIRE(crypto_new_seeded(span_str("eso partners"), &w->crypto) == ERR_OK);
    w->env = (struct env){ .clock = &w->clock.clock, .rng = crypto_rng(w->crypto), .log = &w->log,
                           .crypto = w->crypto };
    REQUIRE(pki_new(w->crypto, EPOCH, &w->pki) == ERR_OK);
    REQUIRE(pki_trust(w->pki, &w->ci) == ERR_OK && pki_trust_clients(w->pki, &w->operators) == ERR_OK);
    REQUIRE(http_switch_new(&w->env, &w->names) == ERR_OK);
    REQUIRE(http_client_direct_new(w->names, item(w, "CERT_OPERATOR_ADMIN")->der, &w->admin) == ERR_OK);
    w->eim.ops = &eim;
    listen_at(w, "eim.example.com", &w->eim);
    start_cmp(w);
    start_smdp(w);
    start_eso(w);
}

static void party_release(struct party *p)
{
    p->actor->ops->free(p->actor);
    http_client_free(p->env.http);
    db_close(p->env.db);
}

static void release(struct world *w)
{
    party_release(&w->eso);
    party_release(&w->cmp);
    party_release(&w->smdp);
    http_client_free(w->admin);
    http_switch_free(w->names);
    trust_free(w->ci);
    trust_free(w->operators);
    pki_free(w->pki);
    crypto_free(w->crypto);
    buf_release(&w->logged);
}

static void provision(struct world *w)
{
    call(w, "POST", "https://smdp.example.com/v1/profiles",
         "{\"profiles\":[{\"iccid\":\"" ICCID "\",\"imsi\":\"639990000000001\","
         "\"k\":\"000102030405060708090A0B0C0D0E0F\",\"opc\":\"101112131415161718191A1B1C1D1E1F\","
         "\"operator\":\"acme\"}]}", 200, NULL);
    call(w, "POST", "https://cmp.partner.example.com/v1/accounts",
         "{\"accountId\":\"acme\",\"username\":\"enterprise\",\"apiKey\":\"partner-secret\"}", 201, NULL);
    call(w, "POST", "https://cmp.partner.example.com/v1/inventory", "{\"devices\":[{\"iccid\":\"" ICCID "\"}]}", 200,
         NULL);
    call(w, "POST", "https://eso.example.com/v1/carriers",
         "{\"id\":\"lead\",\"platform\":\"manual\"}", 201, NULL);
    call(w, "POST", "https://eso.example.com/v1/carriers",
         "{\"id\":\"partner\",\"platform\":\"control-center\",\"platformUrl\":\"https://cmp.partner.example.com\","
         "\"account\":\"acme\",\"username\":\"enterprise\",\"apiKey\":\"partner-key\","
         "\"transferUrl\":\"https://cmp.partner.example.com\",\"smdpUrl\":\"https://smdp.example.com\","
         "\"requester\":\"acme\"}", 201, NULL);
    call(w, "POST", "https://eso.example.com/v1/contracts",
         "{\"id\":\"kenya\",\"carrier\":\"partner\",\"model\":\"handover\",\"territory\":[\"KE\"]}", 201, NULL);
    call(w, "POST", "https://eso.example.com/v1/stock",
         "{\"contract\":\"kenya\",\"codes\":[{\"iccid\":\"" ICCID "\",\"matchingId\":\"" CODE "\","
         "\"smdpAddress\":\"smdp.example.com\"}]}", 200, NULL);
    call(w, "POST", "https://eso.example.com/v1/devices",
         "{\"eid\":\"" EID "\",\"country\":\"KE\",\"eim\":\"eim.example.com\",\"leadCarrier\":\"lead\",\"profiles\":["
         "{\"iccid\":\"8949000000000000001\",\"carrier\":\"lead\",\"state\":\"enabled\",\"fallback\":true}]}", 201, NULL);
}

/* The network tells the platform of the session. */
static void attach(struct world *w)
{
    char body[200];
    struct buf at = { .max = 40 };
    REQUIRE(clock_put_iso8601(&at, clock_now(&w->clock.clock)) == ERR_OK);
    snprintf(body, sizeof body, "{\"iccid\":\"%s\",\"event\":\"session-started\",\"at\":\"%s\"}", w->enabled,
             buf_cstr(&at));
    call(w, "POST", "https://cmp.partner.example.com/v1/network-events", body, 200, NULL);
    w->enabled[0] = '\0';
    buf_release(&at);
}

static void run(struct world *w, int64_t limit)
{
    int64_t end = clock_now(&w->clock.clock) + limit;
    for (int n = 0; n < 5000; n++) {
        enum err e = ERR_OK;
        int64_t next = w->eso.actor->ops->tick(w->eso.actor, clock_now(&w->clock.clock), &e);
        REQUIRE(e == ERR_OK);
        if (w->enabled[0])
            attach(w);
        if (next > end)
            return;
        if (next > clock_now(&w->clock.clock))
            clock_virtual_advance(&w->clock, next);
    }
    CU_FAIL("the world does not come to rest");
}

static void check_swap(struct world *w, const char *state, const char *cause)
{
    json_t *swaps = NULL;
    call(w, "GET", "https://eso.example.com/v1/swaps?eid=" EID, NULL, 200, &swaps);
    const json_t *items = json_object_get(swaps, "items"), *last = json_array_get(items, json_array_size(items) - 1);
    const char *s = json_str(last, "state"), *c = json_str(last, "cause");
    CHECK(s && strcmp(s, state) == 0);
    CHECK(cause ? c && strcmp(c, cause) == 0 : !c);
    if (s && strcmp(s, state) != 0)
        printf("\n    %s %s %s", s, c ? c : "", json_str(last, "detail"));
    json_decref(swaps);
}

static void check_member(struct world *w, const char *url, const char *member, const char *value)
{
    json_t *o = NULL;
    call(w, "GET", url, NULL, 200, &o);
    const char *found = json_str(o, member);
    CHECK_ROW(value, found && strcmp(found, value) == 0);
    json_decref(o);
}

static void check_log(struct world *w)
{
    const char *log = buf_cstr(&w->logged);
    CHECK(log && !strstr(log, CODE) && !strstr(log, "partner-secret"));
}

#define SWAP_URL "https://eso.example.com/v1/euiccs/" EID "/swap"
#define LEDGER "https://cmp.partner.example.com/v1/ledger/" ICCID
#define PROFILE "https://smdp.example.com/v1/profiles/" ICCID

static void test_swap(void)
{
    struct world w;
    init(&w);
    provision(&w);
    call(&w, "POST", SWAP_URL, "{\"target\":\"partner\"}", 202, NULL);
    run(&w, CLOCK_HOUR);
    check_swap(&w, "DONE", NULL);
    check_member(&w, LEDGER, "status", "ACTIVATED");
    check_member(&w, PROFILE, "state", "released");
    check_member(&w, PROFILE, "eid", EID);
    check_log(&w);
    release(&w);
}

static void test_inventory_empty(void)
{
    struct world w;
    init(&w);
    provision(&w);
    call(&w, "PUT", "https://cmp.partner.example.com/v1/inventory/refuse", "{\"cause\":\"inventory-empty\"}", 200, NULL);
    call(&w, "POST", SWAP_URL, "{\"target\":\"partner\"}", 202, NULL);
    run(&w, CLOCK_HOUR);
    check_swap(&w, "FAILED", "inventory-empty");
    check_member(&w, PROFILE, "state", "available");
    check_log(&w);
    release(&w);
}

/* The eIM does not come back: the order is cancelled, the SIM goes back, the next swap has the same code. */
static void test_given_back(void)
{
    struct world w;
    init(&w);
    provision(&w);
    REQUIRE(http_switch_set(w.names, "eim.example.com", NULL, NULL, &w.log) == ERR_OK);
    call(&w, "POST", SWAP_URL, "{\"target\":\"partner\"}", 202, NULL);
    run(&w, 10 * CLOCK_DAY);
    check_swap(&w, "EXPIRED", "eim-unreachable");
    check_member(&w, PROFILE, "state", "available");
    check_member(&w, LEDGER, "status", "INVENTORY");
    listen_at(&w, "eim.example.com", &w.eim);
    call(&w, "POST", SWAP_URL, "{\"target\":\"partner\"}", 202, NULL);
    run(&w, CLOCK_HOUR);
    check_swap(&w, "DONE", NULL);
    check_member(&w, LEDGER, "status", "ACTIVATED");
    check_log(&w);
    release(&w);
}

static const struct test tests[] = {
    { "a swap with the lab's platform and SM-DP+: ordered, transferred, billed", test_swap },
    { "the platform's inventory is empty: nothing ordered (34)", test_inventory_empty },
    { "an eIM that is gone: everything given back, and good for the next swap", test_given_back },
};

int main(void)
{
    return tests_main("eso partners", tests, COUNT(tests));
}
