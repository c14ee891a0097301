/* Profile download (SGP.32 v1.2 3.2.3; SGP.22 3.0.1, 3.1.2, 3.1.3): direct, this device talks to the SM-DP+ itself, or
 * indirect, its eIM relays. The steps are the same; only the way differs. */
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "es9p.h"
#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_compact.h"
#include "rsp_ids.h"
#include "x509.h"

#define ATTEMPTS_MAX 3

/* The two ways to an SM-DP+. */
struct way {
    const char *name;
    enum err (*initiate)(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                         struct es_memory *m, struct rsp_initiate_authentication_ok *ok, struct es_status *status);
    enum err (*authenticate)(const struct es_peer *peer, const struct rsp_authenticate_client_request *q,
                             struct es_memory *m, struct rsp_authenticate_client_ok *ok, struct es_status *status);
    enum err (*get_package)(const struct es_peer *peer, const struct rsp_get_bound_profile_package_request *q,
                            struct es_memory *m, struct rsp_get_bound_profile_package_ok *ok,
                            struct es_status *status);
    enum err (*cancel)(const struct es_peer *peer, struct span transaction_id, struct span response,
                       struct es_status *status);
};
static const struct way direct = { "ES9+", es9p_initiate_authentication, es9p_authenticate_client,
                                   es9p_get_bound_profile_package, es9p_cancel_session };
static const struct way indirect = { "ESipa", esipa_initiate_authentication, esipa_authenticate_client,
                                     esipa_get_bound_profile_package, esipa_cancel_session };

/* One download under way. What failed, in words, for the eIM's errorResponse. */
struct session {
    struct ipa *ipa;
    const struct way *way;
    struct es_peer smdp;                 /* or the eIM in its place */
    char url[IPA_URL_MAX];
    const struct rsp_profile_download_trigger_request *trigger;
    struct rsp_activation_code code;
    struct ipa_download journal;
    struct es_memory memory;
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    struct rsp_get_bound_profile_package_ok package;
    struct es10b_authenticate_server_response server;
    struct es10b_prepare_download_response prepared;
    struct es10b_load_bound_profile_package_response loaded;
    struct ipa_failure failure;
    int64_t cancel_reason;               /* enum rsp_cancel_session_reason, for a session that goes nowhere */
    struct es_status unanswered;         /* the execution error that may mend itself */
    bool installed;                      /* here and now, so that it may be enabled in the same session */
};

/* A refusal ends the download and is told; ERR_REFUSED stops the steps. */
static enum err fail_with(struct session *s, const char *function, const char *what)
{
    snprintf(s->failure.text, sizeof s->failure.text, "%s: %s", function, what);
    LOG(s->ipa->env->log, LOG_WARN, "download.failed", F_TEXT("device", s->ipa->name), F_TEXT("function", function),
        F_TEXT("what", what));
    return ERR_REFUSED;
}

/* Reason 4.2, execution error, says nothing about this download: the SM-DP+ could not, or our eIM did not reach it. */
static enum err refused_by_smdp(struct session *s, const char *function, const struct es_status *status)
{
    if (es_refused(status) && strcmp(status->reason, "4.2") == 0) {
        s->unanswered = *status;
        return log_fail(s->ipa->env->log, ERR_IO, function, es_status_text(status).text);
    }
    /* An eIM that verifies metadata itself (SGP.32 5.14.2, 5.14.3) says so, and the session is cancelled for that reason. */
    if (strcmp(status->message, "pprNotAllowed") == 0)
        s->cancel_reason = RSP_CANCEL_REASON_PPR_NOT_ALLOWED;
    if (strcmp(status->message, "metadataMismatch") == 0)
        s->cancel_reason = RSP_CANCEL_REASON_METADATA_MISMATCH;
    return es_refused(status) ? fail_with(s, function, es_status_text(status).text) : ERR_OK;
}

/* minimizeEsipaBytes (catalogue A.8): the eIM could not make the whole of what was left out, or could not do what was asked; it is
 * told everything once more, and from now on. */
static bool must_say_all(struct session *s, const struct es_status *status)
{
    if (!es_refused(status) || strcmp(status->reason, "4.2") != 0)
        return false;
    s->ipa->eim->knows_card = false;
    LOG(s->ipa->env->log, LOG_INFO, "download.in_full", F_TEXT("device", s->ipa->name));
    return true;
}

