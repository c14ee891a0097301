/* Who is due next: a heap over parts. Equal times are served in an order that the seed decides. */
#ifndef LAB_RUNNER_SCHEDULE_H
#define LAB_RUNNER_SCHEDULE_H

#include "clock.h"
#include "span.h"

struct schedule {
    struct schedule_entry {
        int64_t due;
        uint64_t rank;
    } *entry;          /* by part */
    size_t *heap;      /* part numbers, earliest first */
    size_t *place;     /* where a part stands in heap */
    size_t count;
    uint64_t seed;
};

/* For `count` parts, all never due. */
MUST_CHECK enum err schedule_init(struct schedule *s, size_t count, uint64_t seed);
void schedule_release(struct schedule *s);
void schedule_set(struct schedule *s, size_t part, int64_t due);
int64_t schedule_due(const struct schedule *s, size_t part);
/* The part due earliest; its time in *due (CLOCK_NEVER when all rest). */
size_t schedule_next(const struct schedule *s, int64_t *due);

#endif
