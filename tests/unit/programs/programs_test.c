/* sim-smdp, sim-eim and sim-ipa, started as a user starts them, with the folder that 'sgp32lab certs make'
 * writes. */
#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs.h"
#include "harness.h"
#include "json.h"
#include "saip.h"
#include "wire.h"

#define PROFILE                                                                                              \
    "{\"profiles\":[{\"iccid\":\"89000123456789012358\",\"imsi\":\"262027654321098\",\"operator\":\"eso\","  \
    "\"k\":"                                                                                                 \
    "\"465b5ce8b199b49faa5f0a2ee238a6bc\",\"opc\":\"cd63cb71954a9f4e48a5994e37a02baf\"}]}"
#define ORDER                                                                                                \
    "{\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"},\"iccid\":"      \
    "\"89000123456789012358\"}"
#define EID "89049032123451234512345678901235"

struct world {
    char folder[64], certs[96];
    struct log log;
    struct crypto *crypto;
    struct env env;
    uint16_t port, card_port;
};

/* A program that runs in the world's folder, and what it said on standard error. */
struct child {
    pid_t pid;
    int heard;
    char said[16384];
};

static void put_path(struct world *w, const char *name, char out[512])
{
    snprintf(out, 512, "%s/%s", w->folder, name);
}

static void write_file(struct world *w, const char *name, const char *text)
{
    char path[512];
    put_path(w, name, path);
    FILE *f = fopen(path, "wb");
    REQUIRE(f != NULL);
    REQUIRE(fputs(text, f) >= 0);
    REQUIRE(fclose(f) == 0);
}

static struct buf read_whole(struct world *w, const char *name)
{
    char path[512];
    struct buf b = { .max = 1 << 20 };
    put_path(w, name, path);
    REQUIRE(read_file(path, &b) == ERR_OK);
    return b;
}

static void open_world(struct world *w)
{
    *w = (struct world){ .log = { .clock = clock_system(), .actor = "test" } };
    snprintf(w->folder, sizeof w->folder, "/tmp/lab-programs-XXXXXX");
    REQUIRE(mkdtemp(w->folder) != NULL);
    snprintf(w->certs, sizeof w->certs, "%s/certs", w->folder);
    REQUIRE(crypto_new(&w->crypto) == ERR_OK);
    w->env = (struct env){
        .clock = clock_system(), .rng = crypto_rng(w->crypto), .log = &w->log, .crypto = w->crypto
    };
    const struct certs_options options = { .epoch = clock_now(clock_system()) };
    REQUIRE(certs_make(w->crypto, w->certs, &options, stderr) == ERR_OK);
    write_file(w, "nonsense.pem", "nonsense");
}

static void close_world(struct world *w)
{
    char command[128];
    crypto_free(w->crypto);
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    CHECK(system(command) == 0);
}

static const char smdp_good[] =
    "listen: 127.0.0.1:0\n"
    "database: smdp.db\n"
    "certificate: certs/DPtls/CERT_S_SM_DP_TLS_NIST.pem\n"
    "key: certs/DPtls/SK_S_SM_DP_TLS_NIST.pem\n"
    "clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
    "certs: certs\n"
    "addresses: [smdp.example.com, other.example.com]\n"
    "storage-key: smdp.key\n"
    "brainpool: true\n"
    "clients:\n"
    "  - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem}\n"
    "  - {name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem, rights: [administer]}\n";

static const char smds_good[] =
    "listen: 127.0.0.1:0\n"
    "database: smds.db\n"
    "certificate: certs/DStls/CERT_S_SM_DS_TLS.pem\n"
    "key: certs/DStls/SK_S_SM_DS_TLS.pem\n"
    "clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
    "certs: certs\n"
    "addresses: [smds.example.com]\n"
    "brainpool: true\n"
    "clients:\n"
    "  - {name: smdp.example.com, certificate: certs/Operator/CERT_OPERATOR_SMDP.pem}\n"
    "  - {name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem, rights: [administer]}\n";

/* What an SM-DP+ needs to register events; the port is the SM-DS's. */
static const char smdp_with_smds[] = "client-certificate: certs/Operator/CERT_OPERATOR_SMDP.pem\n"
                                     "client-key: certs/Operator/SK_OPERATOR_SMDP.pem\n"
                                     "roots: certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem\n"
                                     "smds: {smds.example.com: \"https://smds.example.com\"}\n"
                                     "names: {smds.example.com: \"127.0.0.1:%u\"}\n";

static const char eim_good[] = "listen: 127.0.0.1:0\n"
                               "database: eim.db\n"
                               "certificate: certs/EIM/CERT_S_EIM_TLS_NIST.pem\n"
                               "key: certs/EIM/SK_S_EIM_TLS_NIST.pem\n"
                               "clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
                               "certs: certs\n"
                               "eim-id: eim.example.com\n"
                               "brainpool: false\n"
                               "clients:\n"
                               "  - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem}\n"
                               "storage-key: eim.key\n";

static const char ipa_good[] =
    "listen: 127.0.0.1:0\n"
    "database: ipa.db\n"
    "certificate: certs/TLS/CERT_S_LOCALHOST_TLS.pem\n"
    "key: certs/TLS/SK_S_LOCALHOST_TLS.pem\n"
    "clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
    "card-wait: 200 ms\n"
    "clients: [{name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem}]\n"
    "networks: {\"26201\": \"https://net.lead.example.com\"}\n"
    "devices:\n"
    "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:0\"}\n";

/* --- children ---------------------------------------------------------------------------------- */

