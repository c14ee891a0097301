#include <stdio.h>
#include <string.h>

#include "api.h"
#include "json.h"

static enum err put_facts(json_t *o, const struct swap *s)
{
    enum err e = api_set_if(o, "cause", s->cause);
    if (!e)
        e = api_set_if(o, "detail", s->detail);
    if (!e)
        e = api_set_if(o, "contract", s->contract);
    if (!e)
        e = api_set_if(o, "iccid", s->iccid);
    if (!e)
        e = api_set_time(o, "createdAt", s->created);
    if (!e)
        e = api_set_time(o, "changedAt", s->changed);
    return e || !s->deadline ? e : api_set_time(o, "deadline", s->deadline);
}

static json_t *show(const struct swap *s)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", s->id, "eid", s->eid, "target", s->target, "state",
                          swap_state_name(swap_shown(s)), "requestedBy", s->requested_by);
    if (o && !put_facts(o, s))
        return o;
    json_decref(o);
    return NULL;
}

static enum err add_step(void *context, const struct step_entry *s)
{
    json_t *o = json_pack("{s:s, s:I, s:s, s:s}", "step", s->step, "attempt", (json_int_t)s->attempt, "outcome",
                          s->outcome, "state", s->state);
    enum err e = o ? api_set_time(o, "at", s->at) : ERR_NOMEM;
    if (!e)
        e = api_set_if(o, "cause", s->cause);
    if (!e)
        e = api_set_if(o, "detail", s->detail);
    if (!e)
        return json_array_append_new(context, o) ? ERR_NOMEM : ERR_OK;
    json_decref(o);
    return e;
}

/* The swap with the journal of its steps. */
static enum err answer(const struct eso_api *a, struct http_response *p, int status, const struct swap *s)
{
    json_t *o = show(s), *steps = json_array();
    enum err e = o && steps ? journal_each(&a->flow.store, s->id, add_step, steps) : ERR_NOMEM;
    if (!e && json_object_set(o, "steps", steps))
        e = ERR_NOMEM;
    json_decref(steps);
    if (!e)
        return http_json(p, status, o);
    json_decref(o);
    return e;
}

static enum err answer_request(const struct eso_api *a, struct http_response *p, const struct swap_answer *got)
{
    char location[64];
    switch (got->verdict) {
    case SWAP_NO_DEVICE:
        return api_problem(p, 404, "unknown-device", "there is no device with this EID");
    case SWAP_NO_CARRIER:
        return api_problem(p, 422, "unknown-carrier", "there is no carrier with this id");
    case SWAP_IN_PROGRESS:
        return api_problem(p, 409, "swap-in-progress", "another swap of this EID is in progress");
    case SWAP_KEY_REUSED:
        return api_problem(p, 422, "key-reused", "this Idempotency-Key was used for another order");
    case SWAP_REFUSED:
        return api_problem(p, 422, got->cause, got->reason);
    case SWAP_ACCEPTED:
    case SWAP_REPLAYED:
        break;
    }
    snprintf(location, sizeof location, "/v1/swaps/%s", got->swap.id);
    enum err e = answer(a, p, 202, &got->swap);
    return e ? e : http_response_add_header(p, "Location", location);
}

static enum err check_key(struct http_response *p, const char *key)
{
    if (key && (key[0] == '\0' || strlen(key) > 128))
        return api_problem(p, 400, "bad-key", "Idempotency-Key has 1 to 128 characters");
    return ERR_OK;
}

enum err api_swap_add(void *actor, const struct http_request *q, struct http_response *p)
{
    static const char *const known[] = { "target", NULL };
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct swap_answer got;
    char target[ESO_ID_MAX + 1];
    const char *key = http_header(q, "Idempotency-Key");
    json_t *body = NULL;
    enum err e = api_begin(a, q, p, API_OPERATE, &who, &body);
    if (!e)
        e = check_key(p, key);
    if (!e)
        e = api_only(p, body, known);
    if (!e)
        e = api_checked_text(p, body, "target", eso_id_is_valid, target, sizeof target);
    json_decref(body);
    if (!e)
        e = workflow_request_swap(&a->flow, &(struct swap_request){ .who = who->name, .eid = q->part[0],
                                                                    .target = target, .key = key }, &got);
    return e ? e : answer_request(a, p, &got);
}

enum err api_swap_cancel(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct swap s;
    enum err e = api_authorize(a, q, p, API_OPERATE, &who);
    if (!e)
        e = workflow_cancel_swap(&a->flow, who->name, q->part[0], &s);
    if (e == ERR_NOT_FOUND)
        return api_problem(p, 404, "unknown-swap", "there is no swap with this id");
    if (e == ERR_STATE)
        return api_problem(p, 409, "too-late", "the swap is over, or the profile was enabled");
    return e ? e : answer(a, p, 202, &s);
}

static enum err list(void *context, const struct swap *s)
{
    return api_page_add(context, show(s));
}

static enum err read_filter(const struct http_request *q, const char *name, char *at, size_t size)
{
    struct buf text = { .max = size - 1 };
    enum err e = http_query(q, name, &text);
    if (!e)
        e = eso_text_set(at, size, buf_cstr(&text));
    buf_release(&text);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err api_swaps(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct api_page page;
    char state[20] = "", eid[33] = "";
    struct swap_filter filter = { state, eid };
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (e)
        return e;
    e = read_filter(q, "state", state, sizeof state);
    if (!e)
        e = read_filter(q, "eid", eid, sizeof eid);
    if (e)
        return api_problem(p, 400, "bad-query", "state and eid are words");
    e = api_page_begin(q, p, "id", &page);
    return e ? e : api_page_end(&page, p, swap_each(&a->flow.store, &filter, api_page_span(&page), list, &page));
}

enum err api_swap(void *actor, const struct http_request *q, struct http_response *p)
{
    const struct eso_api *a = actor;
    const struct api_client *who = NULL;
    struct swap s;
    enum err e = api_authorize(a, q, p, API_READ, &who);
    if (!e)
        e = swap_find(&a->flow.store, q->part[0], &s);
    if (e == ERR_NOT_FOUND)
        return api_problem(p, 404, "unknown-swap", "there is no swap with this id");
    return e ? e : answer(a, p, 200, &s);
}
