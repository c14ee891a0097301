/* Issues certificates and revocation lists in the form of SGP.26. */
#include <string.h>

#include "x509_internal.h"

#define TBS_MAX 8192

static enum err put_attribute(struct buf *b, uint8_t type, uint32_t tag, const char *text)
{
    struct der_mark set, one;
    if (!text)
        return ERR_OK;
    enum err e = der_put_open(b, 0x31, &set);
    if (!e)
        e = der_put_open(b, 0x30, &one);
    if (!e)
        e = der_put(b, 0x06, SPAN(0x55, 0x04, type));
    if (!e)
        e = der_put_str(b, tag, text);
    if (!e)
        e = der_put_close(b, one);
    return e ? e : der_put_close(b, set);
}

/* The CI's attributes stand in the opposite order of all others' in SGP.26. */
static enum err put_subject(struct buf *b, const struct cert_spec *s)
{
    const struct {
        uint8_t type;
        uint32_t tag;
        const char *text;
    } row[] = {
        { 0x06, 0x13, s->country },
        { 0x0a, 0x0c, s->organization },
        { 0x0b, 0x0c, s->organizational_unit },
        { 0x05, 0x13, s->serial_number },
        { 0x03, 0x0c, s->common_name },
    };
    struct der_mark name;
    enum err e = der_put_open(b, 0x30, &name);
    for (size_t i = 0; !e && i < COUNT(row); i++) {
        size_t at = s->role == CERT_CI ? COUNT(row) - 1 - i : i;
        e = put_attribute(b, row[at].type, row[at].tag, row[at].text);
    }
    return e ? e : der_put_close(b, name);
}

/* UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5). */
static enum err put_time(struct buf *b, int64_t at)
{
    struct buf iso = { .max = 64 };
    char digits[20] = "";
    size_t n = 0;
    enum err e = clock_put_iso8601(&iso, at);
    for (size_t i = 0; !e && i < iso.len && iso.at[i] != '.' && n < 15; i++)
        if (iso.at[i] >= '0' && iso.at[i] <= '9')
            digits[n++] = (char)iso.at[i];
    buf_release(&iso);
    if (e || n != 14) /* a year beyond 9999 cannot be written */
        return e ? e : ERR_LIMIT;
    digits[n] = 'Z';
    bool utc = memcmp(digits, "1950", 4) >= 0 && memcmp(digits, "2050", 4) < 0;
    return utc ? der_put_str(b, 0x17, digits + 2) : der_put_str(b, 0x18, digits);
}

static enum err put_serial(struct buf *b, const uint8_t serial[8])
{
    const uint8_t padded[9] = { 0,         serial[0], serial[1], serial[2], serial[3],
                                serial[4], serial[5], serial[6], serial[7] };
    size_t skip = 0;
    while (skip < 8 && padded[skip] == 0 && !(padded[skip + 1] & 0x80))
        skip++;
    return der_put(b, 0x02, span_sub(SPAN_ARRAY(padded), skip, 9));
}

static enum err put_bit_string(struct buf *b, struct span value)
{
    enum err e = der_put_header(b, 0x03, value.len + 1);
    if (!e)
        e = buf_put_u8(b, 0);
    return e ? e : buf_put(b, value);
}

static enum err put_public_key(struct buf *b, enum ec_curve curve, const struct ec_point *key)
{
    struct der_mark info, algorithm;
    enum err e = der_put_open(b, 0x30, &info);
    if (!e)
        e = der_put_open(b, 0x30, &algorithm);
    if (!e)
        e = der_put_oid(b, 0x06, "1.2.840.10045.2.1");
    if (!e)
        e = der_put_oid(b, 0x06, curve == EC_P256 ? "1.2.840.10045.3.1.7" : "1.3.36.3.3.2.8.1.1.7");
    if (!e)
        e = der_put_close(b, algorithm);
    if (!e)
        e = put_bit_string(b, SPAN_ARRAY(key->at));
    return e ? e : der_put_close(b, info);
}

