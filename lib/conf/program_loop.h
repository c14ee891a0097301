/* How a program calls the tick of its actor: when it is due, when somebody wakes it, until it is asked to stop. */
#ifndef LAB_CONF_PROGRAM_LOOP_H
#define LAB_CONF_PROGRAM_LOOP_H

#include "clock.h"

/* A step may return this to end the loop. */
#define PROGRAM_LOOP_END INT64_MIN

struct program_loop {
    int wake_fd;
};
MUST_CHECK enum err program_loop_init(struct program_loop *l);
void program_loop_release(struct program_loop *l);

/* Makes the loop call its step now; from any thread, also before the loop runs, and never lost: call it after a request was
 * served that left work for the tick. */
void program_loop_wake(struct program_loop *l);

/* Calls step(context, now) and sleeps until the time that it returns (ms; CLOCK_NEVER: until woken) or the clock is set
 * back, again and again.
 * ERR_OK when *stop_requested was set (noticed at once when the signal reaches this thread, else within half a second) or
 * the step returned PROGRAM_LOOP_END. */
MUST_CHECK enum err program_loop_run(struct program_loop *l, struct clock *clock, const volatile int *stop_requested,
                                     int64_t (*step)(void *context, int64_t now), void *context);

#endif