static void spawn(struct world *w, struct child *c, const char *const *words)
{
    const char *bin = getenv("LAB_BIN");
    char program[4096];
    int ends[2];
    REQUIRE(bin != NULL);
    snprintf(program, sizeof program, "%s/%s", bin, words[0]);
    *c = (struct child){ 0 };
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    c->pid = fork();
    REQUIRE(c->pid >= 0);
    if (c->pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        if (chdir(w->folder) == 0)
            execv(program, (char *const *)words);
        _exit(127);
    }
    close(ends[1]);
    c->heard = ends[0];
}

/* Reads until `wanted` was said and its line is whole, or the end. */
static bool hear(struct child *c, const char *wanted)
{
    size_t len = strlen(c->said);
    for (;;) {
        const char *at = wanted ? strstr(c->said, wanted) : NULL;
        if (at && strchr(at, '\n'))
            return true;
        ssize_t n = read(c->heard, c->said + len, sizeof c->said - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        c->said[len] = 0;
    }
}

static int end_status(struct child *c)
{
    int status = 0;
    hear(c, NULL);
    close(c->heard);
    REQUIRE(waitpid(c->pid, &status, 0) == c->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static uint16_t port_after(const struct child *c, const char *event)
{
    const char *at = strstr(c->said, event);
    const char *port = at ? strstr(at, "\"port\":") : NULL;
    REQUIRE(port != NULL);
    return (uint16_t)atoi(port + 7);
}

static void start(struct world *w, struct child *c, const char *program)
{
    const char *words[] = { program, "--settings", "settings.yaml", "--log", "json", NULL };
    spawn(w, c, words);
    bool up = hear(c, "daemon.listening");
    if (!up)
        printf("\n    %s", c->said);
    REQUIRE(up);
    w->port = port_after(c, "daemon.listening");
}

static int stop(struct child *c)
{
    kill(c->pid, SIGTERM);
    return end_status(c);
}

/* --- calls ------------------------------------------------------------------------------------- */

/* As "ESO", "ADMIN", or NULL nobody. Returns the HTTP status, or minus the failure; *answer may be NULL. */
static int call(struct world *w, const char *who, const char *host, const char *method, const char *target,
                const char *body, char answer[2048])
{
    struct net net = { 0 };
    struct http_client *client = NULL;
    struct http_response p = HTTP_RESPONSE_INIT;
    struct buf roots = read_whole(w, "certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem"), certificate = { 0 },
               key = { 0 };
    char url[300], path[300];
    const struct http_header headers[] = { { "Content-Type", "application/json" },
                                           { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    struct http_client_settings s = { .net = &net, .roots_pem = buf_span(&roots) };
    if (who) {
        snprintf(path, sizeof path, "certs/Operator/CERT_OPERATOR_%s.pem", who);
        certificate = read_whole(w, path);
        snprintf(path, sizeof path, "certs/Operator/SK_OPERATOR_%s.pem", who);
        key = read_whole(w, path);
        s.identity = (struct tls_identity){ buf_span(&certificate), buf_span(&key) };
    }
    snprintf(url, sizeof url, "https://%s%s", host, target);
    REQUIRE(net_add(&net, host, "127.0.0.1", w->port) == ERR_OK);
    REQUIRE(http_client_tls_new(&w->env, &s, &client) == ERR_OK);
    const struct http_call q = { .method = method,
                                 .url = url,
                                 .headers = headers,
                                 .header_count = COUNT(headers),
                                 .body = span_str(body) };
    enum err e = http_send(client, &q, &p);
    if (answer)
        snprintf(answer, 2048, "%.*s", (int)p.body.len, p.body.len ? (const char *)p.body.at : "");
    int status = e ? -(int)e : p.status;
    http_client_free(client);
    http_response_release(&p);
    buf_release(&roots);
    buf_release(&certificate);
    buf_release(&key);
    net_release(&net);
    return status;
}

static void smdp_serves(void)
{
    struct world w;
    struct child c;
    struct stat key;
    char answer[2048], path[512];
    const char *host = "smdp.example.com";
    open_world(&w);
    write_file(&w, "settings.yaml", smdp_good);
    start(&w, &c, "sim-smdp");
    CHECK(call(&w, NULL, host, "GET", "/v1/profiles", "", NULL) == 403);
    CHECK(call(&w, "ESO", host, "POST", "/v1/profiles", PROFILE, NULL) == 403);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/profiles", PROFILE, NULL) == 200);
    CHECK(call(&w, "ESO", host, "POST", "/gsma/rsp2/es2plus/downloadOrder", ORDER, answer) == 200);
    CHECK(strstr(answer, "Executed-Success") != NULL);
    CHECK(stop(&c) == 0);
    CHECK(!strstr(c.said, "465b5ce8") && !strstr(c.said, "465B5CE8"));
    put_path(&w, "smdp.key", path);
    CHECK(stat(path, &key) == 0 && (key.st_mode & 0777) == 0600);
    start(&w, &c, "sim-smdp");
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/profiles/89000123456789012358", "", answer) == 200);
    CHECK(strstr(answer, "\"allocated\"") != NULL);
    kill(c.pid, SIGKILL);
    CHECK(end_status(&c) == -1);
    start(&w, &c, "sim-smdp");
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/profiles/89000123456789012358", "", answer) == 200);
    CHECK(strstr(answer, "\"allocated\"") != NULL);
    CHECK(stop(&c) == 0);
    close_world(&w);
}

#define ES2P_HEADER "{\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"},"
#define ORDER_FOR_EID ES2P_HEADER "\"iccid\":\"89000123456789012358\",\"eid\":\"" EID "\"}"
#define CONFIRMATION                                                                                         \
    ES2P_HEADER                                                                                              \
        "\"iccid\":\"89000123456789012358\",\"smdsAddress\":\"smds.example.com\",\"matchingId\":\"AB-1\","   \
        "\"releaseFlag\":true}"

/* An order placed at one program is an event at the other, over mutual TLS; a killed SM-DS still has it. */
static void smds_serves(void)
{
    struct world w;
    struct child smds, smdp;
    char answer[2048], settings[4096];
    const char *host = "smds.example.com";
    open_world(&w);
    write_file(&w, "settings.yaml", smds_good);
    start(&w, &smds, "sim-smds");
    uint16_t port = w.port;
    CHECK(call(&w, NULL, host, "GET", "/v1/events", "", NULL) == 403);
    CHECK(call(&w, "ESO", host, "GET", "/v1/events", "", NULL) == 403);
    snprintf(settings, sizeof settings, "%s", smdp_good);
    snprintf(settings + strlen(settings), sizeof settings - strlen(settings), smdp_with_smds, (unsigned)port);
    write_file(&w, "settings.yaml", settings);
    start(&w, &smdp, "sim-smdp");
    CHECK(call(&w, "ADMIN", "smdp.example.com", "POST", "/v1/profiles", PROFILE, NULL) == 200);
    CHECK(call(&w, "ESO", "smdp.example.com", "POST", "/gsma/rsp2/es2plus/downloadOrder", ORDER_FOR_EID,
               NULL) == 200);
    CHECK(call(&w, "ESO", "smdp.example.com", "POST", "/gsma/rsp2/es2plus/confirmOrder", CONFIRMATION,
               answer) == 200);
    CHECK(strstr(answer, "Executed-Success") != NULL);
    CHECK(hear(&smds, "ES12.register_event"));
    CHECK(stop(&smdp) == 0);
    kill(smds.pid, SIGKILL);
    CHECK(end_status(&smds) == -1);
    CHECK(!strstr(smds.said, "AB-1") && !strstr(smdp.said, "AB-1"));
    write_file(&w, "settings.yaml", smds_good);
    start(&w, &smds, "sim-smds");
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/events?eid=" EID, "", answer) == 200);
    CHECK(strstr(answer, "\"smdp.example.com\"") != NULL);
    CHECK(stop(&smds) == 0);
    close_world(&w);
}

/* The registration of the test card of the folder. */
static char *registration(struct world *w)
{
    struct buf euicc = read_whole(w, "certs/eUICC/CERT_EUICC_ECDSA_NIST.der");
    struct buf eum = read_whole(w, "certs/EUM/CERT_EUM_ECDSA_NIST.der"), text = { .max = 1 << 16 };
    json_t *json = json_pack("{s:s}", "eid", EID);
    REQUIRE(json_set_base64(json, "euiccCertificate", buf_span(&euicc)) == ERR_OK);
    REQUIRE(json_set_base64(json, "eumCertificate", buf_span(&eum)) == ERR_OK);
    REQUIRE(json_write(json, &text) == ERR_OK);
    char *copy = strdup(buf_cstr(&text));
    json_decref(json);
    buf_release(&euicc);
    buf_release(&eum);
    buf_release(&text);
    return copy;
}

static void eim_serves(void)
{
    struct world w;
    struct child c;
    char answer[2048];
    const char *host = "eim.example.com";
    open_world(&w);
    char *card = registration(&w);
    write_file(&w, "settings.yaml", eim_good);
    start(&w, &c, "sim-eim");
    CHECK(call(&w, NULL, host, "POST", "/v1/euiccs", card, NULL) == 401);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/euiccs", card, NULL) == 403);
    CHECK(call(&w, "ESO", host, "POST", "/v1/euiccs", card, NULL) == 201);
    CHECK(call(&w, "ESO", host, "POST", "/v1/euiccs/" EID "/orders",
               "{\"reference\":\"r1\",\"kind\":\"list\"}", NULL) == 202);
    kill(c.pid, SIGKILL);
    CHECK(end_status(&c) == -1);
    start(&w, &c, "sim-eim");
    CHECK(call(&w, "ESO", host, "GET", "/v1/orders?reference=r1", "", answer) == 200);
    CHECK(strstr(answer, "\"queued\"") != NULL);
    CHECK(stop(&c) == 0);
    free(card);
    close_world(&w);
}

/* --- a stream of events whose eIM is killed ------------------------------------------------------------------- */

/* One reading of it, in a thread of its own. */
struct reading {
    struct world *w;
    bool follow;
    long after;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t change;
    char got[32768];
    size_t len;
    bool over;
};

static size_t take(char *at, size_t size, size_t count, void *context)
{
    struct reading *r = context;
    pthread_mutex_lock(&r->lock);
    size_t n = size * count < sizeof r->got - 1 - r->len ? size * count : 0;
    memcpy(r->got + r->len, at, n);
    r->len += n;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void *read_on(void *context)
{
    struct reading *r = context;
    char url[100], to[60], last[60];
    char ca[512], certificate[512], key[512];
    put_path(r->w, "certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem", ca);
    put_path(r->w, "certs/Operator/CERT_OPERATOR_ESO.pem", certificate);
    put_path(r->w, "certs/Operator/SK_OPERATOR_ESO.pem", key);
    snprintf(url, sizeof url, "https://eim.example.com/v1/events?follow=%s", r->follow ? "true" : "false");
    snprintf(to, sizeof to, "::127.0.0.1:%u", r->w->port);
    snprintf(last, sizeof last, "Last-Event-ID: %ld", r->after);
    struct curl_slist *where = curl_slist_append(NULL, to), *headers = curl_slist_append(NULL, last);
    CURL *c = curl_easy_init();
    bool set = c && where && headers && !curl_easy_setopt(c, CURLOPT_URL, url) && !curl_easy_setopt(c, CURLOPT_CONNECT_TO, where) &&
               !curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) && !curl_easy_setopt(c, CURLOPT_CAINFO, ca) &&
               !curl_easy_setopt(c, CURLOPT_SSLCERT, certificate) && !curl_easy_setopt(c, CURLOPT_SSLKEY, key) &&
               !curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) && !curl_easy_setopt(c, CURLOPT_WRITEDATA, r) &&
               !curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) && !curl_easy_setopt(c, CURLOPT_TIMEOUT, 120L);
    if (set)
        curl_easy_perform(c); /* ends when its eIM does */
    curl_easy_cleanup(c);
    curl_slist_free_all(where);
    curl_slist_free_all(headers);
    pthread_mutex_lock(&r->lock);
    r->over = true;
    pthread_cond_broadcast(&r->change);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static void begin_reading(struct world *w, struct reading *r, long after, bool follow)
{
    *r = (struct reading){ .w = w, .follow = follow, .after = after };
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->change, NULL);
    REQUIRE(pthread_create(&r->thread, NULL, read_on, r) == 0);
}

/* False: the end came before. */
static bool reads(struct reading *r, const char *text)
{
    pthread_mutex_lock(&r->lock);
    while (!strstr(r->got, text) && !r->over)
        pthread_cond_wait(&r->change, &r->lock);
    bool came = strstr(r->got, text);
    pthread_mutex_unlock(&r->lock);
    return came;
}

/* Appends the names of what was read, as a reader understands it: an event counts when the empty line behind it is there. Gives the
 * id to go on from. */
static long end_reading(struct reading *r, char names[2000])
{
    long last = r->after;
    pthread_join(r->thread, NULL);
    for (char *at = r->got, *end; (end = strstr(at, "\n\n")); at = end + 2) {
        *end = 0;
        const char *id = strstr(at, "id: "), *name = strstr(at, "\"reference\":\"");
        if (id)
            last = atol(id + 4);
        if (name)
            snprintf(names + strlen(names), 2000 - strlen(names), "%ld %.*s\n", last, (int)strcspn(name + 13, "\""), name + 13);
        CHECK(!strstr(at, "event: lost"));
    }
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->change);
    return last;
}

/* An order that is given up is an event; gives its path. */
static void place(struct world *w, const char *reference, char path[100])
{
    char body[100], answer[2048];
    snprintf(body, sizeof body, "{\"reference\":\"%s\",\"kind\":\"list\"}", reference);
    CHECK(call(w, "ESO", "eim.example.com", "POST", "/v1/euiccs/" EID "/orders", body, answer) == 202);
    json_t *json = json_loads(answer, 0, NULL);
    REQUIRE(json_str(json, "orderId") != NULL);
    snprintf(path, 100, "/v1/orders/%s", json_str(json, "orderId"));
    json_decref(json);
}

static void happen(struct world *w, const char *reference)
{
    char path[100];
    place(w, reference, path);
    CHECK(call(w, "ESO", "eim.example.com", "DELETE", path, "", NULL) == 200);
}

struct giving_up {
    struct world *w;
    char path[100];
};

static void *give_up(void *context)
{
    struct giving_up *g = context;
    call(g->w, "ESO", "eim.example.com", "DELETE", g->path, "", NULL);
    return NULL;
}

/* Killed behind an event, or in one that nobody heard the answer to: it happened or it did not. */
static void kill_reading(struct world *w, struct child *c, int round)
{
    struct giving_up g = { .w = w };
    pthread_t thread;
    char reference[24];
    snprintf(reference, sizeof reference, "last-%d", round);
    place(w, reference, g.path);
    if (round % 2) {
        REQUIRE(pthread_create(&thread, NULL, give_up, &g) == 0);
    } else {
        give_up(&g);
    }
    kill(c->pid, SIGKILL);
    CHECK(end_status(c) == -1);
    if (round % 2)
        pthread_join(thread, NULL);
}

static void a_stream_outlives_its_eim(void)
{
    struct world w;
    struct child c;
    static struct reading r;
    static char heard[2000], truth[2000];
    long last = 0;
    heard[0] = truth[0] = 0;
    open_world(&w);
    char *card = registration(&w);
    write_file(&w, "settings.yaml", eim_good);
    start(&w, &c, "sim-eim");
    CHECK(call(&w, "ESO", "eim.example.com", "POST", "/v1/euiccs", card, NULL) == 201);
    for (int round = 0; round < 6; round++) {
        char reference[24], wanted[60];
        begin_reading(&w, &r, last, true);
        snprintf(reference, sizeof reference, "first-%d", round);
        happen(&w, reference);
        snprintf(wanted, sizeof wanted, "\"reference\":\"%s\"", reference);
        CHECK(reads(&r, wanted));
        kill_reading(&w, &c, round);
        last = end_reading(&r, heard);
        start(&w, &c, "sim-eim");
    }
    begin_reading(&w, &r, last, true);
    happen(&w, "end");
    CHECK(reads(&r, "\"reference\":\"end\""));
    CHECK(stop(&c) == 0);
    end_reading(&r, heard);
    start(&w, &c, "sim-eim");
    begin_reading(&w, &r, 0, false);
    end_reading(&r, truth);
    CHECK(strcmp(heard, truth) == 0 && strstr(truth, " end\n") && strstr(truth, "1 first-0\n2 last-0\n"));
    if (strcmp(heard, truth))
        printf("\n%s\nnot\n%s", heard, truth);
    CHECK(stop(&c) == 0);
    free(card);
    close_world(&w);
}

static void ipa_serves(void)
{
    struct world w;
    struct child c;
    char answer[2048];
    const char *host = "localhost";
    open_world(&w);
    write_file(&w, "settings.yaml", ipa_good);
    start(&w, &c, "sim-ipa");
    CHECK(call(&w, NULL, host, "GET", "/v1/devices", "", NULL) == 403);
    CHECK(call(&w, "ESO", host, "GET", "/v1/devices", "", NULL) == 403);
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/devices", "", answer) == 200);
    CHECK(strstr(answer, "\"meter-1\"") && strstr(answer, "\"DE\"") && strstr(answer, "\"plmn\":\"\""));
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-1", "{\"country\":\"FR\"}", NULL) == 202);
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/devices", "", answer) == 200 && strstr(answer, "\"FR\""));
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-1", "{\"powered\":false}", NULL) == 202);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-2", "{\"country\":\"FR\"}", NULL) == 404);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-1", "{\"country\":\"fr\"}", NULL) == 400);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-1", "{\"powered\":\"no\"}", NULL) == 400);
    CHECK(call(&w, "ADMIN", host, "POST", "/v1/devices/meter-1", "{}", NULL) == 400);
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/devices/meter-1/profiles", "", NULL) == 503);
    CHECK(call(&w, "ADMIN", host, "GET", "/v1/devices/meter-2/profiles", "", NULL) == 404);
    kill(c.pid, SIGKILL);
    CHECK(end_status(&c) == -1);
    start(&w, &c, "sim-ipa");
    CHECK(stop(&c) == 0);
    close_world(&w);
}

