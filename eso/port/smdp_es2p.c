/* ES2+ with the operator's certificate (SGP.22 5.3). */
#include <stdio.h>

#include "call.h"
#include "es2p.h"

static struct es_peer peer_of(const struct port *p, const struct carrier *c, const struct smdp_order *o)
{
    return (struct es_peer){ .env = p->env, .base_url = c->smdp_url, .requester = c->requester,
                             .call_id = o->call_id, .deadline_ms = p->call_ms };
}

/* An HTTP status without an ES2+ answer proves nothing about the order. */
static enum err take(enum err e, const struct es_status *status, struct port_result *r)
{
    *r = (struct port_result){ .answer = PORT_DONE };
    if (!e && es_refused(status)) {
        r->answer = PORT_REFUSED;
        snprintf(r->code, sizeof r->code, "%s/%s", status->subject, status->reason);
        port_copy_text(r->message, sizeof r->message, status->message);
    }
    if (e == ERR_REFUSED)
        e = ERR_TIMEOUT;
    return e && !port_answer_of(e, &r->answer) ? e : ERR_OK;
}

typedef enum err (*es2p_call)(const struct es_peer *peer, const struct es2p_order *q, struct es2p_answer *a,
                              struct es_status *status);

/* The matchingId lives as text for the length of the call. */
static enum err call(const struct port *p, const struct carrier *c, const struct smdp_order *o, es2p_call function,
                     struct es2p_order *q, struct port_result *r)
{
    struct es_peer peer = peer_of(p, c, o);
    struct es_status status = { .subject = "" };
    struct es2p_answer got = { .iccid = "" };
    enum err e = eso_text_set(q->iccid, sizeof q->iccid, o->iccid);
    if (!e)
        e = eso_text_set(q->eid, sizeof q->eid, o->eid);
    if (!e && o->matching_id)
        snprintf(q->matching_id, sizeof q->matching_id, "%.*s", (int)o->matching_id->len,
                 (const char *)o->matching_id->at);
    if (!e)
        e = take(function(&peer, q, &got, &status), &status, r);
    memory_clear(q, sizeof *q);
    memory_clear(&got, sizeof got);
    return e;
}

static enum err order(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                      struct port_result *r)
{
    return call(p, c, o, es2p_download_order, &(struct es2p_order){ .release = false }, r);
}

static enum err confirm(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                        struct port_result *r)
{
    return call(p, c, o, es2p_confirm_order, &(struct es2p_order){ .release = true }, r);
}

static enum err cancel(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                       struct port_result *r)
{
    return call(p, c, o, es2p_cancel_order, &(struct es2p_order){ .final_state = "Available" }, r);
}

const struct port_smdp_ops port_smdp_es2p = { "es2plus", order, confirm, cancel };
