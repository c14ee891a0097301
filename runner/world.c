#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "euicc.h"
#include "process_world.h"
#include "world_internal.h"

/* Where virtual time begins: 2026-01-01T00:00:00Z, inside the validity of everything that is issued for it. */
#define EPOCH INT64_C(1767225600000)

enum err world_fail(struct world *w, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!w->failure[0])
        vsnprintf(w->failure, sizeof w->failure, format, args);
    va_end(args);
    return e;
}

int64_t world_now(struct world *w)
{
    return clock_now(&w->clock.clock);
}

/* --- events ------------------------------------------------------------------------------------------------ */

static void keep_event(struct log_sink *sink, const struct log_event *event)
{
    struct world_log *l = (struct world_log *)sink;
    if (!l->keep)
        return;
    struct buf line = { .max = 64 << 10 };
    if (log_event_put_json(&line, event) == ERR_OK && buf_put_u8(&line, '\n') == ERR_OK) {
        trace_redact(l->world->trace, TRACE_TEXT, &line);
        pthread_mutex_lock(&l->lock);
        enum err full = buf_put(&l->lines, buf_span(&line));
        pthread_mutex_unlock(&l->lock);
        if (full)
            l->keep = false;
    }
    buf_release(&line);
}

/* --- parts -------------------------------------------------------------------------------------------------- */

static enum err open_store(const struct world *w, const struct log *log, struct db **out)
{
    enum err e = db_open(log, NULL, false, out);
    if (!e)
        db_set_patterns(*out, w->options.patterns);
    return e;
}

static enum err open_part(struct part *p, bool with_db)
{
    struct world *w = p->world;
    p->log = (struct log){ .sink = w->log.sink, .clock = &w->clock.clock, .actor = p->name, .least = LOG_INFO };
    p->env = (struct env){ .clock = &w->clock.clock, .rng = crypto_rng(w->crypto), .log = &p->log,
                           .crypto = w->crypto, .tamper = &w->faults.tamper };
    if (w->options.wiring == WIRING_PROCESS)
        return ERR_OK; /* store and client are the program's own */
    if (p->kind == PART_DEVICE)
        p->env.db = w->device_db;
    enum err e = with_db ? open_store(w, &p->log, &p->env.db) : ERR_OK;
    return e ? e : wiring_client(w, p);
}

static enum err start_part(struct part *p)
{
    bool program = p->world->options.wiring == WIRING_PROCESS;
    enum err e = program ? process_start_part(p) : part_build(p);
    if (!e && !program)
        e = wiring_publish(p->world, p);
    if (e)
        return world_fail(p->world, e, "%s does not start: %s", p->name, err_name(e));
    world_touch(p->world, p);
    return ERR_OK;
}

static void stop_part(struct part *p)
{
    process_kill_part(p);
    wiring_withdraw(p->world, p);
    if (p->actor)
        p->actor->ops->free(p->actor);
    p->actor = NULL;
    if (p->device)
        p->device->ipa = NULL;
}

enum err world_restart(struct world *w, struct part *p)
{
    LOG(&w->log, LOG_INFO, "part.restarted", F_TEXT("part", p->name));
    stop_part(p);
    if (p->env.db)
        db_rollback(p->env.db);
    w->killed -= p->killed;
    p->killed = false;
    return start_part(p);
}

void world_kill(struct world *w, struct part *p)
{
    w->killed += !p->killed;
    p->killed = true;
}

/* Before each statement that writes, and each commit: counts the commits of a part that is to die at one. */
static enum err count_commits(void *context, const char *sql)
{
    struct part *p = context;
    if (!p->cut_at || strcmp(sql, "COMMIT") != 0 || --p->cut_at)
        return ERR_OK;
    world_kill(p->world, p);
    return ERR_CUT;
}

enum err world_cut_at_commit(struct world *w, struct part *p, int64_t n)
{
    if (w->options.wiring != WIRING_PROCESS && p->kind == PART_DEVICE)
        return world_fail(w, ERR_UNSUPPORTED, "devices share a store in this wiring: %s cannot die at its own commit",
                          p->name);
    p->cut_at = n;
    if (w->options.wiring == WIRING_PROCESS)
        return world_restart(w, p);
    db_set_fault(p->env.db, count_commits, p);
    return ERR_OK;
}

