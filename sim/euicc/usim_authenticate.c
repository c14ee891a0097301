/* AUTHENTICATE in 3G and GSM context (3GPP TS 31.102 7.1.2, TS 33.102 6.3, 6.8.1.2 and Annex C). */
#include <string.h>

#include "usim.h"

#define CONTEXT_GSM 0x80
#define CONTEXT_3G 0x81
#define EF_UST 0x6f38
#define SERVICE_GSM_ACCESS 27
#define PIN_APPLICATION 0x01
#define SQN_DELTA 0x02 /* of sqnOptions */

struct challenge {
    const uint8_t *rand;
    uint8_t sqn[6], amf[2], mac[8];
};

static struct saip_aka *find_aka(struct saip_package *p, size_t adf, unsigned hops)
{
    for (size_t i = 0; i < p->aka_count && hops < 4; i++) {
        if (p->akas[i].adf != adf)
            continue;
        if (!p->akas[i].mapped_from.len)
            return &p->akas[i];
        size_t source = saip_adf(p, p->akas[i].mapped_from);
        return source == SAIP_NONE || source == adf ? NULL : find_aka(p, source, hops + 1);
    }
    return NULL;
}

static uint64_t number48(const uint8_t octets[6])
{
    uint64_t n = 0;
    for (size_t i = 0; i < 6; i++)
        n = n << 8 | octets[i];
    return n;
}

static void exclusive_or(const uint8_t *a, const uint8_t *b, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = a[i] ^ b[i];
}

static uint64_t highest(const struct saip_aka *a)
{
    uint64_t most = 0;
    for (size_t i = 0; i < COUNT(a->sqn); i++)
        most = number48(a->sqn[i]) > most ? number48(a->sqn[i]) : most;
    return most;
}

/* TS 33.102 C.2.1: newer than the last one of its index, no jump that would wear the counter out (C.2.2), and not older
 * than the age limit (C.2.3). The limits are not for the test algorithm. */
static bool is_fresh(const struct saip_aka *a, const uint8_t sqn[6])
{
    uint64_t seq = number48(sqn) >> 5, most = highest(a) >> 5;
    if (seq <= number48(a->sqn[sqn[5] & 31]) >> 5)
        return false;
    if (a->test_algorithm)
        return true;
    if (a->sqn_options & SQN_DELTA && seq > most && seq - most > a->sqn_delta)
        return false;
    return !a->sqn_age_limit || most < a->sqn_age_limit || seq >= most - a->sqn_age_limit;
}

/* The test algorithm of TS 34.108 8.1.2: exclusive or with K, shifted about. */
static void compute_test(const struct saip_aka *a, const uint8_t rand[16], const uint8_t sqn[6],
                         const uint8_t amf[2], struct aka_vector *v)
{
    uint8_t x[16], cd[8];
    exclusive_or(a->params.k, rand, x, sizeof x);
    memcpy(cd, sqn, 6);
    memcpy(cd + 6, amf, 2);
    exclusive_or(x, cd, v->mac_a, sizeof cd);
    memcpy(v->mac_s, v->mac_a, sizeof cd);
    memcpy(v->res, x, sizeof x);
    v->res_len = a->params.res_len;
    v->ck_len = v->ik_len = sizeof x;
    memcpy(v->ak, x + 3, sizeof v->ak);
    memcpy(v->ak_star, v->ak, sizeof v->ak);
    for (size_t i = 0; i < sizeof x; i++) {
        v->ck[i] = x[(i + 1) % sizeof x];
        v->ik[i] = x[(i + 2) % sizeof x];
    }
    memory_clear(x, sizeof x);
}

static enum err compute_vector(struct euicc *e, const struct saip_aka *a, const uint8_t rand[16],
                               const uint8_t sqn[6], const uint8_t amf[2], struct aka_vector *v)
{
    if (!a->test_algorithm)
        return aka_compute(e->env.crypto, &a->params, rand, sqn, amf, v);
    compute_test(a, rand, sqn, amf, v);
    return ERR_OK;
}

