/* ESipa, ASN.1 binding, serve side: one route, the message's tag says which function (SGP.32 6.3.2). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "esipa_call.h"
#include "esipa_json.h"
#include "rsp_codes.h"
#include "rsp_ids.h"

#define CALLER_TOLD 80 /* octets of its User-Agent */

/* Each: the checked message to the eIM's function. *unread: it is no such message; the function was not
 * called. */
static enum err get_eim_package(const struct esipa_service *s, struct span bytes, struct buf *answer,
                                enum err *unread)
{
    struct rsp_get_eim_package_request q;
    *unread = rsp_get_eim_package_request_read(bytes, &q);
    return *unread ? ERR_OK : s->server->get_eim_package(s->actor, &q, answer);
}

static enum err provide_eim_package_result(const struct esipa_service *s, struct span bytes,
                                           struct buf *answer, enum err *unread)
{
    struct rsp_provide_eim_package_result q;
    *unread = rsp_provide_eim_package_result_read(bytes, &q);
    return *unread ? ERR_OK : s->server->provide_eim_package_result(s->actor, &q, answer);
}

static enum err handle_notification(const struct esipa_service *s, struct span bytes, struct buf *answer,
                                    enum err *unread)
{
    struct rsp_handle_notification_esipa q;
    (void)answer;
    *unread = rsp_handle_notification_esipa_read(bytes, &q);
    return *unread ? ERR_OK : s->server->handle_notification(s->actor, &q);
}

static enum err initiate_authentication(const struct esipa_service *s, struct span bytes, struct buf *answer,
                                        enum err *unread)
{
    struct rsp_initiate_authentication_request_esipa q;
    *unread = rsp_initiate_authentication_request_esipa_read(bytes, &q);
    return *unread ? ERR_OK : s->server->initiate_authentication(s->actor, &q, answer);
}

static enum err authenticate_client(const struct esipa_service *s, struct span bytes, struct buf *answer,
                                    enum err *unread)
{
    struct rsp_authenticate_client_request q;
    *unread = rsp_authenticate_client_request_read(bytes, &q);
    return *unread ? ERR_OK : s->server->authenticate_client(s->actor, &q, answer);
}

static enum err get_bound_profile_package(const struct esipa_service *s, struct span bytes,
                                          struct buf *answer, enum err *unread)
{
    struct rsp_get_bound_profile_package_request q;
    *unread = rsp_get_bound_profile_package_request_read(bytes, &q);
    return *unread ? ERR_OK : s->server->get_bound_profile_package(s->actor, &q, answer);
}

static enum err cancel_session(const struct esipa_service *s, struct span bytes, struct buf *answer,
                               enum err *unread)
{
    struct rsp_cancel_session_request_es9 q;
    *unread = rsp_cancel_session_request_es9_read(bytes, &q);
    return *unread ? ERR_OK : s->server->cancel_session(s->actor, &q, answer);
}

/* 0: there is none to be read. */
static bool is_unknown(uint32_t tag)
{
    return tag && tag != 0xBF51 && tag != 0xBF52 && tag != 0xBF53 && tag != 0xBF54;
}

enum err esipa_serve_transfer(const struct esipa_service *s, struct span bytes, struct buf *answer, enum err *unread)
{
    struct rsp_transfer_eim_package_request q;
    struct rsp_transfer_eim_package_response no = { .which = RSP_TRANSFER_RESPONSE_ERROR };
    struct der_tlv outer;
    *unread = der_only(bytes, 0xBF4E, &outer);
    if (*unread)
        return ERR_OK;
    if (!rsp_transfer_eim_package_request_read(bytes, &q))
        return s->server->transfer_eim_package(s->actor, &q, answer);
    struct der inside = der_open(outer.value);
    no.error = is_unknown(der_peek(&inside)) ? RSP_EIM_RESULT_ERROR_UNKNOWN_PACKAGE
                                             : RSP_EIM_RESULT_ERROR_INVALID_PACKAGE_FORMAT;
    return rsp_transfer_eim_package_response_write(&no, answer);
}

