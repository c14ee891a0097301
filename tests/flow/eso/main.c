#include <stdio.h>
#include <string.h>

#include "flow_tests.h"
#include "harness.h"
#include "json.h"
#include "world.h"

/* What every test ends with: nothing of a code or a key was logged. */
static void check_secrets(struct world *w)
{
    const char *log = buf_cstr(&w->logged);
    CHECK(log && !strstr(log, CODE_SECRET));
    CHECK(log && !strstr(log, "partner-secret"));
    CHECK(log && !strstr(log, "cGFydG5lci1zZWNyZXQ")); /* the same in base64 */
}

static void end(struct world *w)
{
    check_secrets(w);
    world_release(w);
}

static void check_one_of_each(struct world *w, const char *where)
{
    char iccid[21], eid[33];
    world_iccid(1, iccid);
    world_eid(1, eid);
    const struct cmp_sim *sim = cmp_double_find(&w->partner, iccid);
    CHECK_ROW(where, sim->transfers == 1);
    CHECK_ROW(where, sim->activations == 1);
    CHECK_ROW(where, strcmp(sim->status, "ACTIVATED") == 0);
    CHECK_ROW(where, w->smdp.profile[0].orders == 1 && w->smdp.profile[0].confirmations == 1);
    CHECK_ROW(where, w->smdp.profile[0].cancellations == 0);
    CHECK_ROW(where, eim_double_orders(&w->eim, eid, "download") == 1);
    CHECK_ROW(where, eim_double_orders(&w->eim, eid, "setFallback") == 1);
    CHECK_ROW(where, eim_double_orders(&w->eim, eid, "enable") == 1);
    CHECK_ROW(where, world_stock(w, "enabled") == 1);
}

static void test_first_swap(void)
{
    struct world w;
    char id[37], iccid[21];
    world_init(&w);
    world_set_up(&w, 1, 2);
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    check_one_of_each(&w, "first swap");
    world_iccid(1, iccid);
    CHECK(strcmp(cmp_double_find(&w.partner, iccid)->rate_plan, "iot-1mb") == 0);
    CHECK(world_stock(&w, "available") == 1);
    CHECK(w.lead.writes == 0); /* R49 */
    CHECK(w.eim.registered == 1);
    end(&w);
}

static void test_back_to_lead(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    size_t before = w.eim.count;
    world_swap(&w, 1, "lead", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    CHECK(w.eim.count == before + 1 && strcmp(w.eim.order[before].kind, "enable") == 0);
    CHECK(w.eim.order[before].rollback);
    CHECK(w.lead.writes == 0); /* billed already */
    CHECK(world_stock(&w, "disabled") == 1);
    world_swap(&w, 1, "partner", id); /* and there again: present now */
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    CHECK(w.eim.count == before + 2);
    CHECK(world_stock(&w, "enabled") == 1);
    end(&w);
}

static void test_already_there(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    world_swap(&w, 1, "lead", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", "already-on-target"));
    CHECK(w.eim.count == 0);
    end(&w);
}

static void test_parallel_one_code(void)
{
    struct world w;
    char id[8][37];
    int done = 0, waiting = 0;
    world_init(&w);
    world_set_up(&w, 8, 1);
    for (int i = 0; i < 8; i++)
        world_swap(&w, i + 1, "partner", id[i]);
    world_run(&w, CLOCK_HOUR);
    json_t *swaps = NULL;
    CHECK(world_call(&w, "GET", "/v1/swaps?state=DONE", NULL, &swaps) == 200);
    done = (int)json_array_size(json_object_get(swaps, "items"));
    json_decref(swaps);
    CHECK(world_call(&w, "GET", "/v1/swaps?state=HELD", NULL, &swaps) == 200);
    waiting = (int)json_array_size(json_object_get(swaps, "items"));
    CHECK(json_str(json_array_get(json_object_get(swaps, "items"), 0), "deadline") != NULL);
    json_decref(swaps);
    CHECK(done == 1 && waiting == 7);
    CHECK(world_alerts(&w, "stock-exhausted") == 1);
    CHECK(world_stock(&w, "enabled") == 1 && world_stock(&w, "available") == 0);
    world_add_codes(&w, 2, 7); /* R14, scenario 103: they go on by themselves */
    world_run(&w, CLOCK_HOUR);
    for (int i = 0; i < 8; i++)
        CHECK_ROW(id[i], world_swap_is(&w, id[i], "DONE", NULL));
    CHECK(world_alerts(&w, "stock-exhausted") == 2); /* exhausted once more */
    for (size_t i = 0; i < w.smdp.count; i++)
        CHECK(w.smdp.profile[i].orders == 1);
    end(&w);
}

static void test_held_expires(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 0);
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_DAY);
    CHECK(world_swap_is(&w, id, "HELD", "stock-exhausted"));
    world_run(&w, 31 * CLOCK_DAY);
    CHECK(world_swap_is(&w, id, "EXPIRED", "stock-exhausted"));
    CHECK(w.eim.count == 0);
    end(&w);
}

