/* Events at an SM-DS (SGP.22 3.1.1, 3.6; ES12): noted in the transaction that changes the order, told by the tick in their
 * order until taken. */
#include <stdio.h>
#include <string.h>

#include "es12.h"
#include "rsp_ids.h"
#include "smdp_functions.h"
#include "smdp_routes.h"

#define CALL_DEADLINE (10 * CLOCK_SECOND)

/* One thing to tell an SM-DS. */
struct telling {
    int64_t id, attempts, next_at;
    enum es12_function function;
    char iccid[21];
    struct es12_event event;
};

/* --- noting ----------------------------------------------------------------------------------------- */

const struct smdp_smds *smdp_smds_find(const struct smdp *s, const char *name)
{
    for (size_t i = 0; i < s->smds_count; i++)
        if (rsp_address_equal(span_str(s->smds[i].name), span_str(name)))
            return &s->smds[i];
    return NULL;
}

static enum err take_registration(void *context, const struct db_row *r)
{
    struct smdp_registration *x = context;
    snprintf(x->smds, sizeof x->smds, "%s", db_text(r, 0));
    snprintf(x->eid, sizeof x->eid, "%s", db_text(r, 1));
    snprintf(x->event_id, sizeof x->event_id, "%s", db_text(r, 2));
    snprintf(x->refusal, sizeof x->refusal, "%s", db_text(r, 3));
    return ERR_OK;
}

enum err smdp_registration_get(struct smdp *s, const char *iccid, struct smdp_registration *out)
{
    return db_query(s->env->db, "SELECT smds, eid, event_id, refusal FROM registration WHERE iccid = ?",
                    DB_ARGS(DB_TEXT(iccid)), take_registration, out);
}

static enum err note(struct smdp *s, const char *iccid, const struct smdp_registration *x, enum es12_function f)
{
    return db_run(s->env->db,
                  "INSERT INTO telling (id, smds, iccid, eid, event_id, function, attempts, next_at)"
                  " SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ?, 0, 0 FROM telling",
                  DB_ARGS(DB_TEXT(x->smds), DB_TEXT(iccid), DB_TEXT(x->eid), DB_TEXT(x->event_id), DB_INT(f)), NULL);
}

enum err smdp_registration_open(struct smdp *s, const struct smdp_profile *p, const struct smdp_smds *smds)
{
    struct smdp_registration x = { 0 };
    snprintf(x.smds, sizeof x.smds, "%s", smds->name);
    snprintf(x.eid, sizeof x.eid, "%s", p->eid);
    snprintf(x.event_id, sizeof x.event_id, "%s", p->matching_id);
    enum err e = db_run(s->env->db, "INSERT INTO registration (iccid, smds, eid, event_id, refusal) VALUES (?,?,?,?,'')",
                        DB_ARGS(DB_TEXT(p->iccid), DB_TEXT(x.smds), DB_TEXT(x.eid), DB_TEXT(x.event_id)), NULL);
    if (e == ERR_EXISTS) /* the order was confirmed before: its event stands */
        return ERR_OK;
    return e ? e : note(s, p->iccid, &x, ES12_REGISTER_EVENT);
}

enum err smdp_registration_close(struct smdp *s, const char *iccid)
{
    struct smdp_registration x;
    enum err e = smdp_registration_get(s, iccid, &x);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = db_run(s->env->db, "DELETE FROM registration WHERE iccid = ?", DB_ARGS(DB_TEXT(iccid)), NULL);
    /* What the SM-DS refused is not there, or is another's. */
    return e || x.refusal[0] ? e : note(s, iccid, &x, ES12_DELETE_EVENT);
}

/* --- telling ---------------------------------------------------------------------------------------- */

static enum err take_telling(void *context, const struct db_row *r)
{
    struct telling *t = context;
    t->id = db_int(r, 0);
    t->attempts = db_int(r, 1);
    t->next_at = db_int(r, 2);
    t->function = (enum es12_function)db_int(r, 3);
    snprintf(t->iccid, sizeof t->iccid, "%s", db_text(r, 4));
    snprintf(t->event.eid, sizeof t->event.eid, "%s", db_text(r, 5));
    snprintf(t->event.event_id, sizeof t->event.event_id, "%s", db_text(r, 6));
    return ERR_OK;
}

static enum err first_telling(struct smdp *s, const struct smdp_smds *smds, struct telling *out)
{
    *out = (struct telling){ 0 };
    snprintf(out->event.rsp_server_address, sizeof out->event.rsp_server_address, "%s", s->addresses[0]);
    return db_query(s->env->db,
                    "SELECT id, attempts, next_at, function, iccid, eid, event_id FROM telling WHERE smds = ?"
                    " ORDER BY id LIMIT 1",
                    DB_ARGS(DB_TEXT(smds->name)), take_telling, out);
}

