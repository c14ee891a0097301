#include <string.h>

#include "der.h"
#include "values.h"

#define DEPTH_MAX 8

/* Writes nested TLVs; the first failure stays and everything after it does nothing. */
struct writer {
    struct buf *out;
    enum err e;
    struct der_mark open[DEPTH_MAX];
    unsigned depth;
    unsigned identification;
};

static void begin(struct writer *w, uint32_t tag)
{
    if (!w->e)
        w->e = w->depth < DEPTH_MAX ? der_put_open(w->out, tag, &w->open[w->depth++]) : ERR_LIMIT;
}

static void end(struct writer *w)
{
    if (!w->e)
        w->e = der_put_close(w->out, w->open[--w->depth]);
}

static void put(struct writer *w, uint32_t tag, struct span value)
{
    if (!w->e)
        w->e = der_put(w->out, tag, value);
}

static void number(struct writer *w, uint32_t tag, int64_t value)
{
    if (!w->e)
        w->e = der_put_integer(w->out, tag, value);
}

/* A profile element with its header; mandated, as everything in this package. */
static void begin_element(struct writer *w, uint32_t tag)
{
    begin(w, tag);
    begin(w, 0xa0);
    put(w, 0x80, (struct span){ 0 });
    number(w, 0x81, ++w->identification);
    end(w);
}

static void file(struct writer *w, uint32_t tag, struct span fcp, struct span content)
{
    begin(w, tag);
    if (fcp.len)
        put(w, 0xa1, fcp);
    if (content.len)
        put(w, 0x83, content);
    end(w);
}

static void code(struct writer *w, const char *digits, const char *otherwise)
{
    uint8_t value[8];
    if (!w->e)
        w->e = saip_code_content(digits ? digits : otherwise, value);
    if (w->e)
        return;
    put(w, 0x81, SPAN_ARRAY(value));
    memory_clear(value, sizeof value);
}

/* ---- the elements, in order
 * -------------------------------------------------------------------------------
 */
static void header(struct writer *w, const struct saip_subscription *s)
{
    uint8_t iccid[10];
    saip_iccid_swap(s->iccid, iccid);
    begin(w, 0xa0);
    number(w, 0x80, 2);
    number(w, 0x81, 3);
    put(w, 0x82, span_str("lab minimal USIM"));
    put(w, 0x83, SPAN_ARRAY(iccid));
    begin(w, 0xa5);
    put(w, 0x81, (struct span){ 0 });
    put(w, saip_algorithm_service(s->aka), (struct span){ 0 });
    end(w);
    begin(w, 0xa6);
    put(w, 0x06, SPAN(0x67, 0x81, 0x0f, 0x01, 0x02, 0x01));
    put(w, 0x06, SPAN(0x67, 0x81, 0x0f, 0x01, 0x02, 0x04));
    end(w);
    if (s->connectivity.len)
        put(w, 0x87, s->connectivity);
    end(w);
}

#define USIM_AID 0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff, 0x49, 0xff, 0x05, 0x89
/* Access rules of ETSI TS 102 221 9.2: always read, update with ADM1. */
#define RULE_READ_ALWAYS                                                                           \
    0x80, 0x01, 0x01, 0x90, 0x00, 0x80, 0x01, 0x5a, 0xa4, 0x06, 0x83, 0x01, 0x0a, 0x95, 0x01, 0x08

