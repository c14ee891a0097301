/* What is kept sealed: AES-256-GCM under a storage key, bound to what it is for, so that it opens nowhere else. */
#ifndef LAB_CRYPTO_SEAL_H
#define LAB_CRYPTO_SEAL_H

#include "crypto.h"
#include "rng.h"

#define SEAL_KEY_OCTETS 32
#define SEAL_MORE_OCTETS 28 /* than what is sealed */

/* Appends IV (12 octets), ciphertext, tag. */
MUST_CHECK enum err seal(struct crypto *c, struct rng *rng, struct span key, struct span what_for, struct span plain,
                         struct buf *out);
/* Appends what was sealed. ERR_VERIFY: another key, purpose, or bytes. */
MUST_CHECK enum err unseal(struct crypto *c, struct span key, struct span what_for, struct span sealed, struct buf *out);

#endif