/* sim-euicc connects to the reader that sim-ipa opens; the IPA finds no eIM on it, and says so. */
static void ipa_reads_a_card(void)
{
    struct world w;
    struct child ipa, card;
    char address[32];
    open_world(&w);
    write_file(&w, "settings.yaml", ipa_good);
    const char *ipa_words[] = { "sim-ipa", "--settings", "settings.yaml", "--log", "json",
                                "--once",  "true",       "--card-wait",   "20 s",  NULL };
    spawn(&w, &ipa, ipa_words);
    REQUIRE(hear(&ipa, "card.listening"));
    snprintf(address, sizeof address, "127.0.0.1:%u", port_after(&ipa, "card.listening"));
    const char *card_words[] = { "sim-euicc", "--vpcd", address, "--certs", "certs", NULL };
    spawn(&w, &card, card_words);
    CHECK(end_status(&ipa) == 1);
    CHECK(strstr(ipa.said, "no eIM is associated and none is configured") != NULL);
    CHECK(stop(&card) == 0);
    close_world(&w);
}

static void write_initial_eim(struct world *w)
{
    struct child eim;
    char answer[2048], path[512];
    char *card = registration(w);
    struct buf request = { .max = 2048 };
    write_file(w, "settings.yaml", eim_good);
    start(w, &eim, "sim-eim");
    CHECK(call(w, "ESO", "eim.example.com", "POST", "/v1/euiccs", card, NULL) == 201);
    CHECK(call(w, "ESO", "eim.example.com", "GET", "/v1/euiccs/" EID "/initial-eim", "", answer) == 200);
    json_t *json = json_loads(answer, 0, NULL);
    REQUIRE(json_base64(json, "addInitialEimRequest", &request) == ERR_OK);
    put_path(w, "initial.der", path);
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(request.at, request.len, 1, f) == 1 && fclose(f) == 0);
    CHECK(stop(&eim) == 0);
    json_decref(json);
    buf_release(&request);
    free(card);
}

