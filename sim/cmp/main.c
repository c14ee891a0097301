/* sim-cmp: a carrier's connectivity management platform as a program. */
#include <stdlib.h>
#include <string.h>

#include "cmp.h"
#include "daemon.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "", "who may call: {name, certificate: FILE | fingerprint: SHA-256, rights: [..]}" },
    { "carrier", SETTING_TEXT, NULL, "whose platform it is, for the log" },
    { "network", SETTING_TEXT, "", "base URL of the carrier's network, told which SIMs to serve; empty: nobody is told" },
    { "transfer-status", SETTING_TEXT, "TEST_READY", "status of a SIM that was transferred into an account" },
    { "calls-per-second", SETTING_INT, "0", "of enterprises, more are answered 429; 0: no limit" },
};

static const char usage[] =
    "Rights of clients: administer, transfer, network.\n\n"
    "  sim-cmp --settings cmp.yaml\n"
    "  sim-cmp --settings cmp.yaml --calls-per-second 5 --log json\n";

static const struct daemon_right rights[] = {
    { "administer", CMP_RIGHT_ADMINISTER },
    { "transfer", CMP_RIGHT_TRANSFER },
    { "network", CMP_RIGHT_NETWORK },
    { NULL, 0 },
};

/* The clients in the platform's form; gives *out (free). */
static enum err read_clients(struct daemon *d, struct cmp_client **out, size_t *count)
{
    struct daemon_client *given = NULL;
    enum err e = daemon_read_clients(d, "clients", rights, &given, count);
    if (e)
        return e;
    *out = calloc(*count ? *count : 1, sizeof **out);
    for (size_t i = 0; *out && i < *count; i++) {
        (*out)[i] = (struct cmp_client){ .name = given[i].name, .rights = given[i].rights };
        memcpy((*out)[i].fingerprint, given[i].fingerprint, sizeof given[i].fingerprint);
    }
    free(given);
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err make_platform(struct daemon *d, struct cmp **out)
{
    const struct settings *s = daemon_settings(d);
    const char *network = settings_text(s, "network");
    int64_t rate = settings_int(s, "calls-per-second");
    struct cmp_client *clients = NULL;
    struct cmp_settings c = { .carrier = settings_text(s, "carrier"), .network_url = network[0] ? network : NULL,
                              .transfer_status = settings_text(s, "transfer-status") };
    if (rate < 0 || rate > UINT32_MAX)
        return log_fail(daemon_env(d)->log, ERR_CONFIG, "settings", "calls-per-second must not be negative");
    c.calls_per_second = (unsigned)rate;
    enum err e = read_clients(d, &clients, &c.client_count);
    c.clients = clients;
    if (!e)
        e = cmp_new(daemon_env(d), &c, out);
    free(clients);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct daemon *d = NULL;
    struct cmp *c = NULL;
    enum err e = daemon_open(s, "cmp", &d);
    if (!e)
        e = make_platform(d, &c);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(d, cmp_actor(c), stop_requested);
    if (c)
        cmp_actor(c)->ops->free(cmp_actor(c));
    daemon_close(d);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-cmp",
        .summary = "a carrier's connectivity management platform: accounts, inventory, status, sessions, ledger",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
