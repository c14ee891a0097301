/* Result codes that no other row reaches (catalogue A.3, A.4, A.5, A.10), and who is told of what.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_ids.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"

/* ---- certificates that the table of the lab does not have
 * ------------------------------------------------------------------- */
static void a_server_without_identifier_is_named_as_such(void)
{
    struct world w;
    struct dp d;
    struct buf der = { .max = 4096 };
    struct ec_point point;
    world_open(&w, NULL);
    dp_open(&d);
    const struct pki_item *ci = world_item(&w, "CERT_CI_ECDSA_NIST"),
                          *auth = world_item(&w, d.auth);
    const struct cert_spec spec = { .role = CERT_DP_AUTH,
                                    .common_name = "TEST SM-DP+",
                                    .organization = "ACME",
                                    .path_length = -1,
                                    .not_before = auth->cert->not_before,
                                    .not_after = auth->cert->not_after,
                                    .serial = { 9, 9 } };
    ec_key_point(auth->key, &point);
    REQUIRE(cert_issue(w.crypto, &spec, EC_P256, &point, ci->cert, ci->key, &der) == ERR_OK);
    d.certificate = buf_span(&der);
    CHECK_ROW("AuthenticateServer: invalidOid",
              dp_authenticate(&w, &d) == RSP_AUTHENTICATE_INVALID_OID);
    d.certificate = (struct span){ 0 };
    CHECK(dp_authenticate(&w, &d) == 0);
    dp_close(&d);
    buf_release(&der);
    world_close(&w);
}

static void keys_on_other_curves_are_named_as_such(void)
{
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    dp_open(&d);
    d.certificate = world_item(&w, "CERT_S_SM_DPauth_ECDSA_NIST_P384_KEY")->der;
    CHECK_ROW("AuthenticateServer: unsupportedCurve",
              dp_authenticate(&w, &d) == RSP_AUTHENTICATE_UNSUPPORTED_CURVE);
    CHECK_ROW("AuthenticateServer: noSessionContext, for the challenge was used up",
              dp_prepare(&w, &d) == RSP_DOWNLOAD_NO_SESSION_CONTEXT);
    d.certificate = (struct span){ 0 };
    REQUIRE(dp_authenticate(&w, &d) == 0);
    d.certificate = world_item(&w, "CERT_S_SM_DPauth_ECDSA_NIST_P384_KEY")->der;
    CHECK_ROW("PrepareDownload: unsupportedCurve",
              dp_prepare(&w, &d) == RSP_DOWNLOAD_UNSUPPORTED_CURVE);
    dp_close(&d);
    world_close(&w);
}

/* ---- packages
 * --------------------------------------------------------------------------------------------------------------
 */
static bool package_error_is(struct world *w, const char *list, int64_t code)
{
    struct buf response = { .max = 4096 };
    struct rsp_euicc_package_result r;
    eim_package(w, list, &response);
    bool same = !rsp_euicc_package_result_read(buf_span(&response), &r) &&
                r.which == RSP_PACKAGE_ERROR_SIGNED && r.error.data.code == code;
    buf_release(&response);
    return same;
}

/* The same command so many times, in hex; to be freed. */
static char *repeated(const char *command, size_t count)
{
    size_t length = strlen(command);
    char *text = malloc(length * count + 1);
    REQUIRE(text != NULL);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, command, length);
    text[length * count] = 0;
    return text;
}

static void packages_and_results_have_their_bounds(void)
{
    struct world w;
    struct buf response = { .max = 1 << 17 };
    struct rsp_euicc_package_result r;
    char *large = repeated("a600", 9000), *many = repeated("bf2d00", 1500);
    world_open(&w, NULL);
    eim_associate(&w, true);
    int64_t counter = w.counter;
    CHECK_ROW("sizeOverflow", package_error_is(&w, large, RSP_PACKAGE_SIZE_OVERFLOW));
    w.counter = counter;
    eim_package(&w, many, &response);
    REQUIRE(eim_results(&w, buf_span(&response), &r));
    struct span results = r.result.data.results;
    CHECK_ROW("processingTerminated: resultSizeOverflow",
              results.len > 1000 &&
                  span_equal(span_sub(results, results.len - 3, 3), SPAN(0x02, 0x01, 0x01)));
    CHECK_ROW("eIM packages go on", eim_package_is(&w, "a7028000", "870100"));
    free(large);
    free(many);
    buf_release(&response);
    world_close(&w);
}

