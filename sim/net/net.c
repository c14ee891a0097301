#include "net_internal.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_DEFAULT (1 * CLOCK_SECOND)

void network_free(struct actor *a)
{
    struct network *n = (struct network *)a;
    for (size_t i = 0; i < n->client_count; i++)
        free((char *)n->clients[i].name);
    free(n->clients);
    free(n->platform_url);
    secret_release(&n->storage_key);
    free(n);
}

static bool plmn_is_valid(const char *plmn)
{
    size_t len = plmn ? strlen(plmn) : 0;
    return (len == 5 || len == 6) && strspn(plmn, "0123456789") == len;
}

static enum err copy_clients(struct network *n, const struct network_settings *s)
{
    n->clients = calloc(s->client_count ? s->client_count : 1, sizeof *n->clients);
    if (!n->clients)
        return ERR_NOMEM;
    for (; n->client_count < s->client_count; n->client_count++) {
        struct network_client *c = &n->clients[n->client_count];
        *c = s->clients[n->client_count];
        c->name = strdup(c->name ? c->name : "");
        if (!c->name)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err copy_settings(struct network *n, const struct network_settings *s)
{
    memcpy(n->plmn, s->plmn, strlen(s->plmn) + 1);
    n->storage_key = s->storage_key;
    n->retry_ms = s->retry_ms > 0 ? s->retry_ms : RETRY_DEFAULT;
    if (s->platform_url && !(n->platform_url = strdup(s->platform_url)))
        return ERR_NOMEM;
    return copy_clients(n, s);
}

enum err network_new(const struct env *env, const struct network_settings *s, struct network **out)
{
    if (!plmn_is_valid(s->plmn))
        return log_fail(env->log, ERR_CONFIG, "settings", "plmn must be 5 or 6 digits");
    if (s->storage_key.len != 32)
        return log_fail(env->log, ERR_CONFIG, "settings", "the storage key must be 32 octets");
    struct network *n = calloc(1, sizeof *n);
    if (!n)
        return ERR_NOMEM;
    n->env = env;
    n->actor.ops = &network_ops;
    enum err e = copy_settings(n, s);
    if (!e)
        e = db_migrate(env->db, network_migrations, network_migration_count);
    if (e) {
        network_free(&n->actor);
        return e;
    }
    *out = n;
    return ERR_OK;
}

struct actor *network_actor(struct network *n)
{
    return &n->actor;
}
