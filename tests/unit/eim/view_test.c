/* What the eIM shows of eUICCs: what it learned and when, page by page; and how they are told to trust it. */
#include <stdio.h>
#include <string.h>

#include "db.h"
#include "eim_tests.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"

#define OTHER_EUICC LAB_EIM_URL "/v1/euiccs/" LAB_OTHER_EID

static json_t *view(struct fixture *f)
{
    json_t *answer = NULL;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", EUICC, "", &answer) == 200);
    return answer;
}

static int64_t learned_at(struct fixture *f, const char *what)
{
    json_t *v = view(f);
    int64_t at = -1;
    if (json_int(json_object_get(v, "learned"), what, &at))
        at = -1;
    json_decref(v);
    return at;
}

/* "enabled", "disabled fallback"; "" not in the list; NULL: no list is known. */
static const char *profile(struct fixture *f, const char *iccid)
{
    static char kept[40];
    json_t *v = view(f), *p;
    const json_t *list = json_object_get(v, "profiles");
    size_t i;
    kept[0] = 0;
    json_array_foreach(list, i, p)
        if (strcmp(json_str(p, "iccid"), iccid) == 0)
            snprintf(kept, sizeof kept, "%s%s", json_str(p, "state"),
                     json_is_true(json_object_get(p, "fallback")) ? " fallback" : "");
    json_decref(v);
    return list ? kept : NULL;
}

static char last_run[24];

static void run(struct fixture *f, const char *kind, const char *more)
{
    static unsigned number;
    char reference[24];
    snprintf(reference, sizeof reference, "run-%u", ++number);
    snprintf(last_run, sizeof last_run, "%s", reference);
    clock_virtual_advance(&f->l.clock, clock_now(&f->l.clock.clock) + CLOCK_MINUTE);
    REQUIRE(order(f, reference, kind, more) == 202);
    REQUIRE(poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(f);
    REQUIRE(bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
}

/* --- what is learned ---------------------------------------------------------------------------------- */

#define LEAD ",\"iccid\":\"" LAB_LEAD_ICCID "\""
static const struct {
    const char *name, *kind, *more;
    const char *then; /* what is shown of the profile; NULL: nothing known */
    bool news;        /* learned at the moment of the result */
} changes[] = {
    { "a listing", "list", "", "enabled", true },
    { "disabled", "disable", LEAD, "disabled", true },
    { "a refused command", "enable", ",\"iccid\":\"" LAB_PARTNER_ICCID "\"", "enabled", false },
    { "a question about rules", "getRat", "", "enabled", false },
};

static void profiles_follow_the_results(void)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct fixture f;
        fixture_open(&f);
        CHECK_ROW(changes[i].name, profile(&f, LAB_LEAD_ICCID) == NULL && learned_at(&f, "profiles") == -1);
        run(&f, "list", "");
        int64_t first = clock_now(&f.l.clock.clock);
        CHECK_ROW(changes[i].name, learned_at(&f, "profiles") == first);
        run(&f, changes[i].kind, changes[i].more);
        CHECK_ROW(changes[i].name, strcmp(profile(&f, LAB_LEAD_ICCID), changes[i].then) == 0);
        CHECK_ROW(changes[i].name, learned_at(&f, "profiles") == (changes[i].news ? clock_now(&f.l.clock.clock) : first));
        lab_restart(&f.l, LAB_EIM);
        CHECK_ROW(changes[i].name, strcmp(profile(&f, LAB_LEAD_ICCID), changes[i].then) == 0);
        fixture_close(&f);
    }
}

static bool is_complete(struct fixture *f)
{
    json_t *v = view(f);
    bool complete = json_is_true(json_object_get(v, "profilesComplete"));
    json_decref(v);
    return complete;
}

