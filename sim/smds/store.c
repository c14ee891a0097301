#include <stdio.h>
#include <string.h>

#include "smds_internal.h"

const char *const smds_migrations[] = {
    "CREATE TABLE event ("
    " id INTEGER PRIMARY KEY, eid TEXT NOT NULL, event_id TEXT NOT NULL, owner TEXT NOT NULL, address TEXT NOT NULL,"
    " forwarding INTEGER NOT NULL, at INTEGER NOT NULL, UNIQUE (eid, event_id));"
    "CREATE TABLE session (transaction_id TEXT PRIMARY KEY, server_challenge BLOB NOT NULL, at INTEGER NOT NULL);"
    "CREATE INDEX session_by_age ON session (at);",
};
const size_t smds_migration_count = COUNT(smds_migrations);

/* What fits into one answer beside its other members (ES11 messages are small); the rest comes next time. */
#define LIST_OCTETS_MAX (12u << 10)

enum err smds_event_add(struct smds *s, const struct es12_event *event)
{
    return db_run(s->env->db,
                  "INSERT INTO event (id, eid, event_id, owner, address, forwarding, at)"
                  " SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, ? FROM event",
                  DB_ARGS(DB_TEXT(event->eid), DB_TEXT(event->event_id), DB_TEXT(event->requester),
                          DB_TEXT(event->rsp_server_address), DB_INT(event->forwarding),
                          DB_INT(clock_now(s->env->clock))),
                  NULL);
}

enum err smds_event_remove(struct smds *s, const struct es12_event *event)
{
    int64_t changed = 0;
    enum err e = db_run(s->env->db, "DELETE FROM event WHERE eid = ? AND event_id = ? AND owner = ?",
                        DB_ARGS(DB_TEXT(event->eid), DB_TEXT(event->event_id), DB_TEXT(event->requester)), &changed);
    return e ? e : changed ? ERR_OK : ERR_NOT_FOUND;
}

static enum err put_entry(void *context, const struct db_row *r)
{
    struct buf *list = context;
    const struct rsp_event_entry entry = { span_str(db_text(r, 0)), span_str(db_text(r, 1)) };
    if (list->len + entry.event_id.len + entry.rsp_server_address.len + 16 > LIST_OCTETS_MAX)
        return ERR_OK;
    return rsp_event_entry_write(&entry, list);
}

enum err smds_events_list(struct smds *s, const char *eid, const char *event_id, struct buf *list)
{
    if (event_id)
        return db_query(s->env->db, "SELECT event_id, address FROM event WHERE eid = ? AND event_id = ?",
                        DB_ARGS(DB_TEXT(eid), DB_TEXT(event_id)), put_entry, list);
    return db_query(s->env->db, "SELECT event_id, address FROM event WHERE eid = ? ORDER BY id LIMIT 512",
                    DB_ARGS(DB_TEXT(eid)), put_entry, list);
}

enum err smds_session_add(struct smds *s, const struct smds_session *x)
{
    int64_t now = clock_now(s->env->clock);
    enum err e = db_run(s->env->db, "DELETE FROM session WHERE at < ?", DB_ARGS(DB_INT(now - SMDS_SESSION_KEPT)),
                        NULL);
    return e ? e
             : db_run(s->env->db, "INSERT INTO session (transaction_id, server_challenge, at) VALUES (?, ?, ?)",
                      DB_ARGS(DB_TEXT(x->transaction_id), DB_BLOB(SPAN_ARRAY(x->server_challenge)), DB_INT(now)), NULL);
}

static enum err take_session(void *context, const struct db_row *r)
{
    struct smds_session *x = context;
    struct span challenge = db_blob(r, 1);
    if (challenge.len != sizeof x->server_challenge)
        return ERR_PARSE;
    snprintf(x->transaction_id, sizeof x->transaction_id, "%s", db_text(r, 0));
    memcpy(x->server_challenge, challenge.at, challenge.len);
    return ERR_OK;
}

enum err smds_session_get(struct smds *s, const char *transaction_id, struct smds_session *out)
{
    int64_t oldest = clock_now(s->env->clock) - SMDS_SESSION_KEPT;
    return db_query(s->env->db,
                    "SELECT transaction_id, server_challenge FROM session WHERE transaction_id = ? AND at >= ?",
                    DB_ARGS(DB_TEXT(transaction_id), DB_INT(oldest)), take_session, out);
}

enum err smds_session_remove(struct smds *s, const char *transaction_id)
{
    int64_t changed = 0;
    enum err e = db_run(s->env->db, "DELETE FROM session WHERE transaction_id = ?", DB_ARGS(DB_TEXT(transaction_id)),
                        &changed);
    return e ? e : changed ? ERR_OK : ERR_NOT_FOUND;
}
