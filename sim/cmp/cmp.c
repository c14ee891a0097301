/* The platform as an actor. */
#include "cmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmp_internal.h"

static enum err copy_text(char *out, size_t size, const char *text)
{
    int n = snprintf(out, size, "%s", text ? text : "");
    return n >= 0 && (size_t)n < size ? ERR_OK : ERR_LIMIT;
}

static enum err copy_clients(struct cmp *c, const struct cmp_settings *s)
{
    c->clients = calloc(s->client_count + 1, sizeof *c->clients);
    enum err e = c->clients ? ERR_OK : ERR_NOMEM;
    for (size_t i = 0; !e && i < s->client_count; i++) {
        const struct cmp_client *from = &s->clients[i];
        struct cmp_known_client *to = &c->clients[c->client_count++];
        e = copy_text(to->name, sizeof to->name, from->name);
        memcpy(to->fingerprint, from->fingerprint, sizeof to->fingerprint);
        to->rights = from->rights & CMP_RIGHT_ADMINISTER ? ~0u : from->rights;
    }
    return e;
}

static enum err copy_settings(struct cmp *c, const struct cmp_settings *s)
{
    const char *status = s->transfer_status ? s->transfer_status : "TEST_READY";
    c->calls_per_second = s->calls_per_second;
    enum err e = cmp_status_known(status) ? copy_text(c->transfer_status, sizeof c->transfer_status, status)
                                          : log_fail(c->env->log, ERR_CONFIG, "settings", "transfer_status is no status");
    if (!e)
        e = copy_text(c->carrier, sizeof c->carrier, s->carrier);
    if (!e)
        e = copy_text(c->network_url, sizeof c->network_url, s->network_url);
    return e ? e : copy_clients(c, s);
}

static int64_t cmp_tick(struct actor *a, int64_t now, enum err *e)
{
    struct cmp *c = (struct cmp *)a;
    int64_t next = CLOCK_NEVER;
    *e = cmp_apply_scheduled(c, now);
    if (!*e)
        *e = cmp_deliver(c, now);
    if (!*e)
        *e = cmp_next_due(c->env->db, &next);
    return next;
}

static void cmp_free(struct actor *a)
{
    struct cmp *c = (struct cmp *)a;
    pthread_mutex_destroy(&c->lock);
    free(c->clients);
    free(c);
}

/* The routes' table lives elsewhere, its length with it, so the ops are made per platform. */
struct cmp_with_ops {
    struct cmp cmp;
    struct actor_ops ops;
};

enum err cmp_new(const struct env *env, const struct cmp_settings *s, struct cmp **out)
{
    struct cmp_with_ops *made = calloc(1, sizeof *made);
    if (!made)
        return ERR_NOMEM;
    made->ops = (struct actor_ops){ "cmp", cmp_routes, cmp_route_count, true, cmp_tick, cmp_free };
    struct cmp *c = &made->cmp;
    c->actor.ops = &made->ops;
    c->env = env;
    pthread_mutex_init(&c->lock, NULL);
    enum err e = copy_settings(c, s);
    if (!e)
        e = db_migrate(env->db, cmp_migrations, cmp_migration_count);
    if (e) {
        cmp_free(&c->actor);
        return e;
    }
    *out = c;
    return ERR_OK;
}

struct actor *cmp_actor(struct cmp *c)
{
    return &c->actor;
}
