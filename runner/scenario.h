/* A scenario as its file says it: what it plays, the world it needs, the steps and what must come out.
 * Everything is typed by the schema here; a mistake is reported as file:line:column with a suggestion. */
#ifndef LAB_RUNNER_SCENARIO_H
#define LAB_RUNNER_SCENARIO_H

#include "rsp_wire.h"
#include "yaml.h"

#define SCENARIO_NAME_MAX 64
#define SCENARIO_CARRIERS_MAX 16
#define SCENARIO_CONTRACTS_MAX 32
#define SCENARIO_GROUPS_MAX 32
#define SCENARIO_COUNTRIES_MAX 16
#define SCENARIO_EIMS_MAX 8
#define SCENARIO_SMDPS_MAX 8
#define SCENARIO_TENANTS_MAX 4
#define SCENARIO_STEPS_MAX 64

/* An SM-DP+ beside the one that is always there; its part and host are smdp.NAME and smdp.NAME.example.com. */
struct scenario_smdp {
    const char *name;
};

/* A carrier: its platform, its network, its part as lead or partner follows from use. */
struct scenario_carrier {
    const char *name;
    const char *country;   /* home */
    const char *plmn;      /* digits */
    const char *platform;  /* "control-center" | "manual" */
    int64_t calls_per_second; /* that its platform takes of one enterprise; 0: any */
    bool longer_iccids;    /* its platform keeps ICCIDs of 20 digits, everybody else of 19 */
    bool imported;         /* its codes are ready to use: ordered and released before the eSO gets them */
    const struct scenario_smdp *smdp; /* where its profiles are; NULL: at the one that is always there */
    const char *covers[SCENARIO_COUNTRIES_MAX]; /* home and roams-in */
    size_t cover_count;
};

struct scenario_contract {
    const char *name;
    const struct scenario_carrier *with;
    const char *model;     /* "handover" | "resale" */
    int64_t quota;         /* -1: none */
    int64_t valid_for;     /* ms from the start of the world; 0: for ever */
    const char *rate_plan, *communication_plan;
    const char *territory[SCENARIO_COUNTRIES_MAX];
    size_t territory_count;
    int64_t stock;         /* codes at the start */
    int64_t low_stock;     /* available codes at which the eSO says so; 0: never */
};

/* An eIM beside the one that is always there; its part and host are eim.NAME and eim.NAME.example.com. */
struct scenario_eim {
    const char *name;
    bool v1_3;             /* of SGP.32 */
};

/* Devices of one kind: meter, or meter-1 … meter-n when there are several. */
struct scenario_group {
    const char *name;
    int64_t count;
    const struct scenario_carrier *starts_on, *fallback; /* fallback may be NULL */
    const struct scenario_carrier *emergency;            /* whose preloaded profile is for emergencies; NULL none */
    bool emergency_on_loss;                              /* it is taken when the network is lost */
    const struct scenario_carrier *has[4];               /* further profiles preloaded, disabled */
    size_t has_count;
    const char *country;
    int64_t poll_every;    /* ms */
    bool v1_3;             /* card and IPA speak SGP.32 v1.3 */
    bool wired;            /* the eIM is reached without a bearer too */
    bool indirect;         /* downloads through the eIM */
    bool json;             /* ESipa over JSON */
    bool ipae;             /* the IPA is in the card */
    bool leaves_download_data, leaves_ctx_params1, leaves_metadata; /* ipaFeatures: done by its eIM, which relays */
    bool minimizes;        /* compact forms to the eIM that relays */
    bool pushed;           /* its eIM pushes packages, beside being polled */
    const char *eim_trust; /* trustedPublicKeyDataTls of its eIM: "roots" none, "ca", "certificate", "key", "other-key" */
    const char *policy;    /* of the profile it starts on: "none", "ppr1", "ppr2" */
    const struct scenario_eim *eim; /* whose it is at the start; NULL: the one that is always there */
    int64_t memory;        /* octets for profiles on its card; 0: as cards have */
    bool brainpool;        /* the card's certificate is on brainpoolP256r1 */
    const char *certificate; /* of its card: "good", "expired", "eum-expired", "outside-range" */
    int64_t certificate_valid_for; /* ms from the start of the world; 0: for as long as it is played */
    const char *tenant;    /* of its eIM, who registers it there; NULL: the one of the eSO */
    const char *confirmation_code; /* that its IPA gives; "" none */
    const char *end_user;  /* what somebody at the device answers: "absent" nobody, "rejects", "postpones" */
    bool has_default_smdp; /* its card knows a default SM-DP+: */
    const struct scenario_smdp *default_smdp; /* NULL: the one that is always there */
};

