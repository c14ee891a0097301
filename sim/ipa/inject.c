/* Injection (SGP.32 v1.2 5.14.4): the eIM pushes, and what it pushed waits in the journal for the tick, which owns the card. So it
 * is answered eimPackageReceived and the result goes its ordinary way; to who pushes again what is done by then, the result that
 * still waits for it is the answer. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "ipa_internal.h"
#include "rsp_codes.h"
#include "x509.h"

/* What may wait; more is refused, and the eIM comes again. */
#define INBOX_MAX 16

/* --- who may ------------------------------------------------------------------------------------------------ */

/* The key of an eIM's TLS, as the eUICC has it; one that cannot be read opens nothing. */
static bool read_key(struct ipa *i, const struct ipa_eim *eim, uint8_t key[65])
{
    const struct cert *certificate = NULL;
    struct rsp_key_data data = { .which = RSP_KEY_DATA_PUBLIC_KEY };
    struct der_tlv whole;
    struct span curve, point = { 0 };
    if (eim->trust.certificate.len && !cert_borrow(i->env->crypto, eim->trust.certificate, &certificate))
        point = SPAN_ARRAY(certificate->key.at);
    if (eim->trust.public_key.len && !der_only(eim->trust.public_key, 0x30, &whole)) {
        data.public_key = whole.value;
        if (rsp_key_data_point(&data, &curve, &point))
            point.len = 0;
    }
    bool found = point.len == 65;
    if (found)
        memcpy(key, point.at, 65);
    cert_give_back(i->env->crypto, certificate);
    return found;
}

void ipa_open_gate(struct ipa *i)
{
    struct ipa_gate gate = { .count = 0 };
    for (size_t k = 0; i->listens && k < i->eim_count; k++) {
        struct ipa_gate_eim *g = &gate.eim[gate.count];
        if (!ipa_eim_pushes(i->eims[k]))
            continue;
        snprintf(g->id, sizeof g->id, "%s", i->eims[k]->id);
        g->has_key = read_key(i, i->eims[k], g->key);
        gate.count++;
    }
    pthread_mutex_lock(&i->gate_lock);
    i->gate = gate;
    pthread_mutex_unlock(&i->gate_lock);
}

void ipa_close_gate(struct ipa *i)
{
    pthread_mutex_lock(&i->gate_lock);
    i->gate.count = 0;
    pthread_mutex_unlock(&i->gate_lock);
}

/* Whose certificate the settings list: "" nobody's that pushes. */
static const char *find_listed(const struct ipa *i, const struct ipa_gate *gate, struct span certificate)
{
    uint8_t fingerprint[32];
    if (sha256(i->env->crypto, &certificate, 1, fingerprint))
        return "";
    for (size_t k = 0; k < i->injector_count; k++) {
        const struct ipa_injector *one = &i->injectors[k];
        if (memcmp(one->fingerprint, fingerprint, sizeof fingerprint) != 0)
            continue;
        for (size_t g = 0; g < gate->count; g++)
            if (!one->eim || strcmp(one->eim, gate->eim[g].id) == 0)
                return gate->eim[g].id;
    }
    return "";
}

static const char *find_by_key(const struct ipa *i, const struct ipa_gate *gate, struct span peer)
{
    const struct cert *certificate = NULL;
    const char *found = "";
    if (cert_borrow(i->env->crypto, peer, &certificate))
        return found;
    for (size_t g = 0; g < gate->count; g++)
        if (gate->eim[g].has_key && memcmp(certificate->key.at, gate->eim[g].key, sizeof gate->eim[g].key) == 0)
            found = gate->eim[g].id;
    cert_give_back(i->env->crypto, certificate);
    return found;
}

/* Which eIM calls; "": none. Its certificate was judged by the listener; here it must be an eIM's: the key that the eUICC's
 * configuration names, or one that the settings list. */
static const char *find_eim(const struct ipa *i, const struct ipa_gate *gate, struct span peer)
{
    if (!peer.len)
        return "";
    const char *by_key = find_by_key(i, gate, peer);
    return by_key[0] ? by_key : find_listed(i, gate, peer);
}

/* --- what is pushed -------------------------------------------------------------------------------------------- */

struct pushing {
    struct ipa *ipa;
    const char *eim;
    bool v1_3; /* so the eIM speaks, and we do */
};

static struct span transaction_of(const struct rsp_transfer_eim_package_request *q)
{
    switch (q->which) {
    case RSP_TRANSFER_EUICC_PACKAGE:
        return q->package.package_signed.eim_transaction_id;
    case RSP_TRANSFER_DATA_REQUEST:
        return q->data.eim_transaction_id;
    case RSP_TRANSFER_DOWNLOAD:
        return q->download.eim_transaction_id;
    default:
        return (struct span){ 0 };
    }
}

/* The answer is the result that waits: false where it has no place in it (a download's). */
static bool show_result(const struct rsp_eim_package_result *result, struct rsp_transfer_eim_package_response *r)
{
    static const enum rsp_transfer_response_which as[] = {
        [RSP_EIM_RESULT_PACKAGE] = RSP_TRANSFER_RESPONSE_PACKAGE,
        [RSP_EIM_RESULT_PACKAGE_AND_NOTIFICATIONS] = RSP_TRANSFER_RESPONSE_PACKAGE_AND_NOTIFICATIONS,
        [RSP_EIM_RESULT_DATA] = RSP_TRANSFER_RESPONSE_DATA,
        [RSP_EIM_RESULT_DOWNLOAD] = RSP_TRANSFER_RESPONSE_NONE,
        [RSP_EIM_RESULT_ERROR] = RSP_TRANSFER_RESPONSE_ERROR,
    };
    *r = (struct rsp_transfer_eim_package_response){ .which = as[result->which], .package = result->package,
                                                     .notifications = result->notifications, .data = result->data,
                                                     .error = result->error.code };
    return r->which != RSP_TRANSFER_RESPONSE_NONE;
}

