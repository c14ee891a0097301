#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "trace_names.h"

#define INJECTED_MAX 16
#define PATH_KEPT 2048
#define BUCKETS 4096
#define PREFIX 4 /* octets: the shortest that is hidden */

struct trace {
    struct clock *clock;
    bool keep, bare;
    pthread_mutex_t lock;
    struct trace_message **messages;
    size_t count, room;
    unsigned numbered;
    struct hidden {
        struct buf bytes;
        bool forbidden;
        bool hex;            /* its digits: sought in text only */
        size_t next;         /* in its bucket, from 1; 0 none */
    } *hidden;
    size_t hidden_count;
    size_t bucket[BUCKETS];  /* by the first octets, from 1 */
    _Atomic size_t leaks;
    char injected_by[INJECTED_MAX][TRACE_NAME_MAX]; /* whose next message a fault has changed */
    size_t injected_count;
};

enum err trace_new(struct clock *clock, bool keep, struct trace **out)
{
    struct trace *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    t->clock = clock;
    t->keep = keep;
    pthread_mutex_init(&t->lock, NULL);
    *out = t;
    return ERR_OK;
}

void trace_free(struct trace *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        buf_release(&t->messages[i]->body);
        free(t->messages[i]);
    }
    for (size_t i = 0; i < t->hidden_count; i++) {
        memory_clear(t->hidden[i].bytes.at, t->hidden[i].bytes.len);
        buf_release(&t->hidden[i].bytes);
    }
    free(t->messages);
    free(t->hidden);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* --- redaction -------------------------------------------------------------------------------- */

static size_t bucket_of(const uint8_t *at)
{
    uint32_t word = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return word * 2654435761u >> 20;
}

