/* Webhooks: signed, repeated, bounded; and server-sent events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_ids.h"
#include "webhook.h"

#define HOOKS LAB_EIM_URL "/v1/webhooks"
#define EVENTS LAB_EIM_URL "/v1/events?follow=false"

/* Who gets webhooks: keeps what came, verified with the secret. */
struct listener {
    struct actor actor;
    struct lab *lab;
    struct secret secret;
    int status; /* that it answers; 0: not reached */
    struct {
        enum err verified;
        char id[65];
        struct buf body;
    } heard[40];
    unsigned count;
};

static enum err listen(void *actor, const struct http_request *q, struct http_response *p)
{
    struct listener *l = actor;
    REQUIRE(l->count < COUNT(l->heard));
    const char *id = http_header(q, "webhook-id");
    snprintf(l->heard[l->count].id, 65, "%s", id ? id : "");
    l->heard[l->count].verified = webhook_verify(l->lab->crypto, secret_span(&l->secret), q,
                                                 clock_now(&l->lab->clock.clock));
    l->heard[l->count].body = (struct buf){ .max = 1 << 17 };
    REQUIRE(buf_set(&l->heard[l->count].body, q->body) == ERR_OK);
    l->count++;
    return l->status ? http_text(p, l->status, "text/plain", (struct span){ 0 }) : ERR_CUT;
}

static const struct http_route routes[] = { { "POST", "/in", listen } };
static const struct actor_ops ops = { .role = "hooks", .routes = routes, .route_count = COUNT(routes) };

static void open_listener(struct fixture *f, struct listener *l)
{
    fixture_open(f);
    *l = (struct listener){ .actor = { &ops }, .lab = &f->l, .status = 204 };
    REQUIRE(http_switch_set(f->l.wires, "hooks.example.com", &l->actor, NULL, &f->l.log) == ERR_OK);
}

static void close_listener(struct fixture *f, struct listener *l)
{
    for (unsigned i = 0; i < l->count; i++)
        buf_release(&l->heard[i].body);
    secret_release(&l->secret);
    fixture_close(f);
}

/* Makes a webhook; `more`: ",\"events\":[…]". */
static void make_hook(struct fixture *f, struct listener *l, const char *more, char id[40])
{
    char body[200];
    json_t *answer = NULL;
    struct buf octets = { .max = 64 };
    snprintf(body, sizeof body, "{\"url\":\"https://hooks.example.com/in\"%s}", more);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", HOOKS, body, &answer) == 201);
    const char *secret = json_str(answer, "secret");
    REQUIRE(secret && strncmp(secret, "whsec_", 6) == 0);
    REQUIRE(base64_decode(span_str(secret + 6), &octets) == ERR_OK && octets.len == WEBHOOK_SECRET_OCTETS);
    REQUIRE(secret_set(&l->secret, buf_span(&octets)) == ERR_OK);
    snprintf(id, 40, "%s", json_str(answer, "id"));
    CHECK(!lab_said(&f->l, secret + 6));
    json_decref(answer);
    buf_release(&octets);
}

static const char *text_of(struct listener *l, unsigned i)
{
    return i < l->count ? buf_cstr(&l->heard[i].body) : "";
}

static bool is_of(struct listener *l, unsigned i, const char *type, const char *holding)
{
    char start[64];
    snprintf(start, sizeof start, "{\"type\":\"%s\",\"timestamp\":\"", type);
    return strncmp(text_of(l, i), start, strlen(start)) == 0 && strstr(text_of(l, i), holding) != NULL;
}

static void end_order(struct fixture *f, const char *reference)
{
    char body[200], url[120];
    json_t *answer = NULL;
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"kind\":\"list\"}", reference);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", EUICC "/orders", body, &answer) == 202);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", json_str(answer, "orderId"));
    json_decref(answer);
    REQUIRE(lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200);
}