static void commands_answer_with_their_rarer_codes(void)
{
    static const struct {
        const char *name, *psmos, *results;
    } rows[] = {
        { "setDefaultDpAddress: undefinedError", "bf65058003612062",
          "bf65038001"
          "7f" },
        { "setDefaultDpAddress of nothing", "bf65028000", "bf6503800100" },
        { "setFallbackAttribute while its holder is enabled", "a80c" LEAD "a80c" PARTNER,
          "8d01008d0103" },
        { "unsetFallbackAttribute while its holder is enabled", "a900", "8e0103" },
        { "listProfileInfo: incorrectInputValues", "bf2d035c019f", "bf2d03810101" },
        { "an unknown kind of command", "8000", "020102" },
        { "disable twice", "a40c" LEAD "a40c" LEAD, "84010084017f" },
        { "enable: the way back to nothing", "a30e" LEAD "0500", "830114" },
        { "enable", "a30c" LEAD, "830100" },
    };
    const struct wishes second = { .fallback_allowed = true, .profile_class = 2 };
    struct world w;
    world_open(&w, NULL);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &second) == 0);
    eim_associate(&w, false);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, eim_package_is(&w, rows[i].psmos, rows[i].results));
    world_close(&w);
}

static void without_fallback(struct euicc_settings *s)
{
    s->no_fallback = true;
}

static void a_card_without_fallback_has_no_attribute_to_take_away(void)
{
    struct world w;
    world_open(&w, without_fallback);
    eim_associate(&w, false);
    CHECK_ROW("unsetFallbackAttribute: commandError", eim_package_is(&w, "a900", "8e0107"));
    CHECK_ROW("ReturnFromFallback", es10_is(&w, "bf5e038001ff", "bf5e03800106"));
    world_close(&w);
}

/* ---- eIMs
 * ------------------------------------------------------------------------------------------------------------------
 */
static void several_eims_are_bounded_and_have_tokens_of_their_own(void)
{
    static const struct {
        const char *name;
        unsigned tag, n;
        const char *more, *results;
    } rows[] = {
        { "addEim: counterValueOutOfRange", 0xa8, 2, "830401000000", "a803020106" },
        { "addEim: invalidAssociationToken", 0xa8, 2, "840105", "a803020105" },
        { "addEim with a token to make", 0xa8, 2, "8401ff", "a803840102" },
        { "addEim without token", 0xa8, 3, "", "a803020100" },
        { "addEim of one that is there", 0xa8, 3, "", "a803020102" },
        { "addEim with a token: each has its own", 0xa8, 4, "8401ff", "a803840103" },
        { "addEim: insufficientMemory", 0xa8, 5, "", "a803020101" },
        { "updateEim with a token", 0xaa, 3, "8401ff", "8a0107" },
        { "updateEim: counterValueOutOfRange", 0xaa, 3, "830401000000", "8a0106" },
        { "updateEim with a lower counter and a new key", 0xaa, 3, "830100", "8a0100" },
        { "updateEim of an unknown one", 0xaa, 7, "", "8a0101" },
    };
    static const struct {
        const char *name, *ecos, *results;
    } others[] = {
        { "addEim: ciPKUnknown",
          "a81a80026535"
          "8814f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
          "a803020101" },
        { "updateEim: ciPKUnknown",
          "aa1a80026533"
          "8814f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
          "8a0103" },
        { "deleteEim: commandError of an eimId without an octet", "a9028000", "890107" },
        { "deleteEim", "a90480026534", "890100" },
        { "addEim then: ciPKUnknown",
          "a81a80026535"
          "8814f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5",
          "a803020103" },
        { "an unknown eCO", "ac00", "020102" },
        { "eCOs stop at the first failure", "a90480026539a90480026533", "890101" },
        { "listEim, three left", "ab00",
          "ab1aa018300a80087465737465696d31"
          "300480026532"
          "300480026533" },
    };
    struct world w;
    world_open(&w, NULL);
    eim_associate(&w, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char ecos[1024];
        put_eco(&w, rows[i].tag, rows[i].n, rows[i].more, ecos, sizeof ecos);
        CHECK_ROW(rows[i].name, ecos_are(&w, ecos, rows[i].results));
    }
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK_ROW(others[i].name, ecos_are(&w, others[i].ecos, others[i].results));
    world_reset(&w);
    CHECK_ROW("they outlive a power cut", ecos_are(&w, "ab00",
                                                   "ab1aa018300a80087465737465696d31"
                                                   "300480026532"
                                                   "300480026533"));
    world_close(&w);
}

