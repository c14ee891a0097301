/* Compact forms of a device that minimises its bytes (catalogue A.8): rebuilt from the session and from what the eUICC showed
 * before. What was rebuilt is right when the eUICC's signature verifies over it. */
#include <string.h>

#include "eim_internal.h"
#include "rsp_compact.h"
#include "rsp_ids.h"

/* What is known in a session; of the eUICC, what it showed in the latest one before. */
struct memory {
    const struct eim_session *now;
    struct eim_session before;
    struct rsp_compact_known known;
};
#define MEMORY_INIT ((struct memory){ .before = EIM_SESSION_INIT })

static enum err read_server(struct memory *m)
{
    struct rsp_server_signed1 signed1;
    enum err x = m->now->server_signed1.len ? rsp_server_signed1_read(buf_span(&m->now->server_signed1), &signed1)
                                            : ERR_NOT_FOUND;
    if (x)
        return x;
    m->known.transaction_id = signed1.transaction_id;
    m->known.server_address = signed1.server_address;
    m->known.server_challenge = signed1.server_challenge;
    return ERR_OK;
}

static enum err remember(struct eim *e, const struct eim_session *session, struct memory *m)
{
    m->now = session;
    enum err x = read_server(m);
    if (!x)
        x = eim_session_latest(e, session->eid, &m->before);
    const struct eim_session *shown = session->certificate.len ? session : &m->before;
    m->known.euicc_info2 = buf_span(&m->before.info2);
    m->known.euicc_certificate = buf_span(&shown->certificate);
    m->known.eum_certificate = buf_span(&shown->eum_certificate);
    m->known.otpk = buf_span(&session->otpk);
    m->known.hash_cc = buf_span(&session->hash_cc);
    m->known.smdp_oid = buf_span(&session->smdp_oid);
    m->known.iccid = buf_span(&session->iccid);
    return x == ERR_NOT_FOUND ? ERR_OK : x; /* what is left out and not known shows when it is wanted */
}

enum err eim_rebuild_authentication(struct eim *e, const struct eim_session *session,
                                    struct rsp_authenticate_server_response *response, struct buf *bytes)
{
    struct memory m = MEMORY_INIT;
    const struct rsp_authenticate_server_response compact = *response;
    const struct rsp_authenticate_response_ok *ok = &response->ok;
    struct rsp_tbs tbs;
    enum err x = remember(e, session, &m);
    if (!x)
        x = rsp_rebuild_authentication(&compact, &m.known, bytes);
    if (!x)
        x = rsp_authenticate_server_response_read(buf_span(bytes), response);
    if (!x) {
        rsp_tbs_euicc_signature1(&ok->euicc_signed1, &tbs);
        x = eim_verify_shown(e, ok->euicc_certificate, ok->eum_certificate, &tbs, ok->euicc_signature1);
    }
    eim_session_release(&m.before);
    return x;
}

enum err eim_rebuild_preparation(struct eim *e, const struct eim_session *session,
                                 struct rsp_prepare_download_response *response, struct buf *bytes)
{
    struct memory m = MEMORY_INIT;
    const struct rsp_prepare_download_response compact = *response;
    struct rsp_tbs tbs;
    enum err x = remember(e, session, &m);
    if (!x)
        x = rsp_rebuild_preparation(&compact, &m.known, bytes);
    if (!x)
        x = rsp_prepare_download_response_read(buf_span(bytes), response);
    if (!x) {
        rsp_tbs_euicc_signature2(&response->ok.euicc_signed2, buf_span(&session->smdp_signature2), &tbs);
        x = eim_verify_shown(e, m.known.euicc_certificate, m.known.eum_certificate, &tbs, response->ok.euicc_signature2);
    }
    eim_session_release(&m.before);
    return x;
}

enum err eim_rebuild_cancellation(struct eim *e, const struct eim_session *session,
                                  const struct rsp_cancel_session_response *compact, struct buf *bytes)
{
    struct memory m = MEMORY_INIT;
    struct rsp_cancel_session_response full;
    struct rsp_tbs tbs;
    enum err x = remember(e, session, &m);
    if (!x)
        x = rsp_rebuild_cancellation(compact, &m.known, bytes);
    if (!x)
        x = rsp_cancel_session_response_read(buf_span(bytes), &full);
    if (!x) {
        rsp_tbs_cancel_session(&full.ok.cancel_signed, &tbs);
        x = eim_verify_shown(e, m.known.euicc_certificate, m.known.eum_certificate, &tbs, full.ok.signature);
    }
    eim_session_release(&m.before);
    return x;
}

/* --- notifications --------------------------------------------------------------------------------------------- */

/* The certificates that the eUICC showed last, else those of its registration. */
static enum err know_euicc(struct eim *e, const char *eid, struct memory *m, struct eim_euicc *registered)
{
    enum err x = eim_session_latest(e, eid, &m->before);
    if (!x) {
        m->known.euicc_certificate = buf_span(&m->before.certificate);
        m->known.eum_certificate = buf_span(&m->before.eum_certificate);
        return ERR_OK;
    }
    if (x == ERR_NOT_FOUND)
        x = eim_euicc_get(e, eid, registered);
    m->known.euicc_certificate = buf_span(&registered->certificate);
    m->known.eum_certificate = buf_span(&registered->eum_certificate);
    return x;
}

/* Of the session that the result is of, when its signature verifies. */
enum err eim_rebuild_installation(struct eim *e, const struct eim_session *session,
                                  const struct rsp_pending_notification *compact, struct buf *bytes)
{
    struct memory m = MEMORY_INIT;
    enum err x = remember(e, session, &m);
    if (!x)
        x = rsp_rebuild_notification(compact, &m.known, bytes);
    eim_session_release(&m.before);
    return x;
}

