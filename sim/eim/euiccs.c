/* Northbound: what is known of eUICCs, and what they are told of this eIM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"
#include "rsp_eim_configuration.h"
#include "rsp_ids.h"

enum err eim_find_euicc(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                        struct eim_caller *who, struct eim_euicc *u)
{
    enum err x = eim_authorize(e, q, p, right, who);
    return x ? x : eim_own_euicc(e, q, p, who, u);
}

enum err eim_own_euicc(struct eim *e, const struct http_request *q, struct http_response *p, const struct eim_caller *who,
                       struct eim_euicc *u)
{
    enum err x = eim_euicc_get(e, q->part[0], u);
    if (!x && strcmp(u->tenant, who->tenant) != 0) {
        LOG(e->env->log, LOG_WARN, "tenant.refused", F_TEXT("tenant", who->tenant), F_TEXT("caller", who->name),
            F_TEXT("eid", u->eid));
        x = ERR_NOT_FOUND;
    }
    return x == ERR_NOT_FOUND ? eim_problem(p, 404, "no such eUICC", "this EID is not registered") : x;
}

/* What a poll told, and when. */
static enum err put_contact(json_t *json, json_t *learned, const struct eim_euicc *u)
{
    enum err x = ERR_OK;
    if (u->state_change_cause >= 0)
        x = json_set_int(json, "stateChangeCause", u->state_change_cause);
    if (!x && u->state_change_cause >= 0 && u->state_change_at)
        x = json_set_int(learned, "stateChangeCause", u->state_change_at);
    if (!x && u->rplmn[0])
        x = json_set_str(json, "rPlmn", u->rplmn);
    if (!x && u->rplmn[0] && u->rplmn_at)
        x = json_set_int(learned, "rPlmn", u->rplmn_at);
    return x;
}

static enum err put_euicc(struct eim *e, const struct eim_euicc *u, json_t *json)
{
    json_t *learned = json_object();
    enum err x = learned ? put_contact(json, learned, u) : ERR_NOMEM;
    if (!x)
        x = eim_show_learned(e, u->eid, json, learned);
    if (!x && json_object_size(learned))
        x = json_object_set(json, "learned", learned) ? ERR_NOMEM : ERR_OK;
    json_decref(learned);
    return x;
}

static json_t *new_view(const struct eim_euicc *u)
{
    json_t *json = json_pack("{s:s, s:I, s:I, s:b}", "eid", u->eid, "counter", (json_int_t)u->counter, "lastContact",
                             (json_int_t)u->last_contact, "certificateKnown", u->certificate.len != 0);
    if (json && u->handed_over)
        json_object_set_new(json, "handedOver", json_integer(u->handed_over));
    return json;
}

static enum err put_trouble(struct eim *e, const char *eid, json_t *json)
{
    json_t *trouble = NULL;
    enum err x = eim_trouble_get(e, eid, &trouble);
    if (!x && trouble)
        x = json_object_set(json, "lastError", trouble) ? ERR_NOMEM : ERR_OK;
    json_decref(trouble);
    return x;
}

json_t *eim_euicc_json(struct eim *e, const struct eim_euicc *u)
{
    json_t *json = new_view(u);
    if (json && put_euicc(e, u, json) == ERR_OK && put_trouble(e, u->eid, json) == ERR_OK)
        return json;
    json_decref(json);
    return NULL;
}

enum err eim_show_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim_euicc u;
    struct eim_caller who;
    eim_euicc_init(&u);
    enum err x = eim_find_euicc(actor, q, p, EIM_READ, &who, &u);
    if (!x)
        x = http_json(p, 200, eim_euicc_json(actor, &u));
    eim_euicc_release(&u);
    return x;
}

