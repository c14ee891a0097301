/* The SM-DP+ behind its TLS listener, and callers that are not whom they should be or do not speak as they should: each is
 * refused, and leaves the store as it was. */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab.h"

#define HOST "smdp.example.com"
#define PROFILE                                                                                                    \
    "{\"profiles\":[{\"iccid\":\"" LAB_LEAD_ICCID "\",\"imsi\":\"" LAB_LEAD_IMSI "\",\"operator\":\"eso\",\"k\":\"" LAB_K        \
    "\",\"opc\":\"" LAB_OPC "\"}]}"
#define BATCH                                                                                                      \
    "{\"operator\":\"eso\",\"count\":3,\"checkDigit\":false,\"firstIccid\":\"8949000000000000000\",\"firstImsi\":"            \
    "\"262420000000000\"}"
#define ORDER                                                                                                      \
    "{\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"},\"iccid\":\"" LAB_PARTNER_ICCID     \
    "\"}"

struct tls {
    struct lab l;
    struct buf roots;
    struct net net;
    struct http_server *server;
    struct env env; /* of the callers: the lab's clock */
};

static void open_tls(struct tls *t)
{
    struct lab *l = &t->l;
    lab_open(l);
    lab_import(l);
    t->roots = (struct buf){ .max = 64 << 10 };
    t->net = (struct net){ 0 };
    t->env = l->env;
    REQUIRE(pki_roots_pem(l->pki, &t->roots) == ERR_OK);
    const struct pki_item *item = NULL;
    REQUIRE(pki_server(l->pki, HOST, &item) == ERR_OK);
    const struct http_server_settings s = { .host = "127.0.0.1", .identity = { item->pem, item->key_pem },
                                            .clients = l->operators, .request_seconds = 1, .idle_seconds = 5 };
    REQUIRE(http_server_start(&l->part[LAB_SMDP].env, l->part[LAB_SMDP].actor, &s, &t->server) == ERR_OK);
    REQUIRE(net_add(&t->net, HOST, "127.0.0.1", http_server_port(t->server)) == ERR_OK);
}

static void close_tls(struct tls *t)
{
    http_server_stop(t->server);
    net_release(&t->net);
    buf_release(&t->roots);
    lab_close(&t->l);
}

/* All that the store says, but for what time alone changes. */
static void picture(struct tls *t, char out[512])
{
    struct buf text = { .max = 500 };
    REQUIRE(db_get(t->l.part[LAB_SMDP].env.db,
                   "SELECT (SELECT group_concat(iccid || ':' || state || ':' || COALESCE(eid, '')) FROM profile) || ' history '"
                   " || (SELECT COUNT(*) FROM history) || ' sessions ' || (SELECT COUNT(*) FROM session) || ' batches ' ||"
                   " (SELECT COUNT(*) FROM batch) || ' types ' || (SELECT COUNT(*) FROM profile_type) || ' progress ' ||"
                   " (SELECT COUNT(*) FROM progress)",
                   NULL, 0, &text) == ERR_OK);
    snprintf(out, 512, "%s", buf_cstr(&text));
    buf_release(&text);
}

