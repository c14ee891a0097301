/* The words of the scenario language about RSP servers: orders at SM-DP+ past the eSO, what SM-DP+ and SM-DS say. Inside
 * runner only; the tables of words are in verbs.c and expectations.c. */
#ifndef LAB_RUNNER_RSP_WORDS_H
#define LAB_RUNNER_RSP_WORDS_H

#include "run.h"

/* smdp-order: {device: meter, carrier: partner, smds: true, released: false, confirmation-code: 4711} */
MUST_CHECK enum err smdp_order_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err smdp_order_play(struct run *r, const struct yaml_node *n);

/* smdp-release: {device: meter, carrier: partner} */
MUST_CHECK enum err smdp_release_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
MUST_CHECK enum err smdp_release_play(struct run *r, const struct yaml_node *n);

/* smdp: {partner: {meter: downloaded}} */
MUST_CHECK enum err smdp_state_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
bool smdp_state_holds(struct run *r, const struct yaml_node *n, char expected[200], char found[400]);

/* events: {meter: 1} */
MUST_CHECK enum err events_check(const struct scenario *s, const struct yaml_node *n, struct yaml_error *error);
bool events_hold(struct run *r, const struct yaml_node *n, char expected[200], char found[400]);

/* "1$smdp.example.com$MATCHING-ID", secret. */
void activation_code_of(const struct world_profile *p, char out[256]);

#endif
