/* GET IDENTITY in SUCI context (3GPP TS 31.102 7.5): the USIM conceals its own SUPI (TS 33.501 6.12.2 and Annex C). */
#include <string.h>

#include "ecies.h"
#include "usim.h"

#define CONTEXT_SUCI 0x01
#define EF_IMSI 0x6f07
#define EF_AD 0x6fad
#define DF_5GS 0x5fc0
#define EF_SUPI_NAI 0x4f09
#define EF_ROUTING_INDICATOR 0x4f0a
#define DF_SAIP 0x5fd0
#define EF_SUCI_CALC_INFO_USIM 0x4f01
#define SERVICE_IDENTIFIER_PRIVACY 124
#define SERVICE_SUCI_BY_USIM 125
#define SERVICE_NAI 130
#define PIN_APPLICATION 0x01
#define SCHEME_NULL 0
#define IMSI_DIGITS_MAX 15
#define SCHEME_OUTPUT_MAX 512

/* How this USIM conceals: the scheme that is wanted most of those that this card has. */
struct scheme {
    uint8_t identifier, key_identifier;
    struct span key; /* empty for the null scheme */
};

/* A SUPI, cut: what is said openly, and what is concealed. */
struct supi {
    struct span nai; /* whole, user@realm; empty: an IMSI */
    uint8_t plmn[3], msin[8];
    size_t msin_len;
};

static struct span file_content(const struct usim *u, size_t adf, uint16_t directory, uint16_t fid)
{
    size_t at = directory ? saip_child(u->package, adf, directory) : adf;
    size_t file = at == SAIP_NONE ? SAIP_NONE : saip_child(u->package, at, fid);
    return file == SAIP_NONE ? (struct span){ 0 } : saip_content(u->package, &u->package->files[file]);
}

/* ---- what the operator wants -------------------------------------------------------------------------------- */
/* The key at this place of the list, which counts from 1 (TS 31.102 4.4.11.8). */
static bool find_key(struct span list, unsigned index, struct scheme *s)
{
    struct der d = der_open(list);
    struct der_tlv t;
    unsigned count = 0;
    while (!der_next(&d, &t)) {
        if (t.tag == 0x80 && t.value.len == 1)
            s->key_identifier = t.value.at[0];
        if (t.tag != 0x81 || ++count != index)
            continue;
        s->key = t.value;
        return true;
    }
    return false;
}

/* EF.SUCI_Calc_Info_USIM. The null scheme is what the home network wants, or what is left where it gave no scheme or no key
 * to the wanted one (TS 33.501 6.12.2). ERR_VERIFY: it names schemes, and none that this card has; nothing is told in the
 * clear then (interoperable format, 12.2). */
static enum err choose_scheme(struct span info, struct scheme *out)
{
    struct der_tlv wanted, keys;
    *out = (struct scheme){ .identifier = SCHEME_NULL };
    if (der_find(info, 0xa0, &wanted) || !wanted.value.len)
        return ERR_OK;
    if (der_find(info, 0xa1, &keys))
        keys.value = (struct span){ 0 };
    for (size_t i = 0; i + 1 < wanted.value.len; i += 2) {
        struct scheme s = { .identifier = wanted.value.at[i] };
        if (s.identifier > ECIES_PROFILE_B)
            continue; /* none of this card's */
        if (s.identifier != SCHEME_NULL && find_key(keys.value, wanted.value.at[i + 1], &s))
            *out = s;
        return ERR_OK;
    }
    return ERR_VERIFY;
}

/* ---- who the subscriber is ---------------------------------------------------------------------------------- */
/* The digits of EF.IMSI; 0 when it holds none. */
static size_t read_digits(struct span imsi, uint8_t digits[IMSI_DIGITS_MAX])
{
    size_t octets = imsi.len ? imsi.at[0] : 0;
    if (octets < 4 || octets > 8 || imsi.len < 1 + octets)
        return 0;
    size_t count = 2 * octets - (imsi.at[1] & 0x08 ? 1 : 2); /* bit 4 of the first: an odd number of digits */
    for (size_t i = 0; i < count; i++) {
        uint8_t octet = imsi.at[1 + (i + 1) / 2];
        digits[i] = i % 2 ? octet & 0x0f : octet >> 4;
        if (digits[i] > 9)
            return 0;
    }
    return count;
}

