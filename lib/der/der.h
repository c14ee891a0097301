/* DER without allocation: a cursor over TLVs that gives the exact received bytes, and a writer into a buf.
 * Tags are numbers as people write them: 0x30, 0x80, 0xBF51, 0x9F70, 0x5F37, 0xBF1F. */
#ifndef LAB_DER_DER_H
#define LAB_DER_DER_H

#include <stdint.h>

#include "span.h"

#define DER_DEPTH_MAX 32

struct der_tlv {
    uint32_t tag;
    struct span value; /* contents */
    struct span whole; /* tag, length and contents exactly as received: what signatures cover */
};

/* A position in a run of TLVs. Initialise with der_open. */
struct der {
    struct span rest;
};

struct der der_open(struct span tlvs);
bool der_at_end(const struct der *d);
/* Reads one TLV and moves past it. ERR_PARSE: truncated, indefinite length, length over 4 octets, tag over 3 octets. */
MUST_CHECK enum err der_next(struct der *d, struct der_tlv *out);
/* The tag of the next TLV, 0 at the end or when malformed; does not move. */
uint32_t der_peek(const struct der *d);
/* Reads the next TLV, which must have this tag. ERR_PARSE otherwise. */
MUST_CHECK enum err der_expect(struct der *d, uint32_t tag, struct der_tlv *out);
/* Reads the next TLV if it has this tag (*found), else stays. */
MUST_CHECK enum err der_optional(struct der *d, uint32_t tag, struct der_tlv *out, bool *found);
/* Exactly one TLV with this tag, nothing behind it. */
MUST_CHECK enum err der_only(struct span bytes, uint32_t tag, struct der_tlv *out);
/* The first TLV with this tag among the members of `tlvs`; ERR_NOT_FOUND when absent. */
MUST_CHECK enum err der_find(struct span tlvs, uint32_t tag, struct der_tlv *out);
/* Well-formed to the last byte: definite lengths, constructed contents well-formed, depth <= DER_DEPTH_MAX. */
MUST_CHECK enum err der_check(struct span bytes);
/* How many octets come before the TLV, outermost or within others, that der_check refuses; all where it refuses none. */
size_t der_good_octets(struct span bytes);

/* INTEGER contents (two's complement, also non-minimal) up to 8 octets. */
MUST_CHECK enum err der_integer(struct span value, int64_t *out);
/* Bit n (0 = first) of BIT STRING contents; false beyond the end. */
bool der_bit(struct span value, unsigned n);
/* OBJECT IDENTIFIER contents <-> "2.999.10". Text needs room for 128 characters. */
MUST_CHECK enum err der_oid_text(struct span value, char out[128]);
MUST_CHECK enum err der_oid_parse(const char *text, struct buf *out);

/* Writing. der_put_open/der_put_close nest; the length is set at close (contents move when it grows).
 * der_put_* append a whole TLV. */
struct der_mark {
    size_t content; /* offset of the contents in the buf */
};
MUST_CHECK enum err der_put_open(struct buf *b, uint32_t tag, struct der_mark *mark);
MUST_CHECK enum err der_put_close(struct buf *b, struct der_mark mark);
MUST_CHECK enum err der_put(struct buf *b, uint32_t tag, struct span value);
MUST_CHECK enum err der_put_str(struct buf *b, uint32_t tag, const char *text);
MUST_CHECK enum err der_put_integer(struct buf *b, uint32_t tag, int64_t value);
/* TRUE as FF. */
MUST_CHECK enum err der_put_boolean(struct buf *b, uint32_t tag, bool value);
/* Named bits, bit 0 first; trailing zero bits removed (SGP.32 DER rule). `bits` has bit n at 1 << n. */
MUST_CHECK enum err der_put_bits(struct buf *b, uint32_t tag, uint32_t bits);
MUST_CHECK enum err der_put_oid(struct buf *b, uint32_t tag, const char *dotted);
/* Only a header, for segments that are sent apart from their contents (SGP.22 2.5.5). */
MUST_CHECK enum err der_put_header(struct buf *b, uint32_t tag, size_t content_len);

#endif
