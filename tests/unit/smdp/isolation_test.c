/* No operator can tell another's profile from one that does not exist. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smdp_tests.h"

#define UNKNOWN "89000123456789012390"
/* In lab_import's stock, "eso" owns everything; "admin", as an operator, owns nothing. */
#define FOREIGN LAB_PARTNER_ICCID

typedef enum err (*function)(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                             struct es_status *status);

static const struct {
    const char *name;
    function call;
    struct es2p_order foreign, unknown;
    const char *refusal;
} functions[] = {
    { "DownloadOrder by ICCID", es2p_download_order, { .iccid = FOREIGN }, { .iccid = UNKNOWN }, "8.2.1/3.9" },
    { "DownloadOrder for an EID", es2p_download_order, { .iccid = FOREIGN, .eid = LAB_EID },
      { .iccid = UNKNOWN, .eid = LAB_EID }, "8.2.1/3.9" },
    { "DownloadOrder by type", es2p_download_order, { .profile_type = "bulk" }, { .profile_type = "golden" },
      "8.2.5/3.9" },
    { "DownloadOrder by ICCID and type", es2p_download_order, { .iccid = FOREIGN, .profile_type = "bulk" },
      { .iccid = UNKNOWN, .profile_type = "golden" }, "8.2.1/3.9" },
    { "ConfirmOrder", es2p_confirm_order, { .iccid = FOREIGN, .release = true }, { .iccid = UNKNOWN, .release = true },
      "8.2.1/3.9" },
    { "ConfirmOrder with another EID", es2p_confirm_order, { .iccid = FOREIGN, .eid = LAB_OTHER_EID },
      { .iccid = UNKNOWN, .eid = LAB_OTHER_EID }, "8.2.1/3.9" },
    { "ConfirmOrder with its matchingId", es2p_confirm_order, { .iccid = FOREIGN, .matching_id = "TOKEN-1" },
      { .iccid = UNKNOWN, .matching_id = "TOKEN-1" }, "8.2.1/3.9" },
    { "CancelOrder", es2p_cancel_order, { .iccid = FOREIGN }, { .iccid = UNKNOWN }, "8.2.1/3.9" },
    { "CancelOrder for good", es2p_cancel_order, { .iccid = FOREIGN, .final_state = "Unavailable" },
      { .iccid = UNKNOWN, .final_state = "Unavailable" }, "8.2.1/3.9" },
    { "ReleaseProfile", es2p_release_profile, { .iccid = FOREIGN }, { .iccid = UNKNOWN }, "8.2.1/3.9" },
};

/* The refusal in full: codes and words. */
static void ask(struct lab *l, function call, const struct es2p_order *q, char out[200])
{
    struct env env = l->env;
    struct es2p_answer a = { 0 };
    struct es_status status = { 0 };
    env.http = l->admin;
    const struct es_peer peer = { .env = &env, .base_url = LAB_SMDP_URL, .requester = "admin" };
    CHECK(call(&peer, q, &a, &status) == ERR_OK);
    snprintf(out, 200, "%s/%s %s %s%s%s", status.subject, status.reason, status.message, a.iccid, a.eid, a.matching_id);
}

static void compare(struct lab *l, const char *state)
{
    for (size_t i = 0; i < COUNT(functions); i++) {
        char row[120], foreign[200], unknown[200];
        snprintf(row, sizeof row, "%s, %s", functions[i].name, state);
        ask(l, functions[i].call, &functions[i].foreign, foreign);
        ask(l, functions[i].call, &functions[i].unknown, unknown);
        CHECK_ROW(row, strncmp(foreign, functions[i].refusal, strlen(functions[i].refusal)) == 0);
        CHECK_ROW(row, strcmp(foreign, unknown) == 0);
        if (strcmp(foreign, unknown) != 0)
            printf("\n    row \"%s\": \"%s\", but \"%s\"", row, foreign, unknown);
        CHECK_ROW(row, strcmp(lab_profile_state(l, FOREIGN), state) == 0);
    }
}

