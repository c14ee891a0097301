/* How much processor time a swap takes, beside the least that its cryptography alone would take on this machine
 * (docs/benchmark.md). */
#ifndef LAB_RUNNER_BENCH_H
#define LAB_RUNNER_BENCH_H

#include <stdio.h>

#include "crypto_floor.h"
#include "world.h"

/* An operation that the specifications demand of every first swap. */
struct bench_demand {
    const char *section, *what;
    struct crypto_counts counts;
    bool remembered; /* a certificate that one process checked before, byte for byte: not in the floor */
};
/* NULL past the end. */
const struct bench_demand *bench_demand_at(size_t index);
/* The sum of the table without what is remembered: the floor has nothing that a run need not do. */
struct crypto_counts bench_demanded(void);
/* TLS handshakes of one swap that the floor of loopback counts: device to eIM and SM-DP+, one a bearer session. */
#define BENCH_HANDSHAKES 3

struct bench_options {
    int64_t devices;
    enum wiring wiring;
    uint64_t seed;
    FILE *progress; /* NULL: silent */
};

struct bench_result {
    int64_t swaps;
    double wall_seconds, cpu_seconds; /* of the swap phase */
    struct crypto_counts counts;      /* of all swaps */
    uint64_t handshakes;              /* made in the swap phase, whoever called whom */
    struct crypto_costs costs;        /* seconds of one operation here and now */
    double handshake_seconds;         /* both ends of one; 0 in direct wiring */
    double floor_seconds;             /* of one swap */
    double bytes_per_idle_euicc;
};

/* Builds a world, swaps every device and judges each. ERR_STATE and others: why says what did not come out as it must. */
MUST_CHECK enum err bench_swap(const struct bench_options *o, struct bench_result *out, char why[400]);
/* Processor seconds of both ends of one full TLS handshake, beyond those of a request over a kept connection. */
MUST_CHECK enum err bench_measure_handshake(double *seconds);

#endif