/* One call: its HTTP status; "refused" in *refused for an ES2+ answer that says Failed. */
static int call(struct tls *t, const struct pki_item *as, const char *path, const char *type, struct span body, bool *refused)
{
    struct http_client *client = NULL;
    struct http_response p = HTTP_RESPONSE_INIT;
    struct http_header headers[2] = { { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct http_client_settings s = { .net = &t->net, .roots_pem = buf_span(&t->roots), .user_agent = "test" };
    char url[200];
    if (as)
        s.identity = (struct tls_identity){ as->pem, as->key_pem };
    REQUIRE(http_client_tls_new(&t->env, &s, &client) == ERR_OK);
    snprintf(url, sizeof url, "https://" HOST "%s", path);
    if (type)
        headers[1] = (struct http_header){ "Content-Type", type };
    const struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = type ? 2 : 1,
                                 .body = body, .deadline_ms = 20000 };
    enum err e = http_send(client, &q, &p);
    int status = e ? -(int)e : p.status;
    *refused = !e && p.body.len && strstr(buf_cstr(&p.body), "\"Failed\"") != NULL;
    http_response_release(&p);
    http_client_free(client);
    return status;
}

static const struct {
    const char *name, *path, *body;
} calls[] = {
    { "an import", "/v1/profiles", PROFILE },
    { "a batch", "/v1/stock", BATCH },
    { "an order", "/gsma/rsp2/es2plus/downloadOrder", ORDER },
};

/* --- who calls -------------------------------------------------------------------------------------------- */

static void callers_are_whom_they_show(void)
{
    static struct tls t;
    struct pki *foreign = NULL;
    char before[512], after[512];
    open_tls(&t);
    REQUIRE(pki_new(t.l.crypto, clock_now(&t.l.clock.clock), &foreign) == ERR_OK);
    const struct pki_item *other_ca = NULL, *unlisted = NULL;
    REQUIRE(pki_client(foreign, "ADMIN", &other_ca) == ERR_OK && pki_client(t.l.pki, "NEWCOMER", &unlisted) == ERR_OK);
    const struct {
        const char *name;
        const struct pki_item *as;
        const char *cause; /* in the log */
    } who[] = {
        { "an expired certificate", lab_item(&t.l, "CERT_OPERATOR_ESO_EXPIRED"), "validity is over" },
        { "a certificate for servers only", lab_item(&t.l, "CERT_OPERATOR_ESO_SERVER_ONLY"), "usage" },
        { "a certificate of a foreign CA in the administrator's name", other_ca, "not pinned" },
        { "a server's certificate of the Test CI", lab_item(&t.l, "CERT_S_SM_DP_TLS_NIST"), "not pinned" },
        { "no certificate", NULL, "" },
        { "a good certificate of somebody who is no client", unlisted, "" },
    };
    picture(&t, before);
    for (size_t i = 0; i < COUNT(who); i++)
        for (size_t k = 0; k < COUNT(calls); k++) {
            char row[160];
            bool refused = false;
            size_t said = lab_log_length(&t.l);
            snprintf(row, sizeof row, "%s, %s", who[i].name, calls[k].name);
            int status = call(&t, who[i].as, calls[k].path, "application/json", span_str(calls[k].body), &refused);
            CHECK_ROW(row, status == 403 || (status == 200 && refused));
            CHECK_ROW(row, lab_warned(&t.l, said, who[i].cause));
            CHECK_ROW(row, lab_warned(&t.l, said, status == 403 ? "http.refused" : "8.2.1"));
            picture(&t, after);
            CHECK_ROW(row, strcmp(before, after) == 0);
            if (strcmp(before, after) != 0 || (status != 403 && !refused))
                printf("\n    row \"%s\": %d, %s", row, status, after);
        }
    pki_free(foreign);
    close_tls(&t);
}

/* The same three from those who may: so that a refusal above means something. */
static void the_right_callers_are_served(void)
{
    static struct tls t;
    bool refused = true;
    char before[512], after[512];
    open_tls(&t);
    picture(&t, before);
    const struct pki_item *admin = lab_item(&t.l, "CERT_OPERATOR_ADMIN"), *eso = lab_item(&t.l, "CERT_OPERATOR_ESO");
    for (size_t k = 0; k < COUNT(calls); k++) {
        int status = call(&t, k == 2 ? eso : admin, calls[k].path, "application/json", span_str(calls[k].body), &refused);
        CHECK_ROW(calls[k].name, status == 200 && !refused);
        picture(&t, after);
        CHECK_ROW(calls[k].name, strcmp(before, after) != 0);
        snprintf(before, sizeof before, "%s", after);
    }
    close_tls(&t);
}

/* --- what they say ---------------------------------------------------------------------------------------- */

static void content_types_are_held(void)
{
    static const char *const types[] = { NULL, "text/plain", "application/x-www-form-urlencoded", "application/jsonp",
                                         "application/x-gsma-rsp-asn1", "multipart/form-data; boundary=x", "json" };
    static struct tls t;
    char before[512], after[512];
    open_tls(&t);
    picture(&t, before);
    const struct pki_item *admin = lab_item(&t.l, "CERT_OPERATOR_ADMIN"), *eso = lab_item(&t.l, "CERT_OPERATOR_ESO");
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t k = 0; k < COUNT(calls); k++) {
            char row[160];
            bool refused = false;
            size_t said = lab_log_length(&t.l);
            snprintf(row, sizeof row, "%s as %s", calls[k].name, types[i] ? types[i] : "nothing");
            int status = call(&t, k == 2 ? eso : admin, calls[k].path, types[i], span_str(calls[k].body), &refused);
            CHECK_ROW(row, k == 2 ? status >= 400 || refused : status == 415);
            CHECK_ROW(row, lab_warned(&t.l, said, "application/json"));
            picture(&t, after);
            CHECK_ROW(row, strcmp(before, after) == 0);
            if (strcmp(before, after) != 0 || (k != 2 && status != 415))
                printf("\n    row \"%s\": %d, %s", row, status, after);
        }
    bool refused = true;
    CHECK(call(&t, admin, "/v1/profiles", "Application/JSON; charset=utf-8", span_str(PROFILE), &refused) == 200);
    close_tls(&t);
}

