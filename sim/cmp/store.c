/* SIMs, what was done to them, and who may ask. */
#include <stdio.h>
#include <string.h>

#include "cmp_store.h"

#define TAKE(field, row, column) snprintf((field), sizeof(field), "%s", db_text((row), (column)))

/* ---- SIMs ------------------------------------------------------------------------------------------------------- */

#define DEVICE "SELECT iccid, imsi, msisdn, imei, account, status, rate_plan, communication_plan, added, shipped, " \
               "activated, updated FROM devices "

static void device_read(struct cmp_device *d, const struct db_row *r)
{
    *d = (struct cmp_device){ .added = db_int(r, 8), .shipped = db_int(r, 9), .activated = db_int(r, 10),
                              .updated = db_int(r, 11) };
    TAKE(d->iccid, r, 0);
    TAKE(d->imsi, r, 1);
    TAKE(d->msisdn, r, 2);
    TAKE(d->imei, r, 3);
    TAKE(d->account, r, 4);
    TAKE(d->status, r, 5);
    TAKE(d->rate_plan, r, 6);
    TAKE(d->communication_plan, r, 7);
}

static enum err device_row(void *context, const struct db_row *r)
{
    device_read(context, r);
    return ERR_OK;
}

struct only {
    struct cmp_device *out;
    unsigned seen;
};

static enum err only_row(void *context, const struct db_row *r)
{
    struct only *o = context;
    if (o->seen++ == 0)
        device_read(o->out, r);
    return ERR_OK;
}

/* 19 digits asked for, 20 kept: whichever last digit, unless two SIMs differ in nothing else. */
static enum err find_longer(struct db *db, const char *nineteen, struct cmp_device *out)
{
    char from[21], until[21];
    snprintf(from, sizeof from, "%.19s0", nineteen);
    snprintf(until, sizeof until, "%.19s9", nineteen);
    struct only o = { out, 0 };
    enum err e = db_query(db, DEVICE "WHERE iccid >= ? AND iccid <= ? LIMIT 2",
                          DB_ARGS(DB_TEXT(from), DB_TEXT(until)), only_row, &o);
    return !e && o.seen > 1 ? ERR_NOT_FOUND : e;
}

enum err cmp_device_find(struct db *db, const char *iccid, struct cmp_device *out)
{
    char digits[21];
    size_t len = strlen(iccid);
    if (len == 20 && (iccid[19] == 'F' || iccid[19] == 'f'))
        len = 19;
    if ((len != 19 && len != 20) || strspn(iccid, "0123456789") < len)
        return ERR_NOT_FOUND;
    memcpy(digits, iccid, len);
    digits[len] = 0;
    enum err e = db_query(db, DEVICE "WHERE iccid = ?", DB_ARGS(DB_TEXT(digits)), device_row, out);
    if (e != ERR_NOT_FOUND)
        return e;
    if (len == 19)
        return find_longer(db, digits, out);
    digits[19] = 0;
    return db_query(db, DEVICE "WHERE iccid = ?", DB_ARGS(DB_TEXT(digits)), device_row, out);
}

enum err cmp_device_add(struct db *db, const struct cmp_device *d)
{
    return db_run(db,
                  "INSERT INTO devices (iccid, imsi, msisdn, imei, account, status, rate_plan, communication_plan, "
                  "added, shipped, activated, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(d->iccid), DB_TEXT(d->imsi), DB_TEXT(d->msisdn), DB_TEXT(d->imei),
                          DB_TEXT(d->account), DB_TEXT(d->status), DB_TEXT(d->rate_plan),
                          DB_TEXT(d->communication_plan), DB_INT(d->added), DB_INT(d->shipped),
                          DB_INT(d->activated), DB_INT(d->updated)),
                  NULL);
}

enum err cmp_device_save(struct db *db, const struct cmp_device *d)
{
    return db_run(db,
                  "UPDATE devices SET account = ?, status = ?, rate_plan = ?, communication_plan = ?, shipped = ?, "
                  "activated = ?, updated = ? WHERE iccid = ?",
                  DB_ARGS(DB_TEXT(d->account), DB_TEXT(d->status), DB_TEXT(d->rate_plan),
                          DB_TEXT(d->communication_plan), DB_INT(d->shipped), DB_INT(d->activated),
                          DB_INT(d->updated), DB_TEXT(d->iccid)),
                  NULL);
}

