/* New stores, copied from such that were migrated before. */
#include "db_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct db_patterns {
    struct pattern {
        const char *const *migrations;
        size_t count;
        int64_t page_size;
        struct db *db;
    } *at;
    size_t count;
};

enum err db_patterns_new(struct db_patterns **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : ERR_NOMEM;
}

void db_patterns_free(struct db_patterns *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        db_close(p->at[i].db);
    free(p->at);
    free(p);
}

void db_set_patterns(struct db *db, struct db_patterns *p)
{
    db->patterns = p;
}

/* Pages can be copied between stores of one size of page only. */
static enum err make(struct pattern *p)
{
    char pages[40];
    snprintf(pages, sizeof pages, "PRAGMA page_size = %d", (int)p->page_size);
    enum err e = db_open(NULL, NULL, false, &p->db);
    if (!e)
        e = db_script(p->db, pages);
    if (!e)
        e = db_migrate(p->db, p->migrations, p->count);
    if (e)
        db_close(p->db);
    return e;
}

static enum err add(struct db_patterns *all, struct pattern p, struct db **out)
{
    struct pattern *grown = realloc(all->at, (all->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    all->at = grown;
    enum err e = make(&p);
    if (e)
        return e;
    *out = p.db;
    grown[all->count++] = p;
    return ERR_OK;
}

static enum err find(struct db_patterns *all, struct pattern want, struct db **out)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct pattern *p = &all->at[i];
        if (p->migrations == want.migrations && p->count == want.count && p->page_size == want.page_size) {
            *out = p->db;
            return ERR_OK;
        }
    }
    return add(all, want, out);
}

static enum err copy(struct db *to, struct db *from)
{
    pthread_mutex_lock(&to->lock);
    sqlite3_backup *b = sqlite3_backup_init(to->sqlite, "main", from->sqlite, "main");
    bool done = b && sqlite3_backup_step(b, -1) == SQLITE_DONE;
    done = sqlite3_backup_finish(b) == SQLITE_OK && done;
    enum err e = done ? ERR_OK : db_failed(to, sqlite3_errcode(to->sqlite), "copy of a pattern");
    pthread_mutex_unlock(&to->lock);
    return e;
}

enum err db_copy_pattern(struct db *db, const char *const *migrations, size_t count)
{
    struct pattern want = { migrations, count, 0, NULL };
    struct db *from = NULL;
    enum err e = db_get_int(db, "PRAGMA page_size", NULL, 0, &want.page_size);
    if (!e)
        e = find(db->patterns, want, &from);
    return e ? e : copy(db, from);
}
