/* A pcscd of the test's own with one virtual reader, "Lab Reader". There is one pcscd on a machine: tests that use it share the
 * lock `pcscd`. */
#ifndef LAB_TESTS_OWN_PCSCD_H
#define LAB_TESTS_OWN_PCSCD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct own_pcscd {
    pid_t pid;
    uint16_t port;    /* where the reader's vpcd listens */
    char address[32]; /* the same as HOST:PORT */
    char config[64];
};

/* Can it be started? Waits while the tests of another checkout have theirs. It cannot where pcscd or its virtual reader is not
 * installed, one is running already, or we may not. */
bool own_pcscd_possible(void);
#define OWN_PCSCD_SKIPPED 77
#define OWN_PCSCD_WHY "pcscd with vpcd is not here, runs already, or may not be started"

void own_pcscd_start(struct own_pcscd *d);
void own_pcscd_stop(struct own_pcscd *d);

#endif