static enum err restart_killed(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && w->killed && i < w->part_count; i++)
        if (w->parts[i].killed)
            e = world_restart(w, &w->parts[i]);
    return e;
}

void world_touch(struct world *w, struct part *p)
{
    if (w->schedule.count && schedule_due(&w->schedule, p->number) > world_now(w))
        schedule_set(&w->schedule, p->number, world_now(w));
}

void world_touch_servers(struct world *w)
{
    for (size_t i = 0; i < w->part_count && w->parts[i].host[0]; i++)
        world_touch(w, &w->parts[i]);
}

struct part *world_part(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->part_count; i++)
        if (strcmp(w->parts[i].name, name) == 0)
            return &w->parts[i];
    return NULL;
}

struct world_device *world_device(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->device_count; i++)
        if (strcmp(w->devices[i].name, name) == 0)
            return &w->devices[i];
    return NULL;
}

static struct part *add_part(struct world *w, enum part_kind kind, const char *name, const char *host)
{
    struct part *p = &w->parts[w->part_count];
    *p = (struct part){ .world = w, .kind = kind, .number = w->part_count++ };
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->host, sizeof p->host, "%s", host);
    return p;
}

const char *world_eim_host(const struct scenario_eim *eim, char out[128])
{
    snprintf(out, 128, eim ? "eim.%s.example.com" : HOST_EIM, eim ? eim->name : "");
    return out;
}

const char *world_smdp_host(const struct scenario_smdp *smdp, char out[128])
{
    snprintf(out, 128, smdp ? "smdp.%s.example.com" : HOST_SMDP, smdp ? smdp->name : "");
    return out;
}

/* SM-DP+ beside the one that is always there, and the SM-DS. */
static void list_rsp_servers(struct world *w)
{
    char name[TRACE_NAME_MAX], host[128];
    for (size_t i = 0; i < w->scenario->smdp_count; i++) {
        snprintf(name, sizeof name, "smdp.%.48s", w->scenario->other_smdp[i].name);
        add_part(w, PART_SMDP, name, world_smdp_host(&w->scenario->other_smdp[i], host))->smdp = &w->scenario->other_smdp[i];
    }
    if (w->scenario->smds)
        add_part(w, PART_SMDS, "smds", HOST_SMDS);
}

const char *world_device_host(const struct world_device *d, char out[128])
{
    snprintf(out, 128, "%.60s.device.example.com", d->name);
    return out;
}

/* A device is called only where its eIM pushes. */
static void add_device(struct world *w, struct world_device *d)
{
    char host[128] = "";
    d->part = add_part(w, PART_DEVICE, d->name, d->group->pushed ? world_device_host(d, host) : "");
    d->part->device = d;
}

static void list_parts(struct world *w)
{
    char name[TRACE_NAME_MAX], host[160];
    add_part(w, PART_SMDP, "smdp", HOST_SMDP);
    add_part(w, PART_EIM, "eim", HOST_EIM);
    add_part(w, PART_ESO, "eso", HOST_ESO);
    for (size_t i = 0; i < w->scenario->carrier_count; i++) {
        const struct scenario_carrier *c = &w->scenario->carrier[i];
        snprintf(name, sizeof name, "cmp.%.48s", c->name);
        snprintf(host, sizeof host, "cmp.%s.example.com", c->name);
        add_part(w, PART_PLATFORM, name, host)->carrier = c;
        snprintf(name, sizeof name, "net.%.48s", c->name);
        snprintf(host, sizeof host, "net.%s.example.com", c->name);
        add_part(w, PART_NETWORK, name, host)->carrier = c;
    }
    for (size_t i = 0; i < w->scenario->eim_count; i++) {
        snprintf(name, sizeof name, "eim.%.48s", w->scenario->eim[i].name);
        add_part(w, PART_EIM, name, world_eim_host(&w->scenario->eim[i], host))->eim = &w->scenario->eim[i];
    }
    list_rsp_servers(w);
    /* Who has a host comes first: who looks for one need not pass a fleet. */
    for (size_t i = 0; i < w->device_count; i++)
        if (w->devices[i].group->pushed)
            add_device(w, &w->devices[i]);
    for (size_t i = 0; i < w->device_count; i++)
        if (!w->devices[i].group->pushed)
            add_device(w, &w->devices[i]);
}

