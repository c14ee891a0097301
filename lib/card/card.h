/* A card: reset, transmit, close. Simulated in process, behind a vpcd socket, behind PC/SC, or behind a fault. */
#ifndef LAB_CARD_CARD_H
#define LAB_CARD_CARD_H

#include "span.h"

#define CARD_APDU_MAX 261      /* short APDU: header 4, Lc 1, 255 data, Le 1 */
#define CARD_RESPONSE_MAX 258  /* 256 data and the status word */
#define CARD_ATR_MAX 33

struct card;
struct card_ops {
    const char *name; /* "in-process", "vpcd", … */
    /* Power on or warm reset; *atr is replaced. */
    enum err (*reset)(struct card *c, struct buf *atr);
    /* One command APDU to one response APDU (data and status word); *response is replaced.
     * A card that answers 6A88 has answered: ERR_OK. ERR_IO, ERR_TIMEOUT, ERR_CUT: no answer. */
    enum err (*transmit)(struct card *c, struct span command, struct buf *response);
    void (*close)(struct card *c);
};
struct card {
    const struct card_ops *ops;
};

MUST_CHECK enum err card_reset(struct card *c, struct buf *atr);
MUST_CHECK enum err card_transmit(struct card *c, struct span command, struct buf *response);
void card_close(struct card *c); /* NULL is harmless */
#endif
