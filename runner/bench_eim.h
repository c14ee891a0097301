/* How much processor time polls and packages take at the eIM, beside the least that its cryptography alone would take, and
 * whether that depends on how many eUICCs are registered (docs/benchmark.md). */
#ifndef LAB_RUNNER_BENCH_EIM_H
#define LAB_RUNNER_BENCH_EIM_H

#include "crypto_floor.h"
#include "world.h"

struct bench_eim_options {
    unsigned polls;      /* 1 to 10000000, each of an eUICC for which there is nothing to do */
    unsigned packages;   /* 1 to 100000, one after the other for one real card */
    unsigned registered; /* 1 to 10000000 eUICCs, imported before */
    bool stored;         /* the eIM's database is a file (memory stays flat), else in RAM as in the lab's worlds */
    enum wiring wiring;  /* WIRING_DIRECT, or WIRING_LOOPBACK: ESipa over TLS on a kept connection, both ends counted */
};

struct bench_eim_result {
    double import_seconds;       /* wall, for all that are registered */
    double poll_seconds;         /* of processor, at the eIM, for all polls */
    double poll_steps;           /* of the database's machine, for one poll */
    double package_seconds;      /* the same for all packages: poll, package, result, acknowledgement */
    struct crypto_counts counts; /* at the eIM, for all packages */
    struct crypto_costs costs;
    double floor_seconds; /* of one package */
    double ratio;         /* the aim is at most 3 direct */
    long resident_before, resident_after; /* octets of this process, before the import and at the end */
};

/* What SGP.32 demands of the eIM for one eUICC package: eimSignature made, the result's signature verified. Certificates seen
 * before are not counted. */
struct crypto_counts bench_eim_demanded(void);

/* ERR_STATE and others: why (a sentence) says which step did not come out as it must. */
MUST_CHECK enum err bench_eim(const struct bench_eim_options *o, struct bench_eim_result *out, char why[200]);

#endif