static bool read_imsi(struct span imsi, struct span ad, struct supi *out)
{
    uint8_t d[IMSI_DIGITS_MAX];
    bool long_mnc = ad.len >= 4 && (ad.at[3] & 0x0f) == 3;
    size_t count = read_digits(imsi, d), open = long_mnc ? 6 : 5;
    if (count <= open)
        return false;
    out->plmn[0] = (uint8_t)(d[1] << 4 | d[0]);
    out->plmn[1] = (uint8_t)((long_mnc ? d[5] : 0x0f) << 4 | d[2]);
    out->plmn[2] = (uint8_t)(d[4] << 4 | d[3]);
    out->msin_len = (count - open + 1) / 2;
    for (size_t i = 0; i < out->msin_len; i++) {
        size_t at = open + 2 * i;
        out->msin[i] = (uint8_t)((at + 1 < count ? d[at + 1] : 0x0f) << 4 | d[at]);
    }
    return true;
}

/* A network specific identifier; lines and cable modems (81, 82) are not for a USIM that is carried about. */
static bool read_nai(struct span file, struct supi *out)
{
    struct der_tlv t;
    if (der_find(file, 0x80, &t) || !memchr(t.value.at, '@', t.value.len))
        return false;
    out->nai = t.value;
    return true;
}

static bool read_supi(const struct usim *u, size_t adf, struct supi *out)
{
    *out = (struct supi){ .msin_len = 0 };
    return usim_has_service(u, adf, SERVICE_NAI)
               ? read_nai(file_content(u, adf, DF_5GS, EF_SUPI_NAI), out)
               : read_imsi(file_content(u, adf, 0, EF_IMSI), file_content(u, adf, 0, EF_AD), out);
}

/* ---- the SUCI ----------------------------------------------------------------------------------------------- */
/* A digit each half octet, F behind the last; 0 where the file gives none. */
static void read_routing_indicator(struct span file, uint8_t out[2])
{
    bool there = file.len >= 2 && (file.at[0] & 0x0f) != 0x0f;
    out[0] = there ? file.at[0] : 0xf0;
    out[1] = there ? file.at[1] : 0xff;
}

static enum err put_scheme_output(struct euicc *e, const struct scheme *s, struct span input, struct buf *out)
{
    return s->identifier == SCHEME_NULL ? buf_put(out, input)
                                        : ecies_protect(e->env.crypto, (enum ecies_profile)s->identifier, s->key,
                                                        (struct span){ 0 }, input, out);
}

/* TS 24.501 9.11.3.4, from octet 4 on. */
static enum err put_imsi_suci(struct euicc *e, const struct supi *supi, const struct scheme *s,
                              const uint8_t routing[2], struct buf *out)
{
    enum err err = buf_put_u8(out, 0x01);
    if (!err)
        err = buf_put(out, SPAN_ARRAY(supi->plmn));
    if (!err)
        err = buf_put(out, span_of(routing, 2));
    if (!err)
        err = buf_put(out, SPAN(s->identifier, s->key_identifier));
    return err ? err : put_scheme_output(e, s, span_of(supi->msin, supi->msin_len), out);
}

static enum err put_protected_name(struct euicc *e, const struct scheme *s, struct span user, struct buf *out)
{
    struct buf output = { .max = SCHEME_OUTPUT_MAX };
    size_t key = ecies_key_octets((enum ecies_profile)s->identifier);
    enum err err = put_scheme_output(e, s, user, &output);
    struct span all = buf_span(&output);
    if (!err)
        err = buf_printf(out, ".hnkey%u.ecckey", s->key_identifier);
    if (!err)
        err = hex_put_upper(out, span_sub(all, 0, key));
    if (!err)
        err = buf_put_str(out, ".cip");
    if (!err)
        err = hex_put_upper(out, span_sub(all, key, user.len));
    if (!err)
        err = buf_put_str(out, ".mac");
    if (!err)
        err = hex_put_upper(out, span_sub(all, key + user.len, ECIES_MAC_OCTETS));
    buf_release(&output);
    return err;
}

