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

static enum err open_card(struct ipa *i)
{
    struct buf bytes = { .max = 512 };
    uint16_t sw = 0;
    enum err e = card_reset(i->card.card, &bytes);
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

const struct http_trust *ipa_eim_trust(const struct ipa *i)
{
    return i->trust.certificate.len || i->trust.public_key.len ? &i->trust : NULL;
}

/* Catalogue A.6: a certificate or a key narrows whom this IPA believes to be its eIM. What is there and cannot be read must
 * not widen it to everybody the roots vouch for. */
static enum err read_trust(struct ipa *i, const struct rsp_eim_configuration *eim)
{
    bool certificate = eim->trusted_tls.which == RSP_KEY_DATA_CERTIFICATE;
    buf_clear(&i->eim_tls);
    i->trust = (struct http_trust){ 0 };
    if (!eim->has_trusted_tls)
        return ERR_OK;
    enum err e = certificate ? rsp_put_certificate(eim->trusted_tls.certificate, &i->eim_tls)
                             : rsp_key_data_put_spki(&eim->trusted_tls, &i->eim_tls);
    if (e)
        return log_fail(i->env->log, e, "SGP.32 2.4.1", "trustedPublicKeyDataTls of the eIM cannot be read");
    *(certificate ? &i->trust.certificate : &i->trust.public_key) = buf_span(&i->eim_tls);
    return ERR_OK;
}

/* The first eIM of the list is the one this IPA works for. ERR_NOT_FOUND: none is associated. */
static enum err read_eim(struct ipa *i)
{
    struct es10b_eim_configuration_data data = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_eim_configuration eim;
    enum err e = es10b_get_eim_configuration_data(&i->card, (struct span){ 0 }, &data);
    struct der list = der_open(e ? (struct span){ 0 } : data.message.list);
    if (!e)
        e = der_at_end(&list) ? ERR_NOT_FOUND : rsp_eim_configuration_next(&list, &eim);
    /* What an eIM does not say, it may be able to do. */
    if (!e && eim.supported_protocol.present && eim.supported_protocol.bits &&
        !(eim.supported_protocol.bits & (RSP_EIM_RETRIEVE_HTTPS | RSP_EIM_INJECT_HTTPS)))
        e = log_fail(i->env->log, ERR_UNSUPPORTED, "SGP.32 6.2",
                     "the eIM offers no HTTPS (eimSupportedProtocol), and CoAPS is not available here: have it offer retrieveHttps");
    if (!e && !rsp_address_is_valid(eim.eim_fqdn))
        e = log_fail(i->env->log, ERR_STATE, "SGP.32 2.4.1", "the eIM configuration has no eimFqdn to poll");
    if (!e)
        snprintf(i->eim_url, sizeof i->eim_url, "https://%.*s", (int)eim.eim_fqdn.len,
                 (const char *)eim.eim_fqdn.at);
    if (!e)
        e = read_trust(i, &eim);
    buf_release(&data.received);
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

enum err ipa_start(struct ipa *i)
{
    enum err e = open_card(i);
    if (!e)
        e = es10b_get_eid(&i->card, i->eid_octets);
    if (!e)
        e = rsp_eid_text(SPAN_ARRAY(i->eid_octets), i->eid);
    if (!e)
        e = read_eim(i);
    if (e == ERR_NOT_FOUND) {
        e = add_initial_eim(i);
        if (!e)
            e = read_eim(i);
    }
    if (!e)
        e = ipa_collect_results(i);
    if (!e)
        e = ipa_journal_cause(i, &i->cause);
    i->ready = !e;
    if (!e)
        LOG(i->env->log, LOG_INFO, "start.done", F_TEXT("device", i->name), F_TEXT("eid", i->eid), F_TEXT("eim", i->eim_url));
    i->notifications = true;
    return e;
}

/* The cause is journalled before: power may go right after the reset. Then the card is started as one without an eIM. */
enum err ipa_reset_eim(struct ipa *i)
{
    struct rsp_memory_reset_response answer;
    i->forget_eim = false;
    enum err e = ipa_journal_set_cause(i, RSP_CAUSE_RESET);
    if (!e)
        e = es10b_euicc_memory_reset(&i->card, ES10B_RESET_EIM_CONFIGURATION, &answer);
    bool done = !e && answer.eim_result.present && answer.eim_result.value == RSP_RESET_EIM_OK;
    if (!e)
        LOG(i->env->log, LOG_WARN, "memory_reset.eim", F_TEXT("device", i->name), F_TEXT("result",
            answer.eim_result.present ? rsp_memory_reset_eim_result_name(answer.eim_result.value)
                                      : rsp_memory_reset_result_name(answer.result)));
    if (!e && !done)
        return ipa_journal_end_cause(i);
    i->ready = false;
    i->told_of_change = false;
    return e ? e : ipa_start(i);
}
