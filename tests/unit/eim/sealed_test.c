/* Codes of downloads stand sealed in the eIM's database while their order is open, and nowhere once it ended. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "eim_tests.h"
#include "rsp_ids.h"

#define TOKEN "TOKEN-1" /* of LAB_CODE */
#define CONFIRMATION "24681357"
#define ORDERED ",\"activationCode\":\"" LAB_CODE "\",\"confirmationCode\":\"" CONFIRMATION "\""

/* What a thief of the file would look for: the code, the confirmation code, and its hash. */
static bool shows_a_code(struct fixture *f)
{
    const struct span code = span_str(CONFIRMATION);
    uint8_t hash[32];
    REQUIRE(sha256(f->l.crypto, &code, 1, hash) == ERR_OK);
    return lab_file_holds(&f->l, LAB_EIM, span_str(TOKEN)) || lab_file_holds(&f->l, LAB_EIM, code) ||
           lab_file_holds(&f->l, LAB_EIM, SPAN_ARRAY(hash));
}

static bool polls_the_code(struct fixture *f)
{
    return poll(f) == RSP_EIM_PACKAGE_DOWNLOAD &&
           span_equal(f->package.message.download.data.activation_code, span_str(LAB_CODE));
}

static void fail_download(struct fixture *f)
{
    const struct rsp_profile_download_trigger_result r = {
        .eim_transaction_id = f->package.message.download.eim_transaction_id,
        .result = { .which = RSP_DOWNLOAD_RESULT_ERROR, .error = { .reason = 127, .response = span_str("8.2.6/3.8") } },
    };
    CHECK(bring_download(f, LAB_EID, &r) == RSP_PROVIDE_EMPTY);
}

static int count(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    CHECK(db_get_int(f->l.part[LAB_EIM].env.db, sql, NULL, 0, &n) == ERR_OK);
    return (int)n;
}

#define KEPT "SELECT count(*) FROM orders WHERE activation_code IS NOT NULL OR confirmation IS NOT NULL OR message IS NOT NULL"

static void codes_are_sealed(void)
{
    struct fixture f;
    fixture_open(&f);
    CHECK(order(&f, "reference-a", "download", ORDERED) == 202);
    CHECK(lab_file_holds(&f.l, LAB_EIM, span_str("reference-a"))); /* so it would be found */
    CHECK(!shows_a_code(&f) && count(&f, KEPT) == 1);
    CHECK(polls_the_code(&f) && !shows_a_code(&f));
    lab_restart(&f.l, LAB_EIM);
    CHECK(polls_the_code(&f) && !shows_a_code(&f));
    CHECK(order(&f, "reference-a", "download", ORDERED) == 200); /* compared with what is sealed */
    CHECK(order(&f, "reference-a", "download", ",\"activationCode\":\"1$smdp.example.com$TOKEN-2\"") == 409);
    fail_download(&f);
    CHECK(strcmp(order_state(&f, "reference-a"), "failed") == 0 && count(&f, KEPT) == 0);
    fixture_close(&f);
}

/* Each way to an end. */
static const struct {
    const char *name, *method, *path;
    int status;
} ends[] = { { "cancelled", "DELETE", "", 200 }, { "expired", NULL, NULL, 0 } };

static void nothing_is_left_of_what_ended(void)
{
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct fixture f;
        char url[200];
        fixture_open(&f);
        CHECK(order(&f, "a", "download", ORDERED ",\"validUntil\":\"2026-02-01T00:00:00Z\"") == 202);
        json_t *answer = NULL;
        REQUIRE(lab_call(&f.l, f.l.eso, "GET", LAB_EIM_URL "/v1/orders?reference=a", "", &answer) == 200);
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s%s", json_str(answer, "orderId"), ends[i].path ? ends[i].path : "");
        if (ends[i].method)
            CHECK_ROW(ends[i].name, lab_call(&f.l, f.l.eso, ends[i].method, url, "", NULL) == ends[i].status);
        clock_virtual_advance(&f.l.clock, LAB_EPOCH + 40 * CLOCK_DAY);
        tick_eim(&f);
        CHECK_ROW(ends[i].name, strcmp(order_state(&f, "a"), ends[i].name) == 0);
        CHECK_ROW(ends[i].name, count(&f, KEPT) == 0 && !shows_a_code(&f));
        snprintf(url, sizeof url, LAB_EIM_URL "/v1/orders/%s/retry", json_str(answer, "orderId"));
        CHECK_ROW(ends[i].name, lab_call(&f.l, f.l.eso, "POST", url, "{\"activationCode\":\"" LAB_CODE "\"}", NULL) == 202);
        CHECK_ROW(ends[i].name, polls_the_code(&f) && !shows_a_code(&f));
        json_decref(answer);
        fixture_close(&f);
    }
}

