#include "eso_store.h"
#include "row.h"

#define COLUMNS "id, carrier, model, territory, quota, used, valid_from, valid_to, rate_plan, communication_plan, exhausted, low"

enum err contract_add(const struct eso_store *st, const struct contract *c)
{
    return db_run(st->env->db,
                  "INSERT INTO contracts (tenant, " COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(c->id), DB_TEXT(c->carrier), DB_TEXT(c->model),
                          DB_TEXT(c->territory), DB_INT(c->quota), DB_INT(c->used), DB_INT(c->valid_from),
                          DB_INT(c->valid_to), DB_TEXT(c->rate_plan), DB_TEXT(c->communication_plan),
                          DB_INT(c->exhausted), DB_INT(c->low)),
                  NULL);
}

struct reading {
    contract_fn fn;
    void *context;
};

static enum err read_contract(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct contract c = { .quota = db_int(r, 4), .used = db_int(r, 5), .valid_from = db_int(r, 6),
                          .valid_to = db_int(r, 7), .exhausted = db_int(r, 10) != 0,
                          .low = db_int(r, 11) };
    ROW_TEXT(r, 0, c.id);
    ROW_TEXT(r, 1, c.carrier);
    ROW_TEXT(r, 2, c.model);
    ROW_TEXT(r, 3, c.territory);
    ROW_TEXT(r, 8, c.rate_plan);
    ROW_TEXT(r, 9, c.communication_plan);
    return to->fn(to->context, &c);
}

static enum err copy(void *context, const struct contract *c)
{
    *(struct contract *)context = *c;
    return ERR_OK;
}

enum err contract_find(const struct eso_store *st, const char *id, struct contract *out)
{
    return db_query(st->env->db, "SELECT " COLUMNS " FROM contracts WHERE tenant = ? AND id = ?",
                    DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(id)), read_contract, &(struct reading){ copy, out });
}

struct collecting {
    struct contract *out;
    size_t *count;
};

static enum err collect(void *context, const struct contract *c)
{
    struct collecting *to = context;
    to->out[(*to->count)++] = *c;
    return ERR_OK;
}

enum err contracts_of(const struct eso_store *st, const char *carrier, struct contract *out, size_t max,
                      size_t *count)
{
    *count = 0;
    struct collecting all = { out, count };
    return none_is_fine(db_query(
        st->env->db, "SELECT " COLUMNS " FROM contracts WHERE tenant = ? AND carrier = ? ORDER BY id LIMIT ?",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(carrier), DB_INT((int64_t)max)), read_contract,
        &(struct reading){ collect, &all }));
}

enum err contract_each(const struct eso_store *st, struct page p, contract_fn fn, void *context)
{
    return none_is_fine(
        db_query(st->env->db, "SELECT " COLUMNS " FROM contracts WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
                 DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(p.after), DB_INT(p.limit)), read_contract,
                 &(struct reading){ fn, context }));
}

static enum err set_flag(const struct eso_store *st, const char *sql, const char *id, bool to, bool *crossed)
{
    int64_t changed = 0;
    enum err e = db_run(st->env->db, sql, DB_ARGS(DB_INT(to), DB_TEXT(st->tenant), DB_TEXT(id), DB_INT(to)), &changed);
    *crossed = !e && changed == 1;
    return e;
}

enum err contract_set_exhausted(const struct eso_store *st, const char *id, bool exhausted, bool *crossed)
{
    return set_flag(st, "UPDATE contracts SET exhausted = ? WHERE tenant = ? AND id = ? AND exhausted <> ?", id, exhausted, crossed);
}

enum err contract_set_low(const struct eso_store *st, const char *id, bool low, bool *crossed)
{
    return set_flag(st, "UPDATE contracts SET low_told = ? WHERE tenant = ? AND id = ? AND low_told <> ?", id, low, crossed);
}
