/* The protection schemes of a SUCI: ECIES with profile A (X25519) and profile B (P-256), 3GPP TS 33.501 C.3. */
#ifndef LAB_CRYPTO_ECIES_H
#define LAB_CRYPTO_ECIES_H

#include "crypto.h"

enum ecies_profile { ECIES_PROFILE_A = 1, ECIES_PROFILE_B = 2 }; /* as protection scheme identifiers */

#define ECIES_MAC_OCTETS 8

/* Octets of the ephemeral public key that an output begins with: 32, or 33 (a compressed point). */
size_t ecies_key_octets(enum ecies_profile profile);

/* The secret that an X25519 private key shares with a peer's public key, 32 octets each (RFC 7748). ERR_VERIFY: a
 * length, or a peer whose secrets are all zero. */
MUST_CHECK enum err x25519_agree(struct crypto *c, struct span private_key, struct span peer, struct secret *z);

/* Appends the scheme output: ephemeral public key || ciphertext || MAC tag. `public_key` is the home network's: 32
 * octets of X25519, a point of P-256 compressed (33) or not (65). `ephemeral` is the private key to use, 32 octets;
 * empty: a fresh one is drawn. ERR_VERIFY: a key that is none; nothing is appended then. */
MUST_CHECK enum err ecies_protect(struct crypto *c, enum ecies_profile profile, struct span public_key,
                                  struct span ephemeral, struct span plain, struct buf *out);
#endif
