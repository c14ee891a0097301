/* ECDSA with SHA-256 in the plain format of BSI TR-03111, which SGP.22 2.6.7.2 demands: r || s, no DER. */
#include "crypto_internal.h"

#define DER_SIGNATURE_MAX 72

/* Plain to DER. Returns the length, 0 when it fails. */
static size_t signature_to_der(const uint8_t plain[64], uint8_t der[DER_SIGNATURE_MAX])
{
    int len = 0;
    uint8_t *at = der;
    BIGNUM *r = BN_bin2bn(plain, 32, NULL), *s = BN_bin2bn(plain + 32, 32, NULL);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    if (r && s && sig && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* taken */
        len = i2d_ECDSA_SIG(sig, &at);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len > 0 ? (size_t)len : 0;
}

static enum err signature_from_der(const uint8_t *der, size_t len, struct ec_signature *out)
{
    const BIGNUM *r, *s;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    if (!sig)
        return ERR_NOMEM;
    ECDSA_SIG_get0(sig, &r, &s);
    bool fits = BN_bn2binpad(r, out->at, 32) == 32 && BN_bn2binpad(s, out->at + 32, 32) == 32;
    ECDSA_SIG_free(sig);
    return fits ? ERR_OK : ERR_NOMEM;
}

enum err ec_sign(struct crypto *c, const struct ec_key *k, const struct span *tbs, size_t count,
                 struct ec_signature *out)
{
    uint8_t digest[32], der[DER_SIGNATURE_MAX];
    size_t len = sizeof der;
    enum err e = sha256(c, tbs, count, digest);
    if (e)
        return e;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, k->pkey, NULL);
    bool made = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
                EVP_PKEY_sign(ctx, der, &len, digest, sizeof digest) == 1;
    EVP_PKEY_CTX_free(ctx);
    c->signatures++;
    e = made ? signature_from_der(der, len, out) : ERR_IO;
    return e ? crypto_refuse(e) : ERR_OK;
}

enum err ec_verify_with(struct crypto *c, EVP_PKEY *key, const struct span *tbs, size_t count,
                        struct span signature)
{
    uint8_t digest[32], der[DER_SIGNATURE_MAX];
    if (signature.len != 64)
        return ERR_VERIFY;
    enum err e = sha256(c, tbs, count, digest);
    if (e)
        return e;
    size_t len = signature_to_der(signature.at, der);
    if (!len)
        return crypto_refuse(ERR_NOMEM);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key, NULL);
    if (!ctx || EVP_PKEY_verify_init(ctx) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return crypto_refuse(ERR_NOMEM);
    }
    int answer = EVP_PKEY_verify(ctx, der, len, digest, sizeof digest);
    EVP_PKEY_CTX_free(ctx);
    c->verifications++;
    return answer == 1 ? ERR_OK : crypto_refuse(ERR_VERIFY);
}

enum err ec_verify(struct crypto *c, enum ec_curve curve, struct span point, const struct span *tbs, size_t count,
                   struct span signature)
{
    EVP_PKEY *key = NULL;
    if (signature.len != 64)
        return ERR_VERIFY;
    enum err e = ec_public_cached(c, curve, point, &key);
    if (e)
        return e;
    e = ec_verify_with(c, key, tbs, count, signature);
    EVP_PKEY_free(key);
    return e;
}
