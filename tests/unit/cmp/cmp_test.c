#include <string.h>

#include "world.h"

/* ---- who may ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *login, *path;
    int status;
    const char *want;
} logins[] = {
    { "an enterprise with its key is heard", KEY, "/rws/api/v1/echo/hello", 200, "\"hello\"" },
    { "no credentials: 401 without errorCode", NULL, "/rws/api/v1/echo/x", 401, "to access this resource.\"}" },
    { "a wrong key is 10000001", "acme-user:acme-kez", "/rws/api/v1/echo/x", 401, "\"errorCode\":\"10000001\"" },
    { "an unknown user is 10000001", "nobody:acme-key", "/rws/api/v1/echo/x", 401, "10000001" },
    { "a key without user is 10000001", ":acme-key", "/rws/api/v1/echo/x", 401, "10000001" },
    { "no colon is 10000001", "acme-user", "/rws/api/v1/echo/x", 401, "10000001" },
    { "an empty key is 10000001", "acme-user:", "/rws/api/v1/echo/x", 401, "10000001" },
    { "another enterprise's key is 10000001", "acme-user:other-key", "/rws/api/v1/echo/x", 401, "10000001" },
    { "devices want credentials", NULL, "/rws/api/v1/devices/" SIM, 401, "" },
    { "another API version is 10000024", KEY, "/rws/api/v9/devices/" SIM, 400, "10000024" },
    { "a SIM in the inventory is not an enterprise's", KEY, "/rws/api/v1/devices/" SIM, 404,
      "{\"errorMessage\":\"Resource not found - Invalid ICCID.\",\"errorCode\":\"20000001\"}" },
    { "an unknown SIM is 20000001", KEY, "/rws/api/v1/devices/8949000000000000009", 404, "20000001" },
    { "an ICCID with letters is 20000001", KEY, "/rws/api/v1/devices/894900000000000000x", 404, "20000001" },
    { "a short ICCID is 20000001", KEY, "/rws/api/v1/devices/89490", 404, "20000001" },
    { "a page of 51 is refused", KEY, "/rws/api/v1/devices?pageSize=51", 400, "pageSize" },
    { "page 0 is refused", KEY, "/rws/api/v1/devices?pageNumber=0", 400, "pageNumber" },
    { "an unknown parameter is 10000028", KEY, "/rws/api/v1/devices?foo=1", 400, "10000028" },
    { "a date that is none is refused", KEY, "/rws/api/v1/devices?modifiedSince=soon", 400, "date" },
    { "another account's list is refused", KEY, "/rws/api/v1/devices?accountId=other", 400, "10000030" },
    { "more than 365 days of history are refused", KEY, "/rws/api/v1/devices/" SIM "/auditTrails?daysOfHistory=366",
      400, "daysOfHistory" },
};

static void enterprises_are_authenticated(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    for (size_t i = 0; i < COUNT(logins); i++) {
        CHECK_ROW(logins[i].name, ask(&w, NOBODY, logins[i].login, "GET", logins[i].path, NULL) == logins[i].status);
        CHECK_ROW(logins[i].name, says(&w, logins[i].want));
        const char *realm = http_response_header(&w.answer, "WWW-Authenticate");
        if (logins[i].status == 401)
            CHECK_ROW(logins[i].name, realm && strcmp(realm, "Basic realm=\"Jasper\"") == 0);
    }
    world_close(&w);
}

#define LATE_SIM "8949000000000000777"

static const struct {
    const char *name;
    enum who who;
    const char *method, *path, *body;
    int status;
    const char *want;
} administration[] = {
    { "no certificate", NOBODY, "POST", "/v1/inventory", "{\"devices\":[]}", 403, "10000030" },
    { "an unknown certificate", STRANGER, "POST", "/v1/inventory", "{\"devices\":[]}", 403, "10000030" },
    { "the eSO does not load inventory", ESO, "POST", "/v1/inventory", "{\"devices\":[]}", 403, "10000030" },
    { "the eSO makes no accounts", ESO, "POST", "/v1/accounts", "{}", 403, "10000030" },
    { "the eSO does not read the ledger", ESO, "GET", "/v1/ledger/" SIM, NULL, 403, "10000030" },
    { "the network moves no SIM", NET, "POST", "/v1/transfers", "{}", 403, "10000030" },
    { "the network sets no refusal", NET, "PUT", "/v1/inventory/refuse", "{\"cause\":\"x\"}", 403, "10000030" },
    { "the eSO tells no network events", ESO, "POST", "/v1/network-events", "{}", 403, "10000030" },
    { "nobody reads who wrote", NOBODY, "GET", "/v1/devices/" SIM "/writes", NULL, 403, "10000030" },
    { "an empty list is fine", ADMIN, "POST", "/v1/inventory", "{\"devices\":[]}", 200, "\"added\":0" },
    { "no list", ADMIN, "POST", "/v1/inventory", "{}", 400, "" },
    { "malformed JSON is 10000023", ADMIN, "POST", "/v1/inventory", "{", 400, "10000023" },
    { "a SIM twice is known", ADMIN, "POST", "/v1/inventory", "{\"devices\":[{\"iccid\":\"" SIM "\"}]}", 200,
      "{\"added\":0,\"known\":1}" },
    { "an ICCID too short", ADMIN, "POST", "/v1/inventory", "{\"devices\":[{\"iccid\":\"8949\"}]}", 400, "iccid" },
    { "a row that is no object", ADMIN, "POST", "/v1/inventory", "{\"devices\":[7]}", 400, "iccid" },
    { "one bad row and nothing is added", ADMIN, "POST", "/v1/inventory",
      "{\"devices\":[{\"iccid\":\"" LATE_SIM "\"},{\"iccid\":7}]}", 400, "iccid" },
    { "the first of those rows is not there", ADMIN, "GET", "/v1/ledger/" LATE_SIM, NULL, 404, "20000001" },
    { "an account that is not there", ADMIN, "POST", "/v1/inventory",
      "{\"devices\":[{\"iccid\":\"" LATE_SIM "\",\"accountId\":\"none\"}]}", 400, "accountId" },
    { "a status that is none", ADMIN, "POST", "/v1/inventory",
      "{\"devices\":[{\"iccid\":\"" LATE_SIM "\",\"accountId\":\"acme\",\"status\":\"ACTIVE\"}]}", 400, "status" },
    { "an active SIM in the inventory", ADMIN, "POST", "/v1/inventory",
      "{\"devices\":[{\"iccid\":\"" LATE_SIM "\",\"status\":\"ACTIVATED\"}]}", 400, "status" },
    { "a preloaded SIM", ADMIN, "POST", "/v1/inventory",
      "{\"devices\":[{\"iccid\":\"" LATE_SIM "\",\"accountId\":\"acme\",\"status\":\"ACTIVATED\"}]}", 200, "" },
    { "the preloaded SIM is billed", ADMIN, "GET", "/v1/ledger/" LATE_SIM, NULL, 200,
      "\"billable\":true,\"billableSince\":\"2027-01-15 08:00:00.000+0000\"" },
    { "the first load is no write", ADMIN, "GET", "/v1/devices/" LATE_SIM "/writes", NULL, 200, "\"count\":0" },
    { "an account twice", ADMIN, "POST", "/v1/accounts",
      "{\"accountId\":\"acme\",\"username\":\"z\",\"apiKey\":\"k\"}", 409, "account-exists" },
    { "a user name twice", ADMIN, "POST", "/v1/accounts",
      "{\"accountId\":\"z\",\"username\":\"acme-user\",\"apiKey\":\"k\"}", 409, "account-exists" },
    { "a colon in a user name", ADMIN, "POST", "/v1/accounts",
      "{\"accountId\":\"z\",\"username\":\"a:b\",\"apiKey\":\"k\"}", 400, "colon" },
    { "an account without key", ADMIN, "POST", "/v1/accounts", "{\"accountId\":\"z\",\"username\":\"z\"}", 400,
      "apiKey" },
    { "since that is no time", ADMIN, "GET", "/v1/devices/" SIM "/writes?since=x", NULL, 400, "since" },
};

static void administration_needs_the_right(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    for (size_t i = 0; i < COUNT(administration); i++) {
        CHECK_ROW(administration[i].name,
                  ask(&w, administration[i].who, NULL, administration[i].method, administration[i].path,
                      administration[i].body) == administration[i].status);
        CHECK_ROW(administration[i].name, says(&w, administration[i].want));
    }
    world_close(&w);
}

/* ---- transfers -------------------------------------------------------------------------------------------------- */

