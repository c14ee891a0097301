#include <string.h>

#include "rsp_codes.h"
#include "rsp_profile_info.h"
#include "rsp_schema.h"
#include "world.h"

static void a_profile_is_downloaded_and_enabled(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    CHECK(download(&w, &d) == 0);
    CHECK(profile_state(&w, PARTNER_ICCID) == 0 && profile_state(&w, LEAD_ICCID) == 1);
    CHECK(pending_count(&w, "bf2b00") == 2); /* the result, and an install notification */
    CHECK(es10_is(&w, "bf3111a00c5a0a980010325476981032858101ff", "bf3103800100"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profiles_enabled(&w) == 1);
    world_reset(&w);
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    CHECK(apdu_is(&w, "00a4000c023f00", "9000") && apdu_is(&w, "00a4000c022fe2", "9000"));
    CHECK(apdu_is(&w, "00b000000a", "980010325476981032859000"));
    dp_close(&d);
    world_close(&w);
}

static void brainpool_and_protected_keys_serve_as_well(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    d.auth = "CERT_S_SM_DPauth_ECDSA_BRP";
    d.pb = "CERT_S_SM_DPpb_ECDSA_BRP";
    d.ppk = true;
    CHECK(download(&w, &d) == 0);
    CHECK(profile_state(&w, PARTNER_ICCID) == 0);
    dp_close(&d);
    world_close(&w);
}

/* The PEStatus of an element in a list of them. */
static bool answer_of(struct span list, int identification, struct saip_answer *out)
{
    while (list.len && saip_answer_next(&list, out) == ERR_OK)
        if (out->identification == identification)
            return true;
    return false;
}

/* From the card: what of the profile it only keeps. */
static bool exceptions(struct world *w, struct buf *response, struct span *list)
{
    struct rsp_profile_info_response r;
    struct rsp_profile_info info;
    if (es10(w, SPAN(0xbf, 0x2d, 0x04, 0x5c, 0x02, 0xff, 0x7e), response) != 0x9000 ||
        rsp_profile_info_response_read(buf_span(response), &r) || r.which != RSP_OK)
        return false;
    struct der d = der_open(r.list);
    bool there = rsp_profile_info_next(&d, &info) == ERR_OK && der_at_end(&d);
    *list = info.elements;
    return there;
}

static void what_the_card_only_keeps_is_answered_and_can_be_asked_for(void)
{
    static const struct {
        const char *name;
        int identification;
        const char *element; /* NULL: carried out, of which nothing is said */
    } rows[] = {
        { "the MF is made", 4, NULL },
        { "USIM files are made", 8, NULL },
        { "CSIM files are made", 15, NULL },
        { "optional CSIM files are made", 16, NULL },
        { "CDMA parameters are kept", 18, "cdmaParameter" },
        { "a security domain is kept", 26, "securityDomain" },
        { "the last of the RFM elements is kept", 30, "rfm" },
        { "the end is reached", 31, NULL },
    };
    struct world w;
    struct dp d;
    struct buf result = { .max = 1 << 14 }, info = { .max = 1 << 14 };
    struct rsp_profile_installation_result r;
    struct der_tlv outer, list;
    struct span kept = { 0 };
    struct saip_answer a;
    const char *path = shared_path("data/profiles/TS48v7_SAIP2.3_NoBERTLV.der");
    if (!path)
        return;
    world_open(&w, NULL);
    CHECK(exceptions(&w, &info, &kept) && kept.at && !kept.len); /* the lead's profile is carried out in full */
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103214", "bf3303800100"));
    dp_open(&d);
    buf_clear(&d.upp);
    buf_clear(&d.metadata);
    REQUIRE(read_file(path, &d.upp) == ERR_OK);
    put_metadata("89000123456789012341", false, 0, RSP_PROFILE_CLASS_TEST, &d.metadata);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    dp_load(&w, &d, &result);
    REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK && r.data.result.which == RSP_OK);
    REQUIRE(rsp_check(RSP_EUICC_RESPONSE, r.data.result.success.sima_response) == ERR_OK);
    REQUIRE(der_only(r.data.result.success.sima_response, 0x30, &outer) == ERR_OK);
    REQUIRE(der_find(outer.value, 0xa0, &list) == ERR_OK);
    REQUIRE(exceptions(&w, &info, &kept));
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool told = answer_of(list.value, rows[i].identification, &a);
        CHECK_ROW(rows[i].name, told == (rows[i].element != NULL));
        CHECK_ROW(rows[i].name, !told || (!a.status && a.outcome == SAIP_STORED && !strcmp(a.element, rows[i].element)));
        CHECK_ROW(rows[i].name, answer_of(kept, rows[i].identification, &a) == (rows[i].element != NULL));
    }
    static const uint8_t ok[] = { 0x30, 0x03, 0x80, 0x01, 0x00 };
    CHECK_ROW("the last one is ok and names no element",
              span_equal(span_sub(list.value, list.value.len - sizeof ok, sizeof ok), SPAN_ARRAY(ok)));
    dp_close(&d);
    world_close(&w);
    buf_release(&result);
    buf_release(&info);
}

/* What was carried out in full is answered as any eUICC does (catalogue D.1). */
static void a_package_that_is_carried_out_is_answered_with_one_ok(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    struct rsp_profile_installation_result r;
    world_open(&w, NULL);
    dp_open(&d);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    dp_load(&w, &d, &result);
    REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK && r.data.result.which == RSP_OK);
    CHECK(span_equal(r.data.result.success.sima_response, SPAN(0x30, 0x07, 0xa0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00)));
    dp_close(&d);
    buf_release(&result);
    world_close(&w);
}

