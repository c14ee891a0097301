/* Peers that do not play by the rules, played byte by byte. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

static int dial(const struct world *w)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(http_server_port(w->server)) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const struct timeval patience = { .tv_sec = 20 };
    REQUIRE(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    REQUIRE(connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* A TLS client that verifies nothing: it only wants to be rude. */
struct rude {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int fd;
};

static int rude_open(struct rude *r, const struct world *w, const char *priorities)
{
    r->fd = dial(w);
    REQUIRE(gnutls_init(&r->session, GNUTLS_CLIENT) == 0);
    REQUIRE(gnutls_certificate_allocate_credentials(&r->credentials) == 0);
    REQUIRE(gnutls_priority_set_direct(r->session, priorities, NULL) == 0);
    REQUIRE(gnutls_credentials_set(r->session, GNUTLS_CRD_CERTIFICATE, r->credentials) == 0);
    gnutls_transport_set_int(r->session, r->fd);
    int n;
    do
        n = gnutls_handshake(r->session);
    while (n < 0 && !gnutls_error_is_fatal(n));
    return n;
}

static void rude_close(struct rude *r)
{
    gnutls_deinit(r->session);
    gnutls_certificate_free_credentials(r->credentials);
    close(r->fd);
}

/* Sends text and reads until the peer closes or `want` has come. */
static bool rude_ask(struct rude *r, const char *text, const char *want)
{
    char answer[4096] = "";
    size_t got = 0;
    size_t len = strlen(text);
    for (ssize_t n; len; text += n, len -= (size_t)n)
        if ((n = gnutls_record_send(r->session, text, len)) <= 0)
            return false;
    while (got < sizeof answer - 1 && (want[0] == 0 || !strstr(answer, want))) {
        ssize_t n = gnutls_record_recv(r->session, answer + got, sizeof answer - 1 - got);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            return false; /* the patience of the socket ran out */
        if (n <= 0)
            break;
        got += (size_t)n;
        answer[got] = 0;
    }
    return want[0] ? strstr(answer, want) != NULL : got == 0;
}

