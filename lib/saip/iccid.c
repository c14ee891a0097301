#include <string.h>

#include "saip.h"

enum err saip_iccid_parse(const char *digits, uint8_t iccid[10])
{
    size_t length = strlen(digits);
    if (length < 18 || length > 20)
        return ERR_PARSE;
    memset(iccid, 0xff, 10);
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return ERR_PARSE;
        uint8_t value = (uint8_t)(digits[i] - '0');
        iccid[i / 2] = (uint8_t)(i % 2 ? (iccid[i / 2] & 0x0f) | value << 4 : (iccid[i / 2] & 0xf0) | value);
    }
    return ERR_OK;
}

void saip_iccid_text(const uint8_t iccid[10], char digits[21])
{
    size_t n = 0;
    for (size_t i = 0; i < 20; i++) {
        uint8_t value = i % 2 ? iccid[i / 2] >> 4 : iccid[i / 2] & 0x0f;
        if (value > 9)
            break;
        digits[n++] = (char)('0' + value);
    }
    digits[n] = 0;
}
