/* What the benchmarks of one server share: a place with certificates, a store and wires, a stopwatch around the server's
 * answers to its devices, and a card that speaks to it. */
#ifndef LAB_RUNNER_BENCH_PLACE_H
#define LAB_RUNNER_BENCH_PLACE_H

#include "certs.h"
#include "crypto_floor.h"
#include "es10b.h"
#include "euicc.h"
#include "wire.h"
#include "world.h"

#define BENCH_EID "89049032123451234512345678901235"

/* Processor time of the server, and operations, between request and answer: over TLS the time of all threads but the caller's,
 * where the client is; direct, a client is a function call. Nobody else works meanwhile. */
struct bench_watch {
    struct crypto *crypto;
    struct crypto_counts before, counts;
    double began, seconds;
    double own; /* what looking at the clock twice takes, which is not added */
    struct db *db;
    uint64_t steps_before, steps; /* of the database's machine */
    bool threads;  /* the server has its own */
    bool counting; /* else what passes is not added */
};

struct bench_place {
    struct log log;
    struct env env, caller; /* of the server; of card and device */
    char folder[64], path[96];
    struct pki *pki;
    struct trust *trust, *operators;
    struct actor *actor; /* the server; freed with the place */
    struct http_switch *wires;
    struct http_server *server;
    struct net net;
    struct buf roots;
    struct http_client *device; /* through the stopwatch */
    struct bench_watch watch;
    struct pki_euicc identity;
    struct euicc *euicc;
    struct es10_card card;
    struct crypto_floor *floor;
    const char *step; /* what is being done, for the message when it fails */
};

/* Certificates, clock, randomness; a database in RAM or, `stored`, in a file of a folder of its own. */
MUST_CHECK enum err bench_place_open(struct bench_place *b, bool stored);
/* Takes the actor and serves it under `host`: the device's client reaches it directly or over TLS on a kept connection. */
MUST_CHECK enum err bench_place_serve(struct bench_place *b, const char *host, struct actor *actor, enum wiring wiring);
/* The client of an operator, whose certificate is shown; in direct wiring always. Gives *out. */
MUST_CHECK enum err bench_place_operator(struct bench_place *b, const struct pki_item *who, struct http_client **out);
/* An eUICC named BENCH_EID with the test PKI's certificate, its ISD-R open. */
MUST_CHECK enum err bench_place_card(struct bench_place *b);
/* Accepts what a failed opening left; clients got from bench_place_operator are freed before. */
void bench_place_close(struct bench_place *b);

/* Of this process. */
long bench_resident_octets(void);
/* One call of an operator with a JSON body (taken; NULL none). *answer (may be NULL) is given. ERR_STATE: another status than
 * `status`. */
MUST_CHECK enum err bench_call(struct http_client *as, const char *method, const char *url, json_t *body, int status,
                               json_t **answer);

#endif
