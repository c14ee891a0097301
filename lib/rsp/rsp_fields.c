#include <string.h>

#include "rsp_fields.h"

static enum err read_contents(const struct rsp_type *t, struct span contents, void *out);

static void *member(void *base, size_t at)
{
    return (uint8_t *)base + at;
}

static const void *member_of(const void *base, size_t at)
{
    return (const uint8_t *)base + at;
}

static enum err read_integer(const struct rsp_field *f, struct span value, void *at)
{
    struct rsp_int n = { .present = true };
    enum err e = der_integer(value, &n.value);
    if (f->optional)
        *(struct rsp_int *)at = n;
    else
        *(int64_t *)at = n.value;
    return e;
}

static enum err read_bits(const struct rsp_field *f, struct span value, void *at)
{
    struct rsp_bits b = { .present = true };
    if (value.len < 1 || value.at[0] > 7 || (value.len == 1 && value.at[0]))
        return ERR_PARSE;
    for (unsigned n = 0; n < 32; n++)
        b.bits |= (uint32_t)der_bit(value, n) << n;
    if (f->optional)
        *(struct rsp_bits *)at = b;
    else
        *(uint32_t *)at = b.bits;
    return ERR_OK;
}

static enum err read_boolean(struct span value, bool *at)
{
    if (value.len != 1)
        return ERR_PARSE;
    *at = value.at[0] != 0;
    return ERR_OK;
}

static void keep_whole(const struct rsp_type *t, struct span whole, void *out)
{
    if (t->whole != RSP_NOWHERE)
        *(struct span *)member(out, t->whole) = whole;
}

static enum err read_struct(const struct rsp_field *f, const struct der_tlv *tlv, void *base)
{
    void *at = member(base, f->at);
    enum err e = read_contents(f->type, tlv->value, at);
    keep_whole(f->type, tlv->whole, at);
    if (f->optional)
        *(bool *)member(base, f->has) = true;
    return e;
}

static enum err read_field(const struct rsp_field *f, const struct der_tlv *tlv, void *base)
{
    void *at = member(base, f->at);
    switch (f->kind) {
    case RSP_VALUE:
    case RSP_VALUE_TOO:
        *(struct span *)at = tlv->value;
        return ERR_OK;
    case RSP_WHOLE:
        *(struct span *)at = tlv->whole;
        return ERR_OK;
    case RSP_INTEGER:
    case RSP_DEFAULT:
        return read_integer(f, tlv->value, at);
    case RSP_BITS:
        return read_bits(f, tlv->value, at);
    case RSP_BOOLEAN:
        return read_boolean(tlv->value, at);
    case RSP_NULL:
    case RSP_NULL_TOO:
        *(bool *)at = true;
        return tlv->value.len ? ERR_PARSE : ERR_OK;
    case RSP_STRUCT:
    case RSP_STRUCT_TOO:
        return read_struct(f, tlv, base);
    case RSP_OTHER:
        return ERR_OK;
    case RSP_INLINE:
        break;
    }
    return ERR_PARSE;
}

/* The alternative with this tag; its number from 1, 0 when there is none. */
static int alternative(const struct rsp_type *t, uint32_t tag)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->fields[i].tag == tag || t->fields[i].kind == RSP_OTHER)
            return (int)i + 1;
    return 0;
}

static bool is_other_form(const struct rsp_field *f)
{
    return f->kind == RSP_VALUE_TOO || f->kind == RSP_NULL_TOO || f->kind == RSP_STRUCT_TOO;
}

/* The number of the alternative that this one is another form of; its own otherwise. */
static int stands_for(const struct rsp_type *t, int which)
{
    const struct rsp_field *f = &t->fields[which - 1];
    int first = 1;
    while (is_other_form(f) && t->fields[first - 1].at != f->at)
        first++;
    return is_other_form(f) ? first : which;
}

/* The other form of a member; NULL: there is one only. */
static const struct rsp_field *other_form(const struct rsp_type *t, const struct rsp_field *f)
{
    for (size_t i = 0; i < t->count; i++)
        if (is_other_form(&t->fields[i]) && t->fields[i].at == f->at)
            return &t->fields[i];
    return NULL;
}

