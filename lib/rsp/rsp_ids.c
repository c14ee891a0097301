#include "rsp_ids.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* All digits: their number; 0 when anything else is among them or there are none. */
static size_t count_digits(const char *text)
{
    size_t n = 0;
    for (; text && text[n]; n++)
        if (!is_digit(text[n]))
            return 0;
    return n;
}

/* Digits to nibble-swapped octets, filled with F; room for `octets`. */
static void swap_digits(const char *digits, size_t count, uint8_t *out, size_t octets)
{
    memset(out, 0xff, octets);
    for (size_t i = 0; i < count && i / 2 < octets; i++) {
        uint8_t digit = (uint8_t)(digits[i] - '0');
        out[i / 2] =
            i % 2 ? (uint8_t)((out[i / 2] & 0x0f) | digit << 4) : (uint8_t)((out[i / 2] & 0xf0) | digit);
    }
}

enum err rsp_eid_parse(const char *digits, uint8_t out[RSP_EID_OCTETS])
{
    if (count_digits(digits) != 32)
        return ERR_PARSE;
    for (size_t i = 0; i < RSP_EID_OCTETS; i++)
        out[i] = (uint8_t)((digits[2 * i] - '0') << 4 | (digits[2 * i + 1] - '0'));
    return ERR_OK;
}

enum err rsp_eid_text(struct span eid, char out[33])
{
    out[0] = 0;
    if (eid.len != RSP_EID_OCTETS)
        return ERR_PARSE;
    char text[33] = { 0 };
    for (size_t i = 0; i < RSP_EID_OCTETS; i++) {
        text[2 * i] = (char)('0' + (eid.at[i] >> 4));
        text[2 * i + 1] = (char)('0' + (eid.at[i] & 0x0f));
    }
    if (count_digits(text) != 32)
        return ERR_PARSE;
    memcpy(out, text, sizeof text);
    return ERR_OK;
}

/* Remainder modulo 97 of a long number. */
static unsigned modulo_97(const char *digits, size_t count)
{
    unsigned rest = 0;
    for (size_t i = 0; i < count; i++)
        rest = (rest * 10 + (unsigned)(digits[i] - '0')) % 97;
    return rest;
}

bool rsp_eid_check_digits(const char *digits)
{
    return count_digits(digits) == 32 && modulo_97(digits, 32) == 1;
}

enum err rsp_eid_complete(const char *first30, char out[33])
{
    if (count_digits(first30) != 30)
        return ERR_PARSE;
    unsigned check = 98 - modulo_97(first30, 30) * 100 % 97;
    snprintf(out, 33, "%s%02u", first30, check);
    return ERR_OK;
}

enum err rsp_iccid_parse(const char *digits, uint8_t out[RSP_ICCID_OCTETS])
{
    size_t n = count_digits(digits);
    if (n < 18 || n > 20)
        return ERR_PARSE;
    swap_digits(digits, n, out, RSP_ICCID_OCTETS);
    return ERR_OK;
}

enum err rsp_iccid_text(struct span iccid, char out[21])
{
    char text[21] = { 0 };
    size_t n = 0;
    out[0] = 0;
    if (iccid.len != RSP_ICCID_OCTETS)
        return ERR_PARSE;
    for (size_t i = 0; i < 20; i++) {
        unsigned nibble = i % 2 ? iccid.at[i / 2] >> 4 : iccid.at[i / 2] & 0x0fu;
        if (nibble == 0x0f && i >= 18)
            continue;
        if (nibble > 9 || n != i)
            return ERR_PARSE;
        text[n++] = (char)('0' + nibble);
    }
    memcpy(out, text, sizeof text);
    return ERR_OK;
}

/* The digit that makes the Luhn sum a multiple of ten. */
static char luhn_digit(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned d = (unsigned)(digits[count - 1 - i] - '0');
        if (i % 2 == 0)
            d = 2 * d > 9 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

bool rsp_iccid_check_digit(const char *digits)
{
    size_t n = count_digits(digits);
    return n >= 18 && n <= 20 && digits[n - 1] == luhn_digit(digits, n - 1);
}

enum err rsp_iccid_complete(const char *digits, char out[21])
{
    size_t n = count_digits(digits);
    if (n < 18 || n > 19)
        return ERR_PARSE;
    memcpy(out, digits, n);
    out[n] = luhn_digit(digits, n);
    out[n + 1] = 0;
    return ERR_OK;
}

bool rsp_matching_id_is_valid(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        if (!is_digit(c) && !(c >= 'A' && c <= 'Z') && c != '-')
            return false;
    }
    return text.len <= RSP_MATCHING_ID_MAX;
}

