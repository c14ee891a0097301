/* index.html: the suite at a glance, what failed first, what it covers, what was skipped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

static const char *text_of(const json_t *o, const char *member)
{
    const char *text = json_str(o, member);
    return text ? text : "";
}

static long long number_of(const json_t *o, const char *member)
{
    return json_integer_value(json_object_get(o, member));
}

/* The name of a run, linked when it has a page. */
static void put_link(struct markup *m, const json_t *o, const char *text)
{
    if (json_str(o, "page"))
        markup_put(m, "<a href=\"%s\">%s</a>", text_of(o, "page"), text);
    else
        markup_put(m, "%s", text);
}

/* --- verdict ------------------------------------------------------------------------------------------------------ */

static void put_versions(struct markup *m, const struct report *r)
{
    struct buf when = { .max = 64 };
    enum err e = clock_put_iso8601(&when, r->began);
    const char *text = e ? NULL : buf_cstr(&when);
    markup_put(m, "<p class=\"note\">sgp32lab %s · SGP.22 v2.5, SGP.32 v1.2 · begun %s</p>\n", LAB_VERSION, text);
    buf_release(&when);
}

static void put_verdict(struct markup *m, const struct report *r)
{
    struct report_counts c = report_counts(r);
    const char *word = c.failed ? "failed" : c.passed ? "passed" : "skipped";
    markup_put(m, "<header><h1><span class=\"badge %s\">%s</span> sgp32lab</h1>\n", word, word);
    markup_put(m, "<p class=\"counts\"><b>%u</b> passed, <b>%u</b> failed, <b>%u</b> skipped", (unsigned)c.passed,
               (unsigned)c.failed, (unsigned)c.skipped);
    if (c.broken)
        markup_put(m, "; %u of the failed could not be played", (unsigned)c.broken);
    markup_raw(m, "</p>\n");
    put_versions(m, r);
    markup_raw(m, "<p>The eSO is the real one; everything around it is simulated by this program, over the real protocols "
                  "with real cryptography.</p></header>\n");
}

static void put_failures(struct markup *m, const json_t *results)
{
    size_t i;
    json_t *o;
    bool any = false;
    json_array_foreach(results, i, o) {
        const char *verdict = text_of(o, "verdict");
        if (strcmp(verdict, "failed") != 0 && strcmp(verdict, "broken") != 0)
            continue;
        if (!any)
            markup_raw(m, "<h2>Failures</h2>\n");
        any = true;
        markup_put(m, "<section><h3><span class=\"badge %s\">%s</span> ", verdict, verdict);
        put_link(m, o, text_of(o, "title"));
        markup_put(m, " <span class=\"note\">%s %s</span></h3>\n", text_of(o, "id"), text_of(o, "wiring"));
        report_put_failure(m, o, text_of(o, "page"));
        markup_raw(m, "</section>\n");
    }
}

/* --- runs ----------------------------------------------------------------------------------------------------------- */

static int verdict_rank(const json_t *o)
{
    static const char *const order[] = { "broken", "failed", "passed", "skipped" };
    for (size_t i = 0; i < COUNT(order); i++)
        if (strcmp(text_of(o, "verdict"), order[i]) == 0)
            return (int)i;
    return (int)COUNT(order);
}

/* The wirings of a scenario stand below each other; its name is said once. */
static void put_run(struct markup *m, const json_t *o, const json_t *above)
{
    bool again = above && strcmp(text_of(o, "id"), text_of(above, "id")) == 0;
    const char *wiring = text_of(o, "wiring");
    markup_raw(m, again ? "<tr class=\"again\">" : "<tr>");
    markup_put(m, "<td><span class=\"badge %s\">%s</span></td><td class=\"num\">", text_of(o, "verdict"),
               text_of(o, "verdict"));
    put_link(m, o, wiring[0] ? wiring : "file");
    markup_put(m, "</td><td>%s</td><td>%s", again ? "" : text_of(o, "id"), again ? "" : text_of(o, "title"));
    if (strcmp(text_of(o, "verdict"), "passed") == 0 && json_str(o, "why"))
        markup_put(m, " <span class=\"note\">but %s</span>", text_of(o, "why"));
    markup_put(m, "</td><td class=\"num\">%u</td><td class=\"num\">%lld</td>",
               (unsigned)json_array_size(json_object_get(o, "steps")), number_of(o, "messages"));
    markup_put(m, "<td class=\"num\">%.2f s</td><td class=\"num\">",
               json_real_value(json_object_get(o, "wall_seconds")));
    report_put_duration(m, number_of(o, "virtual_ms"));
    markup_put(m, "</td><td class=\"num\">%lld</td></tr>\n", number_of(o, "seed"));
}

