#include <string.h>

#include "reader.h"
#include "templates.h"
#include "values.h"

/* ---- header
 * ------------------------------------------------------------------------------------------------- */
static uint8_t swap_nibbles(uint8_t octet)
{
    return (uint8_t)(octet << 4 | octet >> 4);
}

static enum err header_number(struct saip_reader *r, struct span element, uint32_t tag, unsigned *out)
{
    struct der_tlv t;
    int64_t value;
    if (!saip_find(r, element, tag, &t) || der_integer(t.value, &value) || value < 0 || value > 255)
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "header without version");
    *out = (unsigned)value;
    return ERR_OK;
}

static void read_services(struct span list, struct saip_header *h)
{
    struct der d = der_open(list);
    struct der_tlv t;
    while (!der_next(&d, &t))
        if (t.tag >= 0x80 && t.tag <= 0x9d)
            h->services |= UINT32_C(1) << (t.tag - 0x80);
        else
            h->unknown_services = true;
}

/* eUICC-Mandatory-GFSTEList: templates that must be known, whether or not an element asks for them. */
static enum err read_mandatory_templates(struct saip_reader *r, struct span list)
{
    struct der d = der_open(list);
    struct der_tlv oid;
    unsigned family, version;
    while (!saip_next(r, &d, &oid))
        if (!saip_template_id(oid.value, &family, &version) || !saip_template_version_known(family, version))
            return saip_refuse(r, SAIP_TEMPLATE_NOT_SUPPORTED, "the header mandates a template that is not known");
    return ERR_OK;
}

enum err saip_read_header(struct saip_reader *r, const struct der_tlv *element)
{
    struct saip_header *h = &r->package->header;
    struct der_tlv t, pix;
    enum err e = header_number(r, element->value, 0x80, &h->major);
    if (!e && (h->major < 1 || h->major > 3))
        e = saip_refuse(r, SAIP_UNSUPPORTED_PROFILE_VERSION, "package format of another major version");
    if (!e)
        e = header_number(r, element->value, 0x81, &h->minor);
    if (e)
        return e;
    if (!saip_find(r, element->value, 0x83, &t) || t.value.len != sizeof h->iccid)
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "header without ICCID");
    for (size_t i = 0; i < sizeof h->iccid; i++)
        h->iccid[i] = swap_nibbles(t.value.at[i]);
    if (saip_find(r, element->value, 0x82, &t))
        h->profile_type = t.value;
    if (saip_find(r, element->value, 0x87, &t))
        h->connectivity = t.value;
    if (!saip_find(r, element->value, 0xa5, &t))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "header without services");
    read_services(t.value, h);
    h->mandates_libraries = saip_find(r, element->value, 0xa8, &t) && t.value.len;
    if (saip_find(r, element->value, 0xa9, &t)) {
        if (!saip_find(r, t.value, 0x80, &pix) || pix.value.len < 7 || pix.value.len > 11)
            return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "a PIX has 7 to 11 octets");
        h->pix = pix.value;
    }
    return saip_find(r, element->value, 0xa6, &t) ? read_mandatory_templates(r, t.value) : ERR_OK;
}

/* ---- PIN and PUK
 * -------------------------------------------------------------------------------------------- */
static enum err optional_number(struct saip_reader *r, struct span from, uint32_t tag, uint8_t otherwise,
                                uint8_t *out)
{
    struct der_tlv t;
    int64_t value = otherwise;
    if (saip_find(r, from, tag, &t) && (der_integer(t.value, &value) || value < -128 || value > 255))
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "PIN or PUK parameter");
    *out = (uint8_t)value;
    return ERR_OK;
}

static enum err code_value(struct saip_reader *r, struct span from, uint8_t out[8])
{
    struct der_tlv t;
    if (!saip_find(r, from, 0x81, &t) || t.value.len != 8)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "PIN or PUK value must have 8 octets");
    memcpy(out, t.value.at, 8);
    return ERR_OK;
}

static enum err key_reference(struct saip_reader *r, struct span from, uint8_t *out)
{
    enum err e = optional_number(r, from, 0x80, 0, out);
    return e || *out ? e : saip_refuse(r, SAIP_INVALID_PARAMETER, "PIN or PUK without reference");
}