static const struct function {
    uint32_t tag;
    const char *name;
    enum err (*serve)(const struct esipa_service *s, struct span bytes, struct buf *answer, enum err *unread);
} functions[] = {
    { 0xBF4F, "ESipa.GetEimPackageResponse", get_eim_package },
    { 0xBF50, "ESipa.ProvideEimPackageResultResponse", provide_eim_package_result },
    { 0xBF3D, "ESipa.HandleNotificationResponse", handle_notification },
    { 0xBF39, "ESipa.InitiateAuthenticationResponse", initiate_authentication },
    { 0xBF3B, "ESipa.AuthenticateClientResponse", authenticate_client },
    { 0xBF3A, "ESipa.GetBoundProfilePackageResponse", get_bound_profile_package },
    { 0xBF41, "ESipa.CancelSessionResponse", cancel_session },
    { 0xBF4E, "ESipa.TransferEimPackageResponse", esipa_serve_transfer },
};

bool esipa_is_offered(const struct esipa_server *s, uint32_t tag)
{
    switch (tag) {
    case 0xBF4F:
        return s->get_eim_package;
    case 0xBF50:
        return s->provide_eim_package_result;
    case 0xBF3D:
        return s->handle_notification;
    case 0xBF39:
        return s->initiate_authentication;
    case 0xBF3B:
        return s->authenticate_client;
    case 0xBF3A:
        return s->get_bound_profile_package;
    case 0xBF41:
        return s->cancel_session;
    case 0xBF4E:
        return s->transfer_eim_package;
    default:
        return false;
    }
}

static const struct function *find(uint32_t tag)
{
    for (size_t i = 0; i < COUNT(functions); i++)
        if (functions[i].tag == tag)
            return &functions[i];
    return NULL;
}

/* "gsma/rsp/v2.1.0": majors 1 and 2 have been seen of IPAs (interpretation D-6). */
static bool protocol_is_known(const char *value)
{
    return value && (!strncasecmp(value, "gsma/rsp/v1.", 12) || !strncasecmp(value, "gsma/rsp/v2.", 12));
}

/* "gsma-rsp-ipad" or "gsma-rsp-ipae", free text or none behind a semicolon. */
static bool is_an_ipa(const char *user_agent)
{
    return user_agent && (!strncmp(user_agent, "gsma-rsp-ipad", 13) || !strncmp(user_agent, "gsma-rsp-ipae", 13)) &&
           (!user_agent[13] || strchr("; ", user_agent[13]));
}

int esipa_judge_headers(const struct esipa_service *s, const struct http_request *q, const char *type, const char **why)
{
    if (!http_has_type(q, type)) {
        *why = "Content-Type is not that of the binding";
        return 415;
    }
    *why = !protocol_is_known(http_header(q, "X-Admin-Protocol"))
               ? "X-Admin-Protocol missing or of an unknown major version"
           : !s->any_user_agent && !is_an_ipa(http_header(q, "User-Agent"))
               ? "User-Agent begins neither with gsma-rsp-ipad nor with gsma-rsp-ipae"
               : NULL;
    if (!*why)
        es_note_protocol(s->env, q, "gsma/rsp/v2.1.0");
    return *why ? 400 : 0;
}

enum err esipa_refuse(const struct esipa_service *s, const struct http_request *q, const char *function, const char *eid, int status,
                      const char *why, struct http_response *p)
{
    char caller[CALLER_TOLD + 1];
    const char *agent = http_header(q, "User-Agent");
    snprintf(caller, sizeof caller, "%s", agent ? agent : "");
    LOG(s->env->log, LOG_WARN, "esipa.refused", F_INT("status", status), F_TEXT("why", why), F_TEXT("function", function),
        F_TEXT("eid", eid), F_TEXT("caller", caller), F_INT("octets", (int64_t)q->body.len));
    p->status = status;
    return ERR_OK;
}

/* The EID among the members of a request, for the log; "" where none can be read. */
static void tell_eid(struct span bytes, char out[33])
{
    struct der d = der_open(bytes);
    struct der_tlv request, eid;
    out[0] = 0;
    if (der_next(&d, &request) || der_find(request.value, 0x5A, &eid) || rsp_eid_text(eid.value, out))
        out[0] = 0;
}

