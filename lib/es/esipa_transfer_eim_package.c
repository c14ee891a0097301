/* ESipa.TransferEimPackage (SGP.32 5.14.4), call side: here the eIM calls and the IPA serves. */
#include "esipa_call.h"

enum err esipa_transfer_eim_package(const struct es_peer *p, const struct rsp_transfer_eim_package_request *q,
                                    struct esipa_transfer_eim_package_response *out)
{
    struct buf message = ESIPA_MESSAGE;
    *out = (struct esipa_transfer_eim_package_response){ .received = ESIPA_MESSAGE };
    enum err e = rsp_transfer_eim_package_request_write(q, &message);
    e = esipa_call(p, "TransferEimPackage", e, &message, &out->received);
    if (e)
        return e;
    e = rsp_transfer_eim_package_response_read(buf_span(&out->received), &out->message);
    return e ? log_fail(p->env->log, e, "SGP.32 5.14.4", "TransferEimPackageResponse") : ERR_OK;
}

void esipa_transfer_eim_package_response_release(struct esipa_transfer_eim_package_response *r)
{
    buf_release(&r->received);
    *r = (struct esipa_transfer_eim_package_response){ 0 };
}
