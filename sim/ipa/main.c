/* sim-ipa: devices as a program: each with its baseband, its IPA, and a card in a reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card_pcsc.h"
#include "card_vpcd.h"
#include "daemon.h"
#include "ipa_devices.h"
#include "say.h"

static const struct setting settings[] = {
    DAEMON_SETTINGS,
    { "clients", SETTING_LIST, "",
      "who may move and switch devices: {name, certificate: FILE | fingerprint: SHA-256}" },
    { "injectors", SETTING_LIST, "",
      "eIMs that may push packages to the devices: {name: its eimId, certificate: FILE | fingerprint: SHA-256}; none: nobody may" },
    { "devices", SETTING_LIST, "",
      "{name, imei, country, card: vpcd:PORT | pcsc:NAME, initial-eim: FILE (BF57), confirmation-code, "
      "end-user: absent | rejects | postpones}" },
    { "networks", SETTING_MAP, "", "plmn: base URL, the networks that there are" },
    { "poll", SETTING_DURATION, "15 s", "between polls when there is nothing to do" },
    { "attach", SETTING_DURATION, "30 s", "between attempts to attach" },
    { "rollback", SETTING_DURATION, "420 s",
      "without a bearer after an enable with rollback: it is taken back" },
    { "fallback", SETTING_DURATION, "2 min",
      "without a bearer, and nothing to take back: the fallback profile is enabled" },
    { "result-refusals-max", SETTING_INT, "1000",
      "so often a result is brought to an eIM that refuses it, at last every hour; then it is given up" },
    { "return", SETTING_DURATION, "1 min", "in fallback: between looks whether the lost network is back" },
    { "sgp32", SETTING_TEXT, "1.2", "version of SGP.32 that the IPAs speak: 1.2 or 1.3" },
    RSP_WIRE_REFRESH_FLAG,
    RSP_WIRE_ESIPA_PROTOCOL,
    RSP_WIRE_ES9_PROTOCOL,
    RSP_WIRE_CONFIRMATION_CODE,
    { "wired", SETTING_BOOL, "false", "the eIM is reached without a bearer too: Ethernet, Wi-Fi" },
    { "emergency-on-loss", SETTING_BOOL, "false", "without a bearer the emergency profile comes before the fallback profile" },
    { "indirect", SETTING_BOOL, "false", "downloads and notifications go through the eIM" },
    { "eim-download-data", SETTING_BOOL, "false", "with indirect: the eIM alone knows what is downloaded, the trigger may be empty" },
    { "eim-ctx-params1", SETTING_BOOL, "false", "with indirect: the eIM makes ctxParams1" },
    { "eim-metadata", SETTING_BOOL, "false", "with indirect: the eIM verifies the metadata of profiles" },
    { "minimize", SETTING_BOOL, "false", "with indirect: compact forms to the eIM, which puts together what was signed" },
    { "binding", SETTING_TEXT, "asn1", "of ESipa: asn1 or json (SGP.32 6.3, 6.4)" },
    { "ipa", SETTING_TEXT, "ipad", "which IPA this is; an IPAe lives in its card and is no program: see below" },
    { "protocol", SETTING_TEXT, "https", "to the eIM; CoAPS is not available" },
    { "card-wait", SETTING_DURATION, "5 s", "how long a vpcd card may take to connect and to answer" },
    { "progress", SETTING_TEXT, "auto",
      "what the devices do, on standard output: words, json (one event a line), none; auto: words on a terminal" },
    { "once", SETTING_BOOL, "false", "do what is due now, serve nobody, and end: 0 all done, 1 a device reached no eIM or left something undone" },
};

static const char usage[] =
    "card: vpcd:PORT listens for a card as vpcd would (sim-euicc --vpcd 127.0.0.1:PORT; 0: any free port, "
    "told in the\n"
    "log); card: pcsc:NAME takes the reader whose name contains NAME (pcsc: the first).\n\n"
    "On a terminal it says what each device does, one sentence a line; '--progress json' gives the events instead.\n\n"
    "ipa: ipae is refused: an IPAe has no reader between itself and its card; scenarios have devices with ipa: ipae.\n"
    "protocol: coaps is refused: there is no DTLS and no CoAP here.\n\n"
    "  sim-ipa --settings ipa.yaml\n"
    "  sim-ipa --settings ipa.yaml --once true\n\n"
    "with ipa.yaml:\n"
    "  database: ipa.db\n"
    "  roots: certs/CertificateIssuer/CERT_CI_ECDSA_NIST.pem\n"
    "  networks: {\"26201\": \"https://net.lead.example.com\"}\n"
    "  devices:\n"
    "    - {name: meter-1, imei: \"351234567890123\", country: DE, card: \"vpcd:35963\"}\n";

#define DEVICES_MAX 64
#define NETWORKS_MAX 64
#define INJECTORS_MAX 16

/* What the devices borrow. */
struct program_state {
    struct daemon *d;
    struct ipa_say say;
    struct log log; /* through it */
    struct env env; /* the daemon's, with this log */
    struct card *cards[DEVICES_MAX];
    size_t card_count;
    struct ipa_network networks[NETWORKS_MAX];
    size_t network_count;
    struct ipa_injector injectors[INJECTORS_MAX];
    size_t injector_count;
    struct ipa_devices *devices;
};