static void report_change(struct fixture *f, int64_t cause)
{
    uint8_t eid[16];
    struct esipa_get_eim_package_response r = { .received.max = HTTP_BODY_MAX };
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid),
                                                   .notify_state_change = true,
                                                   .state_change_cause = { true, cause } };
    CHECK(esipa_get_eim_package(&f->peer, &q, &r) == ERR_OK);
    esipa_get_eim_package_response_release(&r);
}

/* --- what is told --------------------------------------------------------------------------------------- */

static void events_are_told_signed(void)
{
    struct fixture f;
    struct listener l;
    char id[40];
    open_listener(&f, &l);
    make_hook(&f, &l, "", id);
    end_order(&f, "first");
    report_change(&f, 1);
    lab_restart(&f.l, LAB_EIM);
    tick_eim(&f);
    REQUIRE(l.count == 2);
    CHECK(l.heard[0].verified == ERR_OK && l.heard[1].verified == ERR_OK);
    CHECK(is_of(&l, 0, "order.ended", "\"reference\":\"first\"") && is_of(&l, 0, "order.ended", "\"state\":\"cancelled\""));
    CHECK(is_of(&l, 1, "euicc.stateChange", "\"stateChangeCause\":1"));
    CHECK(is_of(&l, 1, "euicc.stateChange", "\"eid\":\"" LAB_EID "\""));
    tick_eim(&f);
    CHECK(l.count == 2);
    close_listener(&f, &l);
}

static const struct {
    const char *name, *more;
    bool orders, changes;
} filters[] = {
    { "everything", "", true, true },
    { "orders", ",\"events\":[\"order.ended\"]", true, false },
    { "state changes", ",\"events\":[\"euicc.stateChange\"]", false, true },
    { "trouble", ",\"events\":[\"euicc.lastError\"]", false, false },
};

static void only_what_was_asked_for(void)
{
    for (size_t i = 0; i < COUNT(filters); i++) {
        struct fixture f;
        struct listener l;
        char id[40];
        open_listener(&f, &l);
        make_hook(&f, &l, filters[i].more, id);
        end_order(&f, "first");
        report_change(&f, 2);
        tick_eim(&f);
        CHECK_ROW(filters[i].name, l.count == (unsigned)filters[i].orders + filters[i].changes);
        for (unsigned k = 0; k < l.count; k++)
            CHECK_ROW(filters[i].name, is_of(&l, k, k || !filters[i].orders ? "euicc.stateChange" : "order.ended", ""));
        close_listener(&f, &l);
    }
}

static void nobody_hears_another_tenants(void)
{
    struct fixture f;
    struct listener l;
    open_listener(&f, &l);
    REQUIRE(lab_call(&f.l, f.l.admin, "POST", HOOKS, "{\"url\":\"https://hooks.example.com/in\"}", NULL) == 201);
    end_order(&f, "first");
    report_change(&f, 1);
    tick_eim(&f);
    CHECK(l.count == 0);
    json_t *answer = NULL;
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", HOOKS, "", &answer) == 200);
    CHECK(json_array_size(json_object_get(answer, "items")) == 0);
    json_decref(answer);
    close_listener(&f, &l);
}

/* The same id and body, a new time and signature. */
static void what_was_not_taken_comes_again(void)
{
    static const int failing[] = { 500, 429, 404, 302, 0 };
    for (size_t i = 0; i < COUNT(failing); i++) {
        struct fixture f;
        struct listener l;
        char id[40];
        open_listener(&f, &l);
        make_hook(&f, &l, "", id);
        l.status = failing[i];
        end_order(&f, "first");
        tick_eim(&f);
        REQUIRE(l.count == 1);
        l.status = 200;
        lab_restart(&f.l, LAB_EIM);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
        tick_eim(&f);
        REQUIRE(l.count == 2);
        CHECK(l.heard[1].verified == ERR_OK && strcmp(l.heard[0].id, l.heard[1].id) == 0);
        CHECK(strcmp(text_of(&l, 0), text_of(&l, 1)) == 0);
        close_listener(&f, &l);
    }
}

