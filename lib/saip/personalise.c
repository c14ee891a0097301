/* A package file becomes one subscriber's: values are put in the place of those it has; all else stays byte for byte. */
#include <stdio.h>
#include <string.h>

#include "der.h"
#include "values.h"

/* What has a place in a package, in the order in which a missing one is told. */
enum place {
    HEADER_ICCID, EF_ICCID, EF_IMSI, EF_SPN, EF_ACC, EF_AD, AKA_KEYS, PIN1, PUK1, PIN2, PUK2, ADM1, PLACES
};
static const char *const missing[PLACES] = {
    [HEADER_ICCID] = "header: the package has no place for the ICCID",
    [EF_ICCID] = "mf, EF.ICCID: the package has no place for the ICCID",
    [EF_IMSI] = "usim, EF.IMSI: the package has no place for the IMSI",
    [EF_SPN] = "usim, EF.SPN: the package has no place for the service provider name",
    [EF_ACC] = "usim, EF.ACC: the package has no place for the access class",
    [EF_AD] = "usim, EF.AD: the package has no place for the length of the MNC",
    [AKA_KEYS] = "akaParameter: the package has no place for K and OPc",
    [PIN1] = "pinCodes: the package has no place for PIN1",
    [PUK1] = "pukCodes: the package has no place for PUK1",
    [PIN2] = "pinCodes: the package has no place for PIN2",
    [PUK2] = "pukCodes: the package has no place for PUK2",
    [ADM1] = "pinCodes: the package has no place for ADM1",
};

struct tailor {
    const struct saip_subscription *s;
    struct buf *out;
    struct saip_fault *fault;
    bool done[PLACES];
    bool usim; /* one was seen: a second one is another subscriber's */
    bool iot;  /* EF.ICCID need not be there: the header's is the card's */
};

static enum err refuse(struct tailor *t, const char *why)
{
    if (t->fault)
        *t->fault = (struct saip_fault){ .status = SAIP_INVALID_PARAMETER, .identification = -1, .why = why };
    return ERR_PARSE;
}

/* --- rewriting TLVs ------------------------------------------------------------------------------- */

typedef enum err (*put_member)(struct tailor *t, const struct der_tlv *member);

static enum err copy(struct tailor *t, const struct der_tlv *member)
{
    return buf_put(t->out, member->whole);
}

/* The same TLV, each member as `put` has it. */
static enum err rewrite(struct tailor *t, const struct der_tlv *tlv, put_member put)
{
    struct der d = der_open(tlv->value);
    struct der_mark mark;
    struct der_tlv member;
    enum err e = der_put_open(t->out, tlv->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e)
            e = put(t, &member);
    }
    return e ? e : der_put_close(t->out, mark);
}

/* A file: its description as it is, its contents these. One that is not created has no contents. */
static enum err put_file(struct tailor *t, const struct der_tlv *file, enum place place, struct span content)
{
    struct der d = der_open(file->value);
    struct der_mark mark;
    struct der_tlv member;
    if (!der_find(file->value, 0x80, &member))
        return copy(t, file);
    enum err e = der_put_open(t->out, file->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e && member.tag != 0x82 && member.tag != 0x83)
            e = copy(t, &member);
    }
    if (!e)
        e = der_put(t->out, 0x83, content);
    t->done[place] = true;
    return e ? e : der_put_close(t->out, mark);
}

/* --- header --------------------------------------------------------------------------------------- */

static bool is_algorithm_service(uint32_t tag)
{
    return tag == 0x84 || tag == 0x85 || tag == 0x90 || tag == 0x91;
}

/* Mandatory services: the algorithm of the subscription in the place of the package's, in the order of their tags. */
static enum err put_services(struct tailor *t, const struct der_tlv *list)
{
    struct der d = der_open(list->value);
    struct der_mark mark;
    struct der_tlv service;
    uint32_t wanted = saip_algorithm_service(t->s->aka);
    enum err e = der_put_open(t->out, list->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &service);
        if (!e && wanted && service.tag > wanted) {
            e = der_put(t->out, wanted, (struct span){ 0 });
            wanted = 0;
        }
        if (!e && !is_algorithm_service(service.tag))
            e = copy(t, &service);
    }
    if (!e && wanted)
        e = der_put(t->out, wanted, (struct span){ 0 });
    return e ? e : der_put_close(t->out, mark);
}