static enum err complain(struct program_state *p, const struct yaml_node *n, const char *what)
{
    struct yaml_error error;
    enum err e = yaml_fail(settings_yaml(daemon_settings(p->d)), n->at, &error, "%s", what);
    fprintf(stderr, "%s\n", error.text);
    return e;
}

static enum err open_vpcd(struct program_state *p, const struct yaml_node *n, const char *port,
                          struct card **out)
{
    char *end = NULL;
    unsigned long number = strtoul(port, &end, 10);
    if (end == port || *end || number > UINT16_MAX)
        return complain(p, n, "vpcd:PORT is wanted, PORT from 0 to 65535");
    uint16_t at = (uint16_t)number;
    int wait = (int)settings_int(daemon_settings(p->d), "card-wait");
    enum err e = card_vpcd_open_reader(daemon_env(p->d)->log, &at, wait, out);
    if (!e)
        LOG(p->env.log, LOG_INFO, "card.listening", F_INT("port", at));
    return e;
}

static enum err open_card(struct program_state *p, const struct yaml_node *device, struct card **out)
{
    const struct yaml_node *n = yaml_get(device, "card");
    const char *text = NULL;
    enum err e = daemon_member(daemon_settings(p->d), device, "card", &text);
    if (e)
        return e;
    if (strncmp(text, "vpcd:", 5) == 0)
        e = open_vpcd(p, n, text + 5, out);
    else if (strncmp(text, "pcsc:", 5) == 0)
        e = card_pcsc_open(daemon_env(p->d)->log, text + 5, out);
    else
        return complain(p, n, "a card is vpcd:PORT or pcsc:NAME");
    if (!e)
        p->cards[p->card_count++] = *out;
    return e;
}

static enum err read_networks(struct program_state *p)
{
    const struct yaml_node *map = settings_node(daemon_settings(p->d), "networks");
    for (size_t i = 0; map && i < map->count; i++) {
        size_t digits = strspn(map->key[i], "0123456789");
        if (i == NETWORKS_MAX || map->item[i]->kind != YAML_SCALAR || map->key[i][digits] || digits < 5 ||
            digits > 6)
            return complain(p, map->item[i], "a network is written \"PLMN\": URL, with 5 or 6 digits");
        p->networks[p->network_count++] = (struct ipa_network){ map->key[i], map->item[i]->text };
    }
    return ERR_OK;
}

/* Somebody who can be asked for each download, and always says the same. */
static enum err read_end_user(struct program_state *p, const struct yaml_node *n, enum ipa_end_user *out)
{
    static const char *const answers[] = { "absent", "rejects", "postpones" }; /* as enum ipa_end_user */
    const char *text = NULL;
    enum err e = daemon_member(daemon_settings(p->d), n, "end-user", &text);
    for (size_t i = 0; !e && i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(text, answers[i]) == 0) {
            *out = (enum ipa_end_user)i;
            return ERR_OK;
        }
    return e ? e : complain(p, yaml_get(n, "end-user"), "an end user is absent, rejects or postpones");
}