/* A profile's notifications are signed under the CI that it was downloaded under, perhaps not the one that was shown last. What
 * verifies under no chain is left as it is, for who judges it. */
static enum err take_signers_chain(struct eim *e, const char *eid, const struct rsp_pending_notification *compact, struct memory *m,
                                   struct eim_euicc *signer, struct buf *bytes)
{
    struct rsp_pending_notification full;
    struct rsp_tbs tbs;
    enum err x = rsp_pending_notification_read(buf_span(bytes), &full);
    if (x)
        return x;
    rsp_tbs_notification(&full.other.metadata, &tbs);
    if (!eim_verify_shown(e, m->known.euicc_certificate, m->known.eum_certificate, &tbs, full.other.signature))
        return ERR_OK;
    x = eim_chain_of(e, eid, &tbs, full.other.signature, signer);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    m->known.euicc_certificate = buf_span(&signer->certificate);
    m->known.eum_certificate = buf_span(&signer->eum_certificate);
    buf_clear(bytes);
    return rsp_rebuild_notification(compact, &m->known, bytes);
}

static enum err rebuild_other(struct eim *e, const struct rsp_pending_notification *compact, struct buf *bytes)
{
    struct memory m = MEMORY_INIT;
    struct eim_euicc registered, signer;
    struct span id = { 0 };
    char eid[33];
    eim_euicc_init(&registered);
    eim_euicc_init(&signer);
    enum err x = rsp_compact_eid(compact, &id);
    if (!x)
        x = rsp_eid_text(id, eid);
    if (!x)
        x = know_euicc(e, eid, &m, &registered);
    if (!x)
        x = rsp_rebuild_notification(compact, &m.known, bytes);
    if (!x)
        x = take_signers_chain(e, eid, compact, &m, &signer, bytes);
    eim_euicc_release(&registered);
    eim_euicc_release(&signer);
    eim_session_release(&m.before);
    return x;
}

enum err eim_rebuild_notification(struct eim *e, const struct rsp_pending_notification *compact, struct buf *bytes)
{
    struct eim_session session = EIM_SESSION_INIT;
    struct span id = { 0 };
    if (compact->which != RSP_PENDING_COMPACT_INSTALLATION)
        return rebuild_other(e, compact, bytes);
    enum err x = rsp_compact_session(compact, &id);
    if (!x)
        x = eim_session_find(e, id, eim_installation_fits, compact, &session);
    if (!x)
        x = eim_rebuild_installation(e, &session, compact, bytes);
    eim_session_release(&session);
    return x;
}

/* --- EUICCInfo1 ------------------------------------------------------------------------------------------------- */

enum err eim_known_info1(struct eim *e, const char *eid, struct eim_session *before, struct rsp_euicc_info1 *out)
{
    struct rsp_euicc_info2 info;
    enum err x = eim_session_latest(e, eid, before);
    if (!x)
        x = before->info2.len ? rsp_euicc_info2_read(buf_span(&before->info2), &info) : ERR_NOT_FOUND;
    if (!x)
        *out = (struct rsp_euicc_info1){ .svn = info.svn, .ci_verification = info.ci_verification, .ci_signing = info.ci_signing };
    return x;
}

/* A key identifier (SHA-1 of the key) is whole with so many octets. */
#define CI_OCTETS 20

static bool is_cut_short(struct span list)
{
    struct der d = der_open(list);
    struct span one;
    while (!der_at_end(&d) && !rsp_octets_next(&d, &one))
        if (one.len < CI_OCTETS)
            return true;
    return false;
}

static enum err put_known_cis(struct eim *e, const char *eid, struct buf *out)
{
    struct eim_session before = EIM_SESSION_INIT;
    struct rsp_euicc_info1 info;
    enum err x = eim_known_info1(e, eid, &before, &info);
    if (!x)
        x = buf_put(out, info.ci_signing);
    if (!x)
        x = buf_put(out, info.ci_verification);
    eim_session_release(&before);
    return !x || x == ERR_NOT_FOUND || x == ERR_PARSE ? eim_chain_authorities(e, eid, out) : x;
}

/* What is not known is left out: the server chooses among the others. */
static enum err complete(struct span list, struct span known, struct buf *out)
{
    struct der d = der_open(list);
    struct span one;
    const size_t before = out->len;
    enum err x = ERR_OK;
    while (!x && !der_at_end(&d)) {
        x = rsp_octets_next(&d, &one);
        if (!x && (one.len >= CI_OCTETS || rsp_octets_find(known, one, &one)))
            x = der_put(out, 0x04, one);
    }
    return x || out->len > before ? x : ERR_NOT_FOUND;
}

enum err eim_complete_info1(struct eim *e, const char *eid, struct rsp_euicc_info1 *info, struct buf *lists)
{
    struct buf known = { .max = 4096 };
    if (!is_cut_short(info->ci_verification) && !is_cut_short(info->ci_signing))
        return ERR_OK;
    enum err x = put_known_cis(e, eid, &known);
    if (!x)
        x = complete(info->ci_verification, buf_span(&known), lists);
    const size_t first = lists->len;
    if (!x)
        x = complete(info->ci_signing, buf_span(&known), lists);
    if (!x) {
        info->whole = (struct span){ 0 };
        info->ci_verification = span_sub(buf_span(lists), 0, first);
        info->ci_signing = span_sub(buf_span(lists), first, lists->len - first);
    }
    buf_release(&known);
    return x;
}
