#include "bench_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db.h"
#include "json.h"
#include "rsp_ids.h"

/* --- the stopwatch ------------------------------------------------------------------------------- */

static double seconds_of(clockid_t clock)
{
    struct timespec t = { 0 };
    return clock_gettime(clock, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of whoever serves: over TLS the server has threads of its own, and the calling one is the device. */
static double server_seconds(const struct bench_watch *w)
{
    double all = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    return w->threads ? all - seconds_of(CLOCK_THREAD_CPUTIME_ID) : all;
}

static double cost_of_looking(const struct bench_watch *w)
{
    enum { TURNS = 1000 };
    double began = server_seconds(w);
    for (int i = 0; i < TURNS; i++)
        server_seconds(w);
    return (server_seconds(w) - began) / TURNS;
}

static enum err start_watch(void *context, const struct http_call *q)
{
    struct bench_watch *w = context;
    (void)q;
    crypto_counts(w->crypto, &w->before);
    w->steps_before = db_steps(w->db);
    w->began = server_seconds(w);
    return ERR_OK;
}

static enum err stop_watch(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    struct bench_watch *w = context;
    struct crypto_counts now;
    double took = server_seconds(w) - w->began;
    (void)q, (void)p;
    crypto_counts(w->crypto, &now);
    if (!w->counting)
        return e;
    w->seconds += took - w->own;
    w->steps += db_steps(w->db) - w->steps_before;
    w->counts.sign += now.sign - w->before.sign;
    w->counts.verify += now.verify - w->before.verify;
    w->counts.ecdh += now.ecdh - w->before.ecdh;
    w->counts.keygen += now.keygen - w->before.keygen;
    return e;
}

long bench_resident_octets(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*s %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* --- the place ------------------------------------------------------------------------------------ */

/* Of a database in a folder of its own. */
static enum err make_folder(struct bench_place *b)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(b->folder, sizeof b->folder, "%s/bench-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    if (!mkdtemp(b->folder)) {
        b->folder[0] = 0;
        return ERR_IO;
    }
    snprintf(b->path, sizeof b->path, "%s/store.db", b->folder);
    return ERR_OK;
}

static void remove_folder(struct bench_place *b)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    char path[112];
    for (size_t i = 0; b->folder[0] && i < COUNT(suffixes); i++) {
        snprintf(path, sizeof path, "%s%s", b->path, suffixes[i]);
        unlink(path);
    }
    if (b->folder[0])
        rmdir(b->folder);
}

static enum err open_store(struct bench_place *b, bool stored)
{
    b->step = "the database";
    enum err e = stored ? make_folder(b) : ERR_OK;
    if (!e)
        e = db_open(&b->log, stored ? b->path : NULL, false, &b->env.db);
    b->watch.db = b->env.db;
    return e;
}

enum err bench_place_open(struct bench_place *b, bool stored)
{
    *b = (struct bench_place){ .step = "the certificates", .roots = { .max = 64 << 10 } };
    b->log = (struct log){ .clock = clock_system(), .actor = "bench" };
    enum err e = crypto_new(&b->env.crypto);
    if (!e)
        e = crypto_floor_new(&b->floor);
    if (e)
        return e;
    b->env.clock = clock_system();
    b->env.rng = crypto_rng(b->env.crypto);
    b->env.log = &b->log;
    b->watch.crypto = b->env.crypto;
    b->caller = b->env;
    e = pki_new(b->env.crypto, clock_now(b->env.clock), &b->pki);
    if (!e)
        e = pki_trust(b->pki, &b->trust);
    if (!e)
        e = pki_trust_clients(b->pki, &b->operators);
    if (!e)
        e = http_switch_new(&b->env, &b->wires);
    return e ? e : open_store(b, stored);
}

static enum err open_tls(struct bench_place *b, const char *host, struct http_client **out)
{
    const struct pki_item *item = NULL;
    enum err e = pki_roots_pem(b->pki, &b->roots);
    if (!e)
        e = pki_server(b->pki, host, &item);
    if (e)
        return e;
    const struct http_server_settings s = { .host = "127.0.0.1", .identity = { item->pem, item->key_pem } };
    const struct http_client_settings c = { .net = &b->net, .roots_pem = buf_span(&b->roots), .user_agent = "bench" };
    e = http_server_start(&b->env, b->actor, &s, &b->server);
    if (!e)
        e = net_add(&b->net, host, "127.0.0.1", http_server_port(b->server));
    return e ? e : http_client_tls_new(&b->env, &c, out);
}

enum err bench_place_serve(struct bench_place *b, const char *host, struct actor *actor, enum wiring wiring)
{
    const struct http_observer o = { .before = start_watch, .after = stop_watch, .context = &b->watch };
    struct http_client *behind = NULL;
    b->step = "the connection to the server";
    b->actor = actor;
    b->watch.threads = wiring == WIRING_LOOPBACK;
    b->watch.own = cost_of_looking(&b->watch);
    enum err e = http_switch_set(b->wires, host, actor, b->operators, &b->log);
    if (!e)
        e = wiring == WIRING_LOOPBACK ? open_tls(b, host, &behind)
                                      : http_client_direct_new(b->wires, (struct span){ 0 }, &behind);
    return e ? e : http_client_observed_new(behind, &o, &b->device);
}

enum err bench_place_operator(struct bench_place *b, const struct pki_item *who, struct http_client **out)
{
    return http_client_direct_new(b->wires, who->der, out);
}

enum err bench_place_card(struct bench_place *b)
{
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = 512 };
    struct euicc_settings s = { .credential_count = 1, .trust = b->trust };
    b->step = "the card";
    enum err e = certs_issue_euicc(b->pki, "CERT_EUICC_ECDSA_NIST", BENCH_EID, &b->identity);
    const struct euicc_credential credential = { buf_span(&b->identity.certificate), b->identity.eum_certificate,
                                                 secret_span(&b->identity.key) };
    s.credentials = &credential;
    if (!e)
        e = rsp_eid_parse(BENCH_EID, s.eid);
    if (!e)
        e = euicc_new(&b->caller, &s, &b->euicc);
    if (e)
        return e;
    b->card = (struct es10_card){ .env = &b->caller, .card = euicc_card(b->euicc) };
    e = card_reset(b->card.card, &atr);
    if (!e)
        e = apdu_open_isd_r(b->card.card, &b->card.channel, &fci, &b->card.sw);
    buf_release(&atr);
    buf_release(&fci);
    return e;
}

