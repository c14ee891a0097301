#include "report_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report_internal.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"

void report_text_init(struct report_text *t, FILE *out)
{
    const char *term = getenv("TERM"), *none = getenv("NO_COLOR");
    bool dumb = !term || strcmp(term, "dumb") == 0 || (none && none[0]);
    *t = (struct report_text){ out, !dumb && isatty(fileno(out)) };
}

static const char *text_of(const json_t *o, const char *member)
{
    const char *text = json_str(o, member);
    return text ? text : "";
}

void report_text_begin(const struct report_text *t, const char *id, const char *wiring)
{
    if (!t->terminal)
        return;
    fprintf(t->out, "…    %s  %s", id, wiring);
    fflush(t->out);
}

static const struct {
    const char *verdict, *word, *colour;
} words[] = {
    { "passed", "PASS", GREEN }, { "failed", "FAIL", RED }, { "skipped", "SKIP", YELLOW }, { "broken", "BROKEN", RED },
};

static void put_word(const struct report_text *t, const char *verdict)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i].verdict, verdict) == 0)
            fprintf(t->out, "%s%s%s ", t->terminal ? words[i].colour : "", words[i].word, t->terminal ? "\033[0m" : "");
}

static void put_blanks(const struct report_text *t, size_t have, size_t want)
{
    fprintf(t->out, "%*s", have < want ? (int)(want - have) : 0, "");
}

/* Whatever came from outside stays on its line and sends nothing to the terminal. */
static void put_plain(const struct report_text *t, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, t->out);
}

static void put_member(const struct report_text *t, const char *name, const char *value)
{
    if (!value || !value[0])
        return;
    fprintf(t->out, "  %-9s ", name);
    put_plain(t, value);
    fputc('\n', t->out);
}

static void put_cause(const struct report_text *t, const json_t *cause)
{
    char text[400];
    long long message = json_integer_value(json_object_get(cause, "message"));
    long long injected = json_integer_value(json_object_get(cause, "injected"));
    if (message)
        snprintf(text, sizeof text, "message %lld: %.300s", message, text_of(cause, "text"));
    else
        snprintf(text, sizeof text, "%.300s", text_of(cause, "text"));
    put_member(t, "cause", text);
    snprintf(text, sizeof text, "the scenario itself: it changed message %lld, %s", injected,
             text_of(cause, "injected_name"));
    put_member(t, "at fault", injected ? text : NULL);
    put_member(t, "told by", json_str(cause, "actor"));
    put_member(t, "rule", json_str(cause, "rule"));
}

static void put_failure(const struct report_text *t, const struct report *r, const json_t *o)
{
    const json_t *cause = json_object_get(o, "cause");
    char look[800];
    put_member(t, "expected", json_str(o, "expected"));
    put_member(t, "found", json_str(o, "found"));
    if (strcmp(text_of(o, "verdict"), "failed") == 0 &&
        (!json_str(o, "expected") || !strstr(text_of(o, "why"), text_of(o, "found"))))
        put_member(t, "why", json_str(o, "why"));
    put_cause(t, cause);
    put_member(t, "repeat", json_str(o, "repeat"));
    put_member(t, "files", json_str(o, "files"));
    long long message = json_integer_value(json_object_get(cause, "message"));
    if (!json_str(o, "page"))
        return;
    if (message)
        snprintf(look, sizeof look, "%.500s/%.200s#m%lld", r->dir, text_of(o, "page"), message);
    else
        snprintf(look, sizeof look, "%.500s/%.200s", r->dir, text_of(o, "page"));
    put_member(t, "look", look);
}

void report_text_verdict(const struct report_text *t, const struct report *r)
{
    const json_t *o = report_last(r);
    const char *verdict = text_of(o, "verdict");
    if (t->terminal)
        fputs("\r\033[K", t->out);
    put_word(t, verdict);
    if (text_of(o, "wiring")[0]) {
        put_plain(t, text_of(o, "id"));
        put_blanks(t, strlen(text_of(o, "id")), 32);
        fprintf(t->out, "  %-8s  ", text_of(o, "wiring"));
    }
    if (strcmp(verdict, "failed") == 0 && json_str(o, "step_name")) {
        fprintf(t->out, "step %lld \"", (long long)json_integer_value(json_object_get(o, "step")));
        put_plain(t, text_of(o, "step_name"));
        fputs("\"\n", t->out);
    } else if (strcmp(verdict, "passed") == 0)
        fprintf(t->out, "%2zu steps, %4lld messages, %.2f s\n", json_array_size(json_object_get(o, "steps")),
                (long long)json_integer_value(json_object_get(o, "messages")),
                json_real_value(json_object_get(o, "wall_seconds")));
    else {
        put_plain(t, text_of(o, "why"));
        fputc('\n', t->out);
    }
    if (strcmp(verdict, "failed") == 0 || strcmp(verdict, "broken") == 0)
        put_failure(t, r, o);
    else if (strcmp(verdict, "passed") == 0)
        put_member(t, "but", json_str(o, "why"));
    fflush(t->out);
}

void report_text_finish(const struct report_text *t, const struct report *r)
{
    struct report_counts c = report_counts(r);
    if (report_problem(r))
        fprintf(t->out, "\nno report: %s\n", report_problem(r));
    else
        fprintf(t->out, "\nreport  %s\n", report_index(r));
    fprintf(t->out, "%zu passed, %zu failed, %zu skipped\n", c.passed, c.failed, c.skipped);
    fflush(t->out);
}
