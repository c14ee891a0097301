/* The operator's side of the platform: its inventory, its accounts, and SIMs that move between them (R36). */
#include <jansson.h>
#include <string.h>

#include "cmp_internal.h"
#include "crypto.h"
#include "json.h"

/* ---- inventory -------------------------------------------------------------------------------------------------- */

static bool iccid_fits(const char *iccid)
{
    size_t len = strlen(iccid);
    return (len == 19 || len == 20) && strspn(iccid, "0123456789") == len;
}

static enum err read_sim(struct cmp *c, const json_t *row, struct http_response *p, struct cmp_device *d)
{
    *d = (struct cmp_device){ .added = clock_now(c->env->clock) };
    d->updated = d->added;
    enum err e = CMP_TAKE(p, row, "iccid", d->iccid);
    if (!e)
        e = CMP_TAKE(p, row, "imsi", d->imsi);
    if (!e)
        e = CMP_TAKE(p, row, "msisdn", d->msisdn);
    if (!e)
        e = CMP_TAKE(p, row, "imei", d->imei);
    if (!e)
        e = CMP_TAKE(p, row, "accountId", d->account);
    if (!e)
        e = CMP_TAKE(p, row, "status", d->status);
    if (!e)
        e = CMP_TAKE(p, row, "ratePlan", d->rate_plan);
    if (!e)
        e = CMP_TAKE(p, row, "communicationPlan", d->communication_plan);
    if (!e && !iccid_fits(d->iccid))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "iccid must have 19 or 20 digits.");
    return e;
}

/* A SIM in an account was moved there before the platform was started; one in the inventory has no status of its own. */
static enum err place_sim(struct cmp *c, struct http_response *p, struct cmp_device *d)
{
    if (!d->status[0])
        strcpy(d->status, d->account[0] ? c->transfer_status : "INVENTORY");
    if (!cmp_status_known(d->status) || (!d->account[0] && strcmp(d->status, "INVENTORY") != 0))
        return cmp_refuse(p, 400, CMP_BAD_VALUE, "This status is not one of a SIM in this place.");
    if (!d->account[0])
        return ERR_OK;
    d->shipped = d->added;
    if (cmp_status_bills(d->status))
        d->activated = d->added;
    enum err e = cmp_account_exists(c->env->db, d->account);
    return e == ERR_NOT_FOUND ? cmp_refuse(p, 400, CMP_BAD_VALUE, "accountId names no account.") : e;
}

static enum err add_sims(struct cmp *c, const json_t *rows, struct http_response *p, int *added)
{
    size_t i;
    json_t *row;
    enum err e = ERR_OK;
    json_array_foreach((json_t *)rows, i, row)
    {
        struct cmp_device d, known;
        if (!e)
            e = read_sim(c, row, p, &d);
        if (!e)
            e = place_sim(c, p, &d);
        if (!e)
            e = cmp_device_find(c->env->db, d.iccid, &known);
        if (e == ERR_NOT_FOUND) {
            e = cmp_device_create(c, &d);
            ++*added;
        }
    }
    return e;
}

enum err cmp_post_inventory(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    json_t *body = NULL;
    int added = 0;
    enum err e = cmp_require(c, q, p, CMP_RIGHT_ADMINISTER, &who);
    if (!e)
        e = cmp_read_json(q, p, &body);
    const json_t *rows = json_object_get(body, "devices");
    if (!e && !json_is_array(rows))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "devices must be a list.");
    if (!e)
        e = db_begin(c->env->db);
    if (!e)
        e = db_end(c->env->db, add_sims(c, rows, p, &added));
    int known = (int)json_array_size(rows) - added;
    json_decref(body);
    return e ? e : http_json(p, 200, json_pack("{s:i, s:i}", "added", added, "known", known));
}

enum err cmp_put_refusal(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    char cause[CMP_TEXT] = "";
    json_t *body = NULL;
    enum err e = cmp_require(c, q, p, CMP_RIGHT_ADMINISTER, &who);
    if (!e)
        e = cmp_read_json(q, p, &body);
    if (!e && !json_object_get(body, "cause"))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "cause is missing.");
    if (!e)
        e = CMP_TAKE(p, body, "cause", cause);
    if (!e)
        e = cmp_refusal_set(c->env->db, cause);
    json_decref(body);
    return e ? e : http_json(p, 200, json_pack("{s:s}", "cause", cause));
}

/* ---- accounts --------------------------------------------------------------------------------------------------- */

