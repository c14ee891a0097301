#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bsp.h"
#include "der.h"
#include "rsp_es10.h"
#include "rsp_ids.h"
#include "rsp_profile_info.h"
#include "world.h"

/* 3GPP TS 35.207 set 1. */
const struct aka_params lead_keys = {
    .algorithm = AKA_MILENAGE,
    .k_len = 16,
    .res_len = 8,
    .k = { 0x46, 0x5b, 0x5c, 0xe8, 0xb1, 0x99, 0xb4, 0x9f, 0xaa, 0x5f, 0x0a, 0x2e, 0xe2, 0x38, 0xa6,
           0xbc },
    .opc = { 0xcd, 0x63, 0xcb, 0x71, 0x95, 0x4a, 0x9f, 0x4e, 0x48, 0xa5, 0x99, 0x4e, 0x37, 0xa0,
             0x2b, 0xaf },
};

/* ---- memory that can be cut
 * --------------------------------------------------------------------------------- */
static enum err cut_load(struct euicc_nvm *n, struct buf *blob)
{
    struct cut_nvm *c = (struct cut_nvm *)n;
    return c->ram.nvm.ops->load(&c->ram.nvm, blob);
}

static enum err cut_save(struct euicc_nvm *n, struct span blob)
{
    struct cut_nvm *c = (struct cut_nvm *)n;
    bool cut = ++c->saves == c->cut_at;
    if (c->fail_at && c->saves >= c->fail_at && c->saves <= c->fail_until)
        return ERR_IO;
    enum err e = cut && !c->after ? ERR_OK : c->ram.nvm.ops->save(&c->ram.nvm, blob);
    return cut ? ERR_CUT : e;
}

static void cut_init(struct cut_nvm *c)
{
    static const struct euicc_nvm_ops ops = { cut_load, cut_save };
    *c = (struct cut_nvm){ .nvm = { &ops } };
    euicc_nvm_ram_init(&c->ram);
}

/* ---- profiles
 * ------------------------------------------------------------------------------------------------
 */
/* The key that everybody knows (SGP.22 2.4.5, TS.48). */
static const struct aka_params test_keys = { .algorithm = AKA_MILENAGE,
                                             .k_len = 16,
                                             .res_len = 8,
                                             .k = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                                    14, 15 } };

static void put_package_of(const char *iccid, const char *imsi, const struct wishes *wishes,
                           struct buf *out)
{
    struct buf connectivity = hex(wishes->connectivity ? wishes->connectivity : "");
    struct saip_subscription s = { .imsi = imsi,
                                   .spn = "Lab",
                                   .aka = wishes->test_key ? &test_keys : &lead_keys,
                                   .connectivity = buf_span(&connectivity) };
    REQUIRE(saip_iccid_parse(iccid, s.iccid) == ERR_OK);
    REQUIRE(saip_minimal_usim(&s, out) == ERR_OK);
    buf_release(&connectivity);
}

void put_upp(const char *iccid, const char *imsi, struct buf *out)
{
    put_package_of(iccid, imsi, &(struct wishes)ORDINARY, out);
}

static void put_metadata_of(const char *iccid, const struct wishes *wishes, struct buf *out)
{
    uint8_t id[10], plmn[3];
    struct buf configuration = { .max = 256 };
    struct rsp_notification_configuration n = {
        .events = RSP_EVENT_INSTALL | RSP_EVENT_ENABLE | RSP_EVENT_DISABLE | RSP_EVENT_DELETE,
        .address = span_str("smdp.example.com"),
    };
    REQUIRE(saip_iccid_parse(iccid, id) == ERR_OK && rsp_plmn_parse("26201", plmn) == ERR_OK);
    REQUIRE(rsp_notification_configuration_write(&n, &configuration) == ERR_OK);
    struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(id),
                                    .service_provider_name = span_str("Lab"),
                                    .profile_name = span_str("test"),
                                    .fallback_allowed = wishes->fallback_allowed,
                                    .ecall_indication = wishes->ecall,
                                    .notification_configuration = buf_span(&configuration) };
    if (wishes->rules) {
        m.policy_rules = (struct rsp_bits){ true, wishes->rules };
        m.has_owner = true;
        m.owner.mcc_mnc = SPAN_ARRAY(plmn);
    }
    if (wishes->profile_class != RSP_PROFILE_CLASS_OPERATIONAL)
        m.profile_class = (struct rsp_int){ true, wishes->profile_class };
    REQUIRE(rsp_store_metadata_write(&m, out) == ERR_OK);
    buf_release(&configuration);
}

void put_metadata(const char *iccid, bool fallback_allowed, uint32_t rules, int64_t profile_class,
                  struct buf *out)
{
    const struct wishes wishes = { .fallback_allowed = fallback_allowed,
                                   .rules = rules,
                                   .profile_class = profile_class };
    put_metadata_of(iccid, &wishes, out);
}

void put_profile(const char *iccid, const struct wishes *wishes, struct buf *metadata,
                 struct buf *upp)
{
    buf_clear(metadata);
    buf_clear(upp);
    put_metadata_of(iccid, wishes, metadata);
    put_package_of(iccid, PARTNER_IMSI, wishes, upp);
}

int64_t download_profile(struct world *w, const char *iccid, const struct wishes *wishes)
{
    struct dp d;
    dp_open(&d);
    put_profile(iccid, wishes, &d.metadata, &d.upp);
    int64_t reason = download(w, &d);
    dp_close(&d);
    return reason;
}

