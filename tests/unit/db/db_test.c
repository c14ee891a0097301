/* What every engine behind db.h must do. */
#include "db.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

/* Keeps the last failure's words. */
struct memory_sink {
    struct log_sink sink;
    char what[300], file[300];
    unsigned failures;
};

static void remember(struct log_sink *s, const struct log_event *e)
{
    struct memory_sink *m = (struct memory_sink *)s;
    m->failures++;
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->fields[i].name, "what") == 0)
            snprintf(m->what, sizeof m->what, "%s", e->fields[i].text);
        if (strcmp(e->fields[i].name, "file") == 0)
            snprintf(m->file, sizeof m->file, "%s", e->fields[i].text);
    }
}

static const char *const stock[] = {
    "CREATE TABLE contract (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE code (iccid TEXT PRIMARY KEY, contract INTEGER REFERENCES contract (id), bytes BLOB,"
    "                   state TEXT CHECK (state IN ('FREE', 'TAKEN')) DEFAULT 'FREE')",
    "INSERT INTO contract (id, name) VALUES (1, 'kenya')",
};

struct fixture {
    char folder[64], path[96];
    struct memory_sink sink;
    struct log log;
    struct db *db;
};

static void setup(struct fixture *f)
{
    *f = (struct fixture){ .sink = { .sink = { remember } } };
    f->log = (struct log){ .sink = &f->sink.sink, .actor = "test" };
    snprintf(f->folder, sizeof f->folder, "/tmp/lab-db-XXXXXX");
    REQUIRE(mkdtemp(f->folder) != NULL);
    snprintf(f->path, sizeof f->path, "%s/store.db", f->folder);
    REQUIRE(db_open(&f->log, f->path, false, &f->db) == ERR_OK);
    REQUIRE(db_migrate(f->db, stock, COUNT(stock)) == ERR_OK);
}

static void teardown(struct fixture *f)
{
    db_close(f->db);
    static const char *const ends[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < COUNT(ends); i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        if (access(name, F_OK) == 0)
            CHECK(unlink(name) == 0);
    }
    CHECK(rmdir(f->folder) == 0);
}

#define INSERT "INSERT INTO code (iccid, contract) VALUES (?, ?)"

static enum err add(struct db *db, const char *iccid)
{
    return db_run(db, INSERT, DB_ARGS(DB_TEXT(iccid), DB_INT(1)), NULL);
}

static int64_t codes(struct db *db)
{
    int64_t n = -1;
    CHECK(db_get_int(db, "SELECT count(*) FROM code", NULL, 0, &n) == ERR_OK);
    return n;
}

static enum err check_kinds(void *context, const struct db_row *r)
{
    int *rows = context;
    ++*rows;
    CHECK(strcmp(db_text(r, 0), "8949") == 0 && !db_is_null(r, 0));
    CHECK(db_int(r, 1) == 1);
    CHECK(!db_is_null(r, 2) && db_blob(r, 2).len == 3 && db_blob(r, 2).at[1] == 0);
    char copy[5] = "old!", little[3];
    db_copy_text(r, 0, copy, sizeof copy);
    db_copy_text(r, 0, little, sizeof little);
    CHECK(strcmp(copy, "8949") == 0 && strcmp(little, "89") == 0);
    db_copy_text(r, 3, copy, sizeof copy);
    CHECK(copy[0] == 0);
    CHECK(db_is_null(r, 3) && strcmp(db_text(r, 3), "") == 0 && db_int(r, 3) == 0 && db_blob(r, 3).len == 0);
    return ERR_OK;
}

static void values_come_back_as_they_went(void)
{
    struct fixture f;
    setup(&f);
    CHECK(db_run(f.db, "INSERT INTO code (iccid, contract, bytes, state) VALUES (?, ?, ?, ?)",
                 DB_ARGS(DB_TEXT("8949"), DB_INT(1), DB_BLOB(SPAN(1, 0, 3)), DB_NULL), NULL) == ERR_OK);
    int rows = 0;
    CHECK(db_query(f.db, "SELECT iccid, contract, bytes, state FROM code WHERE iccid = ?", DB_ARGS(DB_TEXT("8949")),
                   check_kinds, &rows) == ERR_OK);
    CHECK(rows == 1);
    teardown(&f);
}

