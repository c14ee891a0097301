/* Playing a scenario: steps in order, expectations, invariants, one verdict. */
#ifndef LAB_RUNNER_RUN_H
#define LAB_RUNNER_RUN_H

#include "world.h"

enum verdict { VERDICT_PASSED, VERDICT_FAILED, VERDICT_SKIPPED, VERDICT_BROKEN /* could not run */ };
const char *verdict_name(enum verdict v);

/* What became of one step. */
struct run_step {
    const char *name;
    enum verdict verdict;
    int64_t began, ended;        /* virtual ms */
    unsigned first_message, last_message;
    char expected[200], found[400];
};

/* Swaps ordered by this scenario, by device. */
struct run_swap {
    char device[SCENARIO_NAME_MAX], id[64];
    char refusal[64]; /* the cause, when the eSO refused the order; then id is "" */
};

/* What somebody was answered, by the reference that the scenario gave it; the last one of a name counts. */
struct run_answer {
    char reference[SCENARIO_NAME_MAX];
    int status;
    char *body; /* JSON; NULL: none */
};

struct run {
    const struct scenario *scenario;
    struct world *world;         /* freed by run_release; the trace lives in it */
    enum wiring wiring;
    uint64_t seed;
    enum verdict verdict;
    char why[500];               /* of a failure or skip; of a pass: what was not checked */
    char files[128];             /* what a failed run in process wiring left behind: settings, databases, logs */
    char cause[240];             /* what went wrong first, as far as the messages tell */
    struct run_step step[SCENARIO_STEPS_MAX];
    size_t step_count;
    struct run_swap *swaps;
    size_t swap_count;
    struct run_answer *answers;
    size_t answer_count;
    unsigned first_message;      /* of the running step */
    unsigned unchecked;          /* expectations that this wiring cannot see */
    double wall_seconds;
    int64_t virtual_ms;
};

/* A fault from outside the scenario, as its `break` verb would set it, before the first step. */
struct run_fault {
    const char *message, *how;
    int64_t times;
};

/* Plays it. The run always has a verdict; failures of the lab itself are VERDICT_BROKEN. */
void run_scenario(const struct scenario *s, enum wiring wiring, uint64_t seed, struct run *out);
/* The same with faults. */
void run_scenario_with(const struct scenario *s, enum wiring wiring, uint64_t seed, const struct run_fault *faults,
                       size_t fault_count, struct run *out);
/* The same, after `prepare` did something to the world before the first step. */
typedef enum err (*run_prepare_fn)(void *context, struct run *r);
void run_scenario_prepared(const struct scenario *s, const struct world_options *o, run_prepare_fn prepare,
                           void *context, struct run *out);
/* The same with faults in a world of these options. */
void run_scenario_as(const struct scenario *s, const struct world_options *options, const struct run_fault *faults,
                     size_t fault_count, struct run *out);
void run_release(struct run *r);

/* hand_over.c: the verbs hand-over and take-over. */
MUST_CHECK enum err hand_over_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err hand_over_play(struct run *r, const struct yaml_node *n);
MUST_CHECK enum err take_over_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err take_over_play(struct run *r, const struct yaml_node *n);

/* ask.c: calls of people who may not make them, or twice; what they are answered. */
MUST_CHECK enum err ask_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err ask_play(struct run *r, const struct yaml_node *n);
MUST_CHECK enum err import_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err import_play(struct run *r, const struct yaml_node *n);
MUST_CHECK enum err callback_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err callback_play(struct run *r, const struct yaml_node *n);
MUST_CHECK enum err answer_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
bool answer_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400]);
/* A call of somebody (world_call_as), whatever the answer, which is kept under the reference. Takes body. */
MUST_CHECK enum err run_call_as(struct run *r, const char *who, const char *reference, const char *method, const char *host,
                                const char *path, json_t *body);

/* The swap last taken for a device; NULL when none was. */
struct run_swap *run_find_swap(struct run *r, const char *device);
/* The cause of the refusal, when the eSO refused what was ordered last for a device; "". */
const char *run_find_refusal(struct run *r, const char *device);
MUST_CHECK enum err run_add_swap(struct run *r, const char *device, const char *id, const char *refusal);

/* What every scenario must keep, always (docs/architecture.md). False with why filled. */
bool run_invariants_hold(struct run *r, char why[400]);

/* --- reading the world, for expectations and invariants -------------------------------------------- */

/* A swap as the eSO shows it; new reference, NULL when it cannot be had. */
json_t *run_show_swap(struct run *r, const char *device);
/* A device as the eSO shows it. */
json_t *run_show_device(struct run *r, const char *device);
/* What the card itself says. */
struct run_card {
    struct {
        char iccid[21];
        bool enabled, fallback;
    } profile[16];
    size_t count;
};
MUST_CHECK enum err run_read_card(struct run *r, struct world_device *d, struct run_card *out);
/* GET of a part, not traced; new reference, NULL unless 200. */
json_t *run_get(struct run *r, const char *host, const char *path);
/* The profile of a carrier that a device has or got by its swap; NULL. */
const struct world_profile *run_profile_of(struct run *r, const char *device, const char *carrier);
/* Do card, eSO and SM-DP+ say the same of a device? */
bool run_views_agree(struct run *r, const struct world_device *d, char why[400]);
/* Whose profile is it? NULL: nobody's in this world. */
const struct world_profile *run_find_profile(struct run *r, const char *iccid);

#endif
