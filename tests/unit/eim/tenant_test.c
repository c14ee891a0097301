/* Tenants, their API keys, and calls that are sent again. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"

#define ORDERS EUICC "/orders"
#define LIST_ORDER "{\"reference\":\"r\",\"kind\":\"list\"}"

/* --- tenants ------------------------------------------------------------------------------------------ */

/* The id of the other tenant's order or key goes between url and rest. */
enum whose { NOTHING, ORDER, KEY };
static const struct {
    const char *name, *method, *url;
    enum whose id;
    const char *rest, *body;
    int status;
} foreign[] = {
    { "its eUICC", "GET", EUICC, NOTHING, "", "", 404 },
    { "what its eUICC is provisioned with", "GET", EUICC "/initial-eim", NOTHING, "", "", 404 },
    { "its eUICC's token", "PATCH", EUICC, NOTHING, "", "{\"associationToken\":1}", 404 },
    { "an order for its eUICC", "POST", ORDERS, NOTHING, "", "{\"reference\":\"s\",\"kind\":\"list\"}", 404 },
    { "its order", "GET", LAB_EIM_URL "/v1/orders/", ORDER, "", "", 404 },
    { "its order by reference", "GET", LAB_EIM_URL "/v1/orders?reference=r", NOTHING, "", "", 404 },
    { "cancelling its order", "DELETE", LAB_EIM_URL "/v1/orders/", ORDER, "", "", 404 },
    { "trying its order again", "POST", LAB_EIM_URL "/v1/orders/", ORDER, "/retry", "{}", 404 },
    { "deleting its eUICC", "DELETE", EUICC, NOTHING, "?force=true", "", 404 },
    { "its EID", "POST", LAB_EIM_URL "/v1/euiccs", NOTHING, "", "{\"eid\":\"" LAB_EID "\"}", 409 },
    { "deleting its API key", "DELETE", LAB_EIM_URL "/v1/keys/", KEY, "", "", 404 },
};

static void nobody_sees_another_tenants(void)
{
    struct fixture f;
    char id[64], key[64], url[200];
    json_t *answer = NULL;
    fixture_open(&f);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", ORDERS, LIST_ORDER, &answer) == 202);
    snprintf(id, sizeof id, "%s", json_str(answer, "orderId"));
    json_decref(answer);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/keys", "{\"name\":\"k\",\"rights\":[\"read\"]}", &answer) == 201);
    snprintf(key, sizeof key, "%s", json_str(answer, "id"));
    json_decref(answer);
    for (size_t i = 0; i < COUNT(foreign); i++) {
        snprintf(url, sizeof url, "%s%s%s", foreign[i].url,
                 foreign[i].id == ORDER ? id : foreign[i].id == KEY ? key : "", foreign[i].rest);
        int status = lab_call(&f.l, f.l.admin, foreign[i].method, url, foreign[i].body, NULL);
        CHECK_ROW(foreign[i].name, status == foreign[i].status);
        if (status != foreign[i].status)
            printf(" (%d)", status);
    }
    CHECK(strcmp(order_state(&f, "r"), "queued") == 0);
    REQUIRE(lab_call(&f.l, f.l.admin, "GET", LAB_EIM_URL "/v1/keys", "", &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "items")) == 0);
    json_decref(answer);
    CHECK(lab_said(&f.l, "tenant.refused"));
    fixture_close(&f);
}

static void a_reference_is_a_tenants_own(void)
{
    struct fixture f;
    char id[2][64];
    fixture_open(&f);
    REQUIRE(lab_call(&f.l, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", ORDERS, LIST_ORDER, NULL) == 202);
    REQUIRE(lab_call(&f.l, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID "/orders", LIST_ORDER, NULL) == 202);
    snprintf(id[0], sizeof id[0], "%s", lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=r", "orderId"));
    snprintf(id[1], sizeof id[1], "%s", lab_get(&f.l, f.l.admin, LAB_EIM_URL "/v1/orders?reference=r", "orderId"));
    CHECK(id[0][0] && id[1][0] && strcmp(id[0], id[1]) != 0);
    CHECK(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID, "", NULL) == 404);
    /* The eIM's own orders are nobody's. */
    REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_DATA_REQUEST);
    CHECK(lab_call(&f.l, f.l.admin, "GET", LAB_EIM_URL "/v1/orders?reference=certificates%20of%20" LAB_OTHER_EID, "",
                   NULL) == 404);
    fixture_close(&f);
}

/* --- API keys ----------------------------------------------------------------------------------------- */

/* A call of somebody without a certificate. `answer` as in lab_call. */
static int call_with(struct fixture *f, const char *header, const char *value, const char *method, const char *url,
                     const char *body, json_t **answer)
{
    struct http_response p = HTTP_RESPONSE_INIT;
    char text[300];
    snprintf(text, sizeof text, "%s", value);
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { header, text } };
    const struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = span_str(body) };
    struct http_client *as = strcmp(header, "Authorization") == 0 ? f->l.anyone : f->l.eso;
    REQUIRE(http_send(as, &q, &p) == ERR_OK);
    if (answer)
        REQUIRE(json_read(buf_span(&p.body), answer, NULL) == ERR_OK);
    int status = p.status;
    http_response_release(&p);
    return status;
}

