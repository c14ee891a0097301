/* Events of libyaml to a tree with positions. */
#include "yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libyaml.h>

#define TEXT_MAX (1u << 20)
#define DEPTH_MAX 32
#define NODES_MAX 100000
#define KEYS_MAX 4096 /* in one map; each new key is compared with all */

struct yaml {
    char *name;
    struct yaml_node *root;
};

/* One reading; the tree of `y` owns every finished node. */
struct reading {
    yaml_parser_t parser;
    struct span text;
    struct yaml *y;
    struct yaml_error *error;
    size_t nodes;
};

enum err yaml_fail(const struct yaml *y, struct yaml_at at, struct yaml_error *error, const char *format, ...)
{
    int n = snprintf(error->text, sizeof error->text, "%s:%u:%u: ", y->name, at.line, at.column);
    if (n < 0 || (size_t)n >= sizeof error->text)
        return ERR_CONFIG;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text + n, sizeof error->text - (size_t)n, format, args);
    va_end(args);
    return ERR_CONFIG;
}

static enum err no_memory(struct reading *r)
{
    snprintf(r->error->text, sizeof r->error->text, "%s: out of memory", r->y->name);
    return ERR_NOMEM;
}

static struct yaml_at place(yaml_mark_t mark)
{
    return (struct yaml_at){ (unsigned)mark.line + 1, (unsigned)mark.column + 1 };
}

/* Bytes that are no text are reported by their offset only. */
static struct yaml_at place_of_offset(struct span text, size_t offset)
{
    struct yaml_at at = { 1, 1 };
    for (size_t i = 0; i < offset && i < text.len; i++) {
        bool end = text.at[i] == '\n';
        at.line += end;
        at.column = end ? 1 : at.column + 1;
    }
    return at;
}

static enum err next_event(struct reading *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return ERR_OK;
    if (r->parser.error == YAML_MEMORY_ERROR)
        return no_memory(r);
    bool bytes = r->parser.error == YAML_READER_ERROR;
    struct yaml_at at = bytes ? place_of_offset(r->text, r->parser.problem_offset) : place(r->parser.problem_mark);
    return yaml_fail(r->y, at, r->error, "%s%s%s", r->parser.problem ? r->parser.problem : "not YAML",
                     r->parser.context ? " " : "", r->parser.context ? r->parser.context : "");
}

static void node_free(struct yaml_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++) {
        if (n->key)
            free((char *)n->key[i]);
        node_free(n->item[i]);
    }
    free((char *)n->text);
    free(n->item);
    free(n->key);
    free(n->key_at);
    free(n);
}

static enum err refuse_decoration(struct reading *r, const yaml_event_t *event, const yaml_char_t *anchor,
                                  const yaml_char_t *tag)
{
    if (anchor)
        return yaml_fail(r->y, place(event->start_mark), r->error, "anchors are not allowed ('&%s')", anchor);
    if (tag)
        return yaml_fail(r->y, place(event->start_mark), r->error, "tags are not allowed ('%s')", tag);
    return ERR_OK;
}

static enum err new_node(struct reading *r, const yaml_event_t *event, int kind, struct yaml_node **out)
{
    if (++r->nodes > NODES_MAX)
        return yaml_fail(r->y, place(event->start_mark), r->error, "more than %d values", NODES_MAX);
    struct yaml_node *n = calloc(1, sizeof *n);
    if (!n)
        return no_memory(r);
    n->kind = kind;
    n->at = place(event->start_mark);
    *out = n;
    return ERR_OK;
}

