#include "crypto_floor.h"

#include <time.h>

#define LEAST_SECONDS 0.2
#define ROUND 32

struct bench {
    struct crypto *c;
    struct ec_key *key;
    struct ec_point point;
    struct ec_signature signature;
    struct span message;
};

static enum err run_sign(struct bench *b)
{
    return ec_sign(b->c, b->key, &b->message, 1, &b->signature);
}

static enum err run_verify(struct bench *b)
{
    return ec_verify(b->c, EC_P256, SPAN_ARRAY(b->point.at), &b->message, 1, SPAN_ARRAY(b->signature.at));
}

static enum err run_ecdh(struct bench *b)
{
    struct secret z = { 0 };
    enum err e = ec_key_agree(b->c, b->key, SPAN_ARRAY(b->point.at), &z);
    secret_release(&z);
    return e;
}

static enum err run_keygen(struct bench *b)
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

static enum err measure(struct bench *b, enum err (*run)(struct bench *b), double *out)
{
    enum err e = run(b); /* the first one pays for what is cached later */
    double start = processor_seconds(), spent = 0;
    unsigned done = 0;
    while (!e && spent < LEAST_SECONDS) {
        for (unsigned i = 0; !e && i < ROUND; i++)
            e = run(b);
        done += ROUND;
        spent = processor_seconds() - start;
    }
    *out = done ? spent / done : 0;
    return e;
}

static enum err measure_all(struct crypto *c, struct crypto_costs *out)
{
    struct bench b = { .c = c, .message = span_str("the message that is signed to see what signing costs") };
    enum err e = ec_key_generate(c, EC_P256, &b.key);
    if (e)
        return e;
    ec_key_point(b.key, &b.point);
    e = measure(&b, run_sign, &out->sign);
    if (!e)
        e = measure(&b, run_verify, &out->verify);
    if (!e)
        e = measure(&b, run_ecdh, &out->ecdh);
    if (!e)
        e = measure(&b, run_keygen, &out->keygen);
    ec_key_free(b.key);
    return e;
}

enum err crypto_measure_floor(struct crypto_costs *out)
{
    struct crypto *c = NULL;
    *out = (struct crypto_costs){ 0 };
    enum err e = crypto_new(&c);
    if (!e)
        e = measure_all(c, out);
    crypto_free(c);
    return e;
}

double crypto_floor_seconds(const struct crypto_costs *costs, const struct crypto_counts *counts)
{
    return costs->sign * (double)counts->sign + costs->verify * (double)counts->verify +
           costs->ecdh * (double)counts->ecdh + costs->keygen * (double)counts->keygen;
}
