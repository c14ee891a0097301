/* Private keys: generated, from a scalar, from files; and what they do besides signing. */
#include "crypto_internal.h"

#include <stdlib.h>

/* Takes pkey, also on failure. */
static enum err key_wrap(EVP_PKEY *pkey, enum ec_curve curve, struct ec_key **out)
{
    struct ec_key *k = calloc(1, sizeof *k);
    enum err e = k ? ec_public_point(pkey, &k->point) : ERR_NOMEM;
    if (e) {
        free(k);
        EVP_PKEY_free(pkey);
        return e;
    }
    k->pkey = pkey;
    k->curve = curve;
    *out = k;
    return ERR_OK;
}

enum err ec_key_generate(struct crypto *c, enum ec_curve curve, struct ec_key **out)
{
    char name[32];
    snprintf(name, sizeof name, "%s", ec_curve_group_name(curve));
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
                            OSSL_PARAM_construct_end() };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(c->lib, "EC", NULL);
    bool made = ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
                EVP_PKEY_generate(ctx, &pkey) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!made)
        return crypto_refuse(ERR_IO);
    c->keys++;
    return key_wrap(pkey, curve, out);
}

/* The public point of d; d must be in [1, n-1]. */
static enum err point_of_scalar(const EC_GROUP *group, const BIGNUM *d, struct ec_point *out)
{
    enum err e = ERR_NOMEM;
    EC_POINT *p = NULL;
    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0)
        return ERR_VERIFY;
    p = EC_POINT_new(group);
    if (p && EC_POINT_mul(group, p, d, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, out->at, sizeof out->at, NULL) ==
            sizeof out->at)
        e = ERR_OK;
    EC_POINT_free(p);
    return e;
}

static enum err pair_import(struct crypto *c, enum ec_curve curve, const BIGNUM *d, const struct ec_point *point,
                            EVP_PKEY **out)
{
    enum err e = ERR_NOMEM;
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(c->lib, "EC", NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (ctx && bld &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, ec_curve_group_name(curve), 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point->at, sizeof point->at) == 1 &&
        OSSL_PARAM_BLD_push_BN_pad(bld, OSSL_PKEY_PARAM_PRIV_KEY, d, 32) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    if (params && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1) {
        *out = pkey;
        e = ERR_OK;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    EVP_PKEY_CTX_free(ctx);
    return e;
}

enum err ec_key_from_scalar(struct crypto *c, enum ec_curve curve, struct span d, struct ec_key **out)
{
    struct ec_point point;
    EVP_PKEY *pkey = NULL;
    if (d.len != 32)
        return ERR_VERIFY;
    BIGNUM *n = BN_secure_new(); /* marked as secret: every copy that the library makes of it is cleared */
    enum err e = n && BN_bin2bn(d.at, (int)d.len, n) ? ERR_OK : ERR_NOMEM;
    if (!e)
        e = point_of_scalar(c->group[curve], n, &point);
    if (!e)
        e = pair_import(c, curve, n, &point, &pkey);
    BN_clear_free(n);
    if (e)
        return crypto_refuse(e);
    return key_wrap(pkey, curve, out);
}

/* An encrypted file is refused; without this the library would ask at the terminal. */
static int no_password(char *at, int size, int writing, void *context)
{
    (void)at, (void)size, (void)writing, (void)context;
    return -1;
}

static enum err number_bytes(const EVP_PKEY *pkey, uint8_t out[32])
{
    BIGNUM *d = NULL;
    int written = -1;
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1)
        written = BN_bn2binpad(d, out, 32);
    BN_clear_free(d);
    return written == 32 ? ERR_OK : crypto_refuse(ERR_PARSE);
}

static EVP_PKEY *parse_private(struct crypto *c, struct span text)
{
    const uint8_t *at = text.at;
    if (text.len && text.at[0] == 0x30)
        return d2i_AutoPrivateKey_ex(NULL, &at, (long)text.len, c->lib, NULL);
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey_ex(bio, NULL, no_password, NULL, c->lib, NULL) : NULL;
    BIO_free(bio);
    return pkey;
}

enum err ec_key_load(struct crypto *c, struct span pem_or_der, struct ec_key **out)
{
    enum ec_curve curve;
    uint8_t d[32];
    if (!pem_or_der.len || pem_or_der.len > 1 << 16)
        return ERR_PARSE;
    EVP_PKEY *pkey = parse_private(c, pem_or_der);
    if (!pkey)
        return crypto_refuse(ERR_PARSE);
    enum err e = ec_curve_of(pkey, &curve);
    if (!e)
        e = number_bytes(pkey, d);
    EVP_PKEY_free(pkey);
    /* The point is computed anew: a file may hold none, a compressed one, or one of another key. */
    if (!e)
        e = ec_key_from_scalar(c, curve, SPAN_ARRAY(d), out);
    memory_clear(d, sizeof d);
    return e == ERR_VERIFY ? ERR_PARSE : e;
}

void ec_key_free(struct ec_key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    free(k);
}

enum ec_curve ec_key_curve(const struct ec_key *k)
{
    return k->curve;
}

void ec_key_point(const struct ec_key *k, struct ec_point *out)
{
    *out = k->point;
}

enum err ec_key_scalar(const struct ec_key *k, struct secret *out)
{
    enum err e = number_bytes(k->pkey, out->at);
    if (!e)
        out->len = 32;
    return e;
}

enum err crypto_agree(struct crypto *c, EVP_PKEY *own, EVP_PKEY *peer, bool check_peer, struct secret *z)
{
    size_t len = sizeof z->at;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(c->lib, own, NULL);
    bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer, check_peer) == 1 &&
              EVP_PKEY_derive(ctx, z->at, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(ctx);
    if (!ok) {
        secret_release(z);
        return crypto_refuse(ERR_VERIFY);
    }
    z->len = len;
    return ERR_OK;
}

enum err ec_key_agree(struct crypto *c, const struct ec_key *k, struct span peer_point, struct secret *z)
{
    EVP_PKEY *peer = NULL;
    enum err e = ec_public_import(c, k->curve, peer_point, &peer);
    if (e)
        return e;
    c->agreements++;
    e = crypto_agree(c, k->pkey, peer, false, z); /* the point was checked when it was imported */
    EVP_PKEY_free(peer);
    return e;
}
