/* Answers that go on, as the listener holds them. Private to lib/http. */
#ifndef LAB_HTTP_STREAM_H
#define LAB_HTTP_STREAM_H

#include <microhttpd.h>
#include <pthread.h>

#include "http.h"

/* All answers of a listener that go on. A reader that has got all waits outside of the library's loop, and costs no time; one
 * that is slow holds what more() gave last, and no more is asked for. */
struct http_streams {
    pthread_mutex_t lock; /* guards the rest; never held while a stream is asked */
    struct http_held *first;
    bool ending;
    void (*waits)(void *context); /* somebody waits: when to look again may have changed */
    void *context;
};
void http_streams_init(struct http_streams *all, void (*waits)(void *context), void *context);
/* Lets everybody who waits go on to his end; who comes later ends at once. */
void http_streams_end(struct http_streams *all);
void http_streams_release(struct http_streams *all);
/* Wakes those who were quiet for long enough (monotonic ms); returns when to look again. */
int64_t http_streams_tick(struct http_streams *all, int64_t now);
/* The answer whose body this stream is. Takes the stream. NULL: no memory. */
struct MHD_Response *http_streams_hold(struct http_streams *all, struct MHD_Connection *connection, struct http_stream *stream);

int64_t http_monotonic_ms(void);

#endif
