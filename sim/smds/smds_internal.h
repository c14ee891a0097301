/* The SM-DS as its own files see it: functions on domain messages, tables, routes. */
#ifndef LAB_SMDS_INTERNAL_H
#define LAB_SMDS_INTERNAL_H

#include "db.h"
#include "es12.h"
#include "es_authentication.h"
#include "rsp_event.h"
#include "smds.h"

struct smds {
    struct actor actor;
    const struct env *env;
    char **addresses; /* owned, NULL-terminated */
    struct es_identity identity[2];
    size_t identity_count;
    struct es_authentication authentication; /* of eUICCs */
    struct smds_client *clients;             /* names owned */
    size_t client_count;
    struct rsp_wire wire;
};
void smds_free(struct smds *s);

/* --- functions, one file each. ERR_OK with *status filled when refused, or with the answer. */

/* ES12 (SGP.22 5.9); the requester is already matched with its certificate. */
MUST_CHECK enum err smds_register_event(struct smds *s, const struct es12_event *q, struct es_status *status);
MUST_CHECK enum err smds_delete_event(struct smds *s, const struct es12_event *q, struct es_status *status);

/* ES11 (SGP.22 5.8). The answer's spans point into *opening, *list. */
MUST_CHECK enum err smds_initiate_authentication(struct smds *s, const struct rsp_initiate_authentication_request *q,
                                                 struct es_opening *opening,
                                                 struct rsp_initiate_authentication_ok *ok, struct es_status *status);
MUST_CHECK enum err smds_authenticate_client(struct smds *s, const struct rsp_authenticate_client_request *q,
                                             struct buf *list, struct rsp_authenticate_client_ok_es11 *ok,
                                             struct es_status *status);

/* --- store.c */
extern const char *const smds_migrations[];
extern const size_t smds_migration_count;

/* ERR_EXISTS: this eUICC has an event of this id. */
MUST_CHECK enum err smds_event_add(struct smds *s, const struct es12_event *event);
/* ERR_NOT_FOUND: no such event, or another SM-DP+'s. */
MUST_CHECK enum err smds_event_remove(struct smds *s, const struct es12_event *event);
/* Appends an eUICC's events to a list of EventEntry, oldest first, as many as one answer holds; with an id only that one.
 * ERR_NOT_FOUND: none. */
MUST_CHECK enum err smds_events_list(struct smds *s, const char *eid, const char *event_id, struct buf *list);

/* One RSP session, until the eUICC has answered or SMDS_SESSION_KEPT has passed. */
#define SMDS_SESSION_KEPT (10 * CLOCK_MINUTE)
struct smds_session {
    char transaction_id[33]; /* upper-case hex */
    uint8_t server_challenge[16];
};
MUST_CHECK enum err smds_session_add(struct smds *s, const struct smds_session *x);
MUST_CHECK enum err smds_session_get(struct smds *s, const char *transaction_id, struct smds_session *out);
MUST_CHECK enum err smds_session_remove(struct smds *s, const char *transaction_id); /* ERR_NOT_FOUND */

/* --- routes.c */
extern const struct actor_ops smds_actor_ops;
/* The client that showed this certificate; NULL when it is none of the settings'. */
const struct smds_client *smds_client_of(const struct smds *s, struct span certificate);

/* --- events.c */
enum err smds_show_events(void *actor, const struct http_request *q, struct http_response *p);

#endif
