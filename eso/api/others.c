/* Alerts, audit, what eIMs report, and whether we are there. */
#include "api.h"
#include "json.h"

static enum err add_notice(struct api_page *page, const struct notice *n, json_t *o)
{
    enum err e = o ? api_set_time(o, "at", n->at) : ERR_NOMEM;
    if (!e)
        return api_page_add(page, o);
    json_decref(o);
    return e;
}

static enum err list_alert(void *context, const struct notice *n)
{
    return add_notice(context, n, json_pack("{s:I, s:s, s:s, s:s*}", "id", (json_int_t)n->n, "kind", n->kind,
                                            "subject", n->subject, "swap", n->swap[0] ? n->swap : NULL));
}

static enum err list_audit(void *context, const struct notice *n)
{
    return add_notice(context, n, json_pack("{s:I, s:s, s:s, s:s}", "id", (json_int_t)n->n, "who", n->who, "what",
                                            n->kind, "subject", n->subject));
}

enum err api_alerts(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = api_page_begin(q, p, "id", &page);
    return e ? e : api_page_end(&page, p, alert_each(&a->flow.store, api_page_span(&page), list_alert, &page));
}

enum err api_audit(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = api_page_begin(q, p, "id", &page);
    return e ? e : api_page_end(&page, p, audit_each(&a->flow.store, api_page_span(&page), list_audit, &page));
}

/* A report is a hint: its swap asks the eIM, so a forged or repeated one changes nothing. */
enum err api_eim_order(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_HOOK, &who, &body);
    const char *reference = json_str(body, "reference");
    if (!e)
        e = reference ? workflow_order_hint(&a->flow, reference)
                      : api_problem(p, 400, "bad-member", "\"reference\" is missing");
    json_decref(body);
    return e ? e : http_text(p, 204, "application/json", (struct span){ NULL, 0 });
}

enum err api_eim_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_HOOK, &who, &body);
    const char *eid = json_str(body, "eid");
    if (!e)
        e = eid && eso_eid_is_valid(eid) ? workflow_device_hint(&a->flow, eid)
                                         : api_problem(p, 400, "bad-member", "\"eid\" is missing or wrong");
    json_decref(body);
    return e ? e : http_text(p, 204, "application/json", (struct span){ NULL, 0 });
}

enum err api_health(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor;
    (void)q;
    return http_json(p, 200, json_pack("{s:s}", "status", "ok"));
}