/* SGP.32 3.2.3: an activation code, the card's default SM-DP+, or an SM-DS; an eIM that relays has the code. */
static enum err find_server(struct session *s)
{
    const struct rsp_profile_download_trigger_request *q = s->trigger;
    enum rsp_download_source source = q->has_data ? q->data.which : RSP_DOWNLOAD_NONE;
    enum err e = ERR_OK;
    if (source == RSP_DOWNLOAD_ACTIVATION_CODE)
        e = rsp_activation_code_parse(q->data.activation_code, &s->code)
                ? fail_with(s, "ProfileDownloadTrigger", "the activation code is malformed") : ERR_OK;
    else if (source == RSP_DOWNLOAD_NONE)
        e = s->ipa->features & RSP_IPA_EIM_DOWNLOAD_DATA /* the eIM knows */
                ? ERR_OK
                : fail_with(s, "ProfileDownloadTrigger", "the trigger names nobody to contact");
    else
        e = ipa_discover(s->ipa, &q->data, q->eim_transaction_id, &s->code, &s->failure);
    snprintf(s->url, sizeof s->url, "https://%s", s->code.smdp_address);
    return e;
}

/* SGP.22 3.0.1 step 6: the server must mean the address that was contacted, and be the one whose OID the activation code names. */
static enum err check_server(struct session *s, struct span contacted)
{
    const struct cert *server = NULL;
    if (contacted.len && !rsp_address_equal(s->initiated.server_signed1.server_address, contacted))
        return fail_with(s, "InitiateAuthentication", "serverAddress is not the address contacted");
    if (!s->code.smdp_oid[0])
        return ERR_OK;
    enum err e = cert_borrow(s->ipa->env->crypto, s->initiated.server_certificate, &server);
    bool meant = !e && strcmp(server->oid, s->code.smdp_oid) == 0;
    cert_give_back(s->ipa->env->crypto, server);
    return meant || e == ERR_NOMEM ? e : fail_with(s, "InitiateAuthentication", "the SM-DP+ is not the one whose OID the code names");
}

static enum err initiate(struct session *s)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_euicc_info1 offered = { 0 };
    struct buf cis = { .max = 64 };
    uint8_t challenge[16];
    struct es_status status = { 0 };
    enum err e = es10b_get_euicc_info1(&s->ipa->card, &info);
    if (!e && (e = ipa_offer_cis(s->ipa, &info.message, &cis, &offered)) == ERR_NOT_FOUND)
        e = fail_with(s, "InitiateAuthentication", "the CI that the eIM's configuration names is none of the eUICC's");
    if (!e)
        e = es10b_get_euicc_challenge(&s->ipa->card, challenge);
    /* SGP.32 5.14.1: who leaves the download data to the eIM must not name an address. */
    bool from_eim = !s->trigger->has_data || s->trigger->data.which == RSP_DOWNLOAD_ACTIVATION_CODE;
    bool names_address = !(from_eim && s->ipa->features & RSP_IPA_EIM_DOWNLOAD_DATA);
    const struct rsp_initiate_authentication_request q = {
        .euicc_challenge = SPAN_ARRAY(challenge),
        .smdp_address = names_address ? span_str(s->code.smdp_address) : (struct span){ 0 },
        .euicc_info1 = offered,
    };
    s->smdp.no_euicc_info1 = s->ipa->eim->knows_card;
    if (!e)
        e = s->way->initiate(&s->smdp, &q, &s->memory, &s->initiated, &status);
    if (!e && s->smdp.no_euicc_info1 && must_say_all(s, &status)) {
        s->smdp.no_euicc_info1 = false;
        e = s->way->initiate(&s->smdp, &q, &s->memory, &s->initiated, &status);
    }
    if (!e)
        e = refused_by_smdp(s, "InitiateAuthentication", &status);
    if (!e)
        e = check_server(s, q.smdp_address);
    buf_release(&info.received);
    buf_release(&cis);
    return e;
}

