/* What becomes of orders while they wait, and after they ended. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "eim_tests.h"

/* --- priority ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    struct { const char *reference, *priority; } orders[4];
    const char *sequence; /* in which they are handed out */
} sequences[] = {
    { "without priority, as they came", { { "a", "" }, { "b", "" }, { "c", "" } }, "abc" },
    { "the higher first", { { "a", "1" }, { "b", "9" }, { "c", "5" } }, "bca" },
    { "equal ones as they came", { { "a", "0" }, { "b", "3" }, { "c", "3" } }, "bca" },
    { "none is the lowest", { { "a", "" }, { "b", "0" }, { "c", "1" } }, "cab" },
};

static void queue(struct fixture *f, const char *reference, const char *priority)
{
    char more[40] = "";
    if (priority[0])
        snprintf(more, sizeof more, ",\"priority\":%s", priority);
    REQUIRE(order(f, reference, "list", more) == 202);
}

static void run_next(struct fixture *f)
{
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    REQUIRE(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    tick_eim(f);
}

static void priorities(void)
{
    for (size_t i = 0; i < COUNT(sequences); i++) {
        struct fixture f;
        fixture_open(&f);
        for (size_t k = 0; sequences[i].orders[k].reference; k++)
            queue(&f, sequences[i].orders[k].reference, sequences[i].orders[k].priority);
        lab_restart(&f.l, LAB_EIM);
        for (size_t k = 0; sequences[i].sequence[k]; k++) {
            run_next(&f);
            REQUIRE(f.eso.heard_count == k + 1);
            CHECK_ROW(sequences[i].name, f.eso.heard[k][0] == sequences[i].sequence[k]);
        }
        fixture_close(&f);
    }
}

/* Counters never go back, so what was sent is finished first. */
static void an_order_under_way_is_not_overtaken(void)
{
    struct fixture f;
    fixture_open(&f);
    queue(&f, "a", "");
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    queue(&f, "b", "9");
    run_next(&f);
    REQUIRE(f.eso.heard_count == 1);
    CHECK(f.eso.heard[0][0] == 'a');
    fixture_close(&f);
}

static void priorities_are_judged(void)
{
    static const char *const wrong[] = { "-1", "10", "1.5", "\"1\"", "true", "null" };
    struct fixture f;
    char more[40];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(more, sizeof more, ",\"priority\":%s", wrong[i]);
        CHECK_ROW(wrong[i], order(&f, "r", "list", more) == 400);
    }
    fixture_close(&f);
}

/* --- validity ----------------------------------------------------------------------------------------- */

static int64_t tick_at(struct fixture *f, int64_t at)
{
    struct lab_part *p = &f->l.part[LAB_EIM];
    enum err e = ERR_OK;
    clock_virtual_advance(&f->l.clock, at);
    int64_t next = p->actor->ops->tick(p->actor, at, &e);
    CHECK(e == ERR_OK);
    return next;
}

/* The device never polls; whoever ordered hears of it all the same. */
static void an_order_ends_when_its_time_is_over(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "b", "list", ",\"validUntil\":\"2026-01-01T00:20:00Z\"") == 202);
    CHECK(order(&f, "a", "list", ",\"validUntil\":\"2026-01-01T00:10:00Z\"") == 202);
    CHECK(order(&f, "c", "list", "") == 202);
    CHECK(tick_at(&f, LAB_EPOCH) == LAB_EPOCH + 10 * CLOCK_MINUTE);
    CHECK(tick_at(&f, LAB_EPOCH + 10 * CLOCK_MINUTE - 1) == LAB_EPOCH + 10 * CLOCK_MINUTE && f.eso.heard_count == 0);
    lab_restart(&f.l, LAB_EIM);
    CHECK(tick_at(&f, LAB_EPOCH + 10 * CLOCK_MINUTE) == LAB_EPOCH + 20 * CLOCK_MINUTE);
    REQUIRE(f.eso.heard_count == 1);
    CHECK(strcmp(f.eso.heard[0], "a expired ") == 0);
    CHECK(tick_at(&f, LAB_EPOCH + CLOCK_HOUR) == CLOCK_NEVER && f.eso.heard_count == 2);
    CHECK(strcmp(order_state(&f, "c"), "queued") == 0);
    fixture_close(&f);
}

