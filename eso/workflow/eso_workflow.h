/* Swaps from request to end: a journalled table of steps. Each step is claimed, runs without a transaction, and is recorded in
 * one; so the eSO may die anywhere and goes on from its database. */
#ifndef LAB_ESO_WORKFLOW_H
#define LAB_ESO_WORKFLOW_H

#include "eso_port.h"
#include "eso_store.h"

/* Where an eIM is; NULL when the settings do not know it. */
typedef const char *(*workflow_eim_fn)(void *context, const char *id);

struct eso_workflow {
    struct eso_store store;
    struct port port;
    const struct port_eim_ops *eim;
    const struct port_smdp_ops *smdp;
    workflow_eim_fn eim_url;
    void *eim_context;
    const char *callback;  /* where eIMs report orders; NULL: they are polled */
    const char *news;      /* where they report devices that changed by themselves; NULL: nowhere */
    int64_t hold_ms, device_ms, confirm_ms, retry_ms;
};

struct swap_request {
    const char *who, *eid, *target, *key; /* key: idempotency, NULL: none */
};
struct swap_answer {
    enum { SWAP_ACCEPTED, SWAP_REPLAYED, SWAP_KEY_REUSED, SWAP_IN_PROGRESS, SWAP_NO_DEVICE, SWAP_NO_CARRIER,
           SWAP_REFUSED } verdict;
    const char *cause, *reason;           /* of a refusal by policy */
    struct swap swap;                     /* accepted or replayed */
};
/* Asks the policy and writes the swap with its first step: one transaction. */
MUST_CHECK enum err workflow_request_swap(const struct eso_workflow *w, const struct swap_request *q,
                                          struct swap_answer *out);
/* Asks for a clean end. ERR_NOT_FOUND; ERR_STATE: it is over, or too far to be undone. */
MUST_CHECK enum err workflow_cancel_swap(const struct eso_workflow *w, const char *who, const char *id,
                                         struct swap *out);
/* An eIM says that an order changed: a hint to look now. Unknown references are ignored. */
MUST_CHECK enum err workflow_order_hint(const struct eso_workflow *w, const char *reference);
/* An eIM says that a device changed by itself: a hint to ask its card. Unknown devices are ignored. */
MUST_CHECK enum err workflow_device_hint(const struct eso_workflow *w, const char *eid);
/* Does one step that is due, and delivers the outbox; *next is when to be called again. A failure of our own machine or ERR_CUT is returned; what was
 * under way is resumed later. */
MUST_CHECK enum err workflow_tick(const struct eso_workflow *w, int64_t now, int64_t *next);
/* To be called once after a start: takes over what a dead process had claimed. */
MUST_CHECK enum err workflow_start(const struct eso_workflow *w);

#endif
