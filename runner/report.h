/* The verdicts of a suite and what there is to see of each run: DIR/index.html, DIR/junit.xml, DIR/results.json; for every
 * scenario and wiring a page, the trace and the events, redacted as the world kept them. Static files, nothing fetched. */
#ifndef LAB_RUNNER_REPORT_H
#define LAB_RUNNER_REPORT_H

#include "run.h"

/* A page shows so many messages, and opens them until it has this size; the trace has them all. */
#define REPORT_MESSAGES_MAX 2000
#define REPORT_DETAIL_MAX (12u << 20)

struct report;
struct report_options {
    const char *dir;     /* made when it is not there; "build/report" */
    const char *command; /* how a person calls the program: "./lab" */
    const char *extra;   /* further words of every repeat: " --break ES9+.ServerSigned1=flip-bit"; NULL: none */
};

/* Gives *out, also with ERR_IO (the folder cannot be made): report_problem says why. The report then only counts. */
MUST_CHECK enum err report_new(const struct report_options *o, struct report **out);
void report_free(struct report *r); /* NULL is harmless */

/* Takes the verdict, and writes page, trace and events of the run while its world lives. ERR_IO as above, ERR_NOMEM; the
 * verdict counts all the same unless memory is out. */
MUST_CHECK enum err report_add(struct report *r, struct run *run);
/* A scenario that could not even be read: a broken one. */
MUST_CHECK enum err report_add_unreadable(struct report *r, const char *path, const char *why);
/* Writes index.html, junit.xml and results.json. */
MUST_CHECK enum err report_finish(struct report *r);

/* What could not be written and why, one line: "cannot write /x/index.html: Read-only file system". NULL: all was. */
const char *report_problem(const struct report *r);
/* Path of the page to open. */
const char *report_index(const struct report *r);

struct report_counts {
    size_t passed, failed, skipped, broken; /* failed includes broken */
};
struct report_counts report_counts(const struct report *r);

/* The summary of the run added last, as in results.json: id, title, file, wiring, seed, verdict, why, step, expected, found,
 * cause {message, text, rule, actor, injected}, wall_seconds, virtual_ms, messages, events, steps[], plays{}, sections[],
 * parts[], repeat, page, trace, log, trace_sha256. Borrowed; NULL when there is none. */
const json_t *report_last(const struct report *r);

#endif
