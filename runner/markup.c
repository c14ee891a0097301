#include "markup.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Octets of the character at `at`; 0 when none begins here or XML 1.0 does not know it. */
static size_t character(struct span text, size_t at)
{
    const uint8_t *p = text.at + at;
    if (p[0] < 0x80)
        return (p[0] >= 0x20 && p[0] != 0x7f) || p[0] == '\n' || p[0] == '\t';
    size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
    if (!len || len > text.len - at)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] > 0x9f;
    bool beyond = p[0] == 0xf4 && p[1] > 0x8f;
    bool nothing = p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
    return overlong || surrogate || beyond || nothing ? 0 : len;
}

static const char *entity(uint8_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static enum err put_clean(struct buf *out, struct span text, bool escape)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < text.len;) {
        size_t len = character(text, i);
        const char *name = escape ? entity(text.at[i]) : NULL;
        if (!len)
            e = buf_put_str(out, REPLACEMENT);
        else
            e = name ? buf_put_str(out, name) : buf_put(out, span_sub(text, i, len));
        i += len ? len : 1;
    }
    return e;
}

enum err text_put_clean(struct buf *out, struct span text)
{
    return put_clean(out, text, false);
}

void markup_raw(struct markup *m, const char *text)
{
    if (!m->e)
        m->e = buf_put_str(m->out, text);
}

void markup_text(struct markup *m, struct span text)
{
    if (!m->e)
        m->e = put_clean(m->out, text, true);
}

/* One conversion; returns the character after it. */
static const char *convert(struct markup *m, const char *format, va_list *args)
{
    if (strncmp(format, "%s", 2) == 0) {
        markup_text(m, span_str(va_arg(*args, const char *)));
        return format + 2;
    }
    if (strncmp(format, "%d", 2) == 0) {
        m->e = buf_printf(m->out, "%d", va_arg(*args, int));
        return format + 2;
    }
    if (strncmp(format, "%u", 2) == 0) {
        m->e = buf_printf(m->out, "%u", va_arg(*args, unsigned));
        return format + 2;
    }
    if (strncmp(format, "%lld", 4) == 0) {
        m->e = buf_printf(m->out, "%lld", va_arg(*args, long long));
        return format + 4;
    }
    assert(strncmp(format, "%.2f", 4) == 0);
    m->e = buf_printf(m->out, "%.2f", va_arg(*args, double));
    return format + 4;
}

void markup_put(struct markup *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    while (!m->e && *format) {
        size_t plain = strcspn(format, "%");
        m->e = buf_put(m->out, span_of(format, plain));
        format += plain;
        if (!m->e && *format)
            format = convert(m, format, &args);
    }
    va_end(args);
}
