/* Rules authorisation table (SGP.22 2.4.7, 2.9.2.1), as GetRAT gives it: a list of ProfilePolicyAuthorisationRule. The first rule
 * that speaks of a policy rule and of the profile's owner decides. Nobody is there to be asked: consent is not given. */
#ifndef LAB_RSP_RAT_H
#define LAB_RSP_RAT_H

#include "rsp_store_metadata.h"

#define RSP_RAT_MAX 16000 /* octets of a table that GetRAT can tell */
MUST_CHECK enum err rsp_rat_check(struct span table); /* ERR_PARSE; ERR_LIMIT: more than that */
/* rules: RSP_PPR1, RSP_PPR2; any other is allowed to nobody. */
bool rsp_rat_allows(struct span table, uint32_t rules, const struct rsp_profile_owner *owner);
/* The rules that it allows to nobody at all. */
uint32_t rsp_rat_forbidden(struct span table);

/* ES10b BF43 */
struct rsp_get_rat_response {
    struct span table;
};
RSP_MESSAGE(get_rat_response);

#endif
