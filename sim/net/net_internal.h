/* What the files of sim/net share. */
#ifndef LAB_NET_INTERNAL_H
#define LAB_NET_INTERNAL_H

#include <jansson.h>

#include "aka.h"
#include "db.h"
#include "json.h"
#include "net.h"

#define IMSI_MAX 15
#define ICCID_MAX 20
#define ID_LEN 36
#define DEVICE_BODY_MAX 4096u /* whoever shows no certificate may not send more */

struct network {
    struct actor actor;
    const struct env *env;
    char plmn[8];
    char *platform_url; /* NULL: nobody is told */
    struct network_client *clients; /* names owned */
    size_t client_count;
    struct secret storage_key;
    int64_t retry_ms;
};

/* --- subscriber.c: a subscription as the administrator gives it */
struct subscriber {
    char imsi[IMSI_MAX + 1], iccid[ICCID_MAX + 1];
    struct aka_params aka;
    uint8_t amf[2];
    int64_t sqn; /* SEQ || IND, 48 bits; -1: keep what is stored */
};
/* ERR_PARSE: *why names the member, never its value. Clear it with subscriber_release. */
MUST_CHECK enum err subscriber_parse(const char *imsi, const json_t *o, struct subscriber *out, const char **why);
void subscriber_release(struct subscriber *s);
bool imsi_is_valid(const char *text);
bool iccid_is_valid(const char *text);
bool country_is_valid(const char *text);
/* The first 19 digits: with or without check digit it is the same SIM. */
void iccid_key(const char *iccid, char out[ICCID_MAX]);

/* --- keys.c: K, OPc and what goes with them at rest: 12 octets of nonce, then AES-256-GCM bound to the IMSI */
MUST_CHECK enum err keys_seal(struct network *n, const struct subscriber *s, struct buf *out);
MUST_CHECK enum err keys_open(struct network *n, struct span sealed, struct subscriber *s); /* s->imsi is set */

/* --- challenge.c: TS 33.102 6.3 */
struct challenge {
    uint8_t rand[16], autn[16];
};
/* AUTN of rand and the SQN in s. */
MUST_CHECK enum err challenge_make(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                                   struct challenge *out);
/* The SQN that follows: SEQ and IND each one more. */
int64_t sqn_after(int64_t sqn);
/* ERR_VERIFY: not the answer that the SIM gives to rand. */
MUST_CHECK enum err challenge_check_res(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                                        struct span res);
/* Checks MAC-S and gives the SIM's SQN. ERR_VERIFY. */
MUST_CHECK enum err challenge_check_auts(struct network *n, const struct subscriber *s, const uint8_t rand[16],
                                         struct span auts, int64_t *sqn);

/* --- store.c: rows. Writers run inside a transaction of the caller. */
extern const char *const network_migrations[];
extern const size_t network_migration_count;

struct attach {
    char id[ID_LEN + 1], imsi[IMSI_MAX + 1], country[3], imei[17];
    uint8_t rand[16];
    bool resynchronised;
};
struct session {
    char id[ID_LEN + 1], imsi[IMSI_MAX + 1], iccid[ICCID_MAX + 1], country[3], imei[17];
    char cause[32]; /* why it ended; "" while it stands */
    int64_t started_at;
};
MUST_CHECK enum err store_put_subscriber(struct network *n, const struct subscriber *s); /* ERR_EXISTS: the ICCID */
MUST_CHECK enum err store_find_subscriber(struct network *n, const char *imsi, struct subscriber *out);
MUST_CHECK enum err store_remove_subscriber(struct network *n, const char *imsi); /* ERR_NOT_FOUND */
MUST_CHECK enum err store_set_sqn(struct network *n, const char *imsi, int64_t sqn);
MUST_CHECK enum err store_put_status(struct network *n, const char *iccid, bool service);
MUST_CHECK enum err store_service(struct network *n, const char *iccid, bool *service);
MUST_CHECK enum err store_replace_countries(struct network *n, const json_t *countries);
MUST_CHECK enum err store_set_country(struct network *n, const char *country, bool lost); /* ERR_NOT_FOUND */
MUST_CHECK enum err store_set_whole(struct network *n, bool lost);
MUST_CHECK enum err store_covered(struct network *n, const char *country, bool *covered);
MUST_CHECK enum err store_put_attach(struct network *n, const struct attach *a); /* replaces the SIM's earlier one */
MUST_CHECK enum err store_find_attach(struct network *n, const char *id, struct attach *out);
MUST_CHECK enum err store_remove_attach(struct network *n, const char *id);
MUST_CHECK enum err store_put_session(struct network *n, const struct session *s);
MUST_CHECK enum err store_find_session(struct network *n, const char *id, struct session *out);
MUST_CHECK enum err store_find_open_session(struct network *n, const char *imsi, struct session *out);
MUST_CHECK enum err store_move_session(struct network *n, const char *id, const char *country);

/* Ends standing sessions and notes an event for each. */
MUST_CHECK enum err store_end_session(struct network *n, const char *id, const char *cause);
MUST_CHECK enum err store_end_sessions_of_sim(struct network *n, const char *imsi, const char *cause);
MUST_CHECK enum err store_end_sessions_by_status(struct network *n, const char *iccid);
MUST_CHECK enum err store_end_sessions_by_coverage(struct network *n);

/* --- outbox.c */
MUST_CHECK enum err outbox_put(struct network *n, const char *iccid, const char *event);
int64_t network_tick(struct actor *a, int64_t now, enum err *e);

/* --- access.c: who may do what */
MUST_CHECK enum err require_right(struct network *n, const struct http_request *q, struct http_response *p,
                                  unsigned rights);
/* Reads a device's request: 413 beyond DEVICE_BODY_MAX. */
MUST_CHECK enum err read_device_json(const struct http_request *q, struct http_response *p, json_t **out);
/* Why this SIM gets no service in this country now; *cause NULL: it does. */
MUST_CHECK enum err service_cause(struct network *n, const char *iccid, const char *country, const char **cause);
/* Writes a problem with a cause and returns ERR_REFUSED. */
enum err refuse(struct http_response *p, int status, const char *cause);
/* Writes 400 with a sentence and returns ERR_REFUSED. */
enum err refuse_member(struct http_response *p, const char *why);
enum err answer_empty(struct http_response *p);

/* --- handlers */
enum err handle_put_subscriber(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_post_subscribers(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_get_subscriber(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_delete_subscriber(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_put_coverage(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_put_country(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_get_coverage(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_put_status(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_attach(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_authenticate(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_check_session(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_delete_session(void *actor, const struct http_request *q, struct http_response *p);
enum err handle_health(void *actor, const struct http_request *q, struct http_response *p);

/* {attachId, rand, autn} */
MUST_CHECK enum err answer_challenge(struct http_response *p, const char *attach_id, const struct challenge *c);

void network_free(struct actor *a);
extern const struct actor_ops network_ops;
#endif
