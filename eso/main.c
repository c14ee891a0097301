/* The eSO as a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "eso.h"

#define LIST_MAX 64

static const struct setting known[] = {
    DAEMON_SETTINGS,
    { "url", SETTING_TEXT, "", "own address as eIMs call it, https://eso.example.com; empty: eIMs are polled" },
    { "tenant", SETTING_TEXT, "default", "the enterprise" },
    { "storage-key", SETTING_TEXT, NULL, "file with 64 hex digits: encrypts download codes in the database; made when absent" },
    { "clients", SETTING_LIST, NULL, "who may call: {name, certificate: FILE | fingerprint: its SHA-256 | key-sha256: of an "
                                     "API key, rights: [read, operate, administer, hook]}" },
    { "secrets", SETTING_MAP, "", "name: file with the value, for carriers' API keys" },
    { "eims", SETTING_MAP, NULL, "id: URL of each eIM" },
    { "hold", SETTING_DURATION, "30 d", "how long a swap waits for stock" },
    { "device-wait", SETTING_DURATION, "7 d", "how long an order waits for its device" },
    { "confirm-wait", SETTING_DURATION, "15 min", "how long a session at the target may take after enabling" },
    { "retry", SETTING_DURATION, "2 s", "first back-off, doubling up to 5 min" },
    { "call-timeout", SETTING_DURATION, "30 s", "how long others may take to answer" },
};

/* The settings in the eSO's form; the texts are borrowed from the file. */
struct lists {
    struct eso_client client[LIST_MAX];
    struct eso_secret secret[LIST_MAX];
    struct eso_eim eim[LIST_MAX];
};

static enum err complain(const struct settings *s, const struct yaml_node *n, const char *what)
{
    struct yaml_error error;
    enum err e = yaml_fail(settings_yaml(s), n->at, &error, "%s", what);
    fprintf(stderr, "%s\n", error.text);
    return e;
}

static enum err read_rights(const struct settings *s, const struct yaml_node *list, unsigned *out)
{
    static const char *const words[] = { "read", "operate", "administer", "hook" };
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *word = list->item[i];
        size_t n = 0;
        while (n < COUNT(words) && !(word->kind == YAML_SCALAR && strcmp(words[n], word->text) == 0))
            n++;
        if (n == COUNT(words))
            return complain(s, word, "a right is read, operate, administer or hook");
        *out |= 1u << n;
    }
    return ERR_OK;
}

/* One of the three ways to know a caller. */
static enum err read_identity(struct daemon *d, const struct yaml_node *n, struct eso_client *out)
{
    const struct settings *s = daemon_settings(d);
    const struct yaml_node *file = yaml_get(n, "certificate"), *fingerprint = yaml_get(n, "fingerprint");
    const struct yaml_node *key = yaml_get(n, "key-sha256");
    const struct cert *certificate = NULL;
    if (!!file + !!fingerprint + !!key != 1)
        return complain(s, n, "a client has one of certificate, fingerprint, key-sha256");
    if (!file)
        return daemon_read_hash(s, fingerprint ? fingerprint : key, fingerprint ? out->fingerprint : out->key_sha256);
    if (file->kind != YAML_SCALAR)
        return complain(s, file, "a certificate is the name of a file");
    enum err e = daemon_read_certificate(d, file->text, &certificate);
    if (!e)
        memcpy(out->fingerprint, certificate->sha256, sizeof out->fingerprint);
    return e;
}

static enum err read_client(struct daemon *d, const struct yaml_node *n, struct eso_client *out)
{
    static const char *const keys[] = { "name", "certificate", "fingerprint", "key-sha256", "rights", NULL };
    const struct settings *s = daemon_settings(d);
    struct yaml_error error;
    if (n->kind != YAML_MAP)
        return complain(s, n, "a client is {name, certificate | fingerprint | key-sha256, rights}");
    enum err e = yaml_only_keys(settings_yaml(s), n, keys, &error);
    if (e)
        fprintf(stderr, "%s\n", error.text);
    const struct yaml_node *rights = yaml_get(n, "rights");
    if (!e)
        e = daemon_member(s, n, "name", &out->name);
    if (!e)
        e = read_identity(d, n, out);
    if (!e)
        e = rights && rights->kind == YAML_LIST ? read_rights(s, rights, &out->rights)
                                                : complain(s, n, "'rights' is a list");
    return e;
}

