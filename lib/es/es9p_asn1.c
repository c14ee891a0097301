#include "es9p_asn1.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WRAPPER 0xA2 /* RemoteProfileProvisioningRequest and -Response */
#define PROTOCOL "gsma/rsp/v2.5.0"

/* --- calling ---------------------------------------------------------------------------------------- */

static enum err put_message(const struct env *env, const struct es9p_function *f, const char *suffix,
                            es9p_write_fn write, const void *value, struct buf *out)
{
    char full[96];
    struct der_mark wrapper;
    enum err e = der_put_open(out, WRAPPER, &wrapper);
    if (!e)
        e = write(value, out);
    if (!e)
        e = der_put_close(out, wrapper);
    snprintf(full, sizeof full, "%s%s", f->name, suffix);
    if (!e)
        tamper_at(env, TAMPER_BEFORE_SENDING, full, out);
    return e;
}

static enum err post(const struct es_peer *peer, struct span body, struct http_response *p)
{
    char url[512];
    const struct http_header headers[] = {
        { "Content-Type", ES9P_ASN1_TYPE },
        { "User-Agent", peer->user_agent ? peer->user_agent : "gsma-rsp-lpad" },
        { "X-Admin-Protocol", peer->protocol ? peer->protocol : PROTOCOL },
    };
    int n = snprintf(url, sizeof url, "%s%s", peer->base_url, peer->path ? peer->path : ES9P_ASN1_PATH);
    const struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = body, .deadline_ms = peer->deadline_ms };
    return n < 0 || (size_t)n >= sizeof url ? ERR_LIMIT : http_send(peer->env->http, &q, p);
}

static enum err take_answer(const struct es_peer *peer, const struct http_response *p, struct es_memory *m,
                            struct span *answer)
{
    const struct log *log = peer->env->log;
    struct der_tlv wrapper;
    struct span kept;
    if (p->status == 204)
        return ERR_OK;
    if (p->status != 200) {
        LOG(log, LOG_WARN, "es.http_refused", F_INT("status", p->status), F_TEXT("peer", peer->base_url));
        return ERR_REFUSED;
    }
    enum err e = es_memory_put(m, buf_span(&p->body), &kept);
    if (!e)
        e = der_only(kept, WRAPPER, &wrapper);
    if (!e)
        *answer = wrapper.value;
    return e == ERR_PARSE ? log_fail(log, e, "SGP.22 6.6", "the answer is no RemoteProfileProvisioningResponse") : e;
}

enum err es9p_asn1_call(const struct es_peer *peer, const struct es9p_function *f, es9p_write_fn write,
                        const void *value, struct es_memory *m, struct span *answer)
{
    struct buf body = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    *answer = (struct span){ 0 };
    enum err e = put_message(peer->env, f, "Request", write, value, &body);
    if (!e)
        e = post(peer, buf_span(&body), &p);
    if (!e)
        e = take_answer(peer, &p, m, answer);
    http_response_release(&p);
    buf_release(&body);
    return e;
}

void es9p_asn1_outcome(const struct es9p_function *f, enum rsp_outcome which, int64_t error,
                       struct es_status *status)
{
    *status = (struct es_status){ 0 };
    if (which != RSP_OK)
        es_status_of_code(f->codes, error, status);
}

/* --- serving ---------------------------------------------------------------------------------------- */

static const uint32_t tags[] = { 0xBF39, 0xBF3B, 0xBF3A, 0xBF41, 0xBF3D };

bool es9p_is_asn1(const struct http_request *q)
{
    return strcmp(q->path, ES9P_ASN1_PATH) == 0;
}

/* A transport error has no body (catalogue A.7.4). */
static enum err refuse(const struct env *env, int status, const char *why, struct http_response *p)
{
    log_fail(env->log, ERR_REFUSED, "SGP.22 6.6", why);
    http_response_clear(p);
    p->status = status;
    return ERR_REFUSED;
}

/* "gsma/rsp/v2.5.0": major 2 is spoken here; the rest is the peer's business (interpretation D-6). */
static bool protocol_is_ours(const char *protocol)
{
    return protocol && strncasecmp(protocol, "gsma/rsp/v2.", 12) == 0;
}

static bool is_message(uint32_t tag)
{
    for (size_t i = 0; i < COUNT(tags); i++)
        if (tags[i] == tag)
            return true;
    return false;
}

enum err es9p_asn1_serve(const struct env *env, const struct es9p_asn1_function *functions, size_t count, void *actor,
                         const struct http_request *q, struct http_response *p)
{
    struct der_tlv wrapper;
    if (!http_has_type(q, ES9P_ASN1_TYPE))
        return refuse(env, 415, "Content-Type must be " ES9P_ASN1_TYPE, p);
    if (!protocol_is_ours(http_header(q, "X-Admin-Protocol")))
        return refuse(env, 400, "X-Admin-Protocol must be gsma/rsp/v2.x.y", p);
    es_note_protocol(env, q, PROTOCOL);
    if (der_only(q->body, WRAPPER, &wrapper))
        return refuse(env, 400, "no RemoteProfileProvisioningRequest", p);
    struct der inside = der_open(wrapper.value);
    uint32_t tag = der_peek(&inside);
    for (size_t i = 0; i < count; i++)
        if (functions[i].tag == tag)
            return functions[i].handle(actor, q, p);
    return is_message(tag) ? refuse(env, 501, "a function that is not offered", p)
                           : refuse(env, 400, "no message of this interface", p);
}

enum err es9p_asn1_read(const struct env *env, const struct http_request *q, struct http_response *p,
                        struct span *message)
{
    struct der_tlv wrapper;
    if (der_only(q->body, WRAPPER, &wrapper))
        return refuse(env, 400, "no RemoteProfileProvisioningRequest", p);
    *message = wrapper.value;
    return ERR_OK;
}

enum err es9p_asn1_write(const struct env *env, const struct es9p_function *f, const struct http_request *q,
                         es9p_write_fn write, const void *value, struct http_response *p)
{
    struct buf body = { .max = HTTP_BODY_MAX };
    const char *protocol = http_header(q, "X-Admin-Protocol");
    enum err e = put_message(env, f, "Response", write, value, &body);
    if (!e)
        e = http_text(p, 200, ES9P_ASN1_TYPE, buf_span(&body));
    if (!e)
        e = http_response_add_header(p, "X-Admin-Protocol", protocol_is_ours(protocol) ? protocol : PROTOCOL);
    buf_release(&body);
    return e;
}