/* A receiver remembers ids: none may come again for another event, also when nothing waited in between. */
static void no_id_is_used_twice(void)
{
    struct fixture f;
    struct listener l;
    char id[40];
    open_listener(&f, &l);
    make_hook(&f, &l, "", id);
    for (unsigned i = 0; i < 6; i++) {
        char reference[8];
        snprintf(reference, sizeof reference, "o%u", i);
        end_order(&f, reference);
        tick_eim(&f);
        if (i == 2)
            lab_restart(&f.l, LAB_EIM);
    }
    REQUIRE(l.count == 6);
    for (unsigned i = 0; i < l.count; i++)
        for (unsigned k = 0; k < i; k++)
            CHECK(l.heard[i].id[0] && strcmp(l.heard[i].id, l.heard[k].id) != 0);
    close_listener(&f, &l);
}

/* A device that reports without end fills nothing: behind the first only the last one waits. */
static void reports_without_end_are_bounded(void)
{
    struct fixture f;
    struct listener l;
    char id[40];
    open_listener(&f, &l);
    make_hook(&f, &l, "", id);
    l.status = 503;
    report_change(&f, 0);
    tick_eim(&f);
    for (int cause = 1; cause <= 5; cause++)
        report_change(&f, cause);
    json_t *answer = NULL;
    int64_t waiting = 0;
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", HOOKS, "", &answer) == 200);
    const json_t *hook = json_array_get(json_object_get(answer, "items"), 0);
    CHECK(json_int(hook, "waiting", &waiting) == ERR_OK && waiting == 2 && !json_object_get(hook, "secret"));
    json_decref(answer);
    l.status = 200;
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    tick_eim(&f);
    REQUIRE(l.count == 3);
    CHECK(is_of(&l, 1, "euicc.stateChange", "\"stateChangeCause\":0"));
    CHECK(is_of(&l, 2, "euicc.stateChange", "\"stateChangeCause\":5"));
    close_listener(&f, &l);
}

/* An order's callback to the URL of a webhook is signed too; elsewhere nobody has a secret. */
static void callbacks_are_signed_where_there_is_a_secret(void)
{
    struct fixture f;
    struct listener l;
    char id[40];
    open_listener(&f, &l);
    make_hook(&f, &l, ",\"events\":[\"euicc.stateChange\"]", id);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders",
                     "{\"reference\":\"a\",\"kind\":\"list\",\"callback\":\"https://hooks.example.com/in\"}", NULL) == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    REQUIRE(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    tick_eim(&f);
    REQUIRE(l.count == 1);
    CHECK(l.heard[0].verified == ERR_OK && strstr(text_of(&l, 0), "\"reference\":\"a\"") != NULL);
    char url[120];
    snprintf(url, sizeof url, HOOKS "/%s", id);
    REQUIRE(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 204);
    CHECK(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 404);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders",
                     "{\"reference\":\"b\",\"kind\":\"list\",\"callback\":\"https://hooks.example.com/in\"}", NULL) == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    REQUIRE(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    tick_eim(&f);
    REQUIRE(l.count == 2);
    CHECK(l.heard[1].verified == ERR_NOT_FOUND);
    close_listener(&f, &l);
}