static enum err read_texts(struct program_state *p, const struct yaml_node *n, struct ipa_settings *out)
{
    static const char *const known[] = { "name", "imei", "country", "card", "initial-eim", "confirmation-code", "end-user", NULL };
    const struct settings *s = daemon_settings(p->d);
    struct yaml_error error;
    enum err e = daemon_member(s, n, "name", &out->name);
    if (!e)
        e = daemon_member(s, n, "imei", &out->imei);
    if (!e)
        e = daemon_member(s, n, "country", &out->country);
    if (!e && yaml_get(n, "confirmation-code"))
        e = daemon_member(s, n, "confirmation-code", &out->confirmation_code);
    if (!e && yaml_get(n, "end-user"))
        e = read_end_user(p, n, &out->end_user);
    if (!e && (e = yaml_only_keys(settings_yaml(s), n, known, &error)))
        fprintf(stderr, "%s\n", error.text);
    if (!e && (strlen(out->imei) != 15 || strspn(out->imei, "0123456789") != 15))
        e = complain(p, yaml_get(n, "imei"), "an IMEI has 15 digits");
    if (!e && strlen(out->country) != 2)
        e = complain(p, yaml_get(n, "country"), "a country is two letters (ISO 3166)");
    return e;
}

static enum err add_device(struct program_state *p, const struct yaml_node *n)
{
    const struct settings *s = daemon_settings(p->d);
    struct ipa_settings i = { .networks = p->networks,
                              .network_count = p->network_count,
                              .poll_every = settings_int(s, "poll"),
                              .attach_every = settings_int(s, "attach"),
                              .rollback_after = settings_int(s, "rollback"),
                              .json = strcmp(settings_text(s, "binding"), "json") == 0,
                              .indirect = settings_bool(s, "indirect"),
                              .wired = settings_bool(s, "wired"),
                              .v1_3 = strcmp(settings_text(s, "sgp32"), "1.3") == 0,
                              .emergency_on_loss = settings_bool(s, "emergency-on-loss"),
                              .minimizes = settings_bool(s, "minimize"),
                              .eim_download_data = settings_bool(s, "eim-download-data"),
                              .eim_ctx_params1 = settings_bool(s, "eim-ctx-params1"),
                              .eim_metadata = settings_bool(s, "eim-metadata"),
                              .listens = p->injector_count > 0,
                              .injectors = p->injectors,
                              .injector_count = p->injector_count,
                              .result_refusals_max = settings_int(s, "result-refusals-max"),
                              .fallback_after = settings_int(s, "fallback"),
                              .return_every = settings_int(s, "return") };
    rsp_wire_of_settings(s, RSP_WIRE_IPA, &i.wire);
    const char *file = NULL;
    struct buf initial_eim = { .max = 4096 };
    struct ipa *ipa = NULL;
    enum err e = read_texts(p, n, &i);
    if (!e && yaml_get(n, "initial-eim"))
        e = daemon_member(s, n, "initial-eim", &file);
    if (!e && file)
        e = daemon_read_file(s, "initial-eim", file, &initial_eim);
    i.initial_eim = buf_span(&initial_eim);
    if (!e)
        e = open_card(p, n, &i.card);
    if (!e)
        e = ipa_new(&p->env, &i, &ipa);
    if (!e)
        e = ipa_devices_add(p->devices, i.name, i.country, ipa);
    if (e == ERR_EXISTS || e == ERR_LIMIT)
        e = complain(p, n, "names of devices differ and have at most 63 characters");
    buf_release(&initial_eim);
    return e;
}

/* What cannot be had is refused in words rather than played. */
static enum err refuse_unavailable(struct program_state *p)
{
    const char *ipa = settings_text(daemon_settings(p->d), "ipa"), *protocol = settings_text(daemon_settings(p->d), "protocol");
    const char *binding = settings_text(daemon_settings(p->d), "binding");
    if (strcmp(ipa, "ipad") != 0)
        fputs(strcmp(ipa, "ipae") == 0
                            ? "ipa: an IPAe lives in its card, without a reader between (BIP and a terminal are not simulated): "
                              "play a scenario with a device that says 'ipa: ipae', or take ipad\n"
                            : "ipa: ipad is wanted\n", stderr);
    else if (strcmp(protocol, "coaps") == 0 || strcmp(binding, "coaps") == 0)
        fputs("CoAPS (SGP.32 6.2) is not available here: there is no DTLS and no CoAP; take https, with asn1 or json\n", stderr);
    else if (strcmp(protocol, "https") != 0)
        fputs("protocol: https is wanted\n", stderr);
    else if (strcmp(settings_text(daemon_settings(p->d), "sgp32"), "1.2") != 0 &&
             strcmp(settings_text(daemon_settings(p->d), "sgp32"), "1.3") != 0)
        fputs("sgp32: 1.2 or 1.3 is wanted\n", stderr);
    else if (strcmp(binding, "asn1") != 0 && strcmp(binding, "json") != 0)
        fputs("binding: asn1 or json is wanted\n", stderr);
    else
        return ERR_OK;
    return ERR_CONFIG;
}

