/* Prepared statements: kept by text, bound, stepped. */
#include "db_internal.h"

#include <assert.h>
#include <string.h>

struct db_row {
    sqlite3_stmt *statement;
};

static size_t slot_of(const char *sql)
{
    uint64_t mixed = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 40) & (DB_SLOTS - 1);
}

/* The address alone proves nothing: a text made at run time may lie where another lay before. */
static sqlite3_stmt *find_kept(struct db *db, const char *sql)
{
    size_t slot = slot_of(sql);
    if (db->slots[slot].sql == sql && strcmp(sqlite3_sql(db->slots[slot].statement), sql) == 0)
        return db->slots[slot].statement;
    for (size_t i = 0; i < db->statement_count; i++)
        if (strcmp(sqlite3_sql(db->statements[i]), sql) == 0) {
            db->slots[slot].sql = sql;
            return db->slots[slot].statement = db->statements[i];
        }
    return NULL;
}

static enum err prepare(struct db *db, const char *sql, unsigned flags, sqlite3_stmt **out)
{
    const char *rest = NULL;
    int result = sqlite3_prepare_v3(db->sqlite, sql, -1, flags, out, &rest);
    if (result != SQLITE_OK)
        return db_failed(db, result, sql);
    if (*out && !*rest)
        return ERR_OK;
    sqlite3_finalize(*out);
    *out = NULL;
    return log_fail(db->log, ERR_STATE, "database", "the text must be exactly one statement");
}

/* *kept: the statement stays with the database. One that is being read further up the stack is prepared again. */
static enum err get_statement(struct db *db, const char *sql, sqlite3_stmt **out, bool *kept)
{
    *out = find_kept(db, sql);
    *kept = *out && !sqlite3_stmt_busy(*out);
    if (*kept)
        return ERR_OK;
    bool keep = !*out && db->statement_count < DB_STATEMENTS_MAX;
    enum err e = prepare(db, sql, keep ? SQLITE_PREPARE_PERSISTENT : 0, out);
    if (e || !keep)
        return e;
    db->statements[db->statement_count++] = *out;
    *kept = true;
    return ERR_OK;
}

enum err db_word(struct db *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    bool kept = false;
    enum err e = get_statement(db, sql, &s, &kept);
    if (e)
        return e;
    int result = sqlite3_step(s);
    if (result != SQLITE_DONE)
        e = db_failed(db, result, sql);
    sqlite3_reset(s); /* repeats the result of the step, which is known */
    if (!kept)
        sqlite3_finalize(s);
    return e;
}

void db_close_statements(struct db *db)
{
    for (size_t i = 0; i < db->statement_count; i++)
        sqlite3_finalize(db->statements[i]);
    db->statement_count = 0;
}

static int bind_one(sqlite3_stmt *s, int at, const struct db_value *v)
{
    switch (v->kind) {
    case DB_KIND_INT:
        return sqlite3_bind_int64(s, at, v->integer);
    case DB_KIND_TEXT:
        return sqlite3_bind_text(s, at, v->text, -1, SQLITE_STATIC);
    case DB_KIND_BLOB: /* a null pointer would bind NULL, and an empty blob is not NULL */
        return v->blob.len ? sqlite3_bind_blob64(s, at, v->blob.at, v->blob.len, SQLITE_STATIC)
                           : sqlite3_bind_zeroblob(s, at, 0);
    case DB_KIND_NULL:
        break;
    }
    return sqlite3_bind_null(s, at);
}

static enum err bind(struct db *db, sqlite3_stmt *s, const struct db_value *args, size_t count)
{
    assert((size_t)sqlite3_bind_parameter_count(s) == count);
    for (size_t i = 0; i < count; i++) {
        int result = bind_one(s, (int)i + 1, &args[i]);
        if (result != SQLITE_OK)
            return db_failed(db, result, sqlite3_sql(s));
    }
    return ERR_OK;
}

/* A full disk makes SQLite roll back by itself; what follows in that transaction must then fail, not run alone. */
static enum err check_alive(struct db *db)
{
    if (db->in_transaction && !db->lost && sqlite3_get_autocommit(db->sqlite))
        db->lost = ERR_IO;
    return db->in_transaction ? db->lost : ERR_OK;
}

struct reading {
    db_row_fn row;
    void *context;
    size_t rows;
    bool first_only;
};