/* The eIM that the card is told of was there, and is no more. */
static void once_says_what_failed(void)
{
    struct world w;
    struct child ipa, card;
    char address[32], settings[600];
    open_world(&w);
    write_initial_eim(&w);
    snprintf(settings, sizeof settings,
             "database: ipa.db\nroots: certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem\n"
             "names: {eim.example.com: \"127.0.0.1:%u\"}\nwired: true\nonce: true\ncard-wait: 20 s\ndevices:\n"
             "  - {name: m, imei: \"351234567890123\", country: DE, card: \"vpcd:0\", initial-eim: initial.der}\n", w.port);
    write_file(&w, "settings.yaml", settings);
    const char *words[] = { "sim-ipa", "--settings", "settings.yaml", "--log", "json", NULL };
    spawn(&w, &ipa, words);
    REQUIRE(hear(&ipa, "card.listening"));
    snprintf(address, sizeof address, "127.0.0.1:%u", port_after(&ipa, "card.listening"));
    const char *card_words[] = { "sim-euicc", "--vpcd", address, "--certs", "certs", NULL };
    spawn(&w, &card, card_words);
    CHECK(end_status(&ipa) == 1);
    CHECK(strstr(ipa.said, "\"who\":\"the eIM\"") && strstr(ipa.said, "it cannot be reached"));
    CHECK(stop(&card) == 0);
    close_world(&w);
}