/* ---- world
 * ---------------------------------------------------------------------------------------------------
 */
const struct pki_item *world_item(struct world *w, const char *name)
{
    const struct pki_item *item = NULL;
    enum err e = pki_get(w->pki, name, &item);
    if (e)
        printf("    no certificate %s\n", name);
    REQUIRE(e == ERR_OK);
    return item;
}

static void open_channel(struct world *w)
{
    struct buf fci = { .max = 512 };
    uint16_t sw;
    REQUIRE(apdu_open_isd_r(w->card, &w->channel, &fci, &sw) == ERR_OK);
    buf_release(&fci);
}

void world_reset(struct world *w)
{
    struct buf atr = { .max = CARD_ATR_MAX };
    REQUIRE(card_reset(w->card, &atr) == ERR_OK);
    buf_release(&atr);
    open_channel(w);
}

void world_open(struct world *w, world_tune tune)
{
    *w = (struct world){ 0 };
    REQUIRE(crypto_new_seeded(span_str("euicc"), &w->crypto) == ERR_OK);
    clock_virtual_init(&w->clock, INT64_C(1767225600000));
    w->log = (struct log){ .clock = &w->clock.clock, .actor = "euicc" };
    if (getenv("LAB_TEST_LOG")) {
        log_sink_text_init(&w->sink, 1, false);
        w->log.sink = &w->sink.sink;
    }
    w->env = (struct env){
        .clock = &w->clock.clock, .rng = crypto_rng(w->crypto), .log = &w->log, .crypto = w->crypto
    };
    REQUIRE(pki_new(w->crypto, clock_now(&w->clock.clock), &w->pki) == ERR_OK);
    REQUIRE(pki_trust(w->pki, &w->trust) == ERR_OK);
    REQUIRE(certs_issue_euicc(w->pki, "CERT_EUICC_ECDSA_NIST", EID_TEXT, &w->nist) == ERR_OK);
    REQUIRE(certs_issue_euicc(w->pki, "CERT_EUICC_ECDSA_BRP", EID_TEXT, &w->brp) == ERR_OK);
    cut_init(&w->nvm);
    struct buf metadata = { .max = 4096 }, upp = { .max = 8192 };
    put_metadata(LEAD_ICCID, true, 0, RSP_PROFILE_CLASS_OPERATIONAL, &metadata);
    put_upp(LEAD_ICCID, LEAD_IMSI, &upp);
    const struct euicc_credential credentials[] = {
        { buf_span(&w->nist.certificate), w->nist.eum_certificate, secret_span(&w->nist.key) },
        { buf_span(&w->brp.certificate), w->brp.eum_certificate, secret_span(&w->brp.key) },
    };
    const struct euicc_profile lead = { buf_span(&metadata), buf_span(&upp), .enabled = true };
    w->settings = (struct euicc_settings){ .credentials = credentials,
                                           .credential_count = COUNT(credentials),
                                           .trust = w->trust,
                                           .profiles = &lead,
                                           .profile_count = 1,
                                           .default_dp_address = "smdp.example.com",
                                           .nvm = &w->nvm.nvm };
    REQUIRE(rsp_eid_parse(EID_TEXT, w->settings.eid) == ERR_OK);
    if (tune)
        tune(&w->settings);
    REQUIRE(euicc_new(&w->env, &w->settings, &w->euicc) == ERR_OK);
    w->card = euicc_card(w->euicc);
    world_reset(w);
    buf_release(&metadata);
    buf_release(&upp);
}

void world_close(struct world *w)
{
    euicc_free(w->euicc);
    euicc_nvm_ram_release(&w->nvm.ram);
    pki_euicc_release(&w->nist);
    pki_euicc_release(&w->brp);
    trust_free(w->trust);
    pki_free(w->pki);
    crypto_free(w->crypto);
}

/* ---- commands
 * --------------------------------------------------------------------------------------------------
 */
uint16_t es10(struct world *w, struct span request, struct buf *response)
{
    uint16_t sw = 0;
    buf_clear(response);
    enum err e = apdu_store_data(w->card, w->channel, 0, request, response, &sw);
    CHECK(e == ERR_OK || e == ERR_REFUSED || e == ERR_CUT);
    if (!e)
        said_note(buf_span(response));
    return e == ERR_CUT ? 0 : sw;
}

uint16_t es10_sw(struct world *w, const char *request)
{
    struct buf bytes = hex(request), response = { .max = 1 << 17 };
    uint16_t sw = es10(w, buf_span(&bytes), &response);
    buf_release(&bytes);
    buf_release(&response);
    return sw;
}

static bool same_hex(struct span bytes, const char *wanted)
{
    struct buf want = hex(wanted), text = { .max = 1 << 18 };
    bool same = span_equal(bytes, buf_span(&want));
    if (!same && !hex_put(&text, bytes))
        printf("    found %s\n", buf_cstr(&text));
    buf_release(&want);
    buf_release(&text);
    return same;
}

bool es10_is(struct world *w, const char *request, const char *response)
{
    struct buf bytes = hex(request), got = { .max = 1 << 17 };
    bool same = apdu_success(es10(w, buf_span(&bytes), &got)) && same_hex(buf_span(&got), response);
    buf_release(&bytes);
    buf_release(&got);
    return same;
}

