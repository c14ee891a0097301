/* What the tick does: tell the network, apply what was scheduled. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmp_internal.h"
#include "json.h"

#define RETRY_MS CLOCK_SECOND
#define RETRY_MAX_MS (5 * CLOCK_MINUTE)
#define BATCH 64 /* notices a tick: others want their turn */

static enum err tell(struct cmp *c, const struct cmp_notice *n, int *status)
{
    char url[400];
    const char *body = n->service ? "{\"service\":true}" : "{\"service\":false}";
    const struct http_header type = { "Content-Type", "application/json" };
    struct http_response p = HTTP_RESPONSE_INIT;
    snprintf(url, sizeof url, "%s/v1/status/%s", c->network_url, n->iccid);
    const struct http_call q = { .method = "PUT", .url = url, .headers = &type, .header_count = 1,
                                 .body = span_str(body) };
    enum err e = http_send(c->env->http, &q, &p);
    *status = p.status;
    http_response_release(&p);
    return e;
}

/* *stop: the network is away; the others can wait too. */
static enum err settle(struct cmp *c, const struct cmp_notice *n, int64_t now, enum err sent, int status, bool *stop)
{
    if (!sent && status >= 200 && status < 300)
        return cmp_notice_done(c->env->db, n->id);
    LOG(c->env->log, LOG_WARN, "cmp.network_not_told", F_TEXT("carrier", c->carrier), F_TEXT("iccid", n->iccid),
        F_INT("status", status), F_TEXT("err", err_name(sent)), F_INT("attempt", n->attempts + 1));
    *stop = sent || status >= 500 || status == 429;
    return cmp_notice_again(c->env->db, n->id, now + clock_back_off(RETRY_MS, RETRY_MAX_MS, n->attempts));
}

enum err cmp_deliver(struct cmp *c, int64_t now)
{
    bool stop = false;
    for (unsigned i = 0; i < BATCH && !stop; i++) {
        struct cmp_notice n;
        int status = 0;
        enum err e = cmp_notice_due(c->env->db, now, &n);
        if (e)
            return e == ERR_NOT_FOUND ? ERR_OK : e;
        enum err sent = tell(c, &n, &status);
        if (sent == ERR_NOMEM || sent == ERR_CUT)
            return sent;
        e = settle(c, &n, now, sent, status, &stop);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err apply(struct cmp *c, const struct cmp_scheduled *s)
{
    json_t *body = NULL;
    struct http_response why = HTTP_RESPONSE_INIT;
    enum err e = json_read(buf_span(&s->body), &body, NULL);
    if (!e)
        e = cmp_device_apply(c, s->who, s->iccid, body, &why, s->id);
    /* By now the SIM may be where the change does not lead from: it is dropped and told. */
    if (e == ERR_REFUSED || e == ERR_NOT_FOUND) {
        LOG(c->env->log, LOG_WARN, "cmp.scheduled_dropped", F_TEXT("iccid", s->iccid),
            F_TEXT("why", why.body.len ? buf_cstr(&why.body) : "the SIM is gone"));
        e = cmp_scheduled_done(c->env->db, s->id);
    }
    http_response_release(&why);
    json_decref(body);
    return e;
}

enum err cmp_apply_scheduled(struct cmp *c, int64_t now)
{
    struct cmp_scheduled s = { .body = { .max = 16 << 10 } };
    enum err e = ERR_OK;
    while (!e) {
        e = cmp_scheduled_due(c->env->db, now, &s);
        if (!e)
            e = apply(c, &s);
    }
    buf_release(&s.body);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
