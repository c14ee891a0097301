#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "json.h"

/* SGP.22 4.1: capital letters, digits and hyphens. */
static bool matching_id_is_valid(const char *text)
{
    size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '-')
            return false;
    return len >= 1 && len <= 64;
}

static bool address_is_valid(const char *text)
{
    return text && text[0] && strlen(text) < 256 && !strpbrk(text, "$ /");
}

/* A row that is wrong says why and leaves the others alone; the code itself is never repeated. */
static enum err add_row(const struct eso_api *a, const char *contract, const json_t *row, const char **status,
                        const char **detail)
{
    const char *iccid = json_str(row, "iccid"), *code = json_str(row, "matchingId");
    const char *address = json_str(row, "smdpAddress");
    struct stock_row r = { .state = STOCK_AVAILABLE };
    *status = "invalid";
    *detail = !eso_iccid_is_valid(iccid) ? "iccid is 19 or 20 digits"
              : !matching_id_is_valid(code) ? "matchingId is capital letters, digits and hyphens"
              : !address_is_valid(address) ? "smdpAddress is a host name" : NULL;
    if (*detail)
        return ERR_OK;
    enum err e = eso_text_set(r.iccid, sizeof r.iccid, iccid);
    if (!e)
        e = eso_text_set(r.contract, sizeof r.contract, contract);
    if (!e)
        e = eso_text_set(r.smdp_address, sizeof r.smdp_address, address);
    if (!e)
        e = stock_add(&a->flow.store, &r, code);
    *status = e == ERR_EXISTS ? "duplicate" : "added";
    return e == ERR_EXISTS ? ERR_OK : e;
}

static enum err add_rows(const struct eso_api *a, const char *contract, const json_t *codes, json_t *results,
                         int64_t *added)
{
    const json_t *row = NULL;
    const char *status = NULL, *detail = NULL;
    size_t i = 0;
    json_array_foreach(codes, i, row) {
        enum err e = add_row(a, contract, row, &status, &detail);
        const char *iccid = json_str(row, "iccid");
        if (!e && json_array_append_new(results, json_pack("{s:s*, s:s, s:s*}", "iccid", iccid, "status", status,
                                                           "detail", detail)))
            e = ERR_NOMEM;
        if (e)
            return e;
        *added += strcmp(status, "added") == 0;
    }
    return ERR_OK;
}

/* New codes end the exhaustion and wake as many held swaps as there are codes. */
static enum err announce(const struct eso_api *a, const struct contract *c, int64_t added)
{
    bool crossed = false;
    enum err e = added ? contract_set_exhausted(&a->flow.store, c->id, false, &crossed) : ERR_OK;
    if (!e && added)
        e = stock_came_back(&a->flow.store, c);
    return e || !added ? e : swap_wake_held(&a->flow.store, c->carrier, added);
}

static enum err import(const struct eso_api *a, const char *who, const char *contract, const json_t *codes,
                       json_t *results, int64_t *added)
{
    struct contract c;
    char subject[129];
    enum err e = contract_find(&a->flow.store, contract, &c);
    if (!e)
        e = add_rows(a, contract, codes, results, added);
    if (!e)
        e = announce(a, &c, *added);
    snprintf(subject, sizeof subject, "%s: %lld codes", contract, (long long)*added);
    return e ? e : audit_add(&a->flow.store, who, "stock.add", subject);
}

#define CODES_MAX 10000

static enum err read_import(struct http_response *p, const json_t *body, char contract[ESO_ID_MAX + 1],
                            const json_t **codes, bool *whole)
{
    static const char *const known[] = { "contract", "codes", "allOrNothing", NULL };
    enum err e = api_only(p, body, known);
    if (!e && json_bool(body, "allOrNothing", whole) == ERR_PARSE)
        e = api_problem(p, 400, "bad-member", "\"allOrNothing\" is true or false");
    if (!e)
        e = api_checked_text(p, body, "contract", eso_id_is_valid, contract, ESO_ID_MAX + 1);
    *codes = json_object_get(body, "codes");
    if (!e && (!json_is_array(*codes) || json_array_size(*codes) > CODES_MAX))
        e = api_problem(p, 400, "bad-member", "\"codes\" is a list of at most 10000");
    return e;
}

