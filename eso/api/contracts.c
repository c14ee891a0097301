#include <string.h>

#include "api.h"
#include "json.h"

static enum err read_terms(struct http_response *p, const json_t *o, struct contract *c)
{
    enum err e = api_words(p, o, "territory", eso_country_is_valid, c->territory, sizeof c->territory);
    if (!e)
        e = api_int(p, o, "quota", ESO_NO_QUOTA, &c->quota);
    if (!e)
        e = api_int(p, o, "lowStock", 0, &c->low);
    if (!e)
        e = api_time(p, o, "validFrom", &c->valid_from);
    if (!e)
        e = api_time(p, o, "validTo", &c->valid_to);
    if (!e)
        e = api_text(p, o, "ratePlan", API_OPTIONAL, c->rate_plan, sizeof c->rate_plan);
    return e ? e : api_text(p, o, "communicationPlan", API_OPTIONAL, c->communication_plan,
                            sizeof c->communication_plan);
}

static enum err read_contract(struct http_response *p, const json_t *o, struct contract *c)
{
    static const char *const known[] = { "id", "carrier", "model", "territory", "quota", "lowStock", "validFrom", "validTo",
                                         "ratePlan", "communicationPlan", NULL };
    enum err e = api_only(p, o, known);
    if (!e)
        e = api_checked_text(p, o, "id", eso_id_is_valid, c->id, sizeof c->id);
    if (!e)
        e = api_checked_text(p, o, "carrier", eso_id_is_valid, c->carrier, sizeof c->carrier);
    if (!e)
        e = api_text(p, o, "model", API_REQUIRED, c->model, sizeof c->model);
    if (!e && strcmp(c->model, "handover") != 0 && strcmp(c->model, "resale") != 0)
        return api_problem(p, 400, "bad-member", "\"model\" is handover or resale");
    return e ? e : read_terms(p, o, c);
}

static enum err put_times(json_t *o, const struct contract *c)
{
    enum err e = c->valid_from ? api_set_time(o, "validFrom", c->valid_from) : ERR_OK;
    if (!e && c->valid_to)
        e = api_set_time(o, "validTo", c->valid_to);
    if (!e && c->quota != ESO_NO_QUOTA)
        e = json_set_int(o, "quota", c->quota);
    if (!e && c->low)
        e = json_set_int(o, "lowStock", c->low);
    if (!e)
        e = api_set_if(o, "ratePlan", c->rate_plan);
    return e ? e : api_set_if(o, "communicationPlan", c->communication_plan);
}

static json_t *show(const struct contract *c)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "id", c->id, "carrier", c->carrier, "model", c->model, "used",
                          (json_int_t)c->used);
    enum err e = o ? api_set_words(o, "territory", c->territory) : ERR_NOMEM;
    if (!e)
        e = put_times(o, c);
    if (!e)
        return o;
    json_decref(o);
    return NULL;
}

static enum err add(const struct eso_api *a, const char *who, const struct contract *c)
{
    struct carrier carrier;
    enum err e = store_begin(&a->flow.store);
    if (e)
        return e;
    e = carrier_find(&a->flow.store, c->carrier, &carrier);
    if (!e)
        e = contract_add(&a->flow.store, c);
    if (!e)
        e = audit_add(&a->flow.store, who, "contract.add", c->id);
    return store_end(&a->flow.store, e);
}

enum err api_contract_add(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct contract c = { .quota = ESO_NO_QUOTA };
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_ADMINISTER, &who, &body);
    if (!e)
        e = read_contract(p, body, &c);
    json_decref(body);
    if (!e)
        e = add(a, who->name, &c);
    if (e == ERR_NOT_FOUND)
        return api_problem(p, 422, "unknown-carrier", "there is no carrier with this id");
    if (e == ERR_EXISTS)
        return api_problem(p, 409, "exists", "a contract with this id is there");
    return e ? e : http_json(p, 201, show(&c));
}

static enum err list(void *context, const struct contract *c)
{
    return api_page_add(context, show(c));
}

enum err api_contracts(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = api_page_begin(q, p, "id", &page);
    return e ? e : api_page_end(&page, p, contract_each(&a->flow.store, api_page_span(&page), list, &page));
}