static void a_profile_comes_and_goes(void)
{
    struct fixture f;
    fixture_open(&f);
    run(&f, "disable", LEAD); /* one result is no list, but it says something */
    CHECK(profile(&f, LAB_LEAD_ICCID) && strcmp(profile(&f, LAB_LEAD_ICCID), "disabled") == 0 && !is_complete(&f));
    run(&f, "list", "");
    CHECK(is_complete(&f));
    run(&f, "enable", LEAD);
    CHECK(strcmp(profile(&f, LAB_LEAD_ICCID), "enabled") == 0);
    run(&f, "disable", LEAD);
    run(&f, "delete", LEAD);
    REQUIRE(profile(&f, LAB_LEAD_ICCID) != NULL);
    CHECK(profile(&f, LAB_LEAD_ICCID)[0] == 0 && is_complete(&f));
    fixture_close(&f);
}

/* Without a listing: what each result says of the profile that it names, and no more. */
static void single_results_are_learned(void)
{
    static const struct { const char *kind, *more, *then; } steps[] = {
        { "disable", LEAD, "disabled" }, { "enable", LEAD, "enabled" }, { "setFallback", LEAD, "enabled fallback" },
        { "disable", LEAD, "disabled fallback" }, { "unsetFallback", "", "disabled" }, { "delete", LEAD, "" },
    };
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(steps); i++) {
        run(&f, steps[i].kind, steps[i].more);
        const char *shown = profile(&f, LAB_LEAD_ICCID);
        CHECK_ROW(steps[i].kind, strcmp(order_state(&f, last_run), "done") == 0 && strcmp(shown ? shown : "", steps[i].then) == 0);
        CHECK_ROW(steps[i].kind, !is_complete(&f) && learned_at(&f, "profiles") == (shown ? clock_now(&f.l.clock.clock) : -1));
        if (strcmp(shown ? shown : "", steps[i].then))
            printf(" (%s %s %s)", shown, order_state(&f, last_run), result_name(&f, last_run));
    }
    fixture_close(&f);
}

/* A download says its ICCID; a listing what the profile is. */
static void a_listing_says_what_profiles_are(void)
{
    struct fixture f;
    fixture_open(&f);
    run(&f, "list", "");
    json_t *v = view(&f), *one = json_array_get(json_object_get(v, "profiles"), 0);
    REQUIRE(one != NULL);
    CHECK(json_str(one, "profileClass") && strcmp(json_str(one, "profileClass"), "operational") == 0);
    CHECK(json_str(one, "profileName") && json_str(one, "serviceProviderName"));
    json_decref(v);
    fixture_close(&f);
}

/* --- notifyStateChange (SGP.32 5.14.5) -------------------------------------------------------------------------- */

static int polls_notifying(struct fixture *f)
{
    uint8_t eid[16];
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid), .notify_state_change = true };
    esipa_get_eim_package_response_release(&f->package);
    f->package = (struct esipa_get_eim_package_response){ .received.max = HTTP_BODY_MAX };
    return esipa_get_eim_package(&f->peer, &q, &f->package) ? -1 : (int)f->package.message.which;
}

static int events(struct fixture *f)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, "SELECT count(*) FROM event WHERE body LIKE '%euicc.stateChange%'", NULL, 0, &n) == ERR_OK);
    return (int)n;
}

/* Without a cause: what was known is known no longer, which is an event once. */
static void a_notified_change_makes_the_list_unknown(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_ERROR && events(&f) == 0); /* nothing was known */
    run(&f, "list", "");
    CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_ERROR);
    CHECK(profile(&f, LAB_LEAD_ICCID) == NULL && events(&f) == 1);
    CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_ERROR && events(&f) == 1);
    fixture_close(&f);
}

/* The eIM lists by itself: once for each notification, and not while a listing is open. */
static void the_state_is_read_anew(void)
{
    struct fixture f;
    fixture_open(&f);
    f.l.rereads = true;
    lab_restart(&f.l, LAB_EIM);
    for (int again = 0; again < 3; again++) {
        CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
        CHECK(f.package.message.package.package_signed.counter == again + 1);
        CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE && f.package.message.package.package_signed.counter == again + 1);
        lab_restart(&f.l, LAB_EIM);
        execute(&f);
        CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && poll(&f) == RSP_EIM_PACKAGE_ERROR);
        CHECK(is_complete(&f) && strcmp(profile(&f, LAB_LEAD_ICCID), "enabled") == 0);
        clock_virtual_advance(&f.l.clock, clock_now(&f.l.clock.clock) + CLOCK_MINUTE);
    }
    CHECK(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=state%20of%20" LAB_EID, "", NULL) == 404);
    tick_eim(&f);
    CHECK(f.eso.heard_count == 0);
    fixture_close(&f);
}

