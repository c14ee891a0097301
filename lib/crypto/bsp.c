#include "bsp.h"

#include <string.h>

#include "crypto_internal.h"
#include "der.h"

#define MAC_LEN 8u
#define SEGMENT_MAX 1036u /* SGP.22 2.5.3 has 1020 for one TLV with its header; see BSP_PLAIN_MOST */

/* SGP.22 Annex G: keyType 0x88 (AES), keyLen 0x10, LV of the host identifier, LV of the EID. */
static enum err shared_info(struct span host_id, struct span eid, struct buf *out)
{
    if (!host_id.len || host_id.len > 16 || eid.len != 16)
        return ERR_PARSE;
    enum err e = buf_put(out, SPAN(0x88, 0x10, (uint8_t)host_id.len));
    if (!e)
        e = buf_put(out, host_id);
    if (!e)
        e = buf_put_u8(out, (uint8_t)eid.len);
    return e ? e : buf_put(out, eid);
}

enum err bsp_derive(struct crypto *c, struct span z, struct span host_id, struct span eid, struct bsp *out)
{
    uint8_t keys[48];
    struct buf info = { .max = 64 };
    enum err e = shared_info(host_id, eid, &info);
    if (!e)
        e = x963_kdf(c, z, buf_span(&info), keys, sizeof keys);
    if (!e)
        e = bsp_replace_keys(out, span_of(keys, 16), span_of(keys + 16, 16), span_of(keys + 32, 16));
    memory_clear(keys, sizeof keys);
    buf_release(&info);
    return e;
}

enum err bsp_replace_keys(struct bsp *b, struct span mcv, struct span enc, struct span mac)
{
    if (mcv.len != 16 || enc.len != 16 || mac.len != 16)
        return ERR_PARSE;
    memcpy(b->mcv, mcv.at, 16);
    memcpy(b->s_enc, enc.at, 16);
    memcpy(b->s_mac, mac.at, 16);
    b->counter = 1;
    return ERR_OK;
}

void bsp_release(struct bsp *b)
{
    memory_clear(b, sizeof *b);
}

static bool encrypts(uint8_t tag)
{
    return tag == 0x86 || tag == 0x87;
}

/* SCP03t: the initial value is the block counter under S-ENC. */
static enum err block_iv(struct crypto *c, const struct bsp *b, uint8_t iv[16])
{
    const uint8_t counter[16] = { [12] = (uint8_t)(b->counter >> 24), (uint8_t)(b->counter >> 16),
                                  (uint8_t)(b->counter >> 8), (uint8_t)b->counter };
    return aes128_blocks(c, SPAN_ARRAY(b->s_enc), counter, 1, iv);
}

/* SGP.22 2.6.4.4: the MAC covers the chaining value and the TLV up to the MAC, whose length counts it already. */
static enum err block_mac(struct crypto *c, const struct bsp *b, struct span before_mac, uint8_t mac[16])
{
    return aes128_cmac(c, SPAN_ARRAY(b->s_mac), (const struct span[]){ SPAN_ARRAY(b->mcv), before_mac }, 2, mac);
}

static void advance(struct bsp *b, const uint8_t mac[16])
{
    memcpy(b->mcv, mac, 16);
    b->counter++;
}

/* Plain text, 80, then zeros to a whole block: at least one octet. */
static enum err pad(struct span plain, struct buf *out)
{
    enum err e = buf_put(out, plain);
    if (!e)
        e = buf_put_u8(out, 0x80);
    while (!e && out->len % 16)
        e = buf_put_u8(out, 0);
    return e;
}

