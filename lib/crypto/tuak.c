/* TUAK, TS 35.231 clauses 6 and 7. Every field stands in the Keccak state with its last octet first. */
#include "aka_internal.h"

#include <string.h>

#include "keccak.h"

/* Octets of the state. */
enum {
    AT_TOP = 0, AT_INSTANCE = 32, AT_NAME = 33, AT_RAND = 40, AT_AMF = 56, AT_SQN = 58, AT_KEY = 64,
    AT_PAD = 96, AT_LAST = 135, STATE_LEN = 200,
    OUT_MAC = 0, OUT_RES = 0, OUT_CK = 32, OUT_IK = 64, OUT_AK = 96,
};
/* Bits of INSTANCE. */
enum { IS_F2345 = 0x40, IS_F1STAR = 0x80, IS_F5STAR = 0xC0, MAC_64 = 0x08, CK_256 = 0x04, IK_256 = 0x02, KEY_256 = 0x01 };

static void push(uint8_t *at, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = from[len - 1 - i];
}

static uint8_t key_bit(const struct aka_params *p)
{
    return p->k_len == 32 ? KEY_256 : 0;
}

static void permute(const struct aka_params *p, const uint8_t top[32], uint8_t instance, uint8_t state[STATE_LEN])
{
    push(state + AT_TOP, top, 32);
    state[AT_INSTANCE] = instance;
    push(state + AT_NAME, (const uint8_t *)"TUAK1.0", 7);
    push(state + AT_KEY, p->k, p->k_len);
    state[AT_PAD] = 0x1f;
    state[AT_LAST] = 0x80;
    unsigned iterations = p->keccak_iterations ? p->keccak_iterations : 1;
    for (unsigned i = 0; i < iterations; i++)
        keccak_f1600(state);
}

struct challenge {
    const uint8_t *rand, *sqn, *amf; /* sqn and amf NULL: left zero, as f2 to f5* want it */
};

static void run(const struct aka_params *p, uint8_t instance, const struct challenge *q, uint8_t state[STATE_LEN])
{
    memset(state, 0, STATE_LEN);
    push(state + AT_RAND, q->rand, 16);
    if (q->sqn) {
        push(state + AT_AMF, q->amf, 2);
        push(state + AT_SQN, q->sqn, 6);
    }
    permute(p, p->opc, (uint8_t)(instance | key_bit(p)), state);
}

/* TS 35.231 7.2: the lengths of RES, CK and IK stand in INSTANCE. */
static enum err take_lengths(const struct aka_params *p, struct aka_vector *out, uint8_t *bits)
{
    out->res_len = p->res_len ? p->res_len : 8;
    out->ck_len = p->ck_len ? p->ck_len : 16;
    out->ik_len = p->ik_len ? p->ik_len : 16;
    if ((out->res_len != 4 && out->res_len != 8 && out->res_len != 16 && out->res_len != 32) ||
        (out->ck_len != 16 && out->ck_len != 32) || (out->ik_len != 16 && out->ik_len != 32))
        return ERR_UNSUPPORTED;
    *bits = (uint8_t)((out->res_len == 4 ? 0 : out->res_len) | (out->ck_len == 32 ? CK_256 : 0) |
                      (out->ik_len == 32 ? IK_256 : 0));
    return ERR_OK;
}

enum err tuak_compute(const struct aka_params *p, const uint8_t rand[16], const uint8_t sqn[6],
                      const uint8_t amf[2], struct aka_vector *out)
{
    uint8_t state[STATE_LEN], lengths;
    const struct challenge full = { rand, sqn, amf }, bare = { .rand = rand };
    enum err e = take_lengths(p, out, &lengths);
    if (e)
        return e;
    run(p, MAC_64, &full, state);
    push(out->mac_a, state + OUT_MAC, 8);
    run(p, IS_F1STAR | MAC_64, &full, state);
    push(out->mac_s, state + OUT_MAC, 8);
    run(p, (uint8_t)(IS_F2345 | lengths), &bare, state);
    push(out->res, state + OUT_RES, out->res_len);
    push(out->ck, state + OUT_CK, out->ck_len);
    push(out->ik, state + OUT_IK, out->ik_len);
    push(out->ak, state + OUT_AK, 6);
    run(p, IS_F5STAR, &bare, state);
    push(out->ak_star, state + OUT_AK, 6);
    memory_clear(state, sizeof state);
    return ERR_OK;
}

enum err tuak_topc(const struct aka_params *p, const uint8_t top[32], uint8_t topc[32])
{
    uint8_t state[STATE_LEN] = { 0 };
    if (p->k_len != 16 && p->k_len != 32)
        return ERR_PARSE;
    permute(p, top, key_bit(p), state);
    push(topc, state + OUT_MAC, 32);
    memory_clear(state, sizeof state);
    return ERR_OK;
}
