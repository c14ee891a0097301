/* Stock and orders page by page, each page as cheap as the first. */
#include <stdio.h>
#include <string.h>

#include "smdp_store.h"
#include "smdp_tests.h"

#define BATCH(operator, type, count, iccid, imsi)                                                                  \
    "{\"operator\":\"" operator "\",\"profileType\":\"" type "\",\"count\":" count ",\"checkDigit\":false,\"firstIccid\":\"" iccid \
    "\",\"firstImsi\":\"" imsi "\"}"

/* Ten of "iot" and five of "car" at "eso", five of "iot" at "admin"; three of eso's are ordered, one of admin's. */
static void open_stocked(struct lab *l)
{
    lab_open(l);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/stock", BATCH("eso", "iot", "10", "8949000000000000100", "262420000000100"), NULL) == 200);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/stock", BATCH("eso", "car", "5", "8949000000000000200", "262420000000200"), NULL) == 200);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/stock", BATCH("admin", "iot", "5", "8949000000000000150", "262420000000150"), NULL) == 200);
    lab_release(l, "8949000000000000101", LAB_EID, "TOKEN-1", "");
    lab_release(l, "8949000000000000103", LAB_OTHER_EID, "TOKEN-2", "");
    lab_release(l, "8949000000000000202", "", "TOKEN-3", "");
    CHECK(db_run(l->part[LAB_SMDP].env.db, "UPDATE profile SET state = 1, ordered = 1, eid = ? WHERE iccid = '8949000000000000152'",
                 DB_ARGS(DB_TEXT(LAB_EID)), NULL) == ERR_OK);
}

/* The last digits of the ICCIDs listed: "100 102 …". */
static int list(struct lab *l, struct http_client *as, const char *path, const char *name, char out[400], char next[32])
{
    char url[200];
    json_t *answer = NULL, *line;
    size_t i, at = 0;
    snprintf(url, sizeof url, LAB_SMDP_URL "%s", path);
    out[0] = 0;
    int status = lab_call(l, as, "GET", url, "", &answer);
    json_array_foreach(json_object_get(answer, name), i, line) {
        const char *iccid = json_str(line, "iccid");
        at += (size_t)snprintf(out + at, 400 - at, "%s%s", i ? " " : "", iccid + strlen(iccid) - 3);
    }
    snprintf(next, 32, "%s", json_str(answer, "next") ? json_str(answer, "next") : "");
    json_decref(answer);
    return status;
}

static const struct {
    const char *name, *path, *list, *wanted;
    int status;
    bool operator; /* asked by "eso", else by the administrator */
} lists[] = {
    { "the stock of all", "/v1/stock", "profiles", "150 151 153 154 200 201 203 204 100 102 104 105 106 107 108 109", 200, false },
    { "the stock of one operator", "/v1/stock?operator=admin", "profiles", "150 151 153 154", 200, false },
    { "of one type", "/v1/stock?operator=eso&profileType=car", "profiles", "200 201 203 204", 200, false },
    { "of a type that is none", "/v1/stock?operator=eso&profileType=golden", "profiles", "", 200, false },
    { "an operator's own", "/v1/stock", "profiles", "200 201 203 204 100 102 104 105 106 107 108 109", 200, true },
    { "an operator's own of a type", "/v1/stock?profileType=iot", "profiles", "100 102 104 105 106 107 108 109", 200, true },
    { "another operator's", "/v1/stock?operator=admin", "profiles", "", 200, true },
    { "what is released", "/v1/stock?state=released", "profiles", "202 101 103", 200, false },
    { "what is released, of a type", "/v1/stock?state=released&operator=eso&profileType=car", "profiles", "202", 200, false },
    { "the first page", "/v1/stock?limit=3", "profiles", "150 151 153", 200, false },
    { "the page behind it", "/v1/stock?limit=3&after=8949000000000000104", "profiles", "105 106 107", 200, false },
    { "the page across operators", "/v1/stock?limit=3&after=8949000000000000153", "profiles", "154 200 201", 200, false },
    { "behind one that is not there", "/v1/stock?limit=3&after=8949000000000000110", "profiles", "", 200, false },
    { "behind the last", "/v1/stock?after=9999999999999999999", "profiles", "", 200, false },
    { "a type of nobody in particular", "/v1/stock?profileType=iot", "profiles", "", 400, false },
    { "a state that is none", "/v1/stock?state=sold", "profiles", "", 400, false },
    { "no more than a thousand", "/v1/stock?limit=1001", "profiles", "", 400, false },
    { "an operator of no sensible length",
      "/v1/stock?operator=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "profiles", "", 400,
      false },
    { "a key that would be SQL", "/v1/stock?after=1%27%20OR%201=1", "profiles", "", 400, false },
    { "a zero in a filter", "/v1/stock?operator=eso%00admin", "profiles", "", 400, false },
    { "all orders", "/v1/orders", "orders", "101 103 152 202", 200, false },
    { "one operator's", "/v1/orders?operator=admin", "orders", "152", 200, false },
    { "in one state", "/v1/orders?state=released", "orders", "202 101 103", 200, false },
    { "in one state of one operator", "/v1/orders?state=allocated&operator=admin", "orders", "152", 200, false },
    { "of one EID", "/v1/orders?eid=" LAB_EID, "orders", "101 152", 200, false },
    { "of one EID, and an operator's own", "/v1/orders?eid=" LAB_EID, "orders", "101", 200, true },
    { "an operator's own orders", "/v1/orders", "orders", "101 103 202", 200, true },
    { "one order a page", "/v1/orders?limit=1&after=8949000000000000101", "orders", "103", 200, false },
    { "orders of available profiles", "/v1/orders?state=available", "orders", "", 400, false },
    { "by EID and state", "/v1/orders?state=released&eid=" LAB_EID, "orders", "", 400, false },
    { "an EID of no sensible length", "/v1/orders?eid=890490321234512345123456789012355", "orders", "", 400, false },
};

