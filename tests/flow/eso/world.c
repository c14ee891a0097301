#include "world.h"

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "harness.h"
#include "json.h"

#define EPOCH INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define TEST_KEY "test-key"
#define HOOK_KEY "hook-key"

static void emit(struct log_sink *s, const struct log_event *event)
{
    struct world *w = (struct world *)((char *)s - offsetof(struct world, sink));
    REQUIRE(log_event_put_json(&w->logged, event) == ERR_OK);
}

static enum err before_call(void *context, const struct http_call *q)
{
    struct trouble *t = &((struct world *)context)->trouble;
    (void)q;
    if (t->kind != TROUBLE_KILL_BEFORE_CALL && t->kind != TROUBLE_LOSE_CALL)
        return ERR_OK;
    if (++t->seen != t->at)
        return ERR_OK;
    t->happened = true;
    return t->kind == TROUBLE_LOSE_CALL ? ERR_TIMEOUT : ERR_CUT;
}

static enum err after_call(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    struct trouble *t = &((struct world *)context)->trouble;
    (void)q;
    (void)p;
    if (t->kind != TROUBLE_KILL_AFTER_CALL && t->kind != TROUBLE_LOSE_ANSWER)
        return e;
    if (++t->seen != t->at)
        return e;
    t->happened = true;
    return t->kind == TROUBLE_LOSE_ANSWER ? ERR_TIMEOUT : ERR_CUT;
}

static enum err at_write(void *context, const char *sql)
{
    struct trouble *t = &((struct world *)context)->trouble;
    (void)sql;
    if (t->kind != TROUBLE_KILL_AT_WRITE || ++t->seen != t->at)
        return ERR_OK;
    t->happened = true;
    return ERR_CUT;
}

static struct eso_client client_of(struct world *w, const char *name, const char *key, unsigned rights)
{
    struct eso_client c = { .name = name, .rights = rights };
    REQUIRE(sha256(w->crypto, &(struct span){ (const uint8_t *)key, strlen(key) }, 1, c.key_sha256) == ERR_OK);
    return c;
}

static void start(struct world *w)
{
    struct eso_client clients[] = {
        client_of(w, "tester", TEST_KEY, ESO_RIGHT_READ | ESO_RIGHT_OPERATE | ESO_RIGHT_ADMINISTER),
        client_of(w, "eim", HOOK_KEY, ESO_RIGHT_HOOK),
    };
    struct eso_secret secret = { .name = "partner-key" };
    struct eso_eim eim = { "eim.example.com", "https://eim.example.com" };
    struct eso_settings s = { .url = "https://eso.example.com", .clients = clients, .client_count = COUNT(clients),
                              .secrets = &secret, .secret_count = 1, .eims = &eim, .eim_count = 1 };
    REQUIRE(secret_set(&secret.value, span_str("partner-secret")) == ERR_OK);
    REQUIRE(secret_set(&s.storage_key, span_str("0123456789abcdef0123456789abcdef")) == ERR_OK);
    REQUIRE(eso_new(&w->env, &s, &w->eso) == ERR_OK);
    REQUIRE(http_switch_set(w->names, "eso.example.com", eso_actor(w->eso), NULL, &w->log) == ERR_OK);
}

static void stop(struct world *w)
{
    if (w->eso)
        eso_actor(w->eso)->ops->free(eso_actor(w->eso));
    w->eso = NULL;
}

void world_restart(struct world *w)
{
    stop(w);
    start(w);
    w->restarts++;
}

static void connect_doubles(struct world *w)
{
    cmp_double_init(&w->partner, &w->clock.clock);
    cmp_double_init(&w->lead, &w->clock.clock);
    smdp_double_init(&w->smdp);
    eim_double_init(&w->eim);
    REQUIRE(!http_switch_set(w->names, "cmp.partner.example.com", &w->partner.actor, NULL, &w->log));
    REQUIRE(!http_switch_set(w->names, "cmp.lead.example.com", &w->lead.actor, NULL, &w->log));
    REQUIRE(!http_switch_set(w->names, "smdp.example.com", &w->smdp.actor, NULL, &w->log));
    REQUIRE(!http_switch_set(w->names, "eim.example.com", &w->eim.actor, NULL, &w->log));
}

