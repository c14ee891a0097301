#include "crypto_internal.h"

#include <stdlib.h>

enum err crypto_refuse(enum err e)
{
    ERR_clear_error();
    return e;
}

static enum err library_fill(struct rng *r, void *at, size_t len)
{
    struct crypto *c = (struct crypto *)((char *)r - offsetof(struct crypto, rng));
    return RAND_priv_bytes_ex(c->lib, at, len, 0) == 1 ? ERR_OK : crypto_refuse(ERR_IO);
}

static bool fetch_algorithms(struct crypto *c)
{
    c->sha256 = EVP_MD_fetch(c->lib, "SHA256", NULL);
    c->sha1 = EVP_MD_fetch(c->lib, "SHA1", NULL);
    c->aes128_ecb = EVP_CIPHER_fetch(c->lib, "AES-128-ECB", NULL);
    c->aes128_cbc = EVP_CIPHER_fetch(c->lib, "AES-128-CBC", NULL);
    c->aes128_ctr = EVP_CIPHER_fetch(c->lib, "AES-128-CTR", NULL);
    c->aes256_gcm = EVP_CIPHER_fetch(c->lib, "AES-256-GCM", NULL);
    c->hmac = EVP_MAC_fetch(c->lib, "HMAC", NULL);
    c->group[EC_P256] = EC_GROUP_new_by_curve_name_ex(c->lib, NULL, NID_X9_62_prime256v1);
    c->group[EC_BRAINPOOL_P256R1] = EC_GROUP_new_by_curve_name_ex(c->lib, NULL, NID_brainpoolP256r1);
    return c->sha256 && c->sha1 && c->aes128_ecb && c->aes128_cbc && c->aes128_ctr && c->aes256_gcm && c->hmac &&
           crypto_prepare_cmac(c) && c->group[EC_P256] && c->group[EC_BRAINPOOL_P256R1];
}

static enum err crypto_create(const struct span *seed, struct crypto **out)
{
    enum err e = ERR_NOMEM;
    struct crypto *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    pthread_mutex_init(&c->points_lock, NULL);
    pthread_mutex_init(&c->certs_lock, NULL);
    c->rng.fill = library_fill;
    c->points = calloc(EC_POINT_CACHE_SLOTS, sizeof *c->points);
    c->lib = OSSL_LIB_CTX_new();
    if (!c->points || !c->lib)
        goto out;
    c->standard = OSSL_PROVIDER_load(c->lib, "default");
    if (!c->standard || !fetch_algorithms(c))
        goto out;
    e = seed ? crypto_seed_load(c, *seed) : ERR_OK;
out:
    if (e) {
        crypto_free(c);
        return crypto_refuse(e);
    }
    *out = c;
    return ERR_OK;
}

enum err crypto_new(struct crypto **out)
{
    return crypto_create(NULL, out);
}

enum err crypto_new_seeded(struct span seed, struct crypto **out)
{
    return crypto_create(&seed, out);
}

void crypto_free(struct crypto *c)
{
    if (!c)
        return;
    if (c->certs_free)
        c->certs_free(c->certs);
    for (size_t i = 0; c->points && i < EC_POINT_CACHE_SLOTS; i++)
        EVP_PKEY_free(c->points[i].key);
    free(c->points);
    for (size_t i = 0; i < EC_CURVES; i++)
        EC_GROUP_free(c->group[i]);
    EVP_MD_free(c->sha256);
    EVP_MD_free(c->sha1);
    EVP_CIPHER_free(c->aes128_ecb);
    EVP_CIPHER_free(c->aes128_cbc);
    EVP_CIPHER_free(c->aes128_ctr);
    EVP_CIPHER_free(c->aes256_gcm);
    EVP_MAC_free(c->hmac);
    EVP_MAC_CTX_free(c->cmac_ready);
    if (c->seeded)
        OSSL_PROVIDER_unload(c->seeded);
    if (c->standard)
        OSSL_PROVIDER_unload(c->standard);
    OSSL_LIB_CTX_free(c->lib);
    pthread_mutex_destroy(&c->points_lock);
    pthread_mutex_destroy(&c->certs_lock);
    free(c);
}

struct rng *crypto_rng(struct crypto *c)
{
    return &c->rng;
}

void crypto_counts(struct crypto *c, struct crypto_counts *out)
{
    *out = (struct crypto_counts){ .sign = c->signatures,
                                   .verify = c->verifications,
                                   .ecdh = c->agreements,
                                   .keygen = c->keys };
}
