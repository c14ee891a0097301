/* Writing HTML and XML: everything that comes from a run is escaped on its way into the page, by construction. */
#ifndef LAB_RUNNER_MARKUP_H
#define LAB_RUNNER_MARKUP_H

#include "span.h"

/* Appends to a buffer; the first failure stays and makes what follows a no-op, so that pages are written in one go and
 * checked once. */
struct markup {
    struct buf *out; /* borrowed */
    enum err e;
};

/* Markup as it stands. */
void markup_raw(struct markup *m, const char *text);
/* Text with & < > " ' escaped; what is no UTF-8 or no character of XML becomes U+FFFD. */
void markup_text(struct markup *m, struct span text);
/* The format is markup, the arguments are not: %s is escaped; %d, %u, %lld and %.2f are numbers. Nothing else is known.
 * A NULL string is empty. */
void markup_put(struct markup *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends text that is valid UTF-8 without control characters, for JSON. */
MUST_CHECK enum err text_put_clean(struct buf *out, struct span text);

#endif
