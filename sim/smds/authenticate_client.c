/* ES11.AuthenticateClient (SGP.22 5.8.2): who is this eUICC, and which events wait for it? */
#include <string.h>

#include "rsp_ids.h"
#include "smds_internal.h"

/* SGP.22 3.6.2: a matchingId is the eventId of one event; without one the eUICC hears of all. */
static enum err find_events(struct smds *s, const char *eid, struct span matching_id, struct buf *list,
                            struct es_status *status)
{
    char event_id[RSP_MATCHING_ID_MAX + 1] = "";
    enum err e = ERR_NOT_FOUND;
    if (matching_id.len == 0) {
        e = smds_events_list(s, eid, NULL, list);
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    }
    if (rsp_matching_id_is_valid(matching_id)) {
        memcpy(event_id, matching_id.at, matching_id.len);
        e = smds_events_list(s, eid, event_id, list);
    }
    if (e != ERR_NOT_FOUND)
        return e;
    es_refuse(status, "8.2.6", "3.8", "no event of this eUICC has this eventId");
    return ERR_OK;
}

static enum err authenticate(struct smds *s, const struct smds_session *x,
                             const struct rsp_authenticate_client_request *q, struct buf *list,
                             struct es_status *status)
{
    const struct rsp_authenticate_response_ok *in = &q->response.ok;
    const struct cert *euicc = NULL;
    enum err e = es_authentication_judge(&s->authentication, in->euicc_certificate, in->eum_certificate, &euicc,
                                         status);
    if (!e && !es_refused(status))
        e = es_authentication_verify(&s->authentication, q, SPAN_ARRAY(x->server_challenge), euicc, status);
    if (!e && !es_refused(status))
        e = find_events(s, euicc->eid, in->euicc_signed1.ctx_params1.matching_id, list, status);
    cert_give_back(s->env->crypto, euicc);
    if (e || es_refused(status))
        return e;
    /* Answered once: the challenge is used up. */
    e = smds_session_remove(s, x->transaction_id);
    if (e == ERR_NOT_FOUND) {
        es_refuse(status, "8.10.1", "3.9", "this RSP session was answered meanwhile");
        return ERR_OK;
    }
    return e;
}

/* Answers an eUICC that refused the server: the session ends here. */
static enum err client_refused(struct smds *s, const struct smds_session *x, struct es_status *status)
{
    es_refuse(status, "8.1", "4.2", "the eUICC refused the server; see authenticateErrorCode");
    enum err e = smds_session_remove(s, x->transaction_id);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err smds_authenticate_client(struct smds *s, const struct rsp_authenticate_client_request *q, struct buf *list,
                                  struct rsp_authenticate_client_ok_es11 *ok, struct es_status *status)
{
    char id[33];
    struct smds_session x;
    enum err e = es_transaction_text(q->transaction_id, id);
    if (!e)
        e = smds_session_get(s, id, &x);
    if (e == ERR_NOT_FOUND) {
        es_refuse(status, "8.10.1", "3.9", "no such RSP session");
        e = ERR_OK;
    } else if (!e && q->response.which == RSP_AUTHENTICATE_SERVER_OK)
        e = authenticate(s, &x, q, list, status);
    else if (!e)
        e = client_refused(s, &x, status);
    *ok = (struct rsp_authenticate_client_ok_es11){ q->transaction_id, buf_span(list) };
    return e;
}
