/* The socket protocol of vpcd, the virtual reader of pcscd: the reader listens, the card connects; each message is a
 * length of two octets, big-endian, and the bytes. A message of one octet is control: 0 power off, 1 power on, 2 reset,
 * 4 the reader asks for the ATR; only the last is answered. Anything else is a command APDU. */
#ifndef LAB_CARD_CARD_VPCD_H
#define LAB_CARD_CARD_VPCD_H

#include "card.h"
#include "log.h"

#define CARD_VPCD_PORT 35963

/* The card's side: connects to "HOST:PORT" and serves `card` until the reader hangs up or *stop_requested (may be NULL;
 * looked at once a second and when a signal arrives): ERR_OK. ERR_CONFIG: the address is none; ERR_IO: not reached, or the
 * connection broke in a message. A card that does not answer a command (faults) ends it with that failure: for the reader
 * it has been pulled out. */
MUST_CHECK enum err card_vpcd_serve(const struct log *log, const char *address, struct card *card,
                                    const volatile int *stop_requested);

/* The reader's side, without pcscd: listens on 127.0.0.1 (*port 0: any free one; *port is set) and gives a card.
 * Its reset waits for a card to connect, at most `wait_ms`: ERR_TIMEOUT. Its transmit waits as long for an answer. */
MUST_CHECK enum err card_vpcd_open_reader(const struct log *log, uint16_t *port, int wait_ms, struct card **out);

#endif
