/* APDU helpers above any card: GET RESPONSE, wrong Le, STORE DATA chaining of ES10 (SGP.22 5.7.2), logical channels. */
#ifndef LAB_CARD_APDU_H
#define LAB_CARD_APDU_H

#include "card.h"

#define APDU_ES10_RESPONSE_MAX (64u << 10)

/* Sends one command, follows 61xx (GET RESPONSE) and 6Cxx (repeat with Le); *data is replaced, *sw gets the last status word. */
MUST_CHECK enum err apdu_send(struct card *c, struct span command, struct buf *data, uint16_t *sw);
/* What the device does for an eUICC itself (TS 102 221 11.1.19.2.4): told once after each reset, before anything is selected. */
#define APDU_USER_INTERFACE_IN_DEVICE 0x01
#define APDU_DOWNLOAD_IN_DEVICE 0x02
#define APDU_DISCOVERY_IN_DEVICE 0x04 /* asks SM-DSs */
/* TERMINAL CAPABILITY. A card that does not want it has answered: *sw. */
MUST_CHECK enum err apdu_terminal_capability(struct card *c, uint8_t euicc_related, uint16_t *sw);
/* MANAGE CHANNEL open and SELECT of the ISD-R on it. *channel 1..3. ERR_REFUSED: *sw says what the card answered. */
MUST_CHECK enum err apdu_open_isd_r(struct card *c, unsigned *channel, struct buf *fci, uint16_t *sw);
MUST_CHECK enum err apdu_close_channel(struct card *c, unsigned channel);
/* One ES10 command: STORE DATA in blocks of at most `block` octets (0: 255), then the response. *sw is the final
 * status word, also when the card refused before the end. A 91xx counts as success (proactive command waits). */
MUST_CHECK enum err apdu_store_data(struct card *c, unsigned channel, size_t block, struct span request,
                                    struct buf *response, uint16_t *sw);
bool apdu_success(uint16_t sw); /* 9000 or 91xx */
#endif
