/* One SQL interface over SQLite (PostgreSQL stands beside it later): prepared statements, `?` binds, one transaction
 * at a time. A struct db is one actor's store and may be used from several threads: a transaction holds its lock, so
 * never call another actor inside one. */
#ifndef LAB_DB_DB_H
#define LAB_DB_DB_H

#include <stdint.h>

#include "log.h"
#include "span.h"

struct db;

/* Opens (creates) a database file; NULL or ":memory:" in RAM. `durable`: synchronous FULL (daemons), else OFF (lab
 * runs). ERR_IO with file name and cause in the log: read-only folder, full disk, not a database. */
MUST_CHECK enum err db_open(const struct log *log, const char *path, bool durable, struct db **out);
void db_close(struct db *db);
/* Applies the migrations not yet applied, in order, in one transaction: all or none. `migrations[i]` is SQL text; the number of
 * applied ones is kept in the database. ERR_STATE when the database is newer than the program. */
MUST_CHECK enum err db_migrate(struct db *db, const char *const *migrations, size_t count);

/* Stores with the tables of migrations and nothing else, each made when it is first wanted: db_migrate copies a new database
 * from there, in a tenth of the time that its migrations take. For one thread; for who opens many stores (a sweep, tests). */
struct db_patterns;
MUST_CHECK enum err db_patterns_new(struct db_patterns **out);
void db_patterns_free(struct db_patterns *p); /* NULL is harmless */
void db_set_patterns(struct db *db, struct db_patterns *p); /* borrows until db_migrate; NULL: none */

/* BEGIN IMMEDIATE; waits for other threads. Not recursive. */
MUST_CHECK enum err db_begin(struct db *db);
MUST_CHECK enum err db_commit(struct db *db);
/* Harmless after a commit. The usual last line: e = db_end(db, e) commits when e is ERR_OK, else rolls back. */
void db_rollback(struct db *db);
enum err db_end(struct db *db, enum err e);

/* Statements are prepared once per text (a string literal) and kept. Parameters are bound in order by kind:
 * DB_TEXT(s) DB_INT(n) DB_BLOB(span) DB_NULL. */
struct db_value {
    enum { DB_KIND_NULL, DB_KIND_INT, DB_KIND_TEXT, DB_KIND_BLOB } kind;
    int64_t integer;
    const char *text; /* NULL binds NULL */
    struct span blob;
};
#define DB_TEXT(s) ((struct db_value){ .kind = DB_KIND_TEXT, .text = (s) })
#define DB_INT(n) ((struct db_value){ .kind = DB_KIND_INT, .integer = (n) })
#define DB_BLOB(b) ((struct db_value){ .kind = DB_KIND_BLOB, .blob = (b) })
#define DB_NULL ((struct db_value){ .kind = DB_KIND_NULL })
#define DB_ARGS(...) (const struct db_value[]){ __VA_ARGS__ }, \
                     sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)

/* Runs a statement without rows. *changed (may be NULL) gets the number of rows changed.
 * ERR_EXISTS on a uniqueness violation, ERR_STATE on another constraint. Outside a transaction it is one of its own. */
MUST_CHECK enum err db_run(struct db *db, const char *sql, const struct db_value *args, size_t count,
                           int64_t *changed);

/* A row being read; columns from 0. Valid inside the callback only; text ends with a zero. */
struct db_row;
int64_t db_int(const struct db_row *r, int column);
const char *db_text(const struct db_row *r, int column);   /* "" for NULL */
/* The text cut to the room, which is at least 1, with a zero behind it; "" for NULL. */
void db_copy_text(const struct db_row *r, int column, char *out, size_t room);
struct span db_blob(const struct db_row *r, int column);
bool db_is_null(const struct db_row *r, int column);

/* Calls `row` for each result row; a failure from it ends the query and is returned. ERR_NOT_FOUND when there is no row. */
typedef enum err (*db_row_fn)(void *context, const struct db_row *r);
MUST_CHECK enum err db_query(struct db *db, const char *sql, const struct db_value *args, size_t count,
                             db_row_fn row, void *context);
/* The first column of the first row as integer. ERR_NOT_FOUND. */
MUST_CHECK enum err db_get_int(struct db *db, const char *sql, const struct db_value *args, size_t count,
                               int64_t *out);
/* The first column of the first row as text or blob, appended to out (ceiling set by the caller). ERR_NOT_FOUND. */
MUST_CHECK enum err db_get(struct db *db, const char *sql, const struct db_value *args, size_t count,
                           struct buf *out);

/* How many steps of the engine's machine all statements took so far: work as a number that no neighbour on the machine
 * disturbs, for tests and benchmarks that hold it against the size of a table. */
uint64_t db_steps(struct db *db);

/* Faults: called before each statement that writes and before each commit; a failure it returns is what the caller sees
 * (ERR_CUT rolls the transaction back first). */
typedef enum err (*db_fault_fn)(void *context, const char *sql);
void db_set_fault(struct db *db, db_fault_fn fault, void *context);
#endif
