/* REFRESH: 91xx, FETCH, TERMINAL RESPONSE; a proactive session that is under way is catBusy. */
#include "rsp_codes.h"
#include "world.h"

#define LEAD "5a0a98001032547698103214"
#define PARTNER "5a0a98001032547698103285"
#define PROFILE "80100000050000800000"
#define REFRESH "d009810301010482028182"
#define DONE "801400000c810301010482028281830100"

static void rows(struct world *w, const char *const (*row)[2], const char *const *names,
                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK_ROW(names[i], apdu_is(w, row[i][0], row[i][1]));
}

/* STORE DATA of a switch whose answer is fetched at once. */
#define DISABLE_LEAD "81e2910014bf3211a00c" LEAD "8101ff00"
#define ENABLE_LEAD "81e2910014bf3111a00c" LEAD "8101ff00"
#define ENABLE_LEAD_QUIETLY "81e2910014bf3111a00c" LEAD "81010000"

static void a_refresh_is_fetched_and_answered(void)
{
    static const char *const row[][2] = {
        { "8012000000", "6985" },
        { DONE, "6985" },
        { "80100000", "6700" },
        { "801001000100", "6a86" },
        { PROFILE, "9000" },
        { DISABLE_LEAD, "bf3203800100910b" },
        { "00a4000c023f00", "6a82" },
        { "0070000001", "02910b" },
        { "8012000000", "6c0b" },
        { "80120000", "6700" },
        { "801200010b", "6a86" },
        { "811200000b", "6881" },
        { "001200000b", "6e00" },
        { "801200000b", REFRESH "9000" },
        { "801200000b", "6985" },
        { "8014000003830100", "6a80" },
        { "8014000009810302010482028281", "6a80" },
        { "8014000009810301010482028281", "6a80" },
        { DONE, "9000" },
        { DONE, "6985" },
        { ENABLE_LEAD_QUIETLY, "bf31038001009000" },
    };
    static const char *const names[] = {
        "FETCH with nothing to fetch",
        "TERMINAL RESPONSE to nothing",
        "TERMINAL PROFILE without data",
        "TERMINAL PROFILE with parameters",
        "TERMINAL PROFILE with REFRESH",
        "DisableProfile with refreshFlag answers 91xx",
        "the switch is done",
        "91xx comes with every success until it is fetched",
        "FETCH with another length",
        "FETCH without length",
        "FETCH with parameters",
        "FETCH on another channel",
        "FETCH of another class",
        "FETCH",
        "FETCH once",
        "TERMINAL RESPONSE without command details",
        "TERMINAL RESPONSE to another command",
        "TERMINAL RESPONSE without result",
        "TERMINAL RESPONSE",
        "TERMINAL RESPONSE once",
        "EnableProfile without refreshFlag",
    };
    struct world w;
    world_open(&w, NULL);
    rows(&w, row, names, COUNT(row));
    world_close(&w);
}

static void a_terminal_that_knows_no_refresh_gets_none(void)
{
    static const char *const row[][2] = {
        { "80100000057fff7fffff", "9000" },
        { DISABLE_LEAD, "bf32038001009000" },
        { PROFILE, "9000" },
        { ENABLE_LEAD, "bf3103800100910b" },
    };
    static const char *const names[] = { "TERMINAL PROFILE without REFRESH",
                                         "DisableProfile answers 9000",
                                         "TERMINAL PROFILE with REFRESH",
                                         "EnableProfile answers 91xx" };
    struct world w;
    world_open(&w, NULL);
    rows(&w, row, names, COUNT(row));
    world_reset(&w);
    CHECK(apdu_is(&w, "801200000b", "6985")); /* the reset did what REFRESH would have */
    world_close(&w);
}

static void fetch_refresh(struct world *w)
{
    CHECK(apdu_is(w, PROFILE, "9000"));
    CHECK(es10_is(w, "bf3211a00c" LEAD "8101ff", "bf3203800100"));
    CHECK(es10_is(w, "bf3111a00c" LEAD "8101ff", "bf3103800100"));
    CHECK(apdu_is(w, "801200000b", REFRESH "9000"));
}

