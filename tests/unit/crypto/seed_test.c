#include <pthread.h>
#include <string.h>

#include "crypto_tests.h"

/* What a small world draws: random octets, keys on both curves, signatures. */
struct drawn {
    uint8_t random[48];
    struct ec_point a, b;
    struct ec_signature one, two, brainpool;
};

static void draw(struct crypto *c, struct drawn *out)
{
    struct ec_key *a = NULL, *b = NULL;
    struct span m = span_str("message");
    memset(out, 0, sizeof *out);
    REQUIRE(rng_fill(crypto_rng(c), out->random, sizeof out->random) == ERR_OK);
    REQUIRE(ec_key_generate(c, EC_P256, &a) == ERR_OK);
    REQUIRE(ec_key_generate(c, EC_BRAINPOOL_P256R1, &b) == ERR_OK);
    ec_key_point(a, &out->a);
    ec_key_point(b, &out->b);
    REQUIRE(ec_sign(c, a, &m, 1, &out->one) == ERR_OK);
    REQUIRE(ec_sign(c, a, &m, 1, &out->two) == ERR_OK);
    REQUIRE(ec_sign(c, b, &m, 1, &out->brainpool) == ERR_OK);
    CHECK(ec_verify(c, EC_P256, SPAN_ARRAY(out->a.at), &m, 1, SPAN_ARRAY(out->two.at)) == ERR_OK);
    ec_key_free(a);
    ec_key_free(b);
}

static void draw_with(const char *seed, struct drawn *out)
{
    struct crypto *c = seed ? open_seeded(seed) : open_crypto();
    draw(c, out);
    crypto_free(c);
}

static void one_seed_repeats(void)
{
    struct drawn first, second;
    draw_with("seed 7", &first);
    draw_with("seed 7", &second);
    CHECK(!memcmp(&first, &second, sizeof first));
    CHECK(memcmp(&first.one, &first.two, sizeof first.one) != 0);
}

static void worlds_side_by_side_do_not_disturb(void)
{
    struct drawn alone, mixed, other;
    draw_with("seed 7", &alone);
    struct crypto *c = open_seeded("seed 7"), *d = open_crypto();
    draw(d, &other);
    draw(c, &mixed);
    CHECK(!memcmp(&alone, &mixed, sizeof alone));
    crypto_free(c);
    crypto_free(d);
}

static void differ(const struct drawn *x, const struct drawn *y)
{
    CHECK(memcmp(x->random, y->random, sizeof x->random) != 0);
    CHECK(memcmp(&x->a, &y->a, sizeof x->a) != 0);
    CHECK(memcmp(&x->b, &y->b, sizeof x->b) != 0);
    CHECK(memcmp(&x->one, &y->one, sizeof x->one) != 0);
}

static void seeds_differ(void)
{
    struct drawn seven, eight, empty, system, system_again;
    draw_with("seed 7", &seven);
    draw_with("seed 8", &eight);
    draw_with("", &empty);
    draw_with(NULL, &system);
    draw_with(NULL, &system_again);
    differ(&seven, &eight);
    differ(&seven, &empty);
    differ(&seven, &system);
    differ(&system, &system_again);
}

struct shared_world {
    struct crypto *c;
    struct ec_key *key;
    struct ec_point point;
    unsigned failures;
};

static void *sign_and_verify(void *context)
{
    struct shared_world *w = context;
    struct ec_signature s;
    struct span m = span_str("from a thread");
    unsigned failures = 0;
    for (unsigned i = 0; i < 50; i++) {
        failures += ec_sign(w->c, w->key, &m, 1, &s) != ERR_OK;
        failures += ec_verify(w->c, EC_P256, SPAN_ARRAY(w->point.at), &m, 1, SPAN_ARRAY(s.at)) != ERR_OK;
    }
    __atomic_add_fetch(&w->failures, failures, __ATOMIC_SEQ_CST);
    return NULL;
}

static void threads_share(struct crypto *c)
{
    struct shared_world w = { .c = c };
    pthread_t threads[4];
    struct crypto_counts counts;
    REQUIRE(ec_key_generate(c, EC_P256, &w.key) == ERR_OK);
    ec_key_point(w.key, &w.point);
    for (size_t i = 0; i < COUNT(threads); i++)
        REQUIRE(pthread_create(&threads[i], NULL, sign_and_verify, &w) == 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    crypto_counts(c, &counts);
    CHECK(w.failures == 0);
    CHECK(counts.keygen == 1 && counts.sign == 200 && counts.verify == 200 && counts.ecdh == 0);
    ec_key_free(w.key);
    crypto_free(c);
}

static void threads_share_both_kinds(void)
{
    threads_share(open_crypto());
    threads_share(open_seeded("threads"));
}

const struct test seed_tests[] = {
    { "two worlds with one seed draw the same keys and signatures", one_seed_repeats },
    { "a world beside another draws what it would draw alone", worlds_side_by_side_do_not_disturb },
    { "another seed, or none, gives other keys and signatures", seeds_differ },
    { "threads share one crypto, and every operation is counted", threads_share_both_kinds },
};
const size_t seed_test_count = COUNT(seed_tests);
