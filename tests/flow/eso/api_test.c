/* The REST interface against those who use it wrongly. */
#include "flow_tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json.h"
#include "openapi.h"
#include "world.h"

#define EID "89049032123451234512345678900001"
#define SWAP "/v1/euiccs/" EID "/swap"

static const struct {
    const char *name, *method, *path, *body;
    int status;
} hostile[] = {
    { "no body", "POST", "/v1/carriers", NULL, 400 },
    { "no JSON", "POST", "/v1/carriers", "hello", 400 },
    { "truncated JSON", "POST", "/v1/carriers", "{\"id\":\"a\"", 400 },
    { "a list instead of an object", "POST", "/v1/carriers", "[]", 400 },
    { "a member twice", "POST", "/v1/carriers", "{\"id\":\"a\",\"id\":\"b\"}", 400 },
    { "an unknown member", "POST", "/v1/carriers", "{\"id\":\"a\",\"platform\":\"manual\",\"x\":1}", 400 },
    { "an unknown platform", "POST", "/v1/carriers", "{\"id\":\"a\",\"platform\":\"soap\"}", 422 },
    { "a platform without its account", "POST", "/v1/carriers", "{\"id\":\"a\",\"platform\":\"control-center\"}", 422 },
    { "a secret that is not in the settings", "POST", "/v1/carriers",
      "{\"id\":\"a\",\"platform\":\"control-center\",\"platformUrl\":\"https://x\",\"account\":\"a\",\"username\":\"u\","
      "\"apiKey\":\"none\"}", 422 },
    { "delegated codes without an SM-DP+", "POST", "/v1/carriers",
      "{\"id\":\"a\",\"platform\":\"manual\",\"codes\":\"delegated\"}", 422 },
    { "an id with a slash", "POST", "/v1/carriers", "{\"id\":\"a/b\",\"platform\":\"manual\"}", 400 },
    { "a number as id", "POST", "/v1/carriers", "{\"id\":7,\"platform\":\"manual\"}", 400 },
    { "an id with a zero byte", "POST", "/v1/carriers", "{\"id\":\"a\\u0000b\",\"platform\":\"manual\"}", 400 },
    { "the same carrier again", "POST", "/v1/carriers", "{\"id\":\"lead\",\"platform\":\"manual\"}", 409 },
    { "a contract with nobody", "POST", "/v1/contracts", "{\"id\":\"c\",\"carrier\":\"none\",\"model\":\"resale\"}", 422 },
    { "a contract of another model", "POST", "/v1/contracts",
      "{\"id\":\"c\",\"carrier\":\"lead\",\"model\":\"gift\"}", 400 },
    { "a negative quota", "POST", "/v1/contracts",
      "{\"id\":\"c\",\"carrier\":\"lead\",\"model\":\"resale\",\"quota\":-1}", 400 },
    { "a territory that is no list", "POST", "/v1/contracts",
      "{\"id\":\"c\",\"carrier\":\"lead\",\"model\":\"resale\",\"territory\":\"KE\"}", 400 },
    { "a country that is none", "POST", "/v1/contracts",
      "{\"id\":\"c\",\"carrier\":\"lead\",\"model\":\"resale\",\"territory\":[\"Kenya\"]}", 400 },
    { "a time that is none", "POST", "/v1/contracts",
      "{\"id\":\"c\",\"carrier\":\"lead\",\"model\":\"resale\",\"validTo\":\"tomorrow\"}", 400 },
    { "a device with a short EID", "POST", "/v1/devices",
      "{\"eid\":\"89\",\"country\":\"KE\",\"eim\":\"e\",\"leadCarrier\":\"lead\"}", 400 },
    { "a device that is there", "POST", "/v1/devices",
      "{\"eid\":\"" EID "\",\"country\":\"KE\",\"eim\":\"e\",\"leadCarrier\":\"lead\"}", 409 },
    { "two enabled profiles", "POST", "/v1/devices",
      "{\"eid\":\"89049032123451234512345678909999\",\"country\":\"KE\",\"eim\":\"e\",\"leadCarrier\":\"lead\","
      "\"profiles\":[{\"iccid\":\"8949000000000000001\",\"carrier\":\"a\",\"state\":\"enabled\"},"
      "{\"iccid\":\"8949000000000000002\",\"carrier\":\"b\",\"state\":\"enabled\"}]}", 400 },
    { "one certificate of two", "POST", "/v1/devices",
      "{\"eid\":\"89049032123451234512345678909999\",\"country\":\"KE\",\"eim\":\"e\",\"leadCarrier\":\"lead\","
      "\"euiccCertificate\":\"MAA=\"}", 400 },
    { "a certificate that is no base64", "POST", "/v1/devices",
      "{\"eid\":\"89049032123451234512345678909999\",\"country\":\"KE\",\"eim\":\"e\",\"leadCarrier\":\"lead\","
      "\"euiccCertificate\":\"***\",\"eumCertificate\":\"MAA=\"}", 400 },
    { "a swap of nobody", "POST", "/v1/euiccs/89049032123451234512345678909999/swap", "{\"target\":\"partner\"}", 404 },
    { "a swap to nobody", "POST", SWAP, "{\"target\":\"none\"}", 422 },
    { "a swap without a target", "POST", SWAP, "{}", 400 },
    { "a swap with a wish", "POST", SWAP, "{\"target\":\"partner\",\"force\":true}", 400 },
    { "an injection as target", "POST", SWAP, "{\"target\":\"'; DROP TABLE swaps; --\"}", 400 },
    { "a swap that is not there", "GET", "/v1/swaps/none", NULL, 404 },
    { "cancelling what is not there", "POST", "/v1/swaps/none/cancel", NULL, 404 },
    { "a page of nothing", "GET", "/v1/swaps?limit=0", NULL, 400 },
    { "a page of everything", "GET", "/v1/swaps?limit=100000", NULL, 400 },
    { "a page of words", "GET", "/v1/swaps?limit=ten", NULL, 400 },
    { "a country of a device that is none", "PATCH", "/v1/devices/" EID, "{\"country\":\"xx\"}", 400 },
    { "an eIM of a device that is no name", "PATCH", "/v1/devices/" EID, "{\"eim\":\"\"}", 400 },
    { "one certificate for another eIM", "PATCH", "/v1/devices/" EID, "{\"eim\":\"other\",\"euiccCertificate\":\"MAA=\"}", 400 },
    { "changing an EID", "PATCH", "/v1/devices/" EID, "{\"eid\":\"1\"}", 400 },
    { "a route that is not there", "GET", "/v1/keys", NULL, 404 },
    { "a method that is not there", "DELETE", "/v1/swaps", NULL, 405 },
};

