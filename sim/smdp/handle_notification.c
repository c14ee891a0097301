/* ES9+.HandleNotification (SGP.22 5.6.4): what the eUICC says of its profiles, believed only when signed. */
#include <stdio.h>
#include <string.h>

#include "rsp_codes.h"
#include "rsp_ids.h"
#include "smdp_functions.h"

static enum err drop(struct smdp *s, const char *why)
{
    log_fail(s->env->log, ERR_VERIFY, "SGP.22 5.6.4", why);
    return ERR_OK;
}

/* It belongs to nothing that is here. */
static enum err unknown(struct smdp *s, const char *why, struct es_status *status)
{
    if (s->unknown_notifications_refused)
        es_refuse(status, "8.10.1", "3.9", why);
    return drop(s, why);
}

/* Installed is installed, whichever package it was; a failure counts for the package that was bound last only. */
static void move_order(struct smdp_profile *p, const struct smdp_session *x, bool installed)
{
    if (installed && (p->state == SMDP_DOWNLOADED || p->state == SMDP_ERROR))
        p->state = SMDP_INSTALLED;
    else if (!installed && p->state == SMDP_DOWNLOADED && strcmp(p->bound, x->transaction_id) == 0)
        p->state = SMDP_ERROR;
}

/* SGP.22 5.3.5: the last point of a download, with the signed result itself. */
static enum err note_installation(struct smdp *s, const struct smdp_profile *p, const struct smdp_session *x,
                                  const struct rsp_profile_installation_result *r)
{
    const struct rsp_final_result *result = &r->data.result;
    struct es_status status = { 0 };
    if (result->which != RSP_OK)
        es_refuse(&status, "8.1", "4.2", rsp_error_reason_name(result->error.reason));
    return smdp_progress_note(s, p, x->eid, ES2P_BPP_INSTALLATION, &status, r->whole);
}

static enum err close_order(struct smdp *s, struct smdp_session *x, const struct rsp_profile_installation_result *r,
                            const char *event)
{
    bool installed = r->data.result.which == RSP_OK;
    struct smdp_profile p = { 0 };
    if (x->state != SMDP_BOUND)
        return ERR_OK; /* told before, cancelled, or never fetched */
    x->state = SMDP_CLOSED;
    enum err e = smdp_profile_get(s, x->iccid, &p);
    if (!e)
        e = smdp_session_go_on(s, x);
    if (!e)
        move_order(&p, x, installed);
    if (!e)
        e = note_installation(s, &p, x, r);
    return e ? e : smdp_profile_go_on(s, &p, event);
}

/* An installation result carries no certificate: the session knows who it must come from. */
static enum err installation_result(struct smdp *s, const struct rsp_profile_installation_result *r, bool *believed,
                                    struct es_status *status)
{
    const struct rsp_final_result *result = &r->data.result;
    struct smdp_session x = { 0 };
    struct rsp_tbs tbs;
    char id[33], event[96];
    enum err e = es_transaction_text(r->data.transaction_id, id);
    if (e || (e = db_begin(s->env->db)))
        return e;
    e = smdp_session_get(s, id, &x);
    if (e == ERR_NOT_FOUND || (!e && !x.knows_euicc)) {
        db_rollback(s->env->db);
        smdp_session_release(&x);
        return unknown(s, "installation result of an unknown session", status);
    }
    rsp_tbs_installation_result(&r->data, &tbs);
    if (!e)
        e = smdp_session_verify(s, &x, &tbs, r->signature);
    bool installed = result->which == RSP_OK;
    snprintf(event, sizeof event, installed ? "installed" : "installation failed: command %d, reason %d",
             (int)result->error.command, (int)result->error.reason);
    *believed = !e;
    if (e == ERR_VERIFY)
        e = drop(s, "euiccSignPIR does not verify");
    else if (!e)
        e = close_order(s, &x, r, event);
    smdp_session_release(&x);
    return db_end(s->env->db, e);
}

/* NULL: to be written down. *known: it was already; who lost our answer says it again. */
static enum err judge(struct smdp *s, const char *iccid, const struct cert *euicc, const char *event, const char **why,
                      bool *known)
{
    struct smdp_profile p = { 0 };
    int64_t one = 0;
    enum err e = smdp_profile_get(s, iccid, &p);
    *why = e == ERR_NOT_FOUND                          ? "a notification of a profile that is not here"
           : !e && strcmp(p.eid, euicc->eid) != 0 ? "a notification of a profile that is not this card's"
                                                       : NULL;
    if (e || *why)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = db_get_int(s->env->db, "SELECT 1 FROM history WHERE iccid = ? AND event = ? LIMIT 1",
                   DB_ARGS(DB_TEXT(iccid), DB_TEXT(event)), &one);
    *known = !e;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err write_down(struct smdp *s, const char *iccid, const struct cert *euicc, const char *event, bool *believed,
                           struct es_status *status)
{
    const char *why = NULL;
    bool known = false;
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = judge(s, iccid, euicc, event, &why, &known);
    if (!e && why)
        e = unknown(s, why, status);
    else if (!e && !known)
        e = smdp_history_put(s, iccid, event);
    *believed = !why;
    return db_end(s->env->db, e);
}

static enum err take_notification(struct smdp *s, const struct rsp_other_signed_notification *n,
                                  const struct cert *euicc, bool *believed, struct es_status *status)
{
    struct rsp_tbs tbs;
    char iccid[21] = "", event[96];
    rsp_tbs_notification(&n->metadata, &tbs);
    enum err e = cert_verify(s->env->crypto, euicc, tbs.part, tbs.count, n->signature);
    if (e == ERR_VERIFY)
        return drop(s, "euiccNotificationSignature does not verify");
    if (!e && n->metadata.iccid.at)
        e = rsp_iccid_text(n->metadata.iccid, iccid);
    snprintf(event, sizeof event, "notification %s by %s, number %lld",
             n->metadata.event & RSP_EVENT_INSTALL ? "install"
             : n->metadata.event & RSP_EVENT_ENABLE ? "enable"
             : n->metadata.event & RSP_EVENT_DISABLE ? "disable" : "delete",
             euicc->eid, (long long)n->metadata.seq_number);
    return e ? e : write_down(s, iccid, euicc, event, believed, status);
}

static enum err other_notification(struct smdp *s, const struct rsp_other_signed_notification *n, bool *believed,
                                   struct es_status *status)
{
    const struct cert *euicc = NULL;
    struct es_status stranger = { 0 };
    enum err e = es_authentication_judge(&s->authentication, n->euicc_certificate, n->eum_certificate, &euicc,
                                         &stranger);
    if (!e)
        e = es_refused(&stranger) ? drop(s, stranger.message) : take_notification(s, n, euicc, believed, status);
    cert_give_back(s->env->crypto, euicc);
    return e;
}

enum err smdp_handle_notification(struct smdp *s, const struct rsp_pending_notification *n, bool *believed,
                                  struct es_status *status)
{
    *believed = false;
    switch (n->which) {
    case RSP_PENDING_INSTALLATION:
        return installation_result(s, &n->installation, believed, status);
    case RSP_PENDING_OTHER:
        return other_notification(s, &n->other, believed, status);
    default:
        return drop(s, "a compact notification reached the SM-DP+: the eIM must rebuild it");
    }
}
