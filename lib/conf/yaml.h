/* YAML with positions, for settings and scenarios. Every scalar stays text until a schema types it, so `NO`, `on`, `01`
 * and 20-digit numbers mean what they say. No anchors, no tags, no merge keys, one document. */
#ifndef LAB_CONF_YAML_H
#define LAB_CONF_YAML_H

#include "span.h"

struct yaml_at {
    unsigned line, column; /* from 1 */
};
struct yaml_node {
    enum { YAML_SCALAR, YAML_LIST, YAML_MAP } kind;
    struct yaml_at at;
    const char *text;             /* scalar */
    bool quoted;
    struct yaml_node **item;      /* list members, or map values */
    const char **key;             /* map keys, NULL for lists */
    struct yaml_at *key_at;
    size_t count;
};
struct yaml;
/* What went wrong, as people read it: "lab.yaml:3:5: unknown key 'prot' (did you mean 'port'?)". */
struct yaml_error {
    char text[400];
};
/* Parses text (at most 1 MiB, depth 32, 100,000 nodes); `name` is used in errors. Gives *out. */
MUST_CHECK enum err yaml_read(struct span text, const char *name, struct yaml **out, struct yaml_error *error);
/* Reads a file and parses it. */
MUST_CHECK enum err yaml_read_file(const char *path, struct yaml **out, struct yaml_error *error);
void yaml_close(struct yaml *y); /* NULL is harmless. Not "free": libyaml exports that name, and would call ours */
const struct yaml_node *yaml_root(const struct yaml *y);
const char *yaml_name(const struct yaml *y);

/* Value of a key; NULL when absent. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* Fills error with name:line:column and the message; returns ERR_CONFIG. */
enum err yaml_fail(const struct yaml *y, struct yaml_at at, struct yaml_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* ERR_CONFIG for the first key of map that is not in known[] (NULL-terminated), with the nearest known one suggested. */
MUST_CHECK enum err yaml_only_keys(const struct yaml *y, const struct yaml_node *map, const char *const *known,
                                   struct yaml_error *error);
/* Typed scalars: ERR_CONFIG with position. */
MUST_CHECK enum err yaml_int(const struct yaml *y, const struct yaml_node *n, int64_t least, int64_t most,
                             int64_t *out, struct yaml_error *error);
/* true/false only. */
MUST_CHECK enum err yaml_bool(const struct yaml *y, const struct yaml_node *n, bool *out, struct yaml_error *error);
/* "420 s", "15 min", "1 h", "30 d", "250 ms" -> ms. */
MUST_CHECK enum err yaml_duration(const struct yaml *y, const struct yaml_node *n, int64_t *out,
                                  struct yaml_error *error);
/* One of the words in "80|01", as its number from 0; the error names them. */
MUST_CHECK enum err yaml_choice(const struct yaml *y, const struct yaml_node *n, const char *choices, int64_t *out,
                                struct yaml_error *error);
/* "any|ascii|hex" as people read it: "any, ascii or hex". */
#define YAML_CHOICES_MAX 120
void yaml_choices_text(const char *choices, char out[YAML_CHOICES_MAX]);
#endif
