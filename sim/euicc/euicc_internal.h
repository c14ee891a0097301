/* What the files of the software eUICC share. Private to sim/euicc. */
#ifndef LAB_EUICC_INTERNAL_H
#define LAB_EUICC_INTERNAL_H

#include "bsp.h"
#include "der.h"
#include "euicc.h"
#include "euicc_state.h"
#include "rsp_codes.h"
#include "rsp_message.h"
#include "rsp_store_metadata.h"

#define EUICC_CHANNELS 4
#define EUICC_CREDENTIALS_MAX 4
#define EUICC_REQUEST_MAX (256u * 255u)
#define EUICC_RESPONSE_MAX (64u << 10)
#define EUICC_NO_CREDENTIAL 0xffu

/* Status words of ISO 7816-4, ETSI TS 102 221 and GlobalPlatform that the card answers. */
enum status_word {
    SW_OK = 0x9000,
    SW_MORE = 0x6100,
    SW_PROACTIVE = 0x9100,
    SW_END_OF_FILE = 0x6282,
    SW_DEACTIVATED = 0x6283, /* what was selected */
    SW_MORE_DATA = 0x62f1,
    SW_MORE_EXPECTED = 0x63f1,
    SW_TRIES_LEFT = 0x63c0,
    SW_EXECUTION_ERROR = 0x6400, /* nothing was changed */
    SW_MEMORY_PROBLEM = 0x6581,
    SW_WRONG_LENGTH = 0x6700,
    SW_CHANNEL_NOT_SUPPORTED = 0x6881,
    SW_INCOMPATIBLE_FILE = 0x6981,
    SW_SECURITY_STATUS = 0x6982,
    SW_BLOCKED = 0x6983,
    SW_REFERENCED_DATA_INVALID = 0x6984, /* a disabled PIN, a deactivated file */
    SW_CONDITIONS_NOT_SATISFIED = 0x6985,
    SW_NO_EF_SELECTED = 0x6986,
    SW_INCORRECT_DATA = 0x6a80,
    SW_FUNCTION_NOT_SUPPORTED = 0x6a81,
    SW_FILE_NOT_FOUND = 0x6a82,
    SW_RECORD_NOT_FOUND = 0x6a83,
    SW_NOT_ENOUGH_MEMORY = 0x6a84,
    SW_INCORRECT_P1P2 = 0x6a86,
    SW_REFERENCE_NOT_FOUND = 0x6a88,
    SW_WRONG_OFFSET = 0x6b00,
    SW_WRONG_LE = 0x6c00,
    SW_UNKNOWN_INSTRUCTION = 0x6d00,
    SW_UNKNOWN_CLASS = 0x6e00,
    SW_NO_DIAGNOSIS = 0x6f00,
    SW_MAXIMUM_REACHED = 0x9850,
    SW_MAC_FAILURE = 0x9862,
    SW_NOT_SUPPORTED_CONTEXT = 0x9864,
};

struct command {
    uint8_t cla, ins, p1, p2;
    struct span data;
    bool has_le;
    unsigned le; /* 1..256 */
    unsigned channel;
};

#define NEXT_OCCURRENCE 2 /* lower bits of P2 of SELECT by AID */
enum selected { SELECTED_UICC, SELECTED_ISD_R };
struct transfer;
struct channel {
    bool open;
    enum selected selected;
    struct buf request; /* STORE DATA blocks so far */
    unsigned next_block;
    struct buf response; /* what GET RESPONSE still has to give */
    size_t given;
    uint16_t status; /* told again with the last of it */
    uint16_t directory, ef, adf; /* indexes into the enabled profile's files; SAIP_NONE */
    unsigned record;
    struct transfer *transfer; /* of a BER-TLV object, block by block; NULL none */
};

struct credential {
    enum ec_curve curve;
    struct shared *certificate, *eum_certificate;
    struct secret key;
    uint8_t ci[20];
    struct ec_key *parsed; /* while the card is powered */
};

/* What an RSP session keeps, in RAM only (catalogue B.12). */
enum session_step {
    SESSION_NONE,
    SESSION_CHALLENGE,
    SESSION_AUTHENTICATED,
    SESSION_PREPARED,
    SESSION_LOADING
};
struct session {
    enum session_step step;
    uint8_t challenge[16];
    struct shared *transaction_id, *server_address;
    const struct cert *dp_auth, *dp_pb; /* in hand until the session ends */
    unsigned credential;
    struct ec_signature euicc_signature1;
    struct ec_key *otsk; /* kept for the next session too: the SM-DP+ may ask for the same again */
    struct ec_point otpk;
    uint8_t
        installed[10]; /* ICCID of the profile that this session installed, for ImmediateEnable */
    bool has_installed, immediate_allowed;
    struct loader *loader;
};

