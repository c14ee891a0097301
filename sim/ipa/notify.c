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

/* An installation result needs only its session to be known; others bear certificates, which the eIM may not have seen. ERR_STATE:
 * this one is to be said in full. */
static enum err put_compact(struct ipa *i, const struct rsp_pending_notification *n, struct buf *out)
{
    bool compact = i->minimizes && (n->which == RSP_PENDING_INSTALLATION || i->eim->knows_card);
    return compact ? compact_form(i, n, out) : ERR_STATE;
}

static enum err relay(struct ipa *i, const struct rsp_pending_notification *n)
{
    const struct es_peer eim = ipa_eim_peer(i);
    struct buf bytes = { .max = 16 << 10 };
    enum err e = put_compact(i, n, &bytes);
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
    const struct es_peer smdp = { .env = i->env, .base_url = url, .user_agent = i->user_agent,
                                  .protocol = rsp_wire_es9_protocol(&i->wire) };
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

/* --- beside a result ------------------------------------------------------------------------------------------- */

static enum err put_one(struct ipa *i, const struct rsp_pending_notification *n, struct ipa_beside *out)
{
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    if (!m || !rsp_address_is_valid(m->address))
        return ERR_OK;
    size_t from = out->list.len;
    enum err e = put_compact(i, n, &out->list);
    if (e == ERR_STATE) {
        out->list.len = from;
        e = buf_put(&out->list, n->whole);
    }
    if (!e)
        out->seq_number[out->count++] = m->seq_number;
    else
        out->list.len = from;
    return e;
}

/* SGP.32 5.14.6: from the oldest on, so that none overtakes another; what is too much comes later. */
static enum err put_oldest(struct ipa *i, struct span held, struct ipa_beside *out)
{
    struct der list = der_open(held);
    struct rsp_pending_notification n;
    enum err e = ERR_OK;
    while (!e && out->count < IPA_BESIDE_MAX && !der_at_end(&list)) {
        e = rsp_pending_notification_next(&list, &n);
        if (!e)
            e = put_one(i, &n, out);
    }
    return e == ERR_LIMIT ? ERR_OK : e;
}

/* They stay on the card until they are acknowledged, so a card that does not give them now keeps no result waiting. */
enum err ipa_put_beside(struct ipa *i, struct ipa_beside *out)
{
    if (!i->indirect || !i->notifications || !i->eim->associated || !i->eim->relays || i->eim->separate)
        return ERR_OK;
    struct es10b_retrieve_notifications_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = { 0 };
    enum err e = es10b_retrieve_notifications_list(&i->card, &q, &answer);
    if (!e && answer.message.which == RSP_RETRIEVE_NOTIFICATIONS)
        e = put_oldest(i, answer.message.notifications, out);
    buf_release(&answer.received);
    return e == ERR_CUT || e == ERR_NOMEM ? e : ERR_OK;
}
