/* A software eUICC: ISD-R with the ES10 functions of SGP.22 v2.5 and SGP.32 v1.2, and the USIM of
 * the enabled profile. Seen from outside it is a struct card; everything is driven by APDUs. One
 * thread at a time. */
#ifndef LAB_EUICC_EUICC_H
#define LAB_EUICC_EUICC_H

#include "card.h"
#include "crypto.h"
#include "env.h"
#include "rsp_wire.h"
#include "x509.h"

/* One signing identity: an eUICC certificate, its key and the EUM certificate above it. One per CI
 * key. */
struct euicc_credential {
    struct span certificate, eum_certificate; /* DER */
    struct span key; /* private scalar, 32 octets, on the certificate's curve */
};

/* A profile that is on the card when it leaves the factory. */
struct euicc_profile {
    struct span
        metadata; /* StoreMetadata BF25, whole TLV; 9F67 TRUE in it makes it fallbackAllowed */
    struct span upp;
    bool enabled;  /* at most one */
    bool fallback; /* carries the fallback attribute; at most one, must be fallbackAllowed */
};

/* The card's memory at rest: one blob, replaced as a whole. */
struct euicc_nvm;
struct euicc_nvm_ops {
    /* *blob is replaced. ERR_NOT_FOUND: a card fresh from the factory. */
    enum err (*load)(struct euicc_nvm *n, struct buf *blob);
    /* All or nothing. ERR_CUT: power was cut here; the card is dead until reset and then has what
     * load gives.
     */
    enum err (*save)(struct euicc_nvm *n, struct span blob);
};
struct euicc_nvm {
    const struct euicc_nvm_ops *ops;
};
/* In RAM; a test wraps it to cut power at the n-th save. */
struct euicc_nvm_ram {
    struct euicc_nvm nvm;
    struct buf blob;
};
void euicc_nvm_ram_init(struct euicc_nvm_ram *n);
void euicc_nvm_ram_release(struct euicc_nvm_ram *n);
/* One file: written beside, synced, renamed; locked as long as it serves. `path` is borrowed. ERR_EXISTS of load or save: it
 * serves another program. */
struct euicc_nvm_file {
    struct euicc_nvm nvm;
    const char *path;
    int locked; /* the file as it is now; -1: there is none yet */
};
void euicc_nvm_file_init(struct euicc_nvm_file *n, const char *path);
void euicc_nvm_file_release(struct euicc_nvm_file *n); /* lets others have the file; after the card */

/* What the cards of one process have alike: profile elements, each kept once however many cards hold it. For cards of
 * several threads too. */
struct euicc_contents;
MUST_CHECK enum err euicc_contents_new(struct euicc_contents **out);
void euicc_contents_free(struct euicc_contents *c); /* after the last card; NULL is harmless */
size_t euicc_contents_count(struct euicc_contents *c); /* of different profile elements */

struct euicc_settings {
    uint8_t eid[16];
    const struct euicc_credential *credentials; /* copied; at least one */
    size_t credential_count;                    /* at most 4 */
    struct trust
        *trust; /* CI keys of both lists (verification, signing); borrowed for the card's life */
    const struct euicc_profile *profiles; /* copied into memory at first start */
    size_t profile_count;
    struct span eim; /* EimConfigurationData (30…), one after the other, as if AddInitialEim had
                        been run in the factory; may be empty */
    const char *default_dp_address, *root_ds_address; /* NULL: none */
    uint32_t memory;                                  /* octets for profiles; 0 means 512 KiB */
    unsigned eim_max;                                 /* 0 means 4 */
    uint32_t counter_max; /* highest eIM counterValue; 0 means 0x7FFFFF */
    uint8_t svn[3];       /* SGP.22 version announced; zeros mean 2.5.0 */
    struct span
        rat; /* rules authorisation table: ProfilePolicyAuthorisationRule (30…), one after the
                other; .at NULL: PPR1 and PPR2 allowed to every operator; empty: nothing allowed */
    bool no_fallback;     /* fallbackSupported is not announced and fallback functions refuse */
    bool no_ecall;        /* ecallSupported is not announced and no emergency profile is enabled */
    bool no_crl;          /* crlSupport is not announced and LoadCRL is unknown */
    bool no_test_profile; /* testProfileSupport is not announced; profiles of that class are refused
                           */
    bool ipae;            /* an IPAe is in the card and can be activated (SGP.32 BF42) */
    bool sgp22_only;      /* a consumer card: the SGP.32 functions are unknown to it */
    bool strict_services; /* a package that mandates a service which this card does not have is refused (10) */
    bool v1_3;            /* speaks SGP.32 v1.3 beside v1.2 */
    bool no_eim_reset;    /* eUICCMemoryReset of the eIM data answers eimResetNotSupported */
    bool no_immediate_enable; /* ImmediateEnable is not available, its configuration neither set nor reset */
    bool interruption_leaves_result; /* a power cut while a profile or an eUICC package is loaded leaves
                                        a result with `interruption` at the next start */
    struct rsp_wire wire;            /* how it writes what sources disagree about */
    struct euicc_nvm *nvm;           /* borrowed; NULL: state lives as long as the struct euicc */
    struct euicc_contents *contents; /* borrowed for the card's life; NULL: shares nothing */
};

struct euicc;
/* ERR_CONFIG: settings contradict each other; ERR_PARSE: the stored memory is damaged or another
 * card's (the log says which and why; it is never replaced). The settings' bytes are copied. Gives
 * *out. */
MUST_CHECK enum err euicc_new(const struct env *env, const struct euicc_settings *s,
                              struct euicc **out);
/* The card. card_reset is power off and on; card_close is power off: the card remains and can be
 * reset again.
 */
struct card *euicc_card(struct euicc *e);
void euicc_free(struct euicc *e); /* NULL is harmless */
/* Octets of memory that this card occupies in this process; of what it shares, its share. */
size_t euicc_footprint(const struct euicc *e);
#endif
