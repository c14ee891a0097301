/* Northbound: a tenant's orders, page by page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

/* "<created>.<number>" of the last one shown. */
static enum err read_cursor(const char *text, struct eim_order_filter *f)
{
    char *end = NULL;
    long long created = strtoll(text, &end, 10);
    if (!text[0])
        return ERR_OK;
    if (end == text || *end != '.' || created < 0)
        return ERR_PARSE;
    const char *number = end + 1;
    long long after = strtoll(number, &end, 10);
    if (end == number || *end || after < 0)
        return ERR_PARSE;
    if (created >= f->created) {
        f->created = created;
        f->after = after;
    }
    return ERR_OK;
}

/* Takes a text of the query; "" when it is not there. */
static enum err read_text(const struct http_request *q, const char *name, size_t max, struct buf *out)
{
    *out = (struct buf){ .max = max };
    enum err x = http_query(q, name, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x ? x : out->len ? ERR_OK : ERR_PARSE;
}

static enum err read_filter(const struct http_request *q, struct http_response *p, struct eim_order_filter *f)
{
    struct buf eid, state, since;
    enum err x = read_text(q, "eid", 32, &eid), y = read_text(q, "state", 16, &state), z = read_text(q, "since", 40, &since);
    bool fine = !x && !y && !z;
    snprintf(f->eid, sizeof f->eid, "%s", eid.len ? buf_cstr(&eid) : "");
    f->state = fine && state.len ? eim_order_state_of(buf_cstr(&state)) : -1;
    f->created = f->after = -1;
    if (fine && since.len)
        fine = clock_parse_iso8601(buf_span(&since), &f->created) == ERR_OK;
    fine = fine && (!state.len || f->state >= 0);
    buf_release(&eid);
    buf_release(&state);
    buf_release(&since);
    return fine ? ERR_OK
                : eim_problem(p, 400, "the filter is wrong",
                              "eid, state (queued, sent, done, failed, expired, cancelled), since (2026-01-31T12:00:00Z)");
}

/* Results may be long: so many octets of them are on one page, if it has more than one order. */
#define RESULTS_MAX (2u << 20)
/* What else an order shows at most. */
#define ORDER_OCTETS 2048

struct page {
    struct eim *e;
    json_t *items;
    size_t limit, octets;
    char next[48]; /* cursor of the last one shown */
    bool more;
};

static enum err put_order(void *context, const struct eim_order *o, int64_t number)
{
    struct page *page = context;
    size_t shown = json_array_size(page->items);
    page->octets += o->result.len + ORDER_OCTETS;
    page->more = page->more || shown == page->limit || (shown && page->octets > RESULTS_MAX);
    if (page->more)
        return ERR_OK;
    snprintf(page->next, sizeof page->next, "%lld.%lld", (long long)o->created, (long long)number);
    return json_array_append_new(page->items, eim_order_json(page->e, o)) ? ERR_NOMEM : ERR_OK;
}

/* One more than shown is read, so that `next` is told only when there is a next page. */
static enum err answer(struct eim *e, struct eim_order_filter *f, int64_t limit, struct http_response *p)
{
    struct page page = { .e = e, .items = json_array(), .limit = (size_t)limit };
    f->limit = limit + 1;
    enum err x = page.items ? eim_orders_list(e, f, put_order, &page) : ERR_NOMEM;
    if (!x)
        return http_json(p, 200, json_pack("{s:o, s:s*}", "items", page.items, "next", page.more ? page.next : NULL));
    json_decref(page.items);
    return x;
}

enum err eim_list_orders(struct eim *e, const struct eim_caller *who, const struct http_request *q, struct http_response *p)
{
    struct eim_order_filter f = { .tenant = who->tenant };
    struct buf cursor = { .max = 48 };
    int64_t limit = 0;
    enum err x = eim_read_page(q, p, &cursor, &limit);
    if (!x)
        x = read_filter(q, p, &f);
    if (!x && read_cursor(buf_cstr(&cursor), &f))
        x = eim_problem(p, 400, "the page is wrong", "cursor comes from next");
    buf_release(&cursor);
    return x ? x : answer(e, &f, limit, p);
}
