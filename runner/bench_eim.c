#include "bench_eim.h"

#include <stdio.h>
#include <string.h>

#include "bench_place.h"
#include "db.h"
#include "eim.h"
#include "esipa.h"
#include "json.h"
#include "rsp_ids.h"

#define HOST "eim.example.com"
#define URL "https://" HOST
#define IMPORT_AT_ONCE 10000u
#define SPREAD 2654435761u /* a prime: polls jump about among the registered eUICCs */

struct bench {
    struct bench_place place;
    struct http_client *eso;
    struct env device_env;
    struct es_peer peer; /* the eIM as the device sees it */
};

/* --- the eIM ---------------------------------------------------------------------------------------- */

static enum err make_eim(struct bench *b, const struct pki_item *eso, struct actor **out)
{
    const struct pki_item *sign = NULL;
    struct eim_client client = { .name = "eso" };
    struct eim *eim = NULL;
    enum err e = pki_get(b->place.pki, "CERT_S_EIMsign_ECDSA_NIST", &sign);
    if (e)
        return e;
    memcpy(client.fingerprint, eso->fingerprint, sizeof eso->fingerprint);
    const struct eim_settings s = { .eim_id = HOST,
                                    .fqdn = HOST,
                                    .sign_certificate = sign->der,
                                    .sign_key = sign->key,
                                    .storage_key = { .at = { 1 }, .len = 32 },
                                    .trust = b->place.trust,
                                    .clients = &client,
                                    .client_count = 1 };
    e = eim_new(&b->place.env, &s, &eim);
    if (!e)
        *out = eim_actor(eim);
    return e;
}

static enum err open_eim(struct bench *b, enum wiring wiring)
{
    const struct pki_item *eso = NULL;
    struct actor *eim = NULL;
    b->place.step = "the eIM";
    enum err e = pki_client(b->place.pki, "ESO", &eso);
    if (!e)
        e = make_eim(b, eso, &eim);
    if (!e)
        e = bench_place_serve(&b->place, HOST, eim, wiring);
    b->device_env = b->place.caller;
    b->device_env.http = b->place.device;
    b->peer = (struct es_peer){ .env = &b->device_env, .base_url = URL };
    return e ? e : bench_place_operator(&b->place, eso, &b->eso);
}

/* --- who is registered, which does not count --------------------------------------------------------- */

static enum err eid_of(unsigned number, char out[33])
{
    char first30[31];
    snprintf(first30, sizeof first30, "890490320000%018u", number);
    return rsp_eid_complete(first30, out);
}

static enum err import(struct bench *b, unsigned from, unsigned count)
{
    json_t *list = json_array(), *whole = json_pack("{s:o}", "euiccs", list);
    char eid[33];
    enum err e = whole ? ERR_OK : ERR_NOMEM;
    for (unsigned i = 0; !e && i < count; i++) {
        e = eid_of(from + i, eid);
        if (!e)
            e = json_array_append_new(list, json_pack("{s:s}", "eid", eid)) ? ERR_NOMEM : ERR_OK;
    }
    if (!e)
        return bench_call(b->eso, "POST", URL "/v1/euiccs/import", whole, 200, NULL);
    json_decref(whole);
    return e;
}

static enum err import_all(struct bench *b, unsigned count, double *seconds)
{
    int64_t began = clock_now(b->place.env.clock);
    enum err e = ERR_OK;
    b->place.step = "importing eUICCs";
    for (unsigned done = 0; !e && done < count; done += IMPORT_AT_ONCE)
        e = import(b, done, count - done < IMPORT_AT_ONCE ? count - done : IMPORT_AT_ONCE);
    *seconds = (double)(clock_now(b->place.env.clock) - began) / 1e3;
    return e;
}

/* The card and the eIM are made known to each other. */
static enum err introduce_card(struct bench *b)
{
    struct es10b_add_initial_eim_response added = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct buf request = { .max = 4096 };
    json_t *answer = NULL, *body = json_pack("{s:s}", "eid", BENCH_EID);
    enum err e = body ? json_set_base64(body, "euiccCertificate", buf_span(&b->place.identity.certificate)) : ERR_NOMEM;
    if (!e)
        e = json_set_base64(body, "eumCertificate", b->place.identity.eum_certificate);
    b->place.step = "registering the card";
    if (!e)
        e = bench_call(b->eso, "POST", URL "/v1/euiccs", json_incref(body), 201, NULL);
    if (!e)
        e = bench_call(b->eso, "GET", URL "/v1/euiccs/" BENCH_EID "/initial-eim", NULL, 200, &answer);
    if (!e)
        e = json_base64(answer, "addInitialEimRequest", &request);
    if (!e)
        e = es10b_add_initial_eim(&b->place.card, buf_span(&request), &added);
    if (!e && added.message.which != RSP_OK)
        e = ERR_STATE;
    json_decref(body);
    json_decref(answer);
    buf_release(&added.received);
    buf_release(&request);
    return e;
}

/* --- polls -------------------------------------------------------------------------------------------- */

static enum err poll(struct bench *b, const char *digits, enum rsp_get_eim_package_which want,
                     struct esipa_get_eim_package_response *out)
{
    uint8_t eid[RSP_EID_OCTETS];
    enum err e = rsp_eid_parse(digits, eid);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid) };
    if (!e)
        e = esipa_get_eim_package(&b->peer, &q, out);
    return !e && out->message.which != want ? ERR_STATE : e;
}

static enum err poll_in_vain(struct bench *b, unsigned number)
{
    struct esipa_get_eim_package_response answer = { .received.max = HTTP_BODY_MAX };
    char eid[33];
    enum err e = eid_of(number, eid);
    if (!e)
        e = poll(b, eid, RSP_EIM_PACKAGE_ERROR, &answer);
    esipa_get_eim_package_response_release(&answer);
    return e;
}

