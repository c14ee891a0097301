/* Walks a message and its type side by side, over the received bytes. */
#include <string.h>

#include <ANY.h>
#include <BIT_STRING.h>
#include <BOOLEAN.h>
#include <NULL.h>
#include <NativeInteger.h>
#include <OBJECT_IDENTIFIER.h>
#include <UTF8String.h>
#include <constr_CHOICE.h>
#include <constr_SEQUENCE.h>
#include <constr_SET_OF.h>

#include "rsp_schema_internal.h"

static enum err walk_value(const struct schema_visitor *v, struct schema_node node);

/* asn1c's form of a tag: the number, shifted over the class. */
static ber_tlv_tag_t asn1c_tag(uint32_t tag)
{
    uint32_t number = 0, first = tag;
    unsigned octets = 1;
    while (first > 0xff) {
        first >>= 8;
        octets++;
    }
    if (octets == 1)
        number = tag & 0x1f;
    for (unsigned i = octets - 1; i-- > 0;)
        number = number << 7 | (tag >> 8 * i & 0x7f);
    return number << 2 | first >> 6;
}

enum schema_kind schema_kind(const asn_TYPE_descriptor_t *type)
{
    static const struct {
        asn_struct_print_f *print;
        enum schema_kind kind;
    } kinds[] = {
        { SEQUENCE_print, SCHEMA_SEQUENCE },
        { SET_OF_print, SCHEMA_LIST },
        { CHOICE_print, SCHEMA_CHOICE },
        { NativeInteger_print, SCHEMA_INTEGER },
        { INTEGER_print, SCHEMA_INTEGER },
        { BOOLEAN_print, SCHEMA_BOOLEAN },
        { NULL_print, SCHEMA_NULL },
        { OCTET_STRING_print, SCHEMA_OCTETS },
        { BIT_STRING_print, SCHEMA_BITS },
        { UTF8String_print, SCHEMA_TEXT },
        { OBJECT_IDENTIFIER_print, SCHEMA_OID },
    };
    if (type == &asn_DEF_ANY) /* prints as an octet string */
        return SCHEMA_ANY;
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (type->print_struct == kinds[i].print)
            return kinds[i].kind;
    return SCHEMA_ANY;
}

/* An untagged CHOICE shows the tags of its alternatives. */
static bool type_starts_with(const asn_TYPE_descriptor_t *type, ber_tlv_tag_t tag);

static bool member_starts_with(const asn_TYPE_member_t *m, ber_tlv_tag_t tag)
{
    return m->tag == (ber_tlv_tag_t)-1 ? type_starts_with(m->type, tag) : m->tag == tag;
}

static bool type_starts_with(const asn_TYPE_descriptor_t *type, ber_tlv_tag_t tag)
{
    if (type->tags_count)
        return type->tags[0] == tag;
    if (schema_kind(type) != SCHEMA_CHOICE)
        return true; /* ANY */
    for (int i = 0; i < type->elements_count; i++)
        if (member_starts_with(&type->elements[i], tag))
            return true;
    return false;
}

static const asn_TYPE_member_t *find_member(const asn_TYPE_descriptor_t *type, int from,
                                            uint32_t tag)
{
    const ber_tlv_tag_t wanted = asn1c_tag(tag);
    for (int i = from; i < type->elements_count; i++)
        if (member_starts_with(&type->elements[i], wanted))
            return &type->elements[i];
    return NULL;
}

static bool is_constructed(uint32_t tag)
{
    while (tag > 0xff)
        tag >>= 8;
    return tag & 0x20;
}

/* Visits one member and what is inside it. */
static enum err walk_member(const struct schema_visitor *v, const asn_TYPE_member_t *m,
                            struct der_tlv tlv, unsigned depth)
{
    struct schema_node node = { m->name[0] ? m->name : m->type->name, m->type, tlv, depth };
    bool untagged_choice = m->tag == (ber_tlv_tag_t)-1 && schema_kind(m->type) == SCHEMA_CHOICE;
    enum err e = untagged_choice ? ERR_OK : v->visit(v->context, &node);
    if (e)
        return e;
    if (m->tag_mode == 1) { /* explicit: the value has a tag of its own */
        node.depth++;
        if (!is_constructed(tlv.tag))
            return ERR_PARSE;
        struct der inner = der_open(tlv.value);
        e = der_next(&inner, &node.tlv);
        if (e || !der_at_end(&inner))
            return ERR_PARSE;
        if (!type_starts_with(m->type, asn1c_tag(node.tlv.tag)))
            return ERR_PARSE;
    }
    return walk_value(v, node);
}

