/* Hex and base64. */
#include <string.h>

#include "span.h"

static enum err put_hex(struct buf *b, struct span src, const char *digits)
{
    enum err e = src.len > SIZE_MAX / 2 ? ERR_LIMIT : buf_reserve(b, 2 * src.len);
    for (size_t i = 0; !e && i < src.len; i++) {
        b->at[b->len++] = (uint8_t)digits[src.at[i] >> 4];
        b->at[b->len++] = (uint8_t)digits[src.at[i] & 15];
    }
    return e;
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
    enum err e = text.len % 2 ? ERR_PARSE : buf_reserve(out, text.len / 2);
    for (size_t i = 0; !e && i < text.len; i += 2) {
        int high = hex_digit(text.at[i]), low = hex_digit(text.at[i + 1]);
        if (high < 0 || low < 0)
            e = ERR_PARSE;
        else
            out->at[out->len++] = (uint8_t)(high << 4 | low);
    }
    if (e)
        out->len = before;
    return e;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum err base64_put(struct buf *b, struct span src)
{
    enum err e = src.len > SIZE_MAX / 2 ? ERR_LIMIT : buf_reserve(b, (src.len + 2) / 3 * 4);
    for (size_t i = 0; !e && i < src.len; i += 3) {
        size_t left = src.len - i;
        uint32_t n = (uint32_t)src.at[i] << 16 | (left > 1 ? (uint32_t)src.at[i + 1] << 8 : 0) |
                     (left > 2 ? src.at[i + 2] : 0u);
        b->at[b->len++] = (uint8_t)base64_digits[n >> 18];
        b->at[b->len++] = (uint8_t)base64_digits[n >> 12 & 63];
        b->at[b->len++] = (uint8_t)(left > 1 ? base64_digits[n >> 6 & 63] : '=');
        b->at[b->len++] = (uint8_t)(left > 2 ? base64_digits[n & 63] : '=');
    }
    return e;
}

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four digits to 24 bits; the last `pad` of them stand for nothing. Negative: no base64. */
static int32_t read_four(const uint8_t *in, int pad)
{
    int32_t n = 0;
    for (int i = 0; i < 4; i++) {
        int digit = i >= 4 - pad ? 0 : base64_digit(in[i]);
        if (digit < 0)
            return -1;
        n = n << 6 | digit;
    }
    bool leftover = (pad == 1 && (n & 0xff)) || (pad == 2 && (n & 0xffff));
    return leftover ? -1 : n;
}

static int padding(struct span text)
{
    const uint8_t *end = text.at + text.len;
    return !text.len || end[-1] != '=' ? 0 : end[-2] != '=' ? 1 : 2;
}

enum err base64_decode(struct span text, struct buf *out)
{
    size_t before = out->len;
    if (text.len % 4)
        return ERR_PARSE;
    int pad = padding(text);
    enum err e = buf_reserve(out, text.len / 4 * 3 - (size_t)pad);
    for (size_t i = 0; !e && i < text.len; i += 4) {
        int last_pad = i + 4 == text.len ? pad : 0;
        int32_t n = read_four(text.at + i, last_pad);
        if (n < 0) {
            e = ERR_PARSE;
            break;
        }
        out->at[out->len++] = (uint8_t)(n >> 16);
        if (last_pad < 2)
            out->at[out->len++] = (uint8_t)(n >> 8);
        if (last_pad < 1)
            out->at[out->len++] = (uint8_t)n;
    }
    if (e)
        out->len = before;
    return e;
}
