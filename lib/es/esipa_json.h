/* For the files of the JSON binding of ESipa, serve side. */
#ifndef LAB_ES_ESIPA_JSON_H
#define LAB_ES_ESIPA_JSON_H

#include "es_memory.h"
#include "esipa.h"
#include "json.h"

/* What a function makes of a request object; ERR_PARSE or ERR_NOT_FOUND before it was called: it is no such message. */
struct esipa_exchange {
    const struct esipa_service *service;
    const char *name; /* "ESipa.GetEimPackage" */
    const json_t *request;
    json_t *answer;          /* NULL: HTTP 204 */
    struct es_status status; /* the answer's functionExecutionStatus */
    struct es_memory memory; /* of what was decoded */
    bool called;
};

/* The server has the function with this request tag. */
bool esipa_is_offered(const struct esipa_server *s, uint32_t tag);
/* 16 octets of digits, of which the last two check the others (SGP.02 2.2.2). */
bool esipa_eid_is_readable(struct span eid);
/* What both bindings ask of a request's headers (catalogue A.7.4): 0, or the HTTP status and why. */
int esipa_judge_headers(const struct esipa_service *s, const struct http_request *q, const char *type, const char **why);
/* A transport error has no body (SGP.32 6.1); the log says of what and of whom, "" where that cannot be said. */
enum err esipa_refuse(const struct esipa_service *s, const struct http_request *q, const char *function, const char *eid, int status,
                      const char *why, struct http_response *p);
/* A member that may be missing. */
enum err esipa_optional(enum err e);

/* Injection (SGP.32 5.14.4), and its call side: between DER and an object. */
enum err esipa_json_transfer_eim_package(struct esipa_exchange *x);
enum err esipa_json_ask_transfer(struct span message, json_t *o);
enum err esipa_json_take_transfer(const json_t *object, struct buf *out);
/* The bytes of a BF4E to the IPA's function. *unread: they are none. */
enum err esipa_serve_transfer(const struct esipa_service *s, struct span bytes, struct buf *answer, enum err *unread);
/* The relayed download (SGP.32 5.14.1 to 5.14.3, 5.14.8). */
enum err esipa_json_initiate_authentication(struct esipa_exchange *x);
enum err esipa_json_authenticate_client(struct esipa_exchange *x);
enum err esipa_json_get_bound_profile_package(struct esipa_exchange *x);
enum err esipa_json_cancel_session(struct esipa_exchange *x);

#endif
