/* What the parts of rsp_schema share. Not for others: it shows generated types. */
#ifndef LAB_RSP_RSP_SCHEMA_INTERNAL_H
#define LAB_RSP_RSP_SCHEMA_INTERNAL_H

#include <asn_application.h>

#include "der.h"
#include "rsp_schema.h"

/* Descriptors are not const in generated code; ours never write them after the warm-up. */
struct asn_TYPE_descriptor_s *schema_type(enum rsp_pdu pdu);

enum schema_kind {
    SCHEMA_SEQUENCE,
    SCHEMA_LIST, /* SEQUENCE OF */
    SCHEMA_CHOICE,
    SCHEMA_INTEGER,
    SCHEMA_BOOLEAN,
    SCHEMA_NULL,
    SCHEMA_OCTETS,
    SCHEMA_BITS,
    SCHEMA_TEXT,
    SCHEMA_OID,
    SCHEMA_ANY,
};
enum schema_kind schema_kind(const struct asn_TYPE_descriptor_s *type);

/* Items of a list whose frame is read whatever they are; who reads the list judges each (rsp_schema_warm.c). */
bool schema_is_judged_later(const struct asn_TYPE_descriptor_s *type);

/* One TLV of a message; without name and type for a member that the specification does not know. */
struct schema_node {
    const char *name;
    const struct asn_TYPE_descriptor_s *type;
    struct der_tlv tlv;
    unsigned depth;
};
/* The specification's name of a number, of a bit; empty where it has none. */
struct span schema_value_name(const struct schema_node *node, int64_t value);
struct span schema_bit_name(const struct schema_node *node, unsigned bit);

/* Called before a node's members; a failure ends the walk. */
struct schema_visitor {
    enum err (*visit)(void *context, const struct schema_node *node);
    void *context;
};
/* Does a message of this kind start with this tag (0xBF51)? */
bool schema_starts_with(enum rsp_pdu pdu, uint32_t tag);
MUST_CHECK enum err schema_walk(enum rsp_pdu pdu, struct span bytes,
                                const struct schema_visitor *visitor);

#endif