/* --- a store from before --------------------------------------------------------------------------------------- */

#define BEFORE 23 /* migrations: the last ones with open codes */

/* Everything that an older eIM left: two open orders, one that ended, a session with a hashed code. */
static void write_old_store(struct fixture *f, const char *path)
{
    static const char *const rows[] = {
        "INSERT INTO orders (number, id, tenant, reference, eid, kind, state, iccid, callback, rollback, priority, attempt, created,"
        " valid_until, counter, refused, activation_code, confirmation) VALUES (1, 'id-1', '', 'a', '" LAB_EID "', 0, 0, '', '', 0, 0,"
        " 1, 1, 0, 0, 0, CAST('" LAB_CODE "' AS BLOB), CAST('" CONFIRMATION "' AS BLOB))",
        "INSERT INTO orders (number, id, tenant, reference, eid, kind, state, iccid, callback, rollback, priority, attempt, created,"
        " valid_until, counter, refused, activation_code, message) VALUES (2, 'id-2', '', 'b', '" LAB_OTHER_EID "', 0, 1, '', '', 0, 0,"
        " 1, 1, 0, 0, 0, CAST('" LAB_CODE "' AS BLOB), CAST('" LAB_CODE "' AS BLOB))",
        "INSERT INTO orders (number, id, tenant, reference, eid, kind, state, iccid, callback, rollback, priority, attempt, created,"
        " valid_until, counter, refused, activation_code, message) VALUES (3, 'id-3', '', 'c', '" LAB_EID "', 0, 1, '', '', 0, 0, 1, 1,"
        " 0, 0, 0, CAST('" LAB_CODE "' AS BLOB), CAST(hex(zeroblob(3000)) || '" LAB_CODE "' AS BLOB))",
        "UPDATE orders SET activation_code = NULL, message = NULL, state = 3 WHERE number = 3",
        "INSERT INTO orders (number, id, tenant, reference, eid, kind, state, iccid, callback, rollback, priority, attempt, created,"
        " valid_until, counter, refused, message) VALUES (4, 'id-4', '', 'd', '" LAB_OTHER_EID "', 5, 1, '', '', 0, 0,"
        " 1, 1, 0, 0, 0, CAST('a package' AS BLOB))",
        "INSERT INTO relay (transaction_id, order_id, eid, address, at, smds, hash_cc) VALUES ('01', 'id-2', '" LAB_OTHER_EID "',"
        " 'smdp.example.com', 1, 0, CAST('" CONFIRMATION "' AS BLOB))",
    };
    struct db *db = NULL, *now = f->l.part[LAB_EIM].env.db;
    struct buf certificate = { .max = 4096 }, eum = { .max = 4096 }, signing = { .max = 32 };
    REQUIRE(db_get(now, "SELECT certificate FROM euicc", NULL, 0, &certificate) == ERR_OK);
    REQUIRE(db_get(now, "SELECT eum_certificate FROM euicc", NULL, 0, &eum) == ERR_OK);
    REQUIRE(db_get(now, "SELECT signing FROM euicc", NULL, 0, &signing) == ERR_OK);
    int64_t wiped = 1;
    REQUIRE(db_open(&f->l.log, path, false, &db) == ERR_OK && db_migrate(db, eim_migrations, BEFORE) == ERR_OK);
    /* Not every SQLite wipes what it deletes. */
    REQUIRE(db_get_int(db, "PRAGMA secure_delete = OFF", NULL, 0, &wiped) == ERR_OK && !wiped);
    REQUIRE(db_run(db, "INSERT INTO euicc (eid, certificate, eum_certificate, signing) VALUES (?, ?, ?, ?)",
                   DB_ARGS(DB_TEXT(LAB_EID), DB_BLOB(buf_span(&certificate)), DB_BLOB(buf_span(&eum)), DB_BLOB(buf_span(&signing))),
                   NULL) == ERR_OK);
    for (size_t i = 0; i < COUNT(rows); i++)
        REQUIRE(db_run(db, rows[i], NULL, 0, NULL) == ERR_OK);
    db_close(db);
    buf_release(&certificate);
    buf_release(&eum);
    buf_release(&signing);
}

