/* Results on their way to their eIM (SGP.32 v1.2 5.14.6): kept in the journal until they are taken. One that is refused comes again,
 * ever more rarely; meanwhile neither the others wait nor what the device has to do. */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"

/* Between a refusal and the next attempt: doubled by each, up to an hour. */
#define RETRY_AFTER (1 * CLOCK_MINUTE)
#define RETRY_FACTOR_MAX 60
#define RETRY_MOST (RETRY_FACTOR_MAX * RETRY_AFTER)
#define BESIDE_MAX (64 << 10)
/* An eIM that has so many before it which it refuses gets nothing more done, so that it cannot fill the journal. */
#define REFUSED_MAX 32

enum err ipa_remove_acknowledged(struct ipa *i, struct span list)
{
    struct der d = der_open(list);
    int64_t seq = 0, status = 0;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&d)) {
        e = rsp_acknowledgement_next(&d, &seq);
        if (!e)
            e = es10b_remove_notification_from_list(&i->card, seq, &status);
    }
    return e;
}

static enum err put_off(struct ipa *i, int64_t id, int64_t refusals)
{
    if (refusals >= i->result_refusals_max) {
        LOG(i->env->log, LOG_ERROR, "result.given_up", F_TEXT("device", i->name), F_INT("refusals", refusals));
        return ipa_journal_drop_result(i, id);
    }
    int64_t wait = ipa_back_off(i, RETRY_AFTER, (unsigned)refusals, RETRY_FACTOR_MAX);
    return ipa_journal_put_off_result(i, id, refusals, clock_now(i->env->clock) + wait);
}

static enum err refuse(struct ipa *i, int64_t id, int64_t refusals, const char *error)
{
    LOG(i->env->log, LOG_WARN, "result.refused", F_TEXT("device", i->name), F_TEXT("error", error));
    return put_off(i, id, refusals + 1);
}

/* A status that is about the message, not about the server. While a switch may be taken back it is no word of the eIM: whoever
 * answers so may not be it. */
static enum err judge_status(struct ipa *i, int status, bool *refused)
{
    int64_t deadline = 0;
    bool about_message = status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
    enum err e = about_message ? ipa_journal_deadline(i, &deadline) : ERR_OK;
    *refused = about_message && !e && !deadline;
    return e || *refused ? e : ERR_REFUSED;
}

/* --- what an eIM acknowledges -------------------------------------------------------------------------------- */

static bool is_beside(const struct ipa_beside *beside, int64_t seq_number)
{
    for (size_t k = 0; k < beside->count; k++)
        if (beside->seq_number[k] == seq_number)
            return true;
    return false;
}

static bool is_of_package(const struct rsp_eim_package_result *sent, int64_t seq_number)
{
    return sent->which != RSP_EIM_RESULT_DATA && sent->which != RSP_EIM_RESULT_DOWNLOAD &&
           sent->package.which == RSP_PACKAGE_RESULT_SIGNED && sent->package.result.data.seq_number == seq_number;
}

/* Was it among the notifications of an answer to a question? */
static bool is_told(const struct rsp_eim_package_result *sent, int64_t seq_number)
{
    bool told = sent->which == RSP_EIM_RESULT_DATA && sent->data.which == RSP_OK;
    struct der list = der_open(told ? sent->data.data.notifications : (struct span){ 0 });
    struct rsp_pending_notification n;
    while (!der_at_end(&list) && rsp_pending_notification_next(&list, &n) == ERR_OK) {
        const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(&n);
        if (m && m->seq_number == seq_number)
            return true;
    }
    return false;
}