/* One extension 2.5.29.`id`; the value stands in `value`, which is emptied for the next one. */
static enum err put_extension(struct buf *b, uint8_t id, bool critical, struct buf *value)
{
    struct der_mark one;
    enum err e = der_put_open(b, 0x30, &one);
    if (!e)
        e = der_put(b, 0x06, SPAN(0x55, 0x1d, id));
    if (!e && critical)
        e = der_put_boolean(b, 0x01, true);
    if (!e)
        e = der_put(b, 0x04, buf_span(value));
    if (!e)
        e = der_put_close(b, one);
    buf_clear(value);
    return e;
}

static enum err put_authority_key_id(struct buf *b, const struct cert *issuer, struct buf *v)
{
    struct der_mark all;
    enum err e = der_put_open(v, 0x30, &all);
    if (!e)
        e = der_put(v, 0x80, SPAN_ARRAY(issuer->ski));
    if (!e)
        e = der_put_close(v, all);
    return e ? e : put_extension(b, 0x23, false, v);
}

static enum err put_subject_key_id(struct buf *b, struct crypto *c, const struct ec_point *key, struct buf *v)
{
    uint8_t id[20];
    enum err e = sha1(c, SPAN_ARRAY(key->at), id);
    if (!e)
        e = der_put(v, 0x04, SPAN_ARRAY(id));
    return e ? e : put_extension(b, 0x0e, false, v);
}

static enum err put_key_usage(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    unsigned octet = s->key_usage ? s->key_usage : role_rule_of(s->role)->key_usage, bits = 0;
    for (unsigned n = 0; n < 8; n++)
        bits |= octet & 0x80u >> n ? 1u << n : 0;
    enum err e = der_put_bits(v, 0x03, bits);
    return e ? e : put_extension(b, 0x0f, true, v);
}

static enum err put_purposes(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    unsigned purposes = s->purposes ? s->purposes : role_rule_of(s->role)->purposes;
    struct der_mark all;
    if (!purposes)
        return ERR_OK;
    enum err e = der_put_open(v, 0x30, &all);
    if (!e && purposes & CERT_PURPOSE_SERVER)
        e = der_put_oid(v, 0x06, "1.3.6.1.5.5.7.3.1");
    if (!e && purposes & CERT_PURPOSE_CLIENT)
        e = der_put_oid(v, 0x06, "1.3.6.1.5.5.7.3.2");
    if (!e)
        e = der_put_close(v, all);
    return e ? e : put_extension(b, 0x25, true, v);
}

static enum err put_policy(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    const struct role_rule *rule = role_rule_of(s->role);
    const char *oid = s->policy_oid ? s->policy_oid : rule->policies[0];
    struct der_mark all, one;
    if (!oid || !*oid)
        return ERR_OK;
    enum err e = der_put_open(v, 0x30, &all);
    if (!e)
        e = der_put_open(v, 0x30, &one);
    if (!e)
        e = der_put_oid(v, 0x06, oid);
    if (!e)
        e = der_put_close(v, one);
    if (!e)
        e = der_put_close(v, all);
    return e ? e : put_extension(b, 0x20, rule->policy_critical, v);
}

static enum err put_alternative_names(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    struct der_mark all;
    if (!s->registered_id && !s->dns_names)
        return ERR_OK;
    enum err e = der_put_open(v, 0x30, &all);
    for (const char *const *name = s->dns_names; !e && name && *name; name++)
        e = der_put_str(v, 0x82, *name);
    if (!e && s->registered_id)
        e = der_put_oid(v, 0x88, s->registered_id);
    if (!e)
        e = der_put_close(v, all);
    return e ? e : put_extension(b, 0x11, false, v);
}

static enum err put_basic_constraints(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    struct der_mark all;
    if (!role_rule_of(s->role)->ca)
        return ERR_OK;
    enum err e = der_put_open(v, 0x30, &all);
    if (!e)
        e = der_put_boolean(v, 0x01, true);
    if (!e && s->path_length >= 0)
        e = der_put_integer(v, 0x02, s->path_length);
    if (!e)
        e = der_put_close(v, all);
    return e ? e : put_extension(b, 0x13, true, v);
}

