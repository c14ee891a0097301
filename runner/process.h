/* A program as a child of the runner: started with its settings file, its log in a file, killed when we like. */
#ifndef LAB_RUNNER_PROCESS_H
#define LAB_RUNNER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct process {
    pid_t pid; /* 0: none is running */
    int fd;    /* readable when it has ended; -1 where the kernel has no such thing */
    bool ended; /* by itself; status is what wait gave */
    int status;
};

#define PROCESS_PATH_MAX 512

/* Where a program of the lab is: in $LAB_BIN, or beside our own. ERR_NOT_FOUND: *out says where it was looked for. */
MUST_CHECK enum err process_find(const char *program, char out[PROCESS_PATH_MAX]);
/* Starts it as "PATH --settings FILE", standard error appended to `log`. It dies with the thread that starts it.
 * ERR_IO: it cannot be started. */
MUST_CHECK enum err process_start(const char *path, const char *settings, const char *log, struct process *out);
/* The same, to be killed instead of making its store durable for the n-th time. ERR_NOT_FOUND: lab-cut.so is not beside
 * the programs. Sets and clears the environment of this process: call it while no other thread reads it. */
MUST_CHECK enum err process_start_to_die(const char *path, const char *settings, const char *log, int64_t at_commit,
                                         struct process *out);
/* Has it ended by itself? True from then on, until it is started or killed. */
bool process_ended(struct process *p);
/* SIGKILL, and waits until it is gone. Harmless for none. */
void process_kill(struct process *p);
/* Stands still (SIGSTOP) or goes on (SIGCONT). */
void process_hold(const struct process *p, bool still);
/* Asks all to end (SIGTERM), waits at most `ms` for them together, kills the rest; `ended` is set for those that obeyed. */
void process_stop_all(struct process **all, size_t count, int ms);
/* Sleeps until one of them ends, at most `ms`. */
void process_rest(struct process **all, size_t count, int ms);
/* A port of 127.0.0.1 that nobody uses now, from *next upwards, below those that callers get by themselves;
 * *next is set behind it. ERR_LIMIT: there is none. */
MUST_CHECK enum err process_free_port(unsigned *next, unsigned *port);
/* Does somebody listen there? */
bool process_listens(unsigned port);

#endif
