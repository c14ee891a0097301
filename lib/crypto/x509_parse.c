/* RFC 5280 certificates, read strictly and without allocation into the fields that RSP judges. */
#include <string.h>

#include "x509_internal.h"

static bool digits_at(const char *text, size_t from, size_t len)
{
    for (size_t i = from; i < from + len; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* "YYYYMMDDhhmmss" within the calendar. */
static enum err time_from_digits(const char *d, int64_t *at)
{
    char iso[32];
    if (!digits_at(d, 0, 14) || memcmp(d + 4, "01", 2) < 0 || memcmp(d + 4, "12", 2) > 0 ||
        memcmp(d + 6, "01", 2) < 0 || memcmp(d + 6, "31", 2) > 0 || memcmp(d + 8, "23", 2) > 0 ||
        memcmp(d + 10, "59", 2) > 0 || memcmp(d + 12, "59", 2) > 0)
        return ERR_PARSE;
    snprintf(iso, sizeof iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 8, d + 10, d + 12);
    return clock_parse_iso8601(span_str(iso), at);
}

/* UTCTime or GeneralizedTime to the second, in UTC (RFC 5280 4.1.2.5). */
static enum err read_time(struct der *d, int64_t *at)
{
    char text[16] = "";
    struct der_tlv t;
    enum err e = der_next(d, &t);
    size_t digits = t.tag == 0x17 ? 12 : 14;
    if (e || (t.tag != 0x17 && t.tag != 0x18) || t.value.len != digits + 1 || t.value.at[digits] != 'Z')
        return ERR_PARSE;
    if (digits == 12)
        memcpy(text, t.value.at[0] >= '5' ? "19" : "20", 2);
    memcpy(text + 14 - digits, t.value.at, digits);
    return time_from_digits(text, at);
}

static enum err read_validity(struct der *tbs, struct cert *c)
{
    struct der_tlv validity;
    enum err e = der_expect(tbs, 0x30, &validity);
    if (e)
        return e;
    struct der d = der_open(validity.value);
    e = read_time(&d, &c->not_before);
    if (!e)
        e = read_time(&d, &c->not_after);
    return e || der_at_end(&d) ? e : ERR_PARSE;
}

static bool text_tag(uint32_t tag) { return tag == 0x0c || tag == 0x13 || tag == 0x14 || tag == 0x16; }

/* AttributeTypeAndValue: takes the value when the type is 2.5.4.`type`. */
static enum err read_attribute(struct span one, uint8_t type, struct span *out)
{
    struct der d = der_open(one);
    struct der_tlv id, value;
    enum err e = der_expect(&d, 0x06, &id);
    if (!e)
        e = der_next(&d, &value);
    if (e || !der_at_end(&d))
        return ERR_PARSE;
    if (!span_equal(id.value, SPAN(0x55, 0x04, type)) || !text_tag(value.tag))
        return ERR_NOT_FOUND;
    *out = value.value;
    return ERR_OK;
}

enum err name_attribute(struct span name, uint8_t type, struct span *out)
{
    struct der sets = der_open(name);
    while (!der_at_end(&sets)) {
        struct der_tlv set, one;
        enum err e = der_expect(&sets, 0x31, &set);
        struct der members = der_open(e ? (struct span){ 0 } : set.value);
        while (!e && !der_at_end(&members)) {
            e = der_expect(&members, 0x30, &one);
            enum err found = e ? e : read_attribute(one.value, type, out);
            if (found != ERR_NOT_FOUND)
                return found;
        }
        if (e)
            return e;
    }
    return ERR_NOT_FOUND;
}

/* A text attribute into a C string; absent leaves it empty. A mark inside would hide what follows: refused. */
static enum err copy_attribute(struct span name, uint8_t type, char *out, size_t size)
{
    struct span text;
    enum err e = name_attribute(name, type, &text);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (text.len >= size || memchr(text.at, 0, text.len))
        return ERR_PARSE;
    memcpy(out, text.at, text.len);
    out[text.len] = 0;
    return ERR_OK;
}

static enum err read_subject(struct cert_entry *entry)
{
    struct cert *c = &entry->cert;
    char serial[65] = "";
    enum err e = copy_attribute(entry->subject, 0x03, c->common_name, sizeof c->common_name);
    if (!e)
        e = copy_attribute(entry->subject, 0x0a, c->organization, sizeof c->organization);
    if (!e)
        e = copy_attribute(entry->subject, 0x05, serial, sizeof serial);
    if (!e && strlen(serial) < sizeof c->eid)
        memcpy(c->eid, serial, strlen(serial) + 1);
    return e;
}

/* id-ecPublicKey with one of our curves, as the contents of AlgorithmIdentifier. */
static enum err read_curve(struct span algorithm, enum ec_curve *out)
{
    static const uint8_t p256[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    static const uint8_t brainpool[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                         0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };
    if (span_equal(algorithm, SPAN_ARRAY(p256)))
        *out = EC_P256;
    else if (span_equal(algorithm, SPAN_ARRAY(brainpool)))
        *out = EC_BRAINPOOL_P256R1;
    else
        return ERR_UNSUPPORTED;
    return ERR_OK;
}

static enum err read_public_key(struct der *tbs, struct cert *c)
{
    struct der_tlv info, algorithm, bits;
    enum err e = der_expect(tbs, 0x30, &info);
    if (e)
        return e;
    struct der d = der_open(info.value);
    e = der_expect(&d, 0x30, &algorithm);
    if (!e)
        e = der_expect(&d, 0x03, &bits);
    if (!e && !der_at_end(&d))
        e = ERR_PARSE;
    if (!e)
        e = read_curve(algorithm.value, &c->curve);
    if (e)
        return e;
    /* SGP.22 2.6.7: only the uncompressed form. */
    if (bits.value.len != 66 || bits.value.at[0] != 0 || bits.value.at[1] != 0x04)
        return ERR_PARSE;
    memcpy(c->key.at, bits.value.at + 1, sizeof c->key.at);
    return ERR_OK;
}

static enum err read_basic_constraints(struct cert_entry *entry, struct span value, bool critical)
{
    struct der_tlv all, member;
    int64_t length = -1;
    bool found;
    enum err e = der_only(value, 0x30, &all);
    if (e)
        return e;
    struct der d = der_open(all.value);
    e = der_optional(&d, 0x01, &member, &found);
    if (!e && found)
        entry->ca = member.value.len == 1 && member.value.at[0] == 0xff;
    if (!e)
        e = der_optional(&d, 0x02, &member, &found);
    if (!e && found)
        e = der_integer(member.value, &length);
    if (e || !der_at_end(&d) || (found && (length < 0 || length > 255)))
        return ERR_PARSE;
    entry->ca_critical = critical;
    entry->path_length = (int)length;
    return ERR_OK;
}

static enum err read_key_usage(struct cert_entry *entry, struct span value, bool critical)
{
    struct der_tlv bits;
    enum err e = der_only(value, 0x03, &bits);
    if (e || bits.value.len < 2 || bits.value.at[0] > 7)
        return ERR_PARSE;
    entry->key_usage = bits.value.at[1];
    entry->key_usage_critical = critical;
    return ERR_OK;
}

static enum err read_purposes(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv all, id;
    enum err e = der_only(value, 0x30, &all);
    struct der d = der_open(e ? (struct span){ 0 } : all.value);
    while (!e && !der_at_end(&d)) {
        e = der_expect(&d, 0x06, &id);
        if (!e && span_equal(id.value, SPAN(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01)))
            entry->purposes |= CERT_PURPOSE_SERVER;
        if (!e && span_equal(id.value, SPAN(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02)))
            entry->purposes |= CERT_PURPOSE_CLIENT;
    }
    return e;
}

static enum err read_subject_key_id(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv id;
    enum err e = der_only(value, 0x04, &id);
    if (e || id.value.len != sizeof entry->cert.ski)
        return ERR_PARSE;
    memcpy(entry->cert.ski, id.value.at, id.value.len);
    entry->has_ski = true;
    return ERR_OK;
}

static enum err read_authority_key_id(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv all, id;
    enum err e = der_only(value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (!e)
        e = der_find(all.value, 0x80, &id);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    if (id.value.len != sizeof entry->cert.aki)
        return ERR_PARSE;
    memcpy(entry->cert.aki, id.value.at, id.value.len);
    entry->cert.has_aki = true;
    return ERR_OK;
}

static enum err read_alternative_names(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv all, id;
    char text[128];
    enum err e = der_only(value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (e)
        return e;
    entry->alternative_names = all.value;
    e = der_find(all.value, 0x88, &id);
    if (e)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = der_oid_text(id.value, text);
    if (e || strlen(text) >= sizeof entry->cert.oid)
        return ERR_PARSE;
    memcpy(entry->cert.oid, text, strlen(text) + 1);
    return ERR_OK;
}

static enum err read_policies(struct cert_entry *entry, struct span value, bool critical)
{
    struct der_tlv all;
    enum err e = der_only(value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (e)
        return e;
    entry->policies = all.value;
    entry->policies_critical = critical;
    return ERR_OK;
}

static enum err read_name_constraints(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv all;
    enum err e = der_only(value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (!e)
        entry->name_constraints = all.value;
    return e;
}

/* SGP.22 v3 permittedEins: a list of prefixes in place of the name constraint. */
static enum err read_permitted_eins(struct cert_entry *entry, struct span value, bool critical)
{
    (void)critical;
    struct der_tlv all;
    enum err e = der_only(value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (!e)
        entry->permitted_eins = all.value;
    return e;
}

/* Where CRLs are is nothing to judge. */
static enum err read_nothing(struct cert_entry *entry, struct span value, bool critical)
{
    (void)entry, (void)critical;
    return der_check(value);
}

static const struct extension {
    uint8_t id[7];
    size_t len;
    enum err (*read)(struct cert_entry *entry, struct span value, bool critical);
} extensions[] = {
    { { 0x55, 0x1d, 0x0e }, 3, read_subject_key_id },
    { { 0x55, 0x1d, 0x0f }, 3, read_key_usage },
    { { 0x55, 0x1d, 0x11 }, 3, read_alternative_names },
    { { 0x55, 0x1d, 0x13 }, 3, read_basic_constraints },
    { { 0x55, 0x1d, 0x1e }, 3, read_name_constraints },
    { { 0x55, 0x1d, 0x1f }, 3, read_nothing },
    { { 0x55, 0x1d, 0x20 }, 3, read_policies },
    { { 0x55, 0x1d, 0x23 }, 3, read_authority_key_id },
    { { 0x55, 0x1d, 0x25 }, 3, read_purposes },
    { { 0x67, 0x81, 0x12, 0x01, 0x02, 0x02, 0x00 }, 7, read_permitted_eins },
};

static enum err read_extension(struct cert_entry *entry, struct span one, unsigned *seen)
{
    struct der d = der_open(one);
    struct der_tlv id, flag, value;
    bool critical;
    enum err e = der_expect(&d, 0x06, &id);
    if (!e)
        e = der_optional(&d, 0x01, &flag, &critical);
    if (!e)
        e = der_expect(&d, 0x04, &value);
    if (e || !der_at_end(&d) || (critical && flag.value.len != 1))
        return ERR_PARSE;
    critical = critical && flag.value.at[0];
    for (size_t i = 0; i < COUNT(extensions); i++) {
        if (!span_equal(id.value, span_of(extensions[i].id, extensions[i].len)))
            continue;
        if (*seen & 1u << i) /* RFC 5280 4.2: no extension twice */
            return ERR_PARSE;
        *seen |= 1u << i;
        return extensions[i].read(entry, value.value, critical);
    }
    entry->unknown_critical |= critical;
    return ERR_OK;
}

static enum err read_extensions(struct cert_entry *entry, struct span explicit_value)
{
    struct der_tlv all, one;
    unsigned seen = 0;
    enum err e = der_only(explicit_value, 0x30, &all);
    struct der d = der_open(e ? (struct span){ 0 } : all.value);
    while (!e && !der_at_end(&d)) {
        e = der_expect(&d, 0x30, &one);
        if (!e)
            e = read_extension(entry, one.value, &seen);
    }
    return e;
}

/* version, serialNumber and signature, which stand before the names. */
static enum err read_head(struct cert_entry *entry, struct der *tbs)
{
    struct der_tlv t;
    bool found;
    enum err e = der_optional(tbs, 0xa0, &t, &found);
    if (!e && found && !span_equal(t.value, SPAN(0x02, 0x01, 0x02)) &&
        !span_equal(t.value, SPAN(0x02, 0x01, 0x01)))
        e = ERR_PARSE;
    if (!e)
        e = der_expect(tbs, 0x02, &t);
    if (e || t.value.len == 0 || t.value.len > 21)
        return ERR_PARSE;
    entry->serial = t.value;
    e = der_expect(tbs, 0x30, &t);
    return e || span_equal(t.whole, ECDSA_WITH_SHA256) ? e : ERR_UNSUPPORTED;
}

static enum err read_name(struct der *tbs, struct span *out)
{
    struct der_tlv t;
    enum err e = der_expect(tbs, 0x30, &t);
    if (!e)
        e = der_check(t.value);
    if (!e)
        *out = t.value;
    return e;
}

static enum err read_tbs(struct cert_entry *entry, struct span contents)
{
    struct der d = der_open(contents);
    struct der_tlv t;
    bool found;
    enum err e = read_head(entry, &d);
    if (!e)
        e = read_name(&d, &entry->issuer);
    if (!e)
        e = read_validity(&d, &entry->cert);
    if (!e)
        e = read_name(&d, &entry->subject);
    if (!e)
        e = read_subject(entry);
    if (!e)
        e = read_public_key(&d, &entry->cert);
    for (uint32_t unique_id = 0x81; !e && unique_id <= 0x82; unique_id++)
        e = der_optional(&d, unique_id, &t, &found);
    if (!e)
        e = der_optional(&d, 0xa3, &t, &found);
    if (!e && found)
        e = read_extensions(entry, t.value);
    return e || der_at_end(&d) ? e : ERR_PARSE;
}

/* One positive, minimal INTEGER of at most 32 octets, right-aligned. */
static bool read_number(struct der *d, uint8_t out[32])
{
    struct der_tlv t;
    if (der_expect(d, 0x02, &t) || t.value.len == 0 || t.value.at[0] & 0x80)
        return false;
    struct span n = t.value;
    if (n.at[0] == 0 && n.len > 1) {
        if (!(n.at[1] & 0x80))
            return false;
        n = span_sub(n, 1, n.len);
    }
    if (n.len > 32)
        return false;
    memset(out, 0, 32);
    memcpy(out + 32 - n.len, n.at, n.len);
    return true;
}

bool cert_signature_read(struct span der, uint8_t plain[64])
{
    struct der_tlv pair;
    if (der_only(der, 0x30, &pair))
        return false;
    struct der d = der_open(pair.value);
    return read_number(&d, plain) && read_number(&d, plain + 32) && der_at_end(&d);
}

enum err cert_parse(struct cert_entry *entry)
{
    struct der_tlv all, tbs, algorithm, signature;
    enum err e = der_only(entry->cert.der, 0x30, &all);
    if (e)
        return e;
    struct der d = der_open(all.value);
    e = der_expect(&d, 0x30, &tbs);
    if (!e)
        e = der_expect(&d, 0x30, &algorithm);
    if (!e)
        e = der_expect(&d, 0x03, &signature);
    if (e || !der_at_end(&d) || signature.value.len < 1 || signature.value.at[0] != 0)
        return ERR_PARSE;
    entry->tbs = tbs.whole;
    entry->path_length = -1;
    e = read_tbs(entry, tbs.value);
    if (!e && !span_equal(algorithm.whole, ECDSA_WITH_SHA256))
        e = ERR_UNSUPPORTED;
    entry->signature_readable =
        cert_signature_read(span_sub(signature.value, 1, signature.value.len), entry->signature);
    return e;
}