static void test_inventory_empty(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.partner.refuse = "inventory-empty";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "FAILED", "inventory-empty"));
    CHECK(world_stock(&w, "available") == 1 && world_stock(&w, "quarantined") == 0);
    CHECK(w.smdp.profile[0].orders == 0 && w.eim.count == 0);
    w.partner.refuse = NULL; /* the code that came back is good for the next one */
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    end(&w);
}

static void test_code_used_elsewhere(void)
{
    struct world w;
    char id[37], first[21];
    world_init(&w);
    world_set_up(&w, 1, 2);
    world_iccid(1, first);
    w.smdp.refuse_function = "confirmOrder";
    w.smdp.refuse_iccid = first;
    w.smdp.subject = "8.2.6";
    w.smdp.reason = "3.8";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    CHECK(world_stock(&w, "quarantined") == 1 && world_stock(&w, "enabled") == 1);
    CHECK(cmp_double_find(&w.partner, first)->reversed);
    CHECK(w.smdp.profile[0].cancellations == 0); /* it may be somebody else's */
    CHECK(world_alerts(&w, "code-quarantined") == 1);
    end(&w);
}

static void test_order_refused(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.smdp.refuse_function = "downloadOrder";
    w.smdp.subject = "8.2.5";
    w.smdp.reason = "3.7";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "FAILED", "inventory-empty"));
    CHECK(world_stock(&w, "available") == 1);
    CHECK(w.partner.sim[0].reversed && strcmp(w.partner.sim[0].status, "INVENTORY") == 0);
    end(&w);
}

/* The order stands without a matchingId; it is ours, so it is cancelled and the code is free. */
static void test_confirm_refused(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.smdp.refuse_function = "confirmOrder";
    w.smdp.subject = "8.9";
    w.smdp.reason = "5.1";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "FAILED", "order-refused"));
    CHECK(w.smdp.profile[0].cancellations == 1 && world_stock(&w, "available") == 1);
    end(&w);
}

static void test_smdp_broken(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.smdp.status = 500;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_DAY);
    CHECK(world_swap_is(&w, id, "FAILED", "smdp-unknown"));
    CHECK(world_stock(&w, "quarantined") == 1); /* nobody can say whether it was ordered */
    CHECK(w.partner.sim[0].reversed);
    CHECK(world_alerts(&w, "undo-incomplete") == 1);
    end(&w);
}

static void test_download_failed(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.fail_kind = "download";
    w.eim.fail_result = "invalidSignature";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "FAILED", "download-failed"));
    CHECK(w.smdp.profile[0].cancellations == 1);
    CHECK(world_stock(&w, "available") == 1); /* the SM-DP+ proved it unused */
    CHECK(w.partner.sim[0].reversed);
    end(&w);
}

/* Scenario 33: the code that was refused, and what becomes of the swap. Codes of this carrier are ordered by the eSO, or were
 * ordered by somebody else. */
static const struct {
    const char *name, *error;
    bool next;
} refused_downloads[] = {
    { "the matchingId is refused", "AuthenticateClient: 8.2.6/3.8 matchingId refused", true },
    { "the code is another eUICC's", "AuthenticateClient: 8.1.1/3.8 the EID is not the order's", true },
    { "the pair alone", "8.2.6/3.8", true },
    { "the order has expired", "AuthenticateClient: 8.8.5/4.10 the order has expired", false },
    { "a pair inside a word", "AuthenticateClient: x8.2.6/3.8 y", false },
    { "a pair with something behind it", "AuthenticateClient: 8.2.6/3.8;", false },
    { "a pair without a reason", "AuthenticateClient: 8.2.6/ refused", false },
    { "a long number", "8.2.6/3.8888888888888888888888888888888888888888888", false },
    { "nothing but blanks", "   ", false },
    { "no text", "", false },
};

