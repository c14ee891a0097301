/* Server-sent events: what came after the id that the reader had last, and then what comes, until he goes; or what there is, and
 * the end. A reader who is slow holds up nobody: he is given more when he has taken what he was given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eim_internal.h"

#define ANSWER_MAX (1 << 20) /* octets of an answer that ends; who wants more asks again */
#define BATCH 1000           /* events of one */
#define PIECE_MAX (256 << 10) /* octets that a held stream gives at once; an event has at most half of that */
#define PIECE_BATCH 200
#define STREAMS_MAX 256      /* held, of all tenants */
#define TENANT_STREAMS_MAX 16

/* --- what there is --------------------------------------------------------------------------------------- */

struct reading {
    struct buf *out;
    size_t max;
    int64_t last; /* number of the last event that was put */
    bool full;
};

static enum err put_event(void *context, const struct db_row *r)
{
    struct reading *to = context;
    const char *body = db_text(r, 2);
    to->full = to->full || to->out->len + strlen(body) + 200 > to->max;
    if (to->full)
        return ERR_OK;
    to->last = db_int(r, 0);
    return buf_printf(to->out, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)db_int(r, 0),
                      eim_event_name((enum eim_event)db_int(r, 1)), body);
}

/* Moves *after to the last one that was put. */
static enum err put_events_after(struct eim *e, const char *tenant, int64_t *after, size_t max, int64_t batch, struct buf *out)
{
    struct reading to = { .out = out, .max = max, .last = *after };
    int64_t oldest = 0;
    enum err x = db_get_int(e->env->db, "SELECT number FROM event WHERE tenant = ? ORDER BY number LIMIT 1",
                            DB_ARGS(DB_TEXT(tenant)), &oldest);
    if (x)
        return x == ERR_NOT_FOUND ? ERR_OK : x;
    if (*after < oldest - 1)
        x = buf_printf(out, "event: lost\ndata: {\"after\":%lld,\"before\":%lld}\n\n", (long long)*after, (long long)oldest);
    if (!x)
        x = db_query(e->env->db, "SELECT number, kind, body FROM event WHERE tenant = ? AND number > ? ORDER BY number LIMIT ?",
                     DB_ARGS(DB_TEXT(tenant), DB_INT(*after), DB_INT(batch)), put_event, &to);
    *after = to.last;
    return x == ERR_NOT_FOUND ? ERR_OK : x;
}

/* Where a reader begins: after his last id, else from now on, with an id to come back with. One whose id is not given yet was
 * reading from a store that was restored since: what there is he may have had or not, and is told so. */
static enum err put_beginning(struct eim *e, const char *tenant, const char *last, int64_t *after, struct buf *out)
{
    int64_t newest = 0;
    enum err x = buf_put_str(out, "retry: 2000\n\n");
    if (!x)
        x = db_get_int(e->env->db, "SELECT COALESCE(MAX(number), 0) FROM event WHERE tenant = ?", DB_ARGS(DB_TEXT(tenant)), &newest);
    if (x || (last && *after <= newest))
        return x;
    if (last)
        x = buf_printf(out, "event: lost\ndata: {\"after\":%lld,\"before\":%lld}\n", (long long)*after, (long long)newest + 1);
    *after = newest;
    return x ? x : buf_printf(out, "id: %lld\n\n", (long long)newest);
}

/* --- held ------------------------------------------------------------------------------------------------- */

struct eim_stream {
    struct http_stream stream;
    struct eim *eim;
    struct eim_stream *next, *previous;
    struct eim_caller who;
    int64_t after;
    struct buf begin; /* said first */
};

/* An API key may have been taken back. */
static enum err may_go_on(struct eim *e, const struct eim_caller *who)
{
    return who->key[0] ? eim_key_holds(e, who->key, EIM_READ) : ERR_OK;
}

static enum err give_more(struct http_stream *base, bool quiet, struct buf *out)
{
    struct eim_stream *s = (struct eim_stream *)base;
    enum err x = may_go_on(s->eim, &s->who);
    if (!x)
        x = buf_put(out, buf_span(&s->begin));
    buf_clear(&s->begin);
    if (!x)
        x = put_events_after(s->eim, s->who.tenant, &s->after, PIECE_MAX, PIECE_BATCH, out);
    return x || out->len || !quiet ? x : buf_put_str(out, ":\n\n");
}

