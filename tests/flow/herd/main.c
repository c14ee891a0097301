/* A herd: ten thousand devices call one eIM at the same moment, each over a connection of its own, and nobody goes away with
 * less or other than his own, however few connections the eIM takes at once. A thousand do it over TLS; LAB_HERD says how many
 * (docs/benchmark.md has what ten thousand took). */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "esipa.h"
#include "lab.h"
#include "line.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define IMPORT_AT_ONCE 1000u
#define CONNECTIONS 4096 /* that the eIM takes at once; the others wait before its door */
#define TLS_CONNECTIONS 256
#define ANSWER_MAX 2048
#define PATIENCE_S 300
#define ICCID LAB_LEAD_ICCID
#define HOST "eim.example.com"
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED /* shadow memory counts too, so that no bound of memory says anything */
#endif
#ifdef __SANITIZE_THREAD__
#define DEVICES 500u /* it is ten times slower, and threads meet as often */
#define TLS_DEVICES 100u
#else
#define DEVICES 10000u
#define TLS_DEVICES 1000u
#endif

struct device {
    char eid[33];
    uint8_t eid_octets[RSP_EID_OCTETS], transaction_id[16];
    struct secret key;
    int64_t counter;
    struct buf request;
    struct line line;
    bool keeps;        /* its connection, over all that it says */
    unsigned calls;    /* until one was answered */
    unsigned answered; /* as it should be */
    size_t sent, got;
    uint8_t answer[ANSWER_MAX];
};

struct herd {
    struct lab lab;
    struct http_server *server;
    struct device *device;
    unsigned count;
    struct ssl_ctx_st *tls; /* NULL: plain */
    bool (*next)(struct herd *h, struct device *d); /* judges an answer; true: there is another request. NULL: one call each */
};

/* --- who is there ------------------------------------------------------------------------------------- */

/* Both ends of each connection are in this process; where that is too much, the herd is smaller. */
static unsigned herd_size(unsigned wanted)
{
    struct rlimit files;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
    rlim_t room = files.rlim_cur > 2 * CONNECTIONS ? files.rlim_cur - 2 * CONNECTIONS : 1;
    return room < wanted ? (unsigned)room : wanted;
}

static json_t *new_device(struct herd *h, struct device *d, unsigned number)
{
    char first30[31];
    struct pki_euicc c = { 0 };
    snprintf(first30, sizeof first30, "890490321234%018u", number);
    REQUIRE(rsp_eid_complete(first30, d->eid) == ERR_OK && rsp_eid_parse(d->eid, d->eid_octets) == ERR_OK);
    REQUIRE(certs_issue_euicc(h->lab.pki, "CERT_EUICC_ECDSA_NIST", d->eid, &c) == ERR_OK);
    json_t *item = json_pack("{s:s}", "eid", d->eid);
    REQUIRE(json_set_base64(item, "euiccCertificate", buf_span(&c.certificate)) == ERR_OK);
    REQUIRE(json_set_base64(item, "eumCertificate", c.eum_certificate) == ERR_OK);
    d->key = c.key;
    d->request.max = ANSWER_MAX;
    d->line.fd = -1;
    pki_euicc_release(&c);
    return item;
}

static void register_some(struct herd *h, unsigned from, unsigned count)
{
    struct buf text = { .max = HTTP_BODY_MAX };
    json_t *list = json_array(), *body = json_pack("{s:o}", "euiccs", list), *answer = NULL;
    int64_t registered = 0;
    for (unsigned i = 0; i < count; i++)
        REQUIRE(json_array_append_new(list, new_device(h, &h->device[from + i], from + i)) == 0);
    REQUIRE(json_write(body, &text) == ERR_OK);
    REQUIRE(lab_call(&h->lab, h->lab.eso, "POST", LAB_EIM_URL "/v1/euiccs/import", buf_cstr(&text), &answer) == 200);
    CHECK(json_int(answer, "registered", &registered) == ERR_OK && registered == (int64_t)count);
    json_decref(answer);
    json_decref(body);
    buf_release(&text);
}

static void order_for_all(struct herd *h)
{
    char url[120], body[120];
    for (unsigned i = 0; i < h->count; i++) {
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs/%s/orders", h->device[i].eid);
        snprintf(body, sizeof body, "{\"reference\":\"r-%u\",\"kind\":\"enable\",\"iccid\":\"" ICCID "\"}", i);
        REQUIRE(lab_call(&h->lab, h->lab.eso, "POST", url, body, NULL) == 202);
    }
}

