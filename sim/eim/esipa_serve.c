/* ESipa: what an IPA asks for and brings (SGP.32 v1.2 5.14). */
#include <stdio.h>

#include "eim_internal.h"
#include "esipa.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* Notifications of one message that are relayed within its answer; the others come again. */
#define NOTIFICATIONS_MAX 16

static enum err answer_error(int64_t code, struct buf *answer)
{
    const struct rsp_get_eim_package_response r = { .which = RSP_EIM_PACKAGE_ERROR, .error = code };
    return rsp_get_eim_package_response_write(&r, answer);
}

static enum err read_contact(const struct rsp_get_eim_package_request *q, struct eim_contact *out)
{
    *out = (struct eim_contact){ .cause = q->state_change_cause.present ? q->state_change_cause.value : -1,
                                 .notified = q->notify_state_change };
    enum err x = rsp_eid_text(q->eid, out->eid);
    return !x && q->rplmn.at ? rsp_plmn_text(q->rplmn, out->rplmn) : x;
}

/* An order that cannot be made ready is over: the next one's turn. */
static enum err make_ready(struct eim *e, struct eim_order *o, bool *made)
{
    enum err x = eim_order_prepare(e, o);
    *made = !x;
    if (x == ERR_NOT_FOUND)
        return eim_order_fail(e, o, 127, "counterExhausted");
    if (x == ERR_PARSE || x == ERR_LIMIT)
        return eim_order_fail_unreadable(e, o, &eim_order_unreadable);
    if (x == ERR_VERIFY)
        return eim_order_fail_unreadable(e, o, &eim_signing_unreadable);
    return x == ERR_REFUSED ? eim_order_fail(e, o, 127, "noNewKey") : x;
}

/* A clock that was set back makes nobody wait longer than the longest pause. */
static bool waits(const struct eim *e, const struct eim_order *o)
{
    int64_t now = clock_now(e->env->clock);
    return o->not_before > now && o->not_before <= now + eim_postpone_most(e);
}

/* What is resent is what was sent. */
static bool is_readable(const struct eim_order *o)
{
    struct rsp_get_eim_package_response r;
    return !o->damage && (o->state != EIM_SENT || rsp_get_eim_package_response_read(buf_span(&o->message), &r) == ERR_OK);
}

/* One that cannot be read is over. */
static enum err next_readable(struct eim *e, const char *eid, struct eim_order *o)
{
    enum err x = eim_order_next(e, eid, o);
    while (!x && !is_readable(o)) {
        x = eim_order_fail_unreadable(e, o, o->damage ? o->damage : &eim_order_unreadable);
        if (!x)
            x = eim_order_next(e, eid, o);
    }
    return x;
}

/* What is under way, or the next order made ready. An order whose time has run out is over; a package that was sent may still be
 * answered. */
static enum err choose(struct eim *e, const char *eid, struct eim_order *o, bool *made)
{
    for (;;) {
        enum err x = next_readable(e, eid, o);
        if (x)
            return x;
        if (eim_order_is_overdue(o, clock_now(e->env->clock))) {
            x = eim_order_expire(e, o);
            if (x)
                return x;
            continue;
        }
        if (o->state == EIM_SENT)
            return ERR_OK;
        if (waits(e, o))
            return ERR_NOT_FOUND;
        x = eim_ask_for_certificates(e, o);
        if (!x)
            x = make_ready(e, o, made);
        if (x || *made)
            return x;
    }
}

/* One transaction from noting the contact (NULL: it was not heard from) to having the order sent: two polls at once get the
 * same bytes. *known: the eUICC is registered. ERR_NOT_FOUND: nothing to do. */
