/* Rows of subscribers, service, coverage and attaches. */
#include "net_internal.h"

#include <stdio.h>
#include <string.h>

enum err store_put_subscriber(struct network *n, const struct subscriber *s)
{
    char sim[ICCID_MAX];
    struct buf sealed = { .max = 256 };
    iccid_key(s->iccid, sim);
    enum err e = keys_seal(n, s, &sealed);
    if (!e)
        e = db_run(n->env->db,
                   "INSERT INTO subscriber (imsi, iccid, sim, amf, sqn, sealed) VALUES (?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT (imsi) DO UPDATE SET iccid = excluded.iccid, sim = excluded.sim,"
                   " amf = excluded.amf, sealed = excluded.sealed",
                   DB_ARGS(DB_TEXT(s->imsi), DB_TEXT(s->iccid), DB_TEXT(sim), DB_BLOB(SPAN_ARRAY(s->amf)),
                           DB_INT(0), DB_BLOB(buf_span(&sealed))),
                   NULL);
    if (!e && s->sqn >= 0)
        e = store_set_sqn(n, s->imsi, s->sqn);
    buf_release(&sealed);
    return e;
}

struct subscriber_row {
    struct network *n;
    struct subscriber *out;
};

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static enum err read_subscriber(void *context, const struct db_row *r)
{
    struct subscriber_row *row = context;
    struct span amf = db_blob(r, 1);
    copy_text(row->out->iccid, sizeof row->out->iccid, db_text(r, 0));
    if (amf.len != sizeof row->out->amf)
        return ERR_STATE;
    memcpy(row->out->amf, amf.at, amf.len);
    row->out->sqn = db_int(r, 2);
    return keys_open(row->n, db_blob(r, 3), row->out);
}

enum err store_find_subscriber(struct network *n, const char *imsi, struct subscriber *out)
{
    struct subscriber_row row = { n, out };
    *out = (struct subscriber){ 0 };
    copy_text(out->imsi, sizeof out->imsi, imsi);
    return db_query(n->env->db, "SELECT iccid, amf, sqn, sealed FROM subscriber WHERE imsi = ?",
                    DB_ARGS(DB_TEXT(imsi)), read_subscriber, &row);
}

/* A write that must meet a row. */
static enum err run_one(struct network *n, const char *sql, const struct db_value *args, size_t count)
{
    int64_t changed = 0;
    enum err e = db_run(n->env->db, sql, args, count, &changed);
    return !e && !changed ? ERR_NOT_FOUND : e;
}

enum err store_remove_subscriber(struct network *n, const char *imsi)
{
    enum err e = db_run(n->env->db, "DELETE FROM attach WHERE imsi = ?", DB_ARGS(DB_TEXT(imsi)), NULL);
    return e ? e : run_one(n, "DELETE FROM subscriber WHERE imsi = ?", DB_ARGS(DB_TEXT(imsi)));
}

enum err store_set_sqn(struct network *n, const char *imsi, int64_t sqn)
{
    return run_one(n, "UPDATE subscriber SET sqn = ? WHERE imsi = ?", DB_ARGS(DB_INT(sqn), DB_TEXT(imsi)));
}

enum err store_put_status(struct network *n, const char *iccid, bool service)
{
    char sim[ICCID_MAX];
    iccid_key(iccid, sim);
    return db_run(n->env->db,
                  "INSERT INTO service (sim, allowed) VALUES (?, ?)"
                  " ON CONFLICT (sim) DO UPDATE SET allowed = excluded.allowed",
                  DB_ARGS(DB_TEXT(sim), DB_INT(service)), NULL);
}

/* Does the query give a first number other than zero? No row: no. */
static enum err ask(struct network *n, const char *sql, const struct db_value *args, size_t count, bool *yes)
{
    int64_t value = 0;
    enum err e = db_get_int(n->env->db, sql, args, count, &value);
    *yes = !e && value;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_service(struct network *n, const char *iccid, bool *service)
{
    char sim[ICCID_MAX];
    iccid_key(iccid, sim);
    return ask(n, "SELECT allowed FROM service WHERE sim = ?", DB_ARGS(DB_TEXT(sim)), service);
}

enum err store_replace_countries(struct network *n, const json_t *countries)
{
    size_t i;
    const json_t *country;
    enum err e = db_run(n->env->db, "DELETE FROM coverage", NULL, 0, NULL);
    json_array_foreach(countries, i, country)
    {
        if (!e)
            e = db_run(n->env->db, "INSERT INTO coverage (country, lost) VALUES (?, 0) ON CONFLICT DO NOTHING",
                       DB_ARGS(DB_TEXT(json_string_value(country))), NULL);
    }
    return e;
}

enum err store_set_country(struct network *n, const char *country, bool lost)
{
    return run_one(n, "UPDATE coverage SET lost = ? WHERE country = ?", DB_ARGS(DB_INT(lost), DB_TEXT(country)));
}

enum err store_set_whole(struct network *n, bool lost)
{
    return db_run(n->env->db,
                  "INSERT INTO network_state (name, value) VALUES ('lost', ?)"
                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                  DB_ARGS(DB_INT(lost)), NULL);
}

#define WHOLE_LOST "EXISTS (SELECT 1 FROM network_state WHERE name = 'lost' AND value = 1)"

enum err store_covered(struct network *n, const char *country, bool *covered)
{
    return ask(n, "SELECT 1 FROM coverage WHERE country = ? AND lost = 0 AND NOT " WHOLE_LOST,
               DB_ARGS(DB_TEXT(country)), covered);
}

enum err store_put_attach(struct network *n, const struct attach *a)
{
    return db_run(n->env->db,
                  "INSERT INTO attach (id, imsi, country, imei, rand, resynchronised) VALUES (?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT (imsi) DO UPDATE SET id = excluded.id, country = excluded.country,"
                  " imei = excluded.imei, rand = excluded.rand, resynchronised = excluded.resynchronised",
                  DB_ARGS(DB_TEXT(a->id), DB_TEXT(a->imsi), DB_TEXT(a->country), DB_TEXT(a->imei),
                          DB_BLOB(SPAN_ARRAY(a->rand)), DB_INT(a->resynchronised)),
                  NULL);
}

static enum err read_attach(void *context, const struct db_row *r)
{
    struct attach *a = context;
    struct span rand = db_blob(r, 3);
    copy_text(a->imsi, sizeof a->imsi, db_text(r, 0));
    copy_text(a->country, sizeof a->country, db_text(r, 1));
    copy_text(a->imei, sizeof a->imei, db_text(r, 2));
    if (rand.len != sizeof a->rand)
        return ERR_STATE;
    memcpy(a->rand, rand.at, rand.len);
    a->resynchronised = db_int(r, 4) != 0;
    return ERR_OK;
}

enum err store_find_attach(struct network *n, const char *id, struct attach *out)
{
    *out = (struct attach){ 0 };
    copy_text(out->id, sizeof out->id, id);
    return db_query(n->env->db, "SELECT imsi, country, imei, rand, resynchronised FROM attach WHERE id = ?",
                    DB_ARGS(DB_TEXT(id)), read_attach, out);
}

enum err store_remove_attach(struct network *n, const char *id)
{
    return run_one(n, "DELETE FROM attach WHERE id = ?", DB_ARGS(DB_TEXT(id)));
}