void test_hostile_bodies(void)
{
    struct world w;
    world_init(&w);
    world_set_up(&w, 1, 1);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        json_t *problem = NULL;
        CHECK_ROW(hostile[i].name,
                  world_call(&w, hostile[i].method, hostile[i].path, hostile[i].body, &problem) == hostile[i].status);
        CHECK_ROW(hostile[i].name, json_str(problem, "title") != NULL);
        json_decref(problem);
    }
    CHECK(w.eim.count == 0 && world_stock(&w, "available") == 1);
    world_release(&w);
}

#define NEW(n) "{\"iccid\":\"892540000000000078" #n "\",\"matchingId\":\"BBBB-" #n "\",\"smdpAddress\":\"smdp.example.com\"}"
#define KNOWN "{\"iccid\":\"8925400000000000777\",\"matchingId\":\"AAAA-1\",\"smdpAddress\":\"smdp.example.com\"}"
#define WHOLE(codes) "{\"contract\":\"kenya\",\"allOrNothing\":true,\"codes\":[" codes "]}"

/* Scenario 32. One code is there before. */
static const struct {
    const char *name, *body;
    int status, available;
} whole[] = {
    { "a new code and a known one, all or nothing", WHOLE(NEW(0) "," KNOWN), 409, 1 },
    { "a known code first", WHOLE(KNOWN "," NEW(0)), 409, 1 },
    { "the same new code twice", WHOLE(NEW(0) "," NEW(0)), 409, 1 },
    { "a new code and one that is none", WHOLE(NEW(0) ",7"), 409, 1 },
    { "all or nothing that is a word", "{\"contract\":\"kenya\",\"allOrNothing\":\"yes\",\"codes\":[" NEW(0) "]}", 400, 1 },
    { "two new codes", WHOLE(NEW(0) "," NEW(1)), 200, 3 },
    { "the same two again", WHOLE(NEW(0) "," NEW(1)), 409, 3 },
    { "nothing at all", WHOLE(""), 200, 3 },
};

