/* How much processor time a download takes at the SM-DP+, beside the least that its cryptography alone would take
 * (docs/benchmark.md). */
#ifndef LAB_RUNNER_BENCH_SMDP_H
#define LAB_RUNNER_BENCH_SMDP_H

#include "crypto_floor.h"
#include "world.h"

struct bench_smdp_options {
    unsigned downloads; /* 1 to 100000, each of a profile and an order of its own */
    bool stored;        /* the SM-DP+'s database is a file (memory stays flat), else in RAM as in the lab's worlds */
    enum wiring wiring; /* WIRING_DIRECT, or WIRING_LOOPBACK: ES9+ over TLS on a kept connection, both ends counted */
};

struct bench_smdp_result {
    unsigned downloads;
    double smdp_seconds;         /* of processor, within the four ES9+ calls, for all downloads */
    struct crypto_counts counts; /* at the SM-DP+, for all downloads */
    struct crypto_costs costs;
    double floor_seconds;        /* of one download */
    double downloads_per_second; /* of the SM-DP+'s processor time */
    double database_steps;       /* of the database's machine, in one download: a number that no neighbour disturbs */
    double ratio;                /* the aim is at most 2 direct, 4 over TLS */
    double import_seconds;       /* wall, for all profiles */
    long resident_before, resident_after; /* octets of this process, after a tenth of the downloads and after the last */
};

/* What SGP.22 demands of the SM-DP+ in one download: serverSignature1, smdpSignature2 and smdpSign made; euiccSignature1,
 * euiccSignature2 and the installation result verified; one one-time key and one agreement. Certificates seen before are not
 * counted. */
struct crypto_counts bench_smdp_demanded(void);

/* ERR_STATE and others: why (a sentence) says which step did not come out as it must. */
MUST_CHECK enum err bench_smdp(const struct bench_smdp_options *o, struct bench_smdp_result *out, char why[200]);

#endif
