/* ES11.InitiateAuthentication (SGP.22 5.8.1). */
#include <string.h>

#include "smds_internal.h"

enum err smds_initiate_authentication(struct smds *s, const struct rsp_initiate_authentication_request *q,
                                      struct es_opening *opening, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    struct smds_session x;
    size_t identity = 0;
    enum err e = es_authentication_open(&s->authentication, q, opening, ok, &identity, status);
    if (e || es_refused(status))
        return e;
    memcpy(x.server_challenge, opening->server_challenge, sizeof x.server_challenge);
    e = es_transaction_text(SPAN_ARRAY(opening->transaction_id), x.transaction_id);
    return e ? e : smds_session_add(s, &x);
}