/* The card application toolkit: one REFRESH at most. */
enum cat_step {
    CAT_IDLE,
    CAT_PREPARED, /* by the running command; pending once that is saved */
    CAT_PENDING,
    CAT_FETCHED
};
struct cat {
    bool terminal_refreshes;
    enum cat_step step;
};

struct usim;
struct euicc {
    struct card card;
    struct env env;
    uint8_t eid[16];
    struct credential credentials[EUICC_CREDENTIALS_MAX];
    size_t credential_count;
    struct trust *trust;
    uint32_t memory;
    unsigned eim_max;
    int64_t counter_max;
    uint8_t svn[3];
    struct shared *rat; /* rules; NULL: the default one */
    struct rsp_wire wire;
    bool no_fallback, no_ecall, no_crl, no_test_profile, ipae, sgp22_only, v1_3, no_eim_reset;
    bool no_immediate_enable;
    bool interruption_leaves_result, strict_services;
    struct euicc_nvm *nvm;
    struct euicc_contents *contents; /* NULL: nothing is shared */
    struct state *now, *next; /* next: what the running command changed, NULL while nothing */
    bool powered;
    struct channel channels[EUICC_CHANNELS];
    struct session session;
    struct cat cat;
    struct usim *usim; /* of the enabled profile, once used; NULL */
};

/* The contents of a list that was built, also of one without items: empty and absent are two things
 * in lib/rsp. */
struct span list_contents(const struct buf *list);

/* ---- transaction: one per command
 * --------------------------------------------------------------------------- */
const struct state *euicc_state(const struct euicc *e);
/* The state to change; saved when the command ends well, dropped when it does not. */
MUST_CHECK enum err euicc_change(struct euicc *e, struct state **out);
MUST_CHECK enum err euicc_commit(struct euicc *e);
void euicc_discard(struct euicc *e);
/* Takes `kept`, a copy of what was changed so far, in place of what was changed since; returns it. */
struct state *euicc_return_to(struct euicc *e, struct state *kept);

/* ---- APDU and ES10 dispatch
 * ----------------------------------------------------------------------------------- */
/* Appends response data and sets *sw. A failure ends in a status word too, but ERR_CUT, which ends
 * the power.
 */
MUST_CHECK enum err apdu_process(struct euicc *e, struct span command, struct buf *response);
void channel_close(struct channel *c);
/* A failure that no status word names: 6F00 (TS 102 221 10.2.1.6). ERR_OK and ERR_CUT are none. */
bool failure_is_undefined(enum err err);
/* One complete ES10 request, its change of memory committed. What failed inside is undefinedError where the function's
 * answer has it (SGP.22 5.7, SGP.32 5.9), else the caller's to answer. */
MUST_CHECK enum err es10_execute(struct euicc *e, struct span request, struct buf *response,
                                 uint16_t *sw);

/* ---- card application toolkit
 * ----------------------------------------------------------------------------------- */
/* A proactive session is under way: catBusy. */
bool cat_is_busy(const struct euicc *e);
/* Wants a REFRESH after this command, if the terminal takes one. */
void cat_refresh(struct euicc *e, bool wanted);
void cat_settle(struct euicc *e, bool saved);            /* the command that wanted it ended */
uint16_t cat_status(const struct euicc *e, uint16_t sw); /* 91xx in place of 9000 while one waits */
uint16_t cat_terminal_profile(struct euicc *e, const struct command *c);
MUST_CHECK enum err cat_fetch(struct euicc *e, const struct command *c, struct buf *response,
                              uint16_t *sw);
uint16_t cat_terminal_response(struct euicc *e, const struct command *c);

/* ---- identity, signing
 * ------------------------------------------------------------------------------------------ */
/* The credential of a CI key identifier; EUICC_NO_CREDENTIAL. */
unsigned euicc_credential_of(const struct euicc *e, struct span ci);
MUST_CHECK enum err euicc_sign(struct euicc *e, unsigned credential, const struct span *tbs,
                               size_t count, struct ec_signature *out);
MUST_CHECK enum err euicc_sign_tbs(struct euicc *e, unsigned credential, const struct rsp_tbs *tbs,
                                   struct ec_signature *out);
