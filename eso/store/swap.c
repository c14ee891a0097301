#include "row.h"
#include "waiting.h"

#define COLUMNS                                                                                                        \
    "id, eid, target, requested_by, state, aside, step, undoing, attempt, step_since, due, deadline, cause, detail,"  \
    " ending, contract, iccid, present, round, transferred, ordered, installed, order_id, enable_at, status_before,"  \
    " created, changed, cancel_wanted, order_known"

enum err swap_add(const struct eso_store *st, const struct swap *s, const char *key)
{
    return db_run(
        st->env->db,
        "INSERT INTO swaps (tenant, " COLUMNS ", idempotency_key, nudged, leased, is_open)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?)",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(s->id), DB_TEXT(s->eid), DB_TEXT(s->target), DB_TEXT(s->requested_by),
                DB_TEXT(swap_state_name(s->state)), DB_TEXT(swap_state_name(s->aside)), DB_TEXT(s->step),
                DB_INT(s->undoing), DB_INT(s->attempt), DB_INT(s->step_since), DB_INT(s->due), DB_INT(s->deadline),
                DB_TEXT(s->cause), DB_TEXT(s->detail), DB_TEXT(swap_state_name(s->ending)), DB_TEXT(s->contract),
                DB_TEXT(s->iccid), DB_INT(s->present), DB_INT(s->round), DB_INT(s->transferred), DB_INT(s->ordered),
                DB_INT(s->installed), DB_TEXT(s->order_id), DB_INT(s->enable_at), DB_TEXT(s->status_before),
                DB_INT(s->created), DB_INT(s->changed), DB_INT(s->cancel_wanted), DB_INT(s->order_known), DB_TEXT(key),
                DB_INT(!swap_state_is_end(s->state))),
        NULL);
}

/* An index is written again for each of its columns that an UPDATE names, changed or not. So the two that few steps change
 * stand apart. */
static enum err save_aside(const struct eso_store *st, const struct swap *s)
{
    const char *aside = swap_state_name(s->aside);
    return db_run(st->env->db, "UPDATE swaps SET aside = ? WHERE tenant = ? AND id = ? AND aside <> ?",
                  DB_ARGS(DB_TEXT(aside), DB_TEXT(st->tenant), DB_TEXT(s->id), DB_TEXT(aside)), NULL);
}

static enum err save_end(const struct eso_store *st, const struct swap *s)
{
    if (!swap_state_is_end(s->state))
        return ERR_OK;
    return db_run(st->env->db, "UPDATE swaps SET is_open = 0 WHERE tenant = ? AND id = ?",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(s->id)), NULL);
}

static enum err save_progress(const struct eso_store *st, const struct swap *s)
{
    int64_t changed = 0;
    enum err e = db_run(
        st->env->db,
        "UPDATE swaps SET state = ?, step = ?, undoing = ?, attempt = ?, step_since = ?,"
        " due = CASE WHEN nudged = 1 AND due < ? THEN due ELSE ? END, deadline = ?, cause = ?, detail = ?, ending = ?,"
        " contract = ?, iccid = ?, present = ?, round = ?, transferred = ?, ordered = ?, installed = ?, order_id = ?,"
        " enable_at = ?, status_before = ?, order_known = ?, changed = ?, leased = 0 WHERE tenant = ? AND id = ?",
        DB_ARGS(DB_TEXT(swap_state_name(s->state)), DB_TEXT(s->step), DB_INT(s->undoing), DB_INT(s->attempt),
                DB_INT(s->step_since), DB_INT(s->due), DB_INT(s->due), DB_INT(s->deadline), DB_TEXT(s->cause),
                DB_TEXT(s->detail), DB_TEXT(swap_state_name(s->ending)), DB_TEXT(s->contract), DB_TEXT(s->iccid),
                DB_INT(s->present), DB_INT(s->round), DB_INT(s->transferred), DB_INT(s->ordered),
                DB_INT(s->installed), DB_TEXT(s->order_id), DB_INT(s->enable_at), DB_TEXT(s->status_before),
                DB_INT(s->order_known), DB_INT(s->changed), DB_TEXT(st->tenant), DB_TEXT(s->id)),
        &changed);
    return one_changed(e, changed);
}

enum err swap_save(const struct eso_store *st, const struct swap *s)
{
    enum err e = save_progress(st, s);
    if (!e)
        e = save_aside(st, s);
    return e ? e : save_end(st, s);
}

struct reading {
    swap_fn fn;
    void *context;
};

static enum err read_states(const struct db_row *r, struct swap *s)
{
    enum err e = swap_state_read(db_text(r, 4), &s->state);
    if (!e)
        e = swap_state_read(db_text(r, 5), &s->aside);
    return e ? e : swap_state_read(db_text(r, 14), &s->ending);
}

static enum err read_texts(const struct db_row *r, struct swap *s)
{
    ROW_TEXT(r, 0, s->id);
    ROW_TEXT(r, 1, s->eid);
    ROW_TEXT(r, 2, s->target);
    ROW_TEXT(r, 3, s->requested_by);
    ROW_TEXT(r, 6, s->step);
    ROW_TEXT(r, 12, s->cause);
    ROW_TEXT(r, 13, s->detail);
    ROW_TEXT(r, 15, s->contract);
    ROW_TEXT(r, 16, s->iccid);
    ROW_TEXT(r, 22, s->order_id);
    ROW_TEXT(r, 24, s->status_before);
    return ERR_OK;
}

