#include "euicc_internal.h"
#include "rsp_es10.h"

/* SGP.32 5.9.10: the certificates travel under A5 and A6 without their own header. */
enum err isdr_get_certs(struct euicc *e, struct span request, struct buf *response)
{
    struct rsp_get_certs_request r;
    struct rsp_get_certs_response answer = { .which = RSP_ERROR,
                                             .error = RSP_GET_CERTS_INVALID_CI_PKID };
    struct der_tlv eum, euicc;
    enum err err = rsp_get_certs_request_read(request, &r);
    unsigned credential = err || !r.ci_pkid.at ? 0 : euicc_credential_of(e, r.ci_pkid);
    if (!err && credential != EUICC_NO_CREDENTIAL) {
        const struct credential *c = &e->credentials[credential];
        err = der_only(shared_span(c->eum_certificate), 0x30, &eum);
        if (!err)
            err = der_only(shared_span(c->certificate), 0x30, &euicc);
        if (!err)
            answer = (struct rsp_get_certs_response){ .which = RSP_OK,
                                                      .ok = { eum.value, euicc.value } };
    }
    return err ? err : rsp_get_certs_response_write(&answer, response);
}
