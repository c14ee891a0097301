/* Start-up (SGP.32 v1.2 3.2, catalogue B.1): EID, eIM configuration, what the card still holds. */
#include <stdio.h>
#include <string.h>

#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

/* E1 of what SELECT answers (catalogue A.2): does the card say that an IPAe is in it? A consumer card has no E1. */
static bool has_ipae(struct span fci)
{
    struct der_tlv whole, iot, configuration;
    return !der_only(fci, 0x6f, &whole) && !der_find(whole.value, 0xe1, &iot) &&
           !der_find(iot.value, 0x80, &configuration) && der_bit(configuration.value, 0);
}

/* The card keeps which of the two IPAs is in charge; each says so when it starts (BF42). Where no IPAe is, an IPAd has
 * nothing to say. */
static enum err take_charge(struct ipa *i, struct span fci)
{
    int64_t code = 0;
    bool possible = has_ipae(fci);
    if (!possible && i->ipae)
        return log_fail(i->env->log, ERR_STATE, "SGP.32 BF42",
                        "this IPA is an IPAe, and the card announces none (E1, ipaeSupported): give it a card that has one");
    enum err e = possible ? es10b_ipae_activation(&i->card, i->ipae, &code) : ERR_OK;
    if (!e && code)
        e = log_fail(i->env->log, ERR_REFUSED, "SGP.32 BF42", "the card announces an IPAe and does not let it be activated");
    return e;
}

/* Where an IPAe is in charge it downloads and discovers, not the device. A card that does not know the command is asked all else as
 * ever. */
static enum err tell_capabilities(struct ipa *i)
{
    uint16_t sw = 0;
    uint8_t can = (i->ipae ? 0 : APDU_DOWNLOAD_IN_DEVICE | APDU_DISCOVERY_IN_DEVICE) |
                  (i->end_user == IPA_END_USER_ABSENT ? 0 : APDU_USER_INTERFACE_IN_DEVICE);
    enum err e = apdu_terminal_capability(i->card.card, can, &sw);
    if (!e && !apdu_success(sw))
        LOG(i->env->log, LOG_DEBUG, "card.capability_refused", F_TEXT("device", i->name), F_INT("sw", sw));
    return e;
}

static enum err open_card(struct ipa *i)
{
    struct buf bytes = { .max = 512 };
    uint16_t sw = 0;
    enum err e = card_reset(i->card.card, &bytes);
    if (!e)
        e = tell_capabilities(i);
    if (!e)
        e = apdu_open_isd_r(i->card.card, &i->card.channel, &bytes, &sw);
    if (e == ERR_REFUSED)
        LOG(i->env->log, LOG_ERROR, "card.refused", F_TEXT("device", i->name), F_INT("sw", sw));
    if (!e)
        e = take_charge(i, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}

enum err ipa_restart_card(struct ipa *i)
{
    i->ready = false;
    enum err e = open_card(i);
    i->ready = !e;
    return e;
}

static enum err add_initial_eim(struct ipa *i)
{
    struct es10b_add_initial_eim_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    if (!i->initial_eim.len)
        return log_fail(i->env->log, ERR_STATE, "SGP.32 5.9.4", "no eIM is associated and none is configured");
    enum err e = es10b_add_initial_eim(&i->card, buf_span(&i->initial_eim), &answer);
    if (!e && answer.message.which != RSP_OK)
        e = log_fail(i->env->log, ERR_REFUSED, "SGP.32 5.9.4", "the eUICC refuses the initial eIM");
    buf_release(&answer.received);
    return e;
}

/* A card without an eIM after a reset was announced: it was made, and soon nothing here will show it. */
static enum err note_reset(struct ipa *i)
{
    int64_t cause = -1;
    char before[IPA_ENABLED_TEXT];
    enum err e = ipa_journal_announced(i, &cause, before);
    return e || cause != RSP_CAUSE_RESET ? e : ipa_journal_announce(i, RSP_CAUSE_RESET, IPA_RESET_DONE, NULL);
}

enum err ipa_start(struct ipa *i)
{
    enum err e = open_card(i);
    if (e == ERR_TIMEOUT || e == ERR_IO)
        LOG(i->env->log, LOG_WARN, "card.silent", F_TEXT("device", i->name));
    if (!e)
        e = es10b_get_eid(&i->card, i->eid_octets);
    if (!e)
        e = rsp_eid_text(SPAN_ARRAY(i->eid_octets), i->eid);
    /* Before the associations: a result may be for an eIM that is no longer among them. */
    if (!e)
        e = ipa_collect_results(i);
    if (!e)
        e = ipa_read_eims(i);
    if (e == ERR_NOT_FOUND) {
        e = note_reset(i);
        if (!e)
            e = add_initial_eim(i);
        if (!e)
            e = ipa_read_eims(i);
    }
    if (!e)
        e = ipa_settle_announcement(i);
    i->ready = !e;
    if (!e)
        ipa_state_changed(i);
    if (!e)
        LOG(i->env->log, LOG_INFO, "start.done", F_TEXT("device", i->name), F_TEXT("eid", i->eid),
            F_TEXT("eim", i->eims[0]->url));
    i->notifications = true;
    return e;
}

/* The cause is journalled before: power may go right after the reset. Then the card is started as one without an eIM. */
enum err ipa_reset_eim(struct ipa *i)
{
    struct rsp_memory_reset_response answer;
    i->forget_eim = false;
    enum err e = ipa_journal_announce(i, RSP_CAUSE_RESET, "", NULL);
    if (!e)
        e = es10b_euicc_memory_reset(&i->card, ES10B_RESET_EIM_CONFIGURATION, &answer);
    bool done = !e && answer.eim_result.present && answer.eim_result.value == RSP_RESET_EIM_OK;
    if (!e)
        LOG(i->env->log, LOG_WARN, "memory_reset.eim", F_TEXT("device", i->name), F_TEXT("result",
            answer.eim_result.present ? rsp_memory_reset_eim_result_name(answer.eim_result.value)
                                      : rsp_memory_reset_result_name(answer.result)));
    if (!e && !done)
        return ipa_journal_withdraw(i, NULL);
    i->ready = false;
    ipa_close_gate(i);
    return e ? e : ipa_start(i);
}
