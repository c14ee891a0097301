/* ES2+: the life of an order (SGP.22 3.1.1, 5.3). Each call may come again: what was done stays done. */
#include <stdio.h>
#include <string.h>

#include "rsp_ids.h"
#include "smdp_functions.h"

static bool given(const char *text)
{
    return text && text[0];
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* The operator's own profile, or 8.2.1/3.9: another operator's is as unknown as one that does not exist, unless the settings
 * say that it is told. */
static enum err own_profile(struct smdp *s, const struct smdp_order *q, struct smdp_profile *p,
                            struct es_status *status)
{
    enum err e = given(q->iccid) ? smdp_profile_get(s, q->iccid, p) : ERR_NOT_FOUND;
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (!e && !same(p->owner, q->operator_name) && s->foreign_told)
        es_refuse(status, "8.2.1", "1.2", "the profile is another operator's");
    else if (e || !same(p->owner, q->operator_name))
        es_refuse(status, "8.2.1", "3.9", "ICCID unknown");
    return ERR_OK;
}

static void answer_with(const struct smdp_profile *p, struct smdp_order_answer *a)
{
    snprintf(a->iccid, sizeof a->iccid, "%s", p->iccid);
    snprintf(a->eid, sizeof a->eid, "%s", p->eid);
    snprintf(a->matching_id, sizeof a->matching_id, "%s", p->matching_id);
}

/* Another client has this type. */
static enum err is_foreign_type(struct smdp *s, const char *type, bool *foreign)
{
    enum err e = ERR_NOT_FOUND;
    *foreign = false;
    for (size_t i = 0; i < s->client_count && e == ERR_NOT_FOUND; i++)
        e = smdp_type_find(s, s->clients[i].name, type);
    *foreign = !e;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err refuse_type(struct smdp *s, const char *type, struct es_status *status)
{
    bool foreign = false;
    enum err e = s->foreign_told ? is_foreign_type(s, type, &foreign) : ERR_OK;
    if (!e && foreign)
        es_refuse(status, "8.2.5", "1.2", "the profile type is another operator's");
    else if (!e)
        es_refuse(status, "8.2.5", "3.9", "profile type unknown");
    return e;
}

static void refuse_other_eid(const struct smdp *s, bool downloading, struct es_status *status)
{
    const char *why = "another EID is bound to this order";
    if (s->other_eid == SMDP_OTHER_EID_3_1)
        es_refuse(status, "8.1.1", "3.1", why);
    else if (s->other_eid == SMDP_OTHER_EID_BY_FUNCTION && downloading)
        es_refuse(status, "8.2.1", "3.10", why);
    else
        es_refuse(status, "8.1.1", "3.10", why);
}

static enum err profile_of_type(struct smdp *s, const struct smdp_order *q, struct smdp_profile *p,
                                struct es_status *status)
{
    enum err e = smdp_profile_by_type(s, q->operator_name, q->profile_type, given(q->eid) ? q->eid : "", p);
    if (e == ERR_REFUSED)
        return refuse_type(s, q->profile_type, status);
    if (e == ERR_NOT_FOUND)
        es_refuse(status, "8.2.5", "3.7", "no profile of this type is left");
    else
        return e;
    return ERR_OK;
}

static enum err download_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                               struct es_status *status)
{
    struct smdp_profile p = { 0 };
    bool by_type = !given(q->iccid) && given(q->profile_type);
    enum err e = by_type ? profile_of_type(s, q, &p, status) : own_profile(s, q, &p, status);
    if (!e && !es_refused(status) && given(q->profile_type) && !same(q->profile_type, p.type))
        es_refuse(status, "8.2.5", "3.8", "the profile of this ICCID is of another type");
    if (e || es_refused(status))
        return e;
    bool again = p.state == SMDP_ALLOCATED && same(p.eid, given(q->eid) ? q->eid : "");
    if (!again && p.eid[0] && given(q->eid) && !same(p.eid, q->eid))
        refuse_other_eid(s, true, status);
    else if (!again && p.state != SMDP_AVAILABLE)
        es_refuse(status, "8.2.1", "3.3", "the profile is not available");
    if (es_refused(status))
        return ERR_OK;
    if (!again) {
        p.state = SMDP_ALLOCATED;
        snprintf(p.eid, sizeof p.eid, "%s", given(q->eid) ? q->eid : "");
        e = smdp_profile_update(s, &p, "ES2+.DownloadOrder");
    }
    answer_with(&p, a);
    return e;
}

/* A matchingId of our own: 20 random hex digits in four groups. */
static enum err new_matching_id(struct smdp *s, char out[SMDP_MATCHING_ID_MAX + 1])
{
    uint8_t r[10];
    enum err e = rng_fill(s->env->rng, r, sizeof r);
    snprintf(out, SMDP_MATCHING_ID_MAX + 1, "%02X%02X%X-%X%02X%02X-%02X%02X%X-%X%02X%02X", r[0], r[1], r[2] >> 4,
             r[2] & 15, r[3], r[4], r[5], r[6], r[7] >> 4, r[7] & 15, r[8], r[9]);
    return e;
}

static void check_confirmation(const struct smdp *s, const struct smdp_order *q, const struct smdp_profile *p,
                               struct es_status *status)
{
    bool confirmed = p->state > SMDP_ALLOCATED && p->state <= SMDP_RELEASED;
    if (given(q->eid) && !same(q->eid, p->eid) && (p->eid[0] || confirmed)) /* also when it was confirmed without one */
        refuse_other_eid(s, false, status);
    else if (given(q->matching_id) && !rsp_matching_id_is_valid(span_str(q->matching_id)))
        es_refuse(status, "8.2.6", "2.1", "a matchingId is capital letters, digits and '-'");
    else if (given(q->matching_id) && (int64_t)strlen(q->matching_id) < s->matching_id_min)
        es_refuse(status, "8.2.6", "2.1", "a matchingId of so few characters can be guessed");
    else if (given(q->matching_id) && p->matching_id[0] && !same(q->matching_id, p->matching_id))
        es_refuse(status, "8.2.6", "3.10", "another matchingId belongs to this ICCID");
    else if (p->state < SMDP_ALLOCATED || p->state > SMDP_RELEASED)
        es_refuse(status, "8.2.1", "3.5", "no download order is open for this profile");
}

/* SGP.22 5.3.2: an event is for an eUICC, and at an SM-DS that is known here. What it says is heard later: a refusal is told
 * when the order is confirmed again. */
static enum err check_smds(struct smdp *s, const struct smdp_order *q, const struct smdp_profile *p,
                           struct es_status *status)
{
    struct smdp_registration x = { 0 };
    if (!given(q->smds_address))
        return ERR_OK;
    if (!given(q->eid) && !p->eid[0])
        es_refuse(status, "8.1.1", "2.2", "an order with an SM-DS address needs an EID");
    else if (!smdp_smds_find(s, q->smds_address))
        es_refuse(status, "8.9", "5.1", "this SM-DS is not configured");
    if (es_refused(status))
        return ERR_OK;
    enum err e = smdp_registration_get(s, p->iccid, &x);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (x.refusal[0])
        es_refuse(status, "8.9", "4.2", "the SM-DS refused the event");
    else if (!rsp_address_equal(span_str(x.smds), span_str(q->smds_address)))
        es_refuse(status, "8.2.1", "3.5", "this order is an event at another SM-DS");
    return ERR_OK;
}

static enum err take_confirmation_code(struct smdp *s, const struct smdp_order *q, struct smdp_profile *p)
{
    if (!given(q->confirmation_code))
        return ERR_OK;
    struct span code = span_str(q->confirmation_code);
    p->confirmation_required = true;
    p->attempts = 0;
    enum err e = confirmation_code_digest(s->env->crypto, code, false, p->confirmation_sha256[0]);
    return e ? e : confirmation_code_digest(s->env->crypto, code, true, p->confirmation_sha256[1]);
}

/* From here on the order runs out (SGP.22 3.1.1). */
static void release(struct smdp *s, struct smdp_profile *p)
{
    if (p->state != SMDP_RELEASED) {
        p->released_at = clock_now(s->env->clock);
        p->downloads = 0;
    }
    p->state = SMDP_RELEASED;
}

static enum err confirm_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                              struct es_status *status)
{
    struct smdp_profile p = { 0 };
    enum err e = own_profile(s, q, &p, status);
    if (!e && !es_refused(status))
        check_confirmation(s, q, &p, status);
    if (!e && !es_refused(status))
        e = check_smds(s, q, &p, status);
    if (e || es_refused(status))
        return e;
    if (p.state == SMDP_ALLOCATED) {
        if (given(q->eid))
            snprintf(p.eid, sizeof p.eid, "%s", q->eid);
        if (given(q->matching_id))
            snprintf(p.matching_id, sizeof p.matching_id, "%s", q->matching_id);
        else if (!p.matching_id[0])
            e = new_matching_id(s, p.matching_id);
        if (!e)
            e = take_confirmation_code(s, q, &p);
        p.state = p.eid[0] ? SMDP_LINKED : SMDP_CONFIRMED;
    }
    if (q->release)
        release(s, &p);
    if (!e)
        e = smdp_profile_update(s, &p, "ES2+.ConfirmOrder");
    if (e == ERR_EXISTS) {
        es_refuse(status, "8.2.6", "3.3", "this matchingId is in use");
        return ERR_OK;
    }
    if (!e && given(q->smds_address))
        e = smdp_registration_open(s, &p, smdp_smds_find(s, q->smds_address));
    answer_with(&p, a);
    return e;
}

