#include "es_memory.h"

#include "der.h"

void es_memory_release(struct es_memory *m)
{
    for (size_t i = 0; i < m->used; i++) {
        if (m->part[i].at)
            memory_clear(m->part[i].at, m->part[i].len);
        buf_release(&m->part[i]);
    }
    m->used = 0;
}

struct buf *es_memory_buf(struct es_memory *m)
{
    if (m->used == ES_MEMORY_PARTS)
        return NULL;
    struct buf *b = &m->part[m->used++];
    *b = (struct buf){ .max = HTTP_BODY_MAX };
    return b;
}

enum err es_memory_put(struct es_memory *m, struct span bytes, struct span *kept)
{
    struct buf *b = es_memory_buf(m);
    enum err e = b ? buf_put(b, bytes) : ERR_LIMIT;
    if (!e)
        *kept = buf_span(b);
    return e;
}

enum err es_memory_base64(struct es_memory *m, const json_t *object, const char *member, struct span *out)
{
    struct buf *b = es_memory_buf(m);
    enum err e = b ? json_base64(object, member, b) : ERR_LIMIT;
    if (!e)
        *out = buf_span(b);
    return e;
}

enum err es_memory_octets(struct es_memory *m, const json_t *object, const char *member, struct span *out)
{
    struct der_tlv tlv;
    struct span der;
    enum err e = es_memory_base64(m, object, member, &der);
    if (!e)
        e = der_only(der, 0x04, &tlv);
    if (!e)
        *out = tlv.value;
    return e;
}

enum err es_memory_transaction_id(struct es_memory *m, const json_t *object, struct span *out)
{
    struct buf *b = es_memory_buf(m);
    enum err e = b ? json_hex(object, "transactionId", b) : ERR_LIMIT;
    if (!e && (b->len == 0 || b->len > 16))
        e = ERR_PARSE;
    if (!e)
        *out = buf_span(b);
    return e;
}

enum err es_memory_signature(struct es_memory *m, const json_t *object, const char *member, struct span *out)
{
    struct der_tlv tlv;
    enum err e = es_memory_base64(m, object, member, out);
    if (!e && out->len != 64) {
        e = der_only(*out, 0x5f37, &tlv);
        *out = tlv.value;
    }
    return e || out->len == 64 ? e : ERR_PARSE;
}