static enum err next_message(struct eim *e, const char *eid, const struct eim_contact *c, struct eim_order *o, bool *known)
{
    bool made = false;
    enum err x = db_begin(e->env->db);
    if (x)
        return x;
    if (c)
        x = eim_euicc_seen(e, c);
    *known = x != ERR_NOT_FOUND;
    if (!x)
        x = choose(e, eid, o, &made);
    bool none = x == ERR_NOT_FOUND;
    x = db_end(e->env->db, none ? ERR_OK : x);
    if (!x && made)
        LOG(e->env->log, LOG_INFO, "package.made", F_TEXT("swap", o->reference), F_TEXT("eid", o->eid),
            F_TEXT("kind", eim_order_kind_name(o->kind)), F_INT("counter", o->counter),
            F_HEX("eimTransactionId", SPAN_ARRAY(o->transaction_id)));
    return x ? x : none ? ERR_NOT_FOUND : ERR_OK;
}

enum err eim_next_message(struct eim *e, const char *eid, struct eim_order *o)
{
    bool known;
    return next_message(e, eid, NULL, o, &known);
}

static enum err get_eim_package(void *actor, const struct rsp_get_eim_package_request *q, struct buf *answer)
{
    struct eim *e = actor;
    struct eim_contact c;
    struct eim_order o;
    bool known = false;
    if (read_contact(q, &c)) /* the EID was judged before; what is left is the rPLMN */
        return answer_error(RSP_EIM_PACKAGE_ERROR_UNDEFINED_ERROR, answer);
    eim_order_init(&o);
    enum err x = next_message(e, c.eid, &c, &o, &known);
    if (x == ERR_NOT_FOUND)
        x = answer_error(known ? RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE : RSP_EIM_PACKAGE_ERROR_EID_NOT_FOUND,
                         answer);
    else if (x == ERR_STATE) /* its order waits until the settings have the key that it knows */
        x = answer_error(RSP_EIM_PACKAGE_ERROR_UNDEFINED_ERROR, answer);
    else if (!x)
        x = buf_put(answer, buf_span(&o.message));
    eim_order_release(&o);
    return x;
}

/* eidValue is optional (SGP.32 5.14.6): a result that leaves it out is its transaction's. ERR_PARSE: it is nobody's. */
static enum err find_euicc(struct eim *e, const struct rsp_provide_eim_package_result *q, char eid[33])
{
    struct span id = rsp_eim_package_result_transaction(&q->result);
    struct eim_order o;
    if (q->eid.at)
        return rsp_eid_text(q->eid, eid);
    eim_order_init(&o);
    enum err x = id.len ? eim_order_by_transaction(e, NULL, id, &o) : ERR_NOT_FOUND;
    snprintf(eid, 33, "%s", x ? "" : o.eid);
    eim_order_release(&o);
    return x == ERR_NOT_FOUND ? ERR_PARSE : x;
}

/* Notifications beside a result, or in an answer, go on; those that did are acknowledged, the others stay with the device and come
 * again from there. After one that its receiver did not take no more are sent: they might be for the same one, and out of order. */
static enum err relay_beside(struct eim *e, struct span notifications, struct buf *acks)
{
    struct der list = der_open(notifications);
    struct rsp_pending_notification n;
    enum err x = ERR_OK, relayed = ERR_OK;
    for (int i = 0; !x && (!relayed || relayed == ERR_VERIFY) && i < NOTIFICATIONS_MAX && !der_at_end(&list); i++) {
        int64_t seq_number = -1;
        x = rsp_pending_notification_next(&list, &n);
        if (!x)
            relayed = eim_relay_notification(e, &n, &seq_number);
        if (!x && !relayed)
            x = rsp_acknowledgement_put(acks, seq_number);
    }
    return relayed == ERR_CUT || relayed == ERR_NOMEM ? relayed : x;
}

enum err eim_take_result(struct eim *e, const char *eid, const struct rsp_eim_package_result *r, struct buf *acks)
{
    enum err x;
    switch (r->which) {
    case RSP_EIM_RESULT_PACKAGE:
        return eim_take_package_result(e, eid, &r->package, acks);
    case RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS:
        x = eim_take_package_result(e, eid, &r->package, acks);
        return x ? x : relay_beside(e, r->notifications, acks);
    case RSP_EIM_RESULT_DATA:
        x = eim_take_data(e, eid, &r->data, acks);
        return x || r->data.which != RSP_OK ? x : relay_beside(e, r->data.data.notifications, acks);
    case RSP_EIM_RESULT_DOWNLOAD:
        return eim_take_download_result(e, eid, &r->download);
    default:
        return eim_take_ipa_error(e, eid, &r->error);
    }
}

