/* The eIM as its own files see it. */
#ifndef LAB_EIM_INTERNAL_H
#define LAB_EIM_INTERNAL_H

#include <pthread.h>

#include "db.h"
#include "eim.h"
#include "es_peer.h"
#include "rsp_esipa.h"
#include "rsp_ids.h"

struct eim {
    struct actor actor;
    const struct env *env;
    char *eim_id, *fqdn;
    struct eim_signing {
        const struct cert *certificate;
        const struct ec_key *key;
        uint8_t id[32];     /* SHA-256 of the public point */
    } signing[8];           /* the first is today's */
    size_t signing_count;
    struct trust *trust;
    struct rsp_wire wire;
    bool warn_eid_range, any_user_agent, v1_3, rereads;
    struct buf receivers; /* addresses that notifications may go to, one a line; "*": wherever they want */
    int64_t postpone_ms, keep_orders_ms;
    int64_t ticked; /* when the tick came last; before the first one the end of time */
    struct eim_client *clients; /* names and tenants owned; rights are set */
    size_t client_count;
    struct secret storage_key;
    int64_t heartbeat_ms;
    pthread_mutex_t streams_lock; /* guards the list */
    struct eim_stream *streams;   /* of events, held (event_stream.c) */
};
extern const struct actor_ops eim_actor_ops;
void eim_free(struct eim *e);

/* NULL where there is nothing. Borrows. */
struct db_value eim_blob_or_null(const struct buf *b);

/* --- store ---------------------------------------------------------------------------------------- */

enum eim_order_state { EIM_QUEUED, EIM_SENT, EIM_DONE, EIM_FAILED, EIM_EXPIRED, EIM_CANCELLED };
const char *eim_order_state_name(enum eim_order_state s);
enum eim_order_kind {
    EIM_ORDER_DOWNLOAD, EIM_ORDER_ENABLE, EIM_ORDER_DISABLE, EIM_ORDER_DELETE, EIM_ORDER_SET_FALLBACK, EIM_ORDER_LIST,
    EIM_ORDER_UNSET_FALLBACK, EIM_ORDER_GET_RAT, EIM_ORDER_IMMEDIATE_ENABLE, EIM_ORDER_DEFAULT_ADDRESS,
    EIM_ORDER_ADD_EIM, EIM_ORDER_UPDATE_EIM, EIM_ORDER_DELETE_EIM, EIM_ORDER_LIST_EIM, EIM_ORDER_DATA,
};

#define EIM_TENANT_MAX 64
#define EIM_OWN_TENANT "*" /* of the eIM's own orders; nobody's name */

/* Why an order cannot be done: its row cannot be read. */
struct eim_damage {
    const char *name, *why; /* of its result; a sentence with the remedy */
};
extern const struct eim_damage eim_secret_unreadable, eim_order_unreadable, eim_signing_unreadable;

struct eim_order {
    char id[37], tenant[EIM_TENANT_MAX + 1], reference[129], eid[33], iccid[21], callback[513];
    enum eim_order_kind kind;
    enum eim_order_state state;
    bool rollback;
    int64_t created, valid_until; /* 0: no end */
    int64_t priority;             /* the higher ones go first */
    int64_t attempt;              /* 1, and one more with each retry */
    int64_t counter;              /* of the package, 0 for a download */
    int64_t refused;              /* unsigned refusals so far */
    int64_t sent_at, ended_at;     /* last; 0: it was not */
    int64_t not_before, postponed; /* the eUICC could not now: when it is asked again, and how often that was so */
    uint8_t transaction_id[16];   /* eimTransactionId once sent */
    const struct rsp_wire *wire;  /* how its commands are written, while they are (kinds.c) */
    struct json_t *parameters;    /* of the kinds that have some (kinds.c); owned */
    struct buf activation_code;   /* secret; cleared on release */
    struct buf confirmation;      /* SHA-256 of the confirmation code, "" none; secret, cleared on release */
    struct buf message;           /* the BF4F as it was sent; resent byte by byte */
    const struct eim_damage *damage; /* what of its row cannot be read; NULL: nothing */
    struct buf result;            /* JSON of the result object; "" none */
};
void eim_order_init(struct eim_order *o);
void eim_order_release(struct eim_order *o);

/* How an eUICC is told to trust this eIM (trust.c). */
struct eim_trust {
    bool sign_with_certificate;                /* eimPublicKeyData is the certificate, else the key */
    struct buf tls_certificate, tls_public_key; /* trustedPublicKeyDataTls, complete DER; one or none */
};
void eim_trust_init(struct eim_trust *t);
void eim_trust_release(struct eim_trust *t);
bool eim_trust_is_default(const struct eim_trust *t);

struct eim_euicc {
    char eid[33], tenant[EIM_TENANT_MAX + 1];
    int64_t counter, last_contact, state_change_cause; /* cause -1: none yet */
    int64_t token; /* association token; -1: none. Only eim_euicc_add looks at it here */
    char rplmn[7];
    int64_t state_change_at, rplmn_at;       /* when they were told; 0: before that was kept */
    int64_t handed_over;                     /* when it was left to another eIM; 0: it was not */
    struct buf certificate, eum_certificate; /* DER; both or none */
    struct eim_trust trust;                  /* only eim_euicc_add looks at it here */
    char callback[513];                      /* who hears of its changes; "" nobody */
};
void eim_euicc_init(struct eim_euicc *u);
void eim_euicc_release(struct eim_euicc *u);

extern const char *const eim_migrations[];
extern const size_t eim_migration_count;

