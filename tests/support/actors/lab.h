/* SM-DP+, SM-DS, eIM, a device and its card in one process, wired directly, on a virtual clock: what the
 * tests of the three actors stand on. Databases are files, so that an actor can be killed at any write and
 * started again. */
#ifndef LAB_TESTS_LAB_H
#define LAB_TESTS_LAB_H

#include <pthread.h>

#include "card_fault.h"
#include "certs.h"
#include "db.h"
#include "eim.h"
#include "es10b.h"
#include "es2p.h"
#include "es9p.h"
#include "esipa.h"
#include "euicc.h"
#include "harness.h"
#include "ipa.h"
#include "json.h"
#include "smdp.h"
#include "wire.h"

#define LAB_EPOCH INT64_C(1767225600000)
#define LAB_EID "89049032123451234512345678901235"
#define LAB_OTHER_EID "89049032000000000000000000000163"
#define LAB_LEAD_ICCID "89000123456789012341"
#define LAB_LEAD_IMSI "262019876543210"
#define LAB_PARTNER_ICCID "89000123456789012358"
#define LAB_PARTNER_IMSI "262027654321098"
#define LAB_THIRD_ICCID "89000123456789012366"
/* 3GPP TS 35.207 set 1; every profile here has these. */
#define LAB_K "465b5ce8b199b49faa5f0a2ee238a6bc"
#define LAB_OPC "cd63cb71954a9f4e48a5994e37a02baf"
#define LAB_CODE "1$smdp.example.com$TOKEN-1"
#define LAB_SMDP_URL "https://smdp.example.com"
#define LAB_SMDS_URL "https://smds.example.com"
#define LAB_EIM_URL "https://eim.example.com"

enum lab_kind { LAB_SMDP, LAB_EIM, LAB_IPA, LAB_SMDS, LAB_KINDS };

struct lab;
struct yaml;
struct lab_part {
    struct lab *lab;
    enum lab_kind kind;
    struct log log;
    struct env env;
    char path[160];          /* of its database */
    unsigned writes, cut_at; /* the n-th write or commit kills it; 0 never */
    bool sick;               /* what would be written is refused (ERR_IO) */
    bool dead;               /* killed: call lab_restart */
    struct actor *actor;
};

struct lab_card {
    char eid[33];
    struct pki_euicc nist, brp;
    struct euicc_nvm_ram memory;
    struct euicc *euicc;
    struct card *card;
    struct es10_card es; /* its ISD-R, open */
};

/* A carrier's network that takes whoever proves to have the keys, while it covers the place. */
struct lab_network {
    struct actor actor;
    struct lab *lab;
    bool down;
    unsigned attached;
    uint8_t rand[16], res[8];
    uint64_t sqn;
};

struct lab_sink {
    struct log_sink sink;
    pthread_mutex_t lock; /* listeners log from threads of their own */
    struct buf said;      /* JSON lines of everybody */
};

