#include <string.h>

#include "db.h"
#include "eso_model.h"
#include "eso_policy.h"
#include "harness.h"
#include "schema.h"

#define NOW INT64_C(1000000)

static struct device device_in(const char *country, const char *profile_of, bool enabled)
{
    struct device d = { .lead = "lead", .profile_count = 1 };
    strcpy(d.country, country);
    strcpy(d.profile[0].carrier, "lead");
    d.profile[0].enabled = !enabled;
    if (profile_of) {
        strcpy(d.profile[1].carrier, profile_of);
        d.profile[1].enabled = enabled;
        d.profile_count = 2;
    }
    return d;
}

static const struct {
    const char *name, *country, *profile_of, *target, *territory;
    bool enabled, agreement;
    int64_t quota, used, from, to;
    enum policy_verdict verdict;
    const char *cause;
} swaps[] = {
    { "a contract that fits allocates", "KE", NULL, "partner", "KE,TZ", false, true, 10, 9, 0, 0, POLICY_ALLOCATE, "" },
    { "no territory means anywhere", "DE", NULL, "partner", "", false, true, -1, 0, 0, 0, POLICY_ALLOCATE, "" },
    { "no contract, no swap (96)", "KE", NULL, "partner", "", false, false, 0, 0, 0, 0, POLICY_REFUSE, "no-agreement" },
    { "another country is refused (97)", "DE", NULL, "partner", "KE,TZ", false, true, -1, 0, 0, 0, POLICY_REFUSE,
      "outside-territory" },
    { "the quota is reached though stock is left (30)", "KE", NULL, "partner", "KE", false, true, 10, 10, 0, 0,
      POLICY_REFUSE, "quota-reached" },
    { "an expired contract is refused (31)", "KE", NULL, "partner", "KE", false, true, -1, 0, 0, NOW, POLICY_REFUSE,
      "contract-not-valid" },
    { "a contract of tomorrow is refused", "KE", NULL, "partner", "KE", false, true, -1, 0, NOW + 1, 0, POLICY_REFUSE,
      "contract-not-valid" },
    { "the last moment counts", "KE", NULL, "partner", "KE", false, true, -1, 0, NOW, NOW + 1, POLICY_ALLOCATE, "" },
    { "a present profile is only enabled, whatever the quota (2)", "KE", "partner", "partner", "KE", false, true, 1, 1, 0,
      0, POLICY_ENABLE_ONLY, "" },
    { "a present profile outside its territory is refused", "DE", "partner", "partner", "KE", false, true, -1, 0, 0, 0,
      POLICY_REFUSE, "outside-territory" },
    { "a present profile without contract is refused", "KE", "partner", "partner", "", false, false, 0, 0, 0, 0,
      POLICY_REFUSE, "no-agreement" },
    { "home to the lead needs no contract (3)", "DE", "partner", "lead", "", true, false, 0, 0, 0, 0,
      POLICY_ENABLE_ONLY, "" },
    { "where it is already nothing is done", "KE", "partner", "partner", "KE", true, true, -1, 0, 0, 0, POLICY_NOTHING,
      "" },
};

static void test_policy(void)
{
    for (size_t i = 0; i < COUNT(swaps); i++) {
        struct device d = device_in(swaps[i].country, swaps[i].profile_of, swaps[i].enabled);
        struct contract c = { .quota = swaps[i].quota, .used = swaps[i].used, .valid_from = swaps[i].from,
                              .valid_to = swaps[i].to };
        strcpy(c.territory, swaps[i].territory);
        struct policy_decision got = policy_decide_swap(&(struct policy_facts){
            .now = NOW, .device = &d, .target = swaps[i].target, .contracts = &c,
            .contract_count = swaps[i].agreement });
        CHECK_ROW(swaps[i].name, got.verdict == swaps[i].verdict);
        CHECK_ROW(swaps[i].name, strcmp(got.cause, swaps[i].cause) == 0);
        CHECK_ROW(swaps[i].name, got.reason[0] != '\0');
        CHECK_ROW(swaps[i].name, (got.contract != NULL) == (got.verdict == POLICY_ALLOCATE ||
                                                            (got.verdict == POLICY_ENABLE_ONLY &&
                                                             swaps[i].agreement)));
    }
}

static void test_second_contract(void)
{
    struct device d = device_in("KE", NULL, false);
    struct contract c[2] = { { .quota = 1, .used = 1 }, { .quota = 1, .used = 0 } };
    struct policy_decision got = policy_decide_swap(&(struct policy_facts){
        .now = NOW, .device = &d, .target = "partner", .contracts = c, .contract_count = 2 });
    CHECK(got.verdict == POLICY_ALLOCATE && got.contract == &c[1]);
}

