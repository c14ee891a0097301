/* One JSON call over HTTP, and what its answer means. For the ports only. */
#ifndef LAB_ESO_CALL_H
#define LAB_ESO_CALL_H

#include <jansson.h>

#include "eso_port.h"
#include "http.h"

struct call {
    const char *method, *base, *path;  /* path with leading "/" */
    struct span body;                  /* empty: none */
    const char *authorization;         /* header value; NULL: the client certificate is enough */
    const char *error_member;          /* where the other says its code: "errorCode" */
};
/* Makes the call. *answer gets the JSON object of the body (NULL when it is none). Only failures of our own machine are
 * an enum err; what happened to the call is in *r. */
MUST_CHECK enum err port_call(const struct port *p, const struct call *c, json_t **answer, struct port_result *r);
/* The same with a JSON body; takes nothing. */
MUST_CHECK enum err port_call_json(const struct port *p, struct call *c, const json_t *body, json_t **answer,
                                   struct port_result *r);
/* Turns what lib/http and lib/es return into an answer; true when it was one. */
bool port_answer_of(enum err e, enum port_answer *out);
/* Copies a text of somebody else, cut to what fits and without control characters. */
void port_copy_text(char *at, size_t size, const char *text);

#endif
