#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void log_emit(const struct log *log, enum log_level level, const char *name, const struct log_field *fields,
              size_t count)
{
    if (!log || !log->sink || level < log->least)
        return;
    const struct log_event event = {
        .at = log->clock ? clock_now(log->clock) : 0,
        .level = level,
        .actor = log->actor ? log->actor : "",
        .name = name,
        .fields = fields,
        .count = count,
    };
    log->sink->emit(log->sink, &event);
}

enum err log_fail(const struct log *log, enum err e, const char *section, const char *what)
{
    LOG(log, LOG_WARN, "failure", F_TEXT("err", err_name(e)), F_TEXT("section", section), F_TEXT("what", what));
    return e;
}

/* Octets of the well-formed UTF-8 character at p (0: none begins here). Ends before an end mark. */
static size_t utf8_length(const unsigned char *p)
{
    size_t more = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : p[0] < 0xf5 ? 3 : 0;
    for (size_t i = 1; i <= more; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
               (p[0] == 0xf4 && p[1] > 0x8f);
    return bad ? 0 : p[0] < 0x80 ? 1 : more ? more + 1 : 0;
}

/* Texts come from peers too: whatever they contain stays inside its quotes and is UTF-8. */
static enum err put_json_text(struct buf *b, const char *text)
{
    enum err e = buf_put_u8(b, '"');
    for (const unsigned char *p = (const unsigned char *)(text ? text : ""); !e && *p;) {
        size_t n = utf8_length(p);
        if (*p == '"' || *p == '\\')
            e = buf_printf(b, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            e = buf_printf(b, "\\u%04x", *p);
        else
            e = n ? buf_put(b, span_of(p, n)) : buf_put_str(b, "\\ufffd");
        p += n ? n : 1;
    }
    return e ? e : buf_put_u8(b, '"');
}

static enum err put_field_value(struct buf *b, const struct log_field *f, bool json)
{
    switch (f->kind) {
    case LOG_INTEGER:
        return buf_printf(b, "%" PRId64, f->integer);
    case LOG_HEX: {
        enum err e = json ? buf_put_u8(b, '"') : ERR_OK;
        if (!e)
            e = hex_put(b, f->hex);
        return e || !json ? e : buf_put_u8(b, '"');
    }
    case LOG_TEXT:
        return put_json_text(b, f->text);
    }
    return ERR_OK;
}

static const char *level_name(enum log_level l)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    return names[l];
}

enum err log_event_put_json(struct buf *b, const struct log_event *e)
{
    enum err r = buf_put_str(b, "{\"at\":\"");
    if (!r)
        r = clock_put_iso8601(b, e->at);
    if (!r)
        r = buf_printf(b, "\",\"level\":\"%s\",\"actor\":\"%s\",\"event\":\"%s\"", level_name(e->level), e->actor,
                       e->name);
    for (size_t i = 0; !r && i < e->count; i++) {
        r = buf_printf(b, ",\"%s\":", e->fields[i].name);
        if (!r)
            r = put_field_value(b, &e->fields[i], true);
    }
    return r ? r : buf_put_u8(b, '}');
}

static void write_line(int fd, struct buf *line)
{
    if (buf_put_u8(line, '\n'))
        return;
    ssize_t n = write(fd, line->at, line->len);
    (void)n; /* a log that cannot be written has nobody to tell */
}

static void json_emit(struct log_sink *s, const struct log_event *e)
{
    struct buf line = { .max = 64 << 10 };
    if (log_event_put_json(&line, e) == ERR_OK)
        write_line(((struct log_sink_json *)s)->fd, &line);
    buf_release(&line);
}

void log_sink_json_init(struct log_sink_json *s, int fd)
{
    *s = (struct log_sink_json){ { json_emit }, fd };
}

static enum err put_text_event(struct buf *b, const struct log_event *e, bool colour)
{
    static const char *const colours[] = { "\033[2m", "", "\033[33m", "\033[31m" };
    struct buf when = { .max = 32 };
    enum err r = clock_put_iso8601(&when, e->at);
    if (!r)
        r = buf_printf(b, "%s%.12s %-6s %-28s", colour ? colours[e->level] : "", buf_cstr(&when) + 11, e->actor,
                       e->name);
    for (size_t i = 0; !r && i < e->count; i++) {
        r = buf_printf(b, " %s=", e->fields[i].name);
        if (!r)
            r = put_field_value(b, &e->fields[i], false);
    }
    if (!r && colour)
        r = buf_put_str(b, "\033[0m");
    buf_release(&when);
    return r;
}

static void text_emit(struct log_sink *s, const struct log_event *e)
{
    struct log_sink_text *t = (struct log_sink_text *)s;
    struct buf line = { .max = 64 << 10 };
    if (put_text_event(&line, e, t->colour) == ERR_OK)
        write_line(t->fd, &line);
    buf_release(&line);
}

void log_sink_text_init(struct log_sink_text *s, int fd, bool colour)
{
    *s = (struct log_sink_text){ { text_emit }, fd, colour };
}
