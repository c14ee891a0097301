#include "bench_smdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certs.h"
#include "db.h"
#include "es10b.h"
#include "es2p.h"
#include "es9p.h"
#include "euicc.h"
#include "json.h"
#include "rsp_ids.h"
#include "smdp.h"
#include "wire.h"

#define HOST "smdp.example.com"
#define URL "https://" HOST
#define EID "89049032123451234512345678901235"
#define IMPORT_AT_ONCE 5000u

/* What passes the client of ES9+: the clock runs between request and answer only. */
struct stopwatch {
    struct crypto *crypto;
    struct crypto_counts before, counts;
    double began, seconds;
    bool counting;
};

struct bench {
    struct log log;
    struct env env, caller; /* of the SM-DP+; of card and LPA */
    char folder[64], path[96];
    struct pki *pki;
    struct trust *trust, *operators;
    struct smdp *smdp;
    struct http_switch *wires;
    struct http_server *server;
    struct net net;
    struct buf roots;
    struct http_client *eso, *admin, *lpa;
    struct stopwatch watch;
    struct pki_euicc identity;
    struct euicc *euicc;
    struct es10_card card;
    const char *step;
};

/* --- the stopwatch ------------------------------------------------------------------------------- */

/* Of the whole process: over TLS the SM-DP+ has threads of its own, and nobody else works meanwhile. */
static double processor_seconds(void)
{
    struct timespec t = { 0 };
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static enum err start_watch(void *context, const struct http_call *q)
{
    struct stopwatch *w = context;
    (void)q;
    crypto_counts(w->crypto, &w->before);
    w->began = processor_seconds();
    return ERR_OK;
}

static enum err stop_watch(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    struct stopwatch *w = context;
    struct crypto_counts now;
    double took = processor_seconds() - w->began;
    (void)q, (void)p;
    crypto_counts(w->crypto, &now);
    if (!w->counting)
        return e;
    w->seconds += took;
    w->counts.sign += now.sign - w->before.sign;
    w->counts.verify += now.verify - w->before.verify;
    w->counts.ecdh += now.ecdh - w->before.ecdh;
    w->counts.keygen += now.keygen - w->before.keygen;
    return e;
}

/* --- the world ------------------------------------------------------------------------------------ */

static enum err open_environment(struct bench *b)
{
    b->step = "the certificates";
    b->log = (struct log){ .clock = clock_system(), .actor = "bench" };
    enum err e = crypto_new(&b->env.crypto);
    if (e)
        return e;
    b->env.clock = clock_system();
    b->env.rng = crypto_rng(b->env.crypto);
    b->env.log = &b->log;
    b->watch.crypto = b->env.crypto;
    e = pki_new(b->env.crypto, clock_now(b->env.clock), &b->pki);
    if (!e)
        e = pki_trust(b->pki, &b->trust);
    return e ? e : pki_trust_clients(b->pki, &b->operators);
}

static enum err make_smdp(struct bench *b)
{
    static const char *const addresses[] = { HOST, NULL };
    const struct pki_item *auth = NULL, *pb = NULL, *eso = NULL, *admin = NULL;
    enum err e = pki_get(b->pki, "CERT_S_SM_DPauth_ECDSA_NIST", &auth);
    if (!e)
        e = pki_get(b->pki, "CERT_S_SM_DPpb_ECDSA_NIST", &pb);
    if (!e)
        e = pki_client(b->pki, "ESO", &eso);
    if (!e)
        e = pki_client(b->pki, "ADMIN", &admin);
    if (e)
        return e;
    const struct smdp_identity identity = { EC_P256, auth->der, pb->der, auth->key, pb->key };
    struct smdp_client clients[] = { { .name = "eso" }, { .name = "admin", .administrator = true } };
    memcpy(clients[0].fingerprint, eso->fingerprint, sizeof eso->fingerprint);
    memcpy(clients[1].fingerprint, admin->fingerprint, sizeof admin->fingerprint);
    const struct smdp_settings s = { .addresses = addresses,
                                     .identities = &identity,
                                     .identity_count = 1,
                                     .trust = b->trust,
                                     .clients = clients,
                                     .client_count = COUNT(clients),
                                     .storage_key = { .at = { 1 }, .len = 32 } };
    e = smdp_new(&b->env, &s, &b->smdp);
    if (!e)
        e = http_switch_set(b->wires, HOST, smdp_actor(b->smdp), b->operators, &b->log);
    if (!e)
        e = http_client_direct_new(b->wires, eso->der, &b->eso);
    return e ? e : http_client_direct_new(b->wires, admin->der, &b->admin);
}

/* Of a file in a folder of its own. */
static enum err make_folder(struct bench *b)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(b->folder, sizeof b->folder, "%s/bench-smdp-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
    if (!mkdtemp(b->folder)) {
        b->folder[0] = 0;
        return ERR_IO;
    }
    snprintf(b->path, sizeof b->path, "%s/smdp.db", b->folder);
    return ERR_OK;
}

static enum err open_smdp(struct bench *b, bool stored)
{
    b->step = "the SM-DP+";
    enum err e = stored ? make_folder(b) : ERR_OK;
    if (!e)
        e = db_open(&b->log, stored ? b->path : NULL, false, &b->env.db);
    if (!e)
        e = http_switch_new(&b->env, &b->wires);
    return e ? e : make_smdp(b);
}

static enum err open_tls(struct bench *b, struct http_client **out)
{
    const struct pki_item *item = NULL;
    enum err e = pki_roots_pem(b->pki, &b->roots);
    if (!e)
        e = pki_server(b->pki, HOST, &item);
    if (e)
        return e;
    const struct http_server_settings s = { .host = "127.0.0.1", .identity = { item->pem, item->key_pem } };
    const struct http_client_settings c = { .net = &b->net, .roots_pem = buf_span(&b->roots), .user_agent = "bench" };
    e = http_server_start(&b->env, smdp_actor(b->smdp), &s, &b->server);
    if (!e)
        e = net_add(&b->net, HOST, "127.0.0.1", http_server_port(b->server));
    return e ? e : http_client_tls_new(&b->env, &c, out);
}

static enum err open_lpa(struct bench *b, enum wiring wiring)
{
    const struct http_observer o = { start_watch, stop_watch, &b->watch };
    struct http_client *behind = NULL;
    b->step = "the connection to the SM-DP+";
    enum err e = wiring == WIRING_LOOPBACK ? open_tls(b, &behind)
                                           : http_client_direct_new(b->wires, (struct span){ 0 }, &behind);
    return e ? e : http_client_observed_new(behind, &o, &b->lpa);
}

static enum err open_card(struct bench *b)
{
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = 512 };
    struct euicc_settings s = { .credential_count = 1, .trust = b->trust };
    b->step = "the card";
    b->caller = b->env;
    b->caller.db = NULL;
    enum err e = certs_issue_euicc(b->pki, "CERT_EUICC_ECDSA_NIST", EID, &b->identity);
    const struct euicc_credential credential = { buf_span(&b->identity.certificate), b->identity.eum_certificate,
                                                 secret_span(&b->identity.key) };
    s.credentials = &credential;
    if (!e)
        e = rsp_eid_parse(EID, s.eid);
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

static void remove_folder(struct bench *b)
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

static void close_world(struct bench *b)
{
    http_client_free(b->lpa);
    http_client_free(b->eso);
    http_client_free(b->admin);
    http_server_stop(b->server);
    http_switch_free(b->wires);
    net_release(&b->net);
    buf_release(&b->roots);
    if (b->smdp)
        smdp_actor(b->smdp)->ops->free(smdp_actor(b->smdp));
    if (b->env.db)
        db_close(b->env.db);
    remove_folder(b);
    euicc_free(b->euicc);
    pki_euicc_release(&b->identity);
    trust_free(b->trust);
    trust_free(b->operators);
    pki_free(b->pki);
    crypto_free(b->env.crypto);
}

/* --- stock and orders, which do not count ----------------------------------------------------------- */

static void iccid_of(unsigned number, char out[21])
{
    snprintf(out, 21, "8900012345%09u", number % 1000000000);
}

static json_t *new_profile(unsigned number)
{
    char iccid[21], imsi[16], k[33];
    iccid_of(number, iccid);
    snprintf(imsi, sizeof imsi, "26201%09u", number % 1000000000);
    snprintf(k, sizeof k, "%032X", number);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "iccid", iccid, "imsi", imsi, "k", k, "opc",
                     "00112233445566778899AABBCCDDEEFF", "operator", "eso");
}

