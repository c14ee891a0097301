#include "vpcd_frame.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "stop.h"

#define LOOK_AT_STOP_MS 1000

static enum err send_all(int fd, struct span bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = send(fd, bytes.at + done, bytes.len - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        done += (size_t)n;
    }
    return ERR_OK;
}

/* Length and bytes leave in one segment: two would wait for each other's acknowledgement. */
enum err vpcd_send(int fd, struct span message)
{
    struct buf frame = { .max = 2 + VPCD_FRAME_MAX };
    enum err e = message.len > VPCD_FRAME_MAX ? ERR_LIMIT : ERR_OK;
    if (!e)
        e = buf_put(&frame, SPAN((uint8_t)(message.len >> 8), (uint8_t)message.len));
    if (!e)
        e = buf_put(&frame, message);
    if (!e)
        e = send_all(fd, buf_span(&frame));
    buf_release(&frame);
    return e;
}

/* Waits in slices, because a signal that arrives before poll() does not interrupt it. */
static enum err wait_readable(int fd, int wait_ms, const volatile int *stop)
{
    for (int left = wait_ms; !stop_is_asked(stop);) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int slice = wait_ms >= 0 && left < LOOK_AT_STOP_MS ? left : LOOK_AT_STOP_MS;
        int n = poll(&p, 1, slice);
        if (n > 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (wait_ms >= 0 && (left -= slice) <= 0)
            return ERR_TIMEOUT;
    }
    return ERR_STATE;
}

static enum err receive_all(int fd, int wait_ms, const volatile int *stop, uint8_t *at, size_t len)
{
    const int on = 1;
    for (size_t done = 0; done < len;) {
        enum err e = wait_readable(fd, wait_ms, done ? NULL : stop);
        if (e)
            return e;
        /* The peer sends length and bytes apart; without an acknowledgement at once each command costs 44 ms. The kernel
         * forgets the wish, so it is renewed each time; where it is not a TCP socket it does not matter. */
        (void)!setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
        ssize_t n = recv(fd, at + done, len - done, 0);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return done ? ERR_IO : ERR_NOT_FOUND;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        if (n > 0)
            done += (size_t)n;
    }
    return ERR_OK;
}

enum err vpcd_receive(int fd, int wait_ms, const volatile int *stop, struct buf *message)
{
    uint8_t head[2], chunk[512];
    buf_clear(message);
    enum err e = receive_all(fd, wait_ms, stop, head, sizeof head);
    size_t left = e ? 0 : (size_t)head[0] << 8 | head[1];
    while (!e && left) {
        size_t n = left < sizeof chunk ? left : sizeof chunk;
        e = receive_all(fd, wait_ms, NULL, chunk, n);
        if (e == ERR_NOT_FOUND)
            e = ERR_IO;
        if (!e)
            e = buf_put(message, span_of(chunk, n));
        left -= n;
    }
    return e;
}