enum err cmp_inventory_count(struct db *db, int64_t *out)
{
    return db_get_int(db, "SELECT COUNT(*) FROM devices WHERE account = ?", DB_ARGS(DB_TEXT("")), out);
}

struct device_walk {
    cmp_device_fn each;
    void *context;
};

static enum err walk_device(void *context, const struct db_row *r)
{
    const struct device_walk *w = context;
    struct cmp_device d;
    device_read(&d, r);
    return w->each(w->context, &d);
}

static enum err none_is_fine(enum err e)
{
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err cmp_device_each(struct db *db, const struct cmp_device_filter *f, cmp_device_fn each, void *context)
{
    struct device_walk w = { each, context };
    return none_is_fine(db_query(
        db,
        DEVICE "WHERE account = ? AND updated >= ? AND updated <= ? AND (? = '' OR status = ?) "
               "ORDER BY updated, iccid LIMIT ? OFFSET ?",
        DB_ARGS(DB_TEXT(f->account), DB_INT(f->from), DB_INT(f->until), DB_TEXT(f->status ? f->status : ""),
                DB_TEXT(f->status ? f->status : ""), DB_INT(f->limit), DB_INT(f->offset)),
        walk_device, &w));
}

enum err cmp_field_set(struct db *db, const char *iccid, const char *name, const char *value)
{
    return db_run(db,
                  "INSERT INTO fields (iccid, name, value) VALUES (?, ?, ?) "
                  "ON CONFLICT (iccid, name) DO UPDATE SET value = excluded.value",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(name), DB_TEXT(value)), NULL);
}

struct pair_walk {
    cmp_pair_fn each;
    void *context;
};

static enum err walk_pair(void *context, const struct db_row *r)
{
    const struct pair_walk *w = context;
    return w->each(w->context, db_text(r, 0), db_text(r, 1));
}

enum err cmp_field_each(struct db *db, const char *iccid, cmp_pair_fn each, void *context)
{
    struct pair_walk w = { each, context };
    return none_is_fine(db_query(db, "SELECT name, value FROM fields WHERE iccid = ? ORDER BY name",
                                 DB_ARGS(DB_TEXT(iccid)), walk_pair, &w));
}

/* ---- what was done ---------------------------------------------------------------------------------------------- */

enum err cmp_next_call(struct db *db, int64_t *out)
{
    enum err e = db_run(db,
                        "INSERT INTO facts (name, text, number) VALUES ('calls', '', 1) "
                        "ON CONFLICT (name) DO UPDATE SET number = facts.number + 1",
                        NULL, 0, NULL);
    return e ? e : db_get_int(db, "SELECT number FROM facts WHERE name = 'calls'", NULL, 0, out);
}

enum err cmp_audit_add(struct db *db, const char *iccid, const struct cmp_writer *w, const char *field,
                       const char *from, const char *to)
{
    return db_run(db,
                  "INSERT INTO audit (iccid, n, call, at, who, field, before_text, after_text) "
                  "SELECT ?, COALESCE(MAX(n), 0) + 1, ?, ?, ?, ?, ?, ? FROM audit WHERE iccid = ?",
                  DB_ARGS(DB_TEXT(iccid), DB_INT(w->call), DB_INT(w->at), DB_TEXT(w->who), DB_TEXT(field),
                          DB_TEXT(from), DB_TEXT(to), DB_TEXT(iccid)),
                  NULL);
}

struct change_walk {
    cmp_change_fn each;
    void *context;
};

static enum err walk_change(void *context, const struct db_row *r)
{
    const struct change_walk *w = context;
    const struct cmp_change c = { db_int(r, 0), db_int(r, 1), db_text(r, 2), db_text(r, 3), db_text(r, 4),
                                  db_text(r, 5) };
    return w->each(w->context, &c);
}

enum err cmp_audit_each(struct db *db, const char *iccid, int64_t since, cmp_change_fn each, void *context)
{
    struct change_walk w = { each, context };
    return none_is_fine(db_query(db,
                                 "SELECT at, call, who, field, before_text, after_text FROM audit "
                                 "WHERE iccid = ? AND at >= ? ORDER BY n",
                                 DB_ARGS(DB_TEXT(iccid), DB_INT(since)), walk_change, &w));
}

