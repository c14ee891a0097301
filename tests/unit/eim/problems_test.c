/* Every problem that the northbound interface answers, provoked; none that the source says is left out. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"

enum before { NOTHING, AN_ORDER, A_SENT_ORDER, A_CANCELLED_ORDER, AN_ABANDONED_ORDER, HANDED_OVER, A_WEBHOOK, WEBHOOKS, KEYS, A_KEYED_CALL };
enum caller { ESO, ADMIN, STRANGER, ANYONE }; /* ADMIN: of another tenant */

#define ORDERS "/v1/euiccs/" LAB_EID "/orders"
#define HOOK "{\"url\":\"https://eso.example.com/0\"}"
#define REGISTER(more) "POST", "/v1/euiccs", "{\"eid\":\"" LAB_OTHER_EID "\"" more "}"
#define ORDER(more) "POST", ORDERS, "{\"reference\":\"r\"" more "}"
#define CHANGE(body) "PATCH", "/v1/euiccs/" LAB_EID, body

static const struct {
    int status;
    const char *title, *how, *method, *path, *body; /* "%s" of a path: the id of the order */
    enum before before;
    enum caller caller;
    const char *header, *value;
} rows[] = {
    { 401, "not authenticated", "neither certificate nor key", "GET", "/v1/euiccs", "", .caller = ANYONE },
    { 403, "not allowed", "a certificate of nobody", "GET", "/v1/euiccs", "", .caller = STRANGER },
    { 404, "no such eUICC", "an EID that is not registered", "GET", "/v1/euiccs/" LAB_OTHER_EID, "", .before = NOTHING },
    { 404, "no such order", "a reference of nobody", "GET", "/v1/orders?reference=none", "", .before = NOTHING },
    { 404, "no such key", "a key of nobody", "DELETE", "/v1/keys/none", "", .before = NOTHING },
    { 404, "no such letter", "a letter of nobody", "DELETE", "/v1/letters/none", "", .before = NOTHING },
    { 404, "no such webhook", "a webhook of nobody", "DELETE", "/v1/webhooks/999", "", .before = NOTHING },

    { 400, "eid is wrong", "an EID of one digit", "POST", "/v1/euiccs", "{\"eid\":\"1\"}", .before = NOTHING },
    { 400, "a number is wrong", "a counter below zero", REGISTER(",\"counter\":-1"), .before = NOTHING },
    { 400, "certificate is missing", "one certificate of the two", REGISTER(",\"euiccCertificate\":\"AA==\""), .before = NOTHING },
    { 400, "callback is wrong", "a callback without TLS", REGISTER(",\"callback\":\"http://x\""), .before = NOTHING },
    { 400, "a trust is wrong", "a signingTrust of nobody", REGISTER(",\"signingTrust\":\"x\""), .before = NOTHING },
    { 400, "certificate refused", "certificates that are no DER",
      REGISTER(",\"euiccCertificate\":\"AAAA\",\"eumCertificate\":\"AAAA\""), .before = NOTHING },
    { 409, "registered already", "an eUICC of another tenant", "POST", "/v1/euiccs", "{\"eid\":\"" LAB_EID "\"}", .caller = ADMIN },
    { 400, "euiccs is wrong", "an import of none", "POST", "/v1/euiccs/import", "{\"euiccs\":[]}", .before = NOTHING },
    { 400, "eids is wrong", "a batch of none", "POST", "/v1/initial-eim", "{\"eids\":[]}", .before = NOTHING },
    { 400, "the page is wrong", "a page of none", "GET", "/v1/euiccs?limit=0", "", .before = NOTHING },
    { 400, "the page is wrong", "a cursor of nobody", "GET", "/v1/orders?cursor=x", "", .before = NOTHING },
    { 400, "associationToken is wrong", "a token below zero", CHANGE("{\"associationToken\":-1}"), .before = NOTHING },
    { 400, "nothing to change", "a change of nothing", CHANGE("{}"), .before = NOTHING },
    { 400, "injectUrl is missing", "a binding without a URL", CHANGE("{\"injectBinding\":\"json\"}"), .before = NOTHING },
    { 400, "injectUrl is wrong", "a port beyond the last", CHANGE("{\"injectUrl\":\"https://x:65536\"}"), .before = NOTHING },
    { 400, "injectUrl is wrong", "pushes without TLS", CHANGE("{\"injectUrl\":\"http://x\"}"), .before = NOTHING },
    { 400, "injectBinding is wrong", "a binding of nobody",
      CHANGE("{\"injectUrl\":\"https://x\",\"injectBinding\":\"x\"}"), .before = NOTHING },

    { 400, "reference is missing", "an order without a reference", "POST", ORDERS, "{\"kind\":\"list\"}", .before = NOTHING },
    { 400, "reference is too long", "a reference of 129 characters", "POST", ORDERS,
      "{\"kind\":\"list\",\"reference\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", .before = NOTHING },
    { 400, "unknown member", "a member that is misspelt", ORDER(",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID "\",\"rolback\":true"),
      .before = NOTHING },
    { 400, "unknown member", "a parameter of another kind",
      ORDER(",\"kind\":\"configureImmediateEnable\",\"parameters\":{\"address\":\"smdp.example.com\"}"), .before = NOTHING },
    { 400, "unknown member", "a member of no eUICC", REGISTER(",\"tenant\":\"x\""), .before = NOTHING },
    { 400, "unknown member", "a member of no tlsTrust", REGISTER(",\"tlsTrust\":{\"cert\":\"AA==\"}"), .before = NOTHING },
    { 400, "unknown member", "a member of no import", "POST", "/v1/euiccs/import", "{\"euiccs\":[],\"dryRun\":true}", .before = NOTHING },
    { 400, "unknown member", "a member of no batch", "POST", "/v1/initial-eim", "{\"eids\":[],\"all\":true}", .before = NOTHING },
    { 400, "unknown member", "a member of no change", CHANGE("{\"state\":\"enabled\"}"), .before = NOTHING },
    { 400, "unknown member", "a member of no webhook", "POST", "/v1/webhooks", "{\"url\":\"https://x\",\"secret\":\"s\"}", .before = NOTHING },
    { 400, "unknown member", "a member of no key", "POST", "/v1/keys", "{\"name\":\"k\",\"rights\":[\"read\"],\"ends\":1}", .before = NOTHING },
    { 400, "unknown member", "a member of no retry", "POST", "/v1/orders/%s/retry", "{\"priority\":9}", .before = A_CANCELLED_ORDER },
    { 400, "wrong type", "a rollback that is a text",
      ORDER(",\"kind\":\"enable\",\"iccid\":\"" LAB_LEAD_ICCID "\",\"rollback\":\"true\""), .before = NOTHING },
    { 400, "wrong type", "a counter that is a text", REGISTER(",\"counter\":\"1\""), .before = NOTHING },
    { 400, "unknown query parameter", "a filter that is misspelt", "GET", "/v1/orders?stat=expired", "", .before = NOTHING },
    { 400, "unknown query parameter", "a filter beside a reference", "GET", "/v1/orders?reference=r&state=done", "", .before = NOTHING },
    { 400, "unknown query parameter", "a query where none is read", "GET", "/v1/keys?limit=1", "", .before = NOTHING },
    { 400, "Bad Request", "a body that is null", "POST", ORDERS, "null", .before = NOTHING },
    { 400, "kind is wrong", "a kind of nobody", ORDER(",\"kind\":\"x\""), .before = NOTHING },
    { 400, "callback is wrong", "a callback to no host", ORDER(",\"kind\":\"list\",\"callback\":\"https://\""), .before = NOTHING },
    { 400, "callback is wrong", "a callback with a user and an impossible port",
      ORDER(",\"kind\":\"list\",\"callback\":\"https://user:pw@x:99999/\""), .before = NOTHING },
    { 400, "callback is wrong", "a callback without TLS", ORDER(",\"kind\":\"list\",\"callback\":\"http://x\""), .before = NOTHING },
    { 400, "iccid is wrong", "an ICCID of one digit", ORDER(",\"kind\":\"enable\",\"iccid\":\"1\""), .before = NOTHING },
    { 400, "parameters are wrong", "an address that is missing", ORDER(",\"kind\":\"setDefaultDpAddress\""), .before = NOTHING },
    { 400, "activationCode is wrong", "a code that is none", ORDER(",\"kind\":\"download\",\"activationCode\":\"x\""), .before = NOTHING },
    { 400, "confirmationCode is wrong", "an empty confirmation code",
      ORDER(",\"kind\":\"download\",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"\""), .before = NOTHING },
    { 400, "validUntil is wrong", "a time that is none", ORDER(",\"kind\":\"list\",\"validUntil\":\"tomorrow\""), .before = NOTHING },
    { 400, "priority is wrong", "a priority of 10", ORDER(",\"kind\":\"list\",\"priority\":10"), .before = NOTHING },
    { 409, "reference in use", "another order under the same reference", ORDER(",\"kind\":\"listEim\""), .before = AN_ORDER },
    { 409, "too late", "an order that was sent is cancelled", "DELETE", "/v1/orders/%s", "", .before = A_SENT_ORDER },
    { 400, "the query is wrong", "a word that is none", "DELETE", "/v1/orders/%s?abandon=yes", "", .before = A_SENT_ORDER },
    { 409, "may have been done", "a package that was given up is tried again", "POST", "/v1/orders/%s/retry", "{}", .before = AN_ABANDONED_ORDER },
    { 400, "reference is too long", "a batch under a reference of 96 characters", "POST", "/v1/orders",
      "{\"reference\":\"012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345\","
      "\"kind\":\"list\",\"eids\":[\"" LAB_EID "\"]}", .before = NOTHING },
    { 409, "orders are open", "an eUICC with an order is deleted", "DELETE", "/v1/euiccs/" LAB_EID, "", .before = AN_ORDER },
    { 409, "handed over", "an order for an eUICC that was left to another eIM", ORDER(",\"kind\":\"list\""), .before = HANDED_OVER },
    { 400, "tenant is wrong", "a tenant that nobody is", "POST", "/v1/euiccs/" LAB_EID "/transfer", "{\"tenant\":\"nobody\"}", .caller = ADMIN },
    { 400, "the query is wrong", "a force that is a number", "DELETE", "/v1/euiccs/" LAB_EID "?force=1", "", .before = NOTHING },
    { 409, "nothing to retry", "an order that waits is tried again", "POST", "/v1/orders/%s/retry", "{}", .before = AN_ORDER },
    { 400, "the filter is wrong", "a state of nobody", "GET", "/v1/orders?state=begun", "", .before = NOTHING },
    { 400, "Idempotency-Key is wrong", "a key with a space", ORDER(",\"kind\":\"list\""), .header = "Idempotency-Key", .value = "a b" },
    { 422, "Idempotency-Key in use", "another call with the same key",
      ORDER(",\"kind\":\"list\",\"priority\":1"), .before = A_KEYED_CALL, .header = "Idempotency-Key", .value = "k" },

    { 400, "url is wrong", "a webhook without TLS", "POST", "/v1/webhooks", "{\"url\":\"http://x\"}", .before = NOTHING },
    { 400, "url is wrong", "a webhook with a fragment", "POST", "/v1/webhooks", "{\"url\":\"https://x/#a\"}", .before = NOTHING },
    { 400, "events are wrong", "an event of nobody", "POST", "/v1/webhooks", "{\"url\":\"https://x\",\"events\":[\"x\"]}", .before = NOTHING },
    { 409, "there already", "the same webhook again", "POST", "/v1/webhooks", HOOK, .before = A_WEBHOOK },
    { 409, "too many webhooks", "the 21st webhook", "POST", "/v1/webhooks", "{\"url\":\"https://eso.example.com/x\"}", .before = WEBHOOKS },
    { 400, "name is wrong", "a key without a name", "POST", "/v1/keys", "{\"name\":\"\",\"rights\":[\"read\"]}", .before = NOTHING },
    { 400, "rights are wrong", "a key without rights", "POST", "/v1/keys", "{\"name\":\"k\",\"rights\":[]}", .before = NOTHING },
    { 409, "too many keys", "the 101st key", "POST", "/v1/keys", "{\"name\":\"k\",\"rights\":[\"read\"]}", .before = KEYS },
    { 400, "Last-Event-ID is wrong", "an id of letters", "GET", "/v1/events?follow=false", "", .header = "Last-Event-ID", .value = "x" },
    { 400, "follow is wrong", "neither true nor false", "GET", "/v1/events?follow=maybe", "", .before = NOTHING },
};