bool apdu_is(struct world *w, const char *command, const char *wanted)
{
    struct buf bytes = hex(command), got = { .max = CARD_RESPONSE_MAX };
    bool same = card_transmit(w->card, buf_span(&bytes), &got) == ERR_OK &&
                same_hex(buf_span(&got), wanted);
    buf_release(&bytes);
    buf_release(&got);
    return same;
}

void play_rows(struct world *w, const struct apdu_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(rows[i].name, apdu_is(w, rows[i].command, rows[i].answer));
}

void play_card(world_tune tune, const struct apdu_row *rows, size_t count, const struct apdu_row *after,
               size_t after_count)
{
    struct world w;
    world_open(&w, tune);
    play_rows(&w, rows, count);
    if (after_count)
        world_reset(&w);
    play_rows(&w, after, after_count);
    world_close(&w);
}

int profile_state(struct world *w, const char *iccid)
{
    uint8_t id[10];
    struct buf response = { .max = 1 << 16 }, request = { .max = 64 };
    struct rsp_profile_info_response r;
    struct rsp_profile_info info;
    int state = -1;
    REQUIRE(saip_iccid_parse(iccid, id) == ERR_OK);
    struct rsp_profile_info_request q = {
        .has_search = true, .search = { .which = RSP_SEARCH_ICCID, .iccid = SPAN_ARRAY(id) }
    };
    REQUIRE(rsp_profile_info_request_write(&q, &request) == ERR_OK);
    REQUIRE(es10(w, buf_span(&request), &response) == 0x9000);
    REQUIRE(rsp_profile_info_response_read(buf_span(&response), &r) == ERR_OK && r.which == RSP_OK);
    struct der list = der_open(r.list);
    if (!der_at_end(&list)) {
        REQUIRE(rsp_profile_info_next(&list, &info) == ERR_OK);
        state = (int)info.state.value;
    }
    buf_release(&request);
    buf_release(&response);
    return state;
}

unsigned profiles_enabled(struct world *w)
{
    struct buf response = { .max = 1 << 16 };
    struct rsp_profile_info_response r;
    unsigned enabled = 0;
    REQUIRE(es10(w, SPAN(0xbf, 0x2d, 0x00), &response) == 0x9000);
    REQUIRE(rsp_profile_info_response_read(buf_span(&response), &r) == ERR_OK && r.which == RSP_OK);
    struct der list = der_open(r.list);
    while (!der_at_end(&list)) {
        struct rsp_profile_info info;
        REQUIRE(rsp_profile_info_next(&list, &info) == ERR_OK);
        enabled += info.state.value == RSP_PROFILE_ENABLED;
    }
    buf_release(&response);
    return enabled;
}

size_t pending_count(struct world *w, const char *request)
{
    struct buf bytes = hex(request), response = { .max = 1 << 17 };
    struct der_tlv outer, list, item;
    size_t count = 0;
    REQUIRE(es10(w, buf_span(&bytes), &response) == 0x9000);
    REQUIRE(der_only(buf_span(&response), 0xbf2b, &outer) == ERR_OK);
    struct der d = der_open(outer.value);
    REQUIRE(der_next(&d, &list) == ERR_OK);
    d = der_open(list.value);
    while (!der_at_end(&d) && !der_next(&d, &item))
        count++;
    buf_release(&bytes);
    buf_release(&response);
    return count;
}

/* ---- SM-DP+
 * --------------------------------------------------------------------------------------------------------
 */
void dp_open(struct dp *d)
{
    *d = (struct dp){ .server_address = "smdp.example.com",
                      .auth = "CERT_S_SM_DPauth_ECDSA_NIST",
                      .pb = "CERT_S_SM_DPpb_ECDSA_NIST",
                      .metadata = { .max = 4096 },
                      .upp = { .max = SAIP_UPP_MAX },
                      .euicc_otpk = { .max = 65 } };
    for (size_t i = 0; i < sizeof d->transaction_id; i++)
        d->transaction_id[i] = (uint8_t)(i + 1);
    put_metadata(PARTNER_ICCID, false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &d->metadata);
    put_upp(PARTNER_ICCID, PARTNER_IMSI, &d->upp);
}

void dp_close(struct dp *d)
{
    buf_release(&d->metadata);
    buf_release(&d->upp);
    buf_release(&d->euicc_otpk);
}

static void flip(uint8_t *at, bool doit)
{
    if (doit)
        *at ^= 1;
}

static bool get_challenge(struct world *w, bool spoiled, uint8_t challenge[16])
{
    struct buf response = { .max = 64 };
    struct rsp_get_euicc_challenge_response r;
    bool got = es10(w, SPAN(0xbf, 0x2e, 0x00), &response) == 0x9000 &&
               rsp_get_euicc_challenge_response_read(buf_span(&response), &r) == ERR_OK;
    REQUIRE(got || spoiled);
    if (got)
        memcpy(challenge, r.challenge.at, 16);
    buf_release(&response);
    return got;
}

static void sign(struct world *w, const struct ec_key *key, const struct rsp_tbs *tbs, bool flawed,
                 struct ec_signature *out)
{
    REQUIRE(ec_sign(w->crypto, key, tbs->part, tbs->count, out) == ERR_OK);
    flip(&out->at[40], flawed);
}