static enum err put_header_member(struct tailor *t, const struct der_tlv *m)
{
    uint8_t iccid[10];
    if (m->tag == 0xa5)
        return put_services(t, m);
    if (m->tag != 0x83)
        return copy(t, m);
    saip_iccid_swap(t->s->iccid, iccid);
    t->done[HEADER_ICCID] = true;
    return der_put(t->out, 0x83, SPAN_ARRAY(iccid));
}

/* --- files ---------------------------------------------------------------------------------------- */

static enum err put_mf_member(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa4 ? put_file(t, m, EF_ICCID, SPAN_ARRAY(t->s->iccid)) : copy(t, m);
}

static enum err put_imsi(struct tailor *t, const struct der_tlv *m)
{
    uint8_t content[9];
    if (saip_imsi_content(t->s->imsi, content))
        return refuse(t, "usim, EF.IMSI: an IMSI has 6 to 15 digits");
    return put_file(t, m, EF_IMSI, SPAN_ARRAY(content));
}

static enum err put_spn(struct tailor *t, const struct der_tlv *m)
{
    uint8_t content[SAIP_SPN_OCTETS];
    if (!t->s->spn)
        return copy(t, m);
    if (saip_spn_content(t->s->spn, content))
        return refuse(t, "usim, EF.SPN: the service provider name has more than 16 characters");
    return put_file(t, m, EF_SPN, SPAN_ARRAY(content));
}

static enum err put_access_class(struct tailor *t, const struct der_tlv *m)
{
    uint8_t content[2];
    saip_access_class_content(t->s->imsi, content);
    return put_file(t, m, EF_ACC, SPAN_ARRAY(content));
}

/* EF.AD (TS 31.102 4.2.18): the fourth octet is the length of the MNC, the others are the package's. */
static enum err put_administrative_data(struct tailor *t, const struct der_tlv *m)
{
    uint8_t content[4] = { 0, 0, 0, (uint8_t)t->s->mnc_length };
    struct der_tlv given;
    if (!t->s->mnc_length)
        return copy(t, m);
    if (!der_find(m->value, 0x83, &given) && given.value.len >= 3)
        memcpy(content, given.value.at, 3);
    return put_file(t, m, EF_AD, SPAN_ARRAY(content));
}

static enum err put_usim_member(struct tailor *t, const struct der_tlv *m)
{
    switch (m->tag) {
    case 0xa3:
        return put_imsi(t, m);
    case 0xad:
        return put_spn(t, m);
    case 0xb2:
        return put_access_class(t, m);
    case 0xb5:
        return put_administrative_data(t, m);
    default:
        return copy(t, m);
    }
}

/* An IoT minimal profile has MF and USIM in one element, the service provider name in the optional one. */
static enum err put_iot_member(struct tailor *t, const struct der_tlv *m)
{
    switch (m->tag) {
    case 0xa4:
        return put_file(t, m, EF_ICCID, SPAN_ARRAY(t->s->iccid));
    case 0xa9:
        return put_imsi(t, m);
    case 0xb2:
        return put_access_class(t, m);
    case 0xb5:
        return put_administrative_data(t, m);
    default:
        return copy(t, m);
    }
}

static enum err put_optional_iot_member(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa6 ? put_spn(t, m) : copy(t, m);
}

/* --- ISIM ----------------------------------------------------------------------------------------- */

#define URI_MAX 80 /* "sip:", 15 digits, "@ims.mnc000.mcc000.3gppnetwork.org" */

/* The identities that an IMSI gives (TS 23.003 13.2 to 13.4B), as data objects of TS 31.103 4.2. */
static size_t isim_object(const struct tailor *t, const char *before, bool user, uint8_t out[URI_MAX + 2])
{
    const char *imsi = t->s->imsi;
    char text[URI_MAX + 1];
    snprintf(text, sizeof text, "%s%s%sims.mnc%s%.*s.mcc%.3s.3gppnetwork.org", before, user ? imsi : "", user ? "@" : "",
             t->s->mnc_length == 2 ? "0" : "", (int)t->s->mnc_length, imsi + 3, imsi);
    out[0] = 0x80;
    out[1] = (uint8_t)strlen(text);
    memcpy(out + 2, text, out[1]);
    return out[1] + 2u;
}

static uint64_t number_of(struct span s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.len && i < 4; i++)
        n = n << 8 | s.at[i];
    return n;
}

