/* Values to text, and C to members of an object. */
#include <string.h>

#include "json.h"
#include "plain.h"

struct sink {
    struct buf *out;
    enum err e;
};

static int put_piece(const char *piece, size_t len, void *context)
{
    struct sink *s = context;
    s->e = buf_put(s->out, span_of(piece, len));
    return s->e ? -1 : 0;
}

static bool is_plain(const char *text, size_t len)
{
    return json_plain_length(span_of(text, len)) == len;
}

static enum err put_quoted(const char *text, size_t len, struct buf *out)
{
    enum err e = buf_reserve(out, len + 2);
    if (!e)
        e = buf_put_u8(out, '"');
    if (!e)
        e = buf_put(out, span_of(text, len));
    return e ? e : buf_put_u8(out, '"');
}

/* A string without anything to escape goes out as a whole; what else there is jansson writes, octet by octet. */
static enum err put_value(const json_t *value, struct buf *out)
{
    struct sink s = { out, ERR_OK };
    if (json_is_string(value) && is_plain(json_string_value(value), json_string_length(value)))
        return put_quoted(json_string_value(value), json_string_length(value), out);
    if (json_dump_callback(value, put_piece, &s, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        return ERR_OK;
    return s.e ? s.e : ERR_NOMEM;
}

/* The objects of our interfaces are flat, or a header in a flat one. */
static enum err put_object(const json_t *object, struct buf *out)
{
    const char *name;
    json_t *member;
    bool first = true;
    enum err e = buf_put_u8(out, '{');
    json_object_foreach((json_t *)object, name, member) {
        if (!e && !first)
            e = buf_put_u8(out, ',');
        if (!e)
            e = put_quoted(name, strlen(name), out);
        if (!e)
            e = buf_put_u8(out, ':');
        if (!e)
            e = put_value(member, out);
        first = false;
    }
    return e ? e : buf_put_u8(out, '}');
}

static bool names_are_plain(const json_t *object)
{
    const char *name;
    json_t *member;
    json_object_foreach((json_t *)object, name, member) {
        if (!is_plain(name, strlen(name)))
            return false;
    }
    return true;
}

enum err json_write(const json_t *value, struct buf *out)
{
    size_t before = out->len;
    enum err e = json_is_object(value) && names_are_plain(value) ? put_object(value, out) : put_value(value, out);
    if (e)
        out->len = before;
    return e;
}

static enum err set(json_t *object, const char *member, json_t *value)
{
    return json_object_set_new(object, member, value) == 0 ? ERR_OK : ERR_NOMEM;
}

enum err json_set_str(json_t *object, const char *member, const char *value)
{
    return set(object, member, json_string(value));
}

enum err json_set_int(json_t *object, const char *member, int64_t value)
{
    return set(object, member, json_integer(value));
}

enum err json_set_bool(json_t *object, const char *member, bool value)
{
    return set(object, member, json_boolean(value));
}

static enum err set_encoded(json_t *object, const char *member, struct span value,
                            enum err (*encoder)(struct buf *b, struct span src))
{
    struct buf text = { .max = JSON_TEXT_MAX };
    enum err e = encoder(&text, value);
    if (!e)
        e = set(object, member, json_stringn_nocheck(text.len ? (const char *)text.at : "", text.len)); /* digits: ASCII */
    buf_release(&text);
    return e;
}

enum err json_set_base64(json_t *object, const char *member, struct span value)
{
    return set_encoded(object, member, value, base64_put);
}

enum err json_set_hex(json_t *object, const char *member, struct span value)
{
    return set_encoded(object, member, value, hex_put_upper);
}
