/* What holds in both wirings: the same rows run directly and over TLS. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define BASE "https://" SERVER_NAME

static const struct {
    const char *name, *method, *url, *body;
    int status;
    const char *want; /* contained in the answer's body */
} rows[] = {
    { "a route answers", "GET", BASE "/v1/echo", NULL, 200, "\"path\":\"/v1/echo\",\"query\":\"\"" },
    { "another method of the same path has its own route", "DELETE", BASE "/v1/echo", NULL, 200, "\"DELETE\"" },
    { "a part is given to the handler", "GET", BASE "/v1/echo/7", NULL, 200, "\"first\":\"7\"" },
    { "two parts keep their order", "POST", BASE "/v1/echo/1/x/2", "{}", 200, "\"first\":\"1\",\"second\":\"2\"" },
    { "the first fitting route wins", "GET", BASE "/v1/echo/special", NULL, 201, "" },
    { "escapes in the path are decoded", "GET", BASE "/v1/echo/a%20b%25", NULL, 200, "\"first\":\"a b%\"" },
    { "plus in a path is a plus", "GET", BASE "/v1/echo/a+b", NULL, 200, "\"first\":\"a+b\"" },
    { "the query stays as it was sent", "GET", BASE "/v1/echo?b=%20&a=x%2By+z", NULL, 200,
      "\"query\":\"b=%20&a=x%2By+z\",\"a\":\"x+y z\"" },
    { "a query parameter without value is empty", "GET", BASE "/v1/echo?a", NULL, 200, "\"a\":\"\"" },
    { "a longer parameter name is another", "GET", BASE "/v1/echo?aa=1", NULL, 200, "\"query\":\"aa=1\",\"host\"" },
    { "the host is the name, not the place", "GET", BASE "/v1/echo", NULL, 200, "\"host\":\"" SERVER_NAME "\"" },
    { "a body arrives whole", "POST", BASE "/v1/mirror", "some octets", 201, "some octets" },
    { "PUT carries a body", "PUT", BASE "/v1/mirror", "put", 201, "put" },
    { "PATCH carries a body", "PATCH", BASE "/v1/mirror", "patch", 201, "patch" },
    { "POST without a body is an empty body", "POST", BASE "/v1/mirror", NULL, 201, "" },
    { "JSON is read", "POST", BASE "/v1/read", "{\"a\":[1]}", 200, "{\"a\":[1]}" },
    { "broken JSON is 400", "POST", BASE "/v1/read", "{\"a\":", 400, "\"status\":400" },
    { "no JSON at all is 400", "POST", BASE "/v1/read", NULL, 400, "\"status\":400" },
    { "an unknown path is 404", "GET", BASE "/v2/echo", NULL, 404, "\"detail\":\"nothing is served at this path\"" },
    { "the root is 404", "GET", BASE, NULL, 404, "\"status\":404" },
    { "a trailing slash is another path", "GET", BASE "/v1/echo/", NULL, 404, "" },
    { "a longer path is another path", "GET", BASE "/v1/echo/1/2", NULL, 404, "" },
    { "an empty part fits nothing", "POST", BASE "/v1/echo//x/2", NULL, 404, "" },
    { "dots are not resolved", "GET", BASE "/v1/x/../echo", NULL, 404, "" },
    { "seventeen parts fit nothing", "GET", BASE "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL, 404, "" },
    { "another method is 405", "POST", BASE "/v1/peer", NULL, 405, "\"detail\":\"this path takes GET\"" },
    { "an escaped slash is 400", "GET", BASE "/v1/echo/a%2Fb", NULL, 400, "" },
    { "an escaped zero is 400", "GET", BASE "/v1/echo/a%00b", NULL, 400, "" },
    { "an escaped line end is 400", "GET", BASE "/v1/echo/a%0Ab", NULL, 400, "" },
    { "a broken escape is 400", "GET", BASE "/v1/echo/a%4", NULL, 400, "" },
    { "a failing handler is 500 and shows nothing of its answer", "GET", BASE "/v1/fail", NULL, 500,
      "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,\"detail\":\"the server failed; its log says why\"}" },
    { "a handler without an answer is 500", "GET", BASE "/v1/silent", NULL, 500, "" },
};

static void rows_hold(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        for (size_t i = 0; i < COUNT(rows); i++) {
            CHECK_ROW(rows[i].name, call(c, rows[i].method, rows[i].url, rows[i].body, &p) == ERR_OK);
            CHECK_ROW(rows[i].name, p.status == rows[i].status);
            CHECK_ROW(rows[i].name, strstr(buf_cstr(&p.body), rows[i].want) != NULL);
        }
        http_response_release(&p);
        http_client_free(c);
    }
    CHECK(world_logged(&w, "http.failed"));
    world_close(&w);
}

