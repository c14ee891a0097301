/* Notifications go to their SM-DP+, straight or through the eIM (SGP.32 v1.2 3.7): in order for each receiver, kept until taken. */
#include <stdio.h>
#include <string.h>

#include "es9p.h"
#include "ipa_internal.h"
#include "rsp_compact.h"
#include "rsp_ids.h"
#include "x509.h"

/* Doubled by each failure in a row up to an hour: receivers may be away for days. */
#define RETRY_AFTER (1 * CLOCK_MINUTE)
#define RETRY_FACTOR_MAX 60
#define RECEIVERS_MAX 16

/* Receivers that did not take one: their later ones wait, so that the order stays. */
struct failed {
    struct span address[RECEIVERS_MAX];
    size_t count;
};

static bool has_failed(const struct failed *f, struct span address)
{
    for (size_t k = 0; k < f->count; k++)
        if (span_equal(f->address[k], address))
            return true;
    return f->count == RECEIVERS_MAX;
}

/* SGP.32 v1.3: an eUICC with certificates under several CIs says under which it signed. */
static enum err compact_form(struct ipa *i, const struct rsp_pending_notification *n, struct buf *out)
{
    const struct cert *eum = NULL;
    struct span ci = { 0 };
    if (i->v1_3 && n->which == RSP_PENDING_OTHER && !cert_borrow(i->env->crypto, n->other.eum_certificate, &eum) && eum->has_aki)
        ci = SPAN_ARRAY(eum->aki);
    enum err e = rsp_compact_notification(n, SPAN_ARRAY(i->eid_octets), ci, out);
    cert_give_back(i->env->crypto, eum);
    return e;
}

/* An installation result needs only its session to be known; others bear certificates, which the eIM may not have seen. */
static enum err relay(struct ipa *i, const struct rsp_pending_notification *n)
{
    const struct es_peer eim = ipa_eim_peer(i);
    struct buf bytes = { .max = 16 << 10 };
    bool compact = i->minimizes && (n->which == RSP_PENDING_INSTALLATION || i->eim->knows_card);
    enum err e = compact ? compact_form(i, n, &bytes) : ERR_STATE;
    if (!e)
        e = esipa_relay_notification(&eim, buf_span(&bytes));
    bool in_full = e == ERR_STATE || e == ERR_REFUSED;
    buf_release(&bytes);
    return in_full ? esipa_relay_notification(&eim, n->whole) : e;
}

static enum err deliver(struct ipa *i, const struct rsp_pending_notification *n, bool *taken)
{
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    char url[IPA_URL_MAX];
    int64_t status = 0;
    *taken = false;
    if (!m || !rsp_address_is_valid(m->address))
        return log_fail(i->env->log, ERR_PARSE, "SGP.22 3.5", "a notification without a usable address stays on the card");
    snprintf(url, sizeof url, "https://%.*s", (int)m->address.len, (const char *)m->address.at);
    const struct es_peer smdp = { .env = i->env, .base_url = url, .user_agent = i->user_agent };
    enum err e = i->indirect ? relay(i, n) : es9p_handle_notification(&smdp, n->whole);
    if (e)
        return e;
    *taken = true;
    LOG(i->env->log, LOG_INFO, "notification.delivered", F_TEXT("device", i->name), F_TEXT("receiver", url));
    return es10b_remove_notification_from_list(&i->card, m->seq_number, &status);
}

static enum err deliver_all(struct ipa *i, struct span list, bool *all)
{
    struct der d = der_open(list);
    struct failed failed = { 0 };
    struct rsp_pending_notification n;
    *all = true;
    while (!der_at_end(&d)) {
        enum err e = rsp_pending_notification_next(&d, &n);
        if (e)
            return e;
        const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(&n);
        bool taken = false;
        if (!m || !has_failed(&failed, m->address))
            e = deliver(i, &n, &taken);
        if (e == ERR_CUT || e == ERR_NOMEM)
            return e;
        if (taken && e)
            return e; /* the card did not forget it: say so rather than loop */
        if (!taken && m && !has_failed(&failed, m->address))
            failed.address[failed.count++] = m->address;
        *all &= taken;
    }
    return ERR_OK;
}

enum err ipa_deliver_notifications(struct ipa *i, int64_t now)
{
    if (!i->notifications || now < i->notify_again)
        return ERR_OK;
    struct es10b_retrieve_notifications_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = { 0 };
    bool all = true;
    enum err e = es10b_retrieve_notifications_list(&i->card, &q, &answer);
    if (!e && answer.message.which == RSP_RETRIEVE_NOTIFICATIONS)
        e = deliver_all(i, answer.message.notifications, &all);
    i->notifications = e || !all;
    i->notify_failures = all && !e ? 0 : i->notify_failures + 1;
    i->notify_again = all ? 0 : now + ipa_back_off(i, RETRY_AFTER, i->notify_failures, RETRY_FACTOR_MAX);
    buf_release(&answer.received);
    return e;
}
