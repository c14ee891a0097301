/* Rows of the published vectors by name. */
#ifndef LAB_TESTS_RSP_VECTORS_H
#define LAB_TESTS_RSP_VECTORS_H

#include "harness.h"

/* The whole file below ../shared; empty when it is absent (the test was skipped). */
struct buf vectors_load(const char *relative);
/* The bytes of the row whose line begins with `name` and the separator; empty when there is none. */
struct buf vectors_row(const struct buf *file, const char *name, char separator);
/* The nth of the rows that begin so, from 0; empty when there are no more. */
struct buf vectors_nth(const struct buf *file, const char *name, char separator, size_t nth);
/* Each row whose name begins with `prefix`: *at walks through the file. Gives name (borrowed span) and bytes.
 */
bool vectors_each(const struct buf *file, const char *prefix, size_t *at, struct span *name,
                  struct buf *bytes);

/* Hex with spaces for the eye. */
struct buf hex_with_spaces(const char *text);

#define VECTORS_SGP32 "spec/vectors-sgp32.tsv"
#define VECTORS_RSP "spec/vectors-rsp.txt"

#endif