/* AK does not depend on SQN: the first computation uncovers it, the second checks MAC-A. */
static enum err compute(struct euicc *e, const struct saip_aka *a, struct span autn,
                        struct challenge *c, struct aka_vector *v)
{
    static const uint8_t zero[6] = { 0 };
    memcpy(c->amf, autn.at + 6, sizeof c->amf);
    memcpy(c->mac, autn.at + 8, sizeof c->mac);
    enum err err = compute_vector(e, a, c->rand, zero, c->amf, v);
    if (err)
        return err;
    exclusive_or(autn.at, v->ak, c->sqn, sizeof c->sqn);
    return compute_vector(e, a, c->rand, c->sqn, c->amf, v);
}

/* DC 0E AUTS; AMF* is zero. */
static enum err put_resynchronisation(struct euicc *e, const struct saip_aka *a,
                                      const struct challenge *c, struct buf *response)
{
    static const uint8_t amf[2] = { 0 };
    struct aka_vector v;
    uint8_t sqn[6], concealed[6];
    uint64_t most = highest(a);
    for (int i = 0; i < 6; i++)
        sqn[i] = (uint8_t)(most >> (40 - 8 * i));
    enum err err = compute_vector(e, a, c->rand, sqn, amf, &v);
    if (!err) {
        exclusive_or(sqn, v.ak_star, concealed, sizeof concealed);
        err = buf_put(response, SPAN(0xdc, 0x0e));
    }
    if (!err)
        err = buf_put(response, SPAN_ARRAY(concealed));
    if (!err)
        err = buf_put(response, SPAN_ARRAY(v.mac_s));
    memory_clear(&v, sizeof v);
    return err;
}

static enum err put_field(struct buf *out, const uint8_t *at, size_t len)
{
    enum err err = buf_put_u8(out, (uint8_t)len);
    return err ? err : buf_put(out, span_of(at, len));
}

/* c3 of TS 33.102 6.8.1.2 is for keys of 128 bits. */
static bool makes_kc(const struct saip_aka *a)
{
    return a->params.ck_len != 32 && a->params.ik_len != 32;
}

/* c3: Kc = CK1 xor CK2 xor IK1 xor IK2. */
static void make_kc(const struct aka_vector *v, uint8_t kc[8])
{
    for (size_t i = 0; i < 8; i++)
        kc[i] = v->ck[i] ^ v->ck[i + 8] ^ v->ik[i] ^ v->ik[i + 8];
}

bool usim_has_service(const struct usim *u, size_t adf, unsigned service)
{
    size_t table = saip_child(u->package, adf, EF_UST);
    struct span bits = table == SAIP_NONE ? (struct span){ 0 }
                                          : saip_content(u->package, &u->package->files[table]);
    unsigned n = service - 1;
    return n / 8 < bits.len && bits.at[n / 8] >> n % 8 & 1;
}

/* DB, then RES, CK and IK, each with its length; Kc behind them where the USIM gives GSM access. */
static enum err put_success(const struct aka_vector *v, bool with_kc, struct buf *response)
{
    uint8_t kc[8];
    enum err err = buf_put_u8(response, 0xdb);
    if (!err)
        err = put_field(response, v->res, v->res_len);
    if (!err)
        err = put_field(response, v->ck, v->ck_len);
    if (!err)
        err = put_field(response, v->ik, v->ik_len);
    if (!err && with_kc) {
        make_kc(v, kc);
        err = put_field(response, kc, sizeof kc);
        memory_clear(kc, sizeof kc);
    }
    return err;
}

/* SRES and Kc by the conversions c2 and c3; AUTN and its sequence number play no part. */
static enum err authenticate_gsm(struct euicc *e, const struct saip_aka *a, const uint8_t rand[16],
                                 struct buf *response)
{
    static const uint8_t zero[6] = { 0 };
    struct aka_vector v = { 0 };
    uint8_t sres[4] = { 0 }, kc[8];
    enum err err = compute_vector(e, a, rand, zero, zero, &v);
    for (size_t i = 0; !err && i < v.res_len; i++)
        sres[i % 4] ^= v.res[i];
    make_kc(&v, kc);
    if (!err)
        err = put_field(response, sres, sizeof sres);
    if (!err)
        err = put_field(response, kc, sizeof kc);
    memory_clear(&v, sizeof v);
    memory_clear(kc, sizeof kc);
    return err;
}