static void an_empty_blob_is_not_null(void)
{
    struct fixture f;
    int64_t n = 0;
    setup(&f);
    CHECK(db_run(f.db, "INSERT INTO code (iccid, bytes) VALUES (?, ?)",
                 DB_ARGS(DB_TEXT(""), DB_BLOB(((struct span){ 0 }))), NULL) == ERR_OK);
    CHECK(db_run(f.db, "INSERT INTO code (iccid, bytes) VALUES (?, ?)", DB_ARGS(DB_TEXT("x"), DB_TEXT(NULL)), NULL) ==
          ERR_OK);
    CHECK(db_get_int(f.db, "SELECT count(*) FROM code WHERE bytes IS NULL", NULL, 0, &n) == ERR_OK && n == 1);
    teardown(&f);
}

static const struct {
    const char *name, *sql;
    enum err want;
} constraints[] = {
    { "a second row with the same key exists", "INSERT INTO code (iccid) VALUES ('8949')", ERR_EXISTS },
    { "a second row with the same unique name exists", "INSERT INTO contract (name) VALUES ('kenya')", ERR_EXISTS },
    { "a reference to nothing is refused", "INSERT INTO code (iccid, contract) VALUES ('1', 99)", ERR_STATE },
    { "deleting what is referred to is refused", "DELETE FROM contract", ERR_STATE },
    { "a value outside its check is refused", "UPDATE code SET state = 'GONE'", ERR_STATE },
    { "a missing value is refused", "INSERT INTO contract (name) VALUES (NULL)", ERR_STATE },
    { "a table that is not there is refused", "DELETE FROM nothing", ERR_STATE },
    { "nonsense is refused", "DELETE EVERYTHING", ERR_STATE },
    { "two statements in one text are refused", "DELETE FROM code; DELETE FROM contract", ERR_STATE },
    { "an empty text is refused", "", ERR_STATE },
};

static void constraints_have_their_failures(void)
{
    struct fixture f;
    setup(&f);
    REQUIRE(add(f.db, "8949") == ERR_OK);
    for (size_t i = 0; i < COUNT(constraints); i++) {
        unsigned before = f.sink.failures;
        CHECK_ROW(constraints[i].name, db_run(f.db, constraints[i].sql, NULL, 0, NULL) == constraints[i].want);
        CHECK_ROW(constraints[i].name, f.sink.failures - before == (constraints[i].want != ERR_EXISTS));
        CHECK_ROW(constraints[i].name, codes(f.db) == 1);
    }
    teardown(&f);
}

static enum err give_up(void *context, const struct db_row *r)
{
    (void)r;
    return ++*(int *)context == 2 ? ERR_LIMIT : ERR_OK;
}

static void queries_say_what_they_found(void)
{
    struct fixture f;
    int rows = 0;
    int64_t n = 7, changed = -1;
    setup(&f);
    struct buf out = { .max = 4 };
    CHECK(db_get_int(f.db, "SELECT 1 FROM code", NULL, 0, &n) == ERR_NOT_FOUND && n == 7);
    CHECK(db_get(f.db, "SELECT iccid FROM code", NULL, 0, &out) == ERR_NOT_FOUND && out.len == 0);
    CHECK(add(f.db, "8949") == ERR_OK && add(f.db, "8950") == ERR_OK && add(f.db, "8951") == ERR_OK);
    CHECK(db_query(f.db, "SELECT iccid FROM code", NULL, 0, give_up, &rows) == ERR_LIMIT && rows == 2);
    CHECK(db_get(f.db, "SELECT iccid FROM code ORDER BY iccid", NULL, 0, &out) == ERR_OK);
    CHECK(span_equal(buf_span(&out), span_str("8949")));
    CHECK(db_get(f.db, "SELECT iccid FROM code", NULL, 0, &out) == ERR_LIMIT && out.len == 4);
    CHECK(db_run(f.db, "UPDATE code SET state = 'TAKEN' WHERE iccid > ?", DB_ARGS(DB_TEXT("8949")), &changed) ==
          ERR_OK);
    CHECK(changed == 2);
    CHECK(db_run(f.db, "DELETE FROM code WHERE iccid = ?", DB_ARGS(DB_TEXT("none")), &changed) == ERR_OK &&
          changed == 0);
    buf_release(&out);
    teardown(&f);
}

