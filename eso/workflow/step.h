/* A step of a swap, and what it works with. Within the workflow only. */
#ifndef LAB_ESO_STEP_H
#define LAB_ESO_STEP_H

#include "eso_workflow.h"

enum step_outcome {
    STEP_DONE,
    STEP_WAIT,      /* somebody else is at it: ask again later */
    STEP_RETRY,     /* it did not work, or nobody knows: again after a back-off */
    STEP_HOLD,      /* something is missing; goes on when it comes */
    STEP_NEXT_CODE, /* this code is no good: put it aside, take another */
    STEP_FAIL,      /* over; the compensation begins */
};
struct step_result {
    enum step_outcome outcome;
    const char *cause;       /* static; "" when done */
    char detail[161];        /* what others said */
    enum swap_state ending;  /* of STEP_FAIL; SWAP_REQUESTED means SWAP_FAILED */
};

/* A claimed swap with what it refers to, as read when it was claimed. */
struct work {
    const struct eso_workflow *flow;
    int64_t now;
    struct swap swap;
    struct device device;
    struct carrier target;
    struct contract contract;   /* zero when no code was taken */
    const struct port_platform_ops *platform;
    const char *eim_url;        /* NULL: the device's eIM is not in the settings */
};
/* Another attempt of this step may have had its effect already. */
static inline bool work_is_repeat(const struct work *w)
{
    return w->swap.attempt > 1;
}
static inline bool work_is_late(const struct work *w)
{
    return w->swap.deadline && w->now >= w->swap.deadline;
}

enum step_kind {
    STEP_OURS,     /* nobody is called */
    STEP_PLATFORM,
    STEP_SMDP,
    STEP_EIM,      /* waits for the device */
};
enum step_patience { PATIENCE_CALL, PATIENCE_DEVICE, PATIENCE_HOLD, PATIENCE_CONFIRM, PATIENCE_BILL };

struct step {
    const char *name;
    enum step_kind kind;
    enum swap_state reached;                /* by doing it; SWAP_REQUESTED: nothing new */
    enum step_patience patience;            /* how long it may take */
    bool (*is_needed)(const struct work *w); /* NULL: always */
    /* Calls out; writes nothing. Changes w->swap, which is saved whatever comes out. NULL: nothing to call. */
    enum err (*run)(struct work *w, struct step_result *r);
    /* Within the transaction that journals the step as done; may still change the outcome. NULL: nothing. */
    enum err (*record)(struct work *w, struct step_result *r);
};
extern const struct step swap_steps[], undo_steps[];
extern const size_t swap_step_count, undo_step_count;
/* Index of a step in its table. */
size_t step_index(const struct step *table, size_t count, const char *name);

/* What the steps do. */
bool step_take_is_needed(const struct work *w);
enum err step_take_record(struct work *w, struct step_result *r);
bool step_transfer_is_needed(const struct work *w);
enum err step_transfer(struct work *w, struct step_result *r);
bool step_platform_is_needed(const struct work *w);
enum err step_prepare(struct work *w, struct step_result *r);
bool step_order_is_needed(const struct work *w);
enum err step_order(struct work *w, struct step_result *r);
enum err step_confirm_order(struct work *w, struct step_result *r);
enum err step_confirm_order_record(struct work *w, struct step_result *r);
bool step_download_is_needed(const struct work *w);
enum err step_download(struct work *w, struct step_result *r);
enum err step_download_record(struct work *w, struct step_result *r);
bool step_fallback_is_needed(const struct work *w);
enum err step_fallback(struct work *w, struct step_result *r);
enum err step_fallback_record(struct work *w, struct step_result *r);
enum err step_enable(struct work *w, struct step_result *r);
enum err step_enable_record(struct work *w, struct step_result *r);
enum err step_confirm(struct work *w, struct step_result *r);
enum err step_bill(struct work *w, struct step_result *r);
/* Compensation. */
bool undo_order_is_needed(const struct work *w);
enum err undo_order(struct work *w, struct step_result *r);
bool undo_transfer_is_needed(const struct work *w);
enum err undo_transfer(struct work *w, struct step_result *r);
bool undo_platform_is_needed(const struct work *w);
enum err undo_platform(struct work *w, struct step_result *r);
bool undo_code_is_needed(const struct work *w);
enum err undo_code_record(struct work *w, struct step_result *r);

/* Results. */
enum err step_done(struct step_result *r);
enum err step_ends(struct step_result *r, enum step_outcome outcome, const char *cause, const char *detail);
/* What an answer that is not PORT_DONE means for a step when nothing special is known about it: `causes` are the words for
 * refused, unreached, certificate and unknown. */
struct step_causes {
    const char *refused, *unreached, *certificate, *unknown;
};
extern const struct step_causes causes_platform, causes_smdp, causes_eim;
enum err step_take_answer(const struct work *w, const struct port_result *p, const struct step_causes *causes,
                          struct step_result *r);
/* "<swap>.<step>.<round>": names one side effect to others, the same in every attempt. */
void step_reference(const struct work *w, const char *step, char out[96]);

#endif
