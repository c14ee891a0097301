/* The ends of HTTP: a TLS server, a TLS client, and both without a socket. */
#ifndef LAB_HTTP_WIRE_H
#define LAB_HTTP_WIRE_H

#include "http.h"

struct trust; /* lib/crypto */

/* Who somebody is in TLS: PEM texts (certificate chain, key); borrowed until the object is made. */
struct tls_identity {
    struct span certificate_pem, key_pem; /* empty: none */
};

/* A name as actors use it and where it really is. */
struct net_name {
    char name[256];
    char host[64];   /* "127.0.0.1" */
    uint16_t port;
};
/* A map from names to places; TLS still verifies the name. Values are copied. */
struct net {
    struct net_name *names;
    size_t count;
};
MUST_CHECK enum err net_add(struct net *n, const char *name, const char *host, uint16_t port);
const struct net_name *net_find(const struct net *n, const char *name); /* NULL when absent */
void net_release(struct net *n);

/* A listener for one actor. TLS >= 1.2, P-256. A client certificate is asked for, never required, and judged once per
 * connection by `clients` (role CERT_OPERATOR_CLIENT) with the clock of env; one that is refused is logged and counts as none. */
struct http_server;
struct http_server_settings {
    const char *host;                 /* "127.0.0.1" */
    uint16_t port;                    /* 0: any free one */
    struct tls_identity identity;     /* empty: plain HTTP (only for tests and a local portal) */
    struct trust *clients;            /* NULL: client certificates are not asked for */
    size_t body_max;                  /* 0: HTTP_BODY_MAX; more is answered 413 */
    unsigned idle_seconds;            /* 0: 30; a connection silent for longer is closed */
    unsigned request_seconds;         /* 0: 30; a request that takes longer to arrive is cut */
    unsigned threads;                 /* 0: 1 */
    unsigned connections;             /* 0: 4096; more wait to be accepted */
    /* Called from the server's thread when a request was answered: its handler may have left work for the tick. */
    void (*served)(void *context);
    void *served_context;
};
/* ERR_IO with the address and cause in the log ("port 8443 is in use"). */
MUST_CHECK enum err http_server_start(const struct env *env, struct actor *actor,
                                      const struct http_server_settings *s, struct http_server **out);
uint16_t http_server_port(const struct http_server *s);
void http_server_stop(struct http_server *s); /* NULL is harmless; waits for running handlers */

/* A client over TLS >= 1.2 with kept-alive connections; verifies chain (to `roots`, PEM), name (SAN only) and validity
 * (env's clock). No proxy, no redirects, no other roots. Calls in parallel use connections of their own. */
struct http_client_settings {
    const struct net *net;            /* borrowed; NULL: DNS only */
    struct span roots_pem;            /* pinned CIs, concatenated PEM */
    struct tls_identity identity;     /* for mutual TLS */
    const char *user_agent;
};
MUST_CHECK enum err http_client_tls_new(const struct env *env, const struct http_client_settings *s,
                                        struct http_client **out);
/* How many TLS handshakes this client made (for the benchmark's floor). Works on any client. */
uint64_t http_client_handshakes(struct http_client *c);
/* Drops kept connections: the bearer went away. Works on any client. */
void http_client_drop_connections(struct http_client *c);

/* Direct wiring: names to actors, no sockets. Identity is the client's certificate, judged by the same function as a
 * listener's (server->clients); host names are still looked up, so an unknown name is ERR_IO. */
struct http_switch;
MUST_CHECK enum err http_switch_new(const struct env *env, struct http_switch **out);
void http_switch_free(struct http_switch *s);
/* `actor` may be replaced (restart) or NULL (down: callers get ERR_IO). clients: NULL or the listener's trust. */
MUST_CHECK enum err http_switch_set(struct http_switch *s, const char *name, struct actor *actor,
                                    struct trust *clients, const struct log *log);
MUST_CHECK enum err http_client_direct_new(struct http_switch *s, struct span certificate_der,
                                           struct http_client **out);

/* Sees every exchange of the client behind it: traces, and faults. Takes `behind`. */
struct http_observer {
    /* Before sending: a failure returned here is what the caller gets, the server sees nothing (drop: ERR_IO, time-out). */
    enum err (*before)(void *context, const struct http_call *q);
    /* After the answer (e as the client got it): may change *p, or turn it into a failure (answer lost). */
    enum err (*after)(void *context, const struct http_call *q, struct http_response *p, enum err e);
    void *context;
    /* NULL, or asked after `before`: true when it answered in *p itself, and the server sees nothing. */
    bool (*instead)(void *context, const struct http_call *q, struct http_response *p);
};
MUST_CHECK enum err http_client_observed_new(struct http_client *behind, const struct http_observer *o,
                                             struct http_client **out);
#endif
