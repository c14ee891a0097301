/* Where the bytes of a decoded or built message live: spans into it stay valid until release. */
#ifndef LAB_ES_MEMORY_H
#define LAB_ES_MEMORY_H

#include "http.h"
#include "json.h"

#define ES_MEMORY_PARTS 16

struct es_memory {
    struct buf part[ES_MEMORY_PARTS];
    size_t used;
};
#define ES_MEMORY_INIT ((struct es_memory){ .used = 0 })
void es_memory_release(struct es_memory *m); /* clears what it held */
/* A fresh buffer of its own, ceiling HTTP_BODY_MAX; NULL when all are used (a bug of the caller: ES_MEMORY_PARTS). */
struct buf *es_memory_buf(struct es_memory *m);
/* Copies bytes; *kept points at the copy. */
MUST_CHECK enum err es_memory_put(struct es_memory *m, struct span bytes, struct span *kept);
/* A base64 member, decoded; ERR_NOT_FOUND, ERR_PARSE. */
MUST_CHECK enum err es_memory_base64(struct es_memory *m, const json_t *object, const char *member, struct span *out);
/* The octets of a base64 member that holds an OCTET STRING with its tag (04). */
MUST_CHECK enum err es_memory_octets(struct es_memory *m, const json_t *object, const char *member, struct span *out);
/* An upper-case hexadecimal transactionId member, 1 to 16 octets. */
MUST_CHECK enum err es_memory_transaction_id(struct es_memory *m, const json_t *object, struct span *out);
/* A signature member: the 5F37 TLV or the bare 64 octets (interpretation D-7). *out is 64 octets. */
MUST_CHECK enum err es_memory_signature(struct es_memory *m, const json_t *object, const char *member,
                                        struct span *out);

#endif
