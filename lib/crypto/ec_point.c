/* Public keys as points: import with its checks, and a small cache, since an import costs as much as half a
 * verification and the same few keys verify again and again. */
#include "crypto_internal.h"

#include <string.h>

const char *ec_curve_group_name(enum ec_curve curve)
{
    return curve == EC_P256 ? "prime256v1" : "brainpoolP256r1";
}

enum err ec_curve_of(const EVP_PKEY *key, enum ec_curve *out)
{
    char name[64];
    size_t len = 0;
    if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, name, sizeof name, &len) != 1)
        return crypto_refuse(ERR_UNSUPPORTED);
    for (enum ec_curve curve = EC_P256; curve <= EC_BRAINPOOL_P256R1; curve++) {
        if (!strcmp(name, ec_curve_group_name(curve))) {
            *out = curve;
            return ERR_OK;
        }
    }
    return ERR_UNSUPPORTED;
}

enum err ec_public_point(const EVP_PKEY *key, struct ec_point *out)
{
    size_t len = 0;
    struct ec_point p;
    /* A key that was read from a file may carry its point compressed; it is then given as such. */
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, p.at, sizeof p.at, &len) != 1 ||
        len != sizeof p.at || p.at[0] != 0x04)
        return crypto_refuse(ERR_UNSUPPORTED);
    *out = p;
    return ERR_OK;
}

enum err ec_point_expand(struct crypto *c, enum ec_curve curve, struct span point, struct ec_point *out)
{
    const EC_GROUP *group = c->group[curve];
    bool compressed = point.len == 33 && (point.at[0] == 0x02 || point.at[0] == 0x03);
    bool whole = point.len == sizeof out->at && point.at[0] == 0x04;
    if (!compressed && !whole)
        return ERR_VERIFY;
    EC_POINT *p = EC_POINT_new(group);
    bool ok = p && EC_POINT_oct2point(group, p, point.at, point.len, NULL) == 1 &&
              EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, out->at, sizeof out->at, NULL) ==
                  sizeof out->at;
    enum err e = ok ? ERR_OK : crypto_refuse(p ? ERR_VERIFY : ERR_NOMEM);
    EC_POINT_free(p);
    return e;
}

static enum err import_params(struct crypto *c, OSSL_PARAM *params, EVP_PKEY **out)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(c->lib, "EC", NULL);
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return crypto_refuse(ERR_NOMEM);
    }
    /* SGP.22 2.6.7: a point that is not on the curve would leak the private key in a key agreement; the library checks
     * the curve's equation here. Both curves have cofactor 1, so there is no small subgroup. */
    int ok = EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    EVP_PKEY_CTX_free(ctx);
    if (ok != 1)
        return crypto_refuse(ERR_VERIFY);
    *out = key;
    return ERR_OK;
}

enum err ec_public_import(struct crypto *c, enum ec_curve curve, struct span point, EVP_PKEY **out)
{
    if (point.len != sizeof(struct ec_point) || point.at[0] != 0x04)
        return ERR_VERIFY;
    char name[32];
    struct ec_point copy;
    snprintf(name, sizeof name, "%s", ec_curve_group_name(curve));
    memcpy(copy.at, point.at, point.len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.at, sizeof copy.at),
        OSSL_PARAM_construct_end(),
    };
    return import_params(c, params, out);
}

/* Where it is, or may be: the first of the slots that share the end of X, which is as good as random. */
static struct ec_point_slot *set_of(struct crypto *c, struct span point)
{
    unsigned low = (unsigned)point.at[31] << 8 | point.at[32];
    return &c->points[(low * EC_POINT_CACHE_WAYS) & (EC_POINT_CACHE_SLOTS - 1)];
}

/* The slot of this point; else the empty one, or the one that nobody asked for longest. The lock is held. */
static struct ec_point_slot *find_slot(struct crypto *c, enum ec_curve curve, struct span point, bool *found)
{
    struct ec_point_slot *set = set_of(c, point), *oldest = set;
    for (size_t i = 0; i < EC_POINT_CACHE_WAYS; i++) {
        *found = set[i].key && set[i].curve == curve && !memcmp(set[i].point.at, point.at, point.len);
        if (*found)
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    return oldest;
}

static EVP_PKEY *slot_take(struct crypto *c, enum ec_curve curve, struct span point)
{
    bool found = false;
    EVP_PKEY *key = NULL;
    pthread_mutex_lock(&c->points_lock);
    struct ec_point_slot *s = find_slot(c, curve, point, &found);
    if (found && EVP_PKEY_up_ref(s->key) == 1) {
        s->used = ++c->points_asked;
        key = s->key;
    }
    pthread_mutex_unlock(&c->points_lock);
    return key;
}

static void slot_keep(struct crypto *c, enum ec_curve curve, struct span point, EVP_PKEY *key)
{
    bool found = false;
    if (EVP_PKEY_up_ref(key) != 1)
        return;
    pthread_mutex_lock(&c->points_lock);
    struct ec_point_slot *s = find_slot(c, curve, point, &found);
    EVP_PKEY *before = s->key;
    s->key = key;
    s->curve = curve;
    s->used = ++c->points_asked;
    memcpy(s->point.at, point.at, point.len);
    pthread_mutex_unlock(&c->points_lock);
    EVP_PKEY_free(before);
}

enum err ec_public_cached(struct crypto *c, enum ec_curve curve, struct span point, EVP_PKEY **out)
{
    if (point.len != sizeof(struct ec_point))
        return ERR_VERIFY;
    EVP_PKEY *key = slot_take(c, curve, point);
    if (!key) {
        enum err e = ec_public_import(c, curve, point, &key);
        if (e)
            return e;
        slot_keep(c, curve, point, key);
    }
    *out = key;
    return ERR_OK;
}