enum err eim_read_flag(const struct http_request *q, struct http_response *p, const char *name, bool *out)
{
    struct buf text = { .max = 16 };
    enum err x = http_query(q, name, &text);
    *out = !x && strcmp(buf_cstr(&text), "true") == 0;
    bool fine = *out || x == ERR_NOT_FOUND || (!x && strcmp(buf_cstr(&text), "false") == 0);
    buf_release(&text);
    return fine ? ERR_OK : eim_problem(p, 400, "the query is wrong", "true or false is wanted");
}

/* --- all, page by page --------------------------------------------------------------------------------- */

#define PAGE_DEFAULT 50
#define PAGE_MOST 1000

static enum err read_limit(const char *text, int64_t *out)
{
    char *end = NULL;
    *out = strtol(text, &end, 10);
    return end != text && !*end && *out >= 1 && *out <= PAGE_MOST ? ERR_OK : ERR_PARSE;
}

enum err eim_read_page(const struct http_request *q, struct http_response *p, struct buf *cursor, int64_t *limit)
{
    struct buf text = { .max = 16 };
    *limit = PAGE_DEFAULT;
    enum err x = http_query(q, "limit", &text);
    if (!x)
        x = read_limit(buf_cstr(&text), limit);
    buf_release(&text);
    if (!x || x == ERR_NOT_FOUND)
        x = http_query(q, "cursor", cursor);
    return !x || x == ERR_NOT_FOUND ? ERR_OK
                                    : eim_problem(p, 400, "the page is wrong", "limit is 1 to 1000, cursor comes from next");
}

static enum err list_euicc(void *context, const struct db_row *r)
{
    json_t *item = json_pack("{s:s, s:I, s:I, s:b}", "eid", db_text(r, 0), "counter", (json_int_t)db_int(r, 1),
                             "lastContact", (json_int_t)db_int(r, 2), "certificateKnown", (int)db_int(r, 3));
    if (item && db_int(r, 4) >= 0)
        json_object_set_new(item, "stateChangeCause", json_integer(db_int(r, 4)));
    if (item && db_text(r, 5)[0])
        json_object_set_new(item, "rPlmn", json_string(db_text(r, 5)));
    return json_array_append_new(context, item) ? ERR_NOMEM : ERR_OK;
}

/* One more than shown is read, so that `next` is told only when there is a next page. Takes items. */
static enum err answer_page(json_t *items, int64_t limit, struct http_response *p)
{
    json_t *next = NULL;
    if (json_array_size(items) > (size_t)limit) {
        json_array_remove(items, (size_t)limit);
        next = json_incref(json_object_get(json_array_get(items, (size_t)limit - 1), "eid"));
    }
    return http_json(p, 200, json_pack("{s:o, s:o*}", "items", items, "next", next));
}

enum err eim_list_euiccs(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct buf cursor = { .max = 64 };
    uint8_t eid[RSP_EID_OCTETS];
    int64_t limit = 0;
    static const char *const query[] = { "limit", "cursor", NULL };
    enum err x = eim_authorize_query(e, q, p, EIM_READ, query, &who);
    if (!x)
        x = eim_read_page(q, p, &cursor, &limit);
    if (!x && cursor.len && rsp_eid_parse(buf_cstr(&cursor), eid))
        x = eim_problem(p, 400, "the page is wrong", "cursor comes from next");
    json_t *items = x ? NULL : json_array();
    if (!x)
        x = items ? db_query(e->env->db,
                             "SELECT eid, counter, last_contact, length(certificate) > 0, state_change_cause, rplmn"
                             " FROM euicc WHERE tenant = ? AND eid > ? ORDER BY eid LIMIT ?",
                             DB_ARGS(DB_TEXT(who.tenant), DB_TEXT(buf_cstr(&cursor)), DB_INT(limit + 1)), list_euicc, items)
                  : ERR_NOMEM;
    buf_release(&cursor);
    if (!x || x == ERR_NOT_FOUND)
        return answer_page(items, limit, p);
    json_decref(items);
    return x;
}

/* --- configuration ------------------------------------------------------------------------------------- */

