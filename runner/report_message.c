/* One message opened: decoded, with what its signatures cover, and its bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "der.h"
#include "report_internal.h"

#define TEXT_SHOWN 65536u
#define BYTES_SHOWN 4096u
#define LINES_MAX 2000
#define LINE_SHOWN 400u
#define SIGNED_MAX 16
#define BYTES_A_LINE 32u

/* A line of the decoded text; in a tree "  5F37 euiccSignature1 6436…" two spaces are one level. */
struct line {
    struct span text;
    size_t depth, tag_len;   /* tag_len 0: no line of a tree */
    size_t begin, end;       /* its bytes in the message; equal when unknown */
    bool covered;            /* by a signature */
};

struct opened {
    struct line line[LINES_MAX];
    size_t count;
    struct signed_range {
        size_t begin, end;
        struct span signature; /* name */
    } range[SIGNED_MAX];
    size_t range_count;
};

/* --- the tree ------------------------------------------------------------------------------------------------------ */

static size_t count_of(struct span text, size_t from, const char *among)
{
    size_t n = 0;
    while (from + n < text.len && memchr(among, text.at[from + n], strlen(among)))
        n++;
    return n;
}

static struct line read_line(struct span text)
{
    size_t blanks = count_of(text, 0, " "), digits = count_of(text, blanks, "0123456789ABCDEF");
    size_t after = blanks + digits;
    bool tree = blanks % 2 == 0 && digits >= 2 && digits <= 6 && digits % 2 == 0 &&
                after + 1 < text.len && text.at[after] == ' ' && text.at[after + 1] != ' ';
    return (struct line){ .text = text, .depth = blanks / 2, .tag_len = tree ? digits : 0 };
}

/* Splits; what is over LINES_MAX is left out, and the caller says so. True when all fitted. */
static bool split(struct span text, struct opened *o)
{
    for (size_t at = 0; at < text.len;) {
        if (o->count == LINES_MAX)
            return false;
        const uint8_t *end = memchr(text.at + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.at) - at : text.len - at;
        o->line[o->count++] = read_line(span_sub(text, at, len));
        at += len + 1;
    }
    return true;
}

static bool tag_is(const struct line *l, uint32_t tag)
{
    char text[12];
    int len = snprintf(text, sizeof text, "%02X", (unsigned)tag);
    return l->tag_len == (size_t)len && memcmp(l->text.at + 2 * l->depth, text, l->tag_len) == 0;
}

/* Finds each line's bytes: the tree is the message in order, a line an element. Stops where the two part. */
static void find_bytes(struct opened *o, struct span body)
{
    struct der level[DER_DEPTH_MAX + 1];
    struct der_tlv last = { 0 };
    size_t depth = 0;
    level[0] = der_open(body);
    for (size_t i = 0; i < o->count; i++) {
        struct line *l = &o->line[i];
        if (!l->tag_len)
            continue;
        if (l->depth > depth + 1 || l->depth > DER_DEPTH_MAX)
            return;
        if (l->depth == depth + 1)
            level[l->depth] = der_open(last.value);
        depth = l->depth;
        if (der_next(&level[depth], &last) || !tag_is(l, last.tag))
            return;
        l->begin = (size_t)(last.whole.at - body.at);
        l->end = l->begin + last.whole.len;
    }
}

static struct span name_of(const struct line *l)
{
    size_t from = 2 * l->depth + l->tag_len + 1;
    struct span rest = span_sub(l->text, from, l->text.len);
    const uint8_t *blank = memchr(rest.at, ' ', rest.len);
    return span_sub(rest, 0, blank ? (size_t)(blank - rest.at) : rest.len);
}

/* In RSP a signature is [APPLICATION 55] and stands behind what it covers in the same structure (SGP.22 2.6). */
static void find_signed(struct opened *o)
{
    for (size_t i = 0; i < o->count; i++) {
        if (!tag_is(&o->line[i], 0x5f37))
            continue;
        size_t first = i;
        while (first > 0 && o->line[first - 1].tag_len && o->line[first - 1].depth >= o->line[i].depth)
            o->line[--first].covered = true;
        if (first < i && o->line[i].end && o->range_count < SIGNED_MAX)
            o->range[o->range_count++] =
                (struct signed_range){ o->line[first].begin, o->line[i].begin, name_of(&o->line[i]) };
    }
}