MUST_CHECK enum err eim_euicc_add(struct eim *e, const struct eim_euicc *u); /* ERR_EXISTS */
/* Of one that was registered without. */
MUST_CHECK enum err eim_euicc_set_certificates(struct eim *e, const struct eim_euicc *u);
MUST_CHECK enum err eim_euicc_set_callback(struct eim *e, const char *eid, const char *callback);
MUST_CHECK enum err eim_euicc_get(struct eim *e, const char *eid, struct eim_euicc *out);
/* What a device says of itself when it calls; nobody signs it. */
struct eim_contact {
    char eid[33], rplmn[7]; /* rplmn "": not told */
    int64_t cause;          /* stateChangeCause; -1: not told */
    bool notified;          /* notifyStateChange: its state is to be read anew */
};
/* Notes it. ERR_NOT_FOUND: not registered. A change makes the list of profiles unknown, has it read anew, and is an event of its tenant; one with its cause is told
 * to the eUICC's callback, too. Whoever tells one has a transaction around it. */
MUST_CHECK enum err eim_euicc_seen(struct eim *e, const struct eim_contact *c);
/* The eUICC as northbound JSON, with what was learned of it; new reference. NULL: out of memory, or the store failed. */
struct json_t *eim_euicc_json(struct eim *e, const struct eim_euicc *u);
/* The association token, which ends every signature input of ESep (catalogue A.5.3); most eUICCs gave none. */
MUST_CHECK enum err eim_euicc_token(struct eim *e, const char *eid, struct rsp_int *out);
MUST_CHECK enum err eim_euicc_set_token(struct eim *e, const char *eid, int64_t token);
/* The last values are kept for updateEim, with which the counter begins anew. */
#define EIM_COUNTERS_RESERVED 16
/* Takes the next counter value of an eUICC, at most `most` (ERR_NOT_FOUND: they are used up); inside the transaction that stores the package made with it. */
MUST_CHECK enum err eim_euicc_raise_counter(struct eim *e, const char *eid, int64_t least);
MUST_CHECK enum err eim_euicc_next_counter(struct eim *e, const char *eid, int64_t most, int64_t *counter);

MUST_CHECK enum err eim_order_add(struct eim *e, const struct eim_order *o); /* ERR_EXISTS: the reference */
/* Forgets a few orders that ended long ago and whose end was told. Inside the caller's transaction. */
MUST_CHECK enum err eim_orders_forget(struct eim *e, int64_t now);
MUST_CHECK enum err eim_order_get(struct eim *e, const char *id, struct eim_order *out);
MUST_CHECK enum err eim_order_by_reference(struct eim *e, const char *tenant, const char *reference,
                                           struct eim_order *out);
/* One that ended is queued again, behind the others: with its valid_until and activation_code, as never sent. */
MUST_CHECK enum err eim_order_requeue(struct eim *e, struct eim_order *o);
/* Ends orders whose time has run out, sent ones too where they are no package; *next is when the next one's does. */
MUST_CHECK enum err eim_orders_expire(struct eim *e, int64_t now, int64_t *next);
/* eid NULL: whosever it is. */
MUST_CHECK enum err eim_order_by_transaction(struct eim *e, const char *eid, struct span transaction_id,
                                             struct eim_order *out);
/* The one that is under way, else the oldest queued one of the highest priority. ERR_NOT_FOUND: nothing to do. */
MUST_CHECK enum err eim_order_next(struct eim *e, const char *eid, struct eim_order *out);
/* As it stands in the store: what is secret of it sealed. */
struct eim_sealed_order {
    struct buf code, confirmation, message;
};
#define EIM_SEALED_ORDER_INIT \
    ((struct eim_sealed_order){ .code.max = 2048, .confirmation.max = 128, .message.max = 65 << 10 })
MUST_CHECK enum err eim_order_seal(struct eim *e, const char *id, enum eim_order_kind kind, const struct buf *code,
                                   const struct buf *confirmation, const struct buf *message, struct eim_sealed_order *out);
void eim_sealed_order_release(struct eim_sealed_order *s);
/* Its package, trigger or question went to the device: there may be an answer, also after its end. */
bool eim_order_left(const struct eim_order *o);
/* Has its time run out, and does that end it? A package that was sent may have been executed: its answer ends it. */
bool eim_order_is_overdue(const struct eim_order *o, int64_t now);
/* Writes state, counter, transaction id, message, refused, result; an order that ends and has a callback gets its outbox
 * row. One that cannot be read fails when it would go on. Runs inside the caller's transaction. */
MUST_CHECK enum err eim_order_update(struct eim *e, struct eim_order *o);
/* An installation, known by its RSP transaction, answers one order. ERR_EXISTS: it answered another one already. */
MUST_CHECK enum err eim_order_claim_installation(struct eim *e, const struct eim_order *o, struct span transaction_id);
/* Orders of a tenant, the oldest first. */
struct eim_order_filter {
    const char *tenant;
    char eid[33];                  /* "": of every eUICC */
    int state;                     /* enum eim_order_state; -1: any */
    int64_t created, after, limit; /* made later than that moment, or then and with a higher number */
};
enum { EIM_LIST_ALL, EIM_LIST_STATE, EIM_LIST_EUICC, EIM_LISTS };
extern const char *const eim_order_lists[EIM_LISTS]; /* a test explains them */
/* Calls `take` for each, with its number. ERR_OK also for none. */
typedef enum err (*eim_order_fn)(void *context, const struct eim_order *o, int64_t number);
MUST_CHECK enum err eim_orders_list(struct eim *e, const struct eim_order_filter *f, eim_order_fn take, void *context);
/* -1: no state has this name. */
int eim_order_state_of(const char *name);
/* Ends an order that can be done no more. Inside the caller's transaction. */
MUST_CHECK enum err eim_order_fail(struct eim *e, struct eim_order *o, int64_t code, const char *name);
/* Ends one for a reason of this eIM's own (code 127). Inside the caller's transaction. */
MUST_CHECK enum err eim_order_end(struct eim *e, struct eim_order *o, enum eim_order_state state, const char *why);
/* Ends one that cannot be read, and says so in the log. Inside the caller's transaction. */
MUST_CHECK enum err eim_order_fail_unreadable(struct eim *e, struct eim_order *o, const struct eim_damage *d);
/* Ends one whose time has run out; what hindered it is its result. Inside the caller's transaction. */
MUST_CHECK enum err eim_order_expire(struct eim *e, struct eim_order *o);
/* The order as northbound JSON; new reference. NULL: out of memory. */
struct json_t *eim_order_json(struct eim *e, const struct eim_order *o);