static void orders_are_the_callers_own(void)
{
    struct lab l;
    lab_open(&l);
    lab_import(&l);
    compare(&l, "available");
    lab_release(&l, FOREIGN, LAB_EID, "TOKEN-1", "");
    compare(&l, "released");
    lab_close(&l);
}

/* --- administration ---------------------------------------------------------------------------------- */

/* Adds one profile that "admin" owns beside the two of "eso". */
static void import_a_third(struct lab *l)
{
    static const char body[] = "{\"profiles\":[{\"iccid\":\"" LAB_LEAD_ICCID "\",\"imsi\":\"" LAB_LEAD_IMSI
                               "\",\"operator\":\"admin\",\"k\":\"" LAB_K "\",\"opc\":\"" LAB_OPC "\"}]}";
    lab_import(l);
    CHECK(lab_call(l, l->admin, "POST", LAB_SMDP_URL "/v1/profiles", body, NULL) == 200);
    CHECK(db_run(l->part[LAB_SMDP].env.db, "UPDATE profile SET state = 1, ordered = 1, eid = ? WHERE iccid = ?",
                 DB_ARGS(DB_TEXT(LAB_OTHER_EID), DB_TEXT(LAB_LEAD_ICCID)), NULL) == ERR_OK);
    CHECK(db_run(l->part[LAB_SMDP].env.db,
                 "INSERT INTO progress (operator, iccid, eid, type, at, point, subject, reason, message, attempts, next_at)"
                 " VALUES ('admin', ?, '', '', 0, 1, '', '', '', 0, 0)",
                 DB_ARGS(DB_TEXT(LAB_LEAD_ICCID)), NULL) == ERR_OK);
}

/* Status and body of a call. */
static void call_text(struct lab *l, const char *method, const char *path, const char *body, char out[4096])
{
    char url[256];
    json_t *answer = NULL;
    snprintf(url, sizeof url, LAB_SMDP_URL "%s", path);
    int status = lab_call(l, l->eso, method, url, body, &answer);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
    snprintf(out, 4096, "%d %s", status, text ? text : "");
    free(text);
    json_decref(answer);
}

/* What an operator asks of another's profile, and of one that is nobody's. */
static const struct {
    const char *name, *method, *foreign, *unknown, *body, *status;
} routes[] = {
    { "the counts", "GET", "/v1/profiles", "/v1/profiles?operator=nobody", "", "200" },
    { "one profile", "GET", "/v1/profiles/" LAB_LEAD_ICCID, "/v1/profiles/" UNKNOWN, "", "404" },
    { "its messages", "GET", "/v1/profiles/" LAB_LEAD_ICCID "/messages", "/v1/profiles/" UNKNOWN "/messages", "", "404" },
    { "notifications", "GET", "/v1/notifications?state=waiting", "/v1/notifications?after=9999", "", "200" },
    { "how many notifications", "GET", "/v1/notifications/operators", "/v1/notifications/operators?operator=admin", "", "200" },
    { "telling again", "POST", "/v1/notifications/1/retry", "/v1/notifications/9999/retry", "{}", "403" },
    { "telling all again", "POST", "/v1/notifications/retry", "/v1/notifications/retry?", "{\"operator\":\"admin\"}", "403" },
    { "profile types", "GET", "/v1/profile-types", "/v1/profile-types?", "", "200" },
    { "a new profile type", "POST", "/v1/profile-types", "/v1/profile-types", "{}", "403" },
    { "its stock", "GET", "/v1/stock?operator=admin", "/v1/stock?operator=nobody", "", "200" },
    { "its stock of a type", "GET", "/v1/stock?operator=admin&profileType=x", "/v1/stock?operator=nobody&profileType=x", "", "200" },
    { "its orders", "GET", "/v1/orders?operator=admin", "/v1/orders?operator=nobody", "", "200" },
    { "orders for an EID of its", "GET", "/v1/orders?eid=" LAB_OTHER_EID, "/v1/orders?eid=0", "", "200" },
    { "exporting", "POST", "/v1/stock/export", "/v1/stock/export", "{}", "403" },
    { "importing", "POST", "/v1/stock/import", "/v1/stock/import", "{}", "403" },
    { "making stock", "POST", "/v1/stock", "/v1/stock", "{}", "403" },
    { "adding profiles", "POST", "/v1/profiles", "/v1/profiles", "{\"profiles\":[]}", "403" },
};

