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

static bool is_hex(struct span text)
{
    size_t i = 0;
    while (i < text.len && hex_digit(text.at[i]) >= 0)
        i++;
    return i == text.len && text.len % 2 == 0;
}

enum err hex_decode(struct span text, struct buf *out)
{
    if (!is_hex(text))
        return ERR_PARSE;
    enum err e = buf_reserve(out, text.len / 2);
    for (size_t i = 0; !e && i < text.len; i += 2)
        out->at[out->len++] = (uint8_t)(hex_digit(text.at[i]) << 4 | hex_digit(text.at[i + 1]));
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

/* How many '=' end the text; negative: it is no base64. */
static int padding(struct span text)
{
    size_t digits = text.len;
    while (digits && text.len - digits < 2 && text.at[digits - 1] == '=')
        digits--;
    size_t i = 0;
    while (i < digits && base64_digit(text.at[i]) >= 0)
        i++;
    return i == digits && text.len % 4 == 0 ? (int)(text.len - digits) : -1;
}

/* Four digits to 24 bits, those of the padding as nothing. */
static uint32_t read_four(const uint8_t *in, int pad)
{
    uint32_t n = 0;
    for (int i = 0; i < 4; i++)
        n = n << 6 | (i < 4 - pad ? (uint32_t)base64_digit(in[i]) : 0);
    return n;
}

/* The bits that the padding cuts off must be zero: one text for one value. */
static bool is_canonical(struct span text, int pad)
{
    if (!pad)
        return true;
    uint32_t n = read_four(text.at + text.len - 4, pad);
    return !(n & (pad == 1 ? 0xffu : 0xffffu));
}

enum err base64_decode(struct span text, struct buf *out)
{
    int pad = padding(text);
    if (pad < 0 || !is_canonical(text, pad))
        return ERR_PARSE;
    enum err e = buf_reserve(out, text.len / 4 * 3 - (size_t)pad);
    for (size_t i = 0; !e && i < text.len; i += 4) {
        int cut = i + 4 == text.len ? pad : 0;
        uint32_t n = read_four(text.at + i, cut);
        out->at[out->len++] = (uint8_t)(n >> 16);
        if (cut < 2)
            out->at[out->len++] = (uint8_t)(n >> 8);
        if (cut < 1)
            out->at[out->len++] = (uint8_t)n;
    }
    return e;
}
