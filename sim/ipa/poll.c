/* ESipa: fetch a package and do it (SGP.32 v1.2 3.1, 5.14). */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

struct es_peer ipa_eim_peer(const struct ipa *i)
{
    const char *chosen = rsp_wire_esipa_protocol(&i->wire), *own = i->v1_3 ? ESIPA_PROTOCOL_V1_3 : NULL;
    return (struct es_peer){ .env = i->env, .base_url = i->eim->url, .path = i->esipa_path, .user_agent = i->user_agent,
                             .trust = ipa_eim_trust(i), .json = i->json, .protocol = chosen ? chosen : own };
}

static void tell_what(struct ipa *i, const struct rsp_get_eim_package_response *r)
{
    const char *what = r->which == RSP_EIM_PACKAGE_EUICC_PACKAGE  ? "a package for the card"
                       : r->which == RSP_EIM_PACKAGE_DOWNLOAD     ? "a profile to download"
                       : r->which == RSP_EIM_PACKAGE_DATA_REQUEST ? "a question"
                                                                  : NULL;
    if (what)
        LOG(i->env->log, LOG_INFO, "poll.got", F_TEXT("device", i->name), F_TEXT("what", what));
    else if (r->error == RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE)
        LOG(i->env->log, LOG_DEBUG, "poll.nothing", F_TEXT("device", i->name));
}

static struct span transaction_of(const struct rsp_get_eim_package_response *r)
{
    return r->which == RSP_EIM_PACKAGE_EUICC_PACKAGE  ? r->package.package_signed.eim_transaction_id
           : r->which == RSP_EIM_PACKAGE_DOWNLOAD     ? r->download.eim_transaction_id
           : r->which == RSP_EIM_PACKAGE_DATA_REQUEST ? r->data.eim_transaction_id
                                                      : (struct span){ 0 };
}

/* What was done is not done again because its eIM did not take the result. */
static enum err is_done(struct ipa *i, const struct rsp_get_eim_package_response *r, bool *done)
{
    struct rsp_provide_eim_package_result kept;
    struct buf bytes = { .max = 128 << 10 };
    enum err e = ipa_find_result(i, i->eim->id, transaction_of(r), &bytes, &kept);
    buf_release(&bytes);
    *done = !e;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err serve(struct ipa *i, const struct rsp_get_eim_package_response *r, bool *changed, bool *more)
{
    bool emergency = false, done = false;
    tell_what(i, r);
    enum err e = is_done(i, r, &done);
    *more = !done;
    if (e || done)
        return e;
    switch (r->which) {
    case RSP_EIM_PACKAGE_EUICC_PACKAGE:
        return ipa_execute_package(i, &r->package, changed);
    case RSP_EIM_PACKAGE_DOWNLOAD:
        e = ipa_in_emergency(i, &emergency);
        return e ? e : emergency ? ipa_refuse_download(i, &r->download) : ipa_download(i, &r->download, changed);
    case RSP_EIM_PACKAGE_DATA_REQUEST:
        return ipa_answer_data_request(i, &r->data);
    default:
        *more = false;
        if (r->error != RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE)
            LOG(i->env->log, LOG_WARN, "poll.refused", F_TEXT("device", i->name),
                F_TEXT("error", rsp_eim_package_error_name(r->error)));
        return ERR_OK;
    }
}

static bool is_known(uint32_t tag)
{
    return tag == 0xBF51 || tag == 0xBF52 || tag == 0xBF54 || tag == 0x02;
}

/* SGP.32 5.14.6: what cannot be understood is told, else it would come for ever. Which transaction it was is in what cannot be
 * read. */
static enum err complain(struct ipa *i, struct span received)
{
    struct der_tlv outer;
    struct buf bytes = { .max = 256 };
    bool whole = !der_only(received, 0xBF4F, &outer) && !der_check(received);
    struct der inside = der_open(whole ? outer.value : (struct span){ 0 });
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(i->eid_octets),
        .result = { .which = RSP_EIM_RESULT_ERROR,
                    .error.code = whole && der_peek(&inside) && !is_known(der_peek(&inside))
                                      ? RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE
                                      : RSP_EIM_RESULT_ERROR_INVALID_PACKAGE_FORMAT },
    };
    enum err e = rsp_provide_eim_package_result_write(&q, &bytes);
    if (!e)
        e = ipa_journal_put_result(i, i->eim->id, 0, buf_span(&bytes));
    LOG(i->env->log, LOG_WARN, "poll.not_understood", F_TEXT("device", i->name),
        F_TEXT("error", rsp_eim_package_result_error_code_name(q.result.error.code)));
    buf_release(&bytes);
    return e;
}

