/* EUICCResponse of the interoperable format: what became of the profile elements that were not carried out in full. */
#include "der.h"
#include "saip.h"

#define STORED 0x40u
#define IN_PART 0x80u
#define KIND 0x3fu

/* ---- kinds
 * -------------------------------------------------------------------------------------------------------- */
static const char *const kinds[] = {
    "header", "genericFileManagement", "pinCodes", "pukCodes", "akaParameter", "cdmaParameter",
    "securityDomain", "rfm", "application", "nonStandard", "end", "rfu1", "rfu2", "rfu3", "rfu4", "rfu5",
    "mf", "cd", "telecom", "usim", "opt-usim", "isim", "opt-isim", "phonebook", "gsm-access", "csim",
    "opt-csim", "eap", "df-5gs", "df-saip", "df-snpn", "df-5gprose", "iot", "opt-iot",
};

/* Context tags, constructed: one octet up to number 30, BF and another above. */
static unsigned number_of(uint32_t tag)
{
    return tag > 0xff ? tag & 0x7f : tag & 0x1f;
}

const char *saip_element_name(uint32_t tag)
{
    bool context = tag > 0xff ? tag >> 8 == 0xbf : (tag & 0xe0) == 0xa0;
    return context && number_of(tag) < COUNT(kinds) ? kinds[number_of(tag)] : NULL;
}

/* ---- writing
 * ------------------------------------------------------------------------------------------------------ */
static enum err put_status(struct buf *out, enum saip_status status, int identification, unsigned information, int64_t offset)
{
    struct der_mark mark;
    enum err e = der_put_open(out, 0x30, &mark);
    if (!e)
        e = der_put_integer(out, 0x80, status);
    if (!e && identification >= 0)
        e = der_put_integer(out, 0x81, identification);
    if (!e && information)
        e = der_put_integer(out, 0x82, information);
    if (!e && offset >= 0)
        e = der_put_integer(out, 0x83, offset);
    return e ? e : der_put_close(out, mark);
}

static enum err put_element(struct buf *out, const struct saip_element *element)
{
    unsigned information = 0;
    if (element->status == SAIP_FEATURE_NOT_SUPPORTED)
        information = element->missing;
    else if (!element->status && element->outcome != SAIP_EXECUTED)
        information = (element->outcome == SAIP_STORED ? STORED : IN_PART) | (number_of(element->tag) & KIND);
    return put_status(out, element->status, element->identification, information, -1);
}

static enum err put_exceptions(const struct saip_package *p, size_t count, struct buf *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < count; i++)
        if (p->elements[i].status || p->elements[i].outcome != SAIP_EXECUTED)
            e = put_element(out, &p->elements[i]);
    return e;
}

enum err saip_put_exceptions(const struct saip_package *p, struct buf *out)
{
    return put_exceptions(p, p->element_count, out);
}

/* The element at fault, where it could be noted, is the last of the package's: it is told as the fault alone. */
static size_t count_before(const struct saip_package *p, const struct saip_fault *fault)
{
    size_t count = p ? p->element_count : 0;
    bool noted = count && fault->status && p->elements[count - 1].status == fault->status &&
                 p->elements[count - 1].identification == fault->identification;
    return noted ? count - 1 : count;
}

/* A package that is installed ends with one ok that names no element: nothing is said of what was carried out. One that is
 * not ends with the element at fault and the place in it (interoperable format, 8.11). */
static enum err put_statuses(const struct saip_package *p, const struct saip_fault *fault, struct buf *out)
{
    enum err e = put_exceptions(p, count_before(p, fault), out);
    if (e)
        return e;
    return fault->status ? put_status(out, fault->status, fault->identification, fault->missing, (int64_t)fault->offset)
                         : put_status(out, SAIP_OK, -1, 0, -1);
}

enum err saip_put_answer(const struct saip_package *p, const struct saip_fault *fault, struct buf *out)
{
    struct der_mark outer, list;
    enum err e = der_put_open(out, 0x30, &outer);
    if (!e)
        e = der_put_open(out, 0xa0, &list);
    if (!e)
        e = put_statuses(p, fault, out);
    if (!e)
        e = der_put_close(out, list);
    if (!e && fault->status)
        e = der_put(out, 0x81, (struct span){ 0 }); /* profileInstallationAborted */
    return e ? e : der_put_close(out, outer);
}

/* ---- reading
 * ------------------------------------------------------------------------------------------------------ */
static enum err optional_number(struct span from, uint32_t tag, int64_t most, int64_t *out)
{
    struct der_tlv t;
    if (der_find(from, tag, &t))
        return ERR_OK;
    return der_integer(t.value, out) || *out < 0 || *out > most ? ERR_PARSE : ERR_OK;
}

enum err saip_answer_next(struct span *list, struct saip_answer *out)
{
    struct der d = der_open(*list);
    struct der_tlv item, status;
    int64_t code = 0, identification = -1, information = 0;
    if (der_expect(&d, 0x30, &item) || der_find(item.value, 0x80, &status) || der_integer(status.value, &code) ||
        code < 0 || code > 0xffff || optional_number(item.value, 0x81, 0x7fff, &identification) ||
        optional_number(item.value, 0x82, 255, &information))
        return ERR_PARSE;
    unsigned kind = (unsigned)information & KIND;
    bool stored = information & STORED, in_part = information & IN_PART;
    *out = (struct saip_answer){ .status = (enum saip_status)code,
                                 .identification = (int)identification,
                                 .element = (stored || in_part) && kind < COUNT(kinds) ? kinds[kind] : NULL,
                                 .outcome = stored    ? SAIP_STORED
                                            : in_part ? SAIP_STORED_IN_PART
                                                      : SAIP_EXECUTED };
    *list = d.rest;
    return ERR_OK;
}
