/* A given profile package as many subscribers have it: the same template, other numbers and keys. For benchmarks. */
#ifndef LAB_RUNNER_BENCH_PACKAGE_H
#define LAB_RUNNER_BENCH_PACKAGE_H

#include "rng.h"
#include "saip.h"

/* Appends the template with the subscription's values, as saip_personalise does, and with security domain keys from rng.
 * ERR_PARSE as there. The result holds keys. */
MUST_CHECK enum err bench_package(struct span upp, const struct saip_subscription *s, struct rng *rng, struct buf *out);

#endif