static void returning_changes_every_row_and_stays(void)
{
    struct fixture f;
    int64_t n = 0;
    setup(&f);
    REQUIRE(add(f.db, "8949") == ERR_OK && add(f.db, "8950") == ERR_OK);
    CHECK(db_get_int(f.db, "UPDATE code SET state = 'TAKEN' RETURNING iccid", NULL, 0, &n) == ERR_OK);
    CHECK(db_get_int(f.db, "SELECT count(*) FROM code WHERE state = 'TAKEN'", NULL, 0, &n) == ERR_OK && n == 2);
    teardown(&f);
}

static void a_transaction_is_all_or_nothing(void)
{
    struct fixture f;
    setup(&f);
    REQUIRE(db_begin(f.db) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK);
    db_rollback(f.db);
    CHECK(codes(f.db) == 0);
    REQUIRE(db_begin(f.db) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK);
    CHECK(db_end(f.db, ERR_VERIFY) == ERR_VERIFY && codes(f.db) == 0);
    REQUIRE(db_begin(f.db) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK && add(f.db, "1") == ERR_EXISTS);
    CHECK(db_end(f.db, ERR_OK) == ERR_OK && codes(f.db) == 1);
    db_rollback(f.db);
    CHECK(codes(f.db) == 1);
    teardown(&f);
}

static enum err query_again(void *context, const struct db_row *r)
{
    struct db *db = context;
    int64_t n = 0;
    CHECK(db_get_int(db, "SELECT count(*) FROM code", NULL, 0, &n) == ERR_OK && n >= 2);
    int inner = 0;
    CHECK(db_query(db, "SELECT iccid FROM code WHERE iccid < '3'", NULL, 0, give_up, &inner) == ERR_LIMIT);
    return db_run(db, "UPDATE code SET state = 'TAKEN' WHERE iccid = ?", DB_ARGS(DB_TEXT(db_text(r, 0))), NULL);
}

static void a_row_may_ask_further(void)
{
    struct fixture f;
    int64_t n = 0;
    setup(&f);
    REQUIRE(add(f.db, "1") == ERR_OK && add(f.db, "2") == ERR_OK);
    CHECK(db_query(f.db, "SELECT iccid FROM code WHERE iccid < '3'", NULL, 0, query_again, f.db) == ERR_OK);
    CHECK(db_get_int(f.db, "SELECT count(*) FROM code WHERE state = 'TAKEN'", NULL, 0, &n) == ERR_OK && n == 2);
    teardown(&f);
}

static void a_text_made_at_run_time_may_change_in_place(void)
{
    struct fixture f;
    char sql[64];
    setup(&f);
    for (int i = 0; i < 600; i++) {
        int64_t n = -1;
        snprintf(sql, sizeof sql, "SELECT %d", i);
        CHECK(db_get_int(f.db, sql, NULL, 0, &n) == ERR_OK && n == i);
    }
    CHECK(add(f.db, "1") == ERR_OK);
    teardown(&f);
}