static void open_herd(struct herd *h, unsigned wanted)
{
    *h = (struct herd){ .count = herd_size(wanted) };
    h->device = calloc(h->count, sizeof *h->device);
    REQUIRE(h->device != NULL);
    lab_open(&h->lab);
    struct lab_part *eim = &h->lab.part[LAB_EIM];
    eim->log.sink = h->lab.log.sink = NULL; /* the lab's sink is for one thread */
    for (unsigned done = 0; done < h->count; done += IMPORT_AT_ONCE)
        register_some(h, done, h->count - done < IMPORT_AT_ONCE ? h->count - done : IMPORT_AT_ONCE);
    order_for_all(h);
}

static void open_door(struct herd *h, unsigned connections)
{
    struct lab_part *eim = &h->lab.part[LAB_EIM];
    struct http_server_settings s = { .host = "127.0.0.1", .connections = connections, .threads = 2 };
    const struct pki_item *tls = NULL;
    if (h->tls) {
        REQUIRE(pki_server(h->lab.pki, HOST, &tls) == ERR_OK);
        s.identity = (struct tls_identity){ tls->pem, tls->key_pem };
    }
    REQUIRE(http_server_start(&eim->env, eim->actor, &s, &h->server) == ERR_OK);
}

static void close_herd(struct herd *h)
{
    http_server_stop(h->server);
    for (unsigned i = 0; i < h->count; i++) {
        buf_release(&h->device[i].request);
        secret_release(&h->device[i].key);
    }
    free(h->device);
    line_tls_free(h->tls);
    lab_close(&h->lab);
}

static long resident_octets(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* --- calling, all at once ------------------------------------------------------------------------------ */

static void set_request(struct device *d, struct span message)
{
    buf_clear(&d->request);
    d->sent = d->got = 0;
    d->calls = 0;
    REQUIRE(buf_printf(&d->request,
                       "POST " ESIPA_PATH " HTTP/1.1\r\nHost: " HOST "\r\nContent-Type: " ESIPA_CONTENT_TYPE
                       "\r\nUser-Agent: gsma-rsp-ipad\r\nX-Admin-Protocol: gsma/rsp/v2.1.0\r\nConnection: %s\r\nContent-Length: %zu\r\n\r\n",
                       d->keeps ? "keep-alive" : "close", message.len) == ERR_OK);
    REQUIRE(buf_put(&d->request, message) == ERR_OK);
}

static void set_poll(struct device *d)
{
    struct buf message = { .max = 256 };
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(d->eid_octets) };
    REQUIRE(rsp_get_eim_package_request_write(&q, &message) == ERR_OK);
    set_request(d, buf_span(&message));
    buf_release(&message);
}

static void connect_to(struct herd *h, struct device *d, uint16_t port, int epoll)
{
    d->sent = d->got = 0;
    d->calls++;
    REQUIRE(line_open(&d->line, port, h->tls, HOST));
    struct epoll_event want = { .events = d->line.wants, .data.ptr = d };
    REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, d->line.fd, &want) == 0);
}

static bool is_complete(const struct device *d)
{
    const char *end = memmem(d->answer, d->got, "\r\n\r\n", 4);
    const char *length = end ? memmem(d->answer, d->got, "Content-Length: ", 16) : NULL;
    return length && length < end && d->got == (size_t)(end + 4 - (const char *)d->answer) + strtoul(length + 16, NULL, 10);
}

/* True while there is more to wait for on this connection. */
static bool go_on(struct herd *h, struct device *d, int epoll)
{
    ssize_t n = 1;
    while (n > 0 && d->sent < d->request.len)
        if ((n = line_put(&d->line, d->request.at + d->sent, d->request.len - d->sent)) > 0)
            d->sent += (size_t)n;
    while (n > 0 && d->got < sizeof d->answer)
        if ((n = line_get(&d->line, d->answer + d->got, sizeof d->answer - d->got)) > 0)
            d->got += (size_t)n;
    if (n == 0 && h->next && is_complete(d))
        return h->next(h, d) && go_on(h, d, epoll);
    struct epoll_event want = { .events = d->line.wants, .data.ptr = d };
    return n == 0 && epoll_ctl(epoll, EPOLL_CTL_MOD, d->line.fd, &want) == 0;
}

/* Every device asks for its connection before anybody has his answer. One that is turned away before its door comes again, as
 * devices do. */
static void call_all(struct herd *h, uint16_t port)
{
    static struct epoll_event ready[1024];
    unsigned left = h->count;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    REQUIRE(epoll >= 0);
    for (unsigned i = 0; i < h->count; i++)
        connect_to(h, &h->device[i], port, epoll);
    while (left) {
        int n = epoll_wait(epoll, ready, (int)COUNT(ready), PATIENCE_S * 1000);
        REQUIRE(n > 0);
        for (int i = 0; i < n; i++) {
            struct device *d = ready[i].data.ptr;
            if (go_on(h, d, epoll))
                continue;
            line_close(&d->line);
            if (d->got)
                left--;
            else
                connect_to(h, d, port, epoll);
        }
    }
    close(epoll);
}