void test_hostile_stock(void)
{
    static const char body[] =
        "{\"contract\":\"kenya\",\"codes\":["
        "{\"iccid\":\"8925400000000000777\",\"matchingId\":\"AAAA-1\",\"smdpAddress\":\"smdp.example.com\"},"
        "{\"iccid\":\"8925400000000000777\",\"matchingId\":\"AAAA-2\",\"smdpAddress\":\"smdp.example.com\"},"
        "{\"iccid\":\"8925400000000000778\",\"matchingId\":\"AAAA-1\",\"smdpAddress\":\"smdp.example.com\"},"
        "{\"iccid\":\"1\",\"matchingId\":\"AAAA-3\",\"smdpAddress\":\"smdp.example.com\"},"
        "{\"iccid\":\"8925400000000000779\",\"matchingId\":\"A$B\",\"smdpAddress\":\"smdp.example.com\"},"
        "{\"iccid\":\"8925400000000000779\",\"matchingId\":\"AAAA-4\",\"smdpAddress\":\"a$b\"},7]}";
    static const char *const statuses[] = { "added", "duplicate", "duplicate", "invalid", "invalid", "invalid",
                                            "invalid" };
    struct world w;
    json_t *answer = NULL;
    world_init(&w);
    world_set_up(&w, 0, 0);
    CHECK(world_call(&w, "POST", "/v1/stock", body, &answer) == 200);
    const json_t *results = json_object_get(answer, "results");
    for (size_t i = 0; i < COUNT(statuses); i++) {
        const char *status = json_str(json_array_get(results, i), "status");
        CHECK_ROW(statuses[i], status && strcmp(status, statuses[i]) == 0);
    }
    CHECK(world_stock(&w, "available") == 1);
    json_decref(answer);
    for (size_t i = 0; i < COUNT(whole); i++) {
        CHECK_ROW(whole[i].name, world_call(&w, "POST", "/v1/stock", whole[i].body, NULL) == whole[i].status);
        CHECK_ROW(whole[i].name, world_stock(&w, "available") == whole[i].available);
    }
    CHECK(world_call(&w, "POST", "/v1/stock", "{\"contract\":\"none\",\"codes\":[]}", NULL) == 422);
    CHECK(world_call(&w, "POST", "/v1/stock", "{\"contract\":\"kenya\",\"codes\":{}}", NULL) == 400);
    world_release(&w);
}

static int call_as(struct world *w, const char *authorization, const char *method, const char *path, const char *body)
{
    char url[200];
    struct http_header headers[] = { { "Content-Type", "application/json" }, { "Authorization", authorization } };
    struct http_response p = HTTP_RESPONSE_INIT;
    snprintf(url, sizeof url, "https://eso.example.com%s", path);
    enum err e = http_send(w->client, &(struct http_call){ .method = method, .url = url, .headers = headers,
                                                           .header_count = authorization ? 2 : 1,
                                                           .body = span_str(body) }, &p);
    int status = e ? -(int)e : p.status;
    http_response_release(&p);
    return status;
}

static const struct {
    const char *name, *authorization, *method, *path, *body;
    int status;
} callers[] = {
    { "nobody reads", NULL, "GET", "/v1/swaps", NULL, 401 },
    { "a wrong key reads nothing", "Bearer wrong", "GET", "/v1/stock", NULL, 401 },
    { "an empty key reads nothing", "Bearer ", "GET", "/v1/stock", NULL, 401 },
    { "another scheme reads nothing", "Basic test-key", "GET", "/v1/stock", NULL, 401 },
    { "the eIM does not read", "Bearer hook-key", "GET", "/v1/devices", NULL, 403 },
    { "the eIM does not swap", "Bearer hook-key", "POST", SWAP, "{\"target\":\"partner\"}", 403 },
    { "the eIM does not import", "Bearer hook-key", "POST", "/v1/stock", "{}", 403 },
    { "an operator is no eIM", "Bearer test-key", "POST", "/v1/hooks/eim/orders", "{\"reference\":\"x\"}", 403 },
    { "anybody may ask whether we are there", NULL, "GET", "/v1/health", NULL, 200 },
};