static enum err copy_scalar(struct reading *r, const yaml_event_t *event, char **out)
{
    const char *text = (const char *)event->data.scalar.value;
    enum err e = refuse_decoration(r, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (!e && strlen(text) != event->data.scalar.length)
        e = yaml_fail(r->y, place(event->start_mark), r->error, "a text with a zero character in it");
    if (!e && !(*out = strdup(text)))
        e = no_memory(r);
    return e;
}

static enum err read_scalar(struct reading *r, const yaml_event_t *event, struct yaml_node **out)
{
    char *text = NULL;
    enum err e = copy_scalar(r, event, &text);
    if (!e)
        e = new_node(r, event, YAML_SCALAR, out);
    if (e) {
        free(text);
        return e;
    }
    (*out)->text = text;
    (*out)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return ERR_OK;
}

/* Room for one member more; grows in doublings. */
static enum err make_room(struct reading *r, struct yaml_node *n)
{
    if (n->count & (n->count - 1) || (n->count && n->count < 4))
        return ERR_OK;
    size_t cap = n->count ? n->count * 2 : 4;
    void *item = realloc(n->item, cap * sizeof *n->item);
    if (item)
        n->item = item;
    void *key = n->kind == YAML_MAP ? realloc(n->key, cap * sizeof *n->key) : NULL;
    if (key)
        n->key = key;
    void *key_at = n->kind == YAML_MAP ? realloc(n->key_at, cap * sizeof *n->key_at) : NULL;
    if (key_at)
        n->key_at = key_at;
    return item && (n->kind != YAML_MAP || (key && key_at)) ? ERR_OK : no_memory(r);
}

static enum err check_key(struct reading *r, const struct yaml_node *map, const yaml_event_t *event, const char *key)
{
    if (strcmp(key, "<<") == 0)
        return yaml_fail(r->y, place(event->start_mark), r->error, "merge keys are not allowed");
    if (map->count >= KEYS_MAX)
        return yaml_fail(r->y, place(event->start_mark), r->error, "more than %d keys in a map", KEYS_MAX);
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->key[i], key) == 0)
            return yaml_fail(r->y, place(event->start_mark), r->error, "the key '%s' is there already, in line %u",
                             key, map->key_at[i].line);
    return ERR_OK;
}

static enum err read_node(struct reading *r, const yaml_event_t *event, unsigned depth, struct yaml_node **out);

/* Reads the next event's node and appends it; a map's key (taken on success) stands beside it. */
static enum err append(struct reading *r, struct yaml_node *n, const yaml_event_t *event, unsigned depth, char *key,
                       struct yaml_at key_at)
{
    struct yaml_node *item = NULL;
    enum err e = make_room(r, n);
    if (!e)
        e = read_node(r, event, depth + 1, &item);
    if (e)
        return e;
    if (n->kind == YAML_MAP) {
        n->key[n->count] = key;
        n->key_at[n->count] = key_at;
    }
    n->item[n->count++] = item;
    return ERR_OK;
}

static enum err read_pair(struct reading *r, struct yaml_node *map, const yaml_event_t *event, unsigned depth)
{
    char *key = NULL;
    yaml_event_t value;
    if (event->type != YAML_SCALAR_EVENT)
        return yaml_fail(r->y, place(event->start_mark), r->error, "a key must be plain text");
    enum err e = copy_scalar(r, event, &key);
    if (!e)
        e = check_key(r, map, event, key);
    if (!e)
        e = next_event(r, &value);
    if (!e) {
        e = append(r, map, &value, depth, key, place(event->start_mark));
        yaml_event_delete(&value);
    }
    if (e)
        free(key);
    return e;
}

static enum err read_members(struct reading *r, struct yaml_node *n, unsigned depth)
{
    for (;;) {
        yaml_event_t event;
        enum err e = next_event(r, &event);
        if (e)
            return e;
        bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
        if (!end && n->kind == YAML_MAP)
            e = read_pair(r, n, &event, depth);
        else if (!end)
            e = append(r, n, &event, depth, NULL, n->at);
        yaml_event_delete(&event);
        if (e || end)
            return e;
    }
}

