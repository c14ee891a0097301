#include <string.h>

#include "crypto.h"
#include "eso_store.h"
#include "row.h"
#include "seal.h"

/* The same code twice is one code, whichever ICCID it is written beside. */
static enum err code_mac(const struct eso_store *st, const char *address, const char *code, uint8_t mac[32])
{
    struct buf text = { .max = 1024 };
    enum err e = buf_printf(&text, "%s$%s", address, code);
    if (!e)
        e = hmac_sha256(st->env->crypto, secret_span(st->key), buf_span(&text), mac);
    buf_release(&text);
    return e;
}

enum err stock_add(const struct eso_store *st, const struct stock_row *r, const char *matching_id)
{
    struct buf sealed = { .max = 512 };
    uint8_t mac[32];
    size_t len = strlen(matching_id);
    enum err e = code_mac(st, r->smdp_address, matching_id, mac);
    if (!e)
        e = seal(st->env->crypto, st->env->rng, secret_span(st->key), span_str(r->iccid), span_str(matching_id), &sealed);
    if (!e)
        e = db_run(st->env->db,
                   "INSERT INTO stock (tenant, iccid, contract, smdp_address, code, code_tail, code_mac, state, added)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, 'available', ?)",
                   DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(r->iccid), DB_TEXT(r->contract), DB_TEXT(r->smdp_address),
                           DB_BLOB(buf_span(&sealed)), DB_TEXT(len > 4 ? matching_id + len - 4 : ""),
                           DB_BLOB(SPAN_ARRAY(mac)), DB_INT(store_now(st))),
                   NULL);
    buf_release(&sealed);
    return e;
}

enum err stock_read_code(const struct eso_store *st, const char *iccid, struct secret *out)
{
    struct buf sealed = { .max = 512 }, plain = { .max = 256 };
    enum err e = db_get(st->env->db, "SELECT code FROM stock WHERE tenant = ? AND iccid = ?",
                        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(iccid)), &sealed);
    if (!e)
        e = unseal(st->env->crypto, secret_span(st->key), span_str(iccid), buf_span(&sealed), &plain);
    if (e == ERR_VERIFY)
        e = log_fail(st->env->log, e, "storage-key", "a code of the stock cannot be opened with this storage key");
    if (!e)
        e = secret_set(out, buf_span(&plain));
    if (plain.at)
        memory_clear(plain.at, plain.len);
    buf_release(&plain);
    buf_release(&sealed);
    return e;
}

static enum err oldest_available(const struct eso_store *st, const char *contract, struct buf *iccid)
{
    return db_get(st->env->db,
                  "SELECT iccid FROM stock WHERE tenant = ? AND contract = ? AND state = 'available'"
                  " ORDER BY added, iccid LIMIT 1",
                  DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(contract)), iccid);
}

static enum err count_used(const struct eso_store *st, const char *contract, int64_t by)
{
    return db_run(st->env->db, "UPDATE contracts SET used = used + ? WHERE tenant = ? AND id = ?",
                  DB_ARGS(DB_INT(by), DB_TEXT(st->tenant), DB_TEXT(contract)), NULL);
}

enum err stock_has_more(const struct eso_store *st, const char *contract, int64_t count, bool *out)
{
    int64_t one = 0;
    enum err e = db_get_int(st->env->db,
                            "SELECT 1 FROM stock WHERE tenant = ? AND contract = ? AND state = 'available' LIMIT 1 OFFSET ?",
                            DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(contract), DB_INT(count)), &one);
    *out = !e;
    return none_is_fine(e);
}

enum err stock_came_back(const struct eso_store *st, const struct contract *c)
{
    bool more = false, crossed = false;
    enum err e = c->low ? stock_has_more(st, c->id, c->low, &more) : ERR_OK;
    return e || !more ? e : contract_set_low(st, c->id, false, &crossed);
}