static void a_transfer_moves_the_sim_once(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "swap-1") == 201 && says(&w, "\"state\":\"done\""));
    CHECK(GET_DEVICE(&w) == 200);
    CHECK(says(&w, "\"status\":\"TEST_READY\",\"ratePlan\":\"iot-1mb\",\"communicationPlan\":\"data\","
                   "\"accountId\":\"acme\""));
    CHECK(says(&w, "\"dateShipped\":\"2027-01-15 08:00:00.000+0000\",\"dateActivated\":null"));
    CHECK(transfer(&w, SIM, "acme", "swap-1") == 200 && says(&w, "\"state\":\"done\""));
    CHECK(GET_WRITES(&w) == 200 && says(&w, "\"count\":1"));
    CHECK(says(&w, "\"by\":\"eso\",\"field\":\"status\",\"from\":\"INVENTORY\",\"to\":\"TEST_READY\""));
    CHECK(ask(&w, NOBODY, OTHER, "GET", "/rws/api/v1/devices/" SIM, NULL) == 404);
    world_close(&w);
}

static const struct {
    const char *name, *iccid, *account, *reference;
    int status;
    const char *want;
} transfers[] = {
    { "a SIM that is not there", "8949000000000000009", "acme", "r0", 409, "\"errorCode\":\"not-in-inventory\"" },
    { "19 digits find a SIM of 20", "8949000000000000002", "acme", "r1", 201, "\"iccid\":\"" SIM20 "\"" },
    { "the same with 20 digits is the same", SIM20, "acme", "r1", 200, "\"iccid\":\"" SIM20 "\"" },
    { "20 digits find a SIM of 19", SIM "5", "acme", "r2", 201, "\"iccid\":\"" SIM "\"" },
    { "a reference used for another SIM", SIM, "acme", "r1", 409, "\"errorCode\":\"reference-conflict\"" },
    { "a reference used for another account", SIM20, "other", "r1", 409, "reference-conflict" },
    { "a SIM of another account", SIM, "other", "r3", 409, "\"errorCode\":\"other-account\"" },
    { "a SIM that is there already, for another reference", SIM, "acme", "r4", 201, "\"done\"" },
    { "an account that is not there", SIM, "none", "r5", 400, "accountId" },
    { "the inventory is empty by now", "8949000000000000009", "acme", "r6", 409, "\"errorCode\":\"inventory-empty\"" },
    { "an ICCID with letters", "894900000000000000a", "acme", "r7", 400, "" },
    { "no reference", SIM, "acme", "", 400, "reference" },
};

