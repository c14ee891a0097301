/* ES2+ with the operator's certificate (SGP.22 5.3). */
#include <stdio.h>

#include "call.h"
#include "es2p.h"

static struct es_peer peer_of(const struct port *p, const struct carrier *c)
{
    return (struct es_peer){ .env = p->env, .base_url = c->smdp_url, .deadline_ms = p->call_ms };
}

/* lib/es reports HTTP 5xx like an unreachable peer: neither proves that nothing happened. */
static enum err take(enum err e, const struct es_status *status, struct port_result *r)
{
    *r = (struct port_result){ .answer = PORT_DONE };
    if (e == ERR_REFUSED) {
        r->answer = PORT_REFUSED;
        snprintf(r->code, sizeof r->code, "%s/%s", status->subject, status->reason);
        port_copy_text(r->message, sizeof r->message, status->message);
        return ERR_OK;
    }
    if (e == ERR_IO)
        e = ERR_TIMEOUT;
    return e && !port_answer_of(e, &r->answer) ? e : ERR_OK;
}

/* The matchingId as text, for the length of one call. */
struct code_text {
    char at[65];
};

static const char *text_of(const struct secret *code, struct code_text *out)
{
    struct span s = secret_span(code);
    snprintf(out->at, sizeof out->at, "%.*s", (int)s.len, (const char *)s.at);
    return out->at;
}

static enum err order(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                      struct port_result *r)
{
    struct es_peer peer = peer_of(p, c);
    struct es_status status = { .message = "" };
    struct es2p_download_order_response got;
    return take(es2p_download_order(&peer, &(struct es2p_header){ c->requester, o->call_id },
                                    &(struct es2p_download_order_request){ .eid = o->eid, .iccid = o->iccid }, &got,
                                    &status),
                &status, r);
}

static enum err confirm(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                        struct port_result *r)
{
    struct es_peer peer = peer_of(p, c);
    struct es_status status = { .message = "" };
    struct es2p_confirm_order_response got = { .eid = "" };
    struct code_text code;
    struct es2p_confirm_order_request q = { .iccid = o->iccid, .eid = o->eid,
                                            .matching_id = text_of(o->matching_id, &code), .release = true };
    enum err e = take(es2p_confirm_order(&peer, &(struct es2p_header){ c->requester, o->call_id }, &q, &got, &status),
                      &status, r);
    memory_clear(&code, sizeof code);
    memory_clear(&got, sizeof got);
    return e;
}

static enum err cancel(const struct port *p, const struct carrier *c, const struct smdp_order *o,
                       struct port_result *r)
{
    struct es_peer peer = peer_of(p, c);
    struct es_status status = { .message = "" };
    struct code_text code;
    struct es2p_cancel_order_request q = { .iccid = o->iccid, .eid = o->eid,
                                           .matching_id = text_of(o->matching_id, &code),
                                           .final_status = "Available" };
    enum err e = take(es2p_cancel_order(&peer, &(struct es2p_header){ c->requester, o->call_id }, &q, &status),
                      &status, r);
    memory_clear(&code, sizeof code);
    return e;
}

const struct port_smdp_ops port_smdp_es2p = { "es2plus", order, confirm, cancel };