static void once_says_that_no_card_is_there(void)
{
    struct world w;
    struct child ipa;
    open_world(&w);
    write_file(&w, "settings.yaml", ipa_good);
    const char *words[] = { "sim-ipa", "--settings", "settings.yaml", "--once", "true", "--log", "json", NULL };
    spawn(&w, &ipa, words);
    CHECK(end_status(&ipa) == 1);
    CHECK(strstr(ipa.said, "card.silent") != NULL);
    close_world(&w);
}

/* --- wrong settings ---------------------------------------------------------------------------- */

/* Each row replaces a line of the good settings (by its beginning). */
static const struct {
    const char *name, *program, *good, *line, *instead;
    int status;
    const char *says;
} rows[] = {
    { "smdp: a misspelt key", "sim-smdp", smdp_good, "brainpool:", "brainpol: true", 2, "settings.yaml:9:" },
    { "smdp: no folder of certificates", "sim-smdp", smdp_good, "certs:", "", 2, "'certs' is missing" },
    { "smdp: a folder that is not there", "sim-smdp", smdp_good, "certs:", "certs: none", 1, "none/DPauth" },
    { "smdp: no storage key", "sim-smdp", smdp_good, "storage-key:", "", 2, "storage-key" },
    { "smdp: a storage key that is none", "sim-smdp", smdp_good, "storage-key:", "storage-key: nonsense.pem",
      2, "64 hex digits" },
    { "smdp: a right that is none", "sim-smdp", smdp_good, "  - {name: eso",
      "  - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem, rights: [order]}", 2,
      "settings.yaml:11:" },
    { "smdp: brainpool is no boolean", "sim-smdp", smdp_good, "brainpool:", "brainpool: maybe", 2,
      "settings.yaml:9:" },
    { "smdp: addresses are no list", "sim-smdp", smdp_good, "addresses:", "addresses: smdp.example.com", 2,
      "settings.yaml:7:" },
    { "smdp: SM-DSs are no map", "sim-smdp", smdp_good, "brainpool:", "smds: smds.example.com", 2,
      "settings.yaml:9:" },
    { "smdp: an SM-DS whose URL is a list", "sim-smdp", smdp_good,
      "brainpool:", "smds: {smds.example.com: [a]}", 2, "smds: at most 16 names" },
    { "smdp: a transport key that is none", "sim-smdp", smdp_good,
      "brainpool:", "transport-keys: {hss: nonsense.pem}", 2, "transport-keys: a file does not hold 64 hex digits" },
    { "smdp: a transport key that is not there", "sim-smdp", smdp_good,
      "brainpool:", "transport-keys: {hss: none.key}", 1, "none.key" },
    { "smdp: a profile type without a package", "sim-smdp", smdp_good,
      "brainpool:", "profile-types: [{name: iot, operator: eso}]", 2, "profile-types: at most 64" },
    { "smdp: a profile type of a package that is not there", "sim-smdp", smdp_good,
      "brainpool:", "profile-types: [{name: iot, operator: eso, package: none.der}]", 1, "none.der" },
    { "smdp: a profile type of nobody", "sim-smdp", smdp_good, "brainpool:",
      "profile-types: [{name: iot, operator: nobody, package: nonsense.pem}]", 2, "the operator of a type is no client" },
    { "smdp: a profile type of something else", "sim-smdp", smdp_good,
      "brainpool:", "profile-types: [{name: iot, operator: eso, package: nonsense.pem}]", 2, "profile element is no well-formed TLV" },
    { "smds: a misspelt key", "sim-smds", smds_good, "brainpool:", "brainpol: true", 2, "settings.yaml:8:" },
    { "smds: no folder of certificates", "sim-smds", smds_good, "certs:", "", 2, "'certs' is missing" },
    { "smds: a folder that is not there", "sim-smds", smds_good, "certs:", "certs: none", 1, "none/DSauth" },
    { "smds: addresses are no list", "sim-smds", smds_good, "addresses:", "addresses: smds.example.com", 2,
      "settings.yaml:7:" },
    { "smds: a right that is none", "sim-smds", smds_good, "  - {name: smdp",
      "  - {name: smdp, certificate: certs/Operator/CERT_OPERATOR_SMDP.pem, rights: [order]}", 2,
      "settings.yaml:10:" },
    { "eim: a misspelt key", "sim-eim", eim_good, "eim-id:", "eimid: x", 2, "settings.yaml:7:" },
    { "eim: no storage key", "sim-eim", eim_good, "storage-key:", "", 2, "storage-key" },
    { "eim: no folder of certificates", "sim-eim", eim_good, "certs:", "", 2, "'certs' is missing" },
    { "eim: a folder that is not there", "sim-eim", eim_good, "certs:", "certs: none", 1, "none/EIM" },
    { "eim: a client without certificate", "sim-eim", eim_good, "  - {name: eso", "  - {name: eso}", 2,
      "settings.yaml:10:" },
    { "ipa: a misspelt key", "sim-ipa", ipa_good, "card-wait:", "cardwait: 1 s", 2, "settings.yaml:6:" },
    { "ipa: no devices", "sim-ipa", ipa_good, "  - {name: meter-1", "", 2, "devices" },
    { "ipa: a device without card", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE}", 2, "settings.yaml:10:" },
    { "ipa: a card of a kind that is none", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"usb:1\"}", 2,
      "settings.yaml:10:" },
    { "ipa: a vpcd port that is none", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:70000\"}", 2,
      "settings.yaml:10:" },
    { "ipa: an IMEI with 14 digits", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"35123456789012\", country: DE, card: \"vpcd:0\"}", 2,
      "settings.yaml:10:" },
    { "ipa: a country that is none", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: Germany, card: \"vpcd:0\"}", 2,
      "settings.yaml:10:" },
    { "ipa: a member of a device that is none", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:0\", sim: no}", 2,
      "settings.yaml:10:" },
    { "ipa: a network with four digits", "sim-ipa", ipa_good,
      "networks:", "networks: {\"2620\": \"https://x\"}", 2, "settings.yaml:8:" },
    { "ipa: two devices of one name", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: a, imei: \"351234567890123\", country: DE, card: \"vpcd:0\"}\n"
      "  - {name: a, imei: \"351234567890123\", country: DE, card: \"vpcd:0\"}",
      2, "settings.yaml:11:" },
    { "ipa: a fallback after no time", "sim-ipa", ipa_good, "networks:", "fallback: soon", 2, "settings.yaml:8:" },
    { "ipa: CoAPS, which there is none of", "sim-ipa", ipa_good, "networks:", "protocol: coaps", 2, "CoAPS (SGP.32 6.2) is not available" },
    { "ipa: CoAPS as a binding", "sim-ipa", ipa_good, "networks:", "binding: coaps", 2, "CoAPS (SGP.32 6.2) is not available" },
    { "ipa: a protocol that is none", "sim-ipa", ipa_good, "networks:", "protocol: http", 2, "https is wanted" },
    { "ipa: an IPAe in a program of its own", "sim-ipa", ipa_good, "networks:", "ipa: ipae", 2, "BIP and a terminal are not simulated" },
    { "ipa: a binding that is none", "sim-ipa", ipa_good, "networks:", "binding: xml", 2, "asn1 or json is wanted" },
    { "ipa: a version that is none", "sim-ipa", ipa_good, "networks:", "sgp32: \"1.4\"", 2, "1.2 or 1.3 is wanted" },
    { "eim: a version that is none", "sim-eim", eim_good, "brainpool:", "sgp32: \"1.4\"", 2, "1.2 or 1.3 is wanted" },
    { "ipa: a form of refreshFlag that nobody sends", "sim-ipa", ipa_good, "networks:", "wire-refresh-flag: 81", 2,
      "settings.yaml:8:20: 80 or 01 is wanted here" },
    { "ipa: a form that an eIM writes", "sim-ipa", ipa_good, "networks:", "wire-rollback-flag: 81", 2, "settings.yaml:8:1:" },
    { "eim: a form of rollbackFlag that nobody sends", "sim-eim", eim_good, "brainpool:", "wire-rollback-flag: 80", 2,
      "05 or 81 is wanted here" },
    { "eim: a form of its key that nobody sends", "sim-eim", eim_good, "brainpool:", "wire-eim-key: A0", 2,
      "contents or 30 is wanted here" },
    { "smdp: a form of signatures that nobody sends", "sim-smdp", smdp_good, "brainpool:", "wire-json-signature: der", 2,
      "tlv or bare is wanted here" },
    { "smdp: segments of another length", "sim-smdp", smdp_good, "brainpool:", "wire-segment: 1020", 2, "1007 or 1008 is wanted here" },
    { "smdp: a code hashed in a way that nobody does", "sim-smdp", smdp_good, "brainpool:", "wire-confirmation-code: utf8", 2,
      "any, ascii or hex is wanted here" },
    { "smds: a form of signatures that nobody sends", "sim-smds", smds_good, "brainpool:", "wire-json-signature: 5F37", 2,
      "tlv or bare is wanted here" },
    { "ipa: a code hashed in any way", "sim-ipa", ipa_good, "networks:", "wire-confirmation-code: any", 2,
      "ascii or hex is wanted here" },
    { "ipa: an end user who cannot decide", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:0\", end-user: perhaps}", 2, "settings.yaml:10:" },
    { "ipa: an initial eIM that is not there", "sim-ipa", ipa_good, "  - {name: meter-1",
      "  - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:0\", initial-eim: none.der}",
      1, "none.der" },
};

