/* sgp32lab up: the whole world on local ports, in the machine's time, until it is stopped. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_scenarios.h"
#include "program_loop.h"
#include "stop.h"
#include "world_internal.h"

static const char built_in[] =
    "scenario: Three meters, a lead and a partner\n"
    "plays: {catalogue: [1], requirements: [R1]}\n"
    "world:\n"
    "  carriers:\n"
    "    lead:    {country: DE, plmn: 26201, platform: control-center, roams-in: [KE]}\n"
    "    partner: {country: KE, plmn: 63902, platform: control-center}\n"
    "  contracts:\n"
    "    kenya: {with: partner, model: handover, quota: 10, rate-plan: iot-1mb}\n"
    "  stock: {kenya: 5}\n"
    "  devices:\n"
    "    meter: {count: 3, starts-on: lead, fallback: lead, in: KE, polls-every: 2 s}\n"
    "steps:\n"
    "  - {name: Nothing by itself, do: {wait: 1 s}}\n";

/* Events for people: warnings always, everything when wanted. */
struct up_sink {
    struct log_sink sink;
    struct log_sink_text text;
    bool all;
};

struct up {
    const char *folder, *scenario_word;
    int64_t port_base;
    uint64_t seed;
    bool verbose;
    struct scenario *scenario;
    struct world *world;
    struct program_loop loop;
    struct up_sink sink;
    struct world_outside outside;
    atomic_bool served;
    volatile int stop;
    enum err failure;
};

/* --- events and signals ------------------------------------------------------------------------------------- */

static void emit(struct log_sink *sink, const struct log_event *event)
{
    struct up_sink *s = (struct up_sink *)sink;
    if (s->all || event->level >= LOG_WARN)
        s->text.sink.emit(&s->text.sink, event);
}

static void somebody_called(void *context)
{
    struct up *u = context;
    atomic_store(&u->served, true);
    program_loop_wake(&u->loop);
}

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

/* The signals are blocked everywhere and waited for here. */
static void *await_signal(void *context)
{
    struct up *u = context;
    sigset_t set;
    int signal_number;
    stop_signals(&set);
    while (sigwait(&set, &signal_number))
        ;
    stop_ask(&u->stop);
    program_loop_wake(&u->loop);
    return NULL;
}

/* --- files ---------------------------------------------------------------------------------------------------- */

static enum err write_file(const struct up *u, const char *name, struct span bytes)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", u->folder, name);
    if (unlink(path) && errno != ENOENT)
        return ERR_IO;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return ERR_IO;
    bool written = write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len;
    return close(fd) || !written ? ERR_IO : ERR_OK;
}

static enum err write_api_keys(const struct up *u)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < u->scenario->carrier_count; i++) {
        char name[160];
        struct secret key = { 0 };
        snprintf(name, sizeof name, "cmp.%.64s.api-key", u->scenario->carrier[i].name);
        e = part_api_key(u->world, &u->scenario->carrier[i], &key);
        if (!e)
            e = write_file(u, name, secret_span(&key));
        secret_release(&key);
    }
    return e;
}

static enum err write_description(const struct up *u)
{
    json_t *servers = json_object(), *devices = json_array(), *all = NULL;
    for (size_t i = 0; i < u->world->net.count; i++)
        json_object_set_new(servers, u->world->net.names[i].name, json_integer(u->world->net.names[i].port));
    for (size_t i = 0; i < u->world->device_count; i++)
        json_array_append_new(devices, json_pack("{s:s, s:s}", "name", u->world->devices[i].name, "eid",
                                                 u->world->devices[i].eid));
    all = json_pack("{s:s, s:o, s:o}", "host", "127.0.0.1", "servers", servers, "devices", devices);
    char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    enum err e = text ? write_file(u, "world.json", span_str(text)) : ERR_NOMEM;
    free(text);
    json_decref(all);
    return e;
}

