/* Answers that go on: given piece by piece, suspended while there is nothing, ended by either side and by the listener. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

/* An actor with one stream at a time, which gives what it is told to. */
struct spring {
    struct actor actor;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct flow {
        struct http_stream stream;
        struct spring *spring;
    } *flow;             /* NULL: nobody reads */
    char water[64];      /* what the next more() gives */
    unsigned asked, quiet, freed;
    size_t flood;        /* octets that every more() gives; 0: water */
    bool dry;            /* the next more() ends it */
    int64_t quiet_ms;
};

static enum err more(struct http_stream *s, bool quiet, struct buf *out)
{
    static const uint8_t drop[64 << 10];
    struct spring *p = ((struct flow *)s)->spring;
    pthread_mutex_lock(&p->lock);
    p->asked++;
    p->quiet += quiet;
    enum err e = p->dry ? ERR_NOT_FOUND : p->flood ? buf_put(out, span_of(drop, p->flood)) : buf_put_str(out, p->water);
    if (!e && quiet && !out->len)
        e = buf_put_str(out, ":quiet:");
    p->water[0] = 0;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
    return e;
}

static void flow_free(struct http_stream *s)
{
    struct spring *p = ((struct flow *)s)->spring;
    pthread_mutex_lock(&p->lock);
    p->freed++;
    p->flow = NULL;
    pthread_cond_broadcast(&p->change);
    pthread_mutex_unlock(&p->lock);
    free(s);
}

static const struct http_stream_ops flow_ops = { more, flow_free };

static enum err begin(void *actor, const struct http_request *q, struct http_response *p)
{
    struct spring *s = actor;
    struct flow *f = calloc(1, sizeof *f);
    (void)q;
    REQUIRE(f != NULL);
    *f = (struct flow){ { .ops = &flow_ops, .quiet_ms = s->quiet_ms }, s };
    pthread_mutex_lock(&s->lock);
    s->flow = f;
    pthread_mutex_unlock(&s->lock);
    p->stream = &f->stream;
    return http_text(p, 200, "text/plain", (struct span){ 0 });
}

static enum err plain(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    return http_text(p, 200, "text/plain", span_str("plain"));
}

static const struct http_route routes[] = { { "GET", "/flow", begin }, { "GET", "/plain", plain } };
static const struct actor_ops ops = { .role = "spring", .routes = routes, .route_count = COUNT(routes) };

/* --- a reader byte by byte ------------------------------------------------------------------------------------- */

struct reader {
    int fd;
    char got[8192];
    size_t len;
};

static void dial(struct reader *r, struct http_server *s, const char *path)
{
    char text[100];
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(http_server_port(s)) };
    const struct timeval patience = { .tv_sec = 20 };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *r = (struct reader){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    REQUIRE(r->fd >= 0 && setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(connect(r->fd, (struct sockaddr *)&at, sizeof at) == 0);
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
    REQUIRE(send(r->fd, text, (size_t)n, MSG_NOSIGNAL) == n);
}

/* Reads until this text has come; false: the end came before. */
static bool reads(struct reader *r, const char *want)
{
    while (!strstr(r->got, want)) {
        ssize_t n = recv(r->fd, r->got + r->len, sizeof r->got - 1 - r->len, 0);
        if (n <= 0)
            return false; /* the end, or more than there is room for */
        r->len += (size_t)n;
        r->got[r->len] = 0;
    }
    return true;
}

#define THE_END "\r\n0\r\n"

static void open_spring(struct spring *p, struct world *w, unsigned threads, struct http_server **server)
{
    *p = (struct spring){ .actor = { &ops }, .quiet_ms = 60000 };
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->change, NULL);
    world_open(w);
    REQUIRE(http_server_start(&w->env, &p->actor, &(struct http_server_settings){ .threads = threads }, server) == ERR_OK);
}

static void close_spring(struct spring *p, struct world *w, struct http_server *server)
{
    http_server_stop(server);
    CHECK(p->flow == NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->change);
    world_close(w);
}

/* There is more: told while nobody can free it. */
static void pour(struct spring *p, const char *water, bool dry)
{
    pthread_mutex_lock(&p->lock);
    snprintf(p->water, sizeof p->water, "%s", water);
    p->dry = dry;
    if (p->flow)
        http_stream_wake(&p->flow->stream);
    pthread_mutex_unlock(&p->lock);
}

/* What the next one who asks gets; nobody is told. */
static void fill(struct spring *p, const char *water)
{
    pthread_mutex_lock(&p->lock);
    snprintf(p->water, sizeof p->water, "%s", water);
    pthread_mutex_unlock(&p->lock);
}

