/* What the files of lib/crypto share. Nobody else includes this. */
#ifndef LAB_CRYPTO_INTERNAL_H
#define LAB_CRYPTO_INTERNAL_H

#include <pthread.h>

#include "crypto.h"
#include "openssl_clean.h"

#define EC_CURVES 2
#define EC_POINT_CACHE_SLOTS 512 /* a power of two; about 2 KiB each when filled */
#define EC_POINT_CACHE_WAYS 4    /* where one point may be: few in use at once must not drive each other out */

struct ec_point_slot {
    enum ec_curve curve;
    struct ec_point point;
    EVP_PKEY *key; /* NULL: empty */
    uint64_t used; /* points_asked when it was asked for last */
};

struct crypto {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *standard, *seeded; /* seeded: NULL when the operating system feeds us */
    struct rng rng;

    /* Fetched once: a fetch for each call would cost more than the short operations themselves. */
    EVP_MD *sha256, *sha1;
    EVP_CIPHER *aes128_ecb, *aes128_cbc, *aes128_ctr, *aes256_gcm;
    EVP_MAC *hmac;
    EVP_MAC_CTX *cmac_ready; /* over AES-128, to be copied: the library looks the cipher up by its name for every other one */
    EC_GROUP *group[EC_CURVES]; /* by enum ec_curve; read-only */

    _Atomic uint64_t signatures, verifications, agreements, keys;

    pthread_mutex_t points_lock;
    struct ec_point_slot *points;
    uint64_t points_asked;

    /* For x509.c: parsed certificates. Set certs and certs_free under the lock. */
    pthread_mutex_t certs_lock;
    void *certs;
    void (*certs_free)(void *certs);
};

struct ec_key {
    EVP_PKEY *pkey;
    enum ec_curve curve;
    struct ec_point point;
};

/* "prime256v1", "brainpoolP256r1": OpenSSL's names. */
const char *ec_curve_group_name(enum ec_curve curve);
/* The curve of a parsed key. ERR_UNSUPPORTED: no EC key or another curve. */
MUST_CHECK enum err ec_curve_of(const EVP_PKEY *key, enum ec_curve *out);

/* A public key object from an uncompressed point. Gives a reference (EVP_PKEY_free). ERR_VERIFY: not on the curve.
 * The cached form keeps the object for the next call with the same point. */
MUST_CHECK enum err ec_public_import(struct crypto *c, enum ec_curve curve, struct span point, EVP_PKEY **out);
MUST_CHECK enum err ec_public_cached(struct crypto *c, enum ec_curve curve, struct span point, EVP_PKEY **out);
/* The uncompressed point of a key object. ERR_UNSUPPORTED. */
MUST_CHECK enum err ec_public_point(const EVP_PKEY *key, struct ec_point *out);

/* ec_verify with a key object; counts. */
MUST_CHECK enum err ec_verify_with(struct crypto *c, EVP_PKEY *key, const struct span *tbs, size_t count,
                                   struct span signature);

/* ec_key.c: the shared secret, 32 octets. `check_peer`: the library judges the peer's key, which nobody did before. */
MUST_CHECK enum err crypto_agree(struct crypto *c, EVP_PKEY *own, EVP_PKEY *peer, bool check_peer, struct secret *z);

/* crypto_seed.c: loads the provider whose random source repeats and makes it the context's only one. */
MUST_CHECK enum err crypto_seed_load(struct crypto *c, struct span seed);

/* AES-128 on whole blocks, each alone; out may not overlap in. */
MUST_CHECK enum err aes128_blocks(struct crypto *c, struct span key, const uint8_t *in, size_t blocks,
                                  uint8_t *out);

/* Forgets OpenSSL's error queue of this thread and returns e: a refusal is an answer and leaves nothing behind. */
enum err crypto_refuse(enum err e);
/* False: no memory. */
bool crypto_prepare_cmac(struct crypto *c);
#endif