/* --- each ------------------------------------------------------------------------------------------------------ */

static void make_webhooks(struct fixture *f, int count)
{
    char body[120];
    for (int i = 0; i < count; i++) {
        snprintf(body, sizeof body, "{\"url\":\"https://eso.example.com/%d\"}", i);
        REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/webhooks", body, NULL) == 201);
    }
}

static void make_keys(struct fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/keys", "{\"name\":\"k\",\"rights\":[\"read\"]}", NULL) == 201);
}

static int call(struct fixture *f, size_t row, const char *path, const char *body, char title[64])
{
    char url[200];
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { rows[row].header, rows[row].value } };
    struct http_response p = HTTP_RESPONSE_INIT;
    json_t *problem = NULL;
    const struct http_call q = { .method = rows[row].method, .url = url, .headers = headers, .header_count = rows[row].header ? 2 : 1,
                                 .body = span_str(body) };
    snprintf(url, sizeof url, LAB_EIM_URL "%s", path);
    struct http_client *const callers[] = { [ESO] = f->l.eso, [ADMIN] = f->l.admin, [STRANGER] = f->l.stranger,
                                            [ANYONE] = f->l.anyone };
    REQUIRE(http_send(callers[rows[row].caller], &q, &p) == ERR_OK);
    int status = p.status;
    bool is_problem = strcmp(p.content_type, "application/problem+json") == 0 && json_read(buf_span(&p.body), &problem, NULL) == ERR_OK;
    snprintf(title, 64, "%s", is_problem && json_str(problem, "title") ? json_str(problem, "title") : "");
    json_decref(problem);
    http_response_release(&p);
    return status;
}