static void put_runs(struct markup *m, const json_t *results)
{
    markup_raw(m, "<h2>Runs</h2>\n<table>\n<tr><th></th><th>wiring</th><th>scenario</th><th></th><th class=\"num\">steps</th>"
                  "<th class=\"num\">messages</th><th class=\"num\">took</th><th class=\"num\">world's time</th>"
                  "<th class=\"num\">seed</th></tr>\n");
    const json_t *above = NULL;
    for (int rank = 0; rank <= 4; rank++) {
        size_t i;
        json_t *o;
        json_array_foreach(results, i, o)
            if (verdict_rank(o) == rank) {
                put_run(m, o, above);
                above = o;
            }
    }
    markup_raw(m, "</table>\n");
}

static void put_skipped(struct markup *m, const json_t *results)
{
    size_t i;
    json_t *o;
    bool any = false;
    json_array_foreach(results, i, o) {
        if (strcmp(text_of(o, "verdict"), "skipped") != 0)
            continue;
        markup_raw(m, any ? "" : "<h2>Skipped</h2>\n<ul>\n");
        any = true;
        markup_put(m, "<li>%s: %s</li>\n", text_of(o, "id"), text_of(o, "why"));
    }
    markup_raw(m, any ? "</ul>\n" : "");
}

/* --- coverage -------------------------------------------------------------------------------------------------------- */

/* What a run says it covers: a list of words. */
static const json_t *words_of(const json_t *o, const char *kind)
{
    return strcmp(kind, "sections") == 0 ? json_object_get(o, kind) : json_object_get(json_object_get(o, "plays"), kind);
}

/* word -> runs, new reference. */
static json_t *collect(const json_t *results, const char *kind)
{
    json_t *all = json_object(), *o, *word;
    size_t i, k;
    json_array_foreach(results, i, o) {
        json_array_foreach(words_of(o, kind), k, word) {
            json_t *runs = json_object_get(all, json_string_value(word));
            if (!runs && json_object_set_new(all, json_string_value(word), runs = json_array()))
                goto out;
            if (json_array_append(runs, o))
                goto out;
        }
    }
    return all;
out:
    json_decref(all);
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* The worst of the runs that were played. */
static const char *worst(const json_t *runs)
{
    const json_t *worst_run = json_array_get(runs, 0);
    size_t i;
    json_t *o;
    json_array_foreach(runs, i, o)
        if (verdict_rank(o) < verdict_rank(worst_run))
            worst_run = o;
    return text_of(worst_run, "verdict");
}

static void put_word(struct markup *m, const char *word, const json_t *runs)
{
    size_t i;
    json_t *o;
    markup_put(m, "<tr><td><b>%s</b></td><td><span class=\"badge %s\">%s</span></td><td>", word, worst(runs), worst(runs));
    json_array_foreach(runs, i, o) {
        char name[200];
        snprintf(name, sizeof name, "%.140s, %s", text_of(o, "id"), text_of(o, "wiring"));
        markup_raw(m, i ? " · " : "");
        put_link(m, o, name);
    }
    markup_raw(m, "</td></tr>\n");
}

static void put_coverage(struct markup *m, const json_t *results, const char *kind, const char *title)
{
    json_t *all = collect(results, kind), *runs;
    size_t count = json_object_size(all), n = 0;
    const char *key, **words = calloc(count ? count : 1, sizeof *words);
    if (!all || !words)
        m->e = m->e ? m->e : ERR_NOMEM;
    else if (count) {
        json_object_foreach(all, key, runs)
            words[n++] = key;
        qsort(words, n, sizeof *words, by_number);
        markup_put(m, "<details><summary>%s <span class=\"note\">%u</span></summary>\n<table>\n", title, (unsigned)n);
        for (size_t i = 0; i < n; i++)
            put_word(m, words[i], json_object_get(all, words[i]));
        markup_raw(m, "</table></details>\n");
    }
    free(words);
    json_decref(all);
}

enum err report_put_index(const struct report *r, struct buf *out)
{
    struct markup m = { .out = out };
    report_put_head(&m, "sgp32lab report");
    put_verdict(&m, r);
    markup_raw(&m, "<main>\n");
    put_failures(&m, r->results);
    put_runs(&m, r->results);
    put_skipped(&m, r->results);
    markup_raw(&m, "<h2>Coverage</h2>\n");
    put_coverage(&m, r->results, "catalogue", "By number of the scenario catalogue");
    put_coverage(&m, r->results, "requirements", "By requirement");
    put_coverage(&m, r->results, "sections", "By section whose check refused something");
    markup_raw(&m, "<h2>What is not shown</h2>\n<p>Keys and codes are overwritten by <code>*</code> in every page and file. "
                   "For machines: <a href=\"results.json\">results.json</a>, <a href=\"junit.xml\">junit.xml</a>.</p>\n"
                   "</main>\n");
    report_put_foot(&m);
    return m.e;
}
