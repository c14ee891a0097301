#include "eim.h"

#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"
#include "seal.h"

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/asn1", eim_esipa },
    { "POST", "/gsma/rsp2/esipa/{function}", eim_esipa_json },
    { "POST", "/v1/euiccs", eim_register_euicc },
    { "POST", "/v1/euiccs/import", eim_import_euiccs },
    { "GET", "/v1/euiccs", eim_list_euiccs },
    { "GET", "/v1/euiccs/{eid}", eim_show_euicc },
    { "PATCH", "/v1/euiccs/{eid}", eim_change_euicc },
    { "DELETE", "/v1/euiccs/{eid}", eim_delete_euicc },
    { "POST", "/v1/euiccs/{eid}/transfer", eim_transfer_euicc },
    { "GET", "/v1/euiccs/{eid}/initial-eim", eim_show_initial_eim },
    { "POST", "/v1/initial-eim", eim_show_initial_eims },
    { "GET", "/v1/eim-configuration", eim_show_configuration },
    { "POST", "/v1/euiccs/{eid}/orders", eim_add_order },
    { "POST", "/v1/orders", eim_add_orders },
    { "GET", "/v1/orders", eim_find_order },
    { "GET", "/v1/orders/{id}", eim_show_order },
    { "DELETE", "/v1/orders/{id}", eim_cancel_order },
    { "POST", "/v1/orders/{id}/retry", eim_retry_order },
    { "GET", "/v1/events", eim_read_events },
    { "POST", "/v1/webhooks", eim_add_webhook },
    { "GET", "/v1/webhooks", eim_list_webhooks },
    { "DELETE", "/v1/webhooks/{id}", eim_delete_webhook },
    { "GET", "/v1/letters", eim_list_letters },
    { "POST", "/v1/letters/{id}/retry", eim_repeat_letter },
    { "DELETE", "/v1/letters/{id}", eim_delete_letter },
    { "GET", "/v1/audit", eim_read_audit },
    { "POST", "/v1/keys", eim_add_key },
    { "GET", "/v1/keys", eim_list_keys },
    { "DELETE", "/v1/keys/{id}", eim_delete_key },
};

/* A pause is kept as the moment of its end, so that it outlives a restart. When the clock was set back, perhaps while nobody ran,
 * that moment may be a year away. */
static enum err follow_clock(struct eim *e, int64_t now)
{
    bool set_back = now < e->ticked;
    e->ticked = now;
    if (!set_back)
        return ERR_OK;
    enum err x = eim_outbox_follow_clock(e, now);
    return x ? x : eim_push_follow_clock(e, now);
}

static int64_t tick(struct actor *a, int64_t now, enum err *failure)
{
    int64_t next = CLOCK_NEVER;
    int64_t end = CLOCK_NEVER;
    int64_t push = CLOCK_NEVER;
    *failure = follow_clock((struct eim *)a, now);
    if (!*failure)
        *failure = eim_orders_expire((struct eim *)a, now, &end);
    if (!*failure)
        *failure = eim_outbox_deliver((struct eim *)a, now, &next);
    if (!*failure)
        *failure = eim_push((struct eim *)a, now, &push);
    next = end < next ? end : next;
    return push < next ? push : next;
}

static void free_actor(struct actor *a)
{
    eim_free((struct eim *)a);
}

const struct actor_ops eim_actor_ops = {
    .role = "eim",
    .routes = routes,
    .route_count = COUNT(routes),
    .mutual_tls = true,
    .tick = tick,
    .free = free_actor,
};

void eim_free(struct eim *e)
{
    free(e->eim_id);
    free(e->fqdn);
    buf_release(&e->receivers);
    secret_release(&e->storage_key);
    pthread_mutex_destroy(&e->streams_lock);
    for (size_t i = 0; i < e->client_count; i++) {
        free((char *)e->clients[i].name);
        free((char *)e->clients[i].tenant);
    }
    free(e->clients);
    free(e);
}

static enum err copy_clients(struct eim *e, const struct eim_client *clients, size_t count)
{
    e->clients = calloc(count + 1, sizeof *e->clients);
    for (size_t i = 0; e->clients && i < count; i++) {
        e->client_count = i + 1;
        struct eim_client *c = &e->clients[i];
        *c = clients[i];
        c->rights = c->rights ? c->rights : EIM_ALL_RIGHTS;
        c->name = strdup(clients[i].name);
        c->tenant = strdup(clients[i].tenant ? clients[i].tenant : "");
        if (!c->name || !c->tenant)
            return ERR_NOMEM;
        if (strlen(c->tenant) > EIM_TENANT_MAX || strcmp(c->tenant, EIM_OWN_TENANT) == 0)
            return log_fail(e->env->log, ERR_CONFIG, "settings", "a tenant's name has at most 64 characters and is not '*'");
    }
    return e->clients ? ERR_OK : ERR_NOMEM;
}

static enum err copy_receivers(struct eim *e, const char *const *receivers)
{
    enum err x = ERR_OK;
    for (size_t i = 0; !x && receivers && receivers[i]; i++) {
        x = buf_put_str(&e->receivers, receivers[i]);
        if (!x)
            x = buf_put_u8(&e->receivers, '\n');
    }
    return x;
}

enum err eim_new(const struct env *env, const struct eim_settings *s, struct eim **out)
{
    struct eim *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->actor.ops = &eim_actor_ops;
    e->env = env;
    e->trust = s->trust;
    e->warn_eid_range = s->warn_eid_range;
    e->v1_3 = s->v1_3;
    e->wire = s->wire;
    e->rereads = s->rereads;
    e->ticked = INT64_MAX;
    e->postpone_ms = s->postpone_ms ? s->postpone_ms : 30 * CLOCK_SECOND;
    e->keep_orders_ms = s->keep_orders_ms ? s->keep_orders_ms : 400 * CLOCK_DAY;
    e->any_user_agent = s->any_user_agent;
    e->heartbeat_ms = s->heartbeat_ms ? s->heartbeat_ms : 15 * CLOCK_SECOND;
    pthread_mutex_init(&e->streams_lock, NULL);
    e->receivers.max = 64 << 10;
    e->eim_id = strdup(s->eim_id);
    e->fqdn = strdup(s->fqdn);
    enum err x = e->eim_id && e->fqdn ? copy_clients(e, s->clients, s->client_count) : ERR_NOMEM;
    if (!x)
        x = copy_receivers(e, s->receivers);
    if (!x)
        x = s->storage_key.len == SEAL_KEY_OCTETS ? secret_set(&e->storage_key, secret_span(&s->storage_key))
                                                  : log_fail(env->log, ERR_CONFIG, "settings", "a storage key of 32 octets is wanted");
    if (!x)
        x = eim_signing_open(e, s);
    if (!x)
        x = db_migrate(env->db, eim_migrations, eim_migration_count);
    if (!x)
        x = eim_signing_adopt(e);
    if (!x)
        x = eim_secrets_seal_old(e);
    if (x)
        eim_free(e);
    else
        *out = e;
    return x;
}

struct actor *eim_actor(struct eim *e)
{
    return &e->actor;
}