/* Every function that switches, while the terminal has the REFRESH and has not answered. */
static void a_proactive_session_under_way_is_cat_busy(void)
{
    static const struct {
        const char *name, *request, *response;
    } row[] = {
        { "EnableProfile", "bf3111a00c" PARTNER "8101ff", "bf3103800105" },
        { "DisableProfile", "bf3211a00c" LEAD "8101ff", "bf3203800105" },
        { "eUICCMemoryReset of the enabled profile", "bf640482020780", "bf6403800105" },
        { "ExecuteFallbackMechanism", "bf5d038001ff", "bf5d03800102" },
        { "EnableEmergencyProfile", "bf5b038001ff", "bf5b03800105" },
    };
    const struct wishes emergency = { .ecall = true, .profile_class = 2 };
    struct world w;
    world_open(&w, NULL);
    REQUIRE(download_profile(&w, PARTNER_ICCID, &emergency) == 0);
    eim_associate(&w, false);
    REQUIRE(eim_package_is(&w, "a80c" LEAD, "8d0100"));
    fetch_refresh(&w);
    for (size_t i = 0; i < COUNT(row); i++)
        CHECK_ROW(row[i].name, es10_is(&w, row[i].request, row[i].response));
    CHECK_ROW("enable PSMO", eim_package_is(&w, "a30c" PARTNER, "830105"));
    CHECK_ROW("disable PSMO", eim_package_is(&w, "a40c" LEAD, "840105"));
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    CHECK(apdu_is(&w, DONE, "9000"));
    CHECK_ROW("enable PSMO with rollback", eim_package_is(&w, "a30e" PARTNER "0500", "830100"));
    CHECK(apdu_is(&w, "801200000b", REFRESH "9000")); /* packages ask for a REFRESH too */
    CHECK_ROW("ProfileRollback", es10_is(&w, "bf58038001ff", "bf5803020105"));
    CHECK_ROW("ExecuteFallbackMechanism", es10_is(&w, "bf5d038001ff", "bf5d03800105"));
    CHECK(apdu_is(&w, DONE, "9000"));
    CHECK(es10_is(&w, "bf5d038001ff", "bf5d03800100"));
    CHECK(apdu_is(&w, "801200000b", REFRESH "9000"));
    CHECK_ROW("ReturnFromFallback", es10_is(&w, "bf5e038001ff", "bf5e03800105"));
    CHECK(apdu_is(&w, DONE, "9000"));
    CHECK(es10_is(&w, "bf5b038001ff", "bf5b03800100"));
    CHECK(apdu_is(&w, "801200000b", REFRESH "9000"));
    CHECK_ROW("DisableEmergencyProfile", es10_is(&w, "bf5c038001ff", "bf5c03800105"));
    world_close(&w);
}

static void immediate_enabling_waits_for_the_terminal_too(void)
{
    struct world w;
    const struct wishes ordinary = ORDINARY;
    world_open(&w, NULL);
    CHECK(es10_is(&w, "bf59028000", "bf5903800100"));
    REQUIRE(download_profile(&w, PARTNER_ICCID, &ordinary) == 0);
    fetch_refresh(&w);
    CHECK_ROW("ImmediateEnable", es10_is(&w, "bf5a038001ff", "bf5a03800105"));
    CHECK(apdu_is(&w, DONE, "9000"));
    CHECK_ROW("ImmediateEnable after that", es10_is(&w, "bf5a038001ff", "bf5a03800100"));
    world_close(&w);
}

static void what_was_not_saved_refreshes_nothing(void)
{
    struct world w;
    world_open(&w, NULL);
    CHECK(apdu_is(&w, PROFILE, "9000"));
    w.nvm.cut_at = w.nvm.saves + 1;
    CHECK(es10_sw(&w, "bf3211a00c" LEAD "8101ff") == 0);
    w.nvm.cut_at = 0;
    world_reset(&w);
    CHECK(profile_state(&w, LEAD_ICCID) == 1);
    CHECK(apdu_is(&w, PROFILE, "9000"));
    CHECK(apdu_is(&w, "801200000b", "6985"));
    world_close(&w);
}

const struct test cat_tests[] = {
    { "a REFRESH is fetched and answered", a_refresh_is_fetched_and_answered },
    { "a terminal that knows no REFRESH gets none", a_terminal_that_knows_no_refresh_gets_none },
    { "a proactive session under way is catBusy", a_proactive_session_under_way_is_cat_busy },
    { "immediate enabling waits for the terminal too",
      immediate_enabling_waits_for_the_terminal_too },
    { "what was not saved refreshes nothing", what_was_not_saved_refreshes_nothing },
};
const size_t cat_tests_count = COUNT(cat_tests);