/* What waits for a webhook that is taken back is forgotten; an order's callback is not. */
static void a_webhook_that_is_taken_back(void)
{
    struct fixture f;
    struct listener l;
    char id[40], url[120];
    open_listener(&f, &l);
    make_hook(&f, &l, "", id);
    l.status = 503;
    report_change(&f, 1);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", EUICC "/orders",
                     "{\"reference\":\"a\",\"kind\":\"list\",\"validUntil\":\"2026-01-01T00:00:00Z\","
                     "\"callback\":\"https://hooks.example.com/in\"}", NULL) == 202);
    tick_eim(&f);
    REQUIRE(l.count == 1);
    snprintf(url, sizeof url, HOOKS "/%s", id);
    CHECK(lab_call(&f.l, f.l.admin, "DELETE", url, "", NULL) == 404); /* another tenant */
    REQUIRE(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 204);
    l.status = 200;
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    tick_eim(&f);
    REQUIRE(l.count == 2);
    CHECK(strstr(text_of(&l, 1), "\"state\":\"expired\"") != NULL && l.heard[1].verified == ERR_NOT_FOUND);
    close_listener(&f, &l);
}

/* The secret stands sealed; a store from before is sealed at the next start, and goes on with the same secret. */
static void secrets_are_sealed(void)
{
    struct fixture f;
    struct listener l;
    char id[40];
    int64_t octets = 0;
    open_listener(&f, &l);
    make_hook(&f, &l, "", id);
    CHECK(!lab_file_holds(&f.l, LAB_EIM, secret_span(&l.secret)));
    for (int round = 0; round < 2; round++) {
        struct db *db = f.l.part[LAB_EIM].env.db;
        REQUIRE(round == 0 || db_run(db, "UPDATE webhook SET secret = ?", DB_ARGS(DB_BLOB(secret_span(&l.secret))), NULL) == ERR_OK);
        lab_restart(&f.l, LAB_EIM);
        db = f.l.part[LAB_EIM].env.db;
        CHECK(db_get_int(db, "SELECT length(secret) FROM webhook", NULL, 0, &octets) == ERR_OK && octets == 60);
        report_change(&f, round);
        tick_eim(&f);
        CHECK(l.count == (unsigned)round + 1 && l.heard[round].verified == ERR_OK);
    }
    close_listener(&f, &l);
}

