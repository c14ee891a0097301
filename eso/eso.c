#include "eso.h"

#include <stdlib.h>
#include <string.h>

#include "eso_api.h"

_Static_assert((int)ESO_RIGHT_READ == API_READ && (int)ESO_RIGHT_OPERATE == API_OPERATE &&
               (int)ESO_RIGHT_ADMINISTER == API_ADMINISTER && (int)ESO_RIGHT_HOOK == API_HOOK, "rights are the same");

struct place {
    char id[ESO_ID_MAX + 1], url[257];
};
struct named_secret {
    char name[ESO_ID_MAX + 1];
    struct secret value;
};

struct eso {
    struct eso_api api; /* first: handlers get the actor */
    struct api_client *clients;
    struct named_secret *secrets;
    size_t secret_count;
    struct place *eims;
    size_t eim_count;
    char tenant[ESO_ID_MAX + 1], callback[300], news[300];
    struct secret storage_key;
};

static const struct secret *find_secret(void *context, const char *name)
{
    const struct eso *e = context;
    for (size_t i = 0; i < e->secret_count; i++)
        if (name[0] && strcmp(e->secrets[i].name, name) == 0)
            return &e->secrets[i].value;
    return NULL;
}

static const char *find_eim(void *context, const char *id)
{
    const struct eso *e = context;
    for (size_t i = 0; i < e->eim_count; i++)
        if (strcmp(e->eims[i].id, id) == 0)
            return e->eims[i].url;
    return NULL;
}

static int64_t tick(struct actor *a, int64_t now, enum err *e)
{
    int64_t next = CLOCK_NEVER;
    *e = workflow_tick(&((struct eso *)a)->api.flow, now, &next);
    return next;
}

static void free_eso(struct actor *a)
{
    struct eso *e = (struct eso *)a;
    for (size_t i = 0; e->secrets && i < e->secret_count; i++)
        secret_release(&e->secrets[i].value);
    secret_release(&e->storage_key);
    free(e->secrets);
    free(e->clients);
    free(e->eims);
    free(e);
}

static const struct actor_ops ops = {
    .role = "eso",
    .routes = api_routes,
    .route_count = API_ROUTE_COUNT,
    .mutual_tls = true,
    .tick = tick,
    .free = free_eso,
};

static enum err copy_clients(struct eso *e, const struct eso_settings *s)
{
    e->clients = calloc(s->client_count + 1, sizeof *e->clients);
    if (!e->clients)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->client_count; i++) {
        struct api_client *to = &e->clients[i];
        enum err err = eso_text_set(to->name, sizeof to->name, s->clients[i].name);
        if (err)
            return err;
        memcpy(to->fingerprint, s->clients[i].fingerprint, 32);
        memcpy(to->key_sha256, s->clients[i].key_sha256, 32);
        to->rights = s->clients[i].rights;
    }
    return ERR_OK;
}

static enum err copy_secrets(struct eso *e, const struct eso_settings *s)
{
    e->secrets = calloc(s->secret_count + 1, sizeof *e->secrets);
    if (!e->secrets)
        return ERR_NOMEM;
    e->secret_count = s->secret_count;
    for (size_t i = 0; i < s->secret_count; i++) {
        enum err err = eso_text_set(e->secrets[i].name, sizeof e->secrets[i].name, s->secrets[i].name);
        if (!err)
            err = secret_set(&e->secrets[i].value, secret_span(&s->secrets[i].value));
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err copy_eims(struct eso *e, const struct eso_settings *s)
{
    e->eims = calloc(s->eim_count + 1, sizeof *e->eims);
    if (!e->eims)
        return ERR_NOMEM;
    e->eim_count = s->eim_count;
    for (size_t i = 0; i < s->eim_count; i++) {
        enum err err = eso_text_set(e->eims[i].id, sizeof e->eims[i].id, s->eims[i].id);
        if (!err)
            err = eso_text_set(e->eims[i].url, sizeof e->eims[i].url, s->eims[i].url);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err copy_texts(struct eso *e, const struct eso_settings *s)
{
    struct buf callback = { .max = sizeof e->callback - 1 }, news = { .max = sizeof e->news - 1 };
    enum err err = eso_text_set(e->tenant, sizeof e->tenant, s->tenant ? s->tenant : "default");
    if (!err && s->url)
        err = buf_printf(&callback, "%s/v1/hooks/eim/orders", s->url);
    if (!err && s->url)
        err = eso_text_set(e->callback, sizeof e->callback, buf_cstr(&callback));
    if (!err && s->url)
        err = buf_printf(&news, "%s/v1/hooks/eim/euiccs", s->url);
    if (!err && s->url)
        err = eso_text_set(e->news, sizeof e->news, buf_cstr(&news));
    buf_release(&callback);
    buf_release(&news);
    return err ? err : secret_set(&e->storage_key, secret_span(&s->storage_key));
}

static enum err copy_settings(struct eso *e, const struct eso_settings *s)
{
    enum err err = copy_clients(e, s);
    if (!err)
        err = copy_secrets(e, s);
    if (!err)
        err = copy_eims(e, s);
    return err ? err : copy_texts(e, s);
}

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value ? value : fallback;
}

static void wire_workflow(struct eso *e, const struct env *env, const struct eso_settings *s)
{
    e->api.flow = (struct eso_workflow){
        .store = { .env = env, .tenant = e->tenant, .key = &e->storage_key },
        .port = { .env = env, .call_ms = or_default(s->call_ms, 30 * CLOCK_SECOND), .secret = find_secret,
                  .secret_context = e },
        .eim = &port_eim_rest,
        .smdp = &port_smdp_es2p,
        .eim_url = find_eim,
        .eim_context = e,
        .callback = e->callback[0] ? e->callback : NULL,
        .news = e->news[0] ? e->news : NULL,
        .hold_ms = or_default(s->hold_ms, 30 * CLOCK_DAY),
        .device_ms = or_default(s->device_ms, 7 * CLOCK_DAY),
        .confirm_ms = or_default(s->confirm_ms, 15 * CLOCK_MINUTE),
        .retry_ms = or_default(s->retry_ms, 2 * CLOCK_SECOND),
    };
}

static enum err check_settings(const struct env *env, const struct eso_settings *s)
{
    if (s->storage_key.len != 32)
        return log_fail(env->log, ERR_CONFIG, "settings storage-key", "the storage key is 32 octets");
    return ERR_OK;
}

static enum err open_store(const struct eso *e)
{
    enum err err = store_migrate(e->api.env->db);
    return err ? err : workflow_start(&e->api.flow);
}

enum err eso_new(const struct env *env, const struct eso_settings *s, struct eso **out)
{
    struct eso *e = calloc(1, sizeof *e);
    *out = NULL;
    if (!e)
        return ERR_NOMEM;
    e->api.actor.ops = &ops;
    e->api.env = env;
    enum err err = check_settings(env, s);
    if (!err)
        err = copy_settings(e, s);
    e->api.clients = e->clients;
    e->api.client_count = s->client_count;
    wire_workflow(e, env, s);
    if (!err)
        err = open_store(e);
    if (err) {
        free_eso(&e->api.actor);
        return err;
    }
    *out = e;
    return ERR_OK;
}

struct actor *eso_actor(struct eso *e)
{
    return &e->api.actor;
}