/* In an IoT minimal profile all codes stand behind the ADF, or the PUKs before the MF: the global ones are the MF's
 * (interoperable format, 8.5). */
static uint16_t code_directory(const struct saip_reader *r, uint8_t reference)
{
    bool of_mf = r->package->header.pix.len && (reference < 0x80 || r->directory == SAIP_NONE);
    return of_mf ? 0 : (uint16_t)r->directory;
}

static enum err read_pin(struct saip_reader *r, struct span from)
{
    struct saip_package *p = r->package;
    struct saip_pin pin = { 0 };
    enum err e = key_reference(r, from, &pin.reference);
    pin.directory = code_directory(r, pin.reference);
    if (!e)
        e = code_value(r, from, pin.value);
    if (!e)
        e = optional_number(r, from, 0x82, 0, &pin.puk);
    if (!e)
        e = optional_number(r, from, 0x83, 7, &pin.attributes);
    if (!e)
        e = optional_number(r, from, 0x84, 0x33, &pin.tries);
    if (!e)
        e = saip_room(r, &p->pins, &r->capacity[2], p->pin_count, sizeof pin, SAIP_CODES_MAX);
    if (!e)
        p->pins[p->pin_count++] = pin;
    memory_clear(&pin, sizeof pin);
    return e;
}

static enum err read_puk(struct saip_reader *r, struct span from)
{
    struct saip_package *p = r->package;
    struct saip_puk puk = { 0 };
    enum err e = key_reference(r, from, &puk.reference);
    puk.directory = code_directory(r, puk.reference);
    if (!e)
        e = code_value(r, from, puk.value);
    if (!e)
        e = optional_number(r, from, 0x82, 0xaa, &puk.tries);
    if (!e)
        e = saip_room(r, &p->puks, &r->capacity[3], p->puk_count, sizeof puk, SAIP_CODES_MAX);
    if (!e)
        p->puks[p->puk_count++] = puk;
    memory_clear(&puk, sizeof puk);
    return e;
}

static enum err each_code(struct saip_reader *r, struct span list,
                          enum err (*read)(struct saip_reader *, struct span))
{
    struct der d = der_open(list);
    struct der_tlv item;
    enum err e = ERR_OK;
    if (r->directory == SAIP_NONE && (read != read_puk || !r->package->header.pix.len))
        return saip_refuse(r, SAIP_BAD_VALUES, "PIN or PUK before the MF");
    while (!e && !der_at_end(&d))
        e = saip_next(r, &d, &item) || item.tag != 0x30
                ? saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "PIN or PUK list")
                : read(r, item.value);
    return e;
}

/* A source that itself shares would have to be looked up again and again: it must have codes of its own. */
static enum err read_share(struct saip_reader *r, struct span path)
{
    struct saip_package *p = r->package;
    size_t source = r->directory == SAIP_NONE ? SAIP_NONE : saip_at_path(p, path);
    bool directory = source != SAIP_NONE && p->files[source].kind <= SAIP_DF;
    if (!directory || source == r->directory || saip_pin_directory(p, source) != source ||
        saip_pin_directory(p, r->directory) != r->directory)
        return saip_refuse(r, SAIP_BAD_VALUES, "PINs shared with a directory that has none to share");
    enum err e = saip_room(r, &p->shares, &r->capacity[5], p->share_count, sizeof p->shares[0], SAIP_CODES_MAX);
    if (!e)
        p->shares[p->share_count++] = (struct saip_share){ (uint16_t)r->directory, (uint16_t)source };
    return e;
}

enum err saip_read_pin_codes(struct saip_reader *r, const struct der_tlv *element)
{
    struct der_tlv choice, list;
    if (!saip_find(r, element->value, 0xa1, &choice))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "PIN element without codes");
    if (saip_find(r, choice.value, 0xa0, &list))
        return each_code(r, list.value, read_pin);
    if (saip_find(r, choice.value, 0x81, &list))
        return read_share(r, list.value);
    return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "PIN element of unknown kind");
}