static unsigned words_of_quiet(struct spring *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned quiet = p->quiet;
    pthread_mutex_unlock(&p->lock);
    return quiet;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

static void pieces_come_when_there_are_some(void)
{
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct world w;
        struct spring p;
        struct http_server *server = NULL;
        struct reader r;
        open_spring(&p, &w, threads, &server);
        fill(&p, "first");
        dial(&r, server, "/flow");
        CHECK(reads(&r, "first"));
        for (int i = 0; i < 50; i++) {
            char piece[16];
            snprintf(piece, sizeof piece, "piece-%d.", i);
            pour(&p, piece, false);
            CHECK(reads(&r, piece));
        }
        CHECK(strstr(r.got, THE_END) == NULL && words_of_quiet(&p) == 0);
        pour(&p, "", true);
        CHECK(reads(&r, THE_END));
        close(r.fd);
        close_spring(&p, &w, server);
    }
}

static void who_is_quiet_is_asked_for_a_word(void)
{
    struct world w;
    struct spring p;
    struct http_server *server = NULL;
    struct reader r;
    open_spring(&p, &w, 1, &server);
    p.quiet_ms = 5;
    dial(&r, server, "/flow");
    CHECK(reads(&r, ":quiet:"));
    r.len = r.got[0] = 0;
    CHECK(reads(&r, ":quiet:")); /* again and again */
    close(r.fd);
    close_spring(&p, &w, server);
}

static void wait_until_asked(struct spring *p, unsigned times)
{
    pthread_mutex_lock(&p->lock);
    while (p->asked < times)
        pthread_cond_wait(&p->change, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

static void a_listener_that_ends_ends_its_readers(void)
{
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        struct world w;
        struct spring p;
        struct http_server *server = NULL;
        struct reader r[3];
        open_spring(&p, &w, threads, &server);
        for (size_t i = 0; i < COUNT(r); i++) {
            fill(&p, "hello");
            dial(&r[i], server, "/flow");
            CHECK(reads(&r[i], "hello"));
            wait_until_asked(&p, 2 * (unsigned)(i + 1)); /* and had nothing more: the next water is the next reader's */
        }
        close_spring(&p, &w, server);
        CHECK(p.freed == COUNT(r));
        for (size_t i = 0; i < COUNT(r); i++)
            close(r[i].fd);
    }
}

/* Who went away is noticed by the words that he does not take. */
static void a_reader_that_went_is_forgotten(void)
{
    struct world w;
    struct spring p;
    struct http_server *server = NULL;
    struct reader r;
    open_spring(&p, &w, 1, &server);
    p.quiet_ms = 5;
    dial(&r, server, "/flow");
    CHECK(reads(&r, ":quiet:"));
    close(r.fd);
    pthread_mutex_lock(&p.lock);
    while (!p.freed)
        pthread_cond_wait(&p.change, &p.lock);
    pthread_mutex_unlock(&p.lock);
    close_spring(&p, &w, server);
}

/* Who does not read is not asked for: what is made for him is bounded by what the sockets take, and others are served. */
static void a_slow_reader_holds_up_nobody(void)
{
    struct world w;
    struct spring p;
    struct http_server *server = NULL;
    struct reader slow;
    open_spring(&p, &w, 1, &server);
    p.flood = 64 << 10;
    dial(&slow, server, "/flow");
    CHECK(reads(&slow, "200"));
    for (int i = 0; i < 200; i++) {
        struct reader other;
        dial(&other, server, "/plain");
        CHECK(reads(&other, "plain"));
        close(other.fd);
    }
    pthread_mutex_lock(&p.lock);
    CHECK(p.asked < 512); /* 32 MiB */
    pthread_mutex_unlock(&p.lock);
    close_spring(&p, &w, server);
    close(slow.fd);
}

static void a_direct_caller_gets_what_there_is(void)
{
    struct world w;
    struct spring p;
    struct http_server *server = NULL;
    struct http_client *c = NULL;
    struct http_response a = HTTP_RESPONSE_INIT;
    open_spring(&p, &w, 1, &server);
    REQUIRE(http_switch_set(w.direct, "spring.example.com", &p.actor, NULL, &w.log) == ERR_OK);
    REQUIRE(http_client_direct_new(w.direct, (struct span){ 0 }, &c) == ERR_OK);
    fill(&p, "all there is");
    CHECK(http_send(c, &(struct http_call){ .method = "GET", .url = "https://spring.example.com/flow" }, &a) == ERR_OK);
    CHECK(span_equal(buf_span(&a.body), span_str("all there is")) && p.freed == 1 && p.quiet == 0);
    http_response_release(&a);
    http_client_free(c);
    close_spring(&p, &w, server);
}

const struct test stream_tests[] = {
    { "pieces of an answer come when there are some, and no sooner", pieces_come_when_there_are_some },
    { "an answer that is quiet is asked for a word", who_is_quiet_is_asked_for_a_word },
    { "a listener that ends ends the answers that go on", a_listener_that_ends_ends_its_readers },
    { "a reader that went away is forgotten", a_reader_that_went_is_forgotten },
    { "a slow reader holds up nobody, and costs a bounded amount", a_slow_reader_holds_up_nobody },
    { "in direct wiring a caller gets what there is at once", a_direct_caller_gets_what_there_is },
};
const size_t stream_test_count = COUNT(stream_tests);