enum err cmp_period_begin(struct db *db, const char *iccid, const char *status, int64_t at)
{
    return db_run(db,
                  "INSERT INTO periods (iccid, n, status, at) "
                  "SELECT ?, COALESCE(MAX(n), 0) + 1, ?, ? FROM periods WHERE iccid = ?",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(status), DB_INT(at), DB_TEXT(iccid)), NULL);
}

struct period_walk {
    cmp_period_fn each;
    void *context;
};

static enum err walk_period(void *context, const struct db_row *r)
{
    const struct period_walk *w = context;
    return w->each(w->context, db_text(r, 0), db_int(r, 1));
}

enum err cmp_period_each(struct db *db, const char *iccid, cmp_period_fn each, void *context)
{
    struct period_walk w = { each, context };
    return none_is_fine(db_query(db, "SELECT status, at FROM periods WHERE iccid = ? ORDER BY n",
                                 DB_ARGS(DB_TEXT(iccid)), walk_period, &w));
}

/* ---- accounts and transfers ------------------------------------------------------------------------------------- */

enum err cmp_account_add(struct db *db, const struct cmp_account *a)
{
    return db_run(db, "INSERT INTO accounts (id, username, key_hash) VALUES (?, ?, ?)",
                  DB_ARGS(DB_TEXT(a->id), DB_TEXT(a->username), DB_BLOB(SPAN_ARRAY(a->key_hash))), NULL);
}

static enum err account_row(void *context, const struct db_row *r)
{
    struct cmp_account *a = context;
    struct span hash = db_blob(r, 2);
    if (hash.len != sizeof a->key_hash)
        return ERR_IO;
    TAKE(a->id, r, 0);
    TAKE(a->username, r, 1);
    memcpy(a->key_hash, hash.at, sizeof a->key_hash);
    return ERR_OK;
}

enum err cmp_account_find(struct db *db, const char *username, struct cmp_account *out)
{
    return db_query(db, "SELECT id, username, key_hash FROM accounts WHERE username = ?",
                    DB_ARGS(DB_TEXT(username)), account_row, out);
}

enum err cmp_account_exists(struct db *db, const char *id)
{
    int64_t found = 0;
    return db_get_int(db, "SELECT 1 FROM accounts WHERE id = ?", DB_ARGS(DB_TEXT(id)), &found);
}

static enum err transfer_row(void *context, const struct db_row *r)
{
    struct cmp_transfer *t = context;
    TAKE(t->reference, r, 0);
    TAKE(t->iccid, r, 1);
    TAKE(t->account, r, 2);
    t->reversed = db_int(r, 3) != 0;
    return ERR_OK;
}

enum err cmp_transfer_find(struct db *db, const char *reference, struct cmp_transfer *out)
{
    return db_query(db, "SELECT reference, iccid, account, reversed FROM transfers WHERE reference = ?",
                    DB_ARGS(DB_TEXT(reference)), transfer_row, out);
}

enum err cmp_transfer_add(struct db *db, const struct cmp_transfer *t)
{
    return db_run(db, "INSERT INTO transfers (reference, iccid, account, reversed) VALUES (?, ?, ?, 0)",
                  DB_ARGS(DB_TEXT(t->reference), DB_TEXT(t->iccid), DB_TEXT(t->account)), NULL);
}

enum err cmp_transfer_reverse(struct db *db, const char *reference)
{
    return db_run(db, "UPDATE transfers SET reversed = 1 WHERE reference = ?", DB_ARGS(DB_TEXT(reference)), NULL);
}

enum err cmp_refusal_get(struct db *db, char out[CMP_TEXT])
{
    struct buf text = { .max = CMP_TEXT - 1 };
    enum err e = none_is_fine(db_get(db, "SELECT text FROM facts WHERE name = 'refusal'", NULL, 0, &text));
    snprintf(out, CMP_TEXT, "%.*s", (int)text.len, text.len ? (const char *)text.at : "");
    buf_release(&text);
    return e;
}

enum err cmp_refusal_set(struct db *db, const char *cause)
{
    return db_run(db,
                  "INSERT INTO facts (name, text, number) VALUES ('refusal', ?, 0) "
                  "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                  DB_ARGS(DB_TEXT(cause)), NULL);
}
