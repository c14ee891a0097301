/* One run as the members of results.json; everything else in a report is written from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

static const char *verdict_word(enum verdict v)
{
    static const char *const words[] = { "passed", "failed", "skipped", "broken" };
    return words[v];
}

/* Text of a run: redacted like its messages, and always JSON. */
static enum err set_text(json_t *o, const char *member, const struct run *run, const char *value)
{
    struct buf raw = { .max = 8192 }, clean = { .max = 4 * 8192 };
    enum err e = buf_put_str(&raw, value);
    if (!e && run->world && run->world->trace)
        trace_redact(run->world->trace, TRACE_TEXT, &raw);
    if (!e)
        e = text_put_clean(&clean, buf_span(&raw));
    const char *text = e ? NULL : buf_cstr(&clean);
    if (!e)
        e = text ? json_set_str(o, member, text) : ERR_NOMEM;
    buf_release(&raw);
    buf_release(&clean);
    return e;
}

static enum err set_text_if(json_t *o, const char *member, const struct run *run, const char *value)
{
    return value && value[0] ? set_text(o, member, run, value) : ERR_OK;
}

static enum err set_new(json_t *o, const char *member, json_t *value)
{
    return value && json_object_set_new(o, member, value) == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err append_new(json_t *list, json_t *value)
{
    return value && json_array_append_new(list, value) == 0 ? ERR_OK : ERR_NOMEM;
}

/* --- steps, plays, parts, sections --------------------------------------------------------------------------------- */

static enum err add_step(json_t *list, const struct run *run, const struct run_step *s)
{
    int64_t epoch = run->world ? run->world->epoch : 0;
    json_t *o = json_object();
    enum err e = o ? append_new(list, o) : ERR_NOMEM;
    if (!e)
        e = set_text(o, "name", run, s->name ? s->name : "");
    if (!e)
        e = json_set_str(o, "verdict", verdict_word(s->verdict));
    if (!e)
        e = json_set_int(o, "began_ms", s->began - epoch);
    if (!e)
        e = json_set_int(o, "ended_ms", s->ended - epoch);
    if (!e)
        e = json_set_int(o, "first_message", s->first_message);
    if (!e)
        e = json_set_int(o, "last_message", s->last_message);
    if (!e && s->verdict != VERDICT_PASSED)
        e = set_text_if(o, "expected", run, s->expected);
    if (!e && s->verdict != VERDICT_PASSED)
        e = set_text_if(o, "found", run, s->found);
    return e;
}

static enum err set_steps(json_t *o, const struct run *run)
{
    json_t *list = json_array();
    enum err e = set_new(o, "steps", list);
    for (size_t i = 0; !e && i < run->step_count; i++)
        e = add_step(list, run, &run->step[i]);
    return e;
}

static enum err set_words(json_t *o, const char *member, const struct run *run, const struct yaml_node *words)
{
    json_t *list = json_array(), *holder = json_object();
    enum err e = holder ? set_new(o, member, list) : ERR_NOMEM;
    for (size_t i = 0; !e && words && i < words->count; i++) {
        e = set_text(holder, "word", run, words->item[i]->text ? words->item[i]->text : "");
        if (!e)
            e = json_array_append(list, json_object_get(holder, "word")) ? ERR_NOMEM : ERR_OK;
    }
    json_decref(holder);
    return e;
}

static enum err set_plays(json_t *o, const struct run *run)
{
    json_t *plays = json_object();
    enum err e = set_new(o, "plays", plays);
    if (!e)
        e = set_words(plays, "catalogue", run, run->scenario->catalogue);
    return e ? e : set_words(plays, "requirements", run, run->scenario->requirements);
}

static enum err set_parts(json_t *o, const struct run *run)
{
    json_t *list = json_array();
    enum err e = set_new(o, "parts", list);
    for (size_t i = 0; !e && run->world && i < run->world->part_count; i++) {
        const struct part *p = &run->world->parts[i];
        e = append_new(list, json_pack("{s:s, s:s}", "name", p->name, "is",
                                       p->kind == PART_ESO ? "real" : "simulated"));
    }
    return e;
}

/* Sections whose checks refused something in this run. */
static enum err set_sections(json_t *o, const struct run *run)
{
    json_t *list = json_array(), *seen = json_object();
    enum err e = seen ? set_new(o, "sections", list) : ERR_NOMEM;
    struct span lines = run->world ? buf_span(&run->world->log_sink.lines) : (struct span){ 0 };
    for (size_t at = 0; !e && at < lines.len;) {
        const uint8_t *end = memchr(lines.at + at, '\n', lines.len - at);
        struct span line = span_sub(lines, at, end ? (size_t)(end - lines.at) - at : lines.len);
        at += line.len + 1;
        json_t *event = NULL;
        if (!memmem(line.at, line.len, "\"section\"", 9) || json_read(line, &event, NULL))
            continue;
        const char *section = json_str(event, "section");
        if (section && !json_object_get(seen, section)) {
            e = json_set_bool(seen, section, true);
            if (!e)
                e = append_new(list, json_string(section));
        }
        json_decref(event);
    }
    json_decref(seen);
    return e;
}

/* --- verdict --------------------------------------------------------------------------------------------------------- */

static enum err set_cause(json_t *o, const struct run *run)
{
    struct report_cause c;
    report_find_cause(run, &c);
    if (!c.text[0] && !c.injected)
        return ERR_OK;
    json_t *cause = json_object();
    enum err e = set_new(o, "cause", cause);
    if (!e && c.message)
        e = json_set_int(cause, "message", c.message);
    if (!e)
        e = set_text_if(cause, "text", run, c.text);
    if (!e)
        e = set_text_if(cause, "rule", run, c.rule);
    if (!e)
        e = set_text_if(cause, "actor", run, c.actor);
    if (!e && c.injected)
        e = json_set_int(cause, "injected", c.injected);
    return e ? e : set_text_if(cause, "injected_name", run, c.injected_name);
}

static enum err set_verdict(json_t *o, const struct run *run)
{
    const struct run_step *last = run->step_count ? &run->step[run->step_count - 1] : NULL;
    enum err e = json_set_str(o, "verdict", verdict_word(run->verdict));
    if (!e)
        e = set_text_if(o, "why", run, run->why);
    if (!e)
        e = set_text_if(o, "files", run, run->files);
    if (run->verdict != VERDICT_FAILED)
        return e;
    if (!e && last)
        e = json_set_int(o, "step", (int64_t)run->step_count);
    if (!e && last)
        e = set_text_if(o, "step_name", run, last->name);
    if (!e && last)
        e = set_text_if(o, "expected", run, last->expected);
    if (!e && last)
        e = set_text_if(o, "found", run, last->found);
    return e;
}

/* A word as a shell takes it. */
static enum err put_shell_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";
    if (word[0] && word[strspn(word, plain)] == 0)
        return buf_put_str(out, word);
    enum err e = buf_put_u8(out, '\'');
    for (; !e && *word; word++)
        e = *word == '\'' ? buf_put_str(out, "'\\''") : buf_put_u8(out, (uint8_t)*word);
    return e ? e : buf_put_u8(out, '\'');
}

