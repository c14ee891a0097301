#include <string.h>

#include "der.h"

struct der der_open(struct span tlvs)
{
    return (struct der){ tlvs };
}

bool der_at_end(const struct der *d)
{
    return d->rest.len == 0;
}

/* Tag of one to three octets; its size in *used. */
static enum err read_tag(struct span in, uint32_t *tag, size_t *used)
{
    if (in.len == 0)
        return ERR_PARSE;
    *tag = in.at[0];
    *used = 1;
    if ((in.at[0] & 0x1f) != 0x1f)
        return ERR_OK;
    do {
        if (*used == in.len || *used == 3)
            return ERR_PARSE;
        *tag = *tag << 8 | in.at[*used];
    } while (in.at[(*used)++] & 0x80);
    return ERR_OK;
}

static enum err read_length(struct span in, size_t *length, size_t *used)
{
    if (in.len == 0)
        return ERR_PARSE;
    *length = in.at[0];
    *used = 1;
    if (in.at[0] < 0x80)
        return ERR_OK;
    size_t octets = in.at[0] & 0x7f;
    if (octets == 0 || octets > 4 || octets >= in.len)
        return ERR_PARSE;
    *length = 0;
    for (size_t i = 1; i <= octets; i++)
        *length = *length << 8 | in.at[i];
    *used = 1 + octets;
    return ERR_OK;
}

static enum err put_tlv(struct span in, uint32_t tag, size_t head, size_t length, struct der_tlv *out)
{
    if (length > in.len - head)
        return ERR_PARSE;
    out->tag = tag;
    out->value = (struct span){ in.at + head, length };
    out->whole = (struct span){ in.at, head + length };
    return ERR_OK;
}

static enum err read_tlv(struct span in, struct der_tlv *out)
{
    size_t tag_len = 0, length_len = 0, length = 0;
    uint32_t tag = 0;
    /* Most have one octet of each. */
    if (in.len >= 2 && (in.at[0] & 0x1f) != 0x1f && in.at[1] < 0x80)
        return put_tlv(in, in.at[0], 2, in.at[1], out);
    enum err e = read_tag(in, &tag, &tag_len);
    if (!e)
        e = read_length(span_sub(in, tag_len, in.len), &length, &length_len);
    return e ? ERR_PARSE : put_tlv(in, tag, tag_len + length_len, length, out);
}

enum err der_next(struct der *d, struct der_tlv *out)
{
    enum err e = read_tlv(d->rest, out);
    if (!e)
        d->rest = (struct span){ d->rest.at + out->whole.len, d->rest.len - out->whole.len };
    return e;
}

uint32_t der_peek(const struct der *d)
{
    struct der_tlv t;
    return read_tlv(d->rest, &t) ? 0 : t.tag;
}

enum err der_expect(struct der *d, uint32_t tag, struct der_tlv *out)
{
    return der_peek(d) == tag ? der_next(d, out) : ERR_PARSE;
}

enum err der_optional(struct der *d, uint32_t tag, struct der_tlv *out, bool *found)
{
    *found = false;
    if (der_at_end(d))
        return ERR_OK;
    struct der_tlv t;
    enum err e = read_tlv(d->rest, &t);
    if (e || t.tag != tag)
        return e;
    *found = true;
    return der_next(d, out);
}

enum err der_only(struct span bytes, uint32_t tag, struct der_tlv *out)
{
    struct der d = der_open(bytes);
    enum err e = der_expect(&d, tag, out);
    return e || der_at_end(&d) ? e : ERR_PARSE;
}

enum err der_find(struct span tlvs, uint32_t tag, struct der_tlv *out)
{
    struct der d = der_open(tlvs);
    while (!der_at_end(&d)) {
        enum err e = der_next(&d, out);
        if (e || out->tag == tag)
            return e;
    }
    return ERR_NOT_FOUND;
}

static bool constructed(uint32_t tag)
{
    uint32_t first = tag;
    while (first > 0xff)
        first >>= 8;
    return first & 0x20;
}

static enum err check_depth(struct span bytes, unsigned depth)
{
    struct der d = der_open(bytes);
    while (!der_at_end(&d)) {
        struct der_tlv t;
        enum err e = depth > DER_DEPTH_MAX ? ERR_PARSE : der_next(&d, &t);
        if (!e && constructed(t.tag))
            e = check_depth(t.value, depth + 1);
        if (e)
            return e;
    }
    return ERR_OK;
}

enum err der_check(struct span bytes)
{
    return check_depth(bytes, 1);
}

static size_t good_octets(struct span bytes, unsigned depth)
{
    struct der d = der_open(bytes);
    struct der_tlv t;
    while (!der_at_end(&d)) {
        size_t at = bytes.len - d.rest.len;
        if (depth > DER_DEPTH_MAX || der_next(&d, &t))
            return at;
        size_t inside = constructed(t.tag) ? good_octets(t.value, depth + 1) : t.value.len;
        if (inside < t.value.len)
            return at + (t.whole.len - t.value.len) + inside;
    }
    return bytes.len;
}

size_t der_good_octets(struct span bytes)
{
    return good_octets(bytes, 1);
}

enum err der_integer(struct span value, int64_t *out)
{
    if (value.len == 0 || value.len > 8)
        return ERR_PARSE;
    uint64_t n = value.at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < value.len; i++)
        n = n << 8 | value.at[i];
    *out = (int64_t)n;
    return ERR_OK;
}

bool der_bit(struct span value, unsigned n)
{
    if (value.len < 2 || value.at[0] > 7)
        return false;
    size_t bits = (value.len - 1) * 8 - value.at[0];
    return n < bits && value.at[1 + n / 8] & 0x80 >> n % 8;
}

#define OID_TEXT 128

/* Behind a dot unless it is the first. False: there is no room. */
static bool put_arc(char out[OID_TEXT], size_t *used, uint64_t arc)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + arc % 10);
    while (arc /= 10);
    if (*used + (*used > 0) + n >= OID_TEXT)
        return false;
    if (*used)
        out[(*used)++] = '.';
    while (n)
        out[(*used)++] = digits[--n];
    out[*used] = 0;
    return true;
}

enum err der_oid_text(struct span value, char out[OID_TEXT])
{
    size_t used = 0;
    uint64_t arc = 0;
    bool first = true, open = false;
    out[0] = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (arc >> 56 || (!open && value.at[i] == 0x80))
            return ERR_PARSE;
        arc = arc << 7 | (value.at[i] & 0x7f);
        open = value.at[i] & 0x80;
        if (open)
            continue;
        uint64_t top = arc < 80 ? arc / 40 : 2;
        if ((first && !put_arc(out, &used, top)) || !put_arc(out, &used, first ? arc - top * 40 : arc))
            return ERR_LIMIT;
        first = false;
        arc = 0;
    }
    return first || open ? ERR_PARSE : ERR_OK;
}