static enum err hide_form(struct trace *t, struct span form, bool forbidden, bool hex)
{
    struct hidden *grown = realloc(t->hidden, (t->hidden_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    t->hidden = grown;
    struct hidden *h = &grown[t->hidden_count];
    size_t *bucket = &t->bucket[bucket_of(form.at)];
    *h = (struct hidden){ .bytes.max = 8192, .forbidden = forbidden, .hex = hex, .next = *bucket };
    enum err e = buf_put(&h->bytes, form);
    if (!e)
        *bucket = ++t->hidden_count;
    return e;
}

static enum err hide(struct trace *t, struct span secret, bool forbidden)
{
    if (!t->keep || t->bare || secret.len < PREFIX)
        return ERR_OK;
    struct buf lower = { .max = 8192 }, upper = { .max = 8192 };
    enum err e = hex_put(&lower, secret);
    if (!e)
        e = hex_put_upper(&upper, secret);
    if (!e)
        e = hide_form(t, secret, forbidden, false);
    if (!e)
        e = hide_form(t, buf_span(&lower), forbidden, true);
    if (!e)
        e = hide_form(t, buf_span(&upper), forbidden, true);
    memory_clear(lower.at, lower.len);
    memory_clear(upper.at, upper.len);
    buf_release(&lower);
    buf_release(&upper);
    return e;
}

void trace_lay_bare(struct trace *t)
{
    t->bare = true;
}

enum err trace_hide(struct trace *t, struct span secret)
{
    return hide(t, secret, false);
}

enum err trace_forbid(struct trace *t, struct span key)
{
    return hide(t, key, true);
}

size_t trace_leaks(const struct trace *t)
{
    return t->leaks;
}

/* The longest hidden value that begins here; NULL. */
static const struct hidden *hidden_at(const struct trace *t, struct span rest, bool text)
{
    const struct hidden *best = NULL;
    for (size_t i = t->bucket[bucket_of(rest.at)]; i; i = t->hidden[i - 1].next) {
        const struct hidden *h = &t->hidden[i - 1];
        bool fits = h->bytes.len <= rest.len && (text || !h->hex) && (!best || h->bytes.len > best->bytes.len);
        if (fits && memcmp(h->bytes.at, rest.at, h->bytes.len) == 0)
            best = h;
    }
    return best;
}

/* One pass whatever is hidden: a world of a thousand devices hides thousands of keys. */
static bool mask_all(struct trace *t, struct span bytes, bool text)
{
    bool any = false;
    for (size_t at = 0; t->hidden_count && at + PREFIX <= bytes.len;) {
        const struct hidden *h = hidden_at(t, span_sub(bytes, at, bytes.len), text);
        if (h) {
            memset((uint8_t *)bytes.at + at, '*', h->bytes.len);
            t->leaks += h->forbidden;
            any = true;
        }
        at += h ? h->bytes.len : 1;
    }
    return any;
}

/* A base64 member is opened, masked inside and closed again: codes travel in signed DER. */
static void redact_json_string(struct trace *t, json_t *value)
{
    struct span text = span_of(json_string_value(value), json_string_length(value));
    struct buf bytes = { .max = HTTP_BODY_MAX }, again = { .max = 2 * HTTP_BODY_MAX };
    if (text.len >= 16 && base64_decode(text, &bytes) == ERR_OK && mask_all(t, buf_span(&bytes), false) &&
        base64_put(&again, buf_span(&bytes)) == ERR_OK)
        json_string_setn(value, (const char *)again.at, again.len);
    buf_release(&bytes);
    buf_release(&again);
}

static void redact_json(struct trace *t, json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_string(value))
        redact_json_string(t, value);
    json_object_foreach(value, key, member)
        redact_json(t, member);
    json_array_foreach(value, i, member)
        redact_json(t, member);
}

void trace_redact(struct trace *t, enum trace_body kind, struct buf *body)
{
    json_t *root = NULL;
    char why[160];
    if (kind == TRACE_JSON && t->hidden_count && json_read(buf_span(body), &root, why) == ERR_OK) {
        redact_json(t, root);
        struct buf again = { .max = body->max };
        if (json_write(root, &again) == ERR_OK) {
            buf_release(body);
            *body = again;
        } else
            buf_release(&again);
        json_decref(root);
    }
    mask_all(t, buf_span(body), kind == TRACE_JSON || kind == TRACE_TEXT);
}

/* --- recording --------------------------------------------------------------------------------- */

/* A card speaks under the name of its device. */
static bool speaks_for(const char *from, const char *part)
{
    size_t len = strlen(part);
    return strncmp(from, part, len) == 0 && (!from[len] || strcmp(from + len, " card") == 0);
}

static bool take_injected(struct trace *t, const char *from)
{
    for (size_t i = 0; i < t->injected_count; i++)
        if (speaks_for(from, t->injected_by[i])) {
            memmove(t->injected_by[i], t->injected_by[--t->injected_count], TRACE_NAME_MAX);
            return true;
        }
    return false;
}

/* A fresh message in the list, lock held; NULL when only counting or out of memory. */
static struct trace_message *add(struct trace *t, const char *from, const char *to)
{
    t->numbered++;
    if (!t->keep)
        return NULL;
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 256;
        struct trace_message **grown = realloc(t->messages, room * sizeof(struct trace_message *));
        if (!grown)
            return NULL;
        t->messages = grown;
        t->room = room;
    }
    struct trace_message *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->number = t->numbered;
    m->at = clock_now(t->clock);
    m->body.max = HTTP_BODY_MAX;
    snprintf(m->from, sizeof m->from, "%s", from);
    snprintf(m->to, sizeof m->to, "%s", to);
    m->injected = take_injected(t, from);
    t->messages[t->count++] = m;
    return m;
}

static enum trace_body body_kind(const char *type, struct span body)
{
    if (!body.len)
        return TRACE_EMPTY;
    if (strstr(type, "asn1"))
        return TRACE_DER;
    return strstr(type, "json") || body.at[0] == '{' || body.at[0] == '[' ? TRACE_JSON : TRACE_TEXT;
}

const char *trace_call_path(const struct http_call *q)
{
    const char *authority = strstr(q->url, "://");
    const char *path = authority ? strchr(authority + 3, '/') : NULL;
    return path ? path : "/";
}