struct rsp_euicc_info2;
/* What EUICCInfo points to while it is written. */
struct info_storage {
    struct buf signing, verification, card_resource;
};
MUST_CHECK enum err euicc_info2_fill(const struct euicc *e, struct rsp_euicc_info2 *info,
                                     struct info_storage *storage);
void info_storage_release(struct info_storage *s);

/* Is this certificate of that CI on a list that was loaded? */
bool crl_revokes(const struct euicc *e, struct span ci, const struct cert *c);

/* ---- sessions, loading
 * -------------------------------------------------------------------------------------------- */
void session_reset(struct euicc *e); /* all but the one-time key */
void session_release(struct euicc *e);
bool session_is(const struct session *s, struct span transaction_id);
void loader_free(struct loader *l);
/* One segment of a bound profile package; answers BF37 when there is something to report. */
MUST_CHECK enum err load_segment(struct euicc *e, struct span segment, struct buf *response,
                                 uint16_t *sw);
bool load_is_segment(uint32_t tag);

/* ---- interruptions (interruption.c)
 * ------------------------------------------------------------------------------------- */
/* At power on: what was cut leaves its result, where the settings say so. */
MUST_CHECK enum err interruption_report(struct euicc *e);
/* Of a download and of an eUICC package, from its note. ERR_PARSE: the note is damaged. */
MUST_CHECK enum err load_report_interruption(struct euicc *e, struct span note);
MUST_CHECK enum err package_report_interruption(struct euicc *e, struct span note);
#define INTERRUPTED_PACKAGE 0xbf51 /* tag around the note of a package */

/* ---- installing (install.c)
 * ------------------------------------------------------------------------------------- */
#define INSTALL_OK 0 /* else enum rsp_error_reason */
struct install {
    struct span metadata, isdp, upp; /* metadata: BF25 whole; isdp: contents of B8 */
    unsigned credential;
    bool enabled, fallback, preloaded; /* only at the factory */
};
/* Judges metadata alone, before the package is there. */
int64_t install_check_metadata(const struct euicc *e, const struct rsp_store_metadata *m);
/* Adds the profile to the changed state. *reason says why not; then the state is as before. `sima`
 * (ceiling set) gets the EUICCResponse; aid the new ISD-P's AID. */
MUST_CHECK enum err install_profile(struct euicc *e, const struct install *i, int64_t *reason,
                                    struct buf *sima, uint8_t aid[16]);
/* The one of a package that was read to its end and then could not be written. */
MUST_CHECK enum err install_tell_memory_failure(struct span upp, struct buf *sima);
struct saip_package;
/* Marks what this card tells of: a header that mandates services it does not have, parameters that nobody knows, and, where
 * the settings are strict, applications. kept: the same package, whose elements may be vouched for; NULL: there is none. */
void install_judge(const struct euicc *e, const struct kept_package *kept, struct saip_package *p);
/* The EUICCResponse of a package of which so much had come when the card was full. */
MUST_CHECK enum err install_tell_full(const struct euicc *e, struct span upp, struct buf *sima);
uint64_t memory_used(const struct state *s);
uint64_t memory_free(const struct euicc *e);

/* ---- profiles
 * -----------------------------------------------------------------------------------------------------
 */
MUST_CHECK enum err profile_metadata(const struct profile *p, struct rsp_store_metadata *m);
bool profile_has_rule(const struct profile *p, uint32_t rule);
/* Enables `to` (NULL: none) after disabling what is enabled; writes their notifications. Decides
 * nothing. */
MUST_CHECK enum err profile_switch(struct euicc *e, struct state *s, struct profile *to);
MUST_CHECK enum err profile_remove(struct euicc *e, struct state *s, struct profile *p);
struct rsp_profile_info_request;
/* Appends the E3 entries that match. ERR_PARSE: the tag list is malformed. */
MUST_CHECK enum err profile_list(const struct euicc *e, const struct state *s,
                                 const struct rsp_profile_info_request *r, struct buf *list);

/* ---- notifications
 * -------------------------------------------------------------------------------------------- */
/* One otherSignedNotification per address configured for the event. */
MUST_CHECK enum err notify(struct euicc *e, struct state *s, const struct profile *p,
                           uint32_t event);
MUST_CHECK enum err pending_put(struct state *s, enum pending_kind kind, uint32_t seq,
                                uint32_t event, struct span bytes);
uint32_t next_seq(struct state *s);

/* ---- eIMs
 * -------------------------------------------------------------------------------------------------------
 */
