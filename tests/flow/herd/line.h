/* A device's connection to its eIM, never waiting: plain, or TLS with a client that judges its server. */
#ifndef LAB_TESTS_HERD_LINE_H
#define LAB_TESTS_HERD_LINE_H

#include <stdint.h>
#include <sys/types.h>

#include "span.h"

struct ssl_st;
struct ssl_ctx_st;

struct line {
    int fd;
    struct ssl_st *ssl;       /* NULL: plain */
    uint32_t wants; /* the events of epoll that it waits for */
};

/* Whom all lines over TLS believe: these roots at that time (seconds). NULL when it cannot be made. */
struct ssl_ctx_st *line_tls_new(struct span roots_pem, int64_t now);
void line_tls_free(struct ssl_ctx_st *tls);

/* Begins to connect to 127.0.0.1; tls NULL: plain. False: it cannot. */
bool line_open(struct line *l, uint16_t port, struct ssl_ctx_st *tls, const char *host);
void line_close(struct line *l);
/* How many octets went or came; 0: not now, wait for l->wants; negative: the line has ended. */
ssize_t line_put(struct line *l, const uint8_t *at, size_t len);
ssize_t line_get(struct line *l, uint8_t *at, size_t room);

#endif