static enum err read_account(struct cmp *c, const json_t *body, struct http_response *p, struct cmp_account *a)
{
    const char *key = json_str(body, "apiKey");
    enum err e = CMP_TAKE(p, body, "accountId", a->id);
    if (!e)
        e = CMP_TAKE(p, body, "username", a->username);
    if (!e && (!a->id[0] || !a->username[0] || strchr(a->username, ':') || !key || !key[0]))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "accountId, username (without colon) and apiKey are needed.");
    const struct span secret = span_str(key);
    return e ? e : sha256(c->env->crypto, &secret, 1, a->key_hash);
}

enum err cmp_post_account(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who;
    json_t *body = NULL;
    struct cmp_account a = { .id = "" };
    enum err e = cmp_require(c, q, p, CMP_RIGHT_ADMINISTER, &who);
    if (!e)
        e = cmp_read_json(q, p, &body);
    if (!e)
        e = read_account(c, body, p, &a);
    json_decref(body);
    if (!e)
        e = cmp_account_add(c->env->db, &a);
    if (e == ERR_EXISTS)
        return cmp_refuse(p, 409, "account-exists", "The account or the user name is there already.");
    return e ? e : http_json(p, 201, json_pack("{s:s, s:s}", "accountId", a.id, "username", a.username));
}

/* ---- transfers -------------------------------------------------------------------------------------------------- */

struct order {
    struct cmp_transfer transfer;
    char rate_plan[CMP_TEXT], communication_plan[CMP_TEXT];
    bool again; /* told before */
};

static enum err read_order(const json_t *body, struct http_response *p, struct order *o)
{
    char iccid[21] = "";
    enum err e = CMP_TAKE(p, body, "iccid", iccid);
    if (!e)
        e = CMP_TAKE(p, body, "accountId", o->transfer.account);
    if (!e)
        e = CMP_TAKE(p, body, "reference", o->transfer.reference);
    if (!e)
        e = CMP_TAKE(p, body, "ratePlan", o->rate_plan);
    if (!e)
        e = CMP_TAKE(p, body, "communicationPlan", o->communication_plan);
    memcpy(o->transfer.iccid, iccid, sizeof iccid);
    if (!e && (!iccid_fits(iccid) || !o->transfer.account[0] || !o->transfer.reference[0]))
        e = cmp_refuse(p, 400, CMP_BAD_VALUE, "iccid, accountId and reference are needed.");
    return e;
}

/* The same reference again: the same answer, unless it now means something else. */
static enum err check_repeated(struct cmp *c, struct order *o, struct http_response *p)
{
    struct cmp_transfer known;
    struct cmp_device d;
    enum err e = cmp_transfer_find(c->env->db, o->transfer.reference, &known);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = cmp_device_find(c->env->db, o->transfer.iccid, &d);
    bool same = !e && strcmp(d.iccid, known.iccid) == 0 && strcmp(known.account, o->transfer.account) == 0;
    if (!same)
        return cmp_refuse(p, 409, "reference-conflict", "The reference belongs to another transfer.");
    if (known.reversed)
        return cmp_refuse(p, 409, "reversed", "The transfer was reversed.");
    o->transfer = known;
    o->again = true;
    return ERR_OK;
}

static enum err check_refusal(struct cmp *c, struct http_response *p)
{
    char cause[CMP_TEXT];
    enum err e = cmp_refusal_get(c->env->db, cause);
    return e || !cause[0] ? e : cmp_refuse(p, 409, cause, "The platform refuses transfers.");
}

static enum err refuse_unknown(struct cmp *c, struct http_response *p)
{
    int64_t left = 0;
    enum err e = cmp_inventory_count(c->env->db, &left);
    if (e)
        return e;
    return left ? cmp_refuse(p, 409, "not-in-inventory", "The SIM is not in the operator's inventory.")
                : cmp_refuse(p, 409, "inventory-empty", "The operator's inventory is empty.");
}

static enum err find_movable(struct cmp *c, const struct order *o, struct http_response *p, struct cmp_device *d)
{
    enum err e = cmp_account_exists(c->env->db, o->transfer.account);
    if (e == ERR_NOT_FOUND)
        return cmp_refuse(p, 400, CMP_BAD_VALUE, "accountId names no account.");
    if (!e)
        e = cmp_device_find(c->env->db, o->transfer.iccid, d);
    if (e == ERR_NOT_FOUND)
        return refuse_unknown(c, p);
    if (!e && d->account[0] && strcmp(d->account, o->transfer.account) != 0)
        e = cmp_refuse(p, 409, "other-account", "The SIM belongs to another account.");
    return e;
}