/* Imports that carry K and OPc are never kept, not even masked. */
static bool unrecorded(const char *path)
{
    return strncmp(path, "/v1/subscribers", 15) == 0 ||
           (strncmp(path, "/v1/profiles", 12) == 0 && path[12] == 0) || strncmp(path, "/v1/profile-types", 17) == 0;
}

static const char *call_header(const struct http_call *q, const char *name)
{
    for (size_t i = 0; i < q->header_count; i++)
        if (strcasecmp(q->headers[i].name, name) == 0)
            return q->headers[i].value;
    return "";
}

static void keep_body(struct trace *t, struct trace_message *m, enum trace_body kind, struct span body)
{
    m->kind = kind;
    if (buf_put(&m->body, body) == ERR_OK)
        trace_redact(t, kind, &m->body);
}

/* Codes may stand in a path; masked before anything is cut to its field. */
static void masked_path(struct trace *t, const char *path, char out[PATH_KEPT])
{
    snprintf(out, PATH_KEPT, "%s", path);
    mask_all(t, span_str(out), true);
}

void trace_http_request(struct trace *t, const char *from, const char *to, const struct http_call *q)
{
    const char *path = trace_call_path(q);
    if (unrecorded(path))
        return;
    pthread_mutex_lock(&t->lock);
    struct trace_message *m = add(t, from, to);
    if (m) {
        char shown[PATH_KEPT];
        masked_path(t, path, shown);
        trace_name_http(q->method, shown, q->body, false, m->via, m->name);
        snprintf(m->line, sizeof m->line, "%s %s", q->method, shown);
        keep_body(t, m, body_kind(call_header(q, "Content-Type"), q->body), q->body);
    }
    pthread_mutex_unlock(&t->lock);
}

void trace_http_response(struct trace *t, const char *from, const char *to, const struct http_call *q,
                         const struct http_response *p, enum err e)
{
    const char *path = trace_call_path(q);
    if (unrecorded(path))
        return;
    pthread_mutex_lock(&t->lock);
    struct trace_message *m = add(t, from, to);
    if (m) {
        char shown[PATH_KEPT];
        masked_path(t, path, shown);
        trace_name_http(q->method, shown, e ? (struct span){ 0 } : buf_span(&p->body), true, m->via, m->name);
        m->status = e ? 0 : p->status;
        if (e)
            snprintf(m->line, sizeof m->line, "no answer: %s", err_name(e));
        else {
            snprintf(m->line, sizeof m->line, "HTTP %d", p->status);
            keep_body(t, m, body_kind(p->content_type, buf_span(&p->body)), buf_span(&p->body));
        }
    }
    pthread_mutex_unlock(&t->lock);
}

/* --- cards -------------------------------------------------------------------------------------- */

struct trace_card {
    struct trace *trace;
    char device[TRACE_NAME_MAX - 8], card[TRACE_NAME_MAX];
    bool es10;             /* the command under way is a STORE DATA */
    struct buf command, response;
};

enum err trace_card_new(struct trace *t, const char *device, struct trace_card **out)
{
    struct trace_card *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->trace = t;
    snprintf(c->device, sizeof c->device, "%s", device);
    snprintf(c->card, sizeof c->card, "%.50s card", device);
    c->command.max = c->response.max = 128 << 10;
    *out = c;
    return ERR_OK;
}

void trace_card_free(struct trace_card *c)
{
    if (!c)
        return;
    buf_release(&c->command);
    buf_release(&c->response);
    free(c);
}

static void record_card(struct trace_card *c, const char *via, bool response, unsigned sw)
{
    struct trace *t = c->trace;
    struct span body = buf_span(response ? &c->response : &c->command);
    pthread_mutex_lock(&t->lock);
    struct trace_message *m = response ? add(t, c->card, c->device) : add(t, c->device, c->card);
    if (m) {
        snprintf(m->via, sizeof m->via, "%s", via);
        if (c->es10)
            trace_name_es10(body.len ? body : buf_span(&c->command), response, m->name);
        else
            trace_name_uicc(buf_span(&c->command), response, m->name);
        if (response)
            snprintf(m->line, sizeof m->line, "%04X", sw);
        m->status = response ? (int)sw : 0;
        keep_body(t, m, !body.len ? TRACE_EMPTY : c->es10 ? TRACE_DER : TRACE_BYTES, body);
    }
    pthread_mutex_unlock(&t->lock);
}

