/* What SGP.32 adds besides packages: emergency profile, connectivity parameters, IPAe; revocation
 * lists; rules authorisation table, profile classes, memory. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_es10.h"
#include "rsp_euicc_info.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"
#define ECALL_ICCID "89000123456789012366"
#define ECALL "5a0a98001032547698103266"
#define ENABLE_PARTNER "a30c" PARTNER
#define THIRD_ICCID "89000123456789012374"
#define THIRD "5a0a98001032547698103247"

struct row {
    const char *name, *request, *response;
};

static void play(struct world *w, const struct row *row, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(row[i].name, es10_is(w, row[i].request, row[i].response));
}

/* The lead profile enabled, the partner's and the emergency profile there, an eIM associated. */
static void ready(struct world *w)
{
    const struct wishes ordinary = ORDINARY, emergency = { .ecall = true, .profile_class = 2 };
    world_open(w, NULL);
    REQUIRE(download_profile(w, PARTNER_ICCID, &ordinary) == 0);
    REQUIRE(download_profile(w, ECALL_ICCID, &emergency) == 0);
    eim_associate(w, false);
}

/* ---- emergency profile
 * ------------------------------------------------------------------------------------------ */
static void the_emergency_profile_comes_and_goes(void)
{
    static const struct row before[] = {
        { "DisableEmergencyProfile: none is active", "bf5c038001ff", "bf5c03800102" },
        { "EnableEmergencyProfile", "bf5b03800100", "bf5b03800100" },
        { "EnableEmergencyProfile a second time", "bf5b038001ff", "bf5b03800102" },
    };
    static const struct row after[] = {
        { "EnableEmergencyProfile after a power cut: it is active", "bf5b038001ff",
          "bf5b03800102" },
        { "DisableEmergencyProfile with the tag of others (D-1)", "bf5c030101ff", "bf5c03800100" },
        { "DisableEmergencyProfile a second time", "bf5c038001ff", "bf5c03800102" },
    };
    struct world w;
    ready(&w);
    size_t pending = pending_count(&w, "bf2b00");
    play(&w, before, COUNT(before));
    CHECK(profile_state(&w, ECALL_ICCID) == 1 && profiles_enabled(&w) == 1);
    world_reset(&w);
    CHECK(profile_state(&w, ECALL_ICCID) == 1 && profiles_enabled(&w) == 1);
    play(&w, after, COUNT(after));
    CHECK(profile_state(&w, LEAD_ICCID) == 1 && profiles_enabled(&w) == 1);
    CHECK(pending_count(&w, "bf2b00") == pending); /* nobody is told */
    world_close(&w);
}

static void nothing_is_managed_during_an_emergency(void)
{
    static const struct row rows[] = {
        { "eUICCMemoryReset", "bf6404820200fe", "bf6403800168" },
        { "eUICCMemoryReset of the eIM data alone", "bf640482020204", "bf6403800168" },
        { "ExecuteFallbackMechanism", "bf5d038001ff", "bf5d03800168" },
        { "ReturnFromFallback", "bf5e038001ff", "bf5e03800107" },
        { "EnableProfile", "bf3111a00c" PARTNER "8101ff", "bf310380017f" },
        { "DisableProfile of the emergency profile", "bf3211a00c" ECALL "8101ff", "bf320380017f" },
        { "DeleteProfile of the one to return to", "bf330c" LEAD, "bf330380017f" },
        { "ProfileRollback, which ended", "bf58038001ff", "bf5803020101" },
        { "ImmediateEnable", "bf5a038001ff", "bf5a03800101" },
    };
    struct world w;
    struct dp d;
    struct buf response = { .max = 4096 };
    struct rsp_euicc_package_result r;
    ready(&w);
    CHECK(eim_package_is(&w, "a80c" LEAD, "8d0100"));
    CHECK(eim_package_is(&w, "a30e" PARTNER "0500", "830100"));
    CHECK(es10_is(&w, "bf5b038001ff", "bf5b03800100"));
    play(&w, rows, COUNT(rows));
    int64_t counter = w.counter;
    eim_package(&w, "a7028000", &response);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK);
    CHECK(r.which == RSP_PACKAGE_ERROR_SIGNED && r.error.data.code == RSP_PACKAGE_ECALL_ACTIVE);
    dp_open(&d);
    CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_UNDEFINED_ERROR);
    CHECK(es10_is(&w, "bf5c038001ff", "bf5c03800100"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profiles_enabled(&w) == 1);
    w.counter = counter; /* the refused package left the counter alone: it may come again */
    CHECK(eim_package_is(&w, "a7028000", "870100"));
    dp_close(&d);
    buf_release(&response);
    world_close(&w);
}

