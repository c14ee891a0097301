/* Notifications and package results waiting to be delivered (SGP.22 3.5, 5.7.9 to 5.7.11;
 * SGP.32 5.9.11, 5.9.12). */
#include "euicc_internal.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"

/* One counter for notifications and package results: RemoveNotificationFromList knows them by
 * number alone.
 */
uint32_t next_seq(struct state *s)
{
    return s->next_seq++;
}

enum err pending_put(struct state *s, enum pending_kind kind, uint32_t seq, uint32_t event,
                     struct span bytes)
{
    struct pending *p;
    enum err err = state_add_pending(s, &p);
    if (err)
        return err;
    p->kind = kind;
    p->seq = seq;
    p->event = event;
    return shared_set(&p->bytes, bytes);
}

static enum err put_notification(struct euicc *e, struct state *s, const struct profile *p,
                                 uint32_t event, struct span address)
{
    struct buf metadata = { .max = 512 }, whole = { .max = 8192 };
    struct ec_signature signature;
    const struct credential *c =
        &e->credentials[p->credential < e->credential_count ? p->credential : 0];
    uint32_t seq = next_seq(s);
    struct rsp_notification_metadata m = {
        .seq_number = seq, .event = event, .address = address, .iccid = SPAN_ARRAY(p->iccid)
    };
    enum err err = rsp_notification_metadata_write(&m, &metadata);
    if (!err)
        tamper_at(&e->env, TAMPER_BEFORE_SIGNING, "ES10b.tbsOtherNotification", &metadata);
    struct span tbs = buf_span(&metadata);
    if (!err)
        err = euicc_sign(e, p->credential, &tbs, 1, &signature);
    struct rsp_other_signed_notification n = {
        .metadata = { .signed_bytes = tbs },
        .signature = SPAN_ARRAY(signature.at),
        .euicc_certificate = shared_span(c->certificate),
        .eum_certificate = shared_span(c->eum_certificate),
    };
    if (!err)
        err = rsp_other_signed_notification_write(&n, &whole);
    if (!err)
        err = pending_put(s, PENDING_OTHER, seq, event, buf_span(&whole));
    buf_release(&metadata);
    buf_release(&whole);
    return err;
}

enum err notify(struct euicc *e, struct state *s, const struct profile *p, uint32_t event)
{
    struct rsp_store_metadata m;
    struct rsp_notification_configuration n;
    enum err err = profile_metadata(p, &m);
    struct der list = der_open(m.notification_configuration);
    while (!err && !der_at_end(&list)) {
        err = rsp_notification_configuration_next(&list, &n);
        if (!err && n.events & event)
            err = put_notification(e, s, p, event, n.address);
    }
    return err;
}

static enum err put_metadata_of(const struct pending *p, struct buf *list)
{
    struct rsp_pending_notification n;
    enum err err = rsp_pending_notification_read(shared_span(p->bytes), &n);
    const struct rsp_notification_metadata *m = err ? NULL : rsp_pending_notification_metadata(&n);
    return err ? err : m ? buf_put(list, m->signed_bytes) : ERR_PARSE;
}

enum err isdr_list_notification(struct euicc *e, struct span request, struct buf *response)
{
    const struct state *s = euicc_state(e);
    struct rsp_list_notification_request r;
    struct buf list = { .max = EUICC_RESPONSE_MAX };
    enum err err = rsp_list_notification_request_read(request, &r);
    for (size_t i = 0; !err && i < s->pending_count; i++) {
        const struct pending *p = &s->pending[i];
        if (p->kind != PENDING_PACKAGE_RESULT && (!r.events.present || r.events.bits & p->event))
            err = put_metadata_of(p, &list);
    }
    struct rsp_list_notification_response answer = { .which = RSP_OK,
                                                     .list = list_contents(&list) };
    if (!err)
        err = rsp_list_notification_response_write(&answer, response);
    buf_release(&list);
    return err;
}

/* A package result is also found by its number; asked for by event, only notifications are. */
static bool wanted(const struct rsp_retrieve_notifications_request *r, const struct pending *p)
{
    bool result = p->kind == PENDING_PACKAGE_RESULT;
    if (!r->has_search)
        return !result;
    switch (r->search.which) {
    case RSP_RETRIEVE_BY_SEQ_NUMBER:
        return r->search.seq_number == p->seq;
    case RSP_RETRIEVE_BY_EVENT:
        return !result && r->search.events & p->event;
    case RSP_RETRIEVE_PACKAGE_RESULTS:
        return result;
    default:
        return !result;
    }
}

/* What one answer holds; what does not fit waits until the older ones were removed. */
#define LIST_MAX 60000

static enum err collect(const struct state *s, const struct rsp_retrieve_notifications_request *r,
                        struct buf *notifications, struct buf *results)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->pending_count; i++) {
        struct span bytes = shared_span(s->pending[i].bytes);
        struct buf *to = s->pending[i].kind == PENDING_PACKAGE_RESULT ? results : notifications;
        if (!wanted(r, &s->pending[i]))
            continue;
        if (to->len && to->len + bytes.len > LIST_MAX)
            break;
        err = buf_put(to, bytes);
    }
    return err;
}

enum err isdr_retrieve_notifications_list(struct euicc *e, struct span request,
                                          struct buf *response)
{
    struct rsp_retrieve_notifications_request r;
    struct buf notifications = { .max = EUICC_RESPONSE_MAX },
               results = { .max = EUICC_RESPONSE_MAX };
    enum err err = rsp_retrieve_notifications_request_read(request, &r);
    if (!err)
        err = collect(euicc_state(e), &r, &notifications, &results);
    bool for_results =
        !err && ((r.has_search && r.search.which == RSP_RETRIEVE_PACKAGE_RESULTS) || results.len);
    struct rsp_retrieve_notifications_response answer = {
        .which = for_results ? RSP_RETRIEVE_RESULTS : RSP_RETRIEVE_NOTIFICATIONS,
        .notifications = list_contents(&notifications),
        .package_results = list_contents(&results),
    };
    if (!err)
        err = rsp_retrieve_notifications_response_write(&answer, response);
    buf_release(&notifications);
    buf_release(&results);
    return err;
}

enum err isdr_remove_notification(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_remove_notification_request r;
    struct rsp_remove_notification_response answer = {
        .status = RSP_NOTIFICATION_SENT_NOTHING_TO_DELETE
    };
    struct state *s;
    enum err err = rsp_remove_notification_request_read(request, &r);
    for (size_t i = 0; !err && answer.status && i < euicc_state(e)->pending_count; i++) {
        if (euicc_state(e)->pending[i].seq != r.seq_number)
            continue;
        err = euicc_change(e, &s);
        if (err)
            return err;
        state_remove_pending(s, &s->pending[i]);
        answer.status = RSP_NOTIFICATION_SENT_OK;
    }
    return err ? err : rsp_remove_notification_response_write(&answer, response);
}
