/* Profile packages as cards keep them: element by element, so that what several cards hold alike is there once. Private
 * to sim/euicc. */
#ifndef LAB_EUICC_CONTENTS_H
#define LAB_EUICC_CONTENTS_H

#include "saip.h"

struct crypto;
struct euicc_contents;

/* Octets, immutable; shared where there is a store. */
struct piece;
MUST_CHECK enum err piece_new(struct euicc_contents *store, struct crypto *c, struct span octets, struct piece **out);
void piece_release(struct euicc_contents *store, struct piece *p);
const uint8_t *piece_octets(const struct piece *p);
size_t piece_footprint(struct euicc_contents *store, const struct piece *p); /* of a shared one, this holder's share */

/* A package, immutable, counted as struct shared is. */
struct kept_package;
/* Takes its elements from the store, where they are kept as long as any card has them. `store` is borrowed; NULL: they
 * are this package's alone. ERR_PARSE: the octets are no run of TLVs. Gives *out. */
MUST_CHECK enum err kept_package_new(struct euicc_contents *store, struct crypto *c, struct span upp,
                                     struct kept_package **out);
/* The i-th element from 0, and whether it was vouched for, in this package or octet for octet in another. False: there are no more. */
bool kept_package_element(const struct kept_package *p, unsigned i, struct span *octets, bool *vouched);
/* The i-th element was found to follow its ASN.1, which has a name for all that is in it. */
void kept_package_vouch(struct kept_package *p, unsigned i);
struct kept_package *kept_package_take(struct kept_package *p); /* NULL stays NULL */
void kept_package_release(struct kept_package *p);
/* Appends the package as the value of one TLV. */
MUST_CHECK enum err kept_package_put(const struct kept_package *p, uint32_t tag, struct buf *out);
/* The package read; it borrows p. */
MUST_CHECK enum err kept_package_read(const struct kept_package *p, struct saip_package **out);
/* Octets that it occupies; of a shared element, its share. */
size_t kept_package_footprint(const struct kept_package *p);

#endif