static enum err put_body(struct crypto *c, const struct bsp *b, uint8_t tag, struct span plain, struct buf *out)
{
    uint8_t iv[16];
    struct buf padded = { .max = SEGMENT_MAX };
    if (!encrypts(tag))
        return buf_put(out, plain);
    enum err e = pad(plain, &padded);
    if (!e)
        e = block_iv(c, b, iv);
    if (!e)
        e = aes128_cbc_encrypt(c, SPAN_ARRAY(b->s_enc), SPAN_ARRAY(iv), buf_span(&padded), out);
    if (padded.at)
        memory_clear(padded.at, padded.len);
    buf_release(&padded);
    return e;
}

enum err bsp_protect(struct crypto *c, struct bsp *b, uint8_t tag, struct span plain, struct buf *out)
{
    uint8_t mac[16];
    struct buf tlv = { .max = SEGMENT_MAX };
    if (!encrypts(tag) && tag != 0x88)
        return ERR_UNSUPPORTED;
    if (plain.len > BSP_PLAIN_MOST)
        return ERR_LIMIT;
    size_t body = encrypts(tag) ? plain.len - plain.len % 16 + 16 : plain.len;
    enum err e = der_put_header(&tlv, tag, body + MAC_LEN);
    if (!e)
        e = put_body(c, b, tag, plain, &tlv);
    if (!e)
        e = block_mac(c, b, buf_span(&tlv), mac);
    if (!e)
        e = buf_put(&tlv, span_of(mac, MAC_LEN));
    if (!e)
        e = buf_put(out, buf_span(&tlv));
    if (!e)
        advance(b, mac);
    buf_release(&tlv);
    return e;
}

/* Looks at structure only: an encrypted block is whole AES blocks, at least one; 88 may be empty. */
static enum err check_structure(struct span tlv, struct der_tlv *t)
{
    struct der d = der_open(tlv);
    if (tlv.len > SEGMENT_MAX || der_next(&d, t) || !der_at_end(&d))
        return ERR_PARSE;
    if (t->tag != 0x86 && t->tag != 0x87 && t->tag != 0x88)
        return ERR_PARSE;
    if (t->value.len < MAC_LEN)
        return ERR_PARSE;
    size_t body = t->value.len - MAC_LEN;
    return t->tag != 0x88 && (!body || body % 16) ? ERR_PARSE : ERR_OK;
}

/* The length without the padding. */
static enum err unpad(struct span padded, size_t *len)
{
    size_t n = padded.len;
    while (n && !padded.at[n - 1] && padded.len - n < 15)
        n--;
    if (!n || padded.at[n - 1] != 0x80)
        return ERR_VERIFY;
    *len = n - 1;
    return ERR_OK;
}

static enum err decrypt(struct crypto *c, const struct bsp *b, struct span body, struct buf *plain)
{
    uint8_t iv[16];
    size_t len = 0;
    struct buf padded = { .max = SEGMENT_MAX };
    enum err e = block_iv(c, b, iv);
    if (!e)
        e = aes128_cbc_decrypt(c, SPAN_ARRAY(b->s_enc), SPAN_ARRAY(iv), body, &padded);
    if (!e)
        e = unpad(buf_span(&padded), &len);
    if (!e)
        e = buf_put(plain, span_of(padded.at, len));
    if (padded.at)
        memory_clear(padded.at, padded.len);
    buf_release(&padded);
    return e;
}

enum err bsp_open(struct crypto *c, struct bsp *b, struct span tlv, struct buf *plain)
{
    uint8_t mac[16];
    struct der_tlv t;
    enum err e = check_structure(tlv, &t);
    if (!e)
        e = block_mac(c, b, span_sub(tlv, 0, tlv.len - MAC_LEN), mac);
    if (e)
        return e;
    if (!span_equal_secret(span_of(mac, MAC_LEN), span_sub(tlv, tlv.len - MAC_LEN, MAC_LEN)))
        return ERR_VERIFY;
    struct span body = span_sub(t.value, 0, t.value.len - MAC_LEN);
    e = t.tag == 0x88 ? buf_put(plain, body) : decrypt(c, b, body, plain);
    if (!e)
        advance(b, mac);
    return e;
}
