/* The only user of OpenSSL EVP. One struct crypto per world: its own OSSL_LIB_CTX, random source, operation
 * counters and cache of parsed keys and certificates. Safe to use from several threads. */
#ifndef LAB_CRYPTO_CRYPTO_H
#define LAB_CRYPTO_CRYPTO_H

#include <stdint.h>

#include "rng.h"
#include "span.h"

struct crypto;

/* What the specification demands and a benchmark counts. */
struct crypto_counts {
    uint64_t sign, verify, ecdh, keygen;
};

/* A source fed by the operating system. Gives *out. */
MUST_CHECK enum err crypto_new(struct crypto **out);
/* A world that repeats: key generation and ECDSA nonces come from the seed (never for programs on their own). */
MUST_CHECK enum err crypto_new_seeded(struct span seed, struct crypto **out);
void crypto_free(struct crypto *c);
struct rng *crypto_rng(struct crypto *c);
void crypto_counts(struct crypto *c, struct crypto_counts *out);

enum ec_curve { EC_P256, EC_BRAINPOOL_P256R1 };

/* Uncompressed point 04 || X || Y. */
struct ec_point {
    uint8_t at[65];
};
/* From a point compressed (02 or 03 || X) or not. ERR_VERIFY: none of the curve. */
MUST_CHECK enum err ec_point_expand(struct crypto *c, enum ec_curve curve, struct span point, struct ec_point *out);

/* Raw r || s, each 32 octets, big-endian (BSI TR-03111 plain format). */
struct ec_signature {
    uint8_t at[64];
};

/* A private key; opaque, reference to OpenSSL's, cleared on free. */
struct ec_key;
MUST_CHECK enum err ec_key_generate(struct crypto *c, enum ec_curve curve, struct ec_key **out);
/* From a 32-octet scalar; ERR_VERIFY when out of range. */
MUST_CHECK enum err ec_key_from_scalar(struct crypto *c, enum ec_curve curve, struct span d, struct ec_key **out);
/* From PKCS#8 or SEC1, PEM or DER. ERR_PARSE, ERR_UNSUPPORTED (another curve). */
MUST_CHECK enum err ec_key_load(struct crypto *c, struct span pem_or_der, struct ec_key **out);
void ec_key_free(struct ec_key *k);
enum ec_curve ec_key_curve(const struct ec_key *k);
void ec_key_point(const struct ec_key *k, struct ec_point *out);
/* The 32-octet scalar, for storing a key at rest (certs/ and a card's memory). */
MUST_CHECK enum err ec_key_scalar(const struct ec_key *k, struct secret *out);

/* ECDSA with SHA-256 over tbs[0] || tbs[1] || … */
MUST_CHECK enum err ec_sign(struct crypto *c, const struct ec_key *k, const struct span *tbs, size_t count,
                            struct ec_signature *out);
/* ERR_VERIFY when it does not verify (also for r or s out of range, point not on the curve, signature not 64 octets). */
MUST_CHECK enum err ec_verify(struct crypto *c, enum ec_curve curve, struct span point, const struct span *tbs,
                              size_t count, struct span signature);
/* ECKA: Z, the X coordinate, 32 octets. ERR_VERIFY when the peer's point is not on the key's curve. */
MUST_CHECK enum err ec_key_agree(struct crypto *c, const struct ec_key *k, struct span peer_point,
                                 struct secret *z);
/* ANSI X9.63 KDF with SHA-256; out_len octets to `out`. */
MUST_CHECK enum err x963_kdf(struct crypto *c, struct span z, struct span shared_info, uint8_t *out,
                             size_t out_len);

MUST_CHECK enum err sha256(struct crypto *c, const struct span *parts, size_t count, uint8_t out[32]);
MUST_CHECK enum err sha1(struct crypto *c, struct span data, uint8_t out[20]);
MUST_CHECK enum err hmac_sha256(struct crypto *c, struct span key, struct span data, uint8_t out[32]);
MUST_CHECK enum err aes128_cmac(struct crypto *c, struct span key, const struct span *parts, size_t count,
                                uint8_t out[16]);
MUST_CHECK enum err aes128_cbc_encrypt(struct crypto *c, struct span key, struct span iv, struct span plain,
                                       struct buf *out);
MUST_CHECK enum err aes128_cbc_decrypt(struct crypto *c, struct span key, struct span iv, struct span cipher,
                                       struct buf *out);
/* AES-256-GCM for data at rest. key 32, iv 12; out = ciphertext || tag(16). Open: ERR_VERIFY. */
MUST_CHECK enum err aes256_gcm_seal(struct crypto *c, struct span key, struct span iv, struct span aad,
                                    struct span plain, struct buf *out);
MUST_CHECK enum err aes256_gcm_open(struct crypto *c, struct span key, struct span iv, struct span aad,
                                    struct span sealed, struct buf *out);

/* SHA256(code), all that need be kept of it. The code is taken as its ASCII text; with `as_octets` as the octets that it is in
 * hex, unless it is no even number of hex digits (interpretation D-14). */
MUST_CHECK enum err confirmation_code_digest(struct crypto *c, struct span code, bool as_octets, uint8_t out[32]);
/* hashCc = SHA256(digest || transactionId), SGP.22 5.7.5. */
MUST_CHECK enum err confirmation_code_hash(struct crypto *c, struct span digest, struct span transaction_id, uint8_t out[32]);
#endif
