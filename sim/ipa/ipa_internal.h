/* The device as its own files see it. */
#ifndef LAB_IPA_INTERNAL_H
#define LAB_IPA_INTERNAL_H

#include "db.h"
#include "es10b.h"
#include "esipa.h"
#include "ipa.h"

#define IPA_URL_MAX 300

struct ipa {
    struct actor actor;
    const struct env *env;
    char *name, *imei, *esipa_path;
    char country[3];
    struct ipa_network *networks; /* texts owned */
    size_t network_count;
    struct buf initial_eim;
    int64_t poll_every, rollback_after, attach_every, fallback_after, return_every;

    const char *user_agent;  /* which IPA it is: static */
    bool ipae;
    bool json;               /* ESipa over JSON */
    bool indirect;           /* downloads and notifications go through the eIM */
    bool powered;
    bool forget_eim;         /* wanted from outside, done at the next tick */
    bool ready;              /* the ISD-R is selected and the eIM known */
    struct es10_card card;
    char eid[33];
    uint8_t eid_octets[16];
    char eim_url[IPA_URL_MAX];
    struct buf eim_tls;      /* what `trust` points into */
    struct http_trust trust; /* trustedPublicKeyDataTls of the eIM configuration; empty: the client's roots */
    uint8_t imei_octets[8], tac[4];

    const struct ipa_network *network; /* where it is attached; NULL: offline */
    char session[64];
    bool told_of_change;     /* the eIM knows the present state */
    int64_t cause;           /* stateChangeCause to tell; -1 none */
    bool notifications;      /* the card may hold some */
    int64_t notify_again;    /* not before, after a failure */
    unsigned notify_failures; /* in a row */
    unsigned failures;       /* to attach or to reach the eIM, in a row */
    int deliveries;          /* of the oldest result, that were refused */
    char imsi[16];           /* of the profile last read */
    int64_t offline_since;   /* 0: online, or not known yet */
    int64_t look_again;      /* in fallback: when to look for the lost network */
    bool no_fallback;        /* the eUICC said that it has none; asked again after the next switch */
};

/* --- journal: what must survive a power cut ----------------------------------------------------------- */

extern const char *const ipa_migrations[];
extern const size_t ipa_migration_count;

/* Until when the device must be online after an enable with rollback; 0: nothing is at stake. */
MUST_CHECK enum err ipa_journal_deadline(struct ipa *i, int64_t *deadline);
MUST_CHECK enum err ipa_journal_set_deadline(struct ipa *i, int64_t deadline);
/* The IMSI that was left when falling back; "" when not in fallback. */
MUST_CHECK enum err ipa_journal_left_imsi(struct ipa *i, char imsi[16]);
MUST_CHECK enum err ipa_journal_set_fallback(struct ipa *i, const char *imsi, int64_t cause);
/* stateChangeCause that the eIM has not heard yet; -1 none. */
MUST_CHECK enum err ipa_journal_cause(struct ipa *i, int64_t *cause);
MUST_CHECK enum err ipa_journal_set_cause(struct ipa *i, int64_t cause);
MUST_CHECK enum err ipa_journal_end_cause(struct ipa *i);
/* A result for the eIM (EimPackageResult, whole), kept until it is answered. key: seqNumber of an EPR, so that the same one
 * is not kept twice; 0 for others. */
MUST_CHECK enum err ipa_journal_put_result(struct ipa *i, int64_t key, struct span result);
MUST_CHECK enum err ipa_journal_next_result(struct ipa *i, int64_t *id, struct buf *result);
MUST_CHECK enum err ipa_journal_drop_result(struct ipa *i, int64_t id);
/* The result of a rollback takes the place of every kept package result, and nothing is at stake any more: one transaction. */
MUST_CHECK enum err ipa_journal_put_rollback(struct ipa *i, int64_t key, struct span result);
/* The download under way: the eIM's transaction, the RSP one ("" before it is known), attempts. ERR_NOT_FOUND: none. */
struct ipa_download {
    uint8_t eim_transaction[16];
    size_t eim_transaction_len;
    uint8_t transaction[16];
    size_t transaction_len;
    int64_t attempts;
};
MUST_CHECK enum err ipa_journal_download(struct ipa *i, struct ipa_download *out);
MUST_CHECK enum err ipa_journal_set_download(struct ipa *i, const struct ipa_download *d);
/* Ends it together with keeping its result: one transaction. */
MUST_CHECK enum err ipa_journal_end_download(struct ipa *i, struct span result);