/* An operator's listing is as good; other orders go before the eIM's own. */
static void the_state_is_read_behind_the_orders(void)
{
    struct fixture f;
    fixture_open(&f);
    f.l.rereads = true;
    lab_restart(&f.l, LAB_EIM);
    REQUIRE(order(&f, "q", "data", "") == 202 && order(&f, "l", "list", "") == 202);
    CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    int64_t open = 0;
    CHECK(db_get_int(f.l.part[LAB_EIM].env.db, "SELECT count(*) FROM orders WHERE tenant = '*'", NULL, 0, &open) == ERR_OK && open == 0);
    fixture_close(&f);
}

/* A device that notifies and never answers keeps nothing waiting for ever. */
static void a_listing_that_is_not_answered_ends(void)
{
    struct fixture f;
    fixture_open(&f);
    f.l.rereads = true;
    lab_restart(&f.l, LAB_EIM);
    CHECK(polls_notifying(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    REQUIRE(order(&f, "q", "data", "") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    fixture_close(&f);
}

/* A switch that was taken back: which one is enabled is not said. */
static void a_rollback_makes_it_forget(void)
{
    struct fixture f;
    struct buf results = { .max = 64 };
    const struct rsp_euicc_result back = { .which = RSP_RESULT_ROLLBACK };
    fixture_open(&f);
    run(&f, "list", "");
    REQUIRE(order(&f, "switch", "enable", LEAD ",\"rollback\":true") == 202);
    REQUIRE(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    const struct rsp_euicc_package_signed *q = &f.package.message.package.package_signed;
    REQUIRE(rsp_euicc_result_write(&back, &results) == ERR_OK);
    const struct rsp_package_result_data d = { .eim_id = q->eim_id, .counter = q->counter, .seq_number = 9,
                                               .eim_transaction_id = q->eim_transaction_id,
                                               .results = buf_span(&results) };
    sign_result(&f, &f.l.card, &d);
    CHECK(bring_result(&f) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(result_name(&f, "switch"), "rolledBack") == 0 && profile(&f, LAB_LEAD_ICCID) == NULL);
    buf_release(&results);
    fixture_close(&f);
}

/* What nobody signed teaches nothing. */
static void an_altered_listing_teaches_nothing(void)
{
    struct fixture f;
    struct rsp_euicc_package_result r;
    fixture_open(&f);
    REQUIRE(order(&f, "a", "list", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute(&f);
    REQUIRE(rsp_euicc_package_result_read(buf_span(&f.result), &r) == ERR_OK);
    lab_flip(span_sub(r.result.signature, 3, 1));
    CHECK(bring_result(&f) == RSP_PROVIDE_ERROR && profile(&f, LAB_LEAD_ICCID) == NULL);
    fixture_close(&f);
}

static void eims_and_rules(void)
{
    struct fixture f;
    char more[900];
    fixture_open(&f);
    run(&f, "listEim", "");
    json_t *v = view(&f);
    CHECK(json_array_size(json_object_get(v, "eims")) == 1);
    CHECK(strcmp(json_string_value(json_array_get(json_object_get(v, "eims"), 0)), "eim.example.com") == 0);
    json_decref(v);
    CHECK(learned_at(&f, "eims") == clock_now(&f.l.clock.clock));
    run(&f, "getRat", "");
    CHECK(learned_at(&f, "rulesAuthorisationTable") == clock_now(&f.l.clock.clock));
    CHECK(learned_at(&f, "eims") == clock_now(&f.l.clock.clock) - CLOCK_MINUTE);
    other_eim(&f, "second.example.com", "", more);
    run(&f, "addEim", more);
    CHECK(learned_at(&f, "eims") == -1); /* one more than it knew */
    run(&f, "listEim", "");
    v = view(&f);
    CHECK(json_array_size(json_object_get(v, "eims")) == 2);
    json_decref(v);
    fixture_close(&f);
}

static void capabilities(void)
{
    struct fixture f;
    uint8_t eid[16];
    fixture_open(&f);
    REQUIRE(order(&f, "a", "data", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK);
    struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid),
                                                .result = { .which = RSP_EIM_RESULT_DATA, .data.which = RSP_OK } };
    struct rsp_ipa_euicc_data *d = &q.result.data.data;
    d->eim_transaction_id = f.package.message.data.eim_transaction_id;
    d->has_capabilities = true;
    d->capabilities.features = RSP_IPA_DIRECT_RSP | RSP_IPA_MINIMIZE_BYTES;
    d->default_smdp_address = span_str("smdp.example.com");
    CHECK(provide(&f, &q) == RSP_PROVIDE_EMPTY);
    json_t *v = view(&f);
    const json_t *features = json_object_get(json_object_get(v, "capabilities"), "ipaFeatures");
    REQUIRE(json_array_size(features) == 2);
    CHECK(strcmp(json_string_value(json_array_get(features, 0)), "directRspServerCommunication") == 0);
    CHECK(strcmp(json_str(v, "defaultSmdpAddress"), "smdp.example.com") == 0);
    json_decref(v);
    CHECK(learned_at(&f, "capabilities") == LAB_EPOCH);
    fixture_close(&f);
}

/* What an answer does not tell stays as it was told before. */
static void an_answer_of_one_half_keeps_the_other(void)
{
    struct fixture f;
    uint8_t eid[16];
    struct es10b_euicc_info2 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    fixture_open(&f);
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK && es10b_get_euicc_info2(&f.l.card.es, &info) == ERR_OK);
    for (int i = 0; i < 2; i++) {
        struct rsp_provide_eim_package_result q = { .eid = SPAN_ARRAY(eid),
                                                    .result = { .which = RSP_EIM_RESULT_DATA, .data.which = RSP_OK } };
        struct rsp_ipa_euicc_data *d = &q.result.data.data;
        REQUIRE(order(&f, i ? "b" : "a", "data", "") == 202 && poll(&f) == RSP_EIM_PACKAGE_DATA_REQUEST);
        d->eim_transaction_id = f.package.message.data.eim_transaction_id;
        d->has_capabilities = i == 0;
        d->capabilities.features = RSP_IPA_EIM_METADATA;
        d->has_euicc_info2 = i == 1;
        d->euicc_info2 = info.message;
        CHECK(provide(&f, &q) == RSP_PROVIDE_EMPTY);
    }
    json_t *v = view(&f);
    const json_t *c = json_object_get(v, "capabilities");
    CHECK(json_array_size(json_object_get(c, "ipaFeatures")) == 1 && json_str(c, "svn") && json_object_get(c, "freeMemory"));
    json_decref(v);
    buf_release(&info.received);
    fixture_close(&f);
}

static void polls_with(struct fixture *f, int64_t cause, const char *plmn)
{
    uint8_t eid[16], octets[3];
    struct esipa_get_eim_package_response r = { .received.max = HTTP_BODY_MAX };
    REQUIRE(rsp_eid_parse(LAB_EID, eid) == ERR_OK && (!plmn || rsp_plmn_parse(plmn, octets) == ERR_OK));
    const struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(eid),
                                                   .notify_state_change = cause >= 0,
                                                   .state_change_cause = { cause >= 0, cause },
                                                   .rplmn = plmn ? SPAN_ARRAY(octets) : (struct span){ 0 } };
    CHECK(esipa_get_eim_package(&f->peer, &q, &r) == ERR_OK);
    esipa_get_eim_package_response_release(&r);
}

static void what_polls_say_is_dated(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(learned_at(&f, "stateChangeCause") == -1 && learned_at(&f, "rPlmn") == -1);
    polls_with(&f, 1, NULL);
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_MINUTE);
    polls_with(&f, -1, "26202");
    clock_virtual_advance(&f.l.clock, LAB_EPOCH + CLOCK_HOUR);
    polls_with(&f, -1, NULL);
    CHECK(learned_at(&f, "stateChangeCause") == LAB_EPOCH && learned_at(&f, "rPlmn") == LAB_EPOCH + CLOCK_MINUTE);
    json_t *v = view(&f);
    int64_t contact = 0;
    CHECK(json_int(v, "lastContact", &contact) == ERR_OK && contact == LAB_EPOCH + CLOCK_HOUR);
    json_decref(v);
    fixture_close(&f);
}

/* --- pages -------------------------------------------------------------------------------------------- */

/* Walks all pages; gives how many eUICCs they show, each after the one before. */
static unsigned walk(struct fixture *f, unsigned limit, unsigned *pages)
{
    char url[160], last[40] = "";
    unsigned count = 0;
    for (*pages = 0; *pages < 100;) {
        json_t *answer = NULL, *item;
        size_t i;
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs?limit=%u%s%s", limit, last[0] ? "&cursor=" : "", last);
        REQUIRE(lab_call(&f->l, f->l.eso, "GET", url, "", &answer) == 200);
        ++*pages;
        json_array_foreach(json_object_get(answer, "items"), i, item) {
            CHECK(strcmp(json_str(item, "eid"), last) > 0);
            snprintf(last, sizeof last, "%s", json_str(item, "eid"));
            count++;
        }
        bool more = json_str(answer, "next") != NULL;
        CHECK(!more || strcmp(json_str(answer, "next"), last) == 0);
        json_decref(answer);
        if (!more)
            break;
    }
    return count;
}

static void every_euicc_is_on_one_page(void)
{
    static const struct { unsigned limit, pages; } rows[] = { { 1, 11 }, { 5, 3 }, { 10, 2 }, { 11, 1 }, { 1000, 1 } };
    struct fixture f;
    unsigned pages;
    fixture_open(&f);
    import_numbered(&f, 10, "");
    REQUIRE(lab_call(&f.l, f.l.admin, "POST", LAB_EIM_URL "/v1/euiccs", "{\"eid\":\"89049032000000000000000000001036\"}",
                     NULL) == 201); /* another tenant's */
    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(walk(&f, rows[i].limit, &pages) == 11);
        CHECK(pages == rows[i].pages);
    }
    fixture_close(&f);
}

static void pages_that_are_none(void)
{
    static const char *const wrong[] = { "limit=0", "limit=-1", "limit=1001", "limit=", "limit=ten", "limit=5x",
                                         "limit=99999999999999999999",
                                         "cursor=00000000000000000000000000000000000000000000000000000000000000000", "cursor=abc",
                                         "cursor=%27%20OR%201=1%20--", "limt=5", "stat=expired", "limit=5&state=done" };
    struct fixture f;
    char url[200];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/euiccs?%s", wrong[i]);
        CHECK_ROW(wrong[i], lab_call(&f.l, f.l.eso, "GET", url, "", NULL) == 400);
    }
    CHECK(lab_call(&f.l, f.l.stranger, "GET", LAB_EIM_URL "/v1/euiccs", "", NULL) == 403);
    fixture_close(&f);
}