static void a_download_ends_with_an_emergency(void)
{
    struct world w;
    struct dp d;
    ready(&w);
    dp_open(&d);
    REQUIRE(dp_authenticate(&w, &d) == 0);
    CHECK(es10_is(&w, "bf5b038001ff", "bf5b03800100"));
    CHECK(es10_is(&w, "bf5c038001ff", "bf5c03800100"));
    CHECK(dp_prepare(&w, &d) == RSP_DOWNLOAD_NO_SESSION_CONTEXT);
    dp_close(&d);
    world_close(&w);
}

static void of_v1_3(struct euicc_settings *s)
{
    s->v1_3 = true;
}

/* What SGP.32 v1.3 changes on the wire; a card of v1.2 says none of it. */
static void a_card_of_the_next_version_says_so(void)
{
    static const struct {
        const char *name, *versions, *disable;
        world_tune tune;
        bool code;
    } rows[] = {
        { "v1.2", "b40ba0050403010200", "bf5c03800102", NULL, false },
        { "v1.3 beside v1.2", "b410a00a04030102000403010300", "bf5c03800108", of_v1_3, true },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf info = { .max = 4096 }, hex = { .max = 8192 }, refusal = { .max = 4096 };
        struct rsp_euicc_package_result r;
        world_open(&w, rows[i].tune);
        REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &info) == 0x9000);
        REQUIRE(hex_put(&hex, buf_span(&info)) == ERR_OK);
        CHECK_ROW(rows[i].name, strstr(buf_cstr(&hex), rows[i].versions) != NULL);
        CHECK_ROW(rows[i].name, es10_is(&w, "bf5c038001ff", rows[i].disable)); /* no emergency profile */
        eim_associate(&w, false);
        eim_package_with(&w, EIM_OTHER_ID, "a6", &refusal);
        REQUIRE(rsp_euicc_package_result_read(buf_span(&refusal), &r) == ERR_OK);
        CHECK_ROW(rows[i].name, r.which == RSP_PACKAGE_ERROR_UNSIGNED);
        CHECK_ROW(rows[i].name, r.unsigned_error.code.present == rows[i].code);
        buf_release(&info);
        buf_release(&hex);
        buf_release(&refusal);
        world_close(&w);
    }
}

/* eSipaProprietaryProtocolInformation of a vendor, and updateEim with it */
#define PROPRIETARY "aa0a30088003883701810101"
#define UPDATE_PROPRIETARY "aa1680087465737465696d31" PROPRIETARY

static bool answer_holds(struct world *w, const char *request, const char *part)
{
    struct buf q = hex(request), answer = { .max = 8192 }, text = { .max = 16384 };
    REQUIRE(es10(w, buf_span(&q), &answer) == 0x9000);
    REQUIRE(hex_put(&text, buf_span(&answer)) == ERR_OK);
    bool holds = strstr(buf_cstr(&text), part) != NULL;
    buf_release(&q);
    buf_release(&answer);
    buf_release(&text);
    return holds;
}

/* What v1.3 adds to what others ask and configure: a card of v1.3 answers and keeps it, one of v1.2 passes it over. */
static void what_the_next_version_adds_is_answered_and_kept(void)
{
    static const struct {
        const char *name;
        world_tune tune;
        bool knows;
    } rows[] = { { "v1.2", NULL, false }, { "v1.3", of_v1_3, true } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = 4096 };
        struct rsp_euicc_package_result r;
        world_open(&w, rows[i].tune);
        /* iotSpecificTagList (5D): beside a tag list, empty, not there, cut short */
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf2d065c015a5d0180", "bf6400") == rows[i].knows);
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf2d025d00", "bf6400") == rows[i].knows);
        CHECK_ROW(rows[i].name, !answer_holds(&w, "bf2d00", "bf6400"));
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf2d035d019f", "bf2d03810101") == rows[i].knows);
        eim_associate(&w, false);
        eim_package_with(&w, EIM_ECO, UPDATE_PROPRIETARY, &response);
        REQUIRE(eim_results(&w, buf_span(&response), &r));
        CHECK_ROW(rows[i].name, span_equal(r.result.data.results, rows[i].knows ? SPAN(0x8a, 0x01, 0x00) : SPAN(0x8a, 0x01, 0x07)));
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf5500", PROPRIETARY) == rows[i].knows);
        buf_release(&response);
        world_close(&w);
    }
}

/* --- what sources disagree about (interpretations D-3 to D-5) --------------------------------------------------- */

static void of_other_forms(struct euicc_settings *s)
{
    s->wire = (struct rsp_wire){ .package_result_30 = true, .eim_list_30 = true, .eim_key_30 = true };
}

/* The eIM is told to the card with its key as contents or with its 30. */
static void associate_in_form(struct world *w, bool with_30)
{
    struct buf spki = { .max = 256 }, whole = { .max = 256 };
    struct rsp_eim_configuration c;
    eim_configuration(w, &spki, &c);
    REQUIRE(rsp_key_data_put_spki(&c.public_key_data, &whole) == ERR_OK);
    c.public_key_data.public_key = with_30 ? buf_span(&whole) : c.public_key_data.public_key;
    CHECK(eim_associate_as(w, &c) == 0);
    buf_release(&spki);
    buf_release(&whole);
}