static void write_settings(struct world *w, const char *good, const char *line, const char *instead)
{
    struct buf text = { .max = 1 << 16 };
    const char *at = strstr(good, line);
    while (at && at != good && at[-1] != '\n')
        at = strstr(at + 1, line);
    REQUIRE(at != NULL);
    REQUIRE(buf_put(&text, span_of(good, (size_t)(at - good))) == ERR_OK);
    REQUIRE(buf_put_str(&text, instead) == ERR_OK);
    REQUIRE(buf_put_str(&text, strchr(at, '\n')) == ERR_OK);
    write_file(w, "settings.yaml", buf_cstr(&text));
    buf_release(&text);
}

static void wrong_settings(void)
{
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct child c;
        const char *words[] = { rows[i].program, "--settings", "settings.yaml", "--log", "json", NULL };
        write_settings(&w, rows[i].good, rows[i].line, rows[i].instead);
        spawn(&w, &c, words);
        int status = end_status(&c);
        CHECK_ROW(rows[i].name, status == rows[i].status);
        CHECK_ROW(rows[i].name, strstr(c.said, rows[i].says) != NULL);
        if (status != rows[i].status || !strstr(c.said, rows[i].says))
            printf("\n    status %d: %s", status, c.said);
    }
    close_world(&w);
}