static int with_key(struct fixture *f, const char *key, const char *method, const char *url, const char *body)
{
    char value[200];
    snprintf(value, sizeof value, "Bearer %s", key);
    return call_with(f, "Authorization", value, method, url, body, NULL);
}

static void make_key(struct fixture *f, const char *rights, char id[40], char key[120])
{
    char body[200];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{\"name\":\"portal\",\"rights\":[%s]}", rights);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/keys", body, &answer) == 201);
    snprintf(id, 40, "%s", json_str(answer, "id"));
    snprintf(key, 120, "%s", json_str(answer, "key"));
    json_decref(answer);
}

static const struct {
    const char *name, *rights;
    int show, place, enrol, list_keys;
} keys[] = {
    { "reading", "\"read\"", 200, 403, 403, 403 },
    { "ordering", "\"order\"", 403, 202, 403, 403 },
    { "registering", "\"register\"", 403, 403, 201, 403 },
    { "administering", "\"administer\"", 403, 403, 403, 200 },
    { "all of it", "\"read\",\"order\",\"register\",\"administer\"", 200, 202, 201, 200 },
};

static void a_key_does_what_it_may(void)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct fixture f;
        char id[40], key[120];
        fixture_open(&f);
        make_key(&f, keys[i].rights, id, key);
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(keys[i].name, with_key(&f, key, "GET", EUICC, "") == keys[i].show);
        CHECK_ROW(keys[i].name, with_key(&f, key, "POST", ORDERS, LIST_ORDER) == keys[i].place);
        CHECK_ROW(keys[i].name, with_key(&f, key, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}") ==
                                    keys[i].enrol);
        CHECK_ROW(keys[i].name, with_key(&f, key, "GET", LAB_EIM_URL "/v1/keys", "") == keys[i].list_keys);
        fixture_close(&f);
    }
}

static void a_key_is_shown_once(void)
{
    struct fixture f;
    char id[40], key[120];
    json_t *answer = NULL;
    fixture_open(&f);
    make_key(&f, "\"read\"", id, key);
    REQUIRE(strncmp(key, id, strlen(id)) == 0 && strlen(key) == strlen(id) + 1 + 64);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/keys", "", &answer) == 200);
    const json_t *item = json_array_get(json_object_get(answer, "items"), 0);
    CHECK(strcmp(json_str(item, "id"), id) == 0 && strcmp(json_str(item, "name"), "portal") == 0);
    CHECK(!json_object_get(item, "key") && !json_object_get(item, "sha256"));
    json_decref(answer);
    CHECK(with_key(&f, key, "GET", EUICC, "") == 200);
    CHECK(!lab_said(&f.l, key + strlen(id) + 1));
    CHECK(!lab_file_holds(&f.l, LAB_EIM, span_str(key + strlen(id) + 1)));
    struct buf octets = { .max = 32 };
    REQUIRE(hex_decode(span_str(key + strlen(id) + 1), &octets) == ERR_OK);
    CHECK(!lab_file_holds(&f.l, LAB_EIM, buf_span(&octets)));
    buf_release(&octets);
    char url[120];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/keys/%s", id);
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 204);
    CHECK(with_key(&f, key, "GET", EUICC, "") == 401);
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 404);
    fixture_close(&f);
}

