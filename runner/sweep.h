/* The sweep: a scenario is played again and again, each time with one part killed at its next operation, until the last
 * operation was had. Direct wiring only: there the n-th operation is the same one each time. */
#ifndef LAB_RUNNER_SWEEP_H
#define LAB_RUNNER_SWEEP_H

#include "run.h"

/* Where the part dies. */
enum sweep_moment {
    SWEEP_CALL,     /* before its n-th call of another part leaves */
    SWEEP_ANSWER,   /* when the answer to its n-th call is there: it had its effect, and the caller does not know */
    SWEEP_WRITE,    /* before its n-th statement that writes, or commit */
    SWEEP_MEMORY,   /* power of a device and its card is cut at the n-th time the card's memory is committed: before */
    SWEEP_RESPONSE, /* and after: the card has done it, nobody was told */
};
const char *sweep_moment_name(enum sweep_moment m);
/* NULL-terminated: "call", "answer", "write", "memory", "response". */
const char *const *sweep_moments(void);

struct sweep {
    const struct scenario *scenario;
    const char *part;         /* "eso", "eim", "smdp", "cmp.partner", "net.partner", a device */
    enum sweep_moment moment;
    uint64_t seed;
    unsigned first, every;    /* 0 means 1: begins at the n-th operation, then every k-th */
};

enum sweep_outcome {
    SWEEP_PASSED,             /* the scenario passed all the same */
    SWEEP_SAFE,               /* it did not, but it ended: every invariant holds, all views agree, the swap has a cause */
    SWEEP_BROKEN,
};
const char *sweep_outcome_name(enum sweep_outcome o);

/* One kill. */
struct sweep_point {
    unsigned n;
    char where[200];          /* "POST https://…", or the statement */
    enum sweep_outcome outcome;
    char why[400];            /* of SAFE and BROKEN */
};
struct sweep_result {
    unsigned points, passed, safe, broken;
};
typedef void (*sweep_tell_fn)(void *context, const struct sweep_point *p);

/* Sweeps; `tell` (may be NULL) hears of each point. ERR_NOT_FOUND: the world has no such part; ERR_UNSUPPORTED: the writes
 * of one device among several cannot be told apart; others: the scenario cannot be played (why is filled). */
MUST_CHECK enum err sweep_run(const struct sweep *s, sweep_tell_fn tell, void *context, struct sweep_result *out,
                              char why[400]);

#endif
