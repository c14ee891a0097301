/* HTTP between actors. A handler and a caller cannot tell whether the other end is a function (direct wiring) or a TLS
 * socket. Sizes and times are bounded. */
#ifndef LAB_HTTP_HTTP_H
#define LAB_HTTP_HTTP_H

#include <stdint.h>

#include "env.h"
#include "span.h"

struct json_t; /* jansson's */

#define HTTP_BODY_MAX (4u << 20)
#define HTTP_HEADERS_MAX 32
#define HTTP_PATH_PARTS_MAX 8
#define HTTP_TARGET_MAX 4096 /* path and query as sent */

struct http_header {
    const char *name, *value; /* borrowed */
};

struct http_request {
    const char *method;       /* "GET", "POST", "PUT", "DELETE", "PATCH" */
    const char *path;         /* "/v1/swaps/7", without query, percent-decoded; an encoded "/" never gets here */
    const char *query;        /* "" or "a=b&c=d", undecoded */
    const struct http_header *headers;
    size_t header_count;
    struct span body;
    struct span peer;         /* DER of the client's verified certificate; empty when it showed none */
    /* What the route's {parts} matched, in order; filled by http_dispatch. */
    const char *part[HTTP_PATH_PARTS_MAX];
    size_t part_count;
};

/* A body that goes on. A TLS listener holds it: what there is is sent, and more is asked for when the stream was woken, or when it
 * was quiet for so long that a word shows whether the reader is still there. In direct wiring a caller gets what there is at
 * once, and then the end. */
struct http_stream;
struct http_held;
struct http_stream_ops {
    /* Appends what there is now, at most half a MiB; nothing: not yet. `quiet`: nothing went out for quiet_ms. A failure ends the
     * body. Called by one thread at a time, not always the same. */
    enum err (*more)(struct http_stream *s, bool quiet, struct buf *out);
    void (*free)(struct http_stream *s);
};
struct http_stream {
    const struct http_stream_ops *ops;
    int64_t quiet_ms;
    _Atomic(struct http_held *) held; /* the listener's */
};
/* There is more. From any thread that keeps the stream from being freed meanwhile; harmless where nobody holds it. */
void http_stream_wake(struct http_stream *s);

struct http_response {
    int status;
    char content_type[96];
    struct { char name[64], value[512]; } header[8]; /* further headers */
    size_t header_count;
    struct buf body;          /* ceiling HTTP_BODY_MAX */
    struct http_stream *stream; /* owned; NULL: the body is all */
};
#define HTTP_RESPONSE_INIT ((struct http_response){ .body = { .max = HTTP_BODY_MAX } })
void http_response_release(struct http_response *r);
/* Back to nothing; the memory of the body is kept. */
void http_response_clear(struct http_response *r);
/* ERR_LIMIT: too many or too long. ERR_PARSE: no header (line ends, odd names). */
MUST_CHECK enum err http_response_add_header(struct http_response *r, const char *name, const char *value);
/* NULL when absent. */
const char *http_response_header(const struct http_response *r, const char *name);

/* Case-insensitive; NULL when absent. */
const char *http_header(const struct http_request *r, const char *name);
/* Does the request say that its body is of this media type ("application/json")? Parameters behind it do not count. */
bool http_has_type(const struct http_request *r, const char *type);
/* Appends the decoded value of a query parameter; ERR_NOT_FOUND. */
MUST_CHECK enum err http_query(const struct http_request *r, const char *name, struct buf *out);

/* Answers, each replacing what was there. An error body is a problem document (RFC 7807). */
MUST_CHECK enum err http_problem(struct http_response *p, int status, const char *title, const char *detail);
/* Takes value; NULL is ERR_NOMEM, so that http_json(p, 200, json_pack(…)) needs no check of its own. */
MUST_CHECK enum err http_json(struct http_response *p, int status, struct json_t *value);
MUST_CHECK enum err http_text(struct http_response *p, int status, const char *content_type, struct span body);
/* What a handler begins with: anything but ERR_OK is to be returned. ERR_REFUSED after writing 403 (the client showed no
 * verified certificate), or 400 (the body is no JSON object). Gives *out. */
