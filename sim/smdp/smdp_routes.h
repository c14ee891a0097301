/* Routes and who may use them. Inside sim/smdp only. */
#ifndef LAB_SMDP_ROUTES_H
#define LAB_SMDP_ROUTES_H

#include "json.h"
#include "smdp_internal.h"

extern const struct actor_ops smdp_actor_ops;

/* Writes a problem document; ERR_REFUSED, or why it could not. */
MUST_CHECK enum err smdp_refuse(struct http_response *p, int status, const char *title, const char *detail);
/* The client that showed this certificate; NULL when it is none of the settings'. */
const struct smdp_client *smdp_client_of(const struct smdp *s, struct span certificate);
/* NULL when there is none of this name. */
const struct smdp_client *smdp_client_named(const struct smdp *s, const char *name);
/* ERR_REFUSED after writing 403: no certificate, or not an administrator's. */
MUST_CHECK enum err smdp_require_administrator(const struct smdp *s, const struct http_request *q,
                                               struct http_response *p);
/* ERR_REFUSED after writing 403: none of the clients. *owner: whose profiles the caller may see; NULL: everybody's. */
MUST_CHECK enum err smdp_require_viewer(const struct smdp *s, const struct http_request *q, struct http_response *p,
                                        const char **owner);

/* The body of an administrator's request. ERR_REFUSED after writing 415 (it is said to be something else) or 400. Gives *out. */
MUST_CHECK enum err smdp_read_json(const struct http_request *q, struct http_response *p, json_t **out);

/* The profile of the path's {iccid}, when the caller may see it. ERR_REFUSED after writing 403 or 404. */
MUST_CHECK enum err smdp_require_profile(struct smdp *s, const struct http_request *q, struct http_response *p,
                                         struct smdp_profile *out);

int64_t smdp_tick(struct actor *a, int64_t now, enum err *e);
/* Tells the first thing that waits for this SM-DS (index of the settings), or this client, when it is due. *next: when the tick
 * is wanted again, CLOCK_NEVER for the next thing. ERR_NOT_FOUND: nothing waits. ERR_CUT: killed while it called. */
MUST_CHECK enum err smdp_tell_smds(struct smdp *s, size_t smds, int64_t now, int64_t *next);
MUST_CHECK enum err smdp_tell_operator(struct smdp *s, size_t client, int64_t now, int64_t *next);
/* How long to wait after so many attempts, in ms. */
int64_t smdp_back_off(int64_t attempts);

/* Lists are given page by page: what comes after a key, so many of them (1 to 1000, 100 when not said). */
struct smdp_page {
    char after[33]; /* digits; "" from the first one on */
    int64_t limit;
};
/* Of ?after=…&limit=…. ERR_REFUSED after writing 400. */
MUST_CHECK enum err smdp_read_page(const struct http_request *q, struct http_response *p, struct smdp_page *out);
/* A filter of the query, "" when it is not there. ERR_REFUSED after writing 400: longer than any value can be. */
MUST_CHECK enum err smdp_read_filter(const struct http_request *q, struct http_response *p, const char *name, char *out,
                                     size_t room);
/* {"<name>": items, "next": the last one's key, when there may be more}. Takes items. */
MUST_CHECK enum err smdp_answer_page(struct http_response *p, const char *name, json_t *items, const char *key,
                                     const struct smdp_page *page);

/* The other way round: what smdp_profile_read takes. NULL: no memory. */
json_t *smdp_profile_json(const struct smdp_profile *p);
/* A profile as an administrator describes it, all but its keys and codes. Any failure: a member is missing or malformed. */
MUST_CHECK enum err smdp_profile_read(const json_t *o, struct smdp_profile *p);

/* Adds one profile. *why: what is wrong with it, beside what its failure says. ERR_EXISTS: it, its IMSI or matchingId is here. */
MUST_CHECK enum err smdp_profile_import(struct smdp *s, struct smdp_profile *p, const struct smdp_subscription *sub,
                                        const char **why);

/* Takes a type of the settings into the store. ERR_CONFIG, logged: no package, or profiles of it were made from another. */
MUST_CHECK enum err smdp_profile_type_settle(struct smdp *s, const struct smdp_profile_type *t);

/* Administration. */
enum err smdp_add_profile_type(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_list_profile_types(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_list_messages(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_export_stock(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_import_stock(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_list_stock(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_list_orders(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_generate_stock(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_list_notifications(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_count_notifications(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_retry_notification(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_retry_notifications(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_import_profiles(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_show_profile(void *actor, const struct http_request *q, struct http_response *p);
enum err smdp_count_profiles(void *actor, const struct http_request *q, struct http_response *p);

#endif
