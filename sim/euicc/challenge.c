#include "euicc_internal.h"
#include "rsp_es10.h"

/* SGP.22 5.7.7: a new challenge ends a session that was under way; it serves one
 * AuthenticateServer. */
enum err isdr_get_euicc_challenge(struct euicc *e, struct span request, struct buf *response)
{
    enum err err = rsp_empty_read(0xbf2e, request);
    if (err)
        return err;
    session_reset(e);
    err = rng_fill(e->env.rng, e->session.challenge, sizeof e->session.challenge);
    if (err)
        return err;
    e->session.step = SESSION_CHALLENGE;
    struct rsp_get_euicc_challenge_response answer = { .challenge =
                                                           SPAN_ARRAY(e->session.challenge) };
    return rsp_get_euicc_challenge_response_write(&answer, response);
}
