/* The certificates of eUICCs: registered with the EID, or learned from the device (SGP.32 v1.2 2.11.2.2: IpaEuiccData). */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_esipa.h"

/* The certificate must chain to a trusted CI and name the EID that is registered. */
static enum err judge_chain(struct eim *e, const struct eim_euicc *u, const struct cert *euicc, const struct cert *eum,
                            const char **why)
{
    struct span ci;
    struct cert_policy policy = { .now = clock_now(e->env->clock), .warn_eid_range = e->warn_eid_range };
    enum cert_flaw flaw = cert_judge(e->trust, euicc, CERT_EUICC, &eum, 1, &policy, &ci);
    *why = flaw != CERT_FINE ? cert_flaw_text(flaw) : strcmp(euicc->eid, u->eid) != 0 ? "it names another EID" : NULL;
    return *why ? ERR_VERIFY : ERR_OK;
}

enum err eim_judge_certificates(struct eim *e, const struct eim_euicc *u, const char **why)
{
    const struct cert *euicc = NULL, *eum = NULL;
    bool read = cert_borrow(e->env->crypto, buf_span(&u->certificate), &euicc) == ERR_OK &&
                cert_borrow(e->env->crypto, buf_span(&u->eum_certificate), &eum) == ERR_OK;
    *why = "a certificate cannot be read";
    enum err x = read ? judge_chain(e, u, euicc, eum, why) : ERR_PARSE;
    cert_give_back(e->env->crypto, euicc);
    cert_give_back(e->env->crypto, eum);
    return x;
}

/* The eIM's own question for them, one an eUICC, asked as often as needed. */
static enum err write_question(struct eim *e, const char *eid, struct eim_order *o)
{
    snprintf(o->eid, sizeof o->eid, "%s", eid);
    snprintf(o->reference, sizeof o->reference, "certificates of %s", eid);
    snprintf(o->tenant, sizeof o->tenant, "%s", EIM_OWN_TENANT);
    o->kind = EIM_ORDER_DATA;
    o->created = clock_now(e->env->clock);
    o->parameters = json_pack("{s:[s, s, s, s]}", "tags", "A5", "A6", "A8", "A9");
    return o->parameters ? rng_uuid(e->env->rng, o->id) : ERR_NOMEM;
}

/* Replaces *o by the question. */
static enum err put_question_first(struct eim *e, struct eim_order *o)
{
    struct eim_order question;
    eim_order_init(&question);
    enum err x = write_question(e, o->eid, &question);
    if (!x)
        x = eim_order_add(e, &question);
    if (x == ERR_EXISTS)
        x = eim_order_by_reference(e, EIM_OWN_TENANT, question.reference, &question);
    question.state = EIM_QUEUED;
    eim_order_release(o);
    *o = question;
    return x;
}