static enum err import(struct bench *b, unsigned from, unsigned count)
{
    struct buf body = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header type = { "Content-Type", "application/json" };
    json_t *list = json_array(), *whole = json_pack("{s:o}", "profiles", list);
    enum err e = whole ? ERR_OK : ERR_NOMEM;
    for (unsigned i = 0; !e && i < count; i++)
        e = json_array_append_new(list, new_profile(from + i)) ? ERR_NOMEM : ERR_OK;
    if (!e)
        e = json_write(whole, &body);
    const struct http_call q = { .method = "POST", .url = URL "/v1/profiles", .headers = &type, .header_count = 1,
                                 .body = buf_span(&body) };
    if (!e)
        e = http_send(b->admin, &q, &p);
    if (!e && p.status != 200)
        e = ERR_STATE;
    json_decref(whole);
    http_response_release(&p);
    buf_release(&body);
    return e;
}

static enum err import_all(struct bench *b, unsigned count)
{
    enum err e = ERR_OK;
    b->step = "importing profiles";
    for (unsigned done = 0; !e && done < count; done += IMPORT_AT_ONCE)
        e = import(b, done, count - done < IMPORT_AT_ONCE ? count - done : IMPORT_AT_ONCE);
    return e;
}

static enum err order(struct bench *b, unsigned number, struct es2p_answer *a)
{
    struct env env = b->caller;
    env.http = b->eso;
    const struct es_peer peer = { .env = &env, .base_url = URL, .requester = "eso" };
    struct es2p_order q = { .release = true };
    struct es_status status = { 0 };
    b->step = "the order";
    iccid_of(number, q.iccid);
    enum err e = es2p_download_order(&peer, &q, a, &status);
    if (!e && !es_refused(&status))
        e = es2p_confirm_order(&peer, &q, a, &status);
    return !e && es_refused(&status) ? ERR_STATE : e;
}

