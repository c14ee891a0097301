#include "eso_store.h"
#include "row.h"

#define COLUMNS "id, platform, platform_url, account, username, api_key, transfer_url, smdp_url, requester, delegated"

enum err carrier_add(const struct eso_store *st, const struct carrier *c)
{
    return db_run(st->env->db,
                  "INSERT INTO carriers (tenant, " COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(c->id), DB_TEXT(c->platform), DB_TEXT(c->platform_url),
                          DB_TEXT(c->account), DB_TEXT(c->username), DB_TEXT(c->api_key), DB_TEXT(c->transfer_url),
                          DB_TEXT(c->smdp_url), DB_TEXT(c->requester), DB_INT(c->delegated)),
                  NULL);
}

struct reading {
    carrier_fn fn;
    void *context;
};

static enum err read_carrier(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct carrier c = { .delegated = db_int(r, 9) != 0 };
    ROW_TEXT(r, 0, c.id);
    ROW_TEXT(r, 1, c.platform);
    ROW_TEXT(r, 2, c.platform_url);
    ROW_TEXT(r, 3, c.account);
    ROW_TEXT(r, 4, c.username);
    ROW_TEXT(r, 5, c.api_key);
    ROW_TEXT(r, 6, c.transfer_url);
    ROW_TEXT(r, 7, c.smdp_url);
    ROW_TEXT(r, 8, c.requester);
    return to->fn(to->context, &c);
}

static enum err copy(void *context, const struct carrier *c)
{
    *(struct carrier *)context = *c;
    return ERR_OK;
}

enum err carrier_find(const struct eso_store *st, const char *id, struct carrier *out)
{
    return db_query(st->env->db, "SELECT " COLUMNS " FROM carriers WHERE tenant = ? AND id = ?",
                    DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(id)), read_carrier, &(struct reading){ copy, out });
}

enum err carrier_each(const struct eso_store *st, struct page p, carrier_fn fn, void *context)
{
    return none_is_fine(
        db_query(st->env->db, "SELECT " COLUMNS " FROM carriers WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
                 DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(p.after), DB_INT(p.limit)), read_carrier,
                 &(struct reading){ fn, context }));
}
