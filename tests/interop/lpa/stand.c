#include "stand.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card_pcsc.h"
#include "json.h"

#define SMDP "smdp.example.com"

/* --- programs ----------------------------------------------------------------------------------------------- */

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

static void spawn(struct stand *s, struct child *c, const char *event, const char *const *words)
{
    char program[4096];
    int ends[2];
    const char *bin = getenv("LAB_BIN");
    snprintf(program, sizeof program, "%s/%s", bin ? bin : ".", words[0]);
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    c->pid = fork();
    REQUIRE(c->pid >= 0);
    if (c->pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(ends[1], STDERR_FILENO) >= 0 && chdir(s->folder) == 0)
            execv(program, (char *const *)words);
        _exit(127);
    }
    close(ends[1]);
    c->heard = ends[0];
    bool up = hear(c, event);
    if (!up)
        printf("\n    %s", c->said);
    REQUIRE(up);
}

static void stop(struct child *c)
{
    int status = 0;
    CHECK(kill(c->pid, SIGTERM) == 0);
    hear(c, NULL);
    close(c->heard);
    CHECK(waitpid(c->pid, &status, 0) == c->pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int stand_run(const char *command, char text[16384])
{
    char line[5000];
    const char *bin = getenv("LAB_BIN");
    snprintf(line, sizeof line, "B=%s; %s", bin ? bin : ".", command);
    FILE *p = popen(line, "re");
    REQUIRE(p != NULL);
    size_t len = fread(text, 1, 16383, p);
    text[len] = 0;
    int status = pclose(p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- the SM-DP+'s other interfaces ------------------------------------------------------------------------- */

static const char settings[] = "listen: 127.0.0.1:0\n"
                               "certificate: certs/DPtls/CERT_S_SM_DP_TLS_NIST.pem\n"
                               "key: certs/DPtls/SK_S_SM_DP_TLS_NIST.pem\n"
                               "clients-ca: certs/Operator/CERT_OPERATOR_CA.pem\n"
                               "certs: certs\n"
                               "storage-key: smdp.key\n"
                               "clients:\n"
                               "  - {name: eso, certificate: certs/Operator/CERT_OPERATOR_ESO.pem}\n"
                               "  - {name: admin, certificate: certs/Operator/CERT_OPERATOR_ADMIN.pem, rights: [administer]}\n";

static struct buf whole_file(struct stand *s, const char *name)
{
    char path[512];
    struct buf b = { .max = 1 << 16 };
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    REQUIRE(read_file(path, &b) == ERR_OK);
    return b;
}

static void call(struct stand *s, const char *who, const char *method, const char *target, const char *body,
                 char answer[4096])
{
    char path[128], url[300];
    struct http_client *client = NULL;
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = { { "Content-Type", "application/json" },
                                           { "X-Admin-Protocol", "gsma/rsp/v2.5.0" } };
    snprintf(path, sizeof path, "certs/Operator/CERT_OPERATOR_%s.pem", who);
    struct buf certificate = whole_file(s, path);
    snprintf(path, sizeof path, "certs/Operator/SK_OPERATOR_%s.pem", who);
    struct buf key = whole_file(s, path);
    const struct http_client_settings settings_of = { .net = &s->net, .roots_pem = buf_span(&s->roots),
                                                      .identity = { buf_span(&certificate), buf_span(&key) } };
    snprintf(url, sizeof url, "https://" SMDP "%s", target);
    REQUIRE(http_client_tls_new(&s->env, &settings_of, &client) == ERR_OK);
    const struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = span_str(body) };
    REQUIRE(http_send(client, &q, &p) == ERR_OK);
    snprintf(answer, 4096, "%.*s", (int)p.body.len, p.body.len ? (const char *)p.body.at : "");
    CHECK(p.status == 200);
    http_client_free(client);
    http_response_release(&p);
    buf_release(&certificate);
    buf_release(&key);
}

static void order(struct stand *s, const char *iccid, const char *imsi, const char *matching_id, const char *confirmation)
{
    char body[1000], answer[4096];
    snprintf(body, sizeof body,
             "{\"profiles\":[{\"iccid\":\"%s\",\"imsi\":\"%s\",\"operator\":\"eso\",\"k\":"
             "\"465b5ce8b199b49faa5f0a2ee238a6bc\",\"opc\":\"cd63cb71954a9f4e48a5994e37a02baf\",\"serviceProviderName\":"
             "\"Lab\",\"profileName\":\"Lab\",\"notifications\":[{\"event\":\"enable\",\"address\":\"" SMDP "\"},"
             "{\"event\":\"disable\",\"address\":\"" SMDP "\"},{\"event\":\"delete\",\"address\":\"" SMDP "\"}]}]}",
             iccid, imsi);
    call(s, "ADMIN", "POST", "/v1/profiles", body, answer);
    static const char header[] = "{\"header\":{\"functionRequesterIdentifier\":\"eso\",\"functionCallIdentifier\":\"1\"},";
    snprintf(body, sizeof body, "%s\"iccid\":\"%s\"}", header, iccid);
    call(s, "ESO", "POST", "/gsma/rsp2/es2plus/downloadOrder", body, answer);
    CHECK(strstr(answer, "Executed-Success") != NULL);
    snprintf(body, sizeof body, "%s\"iccid\":\"%s\",\"matchingId\":\"%s\"%s,\"releaseFlag\":true}", header, iccid,
             matching_id, confirmation);
    call(s, "ESO", "POST", "/gsma/rsp2/es2plus/confirmOrder", body, answer);
    CHECK(strstr(answer, "Executed-Success") != NULL);
}

void stand_history(struct stand *s, const char *iccid, char text[4096])
{
    char target[100];
    snprintf(target, sizeof target, "/v1/profiles/%s", iccid);
    call(s, "ADMIN", "GET", target, "", text);
}

/* --- opening ------------------------------------------------------------------------------------------------ */

static void write_settings(struct stand *s)
{
    char path[128];
    snprintf(path, sizeof path, "%s/settings.yaml", s->folder);
    FILE *f = fopen(path, "we");
    REQUIRE(f != NULL);
    CHECK(fputs(settings, f) >= 0 && fclose(f) == 0);
}

static void start_smdp(struct stand *s)
{
    const char *const words[] = { "sim-smdp", "--settings", "settings.yaml", "--log", "json", NULL };
    write_settings(s);
    spawn(s, &s->smdp, "daemon.listening", words);
    const char *port = strstr(s->smdp.said, "\"port\":");
    REQUIRE(port != NULL);
    REQUIRE(net_add(&s->net, SMDP, "127.0.0.1", (uint16_t)atoi(port + 7)) == ERR_OK);
}

static void make_client(struct stand *s)
{
    s->roots = whole_file(s, "certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem");
    const struct http_client_settings lpa = { .net = &s->net, .roots_pem = buf_span(&s->roots) };
    REQUIRE(http_client_tls_new(&s->env, &lpa, &s->http) == ERR_OK);
    s->env.http = s->http;
}

void stand_open(struct stand *s, bool consumer)
{
    *s = (struct stand){ .log = { .clock = clock_system(), .actor = "lpa" } };
    snprintf(s->folder, sizeof s->folder, "/tmp/lab-lpa-XXXXXX");
    REQUIRE(mkdtemp(s->folder) != NULL);
    snprintf(s->certs, sizeof s->certs, "%s/certs", s->folder);
    REQUIRE(crypto_new(&s->crypto) == ERR_OK);
    s->env = (struct env){ .clock = clock_system(), .rng = crypto_rng(s->crypto), .log = &s->log, .crypto = s->crypto };
    const struct certs_options options = { .epoch = clock_now(clock_system()) };
    REQUIRE(certs_make(s->crypto, s->certs, &options, stderr) == ERR_OK);
    own_pcscd_start(&s->pcscd);
    const char *const words[] = { "sim-euicc", "--vpcd", s->pcscd.address, "--certs", "certs", "--consumer",
                                  consumer ? "true" : "false", "--log", "json", NULL };
    spawn(s, &s->euicc, "vpcd.connected", words);
    start_smdp(s);
    make_client(s);
    order(s, FIRST, "262027654321091", "CODE-1", "");
    order(s, SECOND, "262027654321092", "CODE-2", ",\"confirmationCode\":\"" CODE "\"");
}

void stand_close(struct stand *s)
{
    char command[128];
    stop(&s->euicc);
    stop(&s->smdp);
    own_pcscd_stop(&s->pcscd);
    http_client_free(s->http);
    net_release(&s->net);
    buf_release(&s->roots);
    crypto_free(s->crypto);
    snprintf(command, sizeof command, "rm -rf %s", s->folder);
    CHECK(system(command) == 0);
}

void stand_connect(struct stand *s)
{
    struct buf bytes = { .max = 4096 };
    REQUIRE(card_pcsc_open(&s->log, "Lab Reader", &s->card) == ERR_OK);
    s->es10 = (struct es10_card){ .env = &s->env, .card = s->card };
    REQUIRE(card_reset(s->card, &bytes) == ERR_OK);
    REQUIRE(apdu_open_isd_r(s->card, &s->es10.channel, &bytes, &s->es10.sw) == ERR_OK);
    buf_release(&bytes);
}

void stand_disconnect(struct stand *s)
{
    CHECK(apdu_close_channel(s->card, s->es10.channel) == ERR_OK);
    card_close(s->card);
}