static enum err start_servers(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->part_count; i++) {
        struct part *p = &w->parts[i];
        e = open_part(p, p->kind != PART_DEVICE);
        if (!e && p->kind != PART_DEVICE)
            e = start_part(p);
        if (e)
            return world_fail(w, e, "%s cannot be set up: %s", p->name, err_name(e));
    }
    return e;
}

static enum err start_devices(struct world *w)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < w->device_count; i++)
        e = device_card(w, &w->devices[i]);
    if (!e)
        e = provision_devices(w);
    /* The eSO registers them at their eIM, the platforms tell their networks: what the furnishing left to do. */
    if (!e)
        e = world_run(w, world_now(w), NULL, NULL);
    for (size_t i = 0; !e && i < w->device_count; i++)
        e = start_part(w->devices[i].part);
    return e;
}

/* --- building ------------------------------------------------------------------------------------------------ */

/* Worlds that others can touch, or whose actors are programs: on the machine's clock and randomness, never repeatable. */
static bool in_machine_time(const struct world *w)
{
    return w->options.outside || w->options.wiring == WIRING_PROCESS;
}

static enum err make_crypto(struct world *w)
{
    uint8_t seed[32] = { 0 };
    for (int i = 0; i < 8; i++)
        seed[i] = (uint8_t)(w->options.seed >> 8 * i);
    enum err e = in_machine_time(w) ? crypto_new(&w->crypto) : crypto_new_seeded(SPAN_ARRAY(seed), &w->crypto);
    if (!e)
        e = pki_new(w->crypto, w->epoch, &w->pki);
    if (!e)
        e = pki_trust(w->pki, &w->trust);
    if (!e)
        e = euicc_contents_new(&w->contents);
    if (!e)
        e = pki_trust_clients(w->pki, &w->client_trust);
    w->roots.max = 64 << 10;
    return e ? e : pki_roots_pem(w->pki, &w->roots);
}

static int64_t machine_time(struct clock *c)
{
    (void)c;
    return clock_now(clock_system());
}

/* Time of the world: its own from the epoch on, or the machine's. */
static void set_clock(struct world *w)
{
    w->epoch = in_machine_time(w) ? clock_now(clock_system()) : EPOCH;
    clock_virtual_init(&w->clock, w->epoch);
    if (in_machine_time(w))
        w->clock.clock.now = machine_time;
}

static void prepare(struct world *w, const struct scenario *s, const struct world_options *o)
{
    w->scenario = s;
    w->options = *o;
    set_clock(w);
    pthread_mutex_init(&w->log_sink.lock, NULL);
    w->log_sink.sink.emit = keep_event;
    w->log_sink.keep = o->trace;
    w->log_sink.lines.max = 256 << 20;
    w->log_sink.world = w;
    w->log = (struct log){ o->outside ? o->outside->sink : &w->log_sink.sink, &w->clock.clock, "world", LOG_INFO };
}

static enum err allocate(struct world *w)
{
    enum err e = devices_plan(w);
    size_t most = 3 + 2 * w->scenario->carrier_count + w->scenario->eim_count + w->scenario->smdp_count + w->scenario->smds + w->device_count;
    w->parts = calloc(most, sizeof *w->parts);
    w->callers = calloc(most + 2 + COUNT(w->guest), sizeof(struct caller *));
    if (!e && (!w->parts || !w->callers))
        e = ERR_NOMEM;
    if (e)
        return e;
    list_parts(w);
    return schedule_init(&w->schedule, w->part_count, w->options.seed);
}

static enum err build(struct world *w)
{
    enum err e = trace_new(&w->clock.clock, w->options.trace, &w->trace);
    if (!e && w->options.bare)
        trace_lay_bare(w->trace);
    faults_init(&w->faults, w->trace);
    if (!e)
        e = make_crypto(w);
    w->admin_env = (struct env){ .clock = &w->clock.clock, .log = &w->log, .crypto = w->crypto };
    if (!e)
        w->admin_env.rng = crypto_rng(w->crypto);
    if (!e && w->options.wiring == WIRING_DIRECT)
        e = http_switch_new(&w->admin_env, &w->exchange);
    if (!e)
        e = allocate(w);
    if (!e)
        e = open_store(w, &w->log, &w->device_db);
    if (!e)
        e = wiring_client(w, NULL);
    if (!e && w->options.wiring == WIRING_PROCESS)
        e = process_open(w);
    if (!e)
        e = start_servers(w);
    if (!e)
        e = provision_carriers(w);
    if (!e)
        e = provision_eso(w);
    if (!e)
        e = start_devices(w);
    return e ? e : wiring_show_flaws(w);
}

