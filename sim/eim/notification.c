/* Notifications on their way to their SM-DP+ (SGP.32 v1.2 3.7; catalogue A.7.6): only what a registered eUICC signed, and only
 * to where downloads of that eUICC were relayed, or where the settings allow. Anybody may post here; nobody is to make this
 * eIM call whom it likes. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "es9p.h"
#include "rsp_ids.h"

static enum err refuse(struct eim *e, const char *why)
{
    return log_fail(e->env->log, ERR_VERIFY, "SGP.32 3.7", why);
}

static enum err verify(struct eim *e, const struct cert *certificate, const struct rsp_tbs *tbs, struct span signature)
{
    enum err x = cert_verify(e->env->crypto, certificate, tbs->part, tbs->count, signature);
    return x == ERR_VERIFY ? refuse(e, "a notification whose signature does not verify") : x;
}

/* An installation result bears no certificates: any that this eIM knows of the session's eUICC. Its receiver is the SM-DP+ of the
 * session and nobody else. */
static enum err check_installation(struct eim *e, const struct rsp_pending_notification *n)
{
    const struct rsp_profile_installation_result *r = &n->installation;
    struct eim_session session = EIM_SESSION_INIT;
    struct rsp_tbs tbs;
    enum err x = eim_session_find(e, r->data.transaction_id, eim_installation_fits, n, &session);
    rsp_tbs_installation_result(&r->data, &tbs);
    if (x == ERR_NOT_FOUND)
        x = refuse(e, "an installation result of a session that this eIM did not relay");
    else if (!x && !rsp_address_equal(r->data.metadata.address, span_str(session.address)))
        x = refuse(e, "an installation result for another receiver than the SM-DP+ of its session");
    if (!x && eim_verify_euicc(e, session.eid, &tbs, r->signature))
        x = refuse(e, "an installation result whose signature does not verify");
    eim_session_release(&session);
    return x;
}

static bool is_allowed(const struct eim *e, struct span address)
{
    struct span rest = buf_span(&e->receivers);
    while (rest.len) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        struct span line = span_sub(rest, 0, (size_t)(end - rest.at));
        if (rsp_address_equal(line, address) || span_equal(line, span_str("*")))
            return true;
        rest = span_sub(rest, line.len + 1, rest.len);
    }
    return false;
}

static enum err check_receiver(struct eim *e, const char *eid, struct span address)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)address.len, (const char *)address.at);
    enum err x = is_allowed(e, address) ? ERR_OK : eim_receiver_find(e, eid, text);
    return x == ERR_NOT_FOUND ? refuse(e, "a notification for a receiver that this eIM has no business with") : x;
}

/* The certificates stand in it: they must be an eUICC's, and the eUICC registered here. */
static enum err check_other(struct eim *e, const struct rsp_other_signed_notification *n)
{
    const struct cert *certificate = NULL;
    struct eim_euicc known;
    struct rsp_tbs tbs;
    eim_euicc_init(&known);
    rsp_tbs_notification(&n->metadata, &tbs);
    enum err x = eim_borrow_euicc(e, n->euicc_certificate, n->eum_certificate, &certificate);
    if (!x)
        x = verify(e, certificate, &tbs, n->signature);
    if (!x)
        x = eim_euicc_get(e, certificate->eid, &known);
    if (x == ERR_NOT_FOUND)
        x = refuse(e, "a notification of an eUICC that is not registered");
    if (!x)
        x = check_receiver(e, certificate->eid, n->metadata.address);
    if (!x)
        x = eim_chain_learn(e, certificate->eid, n->euicc_certificate, n->eum_certificate);
    eim_euicc_release(&known);
    cert_give_back(e->env->crypto, certificate);
    return x;
}

static enum err check(struct eim *e, const struct rsp_pending_notification *n)
{
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    if (!m)
        return refuse(e, "a notification of no kind");
    if (!rsp_address_is_valid(m->address))
        return refuse(e, "a notification that names no SM-DP+");
    enum err x = n->which == RSP_PENDING_INSTALLATION ? check_installation(e, n) : check_other(e, &n->other);
    /* A certificate that cannot be read is not believed either. */
    return x == ERR_PARSE || x == ERR_UNSUPPORTED ? refuse(e, "a notification with an unusable certificate") : x;
}

static bool is_compact(const struct rsp_pending_notification *n)
{
    return n->which == RSP_PENDING_COMPACT_INSTALLATION || n->which == RSP_PENDING_COMPACT_OTHER;
}

static enum err relay(struct eim *e, const struct rsp_pending_notification *n)
{
    char url[300];
    enum err x = check(e, n);
    if (x)
        return x;
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    snprintf(url, sizeof url, "https://%.*s", (int)m->address.len, (const char *)m->address.at);
    const struct es_peer smdp = { .env = e->env, .base_url = url, .user_agent = "gsma-rsp-eim",
                                  .protocol = rsp_wire_es9_protocol(&e->wire) };
    x = es9p_handle_notification(&smdp, n->whole);
    /* An SM-DP+ that is not believed is one that was not reached: the device is not told that its notification is wrong. */
    return x == ERR_VERIFY ? ERR_IO : x;
}

static enum err relay_full(struct eim *e, const struct rsp_pending_notification *n, int64_t *seq_number)
{
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    *seq_number = m ? m->seq_number : -1;
    return relay(e, n);
}

/* The device keeps what could not be delivered. */
enum err eim_relay_notification(struct eim *e, const struct rsp_pending_notification *n, int64_t *seq_number)
{
    struct rsp_pending_notification full;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    if (!is_compact(n))
        return relay_full(e, n, seq_number);
    enum err x = eim_rebuild_notification(e, n, &bytes);
    if (!x)
        x = rsp_pending_notification_read(buf_span(&bytes), &full);
    if (x == ERR_NOT_FOUND || x == ERR_PARSE || x == ERR_STATE)
        x = refuse(e, "a compact notification that cannot be rebuilt");
    else if (!x)
        x = relay_full(e, &full, seq_number);
    buf_release(&bytes);
    return x;
}
