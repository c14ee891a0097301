/* A world: every actor of a scenario, wired, provisioned through its own interfaces, under one clock and one seed. */
#ifndef LAB_RUNNER_WORLD_H
#define LAB_RUNNER_WORLD_H

#include "card.h"
#include "certs.h"
#include "faults.h"
#include "http.h"
#include "json.h"
#include "process.h"
#include "scenario.h"
#include "schedule.h"
#include "trace.h"
#include "wire.h"

enum wiring { WIRING_DIRECT, WIRING_LOOPBACK, WIRING_PROCESS };
const char *wiring_name(enum wiring w);

enum part_kind { PART_SMDP, PART_EIM, PART_ESO, PART_PLATFORM, PART_NETWORK, PART_SMDS, PART_DEVICE };

struct world;
struct world_device;
struct world_memory;
struct caller;

/* An actor in its place: what survives a restart (database, client, name) and what does not (the actor itself). */
struct part {
    struct world *world;
    enum part_kind kind;
    char name[TRACE_NAME_MAX];           /* "eso", "cmp.partner", "meter-1" */
    char host[128];                      /* "eso.example.com"; "" for devices */
    const struct scenario_carrier *carrier;
    const struct scenario_eim *eim;      /* of a further eIM */
    unsigned key, oldest_key;            /* of an eIM: today's signing key and the oldest that it still has; from 0 */
    const struct scenario_smdp *smdp;    /* of a further SM-DP+ */
    struct world_device *device;
    struct log log;
    struct env env;
    struct http_client *http;
    struct actor *actor;                 /* NULL while it is down, and in process wiring */
    int64_t cut_at;                      /* dies at this commit of its store, counted from now; 0 not */
    bool killed;                         /* dies where it is; started again once nobody is inside it */
    struct http_server *server;          /* loopback */
    struct process process, card_process; /* process wiring; the card: of a device */
    unsigned port, card_port;
    size_t number;
};

/* A subscription somewhere: preloaded, behind a code of the stock, or ordered at the SM-DP+ for a device, past the eSO. */
struct world_profile {
    char iccid[21], imsi[16], matching_id[65];
    uint8_t k[16], opc[16];
    const struct scenario_carrier *carrier;
    const struct scenario_contract *contract; /* of a code of the stock; NULL for others */
    const struct world_device *ordered_for;   /* past the eSO; NULL for others */
};

struct world_device {
    char name[SCENARIO_NAME_MAX], eid[33], imei[16];
    const struct scenario_group *group;
    struct world_profile profile[5];     /* [0] enabled at the start */
    size_t profile_count;
    struct pki_euicc credential;
    struct euicc *euicc;
    struct world_memory *memory;         /* NULL in benchmarks */
    struct card *card;                   /* what the IPA sees: recorded */
    struct card_place *place;            /* in a reader; NULL: in process */
    struct trace_card *trace;
    struct lossy_card *lossy;            /* in front of it; NULL in benchmarks */
    struct ipa *ipa;
    struct part *part;
    const struct scenario_eim *eim;      /* whose orders it takes now; NULL: of the one that is always there */
    int64_t counter_seen[1 + SCENARIO_EIMS_MAX]; /* highest counterValue that each eIM showed */
    char country[3];
};

/* A world that is open to others (loopback): the machine's clock and randomness, fixed ports. */
struct world_outside {
    uint16_t port_base;                  /* the n-th server listens on port_base + n; 0: any free ports */
    struct log_sink *sink;               /* where events go; NULL: nowhere */
    void (*served)(void *context);       /* in a server's thread: somebody called, world_touch_servers is due */
    void *context;
};

struct world_options {
    enum wiring wiring;
    uint64_t seed;
    bool trace;                          /* keep messages and events (not in benchmarks) */
    bool bare;                           /* mask nothing in them: for tests only */
    struct db_patterns *patterns;        /* borrowed, of the thread's own; NULL: each store makes its tables itself */
    /* The first device's card stands in this reader of the machine (card_place.h), whose vpcd listens there; NULL: in process. */
    const char *card_reader, *card_reader_address;
    const struct world_outside *outside; /* borrowed; NULL: closed, in virtual time, repeatable */
};

struct world {
    const struct scenario *scenario;
    struct world_options options;
    struct clock_virtual clock;
    int64_t epoch;                       /* where virtual time begins */
    struct crypto *crypto;
    struct pki *pki;
    struct trust *trust, *client_trust;
    struct euicc_contents *contents; /* what the profiles of its cards have alike */
    struct buf roots;
    struct http_switch *exchange;
    struct net net;
    struct trace *trace;
    struct faults faults;
    struct world_log {
        struct log_sink sink;
        pthread_mutex_t lock;
        bool keep;
        struct buf lines;                /* JSON lines, redacted */
        struct world *world;
    } log_sink;
    struct log log;
    struct part *parts;
    size_t part_count;
    struct world_device *devices;
    size_t device_count;
    struct world_profile *codes;         /* the stock */
    size_t code_count, code_room;
    struct db *device_db;
    struct env admin_env;
    struct caller **callers;             /* contexts of the observers; owned */
    size_t caller_count;
    struct http_client *admin;
    struct http_client *operator;        /* the carriers' own: orders past the eSO, with the certificate that the eSO has */
    struct http_client *hand;            /* unobserved: for imports that must not be seen */
    struct world_guest {                 /* callers that are no parts: tenants of eIMs, strangers */
        char name[SCENARIO_NAME_MAX];
        struct http_client *http;
    } guest[2 + SCENARIO_TENANTS_MAX];
    size_t guest_count;
    struct schedule schedule;
    bool furnished;                      /* flawed TLS certificates are shown from then on */
    /* Asked before each call of an actor, and after it, before the caller sees the answer; a failure is what the caller
     * gets, ERR_CUT from its tick kills it there. NULL: none. */
    enum err (*interrupt)(void *context, struct part *caller, const struct http_call *q, bool answered);
    void *interrupt_context;
    size_t killed;                       /* parts that wait for being started again */
    bool ticking;                        /* some actor is being run */
    char folder[128];                    /* process wiring: settings, databases, logs; "" none */
    bool keep_folder;                    /* leave it there at the end */
    unsigned next_port;
    char failure[240];                   /* why building or running failed */
    char last_problem[160];              /* body of the last refusal */
};