static enum err cancel_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                             struct es_status *status)
{
    struct smdp_profile p = { 0 };
    bool unavailable = given(q->final_state) && same(q->final_state, "Unavailable");
    enum err e = own_profile(s, q, &p, status);
    if (e || es_refused(status))
        return e;
    if (given(q->eid) && p.eid[0] && !same(q->eid, p.eid))
        es_refuse(status, "8.1.1", "3.10", "another EID is bound to this order");
    else if (given(q->matching_id) && !same(q->matching_id, p.matching_id) && p.state != SMDP_AVAILABLE)
        es_refuse(status, "8.2.6", "3.10", "another matchingId belongs to this ICCID");
    else if (p.state == SMDP_INSTALLED || p.state == SMDP_DOWNLOADED)
        es_refuse(status, "8.2.1", "3.5", "the profile left the SM-DP+ already");
    else if (p.state == SMDP_UNAVAILABLE && !unavailable)
        es_refuse(status, "8.2.1", "3.3", "the profile was withdrawn for good");
    if (es_refused(status))
        return ERR_OK;
    p.state = unavailable ? SMDP_UNAVAILABLE : SMDP_AVAILABLE;
    p.eid[0] = p.matching_id[0] = p.bound[0] = 0;
    p.claimed = false;
    p.confirmation_required = false;
    answer_with(&p, a);
    /* Who authenticated for this order must not get what is ordered next. */
    e = smdp_session_close_all(s, p.iccid);
    return e ? e : smdp_profile_update(s, &p, "ES2+.CancelOrder");
}

