/* Injection (SGP.32 v1.2 5.14.4): what waits for an eUICC whose IPA may be pushed to is pushed by the tick. What was accepted is
 * pushed again, to the last byte, until its result comes; polling goes on beside it. */
#include <stdio.h>

#include "eim_internal.h"
#include "esipa.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define RETRY_FIRST (2 * CLOCK_SECOND)
#define RETRY_MOST (15 * CLOCK_MINUTE)
/* How long an accepted package may take before it is pushed again. */
#define RESULT_WITHIN (10 * CLOCK_MINUTE)

struct target {
    char eid[33], url[513];
    bool json;
    int64_t attempts;
};

enum err eim_euicc_is_pushed_to(struct eim *e, const char *eid, bool *pushed_to)
{
    int64_t found = 0;
    enum err x = db_get_int(e->env->db, "SELECT 1 FROM euicc WHERE eid = ? AND inject_url <> ''", DB_ARGS(DB_TEXT(eid)), &found);
    *pushed_to = !x;
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

enum err eim_push_soon(struct eim *e, const char *eid)
{
    bool pushed_to = false;
    enum err x = eim_euicc_is_pushed_to(e, eid, &pushed_to);
    if (x || !pushed_to)
        return x;
    return db_run(e->env->db,
                  "INSERT INTO push (eid, due, attempts) VALUES (?, ?, 0)"
                  " ON CONFLICT (eid) DO UPDATE SET due = excluded.due, attempts = 0",
                  DB_ARGS(DB_TEXT(eid), DB_INT(clock_now(e->env->clock))), NULL);
}

enum err eim_euicc_set_injection(struct eim *e, const char *eid, const char *url, bool json)
{
    int64_t changed = 0;
    enum err x = db_run(e->env->db, "UPDATE euicc SET inject_url = ?, inject_json = ? WHERE eid = ?",
                        DB_ARGS(DB_TEXT(url), DB_INT(json), DB_TEXT(eid)), &changed);
    if (!x && !changed)
        x = ERR_NOT_FOUND;
    return x ? x : eim_push_soon(e, eid);
}

/* --- one push -------------------------------------------------------------------------------------------------- */

static enum err read_message(struct span message, struct rsp_transfer_eim_package_request *out)
{
    struct rsp_get_eim_package_response r;
    enum err x = rsp_get_eim_package_response_read(message, &r);
    *out = (struct rsp_transfer_eim_package_request){
        .which = r.which == RSP_EIM_PACKAGE_EUICC_PACKAGE  ? RSP_TRANSFER_EUICC_PACKAGE
                 : r.which == RSP_EIM_PACKAGE_DATA_REQUEST ? RSP_TRANSFER_DATA_REQUEST
                                                           : RSP_TRANSFER_DOWNLOAD,
        .package = r.package, .data = r.data, .download = r.download,
    };
    return x;
}

static enum err send(struct eim *e, const struct target *t, const struct rsp_transfer_eim_package_request *q,
                     struct esipa_transfer_eim_package_response *answer)
{
    const char *chosen = rsp_wire_esipa_protocol(&e->wire), *own = e->v1_3 ? ESIPA_PROTOCOL_V1_3 : NULL;
    const struct es_peer peer = { .env = e->env, .base_url = t->url, .user_agent = "gsma-rsp-eim", .json = t->json,
                                  .protocol = chosen ? chosen : own };
    enum err x = esipa_transfer_eim_package(&peer, q, answer);
    if (x)
        LOG(e->env->log, LOG_WARN, "push.failed", F_TEXT("eid", t->eid), F_TEXT("err", err_name(x)));
    return x;
}

/* Acknowledgements are pushed once: the IPA keeps what was not acknowledged, and it comes again. */
static enum err acknowledge(struct eim *e, const struct target *t, struct span acknowledgements)
{
    struct esipa_transfer_eim_package_response answer = { 0 };
    const struct rsp_transfer_eim_package_request q = { .which = RSP_TRANSFER_ACKNOWLEDGEMENTS,
                                                        .acknowledgements = acknowledgements };
    enum err x = acknowledgements.len ? send(e, t, &q, &answer) : ERR_OK;
    esipa_transfer_eim_package_response_release(&answer);
    return x == ERR_CUT || x == ERR_NOMEM ? x : ERR_OK;
}

/* SGP.32 v1.3: an answer may say which push it is of. Then it must be this one, and reads as if it had not said so. */
static enum err check_correlation(struct eim *e, const struct target *t, struct span transaction_id,
                                  struct rsp_transfer_eim_package_response *r)
{
    uint8_t eid[RSP_EID_OCTETS];
    const struct rsp_correlation_id *c = &r->correlation;
    bool of_another = (c->which == RSP_CORRELATION_TRANSACTION && !span_equal(c->eim_transaction_id, transaction_id)) ||
                      (c->which == RSP_CORRELATION_EID && (rsp_eid_parse(t->eid, eid) || !span_equal(c->eid, SPAN_ARRAY(eid))));
    if (r->which == RSP_TRANSFER_RESPONSE_RECEIVED_WITH_CID)
        r->which = RSP_TRANSFER_RESPONSE_RECEIVED;
    if (r->which == RSP_TRANSFER_RESPONSE_ERROR_WITH_CID)
        r->which = RSP_TRANSFER_RESPONSE_ERROR;
    return of_another ? log_fail(e->env->log, ERR_PARSE, "SGP.32 5.14.4", "the IPA answers another push") : ERR_OK;
}

/* An IPA that does at once what it is sent answers with the result itself. */
static enum err take_answer(struct eim *e, const struct target *t, const struct rsp_transfer_eim_package_response *r,
                            struct span transaction_id)
{
    struct buf acknowledgements = { .max = 1024 };
    struct rsp_provide_eim_package_result q = { .result.package = r->package, .result.notifications = r->notifications,
                                                .result.data = r->data };
    const struct rsp_eim_session_error error = { transaction_id, r->error };
    enum err x = ERR_OK;
    if (r->which == RSP_TRANSFER_RESPONSE_ERROR)
        x = eim_take_ipa_error(e, t->eid, &error);
    else if (r->which != RSP_TRANSFER_RESPONSE_RECEIVED) {
        q.result.which = r->which == RSP_TRANSFER_RESPONSE_DATA ? RSP_EIM_RESULT_DATA
                         : r->which == RSP_TRANSFER_RESPONSE_PACKAGE ? RSP_EIM_RESULT_PACKAGE
                                                                     : RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS;
        x = eim_take_result(e, t->eid, &q.result, &acknowledgements);
    }
    if (!x)
        x = acknowledge(e, t, buf_span(&acknowledgements));
    buf_release(&acknowledgements);
    return x;
}

/* *accepted: it need not be pushed again for a while. */
static enum err push_order(struct eim *e, const struct target *t, const struct eim_order *o, bool *accepted)
{
    struct rsp_transfer_eim_package_request q;
    struct esipa_transfer_eim_package_response answer = { 0 };
    struct eim_contact c = { .cause = -1 };
    snprintf(c.eid, sizeof c.eid, "%s", t->eid);
    enum err x = read_message(buf_span(&o->message), &q);
    if (!x)
        x = send(e, t, &q, &answer);
    if (!x)
        x = check_correlation(e, t, SPAN_ARRAY(o->transaction_id), &answer.message);
    *accepted = !x && answer.message.which == RSP_TRANSFER_RESPONSE_RECEIVED;
    if (*accepted)
        LOG(e->env->log, LOG_INFO, "push.accepted", F_TEXT("swap", o->reference), F_TEXT("eid", t->eid));
    if (!x)
        x = eim_euicc_seen(e, &c);
    if (!x)
        x = take_answer(e, t, &answer.message, SPAN_ARRAY(o->transaction_id));
    esipa_transfer_eim_package_response_release(&answer);
    return x;
}

/* --- the tick ----------------------------------------------------------------------------------------------------- */

static enum err take_target(void *context, const struct db_row *r)
{
    struct target *t = context;
    snprintf(t->eid, sizeof t->eid, "%s", db_text(r, 0));
    snprintf(t->url, sizeof t->url, "%s", db_text(r, 1));
    t->json = db_int(r, 2);
    t->attempts = db_int(r, 3);
    return ERR_OK;
}

static enum err plan(struct eim *e, const struct target *t, int64_t due, int64_t attempts)
{
    return db_run(e->env->db, "UPDATE push SET due = ?, attempts = ? WHERE eid = ?",
                  DB_ARGS(DB_INT(due), DB_INT(attempts), DB_TEXT(t->eid)), NULL);
}

/* What waits for another moment (a card that could not, certificates that are not good) is looked at then. */
static enum err plan_what_waits(struct eim *e, const struct target *t, int64_t now)
{
    int64_t due = 0;
    enum err x = db_get_int(e->env->db,
                            "SELECT max(o.not_before, u.ask_at) FROM orders o JOIN euicc u ON u.eid = o.eid"
                            " WHERE o.eid = ? AND o.state = 0 ORDER BY o.priority DESC, o.number LIMIT 1",
                            DB_ARGS(DB_TEXT(t->eid)), &due);
    if (x == ERR_NOT_FOUND)
        return db_run(e->env->db, "DELETE FROM push WHERE eid = ?", DB_ARGS(DB_TEXT(t->eid)), NULL);
    return x ? x : plan(e, t, due > now ? due : now + RETRY_FIRST, 0);
}

/* The row is planned before the call, so that a result that comes during it may bring the next push forward. *away: nobody answered. */
static enum err push_to(struct eim *e, const struct target *t, int64_t now, bool *away)
{
    struct eim_order o;
    bool accepted = false;
    eim_order_init(&o);
    enum err x = plan(e, t, now + clock_back_off(RETRY_FIRST, RETRY_MOST, t->attempts), t->attempts + 1);
    if (!x)
        x = eim_next_message(e, t->eid, &o);
    if (x == ERR_NOT_FOUND)
        x = plan_what_waits(e, t, now);
    else if (!x)
        x = push_order(e, t, &o, &accepted);
    if (!x && accepted)
        x = db_run(e->env->db, "UPDATE push SET due = ?, attempts = 0 WHERE eid = ? AND attempts > 0",
                   DB_ARGS(DB_INT(now + RESULT_WITHIN), DB_TEXT(t->eid)), NULL);
    eim_order_release(&o);
    *away = x == ERR_TIMEOUT || x == ERR_IO;
    /* What the device or the wire did wrong is tried again as planned. */
    return x == ERR_CUT || x == ERR_NOMEM || x == ERR_LIMIT ? x : ERR_OK;
}

enum err eim_push_follow_clock(struct eim *e, int64_t now)
{
    const struct db_value most = DB_INT(now + RETRY_MOST);
    int64_t some = 0;
    enum err x = db_get_int(e->env->db, "SELECT EXISTS (SELECT 1 FROM push WHERE due > ?)", DB_ARGS(most), &some);
    return x || !some ? x : db_run(e->env->db, "UPDATE push SET due = ? WHERE due > ?", DB_ARGS(DB_INT(now), most), NULL);
}

static enum err next_due(struct eim *e, int64_t *out)
{
    *out = CLOCK_NEVER;
    enum err x = db_get_int(e->env->db, "SELECT due FROM push ORDER BY due LIMIT 1", NULL, 0, out);
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* Most ticks find nothing due, and ask no more than that. */
enum err eim_push(struct eim *e, int64_t now, int64_t *next)
{
    struct target t;
    enum err x;
    bool away = false; /* that took its time; the actor has other things to do, and comes back at once */
    while (!(x = next_due(e, next)) && *next <= now && !away) {
        x = db_query(e->env->db,
                     "SELECT p.eid, u.inject_url, u.inject_json, p.attempts FROM push p JOIN euicc u ON u.eid = p.eid"
                     " WHERE p.due <= ? ORDER BY p.due, p.eid LIMIT 1",
                     DB_ARGS(DB_INT(now)), take_target, &t);
        if (!x)
            x = push_to(e, &t, now, &away);
        if (x)
            break;
    }
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}