/* Tells the order's callback what became of it. Inside the caller's transaction, as the next four. */
MUST_CHECK enum err eim_outbox_add(struct eim *e, const struct eim_order *o);
/* Tells whoever is at `url` that the eUICC changed: it is shown as it is when the letter goes. */
MUST_CHECK enum err eim_outbox_add_news(struct eim *e, const char *tenant, const char *url, const char *eid);
enum eim_event { EIM_EVENT_ORDER_ENDED, EIM_EVENT_STATE_CHANGE, EIM_EVENT_LAST_ERROR, EIM_EVENT_LEFT };
/* Tells a receiver of an event of an eUICC. Of state changes, and of troubles, only the last one waits behind what is under way. */
MUST_CHECK enum err eim_outbox_add_event(struct eim *e, int64_t receiver, enum eim_event kind, const char *eid,
                                         const char *body);
/* Where a URL leads, for logs and records: without its path and query, which may be secrets. */
#define EIM_ORIGIN_MAX 272
void eim_origin(const char *url, char out[EIM_ORIGIN_MAX]);
/* The receiver of this tenant and URL, made when it is new. */
MUST_CHECK enum err eim_outbox_receiver(struct eim *e, const char *tenant, const char *url, int64_t *out);
/* Forgets events that wait for a receiver, not the callbacks of orders. */
MUST_CHECK enum err eim_outbox_drop_events(struct eim *e, int64_t receiver);
/* A letter (letters.c) goes at once: one that waits, or one of this tenant that was given up. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_outbox_repeat(struct eim *e, const char *tenant, const char *name);
/* It is not sent any more. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_outbox_forget(struct eim *e, const char *tenant, const char *name);
/* The clock was set back: what waits longer than its longest pause has waited enough. */
MUST_CHECK enum err eim_outbox_follow_clock(struct eim *e, int64_t now);
MUST_CHECK enum err eim_push_follow_clock(struct eim *e, int64_t now);
/* Delivers due callbacks; returns when the next is due. */
MUST_CHECK enum err eim_outbox_deliver(struct eim *e, int64_t now, int64_t *next);

/* --- leaving (leaving.c) ------------------------------------------------------------------------------ */

/* What is kept of an eUICC that was deleted. */
struct eim_retired {
    int64_t counter;    /* 0: it never was here */
    struct buf signing; /* id of the key that it knows */
};
MUST_CHECK enum err eim_retired_get(struct eim *e, const char *eid, struct eim_retired *out);
/* Does this order, once it is done, end the eUICC's association with this eIM? */
bool eim_order_hands_over(const struct eim *e, const struct eim_order *o);
/* It was done: the eUICC's other orders end. Inside the caller's transaction. */
MUST_CHECK enum err eim_hand_over(struct eim *e, const struct eim_order *o);
/* Somebody says that the eUICC knows this eIM again. */
MUST_CHECK enum err eim_come_back(struct eim *e, const char *eid);

/* --- secrets (secrets.c) ------------------------------------------------------------------------------- */

/* Appends what is sealed for this place; nothing is sealed as nothing. */
MUST_CHECK enum err eim_secret_seal(struct eim *e, const char *kind, const char *id, struct span plain, struct buf *out);
/* Replaces out's contents. ERR_VERIFY: it was sealed for another place, with another key, or altered; the caller says so. */
MUST_CHECK enum err eim_secret_open(struct eim *e, const char *kind, const char *id, struct span sealed, struct buf *out);
/* Clears what it holds from memory, and empties it. */
void eim_wipe(struct buf *b);
/* Seals what stores from before kept open, and leaves no trace of it; after the migrations. */
MUST_CHECK enum err eim_secrets_seal_old(struct eim *e);

/* --- events ------------------------------------------------------------------------------------------ */

/* "order.ended" … */
const char *eim_event_name(enum eim_event kind);
/* Keeps an event of a tenant and tells its webhooks; inside the transaction of what happened. Takes data. */
MUST_CHECK enum err eim_event_add(struct eim *e, const char *tenant, enum eim_event kind, const char *eid,
                                  struct json_t *data);
/* Those of this tenant have something to read. */
void eim_streams_wake(struct eim *e, const char *tenant);
/* The secret of the webhook at this receiver; nothing where there is none. */
MUST_CHECK enum err eim_webhook_secret(struct eim *e, int64_t receiver, struct secret *out);
/* Seals the secrets that stores from before kept open. */
MUST_CHECK enum err eim_webhooks_seal(struct eim *e);
MUST_CHECK enum err eim_webhooks_tell(struct eim *e, const char *tenant, enum eim_event kind, const char *eid,
                                      const char *body);

