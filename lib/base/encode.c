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

static uint8_t *put_digits(uint8_t *at, uint32_t n)
{
    at[0] = (uint8_t)base64_digits[n >> 18];
    at[1] = (uint8_t)base64_digits[n >> 12 & 63];
    at[2] = (uint8_t)base64_digits[n >> 6 & 63];
    at[3] = (uint8_t)base64_digits[n & 63];
    return at + 4;
}

enum err base64_put(struct buf *b, struct span src)
{
    size_t whole = src.len / 3 * 3, left = src.len - whole, i;
    enum err e = src.len > SIZE_MAX / 2 ? ERR_LIMIT : buf_reserve(b, (src.len + 2) / 3 * 4);
    if (e || !src.len)
        return e;
    uint8_t *at = b->at + b->len;
    for (i = 0; i < whole; i += 3)
        at = put_digits(at, (uint32_t)src.at[i] << 16 | (uint32_t)src.at[i + 1] << 8 | src.at[i + 2]);
    if (left) {
        at = put_digits(at, (uint32_t)src.at[i] << 16 | (left > 1 ? (uint32_t)src.at[i + 1] << 8 : 0));
        memset(at - (3 - left), '=', 3 - left);
    }
    b->len = (size_t)(at - b->at);
    return ERR_OK;
}

/* By table: which kind of digit comes next nobody can guess, so a branch on it is mostly guessed wrong. 0: none. */
static int base64_digit(uint8_t c)
{
    static const uint8_t one_more[256] = {
        ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10,
        ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,
        ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
        ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
        ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,
        ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
        ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
    };
    return (int)one_more[c] - 1;
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
    size_t whole = pad ? text.len - 4 : text.len;
    enum err e = buf_reserve(out, text.len / 4 * 3 - (size_t)pad);
    if (e || !text.len)
        return e;
    uint8_t *at = out->at + out->len;
    for (size_t i = 0; i < whole; i += 4) {
        uint32_t n = read_four(text.at + i, 0);
        *at++ = (uint8_t)(n >> 16);
        *at++ = (uint8_t)(n >> 8);
        *at++ = (uint8_t)n;
    }
    uint32_t n = pad ? read_four(text.at + whole, pad) : 0;
    if (pad)
        *at++ = (uint8_t)(n >> 16);
    if (pad == 1)
        *at++ = (uint8_t)(n >> 8);
    out->len = (size_t)(at - out->at);
    return ERR_OK;
}
