/* What the card can do, as a list: for the conformance map and for whoever wants to show it. */
#ifndef LAB_EUICC_FUNCTIONS_H
#define LAB_EUICC_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

struct euicc_function {
    uint32_t tag;        /* of request and answer */
    const char *name;    /* "ES10b.LoadCRL" */
    const char *section; /* "SGP.22 5.7.12" */
    const char *symbol;  /* of the C function */
};
/* In the order of tags; NULL past the end. */
const struct euicc_function *euicc_function_at(size_t index);

#endif
