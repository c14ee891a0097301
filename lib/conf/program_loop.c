#include "program_loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stop.h"

/* A signal may arrive between the look at the flag and poll(), or in another thread. */
#define LOOK_AT_STOP_MS 500

enum err program_loop_init(struct program_loop *l)
{
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return l->wake_fd >= 0 ? ERR_OK : ERR_IO;
}

void program_loop_release(struct program_loop *l)
{
    close(l->wake_fd);
}

void program_loop_wake(struct program_loop *l)
{
    eventfd_t full = 1;
    if (eventfd_write(l->wake_fd, full) && errno == EAGAIN)
        return; /* 2^64 - 2 wakings wait already */
}

static int time_left(int64_t due, int64_t now)
{
    if (due <= now)
        return 0;
    return due == CLOCK_NEVER || due - now > LOOK_AT_STOP_MS ? LOOK_AT_STOP_MS : (int)(due - now);
}

/* Sleeps until due, woken or stopped; or until the clock is set back, since `due` was meant by the old one. */
static enum err sleep_until(struct program_loop *l, struct clock *clock, const volatile int *stop, int64_t due)
{
    int64_t before = clock_now(clock), now = before;
    for (; !stop_is_asked(stop) && now >= before; before = now, now = clock_now(clock)) {
        struct pollfd p = { .fd = l->wake_fd, .events = POLLIN };
        int left = time_left(due, now);
        int n = poll(&p, 1, left);
        eventfd_t wakings;
        if (n > 0)
            return eventfd_read(l->wake_fd, &wakings) && errno != EAGAIN ? ERR_IO : ERR_OK;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n == 0 && clock_now(clock) >= due)
            return ERR_OK;
    }
    return ERR_OK;
}

enum err program_loop_run(struct program_loop *l, struct clock *clock, const volatile int *stop_requested,
                          int64_t (*step)(void *context, int64_t now), void *context)
{
    enum err e = ERR_OK;
    while (!e && !stop_is_asked(stop_requested)) {
        int64_t due = step(context, clock_now(clock));
        if (due == PROGRAM_LOOP_END)
            break;
        e = sleep_until(l, clock, stop_requested, due);
    }
    return e;
}
