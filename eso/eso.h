/* The eSIM orchestrator: devices, carriers, contracts, stock and swaps behind one REST interface. It calls an eIM
 * (northbound REST), carriers' platforms and SM-DP+ (ES2+) through env->http, and never touches a card itself.
 *
 * REST (JSON; problems are RFC 7807; times ISO 8601; identity: client certificate, or "Authorization: Bearer KEY"):
 *   POST /v1/carriers  {id, platform: "control-center"|"manual", platformUrl?, account?, username?, apiKey?: NAME of a
 *        secret in the settings, transferUrl?, smdpUrl?, requester?, codes?: "delegated"|"imported"} -> 201; again 409
 *   GET  /v1/carriers                                        -> {items: […]}
 *   POST /v1/contracts {id, carrier, model: "handover"|"resale", territory: ["KE"], quota?, validFrom?, validTo?,
 *        ratePlan?, communicationPlan?} -> 201
 *   GET  /v1/contracts                                       -> {items: [{…, used}]}
 *   POST /v1/stock {contract, codes: [{iccid, matchingId, smdpAddress}]} -> 200 {added, results: [{iccid, status:
 *        "added"|"duplicate"|"invalid", detail?}]}
 *   GET  /v1/stock[?contract=ID]                             -> {items: [{contract, counts: {available: 2, …}}]}
 *   GET  /v1/stock/{contract}                                -> {items: [{iccid, matchingId: "…1234", state, eid?}]}
 *   POST /v1/devices {eid, name?, tags?, country, eim, leadCarrier, profiles: [{iccid, carrier, state: "enabled"|
 *        "disabled", fallback?}], euiccCertificate?, eumCertificate?}  with certificates (base64 DER) it is also
 *        registered at its eIM -> 201
 *   GET  /v1/devices, /v1/devices/{eid}                      -> {…, profiles}
 *   PATCH /v1/devices/{eid} {country?, name?, tags?, eim?, euiccCertificate?, eumCertificate?} -> 200; with certificates it is
 *        registered at the new eIM too; eim while a swap is in progress 409
 *   POST /v1/euiccs/{eid}/swap {target: CARRIER} with Idempotency-Key -> 202, Location, swap; the same key again gives
 *        the same swap; another swap while one is in progress 409; refused by policy 422 with `cause`
 *   GET  /v1/swaps[?state=…&eid=…], /v1/swaps/{id}           -> swap
 *   POST /v1/swaps/{id}/cancel -> 202 swap; 409 when it can no longer be clean
 *   GET  /v1/alerts, /v1/audit                               -> {items, next?}
 *   POST /v1/hooks/eim/orders  the eIM's order object (right "hook") -> 204
 *   POST /v1/hooks/eim/euiccs  {eid, …}: the eIM heard of a stateChangeCause (right "hook"); the card is asked what it holds -> 204
 *   GET  /v1/health -> 200 {status: "ok"} without identity
 * Lists take ?limit= (1..200) and ?cursor=; `next` is the cursor of the following page.
 *
 *   swap = {id, eid, target, state, cause?, contract?, iccid?, requestedBy, createdAt, changedAt, deadline?,
 *           steps: [{step, attempt, at, outcome: "done"|"retry"|"wait"|"hold"|"next"|"fail", state, cause?, detail?}]}
 *   state: REQUESTED CHECKED ALLOCATED ORDERED DOWNLOADED FALLBACK_SET ENABLED CONFIRMED BILLING_SET, then DONE;
 *          HELD, WAITING_DEVICE (with cause and deadline), ROLLED_BACK, FAILED, CANCELLED, EXPIRED (with cause)
 *   step: request check take-code transfer prepare-platform order confirm-order download set-fallback enable confirm bill
 *         close; after a failure undo-order undo-transfer undo-platform settle-code end
 *   cause: stock-exhausted inventory-empty transfer-refused order-refused codes-refused download-failed fallback-refused
 *          enable-failed rolled-back not-confirmed device-not-seen eim-refused platform-refused … (plain words)
 *   alert = {id, kind: "stock-exhausted"|"code-quarantined"|"undo-incomplete"|"registration-refused", subject, swap?, at} */
#ifndef LAB_ESO_H
#define LAB_ESO_H

#include "env.h"
#include "http.h"

/* What a caller may do. */
enum eso_right {
    ESO_RIGHT_READ = 1,
    ESO_RIGHT_OPERATE = 2,    /* order and cancel swaps */
    ESO_RIGHT_ADMINISTER = 4, /* carriers, contracts, stock, devices */
    ESO_RIGHT_HOOK = 8,       /* an eIM that reports orders */
};

/* Who may call: by client certificate, or by API key; one of the two hashes is set (the other all zero). */
struct eso_client {
    const char *name;
    uint8_t fingerprint[32]; /* SHA-256 of the certificate's DER */
    uint8_t key_sha256[32];  /* SHA-256 of the API key */
    unsigned rights;         /* enum eso_right, combined */
};

/* A value that tables refer to by name only (a platform's API key). */
struct eso_secret {
    const char *name;
    struct secret value;
};

struct eso_eim {
    const char *id;  /* as devices name it: "eim.example.com" */
    const char *url; /* "https://eim.example.com" */
};

struct eso_settings {
    const char *tenant;              /* the enterprise; NULL: "default" */
    const char *url;                 /* own base for callbacks, "https://eso.example.com"; NULL: the eIM is polled */
    const struct eso_client *clients;
    size_t client_count;
    const struct eso_secret *secrets;
    size_t secret_count;
    const struct eso_eim *eims;
    size_t eim_count;
    struct secret storage_key;       /* 32 octets: download codes are encrypted at rest */
    int64_t hold_ms;                 /* how long a HELD swap waits; 0: 30 days */
    int64_t device_ms;               /* how long an order waits for the device; 0: 7 days */
    int64_t confirm_ms;              /* how long a session at the target may take; 0: 15 min */
    int64_t retry_ms;                /* first back-off; 0: 2 s; doubles up to 5 min */
    int64_t call_ms;                 /* an answer's deadline; 0: 30 s */
};

struct eso;
/* Borrows env; copies the settings. Migrates env->db; everything lives there, so a new object over the same database
 * goes on where the last one stopped. */
MUST_CHECK enum err eso_new(const struct env *env, const struct eso_settings *s, struct eso **out);
struct actor *eso_actor(struct eso *e); /* ops->free frees the eSO */

#endif
