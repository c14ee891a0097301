#include <string.h>

#include "euicc_internal.h"

void session_reset(struct euicc *e)
{
    struct session *s = &e->session;
    cert_give_back(e->env.crypto, s->dp_auth);
    cert_give_back(e->env.crypto, s->dp_pb);
    shared_release(s->transaction_id);
    shared_release(s->server_address);
    loader_free(s->loader);
    struct ec_key *kept = s->otsk;
    struct ec_point point = s->otpk;
    *s = (struct session){ .otsk = kept, .otpk = point };
}

void session_release(struct euicc *e)
{
    session_reset(e);
    ec_key_free(e->session.otsk);
    e->session = (struct session){ 0 };
}

bool session_is(const struct session *s, struct span transaction_id)
{
    return s->step >= SESSION_AUTHENTICATED &&
           span_equal(shared_span(s->transaction_id), transaction_id);
}
