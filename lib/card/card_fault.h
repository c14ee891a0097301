/* A fault is a card in front of a card: one thing goes wrong at the n-th command. */
#ifndef LAB_CARD_CARD_FAULT_H
#define LAB_CARD_CARD_FAULT_H

#include "card.h"

enum card_fault_kind {
    CARD_FAULT_FAIL,          /* the command does not reach the card: ERR_IO */
    CARD_FAULT_LOSE,          /* the card executes, its answer is lost: ERR_TIMEOUT */
    CARD_FAULT_CUT,           /* power is cut before the command: ERR_CUT, then ERR_IO until a reset */
    CARD_FAULT_STATUS,        /* `status` is answered and the card knows nothing of it */
    CARD_FAULT_FLIP_COMMAND,  /* the lowest bit of octet `octet` of the command is inverted */
    CARD_FAULT_FLIP_RESPONSE, /* the same in the response; `octet` beyond its end: the last octet before the status word */
};

struct card_fault {
    struct card card;     /* what callers see */
    struct card *behind;  /* borrowed; closing the fault does not close it */
    enum card_fault_kind kind;
    unsigned at;          /* the n-th transmit, from 1; 0 never */
    uint16_t status;
    size_t octet;
    unsigned seen;        /* transmits so far; a sweep ends when seen < at */
    bool dead;
};
/* Set status or octet afterwards where the kind needs one. */
void card_fault_init(struct card_fault *f, struct card *behind, enum card_fault_kind kind, unsigned at);

#endif
