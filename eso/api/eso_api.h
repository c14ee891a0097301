/* The eSO's routes. */
#ifndef LAB_ESO_API_H
#define LAB_ESO_API_H

#include "eso_workflow.h"
#include "http.h"

/* Who may call; a name of struct eso_client's for this layer. */
struct api_client {
    char name[ESO_ID_MAX + 1];
    uint8_t fingerprint[32], key_sha256[32]; /* all zero: not this way */
    unsigned rights;
};
enum api_right { API_READ = 1, API_OPERATE = 2, API_ADMINISTER = 4, API_HOOK = 8 };

/* What handlers work with; begins with the actor, as handlers get that. */
struct eso_api {
    struct actor actor;
    const struct env *env;
    struct eso_workflow flow;
    const struct api_client *clients;
    size_t client_count;
};
#define API_ROUTE_COUNT 20
extern const struct http_route api_routes[API_ROUTE_COUNT];

#endif
