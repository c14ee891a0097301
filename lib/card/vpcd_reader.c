/* The reader's side of vpcd. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "card_vpcd.h"
#include "vpcd_frame.h"

struct reader {
    struct card card;
    const struct log *log;
    int listener, fd; /* fd -1: no card is connected */
    int wait_ms;
};

static void remove_card(struct reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

static enum err wait_for_card(struct reader *r)
{
    const int on = 1;
    struct pollfd p = { .fd = r->listener, .events = POLLIN };
    int n = poll(&p, 1, r->wait_ms);
    if (n <= 0)
        return n ? ERR_IO : ERR_TIMEOUT;
    r->fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    if (r->fd < 0)
        return ERR_IO;
    return setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ? ERR_IO : ERR_OK;
}

static enum err ask_atr(struct reader *r, struct buf *atr)
{
    enum err e = vpcd_send(r->fd, SPAN(VPCD_RESET));
    if (!e)
        e = vpcd_send(r->fd, SPAN(VPCD_ATR));
    return e ? e : vpcd_receive(r->fd, r->wait_ms, NULL, atr);
}

static enum err reader_reset(struct card *c, struct buf *atr)
{
    struct reader *r = (struct reader *)c;
    enum err e = r->fd < 0 ? wait_for_card(r) : ERR_OK;
    if (!e)
        e = ask_atr(r, atr);
    if (!e)
        return ERR_OK;
    remove_card(r);
    return log_fail(r->log, e == ERR_NOT_FOUND ? ERR_IO : e, "vpcd", "the card does not come up");
}

static enum err reader_transmit(struct card *c, struct span command, struct buf *response)
{
    struct reader *r = (struct reader *)c;
    if (r->fd < 0)
        return log_fail(r->log, ERR_IO, "vpcd", "no card is in the reader");
    if (command.len < 2) /* one octet would be taken for control */
        return log_fail(r->log, ERR_PARSE, "vpcd", "the command is too short to be sent");
    enum err e = vpcd_send(r->fd, command);
    if (!e)
        e = vpcd_receive(r->fd, r->wait_ms, NULL, response);
    if (!e)
        return ERR_OK;
    remove_card(r); /* a late answer must not be taken for the next one's */
    return log_fail(r->log, e == ERR_NOT_FOUND ? ERR_IO : e, "vpcd", "the card does not answer");
}

static void reader_close(struct card *c)
{
    struct reader *r = (struct reader *)c;
    remove_card(r);
    close(r->listener);
    free(r);
}

static int listen_at(uint16_t *port)
{
    const int on = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &size) == 0) {
        *port = ntohs(at.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

enum err card_vpcd_open_reader(const struct log *log, uint16_t *port, int wait_ms, struct card **out)
{
    static const struct card_ops ops = { "vpcd", reader_reset, reader_transmit, reader_close };
    struct reader *r = malloc(sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = (struct reader){ .card = { &ops }, .log = log, .fd = -1, .wait_ms = wait_ms };
    r->listener = listen_at(port);
    if (r->listener < 0) {
        free(r);
        return log_fail(log, ERR_IO, "vpcd", "the port cannot be listened on (is it in use?)");
    }
    *out = &r->card;
    return ERR_OK;
}
