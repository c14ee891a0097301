/* ES10b.GetConnectivityParameters (SGP.32 5.9.24): what the enabled profile's header says, as it is
 * there. */
#include "euicc_internal.h"
#include "rsp_es10.h"
#include "usim.h"

#define PARAMETERS_NOT_AVAILABLE 1

enum err isdr_get_connectivity_parameters(struct euicc *e, struct span request,
                                          struct buf *response)
{
    struct usim *u = NULL;
    struct der_mark outer, inner;
    enum err err = rsp_empty_read(0xbf5f, request);
    if (!err)
        err = usim_open(e, &u);
    struct span parameters = u ? u->package->header.connectivity : (struct span){ 0 };
    if (!err)
        err = der_put_open(response, 0xbf5f, &outer);
    if (err)
        return err;
    if (!parameters.len) {
        err = der_put_integer(response, 0x81, PARAMETERS_NOT_AVAILABLE);
        return err ? err : der_put_close(response, outer);
    }
    err = der_put_open(response, 0xa0, &inner);
    if (!err)
        err = der_put(response, 0x81, parameters);
    if (!err)
        err = der_put_close(response, inner);
    return err ? err : der_put_close(response, outer);
}
