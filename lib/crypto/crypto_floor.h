/* What the asymmetric operations cost on this machine: the floor that a benchmark compares a swap with. */
#ifndef LAB_CRYPTO_FLOOR_H
#define LAB_CRYPTO_FLOOR_H

#include "crypto.h"

/* Seconds of one operation on P-256, as lib/crypto performs it (hash of a short message included). */
struct crypto_costs {
    double sign, verify, ecdh, keygen;
};

/* Measures in turn with what is measured against it, so that a busy neighbour or a slower clock of the processor changes both
 * alike. Takes the processor's clock of the calling thread, and uses a struct crypto of its own, so that nobody's crypto_counts
 * move. */
struct crypto_floor;
MUST_CHECK enum err crypto_floor_new(struct crypto_floor **out);
void crypto_floor_free(struct crypto_floor *f); /* NULL is harmless */
/* To be called before each of so many turns, from 0: fifty samples at most, evenly between them, each of every operation 32 times
 * (about 10 ms). */
MUST_CHECK enum err crypto_floor_turn(struct crypto_floor *f, unsigned turn, unsigned turns);
/* The mean of all samples. */
struct crypto_costs crypto_floor_costs(const struct crypto_floor *f);
/* The same at once, for about half a second. */
MUST_CHECK enum err crypto_measure_floor(struct crypto_costs *out);
/* What these operations would cost, in seconds. */
double crypto_floor_seconds(const struct crypto_costs *costs, const struct crypto_counts *counts);

#endif
