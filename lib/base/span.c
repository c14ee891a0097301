#include "span.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span span_of(const void *at, size_t len)
{
    return (struct span){ at, len };
}

struct span span_str(const char *text)
{
    return text ? (struct span){ (const uint8_t *)text, strlen(text) } : (struct span){ 0 };
}

bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool span_equal_secret(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference |= (uint8_t)(a.at[i] ^ b.at[i]);
    return difference == 0;
}

struct span span_sub(struct span s, size_t from, size_t len)
{
    if (from >= s.len)
        return (struct span){ 0 };
    if (len > s.len - from)
        len = s.len - from;
    return (struct span){ s.at + from, len };
}

enum err buf_reserve(struct buf *b, size_t more)
{
    if (b->len > b->max || more > b->max - b->len)
        return ERR_LIMIT;
    size_t want = b->len + more;
    if (want <= b->cap)
        return ERR_OK;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap *= 2;
    uint8_t *grown = realloc(b->at, cap);
    if (!grown)
        return ERR_NOMEM;
    b->at = grown;
    b->cap = cap;
    return ERR_OK;
}

enum err buf_put(struct buf *b, struct span src)
{
    enum err e = buf_reserve(b, src.len);
    if (e)
        return e;
    if (src.len)
        memcpy(b->at + b->len, src.at, src.len);
    b->len += src.len;
    return ERR_OK;
}

enum err buf_put_u8(struct buf *b, uint8_t byte)
{
    return buf_put(b, (struct span){ &byte, 1 });
}

enum err buf_put_str(struct buf *b, const char *text)
{
    return buf_put(b, span_str(text));
}

/* Text that is too long for the stack is formatted again, where there is room for it. */
__attribute__((format(printf, 3, 0))) static enum err put_long(struct buf *b, size_t len, const char *format, va_list args)
{
    char *text = malloc(len + 1);
    if (!text)
        return ERR_NOMEM;
    vsnprintf(text, len + 1, format, args);
    enum err e = buf_put(b, span_of(text, len));
    free(text);
    return e;
}

enum err buf_printf(struct buf *b, const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    enum err e = n < 0 ? ERR_PARSE : buf_reserve(b, (size_t)n);
    if (!e && (size_t)n < sizeof small)
        e = buf_put(b, span_of(small, (size_t)n));
    else if (!e)
        e = put_long(b, (size_t)n, format, again);
    va_end(again);
    return e;
}

enum err buf_set(struct buf *b, struct span src)
{
    size_t before = b->len;
    b->len = 0;
    enum err e = buf_put(b, src);
    if (e)
        b->len = before;
    return e;
}

struct span buf_span(const struct buf *b)
{
    return (struct span){ b->at, b->len };
}

const char *buf_cstr(struct buf *b)
{
    if (b->len == b->cap) {
        uint8_t *grown = realloc(b->at, b->cap + 1);
        if (!grown)
            return NULL;
        b->at = grown;
        b->cap++;
    }
    b->at[b->len] = 0;
    return (const char *)b->at;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

void buf_release(struct buf *b)
{
    free(b->at);
    *b = (struct buf){ .max = b->max };
}

void memory_clear(void *at, size_t len)
{
    if (len)
        explicit_bzero(at, len);
}

enum err secret_set(struct secret *s, struct span src)
{
    if (src.len > sizeof s->at)
        return ERR_LIMIT;
    if (src.len)
        memcpy(s->at, src.at, src.len);
    s->len = src.len;
    return ERR_OK;
}

struct span secret_span(const struct secret *s)
{
    return (struct span){ s->at, s->len };
}

void secret_release(struct secret *s)
{
    memory_clear(s, sizeof *s);
}
