/* A description of an interface and the routes that serve it, held against each other. */
#ifndef LAB_TESTS_OPENAPI_H
#define LAB_TESTS_OPENAPI_H

#include "http.h"

/* Every route of the actor is described in the file (below the source folder), every described one is a route. Routes of
 * the GSMA's own interfaces (/gsma/…) are described by the specifications, not here. */
void check_openapi(const char *file, const struct actor_ops *ops);

#endif
