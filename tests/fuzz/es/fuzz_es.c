/* Any body sent to the serving side of ES2+, ES9+ and ESipa, and any answer to the calling side of ESipa; the first octet
 * chooses, in ESipa over JSON the second chooses the function. Each answers a status, and whoever it hands a message to finds
 * it whole. */
#include <stdlib.h>
#include <string.h>

#include "es2p.h"
#include "es9p_asn1.h"
#include "esipa_call.h"
#include "rsp_compact.h"

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
    struct esipa_service service = { .env = x->env, .server = &echo };
    require_answer(esipa_serve(&service, &x->q, &x->p), &x->p);
}

/* ESipa over JSON: the message must be whole; each is refused with a number, so that the answer is written too. */
#define REFUSE(function, message, answer_message, ...)                                             \
    static enum err refuse_##function(void *actor, const struct rsp_##message *q,                  \
                                      struct buf *answer)                                          \
    {                                                                                              \
        const struct rsp_##answer_message no = { __VA_ARGS__, .error = 1 };                        \
        struct buf whole = { .max = HTTP_BODY_MAX };                                               \
        (void)actor;                                                                               \
        require(rsp_##message##_write(q, &whole) != ERR_PARSE);                                    \
        buf_release(&whole);                                                                       \
        return rsp_##answer_message##_write(&no, answer);                                          \
    }
REFUSE(get_eim_package, get_eim_package_request, get_eim_package_response, .which = RSP_EIM_PACKAGE_ERROR)
REFUSE(provide_eim_package_result, provide_eim_package_result, provide_eim_package_result_response,
       .which = RSP_PROVIDE_ERROR)
REFUSE(initiate_authentication, initiate_authentication_request_esipa,
       initiate_authentication_response_esipa, .which = RSP_ERROR)
REFUSE(authenticate_client, authenticate_client_request, authenticate_client_response_esipa,
       .which = RSP_AC_ESIPA_ERROR)
REFUSE(get_bound_profile_package, get_bound_profile_package_request,
       get_bound_profile_package_response_esipa, .which = RSP_ERROR)
REFUSE(cancel_session, cancel_session_request_es9, cancel_session_response_es9, .which = RSP_ERROR)
REFUSE(transfer_eim_package, transfer_eim_package_request, transfer_eim_package_response,
       .which = RSP_TRANSFER_RESPONSE_ERROR)

static const struct esipa_server refusing = {
    .get_eim_package = refuse_get_eim_package,
    .provide_eim_package_result = refuse_provide_eim_package_result,
    .handle_notification = take_notification,
    .initiate_authentication = refuse_initiate_authentication,
    .authenticate_client = refuse_authenticate_client,
    .get_bound_profile_package = refuse_get_bound_profile_package,
    .cancel_session = refuse_cancel_session,
    .transfer_eim_package = refuse_transfer_eim_package,
};

/* A request in DER for each function, so that the answer to it is read. */
static const struct {
    const char *name, *path;
    size_t len;
    uint8_t request[40];
} json_functions[] = {
    { "GetEimPackage", "getEimPackage", 21,
      { 0xbf, 0x4f, 0x12, 0x5a, 0x10, 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23, 0x45, 0x12, 0x34, 0x56, 0x78,
        0x90, 0x12, 0x35 } },
    { "ProvideEimPackageResult", "provideEimPackageResult", 8, { 0xbf, 0x50, 0x05, 0xa0, 0x03, 0x02, 0x01, 0x02 } },
    { "HandleNotification", "handleNotification", 11,
      { 0xbf, 0x3d, 0x08, 0xbf, 0x50, 0x05, 0xa0, 0x03, 0x02, 0x01, 0x02 } },
    { "InitiateAuthentication", "initiateAuthentication", 21, { 0xbf, 0x39, 0x12, 0x81, 0x10 } },
    { "AuthenticateClient", "authenticateClient", 17,
      { 0xbf, 0x3b, 0x0e, 0x80, 0x01, 0x01, 0xbf, 0x38, 0x08, 0xa1, 0x06, 0x80, 0x01, 0x01, 0x02, 0x01, 0x07 } },
    { "GetBoundProfilePackage", "getBoundProfilePackage", 17,
      { 0xbf, 0x3a, 0x0e, 0x80, 0x01, 0x01, 0xbf, 0x21, 0x08, 0xa1, 0x06, 0x80, 0x01, 0x01, 0x02, 0x01, 0x05 } },
    { "CancelSession", "cancelSession", 11, { 0xbf, 0x41, 0x08, 0x80, 0x01, 0x01, 0xa1, 0x03, 0x81, 0x01, 0x05 } },
    { "TransferEimPackage", "transferEimPackage", 9, { 0xbf, 0x4e, 0x06, 0xbf, 0x54, 0x03, 0x82, 0x01, 0x01 } },
};

static size_t chosen_function(struct exchange *x)
{
    struct span body = x->q.body;
    x->q.body = span_sub(body, 1, body.len);
    return body.len ? body.at[0] % COUNT(json_functions) : 0;
}

static void esipa_over_json(struct exchange *x)
{
    const struct esipa_service service = { .env = x->env, .server = &refusing };
    size_t f = chosen_function(x);
    enum err e = esipa_serve_json(&service, json_functions[f].path, &x->q, &x->p);
    require(!e && x->p.status >= 200);
}

/* An eIM that answers what it was given. */
struct parrot {
    struct http_client client;
    struct span answer;
};

static enum err say(struct http_client *c, const struct http_call *q, struct http_response *p)
{
    (void)q;
    p->status = 200;
    return buf_set(&p->body, ((struct parrot *)c)->answer);
}

static void esipa_answered_in_json(struct exchange *x)
{
    static const struct http_client_ops ops = { .send = say };
    size_t f = chosen_function(x);
    struct parrot parrot = { { &ops }, x->q.body };
    struct env env = *x->env;
    struct buf answer = { .max = HTTP_BODY_MAX };
    env.http = &parrot.client;
    const struct es_peer peer = { .env = &env, .base_url = "https://eim.example.com", .json = true };
    enum err e = esipa_json_call(&peer, json_functions[f].name,
                                 span_of(json_functions[f].request, json_functions[f].len), &answer);
    /* What was taken is DER again. */
    require(e || !answer.len || der_check(buf_span(&answer)) == ERR_OK);
    buf_release(&answer);
}

/* --- compact forms, rebuilt from what is known here -------------------------------------------------- */

static const uint8_t sixteen[16] = { 1 };
static const uint8_t certificate[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
static const uint8_t info2[] = { 0xbf, 0x22, 0x06, 0x81, 0x01, 0x03, 0x84, 0x01, 0x00 };
static const uint8_t point[65] = { 0x04 };
static const uint8_t oid[] = { 0x88, 0x37, 0x0a };

/* What was rebuilt is one message of the kind, or nothing is. */
static void require_rebuilt(enum err e, const struct buf *out, uint32_t tag)
{
    struct der_tlv whole;
    require(e || (der_only(buf_span(out), tag, &whole) == ERR_OK && der_check(buf_span(out)) == ERR_OK));
}

static void rebuild_notification(struct span body, const struct rsp_compact_known *known, struct buf *out)
{
    struct rsp_pending_notification n;
    struct span whose;
    if (rsp_pending_notification_read(body, &n))
        return;
    enum err e = rsp_rebuild_notification(&n, known, out);
    require_rebuilt(e, out, n.which == RSP_PENDING_COMPACT_INSTALLATION ? 0xBF37 : 0x30);
    require(rsp_compact_session(&n, &whose) != ERR_OK || whose.len <= body.len);
    require(rsp_compact_eid(&n, &whose) != ERR_OK || whose.len <= body.len);
}

static void rebuild(struct exchange *x)
{
    const struct rsp_compact_known known = {
        .transaction_id = SPAN_ARRAY(sixteen), .server_address = span_str("smdp.example.com"),
        .server_challenge = SPAN_ARRAY(sixteen), .euicc_info2 = SPAN_ARRAY(info2),
        .euicc_certificate = SPAN_ARRAY(certificate), .eum_certificate = SPAN_ARRAY(certificate),
        .otpk = SPAN_ARRAY(point), .smdp_oid = SPAN_ARRAY(oid), .iccid = span_of(sixteen, 10),
    };
    struct rsp_authenticate_server_response authentication;
    struct rsp_prepare_download_response preparation;
    struct rsp_cancel_session_response cancellation;
    struct buf out = { .max = HTTP_BODY_MAX };
    if (!rsp_authenticate_server_response_read(x->q.body, &authentication))
        require_rebuilt(rsp_rebuild_authentication(&authentication, &known, &out), &out, 0xBF38);
    else if (!rsp_prepare_download_response_read(x->q.body, &preparation))
        require_rebuilt(rsp_rebuild_preparation(&preparation, &known, &out), &out, 0xBF21);
    else if (!rsp_cancel_session_response_read(x->q.body, &cancellation))
        require_rebuilt(rsp_rebuild_cancellation(&cancellation, &known, &out), &out, 0xBF41);
    else
        rebuild_notification(x->q.body, &known, &out);
    buf_release(&out);
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

enum { ES9P_ASN1_CHOICE = 'A', ESIPA_JSON_CHOICE = 'J', ESIPA_JSON_ANSWER_CHOICE = 'K', COMPACT_CHOICE = 'C' };

static bool is_named(uint8_t choice)
{
    return choice == ES9P_ASN1_CHOICE || choice == ESIPA_JSON_CHOICE || choice == ESIPA_JSON_ANSWER_CHOICE ||
           choice == COMPACT_CHOICE;
}

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
    else if (choice == ESIPA_JSON_CHOICE)
        esipa_over_json(x);
    else if (choice == ESIPA_JSON_ANSWER_CHOICE)
        esipa_answered_in_json(x);
    else if (choice == COMPACT_CHOICE)
        rebuild(x);
    else
        esipa(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct log silent;
    static const struct env env = { .log = &silent };
    if (size == 0)
        return 0;
    unsigned function = is_named(data[0]) ? data[0] : data[0] % 10u;
    bool in_der = function == 9 || function == ES9P_ASN1_CHOICE;
    const struct http_header headers[] = {
        { "Content-Type", in_der ? ESIPA_CONTENT_TYPE : "application/json" },
        { "X-Admin-Protocol", "gsma/rsp/v2.5.0" },
        { "User-Agent", "gsma-rsp-ipad" },
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
