#include "euicc_internal.h"
#include "rsp_es10.h"

/* SGP.22 5.7.20: the only member that can be asked for is the EID. */
enum err isdr_get_eid(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_get_eid_request r;
    enum err err = rsp_get_eid_request_read(request, &r);
    if (!err && !span_equal(r.tag_list, SPAN(0x5a)))
        err = ERR_PARSE;
    struct rsp_get_eid_response answer = { .eid = SPAN_ARRAY(e->eid) };
    return err ? err : rsp_get_eid_response_write(&answer, response);
}