static enum err read_clients(struct daemon *d, struct lists *l, struct eso_settings *out)
{
    const struct settings *s = daemon_settings(d);
    const struct yaml_node *list = settings_node(s, "clients");
    enum err e = list->count <= LIST_MAX ? ERR_OK : complain(s, list, "too many clients");
    for (size_t i = 0; !e && i < list->count; i++)
        e = read_client(d, list->item[i], &l->client[i]);
    out->clients = l->client;
    out->client_count = list->count;
    return e;
}

/* A file with one line; the line end is not part of the secret. */
static enum err read_secret_file(const struct settings *s, const char *key, const char *path, struct secret *out)
{
    struct buf text = { .max = sizeof out->at + 2 };
    enum err e = daemon_read_file(s, key, path, &text);
    while (!e && text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
        text.len--;
    if (!e)
        e = secret_set(out, buf_span(&text));
    if (text.at)
        memory_clear(text.at, text.len);
    buf_release(&text);
    return e;
}

static enum err read_secrets(const struct settings *s, struct lists *l, struct eso_settings *out)
{
    const struct yaml_node *map = settings_node(s, "secrets");
    size_t count = map ? map->count : 0;
    enum err e = count <= LIST_MAX ? ERR_OK : complain(s, map, "too many secrets");
    for (size_t i = 0; !e && i < count; i++) {
        l->secret[i].name = map->key[i];
        e = map->item[i]->kind == YAML_SCALAR
                ? read_secret_file(s, "secrets", map->item[i]->text, &l->secret[i].value)
                : complain(s, map->item[i], "a secret is the name of a file");
    }
    out->secrets = l->secret;
    out->secret_count = count;
    return e;
}

static enum err read_eims(const struct settings *s, struct lists *l, struct eso_settings *out)
{
    const struct yaml_node *map = settings_node(s, "eims");
    enum err e = map->count <= LIST_MAX ? ERR_OK : complain(s, map, "too many eIMs");
    for (size_t i = 0; !e && i < map->count; i++) {
        l->eim[i].id = map->key[i];
        e = daemon_member(s, map, map->key[i], &l->eim[i].url);
    }
    out->eims = l->eim;
    out->eim_count = map->count;
    return e;
}

static enum err read_settings(struct daemon *d, struct lists *l, struct eso_settings *out)
{
    const struct settings *s = daemon_settings(d);
    *out = (struct eso_settings){
        .tenant = settings_text(s, "tenant"),
        .url = settings_text(s, "url")[0] ? settings_text(s, "url") : NULL,
        .hold_ms = settings_int(s, "hold"),
        .device_ms = settings_int(s, "device-wait"),
        .confirm_ms = settings_int(s, "confirm-wait"),
        .retry_ms = settings_int(s, "retry"),
        .call_ms = settings_int(s, "call-timeout"),
    };
    enum err e = read_clients(d, l, out);
    if (!e)
        e = read_secrets(s, l, out);
    if (!e)
        e = read_eims(s, l, out);
    return e ? e : daemon_read_storage_key(s, "storage-key", &out->storage_key);
}

static void forget(struct lists *l, struct eso_settings *s)
{
    for (size_t i = 0; i < LIST_MAX; i++)
        secret_release(&l->secret[i].value);
    secret_release(&s->storage_key);
}

static enum err open_eso(struct daemon *d, struct eso **out)
{
    struct lists lists = { .client = { { .name = NULL } } };
    struct eso_settings settings;
    enum err e = read_settings(d, &lists, &settings);
    if (!e)
        e = eso_new(daemon_env(d), &settings, out);
    forget(&lists, &settings);
    return e;
}

static int run(const struct settings *s, const volatile int *stop_requested)
{
    struct daemon *d = NULL;
    struct eso *eso = NULL;
    enum err e = daemon_open(s, "eso", &d);
    if (!e)
        e = open_eso(d, &eso);
    int status = e ? (e == ERR_CONFIG ? 2 : 1) : daemon_serve(d, eso_actor(eso), stop_requested);
    if (eso)
        eso_actor(eso)->ops->free(eso_actor(eso));
    daemon_close(d);
    return status;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "eso",
        .summary = "eSIM orchestrator: moves devices between carriers",
        .usage = "Example:\n  eso --settings eso.yaml --listen 127.0.0.1:8443\n",
        .settings = known,
        .setting_count = COUNT(known),
        .run = run,
    };
    return program_main(&program, argc, argv);
}
