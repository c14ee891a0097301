/* Indirect download (SGP.32 v1.2 3.2.3.2, 5.14.1 to 5.14.4): the device speaks ESipa to us, we speak ES9+' to the SM-DP+.
 * What is signed passes through untouched; a session remembers which order and which SM-DP+ it belongs to. */
#include <stdio.h>
#include <string.h>

#include "eim_internal.h"
#include "es11.h"
#include "es9p.h"
#include "es_codes.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

struct relay {
    struct eim_session session;
    struct es_peer server; /* SM-DP+ or SM-DS */
    char url[300];
    struct buf cis; /* of an eUICC that named them by their first octets */
};
#define RELAY_INIT ((struct relay){ .session = EIM_SESSION_INIT, .cis = { .max = 4096 } })

/* The number of a refusal, as the version has it that this eIM speaks. */
static int64_t number_of(const struct eim *e, enum es_codes f, const struct es_status *status)
{
    return e->v1_3 ? es_code_of_status_v1_3(f, status) : es_code_of_status(f, status);
}

static void aim(struct eim *e, struct relay *r)
{
    snprintf(r->url, sizeof r->url, "https://%s", r->session.address);
    r->server = (struct es_peer){ .env = e->env, .base_url = r->url, .user_agent = "gsma-rsp-eim",
                                   .protocol = rsp_wire_es9_protocol(&e->wire) };
}

/* The session that a message is of; there may be none. */
static enum err find_session(struct eim *e, struct span transaction_id, eim_session_fits fits, const void *what,
                             struct relay *r, struct es_status *status)
{
    enum err x = eim_session_find(e, transaction_id, fits, what, &r->session);
    aim(e, r);
    if (x != ERR_NOT_FOUND)
        return x;
    es_refuse(status, "8.10.1", "3.9", "no such relayed session");
    return ERR_OK;
}

/* With an SM-DS there is no package, and nothing to cancel: what it answered was the end. */
static void refuse_discovery(const struct relay *r, struct es_status *status)
{
    if (!es_refused(status) && r->session.smds)
        es_refuse(status, "8.10.1", "3.9", "the session is with an SM-DS, which has neither package nor cancellation");
}

/* A compact response that cannot be put together again is an execution error: the device may come again with the full one. */
static enum err rebuilt(struct eim *e, enum err x, struct es_status *status)
{
    if (x != ERR_NOT_FOUND && x != ERR_PARSE && x != ERR_VERIFY && x != ERR_UNSUPPORTED && x != ERR_STATE)
        return x;
    log_fail(e->env->log, x, "SGP.32 minimizeEsipaBytes", "a compact response that cannot be rebuilt");
    es_refuse(status, "8.8", "4.2", "a compact response that cannot be rebuilt");
    return ERR_OK;
}

enum err eim_unreachable(struct eim *e, enum err x, struct es_status *status)
{
    if (x != ERR_IO && x != ERR_TIMEOUT && x != ERR_VERIFY && x != ERR_REFUSED && x != ERR_PARSE)
        return x;
    log_fail(e->env->log, x, "SGP.32 3.2.3.2", "the SM-DP+ or SM-DS does not answer as it should");
    es_refuse(status, "8.8", "4.2", "the SM-DP+ or SM-DS cannot be reached");
    return ERR_OK;
}

/* --- InitiateAuthentication ------------------------------------------------------------------------------- */

static enum err refuse_initiate(int64_t code, struct buf *answer)
{
    const struct rsp_initiate_authentication_response_esipa r = { .which = RSP_ERROR, .error = code };
    return rsp_initiate_authentication_response_esipa_write(&r, answer);
}

/* The order that triggered this download, by its eimTransactionId: it must be a download that was sent. */
static enum err find_order(struct eim *e, struct span transaction_id, struct span asked, struct relay *r,
                           struct rsp_activation_code *code)
{
    struct eim_order o;
    eim_order_init(&o);
    enum err x = transaction_id.len ? eim_order_by_transaction(e, NULL, transaction_id, &o) : ERR_NOT_FOUND;
    if (!x && (o.state != EIM_SENT || o.kind != EIM_ORDER_DOWNLOAD))
        x = ERR_NOT_FOUND;
    if (!x)
        x = eim_download_target(&o, asked, code, &r->session.smds);
    snprintf(r->session.order_id, sizeof r->session.order_id, "%s", o.id);
    snprintf(r->session.eid, sizeof r->session.eid, "%s", o.eid);
    snprintf(r->session.address, sizeof r->session.address, "%s", code->smdp_address);
    eim_order_release(&o);
    return x;
}

