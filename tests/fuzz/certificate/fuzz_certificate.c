/* Any bytes as a certificate and as a revocation list, judged in every role by one who believes the
 * Test CI. */
#include <stdlib.h>

#include "certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

#define EPOCH INT64_C(1767225600000) /* 2026-01-01 */

struct judge {
    struct crypto *crypto;
    struct pki *pki;
    struct trust *trust;
};

/* Made anew for each input, so that no verdict is remembered from the last; the PKI is issued only
 * as asked for. */
static struct judge judge_new(void)
{
    struct judge j = { 0 };
    require(crypto_new_seeded(span_str("fuzz"), &j.crypto) == ERR_OK);
    require(pki_new(j.crypto, EPOCH, &j.pki) == ERR_OK);
    require(pki_trust(j.pki, &j.trust) == ERR_OK);
    return j;
}

static void judge_free(struct judge *j)
{
    trust_free(j->trust);
    pki_free(j->pki);
    crypto_free(j->crypto);
}

static void judge_input(struct judge *j, struct span input)
{
    const struct cert *cert = NULL;
    struct cert_policy policy = { .now = EPOCH };
    if (cert_load(j->crypto, input, &cert) == ERR_OK)
        for (int role = CERT_CI; role <= CERT_TLS_SERVER; role++) {
            enum cert_flaw flaw =
                cert_judge(j->trust, cert, (enum cert_role)role, NULL, 0, &policy, NULL);
            require(cert_flaw_text(flaw) != NULL);
        }
    enum err e = trust_add_crl(j->trust, input);
    require(e == ERR_OK || e == ERR_PARSE || e == ERR_VERIFY || e == ERR_UNSUPPORTED ||
            e == ERR_LIMIT);
}

/* The judge is replaced now and then, before what it remembers grows large. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct judge judge;
    static unsigned inputs;
    if (inputs++ % 1000 == 0) {
        judge_free(&judge);
        judge = judge_new();
    }
    judge_input(&judge, span_of(data, size));
    return 0;
}
