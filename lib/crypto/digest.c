/* Hashes, MACs and the key derivation that is made of them. */
#include "crypto_internal.h"

#include <string.h>

static enum err digest(const EVP_MD *md, const struct span *parts, size_t count, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? ERR_OK : crypto_refuse(ERR_NOMEM);
}

enum err sha256(struct crypto *c, const struct span *parts, size_t count, uint8_t out[32])
{
    return digest(c->sha256, parts, count, out);
}

enum err sha1(struct crypto *c, struct span data, uint8_t out[20])
{
    return digest(c->sha1, &data, 1, out);
}

/* Takes ctx. `which` names the digest under the MAC; NULL: what it has. */
static enum err mac(EVP_MAC_CTX *ctx, const OSSL_PARAM *which, struct span key, const struct span *parts,
                    size_t count, uint8_t *out, size_t out_len)
{
    size_t len = 0;
    bool ok = ctx && EVP_MAC_init(ctx, key.at, key.len, which) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = !parts[i].len || EVP_MAC_update(ctx, parts[i].at, parts[i].len) == 1;
    ok = ok && EVP_MAC_final(ctx, out, &len, out_len) == 1 && len == out_len;
    EVP_MAC_CTX_free(ctx);
    return ok ? ERR_OK : crypto_refuse(ERR_NOMEM);
}

enum err hmac_sha256(struct crypto *c, struct span key, struct span data, uint8_t out[32])
{
    char name[] = "SHA256";
    static const uint8_t none[1];
    OSSL_PARAM which[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end() };
    /* A NULL key means "the key of before" to the library; an empty key is a key. */
    return mac(EVP_MAC_CTX_new(c->hmac), which, key.len ? key : span_of(none, 0), &data, 1, out, 32);
}

enum err aes128_cmac(struct crypto *c, struct span key, const struct span *parts, size_t count, uint8_t out[16])
{
    if (key.len != 16)
        return ERR_PARSE;
    return mac(EVP_MAC_CTX_dup(c->cmac_ready), NULL, key, parts, count, out, 16);
}

bool crypto_prepare_cmac(struct crypto *c)
{
    static const uint8_t any_key[16];
    char name[] = "AES-128-CBC";
    OSSL_PARAM which[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
                           OSSL_PARAM_construct_end() };
    EVP_MAC *cmac = EVP_MAC_fetch(c->lib, "CMAC", NULL);
    c->cmac_ready = cmac ? EVP_MAC_CTX_new(cmac) : NULL;
    EVP_MAC_free(cmac);
    return c->cmac_ready && EVP_MAC_init(c->cmac_ready, any_key, sizeof any_key, which) == 1;
}

enum err x963_kdf(struct crypto *c, struct span z, struct span shared_info, uint8_t *out, size_t out_len)
{
    uint8_t block[32];
    enum err e = ERR_OK;
    for (uint32_t n = 1; out_len && !e; n++) {
        const uint8_t counter[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
        size_t take = out_len < sizeof block ? out_len : sizeof block;
        e = sha256(c, (const struct span[]){ z, SPAN_ARRAY(counter), shared_info }, 3, block);
        if (!e)
            memcpy(out, block, take);
        out += take;
        out_len -= take;
    }
    memory_clear(block, sizeof block);
    return e;
}

enum err confirmation_code_digest(struct crypto *c, struct span code, bool as_octets, uint8_t out[32])
{
    struct buf octets = { .max = code.len };
    enum err e = as_octets ? hex_decode(code, &octets) : ERR_PARSE;
    const struct span hashed = e ? code : buf_span(&octets);
    if (!e || e == ERR_PARSE)
        e = sha256(c, &hashed, 1, out);
    if (octets.at)
        memory_clear(octets.at, octets.len);
    buf_release(&octets);
    return e;
}

enum err confirmation_code_hash(struct crypto *c, struct span digest, struct span transaction_id, uint8_t out[32])
{
    return sha256(c, (const struct span[]){ digest, transaction_id }, 2, out);
}