static enum err note_transaction(struct session *s)
{
    struct span id = s->initiated.transaction_id;
    if (id.len > sizeof s->journal.transaction)
        return ERR_PARSE;
    memcpy(s->journal.transaction, id.at, id.len);
    s->journal.transaction_len = id.len;
    return ipa_journal_set_download(s->ipa, &s->journal);
}

/* SGP.32 5.14.1: ctxParams1 of an eIM that makes it, else its matchingId, else that of the activation code. */
static enum err choose_ctx_params1(struct session *s, struct rsp_ctx_params1 *out)
{
    struct span own = s->initiated.ctx_params1, id = s->initiated.matching_id;
    if (own.len && s->ipa->features & RSP_IPA_EIM_CTX_PARAMS1)
        return rsp_ctx_params1_read(own, out) ? fail_with(s, "InitiateAuthentication", "ctxParams1 of the eIM cannot be read") : ERR_OK;
    *out = ipa_ctx_params1(s->ipa, s->code.matching_id);
    if (id.len)
        out->matching_id = id;
    return ERR_OK;
}

static enum err authenticate_server(struct session *s)
{
    struct rsp_ctx_params1 params;
    struct span ci = s->initiated.ci_pkid;
    uint8_t whole[IPA_CI_OCTETS];
    enum err e = choose_ctx_params1(s, &params);
    if (!e)
        e = ipa_complete_ci(s->ipa, whole, &ci);
    if (e)
        return e;
    const struct rsp_authenticate_server_request q = {
        .server_signed1 = s->initiated.server_signed1,
        .server_signature1 = s->initiated.server_signature1,
        .ci_pkid = ci,
        .server_certificate = s->initiated.server_certificate,
        .ctx_params1 = params,
    };
    return es10b_authenticate_server(&s->ipa->card, &q, &s->server);
}

static enum err send_authentication(struct session *s, bool compact, struct es_status *status)
{
    struct rsp_authenticate_client_request q = { .transaction_id = s->initiated.transaction_id,
                                                 .response = s->server.message };
    struct buf bytes = { .max = HTTP_BODY_MAX };
    enum err e = compact ? rsp_compact_authentication(&s->server.message, &bytes) : ERR_OK;
    if (!e && compact)
        e = rsp_authenticate_server_response_read(buf_span(&bytes), &q.response);
    if (!e)
        e = s->way->authenticate(&s->smdp, &q, &s->memory, &s->authenticated, status);
    buf_release(&bytes);
    return e;
}

static enum err authenticate_client(struct session *s)
{
    const struct rsp_authenticate_server_response *server = &s->server.message;
    struct es_status status = { 0 };
    bool compact = s->ipa->eim->knows_card && server->which == RSP_AUTHENTICATE_SERVER_OK;
    enum err e = send_authentication(s, compact, &status);
    if (!e && compact && must_say_all(s, &status))
        e = send_authentication(s, false, &status);
    if (!e && !es_refused(&status))
        s->ipa->eim->knows_card = s->ipa->minimizes;
    /* The SM-DP+ hears of the refusal; the reason is the eUICC's. */
    if (server->which == RSP_AUTHENTICATE_SERVER_ERROR)
        return fail_with(s, "AuthenticateServer", rsp_authenticate_error_code_name(server->error.code));
    if (!e)
        e = refused_by_smdp(s, "AuthenticateClient", &status);
    if (!e && !s->authenticated.metadata.whole.len && !(s->ipa->features & RSP_IPA_EIM_METADATA))
        e = fail_with(s, "AuthenticateClient", "the eIM left out the profile's metadata, and was not to verify them");
    return e;
}

/* SGP.22 2.9.2.1, 3.1.3: policy rules that the card's table does not allow to this owner end the download before the user's
 * profile is bound. An eIM that verifies metadata itself may have left them out. */
static enum err check_metadata(struct session *s)
{
    const struct rsp_store_metadata *m = &s->authenticated.metadata;
    struct es10b_rat rat = { .received.max = APDU_ES10_RESPONSE_MAX };
    uint32_t rules = m->policy_rules.bits & ~RSP_PPR_UPDATE_CONTROL;
    if (!m->whole.len || !rules)
        return ERR_OK;
    enum err e = es10b_get_rat(&s->ipa->card, &rat);
    bool allowed = !e && rsp_rat_allows(rat.message.table, rules, &m->owner);
    buf_release(&rat.received);
    if (e || allowed)
        return e;
    s->cancel_reason = RSP_CANCEL_REASON_PPR_NOT_ALLOWED;
    return fail_with(s, "AuthenticateClient", "the eUICC's rules do not allow the policy rules of the profile");
}

