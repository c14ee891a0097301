#include <stdio.h>

#include "esipa_call.h"

static enum err post(const struct es_peer *p, struct span message, struct http_response *answer)
{
    char url[512];
    const struct http_header headers[] = {
        { "Content-Type", ESIPA_CONTENT_TYPE },
        { "User-Agent", p->user_agent ? p->user_agent : "gsma-rsp-ipad" },
        { "X-Admin-Protocol", p->protocol ? p->protocol : "gsma/rsp/v2.1.0" },
    };
    int n = snprintf(url, sizeof url, "%s%s", p->base_url, p->path ? p->path : ESIPA_PATH);
    const struct http_call q = { .method = "POST",
                                 .url = url,
                                 .headers = headers,
                                 .header_count = COUNT(headers),
                                 .body = message,
                                 .deadline_ms = p->deadline_ms,
                                 .trust = p->trust };
    return n < 0 || (size_t)n >= sizeof url ? ERR_LIMIT : http_send(p->env->http, &q, answer);
}

enum err esipa_call(const struct es_peer *p, const char *name, enum err e, struct buf *message,
                    struct buf *answer)
{
    char full[96];
    struct http_response r = HTTP_RESPONSE_INIT;
    if (!e && p->json) {
        e = esipa_json_call(p, name, buf_span(message), answer);
        buf_release(message);
        return e;
    }
    snprintf(full, sizeof full, "ESipa.%sRequest", name);
    if (!e) {
        tamper_at(p->env, TAMPER_BEFORE_SENDING, full, message);
        e = post(p, buf_span(message), &r);
    }
    if (!e && r.status != 200 && r.status != 204) {
        LOG(p->env->log, LOG_WARN, "es.http_refused", F_INT("status", r.status), F_TEXT("peer", p->base_url));
        if (p->http_status)
            *p->http_status = r.status;
        e = ERR_REFUSED;
    }
    if (!e)
        e = buf_set(answer, r.status == 200 ? buf_span(&r.body) : (struct span){ 0 });
    http_response_release(&r);
    buf_release(message);
    return e;
}