static enum err move(struct cmp *c, const char *who, struct order *o, const struct cmp_device *d)
{
    struct cmp_device after = *d;
    struct cmp_writer w = { .who = who, .at = clock_now(c->env->clock) };
    memcpy(o->transfer.iccid, d->iccid, sizeof d->iccid);
    memcpy(after.account, o->transfer.account, sizeof after.account);
    if (o->rate_plan[0])
        memcpy(after.rate_plan, o->rate_plan, sizeof after.rate_plan);
    if (o->communication_plan[0])
        memcpy(after.communication_plan, o->communication_plan, sizeof after.communication_plan);
    if (!d->account[0]) {
        memcpy(after.status, c->transfer_status, sizeof after.status);
        after.shipped = w.at;
    }
    enum err e = cmp_next_call(c->env->db, &w.call);
    if (!e)
        e = cmp_device_change(c, &w, d, &after);
    return e ? e : cmp_transfer_add(c->env->db, &o->transfer);
}

static enum err transfer(struct cmp *c, const char *who, struct order *o, struct http_response *p)
{
    struct cmp_device d;
    enum err e = check_repeated(c, o, p);
    if (e || o->again)
        return e;
    e = check_refusal(c, p);
    if (!e)
        e = find_movable(c, o, p, &d);
    return e ? e : move(c, who, o, &d);
}

static enum err answer(struct http_response *p, int status, const struct cmp_transfer *t)
{
    return http_json(p, status, json_pack("{s:s, s:s, s:s, s:s}", "reference", t->reference, "iccid", t->iccid,
                                          "accountId", t->account, "state", t->reversed ? "reversed" : "done"));
}

enum err cmp_post_transfer(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who = "";
    json_t *body = NULL;
    struct order o = { .again = false };
    enum err e = cmp_require(c, q, p, CMP_RIGHT_TRANSFER, &who);
    if (!e)
        e = cmp_read_json(q, p, &body);
    if (!e)
        e = read_order(body, p, &o);
    json_decref(body);
    if (!e)
        e = db_begin(c->env->db);
    if (!e)
        e = db_end(c->env->db, transfer(c, who, &o, p));
    if (e)
        return e;
    LOG(c->env->log, LOG_INFO, "cmp.transfer", F_TEXT("carrier", c->carrier), F_TEXT("iccid", o.transfer.iccid),
        F_TEXT("account", o.transfer.account), F_TEXT("reference", o.transfer.reference), F_INT("again", o.again));
    return answer(p, o.again ? 200 : 201, &o.transfer);
}

/* Back into the inventory, not billable, whatever it was meanwhile (orchestration 2). */
static enum err move_back(struct cmp *c, const char *who, const struct cmp_transfer *t)
{
    struct cmp_device before, after;
    struct cmp_writer w = { .who = who, .at = clock_now(c->env->clock) };
    enum err e = cmp_device_find(c->env->db, t->iccid, &before);
    if (e)
        return e;
    /* Moved on since, by another transfer: that one stands. */
    if (strcmp(before.account, t->account) != 0)
        return cmp_transfer_reverse(c->env->db, t->reference);
    after = before;
    after.account[0] = after.rate_plan[0] = after.communication_plan[0] = 0;
    after.shipped = 0;
    strcpy(after.status, "INVENTORY");
    e = cmp_next_call(c->env->db, &w.call);
    if (!e)
        e = cmp_device_change(c, &w, &before, &after);
    return e ? e : cmp_transfer_reverse(c->env->db, t->reference);
}

static enum err reverse(struct cmp *c, const char *who, const char *reference, struct http_response *p,
                        struct cmp_transfer *t)
{
    enum err e = cmp_transfer_find(c->env->db, reference, t);
    if (e == ERR_NOT_FOUND)
        return cmp_refuse(p, 404, "unknown-reference", "No transfer has this reference.");
    if (!e && !t->reversed)
        e = move_back(c, who, t);
    t->reversed = true;
    return e;
}

enum err cmp_post_reversal(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp *c = actor;
    const char *who = "";
    struct cmp_transfer t;
    enum err e = cmp_require(c, q, p, CMP_RIGHT_TRANSFER, &who);
    if (!e)
        e = db_begin(c->env->db);
    if (!e)
        e = db_end(c->env->db, reverse(c, who, q->part[0], p, &t));
    return e ? e : answer(p, 200, &t);
}
