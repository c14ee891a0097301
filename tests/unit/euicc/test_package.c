#include <stdio.h>
#include <string.h>

#include "der.h"
#include "rsp_codes.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"
#define UNKNOWN "5a0a98001032547698103299"
#define ENABLE_PARTNER "a30c" PARTNER
#define ENABLE_PARTNER_ROLLBACK "a30e" PARTNER "0500"

/* The lead profile enabled, the partner's downloaded, an eIM associated. */
static void ready(struct world *w, bool with_token)
{
    struct dp d;
    world_open(w, NULL);
    dp_open(&d);
    REQUIRE(download(w, &d) == 0);
    eim_associate(w, with_token);
    dp_close(&d);
}

static void commands_answer_with_their_codes(void)
{
    static const struct {
        const char *name, *psmos, *results;
    } rows[] = {
        { "enable of an unknown profile", "a30c" UNKNOWN, "830101" },
        { "enable of the enabled profile", "a30c" LEAD, "830102" },
        { "disable of a disabled profile", "a40c" PARTNER, "840102" },
        { "disable of an unknown profile", "a40c" UNKNOWN, "840101" },
        { "delete of the enabled profile", "a50c" LEAD, "850102" },
        { "delete of an unknown profile", "a50c" UNKNOWN, "850101" },
        { "fallback attribute where it is not allowed", "a80c" PARTNER, "8d0102" },
        { "fallback attribute of an unknown profile", "a80c" UNKNOWN, "8d0101" },
        { "no fallback attribute to take away", "a900", "8e0102" },
        { "fallback attribute for the lead profile", "a80c" LEAD, "8d0100" },
        { "the same again", "a80c" LEAD, "8d0100" },
        { "not taken away while its profile is enabled", "a900", "8e0103" },
        { "default SM-DP+ address", "bf65058003612e62", "bf6503800100" },
        { "immediate enabling", "a7028000", "870100" },
        { "list of one tag", "bf2d035c015a", "bf2d1ea01ce30c" LEAD "e30c" PARTNER },
        { "no command at all", "", "" },
        { "the first failure ends the package", "a30c" UNKNOWN "a50c" PARTNER, "830101" },
        { "two results in order",
          "a7028000"
          "a80c" LEAD,
          "8701008d0100" },
        { "an unknown command ends it",
          "a7028000"
          "bf7f00",
          "870100020102" },
        { "a damaged command ends it",
          "a7028000"
          "a3055a",
          "870100020102" },
        { "rules authorisation table", "a600", "a612301080020560a10730058003eeeeee820100" },
        { "disable and delete together", "a40c" LEAD "a50c" LEAD, "840100850100" },
        { "enable after that, with nothing to return to", "a30e" PARTNER "0500", "830114" },
        { "enable without rollback", ENABLE_PARTNER, "830100" },
    };
    struct world w;
    ready(&w, false);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, eim_package_is(&w, rows[i].psmos, rows[i].results));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profile_state(&w, LEAD_ICCID) == -1);
    world_close(&w);
}

static void the_rules_of_a_package_hold(void)
{
    static const struct {
        const char *name, *psmos, *results;
    } rows[] = {
        { "no disable after enable", ENABLE_PARTNER "a40c" PARTNER, "83010084017f" },
        { "no second enable", "a30c" LEAD "a30c" PARTNER, "83010083017f" },
        { "no list after a change", ENABLE_PARTNER "bf2d00", "830100bf2d0381010b" },
        { "no delete of what a rollback returns to",
          "a30e" LEAD "0500"
          "a50c" PARTNER,
          "830100850114" },
        { "rollback to what was disabled in the same package", "a40c" LEAD "a30e" PARTNER "0500",
          "840100830100" },
    };
    struct world w;
    ready(&w, true);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_ROW(rows[i].name, eim_package_is(&w, rows[i].psmos, rows[i].results));
    CHECK(profiles_enabled(&w) == 1);
    world_close(&w);
}

