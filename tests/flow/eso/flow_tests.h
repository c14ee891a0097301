/* Tests of the REST interface, in files of their own. */
#ifndef LAB_TESTS_ESO_FLOW_TESTS_H
#define LAB_TESTS_ESO_FLOW_TESTS_H

void test_hostile_bodies(void);
void test_hostile_stock(void);
void test_rights(void);
void test_forged_hooks(void);
void test_another_eim(void);
void test_handed_over_while_registered(void);
void test_found_enabled(void);
void test_device_that_changed(void);
void test_lists(void);
void test_openapi(void);

#endif