static void transfers_are_refused_with_a_cause(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    for (size_t i = 0; i < COUNT(transfers); i++) {
        CHECK_ROW(transfers[i].name, transfer(&w, transfers[i].iccid, transfers[i].account, transfers[i].reference) ==
                                         transfers[i].status);
        CHECK_ROW(transfers[i].name, says(&w, transfers[i].want));
    }
    world_close(&w);
}

static void the_operator_can_refuse_transfers(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(ask(&w, ADMIN, NULL, "PUT", "/v1/inventory/refuse", "{\"cause\":\"inventory-empty\"}") == 200);
    CHECK(transfer(&w, SIM, "acme", "r1") == 409 && says(&w, "\"errorCode\":\"inventory-empty\""));
    CHECK(GET_DEVICE(&w) == 404);
    CHECK(ask(&w, ADMIN, NULL, "PUT", "/v1/inventory/refuse", "{}") == 400);
    CHECK(ask(&w, ADMIN, NULL, "PUT", "/v1/inventory/refuse", "{\"cause\":null}") == 200);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    /* What was done before the refusal is still told as done. */
    CHECK(ask(&w, ADMIN, NULL, "PUT", "/v1/inventory/refuse", "{\"cause\":\"closed\"}") == 200);
    CHECK(transfer(&w, SIM, "acme", "r1") == 200);
    world_close(&w);
}

