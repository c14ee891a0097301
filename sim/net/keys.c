/* Subscribers' keys at rest. One sealed record: algorithm, sizes, K, OPc; the IMSI is authenticated with it, so that a
 * record moved to another row opens to nothing. */
#include "net_internal.h"

#include <string.h>

#include "seal.h"

struct record {
    uint8_t algorithm, k_len, res_len, iterations, k[32], opc[32];
};

enum err keys_seal(struct network *n, const struct subscriber *s, struct buf *out)
{
    struct record r = { .algorithm = (uint8_t)s->aka.algorithm,
                        .k_len = (uint8_t)s->aka.k_len,
                        .res_len = s->aka.res_len,
                        .iterations = s->aka.keccak_iterations };
    memcpy(r.k, s->aka.k, sizeof r.k);
    memcpy(r.opc, s->aka.opc, sizeof r.opc);
    enum err e = seal(n->env->crypto, n->env->rng, secret_span(&n->storage_key), span_str(s->imsi), span_of(&r, sizeof r), out);
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
    enum err e = unseal(n->env->crypto, secret_span(&n->storage_key), span_str(s->imsi), sealed, &plain);
    if (!e)
        e = unpack(buf_span(&plain), s);
    if (plain.at)
        memory_clear(plain.at, plain.cap);
    buf_release(&plain);
    if (e == ERR_VERIFY)
        return log_fail(n->env->log, e, "storage", "a subscriber's keys do not open with the storage key");
    return e;
}
