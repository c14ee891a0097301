/* Which of several sessions with the same transactionId a message belongs to: what the eUICC signed says so. An error is signed
 * by nobody, and belongs to none of them. */
#include <string.h>

#include "eim_internal.h"

/* Signed under any certificate of the eUICC that this eIM believes. */
static bool is_signed(struct eim *e, const struct eim_session *s, const struct rsp_tbs *tbs, struct span signature)
{
    return eim_verify_euicc(e, s->eid, tbs, signature) == ERR_OK;
}

static bool is_rebuilt(enum err x, struct buf *bytes)
{
    buf_release(bytes);
    return x == ERR_OK;
}

/* What cannot be read is for the server to refuse. */
bool eim_is_others(struct eim *e, struct span certificate, const char *eid)
{
    const struct cert *euicc = NULL;
    bool others = cert_borrow(e->env->crypto, certificate, &euicc) == ERR_OK && strcmp(euicc->eid, eid) != 0;
    cert_give_back(e->env->crypto, euicc);
    return others;
}

bool eim_authentication_fits(struct eim *e, const struct eim_session *s, const void *what)
{
    const struct rsp_authenticate_server_response *r = what;
    const struct rsp_euicc_signed1 *signed1 = &r->ok.euicc_signed1;
    struct rsp_authenticate_server_response copy = *r;
    struct rsp_server_signed1 server;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    if (r->which == RSP_AUTHENTICATE_SERVER_COMPACT)
        return is_rebuilt(eim_rebuild_authentication(e, s, &copy, &bytes), &bytes);
    return r->which == RSP_AUTHENTICATE_SERVER_OK && !eim_is_others(e, r->ok.euicc_certificate, s->eid) &&
           rsp_server_signed1_read(buf_span(&s->server_signed1), &server) == ERR_OK &&
           span_equal(signed1->server_challenge, server.server_challenge) &&
           rsp_address_equal(signed1->server_address, server.server_address);
}

bool eim_preparation_fits(struct eim *e, const struct eim_session *s, const void *what)
{
    const struct rsp_prepare_download_response *r = what;
    struct rsp_prepare_download_response copy = *r;
    struct rsp_tbs tbs;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    if (!s->smdp_signature2.len)
        return false;
    if (r->which == RSP_PREPARE_DOWNLOAD_COMPACT)
        return is_rebuilt(eim_rebuild_preparation(e, s, &copy, &bytes), &bytes);
    if (r->which != RSP_PREPARE_DOWNLOAD_OK)
        return false;
    rsp_tbs_euicc_signature2(&r->ok.euicc_signed2, buf_span(&s->smdp_signature2), &tbs);
    return is_signed(e, s, &tbs, r->ok.euicc_signature2);
}

bool eim_cancellation_fits(struct eim *e, const struct eim_session *s, const void *what)
{
    const struct rsp_cancel_session_response *r = what;
    struct rsp_tbs tbs;
    struct buf bytes = { .max = 4096 };
    if (r->which == RSP_CANCEL_SESSION_COMPACT)
        return is_rebuilt(eim_rebuild_cancellation(e, s, r, &bytes), &bytes);
    if (r->which != RSP_CANCEL_SESSION_OK || !span_equal(r->ok.cancel_signed.smdp_oid, buf_span(&s->smdp_oid)))
        return false;
    rsp_tbs_cancel_session(&r->ok.cancel_signed, &tbs);
    return is_signed(e, s, &tbs, r->ok.signature);
}

static bool is_result_of(struct eim *e, const struct eim_session *s, const struct rsp_profile_installation_result *r)
{
    struct rsp_tbs tbs;
    rsp_tbs_installation_result(&r->data, &tbs);
    return rsp_address_equal(r->data.metadata.address, span_str(s->address)) &&
           (!s->smdp_oid.len || span_equal(r->data.smdp_oid, buf_span(&s->smdp_oid))) && is_signed(e, s, &tbs, r->signature);
}

bool eim_installation_fits(struct eim *e, const struct eim_session *s, const void *what)
{
    const struct rsp_pending_notification *n = what;
    struct rsp_pending_notification full;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    if (s->smds)
        return false;
    if (n->which == RSP_PENDING_INSTALLATION)
        return is_result_of(e, s, &n->installation);
    bool fits = eim_rebuild_installation(e, s, n, &bytes) == ERR_OK &&
                rsp_pending_notification_read(buf_span(&bytes), &full) == ERR_OK && is_result_of(e, s, &full.installation);
    buf_release(&bytes);
    return fits;
}
