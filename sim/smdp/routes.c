/* Every route of the SM-DP+ and the thin layer between HTTP and its functions. */
#include <stdio.h>
#include <string.h>

#include "es2p.h"
#include "es9p_asn1.h"
#include "smdp_functions.h"
#include "smdp_messages.h"
#include "smdp_routes.h"

/* --- ES9+: read, do, write ------------------------------------------------------------------------- */

/* SGP.22 5.2.6: who cannot do what it is asked says so and has changed nothing: each function is one transaction. Who was killed
 * says nothing. */
static enum err own_failure(const struct smdp *s, enum err e, struct es_status *status)
{
    if (!e || e == ERR_CUT)
        return e;
    log_fail(s->env->log, e, "SGP.22 5.6", "a function of ES9+ failed");
    *status = (struct es_status){ 0 };
    es_refuse(status, "8.8", "4.2", "the SM-DP+ could not execute this; nothing has changed");
    return ERR_OK;
}

/* What was done stays done when its message cannot be kept, which the database has logged. */
static enum err kept(enum err e)
{
    return e == ERR_CUT ? e : ERR_OK;
}

#define ES9P_ROUTE(function, answer)                                                                         \
    static enum err serve_##function(void *actor, const struct http_request *q, struct http_response *p)      \
    {                                                                                                         \
        struct smdp *s = actor;                                                                               \
        struct es_memory received = ES_MEMORY_INIT;                                                           \
        struct smdp_memory made;                                                                              \
        struct rsp_##function##_request request;                                                              \
        struct rsp_##function##_ok ok = { 0 };                                                                \
        struct es_status status = { 0 };                                                                      \
        smdp_memory_init(&made);                                                                              \
        enum err e = es9p_##function##_read(s->env, q, p, &received, &request);                               \
        if (!e)                                                                                               \
            e = own_failure(s, smdp_##function(s, &request, &made, &ok, &status), &status);                   \
        if (!e)                                                                                               \
            smdp_log_outcome(s, "ES9+." #function, &status);                                                  \
        if (!e)                                                                                               \
            e = kept(smdp_keep_##function(s, q, &request, &made, &ok, &status));                              \
        if (!e)                                                                                               \
            e = es9p_##function##_write answer;                                                               \
        es_memory_release(&received);                                                                         \
        smdp_memory_release(&made);                                                                           \
        return e;                                                                                             \
    }

static void smdp_log_outcome(const struct smdp *s, const char *function, const struct es_status *status)
{
    LOG(s->env->log, es_refused(status) ? LOG_WARN : LOG_INFO, function,
        F_TEXT("status", es_status_text(status).text));
}

ES9P_ROUTE(initiate_authentication, (s->env, &s->wire, q, &ok, &status, p))
ES9P_ROUTE(authenticate_client, (s->env, &s->wire, q, &ok, &status, p))
ES9P_ROUTE(get_bound_profile_package, (s->env, q, &ok, &status, p))

static enum err serve_handle_notification(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory received = ES_MEMORY_INIT;
    struct rsp_pending_notification notification;
    struct es_status status = { 0 };
    bool believed = false;
    enum err e = es9p_handle_notification_read(s->env, q, p, &received, &notification);
    if (!e)
        e = smdp_handle_notification(s, &notification, &believed, &status); /* failed: HTTP 500, and it comes again */
    if (!e && believed) /* anybody may send one: what nobody signed must not drive out what was */
        e = kept(smdp_keep_notification(s, &notification));
    if (!e)
        e = es9p_handle_notification_write(s->env, q, &status, p);
    es_memory_release(&received);
    return e;
}

static enum err serve_cancel_session(void *actor, const struct http_request *q, struct http_response *p)
{
    struct smdp *s = actor;
    struct es_memory received = ES_MEMORY_INIT;
    struct rsp_cancel_session_request_es9 request;
    struct es_status status = { 0 };
    enum err e = es9p_cancel_session_read(s->env, q, p, &received, &request);
    if (!e)
        e = own_failure(s, smdp_cancel_session(s, &request, &status), &status);
    if (!e)
        smdp_log_outcome(s, "ES9+.cancel_session", &status);
    if (!e)
        e = kept(smdp_keep_cancel_session(s, q, &request, &status));
    if (!e)
        e = es9p_cancel_session_write(s->env, q, &status, p);
    es_memory_release(&received);
    return e;
}

/* The ASN.1 binding: the same five functions by the message's tag. */
static enum err serve_asn1(void *actor, const struct http_request *q, struct http_response *p)
{
    static const struct es9p_asn1_function functions[] = {
        { 0xBF39, serve_initiate_authentication }, { 0xBF3B, serve_authenticate_client },
        { 0xBF3A, serve_get_bound_profile_package }, { 0xBF41, serve_cancel_session },
        { 0xBF3D, serve_handle_notification },
    };
    struct smdp *s = actor;
    return es9p_asn1_serve(s->env, functions, COUNT(functions), s, q, p);
}

/* --- ES2+: who asks is who the certificate says -------------------------------------------------------- */

typedef enum err (*order_function)(struct smdp *s, const struct smdp_order *q, struct smdp_order_answer *a,
                                   struct es_status *status);

static enum err serve_order(struct smdp *s, enum es2p_function f, order_function run, const struct http_request *q,
                            struct http_response *p)
{
    struct es2p_order in;
    static const char *const names[] = { [ES2P_DOWNLOAD_ORDER] = "ES2+.DownloadOrder",
                                         [ES2P_CONFIRM_ORDER] = "ES2+.ConfirmOrder",
                                         [ES2P_CANCEL_ORDER] = "ES2+.CancelOrder",
                                         [ES2P_RELEASE_PROFILE] = "ES2+.ReleaseProfile" };
    enum err e = http_require_peer(q, p);
    if (!e)
        e = es2p_read(f, s->env, q, p, &in);
    if (e)
        return e;
    const struct smdp_client *client = smdp_client_of(s, q->peer);
    struct es_status status = { 0 };
    struct smdp_order_answer made = { 0 };
    const struct smdp_order order = {
        .operator_name = in.requester, .iccid = in.iccid, .profile_type = in.profile_type, .eid = in.eid,
        .matching_id = in.matching_id, .confirmation_code = in.confirmation_code,
        .smds_address = in.smds_address, .final_state = in.final_state, .release = in.release,
    };
    if (!client || strcmp(client->name, in.requester) != 0)
        es_refuse(&status, "8.2.1", "1.2", "functionRequesterIdentifier is not the certificate's");
    else
        e = run(s, &order, &made, &status);
    LOG(s->env->log, e || es_refused(&status) ? LOG_WARN : LOG_INFO, "ES2+.order", F_INT("function", f),
        F_TEXT("operator", in.requester), F_TEXT("iccid", in.iccid), F_TEXT("status", e ? err_name(e) : es_status_text(&status).text));
    if (!e && client && strcmp(client->name, in.requester) == 0)
        e = smdp_keep_order(s, names[f], q, &in, made.iccid, &status);
    memory_clear(&in, sizeof in);
    if (e)
        return e;
    struct es2p_answer answer = { 0 };
    snprintf(answer.iccid, sizeof answer.iccid, "%s", made.iccid);
    if (f == ES2P_CONFIRM_ORDER) {
        snprintf(answer.eid, sizeof answer.eid, "%s", made.eid);
        snprintf(answer.matching_id, sizeof answer.matching_id, "%s", made.matching_id);
        snprintf(answer.smdp_address, sizeof answer.smdp_address, "%s", s->addresses[0]);
    }
    return es2p_write(f, s->env, q, &answer, &status, p);
}

static enum err serve_download_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_order(actor, ES2P_DOWNLOAD_ORDER, smdp_download_order, q, p);
}

static enum err serve_confirm_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_order(actor, ES2P_CONFIRM_ORDER, smdp_confirm_order, q, p);
}

static enum err serve_cancel_order(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_order(actor, ES2P_CANCEL_ORDER, smdp_cancel_order, q, p);
}

static enum err serve_release_profile(void *actor, const struct http_request *q, struct http_response *p)
{
    return serve_order(actor, ES2P_RELEASE_PROFILE, smdp_release_profile, q, p);
}

static const struct http_route routes[] = {
    { "POST", "/gsma/rsp2/es9plus/initiateAuthentication", serve_initiate_authentication },
    { "POST", "/gsma/rsp2/es9plus/authenticateClient", serve_authenticate_client },
    { "POST", "/gsma/rsp2/es9plus/getBoundProfilePackage", serve_get_bound_profile_package },
    { "POST", "/gsma/rsp2/es9plus/handleNotification", serve_handle_notification },
    { "POST", "/gsma/rsp2/es9plus/cancelSession", serve_cancel_session },
    { "POST", ES9P_ASN1_PATH, serve_asn1 },
    { "POST", "/gsma/rsp2/es2plus/downloadOrder", serve_download_order },
    { "POST", "/gsma/rsp2/es2plus/confirmOrder", serve_confirm_order },
    { "POST", "/gsma/rsp2/es2plus/cancelOrder", serve_cancel_order },
    { "POST", "/gsma/rsp2/es2plus/releaseProfile", serve_release_profile },
    { "POST", "/v1/profiles", smdp_import_profiles },
    { "GET", "/v1/profiles", smdp_count_profiles },
    { "GET", "/v1/profiles/{iccid}", smdp_show_profile },
    { "GET", "/v1/profiles/{iccid}/messages", smdp_list_messages },
    { "POST", "/v1/profile-types", smdp_add_profile_type },
    { "GET", "/v1/profile-types", smdp_list_profile_types },
    { "POST", "/v1/stock", smdp_generate_stock },
    { "GET", "/v1/stock", smdp_list_stock },
    { "POST", "/v1/stock/export", smdp_export_stock },
    { "POST", "/v1/stock/import", smdp_import_stock },
    { "GET", "/v1/orders", smdp_list_orders },
    { "GET", "/v1/notifications", smdp_list_notifications },
    { "GET", "/v1/notifications/operators", smdp_count_notifications },
    { "POST", "/v1/notifications/{id}/retry", smdp_retry_notification },
    { "POST", "/v1/notifications/retry", smdp_retry_notifications },
};

static void free_actor(struct actor *a)
{
    smdp_free((struct smdp *)a);
}

const struct actor_ops smdp_actor_ops = {
    .role = "smdp",
    .routes = routes,
    .route_count = COUNT(routes),
    .mutual_tls = true,
    .tick = smdp_tick,
    .free = free_actor,
};
