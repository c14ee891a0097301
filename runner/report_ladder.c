/* The ladder: a column per part, a row per message, in the order they went. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

#define LANES_MAX 14      /* more columns than that nobody reads: then devices share one */
#define LANES_ROOM 256
#define SETUP_MAX 300     /* messages shown of the provisioning: the steps matter more */

struct lanes {
    char name[LANES_ROOM][TRACE_NAME_MAX];
    size_t count;
    bool grouped;
};

struct ladder {
    struct markup *m;
    const struct trace *trace;
    const struct run *run;
    struct lanes lanes;
    size_t shown;         /* messages so far */
    size_t start;         /* length of the page before */
    bool out_of_detail;   /* said once */
};

/* --- lanes -------------------------------------------------------------------------------------------------------- */

static bool is_card(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, " card") == 0;
}

enum { LANE_OTHER = 10 }; /* a device or its card */

/* Columns from the person who gives orders to the card that obeys. */
static int rank(const char *name)
{
    static const char *const order[] = { "admin", "operator", "eso", "cmp.", "net.", "smds", "smdp", "smdp.", "eim", "eim." };
    for (size_t i = 0; i < COUNT(order); i++) {
        size_t len = strlen(order[i]);
        if (order[i][len - 1] == '.' ? strncmp(name, order[i], len) == 0 : strcmp(name, order[i]) == 0)
            return (int)i;
    }
    return LANE_OTHER;
}

static int by_rank(const void *a, const void *b)
{
    int left = rank(a), right = rank(b);
    return left != right ? left - right : strverscmp(a, b); /* "meter-2 card" right after "meter-2" */
}

static const char *lane_name(const struct lanes *l, const char *part)
{
    if (!l->grouped || rank(part) != LANE_OTHER)
        return part;
    return is_card(part) ? "cards" : "devices";
}

static size_t find_lane(const struct lanes *l, const char *part)
{
    const char *name = lane_name(l, part);
    size_t i = 0;
    while (i < l->count && strcmp(l->name[i], name) != 0)
        i++;
    return i;
}

static void add_lane(struct lanes *l, const char *part)
{
    if (find_lane(l, part) == l->count && l->count < LANES_ROOM)
        snprintf(l->name[l->count++], TRACE_NAME_MAX, "%s", lane_name(l, part));
}

static void add_lanes(struct lanes *l, const struct trace *t)
{
    l->count = 0;
    for (size_t i = 0; i < trace_count(t); i++) {
        add_lane(l, trace_message(t, i)->from);
        add_lane(l, trace_message(t, i)->to);
    }
    qsort(l->name, l->count, sizeof l->name[0], by_rank);
}

static void find_lanes(struct lanes *l, const struct trace *t)
{
    add_lanes(l, t);
    l->grouped = l->count > LANES_MAX;
    if (l->grouped)
        add_lanes(l, t);
    if (l->grouped && l->count >= 2 && strcmp(l->name[l->count - 2], "cards") == 0) {
        snprintf(l->name[l->count - 2], TRACE_NAME_MAX, "devices");
        snprintf(l->name[l->count - 1], TRACE_NAME_MAX, "cards");
    }
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static const char *via_class(const char *via)
{
    static const char *const names[][2] = { { "ES10", "es10" }, { "UICC", "uicc" },   { "ES9+", "es9" },
                                            { "ESipa", "esipa" }, { "ES2+", "es2" }, { "platform", "platform" } };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(via, names[i][0]) == 0)
            return names[i][1];
    return "rest";
}

static void put_arrow(struct ladder *l, const struct trace_message *w)
{
    size_t from = find_lane(&l->lanes, w->from), to = find_lane(&l->lanes, w->to);
    bool right = from <= to, answer = w->status || strncmp(w->line, "no answer", 9) == 0;
    markup_put(l->m, "<span class=\"d\"><span class=\"a %s%s\" style=\"--f:%u;--c:%u\"></span>",
               right ? "right" : "left", answer ? " answer" : "", (unsigned)(right ? from : to),
               (unsigned)(right ? to - from : from - to));
    /* In a shared column the device's name stands at the arrow. */
    const char *device = rank(w->from) == LANE_OTHER && !is_card(w->from) ? w->from : w->to;
    if (l->lanes.grouped && rank(device) == LANE_OTHER)
        markup_put(l->m, "<span class=\"who\">%s</span>", device);
    markup_raw(l->m, "</span>");
}