/* --- what is learned (learned.c) -------------------------------------------------------------------- */

enum eim_learned {
    EIM_LEARNED_PROFILES, EIM_LEARNED_EIMS, EIM_LEARNED_RAT, EIM_LEARNED_CAPABILITIES, EIM_LEARNED_DEFAULT_ADDRESS,
    EIM_LEARNED_DEVICE, EIM_LEARNED_COMPLETE,
};
/* Gives *out, NULL when it is not known. */
MUST_CHECK enum err eim_learned_get(struct eim *e, const char *eid, enum eim_learned what, struct json_t **out);
/* All but the first and the last run inside the caller's transaction, that of the result which says it. Takes value. */
MUST_CHECK enum err eim_learn(struct eim *e, const char *eid, enum eim_learned what, struct json_t *value);
MUST_CHECK enum err eim_forget(struct eim *e, const char *eid, enum eim_learned what);
MUST_CHECK enum err eim_forget_known(struct eim *e, const char *eid, enum eim_learned what, bool *was_known);
/* --- its profiles (profiles.c): `profiles`, and whether these are all that there are --- */
struct rsp_profile_info_response;
struct rsp_store_metadata;
/* A listing; selected: one by criteria or tags. New reference. */
struct json_t *eim_profiles_json(const struct rsp_profile_info_response *r, bool selected);
/* What the SM-DP+ says of a profile; new reference. */
struct json_t *eim_metadata_json(const struct rsp_store_metadata *m);
/* What an order's success changes in the list. */
MUST_CHECK enum err eim_learn_profile_change(struct eim *e, const struct eim_order *o);
/* Takes the list. */
MUST_CHECK enum err eim_learn_listing(struct eim *e, const char *eid, struct json_t *profiles);
/* The device says that something changed: the eIM lists by itself, unless a listing is open already. */
MUST_CHECK enum err eim_reread(struct eim *e, const char *eid);
/* What an order's success changes in what was known before. */
MUST_CHECK enum err eim_learn_success(struct eim *e, const struct eim_order *o);
/* A download was done; what its session told of the profile stands with it. */
MUST_CHECK enum err eim_learn_installation(struct eim *e, const struct eim_order *o, const char *iccid);
MUST_CHECK enum err eim_learn_data(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d);
/* Adds each fact to the first, and to the second when it was learned. */
MUST_CHECK enum err eim_show_learned(struct eim *e, const char *eid, struct json_t *euicc, struct json_t *learned);

/* --- trust ------------------------------------------------------------------------------------------- */

/* signingTrust and tlsTrust of a registration. ERR_PARSE. */
MUST_CHECK enum err eim_trust_read(struct eim *e, const struct json_t *item, struct eim_trust *out);
/* Inside the transaction that registers the eUICC. */
MUST_CHECK enum err eim_trust_keep(struct eim *e, const char *eid, const struct eim_trust *t);
MUST_CHECK enum err eim_trust_get(struct eim *e, const char *eid, struct eim_trust *out);
/* Appends EimConfigurationData of this eIM; pushes: it also calls the device. */
MUST_CHECK enum err eim_put_configuration(struct eim *e, const struct eim_signing *signing, const struct eim_trust *t,
                                          bool pushes, struct buf *list);
/* Injection: pushes what is due; returns when the next is. */
MUST_CHECK enum err eim_push(struct eim *e, int64_t now, int64_t *next);
/* Something may be to push to this eUICC, if it may be pushed to. */
MUST_CHECK enum err eim_push_soon(struct eim *e, const char *eid);
/* Where its IPA listens; url "": nowhere. Inside the caller's transaction. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_euicc_set_injection(struct eim *e, const char *eid, const char *url, bool json);
MUST_CHECK enum err eim_euicc_is_pushed_to(struct eim *e, const char *eid, bool *pushed_to);
/* What is to be sent: under way, or the next order made ready. One transaction from looking to having it sent: two polls at
 * once get the same bytes. ERR_NOT_FOUND: nothing to do. */
MUST_CHECK enum err eim_next_message(struct eim *e, const char *eid, struct eim_order *o);

/* --- kinds ------------------------------------------------------------------------------------------- */

bool eim_order_kind_exists(int64_t k);
/* "download" …; -1 when unknown. */
int eim_order_kind_of(const char *name);
/* All of them, NULL-terminated. */
#define EIM_KINDS 15
void eim_order_kind_names(const char *out[EIM_KINDS + 1]);
/* Does the body of an order have only what this kind takes, of the right types? ERR_REFUSED after writing 400. */
MUST_CHECK enum err eim_order_check_members(const struct json_t *body, enum eim_order_kind k, struct http_response *p);
/* What its parameters are, for people. */
const char *eim_order_parameters_help(enum eim_order_kind k);
const char *eim_order_kind_name(enum eim_order_kind k);
bool eim_order_needs_iccid(enum eim_order_kind k);
/* Is it an eUICC package (PSMO or eCO), with a counter and a signature? */
bool eim_order_is_package(enum eim_order_kind k);
/* The result that answers it. */
enum rsp_result_kind eim_order_result(enum eim_order_kind k);
/* Appends the command to `list` and points `out` at it. ERR_PARSE: the parameters are wrong. */
MUST_CHECK enum err eim_order_put_commands(const struct eim_order *order, const struct rsp_wire *wire, struct rsp_euicc_package *out,
                                           struct buf *list);
