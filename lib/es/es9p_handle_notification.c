/* ES9+.HandleNotification, SGP.22 5.6.4 and 6.5.2.9: answered 204, whatever it says. */
#include "es9p.h"

#define NAME "ES9+.HandleNotification"

enum err es9p_handle_notification(const struct es_peer *peer, struct span pending_notification)
{
    json_t *request = json_object(), *answer = NULL;
    struct es_status status;
    enum err e = request ? json_set_base64(request, "pendingNotification", pending_notification) : ERR_NOMEM;
    if (!e)
        e = es_call(peer, "es9plus/handleNotification", NAME, request, &answer);
    /* Some answer 200 with a header: a refusal there means that the notification was not taken. */
    if (!e && !es_status_read(answer, &status) && es_refused(&status))
        e = ERR_REFUSED;
    json_decref(request);
    json_decref(answer);
    return e;
}

enum err es9p_handle_notification_read(const struct env *env, const struct http_request *http,
                                       struct http_response *p, struct es_memory *m,
                                       struct rsp_pending_notification *out)
{
    json_t *request = NULL;
    struct span notification;
    *out = (struct rsp_pending_notification){ 0 };
    enum err e = es_serve_read(env, NAME, http, p, &request);
    if (e)
        return e;
    e = es_memory_base64(m, request, "pendingNotification", &notification);
    if (!e)
        e = rsp_pending_notification_read(notification, out);
    json_decref(request);
    return e ? es9p_malformed(env, NAME, http, p, e) : ERR_OK;
}

enum err es9p_handle_notification_write(struct http_response *p)
{
    return http_text(p, 204, "", (struct span){ 0 });
}
