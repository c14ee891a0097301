/* Northbound: who is calling. */
#include <string.h>

#include "eim_internal.h"

enum err eim_problem(struct http_response *p, int status, const char *title, const char *detail)
{
    enum err x = http_problem(p, status, title, detail);
    return x ? x : ERR_REFUSED;
}

enum err eim_require_client(const struct eim *e, const struct http_request *q, struct http_response *p)
{
    uint8_t fingerprint[32];
    enum err x = http_require_peer(q, p);
    if (!x)
        x = sha256(e->env->crypto, &q->peer, 1, fingerprint);
    for (size_t i = 0; !x && i < e->client_count; i++)
        if (memcmp(e->clients[i].fingerprint, fingerprint, sizeof fingerprint) == 0)
            return ERR_OK;
    return x ? x : eim_problem(p, 403, "not allowed", "this certificate is no client's of this eIM");
}