/* What the trigger of a download says; spans into the order. ERR_PARSE: neither a code nor somebody to contact. */
MUST_CHECK enum err eim_order_download_data(const struct eim_order *o, struct rsp_profile_download_data *out);
/* Whom an order without a code wants to be contacted; spans into the order. ERR_PARSE. */
MUST_CHECK enum err eim_order_contact(const struct eim_order *o, struct rsp_profile_download_data *out);
/* The tag list of a question. */
MUST_CHECK enum err eim_order_put_tags(const struct eim_order *o, struct buf *list);

/* --- northbound ------------------------------------------------------------------------------------ */

#define EIM_IMPORT_MAX 10000 /* eUICCs of one call */
/* ERR_REFUSED after writing 400: it is no list of so many. */
MUST_CHECK enum err eim_check_eids(const struct json_t *eids, struct http_response *p);

/* How one of many ends: an HTTP status, and why; 0: nothing was said yet. */
struct eim_verdict {
    int status;
    const char *title, *detail;
    char *kept; /* a detail of its own, for who says it to free */
};
void eim_say(struct eim_verdict *v, int status, const char *title, const char *detail);
/* An order of a body, but its id, eUICC and tenant. ERR_REFUSED after writing 400. */
MUST_CHECK enum err eim_read_order(struct eim *e, const struct json_t *body, struct eim_order *o, struct http_response *p);
/* In what the order that has the reference differs; NULL: it is the same. */
const char *eim_order_difference(const struct eim_order *known, const struct eim_order *o);
/* Says 404 or 409 of an eUICC that is gone, another tenant's, or knows this eIM no more and would refuse whatever comes. */
MUST_CHECK enum err eim_judge_orderable(struct eim *e, const struct eim_order *o, struct eim_verdict *v);
/* Takes the member `callback`, if there is one. False: it is no https URL of at most 512 characters that could be called. */
bool eim_read_callback(const struct json_t *body, char out[513]);
#define EIM_URL_WANTED "an https URL of at most 512 characters is wanted: https://name[:port][/path], without a user or a fragment"
/* Writes a problem; ERR_REFUSED, so that a handler can return it. */
enum err eim_problem(struct http_response *p, int status, const char *title, const char *detail);
struct eim_caller {
    char tenant[EIM_TENANT_MAX + 1], name[65];
    char key[37]; /* id of the API key that was shown; "" a certificate was */
    unsigned rights;
};
/* A handler begins with this: the caller, who has one of these rights. ERR_REFUSED after writing 401 or 403. */
MUST_CHECK enum err eim_authorize(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                                  struct eim_caller *who);
/* The same for a route that reads these parameters of the query (NULL-terminated); the others read none, and refuse any. */
MUST_CHECK enum err eim_authorize_query(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                                        const char *const *query, struct eim_caller *who);
/* As eim_authorize, and the body, which has no other members than those that are known (json_only); gives *body. */
struct json_member;
MUST_CHECK enum err eim_begin(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                              const char *what, const struct json_member *known, struct eim_caller *who, struct json_t **body);
/* The eUICC that the path's first part names. Another tenant's is as unknown as none: 404. */
MUST_CHECK enum err eim_own_euicc(struct eim *e, const struct http_request *q, struct http_response *p, const struct eim_caller *who,
                                  struct eim_euicc *u);
/* eim_authorize and eim_own_euicc. */
MUST_CHECK enum err eim_find_euicc(struct eim *e, const struct http_request *q, struct http_response *p, unsigned right,
                                   struct eim_caller *who, struct eim_euicc *u);
/* --- audit (audit.c) --- */
/* Keeps, in the transaction of what was done, that this caller was allowed it; detail may be NULL. Never a secret. */
MUST_CHECK enum err eim_audit(struct eim *e, const struct eim_caller *who, const char *what, const char *object, int status,
                              const char *detail);
/* --- collections (collection.c) --- */
struct eim_word {
    const char *word;
    unsigned bit;
};
/* A list of some of these words, at least one. ERR_PARSE. */
MUST_CHECK enum err eim_words_read(const struct json_t *list, const struct eim_word *words, size_t count, unsigned *out);
struct json_t *eim_words_json(unsigned bits, const struct eim_word *words, size_t count);
typedef struct json_t *(*eim_item_json)(const struct db_row *r); /* new reference */
struct eim_items {
    struct json_t *list;
    eim_item_json show;
};
enum err eim_put_item(void *items, const struct db_row *r); /* for db_query */
/* Answers {items} of the caller's tenant, who may administer; sql takes the tenant. */
MUST_CHECK enum err eim_list_own(struct eim *e, const struct http_request *q, struct http_response *p, const char *sql,
                                 eim_item_json show);
/* true or false of the query; false when it is not there. ERR_REFUSED after writing 400. */
MUST_CHECK enum err eim_read_flag(const struct http_request *q, struct http_response *p, const char *name, bool *out);
/* limit and cursor of a page. ERR_REFUSED after writing 400. */
MUST_CHECK enum err eim_read_page(const struct http_request *q, struct http_response *p, struct buf *cursor, int64_t *limit);
/* The same of a list by numbers. */
MUST_CHECK enum err eim_read_numbered_page(const struct http_request *q, struct http_response *p, int64_t *after, int64_t *limit);

/* Whose API key is this? ERR_NOT_FOUND. */
MUST_CHECK enum err eim_key_find(struct eim *e, const char *shown, struct eim_caller *who);
/* Is it still there, with this right? ERR_REFUSED. */
MUST_CHECK enum err eim_key_holds(struct eim *e, const char *id, unsigned right);

