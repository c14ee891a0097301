/* What every program of the lab does the same way: --help, --version, one settings file, SIGTERM. */
#ifndef LAB_CONF_PROGRAM_H
#define LAB_CONF_PROGRAM_H

#include "yaml.h"

/* A settings file is one YAML map; each key is declared. */
struct setting {
    const char *key;          /* "listen", "database" */
    enum { SETTING_TEXT, SETTING_INT, SETTING_BOOL, SETTING_DURATION, SETTING_MAP, SETTING_LIST, SETTING_CHOICE } kind;
    /* NULL: must be given; "" : may be empty. Of a choice all its words, "80|01", the first being the one that holds. */
    const char *fallback;
    const char *help;         /* one line for --help */
};
struct settings;
MUST_CHECK enum err settings_read(const char *path, const struct setting *known, size_t count,
                                  struct settings **out, struct yaml_error *error);
void settings_free(struct settings *s);
const char *settings_text(const struct settings *s, const char *key);
int64_t settings_int(const struct settings *s, const char *key);      /* also durations, in ms,
                                                                         and which word of a choice, from 0 */
bool settings_bool(const struct settings *s, const char *key);
const struct yaml_node *settings_node(const struct settings *s, const char *key); /* NULL when absent */
const struct yaml *settings_yaml(const struct settings *s);

struct program {
    const char *name, *summary, *usage; /* usage: further lines for --help, with examples */
    const struct setting *settings;
    size_t setting_count;
    /* Extra options "--vpcd HOST:PORT" are turned into settings of the same name when declared. */
    int (*run)(const struct settings *s, const volatile int *stop_requested);
};
/* Handles --help, --version, --settings FILE and --KEY VALUE, SIGTERM and SIGINT; returns the exit status (2: usage or
 * settings wrong, one clear line on standard error). */
int program_main(const struct program *p, int argc, char **argv);
#endif
