/* From a request to the handler of its route. */
#include <stdio.h>
#include <string.h>

#include "http_parts.h"

/* The parts of a path; text holds the path with its slashes replaced by ends. */
struct parts {
    char text[HTTP_TARGET_MAX];
    const char *part[16];
    size_t count;
};

static enum err split(const char *path, struct parts *out)
{
    size_t len = strlen(path);
    if (len >= sizeof out->text)
        return ERR_LIMIT;
    if (path[0] != '/')
        return ERR_NOT_FOUND;
    memcpy(out->text, path, len + 1);
    out->count = 0;
    for (char *p = out->text; p; p = strchr(p, '/')) {
        if (out->count == COUNT(out->part))
            return ERR_NOT_FOUND;
        *p = 0;
        out->part[out->count++] = ++p;
    }
    return ERR_OK;
}

/* Does one part of a route ("swaps", "{id}") fit one part of a path? A {part} is never empty. */
static bool part_fits(const char *route, size_t len, const char *part)
{
    if (len > 2 && route[0] == '{')
        return part[0] != 0;
    return strlen(part) == len && memcmp(route, part, len) == 0;
}

static bool route_fits(const char *route, const struct parts *parts, struct http_request *q)
{
    q->part_count = 0;
    size_t i = 0;
    for (const char *p = route; *p == '/'; i++) {
        size_t len = strcspn(++p, "/");
        if (i == parts->count || !part_fits(p, len, parts->part[i]))
            return false;
        if (len > 2 && p[0] == '{' && q->part_count < HTTP_PATH_PARTS_MAX)
            q->part[q->part_count++] = parts->part[i];
        p += len;
    }
    return i == parts->count;
}

static void allow(char *list, size_t size, const char *method)
{
    size_t used = strlen(list), more = strlen(method);
    if (used + more + 3 > size)
        return;
    if (used)
        memcpy(list + used, ", ", 3);
    memcpy(list + strlen(list), method, more + 1);
}

static enum err refuse_route(const struct log *log, const char *method, struct http_response *p, const char *allowed)
{
    char detail[200];
    snprintf(detail, sizeof detail, "this path takes %s", allowed);
    enum err e = allowed[0] ? http_problem(p, 405, "Method Not Allowed", detail) : http_refuse(p, 404);
    if (!e)
        http_log_refusal(log, method, "", p);
    return e || !allowed[0] ? e : http_response_add_header(p, "Allow", allowed);
}

static enum err run(const struct http_route *route, void *actor, const struct log *log, struct http_request *q,
                    struct http_response *p)
{
    enum err e = route->handle(actor, q, p);
    /* A refusal of the RSP interfaces is an answer with status 200 (SGP.22 6.5.1.4). */
    if (e == ERR_CUT)
        return e;
    if ((e == ERR_OK || e == ERR_REFUSED) && p->status) {
        http_log_refusal(log, route->method, route->path, p);
        return ERR_OK;
    }
    LOG(log, LOG_ERROR, "http.failed", F_TEXT("method", route->method), F_TEXT("route", route->path),
        F_TEXT("err", e ? err_name(e) : "no status"));
    http_response_clear(p);
    return http_refuse(p, 500);
}

enum err http_dispatch(const struct http_route *routes, size_t count, void *actor, const struct log *log,
                       struct http_request *q, struct http_response *p)
{
    struct parts parts;
    char allowed[128] = "";
    enum err e = split(q->path, &parts);
    if (e == ERR_LIMIT)
        return http_refuse(p, 414);
    for (size_t i = 0; !e && i < count; i++) {
        if (!route_fits(routes[i].path, &parts, q))
            continue;
        if (strcmp(routes[i].method, q->method) == 0) {
            e = run(&routes[i], actor, log, q, p);
            q->part_count = 0; /* they pointed into `parts` */
            return e;
        }
        allow(allowed, sizeof allowed, routes[i].method);
    }
    q->part_count = 0;
    return refuse_route(log, q->method, p, allowed);
}
