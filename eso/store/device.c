#include "eso_store.h"
#include "row.h"

#define COLUMNS "eid, name, tags, country, eim, lead"

static enum err add_profiles(const struct eso_store *st, const struct device *d)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < d->profile_count; i++)
        e = profile_put(st, d->eid, &d->profile[i]);
    return e;
}

enum err device_add(const struct eso_store *st, const struct device *d)
{
    enum err e = db_run(st->env->db, "INSERT INTO devices (tenant, " COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(d->eid), DB_TEXT(d->name), DB_TEXT(d->tags),
                                DB_TEXT(d->country), DB_TEXT(d->eim), DB_TEXT(d->lead)),
                        NULL);
    return e ? e : add_profiles(st, d);
}

enum err device_update(const struct eso_store *st, const struct device *d)
{
    int64_t changed = 0;
    enum err e = db_run(st->env->db,
                        "UPDATE devices SET name = ?, tags = ?, country = ?, eim = ? WHERE tenant = ? AND eid = ?",
                        DB_ARGS(DB_TEXT(d->name), DB_TEXT(d->tags), DB_TEXT(d->country), DB_TEXT(d->eim), DB_TEXT(st->tenant),
                                DB_TEXT(d->eid)),
                        &changed);
    return one_changed(e, changed);
}

static enum err read_profile(void *context, const struct db_row *r)
{
    struct device *d = context;
    if (d->profile_count == COUNT(d->profile))
        return ERR_LIMIT;
    struct profile *p = &d->profile[d->profile_count];
    ROW_TEXT(r, 0, p->iccid);
    ROW_TEXT(r, 1, p->carrier);
    p->enabled = db_int(r, 2) != 0;
    p->fallback = db_int(r, 3) != 0;
    d->profile_count++;
    return ERR_OK;
}

static enum err read_profiles(const struct eso_store *st, struct device *d)
{
    return none_is_fine(db_query(
        st->env->db,
        "SELECT iccid, carrier, enabled, fallback FROM profiles WHERE tenant = ? AND eid = ? ORDER BY iccid",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(d->eid)), read_profile, d));
}

struct reading {
    const struct eso_store *st;
    device_fn fn;
    void *context;
};

static enum err read_device(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct device d = { .profile_count = 0 };
    ROW_TEXT(r, 0, d.eid);
    ROW_TEXT(r, 1, d.name);
    ROW_TEXT(r, 2, d.tags);
    ROW_TEXT(r, 3, d.country);
    ROW_TEXT(r, 4, d.eim);
    ROW_TEXT(r, 5, d.lead);
    return to->fn(to->context, &d);
}

static enum err copy(void *context, const struct device *d)
{
    *(struct device *)context = *d;
    return ERR_OK;
}

enum err device_find(const struct eso_store *st, const char *eid, struct device *out)
{
    enum err e = db_query(st->env->db, "SELECT " COLUMNS " FROM devices WHERE tenant = ? AND eid = ?",
                          DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(eid)), read_device,
                          &(struct reading){ st, copy, out });
    return e ? e : read_profiles(st, out);
}

enum err device_each(const struct eso_store *st, struct page p, device_fn fn, void *context)
{
    return none_is_fine(
        db_query(st->env->db, "SELECT " COLUMNS " FROM devices WHERE tenant = ? AND eid > ? ORDER BY eid LIMIT ?",
                 DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(p.after), DB_INT(p.limit)), read_device,
                 &(struct reading){ st, fn, context }));
}

enum err profile_put(const struct eso_store *st, const char *eid, const struct profile *p)
{
    return db_run(st->env->db,
                  "INSERT INTO profiles (tenant, eid, iccid, carrier, enabled, fallback) VALUES (?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT (tenant, eid, iccid) DO UPDATE SET carrier = excluded.carrier,"
                  " enabled = excluded.enabled, fallback = excluded.fallback",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(eid), DB_TEXT(p->iccid), DB_TEXT(p->carrier),
                          DB_INT(p->enabled), DB_INT(p->fallback)),
                  NULL);
}

enum err profile_set_enabled(const struct eso_store *st, const char *eid, const char *iccid)
{
    return db_run(st->env->db,
                  "UPDATE profiles SET enabled = CASE WHEN iccid = ? THEN 1 ELSE 0 END WHERE tenant = ? AND eid = ?",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(st->tenant), DB_TEXT(eid)), NULL);
}

enum err profile_set_fallback(const struct eso_store *st, const char *eid, const char *iccid)
{
    return db_run(st->env->db,
                  "UPDATE profiles SET fallback = CASE WHEN iccid = ? THEN 1 ELSE 0 END WHERE tenant = ? AND eid = ?",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(st->tenant), DB_TEXT(eid)), NULL);
}
