/* What the subjects of `sgp32lab bench` share. */
#ifndef LAB_RUNNER_COMMAND_BENCH_H
#define LAB_RUNNER_COMMAND_BENCH_H

#include "command.h"
#include "world.h"

/* Measures and prints; gives the exit status. */
int command_bench_euicc(int64_t downloads, int64_t cards, bool json);
int command_bench_smdp(int64_t downloads, enum wiring wiring, bool stored, bool json);

#endif