static void a_reversal_puts_the_sim_back_unbilled(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(ask(&w, ESO, NULL, "POST", "/v1/transfers/r1/reverse", NULL) == 404 && says(&w, "unknown-reference"));
    CHECK(transfer(&w, SIM, "acme", "r1") == 201 && transfer(&w, SIM, "acme", "again") == 201);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"ACTIVATED\"}") == 200);
    CHECK(ask(&w, NET, NULL, "POST", "/v1/transfers/r1/reverse", NULL) == 403);
    for (unsigned again = 0; again < 2; again++)
        CHECK(ask(&w, ESO, NULL, "POST", "/v1/transfers/r1/reverse", NULL) == 200 && says(&w, "\"reversed\""));
    CHECK(GET_DEVICE(&w) == 404);
    CHECK(GET_LEDGER(&w) == 200);
    CHECK(says(&w, "\"accountId\":\"\",\"status\":\"INVENTORY\",\"billable\":false,\"billableSince\":null"));
    CHECK(transfer(&w, SIM, "acme", "r1") == 409 && says(&w, "\"errorCode\":\"reversed\""));
    CHECK(transfer(&w, SIM, "other", "r2") == 201);
    /* An old reversal must not take the SIM away from its new account. */
    CHECK(ask(&w, ESO, NULL, "POST", "/v1/transfers/r1/reverse", NULL) == 200);
    CHECK(ask(&w, ESO, NULL, "POST", "/v1/transfers/again/reverse", NULL) == 200);
    CHECK(ask(&w, NOBODY, OTHER, "GET", "/rws/api/v1/devices/" SIM, NULL) == 200);
    world_close(&w);
}

/* ---- changing a SIM --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *body;
    int status;
    const char *want; /* in the answer; after 200 in the device */
} changes[] = {
    { "plans are set", "{\"ratePlan\":\"p2\",\"communicationPlan\":\"c2\"}", 200,
      "\"ratePlan\":\"p2\",\"communicationPlan\":\"c2\"" },
    { "custom fields are kept", "{\"accountCustom10\":\"ten\",\"operatorCustom5\":\"five\",\"customer\":\"Meters Ltd\"}",
      200, "\"accountCustom10\":\"ten\",\"customer\":\"Meters Ltd\",\"operatorCustom5\":\"five\"" },
    { "a custom field too many", "{\"accountCustom11\":\"x\"}", 400, "10000028" },
    { "a custom field 0", "{\"accountCustom0\":\"x\"}", 400, "10000028" },
    { "an unknown member", "{\"colour\":\"red\"}", 400, "\"errorCode\":\"10000028\"" },
    { "an unknown member beside a good one", "{\"ratePlan\":\"p3\",\"colour\":\"red\"}", 400, "colour" },
    { "malformed JSON", "{\"status\":", 400, "\"errorCode\":\"10000023\"" },
    { "no body", NULL, 400, "10000023" },
    { "a number as plan", "{\"ratePlan\":3}", 400, "ratePlan" },
    { "a plan of 65 characters",
      "{\"ratePlan\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}", 400, "ratePlan" },
    { "a line end in a field", "{\"customer\":\"a\\nb\"}", 400, "customer" },
    { "a status of another platform", "{\"status\":\"ACTIVE\"}", 400, "status" },
    { "PURGED is not next", "{\"status\":\"PURGED\"}", 400, "20000005" },
    { "a part of a status is none", "{\"status\":\"ACTIVAT\"}", 400, "status" },
    { "an override that is none", "{\"overageLimitOverride\":\"YES\"}", 400, "overageLimitOverride" },
    { "an override", "{\"overageLimitOverride\":\"TEMPORARY_OVERRIDE\"}", 200, "TEMPORARY_OVERRIDE" },
    { "a date beyond 180 days", "{\"status\":\"ACTIVATED\",\"effectiveDate\":\"2028-01-15Z\"}", 400, "effectiveDate" },
    { "a date that is none", "{\"status\":\"ACTIVATED\",\"effectiveDate\":\"soon\"}", 400, "effectiveDate" },
    { "nothing of the refused was written", "{}", 200, "\"status\":\"TEST_READY\",\"ratePlan\":\"p2\"" },
    { "activated", "{\"status\":\"ACTIVATED\"}", 200, "\"dateActivated\":\"2027-01-15 08:00:00.000+0000\"" },
    { "activated SIMs do not go back to tests", "{\"status\":\"TEST_READY\"}", 400, "20000005" },
    { "activated again", "{\"status\":\"ACTIVATED\"}", 200, "\"status\":\"ACTIVATED\"" },
    { "deactivated", "{\"status\":\"DEACTIVATED\"}", 200, "\"status\":\"DEACTIVATED\"" },
    { "retired", "{\"status\":\"RETIRED\"}", 200, "\"status\":\"RETIRED\"" },
    { "purged", "{\"status\":\"PURGED\"}", 200, "\"status\":\"PURGED\"" },
    { "purged SIMs stay purged", "{\"status\":\"ACTIVATED\"}", 400, "20000005" },
};

