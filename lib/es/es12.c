#include "es12.h"

#include <stdio.h>
#include <string.h>

#include "rsp_ids.h"

static const struct {
    const char *path, *name;
} functions[] = {
    [ES12_REGISTER_EVENT] = { "es12/registerEvent", "ES12.RegisterEvent" },
    [ES12_DELETE_EVENT] = { "es12/deleteEvent", "ES12.DeleteEvent" },
};

static json_t *make_request(enum es12_function f, const struct es_peer *peer, const struct es12_event *q)
{
    const char *call = peer->call_id ? peer->call_id : peer->requester;
    json_t *header = json_pack("{s:s, s:s}", "functionRequesterIdentifier", peer->requester, "functionCallIdentifier",
                               call);
    if (f == ES12_DELETE_EVENT)
        return json_pack("{s:o, s:s, s:s}", "header", header, "eid", q->eid, "eventId", q->event_id);
    return json_pack("{s:o, s:s, s:s, s:s, s:b}", "header", header, "eid", q->eid, "rspServerAddress",
                     q->rsp_server_address, "eventId", q->event_id, "forwardingIndicator", q->forwarding);
}

static enum err call(enum es12_function f, const struct es_peer *peer, const struct es12_event *q,
                     struct es_status *status)
{
    json_t *request = make_request(f, peer, q), *answer = NULL;
    enum err e = request ? es_call(peer, functions[f].path, functions[f].name, request, &answer) : ERR_NOMEM;
    if (!e)
        e = es_status_read(answer, status);
    json_decref(request);
    json_decref(answer);
    return e;
}

enum err es12_register_event(const struct es_peer *peer, const struct es12_event *q, struct es_status *status)
{
    return call(ES12_REGISTER_EVENT, peer, q, status);
}

enum err es12_delete_event(const struct es_peer *peer, const struct es12_event *q, struct es_status *status)
{
    return call(ES12_DELETE_EVENT, peer, q, status);
}

/* --- serve side ---------------------------------------------------------------------------------- */

static void take_event(enum es12_function f, const json_t *o, struct es12_event *out, struct es_status *status)
{
    uint8_t eid[RSP_EID_OCTETS];
    es_take_text(json_object_get(o, "header"), "functionRequesterIdentifier", out->requester, sizeof out->requester,
              status);
    es_take_text(o, "eid", out->eid, sizeof out->eid, status);
    es_take_text(o, "eventId", out->event_id, sizeof out->event_id, status);
    if (f == ES12_REGISTER_EVENT)
        es_take_text(o, "rspServerAddress", out->rsp_server_address, sizeof out->rsp_server_address, status);
    if (es_refused(status))
        return;
    if (f == ES12_REGISTER_EVENT && json_bool(o, "forwardingIndicator", &out->forwarding))
        es_refuse(status, "1.3.1", "2.2", "forwardingIndicator is missing");
    else if (rsp_eid_parse(out->eid, eid))
        es_refuse(status, "1.3.1", "2.1", "an EID is 32 digits");
    else if (!out->event_id[0] || !rsp_matching_id_is_valid(span_str(out->event_id)))
        es_refuse(status, "1.3.1", "2.1", "an eventId is capital letters, digits and '-'");
    else if (f == ES12_REGISTER_EVENT && !rsp_address_is_valid(span_str(out->rsp_server_address)))
        es_refuse(status, "1.3.1", "2.1", "rspServerAddress is no host name");
}

enum err es12_read(enum es12_function f, const struct env *env, const struct http_request *q, struct http_response *p,
                   struct es12_event *out)
{
    json_t *request = NULL;
    struct es_status status = { 0 };
    *out = (struct es12_event){ 0 };
    enum err e = es_serve_read(env, functions[f].name, q, p, &request);
    if (e)
        return e;
    take_event(f, request, out, &status);
    json_decref(request);
    if (!es_refused(&status))
        return ERR_OK;
    log_fail(env->log, ERR_REFUSED, "SGP.22 5.9", status.message);
    e = es_serve_write(env, functions[f].name, q, &status, NULL, p);
    return e ? e : ERR_REFUSED;
}

enum err es12_write(enum es12_function f, const struct env *env, const struct http_request *q,
                    const struct es_status *status, struct http_response *p)
{
    return es_serve_write(env, functions[f].name, q, status, NULL, p);
}