static enum err read_choice(const struct rsp_type *t, const struct der_tlv *tlv, void *out)
{
    int which = alternative(t, tlv->tag);
    if (!which)
        return ERR_PARSE;
    int named = stands_for(t, which);
    memcpy(member(out, t->which), &named, sizeof named);
    return read_field(&t->fields[which - 1], tlv, out);
}

/* An untagged CHOICE: the TLV itself is the alternative. */
static enum err read_inline(const struct rsp_type *t, struct der *d, void *out)
{
    struct der_tlv tlv;
    enum err e = der_next(d, &tlv);
    if (!e)
        e = read_choice(t, &tlv, out);
    if (!e)
        keep_whole(t, tlv.whole, out);
    return e;
}

static enum err read_member(const struct rsp_field *f, struct der *d, void *out)
{
    struct der_tlv tlv;
    if (f->kind == RSP_INLINE) {
        if (f->optional && !alternative(f->type, der_peek(d)))
            return ERR_OK;
        return read_inline(f->type, d, member(out, f->at));
    }
    bool found = false;
    enum err e = der_optional(d, f->tag, &tlv, &found);
    if (!e && found)
        return read_field(f, &tlv, out);
    bool may_be_absent = f->optional || f->kind == RSP_NULL || f->kind == RSP_NULL_TOO;
    return e || may_be_absent ? e : ERR_PARSE;
}

static enum err read_contents(const struct rsp_type *t, struct span contents, void *out)
{
    struct der d = der_open(contents);
    if (t->choice) {
        struct der_tlv tlv;
        enum err e = der_next(&d, &tlv);
        return e ? e : read_choice(t, &tlv, out);
    }
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < t->count; i++)
        e = read_member(&t->fields[i], &d, out);
    return e; /* what is left is from a later version: skipped */
}

enum err rsp_fields_next(const struct rsp_type *t, struct der *list, void *out, size_t size)
{
    memset(out, 0, size);
    if (!t->tag)
        return read_inline(t, list, out);
    struct der_tlv tlv;
    enum err e = der_expect(list, t->tag, &tlv);
    if (!e)
        e = read_contents(t, tlv.value, out);
    if (!e)
        keep_whole(t, tlv.whole, out);
    return e;
}

enum err rsp_fields_read(const struct rsp_type *t, struct span bytes, void *out, size_t size)
{
    memset(out, 0, size);
    enum err e = t->pdu == RSP_NO_PDU ? der_check(bytes) : rsp_check((enum rsp_pdu)t->pdu, bytes);
    if (e)
        return e;
    struct der d = der_open(bytes);
    e = rsp_fields_next(t, &d, out, size);
    return e || der_at_end(&d) ? e : ERR_PARSE;
}

static enum err write_contents(const struct rsp_type *t, const void *x, bool other, struct buf *out);

static int chosen(const struct rsp_type *t, const void *x)
{
    int which;
    memcpy(&which, member_of(x, t->which), sizeof which);
    return which < 0 || (size_t)which > t->count ? 0 : which;
}

static bool is_kept(const struct rsp_type *t, const void *x, struct span *whole)
{
    if (t->whole == RSP_NOWHERE)
        return false;
    *whole = *(const struct span *)member_of(x, t->whole);
    return whole->at;
}

static enum err write_struct(uint32_t tag, const struct rsp_type *t, const void *x, bool other, struct buf *out)
{
    struct span whole;
    struct der_mark mark;
    if (is_kept(t, x, &whole))
        return buf_put(out, whole);
    if (!tag)
        return write_contents(t, x, other, out);
    enum err e = der_put_open(out, tag, &mark);
    if (!e)
        e = write_contents(t, x, other, out);
    return e ? e : der_put_close(out, mark);
}

static enum err write_integer(const struct rsp_field *f, const void *at, struct buf *out)
{
    if (!f->optional)
        return der_put_integer(out, f->tag, *(const int64_t *)at);
    const struct rsp_int *n = at;
    return n->present ? der_put_integer(out, f->tag, n->value) : ERR_OK;
}

static enum err write_bits(const struct rsp_field *f, const void *at, struct buf *out)
{
    if (!f->optional)
        return der_put_bits(out, f->tag, *(const uint32_t *)at);
    const struct rsp_bits *b = at;
    return b->present ? der_put_bits(out, f->tag, b->bits) : ERR_OK;
}

