/* The eIM killed at each write of what it keeps beside orders: whoever calls again gets what he wants, and nothing is there twice. */
#include <stdio.h>
#include <string.h>

#include "eim_tests.h"
#include "rsp_ids.h"

static int count(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, sql, NULL, 0, &n) == ERR_OK);
    return (int)n;
}

static int post(struct fixture *f, const char *path, const char *body)
{
    char url[200];
    snprintf(url, sizeof url, LAB_EIM_URL "%s", path);
    return lab_call(&f->l, f->l.eso, "POST", url, body, NULL);
}

/* --- what is done, and done again by a caller who heard nothing --------------------------------------------------- */

static bool add_key(struct fixture *f)
{
    return post(f, "/v1/keys", "{\"name\":\"portal\",\"rights\":[\"read\"]}") == 201;
}

/* The lost answer had the key: it is of no use to anybody, and the caller makes another. */
static bool keys_hold(struct fixture *f)
{
    int keys = count(f, "SELECT count(*) FROM api_key");
    return keys >= 1 && keys <= 2 && count(f, "SELECT count(*) FROM api_key WHERE length(sha256) <> 32") == 0;
}

static bool add_webhook(struct fixture *f)
{
    int status = post(f, "/v1/webhooks", "{\"url\":\"https://eso.example.com/hook\"}");
    return status == 201 || status == 409;
}

static bool webhooks_hold(struct fixture *f)
{
    return count(f, "SELECT count(*) FROM webhook WHERE length(secret) = 60") == 1 && count(f, "SELECT count(*) FROM webhook") == 1 &&
           count(f, "SELECT count(*) FROM receiver") == 1;
}

/* A second chain is told twice; the first stays what it was. */
static bool add_chain(struct fixture *f)
{
    int status = register_card(&f->l, f->l.eso, LAB_EID, buf_span(&f->l.card.brp.certificate), f->l.card.brp.eum_certificate);
    return status == 200;
}

static bool chains_hold(struct fixture *f)
{
    return count(f, "SELECT count(*) FROM chain") == 1 &&
           count(f, "SELECT count(*) FROM chain c JOIN euicc u ON u.eid = c.eid AND u.certificate <> c.certificate") == 1;
}

/* A download that is ordered, cancelled and ordered again: its codes are sealed or gone. */
static bool order_download(struct fixture *f)
{
    int status = order(f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"24681357\"");
    return status == 202 || status == 200;
}

static bool download_holds(struct fixture *f)
{
    return count(f, "SELECT count(*) FROM orders WHERE sealed = 1 AND activation_code IS NOT NULL AND confirmation IS NOT NULL") == 1 &&
           !lab_file_holds(&f->l, LAB_EIM, span_str("TOKEN-1")) && poll(f) == RSP_EIM_PACKAGE_DOWNLOAD &&
           span_equal(f->package.message.download.data.activation_code, span_str(LAB_CODE));
}

static bool give_up(struct fixture *f)
{
    char url[120];
    int status = order(f, "a", "list", "");
    poll(f);
    snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s?abandon=true",
             lab_get(&f->l, f->l.eso, LAB_EIM_URL "/v1/orders?reference=a", "orderId"));
    return (status == 202 || status == 200) && lab_call(&f->l, f->l.eso, "DELETE", url, "", NULL) == 200;
}

/* Told once, and the next package bears a counter that none had before. */
static bool next_holds(struct fixture *f)
{
    int last = count(f, "SELECT counter FROM euicc");
    if (strcmp(order_state(f, "a"), "cancelled") || count(f, "SELECT count(*) FROM letter") != 1 || order(f, "b", "list", "") != 202 ||
        poll(f) != RSP_EIM_PACKAGE_EUICC_PACKAGE || f->package.message.package.package_signed.counter != last + 1)
        return false;
    execute(f);
    return bring_result(f) == RSP_PROVIDE_ACKNOWLEDGEMENTS && strcmp(order_state(f, "b"), "done") == 0;
}

/* A trigger whose time runs out after it was sent. */
static bool run_out(struct fixture *f)
{
    struct actor *a = f->l.part[LAB_EIM].actor;
    enum err e = ERR_OK;
    order(f, "a", "download", ",\"activationCode\":\"" LAB_CODE "\",\"validUntil\":\"2026-01-01T00:00:20Z\"");
    poll(f);
    clock_virtual_advance(&f->l.clock, LAB_EPOCH + 20 * CLOCK_SECOND);
    a->ops->tick(a, clock_now(&f->l.clock.clock), &e);
    return e == ERR_OK;
}

