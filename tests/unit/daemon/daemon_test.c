/* A program that is one actor, started as a user starts it: sim-net stands for all. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs.h"
#include "harness.h"
#include "wire.h"

#define IMSI "639020000000001"
#define SUBSCRIBER                                                                                      \
    "{\"iccid\":\"89254020000000000019\",\"k\":\"465b5ce8b199b49faa5f0a2ee238a6bc\",\"opc\":"          \
    "\"cd63cb71954a9f4e48a5994e37a02baf\"}"

struct world {
    char folder[64];
    struct log log;
    struct crypto *crypto;
    struct env env;
    struct pki *pki;
    pid_t program;
    uint16_t port;
    char output[8192]; /* what the program said on standard error */
};

static const char *in(struct world *w, const char *name)
{
    static char path[4][160];
    static unsigned turn;
    char *out = path[turn++ % COUNT(path)];
    snprintf(out, sizeof path[0], "%s/%s", w->folder, name);
    return out;
}

static void write_file(struct world *w, const char *name, struct span text)
{
    FILE *f = fopen(in(w, name), "wb");
    REQUIRE(f != NULL);
    REQUIRE(fwrite(text.at, 1, text.len, f) == text.len);
    REQUIRE(fclose(f) == 0);
}

static const struct pki_item *item(struct world *w, const char *name)
{
    const struct pki_item *i = NULL;
    REQUIRE(pki_get(w->pki, name, &i) == ERR_OK);
    return i;
}

static void open_world(struct world *w)
{
    const struct pki_item *server = NULL;
    struct buf roots = { .max = 1 << 16 };
    *w = (struct world){ .log = { .clock = clock_system(), .actor = "test" } };
    snprintf(w->folder, sizeof w->folder, "/tmp/lab-daemon-XXXXXX");
    REQUIRE(mkdtemp(w->folder) != NULL);
    REQUIRE(crypto_new(&w->crypto) == ERR_OK);
    w->env = (struct env){ .clock = clock_system(), .rng = crypto_rng(w->crypto), .log = &w->log,
                           .crypto = w->crypto };
    REQUIRE(pki_new(w->crypto, clock_now(clock_system()), &w->pki) == ERR_OK);
    REQUIRE(pki_server(w->pki, "net.partner.example.com", &server) == ERR_OK);
    REQUIRE(pki_roots_pem(w->pki, &roots) == ERR_OK);
    write_file(w, "tls.pem", server->pem);
    write_file(w, "tls-key.pem", server->key_pem);
    write_file(w, "ci.pem", buf_span(&roots));
    write_file(w, "operator.pem", item(w, "CERT_OPERATOR_CA")->pem);
    write_file(w, "admin.pem", item(w, "CERT_OPERATOR_ADMIN")->pem);
    write_file(w, "admin-key.pem", item(w, "CERT_OPERATOR_ADMIN")->key_pem);
    write_file(w, "nonsense.pem", span_str("nonsense"));
    buf_release(&roots);
}

static void close_world(struct world *w)
{
    char command[128];
    pki_free(w->pki);
    crypto_free(w->crypto);
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    CHECK(system(command) == 0);
}

static const char good[] = "listen: 127.0.0.1:0\n"
                           "certificate: tls.pem\n"
                           "key: tls-key.pem\n"
                           "database: net.db\n"
                           "roots: ci.pem\n"
                           "clients-ca: operator.pem\n"
                           "client-certificate: admin.pem\n"
                           "client-key: admin-key.pem\n"
                           "names: {cmp.partner.example.com: \"127.0.0.1:9\"}\n"
                           "clients:\n"
                           "  - {name: admin, certificate: admin.pem, rights: [administer]}\n"
                           "platform: https://cmp.partner.example.com\n"
                           "plmn: \"63902\"\n"
                           "storage-key: storage.key\n";

