/* SM-DP+: ES2+ for operators, ES9+ for LPAs, IPAs and eIMs, one personalised profile per order (SGP.22 v2.5).
 *
 * Routes beside /gsma/rsp2/es2plus/… and /gsma/rsp2/es9plus/…, /gsma/rsp2/asn1; administration (client certificate of
 * an administrator; openapi.yaml has the details):
 *   POST /v1/profiles {profiles:[{iccid, imsi, k, opc | op, algorithm?: milenage|tuak, pin1?, puk1?, pin2?, puk2?, adm1?,
 *        profileType?, serviceProviderName?, profileName?, mccMnc?, gid1?, gid2?, profileClass?, profilePolicyRules?,
 *        ecallIndication?, fallbackAllowed?, matchingId?, operator?, notifications?:[{event, address}]}]} -> 200 {added} (all or none)
 *   GET  /v1/profiles/{iccid} -> {iccid, state, eid?, history:[{at, event}]}  (never keys, never the matchingId)
 *   GET  /v1/profiles/{iccid}/messages -> what was received about it, as it was received, secrets blotted out
 *   GET  /v1/profiles -> {counts by state}
 *   POST /v1/profile-types {name, operator, package} -> profiles of this type are made from this package; GET: the types
 *   POST /v1/stock {operator, profileType?, count, firstIccid, firstImsi, …} -> a batch of profiles, their keys made here
 *   POST /v1/stock/export {key, …} -> profiles with their keys sealed under a transport key; POST /v1/stock/import takes them
 *   GET  /v1/notifications?state=waiting|aside -> what operators have not accepted yet; POST /v1/notifications/{id}/retry,
 *        /v1/notifications/retry
 * The other clients, operators, may read what is their own; another's is answered as what does not exist.
 * An order confirmed with smdsAddress is an event at that SM-DS (ES12) until it is used up or cancelled; the tick tells it.
 * A client with a url is told how downloads of its profiles go (SGP.22 5.3.5), from an outbox, in order, until it accepts.
 * `operator` is the requester identifier that owns the profile for ES2+.
 * Everything lives in env->db; keys are encrypted at rest with storage_key. */
#ifndef LAB_SMDP_H
#define LAB_SMDP_H

#include "env.h"
#include "http.h"
#include "rsp_wire.h"
#include "x509.h"

/* DPauth and DPpb on one curve. Borrowed for the life of the SM-DP+. */
struct smdp_identity {
    enum ec_curve curve;
    struct span auth_certificate, pb_certificate; /* DER */
    const struct ec_key *auth_key, *pb_key;
};

struct smdp_client {
    const char *name;        /* functionRequesterIdentifier, or the administrator's name */
    uint8_t fingerprint[32]; /* SHA-256 of the client certificate */
    bool administrator;
    const char *url;         /* where this operator hears of downloads (ES2+.HandleDownloadProgressInfo); NULL: nowhere */
};

/* Keys of profiles leave and come in under these (AES-256). */
struct smdp_transport_key {
    const char *name;
    struct secret key; /* 32 octets */
};

/* A profile type that is made from a package file (TCA interoperable format, unprotected). */
struct smdp_profile_type {
    const char *name, *owner; /* profileType of orders; functionRequesterIdentifier of its operator */
    struct span package;
};

/* An SM-DS that orders may name in smdsAddress. */
struct smdp_smds {
    const char *name; /* "smds.example.com" */
    const char *url;  /* "https://smds.example.com" */
};

/* What ConfirmOrder and DownloadOrder say of an EID that is not the order's; sources differ. */
enum smdp_other_eid {
    SMDP_OTHER_EID_BY_FUNCTION, /* 8.1.1/3.10, and 8.2.1/3.10 in DownloadOrder */
    SMDP_OTHER_EID_3_1,         /* 8.1.1/3.1 in both */
    SMDP_OTHER_EID_3_10,        /* 8.1.1/3.10 in both */
};

/* What hashCc may be of (interpretation D-14). */
enum smdp_code_form { SMDP_CODE_ANY, SMDP_CODE_AS_TEXT, SMDP_CODE_AS_OCTETS };

struct smdp_settings {
    const char *const *addresses; /* the FQDNs it answers to, the first is its own; NULL-terminated */
    const struct smdp_identity *identities;
    size_t identity_count;        /* 1 or 2 */
    struct trust *trust;          /* CIs for eUICC chains; judged with env's clock */
    bool warn_eid_range;          /* see struct cert_policy */
    const struct smdp_client *clients;
    size_t client_count;
    struct secret storage_key;    /* 32 octets */
    const struct smdp_smds *smds;
    size_t smds_count;
    const struct smdp_transport_key *transport_keys;
    size_t transport_key_count;
    const struct smdp_profile_type *profile_types; /* kept in the store; borrowed by smdp_new only */
    size_t profile_type_count;
    bool ppk;                     /* packages are protected by random keys, sent as ReplaceSessionKeys (SGP.22 2.5.3) */
    bool same_otpk_only;          /* a package that was bound goes to that otPK.EUICC only: 8.2/3.7 (SGP.22 5.6.2) */
    bool rejection_ends_order;    /* endUserRejection of a session: its order is in error then; else as it was */
    int64_t order_valid_ms;       /* a released order expires after it; 0: never (8.8.5/4.10) */
    int64_t downloads_max;        /* packages bound for one order; 0: 10 (8.8.5/6.4) */
    struct rsp_wire wire;         /* how it writes what sources disagree about */
    enum smdp_code_form code_form;
    int64_t code_attempts;        /* wrong confirmation codes that an order survives; 0: 3 (8.2.7/6.4) */
    int64_t matching_id_min;      /* characters of a matchingId that an operator gives, at least */
    int64_t messages_kept;        /* received messages kept for each ICCID, 128 at most; 0: none */
    enum smdp_other_eid other_eid;
    bool foreign_told;            /* another operator's profile or type is not allowed (1.2); else as unknown as any (3.9) */
    bool unknown_notifications_refused; /* of no session or profile that is known: 8.10.1/3.9; else 204 */
    int64_t progress_kept;        /* notifications kept for each operator that does not take them; 0: 100000 */
    int64_t progress_refusals_max; /* refusals of one HandleDownloadProgressInfo before it is put aside; 0: 10 */
};

struct smdp;
/* Borrows env, the trust and the keys; copies the rest. Migrates env->db. */
MUST_CHECK enum err smdp_new(const struct env *env, const struct smdp_settings *s, struct smdp **out);
struct actor *smdp_actor(struct smdp *s); /* ops->free frees the SM-DP+ */

#endif
