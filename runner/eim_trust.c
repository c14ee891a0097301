/* Whom a device is to believe when its eIM answers in TLS (catalogue A.6): put beside what the eIM says of itself, as the
 * device's provisioning would. BF57 is not signed. */
#include <string.h>

#include "rsp_eim_configuration.h"
#include "world_internal.h"
#include "x509.h"

/* Contents of the certificate, without its 30. */
static enum err give_certificate(struct world *w, const char *name, struct rsp_key_data *out)
{
    const struct pki_item *item = NULL;
    struct der_tlv whole;
    enum err e = name ? pki_get(w->pki, name, &item) : pki_server(w->pki, HOST_EIM, &item);
    if (!e)
        e = der_only(item->der, 0x30, &whole);
    if (!e)
        *out = (struct rsp_key_data){ .which = RSP_KEY_DATA_CERTIFICATE, .certificate = whole.value };
    return e;
}

static enum err give_key(struct world *w, const char *host, struct buf *spki, struct rsp_key_data *out)
{
    const struct pki_item *item = NULL;
    const struct cert *cert = NULL;
    enum err e = pki_server(w->pki, host, &item);
    if (!e)
        e = cert_load(w->crypto, item->der, &cert);
    if (!e)
        e = rsp_put_spki_contents(cert->curve == EC_P256 ? rsp_oid_p256() : rsp_oid_brainpool_p256r1(),
                                  SPAN_ARRAY(cert->key.at), spki);
    if (!e)
        *out = (struct rsp_key_data){ .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(spki) };
    return e;
}

static enum err choose(struct world *w, const char *trust, struct buf *spki, struct rsp_key_data *out)
{
    if (strcmp(trust, "ca") == 0)
        return give_certificate(w, "CERT_CI_ECDSA_NIST", out);
    if (strcmp(trust, "certificate") == 0)
        return give_certificate(w, NULL, out);
    return give_key(w, strcmp(trust, "key") == 0 ? HOST_EIM : HOST_SMDP, spki, out);
}

enum err eim_trust_put(struct world *w, const char *trust, struct buf *request)
{
    struct rsp_add_initial_eim_request q;
    struct rsp_eim_configuration eim;
    struct buf list = { .max = 4096 }, spki = { .max = 256 }, changed = { .max = 4096 };
    if (strcmp(trust, "roots") == 0)
        return ERR_OK;
    enum err e = rsp_add_initial_eim_request_read(buf_span(request), &q);
    struct der d = der_open(e ? (struct span){ 0 } : q.list);
    if (!e)
        e = rsp_eim_configuration_next(&d, &eim);
    if (!e)
        e = choose(w, trust, &spki, &eim.trusted_tls);
    eim.has_trusted_tls = true;
    eim.whole = (struct span){ 0 };
    if (!e)
        e = rsp_eim_configuration_write(&eim, &list);
    q.list = buf_span(&list);
    if (!e)
        e = rsp_add_initial_eim_request_write(&q, &changed);
    if (!e)
        e = buf_set(request, buf_span(&changed));
    buf_release(&list);
    buf_release(&spki);
    buf_release(&changed);
    return e;
}