static enum err put_crl_url(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    static const uint32_t tags[] = { 0x30, 0x30, 0xa0,
                                     0xa0 }; /* points, point, distributionPoint, fullName */
    struct der_mark mark[COUNT(tags)];
    enum err e = ERR_OK;
    if (!s->crl_url)
        return ERR_OK;
    for (size_t i = 0; !e && i < COUNT(tags); i++)
        e = der_put_open(v, tags[i], &mark[i]);
    if (!e)
        e = der_put_str(v, 0x86, s->crl_url);
    for (size_t i = COUNT(tags); !e && i-- > 0;)
        e = der_put_close(v, mark[i]);
    return e ? e : put_extension(b, 0x1f, false, v);
}

/* SGP.26: one permitted directoryName with the organization and the prefix of the EIDs. */
static enum err put_name_constraint(struct buf *b, const struct cert_spec *s, struct buf *v)
{
    static const uint32_t tags[] = { 0x30, 0xa0, 0x30, 0xa4, 0x30 };
    struct der_mark mark[COUNT(tags)];
    enum err e = ERR_OK;
    if (!s->permitted_organization && !s->permitted_eid_prefix)
        return ERR_OK;
    for (size_t i = 0; !e && i < COUNT(tags); i++)
        e = der_put_open(v, tags[i], &mark[i]);
    if (!e)
        e = put_attribute(v, 0x0a, 0x0c, s->permitted_organization);
    if (!e)
        e = put_attribute(v, 0x05, 0x13, s->permitted_eid_prefix);
    for (size_t i = COUNT(tags); !e && i-- > 0;)
        e = der_put_close(v, mark[i]);
    return e ? e : put_extension(b, 0x1e, true, v);
}

static enum err put_extensions(struct crypto *c, struct buf *b, const struct cert_spec *s,
                               const struct ec_point *key, const struct cert *issuer)
{
    struct buf value = { .max = 2048 };
    struct der_mark outer, all;
    enum err e = der_put_open(b, 0xa3, &outer);
    if (!e)
        e = der_put_open(b, 0x30, &all);
    if (!e && issuer)
        e = put_authority_key_id(b, issuer, &value);
    if (!e)
        e = put_subject_key_id(b, c, key, &value);
    static enum err (*const put[])(struct buf *, const struct cert_spec *, struct buf *) = {
        put_key_usage,         put_purposes, put_policy,          put_alternative_names,
        put_basic_constraints, put_crl_url,  put_name_constraint,
    };
    for (size_t i = 0; !e && i < COUNT(put); i++)
        e = put[i](b, s, &value);
    if (!e)
        e = der_put_close(b, all);
    if (!e)
        e = der_put_close(b, outer);
    buf_release(&value);
    return e;
}

static enum err put_tbs(struct crypto *c, struct buf *b, const struct cert_spec *s, enum ec_curve curve,
                        const struct ec_point *subject, const struct cert *issuer)
{
    struct der_mark tbs, validity;
    enum err e = der_put_open(b, 0x30, &tbs);
    if (!e)
        e = der_put(b, 0xa0, SPAN(0x02, 0x01, 0x02));
    if (!e)
        e = put_serial(b, s->serial);
    if (!e)
        e = buf_put(b, ECDSA_WITH_SHA256);
    if (!e)
        e = issuer ? der_put(b, 0x30, cert_entry_of(issuer)->subject) : put_subject(b, s);
    if (!e)
        e = der_put_open(b, 0x30, &validity);
    if (!e)
        e = put_time(b, s->not_before);
    if (!e)
        e = put_time(b, s->not_after);
    if (!e)
        e = der_put_close(b, validity);
    if (!e)
        e = put_subject(b, s);
    if (!e)
        e = s->public_key_info.len ? buf_put(b, s->public_key_info) : put_public_key(b, curve, subject);
    if (!e)
        e = put_extensions(c, b, s, subject, issuer);
    return e ? e : der_put_close(b, tbs);
}

static enum err put_number(struct buf *b, const uint8_t n[32])
{
    uint8_t padded[33] = { 0 };
    size_t skip = 0;
    memcpy(padded + 1, n, 32);
    while (skip < 32 && padded[skip] == 0 && !(padded[skip + 1] & 0x80))
        skip++;
    return der_put(b, 0x02, span_sub(SPAN_ARRAY(padded), skip, 33));
}