static void strict(struct euicc_settings *s)
{
    s->strict_services = true;
}

static void a_strict_card_has_every_service_or_refuses(void)
{
    static const struct {
        const char *name;
        uint8_t service;
        int64_t reason;
    } rows[] = {
        { "usim", 0x81, 0 },
        { "isim", 0x82, 0 },
        { "TUAK with 256 bits", 0x90, 0 },
        { "the test algorithm", 0x91, 0 },
        { "BER-TLV files", 0x92, 0 },
        { "links", 0x93, 0 },
        { "GET IDENTITY", 0x95, 0 },
        { "profile A of a SUCI", 0x96, 0 },
        { "profile B of a SUCI", 0x97, 0 },
        { "contactless", 0x80, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "csim", 0x83, 0 },
        { "cave", 0x86, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "javacard", 0x8b, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "multos", 0x8c, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "the SUCI calculator of Java Card", 0x98, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "eaka", 0x9d, RSP_INSTALL_PE_PROCESSING_ERROR },
    };
    static const uint8_t usim[] = { 0xa5, 0x04, 0x81, 0x00 };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct dp d;
        struct buf result = { .max = 4096 };
        struct rsp_profile_installation_result r;
        world_open(&w, strict);
        dp_open(&d);
        uint8_t *services = memmem(d.upp.at, d.upp.len, usim, sizeof usim);
        REQUIRE(services != NULL);
        services[2] = rows[i].service;
        REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
        dp_load(&w, &d, &result);
        REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK);
        CHECK_ROW(rows[i].name, (r.data.result.which == RSP_OK) == !rows[i].reason);
        CHECK_ROW(rows[i].name, !rows[i].reason || r.data.result.error.reason == rows[i].reason);
        dp_close(&d);
        world_close(&w);
        buf_release(&result);
    }
}

static void tolerant(struct euicc_settings *s)
{
    s->strict_services = false;
}

/* eUICC-Mandatory-AIDs: no library is on this card. */
static void a_strict_card_has_every_library_or_refuses(void)
{
    static const uint8_t libraries[] = { 0xa8, 0x0d, 0x30, 0x0b, 0x80, 0x05, 0xa0, 0x00, 0x00, 0x01, 0x51, 0x81, 0x02, 0x01, 0x00 };
    static const struct {
        const char *name;
        world_tune tune;
        int64_t reason;
    } rows[] = {
        { "strict", strict, RSP_INSTALL_PE_PROCESSING_ERROR },
        { "as usual", tolerant, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct dp d;
        struct buf result = { .max = 4096 };
        struct rsp_profile_installation_result r;
        world_open(&w, rows[i].tune);
        dp_open(&d);
        size_t end = 2u + d.upp.at[1];
        REQUIRE(d.upp.at[0] == 0xa0 && d.upp.at[1] + sizeof libraries < 0x80 && buf_put(&d.upp, SPAN_ARRAY(libraries)) == ERR_OK);
        memmove(d.upp.at + end + sizeof libraries, d.upp.at + end, d.upp.len - end - sizeof libraries);
        memcpy(d.upp.at + end, libraries, sizeof libraries);
        d.upp.at[1] += sizeof libraries;
        REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
        dp_load(&w, &d, &result);
        REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK);
        CHECK_ROW(rows[i].name, (r.data.result.which == RSP_OK) == !rows[i].reason);
        dp_close(&d);
        world_close(&w);
        buf_release(&result);
    }
}

/* Its files are a UICC's like others; CAVE is not on this card, and its commands say so. */
static void the_csim_is_there(struct world *w, const char *package)
{
    static const struct apdu_row rows[] = {
        { "AUTHENTICATE: it has no keys", "00880081221000000000000000000000000000000000"
                                               "1000000000000000000000000000000000", "6985" },
        { "EF.RUIMID", "00a4000c026f31", "9000" },
        { "READ BINARY that is always allowed", "00b0000008", "04800000000000009000" },
        { "EF.ALOC, whose size is the template's", "00a4000c026f27", "9000" },
        { "READ BINARY", "00b0000007", "000000000000009000" },
        { "EF.COUNT", "00a4000c026f21", "9000" },
        { "INCREASE", "8032000002000104", "000100019000" },
        { "READ RECORD", "00b2010402", "00019000" },
        { "EF.PRL", "00a4000c026f30", "9000" },
        { "READ BINARY of its head", "00b0000005", "00120000009000" },
        { "UPDATE BINARY without the right", "00d600000100", "6982" },
        { "BASE STATION CHALLENGE", "008a0000", "6d00" },
    };
    bool there = apdu_is(w, "00a4040c07a0000003431002", "9000");
    CHECK_ROW(package, there);
    play_rows(w, rows, there ? COUNT(rows) : 0);
}

