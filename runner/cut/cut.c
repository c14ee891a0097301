/* Loaded into a program in front of the C library: the n-th time it makes its store durable, it is killed instead. So a real
 * program dies at its n-th commit without a line of it in the program. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long made_durable;

static void count(void)
{
    const char *at = getenv("LAB_CUT_AT");
    if (at && atomic_fetch_add(&made_durable, 1) + 1 == atol(at))
        kill(getpid(), SIGKILL);
}

int fdatasync(int fd)
{
    count();
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    count();
    return (int)syscall(SYS_fsync, fd);
}
