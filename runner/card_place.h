/* A simulated card in a reader of this machine: pcscd's virtual reader (vpcd) gets it, and what comes back through pcscd is
 * the card as any PC/SC program sees it. */
#ifndef LAB_RUNNER_CARD_PLACE_H
#define LAB_RUNNER_CARD_PLACE_H

#include "card.h"
#include "log.h"

#define CARD_PLACE_ADDRESS "127.0.0.1:35963" /* of Debian's vpcd */

/* Borrows the card until the close: it is served from a thread of its own, so nobody else may use it while somebody waits
 * for an answer through the reader. address: where the reader's vpcd listens; NULL: CARD_PLACE_ADDRESS.
 * ERR_NOT_FOUND: no such reader; ERR_IO: no pcscd; ERR_TIMEOUT: a card is in it already. That vpcd does not listen shows at
 * the first reset: ERR_TIMEOUT. */
struct card_place;
MUST_CHECK enum err card_place_open(const struct log *log, const char *reader_name_part, const char *address,
                                    struct card *card, struct card_place **out);
/* The card behind pcscd. */
struct card *card_place_card(struct card_place *p);
/* Takes the card out; may wait a second. NULL is harmless. */
void card_place_close(struct card_place *p);

#endif