static enum err release_profile(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                struct es_status *status)
{
    struct smdp_profile p = { 0 };
    enum err e = own_profile(s, q, &p, status);
    if (e || es_refused(status))
        return e;
    answer_with(&p, a);
    if (p.state == SMDP_RELEASED)
        return ERR_OK;
    if (p.state != SMDP_LINKED && p.state != SMDP_CONFIRMED) {
        es_refuse(status, "8.2.1", "3.5", "only a confirmed order can be released");
        return ERR_OK;
    }
    release(s, &p);
    return smdp_profile_update(s, &p, "ES2+.ReleaseProfile");
}

typedef enum err (*order_function)(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                   struct es_status *status);

/* One call, one transaction; a refusal changes nothing. */
static enum err in_transaction(order_function run, struct smdp *s, const struct smdp_order *q,
                               struct smdp_order_answer *a, struct es_status *status)
{
    *a = (struct smdp_order_answer){ 0 };
    enum err e = db_begin(s->env->db);
    if (e)
        return e;
    e = run(s, q, a, status);
    if (!e && es_refused(status)) {
        db_rollback(s->env->db);
        return ERR_OK;
    }
    return db_end(s->env->db, e);
}

enum err smdp_download_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                             struct es_status *status)
{
    return in_transaction(download_order, s, q, a, status);
}

enum err smdp_confirm_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                            struct es_status *status)
{
    return in_transaction(confirm_order, s, q, a, status);
}

enum err smdp_cancel_order(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                           struct es_status *status)
{
    return in_transaction(cancel_order, s, q, a, status);
}

enum err smdp_release_profile(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                              struct es_status *status)
{
    return in_transaction(release_profile, s, q, a, status);
}
