/* What the orchestrator knows about: carriers, contracts, stock, devices, swaps. Types and rules, no I/O. */
#ifndef LAB_ESO_MODEL_H
#define LAB_ESO_MODEL_H

#include <stdint.h>

#include "span.h"

#define ESO_ID_MAX 64       /* carriers, contracts, eIMs, names of clients */
#define ESO_PROFILES_MAX 32 /* profiles known of one device */
#define ESO_NO_QUOTA INT64_C(-1)

/* The life of a swap, in order; then where it can end. HELD and WAITING_DEVICE are shown beside the state reached. */
enum swap_state {
    SWAP_REQUESTED, SWAP_CHECKED, SWAP_ALLOCATED, SWAP_ORDERED, SWAP_DOWNLOADED, SWAP_FALLBACK_SET, SWAP_ENABLED,
    SWAP_CONFIRMED, SWAP_BILLING_SET, SWAP_DONE,
    SWAP_HELD, SWAP_WAITING_DEVICE,
    SWAP_ROLLED_BACK, SWAP_FAILED, SWAP_CANCELLED, SWAP_EXPIRED,
};
const char *swap_state_name(enum swap_state s);
/* ERR_PARSE for another word. */
MUST_CHECK enum err swap_state_read(const char *name, enum swap_state *out);
bool swap_state_is_end(enum swap_state s);

/* A download code's life. It leaves "available" before any call is made with it, and returns only on proof. */
enum stock_state {
    STOCK_AVAILABLE, STOCK_ALLOCATED, STOCK_ORDERED, STOCK_INSTALLED, STOCK_ENABLED, STOCK_DISABLED, STOCK_RETIRED,
    STOCK_QUARANTINED,
};
const char *stock_state_name(enum stock_state s);
/* May a code go from one state to the other? */
bool stock_may_become(enum stock_state from, enum stock_state to);

/* A carrier as the enterprise meets it: a platform account, an SM-DP+ to order from, where codes come from. */
struct carrier {
    char id[ESO_ID_MAX + 1];
    char platform[17];            /* "control-center", "manual" */
    char platform_url[257];       /* "" when manual */
    char account[65], username[65];
    char api_key[ESO_ID_MAX + 1]; /* name of the secret */
    char transfer_url[257];       /* "" : SIMs are in the account already */
    char smdp_url[257];           /* "" : codes are ready to use */
    char requester[65];           /* functionRequesterIdentifier */
    bool delegated;               /* the eSO orders over ES2+ */
};

struct contract {
    char id[ESO_ID_MAX + 1], carrier[ESO_ID_MAX + 1];
    char model[9];                /* "handover", "resale" */
    char territory[256];          /* countries, "KE,TZ"; "" anywhere */
    int64_t quota, used;          /* ESO_NO_QUOTA: none */
    int64_t low;                  /* available codes at which the stock is low; 0: never */
    int64_t valid_from, valid_to; /* ms; 0: open */
    char rate_plan[65], communication_plan[65];
    bool exhausted;               /* the alert of this crossing was raised */
};
/* Is the contract in force then, and there? */
bool contract_is_valid_at(const struct contract *c, int64_t now);
bool contract_covers(const struct contract *c, const char *country);

/* A code of the stock, without the code itself (eso_store.h: stock_read_code). */
struct stock_row {
    char iccid[21], contract[ESO_ID_MAX + 1], smdp_address[256], tail[5], eid[33];
    enum stock_state state;
};

struct profile {
    char iccid[21], carrier[ESO_ID_MAX + 1];
    bool enabled, fallback;
};
struct device {
    char eid[33], name[65], tags[256], country[3], eim[ESO_ID_MAX + 1], lead[ESO_ID_MAX + 1];
    struct profile profile[ESO_PROFILES_MAX];
    size_t profile_count;
};
/* The device's profile of that carrier, the enabled one, the lead's; NULL when there is none. */
const struct profile *device_profile_of(const struct device *d, const char *carrier);
const struct profile *device_profile_enabled(const struct device *d);

/* A swap as the database keeps it. */
struct swap {
    char id[37], eid[33], target[ESO_ID_MAX + 1], requested_by[ESO_ID_MAX + 1];
    enum swap_state state;   /* reached; an end state once it is over */
    enum swap_state aside;   /* SWAP_HELD or SWAP_WAITING_DEVICE while so, else SWAP_REQUESTED */
    char step[25];           /* what is to be done next; "" once over */
    bool undoing;            /* the step is one of the compensation */
    int64_t attempt;         /* of this step, counted before it runs */
    int64_t step_since;      /* when the step was reached */
    int64_t due, deadline;   /* when to run; until when the step may take (0: no limit) */
    char cause[33], detail[161];
    enum swap_state ending;  /* where the compensation leads to */
    char contract[ESO_ID_MAX + 1], iccid[21]; /* of the target profile */
    bool present;            /* the profile was on the card already */
    int64_t round;           /* how many codes were taken so far */
    bool transferred, ordered;    /* may stand at the platform, at the SM-DP+ */
    bool order_known, installed;  /* the SM-DP+, the card said yes */
    char order_id[65];       /* the eIM's, of this step */
    int64_t enable_at;       /* when enabling was ordered: only a later session confirms */
    char status_before[33];  /* the platform's, before we changed it */
    int64_t created, changed;
    bool cancel_wanted;
};
/* What a caller sees: HELD and WAITING_DEVICE while so. */
enum swap_state swap_shown(const struct swap *s);

/* Shapes. */
bool eso_eid_is_valid(const char *eid);     /* 32 digits */
bool eso_iccid_is_valid(const char *iccid); /* 19 or 20 digits */
bool eso_id_is_valid(const char *id);       /* [A-Za-z0-9._-], 1..64 */
bool eso_country_is_valid(const char *country); /* two capitals */
/* Copies a text that must fit; ERR_LIMIT. NULL gives "". */
MUST_CHECK enum err eso_text_set(char *at, size_t size, const char *text);

#endif