static bool end_holds(struct fixture *f)
{
    return strcmp(order_state(f, "a"), "expired") == 0 && f->eso.heard_count >= 1 && count(f, "SELECT count(*) FROM event") == 1 &&
           count(f, "SELECT count(*) FROM letter") == 0 && poll(f) == RSP_EIM_PACKAGE_ERROR;
}

/* Deleted while a package is under way, and registered again. */
static bool leave(struct fixture *f)
{
    order(f, "a", "list", "");
    poll(f);
    int status = lab_call(&f->l, f->l.eso, "DELETE", EUICC "?force=true", "", NULL);
    return status == 204 || (status == 404 && count(f, "SELECT count(*) FROM retired") == 1);
}

static bool return_holds(struct fixture *f)
{
    if (strcmp(order_state(f, "a"), "cancelled") || strcmp(result_name(f, "a"), "euiccDeleted") || count(f, "SELECT count(*) FROM letter") != 1 ||
        count(f, "SELECT count(*) FROM event") != 2)
        return false;
    lab_register(&f->l, &f->l.card);
    return order(f, "b", "list", "") == 202 && poll(f) == RSP_EIM_PACKAGE_EUICC_PACKAGE &&
           f->package.message.package.package_signed.counter == 2;
}

static const struct {
    const char *name;
    bool (*act)(struct fixture *f);
    bool (*holds)(struct fixture *f);
    unsigned least; /* writes */
} rows[] = {
    { "an API key", add_key, keys_hold, 1 },
    { "a webhook", add_webhook, webhooks_hold, 3 },
    { "a chain", add_chain, chains_hold, 4 },
    { "a download's codes", order_download, download_holds, 2 },
    { "a package that is given up", give_up, next_holds, 5 },
    { "an eUICC that is deleted with an order under way", leave, return_holds, 8 },
    { "a trigger whose time runs out", run_out, end_holds, 5 },
};

static void killed_at_each_write(void)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool killed = true;
        unsigned n = 1;
        for (; killed && n < 60; n++) {
            struct fixture f;
            fixture_open(&f);
            f.l.part[LAB_EIM].writes = 0;
            f.l.part[LAB_EIM].cut_at = n;
            bool done = rows[i].act(&f);
            killed = f.l.part[LAB_EIM].dead;
            CHECK_ROW(rows[i].name, done || killed);
            lab_restart(&f.l, LAB_EIM);
            CHECK_ROW(rows[i].name, rows[i].act(&f) || (!killed && rows[i].act == add_webhook));
            CHECK_ROW(rows[i].name, rows[i].holds(&f));
            fixture_close(&f);
        }
        CHECK_ROW(rows[i].name, !killed && n > rows[i].least + 1);
    }
}

/* --- a new key, and a counter that begins anew -------------------------------------------------------------------- */

/* Whatever write it dies at, no counter is given out twice under one key, and the eUICC is told a key that it then believes. */
static void killed_while_the_counter_begins_anew(void)
{
    bool killed = true;
    unsigned n = 1;
    for (; killed && n < 60; n++) {
        struct fixture f;
        char row[20];
        fixture_open(&f);
        f.l.eim_new_key = true;
        lab_restart(&f.l, LAB_EIM);
        snprintf(row, sizeof row, "write %u", n);
        CHECK(order(&f, "key", "updateEim", ",\"parameters\":{\"ownKey\":true,\"counter\":5}") == 202);
        CHECK(order(&f, "after", "list", "") == 202);
        f.l.part[LAB_EIM].writes = 0;
        f.l.part[LAB_EIM].cut_at = n;
        killed = false;
        for (int turn = 0; turn < 6; turn++) {
            int which = poll(&f);
            if (which == RSP_EIM_PACKAGE_EUICC_PACKAGE) {
                execute(&f);
                bring_result(&f);
            } else if (which == RSP_EIM_PACKAGE_DATA_REQUEST) {
                bring_kept_results(&f); /* what the card had executed before the eIM died */
            }
            if (f.l.part[LAB_EIM].dead) {
                killed = true;
                lab_restart(&f.l, LAB_EIM);
            }
        }
        CHECK_ROW(row, strcmp(result_name(&f, "key"), "ok") == 0 && strcmp(result_name(&f, "after"), "ok") == 0);
        CHECK_ROW(row, count(&f, "SELECT counter FROM euicc") == 6);
        fixture_close(&f);
    }
    CHECK(!killed && n > 6);
}

const struct test kill_tests[] = {
    { "keys, webhooks, chains and codes survive their eIM killed at any write", killed_at_each_write },
    { "a counter begins anew wherever the eIM is killed", killed_while_the_counter_begins_anew },
};
const size_t kill_tests_count = COUNT(kill_tests);
