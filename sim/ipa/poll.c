/* ESipa: fetch a package, do it, bring the result (SGP.32 v1.2 3.1, 5.14). */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

struct es_peer ipa_eim_peer(const struct ipa *i)
{
    return (struct es_peer){ .env = i->env, .base_url = i->eim->url, .path = i->esipa_path, .user_agent = i->user_agent,
                             .trust = ipa_eim_trust(i), .json = i->json, .protocol = "gsma/rsp/v2.1.0" };
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

static enum err serve(struct ipa *i, const struct rsp_get_eim_package_response *r, bool *changed, bool *more)
{
    bool emergency = false;
    enum err e;
    tell_what(i, r);
    *more = true;
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

enum err ipa_poll(struct ipa *i, bool *changed, bool *more)
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
    *changed = *more = false;
    enum err e = esipa_get_eim_package(&peer, &q, &answer);
    if (!e) {
        eim->told = true;
        e = eim->cause >= 0 ? ipa_journal_end_cause(i, eim->id) : ERR_OK;
        eim->cause = -1;
    }
    if (!e)
        e = serve(i, &answer.message, changed, more);
    esipa_get_eim_package_response_release(&answer);
    return e;
}

/* --- results ------------------------------------------------------------------------------------------ */

static enum err remove_acknowledged(struct ipa *i, struct span list)
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

/* A result that the eIM could not take (undefinedError) is brought again this often. */
#define DELIVERIES_MAX 10

/* SGP.32 3.3.1: an acknowledged result may leave the eUICC; any answer but undefinedError ends it here. */
static enum err deliver_one(struct ipa *i, int64_t id, struct span bytes)
{
    const struct es_peer peer = ipa_eim_peer(i);
    struct esipa_provide_eim_package_result_response answer = { .received.max = HTTP_BODY_MAX };
    struct rsp_provide_eim_package_result q;
    enum err e = rsp_provide_eim_package_result_read(bytes, &q);
    if (!e)
        e = esipa_provide_eim_package_result(&peer, &q, &answer);
    if (!e && answer.message.which == RSP_PROVIDE_ERROR)
        LOG(i->env->log, LOG_WARN, "result.refused", F_TEXT("device", i->name),
            F_TEXT("error", rsp_provide_eim_package_result_error_name(answer.message.error)));
    if (!e && answer.message.which == RSP_PROVIDE_ERROR &&
        answer.message.error == RSP_PROVIDE_ERROR_UNDEFINED_ERROR && ++i->deliveries < DELIVERIES_MAX)
        e = ERR_REFUSED;
    if (!e && answer.message.which == RSP_PROVIDE_ACKNOWLEDGEMENTS)
        e = remove_acknowledged(i, answer.message.acknowledgements);
    if (!e) {
        LOG(i->env->log, LOG_INFO, "result.delivered", F_TEXT("device", i->name));
        i->deliveries = 0;
        e = ipa_journal_drop_result(i, id);
    }
    esipa_provide_eim_package_result_response_release(&answer);
    return e;
}

enum err ipa_deliver_results(struct ipa *i)
{
    struct buf bytes = { .max = 128 << 10 };
    int64_t id = 0;
    enum err e;
    while (!(e = ipa_journal_next_result(i, &id, &bytes)))
        if ((e = deliver_one(i, id, buf_span(&bytes))))
            break;
    buf_release(&bytes);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
