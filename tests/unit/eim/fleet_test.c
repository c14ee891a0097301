/* Orders for many eUICCs at a time, the hand-over of a fleet, and how long what ended is kept. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"

#define MANY LAB_EIM_URL "/v1/orders"
#define UNKNOWN "89049032000000000000000000000066"

static int64_t count(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, sql, NULL, 0, &n) == ERR_OK);
    return n;
}

static int64_t member(const json_t *answer, const char *name)
{
    int64_t n = -1;
    CHECK(json_int(answer, name, &n) == ERR_OK);
    return n;
}

/* --- many at a time -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *eid;
    int64_t status;
} ones[] = {
    { "one that is registered", LAB_OTHER_EID, 202 },
    { "one that is named twice", LAB_EID, 200 },
    { "one that nobody registered", UNKNOWN, 404 },
    { "another tenant's", "89049032000000000000000000001036", 404 },
    { "no EID", "x", 404 },
};

static void each_euicc_has_its_outcome(void)
{
    for (size_t i = 0; i < COUNT(ones); i++) {
        struct fixture f;
        char body[300];
        json_t *answer = NULL;
        fixture_open(&f);
        REQUIRE(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
        REQUIRE(lab_call(&f.l, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"89049032000000000000000000001036\"}", NULL) == 201);
        snprintf(body, sizeof body, "{\"reference\":\"fleet\",\"kind\":\"listEim\",\"eids\":[\"" LAB_EID "\",\"%s\"]}", ones[i].eid);
        REQUIRE(lab_call(&f.l, f.l.eso, "POST", MANY, body, &answer) == 200);
        const json_t *second = json_array_get(json_object_get(answer, "results"), 1);
        CHECK_ROW(ones[i].name, member(second, "status") == ones[i].status && member(answer, "queued") == 1 + (ones[i].status == 202));
        CHECK_ROW(ones[i].name, member(answer, "known") == (ones[i].status == 200) && member(answer, "refused") == (ones[i].status >= 400));
        CHECK_ROW(ones[i].name, (json_str(second, "orderId") != NULL) == (ones[i].status < 400));
        json_decref(answer);
        CHECK_ROW(ones[i].name, strcmp(order_state(&f, "fleet/" LAB_EID), "queued") == 0);
        lab_restart(&f.l, LAB_EIM);
        REQUIRE(lab_call(&f.l, f.l.eso, "POST", MANY, body, &answer) == 200); /* again: nothing new */
        CHECK_ROW(ones[i].name, member(answer, "queued") == 0 && count(&f, "SELECT count(*) FROM orders") == 1 + (ones[i].status == 202));
        json_decref(answer);
        fixture_close(&f);
    }
}

static const struct {
    const char *name, *body;
} refused[] = {
    { "no EIDs", "{\"reference\":\"r\",\"kind\":\"list\"}" },
    { "an empty list", "{\"reference\":\"r\",\"kind\":\"list\",\"eids\":[]}" },
    { "a text for the list", "{\"reference\":\"r\",\"kind\":\"list\",\"eids\":\"" LAB_EID "\"}" },
    { "no reference", "{\"kind\":\"list\",\"eids\":[\"" LAB_EID "\"]}" },
    { "a reference without room for the EID",
      "{\"reference\":\"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456\","
      "\"kind\":\"list\",\"eids\":[\"" LAB_EID "\"]}" },
    { "a kind of nobody", "{\"reference\":\"r\",\"kind\":\"x\",\"eids\":[\"" LAB_EID "\"]}" },
    { "one code for all", "{\"reference\":\"r\",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\",\"eids\":[\"" LAB_EID "\"]}" },
    { "parameters that are wrong", "{\"reference\":\"r\",\"kind\":\"deleteEim\",\"eids\":[\"" LAB_EID "\"]}" },
};

