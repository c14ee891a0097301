/* Opening, and transactions. */
#include "db_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 10000

static enum err kind_of(int result, int extended)
{
    switch (result) {
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_TIMEOUT;
    case SQLITE_CONSTRAINT:
        return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       extended == SQLITE_CONSTRAINT_ROWID
                   ? ERR_EXISTS
                   : ERR_STATE;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_ERROR:
        return ERR_STATE; /* the SQL text is wrong, or does not fit the schema */
    default:
        return ERR_IO;
    }
}

enum err db_failed(struct db *db, int result, const char *sql)
{
    enum err e = kind_of(result & 0xff, db->sqlite ? sqlite3_extended_errcode(db->sqlite) : result);
    if (e == ERR_EXISTS)
        return e; /* an answer to many callers, who ask by trying */
    LOG(db->log, LOG_WARN, "failure", F_TEXT("err", err_name(e)), F_TEXT("section", "database"),
        F_TEXT("what", db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(result)), F_TEXT("file", db->path),
        F_TEXT("sql", sql));
    return e;
}

enum err db_script(struct db *db, const char *sql)
{
    int result = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? ERR_OK : db_failed(db, result, sql);
}

static enum err refuse_file(struct db *db, const char *what)
{
    LOG(db->log, LOG_WARN, "failure", F_TEXT("err", err_name(ERR_IO)), F_TEXT("section", "database"),
        F_TEXT("what", what), F_TEXT("file", db->path));
    return ERR_IO;
}

/* A write-ahead log needs a folder that can be written, so this finds a read-only place at the start. */
static enum err choose_journal(struct db *db)
{
    struct buf mode = { .max = 16 };
    enum err e = db_get(db, "PRAGMA journal_mode = WAL", NULL, 0, &mode);
    if (!e && !span_equal(buf_span(&mode), span_str("wal")))
        e = refuse_file(db, "the folder cannot hold a write-ahead log (is it read-only?)");
    buf_release(&mode);
    return e;
}

/* SQLite's count of all memory in use is read by nobody, and costs two locks of the whole process for each piece of memory
 * that a statement takes and gives back. It can be turned off only before the library is used. */
__attribute__((constructor)) static void configure(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    db_configure_pages();
}

/* Without a file, a transaction keeps a copy of each page that it changes: of small pages it copies less. */
static enum err choose_pages(struct db *db)
{
    return db_script(db, "PRAGMA page_size = 1024");
}

static enum err open_file(struct db *db, bool durable)
{
    bool in_memory = strcmp(db->path, ":memory:") == 0;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
    if (result != SQLITE_OK)
        return db_failed(db, result, "open");
    if (sqlite3_db_readonly(db->sqlite, "main"))
        return refuse_file(db, "the file is read-only");
    sqlite3_busy_timeout(db->sqlite, BUSY_TIMEOUT_MS);
    enum err e = db_script(db, durable && !in_memory ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
    if (!e)
        e = in_memory ? choose_pages(db) : choose_journal(db); /* which writes: as durably as it was said to */
    return e ? e : db_script(db, "PRAGMA foreign_keys = ON");
}

static struct db *db_new(const struct log *log, const char *path)
{
    struct db *db = calloc(1, sizeof *db);
    pthread_mutexattr_t kind;
    if (!db)
        return NULL;
    db->log = log;
    db->path = strdup(path ? path : ":memory:");
    if (!db->path || pthread_mutexattr_init(&kind)) {
        free(db->path);
        free(db);
        return NULL;
    }
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&db->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    return db;
}

enum err db_open(const struct log *log, const char *path, bool durable, struct db **out)
{
    struct db *db = db_new(log, path);
    if (!db)
        return ERR_NOMEM;
    enum err e = open_file(db, durable);
    if (e) {
        db_close(db);
        return e == ERR_STATE ? ERR_IO : e;
    }
    *out = db;
    return ERR_OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    assert(!db->in_transaction);
    db_close_statements(db);
    sqlite3_close(db->sqlite);
    pthread_mutex_destroy(&db->lock);
    free(db->path);
    free(db);
}

void db_set_fault(struct db *db, db_fault_fn fault, void *context)
{
    pthread_mutex_lock(&db->lock);
    db->fault = fault;
    db->fault_context = context;
    pthread_mutex_unlock(&db->lock);
}

enum err db_ask_fault(struct db *db, const char *sql)
{
    enum err e = db->fault ? db->fault(db->fault_context, sql) : ERR_OK;
    if (e != ERR_CUT || !db->in_transaction || db->lost)
        return e;
    db->lost = ERR_CUT;
    return sqlite3_get_autocommit(db->sqlite) || db_script(db, "ROLLBACK") == ERR_OK ? ERR_CUT : ERR_IO;
}

enum err db_begin(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    assert(!db->in_transaction); /* a transaction inside a transaction of the same thread */
    enum err e = db_word(db, "BEGIN IMMEDIATE");
    if (e) {
        pthread_mutex_unlock(&db->lock);
        return e;
    }
    db->in_transaction = true;
    db->lost = ERR_OK;
    return ERR_OK;
}

/* Gives back the lock of the transaction and the one of the caller. */
static void finish(struct db *db)
{
    db->in_transaction = false;
    db->lost = ERR_OK;
    pthread_mutex_unlock(&db->lock);
    pthread_mutex_unlock(&db->lock);
}

void db_rollback(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    if (!db->in_transaction) {
        pthread_mutex_unlock(&db->lock);
        return;
    }
    /* SQLite may have rolled back by itself (a full disk); what it says to a second ROLLBACK changes nothing. */
    if (!sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    finish(db);
}

enum err db_commit(struct db *db)
{
    pthread_mutex_lock(&db->lock);
    assert(db->in_transaction);
    enum err e = db->lost ? db->lost : db_ask_fault(db, "COMMIT");
    if (!e)
        e = db_word(db, "COMMIT");
    if (e)
        db_rollback(db);
    else
        finish(db);
    if (e)
        pthread_mutex_unlock(&db->lock);
    return e;
}

enum err db_end(struct db *db, enum err e)
{
    if (!e)
        return db_commit(db);
    db_rollback(db);
    return e;
}
