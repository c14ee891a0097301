/* What stands sealed: secrets of webhooks, codes of downloads while their order is open, the trigger that bears one. Each opens in
 * its place alone. What an older store kept open is sealed at the next start, and its traces are swept away. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "seal.h"

static void say_what_for(const char *kind, const char *id, char out[96])
{
    snprintf(out, 96, "%s\n%s", kind, id);
}

void eim_wipe(struct buf *b)
{
    if (b->at)
        memory_clear(b->at, b->len);
    buf_clear(b);
}

enum err eim_secret_seal(struct eim *e, const char *kind, const char *id, struct span plain, struct buf *out)
{
    char what_for[96];
    say_what_for(kind, id, what_for);
    return plain.len ? seal(e->env->crypto, e->env->rng, secret_span(&e->storage_key), span_str(what_for), plain, out) : ERR_OK;
}

enum err eim_secret_open(struct eim *e, const char *kind, const char *id, struct span sealed, struct buf *out)
{
    char what_for[96];
    say_what_for(kind, id, what_for);
    eim_wipe(out);
    enum err x = sealed.len ? unseal(e->env->crypto, secret_span(&e->storage_key), span_str(what_for), sealed, out) : ERR_OK;
    return x == ERR_LIMIT || x == ERR_PARSE ? ERR_VERIFY : x;
}

/* --- from before ---------------------------------------------------------------------------------------------- */

struct open_order {
    int64_t number, kind;
    char id[37];
    struct buf code, confirmation, message;
};

static enum err take_open_order(void *context, const struct db_row *r)
{
    struct open_order *o = context;
    o->number = db_int(r, 0);
    snprintf(o->id, sizeof o->id, "%s", db_text(r, 1));
    o->kind = db_int(r, 2);
    enum err x = buf_set(&o->code, db_blob(r, 3));
    if (!x)
        x = buf_set(&o->confirmation, db_blob(r, 4));
    return x ? x : buf_set(&o->message, db_blob(r, 5));
}

static enum err seal_order(struct eim *e, const struct open_order *o)
{
    struct eim_sealed_order s = EIM_SEALED_ORDER_INIT;
    enum err x = eim_order_seal(e, o->id, (enum eim_order_kind)o->kind, &o->code, &o->confirmation, &o->message, &s);
    if (!x)
        x = db_run(e->env->db, "UPDATE orders SET activation_code = ?, confirmation = ?, message = ?, sealed = 1 WHERE number = ?",
                   DB_ARGS(eim_blob_or_null(&s.code), eim_blob_or_null(&s.confirmation), eim_blob_or_null(&s.message), DB_INT(o->number)),
                   NULL);
    eim_sealed_order_release(&s);
    return x;
}

static enum err seal_orders(struct eim *e)
{
    struct open_order o = { .code.max = 1024, .confirmation.max = 32, .message.max = 64 << 10 };
    enum err x = ERR_OK;
    while (!x) {
        x = db_query(e->env->db,
                     "SELECT number, id, kind, activation_code, confirmation, message FROM orders WHERE sealed = 0 AND number > ?"
                     " ORDER BY number LIMIT 1",
                     DB_ARGS(DB_INT(o.number)), take_open_order, &o);
        if (!x)
            x = seal_order(e, &o);
    }
    eim_wipe(&o.code);
    eim_wipe(&o.confirmation);
    eim_wipe(&o.message);
    buf_release(&o.code);
    buf_release(&o.confirmation);
    buf_release(&o.message);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* Hashed codes of sessions that are over are wanted by nobody; one under way begins again. */
static enum err seal_everything(struct eim *e)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    x = seal_orders(e);
    if (!x)
        x = db_run(e->env->db, "UPDATE relay SET hash_cc = NULL WHERE hash_cc IS NOT NULL", NULL, 0, NULL);
    return db_end(e->env->db, x);
}

/* Free pages and the log still have what stood open: the file is written anew. Last, what tells that this is to be done. */
static enum err sweep(struct eim *e)
{
    int64_t busy = 0;
    enum err x = db_run(e->env->db, "VACUUM", NULL, 0, NULL);
    if (!x)
        x = db_get_int(e->env->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, &busy);
    return x ? x : db_run(e->env->db, "DELETE FROM chore WHERE what = 'seal'", NULL, 0, NULL);
}

enum err eim_secrets_seal_old(struct eim *e)
{
    int64_t some = 0;
    enum err x = eim_webhooks_seal(e);
    if (!x)
        x = db_get_int(e->env->db, "SELECT 1 FROM chore WHERE what = 'seal'", NULL, 0, &some);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    x = seal_everything(e);
    return x ? x : sweep(e);
}
