/* Who is calling: the client certificate that the listener has verified, or an API key. */
#include <string.h>

#include "api.h"
#include "crypto.h"

static const struct api_client *find(const struct eso_api *a, size_t hash_at, const uint8_t hash[32])
{
    static const uint8_t none[32] = { 0 };
    const struct api_client *found = NULL;
    for (size_t i = 0; i < a->client_count; i++) {
        const uint8_t *known = (const uint8_t *)&a->clients[i] + hash_at;
        bool set = memcmp(known, none, 32) != 0;
        if (span_equal_secret(span_of(known, 32), span_of(hash, 32)) && set)
            found = &a->clients[i];
    }
    return found;
}

static enum err find_by(const struct eso_api *a, struct span shown, size_t hash_at, const struct api_client **out)
{
    uint8_t hash[32];
    enum err e = sha256(a->env->crypto, &shown, 1, hash);
    if (!e)
        *out = find(a, hash_at, hash);
    return e;
}

static enum err identify(const struct eso_api *a, const struct http_request *q, const struct api_client **out)
{
    static const char bearer[] = "Bearer ";
    const char *shown = http_header(q, "Authorization");
    enum err e = ERR_OK;
    *out = NULL;
    if (q->peer.len)
        e = find_by(a, q->peer, offsetof(struct api_client, fingerprint), out);
    if (!e && !*out && shown && strncmp(shown, bearer, sizeof bearer - 1) == 0)
        e = find_by(a, span_str(shown + sizeof bearer - 1), offsetof(struct api_client, key_sha256), out);
    return e;
}

enum err api_authorize(const struct eso_api *a, const struct http_request *q, struct http_response *p,
                       unsigned right, const struct api_client **who)
{
    enum err e = identify(a, q, who);
    if (e)
        return e;
    if (!*who)
        return api_problem(p, 401, "not-authenticated", "show a known client certificate or API key");
    if (!((*who)->rights & right))
        return api_problem(p, 403, "not-allowed", "this caller does not have the right");
    return ERR_OK;
}

enum err api_begin(const struct eso_api *a, const struct http_request *q, struct http_response *p, unsigned right,
                   const struct api_client **who, json_t **body)
{
    enum err e = api_authorize(a, q, p, right, who);
    return e ? e : http_read_json(q, p, body);
}

enum err api_problem(struct http_response *p, int status, const char *cause, const char *detail)
{
    enum err e = http_json(p, status, json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "about:blank", "title", cause,
                                                "status", status, "cause", cause, "detail", detail));
    if (!e)
        e = eso_text_set(p->content_type, sizeof p->content_type, "application/problem+json");
    if (!e && status == 401)
        e = http_response_add_header(p, "WWW-Authenticate", "Bearer realm=\"eso\"");
    return e ? e : ERR_REFUSED;
}
