/* Northbound: one order for many eUICCs, as a fleet that is handed over wants it; each has its outcome, and its own reference. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

/* "<reference>/<EID>" */
#define REFERENCE_MAX (128 - 33)

struct batch {
    const struct eim_caller *who;
    struct eim_order order; /* what all have in common */
    char reference[REFERENCE_MAX + 1];
    size_t queued, known, refused;
    json_t *results;
};

static enum err put_outcome(struct batch *b, const json_t *eid, const struct eim_order *o, const struct eim_verdict *v)
{
    json_t *one = json_pack("{s:O, s:i, s:s*, s:s*, s:s*}", "eid", eid, "status", v->status, "orderId", o ? o->id : NULL, "title",
                            v->title, "detail", v->detail);
    b->queued += v->status == 202;
    b->known += v->status == 200;
    b->refused += v->status >= 400;
    return json_array_append_new(b->results, one) ? ERR_NOMEM : ERR_OK;
}

/* The same order under the same reference is one order: a call that is made again does nothing again. */
static enum err find_known(struct eim *e, const struct eim_order *o, struct eim_order *known, struct eim_verdict *v)
{
    enum err x = eim_order_by_reference(e, o->tenant, o->reference, known);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    if (eim_order_difference(known, o))
        eim_say(v, 409, "reference in use", "the order with this reference is another one");
    else
        eim_say(v, 200, NULL, NULL);
    return ERR_OK;
}

static enum err add_one(struct eim *e, struct batch *b, const json_t *eid)
{
    struct eim_order known, *o = &b->order;
    struct eim_verdict v = { 0 };
    eim_order_init(&known);
    snprintf(o->eid, sizeof o->eid, "%s", json_string_value(eid) ? json_string_value(eid) : "");
    snprintf(o->reference, sizeof o->reference, "%s/%s", b->reference, o->eid);
    enum err x = find_known(e, o, &known, &v);
    if (!x && !v.status)
        x = eim_judge_orderable(e, o, &v);
    if (!x && !v.status)
        x = rng_uuid(e->env->rng, o->id);
    if (!x && !v.status) {
        eim_say(&v, 202, NULL, NULL);
        x = eim_order_add(e, o);
        if (!x)
            x = eim_push_soon(e, o->eid);
    }
    if (!x)
        x = put_outcome(b, eid, v.status == 202 ? o : v.status == 200 ? &known : NULL, &v);
    eim_order_release(&known);
    return x;
}

/* Of many orders, how many there were; the object is the reference that theirs begin with. */
static enum err audit_batch(struct eim *e, const struct batch *b)
{
    char detail[120];
    snprintf(detail, sizeof detail, "%s: %zu queued, %zu known, %zu refused", eim_order_kind_name(b->order.kind), b->queued, b->known,
             b->refused);
    return eim_audit(e, b->who, "orders.add", b->reference, 200, detail);
}

/* Inside a transaction. */
static enum err add_all(struct eim *e, struct batch *b, const json_t *eids)
{
    json_t *eid;
    size_t i;
    enum err x = ERR_OK;
    json_array_foreach(eids, i, eid)
        if (!x)
            x = add_one(e, b, eid);
    return x ? x : audit_batch(e, b);
}

/* Without its eids the body is an order. */
static enum err read_batch(struct eim *e, json_t *body, const json_t *eids, struct batch *b, struct http_response *p)
{
    json_object_del(body, "eids");
    enum err x = eim_read_order(e, body, &b->order, p);
    if (!x)
        x = eim_check_eids(eids, p);
    if (x)
        return x;
    if (strlen(b->order.reference) > REFERENCE_MAX)
        return eim_problem(p, 400, "reference is too long", "at most 95 characters, because each order has its EID behind it");
    if (b->order.activation_code.len)
        return eim_problem(p, 400, "activationCode is wrong", "a code is for one eUICC: say whom to contact, or order one by one");
    snprintf(b->reference, sizeof b->reference, "%s", b->order.reference);
    snprintf(b->order.tenant, sizeof b->order.tenant, "%s", b->who->tenant);
    return ERR_OK;
}

/* POST /v1/orders {as an order, eids} */
enum err eim_add_orders(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    json_t *body = NULL;
    struct batch b = { .who = &who, .results = json_array() };
    eim_order_init(&b.order);
    enum err x = b.results ? eim_authorize(e, q, p, EIM_ORDER, &who) : ERR_NOMEM;
    if (!x)
        x = http_read_json(q, p, &body);
    json_t *eids = json_incref(json_object_get(body, "eids"));
    if (!x)
        x = read_batch(e, body, eids, &b, p);
    if (!x)
        x = db_begin(e->env->db);
    if (!x)
        x = db_end(e->env->db, add_all(e, &b, eids));
    json_t *whole = x ? NULL : json_pack("{s:I, s:I, s:I, s:O}", "queued", (json_int_t)b.queued, "known", (json_int_t)b.known,
                                         "refused", (json_int_t)b.refused, "results", b.results);
    json_decref(b.results);
    json_decref(eids);
    json_decref(body);
    eim_order_release(&b.order);
    return x ? x : http_json(p, 200, whole);
}
