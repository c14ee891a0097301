/* junit.xml: a suite per wiring, a case per scenario. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

static const char *text_of(const json_t *o, const char *member)
{
    const char *text = json_str(o, member);
    return text ? text : "";
}

static bool is(const json_t *o, const char *verdict)
{
    return strcmp(text_of(o, "verdict"), verdict) == 0;
}

static void put_steps(struct markup *m, const json_t *o)
{
    size_t i;
    json_t *s;
    json_array_foreach(json_object_get(o, "steps"), i, s) {
        markup_put(m, "%u. %s: %s, messages %lld to %lld\n", (unsigned)i + 1, text_of(s, "name"),
                   text_of(s, "verdict"), (long long)json_integer_value(json_object_get(s, "first_message")),
                   (long long)json_integer_value(json_object_get(s, "last_message")));
        if (json_str(s, "expected"))
            markup_put(m, "   expected %s\n   found    %s\n", text_of(s, "expected"), text_of(s, "found"));
    }
    if (is(o, "passed") && json_str(o, "why"))
        markup_put(m, "but: %s\n", text_of(o, "why"));
    if (json_str(o, "repeat"))
        markup_put(m, "repeat: %s\n", text_of(o, "repeat"));
}

static void put_case(struct markup *m, const json_t *o)
{
    const char *id = text_of(o, "id"), *slash = strrchr(id, '/');
    char folder[200];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - id) : 9, slash ? id : "scenarios");
    markup_put(m, "  <testcase classname=\"%s\" name=\"%s: %s\" time=\"", folder, slash ? slash + 1 : id,
               text_of(o, "title"));
    if (!m->e)
        m->e = buf_printf(m->out, "%.3f", json_real_value(json_object_get(o, "wall_seconds")));
    markup_raw(m, "\">\n");
    const json_t *cause = json_object_get(o, "cause");
    if (is(o, "failed") || is(o, "broken")) {
        const char *word = is(o, "failed") ? "failure" : "error";
        markup_put(m, "   <%s message=\"%s\">", word, text_of(o, "why"));
        markup_put(m, "%s %s</%s>\n", text_of(cause, "text"), text_of(cause, "rule"), word);
    } else if (is(o, "skipped"))
        markup_put(m, "   <skipped message=\"%s\"/>\n", text_of(o, "why"));
    markup_raw(m, "   <system-out>");
    put_steps(m, o);
    markup_raw(m, "</system-out>\n  </testcase>\n");
}

static void put_counts(struct markup *m, const json_t *results, const char *wiring)
{
    unsigned tests = 0, failures = 0, errors = 0, skipped = 0;
    double seconds = 0;
    size_t i;
    json_t *o;
    json_array_foreach(results, i, o) {
        if (wiring && strcmp(text_of(o, "wiring"), wiring) != 0)
            continue;
        tests++;
        failures += is(o, "failed");
        errors += is(o, "broken");
        skipped += is(o, "skipped");
        seconds += json_real_value(json_object_get(o, "wall_seconds"));
    }
    markup_put(m, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"", tests, failures, errors,
               skipped);
    if (!m->e)
        m->e = buf_printf(m->out, "%.3f\">\n", seconds);
}

/* Is this the first run of its wiring? Then its suite begins here. */
static bool first_of_wiring(const json_t *results, size_t index, const char *wiring)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(text_of(json_array_get(results, i), "wiring"), wiring) == 0)
            return false;
    return true;
}

enum err report_put_junit(const struct report *r, struct buf *out)
{
    struct markup m = { .out = out };
    markup_raw(&m, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"sgp32lab\"");
    put_counts(&m, r->results, NULL);
    for (size_t i = 0; i < json_array_size(r->results); i++) {
        const char *wiring = text_of(json_array_get(r->results, i), "wiring");
        if (!first_of_wiring(r->results, i, wiring))
            continue;
        markup_put(&m, " <testsuite name=\"%s\"", wiring);
        put_counts(&m, r->results, wiring);
        for (size_t k = i; k < json_array_size(r->results); k++)
            if (strcmp(text_of(json_array_get(r->results, k), "wiring"), wiring) == 0)
                put_case(&m, json_array_get(r->results, k));
        markup_raw(&m, " </testsuite>\n");
    }
    markup_raw(&m, "</testsuites>\n");
    return m.e;
}