static uint64_t steps_of_a_page(unsigned registered)
{
    struct fixture f;
    fixture_open(&f);
    import_numbered(&f, registered, "");
    const struct db *db = f.l.part[LAB_EIM].env.db;
    const char *url = LAB_EIM_URL "/v1/euiccs?limit=10&cursor=89049032000000000000000000001036";
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", url, "", NULL) == 200);
    uint64_t before = db_steps((struct db *)db);
    REQUIRE(lab_call(&f.l, f.l.eso, "GET", url, "", NULL) == 200);
    uint64_t steps = db_steps((struct db *)db) - before;
    fixture_close(&f);
    return steps;
}

static void a_page_costs_what_it_shows(void)
{
    CHECK(steps_of_a_page(40) == steps_of_a_page(4000));
}

/* A poll in vain and a package cost the same number of steps among few and many. */
static uint64_t steps_of_polls(unsigned registered)
{
    struct fixture f;
    fixture_open(&f);
    import_numbered(&f, registered, "");
    struct db *db = f.l.part[LAB_EIM].env.db;
    uint64_t before = db_steps(db);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_ERROR);
    REQUIRE(order(&f, "a", "list", "") == 202);
    CHECK(poll(&f) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    uint64_t steps = db_steps(db) - before;
    fixture_close(&f);
    return steps;
}

