/* Who calls: a client certificate judged as the operator CA's. */
#include <stdio.h>

#include "http_parts.h"
#include "x509.h"

/* What strangers show is borrowed; only a client that is believed is kept. */
static enum cert_flaw judge(const struct env *env, struct trust *clients, const struct span *chain, size_t count,
                            const struct cert **leaf, char subject[65])
{
    const struct cert *cert[HTTP_PEER_CHAIN_MAX] = { 0 };
    const struct cert_policy policy = { .now = clock_now(env->clock) };
    enum cert_flaw flaw = CERT_FINE;
    struct span ci = { 0 };
    for (size_t i = 0; flaw == CERT_FINE && i < count; i++)
        if (cert_borrow(env->crypto, chain[i], &cert[i]))
            flaw = CERT_BAD_ENCODING;
    if (flaw == CERT_FINE)
        flaw = cert_judge(clients, cert[0], CERT_OPERATOR_CLIENT, cert + 1, count - 1, &policy, &ci);
    if (flaw == CERT_FINE && cert_load(env->crypto, chain[0], leaf))
        flaw = CERT_BAD_ENCODING;
    snprintf(subject, 65, "%s", cert[0] ? cert[0]->common_name : "");
    for (size_t i = 0; i < count; i++)
        cert_give_back(env->crypto, cert[i]);
    return flaw;
}

struct span http_peer_judge(const struct env *env, const struct log *log, struct trust *clients,
                            const struct span *chain, size_t count)
{
    if (!clients || !count || !chain[0].len)
        return (struct span){ 0 };
    const struct cert *leaf = NULL;
    char subject[65] = "";
    enum cert_flaw flaw = CERT_PATH_LENGTH;
    if (count <= HTTP_PEER_CHAIN_MAX)
        flaw = judge(env, clients, chain, count, &leaf, subject);
    if (flaw == CERT_FINE)
        return leaf->der;
    LOG(log, LOG_WARN, "http.client_refused", F_TEXT("why", cert_flaw_text(flaw)), F_TEXT("subject", subject));
    return (struct span){ 0 };
}