/* A description whose file has at least this size. */
static enum err put_description(struct tailor *t, const struct der_tlv *fcp, size_t least)
{
    const uint8_t size[2] = { (uint8_t)(least >> 8), (uint8_t)least };
    struct der d = der_open(fcp->value);
    struct der_mark mark;
    struct der_tlv member;
    enum err e = der_put_open(t->out, fcp->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e)
            e = member.tag == 0x80 && number_of(member.value) < least ? der_put(t->out, 0x80, SPAN_ARRAY(size))
                                                                      : copy(t, &member);
    }
    return e ? e : der_put_close(t->out, mark);
}

/* As long as the identity needs; one record of several, the others empty. A file that the package does not create stays so. */
static enum err put_isim_file(struct tailor *t, const struct der_tlv *file, struct span content)
{
    struct der d = der_open(file->value);
    struct der_mark mark;
    struct der_tlv member, descriptor;
    if (!der_find(file->value, 0x80, &member))
        return copy(t, file);
    if (!der_find(file->value, 0xa1, &member) && !der_find(member.value, 0x82, &descriptor) && descriptor.value.len >= 4 &&
        number_of(span_sub(descriptor.value, 2, 2)) < content.len)
        return refuse(t, "isim, EF.IMPU: the records are too short for the public identity");
    enum err e = der_put_open(t->out, file->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e && member.tag == 0xa1)
            e = put_description(t, &member, content.len);
    }
    if (!e)
        e = der_put(t->out, 0x83, content);
    return e ? e : der_put_close(t->out, mark);
}

/* Without the length of the MNC nobody knows which network the identities name: the package's stay. */
static enum err put_isim_member(struct tailor *t, const struct der_tlv *m)
{
    uint8_t object[URI_MAX + 2];
    if (!t->s->mnc_length || strlen(t->s->imsi) < 6)
        return copy(t, m);
    switch (m->tag) {
    case 0xa3:
        return put_isim_file(t, m, span_of(object, isim_object(t, "", true, object)));
    case 0xa4:
        return put_isim_file(t, m, span_of(object, isim_object(t, "sip:", true, object)));
    case 0xa5:
        return put_isim_file(t, m, span_of(object, isim_object(t, "", false, object)));
    default:
        return copy(t, m);
    }
}

/* --- keys ----------------------------------------------------------------------------------------- */

/* Constants that belong to the package's algorithm stay only where it is the subscription's too. */
static enum err put_algorithm(struct tailor *t, const struct der_tlv *algorithm)
{
    const struct aka_params *p = t->s->aka;
    bool tuak = p->algorithm == AKA_TUAK;
    struct der_tlv id, member;
    struct der_mark mark;
    int64_t before = 0;
    if (der_find(algorithm->value, 0x80, &id) || der_integer(id.value, &before))
        return refuse(t, "akaParameter: the package names no algorithm");
    enum err e = der_put_open(t->out, algorithm->tag, &mark);
    if (!e)
        e = der_put_integer(t->out, 0x80, tuak ? 2 : 1);
    if (!e)
        e = der_put(t->out, 0x81, SPAN(saip_algorithm_options(p)));
    if (!e)
        e = der_put(t->out, 0x82, span_of(p->k, tuak ? p->k_len : 16));
    if (!e)
        e = der_put(t->out, 0x83, span_of(p->opc, tuak ? 32 : 16));
    struct der d = der_open(algorithm->value);
    while (!e && before == (tuak ? 2 : 1) && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e && member.tag >= 0x84)
            e = copy(t, &member);
    }
    t->done[AKA_KEYS] = true;
    return e ? e : der_put_close(t->out, mark);
}

/* An application that shares another one's parameters (A0) shares the new ones. */
static enum err put_aka_configuration(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa1 ? put_algorithm(t, m) : copy(t, m);
}

static enum err put_aka_member(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa1 ? rewrite(t, m, put_aka_configuration) : copy(t, m);
}

/* --- PINs and PUKs -------------------------------------------------------------------------------- */

struct code {
    uint8_t reference;
    enum place place;
    const char *digits;
};