/* What a device's provisioning writes into an eUICC without an eIM. */
static enum err put_initial_eim(struct eim *e, const char *eid, struct buf *out)
{
    struct buf list = { .max = 8192 };
    struct eim_trust trust;
    eim_trust_init(&trust);
    const struct eim_signing *signing = NULL;
    bool pushes = false;
    enum err x = eim_trust_get(e, eid, &trust);
    if (!x)
        x = eim_signing_of(e, eid, &signing);
    if (!x)
        x = eim_euicc_is_pushed_to(e, eid, &pushes);
    if (!x)
        x = eim_put_configuration(e, signing, &trust, pushes, &list);
    const struct rsp_add_initial_eim_request request = { .list = buf_span(&list) };
    if (!x)
        x = rsp_add_initial_eim_request_write(&request, out);
    eim_trust_release(&trust);
    buf_release(&list);
    return x;
}

enum err eim_show_initial_eim(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_euicc u;
    struct eim_caller who;
    struct buf request = { .max = 8192 };
    eim_euicc_init(&u);
    enum err x = eim_find_euicc(e, q, p, EIM_READ, &who, &u);
    if (!x)
        x = put_initial_eim(e, u.eid, &request);
    json_t *json = x ? NULL : json_object();
    if (!x)
        x = json ? json_set_base64(json, "addInitialEimRequest", buf_span(&request)) : ERR_NOMEM;
    buf_release(&request);
    eim_euicc_release(&u);
    if (x) {
        json_decref(json);
        return x;
    }
    return http_json(p, 200, json);
}

static enum err initial_of(struct eim *e, const char *tenant, const char *eid, json_t *out)
{
    struct buf request = { .max = 2048 };
    struct eim_euicc u;
    eim_euicc_init(&u);
    enum err x = eid ? eim_euicc_get(e, eid, &u) : ERR_NOT_FOUND;
    if (!x && strcmp(u.tenant, tenant) != 0)
        x = ERR_NOT_FOUND;
    if (!x)
        x = put_initial_eim(e, u.eid, &request);
    bool none = x == ERR_NOT_FOUND;
    if (!x)
        x = json_set_base64(out, "addInitialEimRequest", buf_span(&request));
    if (!x || none)
        x = json_set_int(out, "status", none ? 404 : 200);
    eim_euicc_release(&u);
    buf_release(&request);
    return x;
}

enum err eim_check_eids(const json_t *eids, struct http_response *p)
{
    bool fine = json_array_size(eids) >= 1 && json_array_size(eids) <= EIM_IMPORT_MAX;
    return fine ? ERR_OK : eim_problem(p, 400, "eids is wrong", "a list of 1 to 10000 EIDs is wanted");
}

/* POST /v1/initial-eim {eids}: a whole batch of a factory. */
enum err eim_show_initial_eims(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    json_t *body = NULL, *results = json_array(), *eid;
    size_t i;
    struct eim_caller who;
    static const struct json_member members[] = { { "eids", JSON_IS_LIST }, { NULL, 0 } };
    enum err x = eim_begin(e, q, p, EIM_READ, "a batch", members, &who, &body);
    const json_t *eids = json_object_get(body, "eids");
    if (!x)
        x = eim_check_eids(eids, p);
    json_array_foreach(eids, i, eid) {
        json_t *one = x ? NULL : json_pack("{s:O}", "eid", eid);
        if (!x)
            x = one && !json_array_append_new(results, one) ? initial_of(e, who.tenant, json_string_value(eid), one) : ERR_NOMEM;
    }
    json_decref(body);
    if (x) {
        json_decref(results);
        return x;
    }
    x = http_json(p, 200, json_pack("{s:o}", "results", results));
    return x == ERR_LIMIT ? eim_problem(p, 400, "eids is wrong", "the answer would be longer than four mebibytes: ask for fewer at once") : x;
}

