#include "command_record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define PATH_ROOM 4400
#define TRACE_FILE_MAX (256u << 20)

static void file_name(const char *id, const char *wiring, char out[128])
{
    snprintf(out, 128, "%.100s.%s", id, wiring);
    for (char *c = out; *c; c++)
        if (*c == '/')
            *c = '-';
}

/* --- writing ------------------------------------------------------------------------------------------- */

enum err record_begin(const char *folder)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/runs", folder);
    enum err e = command_make_folders(path);
    DIR *d = e ? NULL : opendir(path);
    if (!d)
        return ERR_IO;
    for (struct dirent *entry; !e && (entry = readdir(d));) {
        const char *end = strrchr(entry->d_name, '.');
        bool ours = (end && strcmp(end, ".jsonl") == 0) || strcmp(entry->d_name, "last") == 0;
        if (ours && unlinkat(dirfd(d), entry->d_name, 0))
            e = ERR_IO;
    }
    return closedir(d) ? ERR_IO : e;
}

static enum err write_file(const char *folder, const char *name, const char *end, struct span text)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/runs/%s%s", folder, name, end);
    FILE *f = fopen(path, "we");
    if (!f)
        return ERR_IO;
    bool written = !text.len || fwrite(text.at, 1, text.len, f) == text.len;
    return fclose(f) || !written ? ERR_IO : ERR_OK;
}

enum err record_run(const char *folder, const struct run *r)
{
    char name[128];
    struct buf lines = { .max = TRACE_FILE_MAX };
    if (!r->world || !r->world->trace)
        return ERR_OK;
    file_name(r->scenario->id, wiring_name(r->wiring), name);
    enum err e = trace_put_json_lines(r->world->trace, &lines);
    if (!e)
        e = write_file(folder, name, ".jsonl", buf_span(&lines));
    buf_release(&lines);
    return e;
}

enum err record_point_at(const char *folder, const struct run *r)
{
    char name[128];
    file_name(r->scenario->id, wiring_name(r->wiring), name);
    return write_file(folder, "last", "", span_str(name));
}

/* --- reading ------------------------------------------------------------------------------------------- */

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

static bool matches(const char *file, const char *id, const char *wiring)
{
    const char *end = strrchr(file, '.');
    if (!end || strcmp(end, ".jsonl") != 0 || strncmp(file, id, strlen(id)) != 0)
        return false;
    size_t stem = (size_t)(end - file), tail = wiring ? strlen(wiring) : 0;
    return !wiring || (stem > tail && file[stem - tail - 1] == '.' && memcmp(end - tail, wiring, tail) == 0);
}

/* The first recorded run, by name, that begins so. */
static enum err choose(const char *folder, const char *id, const char *wiring, char out[128])
{
    char path[PATH_ROOM], wanted[128];
    snprintf(wanted, sizeof wanted, "%s", id);
    for (char *c = wanted; *c; c++)
        if (*c == '/')
            *c = '-';
    snprintf(path, sizeof path, "%s/runs", folder);
    out[0] = 0;
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        int stem = (int)strlen(entry->d_name) - 6;
        if (matches(entry->d_name, wanted, wiring) && (!out[0] || strncmp(entry->d_name, out, (size_t)stem) < 0))
            snprintf(out, 128, "%.*s", stem, entry->d_name);
    }
    if (d)
        closedir(d);
    return out[0] ? ERR_OK : ERR_NOT_FOUND;
}

static enum err choose_last(const char *folder, char out[128])
{
    char path[PATH_ROOM];
    struct buf name = { .max = 127 };
    snprintf(path, sizeof path, "%s/runs/last", folder);
    enum err e = read_whole(path, &name);
    snprintf(out, 128, "%.*s", (int)name.len, name.at ? (const char *)name.at : "");
    buf_release(&name);
    return e;
}

enum err record_open(const char *folder, const char *id, const char *wiring, struct record *out)
{
    char path[PATH_ROOM];
    struct buf text = { .max = TRACE_FILE_MAX };
    *out = (struct record){ 0 };
    enum err e = id || wiring ? choose(folder, id ? id : "", wiring, out->name) : choose_last(folder, out->name);
    snprintf(path, sizeof path, "%s/runs/%s.jsonl", folder, out->name);
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