static void a_poll_costs_the_same_among_few_and_many(void)
{
    uint64_t few = steps_of_polls(1);
    CHECK(few > 0 && few == steps_of_polls(6000));
}

static uint64_t steps_of_a_start(unsigned registered)
{
    struct fixture f;
    fixture_open(&f);
    import_numbered(&f, registered, "");
    lab_restart(&f.l, LAB_EIM);
    uint64_t steps = db_steps(f.l.part[LAB_EIM].env.db);
    fixture_close(&f);
    return steps;
}

static void a_start_costs_the_same_among_few_and_many(void)
{
    uint64_t few = steps_of_a_start(1);
    CHECK(few > 0 && few == steps_of_a_start(3000));
}

/* --- trust -------------------------------------------------------------------------------------------- */

static json_t *new_euicc(void)
{
    return json_pack("{s:s}", "eid", LAB_OTHER_EID);
}

static int post(struct fixture *f, json_t *body)
{
    struct buf text = { .max = 1 << 16 };
    REQUIRE(body && json_write(body, &text) == ERR_OK);
    int status = lab_call(&f->l, f->l.eso, "POST", LAB_EIM_URL "/v1/euiccs", buf_cstr(&text), NULL);
    json_decref(body);
    buf_release(&text);
    return status;
}

/* The configuration that provisioning writes; `request` keeps its bytes. */
static struct rsp_eim_configuration configuration(struct fixture *f, struct buf *request)
{
    struct rsp_add_initial_eim_request q;
    struct rsp_eim_configuration c;
    json_t *answer = NULL;
    buf_clear(request);
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", OTHER_EUICC "/initial-eim", "", &answer) == 200);
    REQUIRE(json_base64(answer, "addInitialEimRequest", request) == ERR_OK);
    REQUIRE(rsp_add_initial_eim_request_read(buf_span(request), &q) == ERR_OK);
    struct der items = der_open(q.list);
    REQUIRE(rsp_eim_configuration_next(&items, &c) == ERR_OK);
    json_decref(answer);
    return c;
}

