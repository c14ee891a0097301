/* What a TLS handshake costs: a server and a client of the lab's own, in one process, on 127.0.0.1. */
#include <time.h>

#include "bench.h"

#define HOST "bench.example.com"
#define ROUNDS 100

struct pair {
    struct crypto *crypto;
    struct pki *pki;
    struct env env;
    struct log log;
    struct buf roots;
    struct net net;
    struct http_server *server;
    struct http_client *client;
};

static enum err answer(void *actor, const struct http_request *q, struct http_response *p)
{
    (void)actor, (void)q;
    return http_text(p, 200, "text/plain", span_str("ok"));
}

static const struct http_route routes[] = { { "GET", "/", answer } };
static const struct actor_ops ops = { .role = "bench", .routes = routes, .route_count = COUNT(routes) };

static enum err open_pair(struct pair *p, struct actor *actor)
{
    const struct pki_item *item = NULL;
    enum err e = crypto_new(&p->crypto);
    if (!e)
        e = pki_new(p->crypto, clock_now(clock_system()), &p->pki);
    if (!e)
        e = pki_roots_pem(p->pki, &p->roots);
    if (!e)
        e = pki_server(p->pki, HOST, &item);
    if (e)
        return e;
    p->env = (struct env){ .clock = clock_system(), .rng = crypto_rng(p->crypto), .log = &p->log, .crypto = p->crypto };
    const struct http_server_settings s = { .host = "127.0.0.1", .identity = { item->pem, item->key_pem } };
    const struct http_client_settings c = { .net = &p->net, .roots_pem = buf_span(&p->roots), .user_agent = "bench" };
    e = http_server_start(&p->env, actor, &s, &p->server);
    if (!e)
        e = net_add(&p->net, HOST, "127.0.0.1", http_server_port(p->server));
    return e ? e : http_client_tls_new(&p->env, &c, &p->client);
}

static void close_pair(struct pair *p)
{
    http_client_free(p->client);
    http_server_stop(p->server);
    net_release(&p->net);
    pki_free(p->pki);
    crypto_free(p->crypto);
    buf_release(&p->roots);
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err measure(struct pair *p, bool anew, double *seconds)
{
    const struct http_call q = { .method = "GET", .url = "https://" HOST "/" };
    struct http_response answered = HTTP_RESPONSE_INIT;
    enum err e = http_send(p->client, &q, &answered); /* the first one pays for what is loaded once */
    double began = processor_seconds();
    for (int i = 0; !e && i < ROUNDS; i++) {
        if (anew)
            http_client_drop_connections(p->client);
        e = http_send(p->client, &q, &answered);
    }
    *seconds = (processor_seconds() - began) / ROUNDS;
    http_response_release(&answered);
    return e;
}

enum err bench_measure_handshake(double *seconds)
{
    struct pair p = { .roots = { .max = 64 << 10 } };
    struct actor actor = { &ops };
    double anew = 0, kept = 0;
    enum err e = open_pair(&p, &actor);
    if (!e)
        e = measure(&p, false, &kept);
    if (!e)
        e = measure(&p, true, &anew);
    *seconds = anew > kept ? anew - kept : 0;
    close_pair(&p);
    return e;
}