static bool answers_so(struct world *w, enum eim_flaw flaw, const char *list, const char *choice, const char *results)
{
    struct buf response = { .max = 8192 }, text = { .max = 16384 };
    eim_package_with(w, flaw, list, &response);
    REQUIRE(hex_put(&text, buf_span(&response)) == ERR_OK);
    /* Behind BF51 and its length of one octet. */
    bool same = strncmp(buf_cstr(&text) + 6, choice, strlen(choice)) == 0 && strstr(buf_cstr(&text), results);
    buf_release(&response);
    buf_release(&text);
    return same;
}

static void a_card_answers_in_its_form_whichever_it_was_told(void)
{
    static const struct {
        const char *name;
        world_tune tune;
        bool told_30;
        const char *key, *result, *list;
    } rows[] = {
        { "recommended, told so", NULL, false, "a55ba0593013", "a0", "ab0ea00c" },
        { "recommended, told the other form", NULL, true, "a55ba0593013", "a0", "ab0ea00c" },
        { "the other form, told the recommended one", of_other_forms, false, "a55da05b30593013", "30", "ab0e300c" },
        { "the other form, told so", of_other_forms, true, "a55da05b30593013", "30", "ab0e300c" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_open(&w, rows[i].tune);
        associate_in_form(&w, rows[i].told_30);
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf5500", rows[i].key));
        world_reset(&w); /* and from its memory */
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf5500", rows[i].key));
        CHECK_ROW(rows[i].name, answers_so(&w, EIM_ECO, "ab00", rows[i].result, rows[i].list));
        CHECK_ROW(rows[i].name, answer_holds(&w, "bf2b04a0028200", rows[i].list)); /* kept as it was signed */
        CHECK_ROW(rows[i].name, answers_so(&w, EIM_OTHER_EID, "a600", "a1", "")); /* an error has one form */
        world_close(&w);
    }
}

static void without_ecall(struct euicc_settings *s)
{
    s->no_ecall = true;
}

static void emergency_needs_a_card_and_a_profile_for_it(void)
{
    struct world w;
    const struct wishes emergency = { .ecall = true, .profile_class = 2 };
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf5b038001ff", "bf5b03800108")); /* no such profile */
    world_close(&w);
    world_open(&w, without_ecall);
    REQUIRE(download_profile(&w, ECALL_ICCID, &emergency) == 0);
    CHECK(es10_is(&w, "bf5b038001ff", "bf5b03800108")); /* no such card */
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    world_close(&w);
}

/* ---- small functions
 * ---------------------------------------------------------------------------------------------- */
static void connectivity_parameters_are_those_of_the_enabled_profile(void)
{
    static const struct row rows[] = {
        { "GetConnectivityParameters of a profile without", "bf5f00", "bf5f03810101" },
        { "EnableProfile of the one with", "bf3111a00c" PARTNER "8101ff", "bf3103800100" },
        { "GetConnectivityParameters of a profile with", "bf5f00", "bf5f06a00481023542" },
        { "DisableProfile", "bf3211a00c" PARTNER "8101ff", "bf3203800100" },
        { "GetConnectivityParameters without enabled profile", "bf5f00", "bf5f03810101" },
    };
    struct world w;
    const struct wishes with = { .profile_class = 2, .connectivity = "3542" };
    world_open(&w, NULL);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &with) == 0);
    play(&w, rows, COUNT(rows));
    CHECK(es10_sw(&w, "bf5f0101") == 0x6a80);
    world_close(&w);
}

static void with_ipae(struct euicc_settings *s)
{
    s->ipae = true;
}

static void an_ipae_is_activated_only_where_there_is_one(void)
{
    static const char fci[] = "01a4040410a0000005591010ffffffff890000010000";
    struct world w;
    struct buf response = { .max = 1024 };
    struct rsp_euicc_info2 info;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf420480020780", "bf4203800101"));
    CHECK(es10_sw(&w, "bf4200") == 0x6a80);
    CHECK(es10_sw(&w, "bf42028000") == 0x6a80);
    world_close(&w);
    world_open(&w, with_ipae);
    CHECK(apdu_is(&w, fci,
                  "6f258410a0000005591010ffffffff8900000100a5049f6501ffe0058203020500e1048002"
                  "06c09000"));
    CHECK(es10_is(&w, "bf420480020780", "bf4203800100"));
    world_reset(&w);
    REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info) == ERR_OK);
    CHECK(info.ipa_mode.value == RSP_IPA_MODE_IPAE);
    CHECK(es10_is(&w, "bf4203800100", "bf4203800100")); /* back to the IPAd */
    REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info) == ERR_OK);
    CHECK(info.ipa_mode.value == RSP_IPA_MODE_IPAD);
    buf_release(&response);
    world_close(&w);
}