static void keys_that_are_none(void)
{
    struct fixture f;
    char id[40], key[120], wrong[200];
    fixture_open(&f);
    make_key(&f, "\"read\"", id, key);
    snprintf(wrong, sizeof wrong, "Bearer %s", key);
    wrong[strlen(wrong) - 1] ^= 1;
    CHECK(call_with(&f, "Authorization", wrong, "GET", EUICC, "", NULL) == 401);
    snprintf(wrong, sizeof wrong, "Bearer %s.", id);
    CHECK(call_with(&f, "Authorization", wrong, "GET", EUICC, "", NULL) == 401);
    snprintf(wrong, sizeof wrong, "Bearer %s", key + strlen(id) + 1); /* the secret alone */
    CHECK(call_with(&f, "Authorization", wrong, "GET", EUICC, "", NULL) == 401);
    snprintf(wrong, sizeof wrong, "Basic %s", key);
    CHECK(call_with(&f, "Authorization", wrong, "GET", EUICC, "", NULL) == 401);
    static const char *const others[] = {
        "Bearer ", "Bearer .", "Bearer x.y", "", "Bearer ' OR 1=1 --.x",
        "Bearer 00000000000000000000000000000000000000000000000000000000000000000000000000000.x",
    };
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK_ROW(others[i], call_with(&f, "Authorization", others[i], "GET", EUICC, "", NULL) == 401);
    fixture_close(&f);
}

static const struct {
    const char *name, *body;
} no_keys[] = {
    { "no name", "{\"rights\":[\"read\"]}" },
    { "an empty name", "{\"name\":\"\",\"rights\":[\"read\"]}" },
    { "a long name", "{\"name\":\"0123456789012345678901234567890123456789012345678901234567890123x\",\"rights\":[\"read\"]}" },
    { "no rights", "{\"name\":\"k\"}" },
    { "an empty list of rights", "{\"name\":\"k\",\"rights\":[]}" },
    { "an unknown right", "{\"name\":\"k\",\"rights\":[\"read\",\"own\"]}" },
    { "a right that is a number", "{\"name\":\"k\",\"rights\":[1]}" },
};

static void what_is_no_key(void)
{
    struct fixture f;
    char id[40], key[120];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(no_keys); i++)
        CHECK_ROW(no_keys[i].name, lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/keys", no_keys[i].body, NULL) == 400);
    make_key(&f, "\"administer\"", id, key);
    CHECK(with_key(&f, key, "POST", LAB_EIM_URL "/v1/keys", "{\"name\":\"more\",\"rights\":[\"order\"]}") == 403);
    CHECK(with_key(&f, key, "POST", LAB_EIM_URL "/v1/keys", "{\"name\":\"same\",\"rights\":[\"administer\"]}") == 201);
    for (int i = 2; i < 100; i++)
        make_key(&f, "\"read\"", id, key);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/keys", "{\"name\":\"k\",\"rights\":[\"read\"]}", NULL) == 409);
    fixture_close(&f);
}

/* --- Idempotency-Key ---------------------------------------------------------------------------------- */

static int place(struct fixture *f, const char *key, const char *body, json_t **answer)
{
    return call_with(f, "Idempotency-Key", key, "POST", ORDERS, body, answer);
}

static void a_call_that_is_sent_again(void)
{
    struct fixture f;
    json_t *first = NULL, *again = NULL;
    fixture_open(&f);
    REQUIRE(place(&f, "k-1", LIST_ORDER, &first) == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    lab_restart(&f.l, LAB_EIM);
    CHECK(place(&f, "k-1", LIST_ORDER, &again) == 202);
    CHECK(json_equal(first, again) && strcmp(json_str(again, "state"), "queued") == 0); /* as it was answered */
    CHECK(strcmp(order_state(&f, "r"), "sent") == 0);
    json_decref(again);
    CHECK(place(&f, "k-1", "{\"reference\":\"r\",\"kind\":\"getRat\"}", NULL) == 422);
    CHECK(place(&f, "k-1", "{\"reference\":\"s\",\"kind\":\"list\"}", NULL) == 422);
    CHECK(place(&f, "k-2", LIST_ORDER, NULL) == 200); /* the reference knows it */
    CHECK(place(&f, "k-2", LIST_ORDER, NULL) == 200);
    CHECK(place(&f, "k-3", "{\"reference\":\"r\",\"kind\":\"getRat\"}", NULL) == 409);
    CHECK(place(&f, "k-3", "{\"reference\":\"t\",\"kind\":\"getRat\"}", NULL) == 202); /* a refusal is not remembered */
    CHECK(strcmp(order_state(&f, "s"), "") == 0);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_DAY);
    CHECK(place(&f, "k-1", "{\"reference\":\"u\",\"kind\":\"list\"}", NULL) == 202); /* a day later it is free again */
    json_decref(first);
    fixture_close(&f);
}

