#include "bench_euicc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apdu.h"
#include "bench_package.h"
#include "bsp.h"
#include "certs.h"
#include "der.h"
#include "euicc.h"
#include "rsp_authentication.h"
#include "rsp_download.h"
#include "rsp_es10.h"
#include "rsp_ids.h"
#include "rsp_notification.h"
#include "rsp_store_metadata.h"
#include "saip.h"

#define EPOCH INT64_C(1767225600000) /* 2026-01-01 */
#define SERVER "smdp.example.com"
#define IN_USE_MAX 100u

/* A card whose every command is timed: the decorator in front of the card. */
struct timed_card {
    struct card card;
    struct card *real;
    struct crypto *crypto;
    double seconds;
    double own; /* what looking at the clock takes, which is not added */
    struct crypto_counts counts;
    bool counting;
};

struct bench_card {
    struct clock_virtual clock;
    struct log log;
    struct env env;
    struct pki *pki;
    struct trust *trust;
    struct euicc_contents *contents;
    struct span package; /* that is personalised; empty: a minimal one is written */
    struct pki_euicc identity;
    struct euicc *euicc;
    struct timed_card timed;
    unsigned channel;
    struct buf metadata, upp; /* of the profile that is downloaded */
    const struct pki_item *auth, *pb;
    uint8_t eid[16], transaction_id[16];
    struct ec_signature euicc_signature1;
    struct ec_point euicc_otpk;
    const char *step;
};

/* ---- timing
 * ------------------------------------------------------------------------------------------------------------
 */
