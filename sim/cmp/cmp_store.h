/* What the platform remembers, over lib/db. All but the finders are called inside a transaction. Private to sim/cmp. */
#ifndef LAB_CMP_STORE_H
#define LAB_CMP_STORE_H

#include "db.h"

extern const char *const cmp_migrations[];
extern const size_t cmp_migration_count;

#define CMP_TEXT 65

/* A SIM. Times in ms, 0: never. Texts are "" when unknown; account "" is the operator's inventory. */
struct cmp_device {
    char iccid[21], imsi[17], msisdn[17], imei[17];
    char account[CMP_TEXT], status[24], rate_plan[CMP_TEXT], communication_plan[CMP_TEXT];
    int64_t added, shipped, activated, updated;
};
/* The SIM that a caller's 19 or 20 digits (or 19 digits and F) mean. ERR_NOT_FOUND. */
MUST_CHECK enum err cmp_device_find(struct db *db, const char *iccid, struct cmp_device *out);
MUST_CHECK enum err cmp_device_add(struct db *db, const struct cmp_device *d); /* ERR_EXISTS */
MUST_CHECK enum err cmp_device_save(struct db *db, const struct cmp_device *d);
MUST_CHECK enum err cmp_inventory_count(struct db *db, int64_t *out);

struct cmp_device_filter {
    const char *account, *status; /* status NULL: any */
    int64_t from, until;          /* of `updated`, both included */
    int64_t offset, limit;
};
typedef enum err (*cmp_device_fn)(void *context, const struct cmp_device *d);
/* In order of change, then ICCID. No device is ERR_OK. */
MUST_CHECK enum err cmp_device_each(struct db *db, const struct cmp_device_filter *f, cmp_device_fn each, void *context);

/* Further members of a device that the platform only keeps: customer, custom fields, … */
MUST_CHECK enum err cmp_field_set(struct db *db, const char *iccid, const char *name, const char *value);
typedef enum err (*cmp_pair_fn)(void *context, const char *name, const char *value);
MUST_CHECK enum err cmp_field_each(struct db *db, const char *iccid, cmp_pair_fn each, void *context);

/* Who changes something. call 0: the platform by itself. */
struct cmp_writer {
    const char *who;
    int64_t at, call;
};
struct cmp_change {
    int64_t at, call;
    const char *who, *field, *from, *to;
};
MUST_CHECK enum err cmp_next_call(struct db *db, int64_t *out);
MUST_CHECK enum err cmp_audit_add(struct db *db, const char *iccid, const struct cmp_writer *w, const char *field,
                                  const char *from, const char *to);
typedef enum err (*cmp_change_fn)(void *context, const struct cmp_change *c);
MUST_CHECK enum err cmp_audit_each(struct db *db, const char *iccid, int64_t since, cmp_change_fn each, void *context);

/* Since when a SIM has had which status; the ledger is read from it. */
MUST_CHECK enum err cmp_period_begin(struct db *db, const char *iccid, const char *status, int64_t at);
typedef enum err (*cmp_period_fn)(void *context, const char *status, int64_t from);
MUST_CHECK enum err cmp_period_each(struct db *db, const char *iccid, cmp_period_fn each, void *context);

struct cmp_account {
    char id[CMP_TEXT], username[CMP_TEXT];
    uint8_t key_hash[32];
};
MUST_CHECK enum err cmp_account_add(struct db *db, const struct cmp_account *a); /* ERR_EXISTS: id or username */
MUST_CHECK enum err cmp_account_find(struct db *db, const char *username, struct cmp_account *out);
MUST_CHECK enum err cmp_account_exists(struct db *db, const char *id); /* ERR_NOT_FOUND */

struct cmp_transfer {
    char reference[CMP_TEXT], iccid[21], account[CMP_TEXT];
    bool reversed;
};
MUST_CHECK enum err cmp_transfer_find(struct db *db, const char *reference, struct cmp_transfer *out);
MUST_CHECK enum err cmp_transfer_add(struct db *db, const struct cmp_transfer *t);
MUST_CHECK enum err cmp_transfer_reverse(struct db *db, const char *reference);

/* "" when none is set. */
MUST_CHECK enum err cmp_refusal_get(struct db *db, char out[CMP_TEXT]);
MUST_CHECK enum err cmp_refusal_set(struct db *db, const char *cause);

struct cmp_session {
    int64_t started, ended; /* 0: never, still on */
    char plmn[8];
};
/* ERR_EXISTS: told before. */
MUST_CHECK enum err cmp_event_add(struct db *db, const char *iccid, const char *event, int64_t at, const char *plmn);
MUST_CHECK enum err cmp_session_start(struct db *db, const char *iccid, int64_t at, const char *plmn);
MUST_CHECK enum err cmp_session_end(struct db *db, const char *iccid, int64_t at);
/* The latest; ERR_NOT_FOUND. */
MUST_CHECK enum err cmp_session_get(struct db *db, const char *iccid, struct cmp_session *out);

/* What the network has to be told. */
struct cmp_notice {
    int64_t id, attempts;
    char iccid[21];
    bool service;
};
MUST_CHECK enum err cmp_notice_add(struct db *db, const char *iccid, bool service, int64_t due);
/* The oldest of a SIM that is due. ERR_NOT_FOUND. */
MUST_CHECK enum err cmp_notice_due(struct db *db, int64_t now, struct cmp_notice *out);
MUST_CHECK enum err cmp_notice_done(struct db *db, int64_t id);
MUST_CHECK enum err cmp_notice_again(struct db *db, int64_t id, int64_t due);
/* When the next one or the next scheduled change is due; CLOCK_NEVER. */
MUST_CHECK enum err cmp_next_due(struct db *db, int64_t *out);

/* Changes with an effective date; body is the PUT's JSON. */
struct cmp_scheduled {
    int64_t id;
    char iccid[21], who[CMP_TEXT];
    struct buf body;
};
MUST_CHECK enum err cmp_scheduled_add(struct db *db, const char *iccid, const char *who, int64_t at, struct span body);
MUST_CHECK enum err cmp_scheduled_due(struct db *db, int64_t now, struct cmp_scheduled *out);
MUST_CHECK enum err cmp_scheduled_done(struct db *db, int64_t id);

#endif
