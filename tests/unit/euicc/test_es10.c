#include <string.h>

#include "rsp_es10.h"
#include "rsp_euicc_info.h"
#include "world.h"

static void small_functions_answer_as_the_tables_say(void)
{
    static const struct {
        const char *name, *request, *response;
    } rows[] = {
        { "GetEID", "bf3e035c015a", "bf3e125a1089049032123451234512345678901235" },
        { "GetEuiccConfiguredAddresses", "bf3c00",
          "bf3c148010736d64702e6578616d706c652e636f6d8100" },
        { "SetDefaultDpAddress of SGP.32", "bf65058003612e62", "bf6503800100" },
        { "the new default", "bf3c00", "bf3c078003612e628100" },
        { "SetDefaultDpAddress with an address that is none", "bf65058003612062", "bf650380017f" },
        { "SetDefaultDpAddress takes the default away", "bf3f028000", "bf3f03800100" },
        { "no default any more", "bf3c00", "bf3c028100" },
        { "ListNotification of nothing", "bf2800", "bf2802a000" },
        { "RetrieveNotificationsList of nothing", "bf2b00", "bf2b02a000" },
        { "package results of nothing", "bf2b04a0028200", "bf2b02a200" },
        { "RemoveNotificationFromList without such a one", "bf3003800105", "bf3003800101" },
        { "GetEimConfigurationData without eIM", "bf5500", "bf5502a000" },
        { "ProfileRollback that nobody granted", "bf58038001ff", "bf5803020101" },
        { "ProfileRollback with the tag of others (D-1)", "bf58030101ff", "bf5803020101" },
        { "ExecuteFallback without attribute", "bf5d038001ff", "bf5d03800106" },
        { "ReturnFromFallback without fallback", "bf5e038001ff", "bf5e03800106" },
        { "ImmediateEnable not configured", "bf5a038001ff", "bf5a03800101" },
        { "ConfigureImmediateProfileEnabling without eIM", "bf59028000", "bf5903800100" },
        { "ImmediateEnable without a download", "bf5a038001ff", "bf5a03800104" },
        { "EnableProfile of the enabled one", "bf3111a00c5a0a980010325476981032148101ff",
          "bf3103800102" },
        { "EnableProfile of an unknown one", "bf3111a00c5a0a980010325476981032158101ff",
          "bf3103800101" },
        { "DisableProfile of an unknown one", "bf3211a00c5a0a980010325476981032158101ff",
          "bf3203800101" },
        { "DeleteProfile of the enabled one", "bf330c5a0a98001032547698103214", "bf3303800102" },
        { "SetNickname", "bf290f5a0a98001032547698103214900141", "bf2903800100" },
        { "SetNickname of an unknown one", "bf290f5a0a98001032547698103215900141", "bf2903800101" },
        { "SetNickname of 64 characters in 128 octets", "bf29818f5a0a98001032547698103214908180"
          "c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4"
          "c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4",
          "bf2903800100" },
        { "SetNickname once more", "bf290f5a0a98001032547698103214900141", "bf2903800100" },
        { "nickname in the list", "bf2d045c025a90",
          "bf2d13a011e30f5a0a98001032547698103214900141" },
        { "list by AID", "bf2d17a0124f10a0000005591010ffffffff89000010005c0191",
          "bf2d09a007e30591034c6162" },
        { "list by class: none is provisioning", "bf2d05a003950101", "bf2d02a000" },
        { "GetRAT", "bf4300", "bf4314a012301080020560a10730058003eeeeee820100" },
        { "nothing to reset", "bf640482020640", "bf6403800101" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, es10_is(&w, rows[i].request, rows[i].response));
    world_close(&w);
}

static void become_consumer_card(struct euicc_settings *s)
{
    s->sgp22_only = true;
}

/* SGP.22 5.7.15: without a tag list also the nickname and the icon are shown; found with an
 * independent LPA. */
static void a_consumer_card_has_the_list_and_nicknames_of_sgp22(void)
{
    static const struct {
        const char *name, *request, *response;
    } rows[] = {
        { "SetNickname", "bf290f5a0a98001032547698103214900141", "bf2903800100" },
        { "the nickname is shown unasked", "bf2d00",
          "bf2d37a035e3335a0a980010325476981032144f10a0000005591010ffffffff89000010009f700101900141"
          "91034c6162920474"
          "657374950102" },
        { "an empty nickname takes it away", "bf290e5a0a980010325476981032149000", "bf2903800100" },
        { "no nickname is not an empty one", "bf2d045c025a90",
          "bf2d10a00ee30c5a0a98001032547698103214" },
        { "a tag list is obeyed", "bf2d035c0191", "bf2d09a007e30591034c6162" },
        { "a nickname of 65 octets",
          "bf294f5a0a980010325476981032149041414141414141414141414141414141414141414141414141414141"
          "414141414141"
          "4141414141414141414141414141414141414141414141414141414141414141",
          "" },
    };
    struct world w;
    world_open(&w, become_consumer_card);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].response[0])
            CHECK_ROW(rows[i].name, es10_is(&w, rows[i].request, rows[i].response));
        else
            CHECK_ROW(rows[i].name, es10_sw(&w, rows[i].request) != 0x9000);
    world_close(&w);
}