/* A package result that the card holds for the eIM that is served now: this eIM may acknowledge it late. */
static enum err is_own_result(struct ipa *i, int64_t seq_number, bool *own)
{
    struct es10b_retrieve_notifications_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = {
        .has_search = true, .search = { .which = RSP_RETRIEVE_BY_SEQ_NUMBER, .seq_number = seq_number }
    };
    struct rsp_euicc_package_result r = { 0 };
    enum err e = es10b_retrieve_notifications_list(&i->card, &q, &answer);
    struct der list = der_open(!e && answer.message.which == RSP_RETRIEVE_RESULTS ? answer.message.package_results
                                                                                 : (struct span){ 0 });
    *own = !der_at_end(&list) && !rsp_euicc_package_result_next(&list, &r) && r.which == RSP_PACKAGE_RESULT_SIGNED &&
           span_equal(r.result.data.eim_id, span_str(i->eim->id));
    buf_release(&answer.received);
    return e == ERR_REFUSED ? ERR_OK : e;
}

/* Acknowledging makes the eUICC forget it. A number that this eIM was not shown is of a notification for somebody else, or of another
 * eIM's result: it stays. */
static enum err may_acknowledge(struct ipa *i, const struct rsp_eim_package_result *sent, const struct ipa_beside *beside,
                                int64_t seq_number, bool *may)
{
    *may = is_of_package(sent, seq_number) || is_beside(beside, seq_number) || is_told(sent, seq_number);
    enum err e = *may ? ERR_OK : is_own_result(i, seq_number, may);
    if (!e && !*may)
        LOG(i->env->log, LOG_WARN, "acknowledgement.not_sent", F_TEXT("device", i->name), F_TEXT("eim", i->eim->id),
            F_INT("seqNumber", seq_number));
    return e;
}

/* SGP.32 3.3.1: an acknowledged result, or notification beside it, may leave the eUICC. */
static enum err take_acknowledgements(struct ipa *i, const struct rsp_eim_package_result *sent, const struct ipa_beside *beside,
                                      struct span acknowledgements)
{
    struct der list = der_open(acknowledgements);
    int64_t seq = 0, status = 0;
    bool may = false;
    enum err e = ERR_OK;
    while (!e && !der_at_end(&list)) {
        e = rsp_acknowledgement_next(&list, &seq);
        if (!e)
            e = may_acknowledge(i, sent, beside, seq, &may);
        if (!e && may)
            e = es10b_remove_notification_from_list(&i->card, seq, &status);
    }
    return e;
}

/* --- bringing ------------------------------------------------------------------------------------------------- */

/* How it was received: *refused says why it was not taken, NULL it was. */
static enum err bring(struct ipa *i, const struct rsp_provide_eim_package_result *q, const struct ipa_beside *beside, int *status,
                      const char **refused)
{
    struct es_peer peer = ipa_eim_peer(i);
    struct esipa_provide_eim_package_result_response answer = { .received.max = HTTP_BODY_MAX };
    bool by_status = false;
    *status = 0;
    *refused = NULL;
    peer.http_status = status;
    enum err e = esipa_provide_eim_package_result(&peer, q, &answer);
    if (e != ERR_REFUSED)
        ipa_tell_trouble(i, "the eIM", i->eim->url, e);
    if (e == ERR_REFUSED)
        e = judge_status(i, *status, &by_status);
    if (!e && by_status) {
        *refused = "HTTP status";
    } else if (!e && answer.message.which == RSP_PROVIDE_ERROR) {
        *refused = rsp_provide_eim_package_result_error_name(answer.message.error);
        *refused = *refused ? *refused : "unknown";
    } else if (!e && answer.message.which == RSP_PROVIDE_ACKNOWLEDGEMENTS) {
        e = take_acknowledgements(i, &q->result, beside, answer.message.acknowledgements);
    }
    esipa_provide_eim_package_result_response_release(&answer);
    return e;
}

/* Whether it may be for what stands beside the result that it was not taken: whoever is merely not there or busy says nothing of it. */
static bool may_be_for_what_is_beside(enum err e, int status, const char *refused)
{
    bool busy = status == 408 || status == 425 || status == 429 || status == 502 || status == 503 || status == 504;
    return refused || e == ERR_PARSE || (e == ERR_REFUSED && status >= 400 && !busy);
}

static enum err bring_alone(struct ipa *i, const struct rsp_provide_eim_package_result *q, const char **refused)
{
    const struct ipa_beside nothing = { .count = 0 };
    int status = 0;
    return bring(i, q, &nothing, &status, refused);
}

