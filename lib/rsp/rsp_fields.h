/* Messages as tables: one row a member, in the order of the ASN.1, read and written by the same rows. For
 * lib/rsp only. */
#ifndef LAB_RSP_FIELDS_H
#define LAB_RSP_FIELDS_H

#include <stddef.h>

#include "rsp_message.h"
#include "rsp_schema.h"

/* The schema's name of a message; none for what is only read inside others. */
#define RSP_P(name) RSP_##name
#define RSP_NO_PDU (-1)

enum rsp_kind {
    RSP_VALUE,    /* struct span: the contents */
    RSP_WHOLE,    /* struct span: the TLV */
    RSP_INTEGER,  /* int64_t; optional: struct rsp_int */
    RSP_DEFAULT,  /* struct rsp_int with a DEFAULT, in `has`, which is not written */
    RSP_BITS,     /* uint32_t; optional: struct rsp_bits */
    RSP_VALUE_TOO, /* an alternative under a tag that others send for an earlier one: read as that one */
    RSP_BOOLEAN,  /* bool; optional: absent is false, and false is not written (DEFAULT FALSE) */
    RSP_NULL,     /* bool: a NULL is there */
    RSP_NULL_TOO, /* the same under a tag that others send */
    RSP_STRUCT,   /* a struct with its own table; optional: a bool at `has` */
    RSP_STRUCT_TOO, /* as RSP_VALUE_TOO */
    RSP_OTHER,    /* an alternative for every tag that no row before has: only which it is, never written */
    RSP_INLINE,   /* an untagged CHOICE as a member: a struct with its own table; optional: `which` is 0 */
};

struct rsp_field {
    uint32_t tag;
    enum rsp_kind kind;
    bool optional;
    size_t at, has;
    const struct rsp_type *type;
};

#define RSP_NOWHERE SIZE_MAX
struct rsp_type {
    uint32_t tag; /* 0: an untagged CHOICE */
    bool choice;  /* exactly one of the fields; its number from 1 goes to the int at `which` */
    size_t which;
    size_t whole; /* offset of the span for the TLV as received, RSP_NOWHERE without one */
    int pdu;      /* enum rsp_pdu: what rsp_check knows it as; RSP_NO_PDU: only well-formed */
    const struct rsp_field *fields;
    size_t count;
};

#define RSP_AT(s, member) offsetof(struct rsp_##s, member)
#define RSP_F(k, t, s, member)                                                                               \
    {                                                                                                        \
        .tag = (t), .kind = RSP_##k, .at = RSP_AT(s, member)                                                 \
    }
#define RSP_O(k, t, s, member)                                                                               \
    {                                                                                                        \
        .tag = (t), .kind = RSP_##k, .at = RSP_AT(s, member), .optional = true                               \
    }
#define RSP_D(t, s, member, preset)                                                                          \
    {                                                                                                        \
        .tag = (t), .kind = RSP_DEFAULT, .at = RSP_AT(s, member), .has = (preset), .optional = true          \
    }
/* A nested struct; one that may be absent with its flag; one whose members lie flat in the same struct. */
#define RSP_S(t, s, member, sub)                                                                             \
    {                                                                                                        \
        .tag = (t), .kind = RSP_STRUCT, .at = RSP_AT(s, member), .type = &(sub)                              \
    }
#define RSP_S_TOO(t, s, member, sub)                                                                         \
    {                                                                                                        \
        .tag = (t), .kind = RSP_STRUCT_TOO, .at = RSP_AT(s, member), .type = &(sub)                          \
    }
#define RSP_SO(t, s, member, flag, sub)                                                                      \
    {                                                                                                        \
        .tag = (t), .kind = RSP_STRUCT, .at = RSP_AT(s, member), .has = RSP_AT(s, flag), .optional = true,   \
        .type = &(sub)                                                                                       \
    }
#define RSP_FLAT(t, sub)                                                                                     \
    {                                                                                                        \
        .tag = (t), .kind = RSP_STRUCT, .at = 0, .type = &(sub)                                              \
    }
#define RSP_ANY_OTHER                                                                                        \
    {                                                                                                        \
        .kind = RSP_OTHER                                                                                    \
    }
#define RSP_IN(s, member, sub)                                                                               \
    {                                                                                                        \
        .kind = RSP_INLINE, .at = RSP_AT(s, member), .type = &(sub)                                          \
    }
#define RSP_INO(s, member, sub)                                                                              \
    {                                                                                                        \
        .kind = RSP_INLINE, .at = RSP_AT(s, member), .type = &(sub), .optional = true                        \
    }

#define RSP_ROWS(rows) .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0])
/* A SEQUENCE, one kept as received, and a CHOICE whose number is in the member `which`. */
#define RSP_SEQUENCE(t, p, rows)                                                                             \
    {                                                                                                        \
        .tag = (t), .pdu = (p), .whole = RSP_NOWHERE, RSP_ROWS(rows)                                         \
    }
#define RSP_KEPT(t, p, s, member, rows)                                                                      \
    {                                                                                                        \
        .tag = (t), .pdu = (p), .whole = RSP_AT(s, member), RSP_ROWS(rows)                                   \
    }
#define RSP_CHOICE(t, p, s, rows)                                                                            \
    {                                                                                                        \
        .tag = (t), .pdu = (p), .choice = true, .which = RSP_AT(s, which), .whole = RSP_NOWHERE,             \
        RSP_ROWS(rows)                                                                                       \
    }
#define RSP_KEPT_CHOICE(t, p, s, rows)                                                                       \
    {                                                                                                        \
        .tag = (t), .pdu = (p), .choice = true, .which = RSP_AT(s, which), .whole = RSP_AT(s, whole),        \
        RSP_ROWS(rows)                                                                                       \
    }

/* Reads exactly one message into the struct of `size` octets, which is cleared first. */
MUST_CHECK enum err rsp_fields_read(const struct rsp_type *t, struct span bytes, void *out, size_t size);
/* Reads the next item of a list. */
MUST_CHECK enum err rsp_fields_next(const struct rsp_type *t, struct der *list, void *out, size_t size);
MUST_CHECK enum err rsp_fields_write(const struct rsp_type *t, const void *x, struct buf *out);
/* The same; with `other` the rows _TOO are written, and not those that they stand beside. */
MUST_CHECK enum err rsp_fields_write_form(const struct rsp_type *t, const void *x, bool other, struct buf *out);

/* Defines what RSP_MESSAGE and RSP_ITEM declare. */
#define RSP_DEFINE(x, type)                                                                                  \
    enum err rsp_##x##_read(struct span bytes, struct rsp_##x *out)                                          \
    {                                                                                                        \
        return rsp_fields_read(&(type), bytes, out, sizeof *out);                                            \
    }                                                                                                        \
    enum err rsp_##x##_write(const struct rsp_##x *message, struct buf *out)                                 \
    {                                                                                                        \
        return rsp_fields_write(&(type), message, out);                                                      \
    }
/* Defines rsp_X_write_as: `form` is the member of struct rsp_wire that says which form it has. */
#define RSP_DEFINE_AS(x, type, form)                                                                         \
    enum err rsp_##x##_write_as(const struct rsp_wire *wire, const struct rsp_##x *message, struct buf *out) \
    {                                                                                                        \
        return rsp_fields_write_form(&(type), message, wire->form, out);                                     \
    }
#define RSP_DEFINE_ITEM(x, type)                                                                             \
    enum err rsp_##x##_next(struct der *list, struct rsp_##x *out)                                           \
    {                                                                                                        \
        return rsp_fields_next(&(type), list, out, sizeof *out);                                             \
    }

#endif
