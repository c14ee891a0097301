/* The listener of an actor: libmicrohttpd with GnuTLS. It takes requests apart, bounds them, and hands them to the
 * routes; what it refuses itself looks the same as in direct wiring. */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_parts.h"
#include "stream.h"

#define IDLE_SECONDS 30
#define REQUEST_SECONDS 30
#define CONNECTIONS 4096
#define CONNECTION_MEMORY (32u << 10) /* request line and headers fit in here, or 431 */
#define DISCARD_MAX (4 * (uint64_t)HTTP_BODY_MAX) /* of a body too big: read on so that the answer gets through */

/* One TCP connection. `quiet_since` bounds how long its next request may take to arrive, however slowly it drips. */
struct line {
    struct line *next, *previous;
    int fd;
    int64_t quiet_since; /* monotonic ms: connected, or the last answer done */
    bool handling;
    bool arriving; /* its request line was seen, and not all of the request yet */
    bool judged;
    struct span peer;
};

struct http_server {
    const struct env *env;
    struct actor *actor;
    struct trust *clients;
    void (*served)(void *context); /* NULL: nobody wants to know */
    void *served_context;
    struct MHD_Daemon *daemon;
    char *key_pem, *certificate_pem;
    size_t body_max;
    int64_t arrival_ms; /* how long a connection may go without a complete request */
    uint16_t port;
    bool tls;
    pthread_t reaper;
    bool reaping;
    pthread_mutex_t lock; /* guards lines and stopping */
    pthread_cond_t wake;
    bool stopping;
    struct line *lines;
    bool look_again; /* a stream waits since the reaper looked */
    struct http_streams streams;
};

/* One request while it arrives and is answered. */
struct exchange {
    struct buf body;
    uint64_t discarded;
    int refused; /* status, 0: go on */
    bool seen;   /* its headers were looked at */
    struct http_target target;
};

int64_t http_monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static struct line *line_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? info->tls_session : NULL;
}

static void line_open(struct http_server *s, struct MHD_Connection *connection, void **context)
{
    struct line *l = calloc(1, sizeof *l);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!l || !info) {
        free(l);
        return;
    }
    /* Asked for, not required: routes without mutual TLS serve those who have none. The list of CAs stays empty. */
    if (s->tls && s->clients)
        gnutls_certificate_server_set_request(session_of(connection), GNUTLS_CERT_REQUEST);
    l->fd = info->connect_fd;
    l->quiet_since = http_monotonic_ms();
    pthread_mutex_lock(&s->lock);
    l->next = s->lines;
    if (s->lines)
        s->lines->previous = l;
    s->lines = l;
    pthread_mutex_unlock(&s->lock);
    *context = l;
}

static void line_close(struct http_server *s, void **context)
{
    struct line *l = *context;
    if (!l)
        return;
    pthread_mutex_lock(&s->lock);
    if (l->previous)
        l->previous->next = l->next;
    else
        s->lines = l->next;
    if (l->next)
        l->next->previous = l->previous;
    pthread_mutex_unlock(&s->lock);
    free(l);
    *context = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        line_open(context, connection, socket_context);
    else
        line_close(context, socket_context);
}

static void line_mark(struct http_server *s, struct line *l, bool handling)
{
    pthread_mutex_lock(&s->lock);
    l->handling = handling;
    l->quiet_since = http_monotonic_ms();
    pthread_mutex_unlock(&s->lock);
}

static void line_arrives(struct http_server *s, struct line *l, bool arriving)
{
    pthread_mutex_lock(&s->lock);
    l->arriving = arriving;
    pthread_mutex_unlock(&s->lock);
}

/* Shuts the sockets of those whose request takes too long. The library only times silence, so a peer that sends a byte
 * now and then would hold a connection for ever. Returns when to look again. */
static int64_t cut_slow_lines(struct http_server *s, int64_t now)
{
    int64_t next = now + s->arrival_ms;
    for (struct line *l = s->lines; l; l = l->next) {
        if (l->handling)
            continue;
        if (now - l->quiet_since >= s->arrival_ms) {
            if (l->arriving)
                LOG(s->env->log, LOG_WARN, "http.cut", F_TEXT("why", "the request did not arrive in time"),
                    F_INT("milliseconds", s->arrival_ms));
            l->arriving = false;
            shutdown(l->fd, SHUT_RDWR);
        } else if (l->quiet_since + s->arrival_ms < next)
            next = l->quiet_since + s->arrival_ms;
    }
    return next;
}