/* "/v1/profiles/{iccid}/messages" and "/v1/profiles/89…/messages?limit=1" are one. */
static bool is_of(const char *path, const char *pattern)
{
    while (*pattern) {
        if (*pattern == '{') {
            pattern = strchr(pattern, '}') + 1;
            path += strcspn(path, "/?");
        } else if (*pattern++ != *path++)
            return false;
    }
    return !*path || *path == '?';
}

/* A route that nobody thought of here has no row. */
static void every_route_has_its_row(void)
{
    struct lab l;
    lab_open(&l);
    const struct actor_ops *ops = l.part[LAB_SMDP].actor->ops;
    for (size_t i = 0; i < ops->route_count; i++) {
        const struct http_route *r = &ops->routes[i];
        bool found = strncmp(r->path, "/gsma/", 6) == 0;
        for (size_t k = 0; !found && k < COUNT(routes); k++)
            found = strcmp(r->method, routes[k].method) == 0 && is_of(routes[k].foreign, r->path);
        CHECK_ROW(r->path, found);
    }
    lab_close(&l);
}

static void administration_is_the_callers_own(void)
{
    struct lab l;
    lab_open(&l);
    import_a_third(&l);
    for (size_t i = 0; i < COUNT(routes); i++) {
        char foreign[4096], unknown[4096];
        call_text(&l, routes[i].method, routes[i].foreign, routes[i].body, foreign);
        call_text(&l, routes[i].method, routes[i].unknown, routes[i].body, unknown);
        CHECK_ROW(routes[i].name, strcmp(foreign, unknown) == 0);
        CHECK_ROW(routes[i].name, strncmp(foreign, routes[i].status, 3) == 0);
        CHECK_ROW(routes[i].name, !strstr(foreign, LAB_LEAD_ICCID));
        if (strcmp(foreign, unknown) != 0)
            printf("\n    row \"%s\": %s", routes[i].name, foreign);
    }
    lab_close(&l);
}

static void an_operator_sees_its_own(void)
{
    struct lab l;
    json_t *answer = NULL;
    int64_t available = -1;
    lab_open(&l);
    import_a_third(&l);
    CHECK(strcmp(lab_get(&l, l.eso, LAB_SMDP_URL "/v1/profiles/" FOREIGN, "state"), "available") == 0);
    CHECK(lab_call(&l, l.eso, "GET", LAB_SMDP_URL "/v1/profiles", "", &answer) == 200);
    CHECK(json_int(json_object_get(answer, "counts"), "available", &available) == ERR_OK && available == 2);
    json_decref(answer);
    CHECK(lab_call(&l, l.admin, "GET", LAB_SMDP_URL "/v1/profiles", "", &answer) == 200);
    CHECK(json_int(json_object_get(answer, "counts"), "available", &available) == ERR_OK && available == 2);
    CHECK(json_int(json_object_get(answer, "counts"), "allocated", &available) == ERR_OK && available == 1);
    json_decref(answer);
    lab_close(&l);
}

const struct test isolation_tests[] = {
    { "another operator's profile is answered as one that does not exist, in each ES2+ function",
      orders_are_the_callers_own },
    { "so it is in each route of the administration", administration_is_the_callers_own },
    { "every route of the administration is looked at so", every_route_has_its_row },
    { "an operator sees its own stock, an administrator everybody's", an_operator_sees_its_own },
};
const size_t isolation_tests_count = COUNT(isolation_tests);