/* ERR_NOT_FOUND: none waits, or it may yet be taken back. `bytes` holds what *r points into. */
static enum err find_result(const struct pushing *by, struct span transaction, struct buf *bytes,
                            struct rsp_transfer_eim_package_response *r)
{
    struct rsp_provide_eim_package_result kept;
    int64_t deadline = 0;
    enum err e = ipa_journal_deadline(by->ipa, &deadline);
    if (!e)
        e = deadline ? ERR_NOT_FOUND : ipa_find_result(by->ipa, by->eim, transaction, bytes, &kept);
    return e || show_result(&kept.result, r) ? e : ERR_NOT_FOUND;
}

/* It is kept, or too much is. */
static enum err take_in(const struct pushing *by, struct span whole, struct rsp_transfer_eim_package_response *r)
{
    struct ipa *i = by->ipa;
    enum err e = ipa_journal_put_injected(i, by->eim, whole, INBOX_MAX);
    *r = (struct rsp_transfer_eim_package_response){ .which = RSP_TRANSFER_RESPONSE_RECEIVED };
    if (e == ERR_LIMIT) {
        log_fail(i->env->log, e, "SGP.32 5.14.4", "too much was pushed and is not done yet");
        r->which = RSP_TRANSFER_RESPONSE_ERROR;
        r->error = RSP_EIM_RESULT_ERROR_UNDEFINED_ERROR;
        return ERR_OK;
    }
    if (!e)
        LOG(i->env->log, LOG_INFO, "inject.received", F_TEXT("device", i->name), F_TEXT("eim", by->eim));
    return e;
}

/* SGP.32 v1.3: what is not the result says of which push it is. */
static void correlate(const struct pushing *by, struct span transaction, struct rsp_transfer_eim_package_response *r)
{
    if (!by->v1_3 || (r->which != RSP_TRANSFER_RESPONSE_RECEIVED && r->which != RSP_TRANSFER_RESPONSE_ERROR))
        return;
    r->which = r->which == RSP_TRANSFER_RESPONSE_ERROR ? RSP_TRANSFER_RESPONSE_ERROR_WITH_CID
                                                       : RSP_TRANSFER_RESPONSE_RECEIVED_WITH_CID;
    r->has_correlation = true;
    r->correlation = transaction.len
                         ? (struct rsp_correlation_id){ .which = RSP_CORRELATION_TRANSACTION, .eim_transaction_id = transaction }
                         : (struct rsp_correlation_id){ .which = RSP_CORRELATION_EID, .eid = SPAN_ARRAY(by->ipa->eid_octets) };
}

static enum err answer_push(void *actor, const struct rsp_transfer_eim_package_request *q, struct buf *answer)
{
    const struct pushing *by = actor;
    const struct span transaction = transaction_of(q);
    struct rsp_transfer_eim_package_response r;
    struct buf bytes = { .max = 128 << 10 };
    enum err e = find_result(by, transaction, &bytes, &r);
    if (e == ERR_NOT_FOUND)
        e = take_in(by, q->whole, &r);
    correlate(by, transaction, &r);
    if (!e)
        e = rsp_transfer_eim_package_response_write(&r, answer);
    buf_release(&bytes);
    return e;
}

static enum err refuse(const struct ipa *i, int status, const char *why, struct http_response *p)
{
    LOG(i->env->log, LOG_WARN, "inject.refused", F_TEXT("device", i->name), F_INT("status", status), F_TEXT("why", why));
    p->status = status;
    return ERR_OK;
}

enum err ipa_inject(struct ipa *i, const char *function, const struct http_request *q, struct http_response *p)
{
    static const struct esipa_server server = { .transfer_eim_package = answer_push };
    pthread_mutex_lock(&i->gate_lock);
    const struct ipa_gate gate = i->gate;
    pthread_mutex_unlock(&i->gate_lock);
    const char *protocol = http_header(q, "X-Admin-Protocol");
    struct pushing by = { i, find_eim(i, &gate, q->peer), i->v1_3 && protocol && strcmp(protocol, ESIPA_PROTOCOL_V1_3) == 0 };
    const struct esipa_service service = { .env = i->env, .server = &server, .actor = &by, .any_user_agent = true };
    if (!gate.count)
        return refuse(i, 503, "this IPA takes nothing pushed now", p);
    if (!by.eim[0])
        return refuse(i, 403, "the caller's certificate is not the eIM's", p);
    return function ? esipa_serve_json(&service, function, q, p) : esipa_serve(&service, q, p);
}

enum err ipa_inject_asn1(void *actor, const struct http_request *q, struct http_response *p)
{
    return ipa_inject(actor, NULL, q, p);
}

enum err ipa_inject_json(void *actor, const struct http_request *q, struct http_response *p)
{
    return ipa_inject(actor, q->part[0], q, p);
}
