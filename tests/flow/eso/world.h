/* An eSO among doubles on a virtual clock. */
#ifndef LAB_TESTS_ESO_WORLD_H
#define LAB_TESTS_ESO_WORLD_H

#include <jansson.h>

#include "clock.h"
#include "db.h"
#include "doubles.h"
#include "eso.h"
#include "wire.h"

#define EID_1 "89049032123451234512345678901231"
#define LEAD_ICCID "8949000000000000001"
#define CODE_SECRET "QX7K-NEVER-SHOWN-"

/* What goes wrong at the n-th call of the eSO or the n-th write of its database. */
struct trouble {
    enum { TROUBLE_NONE, TROUBLE_KILL_BEFORE_CALL, TROUBLE_KILL_AFTER_CALL, TROUBLE_LOSE_ANSWER, TROUBLE_LOSE_CALL,
           TROUBLE_KILL_AT_WRITE } kind;
    int at, seen;
    bool happened;
};

struct world {
    struct clock_virtual clock;
    struct crypto *crypto;
    struct log_sink sink;
    struct log log;
    struct buf logged;       /* every event as JSON */
    struct env env;
    struct http_switch *names;
    struct http_client *client; /* the eIM's and the tests' way to the eSO */
    struct eso *eso;
    struct cmp_double partner, lead;
    struct smdp_double smdp;
    struct eim_double eim;
    struct trouble trouble;
    int restarts, swaps;
    bool restarts_always;    /* after every tick */
    char watched[37];        /* this swap's states are written down */
    char states[400];        /* "CHECKED ALLOCATED …", each change once */
    char eid[33];
};
void world_init(struct world *w);
void world_release(struct world *w);
/* Replaces the eSO by a new one over the same database. */
void world_restart(struct world *w);
/* The usual set: carriers lead and partner, contract kenya, `devices` devices on lead, `codes` codes of partner. */
void world_set_up(struct world *w, int devices, int codes);
void world_add_codes(struct world *w, int from, int count);
void world_eid(int n, char eid[33]);       /* from 1 */
void world_iccid(int n, char iccid[21]);   /* of the n-th code, from 1 */

/* A REST call; the status, and the body when asked for (give it back with json_decref). */
int world_call(struct world *w, const char *method, const char *path, const char *body, json_t **out);
int world_call_with_key(struct world *w, const char *path, const char *body, const char *key, json_t **out);
/* Orders a swap of the n-th device; the id of it. */
void world_swap(struct world *w, int device, const char *target, char id[37]);
/* Ticks, lets devices act, and lets time pass until nobody has anything to do before `limit` from now. */
void world_run(struct world *w, int64_t limit);
/* What the API says of a swap: the state is `state` and the cause is `cause` (NULL: none). */
bool world_swap_is(struct world *w, const char *id, const char *state, const char *cause);
int world_stock(struct world *w, const char *state);
int world_alerts(struct world *w, const char *kind);

#endif