static enum err open_progress(struct program_state *p)
{
    const char *how = settings_text(daemon_settings(p->d), "progress");
    bool json = strcmp(how, "json") == 0, words = strcmp(how, "words") == 0, automatic = strcmp(how, "auto") == 0;
    p->env = *daemon_env(p->d);
    if (!json && !words && !automatic && strcmp(how, "none") != 0) {
        fprintf(stderr, "progress: auto, words, json or none is wanted\n");
        return ERR_CONFIG;
    }
    if (!json && !words && !(automatic && isatty(STDOUT_FILENO)))
        return ERR_OK;
    ipa_say_init(&p->say, p->env.log, STDOUT_FILENO, json);
    p->log = *p->env.log;
    p->log.sink = &p->say.sink;
    p->log.least = LOG_DEBUG;
    p->env.log = &p->log;
    return ERR_OK;
}

static enum err read_injectors(struct program_state *p)
{
    static const struct daemon_right rights[] = { { NULL, 0 } };
    struct daemon_client *clients = NULL;
    size_t count = 0;
    enum err e = daemon_read_clients(p->d, "injectors", rights, &clients, &count);
    if (!e && count > INJECTORS_MAX) {
        fprintf(stderr, "injectors: at most %d are wanted\n", INJECTORS_MAX);
        e = ERR_CONFIG;
    }
    for (size_t i = 0; !e && i < count; i++) {
        struct ipa_injector *one = &p->injectors[p->injector_count++];
        one->eim = clients[i].name;
        memcpy(one->fingerprint, clients[i].fingerprint, sizeof clients[i].fingerprint);
    }
    free(clients);
    return e;
}

static enum err make_devices(struct program_state *p)
{
    static const struct daemon_right rights[] = { { NULL, 0 } };
    const struct yaml_node *list = settings_node(daemon_settings(p->d), "devices");
    struct daemon_client *clients = NULL;
    size_t count = 0;
    enum err e = daemon_read_clients(p->d, "clients", rights, &clients, &count);
    struct ipa_administrator *administrators = e ? NULL : calloc(count + 1, sizeof *administrators);
    if (!e && !administrators)
        e = ERR_NOMEM;
    for (size_t i = 0; !e && i < count; i++)
        memcpy(administrators[i].fingerprint, clients[i].fingerprint, sizeof clients[i].fingerprint);
    if (!e)
        e = ipa_devices_new(daemon_env(p->d), administrators, count, &p->devices);
    free(clients);
    free(administrators);
    if (!e)
        e = read_networks(p);
    if (!e)
        e = read_injectors(p);
    if (!e && (!list || list->count == 0 || list->count > DEVICES_MAX)) {
        fprintf(stderr, "devices: 1 to %d are wanted\n", DEVICES_MAX);
        e = ERR_CONFIG;
    }
    for (size_t i = 0; !e && i < list->count; i++)
        e = add_device(p, list->item[i]);
    return e;
}

/* Ticks as long as something is due now. A device that reached no eIM, or left something undone, has said why. */
static int run_once(struct program_state *p, const volatile int *stop_requested)
{
    struct actor *a = ipa_devices_actor(p->devices);
    struct clock *clock = daemon_env(p->d)->clock;
    enum err failure = ERR_OK;
    int64_t now = clock_now(clock), next = now;
    while (!failure && !*stop_requested && next <= now) {
        next = a->ops->tick(a, now, &failure);
        now = clock_now(clock);
    }
    return failure || ipa_devices_in_trouble(p->devices) ? 1 : 0;
}

static void close_all(struct program_state *p)
{
    if (p->devices)
        ipa_devices_actor(p->devices)->ops->free(ipa_devices_actor(p->devices));
    for (size_t i = 0; i < p->card_count; i++)
        card_close(p->cards[i]);
    daemon_close(p->d);
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct program_state p = { 0 };
    enum err e = daemon_open(s, "ipa", &p.d);
    if (!e)
        e = refuse_unavailable(&p);
    if (!e)
        e = open_progress(&p);
    if (!e)
        e = make_devices(&p);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : 0;
    if (!e)
        status = settings_bool(s, "once") ? run_once(&p, stop_requested)
                                          : daemon_serve(p.d, ipa_devices_actor(p.devices), stop_requested);
    close_all(&p);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "sim-ipa",
        .summary = "devices: baseband and IPA above a card in a reader (SGP.32 v1.2)",
        .usage = usage,
        .settings = settings,
        .setting_count = COUNT(settings),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
