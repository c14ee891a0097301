#include "ipa_devices.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "json.h"

struct device {
    struct ipa *ipa;
    char name[64];
    int64_t due;
    /* What people see and want; under the lock. */
    char country[3], plmn[8];
    bool powered, moved, switched, emergency, called, pushed;
};

struct ipa_devices {
    struct actor actor;
    const struct env *env;
    struct ipa_administrator *administrators;
    size_t administrator_count;
    pthread_mutex_t lock;
    pthread_mutex_t ticking; /* held by a tick, and by who reads a card; taken before the lock */
    struct device *devices;
    size_t count;
};

/* --- the tick ---------------------------------------------------------------------------------- */

/* What was asked for since the last tick. */
static enum err take_requests(struct ipa_devices *d, struct device *x, int64_t now)
{
    struct device asked;
    pthread_mutex_lock(&d->lock);
    asked = *x;
    x->moved = x->switched = x->called = x->pushed = false;
    pthread_mutex_unlock(&d->lock);
    if (asked.moved)
        ipa_move(x->ipa, asked.country);
    if (asked.switched)
        ipa_power(x->ipa, asked.powered);
    if (asked.moved || asked.switched || asked.called || asked.pushed)
        x->due = now;
    return asked.called ? ipa_call_emergency(x->ipa, asked.emergency) : ERR_OK;
}

static void publish(struct ipa_devices *d, struct device *x)
{
    pthread_mutex_lock(&d->lock);
    snprintf(x->plmn, sizeof x->plmn, "%s", ipa_online_plmn(x->ipa));
    pthread_mutex_unlock(&d->lock);
}

static int64_t tick(struct actor *a, int64_t now, enum err *failure)
{
    struct ipa_devices *d = (struct ipa_devices *)a;
    int64_t next = CLOCK_NEVER;
    *failure = ERR_OK;
    for (size_t i = 0; i < d->count && !*failure; i++) {
        struct device *x = &d->devices[i];
        struct actor *one = ipa_actor(x->ipa);
        *failure = take_requests(d, x, now);
        if (!*failure && x->due <= now) {
            pthread_mutex_lock(&d->ticking);
            x->due = one->ops->tick(one, now, failure);
            pthread_mutex_unlock(&d->ticking);
            publish(d, x);
        }
        if (x->due < next)
            next = x->due;
    }
    return next;
}

/* --- administration ---------------------------------------------------------------------------- */

static enum err require_administrator(const struct ipa_devices *d, const struct http_request *q,
                                      struct http_response *p)
{
    uint8_t fingerprint[32];
    enum err e = http_require_peer(q, p);
    if (!e)
        e = sha256(d->env->crypto, &q->peer, 1, fingerprint);
    for (size_t i = 0; !e && i < d->administrator_count; i++)
        if (memcmp(d->administrators[i].fingerprint, fingerprint, sizeof fingerprint) == 0)
            return ERR_OK;
    if (!e)
        e = http_problem(p, 403, "not allowed", "this certificate is no administrator's of these devices");
    return e ? e : ERR_REFUSED;
}

static enum err list_devices(void *actor, const struct http_request *q, struct http_response *p)
{
    struct ipa_devices *d = actor;
    enum err e = require_administrator(d, q, p);
    if (e)
        return e;
    json_t *list = json_array();
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; list && i < d->count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "name", d->devices[i].name, "country",
                                              d->devices[i].country, "powered", d->devices[i].powered, "plmn",
                                              d->devices[i].plmn));
    pthread_mutex_unlock(&d->lock);
    return http_json(p, 200, json_pack("{s:o}", "devices", list));
}

static struct device *find(struct ipa_devices *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->devices[i].name, name) == 0)
            return &d->devices[i];
    return NULL;
}

static bool is_country(const char *text)
{
    return strlen(text) == 2 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
}

static enum err change_device(void *actor, const struct http_request *q, struct http_response *p)
{
    struct ipa_devices *d = actor;
    json_t *body = NULL;
    bool powered = true, emergency = false;
    enum err e = require_administrator(d, q, p);
    if (!e)
        e = http_read_json(q, p, &body);
    if (e)
        return e;
    struct device *x = find(d, q->part[0]);
    const char *country = json_str(body, "country");
    enum err switched = json_bool(body, "powered", &powered), called = json_bool(body, "emergency", &emergency);
    if (!x)
        e = http_problem(p, 404, "no such device", "no device here has this name");
    else if (switched == ERR_PARSE || called == ERR_PARSE ||
             (country ? !is_country(country) : switched == ERR_NOT_FOUND && called == ERR_NOT_FOUND))
        e = http_problem(p, 400, "malformed",
                         "{country: two capital letters}, {powered: true or false} or {emergency: true or false} is wanted");
    else {
        pthread_mutex_lock(&d->lock);
        if (country)
            memcpy(x->country, country, sizeof x->country);
        x->moved |= country != NULL;
        if (!switched)
            x->powered = powered;
        x->switched |= !switched;
        if (!called)
            x->emergency = emergency;
        x->called |= !called;
        pthread_mutex_unlock(&d->lock);
        e = http_json(p, 202, json_pack("{s:s}", "name", x->name));
    }
    json_decref(body);
    return e;
}

