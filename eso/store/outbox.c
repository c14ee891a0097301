#include "row.h"
#include "waiting.h"

enum err outbox_add(const struct eso_store *st, const char *id, const char *eim, const char *body)
{
    return db_run(st->env->db,
                  "INSERT INTO outbox (tenant, id, eim, body, due, attempt) VALUES (?, ?, ?, ?, ?, 0)"
                  " ON CONFLICT (tenant, id) DO UPDATE SET eim = excluded.eim, body = excluded.body, due = excluded.due,"
                  " attempt = 0",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(id), DB_TEXT(eim), DB_TEXT(body), DB_INT(store_now(st))), NULL);
}

struct claimed {
    struct outbox_row *row;
    struct buf *body;
};

static enum err read_row(void *context, const struct db_row *r)
{
    struct outbox_row *out = ((struct claimed *)context)->row;
    ROW_TEXT(r, 0, out->id);
    ROW_TEXT(r, 1, out->eim);
    out->attempt = db_int(r, 2) + 1;
    return ERR_OK;
}

static enum err take(const struct eso_store *st, void *context, int64_t now, int64_t until)
{
    const struct claimed *c = context;
    (void)now;
    enum err e = db_get(st->env->db, "SELECT body FROM outbox WHERE tenant = ? AND id = ?",
                        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(c->row->id)), c->body);
    return e ? e : db_run(st->env->db, "UPDATE outbox SET attempt = ?, due = ? WHERE tenant = ? AND id = ?",
                          DB_ARGS(DB_INT(c->row->attempt), DB_INT(until), DB_TEXT(st->tenant), DB_TEXT(c->row->id)), NULL);
}

static const struct waiting outbox = {
    .next = "SELECT due FROM outbox WHERE tenant = ? ORDER BY due LIMIT 1",
    .find = "SELECT id, eim, attempt FROM outbox WHERE tenant = ? AND due <= ? ORDER BY due, id LIMIT 1",
    .read = read_row,
    .take = take,
};

enum err outbox_claim(const struct eso_store *st, int64_t now, int64_t until, struct outbox_row *out,
                      struct buf *body)
{
    return waiting_claim(st, &outbox, now, until, &(struct claimed){ out, body });
}

enum err outbox_remove(const struct eso_store *st, const struct outbox_row *row)
{
    return db_run(st->env->db, "DELETE FROM outbox WHERE tenant = ? AND id = ? AND eim = ?",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(row->id), DB_TEXT(row->eim)), NULL);
}

enum err outbox_defer(const struct eso_store *st, const struct outbox_row *row, int64_t due)
{
    return db_run(st->env->db, "UPDATE outbox SET due = ? WHERE tenant = ? AND id = ? AND eim = ?",
                  DB_ARGS(DB_INT(due), DB_TEXT(st->tenant), DB_TEXT(row->id), DB_TEXT(row->eim)), NULL);
}

enum err outbox_next_due(const struct eso_store *st, int64_t *out)
{
    return waiting_next_due(st, &outbox, out);
}