/* ---- LoadCRL
 * ----------------------------------------------------------------------------------------------------------
 */
static const uint8_t nobody[1][8] = { { 1, 2, 3, 4, 5, 6, 7, 8 } };

static void put_extension(uint8_t arc, int64_t value, struct buf *out)
{
    struct der_mark one, octets;
    REQUIRE(der_put_open(out, 0x30, &one) == ERR_OK &&
            der_put(out, 0x06, SPAN(0x55, 0x1d, arc)) == ERR_OK &&
            der_put_open(out, 0x04, &octets) == ERR_OK &&
            der_put_integer(out, 0x02, value) == ERR_OK && der_put_close(out, octets) == ERR_OK &&
            der_put_close(out, one) == ERR_OK);
}

static struct span unsigned_integer(const uint8_t *at, uint8_t octets[33])
{
    memcpy(octets + 1, at, 32);
    octets[0] = 0;
    return octets[1] & 0x80 ? span_of(octets, 33) : span_of(octets + 1, 32);
}

/* A delta list of the CI that adds `serial` to list number `base`. */
static void put_delta(struct world *w, struct span serial, int64_t number, int64_t base,
                      struct buf *out)
{
    const struct pki_item *ci = world_item(w, "CERT_CI_ECDSA_NIST");
    struct buf list = { .max = 4096 }, tbs = { .max = 4096 };
    struct der_tlv whole, t;
    struct der_mark mark[4];
    struct ec_signature signature;
    uint8_t octets[33];
    REQUIRE(crl_issue(w->crypto, ci->cert, ci->key, nobody, 1, 0, CLOCK_DAY, 1, &list) == ERR_OK);
    REQUIRE(der_only(buf_span(&list), 0x30, &whole) == ERR_OK);
    struct der d = der_open(whole.value);
    REQUIRE(der_expect(&d, 0x30, &t) == ERR_OK);
    d = der_open(t.value);
    REQUIRE(der_put_open(&tbs, 0x30, &mark[0]) == ERR_OK);
    for (unsigned i = 0; i < 5; i++) /* version, algorithm, issuer, both times */
        REQUIRE(der_next(&d, &t) == ERR_OK && buf_put(&tbs, t.whole) == ERR_OK);
    REQUIRE(der_put_open(&tbs, 0x30, &mark[1]) == ERR_OK &&
            der_put_open(&tbs, 0x30, &mark[2]) == ERR_OK);
    REQUIRE(der_put(&tbs, 0x02, serial) == ERR_OK &&
            der_put_str(&tbs, 0x17, "260101000000Z") == ERR_OK);
    REQUIRE(der_put_close(&tbs, mark[2]) == ERR_OK && der_put_close(&tbs, mark[1]) == ERR_OK);
    REQUIRE(der_put_open(&tbs, 0xa0, &mark[1]) == ERR_OK &&
            der_put_open(&tbs, 0x30, &mark[2]) == ERR_OK);
    put_extension(0x14, number, &tbs);
    put_extension(0x1b, base, &tbs);
    for (unsigned i = 3; i-- > 0;)
        REQUIRE(der_put_close(&tbs, mark[i]) == ERR_OK);
    struct span part = buf_span(&tbs);
    REQUIRE(ec_sign(w->crypto, ci->key, &part, 1, &signature) == ERR_OK);
    buf_clear(out);
    REQUIRE(der_put_open(out, 0xbf35, &mark[0]) == ERR_OK &&
            der_put_open(out, 0xa0, &mark[1]) == ERR_OK);
    REQUIRE(buf_put(out, part) == ERR_OK);
    d = der_open(part);
    REQUIRE(der_next(&d, &t) == ERR_OK);
    d = der_open(t.value);
    REQUIRE(der_next(&d, &t) == ERR_OK && der_next(&d, &t) == ERR_OK &&
            buf_put(out, t.whole) == ERR_OK);
    REQUIRE(der_put_open(out, 0x03, &mark[2]) == ERR_OK && buf_put_u8(out, 0) == ERR_OK);
    REQUIRE(der_put_open(out, 0x30, &mark[3]) == ERR_OK);
    REQUIRE(der_put(out, 0x02, unsigned_integer(signature.at, octets)) == ERR_OK);
    REQUIRE(der_put(out, 0x02, unsigned_integer(signature.at + 32, octets)) == ERR_OK);
    for (unsigned i = 4; i-- > 0;)
        REQUIRE(der_put_close(out, mark[i]) == ERR_OK);
    buf_release(&list);
    buf_release(&tbs);
}