/* Begins or goes on with a command; true when it is complete. */
static bool take_command(struct trace_card *c, struct span command)
{
    uint8_t ins = command.at[1];
    bool store_data = ins == 0xe2 && (command.at[0] & 0x80);
    bool goes_on = store_data && command.at[3] != 0;
    if (!goes_on) {
        buf_clear(&c->command);
        buf_clear(&c->response);
    }
    c->es10 = store_data;
    struct span data = store_data && command.len > 5 ? span_sub(command, 5, command.at[4]) : command;
    if (store_data && command.len <= 5)
        data = (struct span){ 0 };
    return buf_put(&c->command, data) == ERR_OK && (!store_data || command.at[2] & 0x80);
}

/* AUTHENTICATE answers with CK and IK: never kept. */
static void take_response(struct trace_card *c, struct span data)
{
    bool keys = !c->es10 && c->command.len > 1 && c->command.at[1] == 0x88;
    if (buf_put(&c->response, data) == ERR_OK && keys && c->response.len > 1)
        memset(c->response.at + 1, '*', c->response.len - 1);
}

void trace_card_apdu(struct trace_card *c, struct span command, struct span response)
{
    if (command.len < 4 || response.len < 2)
        return;
    bool get_response = command.at[1] == 0xc0;
    bool complete = get_response || take_command(c, command);
    unsigned sw = (unsigned)response.at[response.len - 2] << 8 | response.at[response.len - 1];
    if (complete && !get_response)
        record_card(c, c->es10 ? "ES10" : "UICC", false, 0);
    take_response(c, span_sub(response, 0, response.len - 2));
    bool more = sw >> 8 == 0x61 || sw >> 8 == 0x6c;
    if ((complete && !more) || (!complete && sw != 0x9000))
        record_card(c, c->es10 ? "ES10" : "UICC", true, sw);
}

/* --- reading ------------------------------------------------------------------------------------- */

void trace_mark_injected(struct trace *t, const char *part)
{
    pthread_mutex_lock(&t->lock);
    if (t->keep && t->injected_count < INJECTED_MAX)
        snprintf(t->injected_by[t->injected_count++], TRACE_NAME_MAX, "%s", part);
    pthread_mutex_unlock(&t->lock);
}

size_t trace_count(const struct trace *t)
{
    return t->count;
}

const struct trace_message *trace_message(const struct trace *t, size_t index)
{
    return t->messages[index];
}

static enum err put_line(const struct trace_message *m, struct buf *out)
{
    json_t *o = json_object();
    enum err e = o ? json_set_int(o, "number", m->number) : ERR_NOMEM;
    const struct { const char *member, *value; } texts[] = {
        { "from", m->from }, { "to", m->to }, { "via", m->via }, { "name", m->name }, { "line", m->line },
    };
    if (!e)
        e = json_set_int(o, "at", m->at);
    for (size_t i = 0; !e && i < COUNT(texts); i++)
        e = json_set_str(o, texts[i].member, texts[i].value);
    if (!e && m->kind == TRACE_JSON)
        e = json_set_base64(o, "json", buf_span(&m->body));
    else if (!e && m->body.len)
        e = json_set_hex(o, "bytes", buf_span(&m->body));
    if (!e && m->injected)
        e = json_set_bool(o, "injected", true);
    if (!e)
        e = json_write(o, out);
    json_decref(o);
    return e ? e : buf_put_u8(out, '\n');
}

enum err trace_put_json_lines(const struct trace *t, struct buf *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < t->count; i++)
        e = put_line(t->messages[i], out);
    return e;
}
