/* jansson takes a text octet by octet, twice, and most of ours is base64 of some kilobytes. Here strings are found as a whole;
 * whatever is not plain is left to jansson, so there is no second opinion on what JSON is. */
#include "plain.h"

#include <string.h>

#include "json.h"

struct reader {
    const uint8_t *at, *end;
};

static json_t *take_value(struct reader *r, int depth);

static void skip_white(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* White space, then this character. */
static bool take(struct reader *r, uint8_t c)
{
    skip_white(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))

/* Eight at once: the high bit of an octet of `below` is set where the octet lies below the bound (Mycroft). */
static bool all_plain(const uint8_t at[8])
{
    uint64_t v;
    memcpy(&v, at, sizeof v);
    uint64_t quote = v ^ EACH('"'), back = v ^ EACH('\\'), del = v ^ EACH(0x7f);
    uint64_t below = ((v - EACH(0x20)) & ~v) | ((quote - EACH(1)) & ~quote) | ((back - EACH(1)) & ~back) |
                     ((del - EACH(1)) & ~del) | v;
    return !(below & EACH(0x80));
}

size_t json_plain_length(struct span text)
{
    size_t i = 0;
    while (text.len - i >= 8 && all_plain(text.at + i))
        i += 8;
    while (i < text.len && is_plain(text.at[i]))
        i++;
    return i;
}

static bool take_text(struct reader *r, struct span *out)
{
    if (!take(r, '"'))
        return false;
    *out = span_of(r->at, json_plain_length(span_of(r->at, (size_t)(r->end - r->at))));
    r->at += out->len;
    return r->at < r->end && *r->at++ == '"';
}

static bool take_member(struct reader *r, json_t *object, int depth)
{
    struct span name;
    if (!take_text(r, &name) || !take(r, ':') || json_object_getn(object, (const char *)name.at, name.len))
        return false;
    json_t *value = take_value(r, depth);
    return value && json_object_setn_new_nocheck(object, (const char *)name.at, name.len, value) == 0;
}

static bool take_item(struct reader *r, json_t *array, int depth)
{
    json_t *value = take_value(r, depth);
    return value && json_array_append_new(array, value) == 0;
}

/* What stands between these brackets, by commas. Takes whole (NULL: no memory); gives it back, or NULL. */
static json_t *take_list(struct reader *r, json_t *whole, uint8_t end, bool (*one)(struct reader *r, json_t *whole, int depth),
                         int depth)
{
    bool good = whole && depth <= JSON_DEPTH_MAX;
    if (good && take(r, end))
        return whole;
    do
        good = good && one(r, whole, depth);
    while (good && take(r, ','));
    if (good && take(r, end))
        return whole;
    json_decref(whole);
    return NULL;
}

static json_t *take_number(struct reader *r)
{
    const uint8_t *from = r->at;
    json_int_t n = 0;
    bool negative = *r->at == '-';
    r->at += negative;
    const uint8_t *digits = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && r->at - digits < 18)
        n = n * 10 + (*r->at++ - '0');
    size_t count = (size_t)(r->at - digits);
    bool whole = r->at < r->end && !memchr(".eE0123456789", *r->at, 13); /* longer ones may not fit */
    if (!count || (count > 1 && *digits == '0') || !whole || (negative && !n)) {
        r->at = from;
        return NULL;
    }
    return json_integer(negative ? -n : n);
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    r->at += len;
    return true;
}

/* A value at a depth; letters that would follow a word or number are no comma and no bracket to who asked. */
static json_t *take_value(struct reader *r, int depth)
{
    struct span text;
    skip_white(r);
    if (r->at == r->end)
        return NULL;
    switch (*r->at) {
    case '{':
        r->at++;
        return take_list(r, json_object(), '}', take_member, depth + 1);
    case '[':
        r->at++;
        return take_list(r, json_array(), ']', take_item, depth + 1);
    case '"':
        return take_text(r, &text) ? json_stringn_nocheck((const char *)text.at, text.len) : NULL;
    case 't':
        return take_word(r, "true") ? json_true() : NULL;
    case 'f':
        return take_word(r, "false") ? json_false() : NULL;
    case 'n':
        return take_word(r, "null") ? json_null() : NULL;
    default:
        return take_number(r);
    }
}

json_t *json_read_plain(struct span text)
{
    if (!text.len)
        return NULL; /* nothing may be nowhere */
    struct reader r = { text.at, text.at + text.len };
    skip_white(&r);
    if (r.at == r.end || *r.at != '{')
        return NULL;
    json_t *value = take_value(&r, 0);
    skip_white(&r);
    if (value && r.at == r.end)
        return value;
    json_decref(value);
    return NULL;
}