/* SGP.22 3.1.3: the user is asked once it is known what comes, before it is bound. Where nobody is, nobody objects. */
static enum err ask_end_user(struct session *s)
{
    switch (s->ipa->end_user) {
    case IPA_END_USER_REJECTS:
        s->cancel_reason = RSP_CANCEL_REASON_END_USER_REJECTION;
        return fail_with(s, "EndUser", "the end user rejects the profile");
    case IPA_END_USER_POSTPONES:
        s->cancel_reason = RSP_CANCEL_REASON_POSTPONED;
        return fail_with(s, "EndUser", "the end user postpones the download");
    default:
        return ERR_OK;
    }
}

/* SGP.32 5.14.3, SGP.22 5.7.5: nobody here can be asked. An eIM that relays may have the code, else the settings. */
static enum err choose_hash_cc(struct session *s, uint8_t hash[32], struct span *out)
{
    const struct secret *code = &s->ipa->confirmation_code;
    *out = s->authenticated.hash_cc.len ? s->authenticated.hash_cc : span_of(hash, 32);
    if (s->authenticated.hash_cc.len)
        return ERR_OK;
    if (!code->len)
        return fail_with(s, "PrepareDownload", "a confirmation code is required, and neither the eIM gave one nor the settings");
    struct crypto *c = s->ipa->env->crypto;
    enum err e = confirmation_code_digest(c, secret_span(code), s->ipa->wire.code_of_octets, hash);
    return e ? e : confirmation_code_hash(c, span_of(hash, 32), s->initiated.transaction_id, hash);
}

static enum err prepare_download(struct session *s)
{
    uint8_t hash[32] = { 0 };
    struct span hash_cc = { 0 };
    enum err e = s->authenticated.smdp_signed2.cc_required ? choose_hash_cc(s, hash, &hash_cc) : ERR_OK;
    if (e)
        return e;
    const struct rsp_prepare_download_request q = {
        .smdp_signed2 = s->authenticated.smdp_signed2,
        .smdp_signature2 = s->authenticated.smdp_signature2,
        .smdp_certificate = s->authenticated.smdp_certificate,
        .hash_cc = hash_cc,
    };
    return es10b_prepare_download(&s->ipa->card, &q, &s->prepared);
}

static enum err send_preparation(struct session *s, bool compact, struct es_status *status)
{
    struct rsp_get_bound_profile_package_request q = { .transaction_id = s->initiated.transaction_id,
                                                       .response = s->prepared.message };
    struct buf bytes = { .max = HTTP_BODY_MAX };
    struct span otpk = s->authenticated.smdp_signed2.bpp_euicc_otpk;
    bool otpk_known = otpk.len && span_equal(otpk, q.response.ok.euicc_signed2.euicc_otpk);
    enum err e = compact ? rsp_compact_preparation(&q.response, otpk_known, s->authenticated.hash_cc.len > 0, &bytes) : ERR_OK;
    if (!e && compact)
        e = rsp_prepare_download_response_read(buf_span(&bytes), &q.response);
    if (!e)
        e = s->way->get_package(&s->smdp, &q, &s->memory, &s->package, status);
    buf_release(&bytes);
    return e;
}

static enum err get_package(struct session *s)
{
    const struct rsp_prepare_download_response *prepared = &s->prepared.message;
    struct es_status status = { 0 };
    bool compact = s->ipa->minimizes && prepared->which == RSP_PREPARE_DOWNLOAD_OK;
    enum err e = send_preparation(s, compact, &status);
    if (!e && compact && must_say_all(s, &status))
        e = send_preparation(s, false, &status);
    if (prepared->which == RSP_PREPARE_DOWNLOAD_ERROR)
        return fail_with(s, "PrepareDownload", rsp_download_error_code_name(prepared->error.code));
    return e ? e : refused_by_smdp(s, "GetBoundProfilePackage", &status);
}