enum err saip_read_puk_codes(struct saip_reader *r, const struct der_tlv *element)
{
    struct der_tlv list;
    if (!saip_find(r, element->value, 0xa1, &list))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "PUK element without codes");
    return each_code(r, list.value, read_puk);
}

/* ---- AKA
 * ---------------------------------------------------------------------------------------------------- */
static enum err copy_exact(struct saip_reader *r, struct span from, uint32_t tag, uint8_t *out, size_t len)
{
    struct der_tlv t;
    if (!saip_find(r, from, tag, &t))
        return ERR_OK;
    if (t.value.len != len)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "AKA parameter of wrong length");
    memcpy(out, t.value.at, len);
    return ERR_OK;
}

/* Keys must have the lengths of their algorithm; nothing is cut or padded in silence. */
static enum err read_keys(struct saip_reader *r, struct span from, struct aka_params *p, bool test)
{
    struct der_tlv k, opc;
    size_t wanted = p->algorithm == AKA_TUAK ? 32 : 16;
    if (!saip_find(r, from, 0x82, &k) ||
        (k.value.len != 16 && (p->algorithm != AKA_TUAK || k.value.len != 32)))
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "AKA parameters without a key of the right length");
    if (!saip_find(r, from, 0x83, &opc) || (!test && opc.value.len != wanted) || opc.value.len > sizeof p->opc)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "AKA parameters without OPc or TOPc of the right length");
    p->k_len = k.value.len;
    memcpy(p->k, k.value.at, k.value.len);
    if (opc.value.len)
        memcpy(p->opc, opc.value.at, opc.value.len);
    return ERR_OK;
}

static enum err read_constants(struct saip_reader *r, struct span from, struct aka_params *p)
{
    struct der_tlv xoring;
    enum err e = copy_exact(r, from, 0x84, p->r, sizeof p->r);
    if (!e)
        e = copy_exact(r, from, 0x85, &p->c[0][0], sizeof p->c);
    p->own_constants = saip_find(r, from, 0x85, &xoring);
    return e;
}

/* authCounterMax; ignored with the test algorithm. */
static enum err read_counter_max(struct saip_reader *r, struct span from, struct saip_aka *a)
{
    uint8_t most[3] = { 0 };
    enum err e = copy_exact(r, from, 0x86, most, sizeof most);
    if (!e && !a->test_algorithm)
        a->counter_max = (uint32_t)most[0] << 16 | (uint32_t)most[1] << 8 | most[2];
    return e;
}

/* algorithmOptions: b1 to b3 say the length of RES, b4 to b6 that of MAC, b7 those of CK and IK (docs/interpretations.md).
 * Milenage has one length of each, whatever stands there. */
static enum err read_options(struct saip_reader *r, struct span from, struct saip_aka *a)
{
    static const uint8_t res[] = { 4, 8, 16, 32 };
    uint8_t options = saip_algorithm_options(&a->params);
    enum err e = copy_exact(r, from, 0x81, &options, 1);
    if (e || (a->params.algorithm == AKA_MILENAGE && !a->test_algorithm))
        return e;
    unsigned res_code = options & 7u, mac_code = options >> 3 & 7u;
    bool long_keys = options & 0x40;
    if (res_code >= COUNT(res) || mac_code > 2 || options & 0x80)
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "algorithm options that nobody knows");
    if (mac_code)
        return saip_refuse(r, SAIP_FEATURE_NOT_SUPPORTED, "AUTN has room for a MAC of 64 bits");
    if (a->test_algorithm && (long_keys || res[res_code] > 16))
        return saip_refuse(r, SAIP_INVALID_PARAMETER, "the test algorithm gives no more than 128 bits");
    a->params.res_len = res[res_code];
    a->params.ck_len = a->params.ik_len = long_keys ? 32 : 16;
    return ERR_OK;
}

