#ifndef LAB_TESTS_SAIP_H
#define LAB_TESTS_SAIP_H

#include "saip.h"

/* Package files that become a subscriber's. */
void a_package_becomes_the_subscribers(void);
void every_ts48_package_becomes_the_subscribers(void);
void what_the_subscription_leaves_out_stays(void);
void a_package_without_a_place_is_refused_by_name(void);
void a_subscription_that_fits_no_package_is_refused(void);
void a_second_usim_is_refused(void);
void a_public_identity_needs_room(void);
void no_truncation_or_flip_of_a_template_does_harm(void);

#endif