/* An eIM that does not take notifications beside a result gets the result alone, and they come by themselves. */
static enum err bring_beside(struct ipa *i, const struct rsp_provide_eim_package_result *q, const struct ipa_beside *beside,
                             const char **refused)
{
    struct rsp_provide_eim_package_result both = { .eid = q->eid, .result = q->result };
    int status = 0;
    both.result.which = RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS;
    both.result.notifications = buf_span(&beside->list);
    enum err e = bring(i, &both, beside, &status, refused);
    if (!may_be_for_what_is_beside(e, status, *refused))
        return e;
    e = bring_alone(i, q, refused);
    i->eim->separate = !e && !*refused; /* else it was not for them */
    if (i->eim->separate)
        LOG(i->env->log, LOG_INFO, "result.separate", F_TEXT("device", i->name), F_TEXT("eim", i->eim->id));
    return e;
}

/* SGP.32 5.14.6: what a package did to profiles is told with its result. */
static enum err bring_with_notifications(struct ipa *i, const struct rsp_provide_eim_package_result *q, const char **refused)
{
    struct ipa_beside beside = { .list.max = BESIDE_MAX };
    bool done = q->result.which == RSP_EIM_RESULT_PACKAGE && q->result.package.which == RSP_PACKAGE_RESULT_SIGNED;
    enum err e = done ? ipa_put_beside(i, &beside) : ERR_OK;
    if (!e)
        e = beside.count ? bring_beside(i, q, &beside, refused) : bring_alone(i, q, refused);
    buf_release(&beside.list);
    return e;
}

static enum err deliver_one(struct ipa *i, int64_t id, int64_t refusals, struct span bytes)
{
    struct rsp_provide_eim_package_result q;
    const char *refused = NULL;
    enum err e = rsp_provide_eim_package_result_read(bytes, &q);
    if (!e)
        e = bring_with_notifications(i, &q, &refused);
    if (e)
        return e;
    if (refused)
        return refuse(i, id, refusals, refused);
    LOG(i->env->log, LOG_INFO, "result.delivered", F_TEXT("device", i->name));
    return ipa_journal_drop_result(i, id);
}

enum err ipa_deliver_results(struct ipa *i)
{
    struct buf bytes = { .max = 128 << 10 };
    int64_t id = 0, refusals = 0;
    enum err e;
    while (!(e = ipa_journal_next_result(i, RETRY_MOST, &id, &refusals, &bytes)))
        if ((e = deliver_one(i, id, refusals, buf_span(&bytes))))
            break;
    buf_release(&bytes);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* All that is due: nobody was there to take it. */
enum err ipa_put_off_results(struct ipa *i)
{
    struct buf bytes = { .max = 128 << 10 };
    int64_t id = 0, refusals = 0;
    enum err e;
    while (!(e = ipa_journal_next_result(i, RETRY_MOST, &id, &refusals, &bytes)))
        if ((e = put_off(i, id, refusals + 1)))
            break;
    buf_release(&bytes);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err ipa_find_result(struct ipa *i, const char *eim, struct span transaction, struct buf *bytes,
                         struct rsp_provide_eim_package_result *out)
{
    int64_t after = 0;
    enum err e = transaction.len ? ERR_OK : ERR_NOT_FOUND;
    while (!e) {
        e = ipa_journal_result_after(i, eim, &after, bytes);
        if (!e && !rsp_provide_eim_package_result_read(buf_span(bytes), out) &&
            span_equal(rsp_eim_package_result_transaction(&out->result), transaction))
            return ERR_OK;
    }
    return e;
}

enum err ipa_has_room_for_results(struct ipa *i, bool *room)
{
    int64_t refused = 0;
    enum err e = ipa_journal_count_refused(i, &refused);
    *room = refused < REFUSED_MAX;
    if (!e && !*room)
        LOG(i->env->log, LOG_WARN, "results.too_many", F_TEXT("device", i->name), F_TEXT("eim", i->eim->id));
    return e;
}