static int64_t load_crl(struct world *w, struct span request)
{
    struct buf response = { .max = 64 };
    struct der_tlv whole, code;
    int64_t value = 0;
    if (es10(w, request, &response) != 0x9000)
        return -1;
    REQUIRE(der_only(buf_span(&response), 0xbf35, &whole) == ERR_OK);
    bool refused = der_find(whole.value, 0x81, &code) == ERR_OK;
    REQUIRE(refused ? der_integer(code.value, &value) == ERR_OK
                    : der_find(whole.value, 0xa0, &code) == ERR_OK);
    buf_release(&response);
    return value;
}

static void a_revoked_server_is_refused_once_the_list_is_loaded(void)
{
    struct world w;
    struct dp d;
    struct buf list = { .max = 4096 }, request = { .max = 4096 };
    struct der_mark mark;
    world_open(&w, NULL);
    dp_open(&d);
    d.auth = "CERT_S_SM_DPauth_ECDSA_NIST_REVOKED";
    CHECK(dp_authenticate(&w, &d) == 0); /* the card cannot know */
    REQUIRE(pki_crl(w.pki, "CERT_CI_ECDSA_NIST", &list) == ERR_OK);
    REQUIRE(der_put_open(&request, 0xbf35, &mark) == ERR_OK &&
            buf_put(&request, buf_span(&list)) == ERR_OK &&
            der_put_close(&request, mark) == ERR_OK);
    CHECK(load_crl(&w, buf_span(&request)) == 0);
    CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_CERTIFICATE);
    world_reset(&w);
    CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_CERTIFICATE);
    d.auth = "CERT_S_SM_DPauth_ECDSA_NIST";
    CHECK(dp_authenticate(&w, &d) == 0);
    CHECK(load_crl(&w, buf_span(&request)) == 5); /* it is loaded already */
    dp_close(&d);
    buf_release(&list);
    buf_release(&request);
    world_close(&w);
}

static void revocation_lists_are_verified_before_they_count(void)
{
    struct world w;
    struct buf request = { .max = 4096 };
    world_open(&w, NULL);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 5, &request);
    request.at[request.len - 1] ^= 1;
    CHECK_ROW("LoadCRL with an altered signature", load_crl(&w, buf_span(&request)) == 1);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 5, &request);
    CHECK_ROW("LoadCRL", load_crl(&w, buf_span(&request)) == 0);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 4, &request);
    CHECK_ROW("LoadCRL of an older list", load_crl(&w, buf_span(&request)) == 5);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 6, &request);
    CHECK_ROW("LoadCRL of a fresher list", load_crl(&w, buf_span(&request)) == 0);
    put_crl(&w, "CERT_CI_ECDSA_BRP", 1, &request);
    CHECK_ROW("LoadCRL of the other CI", load_crl(&w, buf_span(&request)) == 0);
    put_crl(&w, "CERT_CI_FOREIGN_ECDSA_NIST", 9, &request);
    CHECK_ROW("LoadCRL of an unknown CI", load_crl(&w, buf_span(&request)) == 4);
    CHECK_ROW("LoadCRL of what is no list",
              load_crl(&w, SPAN(0xbf, 0x35, 0x04, 0x30, 0x02, 0x05, 0x00)) == 2);
    CHECK_ROW("LoadCRL of nothing", load_crl(&w, SPAN(0xbf, 0x35, 0x00)) == -1);
    buf_release(&request);
    world_close(&w);
}

/* Serial numbers are the certificate's second member but for the version. */
static struct span serial_of(const struct pki_item *item)
{
    struct der_tlv t;
    REQUIRE(der_only(item->der, 0x30, &t) == ERR_OK);
    struct der d = der_open(t.value);
    REQUIRE(der_expect(&d, 0x30, &t) == ERR_OK);
    d = der_open(t.value);
    REQUIRE(der_expect(&d, 0xa0, &t) == ERR_OK && der_expect(&d, 0x02, &t) == ERR_OK);
    return t.value;
}

static void a_delta_list_adds_to_its_base(void)
{
    struct world w;
    struct dp d;
    struct buf request = { .max = 4096 };
    world_open(&w, NULL);
    dp_open(&d);
    struct span serial = serial_of(world_item(&w, d.auth));
    put_delta(&w, serial, 7, 5, &request);
    CHECK_ROW("LoadCRL of a delta list without base", load_crl(&w, buf_span(&request)) == 6);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 4, &request);
    CHECK_ROW("LoadCRL of an older base", load_crl(&w, buf_span(&request)) == 0);
    put_delta(&w, serial, 7, 5, &request);
    CHECK_ROW("LoadCRL of a delta list to a later base", load_crl(&w, buf_span(&request)) == 6);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 5, &request);
    CHECK_ROW("LoadCRL of its base", load_crl(&w, buf_span(&request)) == 0);
    CHECK(dp_authenticate(&w, &d) == 0);
    put_delta(&w, serial, 7, 5, &request);
    CHECK_ROW("LoadCRL of a delta list", load_crl(&w, buf_span(&request)) == 0);
    CHECK(dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_CERTIFICATE);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 8, &request);
    CHECK_ROW("LoadCRL of the next complete list", load_crl(&w, buf_span(&request)) == 0);
    CHECK(dp_authenticate(&w, &d) == 0); /* it does not name that certificate */
    dp_close(&d);
    buf_release(&request);
    world_close(&w);
}