static void what_is_no_batch(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(refused); i++)
        CHECK_ROW(refused[i].name, lab_call(&f.l, f.l.eso, "POST", MANY, refused[i].body, NULL) == 400);
    CHECK(count(&f, "SELECT count(*) FROM orders") == 0);
    fixture_close(&f);
}

/* Another order under the reference is another order; what is outside of the eUICC's tenant or was left is not ordered for. */
static void a_batch_under_a_reference_that_is_in_use(void)
{
    struct fixture f;
    json_t *answer = NULL;
    fixture_open(&f);
    REQUIRE(order(&f, "r/" LAB_EID, "list", "") == 202);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", MANY, "{\"reference\":\"r\",\"kind\":\"listEim\",\"eids\":[\"" LAB_EID "\"]}", &answer) == 200);
    CHECK(member(json_array_get(json_object_get(answer, "results"), 0), "status") == 409);
    json_decref(answer);
    fixture_close(&f);
}

/* {"…","eids":[…]} of numbered EIDs. */
static void put_eids(struct buf *body, unsigned number)
{
    for (unsigned i = 0; i < number; i++) {
        char eid[33];
        numbered_eid(i, eid);
        REQUIRE(buf_printf(body, "%s\"%s\"", i ? "," : "", eid) == ERR_OK);
    }
}

static void order_for_fleet(struct fixture *f, const char *reference, unsigned number, int64_t queued)
{
    struct buf body = { .max = 2 << 20 };
    json_t *answer = NULL;
    REQUIRE(buf_printf(&body, "{\"reference\":\"%s\",\"kind\":\"deleteEim\",\"parameters\":{\"eimId\":\"eim.example.com\"},\"eids\":[",
                       reference) == ERR_OK);
    put_eids(&body, number);
    REQUIRE(buf_put_str(&body, "]}") == ERR_OK);
    REQUIRE(lab_call(&f->l, f->l.eso, "POST", MANY, buf_cstr(&body), &answer) == 200);
    CHECK(member(answer, "queued") == queued && member(answer, "queued") + member(answer, "known") == number);
    CHECK(json_array_size(json_object_get(answer, "results")) == number);
    json_decref(answer);
    buf_release(&body);
}

/* Ten thousand in one call, and the same call again; tokens are told by importing again. */
static void a_fleet_is_handed_over_in_one_call(void)
{
    struct fixture f;
    fixture_open(&f);
    import_numbered(&f, 10000, ",\"associationToken\":1");
    import_numbered(&f, 10000, ",\"associationToken\":2");
    CHECK(count(&f, "SELECT count(*) FROM euicc WHERE token = 2") == 10000);
    order_for_fleet(&f, "leave", 10000, 10000);
    order_for_fleet(&f, "leave", 10000, 0);
    CHECK(count(&f, "SELECT count(*) FROM orders") == 10000);
    fixture_close(&f);
}

static uint64_t steps_of_ten(unsigned registered)
{
    struct fixture f;
    fixture_open(&f);
    import_numbered(&f, registered, ",\"associationToken\":1");
    order_for_fleet(&f, "before", registered, registered);
    uint64_t before = db_steps(f.l.part[LAB_EIM].env.db);
    order_for_fleet(&f, "leave", 10, 10);
    uint64_t steps = db_steps(f.l.part[LAB_EIM].env.db) - before;
    fixture_close(&f);
    return steps;
}

static void a_batch_costs_what_it_orders(void)
{
    uint64_t few = steps_of_ten(20);
    CHECK(few > 0 && few == steps_of_ten(2000));
}

/* --- how long what ended is kept --------------------------------------------------------------------------------------- */

#define KEEP (10 * CLOCK_DAY)