static void put_row(struct ladder *l, const struct trace_message *w)
{
    char error[200];
    bool bad = report_message_error(w, error);
    markup_put(l->m, "<details class=\"m v-%s%s%s\" id=\"m%u\"><summary>", via_class(w->via), bad ? " bad" : "",
               w->injected ? " injected" : "", w->number);
    markup_put(l->m, "<span class=\"n\">%u</span><span class=\"t\">", w->number);
    report_put_duration(l->m, w->at - l->run->world->epoch);
    markup_put(l->m, "</span><span class=\"k\">%s</span><span class=\"w\" title=\"%s\">%s</span>", w->via, w->name,
               w->name);
    put_arrow(l, w);
    markup_raw(l->m, "</summary>\n<div class=\"x\">");
    markup_put(l->m, "<p><b>%s → %s</b>, %s</p>\n", w->from, w->to, w->via);
    if (bad)
        markup_put(l->m, "<p class=\"err\">%s</p>\n", error);
    if (w->injected)
        markup_raw(l->m, "<p class=\"err\">a fault of this scenario changed this message</p>\n");
    l->out_of_detail = l->out_of_detail || l->m->out->len - l->start > REPORT_DETAIL_MAX;
    if (l->out_of_detail)
        markup_raw(l->m, "<p class=\"note\">not decoded here, because the page is large enough; see the trace</p>");
    else
        report_put_message(l->m, w);
    markup_raw(l->m, "</div></details>\n");
}

static void put_lane_names(struct ladder *l)
{
    markup_raw(l->m, "<div class=\"head\" aria-hidden=\"true\"><span class=\"n\"></span><span class=\"t\"></span>"
                     "<span class=\"k\"></span><span class=\"w\"></span><span class=\"d\">");
    for (size_t i = 0; i < l->lanes.count; i++) {
        const char *name = l->lanes.name[i], *dot = strchr(name, '.');
        size_t first = dot ? (size_t)(dot - name) + 1 : 0;
        markup_raw(l->m, "<span>");
        markup_text(l->m, span_of(name, first));
        markup_raw(l->m, first ? "<wbr/>" : ""); /* "cmp.partner" breaks behind its dot */
        markup_put(l->m, "%s</span>", name + first);
    }
    markup_raw(l->m, "</span></div>\n");
}

static void put_rows(struct ladder *l, unsigned first, unsigned last, size_t most)
{
    if (first > last)
        return;
    markup_put(l->m, "<div class=\"ladder\" style=\"--lanes:%u\">\n", (unsigned)l->lanes.count);
    put_lane_names(l);
    unsigned n = first;
    for (; n <= last && n <= trace_count(l->trace) && l->shown < most; n++, l->shown++)
        put_row(l, trace_message(l->trace, n - 1));
    markup_raw(l->m, "</div>\n");
    if (n <= last)
        markup_put(l->m, "<p class=\"note\">messages %u to %u are not shown here, the page would be too long; the trace has "
                         "all</p>\n", n, last);
}

/* --- steps --------------------------------------------------------------------------------------------------------- */

static void put_step(struct ladder *l, const json_t *step, unsigned number)
{
    const char *verdict = json_str(step, "verdict"), *expected = json_str(step, "expected");
    const char *found = json_str(step, "found"), *name = json_str(step, "name");
    unsigned first = (unsigned)json_integer_value(json_object_get(step, "first_message"));
    unsigned last = (unsigned)json_integer_value(json_object_get(step, "last_message"));
    int64_t began = json_integer_value(json_object_get(step, "began_ms"));
    int64_t ended = json_integer_value(json_object_get(step, "ended_ms"));
    markup_put(l->m, "<details class=\"step %s\" id=\"s%u\" open=\"open\"><summary><span class=\"badge\">%s</span> "
                     "<b>%u. %s</b> <span class=\"note\">", verdict, number, verdict, number, name);
    markup_put(l->m, "%u messages, ", last >= first ? last - first + 1 : 0);
    report_put_duration(l->m, began);
    markup_raw(l->m, " to ");
    report_put_duration(l->m, ended);
    markup_raw(l->m, "</span></summary>\n");
    if (expected && strcmp(verdict, "passed") != 0)
        markup_put(l->m, "<dl><dt>expected</dt><dd>%s</dd><dt>found</dt><dd>%s</dd></dl>\n", expected,
                   found ? found : "");
    put_rows(l, first, last, REPORT_MESSAGES_MAX);
    markup_raw(l->m, "</details>\n");
}

/* What went before the first step: the world being provisioned. */
static void put_setup(struct ladder *l, unsigned last)
{
    if (!last)
        return;
    markup_put(l->m, "<details class=\"step setup\" id=\"s0\"><summary><b>Setting up the world</b> <span class=\"note\">"
                     "%u messages</span></summary>\n", last);
    put_rows(l, 1, last, SETUP_MAX);
    markup_raw(l->m, "</details>\n");
}

void report_put_ladder(struct markup *m, const json_t *summary, const struct run *run)
{
    struct ladder *l = calloc(1, sizeof *l);
    if (!l) {
        m->e = m->e ? m->e : ERR_NOMEM;
        return;
    }
    l->m = m;
    l->run = run;
    l->trace = run->world->trace;
    l->start = m->out->len;
    find_lanes(&l->lanes, l->trace);
    if (l->lanes.grouped)
        markup_raw(m, "<p class=\"note\">So many devices share one column, and their cards another; each message says "
                      "whose it is.</p>\n");
    const json_t *steps = json_object_get(summary, "steps");
    unsigned all = (unsigned)trace_count(l->trace);
    put_setup(l, run->step_count ? run->step[0].first_message - 1 : all);
    for (size_t i = 0; i < json_array_size(steps); i++)
        put_step(l, json_array_get(steps, i), (unsigned)i + 1);
    free(l);
}