/* StoreMetadata of the package is not secret, only protected from being altered: its segments bear a MAC of 8 octets. */
static enum err put_package_metadata(struct span bpp, struct buf *out)
{
    struct rsp_bound_profile_package package;
    struct der_tlv segment;
    enum err e = rsp_bound_profile_package_read(bpp, &package);
    struct der list = der_open(e ? (struct span){ 0 } : package.list_88);
    while (!e && !der_at_end(&list)) {
        e = der_expect(&list, 0x88, &segment);
        if (!e)
            e = segment.value.len < 8 ? ERR_PARSE : buf_put(out, span_sub(segment.value, 0, segment.value.len - 8));
    }
    return e;
}

static bool same_profile(const struct rsp_store_metadata *a, const struct rsp_store_metadata *b)
{
    return span_equal(a->iccid, b->iccid) && span_equal(a->service_provider_name, b->service_provider_name) &&
           span_equal(a->profile_name, b->profile_name) && a->policy_rules.bits == b->policy_rules.bits &&
           a->profile_class.present == b->profile_class.present && a->profile_class.value == b->profile_class.value &&
           span_equal(a->owner.mcc_mnc, b->owner.mcc_mnc);
}

/* SGP.22 3.1.3: what was agreed on is what comes. An eIM that verifies metadata itself may have left them out. */
static enum err check_package(struct session *s)
{
    struct rsp_store_metadata metadata;
    struct buf bytes = { .max = 32 << 10 };
    if (!s->authenticated.metadata.whole.len)
        return ERR_OK;
    enum err e = put_package_metadata(s->package.bound_profile_package, &bytes);
    if (!e)
        e = rsp_store_metadata_read(buf_span(&bytes), &metadata);
    bool same = !e && same_profile(&metadata, &s->authenticated.metadata);
    buf_release(&bytes);
    if (same)
        return ERR_OK;
    s->cancel_reason = RSP_CANCEL_REASON_METADATA_MISMATCH;
    return fail_with(s, "GetBoundProfilePackage", "the metadata of the package are not those that were announced");
}

static enum err load_package(struct session *s)
{
    s->ipa->notifications = true; /* the installation result waits on the card for its SM-DP+ */
    s->cancel_reason = RSP_CANCEL_REASON_LOAD_BPP_EXECUTION_ERROR; /* if the card gives no result at all */
    return es10b_load_bound_profile_package(&s->ipa->card, s->package.bound_profile_package, &s->loaded);
}

static const struct {
    const char *section;
    enum err (*run)(struct session *s);
} steps[] = {
    { "SGP.32 3.2.3", find_server },
    { "SGP.22 3.0.1 1-6", initiate },          { "journal", note_transaction },
    { "SGP.22 3.0.1 7-11", authenticate_server }, { "SGP.22 3.1.2", authenticate_client },
    { "SGP.22 3.1.2", check_metadata },           { "SGP.22 3.1.3", ask_end_user },
    { "SGP.22 3.1.3 1-4", prepare_download },  { "SGP.22 3.1.3 5-7", get_package },
    { "SGP.22 3.1.3", check_package },         { "SGP.22 3.1.3 8", load_package },
};

/* --- what goes to the eIM ------------------------------------------------------------------------------- */

static enum err tell_result(struct session *s, const struct rsp_download_result *result)
{
    struct buf bytes = { .max = 16 << 10 };
    const struct rsp_provide_eim_package_result q = {
        .eid = SPAN_ARRAY(s->ipa->eid_octets),
        .result = { .which = RSP_EIM_RESULT_DOWNLOAD,
                    .download = { .eim_transaction_id = span_of(s->journal.eim_transaction,
                                                                s->journal.eim_transaction_len),
                                  .result = *result } },
    };
    enum err e = rsp_provide_eim_package_result_write(&q, &bytes);
    if (!e)
        e = ipa_journal_end_download(s->ipa, buf_span(&bytes));
    buf_release(&bytes);
    return e;
}

static enum err tell_installation(struct session *s, const struct rsp_profile_installation_result *pir)
{
    const struct rsp_download_result result = { .which = RSP_DOWNLOAD_RESULT_INSTALLATION, .installation = *pir };
    return tell_result(s, &result);
}

