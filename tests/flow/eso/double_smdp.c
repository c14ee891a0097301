#include <stdio.h>
#include <string.h>

#include "doubles.h"
#include "json.h"

struct smdp_profile *smdp_double_add(struct smdp_double *d, const char *iccid)
{
    struct smdp_profile *s = &d->profile[d->count++];
    snprintf(s->iccid, sizeof s->iccid, "%s", iccid);
    snprintf(s->state, sizeof s->state, "Available");
    return s;
}

static struct smdp_profile *find(struct smdp_double *d, const char *iccid)
{
    for (size_t i = 0; iccid && i < d->count; i++)
        if (strcmp(d->profile[i].iccid, iccid) == 0)
            return &d->profile[i];
    return NULL;
}

static enum err answer(struct http_response *p, const char *subject, const char *reason)
{
    json_t *status = subject ? json_pack("{s:s, s:{s:s, s:s, s:s}}", "status", "Failed", "statusCodeData", "subjectCode",
                                         subject, "reasonCode", reason, "message", "no")
                             : json_pack("{s:s}", "status", "Executed-Success");
    enum err e = http_json(p, 200, json_pack("{s:{s:o}}", "header", "functionExecutionStatus", status));
    return e ? e : http_response_add_header(p, "X-Admin-Protocol", "gsma/rsp/v2.5.0");
}

/* The profile a call is about; NULL after answering. */
static struct smdp_profile *begin(struct smdp_double *d, const char *function, const json_t *body,
                                  struct http_response *p, enum err *e)
{
    const char *iccid = json_str(body, "iccid");
    struct smdp_profile *s = find(d, iccid);
    bool refused = d->refuse_function && strcmp(d->refuse_function, function) == 0 &&
                   (!d->refuse_iccid || strcmp(d->refuse_iccid, iccid) == 0);
    if (d->status)
        *e = http_problem(p, d->status, "broken", "");
    else if (refused)
        *e = answer(p, d->subject, d->reason);
    else if (!s)
        *e = answer(p, "8.2.1", "3.9");
    return p->status ? NULL : s;
}

static enum err download_order(struct smdp_double *d, const json_t *body, struct http_response *p)
{
    enum err e = ERR_OK;
    struct smdp_profile *s = begin(d, "downloadOrder", body, p, &e);
    const char *eid = json_str(body, "eid");
    if (!s)
        return e;
    if (strcmp(s->state, "Available") != 0 && strcmp(s->eid, eid) != 0)
        return answer(p, "8.2.1", "3.3");
    if (strcmp(s->state, "Available") == 0) {
        s->orders++;
        snprintf(s->eid, sizeof s->eid, "%s", eid);
        snprintf(s->state, sizeof s->state, "Allocated");
    }
    return answer(p, NULL, NULL);
}

static enum err confirm_order(struct smdp_double *d, const json_t *body, struct http_response *p)
{
    enum err e = ERR_OK;
    struct smdp_profile *s = begin(d, "confirmOrder", body, p, &e);
    if (!s)
        return e;
    if (strcmp(s->eid, json_str(body, "eid")) != 0)
        return answer(p, "8.1.1", "3.10");
    if (strcmp(s->state, "Allocated") == 0) {
        s->confirmations++;
        snprintf(s->matching_id, sizeof s->matching_id, "%s", json_str(body, "matchingId"));
        snprintf(s->state, sizeof s->state, "Released");
    }
    return answer(p, NULL, NULL);
}

static enum err cancel_order(struct smdp_double *d, const json_t *body, struct http_response *p)
{
    enum err e = ERR_OK;
    struct smdp_profile *s = begin(d, "cancelOrder", body, p, &e);
    if (!s)
        return e;
    if (strcmp(s->state, "Downloaded") == 0 || strcmp(s->state, "Installed") == 0)
        return answer(p, "8.2.1", "3.3");
    const char *code = json_str(body, "matchingId");
    if (code && strcmp(code, s->matching_id) != 0)
        return answer(p, "8.2.6", "3.10");
    s->matching_id[0] = '\0';
    s->cancellations++;
    s->eid[0] = '\0';
    snprintf(s->state, sizeof s->state, "Available");
    return answer(p, NULL, NULL);
}

typedef enum err (*es2p_function_fn)(struct smdp_double *d, const json_t *body, struct http_response *p);

static enum err serve(void *actor, const struct http_request *q, struct http_response *p, es2p_function_fn function)
{
    json_t *body = NULL;
    enum err e = http_read_json(q, p, &body);
    if (!e)
        e = function(actor, body, p);
    json_decref(body);
    return e;
}

static enum err serve_download_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve(actor, q, p, download_order);
}

static enum err serve_confirm_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve(actor, q, p, confirm_order);
}

static enum err serve_cancel_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve(actor, q, p, cancel_order);
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es2plus/downloadOrder", serve_download_order },
    { "POST", "/gsma/rsp2/es2plus/confirmOrder", serve_confirm_order },
    { "POST", "/gsma/rsp2/es2plus/cancelOrder", serve_cancel_order },
};

void smdp_double_init(struct smdp_double *d)
{
    static const struct actor_ops ops = { .role = "smdp", .routes = routes, .route_count = COUNT(routes) };
    *d = (struct smdp_double){ .actor = { &ops } };
}
