/* Texts that are as plain as those of our interfaces, read quickly. Inside lib/json only. */
#ifndef LAB_JSON_PLAIN_H
#define LAB_JSON_PLAIN_H

#include <jansson.h>

#include "span.h"

/* Gives the object when its strings are printable ASCII without escapes, its numbers integers of at most 18 digits and no member
 * is named twice; what jansson reads is the same value. NULL of anything else, good or bad: jansson is to be asked. */
json_t *json_read_plain(struct span text);
/* How many octets from the first on are printable ASCII, and neither a quote nor a backslash. */
size_t json_plain_length(struct span text);

#endif
