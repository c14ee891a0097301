/* The card's side of vpcd. */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "card_vpcd.h"
#include "vpcd_frame.h"

static enum err split_address(const char *address, char host[256], char port[8])
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || (size_t)(colon - address) >= 256 || !colon[1] || strlen(colon + 1) >= 8 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return ERR_CONFIG;
    snprintf(host, 256, "%.*s", (int)(colon - address), address);
    snprintf(port, 8, "%s", colon + 1);
    return ERR_OK;
}

static int try_connect(const struct addrinfo *a)
{
    const int on = 1;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        return fd;
    close(fd);
    return -1;
}

static enum err connect_to(const struct log *log, const char *address, int *fd)
{
    char host[256], port[8];
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    if (split_address(address, host, port))
        return log_fail(log, ERR_CONFIG, "vpcd", "the reader's address must be HOST:PORT");
    if (getaddrinfo(host, port, &hints, &found))
        return log_fail(log, ERR_IO, "vpcd", "the reader's host is not known");
    *fd = -1;
    for (const struct addrinfo *a = found; a && *fd < 0; a = a->ai_next)
        *fd = try_connect(a);
    freeaddrinfo(found);
    return *fd >= 0 ? ERR_OK : log_fail(log, ERR_IO, "vpcd", "nobody listens at the reader's address");
}

static enum err control(int fd, struct card *card, uint8_t what, struct buf *atr)
{
    switch (what) {
    case VPCD_ON:
    case VPCD_RESET:
        return card_reset(card, atr);
    case VPCD_ATR: {
        enum err e = atr->len ? ERR_OK : card_reset(card, atr);
        return e ? e : vpcd_send(fd, buf_span(atr));
    }
    default: /* power off: the next power on resets */
        return ERR_OK;
    }
}

static enum err serve(int fd, struct card *card, const volatile int *stop)
{
    struct buf message = { .max = VPCD_FRAME_MAX }, response = { .max = VPCD_FRAME_MAX };
    struct buf atr = { .max = CARD_ATR_MAX };
    enum err e;
    while (!(e = vpcd_receive(fd, -1, stop, &message))) {
        if (message.len == 1)
            e = control(fd, card, message.at[0], &atr);
        else if (message.len)
            e = card_transmit(card, buf_span(&message), &response);
        if (!e && message.len > 1)
            e = vpcd_send(fd, buf_span(&response));
        if (e)
            break;
    }
    buf_release(&message);
    buf_release(&response);
    buf_release(&atr);
    return e;
}

enum err card_vpcd_serve(const struct log *log, const char *address, struct card *card,
                         const volatile int *stop_requested)
{
    int fd;
    enum err e = connect_to(log, address, &fd);
    if (e)
        return e;
    LOG(log, LOG_INFO, "vpcd.connected", F_TEXT("reader", address));
    e = serve(fd, card, stop_requested);
    close(fd);
    if (e == ERR_NOT_FOUND || e == ERR_STATE) /* hung up, or asked to stop */
        return ERR_OK;
    return log_fail(log, e, "vpcd", "the card's connection to the reader broke");
}
