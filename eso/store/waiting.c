#include "waiting.h"

#include "row.h"

enum err waiting_claim(const struct eso_store *st, const struct waiting *w, int64_t now, int64_t until, void *row)
{
    /* A look without the writer's lock first: most ticks find nothing. */
    int64_t due = 0;
    enum err e = waiting_next_due(st, w, &due);
    if (!e)
        e = due <= now ? store_begin(st) : ERR_NOT_FOUND;
    if (e)
        return e;
    e = db_query(st->env->db, w->find, DB_ARGS(DB_TEXT(st->tenant), DB_INT(now)), w->read, row);
    return store_end(st, e ? e : w->take(st, row, now, until));
}

enum err waiting_next_due(const struct eso_store *st, const struct waiting *w, int64_t *out)
{
    enum err e = db_get_int(st->env->db, w->next, DB_ARGS(DB_TEXT(st->tenant)), out);
    if (e == ERR_NOT_FOUND)
        *out = CLOCK_NEVER;
    return none_is_fine(e);
}