/* A secret in another's place, or altered, opens nothing: then nothing is sent, rather than unsigned, and others hear as before. */
static void a_secret_opens_only_in_its_place(void)
{
    static const char *const spoils[] = {
        "UPDATE webhook SET secret = (SELECT secret FROM webhook o WHERE o.rowid <> webhook.rowid)",
        "UPDATE webhook SET secret = zeroblob(60)",
    };
    for (size_t i = 0; i < COUNT(spoils); i++) {
        struct fixture f;
        struct listener l;
        char id[40];
        open_listener(&f, &l);
        make_hook(&f, &l, "", id);
        REQUIRE(lab_call(&f.l, f.l.eso, "POST", HOOKS, "{\"url\":\"https://hooks.example.com/other\"}", NULL) == 201);
        REQUIRE(db_run(f.l.part[LAB_EIM].env.db, spoils[i], NULL, 0, NULL) == ERR_OK);
        REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        execute(&f);
        REQUIRE(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
        for (int k = 0; k < 4; k++)
            tick_eim(&f);
        CHECK(l.count == 0 && f.eso.heard_count == 1);
        CHECK(lab_said(&f.l, "webhook.unreadable") && lab_said(&f.l, "delete the webhook and make it again"));
        lab_forget_log(&f.l);
        run_eim(&f, false, CLOCK_HOUR);
        CHECK(l.count == 0 && !lab_said(&f.l, "webhook.unreadable")); /* said once */
        close_listener(&f, &l);
    }
}

static const struct {
    const char *name, *body;
} refused[] = {
    { "no URL", "{}" },
    { "plain HTTP", "{\"url\":\"http://hooks.example.com/\"}" },
    { "no host", "{\"url\":\"https://\"}" },
    { "a URL that is a list", "{\"url\":[\"https://hooks.example.com/\"]}" },
    { "no events", "{\"url\":\"https://hooks.example.com/\",\"events\":[]}" },
    { "an unknown event", "{\"url\":\"https://hooks.example.com/\",\"events\":[\"order.begun\"]}" },
    { "an event that is a number", "{\"url\":\"https://hooks.example.com/\",\"events\":[1]}" },
    { "events that are a text", "{\"url\":\"https://hooks.example.com/\",\"events\":\"order.ended\"}" },
};

static void webhooks_are_judged(void)
{
    struct fixture f;
    struct listener l;
    char id[40], body[200];
    open_listener(&f, &l);
    for (size_t i = 0; i < COUNT(refused); i++)
        CHECK_ROW(refused[i].name, lab_call(&f.l, f.l.eso, "POST", HOOKS, refused[i].body, NULL) == 400);
    make_hook(&f, &l, "", id);
    CHECK(lab_call(&f.l, f.l.eso, "POST", HOOKS, "{\"url\":\"https://hooks.example.com/in\"}", NULL) == 409);
    for (int i = 1; i < 20; i++) {
        snprintf(body, sizeof body, "{\"url\":\"https://hooks.example.com/%d\"}", i);
        CHECK(lab_call(&f.l, f.l.eso, "POST", HOOKS, body, NULL) == 201);
    }
    CHECK(lab_call(&f.l, f.l.eso, "POST", HOOKS, "{\"url\":\"https://hooks.example.com/20\"}", NULL) == 409);
    CHECK(lab_call(&f.l, f.l.stranger, "POST", HOOKS, "{\"url\":\"https://x.example.com/\"}", NULL) == 403);
    close_listener(&f, &l);
}

/* --- what a receiver believes ---------------------------------------------------------------------------- */

enum spoil { NOTHING, BODY, ID, TIMESTAMP, SIGNATURE, NO_VERSION, OTHER_SECRET, NO_ID, LATE, EARLY, SECOND_OF_TWO, EMPTY };
static const struct {
    const char *name;
    enum spoil spoil;
    enum err verdict;
} messages[] = {
    { "as it was sent", NOTHING, ERR_OK },
    { "with another signature before it", SECOND_OF_TWO, ERR_OK },
    { "an altered body", BODY, ERR_VERIFY },
    { "another id", ID, ERR_VERIFY },
    { "another time", TIMESTAMP, ERR_VERIFY },
    { "an altered signature", SIGNATURE, ERR_VERIFY },
    { "a signature without version", NO_VERSION, ERR_VERIFY },
    { "an empty signature", EMPTY, ERR_VERIFY },
    { "another receiver's secret", OTHER_SECRET, ERR_VERIFY },
    { "no id", NO_ID, ERR_NOT_FOUND },
    { "replayed six minutes later", LATE, ERR_VERIFY },
    { "six minutes from the future", EARLY, ERR_VERIFY },
};

static void only_what_was_signed_is_believed(void)
{
    static const uint8_t secret[32] = { 1, 2, 3 }, other[32] = { 1, 2, 4 };
    struct crypto *c = NULL;
    REQUIRE(crypto_new(&c) == ERR_OK);
    for (size_t i = 0; i < COUNT(messages); i++) {
        enum spoil s = messages[i].spoil;
        struct webhook_signature g;
        struct http_header headers[WEBHOOK_HEADERS];
        char value[160];
        REQUIRE(webhook_sign(c, SPAN_ARRAY(secret), "m-1", LAB_EPOCH, span_str("{\"a\":1}"), &g) == ERR_OK);
        webhook_headers(&g, headers);
        snprintf(value, sizeof value, "%s%s",
                 s == SECOND_OF_TWO ? "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= " : "", g.value);
        if (s == SIGNATURE)
            value[8] = value[8] == 'A' ? 'B' : 'A';
        headers[0].value = s == ID ? "m-2" : g.id;
        headers[1].value = s == TIMESTAMP ? "1767225601" : g.timestamp;
        headers[2].value = s == NO_VERSION ? value + 3 : s == EMPTY ? "v1," : value;
        const struct http_request q = { .method = "POST", .path = "/in", .query = "",
                                        .headers = s == NO_ID ? headers + 1 : headers,
                                        .header_count = s == NO_ID ? 2 : 3,
                                        .body = span_str(s == BODY ? "{\"a\":2}" : "{\"a\":1}") };
        int64_t now = LAB_EPOCH + (s == LATE ? 6 : s == EARLY ? -6 : 0) * CLOCK_MINUTE;
        CHECK_ROW(messages[i].name,
                  webhook_verify(c, s == OTHER_SECRET ? SPAN_ARRAY(other) : SPAN_ARRAY(secret), &q, now) == messages[i].verdict);
    }
    crypto_free(c);
}

/* The example of the Standard Webhooks specification. */
static void the_published_example(void)
{
    struct crypto *c = NULL;
    struct webhook_signature g;
    struct buf secret = { .max = 64 };
    REQUIRE(crypto_new(&c) == ERR_OK && base64_decode(span_str("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &secret) == ERR_OK);
    REQUIRE(webhook_sign(c, buf_span(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", INT64_C(1614265330000),
                         span_str("{\"test\": 2432232314}"), &g) == ERR_OK);
    CHECK(strcmp(g.value, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") == 0);
    buf_release(&secret);
    crypto_free(c);
}

/* --- server-sent events ---------------------------------------------------------------------------------- */

/* The stream after an id ("": a new reader) as text; the caller releases it. */
static struct buf read_stream(struct fixture *f, struct http_client *as, const char *last, int want)
{
    struct buf out = { .max = 2 << 20 };
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header header = { "Last-Event-ID", last };
    const struct http_call q = { .method = "GET", .url = EVENTS, .headers = &header, .header_count = last[0] ? 1 : 0 };
    REQUIRE(http_send(as, &q, &p) == ERR_OK);
    CHECK(p.status == want);
    if (want == 200)
        CHECK(strcmp(p.content_type, "text/event-stream") == 0);
    REQUIRE(buf_set(&out, buf_span(&p.body)) == ERR_OK && buf_put_u8(&out, 0) == ERR_OK);
    http_response_release(&p);
    (void)f;
    return out;
}

static unsigned occurrences(const struct buf *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = (const char *)text->at; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

/* The id of the last event of a stream. */
static void last_id(const struct buf *text, char out[24])
{
    out[0] = 0;
    for (const char *at = (const char *)text->at; (at = strstr(at, "id: ")); at++)
        snprintf(out, 24, "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
}

static void a_reader_goes_on_where_it_was(void)
{
    struct fixture f;
    char id[24];
    fixture_open(&f);
    end_order(&f, "before");
    struct buf text = read_stream(&f, f.l.eso, "", 200);
    CHECK(occurrences(&text, "data:") == 0 && occurrences(&text, "retry: ") == 1); /* from now on */
    last_id(&text, id);
    buf_release(&text);
    end_order(&f, "first");
    report_change(&f, 1);
    lab_restart(&f.l, LAB_EIM);
    text = read_stream(&f, f.l.eso, id, 200);
    CHECK(occurrences(&text, "event: order.ended\ndata: {") == 1 && occurrences(&text, "\"reference\":\"first\"") == 1);
    CHECK(occurrences(&text, "event: euicc.stateChange\ndata: {") == 1 && occurrences(&text, "\n\n") == 3);
    last_id(&text, id);
    buf_release(&text);
    text = read_stream(&f, f.l.eso, id, 200);
    CHECK(occurrences(&text, "data:") == 0);
    buf_release(&text);
    text = read_stream(&f, f.l.eso, "0", 200);
    CHECK(occurrences(&text, "data:") == 3 && occurrences(&text, "lost") == 0);
    buf_release(&text);
    text = read_stream(&f, f.l.admin, "0", 200); /* another tenant's stream */
    CHECK(occurrences(&text, "data:") == 0);
    buf_release(&text);
    fixture_close(&f);
}

static void ids_are_judged(void)
{
    static const char *const wrong[] = { "x", "-1", "1x", "1.5", "99999999999999999999" };
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct buf text = read_stream(&f, f.l.eso, wrong[i], 400);
        buf_release(&text);
    }
    struct buf text = read_stream(&f, f.l.stranger, "0", 403);
    buf_release(&text);
    fixture_close(&f);
}

/* A store that was restored has fewer events than its readers had: they are told, and go on from there. */
static void who_is_ahead_is_told(void)
{
    struct fixture f;
    char id[24];
    fixture_open(&f);
    for (unsigned before = 0; before < 3; before += 2) {
        struct buf text = read_stream(&f, f.l.eso, "1000000", 200);
        CHECK(occurrences(&text, "event: lost\n") == 1 && occurrences(&text, "data:") == 1);
        last_id(&text, id);
        CHECK(strtoul(id, NULL, 10) == before);
        buf_release(&text);
        report_change(&f, 1);
        report_change(&f, 2);
        text = read_stream(&f, f.l.eso, id, 200);
        CHECK(occurrences(&text, "event: euicc.stateChange\n") == 2 && occurrences(&text, "lost") == 0);
        buf_release(&text);
    }
    fixture_close(&f);
}

/* Ten thousand events are kept; who comes too late is told so, and gets them in bounded answers. */
static void who_comes_too_late_is_told(void)
{
    struct fixture f;
    char id[24] = "0";
    unsigned events = 0, answers = 0, lost = 0;
    fixture_open(&f);
    report_change(&f, 1);
    REQUIRE(db_run(f.l.part[LAB_EIM].env.db,
                   "INSERT INTO event (tenant, number, kind, eid, body) WITH RECURSIVE n (i) AS"
                   " (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT tenant, i, kind, eid, body FROM event, n",
                   NULL, 0, NULL) == ERR_OK);
    for (int i = 0; i < 50; i++)
        report_change(&f, 1);
    for (bool more = true; more; answers++) {
        struct buf text = read_stream(&f, f.l.eso, id, 200);
        unsigned here = occurrences(&text, "event: euicc.stateChange");
        CHECK(here <= 1000 && text.len <= (1 << 20) + 1024);
        events += here;
        lost += occurrences(&text, "event: lost");
        more = here > 0;
        if (more)
            last_id(&text, id);
        buf_release(&text);
    }
    CHECK(events == 10000 && lost == 1 && answers == 11 && strcmp(id, "10050") == 0);
    fixture_close(&f);
}

const struct test webhook_tests[] = {
    { "events are told, signed with the webhook's secret", events_are_told_signed },
    { "a webhook hears what it asked for", only_what_was_asked_for },
    { "nobody hears of another tenant's", nobody_hears_another_tenants },
    { "what was not taken comes again, the same and newly signed", what_was_not_taken_comes_again },
    { "no id is used for two events", no_id_is_used_twice },
    { "reports without end are bounded", reports_without_end_are_bounded },
    { "callbacks of orders are signed where there is a secret", callbacks_are_signed_where_there_is_a_secret },
    { "events that wait for a webhook that is taken back are forgotten", a_webhook_that_is_taken_back },
    { "a webhook's secret stands sealed, also one of a store from before", secrets_are_sealed },
    { "a webhook's secret opens only in its place, and nothing goes out unsigned", a_secret_opens_only_in_its_place },
    { "webhooks are judged before they are made", webhooks_are_judged },
    { "only what was signed for it, and lately, is believed", only_what_was_signed_is_believed },
    { "the specification's example has its published signature", the_published_example },
    { "a reader of events goes on where it was", a_reader_goes_on_where_it_was },
    { "ids of events are judged", ids_are_judged },
    { "who is ahead of the events is told so, and goes on from the last one", who_is_ahead_is_told },
    { "who comes too late for events is told so", who_comes_too_late_is_told },
};
const size_t webhook_tests_count = COUNT(webhook_tests);