enum tls { NO_TLS, TLS_CERTIFICATE, TLS_KEY };
static const struct {
    const char *name, *signing;
    enum tls tls;
} trusts[] = {
    { "nothing said", NULL, NO_TLS },
    { "the key", "publicKey", NO_TLS },
    { "the certificate", "certificate", NO_TLS },
    { "a server's certificate", NULL, TLS_CERTIFICATE },
    { "a server's key", NULL, TLS_KEY },
    { "both certificates", "certificate", TLS_CERTIFICATE },
};

static void spki_of(const struct cert *c, struct buf *out)
{
    struct buf contents = { .max = 256 };
    const struct rsp_key_data k = { .which = RSP_KEY_DATA_PUBLIC_KEY };
    struct rsp_key_data with = k;
    REQUIRE(rsp_put_spki_contents(rsp_oid_p256(), SPAN_ARRAY(c->key.at), &contents) == ERR_OK);
    with.public_key = buf_span(&contents);
    REQUIRE(rsp_key_data_put_spki(&with, out) == ERR_OK);
    buf_release(&contents);
}

static void euiccs_are_told_whom_to_trust(void)
{
    for (size_t i = 0; i < COUNT(trusts); i++) {
        struct fixture f;
        struct buf spki = { .max = 256 }, request = { .max = 8192 }, again = { .max = 4096 };
        fixture_open(&f);
        const struct pki_item *sign = lab_item(&f.l, "CERT_S_EIMsign_ECDSA_NIST"), *tls = NULL;
        REQUIRE(pki_server(f.l.pki, "eim.example.com", &tls) == ERR_OK);
        spki_of(tls->cert, &spki);
        json_t *body = new_euicc(), *trust = json_object();
        if (trusts[i].signing)
            REQUIRE(json_set_str(body, "signingTrust", trusts[i].signing) == ERR_OK);
        if (trusts[i].tls == TLS_CERTIFICATE)
            REQUIRE(json_set_base64(trust, "certificate", tls->der) == ERR_OK);
        if (trusts[i].tls == TLS_KEY)
            REQUIRE(json_set_base64(trust, "publicKey", buf_span(&spki)) == ERR_OK);
        if (trusts[i].tls != NO_TLS)
            REQUIRE(json_object_set(body, "tlsTrust", trust) == 0);
        json_decref(trust);
        CHECK_ROW(trusts[i].name, post(&f, body) == 201);
        lab_restart(&f.l, LAB_EIM);
        struct rsp_eim_configuration c = configuration(&f, &request);
        bool by_certificate = trusts[i].signing && strcmp(trusts[i].signing, "certificate") == 0;
        CHECK_ROW(trusts[i].name, c.has_public_key_data && c.has_trusted_tls == (trusts[i].tls != NO_TLS));
        CHECK_ROW(trusts[i].name,
                  c.public_key_data.which == (by_certificate ? RSP_KEY_DATA_CERTIFICATE : RSP_KEY_DATA_PUBLIC_KEY));
        if (by_certificate)
            CHECK_ROW(trusts[i].name, rsp_put_certificate(c.public_key_data.certificate, &again) == ERR_OK &&
                                          span_equal(buf_span(&again), sign->der));
        buf_clear(&again);
        if (trusts[i].tls == TLS_CERTIFICATE)
            CHECK_ROW(trusts[i].name, rsp_put_certificate(c.trusted_tls.certificate, &again) == ERR_OK &&
                                          span_equal(buf_span(&again), tls->der));
        if (trusts[i].tls == TLS_KEY)
            CHECK_ROW(trusts[i].name, rsp_key_data_put_spki(&c.trusted_tls, &again) == ERR_OK &&
                                          span_equal(buf_span(&again), buf_span(&spki)));
        buf_release(&spki);
        buf_release(&request);
        buf_release(&again);
        fixture_close(&f);
    }
}