static void lists_are_filtered(void)
{
    struct lab l;
    open_stocked(&l);
    for (size_t i = 0; i < COUNT(lists); i++) {
        char got[400], next[32];
        int status = list(&l, lists[i].operator ? l.eso : l.admin, lists[i].path, lists[i].list, got, next);
        CHECK_ROW(lists[i].name, status == lists[i].status && strcmp(got, lists[i].wanted) == 0);
        if (status != lists[i].status || strcmp(got, lists[i].wanted) != 0)
            printf("\n    row \"%s\": %d %s", lists[i].name, status, got);
    }
    CHECK(!lab_said(&l, "TOKEN-1"));
    lab_close(&l);
}

/* Page by page, whatever the size: everything once, in order. */
static void pages_join(void)
{
    struct lab l;
    open_stocked(&l);
    for (int size = 1; size <= 20; size++) {
        char row[24], url[100], got[400], next[32] = "", all[400] = "";
        snprintf(row, sizeof row, "pages of %d", size);
        for (int turns = 0; turns < 30; turns++) {
            snprintf(url, sizeof url, "/v1/stock?limit=%d&after=%s", size, next);
            CHECK_ROW(row, list(&l, l.admin, url, "profiles", got, next) == 200);
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", all[0] && got[0] ? " " : "", got);
            if (!next[0])
                break;
        }
        CHECK_ROW(row, strcmp(all, lists[0].wanted) == 0);
    }
    lab_close(&l);
}

/* --- what a page costs ---------------------------------------------------------------------------------- */

static enum err take_plan(void *context, const struct db_row *r)
{
    char *out = context;
    snprintf(out + strlen(out), 400 - strlen(out), "%s; ", db_text(r, 3));
    return ERR_OK;
}

/* `index` is used, nothing is scanned or sorted. */
static void check_plan(struct lab *l, const char *row, const char *sql, const char *index)
{
    const struct db_value none = DB_NULL, args[] = { none, none, none, none, none };
    char plan[400] = "";
    size_t binds = 0;
    for (const char *c = sql; *c; c++)
        binds += *c == '?';
    REQUIRE(binds <= COUNT(args));
    CHECK(db_query(l->part[LAB_SMDP].env.db, sql, args, binds, take_plan, plan) == ERR_OK);
    bool good = strstr(plan, index) && !strstr(plan, "SCAN") && !strstr(plan, "TEMP B-TREE");
    CHECK_ROW(row, good);
    if (!good)
        printf("\n    row \"%s\": %s", row, plan);
}

