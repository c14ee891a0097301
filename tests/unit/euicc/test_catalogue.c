/* Rows of the catalogue's tables (A.2 to A.6, A.9, A.12) that no other file plays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_euicc_info.h"
#include "rsp_ids.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"
#define LEAD_AID "4f10a0000005591010ffffffff8900001000"
#define PARTNER_AID "4f10a0000005591010ffffffff8900001100"
#define UNKNOWN_AID "4f10a0000005591010ffffffff8900009900"

struct row {
    const char *name, *request, *response;
};

static void play(struct world *w, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(rows[i].name, es10_is(w, rows[i].request, rows[i].response));
}

static void play_on(world_tune tune, const struct row *rows, size_t count)
{
    struct world w;
    world_open(&w, tune);
    play(&w, rows, count);
    world_close(&w);
}

/* ---- A.3 ---- */
static void profiles_are_found_by_aid_and_iccid(void)
{
    static const struct row rows[] = {
        { "EnableProfile by an unknown AID", "bf3117a012" UNKNOWN_AID "8101ff", "bf3103800101" },
        { "EnableProfile by AID of the enabled one", "bf3117a012" LEAD_AID "8101ff", "bf3103800102" },
        { "DisableProfile by an unknown AID", "bf3217a012" UNKNOWN_AID "8101ff", "bf3203800101" },
        { "DisableProfile by AID of a disabled one", "bf3217a012" PARTNER_AID "8101ff", "bf3203800102" },
        { "DisableProfile by ICCID of a disabled one", "bf3211a00c" PARTNER "8101ff", "bf3203800102" },
        { "DeleteProfile by an unknown AID", "bf3312" UNKNOWN_AID, "bf3303800101" },
        { "DeleteProfile by AID of the enabled one", "bf3312" LEAD_AID, "bf3303800102" },
        { "GetProfilesInfo by an unknown AID", "bf2d17a012" UNKNOWN_AID "5c0191", "bf2d02a000" },
        { "GetProfilesInfo by an unknown ICCID", "bf2d11a00c5a0a980010325476981032995c0191", "bf2d02a000" },
        { "GetProfilesInfo by ICCID", "bf2d11a00c" PARTNER "5c014f", "bf2d16a014e312" PARTNER_AID },
        { "GetProfilesInfo by a class that none has", "bf2d08a0039501005c015a", "bf2d02a000" },
        { "GetProfilesInfo by class", "bf2d08a0039501025c015a", "bf2d1ea01ce30c" LEAD "e30c" PARTNER },
        { "EnableProfile by AID", "bf3117a012" PARTNER_AID "8101ff", "bf3103800100" },
        { "DisableProfile by AID", "bf3217a012" PARTNER_AID "8101ff", "bf3203800100" },
        { "DeleteProfile by AID", "bf3312" PARTNER_AID, "bf3303800100" },
        { "DeleteProfile by AID once more", "bf3312" PARTNER_AID, "bf3303800101" },
    };
    struct world w;
    world_open(&w, NULL);
    have_partner(&w);
    play(&w, rows, COUNT(rows));
    world_close(&w);
}

/* What there is after a download (1 its result, 2 install), a disable (3), an enable (4) and a package (5). */
static void notifications_are_found_by_number_and_event(void)
{
    static const struct {
        const char *name, *request;
        size_t count;
    } rows[] = {
        { "all notifications", "bf2b00", 4 },
        { "an installation result by its number", "bf2b05a003800101", 1 },
        { "a notification by its number", "bf2b05a003800103", 1 },
        { "a package result by its number", "bf2b05a003800105", 1 },
        { "a number that is not there", "bf2b05a003800163", 0 },
        { "the event install", "bf2b06a00481020780", 2 },
        { "the event delete", "bf2b06a00481020410", 0 },
        { "two events", "bf2b06a00481020560", 2 },
        { "package results", "bf2b04a0028200", 1 },
    };
    static const struct row listed[] = {
        { "ListNotification of an event that was not", "bf280481020410", "bf2802a000" },
        { "ListNotification of enable", "bf280481020640",
          "bf282aa028bf2f25800104810206400c10736d64702e6578616d706c652e636f6d5a0a98001032547698103214" },
    };
    struct world w;
    world_open(&w, NULL);
    have_partner(&w);
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    CHECK(es10_is(&w, "bf3111a00c" LEAD "8101ff", "bf3103800100"));
    CHECK(eim_package_is(&w, "a7028000", "870100"));
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, pending_count(&w, rows[i].request) == rows[i].count);
    play(&w, listed, COUNT(listed));
    CHECK_ROW("neither a number nor an event", es10_sw(&w, "bf2b04a0028300") == 0x6a80);
    world_close(&w);
}