/* *error: whose it is cannot be said, 0 it can. */
static enum err note_contact(struct eim *e, const struct rsp_provide_eim_package_result *q, struct eim_contact *c, int64_t *error)
{
    *c = (struct eim_contact){ .cause = -1 };
    enum err x = find_euicc(e, q, c->eid);
    *error = x != ERR_PARSE ? 0 : q->eid.at ? RSP_PROVIDE_ERROR_INVALID_EID : RSP_PROVIDE_ERROR_MISSING_EID;
    if (!x)
        x = eim_euicc_seen(e, c);
    if (x == ERR_NOT_FOUND)
        *error = RSP_PROVIDE_ERROR_EID_NOT_FOUND;
    if (!*error)
        return x;
    log_fail(e->env->log, x, "SGP.32 5.14.6", rsp_provide_eim_package_result_error_name(*error));
    return ERR_OK;
}

/* *error: why it is not taken, 0 it was. A result that is not believed or cannot be read may come again in another form: that is
 * undefinedError, the one number after which a device keeps it. */
static enum err take_result(struct eim *e, const struct rsp_provide_eim_package_result *q, struct buf *acks, int64_t *error)
{
    struct eim_contact c;
    enum err x = note_contact(e, q, &c, error);
    if (x || *error)
        return x;
    x = eim_take_result(e, c.eid, &q->result, acks);
    if (x != ERR_VERIFY && x != ERR_PARSE && x != ERR_NOT_FOUND)
        return x;
    *error = RSP_PROVIDE_ERROR_UNDEFINED_ERROR;
    return ERR_OK;
}

static enum err provide_eim_package_result(void *actor, const struct rsp_provide_eim_package_result *q,
                                           struct buf *answer)
{
    struct eim *e = actor;
    struct buf acks = { .max = 1024 };
    struct rsp_provide_eim_package_result_response r = { .which = RSP_PROVIDE_EMPTY };
    enum err x = take_result(e, q, &acks, &r.error);
    r.acknowledgements = buf_span(&acks);
    if (r.error)
        r.which = RSP_PROVIDE_ERROR;
    else if (acks.len)
        r.which = RSP_PROVIDE_ACKNOWLEDGEMENTS;
    if (!x)
        x = rsp_provide_eim_package_result_response_write(&r, answer);
    buf_release(&acks);
    return x;
}

/* A result is for the eIM itself; a notification goes on to its SM-DP+. HTTP 204 lets the device forget it: what was not
 * taken is not answered so. */
static enum err handle_notification(void *actor, const struct rsp_handle_notification_esipa *q)
{
    struct eim *e = actor;
    struct buf acks = { .max = 1024 };
    int64_t seq_number, error = 0;
    if (q->which != RSP_ESIPA_NOTIFICATION_RESULT)
        return eim_relay_notification(e, &q->notification, &seq_number);
    enum err x = take_result(e, &q->result, &acks, &error);
    buf_release(&acks);
    return error ? ERR_VERIFY : x;
}

static const struct esipa_server server = {
    .get_eim_package = get_eim_package,
    .provide_eim_package_result = provide_eim_package_result,
    .handle_notification = handle_notification,
    .initiate_authentication = eim_relay_initiate_authentication,
    .authenticate_client = eim_relay_authenticate_client,
    .get_bound_profile_package = eim_relay_get_bound_profile_package,
    .cancel_session = eim_relay_cancel_session,
};

enum err eim_esipa(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    const struct esipa_service service = {
        .env = e->env, .server = &server, .actor = e, .wire = e->wire, .any_user_agent = e->any_user_agent
    };
    return esipa_serve(&service, q, p);
}

enum err eim_esipa_json(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    const struct esipa_service service = {
        .env = e->env, .server = &server, .actor = e, .wire = e->wire, .any_user_agent = e->any_user_agent
    };
    return esipa_serve_json(&service, q->part[0], q, p);
}