static void stream_free(struct http_stream *base)
{
    struct eim_stream *s = (struct eim_stream *)base;
    struct eim *e = s->eim;
    pthread_mutex_lock(&e->streams_lock);
    if (s->previous)
        s->previous->next = s->next;
    else
        e->streams = s->next;
    if (s->next)
        s->next->previous = s->previous;
    pthread_mutex_unlock(&e->streams_lock);
    buf_release(&s->begin);
    free(s);
}

static const struct http_stream_ops stream_ops = { give_more, stream_free };

/* ERR_LIMIT: there are enough. */
static enum err join(struct eim *e, struct eim_stream *s)
{
    size_t all = 0, own = 0;
    pthread_mutex_lock(&e->streams_lock);
    for (const struct eim_stream *o = e->streams; o; o = o->next) {
        all++;
        own += strcmp(o->who.tenant, s->who.tenant) == 0;
    }
    bool fits = all < STREAMS_MAX && own < TENANT_STREAMS_MAX;
    if (fits) {
        s->next = e->streams;
        if (s->next)
            s->next->previous = s;
        e->streams = s;
    }
    pthread_mutex_unlock(&e->streams_lock);
    return fits ? ERR_OK : ERR_LIMIT;
}

void eim_streams_wake(struct eim *e, const char *tenant)
{
    pthread_mutex_lock(&e->streams_lock);
    for (struct eim_stream *s = e->streams; s; s = s->next)
        if (strcmp(s->who.tenant, tenant) == 0)
            http_stream_wake(&s->stream);
    pthread_mutex_unlock(&e->streams_lock);
}

static enum err refuse_stream(struct http_response *p)
{
    enum err x = http_problem(p, 503, "too many streams", "a tenant reads at most 16 at once; close one, or ask with follow=false");
    if (!x)
        x = http_response_add_header(p, "Retry-After", "10");
    return x ? x : ERR_REFUSED;
}

static enum err hold(struct eim *e, const struct eim_caller *who, const char *last, int64_t after, struct http_response *p)
{
    struct eim_stream *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    *s = (struct eim_stream){ .stream = { .ops = &stream_ops, .quiet_ms = e->heartbeat_ms }, .eim = e, .who = *who,
                              .after = after, .begin = { .max = 128 } };
    enum err x = put_beginning(e, who->tenant, last, &s->after, &s->begin);
    if (!x)
        x = join(e, s);
    if (!x) {
        p->stream = &s->stream;
        return ERR_OK;
    }
    buf_release(&s->begin);
    free(s);
    return x == ERR_LIMIT ? refuse_stream(p) : x;
}

/* --- GET /v1/events ------------------------------------------------------------------------------------------ */

static enum err read_last_id(const char *text, int64_t *out)
{
    char *end = NULL;
    *out = strtoll(text, &end, 10);
    return end != text && !*end && *out >= 0 && *out < INT64_MAX ? ERR_OK : ERR_PARSE;
}

static enum err read_follow(const struct http_request *q, bool *out)
{
    struct buf text = { .max = 8 };
    enum err x = http_query(q, "follow", &text);
    *out = x == ERR_NOT_FOUND || span_equal(buf_span(&text), span_str("true"));
    bool fine = *out || (!x && span_equal(buf_span(&text), span_str("false")));
    buf_release(&text);
    return fine ? ERR_OK : ERR_PARSE;
}

static enum err answer_once(struct eim *e, const char *tenant, const char *last, int64_t after, struct buf *out)
{
    enum err x = put_beginning(e, tenant, last, &after, out);
    return x || !last ? x : put_events_after(e, tenant, &after, ANSWER_MAX, BATCH, out);
}

enum err eim_read_events(void *actor, const struct http_request *q, struct http_response *p)
{
    struct eim *e = actor;
    struct eim_caller who;
    struct buf out = { .max = ANSWER_MAX + 1024 };
    const char *last = http_header(q, "Last-Event-ID");
    int64_t after = 0;
    bool follow = true;
    static const char *const query[] = { "follow", NULL };
    enum err x = eim_authorize_query(e, q, p, EIM_READ, query, &who);
    if (!x && last && read_last_id(last, &after))
        x = eim_problem(p, 400, "Last-Event-ID is wrong", "the id of an event is wanted");
    if (!x && read_follow(q, &follow))
        x = eim_problem(p, 400, "follow is wrong", "true (the default) or false is wanted");
    if (!x && !follow)
        x = answer_once(e, who.tenant, last, after, &out);
    if (!x)
        x = http_text(p, 200, "text/event-stream", buf_span(&out));
    if (!x)
        x = http_response_add_header(p, "Cache-Control", "no-store");
    if (!x && follow)
        x = hold(e, &who, last, after, p);
    buf_release(&out);
    return x;
}
