/* The device as its own files see it. */
#ifndef LAB_IPA_INTERNAL_H
#define LAB_IPA_INTERNAL_H

#include <pthread.h>

#include "db.h"
#include "es10b.h"
#include "esipa.h"
#include "ipa.h"

#define IPA_URL_MAX 300
#define IPA_EIMS_MAX 8
#define IPA_EIM_ID_MAX 128
#define IPA_CI_OCTETS 20

/* An eIM that this IPA serves: the eUICC is associated with it, or was, and a result that is its own is still here. */
struct ipa_eim {
    char *id, *url;
    struct buf tls;          /* what `trust` points into */
    struct http_trust trust; /* trustedPublicKeyDataTls of its configuration; empty: the client's roots */
    uint8_t ci[IPA_CI_OCTETS]; /* euiccCiPKId of its configuration */
    size_t ci_len;             /* 0: it names none */
    bool associated;
    bool knows_card;         /* it saw EUICCInfo2 and the certificates, since the start */
    bool told;               /* it knows the present state */
    int64_t cause;           /* stateChangeCause to tell it; -1 none */
    int64_t protocols;       /* what it offers, RSP_EIM_… bits; 0: it does not say, so it may be able to do all */
    bool relays;             /* indirectProfileDownload of its configuration */
    bool separate;           /* it took a result only without the notifications beside it */
};

/* What was said outside and is not done yet. */
enum ipa_emergency { IPA_EMERGENCY_NO_WORD, IPA_EMERGENCY_BEGINS, IPA_EMERGENCY_IS_OVER };

/* Who may push here: read by the threads that serve. */
struct ipa_gate {
    size_t count; /* eIMs that push, and this IPA listens; 0: it is closed */
    struct ipa_gate_eim {
        char id[IPA_EIM_ID_MAX + 1];
        bool has_key;
        uint8_t key[65]; /* of its TLS */
    } eim[IPA_EIMS_MAX];
};

struct ipa {
    struct actor actor;
    const struct env *env;
    char *name, *imei, *esipa_path;
    char country[3];
    struct ipa_network *networks; /* texts owned */
    size_t network_count;
    struct buf initial_eim;
    int64_t poll_every, rollback_after, attach_every, fallback_after, return_every, result_refusals_max;

    const char *user_agent;  /* which IPA it is: static */
    bool ipae;
    bool json;               /* ESipa over JSON */
    struct rsp_wire wire;
    struct secret confirmation_code; /* empty: none */
    enum ipa_end_user end_user;
    uint32_t features;       /* what it announces: RSP_IPA_… bits */
    bool minimizes;          /* compact forms to the eIM that relays */
    bool indirect;           /* downloads and notifications go through the eIM */
    bool powered;
    bool v1_3;               /* of SGP.32 */
    bool wired;              /* there is another way to the eIM than the card's networks */
    bool emergency_on_loss;  /* without a network the emergency profile comes before the fallback profile */
    bool forget_eim;         /* wanted from outside, done at the next tick */
    bool ready;              /* the ISD-R is selected and the eIM known */
    struct es10_card card;
    char eid[33];
    uint8_t eid_octets[16];
    struct ipa_eim *eims[IPA_EIMS_MAX];
    size_t eim_count;
    struct ipa_eim *eim;     /* the one that is served now; NULL before the start */
    pthread_mutex_t gate_lock;
    struct ipa_gate gate;
    bool listens;            /* it may be pushed to, where an eIM does */
    struct ipa_injector *injectors; /* names owned */
    size_t injector_count;
    uint8_t imei_octets[8], tac[4];

    const struct ipa_network *network; /* where it is attached; NULL: offline */
    const char *in_the_way;  /* of attaching, as was said last: static; NULL: nothing */
    char session[64];
    bool notifications;      /* the card may hold some */
    int64_t notify_again;    /* not before, after a failure */
    unsigned notify_failures; /* in a row */
    unsigned failures;       /* to attach or to reach the eIM, in a row */
    char imsi[16];           /* of the profile last read */
    int64_t offline_since;   /* 0: online, or not known yet */
    int64_t ticked, due;     /* the last tick, and the next one as it asked for; 0: none yet */
    int64_t look_again;      /* in fallback: when to look for the lost network */
    enum err outcome;        /* of the last tick */
    bool no_fallback;        /* the eUICC said that it has none; asked again after the next switch */
};

/* Says in the log that a server did not serve, and why; nothing where e is none of a call's failures. */
void ipa_tell_trouble(struct ipa *i, const char *who, const char *where, enum err e);

