/* Between the files of tests/support/actors. */
#ifndef LAB_TESTS_LAB_INTERNAL_H
#define LAB_TESTS_LAB_INTERNAL_H

#include "lab.h"

void lab_network_open(struct lab *l, struct lab_network *n, const char *host);

#endif