static void without_crl(struct euicc_settings *s)
{
    s->no_crl = true;
}

static void a_card_without_revocation_says_so(void)
{
    struct world w;
    struct buf request = { .max = 4096 }, response = { .max = 1024 };
    struct rsp_euicc_info2 info;
    world_open(&w, without_crl);
    put_crl(&w, "CERT_CI_ECDSA_NIST", 5, &request);
    CHECK(es10(&w, buf_span(&request), &response) == 0x6a88);
    REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info) == ERR_OK);
    CHECK(!(info.rsp_capability & RSP_CAPABILITY_CRL));
    buf_release(&request);
    buf_release(&response);
    world_close(&w);
}

/* ---- rules, classes
 * ----------------------------------------------------------------------------------------------------
 */
/* PPR1 to 262 01 without consent; PPR2 to anybody, with consent; PPR2 to 262 01 behind it. */
static const uint8_t table[] = { 0x30, 0x10, 0x80, 0x02, 0x06, 0x40, 0xa1, 0x07, 0x30, 0x05,
                                 0x80, 0x03, 0x62, 0xf2, 0x10, 0x82, 0x01, 0x00, 0x30, 0x11,
                                 0x80, 0x02, 0x05, 0x20, 0xa1, 0x07, 0x30, 0x05, 0x80, 0x03,
                                 0xee, 0xee, 0xee, 0x82, 0x02, 0x07, 0x80 };

static void with_table(struct euicc_settings *s)
{
    s->rat = SPAN_ARRAY(table);
}

static void with_empty_table(struct euicc_settings *s)
{
    s->rat = span_str("");
}

static void with_other_operator(struct euicc_settings *s)
{
    static const uint8_t other[] = { 0x30, 0x10, 0x80, 0x02, 0x05, 0x60, 0xa1, 0x07, 0x30,
                                     0x05, 0x80, 0x03, 0x62, 0xf2, 0x20, 0x82, 0x01, 0x00 };
    s->rat = SPAN_ARRAY(other);
}

static void with_pattern(struct euicc_settings *s)
{
    static const uint8_t pattern[] = { 0x30, 0x10, 0x80, 0x02, 0x05, 0x60, 0xa1, 0x07, 0x30,
                                       0x05, 0x80, 0x03, 0x62, 0xf2, 0xee, 0x82, 0x01, 0x00 };
    s->rat = SPAN_ARRAY(pattern);
}

static void with_group(struct euicc_settings *s)
{
    static const uint8_t group[] = { 0x30, 0x13, 0x80, 0x02, 0x05, 0x60, 0xa1,
                                     0x0a, 0x30, 0x08, 0x80, 0x03, 0xee, 0xee,
                                     0xee, 0x81, 0x01, 0x42, 0x82, 0x01, 0x00 };
    s->rat = SPAN_ARRAY(group);
}

static void the_rules_authorisation_table_decides_at_installation(void)
{
    static const struct {
        const char *name;
        world_tune tune;
        uint32_t rules;
        int64_t reason;
    } rows[] = {
        { "default table: both rules", NULL, RSP_PPR1 | RSP_PPR2, 0 },
        { "PPR1 of the listed operator", with_table, RSP_PPR1, 0 },
        { "PPR2 that wants consent: nobody is there to ask", with_table, RSP_PPR2,
          RSP_INSTALL_PPR_NOT_ALLOWED },
        { "both, of which one is not allowed", with_table, RSP_PPR1 | RSP_PPR2,
          RSP_INSTALL_PPR_NOT_ALLOWED },
        { "no rule needs no table", with_empty_table, 0, 0 },
        { "empty table", with_empty_table, RSP_PPR1, RSP_INSTALL_PPR_NOT_ALLOWED },
        { "another operator", with_other_operator, RSP_PPR1, RSP_INSTALL_PPR_NOT_ALLOWED },
        { "a pattern of operators", with_pattern, RSP_PPR2, 0 },
        { "another group", with_group, RSP_PPR2, RSP_INSTALL_PPR_NOT_ALLOWED },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        const struct wishes wishes = { .profile_class = 2, .rules = rows[i].rules };
        world_open(&w, rows[i].tune);
        CHECK_ROW(rows[i].name, download_profile(&w, PARTNER_ICCID, &wishes) == rows[i].reason);
        CHECK_ROW(rows[i].name, profile_state(&w, PARTNER_ICCID) == (rows[i].reason ? -1 : 0));
        world_close(&w);
    }
}

