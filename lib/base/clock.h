/* Time comes from the environment: milliseconds since 1970-01-01T00:00:00Z. */
#ifndef LAB_BASE_CLOCK_H
#define LAB_BASE_CLOCK_H

#include <stdint.h>

#include "span.h"

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)
/* What a tick returns when nothing is left to do until somebody calls. */
#define CLOCK_NEVER INT64_MAX

struct clock {
    int64_t (*now)(struct clock *c);
};

int64_t clock_now(struct clock *c);

/* The machine's clock. Needs no release. */
struct clock *clock_system(void);

/* A clock that only moves when told; safe to read from several threads. Embed it. */
struct clock_virtual {
    struct clock clock;
    _Atomic int64_t at;
};
void clock_virtual_init(struct clock_virtual *c, int64_t start);
/* Moves forward to `at`; never back. */
void clock_virtual_advance(struct clock_virtual *c, int64_t at);

/* How long to wait before trying again: `first`, doubled by each earlier attempt, at most `most` (ms). */
int64_t clock_back_off(int64_t first, int64_t most, int64_t attempts);

/* Appends ISO 8601 UTC with milliseconds: 2026-01-31T12:00:00.000Z. */
MUST_CHECK enum err clock_put_iso8601(struct buf *b, int64_t at);
/* Reads YYYY-MM-DDThh:mm:ss[.mmm]Z. ERR_PARSE. */
MUST_CHECK enum err clock_parse_iso8601(struct span text, int64_t *at);

#endif
