/* A small world for the tests of lib/http: a clock, a PKI, an actor that answers oddly on request, and both wirings. */
#ifndef LAB_TESTS_HTTP_WORLD_H
#define LAB_TESTS_HTTP_WORLD_H

#include <pthread.h>

#include "harness.h"
#include "wire.h"
#include "x509.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)
#define SERVER_NAME "smdp.example.com"

/* A key with its certificate. */
struct party {
    struct ec_key *key;
    const struct cert *cert;
    struct buf key_pem, certificate_pem;
};

struct pki {
    struct party ci, foreign_ci, operator_ca;
    struct party server, expired_server, future_server, misnamed_server, foreign_server, own_server;
    struct party client, expired_client, foreign_client;
};

/* Remembers the last log line of each test as text. */
struct memory_sink {
    struct log_sink sink;
    pthread_mutex_t lock;
    char text[4096];
};

/* What the odd routes need. */
struct odd_actor {
    struct actor actor;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool open;             /* the gate that /v1/gate waits at */
    _Atomic unsigned seen; /* requests that reached a handler */
};

struct world {
    struct clock_virtual clock;
    struct memory_sink sink;
    struct log log;
    struct crypto *crypto;
    struct env env;
    struct pki pki;
    struct trust *clients;
    struct odd_actor odd;
    struct net net;
    struct http_switch *direct;
    struct http_server *server;
};

void world_open(struct world *w);
void world_close(struct world *w);
/* Starts the listener with these settings (identity, clients and host are filled in when empty) and maps SERVER_NAME to it. */
void world_serve(struct world *w, struct http_server_settings s);
/* A client in either wiring; who may be NULL (no certificate). The wiring's server must have been started for TLS. */
enum wiring { DIRECT, TLS, WIRINGS };
extern const char *const wiring_name[];
struct http_client *world_client(struct world *w, enum wiring wiring, const struct party *who);
bool world_logged(struct world *w, const char *text);
struct tls_identity party_identity(const struct party *p);

/* One call; the answer is in *p. */
enum err call(struct http_client *c, const char *method, const char *url, const char *body, struct http_response *p);

extern const struct test contract_tests[], tls_tests[], raw_tests[], stream_tests[];
extern const size_t contract_test_count, tls_test_count, raw_test_count, stream_test_count;

#endif