enum err stock_take(const struct eso_store *st, const struct contract *c, const char *eid, char iccid[21],
                    bool *left)
{
    struct buf text = { .max = 32 };
    enum err e = oldest_available(st, c->id, &text);
    const char *found = e ? NULL : buf_cstr(&text);
    if (!e)
        e = found ? eso_text_set(iccid, 21, found) : ERR_NOMEM;
    buf_release(&text);
    if (!e)
        e = db_run(st->env->db, "UPDATE stock SET state = 'allocated', eid = ? WHERE tenant = ? AND iccid = ?",
                   DB_ARGS(DB_TEXT(eid), DB_TEXT(st->tenant), DB_TEXT(iccid)), NULL);
    if (!e)
        e = count_used(st, c->id, 1);
    return e ? e : stock_has_more(st, c->id, 0, left);
}

enum err stock_move(const struct eso_store *st, const char *iccid, enum stock_state to)
{
    struct stock_row row;
    enum err e = stock_find(st, iccid, &row);
    if (e || row.state == to)
        return e;
    if (!stock_may_become(row.state, to))
        return log_fail(st->env->log, ERR_STATE, "stock", "a code cannot go from this state to that one");
    bool freed = to == STOCK_AVAILABLE;
    e = db_run(st->env->db, "UPDATE stock SET state = ?, eid = ? WHERE tenant = ? AND iccid = ?",
               DB_ARGS(DB_TEXT(stock_state_name(to)), DB_TEXT(freed ? NULL : row.eid), DB_TEXT(st->tenant),
                       DB_TEXT(iccid)),
               NULL);
    return e || !freed ? e : count_used(st, row.contract, -1);
}

static enum err read_state(const char *name, enum stock_state *out)
{
    for (int i = STOCK_AVAILABLE; i <= STOCK_QUARANTINED; i++) {
        if (strcmp(stock_state_name((enum stock_state)i), name) != 0)
            continue;
        *out = (enum stock_state)i;
        return ERR_OK;
    }
    return ERR_PARSE;
}

struct reading {
    stock_fn fn;
    void *context;
};

static enum err read_row(void *context, const struct db_row *r)
{
    const struct reading *to = context;
    struct stock_row row = { .state = STOCK_AVAILABLE };
    ROW_TEXT(r, 0, row.iccid);
    ROW_TEXT(r, 1, row.contract);
    ROW_TEXT(r, 2, row.smdp_address);
    ROW_TEXT(r, 3, row.tail);
    ROW_TEXT(r, 5, row.eid);
    enum err e = read_state(db_text(r, 4), &row.state);
    return e ? e : to->fn(to->context, &row);
}

static enum err copy(void *context, const struct stock_row *r)
{
    *(struct stock_row *)context = *r;
    return ERR_OK;
}

#define COLUMNS "iccid, contract, smdp_address, code_tail, state, eid"

enum err stock_find(const struct eso_store *st, const char *iccid, struct stock_row *out)
{
    return db_query(st->env->db, "SELECT " COLUMNS " FROM stock WHERE tenant = ? AND iccid = ?",
                    DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(iccid)), read_row, &(struct reading){ copy, out });
}

enum err stock_each(const struct eso_store *st, const char *contract, struct page p, stock_fn fn, void *context)
{
    return none_is_fine(db_query(
        st->env->db,
        "SELECT " COLUMNS " FROM stock WHERE tenant = ? AND contract = ? AND iccid > ? ORDER BY iccid LIMIT ?",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(contract), DB_TEXT(p.after), DB_INT(p.limit)), read_row,
        &(struct reading){ fn, context }));
}

struct counting {
    stock_count_fn fn;
    void *context;
};

static enum err read_count(void *context, const struct db_row *r)
{
    const struct counting *to = context;
    enum stock_state state = STOCK_AVAILABLE;
    enum err e = read_state(db_text(r, 1), &state);
    return e ? e : to->fn(to->context, db_text(r, 0), state, db_int(r, 2));
}

enum err stock_counts(const struct eso_store *st, const char *contract, stock_count_fn fn, void *context)
{
    return none_is_fine(db_query(
        st->env->db,
        "SELECT contract, state, COUNT(*) FROM stock WHERE tenant = ? AND (? = '' OR contract = ?)"
        " GROUP BY contract, state ORDER BY contract, state",
        DB_ARGS(DB_TEXT(st->tenant), DB_TEXT(contract), DB_TEXT(contract)), read_count,
        &(struct counting){ fn, context }));
}