/* --- journal: what must survive a power cut ----------------------------------------------------------- */

extern const char *const ipa_migrations[];
extern const size_t ipa_migration_count;

/* Until when the device must be online after an enable with rollback; 0: nothing is at stake. */
MUST_CHECK enum err ipa_journal_deadline(struct ipa *i, int64_t *deadline);
MUST_CHECK enum err ipa_journal_set_deadline(struct ipa *i, int64_t deadline, struct span grantor); /* eimId */
/* It is so much (ms) later, or earlier, where something is at stake. */
MUST_CHECK enum err ipa_journal_move_deadline(struct ipa *i, int64_t by);
/* The eIM that granted it; "" not known. */
MUST_CHECK enum err ipa_journal_grantor(struct ipa *i, char id[IPA_EIM_ID_MAX + 1]);
/* The IMSI that was left when falling back; "" when not in fallback. */
MUST_CHECK enum err ipa_journal_left_imsi(struct ipa *i, char imsi[16]);
/* A switch that is about to be made, so that a power cut leaves it told if it was made, and not if it was not: its cause, and the
 * profile enabled before (ICCID in hex, "none", or IPA_RESET_DONE). `left`: the IMSI to return to; NULL leaves what is there. */
#define IPA_ENABLED_TEXT 24
#define IPA_RESET_DONE "reset"
MUST_CHECK enum err ipa_journal_announce(struct ipa *i, int64_t cause, const char *before, const char *left);
MUST_CHECK enum err ipa_journal_announced(struct ipa *i, int64_t *cause, char before[IPA_ENABLED_TEXT]);
/* It was made: every eIM is to hear its cause. Or it was not. Either way nothing is announced any more. */
MUST_CHECK enum err ipa_journal_confirm(struct ipa *i, const char *left);
MUST_CHECK enum err ipa_journal_withdraw(struct ipa *i, const char *left);
/* enum ipa_emergency. */
MUST_CHECK enum err ipa_journal_emergency(struct ipa *i, int64_t *word);
MUST_CHECK enum err ipa_journal_set_emergency(struct ipa *i, enum ipa_emergency word);
/* What each eIM but one ("": all) has to hear; and that one of them has. */
MUST_CHECK enum err ipa_journal_set_cause(struct ipa *i, int64_t cause, const char *but);
MUST_CHECK enum err ipa_journal_end_cause(struct ipa *i, const char *eim);
/* The eIMs that are associated now, in the card's order; others stay while results for them do. */
MUST_CHECK enum err ipa_journal_set_eims(struct ipa *i, struct ipa_eim *const *eims, size_t count);
/* Rows: id, url, TLS certificate, TLS key, associated, cause, protocols, CI, relays; the associated ones first. ERR_NOT_FOUND:
 * none. */
MUST_CHECK enum err ipa_journal_each_eim(struct ipa *i, db_row_fn row, void *context);
/* A result for an eIM (EimPackageResult, whole), kept until it is answered. key: seqNumber of an EPR, so that the same one
 * is not kept twice; 0 for others. Nor are the same bytes. */
MUST_CHECK enum err ipa_journal_put_result(struct ipa *i, const char *eim, int64_t key, struct span result);
/* The oldest of the eIM that is served now that is due. None is put off for longer than `longest` (ms): the clock may have been set
 * back. */
MUST_CHECK enum err ipa_journal_next_result(struct ipa *i, int64_t longest, int64_t *id, int64_t *refusals, struct buf *result);
MUST_CHECK enum err ipa_journal_put_off_result(struct ipa *i, int64_t id, int64_t refusals, int64_t not_before);
/* Of the eIM that is served now. */
MUST_CHECK enum err ipa_journal_count_refused(struct ipa *i, int64_t *count);
/* The next one of an eIM behind *after, 0 before the first; moves it. ERR_NOT_FOUND: none. */
MUST_CHECK enum err ipa_journal_result_after(struct ipa *i, const char *eim, int64_t *after, struct buf *result);
MUST_CHECK enum err ipa_journal_drop_result(struct ipa *i, int64_t id);
/* The result of a rollback takes the place of every kept package result of its eIM, and nothing is at stake any more: one
 * transaction. */
MUST_CHECK enum err ipa_journal_put_rollback(struct ipa *i, const char *eim, int64_t key, struct span result);
/* Nothing more is kept for an eIM that is no longer associated. */
MUST_CHECK enum err ipa_journal_forget_eim(struct ipa *i, const char *eim);
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

