/* A card in a reader of this machine, through pcscd. */
#ifndef LAB_CARD_CARD_PCSC_H
#define LAB_CARD_CARD_PCSC_H

#include "card.h"
#include "log.h"

/* Gives the card in the first reader whose name contains `reader_name_part` ("": the first of all); the first reset connects
 * and waits at most five seconds for a card to be there.
 * ERR_NOT_FOUND: no such reader, the log names those that are there. ERR_IO: pcscd is not running. */
MUST_CHECK enum err card_pcsc_open(const struct log *log, const char *reader_name_part, struct card **out);
/* For who puts a card into a virtual reader: waits at most five seconds until pcscd has seen that the reader is empty. It looks
 * some times a second, and one card that takes another's place between two looks is mute for it. Of card_pcsc_open, before
 * the first reset. ERR_TIMEOUT: a card is in it. */
MUST_CHECK enum err card_pcsc_await_empty(struct card *c);

#endif