static void with_root_ds(struct euicc_settings *s)
{
    s->root_ds_address = "sm-ds.example.com";
    s->default_dp_address = NULL;
}

static void addresses_are_told_and_checked(void)
{
    static const struct row rows[] = {
        { "the root SM-DS without a default SM-DP+", "bf3c00", "bf3c138111736d2d64732e6578616d706c652e636f6d" },
        { "SetDefaultDpAddress of SGP.22 with a blank", "bf3f058003612062", "bf3f0380017f" },
        { "SetDefaultDpAddress with a scheme", "bf650a8008" "68747470733a2f2f", "bf650380017f" },
        { "SetDefaultDpAddress of SGP.22", "bf3f058003612e62", "bf3f03800100" },
        { "both", "bf3c00", "bf3c188003612e628111736d2d64732e6578616d706c652e636f6d" },
    };
    play_on(with_root_ds, rows, COUNT(rows));
}

static void a_session_needs_a_challenge_and_the_ci_that_was_named(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    d.flaw = DP_NO_CHALLENGE;
    CHECK_ROW("AuthenticateServer: noSessionContext", dp_authenticate(&w, &d) == RSP_AUTHENTICATE_NO_SESSION_CONTEXT);
    d.flaw = DP_FINE;
    CHECK(dp_authenticate(&w, &d) == 0);
    d.flaw = DP_NO_CHALLENGE;
    CHECK_ROW("AuthenticateServer twice with one challenge", dp_authenticate(&w, &d) == RSP_AUTHENTICATE_NO_SESSION_CONTEXT);
    d.flaw = DP_OTHER_CI;
    CHECK_ROW("AuthenticateServer: the certificate is another CI's",
              dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_CERTIFICATE);
    dp_close(&d);
    world_close(&w);
}

static void sgp22_only(struct euicc_settings *s)
{
    s->sgp22_only = true;
}

static void a_consumer_card_waits_for_its_terminal(void)
{
    struct world w;
    world_open(&w, sgp22_only);
    CHECK(apdu_is(&w, "80100000050000800000", "9000"));
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    CHECK(es10_is(&w, "bf3111a00c" LEAD "8101ff", "bf3103800100"));
    CHECK(apdu_is(&w, "801200000b", "d0098103010104820281829000"));
    CHECK_ROW("eUICCMemoryReset of SGP.22: catBusy", es10_is(&w, "bf340482020780", "bf3403800105"));
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    CHECK_ROW("what switches nothing need not wait", es10_is(&w, "bf340482020520", "bf3403800100"));
    world_close(&w);
}

/* ---- A.4 ---- */
static void immediate_enabling_is_configured_before_there_is_an_eim(void)
{
    static const struct row before[] = {
        { "an address that is none", "bf590780008203612062", "bf590380017f" },
        { "by address", "bf590780008203612e62", "bf5903800100" },
    };
    static const struct row after[] = {
        { "associatedEimAlreadyExists", "bf59028000", "bf5903800102" },
        { "associatedEimAlreadyExists, taking it away", "bf5900", "bf5903800102" },
    };
    struct world w;
    world_open(&w, NULL);
    play(&w, before, COUNT(before));
    eim_associate(&w, false);
    play(&w, after, COUNT(after));
    world_close(&w);
}