/* Builds, wires and provisions. ERR_CONFIG and others: (*out)->failure says why (free it all the same). Gives *out. */
MUST_CHECK enum err world_new(const struct scenario *s, const struct world_options *o, struct world **out);
void world_free(struct world *w);

struct part *world_part(struct world *w, const char *name);
/* Where an SM-DP+ of the world is reached; NULL: the one that is always there. */
const char *world_smdp_host(const struct scenario_smdp *smdp, char out[128]);
/* Where an eIM of the world is reached, which is its eimId too; NULL: the one that is always there. */
const char *world_eim_host(const struct scenario_eim *eim, char out[128]);
struct world_device;
const char *world_device_host(const struct world_device *d, char out[128]);
struct world_device *world_device(struct world *w, const char *name);
int64_t world_now(struct world *w);

/* Runs everything due until `until` (inclusive), calling `done` between two ticks (NULL: never done).
 * ERR_TIMEOUT: time ran out first. Time only jumps when nobody is due. */
typedef bool (*world_done_fn)(void *context);
MUST_CHECK enum err world_run(struct world *w, int64_t until, world_done_fn done, void *context);
/* The same, but asks `done` after every single tick: to stop between two steps. */
MUST_CHECK enum err world_run_ticks(struct world *w, int64_t until, world_done_fn done, void *context);
/* Makes a part due at once: something came to it from outside. */
void world_touch(struct world *w, struct part *p);
/* Makes all servers due: any of them may have been called. */
void world_touch_servers(struct world *w);

/* From here on the part does nothing more: whoever calls it gets no answer. It is started again over its store when the
 * tick under way has ended. For faults that strike inside a part. */
void world_kill(struct world *w, struct part *p);

/* A device from outside, in any wiring: carried to another country, switched, asked where its bearer stands. */
MUST_CHECK enum err world_move(struct world *w, struct world_device *d, const char *country);
MUST_CHECK enum err world_power(struct world *w, struct world_device *d, bool on);
/* An emergency begins at the device, or is over. */
MUST_CHECK enum err world_emergency(struct world *w, struct world_device *d, bool begins);
/* The card forgets its eIMs. ERR_UNSUPPORTED in process wiring. */
MUST_CHECK enum err world_forget_eim(struct world *w, struct world_device *d);
void world_online(struct world *w, const struct world_device *d, char plmn[8]); /* "" offline */

/* Kills a part (process wiring: SIGKILL, a device with its card) and starts it again over the same store. */
MUST_CHECK enum err world_restart(struct world *w, struct part *p);

/* Kills a part at its n-th commit from now on; it is started again over its store at once. Devices share a store in direct
 * and loopback wiring, and have none that this could count there: ERR_UNSUPPORTED. */
MUST_CHECK enum err world_cut_at_commit(struct world *w, struct part *p, int64_t n);

/* An administrator's call; *answer (may be NULL) is given. The status in *status. Body NULL: none. Takes body. */
MUST_CHECK enum err world_call(struct world *w, const char *method, const char *host, const char *path, json_t *body,
                               int *status, json_t **answer);
/* The same of a caller that is no part: a tenant by its name, "stranger" with a certificate that nobody knows, "nobody" without one;
 * or in the place of a part, with its certificate. */
MUST_CHECK enum err world_call_as(struct world *w, const char *who, const char *method, const char *host, const char *path,
                                  json_t *body, int *status, json_t **answer);
/* A GET that leaves no trace: for looking. */
MUST_CHECK enum err world_look(struct world *w, const char *host, const char *path, int *status, json_t **answer);
/* The same, expecting a 2xx; otherwise w->failure and ERR_REFUSED. `quietly`: never traced (keys inside). */
MUST_CHECK enum err world_do(struct world *w, const char *method, const char *host, const char *path, json_t *body,
                             json_t **answer);
MUST_CHECK enum err world_do_quietly(struct world *w, const char *method, const char *host, const char *path,
                                     json_t *body);

/* Makes a further code of a contract: profile at the SM-DP+, SIM in the carrier's inventory and network, row in the stock. */
MUST_CHECK enum err world_add_stock(struct world *w, const struct scenario_contract *c, int64_t count);

/* The same, but the eSO is not told yet: the last `count` of w->codes. */
MUST_CHECK enum err world_make_codes(struct world *w, const struct scenario_contract *c, int64_t count);
/* A code as the eSO imports it; new reference. */
json_t *world_code_json(const struct world_profile *p);

/* A profile of a carrier, made, and ordered for a device at the carrier's SM-DP+, past the eSO (ES2+.DownloadOrder and
 * ConfirmOrder). */
struct world_order {
    const struct scenario_carrier *carrier;
    const struct world_device *device;   /* NULL: for no EID */
    bool smds;                           /* it is an event at the SM-DS */
    bool unreleased;
    const char *confirmation_code;       /* NULL: none */
};
MUST_CHECK enum err world_order_profile(struct world *w, const struct world_order *o);
/* ES2+.ReleaseProfile of one that was left unreleased. */
MUST_CHECK enum err world_release_profile(struct world *w, const struct world_profile *p);

enum err world_fail(struct world *w, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
