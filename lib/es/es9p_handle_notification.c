/* ES9+.HandleNotification, SGP.22 5.6.4 and 6.5.2.9: answered 204, unless it is refused. */
#include "es9p_asn1.h"

static const struct es9p_function function = { .name = "ES9+.HandleNotification",
                                               .path = "es9plus/handleNotification" };

static enum err write_request(const void *value, struct buf *out)
{
    return rsp_handle_notification_write(value, out);
}

static enum err call_asn1(const struct es_peer *peer, struct span pending_notification)
{
    struct rsp_handle_notification q = { 0 };
    struct es_memory m = ES_MEMORY_INIT;
    struct span answer;
    enum err e = rsp_pending_notification_read(pending_notification, &q.notification);
    if (!e)
        e = es9p_asn1_call(peer, &function, write_request, &q, &m, &answer);
    es_memory_release(&m);
    return e;
}

enum err es9p_handle_notification(const struct es_peer *peer, struct span pending_notification)
{
    if (peer->asn1)
        return call_asn1(peer, pending_notification);
    json_t *request = json_object(), *answer = NULL;
    struct es_status status;
    enum err e = request ? json_set_base64(request, "pendingNotification", pending_notification) : ERR_NOMEM;
    if (!e)
        e = es_call(peer, function.path, function.name, request, &answer);
    /* Some answer 200 with a header: a refusal there means that the notification was not taken. */
    if (!e && !es_status_read(answer, &status) && es_refused(&status))
        e = ERR_REFUSED;
    json_decref(request);
    json_decref(answer);
    return e;
}

static enum err take_json(const json_t *request, struct es_memory *m, struct rsp_pending_notification *out)
{
    struct span notification;
    enum err e = es_memory_base64(m, request, "pendingNotification", &notification);
    return e ? e : rsp_pending_notification_read(notification, out);
}

static enum err take_message(struct span message, struct rsp_pending_notification *out)
{
    struct rsp_handle_notification q = { 0 };
    enum err e = rsp_handle_notification_read(message, &q);
    *out = q.notification;
    return e;
}

enum err es9p_handle_notification_read(const struct env *env, const struct http_request *http,
                                       struct http_response *p, struct es_memory *m,
                                       struct rsp_pending_notification *out)
{
    json_t *request = NULL;
    struct span message;
    bool asn1 = es9p_is_asn1(http);
    *out = (struct rsp_pending_notification){ 0 };
    enum err e = asn1 ? es9p_asn1_read(env, http, p, &message)
                      : es_serve_read(env, function.name, http, p, &request);
    if (e)
        return e;
    e = asn1 ? take_message(message, out) : take_json(request, m, out);
    json_decref(request);
    return e ? es9p_malformed(env, function.name, http, p, e) : ERR_OK;
}

/* The ASN.1 binding has no answer to this function, so that a refusal is one of HTTP there. */
enum err es9p_handle_notification_write(const struct env *env, const struct http_request *http, const struct es_status *status,
                                        struct http_response *p)
{
    if (es_refused(status) && !es9p_is_asn1(http))
        return es_serve_write(env, function.name, http, status, NULL, p);
    return http_text(p, es_refused(status) ? 404 : 204, "", (struct span){ 0 });
}
