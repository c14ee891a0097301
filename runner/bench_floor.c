#include "bench.h"

/* Direct download, one eUICC package with enable, one notification of each; certificates issued by the CI without
 * intermediates (SGP.22 4.5.2, variant O). docs/benchmark.md has the same table. */
static const struct bench_demand demands[] = {
    { "SGP.22 5.6.1", "SM-DP+ signs serverSigned1", { .sign = 1 }, false },
    { "SGP.22 5.7.13", "eUICC verifies CERT.DPauth", { .verify = 1 }, true },
    { "SGP.22 5.7.13", "eUICC verifies serverSignature1, signs euiccSigned1", { .sign = 1, .verify = 1 }, false },
    { "SGP.22 5.6.3", "SM-DP+ verifies CERT.EUICC", { .verify = 1 }, true },
    { "SGP.22 5.6.3", "SM-DP+ verifies euiccSignature1, signs smdpSigned2", { .sign = 1, .verify = 1 }, false },
    { "SGP.22 5.7.5", "eUICC verifies CERT.DPpb", { .verify = 1 }, true },
    { "SGP.22 5.7.5", "eUICC verifies smdpSignature2, generates otPK.EUICC, signs euiccSigned2",
      { .sign = 1, .verify = 1, .keygen = 1 }, false },
    { "SGP.22 5.6.2", "SM-DP+ verifies euiccSignature2, generates otPK.DP, agrees on keys, signs the remote operation",
      { .sign = 1, .verify = 1, .ecdh = 1, .keygen = 1 }, false },
    { "SGP.22 5.7.6", "eUICC verifies the remote operation, agrees on keys, signs the installation result",
      { .sign = 1, .verify = 1, .ecdh = 1 }, false },
    { "SGP.22 5.6.4", "SM-DP+ verifies the installation result", { .verify = 1 }, false },
    { "SGP.32 2.11.1.1", "eIM signs the eUICC package with enable", { .sign = 1 }, false },
    { "SGP.32 5.9.1", "eUICC verifies eimSignature, signs the result", { .sign = 1, .verify = 1 }, false },
    { "SGP.32 2.11.2.1", "eIM verifies the result", { .verify = 1 }, false },
    { "SGP.22 5.7.16", "eUICC signs the notification of enabling", { .sign = 1 }, false },
    { "SGP.22 5.6.4", "SM-DP+ verifies the notification of enabling", { .verify = 1 }, false },
};

const struct bench_demand *bench_demand_at(size_t index)
{
    return index < COUNT(demands) ? &demands[index] : NULL;
}

struct crypto_counts bench_demanded(void)
{
    struct crypto_counts sum = { 0 };
    for (size_t i = 0; i < COUNT(demands); i++) {
        if (demands[i].remembered)
            continue;
        sum.sign += demands[i].counts.sign;
        sum.verify += demands[i].counts.verify;
        sum.ecdh += demands[i].counts.ecdh;
        sum.keygen += demands[i].counts.keygen;
    }
    return sum;
}
