/* For the files of the JSON binding of ESipa, serve side. */
#ifndef LAB_ES_ESIPA_JSON_H
#define LAB_ES_ESIPA_JSON_H

#include "es_memory.h"
#include "esipa.h"
#include "json.h"

/* What a function makes of a request object; ERR_PARSE or ERR_NOT_FOUND before it was called: it is no such message. */
struct esipa_exchange {
    const struct esipa_service *service;
    const json_t *request;
    json_t *answer;          /* NULL: HTTP 204 */
    struct es_status status; /* the answer's functionExecutionStatus */
    struct es_memory memory; /* of what was decoded */
    bool called;
};

/* The server has the function with this request tag. */
bool esipa_is_offered(const struct esipa_server *s, uint32_t tag);
/* A member that may be missing. */
enum err esipa_optional(enum err e);

/* The relayed download (SGP.32 5.14.1 to 5.14.3, 5.14.8). */
enum err esipa_json_initiate_authentication(struct esipa_exchange *x);
enum err esipa_json_authenticate_client(struct esipa_exchange *x);
enum err esipa_json_get_bound_profile_package(struct esipa_exchange *x);
enum err esipa_json_cancel_session(struct esipa_exchange *x);

#endif