struct lab {
    char folder[64];
    struct crypto *crypto;
    struct clock_virtual clock;
    struct lab_sink sink;
    struct log log;
    struct env env; /* the test's own; http is `anyone` */
    struct pki *pki;
    struct trust *trust, *operators;
    struct http_switch *wires;
    struct http_client *eso, *admin, *stranger, *anyone;
    struct lab_part part[LAB_KINDS];
    struct lab_card card;
    struct card_fault card_fault; /* between the device and its card */
    struct lab_network lead, partner;
    struct buf initial_eim;
    struct yaml *smdp_openapi; /* what the SM-DP+'s administration answers is held against it */
    const char *operator_url; /* where "eso" hears of downloads; NULL: nowhere. Restart the SM-DP+ after changing it. */
    struct ipa *ipa;
    int64_t progress_kept, matching_id_min; /* by the SM-DP+, from its next start on */
    int64_t messages_kept; /* by the SM-DP+, from its next start on */
    const struct smdp_transport_key *transport_keys;
    size_t transport_key_count;
    const struct smdp_profile_type *profile_types; /* of the SM-DP+'s settings, from its next start on */
    size_t profile_type_count;
    const char *const *receivers; /* of the eIM, from its next start on */
    int64_t heartbeat_ms;         /* the same: of its streams of events */
    int64_t keep_orders_ms;       /* the same: of orders that ended */
    bool rereads;                 /* the same: what devices notify of */
    bool eim_new_key;             /* the same: it signs with another key than at first, and knows both */
    int64_t order_valid_ms, downloads_max, code_attempts; /* of the SM-DP+, from its next start on */
    bool ppk, same_otpk_only, rejection_ends_order, foreign_told, unknown_notifications_refused; /* the same */
    enum smdp_other_eid other_eid;
    enum smdp_code_form code_form; /* the same */
    struct rsp_wire wire;          /* of servers and device, each from its next start on */
    const char *confirmation_code; /* of the device, from its next start on */
    enum ipa_end_user end_user; /* of the device, from its next start on */
    int64_t result_refusals_max; /* the same */
    bool ipae; /* the device announces itself as IPAe from its next start on */
    const char *pusher; /* eimId of the eIM that the device's settings list; NULL: whichever pushes */
    bool listens; /* what the eIM pushes is taken, from who shows CERT_OPERATOR_ADMIN, at https://meter-1.example.com */
    bool eim_download_data, eim_ctx_params1, eim_metadata; /* what it leaves to the eIM that relays */
    bool v1_3;      /* eIM and device speak SGP.32 v1.3, each from its next start on */
    bool minimizes; /* its messages to the eIM that relays are compact */
    bool indirect, json; /* its downloads go through the eIM; it speaks JSON: from its next start on */
    /* What the IPA, the eIM and the SM-DP+ call: a url that contains `hurdle` fails so, `hurdles` times (-1: always);
     * before or after the server. */
    const char *hurdle;
    enum err hurdle_err;
    int hurdles;
    bool hurdle_after;
    int hurdle_status;       /* with hurdle_after: the server's answer becomes this one, without a body; hurdle_err does not count */
    struct span hurdle_body; /* what the body must begin with; empty: whatever it is */
};

/* With SM-DP+ (no profiles yet), SM-DS and eIM running, and a good card; no device yet. */
void lab_open(struct lab *l);
void lab_close(struct lab *l);
/* Registers a card at the eIM; takes what provisioning writes into a card (l->initial_eim). */
void lab_register(struct lab *l, const struct lab_card *c);
void lab_get_initial_eim(struct lab *l);
/* That eIM's configuration, to be changed (`whole` is empty; its spans are l->initial_eim's), and what is written in its place. */
struct rsp_eim_configuration;
void lab_read_initial_eim(struct lab *l, struct rsp_eim_configuration *eim);
void lab_set_initial_eims(struct lab *l, const struct rsp_eim_configuration *eims, size_t count);
/* Starts the device, its card registered at the eIM. */
void lab_start_device(struct lab *l);
/* Ends the actor and starts it again over the same database. */
void lab_restart(struct lab *l, enum lab_kind kind);
const struct pki_item *lab_item(struct lab *l, const char *name);
/* What everybody logged so far holds this text. */
bool lab_said(struct lab *l, const char *text);
/* How much everybody logged so far, and whether what was logged since has a warning with this text. */
size_t lab_log_length(struct lab *l);
void lab_forget_log(struct lab *l);
bool lab_warned(struct lab *l, size_t since, const char *text);
/* The bytes of the database file, its journal included, hold these, or their hex in either case. */
bool lab_file_holds(struct lab *l, enum lab_kind kind, struct span bytes);

/* A card whose first credential is this row of the PKI table ("CERT_EUICC_ECDSA_NIST"); with a second on
 * brainpool when `both`. */
void lab_card_open(struct lab *l, struct lab_card *c, const char *certificate, const char *eid, bool both);
/* The same of a model: what `like` says beside EID, credentials, trust, profiles and memory. */
void lab_card_open_like(struct lab *l, struct lab_card *c, const char *certificate, const char *eid, bool both,
                        const struct euicc_settings *like);
void lab_card_close(struct lab_card *c);
/* Power off and on. */
void lab_card_reset(struct lab_card *c);
/* How many notifications wait on it; powers it off and on. */
unsigned lab_card_notifications(struct lab_card *c);
/* -1 absent, 0 disabled, 1 enabled. */
int lab_card_state(struct lab_card *c, const char *iccid);