/* A body of so many octets: `head`, then spaces, then `tail`. */
static void padded(const char *head, const char *tail, size_t size, struct buf *out)
{
    static const uint8_t spaces[4096] = { [0 ... 4095] = ' ' };
    size_t rest = size - strlen(head) - strlen(tail);
    REQUIRE(buf_put_str(out, head) == ERR_OK);
    for (; rest; rest -= rest < sizeof spaces ? rest : sizeof spaces)
        REQUIRE(buf_put(out, span_of(spaces, rest < sizeof spaces ? rest : sizeof spaces)) == ERR_OK);
    REQUIRE(buf_put_str(out, tail) == ERR_OK);
}

static void bodies_are_bounded(void)
{
    static struct tls t;
    char before[512], after[512];
    open_tls(&t);
    const struct {
        const char *name, *head, *tail;
        size_t size;
        int status;
        const char *cause; /* in the log */
    } rows[] = {
        { "a body of one octet more than fits", PROFILE, "", HTTP_BODY_MAX + 1, 413, "longer than 4 MiB" },
        { "a body of twice as much", "{", "}", 2 * (size_t)HTTP_BODY_MAX, 413, "longer than 4 MiB" },
        { "a body that fits, and ends in the middle", "{\"profiles\":[", "", 1000, 400, "malformed JSON at" },
        { "JSON as deep as a well", "{\"profiles\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
          "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 200, 400, "nested too deeply" },
        { "a member twice", "{\"profiles\":[],\"profiles\":[],", "\"x\":1}", 100, 400, "a member is named twice at" },
        { "no UTF-8", "{\"profiles\":[],\"x\":\"\xff\xfe\"", "}", 100, 400, "malformed JSON at" },
        { "something behind the end", PROFILE, "x", 400, 400, "malformed JSON at" },
        { "a list", "[", "]", 10, 400, "not a JSON object" },
    };
    const struct pki_item *admin = lab_item(&t.l, "CERT_OPERATOR_ADMIN");
    picture(&t, before);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf body = { .max = 3 * (size_t)HTTP_BODY_MAX };
        bool refused = false;
        size_t said = lab_log_length(&t.l);
        padded(rows[i].head, rows[i].tail, rows[i].size, &body);
        int status = call(&t, admin, "/v1/profiles", "application/json", buf_span(&body), &refused);
        CHECK_ROW(rows[i].name, status == rows[i].status);
        CHECK_ROW(rows[i].name, lab_warned(&t.l, said, rows[i].cause));
        picture(&t, after);
        CHECK_ROW(rows[i].name, strcmp(before, after) == 0);
        if (status != rows[i].status)
            printf("\n    row \"%s\": %d", rows[i].name, status);
        buf_release(&body);
    }
    close_tls(&t);
}

/* --- how they send ---------------------------------------------------------------------------------------- */

/* An administrator's connection, written to by hand. */
struct hand {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int fd;
};

static gnutls_datum_t datum(struct span s)
{
    return (gnutls_datum_t){ (unsigned char *)s.at, (unsigned)s.len };
}

