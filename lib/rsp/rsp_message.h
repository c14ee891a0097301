/* What all RSP messages of lib/rsp share.
 *
 * A message is a struct of spans into the bytes it was read from: they must outlive it. Two functions go with
 * each: rsp_X_read(bytes, &x)   checks the whole message with rsp_check() where it is one of the module's
 * named types, then reads it. Exactly one TLV; unknown trailing members are skipped. ERR_PARSE, ERR_LIMIT.
 *   rsp_X_write(&x, &buf)   appends the whole TLV. ERR_STATE: something mandatory is not there.
 * Octets, texts and OBJECT IDENTIFIERs are spans of the contents; an optional one that is absent has .at ==
 * NULL. Certificates and other things marked "whole TLV" have their tag and length in the span. A list is the
 * span of its contents: walk it with der_open() and the _next() function named beside it; build it by writing
 * its items in turn. A struct with a member `signed_bytes` or `whole` gets the TLV exactly as received there;
 * when that span is set, _write() puts those very bytes and looks at no other member: what is signed is
 * forwarded as received and never re-encoded. */
#ifndef LAB_RSP_MESSAGE_H
#define LAB_RSP_MESSAGE_H

#include "der.h"
#include "rsp_wire.h"
#include "span.h"

/* An OPTIONAL INTEGER or BIT STRING (bit n of the type at 1 << n). */
struct rsp_int {
    bool present;
    int64_t value;
};
struct rsp_bits {
    bool present;
    uint32_t bits;
};

/* The two outcomes of a response that is a choice between a result and an error code. */
enum rsp_outcome { RSP_NO_OUTCOME, RSP_OK, RSP_ERROR };

/* Declares rsp_X_read and rsp_X_write for struct rsp_X. */
#define RSP_MESSAGE(x)                                                                                       \
    MUST_CHECK enum err rsp_##x##_read(struct span bytes, struct rsp_##x *out);                              \
    MUST_CHECK enum err rsp_##x##_write(const struct rsp_##x *x, struct buf *out)
/* Declares rsp_X_write_as: the same in a form that sources disagree about. */
#define RSP_MESSAGE_AS(x)                                                                                    \
    MUST_CHECK enum err rsp_##x##_write_as(const struct rsp_wire *wire, const struct rsp_##x *x, struct buf *out)
/* Declares rsp_X_next: the next item of a list of them. */
#define RSP_ITEM(x) MUST_CHECK enum err rsp_##x##_next(struct der *list, struct rsp_##x *out)

/* Lists of plain OCTET STRINGs (key identifiers, versions): the next item's contents; membership; one that is cut short. */
MUST_CHECK enum err rsp_octets_next(struct der *list, struct span *out);
bool rsp_octets_contain(struct span list, struct span item);
/* The first item that begins so; false: none does, or nothing is said. */
bool rsp_octets_find(struct span list, struct span begins, struct span *out);
/* The next TLV of a list, whole, whatever its tag. */
MUST_CHECK enum err rsp_whole_next(struct der *list, struct span *out);

/* What a signature covers: the parts are hashed one after the other. Fill in place and do not copy: parts may
 * point into `octets`. Use: ec_sign(c, key, tbs.part, tbs.count, &signature). */
#define RSP_TBS_PARTS_MAX 6
struct rsp_tbs {
    struct span part[RSP_TBS_PARTS_MAX];
    size_t count;
    uint8_t octets[16];
};

/* Appends a certificate whose `30` header was replaced by an implicit tag (A5, A6, A1 in SGP.32): puts it
 * back, unless the sender kept it (catalogue D-5). */
MUST_CHECK enum err rsp_put_certificate(struct span contents, struct buf *out);

#endif
