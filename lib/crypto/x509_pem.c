/* Text for files: what OpenSSL, GnuTLS and people expect. */
#include "x509_internal.h"

/* Base64 in lines of 64 characters between BEGIN and END (RFC 7468). */
static enum err put_pem(struct buf *pem, const char *label, struct span der)
{
    enum err e = buf_printf(pem, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; !e && at < der.len; at += 48) {
        e = base64_put(pem, span_sub(der, at, 48));
        if (!e)
            e = buf_put_u8(pem, '\n');
    }
    return e ? e : buf_printf(pem, "-----END %s-----\n", label);
}

enum err cert_put_pem(struct span der, struct buf *pem) { return put_pem(pem, "CERTIFICATE", der); }

/* ECPrivateKey of RFC 5915, with curve and public key. */
static enum err put_private_key(struct buf *b, const struct ec_key *k, struct span d)
{
    struct der_mark all, part;
    enum err e = der_put_open(b, 0x30, &all);
    if (!e)
        e = der_put_integer(b, 0x02, 1);
    if (!e)
        e = der_put(b, 0x04, d);
    if (!e)
        e = der_put_open(b, 0xa0, &part);
    if (!e)
        e = der_put_oid(b, 0x06, k->curve == EC_P256 ? "1.2.840.10045.3.1.7" : "1.3.36.3.3.2.8.1.1.7");
    if (!e)
        e = der_put_close(b, part);
    if (!e)
        e = der_put_open(b, 0xa1, &part);
    if (!e)
        e = der_put_header(b, 0x03, 1 + sizeof k->point.at);
    if (!e)
        e = buf_put_u8(b, 0);
    if (!e)
        e = buf_put(b, SPAN_ARRAY(k->point.at));
    if (!e)
        e = der_put_close(b, part);
    return e ? e : der_put_close(b, all);
}

enum err ec_key_put_pem(const struct ec_key *k, struct buf *pem)
{
    struct secret d = { .len = 0 };
    uint8_t room[160]; /* the DER is 121 octets; no copies of it are left behind by a growing buffer */
    struct buf der = { .at = room, .cap = sizeof room, .max = sizeof room };
    enum err e = ec_key_scalar(k, &d);
    if (!e)
        e = put_private_key(&der, k, secret_span(&d));
    if (!e)
        e = put_pem(pem, "EC PRIVATE KEY", buf_span(&der));
    secret_release(&d);
    memory_clear(room, sizeof room);
    return e;
}
