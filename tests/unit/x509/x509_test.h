/* What the files of this suite share. */
#ifndef LAB_TESTS_X509_TEST_H
#define LAB_TESTS_X509_TEST_H

#include "clock.h"
#include "crypto.h"
#include "harness.h"
#include "x509.h"

/* ms of an ISO 8601 time in the source. */
int64_t at(const char *iso);
/* Reads ../shared/data/sgp26/`relative`; NULL (after test_skip) when it is absent. */
const struct cert *sgp26(struct crypto *c, const char *relative);
/* A seeded crypto; the test ends when it cannot be had. */
struct crypto *crypto_for_test(void);

/* A small hierarchy of our own to bend: one CI, one key for everybody. */
struct family {
    struct crypto *crypto;
    struct trust *trust;
    struct ec_key *ci_key, *key;
    struct ec_point point;
    const struct cert *ci, *eum;
};
void family_open(struct family *f, enum ec_curve curve);
void family_close(struct family *f);
/* A correct description for the role; rows change one thing. */
struct cert_spec family_spec(enum cert_role role);
/* Issues with the key of `issuer` (NULL: the CI). */
const struct cert *family_issue(struct family *f, const struct cert_spec *spec, const struct cert *issuer);
/* Judged today with the family's EUM as intermediate where the role wants one. */
enum cert_flaw family_judge(struct family *f, const struct cert *leaf, enum cert_role role);

#define TODAY at("2026-06-01T00:00:00Z")

extern const struct test sgp26_tests[], issue_tests[], hostile_tests[];
extern const size_t sgp26_test_count, issue_test_count, hostile_test_count;
#endif
