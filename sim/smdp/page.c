/* Lists page by page: the last key of one page is where the next one begins, so no page costs more than another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smdp_routes.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000

static enum err refuse(struct http_response *p, const char *detail)
{
    return smdp_refuse(p, 400, "malformed query", detail);
}

enum err smdp_read_filter(const struct http_request *q, struct http_response *p, const char *name, char *out, size_t room)
{
    struct buf value = { .max = room - 1 };
    enum err e = http_query(q, name, &value);
    snprintf(out, room, "%.*s", e ? 0 : (int)value.len, value.len ? (const char *)value.at : "");
    bool whole = strlen(out) == (e ? 0 : value.len); /* no zero inside */
    buf_release(&value);
    if (e == ERR_LIMIT || e == ERR_PARSE || !whole)
        return refuse(p, "a filter is too long or malformed");
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool is_number(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

enum err smdp_read_page(const struct http_request *q, struct http_response *p, struct smdp_page *out)
{
    char limit[8];
    enum err e = smdp_read_filter(q, p, "after", out->after, sizeof out->after);
    if (!e)
        e = smdp_read_filter(q, p, "limit", limit, sizeof limit);
    if (e)
        return e;
    out->limit = limit[0] ? strtoll(limit, NULL, 10) : LIMIT_DEFAULT;
    if (!is_number(out->after) || !is_number(limit) || out->limit < 1 || out->limit > LIMIT_MAX)
        return refuse(p, "after is a key, limit a number from 1 to 1000");
    return ERR_OK;
}

enum err smdp_answer_page(struct http_response *p, const char *name, json_t *items, const char *key,
                          const struct smdp_page *page)
{
    size_t count = json_array_size(items);
    json_t *last = json_array_get(items, count ? count - 1 : 0);
    json_t *answer = json_pack("{s:o}", name, items);
    if (!answer)
        return ERR_NOMEM;
    json_t *next = (int64_t)count == page->limit ? json_object_get(last, key) : NULL;
    if (next && json_object_set(answer, "next", next)) {
        json_decref(answer);
        return ERR_NOMEM;
    }
    return http_json(p, 200, answer);
}
