/* Hex and base64. */
#include <string.h>

#include "span.h"

static enum err put_hex(struct buf *b, struct span src, const char *digits)
{
    size_t before = b->len;
    for (size_t i = 0; i < src.len; i++) {
        uint8_t two[2] = { (uint8_t)digits[src.at[i] >> 4], (uint8_t)digits[src.at[i] & 15] };
        enum err e = buf_put(b, SPAN_ARRAY(two));
        if (e) {
            b->len = before;
            return e;
        }
    }
    return ERR_OK;
}

enum err hex_put(struct buf *b, struct span src)
{
    return put_hex(b, src, "0123456789abcdef");
}

enum err hex_put_upper(struct buf *b, struct span src)
{
    return put_hex(b, src, "0123456789ABCDEF");
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err hex_decode(struct span text, struct buf *out)
{
    size_t before = out->len;
    enum err e = text.len % 2 ? ERR_PARSE : ERR_OK;
    for (size_t i = 0; !e && i < text.len; i += 2) {
        int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);
        e = high < 0 || low < 0 ? ERR_PARSE : buf_put_u8(out, (uint8_t)(high << 4 | low));
    }
    if (e)
        out->len = before;
    return e;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum err base64_put(struct buf *b, struct span src)
{
    size_t before = b->len;
    for (size_t i = 0; i < src.len; i += 3) {
        size_t left = src.len - i;
        uint32_t n = (uint32_t)src.at[i] << 16 | (left > 1 ? (uint32_t)src.at[i + 1] << 8 : 0) |
                     (left > 2 ? src.at[i + 2] : 0u);
        uint8_t four[4] = {
            (uint8_t)base64_digits[n >> 18],
            (uint8_t)base64_digits[n >> 12 & 63],
            (uint8_t)(left > 1 ? base64_digits[n >> 6 & 63] : '='),
            (uint8_t)(left > 2 ? base64_digits[n & 63] : '='),
        };
        enum err e = buf_put(b, SPAN_ARRAY(four));
        if (e) {
            b->len = before;
            return e;
        }
    }
    return ERR_OK;
}

static int base64_digit(uint8_t c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (int)(at - base64_digits) : -1;
}

static enum err decode_four(const uint8_t *in, bool last, struct buf *out)
{
    int pad = in[3] != '=' ? 0 : in[2] != '=' ? 1 : 2;
    if (pad && !last)
        return ERR_PARSE;
    uint32_t n = 0;
    for (int i = 0; i < 4; i++) {
        int digit = i >= 4 - pad ? 0 : base64_digit(in[i]);
        if (digit < 0)
            return ERR_PARSE;
        n = n << 6 | (uint32_t)digit;
    }
    if ((pad == 1 && (n & 0xff)) || (pad == 2 && (n & 0xffff)))
        return ERR_PARSE;
    const uint8_t bytes[3] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
    return buf_put(out, span_of(bytes, (size_t)(3 - pad)));
}

enum err base64_decode(struct span text, struct buf *out)
{
    size_t before = out->len;
    enum err e = text.len % 4 ? ERR_PARSE : ERR_OK;
    for (size_t i = 0; !e && i < text.len; i += 4)
        e = decode_four(text.at + i, i + 4 == text.len, out);
    if (e)
        out->len = before;
    return e;
}