static void sims_are_changed_within_rules(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(ask(&w, NOBODY, OTHER, "PUT", "/rws/api/v1/devices/" SIM, "{\"status\":\"ACTIVATED\"}") == 404);
    for (size_t i = 0; i < COUNT(changes); i++) {
        CHECK_ROW(changes[i].name, PUT_DEVICE(&w, changes[i].body) == changes[i].status);
        if (changes[i].status == 200)
            CHECK_ROW(changes[i].name, says(&w, "{\"iccid\":\"" SIM "\"}") && GET_DEVICE(&w) == 200);
        CHECK_ROW(changes[i].name, says(&w, changes[i].want));
    }
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/devices/" SIM "/auditTrails?daysOfHistory=1", NULL) == 200);
    CHECK(says(&w, "\"field\":\"customer\",\"priorValue\":\"\",\"value\":\"Meters Ltd\""));
    CHECK(says(&w, "\"status\":\"Completed\",\"userName\":\"acme-user\""));
    world_close(&w);
}

static void the_ledger_shows_what_is_billed(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(GET_LEDGER(&w) == 200 && says(&w, "\"billable\":false"));
    clock_virtual_advance(&w.clock, NOW + CLOCK_HOUR);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"ACTIVATED\"}") == 200);
    CHECK(GET_LEDGER(&w) == 200);
    CHECK(says(&w, "\"billable\":true,\"billableSince\":\"2027-01-15 09:00:00.000+0000\""));
    clock_virtual_advance(&w.clock, NOW + 2 * CLOCK_HOUR);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"DEACTIVATED\"}") == 200);
    CHECK(GET_LEDGER(&w) == 200 && says(&w, "\"billable\":false"));
    CHECK(says(&w, "{\"status\":\"ACTIVATED\",\"from\":\"2027-01-15 09:00:00.000+0000\",\"until\":\"2027-01-15 "
                   "10:00:00.000+0000\",\"billed\":true}"));
    CHECK(ask(&w, ADMIN, NULL, "GET", "/v1/devices/" SIM "/writes?since=2027-01-15T08:30:00Z", NULL) == 200);
    CHECK(says(&w, "\"count\":2"));
    world_close(&w);
}

static void a_scheduled_change_waits_for_its_date(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"ACTIVATED\",\"effectiveDate\":\"2027-01-17Z\"}") == 200);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"TEST_READY\",\"effectiveDate\":\"2027-01-18Z\"}") == 200);
    int64_t due = tick(&w);
    CHECK(due == NOW + 40 * CLOCK_HOUR);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "TEST_READY"));
    clock_virtual_advance(&w.clock, due);
    due = tick(&w);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "ACTIVATED"));
    /* The second no longer fits: it is dropped, and nothing is left to do. */
    clock_virtual_advance(&w.clock, due);
    CHECK(tick(&w) == CLOCK_NEVER);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "ACTIVATED"));
    world_close(&w);
}

static void lists_come_in_pages(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM20, "acme", "r2") == 201 && transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/devices?pageSize=1", NULL) == 200);
    CHECK(says(&w, "{\"pageNumber\":1,\"devices\":[{\"iccid\":\"" SIM "\",\"status\":\"TEST_READY\",\"ratePlan\":"
                   "\"iot-1mb\",\"communicationPlan\":\"data\"}],\"lastPage\":false}") || says(&w, SIM20));
    CHECK(says(&w, "\"lastPage\":false"));
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/devices?pageSize=1&pageNumber=2", NULL) == 200);
    CHECK(says(&w, "\"lastPage\":true") && !says(&w, "\"devices\":[]"));
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/devices?status=ACTIVATED", NULL) == 200);
    CHECK(says(&w, "\"devices\":[],\"lastPage\":true"));
    CHECK(ask(&w, NOBODY, OTHER, "GET", "/rws/api/v1/devices", NULL) == 200 && says(&w, "\"devices\":[]"));
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/devices?modifiedSince=2027-01-16T00:00:00Z", NULL) == 200);
    CHECK(says(&w, "\"devices\":[]"));
    world_close(&w);
}

