/* ESipa.GetEimPackage (SGP.32 5.14.5), call side. */
#include "esipa_call.h"

enum err esipa_get_eim_package(const struct es_peer *p, const struct rsp_get_eim_package_request *q,
                               struct esipa_get_eim_package_response *out)
{
    struct buf message = ESIPA_MESSAGE;
    *out = (struct esipa_get_eim_package_response){ .received = ESIPA_MESSAGE };
    enum err e = rsp_get_eim_package_request_write(q, &message);
    e = esipa_call(p, "GetEimPackage", e, &message, &out->received);
    if (e)
        return e;
    e = rsp_get_eim_package_response_read(buf_span(&out->received), &out->message);
    return e ? log_fail(p->env->log, e, "SGP.32 5.14.5", "GetEimPackageResponse") : ERR_OK;
}

void esipa_get_eim_package_response_release(struct esipa_get_eim_package_response *r)
{
    buf_release(&r->received);
    *r = (struct esipa_get_eim_package_response){ 0 };
}
