/* ES2+.HandleDownloadProgressInfo (SGP.22 5.3.5): noted in the transaction of what it is about, told by the tick. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es2p_handle_download_progress_info.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define CALL_DEADLINE (10 * CLOCK_SECOND)
#define ASIDE_KEPT (30 * CLOCK_DAY)
#define DROPPED_AT_ONCE 16

/* --- noting --------------------------------------------------------------------------------------- */

struct dropped {
    int64_t id, point;
    char iccid[21];
};

static enum err take_dropped(void *context, const struct db_row *r)
{
    struct dropped *d = context;
    d->id = db_int(r, 0);
    snprintf(d->iccid, sizeof d->iccid, "%s", db_text(r, 1));
    d->point = db_int(r, 2);
    return ERR_OK;
}

static bool wants_to_hear(const struct smdp *s, const char *operator_name)
{
    for (size_t i = 0; i < s->client_count; i++)
        if (s->clients[i].url && strcmp(s->clients[i].name, operator_name) == 0)
            return true;
    return false;
}

/* What is put aside goes first, then what has waited longest. */
static enum err find_oldest(struct smdp *s, const char *operator_name, struct dropped *out)
{
    static const char sql[] = "SELECT id, iccid, point FROM progress WHERE operator = ? AND put_aside = ? ORDER BY id LIMIT 1";
    enum err e = db_query(s->env->db, sql, DB_ARGS(DB_TEXT(operator_name), DB_INT(1)), take_dropped, out);
    return e != ERR_NOT_FOUND ? e : db_query(s->env->db, sql, DB_ARGS(DB_TEXT(operator_name), DB_INT(0)), take_dropped, out);
}

static enum err drop_oldest(struct smdp *s, const char *operator_name)
{
    struct dropped d = { 0 };
    char event[80];
    enum err e = find_oldest(s, operator_name, &d);
    if (!e)
        e = db_run(s->env->db, "DELETE FROM progress WHERE id = ?", DB_ARGS(DB_INT(d.id)), NULL);
    if (!e)
        e = db_run(s->env->db, "UPDATE progress_load SET dropped = dropped + 1, dropped_at = ? WHERE operator = ?",
                   DB_ARGS(DB_INT(clock_now(s->env->clock)), DB_TEXT(operator_name)), NULL);
    snprintf(event, sizeof event, "ES2+.HandleDownloadProgressInfo dropped: point %d", (int)d.point);
    if (!e)
        e = smdp_history_put(s, d.iccid, event);
    LOG(s->env->log, LOG_WARN, "progress.dropped", F_TEXT("operator", operator_name), F_TEXT("iccid", d.iccid),
        F_INT("point", d.point));
    return e;
}

/* An operator that is never reached must not fill the disk; a setting that became smaller is met step by step. */
static enum err make_room(struct smdp *s, const char *operator_name)
{
    int64_t held = 0;
    enum err e = db_get_int(s->env->db, "SELECT held FROM progress_load WHERE operator = ?", DB_ARGS(DB_TEXT(operator_name)), &held);
    for (int i = 0; !e && i < DROPPED_AT_ONCE && held - i > s->progress_kept; i++)
        e = drop_oldest(s, operator_name);
    return e;
}

enum err smdp_progress_note(struct smdp *s, const struct smdp_profile *p, const char *eid, enum es2p_point point,
                            const struct es_status *status, struct span result)
{
    if (!wants_to_hear(s, p->owner))
        return ERR_OK;
    enum err e = db_run(s->env->db,
                        "INSERT INTO progress (operator, iccid, eid, type, at, point, subject, reason, message, result,"
                        " attempts, next_at) VALUES (?,?,?,?,?,?,?,?,?,?,0,0)",
                        DB_ARGS(DB_TEXT(p->owner), DB_TEXT(p->iccid), DB_TEXT(eid), DB_TEXT(p->type),
                                DB_INT(clock_now(s->env->clock)), DB_INT(point), DB_TEXT(status->subject),
                                DB_TEXT(status->reason), DB_TEXT(status->message), result.len ? DB_BLOB(result) : DB_NULL),
                        NULL);
    return e ? e : make_room(s, p->owner);
}