void world_init(struct world *w)
{
    struct http_client *direct = NULL;
    memset(w, 0, sizeof *w);
    w->logged.max = 64 << 20;
    w->sink.emit = emit;
    clock_virtual_init(&w->clock, EPOCH);
    w->log = (struct log){ &w->sink, &w->clock.clock, "eso", LOG_DEBUG };
    REQUIRE(crypto_new_seeded(span_str("eso flow"), &w->crypto) == ERR_OK);
    w->env = (struct env){ .clock = &w->clock.clock, .rng = crypto_rng(w->crypto), .log = &w->log,
                           .crypto = w->crypto };
    REQUIRE(db_open(&w->log, NULL, false, &w->env.db) == ERR_OK);
    REQUIRE(http_switch_new(&w->env, &w->names) == ERR_OK);
    REQUIRE(http_client_direct_new(w->names, (struct span){ NULL, 0 }, &direct) == ERR_OK);
    REQUIRE(http_client_observed_new(direct, &(struct http_observer){ .before = before_call, .after = after_call, .context = w },
                                     &w->env.http) == ERR_OK);
    REQUIRE(http_client_direct_new(w->names, (struct span){ NULL, 0 }, &w->client) == ERR_OK);
    connect_doubles(w);
    start(w);
    db_set_fault(w->env.db, at_write, w);
}

void world_release(struct world *w)
{
    stop(w);
    http_client_free(w->client);
    http_client_free(w->env.http);
    http_switch_free(w->names);
    db_close(w->env.db);
    crypto_free(w->crypto);
    buf_release(&w->logged);
}

void world_eid(int n, char eid[33])
{
    snprintf(eid, 33, "890490321234512345123456789%05d", n);
}

void world_iccid(int n, char iccid[21])
{
    snprintf(iccid, 21, "89254000000000%05d", n);
}

static int call(struct world *w, const char *method, const char *path, const char *body, const char *key,
                json_t **out)
{
    char url[300];
    struct http_header headers[] = { { "Authorization", "Bearer " TEST_KEY },
                                     { "Content-Type", "application/json" },
                                     { "Idempotency-Key", key } };
    struct http_response p = HTTP_RESPONSE_INIT;
    snprintf(url, sizeof url, "https://eso.example.com%s", path);
    struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = key ? 3 : 2,
                           .body = span_str(body) };
    enum err e = http_send(w->client, &q, &p);
    int status = e ? -(int)e : p.status;
    if (out)
        *out = NULL;
    if (!e && out && p.body.len)
        REQUIRE(json_read(buf_span(&p.body), out, NULL) == ERR_OK);
    http_response_release(&p);
    return status;
}

int world_call(struct world *w, const char *method, const char *path, const char *body, json_t **out)
{
    return call(w, method, path, body, NULL, out);
}

int world_call_with_key(struct world *w, const char *path, const char *body, const char *key, json_t **out)
{
    return call(w, "POST", path, body, key, out);
}

void world_add_codes(struct world *w, int from, int count)
{
    json_t *codes = json_array();
    struct buf text = { .max = 1 << 20 };
    char iccid[21], code[64];
    for (int i = from; i < from + count; i++) {
        world_iccid(i, iccid);
        snprintf(code, sizeof code, CODE_SECRET "%04d", i);
        json_array_append_new(codes, json_pack("{s:s, s:s, s:s}", "iccid", iccid, "matchingId", code, "smdpAddress",
                                               "smdp.example.com"));
        smdp_double_add(&w->smdp, iccid);
        cmp_double_add(&w->partner, iccid, "INVENTORY", false);
    }
    json_t *body = json_pack("{s:s, s:o}", "contract", "kenya", "codes", codes);
    REQUIRE(json_write(body, &text) == ERR_OK);
    CHECK(world_call(w, "POST", "/v1/stock", buf_cstr(&text), NULL) == 200);
    json_decref(body);
    buf_release(&text);
}

