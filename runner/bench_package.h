/* A given profile package as many subscribers have it: the same template, other numbers and keys. For benchmarks. */
#ifndef LAB_RUNNER_BENCH_PACKAGE_H
#define LAB_RUNNER_BENCH_PACKAGE_H

#include "rng.h"
#include "span.h"

/* Replaces out by the template with this ICCID (10 swapped octets, in header and EF.ICCID) and IMSI (digits, as many as the
 * template's has), and with authentication, ADM and security domain keys from rng. ERR_PARSE: it is no package that can be
 * read, or it has no IMSI of that length. The result holds keys. */
MUST_CHECK enum err bench_package(struct span upp, const uint8_t iccid[10], const char *imsi, struct rng *rng, struct buf *out);

#endif
