/* Answers that go on (http.h). The library asks for bytes; where there are none yet its connection is suspended, and resumed when
 * the stream is woken, when it was quiet for long, or when the listener ends. */
#include "stream.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096          /* the library's own buffer for a stream */
#define OUT_MAX (512 << 10) /* of one more() */

struct http_held {
    struct http_held *next, *previous;
    struct http_streams *all;
    struct MHD_Connection *connection;
    struct http_stream *stream;
    struct buf out; /* what more() gave last */
    size_t sent;
    int64_t quiet_at; /* monotonic ms: when it was quiet for too long */
    bool suspended, woken, quiet;
};

/* --- of one stream --------------------------------------------------------------------------------------------- */

/* With the lock held. */
static void resume(struct http_held *h)
{
    h->woken = true;
    if (!h->suspended)
        return;
    h->suspended = false;
    MHD_resume_connection(h->connection);
}

void http_stream_wake(struct http_stream *s)
{
    struct http_held *h = atomic_load(&s->held);
    if (!h)
        return;
    pthread_mutex_lock(&h->all->lock);
    resume(h);
    pthread_mutex_unlock(&h->all->lock);
}

/* What has come to pass since it was last asked. False: the listener ends. */
static bool take_signs(struct http_held *h, bool *quiet)
{
    pthread_mutex_lock(&h->all->lock);
    bool goes_on = !h->all->ending;
    *quiet = h->quiet;
    h->woken = h->quiet = false;
    pthread_mutex_unlock(&h->all->lock);
    return goes_on;
}

/* Unless something came to pass meanwhile. */
static bool suspend(struct http_held *h)
{
    pthread_mutex_lock(&h->all->lock);
    bool waits = !h->woken && !h->all->ending;
    if (waits) {
        h->suspended = true;
        MHD_suspend_connection(h->connection);
    }
    pthread_mutex_unlock(&h->all->lock);
    if (waits)
        h->all->waits(h->all->context);
    return waits;
}

enum more { MORE, NOTHING_YET, THE_END };

static enum more ask(struct http_held *h)
{
    for (;;) {
        bool quiet;
        buf_clear(&h->out);
        h->sent = 0;
        if (!take_signs(h, &quiet) || h->stream->ops->more(h->stream, quiet, &h->out))
            return THE_END;
        if (h->out.len) {
            h->quiet_at = http_monotonic_ms() + h->stream->quiet_ms;
            return MORE;
        }
        if (suspend(h))
            return NOTHING_YET;
    }
}

static ssize_t give(void *context, uint64_t position, char *at, size_t max)
{
    struct http_held *h = context;
    (void)position;
    if (h->sent == h->out.len) {
        enum more m = ask(h);
        if (m != MORE)
            return m == NOTHING_YET ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t n = h->out.len - h->sent < max ? h->out.len - h->sent : max;
    memcpy(at, h->out.at + h->sent, n);
    h->sent += n;
    return (ssize_t)n;
}

static void forget(void *context)
{
    struct http_held *h = context;
    h->stream->ops->free(h->stream); /* from here on nobody wakes it */
    pthread_mutex_lock(&h->all->lock);
    if (h->previous)
        h->previous->next = h->next;
    else
        h->all->first = h->next;
    if (h->next)
        h->next->previous = h->previous;
    pthread_mutex_unlock(&h->all->lock);
    buf_release(&h->out);
    free(h);
}

struct MHD_Response *http_streams_hold(struct http_streams *all, struct MHD_Connection *connection, struct http_stream *stream)
{
    struct http_held *h = calloc(1, sizeof *h);
    struct MHD_Response *r = h ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CHUNK, give, h, forget) : NULL;
    if (!r) {
        free(h);
        stream->ops->free(stream);
        return NULL;
    }
    h->all = all;
    h->connection = connection;
    h->stream = stream;
    h->out.max = OUT_MAX;
    h->quiet_at = http_monotonic_ms() + stream->quiet_ms;
    pthread_mutex_lock(&all->lock);
    h->next = all->first;
    if (h->next)
        h->next->previous = h;
    all->first = h;
    pthread_mutex_unlock(&all->lock);
    atomic_store(&stream->held, h);
    return r;
}

/* --- of all ------------------------------------------------------------------------------------------------------ */

void http_streams_init(struct http_streams *all, void (*waits)(void *context), void *context)
{
    *all = (struct http_streams){ .waits = waits, .context = context };
    pthread_mutex_init(&all->lock, NULL);
}

void http_streams_end(struct http_streams *all)
{
    pthread_mutex_lock(&all->lock);
    all->ending = true;
    for (struct http_held *h = all->first; h; h = h->next)
        resume(h);
    pthread_mutex_unlock(&all->lock);
}

void http_streams_release(struct http_streams *all)
{
    pthread_mutex_destroy(&all->lock);
}

int64_t http_streams_tick(struct http_streams *all, int64_t now)
{
    int64_t next = INT64_MAX;
    pthread_mutex_lock(&all->lock);
    for (struct http_held *h = all->first; h; h = h->next) {
        if (!h->suspended)
            continue;
        if (h->quiet_at <= now) {
            h->quiet = true;
            resume(h);
        } else if (h->quiet_at < next) {
            next = h->quiet_at;
        }
    }
    pthread_mutex_unlock(&all->lock);
    return next;
}