struct rsp_eim_configuration;
struct eim *eim_find(const struct state *s, struct span eim_id);
/* Result code of addEim (0 ok); on ok the record was added, its token made where asked for. */
MUST_CHECK enum err eim_add(struct euicc *e, struct state *s, const struct rsp_eim_configuration *c,
                            int64_t *code, struct rsp_int *token);
/* Verifies with the eIM's key. ERR_VERIFY. */
MUST_CHECK enum err eim_verify(struct euicc *e, const struct eim *m, const struct rsp_tbs *tbs,
                               struct span signature);
unsigned eim_credential(const struct euicc *e, const struct eim *m);

/* ---- USIM
 * ---------------------------------------------------------------------------------------------------------
 */
/* Commands of the enabled profile's UICC. Sets *sw; a failure is ERR_NOMEM, ERR_IO, ERR_CUT. */
MUST_CHECK enum err usim_process(struct euicc *e, struct channel *ch, const struct command *c,
                                 struct buf *response, uint16_t *sw);
void usim_close(struct euicc *e); /* after a switch of profiles, and at reset */
size_t usim_footprint(const struct usim *u);
void transfer_end(struct channel *ch); /* what did not get to its last block changes nothing */

/* ---- ES10 functions: one file each; and their undefinedError where it is more than a number
 * ------------------------------------------------------------------------------ */
typedef enum err es10_undefined(struct euicc *e, uint32_t tag, struct span request, struct buf *response);
es10_undefined authenticate_server_undefined, prepare_download_undefined, load_euicc_package_undefined,
    memory_reset_undefined;
#define ES10_FUNCTION(name)                                                                        \
    MUST_CHECK enum err name(struct euicc *e, struct span request, struct buf *response)
ES10_FUNCTION(isdr_get_eid);
ES10_FUNCTION(isdr_get_euicc_info1);
ES10_FUNCTION(isdr_get_euicc_info2);
ES10_FUNCTION(isdr_get_euicc_challenge);
ES10_FUNCTION(isdr_get_configured_addresses);
ES10_FUNCTION(isdr_set_default_dp_address);
ES10_FUNCTION(isdr_set_default_dp_address_sgp32);
ES10_FUNCTION(isdr_authenticate_server);
ES10_FUNCTION(isdr_prepare_download);
ES10_FUNCTION(isdr_cancel_session);
ES10_FUNCTION(isdr_get_certs);
ES10_FUNCTION(isdr_get_profiles_info);
ES10_FUNCTION(isdr_enable_profile);
ES10_FUNCTION(isdr_disable_profile);
ES10_FUNCTION(isdr_delete_profile);
ES10_FUNCTION(isdr_set_nickname);
ES10_FUNCTION(isdr_get_rat);
ES10_FUNCTION(isdr_list_notification);
ES10_FUNCTION(isdr_retrieve_notifications_list);
ES10_FUNCTION(isdr_remove_notification);
ES10_FUNCTION(isdr_add_initial_eim);
ES10_FUNCTION(isdr_get_eim_configuration_data);
ES10_FUNCTION(isdr_load_euicc_package);
ES10_FUNCTION(isdr_profile_rollback);
ES10_FUNCTION(isdr_execute_fallback);
ES10_FUNCTION(isdr_return_from_fallback);
ES10_FUNCTION(isdr_memory_reset);
ES10_FUNCTION(isdr_memory_reset_sgp22);
ES10_FUNCTION(isdr_configure_immediate_enabling);
ES10_FUNCTION(isdr_immediate_enable);
ES10_FUNCTION(isdr_enable_emergency_profile);
ES10_FUNCTION(isdr_disable_emergency_profile);
ES10_FUNCTION(isdr_load_crl);
ES10_FUNCTION(isdr_get_connectivity_parameters);
ES10_FUNCTION(isdr_ipae_activation);

/* SGP.22 2.4.7: no rule is authorised but what the RAT lists. Without settings it allows PPR1 and
 * PPR2 to every operator without asking an end user, whom SGP.32 does not have: a rule that wants
 * consent allows nothing. */
MUST_CHECK enum err rat_write(const struct euicc *e, struct buf *out); /* appends the rules */
bool rat_allows(const struct euicc *e, uint32_t rules, const struct rsp_profile_owner *owner);
uint32_t rat_forbidden(const struct euicc *e); /* rules that it allows to nobody */
MUST_CHECK enum err rat_take(struct euicc *e, struct span rules); /* ERR_CONFIG: malformed */
#endif