/* Restricted to an SM-DP+: only what that one delivers is enabled at once. The test's has OID 2.999.10. */
static void immediate_enabling_may_be_for_one_server(void)
{
    static const struct {
        const char *name, *configuration, *answer;
    } rows[] = {
        { "its address", "bf59148000821073" "6d64702e6578616d706c652e636f6d", "bf5a03800100" },
        { "in capitals", "bf59148000821053" "4d44502e4558414d504c452e434f4d", "bf5a03800100" },
        { "another address", "bf590780008203612e62", "bf5a03800101" },
        { "its OID", "bf59078000810388370a", "bf5a03800100" },
        { "another OID", "bf59078000810388370b", "bf5a03800101" },
        { "its OID and another address", "bf590c8000810388370a8203612e62", "bf5a03800101" },
        { "the flag not set", "bf59058203612e62", "bf5a03800101" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        const struct wishes ordinary = ORDINARY;
        world_open(&w, NULL);
        CHECK_ROW(rows[i].name, es10_is(&w, rows[i].configuration, "bf5903800100"));
        REQUIRE(download_profile(&w, PARTNER_ICCID, &ordinary) == 0);
        CHECK_ROW(rows[i].name, es10_is(&w, "bf5a038001ff", rows[i].answer));
        CHECK_ROW(rows[i].name, profile_state(&w, PARTNER_ICCID) == !strcmp(rows[i].answer, "bf5a03800100"));
        world_close(&w);
    }
}

static void without_immediate_enable(struct euicc_settings *s)
{
    s->no_immediate_enable = true;
}

static void a_card_without_immediate_enabling_says_so(void)
{
    static const struct row rows[] = {
        { "ConfigureImmediateProfileEnabling", "bf59028000", "bf590380017f" },
        { "ImmediateEnable", "bf5a038001ff", "bf5a03800101" },
        { "eUICCMemoryReset: resetIECNotSupported", "bf640482020102", "bf6406800100820101" },
        { "eUICCMemoryReset of the eIM data beside it", "bf640482020106", "bf6409800100810101820101" },
    };
    struct world w;
    world_open(&w, without_immediate_enable);
    play(&w, rows, COUNT(rows));
    eim_associate(&w, false);
    CHECK_ROW("configureImmediateEnable PSMO", eim_package_is(&w, "a7028000", "870107"));
    world_close(&w);
}

static void a_reset_says_what_there_was(void)
{
    static const struct row rows[] = {
        { "no option at all", "bf6403820100", "bf6403800100" },
        { "resetEimResult: nothingToDelete", "bf640482020204", "bf6406800100810101" },
        { "resetImmediateEnableConfigResult: ok, whatever was configured", "bf640482020102", "bf6406800100820100" },
        { "the default address", "bf640482020520", "bf6403800100" },
        { "the default address once more, and no eIM", "bf640482020224", "bf6406800101810101" },
    };
    play_on(NULL, rows, COUNT(rows));
}

static void without_much(struct euicc_settings *s)
{
    s->no_fallback = s->no_ecall = true;
}

static void info_tells_what_a_card_can(void)
{
    static const struct {
        const char *name;
        world_tune tune;
        bool fallback, ecall, iot;
    } rows[] = {
        { "a card of SGP.32", NULL, true, true, true },
        { "one without fallback and emergency calls", without_much, false, false, true },
        { "a consumer card", sgp22_only, false, false, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = 1024 };
        struct rsp_euicc_info2 info;
        world_open(&w, rows[i].tune);
        REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
        REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info) == ERR_OK);
        CHECK_ROW(rows[i].name, info.has_iot_specific_info == rows[i].iot && info.ipa_mode.present == rows[i].iot);
        CHECK_ROW(rows[i].name, info.iot_specific_info.fallback_supported == rows[i].fallback);
        CHECK_ROW(rows[i].name, info.iot_specific_info.ecall_supported == rows[i].ecall);
        buf_release(&response);
        world_close(&w);
    }
}

/* ---- A.5 ---- */
static void the_fallback_attribute_moves_and_goes(void)
{
    static const struct {
        const char *name, *psmos, *results;
    } rows[] = {
        { "set on a disabled profile", "a80c" PARTNER, "8d0100" },
        { "moved to the enabled one", "a80c" LEAD, "8d0100" },
        { "not away from the enabled one", "a80c" PARTNER, "8d0103" },
        { "not taken from the enabled one", "a900", "8e0103" },
        { "enable of the other", "a30c" PARTNER, "830100" },
        { "taken away", "a900", "8e0100" },
        { "there is none then", "a900", "8e0102" },
    };
    struct world w;
    const struct wishes allowed = { .fallback_allowed = true, .profile_class = 2 };
    world_open(&w, NULL);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &allowed) == 0);
    eim_associate(&w, false);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, eim_package_is(&w, rows[i].psmos, rows[i].results));
    CHECK_ROW("ExecuteFallbackMechanism without attribute", es10_is(&w, "bf5d038001ff", "bf5d03800106"));
    world_close(&w);
}

