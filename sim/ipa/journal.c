#include <stdio.h>
#include <string.h>

#include "crypto.h"
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
    "ALTER TABLE device ADD COLUMN enabled_before TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN grantor TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN emergency INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE result ADD COLUMN eim TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE eim ("
    " device TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, url TEXT NOT NULL, certificate BLOB, key BLOB,"
    " associated INTEGER NOT NULL, cause INTEGER NOT NULL DEFAULT -1, PRIMARY KEY (device, id));",
    "ALTER TABLE eim ADD COLUMN protocols INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE inbox ("
    " id INTEGER PRIMARY KEY, device TEXT NOT NULL, eim TEXT NOT NULL, digest BLOB NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " bytes BLOB NOT NULL, UNIQUE (device, eim, digest));",
    "ALTER TABLE eim ADD COLUMN ci BLOB;",
    "ALTER TABLE result ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE result ADD COLUMN not_before INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE eim ADD COLUMN relays INTEGER NOT NULL DEFAULT 0;",
};
const size_t ipa_migration_count = COUNT(ipa_migrations);

enum err ipa_journal_deadline(struct ipa *i, int64_t *deadline)
{
    *deadline = 0;
    enum err e = db_get_int(i->env->db, "SELECT deadline FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)),
                            deadline);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_set_deadline(struct ipa *i, int64_t deadline, struct span grantor)
{
    char id[IPA_EIM_ID_MAX + 1];
    snprintf(id, sizeof id, "%.*s", (int)grantor.len, (const char *)grantor.at);
    return db_run(i->env->db,
                  "INSERT INTO device (name, deadline, grantor) VALUES (?, ?, ?)"
                  " ON CONFLICT (name) DO UPDATE SET deadline = excluded.deadline, grantor = excluded.grantor",
                  DB_ARGS(DB_TEXT(i->name), DB_INT(deadline), DB_TEXT(id)), NULL);
}

enum err ipa_journal_move_deadline(struct ipa *i, int64_t by)
{
    return db_run(i->env->db, "UPDATE device SET deadline = deadline + ? WHERE name = ? AND deadline <> 0",
                  DB_ARGS(DB_INT(by), DB_TEXT(i->name)), NULL);
}

enum err ipa_journal_grantor(struct ipa *i, char id[IPA_EIM_ID_MAX + 1])
{
    struct buf text = { .max = IPA_EIM_ID_MAX };
    enum err e = db_get(i->env->db, "SELECT grantor FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), &text);
    snprintf(id, IPA_EIM_ID_MAX + 1, "%.*s", (int)text.len, (const char *)text.at);
    buf_release(&text);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_left_imsi(struct ipa *i, char imsi[16])
{
    struct buf text = { .max = 15 };
    enum err e = db_get(i->env->db, "SELECT left_imsi FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), &text);
    snprintf(imsi, 16, "%.*s", (int)text.len, (const char *)text.at);
    buf_release(&text);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* --- switches that no eIM ordered ----------------------------------------------------------------------- */

enum err ipa_journal_announce(struct ipa *i, int64_t cause, const char *before, const char *left)
{
    return db_run(i->env->db,
                  "INSERT INTO device (name, cause, enabled_before, left_imsi) VALUES (?, ?, ?, COALESCE(?, ''))"
                  " ON CONFLICT (name) DO UPDATE SET cause = excluded.cause, enabled_before = excluded.enabled_before,"
                  " left_imsi = COALESCE(?, left_imsi)",
                  DB_ARGS(DB_TEXT(i->name), DB_INT(cause), DB_TEXT(before), DB_TEXT(left), DB_TEXT(left)), NULL);
}

struct announced {
    int64_t cause;
    char *before;
};

static enum err take_announced(void *context, const struct db_row *r)
{
    struct announced *a = context;
    a->cause = db_int(r, 0);
    snprintf(a->before, IPA_ENABLED_TEXT, "%s", db_text(r, 1));
    return ERR_OK;
}

enum err ipa_journal_announced(struct ipa *i, int64_t *cause, char before[IPA_ENABLED_TEXT])
{
    struct announced a = { -1, before };
    before[0] = 0;
    enum err e = db_query(i->env->db, "SELECT cause, enabled_before FROM device WHERE name = ?",
                          DB_ARGS(DB_TEXT(i->name)), take_announced, &a);
    *cause = a.cause;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_withdraw(struct ipa *i, const char *left)
{
    return db_run(i->env->db,
                  "UPDATE device SET cause = -1, enabled_before = '', left_imsi = COALESCE(?, left_imsi) WHERE name = ?",
                  DB_ARGS(DB_TEXT(left), DB_TEXT(i->name)), NULL);
}

enum err ipa_journal_confirm(struct ipa *i, const char *left)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = db_run(i->env->db,
               "UPDATE eim SET cause = (SELECT cause FROM device WHERE name = eim.device) WHERE device = ?"
               " AND EXISTS (SELECT 1 FROM device WHERE name = eim.device AND cause >= 0)",
               DB_ARGS(DB_TEXT(i->name)), NULL);
    if (!e)
        e = ipa_journal_withdraw(i, left);
    return db_end(i->env->db, e);
}

enum err ipa_journal_emergency(struct ipa *i, int64_t *word)
{
    *word = IPA_EMERGENCY_NO_WORD;
    enum err e = db_get_int(i->env->db, "SELECT emergency FROM device WHERE name = ?", DB_ARGS(DB_TEXT(i->name)), word);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_journal_set_emergency(struct ipa *i, enum ipa_emergency word)
{
    return db_run(i->env->db,
                  "INSERT INTO device (name, emergency) VALUES (?, ?)"
                  " ON CONFLICT (name) DO UPDATE SET emergency = excluded.emergency",
                  DB_ARGS(DB_TEXT(i->name), DB_INT(word)), NULL);
}

/* --- eIMs ------------------------------------------------------------------------------------------------ */

enum err ipa_journal_set_cause(struct ipa *i, int64_t cause, const char *but)
{
    return db_run(i->env->db, "UPDATE eim SET cause = ? WHERE device = ? AND id <> ?",
                  DB_ARGS(DB_INT(cause), DB_TEXT(i->name), DB_TEXT(but)), NULL);
}

enum err ipa_journal_end_cause(struct ipa *i, const char *eim)
{
    return db_run(i->env->db, "UPDATE eim SET cause = -1 WHERE device = ? AND id = ?",
                  DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim)), NULL);
}

static struct db_value blob_or_null(struct span bytes)
{
    return bytes.len ? DB_BLOB(bytes) : DB_NULL;
}

static enum err put_eim(struct ipa *i, const struct ipa_eim *eim, size_t place)
{
    return db_run(i->env->db,
                  "INSERT INTO eim (device, id, place, url, certificate, key, protocols, ci, relays, associated)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
                  " ON CONFLICT (device, id) DO UPDATE SET place = excluded.place, url = excluded.url,"
                  " certificate = excluded.certificate, key = excluded.key, protocols = excluded.protocols,"
                  " ci = excluded.ci, relays = excluded.relays, associated = 1",
                  DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim->id), DB_INT((int64_t)place), DB_TEXT(eim->url),
                          blob_or_null(eim->trust.certificate), blob_or_null(eim->trust.public_key),
                          DB_INT(eim->protocols), blob_or_null(span_of(eim->ci, eim->ci_len)), DB_INT(eim->relays)),
                  NULL);
}

/* Rows of eIMs without a result, what was pushed by eIMs that are no longer associated, and results without an eIM to take them, are of no use. */
static enum err tidy_eims(struct ipa *i)
{
    enum err e = db_run(i->env->db,
                        "DELETE FROM eim WHERE device = ? AND associated = 0 AND NOT EXISTS"
                        " (SELECT 1 FROM result WHERE result.device = eim.device AND result.eim = eim.id)",
                        DB_ARGS(DB_TEXT(i->name)), NULL);
    if (!e)
        e = db_run(i->env->db,
                   "DELETE FROM inbox WHERE device = ? AND NOT EXISTS"
                   " (SELECT 1 FROM eim WHERE eim.device = inbox.device AND eim.id = inbox.eim AND eim.associated = 1)",
                   DB_ARGS(DB_TEXT(i->name)), NULL);
    return e ? e
             : db_run(i->env->db,
                      "DELETE FROM result WHERE device = ? AND eim <> '' AND NOT EXISTS"
                      " (SELECT 1 FROM eim WHERE eim.device = result.device AND eim.id = result.eim)",
                      DB_ARGS(DB_TEXT(i->name)), NULL);
}

enum err ipa_journal_set_eims(struct ipa *i, struct ipa_eim *const *eims, size_t count)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = db_run(i->env->db, "UPDATE eim SET associated = 0 WHERE device = ?", DB_ARGS(DB_TEXT(i->name)), NULL);
    for (size_t k = 0; !e && k < count; k++)
        e = put_eim(i, eims[k], k);
    if (!e)
        e = tidy_eims(i);
    return db_end(i->env->db, e);
}

enum err ipa_journal_each_eim(struct ipa *i, db_row_fn row, void *context)
{
    return db_query(i->env->db,
                    "SELECT id, url, certificate, key, associated, cause, protocols, ci, relays FROM eim WHERE device = ?"
                    " ORDER BY associated DESC, place",
                    DB_ARGS(DB_TEXT(i->name)), row, context);
}

enum err ipa_journal_forget_eim(struct ipa *i, const char *eim)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = db_run(i->env->db, "DELETE FROM result WHERE device = ? AND eim = ?", DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim)),
               NULL);
    if (!e)
        e = tidy_eims(i);
    return db_end(i->env->db, e);
}