static void mf(struct writer *w, const struct saip_subscription *s)
{
    begin_element(w, 0xb0);
    put(w, 0x81, SPAN(0x67, 0x81, 0x0f, 0x01, 0x02, 0x01));
    file(w, 0xa2, SPAN(0x8b, 0x03, 0x2f, 0x06, 0x01, 0xc6, 0x02, 0x01, 0x0a), (struct span){ 0 });
    put(w, 0xa3, SPAN(0x80, 0x00)); /* EF.PL is not created */
    file(w, 0xa4,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x2f, 0xe2, 0x8b, 0x03, 0x2f, 0x06, 0x01, 0x88,
              0x01, 0x10),
         SPAN_ARRAY(s->iccid));
    file(w, 0xa5,
         SPAN(0x82, 0x04, 0x42, 0x21, 0x00, 0x21, 0x83, 0x02, 0x2f, 0x00, 0x8b, 0x03, 0x2f, 0x06,
              0x01, 0x80, 0x01, 0x21),
         SPAN(0x61, 0x14, 0x4f, 0x0c, USIM_AID, 0x50, 0x04, 'U', 'S', 'I', 'M'));
    file(w, 0xa6,
         SPAN(0x82, 0x04, 0x42, 0x21, 0x00, 0x2e, 0x83, 0x02, 0x2f, 0x06, 0x8b, 0x03, 0x2f, 0x06,
              0x01, 0x80, 0x01, 0x2e),
         SPAN(RULE_READ_ALWAYS));
    put(w, 0xa7, SPAN(0x80, 0x00)); /* nor EF.UMPC */
    end(w);
}

static void puk_codes(struct writer *w, const struct saip_subscription *s)
{
    begin_element(w, 0xa3);
    begin(w, 0xa1);
    begin(w, 0x30);
    number(w, 0x80, 1);
    code(w, s->puk1, "11111111");
    end(w);
    begin(w, 0x30);
    number(w, 0x80, 0x81);
    code(w, s->puk2, "22222222");
    end(w);
    end(w);
    end(w);
}

static void pin(struct writer *w, unsigned reference, const char *digits, const char *otherwise,
                unsigned puk, unsigned attributes, unsigned tries)
{
    begin(w, 0x30);
    number(w, 0x80, reference);
    code(w, digits, otherwise);
    if (puk)
        number(w, 0x82, puk);
    number(w, 0x83, attributes);
    if (tries)
        number(w, 0x84, tries);
    end(w);
}

static void pin_codes(struct writer *w, const struct saip_subscription *s)
{
    begin_element(w, 0xa2);
    begin(w, 0xa1);
    begin(w, 0xa0);
    pin(w, 0x01, s->pin1, "0000", 1, 6,
        0); /* there, and disabled: a device needs nobody to type it */
    pin(w, 0x0a, s->adm1, "55555555", 0, 3, 0xaa);
    end(w);
    end(w);
    end(w);
}

static void second_pin(struct writer *w, const struct saip_subscription *s)
{
    begin_element(w, 0xa2);
    begin(w, 0xa1);
    begin(w, 0xa0);
    pin(w, 0x81, s->pin2, "9999", 0x81, 3, 0);
    end(w);
    end(w);
    end(w);
}

static void usim_identity(struct writer *w, const struct saip_subscription *s)
{
    uint8_t imsi[9];
    if (!w->e)
        w->e = saip_imsi_content(s->imsi, imsi);
    if (w->e)
        return;
    file(w, 0xa3,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6f, 0x07, 0x8b, 0x03, 0x6f, 0x06, 0x01),
         SPAN_ARRAY(imsi));
}

static void usim_spn(struct writer *w, const char *spn)
{
    uint8_t content[SAIP_SPN_OCTETS];
    if (!w->e)
        w->e = saip_spn_content(spn ? spn : "Lab", content);
    if (w->e)
        return;
    file(w, 0xad,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6f, 0x46, 0x8b, 0x03, 0x6f, 0x06, 0x01),
         SPAN_ARRAY(content));
}

static void usim_access_class(struct writer *w, const char *imsi)
{
    uint8_t classes[2];
    saip_access_class_content(imsi, classes);
    file(w, 0xb2,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6f, 0x78, 0x8b, 0x03, 0x6f, 0x06, 0x01),
         SPAN_ARRAY(classes));
}

/* Two records: 1 as in the MF, 2 for what the device itself updates with the application PIN.
 * Records 5, 8 and 10 of the template defaults are there too, so that a file made by default has a
 * rule that exists. */