enum err world_new(const struct scenario *s, const struct world_options *o, struct world **out)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    *out = w;
    prepare(w, s, o);
    enum err e = build(w);
    return e ? world_fail(w, e, "the world cannot be built: %s", err_name(e)) : ERR_OK;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    if (w->options.wiring == WIRING_PROCESS && !process_close(w))
        LOG(&w->log, LOG_WARN, "parts.unclean", F_TEXT("folder", w->folder));
    for (size_t i = w->part_count; i-- > 0;)
        stop_part(&w->parts[i]);
    for (size_t i = 0; i < w->part_count; i++) {
        http_client_free(w->parts[i].http);
        if (w->parts[i].kind != PART_DEVICE)
            db_close(w->parts[i].env.db);
    }
    http_client_free(w->admin);
    http_client_free(w->operator);
    http_client_free(w->hand);
    for (size_t i = 0; i < w->guest_count; i++)
        http_client_free(w->guest[i].http);
    for (size_t i = 0; i < w->device_count; i++)
        device_release(&w->devices[i]);
    for (size_t i = 0; i < w->caller_count; i++)
        free(w->callers[i]);
    db_close(w->device_db);
    http_switch_free(w->exchange);
    schedule_release(&w->schedule);
    faults_release(&w->faults);
    trust_free(w->trust);
    euicc_contents_free(w->contents);
    trust_free(w->client_trust);
    pki_free(w->pki);
    net_release(&w->net);
    crypto_free(w->crypto);
    trace_free(w->trace);
    buf_release(&w->roots);
    buf_release(&w->log_sink.lines);
    pthread_mutex_destroy(&w->log_sink.lock);
    if (w->codes)
        memory_clear(w->codes, w->code_room * sizeof *w->codes);
    free(w->codes);
    free(w->devices);
    free(w->parts);
    free(w->callers);
    free(w);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

/* One tick of the part that is due; a part that a fault killed is started again over its store. */
static enum err tick(struct world *w, struct part *p)
{
    enum err failure = ERR_OK;
    schedule_set(&w->schedule, p->number, CLOCK_NEVER);
    if (!p->actor || !p->actor->ops->tick)
        return ERR_OK;
    w->ticking = true;
    int64_t next = p->actor->ops->tick(p->actor, world_now(w), &failure);
    w->ticking = false;
    if (failure == ERR_CUT)
        world_kill(w, p);
    if (w->killed) {
        bool itself = p->killed;
        enum err e = restart_killed(w);
        if (e || itself)
            return e;
    }
    if (failure)
        return world_fail(w, failure, "%s failed in its tick: %s", p->name, err_name(failure));
    if (next < schedule_due(&w->schedule, p->number))
        schedule_set(&w->schedule, p->number, next > world_now(w) ? next : world_now(w));
    return ERR_OK;
}

/* More ticks than any world needs at one moment: somebody asks to be called again and again. */
#define TICKS_AT_ONCE 1000000

static enum err run(struct world *w, int64_t until, world_done_fn done, void *context, bool every_tick)
{
    int64_t due = 0, ticks = 0;
    for (;;) {
        size_t next = schedule_next(&w->schedule, &due);
        bool idle = due > world_now(w);
        if (done && (idle || every_tick) && done(context))
            return ERR_OK;
        if (idle && due > until) {
            clock_virtual_advance(&w->clock, until);
            return done ? ERR_TIMEOUT : ERR_OK;
        }
        if (idle) {
            clock_virtual_advance(&w->clock, due);
            ticks = 0;
        }
        enum err e = ++ticks < TICKS_AT_ONCE ? tick(w, &w->parts[next])
                                             : world_fail(w, ERR_STATE, "time stands still: %s never rests",
                                                          w->parts[next].name);
        if (e)
            return e;
    }
}

