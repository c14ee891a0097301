/* The timeline: what the parts said of themselves, a column for each kind of part, beside the clock. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define EVENTS_SHOWN 1000u
#define EVENTS_OPEN 200u   /* so few are worth seeing at once */
#define LONG_VALUE 16      /* identifiers are cut to their ends */

/* Columns: the orchestrator, carriers, SM-DP+ and eIM, devices with their cards. */
enum column { COLUMN_ESO, COLUMN_CARRIERS, COLUMN_SERVERS, COLUMN_DEVICES, COLUMNS };

static enum column column_of(const char *actor)
{
    if (strcmp(actor, "eso") == 0)
        return COLUMN_ESO;
    if (strncmp(actor, "cmp.", 4) == 0 || strncmp(actor, "net.", 4) == 0)
        return COLUMN_CARRIERS;
    static const char *const servers[] = { "smdp", "smdp.", "smds", "eim", "eim." };
    for (size_t i = 0; i < COUNT(servers); i++) {
        size_t len = strlen(servers[i]);
        if (servers[i][len - 1] == '.' ? strncmp(actor, servers[i], len) == 0 : strcmp(actor, servers[i]) == 0)
            return COLUMN_SERVERS;
    }
    return COLUMN_DEVICES;
}

static void put_value(struct markup *m, const char *text)
{
    size_t len = strlen(text);
    bool identifier = len >= LONG_VALUE && strspn(text, "0123456789abcdefABCDEF-") == len;
    if (identifier)
        markup_put(m, "<span title=\"%s\">…%s</span>", text, text + len - 4);
    else
        markup_put(m, "%s", text);
}

static void put_field(struct markup *m, const char *name, const json_t *value)
{
    const char *text = json_string_value(value);
    if (json_is_integer(value))
        markup_put(m, " <i>%s</i> %lld", name, (long long)json_integer_value(value));
    if (!text || !text[0])
        return;
    markup_put(m, " <i>%s</i> ", name);
    put_value(m, text);
}

static void put_cell(struct markup *m, json_t *event, const char *actor)
{
    static const char *const head[] = { "at", "level", "actor", "event" };
    const char *key, *name = json_str(event, "event");
    json_t *value;
    markup_put(m, "<span class=\"note\">%s</span> <b>%s</b>", actor, name ? name : "");
    json_object_foreach(event, key, value) {
        bool of_head = false;
        for (size_t i = 0; i < COUNT(head); i++)
            of_head |= strcmp(key, head[i]) == 0;
        if (!of_head)
            put_field(m, key, value);
    }
}

static void put_event(struct markup *m, struct span line, int64_t epoch, int64_t *before)
{
    json_t *event = NULL;
    int64_t at = 0;
    if (json_read(line, &event, NULL))
        return;
    const char *stamp = json_str(event, "at"), *actor = json_str(event, "actor"), *level = json_str(event, "level");
    enum column mine = column_of(actor ? actor : "");
    markup_put(m, "<tr class=\"%s\"><td class=\"num\">", level ? level : "");
    if (stamp && clock_parse_iso8601(span_str(stamp), &at) == ERR_OK && at != *before)
        report_put_duration(m, at - epoch);
    *before = at;
    for (int i = 0; i < COLUMNS; i++) {
        markup_raw(m, "</td><td>");
        if ((enum column)i == mine)
            put_cell(m, event, actor ? actor : "");
    }
    markup_raw(m, "</td></tr>\n");
    json_decref(event);
}

static size_t count_lines(struct span lines)
{
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++)
        count += lines.at[i] == '\n';
    return count;
}

void report_put_events(struct markup *m, const struct run *run)
{
    struct span lines = buf_span(&run->world->log_sink.lines);
    size_t all = count_lines(lines), at = 0;
    int64_t before = -1;
    if (!all)
        return;
    markup_raw(m, "<h2>Timeline</h2>\n");
    markup_raw(m, all <= EVENTS_OPEN ? "<details open=\"open\">" : "<details>");
    markup_put(m, "<summary>What the parts said of themselves: %u events</summary>\n<table class=\"events\"><tr><th>at</th>"
                  "<th>orchestrator</th><th>carriers</th><th>SM-DP+, eIM</th><th>devices</th></tr>\n", (unsigned)all);
    for (size_t i = 0; i < all && i < EVENTS_SHOWN; i++) {
        const uint8_t *end = memchr(lines.at + at, '\n', lines.len - at);
        struct span line = span_sub(lines, at, (size_t)(end - lines.at) - at);
        put_event(m, line, run->world->epoch, &before);
        at += line.len + 1;
    }
    markup_raw(m, "</table>\n");
    if (all > EVENTS_SHOWN)
        markup_put(m, "<p class=\"note\">the first %u; the file of events has all</p>\n", EVENTS_SHOWN);
    markup_raw(m, "</details>\n");
}
