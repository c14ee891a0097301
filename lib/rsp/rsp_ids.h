/* Identifiers as people write them and as messages carry them. */
#ifndef LAB_RSP_IDS_H
#define LAB_RSP_IDS_H

#include <stdint.h>

#include "span.h"

#define RSP_EID_OCTETS 16
#define RSP_ICCID_OCTETS 10
#define RSP_MATCHING_ID_MAX 255

/* EID: 32 decimal digits <-> 16 octets, BCD, not swapped. Parsing checks digits and length only: ERR_PARSE.
 */
MUST_CHECK enum err rsp_eid_parse(const char *digits, uint8_t out[RSP_EID_OCTETS]);
/* ERR_PARSE when it is not 16 octets of digits; out is then "". */
MUST_CHECK enum err rsp_eid_text(struct span eid, char out[33]);
/* SGP.02 2.2.2: the number modulo 97 is 1. */
bool rsp_eid_check_digits(const char *digits);
/* Writes the two check digits of a 30-digit beginning behind it. ERR_PARSE. */
MUST_CHECK enum err rsp_eid_complete(const char *first30, char out[33]);

/* ICCID: 18 to 20 digits <-> 10 octets, nibbles swapped as in EF.ICCID, filled with F. */
MUST_CHECK enum err rsp_iccid_parse(const char *digits, uint8_t out[RSP_ICCID_OCTETS]);
MUST_CHECK enum err rsp_iccid_text(struct span iccid, char out[21]);
/* ITU-T E.118: the Luhn digit at the end. eUICCs do not enforce it. */
bool rsp_iccid_check_digit(const char *digits);
/* Writes the Luhn digit of 18 or 19 digits behind them. ERR_PARSE. */
MUST_CHECK enum err rsp_iccid_complete(const char *digits, char out[21]);

/* SGP.22 4.1: [LPA:]1$address$token[$oid[$1]]. */
struct rsp_activation_code {
    char smdp_address[256];
    char matching_id[RSP_MATCHING_ID_MAX + 1]; /* may be "" */
    char smdp_oid[128];                        /* "2.999.10"; "" when not given */
    bool confirmation_code_required;
};
MUST_CHECK enum err rsp_activation_code_parse(struct span text, struct rsp_activation_code *out);
/* Appends it, without the LPA: prefix. */
MUST_CHECK enum err rsp_activation_code_put(const struct rsp_activation_code *ac, struct buf *out);
/* [A-Z0-9-]*, at most RSP_MATCHING_ID_MAX. */
bool rsp_matching_id_is_valid(struct span text);
#define RSP_ADDRESS_MAX 255
/* Host names of actors: letters, digits, '-', '.', an optional :port; 1..255. */
bool rsp_address_is_valid(struct span text);
/* Case-insensitive equality of two host names (SGP.22 3.0.1: serverAddress against the contacted one). */
bool rsp_address_equal(struct span a, struct span b);

/* IMEI: 15 digits <-> 8 octets, swapped, F filled; TAC: its first 8 digits <-> 4 octets, swapped (3GPP
 * TS 23.003 as in SGP.22 DeviceInfo). */
MUST_CHECK enum err rsp_imei_parse(const char *digits, uint8_t imei[8], uint8_t tac[4]);
/* MCC and MNC digits ("26201", "310410") <-> 3 octets of 3GPP TS 24.008. */
MUST_CHECK enum err rsp_plmn_parse(const char *digits, uint8_t out[3]);
MUST_CHECK enum err rsp_plmn_text(struct span plmn, char out[7]);

/* VersionType: "2.5.0" <-> 3 octets. */
MUST_CHECK enum err rsp_version_text(struct span version, char out[12]);

/* A0000005591010FFFFFFFF8900000100 */
struct span rsp_isd_r_aid(void);

#endif
