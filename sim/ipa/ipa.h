/* A device: its baseband (attach with the enabled profile's own keys) and its IPA (SGP.32 v1.2): polling, packages, direct
 * download, notifications, rollback when not online in time. Several devices may share one database.
 * An IPAe is the same logic in the card's ownership: give it the card itself, with no reader between. It is true on the wire
 * only: BIP and the terminal below an IPAe's TLS are not simulated. */
#ifndef LAB_IPA_H
#define LAB_IPA_H

#include "card.h"
#include "env.h"
#include "http.h"
#include "rsp_wire.h"

/* A network the device may attach to: the home network of IMSIs that begin with plmn. */
struct ipa_network {
    const char *plmn;     /* "26201": MCC and MNC digits */
    const char *base_url; /* https://net.lead.example.com */
};

/* Who may push packages: an eIM by its client certificate. */
struct ipa_injector {
    const char *eim;         /* its eimId; NULL: the first associated one that pushes */
    uint8_t fingerprint[32]; /* SHA-256 of the certificate */
};

/* What the end user answers who is asked whether a profile may come (SGP.22 3.1.3); SGP.32 knows none. */
enum ipa_end_user { IPA_END_USER_ABSENT, IPA_END_USER_REJECTS, IPA_END_USER_POSTPONES };

struct ipa_settings {
    const char *name;               /* "meter-1"; unique in the database */
    const char *imei;               /* 15 digits; the TAC is its first 8 */
    const char *country;            /* where it is, ISO 3166 alpha-2 */
    struct card *card;              /* borrowed */
    struct span initial_eim;        /* BF57 to send when no eIM is associated; may be empty */
    const struct ipa_network *networks;
    size_t network_count;
    const char *esipa_path;         /* NULL: "/gsma/rsp2/asn1" */
    int64_t poll_every;             /* ms between polls when there is nothing to do; up to a tenth of it earlier */
    int64_t rollback_after;         /* ms without a bearer after an enable with rollback; SGP.32 leaves it open; 420 s */
    int64_t attach_every;           /* ms between attempts to attach; doubled by each that fails, up to eight times */
    bool ipae;                      /* announced as IPAe (User-Agent, BF42); the card must have one (E1, ipaeSupported) */
    bool json;                      /* ESipa over JSON instead of ASN.1 (SGP.32 6.4) */
    const char *confirmation_code;  /* for orders that want one (SGP.22 5.7.5); NULL: none. A secret */
    enum ipa_end_user end_user;     /* of a device with somebody to ask */
    /* Left to the eIM that relays (ipaFeatures): what is to be downloaded, ctxParams1, verifying profile metadata. */
    bool eim_download_data, eim_ctx_params1, eim_metadata;
    bool minimizes;                 /* where the eIM relays: compact forms, euiccInfo1 left out (minimizeEsipaBytes) */
    bool indirect;                  /* downloads and notifications go through the eIM (SGP.32 3.2.3.2) */
    struct rsp_wire wire;           /* how it writes what sources disagree about */
    bool v1_3;                      /* speaks SGP.32 v1.3 (X-Admin-Protocol) */
    bool wired;                     /* the eIM is reached without a bearer too: Ethernet, Wi-Fi */
    bool emergency_on_loss;         /* without a bearer for fallback_after the emergency profile is taken, if there is one */
    /* The IPA may be pushed to (SGP.32 5.14.4), by who has the eIM's TLS key (trustedPublicKeyDataTls) or is listed here. Its
     * listener asks for client certificates. */
    bool listens;
    const struct ipa_injector *injectors;
    size_t injector_count;
    int64_t fallback_after;         /* ms without a bearer before the fallback profile is taken; 0: 2 min */
    int64_t result_refusals_max;    /* so often a result is brought to an eIM that refuses it, at last every hour; 0: 1000 */
    int64_t return_every;           /* ms between looks, in fallback, whether the lost network is back; 0: 1 min */
};

struct ipa;
/* Borrows env, card; copies the rest. Migrates env->db; takes up what the journal holds. */
MUST_CHECK enum err ipa_new(const struct env *env, const struct ipa_settings *s, struct ipa **out);
struct actor *ipa_actor(struct ipa *i); /* routes: ESipa.TransferEimPackage in both bindings; ops->free frees the device, not the card */
/* What those routes do, for who has routes of its own: function NULL is the ASN.1 binding, else a path's last part. */
MUST_CHECK enum err ipa_inject(struct ipa *i, const char *function, const struct http_request *q, struct http_response *p);
/* Events from outside; each makes the next tick due at once. */
void ipa_move(struct ipa *i, const char *country);
void ipa_power(struct ipa *i, bool on);
/* The owner has the card forget its eIMs (eUICCMemoryReset, SGP.32 5.9.5); provisioning then writes the initial one again. */
void ipa_forget_eim(struct ipa *i);
/* An emergency begins, or is over: the card's emergency profile is enabled, or what was before it. Kept over a power cut. */
MUST_CHECK enum err ipa_call_emergency(struct ipa *i, bool begins);
/* How the last tick ended: ERR_OK, an eIM was reached and all that was due is done; else what stood in the way, which the log has told. */
enum err ipa_outcome(const struct ipa *i);
/* For reports and checks: the carrier's plmn whose bearer stands, "" when offline. */
const char *ipa_online_plmn(const struct ipa *i);
/* What the card says it holds, an array of {iccid, enabled, fallback}; not while the device ticks. Gives *out. */
struct json_t;
MUST_CHECK enum err ipa_profiles(struct ipa *i, struct json_t **out);

#endif
