/* A subscription as the administrator gives it, and the numbers that name SIMs and places. */
#include "net_internal.h"

#include <stdio.h>
#include <string.h>

#define SIM_DIGITS 19
#define SQN_LEN 6

static bool digits(const char *text, size_t least, size_t most)
{
    size_t len = text ? strlen(text) : 0;
    return len >= least && len <= most && strspn(text, "0123456789") == len;
}

bool imsi_is_valid(const char *text)
{
    return digits(text, 14, IMSI_MAX);
}

bool iccid_is_valid(const char *text)
{
    return digits(text, 18, ICCID_MAX);
}

bool country_is_valid(const char *text)
{
    return text && strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

void iccid_key(const char *iccid, char out[ICCID_MAX])
{
    snprintf(out, ICCID_MAX, "%.*s", SIM_DIGITS, iccid);
}

/* A hex member of exactly `len` octets. */
static enum err fixed_hex(const json_t *o, const char *member, uint8_t *out, size_t len)
{
    struct buf b = { .max = 64 };
    enum err e = json_hex(o, member, &b);
    if (!e && b.len != len)
        e = ERR_PARSE;
    if (!e)
        memcpy(out, b.at, len);
    if (b.at)
        memory_clear(b.at, b.cap);
    buf_release(&b);
    return e == ERR_LIMIT ? ERR_PARSE : e;
}

static enum err parse_algorithm(const json_t *o, struct aka_params *aka)
{
    const char *name = json_object_get(o, "algorithm") ? json_str(o, "algorithm") : "milenage";
    if (name && !strcmp(name, "milenage"))
        aka->algorithm = AKA_MILENAGE;
    else if (name && !strcmp(name, "tuak"))
        aka->algorithm = AKA_TUAK;
    else
        return ERR_PARSE;
    return ERR_OK;
}

/* Milenage: 16 octets each. TUAK: K of 16 or 32, TOPc of 32. */
static enum err parse_keys(const json_t *o, struct aka_params *aka, const char **why)
{
    *why = "k must be hex of 16 octets (TUAK: 16 or 32)";
    aka->k_len = 16;
    enum err e = fixed_hex(o, "k", aka->k, aka->k_len);
    if (e == ERR_PARSE && aka->algorithm == AKA_TUAK) {
        aka->k_len = 32;
        e = fixed_hex(o, "k", aka->k, aka->k_len);
    }
    if (e)
        return e;
    *why = "opc must be hex of 16 octets (TUAK: 32)";
    return fixed_hex(o, "opc", aka->opc, aka->algorithm == AKA_TUAK ? 32 : 16);
}

/* A number that may be left out. */
static enum err small_number(const json_t *o, const char *member, int64_t most, uint8_t *out)
{
    int64_t value = 0;
    enum err e = json_int(o, member, &value);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (!e && (value < 0 || value > most))
        return ERR_PARSE;
    *out = (uint8_t)value;
    return e;
}

static enum err parse_sizes(const json_t *o, struct aka_params *aka, const char **why)
{
    *why = "resLength must be 8 (TUAK: 4, 8 or 16)";
    enum err e = small_number(o, "resLength", 16, &aka->res_len);
    bool tuak = aka->algorithm == AKA_TUAK;
    if (!e && aka->res_len && aka->res_len != 8 && !(tuak && (aka->res_len == 4 || aka->res_len == 16)))
        e = ERR_PARSE;
    if (e)
        return e;
    *why = "keccakIterations must be 0 to 255";
    return small_number(o, "keccakIterations", 255, &aka->keccak_iterations);
}

static enum err parse_sqn(const json_t *o, struct subscriber *s, const char **why)
{
    static const uint8_t amf_default[2] = { 0x80, 0x00 };
    uint8_t sqn[SQN_LEN];
    *why = "amf must be hex of 2 octets";
    memcpy(s->amf, amf_default, sizeof s->amf);
    enum err e = fixed_hex(o, "amf", s->amf, sizeof s->amf);
    if (e && e != ERR_NOT_FOUND)
        return e;
    *why = "sqn must be hex of 6 octets";
    s->sqn = -1;
    e = fixed_hex(o, "sqn", sqn, sizeof sqn);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    s->sqn = 0;
    for (size_t i = 0; i < SQN_LEN; i++)
        s->sqn = s->sqn << 8 | sqn[i];
    return ERR_OK;
}

static enum err parse_members(const json_t *o, struct subscriber *out, const char **why)
{
    *why = "algorithm must be milenage or tuak";
    enum err e = parse_algorithm(o, &out->aka);
    if (!e)
        e = parse_keys(o, &out->aka, why);
    if (!e)
        e = parse_sizes(o, &out->aka, why);
    return e ? e : parse_sqn(o, out, why);
}

enum err subscriber_parse(const char *imsi, const json_t *o, struct subscriber *out, const char **why)
{
    const char *iccid = json_str(o, "iccid");
    *out = (struct subscriber){ 0 };
    *why = "imsi must be 14 or 15 digits";
    if (!imsi_is_valid(imsi))
        return ERR_PARSE;
    *why = "iccid must be 18 to 20 digits";
    if (!iccid_is_valid(iccid))
        return ERR_PARSE;
    memcpy(out->imsi, imsi, strlen(imsi) + 1);
    memcpy(out->iccid, iccid, strlen(iccid) + 1);
    enum err e = parse_members(o, out, why);
    if (e)
        subscriber_release(out);
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

void subscriber_release(struct subscriber *s)
{
    memory_clear(s, sizeof *s);
}
