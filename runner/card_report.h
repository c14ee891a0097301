/* What is on a card, read through its ES10 functions. */
#ifndef LAB_RUNNER_CARD_REPORT_H
#define LAB_RUNNER_CARD_REPORT_H

#include <stdio.h>

#include "es10b.h"
#include "json.h"

/* Everything; gives *out, an object: atr, eid, eidCheckDigits, euiccInfo1, euiccInfo2, addresses, eims, profiles,
 * notifications, packageResults. What the card refuses or answers in a way that cannot be read is left out and named in
 * "missing": {member: why}. Fails only where the card stops answering. */
MUST_CHECK enum err card_report(struct es10_card *c, struct span atr, json_t **out);
/* The profiles alone, in the same form. */
MUST_CHECK enum err card_report_profiles(struct es10_card *c, json_t **out);

/* In words, from such an object. */
void card_print(const json_t *report, FILE *out);
void card_print_profiles(const json_t *report, FILE *out);
/* "file not found" for 6A82; "" for what has no name. */
const char *card_status_text(unsigned sw);

#endif
