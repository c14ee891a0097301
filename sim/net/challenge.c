/* The home network's side of AKA, TS 33.102 6.3 and annex C: SQN is SEQ || IND with 5 bits of IND. */
#include "net_internal.h"

#include <string.h>

#define IND_BITS 5
#define IND_MASK 31
#define SQN_MASK INT64_C(0xffffffffffff)
#define SQN_LEN 6

static void put_sqn(int64_t sqn, uint8_t out[SQN_LEN])
{
    for (size_t i = 0; i < SQN_LEN; i++)
        out[i] = (uint8_t)(sqn >> (8 * (SQN_LEN - 1 - i)));
}

static void xor(uint8_t *at, const uint8_t *with, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] ^= with[i];
}

int64_t sqn_after(int64_t sqn)
{
    int64_t seq = (sqn >> IND_BITS) + 1, ind = (sqn + 1) & IND_MASK;
    return (seq << IND_BITS | ind) & SQN_MASK;
}

enum err challenge_make(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                        struct challenge *out)
{
    struct aka_vector v;
    uint8_t sqn[SQN_LEN];
    put_sqn(s->sqn, sqn);
    enum err e = aka_compute(n->env->crypto, &s->aka, rand, sqn, s->amf, &v);
    if (e)
        return e;
    /* AUTN = (SQN xor AK) || AMF || MAC-A */
    memcpy(out->rand, rand, 16);
    memcpy(out->autn, sqn, SQN_LEN);
    xor(out->autn, v.ak, SQN_LEN);
    memcpy(out->autn + SQN_LEN, s->amf, 2);
    memcpy(out->autn + 8, v.mac_a, 8);
    memory_clear(&v, sizeof v);
    return ERR_OK;
}

enum err challenge_check_res(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                             struct span res)
{
    static const uint8_t zero[SQN_LEN]; /* RES does not depend on SQN and AMF */
    struct aka_vector v;
    enum err e = aka_compute(n->env->crypto, &s->aka, rand, zero, zero, &v);
    if (!e && !span_equal_secret(res, span_of(v.res, v.res_len)))
        e = ERR_VERIFY;
    memory_clear(&v, sizeof v);
    return e;
}

enum err challenge_check_auts(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                              struct span auts, int64_t *sqn)
{
    static const uint8_t zero[SQN_LEN];
    struct aka_vector v;
    uint8_t sqn_ms[SQN_LEN];
    if (auts.len != SQN_LEN + 8)
        return ERR_VERIFY;
    /* AUTS = (SQNms xor AK*) || MAC-S, where AMF* = 0000 (TS 33.102 6.3.3). */
    enum err e = aka_compute(n->env->crypto, &s->aka, rand, zero, zero, &v);
    if (e)
        return e;
    memcpy(sqn_ms, auts.at, SQN_LEN);
    xor(sqn_ms, v.ak_star, SQN_LEN);
    e = aka_compute(n->env->crypto, &s->aka, rand, sqn_ms, zero, &v);
    if (!e && !span_equal_secret(span_of(v.mac_s, 8), span_sub(auts, SQN_LEN, 8)))
        e = ERR_VERIFY;
    memory_clear(&v, sizeof v);
    if (e)
        return e;
    *sqn = 0;
    for (size_t i = 0; i < SQN_LEN; i++)
        *sqn = *sqn << 8 | sqn_ms[i];
    return ERR_OK;
}
