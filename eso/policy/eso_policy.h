/* May this device move to that carrier, and under which contract? Pure: facts in, decision and reason out. */
#ifndef LAB_ESO_POLICY_H
#define LAB_ESO_POLICY_H

#include "eso_model.h"

struct policy_facts {
    int64_t now;
    const struct device *device;
    const char *target;               /* carrier */
    const struct contract *contracts; /* all with that carrier */
    size_t contract_count;
};

enum policy_verdict {
    POLICY_ALLOCATE,    /* a profile must be allocated and downloaded */
    POLICY_ENABLE_ONLY, /* the target's profile is on the card */
    POLICY_NOTHING,     /* it is active already */
    POLICY_REFUSE,
};
struct policy_decision {
    enum policy_verdict verdict;
    const char *cause;                /* of a refusal: "no-agreement", …; "" otherwise */
    const char *reason;               /* one plain sentence */
    const struct contract *contract;  /* NULL: none is needed */
    const struct profile *profile;    /* the target's on the card; NULL: none */
};
struct policy_decision policy_decide_swap(const struct policy_facts *f);

#endif
