/* functionExecutionStatus and statusCodeData of the JSON bindings (SGP.22 5.2.6, 6.5). A refusal is data, not a failure. */
#ifndef LAB_ES_STATUS_H
#define LAB_ES_STATUS_H

#include "http.h"
#include "json.h"

/* Empty subject: Executed-Success. */
struct es_status {
    char subject[16], reason[16]; /* "8.2.6", "3.8" */
    char message[128];
};
bool es_refused(const struct es_status *s);
void es_refuse(struct es_status *s, const char *subject, const char *reason, const char *message);
/* "8.2.6/3.8 Refused", for logs and reports. */
struct es_status_text {
    char text[176];
};
struct es_status_text es_status_text(const struct es_status *s);

/* {"status", "statusCodeData"?} as it stands in headers and notifications. Gives it; NULL: no memory. */
json_t *es_status_json(const struct es_status *s);
/* Adds the header member to an answer object. */
MUST_CHECK enum err es_status_put(json_t *answer, const struct es_status *s);
/* Reads the header of an answer. A header that is missing or says neither success nor failure is ERR_PARSE;
 * Executed-WithWarning counts as success. */
MUST_CHECK enum err es_status_read(const json_t *answer, struct es_status *out);

#endif