/* SGP.32 5.14.1: the server must be the one that was meant, and bear the OID the activation code names. One that says another
 * transaction than it signs answers nothing that could be used. */
static int64_t check_server(struct eim *e, const struct rsp_initiate_authentication_ok *ok, const struct relay *r,
                            const struct rsp_activation_code *code)
{
    const struct cert *server = NULL;
    if (!span_equal(ok->transaction_id, ok->server_signed1.transaction_id))
        return RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR;
    if (!rsp_address_equal(ok->server_signed1.server_address, span_str(r->session.address)))
        return RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH;
    if (code->smdp_oid[0] && (cert_load(e->env->crypto, ok->server_certificate, &server) ||
                              strcmp(server->oid, code->smdp_oid) != 0))
        return RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH;
    return 0;
}

/* Left out towards an IPA that minimizes: it is in what is signed (SGP.32 5.14.1 to 5.14.3, minimizeEsipaBytes). */
static struct span tell_transaction(const struct eim_capabilities *c, struct span id)
{
    return eim_leaves(c, RSP_IPA_MINIMIZE_BYTES) ? (struct span){ 0 } : id;
}

/* ctxParams1 where the IPA leaves it to us, with the matchingId in it; else the matchingId alone (SGP.32 5.14.1). */
static enum err answer_initiate(struct eim *e, const char *eid, const struct rsp_initiate_authentication_ok *ok,
                                const struct rsp_activation_code *code, struct buf *answer)
{
    struct eim_capabilities c = EIM_CAPABILITIES_INIT;
    struct buf params = { .max = 1024 };
    enum err x = eim_capabilities_get(e, eid, &c);
    if (!x)
        x = eim_put_ctx_params1(&c, code->matching_id, &params);
    const struct rsp_initiate_authentication_response_esipa r = {
        .which = RSP_OK,
        .ok = { .transaction_id = tell_transaction(&c, ok->transaction_id),
                .server_signed1 = ok->server_signed1,
                .server_signature1 = ok->server_signature1,
                .ci_pkid = ok->ci_pkid,
                .server_certificate = ok->server_certificate,
                .matching_id = code->matching_id[0] && !params.len ? span_str(code->matching_id) : (struct span){ 0 },
                .ctx_params1 = params.len ? buf_span(&params) : (struct span){ 0 } },
    };
    if (!x)
        x = rsp_initiate_authentication_response_esipa_write(&r, answer);
    buf_release(&params);
    eim_capabilities_release(&c);
    return x;
}

/* *error: the refusal before any SM-DP+ is called, 0 none. EUICCInfo1 is taken from what the eUICC showed before, where the
 * device leaves it out; `before` owns it then. CIs that it cuts short are made whole. */
static enum err check_request(struct eim *e, const struct rsp_initiate_authentication_request_esipa *q, struct relay *r,
                              struct rsp_activation_code *code, struct eim_session *before, struct rsp_euicc_info1 *info,
                              int64_t *error)
{
    enum err x = find_order(e, q->eim_transaction_id, q->smdp_address, r, code);
    *info = q->euicc_info1;
    *error = 0;
    if (x == ERR_NOT_FOUND)
        *error = RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID;
    else if (x == ERR_REFUSED)
        *error = RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH;
    else if (!x && q->smdp_address.len && !rsp_address_equal(q->smdp_address, span_str(r->session.address)))
        *error = RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH;
    else if (!x) {
        x = q->has_euicc_info1 ? eim_complete_info1(e, r->session.eid, info, &r->cis)
                               : eim_known_info1(e, r->session.eid, before, info);
        if (x == ERR_NOT_FOUND || x == ERR_PARSE)
            *error = RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR;
    }
    return *error ? ERR_OK : x;
}