static int64_t counter_of(struct fixture *f, const char *url)
{
    json_t *answer = NULL;
    int64_t counter = -1;
    REQUIRE(lab_call(&f->l, f->l.eso, "GET", url, "", &answer) == 200);
    CHECK(json_int(answer, "counter", &counter) == ERR_OK);
    json_decref(answer);
    return counter;
}

/* What a registration did not say may come later; the counter only grows. */
static void what_is_told_later_counts(void)
{
    static const struct { const char *more; int64_t counter; enum rsp_key_data_which signing; } rows[] = {
        { "", 0, RSP_KEY_DATA_PUBLIC_KEY },
        { ",\"signingTrust\":\"certificate\"", 0, RSP_KEY_DATA_CERTIFICATE },
        { ",\"counter\":5", 5, RSP_KEY_DATA_CERTIFICATE },
        { ",\"counter\":3", 5, RSP_KEY_DATA_CERTIFICATE },
        { ",\"associationToken\":9", 5, RSP_KEY_DATA_CERTIFICATE },
    };
    struct fixture f;
    struct buf request = { .max = 8192 };
    char body[160];
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(body, sizeof body, "{\"eid\":\"" LAB_OTHER_EID "\"%s}", rows[i].more);
        CHECK_ROW(rows[i].more, lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", body, NULL) == (i ? 200 : 201));
        CHECK_ROW(rows[i].more, counter_of(&f, OTHER_EUICC) == rows[i].counter);
        CHECK_ROW(rows[i].more, configuration(&f, &request).public_key_data.which == rows[i].signing);
    }
    buf_release(&request);
    fixture_close(&f);
}