static void cancel(struct fixture *f, const char *reference)
{
    char url[120], query[120];
    snprintf(query, sizeof query, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", lab_get(&f->l, f->l.eso, query, "orderId"));
    REQUIRE(lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200);
}

static void open_keeping(struct fixture *f)
{
    fixture_open(f);
    f->l.keep_orders_ms = KEEP;
    lab_restart(&f->l, LAB_EIM);
}

static const struct {
    const char *name;
    bool ends, told;
    int64_t age;
    bool kept;
} ages[] = {
    { "one that ended and was told, a while ago", true, true, KEEP, true },
    { "one that ended and was told, long ago", true, true, KEEP + 1, false },
    { "one that waits, however long", false, false, 5 * KEEP, true },
    { "one whose end nobody took yet", true, false, 5 * KEEP, true },
};

/* Looked at when another one is ordered. */
static void orders_are_kept_as_long_as_the_settings_say(void)
{
    for (size_t i = 0; i < COUNT(ages); i++) {
        struct fixture f;
        open_keeping(&f);
        f.eso.status = ages[i].told ? 200 : 503;
        REQUIRE(order(&f, "a", "list", "") == 202);
        if (ages[i].ends)
            cancel(&f, "a");
        tick_eim(&f);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + ages[i].age);
        REQUIRE(order(&f, "b", "data", "") == 202);
        CHECK_ROW(ages[i].name, (count(&f, "SELECT count(*) FROM orders WHERE reference = 'a'") == 1) == ages[i].kept);
        fixture_close(&f);
    }
}

/* A clock that is wrong for an hour costs few. */
static void few_are_forgotten_at_once(void)
{
    struct fixture f;
    char reference[16];
    open_keeping(&f);
    for (int i = 0; i < 20; i++) {
        snprintf(reference, sizeof reference, "o%d", i);
        REQUIRE(order(&f, reference, "list", "") == 202);
        cancel(&f, reference);
        tick_eim(&f);
    }
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + 3 * KEEP);
    REQUIRE(order(&f, "new", "data", "") == 202);
    CHECK(count(&f, "SELECT count(*) FROM orders") == 17);
    fixture_close(&f);
}

/* Each order may name another URL: none stays behind. A webhook's does. */
static void receivers_go_with_their_last_letter(void)
{
    struct fixture f;
    open_keeping(&f);
    REQUIRE(order(&f, "a", "list", "") == 202);
    cancel(&f, "a");
    CHECK(count(&f, "SELECT count(*) FROM receiver") == 1);
    f.eso.status = 503;
    tick_eim(&f);
    CHECK(count(&f, "SELECT count(*) FROM receiver") == 1);
    f.eso.status = 200;
    run_eim(&f, false, CLOCK_MINUTE);
    CHECK(f.eso.heard_count == 1 && count(&f, "SELECT count(*) FROM receiver") == 0 && count(&f, "SELECT count(*) FROM letter") == 0);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/webhooks", "{\"url\":\"https://eso.example.com/hook\"}", NULL) == 201);
    REQUIRE(order(&f, "b", "list", "") == 202);
    cancel(&f, "b");
    run_eim(&f, false, CLOCK_MINUTE);
    CHECK(count(&f, "SELECT count(*) FROM receiver") == 1 && count(&f, "SELECT count(*) FROM letter") == 0);
    fixture_close(&f);
}

const struct test fleet_tests[] = {
    { "of many orders each has its outcome, and none is made twice", each_euicc_has_its_outcome },
    { "a batch that is none orders nothing", what_is_no_batch },
    { "a reference that is in use is refused in a batch", a_batch_under_a_reference_that_is_in_use },
    { "ten thousand eUICCs are handed over in one call", a_fleet_is_handed_over_in_one_call },
    { "a batch costs what it orders, not what there is", a_batch_costs_what_it_orders },
    { "orders are kept as long as the settings say, open ones for ever", orders_are_kept_as_long_as_the_settings_say },
    { "few orders are forgotten at once", few_are_forgotten_at_once },
    { "receivers go with their last letter", receivers_go_with_their_last_letter },
};
const size_t fleet_tests_count = COUNT(fleet_tests);