/* Noted before the call: who was killed meanwhile knows that the SM-DS may have heard it already. */
static enum err note_attempt(struct smdp *s, struct telling *t)
{
    t->next_at = clock_now(s->env->clock) + smdp_back_off(t->attempts);
    return db_run(s->env->db, "UPDATE telling SET attempts = attempts + 1, next_at = ? WHERE id = ?",
                  DB_ARGS(DB_INT(t->next_at), DB_INT(t->id)), NULL);
}

static enum err call(struct smdp *s, const struct smdp_smds *smds, const struct telling *t, struct es_status *status)
{
    const struct es_peer peer = { .env = s->env, .base_url = smds->url, .user_agent = "gsma-rsp-smdp",
                                  .requester = s->addresses[0], .deadline_ms = CALL_DEADLINE };
    return t->function == ES12_REGISTER_EVENT ? es12_register_event(&peer, &t->event, status)
                                              : es12_delete_event(&peer, &t->event, status);
}

enum outcome { TOLD, REFUSED, LATER };

/* Not allowed, execution errors and unreachable parts may mend themselves; the rest stays as it is. */
static bool may_pass(const struct es_status *status)
{
    return !strcmp(status->reason, "1.2") || status->reason[0] == '4' || status->reason[0] == '5';
}

static enum outcome judge(const struct telling *t, enum err e, const struct es_status *status)
{
    if (e)
        return LATER;
    if (!es_refused(status))
        return TOLD;
    bool event = !strcmp(status->subject, "8.9.5");
    /* An earlier attempt whose answer was lost has registered it; deleted is deleted. */
    if (event && t->function == ES12_REGISTER_EVENT && t->attempts && !strcmp(status->reason, "3.3"))
        return TOLD;
    if (event && t->function == ES12_DELETE_EVENT && !strcmp(status->reason, "3.9"))
        return TOLD;
    return may_pass(status) ? LATER : REFUSED;
}

static enum err settle(struct smdp *s, const struct telling *t, enum outcome outcome, const struct es_status *status)
{
    char event[96];
    bool registering = t->function == ES12_REGISTER_EVENT;
    snprintf(event, sizeof event, "%s%s%s%s%s", registering ? "ES12.RegisterEvent" : "ES12.DeleteEvent",
             outcome == REFUSED ? " refused: " : "", outcome == REFUSED ? status->subject : "",
             outcome == REFUSED ? "/" : "", outcome == REFUSED ? status->reason : "");
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = db_run(s->env->db, "DELETE FROM telling WHERE id = ?", DB_ARGS(DB_INT(t->id)), NULL);
    if (!e && outcome == REFUSED && registering)
        e = db_run(s->env->db, "UPDATE registration SET refusal = ? WHERE iccid = ? AND event_id = ?",
                   DB_ARGS(DB_TEXT(status->subject), DB_TEXT(t->iccid), DB_TEXT(t->event.event_id)), NULL);
    if (!e)
        e = smdp_history_put(s, t->iccid, event);
    return db_end(s->env->db, e);
}

static void log_outcome(struct smdp *s, const struct smdp_smds *smds, const struct telling *t, enum err e,
                        const struct es_status *status)
{
    bool bad = e || es_refused(status);
    LOG(s->env->log, bad ? LOG_WARN : LOG_INFO,
        t->function == ES12_REGISTER_EVENT ? "ES12.register_event" : "ES12.delete_event", F_TEXT("smds", smds->name),
        F_TEXT("iccid", t->iccid), F_TEXT("status", e ? err_name(e) : es_status_text(status).text));
}

enum err smdp_tell_smds(struct smdp *s, size_t index, int64_t now, int64_t *next)
{
    const struct smdp_smds *smds = &s->smds[index];
    struct telling t;
    struct es_status status = { 0 };
    *next = CLOCK_NEVER;
    enum err e = first_telling(s, smds, &t);
    if (!e && t.next_at > now) {
        *next = t.next_at;
        return ERR_OK;
    }
    if (!e)
        e = note_attempt(s, &t);
    if (e)
        return e;
    enum err sent = call(s, smds, &t, &status);
    if (sent == ERR_CUT)
        return sent;
    log_outcome(s, smds, &t, sent, &status);
    enum outcome outcome = judge(&t, sent, &status);
    if (outcome == LATER)
        *next = t.next_at;
    else
        e = settle(s, &t, outcome, &status);
    return e;
}