void bench_place_close(struct bench_place *b)
{
    http_client_free(b->device);
    http_server_stop(b->server);
    http_switch_free(b->wires);
    net_release(&b->net);
    buf_release(&b->roots);
    if (b->actor)
        b->actor->ops->free(b->actor);
    if (b->env.db)
        db_close(b->env.db);
    remove_folder(b);
    euicc_free(b->euicc);
    pki_euicc_release(&b->identity);
    trust_free(b->trust);
    trust_free(b->operators);
    pki_free(b->pki);
    crypto_floor_free(b->floor);
    crypto_free(b->env.crypto);
}

enum err bench_call(struct http_client *as, const char *method, const char *url, json_t *body, int status,
                    json_t **answer)
{
    static const struct http_header type = { "Content-Type", "application/json" };
    struct buf text = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    enum err e = body ? json_write(body, &text) : ERR_OK;
    const struct http_call q = { .method = method, .url = url, .headers = &type, .header_count = body ? 1 : 0,
                                 .body = buf_span(&text) };
    if (!e)
        e = http_send(as, &q, &p);
    if (!e && p.status != status)
        e = ERR_STATE;
    if (!e && answer)
        e = json_read(buf_span(&p.body), answer, NULL);
    json_decref(body);
    http_response_release(&p);
    buf_release(&text);
    return e;
}
