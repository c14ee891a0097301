#include "openssl_clean.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "line.h"

static bool believe(SSL_CTX *tls, struct span roots_pem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(tls);
    BIO *bio = BIO_new_mem_buf(roots_pem.at, (int)roots_pem.len);
    bool fine = false;
    for (X509 *root = NULL; bio && (root = PEM_read_bio_X509(bio, NULL, NULL, NULL)); X509_free(root))
        fine = X509_STORE_add_cert(store, root) == 1;
    BIO_free(bio);
    return fine;
}

SSL_CTX *line_tls_new(struct span roots_pem, int64_t now)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls || !believe(tls, roots_pem)) {
        SSL_CTX_free(tls);
        return NULL;
    }
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(tls), (time_t)now);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    return tls;
}

void line_tls_free(SSL_CTX *tls)
{
    SSL_CTX_free(tls);
}

static bool open_tls(struct line *l, SSL_CTX *tls, const char *host)
{
    l->ssl = SSL_new(tls);
    if (!l->ssl || SSL_set_fd(l->ssl, l->fd) != 1 || SSL_set1_host(l->ssl, host) != 1 ||
        SSL_set_tlsext_host_name(l->ssl, host) != 1)
        return false;
    SSL_set_connect_state(l->ssl);
    return true;
}

bool line_open(struct line *l, uint16_t port, SSL_CTX *tls, const char *host)
{
    const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    *l = (struct line){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .wants = EPOLLOUT };
    if (l->fd < 0 || (connect(l->fd, (const struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS))
        return false;
    return !tls || open_tls(l, tls, host);
}

void line_close(struct line *l)
{
    SSL_free(l->ssl);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct line){ .fd = -1 };
}

/* Of a call that moved nothing. */
static ssize_t later_or_never(struct line *l, int result, uint32_t plain)
{
    int why = l->ssl ? SSL_get_error(l->ssl, result) : SSL_ERROR_NONE;
    l->wants = why == SSL_ERROR_WANT_READ ? EPOLLIN : why == SSL_ERROR_WANT_WRITE ? EPOLLOUT : plain;
    if (l->ssl)
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
    return result < 0 && errno == EAGAIN ? 0 : -1;
}

ssize_t line_put(struct line *l, const uint8_t *at, size_t len)
{
    int n = l->ssl ? SSL_write(l->ssl, at, (int)len) : (int)send(l->fd, at, len, MSG_NOSIGNAL);
    return n > 0 ? n : later_or_never(l, n, EPOLLOUT);
}

ssize_t line_get(struct line *l, uint8_t *at, size_t room)
{
    int n = l->ssl ? SSL_read(l->ssl, at, (int)room) : (int)recv(l->fd, at, room, 0);
    return n > 0 ? n : later_or_never(l, n, EPOLLIN);
}