static enum err ask_server(struct eim *e, struct relay *r, const struct rsp_activation_code *code, struct span challenge,
                           const struct rsp_euicc_info1 *info, struct buf *answer)
{
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct rsp_initiate_authentication_ok ok = { 0 };
    const struct rsp_initiate_authentication_request request = { challenge, span_str(r->session.address), *info };
    aim(e, r);
    enum err x = r->session.smds ? es11_initiate_authentication(&r->server, &request, &m, &ok, &status)
                         : es9p_initiate_authentication(&r->server, &request, &m, &ok, &status);
    x = eim_unreachable(e, x, &status);
    /* euiccCiPKIdToBeUsed may be cut short; the card compares all of it. */
    struct span ci;
    if (!x && !es_refused(&status) && rsp_octets_find(info->ci_signing, ok.ci_pkid, &ci))
        ok.ci_pkid = ci;
    int64_t mismatch = x || es_refused(&status) ? 0 : check_server(e, &ok, r, code);
    if (!x && es_refused(&status))
        x = refuse_initiate(es_code_of_status(r->session.smds ? ES11_CODES_INITIATE_AUTHENTICATION : ES9P_CODES_INITIATE_AUTHENTICATION,
                                              &status), answer);
    else if (!x && mismatch)
        x = refuse_initiate(mismatch, answer);
    else if (!x) {
        x = eim_session_begin(e, r->session.order_id, r->session.eid, r->session.address, r->session.smds, &ok);
        if (!x)
            x = answer_initiate(e, r->session.eid, &ok, code, answer);
    }
    es_memory_release(&m);
    return x;
}

enum err eim_relay_initiate_authentication(void *actor, const struct rsp_initiate_authentication_request_esipa *q,
                                           struct buf *answer)
{
    struct eim *e = actor;
    struct relay r = RELAY_INIT;
    struct rsp_activation_code code = { 0 };
    struct eim_session before = EIM_SESSION_INIT;
    struct rsp_euicc_info1 info;
    int64_t error = 0;
    enum err x = check_request(e, q, &r, &code, &before, &info, &error);
    if (!x)
        x = error ? refuse_initiate(error, answer) : ask_server(e, &r, &code, q->euicc_challenge, &info, answer);
    eim_session_release(&before);
    buf_release(&r.cis);
    memory_clear(&code, sizeof code);
    return x;
}

/* --- AuthenticateClient, GetBoundProfilePackage, CancelSession --------------------------------------------- */

/* An order may name the profile that must come. */
static enum err check_ordered(struct eim *e, const struct eim_session *session, struct es_status *status)
{
    struct eim_order o;
    uint8_t iccid[RSP_ICCID_OCTETS];
    eim_order_init(&o);
    enum err x = eim_order_get(e, session->order_id, &o);
    if (!x && o.state != EIM_SENT)
        es_refuse(status, "8.8.5", "4.10", "the order is over");
    else if (!x && o.iccid[0] && !rsp_iccid_parse(o.iccid, iccid) && !span_equal(SPAN_ARRAY(iccid), buf_span(&session->iccid)))
        es_refuse(status, "8.2", "3.10", "metadataMismatch");
    eim_order_release(&o);
    return x;
}

/* SGP.32 5.14.3: what the device has to sign for an SM-DP+ that asks for a confirmation code; nothing where the order has none,
 * and then the device knows that it cannot go on. */
static enum err hash_confirmation(struct eim *e, const struct relay *r, const struct rsp_authenticate_client_ok *ok,
                                  uint8_t hash[32], struct span *out)
{
    struct eim_order o;
    *out = (struct span){ 0 };
    if (!ok->smdp_signed2.cc_required)
        return ERR_OK;
    eim_order_init(&o);
    enum err x = eim_order_get(e, r->session.order_id, &o);
    if (!x && o.confirmation.len) {
        x = confirmation_code_hash(e->env->crypto, buf_span(&o.confirmation), ok->smdp_signed2.transaction_id, hash);
        *out = span_of(hash, 32);
    }
    eim_order_release(&o);
    return x;
}

