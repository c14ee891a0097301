/* sim-net: a carrier's network as a program. */
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "net.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "", "who may call: {name, certificate: FILE | fingerprint: SHA-256, rights: [..]}" },
    { "plmn", SETTING_TEXT, NULL, "MCC and MNC, 5 or 6 digits" },
    { "platform", SETTING_TEXT, "", "base URL of the carrier's platform, told of sessions; empty: nobody is told" },
    { "storage-key", SETTING_TEXT, NULL, "file with the key that encrypts subscribers' keys; made when absent" },
    { "retry", SETTING_DURATION, "1 s", "first back-off towards the platform" },
};

static const char usage[] =
    "Rights of clients: administer, platform.\n\n"
    "  sim-net --settings net.yaml\n"
    "  sim-net --settings net.yaml --listen 127.0.0.1:9443 --log json\n";

static const struct daemon_right rights[] = {
    { "administer", NETWORK_RIGHT_ADMINISTER },
    { "platform", NETWORK_RIGHT_PLATFORM },
    { NULL, 0 },
};

/* The clients in the network's form; gives *out (free). */
static enum err read_clients(struct daemon *d, struct network_client **out, size_t *count)
{
    struct daemon_client *given = NULL;
    enum err e = daemon_read_clients(d, "clients", rights, &given, count);
    if (e)
        return e;
    *out = calloc(*count ? *count : 1, sizeof **out);
    for (size_t i = 0; *out && i < *count; i++) {
        (*out)[i] = (struct network_client){ .name = given[i].name, .rights = given[i].rights };
        memcpy((*out)[i].fingerprint, given[i].fingerprint, sizeof given[i].fingerprint);
    }
    free(given);
    return *out ? ERR_OK : ERR_NOMEM;
}

static enum err make_network(struct daemon *d, struct network **out)
{
    const struct settings *s = daemon_settings(d);
    const char *platform = settings_text(s, "platform");
    struct network_client *clients = NULL;
    struct network_settings n = { .plmn = settings_text(s, "plmn"), .platform_url = platform[0] ? platform : NULL,
                                  .retry_ms = settings_int(s, "retry") };
    enum err e = daemon_read_storage_key(s, "storage-key", &n.storage_key);
    if (!e)
        e = read_clients(d, &clients, &n.client_count);
    n.clients = clients;
    if (!e)
        e = network_new(daemon_env(d), &n, out);
    secret_release(&n.storage_key);
    free(clients);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct daemon *d = NULL;
    struct network *n = NULL;
    enum err e = daemon_open(s, "net", &d);
    if (!e)
        e = make_network(d, &n);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(d, network_actor(n), stop_requested);
    if (n)
        network_actor(n)->ops->free(network_actor(n));
    daemon_close(d);
    return status;
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
