/* What a person sees while a suite runs: a line per scenario, what went wrong, the counts. */
#ifndef LAB_RUNNER_REPORT_TEXT_H
#define LAB_RUNNER_REPORT_TEXT_H

#include <stdio.h>

#include "report.h"

struct report_text {
    FILE *out;      /* borrowed */
    bool terminal;  /* colours, and a line that is overwritten while a scenario runs */
};
/* Colours only on a terminal that wants them (NO_COLOR, TERM=dumb). */
void report_text_init(struct report_text *t, FILE *out);
/* "swap/01-first-swap direct …", on a terminal only. */
void report_text_begin(const struct report_text *t, const char *id, const char *wiring);
/* The verdict of the run added last and, when it failed, expected, found, cause, how to repeat and where to look. */
void report_text_verdict(const struct report_text *t, const struct report *r);
/* Where the report lies (or why it does not) and, as the last line, exactly "N passed, N failed, N skipped". */
void report_text_finish(const struct report_text *t, const struct report *r);

#endif
