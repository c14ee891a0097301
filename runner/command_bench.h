/* What the subjects of `sgp32lab bench` share. */
#ifndef LAB_RUNNER_COMMAND_BENCH_H
#define LAB_RUNNER_COMMAND_BENCH_H

#include "bench_eim.h"
#include "command.h"

/* Measures and prints; gives the exit status. */
int command_bench_euicc(int64_t downloads, int64_t cards, const char *package, bool json); /* package NULL: a minimal one */
int command_bench_smdp(int64_t downloads, enum wiring wiring, bool stored, bool json);

/* As given, not yet judged. */
struct command_bench_eim {
    int64_t polls, packages, registered;
    enum wiring wiring;
    bool stored;
};
int command_bench_eim(const struct command_bench_eim *c, bool json);

#endif