static void initial_eims_are_bounded_together(void)
{
    struct world w;
    struct buf request = { .max = 4096 }, response = { .max = 512 };
    struct der_mark whole, list;
    world_open(&w, NULL);
    for (unsigned count = 5; count >= 4; count--) {
        buf_clear(&request);
        REQUIRE(der_put_open(&request, 0xbf57, &whole) == ERR_OK &&
                der_put_open(&request, 0xa0, &list) == ERR_OK);
        for (unsigned n = 0; n < count; n++) {
            char text[1024];
            put_eco(&w, 0x30, n, "", text, sizeof text);
            struct buf one = hex(text);
            REQUIRE(buf_put(&request, buf_span(&one)) == ERR_OK);
            buf_release(&one);
        }
        REQUIRE(der_put_close(&request, list) == ERR_OK &&
                der_put_close(&request, whole) == ERR_OK);
        REQUIRE(es10(&w, buf_span(&request), &response) == 0x9000);
        bool refused = span_equal(buf_span(&response), SPAN(0xbf, 0x57, 0x03, 0x81, 0x01, 0x01));
        CHECK_ROW("AddInitialEim: insufficientMemory for five, room for four",
                  refused == (count == 5));
        CHECK_ROW("all or nothing", es10_is(&w, "bf5500", "bf5502a000") == (count == 5));
    }
    buf_release(&request);
    buf_release(&response);
    world_close(&w);
}

static void with_many_eims(struct euicc_settings *s)
{
    s->eim_max = 15;
}

/* An eIM's name as long as a package has room for; `tag` addEim or updateEim. */
#define LONG_NAME 15000
static bool long_eco_is(struct world *w, unsigned tag, unsigned n, size_t length, const char *wanted)
{
    static char more[2 * LONG_NAME + 16], eco[2 * LONG_NAME + 1024];
    snprintf(more, sizeof more, "8182%04zx", length);
    for (size_t i = 0; i < length; i++)
        memcpy(more + 8 + 2 * i, "61", 3);
    put_eco(w, tag, n, more, eco, sizeof eco);
    return ecos_are(w, eco, wanted);
}

static void with_many_eims_in_another_form(struct euicc_settings *s)
{
    s->eim_max = 15;
    s->wire.eim_key_30 = true; /* two octets more for each */
}

/* The longest name for which there is room still can be told of, whichever form the card answers in. */
static void the_last_eim_with_room_is_told_of(void)
{
    static const world_tune tunes[] = { with_many_eims, with_many_eims_in_another_form };
    for (size_t i = 0; i < COUNT(tunes); i++) {
        struct world w;
        size_t length = 5060;
        world_open(&w, tunes[i]);
        eim_associate(&w, false);
        for (unsigned n = 1; n <= 4; n++)
            CHECK(long_eco_is(&w, 0xa8, n, LONG_NAME, "a803020100"));
        CHECK(long_eco_is(&w, 0xa8, 5, length, "a803020101"));
        while (length > 4700 && !long_eco_is(&w, 0xa8, 5, --length, "a803020100"))
            ;
        CHECK(length > 4700 && es10_sw(&w, "bf5500") == 0x9000);
        world_close(&w);
    }
}

