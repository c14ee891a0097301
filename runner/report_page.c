/* The page of one run: verdict, failure, world, steps with their messages, what was left in the end, events. */
#include "report_internal.h"

#include <stdio.h>
#include <string.h>

#include "report_assets.h"

#define DEVICES_SHOWN 20
#define SCENARIO_SHOWN 65536u

static const char *text_of(const json_t *o, const char *member)
{
    const char *text = json_str(o, member);
    return text ? text : "";
}

static int64_t number_of(const json_t *o, const char *member)
{
    return json_integer_value(json_object_get(o, member));
}

/* --- pieces that all pages share ------------------------------------------------------------------------------------ */

void report_put_head(struct markup *m, const char *title)
{
    markup_raw(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                  "<meta name=\"color-scheme\" content=\"light dark\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n");
    markup_put(m, "<title>%s</title>\n<style>\n", title);
    markup_raw(m, report_style_css);
    markup_raw(m, "</style>\n</head>\n<body>\n");
}

/* The script stands in comments of both languages, so that the page is well-formed whatever it says. */
void report_put_foot(struct markup *m)
{
    markup_raw(m, "<script>\n//<![CDATA[\n");
    markup_raw(m, report_script_js);
    markup_raw(m, "//]]>\n</script>\n</body>\n</html>\n");
}

void report_put_duration(struct markup *m, int64_t ms)
{
    long long days = ms / CLOCK_DAY;
    if (!m->e && days)
        m->e = buf_printf(m->out, "%lld d ", days);
    if (!m->e)
        m->e = buf_printf(m->out, "%02d:%02d:%02d.%03d", (int)(ms % CLOCK_DAY / CLOCK_HOUR),
                          (int)(ms % CLOCK_HOUR / CLOCK_MINUTE), (int)(ms % CLOCK_MINUTE / CLOCK_SECOND),
                          (int)(ms % CLOCK_SECOND));
}

const char *report_class(const json_t *summary)
{
    return text_of(summary, "verdict");
}

static void put_row(struct markup *m, const char *name, const char *value)
{
    if (value && value[0])
        markup_put(m, "<dt>%s</dt><dd>%s</dd>\n", name, value);
}

static void put_cause(struct markup *m, const json_t *cause, const char *page)
{
    unsigned message = (unsigned)number_of(cause, "message"), injected = (unsigned)number_of(cause, "injected");
    markup_raw(m, "<dt>cause</dt><dd>");
    if (message)
        markup_put(m, "<a href=\"%s#m%u\">message %u</a>: ", page, message, message);
    markup_put(m, "%s</dd>\n", text_of(cause, "text"));
    if (injected)
        markup_put(m, "<dt>at fault</dt><dd>the scenario itself: it changed <a href=\"%s#m%u\">message %u</a>, %s</dd>\n",
                   page, injected, injected, text_of(cause, "injected_name"));
    put_row(m, "told by", text_of(cause, "actor"));
    put_row(m, "rule", text_of(cause, "rule"));
}

void report_put_failure(struct markup *m, const json_t *summary, const char *page)
{
    const json_t *cause = json_object_get(summary, "cause");
    markup_raw(m, "<dl class=\"failure\">\n");
    if (json_str(summary, "step_name"))
        markup_put(m, "<dt>step</dt><dd>%lld. %s</dd>\n", (long long)number_of(summary, "step"),
                   text_of(summary, "step_name"));
    put_row(m, "expected", json_str(summary, "expected"));
    put_row(m, "found", json_str(summary, "found"));
    if (!json_str(summary, "found") || !strstr(text_of(summary, "why"), text_of(summary, "found")))
        put_row(m, "why", json_str(summary, "why"));
    if (cause)
        put_cause(m, cause, page);
    if (json_str(summary, "repeat"))
        markup_put(m, "<dt>repeat</dt><dd><code>%s</code></dd>\n", text_of(summary, "repeat"));
    markup_raw(m, "</dl>\n");
}

