#include "daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "db.h"
#include "program_loop.h"
#include "wire.h"

struct daemon {
    const struct settings *settings;
    struct log_sink_json json;
    struct log_sink_text text;
    struct log log;
    struct env env;
    struct net net;
    struct trust *clients;
    struct buf certificate, key, roots, client_certificate, client_key;
};

static enum err open_log(struct daemon *d, const char *actor)
{
    const char *form = settings_text(d->settings, "log");
    log_sink_json_init(&d->json, 2);
    log_sink_text_init(&d->text, 2, false);
    d->log = (struct log){ .clock = clock_system(), .actor = actor, .least = LOG_INFO };
    d->log.sink = strcmp(form, "json") == 0 ? &d->json.sink : &d->text.sink;
    if (strcmp(form, "json") == 0 || strcmp(form, "text") == 0)
        return ERR_OK;
    fprintf(stderr, "log: '%s' is neither text nor json\n", form);
    return ERR_CONFIG;
}

static enum err read_files(struct daemon *d)
{
    const struct {
        const char *key;
        struct buf *to;
    } files[] = {
        { "certificate", &d->certificate },
        { "key", &d->key },
        { "roots", &d->roots },
        { "client-certificate", &d->client_certificate },
        { "client-key", &d->client_key },
    };
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < COUNT(files); i++) {
        const char *path = settings_text(d->settings, files[i].key);
        files[i].to->max = 1 << 20;
        if (path[0])
            e = daemon_read_file(d->settings, files[i].key, path, files[i].to);
    }
    return e;
}

static enum err read_names(struct daemon *d)
{
    const struct yaml_node *names = settings_node(d->settings, "names");
    enum err e = ERR_OK;
    for (size_t i = 0; !e && names && i < names->count; i++) {
        char host[64];
        uint16_t port = 0;
        const struct yaml_node *place = names->item[i];
        e = place->kind == YAML_SCALAR ? daemon_split_address(place->text, host, &port) : ERR_PARSE;
        if (e) {
            struct yaml_error error;
            e = yaml_fail(settings_yaml(d->settings), place->at, &error, "a place is written host:port");
            fprintf(stderr, "%s\n", error.text);
        } else {
            e = net_add(&d->net, names->key[i], host, port);
        }
    }
    return e;
}

static enum err read_clients_ca(struct daemon *d)
{
    const char *path = settings_text(d->settings, "clients-ca");
    struct buf pem = { .max = 1 << 20 };
    enum err e = path[0] ? daemon_read_file(d->settings, "clients-ca", path, &pem) : ERR_OK;
    if (!e && path[0])
        e = trust_new(d->env.crypto, &d->clients);
    if (!e && path[0]) {
        e = trust_add_ci(d->clients, buf_span(&pem));
        if (e) {
            fprintf(stderr, "clients-ca: '%s' is no CA certificate\n", path);
            e = ERR_CONFIG;
        }
    }
    buf_release(&pem);
    return e;
}

static enum err open_environment(struct daemon *d)
{
    const char *database = settings_text(d->settings, "database");
    struct http_client_settings client = {
        .net = &d->net,
        .roots_pem = buf_span(&d->roots),
        .identity = { buf_span(&d->client_certificate), buf_span(&d->client_key) },
    };
    d->env = (struct env){ .clock = clock_system(), .rng = rng_system(), .log = &d->log };
    enum err e = crypto_new(&d->env.crypto);
    if (!e)
        e = db_open(&d->log, database[0] ? database : NULL, true, &d->env.db);
    if (!e)
        e = read_clients_ca(d);
    /* Without roots nobody can be believed: then there is no client, and every call is "not reached". */
    return e || !d->roots.len ? e : http_client_tls_new(&d->env, &client, &d->env.http);
}

enum err daemon_open(const struct settings *s, const char *actor, struct daemon **out)
{
    struct daemon *d = calloc(1, sizeof *d);
    *out = NULL;
    if (!d)
        return ERR_NOMEM;
    d->settings = s;
    enum err e = open_log(d, actor);
    if (!e)
        e = read_files(d);
    if (!e)
        e = read_names(d);
    if (!e)
        e = open_environment(d);
    if (e)
        daemon_close(d);
    else
        *out = d;
    return e;
}

static void release_key(struct buf *key)
{
    if (key->at)
        memory_clear(key->at, key->len);
    buf_release(key);
}

void daemon_close(struct daemon *d)
{
    if (!d)
        return;
    http_client_free(d->env.http);
    db_close(d->env.db);
    trust_free(d->clients);
    crypto_free(d->env.crypto);
    net_release(&d->net);
    buf_release(&d->certificate);
    release_key(&d->key);
    buf_release(&d->roots);
    buf_release(&d->client_certificate);
    release_key(&d->client_key);
    free(d);
}

const struct env *daemon_env(const struct daemon *d)
{
    return &d->env;
}

const struct settings *daemon_settings(const struct daemon *d)
{
    return d->settings;
}

/* The loop of ticks; a request that was served wakes it, since its handler may have left work. */
struct ticking {
    struct program_loop loop;
    struct actor *actor;
    enum err failure;
};

static void wake_ticking(void *context)
{
    program_loop_wake(&((struct ticking *)context)->loop);
}

/* A failure that the actor cannot mend ends the program; everything it promised is in its database. */
static int64_t tick_once(void *context, int64_t now)
{
    struct ticking *t = context;
    int64_t next = t->actor->ops->tick ? t->actor->ops->tick(t->actor, now, &t->failure) : CLOCK_NEVER;
    return t->failure ? PROGRAM_LOOP_END : next;
}

static enum err tick_until_stopped(struct daemon *d, struct ticking *t, const volatile int *stop_requested)
{
    enum err e = program_loop_run(&t->loop, d->env.clock, stop_requested, tick_once, t);
    return e ? e : t->failure;
}

int daemon_serve(struct daemon *d, struct actor *a, const volatile int *stop_requested)
{
    struct http_server *server = NULL;
    struct ticking ticking = { .actor = a };
    char host[64];
    struct http_server_settings at = {
        .host = host,
        .identity = { buf_span(&d->certificate), buf_span(&d->key) },
        .clients = a->ops->mutual_tls ? d->clients : NULL,
        .served = wake_ticking,
        .served_context = &ticking,
    };
    if (daemon_split_address(settings_text(d->settings, "listen"), host, &at.port)) {
        fprintf(stderr, "listen: '%s' is not address:port\n", settings_text(d->settings, "listen"));
        return 2;
    }
    enum err e = program_loop_init(&ticking.loop);
    if (e)
        return 1;
    e = http_server_start(&d->env, a, &at, &server);
    if (!e) {
        LOG(&d->log, LOG_INFO, "daemon.listening", F_TEXT("host", host), F_INT("port", http_server_port(server)));
        e = tick_until_stopped(d, &ticking, stop_requested);
        LOG(&d->log, e ? LOG_ERROR : LOG_INFO, "daemon.stopped", F_TEXT("err", err_name(e)));
    }
    http_server_stop(server);
    program_loop_release(&ticking.loop);
    return e ? 1 : 0;
}
