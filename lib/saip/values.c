#include "values.h"

#include <string.h>

static bool all_digits(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

enum err saip_imsi_content(const char *imsi, uint8_t out[9])
{
    size_t length = imsi ? strlen(imsi) : 0;
    if (length < 6 || length > 15 || !all_digits(imsi))
        return ERR_PARSE;
    memset(out, 0xff, 9);
    out[0] = (uint8_t)(1 + length / 2);
    out[1] = (uint8_t)((imsi[0] - '0') << 4 | (length % 2 ? 9 : 1));
    for (size_t i = 1; i < length; i++) {
        uint8_t *at = &out[1 + (i + 1) / 2];
        uint8_t value = (uint8_t)(imsi[i] - '0');
        *at = (uint8_t)(i % 2 ? (*at & 0xf0) | value : (*at & 0x0f) | value << 4);
    }
    return ERR_OK;
}

enum err saip_spn_content(const char *spn, uint8_t out[SAIP_SPN_OCTETS])
{
    size_t length = strlen(spn);
    if (length > SAIP_SPN_OCTETS - 1)
        return ERR_PARSE;
    memset(out, 0xff, SAIP_SPN_OCTETS);
    out[0] = 1;
    memcpy(out + 1, spn, length);
    return ERR_OK;
}

enum err saip_code_content(const char *digits, uint8_t out[8])
{
    size_t length = strlen(digits);
    if (!all_digits(digits) || length < 4 || length > 8)
        return ERR_PARSE;
    memset(out, 0xff, 8);
    memcpy(out, digits, length);
    return ERR_OK;
}

void saip_access_class_content(const char *imsi, uint8_t out[2])
{
    uint16_t classes = (uint16_t)(1u << (imsi[strlen(imsi) - 1] - '0'));
    out[0] = (uint8_t)(classes >> 8);
    out[1] = (uint8_t)classes;
}

void saip_iccid_swap(const uint8_t in[10], uint8_t out[10])
{
    for (size_t i = 0; i < 10; i++)
        out[i] = (uint8_t)(in[i] << 4 | in[i] >> 4);
}

uint8_t saip_algorithm_options(const struct aka_params *p)
{
    if (p->algorithm != AKA_TUAK)
        return 0x02; /* which Milenage passes over, and with which TS.48 has RES of 128 bits of the test algorithm */
    uint8_t res = p->res_len == 4 ? 0 : p->res_len == 16 ? 2 : p->res_len == 32 ? 3 : 1;
    return (uint8_t)(res | (p->ck_len == 32 ? 0x40 : 0));
}

uint32_t saip_algorithm_service(const struct aka_params *p)
{
    if (p->algorithm != AKA_TUAK)
        return 0x84;
    return p->k_len == 32 ? 0x90 : 0x85;
}