static void test_download_refused(void)
{
    for (size_t i = 0; i < COUNT(refused_downloads); i++) {
        const char *name = refused_downloads[i].name;
        struct world w;
        char id[37];
        world_init(&w);
        world_set_up(&w, 1, 2);
        w.eim.fail_kind = "download";
        w.eim.fail_result = "profileDownloadError";
        w.eim.fail_error = refused_downloads[i].error;
        world_swap(&w, 1, "partner", id);
        world_run(&w, CLOCK_HOUR);
        bool next = refused_downloads[i].next;
        CHECK_ROW(name, world_swap_is(&w, id, next ? "DONE" : "FAILED", next ? NULL : "download-failed"));
        CHECK_ROW(name, world_stock(&w, "quarantined") == next && world_stock(&w, "enabled") == next);
        CHECK_ROW(name, world_stock(&w, "available") == (next ? 0 : 2));
        CHECK_ROW(name, world_alerts(&w, "code-quarantined") == next);
        CHECK_ROW(name, w.partner.sim[0].reversed);
        end(&w);
    }
}

static void test_rolled_back(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.fail_kind = "enable";
    w.eim.fail_result = "rolledBack";
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "ROLLED_BACK", "rolled-back"));
    CHECK(strcmp(w.partner.sim[0].status, "TEST_READY") == 0); /* serves, is not billed */
    CHECK(w.partner.sim[0].activations == 0 && w.lead.writes == 0);
    CHECK(world_stock(&w, "installed") == 1);
    end(&w);
}

static void test_no_session(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.loses_session = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_DAY);
    CHECK(world_swap_is(&w, id, "FAILED", "not-confirmed"));
    CHECK(w.partner.sim[0].activations == 0);
    end(&w);
}

static void test_device_away(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "WAITING_DEVICE", "device-not-seen"));
    world_run(&w, 8 * CLOCK_DAY);
    CHECK(world_swap_is(&w, id, "EXPIRED", "device-not-seen"));
    CHECK(world_stock(&w, "available") == 1); /* taken back from the eIM and cancelled at the SM-DP+ */
    end(&w);
}

static void test_device_returns(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, 3 * CLOCK_DAY);
    w.eim.offline = false;
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    check_one_of_each(&w, "device returns");
    end(&w);
}

static void test_billing_retried(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_MINUTE);
    w.partner.status = 503; /* from here on the platform is ill */
    w.eim.offline = false;
    world_run(&w, 5 * CLOCK_MINUTE);
    CHECK(world_swap_is(&w, id, "ENABLED", NULL));
    w.partner.status = 0;
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "DONE", NULL));
    check_one_of_each(&w, "billing retried");
    end(&w);
}

static void test_cancel(void)
{
    struct world w;
    char id[37], path[80];
    world_init(&w);
    world_set_up(&w, 1, 1);
    w.eim.offline = true;
    world_swap(&w, 1, "partner", id);
    world_run(&w, CLOCK_MINUTE);
    snprintf(path, sizeof path, "/v1/swaps/%s/cancel", id);
    CHECK(world_call(&w, "POST", path, NULL, NULL) == 202);
    world_run(&w, CLOCK_HOUR);
    CHECK(world_swap_is(&w, id, "CANCELLED", "cancelled"));
    CHECK(world_stock(&w, "available") == 1 && w.partner.sim[0].reversed);
    CHECK(strcmp(w.eim.order[0].state, "cancelled") == 0);
    CHECK(world_call(&w, "POST", path, NULL, NULL) == 409);
    end(&w);
}

