/* Randomness comes from the environment; a world with a seed repeats itself. */
#ifndef LAB_BASE_RNG_H
#define LAB_BASE_RNG_H

#include "span.h"

struct rng {
    /* Fills len bytes. ERR_IO when the source is dry. */
    enum err (*fill)(struct rng *r, void *at, size_t len);
};

MUST_CHECK enum err rng_fill(struct rng *r, void *at, size_t len);
/* The operating system's source. */
struct rng *rng_system(void);
/* Writes a version 4 UUID as 36 characters and an end mark. */
MUST_CHECK enum err rng_uuid(struct rng *r, char out[37]);

#endif
