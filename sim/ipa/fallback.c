/* The fallback mechanism (SGP.32 v1.2 3.5, 5.9.20, 5.9.21): the device helps itself when its network is gone, and goes back
 * when it returns. The eIM hears of both by stateChangeCause fallback(1). */
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"

/* The card switched by itself: start it again, attach anew, tell the eIM. */
enum err ipa_switched(struct ipa *i, const char *event)
{
    LOG(i->env->log, LOG_WARN, event, F_TEXT("device", i->name), F_TEXT("left", i->imsi));
    ipa_detach(i);
    i->imsi[0] = 0;
    i->notifications = true;
    i->offline_since = 0;
    return ipa_restart_card(i);
}

static enum err fall_back(struct ipa *i)
{
    int64_t code = 0;
    bool done = false;
    enum err e = i->emergency_on_loss ? ipa_enter_emergency(i, i->imsi, &done) : ERR_OK;
    if (e || done)
        return e;
    /* Journalled before the switch: a power cut must forget neither where to return to nor whom to tell. */
    e = ipa_announce(i, RSP_CAUSE_FALLBACK, i->imsi);
    if (!e)
        e = es10b_execute_fallback_mechanism(&i->card, true, &code);
    if (!e && !code) {
        e = ipa_confirm(i, NULL);
        return e ? e : ipa_switched(i, "fallback");
    }
    if (e && e != ERR_REFUSED)
        return ipa_leave_announced(i, e);
    if (!e)
        LOG(i->env->log, LOG_INFO, "fallback.refused", F_TEXT("device", i->name),
            F_TEXT("result", rsp_execute_fallback_result_name(code)));
    i->no_fallback = true;
    return ipa_journal_withdraw(i, "");
}

enum err ipa_consider_fallback(struct ipa *i, int64_t now, int64_t *next)
{
    char left[16];
    if (!i->offline_since)
        i->offline_since = now;
    enum err e = ipa_journal_left_imsi(i, left);
    /* The card may have lost power before it did what the journal announces: then the SIM is still the one to leave. */
    bool away = left[0] && strcmp(left, i->imsi) != 0;
    if (e || away || i->no_fallback)
        return e;
    int64_t due = i->offline_since + i->fallback_after;
    if (now < due) {
        if (due < *next)
            *next = due;
        return ERR_OK;
    }
    *next = now;
    return fall_back(i);
}

enum err ipa_consider_return(struct ipa *i, int64_t now, bool *changed)
{
    char left[16];
    bool there = false;
    int64_t code = 0;
    i->no_fallback = false;
    enum err e = ipa_journal_left_imsi(i, left);
    if (e || !left[0] || now < i->look_again)
        return e;
    i->look_again = now + i->return_every;
    e = ipa_network_is_there(i, left, &there);
    if (e || !there)
        return e;
    bool over = false;
    e = i->emergency_on_loss ? ipa_leave_emergency(i, &over) : ERR_OK;
    *changed = over;
    if (!e && !over)
        e = ipa_announce(i, RSP_CAUSE_FALLBACK, NULL);
    if (e || over)
        return e;
    e = es10b_return_from_fallback(&i->card, true, &code);
    bool returned = !e && !code;
    if (e && e != ERR_REFUSED)
        return ipa_leave_announced(i, e);
    /* Either way this fallback is over: the eIM may have switched meanwhile. */
    e = returned ? ipa_confirm(i, "") : ipa_journal_withdraw(i, "");
    if (e || !returned)
        return e;
    *changed = true;
    return ipa_switched(i, "fallback.returned");
}