static void check_euicc_signature1(struct world *w, const struct rsp_authenticate_response_ok *ok)
{
    const struct cert *leaf, *eum;
    struct rsp_tbs tbs;
    struct span ci;
    const struct cert_policy policy = { .now = clock_now(&w->clock.clock) };
    REQUIRE(cert_load(w->crypto, ok->euicc_certificate, &leaf) == ERR_OK);
    REQUIRE(cert_load(w->crypto, ok->eum_certificate, &eum) == ERR_OK);
    CHECK(cert_judge(w->trust, leaf, CERT_EUICC, &eum, 1, &policy, &ci) == CERT_FINE);
    rsp_tbs_euicc_signature1(&ok->euicc_signed1, &tbs);
    CHECK(cert_verify(w->crypto, leaf, tbs.part, tbs.count, ok->euicc_signature1) == ERR_OK);
}

int64_t dp_authenticate(struct world *w, struct dp *d)
{
    const struct pki_item *auth = world_item(w, d->auth);
    uint8_t challenge[16], server_challenge[16] = { 7 };
    struct buf signed1 = { .max = 1024 }, request = { .max = 4096 }, response = { .max = 1 << 16 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    static const uint8_t nobody[20] = { 1 };
    if (d->flaw == DP_NO_CHALLENGE)
        memset(challenge, 0, sizeof challenge);
    else if (!get_challenge(w, d->spoiled, challenge))
        return -1;
    flip(challenge, d->flaw == DP_OTHER_CHALLENGE);
    struct rsp_server_signed1 s = { SPAN_ARRAY(d->transaction_id),
                                    SPAN_ARRAY(challenge),
                                    span_str(d->server_address),
                                    SPAN_ARRAY(server_challenge),
                                    { 0 } };
    REQUIRE(rsp_server_signed1_write(&s, &signed1) == ERR_OK);
    s.signed_bytes = buf_span(&signed1);
    rsp_tbs_server_signature1(&s, &tbs);
    sign(w, auth->key, &tbs, d->flaw == DP_FLIP_SIGNATURE1, &signature);
    struct rsp_authenticate_server_request r = {
        .server_signed1 = s,
        .server_signature1 = SPAN_ARRAY(signature.at),
        .server_certificate = d->certificate.len ? d->certificate : auth->der,
        .ci_pkid = d->flaw == DP_UNKNOWN_CI || !auth->cert ? SPAN_ARRAY(nobody)
                   : d->flaw == DP_OTHER_CI ? SPAN_ARRAY(world_item(w, "CERT_S_SM_DPauth_ECDSA_BRP")->cert->aki)
                                            : SPAN_ARRAY(auth->cert->aki),
        .ctx_params1 = { .matching_id = span_str("TOKEN"),
                         .device_info = { .tac = SPAN(0x35, 0x29, 0x06, 0x11),
                                          .capabilities = span_str("") } },
    };
    REQUIRE(rsp_authenticate_server_request_write(&r, &request) == ERR_OK);
    struct rsp_authenticate_server_response answer;
    uint16_t sw = es10(w, buf_span(&request), &response);
    REQUIRE(sw == 0x9000 || d->spoiled);
    enum err e = sw != 0x9000 ? ERR_CUT
                              : rsp_authenticate_server_response_read(buf_span(&response), &answer);
    REQUIRE(e == ERR_OK || d->spoiled);
    bool ok = !e && answer.which == RSP_AUTHENTICATE_SERVER_OK;
    int64_t code = e ? -1 : ok ? 0 : answer.error.code;
    if (ok) {
        if (!d->spoiled)
            check_euicc_signature1(w, &answer.ok);
        memcpy(d->euicc_signature1.at, answer.ok.euicc_signature1.at, 64);
    } else if (!e) {
        CHECK(span_equal(answer.error.transaction_id, SPAN_ARRAY(d->transaction_id)));
    }
    buf_release(&signed1);
    buf_release(&request);
    buf_release(&response);
    return code;
}

int64_t dp_prepare(struct world *w, struct dp *d)
{
    const struct pki_item *pb = world_item(w, d->pb);
    uint8_t id[16];
    struct buf signed2 = { .max = 512 }, request = { .max = 4096 }, response = { .max = 4096 };
    struct ec_signature signature;
    struct rsp_tbs tbs;
    memcpy(id, d->transaction_id, sizeof id);
    flip(id, d->flaw == DP_OTHER_TRANSACTION);
    struct rsp_smdp_signed2 s = { .transaction_id = SPAN_ARRAY(id),
                                  .cc_required = d->flaw == DP_NEEDS_CONFIRMATION };
    if (d->euicc_otpk.len)
        s.bpp_euicc_otpk = buf_span(&d->euicc_otpk);
    REQUIRE(rsp_smdp_signed2_write(&s, &signed2) == ERR_OK);
    s.signed_bytes = buf_span(&signed2);
    rsp_tbs_smdp_signature2(&s, SPAN_ARRAY(d->euicc_signature1.at), &tbs);
    sign(w, pb->key, &tbs, d->flaw == DP_FLIP_SIGNATURE2, &signature);
    struct rsp_prepare_download_request r = { .smdp_signed2 = s,
                                              .smdp_signature2 = SPAN_ARRAY(signature.at),
                                              .smdp_certificate =
                                                  d->certificate.len ? d->certificate : pb->der };
    REQUIRE(rsp_prepare_download_request_write(&r, &request) == ERR_OK);
    struct rsp_prepare_download_response answer;
    uint16_t sw = es10(w, buf_span(&request), &response);
    REQUIRE(sw == 0x9000 || d->spoiled);
    enum err e = sw != 0x9000 ? ERR_CUT
                              : rsp_prepare_download_response_read(buf_span(&response), &answer);
    REQUIRE(e == ERR_OK || d->spoiled);
    bool ok = !e && answer.which == RSP_PREPARE_DOWNLOAD_OK;
    int64_t code = e ? -1 : ok ? 0 : answer.error.code;
    if (ok)
        REQUIRE(buf_set(&d->euicc_otpk, answer.ok.euicc_signed2.euicc_otpk) == ERR_OK);
    buf_release(&signed2);
    buf_release(&request);
    buf_release(&response);
    return code;
}

static void put_secure_channel(struct world *w, struct dp *d, struct bsp *keys, struct buf *out)
{
    const struct pki_item *pb = world_item(w, d->pb);
    struct ec_key *otsk;
    struct ec_point otpk;
    struct ec_signature signature;
    struct secret z = { 0 };
    struct rsp_tbs tbs;
    struct buf members = { .max = 512 };
    uint8_t id[16];
    memcpy(id, d->transaction_id, sizeof id);
    flip(id, d->flaw == DP_BPP_TRANSACTION);
    REQUIRE(ec_key_generate(w->crypto, pb->cert->curve, &otsk) == ERR_OK);
    ec_key_point(otsk, &otpk);
    struct rsp_initialise_secure_channel c = {
        .remote_op_id = d->flaw == DP_REMOTE_OPERATION ? 2 : 1,
        .transaction_id = SPAN_ARRAY(id),
        .key_type = d->flaw == DP_KEY_TYPE ? SPAN(0x80) : SPAN(0x88),
        .key_length = SPAN(0x10),
        .host_id = span_str("lab"),
        .smdp_otpk = SPAN_ARRAY(otpk.at),
        .smdp_signature = SPAN_ARRAY(signature.at),
    };
    REQUIRE(rsp_initialise_secure_channel_write_tbs(&c, &members) == ERR_OK);
    rsp_tbs_smdp_sign(buf_span(&members), buf_span(&d->euicc_otpk), &tbs);
    sign(w, pb->key, &tbs, d->flaw == DP_FLIP_SMDP_SIGN, &signature);
    REQUIRE(rsp_initialise_secure_channel_write(&c, out) == ERR_OK);
    REQUIRE(ec_key_agree(w->crypto, otsk, buf_span(&d->euicc_otpk), &z) == ERR_OK);
    REQUIRE(bsp_derive(w->crypto, secret_span(&z), span_str("lab"), SPAN_ARRAY(w->settings.eid),
                       keys) == ERR_OK);
    ec_key_free(otsk);
    secret_release(&z);
    buf_release(&members);
}

static void put_list(struct world *w, struct bsp *keys, uint32_t list_tag, uint8_t tag, size_t most,
                     struct span plain, struct buf *out)
{
    struct der_mark list;
    REQUIRE(der_put_open(out, list_tag, &list) == ERR_OK);
    for (size_t at = 0; at < plain.len; at += most)
        REQUIRE(bsp_protect(w->crypto, keys, tag, span_sub(plain, at, most), out) == ERR_OK);
    REQUIRE(der_put_close(out, list) == ERR_OK);
}

static void put_package(struct world *w, struct dp *d, struct buf *bpp)
{
    struct bsp keys = { 0 };
    struct der_mark mark;
    static const uint8_t ppk[] = { 0xbf, 0x26, 0x36, 0x80, 0x10, 1, 1, 1, 1, 1,    1,    1,
                                   1,    1,    1,    1,    1,    1, 1, 1, 1, 0x81, 0x10, 2,
                                   2,    2,    2,    2,    2,    2, 2, 2, 2, 2,    2,    2,
                                   2,    2,    2,    0x82, 0x10, 3, 3, 3, 3, 3,    3,    3,
                                   3,    3,    3,    3,    3,    3, 3, 3, 3 };
    struct buf isdp = hex(d->flaw == DP_NO_87 ? "" : d->flaw == DP_BROKEN_ISDP ? "bf2401" : d->isdp ? d->isdp : "bf2400");
    REQUIRE(der_put_open(bpp, 0xbf36, &mark) == ERR_OK);
    put_secure_channel(w, d, &keys, bpp);
    put_list(w, &keys, 0xa0, 0x87, BSP_PLAIN_MAX_86, buf_span(&isdp), bpp);
    flip(&bpp->at[bpp->len - 1], d->spoiled_list == 0xa0);
    size_t metadata = d->flaw == DP_BROKEN_METADATA ? d->metadata.len - 1 : d->metadata.len;
    put_list(w, &keys, 0xa1, 0x88, 100, span_of(d->metadata.at, metadata), bpp);
    flip(&bpp->at[bpp->len - 1], d->spoiled_list == 0xa1);
    if (d->ppk) {
        put_list(w, &keys, 0xa2, 0x87, BSP_PLAIN_MAX_86, SPAN_ARRAY(ppk), bpp);
        flip(&bpp->at[bpp->len - 1], d->spoiled_list == 0xa2);
        REQUIRE(bsp_replace_keys(&keys, span_of(ppk + 5, 16), span_of(ppk + 23, 16),
                                 span_of(ppk + 41, 16)) == ERR_OK);
    }
    put_list(w, &keys, 0xa3, 0x86, BSP_PLAIN_MAX_86, buf_span(&d->upp), bpp);
    REQUIRE(der_put_close(bpp, mark) == ERR_OK);
    flip(&bpp->at[bpp->len - 1], d->spoiled_list == 0xa3);
    bsp_release(&keys);
    buf_release(&isdp);
}

void dp_load(struct world *w, struct dp *d, struct buf *result)
{
    struct buf bpp = { .max = 1 << 20 }, instead = hex(d->instead ? d->instead : "");
    struct rsp_bpp_segments segments;
    struct span segment;
    bool done = false;
    uint16_t sw = 0x9000;
    put_package(w, d, &bpp);
    buf_clear(result);
    REQUIRE(rsp_bpp_segments(buf_span(&bpp), &segments) == ERR_OK);
    for (unsigned n = 0; sw == 0x9000 && !result->len; n++) {
        REQUIRE(rsp_bpp_next(&segments, &segment, &done) == ERR_OK);
        if (done)
            break;
        sw = es10(w, d->instead && n == d->replaced_segment ? buf_span(&instead) : segment, result);
    }
    buf_release(&bpp);
    buf_release(&instead);
}

/* The signed result of a download: its ErrorReason (0 installed), its BppCommandId, its EUICCResponse. */
static int64_t download_tells(struct world *w, struct dp *d, int64_t *command, struct buf *sima)
{
    struct buf result = { .max = 8192 };
    struct rsp_profile_installation_result r;
    struct rsp_tbs tbs;
    const struct cert *leaf;
    REQUIRE(dp_authenticate(w, d) == 0);
    REQUIRE(dp_prepare(w, d) == 0);
    dp_load(w, d, &result);
    REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK);
    bool nist = strstr(d->auth, "NIST") != NULL;
    REQUIRE(cert_load(w->crypto, buf_span(nist ? &w->nist.certificate : &w->brp.certificate),
                      &leaf) == ERR_OK);
    rsp_tbs_installation_result(&r.data, &tbs);
    CHECK(cert_verify(w->crypto, leaf, tbs.part, tbs.count, r.signature) == ERR_OK);
    bool failed = r.data.result.which == RSP_ERROR;
    *command = r.data.result.error.command;
    REQUIRE(buf_set(sima, failed ? r.data.result.error.sima_response : r.data.result.success.sima_response) == ERR_OK);
    int64_t reason = failed ? r.data.result.error.reason : 0;
    buf_release(&result);
    return reason;
}

