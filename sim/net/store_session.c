/* Rows of sessions. Whatever ends one notes the event for the platform in the same transaction. */
#include "net_internal.h"

#include <stdio.h>
#include <string.h>

enum err store_put_session(struct network *n, const struct session *s)
{
    char sim[ICCID_MAX];
    iccid_key(s->iccid, sim);
    enum err e = db_run(n->env->db,
                        "INSERT INTO session (id, imsi, iccid, sim, country, imei, started_at, ended_at, cause)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, NULL, '')",
                        DB_ARGS(DB_TEXT(s->id), DB_TEXT(s->imsi), DB_TEXT(s->iccid), DB_TEXT(sim),
                                DB_TEXT(s->country), DB_TEXT(s->imei), DB_INT(s->started_at)),
                        NULL);
    return e ? e : outbox_put(n, s->iccid, "session-started");
}

static enum err read_session(void *context, const struct db_row *r)
{
    struct session *s = context;
    snprintf(s->id, sizeof s->id, "%s", db_text(r, 0));
    snprintf(s->imsi, sizeof s->imsi, "%s", db_text(r, 1));
    snprintf(s->iccid, sizeof s->iccid, "%s", db_text(r, 2));
    snprintf(s->country, sizeof s->country, "%s", db_text(r, 3));
    snprintf(s->imei, sizeof s->imei, "%s", db_text(r, 4));
    snprintf(s->cause, sizeof s->cause, "%s", db_text(r, 5));
    s->started_at = db_int(r, 6);
    return ERR_OK;
}

#define SELECT_SESSION "SELECT id, imsi, iccid, country, imei, cause, started_at FROM session "

enum err store_find_session(struct network *n, const char *id, struct session *out)
{
    return db_query(n->env->db, SELECT_SESSION "WHERE id = ?", DB_ARGS(DB_TEXT(id)), read_session, out);
}

enum err store_find_open_session(struct network *n, const char *imsi, struct session *out)
{
    return db_query(n->env->db, SELECT_SESSION "WHERE imsi = ? AND ended_at IS NULL", DB_ARGS(DB_TEXT(imsi)),
                    read_session, out);
}

enum err store_move_session(struct network *n, const char *id, const char *country)
{
    return db_run(n->env->db, "UPDATE session SET country = ? WHERE id = ?", DB_ARGS(DB_TEXT(country), DB_TEXT(id)),
                  NULL);
}

/* First the events, in the order in which the sessions began, then the sessions themselves. */
#define EVENTS_WHERE(condition)                                                                             \
    "INSERT INTO outbox (id, iccid, event, at, attempts, next_at)"                                          \
    " SELECT (SELECT COALESCE(MAX(id), 0) FROM outbox) + ROW_NUMBER() OVER (ORDER BY started_at, id),"      \
    " iccid, 'session-ended', ?, 0, 0 FROM session WHERE ended_at IS NULL AND " condition
#define OPEN_WHERE(condition) "SELECT 1 FROM session WHERE ended_at IS NULL AND " condition " LIMIT 1"
#define END_WHERE(condition) \
    "UPDATE session SET ended_at = ?, cause = ? WHERE ended_at IS NULL AND " condition

/* The same sessions in three statements: is there one, its event, its end. */
struct ending {
    const char *look, *events, *end;
};
#define ENDING(condition) (&(struct ending){ OPEN_WHERE(condition), EVENTS_WHERE(condition), END_WHERE(condition) })

static enum err end_where(struct network *n, const struct ending *sql, const char *which, const char *cause)
{
    const int64_t now = clock_now(n->env->clock);
    const struct db_value events[] = { DB_INT(now), DB_TEXT(which) };
    const struct db_value ends[] = { DB_INT(now), DB_TEXT(cause), DB_TEXT(which) };
    size_t bound = which ? 1 : 0;
    int64_t ended = 0;
    /* Mostly there is none, and the look costs a tenth of numbering no events. */
    enum err e = db_get_int(n->env->db, sql->look, events + 1, bound, &ended);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = db_run(n->env->db, sql->events, events, 1 + bound, NULL);
    if (!e)
        e = db_run(n->env->db, sql->end, ends, 2 + bound, &ended);
    if (!e && ended)
        LOG(n->env->log, LOG_INFO, "session.ended", F_TEXT("cause", cause), F_INT("sessions", ended));
    return e;
}

enum err store_end_session(struct network *n, const char *id, const char *cause)
{
    return end_where(n, ENDING("id = ?"), id, cause);
}

enum err store_end_sessions_of_sim(struct network *n, const char *imsi, const char *cause)
{
    return end_where(n, ENDING("imsi = ?"), imsi, cause);
}

enum err store_end_sessions_by_status(struct network *n, const char *iccid)
{
    char sim[ICCID_MAX];
    iccid_key(iccid, sim);
    return end_where(n, ENDING("sim = ?"), sim, "service-not-allowed");
}

#define UNCOVERED                                                                          \
    "(country NOT IN (SELECT country FROM coverage WHERE lost = 0)"                        \
    " OR EXISTS (SELECT 1 FROM network_state WHERE name = 'lost' AND value = 1))"

enum err store_end_sessions_by_coverage(struct network *n)
{
    return end_where(n, ENDING(UNCOVERED), NULL, "no-coverage");
}
