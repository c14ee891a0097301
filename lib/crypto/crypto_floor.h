/* What the asymmetric operations cost on this machine: the floor that a benchmark compares a swap with. */
#ifndef LAB_CRYPTO_FLOOR_H
#define LAB_CRYPTO_FLOOR_H

#include "crypto.h"

/* Seconds of one operation on P-256, as lib/crypto performs it (hash of a short message included). */
struct crypto_costs {
    double sign, verify, ecdh, keygen;
};

/* Measures each for about a fifth of a second, with the processor's clock of the calling thread, so that neighbours do
 * not count. Uses a struct crypto of its own, so that nobody's crypto_counts move. */
MUST_CHECK enum err crypto_measure_floor(struct crypto_costs *out);
/* What these operations would cost, in seconds. */
double crypto_floor_seconds(const struct crypto_costs *costs, const struct crypto_counts *counts);

#endif
