/* Where a part is reached and how it reaches others: functions (direct) or TLS on 127.0.0.1 (loopback, process). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_internal.h"

/* The TLS certificate that a scenario wants a part to show instead of its good one; NULL: none. */
static const char *flawed_certificate(const struct world *w, const struct part *p)
{
    const char *role = p->kind == PART_SMDP && !p->smdp ? "smdp-tls" : p->kind == PART_EIM && !p->eim ? "eim-tls" : "";
    for (size_t i = 0; i < w->scenario->certificate_count; i++)
        if (strcmp(w->scenario->certificate[i].part, role) == 0)
            return w->scenario->certificate[i].name;
    return NULL;
}

/* From here on the flawed TLS certificates of the scenario are shown: the furnishing needed good ones. */
enum err wiring_show_flaws(struct world *w)
{
    enum err e = ERR_OK;
    w->furnished = true;
    for (size_t i = 0; !e && i < w->part_count; i++) {
        struct part *p = &w->parts[i];
        if (w->options.wiring == WIRING_DIRECT || !flawed_certificate(w, p))
            continue;
        if (w->options.wiring == WIRING_PROCESS)
            e = world_restart(w, p);
        else {
            wiring_withdraw(w, p);
            e = wiring_publish(w, p);
        }
    }
    return e;
}

const char *wiring_name(enum wiring w)
{
    static const char *const names[] = { "direct", "loopback", "process" };
    return names[w];
}

/* --- calls are seen by the trace, and whoever was called is due ------------------------------------------- */

static struct part *called_part(struct world *w, const char *url)
{
    char host[256];
    const char *from = strstr(url, "://");
    from = from ? from + 3 : url;
    size_t len = strcspn(from, ":/?");
    snprintf(host, sizeof host, "%.*s", (int)(len < sizeof host ? len : sizeof host - 1), from);
    for (size_t i = 0; i < w->part_count && w->parts[i].host[0]; i++)
        if (strcmp(w->parts[i].host, host) == 0)
            return &w->parts[i];
    return NULL;
}

/* The context is the calling part, or the world itself for the administrator. */
struct caller {
    struct world *world;
    struct part *part;
    const char *name;
};

static enum err interrupted(const struct caller *c, const struct http_call *q, bool answered)
{
    const struct world *w = c->world;
    return w->interrupt && c->part ? w->interrupt(w->interrupt_context, c->part, q, answered) : ERR_OK;
}

static enum err before(void *context, const struct http_call *q)
{
    const struct caller *c = context;
    struct part *to = called_part(c->world, q->url);
    enum err cut = interrupted(c, q, false);
    if (cut)
        return cut;
    bool lost = faults_lose_request(&c->world->faults, c->name, to ? to->name : "nobody", q);
    trace_http_request(c->world->trace, c->name, to ? to->name : "nobody", q);
    return to && to->killed ? ERR_IO : lost ? ERR_TIMEOUT : ERR_OK;
}

static bool instead(void *context, const struct http_call *q, struct http_response *p)
{
    const struct caller *c = context;
    const struct part *to = called_part(c->world, q->url);
    return faults_answer(&c->world->faults, to ? to->name : "nobody", q, p);
}

static enum err after(void *context, const struct http_call *q, struct http_response *p, enum err e)
{
    const struct caller *c = context;
    struct part *to = called_part(c->world, q->url);
    if (to && to->killed && !e)
        e = ERR_TIMEOUT; /* it died over this question */
    if (!e && faults_lose_answer(&c->world->faults, to ? to->name : "nobody", q, p)) {
        http_response_clear(p);
        e = ERR_TIMEOUT;
    }
    trace_http_response(c->world->trace, to ? to->name : "nobody", c->name, q, p, e);
    /* In a world open to others this may be a server's thread; there `served` tells of every call. */
    if (to && !c->world->options.outside)
        world_touch(c->world, to);
    enum err cut = interrupted(c, q, true);
    return cut ? cut : e;
}

/* --- clients -------------------------------------------------------------------------------------------- */

static enum err plain_client(struct world *w, const struct env *env, const struct pki_item *identity,
                             struct http_client **out)
{
    const struct span none = { 0 };
    if (w->options.wiring == WIRING_DIRECT)
        return http_client_direct_new(w->exchange, identity ? identity->der : none, out);
    const struct http_client_settings s = {
        .net = &w->net,
        .roots_pem = buf_span(&w->roots),
        .identity = { identity ? identity->pem : none, identity ? identity->key_pem : none },
        .user_agent = "sgp32lab",
    };
    return http_client_tls_new(env, &s, out);
}

static enum err observed(struct world *w, struct http_client *behind, struct part *p, const char *name,
                         struct http_client **out)
{
    struct caller *c = calloc(1, sizeof *c);
    if (!c) {
        http_client_free(behind);
        return ERR_NOMEM;
    }
    *c = (struct caller){ w, p, name };
    w->callers[w->caller_count++] = c;
    const struct http_observer o = { before, after, c, instead };
    return http_client_observed_new(behind, &o, out);
}