static enum err write_files(const struct up *u)
{
    const struct pki_item *admin = NULL;
    enum err e = pki_client(u->world->pki, "ADMIN", &admin);
    if (!e)
        e = write_file(u, "roots.pem", buf_span(&u->world->roots));
    if (!e)
        e = write_file(u, "admin.pem", admin->pem);
    if (!e)
        e = write_file(u, "admin-key.pem", admin->key_pem);
    if (!e)
        e = write_api_keys(u);
    return e ? e : write_description(u);
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

static void print_world(const struct up *u)
{
    const struct net_name *eso = net_find(&u->world->net, HOST_ESO);
    const char *target = u->scenario->contract_count ? u->scenario->contract[0].with->name : "CARRIER";
    printf("%s\n\n", u->scenario->title);
    for (size_t i = 0; i < u->world->net.count; i++) {
        const struct net_name *n = &u->world->net.names[i];
        printf("  %-26s https://%s, at %s:%u\n", n->name, n->name, n->host, n->port);
    }
    for (size_t i = 0; i < u->world->device_count && i < 10; i++)
        printf("  %-26s EID %s, polls every %lld s\n", u->world->devices[i].name, u->world->devices[i].eid,
               (long long)(u->world->devices[i].group->poll_every / CLOCK_SECOND));
    if (u->world->device_count > 10)
        printf("  and %zu more in %s/world.json\n", u->world->device_count - 10, u->folder);
    printf("\nadministrator  %s/admin.pem, %s/admin-key.pem; servers are signed by %s/roots.pem\n", u->folder, u->folder,
           u->folder);
    printf("platforms      account " ACCOUNT ", key in %s/cmp.CARRIER.api-key\n", u->folder);
    if (u->world->device_count && eso)
        printf("try            curl --cacert %s/roots.pem --cert %s/admin.pem --key %s/admin-key.pem \\\n"
               "                 --connect-to %s:443:127.0.0.1:%u -H 'Idempotency-Key: 1' \\\n"
               "                 -H 'Content-Type: application/json' -d '{\"target\": \"%s\"}' \\\n"
               "                 https://%s/v1/euiccs/%s/swap\n", u->folder, u->folder, u->folder, HOST_ESO, eso->port,
               target, HOST_ESO, u->world->devices[0].eid);
    printf("ready, until Ctrl-C or SIGTERM\n");
    fflush(stdout);
}

/* --- running ---------------------------------------------------------------------------------------------------- */

static int64_t step(void *context, int64_t now)
{
    struct up *u = context;
    int64_t due;
    if (atomic_exchange(&u->served, false))
        world_touch_servers(u->world);
    u->failure = world_run(u->world, now, NULL, NULL);
    if (u->failure)
        return PROGRAM_LOOP_END;
    schedule_next(&u->world->schedule, &due);
    return due;
}

static int serve(struct up *u)
{
    pthread_t waiter;
    if (pthread_create(&waiter, NULL, await_signal, u))
        return command_refuse("up", "no thread for signals");
    print_world(u);
    enum err e = program_loop_run(&u->loop, clock_system(), &u->stop, step, u);
    if (!stop_is_asked(&u->stop))
        pthread_kill(waiter, SIGTERM);
    pthread_join(waiter, NULL);
    if (e || u->failure)
        fprintf(stderr, "sgp32lab up: %s\n", u->world->failure[0] ? u->world->failure : err_name(e ? e : u->failure));
    return e || u->failure ? 1 : 0;
}

static int read_scenario(struct up *u)
{
    struct yaml_error error = { "out of memory" };
    if (u->scenario_word)
        return scenario_open("up", u->scenario_word, &u->scenario);
    enum err e = scenario_read_text(span_str(built_in), "built-in", &u->scenario, &error);
    return e ? command_refuse("up", "%s", error.text) : 0;
}

static int build(struct up *u)
{
    u->sink = (struct up_sink){ .sink = { emit }, .all = u->verbose };
    log_sink_text_init(&u->sink.text, STDERR_FILENO, isatty(STDERR_FILENO));
    u->outside = (struct world_outside){ (uint16_t)u->port_base, &u->sink.sink, somebody_called, u };
    const struct world_options o = { .wiring = WIRING_LOOPBACK, .seed = u->seed, .outside = &u->outside };
    command_raise_file_limit("up");
    if (command_make_folders(u->folder))
        return command_refuse("up", "%s: %s", u->folder, strerror(errno));
    if (program_loop_init(&u->loop))
        return command_refuse("up", "%s", strerror(errno));
    if (world_new(u->scenario, &o, &u->world))
        return command_refuse("up", "%s", u->world ? u->world->failure : "out of memory");
    return write_files(u) ? command_refuse("up", "files cannot be written to %s: %s", u->folder, strerror(errno)) : 0;
}

static int read_options(struct up *u, int argc, char **argv)
{
    struct command_words words = { 0 };
    /* Keys at rest and of accounts come from it: nobody shall know them. */
    enum err e = rng_fill(rng_system(), &u->seed, sizeof u->seed);
    u->folder = "build/up";
    u->port_base = 8440;
    const struct command_option options[] = { { "--port-base", OPTION_NUMBER, &u->port_base },
                                              { "--dir", OPTION_TEXT, &u->folder },
                                              { "--verbose", OPTION_FLAG, &u->verbose } };
    int status = e ? command_refuse("up", "no randomness") : command_read(options, COUNT(options), argc, argv, &words);
    if (!status && u->port_base > 65000)
        status = command_refuse("up", "--port-base takes 1 to 65000, or 0 for any free ports");
    if (!status && words.count > 1)
        status = command_refuse("up", "one scenario makes one world");
    u->scenario_word = words.at[0];
    return status;
}

static void release(struct up *u)
{
    world_free(u->world);
    scenario_free(u->scenario);
    program_loop_release(&u->loop);
    free(u);
}

int command_up(int argc, char **argv)
{
    sigset_t set;
    stop_signals(&set);
    struct up *u = calloc(1, sizeof *u);
    if (!u || pthread_sigmask(SIG_BLOCK, &set, NULL)) {
        free(u);
        return command_refuse("up", "out of memory");
    }
    u->loop.wake_fd = -1;
    int status = read_options(u, argc, argv);
    if (!status)
        status = read_scenario(u);
    if (!status)
        status = build(u);
    if (!status)
        status = serve(u);
    release(u);
    return status;
}
