/* Requests and responses as values. */
#include "http.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http_parts.h"
#include "json.h"

#define PROBLEM "application/problem+json"
#define HTTP_WHY_MAX 400
#define METHOD_TOLD 16 /* octets: it is the caller's text */

void http_response_release(struct http_response *r)
{
    buf_release(&r->body);
    http_response_clear(r);
}

void http_response_clear(struct http_response *r)
{
    r->status = 0;
    r->content_type[0] = 0;
    r->header_count = 0;
    buf_clear(&r->body);
    if (r->stream)
        r->stream->ops->free(r->stream);
    r->stream = NULL;
}

static bool is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (const char *p = text; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        if (!letter && !strchr(others, *p))
            return false;
    }
    return text[0] != 0;
}

bool http_header_fits(const char *name, const char *value)
{
    if (!name || !value || !is_token(name))
        return false;
    for (const char *p = value; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

enum err http_call_check(const struct http_call *q)
{
    if (q->header_count > HTTP_HEADERS_MAX)
        return ERR_LIMIT;
    if (!q->method || !is_token(q->method))
        return ERR_PARSE;
    for (size_t i = 0; i < q->header_count; i++)
        if (!http_header_fits(q->headers[i].name, q->headers[i].value))
            return ERR_PARSE;
    return ERR_OK;
}

enum err http_response_add_header(struct http_response *r, const char *name, const char *value)
{
    if (!http_header_fits(name, value))
        return ERR_PARSE;
    if (r->header_count >= COUNT(r->header) || strlen(name) >= sizeof r->header[0].name ||
        strlen(value) >= sizeof r->header[0].value)
        return ERR_LIMIT;
    snprintf(r->header[r->header_count].name, sizeof r->header[0].name, "%s", name);
    snprintf(r->header[r->header_count].value, sizeof r->header[0].value, "%s", value);
    r->header_count++;
    return ERR_OK;
}

const char *http_response_header(const struct http_response *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->header[i].name, name) == 0)
            return r->header[i].value;
    return NULL;
}

const char *http_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return r->headers[i].value;
    return NULL;
}

bool http_has_type(const struct http_request *r, const char *type)
{
    const char *given = http_header(r, "Content-Type");
    size_t length = strlen(type);
    return given && strncasecmp(given, type, length) == 0 && (!given[length] || strchr("; \t", given[length]));
}

enum err http_query(const struct http_request *r, const char *name, struct buf *out)
{
    size_t want = strlen(name);
    for (const char *p = r->query ? r->query : ""; *p;) {
        size_t len = strcspn(p, "&");
        size_t key = strcspn(p, "=&");
        if (key == want && strncmp(p, name, want) == 0) {
            const char *value = p + key + (p[key] == '=');
            return http_percent_decode(span_of(value, (size_t)(p + len - value)), true, out);
        }
        p += len + (p[len] == '&');
    }
    return ERR_NOT_FOUND;
}

/* The names of a query as they were sent, one after the other; *len 0 at the end. */
static const char *next_name(const char **at, size_t *len)
{
    const char *name = *at;
    *len = strcspn(name, "=&");
    *at += strcspn(name, "&");
    *at += **at == '&';
    return name;
}

static enum err judge_name(const char *name, const char *const *known, char why[HTTP_WHY_MAX])
{
    for (const char *const *k = known; *k; k++)
        if (strcmp(name, *k) == 0)
            return ERR_OK;
    json_tell_unknown("there is no query parameter", name, "here it is", known, why, HTTP_WHY_MAX);
    return ERR_REFUSED;
}

enum err http_only_query(const struct http_request *q, struct http_response *p, const char *const *known)
{
    char name[64], why[HTTP_WHY_MAX];
    size_t len = 0;
    enum err e = ERR_OK;
    for (const char *at = q->query ? q->query : ""; !e && *at;) {
        const char *from = next_name(&at, &len);
        snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name), from);
        if (len)
            e = judge_name(name, known, why);
    }
    if (!e)
        return ERR_OK;
    e = http_problem(p, 400, "unknown query parameter", why);
    return e ? e : ERR_REFUSED;
}