static enum err read_swap(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct swap s = {
        .undoing = db_int(r, 7) != 0, .attempt = db_int(r, 8), .step_since = db_int(r, 9), .due = db_int(r, 10),
        .deadline = db_int(r, 11), .present = db_int(r, 17) != 0, .round = db_int(r, 18),
        .transferred = db_int(r, 19) != 0, .ordered = db_int(r, 20) != 0, .installed = db_int(r, 21) != 0,
        .enable_at = db_int(r, 23), .created = db_int(r, 25), .changed = db_int(r, 26),
        .cancel_wanted = db_int(r, 27) != 0, .order_known = db_int(r, 28) != 0,
    };
    enum err e = read_states(r, &s);
    if (!e)
        e = read_texts(r, &s);
    return e ? e : to->fn(to->context, &s);
}

static enum err copy(void *context, const struct swap *s)
{
    *(struct swap *)context = *s;
    return ERR_OK;
}

enum err swap_find(const struct eso_store *st, const char *id, struct swap *out)
{
    return db_query(st->env->db, "SELECT " COLUMNS " FROM swaps WHERE tenant = ? AND id = ?",
                    DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(id)), read_swap, &(struct reading){ copy, out });
}

enum err swap_find_by_key(const struct eso_store *st, const char *who, const char *key, struct swap *out)
{
    return db_query(st->env->db,
                    "SELECT " COLUMNS " FROM swaps WHERE tenant = ? AND requested_by = ? AND idempotency_key = ?",
                    DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(who), DB_TEXT(key)), read_swap,
                    &(struct reading){ copy, out });
}

enum err swap_in_progress(const struct eso_store *st, const char *eid, bool *out)
{
    int64_t one = 0;
    enum err e = db_get_int(st->env->db, "SELECT 1 FROM swaps WHERE tenant = ? AND eid = ? AND is_open = 1",
                            DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(eid)), &one);
    *out = one == 1;
    return none_is_fine(e);
}

static enum err take(const struct eso_store *st, void *context, int64_t now, int64_t until)
{
    struct swap *s = ((struct reading *)context)->context;
    (void)now;
    s->attempt++;
    return db_run(st->env->db, "UPDATE swaps SET attempt = ?, due = ?, leased = 1, nudged = 0 WHERE tenant = ? AND id = ?",
                  DB_ARGS(DB_INT(s->attempt), DB_INT(until), DB_TEXT(st->tenant), DB_TEXT(s->id)), NULL);
}

static const struct waiting swaps = {
    .next = "SELECT due FROM swaps WHERE tenant = ? AND is_open = 1 ORDER BY due LIMIT 1",
    .find = "SELECT " COLUMNS " FROM swaps WHERE tenant = ? AND is_open = 1 AND due <= ? ORDER BY due, created, id LIMIT 1",
    .read = read_swap,
    .take = take,
};

enum err swap_claim(const struct eso_store *st, int64_t now, int64_t until, struct swap *out)
{
    return waiting_claim(st, &swaps, now, until, &(struct reading){ copy, out });
}

enum err swap_nudge(const struct eso_store *st, const char *id)
{
    int64_t changed = 0;
    enum err e = db_run(st->env->db,
                        "UPDATE swaps SET nudged = 1, due = ? WHERE tenant = ? AND id = ? AND is_open = 1",
                        DB_ARGS(DB_INT(store_now(st)), DB_TEXT(st->tenant), DB_TEXT(id)), &changed);
    return one_changed(e, changed);
}

enum err swap_want_cancel(const struct eso_store *st, const char *id)
{
    int64_t changed = 0;
    enum err e = db_run(st->env->db,
                        "UPDATE swaps SET cancel_wanted = 1, nudged = 1, due = ?"
                        " WHERE tenant = ? AND id = ? AND is_open = 1",
                        DB_ARGS(DB_INT(store_now(st)), DB_TEXT(st->tenant), DB_TEXT(id)), &changed);
    return one_changed(e, changed);
}

enum err swap_wake_held(const struct eso_store *st, const char *carrier, int64_t count)
{
    return db_run(st->env->db,
                  "UPDATE swaps SET nudged = 1, due = ? WHERE tenant = ? AND id IN (SELECT id FROM swaps"
                  " WHERE tenant = ? AND target = ? AND aside = 'HELD' AND is_open = 1 ORDER BY created, id LIMIT ?)",
                  DB_ARGS(DB_INT(store_now(st)), DB_TEXT(st->tenant), DB_TEXT(st->tenant), DB_TEXT(carrier),
                          DB_INT(count)),
                  NULL);
}

enum err swap_end_leases(const struct eso_store *st)
{
    return db_run(st->env->db, "UPDATE swaps SET leased = 0, due = ? WHERE tenant = ? AND is_open = 1 AND leased = 1",
                  DB_ARGS(DB_INT(store_now(st)), DB_TEXT(st->tenant)), NULL);
}

enum err swap_next_due(const struct eso_store *st, int64_t *out)
{
    return waiting_next_due(st, &swaps, out);
}

enum err swap_each(const struct eso_store *st, const struct swap_filter *f, struct page p, swap_fn fn,
                   void *context)
{
    const char *state = f->state ? f->state : "", *eid = f->eid ? f->eid : "";
    return none_is_fine(db_query(
        st->env->db,
        "SELECT " COLUMNS " FROM swaps WHERE tenant = ? AND (? = '' OR eid = ?)"
        " AND (? = '' OR (CASE WHEN aside = 'REQUESTED' THEN state ELSE aside END) = ?)"
        " AND (? = '' OR (created, id) > (SELECT b.created, b.id FROM swaps b WHERE b.tenant = ? AND b.id = ?))"
        " ORDER BY created, id LIMIT ?",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(eid), DB_TEXT(eid), DB_TEXT(state), DB_TEXT(state), DB_TEXT(p.after),
                DB_TEXT(st->tenant), DB_TEXT(p.after), DB_INT(p.limit)),
        read_swap, &(struct reading){ fn, context }));
}
