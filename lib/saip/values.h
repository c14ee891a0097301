/* Contents of the files and codes that are a subscriber's own. Private. */
#ifndef LAB_SAIP_VALUES_H
#define LAB_SAIP_VALUES_H

#include "saip.h"

#define SAIP_SPN_OCTETS 17

/* EF.IMSI (TS 31.102 4.2.2): length, then digits swapped, the first nibble telling odd from even. ERR_PARSE: not 6 to 15
 * digits. */
MUST_CHECK enum err saip_imsi_content(const char *imsi, uint8_t out[9]);
/* EF.SPN (TS 31.102 4.2.12), shown in any network. ERR_PARSE: more than 16 characters. */
MUST_CHECK enum err saip_spn_content(const char *spn, uint8_t out[SAIP_SPN_OCTETS]);
/* A PIN or PUK: 4 to 8 digits, padded with FF. ERR_PARSE. */
MUST_CHECK enum err saip_code_content(const char *digits, uint8_t out[8]);
/* EF.ACC (TS 31.102 4.2.15): the class that the last digit of the IMSI gives. */
void saip_access_class_content(const char *imsi, uint8_t out[2]);
/* The header has the ICCID unswapped, EF.ICCID swapped. */
void saip_iccid_swap(const uint8_t in[10], uint8_t out[10]);
/* algorithmOptions that say these lengths. */
uint8_t saip_algorithm_options(const struct aka_params *p);
/* Service of the header that an algorithm needs. */
uint32_t saip_algorithm_service(const struct aka_params *p);

#endif