static const struct {
    const char *name, *url;
    enum err want;
} malformed[] = {
    { "plain http is not spoken", "http://" SERVER_NAME "/v1/echo", ERR_PARSE },
    { "a url without a scheme is malformed", SERVER_NAME "/v1/echo", ERR_PARSE },
    { "a url without a name is malformed", "https:///v1/echo", ERR_PARSE },
    { "credentials in a url are refused", "https://user:pass@" SERVER_NAME "/v1/echo", ERR_PARSE },
    { "port 0 is malformed", BASE ":0/v1/echo", ERR_PARSE },
    { "port 65536 is malformed", BASE ":65536/v1/echo", ERR_PARSE },
    { "a space is malformed", BASE "/v1/echo /x", ERR_PARSE },
    { "a line end is malformed", BASE "/v1/echo\r\nX: y", ERR_PARSE },
    { "a fragment is malformed", BASE "/v1/echo#x", ERR_PARSE },
    { "an unknown name is not reached", "https://nowhere.invalid/v1/echo", ERR_IO },
};

static void malformed_calls_fail(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        for (size_t i = 0; i < COUNT(malformed); i++)
            CHECK_ROW(malformed[i].name, http_url_is_callable(malformed[i].url) == (malformed[i].want != ERR_PARSE));
        for (size_t i = 0; i < COUNT(malformed); i++)
            CHECK_ROW(malformed[i].name, call(c, "GET", malformed[i].url, NULL, &p) == malformed[i].want);
        CHECK(call(c, "GE T", BASE "/v1/echo", NULL, &p) == ERR_PARSE);
        http_response_release(&p);
        http_client_free(c);
    }
    CHECK(w.odd.seen == 0);
    world_close(&w);
}

static enum err call_with(struct http_client *c, const struct http_header *headers, size_t count,
                          struct http_response *p)
{
    const struct http_call q = { .method = "GET", .url = BASE "/v1/echo", .headers = headers, .header_count = count };
    return http_send(c, &q, p);
}

static void headers_travel(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        CHECK(call_with(c, (struct http_header[]){ { "X-Odd", "a: b" } }, 1, &p) == ERR_OK);
        CHECK(strstr(buf_cstr(&p.body), "\"odd\":\"a: b\"") != NULL);
        CHECK(strcmp(p.content_type, "application/json") == 0);
        CHECK(p.header_count == 1 && strcmp(http_response_header(&p, "x-answer"), "yes") == 0);
        CHECK(call_with(c, (struct http_header[]){ { "X-Odd", "" } }, 1, &p) == ERR_OK);
        CHECK(strstr(buf_cstr(&p.body), "\"odd\":\"\"") != NULL);
        CHECK(call_with(c, (struct http_header[]){ { "X-Odd", "a\r\nX-Evil: b" } }, 1, &p) == ERR_PARSE);
        CHECK(call_with(c, (struct http_header[]){ { "X Odd", "a" } }, 1, &p) == ERR_PARSE);
        CHECK(call(c, "POST", BASE "/v1/peer", NULL, &p) == ERR_OK && p.status == 405);
        CHECK(p.header_count == 1 && strcmp(http_response_header(&p, "Allow"), "GET") == 0);
        CHECK(call(c, "GET", BASE "/v1/mirror", NULL, &p) == ERR_OK && p.status == 405);
        CHECK(strcmp(http_response_header(&p, "Allow"), "POST, PUT, PATCH") == 0);
        struct http_header many[HTTP_HEADERS_MAX + 1];
        for (size_t i = 0; i < COUNT(many); i++)
            many[i] = (struct http_header){ "X-Many", "1" };
        CHECK(call_with(c, many, COUNT(many), &p) == ERR_LIMIT);
        CHECK(call_with(c, many, 31, &p) == ERR_OK && p.status == 200);
        http_response_release(&p);
        http_client_free(c);
    }
    world_close(&w);
}