static enum err read_collection(struct reading *r, const yaml_event_t *event, unsigned depth, struct yaml_node **out)
{
    bool map = event->type == YAML_MAPPING_START_EVENT;
    enum err e = map ? refuse_decoration(r, event, event->data.mapping_start.anchor, event->data.mapping_start.tag)
                     : refuse_decoration(r, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    if (!e && depth >= DEPTH_MAX)
        e = yaml_fail(r->y, place(event->start_mark), r->error, "nested deeper than %d", DEPTH_MAX);
    struct yaml_node *n = NULL;
    if (!e)
        e = new_node(r, event, map ? YAML_MAP : YAML_LIST, &n);
    if (!e)
        e = read_members(r, n, depth);
    if (e)
        node_free(n);
    else
        *out = n;
    return e;
}

static enum err read_node(struct reading *r, const yaml_event_t *event, unsigned depth, struct yaml_node **out)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event, out);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return read_collection(r, event, depth, out);
    case YAML_ALIAS_EVENT:
        return yaml_fail(r->y, place(event->start_mark), r->error, "aliases are not allowed ('*%s')",
                         event->data.alias.anchor);
    default:
        return yaml_fail(r->y, place(event->start_mark), r->error, "a value was expected here");
    }
}

static enum err start_document(struct reading *r, const yaml_event_t *event)
{
    const struct yaml_at at = place(event->start_mark);
    if (r->y->root)
        return yaml_fail(r->y, at, r->error, "a second document; one is allowed");
    if (event->data.document_start.version_directive ||
        event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
        return yaml_fail(r->y, at, r->error, "directives are not allowed");
    return ERR_OK;
}

static enum err read_stream(struct reading *r)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        enum err e = next_event(r, &event);
        if (e)
            return e;
        end = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT)
            e = start_document(r, &event);
        else if (!end && event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT)
            e = read_node(r, &event, 0, &r->y->root);
        yaml_event_delete(&event);
        if (e)
            return e;
    }
    if (r->y->root)
        return ERR_OK;
    const yaml_event_t nothing = { 0 }; /* an empty text says nothing about any key */
    return new_node(r, &nothing, YAML_MAP, &r->y->root);
}

enum err yaml_read(struct span text, const char *name, struct yaml **out, struct yaml_error *error)
{
    struct yaml *y = calloc(1, sizeof *y);
    struct reading r = { .text = text, .y = y, .error = error };
    if (!y || !(y->name = strdup(name)) || !yaml_parser_initialize(&r.parser)) {
        snprintf(error->text, sizeof error->text, "%s: out of memory", name);
        yaml_close(y);
        return ERR_NOMEM;
    }
    yaml_parser_set_input_string(&r.parser, text.len ? text.at : (const uint8_t *)"", text.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    enum err e = text.len > TEXT_MAX ? yaml_fail(y, (struct yaml_at){ 1, 1 }, error, "longer than 1 MiB")
                                     : read_stream(&r);
    yaml_parser_delete(&r.parser);
    if (e) {
        yaml_close(y);
        return e;
    }
    *out = y;
    return ERR_OK;
}

static enum err read_bytes(FILE *f, struct buf *text)
{
    uint8_t chunk[4096];
    enum err e = ERR_OK;
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(text, span_of(chunk, n));
    return !e && ferror(f) ? ERR_IO : e == ERR_LIMIT ? ERR_OK : e; /* yaml_read says what is too long */
}

enum err yaml_read_file(const char *path, struct yaml **out, struct yaml_error *error)
{
    struct buf text = { .max = TEXT_MAX + 8192 };
    FILE *f = fopen(path, "rb");
    enum err e = f ? read_bytes(f, &text) : ERR_IO;
    if (e)
        snprintf(error->text, sizeof error->text, "%s: %s", path, e == ERR_IO ? strerror(errno) : err_name(e));
    else
        e = yaml_read(buf_span(&text), path, out, error);
    if (f)
        fclose(f);
    buf_release(&text);
    return e;
}

void yaml_close(struct yaml *y)
{
    if (!y)
        return;
    node_free(y->root);
    free(y->name);
    free(y);
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
    return y->root;
}

const char *yaml_name(const struct yaml *y)
{
    return y->name;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == YAML_MAP && i < map->count; i++)
        if (strcmp(map->key[i], key) == 0)
            return map->item[i];
    return NULL;
}
