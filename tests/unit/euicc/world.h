/* A card with everything around it that it needs: PKI, clock, memory that can be cut, an SM-DP+ and
 * an eIM made of lib/rsp and lib/crypto. */
#ifndef LAB_TESTS_EUICC_WORLD_H
#define LAB_TESTS_EUICC_WORLD_H

#include "aka.h"
#include "apdu.h"
#include "certs.h"
#include "euicc.h"
#include "harness.h"
#include "rsp_authentication.h"
#include "rsp_download.h"
#include "rsp_euicc_package.h"
#include "rsp_notification.h"
#include "saip.h"

#define EID_TEXT "89049032123451234512345678901235"
#define EIM_ID "testeim1"
#define LEAD_ICCID "89000123456789012341"
#define PARTNER_ICCID "89000123456789012358"
#define LEAD_IMSI "262019876543210"
#define PARTNER_IMSI "262027654321098"

struct cut_nvm {
    struct euicc_nvm nvm;
    struct euicc_nvm_ram ram;
    unsigned saves, cut_at; /* the n-th save is a power cut; 0 never */
    bool after;             /* cut after writing instead of before */
    unsigned fail_at, fail_until; /* these saves fail, and change nothing; 0 none */
};

struct world {
    struct crypto *crypto;
    struct clock_virtual clock;
    struct log_sink_text sink;
    struct log log;
    struct env env;
    struct pki *pki;
    struct trust *trust;
    struct pki_euicc nist, brp;
    struct cut_nvm nvm;
    struct euicc_settings settings;
    struct euicc *euicc;
    struct card *card;
    unsigned channel;
    int64_t counter; /* of the eIM */
    struct rsp_int token;
};
typedef void (*world_tune)(struct euicc_settings *s);
/* A card with the lead profile enabled and no eIM, its ISD-R selected on w->channel. */
void world_open(struct world *w, world_tune tune);
void world_close(struct world *w);
/* Power off and on, the ISD-R selected again. */
void world_reset(struct world *w);
/* The memory as it was last saved. */
void nvm_snapshot(struct world *w, struct buf *out);
const struct pki_item *world_item(struct world *w, const char *name);

/* One ES10 command; *response is replaced. Returns the status word. */
uint16_t es10(struct world *w, struct span request, struct buf *response);
/* The same in hex, checking the answer, which may announce a proactive command. */
bool es10_is(struct world *w, const char *request, const char *response);
/* Status word of an ES10 command in hex. */
uint16_t es10_sw(struct world *w, const char *request);
/* One APDU in hex: the response with its status word in hex equals `wanted`. */
bool apdu_is(struct world *w, const char *command, const char *wanted);

/* Commands and their answers, one after the other; `name` is what a failure is called. */
struct apdu_row {
    const char *name, *command, *answer;
};
void play_rows(struct world *w, const struct apdu_row *rows, size_t count);
/* A card of its own plays the rows, and those `after` once its power was off and on. */
void play_card(world_tune tune, const struct apdu_row *rows, size_t count, const struct apdu_row *after,
               size_t after_count);

/* ---- SM-DP+ ---- */
enum dp_flaw {
    DP_FINE,
    /* AuthenticateServer */
    DP_FLIP_SIGNATURE1,
    DP_OTHER_CHALLENGE,
    DP_UNKNOWN_CI,
    DP_OTHER_CI,
    DP_NO_CHALLENGE,
    /* PrepareDownload */
    DP_FLIP_SIGNATURE2,
    DP_OTHER_TRANSACTION,
    DP_NEEDS_CONFIRMATION,
    /* bound profile package */
    DP_FLIP_SMDP_SIGN,
    DP_BPP_TRANSACTION,
    DP_REMOTE_OPERATION,
    DP_KEY_TYPE,
    DP_BROKEN_86,
    DP_BROKEN_ISDP,
    DP_BROKEN_METADATA,
    DP_NO_87,
};
struct dp {
    const char *server_address;
    const char *auth, *pb;   /* certificate names; NULL: those of the lab */
    struct span certificate; /* sent in place of auth's or pb's; empty: that one itself */
    enum dp_flaw flaw;
    bool ppk;     /* ReplaceSessionKeys */
    uint8_t spoiled_list;  /* A0 to A3: the MAC of its last block is altered */
    const char *instead;   /* hex in place of segment number replaced_segment; NULL nothing */
    unsigned replaced_segment; /* 0 BF36 with BF23, 1 A0, 2 the header of A1, 3 the first 88, … */
    const char *isdp;      /* ConfigureISDP in hex; NULL an empty one */
    bool spoiled; /* the card's answers are not what they were, or do not come: the session ends */
    uint8_t transaction_id[16];
    struct buf metadata, upp; /* what it binds */
    struct buf euicc_otpk;
    struct ec_signature euicc_signature1;
};
/* The partner's profile for binding. */
void dp_open(struct dp *d);
void dp_close(struct dp *d);
/* Metadata with notification configuration for all events at smdp.example.com. rules: RSP_PPR… with
 * an owner.
 */
void put_metadata(const char *iccid, bool fallback_allowed, uint32_t rules, int64_t profile_class,
                  struct buf *out);
void put_upp(const char *iccid, const char *imsi, struct buf *out);
/* What a profile is besides its ICCID. */
struct wishes {
    bool fallback_allowed, ecall, test_key;
    uint32_t rules; /* with an owner of 262 01 */
    int64_t profile_class;
    const char *connectivity; /* hex; NULL none */
};
#define ORDINARY                                                                                   \
    {                                                                                              \
        .profile_class = 2                                                                         \
    }
void put_profile(const char *iccid, const struct wishes *wishes, struct buf *metadata,
                 struct buf *upp);