static void stream_waits(void *context)
{
    struct http_server *s = context;
    pthread_mutex_lock(&s->lock);
    s->look_again = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void *reap(void *context)
{
    struct http_server *s = context;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        int64_t next = cut_slow_lines(s, http_monotonic_ms());
        pthread_mutex_unlock(&s->lock);
        int64_t quiet = http_streams_tick(&s->streams, http_monotonic_ms());
        pthread_mutex_lock(&s->lock);
        if (s->stopping)
            break;
        if (s->look_again)
            quiet = next = 0;
        s->look_again = false;
        next = quiet < next ? quiet : next;
        const struct timespec until = { (time_t)(next / 1000), (long)(next % 1000) * 1000000 };
        pthread_cond_timedwait(&s->wake, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- who calls -------------------------------------------------------------------------------------------------- */

static void judge_peer(struct http_server *s, struct MHD_Connection *connection, struct line *l)
{
    if (l->judged || !s->tls || !s->clients)
        return;
    l->judged = true;
    unsigned count = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session_of(connection), &count);
    struct span chain[HTTP_PEER_CHAIN_MAX];
    for (unsigned i = 0; shown && i < count && i < HTTP_PEER_CHAIN_MAX; i++)
        chain[i] = span_of(shown[i].data, shown[i].size);
    if (shown && count)
        l->peer = http_peer_judge(s->env, s->env->log, s->clients, chain, count);
}

/* ---- one request ------------------------------------------------------------------------------------------------ */

/* First sight of a request line, before anything is decoded; what it returns becomes the request's context. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *s = context;
    struct line *l = line_of(connection);
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    if (l)
        line_arrives(s, l, true);
    x->body.max = s->body_max;
    enum err e = http_target_parse(target, &x->target);
    x->refused = e == ERR_LIMIT ? 414 : e ? 400 : 0;
    return x;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct exchange *x = *request;
    struct line *l = line_of(connection);
    if (l) {
        line_mark(context, l, false);
        line_arrives(context, l, false);
    }
    if (x) {
        buf_release(&x->body);
        free(x);
    }
    *request = NULL;
}

struct header_list {
    struct http_header at[HTTP_HEADERS_MAX + 2]; /* Host, Content-Length: the transport's, over the caller's maximum */
    size_t count;
    bool too_many;
};

static enum MHD_Result put_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_list *list = context;
    (void)kind;
    list->too_many = list->count == COUNT(list->at);
    if (list->too_many)
        return MHD_NO;
    list->at[list->count++] = (struct http_header){ name, value ? value : "" };
    return MHD_YES;
}

static enum MHD_Result put_answer_headers(struct MHD_Response *r, const struct http_response *p)
{
    enum MHD_Result ok = MHD_YES;
    if (p->content_type[0])
        ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, p->content_type);
    for (size_t i = 0; ok && i < p->header_count; i++)
        ok = MHD_add_response_header(r, p->header[i].name, p->header[i].value);
    return ok;
}

static struct MHD_Response *take_stream(struct http_server *s, struct MHD_Connection *connection, struct http_response *p)
{
    struct http_stream *stream = p->stream;
    p->stream = NULL;
    return http_streams_hold(&s->streams, connection, stream);
}

static struct MHD_Response *take_bytes(struct http_response *p)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(p->body.len, p->body.at, MHD_RESPMEM_MUST_FREE);
    if (r)
        p->body = (struct buf){ .max = p->body.max };
    return r;
}

/* Takes p's stream, or the bytes of its body. */
static enum MHD_Result put_answer(struct http_server *s, struct MHD_Connection *connection, struct http_response *p)
{
    struct MHD_Response *r = p->stream ? take_stream(s, connection, p) : take_bytes(p);
    if (!r)
        return MHD_NO;
    enum MHD_Result ok = put_answer_headers(r, p);
    if (ok)
        ok = MHD_queue_response(connection, (unsigned)p->status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum err serve(struct http_server *s, struct line *l, const char *method, struct exchange *x,
                      const struct header_list *headers, struct http_response *p)
{
    struct http_request q = {
        .method = method,
        .path = x->target.path,
        .query = x->target.query,
        .headers = headers->at,
        .header_count = headers->count,
        .body = buf_span(&x->body),
        .peer = l->peer,
    };
    const struct actor_ops *ops = s->actor->ops;
    return http_dispatch(ops->routes, ops->route_count, s->actor, s->env->log, &q, p);
}

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *connection, const char *method,
                              struct exchange *x)
{
    struct line *l = line_of(connection);
    if (!l)
        return MHD_NO;
    struct header_list headers = { .count = 0 };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, put_header, &headers);
    if (headers.too_many)
        x->refused = 431;
    struct http_response p = HTTP_RESPONSE_INIT;
    line_mark(s, l, true);
    enum err e;
    if (x->refused) {
        e = http_refuse(&p, x->refused);
        http_log_refusal(s->env->log, method, "", &p);
    } else {
        judge_peer(s, connection, l);
        e = serve(s, l, method, x, &headers, &p);
        if (s->served)
            s->served(s->served_context);
    }
    bool goes_on = p.stream; /* until it ended, the line is not waiting for a request */
    enum MHD_Result ok = e ? MHD_NO : put_answer(s, connection, &p);
    line_mark(s, l, goes_on && ok);
    http_response_release(&p);
    return ok;
}

/* A Content-Length nobody would wait for is refused before the body is read. */
static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > DISCARD_MAX;
}

