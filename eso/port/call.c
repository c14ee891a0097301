#include "call.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

const char *port_answer_name(enum port_answer a)
{
    static const char *const names[] = { "done", "refused", "not-found", "busy", "unreached", "certificate-refused",
                                         "unknown" };
    return names[a];
}

bool port_changed_nothing(enum port_answer a)
{
    return a != PORT_DONE && a != PORT_UNKNOWN;
}

void port_describe(const struct port_result *r, char *out, size_t size)
{
    struct buf text = { .max = 512 };
    enum err e = buf_put_str(&text, port_answer_name(r->answer));
    if (!e && r->status)
        e = buf_printf(&text, ", HTTP %d", r->status);
    if (!e && r->code[0])
        e = buf_printf(&text, ", %s", r->code);
    if (!e && r->message[0])
        e = buf_printf(&text, ": %s", r->message);
    port_copy_text(out, size, e ? port_answer_name(r->answer) : buf_cstr(&text));
    buf_release(&text);
}

void port_copy_text(char *at, size_t size, const char *text)
{
    size_t n = 0;
    for (; text && text[n] && n + 1 < size; n++)
        at[n] = (unsigned char)text[n] < 0x20 || text[n] == 0x7f ? ' ' : text[n];
    at[n] = '\0';
}

bool port_answer_of(enum err e, enum port_answer *out)
{
    switch (e) {
    case ERR_IO:
        *out = PORT_UNREACHED;
        return true;
    case ERR_VERIFY:
        *out = PORT_CERTIFICATE;
        return true;
    case ERR_TIMEOUT: /* no answer */
    case ERR_LIMIT:   /* an answer that we cannot read is none */
    case ERR_PARSE:
        *out = PORT_UNKNOWN;
        return true;
    default:
        return false;
    }
}

static enum port_answer meaning_of(int status)
{
    if (status >= 200 && status < 300)
        return PORT_DONE;
    if (status == 404)
        return PORT_NOT_FOUND;
    if (status == 429)
        return PORT_BUSY;
    return status >= 400 && status < 500 ? PORT_REFUSED : PORT_UNKNOWN;
}

static void read_error(const struct call *c, const json_t *body, struct port_result *r)
{
    const char *code = json_str(body, c->error_member ? c->error_member : "cause");
    const char *message = json_str(body, "errorMessage");
    if (!message)
        message = json_str(body, "detail");
    port_copy_text(r->code, sizeof r->code, code);
    port_copy_text(r->message, sizeof r->message, message ? message : json_str(body, "title"));
}

static void read_answer(const struct call *c, const struct http_response *p, json_t **answer, struct port_result *r)
{
    json_t *body = NULL;
    enum err e = p->body.len ? json_read(buf_span(&p->body), &body, NULL) : ERR_OK;
    r->status = p->status;
    r->answer = meaning_of(p->status);
    if (e && r->answer == PORT_DONE) {
        r->answer = PORT_UNKNOWN;
        port_copy_text(r->message, sizeof r->message, "the answer is no JSON object");
    }
    if (body && r->answer != PORT_DONE)
        read_error(c, body, r);
    *answer = body;
}

static size_t put_headers(const struct call *c, struct http_header h[3])
{
    size_t n = 0;
    h[n++] = (struct http_header){ "Accept", "application/json" };
    if (c->body.len)
        h[n++] = (struct http_header){ "Content-Type", "application/json" };
    if (c->authorization)
        h[n++] = (struct http_header){ "Authorization", c->authorization };
    return n;
}

enum err port_call(const struct port *p, const struct call *c, json_t **answer, struct port_result *r)
{
    *answer = NULL;
    *r = (struct port_result){ .answer = PORT_UNKNOWN };
    struct buf url = { .max = 2048 };
    struct http_response got = HTTP_RESPONSE_INIT;
    struct http_header headers[3];
    enum err e = buf_printf(&url, "%s%s", c->base, c->path);
    const char *text = e ? NULL : buf_cstr(&url);
    struct http_call q = { .method = c->method, .url = text, .headers = headers,
                           .header_count = put_headers(c, headers), .body = c->body, .deadline_ms = p->call_ms };
    if (!e)
        e = text ? http_send(p->env->http, &q, &got) : ERR_NOMEM;
    if (!e)
        read_answer(c, &got, answer, r);
    else if (port_answer_of(e, &r->answer))
        e = ERR_OK;
    http_response_release(&got);
    buf_release(&url);
    return e;
}

enum err port_call_json(const struct port *p, struct call *c, const json_t *body, json_t **answer,
                        struct port_result *r)
{
    *answer = NULL;
    struct buf text = { .max = HTTP_BODY_MAX };
    enum err e = body ? json_write(body, &text) : ERR_NOMEM;
    c->body = buf_span(&text);
    if (!e)
        e = port_call(p, c, answer, r);
    if (text.at)
        memory_clear(text.at, text.len); /* an order for a download carries its code */
    buf_release(&text);
    return e;
}
