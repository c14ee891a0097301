#include <stdio.h>
#include <string.h>

#include "doubles.h"
#include "json.h"

struct cmp_sim *cmp_double_find(struct cmp_double *d, const char *iccid)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->sim[i].iccid, iccid) == 0)
            return &d->sim[i];
    return NULL;
}

struct cmp_sim *cmp_double_add(struct cmp_double *d, const char *iccid, const char *status, bool ours)
{
    struct cmp_sim *s = &d->sim[d->count++];
    snprintf(s->iccid, sizeof s->iccid, "%s", iccid);
    snprintf(s->status, sizeof s->status, "%s", status);
    s->owned_by_us = ours;
    return s;
}

static enum err refuse(struct http_response *p, int status, const char *code)
{
    return http_json(p, status, json_pack("{s:s, s:s}", "errorMessage", "no", "errorCode", code));
}

/* Basic "enterprise:partner-secret" */
static bool is_ours(const struct http_request *q)
{
    const char *shown = http_header(q, "Authorization");
    return shown && strcmp(shown, "Basic ZW50ZXJwcmlzZTpwYXJ0bmVyLXNlY3JldA==") == 0;
}

static enum err begin(struct cmp_double *d, const struct http_request *q, struct http_response *p)
{
    enum err e = ERR_OK;
    if (d->status)
        e = refuse(p, d->status, "30000001");
    else if (!is_ours(q))
        e = refuse(p, 401, "10000001");
    else
        return ERR_OK;
    return e ? e : ERR_REFUSED;
}

static enum err show(struct http_response *p, const struct cmp_sim *s)
{
    return http_json(p, 200, json_pack("{s:s, s:s, s:s, s:s, s:s}", "iccid", s->iccid, "status", s->status, "accountId",
                                       s->account, "ratePlan", s->rate_plan, "communicationPlan",
                                       s->communication_plan));
}

static enum err get_device(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_double *d = actor;
    struct cmp_sim *s = cmp_double_find(d, q->part[0]);
    enum err e = begin(d, q, p);
    if (e)
        return e;
    return s && s->owned_by_us ? show(p, s) : refuse(p, 404, "20000001");
}

static void copy(char *at, size_t size, const char *text)
{
    if (text)
        snprintf(at, size, "%s", text);
}

static enum err put_device(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_double *d = actor;
    struct cmp_sim *s = cmp_double_find(d, q->part[0]);
    json_t *body = NULL;
    enum err e = begin(d, q, p);
    if (!e)
        e = s && s->owned_by_us ? http_read_json(q, p, &body) : refuse(p, 404, "20000001");
    if (e || !body)
        return e;
    const char *status = json_str(body, "status");
    if (status && strcmp(status, "ACTIVATED") == 0 && strcmp(s->status, "ACTIVATED") != 0)
        s->activations++;
    copy(s->status, sizeof s->status, status);
    copy(s->rate_plan, sizeof s->rate_plan, json_str(body, "ratePlan"));
    copy(s->communication_plan, sizeof s->communication_plan, json_str(body, "communicationPlan"));
    d->writes++;
    json_decref(body);
    return http_json(p, 200, json_pack("{s:s}", "iccid", s->iccid));
}

static enum err get_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_double *d = actor;
    struct cmp_sim *s = cmp_double_find(d, q->part[0]);
    struct buf at = { .max = 64 };
    enum err e = begin(d, q, p);
    if (!e && (!s || !s->owned_by_us))
        return refuse(p, 404, "20000001");
    if (!e && s->session == 0)
        return http_json(p, 200, json_pack("{s:s, s:n}", "iccid", s->iccid, "dateSessionStarted"));
    if (!e)
        e = clock_put_iso8601(&at, s->session);
    if (!e) { /* 2026-01-31T12:00:00.000Z -> 2026-01-31 12:00:00.000+0000 */
        char text[40];
        snprintf(text, sizeof text, "%.10s %.12s+0000", buf_cstr(&at), buf_cstr(&at) + 11);
        e = http_json(p, 200, json_pack("{s:s, s:s}", "iccid", s->iccid, "dateSessionStarted", text));
    }
    buf_release(&at);
    return e;
}

static enum err transfer(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_double *d = actor;
    json_t *body = NULL;
    enum err e = begin(d, q, p);
    if (!e)
        e = http_read_json(q, p, &body);
    if (e)
        return e;
    struct cmp_sim *s = cmp_double_find(d, json_str(body, "iccid"));
    const char *reference = json_str(body, "reference");
    if (d->refuse || !s)
        e = refuse(p, 409, d->refuse ? d->refuse : "not-in-inventory");
    else if (s->owned_by_us && strcmp(s->reference, reference) != 0)
        e = refuse(p, 409, "not-in-inventory");
    else if (!s->owned_by_us) {
        s->owned_by_us = true;
        s->reversed = false;
        s->transfers++;
        copy(s->status, sizeof s->status, "ACTIVATION_READY");
        copy(s->reference, sizeof s->reference, reference);
        copy(s->account, sizeof s->account, json_str(body, "accountId"));
    }
    json_decref(body);
    return e || p->status ? e : http_json(p, 201, json_pack("{s:s}", "state", "done"));
}

static enum err reverse(void *actor, const struct http_request *q, struct http_response *p)
{
    struct cmp_double *d = actor;
    enum err e = begin(d, q, p);
    for (size_t i = 0; !e && i < d->count; i++) {
        struct cmp_sim *s = &d->sim[i];
        if (strcmp(s->reference, q->part[0]) != 0)
            continue;
        s->owned_by_us = false;
        s->reversed = true;
        s->account[0] = '\0';
        copy(s->status, sizeof s->status, "INVENTORY");
        return http_json(p, 200, json_pack("{s:s}", "state", "reversed"));
    }
    return e ? e : refuse(p, 404, "unknown-reference");
}

static const struct http_route routes[] = {
    { "GET", "/rws/api/v1/devices/{iccid}", get_device },
    { "PUT", "/rws/api/v1/devices/{iccid}", put_device },
    { "GET", "/rws/api/v1/devices/{iccid}/sessionInfo", get_session },
    { "POST", "/v1/transfers", transfer },
    { "POST", "/v1/transfers/{reference}/reverse", reverse },
};

void cmp_double_init(struct cmp_double *d, struct clock *clock)
{
    static const struct actor_ops ops = { .role = "cmp", .routes = routes, .route_count = COUNT(routes) };
    *d = (struct cmp_double){ .actor = { &ops }, .clock = clock };
}
