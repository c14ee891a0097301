#include "openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json.h"
#include "yaml.h"

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

/* --- live answers ----------------------------------------------------------------------------------- */

struct yaml *read_openapi(const char *file)
{
    const char *source = getenv("LAB_SOURCE");
    struct yaml *described = NULL;
    struct yaml_error error;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", file);
    enum err e = yaml_read_file(path, &described, &error);
    if (e)
        printf("\n    %s", error.text);
    REQUIRE(e == ERR_OK);
    return described;
}

void close_openapi(struct yaml *described)
{
    yaml_close(described);
}

/* A member; what is a {$ref: "#/components/…"} is what it refers to. */
static const struct yaml_node *get(const struct yaml *y, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = map && map->kind == YAML_MAP ? yaml_get(map, key) : NULL;
    const struct yaml_node *ref = node && node->kind == YAML_MAP ? yaml_get(node, "$ref") : NULL;
    char path[200], *next = path + 2;
    if (!ref)
        return node;
    snprintf(path, sizeof path, "%s", ref->text);
    node = yaml_root(y);
    while (node && next) {
        char *part = strsep(&next, "/");
        node = yaml_get(node, part);
    }
    return node;
}

static bool is_named(const struct yaml_node *list, const char *text)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (strcmp(list->item[i]->text, text) == 0)
            return true;
    return false;
}

static bool has_type(const char *type, const json_t *value)
{
    return !strcmp(type, "object")    ? json_is_object(value)
           : !strcmp(type, "array")   ? json_is_array(value)
           : !strcmp(type, "string")  ? json_is_string(value)
           : !strcmp(type, "integer") ? json_is_integer(value)
                                      : !strcmp(type, "boolean") && json_is_boolean(value);
}

static bool conforms(const struct yaml *y, const struct yaml_node *schema, const json_t *value, const char **where);

static bool members_conform(const struct yaml *y, const struct yaml_node *schema, const json_t *value, const char **where)
{
    const struct yaml_node *required = get(y, schema, "required"), *properties = get(y, schema, "properties");
    const char *name;
    json_t *member;
    for (size_t i = 0; required && i < required->count; i++) {
        *where = required->item[i]->text;
        if (!json_object_get(value, *where))
            return false;
    }
    json_object_foreach((json_t *)value, name, member) {
        const struct yaml_node *of_member = properties ? get(y, properties, name) : NULL;
        *where = name;
        if (properties && !of_member && !get(y, schema, "additionalProperties"))
            return false;
        if (of_member && !conforms(y, of_member, member, where))
            return false;
    }
    return true;
}

static bool conforms(const struct yaml *y, const struct yaml_node *schema, const json_t *value, const char **where)
{
    const struct yaml_node *type = get(y, schema, "type"), *items = get(y, schema, "items"), *words = get(y, schema, "enum"),
                           *word = get(y, schema, "const");
    json_t *item;
    size_t i;
    if (type && !has_type(type->text, value))
        return false;
    if (words && !is_named(words, json_is_string(value) ? json_string_value(value) : ""))
        return false;
    if (word && (!json_is_string(value) || strcmp(json_string_value(value), word->text) != 0))
        return false;
    json_array_foreach(value, i, item) {
        if (items && !conforms(y, items, item, where))
            return false;
    }
    return !json_is_object(value) || members_conform(y, schema, value, where);
}

/* "/v1/profiles/{iccid}" and "/v1/profiles/8949…": segment by segment. */
static bool is_path(const char *described, const char *path, size_t len)
{
    const char *end = path + len;
    for (;;) {
        size_t a = strcspn(described, "/"), b = 0;
        while (path + b < end && path[b] != '/')
            b++;
        if (described[0] != '{' && (a != b || strncmp(described, path, a) != 0))
            return false;
        described += a;
        path += b;
        if (!*described || path == end)
            return !*described && path == end;
        described++;
        path++;
    }
}

static const struct yaml_node *find_responses(const struct yaml *y, const char *method, const char *url)
{
    const struct yaml_node *paths = yaml_get(yaml_root(y), "paths");
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    char verb[16] = "";
    for (size_t i = 0; method[i] && i + 1 < sizeof verb; i++)
        verb[i] = (char)tolower((unsigned char)method[i]);
    const struct yaml_node *found = NULL;
    for (size_t i = 0; path && i < paths->count; i++)
        if (is_path(paths->key[i], path, strcspn(path, "?")) && (!found || !strchr(paths->key[i], '{')))
            found = paths->item[i];
    return get(y, found ? yaml_get(found, verb) : NULL, "responses");
}

void check_openapi_answer(const struct yaml *y, const char *method, const char *url, const struct http_response *answer)
{
    char row[300], status[8];
    const char *where = "";
    json_t *value = NULL;
    const struct yaml_node *responses = find_responses(y, method, url);
    snprintf(status, sizeof status, "%d", answer->status);
    snprintf(row, sizeof row, "%s %s: %s is described", method, url, status);
    const struct yaml_node *one = get(y, responses, status);
    if (!responses) /* no route of this interface: a test of what is not there */
        return;
    CHECK_ROW(row, one != NULL);
    const struct yaml_node *content = get(y, one, "content");
    if (!content || !content->count)
        return;
    snprintf(row, sizeof row, "%s %s: %s as described", method, url, status);
    bool good = json_read(buf_span(&answer->body), &value, NULL) == ERR_OK &&
                conforms(y, get(y, content->item[0], "schema"), value, &where);
    CHECK_ROW(row, good);
    if (!good)
        printf("\n    row \"%s\": not so: %s", row, where);
    json_decref(value);
}
