/* The platform from inside. Private to sim/cmp. */
#ifndef LAB_CMP_INTERNAL_H
#define LAB_CMP_INTERNAL_H

#include <pthread.h>

#include "cmp.h"
#include "cmp_store.h"

struct cmp_known_client {
    char name[CMP_TEXT];
    uint8_t fingerprint[32];
    unsigned rights;
};

struct cmp {
    struct actor actor;
    const struct env *env;
    char carrier[CMP_TEXT], network_url[300], transfer_status[24];
    struct cmp_known_client *clients;
    size_t client_count;
    unsigned calls_per_second;
    pthread_mutex_t lock; /* guards the rate window */
    int64_t window;       /* the second it is about */
    unsigned calls;
};

extern const struct http_route cmp_routes[];
extern const size_t cmp_route_count;

/* ---- errors as the dialect has them ------------------------------------------------------------------------------ */

/* Writes {"errorMessage","errorCode"} and returns ERR_REFUSED: a handler that goes on is not meant. code NULL: left out. */
enum err cmp_refuse(struct http_response *p, int status, const char *code, const char *message);
#define CMP_BAD_CREDENTIALS "10000001"
#define CMP_BAD_VALUE "10000003"
#define CMP_BAD_JSON "10000023"
#define CMP_BAD_VERSION "10000024"
#define CMP_BAD_PARAMETER "10000028"
#define CMP_BAD_ROLE "10000030"
#define CMP_NO_ICCID "20000001"
#define CMP_BAD_TRANSITION "20000005"
#define CMP_TOO_MANY_CALLS "40000029"

/* ---- who calls --------------------------------------------------------------------------------------------------- */

/* The enterprise behind Basic username:apiKey; else 401 or 429 is written: ERR_REFUSED. */
MUST_CHECK enum err cmp_login(struct cmp *c, const struct http_request *q, struct http_response *p,
                              struct cmp_account *out);
/* The client with the right, by its certificate; else 403 is written: ERR_REFUSED. *name is borrowed from c. */
MUST_CHECK enum err cmp_require(struct cmp *c, const struct http_request *q, struct http_response *p,
                                enum cmp_right right, const char **name);
/* The body as JSON object; else 400 is written: ERR_REFUSED. Gives *out. */
MUST_CHECK enum err cmp_read_json(const struct http_request *q, struct http_response *p, struct json_t **out);
/* Reads a text member into a field; absent leaves it. 400 for another type, too long, or odd characters. */
MUST_CHECK enum err cmp_take(struct http_response *p, const struct json_t *o, const char *member, char *out,
                             size_t size);
#define CMP_TAKE(p, o, member, field) cmp_take((p), (o), (member), (field), sizeof(field))

/* ---- the status of a SIM ----------------------------------------------------------------------------------------- */

bool cmp_status_known(const char *status);
bool cmp_status_serves(const char *status);  /* the network lets it attach */
bool cmp_status_bills(const char *status);
bool cmp_status_may_become(const char *from, const char *to);
/* Inside a transaction: records what differs, tells the network, saves. Both have the same ICCID. */
MUST_CHECK enum err cmp_device_change(struct cmp *c, const struct cmp_writer *w, const struct cmp_device *before,
                                      const struct cmp_device *after);
/* Inside a transaction: a SIM that the platform did not know. ERR_EXISTS. */
MUST_CHECK enum err cmp_device_create(struct cmp *c, const struct cmp_device *d);

/* Applies a PUT's members (effectiveDate aside) in one transaction, with which a scheduled change (its id, else 0) is
 * done. ERR_REFUSED: not possible, *p says why; nothing was changed. */
MUST_CHECK enum err cmp_device_apply(struct cmp *c, const char *who, const char *iccid, const struct json_t *body,
                                     struct http_response *p, int64_t scheduled);

/* "2026-01-31 12:00:00.000+0000"; JSON null for 0. Gives a value; NULL: out of memory. */
struct json_t *cmp_time_json(int64_t at);
/* That, or ISO 8601 with Z, or a date. ERR_PARSE. */
MUST_CHECK enum err cmp_time_parse(const char *text, int64_t *out);

/* Tells the network what is due and applies what was scheduled. */
MUST_CHECK enum err cmp_deliver(struct cmp *c, int64_t now);
MUST_CHECK enum err cmp_apply_scheduled(struct cmp *c, int64_t now);

/* The handlers, by file. */
#define CMP_HANDLER(name) enum err name(void *actor, const struct http_request *q, struct http_response *p)
CMP_HANDLER(cmp_get_devices);
CMP_HANDLER(cmp_get_device);
CMP_HANDLER(cmp_put_device);
CMP_HANDLER(cmp_get_session);
CMP_HANDLER(cmp_get_audit);
CMP_HANDLER(cmp_get_echo);
CMP_HANDLER(cmp_bad_version);
CMP_HANDLER(cmp_post_inventory);
CMP_HANDLER(cmp_put_refusal);
CMP_HANDLER(cmp_post_account);
CMP_HANDLER(cmp_post_transfer);
CMP_HANDLER(cmp_post_reversal);
CMP_HANDLER(cmp_post_event);
CMP_HANDLER(cmp_get_ledger);
CMP_HANDLER(cmp_get_writes);
CMP_HANDLER(cmp_get_health);

#endif
