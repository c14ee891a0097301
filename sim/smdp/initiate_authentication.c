/* ES9+.InitiateAuthentication (SGP.22 5.6.1). */
#include <string.h>

#include "smdp_functions.h"

static enum err open_session(struct smdp *s, size_t identity, struct span challenge, const struct es_opening *o)
{
    struct smdp_session x = { .state = SMDP_INITIATED, .identity = (int64_t)identity };
    memcpy(x.euicc_challenge, challenge.at, sizeof x.euicc_challenge);
    memcpy(x.server_challenge, o->server_challenge, sizeof x.server_challenge);
    enum err e = es_transaction_text(SPAN_ARRAY(o->transaction_id), x.transaction_id);
    return e ? e : smdp_session_add(s, &x);
}

enum err smdp_initiate_authentication(struct smdp *s, const struct rsp_initiate_authentication_request *q,
                                      struct smdp_memory *m, struct rsp_initiate_authentication_ok *ok,
                                      struct es_status *status)
{
    size_t identity = 0;
    enum err e = ERR_EXISTS;
    /* Of 65,536 transactionIds made in one millisecond two may have the same key. */
    for (int i = 0; e == ERR_EXISTS && i < 10; i++) {
        e = es_authentication_open(&s->authentication, q, &m->opening, ok, &identity, status);
        if (!e && !es_refused(status))
            e = open_session(s, identity, q->euicc_challenge, &m->opening);
    }
    return e;
}