/* Downloads such a profile: the ErrorReason, 0 installed. */
int64_t download_profile(struct world *w, const char *iccid, const struct wishes *wishes);
/* Each gives the code of the card's answer: 0 ok. */
int64_t dp_authenticate(struct world *w, struct dp *d);
int64_t dp_prepare(struct world *w, struct dp *d);
/* Loads the package; the answer BF37 goes to *result (empty when the card said nothing). */
void dp_load(struct world *w, struct dp *d, struct buf *result);
/* All of it. Returns the ErrorReason of the result, 0 installed; its EUICCResponse (empty: none) goes to *sima. */
int64_t download_answers(struct world *w, struct dp *d, struct buf *sima);
/* All of it. Returns the ErrorReason of the result, 0 installed. */
int64_t download(struct world *w, struct dp *d);
/* The same, and the BppCommandId of a failure. */
int64_t download_fails_at(struct world *w, struct dp *d, int64_t *command);

/* ---- revocation ---- */
/* LoadCRL with list `number` of this CI, which names one serial number that no certificate has. */
void put_crl(struct world *w, const char *issuer, unsigned number, struct buf *out);

/* ---- the UICC ---- */
/* The lead profile with EF.DIR made cyclic; ADM's right to update it made one to increase. */
void with_cyclic_file(struct euicc_settings *s);
void with_increase(struct euicc_settings *s);
/* The lead profile with more elements (hex) before its end; `upp`, which may hold an earlier one, must stay as long as
 * the settings. */
void add_elements(struct euicc_settings *s, const char *elements, struct euicc_profile *profile, struct buf *upp);
/* Under the USIM: BER-TLV files 6FF8 (64 octets, three objects), 6FF9 (16 octets, updated by ADM alone) and 6FFC (512
 * octets); transparent files 6FFA (usable while deactivated) and 6FFB (deactivated from the beginning). */
void with_files(struct euicc_settings *s);
extern const struct aka_params lead_keys;
extern const uint8_t lead_rand[16];
/* AUTHENTICATE with this SQN; the answer without status word goes to out. 0: no answer. */
uint16_t network_of(struct world *w, const struct aka_params *keys, uint64_t sqn, bool spoil_mac, struct aka_vector *v,
                    struct buf *out);
/* The same with the lead profile's keys. */
uint16_t network_authenticates(struct world *w, uint64_t sqn, bool spoil_mac, struct aka_vector *v,
                               struct buf *out);

/* ---- eIM ---- */
/* AddInitialEim with the lab's eIM. */
void put_add_initial_eim(struct world *w, bool with_token, struct buf *request);
/* Associates the lab's eIM (AddInitialEim). */
void eim_associate(struct world *w, bool with_token);
/* The lab's eIM as it would be associated; its key is kept in *spki. */
void eim_configuration(struct world *w, struct buf *spki, struct rsp_eim_configuration *out);
/* AddInitialEim of this one alone: 0 or the error. */
int64_t eim_associate_as(struct world *w, const struct rsp_eim_configuration *c);
/* Signs psmos (contents of psmoList, hex) with the next counter and loads them; *response gets
 * BF51. */
void eim_package(struct world *w, const char *psmos, struct buf *response);
/* The same, and the results as hex equal `wanted` (contents of euiccResult); the signature is
 * verified. */
bool eim_package_is(struct world *w, const char *psmos, const char *wanted);
/* The same with eCOs. */
bool ecos_are(struct world *w, const char *ecos, const char *wanted);
/* EimConfigurationData contents of an eIM named e<n> with the lab's key, in hex, in an addEim or updateEim. */
void put_eco(struct world *w, unsigned tag, unsigned n, const char *more, char *out, size_t size);
enum eim_flaw {
    EIM_FINE,
    EIM_FLIP_SIGNATURE,
    EIM_OTHER_ID,
    EIM_OTHER_EID,
    EIM_OLD_COUNTER,
    EIM_HUGE_COUNTER,
    EIM_WRONG_TOKEN,
    EIM_ECO
};
void eim_package_with(struct world *w, enum eim_flaw flaw, const char *list, struct buf *response);
/* Contents of euiccResult of an answer whose signature verifies; false otherwise. */
bool eim_results(struct world *w, struct span bf51, struct rsp_euicc_package_result *r);

/* State of a profile as GetProfilesInfo tells it: -1 absent, 0 disabled, 1 enabled. */
int profile_state(struct world *w, const char *iccid);
unsigned profiles_enabled(struct world *w);
size_t pending_count(struct world *w, const char *request);

/* ---- states that stories begin in ---- */
void have_partner(struct world *w);     /* the partner's profile, disabled, and the lab's eIM */
void have_emergency(struct world *w);   /* the partner's profile serves emergencies and is the fallback; the lab's eIM */
void be_in_emergency(struct world *w);  /* and is enabled for one */
void have_fallen_back(struct world *w); /* and is enabled by the fallback mechanism */

/* ---- what the card said ---- */
/* Takes note of the codes in an answer. */
void said_note(struct span answer);
/* Prints the codes of the tables that no answer bore, and counts them. */
size_t said_missing(void);

#define TESTS(name)                                                                                \
    extern const struct test name[];                                                               \
    extern const size_t name##_count
TESTS(apdu_tests);
TESTS(es10_tests);
TESTS(download_tests);
TESTS(package_tests);
TESTS(usim_tests);
TESTS(memory_tests);
TESTS(power_tests);
TESTS(sgp32_tests);
TESTS(cat_tests);
TESTS(code_tests);
TESTS(contents_tests);
TESTS(files_tests);
TESTS(identity_tests);
TESTS(undefined_tests);
TESTS(catalogue_tests);
TESTS(profile_element_tests);
#endif