/* --- the run -------------------------------------------------------------------------------------------------------- */

static void put_verdict(struct markup *m, const json_t *o, const struct run *run)
{
    markup_put(m, "<header><p><a href=\"index.html\">← all runs</a></p>\n<h1><span class=\"badge %s\">%s</span> %s</h1>\n",
               report_class(o), verdict_name(run->verdict), text_of(o, "title"));
    markup_put(m, "<p class=\"note\">%s · %s · seed %lld · sgp32lab %s · %lld messages · %.2f s, of the world's time ",
               text_of(o, "id"), text_of(o, "wiring"), (long long)number_of(o, "seed"), LAB_VERSION,
               (long long)number_of(o, "messages"), run->wall_seconds);
    report_put_duration(m, run->virtual_ms);
    markup_raw(m, "</p>\n");
    if (run->verdict == VERDICT_PASSED)
        markup_put(m, "<p>Repeat it with <code>%s</code></p>\n", text_of(o, "repeat"));
    if (run->verdict == VERDICT_PASSED && run->why[0])
        markup_put(m, "<p class=\"note\">But %s.</p>\n", text_of(o, "why"));
    markup_raw(m, "</header>\n");
}

static void put_parts(struct markup *m, const json_t *summary)
{
    size_t i, devices = 0;
    json_t *o;
    markup_raw(m, "<h2>The world</h2>\n<ul class=\"chips\">\n");
    json_array_foreach(json_object_get(summary, "parts"), i, o)
        if (++devices <= 40)
            markup_put(m, "<li class=\"%s\">%s <span class=\"note\">%s</span></li>\n", text_of(o, "is"),
                       text_of(o, "name"), text_of(o, "is"));
    if (devices > 40)
        markup_put(m, "<li>and %u more</li>\n", (unsigned)devices - 40);
    markup_raw(m, "</ul>\n");
}

static void put_certificates(struct markup *m, const struct scenario *s)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        markup_put(m, "<p class=\"err\">%s shows another certificate than it should: %s</p>\n", s->certificate[i].part,
                   s->certificate[i].name);
}

/* The file as it was read, when it still can be. */
static void put_scenario(struct markup *m, const struct scenario *s)
{
    char text[4096];
    size_t all = 0;
    FILE *f = s->path ? fopen(s->path, "re") : NULL;
    if (!f)
        return;
    markup_put(m, "<details><summary>The scenario, %s</summary><pre>", s->path);
    for (size_t n; all < SCENARIO_SHOWN && (n = fread(text, 1, sizeof text, f)) > 0; all += n)
        markup_text(m, span_of(text, n));
    markup_raw(m, "</pre></details>\n");
    if (fclose(f))
        markup_raw(m, "<p class=\"note\">the file could not be read to its end</p>\n");
}

/* --- what was left in the end ------------------------------------------------------------------------------------------ */

static void put_swap(struct markup *m, struct run *run, const struct run_swap *s)
{
    json_t *swap = run_show_swap(run, s->device), *step;
    size_t i;
    markup_put(m, "<details><summary>Swap of %s to %s: <b>%s</b> %s</summary>\n", s->device, text_of(swap, "target"),
               swap ? text_of(swap, "state") : "the eSO does not tell", text_of(swap, "cause"));
    markup_raw(m, "<table><tr><th>at</th><th>step</th><th>attempt</th><th>outcome</th><th>state</th><th>cause</th></tr>\n");
    json_array_foreach(json_object_get(swap, "steps"), i, step) {
        markup_put(m, "<tr><td>%s</td><td>%s</td><td class=\"num\">%lld</td>", text_of(step, "at"), text_of(step, "step"),
                   (long long)number_of(step, "attempt"));
        markup_put(m, "<td>%s</td><td>%s</td><td>%s %s</td></tr>\n", text_of(step, "outcome"), text_of(step, "state"),
                   text_of(step, "cause"), text_of(step, "detail"));
    }
    markup_raw(m, "</table></details>\n");
    json_decref(swap);
}