/* The response as the server gets it: a compact one is rebuilt into `bytes`. It must be the ordered eUICC's. */
static enum err take_authentication(struct eim *e, const struct relay *r, struct rsp_authenticate_server_response *response,
                                    struct buf *bytes, struct es_status *status)
{
    enum err x = ERR_OK;
    if (response->which == RSP_AUTHENTICATE_SERVER_COMPACT)
        x = rebuilt(e, eim_rebuild_authentication(e, &r->session, response, bytes), status);
    const struct span certificate = response->ok.euicc_certificate;
    if (!x && !es_refused(status) && response->which == RSP_AUTHENTICATE_SERVER_OK && eim_is_others(e, certificate, r->session.eid))
        es_refuse(status, "8.1.1", "3.8", "another eUICC than the order's");
    return x;
}

/* What an SM-DP+ answered, as far as it is told to the device. */
struct authenticated {
    struct rsp_authenticate_client_ok ok;
    uint8_t hash[32];
    struct span hash_cc, transaction_id;
    bool tell_metadata, forbidden; /* by the rules of the eUICC */
};

/* SGP.32 5.14.3, eimProfileMetadataVerification: what the IPA leaves to us is judged before it is told, and then not told. */
static enum err choose_what_is_told(struct eim *e, const char *eid, struct authenticated *a)
{
    struct eim_capabilities c = EIM_CAPABILITIES_INIT;
    enum err x = eim_capabilities_get(e, eid, &c);
    a->transaction_id = tell_transaction(&c, a->ok.transaction_id);
    a->tell_metadata = !eim_leaves(&c, RSP_IPA_EIM_METADATA);
    a->forbidden = !x && !eim_allows_rules(&c, &a->ok.metadata);
    eim_capabilities_release(&c);
    return x;
}

static enum err ask_smdp(struct eim *e, const struct relay *r, const struct rsp_authenticate_client_request *q,
                         struct es_memory *m, struct authenticated *a, struct es_status *status)
{
    enum err x = eim_unreachable(e, es9p_authenticate_client(&r->server, q, m, &a->ok, status), status);
    if (x || es_refused(status))
        return x;
    if (!span_equal(a->ok.smdp_signed2.transaction_id, q->transaction_id)) {
        es_refuse(status, "8.8", "4.2", "the SM-DP+ answered for another transaction");
        return ERR_OK;
    }
    x = hash_confirmation(e, r, &a->ok, a->hash, &a->hash_cc);
    if (!x)
        x = choose_what_is_told(e, r->session.eid, a);
    if (!x && q->response.which == RSP_AUTHENTICATE_SERVER_OK)
        x = eim_session_authenticated(e, &r->session, &q->response.ok, &a->ok, a->hash_cc);
    return x;
}

static enum err answer_authenticated(const struct eim *e, const struct authenticated *a, const struct es_status *status,
                                     struct buf *answer)
{
    const struct rsp_authenticate_client_ok *ok = &a->ok;
    struct rsp_authenticate_client_response_esipa out = { .which = RSP_AC_ESIPA_ERROR };
    if (es_refused(status))
        out.error = number_of(e, ES9P_CODES_AUTHENTICATE_CLIENT, status);
    else if (a->forbidden)
        out.error = RSP_AUTHENTICATE_CLIENT_PPR_NOT_ALLOWED;
    else
        out = (struct rsp_authenticate_client_response_esipa){
            .which = RSP_AC_ESIPA_OK_DP,
            .dp = { .transaction_id = a->transaction_id, .has_metadata = a->tell_metadata, .metadata = ok->metadata,
                    .smdp_signed2 = ok->smdp_signed2, .smdp_signature2 = ok->smdp_signature2,
                    .smdp_certificate = ok->smdp_certificate, .hash_cc = a->hash_cc },
        };
    return rsp_authenticate_client_response_esipa_write(&out, answer);
}

enum err eim_relay_authenticate_client(void *actor, const struct rsp_authenticate_client_request *q, struct buf *answer)
{
    struct eim *e = actor;
    struct relay r = RELAY_INIT;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct authenticated a = { .hash_cc = { 0 } };
    struct rsp_authenticate_client_request full = *q;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    enum err x = find_session(e, q->transaction_id, eim_authentication_fits, &q->response, &r, &status);
    if (!x && !es_refused(&status))
        x = take_authentication(e, &r, &full.response, &bytes, &status);
    if (!x && !es_refused(&status) && r.session.smds) {
        x = eim_relay_discovery(e, &r.server, r.session.order_id, &full, answer);
    } else if (!x) {
        if (!es_refused(&status))
            x = ask_smdp(e, &r, &full, &m, &a, &status);
        if (!x)
            x = answer_authenticated(e, &a, &status, answer);
    }
    memory_clear(&a.hash, sizeof a.hash);
    buf_release(&bytes);
    es_memory_release(&m);
    eim_session_release(&r.session);
    return x;
}

