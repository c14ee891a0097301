/* Direct wiring: a call is looked up by name and becomes a request to that actor's routes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_parts.h"

struct place {
    char name[256];
    struct actor *actor; /* NULL: down */
    struct trust *clients;
    const struct log *log;
};

struct http_switch {
    const struct env *env;
    pthread_mutex_t lock; /* guards the places; never held while a handler runs */
    struct place *places;
    size_t count;
};

struct direct {
    struct http_client client;
    struct http_switch *behind;
    struct buf certificate;
};

enum err http_switch_new(const struct env *env, struct http_switch **out)
{
    struct http_switch *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->env = env;
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return ERR_OK;
}

void http_switch_free(struct http_switch *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->places);
    free(s);
}

static struct place *find(struct http_switch *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcasecmp(s->places[i].name, name) == 0)
            return &s->places[i];
    return NULL;
}

static struct place *add(struct http_switch *s, const char *name)
{
    struct place *grown = realloc(s->places, (s->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    s->places = grown;
    grown[s->count] = (struct place){ 0 };
    snprintf(grown[s->count].name, sizeof grown->name, "%s", name);
    return &grown[s->count++];
}

enum err http_switch_set(struct http_switch *s, const char *name, struct actor *actor, struct trust *clients,
                         const struct log *log)
{
    if (strlen(name) >= sizeof s->places->name)
        return ERR_LIMIT;
    pthread_mutex_lock(&s->lock);
    struct place *place = find(s, name);
    if (!place)
        place = add(s, name);
    if (place) {
        place->actor = actor;
        place->clients = clients;
        place->log = log;
    }
    pthread_mutex_unlock(&s->lock);
    return place ? ERR_OK : ERR_NOMEM;
}

static enum err look_up(struct http_switch *s, const char *name, struct place *out)
{
    pthread_mutex_lock(&s->lock);
    const struct place *place = find(s, name);
    if (place)
        *out = *place;
    pthread_mutex_unlock(&s->lock);
    return place && out->actor ? ERR_OK : ERR_IO;
}

/* Nobody waits here: what a body that goes on has at once is all of it. */
static enum err drain(struct http_response *p)
{
    struct http_stream *s = p->stream;
    size_t before = p->body.len;
    enum err e = s ? s->ops->more(s, false, &p->body) : ERR_OK;
    while (!e && s && p->body.len > before && p->body.len < HTTP_BODY_MAX / 4) {
        before = p->body.len;
        e = s->ops->more(s, false, &p->body);
    }
    if (s)
        s->ops->free(s);
    p->stream = NULL;
    return e == ERR_CUT || e == ERR_NOMEM ? e : ERR_OK;
}

static enum err serve(const struct place *place, struct http_request *q, struct http_response *p)
{
    const struct actor_ops *ops = place->actor->ops;
    size_t max = p->body.max;
    p->body.max = HTTP_BODY_MAX; /* what the caller can take is no concern of the handler */
    enum err e = http_dispatch(ops->routes, ops->route_count, place->actor, place->log, q, p);
    if (!e)
        e = drain(p);
    p->body.max = max;
    if (!e && p->body.len > max)
        e = ERR_LIMIT;
    if (e)
        http_response_clear(p);
    /* An actor that died while it handled the request leaves its caller without an answer. */
    return e == ERR_CUT ? ERR_TIMEOUT : e;
}

/* The headers a TLS server would see: the caller's, and Host. */
static size_t put_headers(const struct http_call *q, const struct http_url *url, char host[270],
                          struct http_header out[HTTP_HEADERS_MAX + 1])
{
    snprintf(host, 270, url->port == 443 ? "%s" : "%s:%u", url->name, url->port);
    out[0] = (struct http_header){ "Host", host };
    for (size_t i = 0; i < q->header_count; i++)
        out[i + 1] = q->headers[i];
    return q->header_count + 1;
}

static enum err ask(struct direct *d, const struct place *place, const struct http_url *url,
                    const struct http_call *q, struct http_response *p)
{
    struct http_target target;
    enum err e = http_target_parse(url->target, &target);
    int refused = e ? (e == ERR_LIMIT ? 414 : 400) : q->body.len > HTTP_BODY_MAX ? 413 : 0;
    if (refused) {
        e = http_refuse(p, refused);
        http_log_refusal(place->log, q->method, "", p);
        return e;
    }
    char host[270];
    struct http_header headers[HTTP_HEADERS_MAX + 1];
    const struct span certificate = buf_span(&d->certificate);
    struct http_request request = {
        .method = q->method,
        .path = target.path,
        .query = target.query,
        .headers = headers,
        .header_count = put_headers(q, url, host, headers),
        .body = q->body,
        .peer = http_peer_judge(d->behind->env, place->log, place->clients, &certificate, 1),
    };
    return serve(place, &request, p);
}

static enum err direct_send(struct http_client *c, const struct http_call *q, struct http_response *p)
{
    struct direct *d = (struct direct *)c;
    struct http_url url;
    struct place place = { 0 };
    enum err e = http_call_check(q);
    if (!e)
        e = http_url_parse(q->url, &url);
    if (!e)
        e = look_up(d->behind, url.name, &place);
    return e ? e : ask(d, &place, &url, q, p);
}

static void direct_free(struct http_client *c)
{
    buf_release(&((struct direct *)c)->certificate);
    free(c);
}

static const struct http_client_ops direct_ops = { .send = direct_send, .free = direct_free };

enum err http_client_direct_new(struct http_switch *s, struct span certificate_der, struct http_client **out)
{
    struct direct *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    *d = (struct direct){ { &direct_ops }, s, { .max = 16 << 10 } };
    enum err e = buf_put(&d->certificate, certificate_der);
    if (e) {
        free(d);
        return e;
    }
    *out = &d->client;
    return ERR_OK;
}
