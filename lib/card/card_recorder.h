/* A card in front of a card that tells every exchange. */
#ifndef LAB_CARD_CARD_RECORDER_H
#define LAB_CARD_CARD_RECORDER_H

#include "card.h"

struct card_exchange {
    struct span command;  /* empty: a reset, and the response is the ATR */
    struct span response; /* empty unless e is ERR_OK */
    enum err e;
};
struct card_recorder {
    struct card card;    /* what callers see */
    struct card *behind; /* borrowed; closing the recorder does not close it */
    void (*tell)(void *context, const struct card_exchange *x);
    void *context;
};
void card_recorder_init(struct card_recorder *r, struct card *behind,
                        void (*tell)(void *context, const struct card_exchange *x), void *context);

#endif