/* --- telling -------------------------------------------------------------------------------------- */

/* One thing to tell an operator. */
struct telling {
    int64_t id, attempts, next_at, refusals;
    struct es2p_progress progress;
};

static enum err take_telling(void *context, const struct db_row *r)
{
    struct telling *t = context;
    struct es2p_progress *p = &t->progress;
    t->id = db_int(r, 0);
    t->attempts = db_int(r, 1);
    t->next_at = db_int(r, 2);
    snprintf(p->iccid, sizeof p->iccid, "%s", db_text(r, 3));
    snprintf(p->eid, sizeof p->eid, "%s", db_text(r, 4));
    snprintf(p->profile_type, sizeof p->profile_type, "%s", db_text(r, 5));
    p->at = db_int(r, 6);
    p->point = (enum es2p_point)db_int(r, 7);
    snprintf(p->status.subject, sizeof p->status.subject, "%s", db_text(r, 8));
    snprintf(p->status.reason, sizeof p->status.reason, "%s", db_text(r, 9));
    snprintf(p->status.message, sizeof p->status.message, "%s", db_text(r, 10));
    t->refusals = db_int(r, 12);
    return buf_set(&p->result, db_blob(r, 11));
}

static enum err first_telling(struct smdp *s, const char *operator_name, struct telling *out)
{
    return db_query(s->env->db,
                    "SELECT id, attempts, next_at, iccid, eid, type, at, point, subject, reason, message, result,"
                    " refusals"
                    " FROM progress WHERE operator = ? AND put_aside = 0 ORDER BY id LIMIT 1",
                    DB_ARGS(DB_TEXT(operator_name)), take_telling, out);
}

/* Before the call, so that an operator who kills us with its answer is not called in a circle. */
static enum err note_attempt(struct smdp *s, struct telling *t)
{
    t->next_at = clock_now(s->env->clock) + smdp_back_off(t->attempts);
    return db_run(s->env->db, "UPDATE progress SET attempts = attempts + 1, next_at = ? WHERE id = ?",
                  DB_ARGS(DB_INT(t->next_at), DB_INT(t->id)), NULL);
}

/* A repetition, after an answer that was lost, has the same functionCallIdentifier. */
static enum err call(struct smdp *s, const struct smdp_client *client, const struct telling *t,
                     struct es_status *status, int *http)
{
    char id[32];
    snprintf(id, sizeof id, "progress-%lld", (long long)t->id);
    const struct es_peer peer = { .env = s->env, .base_url = client->url, .user_agent = "gsma-rsp-smdp",
                                  .requester = s->addresses[0], .call_id = id, .deadline_ms = CALL_DEADLINE, .http_status = http };
    return es2p_handle_download_progress_info(&peer, &t->progress, status);
}

static enum err settle(struct smdp *s, const struct telling *t)
{
    return db_run(s->env->db, "DELETE FROM progress WHERE id = ?", DB_ARGS(DB_INT(t->id)), NULL);
}

/* RFC 9110 15.5: what was sent is at fault, and will be the next time, unless it came at a bad moment. */
static bool is_refusal(int http)
{
    return http >= 400 && http < 500 && http != 408 && http != 425 && http != 429;
}

/* A refusal is an answer, and the next one will hardly differ: after so many the notification no longer holds up the
 * others. It stays to be seen, and to be tried again by an administrator, for a month. */
static enum err note_refusal(struct smdp *s, const struct telling *t, const char *refusal)
{
    int64_t aside = t->refusals + 1 >= s->progress_refusals_max;
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = db_run(s->env->db, "UPDATE progress SET refusals = refusals + 1, refusal = ?, put_aside = ? WHERE id = ?",
               DB_ARGS(DB_TEXT(refusal), DB_INT(aside), DB_INT(t->id)), NULL);
    if (!e && aside)
        e = db_run(s->env->db, "DELETE FROM progress WHERE put_aside = 1 AND at < ?",
                   DB_ARGS(DB_INT(clock_now(s->env->clock) - ASIDE_KEPT)), NULL);
    return db_end(s->env->db, e);
}

