#include "row.h"
#include "waiting.h"

enum err look_want(const struct eso_store *st, const char *eid, const char *reference, int64_t due)
{
    return db_run(st->env->db,
                  "INSERT INTO looks (tenant, eid, reference, placed, due, attempt) VALUES (?, ?, ?, 0, ?, 0)"
                  " ON CONFLICT (tenant, eid) DO UPDATE SET reference = excluded.reference, placed = 0, due = excluded.due,"
                  " attempt = 0",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(eid), DB_TEXT(reference), DB_INT(due)), NULL);
}

static enum err read_row(void *context, const struct db_row *r)
{
    struct look *out = context;
    ROW_TEXT(r, 0, out->eid);
    ROW_TEXT(r, 1, out->reference);
    out->placed = db_int(r, 2);
    out->attempt = db_int(r, 3) + 1;
    return ERR_OK;
}

static enum err take(const struct eso_store *st, void *row, int64_t now, int64_t until)
{
    const struct look *l = row;
    return db_run(st->env->db,
                  "UPDATE looks SET attempt = ?, due = ?, placed = CASE WHEN placed = 0 THEN ? ELSE placed END"
                  " WHERE tenant = ? AND eid = ?",
                  DB_ARGS(DB_INT(l->attempt), DB_INT(until), DB_INT(now), DB_TEXT(st->tenant), DB_TEXT(l->eid)), NULL);
}

static const struct waiting looks = {
    .next = "SELECT due FROM looks WHERE tenant = ? ORDER BY due LIMIT 1",
    .find = "SELECT eid, reference, placed, attempt FROM looks WHERE tenant = ? AND due <= ? ORDER BY due, eid LIMIT 1",
    .read = read_row,
    .take = take,
};

enum err look_claim(const struct eso_store *st, int64_t now, int64_t until, struct look *out)
{
    return waiting_claim(st, &looks, now, until, out);
}

enum err look_end(const struct eso_store *st, const struct look *l)
{
    return db_run(st->env->db, "DELETE FROM looks WHERE tenant = ? AND eid = ? AND reference = ?",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(l->eid), DB_TEXT(l->reference)), NULL);
}

enum err look_defer(const struct eso_store *st, const struct look *l, int64_t due)
{
    return db_run(st->env->db, "UPDATE looks SET due = ? WHERE tenant = ? AND eid = ? AND reference = ?",
                  DB_ARGS(DB_INT(due), DB_TEXT(st->tenant), DB_TEXT(l->eid), DB_TEXT(l->reference)), NULL);
}

enum err look_is_current(const struct eso_store *st, const struct look *l, bool *out)
{
    int64_t since = 0, changed = 0;
    *out = false;
    enum err e = db_get_int(st->env->db, "SELECT placed FROM looks WHERE tenant = ? AND eid = ? AND reference = ?",
                            DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(l->eid), DB_TEXT(l->reference)), &since);
    if (!e)
        e = db_get_int(st->env->db, "SELECT COUNT(*) FROM swaps WHERE tenant = ? AND eid = ? AND changed >= ?",
                       DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(l->eid), DB_INT(since)), &changed);
    *out = !e && !changed;
    return e;
}

enum err look_nudge(const struct eso_store *st, const char *reference)
{
    return db_run(st->env->db, "UPDATE looks SET due = ? WHERE tenant = ? AND reference = ?",
                  DB_ARGS(DB_INT(store_now(st)), DB_TEXT(st->tenant), DB_TEXT(reference)), NULL);
}

enum err look_next_due(const struct eso_store *st, int64_t *out)
{
    return waiting_next_due(st, &looks, out);
}
