/* What the world gives an actor. No globals: everything that varies comes through here. */
#ifndef LAB_BASE_ENV_H
#define LAB_BASE_ENV_H

#include "clock.h"
#include "log.h"
#include "rng.h"

struct crypto;      /* lib/crypto: algorithms, counters, cached certificates */
struct db;          /* lib/db: the actor's own store */
struct http_client; /* lib/http: how this actor reaches others; names are resolved behind it */

/* The two moments of a message at which a fault may change it. */
enum tamper_moment { TAMPER_BEFORE_SIGNING, TAMPER_BEFORE_SENDING };

/* Changes messages on their way, for hostile scenarios. The product calls tamper_at and knows nothing more. */
struct tamper {
    void (*at)(struct tamper *t, enum tamper_moment moment, const char *actor, const char *message,
               struct buf *bytes);
};

struct env {
    struct clock *clock;
    struct rng *rng;
    const struct log *log;
    struct crypto *crypto;
    struct db *db;            /* NULL for actors without a database */
    struct http_client *http; /* NULL for actors that never call */
    struct tamper *tamper;    /* NULL: nothing is tampered with */
};

/* `message` is interface-and-type, for example "ESipa.GetEimPackageResponse" or "ES9+.serverSigned1". */
void tamper_at(const struct env *env, enum tamper_moment moment, const char *message, struct buf *bytes);

#endif
