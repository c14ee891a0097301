/* Who may do what, and where a SIM is served. */
#include "net_internal.h"


static unsigned rights_of(const struct network *n, const uint8_t fingerprint[32])
{
    for (size_t i = 0; i < n->client_count; i++)
        if (span_equal(span_of(fingerprint, 32), SPAN_ARRAY(n->clients[i].fingerprint)))
            return n->clients[i].rights;
    return 0;
}

enum err require_right(struct network *n, const struct http_request *q, struct http_response *p, unsigned rights)
{
    uint8_t fingerprint[32];
    enum err e = http_require_peer(q, p);
    if (!e)
        e = sha256(n->env->crypto, &q->peer, 1, fingerprint);
    if (e)
        return e;
    if (rights_of(n, fingerprint) & (rights | NETWORK_RIGHT_ADMINISTER))
        return ERR_OK;
    e = http_problem(p, 403, "Forbidden", "this client may not do that");
    return e ? e : ERR_REFUSED;
}

enum err read_device_json(const struct http_request *q, struct http_response *p, json_t **out)
{
    if (q->body.len <= DEVICE_BODY_MAX)
        return http_read_json(q, p, out);
    enum err e = http_problem(p, 413, "Content Too Large", "the request is too long");
    return e ? e : ERR_REFUSED;
}

enum err service_cause(struct network *n, const char *iccid, const char *country, const char **cause)
{
    bool covered = false, service = false;
    enum err e = store_covered(n, country, &covered);
    if (!e)
        e = store_service(n, iccid, &service);
    *cause = !covered ? "no-coverage" : !service ? "service-not-allowed" : NULL;
    return e;
}

enum err refuse(struct http_response *p, int status, const char *cause)
{
    const char *title = status == 404 ? "Not Found" : status == 409 ? "Conflict" : "Forbidden";
    enum err e = http_json(p, status, json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title,
                                                "status", status, "cause", cause));
    return e ? e : ERR_REFUSED;
}

enum err refuse_member(struct http_response *p, const char *why)
{
    enum err e = http_problem(p, 400, "Bad Request", why);
    return e ? e : ERR_REFUSED;
}

enum err answer_empty(struct http_response *p)
{
    http_response_clear(p);
    p->status = 204;
    return ERR_OK;
}
