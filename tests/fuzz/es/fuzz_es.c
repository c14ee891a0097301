/* Any body sent to the serving side of ES2+, ES9+ and ESipa; the first octet chooses the function.
 * Each answers a status, and whoever it hands a message to finds it whole. */
#include <stdlib.h>
#include <string.h>

#include "es2p.h"
#include "es9p_asn1.h"
#include "esipa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Read, or refused with an answer written. */
static void require_answer(enum err e, const struct http_response *p)
{
    require(e == ERR_OK || (e == ERR_REFUSED && p->status >= 200));
}

struct exchange {
    const struct env *env;
    struct http_request q;
    struct http_response p;
};

static void es2p(struct exchange *x, enum es2p_function f)
{
    struct es2p_order order;
    enum err e = es2p_read(f, x->env, &x->q, &x->p, &order);
    require_answer(e, &x->p);
    require(e || memchr(order.matching_id, 0, sizeof order.matching_id));
}

#define ES9P(function, message)                                                                    \
    static void es9p_##function##_body(struct exchange *x)                                         \
    {                                                                                              \
        struct es_memory m = ES_MEMORY_INIT;                                                       \
        struct rsp_##message out;                                                                  \
        require_answer(es9p_##function##_read(x->env, &x->q, &x->p, &m, &out), &x->p);             \
        es_memory_release(&m);                                                                     \
    }
ES9P(initiate_authentication, initiate_authentication_request)
ES9P(authenticate_client, authenticate_client_request)
ES9P(get_bound_profile_package, get_bound_profile_package_request)
ES9P(handle_notification, pending_notification)
ES9P(cancel_session, cancel_session_request_es9)

#define TAKE(function, message)                                                                    \
    static enum err take_##function(void *actor, const struct rsp_##message *q,                    \
                                    struct buf *answer)                                            \
    {                                                                                              \
        (void)actor;                                                                               \
        return rsp_##message##_write(q, answer);                                                   \
    }
TAKE(get_eim_package, get_eim_package_request)
TAKE(provide_eim_package_result, provide_eim_package_result)
TAKE(initiate_authentication, initiate_authentication_request_esipa)
TAKE(authenticate_client, authenticate_client_request)
TAKE(get_bound_profile_package, get_bound_profile_package_request)
TAKE(cancel_session, cancel_session_request_es9)

static enum err take_notification(void *actor, const struct rsp_handle_notification_esipa *q)
{
    struct buf written = { .max = HTTP_BODY_MAX };
    (void)actor;
    enum err e = rsp_handle_notification_esipa_write(q, &written);
    buf_release(&written);
    return e;
}

static const struct esipa_server echo = {
    .get_eim_package = take_get_eim_package,
    .provide_eim_package_result = take_provide_eim_package_result,
    .handle_notification = take_notification,
    .initiate_authentication = take_initiate_authentication,
    .authenticate_client = take_authenticate_client,
    .get_bound_profile_package = take_get_bound_profile_package,
    .cancel_session = take_cancel_session,
};

static void esipa(struct exchange *x)
{
    struct esipa_service service = { x->env, &echo, NULL };
    require_answer(esipa_serve(&service, &x->q, &x->p), &x->p);
}

/* ES9+ in ASN.1: the same bodies, by tag. */
#define BY_TAG(function)                                                                           \
    static enum err serve_##function(void *actor, const struct http_request *q,                    \
                                     struct http_response *p)                                      \
    {                                                                                              \
        (void)q;                                                                                   \
        (void)p;                                                                                   \
        es9p_##function##_body(actor);                                                             \
        return ERR_OK;                                                                             \
    }
BY_TAG(initiate_authentication)
BY_TAG(authenticate_client)
BY_TAG(get_bound_profile_package)
BY_TAG(handle_notification)
BY_TAG(cancel_session)

static void es9p_asn1(struct exchange *x)
{
    static const struct es9p_asn1_function functions[] = {
        { 0xBF39, serve_initiate_authentication }, { 0xBF3B, serve_authenticate_client },
        { 0xBF3A, serve_get_bound_profile_package }, { 0xBF3D, serve_handle_notification },
        { 0xBF41, serve_cancel_session },
    };
    require_answer(es9p_asn1_serve(x->env, functions, COUNT(functions), x, &x->q, &x->p), &x->p);
}

#define ES9P_ASN1_CHOICE 'A'

static void choose(struct exchange *x, unsigned choice)
{
    static void (*const es9p[])(struct exchange * x) = {
        es9p_initiate_authentication_body,
        es9p_authenticate_client_body,
        es9p_get_bound_profile_package_body,
        es9p_handle_notification_body,
        es9p_cancel_session_body,
    };
    if (choice < COUNT(es9p))
        es9p[choice](x);
    else if (choice < 9)
        es2p(x, (enum es2p_function)(ES2P_DOWNLOAD_ORDER + (choice - COUNT(es9p))));
    else if (choice == ES9P_ASN1_CHOICE)
        es9p_asn1(x);
    else
        esipa(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct log silent;
    static const struct env env = { .log = &silent };
    if (size == 0)
        return 0;
    unsigned function = data[0] == ES9P_ASN1_CHOICE ? data[0] : data[0] % 10u;
    const struct http_header headers[] = {
        { "Content-Type", function >= 9 ? ESIPA_CONTENT_TYPE : "application/json" },
        { "X-Admin-Protocol", "gsma/rsp/v2.5.0" },
        { "User-Agent", "gsma-rsp-lpad" },
    };
    struct exchange x = {
        &env,
        { .method = "POST",
          .path = function == ES9P_ASN1_CHOICE ? ES9P_ASN1_PATH : "/",
          .query = "",
          .headers = headers,
          .header_count = COUNT(headers),
          .body = span_of(data + 1, size - 1) },
        HTTP_RESPONSE_INIT,
    };
    choose(&x, function);
    http_response_release(&x.p);
    return 0;
}
