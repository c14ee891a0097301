/* Activation of the IPAe (SGP.32 v1.2, BF42). The IPAe itself runs outside this card's code; the
 * card keeps and tells which of IPAd and IPAe is in charge. */
#include "euicc_internal.h"
#include "rsp_es10.h"
#include "rsp_schema.h"

#define ACTIVATION_OK 0
#define ACTIVATION_NOT_SUPPORTED 1

enum err isdr_ipae_activation(struct euicc *e, struct span request, struct buf *response)
{
    struct der_tlv whole, option;
    struct state *s;
    enum err err = rsp_check(RSP_IPAE_ACTIVATION_REQUEST, request);
    if (err)
        return err;
    if (der_only(request, 0xbf42, &whole) || der_find(whole.value, 0x80, &option) || option.value.len < 1)
        return ERR_PARSE;
    if (!e->ipae)
        return rsp_code_write(0xbf42, ACTIVATION_NOT_SUPPORTED, response);
    err = euicc_change(e, &s);
    if (err)
        return err;
    s->ipae = der_bit(option.value, 0);
    return rsp_code_write(0xbf42, ACTIVATION_OK, response);
}
