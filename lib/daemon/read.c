/* Settings that need more than a type. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

static enum err complain(const struct settings *s, const struct yaml_node *n, const char *what)
{
    struct yaml_error error;
    enum err e = yaml_fail(settings_yaml(s), n->at, &error, "%s", what);
    fprintf(stderr, "%s\n", error.text);
    return e;
}

enum err daemon_read_file(const struct settings *s, const char *key, const char *path, struct buf *out)
{
    (void)s;
    FILE *f = fopen(path, "rb");
    uint8_t chunk[4096];
    enum err e = f ? ERR_OK : ERR_IO;
    for (size_t n; !e && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        e = buf_put(out, span_of(chunk, n));
    if (!e && ferror(f))
        e = ERR_IO;
    if (e)
        fprintf(stderr, "%s: cannot read '%s': %s\n", key, path, e == ERR_LIMIT ? "too large" : strerror(errno));
    memory_clear(chunk, sizeof chunk);
    if (f)
        fclose(f);
    return e;
}

enum err daemon_read_hash(const struct settings *s, const struct yaml_node *n, uint8_t out[32])
{
    struct buf bytes = { .max = 32 };
    enum err e = n->kind == YAML_SCALAR ? hex_decode(span_str(n->text), &bytes) : ERR_PARSE;
    if (!e && bytes.len == 32)
        memcpy(out, bytes.at, 32);
    else
        e = complain(s, n, "this must be 64 hex digits");
    buf_release(&bytes);
    return e;
}

enum err daemon_member(const struct settings *s, const struct yaml_node *map, const char *key, const char **out)
{
    const struct yaml_node *n = map->kind == YAML_MAP ? yaml_get(map, key) : NULL;
    char what[120];
    *out = n && n->kind == YAML_SCALAR ? n->text : NULL;
    snprintf(what, sizeof what, "'%.80s' is missing here, or no text", key);
    return *out ? ERR_OK : complain(s, n ? n : map, what);
}

enum err daemon_split_address(const char *text, char host[64], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (!colon || colon == text || (size_t)(colon - text) >= 64)
        return ERR_PARSE;
    unsigned long n = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end || n > UINT16_MAX)
        return ERR_PARSE;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    *port = (uint16_t)n;
    return ERR_OK;
}