/* The body of a 200; empty otherwise. */
static struct span body_of(const struct device *d)
{
    static const char ok[] = "HTTP/1.1 200 ";
    const char *end = memmem(d->answer, d->got, "\r\n\r\n", 4);
    if (!end || d->got < sizeof ok || memcmp(d->answer, ok, sizeof ok - 1) != 0)
        return (struct span){ 0 };
    size_t head = (size_t)(end + 4 - (const char *)d->answer);
    return span_of(d->answer + head, d->got - head);
}

/* --- what comes ---------------------------------------------------------------------------------------- */

static bool takes_its_package(struct device *d)
{
    struct rsp_get_eim_package_response r;
    if (rsp_get_eim_package_response_read(body_of(d), &r) || r.which != RSP_EIM_PACKAGE_EUICC_PACKAGE)
        return false;
    const struct rsp_euicc_package_signed *s = &r.package.package_signed;
    if (!span_equal(s->eid, SPAN_ARRAY(d->eid_octets)) || s->eim_transaction_id.len != sizeof d->transaction_id)
        return false;
    memcpy(d->transaction_id, s->eim_transaction_id.at, sizeof d->transaction_id);
    d->counter = s->counter;
    return s->counter == 1;
}

/* What its card would have signed: enabled. */
static void set_result(struct herd *h, struct device *d)
{
    const struct rsp_euicc_result enabled = { .which = RSP_RESULT_ENABLE };
    struct buf results = { .max = 64 }, part = { .max = 512 }, message = { .max = 1024 };
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(d->eid_octets),
                                                .result = { .which = RSP_EIM_RESULT_PACKAGE,
                                                            .package.which = RSP_PACKAGE_RESULT_SIGNED } };
    struct rsp_package_result_data *data = &q.result.package.result.data;
    struct ec_signature signature;
    struct ec_key *key = NULL;
    struct rsp_tbs tbs;
    REQUIRE(rsp_euicc_result_write(&enabled, &results) == ERR_OK);
    *data = (struct rsp_package_result_data){ .eim_id = span_str("eim.example.com"), .counter = d->counter, .seq_number = 1,
                                              .eim_transaction_id = SPAN_ARRAY(d->transaction_id),
                                              .results = buf_span(&results) };
    REQUIRE(rsp_package_result_data_write(data, &part) == ERR_OK);
    data->signed_bytes = buf_span(&part);
    rsp_tbs_package_result(data, (struct rsp_int){ 0 }, &tbs);
    REQUIRE(ec_key_from_scalar(h->lab.crypto, EC_P256, secret_span(&d->key), &key) == ERR_OK);
    REQUIRE(ec_sign(h->lab.crypto, key, tbs.part, tbs.count, &signature) == ERR_OK);
    q.result.package.result.signature = SPAN_ARRAY(signature.at);
    REQUIRE(rsp_provide_eim_package_result_write(&q, &message) == ERR_OK);
    set_request(d, buf_span(&message));
    ec_key_free(key);
    buf_release(&results);
    buf_release(&part);
    buf_release(&message);
}

static bool is_acknowledged(struct device *d)
{
    struct rsp_provide_eim_package_result_response r;
    return rsp_provide_eim_package_result_response_read(body_of(d), &r) == ERR_OK && r.which == RSP_PROVIDE_ACKNOWLEDGEMENTS;
}

static bool has_nothing_left(struct device *d)
{
    struct rsp_get_eim_package_response r;
    return rsp_get_eim_package_response_read(body_of(d), &r) == ERR_OK && r.which == RSP_EIM_PACKAGE_ERROR &&
           r.error == RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE;
}

static unsigned count(struct herd *h, bool (*holds)(struct device *d))
{
    unsigned sum = 0;
    for (unsigned i = 0; i < h->count; i++)
        sum += holds(&h->device[i]);
    return sum;
}

static int64_t orders_in(struct herd *h, const char *state)
{
    int64_t count = 0;
    REQUIRE(db_get_int(h->lab.part[LAB_EIM].env.db, "SELECT count(*) FROM orders WHERE state = ?",
                       DB_ARGS(DB_INT(strcmp(state, "done") == 0 ? 2 : 1)), &count) == ERR_OK);
    return count;
}

static unsigned most_calls(const struct herd *h)
{
    unsigned most = 0;
    for (unsigned i = 0; i < h->count; i++)
        most = h->device[i].calls > most ? h->device[i].calls : most;
    return most;
}

static void poll_for_nothing(struct herd *h, uint16_t port)
{
    for (unsigned i = 0; i < h->count; i++)
        set_poll(&h->device[i]);
    call_all(h, port);
    CHECK(count(h, has_nothing_left) == h->count);
}