static enum err set_repeat(json_t *o, const struct report *r, const struct run *run)
{
    struct buf line = { .max = 2048 };
    enum err e = buf_printf(&line, "%s run ", r->command);
    if (!e)
        e = put_shell_word(&line, run->scenario->id);
    if (!e)
        e = buf_printf(&line, " --wiring %s --seed %llu%s", wiring_name(run->wiring), (unsigned long long)run->seed,
                       r->extra);
    const char *text = e ? NULL : buf_cstr(&line);
    if (!e)
        e = text ? set_text(o, "repeat", run, text) : ERR_NOMEM;
    buf_release(&line);
    return e;
}

static enum err set_measures(json_t *o, const struct run *run)
{
    enum err e = set_new(o, "wall_seconds", json_real(run->wall_seconds));
    if (!e)
        e = json_set_int(o, "virtual_ms", run->virtual_ms);
    if (!e)
        e = json_set_int(o, "messages",
                         run->world && run->world->trace ? (int64_t)trace_count(run->world->trace) : 0);
    return e ? e : json_set_int(o, "faults", run->world ? faults_injected(&run->world->faults) : 0);
}

static enum err set_name(json_t *o, const struct run *run)
{
    const struct scenario *s = run->scenario;
    enum err e = set_text(o, "id", run, s->id);
    if (!e)
        e = set_text(o, "title", run, s->title ? s->title : s->id);
    if (!e)
        e = set_text(o, "file", run, s->path ? s->path : "");
    if (!e)
        e = json_set_str(o, "wiring", wiring_name(run->wiring));
    return e ? e : json_set_int(o, "seed", (int64_t)run->seed);
}

json_t *report_summarise(const struct report *r, struct run *run)
{
    json_t *o = json_object();
    enum err e = o ? set_name(o, run) : ERR_NOMEM;
    if (!e)
        e = set_verdict(o, run);
    if (!e)
        e = set_cause(o, run);
    if (!e)
        e = set_measures(o, run);
    if (!e)
        e = set_steps(o, run);
    if (!e)
        e = set_plays(o, run);
    if (!e)
        e = set_sections(o, run);
    if (!e)
        e = set_parts(o, run);
    if (!e)
        e = set_repeat(o, r, run);
    if (!e)
        return o;
    json_decref(o);
    return NULL;
}

json_t *report_summarise_unreadable(const struct report *r, const char *path, const char *why)
{
    const struct scenario s = { .id = path, .path = path };
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    run->scenario = &s;
    run->verdict = VERDICT_BROKEN;
    snprintf(run->why, sizeof run->why, "%s", why);
    json_t *o = report_summarise(r, run);
    if (o && (json_object_set_new(o, "wiring", json_string("")) || json_object_del(o, "repeat"))) {
        json_decref(o);
        o = NULL;
    }
    free(run);
    return o;
}
