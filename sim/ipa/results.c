/* Results on their way to their eIM (SGP.32 v1.2 5.14.6): kept in the journal until they are taken. One that is refused comes again,
 * ever more rarely; meanwhile neither the others wait nor what the device has to do. */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"

/* Between a refusal and the next attempt: doubled by each, up to an hour. */
#define RETRY_AFTER (1 * CLOCK_MINUTE)
#define RETRY_FACTOR_MAX 60
#define RETRY_MOST (RETRY_FACTOR_MAX * RETRY_AFTER)
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

/* SGP.32 3.3.1: an acknowledged result may leave the eUICC. */
static enum err take_answer(struct ipa *i, int64_t id, int64_t refusals,
                            const struct rsp_provide_eim_package_result_response *r)
{
    const char *error = rsp_provide_eim_package_result_error_name(r->error);
    if (r->which == RSP_PROVIDE_ERROR)
        return refuse(i, id, refusals, error ? error : "unknown");
    enum err e = r->which == RSP_PROVIDE_ACKNOWLEDGEMENTS ? ipa_remove_acknowledged(i, r->acknowledgements) : ERR_OK;
    if (e)
        return e;
    LOG(i->env->log, LOG_INFO, "result.delivered", F_TEXT("device", i->name));
    return ipa_journal_drop_result(i, id);
}

static enum err deliver_one(struct ipa *i, int64_t id, int64_t refusals, struct span bytes)
{
    struct es_peer peer = ipa_eim_peer(i);
    struct esipa_provide_eim_package_result_response answer = { .received.max = HTTP_BODY_MAX };
    struct rsp_provide_eim_package_result q;
    int status = 0;
    bool refused = false;
    peer.http_status = &status;
    enum err e = rsp_provide_eim_package_result_read(bytes, &q);
    if (!e)
        e = esipa_provide_eim_package_result(&peer, &q, &answer);
    if (e != ERR_REFUSED)
        ipa_tell_trouble(i, "the eIM", i->eim->url, e);
    if (e == ERR_REFUSED)
        e = judge_status(i, status, &refused);
    if (!e)
        e = refused ? refuse(i, id, refusals, "HTTP status") : take_answer(i, id, refusals, &answer.message);
    esipa_provide_eim_package_result_response_release(&answer);
    return e;
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
