/* A wish to stop, an int that a signal handler or another thread sets and a loop looks at: 0 at first. */
#ifndef LAB_BASE_STOP_H
#define LAB_BASE_STOP_H

#include <stdbool.h>

/* What was written before the wish is seen by who sees it. A volatile int alone says nothing between threads. */
static inline void stop_ask(volatile int *stop)
{
    __atomic_store_n(stop, 1, __ATOMIC_RELEASE);
}

/* NULL: nobody can ask. */
static inline bool stop_is_asked(const volatile int *stop)
{
    return stop && __atomic_load_n(stop, __ATOMIC_ACQUIRE);
}

#endif
