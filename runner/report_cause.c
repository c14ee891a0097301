/* What went wrong first: the events tell why a check failed and which section asks for it, the messages who said so. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* --- a message that carries an error --------------------------------------------------------------------------- */

/* The part's own words for a refusal: RFC 9457, or the status code data of ES2+ and ES9+ (SGP.22 5.2.6). */
static bool json_error(const json_t *body, bool refused, char text[200])
{
    const json_t *header = json_object_get(body, "header");
    const json_t *status = json_object_get(header, "functionExecutionStatus");
    const json_t *code = json_object_get(status, "statusCodeData");
    const char *word = json_str(status, "status");
    if (word && strcmp(word, "Failed") == 0) {
        const char *subject = json_str(code, "subjectCode"), *reason = json_str(code, "reasonCode");
        const char *message = json_str(code, "message");
        snprintf(text, 200, "%.20s/%.20s %.140s", subject ? subject : "?", reason ? reason : "?", message ? message : "");
        return true;
    }
    const char *detail = json_str(body, "detail"), *title = json_str(body, "title");
    if (refused && (detail || title))
        snprintf(text, 200, "%.190s", detail ? detail : title);
    return false;
}

static bool http_error(const struct trace_message *m, char text[200])
{
    bool refused = m->status >= 400;
    json_t *body = NULL;
    if (refused)
        snprintf(text, 200, "%.100s answers HTTP %d", m->from, m->status);
    if (m->kind == TRACE_JSON && json_read(buf_span(&m->body), &body, NULL) == ERR_OK)
        refused |= json_error(body, refused, text);
    json_decref(body);
    return refused;
}

static bool card_error(const struct trace_message *m, char text[200])
{
    unsigned kind = (unsigned)m->status >> 8;
    if (!m->status || m->status == 0x9000 || kind == 0x91 || kind == 0x61 || kind == 0x6c || kind == 0x9f)
        return false;
    snprintf(text, 200, "%.60s answers %04X to %.80s", m->from, (unsigned)m->status, m->name);
    return true;
}

enum line_says { LINE_FINE, LINE_WRAPS_ERROR, LINE_TELLS_ERROR };

/* "  02 authenticateErrorCode 3 invalidSignature" and "  83 enableResult 1 iccidOrAidNotFound" tell, "  A2
 * euiccPackageErrorUnsigned" wraps; that nothing is queued is no error. */
static enum line_says read_line(struct span line, char text[200])
{
    char copy[200];
    snprintf(copy, sizeof copy, "%.*s", (int)(line.len < 190 ? line.len : 190), (const char *)line.at);
    char *tag = copy + strspn(copy, " "), *name = strchr(tag, ' ');
    if (!name)
        return LINE_FINE;
    size_t len = strcspn(++name, " ");
    const char *error = strstr(name, "rror"), *result = len > 6 ? name + len - 6 : "";
    bool named = error && error < name + len && !strstr(name, "noEimPackageAvailable");
    bool refused = strncmp(result, "Result ", 7) == 0 && result[7] >= '1' && result[7] <= '9' && strchr(result + 7, ' ');
    if (!named && !refused)
        return LINE_FINE;
    snprintf(text, 200, "%s", name);
    return name[len] ? LINE_TELLS_ERROR : LINE_WRAPS_ERROR;
}

/* The innermost that is told, else what wraps it. */
static bool tree_error(const struct trace_message *m, char text[200])
{
    struct buf tree = { .max = 4 << 20 };
    enum line_says best = LINE_FINE;
    char candidate[200];
    if (trace_explain(m, &tree) == ERR_OK)
        for (size_t at = 0; best != LINE_TELLS_ERROR && at < tree.len;) {
            const uint8_t *end = memchr(tree.at + at, '\n', tree.len - at);
            size_t len = end ? (size_t)(end - tree.at) - at : tree.len - at;
            enum line_says says = read_line(span_of(tree.at + at, len), candidate);
            if (says > best) {
                best = says;
                snprintf(text, 200, "%s", candidate);
            }
            at += len + 1;
        }
    buf_release(&tree);
    return best != LINE_FINE;
}

bool report_message_error(const struct trace_message *m, char text[200])
{
    text[0] = 0;
    if (strncmp(m->line, "no answer", 9) == 0) {
        snprintf(text, 200, "%s", m->line);
        return true;
    }
    bool card = strcmp(m->via, "ES10") == 0 || strcmp(m->via, "UICC") == 0;
    if (card ? card_error(m, text) : http_error(m, text))
        return true;
    return m->kind == TRACE_DER && tree_error(m, text);
}

/* --- the first of a range ---------------------------------------------------------------------------------------- */

static bool search(const struct trace *t, unsigned first, unsigned last, struct report_cause *out)
{
    for (unsigned n = first ? first : 1; n <= last && n <= trace_count(t); n++) {
        const struct trace_message *m = trace_message(t, n - 1);
        if (m->injected && !out->injected) {
            out->injected = m->number;
            snprintf(out->injected_name, sizeof out->injected_name, "%s", m->name);
        }
        char text[200];
        if (!out->message && report_message_error(m, text)) {
            out->message = m->number;
            snprintf(out->text, sizeof out->text, "%s", text);
            snprintf(out->actor, sizeof out->actor, "%s", m->from);
        }
    }
    return out->message;
}

/* The first failure that a part reported at `since` or later, with its section. */
static void search_events(struct span lines, int64_t since, struct report_cause *out)
{
    for (size_t at = 0; at < lines.len;) {
        const uint8_t *end = memchr(lines.at + at, '\n', lines.len - at);
        struct span line = span_sub(lines, at, end ? (size_t)(end - lines.at) - at : lines.len);
        at += line.len + 1;
        json_t *event = NULL;
        int64_t when = 0;
        if (!memmem(line.at, line.len, "\"failure\"", 9) || json_read(line, &event, NULL))
            continue;
        const char *name = json_str(event, "event"), *stamp = json_str(event, "at"), *what = json_str(event, "what");
        const char *section = json_str(event, "section"), *actor = json_str(event, "actor");
        bool found = name && strcmp(name, "failure") == 0 && stamp && what && section && actor &&
                     clock_parse_iso8601(span_str(stamp), &when) == ERR_OK && when >= since;
        if (found) {
            snprintf(out->text, sizeof out->text, "%s", what);
            snprintf(out->rule, sizeof out->rule, "%s", section);
            snprintf(out->actor, sizeof out->actor, "%s", actor);
        }
        json_decref(event);
        if (found)
            return;
    }
}

void report_find_cause(const struct run *run, struct report_cause *out)
{
    *out = (struct report_cause){ 0 };
    if (!run->world || !run->world->trace || run->verdict == VERDICT_PASSED || run->verdict == VERDICT_SKIPPED)
        return;
    const struct trace *t = run->world->trace;
    const struct run_step *last = run->step_count ? &run->step[run->step_count - 1] : NULL;
    unsigned all = (unsigned)trace_count(t);
    /* What a step broke shows in its own messages, or in those of the steps before. */
    if (!last || !search(t, last->first_message, last->last_message, out))
        search(t, run->step_count ? run->step[0].first_message : 1, all, out);
    search_events(buf_span(&run->world->log_sink.lines), last ? last->began : 0, out);
    if (!out->text[0])
        snprintf(out->text, sizeof out->text, "%s", run->cause);
}
