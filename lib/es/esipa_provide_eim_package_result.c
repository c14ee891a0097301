/* ESipa.ProvideEimPackageResult (SGP.32 5.14.6), call side. */
#include "esipa_call.h"

enum err esipa_provide_eim_package_result(const struct es_peer *p,
                                          const struct rsp_provide_eim_package_result *q,
                                          struct esipa_provide_eim_package_result_response *out)
{
    struct buf message = ESIPA_MESSAGE;
    *out = (struct esipa_provide_eim_package_result_response){ .received = ESIPA_MESSAGE };
    enum err e = rsp_provide_eim_package_result_write(q, &message);
    e = esipa_call(p, "ProvideEimPackageResult", e, &message, &out->received);
    if (e)
        return e;
    e = rsp_provide_eim_package_result_response_read(buf_span(&out->received), &out->message);
    return e ? log_fail(p->env->log, e, "SGP.32 5.14.6", "ProvideEimPackageResultResponse") : ERR_OK;
}

void esipa_provide_eim_package_result_response_release(struct esipa_provide_eim_package_result_response *r)
{
    buf_release(&r->received);
    *r = (struct esipa_provide_eim_package_result_response){ 0 };
}
