#include "crypto_floor.h"

#include <stdlib.h>
#include <time.h>

#define ROUND 32
#define SAMPLES 50 /* about half a second */
#define OPERATIONS 4

struct crypto_floor {
    struct crypto *c;
    struct ec_key *key;
    struct ec_point point;
    struct ec_signature signature;
    struct span message;
    double spent[OPERATIONS];
    unsigned samples;
};

static enum err run_sign(struct crypto_floor *b)
{
    return ec_sign(b->c, b->key, &b->message, 1, &b->signature);
}

static enum err run_verify(struct crypto_floor *b)
{
    return ec_verify(b->c, EC_P256, SPAN_ARRAY(b->point.at), &b->message, 1, SPAN_ARRAY(b->signature.at));
}

static enum err run_ecdh(struct crypto_floor *b)
{
    struct secret z = { 0 };
    enum err e = ec_key_agree(b->c, b->key, SPAN_ARRAY(b->point.at), &z);
    secret_release(&z);
    return e;
}

static enum err run_keygen(struct crypto_floor *b)
{
    struct ec_key *k = NULL;
    enum err e = ec_key_generate(b->c, EC_P256, &k);
    ec_key_free(k);
    return e;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err (*const operations[OPERATIONS])(struct crypto_floor *b) = { run_sign, run_verify, run_ecdh, run_keygen };

enum err crypto_floor_new(struct crypto_floor **out)
{
    struct crypto_floor *b = calloc(1, sizeof *b);
    enum err e = b ? crypto_new(&b->c) : ERR_NOMEM;
    if (!e)
        e = ec_key_generate(b->c, EC_P256, &b->key);
    if (e) {
        crypto_floor_free(b);
        return e;
    }
    b->message = span_str("the message that is signed to see what signing costs");
    ec_key_point(b->key, &b->point);
    for (size_t i = 0; !e && i < OPERATIONS; i++)
        e = operations[i](b); /* the first one pays for what is cached later */
    if (!e)
        *out = b;
    else
        crypto_floor_free(b);
    return e;
}

void crypto_floor_free(struct crypto_floor *b)
{
    if (!b)
        return;
    ec_key_free(b->key);
    crypto_free(b->c);
    free(b);
}

static enum err sample(struct crypto_floor *b)
{
    enum err e = ERR_OK;
    for (size_t k = 0; !e && k < OPERATIONS; k++) {
        double start = processor_seconds();
        for (unsigned i = 0; !e && i < ROUND; i++)
            e = operations[k](b);
        b->spent[k] += processor_seconds() - start;
    }
    b->samples++;
    return e;
}

enum err crypto_floor_turn(struct crypto_floor *b, unsigned turn, unsigned turns)
{
    unsigned apart = (turns + SAMPLES - 1) / SAMPLES;
    return turn % apart ? ERR_OK : sample(b);
}

static double cost(const struct crypto_floor *b, size_t operation)
{
    return b->samples ? b->spent[operation] / ((double)b->samples * ROUND) : 0;
}

struct crypto_costs crypto_floor_costs(const struct crypto_floor *b)
{
    return (struct crypto_costs){ .sign = cost(b, 0), .verify = cost(b, 1), .ecdh = cost(b, 2), .keygen = cost(b, 3) };
}

enum err crypto_measure_floor(struct crypto_costs *out)
{
    struct crypto_floor *b = NULL;
    enum err e = crypto_floor_new(&b);
    *out = (struct crypto_costs){ 0 };
    for (unsigned i = 0; !e && i < SAMPLES; i++)
        e = crypto_floor_turn(b, i, SAMPLES);
    if (!e)
        *out = crypto_floor_costs(b);
    crypto_floor_free(b);
    return e;
}

double crypto_floor_seconds(const struct crypto_costs *costs, const struct crypto_counts *counts)
{
    return costs->sign * (double)counts->sign + costs->verify * (double)counts->verify +
           costs->ecdh * (double)counts->ecdh + costs->keygen * (double)counts->keygen;
}