enum err http_only_members(struct http_response *p, const json_t *object, const char *what, const struct json_member *known)
{
    char why[JSON_WHY_MAX];
    enum err e = json_only(object, what, known, why);
    if (!e)
        return ERR_OK;
    e = http_problem(p, 400, e == ERR_NOT_FOUND ? "unknown member" : "wrong type", why);
    return e ? e : ERR_REFUSED;
}

static enum err begin(struct http_response *p, int status, const char *content_type)
{
    size_t length = strlen(content_type);
    if (length >= sizeof p->content_type)
        return ERR_LIMIT;
    p->status = status;
    memcpy(p->content_type, content_type, length + 1);
    buf_clear(&p->body);
    return ERR_OK;
}

static enum err put_json(struct http_response *p, int status, const char *content_type, json_t *value)
{
    enum err e = value ? begin(p, status, content_type) : ERR_NOMEM;
    if (!e)
        e = json_write(value, &p->body);
    json_decref(value);
    return e;
}

enum err http_problem(struct http_response *p, int status, const char *title, const char *detail)
{
    json_t *value = json_pack("{s:s, s:s, s:i, s:s*}", "type", "about:blank", "title", title, "status", status,
                              "detail", detail);
    return put_json(p, status, PROBLEM, value);
}

enum err http_json(struct http_response *p, int status, struct json_t *value)
{
    return put_json(p, status, "application/json", value);
}

enum err http_text(struct http_response *p, int status, const char *content_type, struct span body)
{
    enum err e = begin(p, status, content_type);
    return e ? e : buf_put(&p->body, body);
}

enum err http_require_peer(const struct http_request *q, struct http_response *p)
{
    if (q->peer.len)
        return ERR_OK;
    enum err e = http_problem(p, 403, "Forbidden", "this needs a client certificate");
    return e ? e : ERR_REFUSED;
}

enum err http_read_json(const struct http_request *q, struct http_response *p, json_t **out)
{
    char why[160] = "";
    enum err e = json_read(q->body, out, why);
    if (!e || e == ERR_NOMEM)
        return e;
    e = http_problem(p, 400, "Bad Request", why);
    return e ? e : ERR_REFUSED;
}

enum err http_refuse(struct http_response *p, int status)
{
    static const struct {
        int status;
        const char *title, *detail;
    } refusals[] = {
        { 400, "Bad Request", "the request line or a header is malformed" },
        { 404, "Not Found", "nothing is served at this path" },
        { 413, "Content Too Large", "the body is longer than 4 MiB; send it in parts" },
        { 414, "URI Too Long", "path and query have at most 4095 octets" },
        { 431, "Request Header Fields Too Large", "at most 32 headers are read" },
        { 500, "Internal Server Error", "the server failed; its log says why" },
    };
    size_t i = 0;
    while (i + 1 < COUNT(refusals) && refusals[i].status != status)
        i++;
    return http_problem(p, status, refusals[i].title, refusals[i].detail);
}

void http_log_refusal(const struct log *log, const char *method, const char *route, const struct http_response *p)
{
    json_t *problem = NULL;
    if (p->status < 400 || p->status >= 500 || p->status == 404 || strcmp(p->content_type, PROBLEM) != 0 ||
        json_read(buf_span(&p->body), &problem, NULL))
        return;
    const char *why = json_str(problem, "detail");
    char told[METHOD_TOLD + 1];
    snprintf(told, sizeof told, "%s", method);
    LOG(log, LOG_WARN, "http.refused", F_TEXT("method", told), F_TEXT("route", route), F_INT("status", p->status),
        F_TEXT("why", why ? why : json_str(problem, "title")));
    json_decref(problem);
}

enum err http_send(struct http_client *c, const struct http_call *q, struct http_response *p)
{
    http_response_clear(p);
    return c ? c->ops->send(c, q, p) : ERR_IO;
}

void http_client_free(struct http_client *c)
{
    if (c)
        c->ops->free(c);
}

uint64_t http_client_handshakes(struct http_client *c)
{
    return c->ops->handshakes ? c->ops->handshakes(c) : 0;
}

void http_client_drop_connections(struct http_client *c)
{
    if (c->ops->drop_connections)
        c->ops->drop_connections(c);
}