static void open_hand(struct tls *t, struct hand *h)
{
    const struct pki_item *admin = lab_item(&t->l, "CERT_OPERATOR_ADMIN");
    gnutls_datum_t certificate = datum(admin->pem), key = datum(admin->key_pem);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(http_server_port(t->server)) };
    const struct timeval beat = { .tv_usec = 100000 };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(h->fd >= 0 && connect(h->fd, (struct sockaddr *)&at, sizeof at) == 0);
    REQUIRE(gnutls_init(&h->session, GNUTLS_CLIENT) == 0 && gnutls_certificate_allocate_credentials(&h->credentials) == 0);
    REQUIRE(gnutls_certificate_set_x509_key_mem(h->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM) == 0);
    REQUIRE(gnutls_priority_set_direct(h->session, "NORMAL", NULL) == 0);
    REQUIRE(gnutls_credentials_set(h->session, GNUTLS_CRD_CERTIFICATE, h->credentials) == 0);
    gnutls_transport_set_int(h->session, h->fd);
    int n;
    do
        n = gnutls_handshake(h->session);
    while (n < 0 && !gnutls_error_is_fatal(n));
    REQUIRE(n == 0);
    REQUIRE(setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &beat, sizeof beat) == 0);
}

static void close_hand(struct hand *h)
{
    gnutls_deinit(h->session);
    gnutls_certificate_free_credentials(h->credentials);
    close(h->fd);
}

/* An octet a tenth of a second, until it is cut: what came by then was a whole import but for its end. */
static void a_slow_sender_is_cut(void)
{
    static struct tls t;
    struct hand h;
    char before[512], after[512], head[300], octet;
    unsigned beats = 0;
    bool open = true;
    open_tls(&t);
    picture(&t, before);
    open_hand(&t, &h);
    int n = snprintf(head, sizeof head, "POST /v1/profiles HTTP/1.1\r\nHost: " HOST "\r\nContent-Type: application/json\r\n"
                                        "Content-Length: %zu\r\n\r\n", sizeof PROFILE + 999);
    REQUIRE(gnutls_record_send(h.session, head, (size_t)n) == n);
    REQUIRE(gnutls_record_send(h.session, PROFILE, sizeof PROFILE - 1) == (ssize_t)sizeof PROFILE - 1);
    for (; open && beats < 100; beats++) {
        open = gnutls_record_send(h.session, " ", 1) == 1;
        ssize_t got = open ? gnutls_record_recv(h.session, &octet, 1) : 0;
        open = open && (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED);
    }
    CHECK(!open && beats < 60);
    CHECK(lab_warned(&t.l, 0, "did not arrive in time"));
    picture(&t, after);
    CHECK(strcmp(before, after) == 0);
    close_hand(&h);
    close_tls(&t);
}

/* The same import, and its sender is gone before the last octet. */
static void half_a_request_changes_nothing(void)
{
    static struct tls t;
    char before[512], after[512], head[300];
    bool refused = true;
    open_tls(&t);
    picture(&t, before);
    for (size_t sent = 0; sent < sizeof PROFILE - 1; sent += 20) {
        struct hand h;
        open_hand(&t, &h);
        int n = snprintf(head, sizeof head, "POST /v1/profiles HTTP/1.1\r\nHost: " HOST "\r\nContent-Type: application/json"
                                            "\r\nContent-Length: %zu\r\n\r\n", sizeof PROFILE - 1);
        REQUIRE(gnutls_record_send(h.session, head, (size_t)n) == n);
        REQUIRE(!sent || gnutls_record_send(h.session, PROFILE, sent) == (ssize_t)sent);
        close_hand(&h);
    }
    /* The listener takes its connections in turn: when this one is answered, those were seen. */
    CHECK(call(&t, lab_item(&t.l, "CERT_OPERATOR_ADMIN"), "/v1/profiles", "application/json",
               span_str("{\"profiles\":[]}"), &refused) == 200);
    picture(&t, after);
    CHECK(strcmp(before, after) == 0);
    close_tls(&t);
}

int main(void)
{
    static const struct test tests[] = {
        { "those who may are served", the_right_callers_are_served },
        { "expired, foreign and unlisted certificates change nothing", callers_are_whom_they_show },
        { "a wrong content type changes nothing", content_types_are_held },
        { "a body that is too long, or no JSON, changes nothing", bodies_are_bounded },
        { "a slow sender is cut, and changes nothing", a_slow_sender_is_cut },
        { "half a request changes nothing", half_a_request_changes_nothing },
    };
    return tests_main("smdp_http", tests, COUNT(tests));
}