/* --- a download: the SM-DP+ counts, the card does not ------------------------------------------------ */

struct download {
    struct es_peer peer;
    struct env env;
    struct es_memory memory;
    struct es_status status;
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    struct rsp_get_bound_profile_package_ok package;
    struct es10b_authenticate_server_response server;
    struct es10b_prepare_download_response prepared;
    struct es10b_load_bound_profile_package_response loaded;
};

static enum err outcome(const struct download *d, enum err e)
{
    return !e && es_refused(&d->status) ? ERR_STATE : e;
}

static enum err initiate(struct bench *b, struct download *d)
{
    struct es10b_euicc_info1 info = { 0 };
    uint8_t challenge[16];
    b->step = "ES9+.InitiateAuthentication";
    enum err e = es10b_get_euicc_info1(&b->card, &info);
    if (!e)
        e = es10b_get_euicc_challenge(&b->card, challenge);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(HOST), info.message };
    if (!e)
        e = es9p_initiate_authentication(&d->peer, &q, &d->memory, &d->initiated, &d->status);
    buf_release(&info.received);
    return outcome(d, e);
}

static enum err authenticate(struct bench *b, struct download *d, const char *matching_id)
{
    const struct rsp_authenticate_server_request q = {
        .server_signed1 = d->initiated.server_signed1,
        .server_signature1 = d->initiated.server_signature1,
        .ci_pkid = d->initiated.ci_pkid,
        .server_certificate = d->initiated.server_certificate,
        .ctx_params1 = { .matching_id = span_str(matching_id),
                         .device_info = { .tac = SPAN(0x35, 0x29, 0x06, 0x11), .capabilities = span_str("") } },
    };
    b->step = "ES9+.AuthenticateClient";
    enum err e = es10b_authenticate_server(&b->card, &q, &d->server);
    const struct rsp_authenticate_client_request c = { d->initiated.transaction_id, d->server.message };
    if (!e)
        e = es9p_authenticate_client(&d->peer, &c, &d->memory, &d->authenticated, &d->status);
    return outcome(d, e);
}

static enum err get_package(struct bench *b, struct download *d)
{
    const struct rsp_prepare_download_request q = { .smdp_signed2 = d->authenticated.smdp_signed2,
                                                    .smdp_signature2 = d->authenticated.smdp_signature2,
                                                    .smdp_certificate = d->authenticated.smdp_certificate };
    b->step = "ES9+.GetBoundProfilePackage";
    enum err e = es10b_prepare_download(&b->card, &q, &d->prepared);
    const struct rsp_get_bound_profile_package_request g = { d->initiated.transaction_id, d->prepared.message };
    if (!e)
        e = es9p_get_bound_profile_package(&d->peer, &g, &d->memory, &d->package, &d->status);
    return outcome(d, e);
}