static enum err list_profiles(void *actor, const struct http_request *q, struct http_response *p)
{
    struct ipa_devices *d = actor;
    json_t *list = NULL;
    enum err e = require_administrator(d, q, p);
    if (e)
        return e;
    struct device *x = find(d, q->part[0]);
    if (!x)
        return http_problem(p, 404, "no such device", "no device here has this name");
    pthread_mutex_lock(&d->ticking);
    e = ipa_profiles(x->ipa, &list);
    pthread_mutex_unlock(&d->ticking);
    return e ? http_problem(p, 503, "no card", "the card of this device does not answer")
             : http_json(p, 200, json_pack("{s:o}", "profiles", list));
}

/* --- injection ---------------------------------------------------------------------------------- */

/* What was taken waits for the tick, which is then due. */
static enum err inject(struct ipa_devices *d, const char *function, const struct http_request *q, struct http_response *p)
{
    struct device *x = find(d, q->part[0]);
    if (!x)
        return http_problem(p, 404, "no such device", "no device here has this name");
    enum err e = ipa_inject(x->ipa, function, q, p);
    pthread_mutex_lock(&d->lock);
    x->pushed |= !e && p->status == 200;
    pthread_mutex_unlock(&d->lock);
    return e;
}

static enum err inject_asn1(void *actor, const struct http_request *q, struct http_response *p)
{
    return inject(actor, NULL, q, p);
}

static enum err inject_json(void *actor, const struct http_request *q, struct http_response *p)
{
    return inject(actor, q->part[1], q, p);
}

/* --- life -------------------------------------------------------------------------------------- */

static void free_devices(struct actor *a)
{
    struct ipa_devices *d = (struct ipa_devices *)a;
    for (size_t i = 0; i < d->count; i++)
        ipa_actor(d->devices[i].ipa)->ops->free(ipa_actor(d->devices[i].ipa));
    free(d->devices);
    free(d->administrators);
    pthread_mutex_destroy(&d->lock);
    pthread_mutex_destroy(&d->ticking);
    free(d);
}

static const struct http_route routes[] = {
    { "GET", "/v1/devices", list_devices },
    { "POST", "/v1/devices/{name}", change_device },
    { "GET", "/v1/devices/{name}/profiles", list_profiles },
    { "POST", "/v1/devices/{name}/gsma/rsp2/asn1", inject_asn1 },
    { "POST", "/v1/devices/{name}/gsma/rsp2/esipa/{function}", inject_json },
};

static const struct actor_ops ops = {
    .role = "ipa",
    .routes = routes,
    .route_count = COUNT(routes),
    .mutual_tls = true,
    .tick = tick,
    .free = free_devices,
};

enum err ipa_devices_new(const struct env *env, const struct ipa_administrator *administrators, size_t count,
                         struct ipa_devices **out)
{
    struct ipa_devices *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->actor.ops = &ops;
    d->env = env;
    d->administrators = calloc(count + 1, sizeof *d->administrators);
    if (!d->administrators) {
        free(d);
        return ERR_NOMEM;
    }
    if (count)
        memcpy(d->administrators, administrators, count * sizeof *administrators);
    d->administrator_count = count;
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_init(&d->ticking, NULL);
    *out = d;
    return ERR_OK;
}

enum err ipa_devices_add(struct ipa_devices *d, const char *name, const char *country, struct ipa *ipa)
{
    enum err e = strlen(name) >= sizeof d->devices->name ? ERR_LIMIT : find(d, name) ? ERR_EXISTS : ERR_OK;
    struct device *grown = e ? NULL : realloc(d->devices, (d->count + 1) * sizeof *grown);
    if (!grown) {
        ipa_actor(ipa)->ops->free(ipa_actor(ipa));
        return e ? e : ERR_NOMEM;
    }
    d->devices = grown;
    struct device *x = &grown[d->count++];
    *x = (struct device){ .ipa = ipa, .powered = true };
    memcpy(x->name, name, strlen(name));
    snprintf(x->country, sizeof x->country, "%s", country);
    return ERR_OK;
}

size_t ipa_devices_in_trouble(const struct ipa_devices *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->count; i++)
        n += ipa_outcome(d->devices[i].ipa) != ERR_OK;
    return n;
}

struct actor *ipa_devices_actor(struct ipa_devices *d)
{
    return &d->actor;
}
