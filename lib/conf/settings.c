/* Settings: a file's map, words of the command line in front of it, fallbacks behind it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings_internal.h"

struct value {
    const char *text; /* borrowed from the tree or the fallback */
    int64_t number;
    const struct yaml_node *node; /* NULL when neither the file nor the command line says it */
};

struct settings {
    struct yaml *yaml;    /* the file */
    struct yaml **given;  /* one small document for each word of the command line */
    size_t given_count;
    const struct setting *known;
    struct value *value;
    size_t count;
};

/* The value of a key as it was given, and the document that it stands in. */
struct source {
    const struct yaml *yaml;
    const struct yaml_node *node;
};

static struct source find(const struct settings *s, const char *key)
{
    struct source from = { s->yaml, yaml_get(yaml_root(s->yaml), key) };
    for (size_t i = 0; i < s->given_count; i++) {
        const struct yaml_node *node = yaml_get(yaml_root(s->given[i]), key);
        if (node)
            from = (struct source){ s->given[i], node };
    }
    return from;
}

static enum err check_kind(const struct setting *known, struct source from, unsigned kind, const char *name,
                           struct yaml_error *error)
{
    if (from.node->kind == kind)
        return ERR_OK;
    return yaml_fail(from.yaml, from.node->at, error, "'%s' must be a %s", known->key, name);
}

static enum err type_value(const struct setting *known, struct source from, struct value *v, struct yaml_error *error)
{
    bool yes = false;
    enum err e = ERR_OK;
    switch (known->kind) {
    case SETTING_TEXT:
        break;
    case SETTING_INT:
        return yaml_int(from.yaml, from.node, INT64_MIN, INT64_MAX, &v->number, error);
    case SETTING_BOOL:
        e = yaml_bool(from.yaml, from.node, &yes, error);
        v->number = yes;
        return e;
    case SETTING_DURATION:
        return yaml_duration(from.yaml, from.node, &v->number, error);
    case SETTING_CHOICE:
        return yaml_choice(from.yaml, from.node, known->fallback, &v->number, error);
    case SETTING_MAP:
        return check_kind(known, from, YAML_MAP, "map", error);
    case SETTING_LIST:
        return check_kind(known, from, YAML_LIST, "list", error);
    }
    if (from.node->kind != YAML_SCALAR)
        return yaml_fail(from.yaml, from.node->at, error, "'%s' must be one text", known->key);
    if (!known->fallback && !from.node->text[0])
        return yaml_fail(from.yaml, from.node->at, error, "'%s' must not be empty", known->key);
    return ERR_OK;
}

/* A fallback is written by the programmer and typed like the user's words. */
static enum err type_fallback(const struct settings *s, const struct setting *known, struct value *v,
                              struct yaml_error *error)
{
    const struct yaml_at top = { 1, 1 };
    if (!known->fallback)
        return yaml_fail(s->yaml, top, error, "the setting '%s' is missing (%s)", known->key, known->help);
    if (known->kind == SETTING_CHOICE) /* its first word */
        return ERR_OK;
    v->text = known->fallback;
    if (known->kind == SETTING_TEXT || !known->fallback[0])
        return ERR_OK;
    const struct yaml_node node = { .kind = YAML_SCALAR, .at = top, .text = known->fallback };
    return type_value(known, (struct source){ s->yaml, &node }, v, error);
}

static enum err take_value(struct settings *s, size_t at, struct yaml_error *error)
{
    struct value *v = &s->value[at];
    struct source from = find(s, s->known[at].key);
    if (!from.node)
        return type_fallback(s, &s->known[at], v, error);
    v->node = from.node;
    v->text = from.node->text;
    return type_value(&s->known[at], from, v, error);
}

static enum err check_keys(const struct settings *s, struct yaml_error *error)
{
    const char **names = calloc(s->count + 1, sizeof *names);
    if (!names)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->count; i++)
        names[i] = s->known[i].key;
    enum err e = yaml_only_keys(s->yaml, yaml_root(s->yaml), names, error);
    free(names);
    return e;
}

enum err settings_assemble(struct yaml *file, struct yaml **given, size_t given_count, const struct setting *known,
                           size_t count, struct settings **out, struct yaml_error *error)
{
    struct settings *s = calloc(1, sizeof *s);
    struct value *values = calloc(count ? count : 1, sizeof *values);
    if (!s || !values) {
        free(s);
        free(values);
        snprintf(error->text, sizeof error->text, "out of memory");
        return ERR_NOMEM;
    }
    *s = (struct settings){ file, given, given_count, known, values, count };
    enum err e = check_keys(s, error);
    for (size_t i = 0; !e && i < count; i++)
        e = take_value(s, i, error);
    if (e) {
        free(values);
        free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

enum err settings_read(const char *path, const struct setting *known, size_t count, struct settings **out,
                       struct yaml_error *error)
{
    struct yaml *file = NULL;
    enum err e = yaml_read_file(path, &file, error);
    if (!e)
        e = settings_assemble(file, NULL, 0, known, count, out, error);
    if (e)
        yaml_close(file);
    return e;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->given_count; i++)
        yaml_close(s->given[i]);
    free(s->given);
    yaml_close(s->yaml);
    free(s->value);
    free(s);
}

static const struct value *value_of(const struct settings *s, const char *key)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->known[i].key, key) == 0)
            return &s->value[i];
    static const struct value none = { .text = "" }; /* a key that the program did not declare */
    return &none;
}

const char *settings_text(const struct settings *s, const char *key)
{
    const char *text = value_of(s, key)->text;
    return text ? text : "";
}

int64_t settings_int(const struct settings *s, const char *key)
{
    return value_of(s, key)->number;
}

bool settings_bool(const struct settings *s, const char *key)
{
    return value_of(s, key)->number != 0;
}

const struct yaml_node *settings_node(const struct settings *s, const char *key)
{
    return value_of(s, key)->node;
}

const struct yaml *settings_yaml(const struct settings *s)
{
    return s->yaml;
}
