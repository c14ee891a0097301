/* Shared by the files of lib/db only. */
#ifndef LAB_DB_DB_INTERNAL_H
#define LAB_DB_DB_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "db.h"

#define DB_STATEMENTS_MAX 256
#define DB_SLOTS 512 /* a power of two */

struct db {
    sqlite3 *sqlite;
    const struct log *log;
    char *path;
    /* Recursive: a statement takes it for itself, a transaction keeps it from begin to end. Whoever gets it while
     * in_transaction is set is therefore the thread whose transaction it is. */
    pthread_mutex_t lock;
    bool in_transaction;
    enum err lost; /* why the open transaction exists no more; ERR_OK while it does */
    uint64_t steps;
    struct db_patterns *patterns; /* NULL: none */
    db_fault_fn fault;
    void *fault_context;
    sqlite3_stmt *statements[DB_STATEMENTS_MAX];
    size_t statement_count;
    /* Where a text literal was last seen, so that the usual look-up is one comparison. */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } slots[DB_SLOTS];
};

/* Turns the result of SQLite into a failure and logs it, with the statement, unless it is ERR_EXISTS. */
enum err db_failed(struct db *db, int result, const char *sql);
/* Runs text of several statements without binds. */
MUST_CHECK enum err db_script(struct db *db, const char *sql);
/* One statement without binds, rows or faults, kept prepared: BEGIN, COMMIT. */
MUST_CHECK enum err db_word(struct db *db, const char *sql);
/* The fault hook's word before `sql`; ERR_CUT has rolled back. */
MUST_CHECK enum err db_ask_fault(struct db *db, const char *sql);
void db_close_statements(struct db *db);
/* Gives stores in RAM a page cache of their own (pages.c); before SQLite is used. */
void db_configure_pages(void);
/* Fills an empty database from db->patterns. */
MUST_CHECK enum err db_copy_pattern(struct db *db, const char *const *migrations, size_t count);

#endif