static void packages_that_cannot_be_trusted_change_nothing(void)
{
    static const struct {
        const char *name;
        enum eim_flaw flaw;
        bool token;
        enum rsp_package_result_which which;
        int64_t code;
    } rows[] = {
        { "altered signature", EIM_FLIP_SIGNATURE, false, RSP_PACKAGE_ERROR_UNSIGNED, 0 },
        { "altered signature, with token", EIM_FLIP_SIGNATURE, true, RSP_PACKAGE_ERROR_UNSIGNED,
          0 },
        { "signed with another token", EIM_WRONG_TOKEN, true, RSP_PACKAGE_ERROR_UNSIGNED, 0 },
        { "unknown eIM", EIM_OTHER_ID, true, RSP_PACKAGE_ERROR_UNSIGNED, 0 },
        { "for another card", EIM_OTHER_EID, false, RSP_PACKAGE_ERROR_SIGNED,
          RSP_PACKAGE_INVALID_EID },
        { "counter beyond the range", EIM_HUGE_COUNTER, false, RSP_PACKAGE_ERROR_SIGNED,
          RSP_PACKAGE_COUNTER_VALUE_OUT_OF_RANGE },
        { "counter used before", EIM_OLD_COUNTER, true, RSP_PACKAGE_ERROR_SIGNED,
          RSP_PACKAGE_REPLAY_ERROR },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = 4096 };
        struct rsp_euicc_package_result r;
        ready(&w, rows[i].token);
        CHECK(eim_package_is(&w, "a7028000", "870100"));
        unsigned saves = w.nvm.saves;
        eim_package_with(&w, rows[i].flaw, ENABLE_PARTNER, &response);
        REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK);
        CHECK_ROW(rows[i].name, r.which == rows[i].which && r.error.data.code == rows[i].code);
        if (rows[i].which == RSP_PACKAGE_ERROR_UNSIGNED)
            CHECK_ROW(rows[i].name, r.unsigned_error.association_token.present ==
                                        (rows[i].token && rows[i].flaw != EIM_OTHER_ID));
        CHECK_ROW(rows[i].name, w.nvm.saves == saves && profile_state(&w, LEAD_ICCID) == 1);
        buf_release(&response);
        world_close(&w);
    }
}

static void a_replayed_package_is_refused_after_a_reset_too(void)
{
    struct world w;
    struct buf response = { .max = 4096 };
    struct rsp_euicc_package_result r;
    ready(&w, false);
    CHECK(eim_package_is(&w, "a7028000", "870100"));
    world_reset(&w);
    eim_package_with(&w, EIM_OLD_COUNTER, ENABLE_PARTNER, &response);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&response), &r) == ERR_OK);
    CHECK(r.which == RSP_PACKAGE_ERROR_SIGNED && r.error.data.code == RSP_PACKAGE_REPLAY_ERROR);
    buf_release(&response);
    world_close(&w);
}

static void results_are_stored_until_removed(void)
{
    struct world w;
    struct buf response = { .max = 4096 }, stored = { .max = 8192 };
    struct rsp_euicc_package_result r;
    ready(&w, true);
    eim_package(&w, "a7028000", &response);
    REQUIRE(eim_results(&w, buf_span(&response), &r));
    world_reset(&w);
    CHECK(pending_count(&w, "bf2b04a0028200") == 1);
    struct der_tlv outer, list;
    REQUIRE(es10(&w, SPAN(0xbf, 0x2b, 0x04, 0xa0, 0x02, 0x82, 0x00), &stored) == 0x9000);
    REQUIRE(der_only(buf_span(&stored), 0xbf2b, &outer) == ERR_OK &&
            der_find(outer.value, 0xa2, &list) == ERR_OK);
    CHECK(span_equal(list.value, buf_span(&response)));
    char remove[32];
    snprintf(remove, sizeof remove, "bf30038001%02x", (unsigned)r.result.data.seq_number);
    CHECK(es10_is(&w, remove, "bf3003800100"));
    CHECK(es10_is(&w, remove, "bf3003800101"));
    CHECK(pending_count(&w, "bf2b04a0028200") == 0);
    buf_release(&response);
    buf_release(&stored);
    world_close(&w);
}

