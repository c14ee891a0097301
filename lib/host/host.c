#include "host_internal.h"

#include <string.h>
#include <unistd.h>

#define TICK_AGAIN (1 * CLOCK_SECOND) /* after a failure of the tick, a full disk for example */

const struct env *host_env(struct host *h)
{
    return &h->env;
}

const struct settings *host_settings(struct host *h)
{
    return h->settings;
}

struct trust *host_trust(struct host *h)
{
    return h->trust;
}

/* --- the environment, in the order of its needs */

static enum err open_log(struct host *h)
{
    const char *kind = settings_text(h->settings, "log");
    bool json = !strcmp(kind, "json");
    log_sink_text_init(&h->text, STDERR_FILENO, isatty(STDERR_FILENO));
    log_sink_json_init(&h->json, STDERR_FILENO);
    h->log = (struct log){ .sink = json ? &h->json.sink : &h->text.sink, .clock = clock_system(),
                           .actor = h->what->role, .least = LOG_INFO };
    h->env = (struct env){ .clock = h->log.clock, .log = &h->log };
    if (json || !strcmp(kind, "text"))
        return ERR_OK;
    h->settings_wrong = true;
    return log_fail(&h->log, ERR_CONFIG, "settings", "log must be text or json");
}

static enum err open_crypto(struct host *h)
{
    enum err e = crypto_new(&h->env.crypto);
    if (e)
        return log_fail(&h->log, e, "start", "OpenSSL does not start");
    h->env.rng = crypto_rng(h->env.crypto);
    e = host_fill_trust(h, "trust", "revoked", &h->trust);
    return e ? e : host_fill_trust(h, "clientTrust", NULL, &h->client_trust);
}

static enum err read_identity(struct host *h, const char *certificate, const char *key, struct buf files[2],
                              struct tls_identity *out)
{
    enum err e = host_read_file(h, settings_text(h->settings, certificate), &files[0]);
    if (!e)
        e = host_read_file(h, settings_text(h->settings, key), &files[1]);
    *out = (struct tls_identity){ buf_span(&files[0]), buf_span(&files[1]) };
    return e;
}

static void release_identity(struct buf files[2])
{
    if (files[1].at)
        memory_clear(files[1].at, files[1].cap);
    buf_release(&files[0]);
    buf_release(&files[1]);
}

static enum err open_client(struct host *h)
{
    struct buf roots = { .max = HOST_FILE_MAX }, files[2] = { { .max = HOST_FILE_MAX }, { .max = HOST_FILE_MAX } };
    struct http_client_settings s = { .net = &h->net, .user_agent = h->what->role };
    enum err e = host_fill_names(h);
    if (!e)
        e = host_put_pem(h, "trust", &roots);
    if (!e && settings_text(h->settings, "clientCertificate")[0])
        e = read_identity(h, "clientCertificate", "clientKey", files, &s.identity);
    s.roots_pem = buf_span(&roots);
    if (!e)
        e = http_client_tls_new(&h->env, &s, &h->env.http);
    release_identity(files);
    buf_release(&roots);
    return e;
}

/* --- serving */

static void wake_loop(void *context)
{
    program_loop_wake(context);
}

static enum err open_server(struct host *h)
{
    struct buf files[2] = { { .max = HOST_FILE_MAX }, { .max = HOST_FILE_MAX } };
    char host[64];
    int64_t threads = settings_int(h->settings, "threads");
    struct http_server_settings s = { .host = host, .clients = h->client_trust, .served = wake_loop,
                                      .served_context = &h->loop };
    if (host_split_address(settings_text(h->settings, "listen"), host, &s.port) || threads < 1 || threads > 64) {
        h->settings_wrong = true;
        return log_fail(&h->log, ERR_CONFIG, "settings", "listen must be HOST:PORT, threads 1 to 64");
    }
    s.threads = (unsigned)threads;
    enum err e = read_identity(h, "certificate", "key", files, &s.identity);
    if (!e)
        e = http_server_start(&h->env, h->actor, &s, &h->server);
    if (!e)
        LOG(&h->log, LOG_INFO, "program.ready", F_TEXT("host", host), F_INT("port", http_server_port(h->server)));
    release_identity(files);
    return e;
}

static enum err open_all(struct host *h)
{
    enum err e = open_log(h);
    if (!e)
        e = open_crypto(h);
    if (!e)
        e = db_open(&h->log, settings_text(h->settings, "database"), true, &h->env.db);
    if (!e)
        e = open_client(h);
    if (!e)
        e = program_loop_init(&h->loop);
    h->loop_ready = !e;
    if (!e)
        e = h->what->start(h, &h->actor);
    return e ? e : open_server(h);
}

static int64_t step(void *context, int64_t now)
{
    struct host *h = context;
    enum err e = ERR_OK;
    if (!h->actor->ops->tick)
        return CLOCK_NEVER;
    int64_t next = h->actor->ops->tick(h->actor, now, &e);
    if (!e)
        return next;
    LOG(&h->log, LOG_ERROR, "tick.failed", F_TEXT("err", err_name(e)));
    h->dead = e == ERR_CUT;
    return h->dead ? PROGRAM_LOOP_END : now + TICK_AGAIN;
}

static void close_all(struct host *h)
{
    http_server_stop(h->server);
    if (h->actor)
        h->actor->ops->free(h->actor);
    if (h->loop_ready)
        program_loop_release(&h->loop);
    http_client_free(h->env.http);
    net_release(&h->net);
    db_close(h->env.db);
    trust_free(h->trust);
    trust_free(h->client_trust);
    host_release_kept(h);
    crypto_free(h->env.crypto);
}

int host_run(const struct host_actor *a, const struct settings *s, const volatile int *stop_requested)
{
    struct host h = { .what = a, .settings = s };
    enum err e = open_all(&h);
    if (!e)
        e = program_loop_run(&h.loop, h.env.clock, stop_requested, step, &h);
    if (!e)
        LOG(&h.log, LOG_INFO, "program.stopped", F_INT("clean", !h.dead));
    close_all(&h);
    return h.settings_wrong || e == ERR_CONFIG ? 2 : e || h.dead ? 1 : 0;
}
