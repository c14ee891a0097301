#include "es_peer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json;charset=UTF-8"

/* One message on its way: written, perhaps tampered with. */
static enum err put_message(const struct env *env, const char *name, const char *suffix, const json_t *value,
                            struct buf *out)
{
    char full[96];
    enum err e = json_write(value, out);
    snprintf(full, sizeof full, "%s%s", name, suffix);
    if (!e)
        tamper_at(env, TAMPER_BEFORE_SENDING, full, out);
    return e;
}

static enum err read_answer(const struct es_peer *peer, const struct http_response *p, json_t **answer)
{
    char why[160] = "";
    const struct log *log = peer->env->log;
    if (p->status == 204)
        return ERR_OK;
    if (p->status != 200) {
        LOG(log, LOG_WARN, "es.http_refused", F_INT("status", p->status), F_TEXT("peer", peer->base_url));
        if (peer->http_status)
            *peer->http_status = p->status;
        return ERR_REFUSED;
    }
    enum err e = json_read(buf_span(&p->body), answer, why);
    return e ? log_fail(log, e, "SGP.22 6.5", why) : ERR_OK;
}

enum err es_call(const struct es_peer *peer, const char *function, const char *name, const json_t *request,
                 json_t **answer)
{
    char url[512];
    struct buf body = { .max = HTTP_BODY_MAX };
    struct http_response p = HTTP_RESPONSE_INIT;
    const struct http_header headers[] = {
        { "Content-Type", JSON_TYPE },
        { "User-Agent", peer->user_agent ? peer->user_agent : "gsma-rsp-lpad" },
        { "X-Admin-Protocol", peer->protocol ? peer->protocol : "gsma/rsp/v2.5.0" },
    };
    *answer = NULL;
    snprintf(url, sizeof url, "%s/gsma/rsp2/%s", peer->base_url, function);
    enum err e = put_message(peer->env, name, "Request", request, &body);
    const struct http_call q = { .method = "POST", .url = url, .headers = headers, .header_count = COUNT(headers),
                                 .body = buf_span(&body), .deadline_ms = peer->deadline_ms, .trust = peer->trust };
    if (!e)
        e = http_send(peer->env->http, &q, &p);
    if (!e)
        e = read_answer(peer, &p, answer);
    http_response_release(&p);
    buf_release(&body);
    return e;
}

/* "gsma/rsp/v2.5.0": major 2 is spoken here; the rest is the peer's business (interpretation D-6). */
static bool protocol_is_ours(const char *protocol)
{
    return protocol && strncasecmp(protocol, "gsma/rsp/v2.", 12) == 0;
}

void es_note_protocol(const struct env *env, const struct http_request *q, const char *usual)
{
    const char *said = http_header(q, "X-Admin-Protocol");
    if (said && strcmp(said, usual) != 0)
        LOG(env->log, LOG_DEBUG, "protocol.other", F_TEXT("said", said), F_TEXT("usual", usual));
}

static enum err refuse(const struct env *env, const char *name, const struct http_request *q, struct http_response *p,
                       const char *subject, const char *reason, const char *message)
{
    struct es_status status;
    es_refuse(&status, subject, reason, message);
    log_fail(env->log, ERR_REFUSED, "SGP.22 6.5", message);
    enum err e = es_serve_write(env, name, q, &status, NULL, p);
    return e ? e : ERR_REFUSED;
}

enum err es_serve_read(const struct env *env, const char *name, const struct http_request *q,
                       struct http_response *p, json_t **request)
{
    char why[160] = "";
    if (!http_has_type(q, "application/json"))
        return refuse(env, name, q, p, "1.2.1", "2.1", "Content-Type must be application/json");
    if (!protocol_is_ours(http_header(q, "X-Admin-Protocol")))
        return refuse(env, name, q, p, "1.2.2", "2.1", "X-Admin-Protocol must be gsma/rsp/v2.x.y");
    es_note_protocol(env, q, "gsma/rsp/v2.5.0");
    enum err e = json_read(q->body, request, why);
    if (e == ERR_PARSE || e == ERR_LIMIT) {
        e = http_problem(p, 400, "malformed JSON", why);
        return e ? e : ERR_REFUSED;
    }
    return e;
}

void es_take_text(const json_t *o, const char *member, char *out, size_t room, struct es_status *status)
{
    const char *text = json_str(o, member);
    char why[96];
    if (es_refused(status))
        return;
    snprintf(why, sizeof why, "%s is missing", member);
    if (!text)
        es_refuse(status, "1.3.1", "2.2", why);
    else if (strlen(text) >= room)
        es_refuse(status, "1.3.1", "2.1", "a member is too long");
    else
        snprintf(out, room, "%s", text);
}

enum err es_serve_write(const struct env *env, const char *name, const struct http_request *q,
                        const struct es_status *status, json_t *answer, struct http_response *p)
{
    const char *protocol = http_header(q, "X-Admin-Protocol");
    return es_serve_write_as(env, name, protocol_is_ours(protocol) ? protocol : "gsma/rsp/v2.5.0", status, answer, p);
}

enum err es_serve_write_as(const struct env *env, const char *name, const char *protocol, const struct es_status *status,
                           json_t *answer, struct http_response *p)
{
    struct buf body = { .max = HTTP_BODY_MAX };
    json_t *whole = answer ? answer : json_object();
    enum err e = whole ? es_status_put(whole, status) : ERR_NOMEM;
    if (!e)
        e = put_message(env, name, "Response", whole, &body);
    json_decref(whole);
    if (!e)
        e = http_text(p, 200, JSON_TYPE, buf_span(&body));
    if (!e)
        e = http_response_add_header(p, "X-Admin-Protocol", protocol);
    buf_release(&body);
    return e;
}