static const struct {
    const char *name;
    enum stock_state from, to;
    bool may;
} moves[] = {
    { "available is taken", STOCK_AVAILABLE, STOCK_ALLOCATED, true },
    { "available is never ordered without being taken", STOCK_AVAILABLE, STOCK_ORDERED, false },
    { "ordered can come back on proof", STOCK_ORDERED, STOCK_AVAILABLE, true },
    { "ordered in doubt is put aside", STOCK_ORDERED, STOCK_QUARANTINED, true },
    { "installed never comes back", STOCK_INSTALLED, STOCK_AVAILABLE, false },
    { "enabled never comes back", STOCK_ENABLED, STOCK_AVAILABLE, false },
    { "quarantined comes back on proof", STOCK_QUARANTINED, STOCK_AVAILABLE, true },
    { "quarantined is not taken", STOCK_QUARANTINED, STOCK_ALLOCATED, false },
    { "retired stays retired", STOCK_RETIRED, STOCK_AVAILABLE, false },
};

static void test_stock(void)
{
    for (size_t i = 0; i < COUNT(moves); i++)
        CHECK_ROW(moves[i].name, stock_may_become(moves[i].from, moves[i].to) == moves[i].may);
}

static const struct {
    const char *name;
    bool (*is_valid)(const char *);
    const char *text;
    bool valid;
} shapes[] = {
    { "an EID has 32 digits", eso_eid_is_valid, "89049032123451234512345678901235", true },
    { "31 digits are no EID", eso_eid_is_valid, "8904903212345123451234567890123", false },
    { "33 digits are no EID", eso_eid_is_valid, "890490321234512345123456789012355", false },
    { "a letter is no EID", eso_eid_is_valid, "8904903212345123451234567890123A", false },
    { "nothing is no EID", eso_eid_is_valid, NULL, false },
    { "19 digits are an ICCID", eso_iccid_is_valid, "8949000000000000001", true },
    { "20 digits are an ICCID", eso_iccid_is_valid, "89490000000000000012", true },
    { "18 digits are no ICCID", eso_iccid_is_valid, "894900000000000000", false },
    { "a filler is no digit", eso_iccid_is_valid, "8949000000000000001F", false },
    { "an id", eso_id_is_valid, "eim.example.com", true },
    { "no id has a slash", eso_id_is_valid, "a/b", false },
    { "no id is empty", eso_id_is_valid, "", false },
    { "no id has 65 characters", eso_id_is_valid, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "a country", eso_country_is_valid, "KE", true },
    { "no country in small letters", eso_country_is_valid, "ke", false },
    { "no country of three letters", eso_country_is_valid, "KEN", false },
};

static void test_shapes(void)
{
    for (size_t i = 0; i < COUNT(shapes); i++)
        CHECK_ROW(shapes[i].name, shapes[i].is_valid(shapes[i].text) == shapes[i].valid);
}

static void test_states(void)
{
    enum swap_state s = SWAP_DONE;
    for (int i = SWAP_REQUESTED; i <= SWAP_EXPIRED; i++) {
        CHECK(swap_state_read(swap_state_name((enum swap_state)i), &s) == ERR_OK);
        CHECK(s == (enum swap_state)i);
    }
    CHECK(swap_state_read("done", &s) == ERR_PARSE);
    CHECK(swap_state_is_end(SWAP_DONE) && swap_state_is_end(SWAP_EXPIRED) && !swap_state_is_end(SWAP_HELD));
}

static enum err take_row(void *context, const struct db_row *r)
{
    return buf_printf(context, "%s %s %s;", db_text(r, 0), db_text(r, 1), db_text(r, 2));
}

/* Of the store whose journal, devices and profiles had a second tree each. */
static void test_older_store(void)
{
    static const char *const rows[] = {
        "INSERT INTO journal VALUES ('t', 's1', 1, 'order', 2, 30, 'done', 'ORDERED', '', '')",
        "INSERT INTO devices VALUES ('t', '89', 'meter', '', 'KE', 'eim', 'lead')",
        "INSERT INTO profiles VALUES ('t', '89', '8900', 'lead', 1, 0)",
    };
    struct log log = { .actor = "test" };
    struct buf found = { .max = 400 };
    struct db *db = NULL;
    REQUIRE(db_open(&log, NULL, false, &db) == ERR_OK && db_migrate(db, eso_migrations, 2) == ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++)
        REQUIRE(db_run(db, rows[i], NULL, 0, NULL) == ERR_OK);
    REQUIRE(db_migrate(db, eso_migrations, eso_migration_count) == ERR_OK);
    REQUIRE(db_query(db,
                     "SELECT step, at, state FROM journal UNION ALL SELECT eid, name, lead FROM devices UNION ALL"
                     " SELECT eid, iccid, enabled FROM profiles",
                     NULL, 0, take_row, &found) == ERR_OK);
    CHECK(strcmp(buf_cstr(&found), "order 30 ORDERED;89 meter lead;89 8900 1;") == 0);
    buf_release(&found);
    db_close(db);
}

static const struct test tests[] = {
    { "the policy decides and says why", test_policy },
    { "the second contract is used when the first is used up", test_second_contract },
    { "a code's life goes one way but for proof", test_stock },
    { "identifiers have their shapes", test_shapes },
    { "states have names", test_states },
    { "what an older store holds is kept", test_older_store },
};

int main(void)
{
    return tests_main("eso", tests, COUNT(tests));
}