static void add_device(struct world *w, int n)
{
    char eid[33], body[600];
    world_eid(n, eid);
    snprintf(body, sizeof body,
             "{\"eid\":\"%s\",\"name\":\"meter-%d\",\"tags\":[\"meters\"],\"country\":\"KE\",\"eim\":\"eim.example.com\","
             "\"leadCarrier\":\"lead\",\"profiles\":[{\"iccid\":\"89490000000000%05d\",\"carrier\":\"lead\","
             "\"state\":\"enabled\"}],\"euiccCertificate\":\"MAA=\",\"eumCertificate\":\"MAA=\"}",
             eid, n, n);
    CHECK(world_call(w, "POST", "/v1/devices", body, NULL) == 201);
    snprintf(body, sizeof body, "89490000000000%05d", n);
    snprintf(cmp_double_add(&w->lead, body, "ACTIVATED", true)->account, 33, "lead-account");
}

void world_set_up(struct world *w, int devices, int codes)
{
    CHECK(world_call(w, "POST", "/v1/carriers",
                     "{\"id\":\"lead\",\"platform\":\"control-center\",\"platformUrl\":\"https://cmp.lead.example.com\","
                     "\"account\":\"lead-account\",\"username\":\"enterprise\",\"apiKey\":\"partner-key\"}",
                     NULL) == 201);
    CHECK(world_call(w, "POST", "/v1/carriers",
                     "{\"id\":\"partner\",\"platform\":\"control-center\","
                     "\"platformUrl\":\"https://cmp.partner.example.com\",\"account\":\"acme\","
                     "\"username\":\"enterprise\",\"apiKey\":\"partner-key\","
                     "\"transferUrl\":\"https://cmp.partner.example.com\",\"smdpUrl\":\"https://smdp.example.com\","
                     "\"requester\":\"acme\"}",
                     NULL) == 201);
    CHECK(world_call(w, "POST", "/v1/contracts",
                     "{\"id\":\"kenya\",\"carrier\":\"partner\",\"model\":\"handover\",\"territory\":[\"KE\",\"TZ\"],"
                     "\"quota\":100,\"ratePlan\":\"iot-1mb\",\"communicationPlan\":\"lte\"}",
                     NULL) == 201);
    for (int n = 1; n <= devices; n++)
        add_device(w, n);
    if (codes)
        world_add_codes(w, 1, codes);
}

void world_swap(struct world *w, int device, const char *target, char id[37])
{
    char eid[33], path[80], body[80], key[120];
    json_t *swap = NULL;
    world_eid(device, eid);
    snprintf(path, sizeof path, "/v1/euiccs/%s/swap", eid);
    snprintf(body, sizeof body, "{\"target\":\"%s\"}", target);
    snprintf(key, sizeof key, "%s-%s-%d", eid, target, w->swaps++);
    int status = world_call_with_key(w, path, body, key, &swap);
    if (status == -(int)ERR_TIMEOUT) { /* the eSO died while it answered; the caller repeats */
        world_restart(w);
        status = world_call_with_key(w, path, body, key, &swap);
    }
    REQUIRE(status == 202);
    REQUIRE(json_str(swap, "id") != NULL);
    snprintf(id, 37, "%s", json_str(swap, "id"));
    json_decref(swap);
}

/* The eIM tells the eSO; nobody listening is no harm. */
static void call_back(struct world *w, const struct eim_order_row *o)
{
    char body[300];
    struct http_header headers[] = { { "Authorization", "Bearer " HOOK_KEY }, { "Content-Type", "application/json" } };
    struct http_response p = HTTP_RESPONSE_INIT;
    snprintf(body, sizeof body, "{\"orderId\":\"%s\",\"reference\":\"%s\",\"state\":\"%s\"}", o->id, o->reference,
             o->state);
    struct http_call q = { .method = "POST", .url = o->callback, .headers = headers, .header_count = 2,
                           .body = span_str(body) };
    enum err e = http_send(w->client, &q, &p);
    CHECK(e == ERR_OK || e == ERR_TIMEOUT);
    CHECK(e || p.status == 204);
    http_response_release(&p);
    if (e)
        world_restart(w);
}

