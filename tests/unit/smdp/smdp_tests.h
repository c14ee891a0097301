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

#endif