static void usim_access_rules(struct writer *w)
{
    static const uint8_t records[10][16] = {
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { 0x80, 0x01, 0x03, 0x90, 0x00, 0x80, 0x01, 0x58, 0xa4, 0x06, 0x83, 0x01, 0x0a, 0x95, 0x01,
          0x08 },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
        { RULE_READ_ALWAYS },
    };
    file(w, 0xa4,
         SPAN(0x82, 0x04, 0x42, 0x21, 0x00, 0x10, 0x83, 0x02, 0x6f, 0x06, 0x8b, 0x03, 0x6f, 0x06,
              0x01, 0x80, 0x01, 0xa0),
         span_of(records, sizeof records));
}

static void usim(struct writer *w, const struct saip_subscription *s)
{
    begin_element(w, 0xb3);
    put(w, 0x81, SPAN(0x67, 0x81, 0x0f, 0x01, 0x02, 0x04));
    file(w, 0xa2,
         SPAN(0x83, 0x02, 0x7f, 0xd0, 0x84, 0x0c, USIM_AID, 0x8b, 0x03, 0x2f, 0x06, 0x01, 0xc6,
              0x03, 0x81, 0x01, 0x0a),
         (struct span){ 0 });
    usim_identity(w, s);
    usim_access_rules(w);
    /* EF.UST: the services of the minimal package (catalogue D.2). */
    file(w, 0xa8,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6f, 0x38, 0x8b, 0x03, 0x6f, 0x06, 0x01, 0x80,
              0x01, 0x11),
         SPAN(0x9e, 0xff, 0xbf, 0x1d, 0xff, 0x3e, 0x00, 0x83, 0x41, 0x03, 0x10, 0x01, 0x04, 0x00,
              0x00, 0x3e, 0x11));
    usim_spn(w, s->spn);
    file(w, 0xae,
         SPAN(0x82, 0x02, 0x41, 0x21, 0x83, 0x02, 0x6f, 0x56, 0x8b, 0x03, 0x6f, 0x06, 0x01),
         SPAN(0x00));
    if (!w->e)
        usim_access_class(w, s->imsi);
    file(w, 0xb5, (struct span){ 0 }, SPAN(0x00, 0x00, 0x00, s->mnc_length == 3 ? 3 : 2));
    file(w, 0xb6,
         SPAN(0x82, 0x04, 0x42, 0x21, 0x00, 0x0e, 0x83, 0x02, 0x6f, 0xb7, 0x8b, 0x03, 0x6f, 0x06,
              0x01, 0x80, 0x01, 0x0e),
         SPAN(0x11, 0xf2, 0xff, 'E', 'm', 'e', 'r', 'g', 'e', 'n', 'c', 'y', 0xff, 0x00));
    end(w);
}

static void aka_constants(struct writer *w, const struct aka_params *p)
{
    static const uint8_t standard[5] = { 0 };
    if (memcmp(p->r, standard, sizeof standard) != 0)
        put(w, 0x84, SPAN_ARRAY(p->r));
    if (p->own_constants)
        put(w, 0x85, span_of(p->c, sizeof p->c));
}

static void aka(struct writer *w, const struct aka_params *p)
{
    bool tuak = p->algorithm == AKA_TUAK;
    begin_element(w, 0xa4);
    begin(w, 0xa1);
    begin(w, 0xa1);
    number(w, 0x80, tuak ? 2 : 1);
    put(w, 0x81, SPAN(saip_algorithm_options(p)));
    put(w, 0x82, span_of(p->k, tuak ? p->k_len : 16));
    put(w, 0x83, span_of(p->opc, tuak ? 32 : 16));
    aka_constants(w, p);
    if (tuak && p->keccak_iterations > 1)
        number(w, 0x87, p->keccak_iterations);
    end(w);
    end(w);
    end(w);
}

enum err saip_minimal_usim(const struct saip_subscription *s, struct buf *upp)
{
    size_t before = upp->len;
    struct writer w = { .out = upp, .identification = 1 };
    header(&w, s);
    mf(&w, s);
    puk_codes(&w, s);
    pin_codes(&w, s);
    usim(&w, s);
    second_pin(&w, s);
    aka(&w, s->aka);
    begin_element(&w, 0xaa);
    end(&w);
    if (w.e) {
        memory_clear(upp->at + before, upp->len - before);
        upp->len = before;
    }
    return w.e;
}