static const struct {
    const char *name, *body;
} no_trusts[] = {
    { "an unknown word", "{\"eid\":\"" LAB_OTHER_EID "\",\"signingTrust\":\"oracle\"}" },
    { "a word that is a number", "{\"eid\":\"" LAB_OTHER_EID "\",\"signingTrust\":1}" },
    { "a server without anything", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{}}" },
    { "a server's name", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":\"eim.example.com\"}" },
    { "a certificate that is none", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{\"certificate\":\"MAA=\"}}" },
    { "a key that is none", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{\"publicKey\":\"MAA=\"}}" },
    { "no base64", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{\"certificate\":\"*\"}}" },
    { "both kinds", "{\"eid\":\"" LAB_OTHER_EID "\",\"tlsTrust\":{\"certificate\":\"MAA=\",\"publicKey\":\"MAA=\"}}" },
};

static void trust_is_judged(void)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(no_trusts); i++)
        CHECK_ROW(no_trusts[i].name,
                  lab_call(&f.l, f.l.eso, "POST", LAB_EIM_URL "/v1/euiccs", no_trusts[i].body, NULL) == 400);
    CHECK(lab_call(&f.l, f.l.eso, "GET", OTHER_EUICC, "", NULL) == 404);
    fixture_close(&f);
}

/* A card that knows the eIM by its certificate executes what it signs. */
static void a_card_that_trusts_the_certificate(void)
{
    struct fixture f;
    struct lab_card other;
    struct buf request = { .max = 8192 };
    struct es10b_add_initial_eim_response added = { .received.max = APDU_ES10_RESPONSE_MAX };
    fixture_open(&f);
    lab_card_open(&f.l, &other, "CERT_EUICC_ECDSA_NIST", LAB_OTHER_EID, false);
    json_t *body = new_euicc();
    REQUIRE(json_set_base64(body, "euiccCertificate", buf_span(&other.nist.certificate)) == ERR_OK);
    REQUIRE(json_set_base64(body, "eumCertificate", other.nist.eum_certificate) == ERR_OK);
    REQUIRE(json_set_str(body, "signingTrust", "certificate") == ERR_OK && post(&f, body) == 201);
    configuration(&f, &request);
    REQUIRE(es10b_add_initial_eim(&other.es, buf_span(&request), &added) == ERR_OK && added.message.which == RSP_OK);
    REQUIRE(lab_call(&f.l, f.l.eso, "POST", OTHER_EUICC "/orders", "{\"reference\":\"r\",\"kind\":\"list\"}", NULL) == 202);
    REQUIRE(poll_as(&f, LAB_OTHER_EID) == RSP_EIM_PACKAGE_EUICC_PACKAGE);
    execute_on(&f, &other);
    CHECK(bring(&f, LAB_OTHER_EID, buf_span(&f.result)) == RSP_PROVIDE_ACKNOWLEDGEMENTS);
    CHECK(strcmp(result_name(&f, "r"), "ok") == 0);
    buf_release(&added.received);
    buf_release(&request);
    lab_card_close(&other);
    fixture_close(&f);
}

const struct test view_tests[] = {
    { "the list of profiles follows what results say, with its date", profiles_follow_the_results },
    { "a profile comes and goes in the list", a_profile_comes_and_goes },
    { "what single results say is known without a listing", single_results_are_learned },
    { "a listing says what the profiles are", a_listing_says_what_profiles_are },
    { "a change that is notified without a cause makes the list unknown", a_notified_change_makes_the_list_unknown },
    { "the eIM reads the state anew when it is notified", the_state_is_read_anew },
    { "the state is read anew behind what was ordered", the_state_is_read_behind_the_orders },
    { "a listing of the eIM's own that is not answered ends", a_listing_that_is_not_answered_ends },
    { "a switch that was taken back makes the list unknown", a_rollback_makes_it_forget },
    { "a listing that does not verify teaches nothing", an_altered_listing_teaches_nothing },
    { "eIMs and rules are known once they were listed", eims_and_rules },
    { "what a device can do is known once it was asked", capabilities },
    { "what polls say has its date", what_polls_say_is_dated },
    { "every eUICC is on one page, and no other tenant's", every_euicc_is_on_one_page },
    { "pages that are none are refused", pages_that_are_none },
    { "a page costs what it shows, not what there is", a_page_costs_what_it_shows },
    { "an answer that tells one half keeps the other", an_answer_of_one_half_keeps_the_other },
    { "a start costs the same among few eUICCs and many", a_start_costs_the_same_among_few_and_many },
    { "a poll costs the same among few and many", a_poll_costs_the_same_among_few_and_many },
    { "eUICCs are told whom to trust as the registration says", euiccs_are_told_whom_to_trust },
    { "what a registration did not say may be told later", what_is_told_later_counts },
    { "trust that is none is refused", trust_is_judged },
    { "a card that trusts the eIM's certificate executes its package", a_card_that_trusts_the_certificate },
};
const size_t view_tests_count = COUNT(view_tests);
