/* The SM-DP+'s tables: profiles with their order, sessions, history. Inside sim/smdp only. */
#ifndef LAB_SMDP_STORE_H
#define LAB_SMDP_STORE_H

#include "db.h"
#include "env.h"
#include "rsp_store_metadata.h"
#include "smdp.h"

/* Order life cycle, SGP.22 3.1.1 (names of the states as there). */
enum smdp_state {
    SMDP_AVAILABLE, SMDP_ALLOCATED, SMDP_LINKED, SMDP_CONFIRMED, SMDP_RELEASED, SMDP_DOWNLOADED, SMDP_INSTALLED,
    SMDP_ERROR, SMDP_UNAVAILABLE,
};
const char *smdp_state_name(enum smdp_state s);
/* ERR_NOT_FOUND: no state has this name. */
MUST_CHECK enum err smdp_state_parse(const char *name, enum smdp_state *out);

/* What is secret in a profile; sealed at rest. */
enum smdp_code { SMDP_PIN1, SMDP_PUK1, SMDP_PIN2, SMDP_PUK2, SMDP_ADM1, SMDP_CODES };
struct smdp_subscription {
    char imsi[16];
    struct secret k, opc;
    int algorithm;            /* AKA_MILENAGE, AKA_TUAK */
    char code[SMDP_CODES][9]; /* 4 to 8 digits; "" the default of lib/saip */
};
void smdp_subscription_release(struct smdp_subscription *s);
/* AES-256-GCM: 12 octets IV, ciphertext, tag; bound to `what_for`. Open: ERR_VERIFY for any other key, purpose or bytes. */
MUST_CHECK enum err smdp_subscription_seal(struct smdp *s, struct span key, struct span what_for,
                                           const struct smdp_subscription *sub, struct buf *out);
MUST_CHECK enum err smdp_subscription_open(struct smdp *s, struct span key, struct span what_for, struct span sealed,
                                           struct smdp_subscription *sub);

#define SMDP_MATCHING_ID_MAX 64

struct smdp_profile {
    char iccid[21];          /* digits */
    char owner[65];          /* functionRequesterIdentifier of the operator */
    char type[65];
    enum smdp_state state;
    char eid[33];            /* "" none */
    bool claimed;            /* eid is that of who fetched it; the operator named none */
    char matching_id[SMDP_MATCHING_ID_MAX + 1];
    char spn[33], name[65], mcc_mnc[7];
    bool fallback_allowed, ecall_indication;
    enum rsp_profile_class profile_class;
    uint32_t policy_rules;   /* RSP_PPR… */
    struct smdp_gid {        /* group identifiers of the owner */
        uint8_t at[8], len;  /* 0: none */
    } gid1, gid2;
    char notifications[1025];/* JSON list of {event, address}; "" none */
    bool confirmation_required;
    uint8_t confirmation_sha256[2][32]; /* of the code as text, and as octets */
    int64_t attempts;        /* of the confirmation code */
    int64_t released_at;     /* when the order was released; 0 not yet */
    int64_t downloads;       /* packages bound for this order so far */
    char bound[33];          /* transactionId of the package that was bound last; "" none */
    uint64_t size;           /* octets of its unprotected package */
    uint32_t uicc_capability;/* RSP_UICC_… that it needs; 0: neither was noted when it was added */
};

/* One RSP session. Spans are read into `bytes`. */
enum smdp_session_state { SMDP_INITIATED = 1, SMDP_AUTHENTICATED, SMDP_BOUND, SMDP_CLOSED };
struct smdp_session {
    char transaction_id[33];           /* upper-case hex */
    enum smdp_session_state state;
    int64_t identity;                  /* index of the identity in use */
    uint8_t euicc_challenge[16], server_challenge[16];
    char eid[33], iccid[21];
    uint8_t smdp_signature2[64];
    bool knows_euicc;                  /* it has authenticated: its key, as its certificate has it */
    enum ec_curve euicc_curve;
    struct ec_point euicc_key;
    struct buf opening;                /* the message that opened it, until it is known what it is for */
};
void smdp_session_release(struct smdp_session *s);
/* The key that it is kept under: the first eight octets of its transactionId. */
int64_t smdp_session_key(const char *transaction_id);

/* What was bound for an order and may go out again: the two one-time keys and the protected blocks (A0 to A3), never a
 * secret half. */
struct smdp_binding {
    struct buf euicc_otpk, smdp_otpk; /* 65 octets */
    struct buf blocks;
};
void smdp_binding_init(struct smdp_binding *b);
void smdp_binding_release(struct smdp_binding *b);

extern const char *const smdp_migrations[];
extern const size_t smdp_migration_count;

/* Profiles. Those that change run inside a transaction of the caller. */
MUST_CHECK enum err smdp_profile_add(struct smdp *s, const struct smdp_profile *p,
                                     const struct smdp_subscription *sub);
/* The IMSI of a profile that is added alone. ERR_EXISTS: another profile, or a batch, has it. */
MUST_CHECK enum err smdp_imsi_add(struct smdp *s, const char *imsi, const char *iccid);
MUST_CHECK enum err smdp_profile_get(struct smdp *s, const char *iccid, struct smdp_profile *out);
MUST_CHECK enum err smdp_profile_by_matching_id(struct smdp *s, const char *matching_id, struct smdp_profile *out);
/* The order that waits for this eUICC without its having a matchingId (SGP.22 3.1.3): what it has not fetched yet comes
 * first, then what was ordered first. ERR_NOT_FOUND. */
