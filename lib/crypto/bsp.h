/* Protection of a bound profile package: the BSP of SGP.22 2.6.4 (SCP03t blocks 86, 87, 88). */
#ifndef LAB_CRYPTO_BSP_H
#define LAB_CRYPTO_BSP_H

#include "crypto.h"

/* Plain text of one block so that no segment passes 1020 octets with its header. One known SM-DP+ puts 1008 octets into an 86
 * too, and 16 of padding, which makes 1036 (interpretation D-8): that much is protected and opened. */
#define BSP_PLAIN_MAX_86 1007
#define BSP_PLAIN_MAX_88 1008
#define BSP_PLAIN_MOST 1008

/* Session keys and chaining state of one direction. A value; release clears it. */
struct bsp {
    uint8_t s_enc[16], s_mac[16], mcv[16];
    uint32_t counter; /* of the next block, from 1; every block counts, 88 too */
};

/* SGP.22 2.6.4.2 and Annex G: keys from Z with sharedInfo = keyType 88, keyLen 10, LV hostId, LV EID. */
MUST_CHECK enum err bsp_derive(struct crypto *c, struct span z, struct span host_id, struct span eid,
                               struct bsp *out);
/* ReplaceSessionKeys: {iMCV, ENC, CMAC}, counter from 1. Each 16 octets. */
MUST_CHECK enum err bsp_replace_keys(struct bsp *b, struct span mcv, struct span enc, struct span mac);
void bsp_release(struct bsp *b);

/* Appends the protected TLV of tag 0x86 or 0x87 (encrypted and MACed) or 0x88 (MACed only). */
MUST_CHECK enum err bsp_protect(struct crypto *c, struct bsp *b, uint8_t tag, struct span plain, struct buf *out);
/* Checks and, for 86 and 87, decrypts one whole TLV; appends the plain text. ERR_PARSE: structure or over 1036 octets
 * (scp03tStructureError); ERR_VERIFY: MAC or padding (scp03tSecurityError). The MAC is compared in constant time before anything else. */
MUST_CHECK enum err bsp_open(struct crypto *c, struct bsp *b, struct span tlv, struct buf *plain);
#endif
