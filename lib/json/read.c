/* Text to values, and members of an object to C. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "plain.h"

static enum err refuse(char *why, enum err e, const char *text)
{
    if (why)
        snprintf(why, 160, "%s", text);
    return e;
}

/* The parser recurses, so depth is measured over the text before it runs. */
static bool too_deep(struct span text)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        if (depth > JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

/* The parser quotes what it met, which may be a secret: only the place is told. */
static enum err tell_malformed(struct span text, const json_error_t *error, char *why)
{
    json_t *scalar = json_loadb(text.len ? (const char *)text.at : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    const char *what = json_error_code(error) == json_error_duplicate_key ? "a member is named twice" : "malformed JSON";
    if (why && scalar)
        snprintf(why, 160, "not a JSON object");
    else if (why)
        snprintf(why, 160, "%s at line %d column %d", what, error->line, error->column);
    json_decref(scalar);
    return ERR_PARSE;
}

enum err json_read(struct span text, json_t **out, char why[160])
{
    if (text.len > JSON_TEXT_MAX)
        return refuse(why, ERR_LIMIT, "the text is too long");
    if ((*out = json_read_plain(text)) != NULL)
        return ERR_OK;
    if (too_deep(text))
        return refuse(why, ERR_LIMIT, "nested too deeply");
    json_error_t error;
    json_t *value = json_loadb(text.len ? (const char *)text.at : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!value && json_error_code(&error) == json_error_out_of_memory)
        return refuse(why, ERR_NOMEM, "out of memory");
    if (!value)
        return tell_malformed(text, &error, why);
    if (!json_is_object(value)) {
        json_decref(value);
        return refuse(why, ERR_PARSE, "not a JSON object");
    }
    *out = value;
    return ERR_OK;
}

const char *json_str(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

enum err json_int(const json_t *object, const char *member, int64_t *out)
{
    const json_t *value = json_object_get(object, member);
    if (!value)
        return ERR_NOT_FOUND;
    if (!json_is_integer(value))
        return ERR_PARSE;
    *out = json_integer_value(value);
    return ERR_OK;
}

enum err json_bool(const json_t *object, const char *member, bool *out)
{
    const json_t *value = json_object_get(object, member);
    if (!value)
        return ERR_NOT_FOUND;
    if (!json_is_boolean(value))
        return ERR_PARSE;
    *out = json_is_true(value);
    return ERR_OK;
}

static enum err decode(const json_t *object, const char *member, struct buf *out,
                       enum err (*decoder)(struct span text, struct buf *out))
{
    const json_t *value = json_object_get(object, member);
    if (!value)
        return ERR_NOT_FOUND;
    if (!json_is_string(value))
        return ERR_PARSE;
    return decoder(span_of(json_string_value(value), json_string_length(value)), out);
}

enum err json_base64(const json_t *object, const char *member, struct buf *out)
{
    return decode(object, member, out, base64_decode);
}

enum err json_hex(const json_t *object, const char *member, struct buf *out)
{
    return decode(object, member, out, hex_decode);
}