static void log_outcome(struct smdp *s, const struct smdp_client *client, const struct telling *t, enum err e,
                        const struct es_status *status)
{
    bool bad = e || es_refused(status);
    LOG(s->env->log, bad ? LOG_WARN : LOG_INFO, "ES2+.handle_download_progress_info", F_TEXT("operator", client->name),
        F_TEXT("iccid", t->progress.iccid), F_INT("point", t->progress.point), F_INT("attempt", t->attempts + 1),
        F_TEXT("status", e ? err_name(e) : es_status_text(status).text));
}

static enum err tell_one(struct smdp *s, const struct smdp_client *client, struct telling *t, int64_t *next)
{
    struct es_status status = { 0 };
    char refusal[40];
    int http = 0;
    enum err e = note_attempt(s, t);
    if (e)
        return e;
    enum err sent = call(s, client, t, &status, &http);
    if (sent == ERR_CUT)
        return sent;
    log_outcome(s, client, t, sent, &status);
    if (!sent && !es_refused(&status))
        return settle(s, t);
    bool refused = !sent || is_refusal(http);
    if (sent)
        snprintf(refusal, sizeof refusal, "HTTP %d", http);
    else
        snprintf(refusal, sizeof refusal, "%s/%s", status.subject, status.reason);
    if (refused)
        e = note_refusal(s, t, refusal);
    bool aside = refused && t->refusals + 1 >= s->progress_refusals_max;
    *next = aside ? CLOCK_NEVER : t->next_at;
    return e;
}

enum err smdp_tell_operator(struct smdp *s, size_t index, int64_t now, int64_t *next)
{
    const struct smdp_client *client = &s->clients[index];
    struct telling t = { 0 };
    es2p_progress_init(&t.progress);
    *next = CLOCK_NEVER;
    enum err e = first_telling(s, client->name, &t);
    if (!e && t.next_at > now)
        *next = t.next_at;
    else if (!e)
        e = tell_one(s, client, &t, next);
    es2p_progress_release(&t.progress);
    return e;
}

/* --- seeing --------------------------------------------------------------------------------------- */

static enum err put_notification(void *context, const struct db_row *r)
{
    json_t *n = json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "id", (json_int_t)db_int(r, 0), "operator",
                          db_text(r, 1), "iccid", db_text(r, 2), "eid", db_text(r, 3), "at", (json_int_t)db_int(r, 4),
                          "point", (json_int_t)db_int(r, 5), "state", db_int(r, 6) ? "aside" : "waiting", "attempts",
                          (json_int_t)db_int(r, 7), "refusals", (json_int_t)db_int(r, 8));
    enum err e = n ? ERR_OK : ERR_NOMEM;
    if (!e && db_text(r, 9)[0])
        e = json_set_str(n, "refusal", db_text(r, 9));
    if (e) {
        json_decref(n);
        return e;
    }
    return json_array_append_new(context, n) ? ERR_NOMEM : ERR_OK;
}

#define NOTIFICATION_COLUMNS                                                                                   \
    "SELECT id, operator, iccid, eid, at, point, put_aside, attempts, refusals, refusal FROM progress "

const char *smdp_notifications_statement(bool of_one)
{
    return of_one ? NOTIFICATION_COLUMNS "WHERE operator = ? AND put_aside = ? AND id > ? ORDER BY id LIMIT ?"
                  : NOTIFICATION_COLUMNS "WHERE put_aside = ? AND id > ? ORDER BY id LIMIT ?";
}

