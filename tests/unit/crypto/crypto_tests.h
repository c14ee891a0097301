#ifndef LAB_TESTS_CRYPTO_H
#define LAB_TESTS_CRYPTO_H

#include "crypto.h"
#include "harness.h"

/* A source fed by the operating system; ends the test when there is none. */
struct crypto *open_crypto(void);
struct crypto *open_seeded(const char *seed);
/* Hex in the source as a span that lives until the program ends. */
struct span bytes(const char *hex_text);
/* The value behind "<origin> <name> " in a file of vectors, as bytes until the program ends; empty when absent. */
struct span vector_of(const struct buf *file, const char *origin_and_name);
bool load_shared(const char *relative, struct buf *out);

extern const struct test digest_tests[], ec_tests[], ecies_tests[], seed_tests[], bsp_tests[], session_tests[], aka_tests[];
extern const size_t digest_test_count, ec_test_count, ecies_test_count, seed_test_count, bsp_test_count,
    session_test_count, aka_test_count;

#endif