static void put_card(struct markup *m, struct run *run, struct world_device *d)
{
    struct run_card card;
    markup_put(m, "<tr><td>%s</td><td>%s</td><td>", d->name, d->eid);
    if (run_read_card(run, d, &card))
        markup_raw(m, "cannot be read");
    else
        for (size_t i = 0; i < card.count; i++) {
            const struct world_profile *p = run_find_profile(run, card.profile[i].iccid);
            markup_put(m, "%s<b>%s</b> %s%s%s", i ? "; " : "", p ? p->carrier->name : "?", card.profile[i].iccid,
                       card.profile[i].enabled ? ", enabled" : "", card.profile[i].fallback ? ", fallback" : "");
        }
    markup_raw(m, "</td></tr>\n");
}

static void put_end(struct markup *m, struct run *run)
{
    const struct world *w = run->world;
    if (run->verdict == VERDICT_BROKEN || (!w->device_count && !run->swap_count))
        return;
    markup_raw(m, "<h2>In the end</h2>\n");
    for (size_t i = 0; i < run->swap_count && i < DEVICES_SHOWN; i++)
        put_swap(m, run, &run->swaps[i]);
    markup_raw(m, "<table><tr><th>device</th><th>EID</th><th>profiles on the card</th></tr>\n");
    for (size_t i = 0; i < w->device_count && i < DEVICES_SHOWN; i++)
        put_card(m, run, &w->devices[i]);
    markup_raw(m, "</table>\n");
    if (w->device_count > DEVICES_SHOWN || run->swap_count > DEVICES_SHOWN)
        markup_put(m, "<p class=\"note\">the first %d of %u devices</p>\n", DEVICES_SHOWN, (unsigned)w->device_count);
}

static void put_limits(struct markup *m, const json_t *o)
{
    markup_raw(m, "<h2>What this page does not show</h2>\n<ul>\n"
                  "<li>Keys, download codes and confirmation codes are overwritten by <code>*</code>, in messages, events "
                  "and files alike. The imports of subscriber keys and profiles are not recorded at all.</li>\n"
                  "<li>Subscribers, their IMSI and ICCID are made up by the lab and shown.</li>\n"
                  "<li>Marked bytes are those of the message itself that a signature covers; some signatures cover more, "
                  "from earlier messages, as the specification says.</li>\n");
    if (json_str(o, "trace"))
        markup_put(m, "<li>Everything recorded: <a href=\"%s\">%s</a>, SHA-256 <code>%s</code>, and <a href=\"%s\">%s"
                      "</a>.</li>\n", text_of(o, "trace"), text_of(o, "trace"), text_of(o, "trace_sha256"),
                   text_of(o, "log"), text_of(o, "log"));
    markup_raw(m, "</ul>\n");
}

enum err report_put_page(const json_t *summary, struct run *run, struct buf *out)
{
    struct markup m = { .out = out };
    report_put_head(&m, text_of(summary, "title"));
    put_verdict(&m, summary, run);
    if (run->verdict == VERDICT_FAILED || run->verdict == VERDICT_BROKEN)
        report_put_failure(&m, summary, "");
    markup_raw(&m, "<main>\n");
    put_parts(&m, summary);
    put_certificates(&m, run->scenario);
    put_scenario(&m, run->scenario);
    if (run->world && run->world->trace) {
        markup_raw(&m, "<h2>Steps and messages</h2>\n<p class=\"tools\"><label>find <input id=\"find\" type=\"search\" "
                       "placeholder=\"name, part or interface\"/></label> <span class=\"note\">keys: <kbd>j</kbd> "
                       "<kbd>k</kbd> next and previous message, <kbd>Enter</kbd> open, <kbd>/</kbd> find</span></p>\n");
        report_put_ladder(&m, summary, run);
        put_end(&m, run);
        report_put_events(&m, run);
    }
    put_limits(&m, summary);
    markup_raw(&m, "</main>\n");
    report_put_foot(&m);
    return m.e;
}
