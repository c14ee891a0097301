#include <stdio.h>
#include <string.h>

#include "doubles.h"
#include "json.h"
#include "world.h"

int eim_double_orders(const struct eim_double *d, const char *eid, const char *kind)
{
    int n = 0;
    for (size_t i = 0; i < d->count; i++)
        n += strcmp(d->order[i].eid, eid) == 0 && strcmp(d->order[i].kind, kind) == 0;
    return n;
}

/* What a card lists: the lead's profile, and the one that it has enabled. */
static json_t *listing(const char *enabled)
{
    bool lead = strcmp(enabled, LEAD_ICCID) == 0;
    json_t *list = json_pack("[{s:s, s:s, s:b}]", "iccid", LEAD_ICCID, "state", lead ? "enabled" : "disabled", "fallback", 1);
    if (!lead)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "iccid", enabled, "state", "enabled", "fallback", 0));
    return list;
}

static enum err show(struct eim_double *d, struct http_response *p, int status, const struct eim_order_row *o)
{
    json_t *result = o->result ? json_pack("{s:i, s:s, s:s*}", "code", 0, "name", o->result, "error", o->error) : NULL;
    if (result && d->enabled && strcmp(o->kind, "list") == 0)
        json_object_set_new(result, "profiles", listing(d->enabled));
    return http_json(p, status, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o*}", "orderId", o->id, "reference",
                                          o->reference, "eid", o->eid, "kind", o->kind, "state", o->state, "result",
                                          result));
}

static struct eim_order_row *find(struct eim_double *d, const char *reference, const char *id)
{
    for (size_t i = 0; i < d->count; i++)
        if ((reference && strcmp(d->order[i].reference, reference) == 0) || (id && strcmp(d->order[i].id, id) == 0))
            return &d->order[i];
    return NULL;
}

static void copy(char *at, size_t size, const char *text)
{
    snprintf(at, size, "%s", text ? text : "");
}

static enum err place(struct eim_double *d, const char *eid, const json_t *body, struct http_response *p)
{
    struct eim_order_row *o = find(d, json_str(body, "reference"), NULL);
    if (o)
        return show(d, p, 200, o);
    o = &d->order[d->count++];
    snprintf(o->id, sizeof o->id, "o%zu", d->count);
    copy(o->eid, sizeof o->eid, eid);
    copy(o->reference, sizeof o->reference, json_str(body, "reference"));
    copy(o->kind, sizeof o->kind, json_str(body, "kind"));
    copy(o->iccid, sizeof o->iccid, json_str(body, "iccid"));
    copy(o->code, sizeof o->code, json_str(body, "activationCode"));
    copy(o->callback, sizeof o->callback, json_str(body, "callback"));
    o->rollback = json_is_true(json_object_get(body, "rollback"));
    o->state = "queued";
    return show(d, p, 202, o);
}

static enum err post_order(void *actor, const struct http_request *q, struct http_response *p)
{
    json_t *body = NULL;
    enum err e = http_read_json(q, p, &body);
    if (!e)
        e = place(actor, q->part[0], body, p);
    json_decref(body);
    return e;
}

static enum err get_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim_double *d = actor;
    struct buf reference = { .max = 128 };
    enum err e = http_query(q, "reference", &reference);
    struct eim_order_row *o = e ? NULL : find(d, buf_cstr(&reference), NULL);
    buf_release(&reference);
    return o ? show(d, p, 200, o) : http_problem(p, 404, "unknown", "");
}

static enum err delete_order(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim_double *d = actor;
    struct eim_order_row *o = find(d, NULL, q->part[0]);
    if (!o)
        return http_problem(p, 404, "unknown", "");
    if (strcmp(o->state, "queued") != 0)
        return http_problem(p, 409, "sent", "");
    o->state = "cancelled";
    return show(d, p, 200, o);
}

static enum err post_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)q;
    struct eim_double *d = actor;
    d->registered++;
    if (d->meanwhile)
        d->meanwhile(d->meanwhile_context);
    return http_json(p, 201, json_pack("{s:s}", "state", "registered"));
}

static const struct http_route routes[] = {
    { "POST", "/v1/euiccs", post_euicc },
    { "POST", "/v1/euiccs/{eid}/orders", post_order },
    { "GET", "/v1/orders", get_order },
    { "DELETE", "/v1/orders/{id}", delete_order },
};

void eim_double_init(struct eim_double *d)
{
    static const struct actor_ops ops = { .role = "eim", .routes = routes, .route_count = COUNT(routes) };
    *d = (struct eim_double){ .actor = { &ops } };
}