static void act_on_card(struct world *w, struct eim_order_row *o)
{
    if (strcmp(o->kind, "download") == 0) {
        for (size_t i = 0; i < w->smdp.count; i++) {
            struct smdp_profile *s = &w->smdp.profile[i];
            if (s->matching_id[0] && strstr(o->code, s->matching_id) && strcmp(s->eid, o->eid) == 0)
                snprintf(s->state, sizeof s->state, "Installed");
        }
    }
    if (strcmp(o->kind, "enable") == 0 && !w->eim.loses_session) {
        struct cmp_sim *s = cmp_double_find(&w->partner, o->iccid);
        s = s ? s : cmp_double_find(&w->lead, o->iccid);
        if (s)
            s->session = clock_now(w->env.clock);
    }
}

/* The devices poll: what is queued is done, and told. */
static bool devices_act(struct world *w)
{
    bool acted = false;
    for (size_t i = 0; !w->eim.offline && i < w->eim.count; i++) {
        struct eim_order_row *o = &w->eim.order[i];
        if (strcmp(o->state, "queued") != 0)
            continue;
        bool fails = w->eim.fail_kind && strcmp(w->eim.fail_kind, o->kind) == 0;
        o->state = fails ? "failed" : "done";
        o->result = fails ? w->eim.fail_result : "ok";
        o->error = fails ? w->eim.fail_error : NULL;
        if (o->error)
            w->eim.fail_kind = NULL;
        if (!fails)
            act_on_card(w, o);
        call_back(w, o);
        acted = true;
    }
    return acted;
}

static void write_down_state(struct world *w)
{
    char path[64];
    json_t *swap = NULL;
    snprintf(path, sizeof path, "/v1/swaps/%s", w->watched);
    REQUIRE(world_call(w, "GET", path, NULL, &swap) == 200);
    size_t used = strlen(w->states);
    const char *last = strrchr(w->states, ' ');
    if (!last || strcmp(last + 1, json_str(swap, "state")) != 0)
        snprintf(w->states + used, sizeof w->states - used, " %s", json_str(swap, "state"));
    json_decref(swap);
}

void world_run(struct world *w, int64_t limit)
{
    int64_t end = clock_now(w->env.clock) + limit;
    for (int n = 0; n < 5000; n++) {
        enum err e = ERR_OK;
        struct actor *a = eso_actor(w->eso);
        int64_t now = clock_now(w->env.clock), next = a->ops->tick(a, now, &e);
        REQUIRE(e == ERR_OK || e == ERR_CUT);
        if (e == ERR_CUT || w->restarts_always)
            world_restart(w);
        if (w->watched[0])
            write_down_state(w);
        if (devices_act(w) || e == ERR_CUT || next <= now)
            continue;
        if (next > end)
            return;
        clock_virtual_advance(&w->clock, next);
    }
    CU_FAIL("the world does not come to rest");
}

bool world_swap_is(struct world *w, const char *id, const char *state, const char *cause)
{
    char path[64];
    json_t *swap = NULL;
    snprintf(path, sizeof path, "/v1/swaps/%s", id);
    int status = world_call(w, "GET", path, NULL, &swap);
    const char *s = json_str(swap, "state"), *c = json_str(swap, "cause");
    bool same = status == 200 && s && strcmp(s, state) == 0 && (cause ? c && strcmp(c, cause) == 0 : !c);
    if (!same)
        printf("\n    swap is %s %s, not %s %s: %s", s ? s : "-", c ? c : "", state, cause ? cause : "",
               json_str(swap, "detail") ? json_str(swap, "detail") : "");
    json_decref(swap);
    return same;
}

int world_stock(struct world *w, const char *state)
{
    json_t *stock = NULL;
    int64_t n = 0;
    REQUIRE(world_call(w, "GET", "/v1/stock", NULL, &stock) == 200);
    json_t *counts = json_object_get(json_array_get(json_object_get(stock, "items"), 0), "counts");
    enum err e = json_int(counts, state, &n);
    json_decref(stock);
    return e ? 0 : (int)n;
}

int world_alerts(struct world *w, const char *kind)
{
    json_t *alerts = NULL, *alert = NULL;
    size_t i = 0;
    int n = 0;
    REQUIRE(world_call(w, "GET", "/v1/alerts", NULL, &alerts) == 200);
    json_array_foreach(json_object_get(alerts, "items"), i, alert)
        n += strcmp(json_str(alert, "kind"), kind) == 0;
    json_decref(alerts);
    return n;
}