static enum err step(struct db *db, sqlite3_stmt *s, struct reading *r)
{
    const struct db_row row = { s };
    bool writes = !sqlite3_stmt_readonly(s);
    for (;;) {
        int result = sqlite3_step(s);
        if (result == SQLITE_DONE)
            return ERR_OK;
        if (result != SQLITE_ROW)
            return db_failed(db, result, sqlite3_sql(s));
        r->rows++;
        if (r->row && (r->rows == 1 || !r->first_only)) {
            enum err e = r->row(r->context, &row);
            if (e)
                return e;
        }
        if (r->first_only && !writes)
            return ERR_OK;
    }
}

static enum err execute(struct db *db, const char *sql, const struct db_value *args, size_t count,
                        struct reading *r, int64_t *changed)
{
    sqlite3_stmt *s = NULL;
    bool kept = false;
    enum err e = check_alive(db);
    if (!e)
        e = get_statement(db, sql, &s, &kept);
    if (e)
        return e;
    e = bind(db, s, args, count);
    if (!e && !sqlite3_stmt_readonly(s))
        e = db_ask_fault(db, sql);
    if (!e)
        e = step(db, s, r);
    if (!e && changed)
        *changed = sqlite3_changes64(db->sqlite);
    sqlite3_reset(s); /* repeats the result of the step, which is known */
    db->steps += (uint64_t)sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
    sqlite3_clear_bindings(s);
    if (!kept)
        sqlite3_finalize(s);
    if (e)
        e = check_alive(db) == ERR_CUT ? ERR_CUT : e;
    return e;
}

uint64_t db_steps(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    uint64_t steps = db->steps;
    pthread_mutex_unlock(&db->lock);
    return steps;
}

enum err db_run(struct db *db, const char *sql, const struct db_value *args, size_t count, int64_t *changed)
{
    struct reading nothing = { 0 };
    pthread_mutex_lock(&db->lock);
    enum err e = execute(db, sql, args, count, &nothing, changed);
    pthread_mutex_unlock(&db->lock);
    return e;
}

static enum err query(struct db *db, const char *sql, const struct db_value *args, size_t count, struct reading *r)
{
    pthread_mutex_lock(&db->lock);
    enum err e = execute(db, sql, args, count, r, NULL);
    pthread_mutex_unlock(&db->lock);
    return e || r->rows ? e : ERR_NOT_FOUND;
}

enum err db_query(struct db *db, const char *sql, const struct db_value *args, size_t count, db_row_fn row,
                  void *context)
{
    struct reading r = { .row = row, .context = context };
    return query(db, sql, args, count, &r);
}

static enum err take_int(void *context, const struct db_row *r)
{
    *(int64_t *)context = db_int(r, 0);
    return ERR_OK;
}

enum err db_get_int(struct db *db, const char *sql, const struct db_value *args, size_t count, int64_t *out)
{
    struct reading r = { .row = take_int, .context = out, .first_only = true };
    return query(db, sql, args, count, &r);
}

static enum err take_bytes(void *context, const struct db_row *r)
{
    return buf_put(context, db_blob(r, 0));
}

enum err db_get(struct db *db, const char *sql, const struct db_value *args, size_t count, struct buf *out)
{
    struct reading r = { .row = take_bytes, .context = out, .first_only = true };
    return query(db, sql, args, count, &r);
}

int64_t db_int(const struct db_row *r, int column)
{
    return sqlite3_column_int64(r->statement, column);
}

const char *db_text(const struct db_row *r, int column)
{
    const unsigned char *text = sqlite3_column_text(r->statement, column);
    return text ? (const char *)text : "";
}

struct span db_blob(const struct db_row *r, int column)
{
    const void *at = sqlite3_column_blob(r->statement, column);
    return span_of(at, (size_t)sqlite3_column_bytes(r->statement, column));
}

/* By the blob: the library copies a text to put a zero behind it. */
void db_copy_text(const struct db_row *r, int column, char *out, size_t room)
{
    struct span text = db_blob(r, column);
    size_t len = text.len < room ? text.len : room - 1;
    if (len)
        memcpy(out, text.at, len);
    out[len] = 0;
}

bool db_is_null(const struct db_row *r, int column)
{
    return sqlite3_column_type(r->statement, column) == SQLITE_NULL;
}
