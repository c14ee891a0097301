/* Root SM-DS: SM-DP+s register events over ES12, eUICCs fetch theirs over ES11 (SGP.22 v2.5 3.6, 5.8, 5.9).
 *
 * Routes beside /gsma/rsp2/es9plus/… (ES11 in JSON, also under /gsma/rsp2/es11/), /gsma/rsp2/asn1 (ES11 in ASN.1) and
 * /gsma/rsp2/es12/… (client certificate of an SM-DP+); administration (client certificate of an administrator):
 *   GET /v1/events            -> {events, euiccs}: how many events stand, for how many eUICCs
 *   GET /v1/events?eid=…      -> {eid, events:[{rspServerAddress, registeredBy, registeredAt}]}  (never the eventId: it is
 *                                a download code)
 * Everything lives in env->db. */
#ifndef LAB_SMDS_H
#define LAB_SMDS_H

#include "env.h"
#include "http.h"
#include "rsp_wire.h"
#include "x509.h"

/* DSauth on one curve. The key is borrowed for the life of the SM-DS. */
struct smds_identity {
    struct span certificate; /* DER */
    const struct ec_key *key;
};

struct smds_client {
    const char *name;        /* functionRequesterIdentifier of an SM-DP+, or the administrator's name */
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate */
    bool administrator;
};

struct smds_settings {
    const char *const *addresses; /* the FQDNs it answers to, the first is its own; NULL-terminated */
    const struct smds_identity *identities;
    size_t identity_count;        /* 1 or 2 */
    struct trust *trust;          /* CIs for eUICC chains; judged with env's clock */
    struct rsp_wire wire;         /* how it writes what sources disagree about */
    bool warn_eid_range;          /* see struct cert_policy */
    const struct smds_client *clients;
    size_t client_count;
};

struct smds;
/* Borrows env, the trust and the keys; copies the rest. Migrates env->db. */
MUST_CHECK enum err smds_new(const struct env *env, const struct smds_settings *s, struct smds **out);
struct actor *smds_actor(struct smds *s); /* ops->free frees the SM-DS */

#endif
