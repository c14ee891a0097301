/* Where the eSO keeps what it knows. Everything of a tenant carries its name. Functions that write are called inside the
 * caller's transaction (store_begin … store_end), so that one step of a swap is one transaction. */
#ifndef LAB_ESO_STORE_H
#define LAB_ESO_STORE_H

#include "db.h"
#include "env.h"
#include "eso_model.h"

struct eso_store {
    const struct env *env;
    const char *tenant;         /* borrowed */
    const struct secret *key;   /* borrowed; 32 octets: seals download codes */
};

MUST_CHECK enum err store_migrate(struct db *db);
MUST_CHECK enum err store_begin(const struct eso_store *st);
enum err store_end(const struct eso_store *st, enum err e);
int64_t store_now(const struct eso_store *st);

/* Lists go page by page: rows after `after` ("" : from the start), at most `limit`, each given to the callback. */
struct page {
    const char *after;
    int64_t limit;
};

/* ERR_EXISTS: the id is taken. */
MUST_CHECK enum err carrier_add(const struct eso_store *st, const struct carrier *c);
MUST_CHECK enum err carrier_find(const struct eso_store *st, const char *id, struct carrier *out);
typedef enum err (*carrier_fn)(void *context, const struct carrier *c);
MUST_CHECK enum err carrier_each(const struct eso_store *st, struct page p, carrier_fn fn, void *context);

MUST_CHECK enum err contract_add(const struct eso_store *st, const struct contract *c);
MUST_CHECK enum err contract_find(const struct eso_store *st, const char *id, struct contract *out);
/* Those with one carrier, at most `max`, by id. */
MUST_CHECK enum err contracts_of(const struct eso_store *st, const char *carrier, struct contract *out, size_t max,
                                 size_t *count);
typedef enum err (*contract_fn)(void *context, const struct contract *c);
MUST_CHECK enum err contract_each(const struct eso_store *st, struct page p, contract_fn fn, void *context);
/* *crossed: the contract was not known to be out of codes before. */
MUST_CHECK enum err contract_set_exhausted(const struct eso_store *st, const char *id, bool exhausted, bool *crossed);
/* The same of a stock that is low. */
MUST_CHECK enum err contract_set_low(const struct eso_store *st, const char *id, bool low, bool *crossed);

/* Imports one code. ERR_EXISTS: this ICCID or this code is known. */
MUST_CHECK enum err stock_add(const struct eso_store *st, const struct stock_row *r, const char *matching_id);
/* Takes the oldest available code of a contract for a device and counts it against the quota; *left tells how many
 * remain (0 or more than 0). ERR_NOT_FOUND: none is available. */
MUST_CHECK enum err stock_take(const struct eso_store *st, const struct contract *c, const char *eid, char iccid[21],
                               bool *left);
/* Moves a code; going back to available frees it and the quota. ERR_STATE when its life does not go that way. */
MUST_CHECK enum err stock_move(const struct eso_store *st, const char *iccid, enum stock_state to);
MUST_CHECK enum err stock_find(const struct eso_store *st, const char *iccid, struct stock_row *out);
/* Opens the sealed code; out gets the matchingId. */
MUST_CHECK enum err stock_read_code(const struct eso_store *st, const char *iccid, struct secret *out);
/* Codes became available: a stock that is above its threshold again may be told to be low again. */
MUST_CHECK enum err stock_came_back(const struct eso_store *st, const struct contract *c);
/* Are there more than `count` available codes? Looks at so many at most. */
MUST_CHECK enum err stock_has_more(const struct eso_store *st, const char *contract, int64_t count, bool *out);
typedef enum err (*stock_count_fn)(void *context, const char *contract, enum stock_state state, int64_t count);
MUST_CHECK enum err stock_counts(const struct eso_store *st, const char *contract, stock_count_fn fn, void *context);
typedef enum err (*stock_fn)(void *context, const struct stock_row *r);
MUST_CHECK enum err stock_each(const struct eso_store *st, const char *contract, struct page p, stock_fn fn,
                               void *context);

MUST_CHECK enum err device_add(const struct eso_store *st, const struct device *d);
MUST_CHECK enum err device_update(const struct eso_store *st, const struct device *d); /* not its profiles */
MUST_CHECK enum err device_find(const struct eso_store *st, const char *eid, struct device *out);
typedef enum err (*device_fn)(void *context, const struct device *d);
MUST_CHECK enum err device_each(const struct eso_store *st, struct page p, device_fn fn, void *context);
/* Adds or replaces what is known of one profile. */
MUST_CHECK enum err profile_put(const struct eso_store *st, const char *eid, const struct profile *p);
/* This one is enabled now and no other is. */
MUST_CHECK enum err profile_set_enabled(const struct eso_store *st, const char *eid, const char *iccid);
/* This one bears the fallback attribute now and no other does. */
MUST_CHECK enum err profile_set_fallback(const struct eso_store *st, const char *eid, const char *iccid);