/* Some row was no good and the caller wants all or nothing: nothing it is, and each row tells what it was. */
static enum err refuse_import(struct http_response *p, json_t *results)
{
    json_t *row;
    size_t i;
    json_array_foreach(results, i, row)
        if (strcmp(json_str(row, "status"), "added") == 0 && json_set_str(row, "status", "valid"))
            return ERR_NOMEM;
    return http_json(p, 409, json_pack("{s:s, s:s, s:i, s:s, s:s, s:O}", "type", "about:blank", "title", "not-imported", "status", 409,
                                       "cause", "not-imported", "detail",
                                       "a row is invalid or a duplicate, and all or nothing was wanted", "results", results));
}

static enum err answer_import(const struct eso_api *a, const char *who, struct http_response *p, const json_t *body)
{
    char contract[ESO_ID_MAX + 1];
    const json_t *codes = NULL;
    json_t *results = json_array();
    int64_t added = 0;
    bool whole = false, refused = false;
    enum err e = results ? read_import(p, body, contract, &codes, &whole) : ERR_NOMEM;
    if (!e)
        e = store_begin(&a->flow.store);
    if (!e) {
        e = import(a, who, contract, codes, results, &added);
        refused = !e && whole && (size_t)added != json_array_size(codes);
        e = store_end(&a->flow.store, refused ? ERR_STATE : e);
    }
    if (refused)
        e = e == ERR_STATE ? refuse_import(p, results) : e;
    else if (!e)
        e = http_json(p, 200, json_pack("{s:I, s:O}", "added", (json_int_t)added, "results", results));
    json_decref(results);
    return e;
}

enum err api_stock_add(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_ADMINISTER, &who, &body);
    if (!e)
        e = answer_import(a, who->name, p, body);
    json_decref(body);
    return e == ERR_NOT_FOUND ? api_problem(p, 422, "unknown-contract", "there is no contract with this id") : e;
}

/* Rows come ordered by contract: a new one opens a new item. */
static enum err count(void *context, const char *contract, enum stock_state state, int64_t n)
{
    json_t *items = context;
    json_t *last = json_array_get(items, json_array_size(items) ? json_array_size(items) - 1 : 0);
    const char *open = json_str(last, "contract");
    if (!open || strcmp(open, contract) != 0) {
        last = json_pack("{s:s, s:{}}", "contract", contract, "counts");
        if (json_array_append_new(items, last))
            return ERR_NOMEM;
    }
    return json_set_int(json_object_get(last, "counts"), stock_state_name(state), n);
}

enum err api_stock(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct buf contract = { .max = ESO_ID_MAX };
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (e)
        return e;
    json_t *items = json_array();
    e = http_query(q, "contract", &contract);
    if (e == ERR_NOT_FOUND)
        e = ERR_OK;
    if (!e)
        e = items ? stock_counts(&a->flow.store, buf_cstr(&contract), count, items) : ERR_NOMEM;
    if (!e)
        e = http_json(p, 200, json_pack("{s:O}", "items", items));
    json_decref(items);
    buf_release(&contract);
    return e == ERR_LIMIT || e == ERR_PARSE ? api_problem(p, 400, "bad-query", "contract is an id") : e;
}

static enum err list(void *context, const struct stock_row *r)
{
    char redacted[16];
    snprintf(redacted, sizeof redacted, "…%s", r->tail);
    return api_page_add(context, json_pack("{s:s, s:s, s:s, s:s, s:s*}", "iccid", r->iccid, "matchingId", redacted,
                                           "smdpAddress", r->smdp_address, "state", stock_state_name(r->state), "eid",
                                           r->eid[0] ? r->eid : NULL));
}

enum err api_stock_rows(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    struct contract c;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = contract_find(&a->flow.store, q->part[0], &c);
    if (e == ERR_NOT_FOUND)
        return api_problem(p, 404, "unknown-contract", "there is no contract with this id");
    if (!e)
        e = api_page_begin(q, p, "iccid", &page);
    return e ? e
             : api_page_end(&page, p, stock_each(&a->flow.store, c.id, api_page_span(&page), list, &page));
}
