#include <pthread.h>

#include "der.h"
#include "harness.h"
#include "rsp_schema.h"

/* Hostile input: each is refused, whatever else the message looks like. */
static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes;
} refused[] = {
    { "nothing at all", RSP_DELETE_PROFILE_REQUEST, "" },
    { "an ICCID of one octet", RSP_DELETE_PROFILE_REQUEST, "bf33035a0198" },
    { "an ICCID of eleven octets", RSP_DELETE_PROFILE_REQUEST, "bf330d5a0b9800103254769810321400" },
    { "an ICCID of one octet in a package's result", RSP_SGP32_PROFILE_INFO_LIST_RESPONSE,
      "bf2d07a005e3035a0198" },
    { "the tag of another message", RSP_DELETE_PROFILE_REQUEST, "bf310c5a0a98001032547698103214" },
    { "a value cut short", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a980010325476981032" },
    { "a length that lies", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0b98001032547698103214" },
    { "octets behind the message", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a9800103254769810321400" },
    { "the message twice", RSP_GET_RAT_REQUEST, "bf4300bf4300" },
    { "an alternative that does not exist", RSP_DELETE_PROFILE_REQUEST, "bf3303810100" },
    { "no alternative at all", RSP_DELETE_PROFILE_REQUEST, "bf3300" },
    { "two alternatives of one choice", RSP_GET_CONNECTIVITY_PARAMETERS_RESPONSE,
      "bf5f05a000810101" },
    { "an indefinite length", RSP_DELETE_PROFILE_REQUEST, "bf33805a0a980010325476981032140000" },
    { "the endless loop of asn1c's CHOICE", RSP_PROFILE_INFO_LIST_RESPONSE, "bf2d80810101000100" },
    { "a length of five octets", RSP_GET_RAT_REQUEST, "bf43850000000000" },
    { "a length of four gigabytes", RSP_GET_RAT_REQUEST, "bf4384ffffffff" },
    { "a tag of four octets", RSP_GET_RAT_REQUEST, "bf8181430100" },
    { "an octet string in pieces", RSP_GET_EUICC_CHALLENGE_RESPONSE,
      "bf2e14a012041000112233445566778899aabbccddeeff" },
    { "a sequence with the primitive bit", RSP_NOTIFICATION_SENT_REQUEST, "9f3003800105" },
    { "a mandatory member left out", RSP_ENABLE_PROFILE_REQUEST,
      "bf310ea00c5a0a98001032547698103214" },
    { "members in the wrong order", RSP_ENABLE_PROFILE_REQUEST,
      "bf31118101ffa00c5a0a98001032547698103214" },
    { "an unknown member in the middle", RSP_ENABLE_PROFILE_REQUEST,
      "bf3114a00c5a0a98001032547698103214830100"
      "8101ff" },
    { "a boolean of two octets", RSP_PROFILE_ROLLBACK_REQUEST, "bf58048002ffff" },
    { "an integer without octets", RSP_NOTIFICATION_SENT_REQUEST, "bf30028000" },
    { "an eimId of no characters", RSP_GET_EIM_CONFIGURATION_DATA_REQUEST, "bf5504a0028000" },
    { "text that is not UTF-8", RSP_SET_DEFAULT_DP_ADDRESS_REQUEST, "bf3f048002c328" },
    { "an explicit tag around nothing", RSP_GET_EIM_CONFIGURATION_DATA_REQUEST, "bf5502a000" },
    { "an EID of fifteen octets", RSP_GET_EIM_PACKAGE_REQUEST,
      "bf4f115a0f890490321234512345123456789012" },
    { "a signed reply with neither A0 nor 30", RSP_EUICC_PACKAGE_RESULT,
      "bf511f301580087465737465696d3181010183010130038301005f37053003020102" },
    { "a signed reply under A0 and 30", RSP_EUICC_PACKAGE_RESULT,
      "bf5123a021301f301580087465737465696d3181010183010130038301005f37053003020102" },
    { "a signed error under 30", RSP_EUICC_PACKAGE_RESULT, "bf5111300f300980016581010102017f5f3701aa" },
    { "a refreshFlag under 02", RSP_PROFILE_ROLLBACK_REQUEST, "bf58030201ff" },
    { "no refreshFlag", RSP_PROFILE_ROLLBACK_REQUEST, "bf5800" },
    { "both a PSMO list and an eCO list", RSP_EUICC_PACKAGE_SIGNED,
      "3025800165"
      "5a1089049032123451234512345678901235"
      "810101"
      "a003a60100"
      "a104ab02"
      "0000" },
};

static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes;
} accepted[] = {
    { "delete by ICCID", RSP_DELETE_PROFILE_REQUEST, "bf330c5a0a98001032547698103214" },
    { "enable by ICCID with refresh", RSP_ENABLE_PROFILE_REQUEST,
      "bf3111a00c5a0a98001032547698103214"
      "8101ff" },
    { "an empty request", RSP_GET_EUICC_CHALLENGE_REQUEST, "bf2e00" },
    { "a signed reply under 30 (catalogue D-3)", RSP_EUICC_PACKAGE_RESULT,
      "bf5121301f301580087465737465696d3181010183010130038301005f37053003020102" },
    { "a refreshFlag under 80", RSP_IMMEDIATE_ENABLE_REQUEST, "bf5a03800100" },
    { "a refreshFlag under 01 (catalogue D-1)", RSP_IMMEDIATE_ENABLE_REQUEST, "bf5a03010100" },
    { "all profiles", RSP_PROFILE_INFO_LIST_REQUEST, "bf2d00" },
    { "an association token of -1", RSP_EIM_CONFIGURATION_DATA,
      "300680016584"
      "01ff" },
    { "acknowledgements", RSP_EIM_ACKNOWLEDGEMENTS, "bf530a8001018001028002012c" },
};

/* What v1.3 adds behind the members of v1.2 does not disturb. */
static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes;
} tolerated[] = {
    { "v1.3: a code in the unsigned package error", RSP_EUICC_PACKAGE_RESULT,
      "bf5108a2068001658f0101" },
    { "v1.3: a proprietary protocol of the eIM", RSP_EIM_CONFIGURATION_DATA,
      "300f800165"
      "aa0a30088003883701810101" },
    { "v1.3: a proprietary protocol of the IPA", RSP_IPA_EUICC_DATA_RESPONSE,
      "bf5214a012a81080020780"
      "a20a30088003883701810101" },
    { "a result of the future in what an eUICC signed", RSP_EUICC_PACKAGE_RESULT,
      "bf512aa028302080016581010183010130158301008f0100bf7f03800101b003800101830005005f3703020102" },
    { "a constructed member of the future", RSP_GET_RAT_REQUEST, "bf4305bf7f02a000" },
};

static void refuses_hostile_input(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct buf b = hex(refused[i].bytes);
        CHECK_ROW(refused[i].name, rsp_check(refused[i].pdu, buf_span(&b)) == ERR_PARSE);
        buf_release(&b);
    }
}