/* --- procedures ---------------------------------------------------------------------------------------- */

/* Whom to believe when talking to the eIM; NULL: the client's roots. */
const struct http_trust *ipa_eim_trust(const struct ipa *i);
/* The eIM as it is called: polls, results, relayed downloads. */
struct es_peer ipa_eim_peer(const struct ipa *i);
/* Powers the card up, opens the ISD-R, learns EID and eIM; writes the initial eIM when there is none. */
MUST_CHECK enum err ipa_start(struct ipa *i);
/* Does what forget_eim wants; the eIM hears of it by stateChangeCause reset(4). */
MUST_CHECK enum err ipa_reset_eim(struct ipa *i);
/* The card was reset (REFRESH) or forgot its channel: open it again. */
MUST_CHECK enum err ipa_restart_card(struct ipa *i);

/* Attaches with the enabled profile: reads its IMSI, runs AKA. ERR_REFUSED: no network takes it now. */
MUST_CHECK enum err ipa_attach(struct ipa *i);
/* Asks the network whether the bearer still stands; detaches when not (ERR_REFUSED). */
MUST_CHECK enum err ipa_check_bearer(struct ipa *i);
void ipa_detach(struct ipa *i);

/* One round with the eIM. *changed: the enabled profile is another one now, attach again. *more: ask again at once. */
MUST_CHECK enum err ipa_poll(struct ipa *i, bool *changed, bool *more);
MUST_CHECK enum err ipa_deliver_results(struct ipa *i);
MUST_CHECK enum err ipa_deliver_notifications(struct ipa *i, int64_t now);
/* What the card still holds of package results goes into the journal: after a start. */
MUST_CHECK enum err ipa_collect_results(struct ipa *i);

MUST_CHECK enum err ipa_execute_package(struct ipa *i, const struct rsp_euicc_package_request *q, bool *changed);
MUST_CHECK enum err ipa_answer_data_request(struct ipa *i, const struct rsp_ipa_euicc_data_request *q);
MUST_CHECK enum err ipa_roll_back(struct ipa *i);
/* SGP.32 3.5.1, 5.9.20: without a bearer for long enough the fallback profile is enabled. */
MUST_CHECK enum err ipa_consider_fallback(struct ipa *i, int64_t now, int64_t *next);
/* SGP.32 5.9.21: in fallback, the network that was lost is looked for, and returned to. */
MUST_CHECK enum err ipa_consider_return(struct ipa *i, int64_t now, bool *changed);
/* Would the network of this IMSI take a device here now? Asks, and does not attach. */
MUST_CHECK enum err ipa_network_is_there(struct ipa *i, const char *imsi, bool *there);
struct rsp_activation_code;
/* What failed, in words, for the eIM's errorResponse; "" while all is well. */
struct ipa_failure {
    char text[200];
};
/* Whom to ask for what when the trigger has no activation code: the default SM-DP+, or the oldest event at an SM-DS. Fills
 * address and matchingId. ERR_REFUSED with *failure; ERR_IO, ERR_TIMEOUT: not answered; else as es11_… and es10b_…. */
MUST_CHECK enum err ipa_discover(struct ipa *i, const struct rsp_profile_download_data *data,
                                 struct rsp_activation_code *code, struct ipa_failure *failure);
/* What this device tells of itself; matching_id "": none. */
struct rsp_ctx_params1 ipa_ctx_params1(const struct ipa *i, const char *matching_id);
/* *changed: the new profile was enabled in the same session (immediate enable, SGP.32 5.9.15). */
MUST_CHECK enum err ipa_download(struct ipa *i, const struct rsp_profile_download_trigger_request *q, bool *changed);
/* When to try again (pace.c): a wait shortened at random by up to a tenth, so that devices that woke together do not come
 * together; doubled by each failure in a row, at most `limit` times. */
int64_t ipa_wait(struct ipa *i, int64_t wait);
int64_t ipa_back_off(struct ipa *i, int64_t wait, unsigned failures, unsigned limit);

/* A JSON call of the baseband to its network. *answer may be NULL for an empty body; gives it. */
struct json_t;
MUST_CHECK enum err ipa_network_call(struct ipa *i, const char *method, const char *url, const struct json_t *body,
                                     int *status, struct json_t **answer);

#endif
