#include "keccak.h"

#include <stddef.h>

#define ROUNDS 24

static uint64_t rotated(uint64_t x, unsigned by)
{
    return by ? x << by | x >> (64 - by) : x;
}

/* FIPS 202 3.2.1: each lane is mixed with the parities of two columns. */
static void theta(uint64_t a[25])
{
    uint64_t parity[5];
    for (size_t x = 0; x < 5; x++)
        parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
    for (size_t i = 0; i < 25; i++)
        a[i] ^= parity[(i % 5 + 4) % 5] ^ rotated(parity[(i % 5 + 1) % 5], 1);
}

/* 3.2.2 and 3.2.3: each lane is rotated and moved, along one cycle through all but the first. */
static void rho_pi(uint64_t a[25])
{
    size_t x = 1, y = 0;
    uint64_t carried = a[1];
    for (unsigned t = 0; t < 24; t++) {
        size_t next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
        uint64_t there = a[x + 5 * y];
        a[x + 5 * y] = rotated(carried, (t + 1) * (t + 2) / 2 % 64);
        carried = there;
    }
}

/* 3.2.4: the only step that is not linear. */
static void chi(uint64_t a[25])
{
    for (size_t y = 0; y < 25; y += 5) {
        const uint64_t row[5] = { a[y], a[y + 1], a[y + 2], a[y + 3], a[y + 4] };
        for (size_t x = 0; x < 5; x++)
            a[y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
}

/* 3.2.5: round constants from a shift register of eight bits. */
static void iota(uint64_t a[25], uint8_t *shift)
{
    for (unsigned j = 0; j < 7; j++) {
        if (*shift & 1)
            a[0] ^= UINT64_C(1) << ((1u << j) - 1);
        *shift = (uint8_t)(*shift << 1 ^ (*shift & 0x80 ? 0x71 : 0));
    }
}

void keccak_f1600(uint8_t state[200])
{
    uint64_t a[25] = { 0 };
    uint8_t shift = 1;
    for (size_t i = 0; i < 200; i++)
        a[i / 8] |= (uint64_t)state[i] << (8 * (i % 8));
    for (unsigned round = 0; round < ROUNDS; round++) {
        theta(a);
        rho_pi(a);
        chi(a);
        iota(a, &shift);
    }
    for (size_t i = 0; i < 200; i++)
        state[i] = (uint8_t)(a[i / 8] >> (8 * (i % 8)));
}