static enum err list(struct smdp *s, const char *owner, bool aside, const struct smdp_page *page, json_t *out)
{
    int64_t after = strtoll(page->after, NULL, 10);
    const char *sql = smdp_notifications_statement(owner != NULL);
    enum err e = owner ? db_query(s->env->db, sql,
                                  DB_ARGS(DB_TEXT(owner), DB_INT(aside), DB_INT(after), DB_INT(page->limit)),
                                  put_notification, out)
                       : db_query(s->env->db, sql, DB_ARGS(DB_INT(aside), DB_INT(after), DB_INT(page->limit)),
                                  put_notification, out);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err smdp_list_notifications(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    const char *owner = NULL;
    struct smdp_page page;
    char state[16];
    enum err e = smdp_require_viewer(s, q, p, &owner);
    if (!e)
        e = smdp_read_page(q, p, &page);
    if (!e)
        e = smdp_read_filter(q, p, "state", state, sizeof state);
    bool aside = !e && strcmp(state, "aside") == 0;
    if (!e && state[0] && !aside && strcmp(state, "waiting") != 0)
        return http_problem(p, 400, "no such state", "state is waiting or aside");
    json_t *found = e ? NULL : json_array();
    if (!e)
        e = list(s, owner, aside, &page, found);
    if (e) {
        json_decref(found);
        return e;
    }
    return smdp_answer_page(p, "notifications", found, "id", &page);
}

/* Those put aside of one id (0: any) and one operator (NULL: any). Each has had its chances: refused once more it is aside
 * again, and what is newer waits for one call, not for ten with ever longer pauses. */
static enum err retry(struct smdp *s, int64_t id, const char *operator_name, int64_t *changed)
{
    return db_run(s->env->db,
                  "UPDATE progress SET put_aside = 0, refusals = ?1, next_at = 0 WHERE put_aside = 1"
                  " AND (?2 = 0 OR id = ?2) AND (?3 IS NULL OR operator = ?3)",
                  DB_ARGS(DB_INT(s->progress_refusals_max - 1), DB_INT(id), operator_name ? DB_TEXT(operator_name) : DB_NULL),
                  changed);
}

enum err smdp_retry_notification(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    int64_t changed = 0, id = strtoll(q->part[0], NULL, 10);
    enum err e = smdp_require_administrator(s, q, p);
    if (!e && id > 0)
        e = retry(s, id, NULL, &changed);
    if (e)
        return e;
    return changed ? http_json(p, 200, json_pack("{s:s}", "state", "waiting"))
                   : http_problem(p, 404, "no such notification", "no notification that was put aside has this id");
}

/* {} or {"operator": name}. */
static enum err read_whose(const struct http_request *q, struct http_response *p, json_t **body, const char **operator_name)
{
    enum err e = http_read_json(q, p, body);
    if (e)
        return e;
    *operator_name = json_str(*body, "operator");
    return json_is_object(*body) && json_object_size(*body) == (*operator_name != NULL)
               ? ERR_OK
               : smdp_refuse(p, 400, "malformed", "{} or {operator: its name} is wanted");
}

enum err smdp_retry_notifications(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    json_t *body = NULL;
    const char *operator_name = NULL;
    int64_t changed = 0;
    enum err e = smdp_require_administrator(s, q, p);
    if (!e)
        e = read_whose(q, p, &body, &operator_name);
    if (!e)
        e = retry(s, 0, operator_name, &changed);
    json_decref(body);
    return e ? e : http_json(p, 200, json_pack("{s:I}", "retried", (json_int_t)changed));
}

/* --- what was dropped ------------------------------------------------------------------------------ */

static enum err put_load(void *context, const struct db_row *r)
{
    json_t *load = json_pack("{s:s, s:I, s:I}", "operator", db_text(r, 0), "kept", (json_int_t)db_int(r, 1), "dropped",
                             (json_int_t)db_int(r, 2));
    enum err e = load ? ERR_OK : ERR_NOMEM;
    if (!e && db_int(r, 2))
        e = json_set_int(load, "droppedAt", db_int(r, 3));
    if (e) {
        json_decref(load);
        return e;
    }
    return json_array_append_new(context, load) ? ERR_NOMEM : ERR_OK;
}

/* As many rows as there are operators. */
enum err smdp_count_notifications(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    const char *owner = NULL;
    enum err e = smdp_require_viewer(s, q, p, &owner);
    json_t *operators = e ? NULL : json_array();
    if (!e)
        e = db_query(s->env->db,
                     "SELECT operator, held, dropped, dropped_at FROM progress_load WHERE ?1 IS NULL OR operator = ?1"
                     " ORDER BY operator",
                     DB_ARGS(owner ? DB_TEXT(owner) : DB_NULL), put_load, operators);
    if (e && e != ERR_NOT_FOUND) {
        json_decref(operators);
        return e;
    }
    return http_json(p, 200, json_pack("{s:o}", "operators", operators));
}
