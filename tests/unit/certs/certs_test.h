/* What the files of this suite share. */
#ifndef LAB_TESTS_CERTS_TEST_H
#define LAB_TESTS_CERTS_TEST_H

#include "certs.h"
#include "clock.h"
#include "harness.h"

#define EPOCH (INT64_C(1780272000000)) /* 2026-06-01T00:00:00Z */

struct world {
    struct crypto *crypto;
    struct pki *pki;
};
void world_open(struct world *w, const char *seed);
void world_close(struct world *w);
const struct pki_item *item(struct world *w, const char *name);

extern const struct test pki_tests[], files_tests[];
extern const size_t pki_test_count, files_test_count;
#endif