/* Starts the program in the folder; its standard error goes to a pipe, whose end is returned. */
static int spawn(struct world *w)
{
    const char *bin = getenv("LAB_BIN");
    char program[4096];
    int ends[2];
    REQUIRE(bin != NULL);
    snprintf(program, sizeof program, "%s/sim-net", bin);
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    w->program = fork();
    REQUIRE(w->program >= 0);
    if (w->program == 0) {
        dup2(ends[1], STDERR_FILENO);
        if (chdir(w->folder) == 0)
            execl(program, program, "--settings", "net.yaml", "--log", "json", NULL);
        _exit(127);
    }
    close(ends[1]);
    w->output[0] = 0;
    return ends[0];
}

/* Reads until `wanted` was said, or the end. */
static bool hear(struct world *w, int fd, const char *wanted)
{
    size_t len = strlen(w->output);
    while (!wanted || !strstr(w->output, wanted)) {
        ssize_t n = read(fd, w->output + len, sizeof w->output - 1 - len);
        if (n <= 0)
            return false;
        len += (size_t)n;
        w->output[len] = 0;
    }
    return true;
}

static int end_status(struct world *w, int fd)
{
    int status = 0;
    hear(w, fd, NULL);
    close(fd);
    REQUIRE(waitpid(w->program, &status, 0) == w->program);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int start(struct world *w)
{
    int fd = spawn(w);
    REQUIRE(hear(w, fd, "daemon.listening") && hear(w, fd, "\n"));
    const char *port = strstr(w->output, "\"port\":");
    REQUIRE(port != NULL);
    w->port = (uint16_t)atoi(port + 7);
    return fd;
}

static int stop(struct world *w, int fd)
{
    kill(w->program, SIGTERM);
    return end_status(w, fd);
}

static int call(struct world *w, bool admin, const char *method, const char *target, const char *body)
{
    struct net net = { 0 };
    struct buf roots = { .max = 1 << 16 };
    struct http_client *client = NULL;
    struct http_response p = HTTP_RESPONSE_INIT;
    char url[200];
    const struct pki_item *identity = item(w, "CERT_OPERATOR_ADMIN");
    snprintf(url, sizeof url, "https://net.partner.example.com%s", target);
    REQUIRE(net_add(&net, "net.partner.example.com", "127.0.0.1", w->port) == ERR_OK);
    REQUIRE(pki_roots_pem(w->pki, &roots) == ERR_OK);
    struct http_client_settings s = { .net = &net, .roots_pem = buf_span(&roots) };
    if (admin)
        s.identity = (struct tls_identity){ identity->pem, identity->key_pem };
    REQUIRE(http_client_tls_new(&w->env, &s, &client) == ERR_OK);
    const struct http_call q = { .method = method, .url = url, .body = span_str(body) };
    enum err e = http_send(client, &q, &p);
    int status = e ? -(int)e : p.status;
    http_client_free(client);
    http_response_release(&p);
    buf_release(&roots);
    net_release(&net);
    return status;
}

static void serves_and_stops(void)
{
    struct world w;
    struct stat key;
    open_world(&w);
    write_file(&w, "net.yaml", span_str(good));
    int fd = start(&w);
    CHECK(call(&w, false, "GET", "/v1/health", "") == 200);
    CHECK(call(&w, false, "PUT", "/v1/subscribers/" IMSI, SUBSCRIBER) == 403);
    CHECK(call(&w, true, "PUT", "/v1/subscribers/" IMSI, SUBSCRIBER) == 204);
    CHECK(stop(&w, fd) == 0);
    CHECK(stat(in(&w, "storage.key"), &key) == 0 && (key.st_mode & 0777) == 0600);
    CHECK(!strstr(w.output, "465b5ce8") && !strstr(w.output, "465B5CE8"));
    fd = start(&w);
    CHECK(call(&w, true, "GET", "/v1/subscribers/" IMSI, "") == 200);
    kill(w.program, SIGKILL);
    CHECK(end_status(&w, fd) == -1);
    fd = start(&w);
    CHECK(call(&w, true, "GET", "/v1/subscribers/" IMSI, "") == 200);
    CHECK(stop(&w, fd) == 0);
    close_world(&w);
}

/* Each row replaces a line of the good settings (by its beginning). */
static const struct {
    const char *name, *line, *instead;
    int status;
    const char *says;
} rows[] = {
    { "no PLMN", "plmn:", "", 2, "plmn" },
    { "a PLMN that is none", "plmn:", "plmn: \"6390\"", 2, "5 or 6 digits" },
    { "a misspelt key", "plmn:", "plnm: \"63902\"", 2, "net.yaml:13:" },
    { "an address without port", "listen:", "listen: localhost", 2, "not address:port" },
    { "a certificate that is not there", "certificate:", "certificate: other.pem", 1, "other.pem" },
    { "a certificate without its key", "key:", "key: admin-key.pem", 1, "certificate" },
    { "a CA of clients that is none", "clients-ca:", "clients-ca: nonsense.pem", 2, "nonsense.pem" },
    { "a name that leads nowhere", "names:", "names: {cmp.partner.example.com: here}", 2, "net.yaml:9:" },
    { "a client without fingerprint", "  - ", "  - {name: admin, rights: [administer]}", 2, "net.yaml:11:" },
    { "a client with half a fingerprint", "  - ", "  - {name: admin, fingerprint: \"00ff\", rights: []}", 2,
      "64 hex digits" },
    { "a client with a right that is none", "  - ",
      "  - {name: admin, certificate: admin.pem, rights: [rule]}", 2, "net.yaml:11:" },
    { "a client with a member that is none", "  - ",
      "  - {name: admin, certificate: admin.pem, right: [administer]}", 2, "net.yaml:11:" },
    { "a storage key that is none", "storage-key:", "storage-key: nonsense.pem", 2, "64 hex digits" },
    { "a database in a folder that is not there", "database:", "database: none/net.db", 1, "none/net.db" },
    { "a database that is none", "database:", "database: admin.pem", 1, "admin.pem" },
    { "an identity without key", "client-key:", "", 1, "do not fit" },
};

static void write_settings(struct world *w, const char *line, const char *instead)
{
    struct buf text = { .max = 1 << 16 };
    const char *at = strstr(good, line);
    /* "key:" also ends "client-key:": the line's beginning is meant. */
    while (at && at != good && at[-1] != '\n')
        at = strstr(at + 1, line);
    REQUIRE(at != NULL);
    REQUIRE(buf_put(&text, span_of(good, (size_t)(at - good))) == ERR_OK);
    REQUIRE(buf_put_str(&text, instead) == ERR_OK);
    REQUIRE(buf_put_str(&text, strchr(at, '\n')) == ERR_OK);
    write_file(w, "net.yaml", buf_span(&text));
    buf_release(&text);
}

static void wrong_settings(void)
{
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        write_settings(&w, rows[i].line, rows[i].instead);
        int fd = spawn(&w);
        int status = end_status(&w, fd);
        CHECK_ROW(rows[i].name, status == rows[i].status);
        CHECK_ROW(rows[i].name, strstr(w.output, rows[i].says) != NULL);
        if (status != rows[i].status || !strstr(w.output, rows[i].says))
            printf("\n    status %d: %s", status, w.output);
    }
    close_world(&w);
}

static void port_in_use(void)
{
    struct world w;
    char line[64];
    open_world(&w);
    write_file(&w, "net.yaml", span_str(good));
    int first = start(&w);
    pid_t running = w.program;
    snprintf(line, sizeof line, "listen: 127.0.0.1:%u", w.port);
    write_settings(&w, "listen:", line);
    int second = spawn(&w);
    CHECK(end_status(&w, second) == 1);
    CHECK(strstr(w.output, "is in use") != NULL);
    w.program = running;
    CHECK(stop(&w, first) == 0);
    close_world(&w);
}

static const struct test tests[] = {
    { "it serves, stops when asked, and goes on after a kill", serves_and_stops },
    { "wrong settings end it with one line that says where", wrong_settings },
    { "a port in use ends it with a line that says so", port_in_use },
};

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_main("daemon", tests, COUNT(tests));
}
