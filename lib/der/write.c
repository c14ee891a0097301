#include <stdlib.h>
#include <string.h>

#include "der.h"

static enum err put_tag(struct buf *b, uint32_t tag)
{
    const uint8_t octets[3] = { (uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag };
    size_t skip = tag > 0xffff ? 0 : tag > 0xff ? 1 : 2;
    return buf_put(b, span_of(octets + skip, 3 - skip));
}

static size_t length_octets(size_t length, uint8_t out[5])
{
    if (length < 0x80) {
        out[0] = (uint8_t)length;
        return 1;
    }
    size_t octets = 0;
    for (size_t n = length; n; n >>= 8)
        octets++;
    out[0] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        out[1 + i] = (uint8_t)(length >> 8 * (octets - 1 - i));
    return 1 + octets;
}

enum err der_put_header(struct buf *b, uint32_t tag, size_t content_len)
{
    uint8_t length[5];
    enum err e = content_len > UINT32_MAX ? ERR_LIMIT : put_tag(b, tag);
    return e ? e : buf_put(b, span_of(length, length_octets(content_len, length)));
}

enum err der_put_open(struct buf *b, uint32_t tag, struct der_mark *mark)
{
    enum err e = put_tag(b, tag);
    if (!e)
        e = buf_put_u8(b, 0);
    mark->content = b->len;
    return e;
}

enum err der_put_close(struct buf *b, struct der_mark mark)
{
    uint8_t length[5];
    size_t content = b->len - mark.content;
    size_t octets = length_octets(content, length);
    static const uint8_t zeros[4] = { 0 };
    enum err e = content > UINT32_MAX ? ERR_LIMIT : buf_put(b, span_of(zeros, octets - 1));
    if (e)
        return e;
    if (octets > 1)
        memmove(b->at + mark.content + octets - 1, b->at + mark.content, content);
    memcpy(b->at + mark.content - 1, length, octets);
    return ERR_OK;
}

enum err der_put(struct buf *b, uint32_t tag, struct span value)
{
    enum err e = der_put_header(b, tag, value.len);
    return e ? e : buf_put(b, value);
}

enum err der_put_str(struct buf *b, uint32_t tag, const char *text)
{
    return der_put(b, tag, span_str(text));
}

enum err der_put_integer(struct buf *b, uint32_t tag, int64_t value)
{
    uint8_t octets[8];
    for (int i = 0; i < 8; i++)
        octets[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    size_t skip = 0;
    while (skip < 7 && ((octets[skip] == 0x00 && !(octets[skip + 1] & 0x80)) ||
                        (octets[skip] == 0xff && octets[skip + 1] & 0x80)))
        skip++;
    return der_put(b, tag, span_of(octets + skip, 8 - skip));
}

enum err der_put_boolean(struct buf *b, uint32_t tag, bool value)
{
    return der_put(b, tag, value ? SPAN(0xff) : SPAN(0x00));
}

enum err der_put_bits(struct buf *b, uint32_t tag, uint32_t bits)
{
    uint8_t octets[5] = { 0 };
    unsigned last = 0;
    for (unsigned n = 0; n < 32; n++)
        if (bits >> n & 1) {
            octets[1 + n / 8] |= (uint8_t)(0x80 >> n % 8);
            last = n + 1;
        }
    size_t used = (last + 7) / 8;
    octets[0] = (uint8_t)(used * 8 - last);
    return der_put(b, tag, span_of(octets, 1 + used));
}

static enum err put_arc(struct buf *b, uint64_t arc)
{
    uint8_t octets[10];
    size_t n = 0;
    do {
        octets[n++] = (uint8_t)(arc & 0x7f);
        arc >>= 7;
    } while (arc);
    enum err e = ERR_OK;
    while (!e && n--)
        e = buf_put_u8(b, n ? (uint8_t)(octets[n] | 0x80) : octets[n]);
    return e;
}

/* One arc of at most 18 digits; *text moves behind it and its point. */
static enum err read_arc(const char **text, uint64_t *arc, bool *last)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0 || digits > 18)
        return ERR_PARSE;
    *arc = strtoull(*text, NULL, 10);
    const char *end = *text + digits;
    *last = !*end;
    *text = end + !*last;
    return *last || *end == '.' ? ERR_OK : ERR_PARSE;
}

/* The first two arcs share an octet group: 40 * first + second (X.690 8.19.4). */
static enum err put_arcs(const char *text, struct buf *out)
{
    uint64_t top = 0, arc = 0;
    bool last = false;
    enum err e = read_arc(&text, &top, &last);
    if (e || last || top > 2)
        return ERR_PARSE;
    e = read_arc(&text, &arc, &last);
    if (e || (top < 2 && arc > 39))
        return ERR_PARSE;
    e = put_arc(out, top * 40 + arc);
    while (!e && !last) {
        e = read_arc(&text, &arc, &last);
        if (!e)
            e = put_arc(out, arc);
    }
    return e;
}

enum err der_oid_parse(const char *text, struct buf *out)
{
    size_t before = out->len;
    enum err e = put_arcs(text, out);
    if (e)
        out->len = before;
    return e;
}

enum err der_put_oid(struct buf *b, uint32_t tag, const char *dotted)
{
    struct buf value = { .max = 128 };
    enum err e = der_oid_parse(dotted, &value);
    if (!e)
        e = der_put(b, tag, buf_span(&value));
    buf_release(&value);
    return e;
}
