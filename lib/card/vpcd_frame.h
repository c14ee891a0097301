/* Messages of the vpcd protocol on a socket; lib/card only. */
#ifndef LAB_CARD_VPCD_FRAME_H
#define LAB_CARD_VPCD_FRAME_H

#include "span.h"

#define VPCD_FRAME_MAX 65535
enum vpcd_control { VPCD_OFF = 0, VPCD_ON = 1, VPCD_RESET = 2, VPCD_ATR = 4 };

MUST_CHECK enum err vpcd_send(int fd, struct span message);
/* Replaces *message. Waits at most wait_ms for the next bytes. ERR_TIMEOUT; ERR_NOT_FOUND: the peer hung up between
 * messages; ERR_STATE: a signal or *stop (may be NULL) ended the waiting between messages. */
MUST_CHECK enum err vpcd_receive(int fd, int wait_ms, const volatile int *stop, struct buf *message);

#endif
