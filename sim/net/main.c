/* sim-net: a carrier's network as a program. */
#include "host.h"
#include "net.h"

static const struct setting settings[] = {
    HOST_SETTINGS,
    { "plmn", SETTING_TEXT, NULL, "MCC and MNC, 5 or 6 digits" },
    { "platform", SETTING_TEXT, "", "base URL of the carrier's platform, told of sessions; empty: nobody is told" },
    { "storageKey", SETTING_TEXT, NULL, "file with the key that encrypts subscribers' keys; made when absent" },
    { "retry", SETTING_DURATION, "1 s", "first back-off towards the platform" },
};

static const char usage[] =
    "Rights of clients: administer, platform.\n\n"
    "  sim-net --settings net.yaml\n"
    "  sim-net --settings net.yaml --listen 127.0.0.1:9443 --log json\n";

static const struct host_right rights[] = {
    { "administer", NETWORK_RIGHT_ADMINISTER },
    { "platform", NETWORK_RIGHT_PLATFORM },
    { NULL, 0 },
};

static enum err read_clients(struct host *h, struct network_settings *n)
{
    const struct host_client *given = NULL;
    size_t count = 0;
    enum err e = host_clients(h, rights, &given, &count);
    struct network_client *clients = e ? NULL : host_keep(h, count * sizeof *clients);
    if (!e && !clients)
        e = ERR_NOMEM;
    for (size_t i = 0; !e && i < count; i++) {
        clients[i] = (struct network_client){ .name = given[i].name, .rights = given[i].rights };
        for (size_t b = 0; b < sizeof clients[i].fingerprint; b++)
            clients[i].fingerprint[b] = given[i].fingerprint[b];
    }
    n->clients = clients;
    n->client_count = count;
    return e;
}

static enum err start(struct host *h, struct actor **out)
{
    const struct settings *s = host_settings(h);
    const char *platform = settings_text(s, "platform");
    struct network *network = NULL;
    struct network_settings n = { .plmn = settings_text(s, "plmn"), .platform_url = platform[0] ? platform : NULL,
                                  .retry_ms = settings_int(s, "retry") };
    enum err e = host_storage_key(h, settings_text(s, "storageKey"), &n.storage_key);
    if (!e)
        e = read_clients(h, &n);
    if (!e)
        e = network_new(host_env(h), &n, &network);
    secret_release(&n.storage_key);
    if (!e)
        *out = network_actor(network);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    static const struct host_actor net = { "net", start };
    return host_run(&net, s, stop_requested);
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-net",
        .summary = "a carrier's network: subscribers, AKA, coverage, sessions",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
