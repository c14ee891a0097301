/* Where a download comes from when the eIM gave no activation code (SGP.32 v1.2 3.2.3; SGP.22 3.6.2): the card's default
 * SM-DP+, or an event at an SM-DS. */
#include <stdio.h>
#include <string.h>

#include "es11.h"
#include "ipa_internal.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

struct discovery;

/* The two ways to an SM-DS: ES11, or ESipa and the eIM's ES11'. `find` fills *code; refused: *status. */
struct way {
    const char *name;
    enum err (*initiate)(const struct es_peer *peer, const struct rsp_initiate_authentication_request *q,
                         struct es_memory *m, struct rsp_initiate_authentication_ok *ok, struct es_status *status);
    enum err (*find)(struct discovery *d, const struct rsp_authenticate_client_request *q, struct rsp_activation_code *code,
                     struct es_status *status);
};

/* One discovery under way. */
struct discovery {
    struct ipa *ipa;
    const struct way *way;
    struct es_peer peer; /* the SM-DS, or the eIM in its place */
    char address[256], url[IPA_URL_MAX];
    struct es_memory memory;
    struct rsp_initiate_authentication_ok initiated;
    struct es10b_authenticate_server_response server;
    struct ipa_failure *failure;
};

static enum err fail_with(const struct ipa *i, struct ipa_failure *f, const char *function, const char *what)
{
    snprintf(f->text, sizeof f->text, "%s: %s", function, what);
    LOG(i->env->log, LOG_WARN, "download.failed", F_TEXT("device", i->name), F_TEXT("function", function),
        F_TEXT("what", what));
    return ERR_REFUSED;
}

struct rsp_ctx_params1 ipa_ctx_params1(const struct ipa *i, const char *matching_id)
{
    return (struct rsp_ctx_params1){
        .matching_id = matching_id[0] ? span_str(matching_id) : (struct span){ 0 },
        .device_info = { .tac = SPAN_ARRAY(i->tac), .capabilities = span_of("", 0), .imei = SPAN_ARRAY(i->imei_octets) },
    };
}

/* Reason 4.2, execution error, says nothing about this eUICC: somebody was not reached. */
static enum err refused(const struct discovery *d, const char *function, const struct es_status *status)
{
    char name[64];
    snprintf(name, sizeof name, "%s.%s", d->way->name, function);
    if (strcmp(status->reason, "4.2") == 0)
        return log_fail(d->ipa->env->log, ERR_IO, name, es_status_text(status).text);
    return fail_with(d->ipa, d->failure, name, es_status_text(status).text);
}

static enum err initiate(struct discovery *d)
{
    struct es10b_euicc_info1 info = { .received.max = APDU_ES10_RESPONSE_MAX };
    struct rsp_euicc_info1 offered = { 0 };
    struct buf cis = { .max = 64 };
    uint8_t challenge[16];
    struct es_status status = { 0 };
    enum err e = es10b_get_euicc_info1(&d->ipa->card, &info);
    if (!e && (e = ipa_offer_cis(d->ipa, &info.message, &cis, &offered)) == ERR_NOT_FOUND)
        e = fail_with(d->ipa, d->failure, "InitiateAuthentication", "the CI that the eIM's configuration names is none of the eUICC's");
    if (!e)
        e = es10b_get_euicc_challenge(&d->ipa->card, challenge);
    const struct rsp_initiate_authentication_request q = { SPAN_ARRAY(challenge), span_str(d->address), offered };
    if (!e)
        e = d->way->initiate(&d->peer, &q, &d->memory, &d->initiated, &status);
    if (!e && es_refused(&status))
        e = refused(d, "InitiateAuthentication", &status);
    /* SGP.22 3.0.1 step 6: the server must mean the address that was contacted. */
    if (!e && !rsp_address_equal(d->initiated.server_signed1.server_address, q.smdp_address))
        e = fail_with(d->ipa, d->failure, "InitiateAuthentication", "serverAddress is not the address contacted");
    buf_release(&info.received);
    buf_release(&cis);
    return e;
}

static enum err authenticate_server(struct discovery *d)
{
    struct span ci = d->initiated.ci_pkid;
    uint8_t whole[IPA_CI_OCTETS];
    enum err e = ipa_complete_ci(d->ipa, whole, &ci);
    const struct rsp_authenticate_server_request q = {
        .server_signed1 = d->initiated.server_signed1,
        .server_signature1 = d->initiated.server_signature1,
        .ci_pkid = ci,
        .server_certificate = d->initiated.server_certificate,
        .ctx_params1 = ipa_ctx_params1(d->ipa, ""),
    };
    return e ? e : es10b_authenticate_server(&d->ipa->card, &q, &d->server);
}

