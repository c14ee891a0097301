/* A carrier's network: it holds the subscribers' keys, authenticates SIMs by AKA where it has coverage and while the
 * carrier's platform allows service, and tells the platform when sessions begin and end.
 *
 * Administration (client certificate with NETWORK_RIGHT_ADMINISTER):
 *   PUT    /v1/subscribers/{imsi} {iccid, k, opc, algorithm?: "milenage"|"tuak", amf?: "8000", sqn?, resLength?,
 *          keccakIterations?}; hex throughout -> 204; an ICCID of another IMSI 409. SQN is kept when sqn is absent.
 *   POST   /v1/subscribers {subscribers:[{imsi, …the same…}]} -> 200 {stored}; all or none
 *   GET    /v1/subscribers/{imsi} -> {imsi, iccid, service, online, plmn, sessionId?, startedAt?}; never keys
 *   DELETE /v1/subscribers/{imsi} -> 204
 *   PUT    /v1/coverage {countries?: ["KE"], state?: "lost"|"restored"} -> 204; countries replaces the list, state is that
 *          of the whole network
 *   PUT    /v1/coverage/{country} {state} -> 204; 404 for a country that is not in the list
 *   GET    /v1/coverage -> {state, countries:[{country, state}]}
 *   PUT    /v1/status/{iccid} {service: bool} -> 204 (also with NETWORK_RIGHT_PLATFORM). An ICCID without status has no
 *          service. 19 and 20 digits name the same SIM.
 * Devices (no identity but the SIM's):
 *   POST   /v1/attach {imsi, imei?, country} -> 200 {attachId, rand, autn}; 404 cause unknown-subscriber
 *   POST   /v1/attach/{id}/authenticate {res} -> 200 {sessionId, plmn}; {auts} -> 200 {attachId, rand, autn} once more
 *          with the SIM's own SQN; 404 cause unknown-attach: ended by its first answer, or replaced by a later attach
 *   POST   /v1/sessions/{id}/check [{country}] -> 200 {online, cause?}; the country moves the device; 404 unknown-session
 *   DELETE /v1/sessions/{id} -> 204
 *   403 with cause no-coverage | service-not-allowed | authentication-failed
 * Anybody: GET /v1/health -> 200 {status:"ok"}
 * A session ends when it is replaced, detached, or loses coverage or service; causes of check: detached, replaced,
 * no-coverage, service-not-allowed.
 * Towards the platform, by tick, in order, until it was taken:
 *   POST {platform}/v1/network-events {iccid, event: "session-started"|"session-ended", at, plmn} */
#ifndef LAB_NET_H
#define LAB_NET_H

#include "env.h"
#include "http.h"

enum network_right { NETWORK_RIGHT_ADMINISTER = 1, NETWORK_RIGHT_PLATFORM = 2 };

struct network_client {
    const char *name;
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate's DER */
    unsigned rights;         /* enum network_right, combined; ADMINISTER includes the other */
};

struct network_settings {
    const char *plmn;         /* MCC and MNC, 5 or 6 digits: "26201" */
    const char *platform_url; /* "https://cmp.partner.example.com"; NULL: nobody is told */
    const struct network_client *clients;
    size_t client_count;
    struct secret storage_key; /* 32 octets: subscribers' keys are encrypted at rest */
    int64_t retry_ms;          /* first back-off towards the platform; 0: 1 s; doubles up to 5 min */
};

struct network;
/* Borrows env, copies the settings (ERR_CONFIG). Migrates env->db; everything lives there. */
MUST_CHECK enum err network_new(const struct env *env, const struct network_settings *s, struct network **out);
struct actor *network_actor(struct network *n); /* ops->free frees the network */

#endif
