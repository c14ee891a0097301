#include <stdio.h>
#include <string.h>

#include "ipa_internal.h"

const char *const ipa_migrations[] = {
    "CREATE TABLE device (name TEXT PRIMARY KEY, deadline INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE result ("
    " id INTEGER PRIMARY KEY, device TEXT NOT NULL, key INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE UNIQUE INDEX result_by_key ON result (device, key) WHERE key <> 0;"
    "CREATE INDEX result_by_device ON result (device, id);"
    "CREATE TABLE download ("
    " device TEXT PRIMARY KEY, eim_transaction BLOB NOT NULL, transaction_id BLOB NOT NULL,"
    " attempts INTEGER NOT NULL);",
    "ALTER TABLE device ADD COLUMN left_imsi TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE device ADD COLUMN cause INTEGER NOT NULL DEFAULT -1;",
};
const size_t ipa_migration_count = COUNT(ipa_migrations);

enum err ipa_journal_deadline(struct ipa *i, int64_t *deadline)
{
    *deadline = 0;
    enum err e = db_get_int(i->env->db, "SELECT deadline FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)),
                            deadline);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_set_deadline(struct ipa *i, int64_t deadline)
{
    return db_run(i->env->db,
                  "INSERT INTO device (name, deadline) VALUES (?, ?)"
                  " ON CONFLICT (name) DO UPDATE SET deadline = excluded.deadline",
                  DB_ARGS(DB_TEXT(i->name), DB_INT(deadline)), NULL);
}

enum err ipa_journal_left_imsi(struct ipa *i, char imsi[16])
{
    struct buf text = { .max = 15 };
    enum err e = db_get(i->env->db, "SELECT left_imsi FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), &text);
    snprintf(imsi, 16, "%.*s", (int)text.len, (const char *)text.at);
    buf_release(&text);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_set_fallback(struct ipa *i, const char *imsi, int64_t cause)
{
    return db_run(i->env->db,
                  "INSERT INTO device (name, left_imsi, cause) VALUES (?, ?, ?)"
                  " ON CONFLICT (name) DO UPDATE SET left_imsi = excluded.left_imsi, cause = excluded.cause",
                  DB_ARGS(DB_TEXT(i->name), DB_TEXT(imsi), DB_INT(cause)), NULL);
}

enum err ipa_journal_cause(struct ipa *i, int64_t *cause)
{
    *cause = -1;
    enum err e = db_get_int(i->env->db, "SELECT cause FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), cause);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_set_cause(struct ipa *i, int64_t cause)
{
    return db_run(i->env->db,
                  "INSERT INTO device (name, cause) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET cause = excluded.cause",
                  DB_ARGS(DB_TEXT(i->name), DB_INT(cause)), NULL);
}

enum err ipa_journal_end_cause(struct ipa *i)
{
    return db_run(i->env->db, "UPDATE device SET cause = -1 WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), NULL);
}

enum err ipa_journal_put_result(struct ipa *i, int64_t key, struct span result)
{
    enum err e = db_run(i->env->db, "INSERT INTO result (device, key, bytes) VALUES (?, ?, ?)",
                        DB_ARGS(DB_TEXT(i->name), DB_INT(key), DB_BLOB(result)), NULL);
    return e == ERR_EXISTS ? ERR_OK : e;
}

struct kept {
    int64_t id;
    struct buf *bytes;
};

static enum err take_kept(void *context, const struct db_row *r)
{
    struct kept *k = context;
    k->id = db_int(r, 0);
    return buf_set(k->bytes, db_blob(r, 1));
}

enum err ipa_journal_next_result(struct ipa *i, int64_t *id, struct buf *result)
{
    struct kept k = { 0, result };
    enum err e = db_query(i->env->db, "SELECT id, bytes FROM result WHERE device = ? ORDER BY id LIMIT 1",
                          DB_ARGS(DB_TEXT(i->name)), take_kept, &k);
    *id = k.id;
    return e;
}

enum err ipa_journal_drop_result(struct ipa *i, int64_t id)
{
    return db_run(i->env->db, "DELETE FROM result WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
}

enum err ipa_journal_put_rollback(struct ipa *i, int64_t key, struct span result)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = db_run(i->env->db, "DELETE FROM result WHERE device = ? AND key <> 0", DB_ARGS(DB_TEXT(i->name)), NULL);
    if (!e)
        e = ipa_journal_put_result(i, key, result);
    if (!e)
        e = ipa_journal_set_deadline(i, 0);
    return db_end(i->env->db, e);
}

static enum err take_download(void *context, const struct db_row *r)
{
    struct ipa_download *d = context;
    struct span eim = db_blob(r, 0), rsp = db_blob(r, 1);
    if (eim.len > sizeof d->eim_transaction || rsp.len > sizeof d->transaction)
        return ERR_PARSE;
    if (eim.len)
        memcpy(d->eim_transaction, eim.at, eim.len);
    if (rsp.len)
        memcpy(d->transaction, rsp.at, rsp.len);
    d->eim_transaction_len = eim.len;
    d->transaction_len = rsp.len;
    d->attempts = db_int(r, 2);
    return ERR_OK;
}

enum err ipa_journal_download(struct ipa *i, struct ipa_download *out)
{
    *out = (struct ipa_download){ 0 };
    return db_query(i->env->db, "SELECT eim_transaction, transaction_id, attempts FROM download WHERE device = ?",
                    DB_ARGS(DB_TEXT(i->name)), take_download, out);
}

enum err ipa_journal_set_download(struct ipa *i, const struct ipa_download *d)
{
    return db_run(i->env->db,
                  "INSERT INTO download (device, eim_transaction, transaction_id, attempts) VALUES (?, ?, ?, ?)"
                  " ON CONFLICT (device) DO UPDATE SET eim_transaction = excluded.eim_transaction,"
                  " transaction_id = excluded.transaction_id, attempts = excluded.attempts",
                  DB_ARGS(DB_TEXT(i->name), DB_BLOB(span_of(d->eim_transaction, d->eim_transaction_len)),
                          DB_BLOB(span_of(d->transaction, d->transaction_len)), DB_INT(d->attempts)),
                  NULL);
}

enum err ipa_journal_end_download(struct ipa *i, struct span result)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = ipa_journal_put_result(i, 0, result);
    if (!e)
        e = db_run(i->env->db, "DELETE FROM download WHERE device = ?", DB_ARGS(DB_TEXT(i->name)), NULL);
    return db_end(i->env->db, e);
}