enum err eim_relay_get_bound_profile_package(void *actor, const struct rsp_get_bound_profile_package_request *q,
                                             struct buf *answer)
{
    struct eim *e = actor;
    struct relay r = RELAY_INIT;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct rsp_get_bound_profile_package_ok ok = { 0 };
    struct eim_capabilities c = EIM_CAPABILITIES_INIT;
    struct rsp_get_bound_profile_package_response_esipa out = { .which = RSP_ERROR };
    struct rsp_get_bound_profile_package_request full = *q;
    struct buf bytes = { .max = HTTP_BODY_MAX };
    enum err x = find_session(e, q->transaction_id, eim_preparation_fits, &q->response, &r, &status);
    enum es_codes codes = ES9P_CODES_GET_BOUND_PROFILE_PACKAGE;
    if (!x)
        refuse_discovery(&r, &status);
    if (!x && !es_refused(&status))
        x = check_ordered(e, &r.session, &status);
    if (es_refused(&status))
        codes = ESIPA_CODES_GET_BOUND_PROFILE_PACKAGE; /* what the eIM refuses by itself */
    if (!x && !es_refused(&status) && q->response.which == RSP_PREPARE_DOWNLOAD_COMPACT)
        x = rebuilt(e, eim_rebuild_preparation(e, &r.session, &full.response, &bytes), &status);
    if (!x && !es_refused(&status))
        x = eim_unreachable(e, es9p_get_bound_profile_package(&r.server, &full, &m, &ok, &status), &status);
    if (!x && !es_refused(&status))
        x = eim_capabilities_get(e, r.session.eid, &c);
    if (es_refused(&status))
        out.error = number_of(e, codes, &status);
    else
        out = (struct rsp_get_bound_profile_package_response_esipa){
            .which = RSP_OK,
            .ok = { .transaction_id = tell_transaction(&c, ok.transaction_id),
                    .bound_profile_package = ok.bound_profile_package },
        };
    if (!x)
        x = rsp_get_bound_profile_package_response_esipa_write(&out, answer);
    eim_capabilities_release(&c);
    buf_release(&bytes);
    es_memory_release(&m);
    eim_session_release(&r.session);
    return x;
}

static enum err cancel_at_smdp(struct eim *e, const struct relay *r, const struct rsp_cancel_session_request_es9 *q,
                               struct es_status *status)
{
    struct buf response = { .max = 4096 };
    enum err x = q->response.which == RSP_CANCEL_SESSION_COMPACT
                     ? rebuilt(e, eim_rebuild_cancellation(e, &r->session, &q->response, &response), status)
                     : rsp_cancel_session_response_write(&q->response, &response);
    if (!x && !es_refused(status))
        x = eim_unreachable(e, es9p_cancel_session(&r->server, q->transaction_id, buf_span(&response), status), status);
    buf_release(&response);
    return x;
}

enum err eim_relay_cancel_session(void *actor, const struct rsp_cancel_session_request_es9 *q, struct buf *answer)
{
    struct eim *e = actor;
    struct relay r = RELAY_INIT;
    struct es_status status = { 0 };
    struct rsp_cancel_session_response_es9 out = { .which = RSP_OK, .ok = span_of("", 0) };
    enum err x = find_session(e, q->transaction_id, eim_cancellation_fits, &q->response, &r, &status);
    if (!x)
        refuse_discovery(&r, &status);
    if (!x && !es_refused(&status))
        x = cancel_at_smdp(e, &r, q, &status);
    if (es_refused(&status))
        out = (struct rsp_cancel_session_response_es9){
            .which = RSP_ERROR, .error = es_code_of_status(ES9P_CODES_CANCEL_SESSION, &status) };
    if (!x)
        x = rsp_cancel_session_response_es9_write(&out, answer);
    eim_session_release(&r.session);
    return x;
}