MUST_CHECK enum err http_require_peer(const struct http_request *q, struct http_response *p);
MUST_CHECK enum err http_read_json(const struct http_request *q, struct http_response *p, struct json_t **out);

/* What interfaces of ours begin with, so that a slip is no other request than was meant; those of the GSMA let unknown members
 * pass. ERR_REFUSED after writing 400, with what was perhaps meant and what there is: a name of the query is none of known
 * (NULL-terminated); a member of the object is none of known (json_only), or of another type. */
MUST_CHECK enum err http_only_query(const struct http_request *q, struct http_response *p, const char *const *known);
struct json_member;
MUST_CHECK enum err http_only_members(struct http_response *p, const struct json_t *object, const char *what,
                                      const struct json_member *known);
/* Could this be called? https://name[:port][/target] without a user, a fragment or spaces. */
bool http_url_is_callable(const char *url);

/* A handler answers; it fails only when it cannot (the caller then sees 500), or with ERR_REFUSED after writing the
 * refusal to p, or with ERR_CUT when a fault killed its actor (the caller gets no answer). It never blocks on another
 * actor, except where the protocol itself relays. */
typedef enum err (*http_handler)(void *actor, const struct http_request *q, struct http_response *p);
struct http_route {
    const char *method, *path; /* "/v1/euiccs/{eid}/swap": {…} matches one part */
    http_handler handle;
};
/* Finds the first route that fits (404, 405 with Allow otherwise) and runs it; a failing handler becomes 500 and a log
 * line. ERR_CUT: there is no answer. */
MUST_CHECK enum err http_dispatch(const struct http_route *routes, size_t count, void *actor,
                                  const struct log *log, struct http_request *q, struct http_response *p);

/* An actor as the wiring sees it: routes to serve, a tick to call. */
struct actor;
struct actor_ops {
    const char *role;                   /* "eim", "smdp", … */
    const struct http_route *routes;
    size_t route_count;
    bool mutual_tls;                    /* some routes want a client certificate: the listener asks for one */
    /* Does what is due and returns when it wants to be called next (ms, CLOCK_NEVER). May call others. *e: a failure that
     * the actor cannot mend, ERR_CUT when a fault killed it here. NULL: nothing to do by itself. */
    int64_t (*tick)(struct actor *a, int64_t now, enum err *e);
    void (*free)(struct actor *a);
};
struct actor {
    const struct actor_ops *ops;
};

/* Whom one call believes in TLS instead of the client's roots (trustedPublicKeyDataTls, SGP.32 2.4.1; catalogue A.6): a server's
 * or a CA's certificate, to which the path must lead, or the server's own key. Complete DER, one of the two. The server's
 * name is checked in both, the dates in the first. Without TLS (direct wiring) there is nothing to believe. */
struct http_trust {
    struct span certificate, public_key; /* SubjectPublicKeyInfo */
};

/* Calling. */
struct http_call {
    const char *method;
    const char *url;                    /* https://name[:port]/path?query */
    const struct http_header *headers;
    size_t header_count;
    struct span body;
    int64_t deadline_ms;                /* how long an answer may take; 0: 30 s */
    const struct http_trust *trust;     /* NULL: the client's roots */
};
struct http_client_ops {
    /* ERR_TIMEOUT: no answer, outcome unknown. ERR_IO: not reached. ERR_VERIFY: the server's TLS certificate was refused.
     * ERR_LIMIT: the answer does not fit p. ERR_PARSE: the call itself is malformed. Any HTTP status is an answer: ERR_OK. */
    enum err (*send)(struct http_client *c, const struct http_call *q, struct http_response *p);
    void (*free)(struct http_client *c);
    void (*drop_connections)(struct http_client *c); /* NULL: keeps none */
    uint64_t (*handshakes)(struct http_client *c);   /* NULL: makes none */
};
struct http_client {
    const struct http_client_ops *ops;
};
/* Clears *p first; a NULL client reaches nobody (ERR_IO). Several threads may use one client. */
MUST_CHECK enum err http_send(struct http_client *c, const struct http_call *q, struct http_response *p);
void http_client_free(struct http_client *c); /* NULL is harmless */
#endif