static void malformed_requests_are_incorrect_data(void)
{
    static const struct {
        const char *name, *request;
    } rows[] = {
        { "GetEID for another tag", "bf3e035c015b" },
        { "GetEID without tag list", "bf3e00" },
        { "EnableProfile without flag", "bf310ea00c5a0a98001032547698103214" },
        { "EnableProfile with an ICCID of 9 octets", "bf3110a00b5a0998001032547698103281"
                                                     "01ff" },
        { "RemoveNotification without number", "bf3000" },
        { "AuthenticateServer, empty", "bf3800" },
        { "PrepareDownload, empty", "bf2100" },
        { "CancelSession, empty", "bf4100" },
        { "LoadEuiccPackage, empty", "bf5100" },
        { "AddInitialEim, empty", "bf5700" },
        { "tag list cut in the middle of a tag", "bf2d035c019f" },
        { "memory reset without options", "bf6400" },
        { "a nickname that is no UTF-8", "bf290f5a0a980010325476981032149001ff" },
        { "a nickname cut within a character", "bf29105a0a98001032547698103214900241c3" },
        { "a nickname before its profile", "bf290f9001415a0a98001032547698103214" },
        { "a nickname with an octet behind it", "bf29105a0a9800103254769810321490014100" },
        { "a nickname for an ICCID of 9 octets", "bf290e5a09980010325476981032900141" },
        { "a nickname of 65 characters",
          "bf2981915a0a98001032547698103214908182"
          "c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4"
          "c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4" "c3a4" },
        { "ConfigureImmediateProfileEnabling with an octet behind it", "bf5903800000" },
        { "ConfigureImmediateProfileEnabling with a flag that holds something", "bf5903800100" },
        { "ConfigureImmediateProfileEnabling with an OID cut short", "bf59058000810188" },
        { "IpaeActivation with an octet behind it", "bf42058002078000" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint16_t sw = es10_sw(&w, rows[i].request);
        bool listed_error =
            es10_is(&w, rows[i].request, "bf2d03810101"); /* a tag list is answered inside */
        CHECK_ROW(rows[i].name, sw == 0x6a80 || listed_error);
    }
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    world_close(&w);
}

static void euicc_info_names_both_test_cis(void)
{
    struct world w;
    struct buf response = { .max = 1024 };
    struct rsp_euicc_info1 info1;
    struct rsp_euicc_info2 info2;
    world_open(&w, NULL);
    REQUIRE(es10(&w, SPAN(0xbf, 0x20, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info1_read(buf_span(&response), &info1) == ERR_OK);
    const struct pki_item *brp = world_item(&w, "CERT_S_SM_DPauth_ECDSA_BRP");
    CHECK(rsp_octets_contain(info1.ci_signing, SPAN_ARRAY(brp->cert->aki)));
    CHECK(rsp_octets_contain(info1.ci_verification, SPAN_ARRAY(brp->cert->aki)));
    REQUIRE(es10(&w, SPAN(0xbf, 0x22, 0x00), &response) == 0x9000);
    REQUIRE(rsp_euicc_info2_read(buf_span(&response), &info2) == ERR_OK);
    CHECK(info2.has_iot_specific_info && info2.iot_specific_info.fallback_supported);
    CHECK(rsp_euicc_info2_free_memory(&info2) > 0 &&
          rsp_euicc_info2_free_memory(&info2) < 512 << 10);
    world_close(&w);
    buf_release(&response);
}

static void challenges_differ(void)
{
    struct world w;
    struct buf first = { .max = 64 }, second = { .max = 64 };
    world_open(&w, NULL);
    REQUIRE(es10(&w, SPAN(0xbf, 0x2e, 0x00), &first) == 0x9000);
    REQUIRE(es10(&w, SPAN(0xbf, 0x2e, 0x00), &second) == 0x9000);
    CHECK(first.len == 21 && !span_equal(buf_span(&first), buf_span(&second)));
    world_close(&w);
    buf_release(&first);
    buf_release(&second);
}

static void certificates_are_given_for_each_ci(void)
{
    struct world w;
    struct buf request = { .max = 64 }, response = { .max = 4096 };
    struct rsp_get_certs_response r;
    world_open(&w, NULL);
    struct rsp_get_certs_request q = {
        .ci_pkid = SPAN_ARRAY(world_item(&w, "CERT_S_SM_DPauth_ECDSA_BRP")->cert->aki)
    };
    REQUIRE(rsp_get_certs_request_write(&q, &request) == ERR_OK);
    REQUIRE(es10(&w, buf_span(&request), &response) == 0x9000);
    REQUIRE(rsp_get_certs_response_read(buf_span(&response), &r) == ERR_OK && r.which == RSP_OK);
    struct buf whole = { .max = 4096 };
    REQUIRE(rsp_put_certificate(r.ok.euicc_certificate, &whole) == ERR_OK);
    CHECK(span_equal(buf_span(&whole), buf_span(&w.brp.certificate)));
    CHECK(es10_is(&w, "bf56168014f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5", "bf5603810101"));
    world_close(&w);
    buf_release(&request);
    buf_release(&response);
    buf_release(&whole);
}

static void a_local_switch_leaves_notifications(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
    CHECK(profile_state(&w, LEAD_ICCID) == 0);
    CHECK(pending_count(&w, "bf2b00") == 1);
    CHECK(pending_count(&w, "bf2b06a00481020520") == 1); /* disable */
    CHECK(pending_count(&w, "bf2b06a00481020640") == 0); /* enable */
    CHECK(es10_is(&w, "bf3111a00c5a0a980010325476981032148101ff", "bf3103800100"));
    CHECK(pending_count(&w, "bf2b00") == 2);
    CHECK(es10_is(&w, "bf3003800101", "bf3003800100"));
    CHECK(pending_count(&w, "bf2b00") == 1);
    world_reset(&w);
    CHECK(pending_count(&w, "bf2b00") == 1);
    world_close(&w);
}

static void a_deleted_profile_is_gone_and_said_to_be(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800100"));
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103214", "bf3303800100"));
    CHECK(profile_state(&w, LEAD_ICCID) == -1);
    CHECK(pending_count(&w, "bf2b00") == 2);
    CHECK(es10_is(&w, "bf330c5a0a98001032547698103214", "bf3303800101"));
    world_close(&w);
}

static void ppr1(struct euicc_settings *s)
{
    static struct euicc_profile bound;
    static struct buf metadata = { .max = 4096 };
    buf_clear(&metadata);
    put_metadata(LEAD_ICCID, true, RSP_PPR1 | RSP_PPR2, RSP_PROFILE_CLASS_OPERATIONAL, &metadata);
    bound = s->profiles[0];
    bound.metadata = buf_span(&metadata);
    s->profiles = &bound;
}

static void policy_rules_bind_local_switches(void)
{
    struct world w;
    world_open(&w, ppr1);
    CHECK(es10_is(&w, "bf3211a00c5a0a980010325476981032148101ff", "bf3203800103"));
    eim_associate(&w, false);
    CHECK(eim_package_is(&w, "a40c5a0a98001032547698103214", "840103"));
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    world_close(&w);
}

static void memory_reset_deletes_what_it_is_told(void)
{
    struct world w;
    world_open(&w, NULL);
    eim_associate(&w, false);
    /* operational profiles, default address, eIM data, immediate enable */
    CHECK(es10_is(&w, "bf6404820201a6", "bf6409800100810100820100"));
    CHECK(profile_state(&w, LEAD_ICCID) == -1);
    CHECK(es10_is(&w, "bf5500", "bf5502a000"));
    CHECK(es10_is(&w, "bf3c00", "bf3c028100"));
    eim_associate(&w, true); /* possible again */
    world_close(&w);
}

static void keep_eims(struct euicc_settings *s)
{
    s->no_eim_reset = true;
}

static void a_card_may_refuse_to_forget_its_eims(void)
{
    struct world w;
    world_open(&w, keep_eims);
    eim_associate(&w, false);
    CHECK(es10_is(&w, "bf640482020204", "bf6406800100810102"));
    CHECK(!es10_is(&w, "bf5500", "bf5502a000"));
    world_close(&w);
}

static void eims_are_associated_once_all_or_nothing(void)
{
    static const struct {
        const char *name, *request, *response;
    } rows[] = {
        { "no key",
          "bf5711a00f300d800874657374"
          "65696d32830100",
          "bf5703810107" },
        { "token that is not -1",
          "bf5711a00f300d800874657374"
          "65696d32840105",
          "bf5703810105" },
        { "counter beyond the range",
          "bf5714a0123010800874657374"
          "65696d32830401000000",
          "bf5703810106" },
        { "unknown CI",
          "bf5724a0223020800874657374"
          "65696d328814f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
          "bf5703810103" },
        { "empty list", "bf5702a000", "bf5703810107" },
    };
    struct world w;
    world_open(&w, NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, es10_is(&w, rows[i].request, rows[i].response));
    CHECK(es10_is(&w, "bf5500", "bf5502a000"));
    eim_associate(&w, true);
    CHECK(w.token.value == 1);
    /* a second one only through the first */
    CHECK(es10_is(&w,
                  "bf5711a00f300d800874657374"
                  "65696d32830100",
                  "bf5703810102"));
    CHECK(es10_is(&w,
                  "bf55"
                  "0ca00a8008"
                  "7465737465696d32",
                  "bf5502a000"));
    world_reset(&w);
    CHECK(!es10_is(&w,
                   "bf55"
                   "0ca00a8008"
                   "7465737465696d31",
                   "bf5502a000"));
    world_close(&w);
}

const struct test es10_tests[] = {
    { "small functions answer as the tables say", small_functions_answer_as_the_tables_say },
    { "malformed requests are incorrect data", malformed_requests_are_incorrect_data },
    { "EuiccInfo names both test CIs", euicc_info_names_both_test_cis },
    { "challenges differ", challenges_differ },
    { "a consumer card has the list and nicknames of SGP.22",
      a_consumer_card_has_the_list_and_nicknames_of_sgp22 },
    { "certificates are given for each CI", certificates_are_given_for_each_ci },
    { "a local switch leaves notifications", a_local_switch_leaves_notifications },
    { "a deleted profile is gone and said to be", a_deleted_profile_is_gone_and_said_to_be },
    { "policy rules bind local switches", policy_rules_bind_local_switches },
    { "memory reset deletes what it is told", memory_reset_deletes_what_it_is_told },
    { "a card may refuse to forget its eIMs", a_card_may_refuse_to_forget_its_eims },
    { "eIMs are associated once, all or nothing", eims_are_associated_once_all_or_nothing },
};
const size_t es10_tests_count = COUNT(es10_tests);
