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

enum err eim_ask_for_certificates(struct eim *e, struct eim_order *o)
{
    int64_t known = 0;
    if (o->kind == EIM_ORDER_DATA)
        return ERR_OK;
    enum err x = db_get_int(e->env->db, "SELECT length(certificate) > 0 FROM euicc WHERE eid = ?",
                            DB_ARGS(DB_TEXT(o->eid)), &known);
    return x || known ? x : put_question_first(e, o);
}

enum err eim_learn_certificates(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d, struct eim_euicc *out)
{
    const char *why = NULL;
    if (!d->euicc_certificate.len || !d->eum_certificate.len)
        return ERR_NOT_FOUND;
    snprintf(out->eid, sizeof out->eid, "%s", eid);
    enum err x = rsp_put_certificate(d->euicc_certificate, &out->certificate);
    if (!x)
        x = rsp_put_certificate(d->eum_certificate, &out->eum_certificate);
    if (!x && eim_judge_certificates(e, out, &why))
        x = log_fail(e->env->log, ERR_VERIFY, "SGP.22 4.5.2", why);
    return x;
}
