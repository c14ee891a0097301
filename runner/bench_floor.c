#include "bench.h"

/* Direct download, one eUICC package with enable, the notifications of both; CI keys on one curve, certificates issued by
 * the CI without intermediates (variant O). Checks of a chain that was checked before, byte for byte, are not counted. */
static const struct bench_demand demands[] = {
    { "SGP.22 5.6.1", "SM-DP+ signs serverSigned1", { .sign = 1 } },
    { "SGP.22 5.7.13", "eUICC verifies CERT.DPauth and serverSignature1", { .verify = 2 } },
    { "SGP.22 5.7.13", "eUICC signs euiccSigned1", { .sign = 1 } },
    { "SGP.22 5.6.3", "SM-DP+ verifies CERT.EUICC and euiccSignature1", { .verify = 2 } },
    { "SGP.22 5.6.3", "SM-DP+ signs smdpSigned2", { .sign = 1 } },
    { "SGP.22 5.7.5", "eUICC verifies CERT.DPpb and smdpSignature2", { .verify = 2 } },
    { "SGP.22 5.7.5", "eUICC generates otPK.EUICC and signs euiccSigned2", { .sign = 1, .keygen = 1 } },
    { "SGP.22 5.6.2", "SM-DP+ verifies euiccSignature2", { .verify = 1 } },
    { "SGP.22 5.6.2, 2.6.4", "SM-DP+ generates otPK.DP, agrees on keys, signs InitialiseSecureChannel",
      { .sign = 1, .ecdh = 1, .keygen = 1 } },
    { "SGP.22 5.7.6, 2.6.4", "eUICC verifies smdpSign and agrees on keys", { .verify = 1, .ecdh = 1 } },
    { "SGP.22 5.7.6", "eUICC signs the ProfileInstallationResult", { .sign = 1 } },
    { "SGP.22 5.6.4", "SM-DP+ verifies the ProfileInstallationResult", { .verify = 1 } },
    { "SGP.32 2.11.1.1", "eIM signs the eUICC package with enable", { .sign = 1 } },
    { "SGP.32 5.9.1", "eUICC verifies eimSignature", { .verify = 1 } },
    { "SGP.32 5.9.1", "eUICC signs the eUICC package result", { .sign = 1 } },
    { "SGP.32 2.11.2.1", "eIM verifies the eUICC package result", { .verify = 1 } },
    { "SGP.22 5.7.9", "eUICC signs the notification of enabling", { .sign = 1 } },
    { "SGP.22 5.6.4", "SM-DP+ verifies the notification of enabling", { .verify = 1 } },
};

const struct bench_demand *bench_demand_at(size_t index)
{
    return index < COUNT(demands) ? &demands[index] : NULL;
}

struct crypto_counts bench_demanded(void)
{
    struct crypto_counts sum = { 0 };
    for (size_t i = 0; i < COUNT(demands); i++) {
        sum.sign += demands[i].counts.sign;
        sum.verify += demands[i].counts.verify;
        sum.ecdh += demands[i].counts.ecdh;
        sum.keygen += demands[i].counts.keygen;
    }
    return sum;
}