/* --- the guide ----------------------------------------------------------------------------------- */

/* The blocks of this language in a page, one after the other. */
static void take_blocks(const char *page, const char *language, struct buf *out)
{
    char fence[16];
    snprintf(fence, sizeof fence, "\n```%s\n", language);
    for (const char *at = page; (at = strstr(at, fence)) != NULL;) {
        const char *from = at + strlen(fence), *to = strstr(from, "\n```\n");
        REQUIRE(to != NULL && buf_put(out, span_of(from, (size_t)(to + 1 - from))) == ERR_OK);
        at = to;
    }
}

/* The page's settings, on any free port, with a database of its own. */
static void start_from_page(struct world *w, struct child *c, const char *program, const char *page, const char *database)
{
    struct buf settings = { .max = 1 << 14 };
    char line[64];
    take_blocks(page, "yaml", &settings);
    snprintf(line, sizeof line, "database: %s", database);
    write_settings(w, buf_cstr(&settings), "database:", line);
    struct buf text = read_whole(w, "settings.yaml");
    write_settings(w, buf_cstr(&text), "listen:", "listen: 127.0.0.1:0");
    start(w, c, program);
    buf_release(&settings);
    buf_release(&text);
}

static void write_package(struct world *w)
{
    static const struct aka_params aka = { .algorithm = AKA_MILENAGE, .k = { 1 }, .k_len = 16, .opc = { 2 } };
    struct saip_subscription s = { .imsi = "001010000000000", .aka = &aka };
    struct buf package = { .max = 4096 };
    char path[512];
    put_path(w, "package.der", path);
    REQUIRE(saip_iccid_parse("89000000000000000000", s.iccid) == ERR_OK && saip_minimal_usim(&s, &package) == ERR_OK);
    FILE *f = fopen(path, "wb");
    REQUIRE(f && fwrite(package.at, 1, package.len, f) == package.len && fclose(f) == 0);
    buf_release(&package);
}

