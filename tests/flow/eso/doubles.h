/* The eSO's partners as HTTP actors, just honest enough to show whether a side effect happened once: a platform, an SM-DP+,
 * an eIM with its devices. Their state is what the tests look at. */
#ifndef LAB_TESTS_ESO_DOUBLES_H
#define LAB_TESTS_ESO_DOUBLES_H

#include <jansson.h>

#include "http.h"

#define SIMS_MAX 64

/* A carrier's platform: control-center and the transfer call. */
struct cmp_sim {
    char iccid[21], account[33], status[33], rate_plan[33], communication_plan[33], reference[97];
    bool owned_by_us, reversed;
    int64_t session;
    int transfers, activations; /* effects, not calls */
};
struct cmp_double {
    struct actor actor;
    struct clock *clock;
    struct cmp_sim sim[SIMS_MAX];
    size_t count;
    const char *refuse;  /* transfers are refused with this errorCode */
    int status;          /* every call answers this HTTP status; 0: works */
    int writes;          /* PUTs that were answered */
};
void cmp_double_init(struct cmp_double *d, struct clock *clock);
struct cmp_sim *cmp_double_add(struct cmp_double *d, const char *iccid, const char *status, bool ours);
struct cmp_sim *cmp_double_find(struct cmp_double *d, const char *iccid);

struct smdp_profile {
    char iccid[21], eid[33], matching_id[65], state[16];
    int orders, confirmations, cancellations; /* effects */
};
struct smdp_double {
    struct actor actor;
    struct smdp_profile profile[SIMS_MAX];
    size_t count;
    const char *refuse_function, *refuse_iccid, *subject, *reason; /* "confirmOrder", … */
    int status;
};
void smdp_double_init(struct smdp_double *d);
struct smdp_profile *smdp_double_add(struct smdp_double *d, const char *iccid);

struct eim_order_row {
    char id[16], reference[97], eid[33], kind[16], iccid[21], code[128], callback[256];
    const char *state, *result, *error;
    bool rollback;
};
struct eim_double {
    struct actor actor;
    struct eim_order_row order[256];
    size_t count;
    int registered;
    void (*meanwhile)(void *context);    /* what happens while it registers a device */
    void *meanwhile_context;
    const char *fail_kind, *fail_result; /* orders of this kind fail so */
    const char *fail_error;              /* the same as text; then only the first of them fails */
    const char *enabled;                 /* ICCID that the cards have enabled, when they are asked */
    bool offline;                        /* the device does not come */
    bool loses_session;                  /* enabled, but no session at the target's platform */
};
void eim_double_init(struct eim_double *d);
/* How many orders of a kind exist for a device (each is a side effect). */
int eim_double_orders(const struct eim_double *d, const char *eid, const char *kind);

#endif