/* --- results --------------------------------------------------------------------------------------------- */

enum err ipa_journal_put_result(struct ipa *i, const char *eim, int64_t key, struct span result)
{
    enum err e = db_run(i->env->db,
                        "INSERT INTO result (device, eim, key, bytes) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
                        " (SELECT 1 FROM result WHERE device = ?1 AND eim = ?2 AND bytes = ?4)",
                        DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim), DB_INT(key), DB_BLOB(result)), NULL);
    return e == ERR_EXISTS ? ERR_OK : e;
}

struct kept {
    int64_t id, refusals;
    struct buf *bytes;
};

static enum err take_kept(void *context, const struct db_row *r)
{
    struct kept *k = context;
    k->id = db_int(r, 0);
    k->refusals = db_int(r, 2);
    return buf_set(k->bytes, db_blob(r, 1));
}

enum err ipa_journal_next_result(struct ipa *i, int64_t longest, int64_t *id, int64_t *refusals, struct buf *result)
{
    int64_t now = clock_now(i->env->clock);
    struct kept k = { .bytes = result };
    enum err e = db_query(i->env->db,
                          "SELECT id, bytes, refusals FROM result WHERE device = ? AND eim IN ('', ?)"
                          " AND (not_before <= ? OR not_before > ?) ORDER BY id LIMIT 1",
                          DB_ARGS(DB_TEXT(i->name), DB_TEXT(i->eim->id), DB_INT(now), DB_INT(now + longest)), take_kept, &k);
    *id = k.id;
    *refusals = k.refusals;
    return e;
}