int64_t download(struct world *w, struct dp *d)
{
    int64_t command;
    return download_fails_at(w, d, &command);
}

int64_t download_answers(struct world *w, struct dp *d, struct buf *sima)
{
    int64_t command;
    return download_tells(w, d, &command, sima);
}

int64_t download_fails_at(struct world *w, struct dp *d, int64_t *command)
{
    struct buf sima = { .max = SAIP_ANSWER_MAX };
    int64_t reason = download_tells(w, d, command, &sima);
    buf_release(&sima);
    return reason;
}

/* ---- eIM
 * ------------------------------------------------------------------------------------------------------------
 */
void eim_configuration(struct world *w, struct buf *spki, struct rsp_eim_configuration *out)
{
    struct ec_point point;
    ec_key_point(world_item(w, "CERT_S_EIMsign_ECDSA_NIST")->key, &point);
    buf_clear(spki);
    REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(point.at), spki) == ERR_OK);
    *out = (struct rsp_eim_configuration){
        .eim_id = span_str(EIM_ID),
        .eim_fqdn = span_str("eim.example.com"),
        .counter = { true, 0 },
        .has_public_key_data = true,
        .public_key_data = { RSP_KEY_DATA_PUBLIC_KEY, buf_span(spki), { 0 } },
    };
}

