/* Who calls: a client certificate judged as the operator CA's. */
#include "http_parts.h"
#include "x509.h"

static enum cert_flaw judge(const struct env *env, struct trust *clients, const struct span *chain, size_t count,
                            const struct cert **leaf)
{
    const struct cert *cert[HTTP_PEER_CHAIN_MAX] = { 0 };
    for (size_t i = 0; i < count && i < HTTP_PEER_CHAIN_MAX; i++)
        if (cert_load(env->crypto, chain[i], &cert[i]))
            return CERT_BAD_ENCODING;
    const struct cert_policy policy = { .now = clock_now(env->clock) };
    struct span ci = { 0 };
    *leaf = cert[0];
    return cert_judge(clients, cert[0], CERT_OPERATOR_CLIENT, cert + 1, count - 1, &policy, &ci);
}

struct span http_peer_judge(const struct env *env, const struct log *log, struct trust *clients,
                            const struct span *chain, size_t count)
{
    if (!clients || !count || !chain[0].len)
        return (struct span){ 0 };
    const struct cert *leaf = NULL;
    enum cert_flaw flaw = count > HTTP_PEER_CHAIN_MAX ? CERT_PATH_LENGTH : judge(env, clients, chain, count, &leaf);
    if (flaw == CERT_FINE)
        return leaf->der;
    LOG(log, LOG_WARN, "http.client_refused", F_TEXT("why", cert_flaw_text(flaw)),
        F_TEXT("subject", leaf ? leaf->common_name : ""));
    return (struct span){ 0 };
}
