#include "openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static bool is_ours(const struct http_route *r)
{
    return strncmp(r->path, "/gsma/", 6) != 0;
}

/* "  /v1/orders/{id}:" and below it, before the next path, "    delete:". */
static bool describes(const char *text, const struct http_route *r)
{
    char line[300];
    snprintf(line, sizeof line, "\n  %s:\n", r->path);
    const char *at = strstr(text, line), *end = at ? strstr(at + 1, "\n  /") : NULL;
    snprintf(line, sizeof line, "\n    %s:\n", r->method);
    for (char *c = line; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *method = at ? strstr(at, line) : NULL;
    return method && (!end || method < end);
}

static size_t count_described(const char *text)
{
    static const char *const methods[] = { "get", "post", "put", "patch", "delete" };
    char line[20];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(methods); i++) {
        snprintf(line, sizeof line, "\n    %s:\n", methods[i]);
        for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
            count++;
    }
    return count;
}

void check_openapi(const char *file, const struct actor_ops *ops)
{
    struct buf text = { .max = 1 << 20 };
    char path[4096];
    size_t ours = 0;
    const char *source = getenv("LAB_SOURCE");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", file);
    REQUIRE(read_file(path, &text) == ERR_OK);
    for (size_t i = 0; i < ops->route_count; i++) {
        if (!is_ours(&ops->routes[i]))
            continue;
        ours++;
        CHECK_ROW(ops->routes[i].path, describes(buf_cstr(&text), &ops->routes[i]));
    }
    CHECK_ROW("what is described is served", ours > 0 && count_described(buf_cstr(&text)) == ours);
    buf_release(&text);
}
