/* The parts of a report; inside runner only. */
#ifndef LAB_RUNNER_REPORT_INTERNAL_H
#define LAB_RUNNER_REPORT_INTERNAL_H

#include "markup.h"
#include "report.h"

struct report {
    char dir[512], index[560], command[160], extra[512];
    char problem[700];    /* the first thing that could not be written */
    bool writable;
    json_t *results;      /* array of summaries */
    int64_t began;
};

/* What went wrong first, as far as messages and events tell. */
struct report_cause {
    unsigned message;     /* 0: no message carries it */
    char text[240];
    char rule[64];        /* section of the specification, "" unknown */
    char actor[64];       /* who found it */
    unsigned injected;    /* the message that a fault changed; 0 none */
    char injected_name[TRACE_NAME_MAX];
};
/* Nothing (text "") when the run passed, or nothing says anything. */
void report_find_cause(const struct run *run, struct report_cause *out);
/* Does a message carry an error? Its text then. */
bool report_message_error(const struct trace_message *m, char text[200]);

/* report_summary.c: the summary of a run; new reference, NULL when memory is out. */
json_t *report_summarise(const struct report *r, struct run *run);
json_t *report_summarise_unreadable(const struct report *r, const char *path, const char *why);

/* Pages, appended to out. */
MUST_CHECK enum err report_put_page(const json_t *summary, struct run *run, struct buf *out);
MUST_CHECK enum err report_put_index(const struct report *r, struct buf *out);
MUST_CHECK enum err report_put_junit(const struct report *r, struct buf *out);

/* Pieces of pages. */
void report_put_head(struct markup *m, const char *title);
void report_put_foot(struct markup *m);
void report_put_duration(struct markup *m, int64_t ms);
void report_put_failure(struct markup *m, const json_t *summary, const char *page);
void report_put_ladder(struct markup *m, const json_t *summary, const struct run *run);
void report_put_events(struct markup *m, const struct run *run);
/* A decoded message: the tree with the ranges of its bytes that a signature covers marked, and the bytes. */
void report_put_message(struct markup *m, const struct trace_message *message);
/* "PASS" -> "pass", for class names. */
const char *report_class(const json_t *summary);

#endif
