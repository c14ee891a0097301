/* A client in front of a client: sees each exchange, and may spoil it. */
#include <stdlib.h>

#include "wire.h"

struct observed {
    struct http_client client;
    struct http_client *behind; /* owned */
    struct http_observer observer;
};

static enum err observed_send(struct http_client *c, const struct http_call *q, struct http_response *p)
{
    struct observed *o = (struct observed *)c;
    const struct http_observer *observer = &o->observer;
    enum err e = observer->before ? observer->before(observer->context, q) : ERR_OK;
    if (e)
        return e;
    if (!observer->instead || !observer->instead(observer->context, q, p))
        e = http_send(o->behind, q, p);
    return observer->after ? observer->after(observer->context, q, p, e) : e;
}

static void observed_free(struct http_client *c)
{
    http_client_free(((struct observed *)c)->behind);
    free(c);
}

static void observed_drop(struct http_client *c)
{
    http_client_drop_connections(((struct observed *)c)->behind);
}

static uint64_t observed_handshakes(struct http_client *c)
{
    return http_client_handshakes(((struct observed *)c)->behind);
}

static const struct http_client_ops observed_ops = { observed_send, observed_free, observed_drop,
                                                     observed_handshakes };

enum err http_client_observed_new(struct http_client *behind, const struct http_observer *o,
                                  struct http_client **out)
{
    struct observed *made = calloc(1, sizeof *made);
    if (!made)
        return ERR_NOMEM;
    *made = (struct observed){ { &observed_ops }, behind, *o };
    *out = &made->client;
    return ERR_OK;
}