static void calls_are_counted_by_the_second(void)
{
    struct world w;
    world_open(&w, 5);
    world_prepare(&w);
    for (unsigned i = 0; i < 5; i++)
        CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/echo/x", NULL) == 200);
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/echo/x", NULL) == 429 && says(&w, "40000029"));
    clock_virtual_advance(&w.clock, NOW + CLOCK_SECOND);
    CHECK(ask(&w, NOBODY, KEY, "GET", "/rws/api/v1/echo/x", NULL) == 200);
    world_close(&w);
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

static void sessions_are_seen(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(GET_SESSION(&w) == 200 && says(&w, "\"dateSessionStarted\":null,\"dateSessionEnded\":null"));
    CHECK(event(&w, "attached", "2027-01-15T08:00:01.000Z") == 200);
    CHECK(GET_SESSION(&w) == 200 && says(&w, "\"dateSessionStarted\":null"));
    CHECK(event(&w, "session-started", "2027-01-15T08:00:02.000Z") == 200);
    CHECK(GET_SESSION(&w) == 200);
    CHECK(says(&w, "\"dateSessionStarted\":\"2027-01-15 08:00:02.000+0000\",\"dateSessionEnded\":null"));
    CHECK(event(&w, "session-ended", "2027-01-15T08:00:05.000Z") == 200 && says(&w, "\"known\":false"));
    CHECK(event(&w, "session-started", "2027-01-15T08:00:02.000Z") == 200 && says(&w, "\"known\":true"));
    CHECK(GET_SESSION(&w) == 200 && says(&w, "\"dateSessionEnded\":\"2027-01-15 08:00:05.000+0000\""));
    /* An older start that arrives late hides nothing. */
    CHECK(event(&w, "session-started", "2027-01-15T07:00:00.000Z") == 200);
    CHECK(GET_SESSION(&w) == 200 && says(&w, "08:00:02.000+0000"));
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "\"status\":\"TEST_READY\""));
    CHECK(event(&w, "exploded", "2027-01-15T08:00:02.000Z") == 400);
    CHECK(event(&w, "attached", "yesterday") == 400);
    CHECK(ask(&w, NET, NULL, "POST", "/v1/network-events",
              "{\"iccid\":\"8949000000000000009\",\"event\":\"attached\",\"at\":\"2027-01-15Z\"}") == 404);
    CHECK(ask(&w, NOBODY, OTHER, "GET", "/rws/api/v1/devices/" SIM "/sessionInfo", NULL) == 404);
    world_close(&w);
}

static void the_first_session_activates(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"ACTIVATION_READY\"}") == 200);
    CHECK(GET_LEDGER(&w) == 200 && says(&w, "\"billable\":false"));
    CHECK(event(&w, "attached", "2027-01-15T08:00:01.000Z") == 200);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "\"status\":\"ACTIVATION_READY\""));
    CHECK(event(&w, "session-started", "2027-01-15T08:00:02.000Z") == 200);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "\"status\":\"ACTIVATED\""));
    CHECK(GET_LEDGER(&w) == 200 && says(&w, "\"billable\":true"));
    /* The platform did that by itself: a transfer and a PUT are all that anybody wrote. */
    CHECK(GET_WRITES(&w) == 200 && says(&w, "\"count\":2"));
    world_close(&w);
}

static void the_network_is_told_in_order(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(tick(&w) == CLOCK_NEVER);
    CHECK(strcmp(w.network.told, SIM "=false;" SIM20 "=false;") == 0);
    w.network.told[0] = 0;
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    CHECK(PUT_DEVICE(&w, "{\"status\":\"ACTIVATED\"}") == 200); /* service goes on: nothing to tell */
    CHECK(PUT_DEVICE(&w, "{\"status\":\"DEACTIVATED\"}") == 200);
    CHECK(tick(&w) == CLOCK_NEVER);
    CHECK(strcmp(w.network.told, SIM "=true;" SIM "=false;") == 0);
    world_close(&w);
}