/* Which certificate a part shows instead of its good one: "smdp-auth" -> name in the PKI description. */
struct scenario_certificate {
    const char *part, *name;
};

struct scenario_step {
    const char *name;
    struct yaml_at at;
    const struct yaml_node *act;        /* the one-entry map of `do`, or NULL */
    int64_t within;                     /* ms of the world's clock */
    const struct yaml_node *expect;     /* list, or NULL */
};

enum scenario_wirings { SCENARIO_DIRECT = 1, SCENARIO_LOOPBACK = 2, SCENARIO_PROCESS = 4 };

struct scenario {
    struct yaml *yaml;                  /* owns all text */
    const char *path;
    const char *title;
    const char *id;                     /* "swap/01-first-swap": folder and file without ending */
    const struct yaml_node *catalogue, *requirements;
    unsigned wirings;                   /* where it plays; the rest is skipped with `why_not` */
    const char *why_not;
    struct scenario_carrier carrier[SCENARIO_CARRIERS_MAX];
    size_t carrier_count;
    struct scenario_contract contract[SCENARIO_CONTRACTS_MAX];
    size_t contract_count;
    struct scenario_smdp other_smdp[SCENARIO_SMDPS_MAX];
    size_t smdp_count;
    bool smds;                          /* there is an SM-DS; it is the root SM-DS of all cards */
    struct scenario_eim eim[SCENARIO_EIMS_MAX];
    size_t eim_count;
    struct scenario_group group[SCENARIO_GROUPS_MAX];
    size_t group_count;
    const char *tenant[SCENARIO_TENANTS_MAX]; /* of all eIMs, beside the one of the eSO */
    size_t tenant_count;
    bool eid_range_warned;              /* an EID outside its EUM's range is told in the log of an eIM, no more */
    struct {
        bool ppk, same_otpk_only;
        int64_t order_valid, downloads_max; /* 0: the SM-DP+'s own */
    } smdp;
    struct rsp_wire wire;               /* how all programs write what sources disagree about */
    struct scenario_certificate certificate[8];
    size_t certificate_count;
    struct scenario_step step[SCENARIO_STEPS_MAX];
    size_t step_count;
};

/* Reads and checks a file. ERR_CONFIG: error->text says where and what to do. Gives *out. */
MUST_CHECK enum err scenario_read(const char *path, struct scenario **out, struct yaml_error *error);
MUST_CHECK enum err scenario_read_text(struct span text, const char *path, struct scenario **out,
                                       struct yaml_error *error);
void scenario_free(struct scenario *s);

const struct scenario_carrier *scenario_find_carrier(const struct scenario *s, const char *name);
const struct scenario_contract *scenario_find_contract(const struct scenario *s, const char *name);
/* NULL: no further SM-DP+ has this name. */
const struct scenario_smdp *scenario_find_smdp(const struct scenario *s, const char *name);
/* NULL: no further eIM has this name. */
const struct scenario_eim *scenario_find_eim(const struct scenario *s, const char *name);
/* NULL: no further tenant has this name; else the scenario's own text. */
const char *scenario_find_tenant(const struct scenario *s, const char *name);
/* "meter-2" or "meter" -> its group and index from 0; NULL when there is no such device. */
const struct scenario_group *scenario_find_device(const struct scenario *s, const char *name, int64_t *index);
/* Writes the name of the index-th device of a group. */
void scenario_device_name(const struct scenario_group *g, int64_t index, char out[SCENARIO_NAME_MAX]);
int64_t scenario_device_count(const struct scenario *s);
bool scenario_has_brainpool(const struct scenario *s);

/* Verbs and expectations are tables; each entry checks its own arguments when the file is read, so that playing meets no
 * surprise. Names are the words of the scenario language. */
struct run;
struct scenario_word {
    const char *name;
    const char *help;  /* one line with an example */
    enum err (*check)(const struct scenario *s, const struct yaml_node *args, struct yaml_error *error);
    /* A verb: does it. ERR_CONFIG and others end the run. */
    enum err (*play)(struct run *r, const struct yaml_node *args);
    /* An expectation: does it hold now? Otherwise expected and found say what is missing. */
    bool (*holds)(struct run *r, const struct yaml_node *args, char expected[200], char found[400]);
};
const struct scenario_word *scenario_verbs(size_t *count);
const struct scenario_word *scenario_expectations(size_t *count);
/* The word of a one-entry map; it was checked before. */
const struct scenario_word *scenario_word_of(const struct scenario_word *words, size_t count, const struct yaml_node *map);

#endif
