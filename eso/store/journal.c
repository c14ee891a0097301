#include "eso_store.h"
#include "row.h"

enum err journal_add(const struct eso_store *st, const char *swap, const struct step_entry *s)
{
    return db_run(st->env->db,
                  "INSERT INTO journal (tenant, swap, n, step, attempt, at, outcome, state, cause, detail)"
                  " VALUES (?, ?, (SELECT COALESCE(MAX(n), 0) + 1 FROM journal WHERE tenant = ? AND swap = ?),"
                  " ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(swap), DB_TEXT(st->tenant), DB_TEXT(swap), DB_TEXT(s->step),
                          DB_INT(s->attempt), DB_INT(s->at), DB_TEXT(s->outcome), DB_TEXT(s->state),
                          DB_TEXT(s->cause), DB_TEXT(s->detail)),
                  NULL);
}

struct reading {
    step_fn fn;
    void *context;
};

static enum err read_entry(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct step_entry s = { .attempt = db_int(r, 1), .at = db_int(r, 2) };
    ROW_TEXT(r, 0, s.step);
    ROW_TEXT(r, 3, s.outcome);
    ROW_TEXT(r, 4, s.state);
    ROW_TEXT(r, 5, s.cause);
    ROW_TEXT(r, 6, s.detail);
    return to->fn(to->context, &s);
}

enum err journal_each(const struct eso_store *st, const char *swap, step_fn fn, void *context)
{
    return none_is_fine(db_query(
        st->env->db,
        "SELECT step, attempt, at, outcome, state, cause, detail FROM journal WHERE tenant = ? AND swap = ? ORDER BY n",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(swap)), read_entry, &(struct reading){ fn, context }));
}