static void the_network_is_told_again_when_it_was_away(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(http_switch_set(w.direct, "net.partner.example.com", NULL, NULL, NULL) == ERR_OK);
    CHECK(tick(&w) <= NOW + CLOCK_SECOND && w.network.told[0] == 0);
    CHECK(http_switch_set(w.direct, "net.partner.example.com", &w.network.actor, NULL, NULL) == ERR_OK);
    w.network.status = 503;
    clock_virtual_advance(&w.clock, NOW + CLOCK_SECOND);
    CHECK(tick(&w) < CLOCK_NEVER && w.network.told[0] == 0);
    w.network.status = 200;
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    for (unsigned i = 0; i < 10; i++) {
        int64_t due = tick(&w);
        if (due == CLOCK_NEVER)
            break;
        clock_virtual_advance(&w.clock, due);
    }
    /* Of each SIM in order, whatever was retried meanwhile. */
    const char *first = strstr(w.network.told, SIM "=false;"), *then = strstr(w.network.told, SIM "=true;");
    CHECK(first && then && first < then && strstr(w.network.told, SIM20 "=false;"));
    CHECK(tick(&w) == CLOCK_NEVER);
    world_close(&w);
}

static void a_sim_the_network_does_not_know_is_told_again(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    w.network.status = 404;
    int64_t due = tick(&w);
    CHECK(due == NOW + CLOCK_SECOND);
    w.network.status = 200;
    clock_virtual_advance(&w.clock, due);
    CHECK(tick(&w) == CLOCK_NEVER && strstr(w.network.told, SIM20));
    world_close(&w);
}

static void a_new_object_over_the_same_store_goes_on(void)
{
    struct world w;
    world_open(&w, 0);
    world_prepare(&w);
    CHECK(transfer(&w, SIM, "acme", "r1") == 201);
    cmp_actor(w.cmp)->ops->free(cmp_actor(w.cmp));
    const struct cmp_settings s = { .carrier = "partner", .network_url = "https://net.partner.example.com" };
    REQUIRE(cmp_new(&w.env, &s, &w.cmp) == ERR_OK);
    REQUIRE(http_switch_set(w.direct, "cmp.partner.example.com", cmp_actor(w.cmp), w.clients, &w.log) == ERR_OK);
    CHECK(GET_DEVICE(&w) == 200 && says(&w, "TEST_READY"));
    CHECK(tick(&w) == CLOCK_NEVER && strstr(w.network.told, SIM "=true;"));
    CHECK(transfer(&w, SIM, "acme", "r1") == 403); /* these settings know no client */
    world_close(&w);
}

static void settings_that_make_no_sense_are_refused(void)
{
    struct world w;
    world_open(&w, 0);
    struct cmp *c = NULL;
    CHECK(cmp_new(&w.env, &(struct cmp_settings){ .transfer_status = "ACTIVE" }, &c) == ERR_CONFIG && !c);
    world_close(&w);
}

int main(void)
{
    static const struct test tests[] = {
        { "enterprises are authenticated", enterprises_are_authenticated },
        { "administration needs the right", administration_needs_the_right },
        { "a transfer moves the SIM once", a_transfer_moves_the_sim_once },
        { "transfers are refused with a cause", transfers_are_refused_with_a_cause },
        { "the operator can refuse transfers", the_operator_can_refuse_transfers },
        { "a reversal puts the SIM back, unbilled", a_reversal_puts_the_sim_back_unbilled },
        { "SIMs are changed within rules", sims_are_changed_within_rules },
        { "the ledger shows what is billed", the_ledger_shows_what_is_billed },
        { "a scheduled change waits for its date", a_scheduled_change_waits_for_its_date },
        { "lists come in pages", lists_come_in_pages },
        { "calls are counted by the second", calls_are_counted_by_the_second },
        { "sessions are seen", sessions_are_seen },
        { "the first session activates", the_first_session_activates },
        { "the network is told in order", the_network_is_told_in_order },
        { "the network is told again when it was away", the_network_is_told_again_when_it_was_away },
        { "a SIM the network does not know is told again", a_sim_the_network_does_not_know_is_told_again },
        { "a new object over the same store goes on", a_new_object_over_the_same_store_goes_on },
        { "settings that make no sense are refused", settings_that_make_no_sense_are_refused },
    };
    return tests_main("cmp", tests, COUNT(tests));
}
