/* The stream of events over a socket: held, filtered, bounded, ended. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eim_tests.h"

struct streaming {
    struct fixture f;
    struct http_server *server;
    char key[2][128]; /* of the two tenants */
    char id[40];      /* of the first key */
};

static void make_key(struct streaming *s, int i, const char *rights)
{
    char body[120];
    json_t *answer = NULL;
    struct lab *l = &s->f.l;
    snprintf(body, sizeof body, "{\"name\":\"reader\",\"rights\":[%s]}", rights);
    REQUIRE(lab_call(l, i ? l->admin : l->eso, "POST", LAB_EIM_URL "/v1/keys", body, &answer) == 201);
    snprintf(s->key[i], sizeof s->key[i], "%s", json_str(answer, "key"));
    if (!i)
        snprintf(s->id, sizeof s->id, "%s", json_str(answer, "id"));
    json_decref(answer);
}

static void open_streaming(struct streaming *s, int64_t heartbeat_ms)
{
    fixture_open(&s->f);
    s->f.l.heartbeat_ms = heartbeat_ms;
    lab_restart(&s->f.l, LAB_EIM);
    make_key(s, 0, "\"read\"");
    make_key(s, 1, "\"read\"");
    REQUIRE(http_server_start(&s->f.l.env, s->f.l.part[LAB_EIM].actor, &(struct http_server_settings){ 0 }, &s->server) == ERR_OK);
}

static void close_streaming(struct streaming *s)
{
    http_server_stop(s->server);
    fixture_close(&s->f);
}

struct reader {
    int fd;
    char got[32768];
    size_t len;
};

static void dial(struct streaming *s, struct reader *r, const char *query, const char *key, const char *last)
{
    char text[600];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(http_server_port(s->server)) };
    const struct timeval patience = { .tv_sec = 20 };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->len = 0;
    r->got[0] = 0;
    r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(r->fd >= 0 && setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(connect(r->fd, (struct sockaddr *)&at, sizeof at) == 0);
    int n = snprintf(text, sizeof text, "GET /v1/events%s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n%s%s%s\r\n", query, key,
                     last ? "Last-Event-ID: " : "", last ? last : "", last ? "\r\n" : "");
    REQUIRE(send(r->fd, text, (size_t)n, MSG_NOSIGNAL) == n);
}

/* Reads until this text has come; false: the end came before. */
static bool reads(struct reader *r, const char *want)
{
    while (!strstr(r->got, want)) {
        ssize_t n = recv(r->fd, r->got + r->len, sizeof r->got - 1 - r->len, 0);
        if (n <= 0)
            return false;
        r->len += (size_t)n;
        r->got[r->len] = 0;
    }
    return true;
}

#define THE_END "\r\n0\r\n"
#define BEGUN "id: "

/* An event of a tenant: an order that is cancelled. */
static void happen(struct streaming *s, int tenant, const char *reference)
{
    char body[120], url[160];
    json_t *answer = NULL;
    struct lab *l = &s->f.l;
    struct http_client *as = tenant ? l->admin : l->eso;
    const char *eid = tenant ? LAB_OTHER_EID : LAB_EID;
    if (tenant)
        lab_call(l, as, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL);
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"kind\":\"list\"}", reference);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs/%s/orders", eid);
    REQUIRE(lab_call(l, as, "POST", url, body, &answer) == 202);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", json_str(answer, "orderId"));
    json_decref(answer);
    REQUIRE(lab_call(l, as, "DELETE", url, "", NULL) == 200);
}

static void events_come_as_they_happen(void)
{
    struct streaming s;
    struct reader r;
    open_streaming(&s, 0);
    happen(&s, 0, "before");
    dial(&s, &r, "", s.key[0], NULL);
    CHECK(reads(&r, BEGUN "1\n\n") && strstr(r.got, "text/event-stream"));
    for (int i = 0; i < 20; i++) {
        char reference[24], wanted[40];
        snprintf(reference, sizeof reference, "order-%d-", i);
        snprintf(wanted, sizeof wanted, "\"reference\":\"%s\"", reference);
        happen(&s, 0, reference);
        CHECK(reads(&r, wanted));
    }
    CHECK(reads(&r, "id: 21\nevent: order.ended\n") && !strstr(r.got, "before") && !strstr(r.got, THE_END));
    close(r.fd);
    close_streaming(&s);
}

static void a_reader_hears_his_own_tenant(void)
{
    struct streaming s;
    struct reader r[2];
    open_streaming(&s, 0);
    for (int i = 0; i < 2; i++) {
        dial(&s, &r[i], "", s.key[i], NULL);
        CHECK(reads(&r[i], BEGUN "0"));
    }
    happen(&s, 0, "ours");
    happen(&s, 1, "theirs");
    CHECK(reads(&r[0], "\"ours\"") && reads(&r[1], "\"theirs\""));
    CHECK(!strstr(r[0].got, "theirs") && !strstr(r[1].got, "ours"));
    for (int i = 0; i < 2; i++)
        close(r[i].fd);
    close_streaming(&s);
}