/* One HTTP call with a JSON body ("" none). Returns the status, or minus the failure; *answer (may be NULL)
 * is given. */
int lab_call(struct lab *l, struct http_client *as, const char *method, const char *url, const char *body,
             json_t **answer);
/* The text of a member of the answer of a GET: "" when it is not there. Overwritten by the fourth call after.
 */
const char *lab_get(struct lab *l, struct http_client *as, const char *url, const char *member);

/* Imports the partner's profile (and, by type "bulk", two more) and orders, confirms and releases it for EID
 * ("": none) with LAB_CODE's matchingId. */
void lab_import(struct lab *l);
void lab_release(struct lab *l, const char *iccid, const char *eid, const char *matching_id,
                 const char *confirmation_code);
void lab_cancel(struct lab *l, const char *iccid);
const char *lab_profile_state(struct lab *l, const char *iccid);
/* What it was told of a profile, in the words of its history: "installed;notification install;notification enable;". */
void lab_history(struct lab *l, const char *iccid, char out[512]);

/* --- orders at the eIM, for the lab's eUICC ---------------------------------------------------- */
void lab_order(struct lab *l, const char *body);
/* "queued", "sent", "done", … of the order with this reference. */
const char *lab_order_state(struct lab *l, const char *reference);
/* A text of the order's result; "" it is not there. Overwritten by the next call. */
const char *lab_order_result(struct lab *l, const char *reference, const char *member);
/* The stateChangeCause that the eIM heard last; -1 none. */
int64_t lab_told_cause(struct lab *l);
/* How often what everybody logged so far holds this text. */
unsigned lab_times_said(struct lab *l, const char *text);

/* Ticks the device until it wants to wait; restarts it when it was killed. Returns when it wants to be
 * called. */
int64_t lab_tick(struct lab *l);
/* Ticks the SM-DP+ once; gives when it wants to be called. ERR_CUT: it was killed. */
MUST_CHECK enum err lab_tick_smdp(struct lab *l, int64_t *next);
/* Lets the SM-DP+ tell others what it has to tell for so long (ms); killed, it is started again. */
void lab_tell(struct lab *l, int64_t ms);
/* Lets ms of the world pass for the device and the eIM; who was killed is started again. */
void lab_run(struct lab *l, int64_t ms);

/* --- a download by hand: each step gives "" or the refusal's "subject/reason" ------------------ */
struct lab_download {
    struct lab *lab;
    struct lab_card *card;
    const char *matching_id, *address, *confirmation_code;
    bool code_as_octets; /* hashed so (interpretation D-14) */
    struct es_peer peer;
    struct es_memory memory;
    struct es_status status;
    char refusal[40];
    struct rsp_initiate_authentication_ok initiated;
    struct rsp_authenticate_client_ok authenticated;
    struct rsp_get_bound_profile_package_ok package;
    struct es10b_authenticate_server_response server;
    struct es10b_prepare_download_response prepared;
    struct es10b_load_bound_profile_package_response loaded;
};
void lab_download_begin(struct lab *l, struct lab_card *c, struct lab_download *d);
void lab_download_end(struct lab_download *d);
const char *lab_initiate(struct lab_download *d);     /* ES9+.InitiateAuthentication */
void lab_authenticate_server(struct lab_download *d); /* the card's part */
const char *lab_authenticate_client(struct lab_download *d);
void lab_prepare(struct lab_download *d); /* the card's part */
const char *lab_get_package(struct lab_download *d);
/* Loads it: 0 installed, else the ErrorReason. */
int64_t lab_load(struct lab_download *d);
/* All of it up to the package, stopping at the first refusal. */
const char *lab_fetch(struct lab_download *d);
/* Puts the card's own signature over the altered message in the place of `signature`, as a card that lies would. */
void lab_sign_again(struct lab *l, const struct lab_card *c, const struct rsp_tbs *tbs, struct span signature);
/* In the place of lab_prepare: what a card would sign that asks for no confirmation code. Its one-time key is its own key. */
void lab_prepare_by_hand(struct lab_download *d);
/* Inverts the lowest bit of the octet that a span of a received message begins with. */
void lab_flip(struct span at);

#endif
