/* Any bytes as a certificate and as a revocation list: read or refused, judged in every role, never believed
 * below a CI that did not sign them. */
#include <stdlib.h>

#include "x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Somebody's key, in which nothing of the input is signed: the base point of P-256. */
static const uint8_t strangers_key[65] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

static void judge_in_every_role(struct trust *t, const struct cert *c)
{
    const struct cert_policy policy = { .now = INT64_C(1780272000000) };
    /* Under the very key that it names: all is read and checked, and the signature must fail. */
    enum err e = trust_add_ci_key(t, c->curve, SPAN_ARRAY(strangers_key),
                                  c->has_aki ? SPAN_ARRAY(c->aki) : SPAN_ARRAY(c->ski));
    require(e == ERR_OK || e == ERR_VERIFY);
    for (int role = CERT_CI; role <= CERT_TLS_SERVER; role++)
        require(cert_judge(t, c, (enum cert_role)role, &c, 1, &policy, NULL) != CERT_FINE);
    require(!cert_names_host(c, ""));
    if (cert_eid_permitted(c, c))
        require(c->eid[0] != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crypto *crypto = NULL;
    struct trust *t = NULL;
    const struct cert *c = NULL, *again = NULL;
    struct span input = span_of(data, size);
    require(crypto_new(&crypto) == ERR_OK);
    require(trust_new(crypto, &t) == ERR_OK);
    if (cert_load(crypto, input, &c) == ERR_OK) {
        require(cert_load(crypto, c->der, &again) == ERR_OK && again == c);
        judge_in_every_role(t, c);
    }
    require(trust_add_crl(t, input) != ERR_OK);
    trust_free(t);
    crypto_free(crypto);
    return 0;
}