/* Immediate enabling as an eIM configures it: both restrictions are kept, and an absent flag clears them. */
static void an_eim_configures_immediate_enabling(void)
{
    struct world w;
    const struct wishes ordinary = ORDINARY;
    world_open(&w, NULL);
    eim_associate(&w, false);
    CHECK(eim_package_is(&w, "a7198000810388370a8210736d64702e6578616d706c652e636f6d", "870100"));
    world_reset(&w);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &ordinary) == 0);
    CHECK(es10_is(&w, "bf5a038001ff", "bf5a03800100"));
    CHECK(eim_package_is(&w, "a700", "870100"));
    CHECK(es10_is(&w, "bf5a038001ff", "bf5a03800101"));
    world_close(&w);
}

static void rollback_and_fallback_lose_what_was_deleted(void)
{
    struct world w;
    world_open(&w, NULL);
    have_partner(&w);
    CHECK(eim_package_is(&w, "a30e" PARTNER "0500", "830100"));
    CHECK_ROW("DeleteProfile of the one to roll back to", es10_is(&w, "bf330c" LEAD, "bf3303800100"));
    size_t results = pending_count(&w, "bf2b04a0028200");
    CHECK_ROW("ProfileRollback: commandError", es10_is(&w, "bf58038001ff", "bf5803020107"));
    CHECK_ROW("the result of the switch is still there", pending_count(&w, "bf2b04a0028200") == results);
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    world_close(&w);
    world_open(&w, NULL);
    have_fallen_back(&w);
    CHECK_ROW("delete PSMO of the one to return to", eim_package_is(&w, "a50c" LEAD, "850115"));
    CHECK_ROW("DeleteProfile of it", es10_is(&w, "bf330c" LEAD, "bf3303800100"));
    CHECK_ROW("ReturnFromFallback: commandError", es10_is(&w, "bf5e038001ff", "bf5e03800107"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    world_close(&w);
}

/* Nobody is left for whom the result would be signed; an eIM of the same name that comes later granted nothing. */
static void a_rollback_ends_with_the_eim_that_granted_it(void)
{
    struct world w;
    world_open(&w, NULL);
    have_partner(&w);
    CHECK(eim_package_is(&w, "a30e" PARTNER "0500", "830100"));
    CHECK(es10_is(&w, "bf640482020204", "bf6406800100810100"));
    eim_associate(&w, true);
    CHECK_ROW("ProfileRollback: rollbackNotAllowed", es10_is(&w, "bf58038001ff", "bf5803020101"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    world_close(&w);
}

static void fallback_needs_something_to_fall_from(void)
{
    struct world w;
    world_open(&w, NULL);
    have_emergency(&w);
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    CHECK_ROW("ExecuteFallbackMechanism: no profile is enabled", es10_is(&w, "bf5d038001ff", "bf5d03800107"));
    CHECK(profiles_enabled(&w) == 0);
    world_close(&w);
}

/* Every switch but that of an emergency is told; what the switch back tells comes behind it. */
static void switches_are_told(void)
{
    static const struct {
        const char *name, *first, *command, *answer;
        size_t more;
    } rows[] = {
        { "ExecuteFallbackMechanism", NULL, "bf5d038001ff", "bf5d03800100", 2 },
        { "ReturnFromFallback", "bf5d038001ff", "bf5e038001ff", "bf5e03800100", 2 },
        { "EnableEmergencyProfile", NULL, "bf5b038001ff", "bf5b03800100", 0 },
        { "DisableEmergencyProfile", "bf5b038001ff", "bf5c038001ff", "bf5c03800100", 0 },
        { "EnableProfile of another", NULL, "bf3111a00c" PARTNER "8101ff", "bf3103800100", 2 },
        { "DisableProfile", NULL, "bf3211a00c" LEAD "8101ff", "bf3203800100", 1 },
        { "eUICCMemoryReset of two profiles", NULL, "bf640482020780", "bf6403800100", 3 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_open(&w, NULL);
        have_emergency(&w);
        CHECK(!rows[i].first || es10_sw(&w, rows[i].first) == 0x9000);
        size_t before = pending_count(&w, "bf2b00");
        CHECK_ROW(rows[i].name, es10_is(&w, rows[i].command, rows[i].answer));
        CHECK_ROW(rows[i].name, pending_count(&w, "bf2b00") == before + rows[i].more);
        world_close(&w);
    }
}

/* ---- A.6 ---- */
/* An eIM that signs with a certificate's key, one whose certificate is another's, one that is no certificate. */
static void an_eim_may_have_a_certificate(void)
{
    static const struct {
        const char *name, *certificate;
        bool cut;
        int64_t code;
        bool verifies;
    } rows[] = {
        { "its own certificate", "CERT_S_EIMsign_ECDSA_NIST", false, 0, true },
        { "another's certificate", "CERT_S_SM_DPauth_ECDSA_NIST", false, 0, false },
        { "a certificate cut short", "CERT_S_EIMsign_ECDSA_NIST", true, RSP_INITIAL_EIM_COMMAND_ERROR, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf spki = { .max = 256 }, response = { .max = 4096 };
        struct rsp_eim_configuration c;
        struct rsp_euicc_package_result r;
        struct der_tlv certificate, tbs;
        world_open(&w, NULL);
        eim_configuration(&w, &spki, &c);
        REQUIRE(der_only(world_item(&w, rows[i].certificate)->der, 0x30, &certificate) == ERR_OK);
        struct der d = der_open(certificate.value);
        REQUIRE(der_next(&d, &tbs) == ERR_OK);
        c.public_key_data = (struct rsp_key_data){ RSP_KEY_DATA_CERTIFICATE,
                                                   .certificate = rows[i].cut ? tbs.whole : certificate.value };
        CHECK_ROW(rows[i].name, eim_associate_as(&w, &c) == rows[i].code);
        eim_package(&w, "a7028000", &response);
        CHECK_ROW(rows[i].name, eim_results(&w, buf_span(&response), &r) == rows[i].verifies);
        CHECK_ROW(rows[i].name, rows[i].verifies || (!rsp_euicc_package_result_read(buf_span(&response), &r) &&
                                                     r.which == RSP_PACKAGE_ERROR_UNSIGNED));
        buf_release(&spki);
        buf_release(&response);
        world_close(&w);
    }
}

/* euiccCiPKId: the card signs towards this eIM with its key under that CI. */
static void an_eim_chooses_the_ci(void)
{
    struct world w;
    struct buf spki = { .max = 256 }, response = { .max = 4096 };
    struct rsp_eim_configuration c;
    struct rsp_euicc_package_result r;
    struct rsp_tbs tbs;
    const struct cert *leaf;
    world_open(&w, NULL);
    eim_configuration(&w, &spki, &c);
    c.ci_pkid = SPAN_ARRAY(world_item(&w, "CERT_S_SM_DPauth_ECDSA_BRP")->cert->aki);
    REQUIRE(eim_associate_as(&w, &c) == 0);
    eim_package(&w, "a7028000", &response);
    CHECK(!eim_results(&w, buf_span(&response), &r)); /* not under the first CI */
    REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK && r.which == RSP_PACKAGE_RESULT_SIGNED);
    REQUIRE(cert_load(w.crypto, buf_span(&w.brp.certificate), &leaf) == ERR_OK);
    rsp_tbs_package_result(&r.result.data, w.token, &tbs);
    CHECK(cert_verify(w.crypto, leaf, tbs.part, tbs.count, r.result.signature) == ERR_OK);
    buf_release(&spki);
    buf_release(&response);
    world_close(&w);
}

static void every_member_of_an_eim_is_updated_and_listed(void)
{
    static const struct {
        const char *name, *ecos, *results, *kept; /* a part of what GetEimConfigurationData answers */
    } rows[] = {
        { "the FQDN", "aa0d80087465737465696d31810162", "8a0100", "810162" },
        { "the type", "aa0d80087465737465696d31820102", "8a0100", "820102" },
        { "listed with its type, for it is an FQDN", "ab00", "ab11a00f300d80087465737465696d31820102", "820102" },
        { "a proprietary type", "aa0d80087465737465696d31820103", "8a0100", "820103" },
        { "listed without type", "ab00", "ab0ea00c300a80087465737465696d31", "820103" },
        { "an OID", "aa0d80087465737465696d31820101", "8a0100", "820101" },
        { "listed as an OID", "ab00", "ab11a00f300d80087465737465696d31820101", "820101" },
        { "the protocols", "aa0e80087465737465696d3187020640", "8a0100", "87020640" },
        { "what else is there stays", "aa0d80087465737465696d31810163", "8a0100", "810163820101" },
        { "and the protocols do", "ab00", "ab11a00f300d80087465737465696d31820101", "87020640" },
        { "a key that is none", "aa1080087465737465696d31a504a0023000", "8a0107", "87020640" },
        { "another eIM's", "aa0d80087465737465696d32810162", "8a0101", "87020640" },
    };
    struct world w;
    world_open(&w, NULL);
    eim_associate(&w, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf answer = { .max = 4096 }, text = { .max = 8192 };
        CHECK_ROW(rows[i].name, ecos_are(&w, rows[i].ecos, rows[i].results));
        REQUIRE(es10(&w, SPAN(0xbf, 0x55, 0x00), &answer) == 0x9000 && hex_put(&text, buf_span(&answer)) == ERR_OK);
        CHECK_ROW(rows[i].name, strstr(buf_cstr(&text), rows[i].kept) != NULL);
        buf_release(&answer);
        buf_release(&text);
    }
    world_close(&w);
}

/* A new key verifies from the next package on, the old one no more. */
static void an_eim_changes_its_key(void)
{
    struct world w;
    struct buf response = { .max = 4096 }, spki = { .max = 256 }, eco = { .max = 1024 }, text = { .max = 2048 };
    struct rsp_euicc_package_result r;
    struct rsp_eim_configuration c;
    struct ec_point point;
    struct der_mark mark;
    world_open(&w, NULL);
    eim_associate(&w, true);
    ec_key_point(world_item(&w, "CERT_S_SM_DPauth_ECDSA_BRP")->key, &point);
    REQUIRE(rsp_put_spki_contents(rsp_oid_brainpool_p256r1(), SPAN_ARRAY(point.at), &spki) == ERR_OK);
    c = (struct rsp_eim_configuration){ .eim_id = span_str(EIM_ID), .has_public_key_data = true,
                                        .public_key_data = { RSP_KEY_DATA_PUBLIC_KEY, buf_span(&spki), { 0 } } };
    struct buf item = { .max = 512 };
    struct der_tlv contents;
    REQUIRE(rsp_eim_configuration_write(&c, &item) == ERR_OK && der_only(buf_span(&item), 0x30, &contents) == ERR_OK);
    REQUIRE(der_put_open(&eco, 0xaa, &mark) == ERR_OK && buf_put(&eco, contents.value) == ERR_OK &&
            der_put_close(&eco, mark) == ERR_OK && hex_put(&text, buf_span(&eco)) == ERR_OK);
    CHECK_ROW("updateEim with a key on the other curve", ecos_are(&w, buf_cstr(&text), "8a0100"));
    eim_package(&w, "a7028000", &response);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK);
    CHECK_ROW("the old key", r.which == RSP_PACKAGE_ERROR_UNSIGNED && r.unsigned_error.association_token.present);
    buf_release(&response);
    buf_release(&spki);
    buf_release(&eco);
    buf_release(&item);
    buf_release(&text);
    world_close(&w);
}

/* A key off its curve would verify nothing, and the association could only be reset; the key that the eUICC knows is no new
 * one (catalogue A.5.6). */
static void take_key_off_its_curve(char *eco)
{
    char *last = eco + strlen(eco) - 1;
    *last = *last == '0' ? '1' : '0';
}

static void an_eims_key_must_be_one_and_a_new_one_new(void)
{
    char eco[1024];
    struct world w;
    struct buf request = { .max = 1024 }, response = { .max = 64 };
    world_open(&w, NULL);
    put_add_initial_eim(&w, true, &request);
    request.at[request.len - 1] ^= 1;
    CHECK(es10(&w, buf_span(&request), &response) == 0x9000);
    CHECK_ROW("AddInitialEim with a key off its curve",
              span_equal(buf_span(&response), SPAN(0xbf, 0x57, 0x03, 0x81, 0x01, 0x07)));
    eim_associate(&w, true);
    put_eco(&w, 0xa8, 2, "83010a", eco, sizeof eco);
    CHECK(ecos_are(&w, eco, "a803020100"));
    put_eco(&w, 0xa8, 3, "", eco, sizeof eco);
    take_key_off_its_curve(eco);
    CHECK_ROW("addEim with a key off its curve", ecos_are(&w, eco, "a803020107"));
    put_eco(&w, 0xaa, 2, "", eco, sizeof eco);
    take_key_off_its_curve(eco);
    CHECK_ROW("updateEim with a key off its curve", ecos_are(&w, eco, "8a0107"));
    put_eco(&w, 0xaa, 2, "830109", eco, sizeof eco);
    CHECK_ROW("updateEim with a lower counter and the key it has", ecos_are(&w, eco, "8a0106"));
    put_eco(&w, 0xaa, 2, "83010b", eco, sizeof eco);
    CHECK_ROW("updateEim with a higher counter and the key it has", ecos_are(&w, eco, "8a0100"));
    buf_release(&request);
    buf_release(&response);
    world_close(&w);
}

/* ---- A.2 ---- */
/* As many blocks as STORE DATA can number, and one more; what they carry is one message. */
static void two_hundred_and_fifty_six_blocks_are_a_message(void)
{
    struct world w;
    world_open(&w, NULL);
    char command[64];
    CHECK(apdu_is(&w, "81e2110005bf2981fa5a", "9000")); /* SetNickname of 250 octets and more, octet by octet */
    for (unsigned n = 1; n < 255; n++) {
        snprintf(command, sizeof command, "81e211%02x0100", n);
        CHECK(apdu_is(&w, command, "9000"));
    }
    CHECK_ROW("the last of 256 blocks", apdu_is(&w, "81e291ff0100", "6a80")); /* it arrived whole, and is no nickname */
    CHECK(apdu_is(&w, "81e2110003bf3e03", "9000"));
    for (unsigned n = 1; n < 256; n++) {
        snprintf(command, sizeof command, "81e211%02x00", n);
        command[strlen(command) - 2] = 0; /* a block of no octets */
        CHECK(apdu_is(&w, command, "9000"));
    }
    CHECK_ROW("block 256 would be number 00 and begins anew", apdu_is(&w, "81e29100035c015a", "6a88"));
    CHECK_ROW("the card goes on", es10_is(&w, "bf3e035c015a", "bf3e125a1089049032123451234512345678901235"));
    world_close(&w);
}

static void every_block_size_gives_the_same_answer(void)
{
    struct world w;
    struct buf request = { .max = 4096 }, response = { .max = 256 };
    world_open(&w, NULL);
    put_add_initial_eim(&w, true, &request);
    CHECK(request.len > 128);
    request.at[request.len - 1] ^= 1; /* a point off its curve is a message all the same, and refused */
    for (size_t block = 1; block <= 255; block += block < 16 ? 1 : 17) {
        uint16_t sw;
        world_reset(&w);
        REQUIRE(es10_sw(&w, "bf640482020204") == 0x9000);
        REQUIRE(apdu_store_data(w.card, w.channel, block, buf_span(&request), &response, &sw) == ERR_OK);
        CHECK(sw == 0x9000 && response.len == 6);
    }
    buf_release(&request);
    buf_release(&response);
    world_close(&w);
}

/* 61 00 announces 256 octets or more; GET RESPONSE in the class of either standard. */
static void long_answers_are_fetched_piece_by_piece(void)
{
    struct world w;
    struct buf command = hex("81e2910003bf5600"), piece = { .max = CARD_RESPONSE_MAX }, whole = { .max = 4096 },
               want = { .max = 4096 };
    static const char *const fetch[] = { "01c0000000", "81c0000000" };
    world_open(&w, NULL);
    REQUIRE(es10(&w, SPAN(0xbf, 0x56, 0x00), &want) == 0x9000 && want.len > 512);
    REQUIRE(card_transmit(w.card, buf_span(&command), &piece) == ERR_OK);
    CHECK_ROW("6100", span_equal(buf_span(&piece), SPAN(0x61, 0x00)));
    for (unsigned n = 0; piece.len >= 2 && piece.at[piece.len - 2] == 0x61 && n < 20; n++) {
        struct buf get = hex(fetch[n % 2]);
        REQUIRE(card_transmit(w.card, buf_span(&get), &piece) == ERR_OK && piece.len >= 2);
        REQUIRE(buf_put(&whole, span_sub(buf_span(&piece), 0, piece.len - 2)) == ERR_OK);
        buf_release(&get);
    }
    CHECK_ROW("the whole answer", span_equal(buf_span(&whole), buf_span(&want)));
    CHECK_ROW("and no more", apdu_is(&w, "01c0000000", "6985"));
    buf_release(&command);
    buf_release(&piece);
    buf_release(&whole);
    buf_release(&want);
    world_close(&w);
}

static void the_isd_r_tells_whether_a_profile_is_enabled(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    CHECK_ROW("E1 without enabled profile",
              apdu_is(&w, "01a4040010a0000005591010ffffffff890000010000",
                      "6f248410a0000005591010ffffffff8900000100a5049f6501ffe0058203020500e1038001009000"));
    world_close(&w);
}

/* What an IPAd asks a card that it does not know (catalogue A.2). */
static void an_ipad_starts_up(void)
{
    static const struct apdu_row rows[] = {
        { "TERMINAL CAPABILITY", "80aa000005a903830107", "9000" },
        { "MANAGE CHANNEL", "0070000001", "029000" },
        { "SELECT", "02a4040010a0000005591010ffffffff8900000100", "6127" },
        { "GET RESPONSE", "02c0000027",
          "6f258410a0000005591010ffffffff8900000100a5049f6501ffe0058203020500e104800206409000" },
        { "GetEID", "82e2910006bf3e035c015a", "6115" },
        { "GET RESPONSE of the other class", "82c0000015", "bf3e125a10890490321234512345123456789012359000" },
        { "GetEimConfigurationData", "82e2910003bf550000", "bf5502a0009000" },
        { "RetrieveNotificationsList", "82e2910003bf2b0000", "bf2b02a0009000" },
        { "MANAGE CHANNEL, closed", "0070800200", "9000" },
        { "a closed channel", "82e2910006bf3e035c015a", "6881" },
    };
    play_card(NULL, rows, COUNT(rows), NULL, 0);
}

const struct test catalogue_tests[] = {
    { "profiles are found by AID and ICCID", profiles_are_found_by_aid_and_iccid },
    { "notifications are found by number and event", notifications_are_found_by_number_and_event },
    { "addresses are told and checked", addresses_are_told_and_checked },
    { "a session needs a challenge, and the CI that was named", a_session_needs_a_challenge_and_the_ci_that_was_named },
    { "a consumer card waits for its terminal", a_consumer_card_waits_for_its_terminal },
    { "immediate enabling is configured before there is an eIM", immediate_enabling_is_configured_before_there_is_an_eim },
    { "immediate enabling may be for one server", immediate_enabling_may_be_for_one_server },
    { "a card without immediate enabling says so", a_card_without_immediate_enabling_says_so },
    { "a reset says what there was", a_reset_says_what_there_was },
    { "info tells what a card can", info_tells_what_a_card_can },
    { "the fallback attribute moves and goes", the_fallback_attribute_moves_and_goes },
    { "an eIM configures immediate enabling", an_eim_configures_immediate_enabling },
    { "rollback and fallback lose what was deleted", rollback_and_fallback_lose_what_was_deleted },
    { "a rollback ends with the eIM that granted it", a_rollback_ends_with_the_eim_that_granted_it },
    { "fallback needs something to fall from", fallback_needs_something_to_fall_from },
    { "switches are told", switches_are_told },
    { "an eIM may have a certificate", an_eim_may_have_a_certificate },
    { "an eIM chooses the CI", an_eim_chooses_the_ci },
    { "every member of an eIM is updated and listed", every_member_of_an_eim_is_updated_and_listed },
    { "an eIM changes its key", an_eim_changes_its_key },
    { "an eIM's key must be one, and a new one new", an_eims_key_must_be_one_and_a_new_one_new },
    { "two hundred and fifty-six blocks are a message", two_hundred_and_fifty_six_blocks_are_a_message },
    { "every block size gives the same answer", every_block_size_gives_the_same_answer },
    { "long answers are fetched piece by piece", long_answers_are_fetched_piece_by_piece },
    { "the ISD-R tells whether a profile is enabled", the_isd_r_tells_whether_a_profile_is_enabled },
    { "an IPAd starts up", an_ipad_starts_up },
};
const size_t catalogue_tests_count = COUNT(catalogue_tests);
