/* Migrations: numbered from 1, each applied once, in order; those of one start in one transaction, all or none. */
#include "db_internal.h"

#include <stdio.h>

static enum err applied(struct db *db, int64_t *out)
{
    enum err e = db_script(db, "CREATE TABLE IF NOT EXISTS lab_migrations (number INTEGER PRIMARY KEY)");
    return e ? e : db_get_int(db, "SELECT coalesce(max(number), 0) FROM lab_migrations", NULL, 0, out);
}

static enum err apply(struct db *db, const char *sql, int64_t number)
{
    enum err e = db_script(db, sql);
    return e ? e : db_run(db, "INSERT INTO lab_migrations (number) VALUES (?)", DB_ARGS(DB_INT(number)), NULL);
}

static enum err apply_after(struct db *db, const char *const *migrations, int64_t done, int64_t count)
{
    enum err e = done < count ? db_begin(db) : ERR_OK;
    if (e || done >= count)
        return e;
    for (int64_t i = done; !e && i < count; i++)
        e = apply(db, migrations[i], i + 1);
    return db_end(db, e);
}

static bool is_new(struct db *db)
{
    int64_t tables = 0;
    return !db_get_int(db, "SELECT count(*) FROM sqlite_schema", NULL, 0, &tables) && tables == 0;
}

enum err db_migrate(struct db *db, const char *const *migrations, size_t count)
{
    int64_t done = 0;
    if (db->patterns && is_new(db))
        return db_copy_pattern(db, migrations, count);
    enum err e = applied(db, &done);
    if (!e && done > (int64_t)count) {
        char what[120];
        snprintf(what, sizeof what, "it has %d migrations and this program knows %zu: it is newer", (int)done, count);
        LOG(db->log, LOG_WARN, "failure", F_TEXT("err", err_name(ERR_STATE)), F_TEXT("section", "database"),
            F_TEXT("what", what), F_TEXT("file", db->path));
        return ERR_STATE;
    }
    return e ? e : apply_after(db, migrations, done, (int64_t)count);
}
