#ifndef LAB_TESTS_SAIP_H
#define LAB_TESTS_SAIP_H

#include "saip.h"

/* Header with a PIX, PE-IoT with EF.IMSI and EF.ACC alone, Milenage, end; in hex. */
#define IOT_MINIMAL \
    "a023800103810103830a89000123456789012341a5028100a600a90980071002ff49ff0589bf2022a0058000810102810667" \
    "810f010211a90b8309080910101032547698b20483020001a435a0058000810103a12ca12a80010181010282100001020304" \
    "05060708090a0b0c0d0e0f831000000000000000000000000000000000aa05a003810109"

/* Package files that become a subscriber's. */
void a_package_becomes_the_subscribers(void);
void every_ts48_package_becomes_the_subscribers(void);
void what_the_subscription_leaves_out_stays(void);
void a_package_without_a_place_is_refused_by_name(void);
void a_subscription_that_fits_no_package_is_refused(void);
void a_second_usim_is_refused(void);
void a_public_identity_needs_room(void);
void an_iot_minimal_profile_becomes_the_subscribers(void);
void no_truncation_or_flip_of_a_template_does_harm(void);

#endif
