/* AES in the modes that RSP and storage need. */
#include "crypto_internal.h"

#include <string.h>

#define AES_BLOCK 16u
#define GCM_TAG 16u

/* Makes room for len more bytes and says where they go; the caller adds to b->len what it wrote. */
static enum err buf_room(struct buf *b, size_t len, uint8_t **at)
{
    static const uint8_t zeros[64];
    size_t before = b->len;
    enum err e = ERR_OK;
    if (len > b->max - b->len)
        return ERR_LIMIT;
    for (size_t put = 0; put < len && !e; put += sizeof zeros)
        e = buf_put(b, span_of(zeros, len - put < sizeof zeros ? len - put : sizeof zeros));
    b->len = before;
    *at = b->at + before;
    return e;
}

static enum err cbc(const EVP_CIPHER *cipher, struct span key, struct span iv, struct span in, struct buf *out,
                    int encrypt)
{
    uint8_t *at = NULL;
    int head = 0, tail = 0;
    if (key.len != 16 || iv.len != AES_BLOCK || in.len % AES_BLOCK || in.len > 1u << 30)
        return ERR_PARSE;
    if (!in.len)
        return ERR_OK;
    enum err e = buf_room(out, in.len, &at);
    if (e)
        return e;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_CipherInit_ex2(ctx, cipher, key.at, iv.at, encrypt, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
              EVP_CipherUpdate(ctx, at, &head, in.at, (int)in.len) == 1 &&
              EVP_CipherFinal_ex(ctx, at + head, &tail) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok || (size_t)(head + tail) != in.len)
        return crypto_refuse(ERR_NOMEM);
    out->len += in.len;
    return ERR_OK;
}

enum err aes128_cbc_encrypt(struct crypto *c, struct span key, struct span iv, struct span plain, struct buf *out)
{
    return cbc(c->aes128_cbc, key, iv, plain, out, 1);
}

enum err aes128_cbc_decrypt(struct crypto *c, struct span key, struct span iv, struct span cipher, struct buf *out)
{
    return cbc(c->aes128_cbc, key, iv, cipher, out, 0);
}

enum err aes128_blocks(struct crypto *c, struct span key, const uint8_t *in, size_t blocks, uint8_t *out)
{
    int len = 0, want = (int)(blocks * AES_BLOCK);
    if (key.len != 16)
        return ERR_PARSE;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && EVP_EncryptInit_ex2(ctx, c->aes128_ecb, key.at, NULL, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 && EVP_EncryptUpdate(ctx, out, &len, in, want) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok && len == want ? ERR_OK : crypto_refuse(ERR_NOMEM);
}

static bool gcm_start(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, struct span key, struct span iv,
                      struct span aad, int encrypt)
{
    int len = 0;
    return EVP_CipherInit_ex2(ctx, cipher, key.at, iv.at, encrypt, NULL) == 1 &&
           (!aad.len || EVP_CipherUpdate(ctx, NULL, &len, aad.at, (int)aad.len) == 1);
}

static bool gcm_sizes_fit(struct span key, struct span iv, struct span aad, struct span in)
{
    return key.len == 32 && iv.len == 12 && aad.len < 1u << 30 && in.len < 1u << 30;
}

enum err aes256_gcm_seal(struct crypto *c, struct span key, struct span iv, struct span aad, struct span plain,
                         struct buf *out)
{
    uint8_t *at = NULL;
    int head = 0, tail = 0;
    if (!gcm_sizes_fit(key, iv, aad, plain))
        return ERR_PARSE;
    enum err e = buf_room(out, plain.len + GCM_TAG, &at);
    if (e)
        return e;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && gcm_start(ctx, c->aes256_gcm, key, iv, aad, 1) &&
              (!plain.len || EVP_EncryptUpdate(ctx, at, &head, plain.at, (int)plain.len) == 1) &&
              EVP_EncryptFinal_ex(ctx, at + head, &tail) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, at + plain.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return crypto_refuse(ERR_NOMEM);
    out->len += plain.len + GCM_TAG;
    return ERR_OK;
}

enum err aes256_gcm_open(struct crypto *c, struct span key, struct span iv, struct span aad, struct span sealed,
                         struct buf *out)
{
    uint8_t *at = NULL;
    int head = 0, tail = 0;
    if (!gcm_sizes_fit(key, iv, aad, sealed))
        return ERR_PARSE;
    if (sealed.len < GCM_TAG)
        return ERR_VERIFY;
    struct span body = span_sub(sealed, 0, sealed.len - GCM_TAG), tag = span_sub(sealed, body.len, GCM_TAG);
    uint8_t tag_copy[GCM_TAG];
    memcpy(tag_copy, tag.at, sizeof tag_copy);
    enum err e = buf_room(out, body.len, &at);
    if (e)
        return e;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && gcm_start(ctx, c->aes256_gcm, key, iv, aad, 0) &&
              (!body.len || EVP_DecryptUpdate(ctx, at, &head, body.at, (int)body.len) == 1) &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag_copy) == 1 &&
              EVP_DecryptFinal_ex(ctx, at + head, &tail) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        memory_clear(at, body.len); /* nothing unauthenticated stays behind */
        return crypto_refuse(ERR_VERIFY);
    }
    out->len += body.len;
    return ERR_OK;
}
