/* ECIES as a USIM does it (TS 33.501 C.3.2): agree with an ephemeral key, derive, encrypt in counter mode, MAC. */
#include "ecies.h"

#include <string.h>

#include "crypto_internal.h"

#define SCALAR_OCTETS 32
#define X25519_OCTETS 32
#define COMPRESSED_OCTETS 33
#define DERIVED_OCTETS 64 /* encryption key 16, first counter block 16, MAC key 32 */

/* What agreeing gives: the ephemeral public key as it is sent, and the shared secret. */
struct agreement {
    uint8_t public_key[COMPRESSED_OCTETS];
    size_t public_key_len;
    struct secret z;
};

size_t ecies_key_octets(enum ecies_profile profile)
{
    return profile == ECIES_PROFILE_A ? X25519_OCTETS : COMPRESSED_OCTETS;
}

/* ---- profile A --------------------------------------------------------------------------------------------- */
/* `public_key` may be NULL. */
static enum err x25519(struct crypto *c, struct span private_key, struct span peer_key, uint8_t *public_key,
                       struct secret *z)
{
    size_t len = X25519_OCTETS;
    if (private_key.len != SCALAR_OCTETS || peer_key.len != X25519_OCTETS)
        return ERR_VERIFY;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key_ex(c->lib, "X25519", NULL, private_key.at, private_key.len);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(c->lib, "X25519", NULL, peer_key.at, peer_key.len);
    enum err e = own && peer ? ERR_OK : crypto_refuse(ERR_NOMEM);
    if (!e && public_key && EVP_PKEY_get_raw_public_key(own, public_key, &len) != 1)
        e = crypto_refuse(ERR_NOMEM);
    if (!e) {
        c->agreements++;
        e = crypto_agree(c, own, peer, true, z); /* one of low order makes a secret of zeros, which the library refuses */
    }
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    return e;
}

enum err x25519_agree(struct crypto *c, struct span private_key, struct span peer, struct secret *z)
{
    return x25519(c, private_key, peer, NULL, z);
}

static enum err agree_a(struct crypto *c, struct span peer, struct span ephemeral, struct agreement *a)
{
    uint8_t fresh[SCALAR_OCTETS] = { 0 };
    enum err e = ERR_OK;
    if (!ephemeral.len) {
        c->keys++;
        e = rng_fill(&c->rng, fresh, sizeof fresh);
        ephemeral = SPAN_ARRAY(fresh);
    }
    if (!e)
        e = x25519(c, ephemeral, peer, a->public_key, &a->z);
    a->public_key_len = X25519_OCTETS;
    memory_clear(fresh, sizeof fresh);
    return e;
}

/* ---- profile B --------------------------------------------------------------------------------------------- */
static enum err agree_b(struct crypto *c, struct span peer, struct span ephemeral, struct agreement *a)
{
    struct ec_point theirs, own;
    struct ec_key *key = NULL;
    enum err e = ec_point_expand(c, EC_P256, peer, &theirs);
    if (!e)
        e = ephemeral.len ? ec_key_from_scalar(c, EC_P256, ephemeral, &key) : ec_key_generate(c, EC_P256, &key);
    if (!e) {
        ec_key_point(key, &own);
        a->public_key[0] = own.at[sizeof own.at - 1] & 1 ? 0x03 : 0x02; /* Y is odd or even */
        memcpy(a->public_key + 1, own.at + 1, COMPRESSED_OCTETS - 1);
        a->public_key_len = COMPRESSED_OCTETS;
        e = ec_key_agree(c, key, SPAN_ARRAY(theirs.at), &a->z);
    }
    ec_key_free(key);
    return e;
}

/* ---- both -------------------------------------------------------------------------------------------------- */
static enum err put_encrypted(struct crypto *c, const uint8_t *key, const uint8_t *counter, struct span plain,
                              struct buf *out)
{
    uint8_t blocks[256];
    int len = 0;
    if (plain.len > sizeof blocks)
        return ERR_LIMIT;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex2(ctx, c->aes128_ctr, key, counter, NULL) == 1 &&
              EVP_EncryptUpdate(ctx, blocks, &len, plain.at, (int)plain.len) == 1 && (size_t)len == plain.len;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? buf_put(out, span_of(blocks, plain.len)) : crypto_refuse(ERR_NOMEM);
}

static enum err put_output(struct crypto *c, const struct agreement *a, struct span plain, struct buf *out)
{
    uint8_t derived[DERIVED_OCTETS], tag[32];
    struct span public_key = span_of(a->public_key, a->public_key_len);
    enum err e = x963_kdf(c, secret_span(&a->z), public_key, derived, sizeof derived);
    if (!e)
        e = buf_put(out, public_key);
    size_t start = out->len;
    if (!e)
        e = put_encrypted(c, derived, derived + 16, plain, out);
    if (!e)
        e = hmac_sha256(c, span_of(derived + 32, 32), span_sub(buf_span(out), start, plain.len), tag);
    if (!e)
        e = buf_put(out, span_of(tag, ECIES_MAC_OCTETS));
    memory_clear(derived, sizeof derived);
    return e;
}

enum err ecies_protect(struct crypto *c, enum ecies_profile profile, struct span public_key, struct span ephemeral,
                       struct span plain, struct buf *out)
{
    struct agreement a = { .public_key_len = 0 };
    size_t before = out->len;
    enum err e = profile == ECIES_PROFILE_A ? agree_a(c, public_key, ephemeral, &a)
                                            : agree_b(c, public_key, ephemeral, &a);
    if (!e)
        e = put_output(c, &a, plain, out);
    if (e)
        out->len = before;
    secret_release(&a.z);
    return e;
}
