/* Pinned CIs by key identifier, and their revocation lists. */
#include <stdlib.h>
#include <string.h>

#include "x509_internal.h"

#define TRUST_ANCHORS_MAX 64
#define TRUST_CRLS_MAX 64
#define CRL_DER_MAX (1u << 20)

enum err trust_new(struct crypto *c, struct trust **out)
{
    struct trust *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    t->crypto = c;
    *out = t;
    return ERR_OK;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->crl_count; i++)
        buf_release(&t->crls[i].der);
    free(t->crls);
    free(t->anchors);
    free(t);
}

static struct trust_anchor *anchor_with(const struct trust *t, struct span ski)
{
    for (size_t i = 0; i < t->count; i++)
        if (span_equal(SPAN_ARRAY(t->anchors[i].ski), ski))
            return &t->anchors[i];
    return NULL;
}

static enum err add_anchor(struct trust *t, const struct trust_anchor *a)
{
    struct trust_anchor *known = anchor_with(t, SPAN_ARRAY(a->ski));
    if (known && (known->curve != a->curve || memcmp(known->key.at, a->key.at, sizeof a->key.at) != 0))
        return ERR_EXISTS;
    if (known) { /* the Test CI was reissued several times with one key: any of its certificates will do */
        known->cert = known->cert ? known->cert : a->cert;
        return ERR_OK;
    }
    if (t->count == TRUST_ANCHORS_MAX)
        return ERR_LIMIT;
    struct trust_anchor *grown = realloc(t->anchors, (t->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    t->anchors = grown;
    t->anchors[t->count++] = *a;
    return ERR_OK;
}

enum err trust_add_ci(struct trust *t, struct span der_or_pem)
{
    const struct cert *c;
    enum err e = cert_load(t->crypto, der_or_pem, &c);
    if (e)
        return e;
    struct trust_anchor a = { .curve = c->curve, .key = c->key, .cert = cert_entry_of(c) };
    memcpy(a.ski, c->ski, sizeof a.ski);
    return add_anchor(t, &a);
}

enum err trust_add_ci_key(struct trust *t, enum ec_curve curve, struct span point, struct span ski)
{
    struct trust_anchor a = { .curve = curve };
    EVP_PKEY *key = NULL;
    if (ski.len != sizeof a.ski)
        return ERR_PARSE;
    enum err e = ec_public_import(t->crypto, curve, point, &key);
    EVP_PKEY_free(key);
    if (e)
        return e;
    memcpy(a.key.at, point.at, sizeof a.key.at);
    memcpy(a.ski, ski.at, sizeof a.ski);
    return add_anchor(t, &a);
}

bool trust_knows_ci(const struct trust *t, struct span ski) { return anchor_with(t, ski) != NULL; }

size_t trust_ci_count(const struct trust *t) { return t->count; }

struct span trust_ci_ski(const struct trust *t, size_t index)
{
    return index < t->count ? SPAN_ARRAY(t->anchors[index].ski) : (struct span){ 0 };
}

/* What a CertificateList says, as spans into it (RFC 5280 5.1). */
struct crl_fields {
    struct span tbs, issuer, revoked, key_id, number, base;
    bool delta;
    uint8_t signature[64];
};

/* crlExtensions: the issuer's key id, the list's number, and what a delta list adds to. */
static enum err read_crl_extensions(struct span explicit_value, struct crl_fields *f)
{
    struct der_tlv all, one, id, value;
    enum err e = der_only(explicit_value, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    struct der d = der_open(e ? (struct span){ 0 } : all.value);
    while (!e && !der_at_end(&d)) {
        e = der_expect(&d, 0x30, &one);
        if (!e)
            e = der_find(one.value, 0x06, &id);
        if (!e)
            e = der_find(one.value, 0x04, &value);
        if (e)
            break;
        if (span_equal(id.value, SPAN(0x55, 0x1d, 0x1b))) {
            f->delta = true;
            f->base = value.value;
        }
        if (span_equal(id.value, SPAN(0x55, 0x1d, 0x14)))
            f->number = value.value;
        if (span_equal(id.value, SPAN(0x55, 0x1d, 0x23)) && der_only(value.value, 0x30, &one) == ERR_OK &&
            der_find(one.value, 0x80, &id) == ERR_OK)
            f->key_id = id.value;
    }
    return e == ERR_NOT_FOUND ? ERR_PARSE : e;
}

static enum err read_crl_tbs(struct span contents, struct crl_fields *f)
{
    struct der d = der_open(contents);
    struct der_tlv t;
    bool found;
    enum err e = der_optional(&d, 0x02, &t, &found);
    if (!e)
        e = der_expect(&d, 0x30, &t);
    if (!e && !span_equal(t.whole, ECDSA_WITH_SHA256))
        e = ERR_UNSUPPORTED;
    if (!e)
        e = der_expect(&d, 0x30, &t);
    f->issuer = e ? (struct span){ 0 } : t.value;
    if (!e)
        e = der_next(&d, &t); /* thisUpdate */
    if (!e && (der_peek(&d) == 0x17 || der_peek(&d) == 0x18))
        e = der_next(&d, &t); /* nextUpdate */
    if (!e)
        e = der_optional(&d, 0x30, &t, &found);
    if (!e && found)
        f->revoked = t.value;
    if (!e)
        e = der_optional(&d, 0xa0, &t, &found);
    if (!e && found)
        e = read_crl_extensions(t.value, f);
    return e || der_at_end(&d) ? e : ERR_PARSE;
}

static enum err read_crl(struct span der, struct crl_fields *f)
{
    struct der_tlv all, tbs, algorithm, signature;
    enum err e = der_only(der, 0x30, &all);
    if (!e)
        e = der_check(all.value);
    if (e)
        return e;
    struct der d = der_open(all.value);
    e = der_expect(&d, 0x30, &tbs);
    if (!e)
        e = der_expect(&d, 0x30, &algorithm);
    if (!e)
        e = der_expect(&d, 0x03, &signature);
    if (e || !der_at_end(&d) || signature.value.len < 1)
        return ERR_PARSE;
    f->tbs = tbs.whole;
    if (!cert_signature_read(span_sub(signature.value, 1, signature.value.len), f->signature))
        return ERR_PARSE;
    return read_crl_tbs(tbs.value, f);
}

static const struct trust_anchor *crl_issuer(const struct trust *t, const struct crl_fields *f)
{
    if (f->key_id.len)
        return anchor_with(t, f->key_id);
    for (size_t i = 0; i < t->count; i++)
        if (t->anchors[i].cert && span_equal(t->anchors[i].cert->subject, f->issuer))
            return &t->anchors[i];
    return NULL;
}

static enum err keep_crl(struct trust *t, const struct trust_anchor *issuer, struct span der)
{
    struct crl_fields f = { 0 };
    struct trust_crl crl = { .anchor = (size_t)(issuer - t->anchors), .der = { .max = CRL_DER_MAX } };
    if (t->crl_count == TRUST_CRLS_MAX)
        return ERR_LIMIT;
    struct trust_crl *grown = realloc(t->crls, (t->crl_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    t->crls = grown;
    enum err e = buf_set(&crl.der, der);
    if (!e)
        e = read_crl(buf_span(&crl.der), &f);
    if (e) {
        buf_release(&crl.der);
        return e;
    }
    crl.revoked = f.revoked;
    t->crls[t->crl_count++] = crl;
    return ERR_OK;
}

enum err trust_add_crl(struct trust *t, struct span der)
{
    struct crl_fields f = { 0 };
    if (der.len > CRL_DER_MAX)
        return ERR_LIMIT;
    enum err e = read_crl(der, &f);
    if (e)
        return e;
    if (f.delta)
        return ERR_UNSUPPORTED; /* alone it says nothing about what it leaves out */
    const struct trust_anchor *issuer = crl_issuer(t, &f);
    if (!issuer)
        return ERR_VERIFY;
    e = ec_verify(t->crypto, issuer->curve, SPAN_ARRAY(issuer->key.at), &f.tbs, 1, SPAN_ARRAY(f.signature));
    return e ? e : keep_crl(t, issuer, der);
}

static bool crl_lists(struct span revoked, struct span serial)
{
    struct der d = der_open(revoked);
    struct der_tlv row, number;
    while (!der_at_end(&d))
        if (der_expect(&d, 0x30, &row) || der_find(row.value, 0x02, &number) ||
            span_equal(number.value, serial))
            return true; /* a row that cannot be read may be this one */
    return false;
}

bool trust_revoked(const struct trust *t, const struct trust_anchor *anchor, struct span serial)
{
    for (size_t i = 0; i < t->crl_count; i++)
        if (&t->anchors[t->crls[i].anchor] == anchor && crl_lists(t->crls[i].revoked, serial))
            return true;
    return false;
}

static enum err read_crl_number(struct span extension, int64_t *out)
{
    struct der_tlv t;
    *out = 0;
    return !extension.len ? ERR_OK : der_only(extension, 0x02, &t) ? ERR_PARSE : der_integer(t.value, out);
}

enum err crl_read(const struct trust *t, struct span der, struct crl_info *out)
{
    struct crl_fields f = { 0 };
    *out = (struct crl_info){ 0 };
    enum err e = der.len > CRL_DER_MAX ? ERR_LIMIT : read_crl(der, &f);
    if (!e)
        e = read_crl_number(f.number, &out->number);
    if (!e)
        e = read_crl_number(f.base, &out->base);
    if (e)
        return e;
    const struct trust_anchor *issuer = crl_issuer(t, &f);
    if (!issuer)
        return ERR_NOT_FOUND;
    out->delta = f.delta;
    memcpy(out->ci, issuer->ski, sizeof out->ci);
    return ec_verify(t->crypto, issuer->curve, SPAN_ARRAY(issuer->key.at), &f.tbs, 1, SPAN_ARRAY(f.signature));
}

bool crl_lists_certificate(struct span der, const struct cert *c)
{
    struct crl_fields f = { 0 };
    return read_crl(der, &f) || crl_lists(f.revoked, cert_entry_of(c)->serial);
}