static void enabling_switches_and_notifies(void)
{
    struct world w;
    ready(&w, false);
    size_t before = pending_count(&w, "bf2b00");
    CHECK(eim_package_is(&w, ENABLE_PARTNER, "830100"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profile_state(&w, LEAD_ICCID) == 0);
    CHECK(pending_count(&w, "bf2b00") == before + 2);   /* disable of one, enable of the other */
    CHECK(es10_is(&w, "bf58038001ff", "bf5803020101")); /* no rollback was granted */
    world_close(&w);
}

static void a_rollback_returns_and_replaces_the_result(void)
{
    struct world w;
    struct buf first = { .max = 4096 }, response = { .max = 4096 };
    struct rsp_euicc_package_result before, after;
    ready(&w, true);
    eim_package(&w, ENABLE_PARTNER_ROLLBACK, &first);
    REQUIRE(eim_results(&w, buf_span(&first), &before));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1);
    world_reset(&w); /* it survives a power cut */
    REQUIRE(es10(&w, SPAN(0xbf, 0x58, 0x03, 0x80, 0x01, 0xff), &response) == 0x9000);
    struct der_tlv outer, code, result;
    REQUIRE(der_only(buf_span(&response), 0xbf58, &outer) == ERR_OK);
    REQUIRE(der_find(outer.value, 0x02, &code) == ERR_OK && span_equal(code.value, SPAN(0x00)));
    REQUIRE(der_find(outer.value, 0xbf51, &result) == ERR_OK);
    REQUIRE(eim_results(&w, result.whole, &after));
    CHECK(span_equal(after.result.data.results, SPAN(0x8c, 0x01, 0x00)));
    CHECK(after.result.data.counter == before.result.data.counter);
    CHECK(after.result.data.seq_number > before.result.data.seq_number);
    CHECK(profile_state(&w, LEAD_ICCID) == 1 && profiles_enabled(&w) == 1);
    CHECK(pending_count(&w, "bf2b04a0028200") == 1); /* the old result is not delivered any more */
    CHECK(es10_is(&w, "bf58038001ff", "bf5803020101")); /* once */
    buf_release(&first);
    buf_release(&response);
    world_close(&w);
}

