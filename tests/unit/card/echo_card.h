/* A card of a few lines: an ISD-R whose every ES10 command is answered by its own bytes, in a chosen way. */
#ifndef LAB_TESTS_ECHO_CARD_H
#define LAB_TESTS_ECHO_CARD_H

#include "card.h"

struct echo_card {
    struct card card;
    bool own_class_only;      /* GET RESPONSE only in the class of the command */
    bool wants_le;            /* answers MANAGE CHANNEL with 6C01 until Le is 01 */
    bool promises;            /* 61xx for ever, without data */
    bool mute;                /* answers without a status word */
    bool no_isd_r;            /* 6A82 to SELECT */
    unsigned refuse_block;    /* 6A80 to the n-th STORE DATA; 0 never */
    uint16_t last_status;     /* after the data; 0 is 9000 */
    unsigned open_channels, resets, commands, blocks, largest;
    struct buf collected, waiting;
};
void echo_card_init(struct echo_card *c);
void echo_card_release(struct echo_card *c);

#endif