static double processor_seconds(void)
{
    struct timespec t = { 0 };
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) ? 0
                                                      : (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cost_of_looking(void)
{
    enum { TURNS = 1000 };
    double began = processor_seconds();
    for (int i = 0; i < TURNS; i++)
        processor_seconds();
    return (processor_seconds() - began) / TURNS;
}

static void add_counts(struct crypto_counts *to, const struct crypto_counts *after,
                       const struct crypto_counts *before)
{
    to->sign += after->sign - before->sign;
    to->verify += after->verify - before->verify;
    to->ecdh += after->ecdh - before->ecdh;
    to->keygen += after->keygen - before->keygen;
}

static enum err timed_reset(struct card *c, struct buf *atr)
{
    return card_reset(((struct timed_card *)c)->real, atr);
}

static enum err timed_transmit(struct card *c, struct span command, struct buf *response)
{
    struct timed_card *t = (struct timed_card *)c;
    struct crypto_counts before, after;
    crypto_counts(t->crypto, &before);
    double since = processor_seconds();
    enum err e = card_transmit(t->real, command, response);
    double took = processor_seconds() - since;
    crypto_counts(t->crypto, &after);
    if (t->counting) {
        t->seconds += took - t->own;
        add_counts(&t->counts, &after, &before);
    }
    return e;
}

static void timed_close(struct card *c)
{
    card_close(((struct timed_card *)c)->real);
}

/* ---- profiles
 * ----------------------------------------------------------------------------------------------------------
 */
static enum err put_metadata(const uint8_t iccid[10], struct buf *out)
{
    struct buf configuration = { .max = 256 };
    const struct rsp_notification_configuration n = { RSP_EVENT_INSTALL, span_str(SERVER) };
    enum err e = rsp_notification_configuration_write(&n, &configuration);
    struct rsp_store_metadata m = { .iccid = span_of(iccid, 10),
                                    .service_provider_name = span_str("Lab"),
                                    .profile_name = span_str("bench"),
                                    .notification_configuration = buf_span(&configuration) };
    if (!e)
        e = rsp_store_metadata_write(&m, out);
    buf_release(&configuration);
    return e;
}

static enum err put_profile(const struct bench_card *b, unsigned number, struct buf *metadata,
                            struct buf *upp)
{
    char digits[21], imsi[16], adm[9];
    struct aka_params keys = { .algorithm = AKA_MILENAGE, .k_len = 16, .res_len = 8 };
    struct saip_subscription s = { .imsi = imsi, .adm1 = adm, .aka = &keys };
    snprintf(adm, sizeof adm, "%08u", number % 100000000);
    snprintf(digits, sizeof digits, "8900012345%09u1", number % 1000000000);
    snprintf(imsi, sizeof imsi, "262019%09u", number % 1000000000);
    memcpy(keys.k, &number, sizeof number);
    *metadata = (struct buf){ .max = 4096 };
    *upp = (struct buf){ .max = SAIP_UPP_MAX };
    enum err e = saip_iccid_parse(digits, s.iccid);
    if (!e)
        e = put_metadata(s.iccid, metadata);
    if (!e && b->package.len)
        return bench_package(b->package, &s, b->env.rng, upp);
    return e ? e : saip_minimal_usim(&s, upp);
}

static void release_profile(struct buf *metadata, struct buf *upp)
{
    if (upp->at)
        memory_clear(upp->at, upp->len);
    buf_release(metadata);
    buf_release(upp);
}

/* ---- the card and its world
 * -------------------------------------------------------------------------------------------- */
/* 30 digits of which the last two check the others (SGP.02 2.2.2). */
static void eid_of(unsigned number, char eid[33])
{
    unsigned rest = 0;
    snprintf(eid, 33, "8904903212345123451234%08u00", number % 100000000);
    for (size_t i = 0; i < 32; i++)
        rest = (rest * 10 + (unsigned)(eid[i] - '0')) % 97;
    snprintf(eid + 30, 3, "%02u", 98 - rest);
}

static enum err make_card(struct bench_card *b, unsigned number, struct pki_euicc *identity,
                          struct euicc **out)
{
    char eid[33];
    struct buf metadata = { 0 }, upp = { 0 };
    eid_of(number, eid);
    enum err e = certs_issue_euicc(b->pki, "CERT_EUICC_ECDSA_NIST", eid, identity);
    if (!e)
        e = put_profile(b, number, &metadata, &upp);
    const struct euicc_credential credential = { buf_span(&identity->certificate),
                                                 identity->eum_certificate,
                                                 secret_span(&identity->key) };
    const struct euicc_profile profile = { buf_span(&metadata), buf_span(&upp), .enabled = true };
    struct euicc_settings s = { .credentials = &credential,
                                .credential_count = 1,
                                .trust = b->trust,
                                .profiles = &profile,
                                .profile_count = 1,
                                .contents = b->contents };
    if (!e)
        e = rsp_eid_parse(eid, s.eid);
    memcpy(b->eid, s.eid, sizeof b->eid);
    if (!e)
        e = euicc_new(&b->env, &s, out);
    release_profile(&metadata, &upp);
    return e;
}

static enum err open_world(struct bench_card *b)
{
    clock_virtual_init(&b->clock, EPOCH);
    b->log = (struct log){ .clock = &b->clock.clock, .actor = "bench" };
    b->step = "the certificates";
    enum err e = crypto_new(&b->env.crypto);
    if (e)
        return e;
    b->env.clock = &b->clock.clock;
    b->env.rng = crypto_rng(b->env.crypto);
    b->env.log = &b->log;
    e = pki_new(b->env.crypto, EPOCH, &b->pki);
    if (!e)
        e = pki_trust(b->pki, &b->trust);
    if (!e)
        e = euicc_contents_new(&b->contents);
    if (!e)
        e = pki_get(b->pki, "CERT_S_SM_DPauth_ECDSA_NIST", &b->auth);
    return e ? e : pki_get(b->pki, "CERT_S_SM_DPpb_ECDSA_NIST", &b->pb);
}

static enum err open_card(struct bench_card *b)
{
    static const struct card_ops ops = { "timed", timed_reset, timed_transmit, timed_close };
    struct buf atr = { .max = CARD_ATR_MAX }, fci = { .max = 512 };
    uint16_t sw;
    b->step = "the card";
    enum err e = make_card(b, 1, &b->identity, &b->euicc);
    if (e)
        return e;
    b->timed = (struct timed_card){ .card = { &ops },
                                    .real = euicc_card(b->euicc),
                                    .crypto = b->env.crypto,
                                    .own = cost_of_looking() };
    e = card_reset(&b->timed.card, &atr);
    if (!e)
        e = apdu_open_isd_r(&b->timed.card, &b->channel, &fci, &sw);
    if (!e)
        e = put_profile(b, 2, &b->metadata, &b->upp);
    buf_release(&atr);
    buf_release(&fci);
    return e;
}

static void close_world(struct bench_card *b)
{
    release_profile(&b->metadata, &b->upp);
    euicc_free(b->euicc);
    euicc_contents_free(b->contents);
    pki_euicc_release(&b->identity);
    trust_free(b->trust);
    pki_free(b->pki);
    crypto_free(b->env.crypto);
}

/* ---- one download, as an SM-DP+ and an LPA do it
 * ---------------------------------------------------------------------------- */
static enum err es10(struct bench_card *b, struct span request, struct buf *response)
{
    uint16_t sw;
    buf_clear(response);
    return apdu_store_data(&b->timed.card, b->channel, 0, request, response, &sw);
}

static enum err get_challenge(struct bench_card *b, uint8_t challenge[16])
{
    struct buf response = { .max = 64 };
    struct rsp_get_euicc_challenge_response r;
    b->step = "GetEUICCChallenge";
    enum err e = es10(b, SPAN(0xbf, 0x2e, 0x00), &response);
    if (!e)
        e = rsp_get_euicc_challenge_response_read(buf_span(&response), &r);
    if (!e)
        memcpy(challenge, r.challenge.at, 16);
    buf_release(&response);
    return e;
}

static enum err write_authenticate(struct bench_card *b, const uint8_t challenge[16],
                                   struct buf *request)
{
    static const uint8_t server_challenge[16] = { 7 };
    struct buf signed1 = { .max = 512 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    struct rsp_server_signed1 s = { .transaction_id = SPAN_ARRAY(b->transaction_id),
                                    .euicc_challenge = span_of(challenge, 16),
                                    .server_address = span_str(SERVER),
                                    .server_challenge = SPAN_ARRAY(server_challenge) };
    enum err e = rsp_server_signed1_write(&s, &signed1);
    s.signed_bytes = buf_span(&signed1);
    rsp_tbs_server_signature1(&s, &tbs);
    if (!e)
        e = ec_sign(b->env.crypto, b->auth->key, tbs.part, tbs.count, &signature);
    const struct rsp_authenticate_server_request r = {
        .server_signed1 = s,
        .server_signature1 = SPAN_ARRAY(signature.at),
        .server_certificate = b->auth->der,
        .ci_pkid = SPAN_ARRAY(b->auth->cert->aki),
        .ctx_params1 = { .matching_id = span_str("BENCH"),
                         .device_info = { .tac = SPAN(0x35, 0x29, 0x06, 0x11),
                                          .capabilities = span_str("") } },
    };
    if (!e)
        e = rsp_authenticate_server_request_write(&r, request);
    buf_release(&signed1);
    return e;
}

static enum err authenticate(struct bench_card *b)
{
    uint8_t challenge[16];
    struct buf request = { .max = 4096 }, response = { .max = 8192 };
    struct rsp_authenticate_server_response r = { 0 };
    enum err e = get_challenge(b, challenge);
    if (!e)
        e = write_authenticate(b, challenge, &request);
    b->step = e ? b->step : "AuthenticateServer";
    if (!e)
        e = es10(b, buf_span(&request), &response);
    if (!e)
        e = rsp_authenticate_server_response_read(buf_span(&response), &r);
    if (!e && r.which != RSP_AUTHENTICATE_SERVER_OK)
        e = ERR_STATE;
    if (!e)
        memcpy(b->euicc_signature1.at, r.ok.euicc_signature1.at, sizeof b->euicc_signature1.at);
    buf_release(&request);
    buf_release(&response);
    return e;
}

static enum err write_prepare(struct bench_card *b, struct buf *request)
{
    struct buf signed2 = { .max = 512 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    struct rsp_smdp_signed2 s = { .transaction_id = SPAN_ARRAY(b->transaction_id) };
    enum err e = rsp_smdp_signed2_write(&s, &signed2);
    s.signed_bytes = buf_span(&signed2);
    rsp_tbs_smdp_signature2(&s, SPAN_ARRAY(b->euicc_signature1.at), &tbs);
    if (!e)
        e = ec_sign(b->env.crypto, b->pb->key, tbs.part, tbs.count, &signature);
    const struct rsp_prepare_download_request r = { .smdp_signed2 = s,
                                                    .smdp_signature2 = SPAN_ARRAY(signature.at),
                                                    .smdp_certificate = b->pb->der };
    if (!e)
        e = rsp_prepare_download_request_write(&r, request);
    buf_release(&signed2);
    return e;
}

static enum err prepare(struct bench_card *b)
{
    struct buf request = { .max = 4096 }, response = { .max = 4096 };
    struct rsp_prepare_download_response r = { 0 };
    b->step = "PrepareDownload";
    enum err e = write_prepare(b, &request);
    if (!e)
        e = es10(b, buf_span(&request), &response);
    if (!e)
        e = rsp_prepare_download_response_read(buf_span(&response), &r);
    if (!e && (r.which != RSP_PREPARE_DOWNLOAD_OK ||
               r.ok.euicc_signed2.euicc_otpk.len != sizeof b->euicc_otpk.at))
        e = ERR_STATE;
    if (!e)
        memcpy(b->euicc_otpk.at, r.ok.euicc_signed2.euicc_otpk.at, sizeof b->euicc_otpk.at);
    buf_release(&request);
    buf_release(&response);
    return e;
}

static enum err put_secure_channel(struct bench_card *b, struct bsp *keys, struct buf *out)
{
    struct ec_key *otsk = NULL;
    struct ec_point otpk;
    struct ec_signature signature;
    struct secret z = { .len = 0 };
    struct rsp_tbs tbs;
    struct buf members = { .max = 512 };
    enum err e = ec_key_generate(b->env.crypto, b->pb->cert->curve, &otsk);
    if (e)
        return e;
    ec_key_point(otsk, &otpk);
    const struct rsp_initialise_secure_channel c = { .remote_op_id = 1,
                                                     .transaction_id =
                                                         SPAN_ARRAY(b->transaction_id),
                                                     .key_type = SPAN(0x88),
                                                     .key_length = SPAN(0x10),
                                                     .host_id = span_str("lab"),
                                                     .smdp_otpk = SPAN_ARRAY(otpk.at),
                                                     .smdp_signature = SPAN_ARRAY(signature.at) };
    e = rsp_initialise_secure_channel_write_tbs(&c, &members);
    rsp_tbs_smdp_sign(buf_span(&members), SPAN_ARRAY(b->euicc_otpk.at), &tbs);
    if (!e)
        e = ec_sign(b->env.crypto, b->pb->key, tbs.part, tbs.count, &signature);
    if (!e)
        e = rsp_initialise_secure_channel_write(&c, out);
    if (!e)
        e = ec_key_agree(b->env.crypto, otsk, SPAN_ARRAY(b->euicc_otpk.at), &z);
    if (!e)
        e = bsp_derive(b->env.crypto, secret_span(&z), span_str("lab"), SPAN_ARRAY(b->eid), keys);
    ec_key_free(otsk);
    secret_release(&z);
    buf_release(&members);
    return e;
}

static enum err put_list(struct bench_card *b, struct bsp *keys, uint32_t list, uint8_t tag,
                         struct span plain, struct buf *out)
{
    struct der_mark mark;
    enum err e = der_put_open(out, list, &mark);
    for (size_t at = 0; !e && at < plain.len; at += BSP_PLAIN_MAX_86)
        e = bsp_protect(b->env.crypto, keys, tag, span_sub(plain, at, BSP_PLAIN_MAX_86), out);
    return e ? e : der_put_close(out, mark);
}

static enum err bind(struct bench_card *b, struct buf *bpp)
{
    struct bsp keys = { 0 };
    struct der_mark mark;
    enum err e = der_put_open(bpp, 0xbf36, &mark);
    if (!e)
        e = put_secure_channel(b, &keys, bpp);
    if (!e)
        e = put_list(b, &keys, 0xa0, 0x87, SPAN(0xbf, 0x24, 0x00), bpp);
    if (!e)
        e = put_list(b, &keys, 0xa1, 0x88, buf_span(&b->metadata), bpp);
    if (!e)
        e = put_list(b, &keys, 0xa3, 0x86, buf_span(&b->upp), bpp);
    if (!e)
        e = der_put_close(bpp, mark);
    bsp_release(&keys);
    return e;
}

static enum err load(struct bench_card *b)
{
    struct buf bpp = { .max = 1 << 20 }, result = { .max = 8192 };
    struct rsp_bpp_segments segments;
    struct rsp_profile_installation_result r;
    struct span segment;
    bool done = false;
    b->step = "LoadBoundProfilePackage";
    enum err e = bind(b, &bpp);
    if (!e)
        e = rsp_bpp_segments(buf_span(&bpp), &segments);
    while (!e && !done && !result.len) {
        e = rsp_bpp_next(&segments, &segment, &done);
        if (!e && !done)
            e = es10(b, segment, &result);
    }
    if (!e)
        e = rsp_profile_installation_result_read(buf_span(&result), &r);
    if (!e && r.data.result.which != RSP_OK)
        e = ERR_STATE;
    buf_release(&bpp);
    buf_release(&result);
    return e;
}

/* A request of one member. */
static enum err es10_with(struct bench_card *b, uint32_t tag, uint32_t member, struct span value,
                          struct buf *response)
{
    struct buf request = { .max = 64 };
    struct der_mark mark;
    enum err e = der_put_open(&request, tag, &mark);
    if (!e)
        e = der_put(&request, member, value);
    if (!e)
        e = der_put_close(&request, mark);
    if (!e)
        e = es10(b, buf_span(&request), response);
    buf_release(&request);
    return e;
}

static enum err remove_notifications(struct bench_card *b)
{
    struct buf listed = { .max = 1 << 16 }, answer = { .max = 64 };
    struct der_tlv outer, list, seq;
    b->step = "RemoveNotificationFromList";
    enum err e = es10(b, SPAN(0xbf, 0x28, 0x00), &listed);
    if (!e)
        e = der_only(buf_span(&listed), 0xbf28, &outer);
    if (!e)
        e = der_find(outer.value, 0xa0, &list);
    struct der d = der_open(e ? (struct span){ 0 } : list.value);
    while (!e && !der_at_end(&d)) {
        e = der_expect(&d, 0xbf2f, &outer);
        if (!e)
            e = der_find(outer.value, 0x80, &seq);
        if (!e)
            e = es10_with(b, 0xbf30, 0x80, seq.value, &answer);
    }
    buf_release(&listed);
    buf_release(&answer);
    return e;
}

/* Takes the profile and its notifications away, so that the next download finds the same card. */
static enum err clean_up(struct bench_card *b)
{
    struct rsp_store_metadata m;
    struct buf answer = { .max = 64 };
    b->step = "DeleteProfile";
    enum err e = rsp_store_metadata_read(buf_span(&b->metadata), &m);
    if (!e)
        e = es10_with(b, 0xbf33, 0x5a, m.iccid, &answer);
    buf_release(&answer);
    return e ? e : remove_notifications(b);
}

static enum err download(struct bench_card *b, bool counting)
{
    b->timed.counting = counting;
    enum err e = authenticate(b);
    if (!e)
        e = prepare(b);
    if (!e)
        e = load(b);
    b->timed.counting = false;
    return e ? e : clean_up(b);
}

/* ---- what is asked
 * ----------------------------------------------------------------------------------------------------
 */
struct crypto_counts bench_euicc_demanded(void)
{
    return (struct crypto_counts){ .sign = 4, .verify = 3, .ecdh = 1, .keygen = 1 };
}

static enum err run_downloads(struct bench_card *b, unsigned count, struct bench_euicc_result *out)
{
    const struct crypto_counts demanded = bench_euicc_demanded();
    struct crypto_floor *floor = NULL;
    enum err e = crypto_floor_new(&floor);
    if (!e)
        e = download(b, false); /* the certificates are seen before anything counts */
    for (unsigned i = 0; !e && i < count; i++) {
        e = crypto_floor_turn(floor, i, count);
        if (!e)
            e = download(b, true);
    }
    if (!e)
        out->costs = crypto_floor_costs(floor);
    crypto_floor_free(floor);
    if (e)
        return e;
    out->downloads = count;
    out->card_seconds = b->timed.seconds;
    out->counts = b->timed.counts;
    out->floor_seconds = crypto_floor_seconds(&out->costs, &demanded);
    out->downloads_per_second = count / b->timed.seconds;
    out->ratio = b->timed.seconds / count / out->floor_seconds;
    return ERR_OK;
}

/* Powers a card and selects its USIM. */
static enum err use(struct euicc *card)
{
    struct buf response = { .max = 512 };
    static const uint8_t usim[] = { 0x00, 0xa4, 0x04, 0x0c, 0x07, 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };
    enum err e = card_reset(euicc_card(card), &response);
    if (!e)
        e = card_transmit(euicc_card(card), SPAN_ARRAY(usim), &response);
    if (!e && !span_equal(buf_span(&response), SPAN(0x90, 0x00)))
        e = ERR_STATE;
    buf_release(&response);
    return e;
}

/* What each of a few cards in use occupies. */
static enum err use_some(struct euicc **cards, unsigned count, double *bytes)
{
    unsigned used = count < IN_USE_MAX ? count : IN_USE_MAX;
    size_t sum = 0;
    enum err e = ERR_OK;
    for (unsigned i = 0; !e && i < used; i++)
        e = use(cards[i]);
    for (unsigned i = 0; !e && i < used; i++)
        sum += euicc_footprint(cards[i]);
    *bytes = used ? (double)sum / used : 0;
    return e;
}

static enum err run_cards(struct bench_card *b, unsigned count, struct bench_euicc_result *out)
{
    struct euicc **cards = calloc(count ? count : 1, sizeof(struct euicc *));
    size_t bytes = 0;
    enum err e = cards ? ERR_OK : ERR_NOMEM;
    double since = processor_seconds();
    b->step = "making cards";
    for (unsigned i = 0; !e && i < count; i++) {
        struct pki_euicc identity = { 0 };
        e = make_card(b, i + 10, &identity, &cards[i]);
        pki_euicc_release(&identity);
    }
    out->making_seconds = processor_seconds() - since;
    for (unsigned i = 0; cards && i < count; i++)
        bytes += cards[i] ? euicc_footprint(cards[i]) : 0;
    b->step = e ? b->step : "using a card";
    if (!e)
        e = use_some(cards, count, &out->bytes_per_card_in_use);
    for (unsigned i = 0; cards && i < count; i++)
        euicc_free(cards[i]);
    free(cards);
    out->cards = count;
    out->bytes_per_idle_card = count ? (double)bytes / count : 0;
    return e;
}

enum err bench_euicc(const struct bench_euicc_options *o, struct bench_euicc_result *out,
                     char why[200])
{
    struct bench_card b = { .step = "the options", .package = o->package };
    *out = (struct bench_euicc_result){ 0 };
    bool possible = o->downloads >= 1 && o->downloads <= 100000 && o->cards <= 100000;
    enum err e = possible ? open_world(&b) : ERR_CONFIG;
    if (!e)
        e = open_card(&b);
    if (!e)
        e = run_downloads(&b, o->downloads, out);
    if (!e)
        e = run_cards(&b, o->cards, out);
    why[0] = 0;
    if (e)
        snprintf(why, 200, "the benchmark stopped at %s", b.step);
    close_world(&b);
    return e;
}
