/* What the card keeps without power. A command works on a copy; the copy becomes the state when it
 * was saved. Private to sim/euicc. */
#ifndef LAB_EUICC_STATE_H
#define LAB_EUICC_STATE_H

#include "euicc_contents.h"
#include "span.h"

#define EUICC_PROFILES_MAX 32
#define EUICC_EIMS_MAX 16
#define EUICC_PENDING_MAX 64
#define EUICC_CRLS_MAX 16
#define EUICC_PIX_FIRST 0x10 /* of the numbers in the AIDs of ISD-Ps */
#define EUICC_PIX_LAST 0xffff
#define EUICC_STATE_MAX (80u << 20) /* 64 MiB of profiles, and everything else */

/* Immutable octets, shared by a state and its copies; a change makes new ones. One card, one
 * thread: no atomics. */
struct shared {
    unsigned references;
    size_t len;
    uint8_t at[];
};
MUST_CHECK enum err shared_new(struct span bytes, struct shared **out);
struct shared *shared_take(struct shared *s); /* one more reference; NULL stays NULL */
void shared_release(struct shared *s);
struct span shared_span(const struct shared *s); /* NULL: empty */
/* Replaces *slot by a copy of bytes. */
MUST_CHECK enum err shared_set(struct shared **slot, struct span bytes);

struct profile {
    uint8_t iccid[10];
    uint8_t aid[16];
    bool enabled, fallback, preloaded; /* preloaded: in the factory */
    uint8_t
        credential; /* with which it was downloaded: its notifications are signed with the same */
    uint32_t size;  /* octets of the card's memory that it occupies, files included */
    struct shared *metadata; /* BF25 as received */
    struct kept_package *upp;
    struct shared *isdp;     /* contents of ConfigureISDP's B8; NULL none */
    struct shared *nickname; /* NULL none */
    struct shared
        *usim; /* what using the USIM changed: sequence numbers, tries, files; NULL nothing */
};
struct eim {
    struct shared
        *configuration; /* 30…, as GetEimConfigurationData answers: with token, without counter */
    int64_t counter;    /* of the last accepted package */
    bool has_token;
    int64_t token;
};
enum pending_kind { PENDING_INSTALLATION, PENDING_OTHER, PENDING_PACKAGE_RESULT };
struct pending {
    enum pending_kind kind;
    uint32_t seq;
    uint32_t event;
    struct shared *bytes; /* BF37, 30 or BF51, whole */
};
/* A revocation list of a CI; a delta list comes after the one that it adds to. */
struct revocations {
    uint8_t ci[20];
    int64_t number;
    struct shared *der;
};
/* Granted by enable with rollbackFlag; ends with the next accepted package or any other switch. */
struct rollback {
    bool granted, has_previous;
    uint8_t previous[10];
    uint8_t credential;
    struct shared *eim_id, *transaction_id;
    int64_t counter;
    uint32_t result_seq; /* of the package result that is dropped when it happens */
};
struct state {
    struct profile *profiles;
    size_t profile_count;
    struct eim *eims;
    size_t eim_count;
    struct pending *pending; /* oldest first */
    size_t pending_count;
    struct revocations *crls;
    size_t crl_count;
    struct rollback rollback;
    bool in_fallback;
    uint8_t before_fallback[10];
    bool in_emergency, has_before_emergency;
    uint8_t before_emergency[10];
    bool has_before_test; /* a test profile is enabled in place of this one (SGP.22 2.4.5) */
    uint8_t before_test[10];
    bool ipae; /* activated */
    bool immediate_enable;
    struct shared *immediate_oid, *immediate_address;
    struct shared *default_dp, *root_ds;
    uint32_t next_seq, next_token, next_pix;
    struct shared *under_way; /* what a power cut would interrupt: see interruption.c; none without that setting */
};

MUST_CHECK enum err state_new(struct state **out);
MUST_CHECK enum err state_copy(const struct state *s, struct state **out);
void state_free(struct state *s);
size_t state_footprint(const struct state *s);

/* Appends an empty entry. ERR_LIMIT when there are as many as allowed. */
MUST_CHECK enum err state_add_profile(struct state *s, struct profile **out);
MUST_CHECK enum err state_add_eim(struct state *s, struct eim **out);
MUST_CHECK enum err state_add_crl(struct state *s, struct revocations **out);
MUST_CHECK enum err state_add_pending(struct state *s, struct pending **out);
void state_remove_profile(struct state *s, struct profile *p);
void state_remove_eim(struct state *s, struct eim *e);
void state_remove_crl(struct state *s, struct revocations *r);
void state_remove_pending(struct state *s, struct pending *p);
void state_clear_rollback(struct state *s);
void state_clear_under_way(struct state *s);

struct profile *state_enabled(const struct state *s);  /* NULL: none */
struct profile *state_fallback(const struct state *s); /* with the fallback attribute; NULL: none */
struct profile *state_find_iccid(const struct state *s, struct span iccid);
struct profile *state_find_aid(const struct state *s, struct span aid);

/* The blob at rest: magic, version, SHA-256, then DER. Reading refuses what it does not understand:
 * ERR_PARSE with *why. */
struct crypto;
MUST_CHECK enum err state_write(struct crypto *c, const struct state *s, const uint8_t eid[16],
                                struct buf *out);
MUST_CHECK enum err state_read(struct crypto *c, struct euicc_contents *store, struct span blob,
                               const uint8_t eid[16], struct state **out, const char **why);
#endif
