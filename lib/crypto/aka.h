/* 3GPP authentication and key agreement: Milenage (TS 35.206) and TUAK (TS 35.231). All big-endian octets. */
#ifndef LAB_CRYPTO_AKA_H
#define LAB_CRYPTO_AKA_H

#include "crypto.h"

/* Parameters of one subscription. For TUAK, k_len is 16 or 32 and topc 32 octets. */
struct aka_params {
    enum { AKA_MILENAGE = 1, AKA_TUAK = 2 } algorithm;
    uint8_t k[32];
    size_t k_len;
    uint8_t opc[32];      /* OPc (16) or TOPc (32) */
    uint8_t r[5];         /* Milenage rotations in bits; all zero: the standard ones 64 0 32 64 96 */
    uint8_t c[5][16];     /* Milenage constants; used when `own_constants` */
    bool own_constants;
    uint8_t res_len;      /* Milenage 8; TUAK 4, 8, 16 or 32; 0 means 8 */
    uint8_t ck_len, ik_len; /* Milenage 16; TUAK 16 or 32; 0 means 16 */
    uint8_t keccak_iterations; /* TUAK; 0 means 1 */
};

/* Everything that f1..f5* give for one RAND, SQN and AMF. */
struct aka_vector {
    uint8_t mac_a[8], mac_s[8], res[32], ck[32], ik[32], ak[6], ak_star[6];
    size_t res_len, ck_len, ik_len;
};
MUST_CHECK enum err aka_compute(struct crypto *c, const struct aka_params *p, const uint8_t rand[16],
                                const uint8_t sqn[6], const uint8_t amf[2], struct aka_vector *out);
/* OPc from OP. */
MUST_CHECK enum err milenage_opc(struct crypto *c, const uint8_t k[16], const uint8_t op[16], uint8_t opc[16]);
/* TOPc from TOP with the key and the iterations of p. */
MUST_CHECK enum err tuak_topc(const struct aka_params *p, const uint8_t top[32], uint8_t topc[32]);
#endif