static void test_second_swap_and_replay(void)
{
    struct world w;
    char path[80], eid[33];
    json_t *first = NULL, *again = NULL;
    world_init(&w);
    world_set_up(&w, 1, 1);
    world_eid(1, eid);
    snprintf(path, sizeof path, "/v1/euiccs/%s/swap", eid);
    CHECK(world_call_with_key(&w, path, "{\"target\":\"partner\"}", "k1", &first) == 202);
    CHECK(world_call_with_key(&w, path, "{\"target\":\"partner\"}", "k1", &again) == 202);
    CHECK(strcmp(json_str(first, "id"), json_str(again, "id")) == 0);
    CHECK(world_call_with_key(&w, path, "{\"target\":\"lead\"}", "k1", NULL) == 422);
    CHECK(world_call_with_key(&w, path, "{\"target\":\"partner\"}", "k2", NULL) == 409);
    CHECK(world_call(&w, "POST", path, "{\"target\":\"partner\"}", NULL) == 409);
    world_run(&w, CLOCK_HOUR);
    json_decref(again);
    CHECK(world_call_with_key(&w, path, "{\"target\":\"partner\"}", "k1", &again) == 202);
    CHECK(strcmp(json_str(again, "state"), "DONE") == 0);
    check_one_of_each(&w, "replayed");
    json_decref(first);
    json_decref(again);
    end(&w);
}

/* One swap with trouble at the n-th place, for every n, until nothing happened any more. */
static void sweep(int kind, const char *name)
{
    for (int n = 1; n < 400; n++) {
        struct world w;
        char id[37], row[64];
        snprintf(row, sizeof row, "%s %d", name, n);
        world_init(&w);
        world_set_up(&w, 1, 1);
        w.trouble = (struct trouble){ .kind = kind, .at = n };
        world_swap(&w, 1, "partner", id);
        world_run(&w, CLOCK_DAY);
        bool happened = w.trouble.happened;
        w.trouble.kind = TROUBLE_NONE;
        CHECK_ROW(row, world_swap_is(&w, id, "DONE", NULL));
        check_one_of_each(&w, row);
        CHECK_ROW(row, w.restarts == (happened && kind != TROUBLE_LOSE_ANSWER && kind != TROUBLE_LOSE_CALL));
        end(&w);
        if (!happened) {
            CHECK(n > 8);
            return;
        }
    }
    CU_FAIL("the sweep does not end");
}

static void test_killed_at_writes(void)
{
    sweep(TROUBLE_KILL_AT_WRITE, "killed at write");
}

/* Between two ticks lies one step: whoever watches sees every state, and a kill can fall after each. */
static void test_restarted_between_steps(void)
{
    struct world w;
    char id[37];
    world_init(&w);
    world_set_up(&w, 1, 1);
    world_swap(&w, 1, "partner", id);
    strcpy(w.watched, id);
    w.restarts_always = true;
    world_run(&w, CLOCK_HOUR);
    CHECK(strcmp(w.states, " CHECKED ALLOCATED ORDERED DOWNLOADED FALLBACK_SET ENABLED CONFIRMED BILLING_SET DONE") == 0);
    check_one_of_each(&w, "restarted after every tick");
    end(&w);
}

static void test_killed_before_calls(void)
{
    sweep(TROUBLE_KILL_BEFORE_CALL, "killed before call");
}

static void test_killed_after_calls(void)
{
    sweep(TROUBLE_KILL_AFTER_CALL, "killed after call");
}

static void test_lost_answers(void)
{
    sweep(TROUBLE_LOSE_ANSWER, "lost answer of call");
}

static void test_lost_calls(void)
{
    sweep(TROUBLE_LOSE_CALL, "lost call");
}

/* The stock adds up wherever a failing swap is killed. */
static void test_killed_while_failing(void)
{
    for (int n = 1; n < 400; n++) {
        struct world w;
        char id[37], row[64];
        snprintf(row, sizeof row, "killed at write %d of a failing swap", n);
        world_init(&w);
        world_set_up(&w, 1, 1);
        w.eim.fail_kind = "download";
        w.eim.fail_result = "invalidSignature";
        w.trouble = (struct trouble){ .kind = TROUBLE_KILL_AT_WRITE, .at = n };
        world_swap(&w, 1, "partner", id);
        world_run(&w, CLOCK_DAY);
        bool happened = w.trouble.happened;
        w.trouble.kind = TROUBLE_NONE;
        CHECK_ROW(row, world_swap_is(&w, id, "FAILED", "download-failed"));
        CHECK_ROW(row, world_stock(&w, "available") == 1);
        CHECK_ROW(row, !w.partner.sim[0].owned_by_us);
        end(&w);
        if (!happened)
            return;
    }
}