static void put_path(struct fixture *f, const char *of_row, char path[120])
{
    const char *id = strstr(of_row, "%s");
    if (id)
        snprintf(path, 120, "%.*s%s%s", (int)(id - of_row), of_row,
                 lab_get(&f->l, f->l.eso, LAB_EIM_URL "/v1/orders?reference=r", "orderId"), id + 2);
    else
        snprintf(path, 120, "%s", of_row);
}

static void prepare(struct fixture *f, size_t row)
{
    char title[64], path[120], url[160];
    switch (rows[row].before) {
    case AN_ORDER:
    case A_SENT_ORDER:
    case AN_ABANDONED_ORDER:
    case A_CANCELLED_ORDER:
        REQUIRE(lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL ORDERS, "{\"reference\":\"r\",\"kind\":\"list\"}", NULL) == 202);
        if (rows[row].before == A_SENT_ORDER || rows[row].before == AN_ABANDONED_ORDER)
            REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        put_path(f, "/v1/orders/%s?abandon=true", path);
        snprintf(url, sizeof url, LAB_EIM_URL "%s", path);
        if (rows[row].before == AN_ABANDONED_ORDER || rows[row].before == A_CANCELLED_ORDER)
            REQUIRE(lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200);
        break;
    case HANDED_OVER:
        REQUIRE(db_run(f->l.part[LAB_EIM].env.db, "UPDATE euicc SET handed_over = 1", NULL, 0, NULL) == ERR_OK);
        break;
    case A_WEBHOOK:
        make_webhooks(f, 1);
        break;
    case WEBHOOKS:
        make_webhooks(f, 20);
        break;
    case KEYS:
        make_keys(f, 100);
        break;
    case A_KEYED_CALL:
        REQUIRE(call(f, row, ORDERS, "{\"reference\":\"k\",\"kind\":\"list\"}", title) == 202);
        break;
    default:
        break;
    }
}