static void put_add_initial_eim_of(const struct rsp_eim_configuration *c, struct buf *request)
{
    struct buf list = { .max = 4096 };
    REQUIRE(rsp_eim_configuration_write(c, &list) == ERR_OK);
    const struct rsp_add_initial_eim_request r = { .list = buf_span(&list) };
    buf_clear(request);
    REQUIRE(rsp_add_initial_eim_request_write(&r, request) == ERR_OK);
    buf_release(&list);
}

void put_add_initial_eim(struct world *w, bool with_token, struct buf *request)
{
    struct buf spki = { .max = 256 };
    struct rsp_eim_configuration c;
    eim_configuration(w, &spki, &c);
    c.association_token = (struct rsp_int){ with_token, -1 };
    put_add_initial_eim_of(&c, request);
    buf_release(&spki);
}

static int64_t send_add_initial_eim(struct world *w, struct span request)
{
    struct buf response = { .max = 256 };
    struct rsp_add_initial_eim_response answer;
    struct rsp_initial_eim_result result = { 0 };
    REQUIRE(es10(w, request, &response) == 0x9000);
    REQUIRE(rsp_add_initial_eim_response_read(buf_span(&response), &answer) == ERR_OK);
    if (answer.which == RSP_OK) {
        struct der d = der_open(answer.list);
        REQUIRE(rsp_initial_eim_result_next(&d, &result) == ERR_OK);
        w->token = (struct rsp_int){ result.which == RSP_INITIAL_EIM_TOKEN, result.token };
    }
    buf_release(&response);
    return answer.which == RSP_OK ? 0 : answer.error;
}

int64_t eim_associate_as(struct world *w, const struct rsp_eim_configuration *c)
{
    struct buf request = { .max = 4096 };
    put_add_initial_eim_of(c, &request);
    int64_t code = send_add_initial_eim(w, buf_span(&request));
    buf_release(&request);
    return code;
}