/* ERR_EXISTS: another swap of this EID is in progress (or the key was used: look first). */
MUST_CHECK enum err swap_add(const struct eso_store *st, const struct swap *s, const char *key);
MUST_CHECK enum err swap_find(const struct eso_store *st, const char *id, struct swap *out);
MUST_CHECK enum err swap_find_by_key(const struct eso_store *st, const char *who, const char *key, struct swap *out);
MUST_CHECK enum err swap_in_progress(const struct eso_store *st, const char *eid, bool *out);
/* Claims the swap that has been due longest: counts the attempt and leases it until `until`. A transaction of its own.
 * ERR_NOT_FOUND: nothing is due. */
MUST_CHECK enum err swap_claim(const struct eso_store *st, int64_t now, int64_t until, struct swap *out);
/* Writes the swap back and ends the lease. When somebody nudged it meanwhile it stays due. */
MUST_CHECK enum err swap_save(const struct eso_store *st, const struct swap *s);
/* Makes a swap due at once. ERR_NOT_FOUND: no such swap in progress. */
MUST_CHECK enum err swap_nudge(const struct eso_store *st, const char *id);
MUST_CHECK enum err swap_want_cancel(const struct eso_store *st, const char *id);
/* Wakes at most `count` swaps that wait for a code of this carrier, the oldest first. */
MUST_CHECK enum err swap_wake_held(const struct eso_store *st, const char *carrier, int64_t count);
/* Ends leases left by a process that died; for the start. */
MUST_CHECK enum err swap_end_leases(const struct eso_store *st);
/* CLOCK_NEVER when no swap is in progress. */
MUST_CHECK enum err swap_next_due(const struct eso_store *st, int64_t *out);
typedef enum err (*swap_fn)(void *context, const struct swap *s);
struct swap_filter {
    const char *state, *eid; /* NULL: any */
};
/* Oldest first; the cursor is the id of a swap. */
MUST_CHECK enum err swap_each(const struct eso_store *st, const struct swap_filter *f, struct page p, swap_fn fn,
                              void *context);

/* The journal of a swap's steps. */
struct step_entry {
    char step[25], outcome[9], state[17], cause[33], detail[161];
    int64_t attempt, at;
};
MUST_CHECK enum err journal_add(const struct eso_store *st, const char *swap, const struct step_entry *e);
typedef enum err (*step_fn)(void *context, const struct step_entry *e);
MUST_CHECK enum err journal_each(const struct eso_store *st, const char *swap, step_fn fn, void *context);

/* A device whose card is to be asked what it holds: one question at a time, known by its order's reference. */
#define LOOK_PREFIX "look."
#define LOOK_REFERENCE_MAX (sizeof LOOK_PREFIX + 36)
struct look {
    char eid[33], reference[LOOK_REFERENCE_MAX];
    int64_t placed, attempt;
};
/* In the place of a question that was put before. */
MUST_CHECK enum err look_want(const struct eso_store *st, const char *eid, const char *reference, int64_t due);
/* Claims one that is due and counts the attempt. A transaction of its own. ERR_NOT_FOUND. */
MUST_CHECK enum err look_claim(const struct eso_store *st, int64_t now, int64_t until, struct look *out);
/* These two do nothing when another question took its place meanwhile. */
MUST_CHECK enum err look_end(const struct eso_store *st, const struct look *l);
MUST_CHECK enum err look_defer(const struct eso_store *st, const struct look *l, int64_t due);
/* No swap of the device took a step since the question was put. ERR_NOT_FOUND: another took its place. */
MUST_CHECK enum err look_is_current(const struct eso_store *st, const struct look *l, bool *out);
MUST_CHECK enum err look_nudge(const struct eso_store *st, const char *reference);
MUST_CHECK enum err look_next_due(const struct eso_store *st, int64_t *out);

/* Calls that must be made once the transaction stands: registering a device at its eIM. */
struct outbox_row {
    char id[37], eim[ESO_ID_MAX + 1];
    int64_t attempt;
};
/* In the place of a call for the same device that was not made yet. */
MUST_CHECK enum err outbox_add(const struct eso_store *st, const char *id, const char *eim, const char *body);
/* Claims one due row, counts the attempt, and appends its body. A transaction of its own. ERR_NOT_FOUND. */
MUST_CHECK enum err outbox_claim(const struct eso_store *st, int64_t now, int64_t until, struct outbox_row *out,
                                 struct buf *body);
/* These two do nothing when a call to another eIM took its place meanwhile. */
MUST_CHECK enum err outbox_remove(const struct eso_store *st, const struct outbox_row *row);
MUST_CHECK enum err outbox_defer(const struct eso_store *st, const struct outbox_row *row, int64_t due);
MUST_CHECK enum err outbox_next_due(const struct eso_store *st, int64_t *out);

struct notice { /* an alert or an audit entry */
    int64_t n, at;
    char kind[33], subject[161], swap[37], who[ESO_ID_MAX + 1];
};
MUST_CHECK enum err alert_add(const struct eso_store *st, const char *kind, const char *subject, const char *swap);
MUST_CHECK enum err audit_add(const struct eso_store *st, const char *who, const char *what, const char *subject);
typedef enum err (*notice_fn)(void *context, const struct notice *n);
MUST_CHECK enum err alert_each(const struct eso_store *st, struct page p, notice_fn fn, void *context);
MUST_CHECK enum err audit_each(const struct eso_store *st, struct page p, notice_fn fn, void *context);

#endif