static void open_old_store(struct fixture *f)
{
    char path[160];
    fixture_open(f);
    snprintf(path, sizeof path, "%s/old.db", f->l.folder);
    write_old_store(f, path);
    snprintf(f->l.part[LAB_EIM].path, sizeof f->l.part[LAB_EIM].path, "%s", path);
}

static void an_older_store_is_sealed(void)
{
    struct fixture f;
    open_old_store(&f);
    CHECK(lab_file_holds(&f.l, LAB_EIM, span_str(TOKEN)) && lab_file_holds(&f.l, LAB_EIM, span_str(CONFIRMATION)));
    for (int round = 0; round < 2; round++) {
        lab_restart(&f.l, LAB_EIM);
        CHECK(!lab_file_holds(&f.l, LAB_EIM, span_str(TOKEN)) && !lab_file_holds(&f.l, LAB_EIM, span_str(CONFIRMATION)));
        CHECK(count(&f, "SELECT count(*) FROM chore") == 0 && count(&f, KEPT) == 3);
        CHECK(count(&f, "SELECT CAST(message AS TEXT) = 'a package' FROM orders WHERE number = 4") == 1);
        CHECK(polls_the_code(&f));
    }
    fixture_close(&f);
}

struct cutter {
    unsigned left;
    bool cut;
};

static enum err cut(void *context, const char *sql)
{
    struct cutter *c = context;
    (void)sql;
    c->cut = c->cut || !c->left--;
    return c->cut ? ERR_CUT : ERR_OK;
}

/* Starts the eIM over that store, killed at its n-th write. True: it was. */
static bool start_killed(struct fixture *f, const char *path, unsigned n)
{
    const struct pki_item *sign = lab_item(&f->l, "CERT_S_EIMsign_ECDSA_NIST");
    struct cutter c = { .left = n };
    struct env env = f->l.part[LAB_EIM].env;
    struct eim *e = NULL;
    const struct eim_settings s = { .eim_id = "eim.example.com", .fqdn = "eim.example.com", .sign_certificate = sign->der,
                                    .sign_key = sign->key, .trust = f->l.trust, .storage_key = { .at = { 4, 5, 6 }, .len = 32 } };
    REQUIRE(db_open(&f->l.log, path, false, &env.db) == ERR_OK);
    db_set_fault(env.db, cut, &c);
    CHECK(eim_new(&env, &s, &e) == (c.cut ? ERR_CUT : ERR_OK));
    if (e)
        eim_actor(e)->ops->free(eim_actor(e));
    db_close(env.db);
    return c.cut;
}

/* However its first start ends, the next one finds all that is to be sealed, and nothing twice. */
static void killed_while_sealing(void)
{
    bool killed = true;
    unsigned n = 0;
    for (; killed && n < 200; n++) {
        struct fixture f;
        char row[20];
        open_old_store(&f);
        killed = start_killed(&f, f.l.part[LAB_EIM].path, n);
        lab_restart(&f.l, LAB_EIM);
        snprintf(row, sizeof row, "write %u", n);
        CHECK_ROW(row, !lab_file_holds(&f.l, LAB_EIM, span_str(TOKEN)) && !lab_file_holds(&f.l, LAB_EIM, span_str(CONFIRMATION)));
        CHECK_ROW(row, count(&f, KEPT) == 3 && count(&f, "SELECT count(*) FROM chore") == 0);
        CHECK_ROW(row, polls_the_code(&f));
        fixture_close(&f);
    }
    CHECK(!killed && n > 8);
}

const struct test sealed_tests[] = {
    { "codes of downloads stand sealed", codes_are_sealed },
    { "nothing is left of the codes of an order that ended", nothing_is_left_of_what_ended },
    { "an older store is sealed, and keeps no trace of what stood open", an_older_store_is_sealed },
    { "an older store is sealed wherever its first start is killed", killed_while_sealing },
};
const size_t sealed_tests_count = COUNT(sealed_tests);
