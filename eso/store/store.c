#include "eso_store.h"
#include "schema.h"

enum err store_migrate(struct db *db)
{
    return db_migrate(db, eso_migrations, eso_migration_count);
}

enum err store_begin(const struct eso_store *st)
{
    return db_begin(st->env->db);
}

enum err store_end(const struct eso_store *st, enum err e)
{
    return db_end(st->env->db, e);
}

int64_t store_now(const struct eso_store *st)
{
    return clock_now(st->env->clock);
}
