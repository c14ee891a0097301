/* Borrowed bytes, owned bytes with a ceiling, secrets, hex and base64. */
#ifndef LAB_BASE_SPAN_H
#define LAB_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Borrows bytes; never freed through here. A zero span is empty. */
struct span {
    const uint8_t *at;
    size_t len;
};

/* A span over bytes written in the source: SPAN(0x90, 0x00). */
#define SPAN(...) \
    ((struct span){ (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) })
/* A span over a byte array variable. */
#define SPAN_ARRAY(a) ((struct span){ (const uint8_t *)(a), sizeof(a) })

struct span span_of(const void *at, size_t len);
/* Borrows the characters of a C string without its end mark; NULL gives the empty span. */
struct span span_str(const char *text);
bool span_equal(struct span a, struct span b);
/* Equality in time that depends on the lengths only; for MACs, hashes of codes, keys. */
bool span_equal_secret(struct span a, struct span b);
/* Bytes [from, from+len), cut at the end of s. */
struct span span_sub(struct span s, size_t from, size_t len);

/* Owns bytes. Give it its ceiling at birth: struct buf b = { .max = 1 << 16 }; release accepts zero. */
struct buf {
    uint8_t *at;
    size_t len, cap, max;
};

/* Appends a copy. ERR_LIMIT past b->max, ERR_NOMEM; b is then unchanged. */
MUST_CHECK enum err buf_put(struct buf *b, struct span src);
MUST_CHECK enum err buf_put_u8(struct buf *b, uint8_t byte);
/* Makes room for this many bytes behind b->len, which the caller may fill and count. */
MUST_CHECK enum err buf_reserve(struct buf *b, size_t more);
MUST_CHECK enum err buf_put_str(struct buf *b, const char *text);
MUST_CHECK enum err buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Replaces the contents by a copy of src. */
MUST_CHECK enum err buf_set(struct buf *b, struct span src);
struct span buf_span(const struct buf *b);
/* A C string view: appends an end mark beyond len and gives the characters; NULL when memory is out. */
const char *buf_cstr(struct buf *b);
/* Length back to zero, memory kept. */
void buf_clear(struct buf *b);
void buf_release(struct buf *b);

/* A key or code that must never be logged; cleared on release. */
struct secret {
    uint8_t at[64];
    size_t len;
};
/* Copies src (at most 64 bytes, else ERR_LIMIT). */
MUST_CHECK enum err secret_set(struct secret *s, struct span src);
struct span secret_span(const struct secret *s);
void secret_release(struct secret *s);
/* Overwrites memory in a way the compiler keeps. */
void memory_clear(void *at, size_t len);

/* Hex. Encoding appends two lower-case (or upper-case) digits a byte. Decoding takes either case, even length only;
 * ERR_PARSE otherwise. */
MUST_CHECK enum err hex_put(struct buf *b, struct span src);
MUST_CHECK enum err hex_put_upper(struct buf *b, struct span src);
MUST_CHECK enum err hex_decode(struct span text, struct buf *out);

/* Base64 (RFC 4648 alphabet with padding). Decoding refuses anything else with ERR_PARSE. */
MUST_CHECK enum err base64_put(struct buf *b, struct span src);
MUST_CHECK enum err base64_decode(struct span text, struct buf *out);

#endif