/* A certificate or a code in base64 would bury the rest; its bytes are below. */
static void put_value(struct markup *m, struct span text)
{
    markup_text(m, span_sub(text, 0, LINE_SHOWN));
    if (text.len > LINE_SHOWN)
        markup_put(m, "<em>… %u more characters</em>", (unsigned)(text.len - LINE_SHOWN));
}

static void put_line(struct markup *m, const struct line *l)
{
    if (!l->tag_len) {
        put_value(m, l->text);
        markup_raw(m, "\n");
        return;
    }
    size_t indent = 2 * l->depth;
    struct span name = name_of(l);
    size_t after = indent + l->tag_len + 1 + name.len;
    markup_raw(m, l->covered ? "<span class=\"cov\">" : "<span>");
    markup_text(m, span_sub(l->text, 0, indent));
    markup_raw(m, "<i>");
    markup_text(m, span_sub(l->text, indent, l->tag_len));
    markup_raw(m, "</i> <b>");
    markup_text(m, name);
    markup_raw(m, "</b>");
    put_value(m, span_sub(l->text, after, l->text.len));
    markup_raw(m, "</span>\n");
}

static void put_ranges(struct markup *m, const struct opened *o)
{
    for (size_t i = 0; i < o->range_count; i++) {
        markup_put(m, "<p class=\"note\"><mark>bytes %u–%u</mark> are covered by <b>",
                   (unsigned)o->range[i].begin, (unsigned)o->range[i].end - 1);
        markup_text(m, o->range[i].signature);
        markup_raw(m, "</b></p>\n");
    }
}

/* --- the bytes ------------------------------------------------------------------------------------------------------ */

static bool is_signed(const struct opened *o, size_t at)
{
    for (size_t i = 0; i < o->range_count; i++)
        if (at >= o->range[i].begin && at < o->range[i].end)
            return true;
    return false;
}

static void put_hex_line(struct markup *m, const struct opened *o, struct span body, size_t at)
{
    bool marked = false;
    if (!m->e)
        m->e = buf_printf(m->out, "%05zu  ", at);
    for (size_t i = at; !m->e && i < at + BYTES_A_LINE && i < body.len; i++) {
        if (is_signed(o, i) != marked)
            markup_raw(m, marked ? "</mark>" : "<mark>");
        marked = is_signed(o, i);
        if (!m->e)
            m->e = buf_printf(m->out, "%02x%s", body.at[i], i % 4 == 3 ? " " : "");
    }
    markup_raw(m, marked ? "</mark>\n" : "\n");
}

static void put_bytes(struct markup *m, const struct opened *o, const struct trace_message *message)
{
    struct span body = buf_span(&message->body), shown = span_sub(body, 0, BYTES_SHOWN);
    if (!body.len)
        return;
    markup_put(m, "<details class=\"bytes\"><summary>%u bytes</summary><pre>", (unsigned)body.len);
    if (message->kind == TRACE_JSON || message->kind == TRACE_TEXT)
        markup_text(m, shown);
    else
        for (size_t at = 0; at < shown.len; at += BYTES_A_LINE)
            put_hex_line(m, o, shown, at);
    markup_raw(m, "</pre>");
    if (body.len > shown.len)
        markup_put(m, "<p class=\"note\">the first %u bytes; the trace has all</p>", (unsigned)shown.len);
    markup_raw(m, "</details>\n");
}

void report_put_message(struct markup *m, const struct trace_message *message)
{
    struct buf text = { .max = 8 << 20 };
    struct opened *o = calloc(1, sizeof *o);
    enum err e = o ? trace_explain(message, &text) : ERR_NOMEM;
    if (e == ERR_NOMEM)
        m->e = e;
    struct span shown = span_sub(buf_span(&text), 0, TEXT_SHOWN);
    if (!e && !m->e) {
        bool all = split(shown, o);
        if (message->kind == TRACE_DER)
            find_bytes(o, buf_span(&message->body));
        find_signed(o);
        markup_raw(m, "<pre class=\"tree\">");
        for (size_t i = 0; i < o->count; i++)
            put_line(m, &o->line[i]);
        markup_raw(m, "</pre>\n");
        if (!all || shown.len < text.len)
            markup_raw(m, "<p class=\"note\">only its beginning is shown decoded; the trace has all</p>");
        put_ranges(m, o);
    } else if (!m->e)
        markup_put(m, "<p class=\"note\">cannot be decoded: %s</p>\n", err_name(e));
    if (o && !m->e)
        put_bytes(m, o, message);
    free(o);
    buf_release(&text);
}
