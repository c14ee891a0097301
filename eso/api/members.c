/* Reading request bodies and writing members: every mistake is named. */
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "json.h"

static enum err bad_member(struct http_response *p, const char *member, const char *what)
{
    char detail[200];
    snprintf(detail, sizeof detail, "\"%.60s\" %s", member, what);
    return api_problem(p, 400, "bad-member", detail);
}

enum err api_text(struct http_response *p, const json_t *o, const char *member, enum api_need need, char *at,
                  size_t size)
{
    const json_t *value = json_object_get(o, member);
    at[0] = '\0';
    if (!value)
        return need == API_OPTIONAL ? ERR_OK : bad_member(p, member, "is missing");
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return bad_member(p, member, "is no text");
    return eso_text_set(at, size, json_string_value(value)) ? bad_member(p, member, "is too long") : ERR_OK;
}

enum err api_checked_text(struct http_response *p, const json_t *o, const char *member,
                          bool (*is_valid)(const char *), char *at, size_t size)
{
    enum err e = api_text(p, o, member, API_REQUIRED, at, size);
    if (!e && !is_valid(at))
        e = bad_member(p, member, "is not in its form");
    return e;
}

enum err api_int(struct http_response *p, const json_t *o, const char *member, int64_t fallback, int64_t *out)
{
    *out = fallback;
    enum err e = json_int(o, member, out);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    return e || *out < 0 ? bad_member(p, member, "is no number from 0") : ERR_OK;
}

enum err api_time(struct http_response *p, const json_t *o, const char *member, int64_t *out)
{
    char text[32];
    enum err e = api_text(p, o, member, API_OPTIONAL, text, sizeof text);
    *out = 0;
    if (!e && text[0] && clock_parse_iso8601(span_str(text), out))
        e = bad_member(p, member, "is no time (2026-01-31T12:00:00Z)");
    return e;
}

enum err api_words(struct http_response *p, const json_t *o, const char *member, bool (*is_valid)(const char *),
                   char *at, size_t size)
{
    const json_t *list = json_object_get(o, member), *word = NULL;
    struct buf joined = { .max = size - 1 };
    size_t i = 0;
    enum err e = ERR_OK;
    at[0] = '\0';
    if (!list)
        return ERR_OK;
    if (!json_is_array(list))
        return bad_member(p, member, "is no list");
    json_array_foreach(list, i, word) {
        const char *text = json_string_value(word);
        if (!text || !is_valid(text))
            e = bad_member(p, member, "has an item that is not in its form");
        else
            e = buf_printf(&joined, "%s%s", i ? "," : "", text);
        if (e)
            break;
    }
    if (e == ERR_LIMIT)
        e = bad_member(p, member, "is too long");
    if (!e && joined.len)
        e = eso_text_set(at, size, buf_cstr(&joined));
    buf_release(&joined);
    return e;
}

enum err api_only(struct http_response *p, const json_t *o, const char *const *known)
{
    for (void *it = json_object_iter((json_t *)o); it; it = json_object_iter_next((json_t *)o, it)) {
        const char *const *k = known;
        while (*k && strcmp(*k, json_object_iter_key(it)) != 0)
            k++;
        if (!*k)
            return bad_member(p, json_object_iter_key(it), "is not known here");
    }
    return ERR_OK;
}

enum err api_set_time(json_t *o, const char *member, int64_t at)
{
    struct buf text = { .max = 32 };
    enum err e = clock_put_iso8601(&text, at);
    if (!e)
        e = json_set_str(o, member, buf_cstr(&text));
    buf_release(&text);
    return e;
}

enum err api_set_words(json_t *o, const char *member, const char *words)
{
    json_t *list = json_array();
    int failed = !list;
    for (const char *at = words; !failed && *at;) {
        size_t len = strcspn(at, ",");
        failed = json_array_append_new(list, json_stringn(at, len));
        at += len + (at[len] == ',');
    }
    if (!failed)
        return json_object_set_new(o, member, list) ? ERR_NOMEM : ERR_OK;
    json_decref(list);
    return ERR_NOMEM;
}

enum err api_set_if(json_t *o, const char *member, const char *text)
{
    return text[0] ? json_set_str(o, member, text) : ERR_OK;
}