/* What an eIM pushed (BF4E, whole) and is not done yet; the same bytes are kept once. ERR_LIMIT: that many wait already. */
MUST_CHECK enum err ipa_journal_put_injected(struct ipa *i, const char *eim, struct span bytes, int64_t most);
/* The oldest of the eIM that is served now, with the attempt counted. ERR_NOT_FOUND: none. */
MUST_CHECK enum err ipa_journal_next_injected(struct ipa *i, int64_t *id, int64_t *attempts, struct buf *bytes);
MUST_CHECK enum err ipa_journal_drop_injected(struct ipa *i, int64_t id);

/* --- procedures ---------------------------------------------------------------------------------------- */

/* eims.c. Reads the card's associations. ERR_NOT_FOUND: none; ERR_UNSUPPORTED, ERR_STATE, …: none that can be served. */
MUST_CHECK enum err ipa_read_eims(struct ipa *i);
void ipa_release_eims(struct ipa *i);
/* The one that is served now is no longer associated, and has all that is its own or never will. */
MUST_CHECK enum err ipa_forget_former(struct ipa *i);
/* Nobody knows the present state any more. */
void ipa_state_changed(struct ipa *i);
/* All eIMs but one ("": all) are to hear this cause. */
MUST_CHECK enum err ipa_tell(struct ipa *i, int64_t cause, const char *but);
/* Before and after a switch that no eIM ordered; ipa_journal_withdraw when it was not made. */
MUST_CHECK enum err ipa_announce(struct ipa *i, int64_t cause, const char *left);
MUST_CHECK enum err ipa_confirm(struct ipa *i, const char *left);
/* No answer came to the switch: what is announced stays so, and the card is started again, which settles it. Gives e back. */
enum err ipa_leave_announced(struct ipa *i, enum err e);
/* After a start: was what is announced made? The card says. */
MUST_CHECK enum err ipa_settle_announcement(struct ipa *i);
/* Which profile the card has enabled. */
MUST_CHECK enum err ipa_enabled_profile(struct ipa *i, uint8_t iccid[10], bool *any);
/* Whom to believe when talking to the eIM that is served now; NULL: the client's roots. */
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

bool ipa_eim_polls(const struct ipa_eim *eim);
bool ipa_eim_pushes(const struct ipa_eim *eim);
/* From now on the eIMs that push may do so, where this IPA listens; until it is closed. */
void ipa_open_gate(struct ipa *i);
void ipa_close_gate(struct ipa *i);
enum err ipa_inject_asn1(void *actor, const struct http_request *q, struct http_response *p);
enum err ipa_inject_json(void *actor, const struct http_request *q, struct http_response *p);

/* One round with the eIM: what it pushed, else what it has. *changed: the enabled profile is another one now, attach again. *more: ask again at once. */
MUST_CHECK enum err ipa_poll(struct ipa *i, bool *changed, bool *more);
/* results.c. What is due goes to the eIM that is served now; what it refuses is put off. ERR_REFUSED, ERR_IO, …: it is not there. */
MUST_CHECK enum err ipa_deliver_results(struct ipa *i);
MUST_CHECK enum err ipa_put_off_results(struct ipa *i);
/* The one of this transaction that waits for its eIM; `bytes` holds what *out points into. ERR_NOT_FOUND: none. */
MUST_CHECK enum err ipa_find_result(struct ipa *i, const char *eim, struct span transaction, struct buf *bytes,
                                    struct rsp_provide_eim_package_result *out);
/* May the eIM that is served now have more done? */
MUST_CHECK enum err ipa_has_room_for_results(struct ipa *i, bool *room);
MUST_CHECK enum err ipa_remove_acknowledged(struct ipa *i, struct span list);
MUST_CHECK enum err ipa_deliver_notifications(struct ipa *i, int64_t now);
/* What goes beside a result, the oldest first. */
#define IPA_BESIDE_MAX 16
struct ipa_beside {
    struct buf list; /* of PendingNotification; give it a maximum */
    int64_t seq_number[IPA_BESIDE_MAX];
    size_t count;
};
/* Notifications that wait on the card, for the eIM that is served now: none where it does not relay them. */
MUST_CHECK enum err ipa_put_beside(struct ipa *i, struct ipa_beside *out);
/* What the card still holds of package results goes into the journal: after a start. */
MUST_CHECK enum err ipa_collect_results(struct ipa *i);

