/* Files of known answers in ../shared: a row a line, comments begin with '#'. */
#ifndef LAB_TESTS_VECTORS_H
#define LAB_TESTS_VECTORS_H

#include "span.h"

/* Calls row for every line of the file that is neither empty nor a comment; their number, 0 (after
 * test_skip) when the file is not here. The line has no end mark and is valid during the call only.
 */
unsigned vectors_each(const char *relative, void (*row)(struct span line, void *context),
                      void *context);

/* Cuts the characters up to the separator (or the end) off the front of *line and gives them. */
struct span vectors_cut(struct span *line, char separator);
bool span_starts_with(struct span s, const char *text);
/* A copy as a C string for messages; cut at the size. */
void vectors_text(struct span s, char *out, size_t size);

#endif