static enum err put_signature(struct buf *b, const struct ec_signature *s)
{
    struct buf pair = { .max = 80 };
    struct der_mark mark;
    enum err e = der_put_open(&pair, 0x30, &mark);
    if (!e)
        e = put_number(&pair, s->at);
    if (!e)
        e = put_number(&pair, s->at + 32);
    if (!e)
        e = der_put_close(&pair, mark);
    if (!e)
        e = put_bit_string(b, buf_span(&pair));
    buf_release(&pair);
    return e;
}

/* Appends SEQUENCE { tbs, algorithm, signature over tbs }. */
static enum err put_signed(struct crypto *c, struct buf *out, struct span tbs, const struct ec_key *key,
                           bool spoil)
{
    struct ec_signature signature;
    struct der_mark all;
    enum err e = ec_sign(c, key, &tbs, 1, &signature);
    if (!e)
        e = der_put_open(out, 0x30, &all);
    if (!e)
        e = buf_put(out, tbs);
    if (!e)
        e = buf_put(out, ECDSA_WITH_SHA256);
    if (!e && spoil)
        signature.at[63] ^= 1;
    if (!e)
        e = put_signature(out, &signature);
    return e ? e : der_put_close(out, all);
}

enum err cert_issue(struct crypto *c, const struct cert_spec *spec, enum ec_curve curve,
                    const struct ec_point *subject, const struct cert *issuer,
                    const struct ec_key *issuer_key, struct buf *der)
{
    struct buf tbs = { .max = TBS_MAX };
    enum err e = put_tbs(c, &tbs, spec, curve, subject, issuer);
    if (!e)
        e = put_signed(c, der, buf_span(&tbs), issuer_key, spec->break_signature);
    buf_release(&tbs);
    return e;
}

static enum err put_revoked(struct buf *b, const uint8_t (*serials)[8], size_t count, int64_t at)
{
    struct der_mark all, one;
    if (!count)
        return ERR_OK;
    enum err e = der_put_open(b, 0x30, &all);
    for (size_t i = 0; !e && i < count; i++) {
        e = der_put_open(b, 0x30, &one);
        if (!e)
            e = put_serial(b, serials[i]);
        if (!e)
            e = put_time(b, at);
        if (!e)
            e = der_put_close(b, one);
    }
    return e ? e : der_put_close(b, all);
}

static enum err put_crl_extensions(struct buf *b, const struct cert *issuer, unsigned number)
{
    struct buf value = { .max = 256 };
    struct der_mark outer, all;
    enum err e = der_put_open(b, 0xa0, &outer);
    if (!e)
        e = der_put_open(b, 0x30, &all);
    if (!e)
        e = put_authority_key_id(b, issuer, &value);
    if (!e)
        e = der_put_integer(&value, 0x02, number);
    if (!e)
        e = put_extension(b, 0x14, false, &value);
    if (!e)
        e = der_put_close(b, all);
    if (!e)
        e = der_put_close(b, outer);
    buf_release(&value);
    return e;
}

enum err crl_issue(struct crypto *c, const struct cert *issuer, const struct ec_key *issuer_key,
                   const uint8_t (*serials)[8], size_t count, int64_t this_update, int64_t next_update,
                   unsigned number, struct buf *der)
{
    struct buf tbs = { .max = 1 << 20 };
    struct der_mark mark;
    enum err e = der_put_open(&tbs, 0x30, &mark);
    if (!e)
        e = der_put_integer(&tbs, 0x02, 1);
    if (!e)
        e = buf_put(&tbs, ECDSA_WITH_SHA256);
    if (!e)
        e = der_put(&tbs, 0x30, cert_entry_of(issuer)->subject);
    if (!e)
        e = put_time(&tbs, this_update);
    if (!e)
        e = put_time(&tbs, next_update);
    if (!e)
        e = put_revoked(&tbs, serials, count, this_update);
    if (!e)
        e = put_crl_extensions(&tbs, issuer, number);
    if (!e)
        e = der_put_close(&tbs, mark);
    if (!e)
        e = put_signed(c, der, buf_span(&tbs), issuer_key, false);
    buf_release(&tbs);
    return e;
}