/* The oldest event; what else waits is the next trigger's. */
static enum err take_event(struct discovery *d, struct span entries, struct rsp_activation_code *code)
{
    struct der list = der_open(entries);
    struct rsp_event_entry entry;
    if (der_at_end(&list))
        return fail_with(d->ipa, d->failure, "ES11.AuthenticateClient", "no event waits at the SM-DS");
    enum err e = rsp_event_entry_next(&list, &entry);
    if (e)
        return e;
    if (!rsp_address_is_valid(entry.rsp_server_address) || !rsp_matching_id_is_valid(entry.event_id))
        return fail_with(d->ipa, d->failure, "ES11.AuthenticateClient", "an event with no server or no matchingId");
    snprintf(code->smdp_address, sizeof code->smdp_address, "%.*s", (int)entry.rsp_server_address.len,
             (const char *)entry.rsp_server_address.at);
    snprintf(code->matching_id, sizeof code->matching_id, "%.*s", (int)entry.event_id.len,
             (const char *)entry.event_id.at);
    return ERR_OK;
}

static enum err find_directly(struct discovery *d, const struct rsp_authenticate_client_request *q,
                              struct rsp_activation_code *code, struct es_status *status)
{
    struct rsp_authenticate_client_ok_es11 found = { 0 };
    enum err e = es11_authenticate_client(&d->peer, q, &d->memory, &found, status);
    return e || es_refused(status) ? e : take_event(d, found.event_entries, code);
}

/* The eIM has made an activation code of the event (SGP.32 5.14.2). */
static enum err find_through_eim(struct discovery *d, const struct rsp_authenticate_client_request *q,
                                 struct rsp_activation_code *code, struct es_status *status)
{
    struct rsp_profile_download_trigger_request found = { 0 };
    enum err e = esipa_authenticate_client_at_smds(&d->peer, q, &d->memory, &found, status);
    if (e || es_refused(status))
        return e;
    if (!found.has_data)
        return fail_with(d->ipa, d->failure, "ESipa.AuthenticateClient", "no event waits at the SM-DS");
    if (found.data.which != RSP_DOWNLOAD_ACTIVATION_CODE || rsp_activation_code_parse(found.data.activation_code, code))
        return fail_with(d->ipa, d->failure, "ESipa.AuthenticateClient", "an event with no server or no matchingId");
    return ERR_OK;
}

static const struct way direct = { "ES11", es11_initiate_authentication, find_directly };
static const struct way indirect = { "ESipa", esipa_initiate_authentication, find_through_eim };

static enum err authenticate_client(struct discovery *d, struct rsp_activation_code *code)
{
    const struct rsp_authenticate_server_response *server = &d->server.message;
    const struct rsp_authenticate_client_request q = { d->initiated.transaction_id, *server };
    struct es_status status = { 0 };
    enum err e = d->way->find(d, &q, code, &status);
    /* The SM-DS hears of the refusal; the reason is the eUICC's. */
    if (server->which == RSP_AUTHENTICATE_SERVER_ERROR)
        return fail_with(d->ipa, d->failure, "AuthenticateServer", rsp_authenticate_error_code_name(server->error.code));
    return !e && es_refused(&status) ? refused(d, "AuthenticateClient", &status) : e;
}

static enum err ask_smds(struct ipa *i, struct span address, struct span eim_transaction_id,
                         struct rsp_activation_code *code, struct ipa_failure *failure)
{
    struct discovery d = { .ipa = i, .way = i->indirect ? &indirect : &direct, .memory = ES_MEMORY_INIT, .failure = failure,
                           .server.received.max = APDU_ES10_RESPONSE_MAX };
    if (!rsp_address_is_valid(address))
        return fail_with(i, failure, "ProfileDownloadTrigger", "no SM-DS: neither the trigger nor the card names one");
    snprintf(d.address, sizeof d.address, "%.*s", (int)address.len, (const char *)address.at);
    snprintf(d.url, sizeof d.url, "https://%s", d.address);
    d.peer = i->indirect ? ipa_eim_peer(i)
                         : (struct es_peer){ .env = i->env, .base_url = d.url, .user_agent = i->user_agent,
                                             .protocol = rsp_wire_es9_protocol(&i->wire) };
    d.peer.eim_transaction_id = eim_transaction_id;
    enum err e = initiate(&d);
    if (!e)
        e = authenticate_server(&d);
    if (!e)
        e = authenticate_client(&d, code);
    es_memory_release(&d.memory);
    buf_release(&d.server.received);
    return e;
}

enum err ipa_discover(struct ipa *i, const struct rsp_profile_download_data *data, struct span eim_transaction_id,
                      struct rsp_activation_code *code, struct ipa_failure *failure)
{
    struct es10b_configured_addresses own = { .received.max = APDU_ES10_RESPONSE_MAX };
    enum err e = es10a_get_euicc_configured_addresses(&i->card, &own);
    *code = (struct rsp_activation_code){ 0 };
    if (!e && data->which == RSP_DOWNLOAD_SMDS)
        e = ask_smds(i, data->smds_address.at ? data->smds_address : own.message.root_ds_address, eim_transaction_id,
                     code, failure);
    else if (!e && !rsp_address_is_valid(own.message.default_dp_address))
        e = fail_with(i, failure, "ProfileDownloadTrigger", "the card has no default SM-DP+");
    else if (!e)
        snprintf(code->smdp_address, sizeof code->smdp_address, "%.*s", (int)own.message.default_dp_address.len,
                 (const char *)own.message.default_dp_address.at);
    buf_release(&own.received);
    return e;
}