static void nobody_is_lost(void)
{
    struct herd h;
    open_herd(&h, DEVICES);
    open_door(&h, CONNECTIONS);
    uint16_t port = http_server_port(h.server);
    long before = resident_octets();
    for (unsigned i = 0; i < h.count; i++)
        set_poll(&h.device[i]);
    call_all(&h, port);
    CHECK(count(&h, takes_its_package) == h.count);
    CHECK(orders_in(&h, "sent") == (int64_t)h.count);
    for (unsigned i = 0; i < h.count; i++)
        set_result(&h, &h.device[i]);
    call_all(&h, port);
    CHECK(count(&h, is_acknowledged) == h.count);
    CHECK(orders_in(&h, "done") == (int64_t)h.count);
    /* As many connections at once as there will ever be may only now be open: what more polls cost is seen after some. */
    poll_for_nothing(&h, port);
    long between = resident_octets();
    poll_for_nothing(&h, port);
    long after = resident_octets();
    printf(" (%u devices, one called %u times; %.1f MiB before, %.1f after packages and results, %.1f after more polls) ",
           h.count, most_calls(&h), (double)before / 1048576, (double)between / 1048576, (double)after / 1048576);
#ifndef SANITIZED
    /* 32 KiB for each connection that is open at once, and certificates, which are kept up to a bound of their own: the
     * connections count, not the devices. */
    CHECK(between - before < (CONNECTIONS * 48L << 10) + (32 << 20));
    CHECK(after - between < 16 << 20);
#endif
    close_herd(&h);
}

/* --- over TLS ------------------------------------------------------------------------------------------ */

/* What a device says over its one connection: poll, result, poll. */
static bool next_of_three(struct herd *h, struct device *d)
{
    static bool (*const holds[])(struct device *d) = { takes_its_package, is_acknowledged, has_nothing_left };
    if (!holds[d->answered](d))
        return false;
    if (d->answered == 0)
        set_result(h, d);
    else if (d->answered == 1)
        set_poll(d);
    return ++d->answered < COUNT(holds);
}

/* The devices, in a process of their own, so that what the eIM occupies is seen apart. Gives its exit status. */
static int play_devices(struct herd *h, int door)
{
    uint16_t port = 0;
    unsigned served = 0;
    if (read(door, &port, sizeof port) != (ssize_t)sizeof port)
        return 2;
    h->next = next_of_three;
    for (unsigned i = 0; i < h->count; i++) {
        h->device[i].keeps = true;
        set_poll(&h->device[i]);
    }
    call_all(h, port);
    for (unsigned i = 0; i < h->count; i++)
        served += h->device[i].answered == 3;
    if (served != h->count)
        fprintf(stderr, "%u of %u devices have what they wanted\n", served, h->count);
    return served != h->count;
}

static unsigned wanted_over_tls(void)
{
    const char *said = getenv("LAB_HERD");
    return said ? (unsigned)strtoul(said, NULL, 10) : TLS_DEVICES;
}

static void open_tls_herd(struct herd *h)
{
    struct buf roots = { .max = 64 << 10 };
    open_herd(h, wanted_over_tls());
    REQUIRE(pki_roots_pem(h->lab.pki, &roots) == ERR_OK);
    h->tls = line_tls_new(buf_span(&roots), LAB_EPOCH / 1000);
    REQUIRE(h->tls != NULL);
    buf_release(&roots);
    malloc_trim(0); /* what was there before is not to be taken for room */
}

static void nobody_is_lost_over_tls(void)
{
    struct herd h;
    int door[2], status = 0;
    open_tls_herd(&h);
    REQUIRE(pipe(door) == 0);
    fflush(stdout);
    pid_t devices = fork(); /* before the server has threads */
    REQUIRE(devices >= 0);
    if (devices == 0)
        _exit(play_devices(&h, door[0]));
    open_door(&h, TLS_CONNECTIONS);
    uint16_t port = http_server_port(h.server);
    long before = resident_octets();
    REQUIRE(write(door[1], &port, sizeof port) == (ssize_t)sizeof port);
    REQUIRE(waitpid(devices, &status, 0) == devices);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(orders_in(&h, "done") == (int64_t)h.count);
    long after = resident_octets();
    printf(" (%u devices; %.1f MiB before, %.1f after) ", h.count, (double)before / 1048576, (double)after / 1048576);
#ifndef SANITIZED
    CHECK(after - before < (TLS_CONNECTIONS * 128L << 10) + (32 << 20));
#endif
    close(door[0]);
    close(door[1]);
    close_herd(&h);
}

int main(void)
{
    static const struct test tests[] = {
        { "ten thousand devices that call at once all get their own", nobody_is_lost },
        { "a thousand do over TLS, each with a handshake of its own", nobody_is_lost_over_tls },
    };
    return tests_main("herd", tests, COUNT(tests));
}