void eim_associate(struct world *w, bool with_token)
{
    struct buf request = { .max = 1024 };
    put_add_initial_eim(w, with_token, &request);
    REQUIRE(send_add_initial_eim(w, buf_span(&request)) == 0);
    CHECK(w->token.present == with_token);
    buf_release(&request);
}

void eim_package_with(struct world *w, enum eim_flaw flaw, const char *list, struct buf *response)
{
    struct buf commands = hex(list), signed_part = { .max = 1 << 16 }, request = { .max = 1 << 16 };
    static const uint8_t txid[4] = { 1, 2, 3, 4 };
    uint8_t eid[16];
    struct span contents = commands.len ? buf_span(&commands) : span_str(""); /* an empty list is one */
    struct ec_signature signature;
    struct rsp_tbs tbs;
    memcpy(eid, w->settings.eid, sizeof eid);
    flip(&eid[15], flaw == EIM_OTHER_EID);
    struct rsp_euicc_package_signed p = {
        .eim_id = span_str(flaw == EIM_OTHER_ID ? "nobody" : EIM_ID),
        .eid = SPAN_ARRAY(eid),
        .counter = flaw == EIM_OLD_COUNTER    ? w->counter
                   : flaw == EIM_HUGE_COUNTER ? 8388608
                                              : ++w->counter,
        .eim_transaction_id = SPAN_ARRAY(txid),
        .package = { .which = RSP_PACKAGE_PSMO, .psmo_list = contents },
    };
    if (flaw == EIM_ECO)
        p.package =
            (struct rsp_euicc_package){ .which = RSP_PACKAGE_ECO, .eco_list = contents };
    REQUIRE(rsp_euicc_package_signed_write(&p, &signed_part) == ERR_OK);
    p.signed_bytes = buf_span(&signed_part);
    struct rsp_int token = flaw == EIM_WRONG_TOKEN ? (struct rsp_int){ true, 99 } : w->token;
    rsp_tbs_euicc_package(&p, token, &tbs);
    sign(w, world_item(w, "CERT_S_EIMsign_ECDSA_NIST")->key, &tbs, flaw == EIM_FLIP_SIGNATURE,
         &signature);
    struct rsp_euicc_package_request r = { .package_signed = p,
                                           .signature = SPAN_ARRAY(signature.at) };
    REQUIRE(rsp_euicc_package_request_write(&r, &request) == ERR_OK);
    uint16_t sw = es10(w, buf_span(&request), response);
    CHECK(apdu_success(sw) || sw == 0 || sw == 0x6f00);
    buf_release(&commands);
    buf_release(&signed_part);
    buf_release(&request);
}

void eim_package(struct world *w, const char *psmos, struct buf *response)
{
    eim_package_with(w, EIM_FINE, psmos, response);
}

bool eim_results(struct world *w, struct span bf51, struct rsp_euicc_package_result *r)
{
    const struct cert *leaf;
    struct rsp_tbs tbs;
    if (rsp_euicc_package_result_read(bf51, r) || r->which != RSP_PACKAGE_RESULT_SIGNED)
        return false;
    REQUIRE(cert_load(w->crypto, buf_span(&w->nist.certificate), &leaf) == ERR_OK);
    rsp_tbs_package_result(&r->result.data, w->token, &tbs);
    return cert_verify(w->crypto, leaf, tbs.part, tbs.count, r->result.signature) == ERR_OK;
}

static bool results_are(struct world *w, enum eim_flaw flaw, const char *list, const char *wanted)
{
    struct buf response = { .max = 1 << 16 };
    struct rsp_euicc_package_result r;
    eim_package_with(w, flaw, list, &response);
    bool same = eim_results(w, buf_span(&response), &r) && same_hex(r.result.data.results, wanted);
    buf_release(&response);
    return same;
}

bool eim_package_is(struct world *w, const char *psmos, const char *wanted)
{
    return results_are(w, EIM_FINE, psmos, wanted);
}

bool ecos_are(struct world *w, const char *ecos, const char *wanted)
{
    return results_are(w, EIM_ECO, ecos, wanted);
}

void put_eco(struct world *w, unsigned tag, unsigned n, const char *more, char *out, size_t size)
{
    struct buf spki = { .max = 256 }, data = { .max = 1 << 14 }, text = { .max = 1 << 15 },
               extra = hex(more);
    struct ec_point point;
    struct der_mark eco, key, spki_mark;
    uint8_t id[2] = { 'e', (uint8_t)('0' + n) };
    ec_key_point(world_item(w, "CERT_S_EIMsign_ECDSA_NIST")->key, &point);
    REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(point.at), &spki) == ERR_OK);
    REQUIRE(
        der_put_open(&data, tag, &eco) == ERR_OK &&
        der_put(&data, 0x80, SPAN_ARRAY(id)) == ERR_OK &&
        buf_put(&data, buf_span(&extra)) == ERR_OK && der_put_open(&data, 0xa5, &key) == ERR_OK &&
        der_put_open(&data, 0xa0, &spki_mark) == ERR_OK &&
        buf_put(&data, buf_span(&spki)) == ERR_OK && der_put_close(&data, spki_mark) == ERR_OK &&
        der_put_close(&data, key) == ERR_OK && der_put_close(&data, eco) == ERR_OK);
    REQUIRE(hex_put(&text, buf_span(&data)) == ERR_OK && text.len < size);
    memcpy(out, text.at, text.len);
    out[text.len] = 0;
    buf_release(&spki);
    buf_release(&data);
    buf_release(&text);
    buf_release(&extra);
}