static enum err visit_unknown(const struct schema_visitor *v, struct der_tlv tlv, unsigned depth)
{
    struct schema_node node = { NULL, NULL, tlv, depth };
    return v->visit(v->context, &node);
}

static enum err walk_sequence(const struct schema_visitor *v, const struct schema_node *node)
{
    struct der members = der_open(node->tlv.value);
    int next = 0;
    while (!der_at_end(&members)) {
        struct der_tlv tlv;
        enum err e = der_next(&members, &tlv);
        if (e)
            return e;
        const asn_TYPE_member_t *m = find_member(node->type, next, tlv.tag);
        /* The same twice, or another alternative of a choice beside the first: whoever passed over it would do half. */
        if (!m && next && find_member(node->type, next - 1, tlv.tag))
            return ERR_PARSE;
        e = m ? walk_member(v, m, tlv, node->depth + 1) : visit_unknown(v, tlv, node->depth + 1);
        if (e)
            return e;
        if (m)
            next = (int)(m - node->type->elements) + 1;
    }
    return ERR_OK;
}

static enum err walk_list(const struct schema_visitor *v, const struct schema_node *node)
{
    struct der items = der_open(node->tlv.value);
    while (!der_at_end(&items)) {
        struct der_tlv tlv;
        enum err e = der_next(&items, &tlv);
        if (e)
            return e;
        const asn_TYPE_member_t *m = find_member(node->type, 0, tlv.tag);
        e = m ? walk_member(v, m, tlv, node->depth + 1) : visit_unknown(v, tlv, node->depth + 1);
        if (e == ERR_PARSE && m && schema_is_judged_later(m->type))
            e = visit_unknown(v, tlv, node->depth + 1);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* A CHOICE with a tag of its own holds one alternative; one without is that alternative. */
static enum err walk_choice(const struct schema_visitor *v, const struct schema_node *node)
{
    struct der_tlv tlv = node->tlv;
    unsigned depth = node->depth;
    if (node->type->tags_count) {
        struct der inner = der_open(node->tlv.value);
        enum err e = der_next(&inner, &tlv);
        if (e || !der_at_end(&inner))
            return ERR_PARSE;
        depth++;
    }
    const asn_TYPE_member_t *m = find_member(node->type, 0, tlv.tag);
    return m ? walk_member(v, m, tlv, depth) : visit_unknown(v, tlv, depth);
}

/* What asn1c's decoder lets pass. */
static bool contents_fit(enum schema_kind kind, struct span value)
{
    switch (kind) {
    case SCHEMA_INTEGER:
        return value.len > 0 && value.len <= 8;
    case SCHEMA_BOOLEAN:
        return value.len == 1;
    case SCHEMA_NULL:
        return value.len == 0;
    case SCHEMA_BITS:
        return value.len > 0 && value.at[0] <= (value.len > 1 ? 7 : 0);
    case SCHEMA_OID:
        return value.len > 0 && !(value.at[value.len - 1] & 0x80);
    default:
        return true;
    }
}

static enum err walk_value(const struct schema_visitor *v, struct schema_node node)
{
    enum schema_kind kind = schema_kind(node.type);
    switch (kind) {
    case SCHEMA_CHOICE:
        return walk_choice(v, &node);
    case SCHEMA_SEQUENCE:
        return is_constructed(node.tlv.tag) ? walk_sequence(v, &node) : ERR_PARSE;
    case SCHEMA_LIST:
        return is_constructed(node.tlv.tag) ? walk_list(v, &node) : ERR_PARSE;
    case SCHEMA_ANY:
        return ERR_OK;
    default:
        return !is_constructed(node.tlv.tag) && contents_fit(kind, node.tlv.value) ? ERR_OK
                                                                                   : ERR_PARSE;
    }
}

bool schema_starts_with(enum rsp_pdu pdu, uint32_t tag)
{
    return type_starts_with(schema_type(pdu), asn1c_tag(tag));
}

enum err schema_walk(enum rsp_pdu pdu, struct span bytes, const struct schema_visitor *visitor)
{
    rsp_schema_warm_up();
    struct schema_node root = { .name = rsp_pdu_name(pdu), .type = schema_type(pdu) };
    struct der d = der_open(bytes);
    enum err e = der_next(&d, &root.tlv);
    if (e || !der_at_end(&d) || !type_starts_with(root.type, asn1c_tag(root.tlv.tag)))
        return ERR_PARSE;
    if (root.type->tags_count) {
        e = visitor->visit(visitor->context, &root);
        return e ? e : walk_value(visitor, root);
    }
    return walk_value(visitor, root);
}