/* GetEimConfigurationData gives them in one answer. */
static void eims_are_bounded_by_what_tells_of_them(void)
{
    struct world w;
    world_open(&w, with_many_eims);
    eim_associate(&w, false);
    for (unsigned n = 1; n <= 4; n++)
        CHECK(long_eco_is(&w, 0xa8, n, LONG_NAME, "a803020100"));
    CHECK_ROW("addEim: insufficientMemory", long_eco_is(&w, 0xa8, 5, LONG_NAME, "a803020101"));
    CHECK(long_eco_is(&w, 0xa8, 5, 2000, "a803020100"));
    CHECK_ROW("updateEim to what has no room: commandError", long_eco_is(&w, 0xaa, 5, LONG_NAME, "8a0107"));
    CHECK_ROW("GetEimConfigurationData", es10_sw(&w, "bf5500") == 0x9000);
    CHECK(ecos_are(&w, "a90480026531", "890100"));
    CHECK_ROW("room again", long_eco_is(&w, 0xaa, 5, LONG_NAME, "8a0100"));
    CHECK_ROW("GetEimConfigurationData", es10_sw(&w, "bf5500") == 0x9000);
    world_close(&w);
}

/* ---- notifications
 * --------------------------------------------------------------------------------------------------------
 */
/* install to a.example and b.example; enable to b.example alone; nobody hears of disable; delete to
 * c.example. */
struct told_of {
    uint32_t events;
    const char *address;
};
static void put_configuration(const struct told_of *rows, size_t count, struct buf *metadata)
{
    struct buf list = { .max = 4096 };
    uint8_t iccid[10];
    for (size_t i = 0; i < count; i++) {
        const struct rsp_notification_configuration n = { rows[i].events,
                                                          span_str(rows[i].address) };
        REQUIRE(rsp_notification_configuration_write(&n, &list) == ERR_OK);
    }
    REQUIRE(saip_iccid_parse(PARTNER_ICCID, iccid) == ERR_OK);
    const struct rsp_store_metadata m = { .iccid = SPAN_ARRAY(iccid),
                                          .service_provider_name = span_str("Lab"),
                                          .profile_name = span_str("told"),
                                          .notification_configuration = buf_span(&list) };
    buf_clear(metadata);
    REQUIRE(rsp_store_metadata_write(&m, metadata) == ERR_OK);
    buf_release(&list);
}

static void put_configured(struct buf *metadata)
{
    static const struct told_of rows[] = {
        { RSP_EVENT_INSTALL, "a.example" },
        { RSP_EVENT_INSTALL | RSP_EVENT_ENABLE, "b.example" },
        { RSP_EVENT_DELETE, "c.example" },
    };
    put_configuration(rows, COUNT(rows), metadata);
}

/* Notifications stored for this address. */
static unsigned told(struct world *w, const char *address)
{
    struct buf response = { .max = 1 << 16 };
    unsigned count = 0;
    REQUIRE(es10(w, SPAN(0xbf, 0x28, 0x00), &response) == 0x9000);
    const uint8_t *at = response.at, *end = response.at + response.len;
    size_t length = strlen(address);
    while ((at = memmem(at, (size_t)(end - at), address, length))) {
        at += length;
        count++;
    }
    buf_release(&response);
    return count;
}

static void who_is_told_of_what_is_configured_per_event_and_address(void)
{
    static const struct {
        const char *name, *command;
        unsigned a, b, c;
    } rows[] = {
        { "EnableProfile", "bf3111a00c" PARTNER "8101ff", 1, 2, 0 },
        { "DisableProfile", "bf3211a00c" PARTNER "8101ff", 1, 2, 0 },
        { "DeleteProfile", "bf330c" PARTNER, 1, 2, 1 },
    };
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    dp_open(&d);
    put_configured(&d.metadata);
    REQUIRE(download(&w, &d) == 0);
    CHECK_ROW("LoadBoundProfilePackage", told(&w, "a.example") == 1 && told(&w, "b.example") == 1 &&
                                             told(&w, "c.example") == 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK_ROW(rows[i].name, es10_sw(&w, rows[i].command) == 0x9000);
        CHECK_ROW(rows[i].name, told(&w, "a.example") == rows[i].a &&
                                    told(&w, "b.example") == rows[i].b &&
                                    told(&w, "c.example") == rows[i].c);
    }
    dp_close(&d);
    world_close(&w);
}

