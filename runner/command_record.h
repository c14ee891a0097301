/* The messages of a run, read back from the report that it left (results.json and the trace named there). */
#ifndef LAB_RUNNER_COMMAND_RECORD_H
#define LAB_RUNNER_COMMAND_RECORD_H

#include "trace.h"

struct record {
    char name[200]; /* "swap/01-first-swap direct" */
    struct trace_message *message;
    size_t count;
};
/* id: "swap/01-first-swap" or its beginning, NULL: the first run that failed, else the last; wiring: NULL: any.
 * ERR_NOT_FOUND, ERR_PARSE. Gives *out's contents. */
MUST_CHECK enum err record_open(const char *folder, const char *id, const char *wiring, struct record *out);
void record_release(struct record *r);

#endif