static enum err put_code(struct tailor *t, const struct der_tlv *entry, const struct code *codes, size_t count)
{
    struct der d = der_open(entry->value);
    struct der_mark mark;
    struct der_tlv member;
    const struct code *code = NULL;
    int64_t reference = 0;
    uint8_t value[8];
    if (!der_find(entry->value, 0x80, &member) && !der_integer(member.value, &reference))
        for (size_t i = 0; i < count; i++)
            if (codes[i].digits && codes[i].reference == (uint8_t)reference)
                code = &codes[i];
    if (!code)
        return copy(t, entry);
    if (saip_code_content(code->digits, value))
        return refuse(t, "pinCodes, pukCodes: a code has 4 to 8 digits");
    enum err e = der_put_open(t->out, entry->tag, &mark);
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &member);
        if (!e)
            e = member.tag == 0x81 ? der_put(t->out, 0x81, SPAN_ARRAY(value)) : copy(t, &member);
    }
    memory_clear(value, sizeof value);
    t->done[code->place] = true;
    return e ? e : der_put_close(t->out, mark);
}

static enum err put_pin(struct tailor *t, const struct der_tlv *entry)
{
    const struct code pins[] = { { 0x01, PIN1, t->s->pin1 }, { 0x81, PIN2, t->s->pin2 }, { 0x0a, ADM1, t->s->adm1 } };
    return put_code(t, entry, pins, COUNT(pins));
}

static enum err put_puk(struct tailor *t, const struct der_tlv *entry)
{
    const struct code puks[] = { { 0x01, PUK1, t->s->puk1 }, { 0x81, PUK2, t->s->puk2 } };
    return put_code(t, entry, puks, COUNT(puks));
}

/* A1 holds the codes (A0), or the path of a directory that has them. */
static enum err put_pin_choice(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa0 ? rewrite(t, m, put_pin) : copy(t, m);
}

static enum err put_pin_member(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa1 ? rewrite(t, m, put_pin_choice) : copy(t, m);
}

static enum err put_puk_member(struct tailor *t, const struct der_tlv *m)
{
    return m->tag == 0xa1 ? rewrite(t, m, put_puk) : copy(t, m);
}

/* --- the package ---------------------------------------------------------------------------------- */

static enum err put_element(struct tailor *t, const struct der_tlv *element)
{
    static const struct {
        uint32_t tag;
        put_member put;
    } elements[] = {
        { 0xa0, put_header_member }, { 0xb0, put_mf_member },  { 0xb3, put_usim_member },
        { 0xa4, put_aka_member },    { 0xa2, put_pin_member }, { 0xa3, put_puk_member },
        { 0xb5, put_isim_member },   { 0xbf20, put_iot_member }, { 0xbf21, put_optional_iot_member },
    };
    bool usim = element->tag == 0xb3 || element->tag == 0xbf20;
    t->iot |= element->tag == 0xbf20;
    if (usim && t->usim)
        return refuse(t, "usim: the package has a second one, and a subscription one IMSI");
    t->usim |= usim;
    for (size_t i = 0; i < COUNT(elements); i++)
        if (elements[i].tag == element->tag)
            return rewrite(t, element, elements[i].put);
    return copy(t, element);
}

static enum err check_places(struct tailor *t)
{
    const struct saip_subscription *s = t->s;
    const bool wanted[PLACES] = {
        [HEADER_ICCID] = true, [EF_ICCID] = !t->iot, [EF_IMSI] = true, [AKA_KEYS] = true,
        [EF_SPN] = s->spn, [PIN1] = s->pin1, [PUK1] = s->puk1, [PIN2] = s->pin2, [PUK2] = s->puk2, [ADM1] = s->adm1,
        [EF_AD] = s->mnc_length == 3, /* two digits are what a card takes for granted */
    };
    for (size_t i = 0; i < PLACES; i++)
        if (wanted[i] && !t->done[i])
            return refuse(t, missing[i]);
    return ERR_OK;
}

enum err saip_personalise(struct span upp, const struct saip_subscription *s, struct buf *out, struct saip_fault *fault)
{
    struct tailor t = { .s = s, .out = out, .fault = fault };
    struct der d = der_open(upp);
    struct der_tlv element;
    size_t before = out->len;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        e = der_next(&d, &element);
        if (!e)
            e = put_element(&t, &element);
        else
            e = refuse(&t, "the package is no run of TLVs");
    }
    if (!e)
        e = check_places(&t);
    if (e && out->at)
        memory_clear(out->at + before, out->len - before);
    out->len = e ? before : out->len;
    return e;
}