static double own_seconds(void)
{
    struct timespec t = { 0 };
    REQUIRE(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Rows that fall between the others, so that pages are split, each committed by itself. */
static double commit_many(struct db *db)
{
    double began = own_seconds();
    for (int64_t i = 0; i < 2000; i++)
        REQUIRE(db_run(db, "INSERT INTO scattered VALUES (?, zeroblob(100))", DB_ARGS(DB_INT(i * 1999 % 10007)), NULL) == ERR_OK);
    return own_seconds() - began;
}

static void a_commit_costs_the_same_in_a_large_store(void)
{
    static const char *const tables[] = { "CREATE TABLE scattered (n INTEGER PRIMARY KEY, b BLOB); CREATE TABLE bulk (b BLOB)" };
    struct db *db = NULL;
    REQUIRE(db_open(NULL, NULL, false, &db) == ERR_OK && db_migrate(db, tables, COUNT(tables)) == ERR_OK);
    double small = commit_many(db);
    REQUIRE(db_run(db, "DELETE FROM scattered", NULL, 0, NULL) == ERR_OK);
    REQUIRE(db_run(db,
                   "INSERT INTO bulk WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 64000)"
                   " SELECT zeroblob(1000) FROM n",
                   NULL, 0, NULL) == ERR_OK);
    CHECK(commit_many(db) < 4 * small);
    db_close(db);
}

static void what_is_committed_is_there_after_opening_again(void)
{
    struct fixture f;
    setup(&f);
    CHECK(add(f.db, "1") == ERR_OK);
    db_close(f.db);
    REQUIRE(db_open(&f.log, f.path, true, &f.db) == ERR_OK);
    CHECK(db_migrate(f.db, stock, COUNT(stock)) == ERR_OK && codes(f.db) == 1);
    teardown(&f);
}

static void migrations_run_once_and_in_order(void)
{
    const char *const more[] = { stock[0], stock[1], "ALTER TABLE code ADD COLUMN eid TEXT" };
    const char *const broken[] = { stock[0], stock[1], more[2],
                                   "DELETE FROM contract; CREATE TABLE contract (id)" };
    struct fixture f;
    int64_t n = 0;
    setup(&f);
    CHECK(db_migrate(f.db, more, 3) == ERR_OK && db_migrate(f.db, more, 3) == ERR_OK);
    CHECK(db_run(f.db, "UPDATE code SET eid = NULL", NULL, 0, NULL) == ERR_OK);
    CHECK(db_migrate(f.db, broken, 4) == ERR_STATE);
    CHECK(db_get_int(f.db, "SELECT count(*) FROM contract", NULL, 0, &n) == ERR_OK && n == 1);
    CHECK(db_migrate(f.db, stock, COUNT(stock)) == ERR_STATE);
    CHECK(strstr(f.sink.what, "newer") != NULL);
    teardown(&f);
}

/* A start applies all that it knows, or nothing: no later program finds a store between two versions. */
static void migrations_are_all_or_none(void)
{
    const char *const broken[] = { "CREATE TABLE one (id)", "CREATE TABLE two (id)", "CREATE TABLE one (id)" };
    const struct log log = { 0 };
    struct db *db = NULL;
    int64_t n = 0;
    REQUIRE(db_open(&log, NULL, false, &db) == ERR_OK);
    CHECK(db_migrate(db, broken, 3) == ERR_STATE);
    CHECK(db_get_int(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('one', 'two')", NULL, 0, &n) == ERR_OK && n == 0);
    CHECK(db_migrate(db, broken, 2) == ERR_OK);
    CHECK(db_get_int(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('one', 'two')", NULL, 0, &n) == ERR_OK && n == 2);
    db_close(db);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    CHECK(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* In RAM and in a file, whose pages differ; what one of them holds, no other gets. */
static void a_new_store_is_copied_from_a_pattern(void)
{
    struct fixture f;
    struct db_patterns *patterns = NULL;
    setup(&f);
    REQUIRE(db_patterns_new(&patterns) == ERR_OK);
    for (int i = 0; i < 4; i++) {
        struct db *db = NULL;
        char path[128] = "";
        snprintf(path, sizeof path, "%s-%d", f.path, i);
        REQUIRE(db_open(&f.log, i % 2 ? path : NULL, false, &db) == ERR_OK);
        db_set_patterns(db, patterns);
        CHECK(db_migrate(db, stock, COUNT(stock)) == ERR_OK && codes(db) == 0);
        CHECK(add(db, "1") == ERR_OK && codes(db) == 1);
        CHECK(db_migrate(db, stock, COUNT(stock)) == ERR_OK && codes(db) == 1);
        CHECK(db_migrate(db, stock, 1) == ERR_STATE);
        db_close(db);
        CHECK(i % 2 == 0 || unlink(path) == 0);
    }
    db_patterns_free(patterns);
    teardown(&f);
}

static void bad_places_are_named(void)
{
    struct fixture f;
    struct db *db = NULL;
    char path[300];
    setup(&f);
    snprintf(path, sizeof path, "%s/none/store.db", f.folder);
    CHECK(db_open(&f.log, path, false, &db) == ERR_IO && strcmp(f.sink.file, path) == 0);
    CHECK(db_open(&f.log, f.folder, false, &db) == ERR_IO);
    CHECK(db_open(&f.log, "/dev/null/store.db", false, &db) == ERR_IO);
    snprintf(path, sizeof path, "%s/text.db", f.folder);
    write_file(path, "This is a letter to a friend, by no means a database, although it is long enough to be one.\n"
                     "It goes on for a while, so that nobody can say that it was merely a short read.\n");
    CHECK(db_open(&f.log, path, false, &db) == ERR_IO && strstr(f.sink.what, "not a database") != NULL);
    CHECK(strcmp(f.sink.file, path) == 0 && db == NULL);
    CHECK(unlink(path) == 0);
    teardown(&f);
}

static void a_read_only_folder_is_refused_at_the_start(void)
{
    struct fixture f;
    struct db *db = NULL;
    char path[300];
    setup(&f);
    if (geteuid() == 0) {
        test_skip("root writes into read-only folders");
    } else {
        snprintf(path, sizeof path, "%s/other.db", f.folder);
        CHECK(chmod(f.folder, 0500) == 0);
        CHECK(db_open(&f.log, path, false, &db) == ERR_IO && db == NULL);
        CHECK(chmod(f.folder, 0700) == 0);
    }
    teardown(&f);
}

static enum err fill_up(struct db *db)
{
    uint8_t block[4000] = { 1 };
    enum err e = ERR_OK;
    for (int i = 0; !e && i < 1000; i++) {
        char iccid[16];
        snprintf(iccid, sizeof iccid, "%d", i);
        e = db_run(db, "INSERT INTO code (iccid, bytes) VALUES (?, ?)",
                   DB_ARGS(DB_TEXT(iccid), DB_BLOB(SPAN_ARRAY(block))), NULL);
    }
    return e;
}

static void a_full_disk_changes_nothing(void)
{
    struct fixture f;
    int64_t pages = 0;
    setup(&f);
    REQUIRE(db_get_int(f.db, "PRAGMA max_page_count = 20", NULL, 0, &pages) == ERR_OK && pages == 20);
    REQUIRE(db_begin(f.db) == ERR_OK);
    CHECK(fill_up(f.db) == ERR_IO && strstr(f.sink.what, "full") != NULL);
    /* Whatever became of the transaction, a caller who overlooks the failure must not commit half of it. */
    CHECK(db_end(f.db, ERR_IO) == ERR_IO && codes(f.db) == 0);
    REQUIRE(db_get_int(f.db, "PRAGMA max_page_count = 2000", NULL, 0, &pages) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK);
    teardown(&f);
}

/* Fails the n-th time it is asked. */
struct plan {
    unsigned at, asked;
    enum err e;
};

static enum err fail_at(void *context, const char *sql)
{
    struct plan *p = context;
    CHECK(sql != NULL);
    return ++p->asked == p->at ? p->e : ERR_OK;
}

static enum err two_in_one_transaction(struct db *db)
{
    enum err e = db_begin(db);
    if (e)
        return e;
    int64_t n = 0;
    e = db_get_int(db, "SELECT count(*) FROM code", NULL, 0, &n);
    if (!e)
        e = add(db, "1");
    if (!e)
        e = add(db, "2");
    return db_end(db, e);
}

static void a_fault_at_any_operation_leaves_nothing_or_all(void)
{
    static const enum err kinds[] = { ERR_IO, ERR_CUT };
    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct fixture f;
        setup(&f);
        unsigned n = 0;
        for (bool hit = true; hit;) {
            struct plan plan = { .at = ++n, .e = kinds[k] };
            db_set_fault(f.db, fail_at, &plan);
            enum err e = two_in_one_transaction(f.db);
            hit = plan.asked >= plan.at;
            db_set_fault(f.db, NULL, NULL);
            CHECK(e == (hit ? kinds[k] : ERR_OK));
            CHECK(codes(f.db) == (hit ? 0 : 2));
        }
        CHECK(n == 4); /* two inserts and the commit, then nothing more to break */
        teardown(&f);
    }
}

static void after_a_cut_the_transaction_is_dead(void)
{
    struct fixture f;
    setup(&f);
    struct plan plan = { .at = 2, .e = ERR_CUT };
    db_set_fault(f.db, fail_at, &plan);
    REQUIRE(db_begin(f.db) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK && add(f.db, "2") == ERR_CUT && add(f.db, "3") == ERR_CUT);
    CHECK(db_end(f.db, ERR_OK) == ERR_CUT && codes(f.db) == 0);
    CHECK(add(f.db, "4") == ERR_OK);
    teardown(&f);
}

static void *count_up(void *context)
{
    struct db *db = context;
    for (int i = 0; i < 200; i++) {
        int64_t n = 0;
        if (db_begin(db))
            return db;
        enum err e = db_get_int(db, "SELECT id FROM counter", NULL, 0, &n);
        if (!e)
            e = db_run(db, "UPDATE counter SET id = ?", DB_ARGS(DB_INT(n + 1)), NULL);
        if (db_end(db, e))
            return db;
    }
    return NULL;
}

static void threads_take_turns(void)
{
    struct db *db = NULL;
    int64_t n = 0;
    REQUIRE(db_open(NULL, NULL, false, &db) == ERR_OK);
    REQUIRE(db_run(db, "CREATE TABLE counter (id INTEGER)", NULL, 0, NULL) == ERR_OK);
    REQUIRE(db_run(db, "INSERT INTO counter VALUES (0)", NULL, 0, NULL) == ERR_OK);
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, count_up, db) == 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *failed = db;
        CHECK(pthread_join(threads[i], &failed) == 0 && failed == NULL);
    }
    CHECK(db_get_int(db, "SELECT id FROM counter", NULL, 0, &n) == ERR_OK && n == 800);
    db_close(db);
}

static void two_programs_may_share_a_file(void)
{
    struct fixture f;
    struct db *other = NULL;
    setup(&f);
    REQUIRE(db_open(&f.log, f.path, true, &other) == ERR_OK);
    CHECK(add(f.db, "1") == ERR_OK && add(other, "2") == ERR_OK);
    CHECK(codes(f.db) == 2 && codes(other) == 2);
    db_close(other);
    teardown(&f);
}

int main(void)
{
    static const struct test tests[] = {
        { "values come back as they went", values_come_back_as_they_went },
        { "an empty blob is not NULL, a NULL text is", an_empty_blob_is_not_null },
        { "constraints have their failures and change nothing", constraints_have_their_failures },
        { "queries say what they found", queries_say_what_they_found },
        { "RETURNING changes every row and stays", returning_changes_every_row_and_stays },
        { "a transaction is all or nothing", a_transaction_is_all_or_nothing },
        { "a row may ask further", a_row_may_ask_further },
        { "a text made at run time may change in place", a_text_made_at_run_time_may_change_in_place },
        { "a commit costs the same in a large store", a_commit_costs_the_same_in_a_large_store },
        { "what is committed is there after opening again", what_is_committed_is_there_after_opening_again },
        { "migrations run once and in order", migrations_run_once_and_in_order },
        { "migrations of one start are all applied, or none", migrations_are_all_or_none },
        { "a new store is copied from a pattern", a_new_store_is_copied_from_a_pattern },
        { "bad places are named", bad_places_are_named },
        { "a read-only folder is refused at the start", a_read_only_folder_is_refused_at_the_start },
        { "a full disk changes nothing", a_full_disk_changes_nothing },
        { "a fault at any operation leaves nothing or all", a_fault_at_any_operation_leaves_nothing_or_all },
        { "after a cut the transaction is dead", after_a_cut_the_transaction_is_dead },
        { "threads take turns", threads_take_turns },
        { "two programs may share a file", two_programs_may_share_a_file },
    };
    return tests_main("db", tests, COUNT(tests));
}