MUST_CHECK enum err smdp_profile_by_eid(struct smdp *s, const char *eid, struct smdp_profile *out);
/* The profile of the type that is allocated to this EID ("": none is) already, else an available one. ERR_NOT_FOUND: exhausted;
 * ERR_REFUSED: no such type. */
MUST_CHECK enum err smdp_profile_by_type(struct smdp *s, const char *owner, const char *type, const char *eid,
                                         struct smdp_profile *out);
/* ERR_NOT_FOUND: this operator has no profile of the type, in whatever state. */
MUST_CHECK enum err smdp_type_find(struct smdp *s, const char *owner, const char *type);
/* Writes state, eid, matching_id, confirmation code, attempts, and a line of history. ERR_EXISTS: matchingId taken. */
MUST_CHECK enum err smdp_profile_update(struct smdp *s, const struct smdp_profile *p, const char *event);
/* What a download changes of an order that is placed, and no more, because each column costs the indices that have it: state,
 * bound and downloads, and a line of history. claim: the eid too, as that of who fetched it. */
MUST_CHECK enum err smdp_profile_go_on(struct smdp *s, const struct smdp_profile *p, const char *event);
MUST_CHECK enum err smdp_profile_claim(struct smdp *s, const struct smdp_profile *p, const char *event);
MUST_CHECK enum err smdp_subscription_get(struct smdp *s, const char *iccid, struct smdp_subscription *out);
/* The newest events of a profile are kept, and few more: what causes them can be done again and again. */
#define SMDP_EVENTS_KEPT 1000
#define SMDP_EVENTS_SLACK 64
MUST_CHECK enum err smdp_history_put(struct smdp *s, const char *iccid, const char *event);

/* Which profiles of many: by EID; or all that are ordered; or by state, and type. "" leaves a filter out; type wants owner. */
#define SMDP_ANY_STATE "state IN (0, 1, 2, 3, 4, 5, 6, 7, 8)" /* of one operator and type: lets the index be used */
struct smdp_filter {
    char owner[65], type[65], eid[33];
    bool any_order;          /* all but the available ones */
    enum smdp_state state;
};
/* Calls `profile` for each behind the one with the ICCID `after` ("": from the first), `limit` at most: never more rows are
 * read. By ICCID; those of a state by operator and type first. */
MUST_CHECK enum err smdp_profiles_page(struct smdp *s, const struct smdp_filter *f, const char *after, int64_t limit,
                                       enum err (*profile)(void *context, const struct smdp_profile *p), void *context);
/* The statements behind it and the other lists, for EXPLAIN QUERY PLAN. */
const char *smdp_profiles_statement(const struct smdp_filter *f);
const char *smdp_notifications_statement(bool of_one);
const char *smdp_messages_statement(void);

/* The event of an order at an SM-DS. refusal: the subject of the SM-DS's final refusal, "" none. */
struct smdp_registration {
    char smds[256], eid[33], event_id[SMDP_MATCHING_ID_MAX + 1], refusal[16];
};
/* ERR_NOT_FOUND: the order has none. */
MUST_CHECK enum err smdp_registration_get(struct smdp *s, const char *iccid, struct smdp_registration *out);
/* Inside the transaction that changes the order: the tick registers, or deletes, the event. Both are harmless when that
 * was said already. */
MUST_CHECK enum err smdp_registration_open(struct smdp *s, const struct smdp_profile *p, const struct smdp_smds *smds);
MUST_CHECK enum err smdp_registration_close(struct smdp *s, const char *iccid);

/* One binding an order, kept until the order is over. ERR_NOT_FOUND: none. */
MUST_CHECK enum err smdp_binding_get(struct smdp *s, const char *iccid, struct smdp_binding *out);
MUST_CHECK enum err smdp_binding_get_euicc_otpk(struct smdp *s, const char *iccid, struct buf *out);
MUST_CHECK enum err smdp_binding_put(struct smdp *s, const char *iccid, const struct smdp_binding *b);
MUST_CHECK enum err smdp_binding_remove(struct smdp *s, const char *iccid);

MUST_CHECK enum err smdp_session_add(struct smdp *s, const struct smdp_session *x);
MUST_CHECK enum err smdp_session_get(struct smdp *s, const char *transaction_id, struct smdp_session *out);
/* ERR_VERIFY: not signed by its eUICC, or it has none yet. */
MUST_CHECK enum err smdp_session_verify(struct smdp *s, const struct smdp_session *x, const struct rsp_tbs *tbs,
                                        struct span signature);
/* The message that opened it; none: it is known for what. When it was opened. Its ICCID, "" none yet; ERR_NOT_FOUND. */
MUST_CHECK enum err smdp_session_set_opening(struct smdp *s, const char *transaction_id, struct span message);
int64_t smdp_session_time(const struct smdp_session *x);
MUST_CHECK enum err smdp_session_iccid(struct smdp *s, const char *transaction_id, char out[21]);
/* An eUICC has authenticated: state, EID, ICCID, smdpSignature2 and its key; what opened the session is forgotten. */
MUST_CHECK enum err smdp_session_authenticate(struct smdp *s, const struct smdp_session *x);
/* Its state, and no more. */
MUST_CHECK enum err smdp_session_go_on(struct smdp *s, const struct smdp_session *x);
/* Closes every session for this profile: what they were for is gone. */
MUST_CHECK enum err smdp_session_close_all(struct smdp *s, const char *iccid);

#endif