static enum err put_routing_digits(const uint8_t routing[2], struct buf *out)
{
    enum err err = ERR_OK;
    for (unsigned i = 0; !err && i < 4; i++) {
        unsigned digit = routing[i / 2] >> (i % 2 ? 4 : 0) & 0x0f;
        if (digit > 9)
            break;
        err = buf_put_u8(out, (uint8_t)('0' + digit));
    }
    return err;
}

/* TS 23.003 28.7.3: the name of the SUCI in the realm of the SUPI. */
static enum err put_nai_suci(struct euicc *e, const struct supi *supi, const struct scheme *s,
                             const uint8_t routing[2], struct buf *out)
{
    const uint8_t *at = memchr(supi->nai.at, '@', supi->nai.len);
    size_t name = (size_t)(at - supi->nai.at);
    struct span user = span_sub(supi->nai, 0, name);
    enum err err = buf_put_u8(out, 0x11);
    if (!err)
        err = buf_put_str(out, "type1.rid");
    if (!err)
        err = put_routing_digits(routing, out);
    if (!err)
        err = buf_printf(out, ".schid%u", s->identifier);
    if (!err && s->identifier == SCHEME_NULL)
        err = buf_put_str(out, ".userid");
    if (!err)
        err = s->identifier == SCHEME_NULL ? buf_put(out, user) : put_protected_name(e, s, user, out);
    return err ? err : buf_put(out, span_sub(supi->nai, name, supi->nai.len - name));
}

static enum err put_suci(struct euicc *e, const struct usim *u, size_t adf, const struct supi *supi,
                         struct buf *response)
{
    struct scheme s;
    struct buf suci = { .max = 2 * SCHEME_OUTPUT_MAX };
    uint8_t routing[2];
    enum err err = choose_scheme(file_content(u, adf, DF_SAIP, EF_SUCI_CALC_INFO_USIM), &s);
    if (err)
        return err;
    read_routing_indicator(file_content(u, adf, DF_5GS, EF_ROUTING_INDICATOR), routing);
    err = supi->nai.len ? put_nai_suci(e, supi, &s, routing, &suci) : put_imsi_suci(e, supi, &s, routing, &suci);
    if (!err)
        err = der_put(response, 0xa1, buf_span(&suci));
    buf_release(&suci);
    return err;
}

static uint16_t judge(const struct usim *u, const struct channel *ch, const struct command *c)
{
    if (c->p1 || c->p2 != CONTEXT_SUCI)
        return SW_INCORRECT_P1P2;
    if (c->data.len)
        return SW_WRONG_LENGTH;
    if (ch->adf == SAIP_NONE || !usim_has_service(u, ch->adf, SERVICE_IDENTIFIER_PRIVACY) ||
        !usim_has_service(u, ch->adf, SERVICE_SUCI_BY_USIM))
        return SW_CONDITIONS_NOT_SATISFIED; /* the ME is to calculate, or nobody */
    if (usim_pin(u, ch, PIN_APPLICATION) && !usim_pin_satisfied(u, ch, PIN_APPLICATION))
        return SW_SECURITY_STATUS;
    return SW_OK;
}

enum err usim_get_identity(struct euicc *e, const struct usim *u, const struct channel *ch,
                           const struct command *c, struct buf *response, uint16_t *sw)
{
    struct supi supi;
    *sw = judge(u, ch, c);
    if (*sw != SW_OK)
        return ERR_OK;
    enum err err = read_supi(u, ch->adf, &supi) ? put_suci(e, u, ch->adf, &supi, response) : ERR_VERIFY;
    if (err == ERR_VERIFY || err == ERR_LIMIT) {
        *sw = SW_EXECUTION_ERROR; /* a SUPI or a key in the files is none, or no scheme is this card's */
        err = ERR_OK;
    }
    memory_clear(&supi, sizeof supi);
    return err;
}
