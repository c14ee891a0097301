/* The RSP messages against their ASN.1: is this one well-formed, how does it read, what would an
 * encoder make of it. Messages are read with lib/der and written with der_put_*; this is the gate
 * in front of the readers. */
#ifndef LAB_RSP_RSP_SCHEMA_H
#define LAB_RSP_RSP_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "rsp_pdus.h"
#include "span.h"

enum rsp_pdu {
#define RSP_PDU_MEMBER(member, type, max_kib) member,
    RSP_PDUS(RSP_PDU_MEMBER)
#undef RSP_PDU_MEMBER
        RSP_PDU_COUNT
};

/* The whole of bytes is one message of this kind: DER all the way down, mandatory members there and
 * in order, sizes and strings within their constraints. Unknown members behind the known ones are
 * tolerated (SGP.32 extensibility). ERR_LIMIT: larger than this message may be, nothing was read.
 * ERR_PARSE: not such a message. */
MUST_CHECK enum err rsp_check(enum rsp_pdu pdu, struct span bytes);

/* Decodes and encodes again, appended to out. Unknown members are lost: for tests and conformance
 * only, never for something signed. */
MUST_CHECK enum err rsp_reencode(enum rsp_pdu pdu, struct span bytes, struct buf *out);

/* Appends the message as a tree, a member a line: tag, name, value. Names are the specification's;
 * a member that the module does not know is printed as "?" with its bytes in hex. Checks nothing
 * but DER (ERR_PARSE). */
MUST_CHECK enum err rsp_print(enum rsp_pdu pdu, struct span bytes, struct buf *text);

/* The first member that the ASN.1 of this message has no name for. False: it names all of them, or the bytes are no such
 * message. */
bool rsp_find_unknown(enum rsp_pdu pdu, struct span bytes, struct span *out);
/* Of bytes that rsp_check refuses: where the member begins that does not fit, in octets; 0 when only the whole shows it (a
 * member is missing, a value has the wrong size). */
size_t rsp_fault_offset(enum rsp_pdu pdu, struct span bytes);

/* The ASN.1 name: "EuiccPackageRequest", "SGP32-EUICCInfo2". Static storage. */
const char *rsp_pdu_name(enum rsp_pdu pdu);
/* By ASN.1 name; ERR_NOT_FOUND. */
MUST_CHECK enum err rsp_pdu_by_name(const char *name, enum rsp_pdu *out);
/* By outer tag (0xBF51), for the few tags that belong to one message only; ERR_NOT_FOUND for the
 * others. */
MUST_CHECK enum err rsp_pdu_by_tag(uint32_t tag, enum rsp_pdu *out);
/* The kind of message that bytes pass the check of and that knows most of their members; among
 * equals SGP.32's before SGP.22's. ERR_NOT_FOUND. */
MUST_CHECK enum err rsp_pdu_guess(struct span bytes, enum rsp_pdu *out);

/* Prepares the generated type descriptors, which are otherwise written on first use. Called by
 * every function above; a program with threads may call it early. */
void rsp_schema_warm_up(void);

#endif