static enum err tell_failure(struct session *s)
{
    const struct rsp_download_result result = {
        .which = RSP_DOWNLOAD_RESULT_ERROR,
        .error = { .reason = 127, .response = span_str(s->failure.text) },
    };
    return tell_result(s, &result);
}

static enum err send_cancellation(struct session *s, const struct es10b_cancel_session_response *answer,
                                  struct es_status *status)
{
    struct buf bytes = { .max = 1024 };
    enum err e = s->ipa->minimizes ? rsp_compact_cancellation(&answer->message, &bytes) : ERR_OK;
    if (!e)
        e = s->way->cancel(&s->smdp, s->initiated.transaction_id, bytes.len ? buf_span(&bytes) : buf_span(&answer->received),
                           status);
    if (!e && bytes.len && must_say_all(s, status))
        e = s->way->cancel(&s->smdp, s->initiated.transaction_id, buf_span(&answer->received), status);
    buf_release(&bytes);
    return e;
}

/* SGP.32 3.2.3.3: a session that began and goes nowhere is cancelled, where the eUICC still has it. */
static void cancel(struct session *s)
{
    struct es10b_cancel_session_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_cancel_session_request q = { s->initiated.transaction_id, s->cancel_reason };
    struct es_status status = { 0 };
    enum err e = s->server.message.which == RSP_AUTHENTICATE_SERVER_OK ? es10b_cancel_session(&s->ipa->card, &q, &answer)
                                                                      : ERR_STATE;
    if (!e && answer.message.which == RSP_CANCEL_SESSION_OK)
        e = send_cancellation(s, &answer, &status);
    if (!e)
        LOG(s->ipa->env->log, LOG_INFO, "download.cancelled", F_TEXT("device", s->ipa->name),
            F_TEXT("reason", rsp_cancel_session_reason_name(s->cancel_reason)), F_TEXT("status", es_status_text(&status).text));
    buf_release(&answer.received);
}

/* After a power cut while loading: the card knows how it ended. True when its result was told. */
static enum err find_installation(struct session *s, bool *told)
{
    struct es10b_retrieve_notifications_response answer = { .received.max = APDU_ES10_RESPONSE_MAX };
    const struct rsp_retrieve_notifications_request q = { 0 };
    struct rsp_pending_notification n;
    struct span transaction = span_of(s->journal.transaction, s->journal.transaction_len);
    *told = false;
    if (!transaction.len)
        return ERR_OK;
    enum err e = es10b_retrieve_notifications_list(&s->ipa->card, &q, &answer);
    struct der list = der_open(!e && answer.message.which == RSP_RETRIEVE_NOTIFICATIONS
                                   ? answer.message.notifications : (struct span){ 0 });
    while (!e && !*told && !der_at_end(&list)) {
        e = rsp_pending_notification_next(&list, &n);
        if (!e && n.which == RSP_PENDING_INSTALLATION &&
            span_equal(n.installation.data.transaction_id, transaction)) {
            *told = true;
            e = tell_installation(s, &n.installation);
        }
    }
    buf_release(&answer.received);
    return e;
}

static enum err run_steps(struct session *s)
{
    enum err e = ERR_OK;
    for (size_t k = 0; !e && k < COUNT(steps); k++)
        e = steps[k].run(s);
    if (!e) {
        s->installed = s->loaded.message.data.result.which == RSP_OK;
        if (s->installed)
            LOG(s->ipa->env->log, LOG_INFO, "download.done", F_TEXT("device", s->ipa->name));
        return tell_installation(s, &s->loaded.message);
    }
    if (e == ERR_VERIFY && !s->failure.text[0])
        e = fail_with(s, "TLS", "the SM-DP+'s TLS certificate is refused");
    if ((e == ERR_PARSE || e == ERR_LIMIT) && !s->failure.text[0])
        e = fail_with(s, s->way->name, "an answer is malformed or too large");
    /* A lost answer is no failure yet: the eIM's trigger comes again, a few times. */
    bool lost = e == ERR_IO || e == ERR_TIMEOUT;
    ipa_tell_trouble(s->ipa, s->ipa->indirect ? "the eIM" : "the SM-DP+", s->smdp.base_url, e);
    if (e == ERR_TIMEOUT)
        s->cancel_reason = RSP_CANCEL_REASON_TIMEOUT;
    if (lost && s->journal.attempts < ATTEMPTS_MAX)
        return e;
    if (lost)
        e = fail_with(s, s->way->name, es_refused(&s->unanswered) ? es_status_text(&s->unanswered).text
                                                                  : "the SM-DP+ cannot be reached");
    if (e != ERR_REFUSED)
        return e;
    if (!s->failure.text[0])
        fail_with(s, "ES10b", "the eUICC answers with an error status");
    cancel(s);
    return tell_failure(s);
}

