#include <string.h>

#include "api.h"
#include "json.h"

static enum err check_platform(const struct eso_api *a, struct http_response *p, const struct carrier *c)
{
    const struct port_platform_ops *platform = port_platform_find(c->platform);
    if (!platform)
        return api_problem(p, 422, "unknown-platform", "platform is control-center or manual");
    if (!platform->has_interface)
        return ERR_OK;
    if (!c->platform_url[0] || !c->account[0] || !c->username[0])
        return api_problem(p, 422, "incomplete-carrier", "platformUrl, account, username and apiKey are needed");
    if (!a->flow.port.secret(a->flow.port.secret_context, c->api_key))
        return api_problem(p, 422, "unknown-secret", "apiKey is the name of a secret in the settings");
    return ERR_OK;
}

static enum err read_source(struct http_response *p, const json_t *o, struct carrier *c)
{
    char codes[10];
    enum err e = api_text(p, o, "codes", API_OPTIONAL, codes, sizeof codes);
    if (e)
        return e;
    c->delegated = codes[0] ? strcmp(codes, "delegated") == 0 : c->smdp_url[0] != '\0';
    if (codes[0] && !c->delegated && strcmp(codes, "imported") != 0)
        return api_problem(p, 400, "bad-member", "\"codes\" is delegated or imported");
    if (c->delegated && (!c->smdp_url[0] || !c->requester[0]))
        return api_problem(p, 422, "incomplete-carrier", "delegated codes need smdpUrl and requester");
    return ERR_OK;
}

static enum err read_carrier(const struct eso_api *a, struct http_response *p, const json_t *o, struct carrier *c)
{
    static const char *const known[] = { "id", "platform", "platformUrl", "account", "username", "apiKey",
                                         "transferUrl", "smdpUrl", "requester", "codes", NULL };
    const struct {
        const char *member;
        char *at;
        size_t size;
    } texts[] = {
        { "platformUrl", c->platform_url, sizeof c->platform_url }, { "account", c->account, sizeof c->account },
        { "username", c->username, sizeof c->username },            { "apiKey", c->api_key, sizeof c->api_key },
        { "transferUrl", c->transfer_url, sizeof c->transfer_url }, { "smdpUrl", c->smdp_url, sizeof c->smdp_url },
        { "requester", c->requester, sizeof c->requester },
    };
    enum err e = api_only(p, o, known);
    if (!e)
        e = api_checked_text(p, o, "id", eso_id_is_valid, c->id, sizeof c->id);
    if (!e)
        e = api_text(p, o, "platform", API_REQUIRED, c->platform, sizeof c->platform);
    for (size_t i = 0; !e && i < COUNT(texts); i++)
        e = api_text(p, o, texts[i].member, API_OPTIONAL, texts[i].at, texts[i].size);
    if (!e)
        e = read_source(p, o, c);
    return e ? e : check_platform(a, p, c);
}

static json_t *show(const struct carrier *c)
{
    json_t *o = json_pack("{s:s, s:s, s:s}", "id", c->id, "platform", c->platform, "codes",
                          c->delegated ? "delegated" : "imported");
    enum err e = o ? api_set_if(o, "platformUrl", c->platform_url) : ERR_NOMEM;
    if (!e)
        e = api_set_if(o, "account", c->account);
    if (!e)
        e = api_set_if(o, "username", c->username);
    if (!e)
        e = api_set_if(o, "apiKey", c->api_key);
    if (!e)
        e = api_set_if(o, "transferUrl", c->transfer_url);
    if (!e)
        e = api_set_if(o, "smdpUrl", c->smdp_url);
    if (!e)
        e = api_set_if(o, "requester", c->requester);
    if (!e)
        return o;
    json_decref(o);
    return NULL;
}

static enum err add(const struct eso_api *a, const char *who, const struct carrier *c)
{
    enum err e = store_begin(&a->flow.store);
    if (e)
        return e;
    e = carrier_add(&a->flow.store, c);
    if (!e)
        e = audit_add(&a->flow.store, who, "carrier.add", c->id);
    return store_end(&a->flow.store, e);
}

enum err api_carrier_add(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct carrier c = { .delegated = false };
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_ADMINISTER, &who, &body);
    if (!e)
        e = read_carrier(a, p, body, &c);
    json_decref(body);
    if (!e)
        e = add(a, who->name, &c);
    if (e == ERR_EXISTS)
        return api_problem(p, 409, "exists", "a carrier with this id is there");
    return e ? e : http_json(p, 201, show(&c));
}

static enum err list(void *context, const struct carrier *c)
{
    return api_page_add(context, show(c));
}

enum err api_carriers(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = api_page_begin(q, p, "id", &page);
    return e ? e : api_page_end(&page, p, carrier_each(&a->flow.store, api_page_span(&page), list, &page));
}