/* What another eIM needs to hand an eUICC over to this one (eCO addEim). */
enum err eim_show_configuration(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct buf bytes = { .max = 1024 };
    const struct eim_trust usual = { 0 };
    struct eim_caller who;
    enum err x = eim_authorize(e, q, p, EIM_READ, &who);
    if (!x)
        x = eim_put_configuration(e, &e->signing[0], &usual, false, &bytes);
    json_t *json = x ? NULL : json_object();
    if (!x)
        x = json ? json_set_base64(json, "eimConfiguration", buf_span(&bytes)) : ERR_NOMEM;
    buf_release(&bytes);
    if (x) {
        json_decref(json);
        return x;
    }
    return http_json(p, 200, json);
}

/* PATCH {associationToken} or {injectUrl, injectBinding?}, or both. */
struct change {
    int64_t token; /* the eUICC gave it when another eIM added this one; it travels out of band. -1: not told */
    const char *url; /* where its IPA may be pushed to; NULL: not told */
    bool json;
};

static enum err read_injection(const json_t *body, struct change *c, struct http_response *p)
{
    const char *url = json_str(body, "injectUrl"), *binding = json_str(body, "injectBinding");
    size_t length = strlen(url);
    c->url = url;
    c->json = binding && strcmp(binding, "json") == 0;
    if (length && (length > 512 || url[length - 1] == '/' || !http_url_is_callable(url)))
        return eim_problem(p, 400, "injectUrl is wrong", EIM_URL_WANTED " or a slash at its end, or an empty text; CoAPS is not available");
    if (binding && !c->json && strcmp(binding, "asn1") != 0)
        return eim_problem(p, 400, "injectBinding is wrong", "asn1 or json is wanted");
    return ERR_OK;
}

/* All of it is judged before any of it is done. */
static enum err read_change(const json_t *body, struct change *c, struct http_response *p)
{
    *c = (struct change){ .token = -1 };
    bool injection = json_object_get(body, "injectUrl"), token = json_object_get(body, "associationToken");
    if (!injection && json_object_get(body, "injectBinding"))
        return eim_problem(p, 400, "injectUrl is missing", "injectBinding says how that URL is spoken to");
    if (!injection && !token)
        return eim_problem(p, 400, "nothing to change", "associationToken or injectUrl is wanted");
    enum err x = injection ? read_injection(body, c, p) : ERR_OK;
    if (!x && token && (json_int(body, "associationToken", &c->token) || c->token < 0))
        x = eim_problem(p, 400, "associationToken is wrong", "a number from 0 on is wanted");
    return x;
}

static enum err make_change(struct eim *e, const struct eim_caller *who, const char *eid, const struct change *c)
{
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    if (c->url)
        x = eim_euicc_set_injection(e, eid, c->url, c->json);
    if (!x && c->token >= 0)
        x = eim_euicc_set_token(e, eid, c->token);
    if (!x && c->token >= 0)
        x = eim_come_back(e, eid);
    if (!x)
        x = eim_audit(e, who, "euicc.change", eid, 204, NULL);
    return db_end(e->env->db, x);
}

enum err eim_change_euicc(void *actor, const struct http_request *q, struct http_response *p)
{
    static const struct json_member members[] = { { "associationToken", JSON_IS_NUMBER }, { "injectUrl", JSON_IS_TEXT },
                                                  { "injectBinding", JSON_IS_TEXT }, { NULL, 0 } };
    struct eim *e = actor;
    json_t *body = NULL;
    struct change c;
    struct eim_euicc u;
    struct eim_caller who;
    eim_euicc_init(&u);
    enum err x = eim_find_euicc(e, q, p, EIM_REGISTER, &who, &u);
    if (!x)
        x = http_read_json(q, p, &body);
    if (!x)
        x = http_only_members(p, body, "a change of an eUICC", members);
    if (!x)
        x = read_change(body, &c, p);
    if (!x)
        x = make_change(e, &who, u.eid, &c);
    json_decref(body);
    eim_euicc_release(&u);
    return x ? x : http_text(p, 204, "", (struct span){ 0 });
}
