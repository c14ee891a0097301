/* Error numbers of ESipa: what makes the eIM say each. */
#ifndef LAB_TESTS_EIM_CODES_H
#define LAB_TESTS_EIM_CODES_H

#include "eim_tests.h"

/* One number that the eIM answers over ESipa. Each row is played over both bindings. */
struct code_row {
    const char *function; /* "GetEimPackage" */
    int64_t code;
    const char *how; /* what provokes it */
    /* The number that was heard over f->peer; 0: no error, -1: a transport error. */
    int64_t (*provoke)(struct fixture *f, const struct code_row *r);
    const char *text;
    int what;
};

#endif