void test_rights(void)
{
    struct world w;
    world_init(&w);
    world_set_up(&w, 1, 1);
    for (size_t i = 0; i < COUNT(callers); i++)
        CHECK_ROW(callers[i].name, call_as(&w, callers[i].authorization, callers[i].method, callers[i].path,
                                           callers[i].body) == callers[i].status);
    world_release(&w);
}

/* Scenario 50: what an eIM reports is asked, not believed. */
void test_forged_hooks(void)
{
    struct world w;
    char id[37], body[200];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_MINUTE);
    snprintf(body, sizeof body, "{\"orderId\":\"o1\",\"reference\":\"%s\",\"state\":\"done\",\"result\":{\"code\":0}}",
             w.eim.order[0].reference);
    for (int i = 0; i < 3; i++) {
        CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/orders", body) == 204);
        world_run(&w, CLOCK_SECOND);
    }
    CHECK(world_swap_is(&w, id, "ORDERED", NULL));
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/orders", "{\"reference\":\"nothing\"}") == 204);
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/orders", "{}") == 400);
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/orders", "{\"reference\":7}") == 400);
    world_release(&w);
}

/* R21: orders follow the device to another eIM, but not in the middle of a swap. */
void test_another_eim(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_MINUTE);
    CHECK(world_call(&w, "PATCH", "/v1/devices/" EID, "{\"eim\":\"other\"}", NULL) == 409);
    w.eim.offline = false;
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    CHECK(world_call(&w, "PATCH", "/v1/devices/" EID, "{\"eim\":\"other\"}", NULL) == 200);
    world_swap(&w, 1, "lead", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "FAILED", "eim-unknown"));
    world_release(&w);
}

static json_t *profile_of(json_t *device, const char *iccid)
{
    json_t *profile;
    size_t i;
    json_array_foreach(json_object_get(device, "profiles"), i, profile)
        if (strcmp(json_str(profile, "iccid"), iccid) == 0)
            return profile;
    return NULL;
}

static bool eso_says_enabled(struct world *w, const char *iccid)
{
    json_t *device = NULL;
    REQUIRE(world_call(w, "GET", "/v1/devices/" EID, NULL, &device) == 200);
    const char *state = json_str(profile_of(device, iccid), "state");
    bool enabled = state && strcmp(state, "enabled") == 0;
    json_decref(device);
    return enabled;
}

static void hand_over(void *context)
{
    struct world *w = context;
    w->eim.meanwhile = NULL;
    CHECK(world_call(w, "PATCH", "/v1/devices/" EID,
                     "{\"eim\":\"other\",\"euiccCertificate\":\"MAA=\",\"eumCertificate\":\"MAA=\"}", NULL) == 200);
}

/* A device goes to another eIM while it is being registered at the old one: the new one hears of it all the same. */
void test_handed_over_while_registered(void)
{
    struct world w;
    json_t *alerts = NULL;
    world_init(&w);
    world_set_up(&w, 1, 0);
    w.eim.meanwhile = hand_over;
    w.eim.meanwhile_context = &w;
    world_run(&w, CLOCK_HOUR);
    CHECK(w.eim.registered == 1);
    REQUIRE(world_call(&w, "GET", "/v1/alerts", NULL, &alerts) == 200);
    /* That one is not in these settings, which is told; had it been forgotten, nothing would be. */
    CHECK(json_array_size(json_object_get(alerts, "items")) == 1);
    json_decref(alerts);
    world_release(&w);
}