static void validity_is_judged(void)
{
    static const char *const wrong[] = { "1", "null", "\"\"", "\"2026-13-01T00:00:00Z\"", "\"2026-01-01\"" };
    struct fixture f;
    char more[60];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(more, sizeof more, ",\"validUntil\":%s", wrong[i]);
        CHECK_ROW(wrong[i], order(&f, "r", "list", more) == 400);
    }
    fixture_close(&f);
}

/* --- retry -------------------------------------------------------------------------------------------- */

enum before { QUEUED, SENT, DONE, FAILED, EXPIRED, CANCELLED };
static const struct {
    const char *name;
    enum before before;
    int status;
} retries[] = {
    { "a queued one", QUEUED, 409 },       { "one under way", SENT, 409 }, { "one that succeeded", DONE, 409 },
    { "one that failed", FAILED, 202 },    { "one that expired", EXPIRED, 202 },
    { "one that was cancelled", CANCELLED, 202 },
};

static void id_of(struct fixture *f, const char *reference, char id[64])
{
    char url[100];
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders?reference=%s", reference);
    snprintf(id, 64, "%s", lab_get(&f->l, f->l.eso, url, "orderId"));
}

static int retry(struct fixture *f, const char *reference, const char *body)
{
    char id[64], url[120];
    id_of(f, reference, id);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s/retry", id);
    return lab_call(&f->l, f->l.eso, "POST", url, body, NULL);
}

