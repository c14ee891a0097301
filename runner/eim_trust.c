/* Whom a device is to believe when its eIM answers in TLS (catalogue A.6): put beside what the eIM says of itself, as the
 * device's provisioning would. BF57 is not signed. */
#include <string.h>

#include "rsp_eim_configuration.h"
#include "world_internal.h"
#include "x509.h"

/* Contents of the certificate, without its 30. */
static enum err give_certificate(const struct pki_item *item, struct rsp_key_data *out)
{
    struct der_tlv whole;
    enum err e = der_only(item->der, 0x30, &whole);
    if (!e)
        *out = (struct rsp_key_data){ .which = RSP_KEY_DATA_CERTIFICATE, .certificate = whole.value };
    return e;
}

static enum err give_key(struct world *w, const struct pki_item *item, struct buf *spki, struct rsp_key_data *out)
{
    const struct cert *cert = NULL;
    enum err e = cert_load(w->crypto, item->der, &cert);
    if (!e)
        e = rsp_put_spki_contents(cert->curve == EC_P256 ? rsp_oid_p256() : rsp_oid_brainpool_p256r1(),
                                  SPAN_ARRAY(cert->key.at), spki);
    if (!e)
        *out = (struct rsp_key_data){ .which = RSP_KEY_DATA_PUBLIC_KEY, .public_key = buf_span(spki) };
    return e;
}

static enum err choose(struct world *w, const struct world_device *d, struct buf *spki, struct rsp_key_data *out)
{
    char host[128];
    const char *trust = d->group->eim_trust;
    const struct pki_item *item = NULL;
    enum err e = strcmp(trust, "ca") == 0
                     ? pki_get(w->pki, "CERT_CI_ECDSA_NIST", &item)
                     : pki_server(w->pki, strcmp(trust, "other-key") == 0 ? HOST_SMDP : world_eim_host(d->eim, host), &item);
    if (e)
        return e;
    bool key = strcmp(trust, "key") == 0 || strcmp(trust, "other-key") == 0;
    return key ? give_key(w, item, spki, out) : give_certificate(item, out);
}

enum err eim_trust_put(struct world *w, const struct world_device *d, struct buf *request)
{
    struct rsp_add_initial_eim_request q;
    struct rsp_eim_configuration eim;
    struct buf list = { .max = 4096 }, spki = { .max = 256 }, changed = { .max = 4096 };
    if (strcmp(d->group->eim_trust, "roots") == 0)
        return ERR_OK;
    enum err e = rsp_add_initial_eim_request_read(buf_span(request), &q);
    struct der eims = der_open(e ? (struct span){ 0 } : q.list);
    if (!e)
        e = rsp_eim_configuration_next(&eims, &eim);
    if (!e)
        e = choose(w, d, &spki, &eim.trusted_tls);
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