static void each_problem(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char path[120], row[160], title[64];
        fixture_open(&f);
        prepare(&f, i);
        put_path(&f, rows[i].path, path);
        snprintf(row, sizeof row, "%d %s: %s", rows[i].status, rows[i].title, rows[i].how);
        int status = call(&f, i, path, rows[i].body, title);
        CHECK_ROW(row, status == rows[i].status && strcmp(title, rows[i].title) == 0);
        if (status != rows[i].status || strcmp(title, rows[i].title))
            printf(" (%d %s)", status, title);
        fixture_close(&f);
    }
}

/* --- none left out ------------------------------------------------------------------------------------------------ */

/* Provoked by a test of its own. */
static const struct {
    int status;
    const char *title, *file;
} elsewhere[] = {
    { 503, "too many streams", "tests/unit/eim/stream_test.c" },
    { 400, "an eUICC is wrong", "tests/unit/eim/import_test.c" },
};

static bool is_provoked(int status, const char *title)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].status == status && strcmp(rows[i].title, title) == 0)
            return true;
    for (size_t i = 0; i < COUNT(elsewhere); i++)
        if (elsewhere[i].status == status && strcmp(elsewhere[i].title, title) == 0)
            return true;
    return false;
}

/* Calls like eim_problem(p, 400, "title", …): gives how many were found. */
static size_t check_calls(const char *text, const char *begin)
{
    size_t found = 0;
    char title[64], row[100];
    int status;
    for (const char *at = text; (at = strstr(at, begin)); at++) {
        if (sscanf(at + strlen(begin), "%d, \"%63[^\"]\"", &status, title) != 2)
            continue;
        snprintf(row, sizeof row, "%d %s in the source", status, title);
        CHECK_ROW(row, is_provoked(status, title));
        found++;
    }
    return found;
}