static enum err refuse_unread(const struct esipa_service *s, const struct http_request *q, const struct function *f, const char *eid,
                              struct http_response *p)
{
    char why[80];
    size_t good = der_good_octets(q->body);
    if (good < q->body.len)
        snprintf(why, sizeof why, "malformed message at octet %zu", good);
    else
        snprintf(why, sizeof why, "no message of this function: well encoded, but not what the module says");
    return esipa_refuse(s, q, f->name, eid, 400, why, p);
}

bool esipa_eid_is_readable(struct span eid)
{
    char text[33];
    return rsp_eid_text(eid, text) == ERR_OK && rsp_eid_check_digits(text);
}

/* A GetEimPackageRequest without an EID, and one of it or of ProvideEimPackageResult that cannot be read, have numbers of their
 * own, the same in both (SGP.32 5.14.5, 5.14.6). 0: nothing wrong with it. */
static int64_t judge_eid(uint32_t tag, struct span bytes)
{
    struct der_tlv request, eid;
    if ((tag != 0xBF4F && tag != 0xBF50) || der_only(bytes, tag, &request) || der_check(bytes))
        return 0;
    enum err e = der_find(request.value, 0x5A, &eid);
    if (e == ERR_NOT_FOUND)
        return tag == 0xBF4F ? RSP_EIM_PACKAGE_ERROR_MISSING_EID : 0;
    return e || esipa_eid_is_readable(eid.value) ? 0 : RSP_EIM_PACKAGE_ERROR_INVALID_EID;
}

static enum err answer_number(uint32_t tag, int64_t code, struct buf *answer)
{
    const struct rsp_get_eim_package_response r = { .which = RSP_EIM_PACKAGE_ERROR, .error = code };
    const struct rsp_provide_eim_package_result_response p = { .which = RSP_PROVIDE_ERROR, .error = code };
    return tag == 0xBF4F ? rsp_get_eim_package_response_write(&r, answer) : rsp_provide_eim_package_result_response_write(&p, answer);
}

static enum err write_answer(const struct esipa_service *s, const struct function *f,
                             const struct http_request *q, struct buf *answer, struct http_response *p)
{
    p->status = answer->len ? 200 : 204;
    if (answer->len) {
        tamper_at(s->env, TAMPER_BEFORE_SENDING, f->name, answer);
        snprintf(p->content_type, sizeof p->content_type, "%s", ESIPA_CONTENT_TYPE);
    }
    enum err e = buf_set(&p->body, buf_span(answer));
    return e ? e : http_response_add_header(p, "X-Admin-Protocol", http_header(q, "X-Admin-Protocol"));
}

enum err esipa_serve(const struct esipa_service *s, const struct http_request *q, struct http_response *p)
{
    const char *why = NULL;
    int flaw = esipa_judge_headers(s, q, ESIPA_CONTENT_TYPE, &why);
    struct der d = der_open(q->body);
    const struct function *f = find(der_peek(&d));
    char eid[33];
    tell_eid(q->body, eid);
    if (flaw || !f)
        return esipa_refuse(s, q, f ? f->name : "", eid, flaw ? flaw : 400, flaw ? why : "no ESipa message", p);
    if (!esipa_is_offered(s->server, f->tag))
        return esipa_refuse(s, q, f->name, eid, 501, "function not offered", p);
    struct buf answer = ESIPA_MESSAGE;
    enum err unread = ERR_OK;
    int64_t nobody = judge_eid(f->tag, q->body);
    enum err e = nobody ? answer_number(f->tag, nobody, &answer) : f->serve(s, q->body, &answer, &unread);
    if (unread)
        e = refuse_unread(s, q, f, eid, p);
    else if (e == ERR_VERIFY)
        e = esipa_refuse(s, q, f->name, eid, 403, "not believed", p);
    else if (!e)
        e = write_answer(s, f, q, &answer, p);
    buf_release(&answer);
    return e;
}
