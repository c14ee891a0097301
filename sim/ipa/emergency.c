/* The emergency profile (SGP.32 v1.2 5.9.22, 5.9.23; catalogue A.12): enabled when somebody outside says that there is an
 * emergency, or, where so set, when the network is lost; until it is over or the network is back. Meanwhile the eUICC refuses
 * what eIMs want, and so does the IPA (ecallActive). The eIMs hear of both by stateChangeCause emergencyProfile(2). */
#include "ipa_internal.h"
#include "rsp_codes.h"

static void tell_refusal(struct ipa *i, bool enter, int64_t code)
{
    LOG(i->env->log, LOG_INFO, "emergency.refused", F_TEXT("device", i->name),
        F_TEXT("result", enter ? rsp_enable_emergency_profile_result_name(code)
                               : rsp_disable_emergency_profile_result_name(code)));
}

static enum err change(struct ipa *i, bool enter, const char *left, bool *done)
{
    int64_t code = 0;
    *done = false;
    enum err e = ipa_announce(i, RSP_CAUSE_EMERGENCY_PROFILE, left);
    if (!e)
        e = enter ? es10b_enable_emergency_profile(&i->card, true, &code)
                  : es10b_disable_emergency_profile(&i->card, true, &code);
    if (e && e != ERR_REFUSED)
        return ipa_leave_announced(i, e);
    if (e || code) {
        if (!e)
            tell_refusal(i, enter, code);
        return ipa_journal_withdraw(i, left ? "" : NULL);
    }
    *done = true;
    e = ipa_confirm(i, enter ? NULL : "");
    return e ? e : ipa_switched(i, enter ? "emergency" : "emergency.over");
}

enum err ipa_enter_emergency(struct ipa *i, const char *left, bool *done)
{
    return change(i, true, left, done);
}

enum err ipa_leave_emergency(struct ipa *i, bool *done)
{
    return change(i, false, NULL, done);
}

enum err ipa_follow_emergency(struct ipa *i)
{
    bool done = false;
    int64_t word = IPA_EMERGENCY_NO_WORD;
    enum err e = ipa_journal_emergency(i, &word);
    if (e || word == IPA_EMERGENCY_NO_WORD)
        return e;
    e = change(i, word == IPA_EMERGENCY_BEGINS, NULL, &done);
    /* Until the card has answered the word stands. */
    return e ? e : ipa_journal_set_emergency(i, IPA_EMERGENCY_NO_WORD);
}

enum err ipa_in_emergency(struct ipa *i, bool *active)
{
    struct es10b_profiles_info info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_profile_info p;
    *active = false;
    enum err e = es10b_get_profiles_info(&i->card, NULL, &info);
    struct der list = der_open(!e && info.message.which == RSP_OK ? info.message.list : (struct span){ 0 });
    while (!e && !der_at_end(&list)) {
        e = rsp_profile_info_next(&list, &p);
        *active |= !e && p.ecall_indication && p.state.present && p.state.value == RSP_PROFILE_ENABLED;
    }
    buf_release(&info.received);
    return e;
}

enum err ipa_refuse_download(struct ipa *i, const struct rsp_profile_download_trigger_request *q)
{
    struct buf bytes = { .max = 4096 };
    const struct rsp_provide_eim_package_result r = {
        .eid = SPAN_ARRAY(i->eid_octets),
        .result = { .which = RSP_EIM_RESULT_DOWNLOAD,
                    .download = { .eim_transaction_id = q->eim_transaction_id,
                                  .result = { .which = RSP_DOWNLOAD_RESULT_ERROR,
                                              .error = { .reason = RSP_DOWNLOAD_TRIGGER_ECALL_ACTIVE } } } },
    };
    enum err e = rsp_provide_eim_package_result_write(&r, &bytes);
    if (!e)
        e = ipa_journal_put_result(i, i->eim->id, 0, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}