static void a_reader_comes_back(void)
{
    struct streaming s;
    struct reader r;
    open_streaming(&s, 0);
    for (int i = 0; i < 3; i++) {
        char reference[16];
        snprintf(reference, sizeof reference, "missed-%d", i);
        happen(&s, 0, reference);
    }
    dial(&s, &r, "?follow=true", s.key[0], "1");
    CHECK(reads(&r, "missed-2") && strstr(r.got, "missed-1") && !strstr(r.got, "missed-0"));
    happen(&s, 0, "new");
    CHECK(reads(&r, "\"new\""));
    close(r.fd);
    close_streaming(&s);
}

static void a_quiet_stream_says_so(void)
{
    struct streaming s;
    struct reader r;
    open_streaming(&s, 5);
    dial(&s, &r, "", s.key[0], NULL);
    CHECK(reads(&r, "\n:\n\n"));
    r.len = 0;
    r.got[0] = 0;
    CHECK(reads(&r, "\n:\n\n"));
    close(r.fd);
    close_streaming(&s);
}

/* Whose key is taken back hears no more, from the next event on. */
static void a_key_taken_back_ends_its_stream(void)
{
    struct streaming s;
    struct reader r;
    char url[120];
    open_streaming(&s, 0);
    dial(&s, &r, "", s.key[0], NULL);
    CHECK(reads(&r, BEGUN "0"));
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/keys/%s", s.id);
    CHECK(lab_call(&s.f.l, s.f.l.eso, "DELETE", url, "", NULL) == 204);
    happen(&s, 0, "secret");
    CHECK(reads(&r, THE_END) && !strstr(r.got, "secret"));
    close(r.fd);
    close_streaming(&s);
}

static void streams_are_bounded(void)
{
    struct streaming s;
    static struct reader r[16];
    static struct reader more;
    open_streaming(&s, 0);
    for (size_t i = 0; i < COUNT(r); i++) {
        dial(&s, &r[i], "", s.key[0], NULL);
        CHECK(reads(&r[i], BEGUN "0"));
    }
    dial(&s, &more, "", s.key[0], NULL);
    CHECK(reads(&more, "too many streams") && strstr(more.got, " 503 ") && strstr(more.got, "Retry-After: "));
    close(more.fd);
    dial(&s, &more, "?follow=false", s.key[0], "0"); /* holds nothing */
    CHECK(reads(&more, "retry: 2000") && strstr(more.got, " 200 ") && strstr(more.got, "Content-Length: "));
    close(more.fd);
    dial(&s, &more, "", s.key[1], NULL); /* another tenant's */
    CHECK(reads(&more, BEGUN "0"));
    happen(&s, 0, "heard");
    for (size_t i = 0; i < COUNT(r); i++)
        CHECK(reads(&r[i], "\"heard\""));
    http_server_stop(s.server);
    s.server = NULL;
    for (size_t i = 0; i < COUNT(r); i++) {
        CHECK(!reads(&r[i], "never")); /* ended, and not by the patience of the socket */
        close(r[i].fd);
    }
    close(more.fd);
    close_streaming(&s);
}

static const struct {
    const char *name, *query, *key, *want;
} refused[] = {
    { "no word for following", "?follow=", NULL, " 400 " },
    { "another word for following", "?follow=yes", NULL, " 400 " },
    { "a key that is none", "", "00000000-0000-0000-0000-000000000000.00", " 401 " },
    { "a key without the right to read", "", "order", " 403 " },
};

static void not_everybody_may_read(void)
{
    struct streaming s;
    static struct reader r;
    open_streaming(&s, 0);
    for (size_t i = 0; i < COUNT(refused); i++) {
        if (refused[i].key && strcmp(refused[i].key, "order") == 0)
            make_key(&s, 1, "\"order\"");
        const char *key = !refused[i].key ? s.key[0] : refused[i].key[0] == 'o' ? s.key[1] : refused[i].key;
        dial(&s, &r, refused[i].query, key, NULL);
        CHECK_ROW(refused[i].name, reads(&r, refused[i].want));
        close(r.fd);
    }
    close_streaming(&s);
}

const struct test stream_tests[] = {
    { "events come as they happen", events_come_as_they_happen },
    { "a reader of a stream hears his own tenant", a_reader_hears_his_own_tenant },
    { "a reader who comes back gets what he missed, and what comes", a_reader_comes_back },
    { "a stream that is quiet says so", a_quiet_stream_says_so },
    { "a stream ends when its key is taken back", a_key_taken_back_ends_its_stream },
    { "streams are bounded, and end with the eIM", streams_are_bounded },
    { "not everybody may read the stream", not_everybody_may_read },
};
const size_t stream_tests_count = COUNT(stream_tests);