static void every_ts48_package_is_installed(void)
{
    static const char *const names[] = {
        "TS48v1_A",
        "TS48v2_SAIP2.3_BERTLV",
        "TS48v3_SAIP2.1_NoBERTLV",
        "TS48v4_SAIP2.3_BERTLV",
        "TS48v5_SAIP2.3_BERTLV_SUCI",
        "TS48v5_SAIP2.3_NoBERTLV",
        "TS48v7_SAIP2.3_NoBERTLV",
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char relative[100] = "data/profiles/";
        struct world w;
        struct dp d;
        strcat(strcat(relative, names[i]), ".der");
        const char *path = shared_path(relative);
        if (!path)
            return;
        world_open(&w, NULL);
        dp_open(&d);
        buf_clear(&d.upp);
        buf_clear(&d.metadata);
        REQUIRE(read_file(path, &d.upp) == ERR_OK);
        put_metadata("89000123456789012341", false, 0, RSP_PROFILE_CLASS_TEST, &d.metadata);
        CHECK_ROW(names[i], download(&w, &d) == RSP_INSTALL_ICCID_ALREADY_EXISTS_ON_EUICC);
        CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
        CHECK(es10_is(&w, "bf330c5a0a98001032547698103214", "bf3303800100"));
        CHECK_ROW(names[i], download(&w, &d) == 0);
        CHECK(es10_is(&w, "bf3111a00c5a0a980010325476981032148101ff", "bf3103800100"));
        CHECK_ROW(names[i], apdu_is(&w, "00a4040c07a0000000871002", "9000"));
        CHECK_ROW(names[i], apdu_is(&w, "00a4000c026f07", "9000"));
        the_csim_is_there(&w, names[i]);
        dp_close(&d);
        world_close(&w);
    }
}

static void servers_that_cannot_be_trusted_are_refused(void)
{
    static const struct {
        const char *name, *auth;
        enum dp_flaw flaw;
        int64_t code;
    } rows[] = {
        { "signature that does not verify", NULL, DP_FLIP_SIGNATURE1,
          RSP_AUTHENTICATE_INVALID_SIGNATURE },
        { "challenge of another card", NULL, DP_OTHER_CHALLENGE,
          RSP_AUTHENTICATE_EUICC_CHALLENGE_MISMATCH },
        { "CI key that is not on the card", NULL, DP_UNKNOWN_CI, RSP_AUTHENTICATE_CI_PK_UNKNOWN },
        { "certificate with the role of profile binding", "CERT_S_SM_DPauth_ECDSA_NIST_ROLE_OF_PB",
          DP_FINE, RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "DPpb certificate in place of DPauth", "CERT_S_SM_DPpb_ECDSA_NIST", DP_FINE,
          RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "certificate below a foreign CI", "CERT_S_SM_DPauth_ECDSA_NIST_UNKNOWN_CI", DP_FINE,
          RSP_AUTHENTICATE_CI_PK_UNKNOWN },
        { "certificate with an altered signature", "CERT_S_SM_DPauth_ECDSA_NIST_ALTERED", DP_FINE,
          RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "certificate for key agreement", "CERT_S_SM_DPauth_ECDSA_NIST_KEY_USAGE", DP_FINE,
          RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "certificate for certifying only", "CERT_S_SM_DPauth_ECDSA_NIST_CA_USAGE", DP_FINE,
          RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "certificate of an eIM", "CERT_S_EIMsign_ECDSA_NIST", DP_FINE,
          RSP_AUTHENTICATE_INVALID_CERTIFICATE },
        { "an expired certificate: the card has no clock", "CERT_S_SM_DPauth_ECDSA_NIST_EXPIRED",
          DP_FINE, 0 },
        { "an SM-DS", "CERT_S_SM_DSauth_ECDSA_NIST", DP_FINE, 0 },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dp d;
        dp_open(&d);
        d.flaw = rows[i].flaw;
        d.auth = rows[i].auth ? rows[i].auth : d.auth;
        int64_t code = dp_authenticate(&w, &d);
        CHECK_ROW(rows[i].name, code == rows[i].code);
        dp_close(&d);
    }
    CHECK(pending_count(&w, "bf2b00") == 0);
    world_close(&w);
}

static void downloads_that_cannot_be_trusted_are_not_prepared(void)
{
    static const struct {
        const char *name, *pb;
        enum dp_flaw flaw;
        int64_t code;
    } rows[] = {
        { "signature that does not verify", NULL, DP_FLIP_SIGNATURE2,
          RSP_DOWNLOAD_INVALID_SIGNATURE },
        { "another transaction", NULL, DP_OTHER_TRANSACTION, RSP_DOWNLOAD_INVALID_TRANSACTION_ID },
        { "confirmation code required and not there", NULL, DP_NEEDS_CONFIRMATION,
          RSP_DOWNLOAD_UNDEFINED_ERROR },
        { "DPauth certificate in place of DPpb", "CERT_S_SM_DPauth_ECDSA_NIST", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb of another SM-DP+", "CERT_S_SM_DP2pb_ECDSA_NIST", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb with another registered id", "CERT_S_SM_DPpb_ECDSA_NIST_OTHER_OID", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb with the role of authentication", "CERT_S_SM_DPpb_ECDSA_NIST_ROLE_OF_AUTH", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb below a foreign CI", "CERT_S_SM_DPpb_ECDSA_NIST_UNKNOWN_CI", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb below another CI than DPauth", "CERT_S_SM_DPpb_ECDSA_BRP", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "DPpb with an altered signature", "CERT_S_SM_DPpb_ECDSA_NIST_ALTERED", DP_FINE,
          RSP_DOWNLOAD_INVALID_CERTIFICATE },
        { "the right one, at last", NULL, DP_FINE, 0 },
    };
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    CHECK(dp_prepare(&w, &d) == RSP_DOWNLOAD_NO_SESSION_CONTEXT);
    REQUIRE(dp_authenticate(&w, &d) == 0);
    const char *right = d.pb;
    for (size_t i = 0; i < COUNT(rows); i++) {
        d.flaw = rows[i].flaw;
        d.pb = rows[i].pb ? rows[i].pb : right;
        CHECK_ROW(rows[i].name, dp_prepare(&w, &d) == rows[i].code);
    }
    dp_close(&d);
    world_close(&w);
}

