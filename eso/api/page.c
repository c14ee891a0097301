/* Lists, page by page: ?limit= and ?cursor=. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "json.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

static enum err read_limit(const char *text, int64_t *out)
{
    char *end = NULL;
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > LIMIT_MAX)
        return ERR_PARSE;
    *out = n;
    return ERR_OK;
}

static enum err read_query(const struct http_request *q, struct api_page *page)
{
    struct buf limit = { .max = 16 }, cursor = { .max = sizeof page->after - 1 };
    enum err e = http_query(q, "limit", &limit);
    page->limit = LIMIT_DEFAULT;
    e = e == ERR_NOT_FOUND ? ERR_OK : e ? e : read_limit(buf_cstr(&limit), &page->limit);
    if (!e) {
        e = http_query(q, "cursor", &cursor);
        e = e == ERR_NOT_FOUND ? ERR_OK : e ? e : eso_text_set(page->after, sizeof page->after, buf_cstr(&cursor));
    }
    buf_release(&cursor);
    buf_release(&limit);
    return e;
}

enum err api_page_begin(const struct http_request *q, struct http_response *p, const char *cursor,
                        struct api_page *page)
{
    *page = (struct api_page){ .cursor = cursor };
    enum err e = read_query(q, page);
    if (e)
        return e == ERR_NOMEM ? e : api_problem(p, 400, "bad-page", "limit is 1 to 200, cursor comes from next");
    page->items = json_array();
    return page->items ? ERR_OK : ERR_NOMEM;
}

struct page api_page_span(const struct api_page *page)
{
    return (struct page){ .after = page->after, .limit = page->limit + 1 };
}

enum err api_page_add(struct api_page *page, json_t *item)
{
    return json_array_append_new(page->items, item) ? ERR_NOMEM : ERR_OK;
}

enum err api_page_end(struct api_page *page, struct http_response *p, enum err e)
{
    json_t *next = NULL;
    size_t limit = (size_t)page->limit;
    if (!e && json_array_size(page->items) > limit) {
        next = json_incref(json_object_get(json_array_get(page->items, limit - 1), page->cursor));
        if (json_array_remove(page->items, limit))
            e = ERR_NOMEM;
    }
    if (!e && json_is_integer(next)) { /* a cursor is a text */
        struct buf text = { .max = 32 };
        e = buf_printf(&text, "%lld", (long long)json_integer_value(next));
        json_decref(next);
        next = e ? NULL : json_string(buf_cstr(&text));
        buf_release(&text);
    }
    if (!e)
        e = http_json(p, 200, json_pack("{s:O, s:o*}", "items", page->items, "next", next));
    else
        json_decref(next);
    json_decref(page->items);
    return e;
}