static enum err begin(struct session *s, const struct rsp_profile_download_trigger_request *q)
{
    struct span id = q->eim_transaction_id;
    if (id.len > sizeof s->journal.eim_transaction)
        return ERR_PARSE;
    enum err e = ipa_journal_download(s->ipa, &s->journal);
    if (e && e != ERR_NOT_FOUND)
        return e;
    if (e || !span_equal(id, span_of(s->journal.eim_transaction, s->journal.eim_transaction_len))) {
        s->journal = (struct ipa_download){ .eim_transaction_len = id.len };
        if (id.len)
            memcpy(s->journal.eim_transaction, id.at, id.len);
    }
    bool told = false;
    e = find_installation(s, &told);
    if (e || told)
        return e;
    /* Whoever loses power in every attempt must not try for ever. */
    if (s->journal.attempts >= ATTEMPTS_MAX) {
        fail_with(s, "ProfileDownloadTrigger", "the download was interrupted too often");
        return tell_failure(s);
    }
    s->journal.attempts++;
    e = ipa_journal_set_download(s->ipa, &s->journal);
    if (e)
        return e;
    s->trigger = q;
    s->way = s->ipa->indirect ? &indirect : &direct;
    s->smdp = s->ipa->indirect
                  ? ipa_eim_peer(s->ipa)
                  : (struct es_peer){ .env = s->ipa->env, .base_url = s->url, .user_agent = s->ipa->user_agent,
                                      .protocol = rsp_wire_es9_protocol(&s->ipa->wire) };
    s->smdp.eim_transaction_id = id;
    return run_steps(s);
}

/* SGP.32 5.9.15, in the session that installed the profile; most eIMs have not configured it, and the eUICC says so. The
 * cause is journalled before: a power cut right after the switch must not keep it from the eIM. */
static enum err enable_immediately(struct session *s, bool *changed)
{
    struct ipa *i = s->ipa;
    int64_t code = 0;
    enum err e = ipa_announce(i, RSP_CAUSE_IMMEDIATE_ENABLE_PROFILE, NULL);
    if (!e)
        e = es10b_immediate_enable(&i->card, true, &code);
    if (e == ERR_CUT)
        return e;
    if (e || code) {
        enum err kept = ipa_journal_withdraw(i, NULL);
        return e == ERR_REFUSED || !e ? kept : e;
    }
    LOG(i->env->log, LOG_INFO, "immediate_enable.done", F_TEXT("device", i->name));
    *changed = true;
    i->notifications = true;
    e = ipa_confirm(i, NULL);
    return e ? e : ipa_restart_card(i);
}

enum err ipa_download(struct ipa *i, const struct rsp_profile_download_trigger_request *q, bool *changed)
{
    struct session s = { .ipa = i, .memory = ES_MEMORY_INIT, .cancel_reason = RSP_CANCEL_REASON_UNDEFINED_REASON };
    s.server.received.max = s.prepared.received.max = s.loaded.received.max = APDU_ES10_RESPONSE_MAX;
    enum err e = begin(&s, q);
    if (!e && s.installed)
        e = ipa_tell(i, RSP_CAUSE_OTHER_EIM, i->eim->id);
    if (!e && s.installed)
        e = enable_immediately(&s, changed);
    es_memory_release(&s.memory);
    buf_release(&s.server.received);
    buf_release(&s.prepared.received);
    buf_release(&s.loaded.received);
    memory_clear(&s.code, sizeof s.code);
    return e;
}