static void bodies_are_bounded(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct buf body = { .max = HTTP_BODY_MAX + 1 };
    while (body.len < HTTP_BODY_MAX)
        if (buf_put(&body, SPAN(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 255, 254, 253, 252)))
            break;
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT, small = { .body = { .max = 1000 } };
        struct http_call q = { .method = "POST", .url = BASE "/v1/mirror", .body = buf_span(&body) };
        q.body.len = HTTP_BODY_MAX;
        CHECK(http_send(c, &q, &p) == ERR_OK && p.status == 201);
        CHECK(span_equal(buf_span(&p.body), q.body));
        CHECK(call(c, "GET", BASE "/v1/big", NULL, &p) == ERR_OK && p.body.len == HTTP_BODY_MAX);
        CHECK(call(c, "GET", BASE "/v1/big", NULL, &small) == ERR_LIMIT && small.body.len == 0 && small.status == 0);
        http_response_release(&p);
        http_response_release(&small);
        http_client_free(c);
    }
    buf_release(&body);
    world_close(&w);
}

static void too_long_bodies_are_413(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct buf body = { .max = HTTP_BODY_MAX + 1 };
    while (body.len <= HTTP_BODY_MAX)
        if (buf_put_u8(&body, 'x'))
            break;
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        const struct http_call q = { .method = "POST", .url = BASE "/v1/mirror", .body = buf_span(&body) };
        CHECK(http_send(c, &q, &p) == ERR_OK && p.status == 413);
        CHECK(call(c, "GET", BASE "/v1/echo", NULL, &p) == ERR_OK && p.status == 200);
        http_response_release(&p);
        http_client_free(c);
    }
    buf_release(&body);
    world_close(&w);
}

static void long_targets_are_414(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    char url[HTTP_TARGET_MAX + 100];
    memset(url, 'x', sizeof url);
    memcpy(url, BASE "/", sizeof BASE "/" - 1);
    url[sizeof url - 1] = 0;
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        CHECK(call(c, "GET", url, NULL, &p) == ERR_OK && p.status == 414);
        http_response_release(&p);
        http_client_free(c);
    }
    world_close(&w);
}

static const struct {
    const char *name;
    size_t party; /* offset in struct pki */
    int status;
} peers[] = {
    { "no certificate is 403", SIZE_MAX, 403 },
    { "the operator CA's client is known", offsetof(struct pki, client), 200 },
    { "an expired client counts as none", offsetof(struct pki, expired_client), 403 },
    { "a foreign CA's client counts as none", offsetof(struct pki, foreign_client), 403 },
    { "a server's certificate is no client", offsetof(struct pki, server), 403 },
};

static void peers_are_judged(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        for (size_t i = 0; i < COUNT(peers); i++) {
            const struct party *who =
                peers[i].party == SIZE_MAX ? NULL : (const struct party *)((const char *)&w.pki + peers[i].party);
            struct http_client *c = world_client(&w, wiring, who);
            struct http_response p = HTTP_RESPONSE_INIT;
            CHECK_ROW(peers[i].name, call(c, "GET", BASE "/v1/peer", NULL, &p) == ERR_OK);
            CHECK_ROW(peers[i].name, p.status == peers[i].status);
            if (peers[i].status == 200)
                CHECK_ROW(peers[i].name, span_equal(buf_span(&p.body), who->cert->der));
            http_response_release(&p);
            http_client_free(c);
        }
        CHECK(world_logged(&w, "http.client_refused"));
        w.sink.text[0] = 0;
    }
    world_close(&w);
}

static void a_killed_actor_leaves_the_outcome_open(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        w.odd.seen = 0;
        CHECK(call(c, "GET", BASE "/v1/echo", NULL, &p) == ERR_OK);
        /* The second call goes over the kept connection: it must not be sent twice when that dies. */
        CHECK(call(c, "POST", BASE "/v1/cut", "{}", &p) == ERR_TIMEOUT && p.status == 0);
        CHECK(w.odd.seen == 2);
        CHECK(call(c, "GET", BASE "/v1/echo", NULL, &p) == ERR_OK && p.status == 200);
        http_response_release(&p);
        http_client_free(c);
    }
    world_close(&w);
}

