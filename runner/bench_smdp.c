#include "bench_smdp.h"

#include <stdio.h>
#include <string.h>

#include "bench_place.h"
#include "es2p.h"
#include "es9p.h"
#include "json.h"
#include "rsp_ids.h"
#include "smdp.h"

#define HOST "smdp.example.com"
#define URL "https://" HOST
#define IMPORT_AT_ONCE 5000u

struct bench {
    struct bench_place place;
    struct http_client *eso, *admin;
};

/* --- the SM-DP+ ----------------------------------------------------------------------------------- */

static enum err make_smdp(struct bench *b, const struct pki_item *eso, const struct pki_item *admin, struct actor **out)
{
    static const char *const addresses[] = { HOST, NULL };
    const struct pki_item *auth = NULL, *pb = NULL;
    struct smdp *smdp = NULL;
    enum err e = pki_get(b->place.pki, "CERT_S_SM_DPauth_ECDSA_NIST", &auth);
    if (!e)
        e = pki_get(b->place.pki, "CERT_S_SM_DPpb_ECDSA_NIST", &pb);
    if (e)
        return e;
    const struct smdp_identity identity = { EC_P256, auth->der, pb->der, auth->key, pb->key };
    struct smdp_client clients[] = { { .name = "eso" }, { .name = "admin", .administrator = true } };
    memcpy(clients[0].fingerprint, eso->fingerprint, sizeof eso->fingerprint);
    memcpy(clients[1].fingerprint, admin->fingerprint, sizeof admin->fingerprint);
    const struct smdp_settings s = { .addresses = addresses,
                                     .identities = &identity,
                                     .identity_count = 1,
                                     .trust = b->place.trust,
                                     .clients = clients,
                                     .client_count = COUNT(clients), .messages_kept = 64,
                                     .storage_key = { .at = { 1 }, .len = 32 } };
    e = smdp_new(&b->place.env, &s, &smdp);
    if (!e)
        *out = smdp_actor(smdp);
    return e;
}

static enum err open_smdp(struct bench *b, enum wiring wiring)
{
    const struct pki_item *eso = NULL, *admin = NULL;
    struct actor *smdp = NULL;
    b->place.step = "the SM-DP+";
    enum err e = pki_client(b->place.pki, "ESO", &eso);
    if (!e)
        e = pki_client(b->place.pki, "ADMIN", &admin);
    if (!e)
        e = make_smdp(b, eso, admin, &smdp);
    if (!e)
        e = bench_place_serve(&b->place, HOST, smdp, wiring);
    if (!e)
        e = bench_place_operator(&b->place, eso, &b->eso);
    return e ? e : bench_place_operator(&b->place, admin, &b->admin);
}

static void close_world(struct bench *b)
{
    http_client_free(b->eso);
    http_client_free(b->admin);
    bench_place_close(&b->place);
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
    json_t *list = json_array(), *whole = json_pack("{s:o}", "profiles", list);
    for (unsigned i = 0; whole && i < count; i++)
        if (json_array_append_new(list, new_profile(from + i))) {
            json_decref(whole);
            return ERR_NOMEM;
        }
    return whole ? bench_call(b->admin, "POST", URL "/v1/profiles", whole, 200, NULL) : ERR_NOMEM;
}

static enum err import_all(struct bench *b, unsigned count)
{
    enum err e = ERR_OK;
    b->place.step = "importing profiles";
    for (unsigned done = 0; !e && done < count; done += IMPORT_AT_ONCE)
        e = import(b, done, count - done < IMPORT_AT_ONCE ? count - done : IMPORT_AT_ONCE);
    return e;
}