static enum MHD_Result take_body(struct exchange *x, const char *data, size_t *len)
{
    size_t n = *len;
    *len = 0;
    if (!x->refused && buf_put(&x->body, span_of(data, n)) == ERR_OK)
        return MHD_YES;
    buf_release(&x->body);
    if (!x->refused)
        x->refused = 413;
    x->discarded += n;
    return x->discarded > DISCARD_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **request)
{
    (void)url, (void)version;
    struct http_server *s = context;
    struct exchange *x = *request;
    if (!x)
        return MHD_NO;
    if (!x->seen) {
        x->seen = true;
        if (!announces_too_much(connection))
            return MHD_YES;
        x->refused = 413;
    } else if (*len) {
        return take_body(x, data, len);
    }
    return answer(s, connection, method, x);
}

/* The targets are decoded by http_target_parse, for both wirings alike. */
static size_t leave_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_library_log(void *context, const char *format, va_list args)
{
    const struct http_server *s = context;
    char text[256];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = 0;
    LOG(s->env->log, LOG_DEBUG, "http.library", F_TEXT("text", text));
}

/* ---- starting and stopping -------------------------------------------------------------------------------------- */

static enum err refuse_address(const struct env *env, const char *host, uint16_t port, int cause)
{
    char what[200];
    if (cause == EADDRINUSE)
        snprintf(what, sizeof what, "port %u is in use on %s", port, host);
    else
        snprintf(what, sizeof what, "cannot listen on %s port %u: %s", host, port, strerrordesc_np(cause));
    return log_fail(env->log, ERR_IO, "listen", what);
}

static int open_socket(const struct addrinfo *at)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
        listen(fd, SOMAXCONN) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &len))
        return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

static enum err listen_on(const struct env *env, const char *host, uint16_t port, int *fd)
{
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, service, &want, &found))
        return refuse_address(env, host, port, EADDRNOTAVAIL);
    *fd = open_socket(found);
    int cause = errno;
    freeaddrinfo(found);
    return *fd >= 0 ? ERR_OK : refuse_address(env, host, port, cause);
}

static char *copy_text(struct span text)
{
    return strndup(text.len ? (const char *)text.at : "", text.len);
}

static enum err start_reaper(struct http_server *s)
{
    s->reaping = pthread_create(&s->reaper, NULL, reap, s) == 0;
    return s->reaping ? ERR_OK : ERR_NOMEM;
}

/* P-256 first; X25519 for clients that offer nothing else. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-GROUP-ALL:+GROUP-SECP256R1:+GROUP-X25519"

static enum err start_daemon(struct http_server *s, const struct http_server_settings *settings, int fd)
{
    const struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, s->certificate_pem },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, s->key_pem },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
    const struct MHD_OptionItem pool[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, settings->threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned connections = settings->connections ? settings->connections : CONNECTIONS;
    unsigned idle = settings->idle_seconds ? settings->idle_seconds : IDLE_SECONDS;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_ALLOW_SUSPEND_RESUME |
                     (s->tls ? MHD_USE_TLS : 0u);
    s->daemon = MHD_start_daemon(
        flags, s->port, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, idle, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_ARRAY, s->tls ? tls : plain, MHD_OPTION_ARRAY,
        settings->threads > 1 ? pool : plain, MHD_OPTION_END);
    if (s->daemon)
        return ERR_OK;
    close(fd);
    return log_fail(s->env->log, ERR_IO, "listen", "the server does not start: is its certificate P-256 with its key?");
}

static enum err fill(struct http_server *s, const struct http_server_settings *settings)
{
    unsigned idle = settings->idle_seconds ? settings->idle_seconds : IDLE_SECONDS;
    unsigned request = settings->request_seconds ? settings->request_seconds : REQUEST_SECONDS;
    s->clients = settings->clients;
    s->served = settings->served;
    s->served_context = settings->served_context;
    s->body_max = settings->body_max ? settings->body_max : HTTP_BODY_MAX;
    s->arrival_ms = (int64_t)(idle + request) * 1000;
    s->tls = settings->identity.certificate_pem.len > 0;
    s->certificate_pem = copy_text(settings->identity.certificate_pem);
    s->key_pem = copy_text(settings->identity.key_pem);
    return s->certificate_pem && s->key_pem ? ERR_OK : ERR_NOMEM;
}

static void locks_init(struct http_server *s)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

enum err http_server_start(const struct env *env, struct actor *actor, const struct http_server_settings *settings,
                           struct http_server **out)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    int fd = -1;
    s->env = env;
    s->actor = actor;
    locks_init(s);
    http_streams_init(&s->streams, stream_waits, s);
    enum err e = fill(s, settings);
    if (!e)
        e = listen_on(env, settings->host ? settings->host : "127.0.0.1", settings->port, &fd);
    if (!e) {
        s->port = bound_port(fd);
        e = start_daemon(s, settings, fd);
    }
    if (!e)
        e = start_reaper(s);
    if (e) {
        http_server_stop(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_server_stop(struct http_server *s)
{
    if (!s)
        return;
    http_streams_end(&s->streams);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->reaping) {
        pthread_mutex_lock(&s->lock);
        s->stopping = true;
        pthread_cond_signal(&s->wake);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->reaper, NULL);
    }
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    http_streams_release(&s->streams);
    if (s->key_pem)
        memory_clear(s->key_pem, strlen(s->key_pem));
    free(s->key_pem);
    free(s->certificate_pem);
    free(s);
}
