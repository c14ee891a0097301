/* Addresses taken apart, the same way for both wirings. */
#include <string.h>

#include "http_parts.h"

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err http_percent_decode(struct span text, bool plus_is_space, struct buf *out)
{
    size_t before = out->len;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.at[i + 2]) : -1;
            if (high < 0 || low < 0) {
                e = ERR_PARSE;
                break;
            }
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        e = c ? buf_put_u8(out, c) : ERR_PARSE;
    }
    if (e)
        out->len = before;
    return e;
}

/* An escape that decodes to a separator would change which route matches, so it is refused. */
static bool hides_separator(const char *path, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (path[i] != '%')
            continue;
        int high = hex_value((uint8_t)path[i + 1]), low = hex_value((uint8_t)path[i + 2]);
        int c = high * 16 + low;
        if (high >= 0 && low >= 0 && (c == '/' || c < 0x20 || c == 0x7f))
            return true;
    }
    return false;
}

static bool has_odd_characters(const char *target)
{
    for (const char *p = target; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '#')
            return true;
    return false;
}

enum err http_target_parse(const char *target, struct http_target *out)
{
    size_t len = strlen(target), path = strcspn(target, "?");
    if (len >= HTTP_TARGET_MAX)
        return ERR_LIMIT;
    if (target[0] != '/' || has_odd_characters(target) || hides_separator(target, path))
        return ERR_PARSE;
    struct buf decoded = { .max = HTTP_TARGET_MAX };
    enum err e = http_percent_decode(span_of(target, path), false, &decoded);
    if (!e) {
        memcpy(out->path, decoded.at, decoded.len);
        out->path[decoded.len] = 0;
        size_t query = path + (target[path] == '?');
        memcpy(out->query, target + query, len - query + 1);
    }
    buf_release(&decoded);
    return e;
}

static enum err read_port(const char **at, uint16_t *port)
{
    unsigned value = 0;
    const char *p = *at;
    for (; *p >= '0' && *p <= '9' && value <= 65535; p++)
        value = value * 10 + (unsigned)(*p - '0');
    if (p == *at || value == 0 || value > 65535)
        return ERR_PARSE;
    *port = (uint16_t)value;
    *at = p;
    return ERR_OK;
}

static bool name_fits(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!fits)
            return false;
    }
    return len > 0;
}

bool http_url_is_callable(const char *url)
{
    struct http_url parsed;
    struct http_target target;
    return http_url_parse(url, &parsed) == ERR_OK && http_target_parse(parsed.target, &target) == ERR_OK;
}

enum err http_url_parse(const char *url, struct http_url *out)
{
    static const char scheme[] = "https://";
    if (!url || strncmp(url, scheme, sizeof scheme - 1) != 0 || has_odd_characters(url))
        return ERR_PARSE;
    const char *at = url + sizeof scheme - 1;
    size_t name = strcspn(at, ":/?@");
    if (name >= sizeof out->name || !name_fits(at, name))
        return ERR_PARSE;
    memcpy(out->name, at, name);
    out->name[name] = 0;
    at += name;
    out->port = 443;
    if (*at == ':') {
        at++;
        enum err e = read_port(&at, &out->port);
        if (e)
            return e;
    }
    if (*at != 0 && *at != '/')
        return ERR_PARSE;
    out->target = *at ? at : "/";
    return ERR_OK;
}