static void a_challenge_serves_once(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    d.flaw = DP_FLIP_SIGNATURE1;
    CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_SIGNATURE);
    d.flaw = DP_FINE;
    CHECK(dp_prepare(&w, &d) == RSP_DOWNLOAD_NO_SESSION_CONTEXT);
    dp_close(&d);
    world_close(&w);
}

/* The error result of a download: command and reason, delivered once, stored, and nothing else left
 * behind.
 */
static void fails_and_leaves_nothing_else(struct world *w, struct dp *d, const char *name, int64_t command, int64_t reason)
{
    int64_t found;
    size_t before = pending_count(w, "bf2b00");
    CHECK_ROW(name, download_fails_at(w, d, &found) == reason);
    CHECK_ROW(name, found == command);
    CHECK_ROW(name, profile_state(w, PARTNER_ICCID) == -1);
    CHECK_ROW(name, pending_count(w, "bf2b00") == before + 1);
    CHECK_ROW(name, es10_sw(w, "a30105") == 0x6985); /* the session is over */
}

static void packages_that_are_wrong_leave_only_a_signed_result(void)
{
    static const struct {
        const char *name;
        struct dp d;
        int64_t command, reason;
    } rows[] = {
        { "smdpSign that does not verify", { .flaw = DP_FLIP_SMDP_SIGN }, 0, RSP_INSTALL_INVALID_SIGNATURE },
        { "another transaction", { .flaw = DP_BPP_TRANSACTION }, 0, RSP_INSTALL_INVALID_TRANSACTION_ID },
        { "unknown remote operation", { .flaw = DP_REMOTE_OPERATION }, 0, RSP_INSTALL_UNSUPPORTED_REMOTE_OPERATION_TYPE },
        { "unknown key type", { .flaw = DP_KEY_TYPE }, 0, RSP_INSTALL_UNSUPPORTED_CRT_VALUES },
        { "altered MAC of ConfigureISDP", { .spoiled_list = 0xa0 }, 1, RSP_INSTALL_SCP03T_SECURITY_ERROR },
        { "altered MAC of the metadata", { .spoiled_list = 0xa1 }, 2, RSP_INSTALL_SCP03T_SECURITY_ERROR },
        { "altered MAC of ReplaceSessionKeys", { .ppk = true, .spoiled_list = 0xa2 }, 4, RSP_INSTALL_SCP03T_SECURITY_ERROR },
        { "altered MAC at the very end", { .spoiled_list = 0xa3 }, 5, RSP_INSTALL_SCP03T_SECURITY_ERROR },
        { "ConfigureISDP cut short", { .flaw = DP_BROKEN_ISDP }, 1, RSP_INSTALL_INCORRECT_INPUT_VALUES },
        { "ConfigureISDP of another command", { .isdp = "bf2500" }, 1, RSP_INSTALL_INCORRECT_INPUT_VALUES },
        { "metadata cut short", { .flaw = DP_BROKEN_METADATA }, 2, RSP_INSTALL_INCORRECT_INPUT_VALUES },
        { "empty sequence of 87", { .flaw = DP_NO_87 }, 1, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        /* another segment in place of the one whose turn it is */
        { "BF36 without length", { .instead = "bf36" }, 0, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "BF36 with a length of four octets", { .instead = "bf36840000000100" }, 0, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "BF36 with something else in it", { .instead = "bf36020400" }, 0, RSP_INSTALL_INCORRECT_INPUT_VALUES },
        { "the metadata in place of ConfigureISDP", { .instead = "a102", .replaced_segment = 1 }, 1,
          RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 88 in ConfigureISDP", { .instead = "a0028800", .replaced_segment = 1 }, 1, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "a bare 88", { .instead = "8800", .replaced_segment = 2 }, 2, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "A1 of nothing", { .instead = "a100", .replaced_segment = 2 }, 2, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "A1 longer than its package", { .instead = "a183ffffff", .replaced_segment = 2 }, 2,
          RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "A1 with its contents", { .instead = "a1028800", .replaced_segment = 2 }, 2, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 86 among the metadata", { .instead = "8600", .replaced_segment = 3 }, 2, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 88 too short for a MAC", { .instead = "8800", .replaced_segment = 3 }, 2, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "A2 of nothing", { .instead = "a200", .replaced_segment = 4 }, 4, RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 86 without the header of A3", { .instead = "8600", .replaced_segment = 4 }, 5,
          RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 86 behind A2 without the header of A3", { .ppk = true, .instead = "8600", .replaced_segment = 5 }, 5,
          RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
        { "an 87 among the profile elements", { .instead = "8700", .replaced_segment = 5 }, 5,
          RSP_INSTALL_SCP03T_STRUCTURE_ERROR },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dp d;
        dp_open(&d);
        d.flaw = rows[i].d.flaw;
        d.ppk = rows[i].d.ppk;
        d.spoiled_list = rows[i].d.spoiled_list;
        d.instead = rows[i].d.instead;
        d.replaced_segment = rows[i].d.replaced_segment;
        d.isdp = rows[i].d.isdp;
        fails_and_leaves_nothing_else(&w, &d, rows[i].name, rows[i].command, rows[i].reason);
        dp_close(&d);
    }
    world_close(&w);
}

/* Metadata that one block does not hold: what is wrong with the second block is said of storeMetadata2. */
static void the_second_block_of_metadata_has_a_name_of_its_own(void)
{
    static const struct {
        const char *name;
        uint8_t spoiled_list;
        bool cut;
        int64_t reason;
    } rows[] = {
        { "altered MAC of the second block", 0xa1, false, RSP_INSTALL_SCP03T_SECURITY_ERROR },
        { "metadata cut short in the second block", 0, true, RSP_INSTALL_INCORRECT_INPUT_VALUES },
        { "a policy rule that nobody knows", 0, false, RSP_INSTALL_PPR_NOT_ALLOWED },
    };
    static const uint8_t icon[120] = { 0xff, 0xd8 };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dp d;
        uint8_t iccid[10];
        dp_open(&d);
        REQUIRE(saip_iccid_parse(PARTNER_ICCID, iccid) == ERR_OK);
        const struct rsp_store_metadata m = {
            .iccid = SPAN_ARRAY(iccid),
            .service_provider_name = span_str("Lab"),
            .profile_name = span_str("pictured"),
            .icon_type = { true, 0 },
            .icon = SPAN_ARRAY(icon),
            .has_owner = true,
            .owner.mcc_mnc = SPAN(0x62, 0xf2, 0x10),
            .policy_rules = { !rows[i].cut && !rows[i].spoiled_list, 1u << 3 },
        };
        buf_clear(&d.metadata);
        REQUIRE(rsp_store_metadata_write(&m, &d.metadata) == ERR_OK);
        CHECK(d.metadata.len > 100 && d.metadata.len < 200);
        d.spoiled_list = rows[i].spoiled_list;
        d.flaw = rows[i].cut ? DP_BROKEN_METADATA : DP_FINE;
        fails_and_leaves_nothing_else(&w, &d, rows[i].name, RSP_BPP_STORE_METADATA2, rows[i].reason);
        dp_close(&d);
    }
    world_close(&w);
}

/* What the SM-DP+ gives the ISD-P is kept with the profile and told. */
static void the_isdp_keeps_what_its_server_gives(void)
{
    struct world w;
    struct dp d;
    struct buf isdp = { .max = 1024 };
    world_open(&w, NULL);
    dp_open(&d);
    d.isdp = "bf2406b80480028837";
    CHECK(download(&w, &d) == 0);
    CHECK(es10_is(&w, "bf2d11a00c5a0a980010325476981032855c01b8", "bf2d0aa008e306b80480028837"));
    CHECK_ROW("a profile without", es10_is(&w, "bf2d11a00c5a0a980010325476981032145c01b8", "bf2d04a002e300"));
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103285", "bf3303800100"));
    REQUIRE(buf_put(&isdp, span_str("bf24818ab8818780028837818180")) == ERR_OK);
    for (int i = 0; i < 128; i++)
        REQUIRE(buf_put(&isdp, span_str("00")) == ERR_OK);
    d.isdp = buf_cstr(&isdp);
    fails_and_leaves_nothing_else(&w, &d, "129 octets and more of it", RSP_BPP_CONFIGURE_ISDP,
                                  RSP_INSTALL_INCORRECT_INPUT_VALUES);
    dp_close(&d);
    buf_release(&isdp);
    world_close(&w);
}

/* Reads the signed answer to CancelSession: the reason, or -1. */
static int64_t cancelled(struct world *w, struct dp *d, int64_t reason)
{
    struct buf request = { .max = 64 }, response = { .max = 512 };
    struct rsp_cancel_session_response r;
    struct rsp_tbs tbs;
    const struct cert *leaf;
    const struct rsp_cancel_session_request q = { SPAN_ARRAY(d->transaction_id), reason };
    REQUIRE(rsp_cancel_session_request_write(&q, &request) == ERR_OK);
    REQUIRE(es10(w, buf_span(&request), &response) == 0x9000);
    REQUIRE(rsp_cancel_session_response_read(buf_span(&response), &r) == ERR_OK);
    int64_t found = -1;
    if (r.which == RSP_CANCEL_SESSION_OK) {
        REQUIRE(cert_load(w->crypto, buf_span(&w->nist.certificate), &leaf) == ERR_OK);
        rsp_tbs_cancel_session(&r.ok.cancel_signed, &tbs);
        CHECK(cert_verify(w->crypto, leaf, tbs.part, tbs.count, r.ok.signature) == ERR_OK);
        found = r.ok.cancel_signed.reason;
    } else {
        CHECK(r.error == RSP_CANCEL_RESPONSE_INVALID_TRANSACTION_ID);
    }
    buf_release(&request);
    buf_release(&response);
    return found;
}

static void a_session_is_cancelled_for_every_reason_and_at_every_step(void)
{
    static const struct {
        const char *name;
        int64_t reason;
        unsigned steps; /* 0 nothing, 1 authenticated, 2 prepared, 3 loading, 4 installed */
        bool signs;
    } rows[] = {
        { "no session", RSP_CANCEL_REASON_TIMEOUT, 0, false },
        { "endUserRejection", RSP_CANCEL_REASON_END_USER_REJECTION, 1, true },
        { "postponed", RSP_CANCEL_REASON_POSTPONED, 1, true },
        { "timeout", RSP_CANCEL_REASON_TIMEOUT, 2, true },
        { "pprNotAllowed", RSP_CANCEL_REASON_PPR_NOT_ALLOWED, 1, true },
        { "metadataMismatch", RSP_CANCEL_REASON_METADATA_MISMATCH, 2, true },
        { "loadBppExecutionError, in the middle of loading", RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR, 3, true },
        { "undefinedReason", RSP_CANCEL_REASON_UNDEFINED_REASON, 1, true },
        { "after the profile is installed", RSP_CANCEL_REASON_TIMEOUT, 4, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct dp d;
        struct buf result = { .max = 4096 };
        world_open(&w, NULL);
        dp_open(&d);
        REQUIRE(rows[i].steps < 1 || dp_authenticate(&w, &d) == 0);
        REQUIRE(rows[i].steps < 2 || dp_prepare(&w, &d) == 0);
        d.instead = rows[i].steps == 3 ? "bf3e035c015a" : NULL; /* GetEID, which ends the loop */
        d.replaced_segment = 2;
        if (rows[i].steps >= 3)
            dp_load(&w, &d, &result);
        CHECK_ROW(rows[i].name, cancelled(&w, &d, rows[i].reason) == (rows[i].signs ? rows[i].reason : -1));
        CHECK_ROW(rows[i].name, es10_sw(&w, "a103000000") == 0x6985);
        CHECK_ROW(rows[i].name, cancelled(&w, &d, rows[i].reason) == -1);
        CHECK_ROW(rows[i].name, pending_count(&w, "bf2b00") == (rows[i].steps == 4 ? 2u : 0u));
        dp_close(&d);
        buf_release(&result);
        world_close(&w);
    }
}

/* A package that is sent once more from its beginning; other functions between its segments do not disturb it, a new
 * challenge ends it. */
static void loading_can_begin_anew(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    world_open(&w, NULL);
    dp_open(&d);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    d.instead = "bf3e035c015a";
    d.replaced_segment = 3;
    dp_load(&w, &d, &result);
    CHECK_ROW("another function between two segments", result.len && result.at[1] == 0x3e);
    d.instead = NULL;
    dp_load(&w, &d, &result);
    CHECK_ROW("the whole package once more", result.len && result.at[1] == 0x37);
    CHECK(profile_state(&w, PARTNER_ICCID) == 0 && pending_count(&w, "bf2b00") == 2);
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103285", "bf3303800100"));
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    d.instead = "bf2e00";
    d.replaced_segment = 4;
    dp_load(&w, &d, &result);
    CHECK_ROW("a new challenge", es10_sw(&w, "a303000000") == 0x6985);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    dp_close(&d);
    buf_release(&result);
    world_close(&w);
}

/* Catalogue B.12 would have what changes the card's state refused meanwhile; we do it, and the loading is as it was. */
static void a_loading_does_not_bar_other_functions(void)
{
    static const struct {
        const char *name, *command, *answer;
    } rows[] = {
        { "SetNickname", "bf2912" "5a0a98001032547698103214" "90044c656164", "bf2903800100" },
        { "DisableProfile", "bf3211a00c" "5a0a98001032547698103214" "8101ff", "bf3203800100" },
        { "EnableProfile of what is not there yet", "bf3111a00c" "5a0a98001032547698103285" "8101ff", "bf3103800101" },
        { "DeleteProfile of what is not there yet", "bf330c" "5a0a98001032547698103285", "bf3303800101" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct dp d;
        struct buf result = { .max = 4096 };
        world_open(&w, NULL);
        dp_open(&d);
        REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
        d.instead = rows[i].command;
        d.replaced_segment = 3;
        dp_load(&w, &d, &result);
        struct buf want = hex(rows[i].answer);
        CHECK_ROW(rows[i].name, span_equal(buf_span(&result), buf_span(&want)));
        d.instead = NULL;
        dp_load(&w, &d, &result);
        CHECK_ROW(rows[i].name, result.len && result.at[1] == 0x37 && profile_state(&w, PARTNER_ICCID) == 0);
        buf_release(&want);
        dp_close(&d);
        buf_release(&result);
        world_close(&w);
    }
}

static void profiles_that_do_not_fit_are_refused(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    buf_clear(&d.metadata);
    put_metadata(LEAD_ICCID, false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &d.metadata);
    CHECK(download(&w, &d) == RSP_INSTALL_ICCID_ALREADY_EXISTS_ON_EUICC);
    buf_clear(&d.metadata);
    put_metadata("89000123456789012366", false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &d.metadata);
    CHECK(download(&w, &d) == RSP_INSTALL_DATA_MISMATCH);
    buf_clear(&d.metadata);
    put_metadata(PARTNER_ICCID, false, 0, RSP_PROFILE_CLASS_TEST, &d.metadata);
    CHECK(download(&w, &d) == RSP_INSTALL_TEST_PROFILE_INVALID_NAA_KEY);
    buf_clear(&d.metadata);
    put_metadata(PARTNER_ICCID, false, 1u << 3, RSP_PROFILE_CLASS_OPERATIONAL, &d.metadata);
    CHECK(download(&w, &d) == RSP_INSTALL_PPR_NOT_ALLOWED);
    buf_clear(&d.metadata);
    put_metadata(PARTNER_ICCID, false, RSP_PPR1, RSP_PROFILE_CLASS_PROVISIONING, &d.metadata);
    CHECK(download(&w, &d) == RSP_INSTALL_INCORRECT_INPUT_VALUES);
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    dp_close(&d);
    world_close(&w);
}

static void a_broken_profile_element_is_named(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    struct rsp_profile_installation_result r;
    world_open(&w, NULL);
    dp_open(&d);
    d.upp.at[d.upp.len - 1] = 2; /* the end element takes the MF's identification */
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    dp_load(&w, &d, &result);
    REQUIRE(rsp_profile_installation_result_read(buf_span(&result), &r) == ERR_OK);
    CHECK(r.data.result.which == RSP_ERROR &&
          r.data.result.error.reason == RSP_INSTALL_PE_PROCESSING_ERROR);
    CHECK(r.data.result.error.command == RSP_BPP_LOAD_PROFILE_ELEMENTS);
    struct buf want = hex("300fa00b" "3009800103810102" "830100" "8100");
    CHECK(span_equal(r.data.result.error.sima_response, buf_span(&want)));
    buf_release(&want);
    dp_close(&d);
    world_close(&w);
    buf_release(&result);
}

static void small_card(struct euicc_settings *s)
{
    s->memory = 6000;
}

static void a_full_card_says_so(void)
{
    struct world w;
    struct dp d;
    world_open(&w, small_card);
    dp_open(&d);
    int64_t reason = download(&w, &d);
    while (!reason) { /* the first may still fit */
        buf_clear(&d.metadata);
        buf_clear(&d.upp);
        put_metadata("89000123456789012366", false, 0, RSP_PROFILE_CLASS_OPERATIONAL, &d.metadata);
        put_upp("89000123456789012366", PARTNER_IMSI, &d.upp);
        reason = download(&w, &d);
    }
    CHECK(reason == RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE);
    dp_close(&d);
    world_close(&w);
}

static void segments_out_of_order_end_the_session(void)
{
    struct world w;
    struct dp d;
    struct buf result = { .max = 4096 };
    world_open(&w, NULL);
    dp_open(&d);
    CHECK(es10_sw(&w, "a300") == 0x6985); /* nothing was begun */
    REQUIRE(dp_authenticate(&w, &d) == 0);
    CHECK(es10_sw(&w, "bf3605bf23020000") == 0x6985); /* not prepared */
    REQUIRE(dp_prepare(&w, &d) == 0);
    CHECK(es10_sw(&w, "a300") == 0x6985); /* InitialiseSecureChannel comes first */
    CHECK(es10_sw(&w, "bf36") == 0x9000); /* cut: a result */
    CHECK(pending_count(&w, "bf2b00") == 1);
    CHECK(es10_sw(&w, "a300") == 0x6985);
    dp_close(&d);
    world_close(&w);
    buf_release(&result);
}

/* An SM-DP+ that bound a package before names the one-time key; only then it is used again. */
static void a_one_time_key_is_used_again_only_when_it_is_named(void)
{
    struct world w;
    struct dp d;
    struct buf first = { .max = 65 };
    world_open(&w, NULL);
    dp_open(&d);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    REQUIRE(buf_set(&first, buf_span(&d.euicc_otpk)) == ERR_OK);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    CHECK(span_equal(buf_span(&first), buf_span(&d.euicc_otpk)));
    buf_clear(&d.euicc_otpk);
    REQUIRE(dp_authenticate(&w, &d) == 0 && dp_prepare(&w, &d) == 0);
    CHECK(!span_equal(buf_span(&first), buf_span(&d.euicc_otpk)));
    dp_close(&d);
    world_close(&w);
    buf_release(&first);
}

static void immediate_enable_follows_a_download_only_where_configured(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    CHECK(es10_is(&w, "bf59028000", "bf5903800100"));
    CHECK(download(&w, &d) == 0);
    CHECK(es10_is(&w, "bf5a038001ff", "bf5a03800100"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profile_state(&w, LEAD_ICCID) == 0);
    CHECK(es10_is(&w, "bf5a038001ff", "bf5a03800104"));
    dp_close(&d);
    world_close(&w);
}

/* A fault on its way: one bit of what is signed, or of the answer. */
struct spoiler {
    struct tamper tamper;
    const char *message;
    enum tamper_moment moment;
    unsigned hits;
};

static void spoil(struct tamper *t, enum tamper_moment moment, const char *actor,
                  const char *message, struct buf *bytes)
{
    struct spoiler *s = (struct spoiler *)t;
    (void)actor;
    if (moment != s->moment || strcmp(message, s->message) != 0)
        return;
    s->hits++;
    bytes->at[moment == TAMPER_BEFORE_SIGNING ? 8 : bytes->len - 1] ^=
        1; /* in the transaction; in the last member */
}

static void what_the_card_signs_and_sends_can_be_spoiled(void)
{
    static const struct {
        const char *message;
        enum tamper_moment moment;
    } rows[] = {
        { "ES10b.euiccSigned1", TAMPER_BEFORE_SIGNING },
        { "ES10b.AuthenticateServer", TAMPER_BEFORE_SENDING },
        { "ES10b.euiccSigned2", TAMPER_BEFORE_SIGNING },
        { "ES10b.PrepareDownload", TAMPER_BEFORE_SENDING },
        { "ES10b.profileInstallationResultData", TAMPER_BEFORE_SIGNING },
        { "ES10b.ProfileInstallationResult", TAMPER_BEFORE_SENDING },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct spoiler s = { { spoil }, rows[i].message, rows[i].moment, 0 };
        struct env env = w.env;
        struct euicc *spoiled;
        struct buf atr = { .max = CARD_ATR_MAX }, response = { .max = 1 << 16 };
        uint16_t sw;
        unsigned channel;
        env.tamper = &s.tamper;
        w.settings.nvm = NULL;
        const struct euicc_credential nist = { buf_span(&w.nist.certificate),
                                               w.nist.eum_certificate, secret_span(&w.nist.key) };
        w.settings.credentials = &nist;
        w.settings.credential_count = 1;
        w.settings.profile_count = 0;
        REQUIRE(euicc_new(&env, &w.settings, &spoiled) == ERR_OK);
        REQUIRE(card_reset(euicc_card(spoiled), &atr) == ERR_OK);
        REQUIRE(apdu_open_isd_r(euicc_card(spoiled), &channel, &response, &sw) == ERR_OK);
        struct card *kept = w.card;
        unsigned kept_channel = w.channel;
        struct dp d;
        w.card = euicc_card(spoiled);
        w.channel = channel;
        dp_open(&d);
        d.spoiled = true;
        if (!dp_authenticate(&w, &d) && !dp_prepare(&w, &d))
            dp_load(&w, &d, &response);
        CHECK_ROW(rows[i].message, s.hits == 1);
        dp_close(&d);
        w.card = kept;
        w.channel = kept_channel;
        euicc_free(spoiled);
        buf_release(&atr);
        buf_release(&response);
    }
    world_close(&w);
}

/* What others show is parsed once and kept in the program's cache: what the card was shown and let go makes room there. */
static void certificates_that_were_shown_are_let_go(void)
{
    struct world w;
    struct dp d;
    struct buf der = { .max = CERT_DER_MAX };
    const struct cert *cert = NULL;
    world_open(&w, NULL);
    dp_open(&d);
    REQUIRE(buf_set(&der, world_item(&w, "CERT_S_SM_DPauth_ECDSA_NIST")->der) == ERR_OK);
    uint8_t *signature = der.at + der.len - 8; /* inside s: reads as well with any value */
    uint32_t n = 0;
    for (; n < CERT_CACHE_MAX - 64; n++) {
        memcpy(signature + 1, &n, sizeof n);
        REQUIRE(cert_load(w.crypto, buf_span(&der), &cert) == ERR_OK);
    }
    for (unsigned i = 0; i < 100; i++, n++) {
        memcpy(signature + 1, &n, sizeof n);
        d.certificate = buf_span(&der);
        CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_CERTIFICATE);
        d.certificate = (struct span){ 0 };
        CHECK(dp_authenticate(&w, &d) == 0);
        d.certificate = buf_span(&der);
        CHECK(dp_prepare(&w, &d) == RSP_DOWNLOAD_INVALID_CERTIFICATE);
    }
    d.certificate = (struct span){ 0 };
    memcpy(signature + 1, &n, sizeof n);
    CHECK_ROW("there is room for another", cert_borrow(w.crypto, buf_span(&der), &cert) == ERR_OK);
    cert_give_back(w.crypto, cert);
    CHECK_ROW("a download", download(&w, &d) == 0);
    buf_release(&der);
    dp_close(&d);
    world_close(&w);
}

const struct test download_tests[] = {
    { "what the card signs and sends can be spoiled",
      what_the_card_signs_and_sends_can_be_spoiled },
    { "certificates that were shown are let go", certificates_that_were_shown_are_let_go },
    { "a profile is downloaded and enabled", a_profile_is_downloaded_and_enabled },
    { "brainpool and protected keys serve as well", brainpool_and_protected_keys_serve_as_well },
    { "every TS.48 package is installed", every_ts48_package_is_installed },
    { "a strict card has every service or refuses", a_strict_card_has_every_service_or_refuses },
    { "a strict card has every library or refuses", a_strict_card_has_every_library_or_refuses },
    { "a package that is carried out is answered with one ok", a_package_that_is_carried_out_is_answered_with_one_ok },
    { "what the card only keeps is answered and can be asked for",
      what_the_card_only_keeps_is_answered_and_can_be_asked_for },
    { "servers that cannot be trusted are refused", servers_that_cannot_be_trusted_are_refused },
    { "downloads that cannot be trusted are not prepared",
      downloads_that_cannot_be_trusted_are_not_prepared },
    { "a challenge serves once", a_challenge_serves_once },
    { "packages that are wrong leave only a signed result",
      packages_that_are_wrong_leave_only_a_signed_result },
    { "profiles that do not fit are refused", profiles_that_do_not_fit_are_refused },
    { "a broken profile element is named", a_broken_profile_element_is_named },
    { "a full card says so", a_full_card_says_so },
    { "segments out of order end the session", segments_out_of_order_end_the_session },
    { "a session is cancelled for every reason and at every step",
      a_session_is_cancelled_for_every_reason_and_at_every_step },
    { "the second block of metadata has a name of its own", the_second_block_of_metadata_has_a_name_of_its_own },
    { "the ISD-P keeps what its server gives", the_isdp_keeps_what_its_server_gives },
    { "loading can begin anew", loading_can_begin_anew },
    { "SGP.22 2.5.5: while a package is loaded, other functions are answered as ever and disturb nothing", a_loading_does_not_bar_other_functions },
    { "a one-time key is used again only when it is named",
      a_one_time_key_is_used_again_only_when_it_is_named },
    { "immediate enable follows a download only where configured",
      immediate_enable_follows_a_download_only_where_configured },
};
const size_t download_tests_count = COUNT(download_tests);