/* Installs it, tells the SM-DP+, and takes profile and result from the card again. */
static enum err finish(struct bench *b, struct download *d, unsigned number)
{
    char digits[21];
    uint8_t iccid[RSP_ICCID_OCTETS];
    int64_t code = 0;
    b->step = "ES9+.HandleNotification";
    enum err e = es10b_load_bound_profile_package(&b->card, d->package.bound_profile_package, &d->loaded);
    if (!e && d->loaded.message.data.result.which != RSP_OK)
        e = ERR_STATE;
    if (!e)
        e = es9p_handle_notification(&d->peer, buf_span(&d->loaded.received));
    iccid_of(number, digits);
    if (!e)
        e = rsp_iccid_parse(digits, iccid);
    if (!e)
        e = es10b_delete_profile(&b->card, SPAN_ARRAY(iccid), &code);
    if (!e && code == 0)
        e = es10b_remove_notification_from_list(&b->card, d->loaded.message.data.metadata.seq_number, &code);
    return !e && code != 0 ? ERR_STATE : e;
}

static enum err download(struct bench *b, unsigned number, bool counting)
{
    struct download d = { .peer = { .base_url = URL } };
    struct es2p_answer ordered;
    enum err e = order(b, number, &ordered);
    d.env = b->caller;
    d.env.http = b->lpa;
    d.peer.env = &d.env;
    b->watch.counting = counting;
    if (!e)
        e = initiate(b, &d);
    if (!e)
        e = authenticate(b, &d, ordered.matching_id);
    if (!e)
        e = get_package(b, &d);
    if (!e)
        e = finish(b, &d, number);
    es_memory_release(&d.memory);
    buf_release(&d.server.received);
    buf_release(&d.prepared.received);
    buf_release(&d.loaded.received);
    return e;
}

/* --- what is asked ------------------------------------------------------------------------------------ */

struct crypto_counts bench_smdp_demanded(void)
{
    return (struct crypto_counts){ .sign = 3, .verify = 3, .ecdh = 1, .keygen = 1 };
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

static enum err run(struct bench *b, unsigned count, struct bench_smdp_result *out)
{
    double began = (double)clock_now(b->env.clock);
    enum err e = import_all(b, count + 1);
    out->import_seconds = ((double)clock_now(b->env.clock) - began) / 1e3;
    if (!e)
        e = download(b, 0, false); /* certificates, connection and statements are there before anything counts */
    for (unsigned i = 1; !e && i <= count; i++) {
        e = download(b, i, true);
        if (i == (count + 9) / 10)
            out->resident_before = resident_octets();
    }
    out->resident_after = resident_octets();
    return e;
}

static enum err judge(const struct bench *b, unsigned count, struct bench_smdp_result *out)
{
    const struct crypto_counts demanded = bench_smdp_demanded();
    enum err e = crypto_measure_floor(&out->costs);
    if (e)
        return e;
    out->downloads = count;
    out->smdp_seconds = b->watch.seconds;
    out->counts = b->watch.counts;
    out->floor_seconds = crypto_floor_seconds(&out->costs, &demanded);
    out->downloads_per_second = count / out->smdp_seconds;
    out->ratio = out->smdp_seconds / count / out->floor_seconds;
    return ERR_OK;
}

enum err bench_smdp(const struct bench_smdp_options *o, struct bench_smdp_result *out, char why[200])
{
    struct bench b = { .step = "the options", .roots = { .max = 64 << 10 } };
    bool possible = o->downloads >= 1 && o->downloads <= 100000 && o->wiring != WIRING_PROCESS;
    *out = (struct bench_smdp_result){ 0 };
    enum err e = possible ? open_environment(&b) : ERR_CONFIG;
    if (!e)
        e = open_smdp(&b, o->stored);
    if (!e)
        e = open_lpa(&b, o->wiring);
    if (!e)
        e = open_card(&b);
    if (!e)
        e = run(&b, o->downloads, out);
    if (!e)
        e = judge(&b, o->downloads, out);
    why[0] = 0;
    if (e)
        snprintf(why, 200, "the benchmark stopped at %s (%s)", b.step, err_name(e));
    close_world(&b);
    return e;
}