/* docs/api-smdp.md: what it says to type works, in its order. Needs bash and curl. */
static void the_guide_of_the_smdp_works(void)
{
    struct world w;
    struct child here, other;
    struct buf page = { .max = 1 << 20 }, script = { .max = 1 << 16 };
    char path[4096], command[600];
    const char *source = getenv("LAB_SOURCE");
    if (system("command -v curl bash base64 > /dev/null") != 0) {
        printf(" (no curl)");
        return;
    }
    snprintf(path, sizeof path, "%s/docs/api-smdp.md", source ? source : ".");
    REQUIRE(read_file(path, &page) == ERR_OK);
    open_world(&w);
    write_file(&w, "hss.key", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    write_package(&w);
    start_from_page(&w, &here, "sim-smdp", buf_cstr(&page), "smdp.db");
    uint16_t port = w.port;
    start_from_page(&w, &other, "sim-smdp", buf_cstr(&page), "other.db");
    REQUIRE(buf_put_str(&script, "set -eu -o pipefail\n") == ERR_OK);
    take_blocks(buf_cstr(&page), "sh", &script);
    write_file(&w, "guide.sh", buf_cstr(&script));
    snprintf(command, sizeof command, "cd %s && PORT=%u OTHER_PORT=%u bash guide.sh > out.txt 2> err.txt || { cat out.txt err.txt; false; }",
             w.folder, (unsigned)port, (unsigned)w.port);
    CHECK(system(command) == 0);
    struct buf said = read_whole(&w, "out.txt");
    const char *out = buf_cstr(&said);
    CHECK(strstr(out, "\"added\":1000") && strstr(out, "\"added\":10}") && strstr(out, "\"state\":\"released\""));
    struct buf promised = { .max = 4096 };
    take_blocks(buf_cstr(&page), "json", &promised);
    promised.len--; /* the line's end */
    CHECK(strstr(out, buf_cstr(&promised)) != NULL);
    CHECK(stop(&here) == 0 && stop(&other) == 0);
    CHECK(!strstr(here.said, "AB-1"));
    buf_release(&said);
    buf_release(&promised);
    buf_release(&script);
    buf_release(&page);
    close_world(&w);
}

/* What the page promises, line by line: each begins something that was answered. */
static void check_promises(const char *page, const char *said)
{
    struct buf promised = { .max = 4096 };
    take_blocks(page, "json", &promised);
    char *line = (char *)buf_cstr(&promised), *rest = NULL;
    REQUIRE(promised.len > 0);
    for (line = strtok_r(line, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        CHECK_ROW(line, strstr(said, line) != NULL);
    buf_release(&promised);
}

static void the_guide_of_the_eim_works(void)
{
    struct world w;
    struct child c;
    struct buf page = { .max = 1 << 20 }, script = { .max = 1 << 16 };
    char path[4096], command[600];
    const char *source = getenv("LAB_SOURCE");
    if (system("command -v curl bash sed > /dev/null") != 0) {
        printf(" (no curl)");
        return;
    }
    snprintf(path, sizeof path, "%s/docs/api-eim.md", source ? source : ".");
    REQUIRE(read_file(path, &page) == ERR_OK);
    open_world(&w);
    start_from_page(&w, &c, "sim-eim", buf_cstr(&page), "eim.db");
    REQUIRE(buf_put_str(&script, "set -eu -o pipefail\n") == ERR_OK);
    take_blocks(buf_cstr(&page), "sh", &script);
    write_file(&w, "guide.sh", buf_cstr(&script));
    snprintf(command, sizeof command, "cd %s && PORT=%u bash guide.sh > out.txt 2> err.txt || { cat out.txt err.txt; false; }",
             w.folder, (unsigned)w.port);
    CHECK(system(command) == 0);
    struct buf said = read_whole(&w, "out.txt");
    const char *out = buf_cstr(&said);
    check_promises(buf_cstr(&page), out);
    CHECK(strstr(out, "\"next\":\"89049032000000000000000000000066\"") != NULL);
    CHECK(strstr(out, "no such eUICC") && strstr(out, " as for an EID that nobody registered"));
    CHECK(strstr(out, "\"state\":\"cancelled\"") && strstr(out, "\"attempt\":2"));
    CHECK(strstr(out, "\"secret\":\"whsec_") && strstr(out, "event: order.ended\ndata: {"));
    CHECK(stop(&c) == 0);
    buf_release(&said);
    buf_release(&script);
    buf_release(&page);
    close_world(&w);
}

static void helps(void)
{
    static const char *const programs[] = { "sim-smdp", "sim-eim", "sim-ipa" };
    for (size_t i = 0; i < COUNT(programs); i++) {
        char command[80];
        snprintf(command, sizeof command, "\"$LAB_BIN/%s\" --help | grep -q -- 'settings:\\|--settings'",
                 programs[i]);
        CHECK_ROW(programs[i], system(command) == 0);
    }
}

static const struct test tests[] = {
    { "sim-smdp serves, stops when asked, and goes on after a kill", smdp_serves },
    { "sim-smds takes the events of sim-smdp, is killed and goes on", smds_serves },
    { "sim-eim serves, stops when asked, and goes on after a kill", eim_serves },
    { "a stream of events goes on where its eIM was killed, nothing lost and nothing twice", a_stream_outlives_its_eim },
    { "sim-ipa serves, stops when asked, and goes on after a kill", ipa_serves },
    { "sim-ipa drives a card that connects to it as to a reader", ipa_reads_a_card },
    { "sim-ipa --once says that its eIM is not reached, and ends with 1", once_says_what_failed },
    { "sim-ipa --once says that no card is in the reader, and ends with 1", once_says_that_no_card_is_there },
    { "wrong settings end each of them with one line that says where", wrong_settings },
    { "the examples of docs/api-smdp.md work, in their order", the_guide_of_the_smdp_works },
    { "the examples of docs/api-eim.md work, in their order", the_guide_of_the_eim_works },
    { "each has --help with its settings", helps },
};

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_main("programs", tests, COUNT(tests));
}