static void the_same_body_for_another_euicc(void)
{
    struct fixture f;
    fixture_open(&f);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    REQUIRE(place(&f, "k", LIST_ORDER, NULL) == 202);
    CHECK(call_with(&f, "Idempotency-Key", "k", "POST", LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID "/orders", LIST_ORDER,
                    NULL) == 422);
    fixture_close(&f);
}

static void keys_of_calls_are_judged(void)
{
    static const char *const wrong[] = { "", " ", "a b", "\xc3\xa4" };
    struct fixture f;
    char most[258];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_ROW(wrong[i], place(&f, wrong[i], LIST_ORDER, NULL) == 400);
    memset(most, 'k', sizeof most);
    most[256] = 0;
    CHECK(place(&f, most, LIST_ORDER, NULL) == 400);
    CHECK(strcmp(order_state(&f, "r"), "") == 0);
    most[255] = 0;
    CHECK(place(&f, most, LIST_ORDER, NULL) == 202);
    fixture_close(&f);
}

/* Killed at the n-th write of the first call: sent again it is one order, answered alike. */
static void a_call_during_which_the_eim_is_killed(void)
{
    bool cut = true;
    for (unsigned n = 1; cut && n < 12; n++) {
        struct fixture f;
        json_t *answer = NULL;
        fixture_open(&f);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        const struct http_header headers[] = { { "Content-Type", "application/json" }, { "Idempotency-Key", "k" } };
        const struct http_call q = { .method = "POST", .url = ORDERS, .headers = headers, .header_count = 2,
                                     .body = span_str(LIST_ORDER) };
        struct http_response p = HTTP_RESPONSE_INIT;
        cut = http_send(f.l.eso, &q, &p) != ERR_OK || p.status != 202;
        http_response_release(&p);
        lab_restart(&f.l, LAB_EIM);
        CHECK(place(&f, "k", LIST_ORDER, &answer) == 202);
        CHECK(strcmp(lab_get(&f.l, f.l.eso, LAB_EIM_URL "/v1/orders?reference=r", "orderId"),
                     json_str(answer, "orderId")) == 0);
        json_decref(answer);
        fixture_close(&f);
    }
    CHECK(!cut);
}

/* --- audit ---------------------------------------------------------------------------------------------- */

#define AUDIT LAB_EIM_URL "/v1/audit"

/* "what status caller;" of each record. */
static void read_audit(struct fixture *f, struct http_client *as, struct buf *out)
{
    json_t *answer = NULL, *one;
    size_t i;
    buf_clear(out);
    REQUIRE(lab_call(&f->l, as, "GET", AUDIT, "", &answer) == 200);
    json_array_foreach(json_object_get(answer, "items"), i, one) {
        CHECK(json_str(one, "object")[0] && json_integer_value(json_object_get(one, "number")) == (json_int_t)i + 1);
        REQUIRE(buf_printf(out, "%s %d %s;", json_str(one, "what"), (int)json_integer_value(json_object_get(one, "status")),
                           json_str(one, "caller")) == ERR_OK);
    }
    json_decref(answer);
}

static int make(struct fixture *f, const char *method, const char *path, const char *body, char id[40])
{
    char url[200];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_EIM_URL "%s", path);
    int status = lab_call(&f->l, f->l.eso, method, url, body, &answer);
    const char *found = json_str(answer, "id") ? json_str(answer, "id") : json_str(answer, "orderId");
    snprintf(id, 40, "%s", found ? found : "");
    json_decref(answer);
    return status;
}

