#ifndef LAB_TESTS_SMDP_H
#define LAB_TESTS_SMDP_H

#include "lab.h"

#define TESTS(name)                                                                                          \
    extern const struct test name[];                                                                         \
    extern const size_t name##_count
TESTS(order_tests);
TESTS(download_tests);
TESTS(notification_tests);
TESTS(profile_tests);
TESTS(progress_tests);
TESTS(rebinding_tests);
TESTS(hostile_tests);
TESTS(isolation_tests);
TESTS(stock_tests);
TESTS(profile_type_tests);
TESTS(list_tests);
TESTS(transport_tests);
TESTS(message_tests);

/* A command on the basic channel; its status word, the data before it in *out. */
unsigned command(struct lab *l, struct span apdu, struct buf *out);
/* Enables an installed profile and selects its USIM. */
void use_profile(struct lab *l, const char *iccid, struct buf *answer);
/* Enables it too; the USIM answers a Milenage challenge that is made with these keys (hex). */
bool authenticates(struct lab *l, const char *iccid, const char *k, const char *opc);

#endif