static void an_actor_that_is_down_is_not_reached(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct http_client *clients[] = { world_client(&w, DIRECT, NULL), world_client(&w, TLS, NULL) };
    struct http_response p = HTTP_RESPONSE_INIT;
    for (size_t i = 0; i < COUNT(clients); i++)
        CHECK_ROW(wiring_name[i], call(clients[i], "GET", BASE "/v1/echo", NULL, &p) == ERR_OK);
    http_server_stop(w.server);
    w.server = NULL;
    REQUIRE(http_switch_set(w.direct, SERVER_NAME, NULL, NULL, NULL) == ERR_OK);
    for (size_t i = 0; i < COUNT(clients); i++)
        CHECK_ROW(wiring_name[i], call(clients[i], "POST", BASE "/v1/mirror", NULL, &p) == ERR_IO);
    world_serve(&w, (struct http_server_settings){ 0 });
    REQUIRE(http_switch_set(w.direct, SERVER_NAME, &w.odd.actor, NULL, &w.log) == ERR_OK);
    for (size_t i = 0; i < COUNT(clients); i++) {
        CHECK_ROW(wiring_name[i], call(clients[i], "GET", BASE "/v1/echo", NULL, &p) == ERR_OK);
        http_client_free(clients[i]);
    }
    http_response_release(&p);
    world_close(&w);
}

struct caller {
    struct http_client *client;
    unsigned number, good;
};

static void *call_often(void *context)
{
    struct caller *c = context;
    struct http_response p = HTTP_RESPONSE_INIT;
    for (unsigned i = 0; i < 25; i++) {
        char body[40];
        snprintf(body, sizeof body, "caller %u call %u", c->number, i);
        enum err e = call(c->client, "POST", BASE "/v1/mirror", body, &p);
        c->good += e == ERR_OK && span_equal(buf_span(&p.body), span_str(body));
    }
    http_response_release(&p);
    return NULL;
}

static void one_client_serves_several_threads(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .threads = 2 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct caller callers[4];
        pthread_t threads[COUNT(callers)];
        for (unsigned i = 0; i < COUNT(callers); i++) {
            callers[i] = (struct caller){ c, i, 0 };
            REQUIRE(pthread_create(&threads[i], NULL, call_often, &callers[i]) == 0);
        }
        for (unsigned i = 0; i < COUNT(callers); i++) {
            pthread_join(threads[i], NULL);
            CHECK(callers[i].good == 25);
        }
        CHECK(http_client_handshakes(c) <= COUNT(callers));
        http_client_free(c);
    }
    world_close(&w);
}

static void connections_are_kept_until_dropped(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        struct http_client *c = world_client(&w, wiring, NULL);
        struct http_response p = HTTP_RESPONSE_INIT;
        for (unsigned i = 0; i < 10; i++)
            CHECK(call(c, i % 2 ? "POST" : "PUT", BASE "/v1/mirror", "x", &p) == ERR_OK);
        CHECK(http_client_handshakes(c) == (wiring == TLS ? 1 : 0));
        http_client_drop_connections(c);
        CHECK(call(c, "GET", BASE "/v1/echo", NULL, &p) == ERR_OK);
        CHECK(http_client_handshakes(c) == (wiring == TLS ? 2 : 0));
        http_response_release(&p);
        http_client_free(c);
    }
    world_close(&w);
}

/* ---- observer --------------------------------------------------------------------------------------------------- */

struct spoiler {
    enum err before, after;
    int instead; /* a status; 0: the server is asked */
    unsigned sent, answered;
};

static enum err spoil_before(void *context, const struct http_call *q)
{
    struct spoiler *s = context;
    s->sent += strcmp(q->method, "POST") == 0;
    return s->before;
}

static enum err spoil_after(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    (void)q;
    struct spoiler *s = context;
    s->answered += e == ERR_OK && p->status == 201;
    return s->after ? s->after : e;
}

static bool spoil_instead(void *context, const struct http_call *q, struct http_response *p)
{
    const struct spoiler *s = context;
    (void)q;
    return s->instead && http_problem(p, s->instead, "busy", "") == ERR_OK;
}