/* A clock that was set back makes nobody wait longer than the longest pause. */
static enum err may_be_asked(struct eim *e, const char *eid)
{
    int64_t at = 0, now = clock_now(e->env->clock);
    enum err x = db_get_int(e->env->db, "SELECT ask_at FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), &at);
    return x || at <= now || at > now + eim_postpone_most(e) ? x : ERR_NOT_FOUND;
}

enum err eim_ask_for_certificates(struct eim *e, struct eim_order *o)
{
    const char *why = NULL;
    if (o->kind == EIM_ORDER_DATA)
        return ERR_OK;
    enum err x = eim_chains_judge(e, o->eid, &why);
    if (x == ERR_VERIFY)
        x = eim_trouble_note(e, o->eid, EIM_CERTIFICATE_REFUSED, why);
    else if (x != ERR_NOT_FOUND)
        return x;
    /* Of a download the SM-DP+ judges the certificates too, and its refusal, which nobody signs, ends the order. */
    if (!x && o->kind == EIM_ORDER_DOWNLOAD)
        return x;
    if (!x || x == ERR_NOT_FOUND)
        x = may_be_asked(e, o->eid);
    return x ? x : put_question_first(e, o);
}

enum err eim_learn_certificates(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d, struct eim_euicc *out,
                                const char **why)
{
    *why = "the device does not tell its certificates";
    if (!d->euicc_certificate.len || !d->eum_certificate.len)
        return ERR_NOT_FOUND;
    snprintf(out->eid, sizeof out->eid, "%s", eid);
    enum err x = rsp_put_certificate(d->euicc_certificate, &out->certificate);
    if (!x)
        x = rsp_put_certificate(d->eum_certificate, &out->eum_certificate);
    if (x)
        *why = "a certificate cannot be read";
    else if (eim_judge_certificates(e, out, why))
        x = log_fail(e->env->log, ERR_VERIFY, "SGP.22 4.5.2", *why);
    return x;
}

/* --- trouble with them -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *section;
} troubles[] = {
    [EIM_CERTIFICATE_REFUSED] = { "certificateRefused", "SGP.22 4.5.2" },
    [EIM_CERTIFICATE_NOT_TOLD] = { "certificateNotTold", "SGP.32 2.11.2.2" },
};

/* Who orders, and who reads, hears of what is shown from now on. */
static enum err tell(struct eim *e, const char *eid)
{
    struct buf tenant = { .max = EIM_TENANT_MAX };
    json_t *trouble = NULL;
    enum err x = db_get(e->env->db, "SELECT tenant FROM euicc WHERE eid = ?", DB_ARGS(DB_TEXT(eid)), &tenant);
    if (!x)
        x = eim_trouble_get(e, eid, &trouble);
    if (!x)
        x = eim_event_add(e, buf_cstr(&tenant), EIM_EVENT_LAST_ERROR, eid, json_pack("{s:s, s:O?}", "eid", eid, "lastError", trouble));
    json_decref(trouble);
    buf_release(&tenant);
    return x;
}

static enum err put_trouble_text(enum eim_trouble what, const char *why, struct buf *out)
{
    json_t *json = json_pack("{s:s, s:s, s:s}", "name", troubles[what].name, "detail", why, "section", troubles[what].section);
    enum err x = json ? json_write(json, out) : ERR_NOMEM;
    json_decref(json);
    return x;
}

/* What was found out before stays, and is as old as at first, unless `news` of the device are worse. */
static enum err note(struct eim *e, const char *eid, enum eim_trouble what, const char *why, bool news)
{
    struct buf text = { .max = 1024 };
    int64_t changed = 0;
    enum err x = put_trouble_text(what, why, &text);
    if (!x)
        x = db_run(e->env->db,
                   "UPDATE euicc SET trouble = ?1, trouble_since = ?2 WHERE eid = ?3 AND trouble IS NOT ?1"
                   " AND (?4 OR trouble IS NULL OR NOT json_valid(trouble))",
                   DB_ARGS(DB_TEXT(buf_cstr(&text)), DB_INT(clock_now(e->env->clock)), DB_TEXT(eid), DB_INT(news)), &changed);
    if (!x && changed)
        LOG(e->env->log, LOG_WARN, "euicc.not_believed", F_TEXT("eid", eid), F_TEXT("why", buf_cstr(&text)));
    if (!x && changed)
        x = tell(e, eid);
    buf_release(&text);
    return x;
}

enum err eim_trouble_note(struct eim *e, const char *eid, enum eim_trouble what, const char *why)
{
    return note(e, eid, what, why, false);
}

enum err eim_trouble_asked(struct eim *e, const char *eid, enum eim_trouble what, const char *why)
{
    int64_t asked = 0, now = clock_now(e->env->clock);
    enum err x = note(e, eid, what, why, what == EIM_CERTIFICATE_REFUSED);
    if (!x)
        x = db_get_int(e->env->db, "UPDATE euicc SET asked = asked + 1 WHERE eid = ? RETURNING asked - 1", DB_ARGS(DB_TEXT(eid)),
                       &asked);
    return x ? x
             : db_run(e->env->db, "UPDATE euicc SET ask_at = ? WHERE eid = ?",
                      DB_ARGS(DB_INT(now + clock_back_off(e->postpone_ms, eim_postpone_most(e), asked)), DB_TEXT(eid)), NULL);
}

enum err eim_trouble_end(struct eim *e, const char *eid)
{
    int64_t ended = 0;
    enum err x = db_run(e->env->db, "UPDATE euicc SET ask_at = 0, asked = 0 WHERE eid = ? AND asked > 0", DB_ARGS(DB_TEXT(eid)), NULL);
    if (!x)
        x = db_run(e->env->db, "UPDATE euicc SET trouble = NULL WHERE eid = ? AND trouble IS NOT NULL", DB_ARGS(DB_TEXT(eid)), &ended);
    return x || !ended ? x : tell(e, eid);
}

static enum err take_trouble(void *context, const struct db_row *r)
{
    json_t *json = json_loads(db_text(r, 0), 0, NULL);
    *(json_t **)context = json;
    return json ? json_set_int(json, "since", db_int(r, 1)) : ERR_OK; /* what cannot be read is found out again */
}

enum err eim_trouble_get(struct eim *e, const char *eid, json_t **out)
{
    *out = NULL;
    enum err x = db_query(e->env->db, "SELECT trouble, trouble_since FROM euicc WHERE eid = ? AND trouble IS NOT NULL",
                          DB_ARGS(DB_TEXT(eid)), take_trouble, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}