static void policy_rules_hold(void)
{
    static const struct row rows[] = {
        { "DeleteProfile against PPR2", "bf330c" PARTNER, "bf3303800103" },
        { "EnableProfile of the one with PPR1", "bf3111a00c" PARTNER "8101ff", "bf3103800100" },
        { "DisableProfile against PPR1", "bf3211a00c" PARTNER "8101ff", "bf3203800103" },
        { "EnableProfile of another against PPR1", "bf3111a00c" LEAD "8101ff", "bf3103800103" },
        { "ExecuteFallbackMechanism against PPR1", "bf5d038001ff", "bf5d03800107" },
    };
    static const struct row reset[] = {
        { "eUICCMemoryReset is the last word", "bf640482020780", "bf6403800100" },
    };
    struct world w;
    const struct wishes both = { .profile_class = 2, .rules = RSP_PPR1 | RSP_PPR2 };
    world_open(&w, NULL);
    eim_associate(&w, false);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &both) == 0);
    CHECK(eim_package_is(&w, "a80c" LEAD, "8d0100"));
    CHECK_ROW("delete PSMO against PPR2", eim_package_is(&w, "a50c" PARTNER, "850103"));
    play(&w, rows, COUNT(rows));
    CHECK_ROW("enable PSMO against PPR1", eim_package_is(&w, "a30c" LEAD, "830103"));
    CHECK_ROW("disable PSMO against PPR1", eim_package_is(&w, "a40c" PARTNER, "840103"));
    CHECK_ROW("set fallback while its holder is disabled",
              eim_package_is(&w, "a80c" LEAD, "8d0100"));
    play(&w, reset, COUNT(reset));
    CHECK(profile_state(&w, PARTNER_ICCID) == -1);
    world_close(&w);
}

static void without_test_profiles(struct euicc_settings *s)
{
    s->no_test_profile = true;
}

static void test_profiles_carry_the_test_key_and_give_back_their_place(void)
{
    static const struct row rows[] = {
        { "EnableProfile of a test profile", "bf3111a00c" PARTNER "8101ff", "bf3103800100" },
        { "EnableProfile of another than before the test", "bf3111a00c" THIRD "8101ff",
          "bf3103800104" },
        { "EnableProfile of the one before the test", "bf3111a00c" LEAD "8101ff", "bf3103800100" },
        { "EnableProfile of any other then", "bf3111a00c" THIRD "8101ff", "bf3103800100" },
    };
    struct world w;
    const struct wishes wrong = { .profile_class = 0 },
                        right = { .profile_class = 0, .test_key = true }, ordinary = ORDINARY;
    world_open(&w, NULL);
    CHECK(download_profile(&w, PARTNER_ICCID, &wrong) == RSP_INSTALL_TEST_PROFILE_INVALID_NAA_KEY);
    CHECK(download_profile(&w, PARTNER_ICCID, &right) == 0);
    CHECK(download_profile(&w, THIRD_ICCID, &ordinary) == 0);
    play(&w, rows, COUNT(rows));
    CHECK(es10_is(&w, "bf640482020640", "bf6403800100")); /* field-loaded test profiles */
    CHECK(profile_state(&w, PARTNER_ICCID) == -1 && profile_state(&w, LEAD_ICCID) == 0);
    world_close(&w);
    world_open(&w, without_test_profiles);
    CHECK(download_profile(&w, PARTNER_ICCID, &right) == RSP_INSTALL_UNSUPPORTED_PROFILE_CLASS);
    world_close(&w);
}

/* The lead profile is of the class test and was there when the card left the factory. */
static void with_preloaded_test(struct euicc_settings *s)
{
    static struct euicc_profile profile;
    static struct buf metadata = { .max = 4096 }, upp = { .max = 8192 };
    const struct wishes wishes = { .profile_class = 0, .test_key = true };
    put_profile(LEAD_ICCID, &wishes, &metadata, &upp);
    profile = (struct euicc_profile){ buf_span(&metadata), buf_span(&upp), .enabled = false };
    s->profiles = &profile;
}

static void preloaded_and_field_loaded_test_profiles_are_two_things(void)
{
    static const struct row rows[] = {
        { "eUICCMemoryReset of field-loaded test profiles", "bf640482020640", "bf6403800100" },
        { "eUICCMemoryReset of them again", "bf640482020640", "bf6403800101" },
        { "eUICCMemoryReset of operational profiles", "bf640482020780", "bf6403800101" },
        { "eUICCMemoryReset of provisioning profiles", "bf640482020308", "bf6403800101" },
    };
    struct world w;
    const struct wishes test = { .profile_class = 0, .test_key = true };
    world_open(&w, with_preloaded_test);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &test) == 0);
    world_reset(&w);
    play(&w, rows, COUNT(rows));
    CHECK(profile_state(&w, PARTNER_ICCID) == -1 && profile_state(&w, LEAD_ICCID) == 0);
    CHECK_ROW("eUICCMemoryReset of pre-loaded test profiles",
              es10_is(&w, "bf640482020410", "bf6403800100"));
    CHECK(profile_state(&w, LEAD_ICCID) == -1);
    world_close(&w);
}