/* A disable of the profile that is enabled succeeds once and fails the second time. */
static void bring_to(struct fixture *f, enum before before)
{
    char id[64], url[120];
    const char *more = before == EXPIRED ? ",\"iccid\":\"" LAB_LEAD_ICCID "\",\"validUntil\":\"2026-01-01T00:00:01Z\""
                       : before == FAILED ? ",\"iccid\":\"" LAB_PARTNER_ICCID "\""
                                          : ",\"iccid\":\"" LAB_LEAD_ICCID "\"";
    REQUIRE(order(f, "r", "disable", more) == 202);
    if (before == SENT || before == DONE || before == FAILED)
        REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    if (before == DONE || before == FAILED) {
        execute(f);
        REQUIRE(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    }
    if (before == EXPIRED)
        clock_virtual_advance(&f->l.clock, LAB_EPOCH + CLOCK_MINUTE);
    id_of(f, "r", id);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
    if (before == CANCELLED)
        REQUIRE(lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200);
    tick_eim(f);
}

static void what_ended_is_tried_again(void)
{
    static const char *const states[] = { "queued", "sent", "done", "failed", "expired", "cancelled" };
    for (size_t i = 0; i < COUNT(retries); i++) {
        struct fixture f;
        fixture_open(&f);
        bring_to(&f, retries[i].before);
        CHECK_ROW(retries[i].name, strcmp(order_state(&f, "r"), states[retries[i].before]) == 0);
        unsigned heard = f.eso.heard_count;
        CHECK_ROW(retries[i].name, retry(&f, "r", "") == retries[i].status);
        bool again = retries[i].status == 202;
        CHECK_ROW(retries[i].name, strcmp(order_state(&f, "r"), again ? "queued" : states[retries[i].before]) == 0);
        if (again) {
            int64_t counter = f.package.message.package.package_signed.counter;
            CHECK_ROW(retries[i].name, result_name(&f, "r")[0] == 0);
            lab_restart(&f.l, LAB_EIM);
            run_next(&f);
            CHECK_ROW(retries[i].name, f.package.message.package.package_signed.counter > counter);
            CHECK_ROW(retries[i].name, f.eso.heard_count == heard + 1); /* told again */
            CHECK_ROW(retries[i].name, retries[i].before == FAILED || strcmp(order_state(&f, "r"), "done") == 0);
        }
        fixture_close(&f);
    }
}

static void a_retry_goes_behind_the_others(void)
{
    struct fixture f;
    fixture_open(&f);
    bring_to(&f, CANCELLED);
    REQUIRE(order(&f, "s", "list", "") == 202 && retry(&f, "r", "{}") == 202);
    run_next(&f);
    REQUIRE(f.eso.heard_count == 2);
    CHECK(f.eso.heard[1][0] == 's');
    fixture_close(&f);
}

/* The late answer to the first attempt is no answer to the second. */
static void a_late_answer_is_not_taken_for_the_second(void)
{
    struct fixture f;
    struct buf late = { .max = 1 << 16 };
    fixture_open(&f);
    bring_to(&f, FAILED);
    REQUIRE(buf_set(&late, buf_span(&f.result)) == ERR_OK);
    REQUIRE(retry(&f, "r", "{}") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(bring(&f, LAB_EID, buf_span(&late)) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(order_state(&f, "r"), "sent") == 0);
    buf_release(&late);
    fixture_close(&f);
}

static const struct {
    const char *name, *body;
    int status;
} downloads[] = {
    { "without its code, which is forgotten", "{}", 400 },
    { "with a code that is none", "{\"activationCode\":\"1$$x\"}", 400 },
    { "with an end that is none", "{\"activationCode\":\"" LAB_CODE "\",\"validUntil\":7}", 400 },
    { "with its code", "{\"activationCode\":\"" LAB_CODE "\"}", 202 },
};

static void a_download_needs_its_code_again(void)
{
    for (size_t i = 0; i < COUNT(downloads); i++) {
        struct fixture f;
        char id[64], url[120];
        fixture_open(&f);
        REQUIRE(order(&f, "r", "download", ",\"activationCode\":\"" LAB_CODE "\"") == 202);
        id_of(&f, "r", id);
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
        REQUIRE(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 200);
        CHECK_ROW(downloads[i].name, retry(&f, "r", downloads[i].body) == downloads[i].status);
        CHECK_ROW(downloads[i].name, poll(&f) == (downloads[i].status == 202 ? RSP_EIM_PACKAGE_DOWNLOAD
                                                                             : RSP_EIM_PACKAGE_ERROR));
        fixture_close(&f);
    }
}

/* Who is told whom to contact needs no code, the second time as the first. */
static void a_download_without_code_needs_none_again(void)
{
    struct fixture f;
    char id[64], url[120];
    fixture_open(&f);
    REQUIRE(order(&f, "r", "download", ",\"parameters\":{\"contact\":\"defaultSmdp\"}") == 202);
    id_of(&f, "r", id);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s", id);
    REQUIRE(lab_call(&f.l, f.l.eso, "DELETE", url, "", NULL) == 200);
    CHECK(retry(&f, "r", "") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_DOWNLOAD);
    CHECK(f.package.message.download.data.which == RSP_DOWNLOAD_DEFAULT_SMDP);
    fixture_close(&f);
}

/* --- the list --------------------------------------------------------------------------------------------------- */

static void put_orders(struct fixture *f, const char *eid, const char *prefix, unsigned count)
{
    char url[120], body[160];
    for (unsigned i = 0; i < count; i++) {
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs/%s/orders", eid);
        snprintf(body, sizeof body, "{\"reference\":\"%s-%u\",\"kind\":\"list\"}", prefix, i);
        REQUIRE(lab_call(&f->l, f->l.eso, "POST", url, body, NULL) == 202);
        clock_virtual_advance(&f->l.clock, clock_now(&f->l.clock.clock) + CLOCK_SECOND);
    }
}

/* The references of a page, one after the other. */
static const char *page_of(struct fixture *f, struct http_client *as, const char *query, char next[64])
{
    static char text[2048];
    char url[200];
    json_t *answer = NULL, *item;
    size_t i;
    text[0] = next[0] = 0;
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders%s", query);
    REQUIRE(lab_call(&f->l, as, "GET", url, "", &answer) == 200);
    json_array_foreach(json_object_get(answer, "items"), i, item)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", json_str(item, "reference"));
    if (json_str(answer, "next"))
        snprintf(next, 64, "%s", json_str(answer, "next"));
    json_decref(answer);
    return text;
}

static const struct {
    const char *name, *query, *want;
} lists[] = {
    { "all", "", "a-0 a-1 a-2 b-0 b-1" },
    { "of an eUICC", "?eid=" LAB_OTHER_EID, "b-0 b-1" },
    { "of an eUICC that is not there", "?eid=89049032000000000000000000000066", "" },
    { "those that wait", "?state=queued", "a-1 a-2 b-0 b-1" },
    { "those that are under way", "?state=sent", "a-0" },
    { "of an eUICC, by state", "?eid=" LAB_EID "&state=queued", "a-1 a-2" },
    { "since a moment", "?since=2026-01-01T00:00:02Z", "a-2 b-0 b-1" },
    { "since a moment, by state", "?since=2026-01-01T00:00:02Z&state=sent", "" },
    { "since a moment to come", "?since=2999-01-01T00:00:00Z", "" },
};

static const char *const no_lists[] = { "?state=begun", "?state=", "?eid=", "?since=yesterday", "?since=", "?limit=0",
                                        "?cursor=x", "?cursor=1", "?cursor=1.x", "?cursor=-1.1",
                                        "?eid=890490321234512345123456789012350" };

static void orders_are_listed(void)
{
    struct fixture f;
    char next[64];
    fixture_open(&f);
    CHECK(lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"}", NULL) == 201);
    put_orders(&f, LAB_EID, "a", 3);
    put_orders(&f, LAB_OTHER_EID, "b", 2);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    for (size_t i = 0; i < COUNT(lists); i++)
        CHECK_ROW(lists[i].name, strcmp(page_of(&f, f.l.eso, lists[i].query, next), lists[i].want) == 0 && !next[0]);
    CHECK(page_of(&f, f.l.admin, "", next)[0] == 0); /* another tenant's */
    CHECK(page_of(&f, f.l.admin, "?eid=" LAB_EID, next)[0] == 0);
    for (size_t i = 0; i < COUNT(no_lists); i++) {
        char url[160];
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders%s", no_lists[i]);
        CHECK_ROW(no_lists[i], lab_call(&f.l, f.l.eso, "GET", url, "", NULL) == 400);
    }
    CHECK(lab_call(&f.l, f.l.stranger, "GET", LAB_EIM_URL "/v1/orders", "", NULL) == 403);
    fixture_close(&f);
}

static void every_order_is_on_one_page(void)
{
    static const char *const filters[] = { "", "&state=queued", ("&eid=" LAB_EID), "&since=2026-01-01T00:00:00Z" };
    struct fixture f;
    fixture_open(&f);
    put_orders(&f, LAB_EID, "o", 7);
    for (size_t i = 0; i < COUNT(filters); i++) {
        char query[160], next[64] = "", all[256] = "";
        for (int page = 0; page < 10; page++) {
            snprintf(query, sizeof query, "?limit=2%s%s%s", filters[i], next[0] ? "&cursor=" : "", next);
            const char *text = page_of(&f, f.l.eso, query, next);
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", all[0] ? " " : "", text);
            if (!next[0])
                break;
        }
        CHECK_ROW(filters[i], strcmp(all, "o-0 o-1 o-2 o-3 o-4 o-5 o-6") == 0);
    }
    fixture_close(&f);
}

static enum err put_plan(void *context, const struct db_row *r)
{
    enum err e = buf_put_str(context, db_text(r, 3));
    return e ? e : buf_put_u8(context, '\n');
}

/* No list reads what it does not show. */
static void lists_are_ranges_of_an_index(void)
{
    static char explained[EIM_LISTS][1024];
    struct fixture f;
    fixture_open(&f);
    for (int i = 0; i < EIM_LISTS; i++) {
        struct buf plan = { .max = 4096 };
        snprintf(explained[i], sizeof explained[i], "EXPLAIN QUERY PLAN %s", eim_order_lists[i]);
        CHECK(db_query(f.l.part[LAB_EIM].env.db, explained[i],
                       DB_ARGS(DB_TEXT(""), DB_INT(0), DB_TEXT(LAB_EID), DB_INT(0), DB_INT(0), DB_INT(10)), put_plan, &plan) ==
              ERR_OK);
        const char *text = buf_cstr(&plan);
        CHECK_ROW(text, strstr(text, "SEARCH orders USING INDEX orders_by_") && !strstr(text, "SCAN") && !strstr(text, "TEMP"));
        buf_release(&plan);
    }
    fixture_close(&f);
}

/* --- the counter ---------------------------------------------------------------------------------------------------- */

static void set_counter(struct fixture *f, int64_t counter)
{
    REQUIRE(db_run(f->l.part[LAB_EIM].env.db, "UPDATE euicc SET counter = ?", DB_ARGS(DB_INT(counter)), NULL) == ERR_OK);
}

/* SGP.32 A.6: what is used up begins anew with a new key, and only so. */
static void a_counter_begins_anew_with_a_new_key(void)
{
    struct fixture f;
    fixture_open(&f);
    set_counter(&f, 8388607 - 16);
    CHECK(order(&f, "late", "list", "") == 202);
    CHECK(order(&f, "same-key", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":0}") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR);
    CHECK(strcmp(result_name(&f, "late"), "counterExhausted") == 0 && strcmp(result_name(&f, "same-key"), "noNewKey") == 0);
    f.l.eim_new_key = true;
    lab_restart(&f.l, LAB_EIM);
    CHECK(order(&f, "none", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":8388607}") == 400);
    CHECK(order(&f, "minus", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":-1}") == 400);
    CHECK(order(&f, "text", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":\"0\"}") == 400);
    CHECK(order(&f, "new-key", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":0}") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 8388607 - 15);
    execute(&f);
    lab_restart(&f.l, LAB_EIM);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "new-key"), "done") == 0);
    CHECK(order(&f, "first", "list", "") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    CHECK(f.package.message.package.package_signed.counter == 1);
    execute(&f);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(&f, "first"), "done") == 0);
    fixture_close(&f);
}

const struct test order_tests[] = {
    { "orders are listed by eUICC, state and time, each tenant's own", orders_are_listed },
    { "every order is on one page", every_order_is_on_one_page },
    { "each list of orders is a range of an index", lists_are_ranges_of_an_index },
    { "a counter that is used up begins anew with a new key", a_counter_begins_anew_with_a_new_key },
    { "orders go by priority, equal ones as they came", priorities },
    { "an order under way is not overtaken", an_order_under_way_is_not_overtaken },
    { "priorities are judged", priorities_are_judged },
    { "an order ends when its time is over, poll or none", an_order_ends_when_its_time_is_over },
    { "validity is judged", validity_is_judged },
    { "what ended without success is tried again, and nothing else", what_ended_is_tried_again },
    { "a retry goes behind what waits", a_retry_goes_behind_the_others },
    { "a late answer is not taken for the second attempt", a_late_answer_is_not_taken_for_the_second },
    { "a download that is tried again needs its code", a_download_needs_its_code_again },
    { "a download that names whom to contact needs no code again", a_download_without_code_needs_none_again },
};
const size_t order_tests_count = COUNT(order_tests);
