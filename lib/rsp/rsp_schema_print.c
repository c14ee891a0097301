/* A message as text, for reports and the decode command. */
#include <inttypes.h>

#include "rsp_schema_internal.h"

static enum err print_hex(struct buf *text, struct span value)
{
    enum err e = buf_put_str(text, value.len ? " " : " (empty)");
    return e ? e : hex_put_upper(text, value);
}

static enum err print_name(struct buf *text, struct span name)
{
    enum err e = name.len ? buf_put_str(text, " ") : ERR_OK;
    return e ? e : buf_put(text, name);
}

static enum err print_integer(struct buf *text, const struct schema_node *node)
{
    int64_t n = 0;
    if (der_integer(node->tlv.value, &n))
        return print_hex(text, node->tlv.value);
    enum err e = buf_printf(text, " %" PRId64, n);
    return e ? e : print_name(text, schema_value_name(node, n));
}

/* The bits that are set, by name, else by number. */
static enum err print_bits(struct buf *text, const struct schema_node *node)
{
    struct span value = node->tlv.value;
    enum err e = buf_put_str(text, " {");
    for (unsigned n = 0; !e && value.len && n < (value.len - 1) * 8; n++) {
        struct span name = schema_bit_name(node, n);
        if (der_bit(value, n))
            e = name.len ? print_name(text, name) : buf_printf(text, " %u", n);
    }
    return e ? e : buf_put_str(text, " }");
}

static bool is_plain(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] < 0x20 || value.at[i] > 0x7e || value.at[i] == '"')
            return false;
    return true;
}

/* Quoted when it is plain ASCII, as names and addresses are; else in hex, so that nobody's text
 * breaks a report. */
static enum err print_text(struct buf *text, struct span value)
{
    if (!is_plain(value))
        return print_hex(text, value);
    enum err e = buf_put_str(text, " \"");
    if (!e)
        e = buf_put(text, value);
    return e ? e : buf_put_str(text, "\"");
}

static enum err print_oid(struct buf *text, struct span value)
{
    char dotted[128];
    return der_oid_text(value, dotted) ? print_hex(text, value) : buf_printf(text, " %s", dotted);
}

static enum err print_boolean(struct buf *text, struct span value)
{
    return buf_put_str(text, value.len == 1 && value.at[0] ? " TRUE" : " FALSE");
}

static enum err print_value(struct buf *text, const struct schema_node *node)
{
    struct span value = node->tlv.value;
    if (!node->type)
        return print_hex(text, value);
    switch (schema_kind(node->type)) {
    case SCHEMA_INTEGER:
        return print_integer(text, node);
    case SCHEMA_BOOLEAN:
        return print_boolean(text, value);
    case SCHEMA_BITS:
        return print_bits(text, node);
    case SCHEMA_TEXT:
        return print_text(text, value);
    case SCHEMA_OID:
        return print_oid(text, value);
    case SCHEMA_OCTETS:
    case SCHEMA_ANY:
        return print_hex(text, value);
    case SCHEMA_SEQUENCE:
    case SCHEMA_LIST:
    case SCHEMA_CHOICE:
    case SCHEMA_NULL:
        break;
    }
    return ERR_OK;
}

static enum err print_node(void *context, const struct schema_node *node)
{
    struct buf *text = context;
    enum err e = ERR_OK;
    for (unsigned i = 0; !e && i < node->depth; i++)
        e = buf_put_str(text, "  ");
    if (!e)
        e = buf_printf(text, "%02" PRIX32 " %s", node->tlv.tag, node->name ? node->name : "?");
    if (!e)
        e = print_value(text, node);
    return e ? e : buf_put_str(text, "\n");
}

enum err rsp_print(enum rsp_pdu pdu, struct span bytes, struct buf *text)
{
    struct schema_visitor printer = { print_node, text };
    size_t before = text->len;
    enum err e = der_check(bytes);
    if (!e)
        e = schema_walk(pdu, bytes, &printer);
    if (e)
        text->len = before;
    return e;
}