/* Scenario 62: the card refuses to enable what it has enabled already, and says so when asked; or it says something else. */
void test_found_enabled(void)
{
    static const struct {
        const char *name, *result;
        bool enabled;
        const char *state, *cause;
    } rows[] = {
        { "enabled already", "profileNotInDisabledState", true, "DONE", NULL },
        { "not enabled at all", "profileNotInDisabledState", false, "FAILED", "enable-failed" },
        { "refused for another reason", "disallowedByPolicy", true, "FAILED", "enable-failed" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        char id[37], iccid[21];
        world_init(&w);
        world_set_up(&w, 1, 1);
        world_iccid(1, iccid);
        w.eim.fail_kind = "enable";
        w.eim.fail_result = rows[i].result;
        w.eim.enabled = rows[i].enabled ? iccid : LEAD_ICCID;
        w.eim.offline = true;
        world_swap(&w, 1, "partner", id);
        if (rows[i].enabled) /* it is online there before anybody orders it to be */
            cmp_double_find(&w.partner, iccid)->session = clock_now(w.env.clock);
        world_run(&w, CLOCK_MINUTE);
        w.eim.offline = false;
        world_run(&w, CLOCK_HOUR);
        CHECK_ROW(rows[i].name, world_swap_is(&w, id, rows[i].state, rows[i].cause));
        world_release(&w);
    }
}

/* R17: a device that changed by itself is asked, and what its card says is kept; what is only claimed is not. */
void test_device_that_changed(void)
{
    struct world w;
    char id[37], iccid[21];
    static const char news[] = "{\"eid\":\"" EID "\",\"stateChangeCause\":1}";
    world_init(&w);
    world_set_up(&w, 1, 1);
    world_iccid(1, iccid);
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL) && eso_says_enabled(&w, iccid));
    w.eim.enabled = iccid;
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/euiccs", news) == 204);
    world_run(&w, CLOCK_HOUR);
    CHECK(eso_says_enabled(&w, iccid)); /* a forged report: the card says that nothing changed */
    w.eim.enabled = LEAD_ICCID;
    w.eim.offline = true;
    int before = eim_double_orders(&w.eim, EID, "list");
    for (int i = 0; i < 5; i++)
        CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/euiccs", news) == 204);
    world_run(&w, CLOCK_MINUTE);
    CHECK(eso_says_enabled(&w, iccid) && eim_double_orders(&w.eim, EID, "list") == before + 1);
    w.eim.offline = false;
    world_restart(&w);
    world_run(&w, CLOCK_HOUR);
    CHECK(eso_says_enabled(&w, LEAD_ICCID));
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/euiccs",
                  "{\"eid\":\"89049032000000000000000000000163\"}") == 204);
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/euiccs", "{\"eid\":\"1\"}") == 400);
    CHECK(call_as(&w, "Bearer hook-key", "POST", "/v1/hooks/eim/euiccs", "{}") == 400);
    CHECK(call_as(&w, "Bearer test-key", "POST", "/v1/hooks/eim/euiccs", news) == 403);
    world_release(&w);
}

static size_t count_pages(struct world *w, const char *path, size_t *rows)
{
    char next[200];
    size_t pages = 0;
    *rows = 0;
    snprintf(next, sizeof next, "%s?limit=2", path);
    for (bool more = true; more && pages < 20; pages++) {
        json_t *page = NULL;
        CHECK_ROW(path, world_call(w, "GET", next, NULL, &page) == 200);
        *rows += json_array_size(json_object_get(page, "items"));
        more = json_str(page, "next") != NULL;
        if (more)
            snprintf(next, sizeof next, "%s?limit=2&cursor=%s", path, json_str(page, "next"));
        json_decref(page);
    }
    return pages;
}

static const struct {
    const char *path;
    size_t rows, pages;
} lists[] = {
    { "/v1/carriers", 2, 1 }, { "/v1/contracts", 1, 1 },    { "/v1/devices", 5, 3 },
    { "/v1/swaps", 5, 3 },    { "/v1/stock/kenya", 5, 3 },  { "/v1/alerts", 1, 1 },
    { "/v1/audit", 14, 7 },
};

void test_lists(void)
{
    struct world w;
    char id[37];
    size_t rows = 0;
    world_init(&w);
    world_set_up(&w, 5, 5);
    for (int i = 1; i <= 5; i++)
        world_swap(&w, i, "partner", id);
    world_run(&w, CLOCK_HOUR);
    for (size_t i = 0; i < COUNT(lists); i++) {
        CHECK_ROW(lists[i].path, count_pages(&w, lists[i].path, &rows) == lists[i].pages);
        CHECK_ROW(lists[i].path, rows == lists[i].rows);
    }
    world_release(&w);
}

void test_openapi(void)
{
    struct world w;
    world_init(&w);
    check_openapi("eso/api/openapi.yaml", eso_actor(w.eso)->ops);
    world_release(&w);
}