/* Who does not know the eUICC (eidNotFound …) has heard nothing of it. */
static bool is_heard(const struct rsp_get_eim_package_response *r)
{
    return r->which != RSP_EIM_PACKAGE_ERROR || r->error == RSP_EIM_PACKAGE_ERROR_NO_EIM_PACKAGE_AVAILABLE;
}

static enum err fetch(struct ipa *i, bool *changed, bool *more)
{
    const struct es_peer peer = ipa_eim_peer(i);
    struct esipa_get_eim_package_response answer = { .received.max = HTTP_BODY_MAX };
    struct ipa_eim *eim = i->eim;
    uint8_t plmn[3];
    struct rsp_get_eim_package_request q = { .eid = SPAN_ARRAY(i->eid_octets), .notify_state_change = !eim->told };
    if (eim->cause >= 0)
        q.state_change_cause = (struct rsp_int){ true, eim->cause };
    if (i->network && rsp_plmn_parse(i->network->plmn, plmn) == ERR_OK)
        q.rplmn = SPAN_ARRAY(plmn);
    enum err e = esipa_get_eim_package(&peer, &q, &answer);
    ipa_tell_trouble(i, "the eIM", i->eim->url, e);
    if (e == ERR_PARSE) {
        enum err kept = complain(i, buf_span(&answer.received));
        e = kept ? kept : ERR_PARSE;
    }
    if (!e && is_heard(&answer.message)) {
        eim->told = true;
        e = eim->cause >= 0 ? ipa_journal_end_cause(i, eim->id) : ERR_OK;
        eim->cause = -1;
    }
    if (!e)
        e = serve(i, &answer.message, changed, more);
    esipa_get_eim_package_response_release(&answer);
    return e;
}

/* --- what was pushed ------------------------------------------------------------------------------------ */

/* What fails so often is given up: the eIM sends it again, or something else. */
#define INJECTED_ATTEMPTS_MAX 10

static enum err serve_injected(struct ipa *i, struct span bytes, bool *changed, bool *more)
{
    struct rsp_transfer_eim_package_request q;
    enum err e = rsp_transfer_eim_package_request_read(bytes, &q);
    if (e)
        return e;
    if (q.which == RSP_TRANSFER_ACKNOWLEDGEMENTS) {
        *more = true;
        return ipa_remove_acknowledged(i, q.acknowledgements);
    }
    const struct rsp_get_eim_package_response r = {
        .which = q.which == RSP_TRANSFER_EUICC_PACKAGE  ? RSP_EIM_PACKAGE_EUICC_PACKAGE
                 : q.which == RSP_TRANSFER_DATA_REQUEST ? RSP_EIM_PACKAGE_DATA_REQUEST
                                                        : RSP_EIM_PACKAGE_DOWNLOAD,
        .package = q.package, .data = q.data, .download = q.download,
    };
    return serve(i, &r, changed, more);
}

/* It leaves the journal when what it led to is in there; done twice, the eUICC or the eIM knows. */
static enum err do_injected(struct ipa *i, int64_t id, int64_t attempts, struct span bytes, bool *changed, bool *more)
{
    enum err e = serve_injected(i, bytes, changed, more);
    if (e && e != ERR_CUT && e != ERR_NOMEM && attempts >= INJECTED_ATTEMPTS_MAX) {
        LOG(i->env->log, LOG_ERROR, "inject.given_up", F_TEXT("device", i->name), F_TEXT("err", err_name(e)));
        e = ERR_OK;
    }
    return e ? e : ipa_journal_drop_injected(i, id);
}

static enum err take_injected(struct ipa *i, bool *any, bool *changed, bool *more)
{
    struct buf bytes = { .max = HTTP_BODY_MAX };
    int64_t id = 0, attempts = 0;
    enum err e = i->listens && ipa_eim_pushes(i->eim) ? ipa_journal_next_injected(i, &id, &attempts, &bytes) : ERR_NOT_FOUND;
    *any = !e;
    if (!e)
        e = do_injected(i, id, attempts, buf_span(&bytes), changed, more);
    else if (e == ERR_NOT_FOUND)
        e = ERR_OK;
    buf_release(&bytes);
    return e;
}

enum err ipa_poll(struct ipa *i, bool *changed, bool *more)
{
    bool any = false, room = false;
    *changed = *more = false;
    enum err e = ipa_has_room_for_results(i, &room);
    if (e || !room)
        return e;
    e = take_injected(i, &any, changed, more);
    return e || any || !ipa_eim_polls(i->eim) ? e : fetch(i, changed, more);
}