static void every_problem_of_the_source(void)
{
    char pattern[4096];
    glob_t files = { 0 };
    size_t found = 0;
    snprintf(pattern, sizeof pattern, "%s/sim/eim/*.c", source_folder());
    REQUIRE(glob(pattern, 0, NULL, &files) == 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct buf text = { .max = 1 << 20 };
        REQUIRE(read_file(files.gl_pathv[i], &text) == ERR_OK && buf_put_u8(&text, 0) == ERR_OK);
        found += check_calls((const char *)text.at, "eim_problem(p, ") + check_calls((const char *)text.at, "http_problem(p, ") +
                 check_calls((const char *)text.at, "eim_say(v, ");
        buf_release(&text);
    }
    globfree(&files);
    CHECK(found > 40);
}

void put_problem_rows(struct buf *out)
{
    char line[300];
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(line, sizeof line, "| %d | %s | %s |\n", rows[i].status, rows[i].title, rows[i].how);
        REQUIRE(buf_put_str(out, line) == ERR_OK);
    }
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        snprintf(line, sizeof line, "| %d | %s | `%s` |\n", elsewhere[i].status, elsewhere[i].title, elsewhere[i].file);
        REQUIRE(buf_put_str(out, line) == ERR_OK);
    }
}

const struct test problems_tests[] = {
    { "each problem of the northbound interface is provoked", each_problem },
    { "every problem that the source says has its row", every_problem_of_the_source },
};
const size_t problems_tests_count = COUNT(problems_tests);