/* Idempotency-Key (both inside the handler's transaction): *answered when p has what the same call was answered before;
 * ERR_REFUSED after writing 400, or 422 when another call had the key. Without the header neither does anything. */
MUST_CHECK enum err eim_recall(struct eim *e, const struct eim_caller *who, const struct http_request *q,
                               struct http_response *p, bool *answered);
MUST_CHECK enum err eim_remember(struct eim *e, const struct eim_caller *who, const struct http_request *q,
                                 const struct http_response *p);
/* Its certificates: ERR_PARSE or ERR_VERIFY with a sentence in why. */
MUST_CHECK enum err eim_judge_certificates(struct eim *e, const struct eim_euicc *u, const char **why);
/* An order for an eUICC of which no certificate is known, or a package for one of which none is good now, is replaced by the question for them: what
 * answers it could not be believed. ERR_NOT_FOUND: it was asked in vain, and is asked again later. Inside the caller's
 * transaction. */
MUST_CHECK enum err eim_ask_for_certificates(struct eim *e, struct eim_order *o);
/* What a device says they are, judged. ERR_NOT_FOUND: it says nothing; ERR_VERIFY, ERR_PARSE: not believed. *why: a sentence. */
MUST_CHECK enum err eim_learn_certificates(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data *d,
                                           struct eim_euicc *out, const char **why);
/* Why nothing that an eUICC signs can be believed now: shown with it and its orders until its certificates are good. */
enum eim_trouble { EIM_CERTIFICATE_REFUSED, EIM_CERTIFICATE_NOT_TOLD };
/* Each change is an event of the tenant, of the caller's transaction. What was found out before stays as it is. */
MUST_CHECK enum err eim_trouble_note(struct eim *e, const char *eid, enum eim_trouble what, const char *why);
/* The device was asked for its certificates in vain: the same, but refused ones that it told take the place of what was found out
 * before; and it is asked again later. */
MUST_CHECK enum err eim_trouble_asked(struct eim *e, const char *eid, enum eim_trouble what, const char *why);
MUST_CHECK enum err eim_trouble_end(struct eim *e, const char *eid);
/* {name, detail, section, since}; new reference, *out NULL when there is none. */
MUST_CHECK enum err eim_trouble_get(struct eim *e, const char *eid, struct json_t **out);

/* --- signing ----------------------------------------------------------------------------------------- */

MUST_CHECK enum err eim_signing_open(struct eim *e, const struct eim_settings *s);
MUST_CHECK enum err eim_signing_adopt(struct eim *e); /* after the migrations */
/* By its id; NULL: none of the settings. */
const struct eim_signing *eim_signing_find(const struct eim *e, struct span id);
/* The key that an eUICC knows. ERR_STATE: it is not in the settings; ERR_VERIFY: which one it is cannot be read. */
MUST_CHECK enum err eim_signing_of(struct eim *e, const char *eid, const struct eim_signing **out);
MUST_CHECK enum err eim_signing_spki(const struct eim_signing *s, struct buf *out);
/* updateEim with {ownKey: true, counter?}: puts today's key into the parameters. ERR_PARSE: the counter is none. */
MUST_CHECK enum err eim_signing_fill_order(struct eim *e, struct eim_order *o);
/* The parameters as they were before that; new reference. */
struct json_t *eim_signing_ordered_parameters(const struct eim_order *o);
/* Does it make the counter begin anew? */
bool eim_signing_resets_counter(const struct eim_order *o);
/* Once it is executed the eUICC does not know the key that signed the package any more. */
bool eim_signing_may_be_unknown(const struct eim *e, const struct eim_order *o);
/* The order was executed: the eUICC knows the key that it named, if it named one. Inside the caller's transaction. */
MUST_CHECK enum err eim_signing_note(struct eim *e, const struct eim_order *o);

/* --- what an IPA leaves to its eIM (capabilities.c) ------------------------------------------------------- */

struct eim_capabilities {
    uint32_t features;      /* RSP_IPA_… bits; 0: not known */
    struct buf device;      /* ctxParams1 without a matchingId (A0), where it is left to the eIM; "" not known */
    bool knows_rat;
    struct buf rat;         /* list of rules, where judging is left to the eIM */
};
#define EIM_CAPABILITIES_INIT ((struct eim_capabilities){ .device.max = 512, .rat.max = 8192 })
void eim_capabilities_release(struct eim_capabilities *c);
MUST_CHECK enum err eim_capabilities_get(struct eim *e, const char *eid, struct eim_capabilities *out);
/* Their names, as they are kept and shown. */
struct json_t *eim_features_json(uint32_t bits);
bool eim_leaves(const struct eim_capabilities *c, uint32_t feature);
/* Appends ctxParams1 where the IPA leaves it to the eIM and the device is known; else nothing. */
MUST_CHECK enum err eim_put_ctx_params1(const struct eim_capabilities *c, const char *matching_id, struct buf *out);
/* Policy rules against the eUICC's table, where the IPA leaves them to the eIM and the table is known. */
bool eim_allows_rules(const struct eim_capabilities *c, const struct rsp_store_metadata *m);

/* --- procedures ------------------------------------------------------------------------------------ */

/* Makes what an order needs to travel: a signed package with the next counter, or a download trigger. Inside the caller's
 * transaction, which ends before anything leaves. ERR_NOT_FOUND: the counter is used up; ERR_REFUSED: the counter was to begin
 * anew, and the eUICC knows today's key already; nothing was changed. */
