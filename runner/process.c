#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Below the range from which Linux gives callers their own ports. */
#define PORT_FIRST 20000
#define PORT_LAST 32000
/* As many as one sleep may watch. */
#define WATCHED_MAX 256

enum err process_find(const char *program, char out[PROCESS_PATH_MAX])
{
    const char *folder = getenv("LAB_BIN");
    char own[PROCESS_PATH_MAX - 64] = "";
    if (!folder || !*folder) {
        ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
        own[n > 0 ? n : 0] = 0;
        char *slash = strrchr(own, '/');
        if (slash)
            *slash = 0;
        folder = own;
    }
    int n = snprintf(out, PROCESS_PATH_MAX, "%s/%s", folder, program);
    return n < PROCESS_PATH_MAX && access(out, R_OK) == 0 ? ERR_OK : ERR_NOT_FOUND;
}

/* In the child, before the program: only what is safe between fork and exec. */
static void become(const char *path, const char *settings, int log, pid_t parent)
{
    char *const args[] = { (char *)path, (char *)"--settings", (char *)settings, NULL };
    sigset_t none;
    sigemptyset(&none);
    int quiet = open("/dev/null", O_RDWR);
    /* A killed runner leaves nobody behind. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || sigprocmask(SIG_SETMASK, &none, NULL) ||
        dup2(quiet, 0) < 0 || dup2(quiet, 1) < 0 || dup2(log, 2) < 0)
        _exit(127);
    execv(path, args);
    _exit(127);
}

enum err process_start(const char *path, const char *settings, const char *log, struct process *out)
{
    pid_t parent = getpid();
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    *out = (struct process){ .fd = -1 };
    if (fd < 0)
        return ERR_IO;
    pid_t pid = fork();
    if (pid == 0)
        become(path, settings, fd, parent);
    close(fd);
    if (pid < 0)
        return ERR_IO;
    out->pid = pid;
    out->fd = pidfd_open(pid, 0);
    if (out->fd >= 0 && fcntl(out->fd, F_SETFD, FD_CLOEXEC)) {
        process_kill(out);
        return ERR_IO;
    }
    return ERR_OK;
}

static void forget(struct process *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    p->pid = 0;
}

bool process_ended(struct process *p)
{
    if (p->pid && waitpid(p->pid, &p->status, WNOHANG) == p->pid) {
        forget(p);
        p->ended = true;
    }
    return p->ended;
}

void process_kill(struct process *p)
{
    p->ended = false;
    if (!p->pid)
        return;
    kill(p->pid, SIGKILL);
    while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
        continue;
    forget(p);
}

void process_hold(const struct process *p, bool still)
{
    if (p->pid)
        kill(p->pid, still ? SIGSTOP : SIGCONT);
}

void process_rest(struct process **all, size_t count, int ms)
{
    struct pollfd watched[WATCHED_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count && n < WATCHED_MAX; i++)
        if (all[i]->pid)
            watched[n++] = (struct pollfd){ .fd = all[i]->fd, .events = POLLIN };
    poll(watched, n, ms);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool all_ended(struct process **all, size_t count)
{
    bool gone = true;
    for (size_t i = 0; i < count; i++)
        if (all[i]->pid && !process_ended(all[i]))
            gone = false;
    return gone;
}

void process_stop_all(struct process **all, size_t count, int ms)
{
    int64_t until = now_ms() + ms;
    for (size_t i = 0; i < count; i++) {
        process_hold(all[i], false);
        if (all[i]->pid)
            kill(all[i]->pid, SIGTERM);
    }
    while (!all_ended(all, count) && now_ms() < until)
        process_rest(all, count, 20);
    for (size_t i = 0; i < count; i++)
        if (!all[i]->ended)
            process_kill(all[i]);
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

static int open_at(unsigned port, struct sockaddr_in *at)
{
    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static bool is_free(unsigned port)
{
    struct sockaddr_in at;
    const int on = 1;
    int fd = open_at(port, &at);
    if (fd < 0)
        return false;
    bool bound = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                 bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return bound;
}

enum err process_free_port(unsigned *next, unsigned *port)
{
    /* Runners at the same time begin at different places. */
    if (*next < PORT_FIRST || *next > PORT_LAST)
        *next = PORT_FIRST + (unsigned)getpid() * 97 % (PORT_LAST - PORT_FIRST);
    for (unsigned tries = 0; tries < PORT_LAST - PORT_FIRST; tries++) {
        *port = *next;
        *next = *next == PORT_LAST ? PORT_FIRST : *next + 1;
        if (is_free(*port))
            return ERR_OK;
    }
    return ERR_LIMIT;
}

bool process_listens(unsigned port)
{
    struct sockaddr_in at;
    int fd = open_at(port, &at);
    if (fd < 0)
        return false;
    bool there = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return there;
}

enum err process_start_to_die(const char *path, const char *settings, const char *log, int64_t at_commit,
                              struct process *out)
{
    char cut[PROCESS_PATH_MAX], number[24];
    enum err e = process_find("lab-cut.so", cut);
    snprintf(number, sizeof number, "%lld", (long long)at_commit);
    /* A program built with the address sanitizer minds what stands in front of it, unless told not to. */
    const char *before = getenv("ASAN_OPTIONS");
    char *options = NULL;
    if (!e && asprintf(&options, "%s%sverify_asan_link_order=0", before ? before : "", before ? ":" : "") < 0)
        e = ERR_NOMEM;
    char *kept = before ? strdup(before) : NULL;
    if (!e && (setenv("LD_PRELOAD", cut, 1) || setenv("LAB_CUT_AT", number, 1) || setenv("ASAN_OPTIONS", options, 1)))
        e = ERR_NOMEM;
    if (!e)
        e = process_start(path, settings, log, out);
    unsetenv("LD_PRELOAD");
    unsetenv("LAB_CUT_AT");
    if (kept ? setenv("ASAN_OPTIONS", kept, 1) : unsetenv("ASAN_OPTIONS"))
        e = e ? e : ERR_NOMEM;
    free(kept);
    free(options);
    return e;
}
