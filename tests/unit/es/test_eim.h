/* An eIM on both bindings of ESipa that has one answer for each function, or refuses everything with one number. */
#ifndef LAB_TESTS_ES_TEST_EIM_H
#define LAB_TESTS_ES_TEST_EIM_H

#include "es_tests.h"
#include "esipa.h"

struct test_eim {
    struct actor actor;
    struct esipa_service service;
    int64_t code; /* of its refusals */
    enum err fail;
    /* What it was asked. */
    char eid[33];
    bool state_change;
    enum rsp_eim_package_result_which result;
    enum rsp_esipa_notification_which notification;
};
void test_eim_open(struct world *w, struct test_eim *e, bool refuses);

#endif