enum err ipa_journal_put_off_result(struct ipa *i, int64_t id, int64_t refusals, int64_t not_before)
{
    return db_run(i->env->db, "UPDATE result SET refusals = ?, not_before = ? WHERE id = ?",
                  DB_ARGS(DB_INT(refusals), DB_INT(not_before), DB_INT(id)), NULL);
}

enum err ipa_journal_count_refused(struct ipa *i, int64_t *count)
{
    return db_get_int(i->env->db, "SELECT COUNT(*) FROM result WHERE device = ? AND eim IN ('', ?) AND refusals > 0",
                      DB_ARGS(DB_TEXT(i->name), DB_TEXT(i->eim->id)), count);
}

enum err ipa_journal_result_after(struct ipa *i, const char *eim, int64_t *after, struct buf *result)
{
    struct kept k = { .bytes = result };
    enum err e = db_query(i->env->db,
                          "SELECT id, bytes, refusals FROM result WHERE device = ? AND eim IN ('', ?) AND id > ? ORDER BY id LIMIT 1",
                          DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim), DB_INT(*after)), take_kept, &k);
    *after = k.id;
    return e;
}

enum err ipa_journal_drop_result(struct ipa *i, int64_t id)
{
    return db_run(i->env->db, "DELETE FROM result WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
}

enum err ipa_journal_put_rollback(struct ipa *i, const char *eim, int64_t key, struct span result)
{
    enum err e = db_begin(i->env->db);
    if (e)
        return e;
    e = db_run(i->env->db, "DELETE FROM result WHERE device = ? AND key <> 0 AND eim IN ('', ?)",
               DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim)), NULL);
    if (!e)
        e = ipa_journal_put_result(i, eim, key, result);
    if (!e)
        e = ipa_journal_set_deadline(i, 0, span_str(""));
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
    e = ipa_journal_put_result(i, i->eim->id, 0, result);
    if (!e)
        e = db_run(i->env->db, "DELETE FROM download WHERE device = ?", DB_ARGS(DB_TEXT(i->name)), NULL);
    return db_end(i->env->db, e);
}