bool rsp_address_is_valid(struct span text)
{
    size_t name = text.len;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        if (c == ':' && name == text.len)
            name = i;
        else if (i > name ? !is_digit(c)
                          : !is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-' &&
                                c != '.')
            return false;
    }
    return name > 0 && text.len <= RSP_ADDRESS_MAX && text.len - name != 1 && text.len - name <= 6;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool rsp_address_equal(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

/* The next part up to '$' or the end; *more tells whether a '$' followed. */
static struct span next_part(struct span *rest, bool *more)
{
    size_t n = 0;
    while (n < rest->len && rest->at[n] != '$')
        n++;
    struct span part = span_sub(*rest, 0, n);
    *more = n < rest->len;
    *rest = span_sub(*rest, n + *more, rest->len);
    return part;
}

static enum err copy_text(struct span from, char *to, size_t size)
{
    if (from.len >= size || memchr(from.at ? (const char *)from.at : "", 0, from.len))
        return ERR_PARSE;
    if (from.len)
        memcpy(to, from.at, from.len);
    to[from.len] = 0;
    return ERR_OK;
}

static bool is_oid(struct span text)
{
    bool digit = false;
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit((char)text.at[i]))
            digit = true;
        else if (text.at[i] != '.' || !digit)
            return false;
        else
            digit = false;
    }
    return text.len == 0 || digit;
}

enum err rsp_activation_code_parse(struct span text, struct rsp_activation_code *out)
{
    bool more = false, more_oid = false, more_flag = false;
    *out = (struct rsp_activation_code){ 0 };
    if (text.len > 4 && span_equal(span_sub(text, 0, 4), span_str("LPA:")))
        text = span_sub(text, 4, text.len);
    struct span version = next_part(&text, &more);
    if (!span_equal(version, span_str("1")) || !more)
        return ERR_PARSE;
    struct span address = next_part(&text, &more);
    if (!more || !rsp_address_is_valid(address))
        return ERR_PARSE;
    struct span token = next_part(&text, &more_oid);
    struct span oid = more_oid ? next_part(&text, &more_flag) : (struct span){ 0 };
    if (!rsp_matching_id_is_valid(token) || !is_oid(oid))
        return ERR_PARSE;
    if (more_flag) {
        struct span flag = next_part(&text, &more);
        if (flag.len && !span_equal(flag, span_str("1")))
            return ERR_PARSE;
        out->confirmation_code_required = flag.len;
    }
    enum err e = copy_text(address, out->smdp_address, sizeof out->smdp_address);
    if (!e)
        e = copy_text(token, out->matching_id, sizeof out->matching_id);
    return e ? e : copy_text(oid, out->smdp_oid, sizeof out->smdp_oid);
}

enum err rsp_activation_code_put(const struct rsp_activation_code *ac, struct buf *out)
{
    enum err e = buf_printf(out, "1$%s$%s", ac->smdp_address, ac->matching_id);
    if (!e && (ac->smdp_oid[0] || ac->confirmation_code_required))
        e = buf_printf(out, "$%s", ac->smdp_oid);
    if (!e && ac->confirmation_code_required)
        e = buf_put_str(out, "$1");
    return e;
}

enum err rsp_imei_parse(const char *digits, uint8_t imei[8], uint8_t tac[4])
{
    if (count_digits(digits) != 15)
        return ERR_PARSE;
    swap_digits(digits, 15, imei, 8);
    swap_digits(digits, 8, tac, 4);
    return ERR_OK;
}

enum err rsp_plmn_parse(const char *digits, uint8_t out[3])
{
    size_t n = count_digits(digits);
    if (n < 5 || n > 6)
        return ERR_PARSE;
    /* TS 24.008 10.5.1.13: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1; MNC3 is F with two digits. */
    unsigned mnc3 = n == 6 ? (unsigned)(digits[5] - '0') : 0x0f;
    out[0] = (uint8_t)((digits[1] - '0') << 4 | (digits[0] - '0'));
    out[1] = (uint8_t)(mnc3 << 4 | (unsigned)(digits[2] - '0'));
    out[2] = (uint8_t)((digits[4] - '0') << 4 | (digits[3] - '0'));
    return ERR_OK;
}

enum err rsp_plmn_text(struct span plmn, char out[7])
{
    out[0] = 0;
    if (plmn.len != 3)
        return ERR_PARSE;
    const uint8_t *p = plmn.at;
    const uint8_t nibbles[6] = { p[0] & 0x0f, p[0] >> 4, p[1] & 0x0f, p[2] & 0x0f, p[2] >> 4, p[1] >> 4 };
    char text[7] = { 0 };
    for (size_t i = 0; i < 6 && !(i == 5 && nibbles[5] == 0x0f); i++)
        text[i] = (char)('0' + nibbles[i]);
    if (count_digits(text) < 5)
        return ERR_PARSE;
    memcpy(out, text, sizeof text);
    return ERR_OK;
}

enum err rsp_version_text(struct span version, char out[12])
{
    out[0] = 0;
    if (version.len != 3)
        return ERR_PARSE;
    snprintf(out, 12, "%u.%u.%u", version.at[0], version.at[1], version.at[2]);
    return ERR_OK;
}

struct span rsp_isd_r_aid(void)
{
    static const uint8_t aid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };
    return SPAN_ARRAY(aid);
}