static enum err read_algorithm(struct saip_reader *r, struct span from, struct saip_aka *a)
{
    uint8_t id = 0, keccak = 1;
    enum err e = optional_number(r, from, 0x80, 0, &id);
    if (!e && (id < 1 || id > 3))
        e = saip_refuse(r, SAIP_INVALID_PARAMETER, "unknown authentication algorithm");
    if (e)
        return e;
    a->test_algorithm = id == 3;
    a->params.algorithm = id == 2 ? AKA_TUAK : AKA_MILENAGE;
    a->params.res_len = 8;
    e = read_keys(r, from, &a->params, a->test_algorithm);
    if (!e)
        e = read_options(r, from, a);
    if (!e)
        e = read_constants(r, from, &a->params);
    if (!e)
        e = optional_number(r, from, 0x87, 1, &keccak);
    a->params.keccak_iterations = keccak;
    return e ? e : read_counter_max(r, from, a);
}

#define SEQ_MAX UINT64_C(0x07ffffffffff)
#define SEQ_LIMIT UINT64_C(0x000010000000) /* of delta and age, where the package gives none */

static uint64_t number(struct span octets)
{
    uint64_t n = 0;
    for (size_t i = 0; i < octets.len; i++)
        n = n << 8 | octets.at[i];
    return n;
}

/* A sequence number, which does not include the index. */
static enum err read_seq(struct saip_reader *r, struct span octets, uint64_t *out)
{
    *out = number(octets);
    return octets.len != 6 || *out > SEQ_MAX ? saip_refuse(r, SAIP_INVALID_PARAMETER, "sequence number") : ERR_OK;
}

static enum err read_limit(struct saip_reader *r, struct span from, uint32_t tag, uint64_t *out)
{
    struct der_tlv t;
    *out = SEQ_LIMIT;
    return saip_find(r, from, tag, &t) ? read_seq(r, t.value, out) : ERR_OK;
}

static enum err read_sequence_numbers(struct saip_reader *r, struct span from, struct saip_aka *a)
{
    struct der_tlv list, item;
    a->sqn_options = 2;
    enum err e = copy_exact(r, from, 0x82, &a->sqn_options, 1);
    if (!e)
        e = read_limit(r, from, 0x83, &a->sqn_delta);
    if (!e)
        e = read_limit(r, from, 0x84, &a->sqn_age_limit);
    if (e || !saip_find(r, from, 0xa5, &list))
        return e;
    struct der d = der_open(list.value);
    for (size_t i = 0; !e && i < COUNT(a->sqn); i++) {
        uint64_t seq;
        if (saip_next(r, &d, &item) || item.tag != 0x04)
            return saip_refuse(r, SAIP_INVALID_PARAMETER, "sqnInit must have 32 numbers of 6 octets");
        e = read_seq(r, item.value, &seq);
        for (size_t n = 0; !e && n < 6; n++)
            a->sqn[i][n] = (uint8_t)(seq << 5 >> (40 - 8 * n));
    }
    return e;
}

enum err saip_read_aka(struct saip_reader *r, const struct der_tlv *element)
{
    struct saip_package *p = r->package;
    struct der_tlv configuration, choice;
    struct saip_aka a = { .adf = (uint16_t)r->adf };
    if (r->adf == SAIP_NONE)
        return saip_refuse(r, SAIP_BAD_VALUES, "AKA parameters before their application");
    if (!saip_find(r, element->value, 0xa1, &configuration))
        return saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "AKA element without configuration");
    enum err e = ERR_OK;
    if (saip_find(r, configuration.value, 0xa1, &choice)) {
        e = read_algorithm(r, choice.value, &a);
    } else if (saip_find(r, configuration.value, 0xa0, &choice)) {
        struct der_tlv source;
        e = !saip_find(r, choice.value, 0x81, &source)
                ? saip_refuse(r, SAIP_INVALID_PARAMETER, "mapping without source")
                : ERR_OK;
        a.mapped_from = e ? a.mapped_from : source.value;
    } else {
        e = saip_refuse(r, SAIP_INVALID_REQUEST_FORMAT, "AKA configuration of unknown kind");
    }
    if (!e)
        e = read_sequence_numbers(r, element->value, &a);
    if (!e)
        e = saip_room(r, &p->akas, &r->capacity[4], p->aka_count, sizeof a, 16);
    if (!e)
        p->akas[p->aka_count++] = a;
    memory_clear(&a, sizeof a);
    return e;
}
