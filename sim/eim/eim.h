/* eIM: ESipa for IPAs (ASN.1 binding, POST /gsma/rsp2/asn1; JSON binding, POST /gsma/rsp2/esipa/<function>), signed eUICC packages with a counter per eUICC, and a
 * northbound REST interface (client certificates; SGP.32 v1.2).
 *
 * Northbound (openapi.yaml has the details):
 *   POST /v1/euiccs {eid, euiccCertificate?, eumCertificate?, associationToken?, counter?, callback?}   base64 DER; chain judged;
 *        201, the same again 200. Without certificates the device is asked for them before its first package. callback: where the
 *        eUICC, as GET shows it, is POSTed when its IPA tells a stateChangeCause.
 *   POST /v1/euiccs/import {euiccs: [as above]} -> {registered, known, refused, results: [{eid, status, title?, detail?}]}
 *   GET  /v1/euiccs?limit&cursor -> {items, next?}
 *   GET  /v1/euiccs/{eid} -> {eid, lastContact, counter, certificateKnown, stateChangeCause?, rPlmn?, profiles?, eims?,
 *        capabilities?, …, learned: {name: when}}
 *   GET  /v1/euiccs/{eid}/initial-eim -> {addInitialEimRequest: base64 DER of BF57} for the device's provisioning
 *   POST /v1/initial-eim {eids} -> {results: [{eid, status: 200|404, addInitialEimRequest?}]}   for a batch of a factory
 *   POST /v1/euiccs/{eid}/orders {reference, kind, activationCode?, confirmationCode?, iccid?, parameters?, rollback?, callback?,
 *        validUntil?, priority?} -> 202 order; the same reference again -> 200, the same order
 *        kind: download {activationCode}, or with parameters {contact: defaultSmdp} or {contact: smds, smdsAddress?};
 *        confirmationCode?: told hashed when it is relayed, iccid?: what must come; enable,
 *        disable, delete, setFallback {iccid}; unsetFallback, list, getRat,
 *        listEim; with parameters: configureImmediateEnable {smdpOid?, smdpAddress?, enable?}, setDefaultDpAddress {address},
 *        addEim and updateEim {eimConfiguration, associationToken?}, updateEim {ownKey: true, counter?}: the eUICC is told the key of today, and goes on from that counter,
 *        deleteEim {eimId}, data {tags?}
 *   POST /v1/orders {as above, eids} -> {queued, known, refused, results: [{eid, status, orderId?, title?, detail?}]}; each order
 *        has the reference "<reference>/<eid>"
 *   POST /v1/orders/{id}/retry {activationCode?, confirmationCode?, validUntil?} -> 202 the order, queued again; 409 unless it
 *        ended without success
 *   DELETE /v1/euiccs/{eid}?force=true -> 204; POST /v1/euiccs/{eid}/transfer {tenant, force?} -> 204; 409 while orders are open
 *   POST /v1/keys {name, rights} -> 201 {id, key}; GET /v1/keys; DELETE /v1/keys/{id}   API keys of the caller's tenant
 *   PATCH /v1/euiccs/{eid} {associationToken?, injectUrl?, injectBinding?} -> 204: what waits is pushed to injectUrl; GET /v1/eim-configuration -> {eimConfiguration}
 *   GET  /v1/orders?eid&state&since&limit&cursor -> {items, next?}
 *   GET  /v1/orders/{id}, GET /v1/orders?reference=… -> order; DELETE /v1/orders/{id} cancels while queued (409 later);
 *        ?abandon=true also what was sent, which may have been done
 *   order = {orderId, reference, eid, kind, state: queued|sent|done|failed|expired|cancelled, lastContact?,
 *        lastError?: {name, detail, section, since}: why it waits though its device polls;
 *        result?: {code: number, name, profiles?:[{iccid,state,fallback}],
 *                  installation?:{ok, bppCommandId?, errorReason?, errorName?, iccid?, aid?}, error?, unsigned?: true}}
 * A result that came through ProfileRollback has state failed, result.name "rolledBack".
 *   POST /v1/webhooks {url, events?} -> 201 {id, secret}; GET /v1/webhooks; DELETE /v1/webhooks/{id}
 *   GET  /v1/events?follow=true|false -> text/event-stream: what came after Last-Event-ID and what comes; or then the end
 * Events: order.ended, euicc.stateChange, euicc.left; {type, timestamp, data}, signed (lib/http/webhook.h), until answered 2xx.
 * Callback: the order object is POSTed to `callback` from the outbox, until answered 2xx, in order per eUICC.
 * One package in flight per eUICC; the same bytes are resent until a verified result arrives. */
#ifndef LAB_EIM_H
#define LAB_EIM_H

#include "env.h"
#include "http.h"
#include "rsp_wire.h"
#include "x509.h"

/* What a caller of the northbound interface may do. */
enum eim_right {
    EIM_READ = 1, EIM_ORDER = 2, EIM_REGISTER = 4, EIM_ADMINISTER = 8,
    EIM_ALL_RIGHTS = 15,
    EIM_TRANSFER = 16, /* across tenants: nobody has it who was not given it by name */
};

/* Who may call. eUICCs, orders, keys and receivers belong to a tenant, and its callers see no other's. */
struct eim_client {
    const char *name;
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate */
    const char *tenant;      /* NULL: the one without a name */
    unsigned rights;         /* enum eim_right; 0: EIM_ALL_RIGHTS */
};

/* A key that some eUICCs still know. */
struct eim_former_key {
    struct span certificate;  /* DER */
    const struct ec_key *key; /* borrowed */
};

struct eim_settings {
    const char *eim_id;             /* as known to eUICCs, for example "eim.example.com" */
    const char *fqdn;               /* where IPAs poll */
    struct secret storage_key;      /* 32 octets: codes of downloads and secrets of webhooks are sealed at rest */
    struct span sign_certificate;   /* DER; its key is what eUICCs that are registered from now on are told */
    const struct ec_key *sign_key;  /* borrowed */
    const struct eim_former_key *former; /* at most 7 */
    size_t former_count;
    struct trust *trust;            /* CIs for eUICC chains */
    bool warn_eid_range;
    struct rsp_wire wire;           /* how it writes what sources disagree about */
    bool v1_3;                      /* speaks SGP.32 v1.3 */
    bool rereads;                   /* lists an eUICC's profiles when its device notifies that its state changed */
    int64_t postpone_ms;            /* when the eUICC could not now (emergency call, catBusy): before it is asked again; doubled each
                                       time up to 30 times; 0: 30 s */
    int64_t keep_orders_ms;         /* orders that ended and were told are forgotten after this; 0: 400 days */
    int64_t heartbeat_ms;           /* a stream of events that is quiet for so long says so; 0: 15 s */
    bool any_user_agent;            /* serve callers whose User-Agent is no IPA's (before v1.2 it was free) */
    /* NULL-terminated: SM-DP+ addresses that notifications may be relayed to beside those that downloads of the same eUICC
     * were relayed to; "*" any. NULL: no others. */
    const char *const *receivers;
    const struct eim_client *clients;
    size_t client_count;
};

struct eim;
/* Borrows env, the trust and the key; copies the rest. Migrates env->db. */
MUST_CHECK enum err eim_new(const struct env *env, const struct eim_settings *s, struct eim **out);
struct actor *eim_actor(struct eim *e); /* ops->free frees the eIM */

#endif
