/* sim-cmp: a carrier's connectivity management platform as a program. */
#include <string.h>

#include "cmp.h"
#include "host.h"

static const struct setting settings[] = {
    HOST_SETTINGS,
    { "carrier", SETTING_TEXT, NULL, "whose platform it is, for the log" },
    { "network", SETTING_TEXT, "", "base URL of the carrier's network, told which SIMs to serve; empty: nobody is told" },
    { "transferStatus", SETTING_TEXT, "TEST_READY", "status of a SIM that was transferred into an account" },
    { "callsPerSecond", SETTING_INT, "0", "of enterprises, more are answered 429; 0: no limit" },
};

static const char usage[] =
    "Rights of clients: administer, transfer, network.\n\n"
    "  sim-cmp --settings cmp.yaml\n"
    "  sim-cmp --settings cmp.yaml --callsPerSecond 5 --log json\n";

static const struct host_right rights[] = {
    { "administer", CMP_RIGHT_ADMINISTER },
    { "transfer", CMP_RIGHT_TRANSFER },
    { "network", CMP_RIGHT_NETWORK },
    { NULL, 0 },
};

static enum err read_clients(struct host *h, struct cmp_settings *c)
{
    const struct host_client *given = NULL;
    size_t count = 0;
    enum err e = host_clients(h, rights, &given, &count);
    struct cmp_client *clients = e ? NULL : host_keep(h, count * sizeof *clients);
    if (!e && !clients)
        e = ERR_NOMEM;
    for (size_t i = 0; !e && i < count; i++) {
        clients[i] = (struct cmp_client){ .name = given[i].name, .rights = given[i].rights };
        memcpy(clients[i].fingerprint, given[i].fingerprint, sizeof clients[i].fingerprint);
    }
    c->clients = clients;
    c->client_count = count;
    return e;
}

static enum err start(struct host *h, struct actor **out)
{
    const struct settings *s = host_settings(h);
    const char *network = settings_text(s, "network");
    int64_t rate = settings_int(s, "callsPerSecond");
    struct cmp *cmp = NULL;
    struct cmp_settings c = { .carrier = settings_text(s, "carrier"), .network_url = network[0] ? network : NULL,
                              .transfer_status = settings_text(s, "transferStatus"),
                              .calls_per_second = rate < 0 || rate > UINT32_MAX ? 0 : (unsigned)rate };
    enum err e = rate < 0 || rate > UINT32_MAX
                     ? log_fail(host_env(h)->log, ERR_CONFIG, "settings", "callsPerSecond must not be negative")
                     : read_clients(h, &c);
    if (!e)
        e = cmp_new(host_env(h), &c, &cmp);
    if (!e)
        *out = cmp_actor(cmp);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    static const struct host_actor cmp = { "cmp", start };
    return host_run(&cmp, s, stop_requested);
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
