/* Northbound: what waits for the receivers of a tenant, and what was given up: seen, repeated, deleted. */
#include <stdio.h>

#include "eim_internal.h"
#include "json.h"

/* The same columns of both: number, name, URL, kind, EID, order, when it was put, attempts, why, when it goes or was given up,
 * whether it is an event. */
#define OF_PAGE "r.tenant = ?1 AND number > ?2 ORDER BY number LIMIT ?3"
static const char waiting[] =
    "SELECT l.id AS number, l.name, r.url, l.kind, l.eid, l.order_id, l.at, max(l.attempts, r.attempts), l.why,"
    " max(l.due, r.deaf_until), l.body IS NOT NULL FROM letter l JOIN receiver r ON r.id = l.receiver WHERE " OF_PAGE;
static const char dead[] =
    "SELECT d.number, d.name, r.url, d.kind, d.eid, d.order_id, d.at, d.attempts, d.why, d.given_up, d.body IS NOT NULL"
    " FROM dead_letter d JOIN receiver r ON r.id = d.receiver WHERE d.tenant = ?1 AND " OF_PAGE;

struct page {
    json_t *items;
    size_t limit;
    bool dead, more;
    int64_t last;
};

static enum err put_letter(void *context, const struct db_row *r)
{
    struct page *page = context;
    const char *order = db_text(r, 5);
    page->more = json_array_size(page->items) == page->limit;
    if (page->more)
        return ERR_OK;
    page->last = db_int(r, 0);
    json_t *one = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "id", db_text(r, 1), "state", page->dead ? "dead" : "waiting", "url",
                            db_text(r, 2), "type", db_int(r, 10) ? eim_event_name((enum eim_event)db_int(r, 3)) : order[0] ? "order" : "euicc",
                            "eid", db_text(r, 4), "created", (json_int_t)db_int(r, 6), "attempts", (json_int_t)db_int(r, 7));
    if (one && order[0])
        json_object_set_new(one, "orderId", json_string(order));
    if (one && db_text(r, 8)[0])
        json_object_set_new(one, "lastFailure", json_string(db_text(r, 8)));
    if (one)
        json_object_set_new(one, page->dead ? "givenUp" : "nextAttempt", json_integer(db_int(r, 9)));
    return json_array_append_new(page->items, one) ? ERR_NOMEM : ERR_OK;
}

static enum err read_state(const struct http_request *q, bool *out)
{
    struct buf text = { .max = 16 };
    enum err x = http_query(q, "state", &text);
    *out = x == ERR_NOT_FOUND || span_equal(buf_span(&text), span_str("dead"));
    bool fine = *out || (!x && span_equal(buf_span(&text), span_str("waiting")));
    buf_release(&text);
    return fine ? ERR_OK : ERR_PARSE;
}

static enum err answer(struct eim *e, const char *tenant, int64_t after, struct page *page, struct http_response *p)
{
    char next[24];
    enum err x = db_query(e->env->db, page->dead ? dead : waiting,
                          DB_ARGS(DB_TEXT(tenant), DB_INT(after), DB_INT((int64_t)page->limit + 1)), put_letter, page);
    snprintf(next, sizeof next, "%lld", (long long)page->last);
    if (!x || x == ERR_NOT_FOUND)
        return http_json(p, 200, json_pack("{s:o, s:s*}", "items", page->items, "next", page->more ? next : NULL));
    json_decref(page->items);
    return x;
}

enum err eim_list_letters(void *actor, const struct http_request *q, struct http_response *p)
{
    static const char *const query[] = { "state", "limit", "cursor", NULL };
    struct eim *e = actor;
    struct eim_caller who;
    struct page page = { .items = NULL };
    int64_t limit = 0, after = 0;
    enum err x = eim_authorize_query(e, q, p, EIM_ADMINISTER, query, &who);
    if (!x)
        x = eim_read_numbered_page(q, p, &after, &limit);
    if (!x && read_state(q, &page.dead))
        x = eim_problem(p, 400, "the filter is wrong", "state is dead (the default) or waiting");
    page.limit = (size_t)limit;
    if (!x && !(page.items = json_array()))
        x = ERR_NOMEM;
    return x ? x : answer(e, who.tenant, after, &page, p);
}

/* --- one ------------------------------------------------------------------------------------------------------ */

static enum err change(struct eim *e, const struct http_request *q, struct http_response *p, const char *what, int status,
                       enum err (*make)(struct eim *e, const char *tenant, const char *name))
{
    struct eim_caller who;
    enum err x = eim_authorize(e, q, p, EIM_ADMINISTER, &who);
    if (!x)
        x = db_begin(e->env->db);
    if (x)
        return x;
    x = make(e, who.tenant, q->part[0]);
    if (!x)
        x = eim_audit(e, &who, what, q->part[0], status, NULL);
    x = db_end(e->env->db, x);
    if (x == ERR_NOT_FOUND)
        return eim_problem(p, 404, "no such letter", "no letter has this id: it may have been delivered");
    return x ? x : http_text(p, status, "", (struct span){ 0 });
}

enum err eim_repeat_letter(void *actor, const struct http_request *q, struct http_response *p)
{
    return change(actor, q, p, "letter.retry", 204, eim_outbox_repeat);
}

enum err eim_delete_letter(void *actor, const struct http_request *q, struct http_response *p)
{
    return change(actor, q, p, "letter.delete", 204, eim_outbox_forget);
}
