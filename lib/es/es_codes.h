/* What the JSON bindings say in subject and reason codes and the ASN.1 bindings in error numbers: one table, so that
 * both bindings of a server say the same (catalogue A.7.2, A.13, E; SGP.22 5.6, 5.8, 6.5.2; SGP.32 5.14). */
#ifndef LAB_ES_CODES_H
#define LAB_ES_CODES_H

#include "es_status.h"

enum es_codes {
    ES9P_CODES_INITIATE_AUTHENTICATION,
    ES9P_CODES_AUTHENTICATE_CLIENT,
    ES9P_CODES_GET_BOUND_PROFILE_PACKAGE,
    ES9P_CODES_CANCEL_SESSION,
    /* The ES9+ ones, and what an eIM itself refuses (from 50 on). */
    ESIPA_CODES_INITIATE_AUTHENTICATION,
    ESIPA_CODES_AUTHENTICATE_CLIENT,
    ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE,
    ESIPA_CODES_CANCEL_SESSION,
    ES11_CODES_INITIATE_AUTHENTICATION,
    ES11_CODES_AUTHENTICATE_CLIENT,
};
#define ES_CODE_UNDEFINED 127

/* The number for a refusal; ES_CODE_UNDEFINED when the function's ASN.1 has none for it. */
int64_t es_code_of_status(enum es_codes f, const struct es_status *s);
/* The same with the numbers of SGP.32 v1.3. */
int64_t es_code_of_status_v1_3(enum es_codes f, const struct es_status *s);
/* The refusal that a number stands for: its commonest pair, the number's name as message. A number that is none of the
 * function's: an execution error, 8.8/4.2 or 8.9/4.2. */
void es_status_of_code(enum es_codes f, int64_t code, struct es_status *out);

#endif
