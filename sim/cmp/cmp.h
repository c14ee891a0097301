/* A carrier's connectivity management platform: accounts, the operator's inventory, the status of each SIM, sessions and
 * the billing ledger. It speaks the control-center dialect to enterprises and tells its network which SIMs to serve.
 *
 * To enterprises (Basic username:apiKey, realm "Jasper"; errors {"errorMessage","errorCode"}):
 *   GET /rws/api/v1/devices?modifiedSince&modifiedTill&accountId&status&pageSize(<=50)&pageNumber
 *   GET|PUT /rws/api/v1/devices/{iccid}   GET …/{iccid}/sessionInfo   GET …/{iccid}/auditTrails?daysOfHistory(<=365)
 *   GET /rws/api/v1/echo/{x}
 *   Only SIMs of the own account are seen. 19 and 20 digits name the same SIM; answers show what the inventory said.
 *   Times read 2026-01-31 12:00:00.000+0000.
 * With a client certificate (errors {"errorMessage","errorCode"} too), by right:
 *   ADMINISTER
 *   POST /v1/inventory {devices:[{iccid, imsi?, msisdn?, imei?, accountId?, status?, ratePlan?, communicationPlan?}]}
 *        -> 200 {added, known}; all or none; without accountId it is in the operator's inventory (status INVENTORY)
 *   PUT  /v1/inventory/refuse {cause}: transfers are refused with that errorCode; null ends it -> 200
 *   POST /v1/accounts {accountId, username, apiKey} -> 201; again 409
 *   GET  /v1/ledger/{iccid} -> {iccid, accountId, status, billable, billableSince, periods:[{status, from, until, billed}]}
 *   GET  /v1/devices/{iccid}/writes[?since=TIME] -> {iccid, count, writes:[{at, by, field, from, to}]}: calls that wrote to
 *        it (PUT, transfer, reversal); what the platform does by itself and the first load are none
 *   TRANSFER (the enterprise's eSO)
 *   POST /v1/transfers {iccid, accountId, reference, ratePlan?, communicationPlan?} -> 201 {reference, iccid, accountId,
 *        state: "done"}, again 200; 409 errorCode inventory-empty | not-in-inventory | other-account | reference-conflict
 *        | reversed, or the cause set by refuse
 *   POST /v1/transfers/{reference}/reverse -> 200 {…, state: "reversed"}; again 200; unknown 404: back into the inventory
 *   NETWORK
 *   POST /v1/network-events {iccid, event: "session-started"|"session-ended"|"attached"|"detached"|"rejected", at, plmn?}
 *        -> 200; told twice it counts once. session-started makes an ACTIVATION_READY SIM ACTIVATED.
 * Anybody: GET /v1/health -> 200 {status: "ok"}
 * Towards the network, by tick, in order for each SIM: PUT {network}/v1/status/{iccid} {"service": bool} when the
 * status of a SIM begins or ends to allow service, and for each new SIM. TEST_READY, ACTIVATION_READY and ACTIVATED allow it. */
#ifndef LAB_CMP_H
#define LAB_CMP_H

#include "env.h"
#include "http.h"

enum cmp_right { CMP_RIGHT_ADMINISTER = 1, CMP_RIGHT_TRANSFER = 2, CMP_RIGHT_NETWORK = 4 };

struct cmp_client {
    const char *name;
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate */
    unsigned rights;         /* enum cmp_right, combined; ADMINISTER includes the others */
};

struct cmp_settings {
    const char *carrier;          /* for the log: "partner" */
    const char *network_url;      /* "https://net.partner.example.com"; NULL: none to tell */
    const struct cmp_client *clients;
    size_t client_count;
    const char *transfer_status;  /* what a SIM gets when it is transferred; NULL: "TEST_READY" */
    unsigned calls_per_second;    /* of one enterprise, 429 beyond; 0: no limit */
};

struct cmp;
/* Borrows env, copies the settings. Migrates env->db; everything lives there. */
MUST_CHECK enum err cmp_new(const struct env *env, const struct cmp_settings *s, struct cmp **out);
struct actor *cmp_actor(struct cmp *c); /* ops->free frees the platform */

#endif