enum err ipa_journal_put_injected(struct ipa *i, const char *eim, struct span bytes, int64_t most)
{
    uint8_t digest[32];
    int64_t changed = 0, known = 0;
    enum err e = sha256(i->env->crypto, &bytes, 1, digest);
    if (!e)
        e = db_run(i->env->db,
                   "INSERT INTO inbox (device, eim, digest, bytes) SELECT ?, ?, ?, ?"
                   " WHERE (SELECT COUNT(*) FROM inbox WHERE device = ?) < ? ON CONFLICT DO NOTHING",
                   DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim), DB_BLOB(SPAN_ARRAY(digest)), DB_BLOB(bytes), DB_TEXT(i->name),
                           DB_INT(most)),
                   &changed);
    if (e || changed)
        return e;
    e = db_get_int(i->env->db, "SELECT 1 FROM inbox WHERE device = ? AND eim = ? AND digest = ?",
                   DB_ARGS(DB_TEXT(i->name), DB_TEXT(eim), DB_BLOB(SPAN_ARRAY(digest))), &known);
    return e == ERR_NOT_FOUND ? ERR_LIMIT : e;
}

struct injected {
    int64_t id, attempts;
    struct buf *bytes;
};

static enum err take_injected(void *context, const struct db_row *r)
{
    struct injected *x = context;
    x->id = db_int(r, 0);
    x->attempts = db_int(r, 1);
    return buf_set(x->bytes, db_blob(r, 2));
}

enum err ipa_journal_next_injected(struct ipa *i, int64_t *id, int64_t *attempts, struct buf *bytes)
{
    struct injected x = { 0, 0, bytes };
    enum err e = db_query(i->env->db,
                          "SELECT id, attempts + 1, bytes FROM inbox WHERE device = ? AND eim = ? ORDER BY id LIMIT 1",
                          DB_ARGS(DB_TEXT(i->name), DB_TEXT(i->eim->id)), take_injected, &x);
    *id = x.id;
    *attempts = x.attempts;
    return e ? e : db_run(i->env->db, "UPDATE inbox SET attempts = ? WHERE id = ?", DB_ARGS(DB_INT(x.attempts), DB_INT(x.id)),
                          NULL);
}

enum err ipa_journal_drop_injected(struct ipa *i, int64_t id)
{
    return db_run(i->env->db, "DELETE FROM inbox WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
}
