/* What a run leaves in the report folder so that `show` can open it later: runs/<id>.<wiring>.jsonl, a message a line
 * (redacted already), and runs/last with the name of the one to look at first. */
#ifndef LAB_RUNNER_COMMAND_RECORD_H
#define LAB_RUNNER_COMMAND_RECORD_H

#include "run.h"

/* Makes folder/runs empty. ERR_IO: errno says why. */
MUST_CHECK enum err record_begin(const char *folder);
/* Writes the messages of a run. */
MUST_CHECK enum err record_run(const char *folder, const struct run *r);
/* Notes which run `show` opens by itself. */
MUST_CHECK enum err record_point_at(const char *folder, const struct run *r);

/* Messages read back; what record_run wrote. */
struct record {
    char name[128]; /* "swap-01-first-swap.direct" */
    struct trace_message *message;
    size_t count;
};
/* id: "swap/01…" or its beginning, NULL: the one noted; wiring: NULL: any. ERR_NOT_FOUND. Gives *out's contents. */
MUST_CHECK enum err record_open(const char *folder, const char *id, const char *wiring, struct record *out);
void record_release(struct record *r);

#endif