static enum err answer(struct euicc *e, struct usim *u, struct saip_aka *a,
                       const struct challenge *c, const struct aka_vector *v, struct buf *response,
                       uint16_t *sw)
{
    if (!span_equal_secret(SPAN_ARRAY(c->mac), SPAN_ARRAY(v->mac_a))) {
        *sw = SW_MAC_FAILURE;
        return ERR_OK;
    }
    *sw = SW_OK;
    if (!is_fresh(a, c->sqn)) {
        LOG(e->env.log, LOG_INFO, "usim.resynchronise", F_HEX("iccid", SPAN_ARRAY(u->iccid)));
        return put_resynchronisation(e, a, c, response);
    }
    memcpy(a->sqn[c->sqn[5] & 31], c->sqn, sizeof c->sqn);
    enum err err = put_success(v, makes_kc(a) && usim_has_service(u, a->adf, SERVICE_GSM_ACCESS), response);
    return err ? err : usim_keep(e, u);
}

/* TS 31.102 7.1.2: VGCS/VBS, GBA, MBMS and local key contexts are known, and none of this card's. */
static bool is_context(uint8_t p2)
{
    return p2 == CONTEXT_GSM || p2 == CONTEXT_3G || p2 == 0x82 || (p2 >= 0x84 && p2 <= 0x86);
}

static bool is_supported(const struct usim *u, const struct channel *ch, const struct saip_aka *a, uint8_t p2)
{
    return p2 == CONTEXT_3G || (p2 == CONTEXT_GSM && makes_kc(a) && usim_has_service(u, ch->adf, SERVICE_GSM_ACCESS));
}

static struct saip_aka *judge(struct usim *u, const struct channel *ch, const struct command *c,
                              uint16_t *sw)
{
    struct saip_aka *a = ch->adf == SAIP_NONE ? NULL : find_aka(u->package, ch->adf, 0);
    *sw = SW_OK;
    bool gsm = c->p2 == CONTEXT_GSM;
    if (c->p1 || !is_context(c->p2))
        *sw = SW_INCORRECT_P1P2;
    else if (!a)
        *sw = SW_CONDITIONS_NOT_SATISFIED; /* no application with keys is selected */
    else if (usim_pin(u, ch, PIN_APPLICATION) && !usim_pin_satisfied(u, ch, PIN_APPLICATION))
        *sw = SW_SECURITY_STATUS;
    else if (!is_supported(u, ch, a, c->p2))
        *sw = SW_NOT_SUPPORTED_CONTEXT;
    else if (gsm && (c->data.len != 17 || c->data.at[0] != 16))
        *sw = SW_INCORRECT_DATA;
    else if (!gsm && (c->data.len != 34 || c->data.at[0] != 16 || c->data.at[17] != 16))
        *sw = SW_INCORRECT_DATA;
    else if (a->counter_max && a->counter >= a->counter_max)
        *sw = SW_CONDITIONS_NOT_SATISFIED; /* its keys were used as often as they may be */
    return a;
}

/* Counted before anything is known of the answer, which may tell of the keys. */
static enum err count_use(struct euicc *e, struct usim *u, struct saip_aka *a)
{
    if (!a->counter_max)
        return ERR_OK;
    a->counter++;
    return usim_keep(e, u);
}

enum err usim_authenticate(struct euicc *e, struct usim *u, const struct channel *ch,
                           const struct command *c, struct buf *response, uint16_t *sw)
{
    struct saip_aka *a = judge(u, ch, c, sw);
    if (*sw != SW_OK)
        return ERR_OK;
    enum err err = count_use(e, u, a);
    if (err || c->p2 == CONTEXT_GSM)
        return err ? err : authenticate_gsm(e, a, c->data.at + 1, response);
    struct challenge challenge = { .rand = c->data.at + 1 };
    struct aka_vector v;
    err = compute(e, a, span_sub(c->data, 18, 16), &challenge, &v);
    if (!err)
        err = answer(e, u, a, &challenge, &v, response, sw);
    memory_clear(&v, sizeof v);
    return err;
}
