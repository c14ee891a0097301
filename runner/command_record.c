#include "command_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define PATH_ROOM 4400
#define TRACE_FILE_MAX (256u << 20)

static enum err read_whole(const char *path, struct buf *out)
{
    uint8_t piece[65536];
    FILE *f = fopen(path, "re");
    if (!f)
        return ERR_NOT_FOUND;
    enum err e = ERR_OK;
    for (size_t n; !e && (n = fread(piece, 1, sizeof piece, f));)
        e = buf_put(out, span_of(piece, n));
    if (ferror(f))
        e = ERR_IO;
    fclose(f);
    return e;
}

static void copy_text(const json_t *o, const char *member, char *out, size_t room)
{
    const char *text = json_str(o, member);
    snprintf(out, room, "%s", text ? text : "");
}

static enum err read_body(const json_t *o, struct trace_message *m)
{
    m->body = (struct buf){ .max = HTTP_BODY_MAX };
    enum err e = json_base64(o, "json", &m->body);
    if (!e)
        m->kind = TRACE_JSON;
    if (e != ERR_NOT_FOUND)
        return e;
    e = json_hex(o, "bytes", &m->body);
    m->kind = m->body.len ? TRACE_DER : TRACE_EMPTY;
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_message(struct span line, struct trace_message *m)
{
    json_t *o = NULL;
    int64_t number = 0;
    enum err e = json_read(line, &o, NULL);
    if (!e)
        e = json_int(o, "number", &number);
    if (!e)
        e = json_int(o, "at", &m->at);
    if (!e)
        e = read_body(o, m);
    m->number = (unsigned)number;
    copy_text(o, "from", m->from, sizeof m->from);
    copy_text(o, "to", m->to, sizeof m->to);
    copy_text(o, "via", m->via, sizeof m->via);
    copy_text(o, "name", m->name, sizeof m->name);
    copy_text(o, "line", m->line, sizeof m->line);
    m->injected = json_is_true(json_object_get(o, "injected"));
    json_decref(o);
    return e;
}

static enum err read_messages(struct span text, struct record *out)
{
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    out->message = calloc(lines + 1, sizeof *out->message);
    enum err e = out->message ? ERR_OK : ERR_NOMEM;
    while (!e && text.len) {
        const uint8_t *end = memchr(text.at, '\n', text.len);
        if (!end)
            return ERR_PARSE;
        size_t len = (size_t)(end - text.at);
        e = read_message(span_of(text.at, len), &out->message[out->count++]);
        text = span_sub(text, len + 1, text.len);
    }
    return e;
}

/* Is it a run of that scenario and wiring which left its messages? */
static bool is_meant(const json_t *run, const char *id, const char *wiring)
{
    const char *its_id = json_str(run, "id"), *its_wiring = json_str(run, "wiring"), *trace = json_str(run, "trace");
    if (!its_id || !its_wiring || !trace || strchr(trace, '/'))
        return false;
    return (!id || strncmp(its_id, id, strlen(id)) == 0) && (!wiring || strcmp(its_wiring, wiring) == 0);
}

/* The first that failed, else the first when an id was given, else the last. */
static const json_t *choose(const json_t *all, const char *id, const char *wiring)
{
    const json_t *chosen = NULL, *run;
    size_t i;
    json_array_foreach(all, i, run) {
        const char *verdict = json_str(run, "verdict");
        if (!is_meant(run, id, wiring))
            continue;
        if (verdict && strcmp(verdict, "failed") == 0)
            return run;
        if (!chosen || !id)
            chosen = run;
    }
    return chosen;
}

static enum err find_trace(const char *folder, const char *id, const char *wiring, char path[PATH_ROOM],
                           struct record *out)
{
    snprintf(path, PATH_ROOM, "%s/results.json", folder);
    json_t *all = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const json_t *run = choose(all, id, wiring);
    if (run) {
        snprintf(out->name, sizeof out->name, "%s %s", json_str(run, "id"), json_str(run, "wiring"));
        snprintf(path, PATH_ROOM, "%s/%s", folder, json_str(run, "trace"));
    }
    enum err e = run ? ERR_OK : ERR_NOT_FOUND;
    json_decref(all);
    return e;
}

enum err record_open(const char *folder, const char *id, const char *wiring, struct record *out)
{
    char path[PATH_ROOM];
    struct buf text = { .max = TRACE_FILE_MAX };
    *out = (struct record){ 0 };
    enum err e = find_trace(folder, id, wiring, path, out);
    if (!e)
        e = read_whole(path, &text);
    if (!e)
        e = read_messages(buf_span(&text), out);
    buf_release(&text);
    return e;
}

void record_release(struct record *r)
{
    for (size_t i = 0; i < r->count; i++)
        buf_release(&r->message[i].body);
    free(r->message);
    *r = (struct record){ 0 };
}
