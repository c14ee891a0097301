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

/* A session that nobody goes on with is forgotten after a day. */
#define RELAY_KEPT (1 * CLOCK_DAY)

struct relay {
    char order_id[37], address[256];
    bool smds;             /* it is an SM-DS */
    struct es_peer smdp;
    char url[300];
};

static void aim(struct eim *e, struct relay *r)
{
    snprintf(r->url, sizeof r->url, "https://%s", r->address);
    r->smdp = (struct es_peer){ .env = e->env, .base_url = r->url, .user_agent = "gsma-rsp-eim" };
}

static enum err hex_id(struct span id, char out[33])
{
    struct buf text = { .max = 32 };
    enum err x = id.len && id.len <= 16 ? hex_put_upper(&text, id) : ERR_PARSE;
    snprintf(out, 33, "%.*s", x ? 0 : (int)text.len, (const char *)text.at);
    buf_release(&text);
    return x;
}

static enum err relay_add(struct eim *e, struct span transaction_id, const struct relay *r)
{
    char id[33];
    int64_t now = clock_now(e->env->clock);
    enum err x = hex_id(transaction_id, id);
    if (!x)
        x = db_run(e->env->db, "DELETE FROM relay WHERE at < ?", DB_ARGS(DB_INT(now - RELAY_KEPT)), NULL);
    return x ? x
             : db_run(e->env->db, "INSERT INTO relay (transaction_id, order_id, address, at, smds) VALUES (?, ?, ?, ?, ?)",
                      DB_ARGS(DB_TEXT(id), DB_TEXT(r->order_id), DB_TEXT(r->address), DB_INT(now), DB_INT(r->smds)),
                      NULL);
}

static enum err take_relay(void *context, const struct db_row *row)
{
    struct relay *r = context;
    snprintf(r->order_id, sizeof r->order_id, "%s", db_text(row, 0));
    snprintf(r->address, sizeof r->address, "%s", db_text(row, 1));
    r->smds = db_int(row, 2);
    return ERR_OK;
}

/* ERR_NOT_FOUND: no such session. */
static enum err relay_get(struct eim *e, struct span transaction_id, struct relay *r)
{
    char id[33];
    *r = (struct relay){ 0 };
    enum err x = hex_id(transaction_id, id);
    if (!x)
        x = db_query(e->env->db, "SELECT order_id, address, smds FROM relay WHERE transaction_id = ?", DB_ARGS(DB_TEXT(id)),
                     take_relay, r);
    aim(e, r);
    return x == ERR_PARSE ? ERR_NOT_FOUND : x;
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
        x = eim_download_target(&o, asked, code, &r->smds);
    snprintf(r->order_id, sizeof r->order_id, "%s", o.id);
    snprintf(r->address, sizeof r->address, "%s", code->smdp_address);
    eim_order_release(&o);
    return x;
}

/* SGP.32 5.14.1: the server must be the one that was meant, and bear the OID the activation code names. */
static int64_t check_server(struct eim *e, const struct rsp_initiate_authentication_ok *ok, const struct relay *r,
                            const struct rsp_activation_code *code)
{
    const struct cert *server = NULL;
    if (!rsp_address_equal(ok->server_signed1.server_address, span_str(r->address)))
        return RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH;
    if (code->smdp_oid[0] && (cert_load(e->env->crypto, ok->server_certificate, &server) ||
                              strcmp(server->oid, code->smdp_oid) != 0))
        return RSP_INITIATE_AUTHENTICATION_SMDP_OID_MISMATCH;
    return 0;
}

static enum err answer_initiate(const struct rsp_initiate_authentication_ok *ok, const struct rsp_activation_code *code,
                                struct buf *answer)
{
    const struct rsp_initiate_authentication_response_esipa r = {
        .which = RSP_OK,
        .ok = { .transaction_id = ok->transaction_id,
                .server_signed1 = ok->server_signed1,
                .server_signature1 = ok->server_signature1,
                .ci_pkid = ok->ci_pkid,
                .server_certificate = ok->server_certificate,
                .matching_id = code->matching_id[0] ? span_str(code->matching_id) : (struct span){ 0 } },
    };
    return rsp_initiate_authentication_response_esipa_write(&r, answer);
}

enum err eim_relay_initiate_authentication(void *actor, const struct rsp_initiate_authentication_request_esipa *q,
                                           struct buf *answer)
{
    struct eim *e = actor;
    struct relay r = { 0 };
    struct rsp_activation_code code = { 0 };
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct rsp_initiate_authentication_ok ok = { 0 };
    enum err x = find_order(e, q->eim_transaction_id, q->smdp_address, &r, &code);
    if (x == ERR_REFUSED)
        return refuse_initiate(RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH, answer);
    if (x == ERR_NOT_FOUND || (!x && !q->has_euicc_info1))
        return refuse_initiate(x ? RSP_INITIATE_AUTHENTICATION_INVALID_EIM_TRANSACTION_ID
                                 : RSP_INITIATE_AUTHENTICATION_UNDEFINED_ERROR, answer);
    if (x)
        return x;
    if (q->smdp_address.len && !rsp_address_equal(q->smdp_address, span_str(r.address)))
        return refuse_initiate(RSP_INITIATE_AUTHENTICATION_SMDP_ADDRESS_MISMATCH, answer);
    aim(e, &r);
    const struct rsp_initiate_authentication_request request = { q->euicc_challenge, span_str(r.address),
                                                                 q->euicc_info1 };
    x = r.smds ? es11_initiate_authentication(&r.smdp, &request, &m, &ok, &status)
               : es9p_initiate_authentication(&r.smdp, &request, &m, &ok, &status);
    x = eim_unreachable(e, x, &status);
    int64_t mismatch = x || es_refused(&status) ? 0 : check_server(e, &ok, &r, &code);
    if (!x && es_refused(&status))
        x = refuse_initiate(es_code_of_status(r.smds ? ES11_CODES_INITIATE_AUTHENTICATION : ES9P_CODES_INITIATE_AUTHENTICATION,
                                              &status), answer);
    else if (!x && mismatch)
        x = refuse_initiate(mismatch, answer);
    else if (!x) {
        x = relay_add(e, ok.transaction_id, &r);
        if (!x)
            x = answer_initiate(&ok, &code, answer);
    }
    es_memory_release(&m);
    memory_clear(&code, sizeof code);
    return x;
}