static void no_page_scans(void)
{
    static const struct {
        const char *name;
        struct smdp_filter f;
        const char *index;
    } rows[] = {
        { "by state", { .state = SMDP_AVAILABLE }, "profile_by_state (state=? AND (owner,type,iccid)>(?,?,?))" },
        { "by state and operator", { .owner = "eso" }, "profile_by_state (state=? AND owner=? AND (type,iccid)>(?,?))" },
        { "by state and type", { .owner = "eso", .type = "iot" }, "profile_by_state (state=? AND owner=? AND type=? AND iccid>?)" },
        { "all orders", { .any_order = true }, "order_by_iccid (iccid>?)" },
        { "orders of an operator", { .any_order = true, .owner = "eso" }, "order_by_owner (owner=? AND iccid>?)" },
        { "orders of an EID", { .eid = LAB_EID }, "profile_by_eid (eid=? AND iccid>?)" },
        { "orders of an EID and an operator", { .eid = LAB_EID, .owner = "eso" }, "profile_by_eid (eid=? AND iccid>?)" },
    };
    static const char *const more[][2] = {
        { "notifications of all", "progress_by_state (put_aside=? AND id>?)" },
        { "notifications of an operator", "progress_by_operator (operator=? AND put_aside=? AND id>?)" },
        { "messages of a profile", "message_by_iccid (iccid=? AND id>?)" },
    };
    const char *const statements[] = { smdp_notifications_statement(false), smdp_notifications_statement(true),
                                       smdp_messages_statement() };
    static char sql[COUNT(rows) + COUNT(more)][1024]; /* the store keeps statements by their text */
    struct lab l;
    open_stocked(&l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(sql[i], sizeof sql[i], "EXPLAIN QUERY PLAN %s", smdp_profiles_statement(&rows[i].f));
        check_plan(&l, rows[i].name, sql[i], rows[i].index);
    }
    for (size_t i = 0; i < COUNT(more); i++) {
        snprintf(sql[COUNT(rows) + i], sizeof sql[0], "EXPLAIN QUERY PLAN %s", statements[i]);
        check_plan(&l, more[i][0], sql[COUNT(rows) + i], more[i][1]);
    }
    lab_close(&l);
}

static int64_t events(struct lab *l)
{
    int64_t count = -1;
    CHECK(db_get_int(l->part[LAB_SMDP].env.db, "SELECT COUNT(*) FROM history", NULL, 0, &count) == ERR_OK);
    return count;
}

/* However often an order was placed and cancelled: the newest events are shown, in their order, and older ones forgotten. */
static void a_long_history_is_shown_in_part(void)
{
    struct lab l;
    json_t *answer = NULL;
    lab_open(&l);
    lab_import(&l);
    CHECK(db_run(l.part[LAB_SMDP].env.db,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
                 " INSERT INTO history (iccid, id, at, event) SELECT ?, i, i, 'event ' || i FROM n",
                 DB_ARGS(DB_TEXT(LAB_PARTNER_ICCID)), NULL) == ERR_OK);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles/" LAB_PARTNER_ICCID, "", &answer) == 200);
    json_t *history = json_object_get(answer, "history");
    CHECK(json_array_size(history) == 1000);
    CHECK(strcmp(json_str(json_array_get(history, 0), "event"), "event 4001") == 0);
    CHECK(strcmp(json_str(json_array_get(history, 999), "event"), "event 5000") == 0);
    json_decref(answer);
    lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    lab_release(&l, LAB_THIRD_ICCID, LAB_EID, "TOKEN-3", "");
    CHECK(events(&l) == 5004); /* two calls each */
    for (int i = 0; i < 64; i++) {
        lab_cancel(&l, LAB_PARTNER_ICCID);
        lab_release(&l, LAB_PARTNER_ICCID, LAB_EID, "TOKEN-1", "");
    }
    CHECK(events(&l) >= 1002 && events(&l) < 1002 + 64); /* the newest, some that go next, and the other profile's two */
    lab_close(&l);
}

const struct test list_tests[] = {
    { "stock and orders are listed as asked", lists_are_filtered },
    { "pages join without gap or repetition", pages_join },
    { "no page scans or sorts", no_page_scans },
    { "of a long history the newest events are shown", a_long_history_is_shown_in_part },
};
const size_t list_tests_count = COUNT(list_tests);