static enum err write_span(const struct rsp_field *f, struct span s, struct buf *out)
{
    if (!s.at)
        return f->optional ? ERR_OK : ERR_STATE;
    return f->kind == RSP_WHOLE ? buf_put(out, s) : der_put(out, f->tag, s);
}

static enum err write_field(const struct rsp_field *f, const void *x, bool other, struct buf *out)
{
    const void *at = member_of(x, f->at);
    switch (f->kind) {
    case RSP_VALUE:
    case RSP_VALUE_TOO:
    case RSP_WHOLE:
        return write_span(f, *(const struct span *)at, out);
    case RSP_INTEGER:
        return write_integer(f, at, out);
    case RSP_DEFAULT: /* DER does not encode a DEFAULT */
        return ((const struct rsp_int *)at)->value == (int64_t)f->has ? ERR_OK : write_integer(f, at, out);
    case RSP_BITS:
        return write_bits(f, at, out);
    case RSP_BOOLEAN:
        return f->optional && !*(const bool *)at ? ERR_OK : der_put_boolean(out, f->tag, *(const bool *)at);
    case RSP_NULL:
    case RSP_NULL_TOO:
        return *(const bool *)at ? der_put(out, f->tag, (struct span){ 0 }) : ERR_OK;
    case RSP_OTHER:
        return ERR_STATE;
    case RSP_STRUCT:
    case RSP_STRUCT_TOO:
        if (f->optional && !*(const bool *)member_of(x, f->has))
            return ERR_OK;
        return write_struct(f->tag, f->type, at, other, out);
    case RSP_INLINE:
        return f->optional && !chosen(f->type, at) ? ERR_OK : write_struct(0, f->type, at, other, out);
    }
    return ERR_STATE;
}

static enum err write_choice(const struct rsp_type *t, const void *x, bool other, struct buf *out)
{
    int which = chosen(t, x);
    if (!which || is_other_form(&t->fields[which - 1]))
        return ERR_STATE;
    const struct rsp_field *f = &t->fields[which - 1], *too = other ? other_form(t, f) : NULL;
    f = too ? too : f;
    /* A NULL alternative is chosen by `which` alone. */
    return f->kind == RSP_NULL ? der_put(out, f->tag, (struct span){ 0 }) : write_field(f, x, other, out);
}

/* Of a member with two forms one. */
static bool is_written(const struct rsp_type *t, const struct rsp_field *f, bool other)
{
    return is_other_form(f) ? other : !other || !other_form(t, f);
}

static enum err write_contents(const struct rsp_type *t, const void *x, bool other, struct buf *out)
{
    if (t->choice)
        return write_choice(t, x, other, out);
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < t->count; i++)
        if (is_written(t, &t->fields[i], other))
            e = write_field(&t->fields[i], x, other, out);
    return e;
}

enum err rsp_fields_write_form(const struct rsp_type *t, const void *x, bool other, struct buf *out)
{
    size_t before = out->len;
    enum err e = write_struct(t->tag, t, x, other, out);
    if (e)
        out->len = before;
    return e;
}

enum err rsp_fields_write(const struct rsp_type *t, const void *x, struct buf *out)
{
    return rsp_fields_write_form(t, x, false, out);
}

enum err rsp_octets_next(struct der *list, struct span *out)
{
    struct der_tlv tlv;
    enum err e = der_expect(list, 0x04, &tlv);
    if (!e)
        *out = tlv.value;
    return e;
}

bool rsp_octets_contain(struct span list, struct span item)
{
    struct der d = der_open(list);
    struct span one;
    while (!der_at_end(&d) && !rsp_octets_next(&d, &one))
        if (span_equal(one, item))
            return true;
    return false;
}

bool rsp_octets_find(struct span list, struct span begins, struct span *out)
{
    struct der d = der_open(list);
    while (begins.len && !der_at_end(&d) && !rsp_octets_next(&d, out))
        if (span_equal(span_sub(*out, 0, begins.len), begins))
            return true;
    return false;
}

enum err rsp_whole_next(struct der *list, struct span *out)
{
    struct der_tlv tlv;
    enum err e = der_next(list, &tlv);
    if (!e)
        *out = tlv.whole;
    return e;
}

enum err rsp_put_certificate(struct span contents, struct buf *out)
{
    struct der_tlv whole;
    return der_only(contents, 0x30, &whole) ? der_put(out, 0x30, contents) : buf_put(out, contents);
}
