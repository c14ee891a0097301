/* Values to text, and C to members of an object. */
#include "json.h"

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

enum err json_write(const json_t *value, struct buf *out)
{
    size_t before = out->len;
    struct sink s = { out, ERR_OK };
    if (json_dump_callback(value, put_piece, &s, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        return ERR_OK;
    out->len = before;
    return s.e ? s.e : ERR_NOMEM;
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
        e = set(object, member, json_stringn(text.len ? (const char *)text.at : "", text.len));
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