static void what_is_allowed_is_kept(void)
{
    struct fixture f;
    struct buf text = { .max = 4096 };
    char id[40], none[40], path[120];
    fixture_open(&f);
    CHECK(make(&f, "POST", "/v1/euiccs/" LAB_EID "/orders", "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\"}", id) == 202);
    CHECK(make(&f, "POST", "/v1/euiccs/" LAB_EID "/orders", "{\"reference\":\"r\",\"kind\":\"list\"}", none) == 409);
    snprintf(path, sizeof path, "/v1/orders/%s", id);
    CHECK(make(&f, "DELETE", path, "", none) == 200);
    snprintf(path, sizeof path, "/v1/orders/%s/retry", id);
    CHECK(make(&f, "POST", path, "{}", none) == 400);
    CHECK(make(&f, "POST", path, "{\"activationCode\":\"" LAB_CODE "\"}", none) == 202);
    CHECK(make(&f, "PATCH", "/v1/euiccs/" LAB_EID, "{\"associationToken\":7}", none) == 204);
    CHECK(make(&f, "POST", "/v1/euiccs/import", "{\"euiccs\":[{\"eid\":\"89049032000000000000000000000066\"},{}]}", none) == 200);
    CHECK(make(&f, "POST", "/v1/keys", "{\"name\":\"portal\",\"rights\":[\"read\"]}", id) == 201);
    snprintf(path, sizeof path, "/v1/keys/%s", id);
    CHECK(make(&f, "DELETE", path, "", none) == 204 && make(&f, "DELETE", path, "", none) == 404);
    CHECK(make(&f, "POST", "/v1/webhooks", "{\"url\":\"https://eso.example.com/in?token=hidden-1\"}", id) == 201);
    snprintf(path, sizeof path, "/v1/webhooks/%s", id);
    CHECK(make(&f, "DELETE", path, "", none) == 204);
    CHECK(make(&f, "POST", "/v1/orders", "{\"reference\":\"b\",\"kind\":\"list\",\"eids\":[\"" LAB_EID "\"],\"rolback\":true}", none) == 400);
    CHECK(make(&f, "POST", "/v1/orders", "{\"reference\":\"b\",\"kind\":\"list\",\"eids\":[\"" LAB_EID "\"]}", none) == 200);
    CHECK(make(&f, "DELETE", "/v1/euiccs/" LAB_EID, "", none) == 409);
    CHECK(make(&f, "DELETE", "/v1/euiccs/" LAB_EID "?force=true", "", none) == 204);
    lab_restart(&f.l, LAB_EIM);
    read_audit(&f, f.l.eso, &text);
    CHECK(strcmp(buf_cstr(&text), "euicc.register 201 eso;order.add 202 eso;order.cancel 200 eso;order.retry 202 eso;"
                                  "euicc.change 204 eso;euicc.import 200 eso;key.add 201 eso;key.delete 204 eso;"
                                  "webhook.add 201 eso;webhook.delete 204 eso;orders.add 200 eso;euicc.delete 204 eso;") == 0);
    if (!strstr(buf_cstr(&text), "webhook.delete"))
        printf(" (%s)", buf_cstr(&text));
    CHECK(lab_said(&f.l, "order.retry") && !lab_said(&f.l, "TOKEN-1") && !lab_said(&f.l, "hidden-1"));
    read_audit(&f, f.l.admin, &text);
    CHECK(text.len == 0); /* another tenant's */
    CHECK(lab_call(&f.l, f.l.stranger, "GET", AUDIT, "", NULL) == 403 && lab_call(&f.l, f.l.anyone, "GET", AUDIT, "", NULL) == 401);
    CHECK(lab_call(&f.l, f.l.eso, "GET", AUDIT "?cursor=x", "", NULL) == 400);
    CHECK(lab_call(&f.l, f.l.eso, "GET", AUDIT "?limit=3&cursor=2", "", NULL) == 200);
    buf_release(&text);
    fixture_close(&f);
}

const struct test tenant_tests[] = {
    { "what is allowed is kept, with who did it, and no secret", what_is_allowed_is_kept },
    { "nobody sees or changes what is another tenant's", nobody_sees_another_tenants },
    { "a reference is a tenant's own", a_reference_is_a_tenants_own },
    { "an API key does what it may", a_key_does_what_it_may },
    { "an API key is shown once and kept as a hash", a_key_is_shown_once },
    { "what is no key of ours opens nothing", keys_that_are_none },
    { "keys are judged before they are made, and nobody gives what he lacks", what_is_no_key },
    { "a call that is sent again is answered again", a_call_that_is_sent_again },
    { "the same key and body for another eUICC are another call", the_same_body_for_another_euicc },
    { "keys of calls are judged", keys_of_calls_are_judged },
    { "a call during which the eIM is killed is made once", a_call_during_which_the_eim_is_killed },
};
const size_t tenant_tests_count = COUNT(tenant_tests);