static void accepts_and_reencodes(void)
{
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct buf b = hex(accepted[i].bytes), again = { .max = 4096 };
        CHECK_ROW(accepted[i].name, rsp_check(accepted[i].pdu, buf_span(&b)) == ERR_OK);
        CHECK_ROW(accepted[i].name, rsp_reencode(accepted[i].pdu, buf_span(&b), &again) == ERR_OK);
        CHECK_ROW(accepted[i].name, span_equal(buf_span(&b), buf_span(&again)));
        buf_release(&b);
        buf_release(&again);
    }
}

static void tolerates_the_future(void)
{
    for (size_t i = 0; i < COUNT(tolerated); i++) {
        struct buf b = hex(tolerated[i].bytes);
        CHECK_ROW(tolerated[i].name, rsp_check(tolerated[i].pdu, buf_span(&b)) == ERR_OK);
        buf_release(&b);
    }
}

/* Lists of A0, each in the last, one deeper than DER_DEPTH_MAX. */
/* Where the first member begins that the ASN.1 does not know, or that makes the message none. */
static void finds_what_does_not_fit(void)
{
    static const struct {
        const char *name, *hex;
        bool sound;
        size_t unknown, fault; /* offsets; unknown 0: none */
    } rows[] = {
        { "all members known", "aa07a0058000810107", true, 0, 0 },
        { "a member behind the known ones", "aa0aa00580008101079f7e00", true, 9, 9 },
        { "a member inside a member", "aa0aa00880008101079f7e00", true, 9, 9 },
        { "a member in the wrong form", "a407a0038101018100", false, 0, 7 },
        { "a member that is missing", "a405a003810101", false, 0, 0 },
        { "an identification of no octets", "aa06a00480008100", false, 0, 6 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf bytes = hex(rows[i].hex);
        struct span unknown = { 0 };
        bool found = rsp_find_unknown(RSP_PROFILE_ELEMENT, buf_span(&bytes), &unknown);
        CHECK_ROW(rows[i].name, (rsp_check(RSP_PROFILE_ELEMENT, buf_span(&bytes)) == ERR_OK) == rows[i].sound);
        CHECK_ROW(rows[i].name, found == (rows[i].unknown > 0));
        CHECK_ROW(rows[i].name, !found || (size_t)(unknown.at - bytes.at) == rows[i].unknown);
        CHECK_ROW(rows[i].name, rsp_fault_offset(RSP_PROFILE_ELEMENT, buf_span(&bytes)) == rows[i].fault);
        buf_release(&bytes);
    }
}

static void refuses_deep_nesting(void)
{
    struct buf b = { .max = 4096 };
    struct der_mark marks[DER_DEPTH_MAX + 1];
    for (size_t i = 0; i < COUNT(marks); i++)
        REQUIRE(der_put_open(&b, i ? 0xA0 : 0xBF43, &marks[i]) == ERR_OK);
    for (size_t i = COUNT(marks); i-- > 0;)
        REQUIRE(der_put_close(&b, marks[i]) == ERR_OK);
    CHECK(rsp_check(RSP_GET_RAT_REQUEST, buf_span(&b)) == ERR_PARSE);
    buf_release(&b);
}

static void refuses_oversize_before_reading(void)
{
    struct buf b = { .max = 1 << 20 };
    uint8_t zeros[1024] = { 0 };
    for (size_t i = 0; i < 17; i++)
        REQUIRE(buf_put(&b, SPAN_ARRAY(zeros)) == ERR_OK);
    CHECK(rsp_check(RSP_GET_RAT_REQUEST, buf_span(&b)) == ERR_LIMIT);
    buf_release(&b);
}

/* Every octet of a package, changed to a few others: refused or accepted, never more than that. */
static void survives_changed_octets(void)
{
    static const uint8_t masks[] = { 0x01, 0x20, 0x80, 0xff };
    struct buf b = hex("bf518143304180"
                       "087465737465696d315a10890490321234512345123456789012358101018210"
                       "000102030405060708090a0b0c0d0e0fa00ea30c5a0a98001032547698103214");
    unsigned accepted_count = 0;
    for (size_t i = 0; i < b.len; i++)
        for (size_t m = 0; m < COUNT(masks); m++) {
            b.at[i] ^= masks[m];
            accepted_count += rsp_check(RSP_EUICC_PACKAGE_REQUEST, buf_span(&b)) == ERR_OK;
            b.at[i] ^= masks[m];
        }
    CHECK(accepted_count == 0); /* it has no signature to begin with */
    buf_release(&b);
}

static void finds_messages(void)
{
    enum rsp_pdu pdu;
    CHECK(rsp_pdu_by_name("EuiccPackageRequest", &pdu) == ERR_OK &&
          pdu == RSP_EUICC_PACKAGE_REQUEST);
    CHECK(rsp_pdu_by_name("SGP32-EUICCInfo2", &pdu) == ERR_OK && pdu == RSP_SGP32_EUICC_INFO2);
    CHECK(rsp_pdu_by_name("NoSuchMessage", &pdu) == ERR_NOT_FOUND);
    CHECK(rsp_pdu_by_tag(0xBF53, &pdu) == ERR_OK && pdu == RSP_EIM_ACKNOWLEDGEMENTS);
    CHECK(rsp_pdu_by_tag(0xBF51, &pdu) == ERR_NOT_FOUND);
}

static const struct {
    const char *name;
    const char *bytes;
    enum rsp_pdu pdu;
} guesses[] = {
    { "an empty answer of the eIM", "bf50023000", RSP_PROVIDE_EIM_PACKAGE_RESULT_RESPONSE },
    { "EUICCInfo1, not the request without members", "bf20098203020500a900aa00", RSP_EUICC_INFO1 },
    { "the request for it", "bf2000", RSP_GET_EUICC_INFO1_REQUEST },
    { "a request to enable", "bf3111a00c5a0a980010325476981032148101ff",
      RSP_ENABLE_PROFILE_REQUEST },
    { "the end of a profile package", "aa07a0058000810107", RSP_PROFILE_ELEMENT },
};

static void guesses_messages(void)
{
    enum rsp_pdu pdu = RSP_PDU_COUNT;
    for (size_t i = 0; i < COUNT(guesses); i++) {
        struct buf b = hex(guesses[i].bytes);
        CHECK_ROW(guesses[i].name,
                  rsp_pdu_guess(buf_span(&b), &pdu) == ERR_OK && pdu == guesses[i].pdu);
        buf_release(&b);
    }
    CHECK(rsp_pdu_guess(SPAN(0x30, 0x80, 0x00, 0x00), &pdu) == ERR_NOT_FOUND);
}

static const struct {
    const char *name;
    enum rsp_pdu pdu;
    const char *bytes, *text;
} printed[] = {
    { "a tree with the specification's names", RSP_ENABLE_PROFILE_REQUEST,
      "bf3111a00c5a0a98001032547698103214"
      "8101ff",
      "BF31 EnableProfileRequest\n"
      "  A0 profileIdentifier\n"
      "    5A iccid 98001032547698103214\n"
      "  81 refreshFlag TRUE\n" },
    { "a result code of ES10c", RSP_ENABLE_PROFILE_RESPONSE, "bf3103800104",
      "BF31 EnableProfileResponse\n"
      "  80 enableResult 4 wrongProfileReenabling\n" },
    { "a result code of a PSMO, whose codes differ", RSP_EUICC_PACKAGE_RESULT_DATA_SIGNED,
      "300e800165"
      "810101"
      "830102"
      "3003830114",
      "30 EuiccPackageResultDataSigned\n"
      "  80 eimId \"e\"\n"
      "  81 counterValue 1\n"
      "  83 seqNumber 2\n"
      "  30 euiccResult\n"
      "    83 enableResult 20 rollbackNotAvailable\n" },
    { "bits by name", RSP_LIST_NOTIFICATION_REQUEST, "bf280481020560",
      "BF28 ListNotificationRequest\n"
      "  81 profileManagementOperation { notificationEnable notificationDisable }\n" },
    { "text that is not plain in hex", RSP_SET_DEFAULT_DP_ADDRESS_REQUEST, "bf3f068004610a0a22",
      "BF3F SetDefaultDpAddressRequest\n"
      "  80 defaultDpAddress 610A0A22\n" },
    { "an object identifier", RSP_CONFIGURE_ISDP_REQUEST, "bf2407b8058003883702",
      "BF24 ConfigureISDPRequest\n"
      "  B8 dpProprietaryData\n"
      "    80 dpOid 2.999.2\n" },
    { "unknown members in hex", RSP_EUICC_PACKAGE_RESULT, "bf5108a2068001658e0101",
      "BF51 EuiccPackageResult\n"
      "  A2 euiccPackageErrorUnsigned\n"
      "    80 eimId \"e\"\n"
      "    8E ? 01\n" },
};

static void prints_messages(void)
{
    for (size_t i = 0; i < COUNT(printed); i++) {
        struct buf b = hex(printed[i].bytes), text = { .max = 4096 };
        CHECK_ROW(printed[i].name, rsp_print(printed[i].pdu, buf_span(&b), &text) == ERR_OK);
        CHECK_ROW(printed[i].name, span_equal(buf_span(&text), span_str(printed[i].text)));
        buf_release(&b);
        buf_release(&text);
    }
}

/* Returns how many checks went wrong, as a pointer-sized number. */
static void *check_again_and_again(void *unused)
{
    uintptr_t wrong = 0;
    (void)unused;
    for (size_t round = 0; round < 50; round++)
        for (size_t i = 0; i < COUNT(accepted); i++) {
            struct buf b = { .max = 4096 };
            if (hex_decode(span_str(accepted[i].bytes), &b) ||
                rsp_check(accepted[i].pdu, buf_span(&b)))
                wrong++;
            buf_release(&b);
        }
    return (void *)wrong;
}

/* The generated descriptors are written on first use; the thread sanitizer watches whether that is
 * over in time. */
static void checks_in_parallel(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, check_again_and_again, NULL) == 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *wrong = NULL;
        REQUIRE(pthread_join(threads[i], &wrong) == 0);
        CHECK(wrong == NULL);
    }
}

static const struct test tests[] = {
    { "several threads may check at once, from the first message on", checks_in_parallel },
    { "hostile input is refused", refuses_hostile_input },
    { "sound messages are accepted and encode to the same bytes", accepts_and_reencodes },
    { "unknown members behind the known ones are tolerated", tolerates_the_future },
    { "what does not fit is found by its place", finds_what_does_not_fit },
    { "a message nested too deeply is refused", refuses_deep_nesting },
    { "a message too large is refused unread", refuses_oversize_before_reading },
    { "no changed octet does more than be refused", survives_changed_octets },
    { "messages are found by name and by tag", finds_messages },
    { "a message is guessed by what knows most of it", guesses_messages },
    { "messages print as trees with the specification's names", prints_messages },
};

int main(void)
{
    return tests_main("rsp_schema", tests, COUNT(tests));
}