MUST_CHECK enum err ipa_execute_package(struct ipa *i, const struct rsp_euicc_package_request *q, bool *changed);
MUST_CHECK enum err ipa_answer_data_request(struct ipa *i, const struct rsp_ipa_euicc_data_request *q);
MUST_CHECK enum err ipa_roll_back(struct ipa *i);
/* SGP.32 3.5.1, 5.9.20: without a bearer for long enough the fallback profile is enabled. */
MUST_CHECK enum err ipa_consider_fallback(struct ipa *i, int64_t now, int64_t *next);
/* SGP.32 5.9.21: in fallback, the network that was lost is looked for, and returned to. */
MUST_CHECK enum err ipa_consider_return(struct ipa *i, int64_t now, bool *changed);
/* A switch without an eIM was made: the card is started again, attached anew. */
MUST_CHECK enum err ipa_switched(struct ipa *i, const char *event);
/* emergency.c. `left`: the IMSI to return to, NULL: until somebody says that it is over. *done: the card switched. */
MUST_CHECK enum err ipa_enter_emergency(struct ipa *i, const char *left, bool *done);
MUST_CHECK enum err ipa_leave_emergency(struct ipa *i, bool *done);
/* Does what was said outside. */
MUST_CHECK enum err ipa_follow_emergency(struct ipa *i);
/* Is the emergency profile enabled? Then data and downloads are refused (ecallActive). */
MUST_CHECK enum err ipa_in_emergency(struct ipa *i, bool *active);
MUST_CHECK enum err ipa_refuse_download(struct ipa *i, const struct rsp_profile_download_trigger_request *q);
/* ci.c. What the eIM that is served now lets be offered to a server; `list` holds what it points into. ERR_NOT_FOUND: its
 * configuration names a CI that is none of the eUICC's. */
MUST_CHECK enum err ipa_offer_cis(const struct ipa *i, const struct rsp_euicc_info1 *all, struct buf *list,
                                  struct rsp_euicc_info1 *out);
/* The CI that the eUICC signs under whose identifier begins so. ERR_NOT_FOUND: none. */
MUST_CHECK enum err ipa_find_ci(struct ipa *i, struct span begins, uint8_t ci[IPA_CI_OCTETS]);
/* *ci of a server, made whole where it is cut short; one that is none of the eUICC's stays, for the eUICC to refuse. */
MUST_CHECK enum err ipa_complete_ci(struct ipa *i, uint8_t room[IPA_CI_OCTETS], struct span *ci);
/* Would the network of this IMSI take a device here now? Asks, and does not attach. */
MUST_CHECK enum err ipa_network_is_there(struct ipa *i, const char *imsi, bool *there);
struct rsp_activation_code;
/* What failed, in words, for the eIM's errorResponse; "" while all is well. */
struct ipa_failure {
    char text[200];
};
/* Whom to ask for what when the trigger has no activation code: the default SM-DP+, or the oldest event at an SM-DS, which is
 * asked by this device or, where downloads are relayed, by its eIM (eim_transaction_id: of the trigger). Fills address and
 * matchingId. ERR_REFUSED with *failure; ERR_IO, ERR_TIMEOUT: not answered; else as es11_… and es10b_…. */
MUST_CHECK enum err ipa_discover(struct ipa *i, const struct rsp_profile_download_data *data, struct span eim_transaction_id,
                                 struct rsp_activation_code *code, struct ipa_failure *failure);
/* What this device tells of itself; matching_id "": none. */
struct rsp_ctx_params1 ipa_ctx_params1(const struct ipa *i, const char *matching_id);
/* *changed: the new profile was enabled in the same session (immediate enable, SGP.32 5.9.15). */
MUST_CHECK enum err ipa_download(struct ipa *i, const struct rsp_profile_download_trigger_request *q, bool *changed);
/* pace.c. The clock may be set while the device waits (it came up without the time of day): what was planned moves along. A tick
 * that comes later than was asked for by more than the time of a rollback is taken for that, too. */
MUST_CHECK enum err ipa_follow_clock(struct ipa *i, int64_t now);
/* When to try again (pace.c): a wait shortened at random by up to a tenth, so that devices that woke together do not come
 * together; doubled by each failure in a row, at most `limit` times. */
int64_t ipa_wait(struct ipa *i, int64_t wait);
int64_t ipa_back_off(struct ipa *i, int64_t wait, unsigned failures, unsigned limit);

/* A JSON call of the baseband to its network. *answer may be NULL for an empty body; gives it. */
struct json_t;
MUST_CHECK enum err ipa_network_call(struct ipa *i, const char *method, const char *url, const struct json_t *body,
                                     int *status, struct json_t **answer);

#endif
