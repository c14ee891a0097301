/* What the network told, and what it has to be told. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cmp_store.h"

enum err cmp_event_add(struct db *db, const char *iccid, const char *event, int64_t at, const char *plmn)
{
    return db_run(db, "INSERT INTO events (iccid, at, event, plmn) VALUES (?, ?, ?, ?)",
                  DB_ARGS(DB_TEXT(iccid), DB_INT(at), DB_TEXT(event), DB_TEXT(plmn)), NULL);
}

/* Events may come late; an older start does not hide a newer one. */
enum err cmp_session_start(struct db *db, const char *iccid, int64_t at, const char *plmn)
{
    return db_run(db,
                  "INSERT INTO sessions (iccid, started, ended, plmn) VALUES (?, ?, 0, ?) "
                  "ON CONFLICT (iccid) DO UPDATE SET started = excluded.started, ended = 0, plmn = excluded.plmn "
                  "WHERE sessions.started < excluded.started",
                  DB_ARGS(DB_TEXT(iccid), DB_INT(at), DB_TEXT(plmn)), NULL);
}

enum err cmp_session_end(struct db *db, const char *iccid, int64_t at)
{
    return db_run(db, "UPDATE sessions SET ended = ? WHERE iccid = ? AND ended = 0 AND started <= ?",
                  DB_ARGS(DB_INT(at), DB_TEXT(iccid), DB_INT(at)), NULL);
}

static enum err session_row(void *context, const struct db_row *r)
{
    struct cmp_session *s = context;
    *s = (struct cmp_session){ .started = db_int(r, 0), .ended = db_int(r, 1) };
    snprintf(s->plmn, sizeof s->plmn, "%s", db_text(r, 2));
    return ERR_OK;
}

enum err cmp_session_get(struct db *db, const char *iccid, struct cmp_session *out)
{
    return db_query(db, "SELECT started, ended, plmn FROM sessions WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)),
                    session_row, out);
}

enum err cmp_notice_add(struct db *db, const char *iccid, bool service, int64_t due)
{
    return db_run(db,
                  "INSERT INTO notices (id, iccid, service, attempts, due) "
                  "SELECT COALESCE(MAX(id), 0) + 1, ?, ?, 0, ? FROM notices",
                  DB_ARGS(DB_TEXT(iccid), DB_INT(service), DB_INT(due)), NULL);
}

static enum err notice_row(void *context, const struct db_row *r)
{
    struct cmp_notice *n = context;
    *n = (struct cmp_notice){ .id = db_int(r, 0), .service = db_int(r, 2) != 0, .attempts = db_int(r, 3) };
    snprintf(n->iccid, sizeof n->iccid, "%s", db_text(r, 1));
    return ERR_OK;
}

/* One SIM that the network does not know must not hold up the others; of one SIM the order is kept. */
enum err cmp_notice_due(struct db *db, int64_t now, struct cmp_notice *out)
{
    return db_query(db,
                    "SELECT id, iccid, service, attempts FROM notices n WHERE due <= ? AND NOT EXISTS "
                    "(SELECT 1 FROM notices o WHERE o.iccid = n.iccid AND o.id < n.id) ORDER BY due, id LIMIT 1",
                    DB_ARGS(DB_INT(now)), notice_row, out);
}

enum err cmp_notice_done(struct db *db, int64_t id)
{
    return db_run(db, "DELETE FROM notices WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
}

enum err cmp_notice_again(struct db *db, int64_t id, int64_t due)
{
    return db_run(db, "UPDATE notices SET attempts = attempts + 1, due = ? WHERE id = ?",
                  DB_ARGS(DB_INT(due), DB_INT(id)), NULL);
}

enum err cmp_next_due(struct db *db, int64_t *out)
{
    int64_t notice = CLOCK_NEVER, scheduled = CLOCK_NEVER;
    enum err e = db_get_int(db,
                            "SELECT COALESCE(MIN(n.due), ?) FROM notices n WHERE NOT EXISTS "
                            "(SELECT 1 FROM notices o WHERE o.iccid = n.iccid AND o.id < n.id)",
                            DB_ARGS(DB_INT(CLOCK_NEVER)), &notice);
    if (!e)
        e = db_get_int(db, "SELECT COALESCE(MIN(at), ?) FROM scheduled", DB_ARGS(DB_INT(CLOCK_NEVER)), &scheduled);
    *out = notice < scheduled ? notice : scheduled;
    return e;
}

enum err cmp_scheduled_add(struct db *db, const char *iccid, const char *who, int64_t at, struct span body)
{
    return db_run(db,
                  "INSERT INTO scheduled (id, iccid, who, at, body) "
                  "SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ? FROM scheduled",
                  DB_ARGS(DB_TEXT(iccid), DB_TEXT(who), DB_INT(at), DB_BLOB(body)), NULL);
}

static enum err scheduled_row(void *context, const struct db_row *r)
{
    struct cmp_scheduled *s = context;
    s->id = db_int(r, 0);
    snprintf(s->iccid, sizeof s->iccid, "%s", db_text(r, 1));
    snprintf(s->who, sizeof s->who, "%s", db_text(r, 2));
    return buf_set(&s->body, db_blob(r, 3));
}

enum err cmp_scheduled_due(struct db *db, int64_t now, struct cmp_scheduled *out)
{
    return db_query(db, "SELECT id, iccid, who, body FROM scheduled WHERE at <= ? ORDER BY at, id LIMIT 1",
                    DB_ARGS(DB_INT(now)), scheduled_row, out);
}

enum err cmp_scheduled_done(struct db *db, int64_t id)
{
    return db_run(db, "DELETE FROM scheduled WHERE id = ?", DB_ARGS(DB_INT(id)), NULL);
}
