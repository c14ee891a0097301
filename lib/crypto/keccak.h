/* The permutation Keccak-f[1600] (FIPS 202), which TUAK iterates and OpenSSL does not offer by itself. */
#ifndef LAB_CRYPTO_KECCAK_H
#define LAB_CRYPTO_KECCAK_H

#include <stdint.h>

/* 25 lanes as 200 octets, each lane little-endian. */
void keccak_f1600(uint8_t state[200]);

#endif