static enum err order(struct bench *b, unsigned number, struct es2p_answer *a)
{
    struct env env = b->place.caller;
    env.http = b->eso;
    const struct es_peer peer = { .env = &env, .base_url = URL, .requester = "eso" };
    struct es2p_order q = { .release = true };
    struct es_status status = { 0 };
    b->place.step = "the order";
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
    b->place.step = "ES9+.InitiateAuthentication";
    enum err e = es10b_get_euicc_info1(&b->place.card, &info);
    if (!e)
        e = es10b_get_euicc_challenge(&b->place.card, challenge);
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
    b->place.step = "ES9+.AuthenticateClient";
    enum err e = es10b_authenticate_server(&b->place.card, &q, &d->server);
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
    b->place.step = "ES9+.GetBoundProfilePackage";
    enum err e = es10b_prepare_download(&b->place.card, &q, &d->prepared);
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
    b->place.step = "ES9+.HandleNotification";
    enum err e = es10b_load_bound_profile_package(&b->place.card, d->package.bound_profile_package, &d->loaded);
    if (!e && d->loaded.message.data.result.which != RSP_OK)
        e = ERR_STATE;
    if (!e)
        e = es9p_handle_notification(&d->peer, buf_span(&d->loaded.received));
    iccid_of(number, digits);
    if (!e)
        e = rsp_iccid_parse(digits, iccid);
    if (!e)
        e = es10b_delete_profile(&b->place.card, SPAN_ARRAY(iccid), &code);
    if (!e && code == 0)
        e = es10b_remove_notification_from_list(&b->place.card, d->loaded.message.data.metadata.seq_number, &code);
    return !e && code != 0 ? ERR_STATE : e;
}

static enum err download(struct bench *b, unsigned number, bool counting)
{
    struct download d = { .peer = { .base_url = URL } };
    struct es2p_answer ordered;
    enum err e = order(b, number, &ordered);
    d.env = b->place.caller;
    d.env.http = b->place.device;
    d.peer.env = &d.env;
    b->place.watch.counting = counting;
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

static enum err run(struct bench *b, unsigned count, struct bench_smdp_result *out)
{
    double began = (double)clock_now(b->place.env.clock);
    enum err e = import_all(b, count + 1);
    out->import_seconds = ((double)clock_now(b->place.env.clock) - began) / 1e3;
    if (!e)
        e = download(b, 0, false); /* certificates, connection and statements are there before anything counts */
    for (unsigned i = 1; !e && i <= count; i++) {
        e = crypto_floor_turn(b->place.floor, i - 1, count);
        if (!e)
            e = download(b, i, true);
        if (i == (count + 9) / 10)
            out->resident_before = bench_resident_octets();
    }
    out->resident_after = bench_resident_octets();
    return e;
}

static void judge(const struct bench *b, unsigned count, struct bench_smdp_result *out)
{
    const struct crypto_counts demanded = bench_smdp_demanded();
    out->costs = crypto_floor_costs(b->place.floor);
    out->downloads = count;
    out->smdp_seconds = b->place.watch.seconds;
    out->counts = b->place.watch.counts;
    out->floor_seconds = crypto_floor_seconds(&out->costs, &demanded);
    out->database_steps = (double)b->place.watch.steps / count;
    out->downloads_per_second = count / out->smdp_seconds;
    out->ratio = out->smdp_seconds / count / out->floor_seconds;
}

enum err bench_smdp(const struct bench_smdp_options *o, struct bench_smdp_result *out, char why[200])
{
    struct bench b = { .place.step = "the options" };
    bool possible = o->downloads >= 1 && o->downloads <= 100000 && o->wiring != WIRING_PROCESS;
    *out = (struct bench_smdp_result){ 0 };
    enum err e = possible ? bench_place_open(&b.place, o->stored) : ERR_CONFIG;
    if (!e)
        e = open_smdp(&b, o->wiring);
    if (!e)
        e = bench_place_card(&b.place);
    if (!e)
        e = run(&b, o->downloads, out);
    if (!e)
        judge(&b, o->downloads, out);
    why[0] = 0;
    if (e)
        snprintf(why, 200, "the benchmark stopped at %s (%s)", b.place.step, err_name(e));
    close_world(&b);
    return e;
}