/* Who orders at SM-DP+ past the eSO: another system of the same operator. */
static enum err orderer(struct world *w)
{
    const struct pki_item *identity = NULL;
    struct http_client *behind = NULL;
    enum err e = pki_client(w->pki, "ESO", &identity);
    if (!e)
        e = plain_client(w, &w->admin_env, identity, &behind);
    return e ? e : observed(w, behind, NULL, "operator", &w->operator);
}

static enum err administrator(struct world *w)
{
    const struct pki_item *identity = NULL;
    struct http_client *behind = NULL;
    enum err e = pki_client(w->pki, "ADMIN", &identity);
    if (!e)
        e = plain_client(w, &w->admin_env, identity, &w->hand);
    if (!e)
        e = plain_client(w, &w->admin_env, identity, &behind);
    if (!e)
        e = observed(w, behind, NULL, "admin", &w->admin);
    return e ? e : orderer(w);
}

/* A part's certificate, a tenant's, or one that nobody expects; *out NULL: none. */
static enum err guest_identity(struct world *w, const char *who, const struct pki_item **out)
{
    char name[80];
    const struct part *p = world_part(w, who);
    const char *client = p                                    ? part_client_name(p, name)
                         : scenario_find_tenant(w->scenario, who) ? part_tenant_client(who, name)
                         : strcmp(who, "nobody") == 0         ? NULL
                                                              : "STRANGER";
    *out = NULL;
    return client ? pki_client(w->pki, client, out) : ERR_OK;
}

enum err wiring_guest(struct world *w, const char *who, struct http_client **out)
{
    const struct pki_item *identity = NULL;
    struct http_client *behind = NULL;
    for (size_t i = 0; i < w->guest_count; i++)
        if (strcmp(w->guest[i].name, who) == 0) {
            *out = w->guest[i].http;
            return ERR_OK;
        }
    if (w->guest_count == COUNT(w->guest))
        return ERR_LIMIT;
    struct world_guest *g = &w->guest[w->guest_count];
    snprintf(g->name, sizeof g->name, "%s", who);
    enum err e = guest_identity(w, who, &identity);
    if (!e)
        e = plain_client(w, &w->admin_env, identity, &behind);
    if (!e)
        e = observed(w, behind, NULL, g->name, &g->http);
    *out = g->http;
    w->guest_count += !e;
    return e;
}

enum err wiring_client(struct world *w, struct part *p)
{
    if (!p)
        return administrator(w);
    const struct pki_item *identity = NULL;
    struct http_client *behind = NULL;
    char who[80];
    const char *name = part_client_name(p, who);
    enum err e = name ? pki_client(w->pki, name, &identity) : ERR_OK;
    if (!e)
        e = plain_client(w, &p->env, identity, &behind);
    if (!e)
        e = observed(w, behind, p, p->name, &p->http);
    p->env.http = p->http;
    return e;
}

/* --- servers -------------------------------------------------------------------------------------------- */

enum err wiring_identity(struct world *w, const struct part *p, const struct pki_item **out)
{
    const char *flawed = w->furnished ? flawed_certificate(w, p) : NULL;
    struct pki_smdp own;
    if (p->smdp) {
        enum err e = pki_smdp(w->pki, p->host, &own);
        *out = e ? NULL : own.tls;
        return e;
    }
    return flawed ? pki_get(w->pki, flawed, out) : pki_server(w->pki, p->host, out);
}

static enum err listen(struct world *w, struct part *p)
{
    const struct pki_item *identity = NULL;
    const struct net_name *known = net_find(&w->net, p->host);
    enum err e = wiring_identity(w, p, &identity);
    if (e)
        return world_fail(w, e, "no TLS certificate for %s", p->host);
    const struct world_outside *outside = w->options.outside;
    const struct http_server_settings s = {
        .host = "127.0.0.1",
        .port = known                           ? known->port /* a restarted actor is where it was */
                : outside && outside->port_base ? (uint16_t)(outside->port_base + p->number)
                                                : 0,
        .served = outside ? outside->served : NULL,
        .served_context = outside ? outside->context : NULL,
        .identity = { identity->pem, identity->key_pem },
        .clients = p->actor->ops->mutual_tls ? w->client_trust : NULL,
    };
    e = http_server_start(&p->env, p->actor, &s, &p->server);
    return e || known ? e : net_add(&w->net, p->host, "127.0.0.1", http_server_port(p->server));
}

enum err wiring_publish(struct world *w, struct part *p)
{
    if (!p->host[0])
        return ERR_OK;
    if (w->options.wiring == WIRING_LOOPBACK)
        return listen(w, p);
    return http_switch_set(w->exchange, p->host, p->actor, p->actor->ops->mutual_tls ? w->client_trust : NULL,
                           &p->log);
}

void wiring_withdraw(struct world *w, struct part *p)
{
    http_server_stop(p->server);
    p->server = NULL;
    if (w->exchange && p->host[0] && http_switch_set(w->exchange, p->host, NULL, NULL, NULL))
        LOG(&w->log, LOG_ERROR, "wiring.withdraw", F_TEXT("part", p->name));
}
