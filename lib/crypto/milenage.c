/* Milenage, TS 35.206 clause 4. */
#include "aka_internal.h"

#include <string.h>

#define BLOCK 16

static void xor_into(uint8_t *at, const uint8_t *with)
{
    for (size_t i = 0; i < BLOCK; i++)
        at[i] ^= with[i];
}

/* Cyclic rotation by r bits towards the most significant one. */
static void rotate(const uint8_t in[BLOCK], unsigned r, uint8_t out[BLOCK])
{
    for (size_t i = 0; i < BLOCK; i++) {
        size_t from = (i + r / 8) % BLOCK;
        unsigned pair = (unsigned)in[from] << 8 | in[(from + 1) % BLOCK];
        out[i] = (uint8_t)(pair >> (8 - r % 8));
    }
}

struct constants {
    uint8_t r[5], c[5][BLOCK];
};

static struct constants constants_of(const struct aka_params *p)
{
    static const uint8_t standard_r[5] = { 64, 0, 32, 64, 96 }, none[5];
    static const uint8_t standard_c[5] = { 0, 1, 2, 4, 8 };
    struct constants k = { 0 };
    memcpy(k.r, memcmp(p->r, none, sizeof none) ? p->r : standard_r, sizeof k.r);
    if (p->own_constants)
        memcpy(k.c, p->c, sizeof k.c);
    else
        for (size_t i = 0; i < 5; i++)
            k.c[i][BLOCK - 1] = standard_c[i];
    return k;
}

/* The five inputs of the second encryption; TEMP is added behind the rotation in f1 and before it in the others. */
static void second_inputs(const struct aka_params *p, const uint8_t temp[BLOCK], const uint8_t in1[BLOCK],
                          uint8_t in[5][BLOCK])
{
    struct constants k = constants_of(p);
    for (size_t i = 0; i < 5; i++) {
        uint8_t before[BLOCK];
        memcpy(before, i ? temp : in1, BLOCK);
        xor_into(before, p->opc);
        rotate(before, k.r[i], in[i]);
        xor_into(in[i], k.c[i]);
        if (!i)
            xor_into(in[i], temp);
    }
}

enum err milenage_compute(struct crypto *c, const struct aka_params *p, const uint8_t rand[16],
                          const uint8_t sqn[6], const uint8_t amf[2], struct aka_vector *out)
{
    uint8_t first[BLOCK], temp[BLOCK], in1[BLOCK], in[5][BLOCK], o[5][BLOCK];
    for (size_t half = 0; half < BLOCK; half += 8) {
        memcpy(in1 + half, sqn, 6);
        memcpy(in1 + half + 6, amf, 2);
    }
    memcpy(first, rand, BLOCK);
    xor_into(first, p->opc);
    enum err e = aes128_blocks(c, span_of(p->k, BLOCK), first, 1, temp);
    if (e)
        return e;
    second_inputs(p, temp, in1, in);
    e = aes128_blocks(c, span_of(p->k, BLOCK), in[0], 5, o[0]);
    if (e)
        return e;
    for (size_t i = 0; i < 5; i++)
        xor_into(o[i], p->opc);
    memcpy(out->mac_a, o[0], 8);
    memcpy(out->mac_s, o[0] + 8, 8);
    memcpy(out->ak, o[1], 6);
    memcpy(out->res, o[1] + 8, 8);
    memcpy(out->ck, o[2], 16);
    memcpy(out->ik, o[3], 16);
    memcpy(out->ak_star, o[4], 6);
    out->res_len = 8;
    out->ck_len = out->ik_len = 16;
    memory_clear(o, sizeof o);
    memory_clear(temp, sizeof temp);
    return ERR_OK;
}

enum err milenage_opc(struct crypto *c, const uint8_t k[16], const uint8_t op[16], uint8_t opc[16])
{
    uint8_t encrypted[BLOCK];
    enum err e = aes128_blocks(c, span_of(k, BLOCK), op, 1, encrypted);
    if (e)
        return e;
    xor_into(encrypted, op);
    memcpy(opc, encrypted, BLOCK);
    memory_clear(encrypted, sizeof encrypted);
    return ERR_OK;
}