/* --- AuthenticateClient, GetBoundProfilePackage, CancelSession --------------------------------------------- */

enum err eim_relay_authenticate_client(void *actor, const struct rsp_authenticate_client_request *q, struct buf *answer)
{
    struct eim *e = actor;
    struct relay r;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct rsp_authenticate_client_ok ok = { 0 };
    struct rsp_authenticate_client_response_esipa out = { .which = RSP_AC_ESIPA_ERROR };
    enum err x = relay_get(e, q->transaction_id, &r);
    if (!x && r.smds) {
        es_memory_release(&m);
        return eim_relay_discovery(e, &r.smdp, r.order_id, q, answer);
    }
    if (x == ERR_NOT_FOUND)
        es_refuse(&status, "8.10.1", "3.9", "no such relayed session"), x = ERR_OK;
    else if (!x)
        x = eim_unreachable(e, es9p_authenticate_client(&r.smdp, q, &m, &ok, &status), &status);
    if (es_refused(&status))
        out.error = es_code_of_status(ES9P_CODES_AUTHENTICATE_CLIENT, &status);
    else
        out = (struct rsp_authenticate_client_response_esipa){
            .which = RSP_AC_ESIPA_OK_DP,
            .dp = { .transaction_id = ok.transaction_id, .has_metadata = true, .metadata = ok.metadata,
                    .smdp_signed2 = ok.smdp_signed2, .smdp_signature2 = ok.smdp_signature2,
                    .smdp_certificate = ok.smdp_certificate },
        };
    if (!x)
        x = rsp_authenticate_client_response_esipa_write(&out, answer);
    es_memory_release(&m);
    return x;
}

enum err eim_relay_get_bound_profile_package(void *actor, const struct rsp_get_bound_profile_package_request *q,
                                             struct buf *answer)
{
    struct eim *e = actor;
    struct relay r;
    struct es_memory m = ES_MEMORY_INIT;
    struct es_status status = { 0 };
    struct rsp_get_bound_profile_package_ok ok = { 0 };
    struct rsp_get_bound_profile_package_response_esipa out = { .which = RSP_ERROR };
    enum err x = relay_get(e, q->transaction_id, &r);
    if (x == ERR_NOT_FOUND)
        es_refuse(&status, "8.10.1", "3.9", "no such relayed session"), x = ERR_OK;
    else if (!x)
        x = eim_unreachable(e, es9p_get_bound_profile_package(&r.smdp, q, &m, &ok, &status), &status);
    if (es_refused(&status))
        out.error = es_code_of_status(ES9P_CODES_GET_BOUND_PROFILE_PACKAGE, &status);
    else
        out = (struct rsp_get_bound_profile_package_response_esipa){
            .which = RSP_OK,
            .ok = { .transaction_id = ok.transaction_id, .bound_profile_package = ok.bound_profile_package },
        };
    if (!x)
        x = rsp_get_bound_profile_package_response_esipa_write(&out, answer);
    es_memory_release(&m);
    return x;
}

enum err eim_relay_cancel_session(void *actor, const struct rsp_cancel_session_request_es9 *q, struct buf *answer)
{
    struct eim *e = actor;
    struct relay r;
    struct es_status status = { 0 };
    struct buf response = { .max = 4096 };
    struct rsp_cancel_session_response_es9 out = { .which = RSP_OK, .ok = span_of("", 0) };
    enum err x = relay_get(e, q->transaction_id, &r);
    if (x == ERR_NOT_FOUND)
        es_refuse(&status, "8.10.1", "3.9", "no such relayed session"), x = ERR_OK;
    else {
        if (!x)
            x = rsp_cancel_session_response_write(&q->response, &response);
        if (!x)
            x = eim_unreachable(e, es9p_cancel_session(&r.smdp, q->transaction_id, buf_span(&response), &status),
                            &status);
    }
    if (es_refused(&status))
        out = (struct rsp_cancel_session_response_es9){
            .which = RSP_ERROR, .error = es_code_of_status(ES9P_CODES_CANCEL_SESSION, &status) };
    if (!x)
        x = rsp_cancel_session_response_es9_write(&out, answer);
    buf_release(&response);
    return x;
}

/* --- notifications ----------------------------------------------------------------------------------------- */

/* SGP.32 3.7: to the address it names; the device keeps what could not be delivered. */
enum err eim_relay_notification(struct eim *e, const struct rsp_pending_notification *n)
{
    const struct rsp_notification_metadata *m = rsp_pending_notification_metadata(n);
    struct relay r = { 0 };
    if (!m || !rsp_address_is_valid(m->address) || m->address.len >= sizeof r.address)
        return log_fail(e->env->log, ERR_UNSUPPORTED, "SGP.32 3.7", "a notification that names no SM-DP+");
    snprintf(r.address, sizeof r.address, "%.*s", (int)m->address.len, (const char *)m->address.at);
    aim(e, &r);
    return es9p_handle_notification(&r.smdp, n->whole);
}
