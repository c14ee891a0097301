/* Every route of the SM-DS and the thin layer between HTTP and its functions. */
#include <string.h>

#include "es11.h"
#include "es9p_asn1.h"
#include "smds_internal.h"

static void log_outcome(const struct smds *s, const char *function, const struct es_status *status)
{
    LOG(s->env->log, es_refused(status) ? LOG_WARN : LOG_INFO, function,
        F_TEXT("status", es_status_text(status).text));
}

/* --- ES11: read, do, write ------------------------------------------------------------------------- */

static enum err serve_initiate_authentication(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    struct es_memory received = ES_MEMORY_INIT;
    struct es_opening opening = ES_OPENING_INIT;
    struct rsp_initiate_authentication_request request;
    struct rsp_initiate_authentication_ok ok = { 0 };
    struct es_status status = { 0 };
    enum err e = es11_initiate_authentication_read(s->env, q, p, &received, &request);
    if (!e)
        e = smds_initiate_authentication(s, &request, &opening, &ok, &status);
    if (!e)
        log_outcome(s, "ES11.initiate_authentication", &status);
    if (!e)
        e = es11_initiate_authentication_write(s->env, &s->wire, q, &ok, &status, p);
    es_opening_release(&opening);
    es_memory_release(&received);
    return e;
}

static enum err serve_authenticate_client(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smds *s = actor;
    struct es_memory received = ES_MEMORY_INIT;
    struct buf list = { .max = 16 << 10 };
    struct rsp_authenticate_client_request request;
    struct rsp_authenticate_client_ok_es11 ok = { 0 };
    struct es_status status = { 0 };
    enum err e = es11_authenticate_client_read(s->env, q, p, &received, &request);
    if (!e)
        e = smds_authenticate_client(s, &request, &list, &ok, &status);
    if (!e)
        log_outcome(s, "ES11.authenticate_client", &status);
    if (!e)
        e = es11_authenticate_client_write(s->env, q, &ok, &status, p);
    buf_release(&list);
    es_memory_release(&received);
    return e;
}

static enum err serve_asn1(void *actor, const struct http_request *q, struct http_response *p)
{
    static const struct es9p_asn1_function functions[] = {
        { 0xBF39, serve_initiate_authentication },
        { 0xBF3B, serve_authenticate_client },
    };
    struct smds *s = actor;
    return es9p_asn1_serve(s->env, functions, COUNT(functions), s, q, p);
}

/* --- ES12: who asks is who the certificate says ------------------------------------------------------- */

typedef enum err (*event_function)(struct smds *s, const struct es12_event *q, struct es_status *status);

static enum err serve_event(struct smds *s, enum es12_function f, event_function run, const struct http_request *q,
                            struct http_response *p)
{
    struct es12_event event;
    struct es_status status = { 0 };
    enum err e = http_require_peer(q, p);
    if (!e)
        e = es12_read(f, s->env, q, p, &event);
    if (e)
        return e;
    const struct smds_client *client = smds_client_of(s, q->peer);
    if (!client || client->administrator || strcmp(client->name, event.requester) != 0)
        es_refuse(&status, "8.9.5", "1.2", "functionRequesterIdentifier is not the certificate's");
    else
        e = run(s, &event, &status);
    if (!e)
        log_outcome(s, f == ES12_REGISTER_EVENT ? "ES12.register_event" : "ES12.delete_event", &status);
    memory_clear(&event, sizeof event);
    return e ? e : es12_write(f, s->env, q, &status, p);
}

static enum err serve_register_event(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_event(actor, ES12_REGISTER_EVENT, smds_register_event, q, p);
}

static enum err serve_delete_event(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_event(actor, ES12_DELETE_EVENT, smds_delete_event, q, p);
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es9plus/initiateAuthentication", serve_initiate_authentication },
    { "POST", "/gsma/rsp2/es9plus/authenticateClient", serve_authenticate_client },
    { "POST", "/gsma/rsp2/es11/initiateAuthentication", serve_initiate_authentication },
    { "POST", "/gsma/rsp2/es11/authenticateClient", serve_authenticate_client },
    { "POST", ES9P_ASN1_PATH, serve_asn1 },
    { "POST", "/gsma/rsp2/es12/registerEvent", serve_register_event },
    { "POST", "/gsma/rsp2/es12/deleteEvent", serve_delete_event },
    { "GET", "/v1/events", smds_show_events },
};

static void free_actor(struct actor *a)
{
    smds_free((struct smds *)a);
}

const struct actor_ops smds_actor_ops = {
    .role = "smds",
    .routes = routes,
    .route_count = COUNT(routes),
    .mutual_tls = true,
    .free = free_actor,
};