static enum err poll_all(struct bench *b, const struct bench_eim_options *o, double *steps)
{
    enum err e = poll_in_vain(b, 0); /* connection and statements are there before anything counts */
    uint64_t before = db_steps(b->place.env.db);
    b->place.step = "a poll";
    b->place.watch.counting = true;
    for (unsigned i = 0; !e && i < o->polls; i++)
        e = poll_in_vain(b, (unsigned)((uint64_t)i * SPREAD % o->registered));
    b->place.watch.counting = false;
    *steps = (double)(db_steps(b->place.env.db) - before) / o->polls;
    return e;
}

/* --- packages ----------------------------------------------------------------------------------------- */

static enum err order(struct bench *b, unsigned number)
{
    char reference[24];
    snprintf(reference, sizeof reference, "order-%u", number);
    b->place.step = "the order";
    return bench_call(b->eso, "POST", URL "/v1/euiccs/" BENCH_EID "/orders",
                      json_pack("{s:s, s:s}", "reference", reference, "kind", "list"), 202, NULL);
}

static enum err bring(struct bench *b, struct span result)
{
    struct esipa_provide_eim_package_result_response answer = { .received.max = HTTP_BODY_MAX };
    struct rsp_provide_eim_package_result q = { .result = { .which = RSP_EIM_RESULT_PACKAGE } };
    uint8_t eid[RSP_EID_OCTETS];
    b->place.step = "ESipa.ProvideEimPackageResult";
    enum err e = rsp_eid_parse(BENCH_EID, eid);
    q.eid = SPAN_ARRAY(eid);
    if (!e)
        e = rsp_euicc_package_result_read(result, &q.result.package);
    if (!e)
        e = esipa_provide_eim_package_result(&b->peer, &q, &answer);
    if (!e && answer.message.which != RSP_PROVIDE_ACKNOWLEDGEMENTS)
        e = ERR_STATE;
    int64_t kept = 0;
    if (!e)
        e = es10b_remove_notification_from_list(&b->place.card, q.result.package.result.data.seq_number, &kept);
    esipa_provide_eim_package_result_response_release(&answer);
    return e;
}

/* Ordered, fetched, executed by the card, brought back; the order itself does not count. */
static enum err package(struct bench *b, unsigned number, bool counting)
{
    struct esipa_get_eim_package_response fetched = { .received.max = HTTP_BODY_MAX };
    struct es10b_load_euicc_package_response loaded = { .received.max = APDU_ES10_RESPONSE_MAX };
    enum err e = order(b, number);
    b->place.watch.counting = counting;
    if (!e) {
        b->place.step = "ESipa.GetEimPackage";
        e = poll(b, BENCH_EID, RSP_EIM_PACKAGE_EUICC_PACKAGE, &fetched);
    }
    if (!e) {
        b->place.step = "ES10b.LoadEuiccPackage";
        e = es10b_load_euicc_package(&b->place.card, fetched.message.package.whole, &loaded);
    }
    if (!e)
        e = bring(b, buf_span(&loaded.received));
    b->place.watch.counting = false;
    esipa_get_eim_package_response_release(&fetched);
    buf_release(&loaded.received);
    return e;
}

static enum err run(struct bench *b, const struct bench_eim_options *o, struct bench_eim_result *out)
{
    out->resident_before = bench_resident_octets();
    enum err e = import_all(b, o->registered, &out->import_seconds);
    if (!e)
        e = introduce_card(b);
    if (!e)
        e = poll_all(b, o, &out->poll_steps);
    out->poll_seconds = b->place.watch.seconds;
    b->place.watch.seconds = 0;
    b->place.watch.counts = (struct crypto_counts){ 0 };
    if (!e)
        e = package(b, 0, false);
    for (unsigned i = 1; !e && i <= o->packages; i++) {
        e = crypto_floor_turn(b->place.floor, i - 1, o->packages);
        if (!e)
            e = package(b, i, true);
    }
    out->package_seconds = b->place.watch.seconds;
    out->counts = b->place.watch.counts;
    out->resident_after = bench_resident_octets();
    return e;
}

struct crypto_counts bench_eim_demanded(void)
{
    return (struct crypto_counts){ .sign = 1, .verify = 1 };
}

static void judge(const struct bench *b, unsigned packages, struct bench_eim_result *out)
{
    const struct crypto_counts demanded = bench_eim_demanded();
    out->costs = crypto_floor_costs(b->place.floor);
    out->floor_seconds = crypto_floor_seconds(&out->costs, &demanded);
    out->ratio = out->package_seconds / packages / out->floor_seconds;
}

static bool possible(const struct bench_eim_options *o)
{
    return o->polls >= 1 && o->polls <= 10000000 && o->packages >= 1 && o->packages <= 100000 && o->registered >= 1 &&
           o->registered <= 10000000 && o->wiring != WIRING_PROCESS;
}

enum err bench_eim(const struct bench_eim_options *o, struct bench_eim_result *out, char why[200])
{
    struct bench b = { .place.step = "the options" };
    *out = (struct bench_eim_result){ 0 };
    enum err e = possible(o) ? bench_place_open(&b.place, o->stored) : ERR_CONFIG;
    if (!e)
        e = open_eim(&b, o->wiring);
    if (!e)
        e = bench_place_card(&b.place);
    if (!e)
        e = run(&b, o, out);
    if (!e)
        judge(&b, o->packages, out);
    why[0] = 0;
    if (e)
        snprintf(why, 200, "the benchmark stopped at %s (%s)", b.place.step, err_name(e));
    http_client_free(b.eso);
    bench_place_close(&b.place);
    return e;
}
