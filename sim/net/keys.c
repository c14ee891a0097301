/* Subscribers' keys at rest. One sealed record: algorithm, sizes, K, OPc; the IMSI is authenticated with it, so that a
 * record moved to another row opens to nothing. */
#include "net_internal.h"

#include <string.h>

#define NONCE_LEN 12u

struct record {
    uint8_t algorithm, k_len, res_len, iterations, k[32], opc[32];
};

enum err keys_seal(struct network *n, const struct subscriber *s, struct buf *out)
{
    uint8_t nonce[NONCE_LEN];
    struct record r = { .algorithm = (uint8_t)s->aka.algorithm,
                        .k_len = (uint8_t)s->aka.k_len,
                        .res_len = s->aka.res_len,
                        .iterations = s->aka.keccak_iterations };
    memcpy(r.k, s->aka.k, sizeof r.k);
    memcpy(r.opc, s->aka.opc, sizeof r.opc);
    enum err e = rng_fill(n->env->rng, nonce, sizeof nonce);
    if (!e)
        e = buf_put(out, SPAN_ARRAY(nonce));
    if (!e)
        e = aes256_gcm_seal(n->env->crypto, secret_span(&n->storage_key), SPAN_ARRAY(nonce), span_str(s->imsi),
                            span_of(&r, sizeof r), out);
    memory_clear(&r, sizeof r);
    return e;
}

static enum err unpack(struct span plain, struct subscriber *s)
{
    struct record r;
    if (plain.len != sizeof r)
        return ERR_VERIFY;
    memcpy(&r, plain.at, sizeof r);
    s->aka = (struct aka_params){ .algorithm = r.algorithm,
                                  .k_len = r.k_len,
                                  .res_len = r.res_len,
                                  .keccak_iterations = r.iterations };
    memcpy(s->aka.k, r.k, sizeof r.k);
    memcpy(s->aka.opc, r.opc, sizeof r.opc);
    memory_clear(&r, sizeof r);
    return ERR_OK;
}

enum err keys_open(struct network *n, struct span sealed, struct subscriber *s)
{
    struct buf plain = { .max = sizeof(struct record) };
    if (sealed.len < NONCE_LEN)
        return log_fail(n->env->log, ERR_VERIFY, "storage", "a subscriber's keys are damaged");
    enum err e = aes256_gcm_open(n->env->crypto, secret_span(&n->storage_key), span_sub(sealed, 0, NONCE_LEN),
                                 span_str(s->imsi), span_sub(sealed, NONCE_LEN, sealed.len), &plain);
    if (!e)
        e = unpack(buf_span(&plain), s);
    if (plain.at)
        memory_clear(plain.at, plain.cap);
    buf_release(&plain);
    if (e == ERR_VERIFY)
        return log_fail(n->env->log, e, "storage", "a subscriber's keys do not open with the storage key");
    return e;
}
