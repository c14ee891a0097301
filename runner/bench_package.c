#include "bench_package.h"

#include <string.h>

#include "der.h"
#include "saip.h"

#define EF_ICCID 0x2fe2
#define EF_IMSI 0x6f07
#define IMSI_OCTETS 9
#define DEPTH_MAX 8

struct personalising {
    struct buf *package; /* in which everything is replaced in place */
    struct rng *rng;
};

/* The octets of a span of the package, to be written to. */
static uint8_t *within(const struct personalising *p, struct span s)
{
    return p->package->at + (s.at - p->package->at);
}

static enum err renew(const struct personalising *p, struct span key)
{
    return rng_fill(p->rng, within(p, key), key.len);
}

/* Everywhere: a package may give a number in several applications. */
static void replace_all(const struct personalising *p, struct span old, struct span new)
{
    struct span rest = buf_span(p->package);
    for (const uint8_t *at; (at = memmem(rest.at, rest.len, old.at, old.len));) {
        size_t from = (size_t)(at - rest.at);
        memcpy(within(p, span_of(at, old.len)), new.at, new.len);
        rest = span_sub(rest, from + old.len, rest.len);
    }
}

/* ---- keys, element by element
 * ---------------------------------------------------------------------------------------- */
static enum err renew_aka(const struct personalising *p, struct span element)
{
    struct der_tlv configuration, parameters, key;
    if (der_find(element, 0xa1, &configuration) || der_find(configuration.value, 0xa1, &parameters))
        return ERR_OK; /* mapped to another application's */
    enum err e = der_find(parameters.value, 0x82, &key);
    if (!e)
        e = renew(p, key.value);
    if (!e)
        e = der_find(parameters.value, 0x83, &key);
    return e ? e : renew(p, key.value);
}

static bool is_adm(struct span reference)
{
    uint8_t n = reference.len ? reference.at[reference.len - 1] : 0;
    return (n >= 0x0a && n <= 0x0e) || (n >= 0x8a && n <= 0x8e);
}

static enum err renew_adm(const struct personalising *p, struct span element)
{
    struct der_tlv codes, list, code, reference, value;
    enum err e = ERR_OK;
    if (der_find(element, 0xa1, &codes) || der_find(codes.value, 0xa0, &list))
        return ERR_OK;
    struct der d = der_open(list.value);
    while (!e && !der_next(&d, &code))
        if (!der_find(code.value, 0x80, &reference) && is_adm(reference.value) && !der_find(code.value, 0x81, &value))
            e = renew(p, value.value);
    return e;
}

/* keyData, wherever it is in the lists of keys. */
static enum err renew_key_data(const struct personalising *p, struct span from, unsigned depth)
{
    struct der d = der_open(from);
    struct der_tlv t;
    enum err e = ERR_OK;
    while (!e && !der_next(&d, &t)) {
        if (t.tag == 0x86)
            e = renew(p, t.value);
        else if (t.tag == 0x30 && depth < DEPTH_MAX)
            e = renew_key_data(p, t.value, depth + 1);
    }
    return e;
}

static enum err renew_security_domain(const struct personalising *p, struct span element)
{
    struct der_tlv keys;
    return der_find(element, 0xa2, &keys) ? ERR_OK : renew_key_data(p, keys.value, 0);
}

static enum err renew_keys(const struct personalising *p, const struct saip_package *read)
{
    static const struct {
        uint32_t tag;
        enum err (*renew)(const struct personalising *p, struct span element);
    } kinds[] = { { 0xa2, renew_adm }, { 0xa4, renew_aka }, { 0xa6, renew_security_domain } };
    struct der_tlv element;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < read->element_count; i++)
        for (size_t n = 0; !e && n < COUNT(kinds); n++)
            if (read->elements[i].tag == kinds[n].tag) {
                e = der_only(read->elements[i].whole, kinds[n].tag, &element);
                if (!e)
                    e = kinds[n].renew(p, element.value);
            }
    return e;
}

/* ---- numbers
 * --------------------------------------------------------------------------------------------------------- */
static enum err renew_iccid(const struct personalising *p, const struct saip_package *read, const uint8_t iccid[10])
{
    uint8_t unswapped[10];
    struct der_tlv header, number;
    enum err e = der_only(read->elements[0].whole, 0xa0, &header);
    if (!e)
        e = der_find(header.value, 0x83, &number);
    if (e)
        return e;
    for (size_t i = 0; i < sizeof unswapped; i++)
        unswapped[i] = (uint8_t)(iccid[i] << 4 | iccid[i] >> 4);
    memcpy(within(p, number.value), unswapped, sizeof unswapped);
    replace_all(p, SPAN_ARRAY(read->header.iccid), span_of(iccid, 10));
    return ERR_OK;
}

/* The digits behind the length and the odd-even nibble (TS 31.102 4.2.2). */
static enum err new_imsi(struct span old, const char *imsi, uint8_t out[IMSI_OCTETS])
{
    size_t digits = strlen(imsi);
    if (old.len != IMSI_OCTETS || old.at[0] != 1 + digits / 2 || digits < 6 || digits > 15)
        return ERR_PARSE;
    memcpy(out, old.at, IMSI_OCTETS);
    for (size_t i = 0; i < digits; i++) {
        uint8_t *at = &out[1 + (i + 1) / 2], digit = (uint8_t)(imsi[i] - '0');
        *at = (uint8_t)(i % 2 ? (*at & 0xf0) | digit : (*at & 0x0f) | digit << 4);
    }
    return ERR_OK;
}

static enum err renew_imsi(const struct personalising *p, const struct saip_package *read, const char *imsi)
{
    uint8_t wanted[IMSI_OCTETS];
    enum err e = ERR_PARSE;
    for (size_t i = 0; i < read->file_count && e; i++) {
        struct span old = saip_content(read, &read->files[i]);
        if (read->files[i].fid == EF_IMSI && !new_imsi(old, imsi, wanted)) {
            replace_all(p, old, SPAN_ARRAY(wanted));
            e = ERR_OK;
        }
    }
    return e;
}

enum err bench_package(struct span upp, const uint8_t iccid[10], const char *imsi, struct rng *rng, struct buf *out)
{
    struct saip_package *read;
    struct personalising p = { out, rng };
    enum err e = buf_set(out, upp);
    if (!e)
        e = saip_read(buf_span(out), &read, NULL);
    if (e)
        return e;
    e = renew_iccid(&p, read, iccid);
    if (!e)
        e = renew_imsi(&p, read, imsi);
    if (!e)
        e = renew_keys(&p, read);
    saip_free(read);
    return e;
}
