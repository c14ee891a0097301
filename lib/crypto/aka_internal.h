/* The two algorithm sets behind aka.h. */
#ifndef LAB_CRYPTO_AKA_INTERNAL_H
#define LAB_CRYPTO_AKA_INTERNAL_H

#include "aka.h"
#include "crypto_internal.h"

MUST_CHECK enum err milenage_compute(struct crypto *c, const struct aka_params *p, const uint8_t rand[16],
                                     const uint8_t sqn[6], const uint8_t amf[2], struct aka_vector *out);
MUST_CHECK enum err tuak_compute(const struct aka_params *p, const uint8_t rand[16], const uint8_t sqn[6],
                                 const uint8_t amf[2], struct aka_vector *out);
#endif