static void what_ends_a_granted_rollback(void)
{
    static const struct {
        const char *name, *psmo, *command;
    } rows[] = {
        { "the next accepted package", "a7028000", NULL },
        { "a local switch", NULL, "bf3211a00c5a0a980010325476981032858101ff" },
        { "fallback", NULL, "bf5d038001ff" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct buf response = { .max = 4096 };
        ready(&w, false);
        CHECK(eim_package_is(&w, "a80c" LEAD, "8d0100"));
        CHECK(eim_package_is(&w, ENABLE_PARTNER_ROLLBACK, "830100"));
        if (rows[i].psmo)
            eim_package(&w, rows[i].psmo, &response);
        else
            CHECK(es10_sw(&w, rows[i].command) == 0x9000);
        CHECK_ROW(rows[i].name, es10_is(&w, "bf58038001ff", "bf5803020101"));
        buf_release(&response);
        world_close(&w);
    }
}

static void a_refused_package_leaves_the_rollback(void)
{
    struct world w;
    struct buf response = { .max = 4096 };
    ready(&w, false);
    CHECK(eim_package_is(&w, ENABLE_PARTNER_ROLLBACK, "830100"));
    eim_package_with(&w, EIM_FLIP_SIGNATURE, "a7028000", &response);
    CHECK(es10_sw(&w, "bf58038001ff") == 0x9000);
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    buf_release(&response);
    world_close(&w);
}

static void fallback_and_back(void)
{
    struct world w;
    ready(&w, false);
    CHECK(eim_package_is(&w, "a80c" LEAD, "8d0100"));
    CHECK(es10_is(&w, "bf5d038001ff", "bf5d03800102")); /* it is enabled already */
    CHECK(eim_package_is(&w, ENABLE_PARTNER, "830100"));
    CHECK(es10_is(&w, "bf5e038001ff", "bf5e03800106"));
    CHECK(es10_is(&w, "bf5d038001ff", "bf5d03800100"));
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    CHECK(eim_package_is(&w, "a50c" PARTNER, "850115")); /* it is the one to return to */
    world_reset(&w);
    CHECK(es10_is(&w, "bf5e038001ff", "bf5e03800100"));
    CHECK(profile_state(&w, PARTNER_ICCID) == 1 && profiles_enabled(&w) == 1);
    world_close(&w);
}

static void without_fallback(struct euicc_settings *s)
{
    s->no_fallback = true;
}

static void a_card_without_fallback_refuses_it(void)
{
    struct world w;
    world_open(&w, without_fallback);
    eim_associate(&w, false);
    CHECK(eim_package_is(&w, "a80c" LEAD, "8d0102"));
    CHECK(es10_is(&w, "bf5d038001ff", "bf5d03800106"));
    world_close(&w);
}

static void eims_manage_associations(void)
{
    static const struct {
        const char *name, *ecos, *results;
    } rows[] = {
        { "list", "ab00", "ab0ea00c300a80087465737465696d31" },
        { "delete of an unknown one", "a90a80087465737465696d39", "890101" },
        { "add without key", "a80a80087465737465696d39", "a803020107" },
        { "add of one that is there", "a80a80087465737465696d31", "a803020102" },
        { "update of an unknown one", "aa0a80087465737465696d39", "8a0101" },
        { "update of nothing", "aa0a80087465737465696d31", "8a0107" },
        { "update with a lower counter", "aa0d80087465737465696d31830100", "8a0106" },
        { "update of the host name",
          "aa0d80087465737465696d318101"
          "61",
          "8a0100" },
        { "update that allows indirect downloads, and nothing else", "aa0c80087465737465696d318900", "8a0100" },
        { "delete of the last one, which is the requester", "a90a80087465737465696d31", "890102" },
    };
    struct world w;
    ready(&w, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf response = { .max = 4096 }, want = hex(rows[i].results);
        struct rsp_euicc_package_result r;
        eim_package_with(&w, EIM_ECO, rows[i].ecos, &response);
        CHECK_ROW(rows[i].name, eim_results(&w, buf_span(&response), &r) &&
                                    span_equal(r.result.data.results, buf_span(&want)));
        buf_release(&response);
        buf_release(&want);
    }
    CHECK(es10_is(&w, "bf5500", "bf5502a000"));
    eim_associate(&w, false); /* possible again */
    world_close(&w);
}

const struct test package_tests[] = {
    { "commands answer with their codes", commands_answer_with_their_codes },
    { "the rules of a package hold", the_rules_of_a_package_hold },
    { "packages that cannot be trusted change nothing",
      packages_that_cannot_be_trusted_change_nothing },
    { "a replayed package is refused after a reset too",
      a_replayed_package_is_refused_after_a_reset_too },
    { "results are stored until removed", results_are_stored_until_removed },
    { "enabling switches and notifies", enabling_switches_and_notifies },
    { "a rollback returns and replaces the result", a_rollback_returns_and_replaces_the_result },
    { "what ends a granted rollback", what_ends_a_granted_rollback },
    { "a refused package leaves the rollback", a_refused_package_leaves_the_rollback },
    { "fallback and back", fallback_and_back },
    { "a card without fallback refuses it", a_card_without_fallback_refuses_it },
    { "eIMs manage associations", eims_manage_associations },
};
const size_t package_tests_count = COUNT(package_tests);
