/* Generated type descriptors are filled in on first use. Done here once, for all of them, they are
 * read-only afterwards and decoding is free of data races. */
#include <pthread.h>
#include <stdlib.h>

#include "rsp_schema_internal.h"

struct seen {
    asn_TYPE_descriptor_t **types;
    size_t count, cap;
};

static bool seen_before(struct seen *seen, asn_TYPE_descriptor_t *type)
{
    for (size_t i = 0; i < seen->count; i++)
        if (seen->types[i] == type)
            return true;
    if (seen->count == seen->cap) {
        size_t cap = seen->cap ? seen->cap * 2 : 1024;
        asn_TYPE_descriptor_t **grown = realloc(seen->types, cap * sizeof *grown);
        if (!grown)
            abort(); /* at start-up, before anything could be lost */
        seen->types = grown;
        seen->cap = cap;
    }
    seen->types[seen->count++] = type;
    return false;
}

static void warm_type(struct seen *seen, asn_TYPE_descriptor_t *type)
{
    if (seen_before(seen, type))
        return;
    type->free_struct(type, NULL, 1); /* copies what the type inherits from its base */
    for (int i = 0; i < type->elements_count; i++) {
        asn_TYPE_member_t *member = &type->elements[i];
        warm_type(seen, member->type);
        if (!member->memb_constraints)
            member->memb_constraints = member->type->check_constraints;
    }
}

static void warm_up(void)
{
    struct seen seen = { 0 };
    for (int pdu = 0; pdu < RSP_PDU_COUNT; pdu++)
        warm_type(&seen, schema_type((enum rsp_pdu)pdu));
    free(seen.types);
}

void rsp_schema_warm_up(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, warm_up);
}
