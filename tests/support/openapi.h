/* A description of an interface and the routes that serve it, held against each other. */
#ifndef LAB_TESTS_OPENAPI_H
#define LAB_TESTS_OPENAPI_H

#include "http.h"

struct yaml;

/* Every route of the actor is described in the file (below the source folder), every described one is a route. Routes of
 * the GSMA's own interfaces (/gsma/…) are described by the specifications, not here. */
void check_openapi(const char *file, const struct actor_ops *ops);

/* The description in a file below the source folder. Gives it. */
struct yaml *read_openapi(const char *file);
void close_openapi(struct yaml *described);
/* A live answer is one of those described for its method and path: its status is there, and its JSON has the members that are
 * required, none that is not described, each of its type. */
void check_openapi_answer(const struct yaml *described, const char *method, const char *url, const struct http_response *answer);

#endif
