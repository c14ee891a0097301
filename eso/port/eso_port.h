/* What the eSO needs of others, dialect by dialect: an eIM, an SM-DP+, a carrier's platform. A port makes one call and says
 * what its answer means for whoever must decide what to do next. Ports keep no state. */
#ifndef LAB_ESO_PORT_H
#define LAB_ESO_PORT_H

#include "env.h"
#include "eso_model.h"

/* A value by name from the settings (a platform's API key); NULL when there is none. */
typedef const struct secret *(*port_secret_fn)(void *context, const char *name);

struct port {
    const struct env *env;
    int64_t call_ms;          /* an answer's deadline */
    port_secret_fn secret;
    void *secret_context;
};

/* Time-outs answer "unknown", never "failed" (orchestration 2). */
enum port_answer {
    PORT_DONE,        /* yes */
    PORT_REFUSED,     /* no, for a reason that repeating will not change; nothing was done */
    PORT_NOT_FOUND,   /* what was asked about is not known there */
    PORT_BUSY,        /* not now; nothing was done */
    PORT_UNREACHED,   /* nobody was there; nothing was done */
    PORT_CERTIFICATE, /* the server's certificate was refused; nothing was sent */
    PORT_UNKNOWN,     /* it may or may not have been done: ask before trying again */
};
const char *port_answer_name(enum port_answer a);
/* Is it certain that a call with this answer changed nothing? */
bool port_changed_nothing(enum port_answer a);

struct port_result {
    enum port_answer answer;
    int status;        /* HTTP; 0 when there was no answer */
    char code[65];     /* the other's own: errorCode, "8.2.6/3.8" */
    char message[129];
};
/* For the journal: "409 inventory-empty: no SIM left". */
void port_describe(const struct port_result *r, char *out, size_t size);

/* ---- eIM: orders for one eUICC, idempotent by reference ---------------------------------------------------------- */

enum eim_order_state { EIM_ORDER_QUEUED, EIM_ORDER_SENT, EIM_ORDER_DONE, EIM_ORDER_FAILED, EIM_ORDER_EXPIRED,
                       EIM_ORDER_CANCELLED };

struct eim_order {               /* to be placed */
    const char *reference, *eid;
    const char *kind;            /* "download", "enable", "setFallback", … */
    const char *iccid;           /* NULL: none */
    struct span activation_code; /* empty: none; a secret */
    bool rollback;
    const char *callback;        /* URL; NULL: none */
    int64_t valid_until;         /* ms; 0: open */
};
struct eim_listed {
    char iccid[21];
    bool enabled, fallback;
};
struct eim_order_status {
    char id[65], result[65];     /* result: the eIM's name of it, "" while there is none */
    enum eim_order_state state;
    bool install_refused;        /* the card reported that it did not install */
    char reason[65], iccid[21];  /* why; what was installed */
    char refusal[24];            /* of a download: what the SM-DP+ answered, "8.2.6/3.8"; "" when it did not refuse */
    struct eim_listed listed[32]; /* of a "list": what the card holds */
    size_t listed_count;
};

struct port_eim_ops {
    const char *dialect;
    enum err (*place)(const struct port *p, const char *url, const struct eim_order *o,
                      struct eim_order_status *out, struct port_result *r);
    enum err (*find)(const struct port *p, const char *url, const char *reference, struct eim_order_status *out,
                     struct port_result *r);
    enum err (*cancel)(const struct port *p, const char *url, const char *order_id, struct port_result *r);
    /* body: the registration as JSON text */
    enum err (*register_euicc)(const struct port *p, const char *url, struct span body, struct port_result *r);
};
/* The lab's northbound REST. */
extern const struct port_eim_ops port_eim_rest;

/* ---- SM-DP+ over ES2+ -------------------------------------------------------------------------------------------- */

struct smdp_order {
    const char *iccid, *eid, *call_id;
    const struct secret *matching_id; /* NULL for downloadOrder */
};
struct port_smdp_ops {
    const char *dialect;
    enum err (*order)(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                      struct port_result *r);
    /* With releaseFlag: the profile may be downloaded at once. */
    enum err (*confirm)(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                        struct port_result *r);
    /* Back to Available: success proves that the code was not used. */
    enum err (*cancel)(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                       struct port_result *r);
};
extern const struct port_smdp_ops port_smdp_es2p;

/* ---- A carrier's connectivity management platform ----------------------------------------------------------------- */

struct platform_sim {
    char status[33], account[65], rate_plan[65], communication_plan[65];
};
struct port_platform_ops {
    const char *dialect;
    bool has_interface;          /* false: people do it elsewhere (R46), no function below is called */
    const char *status_service;  /* allows service, does not bill */
    const char *status_billed;
    bool (*serves)(const char *status);
    enum err (*read)(const struct port *p, const struct carrier *c, const char *iccid, struct platform_sim *out,
                     struct port_result *r);
    /* "" leaves a member alone. */
    enum err (*set)(const struct port *p, const struct carrier *c, const char *iccid, const struct platform_sim *to,
                    struct port_result *r);
    /* Moves a SIM from the carrier's inventory into the enterprise account; idempotent by reference. */
    enum err (*transfer)(const struct port *p, const struct carrier *c, const char *iccid, const char *reference,
                         const struct contract *contract, struct port_result *r);
    enum err (*reverse)(const struct port *p, const struct carrier *c, const char *reference, struct port_result *r);
    /* When the last data session began (ms); 0: none yet. */
    enum err (*session)(const struct port *p, const struct carrier *c, const char *iccid, int64_t *started,
                        struct port_result *r);
};
/* By the carrier's `platform`; NULL: not a dialect that we speak. */
const struct port_platform_ops *port_platform_find(const char *dialect);
extern const struct port_platform_ops port_cmp_control_center, port_cmp_manual;

#endif
