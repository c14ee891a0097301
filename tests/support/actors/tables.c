/* The tables of the actors' stores. To make them takes longer than most tests do: a process makes each once, and copies it. */
#include <fcntl.h>
#include <unistd.h>

#include "eim_internal.h"
#include "ipa_internal.h"
#include "lab_internal.h"
#include "smdp_store.h"
#include "smds_internal.h"

struct tables {
    const char *const *migrations;
    const size_t *count;
    struct buf file; /* of a store with nothing in it; empty until it was made */
};

static void make(struct tables *t, const char *path)
{
    struct log log = { .actor = "test" };
    struct db *db = NULL;
    REQUIRE(db_open(&log, path, false, &db) == ERR_OK && db_migrate(db, t->migrations, *t->count) == ERR_OK);
    db_close(db);
    REQUIRE(read_file(path, &t->file) == ERR_OK);
}

static void copy(const struct tables *t, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && write(fd, t->file.at, t->file.len) == (ssize_t)t->file.len && close(fd) == 0);
}

void lab_make_tables(enum lab_kind kind, const char *path)
{
    static struct tables all[LAB_KINDS] = {
        [LAB_SMDP] = { smdp_migrations, &smdp_migration_count, { .max = 1 << 20 } },
        [LAB_EIM] = { eim_migrations, &eim_migration_count, { .max = 1 << 20 } },
        [LAB_IPA] = { ipa_migrations, &ipa_migration_count, { .max = 1 << 20 } },
        [LAB_SMDS] = { smds_migrations, &smds_migration_count, { .max = 1 << 20 } },
    };
    if (all[kind].file.len)
        copy(&all[kind], path);
    else
        make(&all[kind], path);
}