static void test_codes_sealed(void)
{
    struct world w;
    json_t *rows = NULL;
    struct buf sealed = { .max = 4096 }, text = { .max = 1 << 16 };
    world_init(&w);
    world_set_up(&w, 1, 1);
    CHECK(world_call(&w, "GET", "/v1/stock/kenya", NULL, &rows) == 200);
    REQUIRE(json_write(rows, &text) == ERR_OK);
    CHECK(strstr(buf_cstr(&text), "0001") && !strstr(buf_cstr(&text), CODE_SECRET));
    CHECK(db_get(w.env.db, "SELECT code FROM stock", NULL, 0, &sealed) == ERR_OK);
    CHECK(!memmem(sealed.at, sealed.len, CODE_SECRET, strlen(CODE_SECRET)));
    json_decref(rows);
    buf_release(&sealed);
    buf_release(&text);
    end(&w);
}

static const struct test tests[] = {
    { "first swap lead to partner: each side effect once, lead untouched (1)", test_first_swap },
    { "back to lead and there again: enable only (2, 3)", test_back_to_lead },
    { "a device that is there already: nothing to do", test_already_there },
    { "eight swaps, one code: one winner, seven held, all go on when stock comes (27, 35, 103)", test_parallel_one_code },
    { "a held swap has a deadline", test_held_expires },
    { "the carrier's inventory is empty: failed with that cause, code released (34)", test_inventory_empty },
    { "a code used elsewhere is put aside and the next one tried (33)", test_code_used_elsewhere },
    { "an order refused for the profile type: code released, SIM given back", test_order_refused },
    { "an order that cannot be confirmed is cancelled, code released", test_confirm_refused },
    { "an SM-DP+ that only fails: code put aside, SIM given back, people told", test_smdp_broken },
    { "a code refused when it is downloaded is put aside, and the next one taken (33)", test_download_refused },
    { "download failed: order cancelled, code released, SIM given back", test_download_failed },
    { "rolled back: target not billed, lead untouched (13)", test_rolled_back },
    { "enabled without a session at the target: not confirmed, not billed (25)", test_no_session },
    { "a device that never comes: waiting, then expired, code proven unused (17)", test_device_away },
    { "a device that comes after three days: done once", test_device_returns },
    { "a platform that is ill after enabling: billing is retried (21)", test_billing_retried },
    { "cancelled while the eIM still has it: everything taken back (40)", test_cancel },
    { "same key same swap, other order 422, second swap 409 (36)", test_second_swap_and_replay },
    { "restarted after every step: every state is passed, nothing twice (23)", test_restarted_between_steps },
    { "killed at every database write: same end, nothing twice (23)", test_killed_at_writes },
    { "killed before every call: same end, nothing twice (23)", test_killed_before_calls },
    { "killed after every call: same end, nothing twice (23)", test_killed_after_calls },
    { "every answer lost once: asked before repeated (74)", test_lost_answers },
    { "every call lost once: repeated", test_lost_calls },
    { "killed at every write of a failing swap: the stock adds up", test_killed_while_failing },
    { "codes are sealed in the database and redacted in answers", test_codes_sealed },
    { "malformed requests are refused and change nothing", test_hostile_bodies },
    { "wrong codes are refused row by row (32)", test_hostile_stock },
    { "everybody may do what he may", test_rights },
    { "forged and repeated reports change nothing (50)", test_forged_hooks },
    { "a profile that the device enabled by itself is found enabled (62)", test_found_enabled },
    { "a device that changed by itself is asked, and its card believed (15, 16)", test_device_that_changed },
    { "a device that goes to another eIM while it is registered is registered there too", test_handed_over_while_registered },
    { "a device goes to another eIM, but not in the middle of a swap", test_another_eim },
    { "lists come page by page", test_lists },
    { "openapi.yaml and the routes agree", test_openapi },
};

int main(void)
{
    return tests_main("eso flow", tests, COUNT(tests));
}