/* A name has 255 octets; with longer ones the list of notifications would outgrow an answer, and no switch be told. */
static void addresses_that_no_name_has_are_not_taken(void)
{
    static char longest[256], longer[257];
    static const struct told_of rows[2][2] = { { { RSP_EVENT_INSTALL, "a.example" }, { RSP_EVENT_ENABLE, longer } },
                                               { { RSP_EVENT_INSTALL, "a.example" }, { RSP_EVENT_ENABLE, longest } } };
    struct world w;
    struct dp d;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    dp_open(&d);
    memset(longest, 'a', sizeof longest - 1);
    memset(longer, 'a', sizeof longer - 1);
    put_configuration(rows[0], 2, &d.metadata);
    CHECK_ROW("a notificationAddress of 256 octets", download(&w, &d) == RSP_INSTALL_INCORRECT_INPUT_VALUES);
    put_configuration(rows[1], 2, &d.metadata);
    CHECK_ROW("a notificationAddress of 255 octets", download(&w, &d) == 0);
    CHECK(es10_is(&w, "bf3111a00c" PARTNER "8101ff", "bf3103800100"));
    CHECK(told(&w, longest) == 1);
    d.server_address = longer;
    CHECK_ROW("a serverAddress of 256 octets: undefinedError", dp_authenticate(&w, &d) == RSP_AUTHENTICATE_UNDEFINED_ERROR);
    d.server_address = longest;
    CHECK_ROW("a serverAddress of 255 octets", dp_authenticate(&w, &d) == 0);
    dp_close(&d);
    world_close(&w);
}

/* A server that nobody reaches: the store is bounded, the oldest go first, and what is told fits an
 * answer. */
static void notifications_that_nobody_fetches_are_bounded(void)
{
    struct world w;
    world_open(&w, NULL);
    for (unsigned i = 0; i < 40; i++) {
        CHECK(es10_is(&w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
        CHECK(es10_is(&w, "bf3111a00c" LEAD "8101ff", "bf3103800100"));
    }
    CHECK_ROW("ListNotification tells all that are kept", told(&w, "smdp.example.com") == 64);
    size_t first = pending_count(&w, "bf2b00");
    CHECK_ROW("RetrieveNotificationsList gives what fits", first >= 20 && first <= 64);
    CHECK_ROW("the oldest were dropped", es10_is(&w, "bf3003800110", "bf3003800101"));
    CHECK_ROW("the oldest that is there", es10_is(&w, "bf3003800111", "bf3003800100"));
    CHECK(pending_count(&w, "bf2b00") >= first - 1);
    world_reset(&w);
    CHECK(told(&w, "smdp.example.com") == 63);
    world_close(&w);
}

const struct test code_tests[] = {
    { "a server without identifier is named as such",
      a_server_without_identifier_is_named_as_such },
    { "keys on other curves are named as such", keys_on_other_curves_are_named_as_such },
    { "packages and results have their bounds", packages_and_results_have_their_bounds },
    { "commands answer with their rarer codes", commands_answer_with_their_rarer_codes },
    { "a card without fallback has no attribute to take away",
      a_card_without_fallback_has_no_attribute_to_take_away },
    { "several eIMs are bounded and have tokens of their own",
      several_eims_are_bounded_and_have_tokens_of_their_own },
    { "notifications that nobody fetches are bounded",
      notifications_that_nobody_fetches_are_bounded },
    { "eIMs are bounded by what tells of them", eims_are_bounded_by_what_tells_of_them },
    { "and the last that has room is told of, in either form", the_last_eim_with_room_is_told_of },
    { "addresses that no name has are not taken", addresses_that_no_name_has_are_not_taken },
    { "initial eIMs are bounded together", initial_eims_are_bounded_together },
    { "who is told of what is configured per event and address",
      who_is_told_of_what_is_configured_per_event_and_address },
};
const size_t code_tests_count = COUNT(code_tests);