static const struct {
    const char *name, *priorities;
    bool accepted;
} versions[] = {
    { "TLS 1.1 is refused", "NORMAL:%COMPAT:-VERS-ALL:+VERS-TLS1.1:+SHA1", false },
    { "TLS 1.0 is refused", "NORMAL:%COMPAT:-VERS-ALL:+VERS-TLS1.0:+SHA1", false },
    { "TLS 1.2 is spoken", "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
    { "TLS 1.3 is spoken", "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
};

static void versions_are_bounded(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct rude r;
        int n = rude_open(&r, &w, versions[i].priorities);
        CHECK_ROW(versions[i].name, (n == 0) == versions[i].accepted);
        rude_close(&r);
    }
    world_close(&w);
}

static char long_headers[48 << 10];

static const struct {
    const char *name, *text, *want; /* want "": closed without an answer */
} requests[] = {
    { "an honest request is answered", "GET /v1/echo HTTP/1.1\r\nHost: a\r\n\r\n", "200" },
    { "what is no request is closed without an answer", "garbage\r\n\r\n", "" },
    { "a target without a slash is 400", "GET v1/echo HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
    { "an absolute target is 400", "GET http://a/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n", "400" },
    { "a Content-Length that is no number is 400", "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
      "400" },
    { "a negative Content-Length is 400", "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400" },
    { "a Content-Length of a petabyte is 413 at once",
      "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000000\r\n\r\n", "413" },
    { "more body than announced is no second request",
      "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabXX\r\n\r\n", "\r\n\r\nab" },
    { "a chunked body is read", "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\n", "abc" },
    { "a broken chunk is 400", "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400" },
    { "headers beyond the limit are 431", long_headers, "431" },
};

static void rude_requests_are_refused(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    int n = snprintf(long_headers, sizeof long_headers, "GET /v1/echo HTTP/1.1\r\nHost: a\r\nX-Long: ");
    memset(long_headers + n, 'x', sizeof long_headers - 1 - (size_t)n);
    for (size_t i = 0; i < COUNT(requests); i++) {
        struct rude r;
        REQUIRE(rude_open(&r, &w, "NORMAL") == 0);
        CHECK_ROW(requests[i].name, rude_ask(&r, requests[i].text, requests[i].want));
        rude_close(&r);
    }
    CHECK(w.odd.seen == 3); /* the honest one, the one with too much after it, the chunked one */
    world_close(&w);
}

static void too_many_headers_are_431(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    struct buf text = { .max = 8000 };
    enum err e = buf_put_str(&text, "GET /v1/echo HTTP/1.1\r\nHost: a\r\n");
    for (unsigned i = 0; !e && i < HTTP_HEADERS_MAX + 2; i++)
        e = buf_printf(&text, "X-%u: 1\r\n", i);
    REQUIRE(e == ERR_OK && buf_put_str(&text, "\r\n") == ERR_OK);
    struct rude r;
    REQUIRE(rude_open(&r, &w, "NORMAL") == 0);
    CHECK(rude_ask(&r, buf_cstr(&text), "431") && w.odd.seen == 0);
    rude_close(&r);
    buf_release(&text);
    world_close(&w);
}

static void garbage_on_the_port_harms_nobody(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ 0 });
    static const char *const garbage[] = { "GET /v1/echo HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02",
                                           "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80" };
    for (size_t i = 0; i < COUNT(garbage); i++) {
        int fd = dial(&w);
        CHECK(send(fd, garbage[i], strlen(garbage[i]), MSG_NOSIGNAL) == (ssize_t)strlen(garbage[i]));
        close(fd);
    }
    struct http_client *c = world_client(&w, TLS, NULL);
    struct http_response p = HTTP_RESPONSE_INIT;
    CHECK(call(c, "GET", "https://" SERVER_NAME "/v1/echo", NULL, &p) == ERR_OK && p.status == 200);
    CHECK(w.odd.seen == 1);
    http_response_release(&p);
    http_client_free(c);
    world_close(&w);
}

static void a_silent_peer_is_closed(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .idle_seconds = 1 });
    struct rude r;
    REQUIRE(rude_open(&r, &w, "NORMAL") == 0);
    CHECK(rude_ask(&r, "POST /v1/mirror HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", ""));
    CHECK(w.odd.seen == 0);
    rude_close(&r);
    world_close(&w);
}

/* A byte each 100 ms never lets the idle time-out strike; the listener still cuts it. */
static void a_dripping_peer_is_cut(void)
{
    struct world w;
    world_open(&w);
    world_serve(&w, (struct http_server_settings){ .idle_seconds = 1, .request_seconds = 1 });
    struct rude r;
    REQUIRE(rude_open(&r, &w, "NORMAL") == 0);
    const struct timeval beat = { .tv_usec = 100000 };
    REQUIRE(setsockopt(r.fd, SOL_SOCKET, SO_RCVTIMEO, &beat, sizeof beat) == 0);
    bool open = gnutls_record_send(r.session, "GET /v1/", 8) == 8;
    unsigned beats = 0;
    for (char c; open && beats < 100; beats++) {
        ssize_t n = gnutls_record_recv(r.session, &c, 1);
        open = n == GNUTLS_E_AGAIN && gnutls_record_send(r.session, "x", 1) == 1;
    }
    CHECK(!open && beats >= 10 && beats < 60);
    rude_close(&r);
    world_close(&w);
}

const struct test raw_tests[] = {
    { "only TLS 1.2 and 1.3 are spoken", versions_are_bounded },
    { "rude requests are refused", rude_requests_are_refused },
    { "too many headers are 431", too_many_headers_are_431 },
    { "garbage on the port harms nobody", garbage_on_the_port_harms_nobody },
    { "a silent peer is closed", a_silent_peer_is_closed },
    { "a dripping peer is cut", a_dripping_peer_is_cut },
};
const size_t raw_test_count = COUNT(raw_tests);