void nvm_snapshot(struct world *w, struct buf *out)
{
    REQUIRE(buf_set(out, buf_span(&w->nvm.ram.blob)) == ERR_OK);
}

/* ---- the UICC ---- */
void add_elements(struct euicc_settings *s, const char *elements, struct euicc_profile *profile, struct buf *upp)
{
    struct buf more = hex(elements);
    uint8_t end[9];
    *profile = s->profiles[0];
    REQUIRE(buf_set(upp, profile->upp) == ERR_OK);
    memcpy(end, upp->at + upp->len - sizeof end, sizeof end);
    upp->len -= sizeof end;
    REQUIRE(buf_put(upp, buf_span(&more)) == ERR_OK && buf_put(upp, SPAN_ARRAY(end)) == ERR_OK);
    buf_release(&more);
    profile->upp = buf_span(upp);
    s->profiles = profile;
}

/* The lead profile with EF.DIR made cyclic and, where so wished, ADM's right to update made one to
 * increase. */
static void make_cyclic(struct euicc_settings *s, bool increase, struct euicc_profile *profile,
                        struct buf *upp)
{
    static const uint8_t linear[] = { 0x82, 0x04, 0x42, 0x21, 0x00, 0x21 },
                         update[] = { 0x80, 0x01, 0x5a };
    *profile = s->profiles[0];
    REQUIRE(buf_set(upp, profile->upp) == ERR_OK);
    uint8_t *descriptor = memmem(upp->at, upp->len, linear, sizeof linear);
    uint8_t *rule = memmem(upp->at, upp->len, update, sizeof update);
    REQUIRE(descriptor && rule);
    descriptor[2] = 0x46;
    if (increase) {
        rule[0] = 0x84;
        rule[2] = 0x32;
    }
    profile->upp = buf_span(upp);
    s->profiles = profile;
}

void with_cyclic_file(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    make_cyclic(s, false, &profile, &upp);
}

void with_increase(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf upp = { .max = 8192 };
    make_cyclic(s, true, &profile, &upp);
}

const uint8_t lead_rand[16] = { 0x23, 0x55, 0x3c, 0xbe, 0x96, 0x37, 0xa8, 0x9d,
                                   0x21, 0x8a, 0xe6, 0x4d, 0xae, 0x47, 0xbf, 0x35 };

uint16_t network_authenticates(struct world *w, uint64_t sqn, bool spoil_mac, struct aka_vector *v,
                               struct buf *out)
{
    return network_of(w, &lead_keys, sqn, spoil_mac, v, out);
}

uint16_t network_of(struct world *w, const struct aka_params *keys, uint64_t sqn, bool spoil_mac, struct aka_vector *v,
                    struct buf *out)
{
    uint8_t octets[6], command[40] = { 0x00, 0x88, 0x00, 0x81, 0x22, 0x10 };
    static const uint8_t amf[2] = { 0x80, 0x00 };
    uint16_t sw = 0;
    for (int i = 0; i < 6; i++)
        octets[i] = (uint8_t)(sqn >> (40 - 8 * i));
    REQUIRE(aka_compute(w->crypto, keys, lead_rand, octets, amf, v) == ERR_OK);
    memcpy(command + 6, lead_rand, 16);
    command[22] = 0x10;
    for (int i = 0; i < 6; i++)
        command[23 + i] = octets[i] ^ v->ak[i];
    memcpy(command + 29, amf, 2);
    memcpy(command + 31, v->mac_a, 8);
    command[38] ^= spoil_mac;
    return apdu_send(w->card, span_of(command, 39), out, &sw) ? 0 : sw;
}

/* ---- revocation ---- */
static const uint8_t nobody[1][8] = { { 1, 2, 3, 4, 5, 6, 7, 8 } };

void put_crl(struct world *w, const char *issuer, unsigned number, struct buf *out)
{
    const struct pki_item *ci = world_item(w, issuer);
    struct buf der = { .max = 4096 };
    struct der_mark mark;
    buf_clear(out);
    REQUIRE(crl_issue(w->crypto, ci->cert, ci->key, nobody, 1, 0, CLOCK_DAY, number, &der) ==
            ERR_OK);
    REQUIRE(der_put_open(out, 0xbf35, &mark) == ERR_OK && buf_put(out, buf_span(&der)) == ERR_OK &&
            der_put_close(out, mark) == ERR_OK);
    buf_release(&der);
}

/* ---- states that stories begin in ---- */
void have_partner(struct world *w)
{
    struct dp d;
    dp_open(&d);
    REQUIRE(download(w, &d) == 0);
    dp_close(&d);
    eim_associate(w, false);
}

void have_emergency(struct world *w)
{
    const struct wishes emergency = { .ecall = true, .fallback_allowed = true, .profile_class = 2 };
    REQUIRE(download_profile(w, PARTNER_ICCID, &emergency) == 0);
    eim_associate(w, false);
    REQUIRE(eim_package_is(w, "a80c5a0a98001032547698103285", "8d0100"));
}

void be_in_emergency(struct world *w)
{
    have_emergency(w);
    REQUIRE(es10_is(w, "bf5b038001ff", "bf5b03800100"));
}

void have_fallen_back(struct world *w)
{
    have_emergency(w);
    REQUIRE(es10_is(w, "bf5d038001ff", "bf5d03800100"));
}