enum err world_run(struct world *w, int64_t until, world_done_fn done, void *context)
{
    if (w->options.wiring == WIRING_PROCESS)
        return process_run(w, until, done, context);
    return run(w, until, done, context, false);
}

enum err world_run_ticks(struct world *w, int64_t until, world_done_fn done, void *context)
{
    return run(w, until, done, context, true);
}

/* --- calls ----------------------------------------------------------------------------------------------------- */

static enum err call(struct world *w, struct http_client *client, const char *method, const char *host,
                     const char *path, json_t *body, int *status, json_t **answer)
{
    char url[512], why[160];
    struct buf text = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    char key[37] = "";
    snprintf(url, sizeof url, "https://%s%s", host, path);
    enum err e = body ? json_write(body, &text) : ERR_OK;
    if (!e)
        e = rng_uuid(crypto_rng(w->crypto), key);
    const struct http_header headers[] = { { "Content-Type", "application/json" }, { "Idempotency-Key", key } };
    const struct http_call q = { .method = method, .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = buf_span(&text) };
    if (!e)
        e = http_send(client, &q, &p);
    /* People ask again when a part died over their question; the idempotency key is the same. */
    bool again = e && w->options.wiring == WIRING_PROCESS ? process_revive(w)
                                                          : e && w->killed && !w->ticking && !restart_killed(w);
    if (again) {
        http_response_clear(&p);
        e = http_send(client, &q, &p);
    }
    *status = e ? 0 : p.status;
    if (!e && answer && p.body.len && json_read(buf_span(&p.body), answer, why))
        e = world_fail(w, ERR_PARSE, "%s %s: %s", method, url, why);
    if (!e && p.status / 100 != 2 && !w->last_problem[0])
        snprintf(w->last_problem, sizeof w->last_problem, "%.*s", (int)p.body.len, (const char *)p.body.at);
    if (text.at)
        memory_clear(text.at, text.len);
    buf_release(&text);
    json_decref(body);
    http_response_release(&p);
    return e;
}

enum err world_call(struct world *w, const char *method, const char *host, const char *path, json_t *body, int *status,
                    json_t **answer)
{
    return world_call_as(w, "admin", method, host, path, body, status, answer);
}

enum err world_call_as(struct world *w, const char *who, const char *method, const char *host, const char *path, json_t *body,
                       int *status, json_t **answer)
{
    struct http_client *client = w->admin;
    if (answer)
        *answer = NULL;
    w->last_problem[0] = 0;
    enum err e = strcmp(who, "admin") == 0 ? ERR_OK : wiring_guest(w, who, &client);
    if (!e)
        return call(w, client, method, host, path, body, status, answer);
    json_decref(body);
    return e;
}

static enum err expect_2xx(struct world *w, enum err e, int status, const char *method, const char *host,
                           const char *path)
{
    if (e)
        return world_fail(w, e, "%s https://%s%s: %s", method, host, path, err_name(e));
    if (status / 100 != 2)
        return world_fail(w, ERR_REFUSED, "%s https://%s%s answers %d %s", method, host, path, status,
                          w->last_problem);
    return ERR_OK;
}

enum err world_do(struct world *w, const char *method, const char *host, const char *path, json_t *body,
                  json_t **answer)
{
    int status = 0;
    enum err e = world_call(w, method, host, path, body, &status, answer);
    return expect_2xx(w, e, status, method, host, path);
}

enum err world_do_quietly(struct world *w, const char *method, const char *host, const char *path, json_t *body)
{
    int status = 0;
    w->last_problem[0] = 0;
    enum err e = call(w, w->hand, method, host, path, body, &status, NULL);
    struct part *to = NULL;
    for (size_t i = 0; i < w->part_count; i++)
        if (strcmp(w->parts[i].host, host) == 0)
            to = &w->parts[i];
    if (to)
        world_touch(w, to);
    return expect_2xx(w, e, status, method, host, path);
}

enum err world_look(struct world *w, const char *host, const char *path, int *status, json_t **answer)
{
    *answer = NULL;
    return call(w, w->hand, "GET", host, path, NULL, status, answer);
}
