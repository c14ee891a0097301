/* Routes and who may use them. Inside sim/smdp only. */
#ifndef LAB_SMDP_ROUTES_H
#define LAB_SMDP_ROUTES_H

#include "smdp_internal.h"

extern const struct actor_ops smdp_actor_ops;

/* The client that showed this certificate; NULL when it is none of the settings'. */
const struct smdp_client *smdp_client_of(const struct smdp *s, struct span certificate);
/* ERR_REFUSED after writing 403: no certificate, or not an administrator's. */
MUST_CHECK enum err smdp_require_administrator(const struct smdp *s, const struct http_request *q,
                                               struct http_response *p);

int64_t smdp_tick(struct actor *a, int64_t now, enum err *e);
/* Tells the first thing that waits for this SM-DS (index of the settings), or this client, when it is due. *next: when the tick
 * is wanted again, CLOCK_NEVER for the next thing. ERR_NOT_FOUND: nothing waits. ERR_CUT: killed while it called. */
MUST_CHECK enum err smdp_tell_smds(struct smdp *s, size_t smds, int64_t now, int64_t *next);
MUST_CHECK enum err smdp_tell_operator(struct smdp *s, size_t client, int64_t now, int64_t *next);
/* How long to wait after so many attempts, in ms. */
int64_t smdp_back_off(int64_t attempts);

/* Administration. */
enum err smdp_import_profiles(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_show_profile(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_count_profiles(void *actor, const struct http_request *q, struct http_response *p);

#endif
