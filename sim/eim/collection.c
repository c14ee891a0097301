/* Northbound: what the small collections of a tenant (keys, webhooks) have in common: sets of words, and lists. */
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "json.h"

enum err eim_words_read(const json_t *list, const struct eim_word *words, size_t count, unsigned *out)
{
    const json_t *item;
    size_t i;
    *out = 0;
    json_array_foreach(list, i, item) {
        size_t k = 0;
        while (k < count && (!json_is_string(item) || strcmp(json_string_value(item), words[k].word) != 0))
            k++;
        if (k == count)
            return ERR_PARSE;
        *out |= words[k].bit;
    }
    return *out ? ERR_OK : ERR_PARSE;
}

json_t *eim_words_json(unsigned bits, const struct eim_word *words, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++)
        if (bits & words[i].bit)
            json_array_append_new(list, json_string(words[i].word));
    return list;
}

enum err eim_list_own(struct eim *e, const struct http_request *q, struct http_response *p, const char *sql, eim_item_json show)
{
    struct eim_caller who;
    enum err x = eim_authorize(e, q, p, EIM_ADMINISTER, &who);
    if (x)
        return x;
    struct eim_items items = { json_array(), show };
    x = items.list ? db_query(e->env->db, sql, DB_ARGS(DB_TEXT(who.tenant)), eim_put_item, &items) : ERR_NOMEM;
    if (!x || x == ERR_NOT_FOUND)
        return http_json(p, 200, json_pack("{s:o}", "items", items.list));
    json_decref(items.list);
    return x;
}

enum err eim_put_item(void *context, const struct db_row *r)
{
    const struct eim_items *items = context;
    return json_array_append_new(items->list, items->show(r)) ? ERR_NOMEM : ERR_OK;
}

enum err eim_read_numbered_page(const struct http_request *q, struct http_response *p, int64_t *after, int64_t *limit)
{
    struct buf cursor = { .max = 24 };
    char *end = NULL;
    *after = 0;
    enum err x = eim_read_page(q, p, &cursor, limit);
    if (!x && cursor.len) {
        const char *text = buf_cstr(&cursor);
        *after = strtoll(text, &end, 10);
        if (end == text || *end || *after < 0)
            x = eim_problem(p, 400, "the page is wrong", "cursor comes from next");
    }
    buf_release(&cursor);
    return x;
}
