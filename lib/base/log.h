/* Events with names and fields, not sentences. Scenario checks read the same events as people do.
 * Values of type struct secret cannot be logged: there is no field constructor for them. */
#ifndef LAB_BASE_LOG_H
#define LAB_BASE_LOG_H

#include <stdint.h>

#include "clock.h"
#include "span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *name;
    enum { LOG_TEXT, LOG_INTEGER, LOG_HEX } kind;
    const char *text;
    int64_t integer;
    struct span hex;
};
#define F_TEXT(n, v) ((struct log_field){ .name = (n), .kind = LOG_TEXT, .text = (v) })
#define F_INT(n, v) ((struct log_field){ .name = (n), .kind = LOG_INTEGER, .integer = (v) })
#define F_HEX(n, v) ((struct log_field){ .name = (n), .kind = LOG_HEX, .hex = (v) })

struct log_event {
    int64_t at;          /* ms since the epoch, the environment's clock */
    enum log_level level;
    const char *actor;   /* "eim", "euicc", …; borrowed */
    const char *name;    /* "package.signed"; dotted lower case */
    const struct log_field *fields;
    size_t count;
};

/* Where events go. Sinks must be safe to call from several threads. */
struct log_sink {
    void (*emit)(struct log_sink *s, const struct log_event *e);
};

/* A logger is a value: one sink, one clock, the name of the actor. */
struct log {
    struct log_sink *sink; /* NULL: silent */
    struct clock *clock;
    const char *actor;
    enum log_level least;  /* events below are dropped */
};

void log_emit(const struct log *log, enum log_level level, const char *name, const struct log_field *fields,
              size_t count);
/* LOG(log, LOG_INFO, "swap.step", F_TEXT("swap", id), F_INT("n", 3)); at least one field. */
#define LOG(log, level, name, ...)                                             \
    log_emit((log), (level), (name), (const struct log_field[]){ __VA_ARGS__ }, \
             sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

/* Reports a failure once, where its cause is known, with the section of the specification, and returns it. */
enum err log_fail(const struct log *log, enum err e, const char *section, const char *what);

/* JSON lines to a file descriptor (borrowed). */
struct log_sink_json {
    struct log_sink sink;
    int fd;
};
void log_sink_json_init(struct log_sink_json *s, int fd);
/* One readable line an event; colours when `colour`. */
struct log_sink_text {
    struct log_sink sink;
    int fd;
    bool colour;
};
void log_sink_text_init(struct log_sink_text *s, int fd, bool colour);
/* Appends one event as a JSON object without line end. */
MUST_CHECK enum err log_event_put_json(struct buf *b, const struct log_event *e);

#endif