/* ---- memory
 * ------------------------------------------------------------------------------------------------------------
 */
static uint64_t free_memory(struct world *w)
{
    struct buf response = { .max = 1024 };
    struct rsp_euicc_info2 info;
    REQUIRE(es10(w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info) == ERR_OK);
    uint64_t n = rsp_euicc_info2_free_memory(&info);
    buf_release(&response);
    return n;
}

static void profiles_consume_the_memory_that_is_told(void)
{
    struct world w;
    struct dp d;
    const struct wishes ordinary = ORDINARY;
    world_open(&w, NULL);
    uint64_t before = free_memory(&w);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &ordinary) == 0);
    uint64_t with_partner = free_memory(&w);
    dp_open(&d);
    CHECK(before - with_partner >
          d.upp.len + d.metadata.len); /* the files that it makes count too */
    dp_close(&d);
    world_reset(&w);
    CHECK(free_memory(&w) == with_partner);
    CHECK(es10_is(&w, "bf330c" PARTNER, "bf3303800100"));
    CHECK(free_memory(&w) == before);
    CHECK(download_profile(&w, "89000123456789012382", &(struct wishes){ .profile_class = 0 }) !=
          0);
    CHECK(free_memory(&w) == before); /* a failed installation takes none */
    world_close(&w);
}

static void nearly_full(struct euicc_settings *s)
{
    s->memory = 1; /* the lead profile was never weighed: see below */
    s->profile_count = 0;
}

static void a_full_card_refuses_what_needs_memory(void)
{
    static const struct row rows[] = {
        { "ConfigureImmediateProfileEnabling with an address", "bf590a80008206736d64702e61",
          "bf5903800101" },
        { "ConfigureImmediateProfileEnabling without", "bf59028000", "bf5903800100" },
    };
    struct world w;
    struct buf request = { .max = 4096 };
    world_open(&w, nearly_full);
    play(&w, rows, COUNT(rows));
    put_crl(&w, "CERT_CI_ECDSA_NIST", 5, &request);
    CHECK_ROW("LoadCRL", load_crl(&w, buf_span(&request)) == 3);
    eim_associate(&w, false);
    CHECK_ROW("configureImmediateEnable PSMO",
              eim_package_is(&w, "a70a80008206736d64702e61", "870101"));
    CHECK_ROW("configureImmediateEnable PSMO with an address that is none",
              eim_package_is(&w, "a70780008203612062", "870107"));
    const struct wishes ordinary = ORDINARY;
    CHECK_ROW("LoadBoundProfilePackage", download_profile(&w, PARTNER_ICCID, &ordinary) ==
                                             RSP_INSTALL_INSUFFICIENT_MEMORY_FOR_PROFILE);
    buf_release(&request);
    world_close(&w);
}

const struct test sgp32_tests[] = {
    { "the emergency profile comes and goes", the_emergency_profile_comes_and_goes },
    { "nothing is managed during an emergency", nothing_is_managed_during_an_emergency },
    { "a download ends with an emergency", a_download_ends_with_an_emergency },
    { "a card of SGP.32 v1.3 says what v1.3 added, one of v1.2 does not", a_card_of_the_next_version_says_so },
    { "a card of SGP.32 v1.3 answers and keeps what v1.3 added", what_the_next_version_adds_is_answered_and_kept },
    { "a card answers in its form, whichever it was told", a_card_answers_in_its_form_whichever_it_was_told },
    { "emergency needs a card and a profile for it", emergency_needs_a_card_and_a_profile_for_it },
    { "connectivity parameters are those of the enabled profile",
      connectivity_parameters_are_those_of_the_enabled_profile },
    { "an IPAe is activated only where there is one",
      an_ipae_is_activated_only_where_there_is_one },
    { "a revoked server is refused once the list is loaded",
      a_revoked_server_is_refused_once_the_list_is_loaded },
    { "revocation lists are verified before they count",
      revocation_lists_are_verified_before_they_count },
    { "a delta list adds to its base", a_delta_list_adds_to_its_base },
    { "a card without revocation says so", a_card_without_revocation_says_so },
    { "the rules authorisation table decides at installation",
      the_rules_authorisation_table_decides_at_installation },
    { "policy rules hold", policy_rules_hold },
    { "test profiles carry the test key and give back their place",
      test_profiles_carry_the_test_key_and_give_back_their_place },
    { "preloaded and field-loaded test profiles are two things",
      preloaded_and_field_loaded_test_profiles_are_two_things },
    { "profiles consume the memory that is told", profiles_consume_the_memory_that_is_told },
    { "a full card refuses what needs memory", a_full_card_refuses_what_needs_memory },
};
const size_t sgp32_tests_count = COUNT(sgp32_tests);