MUST_CHECK enum err eim_order_prepare(struct eim *e, struct eim_order *o);
/* Judges and applies what came back; seqNumbers to acknowledge are appended to `acknowledgements` (list contents). */
MUST_CHECK enum err eim_take_package_result(struct eim *e, const char *eid, const struct rsp_euicc_package_result *r,
                                            struct buf *acknowledgements);
/* The longest pause before an eUICC that could not is asked again. */
int64_t eim_postpone_most(const struct eim *e);
/* Any of the results that an IPA brings, of this eUICC; notifications beside it go on, and are acknowledged when they did. */
MUST_CHECK enum err eim_take_result(struct eim *e, const char *eid, const struct rsp_eim_package_result *r,
                                    struct buf *acknowledgements);
/* The IPA itself could not do it; it proves nothing, as an unsigned refusal. */
MUST_CHECK enum err eim_take_ipa_error(struct eim *e, const char *eid, const struct rsp_eim_session_error *r);
/* Makes an order that is in flight ask for the results the eUICC kept: after replayError. */
MUST_CHECK enum err eim_order_ask_for_results(struct eim_order *o);
MUST_CHECK enum err eim_take_data(struct eim *e, const char *eid, const struct rsp_ipa_euicc_data_response *r,
                                  struct buf *acknowledgements);
MUST_CHECK enum err eim_take_download_result(struct eim *e, const char *eid,
                                             const struct rsp_profile_download_trigger_result *r);

/* The relayed download and its notifications. */
enum err eim_relay_initiate_authentication(void *actor, const struct rsp_initiate_authentication_request_esipa *q,
                                           struct buf *answer);
enum err eim_relay_authenticate_client(void *actor, const struct rsp_authenticate_client_request *q,
                                       struct buf *answer);
enum err eim_relay_get_bound_profile_package(void *actor, const struct rsp_get_bound_profile_package_request *q,
                                             struct buf *answer);
enum err eim_relay_cancel_session(void *actor, const struct rsp_cancel_session_request_es9 *q, struct buf *answer);
/* What the other side could not be asked is an execution error; the device may come again. */
MUST_CHECK enum err eim_unreachable(struct eim *e, enum err x, struct es_status *status);
/* discovery.c: whom a relayed session is with, as the order says or, where it leaves that open, the device (`asked`). ERR_REFUSED:
 * nobody is named. *smds: it is an SM-DS; then only the address of `code` is set. */
MUST_CHECK enum err eim_download_target(const struct eim_order *o, struct span asked, struct rsp_activation_code *code,
                                        bool *smds);
/* ES11': asks the SM-DS for the eUICC's events, and makes the order's activation code of the oldest. */
MUST_CHECK enum err eim_relay_discovery(struct eim *e, const struct es_peer *smds, const char *order_id,
                                        const struct rsp_authenticate_client_request *q, struct buf *answer);
/* What is known of a relayed session (session.c): whose it is, its SM-DP+, what was signed in it and by whom. */
struct eim_session {
    int64_t number;                          /* of its row */
    char order_id[37], eid[33], address[256];
    bool smds;                               /* it is with an SM-DS */
    struct buf server_signed1, smdp_oid;     /* as the SM-DP+ sent it; contents of its OID */
    struct buf certificate, eum_certificate; /* that the eUICC showed; these and the following "" before it authenticated */
    struct buf info2;                        /* whole BF22 */
    struct buf otpk, hash_cc;                /* bppEuiccOtpk of smdpSigned2; that was told; "" none */
    struct buf smdp_signature2, iccid;       /* iccid: of the metadata */
};
#define EIM_SESSION_INIT                                                                             \
    ((struct eim_session){ .server_signed1.max = 4096, .smdp_oid.max = 128, .certificate.max = 8192, \
                           .eum_certificate.max = 8192, .info2.max = 8192, .otpk.max = 256, .hash_cc.max = 64, \
                           .smdp_signature2.max = 64, .iccid.max = 16 })
void eim_session_release(struct eim_session *s);
struct rsp_initiate_authentication_ok;
struct rsp_authenticate_response_ok;
struct rsp_authenticate_client_ok;
MUST_CHECK enum err eim_session_begin(struct eim *e, const char *order_id, const char *eid, const char *address,
                                      bool smds, const struct rsp_initiate_authentication_ok *ok);
/* The SM-DP+ believed the eUICC. */
MUST_CHECK enum err eim_session_authenticated(struct eim *e, const struct eim_session *s,
                                              const struct rsp_authenticate_response_ok *client,
                                              const struct rsp_authenticate_client_ok *server, struct span hash_cc);
/* The order ended: its hashed confirmation code is forgotten. */
MUST_CHECK enum err eim_session_forget_code(struct eim *e, const struct eim_order *o);
/* Does what was said belong to this session? Asked when several servers gave the same transactionId. */
typedef bool (*eim_session_fits)(struct eim *e, const struct eim_session *s, const void *what);
/* The session with this transactionId; of several the newest that fits. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_session_find(struct eim *e, struct span transaction_id, eim_session_fits fits, const void *what,
                                     struct eim_session *out);
/* evidence.c; `what`: rsp_authenticate_server_response, rsp_prepare_download_response, rsp_cancel_session_response,
 * rsp_pending_notification (of an installation); full or compact. */