static const struct {
    const char *name;
    enum err before, after, want;
    unsigned reached, answered;
    int instead;
} spoilt[] = {
    { "an observer alone changes nothing", ERR_OK, ERR_OK, ERR_OK, 1, 1, 0 },
    { "a dropped request never arrives", ERR_IO, ERR_OK, ERR_IO, 0, 0, 0 },
    { "a request timed out before sending never arrives", ERR_TIMEOUT, ERR_OK, ERR_TIMEOUT, 0, 0, 0 },
    { "a lost answer was acted upon", ERR_OK, ERR_TIMEOUT, ERR_TIMEOUT, 1, 1, 0 },
    { "a request that somebody else answers never arrives", ERR_OK, ERR_OK, ERR_OK, 0, 0, 503 },
    { "an answer of somebody else can be lost too", ERR_OK, ERR_TIMEOUT, ERR_TIMEOUT, 0, 0, 503 },
    { "a request that never left is answered by nobody", ERR_IO, ERR_OK, ERR_IO, 0, 0, 503 },
};

static void observers_see_and_spoil(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (enum wiring wiring = DIRECT; wiring < WIRINGS; wiring++) {
        for (size_t i = 0; i < COUNT(spoilt); i++) {
            struct spoiler s = { .before = spoilt[i].before, .after = spoilt[i].after, .instead = spoilt[i].instead };
            const struct http_observer o = { spoil_before, spoil_after, &s, spoil_instead };
            struct http_client *c = NULL;
            REQUIRE(http_client_observed_new(world_client(&w, wiring, NULL), &o, &c) == ERR_OK);
            struct http_response p = HTTP_RESPONSE_INIT;
            w.odd.seen = 0;
            CHECK_ROW(spoilt[i].name, call(c, "POST", BASE "/v1/mirror", "x", &p) == spoilt[i].want);
            CHECK_ROW(spoilt[i].name, s.sent == 1 && w.odd.seen == spoilt[i].reached);
            CHECK_ROW(spoilt[i].name, s.answered == spoilt[i].answered);
            CHECK_ROW(spoilt[i].name, spoilt[i].before || p.status == (spoilt[i].instead ? spoilt[i].instead : 201));
            http_client_drop_connections(c);
            CHECK_ROW(spoilt[i].name, http_client_handshakes(c) == (wiring == TLS ? spoilt[i].reached : 0));
            http_response_release(&p);
            http_client_free(c);
        }
    }
    world_close(&w);
}

static void values_are_bounded(void)
{
    struct http_response p = HTTP_RESPONSE_INIT;
    char long_value[600];
    memset(long_value, 'x', sizeof long_value);
    long_value[sizeof long_value - 1] = 0;
    CHECK(http_response_add_header(&p, "X", long_value) == ERR_LIMIT);
    CHECK(http_response_add_header(&p, "X", "a\nb") == ERR_PARSE);
    CHECK(http_response_add_header(&p, "", "a") == ERR_PARSE);
    for (size_t i = 0; i < COUNT(p.header); i++)
        CHECK(http_response_add_header(&p, "X", "1") == ERR_OK);
    CHECK(http_response_add_header(&p, "X", "1") == ERR_LIMIT);
    CHECK(http_json(&p, 200, NULL) == ERR_NOMEM);
    http_response_release(&p);
    CHECK(http_send(NULL, &(struct http_call){ .method = "GET" }, &p) == ERR_IO);
    http_client_free(NULL);
    http_server_stop(NULL);
    http_switch_free(NULL);
}

const struct test contract_tests[] = {
    { "rows hold in both wirings", rows_hold },
    { "malformed calls fail before anything is sent", malformed_calls_fail },
    { "headers travel both ways, bounded", headers_travel },
    { "bodies up to the maximum arrive", bodies_are_bounded },
    { "longer bodies are 413 and the connection goes on", too_long_bodies_are_413 },
    { "long targets are 414", long_targets_are_414 },
    { "client certificates are judged", peers_are_judged },
    { "a killed actor leaves the outcome open and is not called twice", a_killed_actor_leaves_the_outcome_open },
    { "an actor that is down is not reached, and reached again after its restart", an_actor_that_is_down_is_not_reached },
    { "one client serves several threads", one_client_serves_several_threads },
    { "connections are kept until dropped", connections_are_kept_until_dropped },
    { "observers see and spoil exchanges", observers_see_and_spoil },
    { "values are bounded", values_are_bounded },
};
const size_t contract_test_count = COUNT(contract_tests);