bool eim_authentication_fits(struct eim *e, const struct eim_session *s, const void *what);
bool eim_preparation_fits(struct eim *e, const struct eim_session *s, const void *what);
bool eim_cancellation_fits(struct eim *e, const struct eim_session *s, const void *what);
bool eim_installation_fits(struct eim *e, const struct eim_session *s, const void *what);
/* Is it the certificate of another eUICC? */
bool eim_is_others(struct eim *e, struct span certificate, const char *eid);
/* The latest in which this eUICC authenticated. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_session_latest(struct eim *e, const char *eid, struct eim_session *out);
/* EUICCInfo1 out of the EUICCInfo2 that the eUICC showed last; *out points into `before`. ERR_NOT_FOUND. */
MUST_CHECK enum err eim_known_info1(struct eim *e, const char *eid, struct eim_session *before, struct rsp_euicc_info1 *out);
/* CIs of EUICCInfo1 that are cut short are made whole by what the eUICC showed before and by its certificates; `lists` holds what
 * *info points into then. Others are left out; ERR_NOT_FOUND: that leaves none. */
MUST_CHECK enum err eim_complete_info1(struct eim *e, const char *eid, struct rsp_euicc_info1 *info, struct buf *lists);
/* Compact forms rebuilt (compact.c) into `bytes`, and believed: the eUICC's signature verifies over what was rebuilt. *response is
 * then the full one. ERR_NOT_FOUND: too little is known; ERR_PARSE, ERR_VERIFY. */
MUST_CHECK enum err eim_rebuild_authentication(struct eim *e, const struct eim_session *session,
                                               struct rsp_authenticate_server_response *response, struct buf *bytes);
MUST_CHECK enum err eim_rebuild_preparation(struct eim *e, const struct eim_session *session,
                                            struct rsp_prepare_download_response *response, struct buf *bytes);
MUST_CHECK enum err eim_rebuild_cancellation(struct eim *e, const struct eim_session *session,
                                             const struct rsp_cancel_session_response *compact, struct buf *bytes);
/* Neither is verified yet: that is the same for both forms. */
MUST_CHECK enum err eim_rebuild_installation(struct eim *e, const struct eim_session *session,
                                             const struct rsp_pending_notification *compact, struct buf *bytes);
MUST_CHECK enum err eim_rebuild_notification(struct eim *e, const struct rsp_pending_notification *compact, struct buf *bytes);
/* Was a download of this eUICC relayed to this address, ever? ERR_NOT_FOUND: no. */
MUST_CHECK enum err eim_receiver_find(struct eim *e, const char *eid, const char *address);
/* ERR_VERIFY: not signed by an eUICC that is registered here, or for a receiver that this eIM has no business with; nobody
 * was called (SGP.32 3.7; catalogue A.7.6). Else as es9p_handle_notification. *seq_number: the notification's, once it is
 * known. */
MUST_CHECK enum err eim_relay_notification(struct eim *e, const struct rsp_pending_notification *n, int64_t *seq_number);

/* --- chains (chain.c) -------------------------------------------------------------------------------- */

/* An eUICC's certificate judged now. ERR_VERIFY; *out is NULL or borrowed, also after a failure. */
MUST_CHECK enum err eim_borrow_euicc(struct eim *e, struct span certificate, struct span eum_certificate,
                                     const struct cert **out);
/* Judges those that are known. ERR_OK: one is good now; ERR_NOT_FOUND: none is known; ERR_VERIFY: *why the first is not. */
MUST_CHECK enum err eim_chains_judge(struct eim *e, const char *eid, const char **why);
/* Keeps a chain that this eUICC showed, if it is good and names it; one that is not changes nothing. An EUM's certificate may be
 * issued anew: the newest takes the place of the one before. */
MUST_CHECK enum err eim_chain_learn(struct eim *e, const char *eid, struct span certificate, struct span eum_certificate);
/* The same of one that was judged. ERR_EXISTS: another certificate is known under the same CI. */
MUST_CHECK enum err eim_chain_add(struct eim *e, const struct eim_euicc *u);
/* Appends the CIs (04) that an eUICC has good certificates under. */
MUST_CHECK enum err eim_chain_authorities(struct eim *e, const char *eid, struct buf *list);
/* What an eUICC signed, under this chain, judged now: it may have expired or been revoked since it was learned. ERR_VERIFY. */
MUST_CHECK enum err eim_verify_shown(struct eim *e, struct span certificate, struct span eum_certificate,
                                     const struct rsp_tbs *tbs, struct span signature);
/* The same under any of its chains. ERR_VERIFY: under none. Not inside a transaction: trouble with them is written in one. */
MUST_CHECK enum err eim_verify_euicc(struct eim *e, const char *eid, const struct rsp_tbs *tbs, struct span signature);
/* Its chain that this was signed under; only the certificates of *out. ERR_NOT_FOUND: none. */
MUST_CHECK enum err eim_chain_of(struct eim *e, const char *eid, const struct rsp_tbs *tbs, struct span signature,
                                 struct eim_euicc *out);

/* --- routes ------------------------------------------------------------------------------------------ */

enum err eim_esipa(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_esipa_json(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_register_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_import_euiccs(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_list_euiccs(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_show_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_change_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_delete_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_transfer_euicc(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_show_configuration(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_show_initial_eims(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_show_initial_eim(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_add_order(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_add_orders(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_show_order(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_find_order(void *actor, const struct http_request *q, struct http_response *p);
MUST_CHECK enum err eim_list_orders(struct eim *e, const struct eim_caller *who, const struct http_request *q,
                                    struct http_response *p);
enum err eim_cancel_order(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_retry_order(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_read_events(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_add_webhook(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_list_webhooks(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_delete_webhook(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_add_key(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_list_letters(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_repeat_letter(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_delete_letter(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_read_audit(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_list_keys(void *actor, const struct http_request *q, struct http_response *p);
enum err eim_delete_key(void *actor, const struct http_request *q, struct http_response *p);

#endif
